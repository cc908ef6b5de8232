//! The audit log's second place: what is answered is in both, what cannot be stored is not answered.

use crate::support::{KITA, Stage, stage};
use jiff::SignedDuration;
use kit::{
    Acting, Action, Case, Failure, Role, Sink, Target,
    jobs::{NewJob, Worker},
    sink::{Comparison, Difference, compare},
};
use serde_json::json;
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use uuid::Uuid;

fn day_file(stage: &Stage) -> PathBuf {
    stage.kit.sink.folder().join(format!("{}.jsonl", stage.kit.clock.today()))
}

async fn view(stage: &Stage, acting: &Acting) -> Result<(), Failure> {
    let case = Case::open(&stage.kit, acting, Action::ViewHome, Target::NONE).await?;
    case.viewed(json!({})).await
}

async fn compared(stage: &Stage) -> Comparison {
    let today = stage.kit.clock.today();
    compare(&stage.kit, stage.kit.sink.folder(), today, today).await.unwrap()
}

async fn rows(stage: &Stage) -> i64 {
    let count = sqlx::query_scalar("select count(*) from audit_entries");
    count.fetch_one(&stage.db.superuser_pool()).await.unwrap()
}

#[tokio::test]
async fn an_entry_is_in_the_table_and_in_the_days_file_with_the_same_words() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let person = Uuid::from_u128(7);
    let mut case =
        Case::open(&stage.kit, &clerk, Action::ViewResident, Target::resident(person)).await.unwrap();
    case.also_viewed(&stage.kit, Target::resident(Uuid::from_u128(8)), json!({"page": "家族\n\""}))
        .await
        .unwrap();
    case.viewed(json!({"page": "person"})).await.unwrap();
    let refused = Case::open(&stage.kit, &clerk, Action::ManageStaff, Target::NONE).await;
    assert!(matches!(refused, Err(Failure::Refused(_))));

    let found = compared(&stage).await;
    assert_eq!((found.same, found.unfinished, found.unreadable), (3, 0, 0));
    assert!(found.differences.is_empty());
    let text = std::fs::read_to_string(day_file(&stage)).unwrap();
    assert_eq!(text.lines().count(), 4, "one line that begins the run, then one an entry:\n{text}");
    assert!(text.contains(&person.to_string()));
}

#[tokio::test]
async fn what_differs_between_table_and_files_is_named() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    for _ in 0..5 {
        view(&stage, &clerk).await.unwrap();
    }
    let pool = stage.db.superuser_pool();
    let ids: Vec<Uuid> = sqlx::query_scalar("select entry_id from audit_entries order by entry_id")
        .fetch_all(&pool)
        .await
        .unwrap();
    sqlx::query("delete from audit_entries where entry_id = $1").bind(ids[0]).execute(&pool).await.unwrap();
    sqlx::query("update audit_entries set outcome = 'done' where entry_id = $1")
        .bind(ids[1])
        .execute(&pool)
        .await
        .unwrap();
    let file = day_file(&stage);
    let text = std::fs::read_to_string(&file).unwrap();
    let kept: Vec<String> = text
        .lines()
        .filter(|line| !line.contains(&format!("\"entry\":\"{}\"", ids[2])))
        .map(|line| match line.contains(&format!("\"entry\":\"{}\"", ids[3])) {
            true => line.replace("view_home", "view_hone"),
            false => line.to_owned(),
        })
        .collect();
    assert_eq!(kept.len(), text.lines().count() - 1);
    std::fs::write(&file, kept.join("\n")).unwrap();

    let found = compared(&stage).await;
    let expected = [
        Difference::OnlyInTable(KITA, ids[2]),
        Difference::OnlyInFiles(KITA, ids[0]),
        Difference::Altered(KITA, ids[1]),
        Difference::Altered(KITA, ids[3]),
    ];
    assert_eq!(found.differences, expected.into_iter().collect());
    assert_eq!((found.same, found.unreadable), (1, 0));
}

/// Breaks a sink and mends it again.
struct Fault {
    name: &'static str,
    break_it: fn(&Path, &Path),
    mend_it: fn(&Path, &Path),
}

const FAULTS: [Fault; 4] = [
    Fault {
        name: "the disk is full",
        break_it: |_, file| {
            std::fs::remove_file(file).unwrap();
            std::os::unix::fs::symlink("/dev/full", file).unwrap();
        },
        mend_it: |_, file| std::fs::remove_file(file).unwrap(),
    },
    Fault {
        name: "the folder is gone",
        break_it: |folder, _| std::fs::rename(folder, folder.with_extension("away")).unwrap(),
        mend_it: |folder, _| std::fs::rename(folder.with_extension("away"), folder).unwrap(),
    },
    Fault {
        name: "another thing stands in the folder's place",
        break_it: |folder, _| {
            std::fs::rename(folder, folder.with_extension("away")).unwrap();
            std::fs::write(folder, "").unwrap();
        },
        mend_it: |folder, _| {
            std::fs::remove_file(folder).unwrap();
            std::fs::rename(folder.with_extension("away"), folder).unwrap();
        },
    },
    Fault {
        name: "the file may not be written",
        break_it: |_, file| {
            std::fs::remove_file(file).unwrap();
            std::fs::create_dir(file).unwrap();
        },
        mend_it: |_, file| std::fs::remove_dir(file).unwrap(),
    },
];

#[tokio::test]
async fn nothing_is_committed_while_the_files_cannot_be_written_and_work_goes_on_by_itself() {
    for fault in FAULTS {
        let stage = stage().await;
        let clerk = stage.staff(KITA, Role::Clerk).await;
        view(&stage, &clerk).await.unwrap();
        let (folder, file) = (stage.kit.sink.folder().to_owned(), day_file(&stage));
        let saved = std::fs::read(&file).unwrap();
        (fault.break_it)(&folder, &file);

        let mut case = Case::open(&stage.kit, &clerk, Action::NoteFact, Target::NONE).await.unwrap();
        sqlx::query("insert into counters (municipality_code, name, next_value) values ($1, 'x', 1)")
            .bind(KITA.0)
            .execute(case.conn())
            .await
            .unwrap();
        assert!(matches!(case.done(json!({})).await, Err(Failure::Unlogged(_))), "{}", fault.name);
        assert!(matches!(view(&stage, &clerk).await, Err(Failure::Unlogged(_))), "{}", fault.name);
        let refused = Case::open(&stage.kit, &clerk, Action::ManageStaff, Target::NONE).await;
        assert!(matches!(refused, Err(Failure::Unlogged(_))), "{}", fault.name);
        assert_eq!(rows(&stage).await, 1, "{}", fault.name);
        let left: i64 = sqlx::query_scalar("select count(*) from counters")
            .fetch_one(&stage.db.superuser_pool())
            .await
            .unwrap();
        assert_eq!(left, 0, "{}", fault.name);

        (fault.mend_it)(&folder, &file);
        if !file.exists() {
            std::fs::write(&file, &saved).unwrap();
        }
        view(&stage, &clerk).await.unwrap_or_else(|failure| panic!("{}: {failure}", fault.name));
        let found = compared(&stage).await;
        assert_eq!(found.same, 2, "{}", fault.name);
        assert!(found.differences.is_empty(), "{}: {:?}", fault.name, found.differences);
    }
}

#[tokio::test]
async fn a_disk_that_does_not_answer_holds_nobody_for_long() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    view(&stage, &clerk).await.unwrap();
    let hand_on_it = File::open(day_file(&stage)).unwrap();
    hand_on_it.lock().unwrap();
    assert!(matches!(view(&stage, &clerk).await, Err(Failure::Unlogged(_))));
    // Whoever comes later need not wait to hear it.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    assert!(matches!(view(&stage, &clerk).await, Err(Failure::Unlogged(_))));
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());
    hand_on_it.unlock().unwrap();

    let until = Instant::now() + Duration::from_secs(30);
    while view(&stage, &clerk).await.is_err() {
        assert!(Instant::now() < until, "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(rows(&stage).await, 2);
    // The line that was written when its request had long been given up is marked.
    let found = marked(&stage, 1).await;
    assert_eq!((found.same, found.unfinished), (2, 1));
    assert!(found.differences.is_empty(), "{:?}", found.differences);
}

/// Compares once the marks have been written, which nobody waits for.
async fn marked(stage: &Stage, count: u64) -> Comparison {
    for _ in 0..100 {
        let found = compared(stage).await;
        if found.unfinished == count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    compared(stage).await
}

#[tokio::test]
async fn a_line_whose_commit_failed_is_marked() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let pool = stage.db.superuser_pool();
    for sql in [
        "create function no() returns trigger language plpgsql as 'begin raise exception ''no''; end'",
        "create constraint trigger no after insert on audit_entries deferrable initially deferred for each row execute function no()",
    ] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
    assert!(matches!(view(&stage, &clerk).await, Err(Failure::Internal(_))));
    sqlx::query("drop trigger no on audit_entries").execute(&pool).await.unwrap();
    view(&stage, &clerk).await.unwrap();
    let found = marked(&stage, 1).await;
    assert_eq!((found.same, found.unfinished), (1, 1));
    assert!(found.differences.is_empty(), "{:?}", found.differences);
}

#[tokio::test]
async fn lines_of_a_process_that_was_killed_before_its_commit_are_no_difference() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    view(&stage, &clerk).await.unwrap();
    let file = day_file(&stage);
    let text = std::fs::read_to_string(&file).unwrap();
    let line = text.lines().last().unwrap();
    let id: Uuid = sqlx::query_scalar("select entry_id from audit_entries")
        .fetch_one(&stage.db.superuser_pool())
        .await
        .unwrap();
    // One whole line and one that the power cut shortened.
    let lost = line.replace(&id.to_string(), &Uuid::from_u128(9).to_string());
    std::fs::write(&file, format!("{text}{lost}\n{}", &line[..40])).unwrap();
    let again = Sink::open(stage.kit.sink.folder(), stage.kit.clock.clone()).unwrap();
    drop(again);
    view(&stage, &clerk).await.unwrap();
    let found = compared(&stage).await;
    assert_eq!((found.same, found.unfinished, found.unreadable), (2, 1, 1));
    assert!(found.differences.is_empty(), "{:?}", found.differences);
}

#[tokio::test]
async fn a_job_waits_until_its_entry_can_be_stored() {
    let stage = stage().await;
    let clerk = stage.staff(KITA, Role::Clerk).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let (counted, acting) = (runs.clone(), clerk.clone());
    let work = move |run: kit::jobs::Run| {
        let (counted, acting) = (counted.clone(), acting.clone());
        Box::pin(async move {
            counted.fetch_add(1, Ordering::SeqCst);
            let case = Case::open(&run.kit, &acting, Action::NoteFact, Target::NONE).await;
            let done = case.map_err(Failure::into_error)?.done(json!({})).await;
            done.map_err(Failure::into_error).map(|()| "終わりました".to_owned())
        }) as futures_util::future::BoxFuture<'static, anyhow::Result<String>>
    };
    let worker = Worker::new(stage.kit.clone()).with("test", Arc::new(work));
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let new = NewJob { kind: "test", title: "試し", subject_id: None, payload: json!({}) };
    let job_id = kit::jobs::enqueue(&mut tx, &stage.kit, KITA, None, new).await.unwrap();
    tx.commit().await.unwrap();

    let (file, saved) = (day_file(&stage), std::fs::read(day_file(&stage)).unwrap());
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    // More often than a job may bring down its worker.
    for _ in 0..8 {
        worker.run_all().await.unwrap();
        stage.kit.clock.advance(SignedDuration::from_secs(11));
    }
    assert_eq!(runs.load(Ordering::SeqCst), 8);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, saved).unwrap();
    worker.run_all().await.unwrap();
    let mut tx = kit::db::begin(&stage.kit.pool, KITA).await.unwrap();
    let job = kit::jobs::get(&mut tx, KITA, job_id).await.unwrap().unwrap();
    assert_eq!(job.state, "done", "{}", job.message);
}
