-- Whether decisions was told that no opinion waits any more; of those that ended before, nothing was told.
alter table consultations add column handled boolean not null default false;
-- What staff decide of one opinion is held against what they saw.
alter table opinions add column version int not null default 1;
