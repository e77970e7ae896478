//! Hooks: what is configured under `[hook]`, told of what happens, and asked before some of it.
//!
//! [`Hooks::fire`] runs the hooks of one moment one after another on the calling thread: commands first, then requests, each in
//! the order of the file. Invariant: every hook ends by its deadline, whatever it does, and what it says never shows a
//! password of the configuration. Requests that are not waited for are sent by threads of their own ([`detached`]) and waited
//! for, with a bound, by [`Hooks::finish`].

mod context;
mod detached;
mod observer;
mod presets;
mod shell;
mod template;
mod webhook;

pub use context::HookContext;
pub use observer::{HookObserver, HookSummary, RunEnding};

use detached::Detached;
use rocky_base::CancelToken;
use rocky_config::{HookEvent, HooksConfig, OnFailure, Secret, ShellHook, Webhook};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much of a hook's text is shown.
const SHOWN: usize = 120;
/// How much of what a service or a command says of a failure is shown.
const SHOWN_FAILURE: usize = 400;

/// What kind of hook.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum HookKind {
    /// A command.
    Shell,
    /// A web request.
    Webhook,
}

impl HookKind {
    /// `shell`, `webhook`.
    pub fn as_str(self) -> &'static str {
        match self {
            HookKind::Shell => "shell",
            HookKind::Webhook => "webhook",
        }
    }
}

/// What became of a hook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HookReport {
    /// When.
    pub event: HookEvent,
    /// What kind.
    pub kind: HookKind,
    /// The command's first line, or method and host of the request.
    pub hook: String,
    /// The model or table that it was told of.
    pub subject: Option<String>,
    /// What its failure leads to.
    pub on_failure: OnFailure,
    /// Why it failed; none when it did not, or is not done yet.
    pub failure: Option<String>,
    /// What the command printed, or failed to.
    pub output: Option<String>,
    /// It goes on while the run does.
    pub pending: bool,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// What follows from the hooks of a moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fired {
    /// One for each hook that was run.
    pub reports: Vec<HookReport>,
    /// Why what was announced must not happen.
    pub abort: Option<String>,
}

/// The hooks of a project.
pub struct Hooks {
    config: Arc<HooksConfig>,
    /// Where commands run: the folder of the configuration.
    folder: PathBuf,
    clients: Option<webhook::Clients>,
    detached: Option<Detached>,
}

impl Hooks {
    /// The hooks of a configuration; commands run in `folder`.
    pub fn new(config: Arc<HooksConfig>, folder: PathBuf) -> Hooks {
        // `rocky.toml` without a path stands in the current folder, whose name is empty then.
        let here = folder.as_os_str().is_empty();
        Hooks {
            config,
            folder: if here { PathBuf::from(".") } else { folder },
            clients: None,
            detached: None,
        }
    }

    /// True when something is configured for this moment.
    pub fn wants(&self, event: HookEvent) -> bool {
        self.config.shell.iter().any(|h| h.event == event)
            || self.config.webhooks.iter().any(|h| h.event == event)
    }

    /// True when a hook of something that has happened may let nothing more begin.
    fn may_stop(&self) -> bool {
        let after = |event: HookEvent| {
            !matches!(
                event,
                HookEvent::PipelineStart
                    | HookEvent::BeforeModelRun
                    | HookEvent::BeforeMaterialize
                    | HookEvent::PipelineComplete
                    | HookEvent::PipelineError
            )
        };
        let mut shell = self.config.shell.iter().map(|h| (h.event, h.on_failure));
        let mut webhooks = self.config.webhooks.iter().map(|h| (h.event, h.on_failure));
        let stops =
            |(event, on_failure): (HookEvent, OnFailure)| on_failure == OnFailure::Abort && after(event);
        shell.any(stops) || webhooks.any(stops)
    }

    /// Run the hooks of a moment. A tripped token ends them at once. An abort leaves the rest out.
    pub fn fire(&mut self, context: &HookContext, cancel: &CancelToken) -> Fired {
        let mut fired = Fired::default();
        if !self.wants(context.event) {
            return fired;
        }
        let config = self.config.clone();
        let mut payload = None;
        for hook in config.shell.iter().filter(|h| h.event == context.event) {
            let payload =
                payload.get_or_insert_with(|| serde_json::to_string_pretty(context).unwrap_or_default());
            let report = self.shell(hook, payload, context, cancel);
            if fired.take(report) {
                return fired;
            }
        }
        for hook in config.webhooks.iter().filter(|h| h.event == context.event) {
            let report = self.webhook(hook, context, cancel);
            if fired.take(report) {
                return fired;
            }
        }
        fired
    }

    fn shell(
        &self,
        hook: &ShellHook,
        payload: &str,
        context: &HookContext,
        cancel: &CancelToken,
    ) -> HookReport {
        let begin = Instant::now();
        let ended = shell::run(hook, payload, &self.folder, cancel);
        // Cleaned before it is cut: of a password no part is to stay.
        let text = |printed: &shell::Printed| self.clean(printed.text(|text| self.clean_end(text)));
        let (out, err) = (text(&ended.stdout), text(&ended.stderr));
        let output = match (out.is_empty(), err.is_empty()) {
            (true, true) => None,
            (false, true) => Some(out),
            (true, false) => Some(err.clone()),
            (false, false) => Some(format!("{out}\n{err}")),
        };
        let last = err
            .lines()
            .next_back()
            .map(|l| format!(": {}", cut(l, 300)))
            .unwrap_or_default();
        let failure = ended.failure.map(|f| format!("{f}{last}"));
        HookReport {
            event: context.event,
            kind: HookKind::Shell,
            hook: shown_command(&self.config, hook),
            subject: subject(context),
            on_failure: hook.on_failure,
            failure: failure.map(|f| self.clean(f)),
            output,
            pending: false,
            duration_ms: millis(begin.elapsed()),
        }
    }

    fn webhook(&mut self, hook: &Webhook, context: &HookContext, cancel: &CancelToken) -> HookReport {
        let begin = Instant::now();
        let mut report = HookReport {
            event: context.event,
            kind: HookKind::Webhook,
            hook: webhook::shown(hook),
            subject: subject(context),
            on_failure: hook.on_failure,
            failure: None,
            output: None,
            pending: false,
            duration_ms: 0,
        };
        let body = webhook::body(hook, context);
        if hook.r#async {
            report.pending = true;
            let detached = self
                .detached
                .get_or_insert_with(|| Detached::new(webhook::Clients::new()));
            if let Err(error) = detached.send(hook.clone(), body, report.clone()) {
                report.pending = false;
                report.failure = Some(format!("no thread could be started: {error}"));
            }
            return report;
        }
        let clients = self.clients.get_or_insert_with(webhook::Clients::new).clone();
        report.failure = attended(clients, hook, body, cancel).err().map(|f| self.shown(f));
        if cancel.is_tripped() {
            // They were shut down; hooks of the end need new ones.
            self.clients = None;
        }
        report.duration_ms = millis(begin.elapsed());
        report
    }

    /// Wait for the requests that nobody waited for, as long as each of them may take and not longer than `most`. Their
    /// failures, and what was not done in time.
    pub fn finish(&mut self, most: Duration) -> Vec<HookReport> {
        let Some(detached) = self.detached.take() else {
            return Vec::new();
        };
        let mut reports = detached.finish(most);
        for report in &mut reports {
            report.failure = report.failure.take().map(|f| self.shown(f));
        }
        reports
    }

    /// A text without the passwords of the configuration.
    fn clean(&self, text: String) -> String {
        clean(&self.config.secrets, text)
    }

    /// The same, not too long.
    fn shown(&self, text: String) -> String {
        cut(&self.clean(text), SHOWN_FAILURE)
    }

    /// The end of a text, without the passwords of the configuration and without what may be the rest of one at its beginning.
    fn clean_end(&self, text: &str) -> String {
        let mut rest = text;
        for secret in &self.config.secrets {
            let secret = secret.expose();
            let ends = secret.char_indices().skip(1);
            let left = ends
                .filter_map(|(at, _)| text.strip_prefix(secret.get(at..)?))
                .next();
            rest = left.filter(|left| left.len() < rest.len()).unwrap_or(rest);
        }
        self.clean(rest.to_owned())
    }
}

impl Fired {
    /// True when nothing more is to be run.
    fn take(&mut self, report: HookReport) -> bool {
        if report.on_failure == OnFailure::Abort
            && let Some(failure) = &report.failure
        {
            let text = format!("{} hook `{}` failed: {failure}", report.event.key(), report.hook);
            self.abort = Some(text);
        }
        self.reports.push(report);
        self.abort.is_some()
    }
}

/// A request that is waited for; a tripped token closes its connection.
fn attended(
    clients: webhook::Clients,
    hook: &Webhook,
    body: Option<String>,
    cancel: &CancelToken,
) -> Result<(), String> {
    let waker_clients = clients.clone();
    let _waker = cancel.on_trip(move || waker_clients.shutdown());
    webhook::send(&clients, hook, body.as_deref(), cancel)
}

fn clean(secrets: &[Secret], mut text: String) -> String {
    // The longest come first, so that no part of one stays behind.
    for secret in secrets {
        if text.contains(secret.expose()) {
            text = text.replace(secret.expose(), "***");
        }
    }
    text
}

/// The first line of a command of this configuration.
pub fn shown_command(config: &HooksConfig, hook: &ShellHook) -> String {
    let command = clean(&config.secrets, hook.command.trim().to_owned());
    let mut lines = command.lines();
    let first = cut(lines.next().unwrap_or_default(), SHOWN);
    match lines.next() {
        Some(_) if !first.ends_with('…') => format!("{first} …"),
        _ => first,
    }
}

/// Method and host of a request: the path of an address is as good as a password.
pub fn shown_webhook(hook: &Webhook) -> String {
    webhook::shown(hook)
}

fn subject(context: &HookContext) -> Option<String> {
    context
        .model
        .as_ref()
        .map(ToString::to_string)
        .or_else(|| context.table.clone())
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
