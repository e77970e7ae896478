//! The Rocky DSL: `.rocky` text to SQL text with an origin map.
//!
//! [`parse`] makes the syntax tree ([`ast`]) and reports every mistake it finds; [`lower`] makes of it a plan of SELECT
//! levels (`plan`), checks what needs the whole pipeline, and prints it in the dialect (`print`) through a writer that
//! notes where each byte came from. Macro calls and placeholders (`@name(…)`, `@start_date`) go into the SQL as they
//! are; the expansion of SQL deals with them. Invariant: the same text and dialect always give the same SQL.

pub mod ast;
mod level;
mod lexer;
mod names;
mod parser;
mod plan;
mod print;
mod unused;
mod writer;

pub use parser::{MAX_NESTING, parse};

use crate::origin::OriginMap;
use rocky_base::code::E412;
use rocky_base::{Diagnostic, Dialect, FileId, Loc, Span};

/// What became of a `.rocky` file.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The SQL; of a file with mistakes, what could be made of the rest.
    pub sql: String,
    /// From places of [`Lowered::sql`] to places of the file.
    pub origin: OriginMap,
    /// The comments of the file, `--` included, in order; [`crate::lexer::line_comments`] reads them.
    pub comments: Vec<Span>,
    /// Mistakes, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// True when [`Lowered::sql`] says what the file says and may be used.
    pub complete: bool,
}

/// The comments of a `.rocky` file and its tokens, in order.
pub fn comments_and_tokens(file: FileId, text: &str) -> (Vec<Span>, Vec<Span>) {
    let tokens = lexer::lex(file, text).tokens;
    let mut comments = Vec::new();
    let mut end = 0;
    // Between two tokens there are spaces, comments and what is no token at all.
    for token in &tokens {
        let mut at = end;
        while at < token.span.start {
            let gap = Span::new(at, token.span.start).slice(text);
            let Some(start) = gap.find("--") else { break };
            let len = gap
                .get(start..)
                .and_then(|g| g.find('\n'))
                .unwrap_or(gap.len() - start);
            let start = at + start as u32;
            at = start + len as u32;
            let trimmed = Span::new(start, at).slice(text).trim_end().len() as u32;
            comments.push(Span::new(start, start + trimmed));
        }
        end = token.span.end;
    }
    let ends = |t: &&lexer::Token| t.kind != lexer::T::End;
    (comments, tokens.iter().filter(ends).map(|t| t.span).collect())
}

/// Parse a `.rocky` file and make SQL of it.
pub fn lower(file: FileId, text: &str, dialect: Dialect) -> Lowered {
    let (mut tree, mut diagnostics) = parse(file, text);
    let comments = std::mem::take(&mut tree.comments);
    let mut lowering = plan::Lowering::new(file, dialect, tree, !diagnostics.is_empty());
    let plan = lowering.plan();
    diagnostics.append(&mut lowering.diagnostics);

    let mut printer = print::Printer {
        tree: &lowering.tree,
        dialect,
        out: writer::Writer::new(file, text),
    };
    printer.plan(&plan);
    if printer.out.is_full() {
        let whole = Loc::new(file, Span::at(0));
        let diagnostic = Diagnostic::new(
            E412,
            whole,
            "the SQL of this file is more than 64 times as long as the file",
        )
        .help("name the subjects of nested `match` expressions with `derive`");
        diagnostics.push(diagnostic);
    }
    let complete = plan.main.is_some() && !diagnostics.iter().any(Diagnostic::is_error);
    diagnostics.sort_by_key(|d| d.primary.as_ref().map(|p| p.loc.span));
    let (sql, origin) = printer.out.finish();
    Lowered {
        sql,
        origin,
        comments,
        diagnostics,
        complete,
    }
}
