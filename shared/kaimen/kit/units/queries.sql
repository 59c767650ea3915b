-- name: save_unit
insert into units (short_name, full_name, kind, code, version) values ($1, $2, $3, $4, $5)
on conflict (short_name) do update
set full_name = excluded.full_name, kind = excluded.kind, code = excluded.code, version = excluded.version
where units.version < excluded.version

-- name: list_units
select short_name, full_name, code from units order by code nulls last, short_name
