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

const MOST_THREADS: usize = 1024;

impl Engine {
    /// Start the pool.
    ///
    /// Errors: `Usage` for no threads or more than 1024, `Io` when they cannot be started.
    pub fn new(options: &EngineOptions) -> Result<Engine> {
        let threads = match options.threads {
            Some(0) => return Err(Error::usage("an engine needs at least one thread, not 0")),
            // Starting them takes the square of their number.
            Some(n) if n > MOST_THREADS => {
                let message = format!("an engine has at most {MOST_THREADS} threads, not {n}");
                return Err(Error::usage(message).hint("leave `threads` out: one for each core"));
            }
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
