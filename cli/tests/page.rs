//! The pages of `rocky lineage --html` and `rocky history --html` in a real browser. What is done with them is in `page/*.mjs`; here are the projects, the
//! browser, a deadline and the verdict. `make setup-browser` installs what it needs; without it the tests fail and say so.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// A healthy case needs 5 to 20 seconds.
const DEADLINE: Duration = Duration::from_secs(240);

fn cache(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cache").join(path)
}

fn chromium() -> String {
    if let Ok(path) = std::env::var("ROCKY_CHROMIUM") {
        return path;
    }
    let places = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let found = places.iter().find(|p| Path::new(p).exists());
    found
        .expect("no Chromium: run `make setup-browser`, or name one in ROCKY_CHROMIUM")
        .to_string()
}

fn write(root: &Path, path: &str, text: &str) {
    let full = root.join(path);
    std::fs::create_dir_all(full.parent().unwrap()).unwrap();
    std::fs::write(full, text).unwrap();
}

/// Make the page of a project; its size in bytes.
fn page(root: &Path) -> u64 {
    let out = Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args([
            "lineage",
            "--html",
            "page.html",
            "--refresh-sources",
            "never",
            "-o",
            "table",
        ])
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8_lossy(&out.stdout).starts_with("wrote page.html"));
    std::fs::metadata(root.join("page.html")).unwrap().len()
}

/// Use the page in the browser.
fn browse(case: &str, root: &Path) {
    browse_with("check.mjs", case, root);
}

fn browse_with(script: &str, case: &str, root: &Path) {
    let modules = cache("browser");
    assert!(
        modules.join("node_modules/playwright-core").exists(),
        "no playwright-core in {}: run `make setup-browser`",
        modules.display()
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/page")
        .join(script);
    let child = Command::new("node")
        .arg(script)
        .args([case])
        .arg(root.join("page.html"))
        .arg(chromium())
        .arg(modules)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node runs the browser: is it installed?");
    let id = child.id();
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    let Ok(out) = receive.recv_timeout(DEADLINE) else {
        let _ = Command::new("kill").arg(id.to_string()).status();
        panic!("{case}: not done after {DEADLINE:?}");
    };
    let out = out.unwrap();
    let said = String::from_utf8_lossy(&out.stdout);
    println!("{case}: {said}");
    assert!(
        out.status.success(),
        "{case}: {said}{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

fn showcase() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let made = Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(["playground", "p", "--template", "showcase"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success());
    page(&folder.path().join("p"));
    folder
}

#[test]
fn people_explore_a_project() {
    browse("explore", &showcase().path().join("p"));
}

#[test]
fn an_address_leads_back() {
    browse("arrive", &showcase().path().join("p"));
}

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n\
                      [pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

#[test]
fn names_are_text_and_never_markup() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "rocky.toml", CONFIG);
    write(
        root,
        "models/a.sql",
        "SELECT 1 AS \"</script><img src=x onerror=window.pwned=1>\", 2 AS \"<!--/data/-->\", 3 AS \"__proto__\"",
    );
    write(
        root,
        "models/a.toml",
        "name = \"<!--</script><img src=x onerror=window.pwned=1>\"\nintent = \"<script>window.pwned=1</script>\"\n\
         [tags]\n\"<b>tag</b>\" = \"'\\\"><script>window.pwned=1</script>\"\nother = true\n",
    );
    write(
        root,
        "models/b.sql",
        "SELECT guessed, x FROM raw.\"<img src=x onerror=window.pwned=1>\"",
    );
    page(root);
    browse("hostile", root);
}

#[test]
fn ten_thousand_models_are_fluent() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut config = CONFIG.to_owned();
    for table in 0..500 {
        config.push_str(&format!(
            "[[sources]]\nschema = \"raw\"\ntable = \"t_{table}\"\ncolumns = [{}]\n",
            (0..10)
                .map(|c| format!("{{ name = \"c{c}\", type = \"BIGINT\" }}"))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    write(root, "rocky.toml", &config);
    for model in 0..10_000_u64 {
        let columns: Vec<String> = (1..9).map(|c| format!("a.c{c}")).collect();
        let columns = columns.join(", ");
        // Eight layers; each model reads one of the layer before, at about the same place, and one farther off.
        let (layer, place) = (model / 1250, model % 1250);
        let sql = if layer == 0 {
            format!(
                "SELECT a.c0, {columns}, a.c0 AS total FROM raw.t_{} AS a",
                place % 500
            )
        } else {
            let near = (layer - 1) * 1250 + place;
            let far = (layer - 1) * 1250 + (place * 7 + 13) % 1250;
            format!(
                "SELECT a.c0, {columns}, a.total + b.total AS total FROM m_{near} AS a JOIN m_{far} AS b ON a.c1 = b.c1 WHERE b.c2 > 0"
            )
        };
        write(root, &format!("models/layer_{layer}/m_{model}.sql"), &sql);
    }
    let bytes = page(root);
    assert!(bytes < 6_000_000, "{bytes} bytes");
    println!("{:.1} MB", bytes as f64 / 1e6);
    browse("large", root);
}

fn rocky(root: &Path, args: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_rocky"))
        .args(args)
        .current_dir(root)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn timeline(root: &Path) {
    let out = rocky(root, &["history", "--html", "page.html", "-o", "table"]);
    assert!(
        String::from_utf8_lossy(&out.stdout).starts_with("wrote page.html"),
        "{out:?}"
    );
}

#[test]
fn people_look_at_past_runs() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "rocky.toml",
        &format!("{CONFIG}[pipeline.p.execution]\nconcurrency = 2\n"),
    );
    // Long enough to be side by side.
    for name in ["east", "west"] {
        let sql = "SELECT count(*) AS n FROM range(40000000) AS r(i) WHERE hash(i) % 7 = 3";
        write(root, &format!("models/{name}.sql"), sql);
    }
    write(
        root,
        "models/joined.sql",
        "SELECT n FROM east UNION ALL SELECT n FROM west",
    );
    assert!(rocky(root, &["run"]).status.success());
    write(
        root,
        "models/joined.sql",
        "SELECT error('no <both>') AS n FROM east",
    );
    write(root, "models/last.sql", "SELECT n FROM joined");
    assert_eq!(rocky(root, &["run"]).status.code(), Some(2));
    timeline(root);
    browse_with("runs.mjs", "runs", root);
}

#[test]
fn names_in_past_runs_are_text_and_never_markup() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "rocky.toml", CONFIG);
    write(
        root,
        "models/a.sql",
        "SELECT error('</script><img src=x onerror=window.pwned=1>') AS x",
    );
    write(
        root,
        "models/a.toml",
        "name = \"<!--</script><img src=x onerror=window.pwned=1>\"\n[target]\ntable = \"a\"\n",
    );
    rocky(root, &["run"]);
    timeline(root);
    browse_with("runs.mjs", "hostile", root);
}

#[test]
fn a_run_of_ten_thousand_models_is_fluent() {
    let folder = tempfile::tempdir().unwrap();
    // Only the page is looked at: its data are those of a recorded run, multiplied.
    let root = folder.path();
    write(root, "rocky.toml", CONFIG);
    write(root, "models/a.sql", "SELECT 1 AS x");
    assert!(rocky(root, &["run"]).status.success());
    timeline(root);
    let page = std::fs::read_to_string(root.join("page.html")).unwrap();
    let (before, rest) = page.split_once("\"models\":[").unwrap();
    let (_, after) = rest.split_once("]]").unwrap();
    let models: Vec<String> = (0..10_000)
        .map(|i| {
            format!(
                "[\"m_{i}\",0,{}.5,{},{i},\"0123456789abcdef\",null]",
                i / 8 * 10,
                9 + i % 5
            )
        })
        .collect();
    write(
        root,
        "page.html",
        &format!("{before}\"models\":[{}]{after}", models.join(",")),
    );
    browse_with("runs.mjs", "large", root);
}
