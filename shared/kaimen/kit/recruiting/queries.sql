-- Recruitments

-- name: insert_recruitment
insert into recruitments (id, occasion_id, name, items, method, state, seats, quotas, opens_at, closes_at, eligibility,
    criteria, rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)

-- name: save_recruitment
update recruitments set state = $2, opens_at = $3, certificate = $4, changed_at = $5 where id = $1

-- name: read_recruitment
select id, occasion_id, name, items, method, state, seats, quotas, opens_at, closes_at, eligibility, criteria,
    rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at
from recruitments where id = $1

-- name: lock_recruitment
select id, occasion_id, name, items, method, state, seats, quotas, opens_at, closes_at, eligibility, criteria,
    rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at
from recruitments where id = $1 for update

-- name: list_recruitments
select id, occasion_id, name, items, method, state, seats, quotas, opens_at, closes_at, eligibility, criteria,
    rotation_months, one_per_household, confirm_days, contact, certificate, created_at, changed_at
from recruitments where occasion_id = any($1::uuid[]) order by created_at, id

-- Applications

-- name: insert_application
insert into applications (id, recruitment_id, occasion_id, scope, code, pseudonym, state, kind, how, channel, features,
    verified, conflict, exclusion, reason, publish_name, person, household, personal, manage_hash, created_at,
    changed_at, confirm_by, entered_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)

-- A change is always later than the one before it, which another host's clock may have dated.
-- name: save_application
update applications set state = $2, verified = $3, exclusion = $4, reason = $5, confirm_by = $6,
    changed_at = greatest($7, changed_at + interval '1 microsecond')
where id = $1
returning changed_at

-- name: save_application_states
update applications set state = given.state, exclusion = given.exclusion, confirm_by = given.confirm_by,
    changed_at = greatest($5, applications.changed_at + interval '1 microsecond')
from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[]) as given (id, state, exclusion, confirm_by)
where applications.id = given.id
returning applications.id, changed_at

-- name: read_application
select id, recruitment_id, occasion_id, scope, code, pseudonym, state, kind, how, channel, features, verified, conflict,
    exclusion, reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by,
    entered_by
from applications where code = $1 for update

-- name: read_application_by_id
select id, recruitment_id, occasion_id, scope, code, pseudonym, state, kind, how, channel, features, verified, conflict,
    exclusion, reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by,
    entered_by
from applications where id = $1 for update

-- name: read_applications
select id, recruitment_id, occasion_id, scope, code, pseudonym, state, kind, how, channel, features, verified, conflict,
    exclusion, reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by,
    entered_by
from applications where id = any($1::uuid[]) order by id

-- name: list_applications
select id, recruitment_id, occasion_id, scope, code, pseudonym, state, kind, how, channel, features, verified, conflict,
    exclusion, reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by,
    entered_by
from applications where recruitment_id = $1 order by created_at, id

-- name: list_applications_of_occasion
select id, recruitment_id, occasion_id, scope, code, pseudonym, state, kind, how, channel, features, verified, conflict,
    exclusion, reason, publish_name, person, household, personal, manage_hash, created_at, changed_at, confirm_by,
    entered_by
from applications where occasion_id = $1 order by pseudonym

-- name: took_part_since
select exists (select from applications where person = $1 and state = 'attended' and changed_at >= $2)

-- name: forget_unselected
update applications set personal = null, person = null, household = null
where recruitment_id = $1 and personal is not null
    and state not in ('invited', 'confirmed', 'attended', 'absent')

-- name: forget_selected
update applications set personal = null, person = null, household = null
where occasion_id = $1 and personal is not null
