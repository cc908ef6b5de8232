//! The audit log's second place: every request is in both, and nothing is shown or done while it cannot be written.

use super::{Ground, MARKS};
use crate::Role;
use axum::http::{StatusCode, header};

async fn entries(ground: &impl Ground) -> (i64, i64) {
    sqlx::query_as("select count(*), count(distinct request_id) from audit_entries")
        .fetch_one(&ground.superuser())
        .await
        .expect("the log can be read")
}

/// Each request of each route in each role is in the table and in the files.
pub async fn both_places(ground: &impl Ground) {
    let (_, before) = entries(ground).await;
    let (_, ours) = ground.ours();
    let mut cells = 0;
    for route in ground.staff_routes() {
        for role in Role::ALL {
            let session = ground.session(*role).await;
            let path = ground.path(&route, &ours);
            ground.ask(&route.method, Some(&session), &path, &ground.sent(&route, &ours)).await;
            cells += 1;
        }
    }
    let (rows, requests) = entries(ground).await;
    assert_eq!(requests - before, cells);
    let kit = ground.kit();
    let today = kit.clock.today();
    // The ground may have entries of months that are over.
    let from = today.saturating_sub(jiff::Span::new().months(6));
    let found = crate::sink::compare(kit, kit.sink.folder(), from, today).await;
    let found = found.expect("both places can be read");
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    assert_eq!((found.same, found.unfinished, found.unreadable), (rows.cast_unsigned(), 0, 0));
}

/// While the log cannot be written no route answers with data or changes anything; afterwards all is as before.
pub async fn broken(ground: &impl Ground) {
    let kit = ground.kit();
    let (municipality, ours) = ground.ours();
    let file = kit.sink.folder().join(format!("{}.jsonl", kit.clock.today()));
    let away = file.with_extension("away");
    let mut sessions = Vec::new();
    for role in Role::ALL {
        sessions.push((role, ground.session(*role).await));
    }
    let before = (ground.digest(municipality).await, entries(ground).await);
    std::fs::rename(&file, &away).expect("the log is there");
    std::os::unix::fs::symlink("/dev/full", &file).expect("a full disk can be played");
    for route in ground.staff_routes() {
        // A session's rate of requests grows with the time: the clock of a test stands still by itself.
        kit.clock.advance(jiff::SignedDuration::from_secs(1));
        for (role, session) in &sessions {
            let path = ground.path(&route, &ours);
            let here = format!("{} {path} as {}", route.method, role.code());
            let form = ground.sent(&route, &ours);
            let answer = ground.ask(&route.method, Some(session), &path, &form).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{here}");
            assert_eq!(answer.header(header::RETRY_AFTER), "30", "{here}");
            let text = answer.text();
            assert!(text.contains("操作ログを保存できないため"), "{here}: {text}");
            assert!(!text.contains("障害が起きました"), "{here}: {text}");
            // The person's own name stands above every page; nothing else may carry the mark.
            let nowhere = ground.get(Some(session), "/nowhere").await.text();
            assert_eq!(text.matches(MARKS[0]).count(), nowhere.matches(MARKS[0]).count(), "{here}: {text}");
        }
    }
    assert_eq!(before, (ground.digest(municipality).await, entries(ground).await));
    std::fs::remove_file(&file).expect("the link can be removed");
    std::fs::rename(&away, &file).expect("the log can be put back");
    // A person's rate of requests begins anew.
    kit.clock.advance(jiff::SignedDuration::from_mins(1));
    assert_eq!(ground.get(Some(&sessions[0].1), "/").await.status, StatusCode::OK);
}
