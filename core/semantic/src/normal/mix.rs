//! Digests: a 128-bit hash of a normalised meaning, and whether it changes from one execution to the next.

use rocky_base::SmolStr;
use xxhash_rust::xxh3::Xxh3;

/// The hash of what a value or a set of rows means. Equal hashes: the same program over the same inputs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Digest {
    /// The hash.
    pub hash: u128,
    /// What makes two executions of the same program differ (`random()`, `LIMIT without ORDER BY`), if anything does.
    pub volatile: Option<SmolStr>,
}

impl Digest {
    /// A digest of words that belong together.
    pub fn of(words: &[&str]) -> Digest {
        let mut mix = Mix::new("words");
        words.iter().for_each(|w| {
            mix.str(w);
        });
        mix.done()
    }
}

/// Collects parts into a digest. Every part is prefixed with its length, so that two lists never meet by concatenation.
pub struct Mix {
    hash: Xxh3,
    volatile: Option<SmolStr>,
}

impl Mix {
    /// Start with what kind of thing it is.
    pub fn new(tag: &str) -> Mix {
        let mut mix = Mix {
            hash: Xxh3::new(),
            volatile: None,
        };
        mix.str(tag);
        mix
    }

    /// Add text.
    pub fn str(&mut self, text: &str) -> &mut Mix {
        self.hash.update(&(text.len() as u64).to_le_bytes());
        self.hash.update(text.as_bytes());
        self
    }

    /// Add a number.
    pub fn num(&mut self, n: usize) -> &mut Mix {
        self.hash.update(&(n as u64).to_le_bytes());
        self
    }

    /// Add a flag.
    pub fn flag(&mut self, flag: bool) -> &mut Mix {
        self.num(usize::from(flag))
    }

    /// Add a part.
    pub fn dig(&mut self, part: &Digest) -> &mut Mix {
        self.hash.update(&part.hash.to_le_bytes());
        if self.volatile.is_none() {
            self.volatile.clone_from(&part.volatile);
        }
        self
    }

    /// Add a list, in order.
    pub fn digs<'d>(&mut self, parts: impl IntoIterator<Item = &'d Digest>) -> &mut Mix {
        let mut n = 0;
        for part in parts {
            self.dig(part);
            n += 1;
        }
        self.num(n)
    }

    /// Add a set: the order and repetitions of its elements do not matter.
    pub fn set(&mut self, mut parts: Vec<Digest>) -> &mut Mix {
        parts.sort_by_key(|d| d.hash);
        parts.dedup_by_key(|d| d.hash);
        self.digs(&parts)
    }

    /// Say that executions differ.
    pub fn volatile(&mut self, why: impl Into<SmolStr>) -> &mut Mix {
        self.volatile.get_or_insert_with(|| why.into());
        self
    }

    /// The digest.
    pub fn done(&self) -> Digest {
        Digest {
            hash: self.hash.digest128(),
            volatile: self.volatile.clone(),
        }
    }
}
