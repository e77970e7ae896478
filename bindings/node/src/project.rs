//! The engine and project classes. A project is a slot: opened on a thread, shared by its calls, emptied by `close`.

use crate::call::{Callback, NativeCall, drop_elsewhere, start, thrown};
use napi::{Env, Result};
use napi_derive::napi;
use rocky_core::{Engine, EngineOptions, Error, Host, OpenRequest, Project};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The engine that projects of this process share when they name none: one pool of threads, and one writer per state file.
/// It ends with the last of them.
static SHARED: Mutex<Weak<LazyEngine>> = Mutex::new(Weak::new());

struct LazyEngine {
    options: EngineOptions,
    engine: Mutex<Option<Engine>>,
}

impl LazyEngine {
    fn new(options: EngineOptions) -> Arc<LazyEngine> {
        Arc::new(LazyEngine {
            options,
            engine: Mutex::new(None),
        })
    }

    fn shared() -> Arc<LazyEngine> {
        let mut shared = lock(&SHARED);
        if let Some(engine) = shared.upgrade() {
            return engine;
        }
        let engine = LazyEngine::new(EngineOptions::default());
        *shared = Arc::downgrade(&engine);
        engine
    }

    /// The engine; its threads are started by the first project.
    fn get(&self) -> rocky_core::Result<Engine> {
        let mut engine = lock(&self.engine);
        if let Some(engine) = &*engine {
            return Ok(engine.clone());
        }
        let made = Engine::new(&self.options)?;
        *engine = Some(made.clone());
        Ok(made)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Threads for compiling, for one or more projects.
#[napi]
pub struct NativeEngine {
    engine: Arc<LazyEngine>,
}

#[napi]
impl NativeEngine {
    /// An engine with so many threads; the number of cores when absent.
    #[napi(constructor, catch_unwind)]
    pub fn new(threads: Option<u32>) -> NativeEngine {
        let threads = threads.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        NativeEngine {
            engine: LazyEngine::new(EngineOptions { threads }),
        }
    }
}

// A project and the engine that keeps the shared one alive.
struct Opened {
    project: Project,
    _engine: Arc<LazyEngine>,
}

#[derive(Default)]
struct Slot {
    opened: Option<Arc<Opened>>,
    root: String,
}

/// A project.
#[napi]
#[derive(Default)]
pub struct NativeProject {
    slot: Arc<Mutex<Slot>>,
}

#[napi]
impl NativeProject {
    /// A project that is not open yet.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> NativeProject {
        NativeProject::default()
    }

    /// Open it: `request` is an open request as JSON. The outcome is an empty document.
    #[napi(catch_unwind)]
    pub fn open(
        &self,
        env: &Env,
        engine: Option<&NativeEngine>,
        request: String,
        callback: Callback<'_>,
    ) -> Result<NativeCall> {
        let slot = self.slot.clone();
        let engine = engine.map_or_else(LazyEngine::shared, |e| e.engine.clone());
        start(env, "open", false, &callback, move |_, _| {
            let request: OpenRequest = serde_json::from_str(&request).map_err(|e| {
                Error::usage(format!("options are not valid: {e}"))
                    .hint("see `OpenOptions` in the package's types")
            })?;
            if request.threads.is_some() {
                return Err(Error::usage("`threads` belongs to an engine")
                    .hint("open with `engine: new Engine({ threads })`"));
            }
            let project = Project::open(&engine.get()?, &request, Host::default())?;
            let mut slot = lock(&slot);
            slot.root = project.root().display().to_string();
            slot.opened = Some(Arc::new(Opened {
                project,
                _engine: engine,
            }));
            Ok("{}".to_owned())
        })
    }

    /// The folder of `rocky.toml`; empty before it was opened.
    #[napi(getter, catch_unwind)]
    pub fn root(&self) -> String {
        lock(&self.slot).root.clone()
    }

    /// Call a verb: `request` is its request as JSON, or empty. The outcome is its response.
    #[napi(catch_unwind)]
    pub fn call(
        &self,
        env: &Env,
        verb: String,
        request: String,
        wants_events: bool,
        callback: Callback<'_>,
    ) -> Result<NativeCall> {
        let Some(opened) = lock(&self.slot).opened.clone() else {
            return Err(thrown(
                &verb,
                &Error::usage("the project is closed").hint("open it again"),
            ));
        };
        let command = verb.clone();
        start(env, &command, wants_events, &callback, move |observer, cancel| {
            opened.project.call(&verb, &request, observer, cancel)
        })
    }

    /// Close it: later calls are refused, running ones go on. The outcome is an empty document, after the project was let
    /// go of; its files are closed then, unless calls are still running.
    #[napi(catch_unwind)]
    pub fn close(&self, env: &Env, callback: Callback<'_>) -> Result<NativeCall> {
        let opened = lock(&self.slot).opened.take();
        start(env, "close", false, &callback, move |_, _| {
            drop(opened);
            Ok("{}".to_owned())
        })
    }
}

impl Drop for NativeProject {
    // Garbage collection runs on the event loop's thread.
    fn drop(&mut self) {
        if let Some(opened) = lock(&self.slot).opened.take() {
            drop_elsewhere(opened);
        }
    }
}
