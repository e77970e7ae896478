//! A progress display on a terminal's stderr. Nothing is drawn for work that is done in a moment.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rocky_core::{Event, Observer};
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_millis(200);

/// Draws events as a bar.
pub struct Progress {
    bar: Option<ProgressBar>,
    enabled: bool,
    started: Instant,
    phase: String,
    running: Vec<String>,
    done: u64,
    total: u64,
}

impl Progress {
    /// A display; silent when stderr is no terminal.
    pub fn new() -> Progress {
        Progress {
            bar: None,
            enabled: std::io::stderr().is_terminal(),
            started: Instant::now(),
            phase: String::new(),
            running: Vec::new(),
            done: 0,
            total: 0,
        }
    }

    fn draw(&mut self) {
        if !self.enabled || (self.phase != "run" && self.started.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style =
                ProgressStyle::with_template("{prefix:>9} [{bar:30}] {pos}/{len} {elapsed} {wide_msg}");
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
        bar.set_message(self.running.join(", "));
    }

    /// Take the display away.
    pub fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// What a log shows in place of the display: a line for each model that ended.
fn line(event: &Event) {
    match event {
        Event::ModelFinished {
            model,
            rows,
            duration_ms,
            ..
        } => {
            let rows = rows
                .map(|r| format!(", {}", crate::render::count(r, "row")))
                .unwrap_or_default();
            crate::output::note(&format!(
                "ok {model} in {}{rows}",
                crate::render::duration(*duration_ms)
            ));
        }
        Event::ModelFailed { model, error, .. } => crate::output::note(&format!("failed {model}: {error}")),
        Event::ModelSkipped { model, reason } => crate::output::note(&format!("skipped {model}: {reason}")),
        Event::Log { level, message } => crate::output::note(&format!("{level}: {message}")),
        _ => {}
    }
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
                (self.done, self.total) = (0, *models);
            }
            Event::ModelStarted { model, .. } => self.running.push(model.to_string()),
            _ if !self.enabled => return line(event),
            Event::ModelFinished { model, .. }
            | Event::ModelFailed { model, .. }
            | Event::ModelSkipped { model, .. } => {
                self.running.retain(|m| m != model.as_str());
                self.done += 1;
            }
            Event::RunFinished { .. } => self.finish(),
            _ => return,
        }
        self.draw();
    }
}
