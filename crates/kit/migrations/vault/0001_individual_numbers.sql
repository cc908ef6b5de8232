-- 個人番号の保管庫: a schema of its own that only the role of the vault may enter. The application's role has no grant
-- here, so that a fault in a page cannot read a number even in its sealed form.
create schema vault;
revoke all on schema vault from public;
grant usage on schema vault to @vault_role@;

-- データ鍵: seals the numbers of one municipality, itself sealed by the key-encryption key that lies in a file outside the
-- database. A new version is made at each rotation; the old one is wiped when no number is left under it.
create table vault.keys (
    municipality_code integer not null references municipalities,
    key_version       integer not null check (key_version > 0),
    -- Which key file opens it (a fingerprint, not a secret).
    kek_id            text not null,
    -- Nonce, sealed pair (key for sealing, key for the blind index) and tag; wiped with the retirement.
    wrapped           bytea,
    created_at        timestamptz not null,
    retired_at        timestamptz,
    primary key (municipality_code, key_version),
    constraint keys_wiped_when_retired check ((wrapped is null) = (retired_at is not null))
);

-- 個人番号: every number a person has had here, newest version last. Never overwritten: a rotation seals the same number
-- anew and may touch nothing else.
create table vault.numbers (
    municipality_code integer not null,
    person_id         uuid not null,
    version           integer not null check (version > 0),
    key_version       integer not null,
    -- Nonce (12), sealed digits (12) and tag (16); bound to municipality, person and version.
    sealed            bytea not null check (length(sealed) = 40),
    -- HMAC-SHA-256 of the digits under the municipality's own key: found by equality, not read back.
    blind_index       bytea not null check (length(blind_index) = 32),
    valid_from        date not null,
    registered_at     timestamptz not null,
    registered_by     uuid not null,
    reason            text not null check (reason in ('first', 'request', 'ex_officio', 'correction')),
    primary key (municipality_code, person_id, version),
    foreign key (municipality_code, key_version) references vault.keys (municipality_code, key_version)
);
create index numbers_by_blind_index on vault.numbers (municipality_code, key_version, blind_index);

alter table vault.keys enable row level security;
alter table vault.keys force row level security;
create policy municipality on vault.keys using (municipality_code = current_municipality())
    with check (municipality_code = current_municipality());
alter table vault.numbers enable row level security;
alter table vault.numbers force row level security;
create policy municipality on vault.numbers using (municipality_code = current_municipality())
    with check (municipality_code = current_municipality());

grant select, insert, update (kek_id, wrapped, retired_at) on vault.keys to @vault_role@;
grant select, insert, update (key_version, sealed, blind_index) on vault.numbers to @vault_role@;

-- What the vault does is logged in its own transaction; how often someone asked within the hour is read from the log.
grant usage on schema public to @vault_role@;
grant select on municipalities to @vault_role@;
grant insert on audit_entries to @vault_role@;
grant select (municipality_code, staff_id, at, action, outcome, detail) on audit_entries to @vault_role@;
