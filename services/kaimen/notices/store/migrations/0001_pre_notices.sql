-- What people signed up for: a session, a meeting, a hearing. `group_id`: the event or the recruitment of sign-ups.
create table occasions (
    id uuid primary key,
    service text not null,
    unit text not null,
    version bigint not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    place text not null,
    campaign int,
    takes_place boolean not null
);

-- Sign-ups, by id alone: who they are, their own service knows. `told`: what the last message said.
create table recipients (
    id uuid primary key,
    service text not null,
    occasion_id uuid not null,
    group_id uuid not null,
    version bigint not null,
    state text not null,
    told jsonb,
    told_count int not null default 0
);
create index recipients_occasion_idx on recipients (occasion_id);
create index recipients_group_idx on recipients (group_id);

-- The last word on each deadline of a unit.
create table clocks (
    id uuid primary key,
    version bigint not null,
    state text not null,
    days_left int
);

-- Reports whose opinions' authors are still being told, page by page.
create table circulars (
    report_id uuid not null,
    consultation_id uuid not null,
    number int not null,
    after int not null,
    said jsonb not null,
    primary key (report_id, consultation_id)
);

create table messages (
    id uuid primary key,
    service text not null,
    recipient text not null,
    subject text not null,
    version text not null,
    unit text not null,
    kind text not null default '',
    said jsonb,
    state text not null,
    due_at timestamptz not null,
    lease_until timestamptz,
    again boolean not null default false,
    attempts int not null default 0,
    error text not null default '',
    channel text not null default '',
    masked text not null default '',
    body_sha256 text not null default '',
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint messages_once unique (recipient, subject, version),
    constraint messages_state_known check (state in ('queued', 'sending', 'sent', 'suppressed', 'failed', 'dead')),
    constraint messages_sending_has_lease check ((state = 'sending') = (lease_until is not null))
);
create index messages_queued_idx on messages (due_at) where state = 'queued';
create index messages_sending_idx on messages (lease_until) where state = 'sending';
create index messages_log_idx on messages (changed_at desc, id);

-- Where a unit wants to hear of its duties.
create table addresses (
    unit text primary key,
    version bigint not null,
    sealed bytea not null,
    changed_at timestamptz not null,
    changed_by text not null
);
