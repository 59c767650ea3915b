"""Rows to domain objects and back; nothing is decided here."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from kaimen.adoption.domain.attachments import Attachment
from kaimen.adoption.domain.clocks import Clock, Standing
from kaimen.adoption.domain.clusters import Cluster
from kaimen.adoption.domain.consultations import Consultation
from kaimen.adoption.domain.opinions import Aside, Opinion, fingerprint
from kaimen.adoption.domain.refusals import BadPeriod, FourEyes, ReasonForOutcome, ReportExists
from kaimen.adoption.domain.reports import Participation, Report
from kaimen.contracts.adoption import Channel, Tally
from kaimen.contracts.contacts import Language
from kaimen.contracts.decisions import DocumentIssued, PublicItem
from kaimen.kit.crypto import Vault
from kaimen.kit.db import Connection
from kaimen.kit.queries import load_queries
from kaimen.kit.refusals import Refusal
from kaimen.kit.rows import as_json, struct_of, values_of
from kaimen.kit.search import search_terms

queries = load_queries("kaimen.adoption.store")

CONSTRAINTS: dict[str, type[Refusal]] = {
    "consultations_period": BadPeriod,
    "reports_catalogue_item_key": ReportExists,
    "reports_four_eyes": FourEyes,
    "clusters_reason_for_outcome": ReasonForOutcome,
}
_AT_ONCE = 5_000
"""Opinions in one statement: an import of many must not meet the limit on a statement's time."""


class ConsultationFilter(msgspec.Struct, frozen=True):
    """Which consultations to list; None means: any. `drafts_of`: also drafts of this unit ("": of none)."""

    unit: str | None = None
    state: str | None = None
    today: date | None = None
    text: str | None = None
    item: UUID | None = None
    after: tuple[date, UUID] | None = None
    limit: int = 50
    drafts_of: str | None = ""


class OpinionFilter(msgspec.Struct, frozen=True):
    """Which opinions of a consultation to list; None means: any. `public`: those that anybody may read, by the words
    that are shown of them."""

    after: int = 0
    limit: int = 50
    state: str | None = None
    channel: str | None = None
    passage: str | None = None
    text: str | None = None
    cluster: UUID | None = None
    public: bool = False


class ReportFilter(msgspec.Struct, frozen=True):
    """Which reports to list; None means: any. `drafts_of`: also unpublished ones of this unit ("": of none)."""

    unit: str | None = None
    state: str | None = None
    text: str | None = None
    item: UUID | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 50
    drafts_of: str | None = ""


class ClockFilter(msgspec.Struct, frozen=True):
    """Which clocks to list; None means: any."""

    unit: str | None = None
    kind: str | None = None
    state: str | None = None
    today: date | None = None
    item: UUID | None = None
    after: tuple[date, UUID] | None = None
    limit: int = 50


class NewOpinion(msgspec.Struct, frozen=True, kw_only=True):
    """An opinion before it has its number. `contact` is kept sealed, of the receipt only a hash."""

    received_on: date
    channel: Channel
    passage: str
    text: str
    submitter_kind: str
    contact: str = ""
    language: Language = "zh"
    receipt_hash: bytes | None = None


class Count(msgspec.Struct, frozen=True):
    """How many opinions of one channel are in one group, set aside in one way, or waiting."""

    channel: Channel
    cluster_id: UUID | None
    aside: Aside | None
    number: int


class Item(msgspec.Struct, frozen=True):
    """决策事项, as decisions told of it."""

    id: UUID
    unit: str
    title: str
    state: str
    participation: bool
    page: str


class Version(msgspec.Struct, frozen=True):
    """One publication of a report. `correction`: why it differs from the one before; empty for the first."""

    number: int
    sha256: str
    published_at: datetime
    correction: str


class Repository:
    """Adoption within one transaction. Contacts are sealed with `vault`."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self._db = connection
        self._vault = vault

    # Consultations

    async def add_consultation(self, consultation: Consultation) -> None:
        await self._db.execute(queries.insert_consultation, *values_of(consultation, _JSON), _terms_of(consultation))

    async def save_consultation(self, consultation: Consultation) -> None:
        """Store the next version. Raises LookupError when somebody else stored it first."""
        await self._must_save(queries.update_consultation, *values_of(consultation, _JSON), _terms_of(consultation))

    async def consultation(self, id: UUID, *, lock: bool = False) -> Consultation | None:
        row = await self._db.fetchrow(queries.lock_consultation if lock else queries.read_consultation, id)
        return struct_of(row, Consultation, _JSON) if row else None

    async def consultations_of(self, item: UUID) -> list[Consultation]:
        """The announced ones, locked."""
        return [
            struct_of(row, Consultation, _JSON) for row in await self._db.fetch(queries.consultations_of_item, item)
        ]

    async def lock_consultations(self, ids: Iterable[UUID]) -> None:
        await self._db.execute(queries.lock_consultations, list(ids))

    async def is_handled(self, id: UUID) -> bool:
        """Whether each opinion is answered or set aside."""
        row = await self._db.fetchrow(queries.is_handled, id)
        assert row is not None
        return row["handled"]

    async def add_handler(self, id: UUID, subject: str) -> None:
        await self._db.execute(queries.add_handler, id, subject)

    async def handlers_of(self, ids: Iterable[UUID]) -> set[str]:
        """Subjects of those who grouped, answered or set aside opinions since the last publication."""
        return {row["subject"] for row in await self._db.fetch(queries.handlers_of, list(ids))}

    async def forget_handlers(self, ids: Iterable[UUID]) -> None:
        await self._db.execute(queries.forget_handlers, list(ids))

    async def consultations(self, wanted: ConsultationFilter) -> list[Consultation]:
        """The latest first."""
        rows = await self._db.fetch(
            queries.list_consultations, wanted.unit, *(wanted.after or (None, None)), wanted.limit, wanted.drafts_of,
            wanted.state, wanted.today, search_terms(wanted.text) if wanted.text else None, wanted.text, wanted.item,
        )  # fmt: skip
        return [struct_of(row, Consultation, _JSON) for row in rows]

    # Opinions

    async def add_opinions(
        self, consultation_id: UUID, opinions: Sequence[NewOpinion], ids: Sequence[UUID], at: datetime
    ) -> int:
        """Number them in this order; returns the number of the first."""
        last = await self._number(queries.take_opinion_numbers, consultation_id, len(opinions))
        for start in range(0, len(opinions), _AT_ONCE):
            part = opinions[start : start + _AT_ONCE]
            those = ids[start : start + _AT_ONCE]
            first = last + start + 1
            await self._db.execute(
                queries.insert_opinions,
                consultation_id,
                at,
                list(those),
                list(range(first, first + len(part))),
                [each.received_on for each in part],
                [each.channel for each in part],
                [each.passage for each in part],
                [each.text for each in part],
                [fingerprint(each.text) for each in part],
                [each.submitter_kind for each in part],
                [self._seal(id, each.contact) for id, each in zip(those, part, strict=True)],
                [each.receipt_hash for each in part],
                [each.language for each in part],
            )
        return last + 1

    async def opinions_numbered(self, consultation_id: UUID, numbers: Sequence[int]) -> list[Opinion]:
        """Those of `numbers` that exist, locked, by number."""
        return [Opinion(**row) for row in await self._db.fetch(queries.read_opinions, consultation_id, list(numbers))]

    async def opinion_of_receipt(self, receipt_hash: bytes) -> Opinion | None:
        row = await self._db.fetchrow(queries.opinion_of_receipt, receipt_hash)
        return Opinion(**row) if row else None

    async def opinions(self, consultation_id: UUID, wanted: OpinionFilter) -> list[Opinion]:
        rows = await self._db.fetch(
            queries.list_opinions, consultation_id, wanted.after, wanted.limit, wanted.state, wanted.channel,
            wanted.passage, wanted.text, wanted.cluster, wanted.public,
        )  # fmt: skip
        return [Opinion(**row) for row in rows]

    async def contacts(self, opinions: Sequence[Opinion]) -> dict[int, str]:
        """Number → contact, of those who left one. All belong to one consultation."""
        if not opinions:
            return {}
        ids = {each.no: each.id for each in opinions}
        rows = await self._db.fetch(queries.read_contacts, opinions[0].consultation_id, list(ids))
        return {row["no"]: self._open(ids[row["no"]], row["contact"]) for row in rows}

    async def contacts_after(
        self, consultation_id: UUID, numbers: Sequence[int], after: int, limit: int
    ) -> dict[int, tuple[str, Language]]:
        """Number → contact and language: of these opinions or, without any, of the next ones. Not of those that were
        withdrawn."""
        rows = await self._db.fetch(queries.list_contacts, consultation_id, list(numbers), after, limit)
        return {row["no"]: (self._open(row["id"], row["contact"]), row["language"]) for row in rows}

    async def same_as(self, consultation_id: UUID, numbers: Sequence[int]) -> list[int]:
        """Numbers of waiting opinions with the same words as one of these."""
        return [row["no"] for row in await self._db.fetch(queries.same_as, consultation_id, list(numbers))]

    async def place(self, consultation_id: UUID, numbers: Sequence[int], cluster_id: UUID | None) -> None:
        await self._db.execute(queries.place_opinions, consultation_id, list(numbers), cluster_id)

    async def set_aside(self, opinion: Opinion) -> None:
        """As it now is; its duplicates wait for themselves, since nobody answers it for them any more."""
        await self._db.execute(
            queries.set_aside, opinion.consultation_id, opinion.no, opinion.aside, opinion.aside_reason,
            opinion.duplicate_of, opinion.withdrawn_by_author,
        )  # fmt: skip
        await self._db.execute(queries.free_duplicates, opinion.consultation_id, opinion.no)

    async def moderate(self, opinion: Opinion) -> None:
        await self._db.execute(
            queries.moderate, opinion.consultation_id, opinion.no, opinion.visibility, opinion.visibility_reason,
            opinion.public_text,
        )  # fmt: skip

    async def forget_contact(self, opinion_id: UUID) -> None:
        await self._db.execute(queries.forget_contact, opinion_id)

    async def published_counts(self, consultations: Sequence[UUID]) -> dict[UUID, int]:
        """Opinions by the published report, of those whose report is being corrected."""
        rows = await self._db.fetch(queries.published_counts, list(consultations))
        return {row["id"]: row["received"] for row in rows}

    async def keep_published_groups(self, consultations: Sequence[UUID]) -> None:
        """In which groups opinions are now stays known, whatever is regrouped before the next publication."""
        await self._db.execute(queries.keep_published_groups, list(consultations))

    async def forget_contacts(self, consultation_id: UUID) -> None:
        await self._db.execute(queries.forget_contacts, consultation_id)

    # Attachments

    async def add_attachment(self, opinion: Opinion, attachment: Attachment, body: bytes) -> None:
        seal = partial(self._vault.seal, unit="attachments")
        place = f"attachments/{opinion.id}/{attachment.number}"
        await self._db.execute(
            queries.insert_attachment, opinion.id, opinion.consultation_id, attachment.number, attachment.kind,
            attachment.size, attachment.sha256, seal(attachment.name, place=f"{place}/name"),
            seal(body, place=f"{place}/body"), attachment.added_at,
        )  # fmt: skip

    async def attachments(self, opinions: Sequence[UUID]) -> dict[UUID, tuple[Attachment, ...]]:
        """Of each that has some, by number."""
        found: dict[UUID, tuple[Attachment, ...]] = {}
        for row in await self._db.fetch(queries.attachments_of, list(opinions)):
            id = row["opinion_id"]
            found[id] = (*found.get(id, ()), self._attachment(id, row))
        return found

    async def attachment(self, opinion: UUID, number: int) -> tuple[Attachment, bytes] | None:
        row = await self._db.fetchrow(queries.read_attachment, opinion, number)
        if row is None:
            return None
        place = f"attachments/{opinion}/{number}/body"
        return self._attachment(opinion, row), self._vault.open(row["body"], bytes, unit="attachments", place=place)

    async def attachments_size(self, consultation_id: UUID) -> int:
        """Octets of all that belong to it."""
        return await self._db.fetchval(queries.attachments_size, consultation_id) or 0

    async def drop_attachment(self, opinion: UUID, number: int) -> bool:
        """Whether there was one."""
        return await self._db.fetchval(queries.delete_attachment, opinion, number) is not None

    async def drop_attachments(self, opinion: UUID) -> None:
        await self._db.execute(queries.delete_attachments, opinion)

    async def forget_attachments(self, consultation_id: UUID) -> None:
        await self._db.execute(queries.forget_attachments, consultation_id)

    def _attachment(self, opinion: UUID, row: Mapping[str, Any]) -> Attachment:
        place = f"attachments/{opinion}/{row['number']}/name"
        return Attachment(
            number=row["number"],
            name=self._vault.open(row["name"], str, unit="attachments", place=place),
            kind=row["kind"],
            size=row["size"],
            sha256=row["sha256"],
            added_at=row["added_at"],
        )

    async def counts(self, consultation_id: UUID) -> list[Count]:
        return [Count(**row) for row in await self._db.fetch(queries.count_opinions, consultation_id)]

    async def received(self, consultations: Iterable[UUID]) -> dict[UUID, int]:
        """How many opinions each has."""
        rows = await self._db.fetch(queries.received_of, list(consultations))
        return {row["consultation_id"]: row["number"] for row in rows}

    # Groups

    async def add_cluster(self, cluster: Cluster) -> None:
        await self._db.execute(queries.insert_cluster, *values_of(cluster, _JSON))

    async def save_cluster(self, cluster: Cluster) -> None:
        """Raises LookupError when somebody else stored that version first."""
        await self._must_save(queries.update_cluster, *values_of(cluster, _JSON))

    async def drop_cluster(self, id: UUID) -> None:
        """Its opinions wait again."""
        await self._db.execute(queries.free_opinions, id)
        await self._db.execute(queries.delete_cluster, id)

    async def next_cluster_number(self, consultation_id: UUID) -> int:
        return await self._number(queries.take_cluster_number, consultation_id)

    async def cluster(self, id: UUID) -> Cluster | None:
        row = await self._db.fetchrow(queries.read_cluster, id)
        return struct_of(row, Cluster, _JSON) if row else None

    async def clusters(self, consultation_id: UUID) -> list[Cluster]:
        return [struct_of(row, Cluster, _JSON) for row in await self._db.fetch(queries.clusters_of, consultation_id)]

    # Reports

    async def add_report(self, report: Report) -> None:
        await self._db.execute(queries.insert_report, *values_of(report, _JSON), _terms_of(report))

    async def save_report(self, report: Report) -> None:
        """Raises LookupError when somebody else stored that version first."""
        # What is corrected is found by its published words until the next publication.
        terms = None if report.number and report.state != "published" else _terms_of(report)
        await self._must_save(queries.update_report, *values_of(report, _JSON), terms)

    async def report(self, id: UUID, *, lock: bool = False) -> Report | None:
        row = await self._db.fetchrow(queries.lock_report if lock else queries.read_report, id)
        return struct_of(row, Report, _JSON) if row else None

    async def report_of_item(self, item: UUID, *, lock: bool = False) -> Report | None:
        row = await self._db.fetchrow(queries.lock_report_of_item if lock else queries.report_of_item, item)
        return struct_of(row, Report, _JSON) if row else None

    async def reports(self, wanted: ReportFilter) -> list[Report]:
        """The latest first."""
        rows = await self._db.fetch(
            queries.list_reports, wanted.unit, wanted.state, *(wanted.after or (None, None)), wanted.limit,
            wanted.drafts_of, search_terms(wanted.text) if wanted.text else None, wanted.text, wanted.item,
        )  # fmt: skip
        return [struct_of(row, Report, _JSON) for row in rows]

    async def add_version(self, report: Report, body: bytes, sha256: str, tally: Tally, by: str) -> None:
        await self._db.execute(
            queries.insert_report_version,
            report.id,
            report.number,
            body,
            sha256,
            as_json(tally),
            report.published_at,
            by,
        )

    async def version(self, report_id: UUID, number: int) -> bytes | None:
        return await self._db.fetchval(queries.read_report_version, report_id, number)

    async def reported_at(self, report_id: UUID) -> datetime | None:
        """Of the first publication that does not say that the decision was dropped."""
        return await self._db.fetchval(queries.reported_at, report_id)

    async def latest_tallies(self, reports: Iterable[UUID]) -> dict[UUID, Tally]:
        """Of the last publication of each; those without one are left out."""
        rows = await self._db.fetch(queries.latest_tallies, list(reports))
        return {row["report_id"]: msgspec.json.decode(row["tally"], type=Tally) for row in rows}

    async def versions(self, report_id: UUID) -> list[Version]:
        return [Version(**row) for row in await self._db.fetch(queries.list_report_versions, report_id)]

    # Clocks

    async def add_clock(self, clock: Clock) -> None:
        await self._db.execute(queries.insert_clock, *values_of(clock, _JSON))

    async def save_clock(self, clock: Clock) -> None:
        """Raises LookupError when somebody else stored that version first."""
        await self._must_save(queries.update_clock, *values_of(clock, _JSON))

    async def clock(self, id: UUID) -> Clock | None:
        """Locked."""
        row = await self._db.fetchrow(queries.lock_clock, id)
        return struct_of(row, Clock, _JSON) if row else None

    async def clocks_of(self, item: UUID) -> list[Clock]:
        """Locked."""
        return [struct_of(row, Clock, _JSON) for row in await self._db.fetch(queries.clocks_of_item, item)]

    async def unsettled_clocks(self) -> list[Clock]:
        """Open ones, and those of which nobody could tell whether they were met in time; locked."""
        return [struct_of(row, Clock, _JSON) for row in await self._db.fetch(queries.unsettled_clocks)]

    async def clocks(self, wanted: ClockFilter) -> list[Clock]:
        """By the day to work to."""
        rows = await self._db.fetch(
            queries.list_clocks, wanted.unit, *(wanted.after or (None, None)), wanted.limit, wanted.kind, wanted.state,
            wanted.today, wanted.item,
        )  # fmt: skip
        return [struct_of(row, Clock, _JSON) for row in rows]

    async def count_clocks(self, today: date, soon: date) -> dict[tuple[str, Standing], int]:
        """How many of each kind stand how; what is due up to `soon` is due soon."""
        rows = await self._db.fetch(queries.count_clocks, today, soon)
        return {(row["kind"], row["standing"]): row["clocks"] for row in rows}

    # What others said

    async def save_item(self, item: PublicItem) -> None:
        """An older version changes nothing."""
        await self._db.execute(
            queries.save_item, item.item_id, item.version, item.unit, item.title, item.state, item.participation,
            item.page,
        )  # fmt: skip

    async def item(self, id: UUID, *, lock: bool = False) -> Item | None:
        row = await self._db.fetchrow(queries.lock_item if lock else queries.read_item, id)
        return Item(**row) if row else None

    async def save_document(self, issued: DocumentIssued) -> None:
        """An older version changes nothing."""
        item = issued.item
        await self._db.execute(queries.save_document, item.item_id, item.version, as_json(issued))

    async def document(self, item: UUID) -> DocumentIssued | None:
        body = await self._db.fetchval(queries.read_document, item)
        return msgspec.json.decode(body, type=DocumentIssued) if body else None

    async def save_heard(self, source_id: UUID, item: UUID, version: int, held: Participation) -> bool:
        """Whether it changed anything: an older version does not."""
        saved = await self._db.fetchval(
            queries.save_heard, source_id, item, version, held.kind, held.title, held.held_on, held.people,
            as_json(held.counted), held.page,
        )  # fmt: skip
        return saved is not None

    async def heard(self, item: UUID) -> list[Participation]:
        return [
            Participation(
                **{**row, "counted": msgspec.json.decode(row["counted"], type=Tally)},
                source="hearings",
            )
            for row in await self._db.fetch(queries.heard_of_item, item)
        ]

    async def save_people(self, source_id: UUID, people: int) -> bool:
        """Whether it changed anything."""
        return await self._db.fetchval(queries.save_people, source_id, people) is not None

    async def people_heard(self, source_id: UUID) -> int:
        return await self._db.fetchval(queries.people_of_heard, source_id) or 0

    async def _number(self, query: str, *values: Any) -> int:
        """Raises LookupError for a consultation that is not there."""
        number = await self._db.fetchval(query, *values)
        if number is None:
            raise LookupError(values[0])
        return number

    async def _must_save(self, query: str, *values: Any) -> None:
        if await self._db.fetchval(query, *values) is None:
            raise LookupError(values[0])

    def _seal(self, id: UUID, contact: str) -> bytes | None:
        return self._vault.seal(contact, unit="contacts", place=f"opinions/{id}/contact") if contact else None

    def _open(self, id: UUID, sealed: bytes) -> str:
        return self._vault.open(sealed, str, unit="contacts", place=f"opinions/{id}/contact")


_JSON = frozenset(
    {
        "passages", "ways", "channels", "extensions", "consultations", "participations", "not_used", "final", "authors",
        "suspensions", "warned", "change",
    }
)  # fmt: skip
"""Columns that rest as JSON."""


def _terms_of(row: Consultation | Report) -> list[str]:
    return search_terms(" ".join((row.title, row.summary, row.unit)))
