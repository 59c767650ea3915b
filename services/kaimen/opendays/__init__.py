"""政府开放活动: events that any unit schedules and citizens sign up for.

Authority: 青府办发〔2022〕28号 二(五), rows 42, 43 and 45. Owns events, sessions, registrations, waiting lists, seats
and the public draws for them, check-in, questionnaires, suggestions with replies, and event reports. Publishes
`opendays.*`; hears `accounts.unit.registered` to know which units exist.
"""
