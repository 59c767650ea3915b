"""Rules of adoption: how long, how many, who is late; on every day and in every order that Hypothesis finds."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from kaimen.adoption.domain import clocks, clusters, consultations, reports, similarity
from kaimen.adoption.domain.clocks import WARN_AT, Clock, Resumption, Suspension
from kaimen.adoption.domain.clusters import OUTCOMES, ConcentrationRule
from kaimen.adoption.domain.consultations import CHANNELS, Consultation
from kaimen.adoption.domain.opinions import fingerprint, must_be_publishable
from kaimen.adoption.domain.refusals import (
    AlreadyResumed,
    BadResumption,
    BadSuspension,
    ClockClosed,
    NeverShortened,
    PersonalDataInText,
    ReasonForOutcome,
    SuspendedTooLate,
    SuspensionOver,
    SuspensionOverlaps,
    UnknownSuspension,
)
from kaimen.kit.clock import day_start
from kaimen.kit.refusals import Refusal
from kaimen.kit.workdays import Workdays

AT = datetime(2026, 11, 25, tzinfo=UTC)
ID = UUID(int=1)
CALENDAR = Workdays()
DAY = timedelta(days=1)
issue_days = st.dates(date(2022, 1, 1), date(2026, 8, 1))
"""Early enough for every suspension to end in a year whose notice is known."""


def clock(started_on: date, **changes: object) -> Clock:
    begun = Clock(
        id=ID, version=1, kind="report", unit="区教育局", catalogue_item=ID, title="办法", document_no="", url="",
        started_on=started_on, due_on=None, not_before=started_on, original_due_on=None, created_at=AT, changed_at=AT,
        issue_version=1,
    )  # fmt: skip
    return clocks.computed(replace(begun, **changes), CALENDAR)


def suspension(first: date, last: date) -> Suspension:
    return Suspension(from_on=first, to_on=last, legal_basis="突发事件应对法", decided_by="区政府", at=AT)


def resumption(on: date) -> Resumption:
    return Resumption(on=on, reason="应急响应提前结束", decided_by="区政府", at=AT)


@st.composite
def paused_clocks(draw: st.DrawFn) -> tuple[Clock, Suspension, date]:
    """A clock with one or two suspensions, perhaps in a year whose notice is missing; one of them; and a day on which
    that one still goes on or is to come."""
    running = clock(draw(st.one_of(issue_days, st.dates(date(2026, 11, 20), date(2026, 12, 20)))))
    for _ in range(draw(st.integers(1, 2))):
        first = running.started_on + draw(st.integers(0, 40)) * DAY
        pause = suspension(first, first + draw(st.integers(0, 40)) * DAY)
        try:
            running = clocks.suspended(running, pause, running.started_on, CALENDAR)
        except Refusal:
            assume(running.suspensions)
    chosen = draw(st.sampled_from(running.suspensions))
    today = running.started_on + draw(st.integers(0, (chosen.to_on - running.started_on).days)) * DAY
    assume(not clocks.is_late(running, today))
    return running, chosen, today


@given(issue_days, st.integers(0, 40), st.integers(0, 40))
def test_suspension_moves_the_due_day_by_the_working_days_it_takes(issued: date, after: int, length: int) -> None:
    first = issued + after * DAY
    moved = clock(issued, suspensions=(suspension(first, first + length * DAY),))
    assert moved.due_on is not None
    assert moved.original_due_on == CALENDAR.plus(issued, 10)
    assert CALENDAR.is_working_day(moved.due_on)
    counted = [issued + n * DAY for n in range(1, (moved.due_on - issued).days + 1)]
    outside = [day for day in counted if not first <= day <= first + length * DAY]
    assert sum(CALENDAR.is_working_day(day) is True for day in outside) == 10


@given(issue_days)
def test_a_worker_that_looks_when_told_warns_at_five_three_one_and_notes_the_breach_next_day(issued: date) -> None:
    running, today, told = clock(issued), issued, []
    while (today := clocks.next_look(running, today, CALENDAR) or date.max) != date.max:
        for mark in clocks.warning_due(running, today, CALENDAR):
            told.append((mark, clocks.days_left(running, today, CALENDAR)))
            running = replace(running, warned=(*running.warned, mark))
        if clocks.is_late(running, today):
            break
    assert told == [(mark, mark) for mark in WARN_AT]
    assert running.due_on is not None
    assert today == clocks.first_late_day(running.due_on)


@given(issue_days, st.lists(st.integers(0, 40), max_size=8), st.integers(0, 30))
def test_a_worker_that_stood_still_warns_once_of_what_it_missed(issued: date, looks: list[int], late: int) -> None:
    running, told = clock(issued), []
    assert running.due_on is not None
    days = sorted({issued + n * DAY for n in looks} | {running.due_on + (1 + late) * DAY})
    for today in days:
        owed = clocks.warning_due(running, today, CALENDAR)
        assert clocks.warning_due(replace(running, warned=(*running.warned, *owed)), today, CALENDAR) == ()
        told.extend(owed)
        running = replace(running, warned=(*running.warned, *owed))
    assert sorted(told) == sorted(WARN_AT)
    assert clocks.state_of(running, days[-1]) == "breached"


@given(issue_days, st.integers(-20, 60))
def test_met_in_time_or_late(issued: date, after: int) -> None:
    running = clock(issued)
    assert running.due_on is not None
    met = replace(running, met_on=issued + after * DAY)
    late = issued + after * DAY > running.due_on
    assert clocks.state_of(met, date(2030, 1, 1)) == ("met_late" if late else "met")


@given(issue_days, st.integers(0, 60))
def test_what_was_dropped_in_time_is_never_late_afterwards(issued: date, later: int) -> None:
    dropped = clock(issued, dropped_on=issued)
    assert clocks.state_of(dropped, issued + later * DAY) == "dropped"


def test_a_missing_notice_gives_no_day_but_the_earliest_conceivable_one() -> None:
    running = clock(date(2026, 12, 18))
    assert (running.due_on, running.not_before) == (None, date(2027, 1, 2))
    assert clocks.state_of(running, date(2027, 3, 1)) == "running", "nobody can be late by a day that nobody knows"
    assert clocks.next_look(running, date(2026, 12, 18), CALENDAR) is not None, "the unit is warned all the same"


@given(issued=issue_days, after=st.integers(0, 12), length=st.integers(0, 40))
def test_counted_days_are_those_of_the_period_and_none_is_suspended(issued: date, after: int, length: int) -> None:
    begin = issued + timedelta(days=after)
    running = clock(issued)
    assume(begin <= running.work_to)
    moved = clocks.suspended(running, suspension(begin, begin + timedelta(days=length)), issued, CALENDAR)
    counted = clocks.counted(moved, CALENDAR)
    assert len(counted) == moved.working_days
    assert counted[-1] == moved.due_on
    assert not [day for day in counted if begin <= day <= begin + timedelta(days=length)]


def test_no_conceivable_day_lies_in_a_suspension() -> None:
    """Of twenty working days one is left when a pause begins that reaches over the unknown year."""
    running = clock(date(2026, 11, 20), kind="disclosure")
    pause = suspension(date(2026, 12, 18), date(2027, 3, 1))
    moved = clocks.suspended(running, pause, date(2026, 11, 29), CALENDAR)
    assert (moved.due_on, moved.not_before) == (None, date(2027, 3, 2))


def test_a_pause_until_the_end_of_all_calendars_breaks_nothing() -> None:
    """One was taken before the rule that a pause begins within the period."""
    running = clock(date(2026, 9, 28), suspensions=(suspension(date.max - DAY, date.max),))
    assert running.due_on == running.original_due_on
    assert len(clocks.counted(running, CALENDAR)) == 10


@pytest.mark.parametrize(
    ("first", "last", "refused", "field"),
    [
        (date(2022, 9, 20), date(2022, 9, 30), BadSuspension, "from_on"),
        (date(2022, 10, 10), date(2022, 10, 9), BadSuspension, "to_on"),
        (date(2022, 10, 10), date(2024, 10, 10), BadSuspension, "to_on"),
        (date(2099, 1, 1), date(2099, 1, 2), SuspendedTooLate, "from_on"),
        (date(2022, 10, 9), date(2022, 10, 10), SuspensionOverlaps, "from_on"),
    ],
)
def test_suspension_lies_in_the_period_beside_the_others(
    first: date, last: date, refused: type[Refusal], field: str
) -> None:
    paused = clocks.suspended(
        clock(date(2022, 9, 28)), suspension(date(2022, 10, 10), date(2022, 10, 11)),
        date(2022, 10, 9), CALENDAR,
    )  # fmt: skip
    with pytest.raises(refused) as no:
        clocks.suspended(paused, suspension(first, last), date(2022, 10, 9), CALENDAR)
    assert no.value.field == field


def test_a_clock_that_is_over_cannot_be_suspended() -> None:
    running = clock(date(2022, 9, 28))
    pause = suspension(date(2022, 10, 8), date(2022, 10, 10))
    with pytest.raises(ClockClosed):
        clocks.suspended(running, pause, date(2022, 10, 18), CALENDAR)
    with pytest.raises(BadSuspension):
        clocks.suspended(running, suspension(date(2022, 9, 1), date(2022, 9, 2)), date(2022, 10, 9), CALENDAR)
    assert clocks.suspended(running, pause, date(2022, 10, 17), CALENDAR).due_on == date(2022, 10, 20)


@given(paused_clocks(), st.data())
def test_from_the_day_of_a_resumption_on_the_days_count_again(
    found: tuple[Clock, Suspension, date], data: st.DataObject
) -> None:
    running, pause, today = found
    on = data.draw(st.dates(max(today, pause.from_on), pause.to_on))
    resumed = clocks.resumed(running, pause.from_on, resumption(on), today, CALENDAR)
    others = tuple(each for each in running.suspensions if each is not pause)
    shorter = (suspension(pause.from_on, on - DAY),) if on > pause.from_on else ()
    as_if = clocks.computed(replace(running, suspensions=(*others, *shorter)), CALENDAR)
    assert (resumed.due_on, resumed.not_before) == (as_if.due_on, as_if.not_before)
    assert clocks.counted(resumed, CALENDAR) == clocks.counted(as_if, CALENDAR)
    kept = [each for each in resumed.suspensions if each.from_on == pause.from_on]
    assert kept == [replace(pause, resumed=resumption(on))], "what was decided stays on record"


@given(paused_clocks(), st.data())
def test_no_resumption_makes_a_clock_late(found: tuple[Clock, Suspension, date], data: st.DataObject) -> None:
    running, pause, today = found
    on = data.draw(st.dates(pause.from_on - 2 * DAY, pause.to_on + 2 * DAY))
    try:
        resumed = clocks.resumed(running, pause.from_on, resumption(on), today, CALENDAR)
    except BadResumption:
        assert not max(today, pause.from_on) <= on <= pause.to_on
        return
    assert not clocks.is_late(resumed, today)
    assert resumed.not_before <= running.not_before
    assert resumed.due_on is None or today <= resumed.due_on
    assert resumed.due_on is None or running.due_on is None or resumed.due_on <= running.due_on
    assert resumed.original_due_on == running.original_due_on
    assert resumed.due_on is None or resumed.original_due_on is None or resumed.due_on >= resumed.original_due_on


PAUSED = (date(2022, 10, 10), date(2022, 10, 14))


def paused(today: date = date(2022, 10, 9)) -> Clock:
    return clocks.suspended(clock(date(2022, 9, 28)), suspension(*PAUSED), today, CALENDAR)


@pytest.mark.parametrize(
    ("from_on", "on", "today", "refused", "field"),
    [
        (date(2022, 10, 11), date(2022, 10, 12), date(2022, 10, 12), UnknownSuspension, "from_on"),
        (PAUSED[0], date(2022, 10, 9), date(2022, 10, 9), BadResumption, "resumed_on"),
        (PAUSED[0], date(2022, 10, 11), date(2022, 10, 12), BadResumption, "resumed_on"),
        (PAUSED[0], date(2022, 10, 15), date(2022, 10, 12), BadResumption, "resumed_on"),
        (PAUSED[0], date(2022, 10, 14), date(2022, 10, 15), SuspensionOver, "from_on"),
    ],
)
def test_resumption_lies_in_what_is_left_of_its_suspension(
    from_on: date, on: date, today: date, refused: type[Refusal], field: str
) -> None:
    with pytest.raises(refused) as no:
        clocks.resumed(paused(), from_on, resumption(on), today, CALENDAR)
    assert no.value.field == field


def test_a_suspension_is_resumed_once_and_only_while_its_clock_runs() -> None:
    first, last = PAUSED
    once = clocks.resumed(paused(), first, resumption(first), first, CALENDAR)
    assert once.due_on == once.original_due_on == date(2022, 10, 17), "it never took effect"
    with pytest.raises(AlreadyResumed) as no:
        clocks.resumed(once, first, resumption(last), first, CALENDAR)
    assert no.value.field == "from_on"
    for over in ({"met_on": first}, {"dropped_on": first}, {"breached_on": first}):
        with pytest.raises(ClockClosed):
            clocks.resumed(replace(paused(), **over), first, resumption(last), first, CALENDAR)
    long = replace(paused(), due_on=date(2022, 10, 11))
    with pytest.raises(ClockClosed):
        clocks.resumed(long, first, resumption(last), date(2022, 10, 12), CALENDAR)


def test_days_that_were_given_back_can_be_suspended_again() -> None:
    first, last = PAUSED
    twelfth = date(2022, 10, 12)
    ended = clocks.resumed(paused(), first, resumption(twelfth), twelfth, CALENDAR)
    with pytest.raises(SuspensionOverlaps):
        clocks.suspended(ended, suspension(date(2022, 10, 11), last), twelfth, CALENDAR)
    again = clocks.suspended(ended, suspension(twelfth, last), twelfth, CALENDAR)
    assert again.due_on == paused().due_on
    taken_back = clocks.resumed(paused(), first, resumption(first), first, CALENDAR)
    longer = clocks.suspended(taken_back, suspension(date(2022, 10, 9), last), date(2022, 10, 9), CALENDAR)
    assert longer.due_on == date(2022, 10, 25)
    same = clocks.suspended(taken_back, suspension(*PAUSED), date(2022, 10, 9), CALENDAR)
    whole = clocks.resumed(same, first, resumption(last), first, CALENDAR)
    assert [each.resumed and each.resumed.on for each in whole.suspensions] == [first, last]
    assert whole.due_on == date(2022, 10, 21)


@st.composite
def resumptions(draw: st.DrawFn) -> tuple[Clock, Suspension, date, date]:
    """A clock with a suspension of its last days, which is resumed on the first of two days, from the second on."""
    running = clock(draw(issue_days))
    first = running.work_to - draw(st.integers(0, 7)) * DAY
    pause = suspension(first, first + draw(st.integers(0, 14)) * DAY)
    today = max(running.started_on, first - 3 * DAY) + draw(st.integers(0, 17)) * DAY
    assume(today <= pause.to_on)
    on = max(today, first) + draw(st.integers(0, 3)) * DAY
    assume(on <= pause.to_on)
    return clocks.suspended(running, pause, running.started_on, CALENDAR), pause, today, on


@given(resumptions(), st.sets(st.integers(0, 40), max_size=10))
def test_a_resumption_is_followed_by_the_warnings_of_its_day_each_told_once(
    found: tuple[Clock, Suspension, date, date], idle: set[int]
) -> None:
    """Somebody looks on all but a few days."""
    running, pause, today, on = found
    told: list[int] = []

    def looked(running: Clock, first: date, last: date) -> Clock:
        for day in (first + n * DAY for n in range((last - first).days + 1)):
            if (day - running.started_on).days in idle and day < last:
                continue
            owed = clocks.warning_due(running, day, CALENDAR)
            if owed:
                told.append(clocks.days_left(running, day, CALENDAR))
                running = replace(running, warned=(*running.warned, *owed))
        return running

    running = looked(running, running.started_on, today)
    resumed = clocks.resumed(running, pause.from_on, resumption(on), today, CALENDAR)
    before, left = len(told), clocks.days_left(resumed, today, CALENDAR)
    moved = looked(replace(resumed, warned=clocks.still_told(running, resumed)), today, today)
    needed = left <= max(WARN_AT) and resumed.due_on != running.due_on
    assert told[before:] == [left] * needed, "of the new day the unit knows nothing yet"
    moved = looked(moved, today, moved.work_to)
    assert told == sorted(set(told), reverse=True), "nobody is told twice that so many days are left"
    assert sorted(moved.warned) == sorted(WARN_AT)


def consultation(opens_on: date, closes_on: date) -> Consultation:
    return Consultation(
        id=ID, version=1, unit="区教育局", catalogue_item=None, title="办法", summary="", passages=(), draft_url="",
        explanation="", explanation_url="", background_url="", ways=(), channels=(), opens_on=opens_on,
        closes_on=closes_on, shortened_reason="", created_at=AT, changed_at=AT, announced_at=AT,
    )  # fmt: skip


@given(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(0, 60), st.integers(-5, 70))
def test_a_consultation_is_open_from_its_first_to_the_end_of_its_last_day(first: date, days: int, on: int) -> None:
    asked = consultation(first, first + days * DAY)
    begins = day_start(first + on * DAY)
    wanted = "scheduled" if on < 0 else "open" if on <= days else "closed"
    assert consultations.phase(asked, begins) == wanted
    assert consultations.phase(asked, begins + DAY - timedelta(microseconds=1)) == wanted


@given(st.dates(date(2024, 1, 1), date(2026, 1, 1)), st.integers(0, 60), st.integers(-60, 60))
def test_a_consultation_is_never_shortened(first: date, days: int, more: int) -> None:
    asked = consultation(first, first + days * DAY)
    if more <= 0:
        with pytest.raises(NeverShortened):
            consultations.extended(asked, asked.closes_on + more * DAY, "", AT)
    else:
        longer = consultations.extended(asked, asked.closes_on + more * DAY, "应公众要求", AT)
        assert longer.closes_on == asked.closes_on + more * DAY
        assert longer.extensions[-1].closed_before_on == asked.closes_on


sizes = st.integers(0, 50)


@given(st.lists(st.tuples(st.sampled_from([*OUTCOMES, None]), sizes)), sizes, sizes)
def test_received_is_the_sum_of_what_became_of_it(groups: list, withdrawn: int, duplicate: int) -> None:
    counted = clusters.tally(groups, {"withdrawn": withdrawn, "duplicate": duplicate})
    waiting = sum(size for outcome, size in groups if outcome is None)
    assert counted.received == clusters.sum_of(counted) + waiting


@pytest.mark.parametrize(("received", "threshold"), [(0, 3), (59, 3), (60, 3), (61, 4), (197, 10), (50_000, 2500)])
def test_concentrated_is_three_or_five_percent(received: int, threshold: int) -> None:
    rule = ConcentrationRule()
    assert rule.threshold(received) == threshold
    assert rule.applies(threshold, received)
    assert not rule.applies(threshold - 1, received)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("concentrated", [True, False])
def test_every_refusal_and_every_concentrated_group_needs_a_reason(outcome, concentrated: bool) -> None:
    clusters.check_answer(outcome, "理由", concentrated=concentrated)
    if concentrated or outcome in ("partly", "not_adopted", "out_of_scope"):
        with pytest.raises(ReasonForOutcome):
            clusters.check_answer(outcome, "", concentrated=concentrated)
    else:
        clusters.check_answer(outcome, "", concentrated=concentrated)


def contents(**changes: object) -> reports.Contents:
    report = reports.Report(
        id=ID, version=1, unit="区教育局", catalogue_item=None, consultations=(), title="办法", state="drafting",
        number=0,
        basis="", summary="", participations=(), not_used=CHANNELS, final=(), final_url="", dropped=False,
        correction="", authors=("a",), approved_by="", approved_at=None, published_at=None, created_at=AT,
        changed_at=AT,
    )  # fmt: skip
    whole = reports.Contents(report=report, uses=(), participations=(), groups=(), by_channel={}, unanswered=0)
    return replace(whole, **changes)


def types_of(faults: list[Refusal]) -> list[str]:
    return [no.type for no in faults]


def test_a_report_on_nothing_has_no_fault() -> None:
    assert reports.faults(contents()) == []


@given(st.sets(st.sampled_from(CHANNELS)), st.sets(st.sampled_from(CHANNELS)))
def test_every_channel_is_used_or_said_to_be_unused_never_both(used: set, said: set) -> None:
    one = clusters.tally([("adopted", 1)])
    given_report = replace(contents().report, not_used=tuple(said))
    faults = types_of(reports.faults(contents(report=given_report, by_channel=dict.fromkeys(used, one))))
    assert ("adoption.channel-unaccounted" in faults) == bool(set(CHANNELS) - used - said)
    assert faults.count("adoption.channel-was-used") == len(used & said)


def test_totals_that_differ_are_a_fault() -> None:
    held = reports.Participation(
        kind="forum",
        title="座谈会",
        held_on=AT.date(),
        people=3,
        counted=replace(clusters.NOTHING, received=3, adopted=2),
    )
    report = replace(contents().report, not_used=tuple(channel for channel in CHANNELS if channel != "forum"))
    assert types_of(reports.faults(contents(report=report, participations=(held,)))) == ["adoption.totals-differ"]


texts = st.lists(st.text("保留公交线路增加座位校车安全ABC ，。", max_size=30), max_size=12)


@given(texts)
def test_proposals_are_the_same_each_time_and_name_no_text_twice(bodies: list[str]) -> None:
    numbered = list(enumerate(bodies, 1))
    found = similarity.propose(numbered)
    assert found == similarity.propose(numbered)
    named = [each.no for group in found for each in (group, *group.alike)]
    assert len(named) == len(set(named))


@given(st.text(max_size=40), st.text(max_size=40))
def test_shared_words_are_in_both_texts(first: str, second: str) -> None:
    for word in similarity.shared_words(first, second):
        assert word in first
        assert word in second


@given(st.text(min_size=1, max_size=40))
def test_words_alone_make_the_fingerprint(text: str) -> None:
    assume(any(each.isalnum() for each in text))
    assert fingerprint(f" {text}。") == fingerprint(text)


@pytest.mark.parametrize(
    "text",
    [
        "身份证31011819000101006X",
        "3101 1819 0001 0100 6x",
        "电话13812345678",
        "138-1234-5678",
        "１３８１２３４５６７８",
    ],
)
def test_a_number_that_is_somebodys_is_not_published(text: str) -> None:
    with pytest.raises(PersonalDataInText) as no:
        must_be_publishable([("summary", "保留公交"), ("reason", text)])
    assert [fault.field for fault in no.value.errors] == ["reason"]


@pytest.mark.parametrize("text", ["文号〔2022〕28号", "2022-06-16 至 2022-07-16", "021-59732890", "123456789012345678"])
def test_other_numbers_are(text: str) -> None:
    must_be_publishable([("summary", text)])


@pytest.mark.parametrize(
    ("subject", "title"),
    [
        ("学区调整方案", "学区调整方案意见收集和采纳情况"),
        ("学区调整方案（草案）征求意见", "学区调整方案（草案）意见收集和采纳情况"),
        ("关于《停车管理办法》向社会公开征求意见的公告", "关于《停车管理办法》意见收集和采纳情况"),
        ("征集意见办法", "征集意见办法意见收集和采纳情况"),
        ("学" * 200, f"{'学' * 180}意见收集和采纳情况"),
    ],
)
def test_report_is_called_after_what_was_asked(subject: str, title: str) -> None:
    assert reports.title_on(subject) == title
