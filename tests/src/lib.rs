//! Harness of the tests that look at the product as a whole. [`mdtest`] runs Markdown fixtures against the façade;
//! [`update`] is the switch that rewrites generated text instead of comparing it.

pub mod mdtest;

use std::path::PathBuf;

/// True when `ROCKY_UPDATE=1`: expected text is rewritten instead of compared.
pub fn update() -> bool {
    std::env::var_os("ROCKY_UPDATE").is_some_and(|v| v == "1")
}

/// The folder of the workspace.
pub fn workspace() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().map(PathBuf::from).unwrap_or(tests)
}
