-- 職員の住民登録: which resident a member of staff is, where an auditor has noted it, so that looks at their own household and
-- address are found. Seen by auditors alone. A correction withdraws the row and adds another.
create table staff_residents (
    municipality_code integer not null,
    note_id           uuid not null,
    staff_id          uuid not null,
    resident_id       uuid not null,
    noted_by          uuid not null,
    noted_at          timestamptz not null,
    withdrawn_by      uuid,
    withdrawn_at      timestamptz,
    primary key (municipality_code, note_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id),
    foreign key (municipality_code, resident_id) references residents (municipality_code, resident_id),
    constraint staff_residents_withdrawn check ((withdrawn_by is null) = (withdrawn_at is null))
);
create unique index staff_residents_staff_key on staff_residents (municipality_code, staff_id) where withdrawn_at is null;
alter table staff_residents enable row level security;
alter table staff_residents force row level security;
create policy municipality on staff_residents
    using (municipality_code = current_municipality()) with check (municipality_code = current_municipality());
revoke delete, truncate on staff_residents from @app_role@;
