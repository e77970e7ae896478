//! Files as sources through the whole engine, on files that DuckDB wrote: what compile says of their columns, what is
//! remembered and when it is forgotten, lineage, and a run that reads what compile described.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::compile::{CompileRequest, CompileResponse, RefreshSources};
use rocky_core::verbs::lineage::LineageRequest;
use rocky_core::verbs::run::RunRequest;
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::path::Path;

struct Folder {
    dir: tempfile::TempDir,
}

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

impl Folder {
    fn new(models: &[(&str, &str)]) -> Folder {
        let folder = Folder {
            dir: tempfile::tempdir().unwrap(),
        };
        folder.write("rocky.toml", CONFIG);
        for (name, sql) in models {
            folder.write(&format!("models/{name}.sql"), sql);
        }
        std::fs::create_dir_all(folder.path().join("data")).unwrap();
        folder
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Let DuckDB write a file.
    fn copy(&self, query: &str, path: &str) {
        let cancel = CancelToken::new();
        let db = DuckDb::open(None, &OpenOptions::default(), &cancel).unwrap();
        let to = self.path().join(path).display().to_string();
        db.connect()
            .unwrap()
            .execute(&format!("COPY ({query}) TO '{to}'"), &cancel)
            .unwrap();
    }

    /// A new process, as far as memory goes.
    fn open(&self) -> Project {
        let engine = Engine::new(&EngineOptions { threads: Some(1) }).unwrap();
        let request = OpenRequest {
            config: Some(self.path().display().to_string()),
            ..OpenRequest::default()
        };
        Project::open(&engine, &request, Host::default()).unwrap()
    }

    fn compile(&self, refresh: RefreshSources) -> CompileResponse {
        compile(&self.open(), refresh)
    }
}

fn compile(project: &Project, refresh_sources: RefreshSources) -> CompileResponse {
    let request = CompileRequest {
        refresh_sources,
        ..CompileRequest::default()
    };
    project
        .compile(&request, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

/// `name type, name type` of a model.
fn columns(response: &CompileResponse, model: &str) -> String {
    let model = response.models_detail.iter().find(|m| m.name == model).unwrap();
    let list: Vec<String> = model
        .columns
        .iter()
        .map(|c| format!("{} {}", c.name, c.r#type))
        .collect();
    list.join(", ")
}

/// `CODE message` of all findings.
fn findings(response: &CompileResponse) -> Vec<String> {
    response
        .diagnostics
        .iter()
        .map(|d| format!("{} {}", d.code, d.message))
        .collect()
}

use RefreshSources::{Always, Missing, Never};

#[test]
fn files_of_every_kind_are_described_as_they_are_read() {
    let folder = Folder::new(&[
        ("a_csv", "select * from 'data/x.csv'"),
        (
            "b_options",
            "select * from read_csv('data/x.csv', all_varchar = true, filename := true)",
        ),
        (
            "c_columns",
            "select * from read_csv('data/x.csv', columns = {'p': 'DATE', 'q': 'VARCHAR'})",
        ),
        (
            "d_parquet",
            "select x.b, t.a from 'data/x.y.parquet' join read_parquet(['data/x.y.parquet']) t on x.a = t.a",
        ),
        ("e_json", "select s.k, list from read_json('data/x.json')"),
        ("f_glob", "select \"data/*.csv\".a from 'data/*.csv'"),
        (
            "g_alias",
            "select read_csv.a, p from read_csv('data/x.csv'), 'data/x.csv' as t(p, q)",
        ),
        ("h_fixed", "select filename, size from read_text('data/x.csv')"),
        (
            "i_schema",
            "select name, type from parquet_schema('data/x.y.parquet')",
        ),
    ]);
    folder.copy("select 1 as a, 'one' as b", "data/x.csv");
    folder.copy(
        "select 1::decimal(9,2) as a, [date '2020-01-01'] as b",
        "data/x.y.parquet",
    );
    folder.copy("select {'k': 1.5} as s, [1, 2] as list", "data/x.json");
    let compiled = folder.compile(Missing);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    assert_eq!(columns(&compiled, "a_csv"), "a BIGINT, b VARCHAR");
    assert_eq!(
        columns(&compiled, "b_options"),
        "a VARCHAR, b VARCHAR, filename VARCHAR"
    );
    assert_eq!(columns(&compiled, "c_columns"), "p DATE, q VARCHAR");
    assert_eq!(columns(&compiled, "d_parquet"), "b DATE[], a DECIMAL(9,2)");
    assert_eq!(columns(&compiled, "e_json"), "k DOUBLE, list BIGINT[]");
    assert_eq!(columns(&compiled, "f_glob"), "a BIGINT");
    assert_eq!(columns(&compiled, "g_alias"), "a BIGINT, p BIGINT");
    assert_eq!(columns(&compiled, "h_fixed"), "filename VARCHAR, size BIGINT");
    assert_eq!(columns(&compiled, "i_schema"), "name VARCHAR, type VARCHAR");
    let model = compiled
        .models_detail
        .iter()
        .find(|m| m.name == "d_parquet")
        .unwrap();
    assert_eq!(
        model.sources,
        ["'data/x.y.parquet'", "read_parquet(['data/x.y.parquet'])"]
    );
    // Nothing was made but what is remembered.
    assert!(!folder.path().join("w.duckdb").exists());
}

#[test]
fn what_was_described_holds_until_a_file_changes() {
    let folder = Folder::new(&[
        ("one", "select * from 'data/x.csv'"),
        (
            "many",
            "select * from read_csv('data/part*.csv', union_by_name = true)",
        ),
    ]);
    folder.write("data/x.csv", "a\n1\n");
    folder.write("data/part1.csv", "a\n1\n");
    let unknown = folder.compile(Never);
    assert_eq!(
        findings(&unknown),
        [
            "W104 nothing is known of the columns of read_csv('data/part*.csv', union_by_name = true)",
            "W104 nothing is known of the columns of 'data/x.csv'"
        ]
    );
    folder.compile(Missing);
    let known = folder.compile(Never);
    assert_eq!(findings(&known), Vec::<String>::new());
    assert_eq!(
        (columns(&known, "one"), columns(&known, "many")),
        ("a BIGINT".to_owned(), "a BIGINT".to_owned())
    );
    // One more file behind the pattern, another text in the file.
    folder.write("data/part2.csv", "b\nx\n");
    folder.write("data/x.csv", "a,c\nx,2020-01-01\n");
    assert_eq!(findings(&folder.compile(Never)).len(), 2);
    let known = folder.compile(Missing);
    assert_eq!(columns(&known, "one"), "a VARCHAR, c DATE");
    assert_eq!(columns(&known, "many"), "a BIGINT, b VARCHAR");
    // A file that is no part of the pattern changes nothing.
    folder.write("data/other.csv", "b\nx\n");
    assert_eq!(findings(&folder.compile(Never)), Vec::<String>::new());
}

#[test]
fn one_handle_sees_a_file_come_change_and_go() {
    let folder = Folder::new(&[("one", "select * from 'data/x.csv'")]);
    let project = folder.open();
    let gone = ["E231 'data/x.csv' cannot be read: there is no file `data/x.csv`"];
    assert_eq!(findings(&compile(&project, Always)), gone);
    folder.write("data/x.csv", "a\n1\n");
    assert_eq!(columns(&compile(&project, Missing), "one"), "a BIGINT");
    folder.write("data/x.csv", "a\n1.5\n");
    assert_eq!(columns(&compile(&project, Missing), "one"), "a DOUBLE");
    std::fs::remove_file(folder.path().join("data/x.csv")).unwrap();
    assert_eq!(findings(&compile(&project, Missing)), gone);
    // Not asked: nothing is proved.
    assert_eq!(
        findings(&folder.compile(Never)),
        ["W104 nothing is known of the columns of 'data/x.csv'"]
    );
}

#[test]
fn what_cannot_be_read_is_said_once_and_at_its_place() {
    let folder = Folder::new(&[
        ("a", "select *\nfrom read_csv('data/none*.csv')"),
        ("b", "select * from read_csv('data/x.csv', heder = true)"),
        ("c", "select * from read_parquet('data/x.csv')"),
        ("d", "select zz from 'data/x.csv'"),
        ("e", "select size from read_text('data/no.txt')"),
        ("f", "select * from read_csv(getvariable('path'))"),
        (
            "g",
            "select n.file from glob('data/none*.csv') as n, glob('data/none.csv') as m",
        ),
    ]);
    folder.write("data/x.csv", "a\n1\n");
    let compiled = folder.compile(Missing);
    let found = findings(&compiled);
    assert_eq!(found.len(), 5, "{found:#?}");
    assert_eq!(
        found[0],
        "E231 read_csv('data/none*.csv') cannot be read: no file matches `data/none*.csv`"
    );
    assert_eq!(
        found[1],
        "E230 `read_csv` has no argument `heder`; did you mean `header`?"
    );
    assert!(
        found[2].starts_with("E231 read_parquet('data/x.csv') cannot be read: "),
        "{}",
        found[2]
    );
    assert!(
        found[3].starts_with("E100 column `zz` not found in `x`"),
        "{}",
        found[3]
    );
    assert_eq!(
        found[4],
        "E231 read_text('data/no.txt') cannot be read: there is no file `data/no.txt`"
    );
    let first = &compiled.diagnostics[0];
    assert_eq!(first.model, "a");
    assert_eq!(first.span.as_ref().map(|s| (s.line, s.col)), Some((2, 6)));
}

#[test]
fn a_run_reads_the_files_that_compile_described() {
    let folder = Folder::new(&[
        ("stage", "select a, b from read_csv('data/x.csv')"),
        ("total", "select sum(a) as total, count(*) as n from stage"),
        ("every", "select count(*) as n from 'data/*.csv'"),
    ]);
    folder.write("models/every.toml", "[strategy]\ntype = \"view\"\n");
    folder.write("data/x.csv", "a,b\n1,x\n2,y\n");
    let project = folder.open();
    let cancel = CancelToken::new();
    let run = project
        .run(&RunRequest::default(), &mut NoObserver, &cancel)
        .unwrap();
    assert_eq!(run.status, "Success", "{:?}", run.errors);
    let compiled = compile(&project, Never);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    assert_eq!(columns(&compiled, "total"), "total HUGEINT, n BIGINT");
    drop(project);
    let options = OpenOptions {
        files: Some(folder.path().to_path_buf()),
        ..OpenOptions::default()
    };
    let db = DuckDb::open(Some(&folder.path().join("w.duckdb")), &options, &cancel).unwrap();
    let rows = db
        .connect()
        .unwrap()
        .query(
            "SELECT total::INTEGER, total.n, every.n FROM total, every",
            10,
            &cancel,
        )
        .unwrap();
    let cells: Vec<Option<String>> = rows.rows[0].iter().map(|c| c.to_text()).collect();
    assert_eq!(cells, ["3", "2", "2"].map(|c| Some(c.to_owned())));
}

#[test]
fn lineage_ends_in_the_file() {
    let folder = Folder::new(&[
        (
            "stage",
            "select a + 1 as up, b from read_csv('data/x.csv') where b <> ''",
        ),
        ("last", "select up from stage"),
    ]);
    folder.write("data/x.csv", "a,b\n1,x\n");
    let request = LineageRequest {
        target: "last.up".into(),
        refresh_sources: Missing,
        ..LineageRequest::default()
    };
    let project = folder.open();
    let text = project
        .call(
            "lineage",
            &serde_json::to_string(&request).unwrap(),
            &mut NoObserver,
            &CancelToken::new(),
        )
        .unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sources: Vec<String> = document["trace"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| {
            format!(
                "{}.{}",
                e["source"]["model"].as_str().unwrap(),
                e["source"]["column"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(sources, ["stage.up", "read_csv('data/x.csv').a"]);
}

#[test]
fn the_working_directory_does_not_stand_in_for_the_project() {
    // This test runs in the folder of the crate, which has a `Cargo.toml` too.
    let folder = Folder::new(&[("one", "select size from read_text('Cargo.toml')")]);
    assert!(Path::new("Cargo.toml").exists());
    let said = "E231 read_text('Cargo.toml') cannot be read: the working directory has another `Cargo.toml`, which DuckDB would read instead of the project's";
    assert_eq!(findings(&folder.compile(Missing)), [said]);
    folder.write("Cargo.toml", "mine");
    assert_eq!(findings(&folder.compile(Missing)), [said]);
}

#[test]
fn names_of_files_keep_their_letter_case_and_may_be_declared() {
    let folder = Folder::new(&[
        ("lower", "select * from 'data/a.csv'"),
        ("upper", "select * from 'data/A.csv'"),
        ("declared", "select * from read_csv('/nowhere/x.csv')"),
    ]);
    folder.write("data/a.csv", "a\n1\n");
    folder.write("data/A.csv", "a\nx\n");
    let sources = "[[sources]]\ntable = \"read_csv('/nowhere/x.csv')\"\ncolumns = [{ name = \"k\", type = \"UUID\" }]\n";
    folder.write("rocky.toml", &format!("{CONFIG}{sources}"));
    let compiled = folder.compile(Missing);
    assert_eq!(findings(&compiled), Vec::<String>::new());
    assert_eq!(columns(&compiled, "lower"), "a BIGINT");
    assert_eq!(columns(&compiled, "upper"), "a VARCHAR");
    assert_eq!(columns(&compiled, "declared"), "k UUID");
}
