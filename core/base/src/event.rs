//! One stream of events for everybody: progress bars, hooks, run history, the C callback, the Node iterator.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// Something that happened. On the wire: an object with `type` and the fields of the variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A phase of a long verb began or moved on; `total` 0 means not known.
    Progress {
        /// `load`, `parse`, `analyse`, `plan`, `discover` …
        phase: SmolStr,
        /// Units done.
        done: u64,
        /// Units in all.
        total: u64,
    },
    /// A run began.
    RunStarted {
        /// `run-YYYYMMDD-HHMMSS-mmm`.
        run_id: String,
        /// Pipeline name.
        pipeline: String,
        /// Models to execute.
        models: u64,
    },
    /// A model's first statement is about to be sent.
    ModelStarted {
        /// Model name.
        model: SmolStr,
    },
    /// A statement of a model was executed.
    StepFinished {
        /// Model name; empty for steps of the run itself (schemas).
        model: SmolStr,
        /// What the statement is for.
        purpose: SmolStr,
        /// Rows it changed, where the engine says.
        rows: Option<u64>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model succeeded.
    ModelFinished {
        /// Model name.
        model: SmolStr,
        /// Rows written, none for a view.
        rows: Option<u64>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model failed.
    ModelFailed {
        /// Model name.
        model: SmolStr,
        /// The engine's message.
        error: String,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model was not executed.
    ModelSkipped {
        /// Model name.
        model: SmolStr,
        /// Why: the failed ancestor, or cancellation.
        reason: String,
    },
    /// The run ended.
    RunFinished {
        /// The run.
        run_id: String,
        /// `Success`, `PartialFailure`, `Failure`.
        status: SmolStr,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// Something worth a line in a log.
    Log {
        /// `info`, `warning`.
        level: SmolStr,
        /// One line.
        message: String,
    },
}

/// Receives events on the thread that called the verb.
pub trait Observer {
    /// Called for each event, in order.
    fn event(&mut self, event: &Event);
}

impl<F: FnMut(&Event)> Observer for F {
    fn event(&mut self, event: &Event) {
        self(event)
    }
}

/// Ignores everything.
pub struct NoObserver;

impl Observer for NoObserver {
    fn event(&mut self, _: &Event) {}
}
