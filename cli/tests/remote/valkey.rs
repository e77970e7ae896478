//! Valkey and Redis.

use crate::machine::{Machine, QUICK, Ran, url};
use crate::proxy::{Fault, Proxy};
use crate::servers::{PASSWORD, redis};
use std::time::{Duration, Instant};

/// Only the script that writes has this.
const WRITE: &str = "'written'";
const READ: &str = "MGET";
const OBJECT: &str = "rocky:state:state.redb";
const LOCK: &str = "{rocky:state:state.redb}.lock";
const FENCE: &str = "{rocky:state:state.redb}.fence";

fn kill9(child: std::process::Child) {
    let done = std::process::Command::new("kill")
        .args(["-9", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(done.success());
    let _ = child.wait_with_output();
}

#[test]
fn machines_without_disks_share_one_history() {
    let server = redis();
    let one = Machine::valkey(server.port, "");
    let first = one.run().ok();
    assert_eq!(
        first.json["remote_state"]["location"],
        format!("valkey://127.0.0.1:{}/0/{OBJECT}", server.port)
    );
    let two = Machine::valkey(server.port, "");
    let second = two.run().ok();
    let third = one.run().ok();
    assert_eq!(one.history(), [third.id(), second.id(), first.id()]);
    assert_eq!((third.generation(), third.warnings().as_str()), (3, ""));
    // The lease was given back, and its number has grown.
    assert_eq!(server.redis(&["EXISTS", LOCK]), ":0\r\n");
    assert_eq!(server.redis(&["GET", FENCE]), "$1\r\n3\r\n");
    let other = Machine::valkey(server.port, "valkey_prefix = \"other:\"\n");
    let alone = other.run().ok();
    assert_eq!(other.history(), [alone.id()]);
}

#[test]
fn hooks_are_told_once_of_each_upload() {
    let server = redis();
    let machine = Machine::valkey(
        server.port,
        "[hook.state_synced]\ncommand = \"echo synced >> told\"\n",
    );
    for runs in 1..=2 {
        machine.run().ok();
        let told = std::fs::read_to_string(machine.path("told")).unwrap();
        assert_eq!(told.lines().count(), runs, "{told}");
    }
}

#[test]
fn a_password_is_needed_and_never_told() {
    let server = redis();
    let machine = Machine::valkey(server.port, "");
    let state = |url: &str| machine.state(&format!("backend = \"valkey\"\nvalkey_url = \"{url}\"\n{QUICK}"));
    for (url, expected) in [
        (format!("redis://127.0.0.1:{}", server.port), "NOAUTH"),
        (
            format!("redis://:not-the-one@127.0.0.1:{}", server.port),
            "user and password in `state.valkey_url`",
        ),
        (
            format!("http://:not-the-one@127.0.0.1:{}", server.port),
            "is not an address of Valkey or Redis",
        ),
        (
            "rediss://:not-the-one@[".to_owned(),
            "is not an address of Valkey or Redis",
        ),
    ] {
        state(&url);
        let ran = machine.run();
        assert!(!format!("{ran:?}").contains("not-the-one"), "{ran:?}");
        let message = ran.refused();
        assert!(message.contains(expected), "{url}: {message}");
    }
    assert!(!machine.path("w.duckdb").exists());
    // Nor by a variable, nor anywhere else.
    machine.state(&format!(
        "backend = \"valkey\"\nvalkey_url = \"${{VALKEY_URL}}\"\n{QUICK}"
    ));
    let mut machine = machine;
    machine.set(
        "VALKEY_URL",
        &format!("redis://:{PASSWORD}@127.0.0.1:{}/0", server.port),
    );
    machine.run().ok();
    for args in [&["state"][..], &["history"], &["validate"], &["compile"]] {
        machine.rocky(args);
    }
    for file in machine.files().iter().filter(|f| f.starts_with(".rocky-state")) {
        let bytes = std::fs::read(machine.path(file)).unwrap();
        assert!(
            !bytes.windows(PASSWORD.len()).any(|w| w == PASSWORD.as_bytes()),
            "{file}"
        );
    }
}

#[test]
fn what_is_not_proved_to_be_absent_stops_the_run() {
    let server = redis();
    let proxy = Proxy::redis(server.port);
    let machine = Machine::valkey(proxy.port, "");
    let first = machine.run().ok();
    machine.forget();
    for (fault, expected) in [
        (Fault::Drop, "(4 attempts)"),
        (Fault::CutAfter, "(4 attempts)"),
        (
            Fault::Answer(0, "-LOADING Redis is loading the dataset in memory\r\n"),
            "LOADING",
        ),
        (Fault::Answer(0, "-NOPERM no permission\r\n"), "NOPERM"),
        (Fault::Answer(0, "gibberish\r\n"), "reading it"),
    ] {
        proxy.fail(&[READ], fault.clone(), 99);
        let message = machine.run().refused();
        assert!(
            message.contains("reading it:") && message.contains(expected),
            "{fault:?}: {message}"
        );
        assert!(!machine.path("w.duckdb").exists());
        proxy.heal();
    }
    machine.state(&format!(
        "backend = \"valkey\"\n{}transfer_timeout_seconds = 2\nretry = {{ max_retries = 1 }}\n",
        url(proxy.port)
    ));
    proxy.fail(&[READ], Fault::Stall, 99);
    let begin = Instant::now();
    machine.run().refused();
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
    proxy.heal();
    let second = machine.run().ok();
    assert_eq!(machine.history(), [second.id(), first.id()]);
    // A value that something else wrote, and that is no state.
    server.redis(&["SET", OBJECT, "something"]);
    let message = machine.run().refused();
    assert!(message.contains("remote state store valkey://"), "{message}");
    assert_eq!(server.redis(&["GET", OBJECT]), "$9\r\nsomething\r\n");
    // A server that is not there.
    machine.state(&format!("backend = \"valkey\"\n{}{QUICK}", url(1)));
    let message = machine.run().refused();
    assert!(
        message.contains("taking the lease") && message.contains("refused"),
        "{message}"
    );
}

#[test]
fn an_upload_whose_answer_is_lost_is_recognised_and_a_lie_found_out() {
    let server = redis();
    let proxy = Proxy::redis(server.port);
    let machine = Machine::valkey(proxy.port, "");
    machine.run().ok();
    for fault in [
        Fault::CutAfter,
        Fault::Drop,
        Fault::Answer(0, "$7\r\nwritten\r\n"),
    ] {
        let before = machine.history().len() as u64;
        proxy.fail(&[WRITE], fault, 1);
        let ran = machine.run().ok();
        assert_eq!((ran.generation(), ran.warnings().as_str()), (before + 1, ""));
    }
    proxy.fail(&[WRITE], Fault::Answer(0, "$7\r\nwritten\r\n"), 99);
    let lied = machine.run();
    let message = lied.not_uploaded();
    assert!(
        message.contains("acknowledged, and the place does not have it"),
        "{message}"
    );
    proxy.heal();
    machine.run().ok();
    let fresh = Machine::valkey(server.port, "");
    fresh.run().ok();
    assert_eq!(fresh.history().len(), 7);
    assert!(fresh.history().contains(&lied.id()));
    // Full: refused, and said.
    proxy.fail(
        &[WRITE],
        Fault::Answer(0, "-OOM command not allowed when used memory > 'maxmemory'.\r\n"),
        99,
    );
    let message = machine.run().not_uploaded();
    assert!(
        message.contains("OOM") && message.contains("give it memory"),
        "{message}"
    );
}

#[test]
fn two_runs_at_once_do_not_use_one_state() {
    let server = redis();
    let proxy = Proxy::redis(server.port);
    let one = Machine::valkey(proxy.port, "");
    proxy.fail(&[WRITE], Fault::StallAfter, 1);
    let child = one.start(&["run"]);
    proxy.wait_until_stalled();
    let two = Machine::valkey(server.port, "");
    let message = two.run().refused();
    assert!(message.contains("is using it"), "{message}");
    two.state(&format!(
        "backend = \"valkey\"\n{}lease_wait_seconds = 120\nlease_seconds = 6\n",
        url(server.port)
    ));
    let second = two.run().ok();
    let first = Ran::of(child).ok();
    assert_eq!(two.history(), [second.id(), first.id()]);
}

#[test]
fn after_a_kill_the_next_run_goes_on() {
    let server = redis();
    let proxy = Proxy::redis(server.port);
    let machine = Machine::valkey(proxy.port, "");
    let first = machine.run().ok();
    proxy.fail(&[WRITE], Fault::Stall, 1);
    let child = machine.start(&["run"]);
    proxy.wait_until_stalled();
    kill9(child);
    let third = machine.run().ok();
    assert!(
        !third.stderr.contains("waiting for the lease"),
        "{}",
        third.stderr
    );
    assert_eq!(machine.history().len(), 3);
    let other = Machine::valkey(server.port, "");
    other.run().ok();
    assert_eq!(
        (other.history().len(), &other.history()[3], &other.history()[1]),
        (4, &first.id(), &third.id())
    );
}

#[test]
fn a_run_whose_lease_was_taken_is_fenced_off() {
    let server = redis();
    let proxy = Proxy::redis(server.port);
    let one = Machine::valkey(proxy.port, "");
    let first = one.run().ok();
    // The first machine sleeps before its write; its lease runs out, and another run begins.
    proxy.fail(&[WRITE], Fault::Stall, 1);
    let child = one.start(&["run"]);
    proxy.wait_until_stalled();
    server.redis(&["SET", LOCK, "another"]);
    server.redis(&["INCR", FENCE]);
    let ran = Ran::of(child);
    let message = ran.not_uploaded();
    assert!(message.contains("another run has taken the lease"), "{message}");
    server.redis(&["DEL", LOCK]);
    // The other one has not written, so nothing is lost.
    let first = [one.run().ok().id(), ran.id(), first.id()];
    assert_eq!(one.history(), first);
    // It comes and goes.
    proxy.fail(&[WRITE], Fault::Stall, 1);
    let child = one.start(&["run"]);
    proxy.wait_until_stalled();
    server.redis(&["DEL", LOCK]);
    let two = Machine::valkey(server.port, "");
    let other = two.run().ok();
    let ran = Ran::of(child);
    let message = ran.not_uploaded();
    assert!(message.contains("another run has taken the lease"), "{message}");
    let fresh = Machine::valkey(server.port, "");
    let last = fresh.run().ok();
    assert_eq!(fresh.history()[..2], [last.id(), other.id()]);
    assert_eq!(fresh.history()[2..], first);
    // The next run of that machine brings what it remembered.
    let next = one.run().ok();
    assert!(
        next.warnings().contains("both were put together"),
        "{}",
        next.warnings()
    );
    assert_eq!(one.history().len(), 7);
    assert!(one.history().contains(&ran.id()));
}

#[test]
fn a_server_that_forgets_gets_the_state_back() {
    let server = redis();
    let machine = Machine::valkey(server.port, "");
    let first = machine.run().ok();
    server.redis(&["FLUSHALL"]);
    let second = machine.run().ok();
    assert!(
        second.warnings().contains("had a state once and has none now"),
        "{}",
        second.warnings()
    );
    let fresh = Machine::valkey(server.port, "");
    let third = fresh.run().ok();
    assert_eq!(fresh.history(), [third.id(), second.id(), first.id()]);
}
