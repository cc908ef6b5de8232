//! The Merkle tree of RFC 9162 (2.1) over hashes of lines: roots, inclusion and consistency. Pure.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The hash of a leaf's data. The prefix keeps leaves and inner nodes apart, so that no node can pass for an entry.
pub fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}

/// The node above two.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(left);
    bytes[33..].copy_from_slice(right);
    Sha256::digest(bytes).into()
}

/// The root of a tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// A tree that grows at its end: the roots of its full subtrees, largest first, one for each bit of its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// A tree known by its size and the roots of its full subtrees; `None` where their number does not fit the size.
    pub fn of(size: u64, roots: Vec<Hash>) -> Option<Frontier> {
        (size.count_ones() as usize == roots.len()).then_some(Frontier { size, roots })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the full subtrees, largest first.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds a leaf's hash.
    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// Adds a full subtree of 2^`level` leaves.
    ///
    /// # Panics
    /// Where such a subtree cannot stand at this size.
    pub fn push_subtree(&mut self, level: u32, root: Hash) {
        assert!(self.size.is_multiple_of(1 << level), "a full subtree stands at a multiple of its own size");
        let mut root = root;
        // Every subtree of the same size at the end joins with the new one, as in adding one to a binary number.
        for _ in 0..(self.size >> level).trailing_ones() {
            let left = self.roots.pop().expect("one root for each bit of the size");
            root = node(&left, &root);
        }
        self.roots.push(root);
        self.size += 1 << level;
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        let mut from_right = self.roots.iter().rev();
        let Some(last) = from_right.next() else { return empty_root() };
        from_right.fold(*last, |right, left| node(left, &right))
    }
}

/// The root over some leaves.
pub fn root(leaves: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier.root()
}

/// A part of the tree whose root stands in a proof: the leaves from `start` up to but not with `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u64,
    pub end: u64,
}

/// Where RFC 9162 divides a tree: the largest power of two below its size.
fn split(size: u64) -> u64 {
    size.next_power_of_two() / 2
}

/// The parts that prove that leaf `index` is in the tree of `size` leaves, from the leaf upwards (2.1.3.1).
pub fn inclusion(index: u64, size: u64) -> Vec<Span> {
    let (mut start, mut end) = (0, size);
    let mut from_top = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            from_top.push(Span { start: middle, end });
            end = middle;
        } else {
            from_top.push(Span { start, end: middle });
            start = middle;
        }
    }
    from_top.reverse();
    from_top
}

/// The parts that prove that the tree of `size` leaves begins with the one of `old` leaves (2.1.4.1).
pub fn consistency(old: u64, size: u64) -> Vec<Span> {
    let (mut start, mut end) = (0, size);
    let mut from_top = Vec::new();
    while old < end {
        let middle = start + split(end - start);
        if old <= middle {
            from_top.push(Span { start: middle, end });
            end = middle;
        } else {
            from_top.push(Span { start, end: middle });
            start = middle;
        }
    }
    if start > 0 {
        // The old tree is not a subtree of the new one by itself: its last part begins the proof.
        from_top.push(Span { start, end });
    }
    from_top.reverse();
    from_top
}

/// Does `proof` lead from the leaf at `index` to the root of a tree of `size` leaves (2.1.3.2)?
pub fn includes(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, leaf);
    for step in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = node(step, &hash);
            while at.is_multiple_of(2) && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, step);
        }
        at /= 2;
        last /= 2;
    }
    last == 0 && hash == *root
}

/// Does `proof` show that the tree of `size` leaves begins with the one of `old` leaves (2.1.4.2)?
pub fn extends(old: u64, old_root: &Hash, size: u64, root: &Hash, proof: &[Hash]) -> bool {
    if old == 0 || old >= size {
        return old == size && proof.is_empty() && old_root == root || old == 0 && *old_root == empty_root();
    }
    let mut steps = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { steps.next() };
    let Some(first) = first else { return false };
    let (mut at, mut last) = (old - 1, size - 1);
    let shift = at.trailing_ones();
    at >>= shift;
    last >>= shift;
    let (mut from_old, mut from_new) = (*first, *first);
    for step in steps {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            from_old = node(step, &from_old);
            from_new = node(step, &from_new);
            while at.is_multiple_of(2) && at != 0 {
                at /= 2;
                last /= 2;
            }
        } else {
            from_new = node(&from_new, step);
        }
        at /= 2;
        last /= 2;
    }
    last == 0 && from_old == *old_root && from_new == *root
}
