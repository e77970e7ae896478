//! The package's own tests (`test/*.test.mjs`) in a real Node, with the library that Cargo has just built.
//!
//! The package is put together in `<target>/tmp/rocky-node`, from where the library's search path finds DuckDB.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// Run a program of Node's in the package's folder; its output when it succeeds.
fn run(program: &str, args: &[&str], folder: &Path) -> String {
    let output: Output = Command::new(program)
        .args(args)
        .current_dir(folder)
        // Settings of a test runner or a debugger around us are not meant for the programs under test.
        .env_remove("NODE_OPTIONS")
        .env_remove("NODE_TEST_CONTEXT")
        .output()
        .unwrap_or_else(|e| panic!("`{program}` cannot be started ({e}): the tests of bindings/node need Node 20 or newer with npm"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "`{program} {}` in {}: {}\n{}{}",
        args.join(" "),
        folder.display(),
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// The package without its dependencies: what is in the checkout, compiled, and the library.
fn assemble(folder: &Path) {
    for name in ["src", "test", "dist"] {
        let _ = fs::remove_dir_all(folder.join(name));
    }
    for name in [
        "src",
        "test",
        "package.json",
        "package-lock.json",
        "tsconfig.json",
        "README.md",
    ] {
        copy(&Path::new(PACKAGE).join(name), &folder.join(name));
    }
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_path_buf();
    let library = deps.join(format!(
        "{}rocky_node{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    let addon = folder.join("rocky.node");
    let _ = fs::remove_file(&addon);
    if fs::hard_link(&library, &addon).is_err() {
        fs::copy(&library, &addon).unwrap_or_else(|e| panic!("{}: {e}", library.display()));
    }
}

/// Install the compiler, unless the one of this lock file is there.
fn install(folder: &Path) {
    let lock = fs::read(folder.join("package-lock.json")).unwrap();
    let stamp = folder.join("node_modules/.rocky-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return;
    }
    run(
        "npm",
        &[
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--prefer-offline",
        ],
        folder,
    );
    fs::write(stamp, lock).unwrap();
}

#[test]
fn the_tests_of_the_package_pass_in_node() {
    let version = run("node", &["--version"], Path::new(PACKAGE));
    let major: u32 = version
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(
        major >= 20,
        "the tests of bindings/node need Node 20 or newer, not {version}"
    );

    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder: PathBuf = tmp.join("rocky-node");
    fs::create_dir_all(&folder).unwrap();
    // Two test runs of one target directory take turns.
    let turn = File::create(tmp.join("rocky-node.lock")).unwrap();
    turn.lock().unwrap();

    assemble(&folder);
    install(&folder);
    run("node", &["node_modules/typescript/bin/tsc", "-p", "."], &folder);
    let mut args = vec!["--test".to_owned(), "--test-reporter=spec".to_owned()];
    for entry in fs::read_dir(folder.join("test")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".test.mjs") {
            args.push(format!("test/{name}"));
        }
    }
    assert!(args.len() > 2, "no test files");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let report = run("node", &args, &folder);
    assert!(
        report.contains("fail 0") && !report.contains("pass 0\n"),
        "{report}"
    );
}
