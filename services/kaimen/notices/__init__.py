"""通知: messages to people and units: what became of a sign-up, reminders, moves, cancellations, deadlines (NT1–NT4).

Owns who was told what, and the log of every attempt. It keeps no contact of a citizen: the service that collected it is
asked by id when something is sent, and what it then says is the truth that is told. Hears `opendays`,
`representatives`, `hearings` and `adoption`; publishes nothing.
"""
