//! 送信されなかった入力: a form that comes after the sign-in has ended is kept for the person who typed it.
//!
//! Only forms without a file, only for whoever the ended session belonged to, and for a day at the most.

use crate::{Instant, Kit, Municipality, db, session};
use jiff::SignedDuration;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

/// What was not sent again within a day is forgotten.
const KEPT_MAX: SignedDuration = SignedDuration::from_hours(24);

/// A form as it was sent.
pub struct Draft {
    pub path: String,
    /// Names and values, without the token.
    pub fields: Vec<(String, String)>,
}

/// Keeps a form for whom the cookie's session belonged to. `None` where it never was one of ours.
pub(crate) async fn keep(kit: &Kit, cookie: &str, path: &str, body: &[u8]) -> sqlx::Result<Option<Uuid>> {
    let Some((municipality, token_hash)) = session::split(cookie) else { return Ok(None) };
    let now = kit.clock.now();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let staff_id: Option<Uuid> = sqlx::query_scalar(
        "select staff_id from sessions where municipality_code = $1 and token_hash = $2 and created_at > $3",
    )
    .bind(municipality.0)
    .bind(&token_hash)
    .bind(Instant(now - KEPT_MAX))
    .fetch_optional(&mut *tx)
    .await?;
    let Some(staff_id) = staff_id else { return Ok(None) };
    forget_old(&mut tx, municipality, now).await?;
    let fields = form_urlencoded::parse(body).filter(|(name, _)| name != "csrf");
    let fields = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let draft_id = kit.ids.next();
    sqlx::query(
        "insert into drafts (municipality_code, draft_id, staff_id, path, body, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(municipality.0)
    .bind(draft_id)
    .bind(staff_id)
    .bind(path)
    .bind(fields)
    .bind(Instant(now))
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Some(draft_id))
}

async fn forget_old(
    conn: &mut PgConnection,
    municipality: Municipality,
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("delete from drafts where municipality_code = $1 and created_at <= $2")
        .bind(municipality.0)
        .bind(Instant(now - KEPT_MAX))
        .execute(conn)
        .await?;
    Ok(())
}

/// A person's own draft.
pub async fn find(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    draft_id: Uuid,
    now: jiff::Timestamp,
) -> sqlx::Result<Option<Draft>> {
    let row = sqlx::query(
        "select path, body from drafts
         where municipality_code = $1 and draft_id = $2 and staff_id = $3 and created_at > $4",
    )
    .bind(municipality.0)
    .bind(draft_id)
    .bind(staff_id)
    .bind(Instant(now - KEPT_MAX))
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Draft {
        path: row.get(0),
        fields: form_urlencoded::parse(row.get::<String, _>(1).as_bytes()).into_owned().collect(),
    }))
}

/// Throws a person's own draft away. False where there is none.
pub async fn discard(
    conn: &mut PgConnection,
    municipality: Municipality,
    staff_id: Uuid,
    draft_id: Uuid,
) -> sqlx::Result<bool> {
    let done =
        sqlx::query("delete from drafts where municipality_code = $1 and draft_id = $2 and staff_id = $3")
            .bind(municipality.0)
            .bind(draft_id)
            .bind(staff_id)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() == 1)
}
