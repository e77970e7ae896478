//! Running a plan: what is executed, in which order it happens, and what is remembered of it.
//!
//! [`execute()`] takes a [`rocky_plan::Plan`] and a [`rocky_warehouse::Warehouse`] and returns a [`RunReport`]; [`state`] is the file
//! that remembers runs and watermarks. Invariant: the statements are sent as the plan has them, no SQL is made here; and
//! no warehouse is known by name.

pub mod checks;
pub mod execute;
pub mod hooks;
pub mod metrics;
pub mod pipes;
pub mod remote;
pub mod report;
pub mod run_id;
pub mod state;

pub use checks::{CheckOutcome, CheckStatus};
pub use execute::{ExecuteContext, execute};
pub use report::{
    RunReport, RunStatus, StatementResult, TaskError, TaskResult, TaskStatus, Trigger, WindowResult,
};
pub use run_id::new_run_id;
pub use state::{ModelExecution, RunRecord, StateReader, StateRegistry, StateStore, Watermark};
