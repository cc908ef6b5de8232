//! What another site makes a browser send changes nothing.

use super::{Answer, Ground, Session};
use crate::web::{Door, Route};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

const FOREIGN: &[(&str, &[(&str, &str)])] = &[
    ("foreign origin", &[("origin", "https://evil.example")]),
    ("no origin", &[("origin", "null")]),
    ("cross-site", &[("sec-fetch-site", "cross-site")]),
    ("same-site", &[("sec-fetch-site", "same-site")]),
    ("packed", &[("content-encoding", "gzip")]),
    ("packed twice", &[("content-encoding", "br, deflate")]),
];

/// What is odd, the headers and the body.
type Try<'a> = (&'a str, Vec<(&'a str, &'a str)>, String);

async fn send(
    ground: &impl Ground,
    path: &str,
    session: Option<&Session>,
    headers: &[(&str, &str)],
    body: String,
) -> Answer {
    let mut request = Request::post(path).header(header::HOST, "sesshu.example");
    if let Some(session) = session {
        request = request.header(header::COOKIE, &session.cookie);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ground.send(request.body(Body::from(body)).expect("a path is a path")).await
}

/// Sends every form, also those of people outside, as no page of ours would. Gives the number of tries.
pub async fn foreign(ground: &impl Ground) -> usize {
    let (municipality, _) = ground.ours();
    let before = ground.digest(municipality).await;
    let mut count = 0;
    for route in ground.routes().into_iter().filter(|route| route.method == Method::POST) {
        count += foreign_to(ground, &route).await;
    }
    assert_eq!(before, ground.digest(municipality).await);
    let ended = sqlx::query_scalar::<_, i64>("select count(*) from sessions where ended_at is not null");
    assert_eq!(ended.fetch_one(&ground.superuser()).await.expect("sessions can be read"), 0);
    count
}

async fn foreign_to(ground: &impl Ground, route: &Route) -> usize {
    let (_, ours) = ground.ours();
    let path = ground.path(route, &ours);
    let fields = ground.form(route, &ours);
    let session = match route.door {
        Door::Open => None,
        Door::For(_) => Some(ground.session(ground.doer(route)).await),
    };
    let token = session.as_ref().map(|session| session.csrf.clone());
    let with = |token: Option<&str>| {
        let mut fields = fields.clone();
        fields.splice(0..0, token.map(|token| ("csrf".to_owned(), token.to_owned())));
        ground.body(&path, &fields)
    };
    let (kind, good) = with(token.as_deref());
    let kind = ("content-type", kind);
    let mut tries: Vec<Try<'_>> = FOREIGN
        .iter()
        .map(|(what, headers)| (*what, [&[kind], *headers].concat(), good.clone()))
        .chain([
            ("text/plain", vec![("content-type", "text/plain")], good.clone()),
            ("json", vec![("content-type", "application/json")], "{}".to_owned()),
            ("no type", vec![], good.clone()),
        ])
        .collect();
    if session.is_some() {
        let other = ground.session(ground.doer(route)).await;
        tries.push(("no token", vec![kind], with(None).1));
        tries.push(("empty token", vec![kind], with(Some("")).1));
        tries.push(("another session's token", vec![kind], with(Some(&other.csrf)).1));
    }
    let count = tries.len();
    for (what, headers, body) in tries {
        let answer = send(ground, &path, session.as_ref(), &headers, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}: {what}");
        assert!(answer.is_html() && answer.text().contains("<h1>"), "{path}: {what} is no page");
    }
    count
}
