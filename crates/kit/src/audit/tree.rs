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
