"""The units' desk for hearings: plan, announce, seat, deliver, hold, record, report."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.params import FromPath, QueryParameter

from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.clock import SHANGHAI
from kaimen.kit.draws.procedure import TYPISTS
from kaimen.portal.answers import FieldFault
from kaimen.portal.desk import staff
from kaimen.portal.desk_recruiting import insider
from kaimen.portal.form_fields import instant, lines, moment, read_sources
from kaimen.portal.hearing_answers import Deliveries, Floor, Hearing, Hearings, Line, Record
from kaimen.portal.portal import Portal, see
from kaimen.portal.recruiters import applications
from kaimen.portal.recruiting_answers import Recruitment, Source, StaffApplication
from kaimen.portal.registering import faults_of, number
from kaimen.portal.services import HEARINGS, ServiceRefused
from kaimen.portal.visitor import Visitor
from kaimen.portal.words import DONE, N_, SPEAKERS

Q = QueryParameter
Body = Callable[[FormMultiDict, Hearing], tuple[Any, list[FieldFault]]]
"""What a form asks of the service, and what a person must put right first."""

PROFILES: dict[str, str] = {"major_decision": N_("重大行政决策听证"), "price": N_("政府制定价格听证")}
METHODS: dict[str, str] = {
    "抽签": "draw",
    "遴选": "panel",
    "推荐": "recommended",
    "邀请": "invited",
    "公证抽签": "external",
    "先到先得": "first_come",
}
SEATING = ("announced", "signup_open", "signup_closed", "selecting")
LISTED = ("list_published", "materials_delivered")
SEATED = ("invited", "confirmed", "attended", "absent")
REACHED = ("in_time", "at_the_limit", "waived")
STEPS = ("announce", "open", "close", "commit", "publish-list", "replace")
WRITTEN = "written"
_BAR = re.compile(r"\s*[|｜]\s*")
_PLACE = re.compile(r"(?P<name>\w+)(?:\[(?P<at>\d+)\])?.*")


def read_sides(text: str) -> tuple[list[dict[str, str]], list[FieldFault]]:
    """Lines like "居民 | 子女入学": a side, and why it has an interest."""
    found: list[dict[str, str]] = []
    faults: list[FieldFault] = []
    for no, line in enumerate(lines(text), 1):
        name, *why = _BAR.split(line)
        if not name or len(why) > 1:
            faults.append(
                FieldFault(
                    "sides",
                    f"利益相关方第 {no} 行应为“名称 | 利害关系”。",
                    f"Line {no} of the sides must be “name | interest”.",
                )
            )
            continue
        found.append({"name": name, "why": "".join(why)})
    return found, faults


def read_groups(text: str) -> tuple[list[dict[str, Any]], list[FieldFault]]:
    """Lines like "居民组 | 居民 | 3 | 抽签 | 消费者"; without a side, or with 旁听, they are observers."""
    found: list[dict[str, Any]] = []
    faults: list[FieldFault] = []
    for no, line in enumerate(lines(text), 1):
        cells = [*_BAR.split(line), ""]
        name, side, seats, how, consumers = cells[:5] if len(cells) in (5, 6) else ("", "", "", "", "?")
        method = METHODS.get(how) or (how if how in METHODS.values() else None)
        if not name or number(seats, 1) is None or method is None or consumers not in ("", "消费者", "consumers"):
            faults.append(
                FieldFault(
                    "groups",
                    f"席位第 {no} 行应为“组名 | 利益相关方（旁听留空） | 席位 | 方式”，方式为"
                    f"{'、'.join(METHODS)}之一，消费者的席位在末尾加“ | 消费者”。",
                    f"Line {no} of the seats must be “name | side (empty for observers) | seats | method”, the method "
                    f"one of {', '.join(METHODS.values())}; add “ | consumers” for seats of consumers.",
                )
            )
            continue
        watching = side in ("", "旁听", "observer", "observers")
        found.append(
            {
                "name": name,
                "side": "" if watching else side,
                "role": "observer" if watching else "participant",
                "seats": number(seats, 1),
                "method": method,
                "consumers": bool(consumers),
            }
        )
    return found, faults


def hearing_body(form: FormMultiDict) -> tuple[dict[str, Any], list[FieldFault]]:
    """What hearings takes for a draft."""
    texts = {
        name: str(form.get(name, ""))
        for name in (
            "title", "matters", "draft_url", "explanation_url", "place", "presider", "recorder", "accessibility",
        )
    }  # fmt: skip
    sides, faults = read_sides(str(form.get("sides", "")))
    groups, more = read_groups(str(form.get("groups", "")))
    entropy, again = read_sources(str(form.get("entropy", "")))
    faults += [*more, *again]
    starts_at, ends_at = (instant(str(form.get("day", "")), str(form.get(name, ""))) for name in ("start", "end"))
    if starts_at is None or ends_at is None:
        faults.append(FieldFault("day", "请填写听证会日期和起止时间。", "Give the day of the hearing and its hours."))
    minutes = number(str(form.get("speaking_minutes", "5")), 1)
    if minutes is None:
        faults.append(
            FieldFault("speaking_minutes", "发言时间应为 1 以上的整数。", "The minutes to speak must be 1 or more.")
        )
    terms = {"eligibility": lines(str(form.get("eligibility", ""))), "contact": str(form.get("contact", ""))}
    criteria = str(form.get("criteria", ""))
    body = {
        **texts,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "speaking_minutes": minutes,
        "sides": sides,
        "groups": [{**group, **terms, "criteria": criteria if group["method"] == "panel" else ""} for group in groups],
        "opens_at": moment(str(form.get("opens", ""))),
        "closes_at": moment(str(form.get("closes", ""))),
        "entropy": entropy,
    }
    return body, faults


DRAFT_FIELDS = {name: name for name in hearing_body(FormMultiDict([]))[0]} | {
    "profile": "profile", "unit": "unit", "starts_at": "day", "ends_at": "day", "opens_at": "opens",
    "closes_at": "closes", "reason": "reason",
}  # fmt: skip


def as_typed(hearing: Hearing) -> dict[str, str]:
    """The hearing as the fields of its form."""
    groups = hearing.groups or ()
    words = {method: word for word, method in METHODS.items()}

    def typed(at: datetime | None) -> str:
        return f"{at.astimezone(SHANGHAI):%Y-%m-%dT%H:%M}" if at else ""

    def line(*cells: object) -> str:
        return " | ".join(str(cell) for cell in cells)

    same = ("title", "matters", "draft_url", "explanation_url", "place", "presider", "recorder", "accessibility")
    first = groups[0].terms if groups else None
    return {name: getattr(hearing, name) for name in same} | {
        "profile": hearing.profile,
        "day": typed(hearing.starts_at)[:10],
        "start": typed(hearing.starts_at)[11:],
        "end": typed(hearing.ends_at)[11:],
        "speaking_minutes": str(hearing.speaking_minutes),
        "sides": "\n".join(line(side.name, side.why) for side in hearing.sides),
        "groups": "\n".join(
            line(
                group.name, group.side or "旁听", group.terms.seats, words[group.terms.method],
                *(["消费者"] if group.consumers else []),
            )
            for group in groups
        ),
        "criteria": next((group.terms.criteria for group in groups if group.terms.criteria), ""),
        "eligibility": "\n".join(first.eligibility) if first else "",
        "contact": first.contact if first else "",
        "opens": typed(hearing.opens_at),
        "closes": typed(hearing.closes_at),
        "entropy": "\n".join(
            " ".join([each.id, each.name, each.form, *(["→", ",".join(each.fallback)] if each.fallback else [])])
            for each in hearing.entropy
        ),
    }  # fmt: skip


def read_record(text: str, hearing: Hearing) -> tuple[list[dict[str, Any]], list[FieldFault]]:
    """Lines like "* 陈述 | KX7P2M9Q | 建议延后一年"; a star marks an opinion that the report must answer."""
    steps = {"书面": WRITTEN, WRITTEN: WRITTEN}
    for step in hearing.steps:
        steps |= {step.key: step.key, step.title_zh: step.key, step.title_en: step.key}
    people = {word: key for key, word in SPEAKERS.items()}
    found: list[dict[str, Any]] = []
    faults: list[FieldFault] = []
    for no, line in enumerate(lines(text), 1):
        is_point = line.startswith("*")
        cells = _BAR.split(line.removeprefix("*").strip(), maxsplit=2)
        if len(cells) != 3 or cells[0] not in steps or not all(cells):
            faults.append(
                FieldFault(
                    "lines",
                    f"笔录第 {no} 行应为“环节 | 发言人 | 内容”，环节为程序中的环节或“书面”。",
                    f"Line {no} of the record must be “step | speaker | text”, the step one of the proceedings or "
                    f"“{WRITTEN}”.",
                )
            )
            continue
        speaker = people.get(cells[1], cells[1])
        found.append({"step": steps[cells[0]], "speaker": speaker, "text": cells[2], "is_point": is_point})
    return found, faults


def record_text(said: Iterable[Line], hearing: Hearing) -> str:
    """A record as `read_record` reads it."""
    steps = {step.key: step.title_zh for step in hearing.steps} | {WRITTEN: "书面"}
    return "\n".join(
        f"{'* ' if line.is_point else ''}{steps.get(line.step, line.step)} | "
        f"{SPEAKERS.get(line.speaker, line.speaker)} | {' '.join(line.text.split())}"
        for line in said
    )


def placed(faults: Iterable[FieldFault], fields: Mapping[str, str]) -> list[FieldFault]:
    """Faults at the fields of a form, which are called `fields[name]`; one of a list says at which line."""
    found = []
    for fault in faults:
        match = _PLACE.fullmatch(fault.field)
        field = fields.get(match["name"], "") if match else ""
        zh, en = fault.detail, fault.detail_en
        if match and match["at"]:
            no = int(match["at"]) + 1
            zh, en = f"第 {no} 行：{zh}", f"Line {no}: {en}"
        found.append(FieldFault(field, zh, en))
    return found


def possible(hearing: Hearing, now: datetime) -> frozenset[str]:
    """Which steps the seats permit now; the service has the last word."""
    groups = [each.recruitment for each in hearing.groups or () if each.recruitment]
    if hearing.state == "planned":
        return frozenset({"announce"})
    if hearing.state not in SEATING + LISTED:
        return frozenset()
    found = {"replace"} if any(_is_vacant(each) for each in groups) else set[str]()
    if hearing.state not in SEATING:
        return frozenset(found)
    draws = [each.draw.state for each in groups if each.draw]
    open_ones = [each for each in groups if each.is_open_to_all and each.state == "open"]
    if any(each.opens_at > now for each in open_ones):
        found.add("open")
    if any(each.closes_at <= now for each in open_ones):
        found.add("close")
    if "closed" in draws and not any(each.draw for each in open_ones):
        found.add("commit")
    if "committed" in draws and not {"closed", "computing"} & set(draws):
        found.add("numbers")
    if all(each.state == "settled" for each in groups) and hearing.state == "selecting":
        found.add("publish-list")
    return frozenset(found)


def _is_vacant(recruitment: Recruitment) -> bool:
    taken = sum(recruitment.counts.get(state, 0) for state in SEATED)
    return taken < recruitment.seats and recruitment.draw is not None and recruitment.draw.state == "drawn"


def awaited_numbers(hearing: Hearing) -> list[Source]:
    """The public numbers for which committed draws wait, each once."""
    found: dict[str, Source] = {}
    for group in hearing.groups or ():
        draw = group.recruitment.draw if group.recruitment else None
        if draw is not None and draw.state == "committed":
            found |= {source.id: source for source in draw.entropy}
    return list(found.values())


class NextDue(msgspec.Struct, frozen=True):
    """What has to be done next, and whether it is late: past the plan, or past the last day."""

    kind: str
    plan_on: date | None
    latest_on: date
    is_late: bool
    is_past: bool


def next_due(hearing: Hearing, today: date) -> NextDue | None:
    if hearing.state in ("postponed", "cancelled") or hearing.held_at is not None:
        return None
    first = next((clock for clock in hearing.clocks if done_at(hearing, clock.kind) is None), None)
    if first is None:
        return None
    is_late = first.plan_on is not None and first.plan_on < today
    return NextDue(first.kind, first.plan_on, first.latest_on, is_late, first.latest_on < today)


def done_at(hearing: Hearing, kind: str) -> datetime | None:
    """When what a clock asks for was done."""
    return {"notice": hearing.announced_at, "materials": hearing.delivered_at}.get(kind, hearing.list_published_at)


class Seated(msgspec.Struct, frozen=True):
    """Who holds a seat, as staff see it."""

    pseudonym: str
    name: str
    group: str
    role: str
    state: str


def _no_body(_: FormMultiDict, __: Hearing) -> tuple[None, list[FieldFault]]:
    return None, []


def delivery_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    receivers = [str(name) for name in form.getall("participants", [])]
    faults = []
    if not receivers:
        faults.append(FieldFault("participants", "请勾选收到材料的参加人。", "Choose who receives the materials."))
    documents = []
    for line in lines(str(form.get("documents", ""))):
        title, *url = _BAR.split(line, maxsplit=1)
        documents.append({"title": title, "url": "".join(url)})
    way = str(form.get("way", "in_person"))
    body = {
        "participants": receivers,
        "documents": documents,
        "way": way,
        "delivered_on": (str(form.get("delivered_on", "")) or None) if way != "page" else None,
        "receipt": str(form.get("receipt", "")),
        "waiver": str(form.get("waiver", "")),
    }
    return body, faults


def numbers_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    typed = {
        name.removeprefix("number-"): str(text).strip() for name, text in form.items() if name.startswith("number-")
    }
    return {"entropy": {name: text for name, text in typed.items() if text}}, []


def opening_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    return {name: [str(each) for each in form.getall(name, [])] for name in ("present", "observers")}, []


def floor_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    speaker = str(form.get("speaker", ""))
    return {"speaker": speaker, "step": str(form.get("step", "")) if speaker else ""}, []


def record_body(form: FormMultiDict, hearing: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    said, faults = read_record(str(form.get("lines", "")), hearing)
    absences = {
        name.removeprefix("absence-"): str(text).strip() for name, text in form.items() if name.startswith("absence-")
    }
    body = {
        "lines": said,
        "recording_ref": str(form.get("recording_ref", "")),
        "absences": {name: text for name, text in absences.items() if text},
    }
    return body, faults


def sign_off_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    body = {
        "pseudonym": str(form.get("pseudonym", "")),
        "answer": str(form.get("answer", "")),
        "text": str(form.get("sign_text", "")),
        "version": number(str(form.get("version", ""))) or 1,
    }
    return body, []


def report_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    points: list[dict[str, Any]] = []
    for name, disposition in form.items():
        if not name.startswith("disposition-") or not disposition:
            continue
        no = name.removeprefix("disposition-")
        passage = {part: str(form.get(f"{part}-{no}", "")) for part in ("where", "before", "after")}
        points.append(
            {
                "no": number(no),
                "disposition": str(disposition),
                "reason": str(form.get(f"reason-{no}", "")),
                "passage": passage if any(text.strip() for text in passage.values()) else None,
            }
        )
    return {"summary": str(form.get("summary", "")), "points": points}, []


def postponement_body(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
    day = str(form.get("new_day", ""))
    starts_at, ends_at = (instant(day, str(form.get(name, ""))) for name in ("new_start", "new_end"))
    faults = []
    if day and (starts_at is None or ends_at is None):
        faults.append(FieldFault("new_day", "请填写新的日期和起止时间。", "Give the new day and its hours."))
    body = {
        "reason": str(form.get("postpone_reason", "")),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "place": str(form.get("new_place", "")),
    }
    return body, faults


def handlers(portal: Portal) -> list[Any]:
    services = portal.services

    @get("/desk/hearings", opt=allow(PUBLIC))
    async def desk(request: Request[Any, Any, Any], done: Annotated[str, Q(name="done")] = "") -> Response[bytes]:
        """听证工作台: the unit's hearings, and what is due next."""
        visitor, me = await insider(portal, request)
        own = {"unit": me.unit} if me.unit and me.role in ("unit_editor", "unit_lead") else {}
        found: list[Hearing] = []
        params = {"limit": "200", **own}
        while True:
            page = await services.get(f"{HEARINGS}/hearings", Hearings, visitor.caller, params=params)
            found += page.items
            if page.next is None or len(found) >= 1000:
                break
            params["cursor"] = page.next
        rows = [(hearing, next_due(hearing, portal.today)) for hearing in reversed(found)]
        return portal.page(visitor, "desk_hearings.html", personal=True, rows=rows, done=DONE.get(done, ""))

    async def form_page(
        visitor: Visitor,
        given: Mapping[str, Any] | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        hearing: Hearing | None = None,
    ) -> Response[bytes]:
        return portal.page(
            visitor, "desk_hearing_form.html", status=status, personal=True, given=dict(given or {}),
            is_new=given is None, faults=faults or [], units=await portal.units(visitor), profiles=PROFILES,
            hearing=hearing, binds=hearing is not None and hearing.announced_at is not None,
        )  # fmt: skip

    @get("/desk/hearings/new", opt=allow(PUBLIC))
    async def new_hearing(request: Request[Any, Any, Any]) -> Response[bytes]:
        """筹备听证会."""
        visitor, _ = await staff(portal, request)
        return await form_page(visitor)

    @post("/desk/hearings/new", opt=allow(PUBLIC))
    async def plan(request: Request[Any, Any, Any]) -> Response[Any]:
        """筹备听证会: a draft, not public yet."""
        visitor, me = await staff(portal, request)
        form = await portal.read_form(visitor)
        body, faults = hearing_body(form)
        body["profile"] = str(form.get("profile", "major_decision"))
        body["unit"] = str(form.get("unit", "")) if me.role == "office" else me.unit or ""
        if faults:
            return await form_page(visitor, form, faults, 422)
        try:
            made = await services.post(f"{HEARINGS}/hearings", Hearing, visitor.caller, body)
        except ServiceRefused as no:
            return await form_page(visitor, form, placed(faults_of(no.problem), DRAFT_FIELDS), no.problem.status)
        return see(f"/desk/hearings/{made.id}?done=hearing-planned")

    @get("/desk/hearings/{hearing_id:uuid}/edit", opt=allow(PUBLIC))
    async def ask_change(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[bytes]:
        """修改: a draft as a whole, after the notice what it does not bind."""
        visitor, _ = await staff(portal, request)
        hearing = await services.get(f"{HEARINGS}/hearings/{hearing_id}", Hearing, visitor.caller)
        return await form_page(visitor, as_typed(hearing) | {"version": str(hearing.version)}, hearing=hearing)

    @post("/desk/hearings/{hearing_id:uuid}/edit", opt=allow(PUBLIC))
    async def change(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """修改."""
        visitor, _ = await staff(portal, request)
        form = await portal.read_form(visitor)
        path = f"{HEARINGS}/hearings/{hearing_id}"
        hearing = await services.get(path, Hearing, visitor.caller)
        former = as_typed(hearing)
        typed = FormMultiDict([*(former | {name: str(text) for name, text in form.items()}).items()])
        before, _ = hearing_body(FormMultiDict([*former.items()]))
        body, faults = hearing_body(typed)
        body = {name: value for name, value in body.items() if value != before[name]}
        body["reason"] = str(form.get("reason", ""))
        if faults:
            return await form_page(visitor, typed, faults, 422, hearing)
        try:
            await services.patch(path, Hearing, visitor.caller, body, version=str(form.get("version", "")))
        except ServiceRefused as no:
            faults = placed(faults_of(no.problem), DRAFT_FIELDS)
            return await form_page(visitor, typed, faults, no.problem.status, hearing)
        return see(f"/desk/hearings/{hearing_id}?done=saved")

    async def people_of(visitor: Visitor, hearing: Hearing) -> list[Seated]:
        """Who holds a seat; reading it is recorded."""
        found: list[Seated] = []
        for group in hearing.groups or ():
            applied: tuple[StaffApplication, ...] = ()
            if group.recruitment is not None:
                applied = await applications(services, HEARINGS, group.recruitment.id, visitor.caller)
            found += [
                Seated(each.pseudonym, each.name, group.name, group.role, each.state)
                for each in applied
                if each.state in SEATED
            ]
        return found

    async def hearing_page(
        visitor: Visitor,
        hearing_id: UUID,
        *,
        form: FormMultiDict | None = None,
        faults: list[FieldFault] | None = None,
        status: int = 200,
        done: str = "",
    ) -> Response[bytes]:
        me = visitor.signed_in
        is_staff = me is not None and me.is_staff
        hearing = await services.get(f"{HEARINGS}/hearings/{hearing_id}", Hearing, visitor.caller)
        path = f"{HEARINGS}/hearings/{hearing_id}"
        people: list[Seated] = []
        deliveries = record = floor = None
        if is_staff and hearing.list_published_at is not None:
            deliveries = (await services.get(f"{path}/deliveries", Deliveries, visitor.caller)).items
            if hearing.state in (*LISTED, "held"):
                people = await people_of(visitor, hearing)
            if hearing.record is not None:
                record = await services.get(f"{path}/record", Record, visitor.caller)
            if hearing.state == "held":
                floor = await services.get(f"{path}/floor", Floor, visitor.caller)
        reached = {each.pseudonym for each in deliveries or () if each.stands in REACHED}
        chosen = (
            {str(name) for field in ("participants", "present", "observers") for name in form.getall(field, [])}
            if form
            else None
        )
        return portal.page(
            visitor, "desk_hearing.html", status=status, personal=True, hearing=hearing, people=people,
            deliveries=deliveries, record=record, floor=floor, reached=reached, chosen=chosen,
            possible=possible(hearing, portal.clock.now()), numbers=awaited_numbers(hearing),
            may_type=me is not None and me.role in TYPISTS, officials=SPEAKERS, due=next_due(hearing, portal.today),
            done_at=done_at, record_text=record_text(record.lines, hearing) if record else "",
            names={each.pseudonym: each.name for each in hearing.roster or ()}
            | {each.pseudonym: each.name for each in people if each.name},
            given=dict(form or {}), faults=faults or [], done=DONE.get(done, ""), now=portal.clock.now(),
            today=portal.today,
        )  # fmt: skip

    @get("/desk/hearings/{hearing_id:uuid}", opt=allow(PUBLIC))
    async def show_hearing(
        request: Request[Any, Any, Any], hearing_id: FromPath[UUID], done: Annotated[str, Q(name="done")] = ""
    ) -> Response[bytes]:
        """听证会的办理页."""
        visitor, _ = await insider(portal, request)
        return await hearing_page(visitor, hearing_id, done=done)

    async def act(
        visitor: Visitor,
        hearing_id: UUID,
        step: str,
        body_of: Body,
        done: str,
        fields: Mapping[str, str] | None = None,
        anchor: str = "",
    ) -> Response[Any]:
        """Ask the service for one step; when it refuses, show the page with what was typed."""
        form = await portal.read_form(visitor)
        path = f"{HEARINGS}/hearings/{hearing_id}"
        hearing = await services.get(path, Hearing, visitor.caller)
        body, faults = body_of(form, hearing)
        if faults:
            return await hearing_page(visitor, hearing_id, form=form, faults=faults, status=422)
        try:
            await services.tell(f"{path}/{step}", visitor.caller, body)
        except ServiceRefused as no:
            faults = placed(faults_of(no.problem), fields or {})
            return await hearing_page(visitor, hearing_id, form=form, faults=faults, status=no.problem.status)
        return see(f"/desk/hearings/{hearing_id}{f'?done={done}' if done else anchor}")

    @post("/desk/hearings/{hearing_id:uuid}/step/{name:str}", opt=allow(PUBLIC))
    async def take_step(
        request: Request[Any, Any, Any], hearing_id: FromPath[UUID], name: FromPath[str]
    ) -> Response[Any]:
        """公告、开始报名、截止、承诺、递补、公布名单."""
        visitor, _ = await staff(portal, request)
        if name not in STEPS:
            return see(f"/desk/hearings/{hearing_id}")
        return await act(visitor, hearing_id, name, _no_body, f"hearing-{name}")

    @post("/desk/hearings/{hearing_id:uuid}/numbers", opt=allow(PUBLIC))
    async def type_numbers(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """录入公开数字, once for all groups."""
        visitor, _ = await insider(portal, request)
        fields = {"entropy": "numbers"}
        return await act(visitor, hearing_id, "draw", numbers_body, "draw-numbers", fields)

    @post("/desk/hearings/{hearing_id:uuid}/deliver", opt=allow(PUBLIC))
    async def deliver(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """记录送达."""
        visitor, _ = await staff(portal, request)
        names = ("participants", "documents", "way", "delivered_on", "receipt", "waiver")
        fields = {name: name for name in names}
        return await act(visitor, hearing_id, "deliver", delivery_body, "hearing-deliver", fields)

    @post("/desk/hearings/{hearing_id:uuid}/hold", opt=allow(PUBLIC))
    async def hold(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """听证会开始, with who is there."""
        visitor, _ = await staff(portal, request)
        return await act(visitor, hearing_id, "hold", opening_body, "hearing-hold")

    @post("/desk/hearings/{hearing_id:uuid}/floor", opt=allow(PUBLIC))
    async def give_floor(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """请发言, or nobody speaks."""
        visitor, _ = await staff(portal, request)
        return await act(visitor, hearing_id, "floor", floor_body, "", {"step": "step"}, "#floor")

    @post("/desk/hearings/{hearing_id:uuid}/record", opt=allow(PUBLIC))
    async def write_record(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """写笔录: a new version."""
        visitor, _ = await staff(portal, request)
        fields = {"lines": "lines", "recording_ref": "recording_ref", "absences": "lines"}
        return await act(visitor, hearing_id, "record", record_body, "hearing-record", fields)

    @post("/desk/hearings/{hearing_id:uuid}/sign", opt=allow(PUBLIC))
    async def sign(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """录入书面确认."""
        visitor, _ = await staff(portal, request)
        fields = {"pseudonym": "pseudonym", "answer": "answer", "text": "sign_text"}
        return await act(visitor, hearing_id, "confirm", sign_off_body, "hearing-sign", fields)

    @post("/desk/hearings/{hearing_id:uuid}/report", opt=allow(PUBLIC))
    async def publish_report(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """公布听证报告."""
        visitor, _ = await staff(portal, request)
        fields = {"points": "points", "summary": "summary"}
        return await act(visitor, hearing_id, "report", report_body, "hearing-report", fields)

    @post("/desk/hearings/{hearing_id:uuid}/archive", opt=allow(PUBLIC))
    async def archive(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """归档."""
        visitor, _ = await staff(portal, request)

        def body_of(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
            return {"archive_ref": str(form.get("archive_ref", ""))}, []

        return await act(visitor, hearing_id, "archive", body_of, "hearing-archive", {"archive_ref": "archive_ref"})

    @post("/desk/hearings/{hearing_id:uuid}/postpone", opt=allow(PUBLIC))
    async def postpone(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """延期, or set the new day."""
        visitor, _ = await staff(portal, request)
        fields = {"reason": "postpone_reason", "starts_at": "new_day", "ends_at": "new_day", "place": "new_place"}
        return await act(visitor, hearing_id, "postpone", postponement_body, "hearing-postpone", fields)

    @post("/desk/hearings/{hearing_id:uuid}/cancel", opt=allow(PUBLIC))
    async def cancel(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[Any]:
        """取消."""
        visitor, _ = await staff(portal, request)

        def body_of(form: FormMultiDict, _: Hearing) -> tuple[dict[str, Any], list[FieldFault]]:
            return {"reason": str(form.get("cancel_reason", ""))}, []

        return await act(visitor, hearing_id, "cancel", body_of, "hearing-cancel", {"reason": "cancel_reason"})

    @get("/desk/hearings/{hearing_id:uuid}/record", opt=allow(PUBLIC))
    async def print_record(request: Request[Any, Any, Any], hearing_id: FromPath[UUID]) -> Response[bytes]:
        """听证笔录, to print and sign."""
        visitor, _ = await staff(portal, request)
        path = f"{HEARINGS}/hearings/{hearing_id}"
        hearing = await services.get(path, Hearing, visitor.caller)
        record = await services.get(f"{path}/record", Record, visitor.caller)
        people = [each for each in await people_of(visitor, hearing) if each.role == "participant"]
        answers = {each.pseudonym: each for each in record.sign_offs if each.version == record.version}
        return portal.page(
            visitor, "hearing_record.html", personal=True, hearing=hearing, record=record, people=people,
            answers=answers, officials=SPEAKERS,
        )  # fmt: skip

    return [
        desk, new_hearing, plan, ask_change, change, show_hearing, take_step, type_numbers, deliver, hold, give_floor,
        write_record, sign, publish_report, archive, postpone, cancel, print_record,
    ]  # fmt: skip
