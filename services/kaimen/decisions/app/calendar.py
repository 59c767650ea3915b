"""Calendar entries: until when a catalogue must be public, and on which days documents were issued."""

from datetime import timedelta

from kaimen.contracts.calendar import CalendarEntry
from kaimen.decisions.domain.catalogues import Catalogue
from kaimen.decisions.domain.issue import Issue
from kaimen.decisions.domain.items import Item
from kaimen.kit.clock import day_start


def entries_of(catalogue: Catalogue) -> tuple[CalendarEntry, ...]:
    """The due day, from the catalogue's creation on. Once it is public the same entry says so."""
    name = f"{catalogue.unit}{catalogue.year}年重大行政决策事项目录"
    published_on = catalogue.published_on
    due = CalendarEntry(
        entry_id=catalogue.id,
        uid_kind="catalogue",
        kind="deadline",
        sequence=0,
        created_at=catalogue.created_at,
        changed_at=catalogue.changed_at,
        starts_at=day_start(catalogue.due_on),
        ends_at=day_start(catalogue.due_on + timedelta(days=1)),
        all_day=True,
        summary=f"{'目录已公布' if published_on else '目录公布截止'}：{name}",
        status="CONFIRMED",
        unit=catalogue.unit,
        description=_said(catalogue),
        page=f"/decisions/catalogues/{catalogue.id}" if published_on else "/decisions",
        categories=("重大行政决策",),
        transparent=True,
        done_at=day_start(published_on) if published_on else None,
    )
    return (due,)


def _said(catalogue: Catalogue) -> str:
    if catalogue.published_on is None:
        return "每年5月底前公布（任务表第36项）。"
    revised = f"，已调整 {catalogue.revision} 次" if catalogue.revision else ""
    return f"{catalogue.published_on} 公布{revised}。"


def entry_of(item: Item, issue: Issue) -> CalendarEntry:
    """The day of issue. It may move when a date is put right."""
    return CalendarEntry(
        entry_id=item.id,
        uid_kind="document",
        kind="adoption",
        sequence=issue.number - 1,
        created_at=item.created_at,
        changed_at=issue.recorded_at,
        starts_at=day_start(issue.issued_on),
        ends_at=day_start(issue.issued_on + timedelta(days=1)),
        all_day=True,
        summary=f"出台：{issue.title}",
        status="CONFIRMED",
        unit=item.unit,
        description=issue.document_no,
        page=f"/decisions/{item.id}",
        categories=("重大行政决策",),
        transparent=True,
    )
