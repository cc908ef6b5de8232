-- 自治体: the municipalities this installation serves. National master, no tenant column rule applies.
create table municipalities (
    municipality_code integer primary key,
    name              text not null,
    contact           text not null default ''
);
comment on table municipalities is 'national: the municipalities served';
revoke insert, update, delete, truncate on municipalities from @app_role@;
comment on table municipalities is 'national: which municipalities are served, in no municipality''s wall';

-- 職員: one row per person who may sign in. Personal ids only; nobody shares one.
create table staff (
    municipality_code integer not null references municipalities,
    staff_id          uuid not null,
    login             text not null,
    name              text not null,
    section           text not null default '',
    roles             text[] not null,
    password_hash     text not null,
    -- After failures in a row the next attempt waits until this instant (lockout curve).
    failed_attempts   integer not null default 0,
    retry_at          timestamptz,
    disabled_at       timestamptz,
    created_at        timestamptz not null,
    primary key (municipality_code, staff_id),
    constraint staff_login_key unique (municipality_code, login)
);

-- ログイン中の端末: opaque tokens, stored hashed.
create table sessions (
    municipality_code integer not null,
    token_hash        bytea not null,
    staff_id          uuid not null,
    csrf_token        text not null,
    created_at        timestamptz not null,
    last_seen_at      timestamptz not null,
    ended_at          timestamptz,
    primary key (municipality_code, token_hash),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);
create index sessions_by_staff on sessions (municipality_code, staff_id);
