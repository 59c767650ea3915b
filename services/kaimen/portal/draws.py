"""The public draw for everybody: the screen in the hall, the verifiers, and how to use them."""

import base64
import re
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.portal import Portal
from kaimen.portal.recruiters import find, lines_of
from kaimen.portal.recruiting_answers import Recruitment

Q = QueryParameter
WATCH_SECONDS = 5
_VERIFIER = files("kaimen.kit.lots") / "verifier"
VERIFIER = (_VERIFIER / "kaimen_verify.py").read_bytes()
VERIFIER_PAGE = (_VERIFIER / "verify.html").read_bytes()


def _allowed(tag: str) -> str:
    """The hash of the page's one inline `tag`, as a Content-Security-Policy names it."""
    (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", VERIFIER_PAGE.decode(), re.DOTALL)
    return f"'sha256-{base64.b64encode(sha256(content.encode()).digest()).decode()}'"


VERIFIER_POLICY = (
    f"default-src 'none'; script-src {_allowed('script')}; style-src {_allowed('style')}; base-uri 'none'; "
    "form-action 'none'; sandbox allow-scripts allow-downloads"
)
"""The page runs alone, in a sandbox without our cookies, and may load nothing: not even its own transcript."""


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    @get("/draws/{recruitment_id:uuid}", opt=allow(PUBLIC))
    async def stage(
        request: Request[Any, Any, Any],
        recruitment_id: FromPath[UUID],
        live: Annotated[bool, Q(name="live")] = False,
    ) -> Response[bytes]:
        """抽签现场: for the projector in the hall, and for everybody who watches from elsewhere."""
        visitor = await portal.visitor(request)
        service, recruitment = await find(services, f"recruitments/{recruitment_id}", Recruitment, visitor.public)
        lines = await lines_of(services, service, recruitment.id, visitor.public)
        answer = portal.page(
            visitor,
            "stage.html",
            service=service,
            recruitment=recruitment,
            draw=recruitment.draw,
            lines=lines,
            live=live,
        )
        if live and recruitment.draw is not None and recruitment.draw.is_moving:
            # Who asked for it gets it: the hall's screen follows by itself, without a script.
            answer.headers["Refresh"] = str(WATCH_SECONDS)
        return answer

    @get("/verify", opt=allow(PUBLIC))
    async def explain(request: Request[Any, Any, Any]) -> Response[bytes]:
        """怎样自己核对一次抽签."""
        visitor = await portal.visitor(request)
        return portal.page(visitor, "verify.html", verifier_sha256=sha256(VERIFIER).hexdigest())

    @get("/verify/kaimen_verify.py", opt=allow(PUBLIC), sync_to_thread=False)
    def program() -> Response[bytes]:
        """核对程序: one file, the standard library alone."""
        return Response(
            VERIFIER,
            media_type="text/x-python",
            headers={
                "Content-Disposition": 'attachment; filename="kaimen_verify.py"',
                "X-Content-Type-Options": "nosniff",
            },
        )

    @get("/verify/page", opt=allow(PUBLIC), sync_to_thread=False)
    def page() -> Response[bytes]:
        """核对网页: works without a network, and sends nothing anywhere."""
        return Response(
            VERIFIER_PAGE,
            media_type="text/html",
            headers={"Content-Security-Policy": VERIFIER_POLICY, "X-Content-Type-Options": "nosniff"},
        )

    return [stage, explain, program, page]
