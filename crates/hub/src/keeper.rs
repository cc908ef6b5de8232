//! Who has signed in, for the hub's own pages and for every system that asks.

use crate::sign_in::sql;
use domain::Date;
use futures_util::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use kit::{
    Clock, Municipality, db,
    session::{Arrival, SESSION_MAX, Standing},
};
use sqlx::PgPool;
use uuid::Uuid;

/// NIST SP 800-63B-4 AAL3: whoever has done nothing for a quarter of an hour signs in again.
pub const IDLE_MAX: SignedDuration = SignedDuration::from_mins(15);
/// A ticket is redeemed by the very next request.
const TICKET_MAX: SignedDuration = SignedDuration::from_secs(60);

/// What a sign-in is measured by at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// It must have begun after this.
    pub begun_after: Timestamp,
    /// It must have been used after this.
    pub used_after: Timestamp,
    /// The day in Japan: roles and accounts hold from a day to a day.
    pub today: Date,
}

pub(crate) fn limits(now: Timestamp) -> Limits {
    Limits {
        begun_after: now - SESSION_MAX,
        used_after: now - IDLE_MAX,
        today: kit::clock::in_japan(now).date(),
    }
}

/// The hub as keeper of all sign-ins.
#[derive(Clone)]
pub struct Keeper {
    pub pool: PgPool,
    pub clock: Clock,
}

impl Keeper {
    async fn redeem(
        &self,
        municipality: Municipality,
        system: &str,
        ticket: &str,
    ) -> anyhow::Result<Option<Arrival>> {
        let now = self.clock.now();
        let mut tx = db::begin(&self.pool, municipality).await?;
        let used = sql::use_ticket(&mut tx, municipality, (system, ticket), now, now - TICKET_MAX).await?;
        let arrival = match used {
            Some((sign_in_id, state)) => sql::standing(&mut tx, municipality, sign_in_id, limits(now))
                .await?
                .map(|standing| Arrival { standing, state }),
            None => None,
        };
        tx.commit().await?;
        Ok(arrival)
    }

    async fn check(
        &self,
        municipality: Municipality,
        sign_in_id: Uuid,
        in_use: bool,
    ) -> anyhow::Result<Option<Standing>> {
        let now = self.clock.now();
        let mut tx = db::begin(&self.pool, municipality).await?;
        let standing = sql::standing(&mut tx, municipality, sign_in_id, limits(now)).await?;
        if in_use && standing.is_some() {
            sql::seen(&mut tx, municipality, sign_in_id, now).await?;
        }
        tx.commit().await?;
        Ok(standing)
    }

    async fn end(&self, municipality: Municipality, sign_in_id: Uuid) -> anyhow::Result<()> {
        let mut tx = db::begin(&self.pool, municipality).await?;
        sql::end(&mut tx, municipality, sign_in_id, "person", self.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl kit::session::Keeper for Keeper {
    fn redeem<'a>(
        &'a self,
        municipality: Municipality,
        system: &'a str,
        ticket: &'a str,
    ) -> BoxFuture<'a, anyhow::Result<Option<Arrival>>> {
        self.redeem(municipality, system, ticket).boxed()
    }

    fn check(
        &self,
        municipality: Municipality,
        sign_in_id: Uuid,
        in_use: bool,
    ) -> BoxFuture<'_, anyhow::Result<Option<Standing>>> {
        self.check(municipality, sign_in_id, in_use).boxed()
    }

    fn end(&self, municipality: Municipality, sign_in_id: Uuid) -> BoxFuture<'_, anyhow::Result<()>> {
        self.end(municipality, sign_in_id).boxed()
    }
}
