-- The tables become those of kit.recruiting, which hearings share; no release ran with the old names.
alter table recruitments drop constraint recruitments_meeting_id_fkey;
alter table recruitments rename column meeting_id to occasion_id;
alter table recruitments add column name text not null default '';
alter table recruitments alter column name drop default;
alter table recruitments drop constraint recruitments_method_known;
alter table recruitments add constraint recruitments_method_known check
    (method in ('draw', 'panel', 'pool', 'recommended', 'invited', 'external', 'first_come'));
alter index recruitments_meeting_idx rename to recruitments_occasion_idx;

alter table applications drop constraint applications_meeting_id_fkey;
alter table applications rename column meeting_id to occasion_id;
alter table applications add column scope uuid, add column how text;
update applications set scope = recruitment_id, how = recruitments.method
    from recruitments where recruitments.id = applications.recruitment_id;
alter table applications alter column scope set not null, alter column how set not null;
drop index applications_person_once;
create unique index applications_person_once on applications (scope, person) where state <> 'withdrawn';
alter index applications_meeting_idx rename to applications_occasion_idx;

update timers set kind = 'forget-selected' where kind = 'forget-representatives';
