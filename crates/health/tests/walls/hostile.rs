//! Input that nobody types: answered with a sentence, never with a failure of ours.

use super::{
    examples::{QUERY_NAMES, form, path, staff_routes},
    town::{FORM, Form, MARKS, Session, Walls, body, encode, walls},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use kit::Role;

/// What is put into every field of every form, and into every query.
fn hostile_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\0",
        "a\0b",
        "'; drop table residents; --",
        "%",
        "_",
        "\\",
        "%00",
        "../../etc/passwd",
        "{{7*7}}",
        "${7*7}",
        "99999999999999999999",
        "-1",
        "9223372036854775807",
        "NaN",
        "0x10",
        "9999-12-31",
        "-9999-01-01",
        "0000-00-00",
        "令和999年99月99日",
        "R99.12.31",
        "99991231",
        "\u{202e}abc",
        "👨‍👩‍👧‍👦",
        "葛\u{e0100}",
        "\u{feff}",
        "\r\nSet-Cookie: a=b",
        "00000000-0000-0000-0000-000000000000",
        "\u{7f}\u{1}\u{1b}[31m",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend(["あ".repeat(20_000), "9".repeat(5_000), "a".repeat(100_000), " 　\t".repeat(1_000)]);
    texts
}

async fn raw(walls: &Walls, session: &Session, path: &str, body: Vec<u8>) -> super::town::Answer {
    let request =
        Request::post(path).header(header::COOKIE, &session.cookie).header(header::CONTENT_TYPE, FORM);
    walls.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn every_field_of_every_form_takes_every_text_without_failing() {
    let walls = walls(MARKS).await;
    let theirs = walls.digest(walls.theirs.municipality).await;
    let texts = hostile_texts();
    let mut count = 0;
    for route in staff_routes().into_iter().filter(|route| route.method == Method::POST) {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let path = path(&route, &walls.ours.things);
        let fields = form(&route, &walls.ours.things);
        for index in 0..fields.len() {
            // A third of the texts for each field, another third for the next: three neighbours see all.
            for text in texts.iter().skip(index % 3).step_by(3) {
                let mut sent = fields.clone();
                sent[index].1.clone_from(text);
                let session = walls.session(&walls.ours, role).await;
                let answer = walls.post(Some(&session), &path, &sent).await;
                let short: String = text.chars().take(20).collect();
                let here = format!("{path} {} = {short:?}", sent[index].0);
                assert!(!answer.status.is_server_error(), "{here}: {}", answer.text());
                if text.contains('\0') {
                    assert!(matches!(answer.status.as_u16(), 400 | 422) || sent[index].0 == "file", "{here}");
                }
                count += 1;
            }
        }
    }
    println!("{count} forms");
    assert_eq!(theirs, walls.digest(walls.theirs.municipality).await);
}

#[tokio::test]
async fn every_query_takes_every_text_without_failing() {
    let walls = walls(MARKS).await;
    for route in staff_routes().into_iter().filter(|route| route.method == Method::GET) {
        let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
        let session = walls.session(&walls.ours, role).await;
        let path = path(&route, &walls.ours.things);
        for text in hostile_texts().iter().filter(|text| text.len() < 1_000) {
            let query: Form = QUERY_NAMES.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
            let answer = walls.get(Some(&session), &format!("{path}?{}", encode(&query))).await;
            assert!(!answer.status.is_server_error(), "{path} {text:?}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn bodies_that_no_screen_sends_are_refused_with_a_page() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let token = format!("csrf={}&", session.csrf);
    let many: String = (0..10_000).map(|n| format!("a{n}=b&")).collect();
    let bodies: [(&str, Vec<u8>); 5] = [
        ("too long", [token.as_bytes(), b"kana=", &vec![b'a'; 300 * 1024]].concat()),
        ("not UTF-8", [token.as_bytes(), b"kana=%FF%FE%80"].concat()),
        ("raw bytes that are not UTF-8", [token.as_bytes(), b"kana=", &[0xff, 0xfe, 0x80]].concat()),
        ("ten thousand fields", [token.as_bytes(), many.as_bytes()].concat()),
        ("NUL in a name", [token.as_bytes(), b"ka%00na=a"].concat()),
    ];
    for (what, body) in bodies {
        let answer = raw(&walls, &session, "/residents", body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
        assert!(answer.is_html() && answer.text().contains("送信内容を読み取れません"), "{what}");
    }
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
