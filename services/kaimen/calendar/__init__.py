"""日历: one searchable calendar and the gathered feeds, and one search over everything public, built from events alone;
and the holiday notices by which all services count working days.

Authority: which notices there are, in versions of which none is ever deleted. Of all else none of its own; every mark
and every word belongs to the service that said it. Owns the private feeds of staff; those of citizens it knows from
opendays. Hears `<service>.calendar.changed`, `opendays.registration.changed`, `opendays.feed.changed`,
`accounts.unit.registered`, and of what has a page and no day `decisions.item.changed`, `decisions.document.issued`,
`adoption.report.published` and `openmonth.campaign.*`; says `calendar.year.loaded`. What it lost of the calendar, it
rebuilds from the first message.
"""
