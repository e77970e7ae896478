//! Which files make up a project: model files with their sidecars and contracts, defaults per folder, macros. Lists
//! folders; reads nothing.

use rocky_base::{CancelToken, Diagnostic, Error, Loc, Result, SmolStr, System, code};
use rustc_hash::{FxHashMap, FxHashSet};
use std::path::{Path, PathBuf};

use crate::unit::Language;

/// How deep folders may nest.
pub const MAX_DEPTH: usize = 64;

/// A path with its spelling relative to the project's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath {
    /// To open it.
    pub path: PathBuf,
    /// To show it; `/` between parts.
    pub shown: SmolStr,
}

/// A model's files.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    /// The query.
    pub body: FilePath,
    /// SQL or DSL.
    pub language: Language,
    /// File name without extension.
    pub stem: SmolStr,
    /// `<stem>.toml`.
    pub sidecar: Option<FilePath>,
    /// `<stem>.contract.toml`.
    pub contract: Option<FilePath>,
    /// Index into `Layout::folders`.
    pub folder: usize,
}

/// A folder with models.
#[derive(Clone, Debug)]
pub struct Folder {
    /// To open it.
    pub path: PathBuf,
    /// `_defaults.toml`.
    pub defaults: Option<FilePath>,
}

/// The files of a project.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// Models in order of path.
    pub models: Vec<ModelFiles>,
    /// Folders.
    pub folders: Vec<Folder>,
    /// Macro files.
    pub macros: Vec<FilePath>,
    /// Contracts of an explicit contracts folder, by model name.
    pub contracts: Vec<(SmolStr, FilePath)>,
    /// TOML files that belong to nothing.
    pub orphans: Vec<FilePath>,
    /// Problems with names and folders: no text to point at.
    pub diagnostics: Vec<Diagnostic>,
}

/// The path as shown: relative to `root` when below it.
pub fn shown(root: &Path, path: &Path) -> SmolStr {
    let relative = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<_> = relative
        .components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect();
    SmolStr::new(parts.join("/").replacen("//", "/", 1))
}

fn file_path(root: &Path, path: PathBuf) -> FilePath {
    let shown = shown(root, &path);
    FilePath { path, shown }
}

/// Lists a project's files.
pub struct Walk<'a> {
    system: &'a dyn System,
    root: &'a Path,
    cancel: &'a CancelToken,
    layout: Layout,
    visited: FxHashSet<PathBuf>,
}

impl<'a> Walk<'a> {
    /// Start with nothing.
    pub fn new(system: &'a dyn System, root: &'a Path, cancel: &'a CancelToken) -> Walk<'a> {
        Walk {
            system,
            root,
            cancel,
            layout: Layout::default(),
            visited: FxHashSet::default(),
        }
    }

    /// All model files below `dir`. An unreadable folder is an error of the outside world, not a smaller project.
    pub fn models(&mut self, dir: &Path) -> Result<()> {
        let mut pending = vec![(dir.to_path_buf(), 0usize)];
        while let Some((dir, depth)) = pending.pop() {
            self.cancel.check()?;
            if depth > MAX_DEPTH {
                let message = format!(
                    "folder `{}` is nested deeper than {MAX_DEPTH} levels",
                    shown(self.root, &dir)
                );
                return Err(Error::new(rocky_base::ErrorKind::Io, message).hint("move the models up"));
            }
            // A folder that two links lead to is loaded once; a link to a folder above ends here too.
            let canonical = self
                .system
                .canonical(&dir)
                .map_err(|e| Error::io(shown(self.root, &dir), e))?;
            if !self.visited.insert(canonical) {
                continue;
            }
            let entries = self
                .system
                .list(&dir)
                .map_err(|e| Error::io(shown(self.root, &dir), e))?;
            let mut files: Vec<(SmolStr, PathBuf)> = Vec::with_capacity(entries.len());
            let mut folders = Vec::new();
            for entry in entries {
                if entry.is_dir {
                    folders.push((entry.path, depth + 1));
                    continue;
                }
                match entry.name {
                    Some(name) => files.push((name, entry.path)),
                    None => {
                        let shown = shown(self.root, &entry.path);
                        if entry
                            .path
                            .extension()
                            .is_some_and(|e| e == "sql" || e == "rocky" || e == "toml")
                        {
                            let message = format!("file name `{shown}` is not UTF-8");
                            self.layout
                                .diagnostics
                                .push(Diagnostic::global(code::E418, message).help("Rename the file."));
                        }
                    }
                }
            }
            self.cancel.check()?;
            self.folder(dir, files);
            // Reversed, because the last one pushed is walked first: the order of folders is that of their names.
            pending.extend(folders.into_iter().rev());
        }
        self.layout.models.sort_by(|a, b| a.body.shown.cmp(&b.body.shown));
        Ok(())
    }

    /// The files of one folder, sorted by name. Each path and each name is made once: a folder may hold ten thousand.
    fn folder(&mut self, path: PathBuf, files: Vec<(SmolStr, PathBuf)>) {
        let dir = shown(self.root, &path);
        let file = |name: &str, path: PathBuf| FilePath {
            shown: match dir.as_str() {
                "" => SmolStr::new(name),
                dir => smol_str::format_smolstr!("{dir}/{name}"),
            },
            path,
        };
        let mut toml: FxHashMap<SmolStr, PathBuf> = FxHashMap::default();
        let mut bodies = Vec::with_capacity(files.len());
        for (name, place) in files {
            if name.ends_with(".toml") {
                toml.insert(name, place);
            } else if let Some(stem) = name.strip_suffix(".sql").filter(|s| !s.is_empty()) {
                bodies.push((SmolStr::new(stem), Language::Sql, file(&name, place)));
            } else if let Some(stem) = name.strip_suffix(".rocky").filter(|s| !s.is_empty()) {
                bodies.push((SmolStr::new(stem), Language::Rocky, file(&name, place)));
            }
        }
        let folder = self.layout.folders.len();
        // `a.sql` and `a.rocky` share a sidecar.
        let mut used: FxHashSet<SmolStr> = FxHashSet::default();
        let mut take = |name: SmolStr| {
            let taken = file(&name, toml.get(&name)?.clone());
            used.insert(name);
            Some(taken)
        };
        let defaults = take(SmolStr::new_static("_defaults.toml"));
        for (stem, language, body) in bodies {
            self.layout.models.push(ModelFiles {
                sidecar: take(smol_str::format_smolstr!("{stem}.toml")),
                contract: take(smol_str::format_smolstr!("{stem}.contract.toml")),
                body,
                language,
                stem,
                folder,
            });
        }
        let mut orphans: Vec<FilePath> = toml
            .into_iter()
            .filter(|(name, _)| !used.contains(name))
            .map(|(name, place)| file(&name, place))
            .collect();
        orphans.sort_by(|a, b| a.shown.cmp(&b.shown));
        self.layout.orphans.extend(orphans);
        self.layout.folders.push(Folder { path, defaults });
    }

    /// Macro files directly in `dir`; a missing folder has none.
    pub fn macros(&mut self, dir: &Path) -> Result<()> {
        for path in self.files_of(dir)? {
            if path.extension().is_some_and(|e| e == "sql" || e == "sql-macro") {
                self.layout.macros.push(file_path(self.root, path));
            }
        }
        Ok(())
    }

    /// Contracts directly in `dir`.
    pub fn contracts(&mut self, dir: &Path) -> Result<()> {
        for path in self.files_of(dir)? {
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .and_then(|n| n.strip_suffix(".contract.toml"));
            if let Some(model) = name.map(SmolStr::new) {
                self.layout.contracts.push((model, file_path(self.root, path)));
            }
        }
        Ok(())
    }

    fn files_of(&self, dir: &Path) -> Result<Vec<PathBuf>> {
        if !self.system.exists(dir) {
            return Ok(Vec::new());
        }
        let entries = self
            .system
            .list(dir)
            .map_err(|e| Error::io(shown(self.root, dir), e))?;
        Ok(entries
            .into_iter()
            .filter(|e| !e.is_dir)
            .map(|e| e.path)
            .collect())
    }

    /// What was found.
    pub fn finish(self) -> Layout {
        self.layout
    }
}

/// The diagnostic for a TOML file beside models that belongs to none.
pub fn orphan(path: &FilePath, loc: Loc, layout: &Layout) -> Diagnostic {
    let name = path.shown.rsplit('/').next().unwrap_or(&path.shown);
    match name.strip_suffix(".contract.toml") {
        Some(model) => {
            let files = layout
                .models
                .iter()
                .filter_map(|m| m.body.path.file_stem()?.to_str());
            crate::contract::of_no_model(model, loc, files)
        }
        None => Diagnostic::new(code::W408, loc, format!("`{name}` belongs to no model"))
            .help("Name it like the `.sql` or `.rocky` file it describes."),
    }
}
