-- Holiday notices as the calendar service announced them. A later version stands beside the earlier one; nothing is
-- ever deleted.
create table holiday_notices (
    year int not null,
    version int not null,
    papers text[] not null,
    source text not null,
    sha256 text not null,
    days jsonb not null,
    loaded_at timestamptz not null,
    primary key (year, version)
);
