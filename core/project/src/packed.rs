//! Values that are bytes, in the cache file or made for it, and are decoded when they are first asked for: most models of a
//! compile are never looked at again.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// A range of bytes of the cache file, which stays in memory as long as anything refers to it.
#[derive(Clone)]
pub struct Packed {
    file: Arc<Vec<u8>>,
    start: usize,
    len: usize,
}

impl std::fmt::Debug for Packed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({}..{})", self.start, self.start + self.len)
    }
}

impl Packed {
    /// `None` when the range is not inside the file.
    pub fn new(file: &Arc<Vec<u8>>, start: usize, len: usize) -> Option<Packed> {
        (start.checked_add(len)? <= file.len()).then(|| Packed {
            file: file.clone(),
            start,
            len,
        })
    }

    /// Other bytes of the same file; `None` when the range is not inside of it.
    pub fn beside(&self, start: usize, len: usize) -> Option<&[u8]> {
        self.file.get(start..start.checked_add(len)?)
    }

    /// Bytes of its own.
    pub fn own(mut bytes: Vec<u8>) -> Packed {
        bytes.shrink_to_fit();
        Packed {
            start: 0,
            len: bytes.len(),
            file: Arc::new(bytes),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.file.get(self.start..self.start + self.len).unwrap_or(&[])
    }
}

/// A value, or where it lies.
#[derive(Debug)]
pub struct Lazy<T> {
    cell: OnceLock<T>,
    packed: Option<Packed>,
}

impl<T> Lazy<T> {
    /// A value that was just made.
    pub fn new(value: T) -> Lazy<T> {
        Lazy {
            cell: OnceLock::from(value),
            packed: None,
        }
    }

    /// A value in the cache file. The bytes were checked against their checksum when the file was read.
    pub fn packed(packed: Packed) -> Lazy<T> {
        Lazy {
            cell: OnceLock::new(),
            packed: Some(packed),
        }
    }
}

impl<T: Serialize + DeserializeOwned + Default> Lazy<T> {
    /// Its bytes for the cache file; `None` when it cannot be encoded.
    pub fn pack(&self) -> Option<Cow<'_, [u8]>> {
        match &self.packed {
            Some(packed) => Some(packed.bytes().into()),
            None => postcard::to_stdvec(self.get()).ok().map(Cow::Owned),
        }
    }

    /// The same as bytes: they need a third of the memory. `None` when it is that already, or cannot be encoded.
    pub fn packed_up(&self) -> Option<Lazy<T>> {
        match &self.packed {
            Some(_) => None,
            None => Some(Lazy::packed(Packed::own(postcard::to_stdvec(self.get()).ok()?))),
        }
    }

    /// The value, decoded for the caller alone: what is looked at once need not stay in memory. `None` when it is there already.
    pub fn once(&self) -> Option<T> {
        match self.cell.get() {
            Some(_) => None,
            None => Some(self.decoded()),
        }
    }

    fn decoded(&self) -> T {
        let decoded = self.packed.as_ref().map(|p| postcard::from_bytes(p.bytes()));
        debug_assert!(matches!(decoded, Some(Ok(_))), "a cache entry does not decode");
        decoded.and_then(Result::ok).unwrap_or_default()
    }

    /// The value. Bytes with a right checksum were written by this very build, so that they decode; were they not to, the
    /// empty value is as good as any.
    pub fn get(&self) -> &T {
        self.cell.get_or_init(|| self.decoded())
    }
}
