"""Sample data for a fresh house: the real units, the real open-month entries, and open days to come made of them.

Everything goes through the front door, as people would do it, with development tokens; running it again changes
nothing. It needs the development issuer.
"""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import httpx

from kaimen.kit.clock import SHANGHAI

SAMPLE = files("kaimen.host").joinpath("sample")
WAIT_SECONDS = 30
REPRESENTATIVES = "/api/representatives/v1"
HEARINGS = "/api/hearings/v1"
DECISIONS = "/api/decisions/v1"
ADOPTION = "/api/adoption/v1"
OFFICE = "区政府办公室"

COMING: tuple[tuple[str, str, str, str, int, int, int], ...] = (
    # unit, title, theme, place, days ahead, hour, seats
    ("区教育局", "申城小当家 财富智创+", "民生保障", "青浦区青少年活动中心", 9, 9, 20),
    (
        "区政府办公室",
        "参观长三角一体化示范区展示馆并座谈",
        "营商环境",
        "长三角生态绿色一体化发展示范区展示馆",
        12,
        14,
        11,
    ),
    ("金泽镇", "金泽镇政府开放日", "公正监管", "金泽镇社区事务受理服务中心", 16, 9, 30),
    ("区生态环境局", "走进水质自动监测站", "公共安全", "青浦区生态环境监测站", 20, 10, 15),
    ("区政务办", "一网通办体验日", "一网通办", "青浦区行政服务中心", 23, 13, 2),
)


async def seed(base_url: str) -> None:
    """Fill a fresh house. Raises RuntimeError with the problem's text when a step is refused."""
    async with httpx.AsyncClient(base_url=base_url, timeout=20, trust_env=False) as client:
        office = await _token(client, "office", None, "示例·办公室经办")
        units = json.loads(SAMPLE.joinpath("units.json").read_text("utf-8"))
        for unit in units:
            await _call(client, "PUT", "/api/accounts/v1/units", office, json=unit)
        await _units_arrived(client, "/api/opendays/v1/units", len(units))
        await _import_entries(client, office)
        lead = await _token(client, "office", None, "示例·办公室负责人")
        for sample in COMING:
            await _publish(client, office, lead, *sample)
        await _units_arrived(client, f"{REPRESENTATIVES}/counters", len(units) + 1)
        await _plan_meeting(client, office)
        await _announce_hearing(client, office)
        await _decide(client, office, lead)


async def _token(client: httpx.AsyncClient, role: str, unit: str | None, name: str) -> str:
    body = {"role": role, "unit": unit, "name": name}
    return (await _call(client, "POST", "/api/accounts/v1/dev/tokens", None, json=body))["access_token"]


async def _units_arrived(client: httpx.AsyncClient, path: str, wanted: int) -> None:
    """Other services hear of the units by event; wait until the list at `path` has them all."""
    async with asyncio.timeout(WAIT_SECONDS):
        while len((await _call(client, "GET", path, None))["items"]) < wanted:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)


async def _import_entries(client: httpx.AsyncClient, token: str) -> None:
    content = SAMPLE.joinpath("open_month_entries.csv").read_bytes()
    await _call(
        client,
        "POST",
        "/api/opendays/v1/imports",
        token,
        headers={"Idempotency-Key": "sample-entries"},
        files={"file": ("open_month_entries.csv", content, "text/csv")},
    )


async def _publish(
    client: httpx.AsyncClient,
    writer: str,
    approver: str,
    unit: str,
    title: str,
    theme: str,
    place: str,
    days: int,
    hour: int,
    seats: int,
) -> None:
    day = (datetime.now(UTC).astimezone(SHANGHAI) + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
    starts = day.replace(hour=hour)
    event = {
        "title": title,
        "theme": theme,
        "unit": unit,
        "summary": "示例数据：按公开的真实开放活动改写。参观后由业务科室现场答疑，欢迎提出意见建议。",
        "place": place,
        "accessibility": ["无障碍坡道", "可预约手语翻译"],
        "interactive_steps": ["qa", "forum"],
        "staff": ["分管负责同志", "业务科室负责人"],
        "audience": "社会公众",
        "capacity_text": f"{seats}人/场",
        "registration": {"mode": "here", "contact": "021-59732890"},
        "sessions": [
            {
                "starts_at": starts.isoformat(),
                "ends_at": (starts + timedelta(hours=2)).isoformat(),
                "capacity": seats,
                "registration_closes_at": (starts - timedelta(days=1)).isoformat(),
            }
        ],
    }
    key = {"Idempotency-Key": str(uuid5(NAMESPACE_URL, f"sample {title}"))}
    found = (await _call(client, "GET", f"/api/opendays/v1/events?q={quote(title)}&unit={quote(unit)}", writer))[
        "items"
    ]
    if any(known["title"] == title and known["published_at"] for known in found):
        return
    created = await _call(client, "POST", "/api/opendays/v1/events", writer, json=event, headers=key)
    path = f"/api/opendays/v1/events/{created['id']}"
    for token, step in ((writer, "submit"), (approver, "approve"), (writer, "publish")):
        await _call(client, "POST", f"{path}/{step}", token)


async def _plan_meeting(client: httpx.AsyncClient, office: str) -> None:
    """A decision meeting of the district government, with a call for five representatives."""
    now = datetime.now(UTC).astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)
    starts = (now + timedelta(days=24)).replace(hour=9)
    meeting = {
        "unit": "区政府办公室",
        "level": "district",
        "title": "示例·区政府常务会议",
        "kind": "executive",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=2)).isoformat(),
        "place": "区政府 1 号会议室",
        "agenda_fixed": True,
        "items": [{"title": "青浦区社区养老服务设施布局规划（草案）"}, {"title": "青浦区公共停车收费管理办法（草案）"}],
    }
    call = {
        "seats": 5,
        "opens_at": now.isoformat(),
        "closes_at": (now + timedelta(days=14)).replace(hour=17).isoformat(),
        "eligibility": ["年满18周岁，具有完全民事行为能力", "在青浦区居住或工作"],
        "quotas": {
            "性别": {"女": [2, 3], "男": [2, 3]},
            "年龄": {"18–39岁": [1, 2], "40–59岁": [1, 2], "60岁以上": [1, 2]},
        },
        "entropy": [
            {"id": "ssq", "name": "报名截止后首期双色球红球", "form": "sorted-ints"},
            {"id": "sse", "name": "同日上证指数收盘", "form": "decimal2"},
        ],
        "contact": "021-59732890",
    }
    if any(
        known["title"] == meeting["title"]
        for known in (await _call(client, "GET", f"{REPRESENTATIVES}/meetings?limit=200", None))["items"]
    ):
        return
    made = await _call(client, "POST", f"{REPRESENTATIVES}/meetings", office, json=meeting)
    await _call(client, "POST", f"{REPRESENTATIVES}/meetings/{made['id']}/recruitments", office, json=call)


async def _announce_hearing(client: httpx.AsyncClient, office: str) -> None:
    """A public hearing of the district office, its notice out: residents drawn, operators and experts invited."""
    now = datetime.now(UTC).astimezone(SHANGHAI).replace(minute=0, second=0, microsecond=0)
    starts = (now + timedelta(days=40)).replace(hour=9)
    hearing = {
        "unit": "区政府办公室",
        "title": "示例·公共停车收费管理办法（草案）听证会",
        "matters": "公共停车场是否按时段分级收费；居民夜间停车是否优惠。",
        "draft_url": "https://example.cn/parking/draft",
        "explanation_url": "https://example.cn/parking/explanation",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(hours=3)).isoformat(),
        "place": "区政府 1 号会议室",
        "accessibility": "无障碍通道，备有大字版材料",
        "presider": "区司法局派员",
        "recorder": "区政府办公室派员",
        "sides": [
            {"name": "停车居民", "why": "付费"},
            {"name": "停车场经营者", "why": "收费"},
            {"name": "专家", "why": "交通和价格"},
        ],
        "groups": [
            {
                "name": "居民组",
                "side": "停车居民",
                "seats": 8,
                "method": "draw",
                "eligibility": ["年满18周岁，本区居民"],
            },
            {"name": "经营者组", "side": "停车场经营者", "seats": 3, "method": "recommended"},
            {"name": "专家组", "side": "专家", "seats": 2, "method": "invited"},
            {"name": "旁听组", "role": "observer", "seats": 10, "method": "first_come"},
        ],
        "opens_at": now.isoformat(),
        "closes_at": (now + timedelta(days=14)).replace(hour=17).isoformat(),
        "entropy": [{"id": "ssq", "name": "报名截止后首期双色球红球", "form": "sorted-ints"}],
    }
    known = (await _call(client, "GET", f"{HEARINGS}/hearings?limit=200", None))["items"]
    if any(each["title"] == hearing["title"] for each in known):
        return
    made = await _call(client, "POST", f"{HEARINGS}/hearings", office, json=hearing)
    await _call(client, "POST", f"{HEARINGS}/hearings/{made['id']}/announce", office)


async def _decide(client: httpx.AsyncClient, office: str, lead: str) -> None:
    """This year's catalogue of the district office: one decision on which the public is asked, one that is out."""
    today = datetime.now(UTC).astimezone(SHANGHAI).date()
    known = await _call(client, "GET", f"{DECISIONS}/catalogues?unit={quote(OFFICE)}&year={today.year}", office)
    if known["items"]:
        return
    catalogue = await _call(
        client, "POST", f"{DECISIONS}/catalogues", office, json={"unit": OFFICE, "year": today.year}
    )
    shared = {"catalogue": catalogue["id"], "category": "public_policy", "planned_period": f"{today.year}年第四季度"}
    asked = {"title": "示例·公共停车收费管理办法", "participation": True, "hearing_planned": True, **shared}
    done = {"title": "示例·社区食堂运营补贴办法", "participation": False, **shared}
    items = [await _call(client, "POST", f"{DECISIONS}/items", office, json=item) for item in (asked, done)]
    path = f"{DECISIONS}/catalogues/{catalogue['id']}"
    await _call(client, "POST", f"{path}/check", office, json={"checked_on": str(today)})
    consent = {"consented_on": str(today), "consented_by": "区委"}
    await _call(client, "POST", f"{path}/consent", office, json=consent)
    await _call(client, "POST", f"{path}/publish", office)
    await _ask_the_public(client, office, items[0]["id"], today)
    await _issue(client, office, items[1]["id"], today)
    await _report(client, office, lead, items[1]["id"], today)


async def _ask_the_public(client: httpx.AsyncClient, office: str, item: str, today: date) -> None:
    consultation = {
        "catalogue_item": item,
        "title": "示例·公共停车收费管理办法（草案）",
        "summary": "按时段分级收费，居民夜间停车优惠。",
        "passages": [
            {"key": "1", "heading": "第一条 目的", "text": "为规范公共停车收费，方便群众出行，制定本办法。"},
            {"key": "2", "heading": "第二条 分级收费", "text": "公共停车场按日间、夜间两个时段分级收费。"},
            {"key": "3", "heading": "第三条 居民优惠", "text": "周边居民夜间停车，按月计费，价格不高于日间的三成。"},
            {"key": "4", "heading": "第四条 施行", "text": "本办法自发布之日起三十日后施行。"},
        ],
        "explanation": "近年停车需求增长较快，老旧小区夜间停车困难，拟以分级收费引导错峰停放。",
        "ways": [{"kind": "page"}, {"kind": "post", "address": "公园路100号，区政府办公室"}],
        "channels": [
            {"channel": "website", "name": "区政府网站"},
            {"channel": "new_media", "name": "绿色青浦"},
            {"channel": "reading_room", "name": "区图书馆政府信息查阅点"},
        ],
        "opens_on": str(today),
        "closes_on": str(today + timedelta(days=30)),
    }
    made = await _once_known(client, f"{ADOPTION}/consultations", office, consultation)
    path = f"{ADOPTION}/consultations/{made['id']}"
    await _call(client, "POST", f"{path}/open", office)
    for passage, text in (
        ("3", "希望居民优惠的范围包括租住的居民。"),
        ("3", "居民优惠应当包括租房的居民，凭居住证办理。"),
        ("2", "日间、夜间以几点为界，请写明。"),
    ):
        await _call(client, "POST", f"{path}/opinions", None, json={"text": text, "passage": passage})


async def _once_known(client: httpx.AsyncClient, path: str, office: str, body: dict[str, Any]) -> Any:
    """Adoption hears of an item by event: what is about it can be begun once it has."""
    async with asyncio.timeout(WAIT_SECONDS):
        while (answer := await client.post(path, json=body, headers=_bearer(office))).status_code == 422:
            if "adoption.unknown-item" not in answer.text:
                break
            await asyncio.sleep(0.1)
    if not answer.is_success:
        raise RuntimeError(f"POST {path}: {answer.status_code} {answer.text[:500]}")
    return answer.json()


async def _issue(client: httpx.AsyncClient, office: str, item: str, today: date) -> None:
    """Through every state to the document, with its papers."""
    path = f"{DECISIONS}/items/{item}"
    day = {"filed_on": str(today)}
    asked = {"received_on": str(today - timedelta(days=30)), "asked_for_by": str(today), "opinion_on": str(today)}
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        ("drafting", {}),
        ("papers/draft", day),
        ("reviewing", {}),
        ("papers/legality_review", {**day, **asked, "opinion": "lawful"}),
        ("ready", {}),
        ("papers/deliberation", {**day, "meeting": "executive", "held_on": str(today), "head_spoke_last": True}),
        ("deliberated", {}),
        ("papers/party_report", {**day, "reported_on": str(today)}),
    )
    for step, body in steps:
        if step.startswith("papers/"):
            await _call(client, "PUT", f"{path}/{step}", office, json=body)
        else:
            await _call(client, "POST", f"{path}/transitions", office, json={"to": step, "reason": ""})
    document = {
        "title": "示例·青浦区社区食堂运营补贴办法",
        "document_no": f"青府办发〔{today.year}〕示例",
        "signed_on": str(today),
    }
    await _call(client, "POST", f"{path}/issue", office, json=document)


async def _report(client: httpx.AsyncClient, office: str, lead: str, item: str, today: date) -> None:
    """What a forum said, and what became of it."""
    forum = {
        "kind": "forum",
        "title": "社区食堂用餐老人座谈会",
        "held_on": str(today - timedelta(days=20)),
        "people": 18,
        "counted": {"received": 6, "adopted": 3, "partly": 1, "not_adopted": 2},
    }
    channels = (
        "website", "new_media", "press_conference", "reading_room", "newspaper", "radio", "television", "hearing",
        "field_visit", "poll", "questionnaire", "written",
    )  # fmt: skip
    report = {
        "item": item,
        "title": "示例·社区食堂运营补贴办法意见收集和采纳情况",
        "basis": "《重大行政决策程序暂行条例》第十八条",
        "summary": "增加送餐上门、延长晚餐时间和价格公示的建议已采纳；统一全区菜价的建议未采纳，因各食堂成本不同。",
        "participations": [forum],
        "not_used": channels,
    }
    made = await _once_known(client, f"{ADOPTION}/reports", office, report)
    path = f"{ADOPTION}/reports/{made['line']['report_id']}"
    await _call(client, "POST", f"{path}/approve", lead)
    await _call(client, "POST", f"{path}/publish", office)


async def _call(client: httpx.AsyncClient, method: str, path: str, token: str | None, **more: Any) -> Any:
    headers = {**more.pop("headers", {}), **(_bearer(token) if token else {})}
    answer = await client.request(method, path, headers=headers, **more)
    if answer.status_code >= 300:
        raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
    return answer.json() if answer.content else None


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
