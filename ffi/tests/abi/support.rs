//! Folders, the built library, playgrounds, and running programs with a deadline.

use rocky_core::{CancelToken, Host, scaffold};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The folder of this crate.
pub fn crate_dir() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The checkout.
pub fn repository() -> PathBuf {
    crate_dir().parent().unwrap().to_path_buf()
}

/// Downloads that `make` keeps outside of the checkout.
pub fn cache() -> PathBuf {
    repository().join(".cache")
}

/// A program of the path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|dir| dir.join(name))
        .find(|program| program.exists())
}

/// `librocky.so` as Cargo built it for this test.
pub fn built_library() -> PathBuf {
    let path = std::env::current_exe()
        .unwrap()
        .parent()
        .unwrap()
        .join("librocky.so");
    assert!(path.exists(), "{} was not built", path.display());
    path
}

/// A folder laid out like an installed `lib/`: our library under its link name and its SONAME, and DuckDB beside it. It
/// stays where it is, so that Go finds what it has compiled before.
pub fn library_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| {
        let duckdb = cache().join("duckdb-1.5.5/libduckdb.so");
        assert!(
            duckdb.exists(),
            "{} is missing: run `make setup`",
            duckdb.display()
        );
        let library = built_library();
        let dir = library.with_file_name("rocky-lib");
        std::fs::create_dir_all(&dir).unwrap();
        for (target, name) in [
            (&library, "librocky.so"),
            (&library, "librocky.so.2"),
            (&duckdb, "libduckdb.so"),
        ] {
            let (target, link) = (target.canonicalize().unwrap(), dir.join(name));
            if std::fs::read_link(&link).ok().as_deref() != Some(&*target) {
                // Replaced in one step: another test process may be linking.
                let aside = dir.join(format!("{name}.{}", std::process::id()));
                std::os::unix::fs::symlink(&target, &aside).unwrap();
                std::fs::rename(&aside, &link).unwrap();
            }
        }
        dir
    })
}

/// A sample project with a DuckDB file full of data, in a folder that goes away with it.
pub struct Playground {
    dir: TempDir,
}

impl Playground {
    /// Make one. The data is made once and copied.
    pub fn new() -> Playground {
        static ORIGINAL: OnceLock<TempDir> = OnceLock::new();
        let original = ORIGINAL.get_or_init(|| {
            let dir = TempDir::with_prefix("rocky-playground").unwrap();
            let root = dir.path().join("project");
            let root = root.to_str().unwrap();
            scaffold::playground(&Host::default(), root, "quickstart", &CancelToken::new()).unwrap();
            dir
        });
        let dir = TempDir::with_prefix("rocky-project").unwrap();
        copy(&original.path().join("project"), &dir.path().join("project"));
        Playground { dir }
    }

    /// The folder of `rocky.toml`.
    pub fn root(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// What opens it.
    pub fn open_request(&self) -> String {
        serde_json::json!({ "config": self.root() }).to_string()
    }

    /// Write a file of the project.
    pub fn write(&self, path: &str, text: &str) {
        let full = self.root().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    /// Add the model `slow`, a table whose query takes hours.
    pub fn add_slow_model(&self) {
        self.write(
            "models/marts/slow.sql",
            "SELECT count(*) AS n FROM range(100000000000000) AS r(i) WHERE hash(r.i) % 7 = 3\n",
        );
        self.write("models/marts/slow.toml", "[strategy]\ntype = \"full_refresh\"\n");
    }
}

/// The project of the repository's README that things happen to: a merge from a CSV file with a check, a table, windows of time. Its hook
/// writes what it is told into `told`.
pub fn shop() -> TempDir {
    let dir = TempDir::with_prefix("rocky-shop").unwrap();
    let write = |path: &str, text: &str| std::fs::write(dir.path().join(path), text).unwrap();
    std::fs::create_dir(dir.path().join("models")).unwrap();
    write(
        "rocky.toml",
        "[adapter]\ntype = \"duckdb\"\npath = \"shop.duckdb\"\n\n[pipeline.shop]\ntype = \"transformation\"\n\
         on_added_columns = \"add\"\non_widened_columns = \"alter\"\n\n[pipeline.shop.target]\nadapter = \"default\"\n\n\
         [pipeline.shop.execution]\nconcurrency = 1\n\n[hook.after_model_run]\ncommand = \"cat >> told\"\n",
    );
    write("models/orders.sql", "SELECT * FROM 'orders.csv'\n");
    write(
        "models/orders.toml",
        "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]\n\n[[tests]]\ntype = \"in_range\"\ncolumn = \"amount\"\nmin = 0\n",
    );
    write(
        "models/customers.sql",
        "SELECT customer, count(*) AS orders FROM orders GROUP BY ALL\n",
    );
    write(
        "models/revenue.sql",
        "SELECT date_trunc('month', ordered_at) AS month, sum(amount) AS revenue FROM orders\n\
         WHERE ordered_at >= @start_date AND ordered_at < @end_date GROUP BY month\n",
    );
    write(
        "models/revenue.toml",
        "[strategy]\ntype = \"time_interval\"\ntime_column = \"month\"\ngranularity = \"month\"\nfirst_partition = \"2026-01\"\n",
    );
    dir
}

/// A project of several pipelines: files are loaded, their table has a history and a model that reads it; and there is a seed.
pub fn store() -> TempDir {
    let dir = TempDir::with_prefix("rocky-store").unwrap();
    let files = [
        ("rocky.toml", STORE),
        ("in/1.csv", "id,amount\n1,20\n2,5\n"),
        ("seeds/regions.csv", "code,name\nde,Germany\nfr,France\n"),
        (
            "models/doubles.sql",
            "SELECT id, amount * 2 AS double FROM main.orders\n",
        ),
        (
            "models/doubles.toml",
            "[[tests]]\ntype = \"unique\"\ncolumn = \"id\"\n",
        ),
    ];
    for (path, text) in files {
        let full = dir.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }
    dir
}

const STORE: &str = r#"[adapter]
type = "duckdb"
path = "store.duckdb"

[pipeline.files]
type = "load"
source_dir = "in"
[pipeline.files.target]
catalog = ""
schema = "main"
table = "orders"

[pipeline.history]
type = "snapshot"
unique_key = ["id"]
strategy = "check"
check_cols = ["amount"]
[pipeline.history.source]
catalog = ""
schema = "main"
table = "orders"
[pipeline.history.target]
catalog = ""
schema = "main"
table = "order_history"

[pipeline.models]
type = "transformation"
depends_on = ["files"]
[pipeline.models.target]
adapter = "default"
"#;

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// What a program printed.
pub struct Output {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Run a program that must succeed.
pub fn run(command: &mut Command) -> Output {
    run_with_input(command, "")
}

/// Run a program that must succeed and reads `input`.
pub fn run_with_input(command: &mut Command, input: &str) -> Output {
    let (success, output) = finish_with_input(command, input);
    assert!(
        success,
        "{command:?} failed\n--- stdout\n{}\n--- stderr\n{}",
        output.stdout, output.stderr
    );
    output
}

/// Run a program to its end, and whether it succeeded. It is killed after three minutes.
pub fn finish(command: &mut Command) -> (bool, Output) {
    finish_with_input(command, "")
}

fn finish_with_input(command: &mut Command, input: &str) -> (bool, Output) {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .unwrap_or_else(|e| panic!("{command:?} cannot be started: {e}"));
    let mut stdin = child.stdin.take().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    std::thread::scope(|scope| {
        let read = |pipe: &mut dyn Read| {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        };
        scope.spawn(move || stdin.write_all(input.as_bytes()));
        let stdout = scope.spawn(move || read(&mut out));
        let stderr = scope.spawn(move || read(&mut err));
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if started.elapsed() > Duration::from_secs(180) {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let output = Output {
            stdout: stdout.join().unwrap(),
            stderr: stderr.join().unwrap(),
        };
        assert!(
            status.is_some(),
            "{command:?} did not end\n{}\n{}",
            output.stdout,
            output.stderr
        );
        (status.unwrap().success(), output)
    })
}
