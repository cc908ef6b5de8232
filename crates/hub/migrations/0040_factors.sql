-- 試行の回数: how often a login id has been tried in vain, whether or not anybody has it: waiting tells nobody which ids
-- there are. The id is kept as a digest, since people type passwords into the wrong field.
create table sign_in_attempts (
    municipality_code integer not null references municipalities,
    login_hash        bytea not null,
    failures          integer not null,
    retry_at          timestamptz,
    last_at           timestamptz not null,
    primary key (municipality_code, login_hash)
);

alter table accounts drop column failed_attempts, drop column retry_at;

-- パスワードの例外: granted by the ID manager; the person then chooses the password with an enrolment code.
create table password_grants (
    municipality_code integer not null,
    staff_id          uuid not null,
    reason            text not null check (reason <> ''),
    -- The last day on which the password opens anything: a year ahead at the most.
    valid_until       date not null,
    granted_by        uuid,
    granted_at        timestamptz not null,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id)
);

-- パスワード: by grant only, kept as Argon2id. Made anew: those without a grant open nothing any more.
drop table passwords;
create table passwords (
    municipality_code integer not null,
    staff_id          uuid not null,
    password_hash     text not null,
    set_at            timestamptz not null,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references password_grants (municipality_code, staff_id) on delete cascade
);

-- 認証アプリ (TOTP, RFC 6238): the second factor of whoever has a password. The secret is sealed with the hub's key file.
create table totps (
    municipality_code integer not null,
    staff_id          uuid not null,
    sealed            bytea not null,
    -- The last time step whose code was used: it and those before are refused.
    last_step         bigint not null,
    created_at        timestamptz not null,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references passwords (municipality_code, staff_id) on delete cascade
);

-- パスキー: public keys of the devices that somebody signs in with. Removed ones stay for whoever asks later.
create table passkeys (
    municipality_code integer not null,
    passkey_id        uuid not null,
    staff_id          uuid not null,
    credential_id     bytea not null,
    -- The person's name for the device.
    name              text not null check (name <> ''),
    -- Public key, counter and backup state, as the library keeps them.
    credential        jsonb not null,
    created_at        timestamptz not null,
    last_used_at      timestamptz,
    removed_at        timestamptz,
    primary key (municipality_code, passkey_id),
    constraint passkeys_credential_key unique (municipality_code, credential_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id)
);
create index passkeys_by_staff on passkeys (municipality_code, staff_id);

-- 登録コード: lets a person register the first passkey, or the password where it is granted. One per person, works
-- once, for a day. Stored hashed.
create table enrolment_codes (
    municipality_code integer not null,
    staff_id          uuid not null,
    code_hash         bytea not null,
    created_at        timestamptz not null,
    used_at           timestamptz,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id)
);

-- 手続きの途中: what one browser is in the middle of: between password and code, or with a passkey's challenge. Works
-- once, for minutes. The browser's half is stored hashed.
create table ceremonies (
    municipality_code integer not null references municipalities,
    token_hash        bytea not null,
    kind              text not null,
    staff_id          uuid,
    state             jsonb not null,
    created_at        timestamptz not null,
    used_at           timestamptz,
    primary key (municipality_code, token_hash)
);
create index ceremonies_by_age on ceremonies (municipality_code, created_at);

-- By what the sign-in was made: passkey, or password with code.
alter table sign_ins add column means text not null default 'passkey';

do $$
declare
    table_name text;
begin
    foreach table_name in array array['sign_in_attempts', 'password_grants', 'passwords', 'totps', 'passkeys', 'enrolment_codes', 'ceremonies'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;
