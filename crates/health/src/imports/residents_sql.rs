//! The register's side of an import: stage, compare, keep what was, apply. Set by set, never row by row.

use super::fault::{FAULTS_KEPT_MAX, Fault, Weight};
use encoding_rs::SHIFT_JIS;
use jiff::Timestamp;
use kit::{Instant, Municipality};
use sqlx::{AssertSqlSafe, PgConnection, Row};
use std::fmt::Write;
use uuid::Uuid;

/// What a file says of a person: the columns of `residents` that a feed decides, in the order of the stage.
const PERSON: &[(&str, &str)] = &[
    ("addressee_number", "text"),
    ("household_number", "text"),
    ("name_kanji", "text"),
    ("name_kana", "text"),
    ("kana_key", "text collate \"C\""),
    ("birth_date", "date"),
    ("birth_date_unknown", "smallint"),
    ("sex", "smallint"),
    ("relationship_1", "text"),
    ("relationship_2", "text"),
    ("relationship_3", "text"),
    ("relationship_4", "text"),
    ("resident_class", "smallint"),
    ("is_foreign_national", "boolean"),
    ("residence_card_number", "text"),
    ("basic_act_30_45_class", "text"),
    ("residence_status", "text"),
    ("residence_expires_on", "date"),
    ("nationality", "text"),
    ("alias_name", "text"),
    ("address_code", "text"),
    ("address", "text"),
    ("lot_main", "text"),
    ("lot_branch", "text"),
    ("lot_suffix", "text"),
    ("building_code", "text"),
    ("building", "text"),
    ("postal_code", "text"),
    ("address_key", "text collate \"C\""),
    ("head_addressee_number", "text"),
    ("head_name_kana", "text"),
    ("resident_from", "date"),
    ("resident_from_reason", "text"),
    ("resident_until", "date"),
    ("previous_address", "text"),
    ("planned_move_address", "text"),
    ("confirmed_move_address", "text"),
    ("move_reason", "text"),
    ("moved_on", "date"),
    ("move_notified_on", "date"),
    ("source_updated_on", "date"),
    ("source_updated_at_time", "time"),
    ("mailing_name", "text"),
    ("mailing_address", "text"),
    ("mailing_postal_code", "text"),
    ("contact", "text"),
    ("disaster_victim_class", "text"),
    ("jukki_addressee_number", "text"),
    ("survey_flag", "boolean"),
    ("memo_flag", "boolean"),
    ("memo", "text"),
    ("address_protected", "boolean"),
    ("welfare_status", "text"),
    ("welfare_from", "date"),
    ("welfare_until", "date"),
    ("national_health_insurance", "text"),
];

/// Text that CP932 may have spoilt on the way.
const SPOILABLE: &[&str] = &[
    "name_kanji",
    "name_kana",
    "alias_name",
    "address",
    "building",
    "head_name_kana",
    "previous_address",
    "planned_move_address",
    "confirmed_move_address",
    "mailing_name",
    "mailing_address",
    "memo",
];

fn list(prefix: &str) -> String {
    PERSON.iter().map(|(name, _)| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ")
}

/// The COPY that fills the stage.
pub fn copy() -> String {
    format!("copy resident_stage (line, resident_id, {}) from stdin", list(""))
}

/// The stage lives as long as the transaction: a killed import leaves nothing behind.
pub async fn create_stage(conn: &mut PgConnection) -> sqlx::Result<()> {
    let mut columns = String::new();
    for (name, kind) in PERSON {
        write!(columns, ", {name} {kind}").expect("writing to memory does not fail");
    }
    let statements = [
        // The sets are hashed; the default would spill a register's worth of rows to disk.
        "set local work_mem = '64MB'".to_owned(),
        format!("create temporary table resident_stage (line bigint, resident_id uuid{columns}) on commit drop"),
        "create temporary table resident_actions (line bigint, addressee_number text, known_id uuid, action text)
         on commit drop"
            .to_owned(),
    ];
    for statement in statements {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *conn).await?;
    }
    Ok(())
}

/// What a text looks like after CP932: `〓` for each character it lacks, no variation selectors.
fn spoilt(text: &str) -> String {
    let mut buffer = [0; 4];
    text.chars()
        .filter(|c| !matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}'))
        .map(|c| if SHIFT_JIS.encode(c.encode_utf8(&mut buffer)).2 { '〓' } else { c })
        .collect()
}

/// Keeps the stored spelling where the file has only a poorer spelling of the same: 𠮷 is not replaced by 〓.
///
/// `from_cp932`: the whole file went through CP932, so a missing variation selector says nothing.
pub async fn keep_better_spellings(
    conn: &mut PgConnection,
    municipality: Municipality,
    from_cp932: bool,
) -> sqlx::Result<()> {
    sqlx::query("analyze resident_stage").execute(&mut *conn).await?;
    for column in SPOILABLE {
        let sql = format!(
            "select s.line, s.{column}, r.{column} from resident_stage s
             join residents r on r.municipality_code = $1 and r.addressee_number = s.addressee_number
             where s.{column} <> r.{column} and ($2 or s.{column} like '%〓%')"
        );
        let differing: Vec<(i64, String, String)> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(municipality.0)
            .bind(from_cp932)
            .fetch_all(&mut *conn)
            .await?;
        let (lines, kept): (Vec<i64>, Vec<String>) = differing
            .into_iter()
            .filter(|(_, sent, stored)| spoilt(stored) == *sent)
            .map(|(line, _, stored)| (line, stored))
            .unzip();
        if lines.is_empty() {
            continue;
        }
        let sql = format!(
            "update resident_stage s set {column} = k.kept from unnest($1::bigint[], $2::text[]) as k (line, kept)
             where s.line = k.line"
        );
        sqlx::query(AssertSqlSafe(sql)).bind(&lines).bind(&kept).execute(&mut *conn).await?;
    }
    // The keys follow their texts.
    sqlx::query(
        "update resident_stage s set
             address_key = case when s.address = r.address then r.address_key else s.address_key end,
             kana_key = case when s.name_kana = r.name_kana and s.name_kanji = r.name_kanji then r.kana_key else s.kana_key end
         from residents r
         where r.municipality_code = $1 and r.addressee_number = s.addressee_number
             and (s.address_key <> r.address_key or s.kana_key <> r.kana_key)",
    )
    .bind(municipality.0)
    .execute(conn)
    .await?;
    Ok(())
}

/// How many rows are new, changed, known word for word, or older than what is stored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub stale: u64,
}

/// Compares the stage with the register.
pub async fn compare(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Compared> {
    let sql = format!(
        "insert into resident_actions
         select s.line, s.addressee_number, r.resident_id, case
             when r.resident_id is null then 'added'
             when (s.source_updated_on, s.source_updated_at_time) < (r.source_updated_on, r.source_updated_at_time) then 'stale'
             when ({}) is distinct from ({}) then 'changed'
             else 'unchanged' end
         from resident_stage s
         left join residents r on r.municipality_code = $1 and r.addressee_number = s.addressee_number",
        list("r."),
        list("s.")
    );
    sqlx::query(AssertSqlSafe(sql)).bind(municipality.0).execute(&mut *conn).await?;
    sqlx::query("analyze resident_actions").execute(&mut *conn).await?;
    let rows =
        sqlx::query("select action, count(*) from resident_actions group by action").fetch_all(conn).await?;
    let mut compared = Compared::default();
    for row in &rows {
        let count = row.get::<i64, _>(1).cast_unsigned();
        match row.get::<&str, _>(0) {
            "added" => compared.added = count,
            "changed" => compared.changed = count,
            "unchanged" => compared.unchanged = count,
            _ => compared.stale = count,
        }
    }
    Ok(compared)
}

/// A list of oddities, at most as many as are kept, and how many there are.
pub struct Odd {
    pub total: u64,
    pub faults: Vec<Fault>,
}

async fn odd(
    conn: &mut PgConnection,
    municipality: Municipality,
    sql: &'static str,
    field: &str,
    sentence: impl Fn(&str) -> String,
) -> sqlx::Result<Odd> {
    let rows = sqlx::query(sql).bind(municipality.0).bind(FAULTS_KEPT_MAX as i64).fetch_all(conn).await?;
    let total = rows.first().map_or(0, |row| row.get::<i64, _>(2).cast_unsigned());
    let faults = rows
        .iter()
        .map(|row| Fault {
            weight: Weight::Warning,
            ..Fault::at(row.get::<i64, _>(0).cast_unsigned(), field, sentence(row.get(1)))
        })
        .collect();
    Ok(Odd { total, faults })
}

/// Rows older than what is stored.
pub async fn stale(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Odd> {
    const SQL: &str = "select line, addressee_number, count(*) over () from resident_actions
         where action = 'stale' and $1 = $1 order by line limit $2";
    odd(conn, municipality, SQL, "更新年月日", |_| {
        "更新日時が登録済みの内容より古いため、登録済みの内容を残しました。".to_owned()
    })
    .await
}

/// Residents whose household head nobody knows.
pub async fn heads_unknown(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Odd> {
    const SQL: &str = "select s.line, s.head_addressee_number, count(*) over () from resident_stage s
         where s.resident_class = 1 and s.head_addressee_number <> ''
             and not exists (select from resident_stage h where h.addressee_number = s.head_addressee_number)
             and not exists (select from residents r
                 where r.municipality_code = $1 and r.addressee_number = s.head_addressee_number)
         order by s.line limit $2";
    odd(conn, municipality, SQL, "世帯主宛名番号", |_| {
        "世帯主の宛名番号の人が、このファイルにも台帳にもいません。送付元に確かめてください。".to_owned()
    })
    .await
}

/// Residents whose head lives in another household, by what this file says of both.
pub async fn heads_elsewhere(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Odd> {
    const SQL: &str = "select s.line, h.household_number, count(*) over () from resident_stage s
         join resident_stage h on h.addressee_number = s.head_addressee_number
         where s.resident_class = 1 and h.resident_class = 1 and h.household_number <> s.household_number and $1 = $1
         order by s.line limit $2";
    odd(conn, municipality, SQL, "世帯番号", |household| {
        format!("世帯主の世帯番号（{household}）と違います。送付元に確かめてください。")
    })
    .await
}

/// Whom a complete file leaves out. They are never deleted.
pub async fn absent(conn: &mut PgConnection, municipality: Municipality) -> sqlx::Result<Odd> {
    const SQL: &str = "select 0::bigint, r.addressee_number, count(*) over () from residents r
         where r.municipality_code = $1
             and not exists (select from resident_stage s where s.addressee_number = r.addressee_number)
         order by r.addressee_number limit $2";
    odd(conn, municipality, SQL, "宛名番号", |number| {
        format!("宛名番号{number}の人が、全件のファイルにありません。台帳からは消していません。送付元に確かめてください。")
    })
    .await
}

/// Keeps what the changed rows said, changes them, and adds the new ones.
pub async fn apply(
    conn: &mut PgConnection,
    municipality: Municipality,
    feed_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<()> {
    let versions = "insert into resident_versions (municipality_code, resident_id, version, replaced_by_feed, replaced_at, body)
         select r.municipality_code, r.resident_id, r.version, $2, $3, to_jsonb(r) - 'municipality_code' - 'kana_key' - 'address_key'
         from residents r join resident_actions a on a.known_id = r.resident_id
         where r.municipality_code = $1 and a.action = 'changed'"
        .to_owned();
    let changes = format!(
        "update residents r set ({}) = ({}), version = r.version + 1, feed_id = $2, updated_at = $3
         from resident_stage s, resident_actions a
         where r.municipality_code = $1 and a.action = 'changed' and s.line = a.line and r.resident_id = a.known_id",
        list(""),
        list("s.")
    );
    let additions = format!(
        "insert into residents (municipality_code, resident_id, feed_id, updated_at, {})
         select $1, s.resident_id, $2, $3, {} from resident_stage s join resident_actions a on a.line = s.line
         where a.action = 'added'",
        list(""),
        list("s.")
    );
    for statement in [versions, changes, additions] {
        sqlx::query(AssertSqlSafe(statement))
            .bind(municipality.0)
            .bind(feed_id)
            .bind(Instant(at))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
