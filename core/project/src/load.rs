//! Reading the files of a project and parsing their configuration, in parallel, through the memo. Every problem of every file becomes a
//! diagnostic; one broken file never hides another's.

use crate::discover::{FilePath, Folder, Layout, ModelFiles};
use crate::hash::Hasher128;
use crate::later::Later;
use crate::memo::{CachedFile, Memo, Paths};
use crate::unit::{Language, MacroSet};
use rayon::prelude::*;
use rocky_base::system::FileStamp;
use rocky_base::{
    CancelToken, Diagnostic, Dialect, FileId, Loc, Result, SmolStr, SourceFile, Span, System, code,
};
use rocky_config::{ContractConfig, DefaultsConfig, ModelConfig, Options, Parsed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Larger files are refused.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// A file changed twice within this time may keep its stamp (clocks of file systems tick slowly), so the stamp of a file
/// that was read so soon after it was written proves nothing.
const RACY: Duration = Duration::from_millis(100);

/// Whether a stamp that was just taken will be another one when the contents change.
pub(crate) fn proves(system: &dyn System, stamp: &FileStamp) -> bool {
    let now = system.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    stamp.modified_ns + (RACY.as_nanos() as i128) < now.as_nanos() as i128
}

/// A model's files after reading, without the query. A value of the files' contents and of what [`Reads`] lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LoadedModel {
    /// Name.
    pub name: SmolStr,
    /// Where it is given.
    pub name_loc: Loc,
    /// The file with the query.
    pub file: FileId,
    /// SQL or DSL.
    pub language: Language,
    /// Where the query begins in its file (after front matter).
    pub body_start: u32,
    /// The query cannot be read: its file has a problem, or its front matter does not end.
    pub no_query: bool,
    /// Sidecar or front matter, with the folder's defaults.
    pub config: Arc<ModelConfig>,
    /// The contract beside it.
    pub contract: Option<(FileId, Arc<ContractConfig>)>,
    /// Findings in its files (the query's own not included).
    pub diagnostics: Vec<Diagnostic>,
    /// A file of it could not be read or its configuration is not TOML.
    pub unreadable: bool,
    /// What it follows from.
    pub reads: Reads,
}

/// Everything a [`LoadedModel`] was made from.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reads {
    /// Hash of the text with the query.
    pub body: u128,
    /// The sidecar and the hash of its text.
    pub sidecar: Option<(FileId, u128)>,
    /// The contract and the hash of its text.
    pub contract: Option<(FileId, u128)>,
    /// Hash of the folder's defaults.
    pub defaults: u128,
    /// How unknown keys are treated, as a hash.
    pub options: u128,
    /// Environment variables with the hashes of their values (never the values).
    pub env: Vec<(SmolStr, Option<u128>)>,
}

impl LoadedModel {
    /// True when values from outside the files are in it, which must not be written to disk.
    pub fn holds_values(&self) -> bool {
        self.reads.env.iter().any(|(_, value)| value.is_some())
    }

    /// Hash of everything it follows from.
    pub fn hash(&self) -> u128 {
        let reads = &self.reads;
        let mut hasher = Hasher128::new();
        hasher
            .u32(self.file.0)
            .u128(reads.body)
            .u128(reads.defaults)
            .u128(reads.options);
        for file in [&reads.sidecar, &reads.contract] {
            match file {
                Some((id, hash)) => hasher.u32(id.0).u128(*hash),
                None => hasher.u32(u32::MAX),
            };
        }
        hasher.value(&reads.env);
        hasher.finish()
    }
}

/// Reads files through the memo.
pub struct Reader<'a> {
    /// Files, clock, environment.
    pub system: &'a dyn System,
    /// How unknown keys are treated.
    pub options: Options,
}

fn options_hash(options: Options) -> u128 {
    Hasher128::new().value(&options).finish()
}

/// The hash of a text, as [`CachedFile`] keeps it.
pub fn content_hash(text: &str) -> u128 {
    xxhash_rust::xxh3::xxh3_128(text.as_bytes())
}

impl Reader<'_> {
    /// The file, from the memo when its stamp is unchanged.
    pub fn file(&self, path: &FilePath, id: FileId, cached: Option<&CachedFile>) -> CachedFile {
        self.stamped(path, id, cached, self.system.stamp(&path.path()).ok())
    }

    /// The file, of which the stamp was just taken.
    fn stamped(
        &self,
        path: &FilePath,
        id: FileId,
        cached: Option<&CachedFile>,
        stamp: Option<FileStamp>,
    ) -> CachedFile {
        if let (Some(stamp), Some(cached)) = (stamp, cached)
            && cached.stamp == Some(stamp)
        {
            return cached.clone();
        }
        let failed = |problem: Diagnostic| CachedFile {
            stamp: None,
            hash: 0,
            source: Arc::new(SourceFile::new(path.shown.clone(), "")),
            problem: Some(Box::new(problem)),
        };
        let at = |offset: usize| Loc::new(id, Span::from(offset..offset));
        if let Some(stamp) = stamp.filter(|s| s.size > MAX_FILE_BYTES) {
            let message = format!("file has {} bytes; at most {MAX_FILE_BYTES} are read", stamp.size);
            return failed(Diagnostic::new(code::E419, at(0), message).help("Split the model."));
        }
        let bytes = match self.system.read(&path.path()) {
            Ok(bytes) => bytes,
            Err(error) => {
                return failed(
                    Diagnostic::new(code::E408, at(0), format!("file cannot be read: {error}"))
                        .help("Check that the file exists and that its permissions allow reading."),
                );
            }
        };
        let stamp = stamp.filter(|stamp| proves(self.system, stamp));
        match String::from_utf8(bytes) {
            Ok(text) => {
                let text = match text.strip_prefix('\u{feff}') {
                    Some(text) => text.to_owned(),
                    None => text,
                };
                let hash = content_hash(&text);
                let same = cached.filter(|c| c.problem.is_none() && c.hash == hash);
                CachedFile {
                    stamp,
                    hash,
                    source: same.map_or_else(
                        || Arc::new(SourceFile::new(path.shown.clone(), text)),
                        |c| c.source.clone(),
                    ),
                    problem: None,
                }
            }
            Err(error) => {
                let offset = error.utf8_error().valid_up_to();
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                let byte = error.as_bytes().get(offset).copied().unwrap_or(0);
                let message = format!("file is not UTF-8: byte 0x{byte:02X} at offset {offset}");
                let problem =
                    Diagnostic::new(code::E409, Loc::new(id, Span::from(offset..offset + 3)), message)
                        .help("Save the file as UTF-8.");
                CachedFile {
                    stamp: None,
                    hash: content_hash(&text),
                    source: Arc::new(SourceFile::new(path.shown.clone(), text)),
                    problem: Some(Box::new(problem)),
                }
            }
        }
    }

    fn var_hash(&self, name: &str) -> Option<u128> {
        self.system
            .env(name)
            .map(|value| Hasher128::new().str(&value).finish())
    }

    fn vars<'v>(
        &'v self,
        names: &'v BTreeSet<SmolStr>,
    ) -> impl Iterator<Item = (SmolStr, Option<u128>)> + 'v {
        names.iter().map(|name| (name.clone(), self.var_hash(name)))
    }
}

/// Writes down the files of a compile as they are read.
pub struct Recorder<'a> {
    /// What the last compile left.
    pub memo: &'a Memo,
    /// Numbers of paths.
    pub paths: &'a mut Arc<Paths>,
    /// Files of this compile by number.
    pub files: &'a mut Vec<Option<CachedFile>>,
}

impl Recorder<'_> {
    /// The number of a path.
    pub fn id(&mut self, path: &FilePath) -> FileId {
        let known = self.paths.get(&path.shown);
        self.numbered(path, known)
    }

    /// The number of a path, which was looked for already.
    fn numbered(&mut self, path: &FilePath, known: Option<FileId>) -> FileId {
        let id = match known {
            Some(id) => id,
            None => Arc::make_mut(self.paths).add(&path.shown),
        };
        if self.files.len() <= id.0 as usize {
            self.files.resize(id.0 as usize + 1, None);
        }
        id
    }

    /// Keep a file.
    pub fn keep(&mut self, id: FileId, file: CachedFile) {
        if let Some(slot) = self.files.get_mut(id.0 as usize) {
            *slot = Some(file);
        }
    }

    /// Read a file.
    pub fn read(&mut self, reader: &Reader<'_>, path: &FilePath) -> (FileId, CachedFile) {
        let id = self.id(path);
        let file = reader.file(path, id, self.memo.file(id));
        self.keep(id, file.clone());
        (id, file)
    }
}

/// The defaults of one folder.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// Hash of their text and of the environment variables in it; 0 without a file.
    pub hash: u128,
    /// The content.
    pub config: Option<Arc<DefaultsConfig>>,
    /// They hold values from the environment.
    pub holds_values: bool,
    /// They name variables of the environment.
    pub reads_env: bool,
}

/// A contract from a contracts folder.
#[derive(Clone, Debug)]
pub struct ExplicitContract {
    /// The model it names.
    pub model: SmolStr,
    /// Its file.
    pub file: FileId,
    /// Hash of its text.
    pub hash: u128,
    /// Its content.
    pub parsed: Arc<Parsed<ContractConfig>>,
}

/// A model after reading its files, and what is needed to go on.
#[derive(Debug)]
pub struct Head {
    /// The model.
    pub loaded: Arc<LoadedModel>,
    /// The file with the query.
    pub body: CachedFile,
    /// Index into the folders' defaults.
    pub folder: u32,
}

/// The result of loading.
pub struct Loaded {
    /// Models in order of path.
    pub heads: Vec<Head>,
    /// Contracts of a contracts folder.
    pub contracts: Vec<ExplicitContract>,
    /// Defaults by folder.
    pub defaults: Vec<Defaults>,
    /// Findings that belong to no model.
    pub diagnostics: Vec<Diagnostic>,
}

/// Read macros (a serial step: every model may use them).
pub fn macros(
    reader: &Reader<'_>,
    layout: &Layout,
    dialect: Dialect,
    recorder: &mut Recorder<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> MacroSet {
    let mut set = MacroSet::default();
    for path in &layout.macros {
        let (id, file) = recorder.read(reader, path);
        diagnostics.extend(file.problem.as_deref().cloned());
        if file.problem.is_some() {
            continue;
        }
        let (definitions, found) = rocky_syntax::expand::parse_macros(id, file.source.text(), dialect);
        diagnostics.extend(found);
        for definition in definitions {
            let (name, loc) = (definition.name.ident.text.clone(), definition.name_loc);
            if let Err(old) = set.add(definition) {
                let message = format!("macro `{name}` is defined twice");
                diagnostics.push(
                    Diagnostic::new(code::E114, loc, message)
                        .note(old.name_loc, "first defined here")
                        .help("Rename one."),
                );
            }
        }
    }
    set
}

/// Read everything else; texts of queries are not looked into.
pub fn load(
    reader: &Reader<'_>,
    layout: &Layout,
    recorder: &mut Recorder<'_>,
    pool: &rayon::ThreadPool,
    cancel: &CancelToken,
) -> Result<Loaded> {
    let mut diagnostics = layout.diagnostics.clone();
    let options = reader.options;
    let mut defaults: Vec<Defaults> = Vec::with_capacity(layout.folders.len());
    for Folder { defaults: path, .. } in &layout.folders {
        let Some(path) = path else {
            defaults.push(Defaults::default());
            continue;
        };
        let (id, file) = recorder.read(reader, path);
        diagnostics.extend(file.problem.as_deref().cloned());
        let env = |name: &str| reader.system.env(name);
        let parsed = rocky_config::parse_defaults(id, file.source.text(), &env, options);
        diagnostics.extend(parsed.diagnostics);
        let vars: Vec<_> = reader.vars(&parsed.vars).collect();
        defaults.push(Defaults {
            hash: Hasher128::new().u32(id.0).u128(file.hash).value(&vars).finish(),
            config: Some(Arc::new(parsed.value)),
            reads_env: !vars.is_empty(),
            holds_values: vars.iter().any(|(_, value)| value.is_some()),
        });
    }

    let mut contracts = Vec::new();
    let contract_hash = |file: &CachedFile| {
        Hasher128::new()
            .u128(file.hash)
            .u128(options_hash(options))
            .finish()
    };
    for (model, path) in &layout.contracts {
        let (id, file) = recorder.read(reader, path);
        diagnostics.extend(file.problem.as_deref().cloned());
        let parsed = match recorder
            .memo
            .contracts
            .get(&id)
            .filter(|(h, _)| *h == contract_hash(&file))
        {
            Some((_, parsed)) if parsed.vars.is_empty() => parsed.clone(),
            _ => {
                let env = |name: &str| reader.system.env(name);
                Arc::new(rocky_config::parse_contract(
                    id,
                    file.source.text(),
                    &env,
                    options,
                ))
            }
        };
        diagnostics.extend(parsed.diagnostics.iter().cloned());
        contracts.push(ExplicitContract {
            model: model.clone(),
            file: id,
            hash: contract_hash(&file),
            parsed,
        });
    }
    for path in &layout.orphans {
        let id = recorder.id(path);
        let source = Arc::new(SourceFile::new(path.shown.clone(), ""));
        recorder.keep(
            id,
            CachedFile {
                stamp: None,
                hash: 0,
                source,
                problem: None,
            },
        );
        diagnostics.push(crate::discover::orphan(path, Loc::new(id, Span::at(0)), layout));
    }

    // Numbers first, so that the parallel part only reads the memo. Most files have theirs already.
    let known: Vec<[Option<FileId>; 3]> = {
        let paths: &Paths = recorder.paths;
        let known = |files: &ModelFiles| {
            let beside = |file: &Option<FilePath>| paths.get(&file.as_ref()?.shown);
            [
                paths.get(&files.body.shown),
                beside(&files.sidecar),
                beside(&files.contract),
            ]
        };
        let look = || {
            let models = layout.models.par_iter().with_min_len(256);
            models.map(known).collect()
        };
        pool.install(look)
    };
    let jobs: Vec<Job<'_>> = layout
        .models
        .iter()
        .zip(known)
        .map(|(files, [body, sidecar, contract])| Job {
            files,
            body: recorder.numbered(&files.body, body),
            sidecar: files.sidecar.as_ref().map(|p| recorder.numbered(p, sidecar)),
            contract: files.contract.as_ref().map(|p| recorder.numbered(p, contract)),
        })
        .collect();
    let memo = recorder.memo;
    let of_folder = |jobs: &[Job<'_>]| -> Vec<Read> {
        let folder = jobs.first().and_then(|job| layout.folders.get(job.files.folder));
        let names: Vec<&str> = jobs.iter().flat_map(Job::names).collect();
        let stamps = folder.map(|f| reader.system.stamps(&f.path, &names));
        let mut stamps = stamps.unwrap_or_default().into_iter();
        jobs.iter()
            .take_while(|_| !cancel.is_tripped())
            .map(|job| job.load(reader, memo, &defaults, &mut stamps))
            .collect()
    };
    let read = || -> Vec<Vec<Read>> {
        jobs.par_chunks(STAMPED)
            .map(|jobs| {
                let folders = jobs.chunk_by(|a, b| a.files.folder == b.files.folder);
                folders.flat_map(&of_folder).collect()
            })
            .collect()
    };
    let done = Later::new(pool.install(read), pool);
    cancel.check()?;
    let mut heads = Vec::with_capacity(jobs.len());
    for (head, files) in done.into_inner().into_iter().flatten() {
        recorder.keep(head.loaded.file, head.body.clone());
        files.into_iter().for_each(|(id, file)| recorder.keep(id, file));
        heads.push(head);
    }
    Ok(Loaded {
        heads,
        contracts,
        defaults,
        diagnostics,
    })
}

/// Models whose stamps are taken together.
const STAMPED: usize = 64;

/// A model and the files beside its query.
type Read = (Head, Vec<(FileId, CachedFile)>);

/// The files of one model, numbered.
pub struct Job<'a> {
    /// Their paths.
    pub files: &'a ModelFiles,
    /// The file with the query.
    pub body: FileId,
    /// The sidecar.
    pub sidecar: Option<FileId>,
    /// The contract.
    pub contract: Option<FileId>,
}

impl Job<'_> {
    /// The names of its files in their folder.
    fn names(&self) -> impl Iterator<Item = &str> {
        let files = [
            Some(&self.files.body),
            self.files.sidecar.as_ref(),
            self.files.contract.as_ref(),
        ];
        files.into_iter().flatten().map(FilePath::name)
    }

    /// Read the model. `stamps` has those of its files, in the order of [`Job::names`]. The files beside the query come apart.
    fn load(
        &self,
        reader: &Reader<'_>,
        memo: &Memo,
        defaults: &[Defaults],
        stamps: &mut impl Iterator<Item = Option<FileStamp>>,
    ) -> Read {
        let mut read = |path: &FilePath, id| reader.stamped(path, id, memo.file(id), stamps.next().flatten());
        let body = read(&self.files.body, self.body);
        let mut beside = |id: Option<FileId>, path: &Option<FilePath>| {
            let (id, path) = (id?, path.as_ref()?);
            Some((id, read(path, id)))
        };
        let sidecar = beside(self.sidecar, &self.files.sidecar);
        let contract = beside(self.contract, &self.files.contract);
        let none = Defaults::default();
        let defaults = defaults.get(self.files.folder).unwrap_or(&none);
        let problem = [
            Some(&body),
            sidecar.as_ref().map(|(_, f)| f),
            contract.as_ref().map(|(_, f)| f),
        ]
        .into_iter()
        .flatten()
        .any(|f| f.problem.is_some());
        let known = memo
            .entries
            .get(&self.body)
            .map(|entry| &entry.loaded)
            .filter(|old| {
                let reads = &old.reads;
                let hash = |file: &Option<(FileId, CachedFile)>| file.as_ref().map(|(id, f)| (*id, f.hash));
                !problem
                    && !old.no_query
                    && reads.body == body.hash
                    && reads.defaults == defaults.hash
                    && reads.options == options_hash(reader.options)
                    && reads.sidecar == hash(&sidecar)
                    && reads.contract == hash(&contract)
                    && reads
                        .env
                        .iter()
                        .all(|(name, value)| reader.var_hash(name) == *value)
            });
        let loaded = match known {
            Some(known) => known.clone(),
            None => {
                let files = Contents {
                    id: self.body,
                    language: self.files.language,
                    stem: self.files.stem.clone(),
                    body: &body,
                    sidecar: sidecar.as_ref(),
                    contract: contract.as_ref(),
                };
                Arc::new(files.model(reader, defaults))
            }
        };
        let head = Head {
            loaded,
            body,
            folder: self.files.folder as u32,
        };
        (head, sidecar.into_iter().chain(contract).collect())
    }
}

/// The files of one model as they were read.
pub struct Contents<'a> {
    /// The file with the query.
    pub id: FileId,
    /// SQL or DSL.
    pub language: Language,
    /// Its name without extension.
    pub stem: SmolStr,
    /// The query.
    pub body: &'a CachedFile,
    /// The sidecar.
    pub sidecar: Option<&'a (FileId, CachedFile)>,
    /// The contract beside it.
    pub contract: Option<&'a (FileId, CachedFile)>,
}

impl Contents<'_> {
    /// The model that they make.
    pub fn model(&self, reader: &Reader<'_>, defaults: &Defaults) -> LoadedModel {
        let (body, sidecar, contract) = (self.body, self.sidecar, self.contract);
        let options = reader.options;
        let env = |name: &str| reader.system.env(name);
        let mut diagnostics = Vec::new();
        let mut vars: Vec<(SmolStr, Option<u128>)> = Vec::new();
        let mut unreadable = body.problem.is_some();
        diagnostics.extend(body.problem.as_deref().cloned());
        let text = body.source.text();

        let front = match self.language {
            Language::Sql => rocky_config::split_front_matter(text),
            Language::Rocky => None,
        };
        let mut body_start = front.map_or(0, |f| f.body_start);
        let mut config = ModelConfig::default();
        let mut take = |parsed: Parsed<ModelConfig>, diagnostics: &mut Vec<Diagnostic>| {
            diagnostics.extend(parsed.diagnostics);
            vars.extend(reader.vars(&parsed.vars));
            config = parsed.value;
            parsed.broken
        };
        if let Some((id, file)) = sidecar {
            unreadable |= file.problem.is_some();
            diagnostics.extend(file.problem.as_deref().cloned());
            let parsed = rocky_config::parse_sidecar(*id, file.source.text(), &env, options);
            if let Some(front) = &front {
                let message = "model has a sidecar and front matter";
                diagnostics.push(
                    Diagnostic::new(code::E415, Loc::new(self.id, front.open), message)
                        .note(Loc::new(*id, Span::at(0)), "the sidecar is used")
                        .help("Keep one of the two."),
                );
            }
            unreadable |= take(parsed, &mut diagnostics);
        } else if let Some(front) = &front {
            let parsed = rocky_config::parse_front_matter(self.id, text, front, &env, options);
            if !front.closed {
                body_start = text.len() as u32;
            }
            unreadable |= take(parsed, &mut diagnostics);
        }
        if let Some(defaults) = &defaults.config {
            config.inherit(defaults);
        }
        config.settle(&mut diagnostics);
        let contract = contract.map(|(id, file)| {
            diagnostics.extend(file.problem.as_deref().cloned());
            let parsed = rocky_config::parse_contract(*id, file.source.text(), &env, options);
            diagnostics.extend(parsed.diagnostics);
            vars.extend(reader.vars(&parsed.vars));
            (*id, file.hash, Arc::new(parsed.value))
        });
        if defaults.holds_values {
            // Named by no variable of its own, but what it inherits is not for the disk either.
            vars.push((SmolStr::default(), Some(defaults.hash)));
        }
        vars.sort();
        vars.dedup();
        let (name, name_loc) = match &config.name {
            Some(name) => (name.value.clone(), name.loc),
            None => (
                self.stem.clone(),
                Loc::new(self.id, Span::at(body_start.min(text.len() as u32))),
            ),
        };
        LoadedModel {
            name,
            name_loc,
            file: self.id,
            language: self.language,
            body_start,
            no_query: body.problem.is_some() || front.is_some_and(|f| !f.closed),
            config: Arc::new(config),
            diagnostics,
            unreadable,
            reads: Reads {
                body: body.hash,
                sidecar: sidecar.map(|(id, file)| (*id, file.hash)),
                contract: contract.as_ref().map(|(id, hash, _)| (*id, *hash)),
                defaults: defaults.hash,
                options: options_hash(options),
                env: vars,
            },
            contract: contract.map(|(id, _, parsed)| (id, parsed)),
        }
    }
}
