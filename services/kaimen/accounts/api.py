"""Accounts over HTTP."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post, put
from litestar.datastructures import Cookie
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Redirect

from kaimen.accounts import app, development
from kaimen.accounts.app import AccountsSettings, Issuer, Signer, UnitDraft
from kaimen.accounts.domain import GrantedRole, SignInFailed, UnknownUnit
from kaimen.accounts.store.repository import Repository
from kaimen.kit.auth import OFFICE, PUBLIC, allow
from kaimen.kit.http import OnEdge, Page, json_response
from kaimen.kit.service import Resources
from kaimen.kit.work import Work

Q = QueryParameter
SESSION_COOKIE = "__Host-kaimen"
STATE_COOKIE = "__Host-kaimen-sign-in"


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A session's secret, as the browser's cookie carries it."""

    session: Annotated[str, msgspec.Meta(max_length=100)]


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role for one identity of the issuer."""

    issuer: Annotated[str, msgspec.Meta(max_length=500)]
    subject: Annotated[str, msgspec.Meta(max_length=200)]
    role: GrantedRole
    unit: Annotated[str, msgspec.Meta(max_length=50)] | None = None


def handlers(resources: Resources) -> list[Any]:
    settings = resources.settings
    assert isinstance(settings, AccountsSettings)
    signer = Signer(resources.vault)

    async def issuer() -> Issuer:
        if settings.is_development:
            return development.development_issuer(settings, resources.vault)
        return await app.discover(settings)

    @get("/units", opt=allow(PUBLIC))
    async def list_units(edge: OnEdge) -> Response[bytes]:
        """单位名录: 街镇 first, by code."""

        async def run(work: Work) -> Page:
            return Page(await Repository(work.connection).units(), None)

        return json_response(await edge.read(run))

    @get("/units/{short_name:str}", opt=allow(PUBLIC))
    async def read_unit(edge: OnEdge, short_name: FromPath[str]) -> Response[bytes]:
        """单位."""

        async def run(work: Work) -> Response[bytes]:
            unit = None if "\x00" in short_name else await Repository(work.connection).unit(short_name)
            if unit is None:
                raise UnknownUnit(unit=short_name.replace("\x00", ""))
            return json_response(unit, version=unit.version)

        return await edge.read(run)

    @put("/units", opt=allow(OFFICE))
    async def register_unit(edge: OnEdge, data: JSONBody[UnitDraft]) -> Response[bytes]:
        """登记单位 (the district office keeps the registry)."""
        return json_response(await edge.change(lambda work: app.register_unit(work, data)))

    @put("/grants", opt=allow(OFFICE), status_code=204)
    async def grant(edge: OnEdge, data: JSONBody[Grant]) -> None:
        """授予角色."""
        await edge.change(lambda work: app.grant_role(work, data.issuer, data.subject, data.role, data.unit))

    @get("/jwks.json", opt=allow(PUBLIC), sync_to_thread=False)
    def jwks() -> Response[bytes]:
        """The keys that verify access tokens (RFC 7517)."""
        return json_response(signer.public_keys())

    @get("/signin", opt=allow(PUBLIC))
    async def sign_in(
        edge: OnEdge,
        next_: Annotated[str, Q(name="next", max_length=500)] = "/",
        role: Annotated[str, Q(name="as", max_length=50)] = "",
        unit: Annotated[str, Q(name="unit", max_length=50)] = "",
        name: Annotated[str, Q(name="name", max_length=50)] = "",
    ) -> Redirect:
        """登录: to the issuer. `as`, `unit` and `name` are hints that only the development issuer knows."""
        hints = (
            {"kaimen_role": role, "kaimen_unit": unit, "kaimen_name": name} if settings.is_development and role else {}
        )
        provider = await issuer()
        address, state = await edge.change(lambda work: app.begin_sign_in(work, settings, provider, next_, hints))
        return Redirect(address, status_code=302, cookies=[_cookie(STATE_COOKIE, state, 600)])

    @get("/callback", opt=allow(PUBLIC))
    async def callback(
        request: Request[Any, Any, Any],
        edge: OnEdge,
        code: Annotated[str, Q(name="code", max_length=4000)] = "",
        state_: Annotated[str, Q(name="state", max_length=200)] = "",
    ) -> Redirect:
        """The issuer sends the browser back here."""
        if not code or not state_ or request.cookies.get(STATE_COOKIE) != state_:
            raise SignInFailed
        begun = await edge.change(lambda work: app.take_sign_in(work, state_))
        provider = await issuer()
        token = await app.redeem(settings, provider, code, begun["verifier"])
        claims = app.check_id_token(token, settings, provider, begun["nonce"], resources.clock.now())
        secret = await edge.change(lambda work: app.open_session(work, settings, claims))
        cookies = [_cookie(SESSION_COOKIE, secret, None), _cookie(STATE_COOKIE, "", 0)]
        return Redirect(begun["next_path"], status_code=302, cookies=cookies)

    @post("/sessions/token", opt=allow(PUBLIC), status_code=200)
    async def session_token(edge: OnEdge, data: JSONBody[Secret]) -> Response[bytes]:
        """A short-lived access token for a session."""
        return json_response(await edge.change(lambda work: app.use_session(work, signer, data.session)))

    @post("/sessions/end", opt=allow(PUBLIC), status_code=204)
    async def end_session(edge: OnEdge, data: JSONBody[Secret]) -> None:
        """退出登录."""
        await edge.change(lambda work: app.end_session(work, data.session))

    always = [list_units, read_unit, register_unit, grant, jwks, sign_in, callback, session_token, end_session]
    return [*always, *(development.handlers(resources, signer) if settings.is_development else [])]


def _cookie(key: str, value: str, max_age: int | None, same_site: Literal["lax"] = "lax") -> Cookie:
    return Cookie(key=key, value=value, path="/", max_age=max_age, secure=True, httponly=True, samesite=same_site)
