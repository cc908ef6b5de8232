//! 気になる閲覧 in this system: who of those looked at has the name or the address of whoever looked.
//!
//! Names and addresses are compared here and go nowhere: what is kept is that they agree.

mod sql;

use crate::App;
use desk::findings::{self, Facts, Looks};
use domain::{
    oversight::{Dwelling, Id},
    surname::is_same_surname,
};
use kit::{Action, db, jobs::Run};
use sql::{Known, Own};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// A sheet's person is not looked up but held in the hand: `FindSheet` is no look.
const LOOKS: Looks = Looks {
    kind: "resident",
    actions: &[Action::ViewResident, Action::ViewRecord, Action::ViewProvisions],
    search: Action::SearchResidents,
};

/// People read at a time.
const READ_MAX: usize = 5_000;

/// The day's job.
pub async fn look_for_findings(app: App, run: Run) -> anyhow::Result<String> {
    let mut facts = findings::gather(&run, LOOKS).await?;
    relate(&app, &run, &mut facts).await?;
    findings::keep(&run, facts).await
}

/// Marks the looks at people of the same surname or the same address.
async fn relate(app: &App, run: &Run, facts: &mut Facts) -> anyhow::Result<()> {
    let mut tx = db::begin(&app.kit.pool, run.municipality).await?;
    let staff = sql::staff(&mut tx, run.municipality).await?;
    let people: BTreeSet<Id> = facts.looks.iter().map(|look| look.person).collect();
    let people: Vec<Uuid> = people.into_iter().map(Uuid::from_u128).collect();
    let mut known: HashMap<Id, Known> = HashMap::new();
    for part in people.chunks(READ_MAX) {
        known.extend(sql::people(&mut tx, run.municipality, part).await?);
    }
    tx.commit().await?;
    for look in &mut facts.looks {
        let (Some(own), Some(person)) = (staff.get(&look.staff), known.get(&look.person)) else { continue };
        look.is_same_surname = has_surname_of(own, person);
        look.is_same_address = own.dwelling.as_ref().is_some_and(|own| own.is_ones_own(&person.dwelling));
    }
    Ok(())
}

fn has_surname_of(own: &Own, person: &Known) -> bool {
    is_same_surname(&own.name, &person.kanji, &person.kana, &person.alias)
}

/// What of a person is compared.
fn dwelling(
    person: Uuid,
    household: String,
    address_key: &str,
    building: &str,
    is_protected: bool,
) -> Dwelling {
    let building: String = building.chars().filter(|c| !c.is_whitespace()).collect();
    let address = if address_key.is_empty() { String::new() } else { format!("{address_key} {building}") };
    Dwelling { person: person.as_u128(), household, address, is_protected }
}
