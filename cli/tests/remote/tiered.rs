//! A bucket behind Valkey.

use crate::machine::Machine;
use crate::proxy::{Fault, Proxy};
use crate::servers::{BUCKET, redis, s3s};

#[test]
fn valkey_is_read_first_and_either_may_be_behind() {
    let (bucket, cache) = (s3s(), redis());
    let proxy = Proxy::http(bucket.port);
    let one = Machine::tiered(proxy.port, cache.port, "");
    let first = one.run().ok();
    let location = first.json["remote_state"]["location"].as_str().unwrap();
    assert!(
        location.starts_with("s3://team/rocky/state/state.redb behind valkey://127.0.0.1:"),
        "{location}"
    );
    // Both have it: the bytes come from Valkey.
    let gets = proxy.count(&["GET", "state.redb "]);
    let two = Machine::tiered(proxy.port, cache.port, "");
    let second = two.run().ok();
    assert_eq!(two.history(), [second.id(), first.id()]);
    assert_eq!(proxy.count(&["GET", "state.redb "]), gets);
    // Valkey is empty: a local file masks nothing, the bucket has it.
    cache.redis(&["FLUSHALL"]);
    let third = one.run().ok();
    assert_eq!(one.history(), [third.id(), second.id(), first.id()]);
    assert_eq!(third.warnings(), "");
    // Valkey is behind: a run could not write there.
    let deaf = Proxy::redis(cache.port);
    deaf.fail(&["'written'"], Fault::Drop, 99);
    let three = Machine::tiered(proxy.port, deaf.port, "");
    let fourth = three.run().ok();
    assert!(
        fourth.warnings().contains("did not get its copy"),
        "{}",
        fourth.warnings()
    );
    let fifth = two.run().ok();
    assert_eq!(two.history()[..2], [fifth.id(), fourth.id()]);
    // The bucket is behind: it lost what it had said to have.
    let object = bucket.dir.path().join(BUCKET).join("rocky/state/state.redb");
    std::fs::remove_file(&object).unwrap();
    let fresh = Machine::tiered(proxy.port, cache.port, "");
    let sixth = fresh.run().ok();
    assert!(
        sixth.warnings().contains("has an older state than"),
        "{}",
        sixth.warnings()
    );
    assert_eq!(fresh.history().len(), 6);
    assert_eq!(fresh.history_of(Some(&object))[..2], [sixth.id(), fifth.id()]);
}

#[test]
fn a_valkey_that_is_away_is_a_warning_and_a_bucket_that_is_away_stops_the_run() {
    let (bucket, cache) = (s3s(), redis());
    let one = Machine::tiered(bucket.port, 1, "");
    let first = one.run().ok();
    assert!(
        first.warnings().contains("was not read: ") && first.warnings().contains("did not get its copy"),
        "{}",
        first.warnings()
    );
    let two = Machine::tiered(bucket.port, cache.port, "");
    let second = two.run().ok();
    assert_eq!(
        (two.history(), second.warnings().as_str()),
        (vec![second.id(), first.id()], "")
    );
    let three = Machine::tiered(1, cache.port, "");
    let message = three.run().refused();
    assert!(message.contains("taking the lease"), "{message}");
    assert!(!three.path("w.duckdb").exists());
}
