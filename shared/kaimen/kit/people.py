"""People, as little known as possible: phone numbers, masks, and how somebody shows that a sign-up is their own."""

import hashlib
import re
import unicodedata
from typing import Literal

import msgspec
import phonenumbers
from email_validator import EmailNotValidError, validate_email

from kaimen.kit.crypto import Vault
from kaimen.kit.refusals import Kind, refusal

BadPhone = refusal("kit.bad-phone", Kind.INVALID, "请填写有效的电话号码。", "Give a valid phone number.")
BadEmail = refusal("kit.bad-email", Kind.INVALID, "请填写有效的电子邮箱。", "Give a valid e-mail address.")
ProofNeeded = refusal(
    "kit.proof-needed",
    Kind.FORBIDDEN,
    "请提供管理凭证或报名时的电话。",
    "Give the manage token or the phone number of the sign-up.",
)

# New mobile ranges are opened faster than any table is updated.
_MOBILE = re.compile(r"\+861[3-9][0-9]{9}")
_MOBILE_IN_TEXT = re.compile(r"(?<![0-9])(?:\+?86)?1[3-9][0-9]{9}(?![0-9])")
_ID_NUMBER = re.compile(r"(?<![0-9])[0-9]{17}[0-9X](?![0-9])")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GAP = re.compile(r"(?<=[0-9])[ \-\u2010-\u2015]{1,2}(?=[0-9Xx])")


def parse_phone(typed: str) -> str | None:
    """E.164 form of a possible number in a real range, or None. "021-5973 2890" and "138 1234 5678" are both read."""
    if _MOBILE.fullmatch(f"+86{typed}"):
        return f"+86{typed}"
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return written if _MOBILE.fullmatch(written) or phonenumbers.is_valid_number(number) else None


def clean_email(typed: str, field: str = "email") -> str:
    """The address in its usual form, or nothing. Whether it receives mail, only mail can tell. Raises BadEmail."""
    if not typed.strip():
        return ""
    try:
        # Only the part after the @ has a form that does not depend on who keeps the box.
        return validate_email(typed.strip(), check_deliverability=False).normalized
    except EmailNotValidError:
        raise BadEmail(field=field) from None


def mask_email(email: str) -> str:
    """z***@example.com."""
    box, _, domain = email.partition("@")
    return f"{box[:1]}***@{domain}"


def mask_phone(phone: str) -> str:
    """138****1234: enough to recognise one's own, not enough to call."""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}"


def mask_name(name: str) -> str:
    """First character and two stars, whatever the length, so that the length is not leaked."""
    return f"{name[:1]}**"


def hash_token(token: str) -> bytes:
    """How a bearer secret rests."""
    return hashlib.sha256(token.encode()).digest()


def personal_data(text: str) -> Literal["id_number", "mobile_number"] | None:
    """What in a text could be somebody's identity card or mobile number, also with gaps or full-width digits.

    Identity numbers are told by their check digit (GB 11643, ISO 7064 MOD 11-2)."""
    plain = _GAP.sub("", unicodedata.normalize("NFKC", text)).upper()
    if any(_has_check_digit(found) for found in _ID_NUMBER.findall(plain)):
        return "id_number"
    return "mobile_number" if _MOBILE_IN_TEXT.search(plain) else None


def _has_check_digit(number: str) -> bool:
    weighed = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return "10X98765432"[weighed % 11] == number[17]


class Proof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shows that a sign-up is one's own: the manage token, or the phone number that was given."""

    manage_token: str = ""
    phone: str = ""

    def fits(self, vault: Vault, purpose: str, person: bytes | None, manage_hash: bytes) -> bool:
        """Whether it is the proof of `person`, a pseudonym of the phone number for `purpose`."""
        if self.manage_token and hash_token(self.manage_token) == manage_hash:
            return True
        number = parse_phone(self.phone) if self.phone else None
        return number is not None and vault.pseudonym(purpose, number) == person
