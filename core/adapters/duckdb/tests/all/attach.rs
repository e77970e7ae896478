//! A file beside the database's own: read alone, in one place of the process, and let go with its last user.

use crate::support::*;
use rocky_adapter_duckdb::DuckDb;
use rocky_base::{CancelToken, Error, ErrorKind};
use rocky_warehouse::Warehouse;
use std::path::{Path, PathBuf};
use std::time::Duration;

struct Files(tempfile::TempDir);

impl Files {
    /// `own.duckdb`, and `source.duckdb` with a table `t` of one row.
    fn new() -> Files {
        let files = Files(tempfile::tempdir().unwrap());
        drop(open(&files.path("own.duckdb")).unwrap());
        execute(
            &mut *connect(&open(&files.path("source.duckdb")).unwrap()),
            "CREATE TABLE t AS SELECT 7 AS i",
        );
        files
    }
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
    fn own(&self) -> DuckDb {
        open(&self.path("own.duckdb")).unwrap()
    }
}

fn attach(db: &DuckDb, name: &str, path: &Path) -> Result<DuckDb, Error> {
    db.with_attached(name, path, &CancelToken::new())
}

#[test]
fn it_is_read_beside_the_own_one_and_never_written() {
    let files = Files::new();
    let own = files.own();
    let both = attach(&own, "src", &files.path("source.duckdb")).unwrap();
    let mut connection = connect(&both);
    execute(&mut *connection, "CREATE TABLE copy AS SELECT * FROM src.main.t");
    assert_eq!(one(&mut *connection, "SELECT i FROM copy"), "7");
    for sql in [
        "INSERT INTO src.main.t VALUES (8)",
        "CREATE TABLE src.main.u (i INTEGER)",
    ] {
        let error = fails(&mut *connection, sql);
        assert!(error.message.contains("read-only"), "{}", error.message);
    }
    let seen = both.snapshot(&[], &CancelToken::new()).unwrap();
    assert!(seen.complete_catalogs.contains("src"));
    assert_eq!(seen.default_catalog.unwrap().text, "own");
    assert_eq!(
        both.discover(Some("src"), "", &CancelToken::new()).unwrap().len(),
        1
    );
}

#[test]
fn it_goes_with_the_last_handle_and_session_that_has_it() {
    let files = Files::new();
    let source = files.path("source.duckdb");
    let own = files.own();
    let mut plain = connect(&own);
    let first = attach(&own, "src", &source).unwrap();
    let second = attach(&own, "src", &source).unwrap();
    let session = connect(&first);
    drop((first, second));
    assert_eq!(
        open(&source).unwrap_err().kind,
        ErrorKind::Locked,
        "a session still has it"
    );
    assert_eq!(one(&mut *plain, "SELECT i FROM src.main.t"), "7");
    drop(session);
    fails(&mut *plain, "SELECT i FROM src.main.t");
    // It may be written again, and what was written is seen.
    execute(&mut *connect(&open(&source).unwrap()), "INSERT INTO t VALUES (8)");
    let again = attach(&own, "src", &source).unwrap();
    assert_eq!(one(&mut *connect(&again), "SELECT count(*) FROM src.main.t"), "2");
}

#[test]
fn one_place_of_the_process_has_it() {
    let files = Files::new();
    let source = files.path("source.duckdb");
    let (own, memory) = (files.own(), memory());
    let attached = attach(&own, "src", &source).unwrap();
    for refused in [
        attach(&memory, "src", &source).map(drop),
        attach(&own, "other", &source).map(drop),
        open(&source).map(drop),
        open_with(&source, true, Duration::ZERO).map(drop),
    ] {
        let error = refused.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Locked, "{}", error.message);
        assert!(error.message.contains("in this process"), "{}", error.message);
        assert!(error.hint.is_some());
    }
    drop(attached);
    let writer = open(&source).unwrap();
    let error = attach(&own, "src", &source).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(
        error.message.contains("already open in this process"),
        "{}",
        error.message
    );
    drop(writer);
    let error = attach(&own, "src", &files.path("own.duckdb")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked, "it is the database itself");
    let by_host = std::fs::File::open(&source).unwrap();
    let error = attach(&memory, "src", &source).unwrap_err();
    assert!(error.message.contains("outside of rocky"), "{}", error.message);
    drop(by_host);
    attach(&memory, "src", &source).unwrap();
}

#[test]
fn a_lock_of_another_process_is_reported_and_readers_share() {
    let files = Files::new();
    let source = files.path("source.duckdb");
    let own = files.own();
    let holder = Holder::start(&source, "read_write");
    let error = attach(&own, "src", &source).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(
        error.message.contains(&format!("(PID {})", holder.pid())),
        "{}",
        error.message
    );
    holder.stop();
    let _reader = Holder::start(&source, "read_only");
    let attached = attach(&own, "src", &source).unwrap();
    assert_eq!(one(&mut *connect(&attached), "SELECT i FROM src.main.t"), "7");
}

#[test]
fn what_cannot_be_attached_says_why() {
    let files = Files::new();
    let own = files.own();
    std::fs::write(files.path("empty.duckdb"), "").unwrap();
    std::fs::write(files.path("garbage.duckdb"), vec![b'x'; 20_000]).unwrap();
    std::fs::write(
        files.path("other.db"),
        [b"SQLite format 3\0".as_slice(), &[0; 20_000]].concat(),
    )
    .unwrap();
    std::fs::create_dir(files.path("folder.duckdb")).unwrap();
    let encrypted = files.path("encrypted.duckdb");
    let mut connection = connect(&memory());
    execute(&mut *connection, "SET force_mbedtls_unsafe = 'true'");
    execute(
        &mut *connection,
        &format!("ATTACH '{}' AS e (ENCRYPTION_KEY 'secret')", encrypted.display()),
    );
    execute(&mut *connection, "CREATE TABLE e.t (i INTEGER)");
    execute(&mut *connection, "DETACH e");
    for (name, kind, said) in [
        ("missing.duckdb", ErrorKind::NotFound, "does not exist"),
        ("empty.duckdb", ErrorKind::Warehouse, "is not a DuckDB database"),
        ("garbage.duckdb", ErrorKind::Warehouse, "is not a DuckDB database"),
        ("other.db", ErrorKind::Warehouse, "is not a DuckDB database"),
        ("folder.duckdb", ErrorKind::Io, "is a folder"),
        ("encrypted.duckdb", ErrorKind::Unsupported, "is encrypted"),
    ] {
        let error = attach(&own, "src", &files.path(name)).unwrap_err();
        assert_eq!(error.kind, kind, "{name}: {}", error.message);
        assert!(error.message.contains(said), "{name}: {}", error.message);
        assert!(error.message.contains(name) && error.hint.is_some(), "{name}");
    }
    assert!(!files.path("missing.duckdb").exists());
    // None of it is held.
    std::fs::remove_file(files.path("garbage.duckdb")).unwrap();
    drop(open(&files.path("garbage.duckdb")).unwrap());
}

#[test]
fn any_name_and_any_path_are_quoted() {
    let files = Files::new();
    let folder = files.path("it's; \"DROP\" TABLE x --");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("a'b\".duckdb");
    std::fs::copy(files.path("source.duckdb"), &path).unwrap();
    let name = "na\"me'; DROP TABLE t";
    let attached = attach(&files.own(), name, &path).unwrap();
    let quoted = format!("\"{}\"", name.replace('"', "\"\""));
    assert_eq!(
        one(
            &mut *connect(&attached),
            &format!("SELECT i FROM {quoted}.main.t")
        ),
        "7"
    );
}

#[test]
fn a_reading_handle_has_files_beside_it_too() {
    let files = Files::new();
    let reading = open_with(&files.path("own.duckdb"), true, Duration::ZERO).unwrap();
    let attached = attach(&reading, "src", &files.path("source.duckdb")).unwrap();
    assert_eq!(one(&mut *connect(&attached), "SELECT i FROM src.main.t"), "7");
    // Beside a writer of this process the statements of the reader are wrapped; the file is the instance's.
    drop((attached, reading));
    let _writer = files.own();
    let reading = open_with(&files.path("own.duckdb"), true, Duration::ZERO).unwrap();
    let attached = attach(&reading, "src", &files.path("source.duckdb")).unwrap();
    assert_eq!(one(&mut *connect(&attached), "SELECT i FROM src.main.t"), "7");
}
