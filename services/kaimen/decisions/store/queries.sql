-- Catalogues

-- name: insert_catalogue
insert into catalogues (id, version, unit, year, state, legality_checked_on, consented_on, consented_by, published_on,
    revision, empty_reason, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: update_catalogue
update catalogues set version = $2, unit = $3, year = $4, state = $5, legality_checked_on = $6, consented_on = $7,
    consented_by = $8, published_on = $9, revision = $10, empty_reason = $11, created_at = $12, changed_at = $13
where id = $1 and version = $2 - 1
returning id

-- name: read_catalogue
select id, version, unit, year, state, legality_checked_on, consented_on, consented_by, published_on, revision,
    empty_reason, created_at, changed_at
from catalogues where id = $1

-- name: lock_catalogue
select id, version, unit, year, state, legality_checked_on, consented_on, consented_by, published_on, revision,
    empty_reason, created_at, changed_at
from catalogues where id = $1 for update

-- name: read_catalogue_of
select id, version, unit, year, state, legality_checked_on, consented_on, consented_by, published_on, revision,
    empty_reason, created_at, changed_at
from catalogues where unit = $1 and year = $2

-- name: list_catalogues
-- Drafts ($6: of this unit, '' for nobody's, null for all) beside what is public.
select id, version, unit, year, state, legality_checked_on, consented_on, consented_by, published_on, revision,
    empty_reason, created_at, changed_at
from catalogues
where ($1::text is null or unit = $1) and ($2::int is null or year = $2)
    and ($3::timestamptz is null or (created_at, id) > ($3, $4::uuid))
    and (published_on is not null or $6::text is null or unit = $6)
order by created_at, id
limit $5

-- name: insert_revision
insert into catalogue_revisions (catalogue_id, number, reason, consented_on, consented_by, published_at, document,
    sha256)
values ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: list_revisions
select number, reason, consented_on, consented_by, published_at, sha256
from catalogue_revisions where catalogue_id = $1 order by number

-- name: read_revision
select document, sha256 from catalogue_revisions where catalogue_id = $1 and number = $2

-- name: upsert_dropped_reason
insert into dropped_reasons (catalogue_id, item_id, reason) values ($1, $2, $3)
on conflict (catalogue_id, item_id) do update set reason = excluded.reason

-- name: list_dropped_reasons
select item_id, reason from dropped_reasons where catalogue_id = $1

-- Items

-- name: insert_item
insert into items (id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on,
    listed_in, listing_reason, archive_ref, created_at, state_since, category, is_withheld, search_terms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)

-- name: update_item
update items set version = $2, catalogue_id = $3, unit = $4, year = $5, state = $6, terms = $7, pending = $8,
    reason = $9, suspended_in = $10, listed_on = $11, listed_in = $12, listing_reason = $13, archive_ref = $14,
    created_at = $15, state_since = $16, category = $17, is_withheld = $18, search_terms = $19
where id = $1 and version = $2 - 1
returning id

-- name: read_item
select id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on, listed_in,
    listing_reason, archive_ref, created_at, state_since
from items where id = $1

-- name: lock_item
select id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on, listed_in,
    listing_reason, archive_ref, created_at, state_since
from items where id = $1 for update

-- name: items_of_catalogue
select id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on, listed_in,
    listing_reason, archive_ref, created_at, state_since
from items where catalogue_id = $1 order by created_at, id

-- name: lock_items_of_catalogue
select id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on, listed_in,
    listing_reason, archive_ref, created_at, state_since
from items where catalogue_id = $1 order by id for update

-- name: not_public
select id from items where id = any($1::uuid[]) and (is_withheld or listed_on is null)

-- name: list_items
-- Drafts and what is withheld ($10: of this unit, '' for nobody's, null for all) beside what is public. The terms find
-- candidates by index, the phrase decides.
select id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on, listed_in,
    listing_reason, archive_ref, created_at, state_since
from items
where ($1::text is null or unit = $1) and ($2::int is null or year = $2)
    and ($3::text is null or state = $3) and ($4::text is null or category = $4)
    and ($5::text[] is null or search_terms @> $5)
    and ($6::text is null or strpos(lower(concat_ws(' ', terms ->> 'title', unit, terms ->> 'co_sponsors')), lower($6)) > 0)
    and ($7::timestamptz is null or (created_at, id) > ($7, $8::uuid))
    and ((listed_on is not null and not is_withheld) or $10::text is null or unit = $10)
order by created_at, id
limit $9

-- name: issued_items
select id, version, catalogue_id, unit, year, state, terms, pending, reason, suspended_in, listed_on, listed_in,
    listing_reason, archive_ref, created_at, state_since
from items
where state in ('issued', 'adoption_published', 'archived') and listed_on is not null and not is_withheld
order by created_at, id
limit $1

-- What the public saw

-- name: insert_item_version
insert into item_versions (item_id, version, at, document, sha256) values ($1, $2, $3, $4, $5)

-- name: list_item_versions
select version, at, sha256 from item_versions where item_id = $1 order by version

-- name: read_item_as_at
select document, sha256 from item_versions where item_id = $1 and at <= $2 order by at desc, version desc limit 1

-- Papers

-- name: upsert_paper
insert into papers (item_id, kind, body, sealed, filed_by, filed_at, filed_role) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (item_id, kind) do update
set body = excluded.body, sealed = excluded.sealed, filed_by = excluded.filed_by, filed_at = excluded.filed_at,
    filed_role = excluded.filed_role

-- name: read_filed_role
select filed_role from papers where item_id = $1 and kind = $2

-- name: list_papers
select kind, body, sealed is not null as has_dissent from papers where item_id = $1 order by filed_at, kind

-- name: read_paper
select body, sealed from papers where item_id = $1 and kind = $2

-- Facets

-- name: upsert_facet
insert into facets (item_id, facet, state, url, published_on, reason, by_event, link, checked_at, failing_since)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (item_id, facet) do update
set state = excluded.state, url = excluded.url, published_on = excluded.published_on, reason = excluded.reason,
    by_event = excluded.by_event, link = excluded.link, checked_at = excluded.checked_at,
    failing_since = excluded.failing_since

-- name: list_facets
select item_id, facet, state, url, published_on, reason, by_event, link, checked_at, failing_since
from facets where item_id = any($1::uuid[])

-- Steps

-- name: lock_source
-- Two messages about one source, handled at the same time, wait for each other.
select pg_advisory_xact_lock(hashtextextended($1, 0))

-- name: save_step
-- A late message must not go backwards, also not for an item that the source has left since.
insert into steps (item_id, kind, source_id, version, state, title, day, at, until_on, page, detail)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11
where not exists (select 1 from steps where kind = $2 and source_id = $3 and version > $4)
on conflict (item_id, kind, source_id) do update
set version = excluded.version, state = excluded.state, title = excluded.title, day = excluded.day, at = excluded.at,
    until_on = excluded.until_on, page = excluded.page, detail = excluded.detail
returning item_id

-- name: leave_items
update steps set state = 'moved', version = $2
where source_id = $1 and version < $2 and state <> 'moved' and item_id <> all($3::uuid[])
returning item_id

-- name: list_steps
select kind, source_id, version, state, title, day, at, until_on, page, detail from steps where item_id = $1

-- Documents

-- name: insert_issue
insert into issues (item_id, number, title, document_no, url, signed_on, imprint_on, published_at, issued_on, basis,
    reason, recorded_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: list_issues
select item_id, number, title, document_no, url, signed_on, imprint_on, published_at, issued_on, basis, reason,
    recorded_at
from issues where item_id = any($1::uuid[]) order by item_id, number
