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
_BETWEEN = r"[\s.,·‧•・/_()\-\u2010-\u2015\u2212]{0,3}"
_MOBILE_IN_TEXT = re.compile(
    rf"(?<![0-9])(?:(?:00)?86{_BETWEEN}|0)?1[3-9][0-9]{_BETWEEN}[0-9]{{4}}{_BETWEEN}[0-9]{{4}}(?![0-9])"
    # Lists of numbers have commas between single digits too, and are nobody's.
    r"|(?<![0-9])1[.·/_][3-9](?:[.·/_][0-9]){9}(?![.·/_]?[0-9])"
)
# Looks ahead, so that a number is also found behind other digits that could belong to it.
_ID_NUMBER = re.compile(rf"(?<![0-9])(?=([0-9](?:{_BETWEEN}[0-9]){{16}}{_BETWEEN}[0-9X])(?![0-9]))")
_ID_FORM = re.compile(r"[1-9][0-9]{5}(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_GAP = re.compile(r"(?<=[0-9])[ \-\u2010-\u2015]{1,3}(?=[0-9])")
_INVISIBLE = ("Cf", "Mn", "Me")


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


PERSONAL_DATA = {
    "id_number": ("身份证号", "identity card number"),
    "mobile_number": ("手机号", "mobile phone number"),
}
"""What `personal_data` finds, in words."""


def personal_data(text: str) -> Literal["id_number", "mobile_number"] | None:
    """What in a text could be somebody's identity card or mobile number, also with separators, invisible characters
    or full-width digits.

    Identity numbers are told by the day of birth and the check digit (GB 11643, ISO 7064 MOD 11-2)."""
    seen = "".join(each for each in text if unicodedata.category(each) not in _INVISIBLE)
    plain = unicodedata.normalize("NFKC", seen).upper()
    if any(_is_id_number(re.sub("[^0-9X]", "", found)) for found in _ID_NUMBER.findall(plain)):
        return "id_number"
    return "mobile_number" if any(map(_MOBILE_IN_TEXT.search, (plain, _GAP.sub("", plain)))) else None


def _is_id_number(number: str) -> bool:
    if not _ID_FORM.fullmatch(number):
        return False
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
