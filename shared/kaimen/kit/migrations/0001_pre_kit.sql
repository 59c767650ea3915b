-- What every service's database needs to speak and listen reliably.

create table outbox (
    seq bigint generated always as identity primary key,
    event_id uuid not null,
    subject text not null,
    aggregate_id text not null,
    version bigint not null,
    occurred_at timestamptz not null,
    traceparent text,
    body bytea not null,
    sent_at timestamptz,
    constraint outbox_event_once unique (event_id)
);
create index outbox_unsent_idx on outbox (seq) where sent_at is null;

create table inbox (
    consumer text not null,
    event_id uuid not null,
    handled_at timestamptz not null,
    primary key (consumer, event_id)
);

create table dead_letters (
    consumer text not null,
    event_id text not null,
    subject text not null,
    headers jsonb not null,
    body bytea not null,
    error text not null,
    died_at timestamptz not null,
    replayed_at timestamptz,
    primary key (consumer, event_id)
);

-- PostgreSQL remembers what is due; Redis only wakes somebody early.
create table timers (
    kind text not null,
    subject text not null,
    due_at timestamptz not null,
    attempts int not null default 0,
    primary key (kind, subject)
);
create index timers_due_idx on timers (due_at);

create table idempotency_keys (
    scope text not null,
    key text not null,
    request_hash bytea not null,
    status int not null,
    answer bytea not null,
    created_at timestamptz not null,
    primary key (scope, key)
);
create index idempotency_keys_created_idx on idempotency_keys (created_at);

-- Who did what, when, why (decision process record, State Council Order 713, Art. 33). Never changed, never deleted.
create table audit (
    seq bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    role text not null,
    unit text,
    action text not null,
    object text not null,
    from_state text,
    to_state text,
    reason text
);
create index audit_object_idx on audit (object, seq);

create function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger audit_append_only before update or delete or truncate on audit
    for each statement execute function refuse_change();
