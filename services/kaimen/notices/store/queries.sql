-- What is known of sign-ups

-- Those whose time, place or standing is another than before.
-- name: save_occasions
with before as (
    select id, starts_at, ends_at, place, takes_place from occasions where id = any($5::uuid[])
), saved as (
    insert into occasions (id, service, unit, version, starts_at, ends_at, place, campaign, takes_place)
    select id, $1, $2, $3, starts_at, ends_at, place, $4, takes_place
    from unnest($5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::bool[])
        as given (id, starts_at, ends_at, place, takes_place)
    on conflict (id) do update set version = excluded.version, unit = excluded.unit, starts_at = excluded.starts_at,
        ends_at = excluded.ends_at, place = excluded.place, campaign = excluded.campaign,
        takes_place = excluded.takes_place
    where occasions.version < excluded.version
    returning id, starts_at, ends_at, place, takes_place
)
select saved.id from saved left join before using (id)
where (before.starts_at, before.ends_at, before.place, before.takes_place)
    is distinct from (saved.starts_at, saved.ends_at, saved.place, saved.takes_place)

-- name: save_recipient
insert into recipients (id, service, occasion_id, group_id, version, state) values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set occasion_id = excluded.occasion_id, version = excluded.version, state = excluded.state
where recipients.version < excluded.version
returning id

-- name: recipients_of_occasions
select id from recipients where occasion_id = any($1::uuid[])

-- name: recipients_of_group
select id from recipients where group_id = $1 and state = any($2::text[])

-- name: coming_recipients
select recipients.id, recipients.service, occasions.unit, occasions.starts_at, occasions.campaign
from recipients join occasions on occasions.id = recipients.occasion_id
where recipients.id = any($1::uuid[]) and recipients.state = 'confirmed' and occasions.takes_place
    and occasions.starts_at > $2

-- name: save_told
update recipients set told = $2, told_count = told_count + 1, perhaps = '[]' where id = $1

-- Only who still holds the lease may send.
-- name: may_know
update recipients set perhaps = $2 from messages
where recipients.id = $1 and messages.id = $3 and messages.state = 'sending' and messages.lease_until = $4
returning recipients.id

-- name: save_perhaps
update recipients set perhaps = $2 where id = $1

-- Messages

-- Whether these must be told something is looked at when it is sent. Who is being told now is looked at again after it.
-- name: ask_whether_told
insert into messages (id, service, recipient, subject, version, unit, state, due_at, created_at, changed_at, traceparent)
select new.id, recipients.service, recipients.id::text, 'news', (recipients.told_count + 1)::text,
    coalesce(occasions.unit, ''), 'queued', $3, $3, $3, $4
from unnest($1::uuid[], $2::uuid[]) as new (id, recipient)
    join recipients on recipients.id = new.recipient left join occasions on occasions.id = recipients.occasion_id
on conflict (recipient, subject, version) do update set
    state = case when messages.state = 'sending' then 'sending' else 'queued' end,
    again = messages.state = 'sending',
    attempts = case when messages.state in ('queued', 'sending') then messages.attempts else 0 end,
    due_at = least(messages.due_at, excluded.due_at),
    changed_at = excluded.changed_at,
    traceparent = excluded.traceparent
where messages.state <> 'sent'

-- name: plan_reminders
insert into messages (id, service, recipient, subject, version, unit, state, due_at, created_at, changed_at)
select id, service, recipient, subject, version, unit, 'queued', due_at, $8, $8
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
    as new (id, service, recipient, subject, version, unit, due_at)
on conflict (recipient, subject, version) do nothing

-- A reminder that is due finds out by itself whether it is still true; one that is far away need not wait for that.
-- name: drop_reminders
delete from messages where recipient = any($1::text[]) and subject in ('early', 'morning') and state = 'queued'

-- name: add_replies
insert into messages (id, service, recipient, subject, version, unit, state, due_at, created_at, changed_at)
select new.id, recipients.service, recipients.id::text, 'replies', $3, coalesce(occasions.unit, ''), 'queued', $4, $5, $5
from unnest($1::uuid[], $2::uuid[]) as new (id, recipient)
    join recipients on recipients.id = new.recipient left join occasions on occasions.id = recipients.occasion_id
on conflict (recipient, subject, version) do nothing

-- name: add_duty
insert into messages (id, service, recipient, subject, version, unit, kind, said, state, due_at, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'queued', $9, $10, $10) on conflict (recipient, subject, version) do nothing

-- What is due, and what somebody began to send and never finished; one for each recipient, the earliest.
-- name: take_due
with due as (
    select id from messages as mine
    where (state = 'queued' and due_at <= $1 or state = 'sending' and lease_until <= $1)
        and not exists (
            select 1 from messages as other
            where other.recipient = mine.recipient and other.id <> mine.id
                and (other.state = 'sending'
                    or (mine.state = 'queued' and other.state = 'queued' and other.due_at <= $1
                        and (other.due_at, other.id) < (mine.due_at, mine.id)))
        )
    order by due_at, id limit $2 for update skip locked
)
update messages set state = 'sending', lease_until = $3, again = false, attempts = attempts + 1, changed_at = $1
from due where messages.id = due.id
returning messages.id, service, recipient, subject, version, messages.unit, kind, said, due_at, attempts, lease_until,
    traceparent

-- name: told_of
select id::text as recipient, told, perhaps from recipients where id = any($1::uuid[])

-- name: next_due
select least(
    (select min(due_at) from messages where state = 'queued'), (select min(lease_until) from messages where state = 'sending')
)

-- Only who still holds the lease decides.
-- name: finish
update messages set state = $3, due_at = $4, lease_until = null, attempts = $5, kind = $6, error = $7, channel = $8,
    masked = $9, body_sha256 = $10, unit = case when $11 = '' then unit else $11 end, changed_at = $12
where id = $1 and state = 'sending' and lease_until = $2
returning again, traceparent

-- name: drop_message
delete from messages where id = $1 and state = 'sending' and lease_until = $2 returning again, traceparent

-- name: list_messages
select id, service, recipient, subject, version, unit, kind, state, due_at, attempts, error, channel, masked, body_sha256,
    created_at, changed_at
from messages
where ($1::text is null or unit = $1) and ($2::text is null or state = $2) and ($3::text is null or kind = $3)
    and ($4::timestamptz is null or (changed_at, id) < ($4, $5::uuid))
order by changed_at desc, id desc limit $6

-- name: count_messages
select state, count(*) as messages from messages where $1::text is null or unit = $1 group by state

-- name: oldest_due
select coalesce(extract(epoch from $1 - min(due_at)), 0)::float8 as seconds from messages
where state = 'queued' and due_at <= $1

-- name: read_message
select id, service, recipient, subject, version, unit, kind, state, due_at, attempts, error, channel, masked, body_sha256,
    created_at, changed_at
from messages where id = $1 for update

-- name: queue_again
update messages set state = 'queued', attempts = 0, due_at = $2, changed_at = $2 where id = $1

-- name: forget_messages
delete from messages where state in ('sent', 'suppressed', 'failed', 'dead') and changed_at < $1

-- name: forget_recipients
delete from recipients using occasions where occasions.id = recipients.occasion_id and occasions.ends_at < $1

-- Authors of opinions

-- A correction begins again: what it says may be another answer.
-- name: save_circular
insert into circulars (report_id, consultation_id, number, after, said, traceparent) values ($1, $2, $3, 0, $4, $5)
on conflict (report_id, consultation_id) do update set number = excluded.number, after = 0, said = excluded.said,
    traceparent = excluded.traceparent
where circulars.number < excluded.number

-- name: read_circular
select report_id, consultation_id, number, after, said, traceparent
from circulars where report_id = $1 and consultation_id = $2

-- name: turn_page
update circulars set after = $4 where report_id = $1 and consultation_id = $2 and number = $3

-- name: add_answers
insert into messages (id, service, recipient, subject, version, unit, kind, said, state, due_at, created_at, changed_at,
    traceparent)
select id, 'adoption', recipient, 'answered', $3, $4, 'answered', $5, 'queued', $6, $7, $7, $8
from unnest($1::uuid[], $2::text[]) as new (id, recipient)
on conflict (recipient, subject, version) do nothing

-- Duties of units

-- name: save_clock
insert into clocks (id, version, state, days_left) values ($1, $2, $3, $4)
on conflict (id) do update set version = excluded.version, state = excluded.state, days_left = excluded.days_left
where clocks.version < excluded.version
returning id

-- name: read_clock
select state, days_left from clocks where id = $1

-- name: read_addresses
select unit, version, sealed, changed_at from addresses where unit = $1

-- name: save_addresses
insert into addresses (unit, version, sealed, changed_at, changed_by) values ($1, 1, $2, $3, $4)
on conflict (unit) do update set version = addresses.version + 1, sealed = excluded.sealed,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by
returning version
