//! Running one case: build the project in memory, compile it, compare.
//!
//! Beside what the case asserts, three rules are checked of every case: a second compile of the same handle says the same
//! as the first (the memo), positions are inside their files, and each fix removes the finding that offers it.

use super::assertion::{self, Assertion, Assertions, Expectation};
use super::document::{Block, Case};
use super::render;
use rocky_base::system::MemorySystem;
use rocky_core::verbs::compile::{CompileRequest, CompileResponse, ModelDetail};
use rocky_core::verbs::lineage::{LineageRequest, LineageResponse, ModelLineage};
use rocky_core::wire::{WireColumn, WireDiagnostic};
use rocky_core::{CancelToken, Engine, Error, Host, NoObserver, OpenRequest, Project};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The folder of the project in memory.
const ROOT: &str = "/project";

/// `rocky.toml` of cases that give none.
pub const DEFAULT_CONFIG: &str = include_str!("default.toml");

/// Something that is wrong with a case.
#[derive(Debug)]
pub struct Failure {
    /// Line in the Markdown file, from 1.
    pub line: usize,
    /// What.
    pub message: String,
}

/// The result of a case.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Empty when it passed.
    pub failures: Vec<Failure>,
    /// With `ROCKY_UPDATE=1`: new texts of blocks.
    pub rewrites: Vec<(Block, String)>,
    /// Codes that were found.
    pub codes: Vec<String>,
}

impl Outcome {
    fn fail(&mut self, line: usize, message: impl Into<String>) {
        self.failures.push(Failure {
            line,
            message: message.into(),
        });
    }

    fn compare(&mut self, expected: &super::document::Expected, found: &str, what: &str) {
        let found = found.trim_end();
        if expected.text.trim_end() == found {
            return;
        }
        if crate::update() {
            self.rewrites.push((expected.block.clone(), found.to_owned()));
        } else {
            let message = format!("{what} differs (ROCKY_UPDATE=1 rewrites it); found:\n{found}");
            self.fail(expected.block.start + 1, message);
        }
    }
}

fn files_of(case: &Case) -> BTreeMap<String, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    files.insert("rocky.toml".into(), DEFAULT_CONFIG.into());
    files.extend(case.files.iter().map(|f| (f.path.clone(), f.text.clone())));
    files
}

fn open(engine: &Engine, case: &Case, files: &BTreeMap<String, String>) -> Result<Project, Error> {
    let system = MemorySystem::new();
    for (path, text) in files {
        system.write(format!("{ROOT}/{path}"), text.as_bytes());
    }
    for (name, value) in &case.env {
        system.set_env(name, value);
    }
    let request = OpenRequest {
        config: Some(format!("{ROOT}/rocky.toml")),
        ..OpenRequest::default()
    };
    Project::open(
        engine,
        &request,
        Host {
            system: Arc::new(system),
        },
    )
}

fn compile(project: &Project, request: &CompileRequest) -> Result<CompileResponse, Error> {
    project.compile(request, &mut NoObserver, &CancelToken::new())
}

/// What a case says, as a document without its timings.
pub fn said(engine: &Engine, case: &Case) -> Result<String, Error> {
    let project = open(engine, case, &files_of(case))?;
    let response = compile(&project, &CompileRequest::default())?;
    let text = |value: &Vec<WireDiagnostic>| serde_json::to_string_pretty(value);
    text(&response.diagnostics).map_err(|e| Error::bug(e.to_string()))
}

/// Run a case.
pub fn case(engine: &Engine, case: &Case) -> Outcome {
    let mut outcome = Outcome::default();
    let mut request = CompileRequest::default();
    if let Some(json) = &case.request {
        match serde_json::from_str(json) {
            Ok(given) => request = given,
            Err(error) => {
                outcome.fail(case.line, format!("`json compile` is no request: {error}"));
                return outcome;
            }
        }
    }
    request.expand_macros = true;
    let files = files_of(case);
    let text = |path: &str| files.get(path).cloned();
    let compiled = open(engine, case, &files).and_then(|p| compile(&p, &request).map(|r| (p, r)));
    let (project, response) = match compiled {
        Ok(both) => both,
        Err(error) => {
            let hint = error
                .hint
                .as_ref()
                .map(|h| format!("\nhint: {h}"))
                .unwrap_or_default();
            let found = format!("error: {}: {}{hint}", error.kind.as_str(), error.message);
            match &case.output {
                Some(expected) => outcome.compare(expected, &found, "the error"),
                None => outcome.fail(
                    case.line,
                    format!("compile failed, and there is no `output` block: {found}"),
                ),
            }
            return outcome;
        }
    };
    outcome.codes = response.diagnostics.iter().map(|d| d.code.clone()).collect();
    outcome.codes.dedup();
    if let Some(expected) = &case.output {
        outcome.compare(
            expected,
            &render::diagnostics(&response.diagnostics, &text),
            "the output",
        );
    }
    let mut left: Vec<&WireDiagnostic> = response.diagnostics.iter().collect();
    for file in &case.files {
        let assertions = Assertions::find(&file.text);
        let md = |line: u32| file.block.start + line as usize;
        assertions
            .problems
            .iter()
            .for_each(|(line, problem)| outcome.fail(md(*line), problem.clone()));
        findings(&file.path, &file.text, &assertions, &mut left, &md, &mut outcome);
        facts(
            &project,
            &response,
            &request,
            &file.path,
            &assertions,
            &md,
            &mut outcome,
        );
    }
    if let Some(block) = &case.elsewhere {
        for (index, line) in block.text.lines().enumerate() {
            let at = block.block.start + index + 1;
            match assertion::parse(line) {
                Ok(Some(Assertion::Diagnostic(wanted))) => match left.iter().position(|d| fits(d, &wanted)) {
                    Some(found) => {
                        left.remove(found);
                    }
                    None => outcome.fail(at, format!("not found: {line}")),
                },
                _ => outcome.fail(at, format!("`{line}` is not `error: [CODE] \"message\"`")),
            }
        }
    }
    for unexpected in left {
        let line = unexpected.span.as_ref().and_then(|s| {
            case.files
                .iter()
                .find(|f| f.path == s.file)
                .map(|f| f.block.start + s.line as usize)
        });
        let shown = render::diagnostics(std::slice::from_ref(unexpected), &text);
        outcome.fail(
            line.unwrap_or(case.line),
            format!("unexpected\n{}", shown.trim_end()),
        );
    }
    for (path, expected) in &case.lowered {
        let model = response.models_detail.iter().find(|m| m.file == *path);
        let sql = model.and_then(|m| response.expanded_sql.as_ref()?.get(&m.name));
        match sql {
            Some(sql) => outcome.compare(expected, sql, "the SQL"),
            None => outcome.fail(expected.block.start, format!("no model in `{path}`")),
        }
    }
    again(&project, &request, &response, case, &mut outcome);
    positions(&response, &files, case, &mut outcome);
    fixes(engine, &request, &response, &files, case, &mut outcome);
    outcome
}

fn fits(d: &WireDiagnostic, wanted: &Expectation) -> bool {
    d.severity == wanted.severity && d.code == wanted.code && d.message.contains(&wanted.message)
}

/// Diagnostics and underlines of one file.
fn findings(
    path: &str,
    text: &str,
    assertions: &Assertions,
    left: &mut Vec<&WireDiagnostic>,
    md: &dyn Fn(u32) -> usize,
    outcome: &mut Outcome,
) {
    let mut met: BTreeMap<u32, Vec<&WireDiagnostic>> = BTreeMap::new();
    for placed in &assertions.placed {
        let Assertion::Diagnostic(wanted) = &placed.assertion else {
            continue;
        };
        let here = |d: &&WireDiagnostic| {
            let span = d.span.as_ref();
            span.is_some_and(|s| s.file == path && (s.line == placed.about || s.line == placed.line))
                && fits(d, wanted)
        };
        match left.iter().position(here) {
            Some(found) => met.entry(placed.about).or_default().push(left.remove(found)),
            None => {
                let message = format!(
                    "not found: {}[{}] \"{}\"",
                    wanted.severity.to_lowercase(),
                    wanted.code,
                    wanted.message
                );
                outcome.fail(md(placed.line), message);
            }
        }
    }
    for carets in &assertions.carets {
        let line = text
            .lines()
            .nth(carets.about as usize - 1)
            .map(render::strip_assertion)
            .unwrap_or_default();
        let spans = met
            .get(&carets.about)
            .into_iter()
            .flatten()
            .filter_map(|d| d.span.as_ref());
        let mut found: Vec<(u32, u32)> = spans.map(|s| render::columns(s, line)).collect();
        found.sort_unstable();
        found.dedup();
        if found != carets.marks {
            outcome.fail(
                md(carets.line),
                format!("marks columns {:?}; the findings are at {found:?}", carets.marks),
            );
        }
    }
}

/// Columns, lineage and dependencies of the model of one file.
fn facts(
    project: &Project,
    response: &CompileResponse,
    request: &CompileRequest,
    path: &str,
    assertions: &Assertions,
    md: &dyn Fn(u32) -> usize,
    outcome: &mut Outcome,
) {
    let mut lineage: Option<ModelLineage> = None;
    for placed in &assertions.placed {
        if matches!(placed.assertion, Assertion::Diagnostic(_)) {
            continue;
        }
        let line = md(placed.line);
        let Some(model) = response.models_detail.iter().find(|m| m.file == path) else {
            outcome.fail(line, format!("no model in `{path}`"));
            continue;
        };
        if matches!(
            placed.assertion,
            Assertion::Lineage(..) | Assertion::Influences(_)
        ) && lineage.is_none()
        {
            match trace(project, request, model) {
                Ok(traced) => lineage = Some(traced),
                Err(error) => {
                    outcome.fail(line, format!("lineage: {error}"));
                    continue;
                }
            }
        }
        let (found, wanted) = match (&placed.assertion, &lineage) {
            (Assertion::Columns(wanted), _) => {
                let mut found: Vec<String> = model.columns.iter().map(column).collect();
                if !model.columns_complete {
                    found.push("...".into());
                }
                (found, wanted.clone())
            }
            (Assertion::Type(wanted), _) => {
                let name = wanted.split(' ').next().unwrap_or_default();
                (
                    model
                        .columns
                        .iter()
                        .filter(|c| c.name == name)
                        .map(column)
                        .collect(),
                    vec![wanted.clone()],
                )
            }
            (Assertion::DependsOn(wanted), _) => (sorted(model.depends_on.clone()), sorted(wanted.clone())),
            (Assertion::Sources(wanted), _) => (sorted(model.sources.clone()), sorted(wanted.clone())),
            (Assertion::Lineage(name, wanted), Some(lineage)) => {
                let edges = lineage
                    .edges
                    .iter()
                    .filter(|e| e.target.model == model.name && e.target.column == *name);
                let found = edges
                    .map(|e| format!("{}.{} ({})", e.source.model, e.source.column, e.transform))
                    .collect();
                (sorted(found), sorted(wanted.clone()))
            }
            (Assertion::Influences(wanted), Some(lineage)) => {
                let all = lineage.influences.iter();
                let found = all
                    .map(|i| format!("{}.{} ({})", i.source.model, i.source.column, i.kind))
                    .collect();
                (sorted(found), sorted(wanted.clone()))
            }
            _ => continue,
        };
        if found != wanted {
            outcome.fail(
                line,
                format!("expected {}\n   found {}", shown(&wanted), shown(&found)),
            );
        }
    }
}

fn shown(list: &[String]) -> String {
    if list.is_empty() {
        "(none)".to_owned()
    } else {
        list.join(", ")
    }
}

fn sorted(mut list: Vec<String>) -> Vec<String> {
    list.sort();
    list.dedup();
    list
}

fn column(c: &WireColumn) -> String {
    format!(
        "{} {}{}",
        c.name,
        c.r#type,
        if c.nullable { "" } else { " not null" }
    )
}

fn trace(project: &Project, request: &CompileRequest, model: &ModelDetail) -> Result<ModelLineage, Error> {
    let request = LineageRequest {
        target: model.name.clone(),
        vars: request.vars.clone(),
        ..LineageRequest::default()
    };
    match project.lineage(&request, &mut NoObserver, &CancelToken::new())? {
        LineageResponse::Model(lineage) => Ok(*lineage),
        LineageResponse::Column(_) => Err(Error::bug("lineage of a model gave that of a column")),
    }
}

/// A memoised compile equals a fresh one.
fn again(
    project: &Project,
    request: &CompileRequest,
    first: &CompileResponse,
    case: &Case,
    outcome: &mut Outcome,
) {
    match compile(project, request) {
        Ok(second) => {
            let same = second.diagnostics == first.diagnostics && second.models_detail == first.models_detail;
            if !same {
                outcome.fail(
                    case.line,
                    "a second compile of the same files says something else",
                );
            }
            if second.compile_timings.models_parsed > 0 {
                outcome.fail(case.line, "a second compile of the same files parses again");
            }
        }
        Err(error) => outcome.fail(case.line, format!("a second compile fails: {error}")),
    }
}

/// Positions are inside their files, and line, column and bytes agree.
fn positions(
    response: &CompileResponse,
    files: &BTreeMap<String, String>,
    case: &Case,
    outcome: &mut Outcome,
) {
    for d in &response.diagnostics {
        let spans = d
            .span
            .iter()
            .chain(d.notes.iter().filter_map(|n| n.span.as_ref()));
        for span in spans {
            let Some(text) = files.get(&span.file) else {
                outcome.fail(
                    case.line,
                    format!(
                        "[{}] points into `{}`, which the project does not have",
                        d.code, span.file
                    ),
                );
                continue;
            };
            let (start, end) = (span.start as usize, span.end as usize);
            if start > end || !text.is_char_boundary(start) || !text.is_char_boundary(end) {
                outcome.fail(
                    case.line,
                    format!(
                        "[{}] has the impossible span {start}..{end} of {}",
                        d.code, span.file
                    ),
                );
                continue;
            }
            let before = &text[..start];
            let line = before.matches('\n').count() as u32 + 1;
            let col = before.rsplit('\n').next().unwrap_or_default().chars().count() as u32 + 1;
            if (line, col) != (span.line, span.col) {
                outcome.fail(
                    case.line,
                    format!("[{}] is at {line}:{col}, not {}:{}", d.code, span.line, span.col),
                );
            }
        }
    }
}

/// Each fix, applied alone, removes the finding that offers it.
fn fixes(
    engine: &Engine,
    request: &CompileRequest,
    response: &CompileResponse,
    files: &BTreeMap<String, String>,
    case: &Case,
    outcome: &mut Outcome,
) {
    for d in &response.diagnostics {
        let Some(fix) = &d.fix else { continue };
        let mut fixed = files.clone();
        let mut edits: Vec<_> = fix
            .edits
            .iter()
            .filter_map(|e| e.span.as_ref().map(|s| (s, &e.text)))
            .collect();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        for (span, text) in edits {
            if let Some(file) = fixed.get_mut(&span.file) {
                file.replace_range(span.start as usize..span.end as usize, text);
            }
        }
        let count = |list: &[WireDiagnostic]| {
            list.iter()
                .filter(|o| o.code == d.code && o.message == d.message)
                .count()
        };
        match open(engine, case, &fixed).and_then(|p| compile(&p, request)) {
            Ok(after) if count(&after.diagnostics) < count(&response.diagnostics) => {}
            Ok(_) => outcome.fail(
                case.line,
                format!("the fix \"{}\" leaves [{}] {}", fix.title, d.code, d.message),
            ),
            Err(error) => outcome.fail(case.line, format!("after the fix \"{}\": {error}", fix.title)),
        }
    }
}
