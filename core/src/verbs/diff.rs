//! `diff`: this project against another state of it, column by column, with everyone affected.

use crate::document::{diagnostics, envelope};
use crate::project::Project;
use crate::verbs::compile::{RefreshSources, type_text};
use crate::verbs::lineage::{ColumnRef, transform_text};
use crate::wire::WireDiagnostic;
use rayon::prelude::*;
use rocky_base::{CancelToken, Diagnostic, Dialect, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_config::StrategyKind;
use rocky_project::diff::{
    ColumnClass, ColumnDiff, EdgeChange, ModelChange, ModelDiff, Paths, ProjectDiff, Reason, compare,
};
use rocky_project::later::Later;
use rocky_project::overlay::Overlay;
use rocky_project::{Compiler, Inputs, Model, Snapshot};
use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to compare with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DiffRequest {
    /// The state before: a folder with another state of the project (relative to the folder of `rocky.toml`), else a git revision.
    pub against: String,
    /// Values for `@var`, on both sides.
    pub vars: BTreeMap<String, String>,
    /// When to ask the warehouse for source schemas; both sides see the same answer.
    pub refresh_sources: RefreshSources,
    /// Also give the difference as Markdown, for a comment on a pull request.
    pub markdown: bool,
}

/// Why something is not proved to be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffReason {
    /// `expression`, `clauses`, `strategy`, `column`, `influence`, `rows` (of a relation that is read), `model_rows` (of its own
    /// model, which says why), `unproved`.
    pub kind: String,
    /// In words.
    pub text: String,
    /// The model or source behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// The column behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// A column compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffColumn {
    /// Its name.
    pub name: SmolStr,
    /// `identical`, `added`, `removed`, `widened`, `narrowed`, `retyped`, `nullability`, `values_may_differ`: the first that holds
    /// of added, removed, the three of types, nullability, values.
    pub class: SmolStr,
    /// Type before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_type: Option<SmolStr>,
    /// Type now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_type: Option<SmolStr>,
    /// Could hold NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_nullable: Option<bool>,
    /// May hold NULL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_nullable: Option<bool>,
    /// Its values are not proved to be the same.
    pub values_may_differ: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "none")]
    pub because: Arc<[DiffReason]>,
    /// From here to where the difference begins, nearest first; a column is empty where the rows of a relation are the reason.
    #[serde(default, skip_serializing_if = "none")]
    pub path: Arc<[ColumnRef]>,
    /// The same program, but two executions of it differ: by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub volatile: Option<SmolStr>,
}

fn none<T>(list: &Arc<[T]>) -> bool {
    list.is_empty()
}

/// A model compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffModel {
    /// Its name.
    pub name: String,
    /// `added`, `removed`, `changed` (its own text or settings), `affected` (by what it reads).
    pub change: String,
    /// Its file, relative to the folder of `rocky.toml`.
    pub file: String,
    /// What changed of its definition: `query`, `strategy`, `target`, `references`, `contract`.
    pub definition: Vec<String>,
    /// Nothing that its readers could see differs: proved.
    pub identical: bool,
    /// The set of rows is not proved to be the same.
    pub rows_may_differ: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows_because: Vec<DiffReason>,
    /// The order of the rows may differ.
    pub order_may_differ: bool,
    /// Not all of its columns are known, and those that are not may differ.
    pub unlisted_columns_may_differ: bool,
    /// All its columns.
    pub columns: Vec<DiffColumn>,
}

/// A source whose known columns differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffSource {
    /// Its full name.
    pub name: String,
    /// The columns that differ.
    pub columns: Vec<DiffColumn>,
}

/// An edge of column lineage that one side has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffEdge {
    /// Where the value comes from.
    pub source: ColumnRef,
    /// What is computed from it.
    pub target: ColumnRef,
    /// `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`.
    pub transform: String,
}

/// A change that somebody who relies on the project may not survive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffBreaking {
    /// `model_removed`, `removed`, `narrowed`, `retyped`, `became_nullable`, `error`.
    pub kind: String,
    /// The model; empty for an error that belongs to none.
    pub model: String,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// In words.
    pub text: String,
    /// Models that read it on the old side, directly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<String>,
}

/// The contract of a model that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffContract {
    /// The model.
    pub model: String,
    /// The contract's file.
    pub file: String,
    /// It is broken now, and was not before.
    pub breaks: bool,
    /// What it finds now and did not find before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
}

/// How many of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DiffSummary {
    /// New models.
    pub models_added: u64,
    /// Models that are gone.
    pub models_removed: u64,
    /// Models whose own text or settings changed.
    pub models_changed: u64,
    /// Models that differ through what they read.
    pub models_affected: u64,
    /// Models that do not differ, those with edits of no effect included.
    pub models_identical: u64,
    /// Columns of models that are on both sides and were compared, by class, and the columns of new models and of those that are gone.
    pub columns: BTreeMap<String, u64>,
    /// Breaking changes.
    pub breaking: u64,
    /// New errors.
    pub new_errors: u64,
    /// Errors that are gone.
    pub fixed_errors: u64,
}

/// A difference as documents carry it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Difference {
    pub summary: DiffSummary,
    pub breaking: Vec<DiffBreaking>,
    pub models: Vec<DiffModel>,
    pub sources: Vec<DiffSource>,
    pub contracts: Vec<DiffContract>,
    pub edges_added: Vec<DiffEdge>,
    pub edges_removed: Vec<DiffEdge>,
    pub diagnostics_new: Vec<WireDiagnostic>,
    pub diagnostics_fixed: Vec<WireDiagnostic>,
}

/// Two states of a project compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DiffResponse {
    /// Engine version.
    pub version: String,
    /// `diff`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// As given.
    pub against: String,
    /// The commit that a revision was resolved to; absent for a folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// How many of each.
    pub summary: DiffSummary,
    /// What others may not survive, worst first.
    pub breaking: Vec<DiffBreaking>,
    /// Models that differ, in order of execution; those that are gone come last.
    pub models: Vec<DiffModel>,
    /// Sources whose declared columns differ.
    pub sources: Vec<DiffSource>,
    /// Contracts of the models that differ.
    pub contracts: Vec<DiffContract>,
    /// Column lineage that is new.
    pub edges_added: Vec<DiffEdge>,
    /// Column lineage that is gone.
    pub edges_removed: Vec<DiffEdge>,
    /// Findings that the old state did not have.
    pub diagnostics_new: Vec<WireDiagnostic>,
    /// Findings that are gone.
    pub diagnostics_fixed: Vec<WireDiagnostic>,
    /// True when a finding of this state, new or old, is an error.
    pub has_errors: bool,
    /// The difference as Markdown, when it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub markdown: Option<String>,
}

impl Project {
    /// Compare this project with another state of it: a folder, or a git revision. Reads no warehouse but as `refresh_sources` says.
    pub fn diff(
        &self,
        request: &DiffRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<DiffResponse> {
        if request.against.is_empty() {
            return Err(Error::usage("`against` is missing")
                .hint("name a git revision such as `main`, or the folder of another state of the project"));
        }
        let (new, _) = self.refreshed(&request.vars, request.refresh_sources, observer, cancel)?;
        let (other, commit) = self.other(&request.against, &request.vars, observer, cancel)?;
        let pool = &self.engine.inner.pool;
        // Dropped after `old`, so that nobody waits until the other state is taken apart.
        let _held = Later::new(Some(other.clone()), pool);
        let old = other;
        let difference = pool.install(|| difference(&old, &new, cancel))?;
        let (version, command, schema_version) = envelope!("diff");
        let mut response = DiffResponse {
            version,
            command,
            schema_version,
            against: request.against.clone(),
            commit,
            summary: difference.summary,
            breaking: difference.breaking,
            models: difference.models,
            sources: difference.sources,
            contracts: difference.contracts,
            edges_added: difference.edges_added,
            edges_removed: difference.edges_removed,
            diagnostics_new: difference.diagnostics_new,
            diagnostics_fixed: difference.diagnostics_fixed,
            has_errors: new.has_errors(),
            markdown: None,
        };
        if request.markdown {
            response.markdown = Some(super::diff_markdown::markdown(&response));
        }
        Ok(response)
    }

    /// Another state of this project compiled: a folder, or a git revision with the commit that it is.
    pub(crate) fn other(
        &self,
        against: &str,
        vars: &BTreeMap<String, String>,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<(Arc<Snapshot>, Option<String>)> {
        let inputs = Inputs {
            vars: crate::project::variables(vars),
            catalog: self.known_catalog(),
            ..Inputs::default()
        };
        let folder = self.root.join(against);
        let mut options = self.options.clone();
        // What is remembered of this state is not overwritten with the other.
        options.cache = None;
        let mut commit = None;
        let system: Arc<dyn rocky_base::System> = if self.host.system.list(&folder).is_ok() {
            let name = self.config_path().file_name().unwrap_or_default();
            options.config = folder.join(name);
            if !self.host.system.exists(&options.config) && options.models.is_none() {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("{}: no such file", options.config.display()),
                )
                .hint("name the folder of another state of this project"));
            }
            for dir in [&mut options.models, &mut options.contracts]
                .into_iter()
                .flatten()
            {
                *dir = moved(dir, &self.folder(), &folder)?;
            }
            self.host.system.clone()
        } else {
            let tree = crate::git::tree(&self.root, against, cancel)?;
            let config = rocky_project::overlay::plain(self.config_path());
            if !tree.files.contains_key(&config) && options.models.is_none() {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("`{}` has no {}", against, config.display()),
                )
                .hint("name a revision that has the project"));
            }
            commit = Some(tree.commit);
            Arc::new(Overlay::alone(self.host.system.clone(), tree.files))
        };
        let pool = &self.engine.inner.pool;
        let mut compiler = Compiler::new(system, options);
        let other = compiler.compile(&inputs, pool, observer, cancel);
        // What it remembers is of no use any more.
        pool.spawn(move || drop(compiler));
        Ok((other?, commit))
    }
}

/// A folder of this project in the other.
fn moved(dir: &Path, root: &Path, folder: &Path) -> Result<PathBuf> {
    if dir.is_relative() {
        return Ok(dir.to_path_buf());
    }
    match dir.strip_prefix(root) {
        Ok(inside) => Ok(folder.join(inside)),
        Err(_) => Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "{} lies outside of the project, so that the other state has none",
                dir.display()
            ),
        )),
    }
}

/// Compare two snapshots and say what it means for others.
pub(crate) fn difference(old: &Snapshot, new: &Snapshot, cancel: &CancelToken) -> Result<Difference> {
    let diff = compare(old, new, cancel)?;
    let (added, fixed) = findings(old, new);
    let mut out = Difference {
        breaking: breaking(old, new, &diff, &added),
        contracts: contracts(new, &diff, &added),
        models: models(old, new, &diff),
        sources: diff
            .sources
            .iter()
            .map(|s| DiffSource {
                name: s.name.to_string(),
                columns: s.columns.iter().map(|c| column(c, new.dialect)).collect(),
            })
            .collect(),
        edges_added: diff.edges_added.iter().map(edge).collect(),
        edges_removed: diff.edges_removed.iter().map(edge).collect(),
        diagnostics_new: diagnostics(&added, &new.files),
        diagnostics_fixed: diagnostics(&fixed, &old.files),
        summary: DiffSummary::default(),
    };
    let errors = |list: &[Diagnostic]| list.iter().filter(|d| d.is_error()).count() as u64;
    let mut summary = DiffSummary {
        models_identical: diff.untouched as u64,
        breaking: out.breaking.len() as u64,
        new_errors: errors(&added),
        fixed_errors: errors(&fixed),
        ..DiffSummary::default()
    };
    for model in &diff.models {
        *match model.change {
            ModelChange::Added => &mut summary.models_added,
            ModelChange::Removed => &mut summary.models_removed,
            _ if model.identical => &mut summary.models_identical,
            ModelChange::Changed => &mut summary.models_changed,
            ModelChange::Affected => &mut summary.models_affected,
        } += 1;
        for column in &model.columns {
            *summary
                .columns
                .entry(column.class.as_str().to_owned())
                .or_default() += 1;
        }
    }
    out.summary = summary;
    Ok(out)
}

fn reason(reason: &Reason) -> DiffReason {
    let place = reason.place();
    DiffReason {
        kind: reason.kind().to_owned(),
        text: reason.to_string(),
        relation: place.as_ref().map(|(relation, _)| relation.to_string()),
        column: place.and_then(|(_, column)| column).map(|c| c.to_string()),
    }
}

fn column(column: &ColumnDiff, dialect: Dialect) -> DiffColumn {
    DiffColumn {
        because: column.reasons.iter().map(reason).collect(),
        ..plain_column(column, dialect)
    }
}

/// A column without reasons.
fn plain_column(column: &ColumnDiff, dialect: Dialect) -> DiffColumn {
    let ty =
        |state: &Option<rocky_project::diff::ColumnState>| state.as_ref().map(|s| type_text(&s.ty, dialect));
    DiffColumn {
        name: column.name.clone(),
        class: SmolStr::new_static(column.class.as_str()),
        old_type: ty(&column.old),
        new_type: ty(&column.new),
        old_nullable: column.old.as_ref().map(|s| s.nullable),
        new_nullable: column.new.as_ref().map(|s| s.nullable),
        values_may_differ: column.values_may_differ,
        because: Arc::default(),
        path: Arc::default(),
        volatile: column.volatile.clone(),
    }
}

fn models(old: &Snapshot, new: &Snapshot, diff: &ProjectDiff) -> Vec<DiffModel> {
    let paths = Paths::new(diff, new.dialect);
    let path = |model: &ModelDiff, column: &ColumnDiff| -> Arc<[ColumnRef]> {
        let steps = paths.way(&model.name, &column.reasons).into_iter();
        steps
            .map(|(model, column)| ColumnRef {
                model: model.to_string(),
                column: column.to_string(),
            })
            .collect()
    };
    let with_rows: Arc<[DiffReason]> = Arc::from([reason(&Reason::ModelRows)]);
    let columns = |model: &ModelDiff| -> Vec<DiffColumn> {
        // The columns that differ with the rows of their model have one way back.
        let mut way: Option<Arc<[ColumnRef]>> = None;
        let mut one = |c: &ColumnDiff| match c.reasons.as_slice() {
            [] => plain_column(c, new.dialect),
            [Reason::ModelRows] => DiffColumn {
                because: with_rows.clone(),
                path: way.get_or_insert_with(|| path(model, c)).clone(),
                ..plain_column(c, new.dialect)
            },
            _ => DiffColumn {
                path: path(model, c),
                ..column(c, new.dialect)
            },
        };
        model.columns.iter().map(&mut one).collect()
    };
    diff.models
        .par_iter()
        .with_min_len(32)
        .map(|model| DiffModel {
            name: model.name.to_string(),
            change: model.change.as_str().to_owned(),
            file: file_of(old, new, model),
            definition: model.definition.iter().map(|d| d.as_str().to_owned()).collect(),
            identical: model.identical,
            rows_may_differ: !model.rows.is_empty(),
            rows_because: model.rows.iter().map(reason).collect(),
            order_may_differ: model.order,
            unlisted_columns_may_differ: model.unlisted,
            columns: columns(model),
        })
        .collect()
}

fn file_of(old: &Snapshot, new: &Snapshot, model: &ModelDiff) -> String {
    let of = |snapshot: &Snapshot, id: Option<u32>| {
        let model = snapshot.models.get(id? as usize)?;
        Some(snapshot.files.get(model.file)?.path.to_string())
    };
    of(new, model.new)
        .or_else(|| of(old, model.old))
        .unwrap_or_default()
}

fn edge(edge: &EdgeChange) -> DiffEdge {
    let place = |(model, column): &(SmolStr, SmolStr)| ColumnRef {
        model: model.to_string(),
        column: column.to_string(),
    };
    DiffEdge {
        source: place(&edge.source),
        target: place(&edge.target),
        transform: transform_text(&edge.transform),
    }
}

/// Findings that only the new snapshot has, and those that only the old one has. Two findings are one when code, file,
/// model, message and the text they point at are the same; the line may be another.
fn findings(old: &Snapshot, new: &Snapshot) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    type Key<'d> = (
        &'d str,
        Option<SmolStr>,
        Option<String>,
        &'d str,
        Option<&'d SmolStr>,
    );
    fn key<'d>(snapshot: &Snapshot, d: &'d Diagnostic) -> Key<'d> {
        let loc = d.primary.as_ref().map(|l| l.loc);
        let file = loc.and_then(|l| snapshot.files.get(l.file));
        let text = loc
            .zip(file)
            .map(|(l, f)| l.span.slice(f.text()).chars().take(200).collect());
        (
            d.code.id(),
            file.map(|f| f.path.clone()),
            text,
            &d.message,
            d.model.as_ref(),
        )
    }
    // What both sides share is not looked at.
    let shared = |model: &Arc<Model>, other: &Snapshot| {
        let twin = other.model(&model.name);
        twin.is_some_and(|(_, twin)| Arc::ptr_eq(&twin.findings, &model.findings))
    };
    fn own<'s>(
        this: &'s Snapshot,
        other: &'s Snapshot,
        shared: &dyn Fn(&Arc<Model>, &Snapshot) -> bool,
    ) -> Vec<&'s Diagnostic> {
        let mut found: Vec<&Diagnostic> = Vec::new();
        if !Arc::ptr_eq(&this.general, &other.general) {
            found.extend(this.general.iter());
        }
        // Of an edit only what it changed is looked at.
        if let Some(edited) = this.edited_models(other) {
            let models = edited.into_iter().filter_map(|id| this.models.get(id as usize));
            found.extend(
                models
                    .filter(|m| !shared(m, other))
                    .flat_map(|m| m.findings.iter()),
            );
            return found;
        }
        let models = this.models.iter().filter(|m| !m.findings.is_empty());
        found.extend(
            models
                .filter(|m| !shared(m, other))
                .flat_map(|m| m.findings.iter()),
        );
        found
    }
    let (before, after) = (own(old, new, &shared), own(new, old, &shared));
    let mut count: FxHashMap<Key<'_>, i64> = FxHashMap::default();
    for d in &before {
        *count.entry(key(old, d)).or_default() += 1;
    }
    let mut added = Vec::new();
    for d in &after {
        let left = count.entry(key(new, d)).or_default();
        *left -= 1;
        if *left < 0 {
            added.push((*d).clone());
        }
    }
    let mut fixed = Vec::new();
    for d in &before {
        if let Some(left) = count.get_mut(&key(old, d)).filter(|left| **left > 0) {
            *left -= 1;
            fixed.push((*d).clone());
        }
    }
    drop(count);
    rocky_project::findings::sort(&mut added, &new.files);
    rocky_project::findings::sort(&mut fixed, &old.files);
    (added, fixed)
}

fn is_ephemeral(model: Option<&Arc<Model>>) -> bool {
    model.is_some_and(|m| matches!(m.strategy.kind, StrategyKind::Ephemeral))
}

/// True when the contract says something about the column's NULLs, or that the column must be there.
fn promised(model: &Model, column: &str, dialect: Dialect) -> bool {
    let Some(contract) = &model.contract else {
        return false;
    };
    let fold = |name: &str| dialect.fold(name, true, rocky_base::ident::IdentKind::Column);
    let bare = |name: &str| dialect.fold(name, false, rocky_base::ident::IdentKind::Column);
    let key = fold(column);
    let named = |name: &str| fold(name) == key || bare(name) == key;
    let config = &contract.config;
    config.rules.no_new_nullable.is_some()
        || config
            .columns
            .iter()
            .any(|c| named(&c.name.value) && c.nullable.as_ref().is_none_or(|n| !n.value))
        || config
            .rules
            .required
            .iter()
            .chain(&config.rules.protected)
            .any(|c| named(&c.value))
}

fn breaking(old: &Snapshot, new: &Snapshot, diff: &ProjectDiff, added: &[Diagnostic]) -> Vec<DiffBreaking> {
    let mut out = Vec::new();
    let readers = |id: Option<u32>| -> Vec<String> {
        let consumers = id.and_then(|id| old.consumers.get(id as usize));
        let names = consumers.into_iter().flatten();
        names.map(|c| old.models[*c as usize].name.to_string()).collect()
    };
    for error in added.iter().filter(|d| d.is_error()) {
        out.push(DiffBreaking {
            kind: "error".to_owned(),
            model: error.model.as_ref().map(ToString::to_string).unwrap_or_default(),
            column: None,
            text: format!("{}: {}", error.code.id(), error.message),
            readers: Vec::new(),
        });
    }
    for model in &diff.models {
        let was = model.old.and_then(|id| old.models.get(id as usize));
        let is = model.new.and_then(|id| new.models.get(id as usize));
        // Nobody outside sees the columns of a model that is written into its readers.
        if is_ephemeral(was) || is_ephemeral(is) {
            continue;
        }
        if model.change == ModelChange::Removed {
            out.push(DiffBreaking {
                kind: "model_removed".to_owned(),
                model: model.name.to_string(),
                column: None,
                text: "the model is gone".to_owned(),
                readers: readers(model.old),
            });
            continue;
        }
        for column in &model.columns {
            let types = || match (&column.old, &column.new) {
                (Some(a), Some(b)) => format!(
                    "{} to {}",
                    type_text(&a.ty, new.dialect),
                    type_text(&b.ty, new.dialect)
                ),
                _ => String::new(),
            };
            let new_null =
                matches!((&column.old, &column.new), (Some(a), Some(b)) if !a.nullable && b.nullable);
            let (kind, text) = match column.class {
                ColumnClass::Removed => ("removed", "the column is gone".to_owned()),
                ColumnClass::Narrowed => ("narrowed", format!("its type went from {}", types())),
                ColumnClass::Retyped => ("retyped", format!("its type went from {}", types())),
                _ if new_null && is.is_some_and(|m| promised(m, &column.name, new.dialect)) => (
                    "became_nullable",
                    "it may be NULL now, and the contract speaks of it".to_owned(),
                ),
                _ => continue,
            };
            out.push(DiffBreaking {
                kind: kind.to_owned(),
                model: model.name.to_string(),
                column: Some(column.name.to_string()),
                text,
                readers: column_readers(old, model.old, &column.name),
            });
        }
    }
    out
}

/// Models that compute something from a column of a model.
fn column_readers(snapshot: &Snapshot, model: Option<u32>, column: &str) -> Vec<String> {
    let Some(id) = model else { return Vec::new() };
    let key = snapshot.fold_column(column);
    let mut names = Vec::new();
    for consumer in snapshot.consumers.get(id as usize).into_iter().flatten() {
        let Some(reader) = snapshot.models.get(*consumer as usize) else {
            continue;
        };
        let input = reader
            .inputs
            .iter()
            .position(|i| *i == rocky_project::InputRelation::Model(id));
        let Some(input) = input.map(|i| i as u32) else {
            continue;
        };
        let analysis = reader.analysis();
        let reads = analysis
            .columns
            .iter()
            .flat_map(|c| &c.sources)
            .any(|s| s.relation == input && snapshot.fold_column(&s.column) == key)
            || analysis
                .influences
                .iter()
                .any(|i| i.relation == input && snapshot.fold_column(&i.column) == key);
        if reads {
            names.push(reader.name.to_string());
        }
    }
    names
}

/// The contracts of the models that differ, and whether they break.
fn contracts(new: &Snapshot, diff: &ProjectDiff, added: &[Diagnostic]) -> Vec<DiffContract> {
    let mut out = Vec::new();
    for model in diff.models.iter().filter(|m| !m.identical) {
        let Some(contract) = model
            .new
            .and_then(|id| new.models.get(id as usize))
            .and_then(|m| m.contract.as_ref())
        else {
            continue;
        };
        let of_contract = |d: &&Diagnostic| {
            d.model.as_ref() == Some(&model.name)
                && (d.primary.as_ref().is_some_and(|l| l.loc.file == contract.file)
                    || d.notes.iter().any(|n| n.loc.file == contract.file))
        };
        let found: Vec<&Diagnostic> = added.iter().filter(of_contract).collect();
        out.push(DiffContract {
            model: model.name.to_string(),
            file: new
                .files
                .get(contract.file)
                .map(|f| f.path.to_string())
                .unwrap_or_default(),
            breaks: found.iter().any(|d| d.is_error()),
            findings: found
                .iter()
                .map(|d| format!("{}: {}", d.code.id(), d.message))
                .collect(),
        });
    }
    out
}
