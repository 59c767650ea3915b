create table catalogues (
    id uuid primary key,
    version bigint not null,
    unit text not null,
    year int not null,
    state text not null,
    legality_checked_on date,
    consented_on date,
    consented_by text not null,
    published_on date,
    revision int not null,
    empty_reason text not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint catalogues_one_per_unit_and_year unique (unit, year),
    constraint catalogues_state_known check (
        state in ('collecting', 'legality_checked', 'consented', 'published', 'revised', 'closed')),
    constraint catalogues_checked_before_consent check (consented_on is null or legality_checked_on is not null),
    constraint catalogues_consented_before_public check (published_on is null or consented_on is not null),
    constraint catalogues_public_when_published check (
        (published_on is not null) = (state in ('published', 'revised', 'closed')))
);
create index catalogues_created_idx on catalogues (created_at, id);

-- What was published, byte for byte.
create table catalogue_revisions (
    catalogue_id uuid not null references catalogues (id),
    number int not null,
    reason text not null,
    consented_on date not null,
    consented_by text not null,
    published_at timestamptz not null,
    document bytea not null,
    sha256 text not null,
    primary key (catalogue_id, number),
    constraint catalogue_revisions_explained check (number = 0 or reason <> '')
);
create trigger catalogue_revisions_never_rewritten before update or delete or truncate on catalogue_revisions
    for each statement execute function refuse_change();

-- Why an item of last year is not continued.
create table dropped_reasons (
    catalogue_id uuid not null references catalogues (id),
    item_id uuid not null,
    reason text not null,
    primary key (catalogue_id, item_id),
    constraint dropped_reasons_given check (reason <> '')
);

create table items (
    id uuid primary key,
    version bigint not null,
    catalogue_id uuid not null references catalogues (id),
    unit text not null,
    year int not null,
    state text not null,
    terms jsonb not null,
    pending jsonb,
    reason text not null,
    suspended_in text,
    listed_on date,
    listed_in int,
    listing_reason text not null,
    archive_ref text not null,
    created_at timestamptz not null,
    state_since timestamptz not null,
    category text not null,
    is_withheld boolean not null,
    search_terms text[] not null,
    constraint items_state_known check (state in (
        'listed', 'drafting', 'consulting', 'reviewing', 'ready', 'deliberated', 'issued', 'adoption_published',
        'archived', 'returned', 'suspended', 'removed')),
    constraint items_category_known check (
        category in ('public_policy', 'plan', 'resources_culture', 'construction', 'other')),
    constraint items_side_states_explained check (
        (state in ('returned', 'suspended', 'removed')) = (reason <> '')),
    constraint items_suspended_somewhere check ((state = 'suspended') = (suspended_in is not null)),
    constraint items_archived_somewhere check (state <> 'archived' or archive_ref <> ''),
    constraint items_listed_before_procedure check (listed_on is not null or state in ('listed', 'removed')),
    constraint items_listed_in_a_revision check ((listed_on is null) = (listed_in is null))
);
create index items_catalogue_idx on items (catalogue_id);
create index items_created_idx on items (created_at, id);
create index items_unit_idx on items (unit, year);
create index items_search_idx on items using gin (search_terms);

-- What the public saw, byte for byte.
create table item_versions (
    item_id uuid not null references items (id),
    version bigint not null,
    at timestamptz not null,
    document bytea not null,
    sha256 text not null,
    primary key (item_id, version)
);
create index item_versions_at_idx on item_versions (item_id, at);
create trigger item_versions_never_rewritten before update or delete or truncate on item_versions
    for each statement execute function refuse_change();

-- `sealed` holds the dissent of a deliberation.
create table papers (
    item_id uuid not null references items (id),
    kind text not null,
    body jsonb not null,
    sealed bytea,
    filed_by text not null,
    filed_at timestamptz not null,
    primary key (item_id, kind),
    constraint papers_dissent_only_of_deliberations check (sealed is null or kind = 'deliberation')
);

-- Others may speak of an item before it is known here: no reference.
create table facets (
    item_id uuid not null,
    facet text not null,
    state text not null,
    url text not null,
    published_on date,
    reason text not null,
    by_event boolean not null,
    link text not null,
    checked_at timestamptz,
    failing_since timestamptz,
    primary key (item_id, facet),
    constraint facets_state_known check (state in ('published', 'not_yet', 'not_applicable', 'withheld')),
    constraint facets_link_known check (link in ('none', 'unchecked', 'ok', 'unreachable', 'dead')),
    constraint facets_published_somewhere check (state <> 'published' or url <> ''),
    constraint facets_explained check (state not in ('not_applicable', 'withheld') or reason <> '')
);

create table steps (
    item_id uuid not null,
    kind text not null,
    source_id uuid not null,
    version bigint not null,
    state text not null,
    title text not null,
    day date not null,
    at timestamptz,
    until_on date,
    page text not null,
    detail jsonb not null,
    primary key (item_id, kind, source_id)
);
create index steps_source_idx on steps (source_id);

create table issues (
    item_id uuid not null references items (id),
    number int not null,
    title text not null,
    document_no text not null,
    url text not null,
    signed_on date not null,
    imprint_on date,
    published_at timestamptz,
    issued_on date not null,
    basis text not null,
    reason text not null,
    recorded_at timestamptz not null,
    primary key (item_id, number),
    constraint issues_basis_known check (basis in ('imprint', 'publication', 'signature')),
    constraint issues_signed_first check (imprint_on is null or imprint_on >= signed_on),
    constraint issues_corrections_explained check (number = 1 or reason <> '')
);
create trigger issues_never_rewritten before update or delete or truncate on issues
    for each statement execute function refuse_change();
