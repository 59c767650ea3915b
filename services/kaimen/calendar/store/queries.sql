-- A late message must not go backwards: an older version changes nothing.
-- name: save_entry
insert into entries (entry_id, source_id, version, kind, unit, starts_at, ends_at, changed_at, feeds, body, rendered,
    search_terms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
on conflict (entry_id) do update set source_id = excluded.source_id, version = excluded.version, kind = excluded.kind,
    unit = excluded.unit, starts_at = excluded.starts_at, ends_at = excluded.ends_at, changed_at = excluded.changed_at,
    feeds = excluded.feeds, body = excluded.body, rendered = excluded.rendered, search_terms = excluded.search_terms
where entries.version <= excluded.version

-- name: feeds_of_source
select distinct unnest(feeds) as feed from entries where source_id = $1

-- name: list_feeds
select distinct unnest(feeds) as feed from entries

-- name: entries_of_feed
select body, rendered from entries where feeds @> array[$1::text] order by starts_at, entry_id

-- name: list_entries
select body, starts_at, entry_id from entries
where ends_at > $1 and starts_at < $2
    and ($3::text is null or kind = $3)
    and ($4::text is null or unit = $4)
    and ($5::text[] is null or search_terms @> $5)
    and ($6::text is null or strpos(lower(body ->> 'summary' || ' ' || (body ->> 'description') || ' ' || (body ->> 'location')), lower($6)) > 0)
    and ($7::timestamptz is null or (starts_at, entry_id) > ($7, $8::uuid))
order by starts_at, entry_id
limit $9

-- Private feeds

-- name: save_citizens_feed
insert into private_feeds (id, version, token_sha256, registrations, created_at, revoked_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (id) do update set version = excluded.version, registrations = excluded.registrations,
    revoked_at = coalesce(private_feeds.revoked_at, excluded.revoked_at)
where private_feeds.version < excluded.version

-- name: add_staff_feed
insert into private_feeds (id, version, token_sha256, subject, unit, registrations, created_at)
values ($1, 1, $2, $3, $4, '{}', $5)

-- name: revoke_staff_feed
update private_feeds set revoked_at = $3 where id = $1 and subject = $2 and revoked_at is null returning id

-- name: list_staff_feeds
select id, unit, created_at from private_feeds where subject = $1 and revoked_at is null order by created_at, id

-- name: read_private_feed
select id, unit, subject, registrations, created_at, revoked_at from private_feeds where token_sha256 = $1

-- name: save_registration
insert into registrations (id, version, session_id, state, changed_at) values ($1, $2, $3, $4, $5)
on conflict (id) do update set version = excluded.version, session_id = excluded.session_id, state = excluded.state,
    changed_at = excluded.changed_at
where registrations.version < excluded.version

-- name: registered_entries
select r.id, r.state, r.changed_at, e.body
from registrations r join entries e on e.entry_id = r.session_id
where r.id = any($1::uuid[]) order by e.starts_at, r.id

-- name: entries_of_unit
-- What the unit does and owes; the office ($1 null) watches everybody's duties.
select body, rendered from entries where (unit = $1 or ($1::text is null and kind = 'deadline'))
    and ends_at > $2 order by starts_at, entry_id
