//! Parts that several documents share. Plain JSON shapes, apart from the engine's own types, so that neither drags the
//! other along when it changes.

use rocky_base::{Diagnostic, Files, Label, Loc, SmolStr};
use rocky_config::StrategyKind;
use rocky_project::{GivenColumn, GivenSource};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One filter, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Filters {
    /// `key=value`.
    One(String),
    /// Several: those with one key are alternatives, those with different keys must all hold.
    Many(Vec<String>),
}

impl Filters {
    /// Each as given.
    pub fn texts(&self) -> &[String] {
        match self {
            Filters::One(one) => std::slice::from_ref(one),
            Filters::Many(many) => many,
        }
    }

    /// As documents show them.
    pub(crate) fn shown(filters: &Option<Filters>) -> String {
        filters.as_ref().map(|f| f.texts().join(",")).unwrap_or_default()
    }
}

/// A table of a source that is not copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExcludedTable {
    /// Source type, components, table.
    pub asset_key: Vec<String>,
    /// Its schema.
    pub source_schema: String,
    /// Its name.
    pub table_name: String,
    /// `missing_from_source`, `disabled`, `is_a_target`, `unchanged`.
    pub reason: String,
}

impl ExcludedTable {
    pub(crate) fn all(excluded: &[rocky_plan::replication::Excluded]) -> Vec<ExcludedTable> {
        let mut all: Vec<ExcludedTable> = excluded
            .iter()
            .map(|e| ExcludedTable {
                asset_key: e.asset_key.iter().map(ToString::to_string).collect(),
                source_schema: e.source_schema.to_string(),
                table_name: e.table.to_string(),
                reason: e.reason.to_owned(),
            })
            .collect();
        all.sort_by(|a, b| (&a.source_schema, &a.table_name).cmp(&(&b.source_schema, &b.table_name)));
        all
    }
}

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceSpan {
    /// Path relative to the folder of `rocky.toml`.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub col: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the last character.
    pub end_col: u32,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl SourceSpan {
    /// The span of a location; `None` when its file is not in the table.
    pub fn of(loc: Loc, files: &Files) -> Option<SourceSpan> {
        let file = files.get(loc.file)?;
        let (line, col) = file.line_col(loc.span.start);
        let (end_line, end_col) = file.line_col(loc.span.end);
        Some(SourceSpan {
            file: file.path.to_string(),
            line,
            col,
            end_line,
            end_col,
            start: loc.span.start,
            end: loc.span.end,
        })
    }
}

/// Another place a diagnostic speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireNote {
    /// Where.
    pub span: Option<SourceSpan>,
    /// What about it.
    pub text: String,
}

/// A replacement that makes the diagnostic go away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireFix {
    /// What it does.
    pub title: String,
    /// The edits; they do not overlap.
    pub edits: Vec<WireEdit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireEdit {
    /// What to replace; an empty span inserts.
    pub span: Option<SourceSpan>,
    /// The new text.
    pub text: String,
}

/// Something a user should change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireDiagnostic {
    /// `Error`, `Warning`, `Info`.
    pub severity: String,
    /// `E100`; `rocky explain E100` tells more.
    pub code: String,
    /// One line.
    pub message: String,
    /// The model, or empty for what belongs to none.
    pub model: String,
    /// The offending characters.
    pub span: Option<SourceSpan>,
    /// What to do.
    pub suggestion: Option<String>,
    /// Why this place is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Other places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<WireNote>,
    /// A safe edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<WireFix>,
}

impl WireDiagnostic {
    /// Make a warning an error.
    pub(crate) fn deny_warning(&mut self) {
        if self.severity == rocky_base::Severity::Warning.as_str() {
            self.severity = rocky_base::Severity::Error.as_str().to_owned();
        }
    }

    /// The document's form of a diagnostic.
    pub fn of(diagnostic: &Diagnostic, files: &Files) -> WireDiagnostic {
        let note = |label: &Label| WireNote {
            span: SourceSpan::of(label.loc, files),
            text: label.text.clone(),
        };
        let primary = diagnostic.primary.as_ref();
        WireDiagnostic {
            severity: diagnostic.severity.as_str().to_owned(),
            code: diagnostic.code.id().to_owned(),
            message: diagnostic.message.clone(),
            model: diagnostic
                .model
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            span: primary.and_then(|l| SourceSpan::of(l.loc, files)),
            // Clients show this field and know nothing of fixes.
            suggestion: diagnostic
                .help
                .clone()
                .or_else(|| diagnostic.fix.as_ref().map(|f| f.title.clone())),
            label: primary.map(|l| l.text.clone()).filter(|t| !t.is_empty()),
            notes: diagnostic.notes.iter().map(note).collect(),
            fix: diagnostic.fix.as_ref().map(|fix| WireFix {
                title: fix.title.clone(),
                edits: fix
                    .edits
                    .iter()
                    .map(|e| WireEdit {
                        span: SourceSpan::of(e.loc, files),
                        text: e.text.clone(),
                    })
                    .collect(),
            }),
        }
    }

    /// True for `Error`.
    pub fn is_error(&self) -> bool {
        self.severity == "Error"
    }
}

/// A typed column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireColumn {
    /// Name as the warehouse would give it.
    pub name: SmolStr,
    /// Type in the warehouse's spelling; `UNKNOWN` when it cannot be told.
    pub r#type: SmolStr,
    /// May hold NULL.
    pub nullable: bool,
    /// How sure type and nullability are.
    pub status: ColumnState,
    /// `assumed`: the relation whose remembered columns it rests on, the oldest when there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assumed_from: Option<String>,
    /// `assumed`: seconds since that relation was read; absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<u64>,
    /// `unknown`: why the type, or a part of it, is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `unknown`: the expression that could not be typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<SourceSpan>,
}

/// How sure a column is.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ColumnState {
    /// It follows from the text and from facts that hold now.
    Proven,
    /// It follows from a remembered catalogue, which may have changed.
    Assumed,
    /// It cannot be told.
    Unknown,
}

/// How many columns are how sure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireCoverage {
    /// All columns; a model whose columns could not all be listed counts one unknown column more.
    pub columns: u64,
    /// Proven ones.
    pub proven: u64,
    /// Assumed ones.
    pub assumed: u64,
    /// Unknown ones.
    pub unknown: u64,
    /// The share of proven ones, from 0 to 1; 1 when there are no columns.
    pub ratio: f64,
}

/// Where a model goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireTarget {
    /// Catalog, database or project.
    pub catalog: String,
    /// Schema or dataset.
    pub schema: String,
    /// Table.
    pub table: String,
}

/// A strategy with its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum WireStrategy {
    /// Replace the table.
    FullRefresh,
    /// Append past the watermark.
    Incremental {
        /// Watermark column.
        timestamp_column: String,
        /// How far before the watermark rows are taken again: `3 days`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lookback_span: Option<String>,
    },
    /// Upsert.
    Merge {
        /// Key columns.
        unique_key: Vec<String>,
        /// Columns to update; all others than the key when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        update_columns: Option<Vec<String>>,
    },
    /// Replace windows of time.
    TimeInterval {
        /// The column that the windows cut.
        time_column: String,
        /// hour, day, month, year.
        granularity: String,
        /// Windows computed again.
        lookback: u32,
        /// Windows per statement.
        batch_size: u32,
        /// The first window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_partition: Option<String>,
    },
    /// Inlined.
    Ephemeral,
    /// Replace partitions.
    DeleteInsert {
        /// Partition columns.
        partition_by: Vec<String>,
    },
    /// Replace windows of time, cut out of the query.
    Microbatch {
        /// The column that the windows cut.
        timestamp_column: String,
        /// hour, day, month, year.
        granularity: String,
        /// Windows computed again.
        #[serde(default)]
        lookback: u32,
        /// Windows per statement.
        #[serde(default = "one")]
        batch_size: u32,
        /// The first window.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        first_partition: Option<String>,
    },
    /// A view.
    View,
    /// A view the warehouse keeps.
    MaterializedView,
    /// A table the warehouse keeps fresh.
    DynamicTable {
        /// How late it may be.
        target_lag: String,
        /// The warehouse that computes it; the adapter's when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        warehouse: Option<String>,
    },
    /// Files named by content.
    ContentAddressed {
        /// Where.
        storage_prefix: String,
        /// Partition columns.
        partition_columns: Vec<String>,
    },
}

fn one() -> u32 {
    1
}

impl WireStrategy {
    /// The document's form of a strategy.
    pub fn of(kind: &StrategyKind) -> WireStrategy {
        let texts = |list: &[rocky_config::Spanned<smol_str::SmolStr>]| {
            list.iter().map(|s| s.value.to_string()).collect()
        };
        let granularity = |g: &rocky_config::Granularity| {
            match g {
                rocky_config::Granularity::Hour => "hour",
                rocky_config::Granularity::Day => "day",
                rocky_config::Granularity::Month => "month",
                rocky_config::Granularity::Year => "year",
            }
            .to_owned()
        };
        match kind {
            StrategyKind::FullRefresh => WireStrategy::FullRefresh,
            StrategyKind::Incremental {
                timestamp_column,
                lookback,
            } => WireStrategy::Incremental {
                timestamp_column: timestamp_column.value.to_string(),
                lookback_span: lookback.map(|l| l.to_string()),
            },
            StrategyKind::Merge {
                unique_key,
                update_columns,
            } => WireStrategy::Merge {
                unique_key: texts(unique_key),
                update_columns: update_columns.as_deref().map(texts),
            },
            StrategyKind::TimeInterval {
                time_column,
                granularity: g,
                lookback,
                batch_size,
                first_partition,
            } => WireStrategy::TimeInterval {
                time_column: time_column.value.to_string(),
                granularity: granularity(g),
                lookback: *lookback,
                batch_size: *batch_size,
                first_partition: first_partition.as_ref().map(|p| p.value.to_string()),
            },
            StrategyKind::Ephemeral => WireStrategy::Ephemeral,
            StrategyKind::DeleteInsert { partition_by } => WireStrategy::DeleteInsert {
                partition_by: texts(partition_by),
            },
            StrategyKind::Microbatch {
                timestamp_column,
                granularity: g,
                lookback,
                batch_size,
                first_partition,
            } => WireStrategy::Microbatch {
                timestamp_column: timestamp_column.value.to_string(),
                granularity: granularity(g),
                lookback: *lookback,
                batch_size: *batch_size,
                first_partition: first_partition.as_ref().map(|p| p.value.to_string()),
            },
            StrategyKind::View => WireStrategy::View,
            StrategyKind::MaterializedView => WireStrategy::MaterializedView,
            StrategyKind::DynamicTable {
                target_lag,
                warehouse,
            } => WireStrategy::DynamicTable {
                target_lag: target_lag.value.to_string(),
                warehouse: warehouse.as_ref().map(|w| w.value.to_string()),
            },
            StrategyKind::ContentAddressed {
                storage_prefix,
                partition_columns,
            } => WireStrategy::ContentAddressed {
                storage_prefix: storage_prefix.value.to_string(),
                partition_columns: texts(partition_columns),
            },
        }
    }
}

/// What hooks did in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireHooks {
    /// How many were run.
    pub fired: u64,
    /// How many failed.
    pub failed: u64,
    /// The first hundred of those that failed, without those that are to be ignored.
    pub failures: Vec<WireHookFailure>,
}

/// A hook that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireHookFailure {
    /// `on_…`.
    pub event: String,
    /// `shell`, `webhook`.
    pub kind: String,
    /// The command's first line, or method and host of the request.
    pub hook: String,
    /// The model or table that it was told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `abort`, `warn`.
    pub on_failure: String,
    /// Why it failed.
    pub message: String,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// A limit of `[budget]` that a run went over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WireBudgetBreach {
    /// The key of `[budget]`.
    pub budget: String,
    /// What it allows.
    pub limit: u64,
    /// What the run took.
    pub actual: u64,
}

/// Numbers of one run. Percentiles are values that occurred.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireMetrics {
    /// Tables and models that were tried.
    pub tables_processed: u64,
    /// Those that failed.
    pub tables_failed: u64,
    /// Their share, in whole per cents.
    pub error_rate_pct: f64,
    /// Statements sent: those of the set-up and of each table's last attempt.
    pub statements_executed: u64,
    /// Attempts after the first of a table.
    pub retries_attempted: u64,
    /// Tables that succeeded in such an attempt.
    pub retries_succeeded: u64,
    /// Counts far from what they used to be.
    pub anomalies_detected: u64,
    /// Half of the tables took no longer, in milliseconds.
    pub table_duration_p50_ms: u64,
    /// Nineteen of twenty tables took no longer.
    pub table_duration_p95_ms: u64,
    /// The longest table.
    pub table_duration_max_ms: u64,
    /// Half of the statements took no longer, in milliseconds.
    pub query_duration_p50_ms: u64,
    /// Nineteen of twenty statements took no longer.
    pub query_duration_p95_ms: u64,
    /// The longest statement.
    pub query_duration_max_ms: u64,
}

impl WireMetrics {
    /// The document's form of a run's numbers.
    pub fn of(metrics: &rocky_run::metrics::RunMetrics) -> WireMetrics {
        let (table, query) = (metrics.table_duration, metrics.query_duration);
        WireMetrics {
            tables_processed: metrics.tables_processed,
            tables_failed: metrics.tables_failed,
            error_rate_pct: metrics.error_rate_pct,
            statements_executed: metrics.statements_executed,
            retries_attempted: metrics.retries_attempted,
            retries_succeeded: metrics.retries_succeeded,
            anomalies_detected: 0,
            table_duration_p50_ms: table.p50,
            table_duration_p95_ms: table.p95,
            table_duration_max_ms: table.max,
            query_duration_p50_ms: query.p50,
            query_duration_p95_ms: query.p95,
            query_duration_max_ms: query.max,
        }
    }
}
/// A column of a source, as a request states it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = says_everything)]
pub struct RequestColumn {
    /// Its name.
    pub name: String,
    /// Its type in the warehouse's spelling.
    pub r#type: String,
    /// May hold NULL; true when absent.
    #[serde(default = "yes")]
    pub nullable: bool,
}

fn yes() -> bool {
    true
}

/// `text` and `nullable` may be left out of JSON, but a typed client always writes them: in Go, what is left out and the zero value are one.
pub(crate) fn says_everything(schema: &mut schemars::Schema) {
    let has = |name: &str| schema.pointer(&format!("/properties/{name}")).is_some();
    let names: Vec<&str> = ["text", "nullable"].into_iter().filter(|n| has(n)).collect();
    if let Some(required) = schema.get_mut("required").and_then(|r| r.as_array_mut()) {
        required.extend(names.into_iter().map(Into::into));
    }
}

/// Sources by name, as a compile takes them.
pub(crate) fn given(schemas: &BTreeMap<String, Vec<RequestColumn>>) -> Vec<GivenSource> {
    let column = |c: &RequestColumn| GivenColumn {
        name: c.name.clone(),
        r#type: c.r#type.clone(),
        nullable: c.nullable,
    };
    let source = |(name, columns): (&String, &Vec<RequestColumn>)| GivenSource {
        name: name.clone(),
        columns: columns.iter().map(column).collect(),
    };
    schemas.iter().map(source).collect()
}
