-- 接種率: a cache of the engine's answer over all residents, counted in the background. Rebuilt, never edited.
create table coverage (
    municipality_code integer not null references municipalities,
    series            text not null,
    counted_on        date not null,
    targets           integer not null,
    complete          integer not null,
    counted_at        timestamptz not null,
    primary key (municipality_code, series)
);
alter table coverage enable row level security;
alter table coverage force row level security;
create policy municipality on coverage using (municipality_code = current_municipality()) with check (municipality_code = current_municipality());
