"""Rows to domain objects and back; nothing is decided here."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from kaimen.hearings.domain.hearings import Hearing
from kaimen.hearings.domain.materials import Delivery, Document
from kaimen.hearings.domain.proceedings import Line, Point, RecordVersion, SignOff, Turn
from kaimen.hearings.domain.refusals import EndBeforeStart
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.recruiting import store as recruiting
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json, struct_of, values_of

queries = load_queries("kaimen.hearings.store")

CONSTRAINTS: dict[str, type[Refusal]] = {"hearings_ends_after_start": EndBeforeStart, **recruiting.CONSTRAINTS}

_JSON = frozenset({"sides", "groups", "steps", "entropy"})


class Report(msgspec.Struct, frozen=True):
    """听证报告 as it was published."""

    record_version: int
    summary: str
    points: tuple[Point, ...]
    published_at: datetime


class HearingFilter(msgspec.Struct, frozen=True):
    """Which hearings to list; None means: any. `drafts_of`: also unannounced ones of this unit ("": of none)."""

    from_at: datetime | None = None
    to_at: datetime | None = None
    unit: str | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50
    drafts_of: str | None = ""


class Repository:
    """Hearings within one transaction. What names people is sealed with `vault`."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._db = connection
        self._vault = vault

    async def add_hearing(self, hearing: Hearing) -> None:
        await self._db.execute(queries.insert_hearing, *values_of(hearing, _JSON))

    async def save_hearing(self, hearing: Hearing) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        if await self._db.fetchval(queries.update_hearing, *values_of(hearing, _JSON)) is None:
            raise LookupError(hearing.id)

    async def hearing(self, id: UUID, *, lock: bool = False) -> Hearing | None:
        row = await self._db.fetchrow(queries.lock_hearing if lock else queries.read_hearing, id)
        return struct_of(row, Hearing, _JSON) if row else None

    async def hearings(self, wanted: HearingFilter) -> list[Hearing]:
        after_at, after_id = wanted.after or (None, None)
        rows = await self._db.fetch(
            queries.list_hearings, wanted.from_at, wanted.to_at, wanted.unit, after_at, after_id, wanted.limit,
            wanted.drafts_of,
        )  # fmt: skip
        return [struct_of(row, Hearing, _JSON) for row in rows]

    async def add_deliveries(self, hearing: Hearing, deliveries: Sequence[Delivery]) -> None:
        """Of the same documents, handed over in the same way on the same day."""
        first = deliveries[0]
        await self._db.execute(
            queries.insert_deliveries,
            hearing.id,
            as_json(first.documents),
            first.way,
            first.delivered_on,
            first.recorded_at,
            [each.id for each in deliveries],
            [each.pseudonym for each in deliveries],
            [self._seal(hearing, each.id, "receipt", each.receipt) for each in deliveries],
            [self._seal(hearing, each.id, "waiver", each.waiver) for each in deliveries],
        )

    async def deliveries(self, hearing: Hearing) -> list[Delivery]:
        """In the order in which they were recorded."""
        return [
            Delivery(
                id=row["id"],
                pseudonym=row["pseudonym"],
                documents=msgspec.json.decode(row["documents"], type=tuple[Document, ...]),
                way=row["way"],
                delivered_on=row["delivered_on"],
                receipt=self._open(hearing, row["id"], "receipt", row["receipt"]),
                waiver=self._open(hearing, row["id"], "waiver", row["waiver"]),
                recorded_at=row["recorded_at"],
                acknowledged_at=row["acknowledged_at"],
            )
            for row in await self._db.fetch(queries.list_deliveries, hearing.id)
        ]

    async def acknowledge(self, hearing: Hearing, delivery: Delivery) -> None:
        waiver = self._seal(hearing, delivery.id, "waiver", delivery.waiver)
        await self._db.execute(queries.acknowledge, delivery.id, delivery.acknowledged_at, waiver)

    def _seal(self, hearing: Hearing, id: UUID, name: str, text: str) -> bytes:
        return self._vault.seal(text, unit=hearing.unit, place=f"deliveries/{id}/{name}")

    def _open(self, hearing: Hearing, id: UUID, name: str, sealed: bytes) -> str:
        return self._vault.open(sealed, str, unit=hearing.unit, place=f"deliveries/{id}/{name}")

    async def turns(self, hearing_id: UUID) -> list[Turn]:
        return [Turn(**row) for row in await self._db.fetch(queries.list_turns, hearing_id)]

    async def save_turn(self, hearing_id: UUID, number: int, turn: Turn) -> None:
        await self._db.execute(
            queries.upsert_turn, hearing_id, number, turn.speaker, turn.side, turn.step, turn.began_at, turn.ended_at
        )

    async def add_record(self, hearing_id: UUID, record: RecordVersion, written_by: str) -> None:
        await self._db.execute(
            queries.insert_record_version, hearing_id, record.number, as_json(record.lines), record.recording_ref,
            record.written_at, written_by, record.sha256,
        )  # fmt: skip

    async def records(self, hearing_id: UUID) -> list[RecordVersion]:
        """All versions, the latest last."""
        return [
            RecordVersion(**{**row, "lines": msgspec.json.decode(row["lines"], type=tuple[Line, ...])})
            for row in await self._db.fetch(queries.list_record_versions, hearing_id)
        ]

    async def save_sign_off(self, hearing_id: UUID, sign_off: SignOff) -> None:
        await self._db.execute(
            queries.upsert_sign_off, hearing_id, sign_off.version, sign_off.pseudonym, sign_off.answer, sign_off.text,
            sign_off.way, sign_off.at,
        )  # fmt: skip

    async def sign_offs(self, hearing_id: UUID) -> list[SignOff]:
        return [SignOff(**row) for row in await self._db.fetch(queries.list_sign_offs, hearing_id)]

    async def add_report(self, hearing_id: UUID, report: Report, published_by: str) -> None:
        await self._db.execute(
            queries.insert_report, hearing_id, report.record_version, report.summary, as_json(report.points),
            report.published_at, published_by,
        )  # fmt: skip

    async def report(self, hearing_id: UUID) -> Report | None:
        row = await self._db.fetchrow(queries.read_report, hearing_id)
        if row is None:
            return None
        return Report(**{**row, "points": msgspec.json.decode(row["points"], type=tuple[Point, ...])})
