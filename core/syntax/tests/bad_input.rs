//! Texts that nobody writes on purpose: broken encodings, endless tokens, nesting without end. Each gives a located
//! diagnostic or none, in time that grows with its length.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rocky_base::{Diagnostic, Dialect, FileId, SmolStr, code};
use rocky_syntax::expand::{Env, expand, parse_macros};
use rocky_syntax::origin::OriginMap;
use rocky_syntax::{dsl, parser};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

const DIALECTS: [Dialect; 4] = [
    Dialect::DuckDb,
    Dialect::Databricks,
    Dialect::Snowflake,
    Dialect::BigQuery,
];

/// Far above what linear work takes in a debug build on a busy machine, far below what quadratic work takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn check(text: &str, diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics
        .iter()
        .map(|d| {
            let span = d.primary.as_ref().unwrap().loc.span;
            assert!(text.get(span.range()).is_some(), "{d:?}");
            assert!(
                d.message.len() < 1010 && !d.message.contains('\n'),
                "{}",
                d.message.len()
            );
            format!("{} {}..{} {}", d.code, span.start, span.end, d.message)
        })
        .collect()
}

fn sql_in(text: &str, dialect: Dialect) -> Vec<String> {
    let started = Instant::now();
    let parsed = parser::parse(text, dialect);
    let took = started.elapsed();
    assert!(took < PATIENCE, "{took:?} for {} bytes", text.len());
    for expr in &parsed.ast.exprs {
        assert!(text.get(expr.span.range()).is_some());
    }
    check(text, &parsed.diagnostics)
}

fn sql(text: &str) -> Vec<String> {
    sql_in(text, Dialect::DuckDb)
}

fn rocky(text: &str) -> Vec<String> {
    let started = Instant::now();
    let lowered = dsl::lower(FileId(1), text, Dialect::DuckDb);
    let took = started.elapsed();
    assert!(took < PATIENCE, "{took:?} for {} bytes", text.len());
    check(text, &lowered.diagnostics)
}

#[test]
fn a_byte_order_mark_is_no_text() {
    for dialect in DIALECTS {
        assert_eq!(sql_in("\u{feff}SELECT 1 AS a", dialect), [""; 0]);
        assert_eq!(
            sql_in("\u{feff}", dialect),
            ["E413 0..0 no query in this model; expected SELECT"]
        );
    }
    assert_eq!(rocky("\u{feff}from orders\nselect { id }"), [""; 0]);
}

#[test]
fn every_line_end_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["SELECT a, -- one", "b -- two", "FROM t"].join(end);
        assert_eq!(sql(&text), [""; 0], "{text:?}");
        let text = ["from orders -- one", "-- two", "select { id }"].join(end);
        assert_eq!(rocky(&text), [""; 0], "{text:?}");
    }
}

#[test]
fn nul_is_located() {
    let nul = "NUL character in the text; SQL cannot hold one";
    for dialect in DIALECTS {
        assert_eq!(
            sql_in("SELECT 1 \0 FROM t", dialect),
            [format!("E400 9..10 {nul}")]
        );
        assert_eq!(sql_in("\0", dialect), [format!("E400 0..1 {nul}")]);
        assert_eq!(
            sql_in("SELECT 1 -- \0\n, 2", dialect),
            [format!("E400 12..13 {nul}")]
        );
    }
    assert_eq!(rocky("from orders \0"), ["E401 12..13 unknown character `\\0`"]);
    assert_eq!(
        rocky("from orders\nwhere a == \"b\0\""),
        ["E401 25..26 NUL character in the string; SQL cannot hold one"]
    );
}

#[test]
fn control_characters_and_odd_encodings_are_located() {
    for odd in ["\u{1}", "\u{7f}", "\\", "§", "\u{fffd}", "\u{202e}", "ï»¿"] {
        let text = format!("SELECT 1 {odd} + 2");
        for dialect in DIALECTS {
            // A wide character is part of a name, others are nothing.
            let found = sql_in(&text, dialect);
            assert!(found.len() <= 2, "{found:?}");
            if odd.is_ascii() {
                assert!(found[0].starts_with("E400 9..10"), "{found:?}");
            }
        }
    }
    // Text in UTF-16 that was read as UTF-8: NULs between letters.
    let found = sql("S\0E\0L\0E\0C\0T\0 \x001\0");
    assert!(
        found.len() <= 2 && found.iter().any(|d| d.contains("NUL")),
        "{found:?}"
    );
}

#[test]
fn whatever_is_not_closed_is_reported_once_at_its_opening() {
    for dialect in DIALECTS {
        let quote = dialect.ident_quote();
        for opening in ["'".to_owned(), "/*".to_owned(), quote.to_string()] {
            let text = format!("SELECT a FROM t WHERE {opening} b = 1");
            let found = sql_in(&text, dialect);
            assert!(found.len() == 1 && found[0].starts_with("E400 22.."), "{found:?}");
            assert!(found[0].contains("not closed"), "{found:?}");
        }
    }
    for text in ["SELECT $$ a", "SELECT $a$ b $$", "SELECT E'a\\'", "SELECT x'ab"] {
        let found = sql(text);
        assert!(found.len() == 1 && found[0].starts_with("E400 7.."), "{found:?}");
    }
    for text in [
        "SELECT (a",
        "SELECT [a",
        "SELECT {'a': 1",
        "SELECT f(a",
        "SELECT CASE WHEN a THEN b",
        "WITH a AS (SELECT 1",
    ] {
        assert_eq!(sql(text).len(), 1, "{:?}", sql(text));
    }
    let found = rocky("from orders\nwhere name == \"a\nselect { id }");
    assert_eq!(found, ["E401 26..27 string without closing `\"`"]);
}

#[test]
fn long_tokens_take_linear_time() {
    let huge = "x".repeat(10 * 1024 * 1024);
    assert_eq!(sql(&format!("SELECT '{huge}' AS a")), [""; 0]);
    const LONG: usize = 1024 * 1024;
    let long = "x".repeat(LONG);
    for dialect in DIALECTS {
        assert_eq!(sql_in(&format!("SELECT '{long}' AS a"), dialect), [""; 0]);
    }
    assert_eq!(
        sql(&format!("SELECT $q${long}$q$ AS a /* {long} */ -- {long}")),
        [""; 0]
    );
    assert_eq!(sql(&format!("SELECT '{}' AS a", "''".repeat(LONG / 2))), [""; 0]);
    assert_eq!(
        sql(&format!("SELECT E'{}' AS a", "\\n".repeat(LONG / 2))),
        [""; 0]
    );
    assert_eq!(sql(&format!("SELECT {} AS a", "9".repeat(100_000))), [""; 0]);
    assert_eq!(sql(&format!("SELECT 1{} AS a", "_0".repeat(50_000))), [""; 0]);
    let name = "n".repeat(64 * 1024);
    assert_eq!(
        sql(&format!("SELECT {name}, \"{name}\", {name}.{name} FROM {name}")),
        [""; 0]
    );
    assert_eq!(sql(&format!("SELECT a{}", ".b".repeat(50_000))), [""; 0]);
    // Not closed: the whole rest is read once.
    assert_eq!(sql(&format!("SELECT '{long}")).len(), 1);
    assert_eq!(sql(&format!("SELECT {}", "$a$ ".repeat(100_001))).len(), 2);
    assert_eq!(sql(&format!("SELECT /*{}", "/* ".repeat(100_000))).len(), 1);
    // Wide names, blanks, signs.
    assert_eq!(sql(&format!("SELECT {}", "é🦀".repeat(200_000))), [""; 0]);
    assert_eq!(sql(&format!("SELECT{}1", "\u{a0}\n".repeat(200_000))), [""; 0]);
    assert!(sql(&"§ ".repeat(100_000)).len() <= 200);
    assert!(sql(&"\\".repeat(300_000)).len() <= 200);
    assert!(sql(&"!~<|@#$%^&*-+=".repeat(20_000)).len() <= 202);
    // A message never holds a whole token.
    assert!(!sql(&format!("SELECT a b {name}")).is_empty());
    assert!(!sql(&name).is_empty());

    assert_eq!(rocky(&format!("from orders\nwhere a == \"{long}\"")), [""; 0]);
    assert_eq!(rocky(&format!("from {name}\nselect {{ {name} }}")), [""; 0]);
    assert_eq!(rocky(&format!("from orders -- {long}")), [""; 0]);
    assert_eq!(
        rocky(&format!("from orders\nwhere a == {}", "9".repeat(100_000))),
        [""; 0]
    );
}

#[test]
fn nesting_is_refused_at_a_place_in_linear_time() {
    const DEEP: usize = 5_000;
    let nested = |open: &str, middle: &str, close: &str| {
        format!("SELECT {}{middle}{}", open.repeat(DEEP), close.repeat(DEEP))
    };
    let texts = [
        nested("(", "1", ")"),
        nested("[", "1", "]"),
        nested("{'a': ", "1", "}"),
        nested("f(", "1", ")"),
        nested("CASE WHEN a THEN ", "1", " END"),
        nested("CASE ", "1", " WHEN a THEN b END"),
        nested("(SELECT ", "1", ")"),
        nested("(SELECT * FROM ", "t", ")"),
        nested("EXISTS (SELECT ", "1", ")"),
        nested("a[", "1", "]"),
        nested("CAST(", "1", " AS INT)"),
        nested("NOT ", "a", ""),
        nested("- ", "1", ""),
        nested("a IN (", "1", ")"),
        nested("sum(a) OVER (ORDER BY ", "1", ")"),
        nested("* FROM (", "t", ")"),
        nested("INTERVAL (", "1", ") DAY"),
        nested("CAST(1 AS STRUCT(a ", "INT", "))"),
    ];
    for text in &texts {
        for dialect in DIALECTS {
            let found = sql_in(text, dialect);
            assert!(!found.is_empty() && found.len() <= 200, "{}", &text[..60]);
        }
        let found = sql(text);
        assert!(
            found.len() <= 3,
            "{} of {}: {:?}",
            found.len(),
            &text[..60],
            &found[..2]
        );
    }
    let with = format!(
        "{}SELECT 1{}",
        "WITH a AS (".repeat(DEEP),
        ") SELECT 1".repeat(DEEP)
    );
    assert!(
        sql(&with)[0].starts_with(&code::E412.to_string()),
        "{:?}",
        &sql(&with)[0]
    );
    // What is open and never closed.
    for open in [
        "(",
        "[",
        "{",
        "f(",
        "CASE WHEN ",
        "(SELECT ",
        "WITH a AS (",
        "a[",
        "CAST(",
    ] {
        let found = sql(&format!("SELECT {}", open.repeat(DEEP)));
        assert!((1..=3).contains(&found.len()), "{open}: {found:?}");
    }
    for close in [")", "]", "}", " END"] {
        assert!(!sql(&format!("SELECT 1{}", close.repeat(DEEP))).is_empty());
    }
    for (open, middle, close) in [
        ("(", "1", ")"),
        ("match { _ => ", "1", " }"),
        ("f(", "1", ")"),
        ("not ", "a", ""),
        ("- ", "1", ""),
    ] {
        let text = format!(
            "from t\nwhere {}{middle}{}",
            open.repeat(DEEP),
            close.repeat(DEEP)
        );
        let found = rocky(&text);
        assert!(
            (1..=3).contains(&found.len()),
            "{open}: {} {:?}",
            found.len(),
            found.first()
        );
    }
}

#[test]
fn macros_and_variables_do_not_run_away() {
    let doubling: String = (0..60)
        .map(|n| format!("-- @macro m{n}(x)\n@m{}({{x}}, {{x}})\n", n + 1))
        .collect::<String>()
        .replace("(x)", "(x, y)");
    let (defs, _) = parse_macros(
        FileId(2),
        &format!("{doubling}-- @macro m60(x, y)\n{{x}} + {{y}}\n"),
        Dialect::DuckDb,
    );
    let macros: FxHashMap<SmolStr, _> = defs.into_iter().map(|m| (m.name.ident.text.clone(), m)).collect();
    let env = Env {
        dialect: Dialect::DuckDb,
        macros: &macros,
        var: &|_| None,
    };
    let texts = [
        "SELECT @m0(a, b)".to_owned(),
        format!("SELECT {}", "@m59(a, ".repeat(5_000)),
        format!("SELECT {}1{}", "@m59(a, ".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}1{}", "@var(a, ".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {}", "@m59(a, b), ".repeat(20_000)),
        format!("SELECT {}", "@nothing(a), ".repeat(20_000)),
        format!("SELECT {}", "@start_date, ".repeat(20_000)),
    ];
    for text in texts {
        let started = Instant::now();
        let shared: Arc<str> = Arc::from(text.as_str());
        let expanded = expand(&shared, &OriginMap::identity(FileId(1), 0), &env);
        assert!(
            started.elapsed() < PATIENCE,
            "{:?} {}",
            started.elapsed(),
            &text[..16]
        );
        assert!(expanded.text.len() < 20 * 1024 * 1024);
        let shown = expanded.diagnostics.len();
        assert!(shown <= 200, "{shown}");
    }
}
