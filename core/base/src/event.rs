//! One stream of events for everybody: progress bars, hooks, run history, the C callback, the Node iterator.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

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
    /// Sources were listed.
    DiscoverFinished {
        /// How many connectors (source schemas) were found.
        connectors: u64,
    },
    /// The models were compiled without errors.
    CompileFinished {
        /// How many.
        models: u64,
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
    /// A model's, or a table's, first statement is about to be sent.
    ModelStarted {
        /// Model name, or the table's whole name.
        model: SmolStr,
        /// What is made: `model`, `table`, `snapshot`, `load`, `seed`, `quality`.
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
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
    /// A window of a time_interval or microbatch model was computed, or failed. The model's own event follows after its last one.
    PartitionFinished {
        /// Model name.
        model: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The partition, the first one of a batch: `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026`.
        partition: SmolStr,
        /// The other partitions of the batch.
        batched_with: Vec<SmolStr>,
        /// Rows written, where the engine says.
        rows: Option<u64>,
        /// Why it failed; it is then as it was before.
        error: Option<String>,
        /// Milliseconds.
        duration_ms: u64,
        /// Windows of the model that are done, this one included.
        done: u64,
        /// Windows of the model in this run.
        total: u64,
    },
    /// A model, or a table, succeeded.
    ModelFinished {
        /// Model name, or the table's whole name.
        model: SmolStr,
        /// What was made: `model`, `table`, `snapshot`, `load`, `seed`, `quality`.
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The parts of the asset's key.
        asset_key: Vec<SmolStr>,
        /// How it was made.
        strategy: SmolStr,
        /// Hash of the statements.
        sql_hash: String,
        /// The watermark after it, as the engine writes it.
        watermark: Option<String>,
        /// Rows written, none for a view.
        rows: Option<u64>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model, or a table, failed.
    ModelFailed {
        /// Model name, or the table's whole name.
        model: SmolStr,
        /// What was to be made: `model`, `table`, `snapshot`, `load`, `seed`, `quality`.
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The parts of the asset's key.
        asset_key: Vec<SmolStr>,
        /// The engine's message.
        error: String,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// An attempt at a model, or a table, did not succeed, and it is tried again.
    ModelRetried {
        /// Model name, or the table's whole name.
        model: SmolStr,
        /// What is to be made: `model`, `table`, `snapshot`, `load`, `seed`, `quality`.
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The attempt that did not succeed, from 1.
        attempt: u32,
        /// Why there is another: `transient`, `rate_limited`, `conflict`, `table_retry`.
        reason: SmolStr,
        /// The engine's message.
        error: String,
        /// Milliseconds until then.
        wait_ms: u64,
    },
    /// A model was not executed.
    ModelSkipped {
        /// Model name.
        model: SmolStr,
        /// Why: the failed ancestor, or cancellation.
        reason: String,
    },
    /// The checks of a run begin.
    ChecksStarted {
        /// How many tables are checked.
        tables: u64,
    },
    /// A check was evaluated.
    CheckFinished {
        /// The table's whole name.
        table: String,
        /// The parts of the asset's key.
        asset_key: Vec<SmolStr>,
        /// The check's name.
        check: SmolStr,
        /// Did it hold?
        passed: bool,
        /// `error`, `warning`: what it counts for when it does not hold.
        severity: SmolStr,
        /// What was found, as in the run document: `source_count`, `threshold` …
        details: BTreeMap<SmolStr, serde_json::Value>,
    },
    /// All checks were evaluated.
    ChecksFinished {
        /// How many.
        total: u64,
        /// Those that held.
        passed: u64,
        /// The others.
        failed: u64,
    },
    /// A table's columns are no longer those of its source.
    DriftDetected {
        /// The table's whole name.
        table: String,
        /// The columns that differ.
        columns: Vec<SmolStr>,
        /// What is done about it, as in the run document.
        action: SmolStr,
        /// Why.
        reason: String,
    },
    /// A count is far from what it used to be.
    AnomalyDetected {
        /// The table's whole name.
        table: String,
        /// One line.
        description: String,
    },
    /// The state was uploaded.
    StateSynced {
        /// `s3`, `valkey`, `tiered` …
        backend: SmolStr,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// The run took more than `[budget]` allows.
    BudgetBreached {
        /// The key of `[budget]`.
        budget: SmolStr,
        /// What it allows.
        limit: u64,
        /// What the run took.
        actual: u64,
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

    /// Must what is made of this kind (`model`, `table` …) wait for [`Observer::may_begin`]? Asked once, before a run begins.
    fn guards(&self, kind: &str) -> bool {
        let _ = kind;
        false
    }

    /// May it begin? The event is the [`Event::ModelStarted`] that follows when it may. `Err`: why it must not; it has then failed
    /// without a statement sent.
    fn may_begin(&mut self, event: &Event) -> Result<(), String> {
        let _ = event;
        Ok(())
    }

    /// Why nothing more should be begun, if so. Asked after events.
    fn stop(&self) -> Option<&str> {
        None
    }
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
