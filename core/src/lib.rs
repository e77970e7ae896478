//! rocky as a library: [`Engine`], [`Project`], [`Host`], and one module per verb with its request and response.
//!
//! Every front end (CLI, C, Node, Go, C++) is thin over this crate: it parses arguments, calls a verb, renders. A verb takes
//! a request and gives a response, both plain values with JSON Schema; [`Project::call`] is the same with JSON text on both
//! sides. A user's mistake in a project is part of the response; [`Error`] is misuse, the outside world, cancellation or
//! our own bug. Nothing here prints, exits, changes directory or installs handlers. Start reading at [`project`].

pub mod adapters;
mod amend;
mod catalog_cache;
pub mod checks;
pub mod document;
pub mod engine;
pub mod explain;
mod files;
mod git;
mod graph;
mod idempotency;
mod listeners;
mod look;
mod own_functions;
mod policy;
mod prepare;
pub mod project;
mod reduce;
pub mod remote;
pub mod scaffold;
pub mod schemas;
mod select;
pub mod shadow;
#[cfg(feature = "otel")]
mod telemetry;
pub mod verbs;
pub mod windows;
pub mod wire;

pub use engine::{Engine, EngineOptions};
pub use project::{Host, OpenRequest, Project, VERBS};
pub use rocky_base::event::NoObserver;
pub use rocky_base::{CancelToken, Error, ErrorKind, Event, Observer, Result, System};

/// The engine's version: what `rocky --version` prints and every document carries.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Version of the documents' shapes: raised when a field changes its meaning, not when one is added.
pub const SCHEMA_VERSION: u32 = 1;
