//! 128-bit content hashes for memo keys. Every field is length-prefixed, so that two sequences of fields never collide by
//! concatenation.

use xxhash_rust::xxh3::Xxh3;

/// A streaming hash.
pub struct Hasher128(Xxh3);

impl Default for Hasher128 {
    fn default() -> Hasher128 {
        Hasher128::new()
    }
}

impl Hasher128 {
    /// Start.
    pub fn new() -> Hasher128 {
        Hasher128(Xxh3::new())
    }

    /// Add bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Hasher128 {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Add text.
    pub fn str(&mut self, text: &str) -> &mut Hasher128 {
        self.bytes(text.as_bytes())
    }

    /// Add a number.
    pub fn u32(&mut self, n: u32) -> &mut Hasher128 {
        self.0.update(&n.to_le_bytes());
        self
    }

    /// Add a hash.
    pub fn u128(&mut self, n: u128) -> &mut Hasher128 {
        self.0.update(&n.to_le_bytes());
        self
    }

    /// Add anything that implements `Hash`, through its own field order.
    pub fn value(&mut self, value: &impl std::hash::Hash) -> &mut Hasher128 {
        value.hash(&mut Adapter(&mut self.0));
        self
    }

    /// The result.
    pub fn finish(&self) -> u128 {
        self.0.digest128()
    }
}

/// Lets `derive(Hash)` feed the stream; its 64-bit result is never used.
struct Adapter<'a>(&'a mut Xxh3);

impl std::hash::Hasher for Adapter<'_> {
    fn finish(&self) -> u64 {
        0
    }
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }
}
