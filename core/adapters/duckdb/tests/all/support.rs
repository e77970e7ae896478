//! Shared by the tests: opening, one-line statements, and a second process that holds a file.

use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{CancelToken, Error};
use rocky_warehouse::{Connection, Value, Warehouse};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

pub fn memory() -> DuckDb {
    DuckDb::open(None, &OpenOptions::default(), &CancelToken::new()).unwrap()
}

pub fn open(path: &Path) -> Result<DuckDb, Error> {
    open_with(path, false, Duration::from_millis(100))
}

pub fn open_with(path: &Path, read_only: bool, lock_wait: Duration) -> Result<DuckDb, Error> {
    DuckDb::open(
        Some(path),
        &OpenOptions {
            read_only,
            files: None,
            lock_wait,
        },
        &CancelToken::new(),
    )
}

pub fn execute(connection: &mut dyn Connection, sql: &str) -> Option<u64> {
    connection
        .execute(sql, &CancelToken::new())
        .unwrap_or_else(|e| panic!("{sql}: {e}"))
        .rows
}

pub fn fails(connection: &mut dyn Connection, sql: &str) -> Error {
    connection.execute(sql, &CancelToken::new()).expect_err(sql)
}

/// All rows, as text.
pub fn rows(connection: &mut dyn Connection, sql: &str) -> Vec<Vec<Option<String>>> {
    let rows = connection
        .query(sql, usize::MAX, &CancelToken::new())
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    rows.rows
        .iter()
        .map(|row| row.iter().map(Value::to_text).collect())
        .collect()
}

/// The only cell, as text.
pub fn one(connection: &mut dyn Connection, sql: &str) -> String {
    rows(connection, sql)[0][0]
        .clone()
        .unwrap_or_else(|| "NULL".to_owned())
}

pub fn connect(db: &DuckDb) -> Box<dyn Connection> {
    db.connect().unwrap()
}

const HELD_FILE: &str = "ROCKY_TEST_HELD_FILE";
const HELD_MODE: &str = "ROCKY_TEST_HELD_MODE";

/// The body of the second process: open the file that the environment names, say so, and keep it until stdin closes.
/// Returns false when this process is not meant.
pub fn hold_file_if_told_to() -> bool {
    let Some(path) = std::env::var_os(HELD_FILE) else {
        return false;
    };
    let read_only = std::env::var(HELD_MODE).unwrap() == "read_only";
    let db = open_with(Path::new(&path), read_only, Duration::ZERO).unwrap();
    println!("\nHELD");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(db);
    true
}

/// Another process that has a database open.
pub struct Holder(Child, BufReader<ChildStdout>);

impl Holder {
    pub fn start(path: &Path, mode: &str) -> Holder {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "files::the_other_process", "--nocapture"])
            .env(HELD_FILE, path)
            .env(HELD_MODE, mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut holder = Holder(child, output);
        assert!(
            holder.1.by_ref().lines().any(|line| line.unwrap() == "HELD"),
            "the second process did not open the file"
        );
        holder
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    pub fn stop(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
