//! What every server of sesshu needs: database with its walls, staff and rights, audit, jobs, web floor.
//!
//! The one way through a use case is [`Case`]: allow → gather → decide → write, in one transaction with its audit
//! entry. Nothing here knows what a vaccine is. Never: a page shown or a row changed without its audit entry; a
//! query outside a municipality's wall; a personal datum in a log.
//!
//! Start reading at [`case`].

pub mod approvals;
pub mod audit;
pub mod case;
pub mod clock;
pub mod cluster;
pub mod db;
pub mod intrusion;
pub mod jobs;
pub mod link;
pub mod rights;
pub mod session;
pub mod sink;
pub mod staff;
pub mod terminal;
pub mod testing;
pub mod tls;
pub mod vault;
pub mod waiting;
pub mod web;
pub mod zones;

pub use case::{Acting, Case, Target, Terminal};
pub use clock::{Clock, Ids};
pub use cluster::{MigrationSet, migrate, schema_rules};
pub use db::{Day, Instant, Municipality};
pub use rights::{Action, Duty, Role, Zone};
pub use sink::Sink;
pub use tls::{Fingerprint, IdentityError, PeerIdentity, Refusal, RefusalReason, Refusals};
pub use vault::Vault;
pub use web::{Failure, Posted};

/// What a running system holds: its database (as the app role), its audit log's second place, its clock and its
/// ids. Cheap to clone.
#[derive(Clone)]
pub struct Kit {
    pub pool: sqlx::PgPool,
    /// 操作ログの控え: no answer without an entry in here.
    pub sink: Sink,
    /// Where background work may have something to do.
    pub waiting: waiting::Waiting,
    /// Signs of an intrusion that have not been written yet.
    pub watch: intrusion::Watch,
    pub clock: Clock,
    pub ids: Ids,
    /// True where the system is reached over TLS: decides the cookie's name and its `Secure` mark.
    pub over_tls: bool,
    /// Which system this is, and who keeps its staff's sign-ins.
    pub desk: session::Desk,
}

/// Kit's own tables, in every system's database before the system's own.
pub const MIGRATIONS: MigrationSet = MigrationSet {
    name: "kit",
    files: &[
        (
            "0001_municipalities_and_staff.sql",
            include_str!("../migrations/0001_municipalities_and_staff.sql"),
        ),
        ("0002_audit.sql", include_str!("../migrations/0002_audit.sql")),
        ("0003_jobs_and_messages.sql", include_str!("../migrations/0003_jobs_and_messages.sql")),
        ("0004_row_security.sql", include_str!("../migrations/0004_row_security.sql")),
        ("0005_audit_tree.sql", include_str!("../migrations/0005_audit_tree.sql")),
        ("0007_audit_questions.sql", include_str!("../migrations/0007_audit_questions.sql")),
        ("0010_sign_in_at_the_hub.sql", include_str!("../migrations/0010_sign_in_at_the_hub.sql")),
        ("0012_drafts.sql", include_str!("../migrations/0012_drafts.sql")),
        ("0020_terminals.sql", include_str!("../migrations/0020_terminals.sql")),
        ("0021_oversight.sql", include_str!("../migrations/0021_oversight.sql")),
        ("0022_approvals.sql", include_str!("../migrations/0022_approvals.sql")),
    ],
};
