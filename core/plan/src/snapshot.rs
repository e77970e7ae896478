//! Snapshots: the history of a table as SCD type 2. The one generator of it.
//!
//! The target has the source's columns and `valid_from`, `valid_to`, `is_current`, `snapshot_id`. Invariants, whatever the source did
//! between two runs: the versions of a key do not overlap, `valid_to` is never before `valid_from`, and a key of the source has exactly
//! one current version after a run. A clock that went back is made up for key by key: a version ends no earlier than it began, and the
//! next one begins where it ended. Two NULL keys are one key. Statements are ordered so that without a transaction an
//! interruption is made good by the next run.

use crate::bind::{Parameter, Sql};
use crate::checks::{Facts, Written};
use crate::columns::{alias, print};
use crate::task::{Fact, Plan, Step, StepKind, Task, TaskKind};
use crate::{hash, setup, strategy};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code};
use rocky_config::{ChecksConfig, Spanned};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{
    Capabilities, CatalogSnapshot, Column, RelationKind, RelationName, Strategy, Type, may_lose,
};
use rustc_hash::FxHashSet;

/// The columns that a history has beside those of its source.
const OWN: [&str; 4] = ["valid_from", "valid_to", "is_current", "snapshot_id"];

/// How a change of a row is noticed.
#[derive(Clone, Debug)]
pub enum Change {
    /// This column differs.
    UpdatedAt(Spanned<SmolStr>),
    /// One of these columns differs; of all when there is no list.
    Check(Option<Vec<Spanned<SmolStr>>>),
}

/// What to plan.
#[derive(Clone, Debug)]
pub struct SnapshotSpec {
    /// The pipeline.
    pub pipeline: SmolStr,
    /// The table whose history is kept.
    pub source: RelationName,
    /// Where it is kept.
    pub target: RelationName,
    /// Where the configuration names the source and the target.
    pub places: (Loc, Loc),
    /// What identifies a row.
    pub unique_key: Vec<Spanned<SmolStr>>,
    /// How a change is noticed.
    pub change: Change,
    /// A row that is gone from the source is closed.
    pub invalidate_hard_deletes: bool,
    /// Create the target's schema: `None` where the dialect's own default holds.
    pub create_schema: Option<bool>,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// What is checked of the history.
    pub checks: Option<ChecksConfig>,
    /// Shadows, each with the table that the configuration names.
    pub aliases: Vec<(RelationName, RelationName)>,
}

/// Plan a snapshot against the catalogue, which must know the source.
pub fn snapshot(spec: &SnapshotSpec, catalog: &CatalogSnapshot) -> Result<Plan, Vec<Diagnostic>> {
    let builder = Builder::new(spec, catalog).map_err(|d| vec![*d])?;
    let (steps, reason, fact) = builder.steps(catalog).map_err(|d| vec![*d])?;
    let dialect = catalog.dialect;
    let full = catalog.full_name(&spec.target);
    let target = full.display();
    let columns: Vec<String> = builder.columns.iter().map(|c| format!("{c:?}")).collect();
    let basis = hash::of_value(&(
        &spec.source,
        &spec.target,
        columns,
        format!("{:?}", builder.compared),
    ));
    let mut task = Task {
        kind: TaskKind::Snapshot,
        name: SmolStr::new(&target),
        asset_key: full.parts().map(|p| p.text.clone()).collect(),
        target: spec.target.clone(),
        full_name: target,
        strategy: Strategy::SnapshotScd2,
        depends_on: Vec::new(),
        layer: 0,
        reason,
        fact,
        drift: None,
        checks: Vec::new(),
        quarantine: None,
        windows: None,
        basis: basis.unwrap_or_default(),
        watermark_column: None,
        transaction: Capabilities::of(dialect).transactional_ddl,
        sql_hash: hash::of_steps(&steps),
        steps,
        column_count: Some(builder.columns.len() + OWN.len()),
    };
    let checks = Written::new(
        spec.checks.as_ref(),
        catalog,
        std::iter::once(&spec.target),
        &spec.aliases,
    );
    if let Some(mut checks) = checks {
        checks.add(builder.facts(catalog), &mut task);
        let problems = checks.finish(false);
        if !problems.is_empty() {
            return Err(problems);
        }
    }
    let setup = match spec.create_schema.unwrap_or(dialect == Dialect::DuckDb) {
        true => setup::missing_schemas(std::iter::once(&spec.target), catalog, dialect),
        false => Vec::new(),
    };
    let mut plan = Plan {
        plan_id: String::new(),
        pipeline: spec.pipeline.clone(),
        dialect,
        setup,
        tasks: vec![task],
        concurrency: 1,
        fail_fast: spec.fail_fast,
    };
    plan.plan_id = plan.id().unwrap_or_default();
    Ok(plan)
}

struct Builder<'a> {
    spec: &'a SnapshotSpec,
    dialect: Dialect,
    /// The source's columns.
    columns: &'a [Column],
    /// Names of the key, as the source spells them.
    keys: Vec<SmolStr>,
    /// Names of the columns whose difference is a change.
    compared: Vec<SmolStr>,
    target: String,
    /// A view is read once: its rows may be others with each statement.
    staged: bool,
    /// What the source, the history and its last ends are called in statements: never as one of their columns, which would be nearer
    /// in a subquery.
    s: &'static str,
    t: &'static str,
    h: &'static str,
}

type Problem = Box<Diagnostic>;

impl<'a> Builder<'a> {
    fn new(spec: &'a SnapshotSpec, catalog: &'a CatalogSnapshot) -> Result<Builder<'a>, Problem> {
        let dialect = catalog.dialect;
        let shown = spec.source.display();
        let relation = match catalog.lookup(&spec.source) {
            Lookup::Found(relation) => relation,
            found => {
                let message = match found {
                    Lookup::Absent => format!("source table `{shown}` does not exist"),
                    _ => format!("columns of source table `{shown}` are not known"),
                };
                return Err(Box::new(
                    Diagnostic::new(code::E303, spec.places.0, message)
                        .help("Name a table of the warehouse in `[pipeline.….source]`."),
                ));
            }
        };
        let columns = relation.columns.as_slice();
        let fold = |name: &str| dialect.fold(name, true, IdentKind::Column);
        let own: FxHashSet<SmolStr> = OWN.iter().map(|n| fold(&stored(dialect, n))).collect();
        if let Some(column) = columns.iter().find(|c| own.contains(&fold(&c.name))) {
            let message = format!(
                "source table `{shown}` has a column `{}`, which the history needs for itself",
                column.name
            );
            return Err(Box::new(
                Diagnostic::new(code::E303, spec.places.0, message)
                    .help("Take a snapshot of a view that gives the column another name."),
            ));
        }
        let find = |what: &str, name: &Spanned<SmolStr>| {
            let wanted = [
                fold(&name.value),
                dialect.fold(&name.value, false, IdentKind::Column),
            ];
            let found = wanted
                .iter()
                .find_map(|w| columns.iter().find(|c| fold(&c.name) == *w));
            found.map(|c| c.name.clone()).ok_or_else(|| {
                let message = format!("{what} `{}` is not a column of `{shown}`", name.shown());
                let near = rocky_base::suggest::nearest(&name.value, columns.iter().map(|c| c.name.as_str()));
                let help = match near {
                    Some(near) => format!("Did you mean `{near}`?"),
                    None => "Name one of the columns of the source table.".to_owned(),
                };
                Box::new(Diagnostic::new(code::E301, name.loc, message).help(help))
            })
        };
        let all = |what: &str, names: &[Spanned<SmolStr>]| {
            let mut found: Vec<SmolStr> = Vec::with_capacity(names.len());
            for name in names {
                let name = find(what, name)?;
                if !found.contains(&name) {
                    found.push(name);
                }
            }
            Ok::<_, Problem>(found)
        };
        let keys = all("unique_key", &spec.unique_key)?;
        if keys.is_empty() {
            let message = format!("snapshot pipeline `{}` has no unique_key", spec.pipeline);
            return Err(Box::new(
                Diagnostic::new(code::E302, spec.places.0, message)
                    .help("Name the columns that identify a row."),
            ));
        }
        let compared = match &spec.change {
            Change::UpdatedAt(column) => vec![find("updated_at", column)?],
            Change::Check(Some(names)) => all("check_cols", names)?,
            Change::Check(None) => {
                let others = columns.iter().filter(|c| !keys.contains(&c.name));
                others.map(|c| c.name.clone()).collect()
            }
        };
        let kept = match catalog.lookup(&spec.target) {
            Lookup::Found(target) => target.columns.as_slice(),
            _ => &[],
        };
        let names = || columns.iter().chain(kept).map(|c| &c.name);
        Ok(Builder {
            s: alias("s", "_rocky_s", names()),
            t: alias("t", "_rocky_t", names()),
            h: alias("h", "_rocky_h", names()),
            spec,
            dialect,
            columns,
            keys,
            compared,
            target: spec.target.print(dialect),
            staged: relation.kind != RelationKind::Table && dialect == Dialect::DuckDb,
        })
    }

    /// What the checks of the history go by.
    fn facts(&self, catalog: &CatalogSnapshot) -> Facts<'a> {
        let fold = |name: &SmolStr| self.dialect.fold(name, true, IdentKind::Column);
        let mut columns = self.columns.to_vec();
        // What is gone from the source stays in the history.
        let mut ignored: Vec<SmolStr> = OWN.iter().map(|n| stored(self.dialect, n)).collect();
        if let Lookup::Found(target) = catalog.lookup(&self.spec.target) {
            let source: FxHashSet<SmolStr> = columns.iter().map(|c| fold(&c.name)).collect();
            let beside = target.columns.iter().filter(|c| !source.contains(&fold(&c.name)));
            let beside: Vec<Column> = beside.cloned().collect();
            ignored.extend(beside.iter().map(|c| c.name.clone()));
            ignored.sort_unstable();
            ignored.dedup();
            columns.extend(beside);
        }
        for name in OWN.iter().map(|n| stored(self.dialect, n)) {
            if !columns.iter().any(|c| fold(&c.name) == fold(&name)) {
                columns.push(Column {
                    name,
                    ty: Type::Unknown,
                    nullable: true,
                });
            }
        }
        // One current version for each row of the source; a row that is gone may still be current.
        let mut rows = format!("FROM {} {t}\nWHERE {t}.is_current", self.target, t = self.t);
        if !self.spec.invalidate_hard_deletes {
            rows.push_str(&format!(
                " AND EXISTS (\n  SELECT 1 FROM {} {}\n  WHERE {}\n)",
                self.spec.source.print(self.dialect),
                self.s,
                self.same(self.s, self.t)
            ));
        }
        Facts {
            source: Some(&self.spec.source),
            rows: Some(rows),
            columns: Some(columns),
            expected: Some(self.columns.iter().map(|c| c.name.clone()).collect()),
            ignored,
            timestamp_column: match &self.spec.change {
                Change::UpdatedAt(column) => Some(column.clone()),
                Change::Check(_) => None,
            },
            named: true,
        }
    }

    fn steps(&self, catalog: &CatalogSnapshot) -> Result<(Vec<Step>, String, Fact), Problem> {
        let mut steps = Vec::with_capacity(8);
        if self.staged {
            let sql = format!(
                "CREATE OR REPLACE TEMP TABLE {STAGE} AS\nSELECT * FROM {}",
                self.spec.source.print(self.dialect)
            );
            steps.push(self.silent("stage", sql.into()));
        }
        steps.push(self.guard());
        let fold = |name: &SmolStr| self.dialect.fold(name, true, IdentKind::Column);
        let shown = self.spec.target.display();
        let (reason, fact) = match catalog.lookup(&self.spec.target) {
            Lookup::Absent => {
                steps.push(self.create());
                (
                    "target does not exist: every row begins its history".to_owned(),
                    Fact::Absent,
                )
            }
            Lookup::Unknown => {
                return Err(self.refused(format!("existence of target `{shown}` is not known")));
            }
            Lookup::Found(relation) if relation.kind == RelationKind::Table => {
                let there: FxHashSet<SmolStr> = relation.columns.iter().map(|c| fold(&c.name)).collect();
                let missing = |name: &&str| !there.contains(&fold(&stored(self.dialect, name)));
                let lacking: Vec<&str> = OWN.iter().copied().filter(|n| missing(n)).collect();
                if !lacking.is_empty() {
                    return Err(self.refused(format!(
                        "target `{shown}` exists and is no history: it has no column {}",
                        lacking.join(", ")
                    )));
                }
                // The history would round, and each run find a change.
                for old in &relation.columns {
                    let new = self.columns.iter().find(|c| fold(&c.name) == fold(&old.name));
                    let Some(new) = new.filter(|new| may_lose(self.dialect, &new.ty, &old.ty)) else {
                        continue;
                    };
                    let (from, to) = (old.ty.print(self.dialect), new.ty.print(self.dialect));
                    return Err(self.refused(format!(
                        "column `{}` of source `{}` is {to} now, which {from} in the history does not keep as it is",
                        new.name,
                        self.spec.source.display()
                    )));
                }
                let added: Vec<&Column> = self
                    .columns
                    .iter()
                    .filter(|c| !there.contains(&fold(&c.name)))
                    .collect();
                self.follow(&added, &mut steps)?;
                let source: FxHashSet<SmolStr> = self.columns.iter().map(|c| fold(&c.name)).collect();
                let own: FxHashSet<SmolStr> = OWN.iter().map(|n| fold(&stored(self.dialect, n))).collect();
                let gone: Vec<&str> = relation
                    .columns
                    .iter()
                    .filter(|c| !source.contains(&fold(&c.name)) && !own.contains(&fold(&c.name)))
                    .map(|c| c.name.as_str())
                    .collect();
                let mut reason = "target exists: rows that changed get a new version".to_owned();
                if !added.is_empty() {
                    let names: Vec<&str> = added.iter().map(|c| c.name.as_str()).collect();
                    reason.push_str(&format!("; new in the source: {}", names.join(", ")));
                }
                if !gone.is_empty() {
                    reason.push_str(&format!(
                        "; gone from the source and NULL in new versions: {}",
                        gone.join(", ")
                    ));
                }
                (
                    reason,
                    Fact::Table(relation.columns.iter().map(|c| fold(&c.name)).collect()),
                )
            }
            Lookup::Found(_) => {
                return Err(self.refused(format!("target `{shown}` exists and is not a table")));
            }
        };
        if self.staged {
            steps.push(self.silent("drop", format!("DROP TABLE {STAGE}").into()));
        }
        Ok((steps, reason, fact))
    }

    /// An existing history follows its source.
    fn follow(&self, added: &[&Column], steps: &mut Vec<Step>) -> Result<(), Problem> {
        for column in added {
            if column.ty.has_unknown() {
                return Err(self.refused(format!(
                    "column `{}` is new in the source and its type is not known",
                    column.name
                )));
            }
            let sql = format!(
                "ALTER TABLE {} ADD COLUMN {} {}",
                self.target,
                print(self.dialect, &column.name),
                column.ty.print(self.dialect)
            );
            steps.push(self.silent("add_column", sql.into()));
        }
        if !self.compared.is_empty() {
            let changed: Vec<String> = self.compared.iter().map(|c| self.differs(c)).collect();
            let mut sql = self.close();
            sql.push(&format!(
                "EXISTS (\n  SELECT 1 FROM {} {}\n  WHERE {}\n    AND ({})\n)",
                self.source(),
                self.s,
                self.same(self.s, self.t),
                changed.join("\n      OR ")
            ));
            steps.push(self.silent("close_changed", sql));
        }
        if self.spec.invalidate_hard_deletes {
            let mut sql = self.close();
            sql.push(&format!(
                "NOT EXISTS (\n  SELECT 1 FROM {} {}\n  WHERE {}\n)",
                self.source(),
                self.s,
                self.same(self.s, self.t)
            ));
            steps.push(self.silent("close_deleted", sql));
        }
        steps.push(self.insert());
        Ok(())
    }

    /// `UPDATE … SET valid_to = …, is_current = FALSE WHERE is_current AND `
    fn close(&self) -> Sql {
        let t = self.t;
        let mut sql = Sql::from(format!(
            "UPDATE {} {t}\nSET valid_to = CASE WHEN {t}.valid_from > ",
            self.target
        ));
        sql.hole(Parameter::Now);
        sql.push(&format!(" THEN {t}.valid_from ELSE "));
        sql.hole(Parameter::Now);
        sql.push(&format!(" END, is_current = FALSE\nWHERE {t}.is_current AND "));
        sql
    }

    /// Rows of the source without a current version.
    fn insert(&self) -> Step {
        let names: Vec<String> = self.names().collect();
        let keys: Vec<String> = self.keys.iter().map(|k| print(self.dialect, k)).collect();
        let mut sql = Sql::from(format!(
            "INSERT INTO {} ({}, {})\nSELECT {}, COALESCE({}._rocky_end, ",
            self.target,
            names.join(", "),
            OWN.join(", "),
            qualified(self.s, &names),
            self.h,
        ));
        sql.hole(Parameter::Now);
        sql.push("), NULL, TRUE, ");
        sql.hole(Parameter::RunId);
        // Versions that end after this run began: the clock went back.
        sql.push(&format!(
            "\nFROM {} {}\nLEFT JOIN (\n  SELECT {}, MAX(valid_to) AS _rocky_end FROM {}\n  WHERE valid_to > ",
            self.source(),
            self.s,
            keys.join(", "),
            self.target,
        ));
        sql.hole(Parameter::Now);
        sql.push(&format!(
            "\n  GROUP BY {}\n) {} ON {}\nWHERE NOT EXISTS (\n  SELECT 1 FROM {} {t}\n  WHERE {t}.is_current AND {}\n)",
            keys.join(", "),
            self.h,
            self.same(self.h, self.s),
            self.target,
            self.same(self.t, self.s),
            t = self.t,
        ));
        self.step("insert", StepKind::Statement { counts_rows: true }, sql)
    }

    fn create(&self) -> Step {
        let names: Vec<String> = self.names().collect();
        let text = match self.dialect {
            Dialect::DuckDb | Dialect::Snowflake => "VARCHAR",
            Dialect::Databricks | Dialect::BigQuery => "STRING",
        };
        let mut sql = Sql::from(format!(
            "CREATE TABLE {} AS\nSELECT {}, CAST(",
            self.target,
            qualified(self.s, &names)
        ));
        sql.hole(Parameter::Now);
        sql.push(
            " AS TIMESTAMP) AS valid_from, CAST(NULL AS TIMESTAMP) AS valid_to, TRUE AS is_current, CAST(",
        );
        sql.hole(Parameter::RunId);
        sql.push(&format!(
            " AS {text}) AS snapshot_id\nFROM {} {}",
            self.source(),
            self.s
        ));
        self.step("initial_load", StepKind::Statement { counts_rows: true }, sql)
    }

    /// The keys of the source are unique.
    fn guard(&self) -> Step {
        let keys: Vec<String> = self.keys.iter().map(|k| print(self.dialect, k)).collect();
        let list = keys.join(", ");
        let count = match self.keys.iter().any(|k| k.eq_ignore_ascii_case("n")) {
            true => "_rocky_n",
            false => "n",
        };
        let order: Vec<String> = (1..=keys.len()).map(|i| i.to_string()).collect();
        let sql = format!(
            "SELECT {list}, COUNT(*) AS {count} FROM {}\nGROUP BY {list}\nHAVING COUNT(*) > 1\nORDER BY {}\nLIMIT 5",
            self.source(),
            order.join(", ")
        );
        let error = format!("duplicate keys in source table `{}`", self.spec.source.display());
        self.step("check_keys", StepKind::Guard { error }, sql.into())
    }

    fn source(&self) -> String {
        match self.staged {
            true => STAGE.to_owned(),
            false => self.spec.source.print(self.dialect),
        }
    }

    fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.columns.iter().map(|c| print(self.dialect, &c.name))
    }

    /// Two aliases have the same key.
    fn same(&self, a: &str, b: &str) -> String {
        let parts = self.keys.iter().map(|key| {
            let key = print(self.dialect, key);
            strategy::same(self.dialect, &format!("{a}.{key}"), &format!("{b}.{key}"))
        });
        parts.collect::<Vec<_>>().join(" AND ")
    }

    /// A column of source and target differs.
    fn differs(&self, column: &str) -> String {
        let (column, s, t) = (print(self.dialect, column), self.s, self.t);
        match self.dialect {
            Dialect::Databricks => format!("NOT ({s}.{column} <=> {t}.{column})"),
            Dialect::DuckDb | Dialect::Snowflake | Dialect::BigQuery => {
                format!("{s}.{column} IS DISTINCT FROM {t}.{column}")
            }
        }
    }

    fn step(&self, purpose: &'static str, kind: StepKind, sql: Sql) -> Step {
        Step {
            purpose: SmolStr::new_static(purpose),
            target: self.spec.target.display(),
            sql: sql.text,
            holes: sql.holes,
            kind,
        }
    }

    fn silent(&self, purpose: &'static str, sql: Sql) -> Step {
        self.step(purpose, StepKind::Statement { counts_rows: false }, sql)
    }

    fn refused(&self, message: String) -> Problem {
        Box::new(
            Diagnostic::new(code::E303, self.spec.places.1, message)
                .help("Give the pipeline another `target.table`, or repair the table by hand: a history cannot be built anew."),
        )
    }
}

/// The source's rows, where it is a view.
const STAGE: &str = "_rocky_stage_snapshot";

/// A name of ours as the warehouse stores it.
fn stored(dialect: Dialect, name: &str) -> SmolStr {
    Ident::bare(name).stored(dialect)
}

fn qualified(alias: &str, names: &[String]) -> String {
    let all: Vec<String> = names.iter().map(|n| format!("{alias}.{n}")).collect();
    all.join(", ")
}
