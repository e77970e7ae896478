//! `init` and `playground`.

use crate::call::{Callback, NativeCall, start};
use napi::{Env, Result};
use napi_derive::napi;
use rocky_core::{Error, Host, scaffold};

/// Write a new project. The outcome lists what was written.
#[napi(catch_unwind)]
pub fn init(env: &Env, path: String, template: String, callback: Callback<'_>) -> Result<NativeCall> {
    start(env, "init", false, &callback, move |_, _| {
        document(&scaffold::init(&*Host::default().system, &path, &template)?)
    })
}

/// Write a sample project with data. The outcome lists what was written.
#[napi(catch_unwind)]
pub fn playground(env: &Env, path: String, template: String, callback: Callback<'_>) -> Result<NativeCall> {
    start(env, "playground", false, &callback, move |_, cancel| {
        document(&scaffold::playground(&Host::default(), &path, &template, cancel)?)
    })
}

fn document(response: &scaffold::ScaffoldResponse) -> rocky_core::Result<String> {
    serde_json::to_string(response)
        .map_err(|e| Error::bug(format!("response cannot be written as JSON: {e}")))
}
