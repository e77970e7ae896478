//! `rocky.toml`, parsed once for each content: a verb needs it to find its warehouse, and the compile behind it needs it again.

use crate::discover::FilePath;
use crate::hash::Hasher128;
use crate::load::Reader;
use crate::memo::CachedFile;
use rocky_base::{Diagnostic, FileId, SmolStr, System};
use rocky_config::ProjectConfig;
use std::sync::{Arc, Mutex, PoisonError};

/// The number of `rocky.toml`: it is read before every other file.
pub const CONFIG_FILE: FileId = FileId(0);

/// A parsed configuration.
#[derive(Debug)]
pub struct Configuration {
    /// Its file, as [`CONFIG_FILE`].
    pub file: CachedFile,
    /// What it says.
    pub config: Arc<ProjectConfig>,
    /// Its mistakes.
    pub diagnostics: Vec<Diagnostic>,
    /// It is not TOML, or could not be read.
    pub broken: bool,
    // Environment variables with the hashes of their values.
    vars: Vec<(SmolStr, Option<u128>)>,
}

impl Configuration {
    /// Add everything that it was made from.
    pub(crate) fn hash_into(&self, hasher: &mut Hasher128) {
        hasher.u128(self.file.hash).value(&self.vars);
    }
}

/// The configuration that was read last.
#[derive(Debug, Default)]
pub struct Configurations {
    last: Mutex<Option<Arc<Configuration>>>,
}

impl Configurations {
    /// The configuration as it is now. A file that cannot be read is a diagnostic in it.
    pub fn read(&self, system: &dyn System, path: &FilePath) -> Arc<Configuration> {
        let reader = Reader {
            system,
            options: rocky_config::Options::default(),
        };
        let hash = |name: &SmolStr| {
            system
                .env(name)
                .map(|value| Hasher128::new().str(&value).finish())
        };
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let file = reader.file(path, CONFIG_FILE, last.as_ref().map(|l| &l.file));
        if let Some(last) = last
            && last.file.problem.is_none()
            && file.problem.is_none()
            && last.file.hash == file.hash
            && last.vars.iter().all(|(name, value)| hash(name) == *value)
        {
            return last;
        }
        let mut read = Configuration {
            config: Arc::default(),
            diagnostics: file.problem.as_deref().cloned().into_iter().collect(),
            broken: file.problem.is_some(),
            vars: Vec::new(),
            file,
        };
        if !read.broken {
            let env = |name: &str| system.env(name);
            let parsed = rocky_config::parse_project(CONFIG_FILE, read.file.source.text(), &env);
            read.vars = parsed
                .vars
                .iter()
                .map(|name| (name.clone(), hash(name)))
                .collect();
            read.broken = parsed.broken;
            read.diagnostics = parsed.diagnostics;
            read.config = Arc::new(parsed.value);
        }
        let read = Arc::new(read);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(read.clone());
        read
    }
}
