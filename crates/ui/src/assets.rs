//! Static files, embedded in the executable and served under a path that holds their version.

struct File {
    name: &'static str,
    bytes: &'static [u8],
    etag: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file to answer with.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    pub bytes: &'static [u8],
    pub content_type: &'static str,
    pub etag: &'static str,
    /// For the `Cache-Control` header.
    pub cache_control: &'static str,
}

/// The file behind a request path: `/static/<version>/<name>`, or that without the leading `/static/`.
///
/// A page of the previous release may still ask with the old version: it gets today's file, but may not keep it.
pub fn asset(path: &str) -> Option<Asset> {
    let path = path.strip_prefix("/static/").unwrap_or(path);
    let (version, name) = path.split_once('/')?;
    let file = FILES.iter().find(|file| file.name == name)?;
    Some(Asset {
        bytes: file.bytes,
        content_type: content_type(name),
        etag: file.etag,
        cache_control: if version == VERSION { "public, max-age=31536000, immutable" } else { "no-cache" },
    })
}

/// The address of a file in a page: `asset_url("css/sesshu.css")`.
pub fn asset_url(name: &str) -> String {
    debug_assert!(FILES.iter().any(|file| file.name == name), "no such static file: {name}");
    format!("/static/{VERSION}/{name}")
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}
