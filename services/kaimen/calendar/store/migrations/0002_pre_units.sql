-- What kit.units knows of a unit; rows from before are written anew when their unit is announced again.
alter table units add column full_name text, add column kind text not null default '';
