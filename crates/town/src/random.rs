//! Chance that repeats: the same seed gives the same ward on every machine, today and in ten years.

/// SplitMix64 (Steele, Lea, Flood 2014). Own code, because a dependency may change its numbers with a version.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// An independent stream for one purpose and one person, so that a change to one leaves the others alone.
    pub fn stream(seed: u64, purpose: &str, index: u64) -> Self {
        let purpose = purpose.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        let mut chance = Chance(seed ^ purpose.rotate_left(17) ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.number();
        chance
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `0..end`.
    pub fn below(&mut self, end: u32) -> u32 {
        ((u128::from(self.number()) * u128::from(end)) >> 64) as u32
    }

    /// `from..=until`.
    pub fn between(&mut self, from: i32, until: i32) -> i32 {
        from + self.below((until - from + 1).max(1) as u32) as i32
    }

    /// True `per_mille` times in a thousand.
    pub fn hit(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// A delay in days: mostly short, sometimes up to `max`.
    pub fn delay(&mut self, max: u32) -> i32 {
        self.below(max + 1).min(self.below(max + 1)) as i32
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// An index, by weights that need not add up to anything.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return index;
            }
            rest -= weight;
        }
        unreachable!("the rest is below the sum of the weights")
    }
}
