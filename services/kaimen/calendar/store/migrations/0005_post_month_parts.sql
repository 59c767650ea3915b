-- Entries of an open month from before belong to its parts by unit and theme, too.
update entries set feeds = feeds || array[concat('open-month/', body ->> 'campaign', '/units/', unit)]
where body ->> 'campaign' is not null
    and not feeds @> array[concat('open-month/', body ->> 'campaign', '/units/', unit)];

update entries set feeds = feeds || array[concat('open-month/', body ->> 'campaign', '/themes/', body ->> 'theme')]
where body ->> 'campaign' is not null and feeds @> array[concat('themes/', body ->> 'theme')]
    and not feeds @> array[concat('open-month/', body ->> 'campaign', '/themes/', body ->> 'theme')];
