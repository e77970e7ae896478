//! Decides how DuckDB gets into the process (`src/api.rs`), and says in words what the linker would only hint at: the prebuilt library
//! has to be fetched first. It is asked for on Linux too, where it is not linked: other crates' tests link it, and programs need it.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    println!("cargo::rerun-if-env-changed=DUCKDB_STATIC");
    println!("cargo::rustc-check-cfg=cfg(duckdb_is_loaded)");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
    }
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|v| v == value);
    // glibc's `dlopen` looks into the run path of the library that calls it; others look into the program's alone.
    let loaded = is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu");
    // `DUCKDB_STATIC` asks `libduckdb-sys` for a static library.
    if loaded && env::var("DUCKDB_STATIC").map_or(true, |v| v == "0") {
        println!("cargo::rustc-cfg=duckdb_is_loaded");
    }
    // Without the variable the system's own library is meant, which pkg-config or the linker finds or reports.
    let Some(folder) = env::var_os("DUCKDB_LIB_DIR") else {
        return;
    };
    let name = match env::var("CARGO_CFG_TARGET_OS").as_deref() {
        Ok("macos") => "libduckdb.dylib",
        Ok("windows") => "duckdb.lib",
        _ => "libduckdb.so",
    };
    let library = Path::new(&folder).join(name);
    if library.exists() {
        println!("cargo::rerun-if-changed={}", library.display());
    } else {
        println!(
            "cargo::error=DuckDB's library is not at {}: run `make setup` (it fetches the prebuilt library), or build with `--features bundled`",
            library.display()
        );
    }
}
