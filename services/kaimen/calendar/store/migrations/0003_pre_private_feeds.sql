-- A citizen's feed is what opendays said of it; a staff member's is made here. Of the address only a hash rests.
create table private_feeds (
    id uuid primary key,
    version bigint not null,
    token_sha256 text not null,
    subject text,
    unit text,
    registrations uuid[] not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint private_feeds_token_once unique (token_sha256)
);
create index private_feeds_subject_idx on private_feeds (subject) where subject is not null;

create table registrations (
    id uuid primary key,
    version bigint not null,
    session_id uuid not null,
    state text not null,
    changed_at timestamptz not null
);
