//! What every server of sesshu needs: database with its walls, staff and rights, audit, jobs, web floor.
//!
//! The one way through a use case is [`Case`]: allow → gather → decide → write, in one transaction with its audit
//! entry. Nothing here knows what a vaccine is. Never: a page shown or a row changed without its audit entry; a
//! query outside a municipality's wall; a personal datum in a log.
//!
//! Start reading at [`case`].

pub mod audit;
pub mod case;
pub mod clock;
pub mod db;
pub mod jobs;
pub mod rights;
pub mod signin;
pub mod web;

pub use case::{Acting, Case, Target};
pub use clock::{Clock, Ids};
pub use db::{Day, Instant, Municipality};
pub use rights::{Action, Role};
pub use web::{Failure, Posted};

/// What a running system holds: its database (as the app role), its clock and its ids. Cheap to clone.
#[derive(Clone)]
pub struct Kit {
    pub pool: sqlx::PgPool,
    pub clock: Clock,
    pub ids: Ids,
    /// True where the system is reached over TLS: decides the cookie's name and its `Secure` mark.
    pub over_tls: bool,
}
