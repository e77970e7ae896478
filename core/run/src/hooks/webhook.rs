//! A web request: body, signature, attempts. Runs on a thread that the caller gives it, and ends with its last attempt.
//!
//! Invariant: neither the address nor a header is in what it says of a failure.

use super::context::HookContext;
use super::{presets, template};
use hmac::{Hmac, KeyInit, Mac};
use rocky_base::CancelToken;
use rocky_config::{Preset, Webhook};
use serde_json::Value;
use sha2::Sha256;
use std::fmt::Write;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Request;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Timeout};

/// The longest pause between two attempts.
const MAX_DELAY: Duration = Duration::from_secs(30);
/// How often the pause is doubled.
const MAX_DOUBLINGS: u32 = 10;
/// How much of an unwelcome answer is looked at; less is shown.
const SEEN_ANSWER: usize = 8192;

/// The clients: one with the environment's proxy and the system's certificates, one for addresses of the machine itself.
#[derive(Clone)]
pub(super) struct Clients {
    agent: Agent,
    local: Agent,
}

impl Clients {
    pub(super) fn new() -> Clients {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        let build = |config: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>| {
            config
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(concat!("rocky/", env!("CARGO_PKG_VERSION")))
                .build()
                .new_agent()
        };
        Clients {
            agent: build(Agent::config_builder().tls_config(tls.clone())),
            local: build(Agent::config_builder().tls_config(tls).proxy(None)),
        }
    }

    /// End what is under way: requests fail at once.
    pub(super) fn shutdown(&self) {
        self.agent.clone().shutdown();
        self.local.clone().shutdown();
    }

    fn of(&self, url: &str) -> &Agent {
        let host = url.split("://").nth(1).unwrap_or_default();
        let own = ["127.", "localhost", "[::1]"]
            .iter()
            .any(|own| host.starts_with(own));
        if own { &self.local } else { &self.agent }
    }
}

/// `POST https://hooks.slack.com/…`: the path is as good as a password.
pub(super) fn shown(hook: &Webhook) -> String {
    let url = hook.url.expose();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{} {scheme}://{host}/…", hook.method.as_str())
}

/// The longest time that all attempts together can take.
pub(super) fn longest(hook: &Webhook) -> Duration {
    let attempts = hook.retry_count.saturating_add(1);
    let waiting: Duration = (1..attempts).map(|n| delay(hook, n)).sum();
    Duration::from_millis(hook.timeout_ms)
        .saturating_mul(attempts)
        .saturating_add(waiting)
}

fn delay(hook: &Webhook, retry: u32) -> Duration {
    let factor = 1u32 << retry.saturating_sub(1).min(MAX_DOUBLINGS);
    Duration::from_millis(hook.retry_delay_ms)
        .saturating_mul(factor)
        .min(MAX_DELAY)
}

/// The body of a request; none for a method without one.
pub(super) fn body(hook: &Webhook, context: &HookContext) -> Option<String> {
    if !hook.method.has_body() {
        return None;
    }
    let mut context = context.clone();
    for (key, value) in &hook.metadata {
        context
            .metadata
            .insert(key.to_string(), Value::String(value.expose().to_owned()));
    }
    Some(match (&hook.body, hook.preset) {
        (Some(body), _) => template::render(body, &context),
        (None, preset) => presets::body(preset.unwrap_or(Preset::Generic), &context).to_string(),
    })
}

/// `sha256=<hex of HMAC-SHA256(secret, body)>`.
pub(super) fn signature(secret: &str, body: &str) -> String {
    let mut text = "sha256=".to_owned();
    // A key of any length is one.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(body.as_bytes());
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

/// Send it, again as often as configured, until the token is tripped. What came last is the failure.
pub(super) fn send(
    clients: &Clients,
    hook: &Webhook,
    body: Option<&str>,
    cancel: &CancelToken,
) -> Result<(), String> {
    let mut retries = 0;
    loop {
        if cancel.is_tripped() {
            return Err("not sent: the run was interrupted".to_owned());
        }
        let Failure { text, retry_after } = match attempt(clients, hook, body) {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        if cancel.is_tripped() {
            return Err("given up: the run was interrupted".to_owned());
        }
        if retries == hook.retry_count {
            let attempts = match retries {
                0 => String::new(),
                n => format!(" ({} attempts)", n + 1),
            };
            return Err(format!("{text}{attempts}"));
        }
        retries += 1;
        let asked = retry_after.unwrap_or_default().min(MAX_DELAY);
        sleep(delay(hook, retries).max(asked), cancel);
    }
}

struct Failure {
    text: String,
    retry_after: Option<Duration>,
}

fn attempt(clients: &Clients, hook: &Webhook, body: Option<&str>) -> Result<(), Failure> {
    let unsendable = |_| Failure {
        text: "the request cannot be sent: its address or a header has characters that HTTP does not allow"
            .to_owned(),
        retry_after: None,
    };
    let mut request = Request::builder()
        .method(hook.method.as_str())
        .uri(hook.url.expose());
    let has_type = hook
        .headers
        .keys()
        .any(|k| k.eq_ignore_ascii_case("content-type"));
    if body.is_some() && !has_type {
        request = request.header("Content-Type", "application/json");
    }
    for (name, value) in &hook.headers {
        request = request.header(name.as_str(), value.expose());
    }
    if let (Some(body), Some(secret)) = (body, &hook.secret) {
        request = request.header("X-Rocky-Signature", signature(secret.expose(), body));
    }
    let agent = clients.of(hook.url.expose());
    let timeout = Some(Duration::from_millis(hook.timeout_ms));
    let answer = match body {
        Some(body) => {
            let request = request.body(body).map_err(unsendable)?;
            agent.run(agent.configure_request(request).timeout_global(timeout).build())
        }
        None => {
            let request = request.body(()).map_err(unsendable)?;
            agent.run(agent.configure_request(request).timeout_global(timeout).build())
        }
    };
    let answer = answer.map_err(|error| Failure {
        text: failure(&error, hook.timeout_ms),
        retry_after: None,
    })?;
    let (parts, mut body) = answer.into_parts();
    if parts.status.is_success() {
        return Ok(());
    }
    let header = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok());
    let retry_after = header("retry-after")
        .and_then(|s| s.trim().parse().ok())
        .map(Duration::from_secs);
    let said = body
        .with_config()
        .limit(64 << 10)
        .read_to_vec()
        .unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let said: String = said
        .trim()
        .chars()
        .take(SEEN_ANSWER)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let colon = if said.is_empty() { "" } else { ": " };
    Err(Failure {
        text: format!("the answer is {}{colon}{said}", parts.status.as_u16()),
        retry_after,
    })
}

/// What of an error may be told: the text of some has the address in it.
fn failure(error: &ureq::Error, timeout_ms: u64) -> String {
    match error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => "no connection in time".to_owned(),
        ureq::Error::Timeout(_) => format!("no answer within {timeout_ms} ms"),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::HostNotFound => "the name of the host cannot be resolved".to_owned(),
        ureq::Error::ConnectionFailed => "no connection".to_owned(),
        ureq::Error::Protocol(_) => "the answer is not HTTP".to_owned(),
        ureq::Error::Rustls(error) => format!("TLS: {error}"),
        ureq::Error::Tls(error) => format!("TLS: {error}"),
        ureq::Error::InvalidProxyUrl => "the proxy in the environment is not an address".to_owned(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "`url` is not an address".to_owned(),
        _ => "the request failed".to_owned(),
    }
}

/// Until the time is over or the token is tripped.
fn sleep(time: Duration, cancel: &CancelToken) {
    let pair = std::sync::Arc::new((Mutex::new(false), Condvar::new()));
    let other = pair.clone();
    let _waker = cancel.on_trip(move || {
        *other.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        other.1.notify_all();
    });
    let end = Instant::now() + time;
    let mut tripped = pair.0.lock().unwrap_or_else(PoisonError::into_inner);
    while !*tripped {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        tripped = pair
            .1
            .wait_timeout(tripped, left)
            .unwrap_or_else(PoisonError::into_inner)
            .0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_rfc_4231() {
        // Test case 2 of the RFC.
        assert_eq!(
            signature("Jefe", "what do ya want for nothing?"),
            "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
