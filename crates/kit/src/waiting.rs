//! Which municipalities may have work waiting: so that background work costs what waits, not how many there are.
//!
//! Every deed of this process ends in [`crate::audit::commit`], which notes its municipality here, in memory. Whoever
//! does background work (places in the log, jobs) looks at the noted ones, and at a few others in turn: what another
//! process or an earlier run has left is found on the way. Nothing of this passes a municipality's wall: each is
//! looked at in a transaction of its own.

use crate::{Kit, Municipality};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

/// Municipalities looked at in turn besides the noted ones. 1,741 looked at once a second take seven minutes; where
/// there are not more than these, each is looked at every time.
const IN_TURN: i64 = 4;

#[derive(Default)]
struct Noted {
    last: u64,
    at: HashMap<Municipality, u64>,
}

/// The municipalities of this process's latest deeds. Cheap to clone.
#[derive(Clone, Default)]
pub struct Waiting(Arc<Mutex<Noted>>);

impl Waiting {
    /// Something was committed for this municipality.
    pub fn note(&self, municipality: Municipality) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.last += 1;
        let last = noted.last;
        noted.at.insert(municipality, last);
    }

    /// Those noted after `seen`, which is moved to now.
    fn since(&self, seen: &mut u64) -> BTreeSet<Municipality> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(seen, noted.last);
        if before == noted.last {
            return BTreeSet::new();
        }
        noted.at.iter().filter(|(_, at)| **at > before).map(|(municipality, _)| *municipality).collect()
    }
}

/// One background worker's way round the municipalities. It begins with all: what an earlier run left must not wait.
#[derive(Default)]
pub struct Rounds {
    seen: u64,
    /// The last one that was looked at in turn; `None` before the first round.
    turn: Option<i32>,
}

impl Rounds {
    /// Where to look now.
    pub async fn next(&mut self, kit: &Kit) -> sqlx::Result<BTreeSet<Municipality>> {
        let mut round = kit.waiting.since(&mut self.seen);
        let limit = if self.turn.is_some() { IN_TURN } else { i64::MAX };
        let after = self.turn.unwrap_or(0);
        let codes: Vec<i32> = sqlx::query_scalar(
            "select municipality_code from municipalities where municipality_code > $1
             order by municipality_code limit $2",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(&kit.pool)
        .await?;
        let is_end = (codes.len() as i64) < limit;
        self.turn = Some(if is_end { 0 } else { codes.last().copied().unwrap_or(0) });
        round.extend(codes.into_iter().map(Municipality));
        Ok(round)
    }
}
