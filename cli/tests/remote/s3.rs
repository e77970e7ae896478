//! S3.

use crate::machine::{Machine, Ran};
use crate::proxy::{Fault, Hook, Proxy};
use crate::servers::{BUCKET, SECRET, Server, http, moto, s3s};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PREFIX: &str = "rocky/state/";

fn object(server: &Server) -> PathBuf {
    server.dir.path().join(BUCKET).join(PREFIX).join("state.redb")
}

fn lock(server: &Server) -> Value {
    let path = server
        .dir
        .path()
        .join(BUCKET)
        .join(PREFIX)
        .join("state.redb.lock");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The bucket with all that s3s-fs knows of it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Lets the bucket be what it was, but for the lock.
#[derive(Debug)]
struct Restore {
    saved: tempfile::TempDir,
    bucket: PathBuf,
}

impl Restore {
    fn of(server: &Server) -> Restore {
        let restore = Restore {
            saved: tempfile::tempdir().unwrap(),
            bucket: server.dir.path().to_path_buf(),
        };
        copy(&restore.bucket, restore.saved.path());
        restore
    }
}

impl Hook for Restore {
    fn call(&self) {
        fn back(from: &Path, to: &Path, present: &dyn Fn(&Path) -> bool) {
            for entry in std::fs::read_dir(to).unwrap().flatten() {
                let path = entry.path();
                let saved = from.join(entry.file_name());
                if path.is_dir() {
                    back(&saved, &path, present);
                } else if path.to_string_lossy().contains("lock") {
                } else if present(&saved) {
                    std::fs::copy(&saved, &path).unwrap();
                } else {
                    std::fs::remove_file(&path).unwrap();
                }
            }
        }
        back(self.saved.path(), &self.bucket, &|p| p.exists());
    }
}

fn kill(child: std::process::Child, signal: i32) {
    let done = std::process::Command::new("kill")
        .args([format!("-{signal}"), child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
    if signal == 9 {
        let _ = child.wait_with_output();
    }
}

#[test]
fn machines_without_disks_share_one_history() {
    let server = s3s();
    let one = Machine::s3(server.port, "");
    let first = one.run().ok();
    assert_eq!(first.generation(), 1);
    assert_eq!(
        first.json["remote_state"]["location"],
        format!("s3://{BUCKET}/{PREFIX}state.redb")
    );
    // What is there is a whole state file.
    assert_eq!(one.history_of(Some(&object(&server))), [first.id()]);
    let two = Machine::s3(server.port, "");
    let second = two.run().ok();
    assert_eq!(two.history(), [second.id(), first.id()]);
    // The first machine's file is behind and is brought up to date, without a word.
    let third = one.run().ok();
    assert_eq!(one.history(), [third.id(), second.id(), first.id()]);
    assert_eq!((third.generation(), third.warnings().as_str()), (3, ""));
    assert!(one.unsynced().is_empty());
    // Nothing is left lying about, and the lease was given back.
    let files: Vec<String> = one.files().into_iter().filter(|f| f.contains("state")).collect();
    assert_eq!(files, [".rocky-state.redb"]);
    assert_eq!(lock(&server)["token"], Value::Null);
    // `state` tells it.
    let state = one.rocky(&["state"]).ok();
    assert_eq!(state.json["remote"]["generation"], 3);
    assert_eq!(
        (&state.json["remote"]["run_id"], &state.json["remote"]["unsynced"]),
        (&third.json["run_id"], &Value::Bool(false))
    );
    let shown = one
        .start(&["state", "--output", "table"])
        .wait_with_output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("s3://team/rocky/state/state.redb"), "{shown}");
}

#[test]
fn another_s3_server_and_a_profile() {
    let server = moto();
    let mut machine = Machine::s3(server.port, "s3_prefix = \"a/b\"\n");
    machine.set("AWS_ACCESS_KEY_ID", "");
    machine.set("AWS_ENDPOINT_URL_S3", "");
    machine.set("AWS_PROFILE", "work");
    machine.write(
        ".aws/credentials",
        "[work]\naws_access_key_id = K\naws_secret_access_key = S#T\n",
    );
    machine.write(
        ".aws/config",
        &format!(
            "[profile work]\nregion = eu-west-1\nendpoint_url = http://127.0.0.1:{}\n",
            server.port
        ),
    );
    let first = machine.run().ok();
    assert_eq!(first.json["remote_state"]["location"], "s3://team/a/b/state.redb");
    machine.forget();
    let second = machine.run().ok();
    assert_eq!(machine.history(), [second.id(), first.id()]);
}

#[test]
fn credentials_are_needed_and_never_told() {
    let server = s3s();
    let mut machine = Machine::s3(server.port, "");
    machine.set("AWS_SECRET_ACCESS_KEY", "wrong-but-secret-too");
    let refused = machine.run();
    assert!(!format!("{refused:?}").contains("wrong-but"));
    let message = refused.refused();
    assert!(message.contains("HTTP 403 SignatureDoesNotMatch"), "{message}");
    machine.set("AWS_SECRET_ACCESS_KEY", "");
    let message = machine.run().refused();
    assert!(
        message.contains("no AWS credentials were found | set AWS_ACCESS_KEY_ID"),
        "{message}"
    );
    machine.set("AWS_PROFILE", "nobody");
    let message = machine.run().refused();
    assert!(
        message.contains("AWS_PROFILE names the profile `nobody`"),
        "{message}"
    );
    // Nothing was made.
    assert!(!machine.path("w.duckdb").exists());
}

#[test]
fn what_is_not_proved_to_be_absent_stops_the_run() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    let first = machine.run().ok();
    machine.forget();
    let denied = "<Error><Code>AccessDenied</Code><Message>x</Message></Error>";
    let cases: &[(Fault, &str)] = &[
        (Fault::Answer(500, ""), "HTTP 500 (4 attempts)"),
        (
            Fault::Answer(503, "<Error><Code>SlowDown</Code></Error>"),
            "HTTP 503 SlowDown (4 attempts)",
        ),
        (Fault::Answer(403, denied), "HTTP 403 AccessDenied |"),
        (
            Fault::Answer(404, "<html>404</html>"),
            "the answer does not say that the object is missing",
        ),
        (
            Fault::Answer(404, "<Error><Code>NoSuchBucket</Code></Error>"),
            "make the bucket, or correct `state.s3_bucket`",
        ),
        (Fault::Answer(301, ""), "set AWS_REGION"),
        (Fault::Drop, "(4 attempts)"),
        (Fault::Half, "the connection was cut (4 attempts)"),
    ];
    for (fault, expected) in cases {
        proxy.fail(&["GET", "state.redb "], fault.clone(), 99);
        let message = machine.run().refused();
        assert!(
            message.contains("reading it:") && message.contains(expected),
            "{fault:?}: {message}"
        );
        assert!(!machine.path("w.duckdb").exists(), "{fault:?}");
        proxy.heal();
    }
    // Bytes that were changed where they lie.
    let path = object(&server);
    let good = std::fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[5000] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    let message = machine.run().refused();
    assert!(message.contains("the bytes are not those that run"), "{message}");
    std::fs::write(&path, &good).unwrap();
    // Each of them once is nothing.
    for fault in [Fault::Answer(500, ""), Fault::Drop, Fault::Half] {
        proxy.fail(&["GET", "state.redb "], fault, 1);
    }
    let second = machine.run().ok();
    assert_eq!(machine.history(), [second.id(), first.id()]);
}

#[test]
fn a_stalled_endpoint_ends_the_run_in_time() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    machine.state(&format!("backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\ntransfer_timeout_seconds = 2\nretry = {{ max_retries = 1 }}\n"));
    proxy.fail(&["GET", "state.redb "], Fault::Stall, 99);
    let begin = Instant::now();
    let message = machine.run().refused();
    assert!(
        message.contains("no answer in time") || message.contains("no complete answer in time"),
        "{message}"
    );
    assert!(
        begin.elapsed() < Duration::from_secs(240),
        "{:?}",
        begin.elapsed()
    );
    // A person who waits can stop it at once.
    machine.state(&format!("backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\n"));
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    proxy.wait_until_stalled();
    let begin = Instant::now();
    kill_softly(&child);
    let ran = Ran::of(child);
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    assert!(
        begin.elapsed() < Duration::from_secs(240),
        "{:?}",
        begin.elapsed()
    );
}

fn kill_softly(child: &std::process::Child) {
    let done = std::process::Command::new("kill")
        .arg(child.id().to_string())
        .status()
        .unwrap();
    assert!(done.success());
}

#[test]
fn an_upload_whose_answer_is_lost_is_recognised() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    machine.run().ok();
    for fault in [Fault::CutAfter, Fault::Answer(500, ""), Fault::Drop] {
        let before = machine.history().len() as u64;
        proxy.fail(&["PUT", "state.redb "], fault, 1);
        let ran = machine.run().ok();
        assert_eq!((ran.generation(), ran.warnings().as_str()), (before + 1, ""));
    }
    // With an answer that never comes, within the time that is given.
    proxy.fail(&["PUT", "state.redb "], Fault::StallAfter, 1);
    let ran = machine.run().ok();
    assert_eq!(ran.generation(), 5);
    assert_eq!(machine.history_of(Some(&object(&server))).len(), 5);
}

#[test]
fn an_acknowledgement_that_is_a_lie_is_found_out() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    let first = machine.run().ok();
    proxy.fail(&["PUT", "state.redb "], Fault::Answer(200, ""), 2);
    let second = machine.run().ok();
    assert_eq!(
        machine.history_of(Some(&object(&server))),
        [second.id(), first.id()]
    );
    proxy.fail(&["PUT", "state.redb "], Fault::Answer(200, ""), 99);
    let third = machine.run();
    let message = third.not_uploaded();
    assert!(
        message.contains(
            "was not uploaded: the write was acknowledged, and the place does not have it (4 attempts)"
        ),
        "{message}"
    );
    assert!(
        message.contains("the next run on this machine brings it there"),
        "{message}"
    );
    assert_eq!(
        (
            third.json["status"].as_str(),
            third.json["tables_copied"].as_u64()
        ),
        (Some("Success"), Some(1))
    );
    assert!(
        third.json["state_error"]
            .as_str()
            .unwrap()
            .contains("was not uploaded")
    );
    let state = machine.rocky(&["state"]).json;
    assert_eq!(state["remote"]["unsynced"], true);
    assert!(
        state["remote"]["last_error"]
            .as_str()
            .unwrap()
            .contains("acknowledged")
    );
    proxy.heal();
    let fourth = machine.run().ok();
    let all = [fourth.id(), third.id(), second.id(), first.id()];
    assert_eq!(machine.history_of(Some(&object(&server))), all);
}

#[test]
fn a_failed_upload_may_be_a_warning() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "on_upload_failure = \"skip\"\n");
    proxy.fail(&["PUT", "state.redb "], Fault::Answer(500, ""), 99);
    let ran = machine.run();
    assert_eq!(
        (ran.code, &ran.json["state_error"]),
        (Some(0), &Value::Null),
        "{ran:#?}"
    );
    assert_eq!(ran.json["remote_state"]["uploaded"], false);
    assert!(
        ran.stderr.contains("was not uploaded: HTTP 500 (4 attempts)"),
        "{}",
        ran.stderr
    );
    proxy.heal();
    let next = machine.run().ok();
    assert_eq!(machine.history_of(Some(&object(&server))), [next.id(), ran.id()]);
}

#[test]
fn a_write_that_the_store_loses_comes_back_from_the_machine_that_made_it() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    let first = machine.run().ok();
    let older = Restore::of(&server);
    let second = machine.run().ok();
    // Between runs: the bucket is what it was a run ago.
    older.call();
    assert_eq!(machine.history_of(Some(&object(&server))), [first.id()]);
    let third = machine.run().ok();
    assert!(
        third
            .warnings()
            .contains("has an older state than the local file"),
        "{}",
        third.warnings()
    );
    assert_eq!(
        machine.history_of(Some(&object(&server))),
        [third.id(), second.id(), first.id()]
    );
    // Within a run: acknowledged, done, and gone again.
    let before = Restore::of(&server);
    proxy.fail(
        &["PUT", "state.redb "],
        Fault::Then(std::sync::Arc::new(before)),
        1,
    );
    let fourth = machine.run().ok();
    assert_eq!(machine.history_of(Some(&object(&server))).len(), 4);
    // The bucket is emptied.
    std::fs::remove_file(object(&server)).unwrap();
    let fifth = machine.run().ok();
    assert!(
        fifth.warnings().contains("had a state once and has none now"),
        "{}",
        fifth.warnings()
    );
    assert_eq!(
        machine.history_of(Some(&object(&server)))[..2],
        [fifth.id(), fourth.id()]
    );
}

#[test]
fn a_run_does_not_overwrite_what_another_wrote_meanwhile() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let one = Machine::s3(proxy.port, "");
    let first = one.run().ok();
    // A writer that minds no lease, while the first machine's upload hangs.
    proxy.fail(&["PUT", "state.redb "], Fault::Stall, 1);
    let child = one.start(&["run"]);
    proxy.wait_until_stalled();
    let rude = Machine::s3(server.port, "concurrency_control = \"off\"\n");
    let other = rude.run().ok();
    let ran = Ran::of(child).ok();
    let warnings = ran.warnings();
    assert!(
        warnings.contains(&format!("run `{}` on", other.id())),
        "{warnings}"
    );
    assert!(warnings.contains("both states were put together"), "{warnings}");
    let mut there = one.history_of(Some(&object(&server)));
    there.sort();
    let mut all = [first.id(), ran.id(), other.id()];
    all.sort();
    assert_eq!(there, all);
}

#[test]
fn what_cannot_be_put_together_is_left_as_it_is() {
    // moto does not check signatures, so anybody can write.
    let server = moto();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    machine.run().ok();
    proxy.fail(&["PUT", "state.redb "], Fault::Stall, 1);
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    let path = format!(
        "/{BUCKET}/{PREFIX}state.redb HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
         Authorization: AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x\r\n"
    );
    let answer = http(
        server.port,
        &format!("PUT {path}Content-Length: 14\r\n\r\nsomething else"),
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let ran = Ran::of(child);
    let message = ran.not_uploaded();
    assert!(
        message.contains("something else than rocky has written it meanwhile"),
        "{message}"
    );
    assert!(message.contains("remote state store s3://"), "{message}");
    assert_eq!(
        (machine.history().len(), machine.history()[0].clone()),
        (2, ran.id())
    );
    let message = machine.run().refused();
    assert!(message.contains("it is not a state store"), "{message}");
}

#[test]
fn two_runs_at_once_do_not_use_one_state() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let one = Machine::s3(proxy.port, "");
    proxy.fail(&["PUT", "state.redb "], Fault::StallAfter, 1);
    let child = one.start(&["run"]);
    proxy.wait_until_stalled();
    // The first is alive and renews its lease.
    let two = Machine::s3(server.port, "");
    let message = two.run().refused();
    assert!(
        message.contains("is using it | wait until that run has ended, or set `state.lease_wait_seconds`"),
        "{message}"
    );
    assert!(!two.path("w.duckdb").exists());
    // Who waits gets it.
    two.state(&format!(
        "backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\nlease_seconds = 6\nlease_wait_seconds = 120\n"
    ));
    let second = two.run().ok();
    let first = Ran::of(child).ok();
    assert_eq!(two.history(), [second.id(), first.id()]);
}

#[test]
fn after_a_kill_the_next_run_goes_on() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    let first = machine.run().ok();
    // Killed when its tables are written and its state is not there.
    proxy.fail(&["PUT", "state.redb "], Fault::Stall, 1);
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    kill(child, 9);
    assert_eq!(machine.history_of(Some(&object(&server))), [first.id()]);
    // Of a dead process of this machine nobody waits for the lease.
    let third = machine.run().ok();
    assert!(
        !third.stderr.contains("waiting for the lease"),
        "{}",
        third.stderr
    );
    let there = machine.history_of(Some(&object(&server)));
    assert_eq!((there.len(), &there[0], &there[2]), (3, &third.id(), &first.id()));
    // Killed after its state arrived, before it knew.
    proxy.fail(&["PUT", "state.redb "], Fault::StallAfter, 1);
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    kill(child, 9);
    assert_eq!(machine.history_of(Some(&object(&server))).len(), 4);
    // Another machine goes on from there, then the first one does.
    let other = Machine::s3(server.port, "");
    let fifth = other.run().ok();
    assert_eq!(other.history().len(), 5);
    let sixth = machine.run().ok();
    assert_eq!(machine.history()[..2], [sixth.id(), fifth.id()]);
    assert_eq!(machine.history().len(), 6);
    // Killed between download and upload: the others miss its run, nothing more.
    proxy.fail(&["PUT", "state.redb "], Fault::Stall, 1);
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    kill(child, 9);
    let eighth = other.run().ok();
    assert_eq!(other.history()[..2], [eighth.id(), sixth.id()]);
    // The machine comes back with a run that nobody else knows: now everybody does.
    let ninth = machine.run().ok();
    assert!(
        ninth.warnings().contains("both were put together"),
        "{}",
        ninth.warnings()
    );
    assert_eq!(machine.history()[..2], [ninth.id(), eighth.id()]);
    assert_eq!(machine.history_of(Some(&object(&server))).len(), 9);
    assert!(machine.unsynced().is_empty());
}

#[test]
fn a_lease_of_a_machine_that_is_gone_runs_out() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    machine.run().ok();
    proxy.fail(&["PUT", "state.redb "], Fault::Stall, 1);
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    kill(child, 9);
    // As if it had been another machine: nothing of this one proves that it is dead.
    let path = server
        .dir
        .path()
        .join(BUCKET)
        .join(PREFIX)
        .join("state.redb.lock");
    let mut record = lock(&server);
    record["holder"]["process"] = Value::Null;
    record["holder"]["host"] = Value::from("elsewhere");
    std::fs::write(&path, serde_json::to_vec(&record).unwrap()).unwrap();
    let other = Machine::s3(server.port, "");
    let begin = Instant::now();
    let ran = other.run().ok();
    assert!(
        ran.stderr
            .contains("waiting for the lease of the remote state, which run"),
        "{}",
        ran.stderr
    );
    assert!(
        begin.elapsed() < Duration::from_secs(120),
        "{:?}",
        begin.elapsed()
    );
    // Taking over changed the object, so that a late write of the other would have been refused.
    assert_eq!(ran.generation(), 3);
}

#[test]
fn a_cancelled_and_a_failed_run_leave_their_state_there() {
    let server = s3s();
    let machine = Machine::s3(server.port, "");
    machine.write("models/a.sql", "SELECT error('no') AS id");
    let failed = machine.run();
    assert_eq!(
        (failed.code, &failed.json["remote_state"]["uploaded"]),
        (Some(1), &Value::Bool(true)),
        "{failed:#?}"
    );
    assert_eq!(machine.history_of(Some(&object(&server))), [failed.id()]);
    // A run that is refused for its models changes nothing and gives the lease back.
    machine.write("models/a.sql", "SELECT nothing AS id FROM (SELECT 1 AS x)");
    let refused = machine.run();
    assert_eq!(
        (refused.code, refused.json["has_errors"].as_bool()),
        (Some(1), Some(true))
    );
    assert_eq!(refused.generation(), 1);
    assert_eq!(lock(&server)["token"], Value::Null);
    machine.write(
        "models/a.sql",
        "SELECT max(md5(i::VARCHAR)) AS x FROM range(2000000000) t(i)",
    );
    let child = machine.start(&["run"]);
    let begin = Instant::now();
    while machine.history().len() < 2 {
        assert!(begin.elapsed() < Duration::from_secs(240));
        std::thread::sleep(Duration::from_millis(50));
    }
    kill_softly(&child);
    let ran = Ran::of(child);
    assert_eq!(
        (
            ran.code,
            &ran.json["interrupted"],
            &ran.json["remote_state"]["uploaded"]
        ),
        (Some(130), &Value::Bool(true), &Value::Bool(true)),
        "{ran:#?}"
    );
    assert_eq!(
        machine.history_of(Some(&object(&server))),
        [ran.id(), failed.id()]
    );
    assert_eq!(lock(&server)["token"], Value::Null);
}

#[test]
fn a_long_run_is_uploaded_while_it_goes_on() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    machine.state(&format!(
        "backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\nupload_interval_seconds = 1\nlease_seconds = 6\n"
    ));
    machine.write(
        "models/a.sql",
        "SELECT max(md5(i::VARCHAR)) AS x FROM range(2000000000) t(i)",
    );
    let child = machine.start(&["run"]);
    let begin = Instant::now();
    while proxy.count(&["PUT", "state.redb "]) < 3 {
        assert!(begin.elapsed() < Duration::from_secs(240), "{:#?}", proxy.log());
        std::thread::sleep(Duration::from_millis(50));
    }
    // Each of them is a whole state, in which the run has begun and not ended.
    let runs = machine.history_of(Some(&object(&server)));
    assert_eq!(runs.len(), 1);
    kill(child, 9);
    let other = Machine::s3(server.port, "");
    other.run().ok();
    assert_eq!(other.history()[1..], runs);
}

#[test]
fn an_endpoint_that_ignores_conditions_is_refused() {
    // moto does not check signatures, so that headers can be taken away.
    let server = moto();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    proxy.fail(&["PUT", "if-none-match"], Fault::Unconditional, 99);
    proxy.fail(&["PUT", "if-match"], Fault::Unconditional, 99);
    let message = machine.run().refused();
    assert!(
        message.contains("the endpoint ignores the conditions of writes"),
        "{message}"
    );
    assert!(
        message.contains("`state.concurrency_control = \"off\"`"),
        "{message}"
    );
    let machine = Machine::s3(proxy.port, "concurrency_control = \"off\"\n");
    machine.run().ok();
    machine.run().ok();
    assert_eq!(proxy.count(&["lock", "PUT", "if-match"]), 0);
}

#[test]
fn a_lease_that_is_lost_stops_the_writing() {
    let server = s3s();
    let proxy = Proxy::http(server.port);
    let machine = Machine::s3(proxy.port, "");
    let first = machine.run().ok();
    machine.write(
        "models/a.sql",
        "SELECT max(md5(i::VARCHAR)) AS x FROM range(2000000000) t(i)",
    );
    let child = machine.start(&["run"]);
    let begin = Instant::now();
    while machine.history().len() < 2 {
        assert!(begin.elapsed() < Duration::from_secs(240));
        std::thread::sleep(Duration::from_millis(50));
    }
    // While a renewal hangs, somebody breaks the lock and takes the lease. The next renewal sees it.
    proxy.fail(&["GET", "lock "], Fault::Stall, 1);
    proxy.wait_until_stalled();
    let path = server
        .dir
        .path()
        .join(BUCKET)
        .join(PREFIX)
        .join("state.redb.lock");
    let mut record = lock(&server);
    record["token"] = Value::from("another");
    std::fs::write(&path, serde_json::to_vec(&record).unwrap()).unwrap();
    let asked = proxy.count(&["GET", "lock "]);
    while proxy.count(&["GET", "lock "]) == asked {
        assert!(begin.elapsed() < Duration::from_secs(240));
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(300));
    kill_softly(&child);
    let ran = Ran::of(child);
    assert_eq!(ran.code, Some(130), "{ran:#?}");
    let remote = &ran.json["remote_state"];
    assert_eq!(remote["uploaded"], false);
    assert!(
        remote["error"]
            .as_str()
            .unwrap()
            .contains("another run has taken the lease"),
        "{remote}"
    );
    assert_eq!(machine.history_of(Some(&object(&server))), [first.id()]);
    assert_eq!(lock(&server)["token"], "another");
}

#[test]
fn a_state_that_is_not_ours_is_left_as_it_is() {
    let server = s3s();
    let machine = Machine::s3(server.port, "");
    let path = object(&server);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    for bytes in [&b"something else"[..], b""] {
        std::fs::write(&path, bytes).unwrap();
        let message = machine.run().refused();
        assert!(
            message.contains("remote state store s3://team/rocky/state/state.redb"),
            "{message}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        assert!(!machine.path(".rocky-state.redb").exists() || machine.history().is_empty());
    }
    assert!(!machine.path("w.duckdb").exists());
}

#[test]
fn a_disk_that_is_full_while_the_state_is_downloaded_loses_nothing() {
    let server = s3s();
    let machine = Machine::s3(server.port, "");
    let first = machine.run().ok();
    // One machine has nothing yet, the other an older state.
    let (fresh, behind) = (Machine::s3(server.port, ""), Machine::s3(server.port, ""));
    let second = behind.run().ok();
    let third = machine.run().ok();
    let there = std::fs::read(object(&server)).unwrap();
    for (machine, known) in [(&fresh, vec![]), (&behind, vec![second.id(), first.id()])] {
        let before = machine.files();
        for share in [64, 8, 3] {
            let ran = machine.run_with_room_for(there.len() as u64 / 512 / share);
            let message = ran.refused();
            assert!(
                message.contains("remote state s3://team/rocky/state/state.redb was read, and there is no place for it here: ")
                    && message.contains("File too large")
                    && message.contains("| make room beside the state file"),
                "{message}"
            );
            assert_eq!(std::fs::read(object(&server)).unwrap(), there);
            assert_eq!(lock(&server)["token"], Value::Null, "the lease is given back");
            // No half of a file is left, and nothing was run.
            let left: Vec<String> = machine.files();
            assert!(left.iter().all(|f| !f.contains(".tmp")), "{left:?}");
            assert!(!known.is_empty() || !machine.path("w.duckdb").exists());
            assert!(before.iter().all(|f| left.contains(f)));
            match known.is_empty() {
                true => assert!(!machine.path(".rocky-state.redb").exists() || machine.history().is_empty()),
                false => assert_eq!(machine.history(), known),
            }
        }
    }
    // With room all of it goes on.
    let fourth = fresh.run().ok();
    let ids = [&fourth, &third, &second, &first].map(Ran::id);
    assert_eq!(fresh.history(), ids);
    let fifth = behind.run().ok();
    assert_eq!(behind.history()[0], fifth.id());
    assert_eq!(behind.history()[1..], ids);
}

#[test]
fn a_project_that_ran_alone_brings_its_state_along() {
    let server = s3s();
    let machine = Machine::s3(server.port, "");
    machine.state("backend = \"local\"");
    let alone = machine.run();
    assert_eq!((alone.code, &alone.json["remote_state"]), (Some(0), &Value::Null));
    machine.state(&format!(
        "backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\n{}",
        crate::machine::QUICK
    ));
    let second = machine.run().ok();
    assert_eq!(
        machine.history_of(Some(&object(&server))),
        [second.id(), alone.id()]
    );
    // Where there is one already, the machine's own is kept aside.
    let other = Machine::s3(server.port, "");
    other.state("backend = \"local\"");
    let own = other.run();
    other.state(&format!(
        "backend = \"s3\"\ns3_bucket = \"{BUCKET}\"\n{}",
        crate::machine::QUICK
    ));
    let third = other.run().ok();
    assert!(
        third.warnings().contains("it was kept as"),
        "{}",
        third.warnings()
    );
    assert_eq!(other.history(), [third.id(), second.id(), alone.id()]);
    assert_eq!(other.history_of(Some(&other.unsynced()[0])), [own.id()]);
}

#[test]
fn the_configuration_must_say_where() {
    let machine = Machine::new("backend = \"s3\"");
    let ran = machine.run();
    assert_eq!(ran.code, Some(1));
    let text = ran.json.to_string();
    assert!(
        text.contains("missing key `s3_bucket` in `state`: backend `s3` needs it"),
        "{text}"
    );
    assert!(!text.contains(SECRET));
    let mut machine = Machine::s3(1, "");
    machine.set("AWS_ENDPOINT_URL_S3", "not an address");
    let message = machine.run().refused();
    assert!(message.contains("the S3 endpoint is not an address"), "{message}");
}
