//! What projects of one process share: the thread pool and the registry of state writers. No global state.

use rocky_base::{Error, Result};
use rocky_run::state::StateRegistry;
use std::sync::Arc;

/// How much an engine may use.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Threads for compiling; the number of cores when absent.
    pub threads: Option<usize>,
}

/// The pool and the registries behind all projects opened with it. Clones are the same engine; the pool's threads end
/// when the last clone and the last project are gone.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) pool: rayon::ThreadPool,
    pub(crate) states: StateRegistry,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("threads", &self.inner.pool.current_num_threads())
            .finish()
    }
}

/// Stack of a compile thread. Reserved, not used: deep nesting grows its own.
const STACK_BYTES: usize = 16 << 20;

impl Engine {
    /// Start the pool.
    pub fn new(options: &EngineOptions) -> Result<Engine> {
        let threads = match options.threads {
            Some(0) => return Err(Error::usage("an engine needs at least one thread, not 0")),
            Some(n) => n,
            None => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .stack_size(STACK_BYTES)
            .thread_name(|i| format!("rocky-{i}"))
            .build()
            .map_err(|e| {
                Error::new(
                    rocky_base::ErrorKind::Io,
                    format!("cannot start {threads} threads: {e}"),
                )
            })?;
        Ok(Engine {
            inner: Arc::new(Inner {
                pool,
                states: StateRegistry::new(),
            }),
        })
    }
}
