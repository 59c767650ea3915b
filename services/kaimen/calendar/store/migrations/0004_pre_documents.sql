-- What has a page and is found by search, although it is nothing for calendars. `starts_at` to `ends_at`: its time.
create table documents (
    document_id uuid primary key,
    version bigint not null,
    kind text not null,
    unit text not null,
    title text not null,
    body text not null,
    page text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    is_withdrawn boolean not null,
    search_terms text[] not null
);
create index documents_search_idx on documents using gin (search_terms);
