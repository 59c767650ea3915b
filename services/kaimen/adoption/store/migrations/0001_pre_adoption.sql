create table consultations (
    id uuid primary key,
    version bigint not null,
    unit text not null,
    catalogue_item uuid,
    title text not null,
    summary text not null,
    passages jsonb not null,
    draft_url text not null,
    explanation text not null,
    explanation_url text not null,
    background_url text not null,
    ways jsonb not null,
    channels jsonb not null,
    opens_on date not null,
    closes_on date not null,
    shortened_reason text not null,
    extensions jsonb not null,
    report_id uuid,
    sequence int not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    announced_at timestamptz,
    closed_at timestamptz,
    digested_at timestamptz,
    last_opinion int not null default 0,
    last_cluster int not null default 0,
    search_terms text[] not null default '{}',
    constraint consultations_period check (closes_on >= opens_on),
    constraint consultations_short_ones_explained
        check (announced_at is null or closes_on - opens_on >= 30 or shortened_reason <> '')
);
create index consultations_opens_idx on consultations (opens_on, id);
create index consultations_item_idx on consultations (catalogue_item);
create index consultations_search_idx on consultations using gin (search_terms);

create table clusters (
    id uuid primary key,
    consultation_id uuid not null references consultations (id),
    no int not null,
    version bigint not null,
    summary text not null,
    passage text not null,
    by_hand boolean not null,
    outcome text,
    reason text not null,
    change jsonb,
    created_by text not null,
    answered_by text not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint clusters_no unique (consultation_id, no),
    constraint clusters_outcome_known
        check (outcome in ('adopted', 'partly', 'not_adopted', 'already_covered', 'out_of_scope')),
    constraint clusters_reason_for_outcome
        check (outcome is null or outcome in ('adopted', 'already_covered') or reason <> '')
);

-- Contacts name people: they rest sealed. A receipt is a bearer secret: only its hash rests.
create table opinions (
    id uuid primary key,
    consultation_id uuid not null references consultations (id),
    no int not null,
    received_on date not null,
    received_at timestamptz not null,
    channel text not null,
    passage text not null,
    text text not null,
    fingerprint bytea not null,
    submitter_kind text not null,
    contact bytea,
    receipt_hash bytea unique,
    cluster_id uuid references clusters (id),
    aside text,
    aside_reason text not null default '',
    duplicate_of int,
    visibility text not null default 'pending',
    visibility_reason text not null default '',
    public_text text not null default '',
    constraint opinions_no unique (consultation_id, no),
    constraint opinions_aside_known check (aside in ('withdrawn', 'duplicate')),
    constraint opinions_one_fate check (cluster_id is null or aside is null),
    constraint opinions_withheld_explained check (visibility <> 'withheld' or visibility_reason <> '')
);
create index opinions_cluster_idx on opinions (cluster_id, no) where cluster_id is not null;
create index opinions_waiting_idx on opinions (consultation_id, no) where cluster_id is null and aside is null;

create table reports (
    id uuid primary key,
    version bigint not null,
    unit text not null,
    catalogue_item uuid unique,
    consultations jsonb not null,
    title text not null,
    state text not null,
    number int not null,
    basis text not null,
    summary text not null,
    participations jsonb not null,
    not_used jsonb not null,
    final jsonb not null,
    final_url text not null,
    dropped boolean not null,
    correction text not null,
    authors jsonb not null,
    approved_by text not null,
    approved_at timestamptz,
    published_at timestamptz,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    search_terms text[] not null default '{}',
    constraint reports_state_known check (state in ('drafting', 'approved', 'published')),
    constraint reports_four_eyes check (approved_by = '' or not authors ? approved_by),
    constraint reports_approved_first check (state = 'drafting' or approved_by <> '')
);
create index reports_changed_idx on reports (created_at, id);
create index reports_search_idx on reports using gin (search_terms);
alter table consultations add constraint consultations_report foreign key (report_id) references reports (id);

-- What was published stays readable as it was.
create table report_versions (
    report_id uuid not null references reports (id),
    number int not null,
    body bytea not null,
    sha256 text not null,
    tally jsonb not null,
    published_at timestamptz not null,
    published_by text not null,
    primary key (report_id, number)
);

create table clocks (
    id uuid primary key,
    version bigint not null,
    kind text not null,
    unit text not null,
    catalogue_item uuid not null,
    title text not null,
    document_no text not null,
    url text not null,
    started_on date not null,
    due_on date,
    not_before date not null,
    original_due_on date,
    suspensions jsonb not null,
    met_on date,
    breached_on date,
    dropped_on date,
    warned jsonb not null,
    sequence int not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    issue_version bigint not null,
    constraint clocks_one_of_a_kind unique (catalogue_item, kind),
    constraint clocks_kind_known check (kind in ('report', 'disclosure'))
);
create index clocks_board_idx on clocks (not_before, id);

-- What decisions and hearings said.
create table items (
    id uuid primary key,
    version bigint not null,
    unit text not null,
    title text not null,
    state text not null,
    participation boolean not null,
    page text not null
);

-- The document of an item, as decisions issued it: the public may turn out to have been asked only afterwards.
create table documents (
    item_id uuid primary key,
    version bigint not null,
    body jsonb not null
);

create table heard_participations (
    source_id uuid primary key,
    item_id uuid not null,
    version bigint not null,
    kind text not null,
    title text not null,
    held_on date not null,
    people int not null,
    counted jsonb not null,
    page text not null
);
create index heard_participations_item_idx on heard_participations (item_id);

create trigger report_versions_never_rewritten before update or delete or truncate on report_versions
    for each statement execute function refuse_change();

create function keep_breach() returns trigger language plpgsql as $$
begin
    if old.breached_on is not null and new.breached_on is distinct from old.breached_on then
        raise exception 'a breach stays on record' using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger clocks_keep_breach before update on clocks for each row execute function keep_breach();
create trigger clocks_never_deleted before delete or truncate on clocks
    for each statement execute function refuse_change();
