-- In which group an opinion was when its report was last published, while a correction regroups: what its author reads.
alter table opinions add column published_cluster uuid;
update opinions set published_cluster = opinions.cluster_id
from consultations join reports on reports.id = consultations.report_id
where consultations.id = opinions.consultation_id and reports.number > 0 and reports.state <> 'published';
