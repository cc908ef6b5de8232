//! Ten thousand ways to tamper with an exported log, each found by whoever has the file and the public key.

use kit::audit::export::file::Writer;
use kit::audit::export::verify::{Fault, Verified, verify};
use kit::audit::note::{Checkpoint, Key, PublicKey};
use kit::audit::tree::{self, Frontier, Hash};
use sha2::{Digest, Sha256};

const ORIGINS: [&str; 2] = ["sesshu/131172/health", "sesshu/131199/health"];
const ROWS: u64 = 60;
const SIGNED_EVERY: u64 = 20;

/// Chance with a seed, so that a failing case can be repeated.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }
}

fn lines(log: usize) -> Vec<String> {
    (1..=ROWS)
        .map(|n| format!(r#"{{"v":2,"municipality":"{log}","entry":"{n}","detail":{{"n":{n}}}}}"#))
        .collect()
}

/// The file over these lines, as the exporter would write it; signed by `key`, or with the notes given.
fn file(logs: &[(&str, Vec<String>)], key: &Key, notes: Option<&[Vec<String>]>) -> Vec<u8> {
    let mut out = Writer::new(Vec::new()).unwrap();
    for (at, (origin, lines)) in logs.iter().enumerate() {
        out.log(origin, 0, lines.len() as u64, &[]).unwrap();
        let mut tree = Frontier::default();
        let mut kept = notes.map(|notes| notes[at].iter());
        for line in lines {
            let leaf = tree::leaf(line.as_bytes());
            tree.push(leaf);
            out.row(&leaf, line).unwrap();
            if tree.size().is_multiple_of(SIGNED_EVERY) || tree.size() == lines.len() as u64 {
                let own = note(origin, &tree, key);
                let note = kept.as_mut().map_or(Some(&own), |kept| kept.next());
                out.checkpoint(note.unwrap_or(&own)).unwrap();
            }
        }
        out.end_log().unwrap();
    }
    out.finish().unwrap()
}

fn note(origin: &str, tree: &Frontier, key: &Key) -> String {
    Checkpoint { origin: origin.to_owned(), size: tree.size(), root: tree.root() }.sign(key)
}

struct Sealed {
    key: Key,
    logs: Vec<(&'static str, Vec<String>)>,
    bytes: Vec<u8>,
}

fn sealed() -> Sealed {
    let key = Key::generate().unwrap();
    let logs: Vec<(&str, Vec<String>)> =
        ORIGINS.iter().enumerate().map(|(at, origin)| (*origin, lines(at))).collect();
    let bytes = file(&logs, &key, None);
    Sealed { key, logs, bytes }
}

impl Sealed {
    fn verify(&self, bytes: &[u8]) -> Result<Verified, Fault> {
        verify(bytes, &self.key.public(), None)
    }

    fn text_lines(&self) -> Vec<&str> {
        std::str::from_utf8(&self.bytes).unwrap().split_inclusive('\n').collect()
    }

    /// The positions of rows among the lines.
    fn row_lines(&self) -> Vec<usize> {
        let is_row = |line: &str| line.starts_with(|first: char| first.is_ascii_digit());
        self.text_lines().iter().enumerate().filter(|(_, line)| is_row(line)).map(|(at, _)| at).collect()
    }

    fn notes(&self) -> Vec<Vec<String>> {
        let mut notes = vec![];
        for line in self.text_lines() {
            if line.starts_with("log") {
                notes.push(vec![]);
            }
            if let Some(note) = line.strip_prefix("checkpoint\t") {
                notes.last_mut().unwrap().push(note.trim_end().replace("\\n", "\n"));
            }
        }
        notes
    }
}

#[test]
fn an_untouched_file_is_found_right() {
    let sealed = sealed();
    let verified = sealed.verify(&sealed.bytes).unwrap();
    assert_eq!(verified.rows(), 2 * ROWS);
    assert_eq!(verified.logs[1].checkpoints, ROWS / SIGNED_EVERY);
    let other = Key::generate().unwrap().public();
    assert!(matches!(
        verify(&sealed.bytes[..], &other, None),
        Err(Fault::BadCheckpoint { first: 1, last: 20, .. })
    ));
}

#[test]
fn every_flipped_bit_is_found_and_its_row_named() {
    let sealed = sealed();
    let (mut chance, rows) = (Chance(1), sealed.row_lines());
    for case in 0..4_500 {
        let mut bytes = sealed.bytes.clone();
        let (at, bit) = (chance.below(bytes.len()), chance.below(8));
        bytes[at] ^= 1 << bit;
        let fault = sealed.verify(&bytes).expect_err(&format!("case {case}: byte {at}, bit {bit}"));
        let line = sealed.bytes[..at].iter().filter(|byte| **byte == b'\n').count();
        let Some(row) = rows.iter().position(|row| *row == line) else { continue };
        let place = row as u64 % ROWS + 1;
        let named = match fault {
            Fault::RowChanged { place, .. } => place,
            Fault::RowMissing { place: expected, found, .. } if found == place => expected.min(found),
            Fault::RowMissing { place, .. } => place,
            Fault::BadLine { ref after } => {
                after.rsplit('の').next().unwrap().trim_end_matches("番目").parse::<u64>().unwrap_or(0) + 1
            }
            ref other => panic!("case {case}: {other}"),
        };
        assert!(named == place || named == place + 1, "case {case}: row {place}, not {named}: {fault}");
    }
}

#[test]
fn every_deleted_doubled_or_swapped_line_is_found() {
    let sealed = sealed();
    let (mut chance, lines) = (Chance(2), sealed.text_lines());
    for case in 0..3_000 {
        let mut changed = lines.clone();
        let (one, other) = (chance.below(lines.len()), chance.below(lines.len()));
        match case % 3 {
            0 => drop(changed.remove(one)),
            1 => changed.insert(other, lines[one]),
            _ if lines[one] == lines[other] => continue,
            _ => changed.swap(one, other),
        }
        let changed = changed.concat();
        assert!(sealed.verify(changed.as_bytes()).is_err(), "case {case}: lines {one} and {other}");
    }
}

#[test]
fn every_cut_tail_is_found() {
    let sealed = sealed();
    let mut chance = Chance(3);
    for _ in 0..1_000 {
        let kept = chance.below(sealed.bytes.len());
        assert!(sealed.verify(&sealed.bytes[..kept]).is_err(), "cut after {kept} bytes");
    }
    let longer = [&sealed.bytes[..], b"\n"].concat();
    assert!(sealed.verify(&longer).is_err());
}

/// Changes entries as somebody would who knows the format and has everything but the key. Gives the first place changed.
fn tamper(lines: &mut Vec<String>, chance: &mut Chance) -> u64 {
    let at = chance.below(lines.len());
    match chance.below(5) {
        0 => lines[at] = lines[at].replace("\"n\"", "\"m\""),
        1 => drop(lines.remove(at)),
        2 => lines.insert(at, lines[at].replace("\"v\"", "\"w\"")),
        3 => {
            let lower = at.min(ROWS as usize - 2);
            lines.swap(lower, lower + 1);
            return lower as u64 + 1;
        }
        // Cut where a signature stands, it would be the true log of an earlier day: only a later checkpoint knows.
        _ => lines.truncate(if (at as u64).is_multiple_of(SIGNED_EVERY) { at + 1 } else { at }),
    }
    at as u64 + 1
}

#[test]
fn whoever_makes_every_hash_anew_lacks_the_key() {
    let sealed = sealed();
    let thief = Key::generate().unwrap();
    let mut chance = Chance(4);
    for case in 0..2_000 {
        let mut logs = sealed.logs.clone();
        let log = chance.below(2);
        let place = tamper(&mut logs[log].1, &mut chance);
        // Either signed with another key, or with the signatures of the true log.
        let notes = sealed.notes();
        let bytes = if case % 2 == 0 { file(&logs, &thief, None) } else { file(&logs, &thief, Some(&notes)) };
        let fault = sealed.verify(&bytes).expect_err(&format!("case {case}: log {log}, place {place}"));
        if case % 2 == 1
            && let Fault::RowsChanged { origin, first, last } = &fault
        {
            assert_eq!(origin, ORIGINS[log]);
            assert!(
                (*first..=*last).contains(&place) || *first == place + 1,
                "case {case}: {place}: {fault}"
            );
        }
    }
}

#[test]
fn one_row_made_anew_with_its_own_link_is_named() {
    let sealed = sealed();
    let lines = sealed.text_lines();
    for row in sealed.row_lines() {
        let mut changed: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let forged = changed[row].replace("\"n\"", "\"m\"");
        let fields: Vec<&str> = forged.trim_end().splitn(3, '\t').collect();
        let place: u64 = fields[0].parse().unwrap();
        let before = if place == 1 {
            Hash::default()
        } else {
            // The link before stands in the row before; a checkpoint may lie between.
            let earlier = lines[..row].iter().rev().find(|line| line.starts_with(char::is_numeric)).unwrap();
            unhex(earlier.split('\t').nth(1).unwrap())
        };
        let link: Hash = Sha256::digest([before, tree::leaf(fields[2].as_bytes())].concat()).into();
        changed[row] = format!("{place}\t{}\t{}\n", hex(&link), fields[2]);
        let fault = sealed.verify(changed.concat().as_bytes()).unwrap_err();
        match fault {
            Fault::RowChanged { place: named, .. } => {
                assert!(named == place || named == place + 1, "{place}: {fault}")
            }
            // The last row before a signature: that is held against first.
            Fault::RowsChanged { last, .. } => assert_eq!(last, place),
            other => panic!("{place}: {other}"),
        }
    }
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Hash {
    let bytes: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

#[test]
fn yesterdays_file_is_found_by_whoever_has_a_later_checkpoint() {
    let sealed = sealed();
    let later: Vec<Checkpoint> =
        sealed.notes()[0].iter().map(|note| Checkpoint::open(note, &sealed.key.public()).unwrap()).collect();
    for kept in 1..=ROWS {
        let short = vec![(ORIGINS[0], sealed.logs[0].1[..kept as usize].to_vec())];
        let yesterday = file(&short, &sealed.key, None);
        sealed.verify(&yesterday).expect("it was true once");
        for since in &later {
            let seen = verify(&yesterday[..], &sealed.key.public(), Some(since));
            if since.size > kept {
                let rolled_back = matches!(seen, Err(Fault::RolledBack { last, size, .. }) if (last, size) == (kept, since.size));
                assert!(rolled_back, "{kept} rows against {}", since.size);
            } else {
                seen.expect("the earlier checkpoint is in it");
            }
        }
    }
}

#[test]
fn a_history_the_keeper_was_made_to_sign_anew_differs_from_what_was_known() {
    let sealed = sealed();
    let known = Checkpoint::open(&sealed.notes()[0][0], &sealed.key.public()).unwrap();
    let mut logs = sealed.logs.clone();
    logs[0].1[3] = "{}".to_owned();
    let other = file(&logs, &sealed.key, None);
    sealed.verify(&other).expect("the file alone is in order");
    let seen = verify(&other[..], &sealed.key.public(), Some(&known));
    assert!(matches!(seen, Err(Fault::NotWhatWasKnown { size: 20, .. })));
    let elsewhere = Checkpoint { origin: "sesshu/011002/health".to_owned(), ..known };
    let seen = verify(&other[..], &sealed.key.public(), Some(&elsewhere));
    assert!(matches!(seen, Err(Fault::NoSuchLog { .. })));
}

#[test]
fn a_log_does_not_pass_for_its_neighbours() {
    let sealed = sealed();
    let swapped = vec![(ORIGINS[1], sealed.logs[0].1.clone()), (ORIGINS[0], sealed.logs[1].1.clone())];
    let notes = sealed.notes();
    let seen = sealed.verify(&file(&swapped, &sealed.key, Some(&notes)));
    assert!(matches!(seen, Err(Fault::BadCheckpoint { .. })));
}

#[test]
fn a_large_file_is_verified_across_the_edges_of_its_blocks() {
    let key = Key::generate().unwrap();
    let line = |n: u64| format!(r#"{{"n":{n},"filler":"{}"}}"#, "x".repeat((n % 700) as usize));
    let many: Vec<String> = (0..30_000).map(line).collect();
    let logs = vec![(ORIGINS[0], many)];
    let bytes = file(&logs, &key, None);
    assert!(bytes.len() > 10_000_000);
    assert_eq!(verify(&bytes[..], &key.public(), None).unwrap().rows(), 30_000);
    let mut chance = Chance(5);
    for _ in 0..20 {
        let mut changed = bytes.clone();
        let at = chance.below(changed.len());
        changed[at] ^= 1;
        assert!(verify(&changed[..], &key.public(), None).is_err(), "byte {at}");
    }
}

#[test]
fn nonsense_is_refused() {
    let key = PublicKey([0; 32]);
    for nonsense in [
        &b""[..],
        b"\n",
        b"sesshu audit export 1",
        b"sesshu audit export 1\n",
        b"sesshu audit export 2\n",
        b"1\t\t\n",
    ] {
        assert!(verify(nonsense, &key, None).is_err());
    }
    let nothing = Writer::new(Vec::new()).unwrap().finish().unwrap();
    assert_eq!(verify(&nothing[..], &key, None).unwrap().rows(), 0);
}
