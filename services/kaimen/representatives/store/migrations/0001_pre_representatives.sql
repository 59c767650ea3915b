-- Units as accounts announced them: whose meetings these are.
create table units (
    short_name text primary key,
    full_name text,
    kind text not null,
    code text,
    version bigint not null
);

create table meetings (
    id uuid primary key,
    version bigint not null,
    unit text not null,
    level text not null,
    title text not null,
    kind text not null,
    standing text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    place text not null,
    agenda_fixed boolean not null,
    reason text not null,
    sequence int not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    attended_at timestamptz,
    items jsonb not null,
    constraint meetings_level_known check (level in ('district', 'unit')),
    constraint meetings_standing_known check (standing in ('planned', 'no_public', 'cancelled')),
    constraint meetings_ends_after_start check (ends_at > starts_at),
    constraint meetings_reason_given check (standing = 'planned' or reason <> '')
);
create index meetings_starts_idx on meetings (starts_at, id);
create index meetings_unit_idx on meetings (unit, starts_at);

create table recruitments (
    id uuid primary key,
    meeting_id uuid not null references meetings (id),
    items uuid[] not null,
    method text not null,
    state text not null,
    seats int not null,
    quotas json not null,
    opens_at timestamptz not null,
    closes_at timestamptz not null,
    eligibility text[] not null,
    criteria text not null,
    rotation_months int not null,
    one_per_household boolean not null,
    confirm_days int not null,
    contact text not null,
    certificate jsonb not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint recruitments_state_known check (state in ('open', 'closed', 'settled', 'cancelled')),
    constraint recruitments_method_known check
        (method in ('draw', 'panel', 'pool', 'recommended', 'invited', 'external')),
    constraint recruitments_closes_after_open check (closes_at > opens_at),
    constraint recruitments_seats_positive check (seats between 1 and 1000)
);
create index recruitments_meeting_idx on recruitments (meeting_id, created_at);

create table applications (
    id uuid primary key,
    recruitment_id uuid not null references recruitments (id),
    meeting_id uuid not null references meetings (id),
    code text not null,
    pseudonym text not null,
    state text not null,
    kind text not null,
    channel text not null,
    features json not null,
    verified json,
    conflict boolean not null,
    exclusion text not null,
    reason text not null,
    publish_name boolean not null,
    person bytea,
    household bytea,
    personal bytea,
    manage_hash bytea not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    confirm_by timestamptz,
    entered_by text,
    constraint applications_code_once unique (code),
    constraint applications_pseudonym_once unique (recruitment_id, pseudonym),
    constraint applications_state_known check (state in ('applied', 'verified', 'rejected', 'withdrawn', 'excluded',
        'pooled', 'reserve', 'invited', 'confirmed', 'declined', 'lapsed', 'attended', 'absent')),
    constraint applications_invitation_has_end check (state <> 'invited' or confirm_by is not null)
);
create unique index applications_person_once on applications (recruitment_id, person) where state <> 'withdrawn';
create index applications_meeting_idx on applications (meeting_id);
create index applications_person_idx on applications (person) where state = 'attended';

create table statements (
    id uuid primary key,
    meeting_id uuid not null references meetings (id),
    application_id uuid not null references applications (id),
    item_id uuid not null,
    summary text not null,
    said_at timestamptz not null,
    due_on date,
    outcome text,
    reply text,
    replied_at timestamptz,
    replied_by text,
    constraint statements_outcome_known check (outcome in ('adopted', 'partly', 'not_adopted', 'answered')),
    constraint statements_reply_whole check
        ((outcome is null) = (reply is null) and (outcome is null) = (replied_at is null))
);
create index statements_meeting_idx on statements (meeting_id, said_at);
