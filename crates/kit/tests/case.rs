//! The one way through: no right, no deed; no entry, no answer; no crossing of the municipality's wall.

use crate::support::{ITABASHI, KITA, Stage, stage};
use kit::{Action, Case, Failure, Role, Target};
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

async fn entries(stage: &Stage) -> Vec<(String, String, Option<Uuid>)> {
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let rows = sqlx::query("select action, outcome, target_id from audit_entries order by entry_id")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn what_the_role_does_not_carry_is_refused_and_logged() {
    let stage = stage().await;
    let auditor = stage.staff(KITA, Role::Auditor).await;
    let person = Uuid::from_u128(7);
    let answer = Case::open(&stage.kit, &auditor, Action::RegisterRecord, Target::resident(person)).await;
    assert!(matches!(answer, Err(Failure::Refused(Action::RegisterRecord))));
    assert_eq!(entries(&stage).await, [("register_record".into(), "refused".into(), Some(person))]);
}

#[tokio::test]
async fn a_deed_and_its_entry_are_committed_together_or_not_at_all() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let add = "insert into counters (municipality_code, name, next_value) values ($1, $2, 1)";

    let mut dropped = Case::open(&stage.kit, &clerk, Action::NoteFact, Target::NONE).await.unwrap();
    sqlx::query(add).bind(KITA.0).bind("dropped").execute(dropped.conn()).await.unwrap();
    drop(dropped);
    let mut kept = Case::open(&stage.kit, &clerk, Action::NoteFact, Target::NONE).await.unwrap();
    sqlx::query(add).bind(KITA.0).bind("kept").execute(kept.conn()).await.unwrap();
    kept.done(json!({})).await.unwrap();

    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let names: Vec<String> =
        sqlx::query_scalar("select name from counters").fetch_all(&mut *tx).await.unwrap();
    assert_eq!(names, ["kept"]);
    assert_eq!(entries(&stage).await, [("note_fact".into(), "done".into(), None)]);
}

#[tokio::test]
async fn another_municipality_sees_nothing_and_can_write_nothing() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let neighbour = stage.staff(ITABASHI, Role::Clerk).await;
    Case::open(&stage.kit, &clerk, Action::ViewHome, Target::NONE)
        .await
        .unwrap()
        .viewed(json!({}))
        .await
        .unwrap();

    let mut case = Case::open(&stage.kit, &neighbour, Action::ViewHome, Target::NONE).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from audit_entries where municipality_code = $1")
        .bind(KITA.0)
        .fetch_one(case.conn())
        .await
        .unwrap();
    assert_eq!(seen, 0);
    let forged =
        sqlx::query("insert into counters (municipality_code, name, next_value) values ($1, 'x', 1)")
            .bind(KITA.0)
            .execute(case.conn())
            .await;
    assert!(forged.is_err(), "a row of another municipality must not be written");

    let without_wall = sqlx::query("select count(*) from staff").fetch_one(&stage.kit.pool).await;
    assert!(without_wall.is_err(), "without a municipality the query fails instead of showing rows");
}
