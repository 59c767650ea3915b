-- Meetings

-- name: insert_meeting
insert into meetings (id, version, unit, level, title, kind, standing, starts_at, ends_at, place, agenda_fixed, reason,
    sequence, created_at, changed_at, attended_at, items)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)

-- name: update_meeting
update meetings set version = $2, unit = $3, level = $4, title = $5, kind = $6, standing = $7, starts_at = $8,
    ends_at = $9, place = $10, agenda_fixed = $11, reason = $12, sequence = $13, created_at = $14, changed_at = $15,
    attended_at = $16, items = $17
where id = $1 and version = $2 - 1
returning id

-- name: tell_entries
update meetings set told_at = greatest($2, told_at + interval '1 microsecond') where id = $1 returning told_at

-- name: read_meeting
select id, version, unit, level, title, kind, standing, starts_at, ends_at, place, agenda_fixed, reason, sequence,
    created_at, changed_at, attended_at, items
from meetings where id = $1

-- name: lock_meeting
select id, version, unit, level, title, kind, standing, starts_at, ends_at, place, agenda_fixed, reason, sequence,
    created_at, changed_at, attended_at, items
from meetings where id = $1 for update

-- name: list_meetings
select id, version, unit, level, title, kind, standing, starts_at, ends_at, place, agenda_fixed, reason, sequence,
    created_at, changed_at, attended_at, items
from meetings
where ($1::timestamptz is null or starts_at >= $1) and ($2::timestamptz is null or starts_at < $2)
    and ($3::text is null or unit = $3)
    and ($4::timestamptz is null or (starts_at, id) > ($4, $5::uuid))
order by starts_at, id
limit $6

-- name: read_progress
select meetings.id as meeting_id,
    array(select state from recruitments where occasion_id = meetings.id order by created_at) as recruitments,
    (select count(*) from applications where occasion_id = meetings.id
        and state in ('invited', 'confirmed', 'attended', 'absent')) as invited,
    (select count(*) from applications where occasion_id = meetings.id and state in ('confirmed', 'attended', 'absent'))
        as confirmed,
    (select count(*) from applications where occasion_id = meetings.id and state = 'attended') as present,
    (select count(*) from statements where meeting_id = meetings.id) as statements,
    (select count(*) from statements where meeting_id = meetings.id and outcome is not null) as replies
from meetings where id = any($1::uuid[])

-- Statements

-- name: insert_statement
insert into statements (id, meeting_id, application_id, item_id, summary, said_at, due_on)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: read_statement
select statements.id, statements.meeting_id, item_id, pseudonym, summary, said_at, due_on, outcome, reply, replied_at
from statements join applications on applications.id = statements.application_id
where statements.id = $1 for update of statements

-- name: list_statements
select statements.id, statements.meeting_id, item_id, pseudonym, summary, said_at, due_on, outcome, reply, replied_at
from statements join applications on applications.id = statements.application_id
where statements.meeting_id = $1 order by said_at, statements.id

-- name: list_unanswered
select statements.id, meetings.starts_at as held_at, due_on
from statements join meetings on meetings.id = statements.meeting_id
where outcome is null and (due_on is null or due_on >= $1) order by said_at, statements.id

-- name: move_due_date
update statements set due_on = $2 where id = $1 and outcome is null

-- name: reply_to_statement
update statements set outcome = $2, reply = $3, replied_by = $5,
    replied_at = greatest($4, replied_at + interval '1 microsecond')
where id = $1
returning replied_at
