//! The tree against the definitions of RFC 9162, written down once more as slowly as they read.

use kit::audit::tree::{self, Frontier, Hash, Span};
use sha2::{Digest, Sha256};

fn sha(parts: &[&[u8]]) -> Hash {
    let mut sha = Sha256::new();
    parts.iter().for_each(|part| sha.update(part));
    sha.finalize().into()
}

/// MTH of section 2.1.1.
fn slow_root(data: &[Vec<u8>]) -> Hash {
    match data {
        [] => sha(&[]),
        [one] => sha(&[&[0], one]),
        _ => {
            let mut k = 1;
            while k * 2 < data.len() {
                k *= 2;
            }
            sha(&[&[1], &slow_root(&data[..k]), &slow_root(&data[k..])])
        }
    }
}

fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("entry {n}").into_bytes()).collect()
}

fn roots(data: &[Vec<u8>], spans: &[Span]) -> Vec<Hash> {
    spans.iter().map(|span| slow_root(&data[span.start as usize..span.end as usize])).collect()
}

#[test]
fn the_root_at_every_size_is_the_one_the_standard_defines() {
    let data = entries(130);
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root(), slow_root(&[]));
    for (n, entry) in data.iter().enumerate() {
        frontier.push(tree::leaf(entry));
        assert_eq!(frontier.root(), slow_root(&data[..=n]), "{} leaves", n + 1);
    }
}

#[test]
fn every_entry_is_proved_and_nothing_else_is() {
    for size in 1..=40 {
        let data = entries(size);
        let root = slow_root(&data);
        for index in 0..size {
            let proof = roots(&data, &tree::inclusion(index as u64, size as u64));
            let leaf = tree::leaf(&data[index]);
            let proves = |leaf, index: usize, size: usize, proof: &[Hash]| {
                tree::includes(leaf, index as u64, size as u64, proof, &root)
            };
            assert!(proves(leaf, index, size, &proof), "{index} of {size}");
            assert!(!proves(tree::leaf(b"another"), index, size, &proof));
            assert!(size == 1 || !proves(leaf, index, size, &proof[1..]));
            assert!(!proves(leaf, index, size, &[&proof[..], &[root]].concat()));
            for other in (0..size).filter(|other| *other != index) {
                assert!(!proves(leaf, other, size, &proof), "{index} passes for {other} of {size}");
            }
        }
    }
}

#[test]
fn every_log_extends_its_beginnings_and_no_others() {
    let data = entries(40);
    let mut changed = data.clone();
    changed[0] = b"something else".to_vec();
    for size in 1..=40 {
        for old in 1..=size {
            let spans = tree::consistency(old as u64, size as u64);
            let proof = roots(&data[..size], &spans);
            let (old_root, root) = (slow_root(&data[..old]), slow_root(&data[..size]));
            let says = |old_root: &Hash, root: &Hash, proof: &[Hash]| {
                tree::extends(old as u64, old_root, size as u64, root, proof)
            };
            assert!(says(&old_root, &root, &proof), "{old} of {size}");
            let forged = slow_root(&changed[..old]);
            assert!(!says(&forged, &root, &proof));
            assert!(!says(&forged, &root, &roots(&changed[..size], &spans)));
            assert!(!says(&old_root, &slow_root(&changed[..size]), &roots(&changed[..size], &spans)));
            assert!(!says(&old_root, &root, &[&proof[..], &[root]].concat()));
            assert!(proof.is_empty() || !says(&old_root, &root, &proof[1..]));
        }
    }
}
