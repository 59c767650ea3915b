"""What is said at a hearing: the floor (HR5), the record and its sign-off (HR3), the answer to each point (HR4)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec
from msgspec.structs import replace

from kaimen.hearings.domain.refusals import (
    LinesMisnumbered,
    NobodySpeaking,
    NoRecord,
    NotAParticipant,
    NotYourRecord,
    ObjectionEmpty,
    PassageNeeded,
    PointAnsweredTwice,
    ReasonForDisposition,
    ReasonMissing,
    RecordEmpty,
    SpeakerBusy,
    StaleRecord,
    TurnTooEarly,
    UnansweredPoint,
    UnknownPoint,
)

Answer = Literal["confirmed", "objected", "refused", "absent"]
SigningWay = Literal["page", "paper"]
Disposition = Literal["adopted", "partly", "not_adopted", "already_covered", "out_of_scope"]
NEEDS_REASON: frozenset[Disposition] = frozenset({"not_adopted", "partly", "out_of_scope"})
NEEDS_PASSAGE: frozenset[Disposition] = frozenset({"adopted", "partly"})


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """发言. Half-open [began_at, ended_at); None: still speaking. `side` is "" for presider, sponsor and experts."""

    speaker: str
    side: str
    step: str
    began_at: datetime
    ended_at: datetime | None = None


def begin(turns: Sequence[Turn], turn: Turn) -> tuple[Turn, ...]:
    """The ledger with a new turn; it ends the former one. Raises SpeakerBusy or TurnTooEarly."""
    last = turns[-1] if turns else None
    if last is not None and last.ended_at is None:
        if last.speaker == turn.speaker:
            raise SpeakerBusy(speaker=turn.speaker)
        return (*end(turns, turn.began_at), turn)
    if last is not None and last.ended_at is not None and turn.began_at < last.ended_at:
        raise TurnTooEarly
    return (*turns, turn)


def end(turns: Sequence[Turn], at: datetime) -> tuple[Turn, ...]:
    """The ledger with the present turn ended. Raises NobodySpeaking or TurnTooEarly."""
    if not turns or turns[-1].ended_at is not None:
        raise NobodySpeaking
    if at < turns[-1].began_at:
        raise TurnTooEarly
    return (*turns[:-1], replace(turns[-1], ended_at=at))


def seconds_of(turns: Iterable[Turn], at: datetime) -> dict[str, int]:
    """How long each speaker has spoken until `at`, in seconds; each turn counts whole seconds."""
    spoken: Counter[str] = Counter()
    for turn in turns:
        spoken[turn.speaker] += _seconds(turn, at)
    return dict(spoken)


def by_side(turns: Iterable[Turn], at: datetime) -> dict[str, int]:
    """The same by side; the seconds of both add up alike."""
    spoken: Counter[str] = Counter()
    for turn in turns:
        spoken[turn.side] += _seconds(turn, at)
    return dict(spoken)


def _seconds(turn: Turn, at: datetime) -> int:
    return max(0, int(((turn.ended_at or at) - turn.began_at).total_seconds()))


def remaining(turns: Iterable[Turn], speakers: Iterable[str], speaking_minutes: int, at: datetime) -> dict[str, int]:
    """Seconds that each of `speakers` still has of the minutes that all have alike; negative: overdrawn."""
    spoken = seconds_of(turns, at)
    return {speaker: speaking_minutes * 60 - spoken.get(speaker, 0) for speaker in speakers}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """笔录的一条. Numbered from 1. `is_point`: an opinion that the report must answer."""

    no: int
    step: str
    speaker: str
    text: str
    is_point: bool = False


class RecordVersion(msgspec.Struct, frozen=True, kw_only=True):
    """听证笔录的一版. `sha256`: lower-case hex over its lines and `recording_ref`; what a participant signs."""

    number: int
    lines: tuple[Line, ...]
    recording_ref: str
    written_at: datetime
    sha256: str


class SignOff(msgspec.Struct, frozen=True, kw_only=True):
    """笔录确认. `version`: the record's number that was read. `text`: the objection, or the reason of a refusal or an
    absence; it stands beside the record and never changes it."""

    pseudonym: str
    version: int
    answer: Answer
    text: str
    way: SigningWay
    at: datetime


def write(former: RecordVersion | None, lines: Sequence[Line], recording_ref: str, at: datetime) -> RecordVersion:
    """The next version; answers to the former one are void by its number. Raises RecordEmpty or LinesMisnumbered."""
    if not lines:
        raise RecordEmpty(field="lines")
    if [line.no for line in lines] != list(range(1, len(lines) + 1)):
        raise LinesMisnumbered(field="lines")
    return RecordVersion(
        number=1 if former is None else former.number + 1,
        lines=tuple(lines),
        recording_ref=recording_ref,
        written_at=at,
        sha256=digest_of(lines, recording_ref),
    )


def digest_of(lines: Sequence[Line], recording_ref: str) -> str:
    """SHA-256 (hex) of the JSON array [recording_ref, lines], in UTF-8, compact, object keys in sorted order."""
    return sha256(msgspec.json.encode([recording_ref, list(lines)], order="sorted")).hexdigest()


def check_sign_off(
    sign_off: SignOff, latest: RecordVersion | None, participants: Collection[str], signer: str | None
) -> None:
    """`signer`: the participant who answers on the page; None: staff who enter a paper.

    Raises NoRecord, NotAParticipant, NotYourRecord, StaleRecord, ObjectionEmpty or ReasonMissing."""
    if latest is None:
        raise NoRecord
    if sign_off.pseudonym not in participants:
        raise NotAParticipant(pseudonym=sign_off.pseudonym, field="pseudonym")
    if signer != (sign_off.pseudonym if sign_off.way == "page" else None):
        raise NotYourRecord
    if sign_off.version != latest.number:
        raise StaleRecord(latest=latest.number, field="version")
    if not sign_off.text.strip() and sign_off.answer == "objected":
        raise ObjectionEmpty(field="text")
    if not sign_off.text.strip() and sign_off.answer in ("refused", "absent"):
        raise ReasonMissing(field="text")


def outstanding(participants: Iterable[str], sign_offs: Iterable[SignOff], version: int) -> list[str]:
    """Who, in the order given, has not answered this version of the record."""
    answered = {each.pseudonym for each in sign_offs if each.version == version}
    return [pseudonym for pseudonym in participants if pseudonym not in answered]


def is_settled(participants: Collection[str], sign_offs: Iterable[SignOff], version: int) -> bool:
    """Whether each participant has confirmed, objected or refused, or is noted as absent (713 Art. 17(3))."""
    return bool(participants) and not outstanding(participants, sign_offs, version)


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """草案修改处. An addition has no `before`, a deletion no `after`."""

    where: str
    before: str
    after: str


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """意见处理. `no`: the line of the record that it answers."""

    no: int
    disposition: Disposition
    reason: str = ""
    passage: Passage | None = None


def check_report(lines: Iterable[Line], points: Sequence[Point]) -> None:
    """Exactly one disposition for each point (713 Art. 18). Raises UnknownPoint, PointAnsweredTwice, UnansweredPoint,
    ReasonForDisposition or PassageNeeded."""
    due = [line.no for line in lines if line.is_point]
    answers = Counter(point.no for point in points)
    for no, times in answers.items():
        if no not in due:
            raise UnknownPoint(no=no, field="points")
        if times > 1:
            raise PointAnsweredTwice(no=no, field="points")
    for no in due:
        if no not in answers:
            raise UnansweredPoint(no=no, field="points")
    for point in points:
        _check_disposition(point)


def _check_disposition(point: Point) -> None:
    if point.disposition in NEEDS_REASON and not point.reason.strip():
        raise ReasonForDisposition(no=point.no, field="points")
    if point.disposition in NEEDS_PASSAGE and not _shows_a_change(point.passage):
        raise PassageNeeded(no=point.no, field="points")


def _shows_a_change(passage: Passage | None) -> bool:
    return passage is not None and bool(passage.where.strip()) and passage.before != passage.after
