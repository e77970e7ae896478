//! Everything in one go: for each size make the project, then run every case as a child process.
//!
//! A case is run once unmeasured, with its output looked at (a figure of a command that did not do its work is no figure), and
//! then `repeat` times with its output thrown away. Cases that start cold have rocky's cache removed before every run, cases
//! that start warm have been compiled just before, cases of an edit get another text before every run.

use crate::look::{self, Look, Question, Seen};
use crate::measure::{self, Sample};
use crate::report::{self, CaseReport, Machine, Report, SizeReport, case};
use crate::write::{self, Edit, FACTS_FILE, Facts};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{SystemTime, UNIX_EPOCH};

/// Of `rocky-bench run`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// Numbers of models.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 10_000, 50_000])]
    pub sizes: Vec<usize>,
    /// The program under test.
    #[arg(long, default_value = ".cache/target/release/rocky")]
    pub binary: PathBuf,
    /// Processors that every child, the floor included, may use.
    #[arg(long, default_value_t = 2)]
    pub threads: usize,
    /// Timed runs per case; at most 3 from 50,000 models on.
    #[arg(long, default_value_t = 7)]
    pub repeat: usize,
    /// Seed of the projects.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Where projects are made. Folders of an earlier run are replaced.
    #[arg(long, default_value = ".cache/bench")]
    pub work: PathBuf,
    /// Measure dbt too; `benches/setup-peers.sh` installs it.
    #[arg(long)]
    pub dbt: bool,
    /// Sizes for dbt: 10,000 takes it minutes a run.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000])]
    pub dbt_sizes: Vec<usize>,
    /// dbt's program.
    #[arg(long, default_value = ".cache/venv-dbt/bin/dbt")]
    pub dbt_binary: PathBuf,
    /// Write the report as JSON.
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Fail when a mark is missed or a case has no figure.
    #[arg(long)]
    pub check: bool,
}

/// Measure, print, and with `check` judge.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    let n_cpus = measure::confine(options.threads)?;
    std::fs::create_dir_all(&options.work)?;
    let started = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_secs());
    let load_before = load();
    let mut sizes = Vec::new();
    for n_models in &options.sizes {
        sizes.push(size(options, *n_models, n_cpus)?);
    }
    let machine = Machine {
        cpu: line_of("/proc/cpuinfo", "model name"),
        n_cpus,
        kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
            .unwrap_or_default()
            .trim()
            .to_owned(),
        memory_mb: line_of("/proc/meminfo", "MemTotal")
            .trim_end_matches(" kB")
            .parse::<u64>()
            .unwrap_or(0)
            / 1024,
        load_before,
        load_after: load(),
        harness_peak_kb: measure::own_peak_kb(),
        binary: options.binary.display().to_string(),
        version: version(&options.binary),
        started,
        repeat: options.repeat,
    };
    let report = Report {
        machine,
        marks: report::marks(&sizes),
        sizes,
    };
    let mut stdout = io::stdout().lock();
    write!(stdout, "{}", report::text(&report))?;
    if let Some(path) = &options.out {
        std::fs::write(path, serde_json::to_vec_pretty(&report)?)?;
        writeln!(stdout, "written to {}", path.display())?;
    }
    let is_failed = report
        .marks
        .iter()
        .any(|m| m.limit.is_some() && m.met != Some(true))
        || report
            .sizes
            .iter()
            .flat_map(|s| s.cases.iter().chain(&s.peers))
            .any(|c| c.failed.is_some());
    Ok(if options.check && is_failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn version(binary: &Path) -> String {
    let output = Command::new(binary).arg("--version").output();
    output.map_or_else(
        |e| format!("cannot start: {e}"),
        |o| String::from_utf8_lossy(&o.stdout).trim().to_owned(),
    )
}

fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace()
        .next()
        .and_then(|l| l.parse().ok())
        .unwrap_or(0.0)
}

/// The text behind `key :` in a file of `/proc`.
fn line_of(path: &str, key: &str) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let found = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(k, _)| k.trim() == key);
    found.map(|(_, v)| v.trim().to_owned()).unwrap_or_default()
}

// --- cases -----------------------------------------------------------------------------------------------------------

/// What is done before each run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// Nothing.
    Nothing,
    /// The tool's own cache is removed.
    Cold,
    /// The project was compiled before the first run.
    Warm,
    /// As warm; then a model gets another WHERE clause before each run.
    Condition,
    /// As warm; then a model gets another column before each run.
    Column,
}

struct Case<'c> {
    name: &'c str,
    program: &'c Path,
    args: Vec<String>,
    before: Before,
    look: Look,
    edit: &'c Edit,
}

/// A project under one tool.
struct Bench<'b> {
    dir: PathBuf,
    facts: &'b Facts,
    /// What [`Before::Cold`] removes.
    caches: &'static [&'static str],
    /// What [`Before::Warm`] runs.
    warm_up: (&'b Path, Vec<String>),
    repeat: usize,
    nonce: usize,
}

fn strings<const N: usize>(args: [&str; N]) -> Vec<String> {
    args.into_iter().map(str::to_owned).collect()
}

fn size(options: &Options, n_models: usize, n_cpus: usize) -> io::Result<SizeReport> {
    let own = std::env::current_exe()?;
    let dir = options.work.join(format!("rocky-{n_models}"));
    let facts = make(&own, "generate", &dir, n_models, options.seed)?;
    let repeat = if n_models >= 50_000 {
        options.repeat.min(3)
    } else {
        options.repeat
    };
    let config = dir.join("rocky.toml").display().to_string();
    let with_config = |args: &[&str]| -> Vec<String> {
        let head = ["-c", config.as_str()].into_iter();
        head.chain(args.iter().copied())
            .chain(["--output", "json"])
            .map(str::to_owned)
            .collect()
    };
    let dir_text = dir.display().to_string();
    let threads = n_cpus.to_string();
    let rocky = options.binary.as_path();
    let mut bench = Bench {
        dir: dir.clone(),
        facts: &facts,
        caches: &[".rocky"],
        warm_up: (rocky, with_config(&["compile"])),
        repeat,
        nonce: 0,
    };
    let floor = |keep: &[&str]| {
        ["floor", &dir_text, "--threads", &threads]
            .into_iter()
            .chain(keep.iter().copied())
            .map(str::to_owned)
            .collect()
    };
    let hub = format!(
        "compile, a column added to a hub ({})",
        report::grouped(facts.hub.n_downstream)
    );
    let column = format!(
        "compile, a column added ({})",
        report::grouped(facts.edit.n_downstream)
    );
    let condition = format!(
        "compile, a condition changed ({})",
        report::grouped(facts.edit.n_downstream)
    );
    let rocky_case = |name, args: &[&str], before, look| Case {
        name,
        program: rocky,
        args: with_config(args),
        before,
        look,
        edit: &facts.edit,
    };
    let own_case = |name, args| Case {
        name,
        program: &own,
        args,
        before: Before::Nothing,
        look: Look::Floored,
        edit: &facts.edit,
    };
    let target = facts.lineage_target.as_str();
    let cases = [
        own_case(case::FLOOR, floor(&[])),
        own_case(case::FLOOR_KEPT, floor(&["--keep"])),
        Case {
            args: strings(["--version"]),
            ..rocky_case(case::VERSION, &[], Before::Nothing, Look::ExitCode)
        },
        rocky_case(case::COMPILE_COLD, &["compile"], Before::Cold, Look::Compiled),
        rocky_case("compile, unchanged", &["compile"], Before::Warm, Look::Compiled),
        rocky_case(&condition, &["compile"], Before::Condition, Look::Compiled),
        rocky_case(&column, &["compile"], Before::Column, Look::Compiled),
        Case {
            edit: &facts.hub,
            ..rocky_case(&hub, &["compile"], Before::Column, Look::Compiled)
        },
        rocky_case(
            "lineage of a column, cold",
            &["lineage", target],
            Before::Cold,
            Look::Traced,
        ),
        rocky_case(
            "lineage of a column, warm",
            &["lineage", target],
            Before::Warm,
            Look::Traced,
        ),
        rocky_case("validate, cold", &["validate"], Before::Cold, Look::ExitCode),
        rocky_case("validate, warm", &["validate"], Before::Warm, Look::ExitCode),
        rocky_case("plan (all SQL), cold", &["plan"], Before::Cold, Look::ExitCode),
        rocky_case("plan (all SQL), warm", &["plan"], Before::Warm, Look::ExitCode),
    ];
    let reports = cases
        .iter()
        .map(|case| bench.case(case))
        .collect::<io::Result<_>>()?;
    let peers = if options.dbt && options.dbt_sizes.contains(&n_models) {
        dbt(options, &own, n_models, n_cpus)?
    } else {
        Vec::new()
    };
    Ok(SizeReport {
        facts,
        cases: reports,
        peers,
    })
}

fn dbt(options: &Options, own: &Path, n_models: usize, n_cpus: usize) -> io::Result<Vec<CaseReport>> {
    let dir = options.work.join(format!("dbt-{n_models}"));
    let facts = make(own, "dbt-generate", &dir, n_models, options.seed)?;
    let dir_text = dir.display().to_string();
    let threads = n_cpus.to_string();
    // Nothing that dbt does beside its work: no telemetry, no look for updates, no log file.
    let with_dir = |args: &[&str]| -> Vec<String> {
        let head = [
            "--quiet",
            "--no-version-check",
            "--no-send-anonymous-usage-stats",
            "--log-level-file",
            "none",
        ]
        .into_iter();
        let tail = [
            "--project-dir",
            &dir_text,
            "--profiles-dir",
            &dir_text,
            "--threads",
            &threads,
        ];
        head.chain(args.iter().copied())
            .chain(tail)
            .map(str::to_owned)
            .collect()
    };
    let program = options.dbt_binary.as_path();
    let changed = format!("{}+", facts.edit.model);
    let mut bench = Bench {
        dir: dir.clone(),
        facts: &facts,
        caches: &["target"],
        warm_up: (program, with_dir(&["compile"])),
        repeat: if n_models > 1000 { 1 } else { options.repeat.min(3) },
        nonce: 0,
    };
    let dbt_case = |name, args: &[&str], before, look| Case {
        name,
        program,
        args: with_dir(args),
        before,
        look,
        edit: &facts.edit,
    };
    let cases = [
        Case {
            args: strings(["--version"]),
            ..dbt_case("dbt --version", &[], Before::Nothing, Look::ExitCode)
        },
        dbt_case("dbt parse, cold", &["parse"], Before::Cold, Look::ExitCode),
        dbt_case(
            case::DBT_COMPILE_COLD,
            &["compile"],
            Before::Cold,
            Look::DbtCompiled,
        ),
        dbt_case(
            "dbt compile, unchanged",
            &["compile"],
            Before::Warm,
            Look::DbtCompiled,
        ),
        dbt_case(
            "dbt compile, a condition changed",
            &["compile"],
            Before::Condition,
            Look::DbtCompiled,
        ),
        dbt_case(
            "dbt compile of the changed and below",
            &["compile", "--select", &changed],
            Before::Condition,
            Look::ExitCode,
        ),
    ];
    cases.iter().map(|case| bench.case(case)).collect()
}

/// Make a project in a child: 50,000 models are 100 MB, which must not count as the peak of what is run later.
fn make(own: &Path, verb: &str, dir: &Path, n_models: usize, seed: u64) -> io::Result<Facts> {
    if dir.exists() {
        if !dir.join(FACTS_FILE).exists() {
            return Err(io::Error::other(format!(
                "{} is no folder of an earlier run",
                dir.display()
            )));
        }
        std::fs::remove_dir_all(dir)?;
    }
    let mut command = Command::new(own);
    command
        .arg(verb)
        .arg(dir)
        .args(["--models", &n_models.to_string(), "--seed", &seed.to_string()]);
    let sample = measure::run(&mut command, None, None)?;
    if sample.exit != 0 {
        return Err(io::Error::other(format!(
            "{verb} of {n_models} models failed with status {}",
            sample.exit
        )));
    }
    write::read_facts(dir)
}

impl Bench<'_> {
    fn case(&mut self, case: &Case<'_>) -> io::Result<CaseReport> {
        let _ = writeln!(io::stderr(), "{:>7} {}", self.facts.n_models, case.name);
        let result = self.try_case(case);
        if matches!(case.before, Before::Condition | Before::Column) {
            std::fs::write(self.dir.join(&case.edit.path), case.edit.original())?;
        }
        result
    }

    fn try_case(&mut self, case: &Case<'_>) -> io::Result<CaseReport> {
        let command = self.shown(case);
        if !matches!(case.before, Before::Nothing | Before::Cold) {
            let (program, args) = &self.warm_up;
            // If it fails, the case itself says why.
            let _ = measure::run(Command::new(program).args(args), None, None);
        }
        let stdout = self.dir.with_extension("stdout");
        let stderr = self.dir.with_extension("stderr");
        self.prepare(case)?;
        let first = match measure::run(
            Command::new(case.program).args(&case.args),
            Some(&stdout),
            Some(&stderr),
        ) {
            Ok(sample) => sample,
            Err(error) => {
                let why = format!("cannot start {}: {error}", case.program.display());
                return Ok(CaseReport::failed(case.name, command, why));
            }
        };
        let seen = match self.look(case, &first, &stdout, &stderr) {
            Ok(seen) => seen,
            Err(why) => return Ok(CaseReport::failed(case.name, command, why)),
        };
        let mut samples = Vec::with_capacity(self.repeat);
        let mut inside = Vec::new();
        // The floor says how long it took in 150 bytes; other outputs are megabytes.
        let kept_output = (case.look == Look::Floored).then_some(stdout.as_path());
        for _ in 0..self.repeat {
            self.prepare(case)?;
            let sample = measure::run(Command::new(case.program).args(&case.args), kept_output, None)?;
            if sample.exit != 0 {
                let why = format!("status {} after a good run", sample.exit);
                return Ok(CaseReport::failed(case.name, command, why));
            }
            if kept_output.is_some() {
                let again = self.look(case, &sample, &stdout, &stderr);
                inside.extend(again.ok().and_then(|seen| seen.inside_ms));
            }
            samples.push(sample);
        }
        let inside_ms = if inside.is_empty() {
            seen.inside_ms
        } else {
            Some(measure::median(inside))
        };
        let mut report = CaseReport::new(case.name, command, samples);
        report.inside_ms = inside_ms;
        report.output_bytes = stdout.metadata().map_or(0, |m| m.len());
        report.notes = seen.notes;
        std::fs::remove_file(stdout)?;
        std::fs::remove_file(stderr)?;
        Ok(report)
    }

    fn shown(&self, case: &Case<'_>) -> String {
        let name = case
            .program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let dir = self.dir.display().to_string();
        let args = case.args.iter().map(|arg| match arg.strip_prefix(&dir) {
            Some(rest) => format!("DIR{rest}"),
            None => arg.clone(),
        });
        std::iter::once(name).chain(args).collect::<Vec<_>>().join(" ")
    }

    fn prepare(&mut self, case: &Case<'_>) -> io::Result<()> {
        let text = match case.before {
            Before::Nothing | Before::Warm => return Ok(()),
            Before::Cold => {
                for cache in self.caches {
                    match std::fs::remove_dir_all(self.dir.join(cache)) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                }
                return Ok(());
            }
            Before::Condition | Before::Column => {
                self.nonce += 1;
                if case.before == Before::Condition {
                    case.edit.with_condition(self.nonce)
                } else {
                    case.edit.with_column(self.nonce)
                }
            }
        };
        std::fs::write(self.dir.join(&case.edit.path), text)
    }

    /// What the first run's output shows, found out by a child: a document is megabytes, which would count as the peak of all
    /// processes started later.
    fn look(&self, case: &Case<'_>, sample: &Sample, stdout: &Path, stderr: &Path) -> Result<Seen, String> {
        let seen = look::ask(&Question {
            look: case.look,
            exit: sample.exit,
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
            n_models: self.facts.n_models,
            lineage_target: self.facts.lineage_target.clone(),
            column: (case.before == Before::Column)
                .then(|| (case.edit.model.clone(), Edit::extra_column(self.nonce))),
        })?;
        if case.look == Look::DbtCompiled {
            let n_written = count_files(&self.dir.join("target/compiled")).map_err(|e| e.to_string())?;
            if n_written != self.facts.n_models {
                return Err(format!("it wrote {n_written} of {} models", self.facts.n_models));
            }
        }
        Ok(seen)
    }
}

fn count_files(dir: &Path) -> io::Result<usize> {
    let mut n = 0;
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir()? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                n += 1;
            }
        }
    }
    Ok(n)
}
