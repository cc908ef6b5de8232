//! What another site makes a browser send changes nothing.

use super::{
    examples::{form, path, staff_routes},
    town::{Answer, MARKS, Session, Walls, body, walls},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use kit::Role;

async fn send(
    walls: &Walls,
    path: &str,
    session: &Session,
    headers: &[(&str, &str)],
    body: String,
) -> Answer {
    let mut request =
        Request::post(path).header(header::COOKIE, &session.cookie).header(header::HOST, "sesshu.example");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    walls.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_form_that_is_not_from_our_own_page_changes_nothing() {
    let walls = walls(MARKS).await;
    let before = walls.digest(walls.ours.municipality).await;
    for route in staff_routes().into_iter().filter(|route| route.method == Method::POST) {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let session = walls.session(&walls.ours, role).await;
        let other = walls.session(&walls.ours, role).await;
        let path = path(&route, &walls.ours.things);
        let fields = form(&route, &walls.ours.things);
        let kind = ("content-type", body(&path, &fields).0);
        let with = |token: &str| {
            let mut fields = fields.clone();
            fields.insert(0, ("csrf".to_owned(), token.to_owned()));
            body(&path, &fields).1
        };
        let good = with(&session.csrf);
        let tries = [
            ("no token", vec![kind], body(&path, &fields).1),
            ("empty token", vec![kind], with("")),
            ("another session's token", vec![kind], with(&other.csrf)),
            ("foreign origin", vec![kind, ("origin", "https://evil.example")], good.clone()),
            ("no origin", vec![kind, ("origin", "null")], good.clone()),
            ("cross-site", vec![kind, ("sec-fetch-site", "cross-site")], good.clone()),
            ("same-site", vec![kind, ("sec-fetch-site", "same-site")], good.clone()),
            ("text/plain", vec![("content-type", "text/plain")], good.clone()),
            ("json", vec![("content-type", "application/json")], "{}".to_owned()),
            ("no type", vec![], good.clone()),
            ("packed", vec![kind, ("content-encoding", "gzip")], good.clone()),
            ("packed twice", vec![kind, ("content-encoding", "br, deflate")], good.clone()),
        ];
        for (what, headers, body) in tries {
            let answer = send(&walls, &path, &session, &headers, body).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {what}");
            assert!(answer.is_html() && answer.text().contains("<h1>"), "{path}: {what} is no page");
        }
    }
    assert_eq!(before, walls.digest(walls.ours.municipality).await);
    // Not even a file is kept.
    assert!(!walls.stage.app.files.join("imports").exists());
    let ended: i64 = walls.stage.value("select count(*) from sessions where ended_at is not null").await;
    assert_eq!(ended, 0);
}
