//! Input that nobody types: answered with a sentence, never with a failure of ours.

use super::{
    examples::QUERY_NAMES,
    town::{Form, Ground as _, MARKS, body, walls},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use kit::{Role, testing::walls::hostile};

#[tokio::test]
async fn every_field_of_every_form_takes_every_text_without_failing() {
    println!("{} forms", hostile::fields(&walls(MARKS).await).await);
}

#[tokio::test]
async fn every_query_takes_every_text_without_failing() {
    hostile::queries(&walls(MARKS).await, QUERY_NAMES).await;
}

#[tokio::test]
async fn bodies_that_no_screen_sends_are_refused_with_a_page() {
    let walls = walls(MARKS).await;
    hostile::bodies(&walls, &walls.session(&walls.ours, Role::Clerk).await, "/residents").await;
}

#[tokio::test]
async fn an_upload_that_no_screen_sends_leaves_no_file() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let part = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let (token, file) = (part("csrf", &session.csrf), part("file", "01,x"));
    let (kind, mode) = (part("kind", "residents"), part("mode", "trial"));
    let long = "x".repeat(100_000);
    for (what, form) in [
        ("the file before the token", vec![file.clone(), token.clone(), kind.clone(), mode.clone()]),
        ("a long token", vec![part("csrf", &long), file.clone()]),
        ("a long kind after the file", vec![token.clone(), mode.clone(), file.clone(), part("kind", &long)]),
        ("another token after the file", vec![token.clone(), kind, mode, file, part("csrf", "")]),
    ] {
        let (kind, body) = body("/imports", &form);
        let request = Request::post("/imports")
            .header(header::COOKIE, &session.cookie)
            .header(header::CONTENT_TYPE, kind);
        let answer = walls.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
        let folder = walls.stage.app.files.join("imports").join(walls.ours.municipality.to_string());
        let kept = std::fs::read_dir(folder).map_or(0, Iterator::count);
        assert_eq!(kept, 0, "{what} leaves a file");
    }
}

#[tokio::test]
async fn what_is_typed_into_a_search_is_never_a_pattern() {
    let walls = walls(MARKS).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let someone = walls.ours.things.resident.to_string();
    let shown = |name: &str, text: &str| {
        let form: Form = vec![(name.to_owned(), text.to_owned())];
        let (walls, clerk, someone) = (&walls, &clerk, &someone);
        async move { walls.post(Some(clerk), "/residents", &form).await.text().contains(someone.as_str()) }
    };
    assert!(shown("name", MARKS[0]).await);
    for (name, text) in
        [("name", "%"), ("name", "_"), ("name", "北_"), ("kana", "%"), ("address", "%"), ("name", "\\")]
    {
        assert!(!shown(name, text).await, "{name}={text}");
    }
}
