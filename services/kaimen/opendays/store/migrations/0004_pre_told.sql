-- When the readers of a private feed were last told of it.
alter table private_feeds add column told_at timestamptz not null default '-infinity';
update private_feeds set told_at = now();
