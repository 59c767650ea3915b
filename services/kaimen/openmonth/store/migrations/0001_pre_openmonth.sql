create table campaigns (
    id uuid primary key,
    version bigint not null,
    year int not null,
    name text not null,
    theme text not null,
    opens_on date not null,
    closes_on date not null,
    sign_url text not null,
    state text not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    constraint campaigns_one_per_year unique (year),
    constraint campaigns_state_known check (state in ('planned', 'published', 'frozen')),
    constraint campaigns_window_within_year check (
        opens_on <= closes_on and extract(year from opens_on) = year and extract(year from closes_on) = year)
);

-- What opendays said: the last picture of every event. `year` is null for those that belong to no campaign; they are
-- kept so that a late message cannot bring one back that has left.
create table events (
    event_id uuid primary key,
    version bigint not null,
    year int,
    unit text not null,
    body jsonb not null,
    figures jsonb
);
create index events_year_idx on events (year) where year is not null;

-- Every photo that was ever filed; the last of an event is the one that counts.
create table signs (
    event_id uuid not null,
    number int not null,
    sha256 text not null,
    width int not null,
    height int not null,
    image bytea not null,
    filed_by text not null,
    filed_at timestamptz not null,
    primary key (event_id, number)
);
create trigger signs_never_rewritten before update or delete or truncate on signs
    for each statement execute function refuse_change();

create table archives (
    year int not null references campaigns (year),
    document text not null,
    body bytea not null,
    sha256 text not null,
    frozen_at timestamptz not null,
    primary key (year, document),
    constraint archives_document_known check (document in ('programme', 'board'))
);
create trigger archives_never_rewritten before update or delete or truncate on archives
    for each statement execute function refuse_change();
