//! Transactions behind the municipality's wall, and the two types PostgreSQL and jiff do not share yet.

use domain::Date;
use jiff::Timestamp;
use sqlx::{
    AssertSqlSafe, PgPool, Postgres, Transaction,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef},
};

/// 自治体コード (six digits, the last a check digit) as the key of every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "自治体コード")]
pub struct Municipality(pub i32);

impl std::fmt::Display for Municipality {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// Opens a transaction that sees the rows of one municipality and no other.
///
/// The setting is written as a literal, formatted from an integer: bound parameters are not passed on to the
/// workers of a distributed database.
pub async fn begin(
    pool: &PgPool,
    municipality: Municipality,
) -> sqlx::Result<Transaction<'static, Postgres>> {
    let mut tx = pool.begin().await?;
    sqlx::query(AssertSqlSafe(format!("set local app.municipality = '{}'", municipality.0)))
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}

/// The municipalities this installation serves, with their names.
pub async fn municipalities(pool: &PgPool) -> sqlx::Result<Vec<(Municipality, String)>> {
    let rows: Vec<(i32, String)> =
        sqlx::query_as("select municipality_code, name from municipalities order by municipality_code")
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().map(|(code, name)| (Municipality(code), name)).collect())
}

/// Adds a municipality to the master, or changes its name. As the owner: the app role may only read the master.
pub async fn put_municipality(
    owner: &PgPool,
    municipality: Municipality,
    name: &str,
    contact: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into municipalities (municipality_code, name, contact) values ($1, $2, $3)
         on conflict (municipality_code) do update set name = excluded.name, contact = excluded.contact",
    )
    .bind(municipality.0)
    .bind(name)
    .bind(contact)
    .execute(owner)
    .await?;
    Ok(())
}

/// A day in a `date` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

/// A moment in a `timestamptz` column (microseconds).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub Timestamp);

/// PostgreSQL counts days and microseconds from here.
const EPOCH: Date = Date::constant(2000, 1, 1);
const EPOCH_MICROS: i64 = 946_684_800_000_000;

impl From<Date> for Day {
    fn from(date: Date) -> Self {
        Day(date)
    }
}

impl sqlx::Type<Postgres> for Day {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("DATE")
    }
}

impl sqlx::postgres::PgHasArrayType for Day {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("_DATE")
    }
}

impl sqlx::Encode<'_, Postgres> for Day {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let days = self.0.since(EPOCH)?.get_days();
        sqlx::Encode::<Postgres>::encode_by_ref(&days, buffer)
    }
}

impl sqlx::Decode<'_, Postgres> for Day {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(match value.format() {
            sqlx::postgres::PgValueFormat::Binary => {
                let days = i32::from_be_bytes(value.as_bytes()?.try_into()?);
                Day(EPOCH.checked_add(jiff::Span::new().try_days(days)?)?)
            }
            sqlx::postgres::PgValueFormat::Text => Day(value.as_str()?.parse()?),
        })
    }
}

impl sqlx::Type<Postgres> for Instant {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("TIMESTAMPTZ")
    }
}

impl sqlx::Encode<'_, Postgres> for Instant {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let micros = self.0.as_microsecond() - EPOCH_MICROS;
        sqlx::Encode::<Postgres>::encode_by_ref(&micros, buffer)
    }
}

impl sqlx::Decode<'_, Postgres> for Instant {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        match value.format() {
            sqlx::postgres::PgValueFormat::Binary => {
                let micros = i64::from_be_bytes(value.as_bytes()?.try_into()?);
                Ok(Instant(Timestamp::from_microsecond(micros + EPOCH_MICROS)?))
            }
            sqlx::postgres::PgValueFormat::Text => Ok(Instant(value.as_str()?.parse()?)),
        }
    }
}
