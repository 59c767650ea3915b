"""Phone numbers: mobile and landline, mainland by default."""

import re

import phonenumbers

# New mobile ranges are opened faster than any table is updated.
_MOBILE = re.compile(r"\+861[3-9][0-9]{9}")


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


def mask_phone(phone: str) -> str:
    """138****1234: enough to recognise one's own, not enough to call."""
    national = phone.removeprefix("+86")
    return f"{national[:3]}****{national[-4:]}"
