// rocky: SQL transformation projects, compiled, planned and run inside a program. Link with -lrocky.
//
// Generated from the crate rocky-ffi, do not edit. Only ever added to: see ROCKY_ABI_VERSION.
//
// Calls. A verb takes a project and a JSON request and gives a JSON document: the same that the command line prints with
// `--output json`. The shapes are in core/schemas. A mistake in a project (a column that does not exist, a model that
// fails) is part of the document and the call succeeds. A call fails for misuse, for trouble with the outside world, when
// it is cancelled, and for our own mistakes; it then returns another status than ROCKY_STATUS_OK and sets `*error`.
//
// Memory. Texts go in as pointer and length, UTF-8, need no NUL, and are only borrowed during the call. What comes out
// through `out` and `error` belongs to the caller and is freed with the function named after its type. Of `*out` and
// `*error` exactly one is set after a call, the other is NULL. Freeing NULL is harmless; using or freeing a handle that was
// freed is undefined, as with free().
//
// Threads. Nothing is bound to a thread. Functions that take a handle as `const` may be called at the same time from any
// threads; one that takes it without `const` ends it and must be the last. Events come on the thread that called the verb.
// The library installs no signal handlers, prints nothing, never exits and never changes the directory.
//
// Example: compile the project of the current folder.
//
//     #include <rocky.h>
//     #include <stdio.h>
//
//     static void on_event(void *user_data, const char *event, size_t event_len) {
//         fprintf((FILE *)user_data, "%.*s\n", (int)event_len, event);
//     }
//
//     int main(void) {
//         rocky_engine *engine = NULL;
//         rocky_project *project = NULL;
//         rocky_buf *document = NULL;
//         rocky_error *error = NULL;
//
//         if (rocky_abi_version() < ROCKY_ABI_VERSION) {
//             fprintf(stderr, "librocky %s is older than this program\n", rocky_version());
//             return 1;
//         }
//         rocky_status status = rocky_engine_new(NULL, 0, &engine, &error);
//         if (status == ROCKY_STATUS_OK) {
//             status = rocky_project_open(engine, NULL, 0, &project, &error);
//         }
//         if (status == ROCKY_STATUS_OK) {
//             status = rocky_project_compile(project, NULL, 0, on_event, stderr, NULL, &document, &error);
//         }
//         if (status == ROCKY_STATUS_OK) {
//             puts(rocky_buf_data(document));
//         } else {
//             const char *hint = rocky_error_hint(error);
//             fprintf(stderr, "%s: %s\n%s\n", rocky_error_code(error), rocky_error_message(error), hint ? hint : "");
//         }
//         rocky_error_free(error);
//         rocky_buf_free(document);
//         rocky_project_close(project);
//         rocky_engine_free(engine);
//         return status == ROCKY_STATUS_OK ? 0 : 1;
//     }


#ifndef ROCKY_H
#define ROCKY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Version of this header. Raised when something is added; a library serves programs that were built for it or for an
// earlier one.
#define ROCKY_ABI_VERSION 1

// How a call ended. A later library may return numbers that are not listed here: treat them as failures.
typedef enum {
  // The call did what it says; the document may still report mistakes in the project.
  ROCKY_STATUS_OK = 0,
  // The request makes no sense: unknown model, malformed JSON, unknown field, contradicting options.
  ROCKY_STATUS_USAGE = 1,
  // A file or folder that should exist does not.
  ROCKY_STATUS_NOT_FOUND = 2,
  // The file system said no.
  ROCKY_STATUS_IO = 3,
  // The project's configuration cannot be used.
  ROCKY_STATUS_CONFIG = 4,
  // Something else holds a lock, e.g. another process the database.
  ROCKY_STATUS_LOCKED = 5,
  // The warehouse refused or failed.
  ROCKY_STATUS_WAREHOUSE = 6,
  // The state store refused or is damaged.
  ROCKY_STATUS_STATE = 7,
  // A plan's facts no longer hold.
  ROCKY_STATUS_STALE = 8,
  // The cancel token was tripped before there was a result.
  ROCKY_STATUS_CANCELLED = 9,
  // Known, but not possible with this adapter or build.
  ROCKY_STATUS_UNSUPPORTED = 10,
  // A mistake of ours; please report it.
  ROCKY_STATUS_BUG = 11,
  // A hook of the project refused.
  ROCKY_STATUS_HOOK = 12,
  // A pointer is NULL that must not be, a text is not UTF-8, or a length is impossible.
  ROCKY_STATUS_INVALID_ARGUMENT = 100,
} rocky_status;

// A document: UTF-8 JSON. Made by a successful call, owned by the caller, freed with `rocky_buf_free`. Immutable: any number
// of threads may read it.
typedef struct rocky_buf rocky_buf;

// A flag that stops the calls it was given to. Owned by the caller, freed with `rocky_cancel_free`. One token may serve any
// number of calls; once tripped it stays so. Tripping is safe from any thread at any time.
typedef struct rocky_cancel rocky_cancel;

// The thread pool and the registries that projects share. A program usually has one. Owned by the caller, freed with
// `rocky_engine_free`.
typedef struct rocky_engine rocky_engine;

// Why a call failed. Made by a failing call, owned by the caller, freed with `rocky_error_free`. Immutable: any number of
// threads may read it.
typedef struct rocky_error rocky_error;

// An opened project. Owned by the caller, closed with `rocky_project_close`. Calls that take it as `const` may run at the
// same time on any threads.
typedef struct rocky_project rocky_project;

// Receives the events of a running verb, in order, on the thread that called the verb.
//
// - `user_data`: what was given to the verb.
// - `event`, `event_len`: UTF-8 JSON, an object with `type` (`progress`, `run_started`, `model_started`, `step_finished`,
//   `partition_finished`, `model_finished`, `model_failed`, `model_skipped`, `check_finished`, `drift_detected`, `run_finished`, `log`
//   and others; more may come); a NUL follows. Borrowed: valid
//   until the callback returns.
//
// It may trip a token and call verbs that only read (all but `run`, on the same project too). It must not close the project
// or free the engine, and must return normally: no `longjmp`, no exception. Since 1.
typedef void (*rocky_event_fn)(void *user_data, const char *event, size_t event_len);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Version of the ABI that the loaded library serves. A program can run with it when this is at least the
// `ROCKY_ABI_VERSION` it was compiled with.
//
// Never fails. Any thread. Since 1.
uint32_t rocky_abi_version(void);

// Version of the engine, e.g. `2.0.0`, which also stands in each document.
//
// Returns: NUL-terminated text, valid as long as the library is loaded, not to be freed. Never fails. Any thread. Since 1.
const char *rocky_version(void);

// The bytes of a document.
//
// - `buf`: borrowed, may be NULL.
//
// Returns: `rocky_buf_len` bytes of UTF-8 and then a NUL, borrowed from `buf`; JSON holds no other NUL. NULL for NULL. Never
// fails. Any thread. Since 1.
const char *rocky_buf_data(const rocky_buf *buf);

// The number of bytes of a document, without the NUL at its end.
//
// - `buf`: borrowed, may be NULL.
//
// Returns: the number; 0 for NULL. Never fails. Any thread. Since 1.
size_t rocky_buf_len(const rocky_buf *buf);

// Free a document.
//
// - `buf`: owned, given up here; NULL is harmless.
//
// Never fails. Any thread, but no other may be reading the document. Since 1.
void rocky_buf_free(rocky_buf *buf);

// Make a cancel token that is not tripped.
//
// Returns: the token, owned by the caller, freed with `rocky_cancel_free`; never NULL. Never fails. Any thread. Since 1.
rocky_cancel *rocky_cancel_new(void);

// Trip a token: every running call it was given to stops soon (compiling within 20 ms; a run interrupts its queries, rolls
// back what was being written and returns its document with `"interrupted": true`), every later call at once.
//
// - `cancel`: borrowed; NULL is harmless.
//
// Returns at once, without waiting for the calls. Never fails. Any thread, also in an event callback; not in a signal
// handler. Since 1.
void rocky_cancel_trip(const rocky_cancel *cancel);

// Whether a token was tripped.
//
// - `cancel`: borrowed, may be NULL.
//
// Returns: true once tripped; false for NULL. Never fails. Any thread. Since 1.
bool rocky_cancel_is_tripped(const rocky_cancel *cancel);

// Free a token. Does not trip it.
//
// - `cancel`: owned, given up here; NULL is harmless.
//
// Never fails. Any thread, but not while a call that was given the token is running. Since 1.
void rocky_cancel_free(rocky_cancel *cancel);

// Make an engine and start its threads.
//
// - `options`, `options_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"threads": 4}`: threads for compiling,
//   by default the number of cores.
// - `out`: receives the engine, owned by the caller, freed with `rocky_engine_free`; NULL on failure.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE` (malformed or unknown options), `IO` (threads cannot be started), `INVALID_ARGUMENT`. Any thread. Since 1.
rocky_status rocky_engine_new(const char *options,
                              size_t options_len,
                              rocky_engine **out,
                              rocky_error **error);

// Free an engine. Projects opened with it stay usable: its threads end when the last of them is closed.
//
// - `engine`: owned, given up here; NULL is harmless.
//
// Never fails. Any thread, but not while `rocky_project_open` is using the engine, and not in an event callback. Since 1.
void rocky_engine_free(rocky_engine *engine);

// The status that the failed call returned.
//
// - `error`: borrowed, may be NULL.
//
// Returns: the status; `ROCKY_STATUS_OK` for NULL. Never fails. Any thread. Since 1.
rocky_status rocky_error_status(const rocky_error *error);

// The word for the class of the error, e.g. `not_found`: `error.code` of the document.
//
// - `error`: borrowed, may be NULL.
//
// Returns: NUL-terminated text, valid as long as the library is loaded, not to be freed; `ok` for NULL. Never fails. Any
// thread. Since 1.
const char *rocky_error_code(const rocky_error *error);

// What is wrong: one sentence for people, which names the thing and the value.
//
// - `error`: borrowed, may be NULL.
//
// Returns: NUL-terminated UTF-8, borrowed from `error`; NULL for NULL. Never fails. Any thread. Since 1.
const char *rocky_error_message(const rocky_error *error);

// What to do about it: one imperative sentence.
//
// - `error`: borrowed, may be NULL.
//
// Returns: NUL-terminated UTF-8, borrowed from `error`; NULL when there is no advice, and for NULL. Never fails. Any thread.
// Since 1.
const char *rocky_error_hint(const rocky_error *error);

// The whole error as a JSON document: `{version, command, schema_version, error: {code, message, remediation_hint?,
// detail?}}`, what the command line prints with `--output json`.
//
// - `error`: borrowed, may be NULL.
//
// Returns: NUL-terminated UTF-8, borrowed from `error`; NULL for NULL. Never fails. Any thread. Since 1.
const char *rocky_error_json(const rocky_error *error);

// Free an error object.
//
// - `error`: owned, given up here; NULL is harmless.
//
// Never fails. Any thread, but no other may be reading the object. Since 1.
void rocky_error_free(rocky_error *error);

// Open a project. Reads nothing but whether its configuration exists: the first verb loads it.
//
// - `engine`: borrowed during the call; the project keeps what it needs of it.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"config", "state_path", "models",
//   "contracts", "cache_dir"}`, each a path and optional: `config` is `rocky.toml` or its folder, by default that of the current
//   folder; `cache_dir` is where compiles are remembered, by default `.rocky/cache` in the project, nowhere when it is empty.
// - `out`: receives the project, owned by the caller, closed with `rocky_project_close`; NULL on failure.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `NOT_FOUND` (no configuration there), `USAGE` (malformed request), `INVALID_ARGUMENT`. Any thread. Since 1.
rocky_status rocky_project_open(const rocky_engine *engine,
                                const char *request,
                                size_t request_len,
                                rocky_project **out,
                                rocky_error **error);

// Close a project: its databases are closed and their locks released before this returns.
//
// - `project`: owned, given up here; NULL is harmless.
//
// Never fails. Any thread, but not while a call on the project is running, thus not in an event callback. Since 1.
void rocky_project_close(rocky_project *project);

// Compile the project: names, types, dependencies, contracts, for every column of every model.
//
// Mistakes in the project are `diagnostics` of the document, not errors. What did not change since the last call is not
// analysed again. Opens no connection unless `refresh_sources` asks for it.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"model", "expand_macros", "vars",
//   "source_schemas", "refresh_sources", "locked", "target_dialect", "deny_warnings", "min_coverage"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `has_errors`
//   says whether the project compiles.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `CANCELLED`, `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_compile(const rocky_project *project,
                                   const char *request,
                                   size_t request_len,
                                   rocky_event_fn callback,
                                   void *user_data,
                                   const rocky_cancel *cancel,
                                   rocky_buf **out,
                                   rocky_error **error);

// Plan: the statements that `run` would execute, in order, and why. Executes none of them.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. What is done: `{"pipeline", "dag", "models",
//   "exclude", "filter", "all", "vars"}`; how: `{"full_refresh", "skip_unchanged", "force_rebuild", "concurrency",
//   "idempotency_key"}`; windows of time: `{"partition", "from", "to", "latest", "missing", "lookback", "parallel"}`; going on:
//   `{"resume", "resume_latest"}`; beside production: `{"shadow", "shadow_suffix", "shadow_schema"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Errors in the
//   models are its `diagnostics`.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `CONFIG`, `LOCKED`, `WAREHOUSE`, `UNSUPPORTED`, `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_plan(const rocky_project *project,
                                const char *request,
                                size_t request_len,
                                rocky_event_fn callback,
                                void *user_data,
                                const rocky_cancel *cancel,
                                rocky_buf **out,
                                rocky_error **error);

// Plan and execute. Models that fail are part of the document, not errors.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. As for `rocky_project_plan`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `status` is
//   `Success`, `PartialFailure` or `Failure`; after a trip of the token `interrupted` is true.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `CONFIG`, `LOCKED`, `WAREHOUSE`, `STATE`, `UNSUPPORTED`, `CANCELLED` (before anything was started),
// `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_run(const rocky_project *project,
                               const char *request,
                               size_t request_len,
                               rocky_event_fn callback,
                               void *user_data,
                               const rocky_cancel *cancel,
                               rocky_buf **out,
                               rocky_error **error);

// Trace where a column comes from or goes to, or list the lineage of a model, a source or the whole project.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"target": "model.column", "column", "all",
//   "downstream", "upstream", "depth", "influences", "format", "namespace", "vars", "refresh_sources"}`; `target` or `"all":
//   true` is needed. `format` is `json`, `dot`, `text`, `openlineage` or `html`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Edges carry the
//   place in the file they were read from. With a format other than `json` the document is `{"format", "media_type",
//   "rendered"}`.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE` (no target, unknown model or column), `CANCELLED`, `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_lineage(const rocky_project *project,
                                   const char *request,
                                   size_t request_len,
                                   rocky_event_fn callback,
                                   void *user_data,
                                   const rocky_cancel *cancel,
                                   rocky_buf **out,
                                   rocky_error **error);

// Check the configuration, the sidecars and the contracts, without types.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its findings are
//   data, not errors.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_validate(const rocky_project *project,
                                    const char *request,
                                    size_t request_len,
                                    rocky_event_fn callback,
                                    void *user_data,
                                    const rocky_cancel *cancel,
                                    rocky_buf **out,
                                    rocky_error **error);

// Ask the source what there is, and remember the columns for compiling.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"pipeline", "filter",
//   "write_lock", "check_lock"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. It lists `sources`
//   and their tables.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `CONFIG`, `LOCKED`, `WAREHOUSE`, `UNSUPPORTED`, `CANCELLED`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_discover(const rocky_project *project,
                                    const char *request,
                                    size_t request_len,
                                    rocky_event_fn callback,
                                    void *user_data,
                                    const rocky_cancel *cancel,
                                    rocky_buf **out,
                                    rocky_error **error);

// Read the state store, say what is wrong in it, or change it. Reading waits for no running writer.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"action": "show" | "check" | "repair" | "delete" |
//   "set" | "export" | "import" | "sweep", "model", "apply", "watermark", "partition", "value", "path", "over"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document of the action, owned by the caller, freed with `rocky_buf_free`; NULL on failure.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `STATE`, `LOCKED` (an action that changes something, while a run writes), `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_state(const rocky_project *project,
                                 const char *request,
                                 size_t request_len,
                                 rocky_event_fn callback,
                                 void *user_data,
                                 const rocky_cancel *cancel,
                                 rocky_buf **out,
                                 rocky_error **error);

// Read past runs, the executions of one model, or how the graph changed. Waits for no running writer, sends no events.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"model", "since", "limit", "graph"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Newest first.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `STATE`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_history(const rocky_project *project,
                                   const char *request,
                                   size_t request_len,
                                   rocky_event_fn callback,
                                   void *user_data,
                                   const rocky_cancel *cancel,
                                   rocky_buf **out,
                                   rocky_error **error);

// Read what checks measured of a model: rows, NULLs, freshness. Waits for no running writer, sends no events.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed. `{"model", "trend", "column", "alerts"}`; `model` is needed.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Newest first.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `STATE`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_metrics(const rocky_project *project,
                                   const char *request,
                                   size_t request_len,
                                   rocky_event_fn callback,
                                   void *user_data,
                                   const rocky_cancel *cancel,
                                   rocky_buf **out,
                                   rocky_error **error);

// Execute the models and their unit tests in a fresh in-memory DuckDB, and report what fails. Touches no warehouse, unless
// `declarative` asks for it.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"model", "tests", "vars"}`, or
//   `{"declarative": true, "model", "pipeline"}`: the tests of the sidecars, in the warehouse.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `failed`
//   counts the models that failed.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE`, `UNSUPPORTED` (the project is written for another engine), `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_test(const rocky_project *project,
                                const char *request,
                                size_t request_len,
                                rocky_event_fn callback,
                                void *user_data,
                                const rocky_cancel *cancel,
                                rocky_buf **out,
                                rocky_error **error);

// Tell what would follow from edits that are not saved, or from a source with other columns. Touches neither the disk nor
// the warehouse.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"edits": [{"path",
//   "text"}], "source_schemas": {"raw.orders": [{"name", "type", "nullable"}]}, "vars", "without_plan", "from_last"}`; a `text` of null
//   removes the file.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Findings that
//   would be new or gone, models with the class of each column, lineage and statements that would change.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE` (a path outside the project, a file twice, an unknown type, a source that nothing reads), `NOT_FOUND`
// (a file to be removed that is not there), `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_what_if(const rocky_project *project,
                                   const char *request,
                                   size_t request_len,
                                   rocky_event_fn callback,
                                   void *user_data,
                                   const rocky_cancel *cancel,
                                   rocky_buf **out,
                                   rocky_error **error);

// Compare the project with another state of it: a folder, or a git revision, which is read with `git` and not checked out.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"against", "vars",
//   "refresh_sources", "markdown"}`; `against` is needed.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. The class of
//   each column, why, and who is affected; with `markdown` also a comment for a pull request.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE` (no `against`, a revision that cannot be one), `NOT_FOUND` (no such folder or revision, no git),
// `UNSUPPORTED`, `CANCELLED`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_diff(const rocky_project *project,
                                const char *request,
                                size_t request_len,
                                rocky_event_fn callback,
                                void *user_data,
                                const rocky_cancel *cancel,
                                rocky_buf **out,
                                rocky_error **error);

// Execute a plan that `rocky_project_plan` gave for this project, if planning now gives the same.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed. `{"plan_id"}`, which is needed.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the run when tripped, see `rocky_project_run`; may be NULL.
// - `out`: receives the run's document, owned by the caller, freed with `rocky_buf_free`; NULL on failure.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `STALE` (the plan no longer fits: the message names what differs, nothing was changed), `NOT_FOUND` (no such plan), and
// those of `rocky_project_run`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_apply(const rocky_project *project,
                                 const char *request,
                                 size_t request_len,
                                 rocky_event_fn callback,
                                 void *user_data,
                                 const rocky_cancel *cancel,
                                 rocky_buf **out,
                                 rocky_error **error);

// List the project's hooks, or try those of one event: its commands are run and its requests are sent, for real.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; NULL with 0 for the defaults. `{"test"}`: the
//   event to try, e.g. `on_pipeline_start`; all hooks are listed without it.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; stops the call when tripped; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. `hooks`
//   and `webhooks`, or what became of those that were tried.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Errors: `USAGE` (an unknown event), `CONFIG`, `NOT_FOUND`, `IO`, `INVALID_ARGUMENT`.
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_hooks(const rocky_project *project,
                                 const char *request,
                                 size_t request_len,
                                 rocky_event_fn callback,
                                 void *user_data,
                                 const rocky_cancel *cancel,
                                 rocky_buf **out,
                                 rocky_error **error);

// Compile and test with one verdict, without a warehouse.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"vars"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `exit_code` is 0, 1, or 4 when
//   there are warnings alone; tests that fail are part of it.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_ci(const rocky_project *project,
                              const char *request,
                              size_t request_len,
                              rocky_event_fn callback,
                              void *user_data,
                              const rocky_cancel *cancel,
                              rocky_buf **out,
                              rocky_error **error);

// Add files to tables, as a load pipeline does. DuckDB only.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"source_dir", "format", "target", "truncate", "force", "pipeline"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Files that
//   cannot be loaded are part of it.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_load(const rocky_project *project,
                                const char *request,
                                size_t request_len,
                                rocky_event_fn callback,
                                void *user_data,
                                const rocky_cancel *cancel,
                                rocky_buf **out,
                                rocky_error **error);

// Bring the history of a snapshot pipeline up to now, or show the steps of it.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"pipeline", "dry_run"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. A step that
//   fails is part of it.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_snapshot(const rocky_project *project,
                                    const char *request,
                                    size_t request_len,
                                    rocky_event_fn callback,
                                    void *user_data,
                                    const rocky_cancel *cancel,
                                    rocky_buf **out,
                                    rocky_error **error);

// Make tables of the CSV files in the project's folder of seeds.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"seeds", "filter", "pipeline"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. A seed that
//   cannot be read or written is part of it.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_seed(const rocky_project *project,
                                const char *request,
                                size_t request_len,
                                rocky_event_fn callback,
                                void *user_data,
                                const rocky_cancel *cancel,
                                rocky_buf **out,
                                rocky_error **error);

// Compare tables with the shadows that a run with `"shadow": true` made: columns, counts, contents.
//
// - `project`: borrowed.
// - `request`, `request_len`: UTF-8 JSON, borrowed; may be empty. `{"pipeline", "models", "shadow_suffix", "shadow_schema",
//   "thresholds", "key", "ignore", "counts_only", "sample", "cleanup"}`, and of the shadow run `{"dag", "exclude", "filter", "all", "vars"}`.
// - `callback`, `user_data`: receives the events, on this thread; may be NULL.
// - `cancel`: borrowed; may be NULL.
// - `out`: receives the document, owned by the caller, freed with `rocky_buf_free`; NULL on failure. Its `overall_verdict` is
//   `pass`, `warn` or `fail`; tables that differ are part of it.
// - `error`: receives the error object of a failure, owned by the caller, else NULL; may be NULL itself.
//
// Any thread; other calls on the project may run at the same time. Since 1.
rocky_status rocky_project_compare(const rocky_project *project,
                                   const char *request,
                                   size_t request_len,
                                   rocky_event_fn callback,
                                   void *user_data,
                                   const rocky_cancel *cancel,
                                   rocky_buf **out,
                                   rocky_error **error);

// The word for a status, e.g. `not_found` for 2, as in `error.code` of documents.
//
// - `status`: any number.
//
// Returns: NUL-terminated text, valid as long as the library is loaded, not to be freed; `unknown` for a number that this
// library does not know. Never fails. Any thread. Since 1.
const char *rocky_status_name(int32_t status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ROCKY_H */
