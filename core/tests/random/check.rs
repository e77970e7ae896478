//! What we say of a query against what DuckDB says of it, and whether a column said NOT NULL held NULL.

use super::schema::World;
use rocky_base::{CancelToken, Dialect, SmolStr, Span};
use rocky_semantic::typing::{FunctionKind, function_kind};
use rocky_semantic::{Analysis, Status};
use rocky_syntax::ast::ExprKind;
use rocky_syntax::parser::{Parsed, parse};
use rocky_warehouse::{Connection, Value};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

/// Rows fetched from a query at most.
const LIMIT: usize = 2_000;

/// How an answer of ours is wrong.
#[derive(Clone, Debug)]
pub struct Wrong {
    /// What goes wrong, without names and places: a smaller query with the same kind shows the same fault.
    pub kind: String,
    /// For people.
    pub detail: String,
}

/// A query that does not end (a recursion whose rows meet again) is given up.
pub fn patiently<T>(run: impl FnOnce(&CancelToken) -> T) -> T {
    let cancel = CancelToken::new();
    let (done, waiting) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        let token = cancel.clone();
        scope.spawn(move || {
            if waiting.recv_timeout(Duration::from_secs(5)) == Err(RecvTimeoutError::Timeout) {
                token.trip();
            }
        });
        let result = run(&cancel);
        drop(done);
        result
    })
}

/// What came of a query.
#[derive(Debug)]
pub enum Verdict {
    /// DuckDB takes it, and so do we.
    Right {
        /// False when the run failed (an overflow, a cast): then nothing is known of its NULLs.
        ran: bool,
    },
    Wrong(Wrong),
    /// A type that follows from the value of a constant expression.
    Folded,
    /// DuckDB does not take it. Whether we say so.
    Refused {
        by_us: bool,
    },
}

pub struct Checker<'w> {
    pub world: &'w World,
    pub connection: Box<dyn Connection>,
    /// A database of its own, since the one of the world broke.
    own: Option<World>,
    cancel: CancelToken,
}

fn wrong(kind: &str, detail: impl Into<String>) -> Wrong {
    Wrong {
        kind: kind.to_owned(),
        detail: detail.into(),
    }
}

impl<'w> Checker<'w> {
    pub fn new(world: &'w World) -> Checker<'w> {
        Checker {
            world,
            connection: world.connect(),
            own: None,
            cancel: CancelToken::new(),
        }
    }

    /// Tree and analysis; the text of a panic.
    pub fn analyse(&self, text: &str) -> Result<(Parsed, Analysis), String> {
        catch_unwind(AssertUnwindSafe(|| {
            let parsed = parse(text, Dialect::DuckDb);
            let analysis = self.world.analyse(text, &parsed);
            (parsed, analysis)
        }))
        .map_err(
            |panic| match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
                (Some(text), _) => text.clone(),
                (_, Some(text)) => (*text).to_owned(),
                _ => "panic".to_owned(),
            },
        )
    }

    /// DuckDB's names and types, or its message.
    pub fn describe(&mut self, text: &str) -> Result<Vec<(String, String)>, String> {
        let mut described = self.connection.describe(text, &self.cancel);
        if let Err(error) = &described
            && error.to_string().contains("has been invalidated")
        {
            let own = self.world.again();
            self.connection = own.connect();
            self.own = Some(own);
            described = self.connection.describe(text, &self.cancel);
        }
        let described = described.map_err(|e| e.to_string())?;
        Ok(described
            .iter()
            .map(|c| (c.name.to_string(), c.ty.print(Dialect::DuckDb)))
            .collect())
    }

    pub fn rows(&mut self, text: &str) -> Result<Vec<Vec<Value>>, String> {
        let rows =
            patiently(|cancel| self.connection.query(text, LIMIT, cancel)).map_err(|e| e.to_string())?;
        Ok(rows.rows)
    }

    /// True when an expression of constants, which is no plain NULL, is NULL. DuckDB folds it while it binds, and a call
    /// over it takes the type of NULL: nobody can tell who does not evaluate it.
    fn folds_to_null(&mut self, text: &str, parsed: &Parsed) -> bool {
        constants(parsed).iter().any(|span| {
            let rows = self.rows(&format!("SELECT ({}) IS NULL", span.slice(text)));
            rows.is_ok_and(|rows| rows.first().and_then(|r| r.first()) == Some(&Value::Bool(true)))
        })
    }

    /// Verdict, with what only an evaluation can tell set apart.
    pub fn check(&mut self, text: &str) -> Verdict {
        let verdict = self.verdict(text);
        let Verdict::Wrong(wrong) = &verdict else {
            return verdict;
        };
        let folded = match wrong.kind.as_str() {
            "type" | "error E200" | "error E203" | "error E230" | "error E001" | "error E202" => {
                let parsed = parse(text, Dialect::DuckDb);
                self.folds_to_null(text, &parsed)
            }
            // A field's name or a format that is computed from constants.
            "unknown" => self.analyse(text).is_ok_and(|(parsed, analysis)| {
                let constants = constants(&parsed);
                let computed = |at: Span| constants.iter().any(|c| at.start < c.start && c.end <= at.end);
                analysis.columns.iter().all(|c| match &c.status {
                    Status::Unknown { span, .. } => computed(*span),
                    Status::Known => true,
                })
            }),
            _ => false,
        };
        if folded { Verdict::Folded } else { verdict }
    }

    fn verdict(&mut self, text: &str) -> Verdict {
        // What DuckDB 1.5.5's list_select puts in the place of a VARIANT that is not there is memory of somebody else: it
        // takes gigabytes or crashes, and already when it folds constants for a DESCRIBE.
        if text.contains("list_select") && text.contains("VARIANT") {
            return Verdict::Refused { by_us: true };
        }
        let described = self.describe(text);
        let analysed = self.analyse(text);
        let (parsed, analysis) = match analysed {
            Ok(both) => both,
            Err(panic) => return Verdict::Wrong(wrong("panic", panic)),
        };
        let said = || {
            parsed
                .diagnostics
                .iter()
                .chain(&analysis.diagnostics)
                .find(|d| d.is_error())
        };
        let described = match described {
            Ok(described) => described,
            Err(message) if message.contains("INTERNAL Error") => return Verdict::Refused { by_us: true },
            Err(_) => {
                return Verdict::Refused {
                    by_us: said().is_some(),
                };
            }
        };
        if let Some(finding) = said() {
            let span = finding.primary.as_ref().map_or("", |l| l.loc.span.slice(text));
            return Verdict::Wrong(wrong(
                &format!("error {}", finding.code),
                format!("{} [{span}]", finding.message),
            ));
        }
        if !analysis.complete {
            return Verdict::Wrong(wrong("incomplete", format!("{described:?}")));
        }
        for column in &analysis.columns {
            if let Status::Unknown { reason, .. } = &column.status {
                return Verdict::Wrong(wrong(
                    "unknown",
                    format!("{}: {reason}; DuckDB: {described:?}", column.name),
                ));
            }
        }
        let found: Vec<(String, String)> = analysis
            .columns
            .iter()
            .map(|c| (c.name.to_string(), c.ty.print(Dialect::DuckDb)))
            .collect();
        if found.len() != described.len() {
            return Verdict::Wrong(wrong(
                "width",
                format!("\n   ours:   {found:?}\n   DuckDB: {described:?}"),
            ));
        }
        // The engine's DESCRIBE repeats a name; what is made of it does not, and names it differently.
        let differs = |(ours, named): (&(String, String), &(String, String))| ours.0 != named.0;
        let made = match found.iter().zip(&described).any(differs) {
            true => self.describe(&format!("FROM ({text}\n)")).unwrap_or_default(),
            false => Vec::new(),
        };
        let names = if made.len() == described.len() {
            &made
        } else {
            &described
        };
        for (((ours, our_type), (name, ty)), (made, _)) in found.iter().zip(&described).zip(names) {
            if ours != name && ours != made {
                return Verdict::Wrong(wrong("name", format!("\n   ours:   {ours}\n   DuckDB: {made}")));
            }
            // A table that is made of a column without type has an INTEGER there, also inside of another type.
            if our_type != ty && *our_type != ty.replace("\"NULL\"", "INTEGER") {
                return Verdict::Wrong(wrong(
                    "type",
                    format!("{name}\n   ours:   {our_type}\n   DuckDB: {ty}"),
                ));
            }
        }
        // DuckDB 1.5.5 crashes on some positional joins of subqueries when it runs them, and never ends a full ASOF join.
        // Nor does it survive an ASOF join with what a recursive CTE gives.
        let recursive_asof = text.contains("RECURSIVE") && text.contains("ASOF");
        if text.contains("POSITIONAL") || text.contains("ASOF FULL") || recursive_asof {
            return Verdict::Right { ran: false };
        }
        let Ok(rows) = self.rows(text) else {
            return Verdict::Right { ran: false };
        };
        for row in &rows {
            for (column, value) in analysis.columns.iter().zip(row) {
                if !column.nullable && *value == Value::Null {
                    return Verdict::Wrong(wrong(
                        "null",
                        format!("{} is said to be NOT NULL and is NULL", column.name),
                    ));
                }
            }
        }
        Verdict::Right { ran: true }
    }
}

/// The expressions that DuckDB folds: computed from constants alone.
fn constants(parsed: &Parsed) -> Vec<Span> {
    let exprs = &parsed.ast.exprs;
    let parameters: Vec<(Span, Vec<SmolStr>)> = exprs
        .iter()
        .filter_map(|e| match &e.kind {
            ExprKind::Lambda { params: names, .. } | ExprKind::Comprehension { vars: names, .. } => {
                Some((e.span, names.iter().map(|n| n.ident.text.clone()).collect()))
            }
            _ => None,
        })
        .collect();
    let open: Vec<Span> = exprs
        .iter()
        .filter(|e| match &e.kind {
            ExprKind::Function(call) => {
                let kind = function_kind(
                    Dialect::DuckDb,
                    call.name.last().map_or("", |n| n.ident.text.as_str()),
                );
                matches!(kind, Some(FunctionKind::Aggregate | FunctionKind::Window))
            }
            // A lambda's own parameter is as constant as its list.
            ExprKind::Column(path) => !parameters.iter().any(|(span, names)| {
                span.start <= e.span.start
                    && e.span.end <= span.end
                    && path.first().is_some_and(|n| names.contains(&n.ident.text))
            }),
            ExprKind::Star(_)
            | ExprKind::Columns { .. }
            | ExprKind::Positional(_)
            | ExprKind::Subquery(_)
            | ExprKind::Exists { .. }
            | ExprKind::InQuery { .. }
            | ExprKind::ArrayQuery(_) => true,
            _ => false,
        })
        .map(|e| e.span)
        .collect();
    exprs
        .iter()
        .filter(|e| {
            !matches!(
                e.kind,
                ExprKind::Literal(_) | ExprKind::Error | ExprKind::Lambda { .. } | ExprKind::Default
            )
        })
        .filter(|e| {
            !open
                .iter()
                .any(|o| e.span.start <= o.start && o.end <= e.span.end)
        })
        .map(|e| e.span)
        .collect()
}
