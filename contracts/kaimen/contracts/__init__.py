"""What the services say to each other: facts, one module per publishing service.

A fact is a frozen msgspec Struct with a subject `<service>.<aggregate>.<past-tense fact>.v<n>`. It carries
opaque ids and public data, never personal data. Changes are additive; anything else is a new version beside
the old one (`consumers.txt` shows who still reads which).
"""

from kaimen.contracts import accounts, adoption, calendar, decisions, hearings, opendays, openmonth, representatives

__all__ = ["accounts", "adoption", "calendar", "decisions", "hearings", "opendays", "openmonth", "representatives"]
