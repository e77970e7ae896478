//! `format` and `format_options`: what kind of table a model becomes in the warehouse, and how it is laid out.
//!
//! Which of it a warehouse can do is not decided here. Start at [`FormatConfig::read`]; [`settle`] gives a model whose format is a
//! kind of view the strategy of that name.

use crate::model::ModelConfig;
use crate::node::{Kind, Node};
use crate::read::Reader;
use crate::schema::Checker;
use crate::spanned::Spanned;
use crate::strategy::{StrategyConfig, StrategyKind};
use rocky_base::{Diagnostic, Loc, SmolStr, code};
use serde::{Deserialize, Serialize};

/// `format = …`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// The warehouse's own kind of table.
    Table,
    /// A Delta table.
    DeltaTable,
    /// An Iceberg table.
    IcebergTable,
    /// A table that the warehouse adds to from streams.
    StreamingTable,
    /// A view.
    View,
    /// A view that the warehouse keeps.
    MaterializedView,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 6] = [
        Format::Table,
        Format::DeltaTable,
        Format::IcebergTable,
        Format::StreamingTable,
        Format::View,
        Format::MaterializedView,
    ];

    /// The word in `format = …`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::DeltaTable => "delta_table",
            Format::IcebergTable => "iceberg_table",
            Format::StreamingTable => "streaming_table",
            Format::View => "view",
            Format::MaterializedView => "materialized_view",
        }
    }
}

/// A list of columns and the key that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Columns; not empty.
    pub columns: Vec<Spanned<SmolStr>>,
    /// The key.
    pub loc: Loc,
}

/// `format` and `format_options` of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatConfig {
    /// The format and its word; the kind that the strategy makes when absent.
    pub format: Option<(Format, Loc)>,
    /// Columns that the table is cut by.
    pub partition_by: Option<Layout>,
    /// Columns that the table is ordered by.
    pub cluster_by: Option<Layout>,
    /// Properties, in order.
    pub properties: Vec<(Spanned<SmolStr>, Spanned<SmolStr>)>,
    /// The key `table_properties`, when it has any.
    pub properties_loc: Option<Loc>,
    /// What the warehouse says about the table.
    pub comment: Option<Spanned<SmolStr>>,
}

impl FormatConfig {
    /// Read both keys; `None` when neither says anything.
    pub(crate) fn read(root: Reader<'_>, checker: &mut Checker<'_>) -> Option<Box<FormatConfig>> {
        let mut config = FormatConfig::default();
        if let Some(node) = root.get("format")
            && let Some(format) = Format::ALL
                .into_iter()
                .find(|f| node.as_str() == Some(f.as_str()))
        {
            config.format = Some((format, checker.loc(node.span)));
        }
        if let Some(options) = root.table("format_options") {
            let layout = |key: &str, checker: &Checker<'_>| {
                let columns = options.texts(key);
                let loc = checker.loc(options.node.entry(key)?.key_span);
                (!columns.is_empty()).then_some(Layout { columns, loc })
            };
            config.partition_by = layout("partition_by", checker);
            config.cluster_by = layout("cluster_by", checker);
            config.comment = options.text("comment");
            if let Some(entry) = options.node.entry("table_properties")
                && let Kind::Array(pairs) = &entry.node.kind
            {
                for pair in pairs {
                    let Kind::Array(items) = &pair.kind else { continue };
                    let text = |node: &Node| match &node.kind {
                        Kind::Str { value, from_env } => Some(Spanned {
                            value: value.clone(),
                            loc: checker.loc(node.span),
                            from_env: *from_env,
                        }),
                        _ => None,
                    };
                    let (Some(name), Some(value)) =
                        (items.first().and_then(text), items.get(1).and_then(text))
                    else {
                        continue;
                    };
                    if !is_property(&name.value) {
                        let message = format!("`{}` is not the name of a property", name.shown());
                        checker.out.push(
                            Diagnostic::new(code::E417, name.loc, message).help(
                                "Write letters, digits and underscores, in parts with dots between them.",
                            ),
                        );
                        continue;
                    }
                    config.properties.push((name, value));
                }
                if !config.properties.is_empty() {
                    config.properties_loc = Some(checker.loc(entry.key_span));
                }
            }
        }
        excluded(&config, checker);
        (config != FormatConfig::default()).then(|| Box::new(config))
    }

    /// The format, `Table` when none is said.
    pub fn format_or_table(&self) -> Format {
        self.format.map_or(Format::Table, |(format, _)| format)
    }
}

/// `a.b_c.d`.
fn is_property(name: &str) -> bool {
    let part = |p: &str| {
        !p.is_empty()
            && p.chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    name.split('.').all(part)
}

/// E035: how an `iceberg_table` may not be laid out.
fn excluded(config: &FormatConfig, checker: &mut Checker<'_>) {
    if config.format_or_table() != Format::IcebergTable {
        return;
    }
    if let (Some(partition), Some(cluster)) = (&config.partition_by, &config.cluster_by) {
        let message = "an iceberg_table has `partition_by` or `cluster_by`, not both";
        let finding = Diagnostic::new(code::E035, cluster.loc, message)
            .note(partition.loc, "already laid out by this")
            .help("Keep one of them.");
        checker.out.push(finding);
    }
    for (name, _) in &config.properties {
        if name.value.starts_with("write.format.") {
            let message = format!("`{}` contradicts the format of an iceberg_table", name.shown());
            let finding = Diagnostic::new(code::E035, name.loc, message);
            checker.out.push(finding.help("Take the property out."));
        }
    }
}

/// Give a model whose format is a view or a materialized view that strategy; E035 where strategy and format contradict each other.
pub(crate) fn settle(config: &mut ModelConfig, out: &mut Vec<Diagnostic>) {
    let Some((format, loc)) = config.format.as_ref().and_then(|f| f.format) else {
        return;
    };
    let kind = config.strategy.as_ref().map(|s| &s.kind);
    let as_strategy = match format {
        Format::View => Some(StrategyKind::View),
        Format::MaterializedView => Some(StrategyKind::MaterializedView),
        _ => None,
    };
    // A strategy that is written and could not be read has its own finding.
    let plain = match kind {
        None => !config.strategy_declared,
        Some(kind) => *kind == StrategyKind::FullRefresh,
    };
    let fits = match (&as_strategy, kind) {
        (_, None) => true,
        (Some(wanted), Some(kind)) => plain || kind == wanted,
        (None, Some(StrategyKind::FullRefresh)) => true,
        (
            None,
            Some(
                StrategyKind::View
                | StrategyKind::MaterializedView
                | StrategyKind::DynamicTable { .. }
                | StrategyKind::Ephemeral
                | StrategyKind::ContentAddressed { .. },
            ),
        ) => false,
        (None, Some(_)) => format != Format::StreamingTable,
    };
    if !fits {
        let strategy = kind.map_or("", |k| k.as_str());
        let message = format!("strategy `{strategy}` makes no {}", format.as_str());
        let mut finding = Diagnostic::new(code::E035, loc, message).help("Keep the strategy or the format.");
        if let Some(strategy) = &config.strategy {
            finding = finding.note(strategy.loc, "the strategy");
        }
        out.push(finding);
    } else if let Some(kind) = as_strategy.filter(|_| plain) {
        config.strategy = Some(StrategyConfig { kind, loc });
    }
}
