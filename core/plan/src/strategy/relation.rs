//! The head of a statement that makes a model's relation: its kind, and how the warehouse is to lay it out (`format`,
//! `format_options`).
//!
//! Invariant: what the compile lets pass is written, nothing else is; see `rocky_project::format`.

use super::Ctx;
use crate::columns::{Columns, strategy_columns};
use crate::task::Step;
use rocky_base::{Diagnostic, Dialect};
use rocky_config::{Format, FormatConfig, Layout};
use rocky_warehouse::Type;

/// What is made.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Made {
    Table,
    View,
    MaterializedView,
    DynamicTable,
}

impl Ctx<'_> {
    fn format(&self) -> Option<&FormatConfig> {
        self.model.config.format.as_deref()
    }

    /// The statement that makes a relation: `CREATE OR REPLACE TABLE target AS⏎query`, with a line for each setting of the layout
    /// before AS.
    pub(super) fn make(&self, create: &str, made: Made, query: &str) -> Result<String, Box<Diagnostic>> {
        self.make_with(create, made, Vec::new(), query)
    }

    /// The same with lines of the strategy before those of the layout.
    pub(super) fn make_with(
        &self,
        create: &str,
        made: Made,
        mut lines: Vec<String>,
        query: &str,
    ) -> Result<String, Box<Diagnostic>> {
        if let Some(format) = self.format() {
            self.layout(format, made, &mut lines)?;
        }
        let settings: usize = lines.iter().map(|line| line.len() + 1).sum();
        let size = create.len() + self.target.len() + settings + query.len() + 5;
        let mut sql = String::with_capacity(size);
        sql.push_str(create);
        sql.push(' ');
        sql.push_str(self.target);
        for line in &lines {
            sql.push('\n');
            sql.push_str(line);
        }
        sql.push_str(if lines.is_empty() { " AS\n" } else { "\nAS\n" });
        sql.push_str(query);
        Ok(sql)
    }

    fn layout(
        &self,
        format: &FormatConfig,
        made: Made,
        lines: &mut Vec<String>,
    ) -> Result<(), Box<Diagnostic>> {
        let dialect = self.dialect;
        let literal = |text: &str| dialect.string_literal(text);
        match (dialect, format.format_or_table()) {
            (Dialect::Databricks, Format::DeltaTable) => lines.push("USING DELTA".to_owned()),
            (Dialect::Databricks, Format::IcebergTable) => lines.push("USING ICEBERG".to_owned()),
            _ => {}
        }
        if made != Made::View && made != Made::MaterializedView {
            if let Some(layout) = &format.partition_by {
                let columns = self.laid_out_by(layout, "partition column")?;
                match dialect {
                    Dialect::Databricks => lines.push(format!("PARTITIONED BY ({})", columns.join(", "))),
                    Dialect::BigQuery => lines.push(format!("PARTITION BY {}", self.cut(layout, &columns))),
                    Dialect::DuckDb | Dialect::Snowflake => {}
                }
            }
            if let Some(layout) = &format.cluster_by {
                let columns = self.laid_out_by(layout, "cluster column")?.join(", ");
                match dialect {
                    Dialect::Databricks | Dialect::Snowflake => lines.push(format!("CLUSTER BY ({columns})")),
                    Dialect::BigQuery => lines.push(format!("CLUSTER BY {columns}")),
                    Dialect::DuckDb => {}
                }
            }
        }
        if let Some(comment) = &format.comment {
            let text = literal(&comment.value);
            match dialect {
                Dialect::Databricks => lines.push(format!("COMMENT {text}")),
                Dialect::Snowflake => lines.push(format!("COMMENT = {text}")),
                Dialect::BigQuery => lines.push(format!("OPTIONS (description = {text})")),
                // A statement of its own: `comment_step`.
                Dialect::DuckDb => {}
            }
        }
        if dialect == Dialect::Databricks && !format.properties.is_empty() {
            let pairs = format.properties.iter();
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("{} = {}", literal(&name.value), literal(&value.value)))
                .collect();
            lines.push(format!("TBLPROPERTIES ({})", pairs.join(", ")));
        }
        Ok(())
    }

    fn laid_out_by(&self, layout: &Layout, what: &str) -> Result<Vec<String>, Box<Diagnostic>> {
        let columns = Columns::of_query(self.model, self.dialect);
        strategy_columns(self.model, what, &layout.columns, columns.as_ref(), self.dialect)
    }

    /// What BigQuery partitions by: a date as it is, a time by its day.
    fn cut(&self, layout: &Layout, columns: &[String]) -> String {
        let column = columns.first().map_or("", String::as_str);
        let ty = layout.columns.first().and_then(|c| self.type_of(&c.value));
        match ty {
            Some(Type::TimestampTz | Type::TimestampLtz) => format!("TIMESTAMP_TRUNC({column}, DAY)"),
            Some(Type::Timestamp(_)) => format!("DATETIME_TRUNC({column}, DAY)"),
            _ => column.to_owned(),
        }
    }

    /// The step that gives a new relation its comment where that is a statement of its own.
    pub(super) fn comment_step(&self, made: Made) -> Option<Step> {
        let comment = self.format()?.comment.as_ref()?;
        if self.dialect != Dialect::DuckDb {
            return None;
        }
        let kind = if made == Made::View { "VIEW" } else { "TABLE" };
        let text = self.dialect.string_literal(&comment.value);
        Some(self.silent("comment", format!("COMMENT ON {kind} {} IS {text}", self.target)))
    }
}
