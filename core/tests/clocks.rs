//! A clock that jumps back, between runs and during one: nothing rests on it.
#![cfg(feature = "duckdb")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "kill/clock.rs"]
mod clock;

use clock::Clock;
use rocky_adapter_duckdb::{DuckDb, OpenOptions};
use rocky_core::verbs::history::{HistoryRequest, HistoryResponse};
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::verbs::state::{StateAction, StateAnswer, StateRequest};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use rocky_warehouse::Warehouse;
use std::path::Path;
use std::sync::Arc;

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
    [state.retention]\nmax_age_days = 30\nmin_runs_kept = 2\n\
    [pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n[pipeline.p.checks]\nrow_count = true\n\
    [pipeline.s]\ntype = \"snapshot\"\nunique_key = [\"id\"]\n[pipeline.s.source]\ncatalog = \"w\"\nschema = \"raw\"\ntable = \"t\"\n\
    [pipeline.s.target]\ncatalog = \"w\"\nschema = \"history\"\ntable = \"t\"\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        let files = [
            ("rocky.toml", CONFIG),
            ("models/i.sql", "select id, v, ts from raw.t"),
            (
                "models/i.toml",
                "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n",
            ),
            (
                "models/w.sql",
                "select cast(ts as date) as day, count(*) as n from raw.t where ts >= @start_date and ts < @end_date group by all",
            ),
            (
                "models/w.toml",
                "[strategy]\ntype = \"time_interval\"\ntime_column = \"day\"\ngranularity = \"day\"\nfirst_partition = \"2031-01-28\"\n",
            ),
            ("models/after.sql", "select sum(v) / 1 as n from i"),
        ];
        for (path, text) in files {
            folder.write(path, text);
        }
        folder.sql("create schema raw");
        folder.sql("create table raw.t (id bigint, v bigint, ts timestamp not null)");
        folder.sql(
            "insert into raw.t select i, i, timestamp '2031-01-28' + interval (i) day from range(5) r(i)",
        );
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let full = self.0.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    fn open(&self, clock: Clock) -> Project {
        let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
        let request = OpenRequest {
            config: Some(self.0.path().display().to_string()),
            ..OpenRequest::default()
        };
        let host = Host {
            system: Arc::new(clock),
        };
        Project::open(&engine, &request, host).unwrap()
    }

    fn run(&self, clock: Clock, pipeline: &str, more: RunRequest) -> RunResponse {
        let request = RunRequest {
            pipeline: Some(pipeline.to_owned()),
            ..more
        };
        let project = self.open(clock);
        project
            .run(&request, &mut NoObserver, &CancelToken::new())
            .unwrap()
    }

    fn sql(&self, text: &str) -> Vec<String> {
        let cancel = CancelToken::new();
        let path: &Path = &self.0.path().join("w.duckdb");
        let db = DuckDb::open(Some(path), &OpenOptions::default(), &cancel).unwrap();
        let mut connection = db.connect().unwrap();
        let rows = connection.query(text, 1000, &cancel).unwrap().rows;
        let cell = |v: &rocky_warehouse::Value| v.to_text().unwrap_or_else(|| "NULL".to_owned());
        let line = |r: &Vec<rocky_warehouse::Value>| r.iter().map(cell).collect::<Vec<_>>().join("|");
        rows.iter().map(line).collect()
    }

    /// Names of runs, newest first, and nothing is wrong with the state.
    fn history(&self) -> Vec<String> {
        let project = self.open(Clock::stopped("2031-02-01"));
        let check = StateRequest {
            action: StateAction::Check,
            ..StateRequest::default()
        };
        let cancel = CancelToken::new();
        match project.state(&check, &mut NoObserver, &cancel).unwrap() {
            StateAnswer::Audit(found) => assert!(found.findings.is_empty(), "{found:#?}"),
            other => panic!("{other:?}"),
        }
        match project.history(&HistoryRequest::default()).unwrap() {
            HistoryResponse::Runs(runs) => {
                for run in &runs.runs {
                    assert!(run.duration_ms < 600_000, "{run:?}");
                }
                runs.runs.into_iter().map(|r| r.run_id).collect()
            }
            other => panic!("{other:?}"),
        }
    }
}

fn plain() -> RunRequest {
    RunRequest::default()
}

fn missing() -> RunRequest {
    RunRequest {
        missing: true,
        ..plain()
    }
}

#[test]
fn a_clock_that_runs_backwards_during_a_run_changes_nothing_of_it() {
    let folder = Folder::new();
    // A second back each time that somebody looks.
    let back = || Clock::moving("2031-02-02", -1000);
    for round in 0..3 {
        let run = folder.run(back(), "p", missing());
        assert_eq!(run.status, "Success", "{run:#?}");
        assert_eq!((run.state_error.as_ref(), run.checks_failed), (None, 0));
        assert!(run.duration_ms < 600_000 && run.materializations.iter().all(|m| m.duration_ms < 600_000));
        let n = 5 + round;
        assert_eq!(
            folder.sql("select count(*), sum(v) from i"),
            [format!("{n}|{}", n * (n - 1) / 2)]
        );
        folder.sql(&format!(
            "insert into raw.t values ({n}, {n}, timestamp '2031-01-28' + interval {n} day)"
        ));
        let snapshot = folder.run(back(), "s", plain());
        assert_eq!(snapshot.status, "Success", "{snapshot:#?}");
        folder.sql("update raw.t set v = v where id = 0");
    }
    assert_eq!(
        folder.sql("select day, n from w order by 1 limit 3"),
        ["2031-01-28|1", "2031-01-29|1", "2031-01-30|1"]
    );
    assert_eq!(
        folder.sql("select count(*) from history.t where valid_to < valid_from"),
        ["0"]
    );
    assert_eq!(folder.history().len(), 6);
}

#[test]
fn runs_before_their_predecessors_are_still_later_ones() {
    let folder = Folder::new();
    let at = |day: &str| Clock::stopped(day);
    let mut ids = vec![folder.run(at("2031-03-10"), "p", missing()).run_id];
    assert_eq!(folder.sql("select count(*) from w"), ["5"]);
    // The clock goes back by more than what is kept, and the next run fails.
    folder.write(
        "models/after.sql",
        "select sum(v) / 1 as n, error('no') as e from i",
    );
    folder.sql("insert into raw.t values (5, 5, timestamp '2031-02-02')");
    let failed = folder.run(at("2031-02-01"), "p", missing());
    assert_eq!(failed.status, "PartialFailure", "{failed:#?}");
    assert_eq!(folder.sql("select count(*) from i"), ["6"]);
    ids.push(failed.run_id.clone());
    // It is the one to go on with, not the success whose time is later.
    folder.write("models/after.sql", "select sum(v) / 1 as n from i");
    let request = RunRequest {
        resume_latest: true,
        ..missing()
    };
    let resumed = folder.run(at("2031-01-31"), "p", request);
    assert_eq!(
        (resumed.status.as_str(), resumed.resumed_from.as_ref()),
        ("Success", Some(&failed.run_id))
    );
    ids.push(resumed.run_id);
    assert_eq!(folder.sql("select n from after"), ["15"]);
    // A key that was used at a later time is used.
    let keyed = || RunRequest {
        idempotency_key: Some("once".to_owned()),
        ..missing()
    };
    let first = folder.run(at("2031-02-20"), "p", keyed());
    assert_eq!(first.status, "Success");
    ids.push(first.run_id.clone());
    let again = folder.run(at("2031-02-01"), "p", keyed());
    assert_eq!(
        (again.status.as_str(), again.skipped_by_run_id.as_ref()),
        ("SkippedIdempotent", Some(&first.run_id))
    );
    // Two runs of one moment have two names, in the order in which they began.
    ids.push(folder.run(at("2031-01-31"), "p", plain()).run_id);
    ids.push(folder.run(at("2031-01-31"), "p", plain()).run_id);
    let mut newest_first = folder.history();
    newest_first.reverse();
    assert_eq!(newest_first, ids);
    // What is kept by number is what began last.
    let last = folder.run(at("2032-06-01"), "p", plain()).run_id;
    let kept = folder.history();
    assert_eq!(kept.first(), Some(&last));
    assert!(kept.len() >= 2 && kept.contains(&ids[5]), "{kept:?}");
}
