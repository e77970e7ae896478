//! How a model is materialized: `[strategy]` with `type`, or `strategy = "merge"` with its keys beside it.

use crate::keys::{STRATEGIES, strategy_keys};
use crate::node::{Kind, Node};
use crate::read::Reader;
use crate::schema::{Checker, Path, Schema, Shape};
use crate::spanned::Spanned;
use rocky_base::{Diagnostic, Loc, SmolStr, Span, code, suggest};
use serde::{Deserialize, Serialize};

/// A declared strategy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyConfig {
    /// The strategy and its keys.
    pub kind: StrategyKind,
    /// The word that names it.
    pub loc: Loc,
}

/// The strategies of the 1.0 and 1.71 releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StrategyKind {
    /// Replace the table.
    FullRefresh,
    /// Append the rows above the watermark.
    Incremental {
        /// Watermark column.
        timestamp_column: Spanned<SmolStr>,
        /// How far before the watermark rows are taken again.
        lookback: Option<Lookback>,
    },
    /// Update and insert by key.
    Merge {
        /// The row's identity; not empty.
        unique_key: Vec<Spanned<SmolStr>>,
        /// Columns to update; all others than the key when absent.
        update_columns: Option<Vec<Spanned<SmolStr>>>,
    },
    /// Replace whole windows of time.
    TimeInterval {
        /// The column that the windows cut.
        time_column: Spanned<SmolStr>,
        /// Length of a window.
        granularity: Granularity,
        /// Windows before the asked one that are computed again.
        lookback: u32,
        /// Windows of one statement.
        batch_size: u32,
        /// The first window there is.
        first_partition: Option<Spanned<SmolStr>>,
    },
    /// No relation: put into its consumers as a CTE.
    Ephemeral,
    /// Replace the rows whose partition values occur in the result.
    DeleteInsert {
        /// Partition columns; not empty.
        partition_by: Vec<Spanned<SmolStr>>,
    },
    /// As `TimeInterval`; the query needs no placeholders, it is cut to the window.
    Microbatch {
        /// The column that the windows cut.
        timestamp_column: Spanned<SmolStr>,
        /// Length of a window.
        granularity: Granularity,
        /// Windows before the asked one that are computed again.
        lookback: u32,
        /// Windows of one statement.
        batch_size: u32,
        /// The first window there is.
        first_partition: Option<Spanned<SmolStr>>,
    },
    /// A view.
    View,
    /// A view that the warehouse keeps.
    MaterializedView,
    /// A table that the warehouse keeps fresh.
    DynamicTable {
        /// How late it may be.
        target_lag: Spanned<SmolStr>,
        /// The warehouse that computes it; the adapter's when absent.
        warehouse: Option<Spanned<SmolStr>>,
    },
    /// Files named by their content.
    ContentAddressed {
        /// Where they are.
        storage_prefix: Spanned<SmolStr>,
        /// Partition columns.
        partition_columns: Vec<Spanned<SmolStr>>,
    },
}

impl StrategyKind {
    /// The word in `type = …`.
    pub fn as_str(&self) -> &'static str {
        match self {
            StrategyKind::FullRefresh => "full_refresh",
            StrategyKind::Incremental { .. } => "incremental",
            StrategyKind::Merge { .. } => "merge",
            StrategyKind::TimeInterval { .. } => "time_interval",
            StrategyKind::Ephemeral => "ephemeral",
            StrategyKind::DeleteInsert { .. } => "delete_insert",
            StrategyKind::Microbatch { .. } => "microbatch",
            StrategyKind::View => "view",
            StrategyKind::MaterializedView => "materialized_view",
            StrategyKind::DynamicTable { .. } => "dynamic_table",
            StrategyKind::ContentAddressed { .. } => "content_addressed",
        }
    }
}

/// Length of a window of time.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Granularity {
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

const GRANULARITIES: [(&str, Granularity); 4] = [
    ("hour", Granularity::Hour),
    ("day", Granularity::Day),
    ("month", Granularity::Month),
    ("year", Granularity::Year),
];

/// A span of time before the watermark.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lookback {
    /// How many; at least 1.
    pub amount: u32,
    /// Of what.
    pub unit: LookbackUnit,
    /// Where it is written.
    pub loc: Loc,
}

impl std::fmt::Display for Lookback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let plural = if self.amount == 1 { "" } else { "s" };
        write!(f, "{} {}{plural}", self.amount, self.unit.as_str())
    }
}

/// What a lookback is counted in.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LookbackUnit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Days.
    Day,
}

impl LookbackUnit {
    /// Every unit.
    pub const ALL: [LookbackUnit; 4] = [
        LookbackUnit::Second,
        LookbackUnit::Minute,
        LookbackUnit::Hour,
        LookbackUnit::Day,
    ];

    /// The word, in the singular.
    pub fn as_str(self) -> &'static str {
        match self {
            LookbackUnit::Second => "second",
            LookbackUnit::Minute => "minute",
            LookbackUnit::Hour => "hour",
            LookbackUnit::Day => "day",
        }
    }
}

/// `3 days`: a number from 1 and a unit.
fn span_of_time(text: &str) -> Option<(u32, LookbackUnit)> {
    let (number, word) = text.trim().split_once(' ')?;
    let word = word.trim();
    let unit = LookbackUnit::ALL
        .into_iter()
        .find(|u| word == u.as_str() || word.strip_suffix('s') == Some(u.as_str()))?;
    // Longer than any table is old; so that no warehouse's arithmetic leaves its calendar.
    let longest = match unit {
        LookbackUnit::Second => 3_153_600_000,
        LookbackUnit::Minute => 52_560_000,
        LookbackUnit::Hour => 876_000,
        LookbackUnit::Day => 36_500,
    };
    let amount = number.parse::<u32>().ok().filter(|n| *n > 0 && *n <= longest)?;
    Some((amount, unit))
}

fn not_allowed(key: &str, text: &Spanned<SmolStr>, expected: &str, checker: &mut Checker<'_>) {
    let message = format!("`{key}` is `{}`, expected {expected}", text.shown());
    checker.out.push(Diagnostic::new(code::E417, text.loc, message));
}

fn lookback(text: &Spanned<SmolStr>, checker: &mut Checker<'_>) -> Option<Lookback> {
    let found = span_of_time(&text.value).map(|(amount, unit)| Lookback {
        amount,
        unit,
        loc: text.loc,
    });
    if found.is_none() {
        let expected =
            "a number of seconds, minutes, hours or days, such as `3 days`, and at most a hundred years";
        not_allowed("lookback", text, expected, checker);
    }
    found
}

/// `1 hour` or `DOWNSTREAM`.
fn target_lag(text: Spanned<SmolStr>, checker: &mut Checker<'_>) -> Option<Spanned<SmolStr>> {
    if text.value.eq_ignore_ascii_case("downstream") || span_of_time(&text.value).is_some() {
        return Some(text);
    }
    let expected = "a number of seconds, minutes, hours or days, such as `1 hour`, or `downstream`";
    not_allowed("target_lag", &text, expected, checker);
    None
}

/// Either form.
const STRATEGY: Shape = Shape::Either(&[Shape::Str, Shape::Tagged(&STRATEGIES)]);

/// True for `strategy = "…"`, whose keys stand beside it.
pub(crate) fn is_flat(root: &Node) -> bool {
    root.get("strategy").is_some_and(|s| s.as_str().is_some())
}

/// True for a key of the file that belongs to a strategy of the form `flat` says, or nearly does. `schema` has the file's
/// other keys.
pub(crate) fn is_flat_key(flat: bool, schema: &Schema, name: &str) -> bool {
    if schema.key(name).is_some() {
        return false;
    }
    let own = || strategy_keys().map(|key| key.name);
    let others = || schema.keys.iter().map(|key| key.name);
    own().any(|n| n == name)
        || (flat && suggest::nearest(name, own()).is_some() && suggest::nearest(name, others()).is_none())
}

/// Check and read the strategy of a sidecar or of `_defaults.toml`; `root` is the whole file,
/// `schema` what else it may hold.
pub(crate) fn read(root: Reader<'_>, schema: &Schema, checker: &mut Checker<'_>) -> Option<StrategyConfig> {
    let is_flat = is_flat(root.node);
    let flat = || {
        root.node
            .entries()
            .iter()
            .filter(|e| is_flat_key(is_flat, schema, &e.key))
    };
    let entry = root.node.entry("strategy");
    let Some(entry) = entry else {
        flat().for_each(|e| {
            misplaced(
                &e.key,
                e.key_span,
                "write it in `[strategy]`, which is missing",
                checker,
            )
        });
        return None;
    };
    let node = &entry.node;
    let path = Path::Root.join("strategy");
    match &node.kind {
        Kind::Invalid => None,
        Kind::Table(_) => {
            flat().for_each(|e| misplaced(&e.key, e.key_span, "move it into `[strategy]`", checker));
            checker.value(node, Shape::Tagged(&STRATEGIES), entry.key_span, &path);
            build(Reader::new(root.file, node), node.get("type")?, root, checker)
        }
        Kind::Str { .. } => {
            let name = checker.tag(node, &STRATEGIES, &path);
            let name = name?;
            let keys = STRATEGIES.variant(name)?;
            let entries = flat().cloned().collect();
            let flat = Node {
                span: node.span,
                kind: Kind::Table(entries),
            };
            checker.table(&flat, keys, node.span, &Path::Root);
            build(Reader::new(root.file, &flat), node, root, checker)
        }
        _ => {
            checker.value(node, STRATEGY, entry.key_span, &path);
            None
        }
    }
}

fn misplaced(name: &str, span: Span, what: &str, checker: &mut Checker<'_>) {
    let loc = checker.loc(span);
    let message = format!("key `{name}` belongs to a strategy: {what}");
    checker.out.push(Diagnostic::new(code::E417, loc, message));
}

/// `keys` holds the strategy's keys, `tag` its name.
fn build(
    keys: Reader<'_>,
    tag: &Node,
    root: Reader<'_>,
    checker: &mut Checker<'_>,
) -> Option<StrategyConfig> {
    let some = |key| keys.maybe_texts(key).filter(|list| !list.is_empty());
    let granularity = || keys.choice("granularity", &GRANULARITIES);
    let kind = match tag.as_str()? {
        "full_refresh" => StrategyKind::FullRefresh,
        "incremental" => StrategyKind::Incremental {
            timestamp_column: keys.text("timestamp_column")?,
            lookback: keys.text("lookback").and_then(|text| lookback(&text, checker)),
        },
        "merge" => StrategyKind::Merge {
            unique_key: some("unique_key")?,
            update_columns: keys.maybe_texts("update_columns"),
        },
        "time_interval" => StrategyKind::TimeInterval {
            time_column: keys.text("time_column")?,
            granularity: granularity()?,
            lookback: keys.u32("lookback").unwrap_or(0),
            batch_size: keys.u32("batch_size").unwrap_or(1).max(1),
            first_partition: keys.text("first_partition"),
        },
        "ephemeral" => StrategyKind::Ephemeral,
        "delete_insert" => StrategyKind::DeleteInsert {
            partition_by: some("partition_by")?,
        },
        "microbatch" => StrategyKind::Microbatch {
            timestamp_column: keys.text("timestamp_column")?,
            granularity: granularity().unwrap_or(Granularity::Hour),
            lookback: keys.u32("lookback").unwrap_or(0),
            batch_size: keys.u32("batch_size").unwrap_or(1).max(1),
            first_partition: keys.text("first_partition"),
        },
        "view" => StrategyKind::View,
        "materialized_view" => StrategyKind::MaterializedView,
        "dynamic_table" => StrategyKind::DynamicTable {
            target_lag: target_lag(keys.text("target_lag")?, checker)?,
            warehouse: keys.text("warehouse"),
        },
        "content_addressed" => StrategyKind::ContentAddressed {
            storage_prefix: keys.text("storage_prefix")?,
            partition_columns: keys.texts("partition_columns"),
        },
        _ => return None,
    };
    Some(StrategyConfig {
        kind,
        loc: Loc::new(root.file, tag.span),
    })
}
