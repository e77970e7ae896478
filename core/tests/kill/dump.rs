//! What is in the warehouse and in the state, as lines that two runs can be compared by: without names of runs and moments.

use crate::child::open;
use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::{Connection, Warehouse};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The days on which runs begin, which are all one to a comparison.
pub const DAYS: [&str; 4] = ["2031-02-01", "2031-03-01", "2031-04-01", "2031-05-01"];

pub fn everything() -> Result<String, String> {
    let mut lines = tables()?;
    lines.extend(state()?);
    let text: String = lines.iter().map(|l| anonymous(l) + "\n").collect();
    Ok(text)
}

fn tables() -> Result<Vec<String>, String> {
    let cancel = CancelToken::new();
    let db =
        DuckDb::open(Some(Path::new("w.duckdb")), &OpenOptions::default(), &cancel).map_err(|e| e.message)?;
    let mut connection = db.connect().map_err(|e| e.message)?;
    let names = rows(
        connection.as_mut(),
        "SELECT table_schema, table_name, table_type FROM information_schema.tables ORDER BY ALL",
    )?;
    let mut lines = Vec::new();
    for name in names {
        let quoted = format!("\"{}\".\"{}\"", name[0], name[1]);
        let columns = rows(
            connection.as_mut(),
            &format!("SELECT column_name || ' ' || column_type FROM (DESCRIBE {quoted})"),
        )?;
        let columns: Vec<String> = columns.into_iter().map(|c| c.concat()).collect();
        lines.push(format!("{quoted} {} ({})", name[2], columns.join(", ")));
        let content = rows(
            connection.as_mut(),
            &format!("SELECT * FROM {quoted} ORDER BY ALL"),
        )?;
        lines.extend(content.iter().map(|row| format!("  {}", row.join("|"))));
    }
    Ok(lines)
}

fn rows(connection: &mut dyn Connection, sql: &str) -> Result<Vec<Vec<String>>, String> {
    let found = connection
        .query(sql, 100_000, &CancelToken::new())
        .map_err(|e| format!("{sql}: {}", e.message))?;
    let text = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
    Ok(found.rows.iter().map(|r| r.iter().map(text).collect()).collect())
}

/// What the state knows of the warehouse. The history has one more run where one was killed; of what is measured by every run the last
/// measurement counts.
fn state() -> Result<Vec<String>, String> {
    let mut text = Vec::new();
    let project = open(DAYS[3])?;
    project.export_state(&mut text).map_err(|e| e.message)?;
    let state: BTreeMap<String, Value> = serde_json::from_slice(&text).map_err(|e| e.to_string())?;
    let mut lines = Vec::new();
    let rows_of = |table: &str| state.get(table).and_then(Value::as_array).into_iter().flatten();
    if rows_of("notes").any(|n| n["kind"] == "idempotency") {
        // With a key, what was done is not done again.
        let done = rows_of("run_history").filter(|r| r["status"] == "Success");
        lines.push(format!("{} runs succeeded", done.count()));
    }
    for (table, rows) in state {
        let Value::Array(rows) = rows else { continue };
        match table.as_str() {
            "run_history" => {
                let last = rows
                    .iter()
                    .max_by_key(|r| r["started_at"].as_str().map(str::to_owned));
                let last = last.ok_or("no run")?;
                lines.push(format!("last run {}", last["status"]));
                // A resumed run has not done again what was done: what became of each model over all runs is what counts.
                let mut models = BTreeMap::new();
                let killed = |run: &&Value| {
                    run["started_at"]
                        .as_str()
                        .is_some_and(|at| DAYS.iter().any(|d| at.starts_with(d)))
                };
                for run in rows.iter().filter(killed) {
                    for model in run["models_executed"].as_array().into_iter().flatten() {
                        if model["status"] == "Success" {
                            models.insert(model["model_name"].to_string(), model["target"].to_string());
                        }
                    }
                }
                lines.extend(
                    models
                        .iter()
                        .map(|(name, target)| format!("done {name} {target}")),
                );
            }
            "check_history" => {
                for row in &rows {
                    let counts = row["counts"].as_array().cloned().unwrap_or_default();
                    let last = counts.last().map(|c| c["row_count"].clone());
                    lines.push(format!("count {} {}", row["table"], last.unwrap_or_default()));
                    let mut ids: Vec<String> = counts.iter().map(|c| c["run_id"].to_string()).collect();
                    let n = ids.len();
                    ids.sort();
                    ids.dedup();
                    if ids.len() != n {
                        lines.push(format!("count {} twice by one run", row["table"]));
                    }
                }
            }
            "quality_history" => {
                let mut last = BTreeMap::new();
                for row in &rows {
                    last.insert(row["model_name"].to_string(), row["metrics"].to_string());
                }
                lines.extend(
                    last.iter()
                        .map(|(model, metrics)| format!("quality {model} {metrics}")),
                );
            }
            "dag_snapshots" => {
                let last = rows.last().map(|r| r["graph_hash"].to_string());
                lines.push(format!("graph {} {}", rows.len(), last.unwrap_or_default()));
            }
            _ => {
                for mut row in rows {
                    if row["kind"] == "built" {
                        lines.extend(built(&row["value"]));
                        continue;
                    }
                    without_times(&mut row);
                    lines.push(format!("{table} {row}"));
                }
            }
        }
    }
    lines.sort();
    Ok(lines)
}

/// Begins the lines of what `skip_unchanged` rests on. Less is no loss: what is not known to be unchanged is built.
pub const BUILT: &str = "built ";

/// What is known of how targets were built: a line for each fact, so that less can be told from other.
fn built(value: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (target, facts) in value.as_object().into_iter().flatten() {
        for (name, fact) in facts.as_object().into_iter().flatten() {
            match fact {
                Value::Object(inputs) => {
                    for (input, by) in inputs.iter().filter(|(_, by)| **by != "") {
                        let by = by.as_str().filter(|by| !by.starts_with("run-"));
                        lines.push(format!(
                            "{BUILT}{target} {name} {input} {}",
                            by.unwrap_or("a run")
                        ));
                    }
                }
                _ if name == "run_id" => {}
                fact => lines.push(format!("{BUILT}{target} {name} {fact}")),
            }
        }
    }
    lines
}

/// Drop what is another one each time.
fn without_times(value: &mut Value) {
    const OTHER: &[&str] = &[
        "run_id",
        "run",
        "at",
        "updated_at",
        "computed_at",
        "timestamp",
        "duration_ms",
        "modified_ns",
        "inode",
        "plan_id",
        "process",
        "started_at",
        "finished_at",
        "loaded_at",
    ];
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !OTHER.contains(&key.as_str()));
            map.values_mut().for_each(without_times);
        }
        Value::Array(list) => list.iter_mut().for_each(without_times),
        _ => {}
    }
}

/// Names and moments of runs are all one.
fn anonymous(line: &str) -> String {
    let mut line = line.to_owned();
    for day in DAYS {
        line = line.replace(day, "DAY").replace(&day.replace('-', ""), "DAY");
    }
    // `run-DAY-000000-000-2` is another run of the day.
    let name = "run-DAY-000000-000";
    let mut out = String::new();
    let mut rest = line.as_str();
    while let Some(at) = rest.find(name) {
        out.push_str(&rest[..at]);
        out.push_str("run");
        rest = &rest[at + name.len()..];
        if let Some(suffix) = rest.strip_prefix('-') {
            rest = suffix.trim_start_matches(|c: char| c.is_ascii_digit());
        }
    }
    out + rest
}
