//! The audit log's second place: every request is in both, and nothing is shown or done while it cannot be written.

use super::{
    examples::{form, path, staff_routes},
    town::{Form, MARKS, Walls, walls},
};
use axum::http::{Method, StatusCode, header};
use kit::{Role, web::Route};

fn form_of(route: &Route, walls: &Walls) -> Form {
    if route.method == Method::GET { Vec::new() } else { form(route, &walls.ours.things) }
}

async fn entries(walls: &Walls) -> (i64, i64) {
    sqlx::query_as("select count(*), count(distinct request_id) from audit_entries")
        .fetch_one(&walls.stage.db.superuser_pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn each_request_of_each_route_is_in_the_table_and_in_the_files() {
    let walls = walls(MARKS).await;
    let (_, before) = entries(&walls).await;
    let mut cells = 0;
    for route in staff_routes() {
        for role in Role::ALL {
            let session = walls.session(&walls.ours, *role).await;
            let path = path(&route, &walls.ours.things);
            walls.ask(&route.method, Some(&session), &path, &form_of(&route, &walls)).await;
            cells += 1;
        }
    }
    let (rows, requests) = entries(&walls).await;
    assert_eq!(requests - before, cells);
    let kit = &walls.stage.app.kit;
    let today = kit.clock.today();
    let found = kit::sink::compare(kit, kit.sink.folder(), today, today).await.unwrap();
    assert!(found.differences.is_empty(), "{:?}", found.differences);
    assert_eq!((found.same, found.unfinished, found.unreadable), (rows.cast_unsigned(), 0, 0));
}

#[tokio::test]
async fn no_route_answers_with_data_or_changes_anything_while_the_log_cannot_be_written() {
    let walls = walls(MARKS).await;
    let kit = &walls.stage.app.kit;
    let file = kit.sink.folder().join(format!("{}.jsonl", kit.clock.today()));
    let away = file.with_extension("away");
    let mut sessions = Vec::new();
    for role in Role::ALL {
        sessions.push((role, walls.session(&walls.ours, *role).await));
    }
    let before = (walls.digest(walls.ours.municipality).await, entries(&walls).await);
    std::fs::rename(&file, &away).unwrap();
    std::os::unix::fs::symlink("/dev/full", &file).unwrap();
    for route in staff_routes() {
        for (role, session) in &sessions {
            let path = path(&route, &walls.ours.things);
            let here = format!("{} {path} as {}", route.method, role.code());
            let answer = walls.ask(&route.method, Some(session), &path, &form_of(&route, &walls)).await;
            assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{here}");
            assert_eq!(answer.header(header::RETRY_AFTER), "30", "{here}");
            let text = answer.text();
            assert!(text.contains("操作ログを保存できないため"), "{here}: {text}");
            assert!(!text.contains("障害が起きました"), "{here}: {text}");
            // The person's own name stands above every page; nothing else may carry the mark.
            let nowhere = walls.get(Some(session), "/nowhere").await.text();
            assert_eq!(text.matches(MARKS[0]).count(), nowhere.matches(MARKS[0]).count(), "{here}: {text}");
        }
    }
    assert_eq!(before, (walls.digest(walls.ours.municipality).await, entries(&walls).await));

    std::fs::remove_file(&file).unwrap();
    std::fs::rename(&away, &file).unwrap();
    let home = walls.get(Some(&sessions[0].1), "/").await;
    assert_eq!(home.status, StatusCode::OK);
}
