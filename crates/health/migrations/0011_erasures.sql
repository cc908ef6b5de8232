-- 印刷ファイルの消去: each print file that two persons have had erased, and whether it is gone from the disk. The sheets and the
-- page counts stay: what was sent to whom is not forgotten.
create table print_file_erasures (
    municipality_code integer not null,
    campaign_id       uuid not null,
    file_number       integer not null,
    approval_id       uuid not null,
    -- From then on nobody gets the file.
    erased_at         timestamptz not null,
    -- When it was gone from the disk; null until then.
    removed_at        timestamptz check (removed_at >= erased_at),
    primary key (municipality_code, campaign_id, file_number),
    foreign key (municipality_code, campaign_id, file_number) references print_files (municipality_code, campaign_id, file_number),
    foreign key (municipality_code, approval_id) references approvals (municipality_code, approval_id)
);
revoke update, delete, truncate on print_file_erasures from @app_role@;
grant update (removed_at) on print_file_erasures to @app_role@;

-- 自治体の壁.
alter table print_file_erasures enable row level security;
alter table print_file_erasures force row level security;
create policy municipality on print_file_erasures
    using (municipality_code = current_municipality()) with check (municipality_code = current_municipality());
