//! What the last compile of a project left, in memory or read from the cache file: files by number with their stamps, and
//! one entry per model. Bounded: it holds what that compile used and nothing else.

use crate::analyse::Analysed;
use crate::load::LoadedModel;
use crate::packed::Packed;
use crate::snapshot::Model;
use crate::unit::Unit;
use rocky_base::system::FileStamp;
use rocky_base::{Diagnostic, FileId, SmolStr, SourceFile};
use rocky_config::{ContractConfig, Parsed};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct CachedFile {
    /// Its stamp then; `None` when it must be read again: it could not be read, or it was written so shortly before that a
    /// later change might have the same stamp.
    pub stamp: Option<FileStamp>,
    /// Hash of its text.
    pub hash: u128,
    /// Its text.
    pub source: Arc<SourceFile>,
    /// Why it could not be read or is not text.
    pub problem: Option<Box<Diagnostic>>,
}

/// Numbers of paths. A path keeps its number for the life of a memo, so that places in remembered values stay right.
#[derive(Clone, Debug, Default)]
pub struct Paths {
    ids: FxHashMap<SmolStr, FileId>,
    /// How many numbers were given out: not all of them need be here.
    given: u32,
}

impl Paths {
    /// The number of a path, given out when it is new.
    pub fn add(&mut self, path: &SmolStr) -> FileId {
        if let Some(id) = self.ids.get(path) {
            return *id;
        }
        let id = FileId(self.given);
        self.given += 1;
        self.ids.insert(path.clone(), id);
        id
    }

    /// A path with the number that it has.
    pub(crate) fn put(&mut self, path: SmolStr, id: FileId) {
        self.given = self.given.max(id.0 + 1);
        self.ids.insert(path, id);
    }

    /// Numbers up to this one were given out.
    pub(crate) fn end_at(&mut self, given: u32) {
        self.given = self.given.max(given);
    }

    /// The number of a path that was seen.
    pub fn get(&self, path: &str) -> Option<FileId> {
        self.ids.get(path).copied()
    }

    /// How many numbers were given out.
    pub fn len(&self) -> usize {
        self.given as usize
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All paths with their numbers, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&SmolStr, FileId)> {
        self.ids.iter().map(|(path, id)| (path, *id))
    }
}

/// What was found out about one model.
#[derive(Debug)]
pub struct Entry {
    /// Its files without the query.
    pub loaded: Arc<LoadedModel>,
    /// Its text.
    pub unit: Arc<Unit>,
    /// Its columns and lineage.
    pub analysed: Arc<Analysed>,
    /// Findings in its query, strategy and contract.
    pub checked: Arc<Checked>,
    /// All of it as it lies in the cache file.
    pub(crate) written: Option<Written>,
}

/// An entry of the cache file.
#[derive(Debug)]
pub(crate) struct Written {
    pub bytes: Packed,
    /// Where its row in the table of entries begins, in the bytes that these are a part of.
    pub row: usize,
    /// The fingerprint of the file that it was read from, when its news are left out.
    pub base: u128,
}

impl Entry {
    /// Whether the entry holds the very values of this model.
    pub(crate) fn is_of(&self, model: &Model) -> bool {
        Arc::ptr_eq(&self.loaded, &model.loaded)
            && Arc::ptr_eq(&self.unit, &model.unit)
            && Arc::ptr_eq(&self.analysed, &model.analysed)
            && Arc::ptr_eq(&self.checked, &model.checked)
    }
}

/// Findings with the hash of what they follow from.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Checked {
    /// Hash of everything that was looked at.
    pub key: u128,
    /// The findings, in the user's files.
    pub findings: Vec<Diagnostic>,
    /// Findings that count when the input with that number is a model.
    pub over_models: Vec<(u32, Diagnostic)>,
}

/// The memo of one project.
#[derive(Clone, Debug, Default)]
pub struct Memo {
    /// Numbers of paths.
    pub paths: Arc<Paths>,
    /// Files by number.
    pub files: Vec<Option<CachedFile>>,
    /// Models by the number of the file with the query.
    pub entries: Arc<FxHashMap<FileId, Arc<Entry>>>,
    /// Contracts of a contracts folder by file, with the hash of their text.
    pub contracts: FxHashMap<FileId, (u128, Arc<Parsed<ContractConfig>>)>,
    /// `schema.lock`.
    pub lock: Option<crate::lock::Loaded>,
    /// What the whole is recognised by.
    pub(crate) whole: Option<Arc<crate::intact::Whole>>,
}

impl Memo {
    /// Whether the cache file of the other one would be the same.
    pub(crate) fn is_written_as(&self, other: &Memo) -> bool {
        let place = |file: &Option<CachedFile>| {
            let file = file.as_ref().filter(|f| f.problem.is_none());
            file.map(|f| (f.stamp, f.hash))
        };
        // What was written down of another compile stays true.
        (self.whole.is_none() || self.whole == other.whole)
            && Arc::ptr_eq(&self.entries, &other.entries)
            && Arc::ptr_eq(&self.paths, &other.paths)
            && self.files.len() == other.files.len()
            && self.files.iter().map(place).eq(other.files.iter().map(place))
    }

    /// A file as the last compile saw it.
    pub fn file(&self, id: FileId) -> Option<&CachedFile> {
        self.files.get(id.0 as usize).and_then(Option::as_ref)
    }
}
