//! The hunter is let loose on planted leaks first: one that finds nothing anywhere proves nothing.

use flate2::{Compression, write::GzEncoder, write::ZlibEncoder};
use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use town::{Catch, Hunt, planted_number};

fn hunt() -> Hunt {
    let numbers: Vec<String> = (0..10_000).map(planted_number).collect();
    Hunt::for_numbers(numbers.iter().map(String::as_str))
}

fn forms(hunt: &Hunt, bytes: &[u8]) -> Vec<String> {
    let mut caught = Catch::default();
    hunt.bytes(Path::new("here"), bytes, &mut caught);
    caught.leaks.into_iter().map(|leak| leak.form).collect()
}

/// RFC 4648, the slow way.
fn base64(bytes: &[u8]) -> String {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)).collect();
    let six = |six: &[u8]| (0..6).fold(0, |sum, at| sum << 1 | six.get(at).copied().unwrap_or(0));
    bits.chunks(6).map(|chunk| char::from(alphabet[usize::from(six(chunk))])).collect()
}

fn utf16(text: &str, encode: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(encode).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = ZlibEncoder::new(Vec::new(), Compression::default());
    packer.write_all(bytes).expect("memory takes it");
    packer.finish().expect("memory takes it")
}

#[test]
fn planted_numbers_are_well_formed_and_each_another() {
    let numbers: HashSet<String> = (0..20_000).map(planted_number).collect();
    assert_eq!(numbers.len(), 20_000);
    for number in &numbers {
        assert!(domain::individual_number::IndividualNumber::parse(number).is_ok(), "{number}");
        assert!(!number.starts_with('0'));
    }
}

#[test]
fn a_planted_number_is_found_in_every_form() {
    let hunt = hunt();
    let plain = planted_number(4_711);
    let groups = |between: &str| [&plain[..4], &plain[4..8], &plain[8..]].join(between);
    let wide: String = plain.chars().map(|c| char::from_u32(c as u32 + 0xFEE0).expect("a digit")).collect();
    let sjis: Vec<u8> = plain.bytes().flat_map(|byte| [0x82, byte - b'0' + 0x4F]).collect();
    let one_by_one = plain.chars().map(String::from).collect::<Vec<_>>();
    let around = |middle: &[u8]| [b"id=77,12; name ", middle, b"<br>1990-01-02"].concat();
    let mut cases: Vec<(&str, &str, Vec<u8>)> = vec![
        ("plain", "plain", plain.clone().into()),
        ("after other digits", "plain", format!("2026{plain}99").into()),
        ("groups by space", "plain", groups(" ").into()),
        ("groups by hyphen", "plain", groups("-").into()),
        ("groups by wide space", "plain", groups("\u{3000}").into()),
        ("groups by mark-up", "plain", groups("</td><td>").into()),
        ("groups by &nbsp;", "plain", groups("&nbsp;").into()),
        ("boxes", "plain", one_by_one.join(" ").into()),
        ("full-width", "plain", wide.clone().into()),
        ("Shift_JIS", "plain", sjis),
        ("UTF-16LE", "UTF-16LE", utf16(&groups("\u{3000}"), u16::to_le_bytes)),
        ("UTF-16BE", "UTF-16BE", utf16(&groups("\u{3000}"), u16::to_be_bytes)),
        ("UTF-16 full-width", "UTF-16LE", utf16(&wide, u16::to_le_bytes)),
        ("gzip", "gzip, plain", gzip(groups(" ").as_bytes())),
        ("zlib in gzip", "gzip, zlib, plain", gzip(&zlib(plain.as_bytes()))),
    ];
    let hex: String = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
    cases.push(("bytea", "hexadecimal", format!("\\x{hex}").into()));
    cases.push(("hexadecimal, odd", "hexadecimal", format!(r#""a{hex}""#).into()));
    for before in ["", "a", "ab"] {
        for text in [plain.clone(), groups("-")] {
            let text = base64(format!("{before}{text}").as_bytes());
            cases.push(("base64", "base64", text.into()));
        }
    }
    for (name, form, leak) in cases {
        for bytes in [leak.clone(), around(&leak), [&b"x"[..], &around(&leak)].concat()] {
            let found = forms(&hunt, &bytes);
            assert!(found.iter().any(|f| f == form), "{name}: {found:?}");
        }
    }
}

#[test]
fn what_is_no_planted_number_is_left_alone() {
    let hunt = hunt();
    let plain = planted_number(4_711);
    let stranger = planted_number(10_001);
    let far = [&plain[..4], &plain[4..8], &plain[8..]].join("----a-long-way----");
    for text in [stranger, plain[..11].to_owned(), far, format!("{}x{}", &plain[..5], &plain[5..])] {
        assert_eq!(forms(&hunt, text.as_bytes()), Vec::<String>::new());
    }
    let digits: String = (0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_string()).collect();
    assert_eq!(forms(&hunt, digits.as_bytes()), Vec::<String>::new());
}

#[test]
fn a_finding_names_the_place_and_not_the_number() {
    let plain = planted_number(7);
    let dir = std::env::temp_dir().join(format!("sesshu-hunt-{}", std::process::id()));
    std::fs::create_dir_all(dir.join("deep")).expect("a folder");
    std::fs::write(dir.join("deep/leak.log"), format!("10:00 number {plain}\n")).expect("a file");
    std::fs::write(dir.join("clean.log"), "10:00 nothing\n").expect("a file");
    let mut caught = Catch::default();
    hunt().path(&dir, &mut caught).expect("all is readable");
    std::fs::remove_dir_all(&dir).expect("ours");
    assert_eq!((caught.files, caught.leaks.len()), (2, 1));
    let told = caught.leaks[0].to_string();
    assert!(told.contains("deep/leak.log at byte 24: plain") && !told.contains(&plain), "{told}");
}
