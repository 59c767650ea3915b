create table units (
    id uuid primary key,
    version bigint not null,
    short_name text not null,
    full_name text,
    kind text not null,
    code text,
    district text not null,
    valid_from date,
    valid_to date,
    constraint units_short_name_once unique (short_name),
    constraint units_kind_known check (kind in ('subdistrict', 'town', 'district_office', 'bureau', 'vertical'))
);

-- What an identity of the issuer may do here.
create table grants (
    issuer text not null,
    issuer_subject text not null,
    role text not null,
    unit text,
    granted_at timestamptz not null,
    granted_by text not null,
    primary key (issuer, issuer_subject)
);

create table sign_ins (
    state_hash bytea primary key,
    nonce text not null,
    verifier text not null,
    next_path text not null,
    created_at timestamptz not null
);

create table sessions (
    token_hash bytea primary key,
    subject text not null,
    name text not null,
    role text not null,
    unit text,
    created_at timestamptz not null,
    seen_at timestamptz not null
);
create index sessions_seen_idx on sessions (seen_at);
