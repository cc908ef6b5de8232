//! Connections: slow senders, slow readers, crowds, and requests that two readers would understand differently.

use crate::support::bare_kit;
use axum::{body::Bytes, http::StatusCode};
use kit::web::{Door, Patience, Routes};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};

const LARGE: usize = 64 << 20;
/// Shorter than in earnest, so that a test need not wait for it.
const PATIENCE: Patience = Patience { head: Duration::from_millis(600), reader: Duration::from_millis(300) };

/// A server on a real port. It ends with the test's runtime.
async fn server() -> SocketAddr {
    let routes = Routes::<()>::default()
        .get("/page", Door::Open, || async { "page" })
        .get("/large", Door::Open, || async { vec![b'x'; LARGE] })
        .post("/form", Door::Open, |body: Result<Bytes, _>| async move {
            body.map(|bytes| bytes.len().to_string()).map_err(|_| StatusCode::BAD_REQUEST)
        });
    let pages = routes.into_router(&bare_kit(), (), |note, _, _| note.sentence.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (keep, stop) = watch::channel(false);
    tokio::spawn(async move {
        kit::web::serve_with(listener, pages, stop, PATIENCE).await;
        drop(keep);
    });
    address
}

async fn send(address: SocketAddr, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes.as_ref()).await.unwrap();
    stream
}

/// All that comes until the other side closes. A reset is an end, too.
async fn all(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => break,
            Ok(read) => bytes.extend_from_slice(&piece[..read]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn answers(text: &str) -> usize {
    text.matches("HTTP/1.1 ").count()
}

#[tokio::test]
async fn a_head_that_never_ends_loses_its_connection() {
    let address = server().await;
    for begun in ["", "GET /page HT", "GET /page HTTP/1.1\r\nhost: a\r\nx-a: b\r\n"] {
        let mut stream = send(address, begun).await;
        let began = Instant::now();
        // A line now and then is no excuse: the whole head has one time limit.
        let said = loop {
            tokio::select! {
                said = all(&mut stream) => break said,
                () = tokio::time::sleep(Duration::from_millis(150)), if !begun.is_empty() => {}
            }
            stream.write_all(b"x-a: b\r\n").await.ok();
        };
        assert!(!said.contains("200 OK"), "{said}");
        assert!(began.elapsed() < PATIENCE.head * 5, "{begun:?} was kept for {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn whoever_reads_nothing_of_the_answer_loses_it() {
    let address = server().await;
    let mut stream = send(address, "GET /large HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    // First bytes: the answer is under way. Then silence.
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.unwrap();
    tokio::time::sleep(PATIENCE.reader * 4).await;
    let rest = all(&mut stream).await;
    assert!(rest.len() < LARGE, "the answer was kept for a reader who had gone");
}

#[tokio::test]
async fn one_address_does_not_hold_all_connections() {
    let address = server().await;
    let page = "GET /page HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let mut held = Vec::new();
    for _ in 0..256 {
        held.push(TcpStream::connect(address).await.unwrap());
    }
    let mut one_more = TcpStream::connect(address).await.unwrap();
    one_more.write_all(page.as_bytes()).await.ok();
    assert_eq!(all(&mut one_more).await, "", "the 257th connection was served");
    drop(held);
    // Places come back when the others have left.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(page.as_bytes()).await.ok();
        if all(&mut stream).await.contains("200 OK") {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "the places stay taken");
    }
}

#[tokio::test]
async fn heads_that_no_browser_sends_are_refused() {
    let address = server().await;
    let get = |lines: &str| format!("GET /page HTTP/1.1\r\nhost: a\r\n{lines}connection: close\r\n\r\n");
    let many: String = (0..100).map(|n| format!("x-{n}: y\r\n")).collect();
    for (what, head, status) in [
        ("a hundred lines", get(&many), "431"),
        ("a long line", get(&format!("x-long: {}\r\n", "y".repeat(20_000))), "431"),
        (
            "a long path",
            format!("GET /{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "p".repeat(10_000)),
            "404",
        ),
        (
            "a longer path",
            format!("GET /{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", "p".repeat(70_000)),
            "4",
        ),
        ("HTTP/2 by force", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), ""),
        ("no HTTP at all", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n".to_owned(), "400"),
        ("TRACE", "TRACE /page HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "405"),
        ("CONNECT", "CONNECT a:1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "4"),
        ("HEAD", "HEAD /page HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".to_owned(), "200"),
        ("GET", get(""), "200"),
    ] {
        let said = all(&mut send(address, head).await).await;
        let first = said.lines().next().unwrap_or_default();
        let is_expected = match status {
            "" => first.is_empty(),
            status => first.starts_with(&format!("HTTP/1.1 {status}")),
        };
        assert!(is_expected, "{what}: {first:?}");
    }
}

/// RFC 9112 section 6.3: what a proxy before us might read otherwise is not read at all.
#[tokio::test]
async fn a_second_request_cannot_be_hidden_in_the_body_of_the_first() {
    let address = server().await;
    let hidden = "GET /page HTTP/1.1\r\nhost: a\r\n\r\n";
    let chunked = format!("0\r\n\r\n{hidden}");
    let long = hidden.len();
    let heads = [
        (
            "CL.TE",
            format!("content-length: {}\r\ntransfer-encoding: chunked\r\n\r\n{chunked}", chunked.len()),
        ),
        ("TE.CL", format!("transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n{chunked}")),
        ("two lengths", format!("content-length: 0\r\ncontent-length: {long}\r\n\r\n{hidden}")),
        ("a list of lengths", format!("content-length: 0, {long}\r\n\r\n{hidden}")),
        ("a signed length", format!("content-length: +{long}\r\n\r\n{hidden}")),
        (
            "two codings",
            format!("transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n{chunked}"),
        ),
        ("an odd coding", format!("transfer-encoding: xchunked\r\n\r\n{chunked}")),
        ("a listed coding", format!("transfer-encoding: identity, chunked\r\n\r\n{chunked}")),
        ("a space before the colon", format!("content-length : {long}\r\n\r\n{hidden}")),
        ("a folded line", format!("x: y\r\n content-length: {long}\r\n\r\n{hidden}")),
        ("a bare CR", format!("x: y\rcontent-length: {long}\r\n\r\n{hidden}")),
        ("two hosts", format!("host: b\r\ncontent-length: 0\r\n\r\n{hidden}")),
        ("a length in hexadecimal", format!("content-length: 0x{long:x}\r\n\r\n{hidden}")),
        ("a negative chunk", format!("transfer-encoding: chunked\r\n\r\n-1\r\n\r\n{hidden}")),
        (
            "a chunk that wraps around",
            format!("transfer-encoding: chunked\r\n\r\n10000000000000000\r\n\r\n{hidden}"),
        ),
    ];
    for (what, rest) in heads {
        let said = all(&mut send(address, format!("POST /form HTTP/1.1\r\nhost: a\r\n{rest}")).await).await;
        assert!(answers(&said) <= 1, "{what}: two answers: {said}");
        // What comes behind is never read as a request: the connection is closed.
        let is_refused = said.is_empty() || said.starts_with("HTTP/1.1 4");
        assert!(is_refused || said.contains("connection: close"), "{what}: {said}");
    }
    // Two honest requests one after the other have two answers.
    let two = format!("POST /form HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\nx{hidden}");
    let two = two.replace("/page HTTP/1.1\r\n", "/page HTTP/1.1\r\nconnection: close\r\n");
    assert_eq!(answers(&all(&mut send(address, two).await).await), 2);
}
