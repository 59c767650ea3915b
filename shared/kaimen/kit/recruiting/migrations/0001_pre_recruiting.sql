-- Where representatives had these tables before other services recruited, they stay as they are.
create table if not exists recruitments (
    id uuid primary key,
    occasion_id uuid not null,
    name text not null,
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
        (method in ('draw', 'panel', 'pool', 'recommended', 'invited', 'external', 'first_come')),
    constraint recruitments_closes_after_open check (closes_at > opens_at),
    constraint recruitments_seats_positive check (seats between 1 and 1000)
);
create index if not exists recruitments_occasion_idx on recruitments (occasion_id, created_at);

create table if not exists applications (
    id uuid primary key,
    recruitment_id uuid not null references recruitments (id),
    occasion_id uuid not null,
    scope uuid not null,
    code text not null,
    pseudonym text not null,
    state text not null,
    kind text not null,
    how text not null,
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
create unique index if not exists applications_person_once on applications (scope, person) where state <> 'withdrawn';
create index if not exists applications_occasion_idx on applications (occasion_id);
create index if not exists applications_person_idx on applications (person) where state = 'attended';
