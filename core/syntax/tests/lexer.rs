//! The scanner: compared with `sqlparser`'s tokenizer on all texts we have and on random ones, and by itself where the
//! tokenizer is not right.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod oracle;

use rocky_base::{Dialect, Span};
use rocky_syntax::lexer::{Token, TokenKind, lex, quoted_ident_value, string_value};
use std::path::Path;

const DIALECTS: [Dialect; 4] = [
    Dialect::DuckDb,
    Dialect::Databricks,
    Dialect::Snowflake,
    Dialect::BigQuery,
];

/// What holds for every text.
fn check(text: &str, dialect: Dialect) -> Vec<Token> {
    let lexed = lex(text, dialect);
    let mut end = 0;
    for token in &lexed.tokens {
        assert!(token.span.start >= end, "{token:?} of {text:?}");
        assert!(text.get(token.span.range()).is_some(), "{token:?} of {text:?}");
        let is_last = token.kind == TokenKind::Eof;
        assert_eq!(token.span.is_empty(), is_last, "{token:?} of {text:?}");
        end = token.span.end;
    }
    assert_eq!(lexed.tokens.last().map(|t| t.kind), Some(TokenKind::Eof));
    let mut end = 0;
    for comment in &lexed.comments {
        assert!(
            comment.start >= end && text.get(comment.range()).is_some(),
            "{text:?}"
        );
        end = comment.end;
    }
    assert!(lexed.diagnostics.len() <= 1, "{text:?}");
    for diagnostic in &lexed.diagnostics {
        let span = diagnostic.primary.as_ref().unwrap().loc.span;
        assert!(!span.is_empty() && text.get(span.range()).is_some(), "{text:?}");
    }
    // Nothing but blanks between tokens and comments.
    if lexed.diagnostics.is_empty() {
        let mut spans: Vec<Span> = lexed.tokens.iter().map(|t| t.span).collect();
        spans.extend(&lexed.comments);
        spans.sort_unstable();
        let mut end = 0;
        for span in spans {
            let gap = &text[end..span.start.max(end as u32) as usize];
            assert!(gap.chars().all(|c| is_blank(c, dialect)), "{gap:?} of {text:?}");
            end = end.max(span.end as usize);
        }
    }
    lexed.tokens
}

fn is_blank(c: char, dialect: Dialect) -> bool {
    c.is_whitespace() || c == '\u{feff}' || dialect == Dialect::DuckDb && matches!(c, '\u{200b}' | '\u{2060}')
}

/// Compare with the tokenizer; the message shows the first difference.
fn compare(text: &str, dialect: Dialect) -> Result<(), String> {
    check(text, dialect);
    let ours = lex(text, dialect);
    let theirs = oracle::lex(text, dialect);
    let tokens: Vec<(TokenKind, Span)> = ours
        .tokens
        .iter()
        .filter(|t| t.kind != TokenKind::Eof)
        .map(|t| (t.kind, t.span))
        .collect();
    let show = |t: Option<&(TokenKind, Span)>| t.map(|(kind, span)| (*kind, span.slice(text).to_owned()));
    // Strings with a prefix that are not closed: the tokenizer has the prefix for a word.
    let stopped = ours
        .diagnostics
        .first()
        .map(|d| d.primary.as_ref().unwrap().loc.span.start as usize);
    let mut theirs = theirs;
    if let (Some(ours), Some(other)) = (stopped, theirs.error)
        && theirs.tokens.last().is_some_and(|t| t.1.range() == (ours..other))
    {
        theirs.tokens.pop();
        theirs.error = stopped;
    }
    let longest = tokens.len().max(theirs.tokens.len());
    for at in 0..longest {
        if tokens.get(at) != theirs.tokens.get(at) {
            return Err(format!(
                "{dialect:?} {text:?}: ours {:?}, theirs {:?}",
                show(tokens.get(at)),
                show(theirs.tokens.get(at))
            ));
        }
    }
    if ours.comments != theirs.comments {
        return Err(format!("{dialect:?} {text:?}: comments"));
    }
    if stopped != theirs.error {
        return Err(format!(
            "{dialect:?} {text:?}: stopped at {stopped:?}, theirs {:?}",
            theirs.error
        ));
    }
    Ok(())
}

fn files(folder: &Path, wanted: &[&str], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        if path.is_dir() {
            files(&path, wanted, found);
        } else if wanted.contains(&extension) {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Every text of SQL in the repository: queries, fixtures line by line, and Markdown as it is, which is a soup of its own.
fn corpus() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    files(&here.join("tests/data"), &["sql", "txt"], &mut texts);
    files(&here.join("../../tests/mdtest"), &["md"], &mut texts);
    let mut pieces: Vec<String> = texts.clone();
    for text in &texts {
        pieces.extend(text.split("\n\n").map(str::to_owned));
        pieces.extend(text.lines().map(str::to_owned));
        // The fenced blocks.
        pieces.extend(text.split("```").skip(1).step_by(2).map(str::to_owned));
    }
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

#[test]
fn the_corpus_gives_the_tokenizers_tokens() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for text in corpus() {
        for dialect in DIALECTS {
            if deliberate(&text, dialect).is_some() {
                continue;
            }
            compared += 1;
            differences.extend(compare(&text, dialect).err());
        }
    }
    assert!(compared > 10_000, "{compared}");
    let shown: Vec<String> = differences
        .iter()
        .take(20)
        .map(|d| d.chars().take(400).collect())
        .collect();
    assert!(differences.is_empty(), "{}: {shown:#?}", differences.len());
}

/// Deterministic random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

#[rustfmt::skip]
const SOUP: &[&str] = &[
    "select", "a", "b", "customer_id", "_x", "é", "x1", "a$b", "CURRENT_DATE", "e", "E", "n", "x", "r", "u", "from", "10", "1", "0", "2024",
    "1.5", ".5", "1e5", "1e-5", "1.5E+10", "1_000", "'s'", "'it''s'", "''", "'é'", "\"q\"", "\"a\"\"b\"", "`q`", "`a``b`", "$$x$$", "$1",
    "$name", "?", "?1", ":", "::", ":=", "=>", "->", "->>", "=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>", "+", "-", "*", "/", "%", "^",
    "||", "&", "|", "~", "!", "<<", ">>", "@", "|>", "~~", "!~~", "~*", "!~*", "&&", "^@", "@>", "<@", "(", ")", "[", "]", "{", "}", ",",
    ".", ";", " ", " ", " ", "\n", "\t", "\r\n", "\u{a0}", "-- c\n", "/* c */", "/* a /* b */", "/**/", "\\", "'", "\"", "`", "🦀", "**", "--\n",
    "'a\\'b'", "'''", "\"\"\"", "//", "#", "b'01'", "x'ff'", "E'a\\n'", "n'x'", "r'a'", "1L", "10BD", "2024_sales", "1a",
];

#[test]
fn random_soups_give_the_tokenizers_tokens() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut differences = Vec::new();
    let mut compared = 0;
    for round in 0..60_000 {
        let mut text = String::new();
        for _ in 0..1 + random.below(9) {
            text.push_str(SOUP[random.below(SOUP.len())]);
            if round % 2 == 0 {
                text.push(' ');
            }
        }
        let dialect = DIALECTS[random.below(4)];
        check(&text, dialect);
        if deliberate(&text, dialect).is_some() {
            continue;
        }
        compared += 1;
        differences.extend(compare(&text, dialect).err());
    }
    assert!(compared > 15_000, "{compared}");
    let shown: Vec<&String> = differences.iter().take(30).collect();
    assert!(differences.is_empty(), "{}: {shown:#?}", differences.len());
}

/// Why a text may be read otherwise than the tokenizer reads it. Each of these has its own test below.
fn deliberate(text: &str, dialect: Dialect) -> Option<&'static str> {
    let tokens = lex(text, dialect).tokens;
    let touch = |a: TokenKind, b: TokenKind| {
        tokens
            .windows(2)
            .any(|pair| pair[0].kind == a && pair[1].kind == b && pair[0].span.end == pair[1].span.start)
    };
    let has = |piece: &str| text.contains(piece);
    let reasons = [
        (
            "`#` begins no comment on Snowflake",
            dialect == Dialect::Snowflake && has("#"),
        ),
        (
            "a carriage return ends a line comment",
            text.replace("\r\n", "\n").contains('\r'),
        ),
        (
            "a backslash at its end prolongs a line comment of Spark",
            dialect == Dialect::Databricks && has("\\\n"),
        ),
        (
            "numbers that touch words: 1Lx, 1_, 0x1F, 1._5",
            [TokenKind::Word, TokenKind::Bytes, TokenKind::Dot]
                .iter()
                .any(|behind| touch(TokenKind::Number, *behind)),
        ),
        (
            "Spark's names may begin with digits, its numbers end in letters",
            dialect == Dialect::Databricks
                && tokens.iter().any(|t| {
                    let source = t.span.slice(text);
                    matches!(t.kind, TokenKind::Number | TokenKind::Word)
                        && source.starts_with(|c: char| c.is_ascii_digit() || c == '.')
                        && source.contains(|c: char| c.is_alphabetic() || c == '_' || !c.is_ascii())
                }),
        ),
        (
            "more than two operators in a row",
            ["~~~", "|>>", "<<|"].iter().any(|o| has(o)),
        ),
        (
            "BigQuery reads backslashes in raw strings, bytes and backticks",
            dialect == Dialect::BigQuery && has("\\"),
        ),
        (
            "a raw string of Spark ends at its first quote",
            dialect == Dialect::Databricks
                && ["r'", "R'", "r\"", "R\""].iter().any(|p| has(p))
                && (has("\\") || has("''") || has("\"\"")),
        ),
        (
            "parameters are numbers or names, tags of dollar quotes names, of DuckDB only",
            has("$") && tokens.iter().any(|t| t.kind == TokenKind::Param) || has("$é"),
        ),
        (
            "DuckDB reads no backslash in x'…'",
            dialect == Dialect::DuckDb && has("\\") && (has("x'") || has("X'")),
        ),
        (
            "three quotes behind x and n open no long string",
            dialect == Dialect::BigQuery && (has("x'''") || has("n'''")),
        ),
        ("NUL ends the text", has("\0")),
        (
            "zero-width characters are blanks",
            has("\u{feff}") || has("\u{200b}") || has("\u{2060}"),
        ),
    ];
    reasons.iter().find(|(_, holds)| *holds).map(|(why, _)| *why)
}

fn texts(sql: &str, dialect: Dialect) -> Vec<&str> {
    let tokens = check(sql, dialect);
    tokens
        .iter()
        .filter(|t| t.kind != TokenKind::Eof)
        .map(|t| t.span.slice(sql))
        .collect()
}

fn kinds(sql: &str, dialect: Dialect) -> Vec<TokenKind> {
    let mut kinds: Vec<TokenKind> = check(sql, dialect).iter().map(|t| t.kind).collect();
    kinds.pop();
    kinds
}

fn stop(sql: &str, dialect: Dialect) -> String {
    check(sql, dialect);
    let lexed = lex(sql, dialect);
    let diagnostic = lexed.diagnostics.first().unwrap();
    let span = diagnostic.primary.as_ref().unwrap().loc.span;
    format!("{}..{} {}", span.start, span.end, diagnostic.message)
}

#[test]
fn numbers_that_touch_words() {
    use Dialect::*;
    assert_eq!(
        texts("1Lx 1_ 1__0 1_000 1._5 1.a 1e 1e+ 1e_5", DuckDb),
        [
            "1", "Lx", "1", "_", "1", "__0", "1_000", "1.", "_5", "1.", "a", "1", "e", "1", "e", "+", "1",
            "e_5"
        ]
    );
    // DuckDB and Snowflake have no hexadecimal numbers: `0x1F` is 0 under the name x1F.
    assert_eq!(texts("0x1F", DuckDb), ["0", "x1F"]);
    assert_eq!(texts("0x1F", Snowflake), ["0", "x1F"]);
    assert_eq!(texts("0x1F 0XaB 0x", BigQuery), ["0x1F", "0XaB", "0", "x"]);
    assert_eq!(
        texts("1_000 .5_5 1.5_5e1_0", DuckDb),
        ["1_000", ".5_5", "1.5_5e1_0"]
    );
    assert_eq!(texts("1_000", BigQuery), ["1", "_000"]);
    assert_eq!(
        texts("a.b.c a._b 1.5 .5 1. 1..2 x[1:2]", DuckDb),
        [
            "a", ".", "b", ".", "c", "a", ".", "_b", "1.5", ".5", "1.", "1.", ".2", "x", "[", "1", ":", "2",
            "]"
        ]
    );
}

#[test]
fn numbers_and_names_of_spark() {
    use TokenKind::{Dot, Minus, Number, Word};
    let lexed = |sql| {
        let of = |k: &TokenKind| match k {
            Number => 'n',
            Word => 'w',
            Dot => '.',
            Minus => '-',
            _ => '?',
        };
        let shape: String = kinds(sql, Dialect::Databricks).iter().map(of).collect();
        format!("{shape} {}", texts(sql, Dialect::Databricks).join(" "))
    };
    let numbers = "10L 2s 3Y 4D 5f 6bd 1.5BD .5F 1e5 1e-5D 1.e3";
    assert_eq!(lexed(numbers), format!("nnnnnnnnnnn {numbers}"));
    let names = "2024_sales 1e 1L10 0x1F 1e5x";
    assert_eq!(lexed(names), format!("wwwww {names}"));
    assert_eq!(lexed("t.2024_sales"), "w.w t . 2024_sales");
    assert_eq!(lexed("1.a"), "n.w 1 . a");
    assert_eq!(lexed("1e-5x"), "w-w 1e - 5x");
    assert_eq!(lexed("1."), "n 1.");
}

#[test]
fn comments_of_the_engines() {
    use Dialect::*;
    let comments = |sql: &'static str, dialect| -> Vec<&str> {
        check(sql, dialect);
        lex(sql, dialect).comments.iter().map(|c| c.slice(sql)).collect()
    };
    assert_eq!(comments("a -- x\rb", DuckDb), ["-- x"]);
    assert_eq!(texts("a -- x\rb", DuckDb), ["a", "b"]);
    assert_eq!(comments("a -- x\r\nb", Snowflake), ["-- x"]);
    assert_eq!(comments("a -- x \\\n y\nb", Databricks), ["-- x \\\n y"]);
    assert_eq!(comments("a -- x \\\n y", DuckDb), ["-- x \\"]);
    assert_eq!(comments("a // x", Snowflake), ["// x"]);
    assert_eq!(texts("a // x", DuckDb), ["a", "//", "x"]);
    assert_eq!(texts("a // x", BigQuery), ["a", "/", "/", "x"]);
    assert_eq!(comments("a # x", BigQuery), ["# x"]);
    assert_eq!(texts("a # x", Snowflake), ["a", "#", "x"]);
    for dialect in [DuckDb, Databricks] {
        assert_eq!(comments("/* /* */ */ a", dialect), ["/* /* */ */"]);
        assert_eq!(comments("/*/*/**/*/*/a", dialect), ["/*/*/**/*/*/"]);
        assert_eq!(
            stop("a /* /* */", dialect),
            "2..4 comment `/*` is not closed; expected `*/`"
        );
    }
    for dialect in [Snowflake, BigQuery] {
        assert_eq!(comments("/* /* */ a", dialect), ["/* /* */"]);
        assert_eq!(comments("/*/**/ a", dialect), ["/*/**/"]);
    }
}

#[test]
fn strings_of_the_engines() {
    use Dialect::*;
    use TokenKind::{Bytes, QuotedIdent, String, Unknown, Word};
    assert_eq!(
        kinds(r"'a\' b'x' x'ff' E'\'' n'x'", DuckDb),
        [String, Bytes, Bytes, String, String]
    );
    assert_eq!(texts(r"r'a' rb'a'", DuckDb), ["r", "'a'", "rb", "'a'"]);
    assert_eq!(
        texts(r#"r'a\' 'b' R"c\" r'x' 'y'"#, Databricks),
        [r"r'a\'", "'b'", r#"R"c\""#, "r'x'", "'y'"]
    );
    assert_eq!(texts(r#"'a\'b' "c\"d""#, Databricks), [r"'a\'b'", r#""c\"d""#]);
    assert_eq!(kinds(r#""c" `d` 'e'"#, Databricks), [String, QuotedIdent, String]);
    assert_eq!(kinds(r#""c" 'e'"#, Snowflake), [QuotedIdent, String]);
    assert_eq!(kinds("`", DuckDb), [Unknown]);
    let bigquery = [
        r"'a\'b'",
        r"r'\'x'",
        r"b'\''",
        r#"rb"\"x""#,
        r"br'\''",
        "'''it's '' \n'''",
        r#""""a"b\"""""#,
        "''",
        r#""""#,
        r"R'''\''''",
        "`a\\`b`",
        "b''",
    ];
    for source in bigquery {
        assert_eq!(texts(source, BigQuery), [source]);
    }
    assert_eq!(kinds("a'b'", BigQuery), [Word, String]);
    assert_eq!(kinds("'' ''", BigQuery), [String, String]);
    assert_eq!(
        texts("$$a'$b$$ $t$ $$ $u$ $t$", DuckDb),
        ["$$a'$b$$", "$t$ $$ $u$ $t$"]
    );
    assert_eq!(texts("$é$x$é$", DuckDb), ["$é$x$é$"]);
    assert_eq!(texts("$1a $a+$a$", Snowflake), ["$1a", "$a", "+", "$a$"]);
    assert_eq!(texts("$1a", DuckDb), ["$1", "a"]);
    assert_eq!(kinds("$ $$", BigQuery), [Unknown, TokenKind::Param]);
}

#[test]
fn what_is_not_closed_is_located() {
    use Dialect::*;
    assert_eq!(stop("a 'b", DuckDb), "2..3 string is not closed; expected `'`");
    assert_eq!(stop("a x'b", DuckDb), "2..4 string is not closed; expected `'`");
    assert_eq!(
        stop(r"a 'b\'", Snowflake),
        "2..3 string is not closed; expected `'`"
    );
    assert_eq!(
        stop(r"a 'b\", Snowflake),
        "2..3 string is not closed; expected `'`"
    );
    assert_eq!(
        stop("a \"b", Databricks),
        "2..3 string is not closed; expected `\"`"
    );
    assert_eq!(
        stop("a '''b''", BigQuery),
        "2..3 string is not closed; expected `'`"
    );
    assert_eq!(
        stop(r"a '''b\", BigQuery),
        "2..3 string is not closed; expected `'`"
    );
    assert_eq!(
        stop("a \"b", DuckDb),
        "2..3 quoted name is not closed; expected `\"`"
    );
    assert_eq!(
        stop("a `b", Databricks),
        "2..3 quoted name is not closed; expected a backtick"
    );
    assert_eq!(stop("a $$b", DuckDb), "2..3 dollar-quoted string is not closed");
    assert_eq!(
        stop("a $x$b$y$", DuckDb),
        "2..3 dollar-quoted string is not closed"
    );
    assert_eq!(
        stop("a /* b", BigQuery),
        "2..4 comment `/*` is not closed; expected `*/`"
    );
    let nul = "NUL character in the text; SQL cannot hold one";
    assert_eq!(stop("a b\0c", DuckDb), format!("3..4 {nul}"));
    assert_eq!(stop("a -- \0c", DuckDb), format!("5..6 {nul}"));
    assert_eq!(stop("a 'b\0'", DuckDb), "2..3 string is not closed; expected `'`");
    for escape in [r"\u0041", r"\0", r"\x00", r"\xff", r"\777", r"a\\\u1"] {
        let sql = format!("E'{escape}'");
        assert_eq!(stop(&sql, DuckDb), "0..2 escape in this string cannot be read");
    }
    for escape in [
        r"\x", r"\8", r"\101", r"\\", r"\'", r"\x7f", r"\q", r"\\u0041", "''",
    ] {
        assert_eq!(kinds(&format!("E'{escape}'"), DuckDb), [TokenKind::String]);
    }
}

#[test]
fn blanks_of_the_engines() {
    use Dialect::*;
    for dialect in DIALECTS {
        assert_eq!(
            texts("\u{feff}a\u{a0}b\u{3000}c\u{2003}d\u{c}e\r\n\tf", dialect),
            ["a", "b", "c", "d", "e", "f"]
        );
    }
    assert_eq!(
        texts("a\u{200b}b\u{2060}c\u{feff}d", DuckDb),
        ["a", "b", "c", "d"]
    );
    assert_eq!(texts("a\u{200b}b", Snowflake), ["a\u{200b}b"]);
    assert_eq!(texts("é🦀_1 ²x", DuckDb), ["é🦀_1", "²x"]);
}

#[test]
fn operators_of_duckdb() {
    let sql = "** // -> ->> => :: := == <> != <= >= <=> || ^@ ~~ !~~ ~~* !~~* ~~~ !~~~ ~* !~* !~ @> <@ && << >> <-> \
               <<->> <<| |>> |/ ||/ !! @@ @? #> #>> #- %%";
    assert_eq!(
        texts(sql, Dialect::DuckDb),
        sql.split_whitespace().collect::<Vec<_>>()
    );
    assert_eq!(
        texts("a<-1 b->-1 c||-1 d**-1 [*, ...]", Dialect::DuckDb),
        [
            "a", "<", "-", "1", "b", "->", "-", "1", "c", "||", "-", "1", "d", "**", "-", "1", "[", "*", ",",
            ".", ".", ".", "]"
        ]
    );
    assert_eq!(texts("a|>b", Dialect::DuckDb), ["a", "|", ">", "b"]);
    assert_eq!(texts("a|>b", Dialect::BigQuery), ["a", "|>", "b"]);
}

#[test]
fn values_of_strings_and_names() {
    use Dialect::*;
    let value = |source: &str, dialect| string_value(source, dialect).to_string();
    assert_eq!(value("'it''s'", DuckDb), "it's");
    assert_eq!(value(r"'a\n'", DuckDb), r"a\n");
    assert_eq!(value(r"E'a\n\'\x41\101\x'", DuckDb), "a\n'AAx");
    assert_eq!(value(r"'a\u0041\'\%'", Databricks), r"aA'\%");
    assert_eq!(value(r"r'a\n'", BigQuery), r"a\n");
    assert_eq!(value(r#""""a"b""""#, BigQuery), "a\"b");
    assert_eq!(value("$x$ ' $x$", DuckDb), " ' ");
    assert_eq!(value("N'x'", Snowflake), "x");
    assert_eq!(quoted_ident_value("\"a\"\"b\"", DuckDb), "a\"b");
    assert_eq!(quoted_ident_value("`a``b`", Databricks), "a`b");
    assert_eq!(quoted_ident_value(r"`a\`b`", BigQuery), "a`b");
    assert_eq!(quoted_ident_value(r#""a\b""#, Snowflake), r"a\b");
}

#[test]
fn every_keyword_is_found_in_both_cases() {
    use rocky_syntax::lexer::{Kw, keyword::classify};
    assert_eq!(classify("Select").0, Kw::Select);
    assert_eq!(classify("current_timestamp").0, Kw::CurrentTimestamp);
    assert_eq!(classify("MATCH_RECOGNIZE").0, Kw::Match);
    assert_eq!(classify("selects").0, Kw::None);
    assert_eq!(classify("x").0, Kw::None);
    assert!(classify("analyse").1.is_reserved(Dialect::DuckDb));
    assert!(classify("ASSERT_ROWS_MODIFIED").1.is_reserved(Dialect::BigQuery));
    assert!(!classify("ASSERT_ROWS_MODIFIED").1.is_reserved(Dialect::DuckDb));
    assert!(classify("abort").1.is_duckdb_keyword() && !classify("abort").1.is_reserved(Dialect::DuckDb));
    assert!(!classify("customer_id").1.is_duckdb_keyword());
}

#[test]
fn a_token_is_small() {
    assert_eq!(size_of::<Token>(), 12);
}

#[test]
fn a_bound_may_stand_behind_a_sign() {
    let kinds = |text: &str| -> Vec<TokenKind> {
        let tokens = check(text, Dialect::DuckDb);
        tokens
            .iter()
            .map(|t| t.kind)
            .filter(|k| *k != TokenKind::Word)
            .collect()
    };
    use TokenKind::{At, Eof, LParen, Lt, Operator, RParen};
    assert_eq!(kinds("d<@end_date"), [Lt, At, Eof]);
    assert_eq!(kinds("d<@start_date)"), [Lt, At, RParen, Eof]);
    assert_eq!(kinds("d<@var(x)"), [Lt, At, LParen, RParen, Eof]);
    assert_eq!(kinds("a<@end_dates"), [Operator, Eof]);
    assert_eq!(kinds("a<@var"), [Operator, Eof]);
}

#[test]
fn tokens_cover_the_text_across_pieces() {
    // Pieces of 32 KiB are cut at line ends: strings, comments and dollar quotes run over them.
    let filler = "select a_long_name, 'text with ''quotes'' é' -- a comment é\n, ".repeat(2_000);
    let long_string = "x\n".repeat(60_000);
    let sql = format!(
        "{filler} '{long_string}', $$ {long_string} $$ /* {long_string} /* nested */ */, (b)._c\n , d"
    );
    let lexed = lex(&sql, Dialect::DuckDb);
    assert!(lexed.diagnostics.is_empty(), "{:?}", lexed.diagnostics);
    let mut last = 0;
    for token in &lexed.tokens {
        assert!(token.span.start >= last && sql.is_char_boundary(token.span.start as usize));
        last = token.span.end;
    }
    let strings: Vec<u32> = lexed
        .tokens
        .iter()
        .filter(|t| t.kind == TokenKind::String)
        .map(|t| t.span.len())
        .filter(|l| *l > 100)
        .collect();
    assert_eq!(strings, [120_002, 120_006]);
    assert_eq!(lexed.comments.len(), 2_001);
    let tail: Vec<&str> = lexed
        .tokens
        .iter()
        .rev()
        .take(9)
        .map(|t| t.span.slice(&sql))
        .collect();
    assert_eq!(tail, ["", "d", ",", "_c", ".", ")", "b", "(", ","]);
}

#[test]
fn tokens_of_the_engines() {
    let kinds = |sql: &str, dialect: Dialect| {
        lex(sql, dialect)
            .tokens
            .iter()
            .map(|t| (t.kind, t.span.slice(sql).to_owned()))
            .collect::<Vec<_>>()
    };
    let texts = |sql: &str, dialect: Dialect| {
        kinds(sql, dialect)
            .into_iter()
            .map(|(_, t)| t)
            .collect::<Vec<_>>()
    };
    assert_eq!(texts("1L 2", Dialect::DuckDb), ["1", "L", "2", ""]);
    assert_eq!(
        texts("1L 2S 2024_sales", Dialect::Databricks),
        ["1L", "2S", "2024_sales", ""]
    );
    assert_eq!(
        texts("a.b.c a._b 1.5 .5 1. 1e5 1_000", Dialect::DuckDb),
        [
            "a", ".", "b", ".", "c", "a", ".", "_b", "1.5", ".5", "1.", "1e5", "1_000", ""
        ]
    );
    assert_eq!(texts("a // b", Dialect::Snowflake), ["a", ""]);
    assert_eq!(texts("a # b", Dialect::BigQuery), ["a", ""]);
    assert_eq!(kinds("2 ** 3", Dialect::DuckDb)[1].0, TokenKind::Pow);
    assert_eq!(kinds("@start_date", Dialect::Snowflake)[0].0, TokenKind::At);
    assert_eq!(kinds("\"s\" `i`", Dialect::BigQuery)[0].0, TokenKind::String);
    assert_eq!(kinds("\"s\" `i`", Dialect::BigQuery)[1].0, TokenKind::QuotedIdent);
    assert_eq!(
        kinds("rb'x'", Dialect::BigQuery)[0],
        (TokenKind::Bytes, "rb'x'".to_owned())
    );
    assert_eq!(kinds("x'ab'", Dialect::DuckDb)[0].0, TokenKind::Bytes);
    assert_eq!(
        kinds("größe", Dialect::Snowflake)[0],
        (TokenKind::Word, "größe".to_owned())
    );
    assert_eq!(kinds("a->>'b' <-> c", Dialect::DuckDb)[1].0, TokenKind::LongArrow);
    assert_eq!(
        kinds("a->>'b' <-> c", Dialect::DuckDb)[3],
        (TokenKind::Operator, "<->".to_owned())
    );
}
