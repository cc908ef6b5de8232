//! What must hold for any bytes at all, one function for each parser. Run by the fuzz targets beside this file without
//! end, and by `crates/sesshu/tests/corpus.rs` for a moment in every test run.

use axum::{
    body::Body,
    extract::{FromRequest, Multipart},
    http::{HeaderMap, HeaderValue, Request, header},
};
use health::imports::{self, Kind};
use std::{cell::RefCell, fs, path::PathBuf};

#[path = "texts.rs"]
mod texts;

/// A parser under attack.
pub struct Check {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// What an honest sender sends; mutations begin here.
    pub seeds: &'static [&'static [u8]],
}

pub const CHECKS: &[Check] = &[
    Check {
        name: "date",
        run: texts::date,
        seeds: &[
            "令和6年4月1日".as_bytes(),
            b"R6.4.1",
            b"2024-04-01",
            b"20240401",
            "平成元年１月８日".as_bytes(),
            "昭64/1/7".as_bytes(),
            "H310430".as_bytes(),
        ],
    },
    Check {
        name: "numbers",
        run: texts::numbers,
        seeds: &[b"131172", b"000000000012345", b"9000000001", b"114-0002", b"AB-123", b"000000000017",
            "１２３４".as_bytes(), b"123456789018", b"0.25", "0．5mL".as_bytes()],
    },
    Check {
        name: "keys",
        run: texts::keys,
        seeds: &[
            "キタ ハナコ".as_bytes(),
            "ｶﾞｷﾞｸﾞ".as_bytes(),
            "ヴァイオレット・さくら".as_bytes(),
            "東京都北区王子本町一丁目15番22号".as_bytes(),
            "北区王子１－２－３ 百二十三号室".as_bytes(),
            "葛\u{e0100}飾区髙﨑".as_bytes(),
        ],
    },
    Check { name: "residents", run: |bytes| csv(bytes, Kind::Residents), seeds: RESIDENTS },
    Check { name: "records", run: |bytes| csv(bytes, Kind::Records), seeds: RECORDS },
    Check { name: "clinics", run: |bytes| csv(bytes, Kind::Clinics), seeds: CLINICS },
    Check {
        name: "form",
        run: form,
        seeds: &[b"csrf=abc&kana=%E3%82%AD%E3%82%BF&birth=R6.4.1", b"a=1&a=2&b", b"%00=%FF&%", b"name=a+b%2Bc"],
    },
    Check {
        name: "cookie",
        run: cookie,
        seeds: &[b"sesshu=131172.0123456789abcdef", b"a=b; __Host-sesshu=x; c", b"sesshu=; sesshu=y", b"\xff=\xfe"],
    },
    Check {
        name: "multipart",
        run: multipart,
        seeds: &[
            b"--edge\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nabc\r\n--edge\r\nContent-Disposition: form-data; \
              name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n01,x\r\n--edge--\r\n",
            b"--edge--\r\n",
            b"--edge\r\nContent-Disposition: form-data; name*=utf-8''a%20b; filename*=x\r\n\r\n\r\n--edge--",
        ],
    },
    Check {
        name: "wire",
        run: wire_message,
        seeds: &[
            include_bytes!("../../crates/wire/tests/golden/v1/check_link.request.json"),
            br#"{"code":"not_allowed","sentence":"x"}"#,
        ],
    },
    Check {
        name: "certificate",
        run: certificate,
        seeds: &[
            b"-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUAAAA\n-----END CERTIFICATE-----\n",
            b"AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89",
        ],
    },
];

const RESIDENTS: &[&[u8]] = &[
    include_bytes!("../../docs/formats/example-residents.csv"),
    include_bytes!("../../docs/formats/example-residents-diff.csv"),
    b"\xef\xbb\xbf\"\xe5\xae\x9b",
    b"\x88\xb6\x96\xbc\x8a\xc7\x97\x9d\x8f\xee\x95\xf1,1,131172",
];
const RECORDS: &[&[u8]] =
    &[include_bytes!("../../docs/formats/example-records.csv"), b"PK\x03\x04", b"\xff\xfe"];
const CLINICS: &[&[u8]] = &[include_bytes!("../../docs/formats/example-clinics.csv"), b"\x1b$B"];

/// Every file is read to an end, or refused with a sentence; the sums add up.
fn csv(bytes: &[u8], kind: Kind) {
    thread_local! {
        static PLACE: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
    }
    let path = PLACE.with_borrow_mut(|place| {
        place
            .get_or_insert_with(|| {
                let unique =
                    format!("sesshu-fuzz-{}-{:?}.csv", std::process::id(), std::thread::current().id());
                let memory = PathBuf::from("/dev/shm");
                if memory.is_dir() { memory } else { std::env::temp_dir() }.join(unique)
            })
            .clone()
    });
    fs::write(&path, bytes).expect("a temporary file can be written");
    let through = imports::read_through(&path, kind);
    fs::remove_file(&path).ok();
    let through = through.expect("the disk does not fail");
    assert!(through.errors == 0 || through.copied.is_empty(), "rows of a refused file");
    assert!(through.errors + through.warnings >= through.faults.len() as u64);
    assert!(
        through.copied.len() <= 64 * bytes.len() + 4_096,
        "{} bytes of {}",
        through.copied.len(),
        bytes.len()
    );
    for fault in &through.faults {
        assert!(fault.sentence.ends_with('。'), "{fault}");
        assert!(!fault.sentence.contains(|c: char| c.is_control()), "{fault:?}");
    }
}

fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

/// A form is refused, or all its fields are text that a page can show and a table can keep.
pub fn form(bytes: &[u8]) {
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(bytes.to_vec()))
        .expect("a request");
    if let Ok(posted) = wait(kit::Posted::from_request(request, &())) {
        assert!(posted.pairs().len() <= 1_000);
        for (name, value) in posted.pairs() {
            assert!(!name.contains(['\0', '\u{FFFD}']) && !value.contains(['\0', '\u{FFFD}']));
        }
    }
}

/// A cookie is found as it was sent or not at all.
pub fn cookie(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(header::COOKIE, value);
        }
    }
    for name in ["sesshu", "__Host-sesshu", ""] {
        if let Some(value) = kit::web::cookie(&headers, name) {
            assert!(value.bytes().all(|byte| (0x20..0x7f).contains(&byte) || byte == b'\t'), "{value:?}");
        }
    }
}

/// A body in parts comes to an end, and no part is longer than the body.
pub fn multipart(bytes: &[u8]) {
    let request = Request::post("/")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .body(Body::from(bytes.to_vec()))
        .expect("a request");
    wait(async {
        let Ok(mut form) = Multipart::from_request(request, &()).await else { return };
        let mut sum = 0;
        while let Ok(Some(mut field)) = form.next_field().await {
            sum += field.name().map_or(0, str::len) + field.file_name().map_or(0, str::len);
            while let Ok(Some(piece)) = field.chunk().await {
                sum += piece.len();
            }
        }
        assert!(sum <= 3 * bytes.len(), "{sum} bytes in parts of {}", bytes.len());
    });
}

/// A message that was taken is the same when it is written and read again.
pub fn wire_message(bytes: &[u8]) {
    use wire::v1::{Envelope, Fault, LinkCheck, LinkState};
    fn again<T: serde::Serialize + serde::de::DeserializeOwned>(bytes: &[u8]) {
        if let Ok(message) = serde_json::from_slice::<T>(bytes) {
            let written = serde_json::to_vec(&message).expect("a message is JSON");
            let read: T = serde_json::from_slice(&written).expect("what was written is read");
            assert_eq!(serde_json::to_vec(&read).expect("a message is JSON"), written);
        }
    }
    again::<Envelope<LinkCheck>>(bytes);
    again::<LinkState>(bytes);
    again::<Fault>(bytes);
}

/// A fingerprint is 64 digits however it was written.
pub fn certificate(bytes: &[u8]) {
    use kit::tls::Fingerprint;
    let text = String::from_utf8_lossy(bytes);
    Fingerprint::of_pem(&text);
    if let Some(fingerprint) = Fingerprint::parse(&text) {
        assert_eq!(Fingerprint::parse(&fingerprint.to_string()), Some(fingerprint), "{text:?}");
    }
}
