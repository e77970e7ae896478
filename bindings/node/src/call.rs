//! One call: a thread that does the work and reports to one JavaScript function, in order: its events, then its outcome.
//!
//! Events and outcome go through one thread-safe function because two would have no order between them. It keeps the event
//! loop alive until the outcome is delivered, as any pending operation of Node does; events alone never would.

use crate::calls::Calls;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Result, Status};
use napi_derive::napi;
use rocky_core::document::ErrorDocument;
use rocky_core::{CancelToken, Error, ErrorKind, Event, NoObserver, Observer};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Room for the SQL of a verb that runs on the calling thread; like the main thread of the CLI. Reserved, not used.
const STACK_BYTES: usize = 8 << 20;

/// What a report is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Report {
    /// An event, as JSON; the call goes on.
    Event = 0,
    /// The document of a call that succeeded, as JSON. Nothing follows.
    Done = 1,
    /// The error document of a call that failed, as JSON. Nothing follows.
    Failed = 2,
}

type Arguments = FnArgs<(u32, String)>;

/// What JavaScript hands in: `(kind, json) => void`.
pub type Callback<'a> = Function<'a, Arguments, ()>;

struct Reporter(ThreadsafeFunction<Arguments, (), Arguments, Status, false>);

impl Reporter {
    /// False when the environment has ended and nobody listens.
    fn send(&self, kind: Report, json: String) -> bool {
        // The queue has no bound: a slow listener costs memory, never the engine's time.
        self.0.call(
            (kind as u32, json).into(),
            ThreadsafeFunctionCallMode::NonBlocking,
        ) == Status::Ok
    }
}

struct Forward<'a> {
    reporter: &'a Reporter,
    cancel: &'a CancelToken,
}

impl Observer for Forward<'_> {
    fn event(&mut self, event: &Event) {
        // Strings and numbers: serialising cannot fail.
        let Ok(json) = serde_json::to_string(event) else {
            return;
        };
        if !self.reporter.send(Report::Event, json) {
            self.cancel.trip();
        }
    }
}

/// A running call.
#[napi]
pub struct NativeCall {
    token: CancelToken,
}

#[napi]
impl NativeCall {
    /// Ask it to stop. Its outcome is still reported. Harmless after the end.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.token.trip();
    }
}

/// Do `work` on a thread of its own. What it captures is gone before the outcome is reported.
pub(crate) fn start(
    env: &Env,
    command: &str,
    wants_events: bool,
    callback: &Callback<'_>,
    work: impl FnOnce(&mut dyn Observer, &CancelToken) -> rocky_core::Result<String> + Send + 'static,
) -> Result<NativeCall> {
    let builder = callback
        .build_threadsafe_function::<Arguments>()
        .callee_handled::<false>();
    let reporter = Reporter(builder.build_callback(|context| Ok(context.value))?);
    let token = CancelToken::new();
    let guard = Calls::of(env)?.begin(&token);
    let command = command.to_owned();
    let cancel = token.clone();
    let body = move || {
        let (kind, json) = outcome(&command, || {
            let mut forward = Forward {
                reporter: &reporter,
                cancel: &cancel,
            };
            let observer: &mut dyn Observer = if wants_events {
                &mut forward
            } else {
                &mut NoObserver
            };
            work(observer, &cancel)
        });
        drop(guard);
        reporter.send(kind, json);
    };
    std::thread::Builder::new()
        .name("rocky-call".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(body)
        .map_err(|e| {
            thrown(
                "call",
                &Error::new(ErrorKind::Io, format!("cannot start a thread: {e}")),
            )
        })?;
    Ok(NativeCall { token })
}

/// Run the body of a call; a panic is our bug.
fn outcome(command: &str, body: impl FnOnce() -> rocky_core::Result<String>) -> (Report, String) {
    // What a panic leaves half done is behind locks that ignore poisoning on purpose, or is dropped here.
    match catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(bug(panic))) {
        Ok(json) => (Report::Done, json),
        Err(error) => (Report::Failed, ErrorDocument::of(command, &error).to_json()),
    }
}

/// An error thrown at once: its message is the error document, which the TypeScript side reads.
pub(crate) fn thrown(command: &str, error: &Error) -> napi::Error {
    napi::Error::from_reason(ErrorDocument::of(command, error).to_json())
}

/// Drop on another thread what may take its time (a database writes its checkpoint when it closes).
pub(crate) fn drop_elsewhere<T: Send + 'static>(value: T) {
    let body = move || {
        let _ = catch_unwind(AssertUnwindSafe(|| drop(value)));
    };
    // Without a thread to be had, the closure is dropped here, and the value with it.
    let _ = std::thread::Builder::new()
        .name("rocky-close".to_owned())
        .spawn(body);
}

fn bug(panic: Box<dyn Any + Send>) -> Error {
    let text = match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic without a text".to_owned(),
    };
    Error::bug(format!("internal error: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_error_document_of_a_bug() {
        let (kind, json) = outcome("compile", || std::panic::resume_unwind(Box::new("the message")));
        let document: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(kind, Report::Failed);
        assert_eq!(
            (&document["command"], &document["error"]["code"]),
            (&"compile".into(), &"bug".into())
        );
        assert_eq!(document["error"]["message"], "internal error: the message");
    }
}
