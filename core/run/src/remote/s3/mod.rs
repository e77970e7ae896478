//! The state as an object of a bucket: Amazon S3 or anything that speaks its protocol, with conditional writes.
//!
//! The lease is an object beside it, `state.redb.lock`, changed by conditional writes only. How old it is follows from two
//! headers of one answer, `Date` and `Last-Modified`. Whether the place honours conditions at all is tried each time the
//! lease is taken: one that ignores them would let two runs overwrite each other in silence.
//! Protocol: docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html.

mod credentials;
mod profile;

use super::attempt::{Class, Failure, Limits};
use super::claim::{Claim, Grant, Holder, LockAnswer};
use super::http::{Answer, Http};
use super::object::{Condition, Found, Stamp, Upload, Version, Want};
use super::{Store, unusable};
use base64::Engine;
use credentials::Credentials;
use jiff::Timestamp;
use md5::{Digest, Md5};
use rocky_base::{Result, System};
use rusty_s3::actions::{GetObject, HeadObject, PutObject};
use rusty_s3::{Bucket, S3Action, UrlStyle};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Method;

const OBJECT: &str = "state.redb";
const LOCK: &str = "state.redb.lock";
const STAMP: &str = "x-amz-meta-rocky";
/// How long a signed address is good for; servers refuse clocks that are wrong by more than this.
const SIGNED_FOR: Duration = Duration::from_secs(900);
/// `Last-Modified` and `Date` count whole seconds.
const CLOCK_GRAIN: Duration = Duration::from_secs(2);

pub(super) struct S3 {
    place: String,
    bucket: Bucket,
    object: String,
    lock: String,
    controlled: bool,
    system: Arc<dyn System>,
    http: Http,
    credentials: Credentials,
}

/// The lock object.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct LockRecord {
    /// None when nobody has it.
    token: Option<String>,
    fence: u64,
    ttl_ms: u64,
    renewals: u64,
    /// The holder before had not given it back.
    took_over: bool,
    holder: Holder,
}

/// An exchange with the bucket.
struct Call<'a> {
    key: &'a str,
    body: Option<&'a [u8]>,
    headers: Vec<(&'static str, String)>,
}

impl S3 {
    pub fn new(bucket: &str, prefix: &str, controlled: bool, system: Arc<dyn System>) -> Result<S3> {
        let profile = profile::Profile::load(&*system)?;
        let env = |name: &str| system.env(name).filter(|value| !value.trim().is_empty());
        let region = env("AWS_REGION")
            .or_else(|| env("AWS_DEFAULT_REGION"))
            .or_else(|| profile.get("region"))
            .unwrap_or_else(|| "us-east-1".to_owned());
        let given = env("AWS_ENDPOINT_URL_S3")
            .or_else(|| env("AWS_ENDPOINT_URL"))
            .or_else(|| profile.get("endpoint_url"));
        let (endpoint, style) = match &given {
            Some(endpoint) => (endpoint.clone(), UrlStyle::Path),
            None => {
                let domain = if region.starts_with("cn-") {
                    "amazonaws.com.cn"
                } else {
                    "amazonaws.com"
                };
                // A bucket with dots has no certificate as a host.
                let style = if bucket.contains('.') {
                    UrlStyle::Path
                } else {
                    UrlStyle::VirtualHost
                };
                (format!("https://s3.{region}.{domain}"), style)
            }
        };
        let address = endpoint
            .parse()
            .map_err(|_| unusable("the S3 endpoint is not an address").hint(ENDPOINT_HINT))?;
        let made = Bucket::new(address, style, bucket.to_owned(), region.clone()).map_err(|_| {
            unusable("the S3 endpoint is not an address of http or https").hint(ENDPOINT_HINT)
        })?;
        let prefix = match prefix {
            "" => String::new(),
            prefix => format!("{}/", prefix.trim_matches('/')),
        };
        let http = Http::new(&*system)?;
        Ok(S3 {
            place: format!("s3://{bucket}/{prefix}{OBJECT}"),
            bucket: made,
            object: format!("{prefix}{OBJECT}"),
            lock: format!("{prefix}{LOCK}"),
            controlled,
            credentials: Credentials::new(profile, region, system.clone()),
            system,
            http,
        })
    }

    fn send(&self, method: Method, call: &Call<'_>, limits: &Limits) -> Result<Answer, Failure> {
        let credentials = self.credentials.get(&self.http, limits)?;
        let now = Timestamp::try_from(self.system.now()).unwrap_or_default();
        let url = {
            fn sign<'a>(
                mut action: impl S3Action<'a>,
                headers: &'a [(&'static str, String)],
                now: Timestamp,
            ) -> String {
                for (name, value) in headers {
                    action.headers_mut().insert(*name, value.as_str());
                }
                String::from(action.sign_with_time(SIGNED_FOR, &now))
            }
            let credentials = Some(&*credentials);
            match method {
                Method::PUT => sign(
                    PutObject::new(&self.bucket, credentials, call.key),
                    &call.headers,
                    now,
                ),
                Method::HEAD => sign(
                    HeadObject::new(&self.bucket, credentials, call.key),
                    &call.headers,
                    now,
                ),
                _ => sign(
                    GetObject::new(&self.bucket, credentials, call.key),
                    &call.headers,
                    now,
                ),
            }
        };
        let headers: Vec<(&str, &str)> = call.headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
        self.http.send(method, &url, &headers, call.body, limits)
    }

    /// The object of a key, with the answer. `None`: the bucket says that there is no such key.
    fn fetch(&self, key: &str, want: Want, limits: &Limits) -> Result<Option<Answer>, Failure> {
        let call = Call {
            key,
            body: None,
            headers: Vec::new(),
        };
        if want == Want::Stamp {
            let answer = self.send(Method::HEAD, &call, limits)?;
            // An answer to HEAD has no body: what was meant is asked for again below.
            if answer.status == 200 {
                return Ok(Some(answer));
            }
        }
        let answer = self.send(Method::GET, &call, limits)?;
        match answer.status {
            200 => Ok(Some(answer)),
            404 if error_code(&answer).as_deref() == Some("NoSuchKey") => Ok(None),
            _ => Err(self.refusal(&answer)),
        }
    }

    fn put(
        &self,
        key: &str,
        body: &[u8],
        stamp: Option<&Stamp>,
        condition: &Condition,
        limits: &Limits,
    ) -> Result<Option<String>, Failure> {
        let mut headers = vec![
            (
                "content-md5",
                base64::engine::general_purpose::STANDARD.encode(Md5::digest(body)),
            ),
            ("content-type", "application/octet-stream".to_owned()),
        ];
        match condition {
            Condition::Always => {}
            Condition::Absent => headers.push(("if-none-match", "*".to_owned())),
            Condition::Is(Version::Etag(etag)) => headers.push(("if-match", etag.clone())),
            Condition::Is(Version::Upload(_)) => {
                return Err(Failure::fatal(
                    "the version is not one of S3; this is a bug of rocky",
                ));
            }
        }
        if let Some(stamp) = stamp {
            headers.push((STAMP, stamp.to_line()));
        }
        let call = Call {
            key,
            body: Some(body),
            headers,
        };
        let answer = self.send(Method::PUT, &call, limits)?;
        match answer.status {
            200 | 201 | 204 => Ok(answer.header("etag").map(str::to_owned)),
            412 => Err(Failure::new(
                Class::Conflict,
                "the object is not the one that was read",
            )),
            404 if matches!(condition, Condition::Is(_))
                && error_code(&answer).as_deref() == Some("NoSuchKey") =>
            {
                Err(Failure::new(Class::Conflict, "the object is gone"))
            }
            _ => Err(self.refusal(&answer)),
        }
    }

    /// An answer that is neither what was asked for nor a failed condition.
    fn refusal(&self, answer: &Answer) -> Failure {
        let code = error_code(answer).unwrap_or_default();
        let text = match code.as_str() {
            "" => format!("HTTP {}", answer.status),
            code => format!("HTTP {} {code}", answer.status),
        };
        match (answer.status, code.as_str()) {
            (_, "ExpiredToken" | "TokenRefreshRequired" | "ExpiredTokenException") => {
                self.credentials.forget();
                Failure::transient(text).hint("renew the AWS credentials; they have expired")
            }
            (429 | 503, _) | (_, "SlowDown" | "TooManyRequests") => Failure {
                retry_after: answer.retry_after(),
                ..Failure::transient(text)
            },
            // 409: another conditional write of the same key is being decided.
            (408 | 409 | 500 | 502 | 504, _) | (_, "RequestTimeout" | "BadDigest" | "IncompleteBody") => Failure::transient(text),
            (301 | 307 | 308, _) | (_, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
                let hint = match answer.header("x-amz-bucket-region") {
                    Some(region) => format!("set AWS_REGION to {region}: the bucket is there"),
                    None => "set AWS_REGION to the region of the bucket".to_owned(),
                };
                Failure::fatal(text).hint(hint)
            }
            (_, "RequestTimeTooSkewed") => Failure::fatal(text).hint("set this machine's clock right"),
            (_, "NoSuchBucket") => Failure::fatal(text).hint("make the bucket, or correct `state.s3_bucket`"),
            (401 | 403, _) => Failure::fatal(text).hint(
                "the credentials need s3:GetObject and s3:PutObject on the objects and s3:ListBucket on the bucket (without it S3 does not say whether there is a state)",
            ),
            (501, _) => Failure::fatal(text).hint(CONDITIONS_HINT),
            (404, _) => Failure::fatal(format!("{text}: the answer does not say that the object is missing"))
                .hint("set AWS_ENDPOINT_URL_S3 to an S3 endpoint"),
            _ => Failure::fatal(text),
        }
    }

    fn put_lock(
        &self,
        record: &LockRecord,
        condition: &Condition,
        limits: &Limits,
    ) -> Result<Option<String>, Failure> {
        let body = serde_json::to_vec(record).map_err(|e| Failure::fatal(e.to_string()))?;
        self.put(&self.lock, &body, None, condition, limits)
    }

    fn read_lock(&self, limits: &Limits) -> Result<Option<(LockRecord, String, Duration)>, Failure> {
        let Some(answer) = self.fetch(&self.lock, Want::Body, limits)? else {
            return Ok(None);
        };
        let etag = answer.header("etag").unwrap_or_default().to_owned();
        let age = age(&answer).unwrap_or_default();
        let record = serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::fatal(format!("the lock object `{}` is not one of rocky's", self.lock))
                .hint("remove the lock object when no run is using the state")
        })?;
        Ok(Some((record, etag, age)))
    }

    /// Writes that must fail. A place where they do not is of no use for several runs.
    fn try_conditions(&self, record: &LockRecord, limits: &Limits) -> Result<(), Failure> {
        let wrong = Condition::Is(Version::Etag("\"00000000000000000000000000000000\"".to_owned()));
        for condition in [Condition::Absent, wrong] {
            match self.put_lock(record, &condition, limits) {
                Err(failure) if failure.class == Class::Conflict => {}
                Err(failure) => return Err(failure),
                Ok(_) => {
                    return Err(Failure::fatal(
                        "the endpoint ignores the conditions of writes, so two runs could overwrite each other",
                    )
                    .hint(CONDITIONS_HINT));
                }
            }
        }
        Ok(())
    }
}

const ENDPOINT_HINT: &str = "AWS_ENDPOINT_URL_S3 is like http://localhost:9000";
const CONDITIONS_HINT: &str = "use an endpoint with conditional writes (If-Match, If-None-Match), or set `state.concurrency_control = \"off\"` where only one run at a time writes the state";

impl Store for S3 {
    fn place(&self) -> &str {
        &self.place
    }

    fn read(&self, want: Want, limits: &Limits) -> Result<Option<Found>, Failure> {
        let Some(answer) = self.fetch(&self.object, want, limits)? else {
            return Ok(None);
        };
        let etag = match answer.header("etag") {
            Some(etag) => etag.to_owned(),
            None if !self.controlled => String::new(),
            None => return Err(Failure::fatal("the answer has no ETag").hint(CONDITIONS_HINT)),
        };
        Ok(Some(Found {
            version: Some(Version::Etag(etag)),
            stamp: answer.header(STAMP).and_then(Stamp::of_line),
            body: (want == Want::Body).then_some(answer.body),
        }))
    }

    fn write(&self, upload: &Upload, condition: &Condition, limits: &Limits) -> Result<(), Failure> {
        self.put(&self.object, &upload.body, Some(&upload.stamp), condition, limits)
            .map(drop)
    }

    fn lock(&self, claim: &Claim, limits: &Limits) -> Result<LockAnswer, Failure> {
        let found = self.read_lock(limits)?;
        let record = |fence: u64, took_over: bool| LockRecord {
            token: Some(claim.token.clone()),
            fence,
            ttl_ms: u64::try_from(claim.ttl.as_millis()).unwrap_or(u64::MAX),
            renewals: 0,
            took_over,
            holder: claim.holder.clone(),
        };
        let (wanted, condition) = match found {
            None => (record(1, false), Condition::Absent),
            Some((old, etag, age)) => {
                let ours = old.token.as_deref() == Some(&claim.token);
                let ttl = Duration::from_millis(old.ttl_ms) + CLOCK_GRAIN;
                if !ours && old.token.is_some() && age < ttl && !old.holder.is_dead() {
                    return Ok(LockAnswer::Held {
                        by: old.holder,
                        remaining: ttl - age,
                    });
                }
                // Our own lock object means that the answer to an attempt before was lost.
                let took_over = if ours { old.took_over } else { old.token.is_some() };
                (
                    record(old.fence.saturating_add(1), took_over),
                    Condition::Is(Version::Etag(etag)),
                )
            }
        };
        let version = match self.put_lock(&wanted, &condition, limits) {
            Ok(version) => version,
            // Somebody was faster: who, the next attempt says.
            Err(failure) if failure.class == Class::Conflict => {
                return Err(Failure::transient(
                    "another run took the lease at the same moment",
                ));
            }
            Err(failure) => return Err(failure),
        };
        self.try_conditions(&wanted, limits)?;
        Ok(LockAnswer::Granted(Grant {
            fence: wanted.fence,
            version,
            took_over: wanted.took_over,
        }))
    }

    fn renew(&self, grant: &Grant, claim: &Claim, limits: &Limits) -> Result<Option<Grant>, Failure> {
        let Some((mut record, etag, _)) = self.read_lock(limits)? else {
            return Ok(None);
        };
        if record.token.as_deref() != Some(&claim.token) {
            return Ok(None);
        }
        record.renewals += 1;
        match self.put_lock(&record, &Condition::Is(Version::Etag(etag)), limits) {
            Ok(version) => Ok(Some(Grant {
                version,
                ..grant.clone()
            })),
            Err(failure) if failure.class == Class::Conflict => {
                // Ours, answered late, or another's: the next attempt reads it again.
                Err(Failure::transient("the lock object changed under the renewal"))
            }
            Err(failure) => Err(failure),
        }
    }

    fn unlock(&self, _: &Grant, claim: &Claim, limits: &Limits) -> Result<(), Failure> {
        let Some((mut record, etag, _)) = self.read_lock(limits)? else {
            return Ok(());
        };
        if record.token.as_deref() != Some(&claim.token) {
            return Ok(());
        }
        // Not deleted: the fence must not begin again, and conditional deletes are rarer than conditional writes.
        record.token = None;
        match self.put_lock(&record, &Condition::Is(Version::Etag(etag)), limits) {
            Err(failure) if failure.class == Class::Conflict => Ok(()),
            result => result.map(drop),
        }
    }

    fn takeover_changes_the_object(&self) -> bool {
        true
    }
}

/// How long ago the object was written, by the server's own clock.
fn age(answer: &Answer) -> Option<Duration> {
    let time = |name| {
        let text = answer.header(name)?;
        jiff::fmt::rfc2822::parse(text).ok().map(|t| t.timestamp())
    };
    let seconds = time("date")?.as_second() - time("last-modified")?.as_second();
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// `<Error><Code>` of an answer's body.
fn error_code(answer: &Answer) -> Option<String> {
    let text = std::str::from_utf8(&answer.body).ok()?;
    let code = element(text, "Code")?;
    // Printed in messages: a code is a word.
    (code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '.')).then_some(code)
}

/// The text of the first element of a name.
fn element(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let node = document
        .descendants()
        .find(|n| n.has_tag_name(name) || n.tag_name().name() == name)?;
    node.text().map(str::to_owned)
}
