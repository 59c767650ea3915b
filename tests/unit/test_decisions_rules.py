"""Catalogues, guards, dates of issue, facets and their links, without a server."""

import re
import typing
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kaimen.contracts.decisions import ItemState
from kaimen.decisions.domain import refusals as no
from kaimen.decisions.domain.catalogues import (
    Catalogue,
    CatalogueState,
    check_legality,
    check_successor,
    close,
    compare,
    consent,
    for_public,
    is_overdue,
    late_days,
    must_explain_dropped,
    must_take_items,
    publish,
    reopen,
    revise,
)
from kaimen.decisions.domain.facets import (
    FACETS,
    REQUIRED,
    Answer,
    Entry,
    Facet,
    applicable,
    ask_again_after,
    completeness,
    entries_of,
    judge,
)
from kaimen.decisions.domain.guards import Evidence, gaps, is_settled, must_be_complete, must_follow_papers
from kaimen.decisions.domain.issue import check_dates, day_of_issue
from kaimen.decisions.domain.items import (
    BY_HAND,
    ISSUED,
    Item,
    Terms,
    change_terms,
    is_waiting,
    list_item,
    move,
    must_be_issuable,
    must_lead,
    targets,
)
from kaimen.decisions.domain.papers import ALSO, FIELDS, Paper, PaperKind, check_paper
from kaimen.decisions.domain.refusals import CATALOGUE_WORDS, ITEM_WORDS
from kaimen.decisions.domain.steps import Step, StepKind, StepState, in_order
from kaimen.kit.refusals import Refusal
from kaimen.kit.workdays import Workdays

AT = datetime(2026, 11, 25, 2, tzinfo=UTC)
TODAY = date(2026, 11, 25)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DAYS = Workdays()
STATES: tuple[ItemState, ...] = typing.get_args(ItemState)
TERMS = Terms(
    title="学区调整方案", category="public_policy", co_sponsors=(), planned_period="", participation=True,
    hearing_planned=False, expert_required=False, risk_required=False, market_activity=False, enterprise_related=False,
    confidential_basis="", continues=None, exploratory_risk="",
)  # fmt: skip
ITEM = Item(
    id=UUID(int=1), version=1, catalogue_id=UUID(int=9), unit="区教育局", year=2026, state="listed", terms=TERMS,
    pending=None, reason="", suspended_in=None, listed_on=TODAY, listed_in=0, listing_reason="", archive_ref="",
    created_at=AT, state_since=AT,
)  # fmt: skip
CATALOGUE = Catalogue(
    id=UUID(int=9), version=1, unit="区教育局", year=2026, state="collecting", legality_checked_on=None,
    consented_on=None, consented_by="", published_on=None, revision=0, empty_reason="", created_at=AT, changed_at=AT,
)  # fmt: skip
PAPERS: dict[PaperKind, Paper] = {
    "draft": Paper(kind="draft", filed_on=TODAY),
    "explanation": Paper(kind="explanation", filed_on=TODAY),
    "expert_review": Paper(kind="expert_review", filed_on=TODAY, experts=3, independent=True, signed=True),
    "risk_assessment": Paper(
        kind="risk_assessment", filed_on=TODAY, risk_points=("学位",), plans=("分期",), result="controllable"
    ),
    "enterprise_consultation": Paper(
        kind="enterprise_consultation", filed_on=TODAY, held_on=TODAY, sectors=("教育",), enterprises=2
    ),
    "legality_review": Paper(
        kind="legality_review", filed_on=TODAY, received_on=date(2026, 9, 30), asked_for_by=date(2026, 10, 15),
        opinion_on=date(2026, 10, 15), opinion="lawful",
    ),
    "fair_competition_review": Paper(kind="fair_competition_review", filed_on=TODAY),
    "deliberation": Paper(
        kind="deliberation", filed_on=TODAY, meeting="plenary", held_on=date(2026, 11, 18), head_spoke_last=True
    ),
    "party_report": Paper(kind="party_report", filed_on=TODAY, reported_on=date(2026, 11, 20)),
}  # fmt: skip


def item(**changes: Any) -> Item:
    """The usual item; fields of its terms may be given beside its own."""
    terms = {name: value for name, value in changes.items() if name in Terms.__struct_fields__}
    own = {name: value for name, value in changes.items() if name not in terms}
    return replace(ITEM, terms=replace(TERMS, **terms), **own)


def step(kind: StepKind, state: StepState, source: int = 1, **changes: Any) -> Step:
    usual: dict[str, Any] = {"version": 1, "title": "某事", "on": TODAY}
    return Step(kind=kind, state=state, source_id=UUID(int=source), **{**usual, **changes})


ASKED_AGAIN = step("consultation", "closed", 2, on=date(2026, 10, 16), until_on=date(2026, 11, 16))
CLOSED = step("consultation", "closed", on=date(2026, 9, 1), until_on=date(2026, 9, 30))


def evidence(*steps: Step, **papers: Paper | None) -> Evidence:
    """All papers but those that are given as None."""
    given = {**PAPERS, **papers}
    kept: Any = {kind: paper for kind, paper in given.items() if paper is not None}
    return Evidence(kept, in_order(steps))


def fields(found: Any) -> list[str]:
    return [gap.field for gap in found]


def expect(refused: type[Refusal] | None, call: Callable[[], object]) -> None:
    if refused is None:
        call()
    else:
        with pytest.raises(refused):
            call()


# -- dates of issue

some_day = st.dates(date(2020, 1, 1), date(2026, 11, 24))


def test_seed_was_issued_when_it_was_printed() -> None:
    signed, printed = date(2022, 6, 14), date(2022, 6, 16)
    assert day_of_issue(signed, printed, printed) == (printed, "imprint")


@given(some_day, st.none() | some_day, st.none() | some_day)
def test_day_of_issue_is_the_earliest_public_day(signed: date, printed: date | None, published: date | None) -> None:
    issued, basis = day_of_issue(signed, printed, published)
    public = [day for day in (printed, published) if day is not None]
    assert issued == (min(public) if public else signed)
    assert issued == {"imprint": printed, "publication": published, "signature": signed}[basis]


@given(some_day, some_day, some_day, some_day)
def test_no_later_date_makes_the_issue_later(signed: date, printed: date, published: date, other: date) -> None:
    alone, _ = day_of_issue(signed, printed, None)
    both, _ = day_of_issue(signed, printed, other)
    assert both <= alone
    assert day_of_issue(signed, printed, published)[0] <= min(printed, published)


@pytest.mark.parametrize(
    ("signed", "printed", "published", "refused"),
    [
        (TODAY, TODAY, AT, None),
        (TODAY + DAY, None, None, no.DateInFuture),
        (TODAY, TODAY + DAY, None, no.DateInFuture),
        (TODAY, None, AT + HOUR, no.DateInFuture),
        (TODAY, TODAY - DAY, None, no.DatesOutOfOrder),
        (TODAY, None, AT - DAY, no.DatesOutOfOrder),
        # 16:30 UTC is the next day in Shanghai.
        (TODAY, None, datetime(2026, 11, 24, 16, 30, tzinfo=UTC), None),
        (date(1, 1, 1), None, None, no.BadDate),
        (TODAY, None, datetime.min.replace(tzinfo=UTC), no.BadDate),
    ],
)
def test_dates_of_a_document(
    signed: date, printed: date | None, published: datetime | None, refused: type[Refusal] | None
) -> None:
    expect(refused, lambda: check_dates(signed, printed, published, AT))


# -- states and guards


def test_every_state_is_reached_and_none_leads_out_of_the_last_ones() -> None:
    by_itself = {"issued", "adoption_published"}
    assert {to for found in BY_HAND.values() for to in found} | by_itself | {"listed"} == set(STATES)
    assert set(BY_HAND) == set(STATES)
    assert [state for state, found in BY_HAND.items() if not found] == ["archived", "removed"]


@pytest.mark.parametrize("state", STATES)
def test_unlisted_item_can_only_be_removed(state: ItemState) -> None:
    assert targets(item(state=state, listed_on=None)) <= {"removed"}


@pytest.mark.parametrize(
    ("found", "to", "refused"),
    [
        (item(), "drafting", None),
        (item(listed_on=None), "drafting", no.NotListed),
        (item(listed_on=None), "removed", None),
        (item(state="drafting"), "reviewing", no.WrongTransition),
        (item(state="drafting", participation=False), "reviewing", None),
        (item(state="drafting", participation=False), "consulting", no.WrongTransition),
        (item(state="deliberated"), "issued", no.OnlyByIssue),
        (item(state="reviewing"), "issued", no.WrongTransition),
        (item(state="issued"), "adoption_published", no.OnlyByReport),
        (item(state="issued"), "archived", no.WrongTransition),
        (item(state="issued", participation=False), "archived", None),
        (item(state="issued"), "removed", no.WrongTransition),
        (item(state="removed"), "drafting", no.WrongTransition),
        (item(state="suspended", suspended_in="ready"), "ready", None),
        (item(state="suspended", suspended_in="ready"), "reviewing", no.WrongTransition),
    ],
)
def test_where_an_item_may_go(found: Item, to: ItemState, refused: type[Refusal] | None) -> None:
    expect(refused, lambda: must_lead(found, to))


@pytest.mark.parametrize(
    ("found", "to", "known", "missing"),
    [
        (item(), "consulting", evidence(CLOSED, draft=None, explanation=None), []),
        (
            item(), "consulting", evidence(draft=None, explanation=None),
            ["papers.draft", "papers.explanation", "steps.consultation"],
        ),
        (item(), "consulting", evidence(), ["steps.consultation"]),
        (item(participation=False), "reviewing", evidence(draft=None), ["papers.draft"]),
        (item(participation=False), "reviewing", evidence(), []),
        (item(), "reviewing", evidence(CLOSED, step("consultation", "opened", 2)), ["steps.consultation"]),
        (item(), "reviewing", evidence(CLOSED, step("consultation", "moved", 2)), []),
        (item(), "reviewing", evidence(CLOSED, step("hearing", "announced", 3)), ["steps.hearing"]),
        (item(), "reviewing", evidence(CLOSED, step("hearing", "cancelled", 3)), []),
        (
            item(), "reviewing",
            evidence(CLOSED, step("hearing", "announced", 3), step("hearing_report", "published", 3)), [],
        ),
        (
            item(), "reviewing",
            evidence(CLOSED, step("hearing", "announced", 3), step("hearing_report", "published", 4)),
            ["steps.hearing"],
        ),
        (item(expert_required=True), "reviewing", evidence(CLOSED, expert_review=None), ["papers.expert_review"]),
        (
            item(expert_required=True), "reviewing",
            evidence(CLOSED, expert_review=replace(PAPERS["expert_review"], signed=False, independent=False)),
            ["papers.expert_review.signed", "papers.expert_review.independent"],
        ),
        (item(), "reviewing", evidence(CLOSED, expert_review=None, risk_assessment=None), []),
        (item(risk_required=True), "reviewing", evidence(CLOSED, risk_assessment=None), ["papers.risk_assessment"]),
        (
            item(risk_required=True), "reviewing",
            evidence(CLOSED, risk_assessment=replace(PAPERS["risk_assessment"], result="uncontrollable")),
            ["papers.risk_assessment.result"],
        ),
        (
            item(enterprise_related=True), "reviewing", evidence(CLOSED, enterprise_consultation=None),
            ["papers.enterprise_consultation"],
        ),
        (item(), "ready", evidence(CLOSED, legality_review=None), ["papers.legality_review"]),
        (
            item(), "ready", evidence(CLOSED, legality_review=replace(PAPERS["legality_review"], opinion="changes")),
            ["papers.legality_review.opinion"],
        ),
        (
            item(exploratory_risk="尚无上位法"), "ready",
            evidence(CLOSED, legality_review=replace(PAPERS["legality_review"], opinion="unlawful")), [],
        ),
        (
            item(market_activity=True), "ready", evidence(CLOSED, fair_competition_review=None),
            ["papers.fair_competition_review"],
        ),
        (item(), "deliberated", evidence(CLOSED, deliberation=None), ["papers.deliberation"]),
        (
            item(), "deliberated",
            evidence(CLOSED, deliberation=replace(PAPERS["deliberation"], head_spoke_last=False)),
            ["papers.deliberation.head_spoke_last"],
        ),
        (item(), "issued", evidence(CLOSED, party_report=None), ["papers.party_report"]),
        (item(), "issued", evidence(CLOSED), []),
        (
            item(), "deliberated",
            evidence(CLOSED, deliberation=replace(PAPERS["deliberation"], held_on=date(2026, 10, 14))),
            ["papers.deliberation.held_on"],
        ),
        (
            item(), "deliberated",
            evidence(CLOSED, deliberation=replace(PAPERS["deliberation"], held_on=date(2026, 10, 15))), [],
        ),
        (
            item(), "issued",
            evidence(CLOSED, party_report=replace(PAPERS["party_report"], reported_on=date(2026, 11, 17))),
            ["papers.party_report.reported_on"],
        ),
        (
            item(), "issued",
            evidence(CLOSED, party_report=replace(PAPERS["party_report"], reported_on=date(2026, 11, 18))), [],
        ),
        (
            item(), "ready",
            evidence(CLOSED, legality_review=replace(PAPERS["legality_review"], opinion_on=date(2026, 8, 31))),
            ["papers.legality_review.opinion_on"],
        ),
        (
            item(), "ready",
            evidence(CLOSED, legality_review=replace(PAPERS["legality_review"], opinion_on=date(2026, 9, 1))), [],
        ),
        # Asked anew after it was returned.
        (
            item(), "ready", evidence(CLOSED, ASKED_AGAIN),
            ["papers.legality_review.opinion_on"],
        ),
        (
            item(), "deliberated", evidence(replace(CLOSED, until_on=date(2026, 11, 19))),
            ["papers.deliberation.held_on"],
        ),
        (item(), "deliberated", evidence(replace(CLOSED, until_on=date(2026, 11, 18))), []),
        (item(), "deliberated", evidence(CLOSED, replace(ASKED_AGAIN, state="moved", until_on=TODAY)), []),
        (item(), "returned", evidence(draft=None), []),
        (item(state="issued", participation=False), "archived", evidence(), []),
        (item(state="issued", participation=False), "archived", evidence(CLOSED), ["steps.report"]),
        (
            item(state="issued", participation=False), "archived", evidence(step("hearing_held", "held", 3)),
            ["steps.report"],
        ),
        (item(state="adoption_published"), "archived", evidence(CLOSED), []),
        (item(state="suspended", suspended_in="ready"), "ready", evidence(draft=None), []),
    ],
)  # fmt: skip
def test_what_is_missing(found: Item, to: ItemState, known: Evidence, missing: list[str]) -> None:
    assert fields(gaps(found, to, known, DAYS)) == missing


@pytest.mark.parametrize(
    ("received", "asked", "enough"),
    [
        # National Day 2026: off 10-01 to 10-07; Saturday 10-10 worked. The seventh day after 09-30 is 10-15.
        (date(2026, 9, 30), date(2026, 10, 14), False),
        (date(2026, 9, 30), date(2026, 10, 15), True),
        (date(2026, 11, 16), date(2026, 11, 24), False),
        (date(2026, 11, 16), date(2026, 11, 25), True),
        # The notice for 2027 is not out.
        (date(2026, 12, 25), date(2027, 3, 1), False),
    ],
)
def test_reviewer_is_given_seven_working_days(received: date, asked: date, enough: bool) -> None:
    review = replace(PAPERS["legality_review"], received_on=received, asked_for_by=asked)
    found = gaps(item(), "ready", evidence(CLOSED, legality_review=review), DAYS)
    assert fields(found) == ([] if enough else ["papers.legality_review.asked_for_by"])


def test_document_follows_deliberation_and_report() -> None:
    """Everything that is wrong is told at once, with both days."""
    must_follow_papers(evidence(), date(2026, 11, 20))
    for signed, wrong in (
        (date(2026, 11, 19), ["papers.party_report.reported_on"]),
        (date(2002, 2, 2), ["signed_on", "papers.party_report.reported_on"]),
    ):
        with pytest.raises(no.ConditionsMissing) as refused:
            must_follow_papers(evidence(), signed)
        assert fields(refused.value.errors) == wrong
        for error in refused.value.errors:
            assert str(signed) in error.zh, error.zh
            assert str(signed) in error.en, error.en
    assert "2026-11-18" in refused.value.errors[0].zh
    assert "2026-11-20" in refused.value.errors[1].zh
    expect(no.ConditionsMissing, lambda: must_follow_papers(evidence(party_report=None), TODAY))


def test_dates_out_of_order_are_both_named() -> None:
    review = replace(PAPERS["legality_review"], opinion_on=date(2026, 9, 29))
    with pytest.raises(no.DatesOutOfOrder) as refused:
        check_paper(review, TODAY)
    assert all(day in refused.value.detail(lang) for day in ("2026-09-29", "2026-09-30") for lang in ("zh", "en"))
    late = replace(PAPERS["deliberation"], held_on=date(2026, 10, 14))
    (gap,) = gaps(item(), "deliberated", evidence(CLOSED, deliberation=late), DAYS)
    assert all(day in text for day in ("2026-10-14", "2026-10-15") for text in (gap.zh, gap.en))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_states_are_said_in_the_language_of_the_sentence(lang: str) -> None:
    """Names of states in code never stand in a sentence that people read."""
    called: list[Callable[[], object]] = [
        lambda: must_lead(item(), "ready"),
        lambda: must_be_issuable(item()),
        lambda: change_terms(item(state="adoption_published"), TERMS),
        lambda: must_be_complete(item(), "consulting", evidence(), DAYS),
        lambda: must_take_items(replace(CATALOGUE, state="closed")),
        lambda: close(CATALOGUE, 0),
    ]
    for call in called:
        with pytest.raises(Refusal) as refused:
            call()
        said = refused.value.detail(lang)
        wrong = r"[a-z_{]" if lang == "zh" else r"[\u4e00-\u9fff_{]"
        assert re.search(wrong, said) is None, said
    assert set(ITEM_WORDS) == set(STATES)
    assert set(CATALOGUE_WORDS) == set(typing.get_args(CatalogueState))


flags = ("participation", "expert_required", "risk_required", "market_activity", "enterprise_related")
worse: dict[PaperKind, Paper] = {
    "legality_review": replace(PAPERS["legality_review"], opinion="unlawful"),
    "risk_assessment": replace(PAPERS["risk_assessment"], result="uncontrollable"),
    "expert_review": replace(PAPERS["expert_review"], signed=False),
}
happening = st.one_of(
    st.tuples(st.just("lead"), st.sampled_from(STATES)),
    st.tuples(st.just("file"), st.sampled_from(sorted(PAPERS))),
    st.tuples(st.just("file worse"), st.sampled_from(sorted(worse))),
    st.tuples(st.just("hear"), st.sampled_from(["opened", "closed", "hearing", "report"])),
    st.tuples(st.just("diligently"), st.just("")),
)
HEARD = {
    "opened": step("consultation", "opened"),
    "closed": CLOSED,
    "hearing": step("hearing", "announced", 3),
    "report": step("hearing_report", "published", 3),
}


class Life:
    """An item to which things happen; what the rules refuse does not."""

    def __init__(self, flags: dict[str, bool]) -> None:
        self.item = item(**flags)
        self.papers: dict[PaperKind, Paper] = {}
        self.steps: dict[Any, Step] = {}

    def happen(self, what: str, which: Any) -> None:
        match what:
            case "lead":
                self.lead(which)
            case "hear":
                self.hear(HEARD[which])
            case "file":
                self.papers[which] = PAPERS[which]
            case "file worse":
                self.papers[which] = worse[which]
            case _:
                self.papers.update(PAPERS)
                self.hear(CLOSED)
                for state in ("drafting", "consulting", "reviewing", "ready", "deliberated"):
                    self.lead(state)

    def hear(self, heard: Step) -> None:
        self.steps[heard.kind, heard.source_id] = heard

    def lead(self, to: ItemState) -> None:
        try:
            if to == "issued":
                must_be_issuable(self.item)
            else:
                must_lead(self.item, to)
            must_be_complete(self.item, to, Evidence(self.papers, in_order(self.steps.values())), DAYS)
        except Refusal:
            return
        self.item = move(self.item, to, "因故", AT)


def test_diligent_office_comes_to_its_document() -> None:
    life = Life(dict.fromkeys(flags, True))
    life.happen("diligently", "")
    life.happen("lead", "issued")
    assert life.item.state == "issued"


@given(st.dictionaries(st.sampled_from(flags), st.booleans()), st.lists(happening, max_size=40))
def test_no_order_of_happenings_issues_an_item_without_its_papers(
    given_flags: dict[str, bool], happenings: list[tuple[str, str]]
) -> None:
    life = Life(given_flags)
    for what, which in happenings:
        life.happen(what, which)
        if life.item.state in ISSUED:
            break
    if life.item.state in ISSUED:
        terms, papers, steps = life.item.terms, life.papers, life.steps
        assert {"legality_review", "deliberation", "party_report"} <= set(papers)
        assert papers["legality_review"].opinion == "lawful"
        assert not terms.participation or ("consultation", UUID(int=1)) in steps
        assert not terms.expert_required or papers["expert_review"].signed
        assert not terms.risk_required or papers["risk_assessment"].result == "controllable"
        assert not terms.enterprise_related or "enterprise_consultation" in papers
        assert not terms.market_activity or "fair_competition_review" in papers
        assert all(each.state != "opened" for each in steps.values())
        assert ("hearing", UUID(int=3)) not in steps or ("hearing_report", UUID(int=3)) in steps


def test_reason_goes_with_its_state() -> None:
    paused = move(item(state="ready"), "suspended", "等待上位法", AT)
    assert (paused.reason, paused.suspended_in, paused.stage) == ("等待上位法", "ready", "ready")
    back = move(paused, "ready", "", AT)
    assert (back.reason, back.suspended_in) == ("", None)
    assert move(item(state="issued"), "archived", "2026-1", AT).archive_ref == "2026-1"


def test_published_terms_change_with_the_next_revision() -> None:
    other = replace(TERMS, title="新题")
    assert change_terms(item(listed_on=None), other).terms == other
    waiting = change_terms(ITEM, other)
    assert (waiting.terms, waiting.pending, is_waiting(waiting)) == (TERMS, other, True)
    assert not is_waiting(change_terms(waiting, TERMS))
    assert not is_waiting(replace(waiting, state="issued")), "terms that change after the document"
    assert list_item(waiting, 2, "改名", TODAY + DAY).terms == other
    assert list_item(waiting, 2, "改名", TODAY + DAY).listed_in == 0
    new = list_item(item(listed_on=None, listed_in=None), 2, "新增", TODAY)
    assert (new.listed_on, new.listed_in, new.listing_reason) == (TODAY, 2, "新增")
    expect(no.AlreadyPublic, lambda: change_terms(ITEM, replace(TERMS, confidential_basis="保密法")))
    expect(no.ItemClosed, lambda: change_terms(item(state="issued"), other))
    expect(no.ItemClosed, lambda: change_terms(item(state="removed"), other))


# -- papers


@pytest.mark.parametrize("kind", FIELDS)
def test_each_kind_of_paper_says_what_it_must_and_nothing_else(kind: PaperKind) -> None:
    whole = PAPERS.get(kind, Paper(kind=kind, filed_on=TODAY))
    check_paper(whole, TODAY)
    for name in FIELDS[kind]:
        with pytest.raises(no.PaperFieldMissing) as refused:
            check_paper(replace(whole, **{name: None}), TODAY)
        assert fields(refused.value.errors) == [name]
    strange = {"experts": 1, "signed": True, "opinion": "lawful", "dissent": "x", "sectors": ("x",)}
    for name, value in strange.items():
        if name not in (*FIELDS[kind], *ALSO.get(kind, ())):
            with pytest.raises(no.PaperFieldUnused):
                check_paper(replace(whole, **{name: value}), TODAY)


# -- catalogues


def consented() -> Catalogue:
    return consent(check_legality(CATALOGUE, TODAY, TODAY), TODAY, "区委", TODAY)


def test_catalogue_goes_step_by_step() -> None:
    published = publish(consented(), 1, TODAY)
    assert (published.state, published.published_on, published.revision) == ("published", TODAY, 0)
    revised = revise(published, 1, TODAY + DAY, "区委", TODAY + DAY)
    assert (revised.state, revised.revision, revised.published_on) == ("revised", 1, TODAY)
    assert close(revise(revised, 1, TODAY + DAY, "区委", TODAY + DAY), 0).state == "closed"
    assert reopen(consented()) == replace(CATALOGUE, state="collecting")


@pytest.mark.parametrize(
    ("call", "refused"),
    [
        (lambda: publish(CATALOGUE, 1, TODAY), no.NotChecked),
        (lambda: consent(CATALOGUE, TODAY, "区委", TODAY), no.NotChecked),
        (lambda: publish(check_legality(CATALOGUE, TODAY, TODAY), 1, TODAY), no.NotConsented),
        (lambda: publish(consented(), 0, TODAY), no.NothingToPublish),
        (lambda: publish(replace(consented(), empty_reason="本年度无"), 0, TODAY), None),
        (lambda: publish(publish(consented(), 1, TODAY), 1, TODAY), no.WrongCatalogueState),
        (lambda: revise(consented(), 1, TODAY, "区委", TODAY), no.WrongCatalogueState),
        (lambda: revise(publish(consented(), 1, TODAY), 0, TODAY, "区委", TODAY), no.NothingToRevise),
        (lambda: revise(publish(consented(), 1, TODAY), 1, TODAY + DAY, "区委", TODAY), no.DateInFuture),
        (lambda: close(consented(), 0), no.WrongCatalogueState),
        (lambda: close(publish(consented(), 1, TODAY), 1), no.ChangesWaiting),
        (lambda: consent(check_legality(CATALOGUE, TODAY, TODAY), TODAY - DAY, "区委", TODAY), no.DatesOutOfOrder),
        (lambda: revise(publish(consented(), 1, TODAY), 1, TODAY - DAY, "区委", TODAY), no.DatesOutOfOrder),
        (
            lambda: revise(
                revise(publish(consented(), 1, TODAY), 1, TODAY + DAY, "区委", TODAY + DAY),
                1,
                TODAY,
                "区委",
                TODAY + DAY,
            ),
            no.DatesOutOfOrder,
        ),
        (lambda: reopen(publish(consented(), 1, TODAY)), no.WrongCatalogueState),
        (lambda: check_legality(CATALOGUE, TODAY + DAY, TODAY), no.DateInFuture),
        (lambda: check_legality(CATALOGUE, date(9999, 12, 31), TODAY), no.BadDate),
    ],
)
def test_what_a_catalogue_refuses(call: Callable[[], object], refused: type[Refusal] | None) -> None:
    expect(refused, call)


@pytest.mark.parametrize(
    ("published", "late", "overdue"),
    [
        (date(2026, 3, 20), 0, False),
        (date(2026, 5, 31), 0, False),
        (date(2026, 6, 1), 1, False),
        (date(2026, 11, 25), 178, False),
        (None, None, True),
    ],
)
def test_catalogue_is_due_on_the_last_of_may(published: date | None, late: int | None, overdue: bool) -> None:
    assert is_overdue(published, 2026, TODAY) == overdue
    if published is not None:
        assert late_days(published, 2026) == late
    assert not is_overdue(None, 2026, date(2026, 5, 31))


def numbered(number: int, title: str, **changes: Any) -> Item:
    return item(id=UUID(int=number), title=title, **changes)


def test_items_continue_by_name_or_by_title() -> None:
    last = [
        numbered(1, "垃圾分类"),
        numbered(2, "学区调整"),
        numbered(3, "停车收费"),
        numbered(4, "河道整治", state="archived"),
        numbered(5, "旧改", state="removed"),
    ]
    present = [
        numbered(11, "垃圾分类（二期）", continues=UUID(int=1)),
        numbered(12, "学区 调整"),
        numbered(13, "旧改"),
        numbered(14, "停车收费", state="removed"),
    ]
    found = compare(last, present, {})
    assert [(each.item.id.int, each.former.id.int) for each in found.kept] == [(11, 1), (12, 2)]
    assert [each.id.int for each in found.added] == [13]
    assert [(each.former.id.int, each.reason) for each in found.dropped] == [(3, "")]
    assert [each.id.int for each in found.finished] == [4]
    with pytest.raises(no.DroppedWithoutReason) as refused:
        must_explain_dropped(found)
    assert fields(refused.value.errors) == [f"reasons.{UUID(int=3)}"]
    must_explain_dropped(compare(last, present, {UUID(int=3): "并入其他任务"}))


def test_issued_item_is_finished_unless_a_report_is_owed() -> None:
    quiet = numbered(1, "垃圾分类", state="issued", participation=False)
    planned = numbered(2, "学区调整", state="issued")
    assert is_settled(quiet, Evidence({}, ()))
    assert not is_settled(quiet, Evidence({}, (CLOSED,)))
    assert not is_settled(planned, Evidence({}, ()))
    assert not is_settled(replace(quiet, state="deliberated"), Evidence({}, ()))
    found = compare([quiet, planned], [], {}, settled={quiet.id})
    assert [each.former.id.int for each in found.dropped] == [2]
    assert [each.id.int for each in found.finished] == [1]


def test_one_item_of_last_year_is_kept_once() -> None:
    """Who names it goes before who bears its title; of two with its title the first keeps it."""
    last = [numbered(1, "垃圾分类"), numbered(2, "学区调整")]
    present = [
        numbered(11, "垃圾分类"), numbered(12, "垃圾分类（二期）", continues=UUID(int=1)),
        numbered(13, "学区调整"), numbered(14, "学区 调整"),
    ]  # fmt: skip
    found = compare(last, present, {})
    assert [(each.item.id.int, each.former.id.int) for each in found.kept] == [(12, 1), (13, 2)]
    assert [each.id.int for each in found.added] == [11, 14]


def test_reason_of_a_removed_successor_says_why_its_former_item_is_dropped() -> None:
    last = [numbered(1, "垃圾分类"), numbered(2, "学区调整")]
    removed = numbered(11, "垃圾分类", state="removed", reason="任务取消")
    never_listed = numbered(12, "学区调整", state="removed", reason="录入有误", listed_on=None)
    found = compare(last, [removed, never_listed], {})
    assert [(each.former.id.int, each.reason) for each in found.dropped] == [(1, "任务取消"), (2, "")]
    found = compare(last, [removed], {UUID(int=1): "并入其他任务", UUID(int=2): "撤销"})
    assert [each.reason for each in found.dropped] == ["并入其他任务", "撤销"]


def test_public_comparison_neither_names_what_is_withheld_nor_calls_its_former_item_dropped() -> None:
    secret = {"confidential_basis": "保密法"}
    last = [numbered(1, "垃圾分类"), numbered(2, "学区调整", **secret), numbered(3, "停车", **secret),
            numbered(4, "旧改", **secret, state="archived")]  # fmt: skip
    present = [numbered(11, "垃圾分类", **secret), numbered(12, "学区调整"), numbered(13, "新事项", **secret)]
    shown = for_public(compare(last, present, {}))
    assert (shown.kept, shown.dropped, shown.finished) == ((), (), ())
    assert [each.id.int for each in shown.added] == [12]


def test_one_item_of_last_year_has_one_successor() -> None:
    last, other = [numbered(1, "垃圾分类")], numbered(12, "垃圾分类", continues=UUID(int=1))
    check_successor(None, [], [other])
    check_successor(UUID(int=1), last, [])
    check_successor(UUID(int=1), last, [replace(other, state="removed")])
    expect(no.NotOfLastYear, lambda: check_successor(UUID(int=2), last, []))
    expect(no.ContinuedTwice, lambda: check_successor(UUID(int=1), last, [other]))


# -- facets


def entry(facet: Facet, state: Any = "published", **changes: Any) -> Entry:
    return Entry(facet=facet, state=state, **changes)


@pytest.mark.parametrize(
    ("found", "due"),
    [
        (item(), set()),
        (item(state="drafting"), set()),
        (item(state="consulting"), {"draft", "explanation", "background"}),
        (item(state="ready"), {"draft", "explanation", "background"}),
        (item(state="suspended", suspended_in="ready"), {"draft", "explanation", "background"}),
        (item(state="deliberated"), {"draft", "explanation", "background", "attendance"}),
        (item(state="issued"), set(REQUIRED)),
        (item(state="archived", participation=False), set(REQUIRED) - {"opinions"}),
        (item(state="returned"), set()),
        (item(state="removed"), set()),
    ],
)
def test_which_facets_apply_at_which_stage(found: Item, due: set[str]) -> None:
    assert applicable(found, []) == due


@pytest.mark.parametrize(
    ("found", "known", "expected"),
    [
        (item(), [], (0, 0, None, 0)),
        (item(), [entry("draft")], (1, 1, 1.0, 0)),
        (item(state="consulting"), [], (0, 3, 0.0, 0)),
        (item(state="consulting"), [entry("draft"), entry("explanation")], (2, 3, 0.6667, 0)),
        (item(state="consulting"), [entry("draft", link="dead")], (0, 3, 0.0, 0)),
        (item(state="consulting"), [entry("draft", link="unreachable")], (1, 3, 0.3333, 0)),
        (item(state="consulting"), [entry("draft"), entry("background", "not_applicable")], (1, 2, 0.5, 0)),
        (item(state="consulting"), [entry(name, "withheld") for name in REQUIRED[:3]], (0, 0, None, 0)),
        (item(state="consulting"), [entry("expert_review"), entry("risk_assessment", "not_yet")], (0, 3, 0.0, 1)),
        (item(state="issued"), [entry(name) for name in FACETS], (6, 6, 1.0, 3)),
    ],
)
def test_completeness_counts_what_is_there(found: Item, known: list[Entry], expected: tuple[Any, ...]) -> None:
    meter = completeness(found, known)
    assert (meter.published, meter.applicable, meter.share, meter.optional_published) == expected


entry_lists = st.lists(
    st.builds(
        Entry,
        facet=st.sampled_from(FACETS),
        state=st.sampled_from(["published", "not_yet", "not_applicable", "withheld"]),
        link=st.sampled_from(["none", "ok", "unreachable", "dead"]),
    ),
    unique_by=lambda entry: entry.facet,
)


@given(st.sampled_from(STATES), st.booleans(), entry_lists)
def test_meter_never_shows_more_than_there_is(state: ItemState, participation: bool, known: list[Entry]) -> None:
    suspended_in = "ready" if state == "suspended" else None
    meter = completeness(item(state=state, participation=participation, suspended_in=suspended_in), known)
    assert 0 <= meter.published <= meter.applicable <= 6
    assert (meter.share is None) == (meter.applicable == 0)
    assert (meter.share == 1.0) == (meter.applicable > 0 and meter.published == meter.applicable)


def test_page_has_all_nine_facets() -> None:
    shown = entries_of([entry("result")])
    assert [each.facet for each in shown] == list(FACETS)
    assert [each.state for each in shown].count("not_yet") == 8


@pytest.mark.parametrize(
    ("answers", "link"),
    [
        (["ok"], "ok"),
        (["dead"], "dead"),
        (["unreachable"], "unreachable"),
        (["private"], "unreachable"),
        (["unreachable"] * 72, "unreachable"),
        (["unreachable"] * 73, "dead"),
        (["unreachable"] * 72 + ["ok", "unreachable"], "unreachable"),
        (["unreachable"] * 73 + ["ok"], "ok"),
        (["dead", "ok"], "ok"),
    ],
)
def test_silence_for_three_days_is_death(answers: list[Answer], link: str) -> None:
    """The address is asked every hour."""
    asked, at = entry("draft", link="unchecked"), AT
    for answer in answers:
        asked = judge(asked, answer, at)
        at += HOUR
    assert asked.link == link
    assert ask_again_after(asked) == (HOUR if link == "unreachable" else 7 * DAY)
