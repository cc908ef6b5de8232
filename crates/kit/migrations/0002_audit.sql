-- 操作ログ: who did what to whom, when and with which outcome. Written in the transaction of the deed itself.
-- Holds ids only: never a name, an address or a number of a person.
create table audit_entries (
    municipality_code integer not null,
    entry_id          uuid not null,
    at                timestamptz not null,
    -- Null only for what nobody signed in did (a refused sign-in, the system's own jobs).
    staff_id          uuid,
    request_id        uuid not null,
    action            text not null,
    outcome           text not null check (outcome in ('done', 'viewed', 'refused')),
    target_kind       text not null default '',
    target_id         uuid,
    detail            jsonb not null default '{}',
    -- SHA-256 over all columns above in their canonical form.
    entry_hash        bytea not null,
    primary key (municipality_code, entry_id)
);
create index audit_entries_by_target on audit_entries (municipality_code, target_id, at) where target_id is not null;
create index audit_entries_by_staff on audit_entries (municipality_code, staff_id, at);
create index audit_entries_by_time on audit_entries (municipality_code, at);

-- ログの鎖: every entry takes its place after the one before; changing, dropping or swapping one breaks all that follow.
-- Places are given in one breath per second after the commit, so that writers never wait for each other.
create table audit_chain (
    municipality_code integer not null,
    place             bigint not null,
    entry_id          uuid not null,
    chain_hash        bytea not null,
    primary key (municipality_code, place),
    constraint audit_chain_entry_key unique (municipality_code, entry_id),
    foreign key (municipality_code, entry_id) references audit_entries (municipality_code, entry_id)
);

-- What may only grow can only be read and added to.
revoke update, delete, truncate on audit_entries from @app_role@;
revoke update, delete, truncate on audit_chain from @app_role@;
