"""One page links every step of a decision: consultation, hearing, representatives, document, report; each told by the
service that did it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from component.test_adoption import UNUSED
from component.test_adoption_clocks import SERVICES, Cabinet
from component.test_hearings import Chamber
from component.test_representatives import Hall, open_town
from houses import House, until

K = TypeVar("K", bound=Hall)


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    services = f"{SERVICES},hearings,representatives"
    async with open_town(tmp_path_factory.mktemp("town"), services) as house:
        yield house


def beside(cabinet: Cabinet, kind: type[K]) -> K:
    """Another room of the same house, at the same time."""
    room = kind.__new__(kind)
    room.house, room.shift = cabinet.house, cabinet.shift
    return room


async def hold_hearing(cabinet: Cabinet, item: dict[str, Any]) -> None:
    """One invited participant makes one point, and it is adopted."""
    chamber = beside(cabinet, Chamber)
    sides, groups = [{"name": "学校", "why": "承担招生"}], [chamber.schools()]
    hearing = await chamber.announced(
        days=12, catalogue_item=item["id"], sides=sides, groups=groups, entropy=[], opens_at=None, closes_at=None
    )
    receipt = await chamber.invite_school(hearing)
    await chamber.step(hearing, "publish-list")
    await chamber.step(hearing, "deliver", chamber.delivery())
    chamber.wait_for(timedelta(days=12, minutes=1))
    await chamber.step(hearing, "hold", {"present": [receipt["pseudonym"]]})
    line = {"step": "statements", "speaker": receipt["pseudonym"], "text": "建议分期", "is_point": True}
    await chamber.step(hearing, "record", {"lines": [line]})
    await chamber.step(hearing, "confirm", {"pseudonym": receipt["pseudonym"], "answer": "confirmed", "version": 1})
    passage = {"where": "第二条", "before": "今年实施。", "after": "分两年实施。"}
    await chamber.step(hearing, "report", {"points": [{"no": 1, "disposition": "adopted", "passage": passage}]})
    cabinet.shift = chamber.shift


async def hear_representative(cabinet: Cabinet, item: dict[str, Any]) -> None:
    """An expert attends the meeting that deliberates, says something, and is answered."""
    hall = beside(cabinet, Hall)
    meeting = await hall.meeting(3, items=[{"title": "学区调整方案", "catalogue_item": item["id"]}])
    closes_at = (hall.now + timedelta(hours=12)).isoformat()
    call = await hall.recruitment(meeting, method="invited", quotas={}, entropy=[], closes_at=closes_at)
    staff = await hall.staff()
    expert = hall.applicant(1, kind="expert", features={}, publish_name=True)
    receipt = await hall.post(f"/recruitments/{call['id']}/applications", expert, staff)
    await hall.post(f"/applications/{receipt['code']}/verify", {}, staff)
    chosen = {"selected": [receipt["pseudonym"]], "reasons": {receipt["pseudonym"]: "学区规划专家"}}
    await hall.post(f"/recruitments/{call['id']}/selection", chosen, staff)
    hall.wait_for(timedelta(days=3, hours=1))
    await hall.post(f"/meetings/{meeting['id']}/attendance", {"present": [receipt["pseudonym"]]})
    said = {"representative": receipt["pseudonym"], "item": meeting["items"][0]["id"], "summary": "建议分期实施"}
    statement = await hall.post(f"/meetings/{meeting['id']}/statements", said)
    await hall.post(f"/statements/{statement['id']}/reply", {"outcome": "partly", "reason": "第二年起分期"})
    cabinet.shift = hall.shift


async def test_every_step_of_a_decision_is_on_its_page(town: House) -> None:
    cabinet = Cabinet(town)
    item = await cabinet.listed(hearing_planned=True)
    consultation = await cabinet.consulted(item)
    await hold_hearing(cabinet, item)
    await hear_representative(cabinet, item)
    await cabinet.lead_to_issue(item)
    await cabinet.issue(item)
    await until(lambda: cabinet.clocks(item))

    unused = [channel for channel in UNUSED if channel != "hearing"]
    report = await cabinet.published(consultation, not_used=unused)
    lines = {line["channel"]: line for line in report["document"]["channels"]}
    assert (lines["hearing"]["people"], lines["hearing"]["tally"]["adopted"]) == (1, 1)
    assert report["document"]["tally"]["received"] == 1

    async def page() -> dict[str, Any]:
        answer = await town.client.get(f"/api/decisions/v1/items/{item['id']}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def finished() -> dict[str, Any] | None:
        read = await page()
        return read if read["state"] == "adoption_published" else None

    read = await until(finished)
    steps = [step["kind"] for step in read["steps"]]
    wanted = {
        "consultation", "hearing", "hearing_roster", "hearing_held", "hearing_record", "hearing_report", "meeting",
        "meeting_attended", "statement", "document", "deadline", "report",
    }  # fmt: skip
    assert wanted == set(steps)
    assert all(step["page"] for step in read["steps"] if step["kind"] != "document")
    shown = {facet["facet"] for facet in read["facets"] if facet["state"] == "published"}
    assert {"draft", "explanation", "opinions", "attendance"} <= shown
    meter = read["completeness"]
    assert meter["applicable"] >= meter["published"] >= 4

    then = (cabinet.now - timedelta(days=1)).isoformat()
    answer = await town.client.get(f"/api/decisions/v1/items/{item['id']}", params={"as_at": then})
    assert answer.status_code == 200, answer.text
    assert answer.json()["issued"] is None
    assert "hearing_report" in [step["kind"] for step in answer.json()["steps"]]
