//! What earlier compiles of one project left: file texts by stamp, parsed configuration, parsed units, analyses. Bounded:
//! after each compile it keeps what that compile used and nothing else.

use crate::unit::Unit;
use rocky_base::system::FileStamp;
use rocky_base::{Diagnostic, FileId, SmolStr, SourceFile};
use rocky_config::{ContractConfig, DefaultsConfig, ModelConfig, Options};
use rocky_semantic::Analysis;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct CachedFile {
    /// Its stamp then; `None` when it must be read again.
    pub stamp: Option<FileStamp>,
    /// Its text.
    pub source: Arc<SourceFile>,
    /// Why it could not be read or is not text.
    pub problem: Option<Diagnostic>,
}

/// Parsed TOML of one file and what it depended on.
#[derive(Clone, Debug)]
pub struct CachedToml<T> {
    /// The text it was parsed from.
    pub source: Arc<SourceFile>,
    /// How unknown keys are treated.
    pub options: Options,
    /// Variables it read, with the hashes of their values (never the values).
    pub vars: Vec<(SmolStr, Option<u128>)>,
    /// The result.
    pub parsed: Arc<rocky_config::Parsed<T>>,
}

/// The memo of one project.
#[derive(Debug, Default)]
pub struct Memo {
    ids: FxHashMap<SmolStr, FileId>,
    /// Files by number.
    pub files: FxHashMap<FileId, CachedFile>,
    /// Sidecars and front matter by file.
    pub models: FxHashMap<FileId, CachedToml<ModelConfig>>,
    /// `_defaults.toml` by file.
    pub defaults: FxHashMap<FileId, CachedToml<DefaultsConfig>>,
    /// Contracts by file.
    pub contracts: FxHashMap<FileId, CachedToml<ContractConfig>>,
    /// `schema.lock`.
    pub lock: Option<CachedToml<rocky_config::LockConfig>>,
    /// Units by [`crate::unit::text_hash`].
    pub units: FxHashMap<u128, Arc<Unit>>,
    /// Analyses by the hash of all they read.
    pub analyses: FxHashMap<u128, Arc<Analysis>>,
}

impl Memo {
    /// The number of a path: the same in every snapshot of this memo.
    pub fn file_id(&mut self, path: &SmolStr) -> FileId {
        if let Some(id) = self.ids.get(path) {
            return *id;
        }
        let id = FileId(self.ids.len() as u32);
        self.ids.insert(path.clone(), id);
        id
    }

    /// How many numbers were given out.
    pub fn file_count(&self) -> usize {
        self.ids.len()
    }
}

impl Memo {
    /// The number of a path that was seen.
    pub fn files_id(&self, path: &SmolStr) -> Option<FileId> {
        self.ids.get(path).copied()
    }

    /// Keep the numbers of paths, and of everything else only what `next` holds.
    pub fn replace(&mut self, next: Memo) {
        let ids = std::mem::take(&mut self.ids);
        *self = Memo { ids, ..next };
    }
}
