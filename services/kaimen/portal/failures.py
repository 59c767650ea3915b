"""Pages for what went wrong. Programs get problem documents; people get a sentence and a way on."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.config.app import AppConfig
from litestar.exceptions import HTTPException
from litestar.plugins import InitPlugin
from litestar.response import Redirect

from kaimen.kit.logs import log
from kaimen.kit.problems import HANDLERS, problem_of
from kaimen.kit.refusals import Refusal
from kaimen.portal.portal import Portal
from kaimen.portal.services import ServiceAway, ServiceRefused
from kaimen.portal.visitor import Visitor

PROGRAM_PATHS = ("/api/", "/calendar/", "/metrics")


class FailurePages(InitPlugin):
    """Answers failures below the pages' addresses in HTML, and leaves the API's to the kit."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        for kind, of_kit in HANDLERS.items():
            app_config.exception_handlers[kind] = self._either(of_kit)
        app_config.exception_handlers[ServiceRefused] = self._refused
        app_config.exception_handlers[ServiceAway] = self._away
        return app_config

    def _either(self, of_kit: Any) -> Any:
        def answer(request: Request[Any, Any, Any], raised: Exception) -> Response[Any]:
            if request.url.path.startswith(PROGRAM_PATHS):
                return of_kit(request, raised)
            return self._page_for(request, raised)

        return answer

    def _page_for(self, request: Request[Any, Any, Any], raised: Exception) -> Response[Any]:
        if isinstance(raised, Refusal):
            problem = problem_of(raised)
            return self._message(request, problem.status, detail=problem.detail, detail_en=problem.detail_en)
        if isinstance(raised, HTTPException) and raised.status_code < 500:
            status = 404 if raised.status_code == 400 and request.method == "GET" else raised.status_code
            return self._message(request, status)
        log.error("page failed", exc_info=raised)
        return self._message(request, 500)

    def _refused(self, request: Request[Any, Any, Any], raised: ServiceRefused) -> Response[Any]:
        problem = raised.problem
        visitor = visitor_of(request)
        if problem.status == 401 and request.method == "GET":
            return Redirect(f"/sign-in?next={quote(visitor.place, safe='')}", status_code=302)
        return self._message(request, problem.status, detail=problem.detail, detail_en=problem.detail_en)

    def _away(self, request: Request[Any, Any, Any], raised: ServiceAway) -> Response[Any]:
        log.warning("service away", call=str(raised))
        answer = self._message(request, 503)
        answer.headers["Retry-After"] = "5"
        return answer

    def _message(
        self, request: Request[Any, Any, Any], status: int, *, detail: str = "", detail_en: str = ""
    ) -> Response[Any]:
        visitor = visitor_of(request)
        said = detail if visitor.language == "zh" else detail_en
        return self._portal.page(visitor, "failure.html", status=status, personal=True, code=status, said=said)


def visitor_of(request: Request[Any, Any, Any]) -> Visitor:
    """The visitor that the handler knew already, or one who is not signed in."""
    known = request.scope.get("state", {}).get("visitor")
    return known if isinstance(known, Visitor) else Visitor(request)
