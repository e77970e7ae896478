//! Random numbers that are the same everywhere and for ever: SplitMix64 (Steele, Lea, Flood 2014). A crate's generator may
//! change its stream between versions.

/// A stream of numbers.
pub struct Rng(u64);

impl Rng {
    /// The stream of thing `number` of a `kind`: things do not disturb each other's numbers.
    pub fn new(seed: u64, kind: u64, number: usize) -> Rng {
        let mut rng = Rng(seed ^ kind.wrapping_mul(0xd6e8_feb8_6659_fd93));
        let mixed = rng.next() ^ (number as u64).wrapping_mul(0xa076_1d64_78bd_642f);
        Rng(mixed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 when `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        // The bias is below 2⁻⁴⁰ for the sizes at hand.
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// True in `percent` of the cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of the items.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Reorder at random.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}
