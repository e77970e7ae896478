//! `compare`: tables of production with their shadows: columns, counts, contents.
//!
//! The queries are the planner's (`rocky_plan::compare`). Contents are bisected: parts of the key's hash whose sums are equal are
//! left alone, so that a few differences in a large table read little of it. What cannot be read is a failure, never an
//! empty table.

use crate::adapters::Access;
use crate::document::envelope;
use crate::prepare::Part;
use crate::project::{Project, pipeline, target};
use crate::verbs::run::RunRequest;
use crate::wire::{Filters, WireDiagnostic};
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Event, Observer, Result, SmolStr};
use rocky_plan::compare::{ColumnDifference, Comparison, Parts, column_differences};
use rocky_plan::shadow::{Pair, leftovers};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::{CatalogSnapshot, Connection, Relation, RelationName, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// So many rows are grouped by key at once without looking for a smaller part first.
const ENOUGH: u64 = 1 << 17;
/// A part is cut into so many by each step of the bisection, as a power of two.
const STEP_BITS: u32 = 10;
/// How fine parts get.
const MOST_BITS: u32 = 30;
/// Where more parts differ, cutting them further helps no more.
const MOST_PARTS: usize = 1 << (STEP_BITS - 1);
/// Differences shown where the request does not say.
const SAMPLE: u32 = 10;
/// At most so many.
const MOST_SAMPLE: u32 = 1000;

/// From where on a difference counts. Shares are fractions of production's rows: 0.01 is one per cent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// A larger difference of the numbers of rows warns …
    pub row_count_diff_pct_warn: f64,
    /// … and fails.
    pub row_count_diff_pct_fail: f64,
    /// A larger share of rows that differ warns …
    pub row_diff_pct_warn: f64,
    /// … and fails.
    pub row_diff_pct_fail: f64,
    /// Columns in another order only warn.
    pub allow_column_order_diff: bool,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            row_count_diff_pct_warn: 0.01,
            row_count_diff_pct_fail: 0.05,
            row_diff_pct_warn: 0.0,
            row_diff_pct_fail: 0.05,
            allow_column_order_diff: true,
        }
    }
}

/// Which tables to compare with their shadows, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompareRequest {
    /// The pipeline; needed when there are several.
    pub pipeline: Option<String>,
    /// Only these models, as for `run`.
    pub models: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
    /// Only these sources of a replication, as for `run`.
    pub filter: Option<Filters>,
    /// All pipelines.
    pub dag: bool,
    /// With a replication pipeline, the project's models too.
    pub all: bool,
    /// Values for `@var`.
    pub vars: BTreeMap<String, String>,
    /// As the shadow run had it.
    pub shadow_suffix: Option<String>,
    /// As the shadow run had it.
    pub shadow_schema: Option<String>,
    /// From where on a difference counts.
    pub thresholds: Thresholds,
    /// Columns that identify a row, instead of those that the strategy or a test names.
    pub key: Vec<String>,
    /// Columns that are not compared.
    pub ignore: Vec<String>,
    /// Compare columns and counts alone.
    pub counts_only: bool,
    /// How many differences are shown of each table; 10 when not said.
    pub sample: Option<u32>,
    /// Compare nothing: drop the pipeline's shadows.
    pub cleanup: bool,
}

/// A value of a column on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CellDifference {
    /// The column.
    pub column: String,
    /// In production.
    pub production: serde_json::Value,
    /// In the shadow.
    pub shadow: serde_json::Value,
}

/// Rows of one key, or without a key one row, that differ.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RowDifference {
    /// `changed`, `only_in_production`, `only_in_shadow`.
    pub kind: String,
    /// The key; empty without one.
    pub key: BTreeMap<String, serde_json::Value>,
    /// So many rows in production.
    pub production_rows: u64,
    /// So many in the shadow.
    pub shadow_rows: u64,
    /// What differs of a changed row, when each side has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<CellDifference>,
    /// The other columns of a row that only one side has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub row: BTreeMap<String, serde_json::Value>,
}

/// How contents differ.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contents {
    /// Every row has its equal, and no column was left out but those that were to be ignored.
    pub equal: bool,
    /// The columns that identify a row; none: rows are compared whole.
    pub key: Vec<String>,
    /// How many columns beside the key were compared.
    pub columns_compared: u64,
    /// Columns that were not compared, because one side has none of that name or one of another type: of them nothing is known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns_not_compared: Vec<String>,
    /// Rows whose key only production has; without a key rows that only production has.
    pub rows_only_in_production: u64,
    /// Likewise of the shadow.
    pub rows_only_in_shadow: u64,
    /// Keys that both have, with other rows.
    pub rows_changed: u64,
    /// All of them as a share of production's rows.
    pub row_diff_pct: f64,
    /// Steps of the bisection.
    pub bisection_steps: u64,
    /// Rows of both sides that were looked at one by one.
    pub rows_examined: u64,
    /// Some of the differences, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<RowDifference>,
}

/// A table and its shadow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparedTable {
    /// The model, or the table's name.
    pub model: String,
    /// What orchestrators call it.
    pub asset_key: Vec<String>,
    /// Whole name.
    pub production_table: String,
    /// Whole name.
    pub shadow_table: String,
    /// `compared`, `new` (production does not exist yet), `missing_shadow`, `error`.
    pub status: String,
    /// Both have as many rows.
    pub row_count_match: bool,
    /// Rows.
    pub production_count: u64,
    /// Rows.
    pub shadow_count: u64,
    /// The difference as a fraction of production's rows.
    pub row_count_diff_pct: f64,
    /// Both have the same columns, of the same types, in the same order.
    pub schema_match: bool,
    /// How not: `ColumnAdded name TYPE`, `ColumnRemoved …`, `TypeDiff name TYPE -> TYPE`, `OrderDiff a, b -> b, a`.
    pub schema_diffs: Vec<String>,
    /// How the rows differ; none when they were not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<Contents>,
    /// `pass`, `warn`, `fail`.
    pub verdict: String,
    /// Why it is no `pass`.
    pub reasons: Vec<String>,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CompareResponse {
    /// Engine version.
    pub version: String,
    /// `compare`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// As given.
    pub filter: String,
    /// The pipeline.
    pub pipeline: String,
    /// Tables.
    pub tables_compared: u64,
    /// Those that pass …
    pub tables_passed: u64,
    /// … warn …
    pub tables_warned: u64,
    /// … and fail.
    pub tables_failed: u64,
    /// The worst verdict: `pass`, `warn`, `fail`.
    pub overall_verdict: String,
    /// Table by table.
    pub results: Vec<ComparedTable>,
    /// What was held against them.
    pub thresholds: Thresholds,
    /// Shadows that `cleanup` dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped: Vec<String>,
    /// Findings that keep the tables from being known.
    pub diagnostics: Vec<WireDiagnostic>,
    /// True when one of them is an error: the tables of that pipeline were not compared, which fails.
    pub has_errors: bool,
}

#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Pass,
    Warn,
    Fail,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

impl Project {
    /// Compare the tables of a pipeline with the shadows that a run with the same request made. Reads, unless shadows are to be dropped.
    pub fn compare(
        &self,
        request: &CompareRequest,
        observer: &mut dyn Observer,
        cancel: &CancelToken,
    ) -> Result<CompareResponse> {
        check(request)?;
        let run = RunRequest {
            pipeline: request.pipeline.clone(),
            models: request.models.clone(),
            exclude: request.exclude.clone(),
            filter: request.filter.clone(),
            dag: request.dag,
            all: request.all,
            vars: request.vars.clone(),
            shadow: true,
            shadow_suffix: request.shadow_suffix.clone(),
            shadow_schema: request.shadow_schema.clone(),
            ..RunRequest::default()
        };
        let stages = self.stages(&run)?;
        let mut response = blank(request);
        let mut names: Vec<String> = stages.iter().map(|s| s.pipeline.to_string()).collect();
        names.dedup();
        response.pipeline = names.join(", ");
        if request.cleanup {
            for name in &names {
                response.dropped.extend(self.drop_shadows(request, name, cancel)?);
            }
            return Ok(response);
        }
        let alone = [(run.pipeline.clone(), Part::Own)];
        let parts: Vec<(Option<String>, Part)> = match stages.is_empty() {
            // The configuration has errors: preparing says which.
            true => alone.to_vec(),
            false => stages
                .iter()
                .map(|s| (Some(s.pipeline.to_string()), s.part))
                .collect(),
        };
        for (name, part) in parts {
            if self.writes_nothing(name.as_deref(), part)? {
                continue;
            }
            let own = RunRequest {
                pipeline: name.or_else(|| run.pipeline.clone()),
                dag: false,
                all: false,
                ..run.clone()
            };
            let prepared = self.prepare(&own, part, Access::Read, observer, cancel)?;
            // What was planned from memory has not opened it.
            let warehouse = match (prepared.warehouse, &prepared.look) {
                (Some(opened), _) => Some(opened),
                (None, Some(look)) => self.open_adapter(look.adapter(), Access::Read, cancel)?,
                (None, None) => None,
            };
            let pairs = prepared.reduced.pairs;
            if pairs.is_empty() && prepared.has_errors {
                response.has_errors = true;
                response.diagnostics.extend(prepared.diagnostics);
                continue;
            }
            let Some(warehouse) = warehouse else {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!(
                        "the database of pipeline `{}` does not exist yet",
                        prepared.pipeline
                    ),
                )
                .hint("run the pipeline with `--shadow` first"));
            };
            let relations: Vec<_> = pairs
                .iter()
                .flat_map(|p| [p.production.clone(), p.shadow.clone()])
                .collect();
            let catalog = match relations.is_empty() {
                true => CatalogSnapshot::default(),
                false => warehouse.snapshot(&relations, cancel)?,
            };
            let mut connection = warehouse.connect()?;
            let total = pairs.len() as u64;
            for (done, pair) in pairs.iter().enumerate() {
                cancel.check()?;
                observer.event(&Event::Progress {
                    phase: SmolStr::new_static("compare"),
                    done: done as u64,
                    total,
                });
                let mut judge = Judge {
                    request,
                    pair,
                    dialect: catalog.dialect,
                    connection: connection.as_mut(),
                    cancel,
                    table: blank_table(pair),
                    verdict: Verdict::Pass,
                };
                judge.compare(&catalog)?;
                response.results.push(judge.finish());
            }
        }
        sum_up(&mut response);
        Ok(response)
    }

    /// A quality pipeline behind others has no tables of its own.
    fn writes_nothing(&self, name: Option<&str>, part: Part) -> Result<bool> {
        let config = self.config()?;
        let Some(named) = name.and_then(|n| config.pipelines.get(n)) else {
            return Ok(false);
        };
        let quality = matches!(named.kind, rocky_config::PipelineKind::Quality(_));
        Ok(quality && part == Part::Own && config.pipelines.len() > 1)
    }

    fn drop_shadows(
        &self,
        request: &CompareRequest,
        name: &str,
        cancel: &CancelToken,
    ) -> Result<Vec<String>> {
        let config = self.config_checked()?;
        let (name, _) = pipeline(&config, Some(name))?;
        let shadow = crate::shadow::place(
            request.shadow_suffix.as_deref(),
            request.shadow_schema.as_deref(),
            name,
        )?;
        let target = target(&config, Some(name))?;
        if self.open_warehouse(&target, Access::Read, cancel)?.is_none() {
            return Ok(Vec::new());
        }
        let Some(warehouse) = self.open_warehouse(&target, Access::Write, cancel)? else {
            return Ok(Vec::new());
        };
        let catalog = warehouse.snapshot(&[], cancel)?;
        let mut connection = warehouse.connect()?;
        let mut dropped = Vec::new();
        for (relation, step) in leftovers(&shadow, &catalog) {
            connection.execute(&step.sql, cancel)?;
            dropped.push(relation.display());
        }
        Ok(dropped)
    }
}

fn check(request: &CompareRequest) -> Result<()> {
    crate::shadow::place(
        request.shadow_suffix.as_deref(),
        request.shadow_schema.as_deref(),
        &SmolStr::default(),
    )?;
    let t = &request.thresholds;
    for (name, value) in [
        ("row_count_diff_pct_warn", t.row_count_diff_pct_warn),
        ("row_count_diff_pct_fail", t.row_count_diff_pct_fail),
        ("row_diff_pct_warn", t.row_diff_pct_warn),
        ("row_diff_pct_fail", t.row_diff_pct_fail),
    ] {
        if !(0.0..).contains(&value) {
            return Err(
                Error::usage(format!("`thresholds.{name}` is {value}, not a share"))
                    .hint("0.01 is one per cent"),
            );
        }
    }
    if request.sample.is_some_and(|n| n > MOST_SAMPLE) {
        return Err(Error::usage(format!("`sample` is at most {MOST_SAMPLE}")));
    }
    if request.counts_only
        && !(request.key.is_empty() && request.ignore.is_empty() && request.sample.is_none())
    {
        return Err(Error::usage(
            "`counts_only` compares no contents, so `key`, `ignore` and `sample` say nothing",
        )
        .hint("leave them out"));
    }
    if request.cleanup {
        let chosen = !request.models.is_empty() || !request.exclude.is_empty() || request.filter.is_some();
        let compares = *t != Thresholds::default()
            || request.counts_only
            || request.sample.is_some()
            || !(request.key.is_empty() && request.ignore.is_empty());
        if chosen || compares {
            return Err(
                Error::usage("`cleanup` drops all shadows of the pipeline and compares nothing")
                    .hint("leave the choice of tables and what is compared out"),
            );
        }
    }
    Ok(())
}

fn blank(request: &CompareRequest) -> CompareResponse {
    let (version, command, schema_version) = envelope!("compare");
    CompareResponse {
        version,
        command,
        schema_version,
        filter: Filters::shown(&request.filter),
        pipeline: String::new(),
        tables_compared: 0,
        tables_passed: 0,
        tables_warned: 0,
        tables_failed: 0,
        overall_verdict: Verdict::Pass.as_str().to_owned(),
        results: Vec::new(),
        thresholds: request.thresholds.clone(),
        dropped: Vec::new(),
        diagnostics: Vec::new(),
        has_errors: false,
    }
}

fn blank_table(pair: &Pair) -> ComparedTable {
    ComparedTable {
        model: pair.name.to_string(),
        asset_key: pair.asset_key.iter().map(ToString::to_string).collect(),
        production_table: pair.production_name.clone(),
        shadow_table: pair.shadow_name.clone(),
        status: "compared".to_owned(),
        row_count_match: false,
        production_count: 0,
        shadow_count: 0,
        row_count_diff_pct: 0.0,
        schema_match: true,
        schema_diffs: Vec::new(),
        contents: None,
        verdict: String::new(),
        reasons: Vec::new(),
    }
}

fn sum_up(response: &mut CompareResponse) {
    let count = |verdict: Verdict| {
        let these = response.results.iter().filter(|r| r.verdict == verdict.as_str());
        these.count() as u64
    };
    let (passed, warned, failed) = (count(Verdict::Pass), count(Verdict::Warn), count(Verdict::Fail));
    response.tables_compared = response.results.len() as u64;
    (
        response.tables_passed,
        response.tables_warned,
        response.tables_failed,
    ) = (passed, warned, failed);
    let overall = match (failed > 0 || response.has_errors, warned > 0) {
        (true, _) => Verdict::Fail,
        (false, true) => Verdict::Warn,
        (false, false) => Verdict::Pass,
    };
    overall.as_str().clone_into(&mut response.overall_verdict);
}

/// Compares one table with its shadow.
struct Judge<'a> {
    request: &'a CompareRequest,
    pair: &'a Pair,
    dialect: Dialect,
    connection: &'a mut dyn Connection,
    cancel: &'a CancelToken,
    table: ComparedTable,
    verdict: Verdict,
}

impl Judge<'_> {
    fn finish(mut self) -> ComparedTable {
        self.verdict.as_str().clone_into(&mut self.table.verdict);
        self.table
    }

    fn found(&mut self, verdict: Verdict, why: impl Into<String>) {
        self.verdict = self.verdict.max(verdict);
        self.table.reasons.push(why.into());
    }

    /// What cannot be read fails.
    fn compare(&mut self, catalog: &CatalogSnapshot) -> Result<()> {
        match self.compare_tables(catalog) {
            Err(error) if error.kind == ErrorKind::Cancelled => Err(error),
            Err(error) => {
                "error".clone_into(&mut self.table.status);
                self.found(Verdict::Fail, error.message);
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn compare_tables(&mut self, catalog: &CatalogSnapshot) -> Result<()> {
        let pair = self.pair;
        let seen = |name: &RelationName, full: &str| match catalog.lookup(name) {
            Lookup::Found(relation) => Ok(Some(relation)),
            Lookup::Absent => Ok(None),
            // What could not be looked at may well be there.
            Lookup::Unknown => Err(Error::new(
                ErrorKind::Warehouse,
                format!("the warehouse did not tell whether `{full}` exists"),
            )),
        };
        let Some(shadow) = seen(&pair.shadow, &pair.shadow_name)? else {
            "missing_shadow".clone_into(&mut self.table.status);
            self.found(
                Verdict::Fail,
                format!("`{}` does not exist: run with `--shadow` first", pair.shadow_name),
            );
            return Ok(());
        };
        let Some(production) = seen(&pair.production, &pair.production_name)? else {
            "new".clone_into(&mut self.table.status);
            let sql = format!("SELECT COUNT(*) FROM {}", pair.shadow.print(self.dialect));
            self.table.shadow_count = self.number(&sql)?;
            self.table.row_count_diff_pct = share(self.table.shadow_count, 0);
            self.found(
                Verdict::Warn,
                format!(
                    "`{}` does not exist yet: there is nothing to compare with",
                    pair.production_name
                ),
            );
            return Ok(());
        };
        self.columns(production, shadow);
        let ignored: Vec<SmolStr> = self
            .request
            .ignore
            .iter()
            .map(SmolStr::new)
            .chain(pair.ignored.iter().cloned())
            .collect();
        let asked: Vec<SmolStr> = self.request.key.iter().map(SmolStr::new).collect();
        let compare = |key: &[SmolStr]| {
            Comparison::new(
                self.dialect,
                (&pair.production, &pair.shadow),
                (&production.columns, &shadow.columns),
                key,
                &ignored,
            )
        };
        let (comparison, lost) = match compare(if asked.is_empty() { &pair.key } else { &asked }) {
            Ok(comparison) => (Some(comparison), None),
            Err(column) => (compare(&[]).ok(), Some(column)),
        };
        let Some(comparison) = comparison else {
            return Err(Error::bug("rows cannot be compared without a key"));
        };
        self.counts(&comparison)?;
        if self.request.counts_only {
            return Ok(());
        }
        if let Some(column) = lost {
            let why = format!("`{column}` of the key is not a column of both tables with one type");
            if !asked.is_empty() {
                return Err(Error::usage(why));
            }
            // Whole rows would say of each that it is another one.
            self.found(Verdict::Fail, format!("{why}, so contents were not compared"));
            return Ok(());
        }
        let left_out = comparison.left_out(&production.columns, &shadow.columns, &ignored);
        let nothing = comparison.key().len() == 0 && comparison.columns().len() == 0;
        if nothing && !left_out.is_empty() {
            // Rows without columns are all alike, which says nothing.
            let why = "no column of both tables has one type, so contents were not compared";
            self.found(Verdict::Fail, why);
            return Ok(());
        }
        self.contents(&comparison, &left_out)
    }

    fn columns(&mut self, production: &Relation, shadow: &Relation) {
        let differences = column_differences(self.dialect, &production.columns, &shadow.columns);
        self.table.schema_match = differences.is_empty();
        for difference in differences {
            let list = |names: &[SmolStr]| names.join(", ");
            let (text, why, verdict) = match &difference {
                ColumnDifference::Added { name, ty } => (
                    format!("ColumnAdded {name} {ty}"),
                    format!("column `{name}` ({ty}) is new"),
                    Verdict::Fail,
                ),
                ColumnDifference::Removed { name, ty } => (
                    format!("ColumnRemoved {name} {ty}"),
                    format!("column `{name}` ({ty}) is gone"),
                    Verdict::Fail,
                ),
                ColumnDifference::Type {
                    name,
                    production,
                    shadow,
                } => (
                    format!("TypeDiff {name} {production} -> {shadow}"),
                    format!("column `{name}` is {shadow}, not {production}"),
                    Verdict::Fail,
                ),
                ColumnDifference::Order { production, shadow } => (
                    format!("OrderDiff {} -> {}", list(production), list(shadow)),
                    "columns stand in another order".to_owned(),
                    match self.request.thresholds.allow_column_order_diff {
                        true => Verdict::Warn,
                        false => Verdict::Fail,
                    },
                ),
            };
            self.table.schema_diffs.push(text);
            self.found(verdict, why);
        }
    }

    fn counts(&mut self, comparison: &Comparison) -> Result<()> {
        let rows = self.rows(&comparison.counts(), 1)?;
        let cells = rows.first().map(Vec::as_slice).unwrap_or_default();
        let (production, shadow) = (number(cells, 0)?, number(cells, 1)?);
        let diff = share(production.abs_diff(shadow), production);
        self.table.production_count = production;
        self.table.shadow_count = shadow;
        self.table.row_count_match = production == shadow;
        self.table.row_count_diff_pct = diff;
        let t = &self.request.thresholds;
        let why = format!("{shadow} rows, not {production} ({})", percent(diff));
        match (diff > t.row_count_diff_pct_fail, diff > t.row_count_diff_pct_warn) {
            (true, _) => self.found(Verdict::Fail, why),
            (false, true) => self.found(Verdict::Warn, why),
            (false, false) => {}
        }
        Ok(())
    }

    fn contents(&mut self, comparison: &Comparison, left_out: &[SmolStr]) -> Result<()> {
        let names =
            |all: &mut dyn Iterator<Item = &SmolStr>| all.map(ToString::to_string).collect::<Vec<_>>();
        let mut contents = Contents {
            equal: true,
            key: names(&mut comparison.key()),
            columns_compared: comparison.columns().len() as u64,
            columns_not_compared: names(&mut left_out.iter()),
            ..Contents::default()
        };
        if let Some(within) = self.bisect(comparison, &mut contents)? {
            self.differences(comparison, within.as_ref(), &mut contents)?;
        }
        let differing =
            contents.rows_only_in_production + contents.rows_only_in_shadow + contents.rows_changed;
        contents.equal = differing == 0 && left_out.is_empty();
        contents.row_diff_pct = share(differing, self.table.production_count);
        let diff = contents.row_diff_pct;
        if differing > 0 {
            let mut parts = Vec::new();
            for (n, what) in [
                (contents.rows_changed, "changed"),
                (contents.rows_only_in_production, "only in production"),
                (contents.rows_only_in_shadow, "only in the shadow"),
            ] {
                if n > 0 {
                    parts.push(format!("{n} {what}"));
                }
            }
            let why = format!("rows differ: {} ({})", parts.join(", "), percent(diff));
            let t = &self.request.thresholds;
            match (diff > t.row_diff_pct_fail, diff > t.row_diff_pct_warn) {
                (true, _) => self.found(Verdict::Fail, why),
                (false, true) => self.found(Verdict::Warn, why),
                (false, false) => {}
            }
        }
        self.table.contents = Some(contents);
        Ok(())
    }

    /// Where the differences are: `None` when there are none, `Some(None)` anywhere.
    fn bisect(&mut self, comparison: &Comparison, contents: &mut Contents) -> Result<Option<Option<Parts>>> {
        let mut within: Option<Parts> = None;
        let mut rows = self.table.production_count + self.table.shadow_count;
        let mut bits = 0;
        while rows > ENOUGH && bits < MOST_BITS {
            bits += STEP_BITS;
            contents.bisection_steps += 1;
            let limit = within.as_ref().map_or(1, |p| p.values.len()) << STEP_BITS;
            let found = self.rows(&comparison.parts(bits, within.as_ref()), limit)?;
            if found.is_empty() {
                return Ok(None);
            }
            // Differences are everywhere.
            if found.len() > MOST_PARTS {
                break;
            }
            rows = 0;
            let mut values = Vec::with_capacity(found.len());
            for cells in &found {
                values.push(i64::try_from(number(cells, 0)?).unwrap_or_default());
                rows += number(cells, 1)? + number(cells, 2)?;
            }
            within = Some(Parts { bits, values });
        }
        contents.rows_examined = rows;
        Ok(Some(within))
    }

    fn differences(
        &mut self,
        comparison: &Comparison,
        within: Option<&Parts>,
        contents: &mut Contents,
    ) -> Result<()> {
        let rows = self.rows(&comparison.differences(within), 1)?;
        let cells = rows.first().map(Vec::as_slice).unwrap_or_default();
        contents.rows_only_in_production = number(cells, 0)?;
        contents.rows_only_in_shadow = number(cells, 1)?;
        contents.rows_changed = number(cells, 2)?;
        let limit = self.request.sample.unwrap_or(SAMPLE);
        let any = contents.rows_only_in_production + contents.rows_only_in_shadow + contents.rows_changed > 0;
        if !any || limit == 0 {
            return Ok(());
        }
        let rows = self.rows(&comparison.sample(within, limit), limit as usize)?;
        for cells in &rows {
            contents.sample.push(difference(comparison, cells)?);
        }
        Ok(())
    }

    fn rows(&mut self, sql: &str, limit: usize) -> Result<Vec<Vec<Value>>> {
        Ok(self.connection.query(sql, limit, self.cancel)?.rows)
    }

    fn number(&mut self, sql: &str) -> Result<u64> {
        let rows = self.rows(sql, 1)?;
        number(rows.first().map(Vec::as_slice).unwrap_or_default(), 0)
    }
}

/// A row of a sample.
fn difference(comparison: &Comparison, cells: &[Value]) -> Result<RowDifference> {
    let (production_rows, shadow_rows) = (number(cells, 0)?, number(cells, 1)?);
    let (n_keys, n_columns) = (comparison.key().len(), comparison.columns().len());
    let cell = |i: usize| cells.get(i).map_or(serde_json::Value::Null, json);
    let key = comparison
        .key()
        .enumerate()
        .map(|(i, name)| (name.to_string(), cell(2 + i)))
        .collect();
    let kind = match (production_rows, shadow_rows) {
        (_, 0) => "only_in_production",
        (0, _) => "only_in_shadow",
        // Without a key the same row, more often on one side.
        (p, s) if n_keys == 0 && p > s => "only_in_production",
        _ if n_keys == 0 => "only_in_shadow",
        _ => "changed",
    };
    let mut found = RowDifference {
        kind: kind.to_owned(),
        key,
        production_rows,
        shadow_rows,
        changes: Vec::new(),
        row: BTreeMap::new(),
    };
    for (i, name) in comparison.columns().enumerate() {
        if n_keys == 0 {
            found.row.insert(name.to_string(), cell(2 + i));
            continue;
        }
        let (production, shadow) = (cell(2 + n_keys + i), cell(2 + n_keys + n_columns + i));
        match (production_rows, shadow_rows) {
            (1, 1) if production != shadow => found.changes.push(CellDifference {
                column: name.to_string(),
                production,
                shadow,
            }),
            (1, 0) => {
                found.row.insert(name.to_string(), production);
            }
            (0, 1) => {
                found.row.insert(name.to_string(), shadow);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// JSON has no infinities and no NaN: they are words.
fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Float(f) if !f.is_finite() => f.to_string().into(),
        other => serde_json::to_value(other).unwrap_or_default(),
    }
}

fn number(cells: &[Value], place: usize) -> Result<u64> {
    let cell = cells.get(place).and_then(Value::to_i64);
    cell.and_then(|n| u64::try_from(n).ok())
        .ok_or_else(|| Error::bug("a count of a comparison is no number"))
}

/// A share of production's rows; of no rows everything is all.
fn share(part: u64, whole: u64) -> f64 {
    match (part, whole) {
        (0, _) => 0.0,
        (_, 0) => 1.0,
        (part, whole) => part as f64 / whole as f64,
    }
}

fn percent(share: f64) -> String {
    match share * 100.0 {
        p if p > 0.0 && p < 0.01 => "less than 0.01 %".to_owned(),
        p => format!("{p:.2} %"),
    }
}
