"""Small promises of the toolbox: sealed data, codes, phone numbers, entity tags."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaimen.host.contracts import resources_on_paper
from kaimen.kit.crypto import SealBroken, Vault
from kaimen.kit.http import Outside, limit_of, tag_matches
from kaimen.kit.ids import CODE_ALPHABET, new_code, new_id, normalise_code
from kaimen.kit.people import mask_phone, parse_phone
from kaimen.kit.refusals import Refusal

VAULT = Vault(bytes(32), "opendays")


@given(st.text())
def test_sealed_value_opens_at_its_place(value: str) -> None:
    sealed = VAULT.seal(value, unit="区教育局", place="registrations/1/personal")
    assert VAULT.open(sealed, str, unit="区教育局", place="registrations/1/personal") == value
    assert VAULT.seal(value, unit="区教育局", place="registrations/1/personal") != sealed


@pytest.mark.parametrize(
    ("vault", "unit", "place"),
    [
        (VAULT, "区教育局", "registrations/2/personal"),
        (VAULT, "金泽镇", "registrations/1/personal"),
        (Vault(bytes(32), "accounts"), "区教育局", "registrations/1/personal"),
        (Vault(bytes([1]) * 32, "opendays"), "区教育局", "registrations/1/personal"),
    ],
)
def test_sealed_value_opens_nowhere_else(vault: Vault, unit: str, place: str) -> None:
    sealed = VAULT.seal("张三", unit="区教育局", place="registrations/1/personal")
    with pytest.raises(SealBroken):
        vault.open(sealed, str, unit=unit, place=place)


def test_sealed_value_with_any_flipped_bit_is_refused() -> None:
    sealed = VAULT.seal("张三", unit="区教育局", place="p")
    opened = 0
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            VAULT.open(bytes(changed), str, unit="区教育局", place="p")
            opened += 1
        except SealBroken:
            pass
    assert opened == 0


def test_pseudonyms_of_two_purposes_do_not_link() -> None:
    names = {VAULT.pseudonym(purpose, "+8613800001111") for purpose in ("registration", "draw", "opinion")}
    assert (len(names), {len(name) for name in names}) == (3, {32})
    assert VAULT.pseudonym("draw", "+8613800001111") == VAULT.pseudonym("draw", "+8613800001111")


def test_code_survives_being_read_aloud() -> None:
    code = new_code()
    assert (len(code), set(code) - set(CODE_ALPHABET)) == (10, set())
    spoken = f" {code[:5].lower()}-{code[5:]}".replace("0", "o").replace("1", "l")
    assert normalise_code(spoken) == code


def test_ids_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert ids == sorted(set(ids))
    assert {UUID(str(name)).version for name in ids} == {7}


@pytest.mark.parametrize(
    ("typed", "phone"),
    [
        ("138 0000 1111", "+8613800001111"),
        ("+86 138-0000-1111", "+8613800001111"),
        ("021-5973 2890", "+862159732890"),
        ("19912345678", "+8619912345678"),
        ("12345", None),
        ("12800001111", None),
        ("一三八", None),
        ("", None),
        ("+1 202 555 01", None),
    ],
)
def test_phone_is_read_as_people_write_it(typed: str, phone: str | None) -> None:
    assert parse_phone(typed) == phone


def test_masked_phone_cannot_be_called() -> None:
    assert mask_phone("+8613800001111") == "138****1111"


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [('"a"', True), ('W/"a"', True), ('"b", "a"', True), ("*", True), ('"b"', False), ("a", False), ("", False)],
)
def test_entity_tags_are_compared_weakly(wanted: str, matches: bool) -> None:
    assert tag_matches(wanted, 'W/"a"') == matches


@pytest.mark.parametrize(("limit", "allowed"), [(1, True), (200, True), (0, False), (201, False), (-1, False)])
def test_limit_is_between_one_and_two_hundred(limit: int, allowed: bool) -> None:
    try:
        assert limit_of(limit) == limit
        refused = False
    except Refusal:
        refused = True
    assert refused != allowed


async def test_refusal_of_a_body_that_was_read_does_not_wait_for_more() -> None:
    """A server has nothing to say after the end of a body until its client leaves, and the client waits for us."""

    async def too_large(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 413, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    parts = iter([{"type": "http.request", "body": b"a", "more_body": True}, {"type": "http.request", "body": b"b"}])
    sent = []

    async def receive() -> Any:
        part = next(parts, None)
        return part if part is not None else await asyncio.get_running_loop().create_future()

    async def send(message: Any) -> None:
        sent.append(message["type"])

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    async with asyncio.timeout(5):
        await Outside(too_large, resources_on_paper("opendays"))(scope, receive, send)
    assert sent == ["http.response.start", "http.response.body"]
