//! 認証アプリの模擬画面: the telephone that the staff of an invented ward would hold. The demo's only; the systems do
//! not know it.

use super::SignIn;
use axum::{Router, http::header, response::Html, routing::get};
use hub::factors::totp::Secret;
use kit::Clock;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The page renews itself this often, without script.
const REFRESH_SECONDS: u32 = 5;

/// Serves the page until the task is stopped.
pub async fn serve(door: TcpListener, page: Router) {
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    kit::web::serve(door, page, stopped).await;
}

/// The page with the codes of now.
pub fn page(clock: &Clock, sign_ins: &[SignIn]) -> Router {
    let lines = sign_ins.iter().map(|one| (one.login, one.role.ja(), Secret::clone(&one.secret)));
    let lines: Arc<[_]> = lines.collect();
    let clock = clock.clone();
    let show = move || {
        let now = clock.now();
        let left = 30 - now.as_second().rem_euclid(30);
        let rows: String = lines
            .iter()
            .map(|(login, role, secret)| {
                format!(
                    "<tr><th scope=\"row\">{login}</th><td>{role}</td><td><code>{}</code></td></tr>",
                    secret.code(now)
                )
            })
            .collect();
        let page = format!(
            "<!DOCTYPE html><html lang=\"ja\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta http-equiv=\"refresh\" content=\"{REFRESH_SECONDS}\"><title>認証アプリの模擬画面</title></head><body><main>\
             <h1>認証アプリの模擬画面</h1><p>架空の区を試すための模擬です。本物の運用では、職員が自分の電話の認証アプリを使います。</p>\
             <table><thead><tr><th scope=\"col\">個人ID</th><th scope=\"col\">役割</th><th scope=\"col\">確認コード</th></tr></thead>\
             <tbody>{rows}</tbody></table><p>あと{left}秒で次のコードに変わります。使ったコードは、もう一度は使えません。</p></main></body></html>"
        );
        let headers =
            [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_SECURITY_POLICY, "default-src 'none'")];
        std::future::ready((headers, Html(page)))
    };
    Router::new().route("/", get(show))
}
