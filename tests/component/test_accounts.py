"""Signing in, staying signed in, and what each role may do."""

import base64
import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from houses import Desk, House, event_draft, problem_of

SESSION = "__Host-kaimen"


def cookie_of(answer: httpx.Response, name: str) -> str:
    """A cookie as the browser would keep it. These are Secure, so a plain client must carry them by hand."""
    for header in answer.headers.get_list("set-cookie"):
        if header.startswith(f"{name}="):
            assert "Secure" in header
            assert "HttpOnly" in header
            assert "Path=/" in header
            assert "Domain" not in header
            return header.split(";")[0].partition("=")[2]
    raise AssertionError(f"no cookie {name}")


async def sign_in(house: House, **hints: str) -> str:
    """The session secret of somebody who went the whole way through the issuer."""
    begun = await house.client.get("/api/accounts/v1/signin", params={"next": "/desk", **hints})
    assert begun.status_code == 302
    state = cookie_of(begun, f"{SESSION}-sign-in")
    back = await house.client.get(begun.headers["location"])
    assert back.status_code == 302, back.text
    done = await house.client.get(back.headers["location"], headers={"Cookie": f"{SESSION}-sign-in={state}"})
    assert (done.status_code, done.headers.get("location")) == (302, "/desk"), done.text
    return cookie_of(done, SESSION)


async def exchange(house: House, secret: str) -> httpx.Response:
    return await house.client.post("/api/accounts/v1/sessions/token", json={"session": secret})


async def test_sign_in_leads_to_a_session_that_gives_tokens(house: House) -> None:
    secret = await sign_in(house, **{"as": "unit_editor", "unit": "区教育局", "name": "李四"})
    answer = await exchange(house, secret)
    assert answer.status_code == 200
    assert {k: answer.json()[k] for k in ("role", "unit", "name")} == {
        "role": "unit_editor",
        "unit": "区教育局",
        "name": "李四",
    }
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    created = await house.client.post("/api/opendays/v1/events", json=event_draft(), headers=headers)
    assert created.status_code == 201


async def test_session_ends_after_half_an_hour_without_use(house: House) -> None:
    secret = await sign_in(house, **{"as": "office"})
    house.shift_clock(timedelta(minutes=29))
    assert (await exchange(house, secret)).status_code == 200
    house.shift_clock(timedelta(minutes=29 + 31))
    assert problem_of(await exchange(house, secret)) == (401, "/problems/accounts.session-ended")


async def test_session_ends_after_eight_hours_of_use(house: House) -> None:
    secret = await sign_in(house, **{"as": "office"})
    for minutes in range(25, 8 * 60, 25):
        house.shift_clock(timedelta(minutes=minutes))
        assert (await exchange(house, secret)).status_code == 200
    house.shift_clock(timedelta(minutes=8 * 60 + 1))
    assert problem_of(await exchange(house, secret)) == (401, "/problems/accounts.session-ended")


async def test_signing_out_ends_the_session_at_once(house: House) -> None:
    secret = await sign_in(house, **{"as": "office"})
    ended = await house.client.post("/api/accounts/v1/sessions/end", json={"session": secret})
    assert ended.status_code == 204
    assert problem_of(await exchange(house, secret)) == (401, "/problems/accounts.session-ended")


@pytest.mark.parametrize("spoiled", ["cookie", "state", "code", "twice"])
async def test_callback_refuses_what_did_not_begin_here(house: House, spoiled: str) -> None:
    begun = await house.client.get("/api/accounts/v1/signin", params={"as": "office"})
    state = cookie_of(begun, f"{SESSION}-sign-in")
    back = (await house.client.get(begun.headers["location"])).headers["location"]
    cookie = {"Cookie": f"{SESSION}-sign-in={'other' if spoiled == 'cookie' else state}"}
    if spoiled == "state":
        back = back.replace(state, "other")
    if spoiled == "code":
        code = parse_qs(urlsplit(back).query)["code"][0]
        back = back.replace(code, code[:-8] + "AAAAAAAA")
    if spoiled == "twice":
        assert (await house.client.get(back, headers=cookie)).status_code == 302
    assert problem_of(await house.client.get(back, headers=cookie)) == (422, "/problems/accounts.sign-in-failed")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1"])
async def test_sign_in_never_leads_to_another_site(house: House, elsewhere: str) -> None:
    begun = await house.client.get("/api/accounts/v1/signin", params={"as": "office", "next": elsewhere})
    state = cookie_of(begun, f"{SESSION}-sign-in")
    back = (await house.client.get(begun.headers["location"])).headers["location"]
    done = await house.client.get(back, headers={"Cookie": f"{SESSION}-sign-in={state}"})
    assert done.headers["location"] == "/"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"role": "unit_editor"}, (422, "/problems/accounts.unit-needed")),
        ({"role": "unit_editor", "unit": "没有的单位"}, (422, "/problems/accounts.unknown-unit")),
        ({"role": "king"}, (422, "/problems/kit.malformed")),
        ({"role": "system"}, (422, "/problems/kit.malformed")),
    ],
)
async def test_development_token_refuses(house: House, body: dict[str, Any], expected: tuple[int, str]) -> None:
    assert problem_of(await house.client.post("/api/accounts/v1/dev/tokens", json=body)) == expected


async def test_tampered_tokens_are_refused(house: House) -> None:
    good = (await house.token("office"))["Authorization"].removeprefix("Bearer ")
    head, claims, signature = good.split(".")
    raised = json.loads(base64.urlsafe_b64decode(claims + "=="))
    raised["unit"] = "区财政局"
    forged = base64.urlsafe_b64encode(json.dumps(raised).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
    wrong = [
        f"{head}.{forged}.{signature}",
        f"{unsigned}.{claims}.",
        f"{head}.{claims}",
        "x",
        f"{head}.{claims}.{signature[:-4]}AAAA",
    ]
    for token in wrong:
        answer = await house.client.get("/api/opendays/v1/events", headers={"Authorization": f"Bearer {token}"})
        assert problem_of(answer) == (401, "/problems/kit.bad-token")


ACTORS = {
    "nobody": None,
    "citizen": ("citizen", None),
    "own editor": ("unit_editor", "区教育局"),
    "own lead": ("unit_lead", "区教育局"),
    "other editor": ("unit_editor", "区财政局"),
    "other lead": ("unit_lead", "区财政局"),
    "office": ("office", None),
    "notary": ("notary", None),
}
STAFF_ONLY = {"nobody": 401, "citizen": 403, "notary": 403, "other editor": 403, "other lead": 403}
HIDDEN = STAFF_ONLY | {"other editor": 404, "other lead": 404}
MATRIX: list[tuple[str, str, dict[str, Any] | None, dict[str, int]]] = [
    ("POST", "/events", event_draft(), STAFF_ONLY),
    ("GET", "/events/{draft}", None, dict.fromkeys(("nobody", "citizen", "notary", "other editor", "other lead"), 404)),
    ("PATCH", "/events/{draft}", {"summary": "改"}, HIDDEN),
    ("POST", "/events/{draft}/copy", {"year": 2027}, HIDDEN),
    ("POST", "/events/{public}/suggestions", {"kind": "suggestion", "text": "好"}, STAFF_ONLY),
    ("GET", "/sessions/{session}/roster", None, STAFF_ONLY),
    ("GET", "/sessions/{session}/roster.xlsx", None, STAFF_ONLY),
    ("GET", "/events/{public}", None, {}),
    ("GET", "/events", None, {}),
]


@pytest.mark.parametrize(("method", "path", "body", "refused"), MATRIX, ids=[f"{m[0]} {m[1]}" for m in MATRIX])
async def test_each_role_may_do_what_is_its_own(
    house: House, desk: Desk, method: str, path: str, body: dict[str, Any] | None, refused: dict[str, int]
) -> None:
    public = await desk.published()
    draft = (await desk.post("/events", event_draft())).json()
    address = path.format(draft=draft["id"], public=public["id"], session=public["sessions"][0]["id"])
    seen = {}
    for who, actor in ACTORS.items():
        headers = await house.token(*actor, name=who) if actor else {}
        answer = await house.client.request(method, f"/api/opendays/v1{address}", json=body, headers=headers)
        if answer.status_code >= 300:
            seen[who] = problem_of(answer)[0]
    assert seen == refused
