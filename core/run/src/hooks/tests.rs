//! Hooks over a real shell and real sockets.

use super::observer::RunEnding;
use super::*;
use rocky_base::system::MemorySystem;
use rocky_base::{Event, FileId, Observer, SmolStr};
use rocky_config::parse_project;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

fn config(text: &str) -> Arc<HooksConfig> {
    let env = |name: &str| (name == "TOKEN").then(|| "t0p-secret".to_owned());
    let parsed = parse_project(FileId(0), text, &env);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    Arc::new(parsed.value.hooks)
}

fn hooks(text: &str) -> Hooks {
    Hooks::new(config(text), std::env::temp_dir())
}

/// What a client sent.
struct Sent {
    head: String,
    body: String,
}

impl Sent {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|l| l.split_once(": "));
        lines
            .into_iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }
}

/// A server that answers each request with the next status, and the last for ever; 0 is no answer at all.
fn server(statuses: &'static [u16]) -> (String, Receiver<Sent>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook/p4th", listener.local_addr().unwrap());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for (i, stream) in listener.incoming().enumerate() {
            let Some(stream) = answer(stream.unwrap(), statuses[i.min(statuses.len() - 1)], &send) else {
                continue;
            };
            held.push(stream);
        }
    });
    (url, receive)
}

fn answer(mut stream: TcpStream, status: u16, send: &std::sync::mpsc::Sender<Sent>) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
        if line == "\r\n" {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let body = String::from_utf8(body).unwrap();
    let _ = send.send(Sent { head, body });
    if status == 0 {
        return Some(stream);
    }
    let text = "no: t0p-secret at /hook/p4th";
    let _ = write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    None
}

fn context() -> HookContext {
    HookContext {
        error: Some("it \"broke\"\n".to_owned()),
        ..HookContext::example(HookEvent::ModelError, "silver", "2026-01-01T00:00:00Z")
    }
}

fn fire(hooks: &mut Hooks) -> Fired {
    hooks.fire(&context(), &CancelToken::new())
}

#[test]
fn a_request_is_signed_and_its_values_are_escaped() {
    let (url, sent) = server(&[204]);
    let mut hooks = hooks(&format!(
        "[hook.webhooks.model_error]\nurl = \"{url}\"\nsecret = \"key\"\nmethod = \"put\"\n\
         headers = {{ X-Team = \"data\", content-type = \"application/vnd.x+json\" }}\n\
         body_template = '{{\"m\": \"{{{{model}}}}\", \"e\": \"{{{{error}}}}\", \"ev\": \"{{{{event}}}}\", \"k\": \"{{{{metadata.k}}}}\"}}'\n\
         metadata = {{ k = \"v\" }}\n"
    ));
    let fired = fire(&mut hooks);
    assert_eq!((fired.reports.len(), &fired.reports[0].failure), (1, &None));
    let sent = sent.recv().unwrap();
    assert!(sent.head.starts_with("PUT /hook/p4th HTTP/1.1"), "{}", sent.head);
    let body: Value = serde_json::from_str(&sent.body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({ "m": "example_model", "e": "it \"broke\"\n", "ev": "on_model_error", "k": "v" })
    );
    assert_eq!(
        sent.header("X-Rocky-Signature").unwrap(),
        webhook::signature("key", &sent.body)
    );
    assert_eq!(sent.header("X-Team"), Some("data"));
    let types: Vec<_> = sent
        .head
        .lines()
        .filter(|l| l.to_lowercase().starts_with("content-type"))
        .collect();
    assert_eq!(types, ["content-type: application/vnd.x+json"]);
}

#[test]
fn without_a_template_the_whole_context_is_sent() {
    let (url, sent) = server(&[200]);
    let mut hooks = hooks(&format!("[hook.webhooks.on_model_error]\nurl = \"{url}\"\n"));
    assert_eq!(fire(&mut hooks).reports[0].failure, None);
    let body: Value = serde_json::from_str(&sent.recv().unwrap().body).unwrap();
    assert_eq!(
        (&body["event"], &body["run_id"]),
        (&"model_error".into(), &"test-run-id".into())
    );
    assert_eq!(body, serde_json::to_value(context()).unwrap());
}

#[test]
fn a_request_is_tried_again_until_it_is_welcome() {
    let (url, sent) = server(&[500, 429, 200]);
    let mut hooks = hooks(&format!(
        "[hook.webhooks.on_model_error]\nurl = \"{url}\"\nretry_count = 5\nretry_delay_ms = 20\n"
    ));
    let begin = Instant::now();
    assert_eq!(fire(&mut hooks).reports[0].failure, None);
    // 20 ms, then 40 ms.
    assert!(begin.elapsed() >= Duration::from_millis(60));
    assert_eq!(sent.try_iter().count(), 3);
}

#[test]
fn what_is_said_of_a_failure_shows_no_password() {
    let (url, _sent) = server(&[404]);
    let mut hooks = hooks(&format!(
        "[hook.on_model_error]\ncommand = 'echo \"$T and ${{T}}!\"; echo $T >&2; exit 7'\nenv = {{ T = \"${{TOKEN}}\" }}\n\
         [hook.webhooks.on_model_error]\nurl = \"{url}\"\nheaders = {{ Authorization = \"Bearer ${{TOKEN}}\" }}\nretry_count = 1\nretry_delay_ms = 1\n"
    ));
    let fired = fire(&mut hooks);
    let [shell, request] = fired.reports.as_slice() else {
        panic!("{fired:?}");
    };
    assert_eq!(shell.failure.as_deref(), Some("exit code 7: ***"));
    assert_eq!(shell.output.as_deref(), Some("*** and ***!\n***"));
    assert_eq!(
        request.failure.as_deref(),
        Some("the answer is 404: no: *** at /*** (2 attempts)")
    );
    assert!(request.hook.starts_with("POST http://127.0.0.1:") && request.hook.ends_with("/…"));
    assert_eq!(fired.abort, None);
}

#[test]
fn an_abort_leaves_the_later_hooks_out() {
    let mut hooks = hooks(
        "[[hook.on_model_error]]\ncommand = \"true\"\n[[hook.on_model_error]]\ncommand = \"exit 1\"\non_failure = \"abort\"\n\
         [[hook.on_model_error]]\ncommand = \"true\"\n[hook.webhooks.on_model_error]\nurl = \"http://127.0.0.1:1/\"\n",
    );
    let fired = fire(&mut hooks);
    assert_eq!(fired.reports.len(), 2);
    assert_eq!(
        fired.abort.as_deref(),
        Some("on_model_error hook `exit 1` failed: exit code 1")
    );
}

#[test]
fn a_server_that_does_not_answer_is_given_up_in_time() {
    let (url, _sent) = server(&[0]);
    let mut hooks = hooks(&format!(
        "[hook.webhooks.on_model_error]\nurl = \"{url}\"\ntimeout_ms = 150\n"
    ));
    let fired = fire(&mut hooks);
    assert_eq!(
        fired.reports[0].failure.as_deref(),
        Some("no answer within 150 ms")
    );
}

#[test]
fn a_tripped_token_ends_a_request_and_the_next_one_works_again() {
    let (url, sent) = server(&[0, 200]);
    let mut hooks = hooks(&format!(
        "[hook.webhooks.on_model_error]\nurl = \"{url}\"\ntimeout_ms = 36000000\nretry_count = 3\n"
    ));
    let cancel = CancelToken::new();
    let token = cancel.clone();
    let waiter = std::thread::spawn(move || {
        sent.recv().unwrap();
        token.trip();
        sent
    });
    let fired = hooks.fire(&context(), &cancel);
    assert_eq!(
        fired.reports[0].failure.as_deref(),
        Some("given up: the run was interrupted")
    );
    let _sent = waiter.join().unwrap();
    assert_eq!(fire(&mut hooks).reports[0].failure, None);
}

#[test]
fn detached_requests_are_waited_for_at_the_end() {
    let (url, sent) = server(&[200, 500, 200]);
    let mut hooks = hooks(&format!(
        "[hook.webhooks.on_model_error]\nurl = \"{url}\"\nasync = true\n"
    ));
    for _ in 0..20 {
        assert!(fire(&mut hooks).reports[0].pending);
    }
    let failed = hooks.finish(Duration::from_secs(30));
    assert_eq!(sent.try_iter().count(), 20);
    assert_eq!(failed.len(), 1);
    assert_eq!(
        failed[0].failure.as_deref(),
        Some("the answer is 500: no: t0p-secret at /***")
    );
}

#[test]
fn the_wait_at_the_end_has_a_bound() {
    let (url, _sent) = server(&[0]);
    let mut hooks = hooks(&format!(
        "[hook.webhooks.on_model_error]\nurl = \"{url}\"\nasync = true\ntimeout_ms = 36000000\n"
    ));
    for _ in 0..9 {
        fire(&mut hooks);
    }
    let failed = hooks.finish(Duration::from_millis(300));
    assert_eq!(failed.len(), 9);
    let said = failed[0].failure.as_deref().unwrap();
    assert!(
        said.starts_with("not done 0.3 s after the end of the run"),
        "{said}"
    );
}

// ---------------------------------------------------------------------------------------------------- the observer

#[derive(Default)]
struct Kept(Vec<Event>);

impl Observer for Kept {
    fn event(&mut self, event: &Event) {
        self.0.push(event.clone());
    }
}

fn finished(kind: &'static str) -> Event {
    Event::ModelFinished {
        model: "m".into(),
        kind: kind.into(),
        target: "c.s.m".into(),
        asset_key: vec!["m".into()],
        strategy: "full_refresh".into(),
        sql_hash: "0".into(),
        watermark: None,
        rows: Some(3),
        duration_ms: 5,
    }
}

fn failed(kind: &'static str) -> Event {
    Event::ModelFailed {
        model: "m".into(),
        kind: kind.into(),
        target: "c.s.m".into(),
        asset_key: Vec::new(),
        error: "broken".into(),
        duration_ms: 5,
    }
}

fn started(kind: &'static str) -> Event {
    Event::ModelStarted {
        model: "m".into(),
        kind: kind.into(),
        target: "c.s.m".into(),
    }
}

/// Each hook appends its context to a file.
fn all_events(file: &std::path::Path) -> String {
    let one = |e: HookEvent| {
        format!(
            "[hook.{}]\ncommand = '(tr -d \"\\n\"; echo) >> {}'\n",
            e.name(),
            file.display()
        )
    };
    HookEvent::ALL.into_iter().map(one).collect()
}

#[test]
fn all_eighteen_events_are_told_with_what_belongs_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told");
    let (mut kept, clock, cancel) = (Kept::default(), MemorySystem::new(), CancelToken::new());
    let told = |error: Option<&str>| {
        let (mut kept, clock, cancel) = (Kept::default(), MemorySystem::new(), CancelToken::new());
        let hooks = hooks(&all_events(&file));
        let observer = HookObserver::new(&mut kept, hooks, &clock, &cancel, "run-1", "silver");
        observer.end(&RunEnding {
            error: error.map(str::to_owned),
            tables: 2,
            duration_ms: 9,
            interrupted: false,
        })
    };
    let mut observer = HookObserver::new(
        &mut kept,
        hooks(&all_events(&file)),
        &clock,
        &cancel,
        "run-0",
        "silver",
    );
    observer.start().unwrap();
    for event in [
        Event::DiscoverFinished { connectors: 4 },
        Event::CompileFinished { models: 7 },
        Event::RunStarted {
            run_id: "run-1".into(),
            pipeline: "silver".into(),
            models: 7,
        },
    ] {
        observer.event(&event);
    }
    for kind in ["model", "table"] {
        assert!(observer.guards(kind));
        observer.may_begin(&started(kind)).unwrap();
        observer.event(&started(kind));
        observer.event(&finished(kind));
        observer.event(&failed(kind));
    }
    for event in [
        Event::ChecksStarted { tables: 1 },
        Event::CheckFinished {
            table: "c.s.m".into(),
            asset_key: Vec::new(),
            check: "row_count".into(),
            passed: false,
            severity: "error".into(),
            details: BTreeMap::from([(SmolStr::new("source_count"), Value::from(4))]),
        },
        Event::ChecksFinished {
            total: 1,
            passed: 0,
            failed: 1,
        },
        Event::DriftDetected {
            table: "c.s.m".into(),
            columns: vec!["a".into()],
            action: "add_columns".into(),
            reason: "r".into(),
        },
        Event::AnomalyDetected {
            table: "c.s.m".into(),
            description: "d".into(),
        },
        Event::StateSynced {
            backend: "s3".into(),
            duration_ms: 1,
        },
        Event::BudgetBreached {
            budget: "max_duration_ms".into(),
            limit: 1,
            actual: 2,
        },
    ] {
        observer.event(&event);
    }
    let summary = observer.end(&RunEnding::default());
    assert_eq!((summary.fired, summary.failed), (17, 0), "{summary:?}");
    assert_eq!(told(Some("broken")).fired, 1);

    let text = std::fs::read_to_string(&file).unwrap();
    let contexts: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let names: std::collections::BTreeSet<&str> =
        contexts.iter().map(|c| c["event"].as_str().unwrap()).collect();
    assert_eq!(names, HookEvent::ALL.into_iter().map(HookEvent::name).collect());
    let of = |name: &str| contexts.iter().find(|c| c["event"] == name).unwrap();
    assert_eq!(
        (&of("pipeline_start")["run_id"], &of("pipeline_start")["pipeline"]),
        (&"run-0".into(), &"silver".into())
    );
    assert_eq!(of("after_model_run")["run_id"], "run-1");
    assert_eq!(of("discover_complete")["metadata"]["connector_count"], 4);
    assert_eq!(of("compile_complete")["metadata"]["model_count"], 7);
    assert_eq!(
        (&of("before_model_run")["model"], &of("before_model_run")["table"]),
        (&"m".into(), &"c.s.m".into())
    );
    assert_eq!(of("after_model_run")["duration_ms"], 5);
    assert_eq!(
        (
            &of("after_materialize")["table"],
            of("after_materialize").get("model")
        ),
        (&"c.s.m".into(), None)
    );
    assert_eq!(of("after_materialize")["metadata"]["row_count"], 3);
    assert_eq!(of("model_error")["error"], "broken");
    assert_eq!(of("before_checks")["metadata"]["table_count"], 1);
    assert_eq!(of("check_result")["metadata"]["check_name"], "row_count");
    assert_eq!(of("check_result")["metadata"]["details"]["source_count"], 4);
    assert_eq!(of("after_checks")["metadata"]["failed"], 1);
    assert_eq!(of("drift_detected")["metadata"]["drifted_columns"][0], "a");
    assert_eq!(of("anomaly_detected")["metadata"]["description"], "d");
    assert_eq!(of("budget_breach")["metadata"]["limit"], 1);
    assert_eq!(
        (
            &of("pipeline_error")["error"],
            &of("pipeline_error")["metadata"]["table_count"]
        ),
        (&"broken".into(), &2.into())
    );
}

#[test]
fn what_an_abort_prevents_depends_on_the_moment() {
    let (clock, cancel) = (MemorySystem::new(), CancelToken::new());
    let aborting = |event: &str| {
        hooks(&format!(
            "[hook.{event}]\ncommand = \"exit 1\"\non_failure = \"abort\"\n"
        ))
    };
    let mut kept = Kept::default();
    let mut before = HookObserver::new(&mut kept, aborting("before_model_run"), &clock, &cancel, "r", "p");
    assert!(before.guards("model") && !before.guards("table"));
    let why = before.may_begin(&started("model")).unwrap_err();
    assert_eq!(why, "on_before_model_run hook `exit 1` failed: exit code 1");
    assert_eq!(before.stop(), None, "the others go on");

    let mut kept = Kept::default();
    let mut after = HookObserver::new(&mut kept, aborting("after_model_run"), &clock, &cancel, "r", "p");
    assert!(
        after.guards("model") && after.guards("table"),
        "what follows waits for the hook"
    );
    after.event(&finished("model"));
    assert_eq!(
        after.stop(),
        Some("on_after_model_run hook `exit 1` failed: exit code 1")
    );

    let mut kept = Kept::default();
    let mut start = HookObserver::new(&mut kept, aborting("pipeline_start"), &clock, &cancel, "r", "p");
    assert!(start.start().is_err());
    let summary = start.end(&RunEnding::default());
    assert_eq!(summary.failures.len(), 1);
    let logged = matches!(&kept.0[0], Event::Log { level, message } if level == "warning" && message.contains("exit code 1"));
    assert!(logged, "{:?}", kept.0);
}

#[test]
fn the_hooks_of_the_end_run_after_an_interruption_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("told");
    let (mut kept, clock, cancel) = (Kept::default(), MemorySystem::new(), CancelToken::new());
    cancel.trip();
    let mut observer = HookObserver::new(&mut kept, hooks(&all_events(&file)), &clock, &cancel, "r", "p");
    observer.event(&failed("model"));
    let summary = observer.end(&RunEnding {
        error: Some("interrupted".into()),
        interrupted: true,
        ..RunEnding::default()
    });
    assert_eq!((summary.fired, summary.failed), (2, 1), "{summary:?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("pipeline_error"));
}

#[test]
fn of_a_password_that_is_cut_no_part_is_shown() {
    let long = format!(
        "[[hook.model_error]]\ncommand = \"\"\"printf '%s' \"$T\"; head -c 4090 /dev/zero | tr '\\\\000' .; head -c 395 /dev/zero | tr '\\\\000' . >&2; printf %s \"$T\" >&2; exit 1\"\"\"\n\
         env = {{ T = \"${{TOKEN}}\" }}\n\
         [[hook.model_error]]\ncommand = \"true {}t0p-secret\"\nenv = {{ T = \"${{TOKEN}}\" }}\n",
        "x".repeat(SHOWN - 9)
    );
    let config = config(&long);
    let mut hooks = Hooks::new(config.clone(), std::env::temp_dir());
    let reports = fire(&mut hooks).reports;
    let output = reports[0].output.as_deref().unwrap();
    assert!(output.starts_with("[4 bytes before this] ..."), "{output:.60}");
    for part in ["t0p", "ecret"] {
        for report in &reports {
            assert!(!format!("{report:?}").contains(part), "{report:?}");
        }
        for hook in &config.shell {
            assert!(!shown_command(&config, hook).contains(part));
        }
    }
}
