//! What the main paths cost, held against a committed record, and the shapes of [`crate::shapes`] at n and 2n.
//!
//! The cost is instructions, counted by valgrind (`cachegrind` without a cache): it shows every machine that has AVX2 the same
//! processor, whatever it is, so that all libraries choose the same code, and a count of one build is the same everywhere to a
//! thousandth, on a busy machine too. Where there is none, nothing is held against the record. Each process gets one processor, a fixed
//! environment and files that are old enough to be believed by their stamps; the count of `--version` (loading the libraries)
//! is taken off. Without valgrind the shapes can be judged by time. Start reading at [`run`].

use crate::executions::{self, Execution};
use crate::look::{self, Look, Question};
use crate::measure;
use crate::report::{self, grouped};
use crate::shapes::Shape;
use crate::write::{Edit, Facts, read_facts};
use clap::ValueEnum;
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::time::Duration;

/// Twice the size may cost this many times as much: more is a super-linear step.
pub const MARK_RATIO: f64 = 2.6;

/// What is done with each shape.
const VERBS: [(&str, Look); 3] = [
    ("compile", Look::Compiled),
    ("lineage", Look::Traced),
    ("plan", Look::ExitCode),
];

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Meter {
    /// Instructions, by valgrind.
    Instructions,
    /// Processor time in µs, the least of five runs.
    Time,
}

/// Of `rocky-bench count`.
#[derive(clap::Args, Debug)]
pub struct Options {
    /// The program under test; for the record the profile `count`.
    #[arg(long, default_value = ".cache/target/count/rocky")]
    pub binary: PathBuf,
    /// The record that instructions are held against.
    #[arg(long, default_value = "benches/counts.json")]
    pub record: PathBuf,
    /// Write the record instead.
    #[arg(long)]
    pub update: bool,
    /// A path may cost this many per cent more than recorded.
    #[arg(long, default_value_t = 3.0)]
    pub percent: f64,
    /// Models of the main paths.
    #[arg(long, default_value_t = 1_000)]
    pub models: usize,
    /// Processes at a time, each with a processor of its own.
    #[arg(long, default_value_t = 2)]
    pub lanes: usize,
    /// Shapes are made this many times smaller than their marks.
    #[arg(long, default_value_t = 1)]
    pub shrink: usize,
    /// Leave out what is executed on DuckDB.
    #[arg(long)]
    pub without_executions: bool,
    /// Instructions against the record, or the shapes alone by time.
    #[arg(long, value_enum, default_value = "instructions")]
    pub meter: Meter,
    /// Where projects are made.
    #[arg(long, default_value = ".cache/bench")]
    pub work: PathBuf,
}

/// The committed file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// How it is made.
    pub how: String,
    /// Models of the main paths.
    pub models: usize,
    /// Instructions beyond those of `--version`.
    pub counts: BTreeMap<String, u64>,
}

/// A shape at its two sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// Shape and verb.
    pub name: String,
    /// The larger size.
    pub size: usize,
    /// Costs at half the size and at the size.
    pub costs: [u64; 2],
}

impl Pair {
    /// How many times the cost twice the size has.
    pub fn ratio(&self) -> f64 {
        self.costs[1] as f64 / self.costs[0].max(1) as f64
    }
}

/// What became of one path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// As recorded, give or take.
    Same,
    /// By so many per cent more than is allowed.
    Grown,
    /// Much less: the record should be made anew, or the gain is lost without a sound.
    Shrunk,
    /// Not in the record.
    New,
}

/// Hold a count against the record.
pub fn verdict(recorded: Option<u64>, now: u64, percent: f64) -> Verdict {
    let Some(recorded) = recorded else {
        return Verdict::New;
    };
    let change = change(recorded, now);
    match change {
        c if c > percent => Verdict::Grown,
        c if c < -percent => Verdict::Shrunk,
        _ => Verdict::Same,
    }
}

/// Per cent.
fn change(recorded: u64, now: u64) -> f64 {
    (now as f64 / recorded.max(1) as f64 - 1.0) * 100.0
}

/// Measure, print, judge.
pub fn run(options: &Options) -> io::Result<ExitCode> {
    if options.update && !is_comparable() {
        return Err(io::Error::other("the record is made on x86-64 with AVX2"));
    }
    if options.update && !recorded(options) {
        return Err(io::Error::other(
            "the record is made of instructions and of shapes at their marks",
        ));
    }
    let work = options.work.join("count");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    std::fs::create_dir_all(&work)?;
    let meter = Counter {
        options,
        work: work.clone(),
    };
    let base = meter.cost(&["--version".to_owned()], "version", |_| Ok(()))?;
    let mut jobs: Vec<Job> = Vec::new();
    if recorded(options) {
        jobs.push(Box::new(|meter| meter.main_paths()));
    }
    // The dearest first, so that no lane is left with it at the end.
    for shape in [
        Shape::Chain,
        Shape::Columns,
        Shape::InList,
        Shape::Ctes,
        Shape::Joins,
    ] {
        for half in [2, 1] {
            jobs.push(Box::new(move |meter| meter.shape(shape, half)));
        }
    }
    let executed = Execution::ALL.into_iter().filter(|_| !options.without_executions);
    for execution in executed {
        for half in [2, 1] {
            jobs.push(Box::new(move |meter| meter.execution(execution, half)));
        }
    }
    let mut costs = lanes(&meter, jobs, options.lanes.max(1))?;
    costs
        .values_mut()
        .for_each(|cost| *cost = cost.saturating_sub(base));
    costs.insert("--version".to_owned(), base);
    let pairs = pairs(&costs, options.shrink);
    let mut stdout = io::stdout().lock();
    write!(stdout, "{}", shown_pairs(&pairs, options.meter))?;
    let n_superlinear = pairs.iter().filter(|p| p.ratio() > MARK_RATIO).count();
    let mut failed = n_superlinear > 0;
    if recorded(options) {
        // What the libraries cost to load differs between systems; what half a shape costs follows from the whole.
        let mut left: Vec<String> = Shape::ALL
            .iter()
            .flat_map(|s| VERBS.map(|(verb, _)| label(*s, verb, s.size() / 2)))
            .collect();
        for execution in Execution::ALL {
            left.push(execution_label(execution, execution.size() / 2));
            if !execution.is_recorded() {
                left.push(execution_label(execution, execution.size()));
            }
        }
        costs.retain(|name, _| name != "--version" && !left.contains(name));
        failed |= judge(options, costs, &mut stdout)?;
    }
    std::fs::remove_dir_all(&work)?;
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Valgrind shows programs the processor that the record was made on. What the C library, `memchr` and DuckDB choose at run time
/// follows from that, not from the machine's own.
fn is_comparable() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        std::arch::is_x86_feature_detected!("avx2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// What is measured is what the record holds.
fn recorded(options: &Options) -> bool {
    (options.meter, options.shrink) == (Meter::Instructions, 1) && !options.without_executions
}

fn judge(options: &Options, costs: BTreeMap<String, u64>, out: &mut impl Write) -> io::Result<bool> {
    let recorded: Record = match std::fs::read(&options.record) {
        Ok(bytes) => serde_json::from_slice(&bytes)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound && options.update => Record::default(),
        Err(error) => {
            return Err(io::Error::new(
                error.kind(),
                format!("{}: {error}", options.record.display()),
            ));
        }
    };
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header(["instructions, in thousands", "recorded", "now", "change", ""]);
    let mut verdicts = Vec::new();
    for (name, now) in &costs {
        let before = recorded.counts.get(name).copied();
        let verdict = verdict(before, *now, options.percent);
        let text = match verdict {
            Verdict::Same => "",
            Verdict::Grown => "GROWN",
            Verdict::Shrunk => "less: record it",
            Verdict::New => "NOT RECORDED",
        };
        let thousands = |n: u64| grouped(usize::try_from(n / 1000).unwrap_or(0));
        table.add_row([
            name.clone(),
            before.map_or_else(String::new, thousands),
            thousands(*now),
            before.map_or_else(String::new, |before| format!("{:+.1} %", change(before, *now))),
            text.to_owned(),
        ]);
        verdicts.push(verdict);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    writeln!(out, "{table}\n")?;
    let gone: Vec<&String> = recorded
        .counts
        .keys()
        .filter(|name| !costs.contains_key(*name))
        .collect();
    if options.update {
        let record = Record {
            how: "make counts-update".to_owned(),
            models: options.models,
            counts: costs,
        };
        let mut text = serde_json::to_string_pretty(&record)?;
        text.push('\n');
        std::fs::write(&options.record, text)?;
        writeln!(out, "written to {}", options.record.display())?;
        return Ok(false);
    }
    for name in &gone {
        writeln!(out, "recorded and not measured: {name}")?;
    }
    if !is_comparable() {
        writeln!(
            out,
            "The record is of x86-64 with AVX2. This processor makes libraries choose other code: nothing is held against it."
        )?;
        return Ok(false);
    }
    let failed = !gone.is_empty()
        || verdicts
            .iter()
            .any(|v| matches!(v, Verdict::Grown | Verdict::New));
    if failed {
        writeln!(
            out,
            "A path costs over {} % more than {} says. Mend it, or, when it is worth it, `make counts-update` and say in the commit why.",
            options.percent,
            options.record.display()
        )?;
    }
    Ok(failed)
}

type Costs = BTreeMap<String, u64>;
type Job = Box<dyn Fn(&Counter<'_>) -> io::Result<Costs> + Send>;

/// Do all jobs, so many at a time, each lane on a processor of its own.
fn lanes(meter: &Counter<'_>, jobs: Vec<Job>, n_lanes: usize) -> io::Result<Costs> {
    let jobs = Mutex::new(jobs.into_iter());
    let take = || jobs.lock().map_or(None, |mut jobs| jobs.next());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_lanes)
            .map(|lane| {
                let take = &take;
                scope.spawn(move || {
                    measure::confine_to_one(lane)?;
                    let mut costs = Costs::new();
                    while let Some(job) = take() {
                        costs.extend(job(meter)?);
                    }
                    Ok(costs)
                })
            })
            .collect();
        let mut all = Costs::new();
        for thread in threads {
            let costs: io::Result<Costs> = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("a lane panicked")));
            all.extend(costs?);
        }
        Ok(all)
    })
}

/// Runs commands over projects and tells what they cost.
struct Counter<'o> {
    options: &'o Options,
    work: PathBuf,
}

impl Counter<'_> {
    /// One command in one project, cold unless said otherwise.
    fn cost(
        &self,
        args: &[String],
        label: &str,
        look: impl Fn(&str) -> Result<(), String>,
    ) -> io::Result<u64> {
        let _ = writeln!(io::stderr(), "count: {label}");
        let file = |what: &str| {
            self.work
                .join(format!("{}.{what}", label.replace([' ', ','], "-")))
        };
        let (stdout, stderr, counted) = (file("stdout"), file("stderr"), file("counted"));
        let mut least = u64::MAX;
        let n_runs = if self.options.meter == Meter::Time { 5 } else { 1 };
        for _ in 0..n_runs {
            let mut command = match self.options.meter {
                Meter::Time => Command::new(&self.options.binary),
                Meter::Instructions => {
                    let mut command = Command::new("valgrind");
                    command
                        .args(["--quiet", "--tool=cachegrind", "--cache-sim=no"])
                        .arg(format!("--cachegrind-out-file={}", counted.display()))
                        .arg(&self.options.binary);
                    command
                }
            };
            command
                .args(args)
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default());
            let sample = measure::run(&mut command, Some(&stdout), Some(&stderr)).map_err(|error| {
                io::Error::new(
                    error.kind(),
                    format!("{}: {error}", command.get_program().display()),
                )
            })?;
            let text = std::fs::read_to_string(&stdout)?;
            let failed = |why: String| io::Error::other(format!("{label}: {why}"));
            if sample.exit != 0 {
                let said = look::complaint(&text, &std::fs::read_to_string(&stderr)?);
                return Err(failed(format!("status {}: {said}", sample.exit)));
            }
            look(&text).map_err(failed)?;
            least = least.min(match self.options.meter {
                Meter::Time => (sample.cpu_ms * 1e3) as u64,
                Meter::Instructions => instructions(&counted)?,
            });
        }
        for file in [stdout, stderr, counted] {
            let _ = std::fs::remove_file(file);
        }
        Ok(least)
    }

    /// The main paths over the project that all figures are taken of.
    fn main_paths(&self) -> io::Result<Costs> {
        let dir = self.work.join("models");
        let n = self.options.models;
        crate::write::rocky::write(&crate::generate::generate(n, 1), &dir)?;
        let facts = read_facts(&dir)?;
        let target = [facts.lineage_target.as_str()];
        let cases: [(&str, &str, &[&str], Start); 10] = [
            ("compile, cold", "compile", &[], Start::Cold),
            ("compile, unchanged", "compile", &[], Start::Warm),
            ("compile, a condition changed", "compile", &[], Start::Condition),
            ("compile, a column added", "compile", &[], Start::Column),
            ("lineage of a column, cold", "lineage", &target, Start::Cold),
            ("lineage of a column, warm", "lineage", &target, Start::Warm),
            ("validate, cold", "validate", &[], Start::Cold),
            ("validate, warm", "validate", &[], Start::Warm),
            ("plan, cold", "plan", &[], Start::Cold),
            ("plan, warm", "plan", &[], Start::Warm),
        ];
        let mut costs = Costs::new();
        for (label, verb, more, start) in cases {
            let args = self.args(&dir, verb, more);
            self.begin(&dir, start, &facts)?;
            let column = (start == Start::Column).then(|| (facts.edit.model.clone(), Edit::extra_column(2)));
            let looked = |text: &str| match verb {
                "compile" => look::seen(&question(Look::Compiled, n, column.clone()), text).map(|_| ()),
                "lineage" => look::seen(&question(Look::Traced, n, None), text).map(|_| ()),
                _ => Ok(()),
            };
            let cost = self.cost(&args, label, looked)?;
            if matches!(start, Start::Condition | Start::Column) {
                std::fs::write(dir.join(&facts.edit.path), facts.edit.original())?;
            }
            costs.insert(label.to_owned(), cost);
        }
        Ok(costs)
    }

    /// A shape at its size or at half of it.
    fn shape(&self, shape: Shape, part: usize) -> io::Result<Costs> {
        let n = shape.size() / self.options.shrink.max(1) / part;
        let dir = self.work.join(format!("{}-{n}", shape.name().replace(' ', "-")));
        shape.write(n, &dir)?;
        let target = shape.lineage_target(n);
        let mut costs = Costs::new();
        for (verb, look) in VERBS {
            let more = if look == Look::Traced {
                &[target.as_str()][..]
            } else {
                &[]
            };
            remove(&dir.join(".rocky"))?;
            let label = label(shape, verb, n);
            let seen = |text: &str| look::seen(&question(look, shape.n_models(n), None), text).map(|_| ());
            costs.insert(
                label.clone(),
                self.cost(&self.args(&dir, verb, more), &label, seen)?,
            );
        }
        std::fs::remove_dir_all(dir)?;
        Ok(costs)
    }

    /// A project that is executed, at its size or at half of it.
    fn execution(&self, execution: Execution, part: usize) -> io::Result<Costs> {
        let n = execution.size() / self.options.shrink.max(1) / part;
        let label = execution_label(execution, n);
        let dir = self.work.join(label.replace([' ', ',', ':'], "-"));
        execution.write(n, &dir)?;
        let of = |args: &[&str]| match args {
            [verb, more @ ..] => self.args(&dir, verb, more),
            [] => Vec::new(),
        };
        for args in execution.before() {
            if args.is_empty() {
                executions::settle();
                continue;
            }
            let status = Command::new(&self.options.binary)
                .args(of(args))
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .status()?;
            if !status.success() {
                return Err(io::Error::other(format!(
                    "`{}` before {label}: {status}",
                    args.join(" ")
                )));
            }
        }
        let seen = |text: &str| execution.look(n, text);
        // A second one finds what the first has written.
        let cost = match self.options.meter {
            Meter::Time if !execution.is_recorded() => return Ok(Costs::new()),
            _ => self.cost(&of(execution.args()), &label, seen)?,
        };
        std::fs::remove_dir_all(dir)?;
        Ok(Costs::from([(label, cost)]))
    }

    fn args(&self, dir: &Path, verb: &str, more: &[&str]) -> Vec<String> {
        let config = dir.join("rocky.toml").display().to_string();
        let all = ["-c", config.as_str(), verb]
            .into_iter()
            .chain(more.iter().copied());
        all.chain(["--output", "json"]).map(str::to_owned).collect()
    }

    fn begin(&self, dir: &Path, start: Start, facts: &Facts) -> io::Result<()> {
        if start == Start::Cold {
            return remove(&dir.join(".rocky"));
        }
        settle();
        let status = Command::new(&self.options.binary)
            .args(self.args(dir, "compile", &[]))
            .stdout(std::process::Stdio::null())
            .status()?;
        if !status.success() {
            return Err(io::Error::other(format!("compile before a warm run: {status}")));
        }
        let text = match start {
            Start::Condition => facts.edit.with_condition(1),
            Start::Column => facts.edit.with_column(2),
            Start::Cold | Start::Warm => return Ok(()),
        };
        std::fs::write(dir.join(&facts.edit.path), text)?;
        settle();
        Ok(())
    }
}

/// What there is before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    Cold,
    Warm,
    Condition,
    Column,
}

/// Files younger than 100 ms are not believed by their stamps but hashed: let them grow old.
fn settle() {
    std::thread::sleep(Duration::from_millis(250));
}

fn remove(dir: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The sum that cachegrind wrote: `summary: N` at the end of its file.
fn instructions(file: &Path) -> io::Result<u64> {
    let text = std::fs::read_to_string(file)?;
    let found = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("summary:"))
        .and_then(|sum| sum.trim().parse().ok());
    found.ok_or_else(|| io::Error::other(format!("{} has no summary", file.display())))
}

fn label(shape: Shape, verb: &str, n: usize) -> String {
    format!("{verb}, {}: {}", shape.name(), grouped(n))
}

fn execution_label(execution: Execution, n: usize) -> String {
    format!("{}: {}", execution.name(), grouped(n))
}

fn pairs(costs: &Costs, shrink: usize) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut add = |name: String, size: usize, label: &dyn Fn(usize) -> String| {
        let cost = |n: usize| costs.get(&label(n)).copied();
        if let (Some(half), Some(whole)) = (cost(size / 2), cost(size)) {
            let costs = [half, whole];
            pairs.push(Pair { name, size, costs });
        }
    };
    for shape in Shape::ALL {
        let size = shape.size() / shrink.max(1);
        for (verb, _) in VERBS {
            let name = format!("{verb}, {}", shape.name());
            add(name, size, &|n| label(shape, verb, n));
        }
    }
    for execution in Execution::ALL {
        let size = execution.size() / shrink.max(1);
        add(execution.name().to_owned(), size, &|n| {
            execution_label(execution, n)
        });
    }
    pairs
}

fn shown_pairs(pairs: &[Pair], meter: Meter) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING);
    let unit = match meter {
        Meter::Instructions => "thousand instructions",
        Meter::Time => "ms of processor time",
    };
    table.set_header([unit, "size", "at half of it", "at it", "ratio", ""]);
    for pair in pairs {
        let [half, whole] = pair
            .costs
            .map(|c| grouped(usize::try_from(c / 1000).unwrap_or(0)));
        let verdict = if pair.ratio() > MARK_RATIO {
            "SUPER-LINEAR"
        } else {
            ""
        };
        table.add_row([
            pair.name.clone(),
            report::grouped(pair.size),
            half,
            whole,
            format!("{:.2}", pair.ratio()),
            verdict.to_owned(),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n\n")
}
/// What is looked for in the output of a run that ended well.
fn question(look: Look, n_models: usize, column: Option<(String, String)>) -> Question {
    Question {
        look,
        exit: 0,
        stdout: PathBuf::new(),
        stderr: PathBuf::new(),
        n_models,
        lineage_target: String::new(),
        column,
    }
}
