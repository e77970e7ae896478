//! An opened project: the handle behind every verb. Holds the compile memo and the last snapshot; calls on one handle may
//! run at the same time (compiles take turns, everything else works on immutable snapshots).

use crate::adapters::{self, Access};
use crate::catalog_cache;
use crate::document::ErrorDocument;
use crate::engine::{Engine, EngineOptions};
use crate::files;
use crate::verbs;
use rocky_base::system::OsSystem;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result, SmolStr, System};
use rocky_config::AdapterConfig;
use rocky_project::configuration::{Configuration, Configurations};
use rocky_project::discover::FilePath;
use rocky_project::intact::Reach;
use rocky_project::{CatalogInput, Compiler, Inputs, Options, Snapshot};
use rocky_warehouse::{CatalogSnapshot, Warehouse};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

/// What the embedder owns instead of us.
#[derive(Clone)]
pub struct Host {
    /// Files, environment, clock.
    pub system: Arc<dyn System>,
}

impl Default for Host {
    fn default() -> Host {
        Host {
            system: Arc::new(OsSystem),
        }
    }
}

/// How to open a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OpenRequest {
    /// `rocky.toml`, or the folder that holds it; `rocky.toml` of the current folder when absent.
    pub config: Option<String>,
    /// State file; `.rocky-state.redb` beside `rocky.toml` when absent.
    pub state_path: Option<String>,
    /// Models folder instead of the one the pipelines name; relative to the folder of `rocky.toml`.
    pub models: Option<String>,
    /// Folder of contracts; those beside models are found without it.
    pub contracts: Option<String>,
    /// Folder of the compile cache; `.rocky/cache` beside `rocky.toml` when absent, none when empty. A folder that cannot be
    /// written means that nothing is kept.
    pub cache_dir: Option<String>,
    /// Threads of the engine that is made when none is passed.
    pub threads: Option<usize>,
}

/// The verbs that [`Project::call`] knows.
pub const VERBS: &[&str] = &[
    "compile", "plan", "run", "lineage", "validate", "discover", "state", "history", "metrics", "test",
    "what_if", "diff", "apply", "ci", "hooks", "load", "snapshot", "seed", "compare",
];

/// An opened project.
pub struct Project {
    pub(crate) engine: Engine,
    pub(crate) host: Host,
    pub(crate) root: PathBuf,
    config_path: PathBuf,
    state_path: PathBuf,
    configurations: Arc<Configurations>,
    pub(crate) compiler: Mutex<Compiler>,
    // The thread that holds `compiler`: its observer may call verbs of this handle.
    compiling: Mutex<Option<ThreadId>>,
    pub(crate) options: Options,
    // What was compiled last, and with which variables.
    last: Mutex<Option<Compiled>>,
    // Compilers of edited projects, with what they remember.
    pub(crate) what_if: crate::verbs::what_if::Compilers,
    // The catalogue read last by this handle, and when.
    live: Mutex<Option<(Arc<CatalogSnapshot>, SmolStr, Instant)>>,
    // Databases in memory live as long as the handle.
    memory: Mutex<FxHashMap<SmolStr, Arc<dyn Warehouse>>>,
}

/// A compile and the variables it was made with.
type Compiled = (FxHashMap<SmolStr, SmolStr>, Arc<Snapshot>);

/// How long a catalogue read by this handle counts as the present state, so that what it lacks is an error.
const LIVE: Duration = Duration::from_secs(30);

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Project")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// The adapter that models run on.
pub(crate) struct Target<'a> {
    pub name: SmolStr,
    pub adapter: &'a AdapterConfig,
}

impl Project {
    /// Open with an engine of its own.
    pub fn open_alone(request: &OpenRequest) -> Result<Project> {
        let engine = Engine::new(&EngineOptions {
            threads: request.threads,
        })?;
        let request = OpenRequest {
            threads: None,
            ..request.clone()
        };
        Project::open(&engine, &request, Host::default())
    }

    /// Open. Reads nothing but whether the configuration exists; the first verb loads the project.
    pub fn open(engine: &Engine, request: &OpenRequest, host: Host) -> Result<Project> {
        if request.threads.is_some() {
            return Err(Error::usage(
                "`threads` belongs to the engine, and this project is opened on one that exists",
            )
            .hint("give the number of threads when the engine is made"));
        }
        let given = PathBuf::from(request.config.as_deref().unwrap_or("rocky.toml"));
        let config_path = if given.extension().is_none_or(|e| e != "toml") && host.system.list(&given).is_ok()
        {
            given.join("rocky.toml")
        } else {
            given
        };
        if !host.system.exists(&config_path) && request.models.is_none() {
            return Err(Error::new(
                ErrorKind::NotFound,
                format!("{}: no such file", config_path.display()),
            )
            .hint("run `rocky init` to make a project, or name its configuration with `--config`"));
        }
        let options = Options {
            config: config_path.clone(),
            models: request.models.as_ref().map(PathBuf::from),
            contracts: request.contracts.as_ref().map(PathBuf::from),
            config_optional: true,
            cache: match request.cache_dir.as_deref() {
                Some("") => None,
                Some(dir) => Some(PathBuf::from(dir)),
                None => config_path.parent().map(|root| root.join(".rocky").join("cache")),
            },
        };
        let compiler = Compiler::new(host.system.clone(), options.clone());
        let root = compiler.root().to_path_buf();
        let state_path = match &request.state_path {
            Some(path) => PathBuf::from(path),
            None => root.join(".rocky-state.redb"),
        };
        Ok(Project {
            engine: engine.clone(),
            host,
            root,
            config_path,
            state_path,
            configurations: compiler.configurations().clone(),
            compiler: Mutex::new(compiler),
            compiling: Mutex::new(None),
            options,
            last: Mutex::new(None),
            what_if: crate::verbs::what_if::Compilers::default(),
            live: Mutex::new(None),
            memory: Mutex::new(FxHashMap::default()),
        })
    }

    /// Wait for what goes on behind the last call: the compile cache is written on a thread of its own. Dropping the
    /// project waits too.
    pub fn finish(&self) {
        self.compiler
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .join();
    }

    /// The folder of `rocky.toml`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The same as an absolute path; in that folder itself [`Project::root`] is empty.
    pub fn folder(&self) -> PathBuf {
        let config = std::path::absolute(self.root.join("rocky.toml")).ok();
        let folder = config.and_then(|c| c.parent().map(Path::to_path_buf));
        folder.unwrap_or_else(|| self.root.clone())
    }

    /// `rocky.toml`.
    pub fn config_path(&self) -> &Path {
        &self.config_path
    }

    /// The state file.
    pub fn state_path(&self) -> &Path {
        &self.state_path
    }

    /// A verb with JSON on both sides: the way of the C ABI and the bindings. `request` may be empty for all defaults.
    pub fn call(
        &self,
        verb: &str,
        request: &str,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<String> {
        match verb {
            "compile" => {
                let response = self.compile_document(&parse(request)?, observer, cancel)?;
                response
                    .to_json()
                    .map_err(|e| Error::bug(format!("response cannot be written as JSON: {e}")))
            }
            "plan" => json(request, |r| self.plan(&r, observer, cancel)),
            "apply" => json(request, |r| self.apply(&r, observer, cancel)),
            "run" => json(request, |r| self.run(&r, observer, cancel)),
            "lineage" => {
                let request: verbs::lineage::LineageRequest = parse(request)?;
                let response = self.lineage(&request, observer, cancel)?;
                write(&response)
            }
            "validate" => json(request, |r| self.validate(&r, observer, cancel)),
            "discover" => json(request, |r| self.discover(&r, observer, cancel)),
            "state" => json(request, |r| self.state(&r, observer, cancel)),
            "history" => json(request, |r| self.history(&r)),
            "metrics" => json(request, |r| self.metrics(&r)),
            "test" => json(request, |r| self.test(&r, observer, cancel)),
            "compare" => json(request, |r| self.compare(&r, observer, cancel)),
            "ci" => json(request, |r| self.ci(&r, observer, cancel)),
            "what_if" => json(request, |r| self.what_if(&r, observer, cancel)),
            "diff" => json(request, |r| self.diff(&r, observer, cancel)),
            "hooks" => json(request, |r| self.hooks(&r, cancel)),
            "load" => json(request, |r| self.load(&r, observer, cancel)),
            "snapshot" => json(request, |r| self.take_snapshot(&r, observer, cancel)),
            "seed" => json(request, |r| self.seed(&r, observer, cancel)),
            _ => {
                let mut error = Error::usage(format!("unknown verb `{verb}`"));
                if let Some(near) = rocky_base::suggest::nearest(verb, VERBS.iter().copied()) {
                    error = error.hint(format!("did you mean `{near}`?"));
                }
                Err(error)
            }
        }
    }

    /// The error document of a failed call.
    pub fn error_document(command: &str, error: &Error) -> String {
        ErrorDocument::of(command, error).to_json()
    }

    /// Compile with what is remembered of the warehouse. Opens no connection.
    pub(crate) fn snapshot(
        &self,
        vars: &std::collections::BTreeMap<String, String>,
        catalog: Option<CatalogInput>,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        let inputs = Inputs {
            vars: variables(vars),
            catalog,
            ..Inputs::default()
        };
        self.snapshot_of(&inputs, observer, cancel)
    }

    /// Compile with exactly these inputs.
    pub(crate) fn snapshot_of(
        &self,
        inputs: &Inputs,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        let pool = &self.engine.inner.pool;
        let me = std::thread::current().id();
        if *self.compiling.lock().unwrap_or_else(PoisonError::into_inner) == Some(me) {
            // Called by the observer of a compile on this thread: waiting for its turn would be for ever.
            return Compiler::new(self.host.system.clone(), self.uncached())
                .compile(inputs, pool, observer, cancel);
        }
        let mut compiler = self.compiler.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = Turn::begin(&self.compiling, me);
        let snapshot = compiler.compile(inputs, pool, observer, cancel)?;
        let plain = inputs.given.is_empty()
            && !inputs.locked
            && !inputs.ignore_lock
            && inputs.target_dialect.is_none();
        if plain {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some((inputs.vars.clone(), snapshot.clone()));
        }
        Ok(snapshot)
    }

    /// The options of a compiler beside this handle's own: the cache file is left to that one.
    pub(crate) fn uncached(&self) -> Options {
        Options {
            cache: None,
            ..self.options.clone()
        }
    }

    /// What this handle compiled last with these variables.
    pub(crate) fn last(&self, vars: &std::collections::BTreeMap<String, String>) -> Option<Arc<Snapshot>> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (with, snapshot) = last.as_ref()?;
        (*with == variables(vars)).then(|| snapshot.clone())
    }

    /// A verb comes that needs a part of the project, or what was found before: begin to look whether all is as it was. `false`: it
    /// must compile.
    pub(crate) fn check_ahead(&self) -> bool {
        // Whoever holds the compiler is compiling.
        let compiler = self.compiler.try_lock();
        compiler.is_ok_and(|mut compiler| compiler.check_ahead(&self.engine.inner.pool))
    }

    /// After [`Project::check_ahead`]: the models around the first of these names that is one, when all is as it was.
    pub(crate) fn part(
        &self,
        around: (&[&str], Reach),
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Snapshot>>> {
        let inputs = self.plain_inputs();
        let mut compiler = self.compiler.lock().unwrap_or_else(PoisonError::into_inner);
        let _turn = Turn::begin(&self.compiling, std::thread::current().id());
        compiler.part(&inputs, around, &self.engine.inner.pool, observer, cancel)
    }

    /// After [`Project::check_ahead`]: what [`Project::keep`] put down, when all is as it was.
    pub(crate) fn kept(&self, what: &str) -> Option<Vec<u8>> {
        let inputs = self.plain_inputs();
        let mut compiler = self.compiler.lock().unwrap_or_else(PoisonError::into_inner);
        compiler.kept(&inputs, what)
    }

    /// Put down what was found out with a compile, unless there was another since.
    pub(crate) fn keep(&self, what: &str, snapshot: &Arc<Snapshot>, bytes: &[u8]) {
        if let Ok(mut compiler) = self.compiler.try_lock() {
            compiler.keep(what, snapshot, bytes);
        }
    }

    fn plain_inputs(&self) -> Inputs {
        Inputs {
            catalog: self.known_catalog(),
            ..Inputs::default()
        }
    }

    /// A compile comes: begin to read its cache.
    pub(crate) fn read_ahead(&self) {
        // Whoever holds the compiler is compiling.
        if let Ok(mut compiler) = self.compiler.try_lock() {
            compiler.read_ahead(&self.engine.inner.pool);
        }
    }

    /// What is known of the catalogue without asking: what this handle read a moment ago, else what was remembered.
    pub(crate) fn known_catalog(&self) -> Option<CatalogInput> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((snapshot, _, at)) = &*live {
            return Some(CatalogInput {
                snapshot: files::current(&*self.host.system, &self.root, snapshot.clone()),
                fresh: at.elapsed() < LIVE,
            });
        }
        drop(live);
        self.read_ahead();
        let config = self.config().ok()?;
        let target = target(&config, None).ok()?;
        let snapshot = catalog_cache::load(&*self.host.system, &self.root, &target.name)?.snapshot;
        Some(CatalogInput {
            snapshot: files::current(&*self.host.system, &self.root, Arc::new(snapshot)),
            fresh: false,
        })
    }

    /// Read the configuration alone, without its diagnostics.
    pub(crate) fn config(&self) -> Result<Arc<rocky_config::ProjectConfig>> {
        Ok(self.configuration()?.config.clone())
    }

    /// The configuration with its diagnostics.
    pub(crate) fn configuration(&self) -> Result<Arc<Configuration>> {
        if !self.host.system.exists(&self.config_path) {
            let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
            return Err(Error::io(self.config_path.display(), missing));
        }
        let shown = rocky_project::discover::shown(&self.root, &self.config_path);
        let path = FilePath::new(self.config_path.clone(), shown);
        Ok(self.configurations.read(&*self.host.system, &path))
    }

    /// Connect to an adapter. `None`: nothing is there yet and reading was asked for.
    pub(crate) fn open_warehouse(
        &self,
        target: &Target<'_>,
        access: Access,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<dyn Warehouse>>> {
        let in_memory = matches!(
            target.adapter.settings,
            rocky_config::AdapterSettings::DuckDb { .. }
        ) && adapters::duckdb_path(&self.root, &target.adapter.settings).is_none();
        if !in_memory {
            return adapters::open(&target.name, target.adapter, &self.root, access, cancel);
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(warehouse) = memory.get(&target.name) {
            return Ok(Some(warehouse.clone()));
        }
        let opened = adapters::open(&target.name, target.adapter, &self.root, Access::Write, cancel)?;
        if let Some(warehouse) = &opened {
            memory.insert(target.name.clone(), warehouse.clone());
        }
        Ok(opened)
    }

    /// Files were described: what this handle read a moment ago has them now.
    pub(crate) fn keep_live(&self, snapshot: &Arc<CatalogSnapshot>) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((kept, _, _)) = &mut *live {
            kept.clone_from(snapshot);
        }
    }

    /// Read the whole catalogue of a warehouse (or the empty one of a file that does not exist yet) and remember it.
    pub(crate) fn read_catalog(
        &self,
        target: &Target<'_>,
        warehouse: Option<&dyn Warehouse>,
        cancel: &CancelToken,
    ) -> Result<Arc<CatalogSnapshot>> {
        let now = crate::document::timestamp(self.host.system.now()).as_second();
        let snapshot = match warehouse {
            Some(warehouse) => warehouse.snapshot(&[], cancel)?,
            None => {
                let path = adapters::duckdb_path(&self.root, &target.adapter.settings);
                adapters::empty_duckdb_catalog(path.as_deref(), now)
            }
        };
        let snapshot = self.with_known_files(snapshot);
        catalog_cache::store(&*self.host.system, &self.root, &target.name, &snapshot, None);
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        *live = Some((snapshot.clone(), target.name.clone(), Instant::now()));
        Ok(snapshot)
    }

    /// The same as a listing: what it says of views may be old, so nothing is remembered of it yet.
    pub(crate) fn listed(
        &self,
        warehouse: &dyn Warehouse,
        cancel: &CancelToken,
    ) -> Result<Arc<CatalogSnapshot>> {
        let snapshot = warehouse.listing(cancel)?;
        Ok(self.with_known_files(snapshot))
    }

    fn with_known_files(&self, mut snapshot: CatalogSnapshot) -> Arc<CatalogSnapshot> {
        snapshot.taken_at = crate::document::timestamp(self.host.system.now()).as_second();
        if let Some(known) = self.known_catalog() {
            snapshot.files.clone_from(&known.snapshot.files);
        }
        Arc::new(snapshot)
    }

    /// What this handle has listed: what is made of it counts as remembered, where views are in it, else as read now.
    pub(crate) fn set_live(&self, snapshot: &Arc<CatalogSnapshot>, adapter: &SmolStr) {
        let is_table = |r: &rocky_warehouse::Relation| r.kind == rocky_warehouse::RelationKind::Table;
        let now = Instant::now();
        let at = match snapshot.relations.values().all(is_table) {
            true => Some(now),
            false => now.checked_sub(LIVE),
        };
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        *live = at.map(|at| (snapshot.clone(), adapter.clone(), at));
    }
}

/// Values for `@var` as a compile takes them.
pub(crate) fn variables(vars: &std::collections::BTreeMap<String, String>) -> FxHashMap<SmolStr, SmolStr> {
    vars.iter()
        .map(|(k, v)| (SmolStr::new(k), SmolStr::new(v)))
        .collect()
}

/// While it lives, its thread holds the compiler.
struct Turn<'a>(&'a Mutex<Option<ThreadId>>);

impl<'a> Turn<'a> {
    fn begin(holder: &'a Mutex<Option<ThreadId>>, me: ThreadId) -> Turn<'a> {
        *holder.lock().unwrap_or_else(PoisonError::into_inner) = Some(me);
        Turn(holder)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The pipeline to run: the named one, else the only transformation pipeline.
pub(crate) fn pipeline<'a>(
    config: &'a rocky_config::ProjectConfig,
    named: Option<&str>,
) -> Result<(&'a SmolStr, &'a rocky_config::PipelineConfig)> {
    let names = || {
        config
            .pipelines
            .keys()
            .map(|n| format!("`{n}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    match named {
        Some(name) => config.pipelines.get_key_value(name).ok_or_else(|| {
            let mut error = Error::usage(format!("unknown pipeline `{name}`"));
            error.hint = Some(
                match rocky_base::suggest::nearest(name, config.pipelines.keys().map(|n| n.as_str())) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the project has {}", names()),
                },
            );
            error
        }),
        None => {
            let mut all = config.pipelines.iter();
            match (all.next(), all.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(Error::usage("the project has no pipeline")
                    .hint("add `[pipeline.NAME]` with `type = \"transformation\"` to rocky.toml")),
                _ => Err(
                    Error::usage(format!("the project has several pipelines: {}", names()))
                        .hint("choose one with `--pipeline`"),
                ),
            }
        }
    }
}

/// The adapter that models are compiled for, or that the named pipeline writes to.
pub(crate) fn target<'a>(
    config: &'a rocky_config::ProjectConfig,
    pipeline_name: Option<&str>,
) -> Result<Target<'a>> {
    let reference = match pipeline_name {
        Some(name) => pipeline(config, Some(name))?.1.target_adapter(),
        None => config
            .pipelines
            .values()
            .find(|p| matches!(p.kind, rocky_config::PipelineKind::Transformation(_)))
            .or_else(|| config.pipelines.values().next())
            .and_then(|p| p.target_adapter()),
    };
    match config
        .adapter(reference)
        .or_else(|| config.adapters.iter().find(|(_, a)| a.dialect().is_some()))
    {
        Some((name, adapter)) => Ok(Target {
            name: name.clone(),
            adapter,
        }),
        None => Err(Error::new(ErrorKind::Config, "the project has no adapter")
            .hint("add `[adapter]` with `type = \"duckdb\"` to rocky.toml")),
    }
}

fn parse<Q: DeserializeOwned + Default>(request: &str) -> Result<Q> {
    if request.trim().is_empty() {
        return Ok(Q::default());
    }
    object("request", request)?;
    serde_json::from_str(request).map_err(|e| {
        Error::usage(format!("request is not valid: {e}"))
            .hint("see the request's JSON Schema in core/schemas")
    })
}

/// A list would be taken for the fields of a request in their order. `what` names the text.
pub fn object(what: &str, json: &str) -> Result<()> {
    match json.trim_start().starts_with('[') {
        true => Err(
            Error::usage(format!("{what} is not valid: a list, expected an object"))
                .hint("write e.g. {\"pipeline\": \"orders\"}, or nothing"),
        ),
        false => Ok(()),
    }
}

fn write(response: &impl Serialize) -> Result<String> {
    serde_json::to_string(response)
        .map_err(|e| Error::bug(format!("response cannot be written as JSON: {e}")))
}

fn json<Q: DeserializeOwned + Default, R: Serialize>(
    request: &str,
    verb: impl FnOnce(Q) -> Result<R>,
) -> Result<String> {
    write(&verb(parse(request)?)?)
}
