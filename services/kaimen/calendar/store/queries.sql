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

-- Search

-- name: save_document
-- A late message must not go backwards: an older version changes nothing.
insert into documents (document_id, version, kind, unit, title, body, page, starts_at, ends_at, is_withdrawn,
    search_terms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict (document_id) do update set version = excluded.version, kind = excluded.kind, unit = excluded.unit,
    title = excluded.title, body = excluded.body, page = excluded.page, starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, is_withdrawn = excluded.is_withdrawn, search_terms = excluded.search_terms
where documents.version <= excluded.version

-- name: list_campaigns
select extract(year from starts_at at time zone 'Asia/Shanghai')::int as year from documents
where kind = 'campaign' and not is_withdrawn order by year

-- name: search
-- Each page once: a document before what calendars say of it, then what takes place before what was cancelled. Words are
-- sought as they are written first: to normalize a long text takes longer than all the rest.
with everything as (
    select entry_id as id, case kind when 'adoption' then 'decision' else kind end as kind, unit,
        body ->> 'summary' as title, concat_ws(E'\n', body ->> 'description', body ->> 'location') as body,
        body ->> 'page' as page, starts_at, ends_at, (body ->> 'all_day')::boolean as all_day,
        body ->> 'status' as status, true as is_entry
    from entries
    where search_terms @> $1
        and (kind in ('openday', 'meeting', 'hearing', 'consultation') or body ->> 'uid_kind' = 'document')
    union all
    select document_id, kind, unit, title, body, page, starts_at, ends_at, true, 'CONFIRMED', false
    from documents where search_terms @> $1 and not is_withdrawn
), wanted as (
    select *, lower(title) as in_title, lower(concat_ws(' ', title, body, unit)) as anywhere,
        greatest(starts_at - $5, $5 - ends_at, interval '0') as away
    from everything
    where page <> '' and ($3::text is null or kind = $3) and ($4::text is null or unit = $4)
), found as (
    select *, not (
        select bool_and(strpos(in_title, word) > 0 or strpos(lower(normalize(in_title, NFKC)), word) > 0)
        from unnest($2::text[]) word
    ) as is_body
    from wanted where (
        select bool_and(strpos(anywhere, word) > 0 or strpos(lower(normalize(anywhere, NFKC)), word) > 0)
        from unnest($2::text[]) word
    )
), pages as (
    select distinct on (page) * from found order by page, is_entry, status = 'CANCELLED', is_body, away, id
)
select id, kind, unit, title, body, page, starts_at, ends_at, all_day, status, is_body, away from pages
where $6::boolean is null or (is_body, away, id) > ($6, $7::interval, $8::uuid)
order by is_body, away, id
limit $9
