"""Hearings: whose sides have which seats, how far a hearing is, and what may be done to it then."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from kaimen.hearings.domain.packs import PACKS, Profile, RulePack, Step
from kaimen.hearings.domain.refusals import (
    BadDate,
    DraftNotPublic,
    EndBeforeStart,
    GroupRepeated,
    HearingBegun,
    HearingInPast,
    ListNotPublished,
    ListTooLate,
    MaterialsMissing,
    NoGroups,
    NoSides,
    NotHeldYet,
    NoticeTooLate,
    ObserverTakesNoSide,
    PlaceMissing,
    RulesNotPublished,
    SelectionNotFinished,
    SideEmpty,
    SideWithoutSeat,
    StepsOutOfOrder,
    TooFewConsumers,
    UnknownGroup,
    UnknownSide,
    WindowMissing,
    WrongState,
)
from kaimen.kit.clock import local_date
from kaimen.kit.lots import Source
from kaimen.kit.recruiting.rules import OPEN_METHODS, Method, Terms

SeatRole = Literal["participant", "observer"]
Standing = Literal["planned", "announced", "postponed", "cancelled"]
Phase = Literal[
    "planned", "announced", "signup_open", "signup_closed", "selecting", "list_published", "materials_delivered",
    "held", "record_confirmed", "reported", "archived", "postponed", "cancelled",
]  # fmt: skip
SeatingState = Literal["open", "closed", "settled", "cancelled"]
Action = Literal[
    "announce", "open", "close", "commit", "draw", "select", "publish_list", "deliver", "hold", "floor", "record",
    "confirm", "report", "archive", "postpone", "resume", "cancel", "replace",
]  # fmt: skip

_SEATING: frozenset[Phase] = frozenset({"announced", "signup_open", "signup_closed", "selecting"})
_LISTED: frozenset[Phase] = frozenset({"list_published", "materials_delivered"})
_POSTPONED: frozenset[Phase] = frozenset({"postponed"})
# One group may draw while another still takes applications; how far each is, its own recruitment guards.
PERMITTED: Mapping[Action, frozenset[Phase]] = {
    "announce": frozenset({"planned"}),
    "open": _SEATING,
    "close": _SEATING,
    "commit": frozenset({"signup_open", "signup_closed", "selecting"}),
    "draw": frozenset({"signup_open", "signup_closed", "selecting"}),
    "select": _SEATING,
    "replace": _SEATING | _LISTED,
    "publish_list": frozenset({"selecting"}),
    "deliver": _LISTED,
    "hold": frozenset({"materials_delivered", "held"}),
    "floor": frozenset({"held"}),
    "record": frozenset({"held"}),
    "confirm": frozenset({"held"}),
    "report": frozenset({"record_confirmed"}),
    "archive": frozenset({"reported"}),
    "postpone": _SEATING | _LISTED,
    "resume": _POSTPONED,
    "cancel": _SEATING | _LISTED | _POSTPONED,
}
"""In which phases each action is possible."""


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """利益方. One line of the sponsor's stakeholder map; `why` it has an interest."""

    name: str
    why: str


class SeatGroup(msgspec.Struct, frozen=True, kw_only=True):
    """席位组. `side`: whom the seats speak for, "" for observers. `recruitment_id`: exists once the rules of selection
    are public."""

    id: UUID
    name: str
    side: str
    role: SeatRole
    terms: Terms
    consumers: bool = False
    recruitment_id: UUID | None = None

    @property
    def seats(self) -> int:
        return self.terms.seats

    @property
    def method(self) -> Method:
        return self.terms.method


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """听证会. Half-open [starts_at, ends_at). `unit` sponsors the decision and organises. `speaking_minutes`: of each
    participant. `opens_at`, `closes_at`: of all sign-ups; `entropy`: the public numbers of all draws. The milestones
    say when each thing happened; None: not yet."""

    id: UUID
    version: int
    unit: str
    catalogue_item: UUID | None
    profile: Profile
    title: str
    matters: str
    draft_url: str
    explanation_url: str
    standing: Standing
    starts_at: datetime
    ends_at: datetime
    place: str
    presider: str
    recorder: str
    speaking_minutes: int
    sides: tuple[Side, ...]
    groups: tuple[SeatGroup, ...]
    steps: tuple[Step, ...]
    opens_at: datetime | None
    closes_at: datetime | None
    entropy: tuple[Source, ...]
    accessibility: str
    reason: str
    sequence: int
    created_at: datetime
    changed_at: datetime
    announced_at: datetime | None = None
    list_published_at: datetime | None = None
    delivered_at: datetime | None = None
    held_at: datetime | None = None
    confirmed_at: datetime | None = None
    reported_at: datetime | None = None
    archived_at: datetime | None = None
    archive_ref: str = ""

    @property
    def pack(self) -> RulePack:
        return PACKS[self.profile]

    @property
    def starts_on(self) -> date:
        """The calendar day in Shanghai from which every clock counts backwards."""
        return local_date(self.starts_at)


class Seating(msgspec.Struct, frozen=True, kw_only=True):
    """How far the recruitment of the group called `name` is. `drawing`: a draw has been committed to. Half-open
    [opens_at, closes_at)."""

    name: str
    state: SeatingState
    opens_at: datetime
    closes_at: datetime
    seated: int = 0
    drawing: bool = False


def phase(hearing: Hearing, seatings: Iterable[Seating], at: datetime) -> Phase:
    """How far the hearing is (domain §2.3); derived, never stored. Without a postponement it never goes back."""
    if hearing.standing != "announced":
        return hearing.standing
    return _last_milestone(hearing) or _phase_of_seats(hearing, seatings, at)


def _last_milestone(hearing: Hearing) -> Phase | None:
    milestones: tuple[tuple[Phase, datetime | None], ...] = (
        ("archived", hearing.archived_at),
        ("reported", hearing.reported_at),
        ("record_confirmed", hearing.confirmed_at),
        ("held", hearing.held_at),
        ("materials_delivered", hearing.delivered_at),
        ("list_published", hearing.list_published_at),
    )
    return next((reached for reached, reached_at in milestones if reached_at is not None), None)


def _phase_of_seats(hearing: Hearing, seatings: Iterable[Seating], at: datetime) -> Phase:
    # An invited group may be settled long before the public can sign up: only sign-up tells how far sign-up is.
    by_application = {group.name for group in hearing.groups if group.method in OPEN_METHODS}
    living = [seating for seating in seatings if seating.state != "cancelled"]
    sign_ups = [seating for seating in living if seating.name in by_application]
    if not all(_is_over(seating, at) for seating in sign_ups):
        return "signup_open" if any(seating.opens_at <= at for seating in sign_ups) else "announced"
    if any(seating.drawing or seating.state == "settled" for seating in living):
        return "selecting"
    return "signup_closed" if sign_ups else "announced"


def _is_over(seating: Seating, at: datetime) -> bool:
    return seating.state != "open" or seating.drawing or at >= seating.closes_at


def must_permit(action: Action, phase: Phase) -> None:
    """Raises WrongState."""
    if phase not in PERMITTED[action]:
        raise WrongState(state=phase)


def group_of(hearing: Hearing, wanted: UUID | str) -> SeatGroup:
    """The group of that id (also as text) or name. Raises UnknownGroup."""
    for group in hearing.groups:
        if wanted in (group.id, str(group.id), group.name):
            return group
    raise UnknownGroup(field="group")


def check_plan(hearing: Hearing, at: datetime) -> None:
    """Whether it can be planned so. Raises EndBeforeStart, BadDate, HearingInPast, StepsOutOfOrder (Art. 17), NoSides,
    NoGroups, GroupRepeated, ObserverTakesNoSide, UnknownSide, SideWithoutSeat (Art. 16(3)) or TooFewConsumers."""
    _must_be_in_reach(opens_at=hearing.opens_at, closes_at=hearing.closes_at)
    _check_times(hearing.starts_at, hearing.ends_at, at)
    _check_steps(hearing)
    _check_groups(hearing)
    seats = {group.name: group.seats for group in hearing.groups}
    if (side := _side_without(hearing, seats)) is not None:
        raise SideWithoutSeat(side=side, field="groups")
    _check_consumers(hearing, seats)


def _check_times(starts_at: datetime, ends_at: datetime, at: datetime) -> None:
    _must_be_in_reach(starts_at=starts_at, ends_at=ends_at)
    if ends_at <= starts_at:
        raise EndBeforeStart(field="ends_at")
    if starts_at <= at:
        raise HearingInPast(field="starts_at")


def _must_be_in_reach(**instants: datetime | None) -> None:
    for field, instant in instants.items():
        if instant is not None and not 2000 <= instant.year < 2100:
            raise BadDate(field=field)


def _check_steps(hearing: Hearing) -> None:
    """Steps may be added, but those that the law names stay, in their order."""
    due = [step.key for step in hearing.pack.order]
    if [step.key for step in hearing.steps if step.key in due] != due:
        raise StepsOutOfOrder(steps=", ".join(due), field="steps")


def _check_groups(hearing: Hearing) -> None:
    if not hearing.sides:
        raise NoSides(field="sides")
    if not hearing.groups:
        raise NoGroups(field="groups")
    name, times = Counter(group.name for group in hearing.groups).most_common(1)[0]
    if times > 1:
        raise GroupRepeated(group=name, field="groups")
    sides = {side.name for side in hearing.sides}
    for group in hearing.groups:
        if group.role == "observer" and group.side:
            raise ObserverTakesNoSide(group=group.name, field="groups")
        if group.role == "participant" and group.side not in sides:
            raise UnknownSide(group=group.name, side=group.side, field="groups")


def _side_without(hearing: Hearing, people: Mapping[str, int]) -> str | None:
    """The first side for which nobody takes part; `people`: how many by the name of their group."""
    taking_part = {group.side for group in hearing.groups if group.role == "participant" and people.get(group.name, 0)}
    return next((side.name for side in hearing.sides if side.name not in taking_part), None)


def _check_consumers(hearing: Hearing, people: Mapping[str, int]) -> None:
    if hearing.pack.consumers_at_least is None:
        return
    least, of = hearing.pack.consumers_at_least
    participants = [group for group in hearing.groups if group.role == "participant"]
    everybody = sum(people[group.name] for group in participants)
    consumers = sum(people[group.name] for group in participants if group.consumers)
    if consumers * of < everybody * least:
        raise TooFewConsumers(consumers=consumers, all=everybody, least=least, of=of, field="groups")


def check_announcement(hearing: Hearing, on: date) -> None:
    """What must be known and public on the day of the notice (Art. 16(2)). Raises DraftNotPublic, PlaceMissing or
    NoticeTooLate."""
    if not hearing.draft_url:
        raise DraftNotPublic(field="draft_url")
    if not hearing.explanation_url:
        raise DraftNotPublic(field="explanation_url")
    if not hearing.place:
        raise PlaceMissing(field="place")
    _check_notice(hearing, on)


def _check_notice(hearing: Hearing, on: date) -> None:
    clock = hearing.pack.clock("notice")
    if clock.blocks(hearing.starts_on, on):
        raise NoticeTooLate(days=clock.days, latest=clock.latest_on(hearing.starts_on), field="starts_at")


def check_window(hearing: Hearing) -> None:
    """Raises WindowMissing where anybody may sign up and nobody said when."""
    if hearing.opens_at is None or hearing.closes_at is None:
        for group in hearing.groups:
            if group.method in OPEN_METHODS:
                raise WindowMissing(group=group.name, field="opens_at" if hearing.opens_at is None else "closes_at")


def check_roster(hearing: Hearing, seatings: Sequence[Seating], on: date) -> None:
    """Whether the list can be published on this day (Art. 16(3)). Raises RulesNotPublished, SelectionNotFinished,
    SideEmpty, TooFewConsumers or ListTooLate."""
    _check_rules(hearing)
    seated = {seating.name: seating.seated for seating in seatings if seating.state == "settled"}
    for group in hearing.groups:
        if group.name not in seated:
            raise SelectionNotFinished(group=group.name)
    if (side := _side_without(hearing, seated)) is not None:
        raise SideEmpty(side=side)
    _check_consumers(hearing, seated)
    _check_list(hearing, on)


def _check_rules(hearing: Hearing) -> None:
    for group in hearing.groups:
        if group.recruitment_id is None:
            raise RulesNotPublished(group=group.name)


def _check_list(hearing: Hearing, on: date) -> None:
    clock = hearing.pack.clock("list")
    if clock.blocks(hearing.starts_on, on):
        raise ListTooLate(days=clock.days, latest=clock.latest_on(hearing.starts_on))


def must_be_ahead(hearing: Hearing, at: datetime) -> None:
    """Raises WrongState for a hearing that is postponed, cancelled or held, HearingBegun when its time has come."""
    if hearing.standing in ("postponed", "cancelled"):
        raise WrongState(state=hearing.standing)
    if hearing.held_at is not None:
        raise WrongState(state="held")
    if hearing.starts_at <= at:
        raise HearingBegun


def must_be_holdable(hearing: Hearing, seatings: Iterable[Seating], at: datetime, missing: int) -> None:
    """Whether it may begin; `missing`: participants without materials that came in time. Who has given up a seat since
    the list may have left a side empty. Raises RulesNotPublished, ListNotPublished, SideEmpty, MaterialsMissing,
    WrongState or NotHeldYet."""
    _check_rules(hearing)
    if hearing.list_published_at is None:
        raise ListNotPublished
    if (side := _side_without(hearing, {seating.name: seating.seated for seating in seatings})) is not None:
        raise SideEmpty(side=side)
    if missing:
        raise MaterialsMissing(missing=missing)
    if hearing.delivered_at is None:
        raise WrongState(state="list_published")
    if at < hearing.starts_at:
        raise NotHeldYet


def resume(
    hearing: Hearing, *, starts_at: datetime, ends_at: datetime, place: str, reason: str, at: datetime
) -> Hearing:
    """A postponed hearing with a new date goes on where it was, at most with its list published: clocks run anew.

    Raises WrongState, EndBeforeStart, BadDate, HearingInPast, PlaceMissing, NoticeTooLate, or ListTooLate when the
    list that is out would come too late for an earlier date."""
    if hearing.standing != "postponed":
        raise WrongState(state=hearing.standing)
    _check_times(starts_at, ends_at, at)
    if not place:
        raise PlaceMissing(field="place")
    resumed = replace(
        hearing,
        standing="announced",
        starts_at=starts_at,
        ends_at=ends_at,
        place=place,
        reason=reason,
        delivered_at=None,
        sequence=hearing.sequence + 1,
        changed_at=at,
    )
    _check_notice(resumed, local_date(at))
    if hearing.list_published_at is not None:
        _check_list(resumed, local_date(hearing.list_published_at))
    return resumed
