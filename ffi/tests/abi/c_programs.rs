//! Programs in C11 and C++17: the example at the head of the header, the longer examples, what `rocky.hpp` promises; compiled
//! with all warnings as errors, once plainly and once with the address, leak and undefined-behaviour sanitizers.

use crate::support::{
    Output, Playground, cache, crate_dir, finish, library_dir, on_path, repository, run, shop, store,
};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// How to compile.
#[derive(Copy, Clone)]
enum Mode {
    Plain,
    Sanitized,
}

const MODES: [Mode; 2] = [Mode::Plain, Mode::Sanitized];

/// Compile `source` against the built library.
fn compile(source: &Path, standard: &str, mode: Mode, dir: &Path) -> PathBuf {
    let compiler = if standard.starts_with("c++") { "c++" } else { "cc" };
    let program = dir.join(format!("program-{standard}-{}", mode as u8));
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}"));
    command.args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g"]);
    if matches!(mode, Mode::Sanitized) {
        command.args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]);
    }
    if standard.starts_with("c++") {
        command.args(["-x", "c++"]);
    }
    command
        .arg("-I")
        .arg(repository().join("include"))
        .arg("-I")
        .arg(repository().join("bindings/cpp"));
    command.arg(source).arg("-o").arg(&program);
    command.args(["-x", "none", "-L"]).arg(library_dir());
    command
        .args(["-lrocky", "-lpthread"])
        .arg(format!("-Wl,-rpath,{}", library_dir().display()));
    run(&mut command);
    program
}

/// Sanitized programs must find nothing, leaks included.
fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command
        .env("ASAN_OPTIONS", "detect_leaks=1")
        .env("UBSAN_OPTIONS", "print_stacktrace=1");
    command
}

/// The indented code after `Example` in the comment at the head of the header.
fn head_example() -> String {
    let header = std::fs::read_to_string(repository().join("include/rocky.h")).unwrap();
    header
        .lines()
        .skip_while(|l| !l.starts_with("// Example"))
        .skip(1)
        .take_while(|l| l.starts_with("//"))
        .map(|l| format!("{}\n", l.strip_prefix("//     ").unwrap_or_default()))
        .collect()
}

#[test]
fn the_example_at_the_head_of_the_header_is_a_c_and_a_cpp_program() {
    let dir = TempDir::new().unwrap();
    let source = dir.path().join("head.c");
    let text = head_example();
    assert!(text.contains("int main(void)"), "{text}");
    std::fs::write(&source, text).unwrap();
    let playground = Playground::new();
    for standard in ["c11", "c++17"] {
        let built = compile(&source, standard, Mode::Plain, dir.path());
        let output = run(program(&built).current_dir(playground.root()));
        let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert_eq!(
            (&document["command"], &document["has_errors"]),
            (&"compile".into(), &false.into())
        );
        assert!(
            output.stderr.lines().any(|l| l.contains("\"type\":\"progress\"")),
            "{}",
            output.stderr
        );
        // No database is opened, so DuckDB's library is not looked at: it can be anything.
        std::fs::write(dir.path().join("libduckdb.so"), "no library").unwrap();
        let mut without = program(&built);
        let without = run(without.current_dir(playground.root()).env("LD_LIBRARY_PATH", dir.path()));
        let document: serde_json::Value = serde_json::from_str(&without.stdout).unwrap();
        assert_eq!(document["has_errors"], false);
        // Not a project.
        let (success, output) = finish(program(&built).current_dir(dir.path()));
        assert!(
            !success && output.stderr.contains("not_found: "),
            "{}",
            output.stderr
        );
    }
}

/// Run an example to its end and into its deadline.
fn tour(source: &Path, standard: &str) -> Vec<Output> {
    let dir = TempDir::new().unwrap();
    MODES
        .into_iter()
        .map(|mode| {
            let built = compile(source, standard, mode, dir.path());
            let playground = Playground::new();
            let column = "customer_value.lifetime_value";
            let complete = run(program(&built).arg(playground.root()).arg(column));
            playground.add_slow_model();
            let mut command = program(&built);
            // Time enough to begin, also for a sanitizer on a busy machine.
            command.arg(playground.root()).args([column, "5000"]);
            let (success, cut) = finish(&mut command);
            assert!(
                !success && cut.stdout.contains("interrupted"),
                "{}\n{}",
                cut.stdout,
                cut.stderr
            );
            complete
        })
        .collect()
}

#[test]
fn the_c_example_runs_a_project_and_is_cut_by_its_deadline() {
    for output in tour(&crate_dir().join("examples/c/example.c"), "c11") {
        assert!(output.stdout.contains("models, success"), "{}", output.stdout);
        assert!(
            output.stdout.contains("\"direction\":\"upstream\""),
            "{}",
            output.stdout
        );
    }
}

#[test]
fn the_cpp_example_runs_a_project_and_is_cut_by_its_deadline() {
    for output in tour(&repository().join("bindings/cpp/example.cpp"), "c++17") {
        assert!(output.stdout.contains("models, complete"), "{}", output.stdout);
        assert!(
            output
                .stdout
                .contains("error: unknown model `no_such_model` (usage)"),
            "{}",
            output.stdout
        );
        assert!(
            output.stdout.contains("\"direction\":\"upstream\""),
            "{}",
            output.stdout
        );
    }
}

#[test]
fn the_cpp_header_keeps_its_promises() {
    let dir = TempDir::new().unwrap();
    for mode in MODES {
        let built = compile(
            &repository().join("bindings/cpp/test.cpp"),
            "c++17",
            mode,
            dir.path(),
        );
        let playground = Playground::new();
        let output = run(program(&built).arg(playground.root()));
        assert!(output.stdout.starts_with("ok "), "{}", output.stdout);
    }
}

#[test]
fn what_a_run_does_is_had_in_c_and_cpp() {
    let dir = TempDir::new().unwrap();
    for (source, standard) in [
        (crate_dir().join("tests/abi/runs.c"), "c11"),
        (repository().join("bindings/cpp/runs.cpp"), "c++17"),
    ] {
        for mode in MODES {
            let built = compile(&source, standard, mode, dir.path());
            let (folder, store) = (shop(), store());
            let output = run(program(&built).arg(folder.path()).arg(store.path()));
            assert_eq!(output.stdout, "ok\n");
            assert!(folder.path().join("shop.duckdb").exists() && store.path().join("store.duckdb").exists());
        }
    }
}

/// `cmake` on the path, else the one that `make setup-cmake` installs.
fn cmake() -> PathBuf {
    let local = cache().join("tools/cmake/bin/cmake");
    let found = on_path("cmake").or_else(|| local.exists().then_some(local));
    found.unwrap_or_else(|| panic!("cmake is missing: run `make setup-cmake`, or install it"))
}

#[test]
fn another_project_uses_the_cmake_target() {
    let dir = TempDir::new().unwrap();
    let source = dir.path().join("app");
    std::fs::create_dir(&source).unwrap();
    let lists = format!(
        "cmake_minimum_required(VERSION 3.16)\nproject(app CXX)\nadd_subdirectory(\"{}\" rocky)\n\
         add_executable(app main.cpp)\ntarget_link_libraries(app PRIVATE rocky::rocky)\n",
        repository().join("bindings/cpp").display()
    );
    std::fs::write(source.join("CMakeLists.txt"), lists).unwrap();
    let main = "#include <rocky.hpp>\n#include <iostream>\nint main() { std::cout << rocky::version(); }\n";
    std::fs::write(source.join("main.cpp"), main).unwrap();
    let build = dir.path().join("build");
    let mut configure = Command::new(cmake());
    configure.arg("-S").arg(&source).arg("-B").arg(&build);
    run(configure.arg(format!("-DROCKY_LIB_DIR={}", library_dir().display())));
    run(Command::new(cmake()).arg("--build").arg(&build));
    assert_eq!(
        run(&mut Command::new(build.join("app"))).stdout,
        rocky_core::VERSION
    );
}
