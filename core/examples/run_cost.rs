//! What executing costs beyond the SQL: `cargo run --release -p rocky-core --example run_cost -- [overhead|state|missing|plan FOLDER]`.
//!
//! - `overhead`: 1,000 small tables, one at a time and two at a time, against the same statements sent through the DuckDB API in this
//!   process, in turns; each time into a new database, with the state on disk.
//! - `state`: what a model costs in the state store, in runs of 100, 1,000 and 10,000 models, after no and after 1,000 earlier runs.
//! - `missing`: `plan` with `missing`, of a model with 100,000 hours, of which none and all are computed.
//! - `plan FOLDER`: compiling the models of a folder against planning them, and how many statements a second are made by planning as a
//!   whole, and by what makes their SQL alone.
//!
//! All figures of one kind are taken in one process, and the ratios are what counts. `benches/README.md` has them.

#![cfg(feature = "duckdb")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a measurement that cannot be taken ends here"
)]

use rocky_base::event::NoObserver;
use rocky_base::system::OsSystem;
use rocky_base::{CancelToken, SmolStr};
use rocky_core::verbs::compile::CompileRequest;
use rocky_core::verbs::run::{RunRequest, RunResponse};
use rocky_core::{OpenRequest, Project};
use rocky_plan::PlanOptions;
use rocky_project::{Compiler, Inputs, Options};
use rocky_run::report::{RunStatus, TaskStatus};
use rocky_run::state::{Partition, PartitionStatus, RunEnd, StateStore};
use rocky_run::{ModelExecution, RunRecord};
use rocky_warehouse::CatalogSnapshot;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Turns of what is compared.
const TURNS: usize = 5;
const TABLES: usize = 1_000;

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wanted = |what: &str| args.first().is_none_or(|a| a == what);
    if wanted("overhead") {
        overhead();
    }
    if wanted("state") {
        state();
    }
    if wanted("missing") {
        missing();
    }
    if let [what, folder] = args.as_slice()
        && what == "plan"
    {
        plan(Path::new(folder));
    }
}

/// What this process has used of the processor, so that it does not matter how busy the machine is with others.
fn processor() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the clock exists, and `time` is where it may write.
    let code = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    assert_eq!(code, 0);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[(times.len() - 1) / 2]
}

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

fn open(folder: &Path) -> Project {
    let request = OpenRequest {
        config: Some(folder.join("rocky.toml").display().to_string()),
        ..OpenRequest::default()
    };
    Project::open_alone(&request).unwrap()
}

fn small_tables(n: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rocky.toml"), CONFIG).unwrap();
    fs::create_dir(folder.path().join("models")).unwrap();
    for i in 0..n {
        let model = folder.path().join(format!("models/m{i:04}"));
        let text =
            format!("SELECT i AS id, i * {i} AS amount, 'name ' || i AS name\nFROM range(10) AS r(i)\n");
        fs::write(model.with_extension("sql"), text).unwrap();
        fs::write(
            model.with_extension("toml"),
            "[strategy]\ntype = \"full_refresh\"\n",
        )
        .unwrap();
    }
    folder
}

fn remove(folder: &Path, names: &[&str]) {
    for name in names {
        let _ = fs::remove_file(folder.join(name));
    }
}

fn overhead() {
    let folder = small_tables(TABLES);
    let path = folder.path();
    for concurrency in [1, 2] {
        let request = RunRequest {
            concurrency: Some(concurrency),
            ..RunRequest::default()
        };
        let (mut ours, mut theirs, mut inside) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            remove(path, &["w.duckdb", "w.duckdb.wal", ".rocky-state.redb"]);
            let project = open(path);
            project
                .compile(&CompileRequest::default(), &mut NoObserver, &CancelToken::new())
                .unwrap();
            let begin = Instant::now();
            let run = project
                .run(&request, &mut NoObserver, &CancelToken::new())
                .unwrap();
            ours.push(begin.elapsed());
            assert_eq!(
                (run.status.as_str(), run.tables_copied),
                ("Success", TABLES as u64)
            );
            inside.push(Duration::from_millis(run.duration_ms));
            drop(project);
            remove(path, &["w.duckdb", "w.duckdb.wal"]);
            theirs.push(by_hand(&path.join("w.duckdb"), &run, concurrency as usize));
        }
        let each = |d: Duration| d.as_secs_f64() * 1e3 / TABLES as f64;
        let (ours, theirs, inside) = (median(ours), median(theirs), median(inside));
        say(&format!(
            "{TABLES} tables, {concurrency} at a time: run {:.3} ms a table (executing {:.3}), the same SQL {:.3}; beyond it {:.3}, ratio {:.2}",
            each(ours),
            each(inside),
            each(theirs),
            each(ours.saturating_sub(theirs)),
            ours.as_secs_f64() / theirs.as_secs_f64(),
        ));
    }
}

/// The statements of a run, through DuckDB's own client.
fn by_hand(database: &Path, run: &RunResponse, connections: usize) -> Duration {
    let statements: Vec<Vec<&str>> = run
        .materializations
        .iter()
        .map(|m| m.statements.iter().map(|s| s.sql.as_str()).collect())
        .collect();
    let next = AtomicUsize::new(0);
    let begin = Instant::now();
    let first = duckdb::Connection::open(database).unwrap();
    let all: Vec<duckdb::Connection> = (1..connections)
        .map(|_| first.try_clone().unwrap())
        .chain([first.try_clone().unwrap()])
        .collect();
    std::thread::scope(|scope| {
        for connection in all {
            let (statements, next) = (&statements, &next);
            scope.spawn(move || {
                while let Some(texts) = statements.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for text in texts {
                        connection.execute_batch(text).unwrap();
                    }
                }
            });
        }
    });
    // Closing writes the tables into the file.
    drop(first);
    begin.elapsed()
}

fn executions(n: usize, at: jiff::Timestamp) -> Vec<ModelExecution> {
    let model = |i: usize| ModelExecution {
        run_id: String::new(),
        model_name: SmolStr::new(format!("model_{i:05}")),
        index: i as u32,
        target: format!("w.main.model_{i:05}"),
        strategy: rocky_warehouse::Strategy::FullRefresh,
        started_at: Some(at),
        finished_at: Some(at),
        duration_ms: 3,
        rows_affected: Some(10),
        status: TaskStatus::Success,
        sql_hash: "0123456789abcdef".to_owned(),
        error: None,
        skipped_reason: None,
        watermark: None,
        kind: rocky_plan::TaskKind::Model,
        asset_key: vec!["w".into(), "main".into(), SmolStr::new(format!("model_{i:05}"))],
        basis: "0123456789abcdef0123456789abcdef".to_owned(),
    };
    (0..n).map(model).collect()
}

/// A run as the executor records it: 256 models a commit.
fn recorded(store: &StateStore, number: usize, executions: &[ModelExecution]) -> Duration {
    let at = jiff::Timestamp::from_second(1_700_000_000 + number as i64).unwrap();
    let begin = Instant::now();
    let run_id = store
        .record_run_start(&RunRecord::begin(format!("run-{number:06}"), "p", at))
        .unwrap();
    for some in executions.chunks(256) {
        store.record_models(&run_id, some).unwrap();
    }
    let end = RunEnd {
        finished_at: at,
        duration_ms: 1,
        status: RunStatus::Success,
        interrupted: false,
        error: None,
    };
    store.record_run_end(&run_id, &end, &[]).unwrap();
    begin.elapsed()
}

fn state() {
    let folder = tempfile::tempdir().unwrap();
    let mut costs = Vec::new();
    for history in [0, 1_000] {
        let path = folder.path().join(format!("state-{history}.redb"));
        let store = StateStore::open_writer(&path).unwrap();
        let some = executions(100, jiff::Timestamp::UNIX_EPOCH);
        for number in 0..history {
            recorded(&store, number, &some);
        }
        for n in [100, 1_000, 10_000] {
            let models = executions(n, jiff::Timestamp::UNIX_EPOCH);
            let times = (0..TURNS).map(|turn| recorded(&store, 10_000 + n + turn, &models));
            let each = median(times.collect()).as_secs_f64() * 1e6 / n as f64;
            say(&format!(
                "state after {history} runs, {n} models: {each:.1} µs a model"
            ));
            costs.push((history, n, each));
        }
    }
    let cost = |h: usize, n: usize| costs.iter().find(|c| (c.0, c.1) == (h, n)).unwrap().2;
    say(&format!(
        "state: 10,000 models / 1,000 models {:.2}; after 1,000 runs / after none, at 1,000 models {:.2}",
        cost(0, 10_000) / cost(0, 1_000),
        cost(1_000, 1_000) / cost(0, 1_000)
    ));
}

fn missing() {
    const HOURS: i64 = 100_000;
    let now = jiff::Timestamp::now();
    let hour = |back: i64| {
        let at = now - jiff::SignedDuration::from_hours(back);
        at.strftime("%Y-%m-%dT%H").to_string()
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).unwrap();
    write("rocky.toml", CONFIG);
    fs::create_dir(folder.path().join("models")).unwrap();
    write(
        "models/hours.sql",
        "SELECT t, 1 AS one FROM (SELECT TIMESTAMP '2020-01-01 00:00:00' AS t) AS s WHERE t >= @start_date AND t < @end_date",
    );
    write(
        "models/hours.toml",
        &format!(
            "[strategy]\ntype = \"time_interval\"\ntime_column = \"t\"\ngranularity = \"hour\"\nfirst_partition = \"{}\"\n",
            hour(HOURS - 1)
        ),
    );
    let one = RunRequest {
        partition: Some(hour(HOURS - 1)),
        ..RunRequest::default()
    };
    let run = open(folder.path())
        .run(&one, &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(run.status, "Success", "{:?}", run.errors);
    let request = RunRequest {
        missing: true,
        ..RunRequest::default()
    };
    let measure = |what: &str| {
        let mut planned = 0;
        let times = (0..TURNS).map(|_| {
            let project = open(folder.path());
            let begin = Instant::now();
            let plan = project
                .plan(&request, &mut NoObserver, &CancelToken::new())
                .unwrap();
            let took = begin.elapsed();
            planned = plan.models_detail[0].partitions.as_ref().map_or(0, Vec::len);
            took
        });
        let took = median(times.collect());
        say(&format!(
            "missing of {HOURS} hours, {what}: {planned} planned in {took:.1?}"
        ));
    };
    measure("one computed");
    {
        let store = StateStore::open_writer(&folder.path().join(".rocky-state.redb")).unwrap();
        let computed: Vec<Partition> = (0..HOURS)
            .map(|back| {
                let key = SmolStr::new(hour(back));
                Partition::new("hours", key, PartitionStatus::Computed, run.run_id.clone(), now)
            })
            .collect();
        store.put_partitions(&computed).unwrap();
    }
    measure("all computed");
}

fn plan(folder: &Path) {
    let options = Options {
        config: folder.join("rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: None,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(16 << 20)
        .build()
        .unwrap();
    let (mut compiling, mut planning) = (Vec::new(), Vec::new());
    let (mut statements, mut making, mut working) = (0, Duration::MAX, Duration::MAX);
    for _ in 0..TURNS {
        let mut compiler = Compiler::new(Arc::new(OsSystem), options.clone());
        let begin = Instant::now();
        let snapshot = compiler
            .compile(&Inputs::default(), &pool, &mut NoObserver, &CancelToken::new())
            .unwrap();
        compiling.push(begin.elapsed());
        let catalog = CatalogSnapshot {
            dialect: snapshot.dialect,
            ..CatalogSnapshot::default()
        };
        // Of the targets nothing is known: what is added to is made anew.
        let options = PlanOptions {
            full_refresh: true,
            ..PlanOptions::default()
        };
        let begin = Instant::now();
        let Ok(plan) = pool.install(|| rocky_plan::plan(&snapshot, &catalog, &options)) else {
            panic!("the models cannot be planned");
        };
        planning.push(begin.elapsed());
        statements = plan.tasks.iter().map(|t| t.steps.len()).sum::<usize>();
        drop(plan);
        for _ in 0..TURNS {
            let (begin, worked) = (Instant::now(), processor());
            let Ok(made) = pool.install(|| rocky_plan::statements(&snapshot, &catalog, &options)) else {
                panic!("the statements cannot be made");
            };
            making = making.min(begin.elapsed());
            working = working.min(processor().saturating_sub(worked));
            assert_eq!(statements, made.iter().map(Vec::len).sum::<usize>());
        }
    }
    let (compiling, planning) = (median(compiling), median(planning));
    let a_second = |took: Duration| statements as f64 / took.as_secs_f64();
    say(&format!(
        "cold compile {compiling:.1?}, planning {planning:.1?}: ratio {:.3}; {statements} statements, {:.0} a second planned",
        planning.as_secs_f64() / compiling.as_secs_f64(),
        a_second(planning),
    ));
    say(&format!(
        "made (the SQL alone): {:.0} a second (in {making:.1?}, the best of {}), {:.0} in a second of one processor (in {working:.1?})",
        a_second(making),
        TURNS * TURNS,
        a_second(working),
    ));
}
