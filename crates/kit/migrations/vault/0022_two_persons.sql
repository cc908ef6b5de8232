-- 個人番号の廃棄 (番号法20条): that a number was kept here until it was no longer needed; when, why, by whom; without the number.
create table vault.disposals (
    municipality_code integer not null references municipalities,
    person_id         uuid not null,
    approval_id       uuid not null,
    -- How many versions were deleted, and from when to when they were registered.
    versions          integer not null check (versions > 0),
    first_at          timestamptz not null,
    last_at           timestamptz not null,
    disposed_by       uuid not null,
    approved_by       uuid not null,
    disposed_at       timestamptz not null,
    primary key (municipality_code, approval_id),
    constraint disposals_two_persons check (disposed_by <> approved_by)
);
create index disposals_by_person on vault.disposals (municipality_code, person_id);
alter table vault.disposals enable row level security;
alter table vault.disposals force row level security;
create policy municipality on vault.disposals using (municipality_code = current_municipality())
    with check (municipality_code = current_municipality());
grant select, insert on vault.disposals to @vault_role@;
grant delete on vault.numbers to @vault_role@;

-- A rotation and a disposal make use of an approval in their own transaction.
grant select on approvals, approval_uses to @vault_role@;
grant insert on approval_uses to @vault_role@;
grant select (municipality_code, staff_id, name) on staff to @vault_role@;
