-- The trace of the fact for which somebody is asked about; null where that began none.
alter table messages add column traceparent text;
alter table circulars add column traceparent text;
