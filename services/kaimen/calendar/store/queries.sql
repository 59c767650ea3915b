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
