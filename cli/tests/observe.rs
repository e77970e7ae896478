//! What others see of a run: hooks and webhooks, Dagster, numbers. Through the binary, on DuckDB files.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
                      [pipeline.silver]\ntype = \"transformation\"\n[pipeline.silver.target]\nadapter = \"default\"\n\
                      [pipeline.silver.execution]\nconcurrency = 1\n";
/// Appends what it is told as one line.
const TELL: &str = "(tr -d '\\n'; echo) >> told";

struct Folder(tempfile::TempDir);

impl Folder {
    /// Three models in a row, and hooks.
    fn new(hooks: &str) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", &format!("{CONFIG}{hooks}"));
        folder.write("models/a.sql", "SELECT 1 AS x UNION ALL SELECT 2");
        folder.write("models/b.sql", "SELECT x FROM a");
        folder.write("models/c.sql", "SELECT x FROM b");
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

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rocky"));
        command
            .args(args)
            .current_dir(self.path())
            .env_remove("NO_COLOR")
            .env("no_proxy", "*")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn rocky(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Exit code and document.
    fn json(&self, args: &[&str]) -> (i32, Value) {
        document(self.rocky(&[args, &["-o", "json"]].concat()))
    }

    /// What the hooks of [`TELL`] were told, in order.
    fn told(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.path().join("told")).unwrap_or_default();
        text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
    }
}

fn document(out: Output) -> (i32, Value) {
    let text = String::from_utf8(out.stdout).unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    let document = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}{errors}"));
    (out.status.code().unwrap(), document)
}

/// A hook that tells, for each of these events.
fn telling(events: &[&str]) -> String {
    let one = |e: &&str| {
        format!(
            "[[hook.{e}]]\ncommand = \"\"\"{}\"\"\"\n",
            TELL.replace('\\', "\\\\")
        )
    };
    events.iter().map(one).collect()
}

fn names(told: &[Value]) -> Vec<String> {
    let name = |t: &Value| match t["model"].as_str() {
        Some(model) => format!("{} {model}", t["event"].as_str().unwrap()),
        None => t["event"].as_str().unwrap().to_owned(),
    };
    told.iter().map(name).collect()
}

#[test]
fn hooks_follow_a_run_from_its_start_to_its_end() {
    let folder = Folder::new(&telling(&[
        "pipeline_start",
        "compile_complete",
        "on_before_model_run",
        "after_model_run",
        "model_error",
        "pipeline_complete",
        "on_pipeline_error",
    ]));
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, &run["status"]), (0, &"Success".into()), "{run:#}");
    let told = folder.told();
    let mut expected = vec!["pipeline_start".to_owned(), "compile_complete".to_owned()];
    for model in ["a", "b", "c"] {
        expected.push(format!("before_model_run {model}"));
        expected.push(format!("after_model_run {model}"));
    }
    expected.push("pipeline_complete".to_owned());
    assert_eq!(names(&told), expected);
    for context in &told {
        assert_eq!(
            (&context["run_id"], &context["pipeline"]),
            (&run["run_id"], &"silver".into())
        );
        assert!(context["timestamp"].as_str().unwrap().ends_with('Z'));
    }
    assert_eq!(told[1]["metadata"]["model_count"], 3);
    assert_eq!(told[2]["table"], "w.main.a");
    assert_eq!(
        (&told[3]["metadata"]["row_count"], &told[3]["table"]),
        (&2.into(), &"w.main.a".into())
    );
    assert_eq!(told.last().unwrap()["metadata"]["table_count"], 3);
    assert_eq!(
        (&run["hooks"]["fired"], &run["hooks"]["failed"]),
        (&9.into(), &0.into())
    );

    // The middle one fails.
    std::fs::remove_file(folder.path().join("told")).unwrap();
    folder.write("models/b.sql", "SELECT error('no \"b\"') AS x FROM a");
    let (code, _) = folder.json(&["run"]);
    assert_eq!(code, 2);
    let told = folder.told();
    let names = names(&told);
    assert_eq!(
        names[2..],
        [
            "before_model_run a",
            "after_model_run a",
            "before_model_run b",
            "model_error b",
            "pipeline_error"
        ]
    );
    assert!(told[5]["error"].as_str().unwrap().contains("no \"b\""));
    assert!(
        told[6]["error"].as_str().unwrap().starts_with("b: "),
        "{}",
        told[6]
    );
}

#[test]
fn a_hook_before_a_model_keeps_it_from_being_written() {
    let folder = Folder::new(
        "[hook.before_model_run]\ncommand = 'if grep -q \"\\\"model\\\": \\\"b\\\"\"; then echo frozen >&2; exit 9; fi'\non_failure = \"abort\"\n",
    );
    let (code, run) = folder.json(&["run"]);
    assert_eq!(code, 2, "{run:#}");
    assert_eq!(
        (&run["tables_copied"], &run["tables_failed"]),
        (&1.into(), &1.into())
    );
    let error = &run["errors"][0];
    assert_eq!(
        (&error["model"], &error["failure_kind"]),
        (&"b".into(), &"hook".into())
    );
    assert!(
        error["error"]
            .as_str()
            .unwrap()
            .ends_with("failed: exit code 9: frozen"),
        "{error}"
    );
    assert_eq!(run["skipped"][0]["model"], "c");
    assert_eq!(run["hooks"]["failures"][0]["subject"], "b");
    // No statement of it was sent.
    assert_eq!(
        run["metrics"]["statements_executed"],
        run["materializations"][0]["statements"].as_array().unwrap().len()
    );
    // Nor is it there.
    folder.write("rocky.toml", CONFIG);
    folder.write(
        "models/d.sql",
        "SELECT table_name FROM duckdb_tables() WHERE table_name IN ('a', 'b', 'c')",
    );
    let (code, run) = folder.json(&["run", "--model", "d"]);
    assert_eq!((code, &run["materializations"][0]["rows_copied"]), (0, &1.into()));
}

#[test]
fn a_hook_at_the_start_keeps_everything_from_being_touched() {
    let folder = Folder::new(&format!(
        "[hook.pipeline_start]\ncommand = \"exit 1\"\non_failure = \"abort\"\n{}",
        telling(&["pipeline_error"])
    ));
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["status"], &run["errors"][0]["failure_kind"]),
        (1, &"Failure".into(), &"hook".into())
    );
    assert!(!folder.path().join("w.duckdb").exists());
    let text = folder.rocky(&["run", "-o", "table"]);
    let said = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(
        said.contains("on_pipeline_start hook `exit 1` failed: exit code 1"),
        "{said}"
    );
    assert_eq!(names(&folder.told()), ["pipeline_error", "pipeline_error"]);
}

#[test]
fn a_hook_after_the_compile_or_a_model_lets_nothing_more_begin() {
    for (event, copied, code) in [
        ("compile_complete", 0, 1),
        ("after_model_run", 1, 2),
        ("pipeline_complete", 3, 2),
    ] {
        let folder = Folder::new(&format!(
            "[hook.{event}]\ncommand = \"exit 1\"\non_failure = \"abort\"\n"
        ));
        let (exit, run) = folder.json(&["run"]);
        assert_eq!(
            (exit, &run["tables_copied"]),
            (code, &copied.into()),
            "{event}: {run:#}"
        );
        let errors = run["errors"].as_array().unwrap();
        assert_eq!(
            (errors.len(), &errors[0]["failure_kind"]),
            (1, &"hook".into()),
            "{event}"
        );
        assert_ne!(run["status"], "Success");
        assert_eq!(folder.path().join("w.duckdb").exists(), copied > 0, "{event}");
    }
}

#[test]
fn a_hook_that_hangs_is_killed_and_the_run_goes_on() {
    let folder =
        Folder::new("[hook.after_model_run]\ncommand = \"sleep 600 & sleep 600\"\ntimeout_ms = 100\n");
    let begin = Instant::now();
    let (code, run) = folder.json(&["run"]);
    assert_eq!(
        (code, &run["tables_copied"], &run["hooks"]["failed"]),
        (0, &3.into(), &3.into())
    );
    assert!(begin.elapsed() < Duration::from_secs(300));
    let said = run["hooks"]["failures"][0]["message"].as_str().unwrap();
    assert_eq!(said, "not done after 100 ms; it was killed");
    let ignored = Folder::new("[hook.after_model_run]\ncommand = \"exit 3\"\non_failure = \"ignore\"\n");
    let (code, run) = ignored.json(&["run"]);
    assert_eq!(
        (
            code,
            run["hooks"]["failures"].as_array().unwrap().len(),
            &run["hooks"]["failed"]
        ),
        (0, 0, &3.into())
    );
}

#[test]
fn an_interrupt_ends_a_hook_and_the_last_hooks_are_told() {
    let folder = Folder::new(&format!(
        "[hook.before_model_run]\ncommand = \"touch waiting; sleep 600\"\ntimeout_ms = 600000\n{}",
        telling(&["pipeline_error"])
    ));
    let child = folder.command(&["run", "-o", "json"]).spawn().unwrap();
    wait(|| folder.path().join("waiting").exists());
    let begin = Instant::now();
    interrupt(&child);
    let (code, run) = document(child.wait_with_output().unwrap());
    assert_eq!((code, &run["interrupted"]), (130, &true.into()), "{run:#}");
    assert!(begin.elapsed() < Duration::from_secs(300));
    let told = folder.told();
    assert_eq!(names(&told), ["pipeline_error"]);
    assert_eq!(
        (&told[0]["error"], &told[0]["metadata"]["interrupted"]),
        (&"interrupted".into(), &true.into())
    );
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

fn wait(until: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(240);
    while !until() {
        assert!(Instant::now() < end, "it did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Reads one request and answers it.
fn serve_one(listener: &TcpListener, status: &str) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let n = stream.read(&mut buffer).unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..n]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|l| {
            l.to_lowercase()
                .strip_prefix("content-length: ")
                .map(|n| n.parse::<usize>())
        });
        if n == 0 || body.len() >= length.unwrap().unwrap() {
            break;
        }
    }
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    text
}

#[test]
fn a_webhook_that_is_not_waited_for_has_arrived_when_the_program_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = Folder::new(&format!(
        "[hook.webhooks.pipeline_complete]\nurl = \"http://127.0.0.1:{port}/services/T0/B0/x\"\npreset = \"slack\"\nasync = true\n\
         secret = \"${{HOOK_KEY}}\"\nretry_count = 2\nretry_delay_ms = 10\n"
    ));
    let server = std::thread::spawn(move || {
        serve_one(&listener, "503 Busy");
        // Late on purpose: the program waits.
        std::thread::sleep(Duration::from_millis(300));
        serve_one(&listener, "200 OK")
    });
    let out = folder
        .command(&["run", "-o", "json"])
        .env("HOOK_KEY", "k3y-material")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let (code, run) = document(out);
    assert_eq!((code, &run["hooks"]["failed"]), (0, &0.into()), "{said}");
    let request = server.join().unwrap();
    assert!(
        request.starts_with("POST /services/T0/B0/x HTTP/1.1"),
        "{request}"
    );
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.to_lowercase().contains("x-rocky-signature: sha256="),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["text"], "rocky on_pipeline_complete (pipeline silver)");

    // Nobody listens there any more.
    let out = folder
        .command(&["run", "-o", "json"])
        .env("HOOK_KEY", "k3y-material")
        .output()
        .unwrap();
    let (said, printed) = (
        String::from_utf8_lossy(&out.stderr).into_owned(),
        String::from_utf8_lossy(&out.stdout).into_owned(),
    );
    assert!(
        said.contains("on_pipeline_complete hook `POST http://127.0.0.1:"),
        "{said}"
    );
    for secret in ["k3y-material", "services/T0"] {
        assert!(!said.contains(secret) && !printed.contains(secret));
    }
    let (code, run) = document(out);
    assert_eq!((code, &run["hooks"]["failed"]), (0, &1.into()));
    assert!(
        run["hooks"]["failures"][0]["message"]
            .as_str()
            .unwrap()
            .ends_with("(3 attempts)")
    );
}

#[test]
fn hooks_are_listed_and_tried() {
    let folder = Folder::new(
        "[hook.model_error]\ncommand = \"cat >&2; exit 4\"\nenv = { CHANNEL = \"#data\" }\non_failure = \"abort\"\n\
         [hook.webhooks.model_error]\nurl = \"http://127.0.0.1:1/p4th\"\nheaders = { X-Token = \"t0ken\" }\npreset = \"Teams\"\n",
    );
    let (code, list) = folder.json(&["hooks", "list"]);
    assert_eq!((code, &list["total"]), (0, &2.into()));
    let shell = &list["hooks"][0];
    assert_eq!(
        (&shell["event"], &shell["on_failure"]),
        (&"on_model_error".into(), &"Abort".into())
    );
    assert_eq!(
        (&shell["timeout_ms"], &shell["env_keys"]),
        (&30000.into(), &serde_json::json!(["CHANNEL"]))
    );
    let web = &list["webhooks"][0];
    assert_eq!(
        (&web["url"], &web["preset"], &web["method"]),
        (&"http://127.0.0.1:1/…".into(), &"teams".into(), &"POST".into())
    );
    assert!(!list.to_string().contains("t0ken"));
    let text = folder.rocky(&["hooks", "list", "-o", "table"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("2 hooks"));

    for name in ["on_model_error", "model_error"] {
        let (code, test) = folder.json(&["hooks", "test", name]);
        assert_eq!(
            (code, &test["status"], &test["event"]),
            (0, &"abort".into(), &"on_model_error".into())
        );
        let tried = &test["hooks"][0];
        let output: Value = serde_json::from_str(tried["output"].as_str().unwrap()).unwrap();
        assert_eq!(
            (&output["run_id"], &output["model"], &output["metadata"]["test"]),
            (&"test-run-id".into(), &"example_model".into(), &true.into())
        );
        assert_eq!(
            test["hooks"].as_array().unwrap().len(),
            1,
            "the abort leaves the request out"
        );
    }
    let (code, test) = folder.json(&["hooks", "test", "state_synced"]);
    assert_eq!((code, &test["status"]), (0, &"no_hooks".into()));
    let (code, error) = folder.json(&["hooks", "test", "on_model_eror"]);
    assert_eq!(
        (code, &error["error"]["remediation_hint"]),
        (2, &"did you mean `on_model_error`?".into())
    );
}

#[test]
fn a_run_over_its_budget_says_so() {
    let folder = Folder::new(&format!(
        "[budget]\nmax_duration_ms = 0\n{}",
        telling(&["budget_breach"])
    ));
    let (code, run) = folder.json(&["run"]);
    assert_eq!((code, &run["status"]), (0, &"Success".into()));
    let breach = &run["budget_breaches"][0];
    assert_eq!(
        (&breach["budget"], &breach["limit"]),
        (&"max_duration_ms".into(), &0.into())
    );
    assert_eq!(folder.told()[0]["metadata"]["actual"], breach["actual"]);
    let strict = Folder::new("[budget]\nmax_duration_ms = 0\non_breach = \"error\"\n");
    let (code, run) = strict.json(&["run"]);
    assert_eq!(
        (code, &run["status"], &run["errors"][0]["failure_kind"]),
        (2, &"PartialFailure".into(), &"budget".into())
    );
    let enough = Folder::new("[budget]\nmax_duration_ms = 3600000\n");
    assert_eq!(enough.json(&["run"]).1.get("budget_breaches"), None);
}

#[test]
fn a_run_has_its_own_numbers() {
    let folder = Folder::new("");
    folder.write("models/c.sql", "SELECT error('no') AS x FROM b");
    let (_, run) = folder.json(&["run"]);
    let metrics = &run["metrics"];
    assert_eq!(
        (&metrics["tables_processed"], &metrics["tables_failed"]),
        (&3.into(), &1.into())
    );
    assert_eq!(
        (&metrics["error_rate_pct"], &metrics["retries_attempted"]),
        (&33.0.into(), &0.into())
    );
    let sent: usize = run["materializations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["statements"].as_array().unwrap().len())
        .sum();
    assert!(metrics["statements_executed"].as_u64().unwrap() as usize > sent);
    let of = |key: &str| metrics[key].as_u64().unwrap();
    for what in ["table", "query"] {
        let spread = ["p50", "p95", "max"].map(|p| of(&format!("{what}_duration_{p}_ms")));
        assert!(spread.is_sorted(), "{spread:?}");
    }
    // Nothing was started: no numbers.
    folder.write("models/c.sql", "SELECT nothing FROM b");
    assert_eq!(folder.json(&["run"]).1["metrics"], Value::Null);
}

/// On a terminal: what is running while it does, and failures that stay, on stderr alone.
#[test]
fn a_person_at_a_terminal_can_follow_a_run() {
    let hooks = "[hook.before_model_run]\ncommand = \"sleep 0.4\"\n";
    for (no_colour, red) in [("", true), ("1", false)] {
        let folder = Folder::new(hooks);
        folder.write("models/b.sql", "SELECT error('no b') AS x FROM a");
        // `script` gives the program a terminal; stdout goes to a file.
        let line = format!("{} run -o json > out.json", env!("CARGO_BIN_EXE_rocky"));
        let out = Command::new("script")
            .args(["-qefc", &line, "/dev/null"])
            .current_dir(folder.path())
            .env("NO_COLOR", no_colour)
            .env("TERM", "xterm")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let drawn = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(drawn.contains("run [") && drawn.contains("/3"), "{drawn}");
        assert!(drawn.contains("1 failed"), "{drawn}");
        let failure = drawn.lines().find(|l| l.contains("failed b: ")).unwrap();
        assert!(failure.contains("no b"), "{failure}");
        assert_eq!(drawn.contains("\u{1b}[1;31m"), red, "{drawn:?}");
        let document: Value =
            serde_json::from_str(&std::fs::read_to_string(folder.path().join("out.json")).unwrap()).unwrap();
        assert_eq!(document["status"], "PartialFailure");
    }
    // Without one: a plain line for each model that ended.
    let folder = Folder::new("");
    folder.write("models/b.sql", "SELECT error('no b') AS x FROM a");
    let out = folder.rocky(&["run", "-o", "json"]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    let kinds: Vec<&str> = said.lines().map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(kinds, ["ok", "failed", "skipped"], "{said}");
    assert!(!said.contains('\u{1b}'));
}
