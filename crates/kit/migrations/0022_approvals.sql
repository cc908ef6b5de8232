-- 二人承認の申請: what one person asks for and another decides, before something leaves the office or disappears (XS-04, ASVS 2.3.5).
create table approvals (
    municipality_code integer not null references municipalities,
    approval_id       uuid not null,
    -- 受付番号: what people and commands call it by.
    approval_number   bigint not null check (approval_number > 0),
    kind              text not null check (kind <> ''),
    -- What it is about, as the operation log names it.
    target_kind       text not null,
    target_id         uuid not null,
    -- In the applicant's words.
    reason            text not null check (reason <> ''),
    -- The legal ground by its code; '' where the kind needs none.
    basis             text not null default '',
    -- What exactly will happen: label and value of each line, frozen with the application, and the digest of all it concerns.
    plan              jsonb not null check (jsonb_typeof(plan) = 'array'),
    digest            bytea not null check (length(digest) = 32),
    -- How often it may be used once it is approved.
    uses_max          smallint not null check (uses_max > 0),
    state             text not null,
    asked_by          uuid not null,
    asked_at          timestamptz not null,
    -- Not decided by then, it lapses.
    decide_until      timestamptz not null check (decide_until > asked_at),
    decided_by        uuid,
    decided_at        timestamptz,
    decision_reason   text not null default '',
    -- Not used by then, it lapses.
    valid_until       timestamptz,
    withdrawn_at      timestamptz,
    primary key (municipality_code, approval_id),
    constraint approvals_number_key unique (municipality_code, approval_number),
    foreign key (municipality_code, asked_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, decided_by) references staff (municipality_code, staff_id),
    -- Nobody decides what they have asked for themselves.
    constraint approvals_two_persons check (decided_by is null or decided_by <> asked_by),
    constraint approvals_state_check check (case state
        when 'asked' then decided_by is null and decided_at is null and valid_until is null and withdrawn_at is null
        when 'approved' then decided_by is not null and decided_at <= decide_until and decision_reason <> ''
            and valid_until > decided_at
            and withdrawn_at is null
        when 'rejected' then decided_by is not null and decided_at <= decide_until and decision_reason <> ''
            and valid_until is null and withdrawn_at is null
        when 'withdrawn' then decided_by is null and decided_at is null and valid_until is null and withdrawn_at is not null
        else false end)
);
create index approvals_open on approvals (municipality_code, kind, asked_at) where state = 'asked';
create index approvals_by_target on approvals (municipality_code, target_id);

-- 承認の使用: one row for each time an approval was made use of. Rows are only added.
create table approval_uses (
    municipality_code integer not null,
    approval_id       uuid not null,
    use_number        smallint not null check (use_number > 0),
    used_by           uuid not null,
    used_at           timestamptz not null,
    primary key (municipality_code, approval_id, use_number),
    foreign key (municipality_code, approval_id) references approvals (municipality_code, approval_id),
    foreign key (municipality_code, used_by) references staff (municipality_code, staff_id)
);
revoke delete, truncate on approvals from @app_role@;
revoke update, delete, truncate on approval_uses from @app_role@;

-- What was asked for stays as it was asked, and what was decided as it was decided.
create function approvals_go_one_way() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        if new.state <> 'asked' then
            raise exception 'approvals_go_one_way' using errcode = 'integrity_constraint_violation';
        end if;
        return new;
    end if;
    if tg_op = 'DELETE' or old.state <> 'asked'
        or (old.approval_number, old.kind, old.target_kind, old.target_id, old.reason, old.basis, old.plan, old.digest,
            old.uses_max, old.asked_by, old.asked_at, old.decide_until)
        is distinct from (new.approval_number, new.kind, new.target_kind, new.target_id, new.reason, new.basis, new.plan,
            new.digest, new.uses_max, new.asked_by, new.asked_at, new.decide_until) then
        raise exception 'approvals_go_one_way' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger approvals_go_one_way before insert or update or delete on approvals
    for each row execute function approvals_go_one_way();

-- Only what is approved is used, in its days and not more often than was approved.
create function approval_uses_are_approved() returns trigger language plpgsql as $$
begin
    if not exists (select from approvals a where a.municipality_code = new.municipality_code
            and a.approval_id = new.approval_id and a.state = 'approved' and new.used_at <= a.valid_until
            and new.use_number <= a.uses_max and new.use_number = 1 + (select count(*) from approval_uses u
                where u.municipality_code = new.municipality_code and u.approval_id = new.approval_id)) then
        raise exception 'approval_uses_are_approved' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger approval_uses_are_approved before insert on approval_uses
    for each row execute function approval_uses_are_approved();

-- 自治体の壁.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['approvals', 'approval_uses'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
