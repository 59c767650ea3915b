"""What every service that draws says of it over HTTP: the published documents, and how far a panel draw is."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from kaimen.kit import lots
from kaimen.kit.auth import PUBLIC, allow
from kaimen.kit.draws.procedure import published
from kaimen.kit.draws.refusals import NoSuchDraw
from kaimen.kit.draws.store import Draw
from kaimen.kit.http import OnEdge, json_bytes
from kaimen.kit.work import Work

Number = Annotated[int | None, QueryParameter(name="number")]
"""Which draw of its subject; the latest where it is left out."""


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public numbers, by the id of their source."""

    entropy: dict[str, Annotated[str, msgspec.Meta(max_length=500)]]


class DrawView(msgspec.Struct, frozen=True, kw_only=True):
    """How far a draw is. `pool`, `commitment`, `seed`, `panel_number` are empty until they exist; `progress` says how
    far the computation is, or why it failed; `typed`: how many people have typed the public numbers."""

    number: int
    state: str
    reason: str
    rules_sha256: str
    entropy: tuple[lots.Source, ...]
    seats: int
    panels: int
    ruled_at: datetime
    closed_at: datetime | None
    pool_size: int | None
    pool_root: str
    committed_at: datetime | None
    commitment: str
    lowest_ppm: int | None
    optimum_ppm: int | None
    drawn_at: datetime | None
    seed: str
    numbers: str
    panel_number: int | None
    replacements: int
    progress: str
    typed: int


def draw_view(draw: Draw, typed: int) -> DrawView:
    """Of a draw of panels."""
    rules = msgspec.json.decode(draw.rules)
    commitment = msgspec.json.decode(draw.commitment) if draw.commitment else {}
    made = msgspec.json.decode(draw.drawn) if draw.drawn else {}
    certificate = commitment.get("certificate", {})
    return DrawView(
        number=draw.number,
        state=draw.state,
        reason=draw.reason,
        rules_sha256=lots.digest("rules", rules),
        entropy=msgspec.convert(rules["entropy"], tuple[lots.Source, ...]),
        seats=rules["k"],
        panels=rules["m"],
        ruled_at=draw.ruled_at,
        closed_at=draw.closed_at,
        pool_size=len(msgspec.json.decode(draw.pool)) if draw.pool is not None else None,
        pool_root=lots.merkle_root(msgspec.json.decode(draw.pool)) if draw.pool is not None else "",
        committed_at=draw.committed_at,
        commitment=commitment.get("commitment", ""),
        lowest_ppm=certificate.get("lowest_ppm"),
        optimum_ppm=certificate.get("optimum_ppm"),
        drawn_at=draw.drawn_at,
        seed=made.get("seed", ""),
        numbers=made.get("entropy", ""),
        panel_number=made.get("panel_number"),
        replacements=len(msgspec.json.decode(draw.replacements)) if draw.replacements else 0,
        progress=draw.progress,
        typed=typed,
    )


def document_handlers(path: str, find: Callable[[Work, UUID], Awaitable[Sequence[Draw]]]) -> list[Any]:
    """The published documents below `path`, which holds one `{subject_id:uuid}`.

    `find` gives the draws of that subject, the first one first; it raises the service's own refusal for a subject that
    is unknown. Without a draw of that number the answer is NoSuchDraw.
    """

    def document(edge: OnEdge, subject_id: UUID, name: str, number: int | None) -> Awaitable[Response[bytes]]:
        async def run(work: Work) -> Response[bytes]:
            chosen = [draw for draw in await find(work, subject_id) if number in (None, draw.number)]
            if not chosen:
                raise NoSuchDraw
            octets = published(chosen[-1], name)
            return json_bytes(octets, headers={"ETag": f'"{lots.digest("document", octets.decode())[:32]}"'})

        return edge.read(run)

    @get(f"{path}/rules.json", opt=allow(PUBLIC))
    async def rules(edge: OnEdge, subject_id: FromPath[UUID], number: Number = None) -> Response[bytes]:
        """抽签规则, as canonical JSON; of the latest draw, or of draw `number`."""
        return await document(edge, subject_id, "rules", number)

    @get(f"{path}/pool.json", opt=allow(PUBLIC))
    async def pool(edge: OnEdge, subject_id: FromPath[UUID], number: Number = None) -> Response[bytes]:
        """抽签名册: pseudonyms with what decides between them; public once sign-up has closed."""
        return await document(edge, subject_id, "pool", number)

    @get(f"{path}/commitment.json", opt=allow(PUBLIC))
    async def commitment(edge: OnEdge, subject_id: FromPath[UUID], number: Number = None) -> Response[bytes]:
        """承诺: what fixes the outcome, published before the public numbers exist."""
        return await document(edge, subject_id, "commitment", number)

    @get(f"{path}/transcript.json", opt=allow(PUBLIC))
    async def transcript(edge: OnEdge, subject_id: FromPath[UUID], number: Number = None) -> Response[bytes]:
        """抽签记录: everything that `kaimen-verify` needs."""
        return await document(edge, subject_id, "transcript", number)

    return [rules, pool, commitment, transcript]
