//! Failures that may pass: repetitions, the circuit breaker, fewer at a time, limits; and whatever happens, on random plans.

use super::*;
use crate::execute::{Backoff, BreakerPolicy};
use crate::report::Cause;

const SECOND: Duration = Duration::from_secs(1);

fn exact(max_retries: u32) -> Policy {
    Policy {
        max_retries,
        backoff: Backoff {
            jitter: false,
            ..Backoff::default()
        },
        ..Policy::once()
    }
}

impl Run<'_> {
    fn with(self, policy: Policy) -> Self {
        Run { policy, ..self }
    }
}

/// The first `n` times that it is sent, a statement fails so.
fn failing(sql: &'static str, n: usize, class: FailureClass) -> Fake {
    Fake::new(move |sent, before| match sent == sql && before < n {
        true => Act::Fail(class, "no luck"),
        false => Act::Change(1),
    })
}

fn reasons(report: &RunReport, name: &str) -> Vec<(u32, &'static str, Duration)> {
    let past = &result(report, name).retried;
    past.iter().map(|r| (r.attempt, r.reason, r.wait)).collect()
}

// ------------------------------------------------------------------------------------------------------- repetitions

#[test]
fn what_may_pass_is_repeated_after_growing_waits() {
    for (class, reason) in [
        (FailureClass::Transient, "transient"),
        (FailureClass::RateLimited, "rate_limited"),
    ] {
        let plan = plan(vec![model("a", &[]), model("child", &[0])]);
        let fake = failing("write a", 2, class);
        let mut told = Vec::new();
        let report = Run::new(&plan, &fake)
            .with(exact(3))
            .watched(&mut |e| {
                if let Event::ModelRetried { attempt, wait_ms, .. } = e {
                    told.push((*attempt, *wait_ms));
                }
            })
            .unwrap();
        assert_eq!(statuses(&report), [Success, Success]);
        assert_eq!(result(&report, "a").attempts, 3);
        assert_eq!(
            reasons(&report, "a"),
            [(1, reason, SECOND), (2, reason, SECOND * 2)]
        );
        assert_eq!(told, [(1, 1000), (2, 2000)]);
        assert_eq!(fake.0.time.now(), SECOND * 3, "nothing else was waited for");
        assert_eq!(fake.kept(), ["write a", "write child"]);
    }
}

#[test]
fn a_conflict_with_somebody_else_is_repeated_as_often_as_that() {
    let plan = plan(vec![model("a", &[])]);
    let fake = failing("commit write a", 3, FailureClass::Transaction);
    let report = Run::new(&plan, &fake).with(exact(3)).go().unwrap();
    assert_eq!(statuses(&report), [Success]);
    let reasons: Vec<_> = reasons(&report, "a").into_iter().map(|r| (r.1, r.2)).collect();
    // The first time at once, as a rival within the run would be done.
    assert_eq!(
        reasons,
        [
            ("conflict", Duration::ZERO),
            ("conflict", SECOND),
            ("conflict", SECOND * 2)
        ]
    );
}

#[test]
fn after_the_last_repetition_the_failure_stands() {
    let plan = plan(vec![model("a", &[]), model("child", &[0]), model("other", &[])]);
    let fake = failing("write a", 100, FailureClass::Transient);
    let report = Run::new(&plan, &fake).with(exact(2)).go().unwrap();
    assert_eq!(statuses(&report), [Failed, Skipped, Success]);
    let a = result(&report, "a");
    assert_eq!((a.attempts, a.retried.len()), (3, 2));
    assert_eq!(a.error.as_ref().unwrap().kind_name(), "transient");
    assert_eq!(skipped(&report, "child"), "upstream model `a` failed");
}

#[test]
fn what_the_statement_is_to_blame_for_is_not_repeated() {
    for class in [
        FailureClass::Rejected,
        FailureClass::Constraint,
        FailureClass::Catalog,
    ] {
        let plan = plan(vec![model("a", &[])]);
        let fake = failing("write a", 1, class);
        let policy = Policy {
            error_rate_abort_pct: 0,
            ..Policy::default()
        };
        let report = Run::new(&plan, &fake).with(policy).go().unwrap();
        assert_eq!(
            (statuses(&report), result(&report, "a").attempts),
            (vec![Failed], 1),
            "{class:?}"
        );
    }
}

#[test]
fn a_task_begins_anew_as_often_as_was_said_and_once_when_nothing_was() {
    // What nobody knows is tried once more; said is said, even for a statement that is at fault.
    for (said, class, fails, attempts, expected) in [
        (None, FailureClass::Other, 1, 2, Success),
        (None, FailureClass::Other, 2, 2, Failed),
        (None, FailureClass::Rejected, 1, 1, Failed),
        (Some(0), FailureClass::Other, 1, 1, Failed),
        (Some(3), FailureClass::Rejected, 3, 4, Success),
        (Some(3), FailureClass::Other, 4, 4, Failed),
    ] {
        let plan = plan(vec![model("a", &[])]);
        let fake = failing("write a", fails, class);
        let policy = Policy {
            table_retries: said,
            ..exact(0)
        };
        let report = Run::new(&plan, &fake).with(policy).go().unwrap();
        let about = format!("{said:?} {class:?} {fails}");
        assert_eq!(
            (statuses(&report), result(&report, "a").attempts),
            (vec![expected], attempts),
            "{about}"
        );
        let anew = |r: &(u32, &str, Duration)| r.1 == "table_retry" && r.2 == SECOND;
        assert!(reasons(&report, "a").iter().all(anew), "{about}");
    }
}

#[test]
fn begun_anew_the_repetitions_begin_anew_too() {
    let plan = plan(vec![model("a", &[])]);
    let fake = failing("write a", 3, FailureClass::Transient);
    let policy = Policy {
        table_retries: Some(1),
        ..exact(1)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(statuses(&report), [Success]);
    let reasons: Vec<_> = reasons(&report, "a").into_iter().map(|r| r.1).collect();
    assert_eq!(reasons, ["transient", "table_retry", "transient"]);
}

#[test]
fn a_refusal_of_the_plan_and_a_panic_are_final() {
    let refuse = StepKind::Refuse {
        error: "cannot be written".to_owned(),
        hint: None,
    };
    let mut refused = model("refused", &[]);
    refused.steps.insert(0, step("no", refuse));
    let plan = plan(vec![refused, model("panics", &[])]);
    let fake = Fake::new(|sql, _| match sql {
        "write panics" => Act::Panic,
        _ => Act::Change(1),
    });
    let policy = Policy {
        table_retries: Some(5),
        ..exact(3)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(statuses(&report), [Failed, Failed]);
    assert!(report.tasks.iter().all(|t| t.attempts == 1));
}

#[test]
fn the_runs_repetitions_are_limited_together() {
    let plan = Plan {
        concurrency: 1,
        ..plan((0..4).map(|i| model(&i.to_string(), &[])).collect())
    };
    let fake = Fake::new(|sql, before| match sql.starts_with("write") && before < 2 {
        true => Act::Fail(FailureClass::Transient, "gone"),
        false => Act::Change(1),
    });
    let policy = Policy {
        max_retries_per_run: Some(5),
        ..exact(3)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    let attempts: u32 = report.tasks.iter().map(|t| t.attempts).sum();
    assert_eq!(attempts, 4 + 5);
    let failed: Vec<&TaskResult> = report.tasks.iter().filter(|t| t.status == Failed).collect();
    assert!(!failed.is_empty());
    for task in failed {
        let hint = task.error.as_ref().unwrap().hint.as_deref().unwrap();
        assert!(hint.contains("`max_retries_per_run`"), "{hint}");
    }
}

#[test]
fn retry_after_is_waited_for_by_everybody() {
    let plan = plan(vec![model("a", &[]), model("b", &[0]), model("c", &[])]);
    let inner = Fake::new(|_, _| Act::Change(1));
    let log = inner.0.clone();
    let fake = Fake::new(move |sql, before| match (sql, before) {
        ("write a", 0) => Act::Later(Duration::from_secs(90)),
        ("write c", _) => {
            log.log.lock().unwrap().met += 1;
            Act::Change(1)
        }
        _ => Act::Change(1),
    });
    let plan = Plan {
        concurrency: 1,
        ..plan
    };
    let report = Run::new(&plan, &fake).with(exact(1)).go().unwrap();
    assert_eq!(statuses(&report), [Success; 3]);
    assert_eq!(reasons(&report, "a"), [(1, "rate_limited", SECOND * 90)]);
    assert_eq!(fake.0.time.now(), SECOND * 90);
    // Nothing was sent in between.
    let sent = fake.sent();
    assert_eq!((sent[0].as_str(), report.pacing.rate_limits), ("write a", 1));
    assert!(
        fake.0
            .log
            .lock()
            .unwrap()
            .times
            .iter()
            .skip(1)
            .all(|t| *t >= SECOND * 90)
    );
}

#[test]
fn windows_are_repeated_one_by_one() {
    let task = super::windows::windowed("m", &[], 3, 2);
    let plan = plan(vec![task, model("reader", &[0])]);
    let fake = failing("write m '1'", 2, FailureClass::Transient);
    let report = Run::new(&plan, &fake).with(exact(2)).go().unwrap();
    assert_eq!(statuses(&report), [Success, Success]);
    let windows = result(&report, "m").windows.as_ref().unwrap();
    let attempts: Vec<u32> = windows.iter().map(|w| w.attempts).collect();
    assert_eq!(attempts, [1, 3, 1]);
    assert_eq!(crate::metrics::RunMetrics::of(&report).retries_attempted, 2);
    let mut kept = fake.kept();
    kept.sort();
    assert_eq!(
        kept,
        [
            "create m",
            "write m '0'",
            "write m '1'",
            "write m '2'",
            "write reader"
        ]
    );
}

#[test]
fn checks_are_asked_again_and_a_quality_table_is_begun_anew() {
    for (class, said, fails, attempts, passes) in [
        (FailureClass::Transient, Some(0), 2, 3, true),
        (FailureClass::RateLimited, Some(0), 3, 3, false),
        (FailureClass::Rejected, None, 1, 1, false),
        (FailureClass::Other, None, 1, 2, true),
        (FailureClass::Rejected, Some(2), 2, 3, true),
    ] {
        let plan = plan(vec![super::checks::checked("a"), model("reader", &[0])]);
        let fake = Fake::new(move |sql, before| match sql == "count a" {
            true if before < fails => Act::Fail(class, "no luck"),
            true => Act::Return(vec![vec![Value::Int(1)]]),
            false => Act::Change(1),
        });
        let policy = Policy {
            table_retries: said,
            ..exact(2)
        };
        let report = Run::new(&plan, &fake).with(policy).go().unwrap();
        let a = result(&report, "a");
        let about = format!("{class:?} {said:?}");
        assert_eq!((a.is_blocked(), a.attempts), (!passes, attempts), "{about}");
        assert_eq!(a.retried.len() as u32, attempts - 1, "{about}");
        let reader = if passes { Success } else { Skipped };
        assert_eq!(result(&report, "reader").status, reader, "{about}");
    }
    // Of a model, only what the warehouse did not answer: its rows are written already.
    let mut written = super::checks::checked("a");
    (written.kind, written.steps) = (TaskKind::Model, vec![write("write a")]);
    let plan = plan(vec![written]);
    let fake = Fake::new(|sql, _| match sql {
        "count a" => Act::Fail(FailureClass::Rejected, "no luck"),
        _ => Act::Change(1),
    });
    let policy = Policy {
        table_retries: Some(5),
        ..exact(2)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!((fake.kept().len(), result(&report, "a").attempts), (1, 1));
}

#[test]
fn tables_that_cannot_be_checked_count_as_failed() {
    let names: Vec<String> = (0..8).map(|i| format!("t{i}")).collect();
    let tasks = names.iter().map(|n| super::checks::checked(n)).collect();
    let plan = Plan {
        concurrency: 1,
        ..plan(tasks)
    };
    let policy = Policy {
        error_rate_abort_pct: 50,
        ..exact(0)
    };
    let fake = Fake::new(|_, _| Act::Fail(FailureClass::Rejected, "no such column"));
    let report = Run::new(&plan, &fake).with(policy.clone()).go().unwrap();
    assert_eq!(report.count(Skipped), 4);
    // Rows that are not as they should be are what checks are for.
    let fake = Fake::new(|_, _| Act::Return(vec![vec![Value::Int(0)]]));
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!((report.count(Skipped), report.count(Success)), (0, 8));
}

// ---------------------------------------------------------------------------------------------------- what is certain

#[test]
fn an_unknown_outcome_is_repeated_only_where_it_does_not_matter() {
    // Of each strategy: a COMMIT without an answer, and a statement without one outside of a transaction.
    for (strategy, repeated) in [
        (Strategy::FullRefresh, true),
        (Strategy::View, true),
        (Strategy::Incremental, false),
        (Strategy::Merge, false),
        (Strategy::DeleteInsert, false),
        (Strategy::SnapshotScd2, false),
        (Strategy::Load, false),
    ] {
        let task = Task {
            strategy,
            ..model("a", &[])
        };
        let plan = plan(vec![task]);
        let lost = |sql: &'static str| {
            move |sent: &str, before: usize| match sent == sql && before == 0 {
                true => Act::FailAfter(FailureClass::Transient, "connection lost"),
                false => Act::Change(1),
            }
        };
        for (fake, text) in [
            (
                Fake::new(lost("commit write a")),
                "COMMIT failed and it is not known",
            ),
            (
                Fake::without_transactions(lost("write a")),
                "connection lost (it is not known whether this statement has taken effect)",
            ),
        ] {
            let policy = Policy {
                table_retries: Some(2),
                ..exact(3)
            };
            let report = Run::new(&plan, &fake).with(policy).go().unwrap();
            let expected = if repeated { Success } else { Failed };
            assert_eq!(statuses(&report), [expected], "{strategy:?} {text}");
            assert_eq!(result(&report, "a").attempts, 1 + u32::from(repeated));
            if !repeated {
                assert!(error(&report, "a").starts_with(text), "{}", error(&report, "a"));
                assert_eq!(
                    fake.kept().len(),
                    1,
                    "it had taken effect, and was not done twice"
                );
            }
        }
    }
}

#[test]
fn a_transaction_that_lost_its_session_is_repeated_on_another() {
    let mut two = Task {
        strategy: Strategy::Incremental,
        ..model("a", &[])
    };
    two.steps.push(write("second"));
    let plan = plan(vec![two]);
    let fake = failing("second", 1, FailureClass::Transient);
    let report = Run::new(&plan, &fake).with(exact(1)).go().unwrap();
    assert_eq!(statuses(&report), [Success]);
    // From its beginning, and the first attempt left nothing.
    assert_eq!(fake.kept(), ["write a", "second"]);
    assert_eq!(fake.0.log.lock().unwrap().connections, 2);
    // Without transactions the first statement has taken effect: there is no way back.
    let fake = Fake::without_transactions(|sql, _| match sql {
        "second" => Act::Fail(FailureClass::RateLimited, "busy"),
        _ => Act::Change(1),
    });
    let report = Run::new(&plan, &fake).with(exact(1)).go().unwrap();
    assert_eq!(
        error(&report, "a"),
        "busy (the statement before it has taken effect)"
    );
    assert_eq!(fake.sent(), ["write a", "second"]);
}

#[test]
fn connections_and_the_set_up_are_tried_again_too() {
    let mut plan = plan(vec![model("a", &[])]);
    plan.setup.push(step(
        "create schema s",
        StepKind::Statement { counts_rows: false },
    ));
    let fake = failing("create schema s", 2, FailureClass::Transient);
    let mut logged = 0;
    let run = Run::new(&plan, &fake).with(exact(2));
    let report = run.watched(&mut |e| logged += usize::from(matches!(e, Event::Log { .. })));
    assert_eq!((report.unwrap().status, logged), (RunStatus::Success, 2));
    let fake = failing("create schema s", 3, FailureClass::Transient);
    let error = Run::new(&plan, &fake).with(exact(2)).go().unwrap_err();
    assert_eq!(error.message, "insert t: no luck");

    // The first two connections break.
    let fake = Fake::new(|_, _| Act::Change(1));
    fake.0.break_connections.store(2, Ordering::SeqCst);
    let report = Run::new(&plan, &fake).with(exact(2)).go().unwrap();
    assert_eq!(report.status, RunStatus::Success);
    fake.0.break_connections.store(3, Ordering::SeqCst);
    assert!(Run::new(&plan, &fake).with(exact(2)).go().is_err());
}

// --------------------------------------------------------------------------------------------------------- the circuit

fn circuit(threshold: u32, recovery: Option<Duration>) -> Option<BreakerPolicy> {
    Some(BreakerPolicy { threshold, recovery })
}

#[test]
fn a_warehouse_that_does_not_answer_is_not_asked_by_every_task() {
    let plan = Plan {
        concurrency: 1,
        ..plan((0..50).map(|i| model(&i.to_string(), &[])).collect())
    };
    let fake = Fake::new(|_, _| Act::Fail(FailureClass::Transient, "no route to host"));
    let policy = Policy {
        breaker: circuit(3, None),
        ..exact(0)
    };
    let mut logged = Vec::new();
    let report = Run::new(&plan, &fake).with(policy).watched(&mut |e| {
        if let Event::Log { message, .. } = e {
            logged.push(message.clone());
        }
    });
    let report = report.unwrap();
    assert_eq!((report.count(Failed), fake.sent().len()), (50, 3));
    assert_eq!(
        error(&report, "49"),
        "circuit breaker open: the warehouse did not answer 3 times in a row, the last time with: no route to host"
    );
    let last = result(&report, "49");
    assert_eq!(
        (last.attempts, last.error.as_ref().unwrap().cause),
        (0, Cause::CircuitOpen)
    );
    assert_eq!(
        result(&report, "0").error.as_ref().unwrap().cause,
        Cause::Transient
    );
    assert_eq!(report.pacing.circuit_openings, 1);
    assert_eq!(
        logged,
        ["circuit breaker open: the warehouse did not answer 3 times in a row; nothing more is sent"]
    );
}

#[test]
fn after_a_while_one_task_tries_and_all_go_on() {
    // It is away from the third statement until 40 s; the circuit opens there and is tried again after 30 s and after 60 s.
    let plan = plan((0..20).map(|i| model(&i.to_string(), &[])).collect());
    let clock: Arc<Mutex<Option<Fake>>> = Arc::default();
    let shared = clock.clone();
    let fake = Fake::new(move |_, _| {
        let now = shared.lock().unwrap().as_ref().map_or(SECOND, |f| f.0.time.now());
        match now < SECOND * 25 {
            true => Act::Fail(FailureClass::Transient, "away"),
            false => Act::Change(1),
        }
    });
    *clock.lock().unwrap() = Some(Fake(fake.0.clone()));
    let policy = Policy {
        breaker: circuit(2, Some(SECOND * 30)),
        ..exact(1)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(
        report.status,
        RunStatus::Success,
        "{:?}",
        report.tasks.iter().find_map(|t| t.error.clone())
    );
    assert_eq!(report.pacing.circuit_openings, 1);
    assert_eq!(fake.kept().len(), 20);
    // Those that were first, one repetition of theirs, and nothing while it was open.
    assert!(fake.sent().iter().filter(|s| s.starts_with("write")).count() <= 20 + 8);
    *clock.lock().unwrap() = None;
}

#[test]
fn who_waited_in_vain_fails() {
    let plan = plan((0..20).map(|i| model(&i.to_string(), &[])).collect());
    let fake = Fake::new(|_, _| Act::Fail(FailureClass::Transient, "away"));
    let policy = Policy {
        breaker: circuit(2, Some(SECOND * 30)),
        ..exact(1)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(report.count(Failed), 20);
    let refused = |t: &&TaskResult| t.error.as_ref().unwrap().cause == Cause::CircuitOpen;
    assert!(report.tasks.iter().filter(refused).count() >= 15);
    // One recovery was waited for, a task that failed just before may make it two.
    assert!(fake.0.time.now() <= SECOND * 70, "{:?}", fake.0.time.now());
}

#[test]
fn what_the_hook_refuses_does_not_keep_the_circuit_half_open() {
    struct Refuses;
    impl rocky_base::Observer for Refuses {
        fn event(&mut self, _: &Event) {}
        fn guards(&self, _: &str) -> bool {
            true
        }
        fn may_begin(&mut self, event: &Event) -> Result<(), String> {
            match event {
                Event::ModelStarted { model, .. } if model == "2" || model == "3" => Err("no".to_owned()),
                _ => Ok(()),
            }
        }
    }
    let plan = Plan {
        concurrency: 1,
        ..plan((0..6).map(|i| model(&i.to_string(), &[])).collect())
    };
    let fake = Fake::new(|sql, _| match sql {
        "write 0" | "write 1" => Act::Fail(FailureClass::Transient, "away"),
        _ => Act::Change(1),
    });
    let policy = Policy {
        breaker: circuit(2, Some(SECOND)),
        ..exact(0)
    };
    let clock = MemorySystem::new();
    let context = ExecuteContext {
        plan: &plan,
        warehouse: &fake,
        state: None,
        run_id: "r".to_owned(),
        trigger: Trigger::Ci,
        config_hash: String::new(),
        facts: Default::default(),
        at_end: None,
        observer: &mut Refuses,
        cancel: &CancelToken::new(),
        clock: &clock,
        policy: &policy,
        replan: &mut |_| Ok(None),
    };
    let report = execute_in(context, &fake.0.time).unwrap();
    assert_eq!(
        statuses(&report),
        [Failed, Failed, Failed, Failed, Success, Success]
    );
}

// ------------------------------------------------------------------------------------------------- how many at a time

#[test]
fn rate_limits_halve_the_number_and_it_is_told() {
    let plan = Plan {
        concurrency: 8,
        ..plan((0..60).map(|i| model(&i.to_string(), &[])).collect())
    };
    let meeting = Arc::new(Barrier::new(8));
    let fake = Fake::new(move |sql, before| {
        let number: Option<usize> = sql.strip_prefix("write ").and_then(|n| n.parse().ok());
        if before == 0 && number.is_some_and(|n| n < 8) {
            meeting.wait();
            return Act::Fail(FailureClass::RateLimited, "429");
        }
        Act::Change(1)
    });
    let policy = Policy {
        adaptive: true,
        ..exact(3)
    };
    let mut logged = Vec::new();
    let report = Run::new(&plan, &fake).with(policy).watched(&mut |e| {
        if let Event::Log { message, .. } = e {
            logged.push(message.clone());
        }
    });
    let report = report.unwrap();
    assert_eq!(
        (report.status, report.pacing.rate_limits),
        (RunStatus::Success, 8)
    );
    // One burst, one lesson; then 60 successes let it grow again.
    assert_eq!(
        logged[0],
        "the warehouse asked for less: 4 at a time instead of 8"
    );
    assert_eq!(logged[1], "5 at a time instead of 4");
    assert_eq!(
        (report.pacing.adaptive, report.pacing.final_concurrency),
        (true, 8)
    );
}

#[test]
fn rate_limits_in_a_row_leave_fewer_at_a_time() {
    let plan = Plan {
        concurrency: 4,
        ..plan((0..12).map(|i| model(&i.to_string(), &[])).collect())
    };
    let limited = Arc::new(AtomicUsize::new(0));
    let fake = Fake::new(move |sql, _| {
        match sql.starts_with("write") && limited.fetch_add(1, Ordering::SeqCst) < 6 {
            true => Act::Fail(FailureClass::RateLimited, "429"),
            false => Act::Change(1),
        }
    });
    let policy = Policy {
        adaptive: true,
        ..exact(9)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(report.status, RunStatus::Success);
    assert!(report.pacing.final_concurrency < 4, "{:?}", report.pacing);
    assert_eq!(report.pacing.rate_limits, 6);
}

// --------------------------------------------------------------------------------------------------------- the limits

#[test]
fn what_takes_too_long_is_stopped_rolled_back_and_named() {
    let plan = plan(vec![
        model("slow", &[]),
        model("child", &[0]),
        model("own", &[]),
        model("quick", &[]),
    ]);
    let fake = Fake::new(|sql, _| match sql {
        "write slow" => Act::HangFor(SECOND * 5),
        "write own" => Act::HangFor(SECOND * 7),
        _ => Act::Change(1),
    });
    let policy = Policy {
        timeout: Some(SECOND * 5),
        timeouts: [("own".into(), SECOND * 7)].into(),
        table_retries: Some(3),
        ..exact(3)
    };
    let plan = Plan {
        concurrency: 1,
        ..plan
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(statuses(&report), [Failed, Skipped, Failed, Success]);
    assert_eq!(
        error(&report, "slow"),
        "`slow` took longer than 5 s (`timeout_seconds`) and was stopped"
    );
    assert_eq!(
        error(&report, "own"),
        "`own` took longer than 7 s (`timeout_seconds`) and was stopped"
    );
    let slow = result(&report, "slow");
    assert_eq!(
        (slow.attempts, slow.error.as_ref().unwrap().kind_name()),
        (1, "timeout")
    );
    assert_eq!(
        (fake.kept(), report.interrupted),
        (vec!["write quick".to_owned()], false)
    );
}

#[test]
fn a_statement_has_a_limit_of_its_own() {
    let mut two = model("a", &[]);
    two.steps.push(write("second"));
    let plan = plan(vec![two]);
    // Each is quick enough alone, but not the second time.
    for (seconds, expected) in [(3, Success), (4, Failed)] {
        let fake = Fake::new(move |sql, _| match sql {
            "write a" => Act::Pass(SECOND * 3),
            "second" if seconds == 3 => Act::Pass(SECOND * 3),
            "second" => Act::HangFor(SECOND * seconds),
            _ => Act::Change(1),
        });
        let policy = Policy {
            statement_timeout: Some(SECOND * 4),
            ..exact(0)
        };
        let report = Run::new(&plan, &fake).with(policy).go().unwrap();
        assert_eq!(statuses(&report), [expected]);
        if expected == Failed {
            assert_eq!(
                error(&report, "a"),
                "a statement of `a` took longer than 4 s (`timeout_secs` of the adapter) and was stopped"
            );
            assert!(fake.kept().is_empty());
        }
    }
}

#[test]
fn a_real_limit_interrupts_by_itself() {
    let plan = plan(vec![model("slow", &[])]);
    let fake = Fake::new(|_, _| Act::Hang);
    let policy = Policy {
        timeout: Some(Duration::from_millis(1)),
        ..exact(0)
    };
    let report = Run::new(&plan, &fake).with(policy).in_real_time().unwrap();
    assert_eq!(
        result(&report, "slow").error.as_ref().unwrap().cause,
        Cause::Timeout
    );
}

#[test]
fn waits_end_at_once_when_the_token_is_tripped() {
    // Nobody waits an hour: before a repetition, for the circuit, and before the set-up is tried again.
    let hour = Duration::from_secs(3600);
    let patient = Backoff {
        initial: hour,
        longest: hour,
        ..Backoff::default()
    };
    let waits = |policy: Policy, plan: &Plan, wanted: &dyn Fn(&Event) -> bool| {
        let fake = Fake::new(|_, _| Act::Fail(FailureClass::Transient, "away"));
        let run = Run::new(plan, &fake).with(policy);
        let cancel = run.cancel.clone();
        let begun = std::time::Instant::now();
        let report = run.in_real_time_watched(&mut |e| {
            if wanted(e) {
                cancel.trip();
            }
        });
        assert!(begun.elapsed() < Duration::from_secs(60));
        let report = report.unwrap();
        assert!(report.interrupted);
        report
    };
    let one = plan(vec![model("a", &[]), model("b", &[0])]);
    let policy = Policy {
        backoff: patient,
        ..exact(3)
    };
    let report = waits(policy.clone(), &one, &|e| matches!(e, Event::ModelRetried { .. }));
    assert_eq!(
        (error(&report, "a"), statuses(&report)),
        ("away", vec![Failed, Skipped])
    );

    let policy_of_circuit = Policy {
        breaker: circuit(1, Some(hour)),
        ..exact(0)
    };
    let many = Plan {
        concurrency: 1,
        ..plan((0..4).map(|i| model(&i.to_string(), &[])).collect())
    };
    let report = waits(
        policy_of_circuit,
        &many,
        &|e| matches!(e, Event::Log { message, .. } if message.starts_with("circuit")),
    );
    assert_eq!(statuses(&report), [Failed, Skipped, Skipped, Skipped]);

    let mut with_setup = plan(vec![model("a", &[])]);
    with_setup
        .setup
        .push(step("create", StepKind::Statement { counts_rows: false }));
    let report = waits(policy, &with_setup, &|e| matches!(e, Event::Log { .. }));
    assert_eq!(statuses(&report), [Skipped]);
}

// ------------------------------------------------------------------------------------------------ what stops the rest

#[test]
fn too_many_failures_stop_the_rest() {
    let run = |pct: u32, failing: &'static [usize], n: usize| {
        let plan = Plan {
            concurrency: 1,
            ..plan((0..n).map(|i| model(&i.to_string(), &[])).collect())
        };
        let fake = Fake::new(move |sql, _| {
            let number = sql.strip_prefix("write ").and_then(|n| n.parse().ok());
            match number.is_some_and(|n: usize| failing.contains(&n)) {
                true => Act::Fail(FailureClass::Rejected, "bad"),
                false => Act::Change(1),
            }
        });
        let policy = Policy {
            error_rate_abort_pct: pct,
            ..exact(0)
        };
        let report = Run::new(&plan, &fake).with(policy).go().unwrap();
        (report.count(Success), report.count(Failed), report)
    };
    // Not before four are done.
    let (succeeded, failed, report) = run(50, &[0, 1, 2], 10);
    assert_eq!((succeeded, failed), (1, 3));
    assert_eq!(
        skipped(&report, "9"),
        "not started: 3 of 4 failed, and error_rate_abort_pct is 50"
    );
    assert_eq!(
        (report.status, report.interrupted),
        (RunStatus::PartialFailure, false)
    );
    assert_eq!(run(50, &[0, 1, 2], 3).1, 3);
    let (succeeded, failed, _) = run(50, &[0, 5, 6, 7, 8], 20);
    assert_eq!((succeeded, failed), (4, 4), "at the eighth");
    let (succeeded, failed, _) = run(0, &[0, 1, 2, 3, 4], 10);
    assert_eq!((succeeded, failed), (5, 5));
    let (succeeded, failed, _) = run(100, &[0, 1, 2, 3], 10);
    assert_eq!((succeeded, failed), (0, 4));
}

#[test]
fn a_repeated_task_does_not_count_as_failed() {
    let plan = Plan {
        concurrency: 1,
        fail_fast: true,
        ..plan((0..8).map(|i| model(&i.to_string(), &[])).collect())
    };
    let fake = Fake::new(|sql, before| match sql.starts_with("write") && before < 2 {
        true => Act::Fail(FailureClass::Transient, "away"),
        false => Act::Change(1),
    });
    let policy = Policy {
        error_rate_abort_pct: 1,
        ..exact(2)
    };
    let report = Run::new(&plan, &fake).with(policy).go().unwrap();
    assert_eq!(report.count(Success), 8);
}

#[test]
fn a_panicking_observer_leaves_no_run_and_no_partition_behind() {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&dir.path().join("s.redb")).unwrap();
    let plan = plan(vec![super::windows::windowed("m", &[], 2, 1)]);
    let fake = Fake::new(|_, _| Act::Change(1));
    let run = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    let mut panicking = |e: &Event| assert!(!matches!(e, Event::StepFinished { .. }), "on purpose");
    assert!(catch_unwind(AssertUnwindSafe(|| run.watched(&mut panicking))).is_err());
    let run_record = store.reader().run("run-1").unwrap().unwrap();
    assert_eq!(
        (run_record.status, run_record.error.as_deref()),
        (RunStatus::Failure, Some("the run panicked"))
    );
    // What it was at can be done by the next run of the same process.
    let again = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    assert_eq!(again.go().unwrap().status, RunStatus::Success);
}

// ------------------------------------------------------------------------------------------------- whatever happens

/// Small and quick numbers without a seed from outside.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n.max(1)
    }
}

#[test]
fn whatever_happens_each_task_is_done_once_or_said_not_to_be() {
    for seed in 0..400u64 {
        whatever(seed);
    }
}

fn whatever(seed: u64) {
    let mut random = Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let n = 1 + random.below(24) as usize;
    let mut tasks = Vec::new();
    for i in 0..n {
        let inputs: Vec<usize> = (0..i).filter(|_| random.below(5) == 0).collect();
        let name = i.to_string();
        let task = match random.below(5) {
            0 => super::windows::windowed(
                &name,
                &inputs,
                1 + random.below(4) as usize,
                1 + random.below(3) as usize,
            ),
            _ => model(&name, &inputs),
        };
        // What is not repeatable must not be done twice, whatever is lost.
        let incremental = random.below(2) == 0 && task.windows.is_none();
        tasks.push(Task {
            strategy: if incremental {
                Strategy::Incremental
            } else {
                task.strategy
            },
            ..task
        });
    }
    let once: Vec<String> = tasks
        .iter()
        .filter(|t| t.strategy != Strategy::FullRefresh)
        .map(|t| t.name.to_string())
        .collect();
    let concurrency = 1 + random.below(6) as usize;
    let plan = Plan {
        concurrency,
        fail_fast: random.below(8) == 0,
        ..plan(tasks)
    };
    let faults = random.below(4);
    let transactional = random.below(4) > 0;
    let salt = random.below(1 << 30);
    let script = move |sql: &str, before: usize| {
        let mut random = Random(
            salt ^ sql.bytes().fold(before as u64 + 1, |h, b| {
                h.wrapping_mul(31).wrapping_add(b.into())
            }),
        );
        random.below(7);
        if random.below(10) >= faults * 2 {
            return Act::Change(1);
        }
        match random.below(9) {
            0 | 1 => Act::Fail(FailureClass::Transient, "away"),
            2 => Act::FailAfter(FailureClass::Transient, "answer lost"),
            3 => Act::Fail(FailureClass::RateLimited, "429"),
            4 => Act::Later(Duration::from_secs(20)),
            5 => Act::Fail(FailureClass::Transaction, "conflict"),
            6 => Act::Fail(FailureClass::Rejected, "bad"),
            7 => Act::Panic,
            _ => Act::Fail(FailureClass::Other, "?"),
        }
    };
    let fake = Fake::with(transactional, script);
    let policy = Policy {
        max_retries: random.below(4) as u32,
        table_retries: [None, Some(0), Some(2)][random.below(3) as usize],
        max_retries_per_run: [None, Some(5)][random.below(2) as usize],
        breaker: [None, circuit(2, None), circuit(2, Some(SECOND * 7))][random.below(3) as usize],
        adaptive: random.below(2) == 0,
        error_rate_abort_pct: [0, 50][random.below(2) as usize],
        ..Policy::default()
    };
    let together = |t: &Task| t.windows.as_ref().map_or(1, |w| w.parallel.min(w.list.len()));
    let widest = plan.tasks.iter().map(together).max().unwrap_or(1);
    let most = concurrency.max(widest);
    let mut ended: HashMap<String, usize> = HashMap::new();
    let report = Run::new(&plan, &fake).with(policy.clone()).watched(&mut |e| {
        if let Event::ModelFinished { model, .. }
        | Event::ModelFailed { model, .. }
        | Event::ModelSkipped { model, .. } = e
        {
            *ended.entry(model.to_string()).or_default() += 1;
        }
    });
    let about = format!("seed {seed}");
    let report = report.unwrap_or_else(|e| panic!("{about}: {}", e.message));
    // Each task has one end, and one only.
    assert_eq!(report.tasks.len(), n, "{about}");
    assert!(
        ended.len() == n && ended.values().all(|times| *times == 1),
        "{about}: {ended:?}"
    );
    let kept = fake.kept();
    let sent = fake.sent();
    let times = |list: &[String], sql: &str| list.iter().filter(|k| *k == sql).count();
    for (task, planned) in report.tasks.iter().zip(&plan.tasks) {
        let about = format!("{about}, task {}", task.name);
        let statements: Vec<String> = match &planned.windows {
            None => vec![format!("write {}", task.name)],
            Some(windows) => (0..windows.list.len())
                .map(|w| format!("write {} '{w}'", task.name))
                .collect(),
        };
        let inputs_done = planned
            .depends_on
            .iter()
            .all(|i| report.tasks[*i].status == Success);
        if !inputs_done {
            // Descendants of what failed never run.
            assert_eq!(task.status, Skipped, "{about}");
            assert!(statements.iter().all(|s| times(&sent, s) == 0), "{about}");
        }
        match task.status {
            Success => assert!(statements.iter().all(|s| times(&kept, s) >= 1), "{about}"),
            Failed => assert!(task.error.is_some() || task.windows.is_some(), "{about}"),
            Skipped => assert!(task.skipped_reason.is_some(), "{about}"),
        }
        if once.contains(&task.name.to_string()) {
            assert!(
                statements.iter().all(|s| times(&kept, s) <= 1),
                "{about}: done twice"
            );
        }
        assert_eq!(
            task.attempts as usize,
            task.retried.len() + usize::from(task.attempts > 0),
            "{about}"
        );
    }
    // Never more at a time than allowed, nor more repetitions.
    let log = fake.0.log.lock().unwrap();
    assert!(
        log.most_here <= most,
        "{about}: {} at once of {most}",
        log.most_here
    );
    assert_eq!(log.here, 0, "{about}");
    if let Some(limit) = policy.max_retries_per_run {
        let counted = report
            .repetitions()
            .filter(|r| r.reason != "conflict" && r.reason != "replanned");
        assert!(counted.count() <= limit as usize, "{about}");
    }
    assert!(report.pacing.final_concurrency >= 1, "{about}");
}
