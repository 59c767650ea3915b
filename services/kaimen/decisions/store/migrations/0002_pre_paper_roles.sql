-- In which role a paper was filed: what the reviewer of legality said, the reviewed unit does not replace.
alter table papers add column filed_role text not null default '';
update papers set filed_role = coalesce((
    select role from audit
    where action = 'file' and object = 'item:' || papers.item_id and reason = papers.kind
    order by seq desc limit 1), '');
