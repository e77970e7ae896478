//! A progress display on a terminal's stderr: what is running, how much is done, and each failure in a line of its
//! own that stays. Elsewhere, a line for each model that ended. Nothing is drawn for work that is done in a moment.

use crate::render::{count, duration};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rocky_core::{Event, Observer};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(200);
/// How many of the running models are named.
const NAMED: usize = 4;

/// Draws events as a bar.
pub struct Progress {
    bar: Option<ProgressBar>,
    enabled: bool,
    colour: bool,
    started: Instant,
    phase: String,
    /// In the order in which they began, each with how many of its partitions are done.
    running: Vec<(String, String)>,
    done: u64,
    failed: u64,
    total: u64,
}

impl Progress {
    /// A display; lines without a terminal at stderr.
    pub fn new() -> Progress {
        Progress::coloured(false)
    }

    /// A display in which failures stand out.
    pub fn coloured(colour: bool) -> Progress {
        Progress {
            bar: None,
            enabled: std::io::stderr().is_terminal(),
            colour,
            started: Instant::now(),
            phase: String::new(),
            running: Vec::new(),
            done: 0,
            failed: 0,
            total: 0,
        }
    }

    fn red(&self, text: &str) -> String {
        if self.colour {
            format!("\x1b[1;31m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn draw(&mut self) {
        if !self.enabled || (self.phase != "run" && self.started.elapsed() < PATIENCE) {
            return;
        }
        let message = crate::output::tame(&self.message()).into_owned();
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style =
                ProgressStyle::with_template("{prefix:>9} [{bar:24}] {pos}/{len} {elapsed} {wide_msg}");
            // A statement may take minutes without a word: the clock shows that it is being waited for.
            bar.enable_steady_tick(Duration::from_millis(200));
            bar.set_style(
                style
                    .unwrap_or_else(|_| ProgressStyle::default_bar())
                    .progress_chars("=> "),
            );
            bar
        });
        bar.set_length(self.total);
        bar.set_position(self.done);
        bar.set_prefix(self.phase.clone());
        bar.set_message(message);
    }

    /// `2 failed; orders, customers and 3 more`
    fn message(&self) -> String {
        let mut text = match self.failed {
            0 => String::new(),
            n => self.red(&format!("{n} failed")),
        };
        for (i, (model, part)) in self.running.iter().take(NAMED).enumerate() {
            match (i, text.is_empty()) {
                (0, true) => {}
                (0, false) => text.push_str("; "),
                _ => text.push_str(", "),
            }
            text.push_str(model);
            text.push_str(part);
        }
        match self.running.len().saturating_sub(NAMED) {
            0 => text,
            n => text + &format!(" and {n} more"),
        }
    }

    /// A line that stays above the bar.
    fn say(&mut self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(crate::output::tame(line)),
            None => crate::output::note(line),
        }
    }

    /// Take the display away.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A line for what should be seen on its own: in a log everything that ended, on a terminal only what went wrong.
fn line(event: &Event, all: bool) -> Option<(bool, String)> {
    Some(match event {
        Event::ModelFinished {
            model,
            rows,
            duration_ms,
            ..
        } if all => {
            let rows = rows.map(|r| format!(", {}", count(r, "row"))).unwrap_or_default();
            (false, format!("ok {model} in {}{rows}", duration(*duration_ms)))
        }
        Event::PartitionFinished {
            model,
            partition,
            batched_with,
            rows,
            error: None,
            duration_ms,
            done,
            total,
            ..
        } if all && *total > 1 => {
            let last = batched_with.last().map(|k| format!("..{k}")).unwrap_or_default();
            let rows = rows.map(|r| format!(", {}", count(r, "row"))).unwrap_or_default();
            let took = duration(*duration_ms);
            (
                false,
                format!("ok {model} {partition}{last} ({done} of {total}) in {took}{rows}"),
            )
        }
        Event::ModelSkipped { model, reason } if all => (false, format!("skipped {model}: {reason}")),
        Event::ModelRetried {
            model,
            attempt,
            error,
            wait_ms,
            ..
        } => {
            let wait = match wait_ms {
                0 => "at once".to_owned(),
                wait => format!("in {}", duration(*wait)),
            };
            let text = format!("again {wait}: {model}, attempt {attempt} failed: {error}");
            (false, text)
        }
        Event::ModelFailed { model, error, .. } => (true, format!("failed {model}: {error}")),
        Event::CheckFinished {
            table,
            check,
            passed: false,
            severity,
            ..
        } => (
            severity == "error",
            format!("check {check} of {table} failed ({severity})"),
        ),
        Event::DriftDetected {
            table,
            action,
            reason,
            ..
        } => (false, format!("drift in {table}: {action} ({reason})")),
        Event::AnomalyDetected { table, description } => {
            (false, format!("anomaly in {table}: {description}"))
        }
        Event::BudgetBreached {
            budget,
            limit,
            actual,
        } => (
            true,
            format!("over budget: {budget} is {limit}, the run took {actual}"),
        ),
        Event::Log { level, message } if all || level == "warning" => (false, format!("{level}: {message}")),
        _ => return None,
    })
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Observer for Progress {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Progress { phase, done, total } => {
                self.phase = phase.to_string();
                (self.done, self.total) = (*done, *total);
            }
            Event::RunStarted { models, .. } => {
                self.phase = "run".to_owned();
                (self.done, self.failed, self.total) = (0, 0, *models);
            }
            Event::ModelStarted { model, .. } => self.running.push((model.to_string(), String::new())),
            Event::PartitionFinished {
                model, done, total, ..
            } => {
                if let Some((_, part)) = self.running.iter_mut().find(|(m, _)| *m == model.as_str()) {
                    *part = format!(" ({done} of {total})");
                }
            }
            Event::ModelFinished { model, .. }
            | Event::ModelFailed { model, .. }
            | Event::ModelSkipped { model, .. } => {
                self.running.retain(|(m, _)| *m != model.as_str());
                self.done += 1;
                self.failed += u64::from(matches!(event, Event::ModelFailed { .. }));
            }
            Event::StepFinished { .. } => {}
            Event::RunFinished { .. } => self.finish(),
            _ => {}
        }
        if let Some((bad, text)) = line(event, !self.enabled) {
            let text = if bad { self.red(&text) } else { text };
            self.say(&text);
        }
        if !matches!(event, Event::RunFinished { .. }) {
            self.draw();
        }
    }
}
