"""A real Chromium before the running house, and an address for every kind of page."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from browser.views import ARGUMENTS, CHROMIUM, LOOKS, Route, set_cookies, sign_in
from houses import Desk, House, in_days


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        await opened.close()


def _proof(confirmed: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return ((f"__Host-kaimen-r-{confirmed['code']}", confirmed["manage_token"]),)


@pytest.fixture(scope="session")
async def routes(house: House, desk: Desk) -> dict[str, Route]:
    """Every page with something to show: made through the API, as people would."""
    taken = iter(range(13900000001, 13900000100))

    async def register(event: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await desk.register(event["sessions"][0]["id"], str(next(taken)), **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    open_event = await desk.published(
        title="走进水质监测站，看一滴水的旅程", summary="参观实验室。\n座谈交流。", campaign=2026
    )
    confirmed = await register(open_event, party_size=2, needs="轮椅位")
    here = await register(open_event, needs="轮椅位")
    path = f"/sessions/{open_event['sessions'][0]['id']}/checkins"
    assert (await desk.post(path, {"code": here["code"]})).status_code == 201
    one_seat = [{**session, "capacity": 1} for session in _sessions(open_event)]
    small = await desk.published(title="小班体验", sessions=one_seat)
    first = await register(small)
    waiting = await register(small)
    last = await register(small)
    given_back = await desk.post(f"/registrations/{first['code']}/cancel", {"manage_token": first["manage_token"]})
    assert given_back.status_code == 200
    cancelled = await desk.published(title="已取消的活动")
    await desk.post(f"/events/{cancelled['id']}/cancel", {"reason": "台风"})
    phone = await desk.published(title="电话报名的活动", registration={"mode": "phone", "contact": "021-59732890"})
    terms = {"policy": "draw", "registration_closes_at": in_days(8).isoformat(), "capacity": 5}
    days = [{"starts_at": in_days(day).isoformat(), "ends_at": in_days(day, 11).isoformat()} for day in (20, 21, 22)]
    source = {"id": "ssq", "name": "双色球次期红球", "form": "sorted-ints"}
    drawn = await desk.published(title="抽签的活动", entropy=[source], sessions=[{**day, **terms} for day in days])
    entered = await register(drawn, preferences=[session["id"] for session in drawn["sessions"][1:]])
    said = await desk.post(f"/events/{open_event['id']}/suggestions", {"kind": "question", "text": "电梯何时修好？"})
    assert said.status_code == 201
    draft = await desk.post("/events", {"title": "还没有写完的活动"})
    e, s = f"/desk/events/{open_event['id']}", f"/desk/sessions/{open_event['sessions'][0]['id']}"
    return {
        "home": Route("/"),
        "home-month": Route(f"/?month={open_event['sessions'][0]['date'][:7]}&unit={quote('区教育局')}"),
        "home-empty": Route("/?month=2020-01"),
        "event": Route(f"/open-days/{open_event['id']}"),
        "event-full": Route(f"/open-days/{small['id']}"),
        "event-cancelled": Route(f"/open-days/{cancelled['id']}"),
        "event-drawn": Route(f"/open-days/{drawn['id']}"),
        "entered": Route(f"/r/{entered['code']}", cookies=_proof(entered)),
        "event-by-phone": Route(f"/open-days/{phone['id']}"),
        "registration": Route(f"/r/{confirmed['code']}", cookies=_proof(confirmed)),
        "registration-elsewhere": Route(f"/r/{confirmed['code']}"),
        "waiting": Route(f"/r/{last['code']}", cookies=_proof(last)),
        "cancel": Route(f"/r/{confirmed['code']}/cancel", cookies=_proof(confirmed)),
        "cancel-elsewhere": Route(f"/r/{confirmed['code']}/cancel"),
        "offer": Route(f"/r/{waiting['code']}/offer", cookies=_proof(waiting)),
        "questionnaire": Route(f"/r/{here['code']}/questionnaire", cookies=_proof(here)),
        "thanks": Route(f"/r/{here['code']}/thanks"),
        "my": Route("/my"),
        "subscribe": Route("/subscribe"),
        "units": Route("/units"),
        "unit": Route(f"/units/{quote('区教育局')}"),
        "theme": Route(f"/themes/{quote('民生保障')}"),
        "street": Route("/streets/310118001"),
        "problem": Route("/problems/opendays.session-full"),
        "missing": Route("/no/such/page", status=404),
        "desk-signed-out": Route("/desk", status=401),
        "ticket-public": Route(f"/t/{confirmed['ticket']}"),
        "ticket-staff": Route(f"/t/{confirmed['ticket']}", "unit_editor"),
        "ticket-used": Route(f"/t/{here['ticket']}", "unit_editor"),
        "ticket-invalid": Route("/t/AAAA", "unit_editor"),
        "desk": Route("/desk", "unit_editor"),
        "desk-approver": Route("/desk", "unit_lead"),
        "desk-office": Route("/desk", "office"),
        "desk-new": Route("/desk/events/new", "unit_editor"),
        "desk-new-office": Route("/desk/events/new", "office"),
        "desk-edit": Route(f"{e}/edit", "unit_editor"),
        "desk-draft": Route(f"/desk/events/{draft.json()['id']}", "unit_editor"),
        "desk-event": Route(e, "unit_editor"),
        "desk-event-drawn": Route(f"/desk/events/{drawn['id']}", "unit_editor"),
        "desk-edit-drawn": Route(f"/desk/events/{drawn['id']}/edit", "unit_editor"),
        "desk-session": Route(f"{s}?event={open_event['id']}", "unit_editor"),
        "desk-import": Route("/desk/import", "unit_editor"),
    }


def _sessions(event: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: session[name] for name in ("starts_at", "ends_at", "capacity")} for session in event["sessions"]]


@pytest.fixture(scope="session")
async def contexts(browser: Browser, house: House) -> AsyncIterator[dict[tuple[str, str], BrowserContext]]:
    """One signed-in browser context per role and look, without JavaScript for nobody: axe needs it."""
    opened: dict[tuple[str, str], BrowserContext] = {}
    for role in ("", "unit_editor", "unit_lead", "office"):
        for look, cookies in LOOKS.items():
            context = await browser.new_context(locale="zh-CN")
            await set_cookies(context, house.url, cookies)
            if role:
                await sign_in(context, house.url, role, "" if role == "office" else "区教育局")
            opened[role, look] = context
    yield opened
    for context in opened.values():
        await context.close()
