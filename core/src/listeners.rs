//! Who is told what a run does: the caller's observer, Dagster, the hooks of the project. And who may stop it: the hooks.
//!
//! Invariant: whatever becomes of a run, an error and a panic included, Dagster's channel is closed; and after any end but a
//! panic, the hooks of the end have run.

use crate::engine::Engine;
use crate::project::{Host, OpenRequest, Project};
use crate::verbs::run::{
    RunErrorEntry, RunRequest, RunResponse, SKIPPED_IDEMPOTENT, SKIPPED_IN_FLIGHT, stopped,
};
use crate::wire::{WireBudgetBreach, WireHookFailure, WireHooks};
use rocky_base::{CancelToken, Error, ErrorKind, Event, Observer, Result, SmolStr, System};
use rocky_config::ProjectConfig;
use rocky_run::hooks::{HookObserver, HookSummary, Hooks, RunEnding};
use rocky_run::pipes::Pipes;
use rocky_run::report::RunStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Everybody but the hooks, which may also say no.
struct Fanout<'a> {
    user: &'a mut dyn Observer,
    pipes: Option<Pipes>,
    /// Of a shadow run Dagster gets the words alone: its assets are production's.
    shadow: bool,
    anomalies: u64,
}

impl Observer for Fanout<'_> {
    fn event(&mut self, event: &Event) {
        self.anomalies += u64::from(matches!(event, Event::AnomalyDetected { .. }));
        self.user.event(event);
        if let Some(pipes) = &mut self.pipes
            && (!self.shadow || matches!(event, Event::Log { .. }))
        {
            pipes.event(event);
        }
    }

    fn guards(&self, kind: &str) -> bool {
        self.user.guards(kind)
    }

    fn may_begin(&mut self, event: &Event) -> std::result::Result<(), String> {
        self.user.may_begin(event)
    }

    fn stop(&self) -> Option<&str> {
        self.user.stop()
    }
}

/// Who tells Dagster of a run: a process has one channel, which is opened once and closed once.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Dagster {
    /// The run itself.
    Told,
    /// [`Project::in_session`], which it is one of several runs in.
    Around,
}

/// Dagster hears of a run that ended before it began.
fn tell(system: &dyn System, observer: &mut dyn Observer, error: &Error) {
    match Pipes::open(system) {
        Ok(Some(pipes)) => pipes.close(Some(&error.message)),
        Ok(None) => {}
        Err(why) => observer.event(&warning(format!("Dagster is not told of this run: {why}"))),
    }
}

impl Project {
    /// Do `body`, several runs, as one session with Dagster.
    pub(crate) fn in_session(
        &self,
        request: &RunRequest,
        observer: &mut dyn Observer,
        body: impl FnOnce(&mut dyn Observer) -> Result<RunResponse>,
    ) -> Result<RunResponse> {
        let mut fanout = self.fanout(request, Dagster::Told, observer);
        let result = body(&mut fanout);
        if let Some(pipes) = fanout.pipes.take() {
            pipes.close(ending(&result, Duration::ZERO).error.as_deref());
        }
        result
    }

    /// What a verb found out before its run began, which Dagster hears of when it is an error.
    pub(crate) fn told<T>(&self, observer: &mut dyn Observer, result: Result<T>) -> Result<T> {
        result.inspect_err(|error| tell(&*self.host.system, observer, error))
    }

    /// [`Project::open`] for a run: Dagster, when it started this process, hears why there is no project to run. The observer gets a
    /// warning when Dagster cannot be told.
    pub fn open_to_run(
        engine: &Engine,
        request: &OpenRequest,
        host: Host,
        observer: &mut dyn Observer,
    ) -> Result<Project> {
        let system = host.system.clone();
        Project::open(engine, request, host).inspect_err(|error| tell(&*system, observer, error))
    }

    fn fanout<'a>(
        &self,
        request: &RunRequest,
        dagster: Dagster,
        observer: &'a mut dyn Observer,
    ) -> Fanout<'a> {
        let mut fanout = Fanout {
            user: observer,
            pipes: None,
            shadow: request.shadow,
            anomalies: 0,
        };
        if dagster == Dagster::Told {
            match Pipes::open(&*self.host.system) {
                Ok(pipes) => fanout.pipes = pipes,
                Err(why) => fanout
                    .user
                    .event(&warning(format!("Dagster is not told of this run: {why}"))),
            }
        }
        fanout
    }

    /// A run, with everybody told. `run` gets the name of the run and the observer.
    pub(crate) fn attended(
        &self,
        request: &RunRequest,
        dagster: Dagster,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
        run: impl FnOnce(String, &mut dyn Observer) -> Result<RunResponse>,
    ) -> Result<RunResponse> {
        let clock = self.host.system.clone();
        let started = Instant::now();
        let mut fanout = self.fanout(request, dagster, observer);
        let run_id = rocky_run::new_run_id(crate::document::timestamp(clock.now()));
        // A configuration that cannot be read is the verb's business; it has no hooks.
        let config = self.config_checked().unwrap_or_default();
        let pipeline = pipeline_name(&config, request);
        // What hooks do is done to production's neighbours.
        let wanted = match request.shadow {
            true => Default::default(),
            false => config.hooks.clone(),
        };
        let hooks = Hooks::new(Arc::new(wanted), self.root.clone());
        let mut told = HookObserver::new(&mut fanout, hooks, &*clock, cancel, &run_id, &pipeline);
        let mut result = match told.start() {
            Ok(()) => run(run_id.clone(), &mut told),
            Err(why) => {
                let kind = config
                    .pipelines
                    .get(pipeline.as_str())
                    .map_or("transformation", |p| p.type_name());
                let filter = crate::wire::Filters::shown(&request.filter);
                Ok(stopped(&pipeline, kind, filter, Vec::new(), &why))
            }
        };
        let recorded = result.as_ref().is_ok_and(|r| {
            !r.shadow
                && !r.run_id.is_empty()
                && r.state_error.is_none()
                && r.status == RunStatus::Success.as_str()
        });
        if let Ok(response) = &mut result
            && let Some(budget) = &config.budget
            && !response.run_id.is_empty()
        {
            check_budget(budget, response, started.elapsed(), &mut told);
        }
        let summary = told.end(&ending(&result, started.elapsed()));
        if let Ok(response) = &mut result {
            finish(response, &summary);
            if let Some(metrics) = &mut response.metrics {
                metrics.anomalies_detected = fanout.anomalies;
            }
            if recorded && response.status != RunStatus::Success.as_str() {
                self.amend(response, &run_id, &mut fanout, cancel);
            }
        }
        if let Some(pipes) = fanout.pipes.take() {
            pipes.close(ending(&result, Duration::ZERO).error.as_deref());
        }
        result
    }
}

fn warning(message: String) -> Event {
    Event::Log {
        level: SmolStr::new_static("warning"),
        message,
    }
}

/// The pipeline that will run, as far as the request and the configuration tell.
fn pipeline_name(config: &ProjectConfig, request: &RunRequest) -> String {
    if let Some(name) = &request.pipeline {
        return name.clone();
    }
    let mut names = config.pipelines.keys();
    let only = match (names.next(), names.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    };
    only.map(ToString::to_string).unwrap_or_default()
}

/// The whole run's time against what is allowed.
fn check_budget(
    budget: &rocky_config::BudgetConfig,
    response: &mut RunResponse,
    took: Duration,
    told: &mut dyn Observer,
) {
    let Some(limit) = budget.max_duration_ms else {
        return;
    };
    let actual = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    if actual <= limit {
        return;
    }
    told.event(&Event::BudgetBreached {
        budget: SmolStr::new_static("max_duration_ms"),
        limit,
        actual,
    });
    response.budget_breaches.push(WireBudgetBreach {
        budget: "max_duration_ms".to_owned(),
        limit,
        actual,
    });
    if budget.fails {
        less_than_success(response);
        let text = format!("the run took {actual} ms, `[budget]` allows {limit} ms");
        response.errors.push(RunErrorEntry::of_run("budget", text));
    }
}

/// What was written stays written; the run is no success.
fn less_than_success(response: &mut RunResponse) {
    if response.status == RunStatus::Success.as_str() {
        response.status = RunStatus::PartialFailure.as_str().to_owned();
    }
}

/// What the hooks of the end are told.
fn ending(result: &Result<RunResponse>, took: Duration) -> RunEnding {
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(response) => RunEnding {
            error: failure(response),
            tables: response.tables_copied,
            duration_ms,
            interrupted: response.interrupted,
        },
        Err(error) => RunEnding {
            error: Some(error.message.clone()),
            tables: 0,
            duration_ms,
            interrupted: error.kind == ErrorKind::Cancelled,
        },
    }
}

/// Why a run is not a success, in a line.
fn failure(response: &RunResponse) -> Option<String> {
    let fine = [RunStatus::Success.as_str(), SKIPPED_IDEMPOTENT, SKIPPED_IN_FLIGHT];
    if fine.contains(&response.status.as_str()) && response.state_error.is_none() {
        return None;
    }
    if response.interrupted {
        return Some("interrupted".to_owned());
    }
    let first = response.errors.first().map(|e| match e.model.as_str() {
        "" => e.error.clone(),
        model => format!("{model}: {}", e.error),
    });
    let more = match response.errors.len() {
        0 | 1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    let text = first.or_else(|| response.state_error.clone());
    Some(text.unwrap_or_else(|| response.status.clone()) + &more)
}

/// The hooks' part of the document.
fn finish(response: &mut RunResponse, summary: &HookSummary) {
    if summary.fired == 0 {
        return;
    }
    response.hooks = Some(WireHooks {
        fired: summary.fired,
        failed: summary.failed,
        failures: summary
            .failures
            .iter()
            .map(|report| WireHookFailure {
                event: report.event.key().to_owned(),
                kind: report.kind.as_str().to_owned(),
                hook: report.hook.clone(),
                subject: report.subject.clone(),
                on_failure: report.on_failure.as_str().to_owned(),
                message: report.failure.clone().unwrap_or_default(),
                duration_ms: report.duration_ms,
            })
            .collect(),
    });
    if let Some(why) = &summary.abort {
        less_than_success(response);
        if !response.errors.iter().any(|e| e.error == *why) {
            let kind = ErrorKind::Hook.as_str();
            response.errors.push(RunErrorEntry::of_run(kind, why.as_str()));
        }
    }
}
