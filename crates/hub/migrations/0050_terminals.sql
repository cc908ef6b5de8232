-- 端末: the machines that staff may sign in from, each known by its certificate (端末証明書) and standing in one zone of the
-- network. A new certificate is a new row; the old one stays as withdrawn.
create table terminals (
    municipality_code integer not null references municipalities,
    terminal_id       uuid not null,
    name              text not null check (name <> ''),
    -- 設置場所: a section of the office, or a venue.
    place             text not null check (place <> ''),
    zone              text not null check (zone in ('business', 'lgwan', 'venue')),
    -- SHA-256 of the certificate.
    fingerprint       bytea not null check (octet_length(fingerprint) = 32),
    -- The last day of use, not beyond the certificate's.
    last_on           date not null,
    registered_by     uuid not null,
    registered_at     timestamptz not null,
    withdrawn_at      timestamptz,
    withdrawn_reason  text check (withdrawn_reason in ('lost', 'broken', 'disposed', 'returned', 'moved', 'renewed')),
    primary key (municipality_code, terminal_id),
    constraint terminals_fingerprint_key unique (municipality_code, fingerprint),
    foreign key (municipality_code, registered_by) references staff (municipality_code, staff_id),
    check ((withdrawn_at is null) = (withdrawn_reason is null))
);
-- What was registered is not registered otherwise: only the name, the place and the end change.
revoke update, delete, truncate on terminals from @app_role@;
grant update (name, place, withdrawn_at, withdrawn_reason) on terminals to @app_role@;

-- 端末の経過: who registered, changed or withdrew a terminal, and when. Rows are only added.
create table terminal_steps (
    municipality_code integer not null,
    terminal_id       uuid not null,
    step_id           uuid not null,
    step              text not null check (step in ('registered', 'changed', 'withdrawn')),
    -- What the step left: name and place, or the reason.
    name              text not null default '',
    place             text not null default '',
    reason            text not null default '',
    staff_id          uuid not null,
    taken_at          timestamptz not null,
    primary key (municipality_code, terminal_id, step_id),
    foreign key (municipality_code, terminal_id) references terminals (municipality_code, terminal_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);
revoke update, delete, truncate on terminal_steps from @app_role@;

-- ログイン: at which terminal. Withdrawn, all of them end.
-- The owner reads over all municipalities for the new key.
alter table sign_ins no force row level security;
alter table sign_ins add foreign key (municipality_code, terminal_id)
    references terminals (municipality_code, terminal_id);
alter table sign_ins force row level security;
create index sign_ins_by_terminal on sign_ins (municipality_code, terminal_id, last_seen_at);

-- 証明書の登録先: in which municipality's register a certificate is. Asked before anybody has signed in, when nothing but
-- the certificate is known; it says nothing else of the terminal. Rows are only added.
create table certificate_homes (
    fingerprint   bytea not null check (octet_length(fingerprint) = 32),
    registered_in integer not null,
    primary key (fingerprint)
);
comment on table certificate_homes is 'national: in which municipality''s register a certificate is looked up';
revoke update, delete, truncate on certificate_homes from @app_role@;

-- 自治体の壁.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['terminals', 'terminal_steps'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
