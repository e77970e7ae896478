//! Replacing rows of a table by staged ones at once: partitions that occur in the stage (`delete_insert`), or what is not older than a
//! moment (`incremental` with a lookback).
//!
//! Deleting and inserting must not come apart. DuckDB has the task's transaction; Snowflake takes one request, BigQuery one script,
//! both with a transaction of their own. Databricks has no transaction over two statements, so there it is one MERGE: its source is
//! the staged rows, which match nothing and are inserted, and rows that say what goes, of which each row of the table matches one at
//! most.

use super::Ctx;
use super::stage::Stage;
use crate::columns::Columns;
use crate::task::Step;
use rocky_base::Dialect;

/// Which rows go.
pub(super) enum Gone<'a> {
    /// Those of the partitions that are in the stage.
    Partitions(&'a [String]),
    /// Those from a moment on: the column, and the moment as an expression over the table, `t`.
    Since(&'a str, &'a str),
}

/// The steps between filling the stage and dropping it.
pub(super) fn replace(ctx: &Ctx<'_>, stage: &Stage, columns: &Columns, gone: &Gone<'_>) -> Vec<Step> {
    let list = columns.list();
    let insert = format!(
        "INSERT INTO {} ({list})\nSELECT {list} FROM {}",
        ctx.target, stage.name
    );
    let (begin, commit) = match ctx.dialect {
        Dialect::DuckDb => {
            return vec![
                ctx.silent("delete", delete(ctx, stage, columns, gone)),
                ctx.counted("insert", insert),
            ];
        }
        Dialect::Databricks => return vec![ctx.counted("replace_rows", merge(ctx, stage, columns, gone))],
        // One request and one session: after an error nothing is committed.
        Dialect::Snowflake => (
            "ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;\nBEGIN TRANSACTION",
            "COMMIT",
        ),
        // One job: what is not committed at its end is rolled back.
        Dialect::BigQuery => ("BEGIN TRANSACTION", "COMMIT TRANSACTION"),
    };
    let delete = delete(ctx, stage, columns, gone);
    vec![ctx.counted(
        "replace_rows",
        format!("{begin};\n{delete};\n{insert};\n{commit}"),
    )]
}

fn delete(ctx: &Ctx<'_>, stage: &Stage, columns: &Columns, gone: &Gone<'_>) -> String {
    let (target, stage) = (ctx.target, &stage.name);
    match gone {
        Gone::Partitions(keys) => {
            // In the subquery a column of the stage is nearer than the table's alias: `t.day` would be a field of it.
            let t = columns.alias("t", "_rocky_t");
            let same = ctx.all_same(keys, t, "s", " AND ");
            match ctx.dialect {
                // Snowflake decorrelates EXISTS over plain equality only; a join takes any condition.
                Dialect::Snowflake => format!(
                    "DELETE FROM {target} AS {t}\nUSING (SELECT DISTINCT {} FROM {stage}) AS s\nWHERE {same}",
                    keys.join(", ")
                ),
                Dialect::DuckDb | Dialect::Databricks | Dialect::BigQuery => {
                    format!(
                        "DELETE FROM {target} AS {t}\nWHERE EXISTS (SELECT 1 FROM {stage} AS s WHERE {same})"
                    )
                }
            }
        }
        Gone::Since(column, moment) => {
            format!("DELETE FROM {target}\nWHERE {column} >= (SELECT {moment} FROM {target} AS t)")
        }
    }
}

fn merge(ctx: &Ctx<'_>, stage: &Stage, columns: &Columns, gone: &Gone<'_>) -> String {
    let (target, stage) = (ctx.target, &stage.name);
    let all = columns.printed();
    let list = columns.list();
    let nothing = |except: &[String]| {
        let one = |c: &String| match except.contains(c) {
            true => c.clone(),
            false => format!("NULL AS {c}"),
        };
        all.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let (source, on) = match gone {
        Gone::Partitions(keys) => (
            format!(
                "SELECT FALSE AS _rocky_gone, {list} FROM {stage}\nUNION ALL\n\
                 SELECT DISTINCT TRUE AS _rocky_gone, {} FROM {stage}",
                nothing(keys)
            ),
            ctx.all_same(keys, "t", "s", " AND "),
        ),
        Gone::Since(column, moment) => (
            format!(
                "SELECT FALSE AS _rocky_gone, NULL AS _rocky_since, {list} FROM {stage}\nUNION ALL\n\
                 SELECT TRUE AS _rocky_gone, {moment} AS _rocky_since, {} FROM {target} AS t",
                nothing(&[])
            ),
            format!("t.{column} >= s._rocky_since"),
        ),
    };
    let values: Vec<String> = all.iter().map(|c| format!("s.{c}")).collect();
    format!(
        "MERGE INTO {target} AS t\nUSING (\n{source}\n) AS s\nON s._rocky_gone AND {on}\nWHEN MATCHED THEN DELETE\n\
         WHEN NOT MATCHED AND NOT s._rocky_gone THEN INSERT ({list}) VALUES ({})",
        values.join(", ")
    )
}
