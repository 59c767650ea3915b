-- Campaigns

-- name: insert_campaign
insert into campaigns (id, version, year, name, theme, opens_on, closes_on, sign_url, state, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)

-- name: update_campaign
update campaigns set version = $2, name = $4, theme = $5, opens_on = $6, closes_on = $7, sign_url = $8, state = $9,
    changed_at = $11
where id = $1 and version = $2 - 1 and year = $3 and created_at = $10
returning id

-- name: read_campaign
select id, version, year, name, theme, opens_on, closes_on, sign_url, state, created_at, changed_at
from campaigns where year = $1

-- name: lock_campaign
select id, version, year, name, theme, opens_on, closes_on, sign_url, state, created_at, changed_at
from campaigns where year = $1 for update

-- name: list_campaigns
select id, version, year, name, theme, opens_on, closes_on, sign_url, state, created_at, changed_at
from campaigns where ($1 or state <> 'planned') order by year desc

-- Events

-- name: save_events
-- A late message must not go backwards. There is one report of an event: whichever message brings its figures.
insert into events (event_id, version, year, unit, body, figures)
select * from unnest($1::uuid[], $2::bigint[], $3::int[], $4::text[], $5::jsonb[], $6::jsonb[])
on conflict (event_id) do update set
    version = greatest(events.version, excluded.version),
    year = case when excluded.version >= events.version then excluded.year else events.year end,
    unit = case when excluded.version >= events.version then excluded.unit else events.unit end,
    body = case when excluded.version >= events.version then excluded.body else events.body end,
    figures = coalesce(excluded.figures, events.figures)

-- name: events_of_year
select body from events where year = $1 order by event_id

-- Another text whenever a row has come, gone or been written anew, whatever was written: `xmin` is who wrote it.
-- name: state_of_events
select md5(coalesce(string_agg(event_id::text || xmin::text, ',' order by event_id), '')) from events where year = $1

-- name: facts_of_year
select body, figures, exists (select 1 from signs where signs.event_id = events.event_id) as has_photo
from events where year = $1 order by event_id

-- name: lock_event_of_year
select body from events where year = $1 and event_id = $2 for update

-- Signs

-- name: insert_sign
insert into signs (event_id, number, sha256, width, height, image, filed_by, filed_at)
values ($1, (select coalesce(max(number), 0) + 1 from signs where event_id = $1), $2, $3, $4, $5, $6, $7)
returning number

-- name: read_sign
select image, sha256 from signs
where event_id = $2 and exists (select 1 from events where event_id = $2 and year = $1)
order by number desc limit 1

-- name: signs_of_year
select distinct on (signs.event_id) signs.event_id, number, sha256, width, height, filed_by, filed_at
from signs join events on events.event_id = signs.event_id and events.year = $1
order by signs.event_id, number desc

-- Archives

-- name: insert_archive
insert into archives (year, document, body, sha256, frozen_at) values ($1, $2, $3, $4, $5)

-- name: list_archives
select document, sha256, length(body) as octets, frozen_at from archives where year = $1 order by document

-- name: read_archive
select body, sha256 from archives where year = $1 and document = $2
