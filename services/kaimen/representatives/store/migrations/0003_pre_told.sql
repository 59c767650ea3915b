-- When calendars were last told of a meeting and its sign-ups.
alter table meetings add column told_at timestamptz not null default '-infinity';
update meetings set told_at = now();
