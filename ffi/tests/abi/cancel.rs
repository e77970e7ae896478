//! Cancelling from another thread and from the callback.

use crate::api::{Cancel, Project};
use crate::support::Playground;
use rocky::status::rocky_status;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// On an idle machine it is a few milliseconds. Whoever did not stop would take hours.
const SOON: Duration = Duration::from_secs(120);

#[test]
fn a_run_is_cancelled_from_another_thread_in_the_middle_of_a_query() {
    let playground = Playground::new();
    playground.add_slow_model();
    let project = Project::open(&playground.open_request()).unwrap();
    let cancel = Cancel::new();
    let (started, slow_started) = mpsc::channel();
    let (run, took) = std::thread::scope(|scope| {
        let token = &cancel;
        let tripper = scope.spawn(move || {
            slow_started
                .recv_timeout(Duration::from_secs(300))
                .expect("the model was not started");
            // Most likely the query itself is running then; what follows holds in any case.
            std::thread::sleep(Duration::from_millis(200));
            let at = Instant::now();
            token.trip();
            at
        });
        let run = project.call_with(
            "run",
            "",
            &mut |event| {
                if event["type"] == "model_started" && event["model"] == "slow" {
                    let _ = started.send(());
                }
            },
            Some(token),
        );
        let returned = Instant::now();
        drop(started);
        (run, returned - tripper.join().unwrap())
    });
    assert!(took < SOON, "it took {took:?}");
    let run = run.unwrap();
    assert_eq!(run["interrupted"], true);
    assert!(
        !run["materializations"]
            .as_array()
            .unwrap()
            .iter()
            .any(|m| m["model"] == "slow")
    );
    assert!(
        run["skipped"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s["model"] == "slow"),
        "{}",
        run["skipped"]
    );
    // The handle is as good as before, and what was interrupted left nothing behind.
    let history = project.call("history", r#"{"limit": 1}"#).unwrap();
    assert_eq!(
        (&history["runs"][0]["run_id"], &history["runs"][0]["interrupted"]),
        (&run["run_id"], &true.into())
    );
    // Whether or not the interrupted run had come as far as what it reads.
    let again = project.call("run", r#"{"models": ["+customer_value"]}"#).unwrap();
    assert_eq!(again["status"], "Success", "{}", again["errors"]);
}

#[test]
fn a_callback_may_trip_the_token() {
    let playground = Playground::new();
    playground.add_slow_model();
    let project = Project::open(&playground.open_request()).unwrap();
    let cancel = Cancel::new();
    let mut tripped = None;
    let run = project
        .call_with(
            "run",
            "",
            &mut |event| {
                if event["type"] == "model_started" && event["model"] == "slow" {
                    tripped = Some(Instant::now());
                    cancel.trip();
                }
            },
            Some(&cancel),
        )
        .unwrap();
    assert!(tripped.expect("the model was not started").elapsed() < SOON);
    assert_eq!(run["interrupted"], true);
}

#[test]
fn a_tripped_token_stops_a_call_before_it_begins() {
    let playground = Playground::new();
    let project = Project::open(&playground.open_request()).unwrap();
    let cancel = Cancel::new();
    cancel.trip();
    for verb in ["compile", "plan", "run", "test"] {
        let error = project
            .call_with(verb, "", &mut |_| (), Some(&cancel))
            .unwrap_err();
        assert_eq!(
            (error.status, error.code.as_str()),
            (rocky_status::Cancelled, "cancelled"),
            "{verb}"
        );
    }
    // Another token is another matter.
    assert_eq!(
        project
            .call_with("compile", "", &mut |_| (), Some(&Cancel::new()))
            .unwrap()["has_errors"],
        false
    );
}
