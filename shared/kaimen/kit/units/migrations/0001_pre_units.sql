-- Units as accounts announced them. Services older than this file made the table themselves and keep theirs.
create table if not exists units (
    short_name text primary key,
    full_name text,
    kind text not null,
    code text,
    version bigint not null
);
