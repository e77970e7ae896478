//! The shape of an event as a schema. The derive compares this mirror with the engine's type at compile time: a variant or a
//! field that only one of them has does not compile. What a derive cannot see (the names on the wire) is tested.

use rocky_base::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::BTreeMap;

/// Something that happened during a call, told apart by `type`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Event", tag = "type", rename_all = "snake_case")]
#[schemars(rename = "Event")]
pub enum Mirror {
    /// A phase of a long call began or moved on.
    Progress {
        /// `load`, `parse`, `analyse`, `plan`, `discover` …
        #[schemars(with = "String")]
        phase: SmolStr,
        /// Units done.
        done: u64,
        /// Units in all; 0 when not known.
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
        #[schemars(with = "String")]
        model: SmolStr,
        /// What is made: `model`, `table`, `snapshot`, `load`, `quality`.
        #[schemars(with = "String")]
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
    },
    /// A statement was executed.
    StepFinished {
        /// Model name; empty for steps of the run itself.
        #[schemars(with = "String")]
        model: SmolStr,
        /// What the statement is for.
        #[schemars(with = "String")]
        purpose: SmolStr,
        /// Rows it changed, where the engine says.
        rows: Option<u64>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A window of a time_interval or microbatch model was computed, or failed. The model's own event follows after its last one.
    PartitionFinished {
        /// Model name.
        #[schemars(with = "String")]
        model: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The partition, the first one of a batch: `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026`.
        #[schemars(with = "String")]
        partition: SmolStr,
        /// The other partitions of the batch.
        #[schemars(with = "Vec<String>")]
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
        #[schemars(with = "String")]
        model: SmolStr,
        /// What was made: `model`, `table`, `snapshot`, `load`, `quality`.
        #[schemars(with = "String")]
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The parts of the asset's key.
        #[schemars(with = "Vec<String>")]
        asset_key: Vec<SmolStr>,
        /// How it was made.
        #[schemars(with = "String")]
        strategy: SmolStr,
        /// Hash of the statements.
        sql_hash: String,
        /// The watermark after it, as the engine writes it.
        watermark: Option<String>,
        /// Rows written; none for a view.
        rows: Option<u64>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model, or a table, failed.
    ModelFailed {
        /// Model name, or the table's whole name.
        #[schemars(with = "String")]
        model: SmolStr,
        /// What was to be made: `model`, `table`, `snapshot`, `load`, `quality`.
        #[schemars(with = "String")]
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The parts of the asset's key.
        #[schemars(with = "Vec<String>")]
        asset_key: Vec<SmolStr>,
        /// What the engine said.
        error: String,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// An attempt at a model, or a table, did not succeed, and it is tried again.
    ModelRetried {
        /// Model name, or the table's whole name.
        #[schemars(with = "String")]
        model: SmolStr,
        /// What is to be made: `model`, `table`, `snapshot`, `load`, `quality`.
        #[schemars(with = "String")]
        kind: SmolStr,
        /// The whole name of the relation.
        target: String,
        /// The attempt that did not succeed, from 1.
        attempt: u32,
        /// Why there is another: `transient`, `rate_limited`, `conflict`, `table_retry`.
        #[schemars(with = "String")]
        reason: SmolStr,
        /// The engine's message.
        error: String,
        /// Milliseconds until then.
        wait_ms: u64,
    },
    /// A model was not executed.
    ModelSkipped {
        /// Model name.
        #[schemars(with = "String")]
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
        #[schemars(with = "Vec<String>")]
        asset_key: Vec<SmolStr>,
        /// The check's name.
        #[schemars(with = "String")]
        check: SmolStr,
        /// Did it hold?
        passed: bool,
        /// `error`, `warning`: what it counts for when it does not hold.
        #[schemars(with = "String")]
        severity: SmolStr,
        /// What was found, as in the run document: `source_count`, `threshold` …
        #[schemars(with = "BTreeMap<String, serde_json::Value>")]
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
        #[schemars(with = "Vec<String>")]
        columns: Vec<SmolStr>,
        /// What is done about it, as in the run document.
        #[schemars(with = "String")]
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
        #[schemars(with = "String")]
        backend: SmolStr,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// The run took more than `[budget]` allows.
    BudgetBreached {
        /// The key of `[budget]`.
        #[schemars(with = "String")]
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
        #[schemars(with = "String")]
        status: SmolStr,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// Something worth a line in a log.
    Log {
        /// `info`, `warning`.
        #[schemars(with = "String")]
        level: SmolStr,
        /// One line.
        message: String,
    },
}

#[derive(Serialize)]
struct Mirrored<'a>(#[serde(with = "Mirror")] &'a Event);

#[test]
fn the_mirror_writes_every_event_as_the_engine_does() {
    let text = || "x".to_owned();
    let smol = || SmolStr::new("x");
    let all = [
        Event::Progress {
            phase: smol(),
            done: 1,
            total: 2,
        },
        Event::DiscoverFinished { connectors: 1 },
        Event::CompileFinished { models: 1 },
        Event::PartitionFinished {
            model: smol(),
            target: text(),
            partition: smol(),
            batched_with: vec![smol()],
            rows: Some(1),
            error: Some(text()),
            duration_ms: 2,
            done: 1,
            total: 3,
        },
        Event::ChecksStarted { tables: 1 },
        Event::CheckFinished {
            table: text(),
            asset_key: vec![smol()],
            check: smol(),
            passed: true,
            severity: smol(),
            details: BTreeMap::from([(smol(), serde_json::Value::from(1))]),
        },
        Event::ChecksFinished {
            total: 1,
            passed: 1,
            failed: 0,
        },
        Event::DriftDetected {
            table: text(),
            columns: vec![smol()],
            action: smol(),
            reason: text(),
        },
        Event::AnomalyDetected {
            table: text(),
            description: text(),
        },
        Event::StateSynced {
            backend: smol(),
            duration_ms: 1,
        },
        Event::BudgetBreached {
            budget: smol(),
            limit: 1,
            actual: 2,
        },
        Event::RunStarted {
            run_id: text(),
            pipeline: text(),
            models: 1,
        },
        Event::ModelStarted {
            model: smol(),
            kind: smol(),
            target: text(),
        },
        Event::StepFinished {
            model: smol(),
            purpose: smol(),
            rows: None,
            duration_ms: 1,
        },
        Event::ModelFinished {
            model: smol(),
            kind: smol(),
            target: text(),
            asset_key: vec![smol()],
            strategy: smol(),
            sql_hash: text(),
            watermark: Some(text()),
            rows: Some(1),
            duration_ms: 1,
        },
        Event::ModelFailed {
            model: smol(),
            kind: smol(),
            target: text(),
            asset_key: vec![smol()],
            error: text(),
            duration_ms: 1,
        },
        Event::ModelRetried {
            model: smol(),
            kind: smol(),
            target: text(),
            attempt: 1,
            reason: smol(),
            error: text(),
            wait_ms: 1,
        },
        Event::ModelSkipped {
            model: smol(),
            reason: text(),
        },
        Event::RunFinished {
            run_id: text(),
            status: smol(),
            duration_ms: 1,
        },
        Event::Log {
            level: smol(),
            message: text(),
        },
    ];
    for event in &all {
        let engine = serde_json::to_value(event).unwrap();
        assert_eq!(serde_json::to_value(Mirrored(event)).unwrap(), engine);
    }
}
