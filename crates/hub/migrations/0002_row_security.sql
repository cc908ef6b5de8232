-- 自治体の壁, for the hub's own tables.
do $$
declare
    table_name text;
begin
    foreach table_name in array array['accounts', 'passwords', 'sign_ins', 'tickets'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
