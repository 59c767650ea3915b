-- Who grouped, answered or set aside opinions since the last publication: none of them approves the report.
alter table consultations add column handlers jsonb not null default '[]';
update consultations set handlers = known.handlers
from (
    select c.consultation_id, jsonb_agg(distinct subject) as handlers
    from clusters c cross join lateral (values (c.created_by), (c.answered_by)) as who (subject)
    where subject <> '' group by 1
) as known
where consultations.id = known.consultation_id and consultations.digested_at is null;

-- What its author took back stays taken back.
alter table opinions add column withdrawn_by_author boolean not null default false;
update opinions set withdrawn_by_author = true where aside = 'withdrawn' and aside_reason = '本人撤回';
