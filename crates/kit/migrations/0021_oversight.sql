-- 気になる閲覧: looks (and days) of staff that call for a question, found once a day from the operation log. One row for each
-- day, member of staff and person; a row that somebody has decided on is not touched again.
create table findings (
    municipality_code integer not null references municipalities,
    finding_id        uuid not null,
    on_day            date not null,
    staff_id          uuid not null,
    -- As the log names them; null where the day as a whole stands out.
    person_id         uuid,
    -- Codes of domain::oversight::Sign.
    signs             text[] not null check (cardinality(signs) > 0),
    -- Looks at the person on that day; refusals or searches where the day stands out.
    looks             integer not null,
    found_at          timestamptz not null,
    -- open, what was decided last, or settled: work that belongs to the look has come since.
    state             text not null check (state in ('open', 'fine', 'asking', 'reported', 'settled')),
    primary key (municipality_code, finding_id),
    constraint findings_look_key unique nulls not distinct (municipality_code, on_day, staff_id, person_id)
);
create index findings_by_day on findings (municipality_code, on_day);

-- 気になる閲覧の判断: what an auditor decided, with ground and note. A later decision is a later row.
create table finding_decisions (
    municipality_code integer not null,
    decision_id       uuid not null,
    finding_id        uuid not null,
    -- Whom it is about, so that the table itself keeps them from deciding.
    staff_id          uuid not null,
    decision          text not null check (decision in ('fine', 'asking', 'reported')),
    ground            text not null,
    note              text not null default '',
    decided_by        uuid not null,
    decided_at        timestamptz not null,
    primary key (municipality_code, decision_id),
    foreign key (municipality_code, finding_id) references findings (municipality_code, finding_id),
    foreign key (municipality_code, decided_by) references staff (municipality_code, staff_id),
    constraint finding_decisions_by_another check (decided_by <> staff_id)
);
create index finding_decisions_by_finding on finding_decisions (municipality_code, finding_id, decided_at);

-- 控えとの照合: what came of holding a day of the log against its second copy.
create table audit_comparisons (
    municipality_code integer not null references municipalities,
    on_day            date not null,
    compared_at       timestamptz not null,
    same              bigint not null,
    differences       bigint not null,
    primary key (municipality_code, on_day, compared_at)
);

-- 月次点検: a month as the auditor saw it, with the answers and the log's root at the signature.
create table monthly_reviews (
    municipality_code integer not null references municipalities,
    month             date not null check (extract(day from month) = 1),
    -- What was shown, as it was shown, and its digest.
    shown             text not null,
    shown_digest      bytea not null check (shown_digest = sha256(convert_to(shown, 'UTF8'))),
    answers           jsonb not null,
    remark            text not null default '',
    -- Why it was signed though findings were open.
    open_reason       text not null default '',
    tree_size         bigint not null,
    tree_root         bytea not null check (length(tree_root) = 32),
    signed_by         uuid not null,
    signed_at         timestamptz not null,
    primary key (municipality_code, month),
    foreign key (municipality_code, signed_by) references staff (municipality_code, staff_id)
);

-- 侵入・異常の通知: what the system noticed by itself. One row grows while nobody has acknowledged it. No personal datum:
-- login ids and addresses are digests.
create table intrusions (
    municipality_code integer not null references municipalities,
    intrusion_id      uuid not null,
    kind              text not null,
    -- Digest of what the signs have in common (a login id, an address, a certificate).
    origin            bytea not null check (length(origin) = 32),
    -- Whom the log names, where it does.
    staff_id          uuid,
    signs             bigint not null,
    first_at          timestamptz not null,
    last_at           timestamptz not null,
    -- watching: too few signs so far to tell anybody.
    state             text not null check (state in ('watching', 'open', 'acknowledged')),
    acknowledged_by   uuid,
    acknowledged_at   timestamptz,
    note              text not null default '',
    primary key (municipality_code, intrusion_id),
    foreign key (municipality_code, acknowledged_by) references staff (municipality_code, staff_id),
    constraint intrusions_acknowledged check ((state = 'acknowledged') = (acknowledged_by is not null)),
    constraint intrusions_by_another check (acknowledged_by <> staff_id)
);
create unique index intrusions_growing_key on intrusions (municipality_code, kind, origin) where state <> 'acknowledged';
create index intrusions_by_state on intrusions (municipality_code, state, last_at);

do $$
declare
    table_name text;
begin
    foreach table_name in array array['findings', 'finding_decisions', 'audit_comparisons', 'monthly_reviews', 'intrusions'] loop
        execute format('alter table %I enable row level security', table_name);
        execute format('alter table %I force row level security', table_name);
        execute format('create policy municipality on %I using (municipality_code = current_municipality()) with check (municipality_code = current_municipality())', table_name);
    end loop;
end
$$;

-- Decisions, comparisons and signatures only come; findings and notices change their state and stay.
revoke update, delete, truncate on finding_decisions, audit_comparisons, monthly_reviews from @app_role@;
revoke delete, truncate on findings, intrusions from @app_role@;
