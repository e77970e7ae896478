//! One file per strategy: from a model's query and what is known of its target to steps.
//!
//! Invariants: a statement that removes something follows only from a fact that the catalogue snapshot proves (or from the
//! full refresh that was asked for); every query in brackets is followed by a line break, since it may end with a line
//! comment; names are printed by the dialect alone.

mod delete_insert;
mod full_refresh;
mod incremental;
mod late;
mod merge;
mod relation;
mod stage;
mod time_interval;
mod view;
mod warehouse_kept;

pub use time_interval::window_query;

use crate::bind::Sql;
use crate::task::{Step, StepKind, Windows};
use crate::window::{Interval, WindowOptions};
use relation::Made;
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_config::StrategyKind;
use rocky_project::{InputRelation, Model};
use rocky_warehouse::{Column, Type};

/// What the catalogue snapshot says of a target.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Existing<'a> {
    /// Proved not to exist.
    Absent,
    /// A table with these columns.
    Table(&'a [Column]),
    /// A view.
    View,
    /// What the warehouse keeps up to date: a materialized view, a dynamic table, a streaming table.
    Kept,
    /// Nothing is known.
    Unknown,
}

/// What a strategy builds from.
#[derive(Debug)]
pub(crate) struct Ctx<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) model: &'a Model,
    /// The assembled query.
    pub(crate) query: &'a Sql,
    /// Its text.
    pub(crate) sql: &'a str,
    /// The target as SQL.
    pub(crate) target: &'a str,
    pub(crate) existing: Existing<'a>,
    /// A full refresh was asked for.
    pub(crate) full_refresh: bool,
    /// Which windows were asked for.
    pub(crate) windows: &'a WindowOptions,
    /// The warehouse of a Snowflake adapter.
    pub(crate) adapter_warehouse: Option<&'a SmolStr>,
}

/// What a strategy builds.
#[derive(Debug)]
pub(crate) struct Built {
    pub(crate) steps: Vec<Step>,
    pub(crate) reason: String,
    pub(crate) watermark_column: Option<SmolStr>,
    pub(crate) windows: Option<Windows>,
}

/// Build the steps of a model that is not ephemeral.
pub(crate) fn build(ctx: &Ctx<'_>) -> Result<Built, Box<Diagnostic>> {
    if let Some(interval) = Interval::of(&ctx.model.strategy.kind) {
        return time_interval::build(ctx, &interval);
    }
    match &ctx.model.strategy.kind {
        StrategyKind::View => view::build(ctx),
        StrategyKind::FullRefresh => full_refresh::build(ctx),
        StrategyKind::Incremental {
            timestamp_column,
            lookback,
        } => incremental::build(ctx, timestamp_column, lookback.as_ref()),
        StrategyKind::Merge {
            unique_key,
            update_columns,
        } => merge::build(ctx, unique_key, update_columns.as_deref()),
        StrategyKind::DeleteInsert { partition_by } => delete_insert::build(ctx, partition_by),
        StrategyKind::MaterializedView if ctx.dialect == Dialect::Databricks => {
            warehouse_kept::materialized_view(ctx)
        }
        StrategyKind::DynamicTable {
            target_lag,
            warehouse,
        } if ctx.dialect == Dialect::Snowflake => {
            warehouse_kept::dynamic_table(ctx, target_lag, warehouse.as_ref())
        }
        // Refused by the compile; this stands for a caller that plans without looking.
        kind @ (StrategyKind::Ephemeral
        | StrategyKind::TimeInterval { .. }
        | StrategyKind::Microbatch { .. }
        | StrategyKind::MaterializedView
        | StrategyKind::DynamicTable { .. }
        | StrategyKind::ContentAddressed { .. }) => {
            let message = format!(
                "strategy `{}` cannot be planned on {}",
                kind.as_str(),
                ctx.dialect
            );
            Err(Box::new(Diagnostic::new(
                code::E300,
                ctx.model.strategy_loc,
                message,
            )))
        }
    }
}

/// True when a run goes on with the rows that are in the target.
pub(crate) fn is_kept(kind: &StrategyKind) -> bool {
    matches!(
        kind,
        StrategyKind::Incremental { .. }
            | StrategyKind::Merge { .. }
            | StrategyKind::DeleteInsert { .. }
            | StrategyKind::TimeInterval { .. }
            | StrategyKind::Microbatch { .. }
    )
}

/// How a table that is kept between runs comes into being.
#[derive(Debug)]
struct Creation {
    /// A view is in its place.
    drop_view: bool,
    /// What is there is replaced.
    replace: bool,
    reason: &'static str,
}

impl Creation {
    fn verb(&self) -> &'static str {
        if self.replace {
            "CREATE OR REPLACE TABLE"
        } else {
            "CREATE TABLE"
        }
    }
}

/// `a` and `b` are equal, or both NULL.
pub(crate) fn same(dialect: Dialect, a: &str, b: &str) -> String {
    match dialect {
        Dialect::Databricks => format!("{a} <=> {b}"),
        Dialect::DuckDb | Dialect::Snowflake => format!("{a} IS NOT DISTINCT FROM {b}"),
        // The form that BigQuery turns into the key of a hash join: outer joins, MERGE and correlated EXISTS need one.
        Dialect::BigQuery => format!("({a} = {b} OR ({a} IS NULL AND {b} IS NULL))"),
    }
}

impl Ctx<'_> {
    /// Whether the table is made anew; `None` when rows are added to the existing one.
    fn creation(&self) -> Result<Option<Creation>, Box<Diagnostic>> {
        let creation = match (self.existing, self.full_refresh) {
            (Existing::Table(_), false) => return Ok(None),
            (Existing::Unknown, false) => {
                let message = format!(
                    "existence of target `{}` is not known",
                    self.model.target.display()
                );
                let strategy = self.model.strategy.kind.as_str();
                return Err(Box::new(Diagnostic::new(code::E303, self.model.strategy_loc, message)
                    .label(format!("{strategy} creates its target when it is absent, else adds to it"))
                    .help("Plan with a catalogue snapshot that covers the target's schema, or with `--full-refresh`.")));
            }
            (Existing::View | Existing::Kept, replace) => Creation {
                drop_view: true,
                replace,
                reason: "target is a view: a table takes its place",
            },
            // Without OR REPLACE: should someone have made it meanwhile, nothing is lost.
            (Existing::Absent, false) => Creation {
                drop_view: false,
                replace: false,
                reason: "target does not exist",
            },
            (Existing::Absent | Existing::Table(_) | Existing::Unknown, true) => Creation {
                drop_view: false,
                replace: true,
                reason: "full refresh was asked for",
            },
        };
        match self.own_reference() {
            None => Ok(Some(creation)),
            Some(loc) => {
                let name = &self.model.name;
                let message = match (self.existing, self.full_refresh) {
                    (Existing::Absent, _) => {
                        format!("first run of `{name}`: the target that it reads does not exist yet")
                    }
                    (Existing::View, _) => {
                        format!("the target that `{name}` reads is a view, which its table replaces")
                    }
                    _ => format!("the target that `{name}` reads is what the full refresh replaces"),
                };
                Err(Box::new(Diagnostic::new(code::E108, loc, message)
                    .label("the model's own target")
                    .help(
                        "Create the table once by hand, with the columns of the query; later runs add to it.",
                    )))
            }
        }
    }

    /// The first place where the model reads its own target.
    fn own_reference(&self) -> Option<rocky_base::Loc> {
        let model = self.model;
        let own = |index: &u32| matches!(model.inputs.get(*index as usize), Some(InputRelation::Own));
        let index = model.ref_inputs.iter().position(own)?;
        model
            .unit
            .refs()
            .get(index)
            .map(|r| model.unit.origin().locate(r.span))
    }

    /// A column's type: the query's, else the target's where it is known.
    fn type_of(&self, name: &str) -> Option<Type> {
        let key = |n: &str| self.dialect.fold(n, true, IdentKind::Column);
        let wanted = [key(name), self.dialect.fold(name, false, IdentKind::Column)];
        let is = |n: &SmolStr| wanted.contains(&key(n));
        let own = self.model.own_columns().iter().find(|c| is(&c.name));
        let own = own.map(|c| &c.ty).filter(|ty| !ty.is_unknown());
        let there = match self.existing {
            Existing::Table(columns) => columns.iter().find(|c| is(&c.name)).map(|c| &c.ty),
            _ => None,
        };
        own.or(there).filter(|ty| !ty.is_unknown()).cloned()
    }

    /// The steps that make a table from the model's query and drop the view in its place.
    fn make_table(&self, creation: &Creation, query: &str) -> Result<Vec<Step>, Box<Diagnostic>> {
        let mut steps = Vec::with_capacity(3);
        steps.extend(creation.drop_view.then(|| self.drop_view()));
        let create = self.make(creation.verb(), Made::Table, query)?;
        steps.push(self.counted("create_table", create));
        steps.extend(self.comment_step(Made::Table));
        Ok(steps)
    }

    /// A step on the target.
    fn step(&self, purpose: &'static str, kind: StepKind, sql: String) -> Step {
        Step {
            purpose: SmolStr::new_static(purpose),
            target: self.model.target.display(),
            sql,
            holes: Vec::new(),
            kind,
        }
    }

    /// A step with holes on the target.
    fn bound(&self, purpose: &'static str, counts_rows: bool, sql: Sql) -> Step {
        let step = self.step(purpose, StepKind::Statement { counts_rows }, sql.text);
        Step {
            holes: sql.holes,
            ..step
        }
    }

    /// A statement whose row count is the model's.
    fn counted(&self, purpose: &'static str, sql: String) -> Step {
        self.step(purpose, StepKind::Statement { counts_rows: true }, sql)
    }

    /// A statement whose row count says nothing.
    fn silent(&self, purpose: &'static str, sql: String) -> Step {
        self.step(purpose, StepKind::Statement { counts_rows: false }, sql)
    }

    fn drop_view(&self) -> Step {
        self.silent("drop", format!("DROP VIEW {}", self.target))
    }

    /// `(⏎sql⏎)`.
    fn derived(&self) -> String {
        format!("(\n{}\n)", self.sql)
    }

    /// `a` and `b` are equal, or both NULL.
    fn same(&self, a: &str, b: &str) -> String {
        same(self.dialect, a, b)
    }

    /// Equality of several columns of two aliases.
    fn all_same(&self, columns: &[String], a: &str, b: &str, separator: &str) -> String {
        let same = columns
            .iter()
            .map(|c| self.same(&format!("{a}.{c}"), &format!("{b}.{c}")));
        same.collect::<Vec<_>>().join(separator)
    }
}
