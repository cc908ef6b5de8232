-- 自治体の壁 for every table of ① 健康管理システム.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['feeds', 'feed_errors', 'residents', 'resident_versions', 'resident_facts', 'clinics', 'vaccination_records', 'review_items', 'record_arrivals', 'campaigns', 'campaign_targets', 'sheets', 'print_files', 'letterheads'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
