//! One compile: configuration, files, names, analysis, checks. Holds the memo between compiles of one project.

use crate::check;
use crate::discover::{self, FilePath, Walk};
use crate::graph;
use crate::hash::Hasher128;
use crate::link::{self, Known, Linked};
use crate::load::{self, LoadedModel, Reader};
use crate::memo::{CachedFile, Memo};
use crate::snapshot::{Contract, InputRelation, Model, ModelSchema, Snapshot, Source, SourceSchema, Timings};
use crate::unit::{self, UnitEnv};
use rayon::prelude::*;
use rocky_base::{
    CancelToken, Diagnostic, Dialect, Error, Event, FileId, Files, Loc, Observer, Result, SmolStr,
    SourceFile, Span, System, code,
};
use rocky_config::{PipelineKind, ProjectConfig};
use rocky_semantic::{Analysis, Input, RelationInput, RelationSchema};
use rocky_syntax::ast::Ast;
use rocky_warehouse::{CatalogSnapshot, Column, Type};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// How a project is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `rocky.toml`.
    pub config: PathBuf,
    /// Models folder instead of the pipelines' globs; relative to the folder of `rocky.toml`.
    pub models: Option<PathBuf>,
    /// Explicit contracts folder.
    pub contracts: Option<PathBuf>,
    /// Without `rocky.toml`, go on with defaults (only when `models` is given).
    pub config_optional: bool,
}

/// A catalogue snapshot and whether it was read just now.
#[derive(Clone, Debug)]
pub struct CatalogInput {
    /// What was seen.
    pub snapshot: Arc<CatalogSnapshot>,
    /// Read now: what it proves absent is absent.
    pub fresh: bool,
}

/// What a compile takes beside the files.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Run variables for `@var`.
    pub vars: FxHashMap<SmolStr, SmolStr>,
    /// What is known of the warehouse.
    pub catalog: Option<CatalogInput>,
    /// Columns of sources that replace what is declared or seen.
    pub sources: Vec<link::GivenSource>,
}

/// Compiles one project again and again.
pub struct Compiler {
    system: Arc<dyn System>,
    options: Options,
    root: PathBuf,
    memo: Memo,
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Compiler {
    /// A compiler with an empty memo. Nothing is read yet.
    pub fn new(system: Arc<dyn System>, options: Options) -> Compiler {
        let root = options.config.parent().map(Path::to_path_buf).unwrap_or_default();
        Compiler {
            system,
            options,
            root,
            memo: Memo::default(),
        }
    }

    /// The folder of `rocky.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Forget everything that was memoised.
    pub fn forget(&mut self) {
        self.memo = Memo::default();
    }

    fn config(
        &mut self,
        next: &mut Memo,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(ProjectConfig, bool)> {
        let path = FilePath {
            path: self.options.config.clone(),
            shown: discover::shown(&self.root, &self.options.config),
        };
        if !self.system.exists(&path.path) {
            if self.options.config_optional && self.options.models.is_some() {
                return Ok((ProjectConfig::default(), false));
            }
            let message = format!("{}: no such file", path.path.display());
            return Err(Error::new(rocky_base::ErrorKind::NotFound, message)
                .hint("run `rocky init` to make a project, or name its configuration with `--config`"));
        }
        let id = self.memo.file_id(&path.shown);
        let reader = Reader {
            system: &*self.system,
            options: rocky_config::Options::default(),
        };
        let file = reader.file(&path, id, self.memo.files.get(&id));
        let mut broken = file.problem.is_some();
        diagnostics.extend(file.problem.clone());
        let mut config = ProjectConfig::default();
        if file.problem.is_none() {
            let env = |name: &str| self.system.env(name);
            let parsed = rocky_config::parse_project(id, &file.source.text, &env);
            broken = parsed.broken;
            diagnostics.extend(parsed.diagnostics);
            config = parsed.value;
        }
        next.files.insert(id, file);
        Ok((config, broken))
    }

    /// Load and analyse the project. Diagnostics are in the snapshot; an error is the outside world's, or cancellation.
    pub fn compile(
        &mut self,
        inputs: &Inputs,
        pool: &rayon::ThreadPool,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        let started = Instant::now();
        let mut timings = Timings::default();
        let mut next = Memo::default();
        let mut diagnostics = Vec::new();
        let (config, config_broken) = self.config(&mut next, &mut diagnostics)?;
        let config = Arc::new(config);
        let pipelines = transformation(&config);
        let (dialect, adapter) = dialect_of(&config, &pipelines, &mut diagnostics);

        let layout = self.layout(&pipelines, config_broken)?;
        cancel.check()?;
        let progress = |phase: &str, done: usize, total: usize| Event::Progress {
            phase: SmolStr::new(phase),
            done: done as u64,
            total: total as u64,
        };
        observer.event(&progress("load", 0, layout.models.len()));
        let system = self.system.clone();
        let reader = Reader {
            system: &*system,
            options: config.options(),
        };
        let macros = load::macros(&reader, &layout, &mut self.memo, &mut next, &mut diagnostics);
        let env = UnitEnv {
            dialect,
            macros: &macros,
            vars: &inputs.vars,
        };
        let memo = &mut self.memo;
        let mut loaded = pool.install(|| load::load(&reader, &layout, &env, memo, &mut next, cancel))?;
        diagnostics.append(&mut loaded.diagnostics);
        timings.parsed = loaded.parsed;
        let mut models = loaded.models;
        // Models are numbered in order of name; the path decides between two of one name.
        let shown: FxHashMap<FileId, SmolStr> = layout
            .models
            .iter()
            .filter_map(|m| Some((self.memo.files_id(&m.body.shown)?, m.body.shown.clone())))
            .collect();
        models.sort_by(|a, b| {
            a.name
                .cmp(&b.name)
                .then_with(|| shown.get(&a.file).cmp(&shown.get(&b.file)))
        });
        let globs = Globs::new(&pipelines);
        timings.load_ms = started.elapsed().as_secs_f64() * 1e3;

        let link_started = Instant::now();
        observer.event(&progress("link", 0, models.len()));
        let catalog = inputs.catalog.as_ref();
        let known = Known {
            catalog: catalog.map(|c| &*c.snapshot),
            fresh: catalog.is_some_and(|c| c.fresh),
            given: &inputs.sources,
        };
        let defaults = link::defaults(dialect, &config, adapter.as_deref(), known.catalog);
        let mut links = link::link(&models, &config, dialect, defaults, &known);
        diagnostics.append(&mut links.diagnostics);
        let deps: Vec<Vec<u32>> = links.models.iter().map(|m| m.depends_on.clone()).collect();
        let order = graph::sort(&deps);
        for path in &order.cycles {
            diagnostics.push(link::cycle(path, &models, &links.models));
        }
        let mut consumers: Vec<Vec<u32>> = vec![Vec::new(); models.len()];
        for (id, list) in deps.iter().enumerate() {
            list.iter().for_each(|d| consumers[*d as usize].push(id as u32));
        }
        timings.link_ms = link_started.elapsed().as_secs_f64() * 1e3;

        let analyse_started = Instant::now();
        let mut layers: Vec<Vec<u32>> =
            vec![Vec::new(); order.layer.iter().max().map_or(0, |l| *l as usize + 1)];
        order
            .order
            .iter()
            .for_each(|id| layers[order.layer[*id as usize] as usize].push(*id));
        let analyser = Analyser {
            dialect,
            models: &models,
            linked: &links.models,
            sources: &links.sources,
            cyclic: &order.cyclic,
            catalog: known.catalog,
            memo: &self.memo.analyses,
            names: &links.names,
        };
        let mut results: Vec<Option<Analysed>> = (0..models.len()).map(|_| None).collect();
        let mut done = 0;
        for layer in &layers {
            cancel.check()?;
            let one = |id: &u32| (*id, analyser.analyse(*id, &results));
            // A layer of a few models is not worth the hand-over to other threads.
            let found: Vec<(u32, Analysed)> = if layer.len() < 4 {
                pool.install(|| layer.iter().map(one).collect())
            } else {
                pool.install(|| {
                    layer
                        .par_iter()
                        .filter(|_| !cancel.is_tripped())
                        .map(one)
                        .collect()
                })
            };
            cancel.check()?;
            for (id, analysed) in found {
                timings.analysed += u64::from(analysed.fresh);
                next.analyses.insert(analysed.key, analysed.analysis.clone());
                results[id as usize] = Some(analysed);
            }
            done += layer.len();
            observer.event(&progress("analyse", done, models.len()));
        }
        timings.analyse_ms = analyse_started.elapsed().as_secs_f64() * 1e3;

        let check_started = Instant::now();
        let mut explicit: FxHashMap<u32, (FileId, Arc<_>)> = FxHashMap::default();
        for (name, file, contract) in loaded.contracts {
            match links.names.model(&name) {
                Some(id) => {
                    explicit.insert(id, (file, contract));
                }
                None => {
                    let loc = Loc::new(file, Span::at(0));
                    diagnostics.push(
                        Diagnostic::new(code::W011, loc, format!("contract for unknown model `{name}`"))
                            .help("Rename the contract after a model, or remove it."),
                    );
                }
            }
        }
        unknown_sources(&links.sources, &mut diagnostics);
        let mut built = Vec::with_capacity(models.len());
        for (id, ((model, linked), analysed)) in models.into_iter().zip(links.models).zip(results).enumerate()
        {
            if id % 256 == 0 {
                cancel.check()?;
            }
            let Some(analysed) = analysed else {
                return Err(Error::bug(format!("model `{}` was not analysed", model.name)));
            };
            let contract = match explicit.remove(&(id as u32)) {
                Some((file, parsed)) => Some((file, parsed, false)),
                None => model
                    .contract
                    .as_ref()
                    .map(|(file, parsed)| (*file, parsed.clone(), true)),
            };
            let contract = contract.map(|(file, parsed, auto)| {
                Arc::new(Contract {
                    config: parsed.value.clone(),
                    file,
                    auto,
                })
            });
            let mut found: Vec<Diagnostic> = Vec::new();
            found.extend(model.diagnostics.iter().cloned());
            found.extend(linked.diagnostics.iter().cloned());
            found.extend(model.unit.diagnostics.iter().cloned());
            if !model.unit.broken {
                found.extend(
                    analysed
                        .analysis
                        .diagnostics
                        .iter()
                        .cloned()
                        .map(|d| unit::locate(d, &model.unit.origin)),
                );
            }
            if !model.unit.broken && !model.unreadable {
                check::strategy(&model, &linked, &analysed.analysis, dialect, &mut found);
            }
            if let Some(contract) = &contract {
                check::contract(
                    &model.name,
                    contract,
                    &analysed.analysis,
                    model.unit.broken,
                    dialect,
                    &mut found,
                );
            }
            let has_errors = found.iter().any(Diagnostic::is_error) || order.cyclic[id];
            diagnostics.extend(found.into_iter().map(|d| {
                if d.model.is_some() {
                    d
                } else {
                    d.in_model(model.name.clone())
                }
            }));
            let pipeline = shown.get(&model.file).and_then(|path| globs.pipeline_of(path));
            built.push(Arc::new(Model {
                name: model.name,
                name_loc: model.name_loc,
                file: model.file,
                language: model.language,
                config: model.config,
                strategy: linked.strategy,
                strategy_loc: linked.strategy_loc,
                target: linked.target,
                target_parts: linked.target_parts,
                pipeline,
                unit: model.unit,
                inputs: linked.inputs,
                ref_inputs: linked.ref_inputs,
                depends_on: linked.depends_on,
                analysis: analysed.analysis,
                schema: analysed.schema,
                contract,
                has_errors,
            }));
        }
        let files = self.files(&next);
        sort(&mut diagnostics, &files);
        timings.check_ms = check_started.elapsed().as_secs_f64() * 1e3;
        // Numbers of paths outlive everything else.
        let mut memo = std::mem::take(&mut self.memo);
        memo.replace(next);
        self.memo = memo;
        Ok(Arc::new(Snapshot {
            root: self.root.clone(),
            config,
            dialect,
            files,
            models: built,
            names: links.names,
            order,
            consumers,
            sources: links.sources,
            diagnostics,
            timings,
        }))
    }

    fn files(&self, memo: &Memo) -> Files {
        let placeholder = Arc::new(SourceFile::new("", ""));
        let mut files = Files::default();
        for id in 0..self.memo.file_count() as u32 {
            let file = memo.files.get(&FileId(id)).map(|f: &CachedFile| f.source.clone());
            files.add(file.unwrap_or_else(|| placeholder.clone()));
        }
        files
    }

    fn layout(&self, pipelines: &[(SmolStr, SmolStr, Loc)], config_broken: bool) -> Result<discover::Layout> {
        let mut walk = Walk::new(&*self.system, &self.root);
        let mut dirs: Vec<PathBuf> = Vec::new();
        match &self.options.models {
            Some(dir) => dirs.push(self.root.join(dir)),
            None => {
                for (_, glob, _) in pipelines {
                    let dir = self.root.join(glob_base(glob));
                    if !dirs.contains(&dir) {
                        dirs.push(dir);
                    }
                }
                if dirs.is_empty() {
                    dirs.push(self.root.join("models"));
                }
            }
        }
        let mut found = false;
        for dir in &dirs {
            if self.system.exists(dir) {
                found = true;
                walk.models(dir)?;
            }
            let macros = dir
                .parent()
                .map(|p| p.join("macros"))
                .unwrap_or_else(|| self.root.join("macros"));
            walk.macros(&macros)?;
        }
        if let Some(dir) = &self.options.contracts {
            let dir = self.root.join(dir);
            if !self.system.exists(&dir) {
                let message = format!("contracts folder {} does not exist", dir.display());
                return Err(Error::new(rocky_base::ErrorKind::NotFound, message)
                    .hint("create it or leave `--contracts` out"));
            }
            walk.contracts(&dir)?;
        }
        let mut layout = walk.finish();
        if self.options.models.is_none() {
            let globs = Globs::new(pipelines);
            if !globs.is_empty() {
                layout
                    .models
                    .retain(|m| globs.pipeline_of(&m.body.shown).is_some());
            }
        }
        layout.models.dedup_by(|a, b| a.body == b.body);
        layout.macros.dedup();
        let replication_only = !config_broken && self.options.models.is_none() && pipelines.is_empty();
        if layout.models.is_empty() && !config_broken && (found || !replication_only) {
            let place = dirs.first().map(|d| d.display().to_string()).unwrap_or_default();
            let (kind, message) = if found {
                (rocky_base::ErrorKind::NotFound, format!("no models in {place}"))
            } else {
                (
                    rocky_base::ErrorKind::NotFound,
                    format!("models folder {place} does not exist"),
                )
            };
            return Err(Error::new(kind, message)
                .hint("put `.sql` or `.rocky` files there, or name another folder with `--models`"));
        }
        Ok(layout)
    }
}

/// Transformation pipelines: name, glob, place.
fn transformation(config: &ProjectConfig) -> Vec<(SmolStr, SmolStr, Loc)> {
    let pipelines = config.pipelines.iter();
    pipelines
        .filter_map(|(name, pipeline)| match &pipeline.kind {
            PipelineKind::Transformation(t) => {
                Some((name.clone(), SmolStr::new(t.models_glob()), pipeline.loc))
            }
            _ => None,
        })
        .collect()
}

/// The dialect of the models and the adapter it comes from: the first transformation pipeline's target, else another
/// pipeline's, else the first adapter that holds data.
fn dialect_of(
    config: &ProjectConfig,
    pipelines: &[(SmolStr, SmolStr, Loc)],
    diagnostics: &mut Vec<Diagnostic>,
) -> (Dialect, Option<SmolStr>) {
    let mut found: Option<(Dialect, SmolStr, SmolStr)> = None;
    let first = pipelines.iter().map(|(name, _, _)| name);
    for name in first {
        let Some(pipeline) = config.pipelines.get(name) else {
            continue;
        };
        let Some((adapter, settings)) = config.adapter(pipeline.target_adapter()) else {
            continue;
        };
        let Some(dialect) = settings.dialect() else {
            continue;
        };
        match &found {
            None => found = Some((dialect, adapter.clone(), name.clone())),
            Some((other, _, before)) if *other != dialect => {
                let message = format!(
                    "pipelines `{before}` and `{name}` transform for {other} and {dialect}; one project has one dialect"
                );
                diagnostics.push(
                    Diagnostic::new(code::E417, pipeline.loc, message)
                        .help("Make a project for each warehouse."),
                );
            }
            Some(_) => {}
        }
    }
    if let Some((dialect, adapter, _)) = found {
        return (dialect, Some(adapter));
    }
    let others = config
        .pipelines
        .values()
        .filter_map(|p| config.adapter(p.target_adapter()));
    let mut candidates = others
        .chain(config.adapters.iter())
        .filter_map(|(name, a)| Some((a.dialect()?, Some(name.clone()))));
    candidates.next().unwrap_or((Dialect::DuckDb, None))
}

/// The part of a glob before its first special character, cut at a folder.
fn glob_base(glob: &str) -> &str {
    let special = glob.find(['*', '?', '[', '{']).unwrap_or(glob.len());
    let head = glob.get(..special).unwrap_or(glob);
    if special == glob.len() {
        head.trim_end_matches('/')
    } else {
        head.rfind('/').map_or("", |i| &head[..i])
    }
}

/// Which pipeline takes a file.
struct Globs(Vec<(SmolStr, globset::GlobMatcher)>);

impl Globs {
    fn new(pipelines: &[(SmolStr, SmolStr, Loc)]) -> Globs {
        let matcher = |glob: &str| {
            let special = glob.contains(['*', '?', '[', '{']);
            // A plain folder means everything below it.
            let glob = if special {
                glob.to_string()
            } else {
                format!("{}/**", glob.trim_end_matches('/'))
            };
            let glob = glob.strip_prefix("./").map(str::to_owned).unwrap_or(glob);
            globset::GlobBuilder::new(&glob)
                .literal_separator(true)
                .build()
                .ok()
                .map(|g| g.compile_matcher())
        };
        Globs(
            pipelines
                .iter()
                .filter_map(|(name, glob, _)| Some((name.clone(), matcher(glob)?)))
                .collect(),
        )
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn pipeline_of(&self, path: &str) -> Option<SmolStr> {
        self.0
            .iter()
            .find(|(_, glob)| glob.is_match(path))
            .map(|(name, _)| name.clone())
    }
}

/// One message per source nothing is known about.
fn unknown_sources(sources: &[Source], diagnostics: &mut Vec<Diagnostic>) {
    for source in sources
        .iter()
        .filter(|s| s.schema == SourceSchema::Unknown && s.name.schema.is_some())
    {
        let name = source.name.display();
        let readers = source.readers.len();
        let more = if readers > 1 {
            format!(" (read by {readers} models)")
        } else {
            String::new()
        };
        diagnostics.push(
            Diagnostic::new(
                code::W101,
                source.first_ref,
                format!("nothing is known of the columns of `{name}`{more}"),
            )
            .label("no model, no declared source, not seen in the warehouse")
            .help("Run `rocky discover`, or declare it under `[[sources]]` with its columns."),
        );
    }
}

/// By file, place, code: the same on every run.
fn sort(diagnostics: &mut Vec<Diagnostic>, files: &Files) {
    let key = |d: &Diagnostic| {
        d.primary.as_ref().map(|l| {
            let path = files.get(l.loc.file).map(|f| f.path.clone()).unwrap_or_default();
            (path, l.loc.span)
        })
    };
    diagnostics.sort_by(|a, b| {
        key(a)
            .cmp(&key(b))
            .then_with(|| a.code.id().cmp(b.code.id()))
            .then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup();
}

/// The analysis of one model with what it was found by.
struct Analysed {
    key: u128,
    analysis: Arc<Analysis>,
    schema: Arc<ModelSchema>,
    fresh: bool,
}

struct Analyser<'a> {
    dialect: Dialect,
    models: &'a [LoadedModel],
    linked: &'a [Linked],
    sources: &'a [Source],
    cyclic: &'a [bool],
    catalog: Option<&'a CatalogSnapshot>,
    memo: &'a FxHashMap<u128, Arc<Analysis>>,
    names: &'a crate::names::NameTable,
}

impl Analyser<'_> {
    fn analyse(&self, id: u32, results: &[Option<Analysed>]) -> Analysed {
        let model = &self.models[id as usize];
        let linked = &self.linked[id as usize];
        let relations: Vec<RelationInput> = model
            .unit
            .refs
            .iter()
            .zip(&linked.ref_inputs)
            .map(|(reference, index)| {
                let relation = linked.inputs[*index as usize];
                let (schema, display, qualifiers) = self.relation(id, relation, results);
                RelationInput {
                    from: reference.from,
                    relation: *index,
                    schema,
                    display,
                    qualifiers,
                }
            })
            .collect();
        // Date placeholders are only bound in time_interval models, which this release refuses; they stay untyped.
        let placeholder_type = Type::Unknown;
        let key = self.key(model, &relations, &placeholder_type);
        let (analysis, fresh) = match self.memo.get(&key) {
            Some(analysis) => (analysis.clone(), false),
            None => {
                let parsed: Ast;
                let ast = match &model.ast {
                    Some(ast) => ast,
                    None => {
                        parsed = model.unit.parse(self.dialect);
                        &parsed
                    }
                };
                let input = Input {
                    ast,
                    text: &model.unit.text,
                    dialect: self.dialect,
                    relations: &relations,
                    placeholder_type,
                };
                (Arc::new(rocky_semantic::analyse(&input)), true)
            }
        };
        let complete = analysis.complete && !model.unit.broken && !model.unreadable;
        let columns: Arc<[Column]> = analysis
            .columns
            .iter()
            .map(|c| Column {
                name: c.name.clone(),
                ty: c.ty.clone(),
                nullable: c.nullable,
            })
            .collect();
        let hash = Hasher128::new()
            .value(&&*columns)
            .u32(u32::from(complete))
            .finish();
        Analysed {
            key,
            analysis,
            schema: Arc::new(ModelSchema {
                columns,
                complete,
                hash,
            }),
            fresh,
        }
    }

    fn relation(
        &self,
        id: u32,
        relation: InputRelation,
        results: &[Option<Analysed>],
    ) -> (RelationSchema, SmolStr, Vec<SmolStr>) {
        let model_schema = |m: u32| match &results[m as usize] {
            Some(analysed) if self.cyclic[m as usize] || self.models[m as usize].unit.broken => {
                if analysed.schema.columns.is_empty() {
                    RelationSchema::Unknown
                } else {
                    RelationSchema::Partial(analysed.schema.columns.clone())
                }
            }
            Some(analysed) if analysed.schema.complete => {
                RelationSchema::Known(analysed.schema.columns.clone())
            }
            Some(analysed) => RelationSchema::Partial(analysed.schema.columns.clone()),
            None => RelationSchema::Unknown,
        };
        match relation {
            InputRelation::Model(m) => {
                let parts = &self.linked[m as usize].target_parts;
                (
                    model_schema(m),
                    self.models[m as usize].name.clone(),
                    qualifiers(parts),
                )
            }
            InputRelation::Own => {
                let target = &self.linked[id as usize].target;
                let seen = self.catalog.map(|c| c.lookup(target));
                let schema = match seen {
                    Some(rocky_warehouse::catalog::Lookup::Found(r)) => {
                        RelationSchema::Known(r.columns.as_slice().into())
                    }
                    _ => RelationSchema::Unknown,
                };
                (
                    schema,
                    self.models[id as usize].name.clone(),
                    qualifiers(&self.linked[id as usize].target_parts),
                )
            }
            InputRelation::Source(s) => {
                let source = &self.sources[s as usize];
                let schema = match &source.schema {
                    SourceSchema::Declared(columns) | SourceSchema::Seen(columns, _) => {
                        RelationSchema::Known(columns.clone())
                    }
                    SourceSchema::Unknown => RelationSchema::Unknown,
                    SourceSchema::Absent => RelationSchema::Absent(self.alternatives(source)),
                };
                let text =
                    |i: &Option<rocky_base::Ident>| i.as_ref().map(|i| i.text.clone()).unwrap_or_default();
                let name = &source.name;
                let parts = [text(&name.catalog), text(&name.schema), name.table.text.clone()];
                (schema, self.display(source), qualifiers(&parts))
            }
        }
    }

    /// A source's name as people write it: without the parts that are the default.
    fn display(&self, source: &Source) -> SmolStr {
        let full = &source.name;
        for short in [
            rocky_warehouse::RelationName {
                catalog: None,
                schema: None,
                table: full.table.clone(),
            },
            rocky_warehouse::RelationName {
                catalog: None,
                ..full.clone()
            },
        ] {
            if self.names.full(&short).key(self.dialect) == full.key(self.dialect) {
                return SmolStr::new(short.display());
            }
        }
        SmolStr::new(full.display())
    }

    /// What could have been meant by a source that does not exist.
    fn alternatives(&self, source: &Source) -> Arc<[SmolStr]> {
        let mut names: Vec<SmolStr> = self.models.iter().map(|m| m.name.clone()).collect();
        if let Some(catalog) = self.catalog {
            let wanted = source.name.key(self.dialect);
            let same_schema = |r: &&rocky_warehouse::Relation| {
                let key = r.name.key(self.dialect);
                key.schema == wanted.schema && key.catalog == wanted.catalog
            };
            names.extend(
                catalog
                    .relations
                    .values()
                    .filter(same_schema)
                    .map(|r| r.name.table.text.clone()),
            );
        }
        let near = rocky_base::suggest::nearest(&source.name.table.text, names.iter().map(|n| n.as_str()));
        near.map(SmolStr::new).into_iter().collect()
    }

    /// The hash of everything an analysis reads.
    fn key(&self, model: &LoadedModel, relations: &[RelationInput], placeholder: &Type) -> u128 {
        let mut hasher = Hasher128::new();
        hasher.u128(model.unit.hash).value(placeholder);
        for relation in relations {
            hasher
                .u32(relation.from.0)
                .u32(relation.relation)
                .str(&relation.display)
                .value(&relation.qualifiers);
            match &relation.schema {
                RelationSchema::Known(columns) => hasher.u32(0).value(&&**columns),
                RelationSchema::Partial(columns) => hasher.u32(1).value(&&**columns),
                RelationSchema::Unknown => hasher.u32(2),
                RelationSchema::Absent(names) => hasher.u32(3).value(&&**names),
            };
        }
        hasher.finish()
    }
}

fn qualifiers(parts: &[SmolStr; 3]) -> Vec<SmolStr> {
    parts.iter().filter(|p| !p.is_empty()).cloned().collect()
}
