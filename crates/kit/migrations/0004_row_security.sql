-- 自治体の壁: each transaction names its municipality; without it no row is visible and the query fails.
create function current_municipality() returns integer language sql stable as $$
    select current_setting('app.municipality')::integer
$$;
do $$
declare
    table_name text;
begin
    foreach table_name in array array['staff', 'sessions', 'audit_entries', 'audit_chain', 'jobs', 'outbox', 'inbox', 'idempotency_keys', 'counters'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
