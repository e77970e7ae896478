//! Every verb does its work through the C signature, alone and at the same time as others.

use crate::api::{Engine, Project, VERBS};
use crate::support::Playground;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::CStr;
use std::sync::mpsc;
use std::time::Duration;

#[test]
fn every_verb_of_the_core_has_a_function() {
    let names: Vec<&str> = VERBS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, rocky_core::VERBS);
}

#[test]
fn a_project_is_compiled_planned_run_and_traced() {
    let playground = Playground::new();
    let project = Project::open(&playground.open_request()).unwrap();

    let compiled = project.call("compile", "").unwrap();
    assert_eq!(compiled["command"], "compile");
    assert_eq!(compiled["has_errors"], false, "{}", compiled["diagnostics"]);
    let models: BTreeSet<&str> = compiled["models_detail"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["name"].as_str().unwrap())
        .collect();
    assert!(models.contains("customer_value"), "{models:?}");
    let value = compiled["models_detail"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["name"] == "customer_value");
    let columns = value.unwrap()["columns"].as_array().unwrap();
    let customer_id = columns.iter().find(|c| c["name"] == "customer_id").unwrap();
    assert_eq!(customer_id["type"], "BIGINT");

    let plan = project.call("plan", "{}").unwrap();
    assert_eq!(plan["command"], "plan");
    assert!(
        plan["statements"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["model"] == "customer_value")
    );

    let mut events = Vec::new();
    let run = project
        .call_with("run", "{}", &mut |event| events.push(event), None)
        .unwrap();
    assert_eq!(run["status"], "Success", "{}", run["errors"]);
    assert_eq!(run["interrupted"], false);
    let written = run["materializations"].as_array().unwrap();
    assert!(
        written
            .iter()
            .any(|m| m["model"] == "customer_value" && m["rows_copied"].as_u64() > Some(0))
    );

    let kinds: BTreeSet<&str> = events.iter().map(|e| e["type"].as_str().unwrap()).collect();
    for kind in [
        "progress",
        "run_started",
        "model_started",
        "step_finished",
        "model_finished",
        "run_finished",
    ] {
        assert!(kinds.contains(kind), "no event {kind} in {kinds:?}");
    }
    let finished = |e: &&Value| e["type"] == "model_finished";
    assert_eq!(events.iter().filter(finished).count(), written.len());
    assert_eq!(events.last().unwrap()["type"], "run_finished");
    assert_eq!(events.last().unwrap()["run_id"], run["run_id"]);

    let lineage = project
        .call("lineage", r#"{"target": "customer_value.lifetime_value"}"#)
        .unwrap();
    let sources: Vec<&str> = lineage["trace"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["source"]["model"].as_str().unwrap())
        .collect();
    assert!(sources.contains(&"fct_orders"), "{sources:?}");
    assert!(
        sources.iter().any(|s| s.contains("raw")),
        "the trace ends before the source: {sources:?}"
    );

    let graph = project
        .call("lineage", r#"{"target": "customer_value", "format": "dot"}"#)
        .unwrap();
    assert_eq!(graph["media_type"], "text/vnd.graphviz");
    assert!(
        graph["rendered"].as_str().unwrap().starts_with("digraph"),
        "{graph}"
    );

    let history = project.call("history", r#"{"limit": 1}"#).unwrap();
    assert_eq!(history["runs"][0]["run_id"], run["run_id"]);
    let state = project.call("state", "").unwrap();
    assert!(!state["watermarks"].as_array().unwrap().is_empty(), "{state}");
    let tested = project.call("test", "{}").unwrap();
    assert_eq!(
        (&tested["failed"], tested["passed"].as_u64() > Some(0)),
        (&json!(0), true),
        "{tested}"
    );
    assert_eq!(project.call("validate", "").unwrap()["command"], "validate");
    assert!(
        project.call("discover", "").unwrap()["sources"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["id"] == "raw")
    );
}

#[test]
fn a_mistake_in_a_model_is_part_of_the_document() {
    let playground = Playground::new();
    playground.write(
        "models/marts/wrong.sql",
        "SELECT lifetime_valu FROM customer_value\n",
    );
    let project = Project::open(&playground.open_request()).unwrap();
    let compiled = project.call("compile", "").unwrap();
    assert_eq!(compiled["has_errors"], true);
    let diagnostic = &compiled["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|d| d["model"] == "wrong")
        .unwrap();
    assert!(
        diagnostic["message"].as_str().unwrap().contains("lifetime_valu"),
        "{diagnostic}"
    );
}

#[test]
fn two_threads_compile_one_project_at_the_same_time() {
    let playground = Playground::new();
    let project = Project::open(&playground.open_request()).unwrap();
    let barrier = std::sync::Barrier::new(2);
    std::thread::scope(|scope| {
        // What was asked of the warehouse half a minute ago is less sure than what is asked now.
        let request = r#"{"refresh_sources": "always"}"#;
        let compile = || {
            barrier.wait();
            (0..5)
                .map(|_| project.call("compile", request).unwrap()["models_detail"].clone())
                .collect::<Vec<_>>()
        };
        let (one, two) = (scope.spawn(compile), scope.spawn(compile));
        let (one, two) = (one.join().unwrap(), two.join().unwrap());
        for models in one.iter().chain(&two) {
            assert_eq!(format!("{models:#}"), format!("{:#}", one[0]));
        }
        assert!(!one[0].as_array().unwrap().is_empty());
    });
}

#[test]
fn many_projects_of_one_engine_run_at_the_same_time() {
    let playgrounds: Vec<Playground> = (0..4).map(|_| Playground::new()).collect();
    let engine = Engine::new("").unwrap();
    let projects: Vec<Project> = playgrounds
        .iter()
        .map(|p| Project::open_with(&engine, &p.open_request()).unwrap())
        .collect();
    drop(engine);
    std::thread::scope(|scope| {
        let runs: Vec<_> = projects
            .iter()
            .map(|p| scope.spawn(|| p.call("run", "").unwrap()))
            .collect();
        for run in runs {
            let run = run.join().unwrap();
            assert_eq!(run["status"], "Success", "{}", run["errors"]);
        }
    });
}

#[test]
fn a_callback_may_call_verbs_that_read() {
    let playground = Playground::new();
    // A call that waits for itself would hang this test instead of failing it: it runs beside.
    let (done, result) = mpsc::channel();
    let request = playground.open_request();
    std::thread::spawn(move || {
        let project = Project::open(&request).unwrap();
        let mut nested = Vec::new();
        for (verb, wanted) in [("compile", "progress"), ("run", "model_finished")] {
            let mut called = false;
            project
                .call_with(
                    verb,
                    "",
                    &mut |event| {
                        if event["type"] == wanted && !std::mem::replace(&mut called, true) {
                            for (read, request) in [
                                ("compile", ""),
                                ("lineage", r#"{"target": "customer_value"}"#),
                                ("history", ""),
                            ] {
                                nested.push(project.call(read, request).unwrap()["command"].clone());
                            }
                        }
                    },
                    None,
                )
                .unwrap();
        }
        let _ = done.send(nested);
    });
    let nested = result
        .recv_timeout(Duration::from_secs(20))
        .expect("a call inside of a callback did not return");
    assert_eq!(
        nested,
        ["compile", "lineage", "history", "compile", "lineage", "history"]
    );
}

#[test]
fn closing_a_project_releases_its_files() {
    let playground = Playground::new();
    for _ in 0..2 {
        let project = Project::open(&playground.open_request()).unwrap();
        assert_eq!(project.call("run", "").unwrap()["status"], "Success");
        drop(project);
        let open: Vec<_> = std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|e| std::fs::read_link(e.unwrap().path()).ok())
            .filter(|target| target.starts_with(playground.root()))
            .collect();
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn the_versions_are_those_of_the_build() {
    assert_eq!(rocky::rocky_abi_version(), rocky::ROCKY_ABI_VERSION);
    // SAFETY: static text.
    let version = unsafe { CStr::from_ptr(rocky::rocky_version()) };
    assert_eq!(version.to_str().unwrap(), rocky_core::VERSION);
}

#[test]
fn seeds_files_and_snapshots_have_verbs_of_their_own() {
    let playground = Playground::new();
    playground.write("seeds/countries.csv", "code,name\nDE,Germany\nFR,France\n");
    playground.write("inbox/visits.csv", "day,n\n2026-01-31,7\n");
    let config = std::fs::read_to_string(playground.root().join("rocky.toml")).unwrap();
    let snapshot = "\n[pipeline.history]\ntype = \"snapshot\"\nunique_key = [\"code\"]\n\
        [pipeline.history.source]\ncatalog = \"\"\nschema = \"seeds\"\ntable = \"countries\"\n\
        [pipeline.history.target]\ncatalog = \"\"\nschema = \"history\"\ntable = \"countries\"\n";
    playground.write("rocky.toml", &format!("{config}{snapshot}"));
    let project = Project::open(&playground.open_request()).unwrap();
    let seeded = project.call("seed", "").unwrap();
    assert_eq!(
        (
            &seeded["tables_loaded"],
            &seeded["tables"][0]["rows"],
            &seeded["tables"][0]["columns"]
        ),
        (&json!(1), &json!(2), &json!(2)),
        "{seeded}"
    );
    let shown = project.call("snapshot", r#"{"dry_run": true}"#).unwrap();
    assert_eq!(
        (&shown["dry_run"], &shown["steps_ok"]),
        (&json!(true), &json!(0)),
        "{shown}"
    );
    let taken = project.call("snapshot", "").unwrap();
    assert_eq!(
        (&taken["rows_inserted"], &taken["steps_ok"]),
        (&json!(2), &taken["steps_total"]),
        "{taken}"
    );
    let loaded = project
        .call(
            "load",
            r#"{"source_dir": "inbox", "target": "raw.visits", "pipeline": "history"}"#,
        )
        .unwrap();
    assert_eq!(
        (&loaded["files_loaded"], &loaded["total_rows"]),
        (&json!(1), &json!(1)),
        "{loaded}"
    );
    let again = project
        .call(
            "load",
            r#"{"source_dir": "inbox", "target": "raw.visits", "pipeline": "history"}"#,
        )
        .unwrap();
    assert_eq!(
        (&again["files_loaded"], &again["files_skipped"]),
        (&json!(0), &json!(1)),
        "{again}"
    );
}
