//! The one way through a use case: allow → gather → decide → write.
//!
//! ```text
//! let mut case = Case::open(&kit, &acting, Action::RegisterRecord, Target::resident(id)).await?;   // allow
//! let history = records::sql::history(case.conn(), id).await?;                                    // gather
//! let verdict = engine.check(&person, &history, &dose);                                           // decide (domain)
//! records::sql::insert(case.conn(), &record).await?;                                              // write
//! case.done(json!({"record": record_id})).await?;                        // audit entry and commit, or nothing at all
//! ```

use crate::{
    Action, Failure, Kit, Municipality, Role, Zone,
    audit::{self, Entry, Outcome},
    rights, web, zones,
};
use serde_json::{Value, json};
use sqlx::{PgConnection, Postgres, Transaction};
use uuid::Uuid;

/// 端末 that someone acts from, and the zone of the network it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "端末")]
pub struct Terminal {
    pub zone: Zone,
    /// `None` where nobody's terminal is involved (jobs, commands), and on a machine that serves only itself.
    pub id: Option<Uuid>,
}

impl Terminal {
    /// The machine that the server runs on.
    pub const SERVER: Terminal = Terminal { zone: Zone::Server, id: None };
}

/// The member of staff who acts, as one request or job knows them.
#[derive(Clone, Debug)]
pub struct Acting {
    pub municipality: Municipality,
    pub municipality_name: String,
    pub staff_id: Uuid,
    pub staff_name: String,
    pub roles: Vec<Role>,
    pub terminal: Terminal,
    /// When a second factor was last proved in this session (個人番号を扱うときの二要素認証).
    pub stepped_up_at: Option<jiff::Timestamp>,
    /// Ties forms to the session.
    pub csrf_token: String,
    pub request_id: Uuid,
}

impl Acting {
    /// By role, and from the terminal's zone.
    pub fn may(&self, action: Action) -> bool {
        rights::may(&self.roles, action) && zones::admits(self.terminal.zone, action)
    }

    /// The roles as shown beside the name.
    pub fn roles_ja(&self) -> String {
        self.roles.iter().map(|role| role.ja()).collect::<Vec<_>>().join("・")
    }
}

/// What a deed is done to, as the log names it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub kind: &'static str,
    pub id: Option<Uuid>,
}

impl Target {
    pub const NONE: Target = Target { kind: "", id: None };

    pub const fn of(kind: &'static str, id: Uuid) -> Self {
        Target { kind, id: Some(id) }
    }

    pub const fn resident(id: Uuid) -> Self {
        Target::of("resident", id)
    }
}

/// An allowed use case with its open transaction. Dropped without [`done`](Case::done) or [`viewed`](Case::viewed),
/// it leaves no trace in the tables, and there is nothing to show: reads come only through its connection.
pub struct Case {
    kit: Kit,
    tx: Transaction<'static, Postgres>,
    entry: Entry,
    /// Views within the same request, written with the entry.
    views: Vec<Entry>,
    /// The sending this case has taken, where it answers a form.
    key: Option<Uuid>,
}

impl Case {
    /// Allows or refuses. A refusal is logged before it is answered.
    ///
    /// # Errors
    /// [`Failure::Refused`] when the person may not; database errors.
    pub async fn open(kit: &Kit, acting: &Acting, action: Action, target: Target) -> Result<Case, Failure> {
        let mut entry = Entry {
            municipality: acting.municipality,
            entry_id: kit.ids.next(),
            at: kit.clock.now(),
            staff_id: Some(acting.staff_id),
            request_id: acting.request_id,
            action,
            outcome: Outcome::Refused,
            target_kind: target.kind,
            target_id: target.id,
            terminal: acting.terminal,
            purpose: None,
            detail: json!({}),
            before: None,
            after: None,
        };
        let mut tx = crate::db::begin(&kit.pool, acting.municipality).await?;
        if !acting.may(action) {
            audit::commit(kit, tx, &[entry]).await?;
            web::note_decision(action);
            return Err(Failure::Refused(action));
        }
        let key = web::once::claim(&mut tx, kit, acting.municipality, action).await?;
        entry.outcome = Outcome::Done;
        Ok(Case { kit: kit.clone(), tx, entry, views: Vec::new(), key })
    }

    /// The connection behind the municipality's wall.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.tx
    }

    pub fn municipality(&self) -> Municipality {
        self.entry.municipality
    }

    /// The moment the case was opened: one deed has one time.
    pub fn at(&self) -> jiff::Timestamp {
        self.entry.at
    }

    /// Names the target where it is known only after gathering (a sheet's person, a new record).
    pub fn aim(&mut self, target: Target) {
        self.entry.target_kind = target.kind;
        self.entry.target_id = target.id;
    }

    /// Names the legal ground of the deed by its code, where the deed needs one.
    pub fn because(&mut self, purpose: &'static str) {
        self.entry.purpose = Some(purpose);
    }

    /// [`done`](Case::done) for a change of something that was there, or is now: ids, versions and codes of what the
    /// deed found and of what it left, never a name or another personal datum.
    pub async fn done_changing(
        mut self,
        detail: Value,
        before: impl Into<Option<Value>>,
        after: impl Into<Option<Value>>,
    ) -> Result<(), Failure> {
        self.entry.before = before.into();
        self.entry.after = after.into();
        self.done(detail).await
    }

    /// Logs a change and commits both, or neither.
    pub async fn done(self, detail: Value) -> Result<(), Failure> {
        self.finish(Outcome::Done, detail).await
    }

    /// Logs a view. To be called before the page is made: no entry, no answer.
    pub async fn viewed(self, detail: Value) -> Result<(), Failure> {
        self.finish(Outcome::Viewed, detail).await
    }

    /// Logs that the deed was refused by a rule (not by rights) and undoes everything else.
    pub async fn refused(self, kit: &Kit, detail: Value) -> Result<(), Failure> {
        let Case { tx, mut entry, .. } = self;
        tx.rollback().await?;
        entry.outcome = Outcome::Refused;
        entry.detail = detail;
        let (tx, action) = (crate::db::begin(&kit.pool, entry.municipality).await?, entry.action);
        audit::commit(kit, tx, &[entry]).await?;
        web::note_decision(action);
        Ok(())
    }

    /// Refuses by a rule and keeps what the refusal leaves behind: a counted failure, a challenge used up.
    pub async fn refused_keeping(mut self, detail: Value) -> Result<(), Failure> {
        self.views.clear();
        self.finish(Outcome::Refused, detail).await
    }

    /// One more view within the same request, for each person whose data a list shows.
    pub async fn also_viewed(&mut self, kit: &Kit, target: Target, detail: Value) -> Result<(), Failure> {
        let entry = Entry {
            entry_id: kit.ids.next(),
            outcome: Outcome::Viewed,
            target_kind: target.kind,
            target_id: target.id,
            detail,
            ..self.entry.clone()
        };
        self.views.push(entry);
        Ok(())
    }

    async fn finish(mut self, outcome: Outcome, detail: Value) -> Result<(), Failure> {
        self.entry.outcome = outcome;
        self.entry.detail = detail;
        let Case { kit, mut tx, entry, mut views, key } = self;
        let (municipality, action) = (entry.municipality, entry.action);
        views.push(entry);
        match (key, outcome) {
            (Some(_), Outcome::Done) => web::once::hold(kit, municipality, tx, views),
            (Some(key), Outcome::Viewed | Outcome::Refused) => {
                web::once::give_back(&mut tx, municipality, key).await?;
                audit::commit(&kit, tx, &views).await?;
            }
            (None, _) => audit::commit(&kit, tx, &views).await?,
        }
        web::note_decision(action);
        Ok(())
    }
}
