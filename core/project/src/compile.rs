//! One compile: configuration, files, names, analysis, checks. Holds the memo between compiles of one project.

use crate::analyse::{self, Analysed, Prepared, Shared};
use crate::cache::{self, OnDisk};
use crate::configuration::{CONFIG_FILE, Configuration, Configurations};
use crate::contract;
use crate::discover::{self, FilePath, Walk};
use crate::files;
use crate::findings::{self, Subject};
use crate::given::GivenSource;
use crate::graph;
use crate::hash::Hasher128;
use crate::intact::{self, Graph, Intact, Reach, Seen};
use crate::later::Later;
use crate::levels::Levels;
use crate::link::{self, Known, SourceBook};
use crate::load::{self, ExplicitContract, LoadedModel, Reader, Recorder};
use crate::lock;
use crate::memo::{CachedFile, Checked, Entry, Memo};
use crate::portability;
use crate::snapshot::{Contract, Ground, Model, Parts, Snapshot, Source, SourceSchema, Timings};
use crate::status::Doubtful;
use crate::tagged::Tags;
use crate::unit::{Unit, UnitEnv};
use rayon::prelude::*;
use rocky_base::{
    CancelToken, Diagnostic, Dialect, Error, Event, FileId, Files, Loc, Observer, Result, SharedList,
    SmolStr, SourceFile, Span, System, code,
};
use rocky_config::{PipelineKind, ProjectConfig};
use rocky_warehouse::CatalogSnapshot;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
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
    /// Folder of the compile cache; without it nothing is kept between processes.
    pub cache: Option<PathBuf>,
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
    /// Also list what this dialect does not have, instead of that of `[portability]`.
    pub target_dialect: Option<Dialect>,
    /// Schemas of sources, asked before everything else that knows some.
    pub given: Vec<GivenSource>,
    /// Sources must be given, declared or locked: what else is known of them is not used.
    pub locked: bool,
    /// Do as if there were no `schema.lock`.
    pub ignore_lock: bool,
}

/// Gives the memo of the cache file, and what it is recognised by.
type Ahead = std::sync::mpsc::Receiver<Option<(Memo, OnDisk)>>;

/// Compiles one project again and again.
pub struct Compiler {
    system: Arc<dyn System>,
    options: Options,
    root: PathBuf,
    memo: Arc<Memo>,
    configurations: Arc<Configurations>,
    // What the cache file holds, once it was looked at; the thread that writes it gives the new value.
    on_disk: Option<Option<OnDisk>>,
    // The cache file, while it is read ahead.
    ahead: Option<Ahead>,
    // Whether all is as the cache file says, while it is looked at.
    checked: Option<std::sync::mpsc::Receiver<Option<Intact>>>,
    saver: Option<std::thread::JoinHandle<Option<OnDisk>>>,
    // What was compiled last.
    last: std::sync::Weak<Snapshot>,
    seeds: crate::seed::Memory,
}

impl std::fmt::Debug for Compiler {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compiler")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        self.join();
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
            memo: Arc::default(),
            configurations: Arc::default(),
            on_disk: None,
            ahead: None,
            checked: None,
            saver: None,
            last: std::sync::Weak::new(),
            seeds: Default::default(),
        }
    }

    /// The folder of `rocky.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Forget everything that was memoised in memory.
    pub fn forget(&mut self) {
        self.memo = Arc::default();
    }

    /// Another compiler of the same project that sees it through `system` and starts with what this one remembers. It
    /// leaves the cache file alone.
    pub fn beside(&self, system: Arc<dyn System>) -> Compiler {
        Compiler {
            system,
            options: Options {
                cache: None,
                ..self.options.clone()
            },
            root: self.root.clone(),
            memo: self.memo.clone(),
            configurations: Arc::default(),
            on_disk: None,
            ahead: None,
            checked: None,
            saver: None,
            last: std::sync::Weak::new(),
            seeds: Default::default(),
        }
    }

    /// Begin to read the cache file while the caller looks at other things. The next compile waits for it.
    pub fn read_ahead(&mut self, pool: &rayon::ThreadPool) {
        if self.on_disk.is_some() || self.ahead.is_some() || self.checked.is_some() {
            return;
        }
        let Some(place) = self.place() else { return };
        let (system, root) = (self.system.clone(), self.root.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        pool.spawn(move || {
            // Nobody waits for it any more when no compile came.
            let _ = sender.send(cache::load(&system, &root, &place));
        });
        self.ahead = Some(receiver);
    }

    /// Begin to look whether all is as the cache file says, for [`Compiler::part`] or [`Compiler::kept`], while the caller looks at other
    /// things. `false`: this compiler has a memo or no cache.
    pub fn check_ahead(&mut self, pool: &rayon::ThreadPool) -> bool {
        if self.on_disk.is_some() || self.ahead.is_some() || self.options.contracts.is_some() {
            return false;
        }
        let Some(place) = self.place() else { return false };
        let (system, root) = (self.system.clone(), self.root.clone());
        let (sender, receiver) = std::sync::mpsc::channel();
        pool.spawn(move || {
            // As above.
            let _ = sender.send(Intact::open(&*system, &root, &place));
        });
        self.checked = Some(receiver);
        true
    }

    /// The end of [`Compiler::check_ahead`].
    fn intact(&mut self, inputs: &Inputs) -> Option<(Intact, Arc<Configuration>)> {
        let config = self.config();
        // Waited for in any case: what comes next may read the cache file.
        let intact = self.checked.take()?.recv().ok().flatten()?;
        let config = config.ok().flatten()?;
        intact.is_for(inputs, &config).then_some((intact, config))
    }

    /// A snapshot of the models around the first of `names` that is one, with all that they are made from; of these it says what a
    /// compile of the whole would say. `None`: something has changed, or there is no telling, and the whole must be compiled.
    /// After [`Compiler::check_ahead`].
    pub fn part(
        &mut self,
        inputs: &Inputs,
        (names, reach): (&[&str], Reach),
        pool: &rayon::ThreadPool,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Snapshot>>> {
        let Some((intact, config)) = self.intact(inputs) else {
            return Ok(None);
        };
        cancel.check()?;
        let part = intact
            .around(names, reach)
            .and_then(|models| intact.part(&self.system, &self.root, &models));
        let Some((memo, mut layout)) = part else {
            return Ok(None);
        };
        let mut part = self.beside(self.system.clone());
        part.memo = Arc::new(memo);
        part.configurations = self.configurations.clone();
        let mut walk = Walk::new(&*self.system, &self.root, cancel);
        for dir in self.dirs(&transformation(&config.config)) {
            walk.macros(&macros_beside(&dir, &self.root))?;
        }
        layout.macros = walk.finish().macros;
        layout.macros.dedup();
        let started = Instant::now();
        let snapshot =
            part.compile_listed(inputs, (Some(config), layout, started), pool, observer, cancel)?;
        // A file that was changed just now may be in the part.
        Ok((snapshot.timings.parsed == 0 && snapshot.timings.analysed == 0).then_some(snapshot))
    }

    /// What [`Compiler::keep`] put down after a compile of these inputs, if all is as it was. After [`Compiler::check_ahead`].
    pub fn kept(&mut self, inputs: &Inputs, what: &str) -> Option<Vec<u8>> {
        let (intact, _) = self.intact(inputs)?;
        cache::kept(&*self.system, &self.place()?, what, intact.fingerprint())
    }

    /// Put down what was found out with a snapshot, for the processes that come after this one and find all as it was. It must be that
    /// of the last compile.
    pub fn keep(&mut self, what: &str, snapshot: &Arc<Snapshot>, bytes: &[u8]) {
        if !std::ptr::eq(self.last.as_ptr(), Arc::as_ptr(snapshot)) {
            return;
        }
        self.join();
        let on_disk = self.on_disk.flatten().filter(|_| self.memo.whole.is_some());
        if let (Some(on_disk), Some(place)) = (on_disk, self.place()) {
            cache::keep(&*self.system, &place, what, on_disk.fingerprint, bytes);
        }
    }

    /// Wait until the cache file is written.
    pub fn join(&mut self) {
        if let Some(saver) = self.saver.take() {
            // A saver that panicked has written nothing that a checksum would not find out.
            self.on_disk = Some(saver.join().ok().flatten());
        }
    }

    fn place(&self) -> Option<cache::Place> {
        let dir = self.options.cache.clone()?;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|p| p.to_string_lossy().into_owned());
        let mut hasher = Hasher128::new();
        hasher
            .str(&discover::shown(&self.root, &self.options.config))
            .value(&path(&self.options.models))
            .value(&path(&self.options.contracts));
        Some(cache::Place::new(dir, hasher.finish()))
    }

    /// The configuration, shared with whoever needs it before a compile.
    pub fn configurations(&self) -> &Arc<Configurations> {
        &self.configurations
    }

    /// `rocky.toml` under its name.
    pub fn config_path(&self) -> FilePath {
        let shown = discover::shown(&self.root, &self.options.config);
        FilePath::new(self.options.config.clone(), shown)
    }

    fn config(&self) -> Result<Option<Arc<Configuration>>> {
        let path = self.config_path();
        if !self.system.exists(&path.path()) {
            if self.options.config_optional && self.options.models.is_some() {
                return Ok(None);
            }
            let message = format!("{}: no such file", path.path().display());
            return Err(Error::new(rocky_base::ErrorKind::NotFound, message)
                .hint("run `rocky init` to make a project, or name its configuration with `--config`"));
        }
        Ok(Some(self.configurations.read(&*self.system, &path)))
    }

    /// The configuration and the files of the project.
    fn listed(&self, cancel: &CancelToken) -> Result<(Option<Arc<Configuration>>, discover::Layout)> {
        cancel.check()?;
        let read = self.config()?;
        let none = ProjectConfig::default();
        let config = read.as_ref().map_or(&none, |r| &*r.config);
        let broken = read.as_ref().is_some_and(|r| r.broken);
        let layout = self.layout(&transformation(config), broken, cancel)?;
        Ok((read, layout))
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
        self.join();
        self.checked = None;
        // The folders are listed while the cache file is read.
        self.read_ahead(pool);
        let (read, layout) = self.listed(cancel)?;
        let loaded = self.ahead.take().map(|ahead| ahead.recv().ok().flatten());
        if let Some(loaded) = loaded {
            self.on_disk = Some(loaded.as_ref().map(|(_, on_disk)| *on_disk));
            if let (true, Some((memo, _))) = (self.memo.entries.is_empty(), loaded) {
                self.memo = Arc::new(memo);
            }
        }
        if read.is_some() && self.memo.paths.get(&self.config_path().shown) != Some(CONFIG_FILE) {
            // There was none before: all numbers are given out anew.
            self.memo = Arc::default();
        }
        self.compile_listed(inputs, (read, layout, started), pool, observer, cancel)
    }

    /// Compile what was listed.
    fn compile_listed(
        &mut self,
        inputs: &Inputs,
        (read, layout, started): (Option<Arc<Configuration>>, discover::Layout, Instant),
        pool: &rayon::ThreadPool,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        let layout = Later::new(layout, pool);
        let mut timings = Timings::default();
        let mut general = Vec::new();
        let progress = |phase: &str, done: usize, total: usize| Event::Progress {
            phase: SmolStr::new(phase),
            done: done as u64,
            total: total as u64,
        };
        let place = self.place();
        let memo = self.memo.clone();
        let mut paths = Later::new(memo.paths.clone(), pool);
        let mut files = Later::new(vec![None; memo.paths.len()], pool);
        let mut recorder = Recorder {
            memo: &memo,
            paths: &mut paths,
            files: &mut files,
        };
        let config = match &read {
            Some(read) => {
                let id = recorder.id(&self.config_path());
                recorder.keep(id, read.file.clone());
                general.extend(read.diagnostics.iter().cloned());
                read.config.clone()
            }
            None => Arc::default(),
        };
        let pipelines = transformation(&config);
        let (dialect, adapter) = dialect_of(&config, &pipelines, &mut general);
        cancel.check()?;
        observer.event(&progress("load", 0, layout.models.len()));
        let system = self.system.clone();
        let reader = Reader {
            system: &*system,
            options: config.options(),
        };
        let lock = match inputs.ignore_lock {
            true => None,
            false => lock::load(&reader, &self.root, dialect, &mut recorder, &mut general),
        };
        let macros = load::macros(&reader, &layout, dialect, &mut recorder, &mut general);
        let loaded = load::load(&reader, &layout, &mut recorder, pool, cancel)?;
        general.extend(loaded.diagnostics);
        cancel.check()?;
        let globs = Globs::new(&pipelines);
        // The paths of the queries by the number of the file: of each model that is listed one head was loaded.
        let mut shown: Vec<Option<&SmolStr>> = vec![None; files.len()];
        for (head, model) in loaded.heads.iter().zip(&layout.models) {
            if let Some(shown) = shown.get_mut(head.loaded.file.0 as usize) {
                *shown = Some(&model.body.shown);
            }
        }
        let shown = |file: FileId| shown.get(file.0 as usize).copied().flatten();
        // Models are numbered in order of name; the path decides between two of one name.
        let mut heads = Later::new(loaded.heads, pool);
        cancel.check()?;
        heads.sort_by(|a, b| {
            a.loaded
                .name
                .cmp(&b.loaded.name)
                .then_with(|| shown(a.loaded.file).cmp(&shown(b.loaded.file)))
        });
        let models: Vec<Arc<LoadedModel>> = heads.iter().map(|h| h.loaded.clone()).collect();
        timings.load_ms = started.elapsed().as_secs_f64() * 1e3;
        cancel.check()?;

        let analyse_started = Instant::now();
        observer.event(&progress("analyse", 0, models.len()));
        let catalog = inputs.catalog.as_ref().filter(|_| !inputs.locked);
        let known = Known {
            catalog: catalog.map(|c| &*c.snapshot),
            fresh: catalog.is_some_and(|c| c.fresh),
        };
        let types = analyse::Types::of(known.catalog);
        let name_defaults = link::defaults(dialect, &config, adapter.as_deref(), known.catalog);
        cancel.check()?;
        let mut targets = pool.install(|| link::targets(&models, dialect, &name_defaults, &known));
        general.append(&mut targets.diagnostics);
        let mut declared = pool.install(|| {
            link::declared(
                &models,
                &config,
                dialect,
                types.own(),
                &targets.names,
                &mut general,
            )
        });
        self.seeds.declare(
            &*self.system,
            &self.root,
            &config,
            (dialect, &targets.names),
            &mut declared,
        );
        let (given, locked) = (&inputs.given, lock.as_ref());
        link::stated(
            &mut declared,
            given,
            locked,
            dialect,
            types.own(),
            &targets.names,
            &mut general,
        );
        let declared = Arc::new(declared);
        let book = SourceBook::new(dialect, declared.clone(), known);
        let tags = Tags::of(&config, || {
            let path = |file: &FileId| shown(*file).and_then(|path| globs.pipeline_of(path));
            models.iter().map(move |m| (m.file, path(&m.file)))
        });
        let shared = Shared {
            env: UnitEnv {
                dialect,
                macros: &macros,
                vars: &inputs.vars,
            },
            tags: &tags,
            table: &analyse::Slices(&models, &targets.models),
            names: &targets.names,
            book: &book,
            catalog: known.catalog,
            types: &types,
            cancel,
            proven_only: false,
        };
        let contracts = explicit(loaded.contracts, &models, &targets.names, &mut general);
        let check = |id: u32, prepared: &Prepared, analysed: &Analysed, old: Option<&Arc<Checked>>| {
            let loaded = &models[id as usize];
            let contract = contract_of(contracts.get(&id), loaded);
            let subject = Subject {
                loaded,
                target: &targets.models[id as usize],
                unit: &prepared.unit,
                analysed,
                contract: contract.as_ref().map(|(contract, hash)| (contract, *hash)),
                dialect,
            };
            subject.checked(old)
        };
        let texts = |id: u32| heads[id as usize].body.source.text().clone();
        let total = models.len();
        let mut show = |done: usize| observer.event(&progress("analyse", done, total));
        let results = analyse::all(&shared, &memo, &texts, &check, pool, &mut show, cancel)?;
        let mut results = Later::new(results, pool);
        timings.analyse_ms = analyse_started.elapsed().as_secs_f64() * 1e3;

        cancel.check()?;
        let link_started = Instant::now();
        let depends: Vec<link::Depends> = pool.install(|| {
            results
                .prepared
                .par_iter()
                .enumerate()
                .with_min_len(64)
                .map(|(id, p)| link::depends(id as u32, &p.resolved, shared.table, &targets.names))
                .collect()
        });
        let deps: Vec<&[u32]> = depends.iter().map(|d| d.on.as_slice()).collect();
        let order = graph::sort(&deps);
        for path in &order.cycles {
            general.push(link::cycle(path, &models, &depends));
        }
        results.finish(&shared, &memo, &order);
        cancel.check()?;
        (timings.parsed, timings.analysed) = (results.parsed, results.fresh);
        let mut consumers: Vec<Vec<u32>> = vec![Vec::new(); models.len()];
        for (id, list) in deps.iter().enumerate() {
            list.iter().for_each(|d| consumers[*d as usize].push(id as u32));
        }
        let (mut sources, by_key) = link::number(results.prepared.iter().map(|p| &p.resolved));
        sources.iter_mut().for_each(|s| s.readers.sort_unstable());
        for (id, prepared) in results.prepared.iter().enumerate() {
            debug_assert!(id < models.len());
            for (catalog, loc) in &prepared.resolved.unattached {
                targets.unattached.entry(catalog.clone()).or_insert(*loc);
            }
        }
        link::unattached(
            std::mem::take(&mut targets.unattached),
            &name_defaults,
            &config,
            &mut general,
        );
        unknown_sources(&sources, inputs.locked, &mut general);
        if let Some(lock) = &lock {
            book.lock_findings(lock, &sources, &targets.names, &mut general);
        }
        let misused = |id: u32| {
            let analysed = results.analysed.get(id as usize).and_then(Option::as_ref);
            analysed.is_some_and(|a| files::misused(a.analysis()))
        };
        let name = |id: u32| models.get(id as usize).map(|m| m.name.clone());
        files::report(&sources, &misused, &name, &mut general);
        timings.link_ms = link_started.elapsed().as_secs_f64() * 1e3;

        cancel.check()?;
        let check_started = Instant::now();
        let wanted =
            portability::Wanted::new(&config.portability, inputs.target_dialect, dialect, &mut general);
        let units: Vec<&Unit> = results.prepared.iter().map(|p| &*p.unit).collect();
        let mut constructs = portability::models(wanted.as_ref(), &units, pool, cancel);
        let levels = Levels::new(&config.lints).targeting(wanted.is_some());
        let broken: Vec<bool> = units
            .iter()
            .zip(&models)
            .map(|(u, m)| u.broken() || m.unreadable)
            .collect();
        drop(units);
        let builder = Builder {
            dialect,
            memo: &memo,
            contracts: &contracts,
            levels: &levels,
            broken: &|m| broken.get(m as usize).is_some_and(|b| *b),
        };
        constructs.resize_with(total, Default::default);
        let results = results.into_inner();
        let build = || {
            heads
                .par_iter()
                .zip(results.prepared)
                .zip(results.analysed.into_par_iter().zip(results.checked))
                .zip(targets.models)
                .zip(depends)
                .zip(constructs)
                .enumerate()
                .with_min_len(32)
                .map(
                    |(id, (((((head, prepared), found), target), depends), constructs))| {
                        if cancel.is_tripped() {
                            return Err(Box::new((prepared, found, target, depends)));
                        }
                        let path = shown(head.loaded.file);
                        Ok(builder.model(Job {
                            id: id as u32,
                            pipeline: path.and_then(|path| globs.pipeline_of(path)),
                            inputs: link::inputs(&prepared.resolved, &by_key),
                            cyclic: order.cyclic[id],
                            constructs,
                            loaded: head.loaded.clone(),
                            folder: head.folder,
                            prepared,
                            analysed: found.0,
                            checked: found.1,
                            target,
                            depends,
                        }))
                    },
                )
                .collect::<Vec<_>>()
        };
        let (built, roles) = pool.join(build, || roles(&models));
        let built = Later::new(built, pool);
        cancel.check()?;
        let models: SharedList<Arc<Model>> = built
            .into_inner()
            .into_iter()
            .filter_map(|model| model.ok().flatten())
            .collect();
        let mut models = Later::new(models, pool);
        if models.len() != total {
            return Err(Error::bug("a model was not analysed"));
        }
        // What only follows from a remembered catalogue raises no error.
        let remembered_at = catalog.filter(|c| !c.fresh).map(|c| c.snapshot.taken_at);
        let doubtful = Doubtful {
            tags: &tags,
            env: UnitEnv {
                dialect,
                macros: &macros,
                vars: &inputs.vars,
            },
            names: &targets.names,
            book: &book,
            order: &order,
            sources: &sources,
            remembered_at,
            types: &types,
            cancel,
            levels: &levels,
            now: self.system.now(),
        };
        doubtful.soften(&mut models, None);
        cancel.check()?;
        let order_is_quiet =
            order.cycles.is_empty() && models.iter().all(|m| m.parts.target.diagnostics.is_empty());
        timings.check_ms = check_started.elapsed().as_secs_f64() * 1e3;
        let snapshot = Arc::new(Snapshot {
            root: self.root.clone(),
            config,
            dialect,
            files: self.files(&files),
            models: models.into_inner(),
            names: Arc::new(targets.names),
            order: Arc::new(order),
            consumers: Arc::new(consumers),
            sources: Arc::new(sources),
            remembered_at,
            general: Arc::new(general),
            timings,
            lineage: Default::default(),
            diagnostics: OnceLock::new(),
            wrong: OnceLock::new(),
            ground: Arc::new(Ground {
                quiet: order_is_quiet,
                options: reader.options,
                paths: (*paths).clone(),
                macros,
                vars: inputs.vars.clone(),
                defaults: loaded.defaults,
                contracts,
                catalog: catalog.cloned(),
                lock,
                name_defaults,
                declared,
                by_key,
                roles,
                levels,
                wanted,
            }),
        });
        let seen = Seen {
            system: &*self.system,
            root: &self.root,
            snapshot: &snapshot,
            layout: &layout,
            files: &files,
            key: place.as_ref().and_then(|_| intact::key(inputs, read.as_deref())),
        };
        let paths = paths.into_inner();
        let (whole, mut remembered) = pool.join(|| seen.whole(), || snapshot.memo(paths, Vec::new(), &memo));
        remembered.whole = whole.map(Arc::new);
        remembered.files = files.into_inner();
        self.last = Arc::downgrade(&snapshot);
        let old = std::mem::replace(&mut self.memo, Arc::new(remembered));
        drop(memo);
        if let Some(place) = place {
            let saved =
                self.on_disk.is_some_and(|on_disk| on_disk.is_some()) && self.memo.is_written_as(&old);
            let layout = layout.into_inner();
            match saved {
                true => pool.spawn(move || drop((old, layout))),
                false => self.save(place, snapshot.clone(), Box::new((old, layout))),
            }
        }
        Ok(snapshot)
    }

    /// Write the cache file on a thread of its own; the next compile, or the end, waits for it. What is no longer needed is
    /// taken apart there too: for a large project that takes a while.
    fn save(&mut self, place: cache::Place, snapshot: Arc<Snapshot>, old: Box<dyn std::any::Any + Send>) {
        let (system, memo) = (self.system.clone(), self.memo.clone());
        let known = self.on_disk.flatten();
        let saver = std::thread::Builder::new()
            .name("rocky-cache".to_owned())
            .spawn(move || {
                drop(old);
                let graph = Graph::of(&snapshot);
                drop(snapshot);
                cache::save(&*system, &place, &memo, &graph, known)
            });
        // Without a thread there is no cache this time.
        self.saver = saver.ok();
    }

    fn files(&self, files: &[Option<CachedFile>]) -> Files {
        let placeholder = Arc::new(SourceFile::new("", ""));
        let source = |file: &Option<CachedFile>| {
            file.as_ref()
                .map_or_else(|| placeholder.clone(), |f| f.source.clone())
        };
        files.iter().map(source).collect()
    }

    /// The folders of models.
    fn dirs(&self, pipelines: &[(SmolStr, SmolStr, Loc)]) -> Vec<PathBuf> {
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
        dirs
    }

    fn layout(
        &self,
        pipelines: &[(SmolStr, SmolStr, Loc)],
        config_broken: bool,
        cancel: &CancelToken,
    ) -> Result<discover::Layout> {
        let mut walk = Walk::new(&*self.system, &self.root, cancel);
        let dirs = self.dirs(pipelines);
        let mut found = false;
        for dir in &dirs {
            if self.system.exists(dir) {
                found = true;
                walk.models(dir)?;
            } else {
                walk.absent(dir);
            }
            walk.macros(&macros_beside(dir, &self.root))?;
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
        cancel.check()?;
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

/// The folder of macros for a folder of models.
fn macros_beside(dir: &Path, root: &Path) -> PathBuf {
    dir.parent()
        .map_or_else(|| root.join("macros"), |parent| parent.join("macros"))
}

/// The models of all files that belong to one.
fn roles(models: &[Arc<LoadedModel>]) -> FxHashMap<FileId, u32> {
    let mut roles = FxHashMap::default();
    for (id, model) in models.iter().enumerate() {
        let reads = &model.reads;
        let beside = reads.sidecar.iter().chain(&reads.contract).map(|(file, _)| *file);
        for file in std::iter::once(model.file).chain(beside) {
            roles.insert(file, id as u32);
        }
    }
    roles
}

/// Contracts of a contracts folder by model.
fn explicit(
    found: Vec<ExplicitContract>,
    models: &[Arc<LoadedModel>],
    names: &crate::names::NameTable,
    diagnostics: &mut Vec<Diagnostic>,
) -> FxHashMap<u32, ExplicitContract> {
    let mut contracts = FxHashMap::default();
    for contract in found {
        match names.model(&contract.model) {
            Some(id) => {
                contracts.insert(id, contract);
            }
            None => {
                let loc = Loc::new(contract.file, Span::at(0));
                let names = models.iter().map(|m| m.name.as_str());
                diagnostics.push(contract::of_no_model(&contract.model, loc, names));
            }
        }
    }
    contracts
}

/// The contract of a model, with the hash of its text: one of the contracts folder before the one beside it.
fn contract_of(explicit: Option<&ExplicitContract>, loaded: &LoadedModel) -> Option<(Contract, u128)> {
    match explicit {
        Some(explicit) => Some((
            Contract {
                config: explicit.parsed.value.clone(),
                file: explicit.file,
                auto: false,
            },
            explicit.hash,
        )),
        None => loaded.contract.as_ref().map(|(file, config)| {
            let contract = Contract {
                config: (**config).clone(),
                file: *file,
                auto: true,
            };
            (contract, loaded.reads.contract.map_or(0, |(_, hash)| hash))
        }),
    }
}

/// Puts models together.
pub(crate) struct Builder<'a> {
    pub dialect: Dialect,
    pub memo: &'a Memo,
    pub contracts: &'a FxHashMap<u32, ExplicitContract>,
    pub levels: &'a Levels,
    pub broken: &'a (dyn Fn(u32) -> bool + Sync),
}

/// One model's parts.
pub(crate) struct Job {
    pub id: u32,
    pub pipeline: Option<SmolStr>,
    pub inputs: Vec<crate::snapshot::InputRelation>,
    pub cyclic: bool,
    pub constructs: portability::Constructs,
    pub loaded: Arc<LoadedModel>,
    pub folder: u32,
    pub prepared: Prepared,
    pub analysed: Option<Arc<Analysed>>,
    /// What was found in it, when it was looked at before.
    pub checked: Option<Arc<Checked>>,
    pub target: link::Target,
    pub depends: link::Depends,
}

impl Builder<'_> {
    pub fn model(&self, job: Job) -> Option<Arc<Model>> {
        let (loaded, unit, analysed) = (job.loaded, job.prepared.unit, job.analysed?);
        let contract = contract_of(self.contracts.get(&job.id), &loaded);
        let old: Option<&Arc<Entry>> = self.memo.entries.get(&loaded.file);
        let subject = Subject {
            loaded: &loaded,
            target: &job.target,
            unit: &unit,
            analysed: &analysed,
            contract: contract.as_ref().map(|(contract, hash)| (contract, *hash)),
            dialect: self.dialect,
        };
        let checked = job
            .checked
            .unwrap_or_else(|| subject.checked(old.map(|e| &e.checked)));
        let around = findings::Around {
            inputs: &job.inputs,
            broken: self.broken,
            levels: self.levels,
            constructs: job.constructs,
        };
        let resolved = &job.prepared.resolved;
        let (findings, pending) = findings::all(
            &loaded,
            &job.target,
            resolved,
            &job.depends,
            &unit,
            &checked,
            around,
        );
        let has_errors = findings.iter().any(Diagnostic::is_error) || job.cyclic;
        Some(Arc::new(Model {
            name: loaded.name.clone(),
            name_loc: loaded.name_loc,
            file: loaded.file,
            language: loaded.language,
            config: loaded.config.clone(),
            strategy: job.target.strategy.clone(),
            strategy_loc: job.target.strategy_loc,
            target: job.target.name.clone(),
            target_parts: job.target.parts.clone(),
            pipeline: job.pipeline,
            inputs: job.inputs,
            ref_inputs: job.prepared.resolved.ref_inputs.clone(),
            depends_on: job.depends.on.clone(),
            contract: contract.map(|(contract, _)| Arc::new(contract)),
            findings: Arc::new(findings),
            pending,
            has_errors,
            softened: 0,
            unit,
            analysed,
            checked,
            parts: Arc::new(Parts {
                target: job.target,
                resolved: job.prepared.resolved,
                folder: job.folder,
            }),
            loaded,
        }))
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
fn unknown_sources(sources: &[Source], locked: bool, diagnostics: &mut Vec<Diagnostic>) {
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
        if locked {
            let message = format!("`{name}` is not in schema.lock{more}");
            diagnostics.push(
                Diagnostic::new(code::E422, source.first_ref, message)
                    .label("with `--locked`, sources are declared or locked")
                    .help("Run `rocky discover --write-lock` and commit the file."),
            );
            continue;
        }
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
