//! The project handle and its verbs: one function each, all of one shape.

use crate::buf::rocky_buf;
use crate::call::{Failure, entry, free, handle, text};
use crate::cancel::rocky_cancel;
use crate::engine::rocky_engine;
use crate::error::rocky_error;
use crate::status::rocky_status;
use rocky_core::{CancelToken, Error, Event, Host, NoObserver, Observer, OpenRequest, Project};
use std::ffi::{c_char, c_void};

/// An opened project. Owned by the caller, closed with `rocky_project_close`. Calls that take it as `const` may run at the
/// same time on any threads.
#[derive(Debug)]
pub struct rocky_project {
    project: Project,
}

// What the header promises about threads.
const _: () = {
    const fn shared_between_threads<T: Send + Sync>() {}
    shared_between_threads::<rocky_project>();
    shared_between_threads::<rocky_engine>();
    shared_between_threads::<rocky_cancel>();
    shared_between_threads::<rocky_error>();
    shared_between_threads::<rocky_buf>();
};

/// Receives the events of a running verb, in order, on the thread that called the verb.
///
/// - `user_data`: what was given to the verb.
/// - `event`, `event_len`: UTF-8 JSON, an object with `type` (`progress`, `run_started`, `model_started`, `step_finished`,
///   `partition_finished`, `model_finished`, `model_failed`, `model_skipped`, `check_finished`, `drift_detected`, `run_finished`, `log`
///   and others; more may come); a NUL follows. Borrowed: valid
///   until the callback returns.
///
/// It may trip a token and call verbs that only read (all but `run`, on the same project too). It must not close the project
/// or free the engine, and must return normally: no `longjmp`, no exception. Since 1.
pub type rocky_event_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, event: *const c_char, event_len: usize)>;

struct Forward {
    callback: unsafe extern "C" fn(*mut c_void, *const c_char, usize),
    user_data: *mut c_void,
}

impl Observer for Forward {
    fn event(&mut self, event: &Event) {
        // Strings and numbers: serialising cannot fail.
        let Ok(mut json) = serde_json::to_vec(event) else {
            return;
        };
        let len = json.len();
        json.push(0);
        // SAFETY: the caller of the verb vouches for the callback and its data; the text outlives the call.
        unsafe { (self.callback)(self.user_data, json.as_ptr().cast(), len) }
    }
}

/// Open a project. Reads nothing but whether its configuration exists: the first verb loads it.
///
/// - `engine`: borrowed during the call; the project keeps what it needs of it.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"config", "state_path", "models",
///   "contracts", "cache_dir"}`, each a path and optional: `config` is `rocky.toml` or its folder, by default that of the current
///   folder; `cache_dir` is where compiles are remembered, by default `.rocky/cache` in the project, nowhere when it is empty.
/// - `out`: receives the project, owned by the caller, closed with `rocky_project_close`; NULL on failure.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `NOT_FOUND` (no configuration there), `USAGE` (malformed request), `INVALID_ARGUMENT`. Any thread. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_open(
    engine: *const rocky_engine,
    request: *const c_char,
    request_len: usize,
    out: *mut *mut rocky_project,
    error: *mut *mut rocky_error,
) -> rocky_status {
    // SAFETY: contract of this function.
    unsafe {
        entry("open", out, error, || {
            let engine = handle("engine", engine)?;
            let request = text("request", request, request_len)?;
            rocky_core::project::object("request", request)?;
            let request: OpenRequest = match request.trim() {
                "" => OpenRequest::default(),
                json => serde_json::from_str(json).map_err(|e| {
                    Error::usage(format!("request is not valid: {e}"))
                        .hint("write e.g. {\"config\": \"shop/rocky.toml\"}")
                })?,
            };
            if request.threads.is_some() {
                return Err(Error::usage("`threads` belongs to the engine")
                    .hint("give {\"threads\": …} to rocky_engine_new")
                    .into());
            }
            let project = Project::open(&engine.engine, &request, Host::default())?;
            Ok(rocky_project { project })
        })
    }
}

/// Close a project: its databases are closed and their locks released before this returns.
///
/// - `project`: owned, given up here; NULL is harmless.
///
/// Never fails. Any thread, but not while a call on the project is running, thus not in an event callback. Since 1.
///
/// # Safety
/// `project` is NULL or was not closed yet.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_close(project: *mut rocky_project) {
    // SAFETY: contract of this function.
    unsafe { free(project) }
}

/// The arguments that all verbs share, as they came.
struct Call {
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
}

impl Call {
    /// # Safety
    /// The pointers are as the header asks.
    unsafe fn verb(self, verb: &str) -> rocky_status {
        let Call {
            project,
            request,
            request_len,
            callback,
            user_data,
            cancel,
            out,
            error,
        } = self;
        let body = || -> Result<rocky_buf, Failure> {
            // SAFETY: contract of this function.
            let (project, request, cancel) = unsafe {
                let cancel = cancel.as_ref().map_or_else(CancelToken::new, |c| c.token.clone());
                (
                    handle("project", project)?,
                    text("request", request, request_len)?,
                    cancel,
                )
            };
            let document = match callback {
                Some(callback) => {
                    project
                        .project
                        .call(verb, request, &mut Forward { callback, user_data }, &cancel)?
                }
                None => project.project.call(verb, request, &mut NoObserver, &cancel)?,
            };
            Ok(rocky_buf::new(document))
        };
        // SAFETY: contract of this function.
        unsafe { entry(verb, out, error, body) }
    }
}

/// Compile the project: names, types, dependencies, contracts, for every column of every model.
///
/// Mistakes in the project are `diagnostics` of the document, not errors. What did not change since the last call is not
/// analysed again. Opens no connection unless `refresh_sources` asks for it.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"model", "expand_macros", "vars",
///   "source_schemas", "refresh_sources", "locked", "target_dialect", "deny_warnings", "min_coverage"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `has_errors`
///   says whether the project compiles.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `CANCELLED`, `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_compile(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("compile") }
}

/// Plan: the statements that `run` would execute, in order, and why. Executes none of them.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. What is done: `{"pipeline", "dag", "models",
///   "exclude", "filter", "all", "vars"}`; how: `{"full_refresh", "skip_unchanged", "force_rebuild", "concurrency",
///   "idempotency_key"}`; windows of time: `{"partition", "from", "to", "latest", "missing", "lookback", "parallel"}`; going on:
///   `{"resume", "resume_latest"}`; beside production: `{"shadow", "shadow_suffix", "shadow_schema"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Errors in the
///   models are its `diagnostics`.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `CONFIG`, `LOCKED`, `WAREHOUSE`, `UNSUPPORTED`, `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_plan(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("plan") }
}

/// Plan and execute. Models that fail are part of the document, not errors.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. As for `rocky_project_plan`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `status` is
///   `Success`, `PartialFailure` or `Failure`; after a trip of the token `interrupted` is true.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `CONFIG`, `LOCKED`, `WAREHOUSE`, `STATE`, `UNSUPPORTED`, `CANCELLED` (before anything was started),
/// `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_run(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("run") }
}

/// Trace where a column comes from or goes to, or list the lineage of a model, a source or the whole project.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"target": "model.column", "column", "all",
///   "downstream", "upstream", "depth", "influences", "format", "namespace", "vars", "refresh_sources"}`; `target` or `"all":
///   true` is needed. `format` is `json`, `dot`, `text`, `openlineage` or `html`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Edges carry the
///   place in the file they were read from. With a format other than `json` the document is `{"format", "media_type",
///   "rendered"}`.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE` (no target, unknown model or column), `CANCELLED`, `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_lineage(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("lineage") }
}

/// Check the configuration, the sidecars and the contracts, without types.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its findings are
///   data, not errors.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_validate(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("validate") }
}

/// Ask the source what there is, and remember the columns for compiling.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"pipeline", "filter",
///   "write_lock", "check_lock"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. It lists `sources`
///   and their tables.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `CONFIG`, `LOCKED`, `WAREHOUSE`, `UNSUPPORTED`, `CANCELLED`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_discover(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("discover") }
}

/// Read the state store, say what is wrong in it, or change it. Reading waits for no running writer.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"action": "show" | "check" | "repair" | "delete" |
///   "set" | "export" | "import" | "sweep", "model", "apply", "watermark", "partition", "value", "path", "over"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document of the action, owned by the caller, freed with `rocky_buf_free`; NULL on failure.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `STATE`, `LOCKED` (an action that changes something, while a run writes), `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_state(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("state") }
}

/// Read past runs, the executions of one model, or how the graph changed. Waits for no running writer, sends no events.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"model", "since", "limit", "graph"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Newest first.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `STATE`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_history(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("history") }
}

/// Read what checks measured of a model: rows, NULLs, freshness. Waits for no running writer, sends no events.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed. `{"model", "trend", "column", "alerts"}`; `model` is needed.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Newest first.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `STATE`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_metrics(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("metrics") }
}

/// Execute the models and their unit tests in a fresh in-memory DuckDB, and report what fails. Touches no warehouse, unless
/// `declarative` asks for it.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"model", "tests", "vars"}`, or
///   `{"declarative": true, "model", "pipeline"}`: the tests of the sidecars, in the warehouse.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `failed`
///   counts the models that failed.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE`, `UNSUPPORTED` (the project is written for another engine), `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_test(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("test") }
}

/// Tell what would follow from edits that are not saved, or from a source with other columns. Touches neither the disk nor
/// the warehouse.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"edits": [{"path",
///   "text"}], "source_schemas": {"raw.orders": [{"name", "type", "nullable"}]}, "vars", "without_plan", "from_last"}`; a `text` of null
///   removes the file.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Findings that
///   would be new or gone, models with the class of each column, lineage and statements that would change.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE` (a path outside the project, a file twice, an unknown type, a source that nothing reads), `NOT_FOUND`
/// (a file to be removed that is not there), `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_what_if(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("what_if") }
}

/// Compare the project with another state of it: a folder, or a git revision, which is read with `git` and not checked out.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"against", "vars",
///   "refresh_sources", "markdown"}`; `against` is needed.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. The class of
///   each column, why, and who is affected; with `markdown` also a comment for a pull request.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE` (no `against`, a revision that cannot be one), `NOT_FOUND` (no such folder or revision, no git),
/// `UNSUPPORTED`, `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_diff(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("diff") }
}

/// Execute a plan that `rocky_project_plan` gave for this project, if planning now gives the same.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed. `{"plan_id"}`, which is needed.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the run when tripped, see `rocky_project_run`; may be NULL.
/// - `out`: receives the run's document, owned by the caller, freed with `rocky_buf_free`; NULL on failure.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `STALE` (the plan no longer fits: the message names what differs, nothing was changed), `NOT_FOUND` (no such plan), and
/// those of `rocky_project_run`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_apply(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("apply") }
}

/// List the project's hooks, or try those of one event: its commands are run and its requests are sent, for real.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"test"}`: the
///   event to try, e.g. `on_pipeline_start`; all hooks are listed without it.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; stops the call when tripped; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. `hooks`
///   and `webhooks`, or what became of those that were tried.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Errors: `USAGE` (an unknown event), `CONFIG`, `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_hooks(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("hooks") }
}

/// Compile and test with one verdict, without a warehouse.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"vars"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `exit_code` is 0, 1, or 4 when
///   there are warnings alone; tests that fail are part of it.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_ci(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("ci") }
}

/// Add files to tables, as a load pipeline does. DuckDB only.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"source_dir", "format", "target", "truncate", "force", "pipeline"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Files that
///   cannot be loaded are part of it.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_load(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("load") }
}

/// Bring the history of a snapshot pipeline up to now, or show the steps of it.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"pipeline", "dry_run"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. A step that
///   fails is part of it.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_snapshot(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("snapshot") }
}

/// Make tables of the CSV files in the project's folder of seeds.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"seeds", "filter", "pipeline"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. A seed that
///   cannot be read or written is part of it.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_seed(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("seed") }
}

/// Compare tables with the shadows that a run with `"shadow": true` made: columns, counts, contents.
///
/// - `project`: borrowed.
/// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"pipeline", "models", "shadow_suffix", "shadow_schema",
///   "thresholds", "key", "ignore", "counts_only", "sample", "cleanup"}`, and of the shadow run `{"dag", "exclude", "filter", "all", "vars"}`.
/// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
/// - `cancel`: borrowed; may be NULL.
/// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `overall_verdict` is
///   `pass`, `warn` or `fail`; tables that differ are part of it.
/// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
///
/// Any thread; other calls on the project may run at the same time. Since 1.
///
/// # Safety
/// The pointers are as said above.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rocky_project_compare(
    project: *const rocky_project,
    request: *const c_char,
    request_len: usize,
    callback: rocky_event_fn,
    user_data: *mut c_void,
    cancel: *const rocky_cancel,
    out: *mut *mut rocky_buf,
    error: *mut *mut rocky_error,
) -> rocky_status {
    let call = Call {
        project,
        request,
        request_len,
        callback,
        user_data,
        cancel,
        out,
        error,
    };
    // SAFETY: contract of this function.
    unsafe { call.verb("compare") }
}
