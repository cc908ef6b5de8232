-- 所属: the sections of the office. Each has a 所属長 (a person in it with that role); the one above stands in.
create table sections (
    municipality_code integer not null references municipalities,
    section_id        uuid not null,
    name              text not null check (name <> ''),
    above_id          uuid,
    created_at        timestamptz not null,
    primary key (municipality_code, section_id),
    constraint sections_name_key unique (municipality_code, name),
    foreign key (municipality_code, above_id) references sections (municipality_code, section_id),
    check (above_id <> section_id)
);

-- What was given before there were applications is taken over below: the owner reads over all municipalities for that.
alter table staff no force row level security;
alter table accounts no force row level security;
alter table accounts
    add column section_id uuid,
    -- The last day of the account: of a contractor's always, of others where it is known.
    add column until_on   date,
    add foreign key (municipality_code, section_id) references sections (municipality_code, section_id);

-- 権限の申請: asked for by the person or their chief, approved by the chief, granted by the ID manager (KB-14, KB-15).
create table rights_applications (
    municipality_code integer not null,
    application_id    uuid not null,
    kind              text not null check (kind in ('grant', 'removal')),
    -- Whose rights they are.
    staff_id          uuid not null,
    section_id        uuid not null,
    duty              text not null,
    roles             text[] not null check (cardinality(roles) > 0),
    reason            text not null check (reason <> ''),
    -- The first and the last day; of a removal the last day alone counts.
    from_on           date not null,
    until_on          date,
    state             text not null,
    applied_by        uuid not null,
    applied_at        timestamptz not null,
    approved_by       uuid,
    granted_by        uuid,
    -- Rejected or withdrawn: by whom, and why.
    closed_by         uuid,
    closing_reason    text not null default '',
    primary key (municipality_code, application_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id),
    foreign key (municipality_code, section_id) references sections (municipality_code, section_id),
    foreign key (municipality_code, applied_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, approved_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, granted_by) references staff (municipality_code, staff_id),
    foreign key (municipality_code, closed_by) references staff (municipality_code, staff_id),
    constraint rights_days_check check (until_on is null or until_on >= from_on),
    -- No two steps by one person, and nobody decides about their own rights.
    constraint rights_steps_by_different_people check (
        applied_by <> approved_by and applied_by <> granted_by and approved_by <> granted_by
        and staff_id <> approved_by and staff_id <> granted_by),
    constraint rights_rejected_by_another check (
        state <> 'rejected' or (closed_by <> applied_by and closed_by <> staff_id
            and closed_by is distinct from approved_by)),
    constraint rights_state_check check (case state
        when 'applied' then approved_by is null and granted_by is null and closed_by is null
        when 'approved' then kind = 'grant' and approved_by is not null and granted_by is null and closed_by is null
        when 'granted' then granted_by is not null and closed_by is null and (kind = 'removal') = (approved_by is null)
        when 'rejected' then kind = 'grant' and closed_by is not null and granted_by is null and closing_reason <> ''
        when 'withdrawn' then kind = 'grant' and closed_by = applied_by and granted_by is null and closing_reason <> ''
        else false end)
);
create index rights_applications_by_staff on rights_applications (municipality_code, staff_id, applied_at);

-- 申請の経過: one row for each state an application came into. Rows are only added.
create table rights_steps (
    municipality_code integer not null,
    application_id    uuid not null,
    state             text not null,
    staff_id          uuid not null,
    taken_at          timestamptz not null,
    reason            text not null default '',
    primary key (municipality_code, application_id, state),
    foreign key (municipality_code, application_id) references rights_applications (municipality_code, application_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);
revoke update, delete, truncate on rights_steps from @app_role@;

-- 役割の付与: who holds which role on which days. The only source of anybody's rights.
create table holdings (
    municipality_code integer not null,
    holding_id        uuid not null,
    staff_id          uuid not null,
    role              text not null,
    from_on           date not null,
    -- The last day; before the first where it was taken back before it began.
    until_on          date,
    -- Where it came from: an application with its three steps, or a command at the machine itself.
    origin            text not null check (origin in ('application', 'command')),
    application_id    uuid,
    created_at        timestamptz not null,
    primary key (municipality_code, holding_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id),
    foreign key (municipality_code, application_id) references rights_applications (municipality_code, application_id),
    check ((origin = 'application') = (application_id is not null))
);
create index holdings_by_staff on holdings (municipality_code, staff_id);

-- What was given before there were applications.
insert into sections (municipality_code, section_id, name, created_at)
    select municipality_code, gen_random_uuid(), section, now() from (
        select distinct a.municipality_code, s.section from accounts a join staff s using (municipality_code, staff_id)
        where s.section <> '') known;
update accounts a set section_id = c.section_id
    from staff s join sections c on c.municipality_code = s.municipality_code and c.name = s.section
    where s.municipality_code = a.municipality_code and s.staff_id = a.staff_id;
insert into holdings (municipality_code, holding_id, staff_id, role, from_on, origin, created_at)
    select municipality_code, gen_random_uuid(), staff_id, unnest(roles), (created_at at time zone 'Asia/Tokyo')::date,
        'command', now()
    from accounts;
alter table staff force row level security;
alter table accounts force row level security;
alter table accounts drop column roles;

-- The roles that somebody holds on a day, in this transaction's municipality.
create function roles_held(of_staff uuid, on_day date) returns text[] language sql stable as $$
    select coalesce(array_agg(distinct role order by role), '{}') from holdings
    where municipality_code = current_municipality() and staff_id = of_staff
        and from_on <= on_day and (until_on is null or until_on >= on_day)
$$;

-- 自治体の壁.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['sections', 'rights_applications', 'rights_steps', 'holdings'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
