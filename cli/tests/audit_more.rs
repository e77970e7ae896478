//! What a further examination found, of histories, loaded files, and columns that are called like the aliases of our statements: each of
//! these once went wrong in silence. Through the command line on DuckDB files.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::Value;
use std::process::{Command, Stdio};

const ADAPTER: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n";
const LOAD: &str = "[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n[pipeline.l.target]\ncatalog = \"w\"\nschema = \"main\"\n";
const HISTORY: &str = "[pipeline.s]\ntype = \"snapshot\"\nunique_key = [\"id\"]\nstrategy = \"check\"\ninvalidate_hard_deletes = true\n\
     [pipeline.s.source]\ncatalog = \"w\"\nschema = \"main\"\ntable = \"src\"\n\
     [pipeline.s.target]\ncatalog = \"w\"\nschema = \"main\"\ntable = \"kept\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn of(config: &str, files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", &format!("{ADAPTER}{config}"));
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn run(&self) -> (i32, Value) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(["run", "-o", "json"])
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let run = serde_json::from_slice(&out.stdout)
            .unwrap_or_else(|e| panic!("{e}\n{}", String::from_utf8_lossy(&out.stderr)));
        (out.status.code().unwrap(), run)
    }

    fn well(&self) {
        let (code, run) = self.run();
        assert_eq!((code, run["status"].as_str()), (0, Some("Success")), "{run:#}");
    }

    /// A run that is refused; the text of its first error.
    fn refused(&self) -> String {
        let (code, run) = self.run();
        assert_eq!(code, 1, "{run:#}");
        run["errors"][0]["error"].as_str().unwrap().to_owned()
    }

    /// Statements, of which the last may be a query: its rows.
    fn sql(&self, sql: &[&str]) -> Vec<String> {
        let cancel = CancelToken::new();
        let path = self.0.path().join("w.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let mut rows = Vec::new();
        for statement in sql {
            let answer = connection.query(statement, 1000, &cancel);
            rows = answer
                .unwrap_or_else(|e| panic!("{statement}: {}", e.message))
                .rows;
        }
        let text = |row: Vec<rocky_warehouse::Value>| {
            let cells = row.iter().map(|v| v.to_text().unwrap_or("NULL".into()));
            cells.collect::<Vec<_>>().join(" | ")
        };
        rows.into_iter().map(text).collect()
    }
}

/// In a subquery a column is nearer than an alias outside of it: with a struct called `t`, `t.day` was a field of it.
#[test]
fn a_column_may_be_called_as_our_aliases_are() {
    const TABLE: &str = "CREATE TABLE src AS SELECT 1 AS id, 1 AS n, DATE '2026-01-01' AS day, TIMESTAMP '2026-01-01' AS ts, \
         {'id': 2, 'day': DATE '2020-01-01', 'is_current': FALSE} AS t, {'id': 3, 'n': 9} AS s, {'id': 4} AS h";
    for strategy in [
        "type = \"merge\"\nunique_key = [\"id\"]",
        "type = \"delete_insert\"\npartition_by = [\"day\"]",
        "type = \"incremental\"\ntimestamp_column = \"ts\"\nlookback = \"3 days\"",
    ] {
        let config = "[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
        let files = [
            ("models/m.sql", "SELECT * FROM w.main.src"),
            ("models/m.toml", &format!("[strategy]\n{strategy}\n")),
        ];
        let folder = Folder::of(config, &files);
        folder.sql(&[TABLE]);
        folder.well();
        folder.sql(&["UPDATE src SET n = 2, s = {'id': 5, 'n': 10}"]);
        folder.well();
        folder.well();
        assert_eq!(
            folder.sql(&["SELECT id, n, s.n FROM m"]),
            ["1 | 2 | 10"],
            "{strategy}"
        );
    }
    let folder = Folder::of(HISTORY, &[]);
    folder.sql(&[TABLE]);
    folder.well();
    folder.well();
    folder.sql(&["UPDATE src SET n = 2"]);
    folder.well();
    let versions = ["SELECT id, n, is_current FROM kept ORDER BY ALL"];
    assert_eq!(folder.sql(&versions), ["1 | 1 | false", "1 | 2 | true"]);
    folder.sql(&["DELETE FROM src"]);
    folder.well();
    assert_eq!(folder.sql(&versions), ["1 | 1 | false", "1 | 2 | false"]);
}

/// It did, and found a change with every run: 5.7 is not 6.
#[test]
fn a_history_does_not_round_its_source() {
    for (before, to, after) in [
        ("5", "DOUBLE", "5.7"),
        ("7", "VARCHAR", "'007'"),
        (
            "DATE '2026-01-01'",
            "TIMESTAMP",
            "TIMESTAMP '2026-01-01 10:00:00'",
        ),
    ] {
        let folder = Folder::of(HISTORY, &[]);
        folder.sql(&[&format!("CREATE TABLE src AS SELECT 1 AS id, {before} AS x")]);
        folder.well();
        let alter = format!("ALTER TABLE src ALTER x TYPE {to}");
        folder.sql(&[&alter, &format!("UPDATE src SET x = {after}")]);
        let why = folder.refused();
        assert!(why.contains("in the history does not keep as it is"), "{why}");
        assert_eq!(folder.sql(&["SELECT COUNT(*) FROM kept"]), ["1"]);
        // Made wider by hand, it goes on.
        folder.sql(&[&format!("ALTER TABLE kept ALTER x TYPE {to}")]);
        folder.well();
        folder.well();
        assert_eq!(folder.sql(&["SELECT COUNT(*) FROM kept"]), ["2"]);
    }
}

#[test]
fn a_loaded_file_is_not_rounded() {
    for (table, before, after) in [
        ("t.csv", "x\n1\n", "x\n5.0\n5.7\n"),
        (
            "t.csv",
            "x\n2026-01-01\n",
            "x\n2026-01-02 00:00:00\n2026-01-02 10:00:00\n",
        ),
        ("t.jsonl", "{\"x\": 1}\n", "{\"x\": 5.7}\n"),
        ("t.jsonl", "{\"x\": 1}\n", "{\"x\": \"1.5\"}\n"),
    ] {
        let path = format!("in/{table}");
        let folder = Folder::of(LOAD, &[(&path, before)]);
        folder.well();
        folder.write(&path, after);
        let why = folder.refused();
        assert!(why.contains("does not keep as they are"), "{after}: {why}");
        assert_eq!(folder.sql(&["SELECT COUNT(*) FROM t"]), ["1"]);
    }
    // Digits that a decimal has no place for; what fits, fits.
    let folder = Folder::of(LOAD, &[("in/t.csv", "x\n1.257\n")]);
    folder.sql(&["CREATE TABLE t(x DECIMAL(5, 2))"]);
    let why = folder.refused();
    assert!(why.contains("x = '1.257'"), "{why}");
    folder.write("in/t.csv", "x\n1.25\n2.5000\n7\n");
    folder.well();
    assert_eq!(
        folder.sql(&["SELECT x FROM t ORDER BY x"]),
        ["1.25", "2.50", "7.00"]
    );
    // Whole numbers of another spelling.
    let folder = Folder::of(LOAD, &[("in/t.csv", "x\n1\n")]);
    folder.well();
    folder.write("in/t.csv", "x\n5.0\n");
    folder.well();
    assert_eq!(folder.sql(&["SELECT x FROM t ORDER BY x"]), ["1", "5"]);
}

#[test]
fn a_parquet_file_is_not_rounded() {
    let folder = Folder::of(LOAD, &[("in/note.txt", "")]);
    let file = folder.0.path().join("in/t.parquet");
    let write = |query: &str| {
        let copy = format!("COPY ({query}) TO '{}'", file.display());
        folder.sql(&[&copy]);
    };
    write("SELECT 1 AS x");
    folder.well();
    write("SELECT 5.0::DOUBLE AS x");
    folder.well();
    write("SELECT 5.7::DOUBLE AS x");
    let why = folder.refused();
    assert!(why.contains("does not keep as they are"), "{why}");
    assert_eq!(folder.sql(&["SELECT x FROM t ORDER BY x"]), ["1", "5"]);
}

/// Read as DOUBLE, two of twenty digits were one.
#[test]
fn large_numbers_of_a_new_table_keep_their_digits() {
    let text = "id,share\n12345678901234567890,0.5\n12345678901234567891,1\n";
    let folder = Folder::of(LOAD, &[("in/t.csv", text)]);
    folder.well();
    assert_eq!(
        folder.sql(&["SELECT id, share, TYPEOF(share) FROM t ORDER BY id"]),
        [
            "12345678901234567890 | 0.5 | DOUBLE",
            "12345678901234567891 | 1 | DOUBLE"
        ]
    );
    folder.write("in/u.csv", "id,share\n7,2\n");
    std::fs::rename(folder.0.path().join("in/u.csv"), folder.0.path().join("in/t.csv")).unwrap();
    folder.well();
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM t WHERE id = '7'"]), ["1"]);
}

/// Where every value has them, the engine took `'` for quotes, and a lone `"` for a letter.
#[test]
fn only_one_sign_quotes() {
    let folder = Folder::of(LOAD, &[("in/t.csv", "id,name\n1,'x'\n2,\"y, \"\"z\"\"\"\n")]);
    folder.well();
    assert_eq!(
        folder.sql(&["SELECT name FROM t ORDER BY id"]),
        ["'x'", "y, \"z\""]
    );
    let folder = Folder::of(LOAD, &[("in/t.csv", "id,name\n1,'x'\n2,'y'\n")]);
    folder.well();
    assert_eq!(folder.sql(&["SELECT name FROM t ORDER BY id"]), ["'x'", "'y'"]);
    let folder = Folder::of(LOAD, &[("in/t.csv", "id,name\n1,\"abc\n2,d\n")]);
    let why = folder.refused();
    assert!(why.contains("t.csv"), "{why}");
}
