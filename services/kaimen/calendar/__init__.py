"""日历: one searchable calendar and the gathered feeds, built from events alone.

Authority: none of its own; every mark and every word belongs to the service that said it. Hears
`<service>.calendar.changed` and `accounts.unit.registered`; publishes nothing. What it lost, it rebuilds from the
first message.
"""
