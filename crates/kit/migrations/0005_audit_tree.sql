-- 操作ログの項目: from which terminal and zone, on what legal ground, and what was before and after (ids, versions, codes).
-- Format 1 are the entries from before these columns; a hash of theirs does not cover them.
alter table audit_entries add column format smallint not null default 1;
alter table audit_entries alter column format drop default;
alter table audit_entries add column terminal_id uuid;
alter table audit_entries add column zone text not null default '';
alter table audit_entries alter column zone drop default;
alter table audit_entries add column purpose text;
alter table audit_entries add column before jsonb;
alter table audit_entries add column after jsonb;
alter table audit_entries add constraint audit_entries_format_check check (format = 1 or (format = 2 and zone <> ''));

-- ログの順番: every committed entry has a place in its municipality's log; places are given in one breath per second.
-- What is proved about the log is a Merkle tree over the entries in this order (ADR 15), no longer a chain of hashes.
alter table audit_chain rename to audit_places;
alter table audit_places drop column chain_hash;
alter table audit_places rename constraint audit_chain_pkey to audit_places_pkey;
alter table audit_places rename constraint audit_chain_entry_key to audit_places_entry_key;

-- ログの長さ: how many places each municipality's log has, so that whoever follows the logs asks one question for all.
create table audit_heads (
    municipality_code integer primary key references municipalities,
    size              bigint not null
);
comment on table audit_heads is 'national: how long each municipality''s log is; a hint, the places themselves decide';

-- ログの束: the tree's root over each full 1,024 entries, so that a proof need not read the whole log.
create table audit_tiles (
    municipality_code integer not null,
    tile              bigint not null,
    root              bytea not null check (length(root) = 32),
    primary key (municipality_code, tile)
);

-- ログの証明: the tree's root at a size, signed by the keeper, a process apart whose key the application never reads.
create table audit_checkpoints (
    municipality_code integer not null,
    size              bigint not null check (size > 0),
    root              bytea not null check (length(root) = 32),
    -- A C2SP checkpoint as a signed note: what other people's tools verify.
    note              text not null,
    public_key        bytea not null check (length(public_key) = 32),
    signed_at         timestamptz not null,
    primary key (municipality_code, size)
);

-- ログの警報: the keeper has found that the log is not what it has signed before.
create table audit_alarms (
    municipality_code integer not null,
    alarm_id          uuid not null,
    raised_at         timestamptz not null,
    kind              text not null check (kind in ('entry_changed', 'entry_missing', 'entries_changed', 'log_shortened')),
    -- The places between which something is wrong.
    first_place       bigint not null,
    last_place        bigint not null,
    primary key (municipality_code, alarm_id)
);

do $$
declare
    table_name text;
begin
    foreach table_name in array array['audit_tiles', 'audit_checkpoints', 'audit_alarms'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;

-- The application reads what the keeper says and adds what the keeper checks; neither can change or delete.
revoke update, delete, truncate on audit_tiles from @app_role@;
revoke delete, truncate on audit_heads from @app_role@;
revoke insert, update, delete, truncate on audit_checkpoints from @app_role@;
revoke insert, update, delete, truncate on audit_alarms from @app_role@;
grant usage on schema public to @keeper_role@;
grant select on municipalities, audit_entries, audit_places, audit_heads, audit_checkpoints, audit_alarms to @keeper_role@;
grant insert on audit_checkpoints, audit_alarms to @keeper_role@;
