//! The records' side of an import: stage, match set by set, judge person by person, apply.

use super::fault::{FAULTS_KEPT_MAX, Fault, Weight};
use crate::ledger::{self, FactRow};
use domain::{
    Date,
    schedule::{GivenDose, Vaccine},
};
use jiff::Timestamp;
use kit::{Acting, Day, Instant, Municipality};
use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};
use std::collections::HashMap;
use uuid::Uuid;

pub const COPY: &str = "copy record_stage (line, source_row, source, addressee_number, name_kanji, name_kana, kana_key, \
     birth_date, sex, vaccine, dose_number, vaccinated_on, judgement, product, lot_number, lot_expires_on, volume_centi_ml, \
     clinic_code, doctor_name, legal_class, remark) from stdin";

/// The tables live as long as the transaction: a killed import leaves nothing behind.
pub async fn create_stage(conn: &mut PgConnection) -> sqlx::Result<()> {
    for statement in [
        "set local work_mem = '64MB'",
        "create temporary table record_stage (line bigint, source_row text, source text, addressee_number text,
             name_kanji text, name_kana text, kana_key text collate \"C\", birth_date date, sex smallint, vaccine text,
             dose_number text, vaccinated_on date, judgement smallint, product text, lot_number text, lot_expires_on date,
             volume_centi_ml smallint, clinic_code text, doctor_name text, legal_class smallint, remark text) on commit drop",
        "create temporary table record_match (line bigint, resident_id uuid, kind text, sentence text, candidates uuid[])
             on commit drop",
        "create temporary table record_person (place bigint, resident_id uuid) on commit drop",
        "create temporary table record_out (record_id uuid, line bigint, resident_id uuid, series text, dose_number smallint,
             is_teiki boolean, valid_for_series boolean, findings jsonb) on commit drop",
    ] {
        sqlx::query(statement).execute(&mut *conn).await?;
    }
    Ok(())
}

/// Names are compared without spaces and variation selectors, and with the variants that clinics do not type folded:
/// only to tell namesakes apart, never to store.
fn name_key(column: &str) -> String {
    format!(
        "translate(regexp_replace({column}, '[\\s　\u{FE00}-\u{FE0F}\u{E0100}-\u{E01EF}]', '', 'g'), '{VARIANTS}', '{USUAL}')"
    )
}

const VARIANTS: &str = "髙﨑𠮷德瀨濵濱邉邊齋齊斎澤廣櫻國嶋嶌檜眞惠龍渕淵彌槇";
const USUAL: &str = "高崎吉徳瀬浜浜辺辺斉斉斉沢広桜国島島桧真恵竜淵淵弥槙";

/// Decides whom each row means. With 宛名番号: birth date, sex and kana must agree. Without: the four items must point
/// to one person who has no twin in the household.
pub async fn match_persons(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<()> {
    sqlx::query("analyze record_stage").execute(&mut *conn).await?;
    sqlx::query(
        "insert into record_match
         select s.line, case when r.resident_id is not null and f.faults = '' then r.resident_id end,
             case when r.resident_id is null or f.faults <> '' then 'no_match' end,
             case when r.resident_id is null then '宛名番号の人が台帳にいません。だれの記録か確かめてください。'
                  when f.faults <> '' then '宛名番号の人と' || f.faults || 'が一致しません。だれの記録か確かめてください。' end,
             case when r.resident_id is null then '{}' else array[r.resident_id] end
         from record_stage s
         left join residents r on r.municipality_code = $1 and r.addressee_number = s.addressee_number
         cross join lateral (select concat_ws('・',
             case when r.birth_date <> s.birth_date then '生年月日' end,
             case when s.sex <> 3 and r.sex <> 3 and r.sex <> s.sex then '性別' end,
             case when r.kana_key <> s.kana_key then 'カナ氏名' end) as faults) f
         where s.addressee_number <> ''",
    )
    .bind(municipality.0)
    .execute(&mut *conn)
    .await?;
    let by_items = format!(
        "insert into record_match
         with hits as (
             select s.line, r.resident_id,
                 exists (select from residents t where t.municipality_code = $1 and t.household_number = r.household_number
                     and r.household_number <> '' and t.birth_date = r.birth_date and t.resident_id <> r.resident_id) as has_twin,
                 s.name_kanji = '' or {sent} in ({stored}, {alias}) as same_name
             from record_stage s
             join residents r on r.municipality_code = $1 and r.birth_date = s.birth_date and r.kana_key = s.kana_key
                 and (s.sex = 3 or r.sex = 3 or r.sex = s.sex)
             where s.addressee_number = ''
         ), persons as (
             select line, array_agg(resident_id order by resident_id) as candidates,
                 array_agg(resident_id order by resident_id) filter (where same_name) as same, bool_or(has_twin) as has_twin
             from hits group by line
         )
         select s.line, case when cardinality(p.same) = 1 and not p.has_twin then p.same[1] end,
             case when p.line is null or p.same is null then 'no_match'
                  when cardinality(p.same) > 1 or p.has_twin then 'several_matches' end,
             case when p.line is null then '氏名・生年月日・性別が一致する人が台帳にいません。だれの記録か確かめてください。'
                  when p.same is null then 'カナ氏名・生年月日・性別が同じ人の漢字氏名が違います。本人か確かめてください。'
                  when cardinality(p.same) > 1 then '一致する人が二人以上います。だれの記録か確かめてください。'
                  when p.has_twin then '同じ世帯に同じ生年月日の人（双子など）がいます。どちらの記録か確かめてください。' end,
             coalesce(p.candidates, '{{}}')
         from record_stage s left join persons p on p.line = s.line
         where s.addressee_number = ''",
        sent = name_key("s.name_kanji"),
        stored = name_key("r.name_kanji"),
        alias = name_key("r.alias_name"),
    );
    sqlx::query(AssertSqlSafe(by_items)).bind(municipality.0).execute(&mut *conn).await?;
    for statement in [
        "insert into record_person select row_number() over (order by resident_id), resident_id
         from (select distinct resident_id from record_match where resident_id is not null) p",
        "create index on record_person (place)",
        "create index on record_match (resident_id)",
        "create index on record_stage (line)",
        "analyze record_person",
        "analyze record_match",
    ] {
        sqlx::query(statement).execute(&mut *conn).await?;
    }
    Ok(())
}

pub async fn person_count(conn: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar("select count(*) from record_person").fetch_one(conn).await
}

/// A row that has found its person.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub line: i64,
    pub given: GivenDose,
    pub is_screening_only: bool,
    pub lot_number: String,
    pub is_voluntary: bool,
}

/// What is known of one person, and what has arrived for them.
pub struct Gathered {
    pub resident_id: Uuid,
    pub person: domain::schedule::Person,
    /// Recorded doses, each with its lot.
    pub doses: Vec<(GivenDose, String)>,
    /// Recorded screenings without a dose.
    pub screenings: Vec<(Vaccine, Date)>,
    pub arrived: Vec<Arrived>,
}

fn read_dose(row: &PgRow) -> GivenDose {
    GivenDose {
        on: row.get::<Day, _>("vaccinated_on").0,
        vaccine: Vaccine::from_code(row.get("vaccine")).expect("codes are checked on the way in"),
        volume_centi_ml: row.get::<Option<i16>, _>("volume_centi_ml").map(i16::cast_unsigned),
        lot_expires_on: row.get::<Option<Day>, _>("lot_expires_on").map(|day| day.0),
    }
}

/// Everything about the persons of some places, in their order.
pub async fn gather(
    conn: &mut PgConnection,
    municipality: Municipality,
    places: (i64, i64),
    today: Date,
) -> sqlx::Result<Vec<Gathered>> {
    let facts = facts(conn, municipality, places).await?;
    let columns = ledger::RESIDENT_COLUMNS
        .split(", ")
        .map(|name| format!("r.{}", name.trim()))
        .collect::<Vec<_>>()
        .join(", ");
    let sql = format!(
        "select {columns} from record_person p
         join residents r on r.municipality_code = $1 and r.resident_id = p.resident_id
         where p.place between $2 and $3 order by p.place"
    );
    let rows = sqlx::query(AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(places.0)
        .bind(places.1)
        .fetch_all(&mut *conn)
        .await?;
    let mut all = Vec::with_capacity(rows.len());
    let mut index = HashMap::with_capacity(rows.len());
    for row in &rows {
        let resident = ledger::read_resident(row);
        let known = facts.get(&resident.resident_id).map_or(&[][..], Vec::as_slice);
        index.insert(resident.resident_id, all.len());
        all.push(Gathered {
            resident_id: resident.resident_id,
            person: ledger::person(&resident, known, today),
            doses: Vec::new(),
            screenings: Vec::new(),
            arrived: Vec::new(),
        });
    }
    recorded(conn, municipality, places, &mut all, &index).await?;
    arrived(conn, places, &mut all, &index).await?;
    Ok(all)
}

async fn facts(
    conn: &mut PgConnection,
    municipality: Municipality,
    places: (i64, i64),
) -> sqlx::Result<HashMap<Uuid, Vec<FactRow>>> {
    let rows = sqlx::query(
        "select f.resident_id, f.kind, f.value, f.from_on, f.until_on from record_person p
         join resident_facts f on f.municipality_code = $1 and f.resident_id = p.resident_id and f.withdrawn_at is null
         where p.place between $2 and $3 order by f.resident_id, f.noted_at",
    )
    .bind(municipality.0)
    .bind(places.0)
    .bind(places.1)
    .fetch_all(conn)
    .await?;
    let mut all: HashMap<Uuid, Vec<FactRow>> = HashMap::new();
    for row in &rows {
        let day = |column: &str| row.get::<Option<Day>, _>(column).map(|day| day.0);
        all.entry(row.get("resident_id")).or_default().push(FactRow {
            kind: row.get("kind"),
            value: row.get("value"),
            from_on: day("from_on"),
            until_on: day("until_on"),
        });
    }
    Ok(all)
}

async fn recorded(
    conn: &mut PgConnection,
    municipality: Municipality,
    places: (i64, i64),
    all: &mut [Gathered],
    index: &HashMap<Uuid, usize>,
) -> sqlx::Result<()> {
    let rows = sqlx::query(
        "select v.resident_id, v.vaccinated_on, v.vaccine, v.volume_centi_ml, v.lot_expires_on, v.lot_number, v.judgement
         from record_person p
         join vaccination_records v on v.municipality_code = $1 and v.resident_id = p.resident_id and v.state = 'current'
         where p.place between $2 and $3 order by v.resident_id, v.vaccinated_on, v.record_id",
    )
    .bind(municipality.0)
    .bind(places.0)
    .bind(places.1)
    .fetch_all(conn)
    .await?;
    for row in &rows {
        let person = &mut all[index[&row.get::<Uuid, _>("resident_id")]];
        let given = read_dose(row);
        if row.get::<&str, _>("judgement") == "given" {
            person.doses.push((given, row.get("lot_number")));
        } else {
            person.screenings.push((given.vaccine, given.on));
        }
    }
    Ok(())
}

async fn arrived(
    conn: &mut PgConnection,
    places: (i64, i64),
    all: &mut [Gathered],
    index: &HashMap<Uuid, usize>,
) -> sqlx::Result<()> {
    let rows = sqlx::query(
        "select m.resident_id, s.line, s.vaccinated_on, s.vaccine, s.volume_centi_ml, s.lot_expires_on, s.lot_number,
             s.judgement, s.legal_class
         from record_person p
         join record_match m on m.resident_id = p.resident_id
         join record_stage s on s.line = m.line
         where p.place between $1 and $2 order by m.resident_id, s.vaccinated_on, s.line",
    )
    .bind(places.0)
    .bind(places.1)
    .fetch_all(conn)
    .await?;
    for row in &rows {
        all[index[&row.get::<Uuid, _>("resident_id")]].arrived.push(Arrived {
            line: row.get("line"),
            given: read_dose(row),
            is_screening_only: row.get::<i16, _>("judgement") == 2,
            lot_number: row.get("lot_number"),
            is_voluntary: row.get::<i16, _>("legal_class") == 2,
        });
    }
    Ok(())
}

/// Sends the judged rows of a batch over.
pub async fn put_judged(conn: &mut PgConnection, rows: Vec<u8>) -> sqlx::Result<()> {
    let mut copy = conn
        .copy_in_raw(
            "copy record_out (record_id, line, resident_id, series, dose_number, is_teiki, valid_for_series, findings) from stdin",
        )
        .await?;
    copy.send(rows).await?;
    copy.finish().await?;
    Ok(())
}

/// A row that a person has to decide.
pub struct ForReview {
    pub line: i64,
    pub kind: &'static str,
    pub sentence: String,
}

/// Takes rows that have found their person out again: they wait for someone's decision.
pub async fn put_reviews(conn: &mut PgConnection, reviews: &[ForReview]) -> sqlx::Result<()> {
    let lines: Vec<i64> = reviews.iter().map(|review| review.line).collect();
    let kinds: Vec<&str> = reviews.iter().map(|review| review.kind).collect();
    let sentences: Vec<&str> = reviews.iter().map(|review| review.sentence.as_str()).collect();
    sqlx::query(
        "update record_match m set kind = r.kind, sentence = r.sentence
         from unnest($1::bigint[], $2::text[], $3::text[]) as r (line, kind, sentence) where m.line = r.line",
    )
    .bind(&lines)
    .bind(&kinds)
    .bind(&sentences)
    .execute(conn)
    .await?;
    Ok(())
}

/// How many rows were recorded and how many wait.
pub async fn counts(conn: &mut PgConnection) -> sqlx::Result<(u64, u64)> {
    let (recorded, waiting): (i64, i64) = sqlx::query_as(
        "select (select count(*) from record_out), (select count(*) from record_match where kind is not null)",
    )
    .fetch_one(conn)
    .await?;
    Ok((recorded.cast_unsigned(), waiting.cast_unsigned()))
}

/// Rows whose clinic is in no contract list.
pub async fn clinics_unknown(
    conn: &mut PgConnection,
    municipality: Municipality,
) -> sqlx::Result<Vec<Fault>> {
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "select min(s.line), s.clinic_code, count(*) from record_stage s
         where s.clinic_code <> '' and not exists (
             select from clinics c where c.municipality_code = $1 and c.clinic_code = s.clinic_code)
         group by s.clinic_code order by 1 limit $2",
    )
    .bind(municipality.0)
    .bind(FAULTS_KEPT_MAX as i64)
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|(line, code, count)| Fault {
            weight: Weight::Warning,
            ..Fault::at(
                line.cast_unsigned(),
                "医療機関コード",
                format!("医療機関{code}は登録されていません（{count}件）。医療機関のファイルを取り込んでください。"),
            )
        })
        .collect())
}

/// Writes records, items for review and arrivals.
pub async fn apply(
    conn: &mut PgConnection,
    acting: &Acting,
    feed_id: Uuid,
    at: Timestamp,
    new_ids: impl Fn() -> Uuid,
) -> sqlx::Result<()> {
    let municipality = acting.municipality;
    sqlx::query(
        "insert into vaccination_records (municipality_code, record_id, version, resident_id, vaccine, series, dose_number,
             vaccinated_on, judgement, product, lot_number, lot_expires_on, volume_centi_ml, clinic_code, doctor_name,
             legal_class, is_teiki, valid_for_series, findings, explanation, source, source_feed_id, source_row, state,
             recorded_by, recorded_at)
         select $1, o.record_id, 1, o.resident_id, s.vaccine, o.series, o.dose_number, s.vaccinated_on,
             case s.judgement when 1 then 'given' else 'screening_only' end, s.product, s.lot_number, s.lot_expires_on,
             s.volume_centi_ml, s.clinic_code, s.doctor_name, s.legal_class, o.is_teiki, o.valid_for_series, o.findings,
             s.remark, 'import', $2, s.source || '/' || s.source_row, 'current', $3, $4
         from record_out o join record_stage s on s.line = o.line order by o.resident_id",
    )
    .bind(municipality.0)
    .bind(feed_id)
    .bind(acting.staff_id)
    .bind(Instant(at))
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into record_arrivals (municipality_code, source, month, rows_taken, feed_id, arrived_at)
         select $1, source, date_trunc('month', vaccinated_on)::date, count(*), $2, $3
         from record_stage group by source, date_trunc('month', vaccinated_on)",
    )
    .bind(municipality.0)
    .bind(feed_id)
    .bind(Instant(at))
    .execute(&mut *conn)
    .await?;
    put_items(conn, municipality, feed_id, new_ids).await
}

async fn put_items(
    conn: &mut PgConnection,
    municipality: Municipality,
    feed_id: Uuid,
    new_ids: impl Fn() -> Uuid,
) -> sqlx::Result<()> {
    let lines: Vec<i64> =
        sqlx::query_scalar("select line from record_match where kind is not null order by line")
            .fetch_all(&mut *conn)
            .await?;
    let ids: Vec<Uuid> = lines.iter().map(|_| new_ids()).collect();
    sqlx::query(
        "insert into review_items (municipality_code, item_id, feed_id, line, kind, sentence, body, candidates, state)
         select $1, i.item_id, $2, s.line, m.kind, m.sentence, to_jsonb(s) - 'line' - 'kana_key', m.candidates, 'open'
         from unnest($3::uuid[], $4::bigint[]) as i (item_id, line)
         join record_match m on m.line = i.line join record_stage s on s.line = i.line",
    )
    .bind(municipality.0)
    .bind(feed_id)
    .bind(&ids)
    .bind(&lines)
    .execute(conn)
    .await?;
    Ok(())
}
