"""Groups of opinions and their answers: made by people, with proposals beside them; and the matrix of all answers."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from kaimen.adoption.app import consulting as announcing
from kaimen.adoption.app.desk import Desk
from kaimen.adoption.domain import clusters as domain
from kaimen.adoption.domain import consultations as consulting
from kaimen.adoption.domain import similarity
from kaimen.adoption.domain.clusters import Change, Cluster, ConcentrationRule
from kaimen.adoption.domain.consultations import Consultation
from kaimen.adoption.domain.opinions import Aside, Opinion, must_be_publishable
from kaimen.adoption.domain.refusals import (
    AlreadySetAside,
    GroupEmpty,
    InAnotherGroup,
    NotInGroup,
    UnknownCluster,
    UnknownOpinion,
)
from kaimen.adoption.domain.reports import Group
from kaimen.adoption.store.repository import OpinionFilter
from kaimen.contracts.adoption import Channel, Outcome, Tally
from kaimen.kit.texts import clean_text

LOOKED_AT = 1_000
"""Waiting opinions that one proposal compares."""
_MEMBERS_COMPARED = 50
_CHARACTERS_COMPARED = 60_000
"""About two seconds."""

Number = Annotated[int, Meta(ge=1, le=10_000_000)]
Numbers = Annotated[tuple[Number, ...], Meta(max_length=5_000)]


class ClusterDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """意见组: what its opinions say in one sentence, and which ones they are, by number. `concentrated`: whatever the
    rule says of their number."""

    summary: Annotated[str, Meta(max_length=500)]
    passage: Annotated[str, Meta(max_length=30)] = ""
    opinions: Numbers
    concentrated: bool = False


class ClusterChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only what changes; `add` and `remove` are numbers of opinions."""

    summary: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    passage: Annotated[str, Meta(max_length=30)] | UnsetType = UNSET
    concentrated: bool | UnsetType = UNSET
    add: Numbers = ()
    remove: Numbers = ()


class ChangeDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """修改: the passage of the draft, its words before and after."""

    passage: Annotated[str, Meta(max_length=30)] = ""
    before: Annotated[str, Meta(max_length=2000)] = ""
    after: Annotated[str, Meta(max_length=2000)] = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """答复: what became of the group, why, and what was changed for it."""

    outcome: Outcome
    reason: Annotated[str, Meta(max_length=2000)] = ""
    change: ChangeDraft | None = None


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion that may belong to a group, in full, so that nobody groups it unseen. `score`: 0 to 100. `shared`: the
    words that say why. `same`: numbers of waiting opinions with the very same words."""

    no: int
    text: str
    score: int
    shared: tuple[str, ...]
    same: tuple[int, ...]


class ProposedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Opinions that may say the same; the first one is what the others are held against."""

    opinions: tuple[Candidate, ...]


class Proposals(msgspec.Struct, frozen=True, kw_only=True):
    """What the comparison found among the waiting opinions after number `after`; `next`: the last one looked at, null
    when none are left."""

    looked_at: int
    next: int | None
    groups: tuple[ProposedGroup, ...]


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """采纳矩阵: how far the answers are. `rule` decides which groups are concentrated."""

    received: int
    answered: int
    waiting: int
    aside: dict[Aside, int]
    tally: Tally
    rule: ConcentrationRule
    threshold: int
    groups: tuple[Group, ...]


async def create(desk: Desk, consultation: Consultation, draft: ClusterDraft) -> Cluster:
    """Raises GroupEmpty, UnknownOpinion, InAnotherGroup, AlreadySetAside, PersonalDataInText."""
    if not draft.opinions:
        raise GroupEmpty(field="opinions")
    consulting.must_have_passage(consultation, draft.passage, "passage")
    cluster = Cluster(
        id=desk.work.new_id(),
        consultation_id=consultation.id,
        no=await desk.store.next_cluster_number(consultation.id),
        version=1,
        summary=_summary(draft.summary),
        passage=draft.passage,
        by_hand=draft.concentrated,
        created_by=desk.work.actor.subject,
        created_at=desk.work.at,
        changed_at=desk.work.at,
    )
    await desk.store.add_cluster(cluster)
    await _put_in(desk, cluster, draft.opinions, "opinions")
    await announcing.work_on(desk, consultation.id)
    await _record(desk, "group", cluster)
    return cluster


async def change(desk: Desk, cluster: Cluster, change: ClusterChange) -> Cluster:
    """Another sentence, other members. Raises GroupEmpty when nobody is left, NotInGroup."""
    changed = cluster
    if change.summary is not UNSET:
        changed = replace(changed, summary=_summary(change.summary))
    if change.passage is not UNSET:
        consulting.must_have_passage(await desk.consultation(cluster.consultation_id), change.passage, "passage")
        changed = replace(changed, passage=change.passage)
    if change.concentrated is not UNSET:
        changed = replace(changed, by_hand=change.concentrated)
    if change.remove:
        await _take_out(desk, cluster, change.remove)
    if change.add:
        await _put_in(desk, cluster, change.add, "add")
    if not await _size(desk, cluster):
        raise GroupEmpty(field="remove")
    return await _save(desk, changed, "regroup")


async def dissolve(desk: Desk, cluster: Cluster) -> None:
    """Its opinions wait again."""
    await desk.store.drop_cluster(cluster.id)
    await announcing.work_on(desk, cluster.consultation_id)
    await _record(desk, "dissolve", cluster)


async def answer(desk: Desk, cluster: Cluster, given: Answer) -> Cluster:
    """Raises ReasonForOutcome, ChangeThoughRefused, ChangeWithoutEffect, PersonalDataInText, UnknownPassage."""
    reason = clean_text(given.reason, "reason", most=2000)
    change = await _change_of(desk, cluster, given.change)
    domain.check_answer(given.outcome, reason, concentrated=await is_concentrated(desk, cluster))
    domain.check_change(given.outcome, change)
    must_be_publishable([("reason", reason), ("change", f"{change.before} {change.after}" if change else "")])
    answered = replace(
        cluster, outcome=given.outcome, reason=reason, change=change, answered_by=desk.work.actor.subject
    )
    return await _save(desk, answered, "answer")


async def is_concentrated(desk: Desk, cluster: Cluster) -> bool:
    received = (await desk.store.received([cluster.consultation_id])).get(cluster.consultation_id, 0)
    return cluster.by_hand or desk.rule.applies(await _size(desk, cluster), received)


async def own_cluster(desk: Desk, id: UUID) -> Cluster:
    """Of one's own consultation, which is locked with it. Raises UnknownCluster, Forbidden, ReportFixed and others."""
    cluster = await desk.store.cluster(id)
    if cluster is None:
        raise UnknownCluster
    await desk.workable(cluster.consultation_id)
    cluster = await desk.store.cluster(id)
    if cluster is None:
        raise UnknownCluster
    return cluster


async def matrix(desk: Desk, consultation: Consultation) -> Matrix:
    counts = await desk.store.counts(consultation.id)
    clusters = await desk.store.clusters(consultation.id)
    received = sum(count.number for count in counts)
    channels: dict[UUID, Counter[Channel]] = {}
    aside: Counter[Aside] = Counter()
    for count in counts:
        if count.cluster_id is not None:
            channels.setdefault(count.cluster_id, Counter())[count.channel] += count.number
        elif count.aside is not None:
            aside[count.aside] += count.number
    groups = tuple(_group(desk.rule, each, channels.get(each.id, Counter()), received) for each in clusters)
    answered = sum(group.size for group in groups if group.outcome is not None)
    return Matrix(
        received=received,
        answered=answered,
        waiting=received - answered - aside.total(),
        aside=dict(aside),
        tally=domain.tally([(group.outcome, group.size) for group in groups], aside),
        rule=desk.rule,
        threshold=desk.rule.threshold(received),
        groups=groups,
    )


async def tallies(desk: Desk, consultation: Consultation) -> dict[Channel, Tally]:
    """What became of the opinions of each channel."""
    outcomes: dict[UUID, Outcome | None] = {
        each.id: each.outcome for each in await desk.store.clusters(consultation.id)
    }
    by_channel: dict[Channel, tuple[list[tuple[Outcome | None, int]], Counter[Aside]]] = {}
    for count in await desk.store.counts(consultation.id):
        groups, aside = by_channel.setdefault(count.channel, ([], Counter()))
        if count.aside is not None:
            aside[count.aside] += count.number
        else:
            groups.append((outcomes[count.cluster_id] if count.cluster_id else None, count.number))
    return {channel: domain.tally(groups, aside) for channel, (groups, aside) in by_channel.items()}


async def proposals(desk: Desk, consultation: Consultation, cluster_id: UUID | None, after: int) -> Proposals:
    """Waiting opinions that may say the same as each other or, with `cluster_id`, as its members. Raises
    UnknownCluster."""
    wanted = OpinionFilter(after=after, limit=LOOKED_AT, state="waiting")
    found = await desk.store.opinions(consultation.id, wanted)
    waiting = _as_many_as_fit(found)
    texts = [(each.no, each.text) for each in waiting]
    if cluster_id is None:
        proposed = await asyncio.to_thread(similarity.propose, texts)
        groups = [[similarity.Likeness(each.no, 100, ()), *each.alike] for each in proposed]
    else:
        known = await _said_in(desk, consultation, cluster_id)
        groups = [await asyncio.to_thread(similarity.resembling, known, texts)]
    shown = tuple([await _candidates(desk, consultation, waiting, group) for group in groups if group])
    more = len(waiting) < len(found) or len(found) == LOOKED_AT
    return Proposals(looked_at=len(waiting), next=waiting[-1].no if more else None, groups=shown)


async def _said_in(desk: Desk, consultation: Consultation, cluster_id: UUID) -> list[str]:
    cluster = await desk.store.cluster(cluster_id)
    if cluster is None or cluster.consultation_id != consultation.id:
        raise UnknownCluster
    members = await desk.store.opinions(consultation.id, OpinionFilter(limit=_MEMBERS_COMPARED, cluster=cluster.id))
    return [cluster.summary, *(each.text for each in _as_many_as_fit(members))]


def _as_many_as_fit(opinions: Sequence[Opinion]) -> Sequence[Opinion]:
    """Each is compared with each: what that costs grows with the square of all their characters."""
    characters = accumulate(len(each.text) for each in opinions)
    return opinions[: max(1, sum(total <= _CHARACTERS_COMPARED for total in characters))]


async def _candidates(
    desk: Desk, consultation: Consultation, waiting: Sequence[Opinion], group: Sequence[similarity.Likeness]
) -> ProposedGroup:
    texts = {each.no: each.text for each in waiting}
    numbers = [each.no for each in group]
    same = await desk.store.same_as(consultation.id, numbers)
    # Listed once, with the first of the group: which of several equal texts it is listed with means nothing.
    others = tuple(no for no in same if no not in numbers)
    return ProposedGroup(
        opinions=tuple(
            Candidate(
                no=each.no, text=texts[each.no], score=each.score, shared=each.shared, same=others if not n else ()
            )
            for n, each in enumerate(group)
        )
    )


async def _put_in(desk: Desk, cluster: Cluster, numbers: Sequence[int], field: str) -> None:
    wanted = list(dict.fromkeys(numbers))
    found = await desk.store.opinions_numbered(cluster.consultation_id, wanted)
    if len(found) != len(wanted):
        raise UnknownOpinion(field=field)
    for opinion in found:
        if opinion.aside is not None:
            raise AlreadySetAside(no=opinion.no, field=field)
        if opinion.cluster_id not in (None, cluster.id):
            other = await desk.store.cluster(opinion.cluster_id)
            raise InAnotherGroup(no=opinion.no, group=other.no if other else "?", field=field)
    await desk.store.place(cluster.consultation_id, wanted, cluster.id)


async def _take_out(desk: Desk, cluster: Cluster, numbers: Sequence[int]) -> None:
    found = await desk.store.opinions_numbered(cluster.consultation_id, numbers)
    inside = {each.no for each in found if each.cluster_id == cluster.id}
    for no in numbers:
        if no not in inside:
            raise NotInGroup(no=no, field="remove")
    await desk.store.place(cluster.consultation_id, numbers, None)


async def _size(desk: Desk, cluster: Cluster) -> int:
    counts = await desk.store.counts(cluster.consultation_id)
    return sum(count.number for count in counts if count.cluster_id == cluster.id)


async def _change_of(desk: Desk, cluster: Cluster, draft: ChangeDraft | None) -> Change | None:
    if draft is None or not (draft.passage or draft.before or draft.after):
        return None
    passage = draft.passage or cluster.passage
    consulting.must_have_passage(await desk.consultation(cluster.consultation_id), passage, "change.passage")
    return Change(
        passage=passage,
        before=clean_text(draft.before, "change.before", most=2000),
        after=clean_text(draft.after, "change.after", most=2000),
    )


async def _save(desk: Desk, cluster: Cluster, action: str) -> Cluster:
    saved = replace(cluster, version=cluster.version + 1, changed_at=desk.work.at)
    await desk.store.save_cluster(saved)
    await announcing.work_on(desk, cluster.consultation_id)
    await _record(desk, action, saved)
    return saved


async def _record(desk: Desk, action: str, cluster: Cluster) -> None:
    await desk.record(action, f"cluster:{cluster.id}")


def _summary(text: str) -> str:
    summary = clean_text(text, "summary", least=1, most=500)
    must_be_publishable([("summary", summary)])
    return summary


def _group(rule: ConcentrationRule, cluster: Cluster, channels: Counter[Channel], received: int) -> Group:
    size = channels.total()
    return Group(
        id=cluster.id,
        version=cluster.version,
        no=cluster.no,
        consultation_id=cluster.consultation_id,
        summary=cluster.summary,
        passage=cluster.passage,
        size=size,
        concentrated=cluster.by_hand or rule.applies(size, received),
        outcome=cluster.outcome,
        reason=cluster.reason,
        change=cluster.change,
        channels=dict(channels),
    )
