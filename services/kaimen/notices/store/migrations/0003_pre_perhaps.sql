-- What messages said whose sending was begun and never written down: it may have arrived.
alter table recipients add column perhaps jsonb not null default '[]';
