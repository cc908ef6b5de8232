-- 持出し台帳: every list of people that was asked for as a file, by whom for whom, and what became of the file.
create table exports (
    municipality_code integer not null,
    export_id         uuid not null,
    approval_id       uuid not null,
    -- people (対象者と除外者) or manifest (発送明細) of a campaign.
    list              text not null check (list in ('people', 'manifest')),
    campaign_id       uuid not null,
    place             text not null check (place in ('office', 'outside')),
    recipient         text not null check (recipient <> ''),
    -- The recipient's public key (age); '' for a file that stays in the office unsealed.
    recipient_key     text not null,
    -- The columns, in the order of the file.
    fields            text[] not null check (cardinality(fields) > 0),
    rows              bigint not null check (rows > 0),
    -- The day by which the file has to be erased or given back.
    due_on            date not null,
    primary key (municipality_code, export_id),
    constraint exports_approval_key unique (municipality_code, approval_id),
    foreign key (municipality_code, approval_id) references approvals (municipality_code, approval_id),
    foreign key (municipality_code, campaign_id) references campaigns (municipality_code, campaign_id),
    -- What leaves the office is sealed.
    constraint exports_sealed_outside check (place = 'office' or recipient_key <> '')
);
revoke update, delete, truncate on exports from @app_role@;

-- 消去・返却の報告: that a list which was taken out is gone, said by whom. Rows are only added.
create table export_closings (
    municipality_code integer not null,
    export_id         uuid not null,
    closing           text not null check (closing in ('erased', 'returned')),
    note              text not null check (note <> ''),
    closed_by         uuid not null,
    closed_at         timestamptz not null,
    primary key (municipality_code, export_id),
    foreign key (municipality_code, export_id) references exports (municipality_code, export_id),
    foreign key (municipality_code, closed_by) references staff (municipality_code, staff_id)
);
revoke update, delete, truncate on export_closings from @app_role@;

-- 提供記録: every provision of records outside the network (XS-01 to XS-04), kept for whoever asks to whom their records went.
create table provisions (
    municipality_code integer not null,
    provision_id      uuid not null,
    approval_id       uuid not null,
    recipient_kind    text not null check (recipient_kind <> ''),
    recipient         text not null check (recipient <> ''),
    -- The recipient's letter (文書番号と日付), where there is one.
    letter            text not null,
    basis             text not null check (basis <> ''),
    means             text not null check (means in ('paper', 'media', 'electronic')),
    recipient_key     text not null,
    items             text[] not null check (cardinality(items) > 0),
    primary key (municipality_code, provision_id),
    constraint provisions_approval_key unique (municipality_code, approval_id),
    foreign key (municipality_code, approval_id) references approvals (municipality_code, approval_id),
    constraint provisions_sealed_unless_paper check ((means = 'paper') = (recipient_key = ''))
);
revoke update, delete, truncate on provisions from @app_role@;

-- 提供の対象者: whose records a provision holds. Rows are only added.
create table provision_people (
    municipality_code integer not null,
    provision_id      uuid not null,
    resident_id       uuid not null,
    position          integer not null check (position > 0),
    primary key (municipality_code, provision_id, resident_id),
    foreign key (municipality_code, provision_id) references provisions (municipality_code, provision_id),
    foreign key (municipality_code, resident_id) references residents (municipality_code, resident_id)
);
create index provision_people_by_resident on provision_people (municipality_code, resident_id);
revoke update, delete, truncate on provision_people from @app_role@;

-- 支援措置対象者の印刷: one person's sheet of a campaign, asked for one by one, and how it is handed over.
create table protected_prints (
    municipality_code integer not null,
    approval_id       uuid not null,
    campaign_id       uuid not null,
    resident_id       uuid not null,
    hand_over         text not null check (hand_over in ('counter', 'mailing')),
    -- The file that was printed; null before.
    file_number       integer,
    primary key (municipality_code, approval_id),
    foreign key (municipality_code, approval_id) references approvals (municipality_code, approval_id),
    foreign key (municipality_code, campaign_id, resident_id) references campaign_targets (municipality_code, campaign_id, resident_id),
    foreign key (municipality_code, campaign_id, file_number) references print_files (municipality_code, campaign_id, file_number)
);
create index protected_prints_by_campaign on protected_prints (municipality_code, campaign_id, resident_id);
revoke delete, truncate on protected_prints from @app_role@;

alter table print_files
    -- 取扱注意: sheets of protected people, each in a file of its own, handed to whoever asked for it and to nobody else.
    add column is_protected boolean not null default false;

-- 自治体の壁.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['exports', 'export_closings', 'provisions', 'provision_people', 'protected_prints'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
