//! `schema.lock` from the side of `discover`: writing it, and comparing it with the warehouse. What differs comes with the
//! models and columns it reaches, and with the errors that following it would bring.

use super::compile::type_text;
use crate::adapters::Access;
use crate::document::diagnostics;
use crate::project::{Project, Target, target};
use crate::wire::WireDiagnostic;
use rocky_base::{CancelToken, Error, ErrorKind, Observer, Result, SmolStr};
use rocky_config::{LockConfig, ProjectConfig};
use rocky_project::lock::{Change, ColumnChange, Drift, LOCK_FILE, Reached, reach, relock};
use rocky_project::{CatalogInput, Inputs, Snapshot, SourceSchema};
use rocky_warehouse::{CatalogSnapshot, Widening};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What to do with the file.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum LockTask {
    /// Write it.
    Write,
    /// Compare it.
    Check,
}

/// `schema.lock` and the warehouse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LockReport {
    /// The file, relative to the folder of `rocky.toml`.
    pub path: String,
    /// It was written: it was asked for, and something differs.
    pub written: bool,
    /// Relations that are locked now.
    pub relations: u64,
    /// The file was not, before it was written, what the warehouse says of the sources that are read.
    pub drifted: bool,
    /// What differs, by relation.
    pub drift: Vec<RelationDrift>,
    /// Sources that are read and were not found in the warehouse; declared ones are not listed.
    pub missing: Vec<String>,
    /// Errors that models get from what differs, and do not have without it.
    pub breaks: Vec<WireDiagnostic>,
}

/// How a relation differs from the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RelationDrift {
    /// Its full name.
    pub relation: String,
    /// How.
    pub change: RelationChange,
    /// Models that read it.
    pub readers: Vec<String>,
    /// Its columns that differ.
    pub columns: Vec<ColumnDrift>,
}

/// What happened to a relation.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RelationChange {
    /// It is read and not in the file.
    NotLocked,
    /// It is in the file and not in the warehouse.
    Missing,
    /// Its columns, or comments, differ.
    Changed,
}

/// How a column differs from the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnDrift {
    /// Its name.
    pub column: String,
    /// How.
    pub change: ColumnChangeKind,
    /// Type, `not null` or `null`, or comment, in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The same, in the warehouse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of a new type: `safe`, `narrowing`, `incompatible` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub widening: Option<String>,
    /// What it reaches, in order of execution.
    pub affected: Vec<AffectedModel>,
}

/// What happened to a column.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It has another type.
    Retyped,
    /// It may be NULL now, or no longer.
    Nullability,
    /// It has another comment.
    Comment,
    /// It has another place among the others.
    Moved,
}

/// A model that a changed column reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AffectedModel {
    /// The model.
    pub model: String,
    /// Its columns that are computed from it.
    pub columns: Vec<String>,
    /// It decides about the model's rows: a filter, a join, a grouping.
    pub rows: bool,
}

impl Project {
    /// Compare `schema.lock` with the catalogue, or write it.
    pub(crate) fn lock(
        &self,
        task: LockTask,
        config: &ProjectConfig,
        read: (&Target<'_>, Arc<CatalogSnapshot>),
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<LockReport> {
        let models_on = target(config, None)?;
        let catalog = match read {
            (other, catalog) if other.name == models_on.name => catalog,
            _ => {
                let warehouse = self.open_warehouse(&models_on, Access::Read, cancel)?;
                self.read_catalog(&models_on, warehouse.as_deref(), cancel)?
            }
        };
        let previous = self.lock_file(task)?;
        let before = self.snapshot_of(&Inputs::default(), observer, cancel)?;
        let now = self.snapshot_of(
            &Inputs {
                catalog: Some(CatalogInput {
                    snapshot: catalog.clone(),
                    fresh: true,
                }),
                ignore_lock: true,
                ..Inputs::default()
            },
            observer,
            cancel,
        )?;
        let result = relock(&before, &previous.clone().unwrap_or_default(), &catalog);
        let mut report = LockReport {
            path: LOCK_FILE.to_owned(),
            written: false,
            relations: result.lock.relations.len() as u64,
            drifted: !result.drift.is_empty(),
            drift: drift(&before, &now, &result.drift),
            missing: result
                .missing
                .iter()
                .filter_map(|s| before.sources.get(*s as usize))
                .filter(|s| !matches!(s.schema, SourceSchema::Declared(..)))
                .map(|s| s.name.display())
                .collect(),
            breaks: Vec::new(),
        };
        if report.drifted {
            report.breaks = breaks(&before, &now);
        }
        if task == LockTask::Write {
            let text = rocky_config::print_lock(&result.lock);
            let path = self.root.join(LOCK_FILE);
            let same = self
                .host
                .system
                .read(&path)
                .is_ok_and(|bytes| bytes == text.as_bytes());
            if !same {
                self.host
                    .system
                    .write_atomic(&path, text.as_bytes())
                    .map_err(|e| Error::io(path.display(), e))?;
                report.written = true;
            }
        }
        Ok(report)
    }

    /// The file as it is. One that cannot be read is no obstacle to writing it anew.
    fn lock_file(&self, task: LockTask) -> Result<Option<LockConfig>> {
        let path = self.root.join(LOCK_FILE);
        if !self.host.system.exists(&path) {
            return match task {
                LockTask::Write => Ok(None),
                LockTask::Check => Err(Error::new(
                    ErrorKind::NotFound,
                    format!("{}: no such file", path.display()),
                )
                .hint("write it with `rocky discover --write-lock`")),
            };
        }
        let bytes = self
            .host
            .system
            .read(&path)
            .map_err(|e| Error::io(path.display(), e))?;
        let text = String::from_utf8_lossy(&bytes);
        let parsed = rocky_config::parse_lock(rocky_base::FileId(0), &text);
        match parsed.diagnostics.into_iter().find(|d| d.is_error()) {
            Some(problem) if task == LockTask::Check => {
                let index = rocky_base::LineIndex::new(&text);
                let place = problem
                    .primary
                    .as_ref()
                    .map(|l| index.line_col(&text, l.loc.span.start))
                    .map(|(line, col)| format!(":{line}:{col}"))
                    .unwrap_or_default();
                let message = format!("{}{place}: {}", path.display(), problem.message);
                Err(Error::new(ErrorKind::Config, message).hint(
                    problem
                        .help
                        .unwrap_or_else(|| "write it anew with `rocky discover --write-lock`".to_owned()),
                ))
            }
            _ => Ok(Some(parsed.value)),
        }
    }
}

fn drift(before: &Snapshot, now: &Snapshot, found: &[(u32, Drift)]) -> Vec<RelationDrift> {
    // A new column reaches models as the project is with it, every other one as the project is without the change.
    let mut old: Vec<(u32, SmolStr)> = Vec::new();
    let mut new: Vec<(u32, SmolStr)> = Vec::new();
    let in_new = |index: u32| {
        let name = &before.sources.get(index as usize)?.name;
        let key = name.key(before.dialect);
        let place = now.sources.iter().position(|s| s.name.key(now.dialect) == key)?;
        u32::try_from(place).ok()
    };
    for (index, drift) in found {
        let Drift::Changed(columns) = drift else { continue };
        let there = in_new(*index);
        for change in columns {
            match (&change.change, there) {
                (Change::Added { .. }, Some(there)) => new.push((there, change.column.clone())),
                (Change::Added { .. }, None) => {}
                _ => old.push((*index, change.column.clone())),
            }
        }
    }
    let (mut old, mut new) = (reach(before, &old).into_iter(), reach(now, &new).into_iter());
    let mut list = Vec::with_capacity(found.len());
    for (index, drift) in found {
        let Some(source) = before.sources.get(*index as usize) else {
            continue;
        };
        let there = in_new(*index);
        let columns = match drift {
            Drift::Changed(columns) => columns.as_slice(),
            Drift::NotLocked | Drift::Missing => &[],
        };
        list.push(RelationDrift {
            relation: source.name.display(),
            change: match drift {
                Drift::NotLocked => RelationChange::NotLocked,
                Drift::Missing => RelationChange::Missing,
                Drift::Changed(_) => RelationChange::Changed,
            },
            readers: names(before, &source.readers),
            columns: columns
                .iter()
                .map(|change| match (&change.change, there) {
                    (Change::Added { .. }, Some(_)) => column(now, change, new.next().unwrap_or_default()),
                    (Change::Added { .. }, None) => column(now, change, Vec::new()),
                    _ => column(before, change, old.next().unwrap_or_default()),
                })
                .collect(),
        });
    }
    list
}

fn names(snapshot: &Snapshot, models: &[u32]) -> Vec<String> {
    let all = models.iter().filter_map(|m| snapshot.models.get(*m as usize));
    all.map(|m| m.name.to_string()).collect()
}

fn column(snapshot: &Snapshot, found: &ColumnChange, reached: Vec<Reached>) -> ColumnDrift {
    let ty = |ty: &rocky_warehouse::Type| Some(type_text(ty, snapshot.dialect).to_string());
    let null = |nullable: bool| Some(if nullable { "null" } else { "not null" }.to_owned());
    let text = |t: &Option<SmolStr>| t.as_ref().map(ToString::to_string);
    let (change, from, to, widening) = match &found.change {
        Change::Added { ty: t, .. } => (ColumnChangeKind::Added, None, ty(t), None),
        Change::Removed { ty: t } => (ColumnChangeKind::Removed, ty(t), None, None),
        Change::Retyped { from, to, widening } => {
            (ColumnChangeKind::Retyped, ty(from), ty(to), Some(*widening))
        }
        Change::Nullability { nullable } => (
            ColumnChangeKind::Nullability,
            null(!nullable),
            null(*nullable),
            None,
        ),
        Change::Comment { from, to } => (ColumnChangeKind::Comment, text(from), text(to), None),
        Change::Moved => (ColumnChangeKind::Moved, None, None, None),
    };
    let widening = widening.map(|w| {
        match w {
            Widening::Identical | Widening::Safe => "safe",
            Widening::Narrowing => "narrowing",
            Widening::Incompatible => "incompatible",
            Widening::Unknown => "unknown",
        }
        .to_owned()
    });
    // Nobody downstream computes anything from a comment.
    let reached = if change == ColumnChangeKind::Comment {
        Vec::new()
    } else {
        reached
    };
    ColumnDrift {
        column: found.column.to_string(),
        change,
        from,
        to,
        widening,
        affected: reached
            .into_iter()
            .filter_map(|r| {
                Some(AffectedModel {
                    model: snapshot.models.get(r.model as usize)?.name.to_string(),
                    columns: r.columns.iter().map(ToString::to_string).collect(),
                    rows: r.rows,
                })
            })
            .collect(),
    }
}

/// Errors of models that are there with the present columns only.
fn breaks(before: &Snapshot, now: &Snapshot) -> Vec<WireDiagnostic> {
    let errors = |snapshot: &Snapshot| {
        let mut found = diagnostics(snapshot.diagnostics(), &snapshot.files);
        found.retain(WireDiagnostic::is_error);
        found
    };
    let key = |d: &WireDiagnostic| {
        (
            d.code.clone(),
            d.model.clone(),
            d.span.clone().map(|s| (s.file, s.start)),
        )
    };
    let known: BTreeSet<_> = errors(before).iter().map(key).collect();
    let mut found = errors(now);
    found.retain(|d| !known.contains(&key(d)));
    found
}
