//! Says in words what the linker would only hint at: the prebuilt DuckDB library has to be fetched first.

use std::env;
use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=DUCKDB_LIB_DIR");
    if env::var_os("CARGO_FEATURE_BUNDLED").is_some() {
        return;
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
