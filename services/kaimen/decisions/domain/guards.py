"""What must be there before an item goes on (713 Art. 15 to 31, rows 38 and 74). Each further state needs everything
that the former ones needed: a paper that is replaced by a worse one stops the item at the next step."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import msgspec

from kaimen.contracts.decisions import ItemState
from kaimen.decisions.domain.items import Item, targets
from kaimen.decisions.domain.papers import Paper, PaperKind
from kaimen.decisions.domain.refusals import ConditionsMissing
from kaimen.decisions.domain.steps import Step, StepKind, of_kind
from kaimen.kit.refusals import FieldError
from kaimen.kit.workdays import Workdays

REVIEW_DAYS = 7
"""Working days that the legality reviewer is given at least, the day of receipt not counted (Art. 26)."""


class Gap(msgspec.Struct, frozen=True):
    """A condition that is not met. `field`: where it can be mended: `papers.<kind>`, `steps.<kind>`."""

    field: str
    zh: str
    en: str


class Evidence(msgspec.Struct, frozen=True):
    """What is known of an item: its filed papers, and what others said about it."""

    papers: Mapping[PaperKind, Paper]
    steps: tuple[Step, ...]


Guard = Callable[[Item, Evidence, Workdays], Iterator[Gap]]


def _before_consulting(item: Item, evidence: Evidence, _: Workdays) -> Iterator[Gap]:
    consulted = of_kind(evidence.steps, "consultation")
    if not consulted and "draft" not in evidence.papers:
        yield Gap("papers.draft", "缺少决策草案（条例第十二条、第十五条）", "The draft is missing (713 Art. 12, 15)")
    if not item.terms.participation:
        return
    if not consulted and "explanation" not in evidence.papers:
        yield Gap("papers.explanation", "缺少草案说明（条例第十五条）", "The explanation is missing (713 Art. 15)")
    if not consulted:
        yield Gap(
            "steps.consultation",
            "尚未公开征求意见：渠道、方式和期限应当公布（条例第十五条）",
            "No public consultation has been opened, with its channels and last day (713 Art. 15)",
        )


def _before_reviewing(item: Item, evidence: Evidence, _: Workdays) -> Iterator[Gap]:
    for consultation in of_kind(evidence.steps, "consultation"):
        if consultation.state != "closed":
            yield Gap(
                "steps.consultation",
                f"“{consultation.title}”征求意见尚未结束（条例第十八条）",
                f"The consultation {consultation.title} has not ended (713 Art. 18)",
            )
    yield from _unreported_hearings(evidence)
    yield from _expert_review(item, evidence)
    yield from _risk_assessment(item, evidence)
    if item.terms.enterprise_related and "enterprise_consultation" not in evidence.papers:
        yield Gap(
            "papers.enterprise_consultation",
            "涉企事项应先专门听取有关行业和企业代表意见（任务表第74项）",
            "Representatives of the sectors and enterprises concerned must be heard first (row 74)",
        )


def _unreported_hearings(evidence: Evidence) -> Iterator[Gap]:
    reported = {step.source_id for step in of_kind(evidence.steps, "hearing_report")}
    for hearing in of_kind(evidence.steps, "hearing"):
        if hearing.state != "cancelled" and hearing.source_id not in reported:
            yield Gap(
                "steps.hearing",
                f"“{hearing.title}”听证报告尚未公布（条例第十八条）",
                f"The hearing {hearing.title} has no report yet (713 Art. 18)",
            )


def _expert_review(item: Item, evidence: Evidence) -> Iterator[Gap]:
    if not item.terms.expert_required:
        return
    review = evidence.papers.get("expert_review")
    if review is None:
        yield Gap(
            "papers.expert_review", "缺少专家论证意见（条例第十九条）", "The expert review is missing (713 Art. 19)"
        )
        return
    if not review.signed:
        yield Gap(
            "papers.expert_review.signed",
            "专家论证意见未署名、盖章（条例第十九条）",
            "The expert review is not signed and sealed (713 Art. 19)",
        )
    if not review.independent:
        yield Gap(
            "papers.expert_review.independent",
            "专家与决策事项有直接利害关系（条例第二十条）",
            "An expert has a direct interest in the matter (713 Art. 20)",
        )


def _risk_assessment(item: Item, evidence: Evidence) -> Iterator[Gap]:
    if not item.terms.risk_required:
        return
    assessment = evidence.papers.get("risk_assessment")
    if assessment is None:
        yield Gap(
            "papers.risk_assessment",
            "缺少风险评估报告（条例第二十二条、第二十三条）",
            "The risk assessment is missing (713 Art. 22, 23)",
        )
    elif assessment.result != "controllable":
        yield Gap(
            "papers.risk_assessment.result",
            "风险不可控，应先调整草案（条例第二十四条）",
            "The risk is not controllable; the draft must be adjusted first (713 Art. 24)",
        )


def _before_ready(item: Item, evidence: Evidence, days: Workdays) -> Iterator[Gap]:
    review = evidence.papers.get("legality_review")
    if review is None:
        yield Gap(
            "papers.legality_review",
            "缺少合法性审查意见（条例第二十五条）",
            "The legality review is missing (713 Art. 25)",
        )
    else:
        yield from _legality(item, review, days)
        yield from _asked_before_review(evidence, review)
    if item.terms.market_activity and "fair_competition_review" not in evidence.papers:
        yield Gap(
            "papers.fair_competition_review",
            "涉及市场主体经济活动，缺少公平竞争审查（条例第二十九条）",
            "It touches market activity; the fair-competition review is missing (713 Art. 29)",
        )


def _legality(item: Item, review: Paper, days: Workdays) -> Iterator[Gap]:
    if review.opinion != "lawful" and not item.terms.exploratory_risk:
        yield Gap(
            "papers.legality_review.opinion",
            "合法性审查意见不是“合法”（条例第二十五条）",
            "The legality review does not say that it is lawful (713 Art. 25)",
        )
    assert review.received_on is not None
    assert review.asked_for_by is not None
    earliest = days.plus(review.received_on, REVIEW_DAYS)
    if earliest is None:
        yield Gap(
            "papers.legality_review.asked_for_by",
            "放假安排尚未公布，七个工作日的审查时间无法计算（条例第二十六条）",
            "The holiday notice is not out, so the seven working days cannot be counted (713 Art. 26)",
        )
    elif review.asked_for_by < earliest:
        yield Gap(
            "papers.legality_review.asked_for_by",
            f"审查时间少于七个工作日，最早应为 {earliest}（条例第二十六条）",
            f"The reviewer was given less than seven working days; {earliest} is the earliest day (713 Art. 26)",
        )


def _asked_before_review(evidence: Evidence, review: Paper) -> Iterator[Gap]:
    asked = max((step.on for step in _ended(evidence)), default=None)
    if asked and review.opinion_on and review.opinion_on < asked:
        yield Gap(
            "papers.legality_review.opinion_on",
            f"合法性审查意见（{review.opinion_on}）不能早于公开征求意见（{asked} 起）（条例第十五条、第二十五条）",
            f"The legality opinion is of {review.opinion_on}, before the public was asked from {asked} on"
            " (713 Art. 15, 25)",
        )


def _ended(evidence: Evidence) -> list[Step]:
    """The consultations that are over; one that runs holds the item up by itself."""
    return [step for step in of_kind(evidence.steps, "consultation") if step.state == "closed"]


def _before_deliberated(_: Item, evidence: Evidence, __: Workdays) -> Iterator[Gap]:
    deliberation = evidence.papers.get("deliberation")
    if deliberation is None:
        yield Gap(
            "papers.deliberation",
            "缺少常务会议或者全体会议讨论记录（条例第三十条）",
            "The record of the executive or plenary meeting is missing (713 Art. 30)",
        )
    elif not deliberation.head_spoke_last:
        yield Gap(
            "papers.deliberation.head_spoke_last",
            "行政首长应当最后发表意见（条例第三十条）",
            "The head must have spoken last (713 Art. 30)",
        )
    review = evidence.papers.get("legality_review")
    held_on, opinion_on = deliberation and deliberation.held_on, review and review.opinion_on
    if held_on and opinion_on and held_on < opinion_on:
        yield Gap(
            "papers.deliberation.held_on",
            f"集体讨论（{held_on}）不能早于合法性审查意见（{opinion_on}）（条例第二十五条）",
            f"It was deliberated on {held_on}, before the legality opinion of {opinion_on} (713 Art. 25)",
        )
    last_day = max((step.until_on for step in _ended(evidence) if step.until_on), default=None)
    if held_on and last_day and held_on < last_day:
        yield Gap(
            "papers.deliberation.held_on",
            f"集体讨论（{held_on}）不能早于征求意见截止日（{last_day}）（条例第十八条、第三十条）",
            f"It was deliberated on {held_on}, before the consultation ended on {last_day} (713 Art. 18, 30)",
        )


def _before_issued(_: Item, evidence: Evidence, __: Workdays) -> Iterator[Gap]:
    report, deliberation = evidence.papers.get("party_report"), evidence.papers.get("deliberation")
    reported_on, held_on = report and report.reported_on, deliberation and deliberation.held_on
    if reported_on and held_on and reported_on < held_on:
        yield Gap(
            "papers.party_report.reported_on",
            f"请示报告（{reported_on}）不能早于集体讨论（{held_on}）（条例第三十条、第三十一条）",
            f"It was reported on {reported_on}, before the deliberation of {held_on} (713 Art. 30, 31)",
        )
    if report is None:
        yield Gap(
            "papers.party_report",
            "出台前应向同级党委请示报告（条例第三十一条）",
            "It must be reported to the Party committee before it is issued (713 Art. 31)",
        )


def _before_archived(item: Item, evidence: Evidence) -> Iterator[Gap]:
    if item.state == "issued" and any(of_kind(evidence.steps, kind) for kind in _ASKED):
        yield Gap(
            "steps.report",
            "听取过公众意见，应先公布采纳情况（任务表第39项）",
            "The public was asked, so the report on its opinions comes first (row 39)",
        )


_ASKED: tuple[StepKind, ...] = ("consultation", "hearing_held", "deadline")
"""What shows that the public was asked, whatever the catalogue had planned."""
_GUARDS: tuple[tuple[ItemState, Guard], ...] = (
    ("consulting", _before_consulting),
    ("reviewing", _before_reviewing),
    ("ready", _before_ready),
    ("deliberated", _before_deliberated),
    ("issued", _before_issued),
)
_GUARDED: tuple[ItemState, ...] = tuple(state for state, _ in _GUARDS)


def gaps(item: Item, to: ItemState, evidence: Evidence, days: Workdays) -> tuple[Gap, ...]:
    """Everything that is missing before the item can become `to`; going back or aside needs nothing. What is suspended
    returns to where it was: that was shown before."""
    if to == "archived":
        return tuple(_before_archived(item, evidence))
    if to not in _GUARDED or to == item.suspended_in:
        return ()
    needed = _GUARDS[: _GUARDED.index(to) + 1]
    return tuple(gap for _, guard in needed for gap in guard(item, evidence, days))


def is_settled(item: Item, evidence: Evidence) -> bool:
    """Whether a document is out and nobody owes a report on opinions: only its filing is left (row 39)."""
    return item.state == "issued" and "archived" in targets(item) and not any(_before_archived(item, evidence))


def must_be_complete(item: Item, to: ItemState, evidence: Evidence, days: Workdays) -> None:
    """Raises ConditionsMissing, naming each one."""
    found = gaps(item, to, evidence, days)
    if found:
        errors = [FieldError(gap.field, gap.zh, gap.en) for gap in found]
        raise ConditionsMissing(count=len(found), to=to, errors=errors)


def must_follow_papers(evidence: Evidence, first_day: date) -> None:
    """Whether deliberation and report to the Party committee came before the document (Art. 30, 31); `first_day`: the
    earliest that it bears. Raises ConditionsMissing, naming each."""
    deliberation, report = evidence.papers.get("deliberation"), evidence.papers.get("party_report")
    held_on, reported_on = deliberation and deliberation.held_on, report and report.reported_on
    errors = []
    if held_on is not None and first_day < held_on:
        errors.append(
            FieldError(
                "signed_on",
                f"文件日期（{first_day}）不能早于集体讨论（{held_on}）（条例第三十条）",
                f"The document is of {first_day}, before the deliberation of {held_on} (713 Art. 30)",
            )
        )
    if reported_on is None or first_day < reported_on:
        errors.append(
            FieldError(
                "papers.party_report.reported_on",
                f"请示报告（{reported_on or '未归入'}）应在出台之前，即不晚于 {first_day}（条例第三十一条）",
                f"The report ({reported_on or 'missing'}) must come before the document, by {first_day} (713 Art. 31)",
            )
        )
    if errors:
        raise ConditionsMissing(count=len(errors), to="issued", errors=errors)
