"""What the engine refuses. These know no HTTP; a service turns them into its own refusals. Each says why in two
languages: `zh` and `en`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kaimen.kit.lots.contradictions import Explanation


class LotsError(Exception):
    """Any refusal of the engine."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class NotCanonical(LotsError):
    """A value that has no canonical form."""

    def __init__(self, what: str) -> None:
        super().__init__(f"该内容没有规范形式：{what}", f"no canonical form: {what}")


class BadRules(LotsError):
    """Rules that no draw can follow; `path` is a JSON Pointer (RFC 6901) into the rules."""

    def __init__(self, path: str, zh: str, en: str) -> None:
        self.path = path
        super().__init__(f"规则 {path}：{zh}", f"rules {path}: {en}")


class BadPool(LotsError):
    """A pool that does not fit its rules; `pseudonym` is whose row is at fault."""

    def __init__(self, pseudonym: str, zh: str, en: str) -> None:
        self.pseudonym = pseudonym
        super().__init__(f"{pseudonym}：{zh}", f"{pseudonym}: {en}")


class PoolTooSmall(LotsError):
    """No more people than seats: nothing is to be drawn, all are in."""

    def __init__(self, people: int, seats: int) -> None:
        self.people, self.seats = people, seats
        super().__init__(
            f"报名 {people} 人，名额 {seats} 个，不需要抽签。", f"{people} people for {seats} seats: nothing to draw."
        )


class QuotasContradict(LotsError):
    """No panel from this pool meets all quotas; `explanation` names the nearest quotas that one can meet."""

    def __init__(self, explanation: "Explanation") -> None:
        self.explanation = explanation
        super().__init__("".join(explanation.zh), " ".join(explanation.en))


class LossTooLarge(LotsError):
    """Rounding to m panels costs more than the rules allow: choose a larger m or allow more."""

    def __init__(self, lowest_ppm: int, optimum_ppm: int, allowed_ppm: int) -> None:
        self.lowest_ppm, self.optimum_ppm, self.allowed_ppm = lowest_ppm, optimum_ppm, allowed_ppm
        super().__init__(
            f"最低机会 {lowest_ppm} ppm，可达 {optimum_ppm} ppm，超出允许的取整损失 {allowed_ppm} ppm。",
            f"lowest chance {lowest_ppm} ppm of {optimum_ppm} ppm: rounding may lose {allowed_ppm} ppm.",
        )


class BadEntropy(LotsError):
    """A public number that is missing or not of its source's form."""

    def __init__(self, source: str, zh: str, en: str) -> None:
        self.source = source
        super().__init__(f"随机源 {source}：{zh}", f"source {source}: {en}")


class RowsHidden(LotsError):
    """The step needs the features of hidden rows, and their openings were not given, or do not fit."""

    def __init__(self, pseudonyms: list[str]) -> None:
        self.pseudonyms = pseudonyms
        super().__init__(
            f"需要打开 {len(pseudonyms)} 个隐藏行。",
            f"openings are missing or wrong for {len(pseudonyms)} hidden rows.",
        )


class NotVacant(LotsError):
    """Somebody named as leaving who holds no seat."""

    def __init__(self, pseudonym: str) -> None:
        self.pseudonym = pseudonym
        super().__init__(f"{pseudonym} 不在现任名单中。", f"{pseudonym} holds no seat.")


class NobodyLeaves(LotsError):
    """A replacement that replaces nobody."""

    def __init__(self) -> None:
        super().__init__("没有写明由谁退出。", "nobody is named as leaving.")


class SolverGaveUp(LotsError):
    """The linear programme had no exact answer in floating point: nothing is published."""

    def __init__(self) -> None:
        super().__init__("求解器未能得到精确结果。", "the solver did not reach an exact result.")
