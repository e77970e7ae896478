//! What is done with a fuzzed input, and what must hold afterwards.
//!
//! Each target takes bytes and panics when an invariant is broken: nothing panics on any input, every span lies in its text
//! and on character boundaries, origin maps cover the text they describe and point into the files they came from, what is
//! made from an input is bounded by it, and the same input gives the same result twice. The file stands by itself: the
//! fuzz targets use it as a library, `tests/tests/fuzz.rs` includes it. Start at [`TARGETS`].

use rocky_base::{Diagnostic, Dialect, FileId, Loc, SmolStr, Span};
use rocky_config::{Options, UnknownKeys};
use rocky_semantic::{Analysis, Input, RelationInput, RelationSchema};
use rocky_syntax::ast::{Ast, Body, SelectItem};
use rocky_syntax::expand::{self, MacroDef};
use rocky_syntax::lexer::{self, TokenKind};
use rocky_syntax::origin::{OriginMap, SegmentKind};
use rocky_syntax::{dsl, parser};
use rocky_warehouse::{Column, Field, Type};
use std::sync::Arc;

/// Takes any bytes; a broken promise is a panic.
pub type Target = fn(&[u8]);

/// The targets by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("sql", sql),
    ("dsl", dsl),
    ("toml", toml),
    ("contract", contract),
    ("analyse", analyse),
];

const DIALECTS: [Dialect; 4] = [
    Dialect::DuckDb,
    Dialect::Databricks,
    Dialect::Snowflake,
    Dialect::BigQuery,
];

const MODEL: FileId = FileId(1);
const MACROS: FileId = FileId(2);
/// Larger inputs say nothing more.
const MAX_INPUT: usize = 64 * 1024;

fn text_of(data: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(data).ok()?;
    (text.len() <= MAX_INPUT).then_some(text)
}

fn check_span(span: Span, text: &str, what: &str) {
    assert!(
        text.get(span.range()).is_some(),
        "{what} at {span:?} of {} bytes",
        text.len()
    );
}

fn check_message(text: &str) {
    assert!(
        !text.is_empty() && text.len() < 1010,
        "message of {} bytes",
        text.len()
    );
}

/// `text_of` gives the text of a file.
fn check_diagnostics<'t>(diagnostics: &[Diagnostic], text_of: impl Fn(FileId) -> &'t str) {
    for diagnostic in diagnostics {
        check_message(&diagnostic.message);
        let places = diagnostic.primary.iter().chain(&diagnostic.notes).map(|l| l.loc);
        let edits = diagnostic.fix.iter().flat_map(|f| f.edits.iter().map(|e| e.loc));
        for Loc { file, span } in places.chain(edits) {
            check_span(span, text_of(file), &diagnostic.message);
        }
    }
}

// ---- SQL

fn check_tree(ast: &Ast, text: &str) {
    for (index, node) in ast.exprs.iter().enumerate() {
        check_span(node.span, text, "expression");
        node.kind
            .for_each_child(|c| assert!((c.0 as usize) < index, "a child behind its parent"));
        node.kind
            .for_each_query(|q| assert!((q.0 as usize) < ast.queries.len()));
    }
    for query in &ast.queries {
        check_span(query.span, text, "query");
        if let Body::Select(select) = &query.body {
            check_span(select.span, text, "select");
            for item in &select.items {
                match item {
                    SelectItem::Expr { expr, alias } => {
                        assert!((expr.0 as usize) < ast.exprs.len());
                        alias.iter().for_each(|a| check_span(a.span, text, "alias"));
                    }
                    SelectItem::Star(star) => check_span(star.span, text, "star"),
                }
            }
            select
                .from
                .iter()
                .for_each(|f| assert!((f.0 as usize) < ast.froms.len()));
        }
    }
    for from in &ast.froms {
        check_span(from.span, text, "relation");
    }
    if let Some(root) = ast.root {
        assert!((root.0 as usize) < ast.queries.len());
    }
}

/// Lex and parse, and check both.
fn parsed(text: &str, dialect: Dialect) -> parser::Parsed {
    let lexed = lexer::lex(text, dialect);
    let mut end = 0;
    for token in &lexed.tokens {
        assert!(token.span.start >= end, "tokens overlap");
        check_span(token.span, text, "token");
        if token.kind == TokenKind::String {
            lexer::string_value(token.span.slice(text), dialect);
        }
        end = token.span.end;
    }
    assert_eq!(lexed.tokens.last().map(|t| t.kind), Some(TokenKind::Eof));
    for comment in lexer::line_comments(text, &lexed.comments) {
        check_span(comment.span, text, "comment");
        assert_eq!(comment.body_span.slice(text), comment.body);
    }
    let tokens = lexed.tokens.len();
    let parsed = parser::parse_lexed(text, lexed, dialect);
    check_tree(&parsed.ast, text);
    check_diagnostics(&parsed.diagnostics, |_| text);
    assert!(
        parsed.diagnostics.len() <= 202,
        "{} messages",
        parsed.diagnostics.len()
    );
    assert!(
        parsed.ast.exprs.len() <= 4 * tokens + 4,
        "more expressions than tokens make"
    );
    parsed
}

fn check_origin<'t>(origin: &OriginMap, text: &str, text_of: &impl Fn(FileId) -> &'t str) {
    if origin.is_identity() {
        return;
    }
    let mut end = 0;
    for segment in origin.segments() {
        assert_eq!(segment.span.start, end, "a gap in the origin map");
        end = segment.span.end;
        check_span(segment.span, text, "segment");
        let source = text_of(segment.origin.file);
        check_span(segment.origin.span, source, "origin");
        if segment.kind == SegmentKind::Verbatim {
            assert_eq!(segment.span.slice(text), segment.origin.span.slice(source));
        }
        if let Some(definition) = segment.definition {
            check_span(definition.span, text_of(definition.file), "definition");
        }
    }
    assert_eq!(end as usize, text.len(), "the origin map ends early");
}

/// A text of SQL; above a line `%%%` a file of macros.
pub fn sql(data: &[u8]) {
    let Some(input) = text_of(data) else { return };
    let (macro_text, text) = match input.split_once("\n%%%\n") {
        Some((macros, text)) => (macros, text),
        None => (
            "-- @macro twice(x)\n{x} * 2\n-- @macro rel(t, c)\n(SELECT {c} FROM {t})\n",
            input,
        ),
    };
    let text_of = |file: FileId| if file == MACROS { macro_text } else { text };
    let (macros, problems) = expand::parse_macros(MACROS, macro_text, Dialect::DuckDb);
    check_diagnostics(&problems, text_of);
    let macros = macros
        .into_iter()
        .map(|m: MacroDef| (m.name.ident.text.clone(), m))
        .collect();
    let var = |name: &str| match name {
        "a" => Some(SmolStr::new("1 + 1")),
        "bad" => Some(SmolStr::new("(")),
        "late" => Some(SmolStr::new("@start_date")),
        _ => None,
    };
    let shared: Arc<str> = Arc::from(text);
    for dialect in DIALECTS {
        let first = parsed(text, dialect);
        if text.len() < 1024 {
            let again = parser::parse(text, dialect);
            assert_eq!(
                format!("{first:?}"),
                format!("{again:?}"),
                "parsed otherwise the second time"
            );
        }
        let (expression, id) = parser::parse_expression(text, dialect);
        check_tree(&expression.ast, text);
        check_diagnostics(&expression.diagnostics, |_| text);
        assert!(id.is_none_or(|id| (id.0 as usize) < expression.ast.exprs.len()));
        for reference in rocky_semantic::references(&first.ast, dialect) {
            check_span(reference.span, text, "reference");
        }

        let env = expand::Env {
            dialect,
            macros: &macros,
            var: &var,
        };
        let expanded = expand::expand(&shared, &OriginMap::identity(MODEL, 0), &env);
        // The limit of expansion, and one body over it.
        assert!(expanded.text.len() < 17 * 1024 * 1024 + macro_text.len() + text.len());
        check_origin(&expanded.origin, &expanded.text, &text_of);
        check_diagnostics(&expanded.diagnostics, text_of);
        for (_, span) in &expanded.placeholders {
            assert!(span.slice(&expanded.text).starts_with('@'));
        }
        if *expanded.text != *text && expanded.text.len() <= MAX_INPUT {
            let tree = parsed(&expanded.text, dialect);
            for diagnostic in &tree.diagnostics {
                let span = diagnostic.primary.as_ref().map_or(Span::at(0), |l| l.loc.span);
                let place = expanded.origin.locate(span);
                check_span(place.span, text_of(place.file), "located error");
            }
        }
    }
}

// ---- the DSL

/// A `.rocky` file.
pub fn dsl(data: &[u8]) {
    let Some(text) = text_of(data) else { return };
    for dialect in DIALECTS {
        let lowered = dsl::lower(MODEL, text, dialect);
        check_diagnostics(&lowered.diagnostics, |_| text);
        check_origin(&lowered.origin, &lowered.sql, &|_| text);
        for comment in lexer::line_comments(text, &lowered.comments) {
            check_span(comment.span, text, "comment");
        }
        assert!(
            lowered.sql.len() <= 64 * text.len() + 4096,
            "{} bytes of SQL",
            lowered.sql.len()
        );
        let again = dsl::lower(MODEL, text, dialect);
        assert_eq!(lowered.sql, again.sql, "lowered otherwise the second time");
        let tree = parsed(&lowered.sql, dialect);
        let macros = lowered.sql.contains('@');
        if lowered.complete && !macros && !tree.diagnostics.is_empty() {
            // What was lowered without a mistake is SQL; only its depth and its longest names are left to the parser.
            let known = |d: &Diagnostic| {
                d.code == rocky_base::code::E412 || d.message.starts_with("relation name of")
            };
            let known = tree.diagnostics.iter().all(known);
            assert!(known, "{:?}\n{}", tree.diagnostics, lowered.sql);
        }
        rocky_semantic::references(&tree.ast, dialect);
    }
}

// ---- TOML

fn variable(name: &str) -> Option<String> {
    match name {
        "SET" => Some("value".to_owned()),
        "QUOTED" => Some("a\"b\n${SET}".to_owned()),
        _ => None,
    }
}

const OPTIONS: [Options; 2] = [
    Options {
        unknown_keys: UnknownKeys::Error,
    },
    Options {
        unknown_keys: UnknownKeys::Warn,
    },
];

/// `rocky.toml`, a sidecar, folder defaults and front matter, whichever reads it.
pub fn toml(data: &[u8]) {
    let Some(text) = text_of(data) else { return };
    let project = rocky_config::parse_project(MODEL, text, &variable);
    check_diagnostics(&project.diagnostics, |_| text);
    let again = rocky_config::parse_project(MODEL, text, &variable);
    assert_eq!(
        project.diagnostics, again.diagnostics,
        "read otherwise the second time"
    );
    for options in OPTIONS {
        let sidecar = rocky_config::parse_sidecar(MODEL, text, &variable, options);
        check_diagnostics(&sidecar.diagnostics, |_| text);
        let defaults = rocky_config::parse_defaults(MODEL, text, &variable, options);
        check_diagnostics(&defaults.diagnostics, |_| text);
    }
    let whole = format!("---toml\n{text}");
    for text in [text, whole.as_str()] {
        if let Some(front_matter) = rocky_config::split_front_matter(text) {
            for span in [front_matter.open, front_matter.toml] {
                check_span(span, text, "front matter");
            }
            assert!(text.get(front_matter.body_start as usize..).is_some());
            let config = rocky_config::parse_front_matter(MODEL, text, &front_matter, &variable, OPTIONS[0]);
            check_diagnostics(&config.diagnostics, |_| text);
        }
    }
}

/// A contract, and the types it names.
pub fn contract(data: &[u8]) {
    let Some(text) = text_of(data) else { return };
    for options in OPTIONS {
        let contract = rocky_config::parse_contract(MODEL, text, &variable, options);
        check_diagnostics(&contract.diagnostics, |_| text);
        for column in &contract.value.columns {
            check_span(column.name.loc.span, text, "column");
            let Some(written) = &column.r#type else { continue };
            check_span(written.loc.span, text, "type");
            for dialect in DIALECTS {
                read_type(&written.value, dialect);
            }
        }
    }
    // The bytes as a type too: contracts with types in them are rare among random texts.
    for dialect in DIALECTS {
        read_type(text, dialect);
    }
}

fn read_type(text: &str, dialect: Dialect) {
    let Some(ty) = Type::parse(dialect, text) else {
        return;
    };
    let printed = ty.print(dialect);
    assert!(printed.len() <= 64 * text.len() + 256, "{printed}");
}

// ---- analysis

fn schema() -> Arc<[Column]> {
    let column = |name: &str, ty: Type, nullable: bool| Column {
        name: SmolStr::new(name),
        ty,
        nullable,
    };
    let field = |name: &str, ty: Type| Field {
        name: SmolStr::new(name),
        ty,
    };
    Arc::from([
        column("id", Type::Int64, false),
        column("a", Type::Int32, true),
        column("b", Type::STRING, true),
        column("amount", Type::decimal(18, 2), true),
        column("day", Type::Date, true),
        column("at", Type::TIMESTAMP, true),
        column("flag", Type::Boolean, true),
        column("list", Type::list(Type::Int64), true),
        column("doc", Type::Json, true),
        column(
            "s",
            Type::Struct(Arc::from([field("x", Type::Int64), field("y", Type::STRING)])),
            true,
        ),
        column("m", Type::map(Type::STRING, Type::Float64), true),
    ])
}

fn analysed(text: &str, ast: &Ast, dialect: Dialect) -> Analysis {
    let columns = schema();
    let relations: Vec<RelationInput> = rocky_semantic::references(ast, dialect)
        .into_iter()
        .enumerate()
        .map(|(index, reference)| {
            let name = reference
                .path
                .last()
                .map_or(SmolStr::default(), |n| n.ident.text.clone());
            let schema = match name.as_str() {
                "gone" => RelationSchema::Absent(Arc::from([SmolStr::new("t")])),
                "unknown" => RelationSchema::Unknown,
                "part" => RelationSchema::Partial(columns.clone()),
                _ => RelationSchema::Known(columns.clone()),
            };
            RelationInput {
                from: reference.from,
                relation: index as u32,
                schema,
                display: name.clone(),
                qualifiers: vec![name],
            }
        })
        .collect();
    rocky_semantic::analyse(&Input {
        ast,
        text,
        dialect,
        relations: &relations,
        types: &rocky_warehouse::OwnTypes::NONE,
        cancel: None,
    })
}

/// A query over relations of known columns.
pub fn analyse(data: &[u8]) {
    let Some(text) = text_of(data) else { return };
    for dialect in DIALECTS {
        let tree = parsed(text, dialect);
        let analysis = analysed(text, &tree.ast, dialect);
        check_diagnostics(&analysis.diagnostics, |_| text);
        for column in &analysis.columns {
            check_span(column.span, text, "column");
        }
        // Stars multiply columns, but no more than a relation has for each of them.
        assert!(
            analysis.columns.len() <= 64 * (text.len() + 1) * 16,
            "{} columns",
            analysis.columns.len()
        );
        if text.len() < 512 {
            let again = analysed(text, &tree.ast, dialect);
            assert_eq!(
                format!("{analysis:?}"),
                format!("{again:?}"),
                "analysed otherwise the second time"
            );
        }
    }
}
