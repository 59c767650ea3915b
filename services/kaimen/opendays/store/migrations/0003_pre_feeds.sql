-- Private calendar feeds. The address is a bearer secret: only its hash rests.
create table private_feeds (
    id uuid primary key,
    person bytea not null,
    token_sha256 text not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    constraint private_feeds_token_once unique (token_sha256)
);
create index private_feeds_person_idx on private_feeds (person) where revoked_at is null;
create index registrations_person_idx on registrations (person) where person is not null;
