"""The development issuer: an OpenID provider that lets everybody in as whom they choose.

It exists only while no issuer is configured, and speaks the same protocol as a real one, so that the embedded run
and production sign in through the same code.
"""

from datetime import datetime, timedelta
from html import escape
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter
from litestar.response import Redirect

from kaimen.accounts.app import (
    AccountsSettings,
    Issuer,
    Signer,
    challenge_of,
    development_token,
    okp_key,
    subject_for,
)
from kaimen.accounts.domain import USUAL_NAMES, GrantedRole, SignInFailed, unit_of
from kaimen.kit.auth import ALGORITHM, PUBLIC, allow
from kaimen.kit.crypto import Vault
from kaimen.kit.http import OnEdge, json_response
from kaimen.kit.service import Resources
from kaimen.kit.work import Work

Q = QueryParameter
_CODE_LASTS = timedelta(minutes=2)


class WhoeverYouLike(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to be."""

    role: GrantedRole
    unit: Annotated[str, msgspec.Meta(max_length=50)] | None = None
    name: Annotated[str, msgspec.Meta(max_length=50)] = ""


def development_issuer(settings: AccountsSettings, vault: Vault) -> Issuer:
    """The issuer as its client sees it, without a round trip to ourselves."""
    base = f"{settings.public_url}/api/accounts/v1/dev/issuer"
    key = okp_key(vault, "development-issuer")
    inside = f"http://{settings.host}:{settings.port}/api/accounts/v1/dev/issuer"
    return Issuer(base, f"{base}/authorize", f"{inside}/token", {"keys": [key.as_dict(private=False)]}, ALGORITHM)


def handlers(resources: Resources, signer: Signer) -> list[Any]:
    settings = resources.settings
    assert isinstance(settings, AccountsSettings)
    key = okp_key(resources.vault, "development-issuer")
    base = f"{settings.public_url}/api/accounts/v1/dev/issuer"

    def sign(claims: dict[str, Any], kind: str, at: datetime, lasts: timedelta) -> str:
        times = {"iat": int(at.timestamp()), "exp": int((at + lasts).timestamp())}
        return jwt.encode({"alg": ALGORITHM, "typ": kind, "kid": key.kid}, {**claims, **times}, key, [ALGORITHM])

    @post("/dev/tokens", opt=allow(PUBLIC), status_code=201)
    async def tokens(edge: OnEdge, data: JSONBody[WhoeverYouLike]) -> Response[bytes]:
        """A bearer token for any role. Development only."""

        async def run(work: Work) -> Any:
            return await development_token(work, signer, data.role, data.unit, data.name)

        return json_response(await edge.change(run), 201)

    @get("/dev/issuer/.well-known/openid-configuration", opt=allow(PUBLIC), sync_to_thread=False)
    def configuration() -> dict[str, Any]:
        return {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/jwks.json",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
        }

    @get("/dev/issuer/jwks.json", opt=allow(PUBLIC), sync_to_thread=False)
    def jwks() -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False)]}

    @get("/dev/issuer/authorize", opt=allow(PUBLIC))
    async def authorize(
        edge: OnEdge,
        redirect_uri: Annotated[str, Q(name="redirect_uri")],
        state_: Annotated[str, Q(name="state")],
        nonce: Annotated[str, Q(name="nonce")],
        code_challenge: Annotated[str, Q(name="code_challenge")],
        role: Annotated[GrantedRole | None, Q(name="kaimen_role")] = None,
        unit: Annotated[str, Q(name="kaimen_unit")] = "",
        name: Annotated[str, Q(name="kaimen_name")] = "",
    ) -> Response[Any]:
        """Choose whom to be; with a role given, be that at once."""
        if redirect_uri != f"{settings.public_url}/api/accounts/v1/callback":
            raise SignInFailed
        asked = {"redirect_uri": redirect_uri, "state": state_, "nonce": nonce, "code_challenge": code_challenge}
        if role is None:
            return Response(_choices(asked), media_type="text/html")
        belongs = unit_of(role, unit or None)
        name = name or USUAL_NAMES[role]
        claims = {
            "sub": subject_for(belongs, name),
            "name": name,
            "kaimen_role": role,
            "kaimen_unit": belongs,
            "nonce": nonce,
            "challenge": code_challenge,
        }
        code = sign(claims, "code+jwt", resources.clock.now(), _CODE_LASTS)
        return Redirect(f"{redirect_uri}?{urlencode({'code': code, 'state': state_})}", status_code=302)

    @post("/dev/issuer/token", opt=allow(PUBLIC), status_code=200)
    async def token(request: Request[Any, Any, Any]) -> dict[str, Any]:
        """Code and PKCE verifier for an ID token."""
        form = await request.form()
        at = resources.clock.now()
        try:
            decoded = jwt.decode(str(form.get("code", "")), key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            raise SignInFailed from None
        claims = decoded.claims
        if (
            decoded.header.get("typ") != "code+jwt"
            or claims.get("exp", 0) < at.timestamp()
            or claims.pop("challenge", None) != challenge_of(str(form.get("code_verifier", "")))
        ):
            raise SignInFailed
        said = {**claims, "iss": base, "aud": settings.oidc_client_id}
        return {"id_token": sign(said, "JWT", at, _CODE_LASTS), "token_type": "Bearer", "access_token": "none"}

    return [tokens, configuration, jwks, authorize, token]


_ROLES: tuple[tuple[GrantedRole, str, str], ...] = (
    ("citizen", "", "市民 · citizen"),
    ("unit_editor", "区教育局", "区教育局 经办人 · unit editor"),
    ("unit_lead", "区教育局", "区教育局 负责人 · unit lead"),
    ("office", "", "区政府办公室 · district office"),
)


def _choices(asked: dict[str, str]) -> str:
    links = ""
    for role, unit, label in _ROLES:
        query = urlencode(asked | {"kaimen_role": role, "kaimen_unit": unit})
        links += f'<li><a href="?{escape(query)}">{escape(label)}</a></li>'
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>开发登录 · development sign-in</title><main><h1>开发登录</h1><ul>{links}</ul></main></html>"
    )
