//! Hostile files and hostile cells: what comes in is never unpacked or trusted by name, what goes out is never computed.

use super::{
    examples::{path, staff_routes},
    town::{Answer, Ground as _, MARKS, Session, Walls, walls},
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use health::imports::{Kind, read_through};
use kit::Role;
use std::time::Duration;

/// What one hostile input may cost in memory.
const MEMORY_GROWTH_MAX: u64 = 64 << 20;

/// The most memory this process has held, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Time that this thread has computed: what others do on the machine does not count.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(text.split_whitespace().next().unwrap().parse().unwrap())
}

/// What one hostile input may cost in computing.
const CPU_TIME_MAX: Duration = Duration::from_secs(1);

async fn upload(walls: &Walls, session: &Session, body: impl Into<Body>) -> Answer {
    let request = Request::post("/imports")
        .header(header::COOKIE, &session.cookie)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge");
    walls.send(request.body(body.into()).unwrap()).await
}

fn part(name: &str, value: &str) -> String {
    format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn form(session: &Session, file_name: &str, file: &str) -> String {
    format!(
        "{}{}{}--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\n\r\n{file}\r\n--edge--\r\n",
        part("csrf", &session.csrf),
        part("kind", "residents"),
        part("mode", "trial"),
    )
}

#[tokio::test]
async fn no_cell_of_any_list_that_leaves_us_is_computed_by_a_spreadsheet() {
    let mut cells = 0;
    for name in ["=cmd|'/C calc'!A0", "＠SUM(1)", "\t=1+1", "+81", "'=1"] {
        let walls = walls([name, MARKS[1]]).await;
        let lists = staff_routes()
            .into_iter()
            .filter(|route| route.path.ends_with(".csv") || route.path == "/exports/{id}/file");
        for route in lists {
            let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
            let session = walls.session(&walls.ours, role).await;
            let answer = walls.get(Some(&session), &path(&route, &walls.ours.things)).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", route.path);
            assert!(answer.header(header::CONTENT_DISPOSITION).starts_with("attachment"), "{}", route.path);
            let text = answer.text();
            let rows: Vec<Vec<String>> = csv_rows(text.trim_start_matches('\u{FEFF}'));
            assert!(rows.len() > 1, "{}: an empty list proves nothing", route.path);
            for cell in rows.iter().flatten() {
                let first = cell.chars().next();
                let is_formula = first.is_some_and(|c| "=+-@\t\r\n＝＋－＠".contains(c));
                assert!(!is_formula, "{}: {cell:?}", route.path);
                cells += 1;
            }
        }
    }
    assert!(cells > 100, "{cells} cells");
}

/// Cells of a CSV text (RFC 4180), read by other code than wrote them.
fn csv_rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut chars) = (false, text.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            other => cell.push(other),
        }
    }
    rows
}

#[tokio::test]
async fn the_name_of_a_file_leads_nowhere_and_turns_no_line_around() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let files = walls.stage.app.files.clone();
    let before = names_in(files.parent().unwrap());
    for (sent, shown) in [
        ("../../../../tmp/sesshu-was-here.csv", Some("sesshu-was-here.csv")),
        ("..%2f..%2fetc%2fpasswd", None),
        ("C:\\\\Users\\\\x\\\\weekly.csv", Some("weekly.csv")),
        ("/etc/passwd", Some("passwd")),
        ("\u{202e}vsc.exe", Some("vsc.exe")),
        ("a\u{200b}\u{feff}b.csv", Some("ab.csv")),
        ("が.csv", None),
        ("か\u{3099}.csv", None),
        ("CON", None),
        (".", None),
        ("..", None),
        ("<img src=x>.csv", None),
    ] {
        let answer = upload(&walls, &session, form(&session, sent, "01,x")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{sent:?}: {}", answer.text());
        let page = walls.get(Some(&session), answer.header(header::LOCATION)).await.text();
        assert!(!page.contains(['\u{202e}', '\u{200b}']) && !page.contains("<img src=x"), "{sent:?}");
        if let Some(shown) = shown {
            assert!(page.contains(shown) && !page.contains(&format!("/{shown}")), "{sent:?}");
        }
    }
    // Every stored file is named by its digest, in the one folder; nothing beside it.
    let folder = files.join("imports").join(walls.ours.municipality.to_string());
    for name in names_in(&folder) {
        let digest = name.strip_suffix(".csv").unwrap_or_default();
        assert!(digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
    }
    assert_eq!(names_in(&files.join("imports")), [walls.ours.municipality.to_string()]);
    let new: Vec<_> =
        names_in(files.parent().unwrap()).into_iter().filter(|name| !before.contains(name)).collect();
    assert!(!new.iter().any(|name| name.contains("was-here")), "{new:?}");
    assert!(!std::path::Path::new("/tmp/sesshu-was-here.csv").exists());
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn bodies_of_many_parts_or_deep_nesting_or_packed_ones_cost_next_to_nothing() {
    let walls = walls(MARKS).await;
    let session = walls.session(&walls.ours, Role::Clerk).await;
    let many: String = (0..65_535).map(|n| part(&format!("p{n}"), "x")).collect();
    let many = format!("{}{many}--edge--\r\n", part("csrf", &session.csrf));
    let endless_head = format!("--edge\r\nContent-Disposition: form-data; name=\"{}", "n".repeat(8 << 20));
    let many_heads = format!(
        "--edge\r\n{}\r\nx\r\n--edge--\r\n",
        (0..20_000).map(|n| format!("x-{n}: y\r\n")).collect::<String>()
    );
    for (what, body) in [
        ("65,535 parts", many),
        ("a part's head without end", endless_head),
        ("a part with 20,000 lines of head", many_heads),
        ("an edge and nothing else", "--edge".to_owned()),
    ] {
        let (memory, began) = (peak_memory(), cpu_time());
        let answer = upload(&walls, &session, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{what}: {}", answer.text());
        let took = cpu_time() - began;
        assert!(took < CPU_TIME_MAX, "{what} takes {took:?}");
        let growth = peak_memory().saturating_sub(memory);
        assert!(growth < MEMORY_GROWTH_MAX, "{what} grew by {growth} bytes");
    }
    // Every form refuses what is no form; nobody parses JSON for people, and nobody unpacks.
    let deep = "[".repeat(1_000_000);
    for (kind, coding) in [("application/json", "identity"), ("application/x-www-form-urlencoded", "gzip")] {
        for route in staff_routes().into_iter().filter(|route| route.method == Method::POST) {
            let role = *Role::ALL.iter().find(|role| route.door.admits(**role)).unwrap();
            let session = walls.session(&walls.ours, role).await;
            let request = Request::post(path(&route, &walls.ours.things))
                .header(header::COOKIE, &session.cookie)
                .header(header::CONTENT_TYPE, kind)
                .header(header::CONTENT_ENCODING, coding);
            let memory = peak_memory();
            let answer = walls.send(request.body(Body::from(deep.clone())).unwrap()).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{} {kind}", route.path);
            assert!(peak_memory().saturating_sub(memory) < MEMORY_GROWTH_MAX, "{}", route.path);
        }
    }
}

#[test]
fn what_is_no_csv_is_named_and_never_unpacked() {
    let folder = std::env::temp_dir().join(format!("sesshu-test-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The end of a zip whose directory promises 10 GiB; a gzip that would be a thousand times its size; a deep XML.
    let zip_bomb = [b"PK\x03\x04\x2d\0\0\0\x08\0".as_slice(), &[0xff; 16], b"\x01\0\0\0x"].concat();
    let gzip_bomb = [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice(), &[0xaa; 100_000]].concat();
    for (what, bytes, sentence) in [
        ("xlsx or zip", zip_bomb, "ExcelファイルまたはZIPファイルです"),
        ("xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec(), "古い形式のExcelファイルです"),
        ("gzip", gzip_bomb, "圧縮（gzip）されたファイルです"),
        ("7z", b"7z\xBC\xAF\x27\x1C\0".to_vec(), "圧縮（7-Zip）されたファイルです"),
        ("pdf", b"%PDF-1.7".to_vec(), "PDFファイルです"),
        ("png", b"\x89PNG\r\n\x1a\n".to_vec(), "画像ファイルです"),
        ("nothing", Vec::new(), "ファイルが空です"),
        ("one endless row", vec![b'x'; 8 << 20], "制御行"),
        ("quotes without end", [b"\"".as_slice(), &vec![b'\n'; 8 << 20]].concat(), "長すぎます"),
        ("only commas", vec![b','; 8 << 20], "制御行"),
        ("only NUL", vec![0; 8 << 20], "制御行"),
    ] {
        let path = folder.join("x.csv");
        std::fs::write(&path, bytes).unwrap();
        for kind in Kind::ALL {
            let (memory, began) = (peak_memory(), cpu_time());
            let through = read_through(&path, kind).unwrap();
            let took = cpu_time() - began;
            assert!(took < CPU_TIME_MAX, "{what} takes {took:?}");
            assert!(peak_memory().saturating_sub(memory) < MEMORY_GROWTH_MAX, "{what}");
            let said: String = through.faults.iter().map(ToString::to_string).collect();
            assert!(through.errors > 0 && through.rows_read == 0, "{what} is taken");
            assert!(said.contains(sentence) || said.contains("長すぎます"), "{what}: {said}");
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
