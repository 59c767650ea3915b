-- name: insert_draw
insert into draws (id, subject, kind, number, state, reason, rules, ruled_at)
values ($1, $2, $3, $4, 'ruled', $5, $6, $7)

-- name: read_draws
select id, subject, kind, number, state, reason, rules, pool, openings, commitment, drawn, replacements, progress,
    ruled_at, closed_at, committed_at, drawn_at
from draws where subject = $1 order by number

-- name: read_draw
select id, subject, kind, number, state, reason, rules, pool, openings, commitment, drawn, replacements, progress,
    ruled_at, closed_at, committed_at, drawn_at
from draws where id = $1 for update

-- name: save_draw
update draws set state = $2, pool = $3, openings = $4, commitment = $5, drawn = $6, replacements = $7, progress = $8,
    closed_at = $9, committed_at = $10, drawn_at = $11
where id = $1

-- name: say_progress
update draws set progress = $2 where id = $1 and state = 'computing'

-- name: type_numbers
insert into draw_numbers (draw_id, typed_by, typed_at, entropy) values ($1, $2, $3, $4)
on conflict (draw_id, typed_by) do update set typed_at = excluded.typed_at, entropy = excluded.entropy

-- name: read_numbers
select typed_by, typed_at, entropy from draw_numbers where draw_id = $1 order by typed_at
