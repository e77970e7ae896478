//! The harness believes no figure of a command that did not do its work. The program under test is a shell script here.
#![expect(clippy::unwrap_used, reason = "a test may")]

use rocky_benches::measure;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Run the harness over 10 models with a program that is this shell script.
fn report(work: &Path, script: &str) -> Value {
    let program = work.join("fake-rocky");
    std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let out = work.join("report.json");
    let status = Command::new(env!("CARGO_BIN_EXE_rocky-bench"))
        .args([
            "run",
            "--sizes",
            "10",
            "--repeat",
            "2",
            "--threads",
            "1",
            "--binary",
        ])
        .arg(&program)
        .arg("--work")
        .arg(work.join("projects"))
        .arg("--out")
        .arg(&out)
        .output()
        .unwrap();
    assert!(
        status.status.success(),
        "{}",
        String::from_utf8_lossy(&status.stderr)
    );
    serde_json::from_slice(&std::fs::read(out).unwrap()).unwrap()
}

fn case<'r>(report: &'r Value, name: &str) -> &'r Value {
    let cases = report["sizes"][0]["cases"].as_array().unwrap();
    cases
        .iter()
        .find(|c| c["name"].as_str().unwrap().starts_with(name))
        .unwrap()
}

#[test]
fn a_command_that_fails_or_leaves_work_undone_has_no_figure() {
    let work = tempfile::tempdir().unwrap();
    let report = report(
        work.path(),
        r#"case "$*" in
  --version) echo fake 1 ;;
  *compile*) echo '{"models": 9, "has_errors": false, "models_detail": []}' ;;
  *lineage*) echo '{"trace": []}' ;;
  *validate*) echo '{"error": {"message": "no such thing"}}'; exit 1 ;;
  *) echo out of order >&2; exit 3 ;;
esac"#,
    );
    assert_eq!(case(&report, "--version")["failed"], Value::Null);
    assert_eq!(case(&report, "--version")["samples"].as_array().unwrap().len(), 2);
    assert_eq!(
        case(&report, "compile, cold")["failed"],
        "it compiled 9 of 10 models"
    );
    assert!(
        case(&report, "lineage")["failed"]
            .as_str()
            .unwrap()
            .ends_with("is empty")
    );
    assert_eq!(case(&report, "validate")["failed"], "status 1: no such thing");
    assert_eq!(case(&report, "plan")["failed"], "status 3: out of order");
    assert_eq!(report["marks"][0]["met"], Value::Null);
}

#[test]
fn a_cache_that_hides_an_edit_is_found_out_and_the_edited_file_is_restored() {
    let work = tempfile::tempdir().unwrap();
    let report = report(
        work.path(),
        r#"echo '{"models": 10, "has_errors": false, "compile_timings": {"total_ms": 1.5}, "models_detail": [{"name": "m", "columns": [{"name": "a", "type": "BIGINT"}]}]}'"#,
    );
    assert_eq!(case(&report, "compile, cold")["failed"], Value::Null);
    assert_eq!(case(&report, "compile, cold")["inside_ms"], 1.5);
    assert_eq!(
        case(&report, "compile, cold")["notes"][0],
        "1 of 1 columns have a type"
    );
    assert_eq!(
        case(&report, "compile, a condition changed")["failed"],
        Value::Null
    );
    let hidden = case(&report, "compile, a column added")["failed"]
        .as_str()
        .unwrap();
    assert!(hidden.starts_with("column bench_extra_"), "{hidden}");
    let project = work.path().join("projects/rocky-10");
    let facts = rocky_benches::write::read_facts(&project).unwrap();
    let text = std::fs::read_to_string(project.join(&facts.edit.path)).unwrap();
    assert_eq!(text, facts.edit.original());
}

#[test]
fn a_sample_has_the_status_and_the_peak_of_the_child() {
    let sh = |script: &str| measure::run(Command::new("sh").args(["-c", script]), None, None).unwrap();
    assert_eq!(sh("exit 3").exit, 3);
    assert_eq!(sh("kill -9 $$").exit, 128 + 9);
    let mut large = Command::new("dd");
    large.args(["if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]);
    let peak_kb = measure::run(&mut large, None, None).unwrap().peak_kb;
    assert!((100 << 10..200 << 10).contains(&peak_kb), "{peak_kb}");
}

#[test]
fn a_large_document_does_not_count_as_the_memory_of_later_children() {
    let work = tempfile::tempdir().unwrap();
    let report = report(
        work.path(),
        r#"case "$*" in
  *compile*) printf '{"models": 10, "has_errors": false, "models_detail": [], "pad": "'
             head -c 30000000 /dev/zero | tr '\0' x
             echo '"}' ;;
  *) echo '{"trace": [1]}' ;;
esac"#,
    );
    assert_eq!(case(&report, "compile, unchanged")["failed"], Value::Null);
    let own_kb = report["machine"]["harness_peak_kb"].as_u64().unwrap();
    assert!(own_kb < 20 << 10, "{own_kb}");
    for sample in case(&report, "validate, warm")["samples"].as_array().unwrap() {
        assert!(sample["peak_kb"].as_u64().unwrap() < 20 << 10, "{sample}");
    }
}

#[test]
fn the_median_is_a_measured_value() {
    assert_eq!(measure::median([3.0, 1.0, 2.0]), 2.0);
    assert_eq!(measure::median([4.0, 1.0, 3.0, 2.0]), 2.0);
    assert_eq!(measure::median([]), 0.0);
}

/// Run `rocky-bench count` with a program and a valgrind that are these shell scripts; what it printed, and its status.
fn count(work: &Path, valgrind: &str, more: &[&str]) -> (String, bool) {
    let script = |path: &Path, text: &str| {
        std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let bin = work.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    // Its arguments: `-c DIR/rocky.toml VERB …`.
    let rocky = r#"echo '{"models": '$(find "${2%rocky.toml}models" -name "*.sql" -o -name "*.rocky" | grep -c .)', "has_errors": false, "trace": [1]}'"#;
    script(&work.join("rocky"), rocky);
    script(
        &bin.join("valgrind"),
        &format!(
            r#"out=${{4#*=}}; shift 4
[ "$2" = --version ] && {{ echo "summary: 1000" > "$out"; exit; }}
size=$(find "${{3%rocky.toml}}models" -name "*.sql" -exec cat {{}} + | wc -c)
echo "summary: $(({valgrind}))" > "$out"
exec "$@""#
        ),
    );
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let output = Command::new(env!("CARGO_BIN_EXE_rocky-bench"))
        .args(["count", "--without-executions", "--lanes", "1", "--binary"])
        .arg(work.join("rocky"))
        .arg("--work")
        .arg(work.join("projects"))
        .args(more)
        .env("PATH", path)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (text, output.status.success())
}

#[test]
fn a_super_linear_shape_fails() {
    let work = tempfile::tempdir().unwrap();
    let (text, good) = count(work.path(), "size * 7 + 1000", &["--shrink", "20"]);
    assert!(good && !text.contains("SUPER-LINEAR"), "{text}");
    let (text, good) = count(work.path(), "size * size + 1000", &["--shrink", "20"]);
    assert!(!good && text.matches("SUPER-LINEAR").count() == 15, "{text}");
}

#[test]
fn a_count_is_held_against_the_record() {
    use rocky_benches::count::{Verdict, verdict};
    assert_eq!(verdict(Some(1000), 1029, 3.0), Verdict::Same);
    assert_eq!(verdict(Some(1000), 1031, 3.0), Verdict::Grown);
    assert_eq!(verdict(Some(1000), 969, 3.0), Verdict::Shrunk);
    assert_eq!(verdict(None, 1, 3.0), Verdict::New);
}
