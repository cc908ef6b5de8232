//! Input that nobody types: answered with a sentence, never with a failure of ours.

use super::{FORM, Form, Ground, Session, encode};
use crate::web::{Door, Route};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};

/// What is put into every field of every form, and into every query.
pub fn texts() -> Vec<String> {
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

async fn session_for(ground: &impl Ground, route: &Route) -> Option<Session> {
    match route.door {
        Door::Open => None,
        Door::For(_) => Some(ground.session(ground.doer(route)).await),
    }
}

/// Puts the texts into every field of every form. Gives the number of forms sent.
pub async fn fields(ground: &impl Ground) -> usize {
    let (_, ours) = ground.ours();
    let (neighbour, _) = ground.theirs();
    let theirs = ground.digest(neighbour).await;
    let texts = texts();
    let mut count = 0;
    for route in ground.routes().into_iter().filter(|route| route.method == Method::POST) {
        let path = ground.path(&route, &ours);
        let fields = ground.form(&route, &ours);
        for index in 0..fields.len() {
            // A third of the texts for each field, another third for the next: three neighbours see all.
            for text in texts.iter().skip(index % 3).step_by(3) {
                let mut sent = fields.clone();
                sent[index].1.clone_from(text);
                let session = session_for(ground, &route).await;
                let answer = ground.post(session.as_ref(), &path, &sent).await;
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
    assert_eq!(theirs, ground.digest(neighbour).await);
    count
}

/// Puts the texts into what pages read from the query of their address.
pub async fn queries(ground: &impl Ground, names: &[&str]) {
    let (_, ours) = ground.ours();
    for route in ground.routes().into_iter().filter(|route| route.method == Method::GET) {
        let path = ground.path(&route, &ours);
        for text in texts().iter().filter(|text| text.len() < 1_000) {
            let session = session_for(ground, &route).await;
            // All at once, and each alone: what is refused for one name must not hide another.
            let all: Form = names.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
            let answer = ground.get(session.as_ref(), &format!("{path}?{}", encode(&all))).await;
            assert!(!answer.status.is_server_error(), "{path} {text:?}: {}", answer.text());
        }
        let session = session_for(ground, &route).await;
        for name in names {
            let one = vec![((*name).to_owned(), "\u{202e}'; drop table staff; --%00".to_owned())];
            let answer = ground.get(session.as_ref(), &format!("{path}?{}", encode(&one))).await;
            assert!(!answer.status.is_server_error(), "{path} {name}: {}", answer.text());
        }
    }
}

/// Sends bodies that no screen sends to a form of staff: each is refused with a page.
pub async fn bodies(ground: &impl Ground, session: &Session, path: &str) {
    let token = format!("csrf={}&", session.csrf);
    let many: String = (0..10_000).map(|n| format!("a{n}=b&")).collect();
    let bodies: [(&str, Vec<u8>); 5] = [
        ("too long", [token.as_bytes(), b"name=", &vec![b'a'; 300 * 1024]].concat()),
        ("not UTF-8", [token.as_bytes(), b"name=%FF%FE%80"].concat()),
        ("raw bytes that are not UTF-8", [token.as_bytes(), b"name=", &[0xff, 0xfe, 0x80]].concat()),
        ("ten thousand fields", [token.as_bytes(), many.as_bytes()].concat()),
        ("NUL in a name", [token.as_bytes(), b"na%00me=a"].concat()),
    ];
    for (what, body) in bodies {
        let request =
            Request::post(path).header(header::COOKIE, &session.cookie).header(header::CONTENT_TYPE, FORM);
        let answer = ground.send(request.body(Body::from(body)).expect("a path is a path")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}");
        assert!(answer.is_html() && answer.text().contains("送信内容を読み取れません"), "{what}");
    }
}
