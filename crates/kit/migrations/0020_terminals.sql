-- ログイン中の画面 belongs to the terminal it was opened at: the certificate that has to be shown with each request. None at
-- the plain door of the machine itself.
alter table sessions add column fingerprint bytea check (octet_length(fingerprint) = 32);

-- 端末の名前: what the hub last called the terminals that people have acted from here, for whoever reads the log.
create table terminal_names (
    municipality_code integer not null references municipalities,
    terminal_id       uuid not null,
    name              text not null check (name <> ''),
    primary key (municipality_code, terminal_id)
);

-- 自治体の壁.
alter table terminal_names enable row level security;
alter table terminal_names force row level security;
create policy municipality on terminal_names
    using (municipality_code = current_municipality()) with check (municipality_code = current_municipality());
