//! Floods over the wire: one lane that overflows leaves the others at work.

use super::town::{MARKS, Session, Walls, walls};
use kit::Role;
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};

/// The system on a port of its own, until the test ends.
async fn serve(walls: &Walls) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (keep, stop) = watch::channel(false);
    let pages = walls.router.clone();
    tokio::spawn(async move {
        kit::web::serve(listener, pages, stop).await;
        drop(keep);
    });
    address
}

/// Sends one request and gives status and whole answer.
async fn ask(address: SocketAddr, head: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "{head}\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, text)
}

async fn page(address: SocketAddr, session: &Session, path: &str) -> (u16, String) {
    ask(address, &format!("GET {path} HTTP/1.1\r\ncookie: {}", session.cookie), "").await
}

/// The clerk at work while something else goes on: every page comes, none takes long.
async fn at_work(address: SocketAddr, clerk: &Session) {
    for _ in 0..10 {
        let began = Instant::now();
        let (status, text) = page(address, clerk, "/residents").await;
        assert_eq!(status, 200, "{text}");
        assert!(began.elapsed() < Duration::from_secs(3), "the clerk waited for {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn uploads_that_trickle_leave_the_clerk_at_work() {
    let walls = walls(MARKS).await;
    let address = serve(&walls).await;
    let clerk = walls.session(&walls.ours, Role::Clerk).await;
    let begin = async || {
        let session = walls.session(&walls.ours, Role::Clerk).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /imports HTTP/1.1\r\nhost: {address}\r\ncookie: {}\r\ncontent-length: 1000000\r\n\
             content-type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\nContent-Disposition: form-data; \
             name=\"csrf\"\r\n\r\n{}\r\n--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\r\n01",
            session.cookie, session.csrf
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    };
    // More than the lane holds, waiting included: the last are turned away though the first have not ended.
    let mut trickling = Vec::new();
    for _ in 0..16 {
        trickling.push(begin().await);
    }
    at_work(address, &clerk).await;
    let mut heard = String::new();
    let mut last = trickling.pop().unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(20), last.read_to_string(&mut heard)).await;
    // The server has answered and closed though the body had not come.
    assert!(answered.is_ok() && heard.starts_with("HTTP/1.1 503"), "{heard}");
    assert!(heard.contains("ほかのファイルを受信している") && heard.contains("retry-after: 30"), "{heard}");
    drop(trickling);
}

#[tokio::test]
async fn a_session_that_asks_too_often_waits_and_its_neighbour_at_the_same_gateway_does_not() {
    let walls = walls(MARKS).await;
    let address = serve(&walls).await;
    let hasty = walls.session(&walls.ours, Role::Clerk).await;
    let calm = walls.session(&walls.ours, Role::Clerk).await;
    assert_eq!(page(address, &calm, "/").await.0, 200);
    let mut passed = 0;
    let turned_away = loop {
        let (status, text) = page(address, &hasty, "/").await;
        if status != 200 {
            break (status, text);
        }
        passed += 1;
        assert!(passed < 2_000, "a session is not limited");
    };
    assert_eq!(turned_away.0, 429, "{}", turned_away.1);
    assert!(turned_away.1.contains("操作が続きすぎています"), "{}", turned_away.1);
    // Cookies of chance are no sessions: all of them together are the address.
    let mut strangers = 0;
    loop {
        let session = Session {
            cookie: format!("sesshu=131172.{strangers:064}"),
            csrf: String::new(),
            staff_id: calm.staff_id,
        };
        match page(address, &session, "/").await.0 {
            303 => strangers += 1,
            429 => break,
            other => panic!("{other}"),
        }
        assert!(strangers < 2_000, "an address with invented cookies is not limited");
    }
    assert_eq!(page(address, &calm, "/").await.0, 200, "the neighbour pays for it");
}
