-- 宛名: the persons whose number the hub keeps, or was asked for. Their 宛名番号 and nothing else is known of them here; who
-- they are stands in the systems that serve them.
create table addressees (
    municipality_code integer not null references municipalities,
    addressee_id      uuid not null,
    addressee_number  bigint not null check (addressee_number between 1 and 999999999999999),
    created_at        timestamptz not null,
    primary key (municipality_code, addressee_id),
    constraint addressees_number_key unique (municipality_code, addressee_number)
);
alter table addressees enable row level security;
alter table addressees force row level security;
create policy municipality on addressees using (municipality_code = current_municipality())
    with check (municipality_code = current_municipality());
revoke update, delete, truncate on addressees from @app_role@;
