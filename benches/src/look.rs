//! What the output of a run shows: whether the command did its work, and a few figures of it.
//!
//! Invariant: outputs are read by a child process ([`ask`]), never by the one that measures, which must stay small.

use crate::floor::Floor;
use crate::report;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Look {
    /// The status alone.
    ExitCode,
    /// All models, no error; with an added column it is among the model's columns.
    Compiled,
    /// The trace is not empty.
    Traced,
    /// No file was rejected.
    Floored,
    /// dbt wrote all models.
    DbtCompiled,
}

/// A run to look at.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Question {
    /// What for.
    pub look: Look,
    /// How it ended.
    pub exit: i32,
    /// What it wrote.
    pub stdout: PathBuf,
    /// What it wrote beside that.
    pub stderr: PathBuf,
    /// How many models there are.
    pub n_models: usize,
    /// The column that lineage was asked for.
    pub lineage_target: String,
    /// The model and the column that it must have.
    pub column: Option<(String, String)>,
}

/// What was seen of a run that did its work.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Seen {
    /// How long it says that it took.
    pub inside_ms: Option<f64>,
    /// Anything else worth a line.
    pub notes: Vec<String>,
}

/// Have a child of this program look; `Err` says why the run has no figure.
pub fn ask(question: &Question) -> Result<Seen, String> {
    let asked = || -> io::Result<Result<Seen, String>> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("look")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(stdin) = child.stdin.take() {
            serde_json::to_writer(stdin, question)?;
        }
        let answer = child.wait_with_output()?.stdout;
        Ok(serde_json::from_slice(&answer)?)
    };
    asked().unwrap_or_else(|error| Err(format!("its output could not be looked at: {error}")))
}

/// The child's part: the question from standard input, the answer to standard output.
pub fn answer() -> io::Result<()> {
    let mut question = String::new();
    io::stdin().lock().read_to_string(&mut question)?;
    let seen = look(&serde_json::from_str(&question)?);
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, &seen)?;
    stdout.flush()
}

fn look(question: &Question) -> Result<Seen, String> {
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    let text = read(&question.stdout);
    if question.exit != 0 {
        return Err(format!(
            "status {}: {}",
            question.exit,
            complaint(&text, &read(&question.stderr))
        ));
    }
    seen(question, &text)
}

/// What the text of a run that ended well shows.
pub(crate) fn seen(question: &Question, text: &str) -> Result<Seen, String> {
    let document = || serde_json::from_str::<Value>(text).map_err(|e| format!("its output is no JSON: {e}"));
    match question.look {
        Look::ExitCode | Look::DbtCompiled => Ok(Seen::default()),
        Look::Compiled => compiled(&document()?, question.n_models, question.column.as_ref()),
        Look::Traced => match document()?.get("trace").and_then(Value::as_array).map(Vec::len) {
            Some(0) => Err(format!("the trace of {} is empty", question.lineage_target)),
            Some(n) => Ok(Seen {
                notes: vec![format!("{n} edges in the trace")],
                ..Seen::default()
            }),
            None => Err("its output has no `trace`".to_owned()),
        },
        Look::Floored => {
            let floor: Floor = serde_json::from_str(text).map_err(|e| e.to_string())?;
            Ok(Seen {
                inside_ms: Some(floor.total_ms),
                notes: Vec::new(),
            })
        }
    }
}

/// One line of what a failed process said.
pub(crate) fn complaint(stdout: &str, stderr: &str) -> String {
    let message = serde_json::from_str::<Value>(stdout).ok().and_then(|document| {
        let error = document
            .pointer("/error/message")
            .and_then(Value::as_str)
            .map(str::to_owned);
        error.or_else(|| first_error(&document))
    });
    let line = |text: &str| {
        text.lines()
            .map(str::trim)
            .find(|l| !l.is_empty())
            .map(str::to_owned)
    };
    let said = message
        .or_else(|| line(stderr))
        .or_else(|| line(stdout))
        .unwrap_or_else(|| "no message".to_owned());
    said.chars().take(200).collect()
}

fn first_error(document: &Value) -> Option<String> {
    let diagnostics = document.get("diagnostics")?.as_array()?;
    let is_error = |d: &&Value| {
        d.get("severity")
            .and_then(Value::as_str)
            .is_some_and(|s| s.eq_ignore_ascii_case("error"))
    };
    let n_errors = diagnostics.iter().filter(is_error).count();
    let first = diagnostics.iter().find(is_error)?;
    let text = |key: &str| first.get(key).and_then(Value::as_str).unwrap_or("");
    Some(format!(
        "{n_errors} errors, the first in {}: {} {}",
        text("model"),
        text("code"),
        text("message")
    ))
}

fn compiled(document: &Value, n_models: usize, column: Option<&(String, String)>) -> Result<Seen, String> {
    let n_compiled = document.get("models").and_then(Value::as_u64).unwrap_or(0);
    if n_compiled != n_models as u64 {
        return Err(format!("it compiled {n_compiled} of {n_models} models"));
    }
    if document.get("has_errors").and_then(Value::as_bool) != Some(false) {
        return Err(first_error(document).unwrap_or_else(|| "it does not say `has_errors: false`".to_owned()));
    }
    let details = document
        .get("models_detail")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice);
    let named = |value: &Value, name: &str| value.get("name").and_then(Value::as_str) == Some(name);
    if let Some((model, column)) = column {
        let detail = details.iter().find(|d| named(d, model));
        let columns = detail.and_then(|d| d.get("columns")).and_then(Value::as_array);
        if !columns.is_some_and(|columns| columns.iter().any(|c| named(c, column))) {
            return Err(format!(
                "column {column}, just added to {model}, is not in the output"
            ));
        }
    }
    let mut notes = Vec::new();
    // Without types there is little to compile: how many columns have one?
    let columns = || {
        details
            .iter()
            .filter_map(|d| d.get("columns"))
            .filter_map(Value::as_array)
            .flatten()
    };
    let is_typed = |c: &&Value| {
        c.get("type")
            .and_then(Value::as_str)
            .is_some_and(|t| !t.is_empty() && !t.eq_ignore_ascii_case("unknown"))
    };
    notes.push(format!(
        "{} of {} columns have a type",
        report::grouped(columns().filter(is_typed).count()),
        report::grouped(columns().count())
    ));
    if let Some(diagnostics) = document
        .get("diagnostics")
        .and_then(Value::as_array)
        .filter(|d| !d.is_empty())
    {
        let mut codes = std::collections::BTreeMap::new();
        for diagnostic in diagnostics {
            *codes
                .entry(diagnostic.get("code").and_then(Value::as_str).unwrap_or("?"))
                .or_insert(0usize) += 1;
        }
        let counts: Vec<String> = codes
            .iter()
            .map(|(code, n)| format!("{code} × {}", report::grouped(*n)))
            .collect();
        notes.push(format!("diagnostics: {}", counts.join(", ")));
    }
    let counted = |key: &str| document.pointer(key).and_then(Value::as_u64);
    let parsed = counted("/compile_timings/models_parsed");
    if let Some((parsed, analysed)) = parsed.zip(counted("/compile_timings/models_analysed")) {
        notes.push(format!("{parsed} models parsed, {analysed} analysed"));
    }
    let inside_ms = document
        .pointer("/compile_timings/total_ms")
        .and_then(Value::as_f64);
    Ok(Seen { inside_ms, notes })
}
