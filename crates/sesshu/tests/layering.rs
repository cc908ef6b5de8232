//! The house's arrows and guests, read from `cargo metadata`: who may depend on whom, and on what terms.
//!
//! A new arrow is a design decision: it needs an ADR, and a change here.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each room and the rooms it may lean on (design: `domain ← wire ← kit ← desk ← systems ← {town, sesshu}`; `ui`,
/// `paper` and `credentials` stand beside `kit`). Rooms not yet built are listed, too.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &["domain"]),
    ("kit", &["domain", "wire"]),
    ("ui", &["domain"]),
    ("paper", &["domain"]),
    ("credentials", &["domain"]),
    ("desk", &["domain", "wire", "kit", "ui"]),
    ("health", BELOW_SYSTEMS),
    ("hub", BELOW_SYSTEMS),
    ("gateway", BELOW_SYSTEMS),
    ("vrs", BELOW_SYSTEMS),
    ("portal", BELOW_SYSTEMS),
    ("town", BELOW_TOWN),
    ("sesshu", BELOW_SESSHU),
];
const BELOW_SYSTEMS: &[&str] = &["domain", "wire", "kit", "ui", "paper", "credentials", "desk"];
const BELOW_TOWN: &[&str] = &[
    "domain",
    "wire",
    "kit",
    "ui",
    "paper",
    "credentials",
    "desk",
    "health",
    "hub",
    "gateway",
    "vrs",
    "portal",
];
const BELOW_SESSHU: &[&str] = &[
    "domain",
    "wire",
    "kit",
    "ui",
    "paper",
    "credentials",
    "desk",
    "health",
    "hub",
    "gateway",
    "vrs",
    "portal",
    "town",
];

/// What the pure crate may use: calendars, tables of characters, error texts, wiped memory. No clock, net, database,
/// log or format.
const GUESTS_OF_DOMAIN: &[&str] = &["jiff", "thiserror", "unicode-normalization", "zeroize"];
/// What the messages may use: the form on the line, ids and times. They do nothing.
const GUESTS_OF_WIRE: &[&str] = &["jiff", "serde", "uuid"];
/// Other implementations of TLS and its ciphers (deny.toml bans them, too).
const OTHER_CIPHERS: &[&str] = &["ring", "openssl-sys", "native-tls", "schannel", "boring-sys"];

fn metadata(arguments: &[&str]) -> Value {
    let all = [&["metadata", "--format-version=1", "--offline", "--locked"], arguments].concat();
    serde_json::from_slice(&cargo(&all)).expect("cargo writes JSON")
}

fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

#[test]
fn every_arrow_between_crates_is_one_the_design_has_drawn() {
    let metadata = metadata(&["--no-deps"]);
    let rooms: BTreeSet<&str> = list(&metadata, "packages").map(|p| text(p, "name")).collect();
    for package in list(&metadata, "packages") {
        let name = text(package, "name");
        let Some((_, allowed)) = ARROWS.iter().find(|(room, _)| *room == name) else {
            panic!("{name} is a new crate: draw its arrows here and say why in an ADR");
        };
        for dependency in list(package, "dependencies") {
            // Tests may lean on rooms above (a story needs the town); what is shipped may not.
            if text(dependency, "kind") == "dev" {
                continue;
            }
            let target = text(dependency, "name");
            assert!(
                !rooms.contains(target) || allowed.contains(&target),
                "{name} depends on {target}: no such arrow"
            );
        }
    }
}

#[test]
fn the_arrows_have_no_cycle() {
    for (at, (room, below)) in ARROWS.iter().enumerate() {
        for lower in *below {
            let place = ARROWS.iter().position(|(r, _)| r == lower);
            assert!(place.is_some_and(|p| p < at), "{room} → {lower}: the table goes from the ground up");
        }
    }
}

#[test]
fn domain_knows_no_clock_database_network_format_or_log() {
    let metadata = metadata(&["--no-deps"]);
    let domain =
        list(&metadata, "packages").find(|p| text(p, "name") == "domain").expect("domain is a crate");
    for dependency in list(domain, "dependencies").filter(|d| d["kind"].is_null()) {
        let guest = text(dependency, "name");
        assert!(GUESTS_OF_DOMAIN.contains(&guest), "domain uses {guest}: it must stay pure");
    }
}

#[test]
fn wire_knows_no_clock_database_network_or_log() {
    let metadata = metadata(&["--no-deps"]);
    let wire = list(&metadata, "packages").find(|p| text(p, "name") == "wire").expect("wire is a crate");
    for dependency in list(wire, "dependencies").filter(|d| d["kind"].is_null()) {
        let guest = text(dependency, "name");
        assert!(
            guest == "domain" || GUESTS_OF_WIRE.contains(&guest),
            "wire uses {guest}: it holds messages only"
        );
    }
}

#[test]
fn there_is_one_implementation_of_tls() {
    // `cargo metadata` also names guests that an unused feature would bring; the tree names those who come.
    let output =
        cargo(&["tree", "--workspace", "--edges=normal,build", "--prefix=none", "--offline", "--locked"]);
    let tree = String::from_utf8_lossy(&output);
    assert!(tree.contains("rustls v"), "the tree is read");
    let wrong: Vec<&str> = tree
        .lines()
        .filter(|line| OTHER_CIPHERS.iter().any(|other| line.starts_with(&format!("{other} v"))))
        .collect();
    assert!(wrong.is_empty(), "rustls with aws-lc-rs only: {wrong:?}");
}

#[test]
fn every_guest_has_a_licence_that_deny_toml_allows() {
    let metadata = metadata(&["--filter-platform=x86_64-unknown-linux-gnu"]);
    let allowed = allowed_licences();
    let wrong: Vec<String> = list(&metadata, "packages")
        .filter(|p| !p["source"].is_null())
        .filter(|p| !is_allowed(text(p, "license"), &allowed) && !is_excepted(p))
        .map(|p| format!("{} {}: {:?}", text(p, "name"), text(p, "version"), text(p, "license")))
        .collect();
    assert!(wrong.is_empty(), "not allowed by deny.toml: {wrong:#?}");
}

/// Whether deny.toml excepts this crate by name with just this licence.
fn is_excepted(package: &Value) -> bool {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deny.toml");
    let list = std::fs::read_to_string(path).expect("deny.toml stands at the root");
    let (name, licence) = (text(package, "name"), text(package, "license"));
    list.contains(&format!("{{ crate = \"{name}\", allow = [\"{licence}\"] }}"))
}

/// The quoted names of `allow = […]` in deny.toml.
fn allowed_licences() -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deny.toml");
    let text = std::fs::read_to_string(path).expect("deny.toml stands at the root");
    let (_, after) = text.split_once("allow = [").expect("deny.toml has a list of licences");
    let (names, _) = after.split_once(']').expect("the list ends");
    names
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix('"')?.split('"').next()?.to_owned()))
        .collect()
}

/// SPDX: one alternative of which every part is allowed. The old form `MIT/Apache-2.0` means `OR`.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let flat = expression.replace('/', " OR ");
    // `(A OR B) AND C`: every bracketed or bare part must have an allowed alternative.
    flat.split(" AND ").all(|part| {
        part.trim_matches(['(', ')', ' '])
            .split(" OR ")
            .any(|one| allowed.contains(one.trim_matches(['(', ')', ' '])))
    })
}

#[test]
fn a_licence_expression_needs_every_part_and_any_alternative() {
    let allowed = ["MIT", "ISC"].map(String::from).into();
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("MIT/GPL-3.0", true),
        ("(MIT OR GPL-3.0) AND ISC", true),
        ("MIT AND GPL-3.0", false),
        ("GPL-3.0", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
