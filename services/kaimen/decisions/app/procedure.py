"""An item on its way: from state to state, the papers of its file, and the document at the end."""

from datetime import date, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from kaimen.contracts import decisions as contract
from kaimen.contracts.decisions import ItemState
from kaimen.decisions.app import facets
from kaimen.decisions.app.cataloguing import reopen_catalogue
from kaimen.decisions.app.desk import Desk, picture
from kaimen.decisions.app.links import clean_link
from kaimen.decisions.app.views import NextView
from kaimen.decisions.domain.catalogues import Catalogue
from kaimen.decisions.domain.facets import Answer, Entry, must_be_publishable
from kaimen.decisions.domain.guards import Evidence, gaps, must_be_complete, must_follow_papers
from kaimen.decisions.domain.issue import Issue, check_dates, day_of_issue
from kaimen.decisions.domain.items import ISSUED, NEEDS_REASON, Item, move, must_be_issuable, must_lead, targets
from kaimen.decisions.domain.papers import (
    Meeting,
    Opinion,
    Paper,
    PaperKind,
    RiskResult,
    check_paper,
    must_be_replaceable,
)
from kaimen.decisions.domain.refusals import ItemClosed, NotYourPaper
from kaimen.decisions.domain.steps import of_kind
from kaimen.kit.clock import local_date
from kaimen.kit.texts import clean_reason, clean_text
from kaimen.kit.workdays.store import workdays

Words = Annotated[str, Meta(max_length=200)]
Passage = Annotated[str, Meta(max_length=2000)]
Address = Annotated[str, Meta(max_length=500)]
Reason = Annotated[str, Meta(max_length=500)]
People = Annotated[int, Meta(ge=1, le=10_000)]
Points = Annotated[tuple[Passage, ...], Meta(max_length=100)]


class Transition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """状态变更. A reason is needed to return, suspend or remove it; to archive it, the reason is where it is filed."""

    to: ItemState
    reason: Reason = ""


class PaperDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """材料. Which fields a kind needs: expert_review `experts`, `independent`, `signed`; risk_assessment `risk_points`,
    `plans`, `result`; legality_review `received_on`, `asked_for_by`, `opinion_on`, `opinion`; enterprise_consultation
    `held_on`, `sectors`, `enterprises`; deliberation `meeting`, `held_on`, `head_spoke_last`, perhaps `dissent`, which
    is never public; party_report `reported_on`."""

    filed_on: date
    url: Address = ""
    note: Passage = ""
    experts: People | None = None
    independent: bool | None = None
    signed: bool | None = None
    risk_points: Points | None = None
    plans: Points | None = None
    result: RiskResult | None = None
    received_on: date | None = None
    asked_for_by: date | None = None
    opinion_on: date | None = None
    opinion: Opinion | None = None
    held_on: date | None = None
    sectors: Points | None = None
    enterprises: People | None = None
    meeting: Meeting | None = None
    head_spoke_last: bool | None = None
    dissent: Annotated[str, Meta(max_length=5000)] | None = None
    reported_on: date | None = None


class IssueDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """决策文件: `signed_on` 成文, `imprint_on` 印发, `published_at` 发布. Recorded again it is corrected, for a reason.
    `title` empty: that of the item."""

    signed_on: date
    imprint_on: date | None = None
    published_at: Annotated[datetime, Meta(tz=True)] | None = None
    document_no: Words = ""
    url: Address = ""
    title: Words = ""
    reason: Reason = ""


async def lead_item(desk: Desk, catalogue: Catalogue | None, item: Item, given: Transition) -> Item:
    """`catalogue`: for an item that is not listed yet. Raises WrongTransition, NotListed, OnlyByIssue, OnlyByReport,
    ConditionsMissing, ReasonRequired, PersonalDataInText."""
    must_lead(item, given.to)
    reason = clean_reason(given.reason) if given.to in NEEDS_REASON else clean_text(given.reason, "reason", most=500)
    must_be_publishable(reason, "reason")
    must_be_complete(item, given.to, await desk.evidence(item), await workdays(desk.work))
    if catalogue is not None:
        await reopen_catalogue(desk, catalogue)
    return await _go(desk, item, given.to, reason)


async def _go(desk: Desk, item: Item, to: ItemState, reason: str) -> Item:
    saved = await desk.save_item(move(item, to, reason, desk.work.at), item)
    await desk.record("lead", saved, reason or None, before=item.state, after=to)
    return saved


async def publish_adoption(desk: Desk, item: Item) -> Item:
    """The report on the opinions is public: an issued item has come to its end (row 39)."""
    return await _go(desk, item, "adoption_published", "") if item.state == "issued" else item


async def file_paper(desk: Desk, item: Item, kind: PaperKind, draft: PaperDraft) -> Item:
    """A paper that is filed again replaces the former one; the unit does not replace what its reviewer said. Once the
    document is issued only its evaluation follows. Raises NotYourPaper, NotYourUnit, ReviewedByOthers, ItemClosed,
    PaperFieldMissing, PaperFieldUnused, DateInFuture, …"""
    if desk.work.actor.role == "justice":
        if kind != "legality_review":
            raise NotYourPaper
    else:
        desk.work.actor.must_act_for(item.unit)
    if item.state in ("removed", "archived") or (item.state in ISSUED and kind != "effect_evaluation"):
        raise ItemClosed(state=item.state)
    actor = desk.work.actor
    if kind == "legality_review":
        must_be_replaceable(await desk.store.filed_role(item.id, kind), actor.role)
    paper = Paper(kind=kind, **_clean(draft))
    check_paper(paper, desk.today)
    await desk.store.save_paper(item, paper, actor.subject, actor.role, desk.work.at)
    # Papers are for staff: the public sees nothing new.
    saved = await desk.keep_item(item, item)
    await desk.record("file", saved, kind)
    return saved


def _clean(draft: PaperDraft) -> dict[str, Any]:
    given = {name: getattr(draft, name) for name in draft.__struct_fields__}
    given["url"] = clean_link(draft.url, "url")
    for name, most in (("note", 2000), ("dissent", 5000)):
        if given[name] is not None:
            given[name] = clean_text(given[name], name, most=most)
    for name in ("risk_points", "plans", "sectors"):
        if given[name] is not None:
            texts = enumerate(given[name])
            given[name] = tuple(clean_text(text, f"{name}[{n}]", least=1, most=2000) for n, text in texts)
    return given


async def issue_document(desk: Desk, item: Item, draft: IssueDraft, link: Answer | None) -> Item:
    """出台 (713 Art. 31, 32). `link`: what the document's address answered. Recording it again puts it right and tells
    everybody anew. Raises WrongTransition, ConditionsMissing, DateInFuture, DatesOutOfOrder, ReasonRequired,
    PersonalDataInText."""
    must_be_issuable(item)
    at = desk.work.at
    check_dates(draft.signed_on, draft.imprint_on, draft.published_at, at)
    former = (await desk.store.issues([item.id])).get(item.id, [])
    reason = clean_reason(draft.reason) if former else ""
    must_be_publishable(reason, "reason")
    published_on = None if draft.published_at is None else local_date(draft.published_at)
    issued_on, basis = day_of_issue(draft.signed_on, draft.imprint_on, published_on)
    evidence = await desk.evidence(item)
    if not former:
        # A correction says what has happened, whatever was missing.
        # Nothing that the document bears is earlier than its signature (`check_dates`).
        must_be_complete(item, "issued", evidence, await workdays(desk.work))
        must_follow_papers(evidence, draft.signed_on)
    issue = Issue(
        item_id=item.id,
        number=len(former) + 1,
        title=clean_text(draft.title, "title") or item.terms.title,
        document_no=clean_text(draft.document_no, "document_no"),
        url=clean_link(draft.url, "url"),
        signed_on=draft.signed_on,
        imprint_on=draft.imprint_on,
        published_at=draft.published_at,
        issued_on=issued_on,
        basis=basis,
        reason=reason,
        recorded_at=at,
    )
    await desk.store.add_issue(issue)
    if issue.url and link is not None:
        result = Entry(facet="result", state="published", url=issue.url, published_on=published_on or issued_on)
        await facets.fill(desk, item.id, result, link)
    if former:
        saved = await desk.touch(item)
        await desk.record("correct-issue", saved, reason)
    else:
        saved = await _go(desk, item, "issued", "")
    _announce(desk, saved, issue)
    return await _follow_report(desk, saved, evidence)


def _announce(desk: Desk, item: Item, issue: Issue) -> None:
    if not item.is_public:
        return
    fact = contract.DocumentIssued(
        item=picture(item),
        title=issue.title,
        document_no=issue.document_no,
        url=issue.url,
        signed_on=issue.signed_on,
        imprint_on=issue.imprint_on,
        published_on=issue.published_on,
        issued_on=issue.issued_on,
        basis=issue.basis,
    )
    desk.work.emit(fact, aggregate_id=item.id, version=item.version)


async def _follow_report(desk: Desk, item: Item, evidence: Evidence) -> Item:
    """A report may be public before the document is."""
    if any(report.state != "dropped" for report in of_kind(evidence.steps, "report")):
        return await publish_adoption(desk, item)
    return item


async def following(desk: Desk, item: Item) -> tuple[NextView, ...]:
    """Where the item can go, and what is missing before each."""
    evidence, days = await desk.evidence(item), await workdays(desk.work)
    states: set[ItemState] = set(targets(item))
    if item.state == "deliberated":
        states.add("issued")
    return tuple(NextView(to, gaps(item, to, evidence, days)) for to in sorted(states))
