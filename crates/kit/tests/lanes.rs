//! Request lanes: who waits, who is told to come back, and that no lane starves another.

use crate::support::bare_kit;
use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use jiff::SignedDuration;
use kit::{
    Kit,
    web::{Door, Lane, Peer, Routes},
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;
use tower::ServiceExt as _;

const PATHS: [(Lane, &str); 5] = [
    (Lane::Staff, "/work"),
    (Lane::SignIn, "/sign-in"),
    (Lane::Upload, "/upload"),
    (Lane::Machine, "/machine"),
    (Lane::Static, "/static/x"),
];

/// A path in each lane; `/hold/…` answers only when the gate opens.
fn pages(kit: &Kit, gate: &Arc<Semaphore>) -> Router {
    let held = {
        let gate = gate.clone();
        move || async move { gate.acquire().await.map(|permit| permit.forget()).unwrap() }
    };
    let mut routes = Routes::<()>::default();
    for (lane, path) in PATHS {
        let hold: &'static str = Box::leak(format!("/hold{path}").into_boxed_str());
        routes = routes.get(path, Door::Open, || async {}).in_lane(lane);
        routes = routes.get(hold, Door::Open, held.clone()).in_lane(lane);
    }
    routes.into_router(kit, (), |note, _, id| format!("<h1>{}</h1>{} {}", note.title, note.sentence, id.0))
}

async fn ask(pages: &Router, path: &str, from: Option<&str>) -> Response {
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(from) = from {
        let peer: SocketAddr = from.parse().unwrap();
        request.extensions_mut().insert(Peer(peer));
    }
    pages.clone().oneshot(request).await.unwrap()
}

fn retry_after(response: &Response) -> u64 {
    response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

async fn text(response: Response) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_full_lane_says_so_at_once_and_leaves_all_others_at_work() {
    for (full, path) in PATHS {
        let gate = Arc::new(Semaphore::new(0));
        let pages = pages(&bare_kit(), &gate);
        let hold = format!("/hold{path}");
        // More than any lane holds; each that is answered has been turned away.
        let mut flood: FuturesUnordered<_> = (0..400).map(|_| ask(&pages, &hold, None)).collect();
        let began = Instant::now();
        let turned_away = flood.next().await.unwrap();
        assert!(began.elapsed() < Duration::from_millis(100), "{full:?}: {:?}", began.elapsed());
        assert_eq!(turned_away.status(), StatusCode::SERVICE_UNAVAILABLE, "{full:?}");
        assert!((1..=60).contains(&retry_after(&turned_away)), "{full:?}");
        let page = text(turned_away).await;
        assert!(page.contains("混み合っています") && page.contains("秒ほど待って"), "{page}");
        for (lane, path) in PATHS.into_iter().filter(|(lane, _)| *lane != full) {
            assert_eq!(ask(&pages, path, None).await.status(), StatusCode::OK, "{lane:?} waits for {full:?}");
        }
        gate.add_permits(400);
        let answers: Vec<_> = flood.collect::<Vec<_>>().await;
        let (served, refused): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status() == StatusCode::OK);
        assert!(served.len() > 4 && !refused.is_empty(), "{full:?}: {} served", served.len());
        assert!(refused.iter().all(|answer| answer.status() == StatusCode::SERVICE_UNAVAILABLE));
        assert_eq!(ask(&pages, path, None).await.status(), StatusCode::OK, "{full:?} stays shut");
    }
}

#[tokio::test]
async fn one_address_that_asks_too_often_waits_and_another_does_not() {
    let kit = bare_kit();
    let pages = pages(&kit, &Arc::new(Semaphore::new(0)));
    for (lane, path) in PATHS {
        let mut passed = 0;
        let turned_away = loop {
            let answer = ask(&pages, path, Some("192.0.2.1:4000")).await;
            if answer.status() != StatusCode::OK {
                break answer;
            }
            passed += 1;
            assert!(passed < 10_000, "{lane:?} is not limited by address");
        };
        assert_eq!(turned_away.status(), StatusCode::TOO_MANY_REQUESTS, "{lane:?} after {passed}");
        let wait = retry_after(&turned_away);
        assert!(text(turned_away).await.contains(&format!("{wait}秒ほど待って")), "{lane:?}");
        let other_port = ask(&pages, path, Some("192.0.2.1:5000")).await;
        assert_eq!(
            other_port.status(),
            StatusCode::TOO_MANY_REQUESTS,
            "{lane:?}: another port is nobody else"
        );
        assert_eq!(ask(&pages, path, Some("192.0.2.2:4000")).await.status(), StatusCode::OK, "{lane:?}");
        kit.clock.advance(SignedDuration::from_secs(wait.cast_signed()));
        assert_eq!(ask(&pages, path, Some("192.0.2.1:4000")).await.status(), StatusCode::OK, "{lane:?}");
    }
}
