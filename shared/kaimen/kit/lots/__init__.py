"""The public draw: quotas, the fairest chances they allow, and a record that anybody can check. Pure.

Who needs what: `commit` fixes m panels before the entropy exists, `draw` picks one by public numbers, `replace` says
who steps in, `uniform_order` serves open-day seats, `explain_quotas` says which quotas contradict each other. Every
function takes plain documents or Structs and gives plain documents; there is no clock and no randomness in here. The
documents, and how to check them, are in PROTOCOL.md beside this file; `verifier/` holds two programs that do, which
share nothing with this package.
"""

from kaimen.kit.lots.canonical import canonical, digest, merkle_root
from kaimen.kit.lots.contradictions import Change, Explanation, explain_quotas
from kaimen.kit.lots.drawing import Chance, chance, commit, draw, replace, seated, transcript
from kaimen.kit.lots.entropy import entropy_text
from kaimen.kit.lots.exceptions import (
    BadEntropy,
    BadPool,
    BadRules,
    LossTooLarge,
    LotsError,
    NobodyLeaves,
    NotCanonical,
    NotVacant,
    PoolTooSmall,
    QuotasContradict,
    RowsHidden,
    SolverGaveUp,
)
from kaimen.kit.lots.lottery import Progress
from kaimen.kit.lots.order import (
    OrderRules,
    Party,
    order_commit,
    order_pool,
    order_rules_document,
    order_transcript,
    uniform_order,
)
from kaimen.kit.lots.pool import Concealed, Opening, Person, conceal, opens, reveal
from kaimen.kit.lots.rules import Rules, Source, rules_document

__all__ = [
    "BadEntropy",
    "BadPool",
    "BadRules",
    "Chance",
    "Change",
    "Concealed",
    "Explanation",
    "LossTooLarge",
    "LotsError",
    "NobodyLeaves",
    "NotCanonical",
    "NotVacant",
    "Opening",
    "OrderRules",
    "Party",
    "Person",
    "PoolTooSmall",
    "Progress",
    "QuotasContradict",
    "RowsHidden",
    "Rules",
    "SolverGaveUp",
    "Source",
    "canonical",
    "chance",
    "commit",
    "conceal",
    "digest",
    "draw",
    "entropy_text",
    "explain_quotas",
    "merkle_root",
    "opens",
    "order_commit",
    "order_pool",
    "order_rules_document",
    "order_transcript",
    "replace",
    "reveal",
    "rules_document",
    "seated",
    "transcript",
    "uniform_order",
]
