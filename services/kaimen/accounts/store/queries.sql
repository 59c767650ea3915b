-- name: list_units
select id, version, short_name, full_name, kind, code, district, valid_from, valid_to
from units order by code nulls last, short_name

-- name: read_unit
select id, version, short_name, full_name, kind, code, district, valid_from, valid_to from units where short_name = $1

-- name: save_unit
insert into units (id, version, short_name, full_name, kind, code, district, valid_from, valid_to)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (short_name) do update set version = excluded.version, full_name = excluded.full_name,
    kind = excluded.kind, code = excluded.code, district = excluded.district, valid_from = excluded.valid_from,
    valid_to = excluded.valid_to

-- name: save_grant
insert into grants (issuer, issuer_subject, role, unit, granted_at, granted_by) values ($1, $2, $3, $4, $5, $6)
on conflict (issuer, issuer_subject) do update set role = excluded.role, unit = excluded.unit,
    granted_at = excluded.granted_at, granted_by = excluded.granted_by

-- name: read_grant
select role, unit from grants where issuer = $1 and issuer_subject = $2

-- name: add_sign_in
insert into sign_ins (state_hash, nonce, verifier, next_path, created_at) values ($1, $2, $3, $4, $5)

-- name: take_sign_in
delete from sign_ins where state_hash = $1 returning nonce, verifier, next_path, created_at

-- name: forget_sign_ins
delete from sign_ins where created_at < $1

-- name: add_session
insert into sessions (token_hash, subject, name, role, unit, created_at, seen_at) values ($1, $2, $3, $4, $5, $6, $6)

-- name: read_session
select subject, name, role, unit, created_at, seen_at from sessions where token_hash = $1

-- name: touch_session
update sessions set seen_at = $2 where token_hash = $1

-- name: end_session
delete from sessions where token_hash = $1

-- name: end_sessions_of
delete from sessions where subject = $1

-- name: forget_sessions
delete from sessions where seen_at < $1
