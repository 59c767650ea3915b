"""Rule packs: what each kind of hearing owes and when, as data (HR1). Special law prevails over the general profile.

Sources say what was read and what is from memory; the public reads them beside each date."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Literal

import msgspec

from kaimen.kit.workdays import Workdays

Profile = Literal["major_decision", "price"]
ClockKind = Literal["notice", "draw", "list", "materials"]
Voice = Literal["presider", "sponsor", "participants", "everyone", "recorder"]


class Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A period backwards from the hearing, in calendar days; the hearing's own day is not counted.

    `days`: the floor. `plan_days`: what is planned for. Only a `binding` clock blocks, another one advises."""

    kind: ClockKind
    days: int
    plan_days: int
    binding: bool
    source_zh: str
    source_en: str

    def latest_on(self, starts_on: date) -> date:
        return starts_on - timedelta(days=self.days)

    def blocks(self, starts_on: date, on: date) -> bool:
        """Whether `on` is too late for a hearing on `starts_on`."""
        return self.binding and on > self.latest_on(starts_on)


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """环节. One step of the proceedings; `voice`: who speaks in it, `minutes`: how long it is planned."""

    key: str
    title_zh: str
    title_en: str
    minutes: int
    voice: Voice


class RulePack(msgspec.Struct, frozen=True, kw_only=True):
    """`consumers_at_least`: the least share of consumers among participants as (part, of); None without one."""

    profile: Profile
    title_zh: str
    title_en: str
    clocks: tuple[Clock, ...]
    consumers_at_least: tuple[int, int] | None
    order: tuple[Step, ...]

    def clock(self, kind: ClockKind) -> Clock:
        """Raises KeyError for a kind that this pack does not know."""
        return {clock.kind: clock for clock in self.clocks}[kind]


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """`latest_on`: the last day that keeps the floor. `plan_on`: the working day to plan for; None when the holiday
    notice of its year is not out."""

    kind: ClockKind
    latest_on: date
    plan_on: date | None
    binding: bool
    source_zh: str
    source_en: str


def due_dates(pack: RulePack, starts_on: date, workdays: Workdays) -> tuple[Due, ...]:
    """The pack's clocks for a hearing on `starts_on`, in the pack's order."""
    return tuple(
        Due(
            kind=clock.kind,
            latest_on=clock.latest_on(starts_on),
            plan_on=_last_working_day(starts_on - timedelta(days=clock.plan_days), workdays),
            binding=clock.binding,
            source_zh=clock.source_zh,
            source_en=clock.source_en,
        )
        for clock in pack.clocks
    )


def _last_working_day(until: date, workdays: Workdays) -> date | None:
    """The last working day on or before `until`. A rest day moves an end later only (Civil Code Art. 203), so nothing
    that is counted backwards gains by it: one has to be earlier."""
    day = until
    while (working := workdays.is_working_day(day)) is False:
        day -= timedelta(days=1)
    return day if working else None


# 713 Art. 17 fixes what happens and in which sequence; the minutes are ours.
_ORDER = (
    Step(key="opening", title_zh="主持人宣布开始", title_en="Opening", minutes=5, voice="presider"),
    Step(
        key="presentation",
        title_zh="承办单位介绍草案、依据和有关情况",
        title_en="The sponsor presents the draft, its basis and the facts",
        minutes=20,
        voice="sponsor",
    ),
    Step(
        key="statements",
        title_zh="听证参加人陈述意见",
        title_en="Participants state their opinions",
        minutes=60,
        voice="participants",
    ),
    Step(
        key="questions",
        title_zh="询问、质证与解释说明",
        title_en="Participants ask and cross-examine; sponsor and experts explain",
        minutes=30,
        voice="everyone",
    ),
    Step(key="debate", title_zh="辩论", title_en="Debate", minutes=30, voice="participants"),
    Step(
        key="record",
        title_zh="宣读、确认笔录并签字",
        title_en="The record is read back, confirmed and signed",
        minutes=15,
        voice="recorder",
    ),
)

# 713 gives neither notice nor list a number of days. The list is planned with the materials, because these go to
# those who are on it; thirty days of notice, as for prices, leave two weeks for sign-up.
_MAJOR_DECISION = RulePack(
    profile="major_decision",
    title_zh="重大行政决策听证",
    title_en="Hearing on a major administrative decision",
    clocks=(
        Clock(
            kind="notice",
            days=1,
            plan_days=30,
            binding=True,
            source_zh="《重大行政决策程序暂行条例》（国务院令第713号）第十六条第二款（已读）：提前公布，未定天数",
            source_en="Interim Regulations on Major Administrative Decisions (State Council Decree 713) Art. 16(2) "
            "(read): in advance, no number of days",
        ),
        Clock(
            kind="list",
            days=1,
            plan_days=8,
            binding=True,
            source_zh="《重大行政决策程序暂行条例》第十六条第三款（已读）：提前公布名单，未定天数",
            source_en="Decree 713 Art. 16(3) (read): the list in advance, no number of days",
        ),
        Clock(
            kind="materials",
            days=7,
            plan_days=8,
            binding=True,
            source_zh="《重大行政决策程序暂行条例》第十六条第三款（已读）：举行前7日送达；"
            "按日历日计算、恰满7日予以提示，是本系统的理解",
            source_en="Decree 713 Art. 16(3) (read): delivered 7 days before; that these are calendar days, and that "
            "exactly 7 earns a warning, is our reading",
        ),
    ),
    consumers_at_least=None,
    order=_ORDER,
)

# Whether 前 means clear days is not settled in any text that was read: each plan is a day longer than its floor.
# 2/5 is read in the rules of Guangdong [V], and remembered of the national measures [M]. That proceedings follow
# 713 Art. 17 here too is our choice.
_PRICE = RulePack(
    profile="price",
    title_zh="政府制定价格听证",
    title_en="Price hearing",
    clocks=(
        Clock(
            kind="notice",
            days=30,
            plan_days=31,
            binding=True,
            source_zh="《价格法》第二十三条（已读）；《政府制定价格听证办法》（国家发展改革委令2018年第21号，"
            "2019年1月10日起施行；此项据记忆）：举行30日前公告；安徽省的规则第十九至二十一条（已读）相同",
            source_en="Price Law Art. 23 (read); Measures for Price Hearings (NDRC Order 21 of 2018, in force "
            "2019-01-10; this item from memory): announced 30 days before; the rules of Anhui Art. 19–21 (read) agree",
        ),
        Clock(
            kind="draw",
            days=20,
            plan_days=21,
            binding=False,
            source_zh="一市的规则（已读摘录，未载市名）：举行20日前经公证抽签，由媒体或报名人见证；此处仅作提示",
            source_en="A municipal rule (excerpt read, the city is not named in it): drawn 20 days before, notarised, "
            "with media or applicants as witnesses; here it only advises",
        ),
        Clock(
            kind="list",
            days=15,
            plan_days=16,
            binding=True,
            source_zh="《政府制定价格听证办法》（据记忆）：举行15日前公布名单和方案；"
            "安徽省的规则第十九至二十一条（已读）相同",
            source_en="Measures for Price Hearings (from memory): list and plan 15 days before; the rules of Anhui "
            "Art. 19–21 (read) agree",
        ),
        Clock(
            kind="materials",
            days=15,
            plan_days=16,
            binding=True,
            source_zh="《政府制定价格听证办法》（据记忆）：举行15日前送达材料；"
            "安徽省的规则第十九至二十一条（已读）相同",
            source_en="Measures for Price Hearings (from memory): materials 15 days before; the rules of Anhui "
            "Art. 19–21 (read) agree",
        ),
    ),
    consumers_at_least=(2, 5),
    order=_ORDER,
)

PACKS: Mapping[Profile, RulePack] = {pack.profile: pack for pack in (_MAJOR_DECISION, _PRICE)}
