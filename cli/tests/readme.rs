//! What the README shows is what `make demo` does: `docs/demo.sh` is run with this binary, and every file and command of the README's
//! section on runs must be in what it prints, with the lines that the README shows below it. `…` stands for anything.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

const SECTION: &str = "## When something goes wrong\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The commands of the demo, each with what it prints; and all of it.
type Demo = (Vec<(String, String)>, String);

fn demo() -> &'static Demo {
    static DEMO: OnceLock<Demo> = OnceLock::new();
    DEMO.get_or_init(run)
}

fn run() -> Demo {
    let out = Command::new("bash")
        .arg(root().join("docs/demo.sh"))
        .arg(env!("CARGO_BIN_EXE_rocky"))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(
        out.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix("$ rocky "), commands.last_mut()) {
            (Some(command), _) => commands.push((command.to_owned(), String::new())),
            (None, Some((_, output))) => {
                output.push_str(line);
                output.push('\n');
            }
            (None, None) => {}
        }
    }
    (commands, text)
}

/// The shown lines are in the output, in their order, and the output ends with the last one unless that is `…`.
fn shows(command: &str, output: &str, shown: &[&str]) {
    let mut rest = output;
    for line in shown {
        let mut parts = line.split('…');
        // The line begins where a line of the output begins.
        let first = parts.next().unwrap().trim_end();
        if !first.is_empty() {
            let begin = rest
                .match_indices(first)
                .find(|(at, _)| *at == 0 || rest[..*at].ends_with('\n'));
            let (at, _) = begin.unwrap_or_else(|| {
                panic!("README: `$ rocky {command}` does not print\n{line}\nbut\n{output}")
            });
            rest = &rest[at + first.len()..];
        }
        for part in parts.map(str::trim).filter(|p| !p.is_empty()) {
            let end = rest.find('\n').unwrap_or(rest.len());
            let at = rest[..end].find(part).unwrap_or_else(|| {
                panic!("README: `$ rocky {command}` does not print\n{line}\nbut\n{output}")
            });
            rest = &rest[at + part.len()..];
        }
        if !line.contains('…') {
            assert!(
                rest.is_empty() || rest.starts_with('\n'),
                "README: `$ rocky {command}` prints more than\n{line}\nnamely\n{output}"
            );
        }
    }
}

#[test]
fn the_readme_shows_what_the_demo_does() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once(SECTION).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let (commands, text) = demo();
    // The sample project comes first, and has no part in this.
    let begin = commands.iter().position(|(c, _)| c == "history").unwrap();
    let mut rest = &commands[begin..];
    let (mut n_files, mut n_commands) = (0, 0);
    let mut lines = section.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|i| !i.is_empty()) else {
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|l| !l.starts_with("```")).collect();
        if let Some((_, file)) = info.split_once(' ') {
            let shown = format!("\n# {file}\n{}\n", block.join("\n"));
            assert!(text.contains(&shown), "the demo has no such file:{shown}");
            n_files += 1;
            continue;
        }
        assert_eq!(info, "console");
        let mut block = block.as_slice();
        while let Some((first, after)) = block.split_first() {
            let command = first.strip_prefix("$ rocky ").unwrap();
            let n = after
                .iter()
                .position(|l| l.starts_with("$ "))
                .unwrap_or(after.len());
            let at = rest.iter().position(|(c, _)| c == command);
            let at = at.unwrap_or_else(|| panic!("the demo does not do `rocky {command}` here"));
            shows(command, &rest[at].1, &after[..n]);
            rest = &rest[at + 1..];
            block = &after[n..];
            n_commands += 1;
        }
    }
    assert_eq!((n_files, n_commands), (3, 9));
}

/// Each scene is what it says.
#[test]
fn the_demo_has_a_failing_check_a_drift_a_resume_and_a_backfill() {
    let (commands, _) = demo();
    let ended: Vec<(&str, &str)> = commands
        .iter()
        .filter_map(|(command, output)| {
            let code = output.lines().find_map(|l| l.strip_prefix("exit code "))?;
            Some((command.as_str(), code))
        })
        .collect();
    assert_eq!(ended, [("run", "1"), ("run", "2")]);
    let (_, missing) = commands.iter().rfind(|(c, _)| c.ends_with("--missing")).unwrap();
    assert!(missing.contains("no partition to compute"), "{missing}");
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|l| *l != "Commands:").skip(1);
    // What stands further to the right goes on with the line before.
    let names = lines
        .take_while(|l| l.starts_with("  "))
        .filter(|l| !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next().map(str::to_owned));
    names.filter(|n| n != "help").collect()
}

#[test]
fn every_command_shows_an_example() {
    let help = |args: &[&str]| {
        let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
            .args(args)
            .arg("--help")
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let commands = listed(&help(&[]));
    assert!(commands.len() > 15, "{commands:?}");
    for command in &commands {
        let text = help(&[command]);
        assert!(text.contains("\nExample"), "rocky {command} --help");
        for inner in listed(&text) {
            let text = help(&[command, &inner]);
            let usage = text.lines().find(|l| l.starts_with("Usage:")).unwrap();
            let needs = usage.contains('<') || usage.contains("[FILE]");
            assert!(
                !needs || text.contains("\nExample"),
                "rocky {command} {inner} --help"
            );
        }
    }
}
