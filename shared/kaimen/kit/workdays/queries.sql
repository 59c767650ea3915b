-- name: lock_notices
select pg_advisory_xact_lock(hashtextextended('holiday_notices', 0))

-- name: latest_notices
select distinct on (year) year, version, papers, source, sha256, days, loaded_at
from holiday_notices order by year, version desc

-- name: add_notice
insert into holiday_notices (year, version, papers, source, sha256, days, loaded_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (year, version) do nothing
returning version
