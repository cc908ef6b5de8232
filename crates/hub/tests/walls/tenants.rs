//! Another municipality's ids, in paths and forms: answered like ids that nobody has.

use super::town::{Things, Walls, walls};
use axum::http::Method;
use kit::testing::walls::{
    MARKS,
    tenants::{self, Probe},
};

fn probes(walls: &Walls, things: &Things) -> Vec<Probe> {
    let mut probes = tenants::probes(walls, things);
    for query in [
        format!("/audit?from=2026-01-01&staff={}", things.newcomer),
        format!("/audit?from=2026-01-01&target={}", things.addressee),
        format!("/rights/new?staff={}", things.newcomer),
    ] {
        probes.push((Method::GET, query, Vec::new()));
    }
    probes
}

#[tokio::test]
async fn another_municipalitys_ids_are_answered_like_ids_that_nobody_has() {
    let walls = walls(MARKS).await;
    let (unknown, foreign) = (probes(&walls, &Things::unknown()), probes(&walls, &walls.theirs.things));
    let compared = tenants::alike(&walls, &unknown, &foreign).await;
    println!("{compared} comparisons");
    assert!(compared > 250);
}

#[tokio::test]
async fn lists_and_searches_show_nothing_of_the_neighbour() {
    tenants::nothing_of_the_neighbour(&walls(MARKS).await).await;
}
