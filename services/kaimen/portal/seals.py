"""What protects forms without a picture to decipher: sealed form times, same-origin posts, tokens of the session."""

import hmac
import secrets
import time
from urllib.parse import urlsplit

from litestar import Request
from litestar.datastructures import FormMultiDict

from kaimen.kit.crypto import Vault
from kaimen.kit.refusals import Kind, refusal
from kaimen.portal.settings import PortalSettings

FormExpired = refusal(
    "portal.form-expired",
    Kind.CONFLICT,
    "表单提交过快或已过期，请核对后重新提交。",
    "The form was sent too quickly or has expired; please check it and send it again.",
)
WrongOrigin = refusal(
    "portal.wrong-origin",
    Kind.FORBIDDEN,
    "请从本站页面提交表单。",
    "Please send the form from a page of this site.",
)
HONEYPOT = "website"


class FormSeals:
    """Seals the time and the once-only key of a public form into one hidden field."""

    def __init__(self, vault: Vault, settings: PortalSettings) -> None:
        self._vault = vault
        self._settings = settings

    def new(self) -> str:
        said = f"{time.time_ns()}.{secrets.token_urlsafe(16)}"
        return f"{said}.{self._mark('form', said)}"

    def key_of(self, form: FormMultiDict) -> str:
        """The once-only key, which becomes the Idempotency-Key. Raises FormExpired, also for a filled honeypot."""
        said, _, mark = str(form.get("form", "")).rpartition(".")
        begun, _, key = said.rpartition(".")
        if form.get(HONEYPOT) or not hmac.compare_digest(mark.encode(), self._mark("form", said).encode()):
            raise FormExpired
        age = (time.time_ns() - int(begun)) / 1e9
        if not self._settings.form_seconds <= age <= self._settings.form_max_hours * 3600:
            raise FormExpired
        return key

    def csrf(self, session: str) -> str:
        """The token that a form of this session must carry."""
        return self._mark("csrf", session)

    def _mark(self, purpose: str, said: str) -> str:
        return self._vault.pseudonym(purpose, said).hex()


def must_be_same_origin(request: Request) -> None:
    """Raises WrongOrigin unless the browser says that the form came from this host (Fetch standard, Origin header)."""
    origin = request.headers.get("origin", "")
    if not origin or urlsplit(origin).netloc != request.headers.get("host"):
        raise WrongOrigin


def must_carry_csrf(form: FormMultiDict, expected: str) -> None:
    """Raises WrongOrigin without the token of the session."""
    if not hmac.compare_digest(str(form.get("csrf", "")).encode(), expected.encode()):
        raise WrongOrigin
