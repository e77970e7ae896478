//! `rocky load`, `rocky snapshot` and `rocky seed` as a user calls them, on a DuckDB file; and the examples of docs/seeds.md.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::Warehouse;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(config: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", config);
        folder
    }
    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn path(&self) -> &Path {
        self.0.path()
    }
    fn rocky(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    }
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let (code, out, err) = self.rocky(&[args, &["-o", "json"]].concat());
        let document = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: {e}\n{out}{err}"));
        (code, document)
    }
    /// Statements, of which the last may be a query.
    fn sql(&self, sql: &[&str]) -> Vec<String> {
        let cancel = CancelToken::new();
        let path = self.path().join("shop.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let mut lines = Vec::new();
        for sql in sql {
            let rows = connection.query(sql, 10_000, &cancel).unwrap().rows;
            let cell = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
            lines = rows
                .iter()
                .map(|r| r.iter().map(cell).collect::<Vec<_>>().join(" | "))
                .collect();
        }
        lines
    }
}

const ADAPTER: &str = "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n";
const MODELS: &str =
    "[pipeline.models]\ntype = \"transformation\"\n[pipeline.models.target]\nadapter = \"default\"\n";

/// The fenced blocks of a page, in order: the words behind the fence, the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(page);
    let text = std::fs::read_to_string(path).unwrap();
    let mut parts = text.split("```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (head, body) = block.split_once('\n').unwrap();
        found.push((head.to_owned(), body.to_owned()));
    }
    found
}

/// The lines of a text are in another one, in order; `…` in a line is anything.
fn follows(found: &str, expected: &str) {
    let mut rest = found.lines();
    for line in expected
        .lines()
        .filter(|l| !l.starts_with('$') && !l.trim().is_empty())
    {
        let parts: Vec<&str> = line.split('…').map(str::trim).collect();
        let fits = |l: &str| {
            let mut left = l.trim();
            parts.iter().all(|p| match left.find(p) {
                Some(at) => {
                    left = &left[at + p.len()..];
                    true
                }
                None => false,
            })
        };
        assert!(rest.any(fits), "no line `{line}` in\n{found}");
    }
}

#[test]
fn the_page_on_seeds_is_true() {
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}"));
    let mut ran = 0;
    for (head, body) in blocks("seeds.md") {
        match head.split_once(' ') {
            Some((_, path)) => folder.write(path, body),
            None if head == "console" => {
                ran += 1;
                let line = body.lines().next().unwrap().trim_start_matches("$ rocky ");
                let args: Vec<&str> = line.split(" #").next().unwrap().split_whitespace().collect();
                let (code, out, err) = folder.rocky(&[args.as_slice(), &["-o", "table"]].concat());
                let expected = if line.contains("# exit code 1") { 1 } else { 0 };
                assert_eq!(code, expected, "{line}: {out}{err}");
                follows(&out, &body);
            }
            None => {}
        }
    }
    assert!(ran >= 3);
    let expected = ["DE | Germany | 00501 | 1990-10-03", "FR | France | 75001 | NULL"];
    assert_eq!(
        folder.sql(&["SELECT * FROM seeds.countries ORDER BY 1"]),
        expected
    );
}

#[test]
fn seeds_become_tables_with_types_that_lose_nothing() {
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}"));
    folder.write("seeds/tabs.tsv", "a,b\tc\n1,5\t007\n");
    folder.write("seeds/empty.csv", "x,y\n");
    folder.write(
        "seeds/hostile.csv",
        "\"a\"\"; DROP TABLE t; --\",select,größe,It's\n1,2,3,\"x'; DROP SCHEMA seeds; --\"\n",
    );
    let mut late = "n,id\n".to_owned();
    (0..1500).for_each(|n| late.push_str(&format!("{n},{n}\n")));
    late.push_str("many,1500\n");
    folder.write("seeds/late.csv", &late);
    folder.write(
        "seeds/typed.csv",
        "id,amount,at,tags\n1,12.50,2026-01-31T10:00,\"['a', 'b']\"\n2,,,\n",
    );
    folder.write(
        "seeds/typed.toml",
        "name = \"renamed\"\n[target]\nschema = \"ref\"\ntable = \"of types\"\n[column_types]\namount = \"DECIMAL(10,2)\"\nid = \"TINYINT\"\ntags = \"VARCHAR[]\"\n",
    );
    let (code, run) = folder.json(&["seed"]);
    assert_eq!(
        (code, &run["tables_loaded"], &run["tables_failed"]),
        (0, &5.into(), &0.into()),
        "{run:#}"
    );
    let line = |t: &Value| {
        format!(
            "{} {} {} {}",
            t["name"].as_str().unwrap(),
            t["target"].as_str().unwrap(),
            t["rows"],
            t["columns"]
        )
    };
    let tables: Vec<String> = run["tables"].as_array().unwrap().iter().map(line).collect();
    assert_eq!(
        tables,
        [
            "empty shop.seeds.empty 0 2",
            "hostile shop.seeds.hostile 1 4",
            "late shop.seeds.late 1501 2",
            "tabs shop.seeds.tabs 1 2",
            "renamed shop.ref.of types 2 4",
        ]
    );
    assert_eq!(folder.sql(&["SELECT \"a,b\", c FROM seeds.tabs"]), ["1,5 | 007"]);
    assert_eq!(
        folder.sql(&["SELECT \"a\"\"; DROP TABLE t; --\", \"select\", größe, \"It's\" FROM seeds.hostile"]),
        ["1 | 2 | 3 | x'; DROP SCHEMA seeds; --"]
    );
    assert_eq!(
        folder
            .sql(&["SELECT COUNT(*), SUM(id), typeof(ANY_VALUE(n)), typeof(ANY_VALUE(id)) FROM seeds.late"]),
        ["1501 | 1125750 | VARCHAR | BIGINT"]
    );
    assert_eq!(
        folder.sql(&["SELECT id, amount, \"at\", tags, typeof(id), typeof(amount), typeof(\"at\"), typeof(tags) FROM ref.\"of types\" ORDER BY id"])[0],
        "1 | 12.50 | 2026-01-31 10:00:00 | [a, b] | TINYINT | DECIMAL(10,2) | TIMESTAMP | VARCHAR[]"
    );
    // Made anew: what was there is gone, and a view on it still works.
    folder.sql(&[
        "CREATE VIEW v AS SELECT c FROM seeds.tabs",
        "INSERT INTO seeds.tabs VALUES ('x', 'y')",
    ]);
    let (code, run) = folder.json(&["seed", "--filter", "tabs"]);
    assert_eq!((code, run["tables"].as_array().unwrap().len()), (0, 1), "{run:#}");
    assert_eq!(folder.sql(&["SELECT * FROM v"]), ["007"]);
    // History knows it; a run of a pipeline does not go on with it.
    let (_, history) = folder.json(&["history"]);
    assert_eq!(
        (&history["count"], &history["runs"][0]["pipeline"]),
        (&2.into(), &"seeds".into()),
        "{history:#}"
    );
}

#[test]
fn a_seed_that_is_broken_leaves_its_table_and_the_others() {
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}"));
    folder.write("seeds/a.csv", "id\n1\n");
    folder.write("seeds/b.csv", "id\n1\n");
    assert_eq!(folder.json(&["seed"]).0, 0);
    folder.write("seeds/a.csv", "id\n1\n2,3\n");
    folder.write("seeds/b.csv", "id\n7\n");
    folder.write("seeds/c.csv", "id\nx\n");
    folder.write("seeds/c.toml", "[column_types]\nid = \"INTEGER\"\n");
    folder.write("seeds/d.csv", [0xff, 0xfe]);
    folder.write("seeds/e.csv", "id\n1\n");
    folder.write("seeds/e.toml", "[target]\ntabel = \"x\"\n");
    folder.write("seeds/b.tsv", "id\n8\n");
    folder.sql(&["CREATE VIEW seeds.f AS SELECT 1 AS id"]);
    folder.write("seeds/f.csv", "id\n1\n");
    // The engine refuses this one in the middle of its statements.
    folder.write("seeds/g.csv", "at\n12:00:00\nnoon\n");
    folder.write("seeds/g.toml", "[column_types]\nat = \"TIME\"\n");
    let (code, run) = folder.json(&["seed"]);
    assert_eq!(
        (code, &run["tables_loaded"], &run["tables_failed"], &run["status"]),
        (1, &1.into(), &7.into(), &"PartialFailure".into()),
        "{run:#}"
    );
    let error = |name: &str| {
        let tables = run["tables"].as_array().unwrap();
        tables.iter().find(|t| t["name"] == name).unwrap()["error"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(error("a"), "`a.csv`: line 3 has 2 fields, the header 1");
    assert_eq!(error("c"), "`c.csv`: line 2, column `id`: `x` is no INTEGER");
    assert_eq!(error("d"), "`d.csv` is not UTF-8");
    assert_eq!(
        error("e"),
        "`e.csv`: e.toml, line 2: E403 unknown key `tabel` in `target`; did you mean `table`?"
    );
    assert_eq!(
        error("b.tsv"),
        "target `shop.seeds.b` is made by another seed already"
    );
    assert_eq!(error("f"), "target `shop.seeds.f` exists and is not a table");
    assert!(error("g").contains("noon"), "{}", error("g"));
    assert_eq!(
        folder.sql(&["SELECT (SELECT id FROM seeds.a), (SELECT id FROM seeds.b)"]),
        ["1 | 7"]
    );
    assert_eq!(
        folder.sql(&["SELECT COUNT(*) FROM duckdb_tables() WHERE table_name = 'g'"]),
        ["0"],
        "nothing of it is left"
    );
    // What is asked for must be there.
    for (args, code, said) in [
        (&["seed", "--filter", "aa"][..], 2, "no seed `aa` in `seeds`"),
        (&["seed", "--seeds", "nowhere"], 1, "nowhere"),
        (&["seed", "--pipeline", "modles"], 2, "unknown pipeline `modles`"),
    ] {
        let (found, document) = folder.json(args);
        let message = document["error"]["message"].as_str().unwrap();
        assert!(
            found == code && message.contains(said),
            "{args:?} {found} {message}"
        );
    }
}

#[test]
fn a_compile_knows_the_columns_of_seeds() {
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}"));
    folder.write("seeds/countries.csv", "code,since,area\nDE,1990-10-03,357.6\n");
    folder.write("models/ages.sql", "SELECT code, since, area FROM seeds.countries");
    let (code, compiled) = folder.json(&["compile", "--refresh-sources", "never"]);
    assert_eq!(
        (code, &compiled["has_errors"]),
        (0, &false.into()),
        "{compiled:#}"
    );
    assert!(!folder.path().join("shop.duckdb").exists());
    let columns = |compiled: &Value| {
        let columns = compiled["models_detail"][0]["columns"]
            .as_array()
            .unwrap()
            .clone();
        columns
            .iter()
            .map(|c| c["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(columns(&compiled), ["VARCHAR", "DATE", "DOUBLE"]);
    // The same handle or another: an edit is seen.
    folder.write("seeds/countries.csv", "code,since,area\n49,1990-10-03,357\n");
    let (_, compiled) = folder.json(&["compile", "--refresh-sources", "never"]);
    assert_eq!(columns(&compiled), ["BIGINT", "DATE", "BIGINT"]);
    folder.write("models/ages.sql", "SELECT cod FROM seeds.countries");
    let (code, compiled) = folder.json(&["compile"]);
    let first = &compiled["diagnostics"][0];
    assert_eq!(code, 1, "{compiled:#}");
    assert!(first["message"].as_str().unwrap().contains("`cod`"), "{first:#}");
    // A declaration goes before the file.
    folder.write("models/ages.sql", "SELECT code FROM seeds.countries");
    folder.write(
        "rocky.toml",
        format!("{ADAPTER}{MODELS}[[sources]]\nschema = \"seeds\"\ntable = \"countries\"\ncolumns = [{{ name = \"code\", type = \"SMALLINT\" }}]\n"),
    );
    assert_eq!(columns(&folder.json(&["compile"]).1), ["SMALLINT"]);
    // And what was compiled runs.
    folder.write("rocky.toml", format!("{ADAPTER}{MODELS}"));
    assert_eq!(folder.json(&["seed"]).0, 0);
    assert_eq!(folder.json(&["run"]).0, 0);
    assert_eq!(folder.sql(&["SELECT code FROM ages"]), ["49"]);
}

#[test]
fn load_needs_no_pipeline_of_its_own() {
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}"));
    folder.write("in/orders.csv", "id,zip\n1,00501\n2,10001\n");
    folder.write("in/lines.jsonl", "{\"id\": 1}\n");
    folder.write("in/notes.txt", "nothing");
    let (code, run) = folder.json(&["load", "--source-dir", "in"]);
    assert_eq!(
        (
            code,
            &run["files_loaded"],
            &run["files_failed"],
            &run["total_rows"],
            &run["format"]
        ),
        (0, &2.into(), &0.into(), &3.into(), &"auto".into()),
        "{run:#}"
    );
    let bytes: u64 = ["orders.csv", "lines.jsonl"]
        .iter()
        .map(|f| std::fs::metadata(folder.path().join("in").join(f)).unwrap().len())
        .sum();
    assert_eq!(run["total_bytes"], bytes);
    assert_eq!(
        run["files"][1],
        json!({"file": "in/orders.csv", "target": "shop.main.orders", "status": "loaded", "rows_loaded": 2, "bytes_read": 23, "duration_ms": run["files"][1]["duration_ms"]})
    );
    // Once.
    let (code, again) = folder.json(&["load", "--source-dir", "in"]);
    assert_eq!(
        (code, &again["files_loaded"], &again["files_skipped"]),
        (0, &0.into(), &2.into()),
        "{again:#}"
    );
    let (_, forced) = folder.json(&["load", "--source-dir", "in", "--format", "csv", "--force"]);
    assert_eq!(
        (&forced["total_rows"], forced["files"].as_array().unwrap().len()),
        (&2.into(), 1),
        "{forced:#}"
    );
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM orders"]), ["4"]);
    let (_, truncated) = folder.json(&["load", "--source-dir", "in/*.csv", "--truncate"]);
    assert_eq!(truncated["total_rows"], 2);
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM orders"]), ["2"]);
    // All files in one table, wherever.
    folder.write("in/more.csv", "id,zip\n3,00003\n");
    let (_, one) = folder.json(&[
        "load",
        "--source-dir",
        "in",
        "--format",
        "csv",
        "--target",
        "raw.\"all; it's\"",
    ]);
    assert_eq!(
        (&one["total_rows"], &one["files"][0]["target"]),
        (&3.into(), &"shop.raw.all; it's".into()),
        "{one:#}"
    );
    assert_eq!(
        folder.sql(&["SELECT zip FROM raw.\"all; it's\" ORDER BY id"]),
        ["00501", "10001", "00003"]
    );
    // What was asked for and is not there.
    for (args, said) in [
        (&["load", "--source-dir", "models"][..], "models"),
        (
            &["load", "--source-dir", "in", "--format", "parquet"],
            "no files to load",
        ),
        (
            &["load"],
            "pipeline `models` is of type transformation and has no `source_dir`",
        ),
    ] {
        let (code, document) = folder.json(args);
        let message = document["error"]["message"].as_str().unwrap();
        assert!(code != 0 && message.contains(said), "{args:?} {message}");
    }
    // A failed load is not what a run of the models goes on with.
    folder.write("in/bad.csv", "id,zip\n1\n");
    assert_eq!(folder.json(&["load", "--source-dir", "in"]).0, 1);
    folder.write("models/m.sql", "SELECT 1 AS x");
    let (_, run) = folder.json(&["run", "--resume-latest"]);
    assert!(run["resumed_from"].is_null(), "{run:#}");
    let kinds: Vec<_> = folder.json(&["history"]).1["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["pipeline"].to_string())
        .collect();
    assert!(kinds.contains(&"\"load\"".to_owned()), "{kinds:?}");
}

#[test]
fn a_file_that_cannot_be_loaded_is_named_and_its_table_stays() {
    let load = "[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n[pipeline.l.target]\ncatalog = \"\"\nschema = \"raw\"\ntable = \"t\"\n\
                [pipeline.l.checks]\nrow_count = true\n[[pipeline.l.checks.assertions]]\ntable = \"t\"\ntype = \"unique\"\ncolumn = \"id\"\n";
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}{load}"));
    folder.write("in/a.csv", "id\n1\n");
    // The only pipeline of its type needs no name.
    let (code, run) = folder.json(&["load"]);
    assert_eq!(
        (code, &run["pipeline"], &run["source_dir"]),
        (0, &"l".into(), &"in".into()),
        "{run:#}"
    );
    folder.write("in/b.csv", "id\n2\n");
    folder.write("in/c.csv", "id\nx\n");
    let (code, run) = folder.json(&["load"]);
    assert_eq!(
        (
            code,
            &run["files_loaded"],
            &run["files_failed"],
            &run["files_skipped"],
            &run["total_rows"]
        ),
        (1, &0.into(), &2.into(), &1.into(), &0.into()),
        "{run:#}"
    );
    let error = |n: usize| run["files"][n]["error"].as_str().unwrap();
    assert!(
        error(2).starts_with("`c.csv`: ") && error(2).contains("Line: 2"),
        "{}",
        error(2)
    );
    assert!(
        error(1).starts_with("not loaded with the others of its table: `c.csv`"),
        "{}",
        error(1)
    );
    assert_eq!(folder.sql(&["SELECT COUNT(*) FROM raw.t"]), ["1"]);
    let (code, out, _) = folder.rocky(&["load", "-o", "table"]);
    assert_eq!(code, 1);
    follows(
        &out,
        "- in/a.csv  loaded already\n✗ in/b.csv  failed: not loaded\n✗ in/c.csv  failed: `c.csv`\n0 files loaded, 2 failed, 1 loaded already, 0 rows",
    );
    // Checks of the pipeline count.
    folder.write("in/c.csv", "id\n1\n");
    let (code, run) = folder.json(&["load"]);
    assert_eq!(
        (code, &run["files_loaded"], &run["checks_failed"]),
        (1, &2.into(), &1.into()),
        "{run:#}"
    );
    assert_eq!(run["check_results"][0]["checks"][1]["sample"][0]["id"], 1);
}

const SNAPSHOT: &str = "[pipeline.people]\ntype = \"snapshot\"\nunique_key = [\"id\"]\ninvalidate_hard_deletes = true\n\
                        [pipeline.people.source]\ncatalog = \"shop\"\nschema = \"main\"\ntable = \"people\"\n\
                        [pipeline.people.target]\ncatalog = \"shop\"\nschema = \"history\"\ntable = \"people\"\n";

#[test]
fn a_snapshot_is_taken_step_by_step() {
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}{SNAPSHOT}"));
    folder.sql(&["CREATE TABLE people AS SELECT * FROM (VALUES (1, 'Ada'), (2, 'Bo')) v(id, name)"]);
    let steps = |document: &Value| {
        let steps = document["steps"].as_array().unwrap();
        let line = |s: &Value| {
            format!(
                "{} {} {}",
                s["step"].as_str().unwrap(),
                s["purpose"].as_str().unwrap(),
                s["status"].as_str().unwrap()
            )
        };
        steps.iter().map(line).collect::<Vec<_>>()
    };
    let (code, shown) = folder.json(&["snapshot", "--dry-run"]);
    assert_eq!(
        (code, &shown["source"], &shown["target"], &shown["steps_total"]),
        (
            0,
            &"shop.main.people".into(),
            &"shop.history.people".into(),
            &3.into()
        )
    );
    assert_eq!(
        steps(&shown),
        [
            "create_schema create_schema dry_run",
            "check_keys check_keys dry_run",
            "initial_load initial_load dry_run"
        ]
    );
    assert_eq!(
        folder.sql(&["SELECT COUNT(*) FROM duckdb_tables() WHERE schema_name = 'history'"]),
        ["0"]
    );
    assert_eq!(folder.json(&["history"]).1["count"], 0);
    let (code, first) = folder.json(&["snapshot"]);
    assert_eq!(
        (code, &first["rows_inserted"], &first["steps_ok"]),
        (0, &2.into(), &3.into()),
        "{first:#}"
    );
    assert_eq!(
        steps(&first),
        [
            "create_schema create_schema ok",
            "check_keys check_keys ok",
            "initial_load initial_load ok"
        ]
    );
    let run_id = first["run_id"].as_str().unwrap();
    assert!(
        first["steps"][2]["sql"].as_str().unwrap().contains(run_id),
        "what was sent, not what was planned"
    );
    folder.sql(&[
        "UPDATE people SET name = 'Ad' WHERE id = 1",
        "DELETE FROM people WHERE id = 2",
    ]);
    let (_, second) = folder.json(&["snapshot", "--pipeline", "people"]);
    assert_eq!(
        steps(&second),
        [
            "check_keys check_keys ok",
            "merge_1 close_changed ok",
            "merge_2 close_deleted ok",
            "merge_3 insert ok"
        ]
    );
    assert_eq!(
        (&second["steps"][1]["rows"], &second["rows_inserted"]),
        (&1.into(), &1.into()),
        "{second:#}"
    );
    // What fails is named, and leaves nothing behind.
    folder.sql(&[
        "ALTER TABLE people ADD COLUMN city VARCHAR",
        "INSERT INTO people VALUES (1, 'twice', 'x')",
    ]);
    let (code, failed) = folder.json(&["snapshot"]);
    assert_eq!(
        (code, &failed["steps_ok"], &failed["steps_total"]),
        (1, &0.into(), &5.into()),
        "{failed:#}"
    );
    assert_eq!(steps(&failed), ["check_keys check_keys error"]);
    assert!(
        failed["steps"][0]["error"]
            .as_str()
            .unwrap()
            .contains("duplicate keys"),
        "{failed:#}"
    );
    assert_eq!(folder.json(&["history"]).1["count"], 3);
    let (code, out, _) = folder.rocky(&["snapshot", "-o", "table"]);
    assert_eq!(code, 1);
    follows(
        &out,
        "✗ check_keys\nduplicate keys in source table\n0 versions added to shop.history.people",
    );
    for (args, said) in [
        (
            &["snapshot", "--pipeline", "models"][..],
            "pipeline `models` is of type transformation, not snapshot",
        ),
        (&["snapshot", "--pipeline", "peopel"], "unknown pipeline `peopel`"),
    ] {
        let (code, document) = folder.json(args);
        assert_eq!((code, &document["error"]["message"]), (2, &said.into()));
    }
    let second = SNAPSHOT
        .replace("pipeline.people", "pipeline.again")
        .replace("\"history\"", "\"history2\"");
    folder.write("rocky.toml", format!("{ADAPTER}{MODELS}{SNAPSHOT}{second}"));
    assert_eq!(
        folder.json(&["snapshot"]).1["error"]["message"],
        "the project has several snapshot pipelines: `people`, `again`"
    );
}

#[test]
fn a_project_without_models_has_seeds_too() {
    let folder = Folder::new(&format!("{ADAPTER}{SNAPSHOT}"));
    folder.write("seeds/people.csv", "id,name\n1,Ada\n");
    folder.write("seeds/people.toml", "[target]\nschema = \"main\"\n");
    assert_eq!(folder.json(&["seed"]).1["tables_loaded"], 1);
    assert_eq!(folder.json(&["snapshot"]).1["rows_inserted"], 1);
    folder.write("in/people.csv", "id,name\n2,Bo\n");
    assert_eq!(folder.json(&["load", "--source-dir", "in"]).1["files_loaded"], 1);
    assert_eq!(folder.json(&["snapshot"]).1["rows_inserted"], 1);
}

#[test]
fn hooks_are_told_of_commands_too() {
    let hooks: String = [
        "pipeline_start",
        "before_materialize",
        "after_materialize",
        "pipeline_complete",
    ]
    .iter()
    .map(|e| format!("[[hook.on_{e}]]\ncommand = \"\"\"(tr -d '\\\\n'; echo) >> told\"\"\"\n"))
    .collect();
    let folder = Folder::new(&format!("{ADAPTER}{MODELS}{hooks}"));
    folder.write("seeds/a.csv", "id\n1\n");
    assert_eq!(folder.json(&["seed"]).0, 0);
    let text = std::fs::read_to_string(folder.path().join("told")).unwrap();
    let told: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let line = |t: &Value| {
        format!(
            "{} {} {}",
            t["event"].as_str().unwrap(),
            t["pipeline"].as_str().unwrap(),
            t["table"].as_str().unwrap_or_default()
        )
    };
    assert_eq!(
        told.iter().map(line).collect::<Vec<_>>(),
        [
            "pipeline_start seeds ",
            "before_materialize seeds shop.seeds.a",
            "after_materialize seeds shop.seeds.a",
            "pipeline_complete seeds "
        ]
    );
}
