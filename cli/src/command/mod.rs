//! One file per command: call the verb, render the answer, choose the exit code.

mod ci;
mod compare;
mod compile;
mod diff;
mod discover;
mod explain;
mod history;
mod hooks;
mod lineage;
mod load;
mod metrics;
mod plan;
mod run;
mod scaffold;
mod seed;
mod snapshot;
mod state;
mod test;
mod validate;
mod what_if;

use crate::args::{Args, Command, HooksAction, Refresh, RunArgs, Sources};
use crate::output::{self, Output};
use clap::CommandFactory;
use rocky_core::verbs::compile::RefreshSources;
use rocky_core::verbs::history::HistoryRequest;
use rocky_core::verbs::load::LoadRequest;
use rocky_core::verbs::metrics::MetricsRequest;
use rocky_core::verbs::run::RunRequest;
use rocky_core::verbs::seed::SeedRequest;
use rocky_core::verbs::snapshot::SnapshotRequest;
use rocky_core::verbs::test::TestRequest;
use rocky_core::{CancelToken, Error, Host, OpenRequest, Project, Result};
use std::collections::BTreeMap;

/// What every command gets.
pub struct Context<'a> {
    args: &'a Args,
    out: &'a Output,
    cancel: &'a CancelToken,
}

impl Context<'_> {
    fn open(&self, sources: &Sources) -> Result<Project> {
        Project::open(&engine()?, &self.request(sources), Host::default())
    }

    /// As [`Context::open`], for a command that runs something: who started it hears when there is no project.
    fn open_to_run(&self, sources: &Sources) -> Result<Project> {
        let mut progress = crate::progress::Progress::coloured(self.out.colour_err);
        Project::open_to_run(&engine()?, &self.request(sources), Host::default(), &mut progress)
    }

    fn request(&self, sources: &Sources) -> OpenRequest {
        OpenRequest {
            config: Some(self.args.config.clone()),
            state_path: self.args.state_path.clone(),
            models: sources.models.as_deref().map(from_here),
            contracts: sources.contracts.as_deref().map(from_here),
            cache_dir: match self.args.no_cache {
                true => Some(String::new()),
                false => self.args.cache_dir.clone(),
            },
            threads: None,
        }
    }
}

fn engine() -> Result<rocky_core::Engine> {
    rocky_core::Engine::new(&rocky_core::EngineOptions::default())
}

/// A path on the command line counts from the working directory; one that is not there is left to the core, which counts
/// from the folder of `rocky.toml`.
fn from_here(path: &str) -> String {
    here(path, |p| p.exists())
}

/// As [`from_here`], for folders only: a file of that name is not meant.
fn folder_from_here(path: &str) -> String {
    here(path, |p| p.is_dir())
}

/// As [`from_here`], for a folder, or a pattern for the names in one.
fn pattern_from_here(path: &str) -> String {
    here(path, |p| match p.file_name().and_then(|n| n.to_str()) {
        Some(name) if name.contains(['*', '?']) => p.parent().is_some_and(std::path::Path::is_dir),
        _ => p.is_dir(),
    })
}

/// How a command ended that has a run of its own.
fn command_exit_code(run: &rocky_core::verbs::command::CommandRun, failed: u64) -> u8 {
    match run {
        run if run.interrupted => output::INTERRUPTED,
        run if failed == 0 && run.succeeded() => output::OK,
        _ => output::FAILED,
    }
}

/// What remains to be said of a command's run: checks, and what has no place of its own.
fn command_notes(text: &mut String, run: &rocky_core::verbs::command::CommandRun, colour: bool) {
    use std::fmt::Write;
    let marks = crate::render::Marks::new(colour);
    run::told(
        text,
        (
            run.check_results.as_slice(),
            run.anomalies.as_slice(),
            run.quarantine.as_slice(),
        ),
        &marks,
        0,
    );
    if let Some(error) = &run.state_error {
        let _ = writeln!(text, "the state store lacks part of this run: {error}");
    }
    for failure in run.hooks.iter().flat_map(|h| &h.failures) {
        let _ = writeln!(
            text,
            "{} {} hook `{}` failed: {}",
            marks.skipped, failure.event, failure.hook, failure.message
        );
    }
}

fn here(path: &str, there: impl Fn(&std::path::Path) -> bool) -> String {
    match std::path::absolute(path) {
        Ok(absolute) if there(&absolute) => absolute.display().to_string(),
        _ => path.to_owned(),
    }
}

/// The process ends after this: taking a large project apart piece by piece would be for nothing.
fn leave(project: Project) {
    project.finish();
    std::mem::forget(project);
}

fn vars(sources: &Sources) -> Result<BTreeMap<String, String>> {
    let mut vars = BTreeMap::new();
    for pair in &sources.vars {
        match pair.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                vars.insert(key.to_owned(), value.to_owned());
            }
            _ => {
                return Err(
                    Error::usage(format!("`--var {pair}` has no value")).hint("write `--var name=value`")
                );
            }
        }
    }
    Ok(vars)
}

fn refresh(refresh: Refresh) -> RefreshSources {
    match refresh {
        Refresh::Never => RefreshSources::Never,
        Refresh::Missing => RefreshSources::Missing,
        Refresh::Always => RefreshSources::Always,
    }
}

/// Execute the command line and give the exit code.
pub fn run(args: Args, cancel: &CancelToken) -> u8 {
    let out = Output::new(&args);
    let context = Context {
        args: &args,
        out: &out,
        cancel,
    };
    let (name, result) = match &args.command {
        Command::Init { path, template } => ("init", scaffold::init(&context, path, template)),
        Command::Playground { path, template } => {
            ("playground", scaffold::playground(&context, path, template))
        }
        Command::Compile {
            model,
            expand_macros,
            refresh_sources,
            target_dialect,
            deny_warnings,
            min_coverage,
            locked,
            sources,
        } => (
            "compile",
            compile::run(
                &context,
                &compile::Options {
                    model: model.as_deref(),
                    expand_macros: *expand_macros,
                    refresh_sources: *refresh_sources,
                    target_dialect: *target_dialect,
                    deny_warnings: *deny_warnings,
                    min_coverage: *min_coverage,
                    locked: *locked,
                },
                sources,
            ),
        ),
        Command::Plan(run) => ("plan", plan::run(&context, run)),
        Command::Apply { plan_id } => ("apply", run::apply(&context, plan_id)),
        Command::Run(run) => ("run", run::run(&context, run)),
        Command::Load {
            source_dir,
            format,
            target,
            truncate,
            force,
            pipeline,
        } => {
            let request = LoadRequest {
                source_dir: source_dir.as_deref().map(pattern_from_here),
                format: format.map(|f| load::format(f).to_owned()),
                target: target.clone(),
                truncate: *truncate,
                force: *force,
                pipeline: pipeline.clone(),
            };
            ("load", load::run(&context, &request))
        }
        Command::Snapshot { pipeline, dry_run } => {
            let request = SnapshotRequest {
                pipeline: pipeline.clone(),
                dry_run: *dry_run,
            };
            ("snapshot", snapshot::run(&context, &request))
        }
        Command::Seed {
            seeds,
            filter,
            pipeline,
        } => {
            let request = SeedRequest {
                seeds: seeds.as_deref().map(folder_from_here),
                filter: filter.clone(),
                pipeline: pipeline.clone(),
            };
            ("seed", seed::run(&context, &request))
        }
        Command::Compare(args) => ("compare", compare::run(&context, args)),
        Command::Lineage(args) => ("lineage", lineage::run(&context, args)),
        Command::Diff(args) => ("diff", diff::run(&context, args)),
        Command::WhatIf(args) => ("what_if", what_if::run(&context, args)),
        Command::Validate => ("validate", validate::run(&context)),
        Command::Discover {
            pipeline,
            filter,
            write_lock,
            check,
        } => (
            "discover",
            discover::run(&context, pipeline.as_deref(), filter, *write_lock, *check),
        ),
        Command::State(args) => (state::name(args), state::run(&context, args)),
        Command::History {
            model,
            since,
            limit,
            graph,
            html,
            force,
        } => {
            let request = HistoryRequest {
                model: model.clone(),
                since: since.clone(),
                limit: *limit,
                graph: *graph,
            };
            let html = html.as_ref().map(Option::as_deref);
            let over = crate::page::Over::forced(*force);
            ("history", history::run(&context, &request, html, over))
        }
        Command::Metrics {
            model,
            trend,
            column,
            alerts,
        } => {
            let request = MetricsRequest {
                model: model.clone(),
                trend: *trend,
                column: column.clone(),
                alerts: *alerts,
            };
            ("metrics", metrics::run(&context, &request))
        }
        Command::Hooks { action } => match action {
            HooksAction::List => ("hooks_list", hooks::run(&context, None)),
            HooksAction::Test { event } => ("hooks_test", hooks::run(&context, Some(event))),
        },
        Command::Test {
            model,
            declarative,
            pipeline,
            tests,
            sources,
        } => {
            let request = TestRequest {
                model: model.clone(),
                declarative: *declarative,
                pipeline: pipeline.clone(),
                tests: tests.clone(),
                ..TestRequest::default()
            };
            ("test", test::run(&context, request, sources))
        }
        Command::Ci { sources } => ("ci", ci::run(&context, sources)),
        Command::Explain { codes } => ("explain", explain::run(&context, codes)),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "rocky", &mut script);
            output::print(&String::from_utf8_lossy(&script));
            ("completions", Ok(output::OK))
        }
    };
    match result {
        Ok(code) => code,
        Err(error) => out.error(name, &error),
    }
}

/// The part of a request that `plan` and `run` share.
fn run_request(args: &RunArgs) -> Result<RunRequest> {
    Ok(RunRequest {
        pipeline: args.pipeline.clone(),
        models: args.only.clone(),
        exclude: args.exclude.clone(),
        filter: filters(&args.filter),
        dag: args.dag,
        all: args.all,
        full_refresh: args.full_refresh,
        concurrency: args.concurrency,
        partition: args.windows.partition.clone(),
        from: args.windows.from.clone(),
        to: args.windows.to.clone(),
        latest: args.windows.latest,
        missing: args.windows.missing,
        lookback: args.windows.lookback,
        parallel: args.windows.parallel,
        vars: vars(&args.sources)?,
        resume: args.resume.clone(),
        resume_latest: args.resume_latest,
        skip_unchanged: args.skip_unchanged,
        force_rebuild: args.force_rebuild,
        idempotency_key: args.idempotency_key.clone(),
        shadow: args.shadow,
        shadow_suffix: args.shadow_suffix.clone(),
        shadow_schema: args.shadow_schema.clone(),
        planned: false,
        joint: None,
        shadow_inputs: Vec::new(),
    })
}

/// One filter as a text, as the 1.x clients give it.
fn filters(given: &[String]) -> Option<rocky_core::wire::Filters> {
    use rocky_core::wire::Filters;
    match given {
        [] => None,
        [one] => Some(Filters::One(one.clone())),
        many => Some(Filters::Many(many.to_vec())),
    }
}

/// Diagnostics over their sources.
fn diagnostics_text(
    diagnostics: &[rocky_core::wire::WireDiagnostic],
    root: &std::path::Path,
    colour: bool,
) -> String {
    compile::render_all(diagnostics, root, colour)
}

/// `2 errors, 1 warning`.
fn summary(diagnostics: &[rocky_core::wire::WireDiagnostic]) -> String {
    let of = |severity: &str| diagnostics.iter().filter(|d| d.severity == severity).count() as u64;
    let (errors, warnings) = (of("Error"), of("Warning"));
    let count = crate::render::count;
    match (errors, warnings) {
        (0, 0) => "no problems".to_owned(),
        (0, w) => count(w, "warning"),
        (e, 0) => format!("{}; `rocky explain CODE` tells more", count(e, "error")),
        (e, w) => format!(
            "{}, {}; `rocky explain CODE` tells more",
            count(e, "error"),
            count(w, "warning")
        ),
    }
}
