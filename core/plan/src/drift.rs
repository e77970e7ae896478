//! The columns of a table that is kept, against those of the rows that come in: what differs, and what is done about it.
//!
//! One comparison for replicated tables and for models. Columns meet by their folded names; of a type that is not known
//! nothing is claimed. Invariant: a change that can lose a value ([`Change::Unsafe`], a dropped column) is made only where
//! the policy says so.

use crate::columns::print;
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, SmolStr};
use rocky_config::{DriftConfig, OnAdded, OnRemoved, OnUnsafe, OnWidened};
use rocky_warehouse::{Column, Type, Widening, may_lose, widening};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// What is done about columns that differ.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct DriftPolicy {
    /// About new ones.
    pub added: OnAdded,
    /// About types that have grown. `None`: left to the warehouse, but for what it would change without a word.
    pub widened: Option<OnWidened>,
    /// About those that are gone.
    pub removed: OnRemoved,
    /// About other types; `None` means the same.
    pub unsafe_change: Option<OnUnsafe>,
}

impl DriftPolicy {
    /// Of a replication: the target follows the source.
    pub fn of_replication(config: &DriftConfig) -> DriftPolicy {
        DriftPolicy {
            added: config.added.unwrap_or(OnAdded::Add),
            widened: Some(config.widened.unwrap_or(OnWidened::Alter)),
            removed: config.removed.unwrap_or(OnRemoved::Keep),
            unsafe_change: Some(config.unsafe_change.unwrap_or(OnUnsafe::Rebuild)),
        }
    }

    /// Of a model: its table stays as it is; a column that it lacks is an error, and so is a type whose values it would not keep as they
    /// are.
    pub fn of_models(config: &DriftConfig) -> DriftPolicy {
        DriftPolicy {
            added: config.added.unwrap_or(OnAdded::Fail),
            widened: config.widened,
            removed: config.removed.unwrap_or(OnRemoved::Keep),
            unsafe_change: config.unsafe_change,
        }
    }
}

/// What is done about a table that drifted, as documents spell it.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftActionKind {
    /// The table is made anew, in one statement or transaction.
    DropAndRecreate,
    /// It gets the new columns.
    AddColumns,
    /// Columns grow in place.
    AlterColumnTypes,
    /// Columns that do not come any more are dropped.
    DropColumns,
    /// Columns that do not come any more stay.
    KeepColumns,
    /// The table's types hold what comes in, which has become narrower.
    KeepColumnTypes,
    /// New columns are left out.
    IgnoreColumns,
    /// The warehouse converts, or refuses.
    IgnoreColumnTypes,
    /// Nothing is written.
    Fail,
}

impl DriftActionKind {
    /// `add_columns` …
    pub fn as_str(self) -> &'static str {
        match self {
            DriftActionKind::DropAndRecreate => "drop_and_recreate",
            DriftActionKind::AddColumns => "add_columns",
            DriftActionKind::AlterColumnTypes => "alter_column_types",
            DriftActionKind::DropColumns => "drop_columns",
            DriftActionKind::KeepColumns => "keep_columns",
            DriftActionKind::KeepColumnTypes => "keep_column_types",
            DriftActionKind::IgnoreColumns => "ignore_columns",
            DriftActionKind::IgnoreColumnTypes => "ignore_column_types",
            DriftActionKind::Fail => "fail",
        }
    }
}

/// One thing that is done about a drifted table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DriftAction {
    /// What.
    pub action: DriftActionKind,
    /// The columns that are meant.
    pub columns: Vec<SmolStr>,
    /// Why, in one line: `column 'x' changed INTEGER → VARCHAR`.
    pub reason: String,
}

/// What a comparison gave; no actions when the columns are the same.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Drift {
    /// What is done, the most drastic first.
    pub actions: Vec<DriftAction>,
}

/// A difference of one column.
enum Change {
    Added,
    Removed,
    /// In place, without loss.
    Widened,
    /// What comes in fits into what is there.
    Narrowed,
    Unsafe,
    /// The warehouse would write other values than come in, and nothing says that it may.
    Lossy,
}

/// What a comparison leads to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) drift: Drift,
    /// Statements that change the table's columns, each with its purpose.
    pub(crate) alter: Vec<(&'static str, String)>,
    /// The table's columns after them.
    pub(crate) columns: Vec<Column>,
    /// The table is made anew instead.
    pub(crate) rebuild: bool,
    /// Why nothing may be written.
    pub(crate) refused: Option<String>,
}

impl Outcome {
    /// The actions as one clause for a plan's reason; empty without any.
    pub(crate) fn remark(&self) -> String {
        let mut text = String::new();
        for action in &self.drift.actions {
            text.push_str("; ");
            text.push_str(&action.reason);
            text.push_str(match action.action {
                DriftActionKind::DropAndRecreate => ": the table is made anew",
                DriftActionKind::AddColumns | DriftActionKind::AlterColumnTypes => "",
                DriftActionKind::DropColumns => ": dropped",
                DriftActionKind::KeepColumns => ": stays, NULL in new rows",
                DriftActionKind::KeepColumnTypes => ": the table's type holds it",
                DriftActionKind::IgnoreColumns => ": left out",
                DriftActionKind::IgnoreColumnTypes => ": left to the warehouse",
                DriftActionKind::Fail => ": nothing is written",
            });
        }
        text
    }
}

/// Compare what comes in with the table `target` (as SQL).
pub(crate) fn compare(
    dialect: Dialect,
    target: &str,
    incoming: &[Column],
    existing: &[Column],
    policy: DriftPolicy,
) -> Outcome {
    let key = |c: &Column| dialect.fold(&c.name, true, IdentKind::Column);
    let there: FxHashMap<SmolStr, &Column> = existing.iter().map(|c| (key(c), c)).collect();
    let coming: FxHashMap<SmolStr, &Column> = incoming.iter().map(|c| (key(c), c)).collect();
    // What, the column as the table has it (or will), and the two types.
    let mut changes: Vec<(Change, &Column, String)> = Vec::new();
    for column in incoming {
        let Some(old) = there.get(&key(column)) else {
            let text = format!("column '{}' is new: {}", column.name, shown(&column.ty, dialect));
            // Without a type there is nothing to add; only the query itself can make such a column.
            let change = match column.ty.has_unknown() && policy.added == OnAdded::Add {
                true => Change::Unsafe,
                false => Change::Added,
            };
            changes.push((change, column, text));
            continue;
        };
        let change = match widening(dialect, &old.ty, &column.ty) {
            Widening::Identical | Widening::Unknown => continue,
            Widening::Safe => Change::Widened,
            // Within one family of types, what is there may hold what comes.
            Widening::Narrowing if widening(dialect, &column.ty, &old.ty) == Widening::Safe => {
                Change::Narrowed
            }
            Widening::Narrowing | Widening::Incompatible => Change::Unsafe,
        };
        let unsaid = match change {
            Change::Widened => policy.widened.is_none(),
            Change::Unsafe => policy.unsafe_change.is_none(),
            _ => false,
        };
        let lossy = unsaid && may_lose(dialect, &column.ty, &old.ty);
        let change = if lossy { Change::Lossy } else { change };
        // As the 1.x releases print it: the type in the table, then the type that comes.
        let (from, to) = (shown(&old.ty, dialect), shown(&column.ty, dialect));
        let mut text = format!("column '{}' changed {from} → {to}", column.name);
        if lossy {
            text.push_str(&format!(", which {from} does not keep as it is"));
        }
        changes.push((change, column, text));
    }
    let tag = dialect.fold(crate::checks::quarantine::TAG, false, IdentKind::Column);
    for column in existing {
        // The quarantine's column is nobody's drift.
        if !coming.contains_key(&key(column)) && key(column) != tag {
            changes.push((
                Change::Removed,
                column,
                format!("column '{}' does not come any more", column.name),
            ));
        }
    }
    decide(dialect, target, existing, policy, &changes)
}

fn decide(
    dialect: Dialect,
    target: &str,
    existing: &[Column],
    policy: DriftPolicy,
    changes: &[(Change, &Column, String)],
) -> Outcome {
    let mut by_action: Vec<DriftAction> = Vec::new();
    for (change, column, text) in changes {
        let action = match change {
            Change::Added => match policy.added {
                OnAdded::Add => DriftActionKind::AddColumns,
                OnAdded::Ignore => DriftActionKind::IgnoreColumns,
                OnAdded::Fail => DriftActionKind::Fail,
            },
            Change::Widened => match policy.widened {
                Some(OnWidened::Alter) => DriftActionKind::AlterColumnTypes,
                None | Some(OnWidened::Ignore) => DriftActionKind::IgnoreColumnTypes,
                Some(OnWidened::Fail) => DriftActionKind::Fail,
            },
            Change::Narrowed => DriftActionKind::KeepColumnTypes,
            Change::Removed => match policy.removed {
                OnRemoved::Keep => DriftActionKind::KeepColumns,
                OnRemoved::Drop => DriftActionKind::DropColumns,
                OnRemoved::Fail => DriftActionKind::Fail,
            },
            Change::Unsafe => match policy.unsafe_change {
                Some(OnUnsafe::Rebuild) => DriftActionKind::DropAndRecreate,
                None | Some(OnUnsafe::Ignore) => DriftActionKind::IgnoreColumnTypes,
                Some(OnUnsafe::Fail) => DriftActionKind::Fail,
            },
            Change::Lossy => DriftActionKind::Fail,
        };
        match by_action.iter_mut().find(|a| a.action == action) {
            Some(same) => {
                same.columns.push(column.name.clone());
                same.reason.push_str(", ");
                same.reason.push_str(text);
            }
            None => by_action.push(DriftAction {
                action,
                columns: vec![column.name.clone()],
                reason: text.clone(),
            }),
        }
    }
    let has = |kind| by_action.iter().find(|a: &&DriftAction| a.action == kind);
    let refused = has(DriftActionKind::Fail).map(|a| a.reason.clone());
    let rebuild = refused.is_none() && has(DriftActionKind::DropAndRecreate).is_some();
    if refused.is_some() {
        // Nothing else is done then.
        by_action.retain(|a| a.action == DriftActionKind::Fail);
    } else if rebuild {
        // The new table has exactly what comes in: every other change happens with it.
        let order = |a: &DriftAction| u8::from(a.action != DriftActionKind::DropAndRecreate);
        by_action.sort_by_key(order);
        let all = by_action.drain(..).reduce(|mut all, other| {
            all.columns.extend(other.columns);
            all.reason = format!("{}, {}", all.reason, other.reason);
            all
        });
        by_action.extend(all);
    }
    by_action.sort_by_key(|a| a.action);
    let mut outcome = Outcome {
        drift: Drift { actions: by_action },
        alter: Vec::new(),
        columns: existing.to_vec(),
        rebuild,
        refused,
    };
    if !outcome.rebuild && outcome.refused.is_none() {
        alter(dialect, target, policy, changes, &mut outcome);
    }
    outcome
}

/// The statements, and the columns after them.
fn alter(
    dialect: Dialect,
    target: &str,
    policy: DriftPolicy,
    changes: &[(Change, &Column, String)],
    outcome: &mut Outcome,
) {
    let key = |name: &SmolStr| dialect.fold(name, true, IdentKind::Column);
    let mut prepared = false;
    for (change, column, _) in changes {
        let name = print(dialect, &column.name);
        let ty = column.ty.print(dialect);
        match change {
            Change::Added if policy.added == OnAdded::Add => {
                outcome.alter.push((
                    "add_column",
                    format!("ALTER TABLE {target} ADD COLUMN {name} {ty}"),
                ));
                outcome.columns.push(Column {
                    nullable: true,
                    ..(*column).clone()
                });
            }
            Change::Widened if policy.widened == Some(OnWidened::Alter) => {
                if dialect == Dialect::Databricks && !prepared {
                    prepared = true;
                    outcome.alter.push((
                        "enable_widening",
                        format!(
                            "ALTER TABLE {target} SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')"
                        ),
                    ));
                }
                let verb = match dialect {
                    Dialect::DuckDb | Dialect::Databricks => "TYPE",
                    Dialect::Snowflake | Dialect::BigQuery => "SET DATA TYPE",
                };
                outcome.alter.push((
                    "alter_column_type",
                    format!("ALTER TABLE {target} ALTER COLUMN {name} {verb} {ty}"),
                ));
                let wanted = key(&column.name);
                if let Some(kept) = outcome.columns.iter_mut().find(|c| key(&c.name) == wanted) {
                    kept.ty = column.ty.clone();
                }
            }
            Change::Removed if policy.removed == OnRemoved::Drop => {
                outcome
                    .alter
                    .push(("drop_column", format!("ALTER TABLE {target} DROP COLUMN {name}")));
                let wanted = key(&column.name);
                outcome.columns.retain(|c| key(&c.name) != wanted);
            }
            _ => {}
        }
    }
}

fn shown(ty: &Type, dialect: Dialect) -> String {
    match ty.has_unknown() {
        true => "a type that is not known".to_owned(),
        false => ty.print(dialect),
    }
}
