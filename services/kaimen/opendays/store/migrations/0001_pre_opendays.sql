-- Units as accounts announced them: who may hold events.
create table units (
    short_name text primary key,
    full_name text,
    kind text not null,
    code text,
    version bigint not null
);

create table events (
    id uuid primary key,
    version bigint not null,
    state text not null,
    unit text not null,
    organiser text not null,
    title text not null,
    theme text not null,
    summary text not null,
    place text not null,
    street_code text,
    accessibility text[] not null,
    interactive_steps text[] not null,
    staff text[] not null,
    audience text not null,
    capacity_text text not null,
    registration jsonb not null,
    online boolean not null,
    tentative boolean not null,
    campaign int,
    reason text not null,
    writers text[] not null,
    approved_by text,
    source text not null,
    sequence int not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    published_at timestamptz,
    search_terms text[] not null,
    constraint events_state_known check (state in
        ('draft', 'submitted', 'approved', 'published', 'held', 'reported', 'archived', 'postponed', 'cancelled')),
    constraint events_four_eyes check (approved_by is null or not approved_by = any(writers)),
    constraint events_approved_before_public check
        (state not in ('approved', 'published', 'held', 'reported', 'archived') or approved_by is not null)
);
create index events_unit_idx on events (unit, id);
create index events_state_idx on events (state, id);
create index events_search_idx on events using gin (search_terms);

create table sessions (
    id uuid primary key,
    event_id uuid not null references events (id),
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    all_day boolean not null,
    time_text text not null,
    state text not null,
    capacity int,
    capacity_min int,
    seat_unit text not null,
    holds jsonb not null,
    held int not null,
    party_limit int not null,
    waitlist_limit int not null,
    policy text not null,
    registration_opens_at timestamptz,
    registration_closes_at timestamptz,
    taken int not null default 0,
    waiting int not null default 0,
    arrivals bigint not null default 0,
    sequence int not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint sessions_ends_after_start check (ends_at > starts_at),
    constraint sessions_state_known check (state in ('scheduled', 'postponed', 'cancelled')),
    constraint sessions_not_oversold check (taken >= 0 and taken + held <= coalesce(capacity, 0)),
    constraint sessions_waiting_not_negative check (waiting >= 0)
) with (fillfactor = 50);
create index sessions_event_idx on sessions (event_id, starts_at);
create index sessions_starts_idx on sessions (starts_at);

create table registrations (
    id uuid primary key,
    session_id uuid not null references sessions (id),
    event_id uuid not null,
    code text not null,
    state text not null,
    position bigint not null,
    party_size int not null,
    seats int not null,
    hold text,
    passed int not null default 0,
    channel text not null,
    person bytea,
    person_range int8range,
    during tstzrange not null,
    personal bytea,
    manage_hash bytea not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    entered_by text,
    offer_expires_at timestamptz,
    checked_in_at timestamptz,
    checked_in_by text,
    constraint registrations_code_once unique (code),
    constraint registrations_state_known check (state in
        ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in', 'no_show', 'withdrawn', 'lapsed')),
    constraint registrations_offer_has_end check ((state = 'offered') = (offer_expires_at is not null)),
    constraint registrations_seats_fit check (seats between 1 and party_size and party_size between 1 and 1000),
    -- One person, one place at a time: also across two sessions that run at once.
    constraint registrations_one_place_at_a_time exclude using gist (person_range with &&, during with &&)
        where (state in ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in') and person_range is not null)
);
create unique index registrations_person_once on registrations (session_id, person)
    where state in ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in');
create index registrations_queue_idx on registrations (session_id, position) where state = 'waitlisted';
create index registrations_session_idx on registrations (session_id, position);

-- OD7: what happened to the seats, line by line. Replaying it gives the counters.
create table seat_ledger (
    seq bigint generated always as identity primary key,
    session_id uuid not null,
    at timestamptz not null,
    cause text not null,
    registration_id uuid,
    capacity_change int not null default 0,
    held_change int not null default 0,
    taken_change int not null default 0
);
create index seat_ledger_session_idx on seat_ledger (session_id, seq);
create trigger seat_ledger_append_only before update or delete or truncate on seat_ledger
    for each statement execute function refuse_change();

create table suggestions (
    id uuid primary key,
    event_id uuid not null references events (id),
    kind text not null,
    text text not null,
    received_at timestamptz not null,
    due_on date,
    reply text,
    outcome text,
    replied_at timestamptz,
    replied_by text,
    constraint suggestions_kind_known check (kind in ('question', 'suggestion')),
    constraint suggestions_reply_whole check ((reply is null) = (outcome is null) and (reply is null) = (replied_at is null))
);
create index suggestions_event_idx on suggestions (event_id, received_at);

create table questionnaire_answers (
    id uuid primary key,
    event_id uuid not null references events (id),
    registration_id uuid not null,
    satisfaction int not null,
    comment bytea,
    answered_at timestamptz not null,
    constraint questionnaire_once unique (registration_id),
    constraint questionnaire_scale check (satisfaction between 1 and 5)
);

create table reports (
    event_id uuid primary key references events (id),
    held_on date not null,
    summary text not null,
    participants int not null,
    registered int not null,
    checked_in int not null,
    no_show int not null,
    walk_in int not null,
    suggestions int not null,
    replies int not null,
    satisfaction numeric(3, 2),
    sign_shown boolean not null,
    published_at timestamptz not null,
    published_by text not null
);
