//! `hooks`: which are configured, and trying those of one event.

use crate::document::envelope;
use crate::project::Project;
use rocky_base::{CancelToken, Error, Result, suggest};
use rocky_config::{HookEvent, OnFailure};
use rocky_run::hooks::{HookContext, HookReport, Hooks, shown_command, shown_webhook};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The longest wait for requests that are not waited for.
const LAST_WAIT: Duration = Duration::from_secs(30);

/// What to do with the hooks: list them, or try some.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HooksRequest {
    /// Run the hooks of this event, with an example of what they are told: `on_pipeline_start`, or `pipeline_start`.
    pub test: Option<String>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedHook {
    /// `on_…`.
    pub event: String,
    /// What the shell gets; `…` where it is long.
    pub command: String,
    /// Milliseconds until it is killed.
    pub timeout_ms: u64,
    /// `Abort`, `Warn`, `Ignore`.
    pub on_failure: String,
    /// Names of the variables that it gets.
    pub env_keys: Vec<String>,
}

/// A web request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedWebhook {
    /// `on_…`.
    pub event: String,
    /// Scheme and host; the rest of an address is as good as a password.
    pub url: String,
    /// `POST` …
    pub method: String,
    /// `slack`, `pagerduty`, `datadog`, `teams`, `generic`.
    pub preset: Option<String>,
    /// Milliseconds for each attempt.
    pub timeout_ms: u64,
    /// `Abort`, `Warn`, `Ignore`.
    pub on_failure: String,
    /// The run does not wait for it before its end.
    pub r#async: bool,
    /// How often it is tried again.
    pub retry_count: u32,
    /// It has a `secret`.
    pub signed: bool,
    /// Names of the headers.
    pub header_keys: Vec<String>,
}

/// What is configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HooksList {
    /// Engine version.
    pub version: String,
    /// `hooks_list`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// Commands, in the order in which they run.
    pub hooks: Vec<ListedHook>,
    /// Web requests; those of an event come after its commands.
    pub webhooks: Vec<ListedWebhook>,
    /// All of them.
    pub total: u64,
}

/// A hook that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TriedHook {
    /// `shell`, `webhook`.
    pub kind: String,
    /// The command's first line, or method and host of the request.
    pub hook: String,
    /// `Abort`, `Warn`, `Ignore`.
    pub on_failure: String,
    /// Did it succeed?
    pub ok: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The end of what it printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Milliseconds.
    pub duration_ms: u64,
}

/// What came of trying the hooks of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HooksTest {
    /// Engine version.
    pub version: String,
    /// `hooks_test`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// `on_…`.
    pub event: String,
    /// `no_hooks`, `continue`, `abort`.
    pub status: String,
    /// Why it would be aborted, or that there is nothing to run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// In a line, what became of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Those that were run.
    pub hooks: Vec<TriedHook>,
}

/// Either of the two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum HooksResponse {
    /// With `test`.
    Test(HooksTest),
    /// Without.
    List(HooksList),
}

fn word(on_failure: OnFailure) -> String {
    match on_failure {
        OnFailure::Abort => "Abort",
        OnFailure::Warn => "Warn",
        OnFailure::Ignore => "Ignore",
    }
    .to_owned()
}

impl Project {
    /// List the hooks, or try those of an event: commands are run and requests are sent, for real.
    pub fn hooks(&self, request: &HooksRequest, cancel: &CancelToken) -> Result<HooksResponse> {
        let config = self.config_checked()?;
        match &request.test {
            Some(event) => self.try_hooks(config, event, cancel).map(HooksResponse::Test),
            None => Ok(HooksResponse::List(list(&config.hooks))),
        }
    }

    fn try_hooks(
        &self,
        config: Arc<rocky_config::ProjectConfig>,
        name: &str,
        cancel: &CancelToken,
    ) -> Result<HooksTest> {
        let Some(event) = HookEvent::parse(name) else {
            let known = HookEvent::ALL.into_iter().map(HookEvent::key);
            let mut error = Error::usage(format!("unknown event `{name}`"));
            error.hint = Some(match suggest::nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the events are {}", known.collect::<Vec<_>>().join(", ")),
            });
            return Err(error);
        };
        let pipeline = config.pipelines.keys().next().map_or("example", |n| n.as_str());
        let now = crate::document::timestamp(self.host.system.now()).to_string();
        let context = HookContext::example(event, pipeline, &now);
        let mut hooks = Hooks::new(Arc::new(config.hooks.clone()), self.root.clone());
        let mut fired = hooks.fire(&context, cancel);
        for late in hooks.finish(LAST_WAIT) {
            let tried = fired
                .reports
                .iter_mut()
                .find(|r| r.pending && r.hook == late.hook);
            if let Some(tried) = tried {
                *tried = late;
            }
        }
        let failed = fired.reports.iter().filter(|r| r.failure.is_some()).count();
        let (version, command, schema_version) = envelope!("hooks_test");
        let (status, message) = match (&fired.abort, fired.reports.is_empty()) {
            (Some(why), _) => ("abort", Some(why.clone())),
            (None, true) => (
                "no_hooks",
                Some(format!("no hook is configured for {}", event.key())),
            ),
            (None, false) => ("continue", None),
        };
        let result =
            (!fired.reports.is_empty()).then(|| format!("{} run, {failed} failed", fired.reports.len()));
        Ok(HooksTest {
            version,
            command,
            schema_version,
            event: event.key().to_owned(),
            status: status.to_owned(),
            message,
            result,
            hooks: fired.reports.into_iter().map(tried).collect(),
        })
    }
}

fn tried(report: HookReport) -> TriedHook {
    TriedHook {
        kind: report.kind.as_str().to_owned(),
        hook: report.hook,
        on_failure: word(report.on_failure),
        ok: report.failure.is_none(),
        message: report.failure,
        output: report.output,
        duration_ms: report.duration_ms,
    }
}

fn list(config: &rocky_config::HooksConfig) -> HooksList {
    let (version, command, schema_version) = envelope!("hooks_list");
    let hooks: Vec<ListedHook> = config
        .shell
        .iter()
        .map(|hook| ListedHook {
            event: hook.event.key().to_owned(),
            command: shown_command(config, hook),
            timeout_ms: hook.timeout_ms,
            on_failure: word(hook.on_failure),
            env_keys: hook.env.keys().map(ToString::to_string).collect(),
        })
        .collect();
    let webhooks: Vec<ListedWebhook> = config
        .webhooks
        .iter()
        .map(|hook| ListedWebhook {
            event: hook.event.key().to_owned(),
            url: shown_webhook(hook)
                .split_once(' ')
                .map(|(_, url)| url.to_owned())
                .unwrap_or_default(),
            method: hook.method.as_str().to_owned(),
            preset: hook.preset.map(|p| p.as_str().to_owned()),
            timeout_ms: hook.timeout_ms,
            on_failure: word(hook.on_failure),
            r#async: hook.r#async,
            retry_count: hook.retry_count,
            signed: hook.secret.is_some(),
            header_keys: hook.headers.keys().map(ToString::to_string).collect(),
        })
        .collect();
    HooksList {
        version,
        command,
        schema_version,
        total: (hooks.len() + webhooks.len()) as u64,
        hooks,
        webhooks,
    }
}
