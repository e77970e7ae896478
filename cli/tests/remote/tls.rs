//! Both kinds of places over TLS, with an authority that the machine is told of, and without.

use crate::machine::{Machine, QUICK};
use crate::servers::{BUCKET, PASSWORD, certificate, moto_tls, redis_tls};

#[test]
fn valkey_over_tls_trusts_the_systems_authorities() {
    let certificate = certificate();
    let server = redis_tls(certificate.path());
    let mut machine = Machine::new(&format!(
        "backend = \"valkey\"\nvalkey_url = \"rediss://:{PASSWORD}@127.0.0.1:{}/0\"\n{QUICK}",
        server.port
    ));
    let message = machine.run().refused();
    assert!(message.contains("certificate"), "{message}");
    machine.set(
        "SSL_CERT_FILE",
        &certificate.path().join("ca.pem").display().to_string(),
    );
    let first = machine.run().ok();
    machine.forget();
    let second = machine.run().ok();
    assert_eq!(machine.history(), [second.id(), first.id()]);
}

#[test]
fn s3_over_tls_trusts_the_authority_of_the_bundle() {
    let certificate = certificate();
    let server = moto_tls(certificate.path());
    let mut machine = Machine::s3(0, "");
    machine.set(
        "AWS_ENDPOINT_URL_S3",
        &format!("https://localhost:{}", server.port),
    );
    let message = machine.run().refused();
    assert!(
        message.contains("certificate") && message.contains("AWS_CA_BUNDLE"),
        "{message}"
    );
    machine.set(
        "AWS_CA_BUNDLE",
        &certificate.path().join("ca.pem").display().to_string(),
    );
    // Past TLS: the server answers that there is no bucket.
    let message = machine.run().refused();
    assert!(
        message.contains(&format!("s3://{BUCKET}/")) && message.contains("NoSuchBucket"),
        "{message}"
    );
}
