//! Past runs as one self-contained page: `timeline/page.html`, `page.css` and `page.js` with the data between them.
//!
//! The page asks for nothing from anywhere; its policy forbids it. Names reach it as JSON with `<` escaped, and it puts them on
//! the screen as text only.

use crate::verbs::history::{RunHistory, RunModel};
use jiff::Timestamp;
use serde_json::{Value, json};

const HTML: &str = include_str!("timeline/page.html");
const CSS: &str = include_str!("timeline/page.css");
const JS: &str = include_str!("timeline/page.js");

/// The page of some runs; `title` is the project's name.
pub fn page(history: &RunHistory, title: &str) -> String {
    let runs: Vec<Value> = history
        .runs
        .iter()
        .map(|run| {
            let began = millis(&run.started_at);
            json!({
                "id": run.run_id,
                "pipeline": run.pipeline,
                "status": run.status,
                "interrupted": run.interrupted,
                "trigger": run.trigger,
                "at": run.started_at,
                "took": run.duration_ms,
                "error": run.error,
                "resumed": run.resumed_from,
                "models": run.models.iter().map(|m| model(m, began)).collect::<Vec<_>>(),
            })
        })
        .collect();
    // `<` is only ever inside of JSON's strings: nothing can end the script element.
    let data = json!({ "title": title, "runs": runs })
        .to_string()
        .replace('<', "\\u003c");
    let mut page = String::with_capacity(HTML.len() + CSS.len() + JS.len() + data.len());
    // The template is cut at its marks and never searched again: no name can be taken for a mark.
    for part in HTML.split("<!--/") {
        let Some((mark, rest)) = part.split_once("/-->") else {
            page.push_str(part);
            continue;
        };
        match mark {
            "title" => page.push_str(&escape(title)),
            "css" => page.push_str(CSS),
            "js" => page.push_str(JS),
            _ => page.push_str(&data),
        }
        page.push_str(rest);
    }
    page
}

/// Name, status, milliseconds after the run's begin, milliseconds, rows, hash of the statements, reason.
fn model(model: &RunModel, began: Option<f64>) -> Value {
    let status = match model.status.as_str() {
        "Success" => 0,
        "Failed" => 1,
        _ => 2,
    };
    let from = model.started_at.as_deref().and_then(millis);
    let to = model.finished_at.as_deref().and_then(millis);
    let begin = from.zip(began).map(|(from, began)| (from - began).max(0.0));
    // The times are finer than the whole milliseconds of `duration_ms`.
    let took = match (from, to) {
        (Some(from), Some(to)) if to > from => to - from,
        _ => model.duration_ms as f64,
    };
    json!([
        model.model_name,
        status,
        begin,
        took,
        model.rows_affected,
        model.sql_hash,
        model.reason
    ])
}

/// Milliseconds since 1970.
fn millis(time: &str) -> Option<f64> {
    let time: Timestamp = time.parse().ok()?;
    Some(time.as_microsecond() as f64 / 1000.0)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
