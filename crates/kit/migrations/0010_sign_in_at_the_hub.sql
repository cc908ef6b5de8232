-- 職員: from here on the directory of those who have acted in this system, with what the hub last said of them. Who may
-- sign in, and with what, is kept by the hub alone (共通基盤 職員認証).
alter table staff drop column password_hash, drop column failed_attempts, drop column retry_at, drop column disabled_at;

-- ログイン中の画面: this system's share of a sign-in at the hub. Asked about again within seconds, so that whoever is
-- shut out there is out here. Sessions from before the hub have no sign-in to stand on.
truncate sessions;
alter table sessions drop column last_seen_at,
    -- The sign-in at the hub that this session follows from.
    add column sign_in_id    uuid not null,
    -- What the hub said when it was last asked.
    add column roles         text[] not null,
    add column zone          text not null,
    add column terminal_id   uuid,
    add column stepped_up_at timestamptz,
    add column checked_at    timestamptz not null;
create index sessions_by_sign_in on sessions (municipality_code, sign_in_id);
