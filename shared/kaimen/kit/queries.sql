-- The toolbox's own tables. `now` is always a parameter.

-- name: add_outbox
insert into outbox (event_id, subject, aggregate_id, version, occurred_at, traceparent, body)
select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bytea[])

-- name: take_unsent
select seq, event_id, subject, aggregate_id, version, occurred_at, traceparent, body
from outbox where sent_at is null order by seq limit $1 for update skip locked

-- name: mark_sent
update outbox set sent_at = $2 where seq = any($1::bigint[])

-- name: add_inbox
insert into inbox (consumer, event_id, handled_at) values ($1, $2, $3) on conflict do nothing returning event_id

-- name: add_inbox_rows
-- In the order of their ids: two readers of the same messages wait for each other, and never in a circle.
insert into inbox (consumer, event_id, handled_at) select $1, id, $3 from unnest($2::uuid[]) id order by id
on conflict do nothing returning event_id

-- name: forget_inbox_of
delete from inbox where consumer = $1

-- name: add_dead_letter
insert into dead_letters (consumer, event_id, subject, headers, body, error, died_at)
values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing

-- name: list_dead_letters
select consumer, event_id, subject, headers, body, error, died_at
from dead_letters where replayed_at is null and consumer = any($1::text[]) order by died_at, event_id

-- name: mark_replayed
update dead_letters set replayed_at = $3 where consumer = $1 and event_id = $2

-- name: set_timer
insert into timers (kind, subject, due_at) values ($1, $2, $3)
on conflict (kind, subject) do update set due_at = excluded.due_at, attempts = 0

-- name: set_timers
insert into timers (kind, subject, due_at) select $1, subject, $3 from unnest($2::text[]) subject
on conflict (kind, subject) do update set due_at = excluded.due_at, attempts = 0

-- A job that has taken the timer waits for the row that the caller holds: to wait for the job would be a deadlock. It
-- finds the row changed, and does nothing.
-- name: drop_timer
delete from timers
where (kind, subject) in (select kind, subject from timers where kind = $1 and subject = $2 for update skip locked)

-- name: take_due_timer
select kind, subject, due_at from timers where due_at <= $1 and kind = any($2::text[])
order by due_at limit 1 for update skip locked

-- name: delay_timer
update timers set attempts = attempts + 1, due_at = $3 where kind = $1 and subject = $2 returning attempts

-- name: read_answers
select key, request_hash, status, answer from idempotency_keys where scope = $1 and key = any($2::text[])

-- name: add_answers
insert into idempotency_keys (scope, key, request_hash, status, answer, created_at)
select $1, key, request_hash, status, answer, $6
from unnest($2::text[], $3::bytea[], $4::int[], $5::bytea[]) as given (key, request_hash, status, answer)

-- name: forget_answers
delete from idempotency_keys where created_at < $1

-- name: add_audit
insert into audit (at, actor, role, unit, action, object, from_state, to_state, reason)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- What waits longer than it should: figures for alerts.
-- name: count_waiting
select (select count(*) from outbox where sent_at is null) as unsent,
    (select coalesce(extract(epoch from $1 - min(occurred_at)), 0) from outbox where sent_at is null)::float8
        as oldest_unsent_seconds,
    (select count(*) from dead_letters where replayed_at is null) as dead_letters,
    (select count(*) from timers where due_at < $1 - interval '1 minute') as late_timers

-- name: server_promises
select name, setting from pg_settings
where name in ('data_checksums', 'fsync', 'full_page_writes', 'synchronous_commit')

-- name: tell
select pg_notify($1, $2)
