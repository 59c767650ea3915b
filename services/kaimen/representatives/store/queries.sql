-- Units

-- name: upsert_unit
insert into units (short_name, full_name, kind, code, version) values ($1, $2, $3, $4, $5)
on conflict (short_name) do update
set full_name = excluded.full_name, kind = excluded.kind, code = excluded.code, version = excluded.version
where units.version < excluded.version

-- name: list_units
select short_name, code from units order by code nulls last, short_name

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
    array(select state from recruitments where meeting_id = meetings.id order by created_at) as recruitments,
    (select count(*) from applications where meeting_id = meetings.id
        and state in ('invited', 'confirmed', 'attended', 'absent')) as invited,
    (select count(*) from applications where meeting_id = meetings.id and state in ('confirmed', 'attended', 'absent'))
        as confirmed,
    (select count(*) from applications where meeting_id = meetings.id and state = 'attended') as present,
    (select count(*) from statements where meeting_id = meetings.id) as statements,
    (select count(*) from statements where meeting_id = meetings.id and outcome is not null) as replies
from meetings where id = any($1::uuid[])

-- Recruitments

-- name: insert_recruitment
insert into recruitments (id, meeting_id, items, method, state, seats, quotas, opens_at, closes_at, eligibility,
    criteria, rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)

-- name: save_recruitment
update recruitments set state = $2, certificate = $3, changed_at = $4 where id = $1

-- name: read_recruitment
select id, meeting_id, items, method, state, seats, quotas, opens_at, closes_at, eligibility, criteria,
    rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at
from recruitments where id = $1

-- name: lock_recruitment
select id, meeting_id, items, method, state, seats, quotas, opens_at, closes_at, eligibility, criteria,
    rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at
from recruitments where id = $1 for update

-- name: list_recruitments
select id, meeting_id, items, method, state, seats, quotas, opens_at, closes_at, eligibility, criteria,
    rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at
from recruitments where meeting_id = any($1::uuid[]) order by created_at

-- Applications

-- name: insert_application
insert into applications (id, recruitment_id, meeting_id, code, pseudonym, state, kind, channel, features, verified,
    conflict, exclusion, reason, publish_name, person, household, personal, manage_hash, created_at, changed_at,
    confirm_by, entered_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)

-- name: save_application
update applications set state = $2, verified = $3, exclusion = $4, reason = $5, changed_at = $6, confirm_by = $7
where id = $1

-- name: save_application_states
update applications set state = given.state, exclusion = given.exclusion, confirm_by = given.confirm_by, changed_at = $5
from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) as given (id, state, exclusion, confirm_by)
where applications.id = given.id

-- name: read_application
select id, recruitment_id, meeting_id, code, pseudonym, state, kind, channel, features, verified, conflict, exclusion,
    reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by, entered_by
from applications where code = $1 for update

-- name: read_application_by_id
select id, recruitment_id, meeting_id, code, pseudonym, state, kind, channel, features, verified, conflict, exclusion,
    reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by, entered_by
from applications where id = $1 for update

-- name: list_applications
select id, recruitment_id, meeting_id, code, pseudonym, state, kind, channel, features, verified, conflict, exclusion,
    reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by, entered_by
from applications where recruitment_id = $1 order by created_at, id

-- name: list_applications_of_meeting
select id, recruitment_id, meeting_id, code, pseudonym, state, kind, channel, features, verified, conflict, exclusion,
    reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by, entered_by
from applications where meeting_id = $1 order by pseudonym

-- name: took_part_since
select exists (
    select from applications join meetings on meetings.id = applications.meeting_id
    where applications.person = $1 and applications.state = 'attended' and meetings.starts_at >= $2
)

-- name: forget_unselected
update applications set personal = null, person = null, household = null
where recruitment_id = $1 and personal is not null
    and state not in ('invited', 'confirmed', 'attended', 'absent')

-- name: forget_representatives
update applications set personal = null, person = null, household = null
where meeting_id = $1 and personal is not null

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

-- name: reply_to_statement
update statements set outcome = $2, reply = $3, replied_at = $4, replied_by = $5 where id = $1
