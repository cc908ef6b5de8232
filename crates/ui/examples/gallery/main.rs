//! Shows every component and page of `ui` with samples, under the policy that the systems send:
//! `cargo run -p ui --example gallery [-- PORT]`, then open the printed address. Loopback only, no dependency.

mod pages;
mod samples;

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// The policy of the real systems: what breaks under it shall break here.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(0);
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    println!("http://{}/", listener.local_addr()?);
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer(stream));
    }
    Ok(())
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let target = first.split(' ').nth(1).unwrap_or("/").to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let html = "text/html; charset=utf-8";
    let (status, kind, cache, body) = if let Some(asset) = path.strip_prefix("/static/").and_then(ui::asset) {
        ("200 OK", asset.content_type, asset.cache_control, asset.bytes.to_vec())
    } else if path == "/date-echo" {
        let text = query.strip_prefix("text=").unwrap_or_default();
        ("200 OK", "text/plain; charset=utf-8", "no-store", ui::dates::echo(text).into_bytes())
    } else if path == "/progress-part" {
        ("200 OK", html, "no-store", pages::progress_part().into_bytes())
    } else if path == "/samples.txt" {
        let names: Vec<_> = pages::ALL.iter().map(|page| page.path).collect();
        ("200 OK", "text/plain; charset=utf-8", "no-store", names.join("\n").into_bytes())
    } else {
        match pages::ALL.iter().find(|page| page.path == path) {
            Some(page) => ("200 OK", html, "no-store", (page.render)().into_bytes()),
            None => ("404 Not Found", html, "no-store", pages::not_found().into_bytes()),
        }
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncache-control: {cache}\r\ncontent-length: {}\r\n\
         content-security-policy: {POLICY}\r\nconnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}
