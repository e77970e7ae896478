//! `[hook]`: commands and web requests that are told what a run does.
//!
//! An event is spelled with or without its `on_`; what stands under it is one table or a list. Invariant: what is read
//! here can be executed: methods, addresses, headers, presets and templates were checked with their places, and the text of
//! a `command` is never changed (`${NAME}` in it is the shell's, so that no value of the environment becomes a command).

mod event;
mod template;

pub use event::HookEvent;
pub use template::{BodyTemplate, Field, Part};

use crate::node::{Entry, Kind, Node};
use crate::read::Reader;
use crate::schema::{Checker, did_you_mean, one_of, shown};
use crate::spanned::Secret;
use indexmap::IndexMap;
use rocky_base::{Diagnostic, Edit, Loc, SmolStr, code, suggest};
use serde::Serialize;

/// The name of its section, in both spellings.
pub(crate) const SECTIONS: [&str; 2] = ["hook", "hooks"];
/// The table of web requests in it.
pub(crate) const WEBHOOKS: &str = "webhooks";

/// All hooks, each list in the order of the file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HooksConfig {
    /// Commands.
    pub shell: Vec<ShellHook>,
    /// Web requests.
    pub webhooks: Vec<Webhook>,
    /// What the output of a hook must not show: passwords of the hooks, of the adapters and of the shared state, the longest first.
    #[serde(skip)]
    pub secrets: Vec<Secret>,
}

impl HooksConfig {
    /// True when nothing is configured.
    pub fn is_empty(&self) -> bool {
        self.shell.is_empty() && self.webhooks.is_empty()
    }
}

/// What a failing hook leads to.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// What the event announces does not happen; after other events nothing more is begun.
    Abort,
    /// A line in the log and in the run document.
    #[default]
    Warn,
    /// Nothing.
    Ignore,
}

impl OnFailure {
    /// The word in `on_failure = …`.
    pub fn as_str(self) -> &'static str {
        match self {
            OnFailure::Abort => "abort",
            OnFailure::Warn => "warn",
            OnFailure::Ignore => "ignore",
        }
    }
}

/// A command, run by `sh -c`.
#[derive(Clone, Debug, Serialize)]
pub struct ShellHook {
    /// When.
    pub event: HookEvent,
    /// The text for the shell, exactly as written.
    pub command: SmolStr,
    /// Milliseconds until it is killed.
    pub timeout_ms: u64,
    /// What its failure leads to.
    pub on_failure: OnFailure,
    /// Variables of its environment, over those that rocky has.
    pub env: IndexMap<SmolStr, Secret>,
    /// The event's name in the header.
    pub loc: Loc,
}

/// A web request.
#[derive(Clone, Debug, Serialize)]
pub struct Webhook {
    /// When.
    pub event: HookEvent,
    /// Where; addresses of chat services are passwords.
    pub url: Secret,
    /// How.
    pub method: Method,
    /// Headers, over those of the preset.
    pub headers: IndexMap<SmolStr, Secret>,
    /// The body; without one, the preset's, or else the whole context.
    pub body: Option<BodyTemplate>,
    /// The key of the signature.
    pub secret: Option<Secret>,
    /// Milliseconds for each attempt.
    pub timeout_ms: u64,
    /// The run does not wait for it before its end.
    pub r#async: bool,
    /// What its failure leads to.
    pub on_failure: OnFailure,
    /// How often it is tried again.
    pub retry_count: u32,
    /// Milliseconds before the first of them; doubled each time, 30 seconds at most.
    pub retry_delay_ms: u64,
    /// The service.
    pub preset: Option<Preset>,
    /// Added to the context's metadata.
    pub metadata: IndexMap<SmolStr, Secret>,
    /// The event's name in the header.
    pub loc: Loc,
}

/// A request method. `GET` and `DELETE` send no body.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// The default.
    #[default]
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// GET.
    Get,
    /// DELETE.
    Delete,
}

const METHODS: [(&str, Method); 5] = [
    ("POST", Method::Post),
    ("PUT", Method::Put),
    ("PATCH", Method::Patch),
    ("GET", Method::Get),
    ("DELETE", Method::Delete),
];

impl Method {
    /// `POST` …
    pub fn as_str(self) -> &'static str {
        METHODS
            .into_iter()
            .find(|(_, m)| *m == self)
            .map_or("POST", |(name, _)| name)
    }

    /// Does it send a body?
    pub fn has_body(self) -> bool {
        matches!(self, Method::Post | Method::Put | Method::Patch)
    }
}

/// A service whose body is known.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Slack's incoming webhooks.
    Slack,
    /// PagerDuty's Events API v2; needs `metadata = { routing_key = … }`.
    PagerDuty,
    /// Datadog's events.
    Datadog,
    /// Microsoft Teams, as an adaptive card.
    Teams,
    /// The whole context.
    Generic,
}

const PRESETS: [(&str, Preset); 5] = [
    ("slack", Preset::Slack),
    ("pagerduty", Preset::PagerDuty),
    ("datadog", Preset::Datadog),
    ("teams", Preset::Teams),
    ("generic", Preset::Generic),
];

impl Preset {
    /// The word in `preset = …`.
    pub fn as_str(self) -> &'static str {
        PRESETS
            .into_iter()
            .find(|(_, p)| *p == self)
            .map_or("generic", |(name, _)| name)
    }
}

// ---- reading

/// Both spellings of the events become the one with `on_`; where both stand, their hooks are joined.
pub(crate) fn normalise(section: &mut Node) {
    prefix(section);
    if let Kind::Table(entries) = &mut section.kind
        && let Some(webhooks) = entries.iter_mut().find(|e| e.key == WEBHOOKS)
    {
        prefix(&mut webhooks.node);
    }
}

fn prefix(table: &mut Node) {
    let Kind::Table(entries) = &mut table.kind else {
        return;
    };
    let mut joined: Vec<Entry> = Vec::with_capacity(entries.len());
    for mut entry in std::mem::take(entries) {
        if let Some(event) = HookEvent::ALL.into_iter().find(|e| e.name() == entry.key) {
            entry.key = SmolStr::new_static(event.key());
        }
        match joined.iter_mut().find(|e| e.key == entry.key) {
            Some(first) => {
                let list = |node: Node| match node.kind {
                    Kind::Array(items) => items,
                    _ => vec![node],
                };
                let span = first.node.span;
                let kind = Kind::Array(Vec::new());
                let mut all = list(std::mem::replace(&mut first.node, Node { span, kind }));
                all.extend(list(entry.node));
                first.node.kind = Kind::Array(all);
            }
            None => joined.push(entry),
        }
    }
    *entries = joined;
}

/// The hooks of a checked file. `text` is the file's.
pub(crate) fn read(root: Reader<'_>, text: &str, checker: &mut Checker<'_>) -> HooksConfig {
    let mut hooks = HooksConfig::default();
    let Some(section) = root.table("hook") else {
        return hooks;
    };
    for (event, reader, loc) in events(section) {
        hooks.shell.extend(shell(event, reader, loc, checker));
    }
    if let Some(section) = section.table(WEBHOOKS) {
        for (event, reader, loc) in events(section) {
            hooks.webhooks.extend(webhook(event, reader, loc, text, checker));
        }
    }
    if !hooks.is_empty() {
        hooks.secrets = secrets(root);
    }
    hooks
}

/// Keys whose values are passwords, wherever they stand.
const SECRET_KEYS: [&str; 10] = [
    "url",
    "valkey_url",
    "secret",
    "token",
    "password",
    "client_secret",
    "api_key",
    "api_secret",
    "oauth_token",
    "pat",
];
/// Tables whose values are passwords when they come from the environment.
const SECRET_TABLES: [&str; 3] = ["headers", "env", "metadata"];
/// Shorter ones would blot out every other word.
const SECRET_CHARS: usize = 4;

/// The passwords of hooks, adapters and the shared state.
fn secrets(root: Reader<'_>) -> Vec<Secret> {
    let mut found: Vec<Secret> = Vec::new();
    let mut add = |text: &str| {
        if text.chars().count() >= SECRET_CHARS && !found.iter().any(|s| s.expose() == text) {
            found.push(Secret::new(text));
        }
    };
    let mut pending: Vec<(&Node, bool)> = [root.get("hook"), root.get("adapter"), root.get("state")]
        .into_iter()
        .flatten()
        .map(|node| (node, false))
        .collect();
    while let Some((node, inside)) = pending.pop() {
        if let Kind::Array(items) = &node.kind {
            pending.extend(items.iter().map(|item| (item, inside)));
        }
        for entry in node.entries() {
            pending.push((&entry.node, SECRET_TABLES.contains(&entry.key.as_str())));
            let Kind::Str { value, from_env } = &entry.node.kind else {
                continue;
            };
            if (inside && *from_env) || SECRET_KEYS.contains(&entry.key.as_str()) {
                add(value);
            }
            // `Authorization: Bearer …`
            if inside && let Some((_, word)) = value.rsplit_once(' ').filter(|_| *from_env) {
                add(word);
            }
            let authority = value
                .split_once("://")
                .and_then(|(_, rest)| rest.split('/').next());
            if let Some((user, _)) = authority.and_then(|a| a.rsplit_once('@')) {
                add(user.split_once(':').map_or(user, |(_, password)| password));
            }
            if entry.key == "url"
                && let Some((_, path)) = value.split_once("://").and_then(|(_, r)| r.split_once('/'))
            {
                add(path);
            }
        }
    }
    found.sort_by_key(|s| std::cmp::Reverse(s.expose().len()));
    found
}

/// The tables below the names of events.
fn events<'a>(section: Reader<'a>) -> Vec<(HookEvent, Reader<'a>, Loc)> {
    let mut found = Vec::new();
    for entry in section.node.entries() {
        let Some(event) = HookEvent::parse(&entry.key) else {
            continue;
        };
        let loc = Loc::new(section.file, entry.key_span);
        let mut add = |node: &'a Node| {
            if node.is_table() {
                found.push((event, Reader::new(section.file, node), loc));
            }
        };
        match &entry.node.kind {
            Kind::Array(items) => items.iter().for_each(add),
            _ => add(&entry.node),
        }
    }
    found
}

const ON_FAILURE: [(&str, OnFailure); 3] = [
    ("abort", OnFailure::Abort),
    ("warn", OnFailure::Warn),
    ("ignore", OnFailure::Ignore),
];

fn shell(event: HookEvent, reader: Reader<'_>, loc: Loc, checker: &mut Checker<'_>) -> Option<ShellHook> {
    let command = reader.text("command")?;
    if command.as_str().trim().is_empty() {
        checker.report(code::E417, command.loc.span, "`command` is empty");
        return None;
    }
    Some(ShellHook {
        event,
        command: command.value,
        timeout_ms: reader.uint("timeout_ms").unwrap_or(30_000),
        on_failure: reader.choice("on_failure", &ON_FAILURE).unwrap_or_default(),
        env: hidden(reader, "env"),
        loc,
    })
}

fn webhook(
    event: HookEvent,
    reader: Reader<'_>,
    loc: Loc,
    text: &str,
    checker: &mut Checker<'_>,
) -> Option<Webhook> {
    let before = checker.out.len();
    let url = reader.text("url");
    if let Some(url) = &url
        && let Err(problem) = check_url(url.as_str())
    {
        checker.report(code::E417, url.loc.span, format!("`url` {problem}"));
    }
    let method = chosen(reader, "method", &METHODS, checker).unwrap_or_default();
    let preset = chosen(reader, "preset", &PRESETS, checker);
    let headers = headers(reader, checker);
    let body = reader
        .text("body_template")
        .and_then(|body| template::read(&body, text, checker));
    let on_failure = reader.choice("on_failure", &ON_FAILURE).unwrap_or_default();
    let detached = reader
        .flag("async")
        .or(reader.flag("async_mode"))
        .unwrap_or(false);
    if detached
        && on_failure == OnFailure::Abort
        && let Some(node) = reader.get("on_failure")
    {
        let message = "a webhook that the run does not wait for cannot abort it";
        let at = Loc::new(reader.file, node.span);
        let diagnostic = Diagnostic::new(code::E417, at, message);
        checker
            .out
            .push(diagnostic.help("Take `async` out, or set `on_failure` to `warn`."));
    }
    if !method.has_body()
        && let Some(node) = reader.get("body_template").or(reader.get("secret"))
    {
        let message = format!("a {} request has no body to fill or to sign", method.as_str());
        checker.report(code::E417, node.span, message);
    }
    let metadata = hidden(reader, "metadata");
    if preset == Some(Preset::PagerDuty)
        && reader.get("body_template").is_none()
        && !metadata.contains_key("routing_key")
    {
        let at = reader
            .get("preset")
            .map_or(loc, |n| Loc::new(reader.file, n.span));
        let message = "preset `pagerduty` needs a routing key";
        let diagnostic = Diagnostic::new(code::E405, at, message);
        checker
            .out
            .push(diagnostic.help("Add `metadata = { routing_key = \"${PAGERDUTY_ROUTING_KEY}\" }`."));
    }
    if checker.out.len() > before && checker.out.iter().skip(before).any(Diagnostic::is_error) {
        return None;
    }
    Some(Webhook {
        event,
        url: Secret::new(url?.value),
        method,
        headers,
        body,
        secret: reader.secret("secret"),
        timeout_ms: reader.uint("timeout_ms").unwrap_or(10_000),
        r#async: detached,
        on_failure,
        retry_count: reader.u32("retry_count").unwrap_or(0),
        retry_delay_ms: reader.uint("retry_delay_ms").unwrap_or(1_000),
        preset,
        metadata,
        loc,
    })
}

fn hidden(reader: Reader<'_>, key: &str) -> IndexMap<SmolStr, Secret> {
    let map = reader.map(key).into_iter();
    map.map(|(k, v)| (k, Secret::new(v.value))).collect()
}

/// One of the names of `values`, in any letter case.
fn chosen<T: Copy>(
    reader: Reader<'_>,
    key: &str,
    values: &[(&'static str, T)],
    checker: &mut Checker<'_>,
) -> Option<T> {
    let node = reader.get(key)?;
    let text = node.as_str()?;
    if let Some((_, value)) = values.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)) {
        return Some(*value);
    }
    let names = || values.iter().map(|(name, _)| *name);
    let upper = names().any(|n| n.starts_with(|c: char| c.is_ascii_uppercase()));
    let folded = if upper {
        text.to_uppercase()
    } else {
        text.to_lowercase()
    };
    let near = suggest::nearest(&folded, names());
    let message = format!(
        "`{key}` is `{}`, expected {}{}",
        shown(node),
        one_of(names()),
        did_you_mean(near)
    );
    let at = Loc::new(reader.file, node.span);
    let mut diagnostic = Diagnostic::new(code::E404, at, message);
    if let Some(near) = near {
        let edit = Edit {
            loc: at,
            text: format!("\"{near}\""),
        };
        diagnostic = diagnostic.fix(format!("Replace by `{near}`"), vec![edit]);
    }
    checker.out.push(diagnostic);
    None
}

/// What is wrong with an address, without showing it.
fn check_url(url: &str) -> Result<(), &'static str> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .ok_or("is no address that begins with `https://` or `http://`")?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() {
        return Err("has no host");
    }
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("has blanks or control characters");
    }
    Ok(())
}

/// Names are tokens, values are one line: nothing can be smuggled into the request.
fn headers(reader: Reader<'_>, checker: &mut Checker<'_>) -> IndexMap<SmolStr, Secret> {
    let entries = reader.get("headers").map(Node::entries).unwrap_or_default();
    let mut headers = IndexMap::with_capacity(entries.len());
    for entry in entries {
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let Some(value) = entry.node.as_str() else {
            continue;
        };
        if entry.key.is_empty() || !entry.key.chars().all(token) {
            let message = format!("`{}` cannot be the name of a header", entry.key.escape_debug());
            checker.report(code::E417, entry.key_span, message);
        } else if value.chars().any(|c| c.is_control() && c != '\t') {
            let message = format!("the value of header `{}` has control characters", entry.key);
            checker.report(code::E417, entry.node.span, message);
        } else {
            headers.insert(entry.key.clone(), Secret::new(value));
        }
    }
    headers
}
