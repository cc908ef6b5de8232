-- 医療機関: clinics under contract, in the ward and outside.
create table clinics (
    municipality_code integer not null references municipalities,
    clinic_code       text not null,
    name              text not null,
    postal_code       text not null default '',
    address           text not null default '',
    telephone         text not null default '',
    inside            boolean not null default true,
    doctors           text[] not null default '{}',
    contract_from     date,
    contract_until    date,
    primary key (municipality_code, clinic_code)
);

-- 接種記録: one row per version; the newest that is not superseded is what holds. Never deleted (kept for life).
create table vaccination_records (
    municipality_code integer not null,
    record_id         uuid not null,
    version           integer not null,
    resident_id       uuid not null,
    -- domain Vaccine code (what was given) and domain Series code (what it counts for; '' for none).
    vaccine           text not null,
    series            text not null default '',
    dose_number       smallint not null default 0,
    -- 接種日, or the day of 予診 where judgement is 'screening_only'.
    vaccinated_on     date not null,
    judgement         text not null check (judgement in ('given', 'screening_only')),
    product           text not null default '',
    lot_number        text not null default '',
    lot_expires_on    date,
    volume_centi_ml   smallint,
    clinic_code       text not null default '',
    clinic_name       text not null default '',
    doctor_name       text not null default '',
    -- 法定区分: 1 定期, 2 任意
    legal_class       smallint not null default 1 check (legal_class in (1, 2)),
    -- A cache of the engine's verdict on the day of entry; rebuilt by `sesshu rebuild`.
    is_teiki          boolean not null,
    valid_for_series  boolean not null,
    -- [{code, severity, ja, source}]
    findings          jsonb not null default '[]',
    -- 特別の事情・経緯: why an irregular dose was recorded all the same.
    explanation       text not null default '',
    sheet_id          uuid,
    -- 'screen' | 'import'
    source            text not null,
    source_feed_id    uuid,
    source_row        text not null default '',
    -- 'current' | 'superseded' | 'withdrawn'
    state             text not null check (state in ('current', 'superseded', 'withdrawn')),
    change_reason     text not null default '',
    recorded_by       uuid,
    recorded_at       timestamptz not null,
    primary key (municipality_code, record_id, version),
    foreign key (municipality_code, resident_id) references residents (municipality_code, resident_id)
);
create unique index vaccination_records_current_key on vaccination_records (municipality_code, record_id) where state <> 'superseded';
create index vaccination_records_by_resident on vaccination_records (municipality_code, resident_id) where state = 'current';
create index vaccination_records_by_day on vaccination_records (municipality_code, vaccinated_on) where state = 'current';
-- One sheet is recorded once.
create unique index vaccination_records_sheet_key on vaccination_records (municipality_code, sheet_id) where state = 'current' and sheet_id is not null;
-- The same product on the same day for the same person is the same dose.
create unique index vaccination_records_same_day_key on vaccination_records (municipality_code, resident_id, vaccine, vaccinated_on) where state = 'current' and judgement = 'given';

-- 確認待ち: rows of an import that a person has to decide (no unique match, irregular dose, conflict with what we have).
create table review_items (
    municipality_code integer not null,
    item_id           uuid not null,
    feed_id           uuid not null,
    line              bigint not null,
    -- 'no_match' | 'several_matches' | 'conflict' | 'irregular'
    kind              text not null,
    sentence          text not null,
    body              jsonb not null,
    candidates        uuid[] not null default '{}',
    state             text not null check (state in ('open', 'recorded', 'rejected')),
    decided_by        uuid,
    decided_at        timestamptz,
    decision_reason   text not null default '',
    record_id         uuid,
    primary key (municipality_code, item_id),
    foreign key (municipality_code, feed_id) references feeds (municipality_code, feed_id)
);
create index review_items_open on review_items (municipality_code, state) where state = 'open';

-- 記録の到着状況: which source's records have arrived up to which month (data cut-off on screens; reminders wait for it).
create table record_arrivals (
    municipality_code integer not null references municipalities,
    source            text not null,
    month             date not null check (extract(day from month) = 1),
    rows_taken        bigint not null,
    feed_id           uuid not null,
    arrived_at        timestamptz not null,
    primary key (municipality_code, source, month, feed_id)
);
