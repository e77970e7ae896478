//! Shadow runs through the command line, on DuckDB files: nothing of production is touched, whatever the strategy; and what is in the
//! shadows is what a run makes of production. And the examples of `docs/shadow.md`.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::CancelToken;
use rocky_warehouse::{Connection, Warehouse};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn sql(connection: &mut dyn Connection, statements: &str) -> Vec<String> {
    let cell = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
    let mut lines = Vec::new();
    for sql in statements.split(';').map(str::trim).filter(|s| !s.is_empty()) {
        let answer = connection.query(sql, 100_000, &CancelToken::new());
        let rows = answer.unwrap_or_else(|e| panic!("{}\n{sql}", e.message)).rows;
        lines = rows
            .iter()
            .map(|r| r.iter().map(cell).collect::<Vec<_>>().join(" | "))
            .collect();
    }
    lines
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    /// The same files in another folder.
    fn copied(&self) -> Folder {
        let other = Folder::new(&[]);
        let mut pending = vec![PathBuf::new()];
        while let Some(dir) = pending.pop() {
            for entry in std::fs::read_dir(self.path().join(&dir)).unwrap() {
                let entry = entry.unwrap();
                let at = dir.join(entry.file_name());
                if entry.path().is_dir() {
                    std::fs::create_dir_all(other.path().join(&at)).unwrap();
                    pending.push(at);
                } else {
                    std::fs::copy(entry.path(), other.path().join(&at)).unwrap();
                }
            }
        }
        other
    }

    /// Exit code, stdout, stderr.
    fn rocky(&self, args: &[&str]) -> (i32, String, String) {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .current_dir(self.path())
            .env_remove("ROCKY_IDEMPOTENCY_KEY")
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

    fn ok(&self, args: &[&str]) -> Value {
        let (code, document) = self.json(args);
        assert_eq!(code, 0, "{args:?}: {document:#}");
        document
    }

    fn connection(&self) -> Box<dyn Connection> {
        let cancel = CancelToken::new();
        let path = self.path().join("shop.duckdb");
        let db = DuckDb::open(Some(&path), &OpenOptions::default(), &cancel).unwrap();
        db.connect().unwrap()
    }

    fn sql(&self, statements: &str) -> Vec<String> {
        sql(self.connection().as_mut(), statements)
    }

    /// Every relation with its kind, columns and rows. Shadows are told by their comment.
    fn dump(&self) -> (BTreeMap<String, Vec<String>>, BTreeMap<String, Vec<String>>) {
        let all = "SELECT schema_name || '.' || table_name, comment, sql FROM duckdb_tables() UNION ALL \
                   SELECT schema_name || '.' || view_name, comment, sql FROM duckdb_views() WHERE NOT internal ORDER BY 1";
        let (mut production, mut shadows) = (BTreeMap::new(), BTreeMap::new());
        let mut connection = self.connection();
        for line in sql(connection.as_mut(), all) {
            let parts: Vec<&str> = line.splitn(3, " | ").collect();
            let mut rows = sql(
                connection.as_mut(),
                &format!("SELECT * FROM {} ORDER BY ALL", parts[0]),
            );
            if parts[1].starts_with("rocky shadow of ") {
                shadows.insert(parts[0].to_owned(), rows);
            } else {
                rows.push(parts[2].to_owned());
                production.insert(parts[0].to_owned(), rows);
            }
        }
        (production, shadows)
    }

    /// Everything that runs remember.
    fn state(&self) -> (String, Vec<u8>, u64) {
        let (code, exported, _) = self.rocky(&["state", "export"]);
        assert_eq!(code, 0);
        let runs = self.ok(&["history"])["count"].as_u64().unwrap();
        (
            exported,
            std::fs::read(self.path().join(".rocky-state.redb")).unwrap(),
            runs,
        )
    }
}

const PROJECT: &str = r#"
[adapter]
type = "duckdb"
path = "shop.duckdb"

[hook.on_pipeline_start]
command = "touch hooked"

[pipeline.raw]
strategy = "incremental"
timestamp_column = "made"
metadata_columns = [{ name = "_copied", type = "VARCHAR", value = "'{source}'" }]
[pipeline.raw.source.schema_pattern]
prefix = "raw__"
separator = "__"
components = ["source"]
[pipeline.raw.target]
catalog_template = ""
schema_template = "staging__{source}"

[pipeline.shop]
type = "transformation"
depends_on = ["raw", "files"]
[pipeline.shop.target]
adapter = "default"
[pipeline.shop.checks.quarantine]
enabled = true
mode = "split"

[pipeline.history]
type = "snapshot"
unique_key = ["id"]
updated_at = "made"
[pipeline.history.source]
catalog = ""
schema = "raw__shop"
table = "orders"
[pipeline.history.target]
catalog = ""
schema = "history"
table = "order_history"

[pipeline.files]
type = "load"
source_dir = "in"
[pipeline.files.target]
catalog = ""
schema = "files"

[pipeline.quality]
type = "quality"
depends_on = ["shop"]
[pipeline.quality.target]
adapter = "default"
[[pipeline.quality.tables]]
catalog = ""
schema = "main"
[pipeline.quality.checks]
row_count = true
"#;

const MODELS: [(&str, &str, &str); 9] = [
    (
        "base",
        "",
        "SELECT id, day, amount, made FROM staging__shop.orders",
    ),
    ("seen", "strategy = \"view\"", "SELECT * FROM base"),
    (
        "inlined",
        "strategy = \"ephemeral\"",
        "SELECT day, sum(amount) AS total FROM seen GROUP BY day",
    ),
    (
        "reader",
        "",
        "SELECT b.id, i.total, f.note FROM base b JOIN inlined i USING (day) LEFT JOIN files.notes f USING (id)",
    ),
    (
        "inc",
        "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"made\"",
        "SELECT id, amount, made FROM base",
    ),
    (
        "mrg",
        "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]",
        "SELECT id, max(day) AS day, max(amount) AS amount FROM base GROUP BY id",
    ),
    (
        "di",
        "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"day\"]",
        "SELECT id, day, amount FROM base WHERE day >= DATE '2026-04-02'",
    ),
    (
        "ti",
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"day\"\ngranularity = \"day\"\nfirst_partition = \"2026-04-01\"",
        "SELECT id, day, amount FROM base WHERE day >= @start_date AND day < @end_date",
    ),
    (
        "checked",
        "strategy = \"full_refresh\"\n[[tests]]\ntype = \"not_null\"\ncolumn = \"amount\"",
        "SELECT id, amount FROM base",
    ),
];

const WINDOWS: [&str; 4] = ["--from", "2026-04-01", "--to", "2026-04-05"];

fn project() -> Folder {
    let folder = Folder::new(&[
        ("rocky.toml", PROJECT),
        ("in/notes.csv", "id,note\n1,first\n2,second\n"),
    ]);
    for (name, sidecar, sql) in MODELS {
        folder.write(&format!("models/{name}.sql"), sql);
        folder.write(&format!("models/{name}.toml"), sidecar);
    }
    folder.sql(
        "CREATE SCHEMA raw__shop;
         CREATE TABLE raw__shop.orders AS SELECT i AS id, DATE '2026-04-01' + (i % 5)::INT AS day,
           CASE WHEN i = 7 THEN NULL ELSE i * 2 END AS amount, TIMESTAMP '2026-04-01' + INTERVAL (i) MINUTE AS made FROM range(50) r(i)",
    );
    folder
}

/// Later: new rows, changed rows, another file.
fn later(folder: &Folder) {
    folder.sql(
        "INSERT INTO raw__shop.orders SELECT i, DATE '2026-04-03', i, TIMESTAMP '2026-04-02' + INTERVAL (i) MINUTE FROM range(50, 60) r(i);
         UPDATE raw__shop.orders SET amount = 1000, made = made + INTERVAL 3 DAY WHERE id < 3",
    );
    folder.write("in/notes2.csv", "id,note\n3,third\n");
    std::fs::remove_file(folder.path().join("in/notes.csv")).unwrap();
    std::fs::rename(
        folder.path().join("in/notes2.csv"),
        folder.path().join("in/notes.csv"),
    )
    .unwrap();
}

fn run_all(folder: &Folder, more: &[&str]) {
    for pipeline in ["raw", "files", "history", "shop"] {
        let windows: &[&str] = if pipeline == "shop" { &WINDOWS } else { &[] };
        let run = folder.ok(&[&["run", "--pipeline", pipeline][..], windows, more].concat());
        assert_eq!(
            run["shadow"],
            if more.is_empty() { Value::Null } else { true.into() }
        );
    }
}

#[test]
fn production_is_untouched_and_shadows_are_what_production_becomes() {
    let folder = project();
    run_all(&folder, &[]);
    assert!(folder.path().join("hooked").exists());
    std::fs::remove_file(folder.path().join("hooked")).unwrap();
    later(&folder);
    let real = folder.copied();
    let (before, state) = (folder.dump(), folder.state());
    assert!(
        before.1.is_empty() && before.0.len() > 12,
        "{:?}",
        before.0.keys()
    );

    // One pipeline after the other: each reads what the others have in production.
    for more in [
        &["--shadow"][..],
        &["--shadow", "--shadow-schema", "qa"],
        &["--shadow"],
    ] {
        run_all(&folder, more);
        let after = folder.dump();
        assert_eq!(after.0, before.0, "{more:?}");
        assert_eq!(folder.state(), state, "{more:?}");
        assert!(!folder.path().join("hooked").exists());
    }
    // All at once: models read the shadows of what the other pipelines copy and load.
    let (code, dag) = folder.json(&[&["run", "--dag", "--shadow"][..], &WINDOWS].concat());
    assert_eq!((code, &dag["shadow"]), (0, &true.into()), "{dag:#}");
    let quality = dag["pipelines"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["pipeline"] == "quality")
        .unwrap();
    // The shadows are checked, and no table of production.
    assert_eq!(quality["status"], "Success");
    let of = |list: &str| quality[list].as_array().unwrap().clone();
    let row_counts = of("check_results");
    assert_eq!(row_counts.len(), 8, "{quality:#}");
    for table in &row_counts {
        let counted = folder.sql(&format!(
            "SELECT count(*) FROM main.{}_rocky_shadow",
            table["asset_key"][2].as_str().unwrap()
        ));
        let check = &table["checks"][0];
        assert_eq!([check["target_count"].to_string()], *counted, "{table:#}");
    }
    for skipped in of("skipped") {
        assert_eq!(skipped["reason"], "it has no shadow in this run");
    }
    let after = folder.dump();
    assert_eq!(after.0, before.0);
    assert_eq!(folder.state(), state);

    // What a run makes of the same production, in a copy of the folder.
    let (code, done) = real.json(&[&["run", "--dag"][..], &WINDOWS].concat());
    assert_eq!(code, 0, "{done:#}");
    let made = real.dump().0;
    let mut compared = 0;
    for (name, rows) in &after.1 {
        if name.starts_with("qa.") || name.starts_with("history.") {
            continue;
        }
        let production = match name.split_once("_rocky_shadow") {
            Some((table, rest)) => format!("{table}{rest}"),
            None => panic!("{name}"),
        };
        let mut wanted = made
            .get(&production)
            .unwrap_or_else(|| panic!("{production}"))
            .clone();
        wanted.pop();
        assert_eq!(*rows, wanted, "{name}");
        assert_ne!(wanted.len(), 0, "{name}");
        compared += 1;
    }
    // 8 models, a quarantine table and its other half, a copied and a loaded table.
    assert_eq!(compared, 12, "{:?}", after.1.keys());
    // The history was made at another moment by another run.
    let versions = "SELECT id, amount, is_current, valid_to IS NULL FROM history.order_history";
    let shadowed = folder.sql(&format!("{versions}_rocky_shadow ORDER BY ALL"));
    assert_eq!(shadowed, real.sql(&format!("{versions} ORDER BY ALL")));
    assert_eq!(shadowed.len(), 63);

    // What differs is what production lacks; in the copy of the folder nothing does.
    let (code, found) = folder.json(&["compare", "--pipeline", "shop", "--all"]);
    assert_eq!((code, &found["overall_verdict"]), (1, &"fail".into()));
    let of = |name: &str| {
        found["results"]
            .as_array()
            .unwrap()
            .iter()
            .find(|r| r["model"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(of("mrg")["contents"]["key"], serde_json::json!(["id"]));
    assert_eq!(
        (
            &of("mrg")["contents"]["rows_changed"],
            &of("mrg")["contents"]["rows_only_in_shadow"]
        ),
        (&3.into(), &10.into())
    );
    let (_, whole) = real.json(&[&["run", "--dag", "--shadow"][..], &WINDOWS].concat());
    assert_eq!(whole["status"], "Success", "{whole:#}");
    let same = real.ok(&["compare", "--dag"]);
    let verdicts: Vec<_> = same["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["model"].as_str().unwrap(), r["verdict"].as_str().unwrap()))
        .collect();
    assert!(
        verdicts.len() >= 10 && verdicts.iter().all(|(_, v)| *v == "pass"),
        "{verdicts:?}"
    );

    for (suffix, schema) in [(true, false), (false, true)] {
        for pipeline in ["raw", "files", "history", "shop"] {
            let place: &[&str] = if schema { &["--shadow-schema", "qa"] } else { &[] };
            let dropped = folder.ok(&[&["compare", "--cleanup", "--pipeline", pipeline][..], place].concat());
            assert!(
                !dropped["dropped"].as_array().unwrap().is_empty(),
                "{pipeline} {suffix}"
            );
        }
    }
    let after = folder.dump();
    assert_eq!((after.0, after.1.len()), (before.0, 0));
}

#[test]
fn what_cannot_be_a_shadow_is_refused_and_nothing_runs() {
    let folder = project();
    run_all(&folder, &[]);
    let (before, state) = (folder.dump(), folder.state());
    let refused = |args: &[&str], code: i32, words: &str| {
        let (found, out, err) = folder.rocky(&[args, &["-o", "table"]].concat());
        assert_eq!(found, code, "{args:?}\n{out}{err}");
        assert!(format!("{out}{err}").contains(words), "{args:?}\n{out}{err}");
        assert_eq!(folder.dump(), before, "{args:?}");
    };
    let shop = ["run", "--pipeline", "shop"];
    let with = |more: &[&'static str]| [&shop[..], more].concat();
    refused(&with(&["--shadow-suffix", "_x"]), 2, "--shadow");
    refused(&with(&["--shadow-schema", "x"]), 2, "--shadow");
    refused(
        &with(&["--shadow", "--shadow-suffix", ""]),
        2,
        "`shadow_suffix` is empty",
    );
    refused(&with(&["--shadow", "--resume-latest"]), 2, "--resume-latest");
    refused(&with(&["--shadow", "--skip-unchanged"]), 2, "--skip-unchanged");
    refused(
        &with(&["--shadow", "--idempotency-key", "k"]),
        2,
        "--idempotency-key",
    );
    refused(
        &with(&["--shadow", "--shadow-schema", "main"]),
        1,
        "would be the table itself",
    );
    refused(
        &["run", "--pipeline", "quality", "--shadow"],
        2,
        "it writes nothing",
    );
    refused(
        &[
            "compare",
            "--pipeline",
            "shop",
            "--thresholds",
            "{\"row_diff_pct_warn\": -1}",
        ],
        2,
        "not a share",
    );
    refused(
        &["compare", "--pipeline", "shop", "--thresholds", "{\"typo\": 1}"],
        2,
        "typo",
    );
    refused(&["compare", "--pipeline", "shop"], 1, "run with `--shadow` first");
    refused(
        &["compare", "--pipeline", "shop", "--cleanup"],
        0,
        "no shadows to drop",
    );
    folder.write("models/di_rocky_shadow.sql", "SELECT 1 AS id");
    refused(
        &with(&["--shadow"]),
        1,
        "is the target of model `di_rocky_shadow`",
    );
    std::fs::remove_file(folder.path().join("models/di_rocky_shadow.sql")).unwrap();
    folder.sql("CREATE TABLE main.mrg_rocky_shadow (mine INTEGER)");
    let (code, out, _) = folder.rocky(&with(&["--shadow", "-o", "table"]));
    assert_eq!(code, 1);
    assert!(out.contains("exists and is no shadow"), "{out}");
    let after = folder.dump();
    assert!(after.1.is_empty() && after.0.len() == before.0.len() + 1);
    assert_eq!(
        folder.ok(&["compare", "--pipeline", "shop", "--cleanup"])["dropped"],
        Value::Null
    );
    assert_eq!(folder.state(), state);
}

const FIRST: [&str; 2] = ["raw", "shop"];

/// A project whose replication has never run.
fn before_the_first_run() -> Folder {
    let quality = "[pipeline.quality]\ntype = \"quality\"\ndepends_on = [\"shop\"]\n[pipeline.quality.target]\nadapter = \"default\"\n\
         [[pipeline.quality.tables]]\ncatalog = \"\"\nschema = \"main\"\ntable = \"base\"\n\
         [[pipeline.quality.tables]]\ncatalog = \"\"\nschema = \"raw__shop\"\ntable = \"orders\"\n\
         [pipeline.quality.checks]\n\
         custom = [{ name = \"negative\", sql = \"SELECT count(*) FROM {target} WHERE amount < 0\", threshold = 0 }]\n\
         [[pipeline.quality.checks.assertions]]\ntable = \"base\"\ntype = \"relationships\"\ncolumn = \"id\"\n\
         to_table = \"staging__shop.orders\"\nto_column = \"id\"\n";
    let raw = "[pipeline.raw]\nstrategy = \"full_refresh\"\n[pipeline.raw.source.schema_pattern]\nprefix = \"raw__\"\nseparator = \"__\"\n\
         components = [\"source\"]\n[pipeline.raw.target]\ncatalog_template = \"\"\nschema_template = \"staging__{source}\"\n";
    let folder = Folder::new(&[
        (
            "rocky.toml",
            &format!(
                "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n{raw}[pipeline.shop]\ntype = \"transformation\"\n\
                 depends_on = [\"raw\"]\n[pipeline.shop.target]\nadapter = \"default\"\n{quality}"
            ),
        ),
        ("models/base.sql", "SELECT id, amount FROM staging__shop.orders"),
        ("models/total.sql", "SELECT sum(amount) AS total FROM base"),
    ]);
    folder.sql("CREATE SCHEMA raw__shop; CREATE TABLE raw__shop.orders AS SELECT i AS id, i * 2 AS amount FROM range(5) r(i)");
    folder
}

#[test]
fn before_the_first_replication_there_are_shadows_too() {
    // Schemas of production are not made: those of the shadows are, or what is lacking is said before anything was run.
    let folder = before_the_first_run();
    let before = folder.dump();
    let (code, refused) = folder.json(&["run", "--dag", "--shadow"]);
    let [raw, shop, quality] = refused["pipelines"].as_array().unwrap().as_slice() else {
        panic!("{refused:#}");
    };
    assert_eq!((code, &raw["tables_copied"]), (1, &0.into()), "{refused:#}");
    let said = raw["errors"][0]["error"].as_str().unwrap();
    assert!(
        said.contains(
            "schema `staging__shop` of shadow `shop.staging__shop.orders_rocky_shadow` does not exist"
        ),
        "{said}"
    );
    for (stage, before) in [(shop, "raw"), (quality, "shop")] {
        let why = format!("pipeline `{before}` did not succeed");
        assert_eq!(
            (&stage["status"], &stage["skipped_reason"]),
            (&"Skipped".into(), &why.into())
        );
    }
    assert_eq!(folder.dump(), before);

    let check = |document: &Value, suffix: &str| {
        let parts = document["pipelines"].as_array().unwrap();
        assert!(parts.iter().all(|p| p["status"] == "Success"), "{document:#}");
        let Some(quality) = parts.iter().find(|p| p["pipeline"] == "quality") else {
            return;
        };
        let [table] = quality["check_results"].as_array().unwrap().as_slice() else {
            panic!("{quality:#}");
        };
        let checks = table["checks"].as_array().unwrap();
        assert_eq!(checks.len(), 2, "{table:#}");
        for check in checks {
            // Production's table, which the one names, does not exist.
            assert_eq!(check["passed"], true, "{check:#}");
            if let Some(sql) = check["query"].as_str() {
                assert!(sql.contains(suffix), "{sql}");
            }
        }
        assert_eq!(quality["skipped"][0]["reason"], "it has no shadow in this run");
    };
    let (code, run) = folder.json(&["run", "--dag", "--shadow", "--shadow-schema", "qa"]);
    assert_eq!(code, 0, "{run:#}");
    check(&run, "qa");
    assert_eq!(folder.sql("SELECT total FROM qa.total"), ["20"]);
    assert_eq!(folder.sql("SELECT count(*) FROM qa.orders"), ["5"]);
    let clean = || {
        for pipeline in FIRST {
            folder.ok(&[
                "compare",
                "--cleanup",
                "--pipeline",
                pipeline,
                "--shadow-schema",
                "qa",
            ]);
        }
    };
    clean();
    // A column that only the shadow has: the models see it.
    folder.sql("ALTER TABLE raw__shop.orders ADD COLUMN note VARCHAR");
    folder.write(
        "models/base.sql",
        "SELECT id, amount, note FROM staging__shop.orders",
    );
    let (code, run) = folder.json(&[
        "run",
        "--pipeline",
        "raw",
        "--all",
        "--shadow",
        "--shadow-schema",
        "qa",
    ]);
    assert_eq!(code, 0, "{run:#}");
    check(&run, "qa");
    assert_eq!(folder.sql("SELECT count(*), count(note) FROM qa.base"), ["5 | 0"]);
    // Nothing of it is taken for production's.
    let (code, compiled) = folder.json(&["compile"]);
    assert_eq!(
        (code, &compiled["diagnostics"][0]["code"]),
        (1, &"E101".into()),
        "{compiled:#}"
    );
    let (code, alone) = folder.json(&["run", "--pipeline", "shop"]);
    assert_eq!((code, &alone["tables_copied"]), (1, &0.into()), "{alone:#}");
    clean();
    folder.sql("DROP SCHEMA qa; CREATE SCHEMA staging__shop");
    let (code, run) = folder.json(&["run", "--dag", "--shadow"]);
    assert_eq!(code, 0, "{run:#}");
    let parts = run["pipelines"].as_array().unwrap();
    assert!(parts.iter().all(|p| p["status"] == "Success"), "{run:#}");
    assert_eq!(
        folder.sql("SELECT count(*) FROM staging__shop.orders_rocky_shadow"),
        ["5"]
    );
    // Where none of the tables has a shadow, that is said.
    let config = std::fs::read_to_string(folder.path().join("rocky.toml")).unwrap();
    folder.write(
        "rocky.toml",
        &config.replace("table = \"base\"\n[[pipe", "table = \"other\"\n[[pipe"),
    );
    let config = std::fs::read_to_string(folder.path().join("rocky.toml")).unwrap();
    let at = config.find("[[pipeline.quality.checks.assertions]]").unwrap();
    folder.write("rocky.toml", &config[..at]);
    let (code, run) = folder.json(&["run", "--dag", "--shadow"]);
    assert_eq!((code, &run["status"]), (0, &"Success".into()), "{run:#}");
    let quality = &run["pipelines"][2];
    assert_eq!(quality["status"], "Skipped");
    let why = quality["skipped_reason"].as_str().unwrap();
    assert!(why.contains("none of its tables has a shadow"), "{why}");
}

/// A catalogue that was read before is proved by the stamps of the file, once they are old enough; then nothing is opened for planning.
#[test]
fn shadows_are_compared_when_the_plan_is_remembered() {
    let folder = before_the_first_run();
    folder.sql("CREATE SCHEMA staging__shop; CREATE TABLE staging__shop.orders AS FROM raw__shop.orders");
    for more in [&[][..], &["--shadow"]] {
        folder.ok(&[&["run", "--pipeline", "shop"][..], more].concat());
    }
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let file = std::fs::File::options()
        .append(true)
        .open(folder.path().join("shop.duckdb"));
    file.unwrap().set_modified(old).unwrap();
    for _ in 0..2 {
        folder.ok(&["plan", "--pipeline", "shop", "--shadow"]);
    }
    let found = folder.ok(&["compare", "--pipeline", "shop"]);
    assert_eq!(found["overall_verdict"], "pass", "{found:#}");
}

/// Of a column that was not compared nothing is known: tables that differ in types are not equal.
#[test]
fn what_was_not_compared_is_not_equal() {
    let files = |a: &str| -> Vec<(String, String)> {
        let config = "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n\
                      [pipeline.p.target]\nadapter = \"default\"\n";
        vec![
            ("rocky.toml".into(), config.into()),
            ("models/m.sql".into(), a.into()),
        ]
    };
    let folder = Folder::new(&[]);
    let write = |a: &str| files(a).iter().for_each(|(path, text)| folder.write(path, text));
    write("SELECT 1 AS a UNION ALL SELECT 2");
    folder.ok(&["run"]);
    // Nothing can be compared.
    write("SELECT '1' AS a UNION ALL SELECT '3'");
    folder.ok(&["run", "--shadow"]);
    let (code, found) = folder.json(&["compare"]);
    let table = &found["results"][0];
    assert!(code != 0 && table["verdict"] == "fail", "{found:#}");
    assert!(table.get("contents").is_none(), "{found:#}");
    let reasons = table["reasons"].to_string();
    assert!(reasons.contains("contents were not compared"), "{reasons}");
    // One of two can.
    write("SELECT 1 AS a, 2 AS b, 'x' AS c");
    folder.ok(&["run"]);
    write("SELECT 1 AS a, '2' AS b, 'x' AS c");
    folder.ok(&["run", "--shadow"]);
    let (_, found) = folder.json(&["compare"]);
    let contents = &found["results"][0]["contents"];
    assert_eq!(
        (&contents["equal"], &contents["columns_not_compared"]),
        (&false.into(), &serde_json::json!(["b"]))
    );
    assert_eq!(contents["rows_changed"], 0);
    let (_, out, _) = folder.rocky(&["compare", "-o", "table"]);
    assert!(out.contains("not compared: b"), "{out}");
    // What is to be ignored is not missed.
    let (_, found) = folder.json(&["compare", "--ignore", "b"]);
    assert_eq!(found["results"][0]["contents"]["equal"], true, "{found:#}");
}

#[test]
fn the_key_of_the_environment_is_refused_too() {
    let folder = project();
    let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(["run", "--pipeline", "raw", "--shadow"])
        .current_dir(folder.path())
        .env("ROCKY_IDEMPOTENCY_KEY", "k")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("idempotency key"));
}

#[test]
fn a_plan_of_shadows_is_applied_to_shadows() {
    let folder = project();
    run_all(&folder, &[]);
    let (before, state) = (folder.dump(), folder.state());
    let plan = folder.ok(&["plan", "--pipeline", "shop", "--model", "mrg", "--shadow"]);
    let run = folder.ok(&["apply", plan["plan_id"].as_str().unwrap()]);
    assert_eq!(run["shadow"], true);
    let sent: Vec<&Value> = run["materializations"][0]["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["sql"])
        .collect();
    let planned: Vec<&Value> = plan["statements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["sql"])
        .collect();
    assert_eq!(sent, planned);
    let after = folder.dump();
    assert_eq!(
        (after.0, after.1.into_keys().collect::<Vec<_>>()),
        (before.0, vec!["main.mrg_rocky_shadow".to_owned()])
    );
    assert_eq!(folder.state(), state);
}

#[test]
fn a_shadow_run_in_an_empty_project_leaves_no_state() {
    let folder = Folder::new(&[
        (
            "rocky.toml",
            "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n",
        ),
        ("models/a.sql", "SELECT 1 AS id"),
    ]);
    folder.ok(&["run", "--shadow"]);
    assert!(!folder.path().join(".rocky-state.redb").exists());
    let new = folder.ok(&["compare"]);
    assert_eq!(
        (&new["overall_verdict"], &new["results"][0]["status"]),
        (&"warn".into(), &"new".into())
    );
}

/// The fenced blocks of the page: what stands behind the fence, and the text.
fn blocks() -> Vec<(String, String)> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/shadow.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut parts = text.split("```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (fence, body) = block.split_once('\n').unwrap();
        found.push((fence.to_owned(), body.to_owned()));
    }
    found
}

#[test]
fn the_page_is_true() {
    let folder = Folder::new(&[]);
    let mut ran = false;
    let mut last = String::new();
    let mut compared = 0;
    for (fence, body) in blocks() {
        match fence.split_once(' ') {
            Some((_, path)) => {
                // The first change of a file comes after a run.
                if folder.path().join(path).exists() && !ran {
                    folder.ok(&["run"]);
                    ran = true;
                }
                folder.write(path, &body);
            }
            None if fence == "sql" => {
                folder.sql(&body);
            }
            None if fence == "console" => {
                for line in body.lines() {
                    let words = line.trim_start_matches("$ rocky ");
                    let args: Vec<&str> = match words.split_once(" '") {
                        Some((before, quoted)) => {
                            before.split(' ').chain([quoted.trim_end_matches('\'')]).collect()
                        }
                        None => words.split(' ').collect(),
                    };
                    let (code, out, err) = folder.rocky(&[&args[..], &["-o", "table"]].concat());
                    assert_eq!(
                        code,
                        i32::from(args == ["compare"] || args.contains(&"--thresholds")),
                        "{line}\n{out}{err}"
                    );
                    last = out;
                }
            }
            None if fence == "text" => {
                let tidy = |t: &str| {
                    t.lines()
                        .map(str::trim_end)
                        .collect::<Vec<_>>()
                        .join("\n")
                        .trim_end()
                        .to_owned()
                };
                assert_eq!(tidy(&last), tidy(&body));
                compared += 1;
            }
            None => panic!("{fence}"),
        }
    }
    assert_eq!(compared, 1);
}
