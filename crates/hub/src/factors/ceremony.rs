//! 手続きの途中: what one browser is in the middle of. Bound to it by a cookie, kept in the database, used once.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use domain::coded;
use jiff::SignedDuration;
use kit::{Instant, Kit, Municipality, session, web};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

coded! {
    /// What is begun and not finished.
    Kind {
        // Between the password and the code.
        Code = "code", "確認コードの入力";
        Enrolment = "enrolment", "登録コードによる登録";
        // A passkey's challenges, one for each use: none serves another.
        PasskeySignIn = "passkey_sign_in", "パスキーによるログイン";
        PasskeyStepUp = "passkey_step_up", "パスキーによる再確認";
        PasskeyEnrolment = "passkey_enrolment", "最初のパスキーの登録";
        PasskeyAddition = "passkey_addition", "パスキーの追加";
    }
}

impl Kind {
    /// A challenge is answered at once; whoever enrols may first have to install an app.
    pub const fn lasts(self) -> SignedDuration {
        match self {
            Kind::Enrolment => SignedDuration::from_mins(15),
            Kind::Code
            | Kind::PasskeySignIn
            | Kind::PasskeyStepUp
            | Kind::PasskeyEnrolment
            | Kind::PasskeyAddition => SignedDuration::from_mins(5),
        }
    }

    fn cookie_name(self, kit: &Kit) -> String {
        format!("{}-{}", session::cookie_name(kit), self.code())
    }

    fn cookie(self, kit: &Kit, value: &str, seconds: i64) -> (HeaderName, HeaderValue) {
        let secure = if kit.over_tls { "; Secure" } else { "" };
        let name = self.cookie_name(kit);
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
        (header::SET_COOKIE, HeaderValue::from_str(&line).expect("names and tokens are visible ASCII"))
    }

    /// The line that takes the browser's half away.
    pub fn clear(self, kit: &Kit) -> (HeaderName, HeaderValue) {
        self.cookie(kit, "", 0)
    }
}

/// The browser's half of a ceremony.
#[derive(Clone, Debug)]
pub struct Token {
    pub municipality: Municipality,
    kind: Kind,
    secret: String,
}

impl Token {
    /// What the browser brings.
    pub fn of(kit: &Kit, kind: Kind, headers: &HeaderMap) -> Option<Token> {
        let (code, secret) = web::cookie(headers, &kind.cookie_name(kit))?.split_once('.')?;
        Some(Token { municipality: Municipality(code.parse().ok()?), kind, secret: secret.to_owned() })
    }

    /// The line that gives it to the browser.
    pub fn set(&self, kit: &Kit) -> (HeaderName, HeaderValue) {
        let value = format!("{}.{}", self.municipality.0, self.secret);
        self.kind.cookie(kit, &value, self.kind.lasts().as_secs())
    }

    fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.secret.as_bytes()).to_vec()
    }
}

/// The server's half.
#[derive(Debug)]
pub struct Ceremony {
    /// Whom it is about, where that is known.
    pub staff_id: Option<Uuid>,
    pub state: Value,
}

/// Begins a ceremony, and throws away what nobody can finish any more.
pub async fn begin(
    conn: &mut PgConnection,
    kit: &Kit,
    municipality: Municipality,
    kind: Kind,
    ceremony: &Ceremony,
) -> sqlx::Result<Token> {
    let now = kit.clock.now();
    sqlx::query("delete from ceremonies where municipality_code = $1 and created_at < $2")
        .bind(municipality.0)
        .bind(Instant(now - SignedDuration::from_hours(1)))
        .execute(&mut *conn)
        .await?;
    let token = Token { municipality, kind, secret: kit.ids.token() };
    sqlx::query(
        "insert into ceremonies (municipality_code, token_hash, kind, staff_id, state, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(municipality.0)
    .bind(token.hash())
    .bind(kind.code())
    .bind(ceremony.staff_id)
    .bind(&ceremony.state)
    .bind(Instant(now))
    .execute(conn)
    .await?;
    Ok(token)
}

/// What stands behind a token that is neither used nor late; locked until the transaction ends.
pub async fn look(conn: &mut PgConnection, kit: &Kit, token: &Token) -> sqlx::Result<Option<Ceremony>> {
    let row = sqlx::query(
        "select staff_id, state from ceremonies
         where municipality_code = $1 and token_hash = $2 and kind = $3 and used_at is null and created_at > $4
         for update",
    )
    .bind(token.municipality.0)
    .bind(token.hash())
    .bind(token.kind.code())
    .bind(Instant(kit.clock.now() - token.kind.lasts()))
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Ceremony { staff_id: row.get(0), state: row.get(1) }))
}

/// Looks and uses up.
pub async fn take(conn: &mut PgConnection, kit: &Kit, token: &Token) -> sqlx::Result<Option<Ceremony>> {
    let found = look(conn, kit, token).await?;
    if found.is_some() {
        sqlx::query("update ceremonies set used_at = $3 where municipality_code = $1 and token_hash = $2")
            .bind(token.municipality.0)
            .bind(token.hash())
            .bind(Instant(kit.clock.now()))
            .execute(conn)
            .await?;
    }
    Ok(found)
}
