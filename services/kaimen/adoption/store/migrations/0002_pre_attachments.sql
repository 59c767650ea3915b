-- Files that came with opinions. Their names and bytes may tell who wrote them: both rest sealed.
create table attachments (
    opinion_id uuid not null references opinions (id),
    consultation_id uuid not null references consultations (id),
    number int not null,
    kind text not null,
    size int not null,
    sha256 text not null,
    name bytea not null,
    body bytea not null,
    added_at timestamptz not null,
    primary key (opinion_id, number),
    constraint attachments_kind_known check (kind in ('pdf', 'docx', 'xlsx', 'txt', 'jpg'))
);
create index attachments_consultation_idx on attachments (consultation_id);
-- What is sealed does not compress.
alter table attachments alter column body set storage external;
