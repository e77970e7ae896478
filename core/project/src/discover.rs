//! Which files make up a project: model files with their sidecars and contracts, defaults per folder, macros. Lists
//! folders; reads nothing.

use rocky_base::{CancelToken, Diagnostic, Error, Loc, Result, SmolStr, System, code};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::intact::Looked;
use crate::unit::Language;

/// How deep folders may nest.
pub const MAX_DEPTH: usize = 64;

/// A path with its spelling relative to the project's root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePath {
    place: Place,
    /// To show it; `/` between parts.
    pub shown: SmolStr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// This path.
    Whole(PathBuf),
    /// The last part of `shown`, in this folder: most files are never opened.
    In(Arc<Path>),
}

impl FilePath {
    /// A file by its path.
    pub fn new(path: PathBuf, shown: SmolStr) -> FilePath {
        FilePath {
            place: Place::Whole(path),
            shown,
        }
    }

    /// To open it.
    pub fn path(&self) -> Cow<'_, Path> {
        match &self.place {
            Place::Whole(path) => Cow::Borrowed(path),
            Place::In(folder) => Cow::Owned(folder.join(self.name())),
        }
    }

    /// Its last part, as shown.
    pub fn name(&self) -> &str {
        self.shown.rsplit('/').next().unwrap_or(&self.shown)
    }
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
    /// Folders as they were before they were listed, and those that are not there.
    pub looked: Vec<Looked>,
    /// There are links whose ends the stamps of folders do not tell.
    pub links: bool,
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
    FilePath::new(path, shown)
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
            self.layout.looked.push(Looked::at(self.system, &dir));
            let names = self
                .system
                .names(&dir)
                .map_err(|e| Error::io(shown(self.root, &dir), e))?;
            let mut files: Vec<SmolStr> = Vec::with_capacity(names.len());
            let mut folders = Vec::new();
            for name in names {
                self.layout.links |= name.link;
                match (name.is_dir, name.path, name.text) {
                    (true, Some(path), _) => folders.push((path, depth + 1)),
                    (_, _, Some(name)) => files.push(name),
                    (_, None, None) => {}
                    (_, Some(path), None) => {
                        let shown = shown(self.root, &path);
                        if path
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
            // Here the names are short and differ early; of paths the sort below finds long runs in order.
            files.sort_unstable();
            self.folder(dir, files)?;
            // Reversed, because the last one pushed is walked first: the order of folders is that of their names.
            pending.extend(folders.into_iter().rev());
        }
        self.cancel.check()?;
        self.layout.models.sort_by(|a, b| a.body.shown.cmp(&b.body.shown));
        self.cancel.check()
    }

    /// The files of one folder, sorted by name. No path is made of any: a folder may hold ten thousand.
    fn folder(&mut self, path: PathBuf, files: Vec<SmolStr>) -> Result<()> {
        let dir = shown(self.root, &path);
        let place: Arc<Path> = Arc::from(path.as_path());
        let file = |parts: &[&str]| -> FilePath {
            let parts = parts.iter().copied();
            let shown = match dir.as_str() {
                "" => parts.collect(),
                dir => [dir, "/"].into_iter().chain(parts).collect(),
            };
            FilePath {
                shown,
                place: Place::In(place.clone()),
            }
        };
        // The TOML files, and whether they belong to something.
        let mut toml: FxHashMap<&str, bool> = FxHashMap::default();
        toml.reserve(files.len() / 2);
        let mut bodies = Vec::with_capacity(files.len());
        for name in &files {
            if name.ends_with(".toml") {
                toml.insert(name, false);
            } else if let Some(stem) = name.strip_suffix(".sql").filter(|s| !s.is_empty()) {
                bodies.push((stem, Language::Sql, name));
            } else if let Some(stem) = name.strip_suffix(".rocky").filter(|s| !s.is_empty()) {
                bodies.push((stem, Language::Rocky, name));
            }
        }
        let folder = self.layout.folders.len();
        let mut name = String::new();
        // `a.sql` and `a.rocky` share a sidecar.
        let mut take = |stem: &str, end: &str| {
            name.clear();
            name.push_str(stem);
            name.push_str(end);
            *toml.get_mut(name.as_str())? = true;
            Some(file(&[stem, end]))
        };
        let defaults = take("_defaults", ".toml");
        for (count, (stem, language, name)) in bodies.into_iter().enumerate() {
            if count % 1024 == 0 {
                self.cancel.check()?;
            }
            self.layout.models.push(ModelFiles {
                sidecar: take(stem, ".toml"),
                contract: take(stem, ".contract.toml"),
                body: file(&[name]),
                language,
                stem: SmolStr::new(stem),
                folder,
            });
        }
        let mut orphans: Vec<FilePath> = toml
            .into_iter()
            .filter(|(_, used)| !used)
            .map(|(name, _)| file(&[name]))
            .collect();
        orphans.sort_by(|a, b| a.shown.cmp(&b.shown));
        self.layout.orphans.extend(orphans);
        self.layout.folders.push(Folder { path, defaults });
        Ok(())
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

    /// A folder of models that is not there.
    pub fn absent(&mut self, dir: &Path) {
        self.layout.looked.push(Looked::at(self.system, dir));
    }

    fn files_of(&mut self, dir: &Path) -> Result<Vec<PathBuf>> {
        let looked = Looked::at(self.system, dir);
        let there = looked.there;
        self.layout.looked.push(looked);
        if !there {
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
    let name = path.name();
    match name.strip_suffix(".contract.toml") {
        Some(model) => {
            let files = layout.models.iter().map(|m| m.stem.as_str());
            crate::contract::of_no_model(model, loc, files)
        }
        None => Diagnostic::new(code::W408, loc, format!("`{name}` belongs to no model"))
            .help("Name it like the `.sql` or `.rocky` file it describes."),
    }
}
