//! `time_interval` and `microbatch`: the rows of a window are replaced by what the query gives for it.
//!
//! One condition cuts both sides: what is deleted is `start <= column < end`, and of the query's rows only those are inserted. So
//! a window computed again gives the same table, whatever the query returns outside of it. Deleting and inserting is one
//! transaction, one statement or one script, by dialect. A target comes into being empty, only where it is proved to be absent, by
//! a statement that leaves an existing table alone.

use super::relation::Made;
use super::{Built, Ctx, Existing};
use crate::assemble::{Assembler, Redirect};
use crate::bind::{Bindings, Parameter, Sql};
use crate::columns::{self, Columns, strategy_column};
use crate::task::{Step, StepKind, Windows};
use crate::window::{Before, Interval, Literals, Problem, Selection, WindowOptions, select};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_config::Granularity;
use rocky_project::{Model, Snapshot};
use rocky_warehouse::{Column, Type};

pub(super) fn build(ctx: &Ctx<'_>, interval: &Interval<'_>) -> Result<Built, Box<Diagnostic>> {
    let creation = ctx.creation()?;
    let existing = match (&creation, ctx.existing) {
        (None, Existing::Table(existing)) => Some(existing),
        _ => None,
    };
    let columns = match existing {
        Some(existing) => Some(Columns::into_target(ctx.model, existing, ctx.dialect)?),
        None => Columns::of_query(ctx.model, ctx.dialect),
    };
    let time = strategy_column(
        ctx.model,
        interval.setting,
        interval.column,
        columns.as_ref(),
        ctx.dialect,
    )?;
    let ty = query_type(ctx.dialect, ctx.model, interval);
    if let Some(existing) = existing {
        fits_target(ctx, interval, &ty, existing)?;
    }
    let replaced = ctx.full_refresh;
    let before = match (replaced, existing) {
        (true, _) => Before::Replaced,
        (false, Some(_)) => Before::Computed,
        (false, None) => Before::Nothing,
    };
    let literals = Literals::of(ctx.dialect, &ty);
    let chosen =
        select(&ctx.model.name, interval, ctx.windows, before, literals).map_err(|p| refused(ctx, p))?;
    let list = chosen.list;

    let mut first = Vec::new();
    let mut steps = Vec::with_capacity(3);
    if let Some(creation) = &creation {
        let drop = creation.drop_view.then(|| ctx.drop_view());
        // A full refresh is one statement: the table is never there with a part of its rows.
        if replaced {
            steps.extend(drop);
            let mut sql = Sql::from(ctx.head("CREATE OR REPLACE TABLE", Made::Table)?);
            rows(&mut sql, ctx.query, None, &time);
            steps.push(ctx.bound("create_table", true, sql));
            steps.extend(ctx.comment_step(Made::Table));
        } else {
            first.extend(drop);
            first.push(bootstrap(ctx, literals)?);
            first.extend(ctx.comment_step(Made::Table));
        }
    }
    if !replaced {
        replace(ctx, columns.as_ref(), existing, &time, &mut steps);
    }
    if list.iter().any(|w| w.keys.len() > 1) {
        steps.push(count(ctx, interval.granularity, &time, &ty));
    }
    let mut reason = reason(
        ctx,
        &creation.map(|c| c.reason),
        columns.as_ref(),
        list.iter().map(|w| w.keys.len()).sum(),
    );
    if let Some(first) = chosen.ends_at {
        reason.push_str(&format!("; looking back ends at first_partition {first}"));
    }
    Ok(Built {
        steps,
        reason,
        watermark_column: None,
        windows: Some(Windows {
            before: first,
            anew: existing.is_none(),
            list,
            parallel: ctx.windows.parallel.unwrap_or(1).max(1),
        }),
    })
}

fn reason(ctx: &Ctx<'_>, created: &Option<&'static str>, columns: Option<&Columns>, n: usize) -> String {
    let partitions = match n {
        0 => "no partition is missing".to_owned(),
        1 => "1 partition is computed".to_owned(),
        n => format!("{n} partitions are computed"),
    };
    // For a test of the statements.
    let partitions = match ctx.windows.selection {
        Selection::Everything => "all of time is one window".to_owned(),
        _ => partitions,
    };
    match created {
        Some(created) => format!("{created}: {partitions}"),
        None => format!(
            "target exists: {partitions}{}",
            columns.map_or_else(String::new, Columns::remark)
        ),
    }
}

fn refused(ctx: &Ctx<'_>, problem: Problem) -> Box<Diagnostic> {
    Box::new(Diagnostic::new(code::E303, ctx.model.strategy_loc, problem.message).help(problem.help))
}

fn find<'a, T>(dialect: Dialect, name: &str, all: &'a [T], of: impl Fn(&T) -> &SmolStr) -> Option<&'a T> {
    let key = |n: &str, quoted| dialect.fold(n, quoted, IdentKind::Column);
    // A name from TOML counts as unquoted.
    let wanted = [key(name, true), key(name, false)];
    wanted
        .iter()
        .find_map(|w| all.iter().find(|c| key(of(c), true) == *w))
}

/// What the query gives as its time column.
fn query_type(dialect: Dialect, model: &Model, interval: &Interval<'_>) -> Type {
    find(dialect, &interval.column.value, model.own_columns(), |c| &c.name)
        .map_or(Type::Unknown, |c| c.ty.clone())
}

/// The windows must cut the target as they cut the query, or rows would stay that are inserted again.
fn fits_target(
    ctx: &Ctx<'_>,
    interval: &Interval<'_>,
    ty: &Type,
    target: &[Column],
) -> Result<(), Box<Diagnostic>> {
    let Some(there) = find(ctx.dialect, &interval.column.value, target, |c| &c.name) else {
        return Ok(());
    };
    let zoned = |ty: &Type| matches!(ty, Type::TimestampTz | Type::TimestampLtz);
    let why = match &there.ty {
        Type::Unknown => return Ok(()),
        Type::Date if interval.granularity == Granularity::Hour => {
            "which cannot tell the hours of a day apart"
        }
        Type::Date | Type::Timestamp(_) if zoned(ty) => "and the query gives moments with a time zone",
        Type::TimestampTz | Type::TimestampLtz if !zoned(ty) && !ty.is_unknown() => {
            "and the query gives times without a time zone"
        }
        Type::Date | Type::Timestamp(_) | Type::TimestampTz | Type::TimestampLtz => return Ok(()),
        _ => "neither a date nor a timestamp",
    };
    let message = format!(
        "{} `{}` of target `{}` is {}, {why}",
        interval.setting,
        interval.column.shown(),
        ctx.model.target.display(),
        there.ty.print(ctx.dialect)
    );
    Err(Box::new(
        Diagnostic::new(code::E303, ctx.model.strategy_loc, message)
            .label("its windows would not be those of the query")
            .help("Cast the column in the query to the type in the target, or rebuild the table with `--full-refresh`."),
    ))
}

/// `alias.column >= $start_date AND alias.column < $end_date`.
fn condition(sql: &mut Sql, alias: &str, time: &str) {
    for (operator, parameter) in [(">=", Parameter::WindowStart), ("<", Parameter::WindowEnd)] {
        if parameter == Parameter::WindowEnd {
            sql.push(" AND ");
        }
        sql.push(&format!("{alias}{time} {operator} "));
        sql.hole(parameter);
    }
}

/// `SELECT list FROM (query) AS _rocky_q WHERE` the window.
fn rows(sql: &mut Sql, query: &Sql, list: Option<&str>, time: &str) {
    sql.push(&format!("SELECT {} FROM (\n", list.unwrap_or("*")));
    sql.append(query);
    sql.push("\n) AS _rocky_q\nWHERE ");
    condition(sql, "_rocky_q.", time);
}

/// What a model with windows gives for one of them, or for all of time: its query as DuckDB is to execute it, in the spelling of the
/// model's dialect. `None` for a model without windows; an error for a partition that it cannot have.
pub fn window_query(
    snapshot: &Snapshot,
    id: u32,
    redirect: &Redirect<'_>,
    partition: Option<&str>,
) -> Result<Option<String>, String> {
    let model = snapshot.models.get(id as usize);
    let Some((model, interval)) = model.and_then(|m| Some((m, Interval::of(&m.strategy.kind)?))) else {
        return Ok(None);
    };
    let dialect = snapshot.dialect;
    let literals = Literals::of(Dialect::DuckDb, &query_type(dialect, model, &interval));
    let options = WindowOptions {
        selection: partition.map_or(Selection::Everything, |key| Selection::One(key.to_owned())),
        lookback: Some(0),
        ..WindowOptions::default()
    };
    let windows = select(&model.name, &interval, &options, Before::Computed, literals)
        .map_err(|p| format!("{}. {}", p.message, p.help))?;
    let columns = Columns::of_query(model, dialect);
    let time = strategy_column(
        model,
        interval.setting,
        interval.column,
        columns.as_ref(),
        dialect,
    )
    .map_err(|d| d.message)?;
    let query = Assembler::redirected(snapshot, redirect).sql(id);
    let mut sql = Sql::default();
    rows(&mut sql, &query, None, &time);
    let window = windows
        .list
        .first()
        .map(|w| (w.start.to_string(), w.end.to_string()));
    let values = Bindings {
        window,
        ..Bindings::default()
    };
    sql.bind(dialect, &values)
        .map(Some)
        .ok_or_else(|| format!("query of `{}` cannot be bound; please report this", model.name))
}

/// The empty table. The window of the query does not matter: no row of it is taken.
fn bootstrap(ctx: &Ctx<'_>, literals: Literals) -> Result<Step, Box<Diagnostic>> {
    let mut sql = Sql::from(ctx.head("CREATE TABLE IF NOT EXISTS", Made::Table)?);
    sql.push("SELECT * FROM (\n");
    sql.append(ctx.query);
    sql.push("\n) AS _rocky_q\nWHERE 1 = 0");
    let moment = literals
        .text(jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0))
        .to_string();
    let step = ctx.bound("create_table", false, sql);
    let values = Bindings {
        window: Some((moment.clone(), moment)),
        ..Bindings::default()
    };
    let Some(bound) = step.bind(ctx.dialect, &values) else {
        let message = format!(
            "query of `{}` cannot be bound; please report this",
            ctx.model.name
        );
        return Err(Box::new(Diagnostic::new(
            code::E303,
            ctx.model.strategy_loc,
            message,
        )));
    };
    Ok(Step {
        sql: bound.into_owned(),
        holes: Vec::new(),
        ..step
    })
}

/// The rows of a window are replaced.
fn replace(
    ctx: &Ctx<'_>,
    columns: Option<&Columns>,
    existing: Option<&[Column]>,
    time: &str,
    steps: &mut Vec<Step>,
) {
    let target = ctx.target;
    let list = columns.map(Columns::list);
    let mut delete = Sql::from(format!("DELETE FROM {target}\nWHERE "));
    condition(&mut delete, "", time);
    let mut insert = Sql::from(match &list {
        Some(list) => format!("INSERT INTO {target} ({list})\n"),
        // The table has just been made from the same query.
        None => format!("INSERT INTO {target}\n"),
    });
    rows(&mut insert, ctx.query, list.as_deref(), time);
    match ctx.dialect {
        Dialect::DuckDb => {
            steps.push(ctx.bound("delete", false, delete));
            steps.push(ctx.bound("insert", true, insert));
        }
        // REPLACE WHERE takes no list of columns: the values stand in the target's order.
        Dialect::Databricks => {
            let mut sql = Sql::from(format!("INSERT INTO {target}\nREPLACE WHERE "));
            condition(&mut sql, "", time);
            sql.push("\n");
            let list = match (columns, existing) {
                (Some(columns), Some(existing)) if !existing.is_empty() => {
                    Some(in_order(ctx, columns, existing))
                }
                _ => list,
            };
            rows(&mut sql, ctx.query, list.as_deref(), time);
            steps.push(ctx.bound("replace_window", true, sql));
        }
        // One request and one session: after an error nothing is committed.
        Dialect::Snowflake => {
            let mut sql = Sql::from(
                "ALTER SESSION SET TRANSACTION_ABORT_ON_ERROR = TRUE;\nBEGIN TRANSACTION;\n".to_owned(),
            );
            sql.append(&delete);
            sql.push(";\n");
            sql.append(&insert);
            sql.push(";\nCOMMIT");
            steps.push(ctx.bound("replace_window", true, sql));
        }
        // One job: what is not committed at its end is rolled back.
        Dialect::BigQuery => {
            let mut sql = Sql::from("BEGIN TRANSACTION;\n".to_owned());
            sql.append(&delete);
            sql.push(";\n");
            sql.append(&insert);
            sql.push(";\nCOMMIT TRANSACTION");
            steps.push(ctx.bound("replace_window", true, sql));
        }
    }
}

/// The query's columns in the order of the target, NULL for those that it does not give.
fn in_order(ctx: &Ctx<'_>, columns: &Columns, target: &[Column]) -> String {
    let given = columns.printed();
    let values: Vec<String> = target
        .iter()
        .map(|column| {
            let name = columns::print(ctx.dialect, &column.name);
            match columns.find(&column.name).map(|n| columns::print(ctx.dialect, n)) {
                Some(found) if given.contains(&found) => found,
                _ => format!("NULL AS {name}"),
            }
        })
        .collect();
    values.join(", ")
}

/// How many rows each partition of a batch has: keys as they are written, and counts.
fn count(ctx: &Ctx<'_>, granularity: Granularity, time: &str, ty: &Type) -> Step {
    let zoned = matches!(ty, Type::TimestampTz | Type::TimestampLtz);
    let format =
        |hour: &'static str, day: &'static str, month: &'static str, year: &'static str| match granularity {
            Granularity::Hour => hour,
            Granularity::Day => day,
            Granularity::Month => month,
            Granularity::Year => year,
        };
    let key = match ctx.dialect {
        Dialect::DuckDb => {
            let format = format("%Y-%m-%dT%H", "%Y-%m-%d", "%Y-%m", "%Y");
            let utc = if zoned { " AT TIME ZONE 'UTC'" } else { "" };
            format!("strftime({time}{utc}, '{format}')")
        }
        Dialect::Databricks => {
            let format = format("yyyy-MM-dd''T''HH", "yyyy-MM-dd", "yyyy-MM", "yyyy");
            let utc = if zoned {
                format!("convert_timezone(current_timezone(), 'UTC', CAST({time} AS TIMESTAMP_NTZ))")
            } else {
                time.to_owned()
            };
            format!("date_format({utc}, \"{}\")", format.replace("''", "'"))
        }
        Dialect::Snowflake => {
            let format = format("YYYY-MM-DD\"T\"HH24", "YYYY-MM-DD", "YYYY-MM", "YYYY");
            let utc = if zoned {
                format!("CONVERT_TIMEZONE('UTC', {time})")
            } else {
                time.to_owned()
            };
            format!("TO_CHAR({utc}, '{format}')")
        }
        Dialect::BigQuery => {
            let format = format("%Y-%m-%dT%H", "%Y-%m-%d", "%Y-%m", "%Y");
            format!("FORMAT_TIMESTAMP('{format}', TIMESTAMP({time}), 'UTC')")
        }
    };
    let mut sql = Sql::from(format!(
        "SELECT {key} AS partition_key, COUNT(*) AS row_count FROM {}\nWHERE ",
        ctx.target
    ));
    condition(&mut sql, "", time);
    sql.push("\nGROUP BY 1\nORDER BY 1");
    let step = ctx.step("count", StepKind::CountPartitions, sql.text);
    Step {
        holes: sql.holes,
        ..step
    }
}
