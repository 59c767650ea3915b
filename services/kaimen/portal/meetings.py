"""Decision meetings for everybody: which there are, who sits in them, how they were drawn, what became of it."""

import asyncio
import base64
import re
from datetime import timedelta
from hashlib import sha256
from importlib.resources import files
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.portal.meeting_answers import Counters, Lines, ListLine, Meeting, Meetings, Recruitment
from kaimen.portal.portal import Feed, Portal
from kaimen.portal.services import REPRESENTATIVES, ServiceRefused
from kaimen.portal.visitor import Visitor

Q = QueryParameter
PAST_SHOWN = timedelta(days=120)
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

    def meetings_feed(visitor: Visitor) -> Feed:
        title = portal.renderer.text(visitor, "决策会议和代表报名")
        return portal.feed("/calendar/meetings.ics", title)

    @get("/meetings", opt=allow(PUBLIC))
    async def list_meetings(request: Request[Any, Any, Any]) -> Response[bytes]:
        """决策会议."""
        visitor = await portal.visitor(request)
        today = portal.today
        found, counters = await asyncio.gather(
            services.get(
                f"{REPRESENTATIVES}/meetings",
                Meetings,
                visitor.public,
                params={"from": (today - PAST_SHOWN).isoformat(), "limit": "200"},
            ),
            services.get(f"{REPRESENTATIVES}/counters", Counters, visitor.public, params={"year": str(today.year)}),
        )
        now = portal.clock.now()
        coming = [meeting for meeting in found.items if meeting.ends_at > now]
        past = [meeting for meeting in reversed(found.items) if meeting.ends_at <= now]
        district, *units = counters.items
        return portal.page(
            visitor, "meetings.html", coming=coming, past=past, district=district, units=units, year=today.year,
            met=sum(unit.met for unit in units), feeds=[meetings_feed(visitor)],
        )  # fmt: skip

    @get("/meetings/{meeting_id:uuid}", opt=allow(PUBLIC))
    async def show_meeting(request: Request[Any, Any, Any], meeting_id: FromPath[UUID]) -> Response[bytes]:
        """一次决策会议: agenda, sign-up, draw, list, statements and replies."""
        visitor = await portal.visitor(request)
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{meeting_id}", Meeting, visitor.public)
        lists = {each.id: await lines_of(visitor, each) for each in meeting.recruitments or ()}
        return portal.page(
            visitor, "meeting.html", meeting=meeting, lists=lists, now=portal.clock.now(),
            feeds=[meetings_feed(visitor)],
        )  # fmt: skip

    async def lines_of(visitor: Visitor, recruitment: Recruitment) -> tuple[ListLine, ...]:
        try:
            path = f"{REPRESENTATIVES}/recruitments/{recruitment.id}/list"
            return (await services.get(path, Lines, visitor.public)).items
        except ServiceRefused as no:
            if no.problem.status == 404:
                return ()
            raise

    @get("/draws/{recruitment_id:uuid}", opt=allow(PUBLIC))
    async def stage(
        request: Request[Any, Any, Any],
        recruitment_id: FromPath[UUID],
        live: Annotated[bool, Q(name="live")] = False,
    ) -> Response[bytes]:
        """抽签现场: for the projector in the hall, and for everybody who watches from elsewhere."""
        visitor = await portal.visitor(request)
        recruitment = await services.get(
            f"{REPRESENTATIVES}/recruitments/{recruitment_id}", Recruitment, visitor.public
        )
        meeting = await services.get(f"{REPRESENTATIVES}/meetings/{recruitment.meeting_id}", Meeting, visitor.public)
        lines = await lines_of(visitor, recruitment)
        answer = portal.page(
            visitor,
            "stage.html",
            recruitment=recruitment,
            draw=recruitment.draw,
            meeting=meeting,
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
            media_type="text/x-python; charset=utf-8",
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
            media_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": VERIFIER_POLICY, "X-Content-Type-Options": "nosniff"},
        )

    return [list_meetings, show_meeting, stage, explain, program, page]
