-- 処理: long work (extraction, printing, imports) with its progress. Survives kill -9: a job whose heartbeat stops is taken up again.
create table jobs (
    municipality_code integer not null references municipalities,
    job_id            uuid not null,
    kind              text not null,
    subject_id        uuid,
    payload           jsonb not null default '{}',
    state             text not null check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    title             text not null,
    progress_done     bigint not null default 0,
    progress_total    bigint not null default 0,
    message           text not null default '',
    attempts          integer not null default 0,
    worker            uuid,
    heartbeat_at      timestamptz,
    created_by        uuid,
    created_at        timestamptz not null,
    finished_at       timestamptz,
    primary key (municipality_code, job_id)
);
create index jobs_open on jobs (municipality_code, state, created_at) where state in ('waiting', 'running');
create index jobs_by_subject on jobs (municipality_code, subject_id);

-- 送信箱: work for another system, written with the record it follows from.
create table outbox (
    municipality_code integer not null references municipalities,
    message_id        uuid not null,
    destination       text not null,
    operation         text not null,
    body              jsonb not null,
    created_at        timestamptz not null,
    sent_at           timestamptz,
    attempts          integer not null default 0,
    primary key (municipality_code, message_id)
);
create index outbox_unsent on outbox (municipality_code, created_at) where sent_at is null;

-- 受信箱: work from another system; the same message twice is taken once.
create table inbox (
    municipality_code integer not null references municipalities,
    message_id        uuid not null,
    source            text not null,
    operation         text not null,
    body              jsonb not null,
    received_at       timestamptz not null,
    done_at           timestamptz,
    primary key (municipality_code, message_id)
);

-- 二重送信の防止: a form posted twice has one effect and gets the same answer.
create table idempotency_keys (
    municipality_code integer not null references municipalities,
    key               uuid not null,
    action            text not null,
    answer            text not null,
    created_at        timestamptz not null,
    primary key (municipality_code, key)
);

-- 採番: numbers that are printed (予診票番号), taken in blocks.
create table counters (
    municipality_code integer not null references municipalities,
    name              text not null,
    next_value        bigint not null,
    primary key (municipality_code, name)
);
