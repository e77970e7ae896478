//! `rocky discover`.

use super::Context;
use crate::output;
use crate::progress::Progress;
use crate::render::count;
use rocky_core::Result;
use rocky_core::verbs::discover::{ComponentValue, DiscoverRequest, DiscoverResponse};
use rocky_core::verbs::lock::{ColumnChangeKind, ColumnDrift, LockReport, RelationChange};
use std::fmt::Write;
use std::path::Path;

pub fn run(
    context: &Context<'_>,
    pipeline: Option<&str>,
    filter: &[String],
    write_lock: bool,
    check: bool,
) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let request = DiscoverRequest {
        pipeline: pipeline.map(str::to_owned),
        filter: super::filters(filter),
        write_lock,
        check_lock: check,
    };
    let response = project.discover(&request, &mut Progress::new(), context.cancel)?;
    context.out.document(&response, || match &response.lock {
        Some(lock) => lock_text(lock, project.root(), context.out.colour),
        None => text(&response),
    });
    let drifted = response.lock.as_ref().is_some_and(|l| l.drifted);
    Ok(if check && drifted {
        output::FAILED
    } else {
        output::OK
    })
}

fn lock_text(lock: &LockReport, root: &Path, colour: bool) -> String {
    let mut text = String::new();
    for relation in &lock.drift {
        let what = match relation.change {
            RelationChange::NotLocked if lock.written => "is locked now",
            RelationChange::NotLocked => "is not locked",
            RelationChange::Missing => "is not in the warehouse any more",
            RelationChange::Changed => "has changed",
        };
        let _ = writeln!(
            text,
            "{} {what} (read by {})",
            relation.relation,
            relation.readers.join(", ")
        );
        for column in &relation.columns {
            let _ = writeln!(text, "  {} {}", column.column, change(column));
            for model in &column.affected {
                let mut reached = model.columns.clone();
                if model.rows {
                    reached.push("its rows".to_owned());
                }
                let _ = writeln!(text, "    reaches {}: {}", model.model, reached.join(", "));
            }
        }
    }
    for missing in &lock.missing {
        let _ = writeln!(text, "{missing} was not found in the warehouse");
    }
    if !lock.breaks.is_empty() {
        let _ = writeln!(text, "\nmodels that would no longer compile:\n");
        text.push_str(&super::diagnostics_text(&lock.breaks, root, colour));
    }
    let state = match (lock.written, lock.drifted) {
        (true, _) => "written",
        (false, true) => "differs from the warehouse; `rocky discover --write-lock` writes it anew",
        (false, false) => "agrees with the warehouse",
    };
    let _ = writeln!(
        text,
        "{} ({}) {state}",
        lock.path,
        count(lock.relations, "relation")
    );
    text
}

/// `is new: VARCHAR`, `INTEGER → BIGINT (safe)`.
fn change(column: &ColumnDrift) -> String {
    let from = column.from.as_deref().unwrap_or("(none)");
    let to = column.to.as_deref().unwrap_or("(none)");
    match column.change {
        ColumnChangeKind::Added => format!("is new: {to}"),
        ColumnChangeKind::Removed => format!("is gone, was {from}"),
        ColumnChangeKind::Retyped => {
            format!(
                "is {to}, was {from} ({})",
                column.widening.as_deref().unwrap_or("unknown")
            )
        }
        ColumnChangeKind::Nullability => format!("is {to}, was {from}"),
        ColumnChangeKind::Comment => format!("has the comment {to}, had {from}"),
        ColumnChangeKind::Moved => "has another place".to_owned(),
    }
}

fn text(response: &DiscoverResponse) -> String {
    let mut text = String::new();
    for source in &response.sources {
        let components: Vec<String> = source
            .components
            .iter()
            .map(|(key, value)| match value {
                ComponentValue::One(one) => format!("{key}={one}"),
                ComponentValue::Many(many) => format!("{key}={}", many.join(",")),
            })
            .collect();
        let tables = count(source.tables.len() as u64, "table");
        let _ = writeln!(text, "{} | {} | {tables}", source.id, components.join(" "));
        for table in &source.tables {
            let rows = table
                .row_count
                .map(|r| format!(" ({})", count(r, "row")))
                .unwrap_or_default();
            let _ = writeln!(text, "  {}{rows}", table.name);
        }
    }
    for skipped in &response.skipped {
        let _ = writeln!(text, "left out: {} {}", skipped.schema, skipped.reason);
    }
    for e in &response.excluded_tables {
        let _ = writeln!(
            text,
            "left out: {}.{} ({})",
            e.source_schema, e.table_name, e.reason
        );
    }
    let _ = writeln!(
        text,
        "{}; columns of {} remembered for compiling",
        count(response.sources.len() as u64, "source"),
        count(response.relations_remembered, "relation")
    );
    text
}
