//! The command line as a user or a script meets it: exit codes, one JSON document on stdout, clear errors for bad input.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const CONFIG: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn empty() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder::empty();
        folder.write("rocky.toml", CONFIG);
        files.iter().for_each(|(path, text)| folder.write(path, text));
        folder
    }
    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    fn rocky(&self, args: &[&str]) -> Output {
        rocky(self.0.path(), args)
    }
    /// Exit code and the one document on stdout.
    fn json(&self, args: &[&str]) -> (i32, Value) {
        let out = self.rocky(args);
        let text = String::from_utf8(out.stdout).unwrap();
        let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}"));
        (out.status.code().unwrap(), document)
    }
    /// Exit code and everything printed.
    fn text(&self, args: &[&str]) -> (i32, String) {
        let out = self.rocky(&[args, &["--output", "table"]].concat());
        let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
        (out.status.code().unwrap(), text)
    }
    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

fn rocky(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(args)
        .current_dir(dir)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn codes(document: &Value) -> Vec<&str> {
    document["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["code"].as_str().unwrap())
        .collect()
}

#[test]
fn the_version_is_what_clients_parse() {
    let out = rocky(Path::new("."), &["--version"]);
    assert_eq!(String::from_utf8(out.stdout).unwrap(), "rocky 2.0.0\n");
}

#[test]
fn global_flags_stand_before_or_after_the_command() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    for args in [
        vec![
            "-c",
            "rocky.toml",
            "--output",
            "json",
            "--state-path",
            "s.redb",
            "compile",
        ],
        vec![
            "compile",
            "-c",
            "rocky.toml",
            "-o",
            "json",
            "--state-path",
            "s.redb",
        ],
        vec!["--config", ".", "compile", "--output", "json"],
        vec!["compile"],
    ] {
        let (code, document) = folder.json(&args);
        assert_eq!(
            (code, document["command"].as_str(), document["models"].as_u64()),
            (0, Some("compile"), Some(1))
        );
        assert_eq!(document["version"], "2.0.0");
    }
    let (code, text) = folder.text(&["run", "--state-path", "elsewhere.redb"]);
    assert_eq!(code, 0, "{text}");
    assert!(folder.files().contains(&"elsewhere.redb".to_owned()));
    let (_, state) = folder.json(&["--state-path", "elsewhere.redb", "history"]);
    assert_eq!(state["count"], 1);
}

#[test]
fn the_playground_does_what_it_says() {
    let folder = Folder::empty();
    let (code, made) = folder.json(&["playground", "pg", "--template", "showcase"]);
    assert_eq!(code, 0);
    assert_eq!(made["tables"].as_array().unwrap().len(), 5);
    let dir = folder.0.path().join("pg");
    let inside = |args: &[&str]| -> (i32, Value) {
        let out = rocky(&dir, args);
        (
            out.status.code().unwrap(),
            serde_json::from_slice(&out.stdout).unwrap(),
        )
    };
    let (code, compiled) = inside(&["compile"]);
    assert_eq!((code, codes(&compiled)), (0, vec![]));
    for model in compiled["models_detail"].as_array().unwrap() {
        assert_eq!(model["columns_complete"], true, "{model}");
        for column in model["columns"].as_array().unwrap() {
            assert_ne!(column["type"], "UNKNOWN", "{model}");
        }
    }
    let (code, plan) = inside(&["plan"]);
    assert_eq!(code, 0);
    assert!(!plan["plan_id"].as_str().unwrap().is_empty());
    for _ in 0..2 {
        let (code, run) = inside(&["run", "--filter", "client=acme"]);
        assert_eq!(
            (code, run["status"].as_str(), run["filter"].as_str()),
            (0, Some("Success"), Some("client=acme"))
        );
        let statements = run["materializations"].as_array().unwrap();
        assert_eq!(statements.len(), 13);
    }
    let (code, trace) = inside(&["lineage", "customer_value.lifetime_value"]);
    assert_eq!(code, 0);
    assert!(trace["trace"].as_array().unwrap().len() >= 4, "{trace}");
    let (code, test) = inside(&["test"]);
    assert_eq!(
        (code, &test["total"], &test["passed"], &test["failed"]),
        (0, &14.into(), &14.into(), &0.into()),
        "{test}"
    );
    assert_eq!(inside(&["validate"]).1["valid"], true);
    assert_eq!(
        inside(&["discover"]).1["sources"].as_array().unwrap().len(),
        1,
        "what the models make is no source"
    );
    assert_eq!(inside(&["history"]).1["count"], 2);
    assert_eq!(inside(&["state"]).1["watermarks"].as_array().unwrap().len(), 1);
    let again = folder.json(&["playground", "pg"]);
    assert_eq!((again.0, again.1["error"]["code"].as_str()), (1, Some("io")));
}

#[test]
fn a_new_project_compiles_and_runs() {
    for template in ["duckdb", "databricks", "snowflake"] {
        let folder = Folder::empty();
        assert_eq!(folder.json(&["init", "--template", template]).0, 0);
        let (code, compiled) = folder.json(&["compile"]);
        assert_eq!((code, codes(&compiled)), (0, vec![]), "{template}");
        let again = folder.json(&["init"]);
        assert_eq!((again.0, again.1["error"]["code"].as_str()), (1, Some("io")));
        if template == "duckdb" {
            assert_eq!(folder.json(&["run"]).1["status"], "Success");
        } else {
            let (code, refused) = folder.json(&["run"]);
            assert_eq!(
                (code, refused["error"]["code"].as_str()),
                (1, Some("unsupported"))
            );
        }
    }
}

#[test]
fn errors_are_documents_too() {
    let folder = Folder::empty();
    for args in [&["compile"], &["run"], &["validate"], &["state"], &["plan"]] {
        let (code, document) = folder.json(args);
        assert_eq!(
            (code, document["error"]["code"].as_str()),
            (1, Some("not_found")),
            "{args:?}"
        );
        assert!(
            document["error"]["remediation_hint"]
                .as_str()
                .unwrap()
                .contains("rocky init")
        );
    }
    assert!(folder.files().is_empty(), "nothing was made");
    let folder = Folder::new(&[("models/orders.sql", "SELECT 1 AS amount")]);
    let (code, document) = folder.json(&["lineage", "ordres"]);
    assert_eq!(
        (code, &document["error"]["remediation_hint"]),
        (2, &"did you mean `orders`?".into())
    );
    let (code, document) = folder.json(&["lineage", "orders.amout"]);
    assert_eq!(
        (code, &document["error"]["remediation_hint"]),
        (2, &"did you mean `amount`?".into())
    );
    assert_eq!(folder.json(&["compile", "--var", "x"]).0, 2);
    assert_eq!(folder.json(&["explain", "E10O"]).1["error"]["code"], "usage");
    let usage = folder.rocky(&["compile", "--nope"]);
    assert_eq!((usage.status.code(), usage.stdout.is_empty()), (Some(2), true));
}

#[test]
fn bad_files_are_named_and_change_nothing() {
    let deep = format!("SELECT {}1{} AS x", "(".repeat(10_000), ")".repeat(10_000));
    let cases: [(&str, &[u8], &str); 7] = [
        ("two.sql", b"SELECT 1 AS x; SELECT 2 AS y", "E410"),
        ("ddl.sql", b"CREATE TABLE x (i INTEGER)", "E411"),
        ("empty.sql", b"-- nothing\n", "E413"),
        ("latin1.sql", b"SELECT 'caf\xe9' AS x", "E409"),
        ("deep.sql", deep.as_bytes(), "E412"),
        ("deep.rocky", b"from x\nderive { a: 1 +  }", "E401"),
        ("syntax.sql", b"SELECT a b c FROM t", "E400"),
    ];
    for (name, text, code) in cases {
        let folder = Folder::new(&[("models/fine.sql", "SELECT 1 AS x")]);
        folder.write(&format!("models/{name}"), text);
        let (exit, document) = folder.json(&["compile"]);
        assert_eq!(exit, 1, "{name}");
        assert_eq!(codes(&document), [code], "{name}: {document}");
        let span = &document["diagnostics"][0]["span"];
        assert_eq!(span["file"], format!("models/{name}"));
        let (exit, run) = folder.json(&["run"]);
        assert_eq!((exit, run["has_errors"].as_bool()), (1, Some(true)));
        assert!(
            !folder.files().contains(&"w.duckdb".to_owned()),
            "{name}: {:?}",
            folder.files()
        );
    }
}

#[test]
fn a_dangling_link_is_a_finding_of_one_model() {
    let folder = Folder::new(&[("models/fine.sql", "SELECT 1 AS x")]);
    std::os::unix::fs::symlink("/nonexistent/x.sql", folder.0.path().join("models/link.sql")).unwrap();
    let (code, document) = folder.json(&["compile"]);
    assert_eq!((code, codes(&document)), (1, vec!["E408"]));
    // A link that leads back into the folder is walked once.
    std::fs::remove_file(folder.0.path().join("models/link.sql")).unwrap();
    std::os::unix::fs::symlink("..", folder.0.path().join("models/up")).unwrap();
    let (code, document) = folder.json(&["compile"]);
    assert_eq!((code, &document["models"]), (0, &1.into()), "{document}");
}

#[test]
fn a_large_file_compiles() {
    let columns: Vec<String> = (0..180_000)
        .map(|i| format!("{i} AS column_number_{i}"))
        .collect();
    let text = format!("SELECT {}", columns.join(", "));
    assert!(text.len() > 5_000_000);
    let folder = Folder::new(&[("models/big.sql", &text)]);
    let out = folder.rocky(&["compile"]);
    assert!(out.status.success());
}

#[test]
fn a_state_file_that_is_not_ours_is_left_alone() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    folder.write(".rocky-state.redb", "garbage");
    for args in [&["run"], &["state"], &["history"]] {
        let (code, document) = folder.json(args);
        assert_eq!(
            (code, document["error"]["code"].as_str()),
            (1, Some("state")),
            "{args:?}"
        );
    }
    assert_eq!(
        std::fs::read(folder.0.path().join(".rocky-state.redb")).unwrap(),
        b"garbage"
    );
    assert!(!folder.files().contains(&"w.duckdb".to_owned()));
}

#[test]
fn files_are_described_without_a_database_and_from_any_folder() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT n + 1 AS m FROM 'data/x.csv'"),
        ("data/x.csv", "n\n1\n"),
    ]);
    let elsewhere = Folder::empty();
    let config = folder.0.path().join("rocky.toml").display().to_string();
    let asked = rocky(
        elsewhere.0.path(),
        &["--config", &config, "compile", "--output", "json"],
    );
    let document: Value = serde_json::from_slice(&asked.stdout).unwrap();
    assert_eq!(codes(&document), Vec::<&str>::new(), "{document}");
    let model = &document["models_detail"][0];
    assert_eq!(model["columns"][0]["type"], "BIGINT");
    assert_eq!(model["sources"], serde_json::json!(["'data/x.csv'"]));
    let run = rocky(
        elsewhere.0.path(),
        &["--config", &config, "run", "--output", "json"],
    );
    assert_eq!(
        run.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&run.stdout)
    );
    folder.write("data/x.csv", "n\n1.5\n");
    let (_, document) = folder.json(&["compile", "--refresh-sources", "never"]);
    assert_eq!(codes(&document), ["W104"]);
    let (_, document) = folder.json(&["compile"]);
    assert_eq!(document["models_detail"][0]["columns"][0]["type"], "DOUBLE");
    std::fs::remove_file(folder.0.path().join("data/x.csv")).unwrap();
    let (code, document) = folder.json(&["compile"]);
    assert_eq!((code, codes(&document)), (1, vec!["E231"]));
}

#[test]
fn a_locked_database_is_a_warning_to_compile_and_an_error_to_run() {
    if std::env::var_os("ROCKY_TEST_HOLD").is_some() {
        return;
    }
    let folder = Folder::new(&[("models/a.sql", "SELECT x FROM t")]);
    // Another process: this test binary, told to hold the file.
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "holds_a_database", "--nocapture"])
        .env("ROCKY_TEST_HOLD", folder.0.path().join("w.duckdb"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(holder.stdout.take().unwrap()));
    assert!(lines.any(|l| l.unwrap().contains("holding")));
    let (code, document) = folder.json(&["compile"]);
    assert_eq!((code, codes(&document)), (0, vec!["W409", "W101"]), "{document}");
    let (code, document) = folder.json(&["run"]);
    assert_eq!(
        (code, document["error"]["code"].as_str()),
        (1, Some("locked")),
        "{document}"
    );
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains(&holder.id().to_string()),
        "names the process"
    );
    drop(holder.stdin.take());
    holder.wait().unwrap();
    let (code, document) = folder.json(&["compile"]);
    assert_eq!((code, codes(&document)), (0, vec![]), "{document}");
}

/// The other process of the test above; does nothing by itself.
#[test]
fn holds_a_database() {
    use rocky_warehouse::Warehouse;
    let Some(path) = std::env::var_os("ROCKY_TEST_HOLD") else {
        return;
    };
    let cancel = rocky_base::CancelToken::new();
    let options = rocky_adapter_duckdb::OpenOptions::default();
    let db = rocky_adapter_duckdb::DuckDb::open(Some(Path::new(&path)), &options, &cancel).unwrap();
    db.connect()
        .unwrap()
        .execute("CREATE TABLE t AS SELECT 1 AS x", &cancel)
        .unwrap();
    println!("holding");
    let mut rest = String::new();
    std::io::stdin().read_line(&mut rest).unwrap();
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    // A file system that takes no files, whoever asks.
    let (code, document) = folder.json(&["run", "--state-path", "/proc/rocky/state.redb"]);
    assert_eq!(
        (code, document["error"]["code"].as_str()),
        (1, Some("state")),
        "{document}"
    );
    folder.write("rocky.toml", CONFIG.replace("w.duckdb", "/proc/w.duckdb"));
    let (code, document) = folder.json(&["run"]);
    assert_eq!(code, 1, "{document}");
    assert!(
        document["error"]["message"]
            .as_str()
            .unwrap()
            .contains("/proc/w.duckdb"),
        "{document}"
    );
}

#[test]
fn diagnostics_point_at_the_characters() {
    let folder = Folder::new(&[
        ("models/orders.sql", "SELECT 1 AS id, 2.5 AS amount"),
        ("models/bad.sql", "SELECT id,\n  amout\nFROM orders"),
    ]);
    let (code, text) = folder.text(&["compile"]);
    assert_eq!(code, 1);
    for part in [
        "error[E100]",
        "models/bad.sql:2:3",
        "did you mean `amount`?",
        "^^^^^",
    ] {
        assert!(text.contains(part), "{part} not in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "no colour outside of a terminal");
    let coloured = folder.rocky(&["compile", "-o", "table", "--color", "always"]);
    assert!(String::from_utf8(coloured.stdout).unwrap().contains('\u{1b}'));
}

#[test]
fn a_failing_model_gives_a_document_and_exit_code_2() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        ("models/b.sql", "SELECT error('no') AS x FROM a"),
        ("models/c.sql", "SELECT x FROM b"),
    ]);
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, run["status"].as_str()), (2, Some("PartialFailure")));
    assert_eq!(
        (
            &run["tables_copied"],
            &run["tables_failed"],
            &run["tables_skipped"]
        ),
        (&1.into(), &1.into(), &1.into())
    );
    let folder = Folder::new(&[("models/b.sql", "SELECT error('no') AS x")]);
    assert_eq!(folder.json(&["run"]).0, 1);
}

#[test]
fn interrupting_a_run_ends_with_130_and_a_document() {
    let folder = Folder::new(&[(
        "models/a.sql",
        "SELECT count(*) AS n FROM range(1000000000000) t(i) WHERE hash(i) % 7 = 3",
    )]);
    let child = Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(["run"])
        .current_dir(folder.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It is in the history when it begins; by then Ctrl-C is listened to.
    let begun = || {
        folder.files().contains(&".rocky-state.redb".to_owned()) && folder.json(&["history"]).1["count"] == 1
    };
    let end = std::time::Instant::now() + std::time::Duration::from_secs(120);
    while !begun() {
        assert!(std::time::Instant::now() < end, "the run did not begin");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let out = child.wait_with_output().unwrap();
    let document: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(
        (out.status.code(), document["interrupted"].as_bool()),
        (Some(130), Some(true))
    );
}

#[test]
fn a_locked_project_needs_no_database_and_drift_fails_the_check() {
    let folder = Folder::empty();
    assert_eq!(folder.rocky(&["playground", "."]).status.code(), Some(0));
    let (code, missing) = folder.json(&["discover", "--check", "-o", "json"]);
    assert_eq!(code, 1, "{missing}");
    assert!(
        missing["error"]["message"]
            .as_str()
            .unwrap()
            .contains("schema.lock")
    );
    let (code, written) = folder.json(&["discover", "--write-lock", "-o", "json"]);
    assert_eq!((code, &written["lock"]["written"]), (0, &Value::Bool(true)));
    let (code, text) = folder.text(&["discover", "--check"]);
    assert_eq!(code, 0);
    assert!(text.contains("agrees with the warehouse"), "{text}");

    std::fs::remove_dir_all(folder.0.path().join(".rocky")).unwrap();
    let database = folder.0.path().join("playground.duckdb");
    std::fs::rename(&database, folder.0.path().join("away")).unwrap();
    let (code, document) = folder.json(&["compile", "--locked", "--min-coverage", "100", "-o", "json"]);
    assert_eq!((code, codes(&document)), (0, vec![]));
    assert_eq!(document["coverage"]["ratio"], 1.0);
    let (_, text) = folder.text(&["compile", "--locked"]);
    assert!(
        text.contains("columns: ") && text.contains("proven (100 %)"),
        "{text}"
    );
    std::fs::rename(folder.0.path().join("away"), &database).unwrap();

    let lock = folder.0.path().join("schema.lock");
    let edited = std::fs::read_to_string(&lock)
        .unwrap()
        .replacen("BIGINT", "INTEGER", 1);
    std::fs::write(&lock, edited).unwrap();
    let (code, text) = folder.text(&["discover", "--check"]);
    assert_eq!(code, 1);
    assert!(text.contains("id is BIGINT, was INTEGER (safe)"), "{text}");
    assert!(text.contains("reaches stg_customers: customer_id"), "{text}");

    std::fs::remove_file(&lock).unwrap();
    let (code, document) = folder.json(&["compile", "--locked", "-o", "json"]);
    assert_eq!(code, 1);
    assert!(codes(&document).contains(&"E422"), "{document}");
    for (wrong, code) in [
        (&["compile", "--locked", "--refresh-sources", "always"][..], 2),
        (&["compile", "--min-coverage", "101"], 2),
        (&["discover", "--check", "--write-lock"], 2),
    ] {
        assert_eq!(folder.rocky(wrong).status.code(), Some(code), "{wrong:?}");
    }
}

#[test]
fn a_difference_is_shown_and_fails_when_asked() {
    let config = format!(
        "{CONFIG}[[sources]]\nschema = \"raw\"\ntable = \"o\"\ncolumns = [{{name=\"id\", type=\"BIGINT\"}}, {{name=\"x\", type=\"INTEGER\"}}]\n"
    );
    let project = |text: &str| {
        let folder = Folder::new(&[
            ("models/a.sql", text),
            ("models/b.sql", "SELECT x FROM a WHERE id > 1"),
        ]);
        folder.write("rocky.toml", &config);
        folder
    };
    let (before, now) = (
        project("SELECT id, x FROM raw.o"),
        project("SELECT id::INTEGER AS id, x FROM raw.o"),
    );
    let old = before.0.path().display().to_string();
    let (code, text) = now.text(&["diff", "--against", &old]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("id  narrowed BIGINT → INTEGER"), "{text}");
    assert!(text.contains("rows may differ: filtered by a.id"), "{text}");
    assert_eq!(
        now.text(&["diff", "--against", &old, "--fail-on", "breaking"]).0,
        1
    );
    let (code, document) = now.json(&["diff", "--against", &old, "--fail-on", "any"]);
    assert_eq!((code, &document["command"]), (1, &Value::from("diff")));
    assert_eq!(document["breaking"][0]["kind"], "narrowed");
    let out = now.rocky(&["diff", "--against", &old, "--format", "markdown"]);
    let markdown = String::from_utf8(out.stdout).unwrap();
    assert!(
        markdown.starts_with("### rocky: **1 breaking change**"),
        "{markdown}"
    );
    // The same text, written otherwise: nothing fails.
    let same = project("select ID, o.X -- both\nfrom raw.o as o");
    let (code, text) = same.text(&["diff", "--against", &old, "--fail-on", "any"]);
    assert!(
        code == 0 && text.contains("edited without effect, which is proved: a"),
        "{text}"
    );
    // Neither a folder nor a repository.
    let (code, text) = now.text(&["diff"]);
    assert!(code == 1 && text.contains("not in a git work tree"), "{text}");
    let (code, text) = now.text(&["diff", "--against=-x"]);
    assert!(code == 2 && text.contains("begins with `-`"), "{text}");
}

#[test]
fn edits_are_tried_without_being_saved() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS id, 'x' AS name"),
        ("models/b.sql", "SELECT id FROM a"),
        ("new.sql", "SELECT 'x' AS name"),
        ("latin.sql", "SELECT 1"),
    ]);
    folder.write("latin.sql", b"SELECT '\xe9' AS id");
    let (code, text) = folder.text(&["what-if", "--edit", "models/a.sql=new.sql", "--show-plan"]);
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("- id  removed INTEGER") && text.contains("column `id` not found"),
        "{text}"
    );
    assert!(text.contains("SELECT 'x' AS name"), "{text}");
    let (code, document) = folder.json(&["what-if", "--remove", "models/b.sql"]);
    assert_eq!(
        (code, &document["summary"]["models_removed"]),
        (0, &Value::from(1))
    );
    assert_eq!(folder.json(&["compile"]).1["has_errors"], false);
    for (args, ends, says) in [
        (&["what-if"][..], 2, "nothing is different"),
        (&["what-if", "--edit", "models/a.sql"], 2, "names no file"),
        (
            &["what-if", "--edit", "models/a.sql=missing.sql"],
            1,
            "no such file",
        ),
        (&["what-if", "--edit", "models/a.sql=latin.sql"], 2, "not UTF-8"),
        (&["what-if", "--edit", "../a.sql=new.sql"], 2, "leads out"),
        (&["what-if", "--remove", "models/zz.sql"], 1, "does not exist"),
        (
            &["what-if", "--source", "raw.o=new.sql"],
            2,
            "not a list of columns",
        ),
    ] {
        let (code, text) = folder.text(args);
        assert!(code == ends && text.contains(says), "{args:?}: {code} {text}");
    }
}

#[test]
fn graphs_are_escaped() {
    let folder = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS x"),
        ("models/we\"ird.sql", "SELECT x AS \"co\"\"l\" FROM a"),
    ]);
    let out = folder.rocky(&["lineage", "we\"ird", "--format", "dot"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        text.starts_with("digraph") && text.contains(r#""we\"ird.co\"l""#),
        "{text}"
    );
}

#[test]
fn completions_and_explanations_are_there() {
    let folder = Folder::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let out = folder.rocky(&["completions", shell]);
        assert!(out.status.success() && String::from_utf8(out.stdout).unwrap().contains("lineage"));
    }
    let (code, text) = folder.text(&["explain", "e100"]);
    assert!(code == 0 && text.starts_with("E100"), "{text}");
    for command in [
        "compile",
        "plan",
        "run",
        "lineage",
        "discover",
        "history",
        "test",
        "init",
        "playground",
        "explain",
    ] {
        let (code, text) = folder.text(&[command, "--help"]);
        assert!(code == 0 && text.contains("Usage"), "{command}: {text}");
    }
}

/// What people see, kept as files under `tests/snapshots`; `ROCKY_UPDATE=1` rewrites them.
#[test]
fn what_is_printed_is_as_it_was() {
    let folder = Folder::new(&[
        (
            "models/staging/orders.sql",
            "SELECT id, customer, amount::DECIMAL(10,2) AS amount\nFROM raw.orders",
        ),
        (
            "models/staging/_defaults.toml",
            "[target]\nschema = \"staging\"\n[strategy]\ntype = \"view\"\n",
        ),
        (
            "models/totals.rocky",
            "from orders\ngroup customer { total: sum(amount) }\nwhere total > 100\n",
        ),
        (
            "models/totals.toml",
            "[strategy]\ntype = \"merge\"\nunique_key = [\"customer\"]\n",
        ),
        (
            "data/seed.sql",
            "CREATE SCHEMA raw; CREATE TABLE raw.orders AS SELECT 1 AS id, 'a' AS customer, 200 AS amount;",
        ),
    ]);
    let columns = r#"[{name="id", type="BIGINT", nullable=false}, {name="customer", type="VARCHAR"}, {name="amount", type="DOUBLE"}]"#;
    folder.write(
        "rocky.toml",
        format!("{CONFIG}\n[[sources]]\nschema = \"raw\"\ntable = \"orders\"\ncolumns = {columns}\n"),
    );
    let broken = Folder::new(&[
        ("models/a.sql", "SELECT 1 AS id, 'x' AS name\n"),
        (
            "models/b.sql",
            "SELECT id,\n       nmae,\n       upper(id, 2) AS u,\n       total\nFROM a\nWHERE nope.id = 1\n",
        ),
        ("models/c.rocky", "from a\nwhere id = 1\nderive { y: id + }\n"),
        ("models/d.sql", "SELECT id FROM e\n"),
        ("models/e.sql", "SELECT id FROM d\n"),
        ("models/f.toml", "x = 1\n"),
    ]);
    let cases: [(&str, &Folder, &[&str]); 12] = [
        ("compile", &folder, &["compile"]),
        (
            "compile_json",
            &folder,
            &["compile", "--model", "totals", "-o", "json"],
        ),
        ("compile_errors", &broken, &["compile"]),
        (
            "expand",
            &folder,
            &["compile", "--model", "totals", "--expand-macros"],
        ),
        ("plan", &folder, &["plan"]),
        ("lineage_model", &folder, &["lineage", "totals"]),
        ("lineage_column", &folder, &["lineage", "totals.total"]),
        ("lineage_dot", &folder, &["lineage", "totals", "--format", "dot"]),
        ("validate", &folder, &["validate"]),
        ("test", &folder, &["test"]),
        ("help", &folder, &["--help"]),
        ("help_run", &folder, &["run", "--help"]),
    ];
    let mut different = Vec::new();
    for (name, folder, args) in cases {
        let mut args = args.to_vec();
        if !args.contains(&"-o") && !args.contains(&"--help") {
            args.extend(["-o", "table"]);
        }
        let out = folder.rocky(&args);
        let text = String::from_utf8(out.stdout).unwrap() + &String::from_utf8(out.stderr).unwrap();
        let text = format!(
            "$ rocky {}\n{}exit code {}\n",
            args.join(" "),
            steady(&text),
            out.status.code().unwrap()
        );
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/snapshots/{name}.txt"));
        if std::env::var_os("ROCKY_UPDATE").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        if std::fs::read_to_string(&path).ok().as_deref() != Some(&text) {
            different.push(format!("{name}:\n{text}"));
        }
    }
    assert!(
        different.is_empty(),
        "ROCKY_UPDATE=1 rewrites them:\n{}",
        different.join("\n")
    );
}

/// The text without what differs from run to run: durations and hashes.
fn steady(text: &str) -> String {
    let word = |word: &str| -> String {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let hash = word.len() == 16
            && word.bytes().all(|b| b.is_ascii_hexdigit())
            && word.bytes().any(|b| b.is_ascii_digit());
        if hash {
            "HASH".to_owned()
        } else if digits(word) && word.len() > 15 {
            "N".to_owned()
        } else {
            word.to_owned()
        }
    };
    let mut out = String::new();
    for line in text.lines() {
        let mut line = match line.find("compiled in ") {
            Some(at) => {
                let (head, tail) = line.split_at(at);
                let rest = tail.split_once(": ").map_or("", |(_, rest)| rest);
                format!("{head}compiled in TIME: {rest}")
            }
            None => line.to_owned(),
        };
        if let Some((head, _)) = line.split_once(" in ").filter(|_| line.starts_with("ok ")) {
            line = format!("{head} in TIME");
        }
        if line.contains("_ms\":") {
            line = format!("{}: 0", line.split(':').next().unwrap());
        }
        let words: Vec<String> = line
            .split_inclusive(|c: char| !c.is_ascii_alphanumeric())
            .map(|piece| {
                let end = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                word(end) + &piece[end.len()..]
            })
            .collect();
        out += &words.concat();
        out.push('\n');
    }
    out
}

#[test]
fn the_compile_cache_is_where_it_is_said_or_nowhere() {
    for (args, place) in [
        (&["compile"][..], Some(".rocky/cache")),
        (&["compile", "--cache-dir", "elsewhere"], Some("elsewhere")),
        (&["--no-cache", "compile"], None),
    ] {
        let folder = Folder::new(&[
            ("models/a.sql", "SELECT 1 AS x"),
            ("models/b.sql", "SELECT x FROM a"),
        ]);
        let n_files = |place: &str| {
            let dir = std::fs::read_dir(folder.0.path().join(place));
            dir.map_or(0, |entries| entries.count())
        };
        for turn in 0..2 {
            let (code, document) = folder.json(args);
            assert_eq!(code, 0, "{document}");
            let parsed = if turn == 1 && place.is_some() { 0 } else { 2 };
            assert_eq!(
                document["compile_timings"]["models_parsed"], parsed,
                "{args:?}, {turn}"
            );
        }
        for dir in [".rocky/cache", "elsewhere"] {
            assert_eq!(n_files(dir), usize::from(place == Some(dir)), "{args:?}: {dir}");
        }
    }
    // A folder that cannot be written means no cache, and is no error.
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x"), ("file", "")]);
    let (code, _) = folder.json(&["compile", "--cache-dir", "file/below"]);
    assert_eq!(code, 0);
    let (code, text) = folder.text(&["compile", "--no-cache", "--cache-dir", "x"]);
    assert!(code == 2 && text.contains("cannot be used with"), "{text}");
}

#[test]
fn a_request_that_makes_no_sense_ends_with_2_and_a_failure_with_1() {
    let folder = Folder::new(&[("models/a.sql", "SELECT 1 AS x")]);
    for wrong in [
        &["compile", "--var", "x"][..],
        &["compile", "--model", "none"],
        &["compile", "--locked", "--refresh-sources", "always"],
        &["compile", "--min-coverage", "101"],
        &["lineage", "none"],
        &["lineage", "a.none"],
        &["run", "--pipeline", "none"],
        &["what-if", "--edit", "../x=models/a.sql"],
        &["explain", "E9999"],
        &["no-such-command"],
        &["compile", "--no-such-flag"],
    ] {
        let (code, text) = folder.text(wrong);
        assert_eq!(code, 2, "{wrong:?}: {text}");
        let out = folder.rocky(&[wrong, &["-o", "json"]].concat());
        assert_eq!(out.status.code(), Some(2), "{wrong:?}");
    }
    for failed in [
        &["compile", "-c", "absent.toml"][..],
        &["diff", "--against", "no-such-folder"],
    ] {
        let (code, text) = folder.text(failed);
        assert_eq!(code, 1, "{failed:?}: {text}");
    }
}
