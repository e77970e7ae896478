//! Hostile names in every place where a name can stand, through the binary on DuckDB files: each works, or is refused with the place.
//!
//! The oracle: after all of it the database has exactly the tables that were asked for, with their rows, and the canary.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::process::{Command, Stdio};

/// No two are one to a database that does not look at case.
const NAMES: &[&str] = &[
    "a\"b",
    "a'b",
    "a;b",
    "\"; DROP TABLE canary; --",
    "'; DROP TABLE canary; --",
    ") ; drop table canary",
    "select",
    "Group",
    "NULL",
    "ünïcødé",
    "e\u{301}",
    "é",
    "a\nb",
    "tab\tx",
    " lead",
    "trail ",
    "123",
    "a.b",
    "a%b_",
    "a--b",
    "-- x",
    "a,b",
    "a=b",
    "$1",
    "$now",
    "{x}",
    "{{x}}",
    "{table}",
    "{target}",
    "@start_date",
    "@var(x)",
    "`a`",
    "[a]",
    "a\\b",
    "*",
    "?",
    "#",
    "<b>&",
    "\u{202e}",
    "\u{200b}",
    "😀",
    "_rocky_q",
    "''",
    "\"\"",
    LONG,
    SLASH,
];
/// 255 bytes, which no file can be called with its extension.
const LONG: &str = "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
/// A comment, and no name of a file.
const SLASH: &str = "a/*b";

const ADAPTER: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n";

/// As an identifier.
fn q(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// As a string of TOML.
fn t(text: &str) -> String {
    serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007f")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", config);
        folder.sql(&["CREATE TABLE canary AS SELECT 1 AS a".to_owned()]);
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    /// Statements; the rows of the last one.
    fn sql(&self, statements: &[String]) -> Vec<Vec<String>> {
        let cancel = CancelToken::new();
        let path = self.0.path().join("w.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let mut found = Vec::new();
        for sql in statements {
            let rows = connection
                .query(sql, 10_000, &cancel)
                .unwrap_or_else(|e| panic!("{sql}: {e}"))
                .rows;
            let text = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
            found = rows.iter().map(|r| r.iter().map(text).collect()).collect();
        }
        found
    }

    /// Exactly these tables are there, and the canary lives.
    fn holds(&self, expected: &BTreeSet<(String, String)>) {
        let mut expected = expected.clone();
        expected.insert(("main".to_owned(), "canary".to_owned()));
        let query = "SELECT table_schema, table_name FROM information_schema.tables".to_owned();
        let found: BTreeSet<(String, String)> = self
            .sql(&[query])
            .into_iter()
            .map(|row| (row[0].clone(), row[1].clone()))
            .collect();
        let missing: Vec<_> = expected.difference(&found).collect();
        let more: Vec<_> = found.difference(&expected).collect();
        assert!(
            missing.is_empty() && more.is_empty(),
            "missing {missing:?}, more {more:?}"
        );
        assert_eq!(self.sql(&["FROM canary".to_owned()]), [["1"]]);
    }

    fn count(&self, schema: &str, table: &str, what: &str) -> String {
        let query = format!("SELECT {what} FROM {}.{}", q(schema), q(table));
        self.sql(&[query])[0].join("|")
    }

    fn rocky(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            out.status.code().unwrap_or(-1),
            String::from_utf8(out.stdout).unwrap(),
            String::from_utf8(out.stderr).unwrap(),
        )
    }

    /// It does so, without a finding.
    fn ok(&self, args: &[&str]) -> Value {
        let (code, out, err) = self.rocky(args);
        let shown = |text: &str| text.chars().take(3000).collect::<String>();
        assert_eq!(code, 0, "{args:?}\n{}\n{}", shown(&err), shown(&out));
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{}", shown(&out)))
    }
}

/// Half of the strategies for each name, and all names for each half.
fn has(i: usize, letter: &str) -> bool {
    match letter {
        "f" | "i" | "w" => true,
        "m" | "d" => i.is_multiple_of(2),
        _ => !i.is_multiple_of(2),
    }
}

#[test]
fn columns() {
    let all: Vec<String> = NAMES[..12].iter().map(|n| t(n)).collect();
    let folder = Folder::new(&format!(
        "{ADAPTER}[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n[pipeline.p.checks]\n\
         column_match = true\nnull_rate = {{ columns = [{}], threshold = 1.0, sample_percent = 100 }}\n",
        all.join(", ")
    ));
    let mut statements = vec!["CREATE SCHEMA raw".to_owned()];
    let mut tables = BTreeSet::new();
    let mut time_columns = 0;
    for (i, name) in NAMES.iter().enumerate() {
        let (column, text) = (q(name), t(name));
        statements.push(format!(
            "CREATE TABLE raw.n{i} AS SELECT x AS {column}, x AS other FROM range(4) r(x)"
        ));
        statements.push(format!(
            "CREATE TABLE raw.t{i} AS SELECT TIMESTAMP '2024-01-01' + INTERVAL (x) DAY AS {column}, x AS other FROM range(4) r(x)"
        ));
        statements.push(format!("ALTER TABLE raw.t{i} ALTER {column} SET NOT NULL"));
        tables.insert(("raw".to_owned(), format!("n{i}")));
        tables.insert(("raw".to_owned(), format!("t{i}")));
        let tests = format!(
            "[[tests]]\ntype = \"not_null\"\ncolumn = {text}\n[[tests]]\ntype = \"unique\"\ncolumn = {text}\nname = {text}\n\
             [[tests]]\ntype = \"accepted_values\"\ncolumn = {text}\nvalues = [\"0\", \"1\", \"2\", \"3\"]\n\
             [[tests]]\ntype = \"in_range\"\ncolumn = {text}\nmin = 0\nmax = 3\n\
             [[tests]]\ntype = \"aggregate\"\nop = \"sum\"\ncmp = \">\"\nvalue = 1\ncolumn = {text}\n\
             [[tests]]\ntype = \"composite\"\nkind = \"unique\"\ncolumns = [{text}, \"other\"]\n\
             [[tests]]\ntype = \"relationships\"\ncolumn = {text}\nto_table = \"raw.n{i}\"\nto_column = {text}\n"
        );
        let windows =
            format!("[strategy]\ntype = \"microbatch\"\ngranularity = \"day\"\ntimestamp_column = {text}\n");
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.starts_with('1');
        let strategies = [
            ("f", tests),
            ("v", "strategy = \"view\"\n".to_owned()),
            (
                "m",
                format!("[strategy]\ntype = \"merge\"\nunique_key = [{text}]\n"),
            ),
            (
                "u",
                format!(
                    "[strategy]\ntype = \"merge\"\nunique_key = [\"other\"]\nupdate_columns = [{text}]\n"
                ),
            ),
            (
                "d",
                format!("[strategy]\ntype = \"delete_insert\"\npartition_by = [{text}]\n"),
            ),
            (
                "i",
                format!("[strategy]\ntype = \"incremental\"\ntimestamp_column = {text}\n"),
            ),
            ("w", windows.clone()),
        ];
        for (letter, strategy) in strategies {
            if letter == "w" && !plain || !has(i, letter) {
                continue;
            }
            time_columns += i32::from(letter == "w");
            let source = if "iw".contains(letter) { "t" } else { "n" };
            let sql = format!("SELECT {column}, other FROM raw.{source}{i}");
            folder.write(&format!("models/{letter}{i}.sql"), &sql);
            folder.write(&format!("models/{letter}{i}.toml"), &strategy);
            tables.insert(("main".to_owned(), format!("{letter}{i}")));
        }
    }
    assert!(time_columns > 3);
    folder.sql(&statements);
    for _ in 0..2 {
        let run = folder.ok(&["run", "--from", "2024-01-01", "--to", "2024-01-05"]);
        assert_eq!(run["status"], "Success");
        assert_eq!(run["checks_failed"], 0);
        folder.holds(&tables);
        for (i, name) in NAMES.iter().enumerate() {
            for letter in ["f", "v", "m", "u", "d", "i"].into_iter().filter(|l| has(i, l)) {
                let what = format!("COUNT(*), COUNT(DISTINCT {})", q(name));
                assert_eq!(
                    folder.count("main", &format!("{letter}{i}"), &what),
                    "4|4",
                    "{letter} {name:?}"
                );
            }
        }
    }
    for args in [
        &["plan"][..],
        &["lineage"],
        &["state"],
        &["state", "check"],
        &["history"],
        &["compile"],
    ] {
        folder.ok(args);
    }
    folder.holds(&tables);
    // A name that windows cannot have is refused by file and place, and nothing is run.
    let at = NAMES.iter().position(|n| *n == "a\"b").unwrap();
    folder.write(
        "models/bad.sql",
        &format!("SELECT \"a\"\"b\", other FROM raw.t{at}"),
    );
    folder.write(
        "models/bad.toml",
        "[strategy]\ntype = \"microbatch\"\ngranularity = \"day\"\ntimestamp_column = 'a\"b'\n",
    );
    let (code, out, _) = folder.rocky(&["run"]);
    let refused: Value = serde_json::from_str(&out).unwrap();
    let found = refused["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["code"] == "E023")
        .unwrap();
    assert_eq!(
        (code, &found["span"]["file"], &found["span"]["line"]),
        (1, &"models/bad.toml".into(), &4.into()),
        "{found:#}"
    );
    folder.holds(&tables);
}

#[test]
fn models_and_where_they_are_written() {
    let folder = Folder::new(&format!(
        "{ADAPTER}[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n"
    ));
    folder.sql(&[
        "CREATE SCHEMA raw".to_owned(),
        "CREATE TABLE raw.t AS SELECT x AS id FROM range(4) r(x)".to_owned(),
    ]);
    let mut tables = BTreeSet::from([("raw".to_owned(), "t".to_owned())]);
    let strategy = "strategy = \"merge\"\nunique_key = [\"id\"]\n";
    for (i, name) in NAMES.iter().enumerate() {
        let file = ![LONG, SLASH].contains(name);
        // Named by its file, or by its sidecar.
        let (stem, named) = match file {
            true => ((*name).to_owned(), String::new()),
            false => (format!("m{i}"), format!("name = {}\n", t(name))),
        };
        folder.write(&format!("models/{stem}.sql"), "SELECT id FROM raw.t");
        folder.write(&format!("models/{stem}.toml"), &format!("{named}{strategy}"));
        folder.write(
            &format!("models/reader{i}.sql"),
            &format!("SELECT COUNT(*) AS n FROM {}", q(name)),
        );
        // Another one with its own target.
        folder.write(&format!("models/target{i}.sql"), "SELECT id FROM raw.t");
        let target = format!(
            "{strategy}[target]\nschema = {}\ntable = {}\n",
            t(&format!("{name}s")),
            t(name)
        );
        // DuckDB takes 255 bytes and more.
        folder.write(&format!("models/target{i}.toml"), &target);
        tables.insert(("main".to_owned(), (*name).to_owned()));
        tables.insert(("main".to_owned(), format!("reader{i}")));
        tables.insert((format!("{name}s"), (*name).to_owned()));
    }
    for _ in 0..2 {
        let run = folder.ok(&["run"]);
        assert_eq!(run["status"], "Success");
        folder.holds(&tables);
    }
    for (i, name) in NAMES.iter().enumerate() {
        assert_eq!(folder.count("main", name, "COUNT(*)"), "4", "{name:?}");
        assert_eq!(
            folder.count("main", &format!("reader{i}"), "MAX(n)"),
            "4",
            "{name:?}"
        );
        assert_eq!(
            folder.count(&format!("{name}s"), name, "COUNT(*)"),
            "4",
            "{name:?}"
        );
    }
    for args in [
        &["plan"][..],
        &["test"],
        &["lineage"],
        &["state"],
        &["state", "check"],
        &["history"],
    ] {
        folder.ok(args);
    }
    // One of them is meant, and no other.
    for name in [
        "a\"b",
        "'; DROP TABLE canary; --",
        " lead",
        "trail ",
        "a,b",
        "[a]",
        "{x}",
        "*",
        "a\nb",
        "-- x",
    ] {
        let run = folder.ok(&["run", &format!("--model={name}")]);
        let written: Vec<&str> = run["materializations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| m["model"].as_str().unwrap())
            .collect();
        assert_eq!(written, [name]);
    }
    for args in [
        &["lineage", "--", "a\"b"][..],
        &["lineage", "--column", "id", "--", "a;b"],
        &["metrics", "--", "-- x"],
    ] {
        folder.ok(args);
    }
    let history = folder.ok(&["history", "--model=a'b"]);
    assert_eq!(history["model"], "a'b", "{history:#}");
    folder.holds(&tables);
}

#[test]
fn replicated_tables() {
    for (strategy, names) in [("incremental", NAMES), ("merge", &NAMES[..8])] {
        let metadata: Vec<String> = NAMES[..6]
            .iter()
            .map(|n| {
                format!(
                    "{{ name = {}, type = \"VARCHAR\", value = \"'{{source}}'\" }}",
                    t(&format!("meta{n}"))
                )
            })
            .collect();
        let folder = Folder::new(&format!(
            "{ADAPTER}[pipeline.raw]\nstrategy = \"{strategy}\"\ntimestamp_column = \"a\\\"ts\"\nmerge_keys = [\"i'd\"]\n\
             metadata_columns = [{}]\n[pipeline.raw.source.schema_pattern]\nprefix = \"raw__\"\nseparator = \"__\"\n\
             components = [\"source\"]\n[pipeline.raw.target]\ncatalog_template = \"\"\nschema_template = \"staging__{{source}}\"\n",
            metadata.join(", ")
        ));
        let mut tables = BTreeSet::new();
        let (mut before, mut change) = (vec!["CREATE SCHEMA raw__x".to_owned()], Vec::new());
        let query = |column: &str| {
            format!(
                "SELECT x AS \"i'd\", x AS {}, TIMESTAMP '2024-01-01' AS \"a\"\"ts\" FROM range(3) r(x)",
                q(column)
            )
        };
        for name in names {
            let (source, column) = (format!("raw__{name}"), format!("{name}c"));
            before.push(format!("CREATE SCHEMA {}", q(&source)));
            before.push(format!("CREATE TABLE {}.one AS {}", q(&source), query(&column)));
            before.push(format!("CREATE TABLE raw__x.{} AS {}", q(name), query(&column)));
            change.push(format!(
                "ALTER TABLE raw__x.{} ADD COLUMN {} INTEGER",
                q(name),
                q(&format!("new{name}"))
            ));
            change.push(format!(
                "INSERT INTO raw__x.{} VALUES (7, 7, TIMESTAMP '2024-02-01', 1)",
                q(name)
            ));
            for schema in ["raw__", "staging__"] {
                tables.insert((format!("{schema}{name}"), "one".to_owned()));
                tables.insert((format!("{schema}x"), (*name).to_owned()));
            }
        }
        folder.sql(&before);
        folder.ok(&["run"]);
        folder.holds(&tables);
        folder.sql(&change);
        folder.ok(&["run"]);
        folder.holds(&tables);
        for name in names {
            let what = format!("COUNT(*), COUNT(DISTINCT \"i'd\"), MIN({})", q("metaa'b"));
            assert_eq!(
                folder.count("staging__x", name, &what),
                "4|4|x",
                "{strategy} {name:?}"
            );
            let value = folder.count(
                &format!("staging__{name}"),
                "one",
                &format!("MIN({})", q("metaa\"b")),
            );
            assert_eq!(value, *name);
        }
        for args in [&["plan"][..], &["discover"], &["state"], &["state", "check"]] {
            folder.ok(args);
        }
        for name in &names[2..4] {
            for key in ["source", "table"] {
                folder.ok(&["plan", &format!("--filter={key}={name}")]);
            }
        }
        folder.holds(&tables);
    }
}

#[test]
fn snapshots_and_pipelines() {
    let names = || NAMES.iter().step_by(2);
    let mut config = ADAPTER.to_owned();
    let (mut before, mut change) = (vec!["CREATE SCHEMA raw".to_owned()], Vec::new());
    let mut tables = BTreeSet::new();
    for (i, name) in names().enumerate() {
        let text = t(name);
        let (updated, target) = (format!("{name}u"), format!("hist{name}"));
        let strategy = match i % 2 {
            0 => format!("updated_at = {}", t(&updated)),
            _ => format!("strategy = \"check\"\ncheck_cols = [{}]", t(&updated)),
        };
        write!(
            config,
            "[pipeline.{text}]\ntype = \"snapshot\"\nunique_key = [{text}]\ninvalidate_hard_deletes = true\n{strategy}\n\
             [pipeline.{text}.source]\ncatalog = \"w\"\nschema = \"raw\"\ntable = {text}\n\
             [pipeline.{text}.target]\ncatalog = \"w\"\nschema = {}\ntable = {text}\n",
            t(&target)
        )
        .unwrap();
        let (table, key, value) = (q(name), q(name), q(&updated));
        before.push(format!(
            "CREATE TABLE raw.{table} AS SELECT x AS {key}, x AS {value} FROM range(3) r(x)"
        ));
        change.push(format!("UPDATE raw.{table} SET {value} = 9 WHERE {key} = 1"));
        change.push(format!("DELETE FROM raw.{table} WHERE {key} = 2"));
        tables.insert(("raw".to_owned(), (*name).to_owned()));
        tables.insert((target, (*name).to_owned()));
    }
    let folder = Folder::new(&config);
    folder.sql(&before);
    folder.ok(&["run", "--dag"]);
    folder.holds(&tables);
    folder.sql(&change);
    folder.ok(&["run", "--dag"]);
    folder.holds(&tables);
    for name in names() {
        let what = "COUNT(*), COUNT(*) FILTER (is_current)";
        assert_eq!(
            folder.count(&format!("hist{name}"), name, what),
            "4|2",
            "{name:?}"
        );
    }
    for name in names().take(3) {
        folder.ok(&["plan", &format!("--pipeline={name}")]);
    }
    folder.ok(&["history"]);
    folder.holds(&tables);
}

#[test]
fn files_that_are_loaded() {
    let folder = Folder::new(&format!(
        "{ADAPTER}[pipeline.l]\ntype = \"load\"\nsource_dir = \"in;'\\\"\"\n[pipeline.l.target]\ncatalog = \"\"\nschema = \"raw;\\\"'\"\n"
    ));
    let mut tables = BTreeSet::new();
    for name in NAMES.iter().filter(|n| ![LONG, SLASH].contains(*n)) {
        folder.write(
            &format!("in;'\"/{name}.csv"),
            &format!("{},b\n1,2\n3,4\n", q(name)),
        );
        tables.insert(("raw;\"'".to_owned(), (*name).to_owned()));
    }
    for copied in [tables.len(), 0] {
        let run = folder.ok(&["run"]);
        assert_eq!(run["tables_copied"], copied);
        folder.holds(&tables);
    }
    for (schema, table) in &tables {
        assert_eq!(
            folder.count(schema, table, "COUNT(*), SUM(b)"),
            "2|6",
            "{table:?}"
        );
    }
    folder.ok(&["plan"]);
    folder.ok(&["state"]);
}

#[test]
fn adapters_checks_tags_and_keys() {
    let tables = BTreeSet::from([("main".to_owned(), "m".to_owned())]);
    for name in [
        "a\"b",
        "'; DROP TABLE canary; --",
        "a\nb",
        "{table}",
        "\u{202e}",
        "$1",
        LONG,
    ] {
        let text = t(name);
        let folder = Folder::new(&format!(
            "[adapter.{text}]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.{text}]\ntype = \"transformation\"\n\
             [pipeline.{text}.target]\nadapter = {text}\n[[pipeline.{text}.checks.custom]]\nname = {text}\n\
             sql = \"select count(*) from {{table}} where a < 0\"\n"
        ));
        folder.write("models/m.sql", "SELECT 1 AS a");
        folder.write(
            "models/m.toml",
            &format!(
                "[tags]\n{text} = {text}\n[[tests]]\ntype = \"not_null\"\ncolumn = \"a\"\nname = {text}\n\
                 [[test]]\nname = {text}\n[test.expect]\nrows = [{{ a = 1 }}]\n"
            ),
        );
        for args in [&["run"][..], &["test"], &["plan"], &["state"], &["metrics", "m"]] {
            folder.ok(args);
        }
        let (code, out, err) = folder.rocky(&["run", &format!("--idempotency-key={name}")]);
        match name.contains('\n') {
            true => assert!(code == 2 && err.contains("control characters"), "{err}"),
            false => assert_eq!(code, 0, "{out}{err}"),
        }
        let (code, _, err) = folder.rocky(&["run", &format!("--resume={name}")]);
        assert!(
            [1, 2].contains(&code) && err.contains("is not known"),
            "{code} {err}"
        );
        folder.holds(&tables);
    }
}
