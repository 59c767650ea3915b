-- One row a draw; `subject` is what is drawn for. Documents are canonical JSON, as published.
create table draws (
    id uuid primary key,
    subject text not null,
    kind text not null,
    number int not null,
    state text not null,
    reason text not null,
    rules bytea not null,
    pool bytea,
    openings bytea,
    commitment bytea,
    drawn bytea,
    replacements bytea,
    progress text not null default '',
    ruled_at timestamptz not null,
    closed_at timestamptz,
    committed_at timestamptz,
    drawn_at timestamptz,
    constraint draws_one_of_a_number unique (subject, number),
    constraint draws_kind_known check (kind in ('panels', 'order')),
    constraint draws_state_known check (state in ('ruled', 'closed', 'computing', 'committed', 'drawn', 'void')),
    constraint draws_in_order check (
        (pool is null) = (closed_at is null) and (commitment is null) = (committed_at is null)
        and (drawn is null) = (drawn_at is null)
        and (commitment is null or pool is not null) and (drawn is null or commitment is not null)),
    constraint draws_committed_before_drawn check (drawn_at is null or drawn_at >= committed_at)
);

-- What two people typed, each by themselves.
create table draw_numbers (
    draw_id uuid not null references draws (id),
    typed_by text not null,
    typed_at timestamptz not null,
    entropy text not null,
    primary key (draw_id, typed_by)
);

create function refuse_rewriting() returns trigger language plpgsql as $$
begin
    if new.rules <> old.rules
        or (old.pool is not null and new.pool is distinct from old.pool)
        or (old.commitment is not null and new.commitment is distinct from old.commitment)
        or (old.drawn is not null and new.drawn is distinct from old.drawn) then
        raise exception 'a published document never changes' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;

create trigger draws_never_rewritten before update on draws for each row execute function refuse_rewriting();
create trigger draws_never_deleted before delete or truncate on draws for each statement execute function refuse_change();
