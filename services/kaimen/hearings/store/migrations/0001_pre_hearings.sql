create table hearings (
    id uuid primary key,
    version bigint not null,
    unit text not null,
    catalogue_item uuid,
    profile text not null,
    title text not null,
    matters text not null,
    draft_url text not null,
    explanation_url text not null,
    standing text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    place text not null,
    presider text not null,
    recorder text not null,
    speaking_minutes int not null,
    sides jsonb not null,
    groups jsonb not null,
    steps jsonb not null,
    opens_at timestamptz,
    closes_at timestamptz,
    entropy jsonb not null,
    accessibility text not null,
    reason text not null,
    sequence int not null,
    created_at timestamptz not null,
    changed_at timestamptz not null,
    announced_at timestamptz,
    list_published_at timestamptz,
    delivered_at timestamptz,
    held_at timestamptz,
    confirmed_at timestamptz,
    reported_at timestamptz,
    archived_at timestamptz,
    archive_ref text not null,
    constraint hearings_profile_known check (profile in ('major_decision', 'price')),
    constraint hearings_standing_known check (standing in ('planned', 'announced', 'postponed', 'cancelled')),
    constraint hearings_ends_after_start check (ends_at > starts_at),
    constraint hearings_list_before_held check (held_at is null or list_published_at is not null),
    constraint hearings_materials_before_held check (held_at is null or delivered_at is not null),
    constraint hearings_record_before_report check (reported_at is null or confirmed_at is not null)
);
create index hearings_starts_idx on hearings (starts_at, id);
create index hearings_unit_idx on hearings (unit, starts_at);

-- Receipts name people: they rest sealed.
create table deliveries (
    id uuid primary key,
    hearing_id uuid not null references hearings (id),
    pseudonym text not null,
    documents jsonb not null,
    way text not null,
    delivered_on date,
    receipt bytea not null,
    waiver bytea not null,
    recorded_at timestamptz not null,
    acknowledged_at timestamptz,
    constraint deliveries_way_known check (way in ('in_person', 'post', 'page'))
);
create index deliveries_hearing_idx on deliveries (hearing_id, recorded_at);

create table turns (
    hearing_id uuid not null references hearings (id),
    number int not null,
    speaker text not null,
    side text not null,
    step text not null,
    began_at timestamptz not null,
    ended_at timestamptz,
    primary key (hearing_id, number)
);

create table record_versions (
    hearing_id uuid not null references hearings (id),
    number int not null,
    lines jsonb not null,
    recording_ref text not null,
    written_at timestamptz not null,
    written_by text not null,
    sha256 text not null,
    primary key (hearing_id, number)
);

create table sign_offs (
    hearing_id uuid not null,
    version int not null,
    pseudonym text not null,
    answer text not null,
    text text not null,
    way text not null,
    at timestamptz not null,
    primary key (hearing_id, version, pseudonym),
    foreign key (hearing_id, version) references record_versions (hearing_id, number),
    constraint sign_offs_answer_known check (answer in ('confirmed', 'objected', 'refused', 'absent')),
    constraint sign_offs_explained check (answer = 'confirmed' or text <> '')
);

create table reports (
    hearing_id uuid primary key references hearings (id),
    record_version int not null,
    summary text not null,
    points jsonb not null,
    published_at timestamptz not null,
    published_by text not null
);
