//! A project on a machine of its own: a folder with its own state file, a warehouse that all machines share, and a clean environment.

use crate::servers::{ACCESS, BUCKET, PASSWORD, SECRET};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

pub struct Machine {
    dir: tempfile::TempDir,
    pub env: Vec<(String, String)>,
}

const PROJECT: &str = r#"
[adapter]
type = "duckdb"
path = "w.duckdb"
[pipeline.p]
type = "transformation"
[pipeline.p.target]
adapter = "default"
"#;

/// Quick to give up, so that failures are seen in seconds.
pub const QUICK: &str = "transfer_timeout_seconds = 20\nupload_interval_seconds = 0\nlease_seconds = 6\nretry = { max_retries = 3, initial_backoff_ms = 20, max_backoff_ms = 100 }\n";

impl Machine {
    pub fn new(state: &str) -> Machine {
        let machine = Machine {
            dir: tempfile::tempdir().unwrap(),
            env: Vec::new(),
        };
        machine.state(state);
        machine.write("models/a.sql", "SELECT 1 AS id");
        machine
    }

    /// On S3 at this port.
    pub fn s3(port: u16, more: &str) -> Machine {
        let mut machine = Machine::new(&format!(
            "backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\n{QUICK}{more}"
        ));
        machine.aws(port);
        machine
    }

    pub fn valkey(port: u16, more: &str) -> Machine {
        Machine::new(&format!("backend = \"valkey\"\n{}{QUICK}{more}", url(port)))
    }

    pub fn tiered(s3: u16, valkey: u16, more: &str) -> Machine {
        let mut machine = Machine::new(&format!(
            "backend = \"tiered\"\ns3_bucket = \"{BUCKET}\"\n{}{QUICK}{more}",
            url(valkey)
        ));
        machine.aws(s3);
        machine
    }

    fn aws(&mut self, port: u16) {
        for (name, value) in [
            ("AWS_ENDPOINT_URL_S3", format!("http://127.0.0.1:{port}")),
            ("AWS_ACCESS_KEY_ID", ACCESS.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ] {
            self.env.push((name.to_owned(), value));
        }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(n, _)| n != name);
        if !value.is_empty() {
            self.env.push((name.to_owned(), value.to_owned()));
        }
    }

    /// `[state]`.
    pub fn state(&self, state: &str) {
        self.write("rocky.toml", &format!("{PROJECT}[state]\n{state}\n"));
    }

    pub fn write(&self, path: &str, text: &str) {
        let full = self.dir.path().join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// The machine is lost, and another one comes with the same project.
    pub fn forget(&self) {
        for name in self.files() {
            if name.starts_with(".rocky-state") || name.starts_with("w.duckdb") {
                std::fs::remove_file(self.path(&name)).unwrap();
            }
        }
    }

    pub fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.dir.path())
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rocky"));
        command.args(args);
        self.prepare(command)
    }

    /// A run on a disk where no file gets larger than so many blocks (of 512 bytes, or 1024, as the shell counts).
    pub fn run_with_room_for(&self, blocks: u64) -> Ran {
        let mut command = Command::new("sh");
        // A write beyond is an error then, and no signal.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" run");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_rocky")]);
        let command = self
            .prepare(command)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Ran::of(command.unwrap())
    }

    fn prepare(&self, mut command: Command) -> Command {
        command.current_dir(self.dir.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars() {
            if name.starts_with("AWS_") || name.to_ascii_lowercase().ends_with("_proxy") || name == "NO_COLOR"
            {
                command.env_remove(name);
            }
        }
        // No file of whoever runs the tests, and no instance's credentials.
        command
            .env("HOME", self.dir.path())
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command.envs(self.env.iter().map(|(n, v)| (n, v)));
        command
    }

    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub fn rocky(&self, args: &[&str]) -> Ran {
        Ran::of(self.start(args))
    }

    pub fn run(&self) -> Ran {
        self.rocky(&["run"])
    }

    /// The runs that the local state remembers, newest first.
    pub fn history(&self) -> Vec<String> {
        self.history_of(None)
    }

    pub fn history_of(&self, state: Option<&Path>) -> Vec<String> {
        let mut args = vec!["history"];
        let state = state.map(|p| p.display().to_string());
        if let Some(state) = &state {
            args.extend(["--state-path", state]);
        }
        let ran = self.rocky(&args);
        let runs = ran.json["runs"].as_array().unwrap_or_else(|| panic!("{ran:?}"));
        runs.iter()
            .map(|r| r["run_id"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Files that hold a state that is not in the remote place.
    pub fn unsynced(&self) -> Vec<PathBuf> {
        let names = self.files().into_iter();
        names
            .filter(|n| n.contains(".unsynced-"))
            .map(|n| self.path(&n))
            .collect()
    }
}

pub fn url(port: u16) -> String {
    format!("valkey_url = \"redis://:{PASSWORD}@127.0.0.1:{port}/0\"\n")
}

/// A finished process.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub json: Value,
    pub stderr: String,
}

impl Ran {
    pub fn of(child: Child) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        let (stdout, stderr) = (
            String::from_utf8(stdout).unwrap(),
            String::from_utf8(stderr).unwrap(),
        );
        for secret in [SECRET, PASSWORD, "X-Amz-Signature"] {
            assert!(
                !stdout.contains(secret) && !stderr.contains(secret),
                "a secret is told:\n{stdout}\n{stderr}"
            );
        }
        let json = serde_json::from_str(&stdout).unwrap_or(Value::Null);
        Ran {
            code: status.code(),
            json,
            stderr,
        }
    }

    /// It succeeded, and its state is in the remote place.
    #[track_caller]
    pub fn ok(self) -> Ran {
        assert_eq!(self.code, Some(0), "{self:#?}");
        if self.json["command"] == "run" {
            assert_eq!(self.json["remote_state"]["uploaded"], true, "{self:#?}");
        }
        self
    }

    /// Nothing was run; the message.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "{self:#?}");
        let message = self.json["error"]["message"]
            .as_str()
            .unwrap_or_else(|| panic!("{self:#?}"));
        let hint = self.json["error"]["remediation_hint"]
            .as_str()
            .unwrap_or_default();
        format!("{message} | {hint}")
    }

    /// It ran, and its state is not in the remote place; the message.
    #[track_caller]
    pub fn not_uploaded(&self) -> String {
        assert_eq!(self.code, Some(2), "{self:#?}");
        let remote = &self.json["remote_state"];
        assert_eq!(remote["uploaded"], false, "{self:#?}");
        format!(
            "{} | {}",
            remote["error"].as_str().unwrap(),
            remote["remediation_hint"].as_str().unwrap()
        )
    }

    pub fn id(&self) -> String {
        self.json["run_id"].as_str().unwrap().to_owned()
    }

    pub fn generation(&self) -> u64 {
        self.json["remote_state"]["generation"].as_u64().unwrap()
    }

    pub fn warnings(&self) -> String {
        let list = self.json["remote_state"]["warnings"].as_array();
        list.map(|l| {
            l.iter()
                .map(|w| w.as_str().unwrap())
                .collect::<Vec<_>>()
                .join("\n")
        })
        .unwrap_or_default()
    }
}
