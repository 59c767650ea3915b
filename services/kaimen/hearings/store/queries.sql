-- Hearings

-- name: insert_hearing
insert into hearings (id, version, unit, catalogue_item, profile, title, matters, draft_url, explanation_url, standing,
    starts_at, ends_at, place, presider, recorder, speaking_minutes, sides, groups, steps, opens_at, closes_at, entropy,
    accessibility, reason, sequence, created_at, changed_at, announced_at, list_published_at, delivered_at, held_at,
    confirmed_at, reported_at, archived_at, archive_ref)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)

-- name: update_hearing
update hearings set version = $2, unit = $3, catalogue_item = $4, profile = $5, title = $6, matters = $7,
    draft_url = $8, explanation_url = $9, standing = $10, starts_at = $11, ends_at = $12, place = $13, presider = $14,
    recorder = $15, speaking_minutes = $16, sides = $17, groups = $18, steps = $19, opens_at = $20, closes_at = $21,
    entropy = $22, accessibility = $23, reason = $24, sequence = $25, created_at = $26, changed_at = $27,
    announced_at = $28, list_published_at = $29, delivered_at = $30, held_at = $31, confirmed_at = $32,
    reported_at = $33, archived_at = $34, archive_ref = $35
where id = $1 and version = $2 - 1
returning id

-- name: read_hearing
select id, version, unit, catalogue_item, profile, title, matters, draft_url, explanation_url, standing, starts_at,
    ends_at, place, presider, recorder, speaking_minutes, sides, groups, steps, opens_at, closes_at, entropy,
    accessibility, reason, sequence, created_at, changed_at, announced_at, list_published_at, delivered_at, held_at,
    confirmed_at, reported_at, archived_at, archive_ref
from hearings where id = $1

-- name: lock_hearing
select id, version, unit, catalogue_item, profile, title, matters, draft_url, explanation_url, standing, starts_at,
    ends_at, place, presider, recorder, speaking_minutes, sides, groups, steps, opens_at, closes_at, entropy,
    accessibility, reason, sequence, created_at, changed_at, announced_at, list_published_at, delivered_at, held_at,
    confirmed_at, reported_at, archived_at, archive_ref
from hearings where id = $1 for update

-- name: list_hearings
-- Drafts ($7: of this unit, '' for nobody's, null for all) beside what is public.
select id, version, unit, catalogue_item, profile, title, matters, draft_url, explanation_url, standing, starts_at,
    ends_at, place, presider, recorder, speaking_minutes, sides, groups, steps, opens_at, closes_at, entropy,
    accessibility, reason, sequence, created_at, changed_at, announced_at, list_published_at, delivered_at, held_at,
    confirmed_at, reported_at, archived_at, archive_ref
from hearings
where ($1::timestamptz is null or starts_at >= $1) and ($2::timestamptz is null or starts_at < $2)
    and ($3::text is null or unit = $3)
    and ($4::timestamptz is null or (starts_at, id) > ($4, $5::uuid))
    and (announced_at is not null or $7::text is null or unit = $7)
order by starts_at, id
limit $6

-- Materials

-- name: insert_deliveries
insert into deliveries (id, hearing_id, pseudonym, documents, way, delivered_on, receipt, waiver, recorded_at)
select given.id, $1, given.pseudonym, $2, $3, $4, given.receipt, given.waiver, $5
from unnest($6::uuid[], $7::text[], $8::bytea[], $9::bytea[]) as given (id, pseudonym, receipt, waiver)

-- name: list_deliveries
select id, pseudonym, documents, way, delivered_on, receipt, waiver, recorded_at, acknowledged_at
from deliveries where hearing_id = $1 order by recorded_at, id

-- name: acknowledge
update deliveries set acknowledged_at = $2, waiver = $3 where id = $1

-- The floor

-- name: list_turns
select speaker, side, step, began_at, ended_at from turns where hearing_id = $1 order by number

-- name: upsert_turn
insert into turns (hearing_id, number, speaker, side, step, began_at, ended_at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (hearing_id, number) do update set ended_at = excluded.ended_at

-- The record

-- name: insert_record_version
insert into record_versions (hearing_id, number, lines, recording_ref, written_at, written_by, sha256)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: list_record_versions
select number, lines, recording_ref, written_at, sha256 from record_versions where hearing_id = $1 order by number

-- name: upsert_sign_off
insert into sign_offs (hearing_id, version, pseudonym, answer, text, way, at) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (hearing_id, version, pseudonym) do update
set answer = excluded.answer, text = excluded.text, way = excluded.way, at = excluded.at

-- name: list_sign_offs
select pseudonym, version, answer, text, way, at from sign_offs where hearing_id = $1 order by at, pseudonym

-- The report

-- name: insert_report
insert into reports (hearing_id, record_version, summary, points, published_at, published_by)
values ($1, $2, $3, $4, $5, $6)

-- name: read_report
select record_version, summary, points, published_at from reports where hearing_id = $1
