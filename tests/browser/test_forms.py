"""Forms against robots, other sites and impatient fingers. Over plain HTTP: no script has a part in them."""

import re
from typing import Any

import httpx
import pytest

from houses import Desk, House


@pytest.fixture
async def event(desk: Desk) -> dict[str, Any]:
    return await desk.published(title="表单测试")


async def form_of(house: House, path: str) -> dict[str, str]:
    """The hidden and preset fields of the page's form."""
    page = await house.client.get(path)
    assert page.status_code == 200
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))


async def send(house: House, path: str, fields: dict[str, Any], *, origin: str | None = "") -> httpx.Response:
    headers = {"Origin": house.url if origin == "" else origin} if origin is not None else {}
    return await house.client.post(path, data=fields, headers=headers, follow_redirects=False)


def filled(event: dict[str, Any], fields: dict[str, str], phone: str, **more: str) -> dict[str, Any]:
    return {**fields, "session": event["sessions"][0]["id"], "name": "李四", "phone": phone, "party_size": "1", **more}


async def seats_left(house: House, event: dict[str, Any]) -> int:
    shown = await house.client.get(f"/api/opendays/v1/events/{event['id']}")
    return shown.json()["sessions"][0]["seats_left"]


async def test_registration_sent_twice_registers_once(house: House, event: dict[str, Any]) -> None:
    path = f"/open-days/{event['id']}"
    fields = filled(event, await form_of(house, path), "13911110001")
    first, again = await send(house, path, fields), await send(house, path, fields)
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert await seats_left(house, event) == 9


async def test_confirmation_keeps_the_manage_token_out_of_the_address(house: House, event: dict[str, Any]) -> None:
    path = f"/open-days/{event['id']}"
    answer = await send(house, path, filled(event, await form_of(house, path), "13911110002"))
    code = answer.headers["location"].removeprefix("/r/")
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert re.fullmatch(r"[0-9A-Z]{10}", code)
    assert name == f"__Host-kaimen-r-{code}"
    flags = sorted(part.strip().lower().split("=")[0] for part in rest.split(";")[1:])
    assert flags == ["httponly", "max-age", "path", "samesite", "secure"]


@pytest.mark.parametrize("origin", [None, "https://elsewhere.example", "null"])
async def test_form_from_elsewhere_is_refused(origin: str | None, house: House, event: dict[str, Any]) -> None:
    path = f"/open-days/{event['id']}"
    fields = filled(event, await form_of(house, path), "13911110003")
    assert (await send(house, path, fields, origin=origin)).status_code == 403
    assert await seats_left(house, event) == 10


@pytest.mark.parametrize("change", [{"website": "https://spam.example"}, {"form": "1.0.forged.mark"}, {"form": ""}])
async def test_form_without_a_fresh_seal_comes_back_to_be_sent_again(
    change: dict[str, str], house: House, event: dict[str, Any]
) -> None:
    path = f"/open-days/{event['id']}"
    answer = await send(house, path, filled(event, await form_of(house, path), "13911110004", **change))
    assert answer.status_code == 409
    assert 'value="李四"' in answer.text
    assert await seats_left(house, event) == 10


async def test_faults_are_named_above_and_at_their_fields(house: House, event: dict[str, Any]) -> None:
    path = f"/open-days/{event['id']}"
    answer = await send(house, path, filled(event, await form_of(house, path), "123", party_size="0"))
    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', answer.text) == ["party_size"]
    assert re.findall(r'<span class="fault" id="(\w+)-fault">', answer.text) == ["party_size"]


async def test_unknown_code_is_said_kindly(house: House) -> None:
    answer = await send(house, "/my", {"code": "0000-0000-00"})
    assert answer.status_code == 404
    assert re.findall(r'<li><a href="#(\w+)">([^<]+)</a>', answer.text) == [("code", "没有找到这个报名编号。")]


async def test_code_is_found_however_it_is_typed(house: House, desk: Desk, event: dict[str, Any]) -> None:
    kept = (await desk.register(event["sessions"][0]["id"], "13911110005")).json()
    typed = f" {kept['code'][:5].lower()}-{kept['code'][5:]} "
    answer = await send(house, "/my", {"code": typed})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/r/{kept['code']}")


async def test_cancelling_elsewhere_takes_the_phone_number(house: House, desk: Desk, event: dict[str, Any]) -> None:
    kept = (await desk.register(event["sessions"][0]["id"], "13911110006")).json()
    path = f"/r/{kept['code']}/cancel"
    assert (await send(house, path, {"phone": "13911119999"})).status_code == 403
    assert await seats_left(house, event) == 9
    assert (await send(house, path, {"phone": "139 1111 0006"})).status_code == 303
    assert await seats_left(house, event) == 10


async def test_ticket_link_opened_by_anybody_changes_nothing(house: House, desk: Desk, event: dict[str, Any]) -> None:
    kept = (await desk.register(event["sessions"][0]["id"], "13911110007")).json()
    shown = await house.client.get(f"/t/{kept['ticket']}")
    refused = await send(house, f"/t/{kept['ticket']}", {})
    state = await house.client.get(f"/api/opendays/v1/registrations/{kept['code']}")
    assert (shown.status_code, refused.status_code, state.json()["state"]) == (200, 401, "confirmed")


@pytest.mark.parametrize("next_path", ["//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"])
async def test_redirects_stay_on_this_site(next_path: str, house: House) -> None:
    look = await house.client.get("/look", params={"text": "large", "back": next_path})
    sign_in = await house.client.get("/sign-in", params={"next": next_path})
    assert (look.headers["location"], sign_in.headers["location"]) == ("/", "/api/accounts/v1/signin?next=%2F")
