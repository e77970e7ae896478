//! Reading and parsing the files of a project, in parallel, through the memo. Every problem of every file becomes a
//! diagnostic; one broken file never hides another's.

use crate::discover::{FilePath, Folder, Layout, ModelFiles};
use crate::hash::Hasher128;
use crate::memo::{CachedFile, CachedToml, Memo};
use crate::unit::{self, Language, MacroSet, Unit, UnitEnv};
use rayon::prelude::*;
use rocky_base::{CancelToken, Diagnostic, FileId, Loc, Result, SmolStr, SourceFile, Span, System, code};
use rocky_config::{ContractConfig, DefaultsConfig, ModelConfig, Options, Parsed};
use rocky_syntax::ast::Ast;
use std::sync::Arc;

/// Larger files are refused.
pub const MAX_FILE_BYTES: u64 = 256 << 20;

/// A model after reading and parsing.
pub struct LoadedModel {
    /// Name.
    pub name: SmolStr,
    /// Where it is given.
    pub name_loc: Loc,
    /// The file with the query.
    pub file: FileId,
    /// SQL or DSL.
    pub language: Language,
    /// Sidecar or front matter, with the folder's defaults.
    pub config: Arc<ModelConfig>,
    /// The unit.
    pub unit: Arc<Unit>,
    /// The tree, when it was parsed now.
    pub ast: Option<Ast>,
    /// Key of the unit in the memo.
    pub unit_key: u128,
    /// The contract beside it.
    pub contract: Option<(FileId, Arc<Parsed<ContractConfig>>)>,
    /// Findings in its files (the unit's own not included).
    pub diagnostics: Vec<Diagnostic>,
    /// A file of it could not be read or its configuration is not TOML.
    pub unreadable: bool,
}

/// Reads files through the memo.
pub struct Reader<'a> {
    /// Files, clock, environment.
    pub system: &'a dyn System,
    /// How unknown keys are treated.
    pub options: Options,
}

impl Reader<'_> {
    /// The file, from the memo when its stamp is unchanged.
    pub fn file(&self, path: &FilePath, id: FileId, cached: Option<&CachedFile>) -> CachedFile {
        let stamp = self.system.stamp(&path.path).ok();
        if let (Some(stamp), Some(cached)) = (stamp, cached)
            && cached.stamp == Some(stamp)
        {
            return cached.clone();
        }
        let empty = || Arc::new(SourceFile::new(path.shown.clone(), ""));
        let at = |offset: usize| Loc::new(id, Span::from(offset..offset));
        if let Some(stamp) = stamp.filter(|s| s.size > MAX_FILE_BYTES) {
            let message = format!("file has {} bytes; at most {MAX_FILE_BYTES} are read", stamp.size);
            let problem = Diagnostic::new(code::E419, at(0), message).help("Split the model.");
            return CachedFile {
                stamp: None,
                source: empty(),
                problem: Some(problem),
            };
        }
        match self.system.read(&path.path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => {
                    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
                    let source = Arc::new(SourceFile::new(path.shown.clone(), text));
                    CachedFile {
                        stamp,
                        source,
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
                    let source = Arc::new(SourceFile::new(path.shown.clone(), text));
                    CachedFile {
                        stamp,
                        source,
                        problem: Some(problem),
                    }
                }
            },
            Err(error) => {
                let problem = Diagnostic::new(code::E408, at(0), format!("file cannot be read: {error}"))
                    .help("Check that the file exists and that its permissions allow reading.");
                CachedFile {
                    stamp: None,
                    source: empty(),
                    problem: Some(problem),
                }
            }
        }
    }

    fn var_hash(&self, name: &str) -> Option<u128> {
        self.system
            .env(name)
            .map(|value| Hasher128::new().str(&value).finish())
    }

    pub(crate) fn toml<T>(
        &self,
        source: &Arc<SourceFile>,
        cached: Option<&CachedToml<T>>,
        parse: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> Parsed<T>,
    ) -> CachedToml<T> {
        if let Some(cached) = cached {
            let current = Arc::ptr_eq(&cached.source, source)
                && cached.options == self.options
                && cached
                    .vars
                    .iter()
                    .all(|(name, hash)| self.var_hash(name) == *hash);
            if current {
                return CachedToml {
                    source: source.clone(),
                    options: self.options,
                    vars: cached.vars.clone(),
                    parsed: cached.parsed.clone(),
                };
            }
        }
        let env = |name: &str| self.system.env(name);
        let parsed = parse(&env);
        let vars = parsed
            .vars
            .iter()
            .map(|name| (name.clone(), self.var_hash(name)))
            .collect();
        CachedToml {
            source: source.clone(),
            options: self.options,
            vars,
            parsed: Arc::new(parsed),
        }
    }
}

/// What one job leaves in the memo.
struct Entry {
    files: Vec<(FileId, CachedFile)>,
    model: Option<(FileId, CachedToml<ModelConfig>)>,
    contract: Option<(FileId, CachedToml<ContractConfig>)>,
}

/// The result of loading.
pub struct Loaded {
    /// Models in order of path.
    pub models: Vec<LoadedModel>,
    /// Explicit contracts by model name.
    pub contracts: Vec<(SmolStr, FileId, Arc<Parsed<ContractConfig>>)>,
    /// Findings that belong to no model.
    pub diagnostics: Vec<Diagnostic>,
    /// Texts that had to be parsed.
    pub parsed: u64,
}

/// Read macros (a serial step: every model may use them).
pub fn macros(
    reader: &Reader<'_>,
    layout: &Layout,
    memo: &mut Memo,
    next: &mut Memo,
    diagnostics: &mut Vec<Diagnostic>,
) -> MacroSet {
    let mut set = MacroSet::default();
    for path in &layout.macros {
        let id = memo.file_id(&path.shown);
        let file = reader.file(path, id, memo.files.get(&id));
        diagnostics.extend(file.problem.clone());
        if file.problem.is_none() {
            let (definitions, found) = rocky_syntax::expand::parse_macros(id, &file.source.text);
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
        next.files.insert(id, file);
    }
    set
}

/// Read and parse everything else.
pub fn load(
    reader: &Reader<'_>,
    layout: &Layout,
    env: &UnitEnv<'_>,
    memo: &mut Memo,
    next: &mut Memo,
    cancel: &CancelToken,
) -> Result<Loaded> {
    let mut diagnostics = layout.diagnostics.clone();
    let options = reader.options;

    let mut defaults: Vec<Option<Arc<Parsed<DefaultsConfig>>>> = Vec::with_capacity(layout.folders.len());
    for Folder { defaults: path } in &layout.folders {
        defaults.push(path.as_ref().map(|path| {
            let id = memo.file_id(&path.shown);
            let file = reader.file(path, id, memo.files.get(&id));
            diagnostics.extend(file.problem.clone());
            let text = file.source.text.clone();
            let toml = reader.toml(&file.source, memo.defaults.get(&id), |e| {
                rocky_config::parse_defaults(id, &text, e, options)
            });
            diagnostics.extend(toml.parsed.diagnostics.iter().cloned());
            let parsed = toml.parsed.clone();
            next.files.insert(id, file);
            next.defaults.insert(id, toml);
            parsed
        }));
    }

    let mut contracts = Vec::new();
    for (model, path) in &layout.contracts {
        let id = memo.file_id(&path.shown);
        let file = reader.file(path, id, memo.files.get(&id));
        diagnostics.extend(file.problem.clone());
        let text = file.source.text.clone();
        let toml = reader.toml(&file.source, memo.contracts.get(&id), |e| {
            rocky_config::parse_contract(id, &text, e, options)
        });
        diagnostics.extend(toml.parsed.diagnostics.iter().cloned());
        contracts.push((model.clone(), id, toml.parsed.clone()));
        next.files.insert(id, file);
        next.contracts.insert(id, toml);
    }
    for path in &layout.orphans {
        let id = memo.file_id(&path.shown);
        let source = Arc::new(SourceFile::new(path.shown.clone(), ""));
        next.files.insert(
            id,
            CachedFile {
                stamp: None,
                source,
                problem: None,
            },
        );
        diagnostics.push(crate::discover::orphan(path, Loc::new(id, Span::at(0)), layout));
    }

    // Numbers first, so that the parallel part only reads the memo.
    let jobs: Vec<Job<'_>> = layout
        .models
        .iter()
        .map(|files| Job {
            files,
            body: memo.file_id(&files.body.shown),
            sidecar: files.sidecar.as_ref().map(|p| memo.file_id(&p.shown)),
            contract: files.contract.as_ref().map(|p| memo.file_id(&p.shown)),
        })
        .collect();
    let memo = &*memo;
    let done: Vec<Option<(LoadedModel, Entry, bool)>> = jobs
        .par_iter()
        .map(|job| (!cancel.is_tripped()).then(|| job.load(reader, env, memo, &defaults)))
        .collect();
    cancel.check()?;
    let mut models = Vec::with_capacity(done.len());
    let mut parsed = 0;
    for (model, entry, fresh) in done.into_iter().flatten() {
        parsed += u64::from(fresh);
        next.files.extend(entry.files);
        next.models.extend(entry.model);
        next.contracts.extend(entry.contract);
        next.units.insert(model.unit_key, model.unit.clone());
        models.push(model);
    }
    Ok(Loaded {
        models,
        contracts,
        diagnostics,
        parsed,
    })
}

struct Job<'a> {
    files: &'a ModelFiles,
    body: FileId,
    sidecar: Option<FileId>,
    contract: Option<FileId>,
}

impl Job<'_> {
    fn load(
        &self,
        reader: &Reader<'_>,
        env: &UnitEnv<'_>,
        memo: &Memo,
        defaults: &[Option<Arc<Parsed<DefaultsConfig>>>],
    ) -> (LoadedModel, Entry, bool) {
        let options = reader.options;
        let mut diagnostics = Vec::new();
        let mut entry = Entry {
            files: Vec::new(),
            model: None,
            contract: None,
        };
        let body = reader.file(&self.files.body, self.body, memo.files.get(&self.body));
        let mut unreadable = body.problem.is_some();
        diagnostics.extend(body.problem.clone());
        let text = body.source.text.clone();

        let front = match self.files.language {
            Language::Sql => rocky_config::split_front_matter(&text),
            Language::Rocky => None,
        };
        let mut body_start = front.map_or(0, |f| f.body_start);
        let mut toml: Option<(FileId, CachedToml<ModelConfig>)> = None;
        if let (Some(id), Some(path)) = (self.sidecar, &self.files.sidecar) {
            let file = reader.file(path, id, memo.files.get(&id));
            unreadable |= file.problem.is_some();
            diagnostics.extend(file.problem.clone());
            let sidecar_text = file.source.text.clone();
            let parsed = reader.toml(&file.source, memo.models.get(&id), |e| {
                rocky_config::parse_sidecar(id, &sidecar_text, e, options)
            });
            entry.files.push((id, file));
            if let Some(front) = &front {
                let message = "model has a sidecar and front matter";
                diagnostics.push(
                    Diagnostic::new(code::E415, Loc::new(self.body, front.open), message)
                        .note(Loc::new(id, Span::at(0)), "the sidecar is used")
                        .help("Keep one of the two."),
                );
            }
            toml = Some((id, parsed));
        } else if let Some(front) = &front {
            let parsed = reader.toml(&body.source, memo.models.get(&self.body), |e| {
                rocky_config::parse_front_matter(self.body, &text, front, e, options)
            });
            if !front.closed {
                body_start = text.len() as u32;
            }
            toml = Some((self.body, parsed));
        }
        let mut config = ModelConfig::default();
        if let Some((_, toml)) = &toml {
            diagnostics.extend(toml.parsed.diagnostics.iter().cloned());
            unreadable |= toml.parsed.broken;
            config = toml.parsed.value.clone();
        }
        if let Some(Some(defaults)) = defaults.get(self.files.folder) {
            config.inherit(&defaults.value);
        }
        entry.model = toml;

        let key = unit::text_hash(self.body, self.files.language, body_start, &text, env.dialect);
        let unclosed = front.is_some_and(|f| !f.closed);
        let known = memo.units.get(&key).filter(|u| u.is_current(env)).cloned();
        let fresh = known.is_none();
        let (unit, ast) = match known {
            Some(unit) => (unit, None),
            None if body.problem.is_some() || unclosed => {
                let (mut unit, _) = unit::make(self.body, Language::Sql, &Arc::from(""), 0, env);
                // The file's own problem says it all; "empty model" would be a consequence.
                unit.diagnostics.clear();
                unit.broken = true;
                (Arc::new(unit), None)
            }
            None => {
                let (unit, ast) = unit::make(self.body, self.files.language, &text, body_start, env);
                (Arc::new(unit), Some(ast))
            }
        };

        let contract = match (self.contract, &self.files.contract) {
            (Some(id), Some(path)) => {
                let file = reader.file(path, id, memo.files.get(&id));
                diagnostics.extend(file.problem.clone());
                let contract_text = file.source.text.clone();
                let toml = reader.toml(&file.source, memo.contracts.get(&id), |e| {
                    rocky_config::parse_contract(id, &contract_text, e, options)
                });
                diagnostics.extend(toml.parsed.diagnostics.iter().cloned());
                let parsed = toml.parsed.clone();
                entry.files.push((id, file));
                entry.contract = Some((id, toml));
                Some((id, parsed))
            }
            _ => None,
        };
        entry.files.push((self.body, body));

        let (name, name_loc) = match &config.name {
            Some(name) => (name.value.clone(), name.loc),
            None => (
                self.files.stem.clone(),
                Loc::new(self.body, Span::at(body_start.min(text.len() as u32))),
            ),
        };
        let model = LoadedModel {
            name,
            name_loc,
            file: self.body,
            language: self.files.language,
            config: Arc::new(config),
            unit,
            ast,
            unit_key: key,
            contract,
            diagnostics,
            unreadable,
        };
        (model, entry, fresh)
    }
}
