//! What of `format` and `format_options` a warehouse can do, and whether the columns named there are in the output. Only proven
//! facts raise errors.

use crate::check::{has_column, with_suggestion};
use crate::load::LoadedModel;
use rocky_base::{Diagnostic, Dialect, Loc, SmolStr, code};
use rocky_config::{Format, FormatConfig, Spanned, StrategyKind};
use rocky_semantic::Analysis;

/// What of the options a kind of relation takes.
#[derive(Copy, Clone)]
struct Options {
    /// How many columns a table may be cut by.
    partition_by: usize,
    /// How many columns it may be ordered by.
    cluster_by: usize,
    /// Both at once.
    both: bool,
    properties: bool,
}

const COMMENT: Options = Options {
    partition_by: 0,
    cluster_by: 0,
    both: false,
    properties: false,
};

/// What a relation of a model is, for its options.
fn options(dialect: Dialect, format: Format) -> Option<Options> {
    let many = usize::MAX;
    let table = Options {
        partition_by: many,
        cluster_by: many,
        both: false,
        properties: true,
    };
    let view = matches!(format, Format::View | Format::MaterializedView);
    match (dialect, format) {
        (Dialect::Databricks, _) if view => Some(Options {
            properties: true,
            ..COMMENT
        }),
        (Dialect::Databricks, _) => Some(table),
        (
            _,
            Format::DeltaTable | Format::IcebergTable | Format::StreamingTable | Format::MaterializedView,
        ) => None,
        (_, Format::View) | (Dialect::DuckDb, Format::Table) => Some(COMMENT),
        (Dialect::Snowflake, Format::Table) => Some(Options {
            cluster_by: many,
            // A dynamic table has clusters as a table has.
            ..COMMENT
        }),
        (Dialect::BigQuery, Format::Table) => Some(Options {
            partition_by: 1,
            cluster_by: 4,
            both: true,
            properties: false,
        }),
    }
}

/// The formats that the plan writes for a dialect.
fn available(dialect: Dialect) -> Vec<&'static str> {
    let can = |f: &Format| options(dialect, *f).is_some();
    Format::ALL.into_iter().filter(can).map(Format::as_str).collect()
}

/// Check the format of a model.
pub fn check(
    model: &LoadedModel,
    kind: &StrategyKind,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) {
    let Some(config) = model.config.format.as_deref() else {
        return;
    };
    let format = match (config.format, kind) {
        (Some((format, _)), _) => format,
        (None, StrategyKind::View) => Format::View,
        (None, StrategyKind::MaterializedView) => Format::MaterializedView,
        (None, _) => Format::Table,
    };
    if matches!(kind, StrategyKind::Ephemeral) {
        // `format` beside it has its own finding.
        if config.format.is_none()
            && let Some(loc) = first_option(config)
        {
            let message = "an ephemeral model is no table: it has no `format_options`";
            out.push(
                Diagnostic::new(code::E035, loc, message).help("Take them out, or choose another strategy."),
            );
        }
        return;
    }
    let Some(can) = options(dialect, format) else {
        if let Some((format, loc)) = config.format {
            let message = format!(
                "format `{}` is not available on {dialect} in rocky {}",
                format.as_str(),
                env!("CARGO_PKG_VERSION")
            );
            let help = format!("Use one of {}.", available(dialect).join(", "));
            out.push(Diagnostic::new(code::E300, loc, message).help(help));
        }
        return;
    };
    let mut refuse = |loc: Loc, key: &str, why: &str| {
        let message = format!("`{key}` is not available for a {} on {dialect}", noun(format));
        let mut finding = Diagnostic::new(code::E300, loc, message).help("Take it out.");
        if !why.is_empty() {
            finding = finding.label(why);
        }
        out.push(finding);
    };
    for (layout, key, most) in [
        (&config.partition_by, "partition_by", can.partition_by),
        (&config.cluster_by, "cluster_by", can.cluster_by),
    ] {
        let Some(layout) = layout else { continue };
        let n = layout.columns.len();
        if most == 0 {
            refuse(layout.loc, key, "");
        } else if n > most {
            let columns = if most == 1 { "column" } else { "columns" };
            refuse(
                layout.loc,
                key,
                &format!("{n} columns, and {dialect} takes {most} {columns}"),
            );
        }
    }
    if let Some(loc) = config.properties_loc.filter(|_| !can.properties) {
        refuse(loc, "table_properties", "");
    }
    if let (Some(partition), Some(cluster)) = (&config.partition_by, &config.cluster_by)
        // That of an iceberg_table is found where the file is read.
        && !can.both && can.partition_by > 0 && can.cluster_by > 0 && format != Format::IcebergTable
    {
        let message = format!("a table of {dialect} has `partition_by` or `cluster_by`, not both");
        out.push(
            Diagnostic::new(code::E035, cluster.loc, message)
                .note(partition.loc, "already laid out by this")
                .help("Keep one of them."),
        );
    }
    if !analysis.complete {
        return;
    }
    let named = |layout: &Option<rocky_config::Layout>, most: usize| {
        let columns = layout.as_ref().filter(|_| most > 0).map(|l| l.columns.clone());
        columns.unwrap_or_default()
    };
    let mut missing = |column: &Spanned<SmolStr>, what: &str| {
        if !has_column(analysis, &column.value, dialect) {
            let message = format!(
                "{what} `{}` is not in the output of `{}`",
                column.shown(),
                model.name
            );
            out.push(
                Diagnostic::new(
                    code::E301,
                    column.loc,
                    with_suggestion(message, &column.value, analysis),
                )
                .help("Add the column to the query, or name one of its columns."),
            );
        }
    };
    for column in named(&config.partition_by, can.partition_by) {
        missing(&column, "partition column");
    }
    for column in named(&config.cluster_by, can.cluster_by) {
        missing(&column, "cluster column");
    }
}

fn noun(format: Format) -> &'static str {
    match format {
        Format::View => "view",
        Format::MaterializedView => "materialized view",
        Format::StreamingTable => "streaming table",
        Format::Table | Format::DeltaTable | Format::IcebergTable => "table",
    }
}

fn first_option(config: &FormatConfig) -> Option<Loc> {
    let layout = |l: &Option<rocky_config::Layout>| l.as_ref().map(|l| l.loc);
    layout(&config.partition_by)
        .or_else(|| layout(&config.cluster_by))
        .or(config.properties_loc)
        .or_else(|| config.comment.as_ref().map(|c| c.loc))
}
