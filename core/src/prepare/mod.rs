//! From a request to a plan with what executing it needs: one file per type of pipeline.
//!
//! Everything that reads the warehouse before anything is changed stands here, so that `plan` shows what `run` does.

pub(crate) mod beside;
pub(crate) mod load;
mod quality;
mod relation;
mod replication;
pub(crate) mod seed;
mod snapshot;
pub(crate) mod sources;
mod transformation;

use crate::adapters::Access;
use crate::document::diagnostics;
use crate::look::{Look, Unopened};
use crate::project::{Project, Target, pipeline};
use crate::reduce::Reduced;
use crate::verbs::run::RunRequest;
use crate::wire::{Filters, WireDiagnostic};
use rocky_base::{CancelToken, Diagnostic, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_config::{PipelineKind, ProjectConfig};
use rocky_plan::Plan;
use rocky_plan::replication::{Excluded, parse_filters};
use rocky_project::Snapshot;
use rocky_warehouse::{CatalogSnapshot, Warehouse};
use std::sync::Arc;

/// A plan with what it was made from.
pub(crate) struct Prepared {
    pub pipeline: SmolStr,
    /// The word in `type = …`.
    pub pipeline_type: &'static str,
    /// None when nothing is there yet and reading was asked for.
    pub warehouse: Option<Arc<dyn Warehouse>>,
    pub diagnostics: Vec<WireDiagnostic>,
    pub has_errors: bool,
    /// None when there are errors.
    pub plan: Option<Plan>,
    /// Tables that are left out.
    pub excluded: Vec<Excluded>,
    /// Plans once more.
    pub again: Again,
    /// The project as it was planned from, where there are models.
    pub snapshot: Option<Arc<Snapshot>>,
    /// `[run] skip_unchanged`.
    pub skip_unchanged: bool,
    /// What was left out of the plan, and why.
    pub reduced: Reduced,
    /// What was seen of the warehouse, where models are planned.
    pub look: Option<Look>,
}

impl Prepared {
    /// It was planned without a look at the warehouse.
    fn is_remembered(&self) -> bool {
        self.look.as_ref().is_some_and(Look::is_remembered)
    }
}

/// Makes the plan once more, against a newer catalogue.
pub(crate) type Again = Box<dyn Fn(&CatalogSnapshot) -> Result<Plan, Vec<Diagnostic>>>;

/// Which part of a pipeline is meant.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Part {
    /// What it does.
    Own,
    /// The project's models, beside what it does.
    Models,
}

/// Whether the warehouse may be left unopened when it is proved to be as it was seen.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Memory {
    Believed,
    Ignored,
}

/// What is asked of a pipeline.
pub(crate) struct Wanted<'a> {
    pub config: &'a ProjectConfig,
    pub pipeline: SmolStr,
    pub request: &'a RunRequest,
    pub access: Access,
    pub memory: Memory,
}

impl Project {
    /// Read what the pipeline's plan depends on, and plan.
    pub(crate) fn prepare(
        &self,
        request: &RunRequest,
        part: Part,
        access: Access,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Prepared> {
        crate::windows::check(request)?;
        crate::shadow::check(self, request)?;
        if request.concurrency == Some(0) {
            return Err(Error::usage("concurrency must be at least 1, not 0"));
        }
        // Pipelines without sources echo the filter; a mistake in it is one there too.
        let filters = request.filter.as_ref().map(Filters::texts).unwrap_or_default();
        parse_filters(filters).map_err(|problem| Error::usage(problem.message).hint(problem.hint))?;
        let config = match self.config_checked() {
            Ok(config) => config,
            // What is wrong in the configuration comes before anything that follows from it.
            Err(error) if error.kind == ErrorKind::Config => {
                let snapshot = match self.snapshot(&request.vars, None, observer, cancel) {
                    Ok(snapshot) => snapshot,
                    Err(_) => return Err(error),
                };
                return Ok(Prepared {
                    pipeline: SmolStr::default(),
                    pipeline_type: "transformation",
                    warehouse: None,
                    diagnostics: diagnostics(snapshot.diagnostics(), &snapshot.files),
                    has_errors: true,
                    plan: None,
                    excluded: Vec::new(),
                    again: Box::new(|_| Err(Vec::new())),
                    snapshot: None,
                    skip_unchanged: false,
                    reduced: Reduced::default(),
                    look: None,
                });
            }
            Err(error) => return Err(error),
        };
        let (name, chosen) = pipeline(&config, request.pipeline.as_deref())?;
        if part == Part::Own && !matches!(chosen.kind, PipelineKind::Transformation(_)) {
            no_models(request, name, chosen.type_name())?;
        }
        let mut wanted = Wanted {
            config: &config,
            pipeline: name.clone(),
            request,
            access,
            memory: Memory::Believed,
        };
        loop {
            let mut prepared = match &chosen.kind {
                _ if part == Part::Models => transformation::prepare(self, &wanted, observer, cancel)?,
                PipelineKind::Transformation(_) => transformation::prepare(self, &wanted, observer, cancel)?,
                PipelineKind::Replication(settings) => {
                    replication::prepare(self, &wanted, (chosen, settings), observer, cancel)?
                }
                PipelineKind::Quality(_) if request.shadow && request.shadow_inputs.is_empty() => {
                    let message = format!(
                        "pipeline `{name}` is of type quality: it writes nothing that could have a shadow"
                    );
                    return Err(Error::usage(message).hint(
                        "with `--dag --shadow` it checks the shadows of the pipelines that it depends on",
                    ));
                }
                PipelineKind::Quality(_) => quality::prepare(self, &wanted, observer, cancel)?,
                PipelineKind::Load(load) => load::prepare(self, &wanted, load, name, observer, cancel)?,
                PipelineKind::Snapshot(snapshot) => snapshot::prepare(self, &wanted, snapshot, cancel)?,
            };
            prepared.skip_unchanged = config.skip_unchanged;
            self.reduce(request, &mut prepared, cancel)?;
            if self.settled(&wanted, &mut prepared, cancel)? {
                return Ok(prepared);
            }
            // Only what was remembered can turn out not to hold.
            wanted.memory = Memory::Ignored;
        }
    }

    /// Open the database of an adapter, where there is one.
    pub(crate) fn open_adapter(
        &self,
        name: &SmolStr,
        access: Access,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<dyn Warehouse>>> {
        let config = self.config_checked()?;
        let Some(adapter) = config.adapters.get(name) else {
            return Ok(None);
        };
        let target = Target {
            name: name.clone(),
            adapter,
        };
        self.open_warehouse(&target, access, cancel)
    }

    /// Whether the plan stands. One that was made from memory does when nothing was lacking, and, where there is something to
    /// execute, when the warehouse proves to be as remembered once it is open.
    fn settled(&self, wanted: &Wanted<'_>, prepared: &mut Prepared, cancel: &CancelToken) -> Result<bool> {
        let Some(look) = &prepared.look else {
            return Ok(true);
        };
        if !prepared.is_remembered() {
            let prints = std::mem::take(&mut prepared.reduced.prints);
            self.remember_look(look, prepared.snapshot.as_deref(), prints);
            return Ok(true);
        }
        if prepared.reduced.unproved {
            return Ok(false);
        }
        let (Some(plan), Access::Write) = (&prepared.plan, wanted.access) else {
            return Ok(true);
        };
        if plan.tasks.is_empty() && plan.setup.is_empty() {
            prepared.warehouse = Some(Arc::new(Unopened(plan.dialect)));
            return Ok(true);
        }
        let Some(adapter) = wanted.config.adapters.get(look.adapter()) else {
            return Ok(false);
        };
        let target = Target {
            name: look.adapter().clone(),
            adapter,
        };
        prepared.warehouse = self.open_remembered(look, &target, wanted.access, cancel)?;
        Ok(prepared.warehouse.is_some())
    }
}

/// What chooses models, or windows of them, is refused where there are none.
fn no_models(request: &RunRequest, pipeline: &str, pipeline_type: &str) -> Result<()> {
    let (what, hint) = match () {
        () if !request.models.is_empty() || !request.exclude.is_empty() => (
            "models to choose from",
            match pipeline_type {
                "replication" => {
                    "choose tables with `--filter`, or a transformation pipeline with `--pipeline`"
                }
                "quality" => "name the tables under `tables` of the pipeline",
                _ => "choose a transformation pipeline with `--pipeline`",
            },
        ),
        () if crate::windows::asked(request) => (
            "models with partitions",
            "choose a transformation pipeline with `--pipeline`, or leave the partitions out",
        ),
        () => return Ok(()),
    };
    let message = format!("pipeline `{pipeline}` is of type {pipeline_type} and has no {what}");
    Err(Error::usage(message).hint(hint))
}
