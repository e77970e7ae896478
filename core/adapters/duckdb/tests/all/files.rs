//! Opening files: one instance per process, locks of other processes, paths that cannot be.

use crate::support::*;
use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_base::{CancelToken, ErrorKind};
use rocky_warehouse::{FailureClass, Warehouse};
use std::fs;
use std::time::{Duration, Instant};

#[test]
fn the_other_process() {
    // Only a body when another test starts this executable; by itself there is nothing to hold.
    if !hold_file_if_told_to() {
        assert!(std::env::var_os("ROCKY_TEST_HELD_FILE").is_none());
    }
}

#[test]
fn two_opens_of_one_file_in_one_process_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let link = folder.path().join("link.duckdb");
    let first = open(&path).unwrap();
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let second = open(&link).unwrap();
    let (mut a, mut b) = (connect(&first), connect(&second));
    execute(&mut *a, "CREATE TABLE t (who VARCHAR)");
    execute(&mut *b, "INSERT INTO t VALUES ('second')");
    execute(&mut *a, "INSERT INTO t VALUES ('first')");
    execute(&mut *a, "CHECKPOINT");
    execute(&mut *b, "INSERT INTO t VALUES ('second, after the checkpoint')");
    drop((a, first));
    // The last one closes it: the second is still usable.
    execute(&mut *b, "INSERT INTO t VALUES ('second, alone')");
    drop((b, second));
    let mut again = connect(&open(&path).unwrap());
    assert_eq!(one(&mut *again, "SELECT count(*) FROM t"), "4");
}

#[test]
fn opening_and_closing_on_many_threads_loses_no_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    execute(&mut *connect(&open(&path).unwrap()), "CREATE TABLE t (i INTEGER)");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let path = &path;
            scope.spawn(move || {
                for i in 0..25 {
                    let db = open_with(path, false, Duration::from_secs(60)).unwrap();
                    assert_eq!(
                        execute(
                            &mut *connect(&db),
                            &format!("INSERT INTO t VALUES ({})", thread * 100 + i)
                        ),
                        Some(1)
                    );
                }
            });
        }
    });
    assert_eq!(
        one(
            &mut *connect(&open(&path).unwrap()),
            "SELECT count(DISTINCT i) FROM t"
        ),
        "100"
    );
}

#[test]
fn a_lock_of_another_process_is_reported_with_its_holder_and_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    drop(open(&path).unwrap());
    let holder = Holder::start(&path, "read_write");
    for read_only in [false, true] {
        let started = Instant::now();
        let error = open_with(&path, read_only, Duration::from_millis(200)).unwrap_err();
        assert!(
            started.elapsed() >= Duration::from_millis(200),
            "it waits for a moment"
        );
        assert_eq!(error.kind, ErrorKind::Locked);
        assert!(
            error.message.contains(&format!("(PID {})", holder.pid())),
            "{}",
            error.message
        );
        assert!(
            error.message.contains(path.to_str().unwrap()),
            "{}",
            error.message
        );
        assert!(
            error
                .message
                .contains(std::env::current_exe().unwrap().to_str().unwrap()),
            "{}",
            error.message
        );
        assert!(!error.message.contains('\n') && error.hint.is_some());
    }
    // The lock goes while the open waits.
    let opener = std::thread::spawn({
        let path = path.clone();
        move || open_with(&path, false, Duration::from_secs(20))
    });
    holder.stop();
    opener.join().unwrap().unwrap();
}

#[test]
fn waiting_for_a_lock_can_be_cancelled() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    drop(open(&path).unwrap());
    let _holder = Holder::start(&path, "read_write");
    let cancel = CancelToken::new();
    let opener = std::thread::spawn({
        let (path, cancel) = (path.clone(), cancel.clone());
        let options = OpenOptions {
            read_only: false,
            files: None,
            lock_wait: Duration::from_secs(60),
        };
        move || DuckDb::open(Some(&path), &options, &cancel)
    });
    cancel.trip();
    assert_eq!(opener.join().unwrap().unwrap_err().kind, ErrorKind::Cancelled);
}

#[test]
fn readers_share_a_file_and_keep_writers_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    execute(
        &mut *connect(&open(&path).unwrap()),
        "CREATE TABLE t AS SELECT 7 AS i",
    );
    let holder = Holder::start(&path, "read_only");
    let reader = open_with(&path, true, Duration::ZERO).unwrap();
    let mut connection = connect(&reader);
    assert_eq!(one(&mut *connection, "SELECT i FROM t"), "7");
    fails(&mut *connection, "INSERT INTO t VALUES (8)");
    drop((connection, reader));
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(error.message.contains(&holder.pid().to_string()));
    assert!(error.hint.unwrap().contains("only reads"));
}

#[test]
fn a_reader_beside_a_writer_of_the_same_process_shares_its_instance_and_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let writer = open(&path).unwrap();
    execute(&mut *connect(&writer), "CREATE TABLE t AS SELECT 7 AS i");
    let reader = open_with(&path, true, Duration::ZERO).unwrap();
    let mut connection = connect(&reader);
    assert_eq!(one(&mut *connection, "SELECT i FROM t"), "7");
    for sql in [
        "INSERT INTO t VALUES (8)",
        "CREATE TABLE u (i INTEGER)",
        "DROP TABLE t",
    ] {
        let error = fails(&mut *connection, sql);
        assert!(error.message.contains("read-only"), "{}", error.message);
    }
    connection.begin().unwrap();
    fails(&mut *connection, "INSERT INTO t VALUES (9)");
    connection.rollback().unwrap();
    assert_eq!(
        reader.snapshot(&[], &CancelToken::new()).unwrap().relations.len(),
        1
    );
    assert_eq!(
        execute(&mut *connect(&writer), "INSERT INTO t VALUES (10)"),
        Some(1)
    );
    assert_eq!(one(&mut *connection, "SELECT count(*) FROM t"), "2");
}

#[test]
fn a_writer_beside_a_reader_of_the_same_process_waits_and_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    drop(open(&path).unwrap());
    let reader = open_with(&path, true, Duration::ZERO).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(error.message.contains("in this process"), "{}", error.message);
    drop(reader);
    open(&path).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_the_host_has_open_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    execute(&mut *connect(&open(&path).unwrap()), "CREATE TABLE t (i INTEGER)");
    let by_host = fs::File::open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(error.message.contains("outside of rocky"), "{}", error.message);
    drop(by_host);
    // A file that an instance of ours has attached counts too.
    let other = memory();
    let mut connection = connect(&other);
    execute(&mut *connection, &format!("ATTACH '{}' AS x", path.display()));
    assert_eq!(open(&path).unwrap_err().kind, ErrorKind::Locked);
    execute(&mut *connection, "DETACH x");
    open(&path).unwrap();
}

#[test]
fn a_second_name_of_an_open_file_and_a_replaced_file_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let db = open(&path).unwrap();
    let hard = folder.path().join("hard.duckdb");
    fs::hard_link(&path, &hard).unwrap();
    let error = open(&hard).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Locked);
    assert!(error.message.contains("other name"), "{}", error.message);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "").unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.message.contains("replaced"), "{}", error.message);
    drop(db);
    fs::remove_file(&path).unwrap();
    open(&path).unwrap();
}

#[test]
fn paths_that_cannot_be_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let in_folder = |name: &str| folder.path().join(name);
    let refused =
        |name: &str, read_only: bool| open_with(&in_folder(name), read_only, Duration::ZERO).unwrap_err();

    fs::write(in_folder("garbage.duckdb"), vec![b'x'; 20_000]).unwrap();
    let error = refused("garbage.duckdb", false);
    assert_eq!(error.kind, ErrorKind::Warehouse);
    assert!(
        error.message.ends_with("garbage.duckdb is not a DuckDB database"),
        "{}",
        error.message
    );
    assert_eq!(
        fs::read(in_folder("garbage.duckdb")).unwrap(),
        vec![b'x'; 20_000],
        "the file is left alone"
    );

    let error = refused("missing/a.duckdb", false);
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(
        error.message.starts_with("folder ") && error.message.contains("does not exist"),
        "{}",
        error.message
    );
    assert!(!in_folder("missing").exists());

    let error = refused("garbage.duckdb/a.duckdb", false);
    assert_eq!(error.kind, ErrorKind::Io);

    let error = refused("absent.duckdb", true);
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(!in_folder("absent.duckdb").exists());

    fs::create_dir(in_folder("dir.duckdb")).unwrap();
    let error = refused("dir.duckdb", false);
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.message.contains("is a folder"), "{}", error.message);

    for error in [
        refused("dir.duckdb", false),
        refused("absent.duckdb", true),
        refused("garbage.duckdb", true),
    ] {
        assert!(error.hint.is_some() && error.message.contains(folder.path().to_str().unwrap()));
    }
}

#[test]
#[cfg(unix)]
fn a_file_without_permission_is_refused_with_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    drop(open(&path).unwrap());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    match open(&path) {
        Err(error) => {
            assert_eq!(error.kind, ErrorKind::Io);
            assert!(
                error.message.contains("no permission") && error.message.contains(path.to_str().unwrap())
            );
        }
        // The superuser may open everything.
        Ok(_) => assert!(fs::File::open(&path).is_ok()),
    }
}

#[test]
fn databases_in_memory_are_private() {
    let (a, b) = (memory(), memory());
    execute(&mut *connect(&a), "CREATE TABLE t (i INTEGER)");
    assert_eq!(
        one(&mut *connect(&a), "SELECT count(*) FROM t"),
        "0",
        "sessions of one value share it"
    );
    let mut other = connect(&b);
    let error = fails(&mut *other, "SELECT * FROM t");
    assert_eq!(other.classify(&error), FailureClass::Catalog);
}

#[test]
fn extensions_are_not_fetched_and_the_built_in_ones_are_there() {
    let mut connection = connect(&memory());
    let settings =
        "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%_known_extensions' ORDER BY 1";
    assert_eq!(
        rows(&mut *connection, settings),
        [
            ["autoinstall_known_extensions", "false"],
            ["autoload_known_extensions", "false"]
        ]
        .map(|r| r.map(|c| Some(c.to_owned())).to_vec())
    );
    let error = fails(&mut *connection, "SELECT * FROM read_xlsx('a')");
    assert_eq!(error.kind, ErrorKind::Warehouse);
    assert_eq!(one(&mut *connection, "SELECT to_json([1, 2])"), "[1,2]");
    assert_eq!(
        one(
            &mut *connection,
            "SELECT timestamptz '2020-01-01 00:00:00+00' AT TIME ZONE 'Asia/Tokyo'"
        ),
        "2020-01-01 09:00:00"
    );
    assert_eq!(memory().version().unwrap(), "DuckDB v1.5.5");
}

#[test]
fn settings_made_in_a_session_do_not_keep_others_from_opening_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.duckdb");
    let first = open(&path).unwrap();
    let mut c = connect(&first);
    for sql in [
        "SET threads = 1",
        "SET GLOBAL memory_limit = '1GB'",
        "SET GLOBAL default_null_order = 'nulls_first'",
        "SET temp_directory = '/tmp/elsewhere'",
        "SET enable_external_access = false",
        "SET lock_configuration = true",
    ] {
        execute(&mut *c, sql);
        open(&path).unwrap_or_else(|e| panic!("{sql}: {e} {:?}", e.source));
        open_with(&path, true, Duration::ZERO).unwrap();
    }
}

#[test]
fn relative_paths_in_queries_are_relative_to_the_given_folder() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("it's.csv"), "a\n1\n").unwrap();
    let options = OpenOptions {
        files: Some(folder.path().to_owned()),
        ..OpenOptions::default()
    };
    let cancel = CancelToken::new();
    let path = folder.path().join("a.duckdb");
    let db = DuckDb::open(Some(&path), &options, &cancel).unwrap();
    let mut first = connect(&db);
    assert_eq!(one(&mut *first, "SELECT a::VARCHAR FROM 'it''s.csv'"), "1");
    assert_eq!(one(&mut *first, "SELECT count(*)::VARCHAR FROM '*.csv'"), "1");
    // Another handle of the same file has a folder of its own, or none.
    let other = open(&path).unwrap();
    fails(&mut *connect(&other), "SELECT * FROM 'it''s.csv'");
    assert_eq!(one(&mut *connect(&db), "SELECT a::VARCHAR FROM 'it''s.csv'"), "1");
    execute(&mut *first, "SET lock_configuration = true");
    connect(&db);
}
