-- 職員ID: who may sign in to any of the systems, and in which roles. The person's name is in the directory (staff).
create table accounts (
    municipality_code integer not null references municipalities,
    staff_id          uuid not null,
    roles             text[] not null,
    -- After failures in a row the next attempt waits until this instant (lockout curve).
    failed_attempts   integer not null default 0,
    retry_at          timestamptz,
    disabled_at       timestamptz,
    created_at        timestamptz not null,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);

-- パスワード: kept as Argon2id. One per person at the most.
create table passwords (
    municipality_code integer not null,
    staff_id          uuid not null,
    password_hash     text not null,
    set_at            timestamptz not null,
    primary key (municipality_code, staff_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id)
);

-- ログイン: one row each time somebody signs in. The systems' sessions stand on it; ended here, they end everywhere.
create table sign_ins (
    municipality_code integer not null,
    sign_in_id        uuid not null,
    staff_id          uuid not null,
    zone              text not null,
    terminal_id       uuid,
    created_at        timestamptz not null,
    last_seen_at      timestamptz not null,
    -- When a second factor was last proved in it.
    stepped_up_at     timestamptz,
    ended_at          timestamptz,
    -- Who or what ended it: the person, the ID manager, time.
    ended_by          text,
    primary key (municipality_code, sign_in_id),
    foreign key (municipality_code, staff_id) references accounts (municipality_code, staff_id)
);
create index sign_ins_by_staff on sign_ins (municipality_code, staff_id, created_at);

-- 入場券: takes a person who has signed in to one of the systems. Works once, for a minute. Stored hashed.
create table tickets (
    municipality_code integer not null,
    ticket_hash       bytea not null,
    sign_in_id        uuid not null,
    system            text not null,
    -- What the system gave the browser's way here; only that browser can match it.
    state             text not null,
    created_at        timestamptz not null,
    used_at           timestamptz,
    primary key (municipality_code, ticket_hash),
    foreign key (municipality_code, sign_in_id) references sign_ins (municipality_code, sign_in_id)
);
