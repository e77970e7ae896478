//! Projects that are executed: many of one thing each, on a DuckDB file. [`crate::count`] holds them at n and 2n, and `rocky-bench execute`
//! measures runs as a user starts them, beside dbt on the same tables.
//!
//! The tables are small on purpose: what is measured is what the engine adds.

use crate::measure::{self, median};
use crate::report::grouped;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

/// What there is much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    /// Partitions of a model of hours, planned.
    Partitions,
    /// Models in a run.
    Models,
    /// Models in a run that have nothing to be done about them.
    Unchanged,
    /// Columns that are checked, each by a test of its own.
    Checks,
    /// Files that a load takes in.
    Files,
    /// Tables that a replication copies.
    Tables,
}

/// Hours before now, in the form of a partition: what `date` says.
fn hours_ago(n: usize) -> io::Result<String> {
    let output = Command::new("date")
        .args(["-u", "-d", &format!("{n} hours ago"), "+%Y-%m-%dT%H"])
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(io::Error::other("`date -d` is not understood here")),
    }
}

const ADAPTER: &str = "[adapter]\ntype = \"duckdb\"\npath = \"bench.duckdb\"\n";
const TARGET: &str = "\n[pipeline.bench.target]\nadapter = \"default\"\n";

impl Execution {
    /// All of them.
    pub const ALL: [Execution; 6] = [
        Execution::Partitions,
        Execution::Models,
        Execution::Unchanged,
        Execution::Checks,
        Execution::Files,
        Execution::Tables,
    ];

    /// As shown and recorded.
    pub fn name(self) -> &'static str {
        match self {
            Execution::Partitions => "plan of missing partitions",
            Execution::Models => "run, models",
            Execution::Unchanged => "run, unchanged models",
            Execution::Checks => "run, columns in checks",
            Execution::Files => "run, files in a load",
            Execution::Tables => "run, replicated tables",
        }
    }

    /// The larger of the two sizes that are compared.
    pub fn size(self) -> usize {
        match self {
            Execution::Partitions => 100_000,
            Execution::Models => 500,
            Execution::Unchanged => 2_000,
            Execution::Checks => 400,
            Execution::Files | Execution::Tables => 200,
        }
    }

    /// The path is rocky's own, without DuckDB and without threads that wait for a disk: its count is the same each time.
    pub fn is_recorded(self) -> bool {
        matches!(self, Execution::Partitions | Execution::Unchanged)
    }

    /// Write the project into `root`, which is made.
    pub fn write(self, n: usize, root: &Path) -> io::Result<()> {
        std::fs::create_dir_all(root.join("models"))?;
        let transformation = format!(
            "{ADAPTER}\n[pipeline.bench]\ntype = \"transformation\"\nmodels = \"models/**\"\n{TARGET}"
        );
        let file = |path: &str, text: &str| std::fs::write(root.join(path), text);
        match self {
            Execution::Partitions => {
                file("rocky.toml", &transformation)?;
                file(
                    "models/hours.sql",
                    "SELECT t, 1 AS one\nFROM (SELECT TIMESTAMP '2020-01-01 00:00:00' AS t) AS s\nWHERE t >= @start_date AND t < @end_date\n",
                )?;
                let first = hours_ago(n - 1)?;
                file(
                    "models/hours.toml",
                    &format!(
                        "[strategy]\ntype = \"time_interval\"\ntime_column = \"t\"\ngranularity = \"hour\"\nfirst_partition = \"{first}\"\n"
                    ),
                )
            }
            Execution::Models | Execution::Unchanged => {
                file("rocky.toml", &transformation)?;
                (0..n).try_for_each(|i| small_table(root, i, ""))
            }
            Execution::Checks => {
                file("rocky.toml", &transformation)?;
                let columns: Vec<String> = (0..n).map(|i| format!("i + {i} AS c{i}")).collect();
                let columns = columns.join(", ");
                file(
                    "models/wide.sql",
                    &format!("SELECT {columns}\nFROM range(10) AS r(i)\n"),
                )?;
                let mut tests = String::from("[strategy]\ntype = \"full_refresh\"\n");
                for i in 0..n {
                    let _ = write!(tests, "\n[[tests]]\ntype = \"not_null\"\ncolumn = \"c{i}\"\n");
                }
                file("models/wide.toml", &tests)
            }
            Execution::Files => {
                let load = "[pipeline.bench]\ntype = \"load\"\nsource_dir = \"in\"\n\n[pipeline.bench.target]\ncatalog = \"\"\nschema = \"raw\"\ntable = \"t\"\n";
                file("rocky.toml", &format!("{ADAPTER}\n{load}"))?;
                std::fs::create_dir_all(root.join("in"))?;
                (0..n).try_for_each(|i| file(&format!("in/{i:05}.csv"), &format!("id,name\n{i},x\n")))
            }
            Execution::Tables => {
                let make = "[pipeline.make]\ntype = \"transformation\"\nmodels = \"models/**\"\n\n[pipeline.make.target]\nadapter = \"default\"\n";
                let copy = "[pipeline.bench]\ntype = \"replication\"\nstrategy = \"full_refresh\"\n\n[pipeline.bench.source.schema_pattern]\nprefix = \"raw__\"\nseparator = \"__\"\ncomponents = [\"source\"]\n\n[pipeline.bench.target]\ncatalog_template = \"bench\"\nschema_template = \"staging__{source}\"\n";
                file("rocky.toml", &format!("{ADAPTER}\n{make}\n{copy}"))?;
                (0..n).try_for_each(|i| small_table(root, i, "\n[target]\nschema = \"raw__shop\"\n"))
            }
        }
    }

    /// The commands that come before, in turn; an empty one waits until stamps of files count.
    pub fn before(self) -> &'static [&'static [&'static str]] {
        match self {
            Execution::Unchanged => &[&["run", "--skip-unchanged"], &[], &["run", "--skip-unchanged"]],
            Execution::Tables => &[&["run", "--pipeline", "make"]],
            _ => &[],
        }
    }

    /// What is measured.
    pub fn args(self) -> &'static [&'static str] {
        match self {
            Execution::Partitions => &["plan", "--missing"],
            Execution::Unchanged => &["run", "--skip-unchanged"],
            Execution::Tables => &["run", "--pipeline", "bench", "--concurrency", "1"],
            _ => &["run", "--concurrency", "1"],
        }
    }

    /// Whether the document says that all was done, for this size.
    pub fn look(self, n: usize, text: &str) -> Result<(), String> {
        let document: serde_json::Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let count = |name: &str| document[name].as_u64().unwrap_or(0);
        let (what, found, expected) = match self {
            Execution::Partitions => {
                let planned = document["models_detail"][0]["partitions"].as_array();
                ("partitions", planned.map_or(0, |p| p.len() as u64), n as u64)
            }
            Execution::Models | Execution::Tables => ("tables", count("tables_copied"), n as u64),
            Execution::Unchanged => ("unchanged models", count("tables_skipped"), n as u64),
            Execution::Checks => {
                let checks = document["check_results"][0]["checks"].as_array();
                ("checks", checks.map_or(0, |c| c.len() as u64), n as u64)
            }
            Execution::Files => {
                let rows = document["materializations"][0]["rows_copied"].as_u64();
                ("rows of files", rows.unwrap_or(0), n as u64)
            }
        };
        // The hour may have changed since the project was written.
        let is_near = self == Execution::Partitions && found == expected + 1;
        match found == expected || is_near {
            true => Ok(()),
            false => Err(format!("{found} {what} of {expected}")),
        }
    }
}

fn small_table(root: &Path, i: usize, more: &str) -> io::Result<()> {
    let model = root.join(format!("models/m{i:05}"));
    let text = format!("SELECT i AS id, i * {i} AS amount, 'name ' || i AS name\nFROM range(10) AS r(i)\n");
    std::fs::write(model.with_extension("sql"), text)?;
    let sidecar = format!("[strategy]\ntype = \"full_refresh\"\n{more}");
    std::fs::write(model.with_extension("toml"), sidecar)
}

/// A stamp of a database that is younger than a second proves nothing.
pub fn settle() {
    std::thread::sleep(Duration::from_millis(1_200));
}

/// Of `rocky-bench execute`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The program under test.
    #[arg(long, default_value = ".cache/target/release/rocky")]
    pub binary: PathBuf,
    /// Processors that every child may use.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Timed runs per case.
    #[arg(long, default_value_t = 5)]
    pub repeat: usize,
    /// Small tables of the runs.
    #[arg(long, default_value_t = 1_000)]
    pub tables: usize,
    /// Models of the run that has nothing to do.
    #[arg(long, default_value_t = 10_000)]
    pub unchanged: usize,
    /// Partitions that are planned.
    #[arg(long, default_value_t = 100_000)]
    pub partitions: usize,
    /// Run the same tables with dbt, too; `benches/setup-peers.sh` installs it.
    #[arg(long)]
    pub dbt: bool,
    /// dbt's program.
    #[arg(long, default_value = ".cache/venv-dbt/bin/dbt")]
    pub dbt_binary: PathBuf,
    /// Where projects are made.
    #[arg(long, default_value = ".cache/bench")]
    pub work: PathBuf,
}

/// One line of the table.
struct Row {
    name: String,
    n: usize,
    wall_ms: f64,
    peak_kb: u64,
}

/// Measure and print.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    measure::confine(options.threads)?;
    let work = options.work.join("execute");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(&work)?;
    let mut rows = Vec::new();
    let made: &[&str] = &["bench.duckdb", "bench.duckdb.wal", ".rocky-state.redb"];
    let cases = [
        (
            "run, one at a time",
            Execution::Models,
            options.tables,
            &["--concurrency", "1"][..],
        ),
        ("run", Execution::Models, options.tables, &[]),
        (
            "run with nothing to do",
            Execution::Unchanged,
            options.unchanged,
            &[],
        ),
        (
            "plan of missing partitions",
            Execution::Partitions,
            options.partitions,
            &[],
        ),
    ];
    for (name, execution, n, more) in cases {
        let dir = work.join(name.replace([' ', ','], "-"));
        execution.write(n, &dir)?;
        for args in execution.before() {
            match args {
                [] => settle(),
                args => {
                    rocky(&options.binary, &dir, args, None)?;
                }
            }
        }
        let args = match execution {
            Execution::Models => [&["run"][..], more].concat(),
            _ => execution.args().to_vec(),
        };
        let fresh = if execution == Execution::Models { made } else { &[] };
        rows.push(case(options, name, n, &dir, fresh, |out| {
            let sample = rocky(&options.binary, &dir, &args, Some(out))?;
            execution
                .look(n, &std::fs::read_to_string(out)?)
                .map_err(|why| io::Error::other(format!("{name}: {why}")))?;
            Ok(sample)
        })?);
        std::fs::remove_dir_all(&dir)?;
    }
    if options.dbt {
        let dir = work.join("dbt");
        dbt_project(options.tables, &dir)?;
        rows.push(case(
            options,
            "dbt run",
            options.tables,
            &dir,
            &["bench.duckdb"],
            |_| dbt(options, &dir),
        )?);
    }
    let mut out = io::stdout().lock();
    for row in &rows {
        writeln!(
            out,
            "{:28} {:>7}  {:>9.1} ms  {:>7.3} ms each  {:>6.1} MiB",
            row.name,
            grouped(row.n),
            row.wall_ms,
            row.wall_ms / row.n.max(1) as f64,
            row.peak_kb as f64 / 1024.0,
        )?;
    }
    let wall = |name: &str| rows.iter().find(|r| r.name == name).map(|r| r.wall_ms);
    if let (Some(dbt), Some(ours)) = (wall("dbt run"), wall("run")) {
        writeln!(out, "dbt run / run: {:.1}", dbt / ours)?;
    }
    std::fs::remove_dir_all(&work)?;
    Ok(ExitCode::SUCCESS)
}

/// Once unmeasured, then so many times; the median.
fn case(
    options: &Options,
    name: &str,
    n: usize,
    dir: &Path,
    fresh: &[&str],
    once: impl Fn(&Path) -> io::Result<measure::Sample>,
) -> io::Result<Row> {
    let out = dir.with_extension("out");
    let (mut walls, mut peak_kb) = (Vec::new(), 0);
    for turn in 0..=options.repeat {
        for file in fresh {
            let _ = std::fs::remove_file(dir.join(file));
        }
        let _ = writeln!(io::stderr(), "{name} {turn}");
        let sample = once(&out)?;
        if turn > 0 {
            walls.push(sample.wall_ms);
            peak_kb = peak_kb.max(sample.peak_kb);
        }
    }
    let _ = std::fs::remove_file(&out);
    Ok(Row {
        name: name.to_owned(),
        n,
        wall_ms: median(walls),
        peak_kb,
    })
}

/// A command of rocky in a project; one that fails is an error.
fn rocky(binary: &Path, dir: &Path, args: &[&str], out: Option<&Path>) -> io::Result<measure::Sample> {
    let mut command = Command::new(binary);
    command.arg("-c").arg(dir.join("rocky.toml"));
    command.args(args).args(["--output", "json"]);
    succeeded(measure::run(&mut command, out, None)?, args)
}

fn succeeded(sample: measure::Sample, args: &[&str]) -> io::Result<measure::Sample> {
    match sample.exit {
        0 => Ok(sample),
        exit => Err(io::Error::other(format!("`{}`: status {exit}", args.join(" ")))),
    }
}

fn dbt(options: &Options, dir: &Path) -> io::Result<measure::Sample> {
    let (dir, threads) = (dir.display().to_string(), options.threads.to_string());
    let args = [
        "--quiet",
        "--no-version-check",
        "--no-send-anonymous-usage-stats",
        "--log-level-file",
        "none",
        "run",
        "--project-dir",
        &dir,
        "--profiles-dir",
        &dir,
        "--threads",
        &threads,
    ];
    let mut command = Command::new(&options.dbt_binary);
    succeeded(measure::run(command.args(args), None, None)?, &args)
}

/// The same tables for dbt.
fn dbt_project(n: usize, root: &Path) -> io::Result<()> {
    std::fs::create_dir_all(root.join("models"))?;
    let project = "name: bench\nversion: '1.0'\nprofile: bench\nmodel-paths: [models]\nmodels:\n  bench:\n    +materialized: table\n";
    std::fs::write(root.join("dbt_project.yml"), project)?;
    let database = root.join("bench.duckdb").display().to_string();
    let profiles =
        format!("bench:\n  target: dev\n  outputs:\n    dev:\n      type: duckdb\n      path: {database}\n");
    std::fs::write(root.join("profiles.yml"), profiles)?;
    for i in 0..n {
        small_table(root, i, "")?;
        std::fs::remove_file(root.join(format!("models/m{i:05}.toml")))?;
    }
    Ok(())
}
