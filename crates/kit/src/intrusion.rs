//! 侵入・異常の通知: what the system notices by itself and tells the auditor and the ID manager.
//!
//! Whoever sees a sign says so here, in memory and without waiting: a flood of them costs a counter. [`Watch::settle`]
//! writes what has come together every few seconds, one row an origin. What is written holds no personal datum: a
//! login id or an address only as digest.

mod round;

pub use round::{Daily, Round, compare_days, keep_watch};

use crate::{Instant, Kit, Municipality, RefusalReason, Refusals, db};
use domain::intrusion::{Intrusion, Tally, add};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row, postgres::PgRow};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use uuid::Uuid;

/// Different origins held between two writings. More than these, and they count as one: whoever changes the login id at
/// each attempt fills neither memory nor table.
const ORIGINS_MAX: usize = 1_000;

/// What the signs of one row have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Origin {
    /// `None` where it concerns the whole installation: each municipality is told.
    municipality: Option<Municipality>,
    kind: Intrusion,
    digest: [u8; 32],
    staff_id: Option<Uuid>,
}

/// Signs that have not been written yet. Cheap to clone.
#[derive(Clone, Default)]
pub struct Watch(Arc<Mutex<HashMap<Origin, i64>>>);

fn digest(kind: Intrusion, origin: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(b"sesshu intrusion\0")
        .chain_update(kind.code())
        .chain_update(origin)
        .finalize()
        .into()
}

impl Watch {
    /// Somebody outside did something: known by a login id, an address, a certificate.
    pub fn see(&self, municipality: Municipality, kind: Intrusion, origin: &[u8]) {
        self.add(Origin {
            municipality: Some(municipality),
            kind,
            digest: digest(kind, origin),
            staff_id: None,
        });
    }

    /// A member of staff did something.
    pub fn see_staff(&self, municipality: Municipality, kind: Intrusion, staff_id: Uuid) {
        let digest = digest(kind, staff_id.as_bytes());
        self.add(Origin { municipality: Some(municipality), kind, digest, staff_id: Some(staff_id) });
    }

    /// Something befell the installation as a whole.
    pub fn see_everywhere(&self, kind: Intrusion, origin: &[u8]) {
        self.add(Origin { municipality: None, kind, digest: digest(kind, origin), staff_id: None });
    }

    fn add(&self, origin: Origin) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = seen.len() >= ORIGINS_MAX && !seen.contains_key(&origin);
        let origin = if is_full { Origin { digest: digest(origin.kind, b"many"), ..origin } } else { origin };
        *seen.entry(origin).or_default() += 1;
    }

    /// Writes what was seen since the last time. What cannot be written is kept for the next.
    pub async fn settle(&self, kit: &Kit) -> sqlx::Result<()> {
        let seen = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if seen.is_empty() {
            return Ok(());
        }
        let written = write_all(kit, &seen).await;
        if written.is_err() {
            let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (origin, signs) in seen {
                *waiting.entry(origin).or_default() += signs;
            }
        }
        written
    }
}

/// The refusals of a door, handed on to the watch of its system.
pub fn refusals(kit: &Kit, door: &'static str) -> Refusals {
    let watch = kit.watch.clone();
    Refusals::also(door, move |refusal| {
        if let Some(kind) = kind_of(refusal.reason) {
            let origin =
                refusal.fingerprint.map_or_else(|| refusal.from.to_string(), |shown| shown.to_string());
            watch.see_everywhere(kind, origin.as_bytes());
        }
    })
}

/// What a refusal is a sign of; lines that break are nobody's fault.
const fn kind_of(reason: RefusalReason) -> Option<Intrusion> {
    match reason {
        RefusalReason::UnknownAuthority
        | RefusalReason::BadCertificate
        | RefusalReason::Withdrawn
        | RefusalReason::NotRegistered
        | RefusalReason::PastLastDay
        | RefusalReason::WrongZone
        | RefusalReason::NotASystem => Some(Intrusion::UnknownCertificate),
        RefusalReason::NotTls
        | RefusalReason::OldTls
        | RefusalReason::SlowHandshake
        | RefusalReason::NoCertificate
        | RefusalReason::Expired
        | RefusalReason::NotYetValid
        | RefusalReason::NotLinked
        | RefusalReason::Unreadable
        | RefusalReason::Misaddressed
        | RefusalReason::Stale
        | RefusalReason::WrongBasis
        | RefusalReason::Other => Some(Intrusion::TurnedAway),
        RefusalReason::NotBelieved | RefusalReason::Interrupted => None,
    }
}

/// All signs of a municipality in one transaction.
async fn write_all(kit: &Kit, seen: &HashMap<Origin, i64>) -> sqlx::Result<()> {
    let of_all: Vec<_> = seen.iter().filter(|(origin, _)| origin.municipality.is_none()).collect();
    let mut by_municipality: HashMap<Municipality, Vec<(&Origin, &i64)>> = HashMap::new();
    for (origin, signs) in seen {
        if let Some(municipality) = origin.municipality {
            by_municipality.entry(municipality).or_default().push((origin, signs));
        }
    }
    if !of_all.is_empty() {
        for (municipality, _) in db::municipalities(&kit.pool).await? {
            by_municipality.entry(municipality).or_default().extend(&of_all);
        }
    }
    for (municipality, signs) in by_municipality {
        let mut tx = db::begin(&kit.pool, municipality).await?;
        for (origin, signs) in signs {
            write(&mut tx, kit, municipality, origin, *signs).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Adds signs to the row that grows, or begins one.
async fn write(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    origin: &Origin,
    signs: i64,
) -> sqlx::Result<()> {
    let now = kit.clock.now();
    let growing: Option<(Uuid, i64, Instant, String)> = sqlx::query_as(
        "select intrusion_id, signs, first_at, state from intrusions
         where municipality_code = $1 and kind = $2 and origin = $3 and state <> 'acknowledged' for update",
    )
    .bind(municipality.0)
    .bind(origin.kind.code())
    .bind(&origin.digest[..])
    .fetch_optional(&mut *conn)
    .await?;
    let before = growing.as_ref().map(|(_, signs, first_at, state)| Tally {
        signs: *signs,
        minutes: now.duration_since(first_at.0).as_mins(),
        is_told: state == "open",
    });
    let tally = add(origin.kind, before, signs);
    // A window that is over begins anew in the same row.
    let first_at =
        growing.as_ref().filter(|_| tally.minutes > 0 || tally.signs > signs).map_or(now, |row| row.2.0);
    sqlx::query(
        "insert into intrusions (municipality_code, intrusion_id, kind, origin, staff_id, signs, first_at, last_at, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (municipality_code, intrusion_id) do update
             set signs = excluded.signs, first_at = excluded.first_at, last_at = excluded.last_at, state = excluded.state",
    )
    .bind(municipality.0)
    .bind(growing.map_or_else(|| kit.ids.next(), |row| row.0))
    .bind(origin.kind.code())
    .bind(&origin.digest[..])
    .bind(origin.staff_id)
    .bind(tally.signs)
    .bind(Instant(first_at))
    .bind(Instant(now))
    .bind(if tally.is_told { "open" } else { "watching" })
    .execute(conn)
    .await?;
    Ok(())
}

/// A notice as pages show it.
#[derive(Clone, Debug)]
pub struct Noted {
    pub intrusion_id: Uuid,
    /// `None` for a kind that an older version knew.
    pub kind: Option<Intrusion>,
    pub staff_id: Option<Uuid>,
    pub signs: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub is_open: bool,
    pub acknowledged_by: Option<String>,
    pub acknowledged_at: Option<Timestamp>,
    pub note: String,
}

const SELECT: &str = "select i.intrusion_id, i.kind, i.staff_id, i.signs, i.first_at, i.last_at, i.state, s.name, i.acknowledged_at, i.note
     from intrusions i left join staff s on s.municipality_code = i.municipality_code and s.staff_id = i.acknowledged_by";

fn read(row: &PgRow) -> Noted {
    Noted {
        intrusion_id: row.get(0),
        kind: Intrusion::from_code(row.get(1)),
        staff_id: row.get(2),
        signs: row.get(3),
        first_at: row.get::<Instant, _>(4).0,
        last_at: row.get::<Instant, _>(5).0,
        is_open: row.get::<&str, _>(6) == "open",
        acknowledged_by: row.get(7),
        acknowledged_at: row.get::<Option<Instant>, _>(8).map(|at| at.0),
        note: row.get(9),
    }
}

/// Which notices are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Open,
    /// Also those that somebody has acknowledged.
    Told,
}

/// The notices of a municipality, open ones first, the newest first.
pub async fn list(
    conn: &mut PgConnection,
    municipality: Municipality,
    which: Which,
    limit: i64,
) -> sqlx::Result<Vec<Noted>> {
    let states: &[&str] = match which {
        Which::Open => &["open"],
        Which::Told => &["open", "acknowledged"],
    };
    let sql = format!(
        "{SELECT} where i.municipality_code = $1 and i.state = any($2)
         order by i.state = 'open' desc, i.last_at desc, i.intrusion_id desc limit $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(states)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.iter().map(read).collect())
}

/// One notice that somebody was told of.
pub async fn find(
    conn: &mut PgConnection,
    municipality: Municipality,
    intrusion_id: Uuid,
) -> sqlx::Result<Option<Noted>> {
    let sql =
        format!("{SELECT} where i.municipality_code = $1 and i.intrusion_id = $2 and i.state <> 'watching'");
    let row = sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(municipality.0)
        .bind(intrusion_id)
        .fetch_optional(conn)
        .await?;
    Ok(row.as_ref().map(read))
}

/// Marks an open notice as acknowledged. False where somebody was faster.
pub async fn acknowledge(
    conn: &mut PgConnection,
    municipality: Municipality,
    (intrusion_id, by): (Uuid, Uuid),
    note: &str,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update intrusions set state = 'acknowledged', acknowledged_by = $3, acknowledged_at = $4, note = $5
         where municipality_code = $1 and intrusion_id = $2 and state = 'open'",
    )
    .bind(municipality.0)
    .bind(intrusion_id)
    .bind(by)
    .bind(Instant(at))
    .bind(note)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
