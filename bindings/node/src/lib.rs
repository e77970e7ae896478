//! The native half of the Node package: text in, a call of [`rocky_core::Project`] on a thread of its own, text out.
//!
//! Only conversion: defaults, overloads, promises, errors as a class and all documentation for users are in `src/*.ts`.
//! Invariants: the event loop's thread never waits for the engine; a panic never leaves a call ([`call`] catches); a call
//! reports exactly one outcome, after its last event and after it has let go of the project. Start reading at [`project`].

pub mod call;
pub mod calls;
pub mod project;
pub mod scaffold;

use napi_derive::napi;

/// Version of the engine.
#[napi(catch_unwind)]
pub fn version() -> &'static str {
    rocky_core::VERSION
}

/// The verbs that `NativeProject.call` knows.
#[napi(catch_unwind)]
pub fn verbs() -> Vec<&'static str> {
    rocky_core::VERBS.to_vec()
}
