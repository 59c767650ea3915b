-- OD4: seats by a public draw. Everything here is empty for those who come first and are served first.

-- Public numbers that decide, as published with the rules; and since when nobody can enter any more.
alter table events add column entropy jsonb not null default '[]';
alter table events add column pool_closed_at timestamptz;

-- The name in the public pool; the wished sessions, the dearest first; when the draw gave a seat or a place in line.
alter table registrations add column pseudonym text;
alter table registrations add column wishes uuid[];
alter table registrations add column drawn_at timestamptz;
alter table registrations add constraint registrations_entry_whole check ((pseudonym is null) = (wishes is null));

create unique index registrations_pseudonym_once on registrations (event_id, pseudonym) where pseudonym is not null;
-- One entry a person and event, whatever the sessions.
create unique index registrations_entered_once on registrations (event_id, person)
    where pseudonym is not null and state in ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in');
create index registrations_entered_idx on registrations (person) where state = 'entered';
create index registrations_drawn_idx on registrations (person, drawn_at) where drawn_at is not null;
