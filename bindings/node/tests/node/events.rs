//! The shape of an event as a schema. The derive compares this mirror with the engine's type at compile time: a variant or a
//! field that only one of them has does not compile. What a derive cannot see (the names on the wire) is tested.

use rocky_base::Event;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

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
        #[schemars(with = "String")]
        model: SmolStr,
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
    /// A model succeeded.
    ModelFinished {
        /// Model name.
        #[schemars(with = "String")]
        model: SmolStr,
        /// Rows written; none for a view.
        rows: Option<u64>,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model failed.
    ModelFailed {
        /// Model name.
        #[schemars(with = "String")]
        model: SmolStr,
        /// What the engine said.
        error: String,
        /// Milliseconds.
        duration_ms: u64,
    },
    /// A model was not executed.
    ModelSkipped {
        /// Model name.
        #[schemars(with = "String")]
        model: SmolStr,
        /// Why: the failed ancestor, or cancellation.
        reason: String,
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
        Event::RunStarted {
            run_id: text(),
            pipeline: text(),
            models: 1,
        },
        Event::ModelStarted { model: smol() },
        Event::StepFinished {
            model: smol(),
            purpose: smol(),
            rows: None,
            duration_ms: 1,
        },
        Event::ModelFinished {
            model: smol(),
            rows: Some(1),
            duration_ms: 1,
        },
        Event::ModelFailed {
            model: smol(),
            error: text(),
            duration_ms: 1,
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
