-- A projection: everything here can be rebuilt from the streams.
create table units (
    short_name text primary key,
    code text,
    version bigint not null
);

create table entries (
    entry_id uuid primary key,
    source_id uuid not null,
    version bigint not null,
    kind text not null,
    unit text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    changed_at timestamptz not null,
    feeds text[] not null,
    body jsonb not null,
    rendered bytea not null,
    search_terms text[] not null
);
create index entries_source_idx on entries (source_id);
create index entries_starts_idx on entries (starts_at, entry_id);
create index entries_feeds_idx on entries using gin (feeds);
create index entries_search_idx on entries using gin (search_terms);
