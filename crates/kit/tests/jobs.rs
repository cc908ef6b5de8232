//! Jobs: run once, resume after their worker died, say why they failed.

use crate::support::{KITA, Stage, stage};
use jiff::SignedDuration;
use kit::jobs::{self, Handler, Job, NewJob, Run, Worker};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use uuid::Uuid;

async fn enqueue(stage: &Stage) -> Uuid {
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let job = NewJob { kind: "count", title: "数える", subject_id: None, payload: json!({"to": 3}) };
    let id = jobs::enqueue(&mut tx, &stage.kit, KITA, None, job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn job(stage: &Stage, id: Uuid) -> Job {
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    jobs::get(&mut tx, KITA, id).await.unwrap().unwrap()
}

fn counting(ran: Arc<AtomicUsize>) -> Handler {
    Arc::new(move |run: Run| {
        let ran = ran.clone();
        Box::pin(async move {
            ran.fetch_add(1, Ordering::SeqCst);
            run.progress(3, 3, "数えています").await?;
            Ok("3まで数えました".to_owned())
        })
    })
}

#[tokio::test]
async fn a_job_runs_once_and_says_what_came_of_it() {
    let stage = stage().await;
    let id = enqueue(&stage).await;
    let ran = Arc::new(AtomicUsize::new(0));
    let worker = Worker::new(stage.kit.clone()).with("count", counting(ran.clone()));
    assert_eq!(worker.run_all().await.unwrap(), 1);
    assert_eq!(worker.run_all().await.unwrap(), 0);
    let job = job(&stage, id).await;
    assert_eq!((job.state_ja(), job.message.as_str(), job.progress_done), ("完了", "3まで数えました", 3));
    assert_eq!(ran.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_job_whose_worker_died_is_taken_up_again_after_ten_silent_seconds() {
    let stage = stage().await;
    let id = enqueue(&stage).await;
    // A worker that dies after claiming: the claim stays, the heartbeat does not.
    sqlx::query("update jobs set state = 'running', heartbeat_at = $1")
        .bind(kit::Instant(stage.kit.clock.now()))
        .execute(&stage.db.superuser_pool())
        .await
        .unwrap();
    let worker = Worker::new(stage.kit.clone()).with("count", counting(Arc::default()));
    stage.kit.clock.advance(SignedDuration::from_secs(10));
    assert_eq!(worker.run_all().await.unwrap(), 0, "its worker may still be alive");
    stage.kit.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(worker.run_all().await.unwrap(), 1);
    assert_eq!(job(&stage, id).await.state_ja(), "完了");
}

#[tokio::test]
async fn a_failed_job_keeps_its_sentence() {
    let stage = stage().await;
    let id = enqueue(&stage).await;
    let failing: Handler =
        Arc::new(|_| Box::pin(async { anyhow::bail!("用紙の設定がありません") }));
    Worker::new(stage.kit.clone()).with("count", failing).run_all().await.unwrap();
    let job = job(&stage, id).await;
    assert_eq!((job.state_ja(), job.message.as_str()), ("失敗", "用紙の設定がありません"));
}
