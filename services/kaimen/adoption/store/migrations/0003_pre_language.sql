-- In which language an author is told what became of the opinion.
alter table opinions add column language text not null default 'zh' constraint opinions_language_known
    check (language in ('zh', 'en'));
