"""What `notices` is told about applications."""

from collections.abc import Sequence
from uuid import UUID

from kaimen.contracts.contacts import Contact, Contacts
from kaimen.kit.recruiting.procedure import Personal, Recruiting

NOT_CHOSEN = "not_chosen"
"""What it is to be still in the pool once the list is made."""


async def read_contacts(recruiting: Recruiting, ids: Sequence[UUID]) -> Contacts:
    """Whom these applications concern, and how they stand."""
    found = await recruiting.store.applications_by_id(ids)
    settled = {
        recruitment.id
        for recruitment in await recruiting.store.recruitments({each.occasion_id for each in found})
        if recruitment.state == "settled"
    }
    contacts = []
    for each in found:
        occasion = await recruiting.host.occasion(each.occasion_id)
        shown = await recruiting.host.shown(each.occasion_id)
        personal = recruiting.personal(occasion, each) or Personal(name="", phone="")
        contacts.append(
            Contact(
                id=each.id,
                name=personal.name,
                phone=personal.phone,
                email=personal.email,
                language=personal.language,
                code=each.code,
                state=NOT_CHOSEN if each.state == "pooled" and each.recruitment_id in settled else each.state,
                changed_at=each.changed_at,
                until=each.confirm_by,
                postponed=shown.postponed,
                reason=shown.reason,
                entry=shown.entry,
                page=f"/a/{each.code}",
            )
        )
    return Contacts(tuple(contacts))
