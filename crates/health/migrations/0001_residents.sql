-- 取込み: one row per file taken in from outside (住民, 接種記録, 医療機関). A file is applied whole or not at all.
create table feeds (
    municipality_code integer not null references municipalities,
    feed_id           uuid not null,
    kind              text not null check (kind in ('residents', 'records', 'clinics')),
    file_name         text not null,
    file_digest       bytea not null,
    -- 全件 or 差分 for residents and clinics; 追加 for records; empty where the control line could not be read.
    extent            text not null default '',
    -- The day the sender says the content is of; null where the control line could not be read.
    content_as_of     date,
    -- rows_read = added + changed + unchanged + to_review + refused.
    rows_announced    bigint not null default 0,
    rows_read         bigint not null default 0,
    rows_added        bigint not null default 0,
    rows_changed      bigint not null default 0,
    rows_unchanged    bigint not null default 0,
    rows_to_review    bigint not null default 0,
    rows_refused      bigint not null default 0,
    -- People of the register who are missing in a file that says it is complete. They stay.
    rows_absent       bigint not null default 0,
    -- All faults, also those beyond the ones kept in feed_errors.
    errors            bigint not null default 0,
    warnings          bigint not null default 0,
    state             text not null check (state in ('checking', 'applied', 'refused', 'dry_run')),
    taken_by          uuid,
    taken_at          timestamptz not null,
    applied_at        timestamptz,
    primary key (municipality_code, feed_id)
);
-- The same file is not applied twice.
create unique index feeds_digest_key on feeds (municipality_code, kind, file_digest) where state = 'applied';

create index feeds_by_time on feeds (municipality_code, taken_at);

-- 取込みエラー: every fault of every row, in plain words, under the sender's own line number.
create table feed_errors (
    municipality_code integer not null,
    feed_id           uuid not null,
    position          integer not null,
    -- error: the file is refused. warning: odd, but taken in.
    weight            text not null check (weight in ('error', 'warning')),
    line              bigint not null,
    field             text not null,
    sentence          text not null,
    primary key (municipality_code, feed_id, position),
    foreign key (municipality_code, feed_id) references feeds (municipality_code, feed_id)
);

-- 住民・対象者 (宛名管理情報): the present state of everyone the register has told us of. Rows are never deleted.
create table residents (
    municipality_code        integer not null references municipalities,
    resident_id              uuid not null,
    addressee_number         text not null,
    household_number         text not null default '',
    name_kanji               text not null,
    name_kana                text not null default '',
    -- Search key of the kana name: domain::kana decides its form. Names themselves are stored as received.
    kana_key                 text collate "C" not null,
    birth_date               date not null,
    -- 0 exact, 1 day unknown, 2 month and day unknown, 3 all unknown; birth_date is then the deemed date.
    birth_date_unknown       smallint not null default 0 check (birth_date_unknown between 0 and 3),
    sex                      smallint not null check (sex in (1, 2, 3)),
    relationship_1           text not null default '',
    relationship_2           text not null default '',
    relationship_3           text not null default '',
    relationship_4           text not null default '',
    -- 1 住民, 2 転出, 3 死亡, 4 職権消除, 9 住登外
    resident_class           smallint not null check (resident_class in (1, 2, 3, 4, 9)),
    is_foreign_national      boolean not null default false,
    residence_card_number    text not null default '',
    basic_act_30_45_class    text not null default '',
    residence_status         text not null default '',
    residence_expires_on     date,
    nationality              text not null default '',
    alias_name               text not null default '',
    address_code             text not null default '',
    address                  text not null,
    lot_main                 text not null default '',
    lot_branch               text not null default '',
    lot_suffix               text not null default '',
    building_code            text not null default '',
    building                 text not null default '',
    postal_code              text not null default '',
    -- Search key of the address: domain::address decides its form.
    address_key              text collate "C" not null default '',
    head_addressee_number    text not null default '',
    head_name_kana           text not null default '',
    resident_from            date,
    resident_from_reason     text not null default '',
    resident_until           date,
    previous_address         text not null default '',
    planned_move_address     text not null default '',
    confirmed_move_address   text not null default '',
    move_reason              text not null default '',
    moved_on                 date,
    move_notified_on         date,
    source_updated_on        date not null,
    source_updated_at_time   time not null,
    mailing_name             text not null default '',
    mailing_address          text not null default '',
    mailing_postal_code      text not null default '',
    contact                  text not null default '',
    disaster_victim_class    text not null default '',
    jukki_addressee_number   text not null default '',
    survey_flag              boolean not null default false,
    memo_flag                boolean not null default false,
    memo                     text not null default '',
    -- 支援措置 (DV区分)
    address_protected        boolean not null default false,
    welfare_status           text not null default '',
    welfare_from             date,
    welfare_until            date,
    national_health_insurance text not null default '',
    version                  integer not null default 1,
    feed_id                  uuid not null,
    updated_at               timestamptz not null,
    primary key (municipality_code, resident_id),
    constraint residents_addressee_number_key unique (municipality_code, addressee_number),
    foreign key (municipality_code, feed_id) references feeds (municipality_code, feed_id)
);
-- Prefixes are asked as ranges (`>=`, `<`): under row security only leakproof operators may use an index, and `like` is none.
create index residents_by_kana on residents (municipality_code, kana_key, birth_date, resident_id);
create index residents_by_name on residents (municipality_code, name_kanji collate "C");
create index residents_by_birth_date on residents (municipality_code, birth_date);
create index residents_by_household on residents (municipality_code, household_number);
create index residents_by_address on residents (municipality_code, address_key);

-- 住民の変更履歴: what a row said before a feed changed it.
create table resident_versions (
    municipality_code integer not null,
    resident_id       uuid not null,
    version           integer not null,
    replaced_by_feed  uuid not null,
    replaced_at       timestamptz not null,
    body              jsonb not null,
    primary key (municipality_code, resident_id, version),
    foreign key (municipality_code, resident_id) references residents (municipality_code, resident_id)
);

-- 職員のメモ and what the counter learns that bears on eligibility (罹患, 障害等級, 母子感染予防, 長期療養, 出産予定日 …).
create table resident_facts (
    municipality_code integer not null,
    resident_id       uuid not null,
    fact_id           uuid not null,
    -- memo | had_disease | disability | hbv_prophylaxis | immunocompromised | long_illness | mr_shortage | rubella_test | due_date
    kind              text not null,
    value             text not null default '',
    from_on           date,
    until_on          date,
    noted_by          uuid not null,
    noted_at          timestamptz not null,
    withdrawn_by      uuid,
    withdrawn_at      timestamptz,
    withdrawn_reason  text not null default '',
    primary key (municipality_code, resident_id, fact_id),
    foreign key (municipality_code, resident_id) references residents (municipality_code, resident_id)
);
