//! All municipalities of the country in one installation: background work costs what waits, not how many there are.

use crate::support::{KITA, Stage, stage};
use kit::{
    Action, Case, Kit, Municipality, Role, Target, audit,
    jobs::{self, NewJob, Run, Worker},
    waiting::Rounds,
};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tracing::{Event, Metadata, Subscriber, span};

/// 1,741 with the two of the stage.
async fn country() -> Stage {
    let stage = stage().await;
    sqlx::query(
        "insert into municipalities (municipality_code, name)
         select code, 'n' from generate_series(200000, 201738) as t (code)",
    )
    .execute(&stage.db.owner_pool())
    .await
    .unwrap();
    stage
}

async fn placed(stage: &Stage) -> i64 {
    sqlx::query_scalar("select count(*) from audit_places")
        .fetch_one(&stage.db.superuser_pool())
        .await
        .unwrap()
}

async fn view(kit: &Kit, stage: &Stage) {
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let case = Case::open(kit, &clerk, Action::ViewHome, Target::NONE).await.unwrap();
    case.viewed(json!({})).await.unwrap();
}

/// Counts the statements that are sent to the database.
struct Counter(Arc<AtomicU64>);

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

#[tokio::test]
async fn an_idle_country_costs_a_handful_of_queries_and_one_deed_is_seen_at_once() {
    let statements = Arc::new(AtomicU64::new(0));
    let _counting = tracing::subscriber::set_default(Counter(statements.clone()));
    let stage = country().await;
    let mut rounds = Rounds::default();
    statements.store(0, Ordering::SeqCst);
    audit::place_waiting(&stage.kit, &mut rounds).await.unwrap();
    let of_all = statements.swap(0, Ordering::SeqCst);
    assert!(of_all > 1_741, "the first round looks everywhere: {of_all}");
    for _ in 0..10 {
        audit::place_waiting(&stage.kit, &mut rounds).await.unwrap();
    }
    let idle = statements.swap(0, Ordering::SeqCst) / 10;
    println!("{of_all} statements in the first round, {idle} in an idle one");
    assert!((1..60).contains(&idle), "{idle}");

    view(&stage.kit, &stage).await;
    assert_eq!(placed(&stage).await, 0);
    audit::place_waiting(&stage.kit, &mut rounds).await.unwrap();
    assert_eq!(placed(&stage).await, 1);
}

#[tokio::test]
async fn what_another_process_or_an_earlier_run_left_is_found_on_the_way() {
    let stage = country().await;
    let mut rounds = Rounds::default();
    rounds.next(&stage.kit).await.unwrap();
    // The same database, another memory.
    let other = Kit { waiting: kit::waiting::Waiting::default(), ..stage.kit.clone() };
    view(&other, &stage).await;
    let mut ticks = 0;
    while !rounds.next(&stage.kit).await.unwrap().contains(&KITA) {
        ticks += 1;
        assert!(ticks < 441, "seven minutes are enough to have looked everywhere");
    }
    // Nobody is left out, and nobody is looked at twice before all were.
    let mut seen: Vec<Municipality> = Vec::new();
    let mut rounds = Rounds::default();
    rounds.next(&stage.kit).await.unwrap();
    while seen.len() < 1_741 {
        seen.extend(rounds.next(&stage.kit).await.unwrap());
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 1_741);
}

#[tokio::test]
async fn a_job_of_one_among_all_is_taken_up_at_once() {
    let stage = country().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let work = |_: Run| Box::pin(async { Ok("終わりました".to_owned()) }) as _;
    let worker = Worker::new(stage.kit.clone()).with("test", Arc::new(work));
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(worker.run(stopped));
    // Past the first look at everybody.
    let mut waits = Vec::new();
    for _ in 0..4 {
        let mut case = Case::open(&stage.kit, &clerk, Action::NoteFact, Target::NONE).await.unwrap();
        let new = NewJob { kind: "test", title: "試し", subject_id: None, payload: json!({}) };
        let id = jobs::enqueue(case.conn(), &stage.kit, KITA, None, new).await.unwrap();
        case.done(json!({})).await.unwrap();
        let asked = Instant::now();
        loop {
            let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
            if jobs::get(&mut tx, KITA, id).await.unwrap().unwrap().state == "done" {
                break;
            }
            tx.commit().await.unwrap();
            assert!(asked.elapsed() < Duration::from_secs(60), "nobody takes it up");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waits.push(asked.elapsed());
    }
    println!("{waits:?}");
    assert!(*waits.last().unwrap() < Duration::from_secs(5), "{waits:?}");
    stop.send(true).unwrap();
    running.await.unwrap();
}
