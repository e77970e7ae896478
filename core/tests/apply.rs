//! A plan that was looked at is executed, or refused when it no longer fits.
#![cfg(feature = "duckdb")]
#![allow(missing_docs, clippy::unwrap_used)]

use rocky_core::verbs::apply::ApplyRequest;
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::{CancelToken, Error, ErrorKind, NoObserver, OpenRequest, Project};
use std::fs;
use std::path::Path;

struct Folder(tempfile::TempDir);

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("rocky.toml", CONFIG);
        folder.write("models/a.sql", "SELECT 1 AS id, 'x' AS name");
        folder.write("models/b.sql", "SELECT id, name FROM a");
        folder.write(
            "models/b.toml",
            "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]\n",
        );
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn open(&self) -> Project {
        let request = OpenRequest {
            config: Some(self.path().join("rocky.toml").to_str().unwrap().to_owned()),
            ..OpenRequest::default()
        };
        Project::open_alone(&request).unwrap()
    }

    fn plan(&self, request: &RunRequest) -> String {
        let plan = self
            .open()
            .plan(request, &mut NoObserver, &CancelToken::new())
            .unwrap();
        assert!(!plan.has_errors, "{:?}", plan.diagnostics);
        plan.plan_id
    }

    fn apply(&self, plan_id: &str) -> Result<RunResponse, Error> {
        let request = ApplyRequest {
            plan_id: plan_id.to_owned(),
        };
        self.open().apply(&request, &mut NoObserver, &CancelToken::new())
    }
}

#[test]
fn a_plan_is_executed_as_it_was_made() {
    let folder = Folder::new();
    let only_a = RunRequest {
        models: vec!["a".to_owned()],
        ..RunRequest::default()
    };
    let all = folder.plan(&RunRequest::default());
    let plan_id = folder.plan(&only_a);
    assert_ne!(all, plan_id);
    let run = folder.apply(&plan_id).unwrap();
    assert_eq!((run.command.as_str(), run.status.as_str()), ("run", "Success"));
    assert_eq!(run.plan_id, plan_id);
    let written: Vec<&str> = run.materializations.iter().map(|m| m.model.as_str()).collect();
    assert_eq!(written, ["a"], "the selection is part of the plan");
    // Full refreshes of `a` alone can be repeated; the plan of both supposed that `b` does not exist.
    assert_eq!(folder.apply(&plan_id).unwrap_err().kind, ErrorKind::Stale);
    assert_eq!(folder.apply(&all).unwrap_err().kind, ErrorKind::Stale);
}

#[test]
fn a_plan_that_no_longer_fits_is_refused_and_changes_nothing() {
    let folder = Folder::new();
    let run = || {
        folder
            .open()
            .run(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
    };
    assert_eq!(run().unwrap().status, "Success");
    let changes: &[(&str, &str, &str)] = &[
        (
            "models/a.sql",
            "SELECT 2 AS id, 'x' AS name",
            "`a`, what it reads or its target changed",
        ),
        // The statements of `b` are the same: what it reads is not.
        (
            "models/a.sql",
            "SELECT 2::BIGINT AS id, 'x' AS name",
            "`b`, what it reads or its target changed",
        ),
        ("models/c.sql", "SELECT 1 AS one", "`c` is new"),
        ("models/b.toml", "[strategy]\ntype = \"full_refresh\"\n", "`b`: "),
        (
            "rocky.toml",
            &format!("{CONFIG}[pipeline.p.execution]\nfail_fast = true\n"),
            "the settings of the execution differ",
        ),
    ];
    for (path, text, expected) in changes {
        let plan_id = folder.plan(&RunRequest::default());
        folder.write(path, text);
        let error = folder.apply(&plan_id).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Stale, "{}", error.message);
        assert!(error.message.contains(expected), "{}", error.message);
        assert!(
            error.message.ends_with("Nothing was changed"),
            "{}",
            error.message
        );
        assert!(error.hint.unwrap().contains("its id would be"));
    }
    let history = folder
        .open()
        .call("history", "", &mut NoObserver, &CancelToken::new())
        .unwrap();
    let history: serde_json::Value = serde_json::from_str(&history).unwrap();
    assert_eq!(
        history["runs"].as_array().unwrap().len(),
        1,
        "no refused plan began a run"
    );
}

#[test]
fn another_target_is_another_plan() {
    let folder = Folder::new();
    let plan_id = folder.plan(&RunRequest::default());
    folder
        .open()
        .run(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    let error = folder.apply(&plan_id).unwrap_err();
    assert!(
        error
            .message
            .contains("`b`: target exists: rows are merged by id (before: target does not exist)"),
        "{}",
        error.message
    );
}

#[test]
fn folders_given_at_planning_are_used_again() {
    let folder = Folder::new();
    folder.write("other/z.sql", "SELECT 3 AS z");
    let request = OpenRequest {
        config: Some(folder.path().join("rocky.toml").to_str().unwrap().to_owned()),
        models: Some("other".to_owned()),
        ..OpenRequest::default()
    };
    let plan = Project::open_alone(&request)
        .unwrap()
        .plan(&RunRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(plan.models, ["z"]);
    let run = folder.apply(&plan.plan_id).unwrap();
    assert_eq!(run.materializations[0].model, "z");
}

#[test]
fn what_is_no_plan_is_told() {
    let folder = Folder::new();
    for (plan_id, kind, expected) in [
        ("", ErrorKind::Usage, "`plan_id` is missing"),
        ("../../etc/passwd", ErrorKind::Usage, "is not a plan_id"),
        (
            "0123456789abcdef",
            ErrorKind::NotFound,
            "plan `0123456789abcdef` is not known here",
        ),
    ] {
        let error = folder.apply(plan_id).unwrap_err();
        assert_eq!(error.kind, kind, "{plan_id}");
        assert!(error.message.contains(expected), "{}", error.message);
    }
    let plan_id = folder.plan(&RunRequest::default());
    let file = folder.path().join(format!(".rocky/plans/{plan_id}.json"));
    fs::write(&file, "{").unwrap();
    assert_eq!(folder.apply(&plan_id).unwrap_err().kind, ErrorKind::Stale);
    // Errors in the models are a response, as for a run.
    let plan_id = folder.plan(&RunRequest::default());
    folder.write("models/a.sql", "SELECT FROM");
    let run = folder.apply(&plan_id).unwrap();
    assert!(run.has_errors && run.run_id.is_empty());
}

#[test]
fn only_the_last_plans_are_kept() {
    let folder = Folder::new();
    for n in 0..105 {
        folder.write("models/a.sql", &format!("SELECT {n} AS id, 'x' AS name"));
        folder.plan(&RunRequest::default());
    }
    let kept = fs::read_dir(folder.path().join(".rocky/plans")).unwrap().count();
    assert_eq!(kept, 100);
}
