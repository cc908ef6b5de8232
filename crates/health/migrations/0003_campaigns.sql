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
    dose_number       smallint,
    -- reminder: the campaign whose people are reminded, if any.
    follows           uuid,
    -- reminder: nobody who had the same one within so many months is reminded again.
    quiet_months      smallint not null default 12 check (quiet_months between 1 and 60),
    -- reminder: why it is made although records of a month have not arrived; '' where all have.
    incomplete_reason text not null default '',
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
    -- 有効期限 of the sheet; null when excluded.
    valid_until       date,
    -- Snapshot of what is printed. Addresses are kept of included people only.
    addressee_number  text not null,
    household_number  text not null default '',
    name              text not null,
    name_kana         text not null,
    birth_date        date not null,
    sex               smallint not null,
    -- The registered address in one line.
    address           text not null default '',
    mailing_postal_code text not null default '',
    mailing_address   text not null default '',
    mailing_building  text not null default '',
    mailing_name      text not null default '',
    -- Shown to the approver: '' or youngest | oldest | april | window.
    edge              text not null default '' check (edge in ('', 'youngest', 'oldest', 'april', 'window')),
    primary key (municipality_code, campaign_id, resident_id),
    foreign key (municipality_code, campaign_id) references campaigns (municipality_code, campaign_id)
);
create index campaign_targets_by_resident on campaign_targets (municipality_code, resident_id);
create index campaign_targets_by_birth_date on campaign_targets (municipality_code, campaign_id, included, birth_date);

-- 予診票・はがき: one row per sheet of paper; who got what is a query on this table.
create table sheets (
    municipality_code integer not null,
    sheet_id          uuid not null,
    -- 用紙番号: printed as digits, QR and barcode; 11 digits and a check digit.
    sheet_number      text not null,
    campaign_id       uuid not null,
    resident_id       uuid not null,
    kind              text not null check (kind in ('questionnaire', 'reminder')),
    programme         text not null,
    dose_number       smallint not null,
    valid_until       date,
    state             text not null check (state in ('printed', 'withheld', 'used', 'cancelled')),
    -- A code of domain::campaign::Exclusion, and the sentence for the clerk.
    withheld_reason   text not null default '',
    withheld_note     text not null default '',
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

-- 発行者: how the municipality signs its letters.
create table letterheads (
    municipality_code integer primary key references municipalities,
    municipality      text not null,
    -- 区, 市, 町, 村
    kind              text not null check (kind in ('区', '市', '町', '村')),
    section           text not null,
    postal_code       text not null,
    address           text not null,
    telephone         text not null,
    hours             text not null
);

-- 承認後の変更の禁止: who is on a list is written once, while it is being extracted. What was frozen is what is released.
create function campaign_targets_are_frozen() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' then
        raise exception 'campaign_targets_are_frozen' using errcode = 'integrity_constraint_violation';
    end if;
    if not exists (select 1 from campaigns c where c.municipality_code = new.municipality_code
            and c.campaign_id = new.campaign_id and c.state = 'extracting') then
        raise exception 'campaign_targets_are_frozen' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger campaign_targets_are_frozen before insert or update or delete on campaign_targets
    for each row execute function campaign_targets_are_frozen();

-- A campaign goes one way; what it asked for and what was found never change once it is frozen.
create function campaigns_go_one_way() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        raise exception 'campaigns_go_one_way' using errcode = 'integrity_constraint_violation';
    end if;
    if (old.state, new.state) not in (('extracting', 'extracting'), ('extracting', 'frozen'), ('extracting', 'cancelled'),
            ('frozen', 'released'), ('frozen', 'cancelled'), ('released', 'printing'), ('released', 'cancelled'),
            ('printing', 'printed')) then
        raise exception 'campaigns_go_one_way' using errcode = 'integrity_constraint_violation';
    end if;
    if (old.programme, old.kind, old.base_date, old.birth_from, old.birth_until, old.dose_number, old.follows,
            old.quiet_months, old.incomplete_reason, old.valid_until, old.created_by, old.created_at)
        is distinct from (new.programme, new.kind, new.base_date, new.birth_from, new.birth_until, new.dose_number, new.follows,
            new.quiet_months, new.incomplete_reason, new.valid_until, new.created_by, new.created_at)
        or old.state <> 'extracting' and (old.summary, old.digest, old.previous_id, old.rule_version, old.frozen_at)
            is distinct from (new.summary, new.digest, new.previous_id, new.rule_version, new.frozen_at)
        or old.released_at is not null and (old.released_by, old.released_at)
            is distinct from (new.released_by, new.released_at) then
        raise exception 'campaigns_go_one_way' using errcode = 'integrity_constraint_violation';
    end if;
    return new;
end
$$;
create trigger campaigns_go_one_way before update or delete on campaigns
    for each row execute function campaigns_go_one_way();
