-- What one registration costs the database when each has its own transaction; :sessions rows share the load.
\set row random(1, :sessions)
\set person random(1, 4000000000000000)
begin;
select id, starts_at, ends_at, state, capacity, held, taken, waiting, arrivals from sessions
    where id = ('00000000-0000-0000-0000-' || lpad((:row)::text, 12, '0'))::uuid for no key update;
insert into registrations (id, session_id, event_id, code, state, position, party_size, seats, channel, person,
        person_range, during, personal, manage_hash, created_at, changed_at)
    select gen_random_uuid(), id, event_id, gen_random_uuid()::text, 'confirmed', arrivals + 1, 1, 1, 'web',
        int8send(:person), int8range(:person, :person, '[]'), tstzrange(starts_at, ends_at),
        decode(repeat('ab', 120), 'hex'), decode(repeat('cd', 32), 'hex'), now(), now()
    from sessions where id = ('00000000-0000-0000-0000-' || lpad((:row)::text, 12, '0'))::uuid;
insert into seat_ledger (session_id, at, cause, registration_id, taken_change)
    values (('00000000-0000-0000-0000-' || lpad((:row)::text, 12, '0'))::uuid, now(), 'registered',
        gen_random_uuid(), 1);
insert into outbox (event_id, subject, aggregate_id, version, occurred_at, body)
    values (gen_random_uuid(), 'opendays.registration.changed.v1', 'x', 1, now(), decode(repeat('ab', 250), 'hex'));
update sessions set taken = taken + 1, arrivals = arrivals + 1
    where id = ('00000000-0000-0000-0000-' || lpad((:row)::text, 12, '0'))::uuid;
commit;
