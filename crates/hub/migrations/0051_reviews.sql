-- 異動・退職の記録: in which section somebody is from which day on, and with which day the account ends (KB-15). Each with
-- who recorded it and why. Rows are only added: what was wrong is followed by what is right.
create table moves (
    municipality_code integer not null,
    move_id           uuid not null,
    staff_id          uuid not null,
    -- placed: when the account was made; transfer: 異動; leaving: 退職.
    kind              text not null check (kind in ('placed', 'transfer', 'leaving')),
    -- Where to; of a leaving nowhere.
    section_id        uuid,
    -- The first day there; of a leaving the last day of the account.
    on_day            date not null,
    reason            text not null default '',
    -- Nobody where the account was made.
    recorded_by       uuid,
    recorded_at       timestamptz not null,
    -- 権限の削除の申請 that goes with it, where any rights were held.
    application_id    uuid,
    primary key (municipality_code, move_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id),
    foreign key (municipality_code, section_id) references sections (municipality_code, section_id),
    foreign key (municipality_code, recorded_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, application_id) references rights_applications (municipality_code, application_id),
    check ((kind = 'leaving') = (section_id is null)),
    check (kind = 'placed' or (recorded_by is not null and reason <> '')),
    constraint moves_by_another_check check (recorded_by <> staff_id)
);
create index moves_by_staff on moves (municipality_code, staff_id, on_day);
revoke update, delete, truncate on moves from @app_role@;

-- Where everybody is today becomes the first row of their record: the owner reads over all municipalities for that.
alter table accounts no force row level security;
insert into moves (municipality_code, move_id, staff_id, kind, section_id, on_day, recorded_at)
    select municipality_code, gen_random_uuid(), staff_id, 'placed', section_id,
        (created_at at time zone 'Asia/Tokyo')::date, created_at
    from accounts where section_id is not null;
alter table accounts force row level security;
alter table accounts drop column section_id;

-- The section that somebody is in on a day, in this transaction's municipality.
create function section_of(of_staff uuid, on_day_asked date) returns uuid language sql stable as $$
    select section_id from moves
    where municipality_code = current_municipality() and staff_id = of_staff and kind <> 'leaving'
        and on_day <= on_day_asked
    order by on_day desc, recorded_at desc, move_id desc limit 1
$$;

-- 権限の点検: at the start of the fiscal year and when needed, who holds which rights is confirmed (KK-37).
create table reviews (
    municipality_code integer not null references municipalities,
    review_id         uuid not null,
    name              text not null check (name <> ''),
    -- 年度当初の点検, once a fiscal year, or 随時の点検.
    kind              text not null check (kind in ('yearly', 'as_needed')),
    fiscal_year       smallint not null,
    -- 基準日: what was held on this day is confirmed.
    base_on           date not null,
    -- 期限 for the signatures.
    due_on            date not null,
    started_by        uuid not null,
    started_at        timestamptz not null,
    closed_by         uuid,
    closed_at         timestamptz,
    primary key (municipality_code, review_id),
    foreign key (municipality_code, started_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, closed_by) references staff (municipality_code, staff_id),
    check (due_on >= base_on),
    check ((closed_by is null) = (closed_at is null))
);
create unique index reviews_one_open on reviews (municipality_code) where closed_at is null;
create unique index reviews_one_yearly on reviews (municipality_code, fiscal_year) where kind = 'yearly';
revoke delete, truncate on reviews from @app_role@;

-- 点検の名簿: one list to sign. The people of a section, or one 所属長 of it, whose rights somebody else confirms.
create table review_parts (
    municipality_code integer not null,
    part_id           uuid not null,
    review_id         uuid not null,
    -- None for people whose section is not known.
    section_id        uuid,
    -- 所属長 whose own list this is.
    chief_id          uuid,
    -- 名簿の版: the digest of what was frozen.
    version           text not null check (version ~ '^[0-9a-f]{64}$'),
    primary key (municipality_code, part_id),
    foreign key (municipality_code, review_id) references reviews (municipality_code, review_id),
    foreign key (municipality_code, section_id) references sections (municipality_code, section_id),
    foreign key (municipality_code, chief_id) references accounts (municipality_code, staff_id)
);
create index review_parts_by_review on review_parts (municipality_code, review_id);
revoke update, delete, truncate on review_parts from @app_role@;

-- 名簿の職員: each person of a list, as things stood when the review was started.
create table review_people (
    municipality_code integer not null,
    part_id           uuid not null,
    staff_id          uuid not null,
    last_seen_at      timestamptz,
    -- The last day of the account; of a contractor the end of the contract.
    until_on          date,
    is_contractor     boolean not null,
    -- 職務の分離: what spoke against these roles in one person, in words.
    conflicts         text[] not null,
    primary key (municipality_code, part_id, staff_id),
    foreign key (municipality_code, part_id) references review_parts (municipality_code, part_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id)
);
revoke update, delete, truncate on review_people from @app_role@;

-- 名簿の権限: each role that each person held on the 基準日.
create table review_items (
    municipality_code integer not null,
    part_id           uuid not null,
    staff_id          uuid not null,
    role              text not null,
    -- 事務 that the role was applied for; none where it came by a command.
    duties            text[] not null,
    from_on           date not null,
    until_on          date,
    primary key (municipality_code, part_id, staff_id, role),
    foreign key (municipality_code, part_id, staff_id) references review_people (municipality_code, part_id, staff_id)
);
revoke update, delete, truncate on review_items from @app_role@;

-- 点検の判断: 継続, 削除 with its reason, or ended before anybody decided. Open until the list is signed.
create table review_decisions (
    municipality_code integer not null,
    part_id           uuid not null,
    staff_id          uuid not null,
    role              text not null,
    decision          text not null check (decision in ('keep', 'remove', 'ended')),
    reason            text not null default '',
    decided_by        uuid not null,
    decided_at        timestamptz not null,
    -- 権限の削除の申請 by which a removal took effect.
    application_id    uuid,
    primary key (municipality_code, part_id, staff_id, role),
    foreign key (municipality_code, part_id, staff_id, role)
        references review_items (municipality_code, part_id, staff_id, role),
    foreign key (municipality_code, decided_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, application_id) references rights_applications (municipality_code, application_id),
    check (decision <> 'remove' or reason <> ''),
    constraint review_decisions_by_another_check check (decided_by <> staff_id)
);
revoke truncate on review_decisions from @app_role@;

-- 点検の署名: by which the decisions of a list hold. One a list; rows are only added.
create table review_signatures (
    municipality_code integer not null,
    part_id           uuid not null,
    staff_id          uuid not null,
    -- The digest of the list with its decisions: what was signed.
    version           text not null check (version ~ '^[0-9a-f]{64}$'),
    signed_at         timestamptz not null,
    primary key (municipality_code, part_id),
    foreign key (municipality_code, part_id) references review_parts (municipality_code, part_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);
revoke update, delete, truncate on review_signatures from @app_role@;

-- 署名のない名簿: why a review was closed without a list's signature. Rows are only added.
create table review_gaps (
    municipality_code integer not null,
    part_id           uuid not null,
    reason            text not null check (reason <> ''),
    primary key (municipality_code, part_id),
    foreign key (municipality_code, part_id) references review_parts (municipality_code, part_id)
);
revoke update, delete, truncate on review_gaps from @app_role@;

-- 署名後の変更の禁止: what is signed, or belongs to a review that is closed, does not change any more; and nobody signs a
-- list with their own rights in it.
create function review_decisions_end_with_the_signature() returns trigger language plpgsql as $$
declare
    kept review_decisions := case when tg_op = 'DELETE' then old else new end;
begin
    if exists (select 1 from review_signatures
            where municipality_code = kept.municipality_code and part_id = kept.part_id)
        or exists (select 1 from review_parts p join reviews r using (municipality_code, review_id)
            where p.municipality_code = kept.municipality_code and p.part_id = kept.part_id
                and r.closed_at is not null) then
        raise exception 'review_decisions_end_with_the_signature' using errcode = 'integrity_constraint_violation';
    end if;
    return kept;
end
$$;
create trigger review_decisions_end_with_the_signature before insert or update or delete on review_decisions
    for each row execute function review_decisions_end_with_the_signature();

create function review_signatures_are_by_another() returns trigger language plpgsql as $$
begin
    if exists (select 1 from review_people where municipality_code = new.municipality_code
            and part_id = new.part_id and staff_id = new.staff_id)
        or exists (select 1 from review_parts p join reviews r using (municipality_code, review_id)
            where p.municipality_code = new.municipality_code and p.part_id = new.part_id and r.closed_at is not null) then
        raise exception 'review_signatures_are_by_another' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger review_signatures_are_by_another before insert on review_signatures
    for each row execute function review_signatures_are_by_another();

-- 自治体の壁.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['moves', 'reviews', 'review_parts', 'review_people', 'review_items',
            'review_decisions', 'review_signatures', 'review_gaps'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
