//! Another municipality's ids, in paths and forms: answered like ids that nobody has.

use super::town::{Form, Ground as _, MARKS, Things, Walls, walls};
use axum::http::Method;
use kit::{
    Role,
    testing::walls::tenants::{self, Probe},
};
use std::time::{Duration, Instant};

/// Routes with an id somewhere, with that id taken from `things`.
fn probes(walls: &Walls, things: &Things) -> Vec<Probe> {
    let mut probes = tenants::probes(walls, things);
    for query in [
        format!("/audit?from=2026-01-01&staff={}", things.clerk),
        format!("/campaigns/new?kind=reminder&programme=MR1&follows={}", things.printed),
    ] {
        probes.push((Method::GET, query, Vec::new()));
    }
    probes
}

#[tokio::test]
async fn another_municipalitys_ids_are_answered_like_ids_that_nobody_has() {
    let walls = walls(MARKS).await;
    let (unknown, foreign) = (probes(&walls, &Things::unknown()), probes(&walls, &walls.theirs.things));
    println!("{} comparisons", tenants::alike(&walls, &unknown, &foreign).await);
}

#[tokio::test]
async fn lists_and_searches_show_nothing_of_the_neighbour() {
    let walls = walls(MARKS).await;
    tenants::nothing_of_the_neighbour(&walls).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let by_name: Form = vec![("name".to_owned(), MARKS[1].to_owned()), ("former".to_owned(), "1".to_owned())];
    let found = walls.post(Some(&clerk), "/residents", &by_name).await;
    assert!(!found.text().contains(&walls.theirs.things.resident.to_string()));
}

/// How often each of the two is asked before their medians are compared.
const ASKED: usize = 21;
/// A difference by chance does not come back; one that can be measured does.
const ATTEMPTS: usize = 5;

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

/// Among 1,741 municipalities.
#[tokio::test]
async fn another_municipalitys_ids_take_as_long_as_ids_that_nobody_has() {
    let walls = walls(MARKS).await;
    sqlx::query(
        "insert into municipalities (municipality_code, name)
         select code, 'n' from generate_series(200000, 201738) as t (code)",
    )
    .execute(&walls.stage.db.owner_pool())
    .await
    .unwrap();
    let unknown = probes(&walls, &Things::unknown());
    let foreign = probes(&walls, &walls.theirs.things);
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let timed = async |(method, path, form): &Probe| {
        let asked = Instant::now();
        walls.ask(method, Some(&session), path, form).await;
        asked.elapsed()
    };
    let mut compared = 0;
    for (unknown, foreign) in unknown.iter().zip(&foreign).filter(|(unknown, _)| unknown.0 == Method::GET) {
        let mut ratios = Vec::new();
        while ratios.len() < ATTEMPTS && ratios.last().is_none_or(|ratio| !(0.9..1.1).contains(ratio)) {
            let (mut nobodys, mut theirs) = (Vec::new(), Vec::new());
            // In turn, so that what else the machine does meets both.
            for turn in 0..ASKED {
                if turn % 2 == 0 {
                    nobodys.push(timed(unknown).await);
                    theirs.push(timed(foreign).await);
                } else {
                    theirs.push(timed(foreign).await);
                    nobodys.push(timed(unknown).await);
                }
            }
            ratios.push(median(&mut theirs) / median(&mut nobodys));
        }
        compared += 1;
        assert!((0.9..1.1).contains(ratios.last().unwrap()), "{}: {ratios:?}", foreign.1);
    }
    assert!(compared > 15, "{compared}");
}
