//! Token expansion: macros, variables, date placeholders, and where every byte comes from.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use rocky_base::{Dialect, FileId, Loc, SmolStr, Span};
use rocky_syntax::ast::DatePlaceholder;
use rocky_syntax::expand::{Env, Expanded, MacroDef, expand, parse_macros};
use rocky_syntax::origin::{OriginMap, Segment, SegmentKind};
use rocky_syntax::parser::parse;
use rustc_hash::FxHashMap;
use std::sync::Arc;

const MODEL: FileId = FileId(1);
const MACROS: FileId = FileId(2);

fn macros(files: &[&str]) -> FxHashMap<SmolStr, MacroDef> {
    let mut all = FxHashMap::default();
    for text in files {
        let (defs, diagnostics) = parse_macros(MACROS, text, Dialect::DuckDb);
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        for def in defs {
            all.insert(def.name.ident.text.clone(), def);
        }
    }
    all
}

fn run_in(text: &str, files: &[&str], vars: &[(&str, &str)], dialect: Dialect) -> Expanded {
    let macros = macros(files);
    let var = |name: &str| {
        vars.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, v)| SmolStr::new(v))
    };
    let env = Env {
        dialect,
        macros: &macros,
        var: &var,
    };
    let text: Arc<str> = Arc::from(text);
    let expanded = expand(&text, &OriginMap::identity(MODEL, 0), &env);
    check_origins(&expanded, &text);
    expanded
}

fn run(text: &str, files: &[&str], vars: &[(&str, &str)]) -> Expanded {
    run_in(text, files, vars, Dialect::DuckDb)
}

fn text(text: &str, files: &[&str]) -> String {
    let expanded = run(text, files, &[]);
    assert!(expanded.diagnostics.is_empty(), "{:?}", expanded.diagnostics);
    expanded.text.to_string()
}

fn errors(text: &str, files: &[&str]) -> Vec<String> {
    run(text, files, &[])
        .diagnostics
        .iter()
        .map(|d| {
            let loc = d.primary.as_ref().unwrap().loc;
            let place = if loc.file == MODEL {
                loc.span.slice(text)
            } else {
                "(macro file)"
            };
            format!("{} {place:?} {}", d.code, d.message)
        })
        .collect()
}

/// Verbatim segments hold the file's own bytes, and segments cover the text.
fn check_origins(expanded: &Expanded, file: &str) {
    if expanded.origin.is_identity() {
        assert_eq!(&*expanded.text, file);
        return;
    }
    let mut end = 0;
    for segment in expanded.origin.segments() {
        assert_eq!(segment.span.start, end, "{:?}", expanded.text);
        end = segment.span.end;
        if segment.kind == SegmentKind::Verbatim {
            assert_eq!(
                segment.span.slice(&expanded.text),
                segment.origin.span.slice(file)
            );
        }
    }
    assert_eq!(end as usize, expanded.text.len());
}

const DOUBLE: &str = "-- @macro double(x)\n{x} * 2\n";
const SAFE: &str = "-- @macro safe_div(a, b)\nCASE WHEN {b} = 0 THEN NULL ELSE {a} / {b} END";

#[test]
fn a_text_without_at_signs_is_the_same_text() {
    let text: Arc<str> = Arc::from("select 'x' from t");
    let macros = FxHashMap::default();
    let env = Env {
        dialect: Dialect::DuckDb,
        macros: &macros,
        var: &|_| None,
    };
    let expanded = expand(&text, &OriginMap::identity(MODEL, 7), &env);
    assert!(Arc::ptr_eq(&expanded.text, &text));
    assert_eq!(expanded.origin, OriginMap::identity(MODEL, 7));
}

#[test]
fn macros_are_substituted_as_written() {
    assert_eq!(text("select @double(a) from t", &[DOUBLE]), "select a * 2 from t");
    assert_eq!(
        text("select @double(a + b) from t", &[DOUBLE]),
        "select a + b * 2 from t"
    );
    assert_eq!(
        text("select @safe_div(sum(a), count(*)) x", &[SAFE]),
        "select CASE WHEN count(*) = 0 THEN NULL ELSE sum(a) / count(*) END x"
    );
    assert_eq!(
        text("select @now() from t", &["-- @macro now()\ncurrent_timestamp"]),
        "select current_timestamp from t"
    );
    assert_eq!(
        text(
            "select * from @recent(orders)",
            &["-- @macro recent(t)\n(SELECT * FROM {t});"]
        ),
        "select * from (SELECT * FROM orders)"
    );
}

#[test]
fn arguments_are_split_by_tokens() {
    let id = "-- @macro pair(a, b)\n[{a}, {b}]";
    assert_eq!(
        text("select @pair('x,y', f(a, b))", &[id]),
        "select ['x,y', f(a, b)]"
    );
    assert_eq!(
        text("select @pair([1, 2], {'a': 1, 'b': 2})", &[id]),
        "select [[1, 2], {'a': 1, 'b': 2}]"
    );
    assert_eq!(text("select @pair(')', \"(,\")", &[id]), "select [')', \"(,\"]");
    assert_eq!(
        text("select @pair(a -- one, two\n, b /* , */)", &[id]),
        "select [a, b]"
    );
    assert_eq!(text("select @pair($$ , $$, 1)", &[id]), "select [$$ , $$, 1]");
}

#[test]
fn strings_and_comments_are_left_alone() {
    let sql = "select '@double(a)', \"@double(b)\" -- @double(c)\n, $$ @start_date $$ /* @var(x) */ from t";
    assert_eq!(text(sql, &[DOUBLE]), sql);
    let body = "-- @macro s(x)\n'{x}' || {x} /* {x} */ || \"{x}\"";
    assert_eq!(
        text("select @s(a)", &[body]),
        "select '{x}' || a /* {x} */ || \"{x}\""
    );
}

#[test]
fn an_argument_is_never_substituted_again() {
    let outer = "-- @macro first(a, b)\n({a}, {b})";
    assert_eq!(text("select @first({b}, 1)", &[outer]), "select ({b}, 1)");
    let wrap = "-- @macro wrap(b)\n@first({b}, 2)";
    assert_eq!(text("select @wrap(x)", &[outer, wrap]), "select (x, 2)");
}

#[test]
fn calls_nest_in_bodies_and_arguments() {
    let four = "-- @macro four(x)\n@double({x}) + @double({x})";
    assert_eq!(text("select @four(a)", &[DOUBLE, four]), "select a * 2 + a * 2");
    assert_eq!(
        text("select @double(@double(@double(a)))", &[DOUBLE]),
        "select a * 2 * 2 * 2"
    );
    assert_eq!(
        text("select @four(@double(a))", &[DOUBLE, four]),
        "select a * 2 * 2 + a * 2 * 2"
    );
}

#[test]
fn neighbours_do_not_grow_together() {
    let neg = "-- @macro neg(x)\n-{x}";
    assert_eq!(text("select -@neg(1)", &[neg]), "select - - 1");
    assert_eq!(text("select -@neg(-1)", &[neg]), "select - - -1");
    let t = "-- @macro tab()\nt";
    assert_eq!(text("select @tab().a, a@tab()b", &[t]), "select t .a, a t b");
    assert_eq!(text("select f(@tab(), [@tab()])", &[t]), "select f(t, [t])");
    // A comment at the end of a body or an argument would swallow what follows.
    let note = "-- @macro note(x)\n{x} + 1 -- the end";
    assert_eq!(text("select @note(a -- arg\n), b", &[note]), "select a + 1, b");
}

#[test]
fn mistakes_in_calls() {
    assert_eq!(
        errors("select @dubble(a)", &[DOUBLE]),
        ["E110 \"@dubble\" unknown macro `@dubble`; did you mean `@double`?"]
    );
    assert_eq!(
        errors("select @double(a, b)", &[DOUBLE]),
        ["E111 \"@double(a, b)\" macro `@double` takes 1 argument (x), found 2"]
    );
    assert_eq!(
        errors("select @double()", &[DOUBLE]),
        ["E111 \"@double()\" macro `@double` takes 1 argument (x), found 0"]
    );
    assert_eq!(
        errors("select @safe_div(a,)", &[SAFE]),
        ["E111 \"\" argument `b` of macro `@safe_div` is empty"]
    );
    let recursive = "-- @macro r(x)\n@s({x})";
    let other = "-- @macro s(x)\n1 + @r({x})";
    assert_eq!(
        errors("select @r(1)", &[recursive, other]),
        ["E113 \"@r(1)\" macro `@r` calls itself (@r → @s → @r)"]
    );
    let nested = "-- @macro outer_one(x)\n@missing({x}) + @double()";
    let found = run("select @outer_one(1)", &[nested, DOUBLE], &[]);
    assert_eq!(found.diagnostics.len(), 2);
    // The primary place is the call in the model, the note the place in the macro's file.
    assert_eq!(
        found.diagnostics[0].primary.as_ref().unwrap().loc,
        Loc::new(MODEL, Span::new(7, 20))
    );
    assert_eq!(found.diagnostics[0].notes[0].loc.span.slice(nested), "@missing");
    assert_eq!(
        found.macros_read,
        [
            (SmolStr::new("outer_one"), true),
            (SmolStr::new("missing"), false),
            (SmolStr::new("double"), true)
        ]
    );
    // What could not be expanded is a quiet error node for the parser.
    for sql in [
        "select @dubble(a), b from @nothing(x) t",
        "select @double(), 1 where @double(1, 2)",
    ] {
        let expanded = run(sql, &[DOUBLE], &[]);
        assert_eq!(expanded.diagnostics.len(), 2);
        assert!(parse(&expanded.text, Dialect::DuckDb).diagnostics.is_empty());
    }
}

#[test]
fn depth_and_size_are_limited() {
    let chain = |n: usize| -> Vec<String> {
        (0..n)
            .map(|i| format!("-- @macro m{i}(x)\n@m{}({{x}})", i + 1))
            .chain([format!("-- @macro m{n}(x)\n{{x}}")])
            .collect()
    };
    let files = chain(15);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(text("select @m0(a)", &files), "select a");
    let files = chain(16);
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let found = run("select @m0(a)", &files, &[]);
    assert_eq!(
        found.diagnostics.iter().map(|d| d.code.id()).collect::<Vec<_>>(),
        ["E113"]
    );
    // Each level ten times the last: stopped, not expanded to the end.
    let bomb: Vec<String> = (0..12)
        .map(|i| {
            format!(
                "-- @macro b{i}()\n{}",
                format!("@b{}() + ", i + 1).repeat(10) + "1"
            )
        })
        .chain(["-- @macro b12()\n1".to_owned()])
        .collect();
    let bomb: Vec<&str> = bomb.iter().map(String::as_str).collect();
    let macros = macros(&bomb);
    let env = Env {
        dialect: Dialect::DuckDb,
        macros: &macros,
        var: &|_| None,
    };
    let found = expand(&Arc::from("select @b0()"), &OriginMap::identity(MODEL, 0), &env);
    assert_eq!(
        found.diagnostics.iter().map(|d| d.code.id()).collect::<Vec<_>>(),
        ["E113"]
    );
    // Arguments in arguments.
    let deep = format!("select {}1{}", "@double(".repeat(500), ")".repeat(500));
    let found = run(&deep, &[DOUBLE], &[]);
    assert_eq!(
        found.diagnostics.iter().map(|d| d.code.id()).collect::<Vec<_>>(),
        ["E113"]
    );
}

#[test]
fn variables() {
    let vars = [
        ("region", "'EU'"),
        ("n", "10"),
        ("bad", "'x"),
        ("open", "1) union select (2"),
        ("two", "1; drop table t"),
        ("note", "1 -- x"),
    ];
    let check = |sql: &str, expected: &str| {
        let found = run(sql, &[DOUBLE], &vars);
        assert!(found.diagnostics.is_empty(), "{sql}: {:?}", found.diagnostics);
        assert_eq!(&*found.text, expected);
    };
    check(
        "select * from t where r = @var(region) limit @var(n)",
        "select * from t where r = 'EU' limit 10",
    );
    check(
        "select @var(missing, f(1, 2)), @var( n , 3)",
        "select f(1, 2), 10",
    );
    check("select @var(missing, @double(a))", "select a * 2");
    check("select @double(@var(n))", "select 10 * 2");
    let found = run("select @var(region), @var(missing), @var(region)", &[], &vars);
    assert_eq!(&*found.text, "select 'EU', ?, 'EU'");
    assert_eq!(
        found.vars_read,
        [
            (SmolStr::new("region"), Some(SmolStr::new("'EU'"))),
            (SmolStr::new("missing"), None)
        ]
    );
    assert_eq!(found.diagnostics.len(), 1);
    assert_eq!(found.diagnostics[0].code.id(), "E028");
    assert_eq!(
        found.diagnostics[0].primary.as_ref().unwrap().loc,
        Loc::new(MODEL, Span::new(21, 34))
    );
    for name in ["bad", "open", "two", "note"] {
        let found = run(&format!("select @var({name})"), &[], &vars);
        assert_eq!(
            (found.diagnostics[0].code.id(), &*found.text),
            ("E417", "select ?"),
            "{name}"
        );
    }
    for sql in [
        "select @var()",
        "select @var('x')",
        "select @var(a b)",
        "select @var(a,)",
    ] {
        let found = run(sql, &[], &[]);
        assert_eq!(
            (found.diagnostics.len(), found.diagnostics[0].code.id()),
            (1, "E028"),
            "{sql}"
        );
        assert_eq!(&*found.text, "select ?");
    }
}

#[test]
fn date_placeholders_stay_and_are_listed() {
    let sql = "select * from t where d >= @start_date and d < @end_date and x = '@start_date' and @start_date_x > 0";
    let found = run(sql, &[], &[]);
    assert_eq!(&*found.text, sql);
    assert!(found.origin.is_identity());
    let listed: Vec<(DatePlaceholder, &str)> = found
        .placeholders
        .iter()
        .map(|(k, s)| (*k, s.slice(&found.text)))
        .collect();
    assert_eq!(
        listed,
        [
            (DatePlaceholder::Start, "@start_date"),
            (DatePlaceholder::End, "@end_date")
        ]
    );
    let window = "-- @macro in_window(c)\n{c} >= @start_date AND {c} < @end_date";
    let found = run(
        "select 1 where @in_window(@double(d))",
        &[window, DOUBLE],
        &[("s", "@start_date")],
    );
    assert_eq!(
        &*found.text,
        "select 1 where d * 2 >= @start_date AND d * 2 < @end_date"
    );
    assert!(
        found
            .placeholders
            .iter()
            .all(|(_, s)| s.slice(&found.text).starts_with('@') && s.slice(&found.text).ends_with("_date"))
    );
    let found = run("select @var(s), -@var(s)", &[], &[("s", "@start_date")]);
    assert_eq!(
        found
            .placeholders
            .iter()
            .map(|(_, s)| s.slice(&found.text))
            .collect::<Vec<_>>(),
        ["@start_date", "@start_date"]
    );
}

#[test]
fn origins_point_at_what_the_user_wrote() {
    let sql = "select @safe_div(aa, bb) as q from t";
    let found = run(sql, &[SAFE], &[]);
    let at = |needle: &str, nth: usize| {
        let start = found.text.match_indices(needle).nth(nth).unwrap().0;
        Span::from(start..start + needle.len())
    };
    // An argument is verbatim wherever it lands.
    for nth in 0..2 {
        assert_eq!(
            found.origin.locate_exact(at("bb", nth)),
            Some(Loc::new(MODEL, Span::new(21, 23)))
        );
    }
    // The body stands for the call, and knows its place in the macro's file.
    let case = at("CASE", 0);
    assert_eq!(found.origin.locate(case), Loc::new(MODEL, Span::new(7, 24)));
    assert_eq!(found.origin.locate_exact(case), None);
    assert_eq!(found.origin.definition(at("NULL", 0)).unwrap().file, MACROS);
    assert!(
        found
            .origin
            .definition(at("NULL", 0))
            .unwrap()
            .span
            .slice(SAFE)
            .starts_with("NULL")
    );
    assert_eq!(
        found.origin.locate_exact(at("from t", 0)),
        Some(Loc::new(MODEL, Span::new(30, 36)))
    );
}

#[test]
fn origins_compose_with_the_map_the_text_came_with() {
    let macros = macros(&[DOUBLE]);
    let env = Env {
        dialect: Dialect::DuckDb,
        macros: &macros,
        var: &|_| None,
    };
    // Front matter before the SQL.
    let text: Arc<str> = Arc::from("select @double(a)");
    let found = expand(&text, &OriginMap::identity(MODEL, 100), &env);
    assert_eq!(
        found.origin.locate_exact(Span::new(7, 8)),
        Some(Loc::new(MODEL, Span::new(115, 116)))
    );
    // A lowered DSL model: `select ` was generated from 0..4, the rest stands at 50.
    let map = OriginMap::new(
        MODEL,
        vec![
            Segment {
                span: Span::new(0, 7),
                origin: Loc::new(MODEL, Span::new(0, 4)),
                kind: SegmentKind::Generated,
                definition: None,
            },
            Segment {
                span: Span::new(7, 17),
                origin: Loc::new(MODEL, Span::new(50, 60)),
                kind: SegmentKind::Verbatim,
                definition: None,
            },
        ],
    );
    let found = expand(&text, &map, &env);
    assert_eq!(&*found.text, "select a * 2");
    assert_eq!(
        found.origin.locate(Span::new(0, 6)),
        Loc::new(MODEL, Span::new(0, 4))
    );
    assert_eq!(
        found.origin.locate_exact(Span::new(7, 8)),
        Some(Loc::new(MODEL, Span::new(58, 59)))
    );
    assert_eq!(
        found.origin.locate(Span::new(9, 12)),
        Loc::new(MODEL, Span::new(50, 60))
    );
}

#[test]
fn macro_files() {
    let (defs, diagnostics) = parse_macros(
        MACROS,
        "-- Adds tax.\n-- @param x the net price\n-- @macro tax(x: number, rate: float) -> number\n\n{x} * (1 + {rate});\n",
        Dialect::DuckDb,
    );
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let def = &defs[0];
    assert_eq!(
        (&*def.body, def.doc.as_str()),
        ("{x} * (1 + {rate})", "Adds tax.\n@param x the net price")
    );
    assert_eq!(
        def.param_types,
        [Some(SmolStr::new("number")), Some(SmolStr::new("float"))]
    );
    assert_eq!(def.returns.as_deref(), Some("number"));

    let two = "-- @macro a(x)\n{x} + 1\n\n-- The second.\n-- @macro b()\n2\n";
    let (defs, diagnostics) = parse_macros(MACROS, two, Dialect::DuckDb);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(
        defs.iter()
            .map(|d| (&*d.body, d.doc.as_str()))
            .collect::<Vec<_>>(),
        [("{x} + 1", ""), ("2", "The second.")]
    );
    assert!(
        defs.iter()
            .all(|d| d.body_span.slice(two) == &*d.body && d.name_loc.span.slice(two) == d.name.ident.text)
    );

    let braced =
        "-- Cents.\nmacro cents(x: column) -> number {\n  {x} / 100 -- '}'\n}\nmacro one() { {'a': 1} }";
    let (defs, diagnostics) = parse_macros(MACROS, braced, Dialect::DuckDb);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(
        defs.iter()
            .map(|d| (&*d.body, d.doc.as_str()))
            .collect::<Vec<_>>(),
        [("{x} / 100", "Cents."), ("{'a': 1}", "")]
    );
}

#[test]
fn malformed_macro_files() {
    for (file, expected) in [
        ("", "no macro in this file; expected `-- @macro name(…)`"),
        (
            "select 1",
            "expected `-- @macro name(…)` or `macro name(…) { … }`, found `select`",
        ),
        (
            "-- @macro\nx",
            "expected the macro's name, a letter and then letters, digits or `_`",
        ),
        ("-- @macro m\nx", "expected `(` after the macro's name `m`"),
        ("-- @macro m(a\nx", "expected `,` or `)` after the parameter"),
        ("-- @macro m(a b)\nx", "expected `,` or `)` after the parameter"),
        ("-- @macro m(a,)\nx", "expected the name of a parameter"),
        (
            "-- @macro m(a, a)\nx",
            "second parameter `a`; expected distinct names",
        ),
        (
            "-- @macro m(a: nmber)\nx",
            "unknown parameter type `nmber`; did you mean `number`?",
        ),
        (
            "-- @macro m(a) x\nx",
            "expected the end of the line after the macro's header, found `x`",
        ),
        (
            "-- @macro m(a) ->\nx",
            "expected the type of the result after `->`",
        ),
        ("-- @macro m(a)\n", "macro `m` has no body"),
        ("-- @macro var(a)\nx", "`var` cannot be the name of a macro"),
        (
            "-- @macro m(amount)\n{amout}",
            "`{amout}` is no parameter of `m`; did you mean `{amount}`?",
        ),
        (
            "-- @macro m(a)\n'open",
            "macro file: string is not closed; expected `'`",
        ),
        ("macro m(a) x", "expected `{` before the macro's body"),
        (
            "macro m(a) { x",
            "expected `}` to close the macro's body opened here",
        ),
    ] {
        let (_, diagnostics) = parse_macros(MACROS, file, Dialect::DuckDb);
        assert_eq!(
            diagnostics.first().map(|d| (d.code.id(), d.message.as_str())),
            Some(("E114", expected)),
            "{file}"
        );
        let loc = diagnostics[0].primary.as_ref().unwrap().loc;
        assert!(loc.file == MACROS && loc.span.end as usize <= file.len());
    }
}

#[test]
fn damaged_calls_never_panic() {
    let words = [
        "@double(",
        "@var(",
        "@start_date",
        "@",
        ")",
        "(",
        ",",
        "a",
        "'",
        "\"",
        "{",
        "x",
        "}",
        "--",
        "/*",
        "*/",
        "$$",
        "\n",
        " ",
        "é",
        "@four",
        "1",
    ];
    let four = "-- @macro four(x)\n@double({x}) + @double({x})";
    let all = macros(&[DOUBLE, four, SAFE]);
    let env = |dialect| Env {
        dialect,
        macros: &all,
        var: &|n| (n == "a").then(|| SmolStr::new("1")),
    };
    let mut state = 5u64;
    for round in 0..20_000 {
        let mut text = String::new();
        for _ in 0..(round % 25) {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(words[(state >> 33) as usize % words.len()]);
        }
        let dialect = Dialect::ALL[round % 4];
        let text: Arc<str> = Arc::from(text);
        let found = expand(&text, &OriginMap::identity(MODEL, 0), &env(dialect));
        check_origins(&found, &text);
        for (_, span) in &found.placeholders {
            assert!(
                span.slice(&found.text).starts_with('@'),
                "{text:?} {:?}",
                found.text
            );
        }
        parse(&found.text, dialect);
    }
}
