//! What was measured, as a document and as tables for people.

use crate::measure::{Sample, median};
use crate::write::Facts;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use std::fmt::Write as _;

/// Names of cases that others are compared with.
pub mod case {
    /// Trees dropped: the floor of time.
    pub const FLOOR: &str = "floor";
    /// Trees kept: what they weigh.
    pub const FLOOR_KEPT: &str = "floor, trees kept";
    /// Start and end.
    pub const VERSION: &str = "--version";
    /// The mark is on this one.
    pub const COMPILE_COLD: &str = "compile, cold";
    /// What dbt's user waits for.
    pub const DBT_COMPILE_COLD: &str = "dbt compile, cold";
}

/// `compile, cold` of 10,000 models takes at most this many times the floor.
pub const MARK_RATIO: f64 = 2.5;
/// The size of that mark.
pub const MARK_SIZE: usize = 10_000;
/// Cost per model counts as flat when the dearest size costs at most this many times the cheapest. The floor's own figure stands
/// beside it.
pub const FLAT: f64 = 1.25;

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Where and with what.
    pub machine: Machine,
    /// One per size.
    pub sizes: Vec<SizeReport>,
    /// The goals, and whether they are met.
    pub marks: Vec<Mark>,
}

/// The circumstances.
#[derive(Debug, Serialize)]
pub struct Machine {
    /// Model of the processor.
    pub cpu: String,
    /// Processors that the children could use.
    pub n_cpus: usize,
    /// Kernel release.
    pub kernel: String,
    /// `MemTotal`.
    pub memory_mb: u64,
    /// Load average over a minute before the first measurement: above about 0.5 somebody else was at work.
    pub load_before: f64,
    /// The same after the last one, with our own children in it.
    pub load_after: f64,
    /// Peak of the harness in kB: no child's peak can be seen to be less.
    pub harness_peak_kb: u64,
    /// The program under test.
    pub binary: String,
    /// What it says of itself.
    pub version: String,
    /// Seconds since 1970 at the start.
    pub started: u64,
    /// Timed runs per case (fewer for dbt and for the largest sizes).
    pub repeat: usize,
}

/// One size.
#[derive(Debug, Serialize)]
pub struct SizeReport {
    /// The project.
    pub facts: Facts,
    /// Rocky and the floor.
    pub cases: Vec<CaseReport>,
    /// Peers.
    pub peers: Vec<CaseReport>,
}

/// One command.
#[derive(Debug, Serialize)]
pub struct CaseReport {
    /// What it is called.
    pub name: String,
    /// As it was called, with the path of the project cut out.
    pub command: String,
    /// Timed runs.
    pub samples: Vec<Sample>,
    /// Of their wall times.
    pub median_ms: f64,
    /// Of their wall times.
    pub min_ms: f64,
    /// Of their processor times.
    pub cpu_ms: f64,
    /// Greatest of all.
    pub peak_kb: u64,
    /// What the process says of its own time: the floor in the timed runs, rocky in the untimed first run.
    pub inside_ms: Option<f64>,
    /// Bytes on standard output in that run.
    pub output_bytes: u64,
    /// Why there is no figure.
    pub failed: Option<String>,
    /// Facts about the result.
    pub notes: Vec<String>,
}

impl CaseReport {
    /// Of a case that has run.
    pub fn new(name: &str, command: String, samples: Vec<Sample>) -> CaseReport {
        CaseReport {
            name: name.to_owned(),
            command,
            median_ms: median(samples.iter().map(|s| s.wall_ms)),
            min_ms: samples.iter().map(|s| s.wall_ms).fold(f64::INFINITY, f64::min),
            cpu_ms: median(samples.iter().map(|s| s.cpu_ms)),
            peak_kb: samples.iter().map(|s| s.peak_kb).max().unwrap_or(0),
            samples,
            inside_ms: None,
            output_bytes: 0,
            failed: None,
            notes: Vec::new(),
        }
    }

    /// Of a case that gives no figure.
    pub fn failed(name: &str, command: String, why: String) -> CaseReport {
        CaseReport {
            failed: Some(why),
            min_ms: 0.0,
            ..CaseReport::new(name, command, Vec::new())
        }
    }
}

/// A goal.
#[derive(Debug, Serialize)]
pub struct Mark {
    /// In words.
    pub name: String,
    /// The figure, if there is one.
    pub value: Option<f64>,
    /// At most this; `None` for a figure that is there for comparison.
    pub limit: Option<f64>,
    /// `None` when it could not be measured or has no limit.
    pub met: Option<bool>,
}

impl SizeReport {
    fn find(&self, name: &str) -> Option<&CaseReport> {
        self.cases
            .iter()
            .chain(&self.peers)
            .find(|c| c.name == name && c.failed.is_none())
    }

    fn time(&self, name: &str) -> Option<f64> {
        self.find(name).map(|c| c.median_ms)
    }

    /// Milliseconds per model without starting and ending the process.
    fn cost_per_model(&self, name: &str) -> Option<f64> {
        let start = self.time(case::VERSION).unwrap_or(0.0);
        self.time(name).map(|t| (t - start) / self.facts.n_models as f64)
    }
}

/// What the goals say to these sizes.
pub fn marks(sizes: &[SizeReport]) -> Vec<Mark> {
    let mark = |name: String, value: Option<f64>, limit: Option<f64>| {
        let met = value.zip(limit).map(|(value, limit)| value <= limit);
        Mark {
            name,
            value,
            limit,
            met,
        }
    };
    let at_size = sizes.iter().find(|s| s.facts.n_models == MARK_SIZE);
    let ratio = at_size.and_then(|s| Some(s.time(case::COMPILE_COLD)? / s.time(case::FLOOR)?));
    let flatness = |name: &str| {
        // Below 1,000 models the start of the process is most of the time.
        let costs: Vec<f64> = sizes
            .iter()
            .filter(|s| s.facts.n_models >= 1000)
            .filter_map(|s| s.cost_per_model(name))
            .collect();
        let (least, most) = (
            costs.iter().copied().fold(f64::INFINITY, f64::min),
            costs.iter().copied().fold(0.0, f64::max),
        );
        (costs.len() > 1 && least > 0.0).then(|| most / least)
    };
    let range = || {
        let mut all: Vec<usize> = sizes
            .iter()
            .map(|s| s.facts.n_models)
            .filter(|n| *n >= 1000)
            .collect();
        all.sort_unstable();
        let ends = (
            all.first().copied().unwrap_or(0),
            all.last().copied().unwrap_or(0),
        );
        format!("{} to {} models", grouped(ends.0), grouped(ends.1))
    };
    vec![
        mark(
            format!("cold compile of {} models, times the floor", grouped(MARK_SIZE)),
            ratio,
            Some(MARK_RATIO),
        ),
        mark(
            format!("cold compile, cost per model, {}: dearest by cheapest", range()),
            flatness(case::COMPILE_COLD),
            Some(FLAT),
        ),
        mark(
            format!("(the floor's own: {})", range()),
            flatness(case::FLOOR),
            None,
        ),
    ]
}

/// For a terminal.
pub fn text(report: &Report) -> String {
    let machine = &report.machine;
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} · {} CPUs used · {} MB · Linux {} · load {:.2} before, {:.2} after\n{} ({}) · harness peak {:.1} MB\nAll project files are in the page cache: \"cold\" means without rocky's own cache, not without the kernel's.",
        machine.cpu,
        machine.n_cpus,
        machine.memory_mb,
        machine.kernel,
        machine.load_before,
        machine.load_after,
        machine.binary,
        machine.version,
        mb(machine.harness_peak_kb),
    );
    for size in &report.sizes {
        let _ = writeln!(out, "\n{}", size_text(size));
    }
    for mark in &report.marks {
        let value = mark
            .value
            .map_or_else(|| "not measured".to_owned(), |v| format!("{v:.2}"));
        let verdict = match mark.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "–",
        };
        let _ = writeln!(
            out,
            "{verdict:>7}  {}: {value}{}",
            mark.name,
            mark.limit
                .map_or_else(String::new, |limit| format!(" (at most {limit})"))
        );
    }
    out
}

fn size_text(size: &SizeReport) -> String {
    let f = &size.facts;
    let mut out = format!(
        "{} models ({} SQL, {} DSL), {} files, {:.1} MB, {} columns, {} edges, {} deep",
        grouped(f.n_models),
        grouped(f.n_sql),
        grouped(f.n_dsl),
        grouped(f.n_files),
        f.n_bytes as f64 / 1e6,
        grouped(f.n_columns),
        grouped(f.n_edges),
        f.depth,
    );
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header([
        "",
        "median ms",
        "min",
        "CPU ms",
        "× floor",
        "µs/model",
        "peak MB",
        "× floor kept",
        "inside ms",
        "output",
    ]);
    let floor = size.time(case::FLOOR);
    let floor_kept = size.find(case::FLOOR_KEPT).map(|c| c.peak_kb);
    let ratio = |a: f64, b: Option<f64>| {
        b.filter(|b| *b > 0.0)
            .map_or_else(String::new, |b| format!("{:.2}", a / b))
    };
    for c in size.cases.iter().chain(&size.peers) {
        if c.failed.is_some() {
            continue;
        }
        table.add_row([
            c.name.clone(),
            format!("{:.1}", c.median_ms),
            format!("{:.1}", c.min_ms),
            format!("{:.0}", c.cpu_ms),
            ratio(c.median_ms, floor),
            format!("{:.1}", c.median_ms * 1e3 / f.n_models as f64),
            format!("{:.1}", mb(c.peak_kb)),
            ratio(c.peak_kb as f64, floor_kept.map(|kb| kb as f64)),
            c.inside_ms.map_or_else(String::new, |t| format!("{t:.1}")),
            bytes(c.output_bytes),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let _ = write!(out, "\n{table}");
    for c in size.cases.iter().chain(&size.peers) {
        if let Some(why) = &c.failed {
            let _ = write!(out, "\n  failed: {}: {why}", c.name);
        }
        for note in &c.notes {
            let _ = write!(out, "\n  {}: {note}", c.name);
        }
    }
    if let (Some(rocky), Some(dbt)) = (size.find(case::COMPILE_COLD), size.find(case::DBT_COMPILE_COLD)) {
        let _ = write!(
            out,
            "\n  cold compile: dbt takes {:.0} times as long and {:.1} times the memory",
            dbt.median_ms / rocky.median_ms,
            dbt.peak_kb as f64 / rocky.peak_kb as f64,
        );
    }
    out.push('\n');
    out
}

fn mb(kb: u64) -> f64 {
    kb as f64 / 1024.0
}

fn bytes(n: u64) -> String {
    match n {
        0..1000 => format!("{n} B"),
        1000..1_000_000 => format!("{:.0} kB", n as f64 / 1e3),
        _ => format!("{:.1} MB", n as f64 / 1e6),
    }
}

/// `10,000`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
