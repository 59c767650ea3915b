"""Registering units, granting roles, signing in (OpenID Connect Core 1.0, code flow with PKCE, RFC 7636)."""

import base64
import hashlib
import uuid
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from msgspec import Meta

from kaimen.accounts.domain import (
    OFFICE_UNIT,
    SIGN_IN_TAKES,
    USUAL_NAMES,
    GrantedRole,
    IssuerAway,
    NoGrant,
    Session,
    SessionEnded,
    SignInFailed,
    Unit,
    UnitKind,
    UnknownUnit,
    is_alive,
    unit_of,
)
from kaimen.accounts.store.repository import Repository
from kaimen.contracts.accounts import UnitRegistered
from kaimen.kit.auth import ALGORITHM, AUDIENCE, ISSUER
from kaimen.kit.crypto import Vault
from kaimen.kit.settings import ServiceSettings
from kaimen.kit.texts import clean_text
from kaimen.kit.work import Work

ACCESS_LASTS = timedelta(minutes=10)
DEVELOPMENT_LASTS = timedelta(hours=8)
NAME = r"^[^\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff./\\?#%&<>\"']+$(?!\n)"
"""A short name stands in addresses, file names and headings: one word, without what has a meaning there."""


class AccountsSettings(ServiceSettings, frozen=True, kw_only=True):
    """Settings of accounts, beside those that all services have. Without an issuer, the development issuer serves."""

    oidc_issuer: Annotated[str, Meta(description="OpenID Connect issuer; empty: the development issuer")] = ""
    oidc_client_id: Annotated[str, Meta(description="client id at the issuer")] = "kaimen"
    oidc_client_secret: Annotated[str, Meta(description="client secret at the issuer")] = ""
    oidc_algorithm: Annotated[str, Meta(description="the one signature algorithm of the issuer's ID tokens")] = "RS256"

    @property
    def is_development(self) -> bool:
        return not self.oidc_issuer


class UnitDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A unit to enter or to change."""

    short_name: Annotated[str, Meta(min_length=1, max_length=50, pattern=NAME)]
    full_name: Annotated[str, Meta(max_length=100)] | None = None
    kind: UnitKind
    code: Annotated[str, Meta(pattern=r"^\d{9}$")] | None = None
    district: Annotated[str, Meta(pattern=r"^\d{6}$")]
    valid_from: date | None = None
    valid_to: date | None = None


class AccessToken(msgspec.Struct, frozen=True):
    """A bearer token for programs (RFC 9068)."""

    access_token: str
    expires_at: datetime
    role: GrantedRole
    unit: str | None
    name: str
    subject: str


class Signer:
    """Signs access tokens with the key of this house."""

    def __init__(self, vault: Vault) -> None:
        self.key = okp_key(vault, "access-token")

    def public_keys(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def issue(
        self, subject: str, name: str, role: GrantedRole, unit: str | None, at: datetime, lasts: timedelta
    ) -> AccessToken:
        expires_at = at + lasts
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "name": name,
            "role": role,
            "unit": unit,
            "iat": int(at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        token = jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": self.key.kid}, claims, self.key, [ALGORITHM])
        return AccessToken(token, expires_at, role, unit, name, subject)


def okp_key(vault: Vault, purpose: str) -> OKPKey:
    """The Ed25519 key of one purpose as a JWK; its id is its thumbprint (RFC 7638)."""
    private = vault.signing_key(purpose)
    raw, public = private.private_bytes_raw(), private.public_key().public_bytes_raw()
    parts: Any = {"kty": "OKP", "crv": "Ed25519", "d": _b64(raw), "x": _b64(public), "alg": ALGORITHM, "use": "sig"}
    key = OKPKey.import_key(parts)
    return OKPKey.import_key({**parts, "kid": key.thumbprint()})


def subject_for(unit: str | None, name: str) -> str:
    """A stable pseudonymous subject: one person in one unit stays the same person in every role."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"kaimen:{unit or ''}:{name}"))


async def register_unit(work: Work, draft: UnitDraft) -> Unit:
    """Enter or change a unit; nothing happens when nothing changed."""
    store = Repository(work.connection)
    known = await store.unit(draft.short_name)
    given = {name: getattr(draft, name) for name in UnitDraft.__struct_fields__}
    if draft.full_name is not None:
        given["full_name"] = " ".join(clean_text(draft.full_name, "full_name", most=100).split())
    unit = Unit(id=known.id if known else work.new_id(), version=known.version if known else 0, **given)
    if unit == known:
        return unit
    unit = msgspec.structs.replace(unit, version=unit.version + 1)
    await store.save_unit(unit)
    await work.record("register-unit", f"unit:{unit.short_name}")
    work.emit(
        UnitRegistered(
            unit_id=unit.id,
            **{name: getattr(unit, name) for name in UnitRegistered.__struct_fields__ if name != "unit_id"},
        ),
        aggregate_id=unit.id,
        version=unit.version,
    )
    return unit


async def development_token(work: Work, signer: Signer, role: GrantedRole, unit: str | None, name: str) -> AccessToken:
    """A token for whoever asks; only where no issuer is configured. Raises UnknownUnit, UnitNeeded."""
    unit = unit_of(role, unit or None)
    await _must_exist(work, unit)
    name = name or USUAL_NAMES[role]
    return signer.issue(subject_for(unit, name), name, role, unit, work.at, DEVELOPMENT_LASTS)


async def _must_exist(work: Work, unit: str | None) -> None:
    # The office keeps the registry: it is there before the first entry.
    if unit not in (None, OFFICE_UNIT) and await Repository(work.connection).unit(unit) is None:
        raise UnknownUnit(unit=unit, field="unit")


class Issuer(msgspec.Struct, frozen=True):
    """An OpenID provider: what its discovery document says, and its keys."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: dict[str, Any]
    algorithm: str


async def discover(settings: AccountsSettings) -> Issuer:
    """OpenID Connect Discovery 1.0. Raises IssuerAway."""
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            found = (
                (await client.get(f"{settings.oidc_issuer}/.well-known/openid-configuration")).raise_for_status().json()
            )
            keys = (await client.get(found["jwks_uri"])).raise_for_status().json()
        return Issuer(
            found["issuer"], found["authorization_endpoint"], found["token_endpoint"], keys, settings.oidc_algorithm
        )
    except (httpx.HTTPError, KeyError, ValueError):
        raise IssuerAway from None


async def begin_sign_in(
    work: Work, settings: AccountsSettings, issuer: Issuer, next_path: str, hints: dict[str, str]
) -> tuple[str, str]:
    """The address to send the browser to, and the state that its cookie must carry back."""
    state, nonce, verifier = work.new_token(), work.new_token(), work.new_token()
    if not next_path.startswith("/") or next_path.startswith("//") or "\\" in next_path:
        next_path = "/"
    await Repository(work.connection).add_sign_in(state, nonce, verifier, next_path, work.at)
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": f"{settings.public_url}/api/accounts/v1/callback",
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
        **hints,
    }
    return f"{issuer.authorization_endpoint}?{urlencode(asked)}", state


def challenge_of(verifier: str) -> str:
    """PKCE S256 (RFC 7636 4.2)."""
    return _b64(hashlib.sha256(verifier.encode()).digest())


async def take_sign_in(work: Work, state: str) -> dict[str, Any]:
    """The begun sign-in that `state` names, once. Raises SignInFailed."""
    begun = await Repository(work.connection).take_sign_in(state)
    if begun is None or begun["created_at"] + SIGN_IN_TAKES < work.at:
        raise SignInFailed
    return begun


async def redeem(settings: AccountsSettings, issuer: Issuer, code: str, verifier: str) -> str:
    """The ID token for a code. Raises SignInFailed or IssuerAway."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": f"{settings.public_url}/api/accounts/v1/callback",
        "client_id": settings.oidc_client_id,
        "client_secret": settings.oidc_client_secret,
        "code_verifier": verifier,
    }
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.post(issuer.token_endpoint, data=form)
        if answer.status_code != 200:
            raise SignInFailed
        return str(answer.json()["id_token"])
    except httpx.HTTPError:
        raise IssuerAway from None
    except (KeyError, ValueError):
        raise SignInFailed from None


def check_id_token(token: str, settings: AccountsSettings, issuer: Issuer, nonce: str, at: datetime) -> dict[str, Any]:
    """The claims of an ID token (OpenID Connect Core 3.1.3.7). Raises SignInFailed."""
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(issuer.keys), algorithms=[issuer.algorithm])  # type: ignore[arg-type]
    except (JoseError, ValueError):
        raise SignInFailed from None
    claims = decoded.claims
    audience = claims.get("aud")
    fits = (
        claims.get("iss") == issuer.issuer
        and (audience == settings.oidc_client_id or audience == [settings.oidc_client_id])
        and claims.get("nonce") == nonce
        and isinstance(claims.get("exp"), int)
        and claims["exp"] > at.timestamp()
        and isinstance(claims.get("sub"), str)
    )
    if not fits:
        raise SignInFailed
    return claims


async def open_session(work: Work, settings: AccountsSettings, claims: dict[str, Any]) -> str:
    """A fresh session for a checked ID token; returns its secret. Raises NoGrant for staff roles nobody granted."""
    store = Repository(work.connection)
    if settings.is_development:
        role, unit = claims["kaimen_role"], claims.get("kaimen_unit")
        subject = str(claims["sub"])
    else:
        granted = await store.grant(str(claims["iss"]), str(claims["sub"]))
        if granted is None:
            raise NoGrant
        role, unit = granted
        subject = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{claims['iss']}#{claims['sub']}"))
    unit = unit_of(role, unit)
    await _must_exist(work, unit)
    token = work.new_token()
    session = Session(
        subject=subject, name=str(claims.get("name", "")), role=role, unit=unit, created_at=work.at, seen_at=work.at
    )
    await store.add_session(token, session)
    await work.record("sign-in", f"subject:{subject}", after=role)
    return token


async def use_session(work: Work, signer: Signer, token: str) -> AccessToken:
    """A short-lived access token for a living session. Raises SessionEnded."""
    store = Repository(work.connection)
    session = await store.session(token)
    if session is None or not is_alive(session, work.at):
        raise SessionEnded
    await store.touch_session(token, work.at)
    return signer.issue(session.subject, session.name, session.role, session.unit, work.at, ACCESS_LASTS)


async def end_session(work: Work, token: str) -> None:
    await Repository(work.connection).end_session(token)


async def grant_role(work: Work, issuer: str, subject: str, role: GrantedRole, unit: str | None) -> None:
    """Give an identity of the issuer a role; its running sessions end, so that rights change at once."""
    unit = unit_of(role, unit)
    await _must_exist(work, unit)
    store = Repository(work.connection)
    await store.save_grant(issuer, subject, role, unit, work.at, work.actor.subject)
    await store.end_sessions_of(str(uuid.uuid5(uuid.NAMESPACE_URL, f"{issuer}#{subject}")))
    await work.record("grant", f"identity:{issuer}#{subject}", after=role)


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
