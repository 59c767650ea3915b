-- Consultations

-- name: insert_consultation
insert into consultations (id, version, unit, catalogue_item, title, summary, passages, draft_url, explanation,
    explanation_url, background_url, ways, channels, opens_on, closes_on, shortened_reason, extensions, report_id,
    sequence, created_at, changed_at, announced_at, closed_at, digested_at, handled, search_terms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26)

-- name: update_consultation
update consultations set version = $2, unit = $3, catalogue_item = $4, title = $5, summary = $6, passages = $7,
    draft_url = $8, explanation = $9, explanation_url = $10, background_url = $11, ways = $12, channels = $13,
    opens_on = $14, closes_on = $15, shortened_reason = $16, extensions = $17, report_id = $18, sequence = $19,
    created_at = $20, changed_at = $21, announced_at = $22, closed_at = $23, digested_at = $24, handled = $25,
    search_terms = $26
where id = $1 and version = $2 - 1
returning id

-- name: read_consultation
select id, version, unit, catalogue_item, title, summary, passages, draft_url, explanation, explanation_url,
    background_url, ways, channels, opens_on, closes_on, shortened_reason, extensions, report_id, sequence, created_at,
    changed_at, announced_at, closed_at, digested_at, handled
from consultations where id = $1

-- name: lock_consultation
select id, version, unit, catalogue_item, title, summary, passages, draft_url, explanation, explanation_url,
    background_url, ways, channels, opens_on, closes_on, shortened_reason, extensions, report_id, sequence, created_at,
    changed_at, announced_at, closed_at, digested_at, handled
from consultations where id = $1 for update

-- name: consultations_of_item
select id, version, unit, catalogue_item, title, summary, passages, draft_url, explanation, explanation_url,
    background_url, ways, channels, opens_on, closes_on, shortened_reason, extensions, report_id, sequence, created_at,
    changed_at, announced_at, closed_at, digested_at, handled
from consultations where catalogue_item = $1 and announced_at is not null order by opens_on, id for update

-- name: lock_consultations
-- In the order of those of an item: of two who lock several, one waits for the other.
select id from consultations where id = any($1::uuid[]) order by opens_on, id for update

-- name: list_consultations
-- Drafts ($5: of this unit, '' for nobody's, null for all) beside what is public. $6: the state, as of the day $7.
select id, version, unit, catalogue_item, title, summary, passages, draft_url, explanation, explanation_url,
    background_url, ways, channels, opens_on, closes_on, shortened_reason, extensions, report_id, sequence, created_at,
    changed_at, announced_at, closed_at, digested_at, handled
from consultations
where ($1::text is null or unit = $1)
    and ($2::date is null or (opens_on, id) < ($2, $3::uuid))
    and (announced_at is not null or $5::text is null or unit = $5)
    and case $6::text
        when 'draft' then announced_at is null
        when 'scheduled' then announced_at is not null and opens_on > $7
        when 'open' then announced_at is not null and opens_on <= $7 and closes_on >= $7
        when 'closed' then announced_at is not null and closes_on < $7 and digested_at is null
        when 'digested' then digested_at is not null
        else true end
    and ($8::text[] is null or search_terms @> $8)
    and ($9::text is null or strpos(lower(title || ' ' || summary || ' ' || unit), lower($9)) > 0)
    and ($10::uuid is null or catalogue_item = $10)
order by opens_on desc, id desc
limit $4

-- name: is_handled
select not exists (
    select from opinions o left join clusters c on c.id = o.cluster_id
    where o.consultation_id = $1 and o.aside is null and c.outcome is null
) as handled

-- name: add_handler
update consultations set handlers = handlers || to_jsonb($2::text) where id = $1 and not handlers ? $2

-- name: handlers_of
select distinct jsonb_array_elements_text(handlers) as subject from consultations where id = any($1::uuid[])

-- name: forget_handlers
update consultations set handlers = '[]' where id = any($1::uuid[])

-- name: take_opinion_numbers
update consultations set last_opinion = last_opinion + $2 where id = $1 returning last_opinion - $2 as last

-- name: take_cluster_number
update consultations set last_cluster = last_cluster + 1 where id = $1 returning last_cluster

-- Opinions

-- name: insert_opinions
insert into opinions (id, consultation_id, no, received_on, received_at, channel, passage, text, fingerprint,
    submitter_kind, contact, receipt_hash, language)
select given.id, $1, given.no, given.received_on, $2, given.channel, given.passage, given.text, given.fingerprint,
    given.submitter_kind, given.contact, given.receipt_hash, given.language
from unnest($3::uuid[], $4::int[], $5::date[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::text[],
    $11::bytea[], $12::bytea[], $13::text[]) as given (id, no, received_on, channel, passage, text, fingerprint,
    submitter_kind, contact, receipt_hash, language)

-- name: read_opinions
select id, consultation_id, no, version, received_on, received_at, channel, passage, text, submitter_kind, cluster_id,
    aside, aside_reason, duplicate_of, withdrawn_by_author, visibility, visibility_reason, public_text,
    published_cluster
from opinions where consultation_id = $1 and no = any($2::int[]) order by no for update

-- name: opinion_of_receipt
select id, consultation_id, no, version, received_on, received_at, channel, passage, text, submitter_kind, cluster_id,
    aside, aside_reason, duplicate_of, withdrawn_by_author, visibility, visibility_reason, public_text,
    published_cluster
from opinions where receipt_hash = $1

-- name: list_opinions
select id, consultation_id, no, version, received_on, received_at, channel, passage, text, submitter_kind, cluster_id,
    aside, aside_reason, duplicate_of, withdrawn_by_author, visibility, visibility_reason, public_text,
    published_cluster
from opinions
where consultation_id = $1 and no > $2
    and case $4::text
        when 'waiting' then cluster_id is null and aside is null
        when 'grouped' then cluster_id is not null
        when 'aside' then aside is not null
        when 'shown' then visibility = 'shown'
        when 'pending' then visibility = 'pending'
        else true end
    and ($5::text is null or channel = $5)
    and ($6::text is null or passage = $6)
    and (not $9::boolean or (visibility = 'shown' and aside is distinct from 'withdrawn'))
    and ($7::text is null or strpos(lower(case when $9 then public_text else text end), lower($7)) > 0)
    and ($8::uuid is null or cluster_id = $8)
order by no
limit $3

-- name: read_contacts
select no, contact from opinions where consultation_id = $1 and no = any($2::int[]) and contact is not null

-- name: list_contacts
select no, id, contact, language from opinions
where consultation_id = $1 and contact is not null and aside is distinct from 'withdrawn'
    and case when cardinality($2::int[]) > 0 then no = any($2) else no > $3 end
order by no limit $4

-- name: place_opinions
update opinions set cluster_id = $3 where consultation_id = $1 and no = any($2::int[])

-- name: set_aside
update opinions set aside = $3, aside_reason = $4, duplicate_of = $5, withdrawn_by_author = $6, cluster_id = null,
    version = version + 1
where consultation_id = $1 and no = $2

-- name: free_duplicates
update opinions set aside = null, aside_reason = '', duplicate_of = null, version = version + 1
where consultation_id = $1 and aside = 'duplicate' and duplicate_of = $2

-- name: moderate
update opinions set visibility = $3, visibility_reason = $4, public_text = $5, version = version + 1
where consultation_id = $1 and no = $2

-- name: forget_contact
update opinions set contact = null where id = $1

-- name: keep_published_groups
update opinions set published_cluster = cluster_id
where consultation_id = any($1::uuid[]) and published_cluster is distinct from cluster_id

-- name: forget_contacts
update opinions set contact = null where consultation_id = $1 and contact is not null

-- Attachments

-- name: insert_attachment
insert into attachments (opinion_id, consultation_id, number, kind, size, sha256, name, body, added_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: attachments_of
select opinion_id, number, kind, size, sha256, name, added_at from attachments
where opinion_id = any($1::uuid[]) order by opinion_id, number

-- name: read_attachment
select number, kind, size, sha256, name, added_at, body from attachments where opinion_id = $1 and number = $2

-- name: attachments_size
select sum(size) from attachments where consultation_id = $1

-- name: delete_attachment
delete from attachments where opinion_id = $1 and number = $2 returning number

-- name: delete_attachments
delete from attachments where opinion_id = $1

-- name: forget_attachments
delete from attachments where consultation_id = $1

-- name: same_as
select o.no from opinions o
join opinions first on first.consultation_id = o.consultation_id and first.fingerprint = o.fingerprint
where first.consultation_id = $1 and first.no = any($2::int[]) and o.cluster_id is null and o.aside is null
order by o.no

-- name: count_opinions
select channel, cluster_id, aside, count(*) as number from opinions where consultation_id = $1
group by channel, cluster_id, aside

-- name: received_of
-- Numbers have no gaps and no opinion is ever deleted: the last number says how many there are.
select id as consultation_id, last_opinion as number from consultations where id = any($1::uuid[])

-- Groups

-- name: insert_cluster
insert into clusters (id, consultation_id, no, version, summary, passage, by_hand, outcome, reason, change, created_by,
    answered_by, created_at, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: update_cluster
update clusters set consultation_id = $2, no = $3, version = $4, summary = $5, passage = $6, by_hand = $7,
    outcome = $8, reason = $9, change = $10, created_by = $11, answered_by = $12, created_at = $13, changed_at = $14
where id = $1 and version = $4 - 1
returning id

-- name: delete_cluster
delete from clusters where id = $1

-- name: free_opinions
update opinions set cluster_id = null where cluster_id = $1

-- name: read_cluster
select id, consultation_id, no, version, summary, passage, by_hand, outcome, reason, change, created_by, answered_by,
    created_at, changed_at
from clusters where id = $1

-- name: clusters_of
select id, consultation_id, no, version, summary, passage, by_hand, outcome, reason, change, created_by, answered_by,
    created_at, changed_at
from clusters where consultation_id = $1 order by no

-- Reports

-- name: insert_report
insert into reports (id, version, unit, catalogue_item, consultations, title, state, number, basis, summary,
    participations, not_used, final, final_url, dropped, correction, authors, approved_by, approved_at, published_at,
    created_at, changed_at, search_terms)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)

-- name: update_report
update reports set version = $2, unit = $3, catalogue_item = $4, consultations = $5, title = $6, state = $7,
    number = $8, basis = $9, summary = $10, participations = $11, not_used = $12, final = $13, final_url = $14,
    dropped = $15, correction = $16, authors = $17, approved_by = $18, approved_at = $19, published_at = $20,
    created_at = $21, changed_at = $22, search_terms = coalesce($23, search_terms)
where id = $1 and version = $2 - 1
returning id

-- name: read_report
select id, version, unit, catalogue_item, consultations, title, state, number, basis, summary, participations, not_used,
    final, final_url, dropped, correction, authors, approved_by, approved_at, published_at, created_at, changed_at
from reports where id = $1

-- name: lock_report
select id, version, unit, catalogue_item, consultations, title, state, number, basis, summary, participations, not_used,
    final, final_url, dropped, correction, authors, approved_by, approved_at, published_at, created_at, changed_at
from reports where id = $1 for update

-- name: report_of_item
select id, version, unit, catalogue_item, consultations, title, state, number, basis, summary, participations, not_used,
    final, final_url, dropped, correction, authors, approved_by, approved_at, published_at, created_at, changed_at
from reports where catalogue_item = $1

-- name: lock_report_of_item
select id, version, unit, catalogue_item, consultations, title, state, number, basis, summary, participations, not_used,
    final, final_url, dropped, correction, authors, approved_by, approved_at, published_at, created_at, changed_at
from reports where catalogue_item = $1 for update

-- name: list_reports
-- What is being written ($6: in this unit, '' for nobody's, null for all) beside what is published. Who may not see what
-- is being written finds a report that is corrected by what was published of it. Its terms are those of the publication.
select id, version, unit, catalogue_item, consultations, title, state, number, basis, summary, participations, not_used,
    final, final_url, dropped, correction, authors, approved_by, approved_at, published_at, created_at, changed_at
from reports
    cross join lateral (
        select number > 0 and state <> 'published' and $6::text is not null and unit <> $6 as as_published
    ) as seen
    left join lateral (
        select convert_from(body, 'UTF8')::jsonb as said from report_versions
        where seen.as_published and report_id = reports.id and report_versions.number = reports.number
    ) as shown on true
where ($1::text is null or unit = $1)
    and case $2::text when 'published' then number > 0 when 'drafting' then state = 'drafting' and not seen.as_published
        when 'approved' then state = 'approved' and not seen.as_published else true end
    and ($3::timestamptz is null or (created_at, id) < ($3, $4::uuid))
    and (number > 0 or $6::text is null or unit = $6)
    and ($7::text[] is null or (number > 0 and state <> 'published') or search_terms @> $7)
    and ($8::text is null or strpos(
        lower(coalesce(said ->> 'title', title) || ' ' || coalesce(said ->> 'summary', summary) || ' ' || unit), lower($8)
    ) > 0)
    and ($9::uuid is null or catalogue_item = $9)
order by created_at desc, id desc
limit $5

-- name: insert_report_version
insert into report_versions (report_id, number, body, sha256, tally, published_at, published_by)
values ($1, $2, $3, $4, $5, $6, $7)

-- name: read_report_version
select body from report_versions where report_id = $1 and number = $2

-- name: published_counts
select consultations.id, (line ->> 'received')::int as received
from consultations
    join reports on reports.id = consultations.report_id and reports.number > 0 and reports.state <> 'published'
    join report_versions on report_versions.report_id = reports.id and report_versions.number = reports.number
    cross join lateral jsonb_array_elements(convert_from(body, 'UTF8')::jsonb -> 'consultations') as line
where consultations.id = any($1::uuid[]) and line ->> 'id' = consultations.id::text

-- name: reported_at
-- A report that says that the decision was dropped is none on a decision.
select published_at from report_versions
where report_id = $1 and not (convert_from(body, 'UTF8')::jsonb ->> 'dropped')::boolean order by number limit 1

-- name: latest_tallies
select distinct on (report_id) report_id, tally from report_versions where report_id = any($1::uuid[])
order by report_id, number desc

-- name: list_report_versions
select number, sha256, published_at, convert_from(body, 'UTF8')::jsonb ->> 'correction' as correction
from report_versions where report_id = $1 order by number

-- Clocks

-- name: insert_clock
insert into clocks (id, version, kind, unit, catalogue_item, title, document_no, url, started_on, due_on, not_before,
    original_due_on, suspensions, met_on, breached_on, dropped_on, warned, sequence, created_at, changed_at,
    issue_version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)

-- name: update_clock
update clocks set version = $2, kind = $3, unit = $4, catalogue_item = $5, title = $6, document_no = $7, url = $8,
    started_on = $9, due_on = $10, not_before = $11, original_due_on = $12, suspensions = $13, met_on = $14,
    breached_on = $15, dropped_on = $16, warned = $17, sequence = $18, created_at = $19, changed_at = $20,
    issue_version = $21
where id = $1 and version = $2 - 1
returning id

-- name: lock_clock
select id, version, kind, unit, catalogue_item, title, document_no, url, started_on, due_on, not_before, original_due_on,
    suspensions, met_on, breached_on, dropped_on, warned, sequence, created_at, changed_at, issue_version
from clocks where id = $1 for update

-- name: clocks_of_item
select id, version, kind, unit, catalogue_item, title, document_no, url, started_on, due_on, not_before, original_due_on,
    suspensions, met_on, breached_on, dropped_on, warned, sequence, created_at, changed_at, issue_version
from clocks where catalogue_item = $1 order by kind desc for update

-- name: unsettled_clocks
-- Open, or met on a day of which nobody could know whether it was in time.
select id, version, kind, unit, catalogue_item, title, document_no, url, started_on, due_on, not_before, original_due_on,
    suspensions, met_on, breached_on, dropped_on, warned, sequence, created_at, changed_at, issue_version
from clocks
where breached_on is null and dropped_on is null and (met_on is null or due_on is null)
order by id for update

-- name: list_clocks
-- $6: the state, as of the day $7.
select id, version, kind, unit, catalogue_item, title, document_no, url, started_on, due_on, not_before, original_due_on,
    suspensions, met_on, breached_on, dropped_on, warned, sequence, created_at, changed_at, issue_version
from clocks
where ($1::text is null or unit = $1)
    and ($2::date is null or (not_before, id) > ($2, $3::uuid))
    and ($5::text is null or kind = $5)
    and case $6::text
        when 'running' then met_on is null and breached_on is null and dropped_on is null
            and (due_on is null or due_on >= $7)
        when 'breached' then met_on is null and (breached_on is not null or (dropped_on is null and due_on < $7))
        when 'met' then met_on is not null and (due_on is null or met_on <= due_on) and breached_on is null
        when 'met_late' then met_on is not null and (met_on > due_on or breached_on is not null)
        when 'dropped' then dropped_on is not null and met_on is null and breached_on is null
        when 'provisional' then due_on is null and met_on is null and dropped_on is null
        else true end
    and ($8::uuid is null or catalogue_item = $8)
order by not_before, id
limit $4

-- What is still owed by its last day ($1: today, $2: the last day that is soon), and what became of the rest.
-- name: count_clocks
select kind,
    case when met_on is not null and (met_on > due_on or breached_on is not null) then 'met_late'
        when met_on is not null then 'met'
        when dropped_on is not null then 'dropped'
        when breached_on is not null or due_on < $1 then 'overdue'
        when coalesce(due_on, not_before) <= $2 then 'soon'
        else 'later' end as standing,
    count(*) as clocks
from clocks group by 1, 2

-- What others said

-- name: save_item
insert into items (id, version, unit, title, state, participation, page) values ($1, $2, $3, $4, $5, $6, $7)
on conflict (id) do update set version = excluded.version, unit = excluded.unit, title = excluded.title,
    state = excluded.state, participation = excluded.participation, page = excluded.page
where items.version < excluded.version

-- name: read_item
select id, unit, title, state, participation, page from items where id = $1

-- name: lock_item
select id, unit, title, state, participation, page from items where id = $1 for update

-- name: save_document
insert into documents (item_id, version, body) values ($1, $2, $3)
on conflict (item_id) do update set version = excluded.version, body = excluded.body
where documents.version < excluded.version

-- name: read_document
select body from documents where item_id = $1

-- name: save_heard
insert into heard_participations (source_id, item_id, version, kind, title, held_on, people, counted, page)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (source_id) do update set item_id = excluded.item_id, version = excluded.version, title = excluded.title,
    held_on = excluded.held_on, people = excluded.people, counted = excluded.counted, page = excluded.page
where heard_participations.version < excluded.version
returning source_id

-- name: heard_of_item
select kind, title, held_on, people, counted, page from heard_participations where item_id = $1
order by held_on, source_id

-- name: save_people
update heard_participations set people = $2 where source_id = $1 and people <> $2 returning source_id

-- name: people_of_heard
select people from heard_participations where source_id = $1
