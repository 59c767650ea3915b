"""Every fact that the house can say, said once for real: a year of one unit, by API, read back from the stream."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nats
import pytest

from component.test_adoption_clocks import Cabinet
from component.test_decisions import Bureau
from component.test_hearings import Chamber
from component.test_holidays import kaimen
from component.test_representatives import Hall
from houses import Desk, House, event_draft, in_days, open_house, until
from kaimen.contracts.envelope import Envelope, from_headers
from kaimen.contracts.registry import BY_SUBJECT
from unit.test_photos import picture

OPENMONTH = "/api/openmonth/v1"
NEXT_YEAR = datetime.now(UTC).year + 1
DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLES = Path(__file__).resolve().parents[2] / "contracts" / "samples"


@pytest.fixture(scope="module")
async def own_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("facts"), "--without", "portal") as opened:
        yield opened


async def read_streams(house: House) -> list[Envelope]:
    """Every message of every stream, in order."""
    client = await nats.connect(house.servers.nats.url)
    found = []
    try:
        js = client.jetstream()
        for name in {subject.split(".")[0] for subject in BY_SUBJECT}:
            last = (await js.stream_info(name)).state.last_seq
            for sequence in range(1, last + 1):
                message = await js.get_msg(name, sequence)
                found.append(from_headers(message.headers or {}, message.data or b""))
    finally:
        await client.close()
    return found


async def test_a_units_year_says_every_fact_there_is(own_house: House) -> None:
    desk = Desk(
        own_house,
        await own_house.token("unit_editor", "区教育局", "经办"),
        await own_house.token("unit_lead", "区教育局", "负责人"),
    )
    await _open_the_month(own_house)
    await _hold_and_report(desk)
    moved = await desk.published(title="会改期的活动")
    starts = in_days(30)
    session = {**event_draft()["sessions"][0], "id": moved["sessions"][0]["id"]}
    session |= {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
    body = {"reason": "场地检修", "sessions": [session]}
    answer = await desk.post(f"/events/{moved['id']}/postpone", body)
    assert answer.status_code == 200, answer.text
    headers = desk.writer | {"If-Match": answer.headers["etag"]}
    path = f"/api/opendays/v1/events/{moved['id']}"
    answer = await own_house.client.patch(path, json={"place": "新地点"}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (await desk.post(f"/events/{moved['id']}/cancel", {"reason": "台风"})).status_code == 200

    await _hear_a_representative(own_house)
    await _hold_a_hearing(own_house)
    await Bureau(own_house).issued()
    await _answer_the_public(own_house)
    notice = DATA / "holidays" / "2026.json"
    code, _, wrong = await kaimen(own_house, "holidays", "load", str(notice), "--source", "NateScarlet/holiday-cn")
    assert (code, wrong) == (0, [])

    async def all_said() -> list[Envelope] | None:
        said = await read_streams(own_house)
        missing = set(BY_SUBJECT) - {envelope.subject for envelope in said}
        return None if missing else said

    said = await until(all_said)
    assert len({envelope.id for envelope in said}) == len(said)
    for envelope in said:
        assert type(envelope.fact()) is BY_SUBJECT[envelope.subject]
    if os.environ.get("KAIMEN_WRITE_SAMPLES"):
        _write_samples(said)


async def _hold_and_report(desk: Desk) -> None:
    starts = in_days(2)
    session = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat(), "capacity": 2}
    event = await desk.published(title="办完的活动", sessions=[session], campaign=NEXT_YEAR)
    (known,) = event["sessions"]
    kept: dict[str, Any] = (await desk.register(known["id"], "13800000001")).json()
    proof = {"manage_token": kept["manage_token"]}
    answer = await desk.house.client.post(f"/api/opendays/v1/registrations/{kept['code']}/feed", json=proof)
    assert answer.status_code == 201, answer.text
    assert (await desk.post(f"/sessions/{known['id']}/checkins", {"ticket": kept["ticket"]})).status_code == 201
    suggested = {"kind": "question", "text": "能否增加周末场次？"}
    answer = await desk.post(f"/events/{event['id']}/suggestions", suggested)
    assert answer.status_code == 201, answer.text
    reply = {"reply": "下半年增加两场。", "outcome": "adopted"}
    assert (await desk.post(f"/suggestions/{answer.json()['id']}/reply", reply)).status_code == 200
    desk.house.shift_clock(timedelta(days=3))

    async def is_held() -> bool:
        answer = await desk.house.client.get(f"/api/opendays/v1/events/{event['id']}")
        return answer.json()["state"] == "held"

    await until(is_held)
    # The old tokens have run out three days later.
    writer = await desk.house.token("unit_editor", "区教育局", "经办")
    answer = await desk.post(f"/events/{event['id']}/report", {"summary": "顺利", "sign_shown": True}, writer)
    assert answer.status_code == 201, answer.text
    figures = {name: answer.json()[name] for name in ("registered", "checked_in", "no_show", "suggestions", "replies")}
    assert figures == {"registered": 1, "checked_in": 1, "no_show": 0, "suggestions": 1, "replies": 1}
    await _show_the_sign(desk.house, event["id"], writer)
    desk.house.shift_clock(timedelta())


async def _open_the_month(house: House) -> None:
    """The campaign of next year, which changes, and that of last year, which freezes at once."""
    office = await house.token("office")
    for year in (NEXT_YEAR, NEXT_YEAR - 2):
        answer = await house.client.post(f"{OPENMONTH}/campaigns", json={"year": year}, headers=office)
        assert answer.status_code == 201, answer.text
        answer = await house.client.post(f"{OPENMONTH}/campaigns/{year}/publish", headers=office)
        assert answer.status_code == 200, answer.text
    changed = {"theme": "优化营商环境"}
    answer = await house.client.patch(f"{OPENMONTH}/campaigns/{NEXT_YEAR}", json=changed, headers=office)
    assert answer.status_code == 200, answer.text


async def _show_the_sign(house: House, event_id: str, writer: dict[str, str]) -> None:
    """Of an event that belongs to next year's campaign, whatever its date."""
    path = f"{OPENMONTH}/campaigns/{NEXT_YEAR}/events/{event_id}/sign"

    async def filed() -> bool:
        answer = await house.client.post(path, files={"file": ("sign.jpg", picture())}, headers=writer)
        assert answer.status_code in (201, 404), answer.text
        return answer.status_code == 201

    await until(filed)


async def _hear_a_representative(house: House) -> None:
    """An expert who is invited to a meeting, says something there, and is answered."""
    hall = Hall(house)
    meeting = await hall.meeting(3)
    path = f"/api/representatives/v1/meetings/{meeting['id']}"
    answer = await house.client.patch(path, json={"place": "另一会议室"}, headers=await hall.staff())
    assert answer.status_code == 200, answer.text
    closes_at = (hall.now + timedelta(hours=12)).isoformat()
    call = await hall.recruitment(meeting, method="invited", quotas={}, entropy=[], closes_at=closes_at)
    expert = hall.applicant(1, kind="expert", features={}, publish_name=True)
    staff = await hall.staff()
    receipt = await hall.post(f"/recruitments/{call['id']}/applications", expert, staff)
    await hall.post(f"/applications/{receipt['code']}/verify", {}, staff)
    chosen = {"selected": [receipt["pseudonym"]], "reasons": {receipt["pseudonym"]: "学区规划专家"}}
    await hall.post(f"/recruitments/{call['id']}/selection", chosen, staff)
    await hall.post(f"/invitations/{receipt['code']}/confirm", {"manage_token": receipt["manage_token"]}, {})
    hall.wait_for(timedelta(days=3, hours=1))
    await hall.post(f"/meetings/{meeting['id']}/attendance", {"present": [receipt["pseudonym"]]})
    said = {"representative": receipt["pseudonym"], "item": meeting["items"][0]["id"], "summary": "建议分期实施"}
    statement = await hall.post(f"/meetings/{meeting['id']}/statements", said)
    reply = {"outcome": "partly", "reason": "第二年起分期"}
    await hall.post(f"/statements/{statement['id']}/reply", reply)
    house.shift_clock(timedelta())


async def _hold_a_hearing(house: House) -> None:
    """One invited participant, from the notice to the report."""
    chamber = Chamber(house)
    sides, groups = [{"name": "学校", "why": "承担招生"}], [chamber.schools()]
    hearing = await chamber.announced(days=12, sides=sides, groups=groups, entropy=[], opens_at=None, closes_at=None)
    path = f"{chamber.api}/hearings/{hearing['id']}"
    moved = await house.client.patch(path, json={"place": "礼堂", "reason": "人数多"}, headers=await chamber.staff())
    assert moved.status_code == 200, moved.text
    receipt = await chamber.invite_school(hearing)
    await chamber.step(hearing, "publish-list")
    await chamber.step(hearing, "deliver", chamber.delivery())
    chamber.wait_for(timedelta(days=12, minutes=1))
    await chamber.step(hearing, "hold", {"present": [receipt["pseudonym"]]})
    line = {"step": "statements", "speaker": receipt["pseudonym"], "text": "建议分期", "is_point": True}
    await chamber.step(hearing, "record", {"lines": [line]})
    signed = {"pseudonym": receipt["pseudonym"], "answer": "confirmed", "version": 1}
    await chamber.step(hearing, "confirm", signed)
    passage = {"where": "第二条", "before": "今年实施。", "after": "分两年实施。"}
    await chamber.step(hearing, "report", {"points": [{"no": 1, "disposition": "adopted", "passage": passage}]})
    house.shift_clock(timedelta())


async def _answer_the_public(house: House) -> None:
    """A consultation that is extended, a document, a suspended clock that runs out, and the report after all."""
    cabinet = Cabinet(house)
    item = await cabinet.listed()
    consultation = await cabinet.opened(
        catalogue_item=item["id"], closes_on=str(cabinet.today), shortened_reason="情况紧急"
    )
    longer = {"closes_on": str(cabinet.today + timedelta(days=1)), "reason": "应公众要求"}
    await cabinet.post(f"/consultations/{consultation['id']}/extend", longer)
    cabinet.wait_for(timedelta(days=2))
    await cabinet.lead_to_issue(item)
    await cabinet.issue(item)
    clock = (await until(lambda: cabinet.clocks(item)))["report"]
    pause = {"from_on": str(cabinet.today), "to_on": str(cabinet.today + timedelta(days=3))}
    law = {"legal_basis": "突发事件应对法", "decided_by": "区政府"}
    await cabinet.post(f"/clocks/{clock['id']}/suspend", {**pause, **law}, await house.token("office"))
    cabinet.wait_for(timedelta(days=40))

    async def breached() -> bool:
        return "breached" in await cabinet.facts(clock)

    await until(breached)
    await cabinet.published(consultation)
    house.shift_clock(timedelta())


def _write_samples(said: list[Envelope]) -> None:
    for envelope in said:
        folder = SAMPLES / envelope.subject
        if not list(folder.glob("*.json")):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "0001.json").write_bytes(envelope.body)
