//! `what_if`: what would follow from edits that are not saved, or from a source with other columns. Neither the disk nor the
//! warehouse is touched; any number of calls may run at once on one handle.

use crate::document::envelope;
use crate::project::Project;
use crate::verbs::diff::{
    DiffBreaking, DiffContract, DiffEdge, DiffModel, DiffSource, DiffSummary, difference,
};
use crate::verbs::plan::PlannedStatement;
use crate::wire::{RequestColumn, WireDiagnostic, says_everything};
use rocky_base::{CancelToken, Error, ErrorKind, Ident, Observer, Result, SmolStr};
use rocky_config::StrategyKind;
use rocky_plan::{Plan, PlanOptions, StepKind};
use rocky_project::diff::Definition;
use rocky_project::given::{GivenSource, relation_name};
use rocky_project::overlay::{Edits, Overlay, plain};
use rocky_project::{CatalogInput, Compiler, Inputs, Snapshot};
use rocky_warehouse::{CatalogSnapshot, Column, RelationName, Type};
use rustc_hash::{FxHashMap, FxHashSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A file as it would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = says_everything)]
pub struct WhatIfEdit {
    /// Path relative to the folder of `rocky.toml`.
    pub path: String,
    /// The whole new text; `null` when the file would be gone.
    pub text: Option<String>,
    /// The file would be gone: the same as a `text` of `null`, for languages that cannot write one.
    #[serde(default)]
    pub remove: bool,
}

/// What would be different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WhatIfRequest {
    /// Files.
    pub edits: Vec<WhatIfEdit>,
    /// All columns of sources, by their names (`schema.table`, or with the catalog before).
    pub source_schemas: BTreeMap<String, Vec<RequestColumn>>,
    /// Values for `@var`, on both sides.
    pub vars: BTreeMap<String, String>,
    /// Leave out the difference of the plans.
    pub without_plan: bool,
    /// Compare with what this handle compiled last with these variables, without looking whether files changed since: what
    /// an editor wants at each key. Without such a compile, as if it were false.
    pub from_last: bool,
}

/// How the plan of a model would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfPlan {
    /// The model; absent for the set-up that comes before all models.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// `added`, `removed`, `changed`.
    pub change: String,
    /// Its statements now.
    pub old: Vec<PlannedStatement>,
    /// Its statements then.
    pub new: Vec<PlannedStatement>,
}

/// A model of which the plan cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfUnplanned {
    /// The model.
    pub model: String,
    /// Why.
    pub reason: String,
}

/// How long it took, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfTimings {
    /// Compiling the project as it is.
    pub base_ms: f64,
    /// Compiling it with the edits.
    pub edited_ms: f64,
    /// Comparing the two.
    pub compare_ms: f64,
    /// Planning both.
    pub plan_ms: f64,
}

/// What would follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhatIfResponse {
    /// Engine version.
    pub version: String,
    /// `what_if`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// How many of each.
    pub summary: DiffSummary,
    /// Findings that would be new.
    pub diagnostics_new: Vec<WireDiagnostic>,
    /// Findings that would be gone.
    pub diagnostics_fixed: Vec<WireDiagnostic>,
    /// True when the edited project has an error, new or old.
    pub has_errors: bool,
    /// What others might not survive.
    pub breaking: Vec<DiffBreaking>,
    /// Models that would differ, in order of execution.
    pub models: Vec<DiffModel>,
    /// Sources whose columns would differ.
    pub sources: Vec<DiffSource>,
    /// Contracts of the models that would differ.
    pub contracts: Vec<DiffContract>,
    /// Column lineage that would be new.
    pub edges_added: Vec<DiffEdge>,
    /// Column lineage that would be gone.
    pub edges_removed: Vec<DiffEdge>,
    /// Models whose statements would change.
    pub plan: Vec<WhatIfPlan>,
    /// Models that would differ and of which no plan can be made.
    pub unplanned: Vec<WhatIfUnplanned>,
    /// Edited files that the project does not read.
    pub edits_without_effect: Vec<String>,
    /// How long it took.
    pub timings: WhatIfTimings,
}

/// Compilers of edited projects that nobody uses at the moment. Each remembers what it compiled last, so that the next edits
/// cost what they change.
#[derive(Default)]
pub(crate) struct Compilers(Mutex<Vec<(Arc<Overlay>, Compiler)>>);

/// Idle compilers that are kept.
const IDLE: usize = 4;

/// Columns of a source as they would be.
type Given = (RelationName, Arc<[Column]>);

/// Edits and source schemas in the engine's own terms.
#[derive(Default)]
struct Changes {
    files: Edits,
    sources: Vec<Given>,
    // The same as a whole compile takes them.
    given: Vec<GivenSource>,
}

impl Changes {
    /// As an edit of a snapshot takes them.
    fn in_place(&self, root: &Path) -> rocky_project::Edits {
        let files = self.files.iter().map(|(path, text)| {
            let text = text
                .as_ref()
                .map(|t| Arc::from(String::from_utf8_lossy(t).as_ref()));
            (rocky_project::discover::shown(&plain(root), path), text)
        });
        rocky_project::Edits {
            files: files.collect(),
            sources: self.sources.clone(),
        }
    }
}

impl Project {
    /// What would follow from edits or other source schemas.
    pub fn what_if(
        &self,
        request: &WhatIfRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<WhatIfResponse> {
        let files = self.checked_edits(&request.edits)?;
        let mut timings = WhatIfTimings::default();
        let mut clock = Instant::now();
        let mut lap = || {
            let ms = clock.elapsed().as_secs_f64() * 1e3;
            clock = Instant::now();
            ms
        };
        let last = request.from_last.then(|| self.last(&request.vars)).flatten();
        let (base, catalog) = match last {
            Some(last) => {
                let catalog = last.catalog().cloned();
                (last, catalog)
            }
            None => {
                let catalog = self.known_catalog();
                let base = self.snapshot(&request.vars, catalog.clone(), observer, cancel)?;
                (base, catalog)
            }
        };
        timings.base_ms = lap();
        let given = crate::wire::given(&request.source_schemas);
        let changes = Changes {
            files,
            sources: typed(&given, &base)?,
            given,
        };
        let edited =
            self.edited_snapshot(&base, &changes, &request.vars, catalog.clone(), observer, cancel)?;
        check_sources(&changes.sources, &edited)?;
        timings.edited_ms = lap();
        let difference = self
            .engine
            .inner
            .pool
            .install(|| difference(&base, &edited, cancel))?;
        timings.compare_ms = lap();
        let (mut plan, mut unplanned) = (Vec::new(), Vec::new());
        if !request.without_plan {
            let catalog = catalog.map(|c| c.snapshot);
            (plan, unplanned) = plans(&base, &edited, catalog.as_deref(), &difference.models);
        }
        timings.plan_ms = lap();
        let edits_without_effect = self.unread(&request.edits, [&base, &edited]);
        let (version, command, schema_version) = envelope!("what_if");
        Ok(WhatIfResponse {
            version,
            command,
            schema_version,
            summary: difference.summary,
            diagnostics_new: difference.diagnostics_new,
            diagnostics_fixed: difference.diagnostics_fixed,
            has_errors: edited.has_errors(),
            breaking: difference.breaking,
            models: difference.models,
            sources: difference.sources,
            contracts: difference.contracts,
            edges_added: difference.edges_added,
            edges_removed: difference.edges_removed,
            plan,
            unplanned,
            edits_without_effect,
            timings,
        })
    }

    /// The edited files that neither side reads.
    fn unread(&self, edits: &[WhatIfEdit], sides: [&Arc<Snapshot>; 2]) -> Vec<String> {
        let mut left: FxHashMap<SmolStr, &str> = edits
            .iter()
            .map(|edit| {
                let path = self.root.join(plain(Path::new(&edit.path)));
                (
                    rocky_project::discover::shown(&self.root, &path),
                    edit.path.as_str(),
                )
            })
            .collect();
        left.retain(|path, _| !sides.iter().any(|snapshot| snapshot.has_file(path)));
        let mut paths: Vec<String> = left.into_values().map(str::to_owned).collect();
        paths.sort();
        paths
    }

    /// The project with changes, compiled: what they bear on, when the graph of models stays as it is, else the whole of it.
    fn edited_snapshot(
        &self,
        base: &Arc<Snapshot>,
        changes: &Changes,
        vars: &BTreeMap<String, String>,
        catalog: Option<CatalogInput>,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<Arc<Snapshot>> {
        if changes.files.is_empty() && changes.sources.is_empty() {
            return Ok(base.clone());
        }
        if let Some(edited) = base.edited(&*self.host.system, &changes.in_place(&self.root), cancel)? {
            return Ok(edited);
        }
        let inputs = Inputs {
            vars: vars
                .iter()
                .map(|(k, v)| (SmolStr::new(k), SmolStr::new(v)))
                .collect(),
            catalog,
            given: changes.given.clone(),
            ..Inputs::default()
        };
        let idle = &self.what_if.0;
        let found = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (overlay, mut compiler) = found.unwrap_or_else(|| {
            let overlay = Arc::new(Overlay::over(self.host.system.clone(), Edits::new()));
            // Called by the observer of a compile of this handle, or beside one: what it remembers is not to be had.
            let compiler = match self.compiler.try_lock() {
                Ok(compiler) => compiler.beside(overlay.clone()),
                Err(_) => Compiler::new(overlay.clone(), self.uncached()),
            };
            (overlay, compiler)
        });
        overlay.set(changes.files.clone());
        let compiled = compiler.compile(&inputs, &self.engine.inner.pool, observer, cancel);
        let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push((overlay, compiler));
        }
        compiled
    }

    /// The edits by full path. Only files below the project's folder may be edited, each once.
    fn checked_edits(&self, edits: &[WhatIfEdit]) -> Result<Edits> {
        let mut files = Edits::new();
        for edit in edits {
            let relative = inside(&edit.path)?;
            let path = plain(&self.root.join(&relative));
            if self.host.system.list(&path).is_ok() {
                return Err(Error::usage(format!("`{}` is a folder", edit.path))
                    .hint("edit one file after the other"));
            }
            let text = edit.text.as_ref().filter(|_| !edit.remove);
            if edit.remove && edit.text.as_ref().is_some_and(|t| !t.is_empty()) {
                return Err(
                    Error::usage(format!("`{}` has a text and is to be removed", edit.path))
                        .hint("leave out `text` or `remove`"),
                );
            }
            if text.is_none() && !self.host.system.exists(&path) {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("`{}` cannot be removed: it does not exist", edit.path),
                )
                .hint("give the path relative to the folder of rocky.toml"));
            }
            let text = text.map(|t| Arc::from(t.as_bytes()));
            if files.insert(path, text).is_some() {
                return Err(Error::usage(format!("`{}` is edited twice", edit.path))
                    .hint("give the file's last text only"));
            }
        }
        Ok(files)
    }
}

/// The path, when it cannot leave the project's folder.
fn inside(path: &str) -> Result<PathBuf> {
    let bad = |why: &str| {
        Err(Error::usage(format!("path {path:?} of an edit {why}"))
            .hint("give a path below the folder of rocky.toml, relative to it"))
    };
    if path.is_empty() || path.contains('\0') {
        return bad("is empty or holds a NUL");
    }
    let plain: PathBuf = plain(Path::new(path));
    if plain.as_os_str().is_empty() {
        return bad("is the folder itself");
    }
    if plain.components().any(|c| !matches!(c, Component::Normal(_))) {
        return bad("leads out of the project");
    }
    Ok(plain)
}

/// Source schemas in the dialect's terms. A mistake in them is one of the request.
fn typed(given: &[GivenSource], base: &Snapshot) -> Result<Vec<Given>> {
    let dialect = base.dialect;
    let mut out: Vec<Given> = Vec::with_capacity(given.len());
    let mut seen = FxHashSet::default();
    for GivenSource { name, columns } in given {
        let Some(relation) = relation_name(dialect, name) else {
            return Err(Error::usage(format!("`{name}` is not the name of a source"))
                .hint("write `table`, `schema.table` or `catalog.schema.table`"));
        };
        if !seen.insert(base.names.full(&relation).key(dialect)) {
            return Err(Error::usage(format!(
                "the source `{name}` is given twice, under two spellings"
            )));
        }
        let mut keys = FxHashSet::default();
        let mut typed = Vec::with_capacity(columns.len());
        for column in columns {
            let Some(ty) = Type::parse(dialect, &column.r#type) else {
                return Err(Error::usage(format!(
                    "column `{}` of source `{name}` has the unknown type `{}`",
                    column.name, column.r#type
                ))
                .hint(format!("write the type as {dialect} spells it")));
            };
            let stored = Ident::from_config(dialect, &column.name).stored(dialect);
            if !keys.insert(base.fold_column(&stored)) {
                return Err(Error::usage(format!(
                    "column `{}` of source `{name}` is given twice",
                    column.name
                )));
            }
            typed.push(Column {
                name: stored,
                ty,
                nullable: column.nullable,
            });
        }
        out.push((relation, typed.into()));
    }
    Ok(out)
}

/// A source that nothing reads has been misspelled.
fn check_sources(sources: &[Given], edited: &Snapshot) -> Result<()> {
    let read: FxHashSet<_> = edited
        .sources
        .iter()
        .map(|s| s.name.key(edited.dialect))
        .collect();
    for (source, _) in sources {
        if read.contains(&edited.names.full(source).key(edited.dialect)) {
            continue;
        }
        let shown = source.display();
        let names: Vec<String> = edited.sources.iter().map(|s| s.name.display()).collect();
        let mut error = Error::usage(format!("no model reads a source `{shown}`"));
        if let Some(near) = rocky_base::suggest::nearest(&shown, names.iter().map(String::as_str)) {
            error = error.hint(format!("did you mean `{near}`?"));
        }
        return Err(error);
    }
    Ok(())
}

/// The models whose statements may differ: those that changed, those that print the name of one whose target changed, and
/// those into which one of them is written.
fn concerned(snapshot: &Snapshot, models: &[DiffModel]) -> Vec<u32> {
    let mut ids: FxHashSet<u32> = FxHashSet::default();
    let mut work: Vec<u32> = Vec::new();
    let add = |id: u32, ids: &mut FxHashSet<u32>, work: &mut Vec<u32>| {
        if ids.insert(id) {
            work.push(id);
        }
    };
    for model in models {
        let Some((id, _)) = snapshot.model(&model.name) else {
            continue;
        };
        add(id, &mut ids, &mut work);
        let moved = [Definition::Target, Definition::Strategy]
            .iter()
            .any(|d| model.definition.iter().any(|m| m == d.as_str()));
        if moved {
            for consumer in snapshot.consumers.get(id as usize).into_iter().flatten() {
                add(*consumer, &mut ids, &mut work);
            }
        }
    }
    while let Some(id) = work.pop() {
        let inlined = snapshot
            .models
            .get(id as usize)
            .is_some_and(|m| matches!(m.strategy.kind, StrategyKind::Ephemeral));
        if inlined {
            for consumer in snapshot.consumers.get(id as usize).into_iter().flatten() {
                add(*consumer, &mut ids, &mut work);
            }
        }
    }
    let mut ids: Vec<u32> = ids.into_iter().collect();
    ids.sort_unstable();
    ids
}

#[derive(Default)]
struct Planned {
    setup: Vec<PlannedStatement>,
    models: FxHashMap<String, Vec<PlannedStatement>>,
    order: Vec<String>,
    unplanned: Vec<WhatIfUnplanned>,
}

fn statement(step: &rocky_plan::Step, model: Option<&str>) -> PlannedStatement {
    PlannedStatement {
        purpose: step.purpose.to_string(),
        target: step.target.clone(),
        sql: step.sql.clone(),
        model: model.map(str::to_owned),
        kind: match step.kind {
            StepKind::Statement { .. } | StepKind::Removal => "statement",
            StepKind::Guard { .. } => "guard",
            StepKind::Observe { .. } | StepKind::CountPartitions => "observe",
            StepKind::Refuse { .. } => "refuse",
            StepKind::Check => "check",
        }
        .to_owned(),
    }
}

/// Plan models; those that cannot be planned are taken out.
fn planned(snapshot: &Snapshot, catalog: &CatalogSnapshot, mut ids: Vec<u32>) -> Planned {
    let mut out = Planned::default();
    let name = |id: &u32| {
        snapshot
            .models
            .get(*id as usize)
            .map(|m| m.name.to_string())
            .unwrap_or_default()
    };
    let plan: Plan = loop {
        if ids.is_empty() {
            return out;
        }
        let options = PlanOptions {
            select: Some(ids.clone()),
            ..PlanOptions::default()
        };
        let found = match rocky_plan::plan(snapshot, catalog, &options) {
            Ok(plan) => break plan,
            Err(found) => found,
        };
        let reason = |d: &rocky_base::Diagnostic| format!("{}: {}", d.code.id(), d.message);
        let mut broken: FxHashMap<u32, String> = FxHashMap::default();
        let mut work: Vec<u32> = Vec::new();
        for d in &found {
            if let Some(id) = d.model.as_ref().and_then(|m| snapshot.names.model(m))
                && !broken.contains_key(&id)
            {
                broken.insert(id, reason(d));
                work.push(id);
            }
        }
        // An error in a model that is written into others is theirs.
        while let Some(id) = work.pop() {
            let inlined = snapshot
                .models
                .get(id as usize)
                .is_some_and(|m| matches!(m.strategy.kind, StrategyKind::Ephemeral));
            if !inlined {
                continue;
            }
            let why = broken.get(&id).cloned().unwrap_or_default();
            for consumer in snapshot.consumers.get(id as usize).into_iter().flatten() {
                if !broken.contains_key(consumer) {
                    broken.insert(*consumer, why.clone());
                    work.push(*consumer);
                }
            }
        }
        let before = ids.len();
        let mut out_of_it: Vec<u32> = ids.iter().copied().filter(|id| broken.contains_key(id)).collect();
        if out_of_it.is_empty() {
            out_of_it.clone_from(&ids);
        }
        let first = found.first().map(reason).unwrap_or_default();
        for id in &out_of_it {
            out.unplanned.push(WhatIfUnplanned {
                model: name(id),
                reason: broken.get(id).cloned().unwrap_or_else(|| first.clone()),
            });
        }
        ids.retain(|id| !out_of_it.contains(id));
        if ids.len() == before {
            return out;
        }
    };
    out.setup = plan.setup.iter().map(|s| statement(s, None)).collect();
    for task in &plan.tasks {
        let steps = task
            .steps
            .iter()
            .map(|s| statement(s, Some(&task.name)))
            .collect();
        out.order.push(task.name.to_string());
        out.models.insert(task.name.to_string(), steps);
    }
    out
}

/// How the statements differ.
fn plans(
    base: &Snapshot,
    edited: &Snapshot,
    catalog: Option<&CatalogSnapshot>,
    models: &[DiffModel],
) -> (Vec<WhatIfPlan>, Vec<WhatIfUnplanned>) {
    let empty;
    let catalog = match catalog {
        Some(catalog) => catalog,
        None => {
            empty = CatalogSnapshot {
                dialect: base.dialect,
                ..CatalogSnapshot::default()
            };
            &empty
        }
    };
    let names: FxHashSet<SmolStr> = [base, edited]
        .into_iter()
        .flat_map(|s| {
            concerned(s, models)
                .into_iter()
                .filter_map(|id| s.models.get(id as usize))
        })
        .map(|m| m.name.clone())
        .collect();
    let ids = |snapshot: &Snapshot| -> Vec<u32> {
        let mut ids: Vec<u32> = names.iter().filter_map(|n| snapshot.names.model(n)).collect();
        ids.sort_unstable();
        ids
    };
    let before = planned(base, catalog, ids(base));
    let mut after = planned(edited, catalog, ids(edited));
    let mut out = Vec::new();
    if before.setup != after.setup {
        let only = |a: &[PlannedStatement], b: &[PlannedStatement]| {
            a.iter().filter(|s| !b.contains(s)).cloned().collect()
        };
        out.push(WhatIfPlan {
            model: None,
            change: "changed".to_owned(),
            old: only(&before.setup, &after.setup),
            new: only(&after.setup, &before.setup),
        });
    }
    let unplanned: FxHashSet<&str> = before
        .unplanned
        .iter()
        .chain(&after.unplanned)
        .map(|u| u.model.as_str())
        .collect();
    let all = after
        .order
        .iter()
        .chain(before.order.iter().filter(|n| !after.models.contains_key(*n)));
    for name in all.filter(|n| !unplanned.contains(n.as_str())) {
        let (old, new) = (before.models.get(name), after.models.get(name));
        if old == new {
            continue;
        }
        out.push(WhatIfPlan {
            model: Some(name.clone()),
            change: match (old, new) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            }
            .to_owned(),
            old: old.cloned().unwrap_or_default(),
            new: new.cloned().unwrap_or_default(),
        });
    }
    // What cannot be planned as it is, and can be with the edits, is no news of the edits.
    let mut list = std::mem::take(&mut after.unplanned);
    list.sort_by(|a, b| a.model.cmp(&b.model));
    (out, list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_project() {
        for bad in ["", "/etc/passwd", "../x.sql", "models/../../x", ".", "a\0b"] {
            assert!(inside(bad).is_err(), "{bad:?}");
        }
        assert_eq!(inside("./models/./a.sql").unwrap(), PathBuf::from("models/a.sql"));
    }
}
