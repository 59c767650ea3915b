"""What every page handler works with, and how a request becomes a visitor."""

from datetime import date
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response
from litestar.datastructures import FormMultiDict
from litestar.response import Redirect

from kaimen.kit.clock import local_date
from kaimen.kit.service import Resources
from kaimen.portal.answers import Themes, Unit, Units
from kaimen.portal.rendering import Renderer
from kaimen.portal.seals import FormSeals, must_be_same_origin, must_carry_csrf
from kaimen.portal.services import ACCOUNTS, OPENDAYS, Services
from kaimen.portal.settings import PortalSettings
from kaimen.portal.visitor import SignIns, Visitor


class Feed(msgspec.Struct, frozen=True):
    """One calendar to subscribe to."""

    path: str
    title: str
    host: str
    scheme: str

    @property
    def address(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"

    @property
    def webcal(self) -> str:
        return f"webcal://{self.host}{self.path}"


class Portal:
    """The tools of the page handlers."""

    def __init__(self, resources: Resources) -> None:
        assert isinstance(resources.settings, PortalSettings)
        self.settings = resources.settings
        self.clock = resources.clock
        self.limiter = resources.limiter
        self.services = Services(self.settings)
        self.seals = FormSeals(resources.vault, self.settings)
        self.sign_ins = SignIns(self.services)
        self.renderer = Renderer(self.settings, self.seals.csrf)
        self.page = self.renderer.page

    async def visitor(self, request: Request[Any, Any, Any]) -> Visitor:
        visitor = Visitor(request)
        visitor.signed_in = await self.sign_ins.of(visitor.session, visitor.address)
        request.scope["state"]["visitor"] = visitor
        return visitor

    async def read_form(self, visitor: Visitor) -> FormMultiDict:
        """What was posted. Raises WrongOrigin for a form that did not come from one of our pages."""
        must_be_same_origin(visitor.request)
        form = await visitor.request.form()
        if visitor.signed_in is not None:
            must_carry_csrf(form, self.seals.csrf(visitor.session))
        return form

    async def units(self, visitor: Visitor) -> tuple[Unit, ...]:
        return (await self.services.get(f"{ACCOUNTS}/units", Units, visitor.public)).items

    async def themes(self, visitor: Visitor) -> tuple[str, ...]:
        return (await self.services.get(f"{OPENDAYS}/themes", Themes, visitor.public)).items

    def feed(self, path: str, title: str) -> Feed:
        """The calendar at `path`, as browsers and calendar programs reach it."""
        public = urlsplit(self.settings.public_url)
        return Feed(quote(path), title, public.netloc, public.scheme)

    @property
    def today(self) -> date:
        """The day in Shanghai."""
        return local_date(self.clock.now())


def see(path: str) -> Response[Any]:
    """Go and see: the answer to a POST that succeeded (RFC 9110 15.4.4)."""
    return Redirect(path, status_code=303)
