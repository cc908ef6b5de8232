-- 対象者抽出・発送: a frozen list of people for one programme on one base date, released by a second person.
create table campaigns (
    municipality_code integer not null references municipalities,
    campaign_id       uuid not null,
    -- domain Series code
    programme         text not null,
    -- 予診票 (first sending) or 勧奨 (reminder)
    kind              text not null check (kind in ('questionnaire', 'reminder')),
    title             text not null,
    -- 基準日: ages and windows are of this day.
    base_date         date not null,
    -- Optional narrowing typed by the clerk: birth dates from/until, doses.
    birth_from        date,
    birth_until       date,
    -- reminder: the campaign whose people are reminded, if any.
    follows           uuid,
    valid_until       date,
    rule_version      text not null,
    state             text not null check (state in ('extracting', 'frozen', 'released', 'printing', 'printed', 'cancelled')),
    -- counts by reason, samples at the age edges, differences from the previous run: made once, at the freeze.
    summary           jsonb not null default '{}',
    -- SHA-256 over the frozen targets in order; what was released is what was shown.
    digest            bytea,
    previous_id       uuid,
    created_by        uuid not null,
    created_at        timestamptz not null,
    frozen_at         timestamptz,
    released_by       uuid,
    released_at       timestamptz,
    cancelled_by      uuid,
    cancelled_at      timestamptz,
    cancel_reason     text not null default '',
    primary key (municipality_code, campaign_id),
    constraint campaigns_two_persons check (released_by is null or released_by <> created_by)
);

-- 抽出結果: everyone who was looked at closely: included people with their snapshot, excluded people with the reason.
create table campaign_targets (
    municipality_code integer not null,
    campaign_id       uuid not null,
    resident_id       uuid not null,
    included          boolean not null,
    -- '' when included; else dead | moved_out | protected | vaccinated | already_sent | unknown_birth_date | not_resident | excluded …
    exclusion         text not null default '',
    reason_ja         text not null default '',
    reason_source     text not null default '',
    dose_number       smallint not null default 0,
    legal_from        date,
    legal_until       date,
    -- Snapshot of what is printed.
    addressee_number  text not null,
    name              text not null,
    name_kana         text not null,
    birth_date        date not null,
    sex               smallint not null,
    postal_code       text not null,
    address           text not null,
    mailing_name      text not null default '',
    edge_sample       boolean not null default false,
    primary key (municipality_code, campaign_id, resident_id),
    foreign key (municipality_code, campaign_id) references campaigns (municipality_code, campaign_id)
);
create index campaign_targets_by_resident on campaign_targets (municipality_code, resident_id);

-- 予診票・はがき: one row per sheet of paper; who got what is a query on this table.
create table sheets (
    municipality_code integer not null,
    sheet_id          uuid not null,
    -- 予診票番号: printed as digits, QR and barcode; 11 digits and a check digit.
    sheet_number      text not null,
    campaign_id       uuid not null,
    resident_id       uuid not null,
    kind              text not null check (kind in ('questionnaire', 'reminder')),
    programme         text not null,
    dose_number       smallint not null,
    valid_until       date,
    -- 'waiting' | 'printed' | 'withheld' | 'used' | 'cancelled'
    state             text not null check (state in ('waiting', 'printed', 'withheld', 'used', 'cancelled')),
    withheld_reason   text not null default '',
    file_number       integer,
    page_number       integer,
    printed_at        timestamptz,
    primary key (municipality_code, sheet_id),
    constraint sheets_number_key unique (municipality_code, sheet_number),
    -- One sheet a person in a campaign.
    constraint sheets_person_key unique (municipality_code, campaign_id, resident_id),
    foreign key (municipality_code, campaign_id, resident_id) references campaign_targets (municipality_code, campaign_id, resident_id)
);
create index sheets_by_resident on sheets (municipality_code, resident_id);
create index sheets_by_file on sheets (municipality_code, campaign_id, file_number, page_number);

-- 印刷ファイル: each finished PDF, checked page by page before it counts.
create table print_files (
    municipality_code integer not null,
    campaign_id       uuid not null,
    file_number       integer not null,
    file_name         text not null,
    pages             integer not null,
    file_digest       bytea not null,
    checked_at        timestamptz not null,
    check_summary     text not null,
    primary key (municipality_code, campaign_id, file_number),
    foreign key (municipality_code, campaign_id) references campaigns (municipality_code, campaign_id)
);
