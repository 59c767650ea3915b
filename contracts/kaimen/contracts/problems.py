"""Every problem type that a service may answer (RFC 9457), for those who explain them."""

from importlib.resources import files

import msgspec


class ProblemType(msgspec.Struct, frozen=True):
    """`zh`, `en`: its sentence; what differs from case to case stands in braces. `status`: of HTTP."""

    status: int
    zh: str
    en: str


PROBLEM_TYPES: dict[str, ProblemType] = msgspec.json.decode(
    files("kaimen.contracts").joinpath("problems.json").read_bytes(), type=dict[str, ProblemType]
)
"""By type, without `/problems/` before it; written by `make contracts`."""
