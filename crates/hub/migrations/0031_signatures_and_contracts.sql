-- 対応表への署名: who has signed which version of the table of duties and rights, and when. Rows are only added.
create table table_signatures (
    municipality_code integer not null,
    -- The digest of the table as it is enforced: any change of a cell makes another version.
    version           text not null check (version ~ '^[0-9a-f]{64}$'),
    staff_id          uuid not null,
    -- In which role the person signed.
    role              text not null check (role in ('chief', 'id_manager')),
    signed_at         timestamptz not null,
    primary key (municipality_code, version, staff_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);
revoke update, delete, truncate on table_signatures from @app_role@;

-- 委託先の入力担当者: under which contract somebody records for us. Without the contract they have no account.
create table contracts (
    municipality_code integer not null,
    staff_id          uuid not null,
    company           text not null check (company <> ''),
    -- 契約の終了日: the account ends with it, nobody has to act.
    contract_until    date not null,
    -- The member of staff who answers for them.
    supervisor_id     uuid not null,
    -- 再委託の許諾番号; empty where the contractor itself sends the person.
    consent_number    text not null default '',
    created_at        timestamptz not null,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id),
    foreign key (municipality_code, supervisor_id) references accounts (municipality_code, staff_id),
    check (supervisor_id <> staff_id)
);

-- 自治体の壁.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['table_signatures', 'contracts'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
