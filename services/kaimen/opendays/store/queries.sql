-- Events

-- name: insert_event
insert into events (id, version, state, unit, organiser, title, theme, summary, place, street_code, accessibility,
    interactive_steps, staff, audience, capacity_text, registration, online, tentative, campaign, reason, writers,
    approved_by, source, sequence, created_at, changed_at, published_at, search_terms, entropy)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26, $27, $28, $29)

-- name: update_event
update events set version = $2, state = $3, unit = $4, organiser = $5, title = $6, theme = $7, summary = $8, place = $9,
    street_code = $10, accessibility = $11, interactive_steps = $12, staff = $13, audience = $14, capacity_text = $15,
    registration = $16, online = $17, tentative = $18, campaign = $19, reason = $20, writers = $21, approved_by = $22,
    source = $23, sequence = $24, created_at = $25, changed_at = $26, published_at = $27, search_terms = $28,
    entropy = $29
where id = $1 and version = $2 - 1
returning id

-- name: read_event
select id, version, state, unit, organiser, title, theme, summary, place, street_code, accessibility,
    interactive_steps, staff, audience, capacity_text, registration, online, tentative, campaign, reason, writers,
    approved_by, source, sequence, created_at, changed_at, published_at, entropy, pool_closed_at
from events where id = $1

-- name: read_events
select id, version, state, unit, organiser, title, theme, summary, place, street_code, accessibility,
    interactive_steps, staff, audience, capacity_text, registration, online, tentative, campaign, reason, writers,
    approved_by, source, sequence, created_at, changed_at, published_at, entropy, pool_closed_at
from events where id = any($1::uuid[])

-- name: read_event_for_change
select id, version, state, unit, organiser, title, theme, summary, place, street_code, accessibility,
    interactive_steps, staff, audience, capacity_text, registration, online, tentative, campaign, reason, writers,
    approved_by, source, sequence, created_at, changed_at, published_at, entropy, pool_closed_at
from events where id = $1 for update

-- name: close_pool
update events set pool_closed_at = $2 where id = $1

-- The phase in the where clause is `domain.events.phase`, said in SQL; a test holds the two together.
-- name: list_events
select id, version, state, unit, organiser, title, theme, summary, place, street_code, accessibility,
    interactive_steps, staff, audience, capacity_text, registration, online, tentative, campaign, reason, writers,
    approved_by, source, sequence, created_at, changed_at, published_at, entropy, pool_closed_at, first_at
from (
    select events.*, starts.first_at, starts.last_at,
        case when state <> 'published' then state
             when registration ->> 'mode' <> 'here' or not starts.any_live then 'published'
             when starts.any_free then 'signup_open'
             when starts.any_open then 'full'
             when starts.any_coming then 'published'
             else 'signup_closed' end as phase
    from events, lateral (
        select coalesce(min(starts_at), 'infinity') as first_at, coalesce(max(ends_at), 'infinity') as last_at,
            count(*) filter (where state = 'scheduled') > 0 as any_live,
            coalesce(bool_or(state = 'scheduled' and $1 < coalesce(registration_closes_at, starts_at)
                and coalesce(registration_opens_at, '-infinity') <= $1), false) as any_open,
            coalesce(bool_or(state = 'scheduled' and $1 < coalesce(registration_closes_at, starts_at)
                and coalesce(registration_opens_at, '-infinity') <= $1
                and coalesce(capacity, 0) - held - taken > 0), false) as any_free,
            coalesce(bool_or(state = 'scheduled' and registration_opens_at > $1), false) as any_coming
        from sessions where event_id = events.id
    ) as starts
) as listed
where (published_at is not null or $2::boolean or unit = $3)
    and ($4::timestamptz is null or last_at > $4)
    and ($5::timestamptz is null or first_at < $5)
    and ($6::text is null or unit = $6)
    and ($7::text is null or theme = $7)
    and ($8::int is null or campaign = $8)
    and ($9::text is null or phase = $9)
    and ($10::text[] is null or search_terms @> $10)
    and ($11::text is null or strpos(lower(title || ' ' || summary || ' ' || place || ' ' || unit), lower($11)) > 0)
    and ($12::timestamptz is null or (first_at, id) > ($12, $13::uuid))
order by first_at, id
limit $14

-- Sessions

-- name: insert_session
insert into sessions (id, event_id, starts_at, ends_at, all_day, time_text, state, capacity, seat_unit, holds, held,
    party_limit, waitlist_limit, policy, registration_opens_at, registration_closes_at, sequence, created_at, changed_at,
    capacity_min)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)

-- name: update_session
update sessions set starts_at = $3, ends_at = $4, all_day = $5, time_text = $6, state = $7, capacity = $8,
    seat_unit = $9, holds = $10, held = $11, party_limit = $12, waitlist_limit = $13, policy = $14,
    registration_opens_at = $15, registration_closes_at = $16, sequence = $17, created_at = $18, changed_at = $19,
    capacity_min = $20
where id = $1 and event_id = $2

-- name: delete_session
delete from sessions where id = $1

-- name: read_sessions
select id, event_id, starts_at, ends_at, all_day, time_text, state, capacity, capacity_min, seat_unit, holds,
    party_limit,
    waitlist_limit, policy, registration_opens_at, registration_closes_at, taken, waiting, sequence, created_at, changed_at
from sessions where event_id = any($1::uuid[]) order by starts_at, id

-- name: read_session
select id, event_id, starts_at, ends_at, all_day, time_text, state, capacity, capacity_min, seat_unit, holds,
    party_limit,
    waitlist_limit, policy, registration_opens_at, registration_closes_at, taken, waiting, sequence, created_at,
    changed_at, arrivals
from sessions where id = $1

-- The guard against overselling: whoever holds this lock decides alone.
-- name: lock_session
select id, event_id, starts_at, ends_at, all_day, time_text, state, capacity, capacity_min, seat_unit, holds,
    party_limit,
    waitlist_limit, policy, registration_opens_at, registration_closes_at, taken, waiting, sequence, created_at,
    changed_at, arrivals
from sessions where id = $1 for no key update

-- Always in order of id, so that two who want several never wait for each other.
-- name: lock_sessions
select id, event_id, starts_at, ends_at, all_day, time_text, state, capacity, capacity_min, seat_unit, holds,
    party_limit, waitlist_limit, policy, registration_opens_at, registration_closes_at, taken, waiting, sequence,
    created_at, changed_at, arrivals
from sessions where id = any($1::uuid[]) order by id for no key update

-- name: count_seats
update sessions set taken = sessions.taken + change.taken, waiting = sessions.waiting + change.waiting,
    arrivals = sessions.arrivals + change.arrivals
from unnest($1::uuid[], $2::int[], $3::int[], $4::int[]) as change (id, taken, waiting, arrivals)
where sessions.id = change.id

-- name: set_holds
update sessions set holds = $2, held = $3 where id = $1

-- name: add_ledger
insert into seat_ledger (session_id, at, cause, registration_id, capacity_change, held_change, taken_change)
select session_id, $2, cause, registration_id, capacity_change, held_change, taken_change
from unnest($1::uuid[], $3::text[], $4::uuid[], $5::int[], $6::int[], $7::int[])
    as line (session_id, cause, registration_id, capacity_change, held_change, taken_change)

-- name: read_ledger
select capacity_change as capacity, held_change as held, taken_change as taken
from seat_ledger where session_id = $1 order by seq

-- The invariant that is checked in production: counters, rows and ledger agree. No row means: all is well.
-- name: find_wrong_counts
select sessions.id
from sessions,
    lateral (select coalesce(sum(seats) filter (where state in ('confirmed', 'offered', 'checked_in', 'no_show')), 0) as taken,
                 count(*) filter (where state = 'waitlisted') as waiting
             from registrations where session_id = sessions.id) as kept,
    lateral (select coalesce(sum(taken_change), 0) as taken, coalesce(sum(held_change), 0) as held,
                 coalesce(sum(capacity_change), 0) as capacity
             from seat_ledger where session_id = sessions.id) as ledger
where (kept.taken, kept.waiting, ledger.taken, ledger.held, ledger.capacity)
    <> (sessions.taken, sessions.waiting, sessions.taken, sessions.held, coalesce(sessions.capacity, 0))

-- What is to come and takes sign-ups here: how full it is, unit by unit.
-- name: count_full_sessions
select events.unit, count(*) filter (where capacity - held - taken <= 0) as full_sessions, sum(waiting) as waiting
from sessions join events on events.id = sessions.event_id
where starts_at > $1 and sessions.state = 'scheduled' and events.state = 'published'
    and events.registration ->> 'mode' = 'here' and capacity > 0
group by events.unit

-- Registrations

-- name: insert_registrations
insert into registrations (id, session_id, event_id, code, state, position, party_size, seats, hold, channel, person,
    person_range, during, personal, manage_hash, created_at, changed_at, entered_by, pseudonym, wishes)
select id, session_id, event_id, code, state, position, party_size, seats, hold, channel, person,
    int8range(person_number, person_number, '[]'), tstzrange(starts_at, ends_at), personal, manage_hash, $1, $1, entered_by,
    pseudonym, wishes::uuid[]
from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[],
    $9::bigint[], $10::int[], $11::int[], $12::text[], $13::text[], $14::bytea[], $15::bigint[], $16::bytea[],
    $17::bytea[], $18::text[], $19::text[], $20::text[])
    as new (id, session_id, event_id, starts_at, ends_at, code, state, position, party_size, seats, hold, channel,
        person, person_number, personal, manage_hash, entered_by, pseudonym, wishes)

-- Where persons are registered between two instants; their entries into the draws of these events, at whatever time;
-- and the further wishes of entries, whose times are kept free too. A row may come twice.
-- name: find_live_of_persons
select person, session_id, event_id, pseudonym is not null as is_entry, lower(during) as starts_at,
    upper(during) as ends_at
from registrations
where person_range && any(select int8range(number, number, '[]') from unnest($1::bigint[]) as number)
    and during && tstzrange($2, $3) and person = any($4::bytea[])
    and state in ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in')
union all
select person, session_id, event_id, true, lower(during), upper(during) from registrations
where event_id = any($5::uuid[]) and person = any($4::bytea[]) and pseudonym is not null
    and state in ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in')
union all
select entry.person, sessions.id, entry.event_id, true, sessions.starts_at, sessions.ends_at
from registrations as entry join sessions on sessions.id = any(entry.wishes)
where entry.person = any($4::bytea[]) and entry.state = 'entered' and sessions.state <> 'cancelled'
    and sessions.starts_at < $3 and sessions.ends_at > $2

-- name: read_registration_by_code
select id, session_id, event_id, code, state, position, party_size, seats, hold, channel, person, personal, manage_hash,
    created_at, changed_at, entered_by, offer_expires_at, checked_in_at, checked_in_by, pseudonym, wishes, drawn_at
from registrations where code = $1

-- name: read_registration
select id, session_id, event_id, code, state, position, party_size, seats, hold, channel, person, personal, manage_hash,
    created_at, changed_at, entered_by, offer_expires_at, checked_in_at, checked_in_by, pseudonym, wishes, drawn_at
from registrations where id = $1

-- name: change_registration
update registrations set state = $2, changed_at = $3, offer_expires_at = $4, checked_in_at = $5, checked_in_by = $6
where id = $1

-- name: read_registrations
select id, session_id, event_id, code, state, position, party_size, seats, hold, channel, person, personal, manage_hash,
    created_at, changed_at, entered_by, offer_expires_at, checked_in_at, checked_in_by, pseudonym, wishes, drawn_at
from registrations where id = any($1::uuid[]) order by position

-- name: list_registrations
select id, session_id, event_id, code, state, position, party_size, seats, hold, channel, person, personal, manage_hash,
    created_at, changed_at, entered_by, offer_expires_at, checked_in_at, checked_in_by, pseudonym, wishes, drawn_at
from registrations where session_id = $1 order by position

-- name: read_queue
select id, seats, passed from registrations where session_id = $1 and state = 'waitlisted' order by position

-- name: count_ahead
select count(*) from registrations where session_id = $1 and state = 'waitlisted' and position < $2

-- name: add_passes
update registrations set passed = passed + times.count
from (select id, count(*) as count from unnest($1::uuid[]) as id group by id) as times
where registrations.id = times.id

-- A change is always later than the one before it, which another host's clock may have dated.
-- name: offer_seats
update registrations set state = 'offered', offer_expires_at = $2,
    changed_at = greatest($3, changed_at + interval '1 microsecond')
where id = any($1::uuid[]) and state = 'waitlisted'
returning id, seats

-- name: mark_no_shows
update registrations set state = 'no_show', changed_at = greatest($2, changed_at + interval '1 microsecond')
where session_id = any($1::uuid[]) and state = 'confirmed'
returning id, session_id, event_id, seats

-- name: withdraw_live
with live as (
    select id, seats, state from registrations
    where session_id = $1 and state in ('waitlisted', 'offered', 'entered', 'confirmed') for update
)
update registrations set state = 'withdrawn', offer_expires_at = null,
    changed_at = greatest($2, changed_at + interval '1 microsecond')
from live where registrations.id = live.id
returning live.id, live.seats, live.state as state_before, changed_at

-- name: move_registrations
update registrations set during = tstzrange($2, $3) where session_id = $1

-- Whom a draw gave a seat stays known by pseudonym until nobody has to stand back for it any more.
-- name: forget_personal
update registrations set personal = null, person_range = null,
    person = case when drawn_at > $2 and state in ('confirmed', 'checked_in', 'no_show') then person end
where event_id = $1 and personal is not null

-- name: forget_winners
update registrations set person = null where event_id = $1 and drawn_at <= $2 and personal is null and person is not null

-- name: count_registrations
select
    count(*) filter (where state in ('confirmed', 'checked_in', 'no_show')) as registered,
    coalesce(sum(party_size) filter (where state = 'checked_in'), 0) as people_in,
    count(*) filter (where state = 'checked_in') as checked_in,
    count(*) filter (where state = 'no_show') as no_show,
    count(*) filter (where hold = 'walk_in') as walk_in
from registrations where event_id = $1

-- The draw

-- name: count_entries
select count(*) from registrations where event_id = $1 and pseudonym is not null and state = 'entered'

-- Who is in the draw; `won_before`: a draw of another event has given them a seat since $2.
-- name: read_entries
select entry.id, entry.pseudonym, entry.seats, entry.session_id, entry.wishes,
    exists (
        select from registrations as won
        where won.person = entry.person and won.drawn_at > $2 and won.event_id <> entry.event_id
            and won.state in ('confirmed', 'checked_in', 'no_show')
    ) as won_before
from registrations as entry
where entry.event_id = $1 and entry.pseudonym is not null and entry.state = 'entered' order by entry.pseudonym

-- Of those who would be moved to these sessions: who holds a place elsewhere at that time.
-- name: find_busy
select distinct mine.id
from unnest($1::uuid[], $2::uuid[]) as moved (id, session_id)
    join sessions on sessions.id = moved.session_id
    join registrations as mine on mine.id = moved.id
    join registrations as other on other.person_range && mine.person_range
        and other.during && tstzrange(sessions.starts_at, sessions.ends_at) and other.id <> mine.id
        and other.state in ('confirmed', 'waitlisted', 'entered', 'offered', 'checked_in')

-- name: place_entries
update registrations set session_id = placed.session_id, state = placed.state, position = placed.position,
    during = tstzrange(sessions.starts_at, sessions.ends_at), drawn_at = $1,
    changed_at = greatest($1, registrations.changed_at + interval '1 microsecond')
from unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[]) as placed (id, session_id, state, position)
    join sessions on sessions.id = placed.session_id
where registrations.id = placed.id and registrations.state = 'entered'
returning registrations.id, registrations.changed_at

-- name: move_entries
update registrations set session_id = moved.session_id, during = tstzrange(sessions.starts_at, sessions.ends_at),
    changed_at = greatest($1, registrations.changed_at + interval '1 microsecond')
from unnest($2::uuid[], $3::uuid[]) as moved (id, session_id) join sessions on sessions.id = moved.session_id
where registrations.id = moved.id and registrations.state = 'entered'
returning registrations.id, registrations.changed_at

-- Suggestions, questionnaires, reports

-- name: insert_suggestion
insert into suggestions (id, event_id, kind, text, received_at, due_on) values ($1, $2, $3, $4, $5, $6)

-- name: list_suggestions
select id, event_id, kind, text, received_at, due_on, reply, outcome, replied_at
from suggestions where event_id = $1 order by received_at, id

-- name: read_suggestion
select id, event_id, kind, text, received_at, due_on, reply, outcome, replied_at from suggestions where id = $1

-- name: reply_to_suggestion
update suggestions set reply = $2, outcome = $3, replied_by = $5,
    replied_at = greatest($4, replied_at + interval '1 microsecond')
where id = $1
returning replied_at

-- name: list_open_questions
select id, received_at, due_on from suggestions
where kind = 'question' and reply is null and (due_on is null or due_on >= $1) order by received_at, id

-- name: move_due_date
update suggestions set due_on = $2 where id = $1 and reply is null

-- name: insert_questionnaire
insert into questionnaire_answers (id, event_id, registration_id, satisfaction, comment, answered_at)
values ($1, $2, $3, $4, $5, $6)

-- name: average_satisfaction
select round(avg(satisfaction), 2) as average, count(*) as answers from questionnaire_answers where event_id = $1

-- name: list_comments
select id, satisfaction, comment, answered_at from questionnaire_answers
where event_id = $1 and comment is not null order by answered_at, id

-- name: forget_comments
update questionnaire_answers set comment = null where event_id = $1 and comment is not null

-- name: insert_report
insert into reports (event_id, held_on, summary, participants, registered, checked_in, no_show, walk_in, suggestions,
    replies, satisfaction, sign_shown, published_at, published_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: read_report
select event_id, held_on, summary, participants, registered, checked_in, no_show, walk_in, suggestions, replies,
    satisfaction, sign_shown, published_at
from reports where event_id = $1

-- Private feeds

-- name: insert_private_feed
insert into private_feeds (id, person, token_sha256, created_at) values ($1, $2, $3, $4)

-- Whoever holds these locks alone tells what the persons are registered for. Always in order of number, so that two who
-- want several never wait for each other.
-- name: lock_persons
select pg_advisory_xact_lock(number) from unnest($1::bigint[]) as number

-- name: tell_private_feed
update private_feeds set told_at = greatest($2, told_at + interval '1 microsecond') where id = $1 returning told_at

-- name: list_private_feeds
select id, person, token_sha256 from private_feeds where person = any($1::bytea[]) and revoked_at is null order by id

-- name: revoke_private_feed
update private_feeds set revoked_at = $2 where id = $1

-- name: registrations_of_person
select id from registrations where person = $1 order by id
