//! ログイン中の画面: a system's share of a sign-in at the hub (② 共通基盤, 職員認証).
//!
//! Staff sign in at the hub and nowhere else. It sends them on with a ticket that works once; the system redeems it
//! and opens a session of its own, which is worth what the hub says of it: at most [`CHECK_EVERY`] later it is asked
//! again. Whoever is shut out, moved or locked there is so here within five seconds. Where the hub cannot be asked,
//! nothing is shown.
//!
//! Tokens are 256 bits of chance, stored hashed.

mod over_link;

pub use over_link::{LinkKeeper, operations};

use crate::{
    Acting, Fingerprint, Instant, Kit, Municipality, Role, Terminal, Zone, db, staff,
    terminal::{self, Device, Here},
};
use axum::http::HeaderValue;
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use sqlx::Row;
use std::sync::Arc;
use uuid::Uuid;

/// What the hub said is believed this long (revocation has to work within five seconds).
pub const CHECK_EVERY: SignedDuration = SignedDuration::from_secs(3);
/// NIST SP 800-63B-4 AAL3: nobody stays in longer than half a day.
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);

/// What the hub says of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The sign-in at the hub: one id for all systems that follow from it.
    pub sign_in_id: Uuid,
    pub person: staff::Person,
    pub terminal: Terminal,
    /// What the terminal is called and known by, where it is a registered one.
    pub device: Option<Device>,
    /// When a second factor was last proved (個人番号を扱うときの二要素認証).
    pub stepped_up_at: Option<Timestamp>,
}

impl Standing {
    fn fingerprint(&self) -> Option<Fingerprint> {
        self.device.as_ref().map(|device| device.fingerprint)
    }

    /// Whether somebody signed in from here, and not from another terminal or zone.
    pub fn is_from(&self, here: Here) -> bool {
        here == Here { zone: self.terminal.zone, fingerprint: self.fingerprint() }
    }
}

/// A redeemed ticket: who comes, and the proof that the same browser went out to sign in.
#[derive(Clone, Debug)]
pub struct Arrival {
    pub standing: Standing,
    /// What the system gave the browser's way to the hub: it must match the browser's door cookie.
    pub state: String,
}

/// Who keeps the sign-ins: the hub itself, or the link to it.
pub trait Keeper: Send + Sync {
    /// A ticket works once, for a minute, and for the system it was issued to; `None` for any other.
    fn redeem<'a>(
        &'a self,
        municipality: Municipality,
        system: &'a str,
        ticket: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<Option<Arrival>>>;

    /// Whether a sign-in still stands. `in_use` is false for what a page asks by itself (progress of a job): it
    /// does not keep anybody signed in.
    fn check(
        &self,
        municipality: Municipality,
        sign_in_id: Uuid,
        in_use: bool,
    ) -> BoxFuture<'_, anyhow::Result<Option<Standing>>>;

    /// Ends a sign-in, for all systems.
    fn end(&self, municipality: Municipality, sign_in_id: Uuid) -> BoxFuture<'_, anyhow::Result<()>>;
}

/// Which system this is, where it is reached, and who keeps its staff's sign-ins. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The system's name in addresses, cookies and links (`health`, `hub`).
    pub system: &'static str,
    /// Where browsers reach this system, without a closing slash.
    pub url: Arc<str>,
    /// Where staff sign in, without a closing slash.
    pub hub_url: Arc<str>,
    pub keeper: Arc<dyn Keeper>,
    /// The zone of the network whose terminals come to this door.
    pub zone: Zone,
    /// The content security policy of every page: forms may lead to the other systems' doors and nowhere else.
    pub(crate) policy: HeaderValue,
}

impl Desk {
    /// `others`: addresses of the systems that a form of this one may lead to (signing in ends with a redirect).
    ///
    /// # Panics
    /// Where an address is no visible ASCII: addresses come from the configuration, which has been checked.
    pub fn new(
        system: &'static str,
        url: &str,
        hub_url: &str,
        others: &[&str],
        keeper: Arc<dyn Keeper>,
    ) -> Desk {
        let mut forms = String::from("'self'");
        for other in others.iter().chain([&hub_url]).filter(|other| **other != url && !other.is_empty()) {
            forms.push(' ');
            forms.push_str(other);
        }
        let policy = format!(
            "default-src 'self'; object-src 'none'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
        );
        Desk {
            system,
            url: url.into(),
            hub_url: hub_url.into(),
            keeper,
            zone: Zone::Business,
            policy: HeaderValue::from_str(&policy).expect("addresses are visible ASCII"),
        }
    }

    /// The same desk at the door of another zone.
    #[must_use]
    pub fn in_zone(self, zone: Zone) -> Desk {
        Desk { zone, ..self }
    }

    /// Whether it is reached under a name of this machine itself.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.url.split_once("://").map_or("", |(_, rest)| rest);
        matches!(host.rsplit_once(':').map_or(host, |(host, _)| host), "localhost" | "127.0.0.1" | "[::1]")
    }

    pub fn is_hub(&self) -> bool {
        self.system == "hub"
    }
}

/// `__Host-` binds a cookie to this very host; browsers accept it over TLS only. Systems and zones on one host differ
/// by port, which cookies do not know, so their names are part of it.
pub fn cookie_name(kit: &Kit) -> String {
    let prefix = if kit.over_tls { "__Host-" } else { "" };
    let zone = match kit.desk.zone {
        Zone::Business => String::new(),
        other => format!("-{}", other.code()),
    };
    format!("{prefix}sesshu-{}{zone}", kit.desk.system)
}

/// Remembers the page somebody wanted to see while they sign in.
pub fn back_cookie_name(kit: &Kit) -> String {
    format!("{}-back", cookie_name(kit))
}

/// The whole `Set-Cookie` line of a new session.
pub fn set_cookie(kit: &Kit, value: &str) -> String {
    let secure = if kit.over_tls { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}", cookie_name(kit))
}

/// The line that ends it in the browser.
pub fn clear_cookie(kit: &Kit) -> String {
    format!("{}; Max-Age=0", set_cookie(kit, ""))
}

/// How long the page somebody wanted to see is remembered while they sign in.
const BACK_SECONDS_MAX: u32 = 900;

/// The `Set-Cookie` value that remembers a path of our own.
pub(crate) fn set_back(kit: &Kit, path: &str) -> HeaderValue {
    let secure = if kit.over_tls { "; Secure" } else { "" };
    let name = back_cookie_name(kit);
    let line =
        format!("{name}={path}; Path=/; Max-Age={BACK_SECONDS_MAX}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&line).unwrap_or(HeaderValue::from_static(""))
}

pub(crate) fn split(cookie: &str) -> Option<(Municipality, Vec<u8>)> {
    let (code, token) = cookie.split_once('.')?;
    Some((Municipality(code.parse().ok()?), Sha256::digest(token.as_bytes()).to_vec()))
}

/// Opens a session for whoever the hub vouches for. Returns the cookie's value.
pub async fn open(kit: &Kit, municipality: Municipality, standing: &Standing) -> sqlx::Result<String> {
    let token = kit.ids.token();
    let mut tx = db::begin(&kit.pool, municipality).await?;
    staff::put(&mut tx, kit, municipality, &standing.person).await?;
    sqlx::query(
        "insert into sessions (municipality_code, token_hash, staff_id, csrf_token, created_at, sign_in_id, roles, zone,
             terminal_id, stepped_up_at, checked_at, fingerprint)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $5, $11)",
    )
    .bind(municipality.0)
    .bind(&Sha256::digest(token.as_bytes())[..])
    .bind(standing.person.staff_id)
    .bind(kit.ids.token())
    .bind(Instant(kit.clock.now()))
    .bind(standing.sign_in_id)
    .bind(codes(&standing.person.roles))
    .bind(standing.terminal.zone.code())
    .bind(standing.terminal.id)
    .bind(standing.stepped_up_at.map(Instant))
    .bind(standing.fingerprint().map(|known| known.0))
    .execute(&mut *tx)
    .await?;
    terminal::remember(&mut tx, municipality, standing.terminal, standing.device.as_ref()).await?;
    tx.commit().await?;
    Ok(format!("{}.{token}", municipality.0))
}

fn codes(roles: &[Role]) -> Vec<&'static str> {
    roles.iter().map(|role| role.code()).collect()
}

/// A session's row, with what the hub last said.
struct Kept {
    sign_in_id: Uuid,
    checked_at: Timestamp,
    fingerprint: Option<Fingerprint>,
    acting: Acting,
}

async fn kept(
    kit: &Kit,
    municipality: Municipality,
    token_hash: &[u8],
    request_id: Uuid,
) -> sqlx::Result<Option<Kept>> {
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let row = sqlx::query(
        "select s.sign_in_id, s.checked_at, s.staff_id, s.csrf_token, s.roles, s.zone, s.terminal_id, s.stepped_up_at,
             p.name, m.name, s.fingerprint
         from sessions s
         join staff p on p.municipality_code = s.municipality_code and p.staff_id = s.staff_id
         join municipalities m on m.municipality_code = s.municipality_code
         where s.municipality_code = $1 and s.token_hash = $2 and s.ended_at is null and s.created_at > $3",
    )
    .bind(municipality.0)
    .bind(token_hash)
    .bind(Instant(kit.clock.now() - SESSION_MAX))
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(row.and_then(|row| {
        let zone = Zone::from_code(row.get(5))?;
        Some(Kept {
            sign_in_id: row.get(0),
            checked_at: row.get::<Instant, _>(1).0,
            fingerprint: row.get::<Option<[u8; 32]>, _>(10).map(Fingerprint),
            acting: Acting {
                municipality,
                municipality_name: row.get(9),
                staff_id: row.get(2),
                staff_name: row.get(8),
                roles: row.get::<Vec<String>, _>(4).iter().filter_map(|code| Role::from_code(code)).collect(),
                terminal: Terminal { zone, id: row.get(6) },
                stepped_up_at: row.get::<Option<Instant>, _>(7).map(|at| at.0),
                csrf_token: row.get(3),
                request_id,
            },
        })
    }))
}

/// Who has shown a cookie.
#[derive(Debug)]
pub enum Resumed {
    /// Nobody: unknown, ended, or too old.
    Nobody,
    /// Somebody, from where they signed in.
    Here(Box<Acting>),
    /// Somebody's, but from another terminal or zone, or without the certificate: it has been copied.
    Elsewhere(Box<Acting>),
}

/// Who a cookie belongs to and whether it is shown where they signed in.
///
/// # Errors
/// Where the database or the hub cannot be asked: then nobody is let in.
pub async fn resume_at(
    kit: &Kit,
    cookie: &str,
    request_id: Uuid,
    in_use: bool,
    here: Here,
) -> anyhow::Result<Resumed> {
    Ok(match resume_from_anywhere(kit, cookie, request_id, in_use, here).await? {
        None => Resumed::Nobody,
        Some((acting, fingerprint)) if here == (Here { zone: acting.terminal.zone, fingerprint }) => {
            Resumed::Here(Box::new(acting))
        }
        Some((acting, _)) => Resumed::Elsewhere(Box::new(acting)),
    })
}

/// Who a cookie belongs to, if the sign-in behind it still stands and was made at this plain door.
///
/// # Errors
/// Where the database or the hub cannot be asked: then nobody is let in.
pub async fn resume(
    kit: &Kit,
    cookie: &str,
    request_id: Uuid,
    in_use: bool,
) -> anyhow::Result<Option<Acting>> {
    let here = Here { zone: kit.desk.zone, fingerprint: None };
    Ok(match resume_at(kit, cookie, request_id, in_use, here).await? {
        Resumed::Here(acting) => Some(*acting),
        Resumed::Nobody | Resumed::Elsewhere(_) => None,
    })
}

/// Likewise from wherever it is shown, with the certificate that the person signed in with.
async fn resume_from_anywhere(
    kit: &Kit,
    cookie: &str,
    request_id: Uuid,
    in_use: bool,
    here: Here,
) -> anyhow::Result<Option<(Acting, Option<Fingerprint>)>> {
    let Some((municipality, token_hash)) = split(cookie) else { return Ok(None) };
    let Some(kept) = kept(kit, municipality, &token_hash, request_id).await? else { return Ok(None) };
    let now = kit.clock.now();
    let age = now.duration_since(kept.checked_at);
    if age.abs() < CHECK_EVERY {
        return Ok(Some((kept.acting, kept.fingerprint)));
    }
    // Whoever uses somebody else's cookie keeps nobody signed in.
    let is_here = here == Here { zone: kept.acting.terminal.zone, fingerprint: kept.fingerprint };
    // No connection is held while the hub is asked.
    let standing = kit.desk.keeper.check(municipality, kept.sign_in_id, in_use && is_here).await?;
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let Some(standing) = standing else {
        sqlx::query("update sessions set ended_at = $3 where municipality_code = $1 and token_hash = $2")
            .bind(municipality.0)
            .bind(&token_hash)
            .bind(Instant(now))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        return Ok(None);
    };
    sqlx::query(
        "update sessions set checked_at = $3, roles = $4, zone = $5, terminal_id = $6, stepped_up_at = $7,
             fingerprint = $8
         where municipality_code = $1 and token_hash = $2",
    )
    .bind(municipality.0)
    .bind(&token_hash)
    .bind(Instant(now))
    .bind(codes(&standing.person.roles))
    .bind(standing.terminal.zone.code())
    .bind(standing.terminal.id)
    .bind(standing.stepped_up_at.map(Instant))
    .bind(standing.fingerprint().map(|known| known.0))
    .execute(&mut *tx)
    .await?;
    staff::put(&mut tx, kit, municipality, &standing.person).await?;
    terminal::remember(&mut tx, municipality, standing.terminal, standing.device.as_ref()).await?;
    tx.commit().await?;
    let fingerprint = standing.fingerprint();
    let acting = Acting {
        staff_name: standing.person.name,
        roles: standing.person.roles,
        terminal: standing.terminal,
        stepped_up_at: standing.stepped_up_at,
        ..kept.acting
    };
    Ok(Some((acting, fingerprint)))
}

/// Ends the session of a cookie here, and the sign-in behind it everywhere.
pub async fn end(kit: &Kit, cookie: &str) -> anyhow::Result<()> {
    let Some((municipality, token_hash)) = split(cookie) else { return Ok(()) };
    let mut tx = db::begin(&kit.pool, municipality).await?;
    let sign_in: Option<Uuid> = sqlx::query_scalar(
        "update sessions set ended_at = $3 where municipality_code = $1 and token_hash = $2 returning sign_in_id",
    )
    .bind(municipality.0)
    .bind(token_hash)
    .bind(Instant(kit.clock.now()))
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    match sign_in {
        Some(sign_in_id) => kit.desk.keeper.end(municipality, sign_in_id).await,
        None => Ok(()),
    }
}

/// The sign-in at the hub behind a cookie, whether or not it still stands.
pub async fn sign_in_of(kit: &Kit, cookie: &str) -> sqlx::Result<Option<Uuid>> {
    let Some((municipality, token_hash)) = split(cookie) else { return Ok(None) };
    let mut tx = db::begin(&kit.pool, municipality).await?;
    sqlx::query_scalar("select sign_in_id from sessions where municipality_code = $1 and token_hash = $2")
        .bind(municipality.0)
        .bind(token_hash)
        .fetch_optional(&mut *tx)
        .await
}

/// A second factor was proved within a sign-in: known here at once, in the other systems at their next check.
pub async fn stepped_up(
    conn: &mut sqlx::PgConnection,
    municipality: Municipality,
    sign_in_id: Uuid,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("update sessions set stepped_up_at = $3 where municipality_code = $1 and sign_in_id = $2")
        .bind(municipality.0)
        .bind(sign_in_id)
        .bind(Instant(at))
        .execute(conn)
        .await?;
    Ok(())
}
