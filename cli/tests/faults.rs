//! What goes wrong around a run: another process at the same files, a database that is in use, hooks and servers that do not behave. Nothing is
//! lost, the message says what it was, and the exit code is the documented one. (A full or broken disk, and kills: `core/tests/kill`.)

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
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
                      [pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    /// An incremental model over a source of `n` rows, and hooks.
    fn new(hooks: &str, n: u32) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", &format!("{CONFIG}{hooks}"));
        folder.write("models/m.sql", "SELECT id, ts FROM raw.t");
        folder.write(
            "models/m.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n",
        );
        folder.sql("CREATE SCHEMA raw");
        folder.sql("CREATE TABLE raw.t (id BIGINT, ts BIGINT)");
        folder.insert(0, n);
        folder
    }

    fn insert(&self, from: u32, to: u32) {
        self.sql(&format!(
            "INSERT INTO raw.t SELECT i, i FROM range({from}, {to}) r(i)"
        ));
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    fn database(&self) -> DuckDb {
        let path = self.path().join("w.duckdb");
        DuckDb::open(Some(&path), &OpenOptions::default(), &CancelToken::new()).unwrap()
    }

    fn sql(&self, sql: &str) -> String {
        let mut connection = self.database().connect().unwrap();
        let rows = connection.query(sql, 10, &CancelToken::new()).unwrap().rows;
        let row = rows
            .first()
            .map(|r| r.iter().map(|v| v.to_text().unwrap_or_default()));
        row.map(|cells| cells.collect::<Vec<_>>().join("|"))
            .unwrap_or_default()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rocky"));
        command
            .args(args)
            .current_dir(self.path())
            .env("no_proxy", "*")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self) -> (i32, Value) {
        document(self.command(&["run"]).output().unwrap())
    }
}

fn document(out: Output) -> (i32, Value) {
    let text = String::from_utf8(out.stdout).unwrap();
    let value = serde_json::from_str(&text)
        .unwrap_or_else(|e| panic!("{e}\n{text}\n{}", String::from_utf8_lossy(&out.stderr)));
    (out.status.code().unwrap(), value)
}

const ROWS: &str = "SELECT COUNT(*), COUNT(DISTINCT id) FROM m";

/// Runs of one project that are started together: each does all of its work or none, and says which.
#[test]
fn processes_of_one_project_take_turns_or_are_refused() {
    let folder = Folder::new("", 10);
    for round in 1..=3u32 {
        folder.insert(round * 10, round * 10 + 10);
        let children: Vec<_> = (0..3)
            .map(|_| folder.command(&["run"]).spawn().unwrap())
            .collect();
        let mut done = 0;
        for child in children {
            let (code, answer) = document(child.wait_with_output().unwrap());
            match code {
                0 => {
                    assert_eq!(answer["status"], "Success", "{answer:#}");
                    assert_eq!(answer["state_error"], Value::Null);
                    done += 1;
                }
                _ => {
                    assert_eq!(
                        (code, &answer["error"]["code"]),
                        (1, &"locked".into()),
                        "{answer:#}"
                    );
                    let message = answer["error"]["message"].as_str().unwrap();
                    assert!(
                        message.contains("w.duckdb") || message.contains(".rocky-state.redb"),
                        "{message}"
                    );
                }
            }
        }
        assert!(done > 0);
        let n = round * 10 + 10;
        assert_eq!(folder.sql(ROWS), format!("{n}|{n}"));
    }
    let out = folder.command(&["state", "check"]).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    let (_, history) = document(folder.command(&["history"]).output().unwrap());
    for run in history["runs"].as_array().unwrap() {
        assert_eq!(run["status"], "Success", "{run:#}");
    }
}

#[test]
fn a_database_that_another_process_has_is_named_and_nothing_is_recorded() {
    let folder = Folder::new("", 10);
    let open = folder.database();
    let begin = Instant::now();
    let (code, answer) = folder.run();
    assert_eq!(
        (code, &answer["error"]["code"]),
        (1, &"locked".into()),
        "{answer:#}"
    );
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("w.duckdb") && message.contains(&std::process::id().to_string()),
        "{message}"
    );
    assert!(begin.elapsed() < Duration::from_secs(60));
    assert!(!folder.path().join(".rocky-state.redb").exists());
    drop(open);
    assert_eq!(folder.run().0, 0);
    assert_eq!(folder.sql(ROWS), "10|10");
}

/// What a hook leaves behind may hold its output open for ever.
#[test]
fn a_process_that_a_hook_leaves_behind_keeps_nobody_waiting() {
    for (command, timeout_ms, failed) in [
        ("setsid sleep 300 & echo told", 60_000, 0),
        ("(sleep 300; echo late) & exit 0", 60_000, 0),
        ("setsid sleep 300", 200, 1),
        ("setsid sh -c 'sleep 300 & sleep 300' & sleep 300", 200, 1),
        ("trap '' TERM INT; while :; do sleep 300; done", 200, 1),
    ] {
        let hooks = format!("[hook.after_model_run]\ncommand = \"{command}\"\ntimeout_ms = {timeout_ms}\n");
        let folder = Folder::new(&hooks, 10);
        let begin = Instant::now();
        let (code, answer) = folder.run();
        assert_eq!(
            (code, &answer["hooks"]["failed"]),
            (0, &failed.into()),
            "{command}: {answer:#}"
        );
        assert!(
            begin.elapsed() < Duration::from_secs(40),
            "{command}: {:?}",
            begin.elapsed()
        );
        assert_eq!(folder.sql(ROWS), "10|10");
    }
}

/// A server for webhooks that treats each connection so.
fn serve(treat: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || treat(stream.unwrap()));
        }
    });
    url
}

/// Reads what there is of a request.
fn request(stream: &mut TcpStream) {
    let mut buffer = [0; 65_536];
    let _ = stream.read(&mut buffer);
}

#[test]
fn servers_that_misbehave_cost_their_time_and_no_more() {
    let stalls: fn(TcpStream) = |mut stream| {
        request(&mut stream);
        std::thread::sleep(Duration::from_secs(300));
    };
    let drips: fn(TcpStream) = |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    let breaks_off: fn(TcpStream) = |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 O");
    };
    let closes: fn(TcpStream) = drop;
    let lies: fn(TcpStream) = |mut stream| {
        request(&mut stream);
        let _ = stream.write_all(b"no HTTP at all\r\n\r\n");
    };
    // Each with what is said of it; an answer whose head says 200 counts.
    for (name, treat, failed) in [
        ("stalls", stalls, true),
        ("drips", drips, false),
        ("breaks off", breaks_off, true),
        ("closes", closes, true),
        ("lies", lies, true),
    ] {
        let url = serve(treat);
        for waits in ["", "async = true\n"] {
            let hooks =
                format!("[hook.webhooks.after_model_run]\nurl = \"{url}\"\ntimeout_ms = 400\n{waits}");
            let folder = Folder::new(&hooks, 10);
            let begin = Instant::now();
            let (code, answer) = folder.run();
            assert_eq!(code, 0, "{name}: {answer:#}");
            let said = &answer["hooks"]["failures"];
            if failed {
                assert_eq!(answer["hooks"]["failed"], 1, "{name} {waits}: {answer:#}");
                assert!(
                    !said[0]["message"].as_str().unwrap().is_empty(),
                    "{name}: {said:#}"
                );
            }
            assert!(
                begin.elapsed() < Duration::from_secs(40),
                "{name}: {:?}",
                begin.elapsed()
            );
            assert_eq!(folder.sql(ROWS), "10|10");
        }
    }
    // With `abort` the run is not a success, and what was written is there.
    let hooks = format!(
        "[hook.webhooks.after_model_run]\nurl = \"{}\"\ntimeout_ms = 400\non_failure = \"abort\"\n",
        serve(breaks_off)
    );
    let folder = Folder::new(&hooks, 10);
    let (code, answer) = folder.run();
    assert_eq!(code, 2, "{answer:#}");
    assert_eq!(folder.sql(ROWS), "10|10");
}
