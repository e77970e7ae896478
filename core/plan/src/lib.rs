//! What to do, in what order, with which SQL, and why. Pure: takes the compiled project, a catalogue snapshot and options,
//! and returns steps as values; opens nothing, reads no clock.
//!
//! Invariant: a plan is what runs. `core/run` binds the named parameters and executes the statements as they stand; it
//! generates no SQL of its own. Start reading at [`plan()`]; [`assemble`] makes a model's query, `strategy/` has one file
//! for each way of materialising it.

pub mod assemble;
mod bind;
pub mod checks;
mod columns;
pub mod compare;
pub mod drift;
mod finite;
mod hash;
pub mod load;
mod parallel;
mod plan;
pub mod replication;
pub mod seed;
mod setup;
pub mod shadow;
mod snapshot;
mod strategy;
pub mod task;
pub mod window;

pub use assemble::{Redirect, model_sql, redirected_sql};
pub use bind::{Bindings, Hole, Parameter, Sql};
pub use checks::{CheckKind, CheckPlan, Judge};
pub use drift::{Drift, DriftAction, DriftActionKind, DriftPolicy};
pub use plan::check_windows;
pub use plan::{PlanOptions, plan, statements};
pub use shadow::Shadow;
pub use snapshot::{Change, SnapshotSpec, snapshot};
pub use strategy::window_query;
pub use task::{Fact, Plan, Quarantine, Step, StepKind, Task, TaskKind, Window, Windows};
pub use window::{Selection, WindowOptions};
