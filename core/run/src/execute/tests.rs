//! Scheduling and faults, on a warehouse in memory that does what a script says.

mod checks;
mod faults;
mod windows;

use super::time::Time;
use super::{ExecuteContext, Policy, execute_in};
use crate::report::{RunReport, RunStatus, TaskResult, TaskStatus, Trigger};
use crate::state::{StateReader, StateStore};
use rocky_base::system::MemorySystem;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Event, Ident, Result, Span};
use rocky_plan::{Fact, Hole, Parameter, Plan, Step, StepKind, Task, TaskKind};
use rocky_warehouse::{
    Capabilities, CatalogSnapshot, Connection, Described, Executed, FailureClass, RelationName, Rows,
    SourceTable, Strategy, Value, Warehouse,
};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex};
use std::time::Duration;

// ---------------------------------------------------------------------------------------------------- the warehouse

/// What a statement does. The default is to change 7 rows.
enum Act {
    Change(u64),
    Return(Vec<Vec<Value>>),
    Fail(FailureClass, &'static str),
    /// It takes effect, and then it fails.
    FailAfter(FailureClass, &'static str),
    /// Too much is asked; again after this time.
    Later(Duration),
    Panic,
    /// Until the token is tripped.
    Hang,
    /// So long, and then until the token is tripped.
    HangFor(Duration),
    /// It takes so long.
    Pass(Duration),
    /// Until so many statements are here at once.
    Meet(usize),
}

type Script = Box<dyn Fn(&str, usize) -> Act + Send + Sync>;

#[derive(Default)]
struct Log {
    /// Every statement sent.
    sent: Vec<String>,
    /// When they were sent.
    times: Vec<Duration>,
    /// Statements that took effect.
    kept: Vec<String>,
    calls: HashMap<String, usize>,
    connections: usize,
    here: usize,
    most_here: usize,
    met: usize,
}

struct Inner {
    script: Script,
    transactional: bool,
    log: Mutex<Log>,
    meeting: Condvar,
    refuse_connections_after: AtomicUsize,
    /// So many connections fail for the moment.
    break_connections: AtomicUsize,
    time: Time,
}

struct Fake(Arc<Inner>);

impl Fake {
    /// A warehouse where a statement (its text, how often it was sent before) does as the script says.
    fn new(script: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Fake {
        Fake::with(true, script)
    }

    fn without_transactions(script: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Fake {
        Fake::with(false, script)
    }

    fn with(transactional: bool, script: impl Fn(&str, usize) -> Act + Send + Sync + 'static) -> Fake {
        Fake(Arc::new(Inner {
            script: Box::new(script),
            transactional,
            log: Mutex::default(),
            meeting: Condvar::new(),
            refuse_connections_after: AtomicUsize::new(usize::MAX),
            break_connections: AtomicUsize::new(0),
            time: Time::manual(),
        }))
    }

    fn kept(&self) -> Vec<String> {
        self.0.log.lock().unwrap().kept.clone()
    }

    fn sent(&self) -> Vec<String> {
        self.0.log.lock().unwrap().sent.clone()
    }
}

#[derive(Debug)]
struct FakeFailure(FailureClass, Option<Duration>);

fn failure(error: &Error) -> Option<&FakeFailure> {
    let source = error.source.as_deref();
    source.and_then(|s| s.downcast_ref::<FakeFailure>())
}

impl std::fmt::Display for FakeFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for FakeFailure {}

struct Session {
    inner: Arc<Inner>,
    /// Statements of the open transaction.
    pending: Option<Vec<String>>,
}

impl Session {
    fn act(&mut self, sql: &str, cancel: &CancelToken) -> Result<Act> {
        let mut log = self.inner.log.lock().unwrap();
        log.sent.push(sql.to_owned());
        log.times.push(self.inner.time.now());
        let calls = log.calls.entry(sql.to_owned()).or_default();
        *calls += 1;
        let before = *calls - 1;
        log.here += 1;
        log.most_here = log.most_here.max(log.here);
        drop(log);
        let act = (self.inner.script)(sql, before);
        let result = match act {
            Act::Fail(class, text) => {
                Err(Error::new(ErrorKind::Warehouse, text).because(FakeFailure(class, None)))
            }
            Act::Later(after) => {
                let failure = FakeFailure(FailureClass::RateLimited, Some(after));
                Err(Error::new(ErrorKind::Warehouse, "429").because(failure))
            }
            Act::Panic => {
                self.inner.log.lock().unwrap().here -= 1;
                panic!("the driver panicked on purpose")
            }
            Act::Pass(time) => {
                self.inner.time.advance(time);
                Ok(Act::Change(1))
            }
            Act::HangFor(time) => {
                self.inner.time.advance(time);
                // The thread that watches limits may be the one that rings.
                Err(until_tripped(sql, cancel))
            }
            Act::Hang => Err(until_tripped(sql, cancel)),
            Act::Meet(n) => {
                let mut log = self.inner.log.lock().unwrap();
                log.met += 1;
                self.inner.meeting.notify_all();
                let waited = self
                    .inner
                    .meeting
                    .wait_timeout_while(log, PATIENCE, |log| log.met < n)
                    .unwrap();
                assert!(!waited.1.timed_out(), "{sql} was alone");
                Ok(Act::Change(1))
            }
            act => Ok(act),
        };
        self.inner.log.lock().unwrap().here -= 1;
        result
    }
}

/// What must happen has that much time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Wait until the token is tripped.
fn until_tripped(sql: &str, cancel: &CancelToken) -> Error {
    let pair = Arc::new((Mutex::new(false), Condvar::new()));
    let waker = pair.clone();
    let _guard = cancel.on_trip(move || {
        *waker.0.lock().unwrap() = true;
        waker.1.notify_all();
    });
    let tripped = pair.0.lock().unwrap();
    let waited = pair.1.wait_timeout_while(tripped, PATIENCE, |t| !*t).unwrap();
    assert!(!waited.1.timed_out(), "nobody interrupted {sql}");
    Error::cancelled()
}

impl Connection for Session {
    fn execute(&mut self, sql: &str, cancel: &CancelToken) -> Result<Executed> {
        let (rows, failed) = match self.act(sql, cancel)? {
            Act::Change(n) => (Some(n), None),
            Act::FailAfter(class, text) => (None, Some((class, text))),
            _ => (None, None),
        };
        match &mut self.pending {
            Some(pending) => pending.push(sql.to_owned()),
            None => self.inner.log.lock().unwrap().kept.push(sql.to_owned()),
        }
        if let Some((class, text)) = failed {
            return Err(Error::new(ErrorKind::Warehouse, text).because(FakeFailure(class, None)));
        }
        Ok(Executed { rows })
    }

    fn query(&mut self, sql: &str, limit: usize, cancel: &CancelToken) -> Result<Rows> {
        let mut rows = match self.act(sql, cancel)? {
            Act::Return(rows) => rows,
            _ => Vec::new(),
        };
        rows.truncate(limit);
        let width = rows.first().map_or(0, Vec::len);
        let columns = (0..width)
            .map(|i| (format!("c{i}").into(), "INTEGER".to_owned()))
            .collect();
        Ok(Rows { columns, rows })
    }

    fn describe(&mut self, _: &str, _: &CancelToken) -> Result<Described> {
        unreachable!("the runner describes nothing")
    }

    fn transactional_ddl(&self) -> bool {
        self.inner.transactional
    }

    fn begin(&mut self) -> Result<()> {
        assert!(
            self.inner.transactional && self.pending.is_none(),
            "BEGIN in the wrong place"
        );
        self.pending = Some(Vec::new());
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        let pending = self.pending.take().expect("COMMIT without BEGIN");
        let sql = format!("commit {}", pending.first().map_or("", String::as_str));
        let act = self.act(&sql, &CancelToken::new())?;
        self.inner.log.lock().unwrap().kept.extend(pending);
        match act {
            Act::FailAfter(class, text) => {
                Err(Error::new(ErrorKind::Warehouse, text).because(FakeFailure(class, None)))
            }
            _ => Ok(()),
        }
    }

    fn rollback(&mut self) -> Result<()> {
        self.pending = None;
        Ok(())
    }

    fn classify(&self, error: &Error) -> FailureClass {
        failure(error).map_or(FailureClass::Other, |f| f.0)
    }

    fn retry_after(&self, error: &Error) -> Option<Duration> {
        failure(error)?.1
    }
}

impl Warehouse for Fake {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn capabilities(&self) -> &'static Capabilities {
        Capabilities::of(Dialect::DuckDb)
    }

    fn connect(&self) -> Result<Box<dyn Connection>> {
        let broken = &self.0.break_connections;
        let one_less = |n: usize| n.checked_sub(1);
        if broken
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
            .is_ok()
        {
            let failure = FakeFailure(FailureClass::Transient, None);
            return Err(Error::new(ErrorKind::Warehouse, "no route").because(failure));
        }
        let mut log = self.0.log.lock().unwrap();
        if log.connections >= self.0.refuse_connections_after.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Warehouse, "too many connections"));
        }
        log.connections += 1;
        Ok(Box::new(Session {
            inner: self.0.clone(),
            pending: None,
        }))
    }

    fn classify(&self, error: &Error) -> FailureClass {
        failure(error).map_or(FailureClass::Other, |f| f.0)
    }

    fn snapshot(&self, _: &[RelationName], _: &CancelToken) -> Result<CatalogSnapshot> {
        unreachable!("the runner reads no catalogue")
    }

    fn discover(&self, _: Option<&str>, _: &str, _: &CancelToken) -> Result<Vec<SourceTable>> {
        unreachable!("the runner discovers nothing")
    }

    fn version(&self) -> Result<String> {
        Ok("fake".to_owned())
    }
}

// --------------------------------------------------------------------------------------------------------- the plans

fn step(sql: &str, kind: StepKind) -> Step {
    Step {
        purpose: "insert".into(),
        target: "t".to_owned(),
        sql: sql.to_owned(),
        holes: Vec::new(),
        kind,
    }
}

fn write(sql: &str) -> Step {
    step(sql, StepKind::Statement { counts_rows: true })
}

/// A model that sends `write NAME` in a transaction.
fn model(name: &str, depends_on: &[usize]) -> Task {
    Task {
        kind: TaskKind::Model,
        name: name.into(),
        asset_key: vec!["s".into(), name.into()],
        target: RelationName {
            catalog: None,
            schema: Some(Ident::bare("s")),
            table: Ident::bare(name),
        },
        full_name: format!("s.{name}"),
        strategy: Strategy::FullRefresh,
        depends_on: depends_on.to_vec(),
        layer: 0,
        reason: "target does not exist".to_owned(),
        fact: Fact::Absent,
        drift: None,
        basis: String::new(),
        watermark_column: None,
        transaction: true,
        steps: vec![write(&format!("write {name}"))],
        windows: None,
        sql_hash: format!("hash of {name}"),
        column_count: Some(3),
        checks: Vec::new(),
        quarantine: None,
    }
}

fn plan(tasks: Vec<Task>) -> Plan {
    Plan {
        plan_id: "p".to_owned(),
        pipeline: "main".into(),
        dialect: Dialect::DuckDb,
        setup: Vec::new(),
        tasks,
        concurrency: 4,
        fail_fast: false,
    }
}

/// A run with everything that can be varied.
struct Run<'a> {
    plan: &'a Plan,
    fake: &'a Fake,
    state: Option<&'a StateStore>,
    cancel: CancelToken,
    policy: Policy,
}

impl<'a> Run<'a> {
    fn new(plan: &'a Plan, fake: &'a Fake) -> Run<'a> {
        Run {
            plan,
            fake,
            state: None,
            cancel: CancelToken::new(),
            policy: Policy::once(),
        }
    }

    fn go(&self) -> Result<RunReport> {
        self.watched(&mut |_| {})
    }

    fn watched(&self, observer: &mut dyn FnMut(&Event)) -> Result<RunReport> {
        self.full(observer, &mut |_| Ok(None))
    }

    fn replanned(&self, replan: &mut dyn FnMut(&Task) -> Result<Option<Task>>) -> Result<RunReport> {
        self.full(&mut |_| {}, replan)
    }

    fn full(
        &self,
        observer: &mut dyn FnMut(&Event),
        replan: &mut dyn FnMut(&Task) -> Result<Option<Task>>,
    ) -> Result<RunReport> {
        self.at(&self.fake.0.time, observer, replan)
    }

    fn in_real_time(&self) -> Result<RunReport> {
        self.in_real_time_watched(&mut |_| {})
    }

    fn in_real_time_watched(&self, observer: &mut dyn FnMut(&Event)) -> Result<RunReport> {
        self.at(&Time::real(), observer, &mut |_| Ok(None))
    }

    fn at(
        &self,
        time: &Time,
        mut observer: &mut dyn FnMut(&Event),
        replan: &mut dyn FnMut(&Task) -> Result<Option<Task>>,
    ) -> Result<RunReport> {
        let clock = MemorySystem::new();
        clock.set_now(Duration::from_secs(1_767_323_045));
        let context = ExecuteContext {
            plan: self.plan,
            warehouse: self.fake,
            state: self.state,
            run_id: "run-1".to_owned(),
            trigger: Trigger::Ci,
            config_hash: "c".to_owned(),
            facts: Default::default(),
            at_end: None,
            observer: &mut observer,
            cancel: &self.cancel,
            clock: &clock,
            policy: &self.policy,
            replan,
        };
        execute_in(context, time)
    }
}

fn result<'a>(report: &'a RunReport, model: &str) -> &'a TaskResult {
    report.tasks.iter().find(|m| m.name == model).unwrap()
}

fn error<'a>(report: &'a RunReport, model: &str) -> &'a str {
    &result(report, model).error.as_ref().unwrap().message
}

fn skipped<'a>(report: &'a RunReport, model: &str) -> &'a str {
    let result = result(report, model);
    assert_eq!(result.status, TaskStatus::Skipped);
    result.skipped_reason.as_ref().unwrap()
}

fn statuses(report: &RunReport) -> Vec<TaskStatus> {
    report.tasks.iter().map(|m| m.status).collect()
}

use TaskStatus::{Failed, Skipped, Success};

// --------------------------------------------------------------------------------------------------------- the order

#[test]
fn a_model_starts_after_its_inputs_and_events_are_in_order() {
    let plan = plan(vec![
        model("a", &[]),
        model("b", &[0]),
        model("c", &[0]),
        model("d", &[1, 2]),
    ]);
    let fake = Fake::new(|_, _| Act::Change(7));
    let mut events = Vec::new();
    let report = Run::new(&plan, &fake)
        .watched(&mut |e| events.push(e.clone()))
        .unwrap();
    assert_eq!((report.status, report.interrupted), (RunStatus::Success, false));
    assert_eq!(statuses(&report), [Success; 4]);
    assert_eq!(
        report.tasks.iter().map(|m| m.rows).collect::<Vec<_>>(),
        [Some(7); 4]
    );
    let at = |wanted: &dyn Fn(&Event) -> bool| events.iter().position(wanted).unwrap();
    let started = |name: &str| at(&|e| matches!(e, Event::ModelStarted { model, .. } if model == name));
    let finished = |name: &str| at(&|e| matches!(e, Event::ModelFinished { model, .. } if model == name));
    assert!(matches!(&events[0], Event::RunStarted { run_id, models: 4, .. } if run_id == "run-1"));
    assert!(matches!(events.last().unwrap(), Event::RunFinished { status, .. } if status == "Success"));
    for (input, reader) in [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")] {
        assert!(
            started(input) < finished(input) && finished(input) < started(reader),
            "{input} {reader}"
        );
    }
    let sent = fake.sent();
    assert_eq!(
        (sent[0].as_str(), sent.last().unwrap().as_str()),
        ("write a", "commit write d")
    );
}

#[test]
fn independent_models_run_at_the_same_time() {
    let plan = plan(vec![model("a", &[]), model("b", &[]), model("c", &[])]);
    let fake = Fake::new(|sql, _| {
        if sql.starts_with("write") {
            Act::Meet(3)
        } else {
            Act::Change(0)
        }
    });
    assert_eq!(Run::new(&plan, &fake).go().unwrap().status, RunStatus::Success);
    assert_eq!(fake.0.log.lock().unwrap().connections, 3);
}

#[test]
fn a_model_does_not_wait_for_a_layer() {
    // `fast` and its reader `late` need not wait for `slow`, which ends only when `late` has begun.
    let plan = plan(vec![model("slow", &[]), model("fast", &[]), model("late", &[1])]);
    let fake = Fake::new(|sql, _| match sql {
        "write slow" | "write late" => Act::Meet(2),
        _ => Act::Change(1),
    });
    assert_eq!(Run::new(&plan, &fake).go().unwrap().status, RunStatus::Success);
}

#[test]
fn concurrency_is_a_limit_and_a_chain_needs_one_connection() {
    let mut wide = plan((0..40).map(|i| model(&format!("m{i}"), &[])).collect());
    wide.concurrency = 2;
    let fake = Fake::new(|_, _| {
        std::thread::yield_now();
        Act::Change(1)
    });
    assert_eq!(Run::new(&wide, &fake).go().unwrap().count(Success), 40);
    assert!(fake.0.log.lock().unwrap().most_here <= 2);
    assert!(fake.0.log.lock().unwrap().connections <= 2);

    let models = (0..40).map(|i: usize| {
        model(
            &format!("m{i}"),
            &i.checked_sub(1).into_iter().collect::<Vec<_>>(),
        )
    });
    let chain = plan(models.collect());
    let fake = Fake::new(|_, _| Act::Change(1));
    assert_eq!(Run::new(&chain, &fake).go().unwrap().count(Success), 40);
    assert_eq!(fake.0.log.lock().unwrap().connections, 1);
}

#[test]
fn thousands_of_models_of_any_shape_are_done() {
    for step in [0usize, 1, 7] {
        let models = (0..3000usize).map(|i| {
            let inputs: Vec<usize> = if step == 0 {
                Vec::new()
            } else {
                i.checked_sub(step).into_iter().collect()
            };
            model(&format!("m{i}"), &inputs)
        });
        let plan = plan(models.collect());
        let fake = Fake::new(|_, _| Act::Change(1));
        let report = Run::new(&plan, &fake).go().unwrap();
        assert_eq!((report.count(Success), fake.kept().len()), (3000, 3000));
    }
}

/// Random graphs in which statements fail, panic, conflict and go stale: a model is executed exactly when all its inputs
/// succeeded, and what is kept is what the report calls a success.
#[test]
fn whatever_happens_the_report_is_what_the_warehouse_has() {
    for seed in 1..60u64 {
        let mut state = seed;
        let mut random = move |n: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % n
        };
        let n = 40;
        // 0 to 3 are the fates below.
        let fates: Vec<u64> = (0..n).map(|_| random(12)).collect();
        let models = (0..n).map(|i| {
            let inputs: Vec<usize> = (0..random(3))
                .filter(|_| i > 0)
                .map(|_| random(i) as usize)
                .collect();
            model(&i.to_string(), &inputs)
        });
        let mut plan = plan(models.collect());
        plan.concurrency = 1 + random(6) as usize;
        let script = fates.clone();
        let fake = Fake::new(move |sql, before| {
            let commit = sql.starts_with("commit");
            let fate = sql
                .rsplit(' ')
                .next()
                .and_then(|i| script.get(i.parse::<usize>().unwrap()))
                .unwrap();
            match (fate, before) {
                (0, _) if !commit => Act::Fail(FailureClass::Other, "failed"),
                (1, _) if !commit => Act::Panic,
                (2, 0) => Act::Fail(FailureClass::Transaction, "conflict"),
                (3, 0) if !commit => Act::Fail(FailureClass::Catalog, "stale"),
                _ => Act::Change(1),
            }
        });
        let report = Run::new(&plan, &fake)
            .replanned(&mut |stale| Ok(Some(stale.clone())))
            .unwrap();
        let (mut kept, sent) = (fake.kept(), fake.sent());
        let mut expected = Vec::new();
        let mut statuses: Vec<TaskStatus> = Vec::new();
        for (i, model) in plan.tasks.iter().enumerate() {
            let ready = model.depends_on.iter().all(|input| statuses[*input] == Success);
            // A conflict of the first statement and one of the commit are two: the second is not forgiven.
            let status = match (ready, fates[i]) {
                (false, _) => Skipped,
                (true, 0..=2) => Failed,
                (true, _) => Success,
            };
            let write = format!("write {i}");
            assert_eq!(sent.contains(&write), ready, "seed {seed} model {i}");
            if status == Success {
                expected.push(write);
            }
            statuses.push(status);
        }
        kept.sort();
        expected.sort();
        assert_eq!(
            report.tasks.iter().map(|m| m.status).collect::<Vec<_>>(),
            statuses,
            "seed {seed}"
        );
        assert_eq!(kept, expected, "seed {seed}");
    }
}

// --------------------------------------------------------------------------------------------------------- failures

#[test]
fn a_failure_skips_its_descendants_and_nothing_else() {
    let plan = plan(vec![
        model("bad", &[]),
        model("good", &[]),
        model("child", &[0, 1]),
        model("grandchild", &[2]),
        model("other", &[1]),
    ]);
    let fake = Fake::new(|sql, _| match sql {
        "write bad" => Act::Fail(FailureClass::Other, "division by zero"),
        _ => Act::Change(1),
    });
    let mut skips = Vec::new();
    let report = Run::new(&plan, &fake)
        .watched(&mut |e| {
            if let Event::ModelSkipped { model, .. } = e {
                skips.push(model.to_string());
            }
        })
        .unwrap();
    assert_eq!(report.status, RunStatus::PartialFailure);
    assert_eq!(statuses(&report), [Failed, Success, Skipped, Skipped, Success]);
    assert_eq!(error(&report, "bad"), "division by zero");
    assert_eq!(
        result(&report, "bad").error.as_ref().unwrap().step.as_deref(),
        Some("insert")
    );
    assert_eq!(skipped(&report, "child"), "upstream model `bad` failed");
    assert_eq!(skipped(&report, "grandchild"), "upstream model `bad` failed");
    assert_eq!(skips, ["child", "grandchild"]);
    assert!(!fake.sent().iter().any(|sql| sql.contains("child")));
}

#[test]
fn fail_fast_starts_nothing_more() {
    let mut plan = plan(vec![model("bad", &[]), model("next", &[]), model("child", &[0])]);
    plan.fail_fast = true;
    plan.concurrency = 1;
    let fake = Fake::new(|sql, _| match sql {
        "write bad" => Act::Fail(FailureClass::Other, "no"),
        _ => Act::Change(1),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(statuses(&report), [Failed, Skipped, Skipped]);
    assert_eq!((report.status, report.interrupted), (RunStatus::Failure, false));
    assert_eq!(
        skipped(&report, "next"),
        "not started: `bad` failed and fail_fast is set"
    );
    assert_eq!(skipped(&report, "child"), "upstream model `bad` failed");
    assert_eq!(fake.sent(), ["write bad"]);
}

#[test]
fn a_panicking_driver_fails_one_model_and_its_connection_is_not_used_again() {
    let mut plan = plan(vec![model("bad", &[]), model("next", &[])]);
    plan.concurrency = 1;
    let fake = Fake::new(|sql, _| {
        if sql == "write bad" {
            Act::Panic
        } else {
            Act::Change(1)
        }
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(statuses(&report), [Failed, Success]);
    assert_eq!(
        result(&report, "bad").error.as_ref().unwrap().kind,
        ErrorKind::Bug
    );
    assert_eq!(
        error(&report, "bad"),
        "executing `bad` panicked: the driver panicked on purpose"
    );
    assert_eq!(fake.kept(), ["write next"]);
    assert_eq!(fake.0.log.lock().unwrap().connections, 2);
}

#[test]
fn a_connection_that_cannot_be_opened_fails_its_model() {
    let plan = plan(vec![model("a", &[]), model("b", &[])]);
    let fake = Fake::new(|sql, _| match sql {
        // Not done before the second worker has tried to connect.
        "write a" | "write b" => Act::Hang,
        _ => Act::Change(1),
    });
    fake.0.refuse_connections_after.store(1, Ordering::SeqCst);
    let run = Run::new(&plan, &fake);
    let report = run
        .watched(&mut |e| {
            if let Event::ModelFailed { error, .. } = e {
                assert_eq!(error, "too many connections");
                run.cancel.trip();
            }
        })
        .unwrap();
    assert_eq!((report.count(Failed), report.count(Skipped)), (1, 1));
}

#[test]
fn a_guard_with_rows_fails_the_model_and_undoes_it() {
    let mut guarded = model("a", &[]);
    guarded.steps.push(step(
        "dups",
        StepKind::Guard {
            error: "`id` is not unique in `a`".to_owned(),
        },
    ));
    let plan = plan(vec![guarded]);
    let rows = Arc::new(AtomicUsize::new(0));
    let n = rows.clone();
    let fake = Fake::new(move |sql, _| match sql {
        "dups" => Act::Return(
            (0..n.load(Ordering::SeqCst))
                .map(|i| vec![Value::Int(i as i64)])
                .collect(),
        ),
        _ => Act::Change(1),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!((report.status, fake.kept().len()), (RunStatus::Success, 1));
    rows.store(2, Ordering::SeqCst);
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(
        error(&report, "a"),
        "`id` is not unique in `a`; found (c0 = 0), (c0 = 1)"
    );
    assert_eq!(fake.kept().len(), 1, "the write before the guard was rolled back");
    assert_eq!(result(&report, "a").rows, None);
    assert_eq!(result(&report, "a").statements.len(), 2);
}

#[test]
fn a_failing_set_up_is_the_runs_error() {
    let mut plan = plan(vec![model("a", &[])]);
    plan.setup = vec![write("schema 1"), write("schema 2")];
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&dir.path().join("state")).unwrap();
    let fake = Fake::new(|sql, before| match (sql, before) {
        ("schema 1", 0) => Act::Fail(FailureClass::Transaction, "conflict on create"),
        ("schema 2", _) => Act::Fail(FailureClass::Other, "disk full"),
        _ => Act::Change(0),
    });
    let mut last = None;
    let error = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    }
    .watched(&mut |e| last = Some(e.clone()))
    .unwrap_err();
    assert_eq!(error.message, "insert t: disk full");
    assert_eq!(
        fake.sent(),
        ["schema 1", "schema 1", "schema 2"],
        "a conflict is tried once more, no model ran"
    );
    let run = &store.reader().runs(None, 10).unwrap()[0];
    assert_eq!((run.status, run.interrupted), (RunStatus::Failure, false));
    assert_eq!(run.error.as_deref(), Some("insert t: disk full"));
    assert!(matches!(last, Some(Event::RunFinished { status, .. }) if status == "Failure"));
}

#[test]
fn a_plan_that_cannot_be_executed_is_refused_before_anything_is_sent() {
    let fake = Fake::new(|_, _| Act::Change(0));
    let refused = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan(vec![model("a", &[]), model("b", &[0])]);
        change(&mut plan);
        let error = Run::new(&plan, &fake).go().unwrap_err();
        (error.kind, error.message)
    };
    let (kind, text) = refused(&|p| p.dialect = Dialect::Snowflake);
    assert_eq!(
        (kind, text.as_str()),
        (
            ErrorKind::Usage,
            "the plan is for snowflake, the warehouse is duckdb"
        )
    );
    let (kind, text) = refused(&|p| p.tasks[0].depends_on.push(1));
    assert_eq!(kind, ErrorKind::Usage);
    assert_eq!(
        text,
        "the plan is not in order: `a` is number 0 and reads number 1"
    );
    let hole = Hole {
        span: Span::new(0, 1),
        parameter: Parameter::Now,
    };
    let (kind, _) = refused(&|p| {
        p.setup.push(Step {
            holes: vec![hole],
            ..write("q")
        });
    });
    assert_eq!(kind, ErrorKind::Bug);
    let (kind, _) = refused(&|p| p.setup.push(step("q", StepKind::Observe { name: "w".into() })));
    assert_eq!(kind, ErrorKind::Bug);
    assert!(fake.sent().is_empty());
    assert_eq!(
        Run::new(&plan(vec![]), &fake).go().unwrap().status,
        RunStatus::Success
    );
}

// ----------------------------------------------------------------------------------------------------- transactions

#[test]
fn a_conflict_is_repeated_once() {
    for (failures, expected) in [(1, Success), (2, Failed)] {
        for conflicting in ["write a", "commit write a"] {
            let plan = plan(vec![model("a", &[])]);
            let fake = Fake::new(move |sql, before| match sql == conflicting && before < failures {
                true => Act::Fail(FailureClass::Transaction, "write-write conflict"),
                false => Act::Change(7),
            });
            let mut started = 0;
            let mut logged = 0;
            let report = Run::new(&plan, &fake)
                .watched(&mut |e| match e {
                    Event::ModelStarted { .. } => started += 1,
                    Event::ModelRetried { .. } => logged += 1,
                    _ => {}
                })
                .unwrap();
            assert_eq!(statuses(&report), [expected], "{conflicting} {failures}");
            assert_eq!((started, logged), (1, 1));
            assert_eq!(fake.kept().len(), usize::from(expected == Success));
        }
    }
}

#[test]
fn a_conflict_waits_for_the_rival_of_the_same_run() {
    // `a` conflicts as long as `b` has not committed; `b` does not commit before `a` has conflicted.
    let plan = plan(vec![model("a", &[]), model("b", &[])]);
    let inner = Fake::new(|_, _| Act::Change(1));
    let log = inner.0.clone();
    let fake = Fake::new(move |sql, before| match sql {
        "write a" => {
            let mut log_ = log.log.lock().unwrap();
            let rival = log_.kept.contains(&"b".to_owned());
            log_.met += 1;
            log.meeting.notify_all();
            assert_eq!(rival, before == 1, "repeated only when the rival was done");
            if rival {
                Act::Change(1)
            } else {
                Act::Fail(FailureClass::Transaction, "conflict")
            }
        }
        "write b" => {
            let log_ = log.log.lock().unwrap();
            let waited = log
                .meeting
                .wait_timeout_while(log_, PATIENCE, |l| l.met == 0)
                .unwrap();
            assert!(!waited.1.timed_out());
            Act::Change(1)
        }
        "commit write b" => {
            log.log.lock().unwrap().kept.push("b".to_owned());
            Act::Change(0)
        }
        _ => Act::Change(0),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(
        report.status,
        RunStatus::Success,
        "{:?}",
        result(&report, "a").error
    );
}

#[test]
fn rivals_of_each_other_are_repeated_one_by_one() {
    // Six models are executed together; then each conflicts unless it is alone.
    let plan = Plan {
        concurrency: 6,
        ..plan((0..6).map(|i| model(&i.to_string(), &[])).collect())
    };
    let alone = Arc::new(AtomicUsize::new(0));
    let shared = alone.clone();
    let meeting = Arc::new(Barrier::new(6));
    let fake = Fake::new(move |sql, before| {
        if sql.starts_with("commit") {
            shared.fetch_sub(1, Ordering::SeqCst);
            return Act::Change(0);
        }
        if before == 0 {
            meeting.wait();
            if sql != "write 0" {
                return Act::Fail(FailureClass::Transaction, "conflict");
            }
        }
        match shared.fetch_add(1, Ordering::SeqCst) {
            0 => Act::Change(1),
            _ => Act::Fail(FailureClass::Transaction, "conflict with another repetition"),
        }
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(
        (report.status, alone.load(Ordering::SeqCst)),
        (RunStatus::Success, 0)
    );
}

#[test]
fn a_commit_with_unknown_outcome_is_said_so_and_not_repeated() {
    let plan = plan(vec![model("a", &[])]);
    let fake = Fake::new(|sql, _| match sql {
        "commit write a" => Act::Fail(FailureClass::Transient, "connection lost"),
        _ => Act::Change(7),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(
        error(&report, "a"),
        "COMMIT failed and it is not known whether the changes were made: connection lost"
    );
    assert_eq!(fake.sent(), ["write a", "commit write a"]);
}

#[test]
fn without_transactions_nothing_is_repeated_after_it_took_effect() {
    let mut two = model("a", &[]);
    two.steps.push(write("second"));
    let plan = plan(vec![two]);
    for class in [FailureClass::Transaction, FailureClass::Catalog] {
        let fake = Fake::without_transactions(move |sql, _| match sql {
            "second" => Act::Fail(class, "busy"),
            _ => Act::Change(7),
        });
        let mut replans = 0;
        let report = Run::new(&plan, &fake)
            .replanned(&mut |_| {
                replans += 1;
                Ok(None)
            })
            .unwrap();
        assert_eq!(
            error(&report, "a"),
            "busy (the statement before it has taken effect)"
        );
        assert_eq!((fake.sent().len(), replans), (2, 0));
    }
    // The first statement has changed nothing: once more.
    let fake = Fake::without_transactions(|sql, before| match (sql, before) {
        ("write a", 0) => Act::Fail(FailureClass::Transaction, "busy"),
        _ => Act::Change(7),
    });
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(
        (report.status, result(&report, "a").rows),
        (RunStatus::Success, Some(14))
    );
}

// ------------------------------------------------------------------------------------------------------- stale plans

#[test]
fn a_stale_model_is_planned_again_once() {
    let plan = plan(vec![model("a", &[]), model("child", &[0])]);
    let fake = Fake::new(|sql, _| match sql {
        "write a" => Act::Fail(FailureClass::Catalog, "table a is a view"),
        _ => Act::Change(7),
    });
    let mut asked = Vec::new();
    let report = Run::new(&plan, &fake)
        .replanned(&mut |stale| {
            asked.push(stale.name.to_string());
            let steps = vec![write("drop view a"), write("write a anew")];
            Ok(Some(Task {
                steps,
                strategy: Strategy::Merge,
                sql_hash: "new".to_owned(),
                ..stale.clone()
            }))
        })
        .unwrap();
    assert_eq!(
        (asked, statuses(&report)),
        (vec!["a".to_owned()], vec![Success, Success])
    );
    let a = result(&report, "a");
    assert_eq!(
        (a.strategy, a.sql_hash.as_str(), a.rows),
        (Strategy::Merge, "new", Some(14))
    );
    assert_eq!(a.statements[1].sql, "write a anew");

    // The facts are as planned: the engine's message stands.
    let report = Run::new(&plan, &fake).go().unwrap();
    assert_eq!(
        (error(&report, "a"), statuses(&report)),
        ("table a is a view", vec![Failed, Skipped])
    );
    // A new plan that fails in the same way is not followed by another.
    let mut asked = 0;
    let report = Run::new(&plan, &fake)
        .replanned(&mut |stale| {
            asked += 1;
            Ok(Some(stale.clone()))
        })
        .unwrap();
    assert_eq!((asked, error(&report, "a")), (1, "table a is a view"));
    let report = Run::new(&plan, &fake)
        .replanned(&mut |_| Err(Error::new(ErrorKind::Warehouse, "no answer")))
        .unwrap();
    assert_eq!(
        error(&report, "a"),
        "table a is a view; planning it again failed: no answer"
    );
}

// ------------------------------------------------------------------------------------------------------ cancellation

#[test]
fn a_tripped_token_stops_everything_and_is_recorded() {
    let mut slow = model("slow", &[]);
    slow.steps.insert(0, write("slow first"));
    let plan = plan(vec![
        model("done", &[]),
        slow,
        model("child", &[1]),
        model("more", &[0]),
    ]);
    let fake = Fake::new(|sql, _| match sql {
        "write slow" | "write more" => Act::Hang,
        _ => Act::Change(1),
    });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let store = StateStore::open_writer(&path).unwrap();
    let run = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    let mut waiting = 0;
    let report = run
        .watched(&mut |e| {
            let begun = match e {
                Event::StepFinished { model, .. } => model == "slow",
                Event::ModelStarted { model, .. } => model == "more",
                _ => false,
            };
            waiting += usize::from(begun);
            if waiting == 2 {
                run.cancel.trip();
            }
        })
        .unwrap();
    assert!(report.interrupted);
    assert_eq!(report.status, RunStatus::PartialFailure);
    assert_eq!(statuses(&report), [Success, Skipped, Skipped, Skipped]);
    for name in ["slow", "child", "more"] {
        assert_eq!(skipped(&report, name), "interrupted");
    }
    assert_eq!(fake.kept(), ["write done"], "what was begun was rolled back");
    let run = store.reader().latest_run(Some("main")).unwrap().unwrap();
    assert!(run.interrupted && run.finished_at.is_some());
    assert_eq!(
        run.models.iter().map(|m| m.status).collect::<Vec<_>>(),
        [Success, Skipped, Skipped, Skipped]
    );
}

#[test]
fn a_token_tripped_before_the_run_starts_nothing() {
    let mut plan = plan(vec![model("a", &[])]);
    plan.setup = vec![write("schema")];
    let fake = Fake::new(|_, _| Act::Change(1));
    let run = Run::new(&plan, &fake);
    run.cancel.trip();
    let report = run.go().unwrap();
    assert_eq!((report.interrupted, report.status), (true, RunStatus::Failure));
    assert_eq!((skipped(&report, "a"), fake.sent().len()), ("interrupted", 0));
}

#[test]
fn an_interruption_without_transactions_says_what_took_effect() {
    let mut two = model("a", &[]);
    two.steps.push(write("second"));
    let plan = plan(vec![two]);
    let fake = Fake::without_transactions(|sql, _| {
        if sql == "second" {
            Act::Hang
        } else {
            Act::Change(1)
        }
    });
    let run = Run::new(&plan, &fake);
    let report = run
        .watched(&mut |e| {
            if matches!(e, Event::StepFinished { .. }) {
                run.cancel.trip();
            }
        })
        .unwrap();
    assert_eq!(
        skipped(&report, "a"),
        "interrupted; 1 of 2 statements had taken effect"
    );
}

#[test]
fn a_panicking_observer_does_not_leave_threads_behind() {
    let plan = plan((0..2000).map(|i| model(&format!("m{i}"), &[])).collect());
    let fake = Fake::new(|_, _| Act::Change(1));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        Run::new(&plan, &fake)
            .watched(&mut |e| assert!(!matches!(e, Event::ModelFinished { .. }), "on purpose"))
    }));
    assert!(panicked.is_err());
    assert!(fake.kept().len() < 2000);
}

// ------------------------------------------------------------------------------------------------------------- state

#[test]
fn a_run_is_remembered_with_its_models_and_watermarks() {
    let mut incremental = model("a", &[]);
    incremental.steps.push(step(
        "max",
        StepKind::Observe {
            name: "watermark".into(),
        },
    ));
    let mut view = model("v", &[0]);
    view.steps = vec![step("view", StepKind::Statement { counts_rows: false })];
    let plan = plan(vec![incremental, view, model("bad", &[])]);
    let fake = Fake::new(|sql, _| match sql {
        "max" => Act::Return(vec![vec![Value::Text("2026-01-01 00:00:00".to_owned())]]),
        "write bad" => Act::Fail(FailureClass::Other, "no"),
        _ => Act::Change(7),
    });
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let store = StateStore::open_writer(&path).unwrap();
    let run = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    let first = run.go().unwrap();
    let second = run.go().unwrap();
    assert_eq!(
        (first.run_id.as_str(), second.run_id.as_str()),
        ("run-1", "run-1-2")
    );
    assert_eq!(
        result(&first, "a").watermark.as_deref(),
        Some("2026-01-01 00:00:00")
    );
    assert_eq!(
        (result(&first, "v").rows, result(&first, "v").status),
        (None, Success)
    );
    drop(store);

    let reader = StateReader::open(&path).unwrap().unwrap();
    let runs = reader.runs(None, 10).unwrap();
    assert_eq!(
        runs.iter().map(|r| r.run_id.as_str()).collect::<Vec<_>>(),
        ["run-1-2", "run-1"]
    );
    let run = &runs[1];
    assert_eq!(
        (run.status, run.trigger, run.interrupted),
        (RunStatus::PartialFailure, Trigger::Ci, false)
    );
    assert_eq!(
        (run.plan_id.as_str(), run.config_hash.as_str(), run.total_models),
        ("p", "c", 3)
    );
    let names: Vec<&str> = run.models.iter().map(|m| m.model_name.as_str()).collect();
    assert_eq!(names, ["a", "v", "bad"]);
    assert_eq!(
        (run.models[0].rows_affected, run.models[0].status),
        (Some(7), Success)
    );
    assert_eq!(run.models[2].error.as_deref(), Some("no"));
    let watermarks = reader.watermarks().unwrap();
    assert_eq!(watermarks.len(), 1);
    assert_eq!(
        (watermarks[0].target.as_str(), watermarks[0].last_value.as_str()),
        ("s.a", "2026-01-01 00:00:00")
    );
    assert_eq!(reader.model_executions("bad", None, 10).unwrap().len(), 2);
    assert_eq!(
        reader.model_executions("bad", None, 1).unwrap()[0].run_id,
        "run-1-2"
    );
}

#[test]
fn a_failing_state_stops_the_run_and_hides_nothing() {
    // The disk is full from the moment `b` is executed.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let full = Arc::new(AtomicUsize::new(0));
    let store = StateStore::on_a_disk_that_fills(&path, full.clone());
    let mut plan = plan(vec![
        model("a", &[]),
        model("b", &[0]),
        model("c", &[1]),
        model("d", &[2]),
    ]);
    plan.concurrency = 1;
    let fake = Fake::new(move |sql, _| {
        match sql {
            "write b" => full.store(1, Ordering::SeqCst),
            // `c` may have begun before the failure was seen, `d` may not: the calling thread is waited for.
            "write c" => return Act::Hang,
            _ => {}
        }
        Act::Change(1)
    });
    let run = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    let report = run
        .watched(&mut |e| {
            if matches!(e, Event::Log { message, .. } if message.contains("cannot be recorded")) {
                run.cancel.trip();
            }
        })
        .unwrap();
    assert_eq!((statuses(&report)[0], statuses(&report)[1]), (Success, Success));
    assert!(skipped(&report, "d").starts_with("not started: the run cannot be recorded: state store "));
    assert!(
        report.state_error.as_ref().unwrap().contains("no space"),
        "{:?}",
        report.state_error
    );
    assert_eq!(report.status, RunStatus::PartialFailure);
    assert!(!fake.sent().contains(&"write d".to_owned()));
}

#[test]
fn a_state_that_fails_at_the_very_end_is_reported_too() {
    let dir = tempfile::tempdir().unwrap();
    let full = Arc::new(AtomicUsize::new(0));
    let store = StateStore::on_a_disk_that_fills(&dir.path().join("state"), full.clone());
    let plan = plan(vec![model("a", &[])]);
    let fake = Fake::new(move |_, _| {
        full.store(1, Ordering::SeqCst);
        Act::Change(1)
    });
    let mut told = Vec::new();
    let run = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    let report = run.watched(&mut |e| told.push(e.clone())).unwrap();
    assert_eq!(
        (report.status, statuses(&report)),
        (RunStatus::Success, vec![Success])
    );
    assert!(report.state_error.unwrap().contains("no space"));
    assert!(
        told.iter()
            .any(|e| matches!(e, Event::Log { message, .. } if message.contains("no space")))
    );
    assert!(told.iter().any(|e| matches!(e, Event::ModelFinished { .. })));
}

#[test]
fn a_state_that_cannot_be_written_at_the_start_runs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::on_a_disk_that_fills(&dir.path().join("state"), Arc::new(AtomicUsize::new(0)));
    let full = Arc::new(AtomicUsize::new(0));
    let filled = StateStore::on_a_disk_that_fills(&dir.path().join("state"), full.clone());
    full.store(1, Ordering::SeqCst);
    let plan = plan(vec![model("a", &[])]);
    for (store, sent) in [(&filled, 0), (&store, 2)] {
        let fake = Fake::new(|_, _| Act::Change(1));
        let result = Run {
            state: Some(store),
            ..Run::new(&plan, &fake)
        }
        .go();
        assert_eq!((result.is_ok(), fake.sent().len()), (sent > 0, sent));
    }
}

#[test]
fn a_model_is_in_the_state_before_its_success_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = StateStore::open_writer(&dir.path().join("state")).unwrap();
    let models = (0..50usize).map(|i| {
        model(
            &format!("m{i}"),
            &i.checked_sub(1).into_iter().collect::<Vec<_>>(),
        )
    });
    let plan = plan(models.collect());
    let fake = Fake::new(|_, _| Act::Change(1));
    let reader = store.reader();
    let mut checked = 0;
    let run = Run {
        state: Some(&store),
        ..Run::new(&plan, &fake)
    };
    run.watched(&mut |e| {
        if let Event::ModelFinished { model, .. } = e {
            assert_eq!(
                reader.model_executions(model, None, 1).unwrap().len(),
                1,
                "{model}"
            );
            checked += 1;
        }
    })
    .unwrap();
    assert_eq!(checked, 50);
}
