//! The hooks of a run: an observer that passes events on and tells the hooks what they say.
//!
//! The caller brackets a run with [`HookObserver::start`] and [`HookObserver::end`]; everything between comes from the events.
//! Invariant: a hook of a beginning runs before it, and its abort prevents it; the abort of any other hook lets nothing more
//! begin ([`Observer::stop`]).

use super::{Fired, HookContext, HookReport, Hooks};
use jiff::Timestamp;
use rocky_base::{CancelToken, Event, Observer, SmolStr, System};
use rocky_config::{HookEvent, OnFailure};
use serde_json::json;
use std::time::Duration;

/// How many failures are remembered; the others are counted.
const REMEMBERED: usize = 100;
/// The longest wait for requests that are under way when the run is over.
const LAST_WAIT: Duration = Duration::from_secs(30);
/// The same after an interruption.
const SHORT_WAIT: Duration = Duration::from_secs(3);

/// How a run ended, for `pipeline_complete` and `pipeline_error`.
#[derive(Clone, Debug, Default)]
pub struct RunEnding {
    /// What went wrong, if anything.
    pub error: Option<String>,
    /// Tables written.
    pub tables: u64,
    /// Milliseconds.
    pub duration_ms: u64,
    /// The run was interrupted.
    pub interrupted: bool,
}

/// What hooks did in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookSummary {
    /// How many were run.
    pub fired: u64,
    /// How many failed.
    pub failed: u64,
    /// The first of those that failed and were not to be ignored.
    pub failures: Vec<HookReport>,
    /// Why the run was stopped, or is not a success.
    pub abort: Option<String>,
}

/// An observer with hooks.
pub struct HookObserver<'a> {
    inner: &'a mut dyn Observer,
    hooks: Hooks,
    clock: &'a dyn System,
    cancel: &'a CancelToken,
    run_id: String,
    pipeline: String,
    summary: HookSummary,
}

impl<'a> HookObserver<'a> {
    /// Events go to `inner` before the hooks run. `cancel` ends hooks that run while the run does.
    pub fn new(
        inner: &'a mut dyn Observer,
        hooks: Hooks,
        clock: &'a dyn System,
        cancel: &'a CancelToken,
        run_id: &str,
        pipeline: &str,
    ) -> HookObserver<'a> {
        HookObserver {
            inner,
            hooks,
            clock,
            cancel,
            run_id: run_id.to_owned(),
            pipeline: pipeline.to_owned(),
            summary: HookSummary::default(),
        }
    }

    /// `pipeline_start`. `Err`: why nothing may be done.
    pub fn start(&mut self) -> Result<(), String> {
        match self.fire(HookContext::new(HookEvent::PipelineStart), self.cancel) {
            Some(why) => Err(self.abort(why)),
            None => Ok(()),
        }
    }

    /// `pipeline_complete` or `pipeline_error`, and the wait for the requests that nobody waited for. These hooks run also after
    /// an interruption.
    pub fn end(mut self, ending: &RunEnding) -> HookSummary {
        let event = match ending.error {
            None => HookEvent::PipelineComplete,
            Some(_) => HookEvent::PipelineError,
        };
        let mut context = HookContext {
            error: ending.error.clone(),
            duration_ms: Some(ending.duration_ms),
            ..HookContext::new(event)
        };
        context
            .metadata
            .insert("table_count".to_owned(), json!(ending.tables));
        if ending.interrupted {
            context.metadata.insert("interrupted".to_owned(), json!(true));
        }
        // The run's token may be tripped already.
        let cancel = CancelToken::new();
        if let Some(why) = self.fire(context, &cancel) {
            self.abort(why);
        }
        let most = if ending.interrupted { SHORT_WAIT } else { LAST_WAIT };
        for report in self.hooks.finish(most) {
            self.failed(report);
        }
        self.summary
    }

    fn abort(&mut self, why: String) -> String {
        self.summary.abort.get_or_insert_with(|| why.clone());
        why
    }

    /// Run the hooks of a moment; why it is to be aborted.
    fn fire(&mut self, mut context: HookContext, cancel: &CancelToken) -> Option<String> {
        if !self.hooks.wants(context.event) {
            return None;
        }
        context.run_id.clone_from(&self.run_id);
        context.pipeline.clone_from(&self.pipeline);
        context.timestamp = Timestamp::try_from(self.clock.now())
            .unwrap_or_default()
            .to_string();
        let Fired { reports, abort } = self.hooks.fire(&context, cancel);
        for report in reports {
            self.summary.fired += 1;
            if report.failure.is_some() {
                self.failed(report);
            }
        }
        abort
    }

    /// A hook failed: a line in the log, and in the document.
    fn failed(&mut self, report: HookReport) {
        self.summary.failed += 1;
        if report.on_failure == OnFailure::Ignore {
            return;
        }
        let about = report
            .subject
            .as_ref()
            .map(|s| format!(" for `{s}`"))
            .unwrap_or_default();
        let message = format!(
            "{} hook `{}`{about} failed: {}",
            report.event.key(),
            report.hook,
            report.failure.as_deref().unwrap_or_default()
        );
        self.inner.event(&Event::Log {
            level: SmolStr::new_static("warning"),
            message,
        });
        if self.summary.failures.len() < REMEMBERED {
            self.summary.failures.push(report);
        }
    }

    /// What follows from an event: the context of a hook.
    fn context(&self, event: &Event) -> Option<HookContext> {
        let (model_kind, table_kind, subject) = match event {
            Event::ModelFinished { kind, .. } => {
                (HookEvent::AfterModelRun, HookEvent::AfterMaterialize, kind)
            }
            Event::ModelFailed { kind, .. } => (HookEvent::ModelError, HookEvent::MaterializeError, kind),
            other => return HookContext::of(other),
        };
        let mut context = HookContext::new(kind_of(subject, model_kind, table_kind)?);
        match event {
            Event::ModelFinished {
                model,
                target,
                strategy,
                rows,
                duration_ms,
                ..
            } => {
                name(&mut context, model, target);
                context.duration_ms = Some(*duration_ms);
                context.metadata.insert("strategy".to_owned(), json!(strategy));
                if let Some(rows) = rows {
                    context.metadata.insert("row_count".to_owned(), json!(rows));
                }
            }
            Event::ModelFailed {
                model,
                target,
                error,
                duration_ms,
                ..
            } => {
                name(&mut context, model, target);
                context.error = Some(error.clone());
                context.duration_ms = Some(*duration_ms);
            }
            _ => {}
        }
        Some(context)
    }
}

/// Models have events of their own; what is not written has none.
fn kind_of(kind: &str, model: HookEvent, table: HookEvent) -> Option<HookEvent> {
    match kind {
        "model" => Some(model),
        "table" | "snapshot" | "load" | "seed" => Some(table),
        _ => None,
    }
}

/// The model, where it is one, and the table.
fn name(context: &mut HookContext, model: &SmolStr, target: &str) {
    let table = matches!(
        context.event,
        HookEvent::BeforeMaterialize | HookEvent::AfterMaterialize | HookEvent::MaterializeError
    );
    if !table {
        context.model = Some(model.clone());
    }
    context.table = Some(target.to_owned());
}

impl Observer for HookObserver<'_> {
    fn event(&mut self, event: &Event) {
        if let Event::RunStarted { run_id, pipeline, .. } = event {
            self.run_id.clone_from(run_id);
            self.pipeline.clone_from(pipeline);
        }
        self.inner.event(event);
        if let Some(context) = self.context(event)
            && let Some(why) = self.fire(context, self.cancel)
        {
            self.abort(why);
        }
    }

    fn guards(&self, kind: &str) -> bool {
        let hook = kind_of(kind, HookEvent::BeforeModelRun, HookEvent::BeforeMaterialize);
        // What may stop the run is heard before anything that follows from it begins.
        hook.is_some_and(|event| self.hooks.wants(event)) || self.hooks.may_stop() || self.inner.guards(kind)
    }

    fn may_begin(&mut self, event: &Event) -> Result<(), String> {
        self.inner.may_begin(event)?;
        let Event::ModelStarted { model, kind, target } = event else {
            return Ok(());
        };
        let Some(moment) = kind_of(kind, HookEvent::BeforeModelRun, HookEvent::BeforeMaterialize) else {
            return Ok(());
        };
        let mut context = HookContext::new(moment);
        name(&mut context, model, target);
        // Only this one must not begin.
        self.fire(context, self.cancel).map_or(Ok(()), Err)
    }

    fn stop(&self) -> Option<&str> {
        self.summary.abort.as_deref().or_else(|| self.inner.stop())
    }
}
