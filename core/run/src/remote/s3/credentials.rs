//! Where AWS credentials come from, in the order of the AWS tools: environment, web identity (IRSA), profile, container,
//! instance. Those that expire are fetched again before they do.
//!
//! What cannot be used (SSO, roles over other profiles) is refused with the setting that makes it usable.

use super::element;
use super::profile::Profile;
use crate::remote::attempt::{Failure, Limits};
use crate::remote::http::{Answer, Http};
use jiff::{SignedDuration, Timestamp};
use rocky_base::System;
use serde::Deserialize;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use ureq::http::Method;

type Keys = rusty_s3::Credentials;

/// Credentials are fetched again when they have no more than this left.
const REFRESH: SignedDuration = SignedDuration::from_mins(5);
/// Something on the machine itself answers at once, or is not there.
const LOCAL: Duration = Duration::from_secs(2);

/// The chain, and what it gave last.
pub(super) struct Credentials {
    profile: Profile,
    region: String,
    system: Arc<dyn System>,
    direct: Http,
    held: Mutex<Option<Held>>,
}

struct Held {
    keys: Arc<Keys>,
    expires: Option<Timestamp>,
}

/// As containers, instances and `credential_process` give them.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "SessionToken")]
    token: Option<String>,
    expiration: Option<String>,
}

impl Document {
    fn held(self) -> Held {
        Held {
            expires: self.expiration.and_then(|text| text.parse().ok()),
            keys: keys(self.access_key_id, self.secret_access_key, self.token),
        }
    }
}

fn keys(id: String, secret: String, token: Option<String>) -> Arc<Keys> {
    Arc::new(match token.filter(|t| !t.is_empty()) {
        Some(token) => Keys::new_with_token(id, secret, token),
        None => Keys::new(id, secret),
    })
}

impl Credentials {
    pub fn new(profile: Profile, region: String, system: Arc<dyn System>) -> Credentials {
        Credentials {
            profile,
            region,
            system,
            direct: Http::direct(),
            held: Mutex::new(None),
        }
    }

    /// The service says that they have expired.
    pub fn forget(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub fn get(&self, http: &Http, limits: &Limits) -> Result<Arc<Keys>, Failure> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Timestamp::try_from(self.system.now()).unwrap_or_default();
        let good = |held: &Held| {
            held.expires
                .is_none_or(|at| now < at.saturating_sub(REFRESH).unwrap_or(at))
        };
        if let Some(held) = held.as_ref().filter(|h| good(h)) {
            return Ok(held.keys.clone());
        }
        match self.fetch(http, limits) {
            Ok(fetched) => Ok(held.insert(fetched).keys.clone()),
            // Until they have really expired the old ones will do.
            Err(failure) => match held.as_ref().filter(|h| h.expires.is_none_or(|at| now < at)) {
                Some(held) => Ok(held.keys.clone()),
                None => Err(failure),
            },
        }
    }

    fn env(&self, name: &str) -> Option<String> {
        self.system.env(name).filter(|value| !value.trim().is_empty())
    }

    fn fetch(&self, http: &Http, limits: &Limits) -> Result<Held, Failure> {
        if let (Some(id), Some(secret)) = (self.env("AWS_ACCESS_KEY_ID"), self.env("AWS_SECRET_ACCESS_KEY")) {
            return Ok(Held {
                keys: keys(id, secret, self.env("AWS_SESSION_TOKEN")),
                expires: None,
            });
        }
        if let (Some(file), Some(role)) = (self.env("AWS_WEB_IDENTITY_TOKEN_FILE"), self.env("AWS_ROLE_ARN"))
        {
            let session = self.env("AWS_ROLE_SESSION_NAME");
            return self.web_identity(http, &file, &role, session, limits);
        }
        if let Some(held) = self.profile(http, limits)? {
            return Ok(held);
        }
        if let Some(held) = self.container(limits)? {
            return Ok(held);
        }
        if self
            .env("AWS_EC2_METADATA_DISABLED")
            .is_none_or(|v| !v.eq_ignore_ascii_case("true"))
            && let Some(held) = self.instance(limits)?
        {
            return Ok(held);
        }
        Err(Failure::fatal("no AWS credentials were found").hint(
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached",
        ))
    }

    fn profile(&self, http: &Http, limits: &Limits) -> Result<Option<Held>, Failure> {
        let profile = &self.profile;
        let name = &profile.name;
        if let (Some(id), Some(secret)) = (
            profile.get("aws_access_key_id"),
            profile.get("aws_secret_access_key"),
        ) {
            return Ok(Some(Held {
                keys: keys(id, secret, profile.get("aws_session_token")),
                expires: None,
            }));
        }
        if let Some(command) = profile.get("credential_process") {
            return process(&command, name).map(Some);
        }
        if let Some(role) = profile.get("role_arn") {
            if let Some(file) = profile.get("web_identity_token_file") {
                return self
                    .web_identity(http, &file, &role, profile.get("role_session_name"), limits)
                    .map(Some);
            }
            return Err(unsupported(
                name,
                "takes a role over another profile (`role_arn`)",
            ));
        }
        if profile
            .get("sso_session")
            .or_else(|| profile.get("sso_start_url"))
            .is_some()
        {
            return Err(unsupported(name, "signs in with SSO"));
        }
        Ok(None)
    }

    /// docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    fn web_identity(
        &self,
        http: &Http,
        file: &str,
        role: &str,
        session: Option<String>,
        limits: &Limits,
    ) -> Result<Held, Failure> {
        let token = self
            .system
            .read(Path::new(file))
            .map_err(|error| Failure::fatal(format!("the web identity token {file}: {error}")))?;
        let token = String::from_utf8_lossy(&token);
        let domain = if self.region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        };
        let endpoint = self
            .env("AWS_ENDPOINT_URL_STS")
            .unwrap_or_else(|| format!("https://sts.{}.{domain}", self.region));
        let session = session.unwrap_or_else(|| "rocky".to_owned());
        // In the body, where no log of addresses has it.
        let form = form(&[
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", role),
            ("RoleSessionName", &session),
            ("WebIdentityToken", token.trim()),
        ]);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = http
            .send(
                Method::POST,
                &format!("{}/", endpoint.trim_end_matches('/')),
                &headers,
                Some(form.as_bytes()),
                limits,
            )
            .map_err(|failure| told("AWS STS", failure))?;
        let refused = || {
            let code = super::error_code(&answer).unwrap_or_default();
            let text = format!(
                "AWS STS does not give credentials for the role: HTTP {} {code}",
                answer.status
            );
            if answer.status >= 500 || answer.status == 429 {
                Failure::transient(text.trim_end().to_owned())
            } else {
                Failure::fatal(text.trim_end().to_owned())
            }
        };
        if answer.status != 200 {
            return Err(refused());
        }
        let text = String::from_utf8_lossy(&answer.body);
        let field = |name| element(&text, name);
        match (field("AccessKeyId"), field("SecretAccessKey")) {
            (Some(id), Some(secret)) => Ok(Held {
                keys: keys(id, secret, field("SessionToken")),
                expires: field("Expiration").and_then(|t| t.parse().ok()),
            }),
            _ => Err(refused()),
        }
    }

    /// ECS and EKS pod identity: docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    fn container(&self, limits: &Limits) -> Result<Option<Held>, Failure> {
        let url = if let Some(path) = self.env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
            format!("http://169.254.170.2{path}")
        } else if let Some(url) = self.env("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            if !safe_container_address(&url) {
                return Err(Failure::fatal(
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor an address of this machine or of the container service",
                ));
            }
            url
        } else {
            return Ok(None);
        };
        let token = match self.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
            Some(file) => {
                let bytes = self.system.read(Path::new(&file)).map_err(|error| {
                    Failure::fatal(format!("the container's authorization token {file}: {error}"))
                })?;
                Some(String::from_utf8_lossy(&bytes).trim().to_owned())
            }
            None => self.env("AWS_CONTAINER_AUTHORIZATION_TOKEN"),
        };
        let headers: Vec<(&str, &str)> = token.iter().map(|t| ("authorization", t.as_str())).collect();
        let answer = self
            .direct
            .send(Method::GET, &url, &headers, None, limits)
            .map_err(|failure| told("the container's credentials", failure))?;
        document(&answer, "the container's credentials").map(Some)
    }

    /// IMDSv2: docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html. Nobody there is no error.
    fn instance(&self, limits: &Limits) -> Result<Option<Held>, Failure> {
        let base = self
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT")
            .unwrap_or_else(|| "http://169.254.169.254".to_owned());
        let base = base.trim_end_matches('/');
        let limits = &Limits {
            deadline: limits.deadline.min(Instant::now() + LOCAL),
            first_byte: LOCAL,
        };
        let ttl = [("x-aws-ec2-metadata-token-ttl-seconds", "21600")];
        let token = match self.direct.send(
            Method::PUT,
            &format!("{base}/latest/api/token"),
            &ttl,
            Some(b""),
            limits,
        ) {
            Ok(answer) if answer.status == 200 => String::from_utf8_lossy(&answer.body).trim().to_owned(),
            _ => return Ok(None),
        };
        let headers = [("x-aws-ec2-metadata-token", token.as_str())];
        let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
        let get = |url: &str| {
            self.direct
                .send(Method::GET, url, &headers, None, limits)
                .map_err(|failure| told("the instance's credentials", failure))
        };
        let listed = get(&roles)?;
        if listed.status == 404 {
            // An instance without a role.
            return Ok(None);
        }
        let names = String::from_utf8_lossy(&listed.body);
        let Some(role) = names
            .lines()
            .map(str::trim)
            .find(|l| !l.is_empty())
            .filter(|_| listed.status == 200)
        else {
            return Err(Failure::transient(format!(
                "the instance's credentials: HTTP {}",
                listed.status
            )));
        };
        document(&get(&format!("{roles}{role}"))?, "the instance's credentials").map(Some)
    }
}

fn unsupported(profile: &str, what: &str) -> Failure {
    Failure::fatal(format!("the AWS profile `{profile}` {what}, which rocky cannot do by itself")).hint(format!(
        "use a profile with `credential_process = aws configure export-credentials --profile {profile} --format process`"
    ))
}

/// docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
fn process(command: &str, profile: &str) -> Result<Held, Failure> {
    let failed = |what: String| {
        Failure::fatal(format!(
            "`credential_process` of the AWS profile `{profile}` {what}"
        ))
    };
    let shell = if cfg!(windows) {
        ("cmd", "/C")
    } else {
        ("sh", "-c")
    };
    let output = std::process::Command::new(shell.0)
        .args([shell.1, command])
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| failed(format!("cannot be started: {error}")))?;
    // What it prints may hold the credentials.
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    serde_json::from_slice::<Document>(&output.stdout)
        .map(Document::held)
        .map_err(|_| failed("printed something else than credentials".to_owned()))
}

fn document(answer: &Answer, whose: &str) -> Result<Held, Failure> {
    if answer.status != 200 {
        let text = format!("{whose}: HTTP {}", answer.status);
        return Err(if answer.status >= 500 || answer.status == 429 {
            Failure::transient(text)
        } else {
            Failure::fatal(text)
        });
    }
    // The error would print a part of the document.
    serde_json::from_slice::<Document>(&answer.body)
        .map(Document::held)
        .map_err(|_| Failure::fatal(format!("{whose}: the answer is not what was expected")))
}

fn told(whose: &str, mut failure: Failure) -> Failure {
    failure.message = format!("{whose}: {}", failure.message);
    failure
}

/// The rule of the AWS tools: TLS, or this machine, or the addresses of ECS and EKS.
fn safe_container_address(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let Ok(uri) = url.parse::<ureq::http::Uri>() else {
        return false;
    };
    // Something before an `@` would be sent along.
    let plain = uri.authority().is_some_and(|a| !a.as_str().contains('@'));
    let host = uri.host().unwrap_or_default();
    plain
        && uri.scheme_str() == Some("http")
        && (matches!(
            host,
            "localhost" | "[::1]" | "169.254.170.2" | "169.254.170.23" | "[fd00:ec2::23]"
        ) || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|ip| ip.is_loopback()))
}

/// application/x-www-form-urlencoded.
fn form(fields: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (key, value) in fields {
        if !out.is_empty() {
            out.push('&');
        }
        out.push_str(key);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    out.push(char::from(byte))
                }
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use rocky_base::system::MemorySystem;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Answers each request with the body that `answer` gives for "METHOD path" and the request's headers.
    fn serve(answer: impl Fn(&str, &str) -> (u16, String) + Send + 'static) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                let mut head = String::new();
                reader.read_line(&mut first).unwrap();
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap() == 0 || line.trim().is_empty() {
                        break;
                    }
                    let lower = line.to_ascii_lowercase();
                    if let Some(value) = lower.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    head.push_str(&lower);
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                head.push_str(&String::from_utf8_lossy(&body));
                let request = first.rsplit_once(' ').unwrap().0;
                let (status, text) = answer(request, &head);
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                    text.len()
                )
                .unwrap();
            }
        });
        address
    }

    fn chain(system: &Arc<MemorySystem>) -> Credentials {
        let profile = Profile::load(&**system).unwrap();
        Credentials::new(profile, "eu-west-1".to_owned(), system.clone())
    }

    fn limits() -> Limits {
        Limits {
            deadline: Instant::now() + Duration::from_secs(20),
            first_byte: Duration::from_secs(20),
        }
    }

    fn got(chain: &Credentials) -> Result<(String, String, Option<String>), String> {
        let keys = chain.get(&Http::direct(), &limits()).map_err(|f| f.message)?;
        Ok((
            keys.key().to_owned(),
            keys.secret().to_owned(),
            keys.token().map(str::to_owned),
        ))
    }

    fn triple(
        id: &str,
        secret: &str,
        token: Option<&str>,
    ) -> Result<(String, String, Option<String>), String> {
        Ok((id.to_owned(), secret.to_owned(), token.map(str::to_owned)))
    }

    #[test]
    fn the_environment_counts_more_than_a_profile() {
        let system = Arc::new(MemorySystem::new());
        system.set_env("HOME", "/h");
        system.write(
            "/h/.aws/credentials",
            "[default]\naws_access_key_id = P\naws_secret_access_key = S\n",
        );
        assert_eq!(got(&chain(&system)), triple("P", "S", None));
        system.set_env("AWS_ACCESS_KEY_ID", "E");
        assert_eq!(got(&chain(&system)), triple("P", "S", None));
        system.set_env("AWS_SECRET_ACCESS_KEY", "T");
        system.set_env("AWS_SESSION_TOKEN", "U");
        assert_eq!(got(&chain(&system)), triple("E", "T", Some("U")));
    }

    #[test]
    fn a_process_gives_credentials_and_its_output_is_never_told() {
        let system = Arc::new(MemorySystem::new());
        system.set_env("HOME", "/h");
        let profile = |command: &str| {
            system.write(
                "/h/.aws/config",
                format!("[default]\ncredential_process = {command}\n"),
            );
            got(&chain(&system))
        };
        assert_eq!(
            profile(r#"echo '{"Version":1,"AccessKeyId":"A","SecretAccessKey":"B","SessionToken":"C"}'"#),
            triple("A", "B", Some("C"))
        );
        for command in ["echo hush", "echo hush; exit 3", "echo hush >&2; exit 3"] {
            let message = profile(command).unwrap_err();
            assert!(
                message.starts_with("`credential_process` of the AWS profile `default`"),
                "{message}"
            );
            assert!(!message.contains("hush"), "{message}");
        }
    }

    #[test]
    fn profiles_that_cannot_be_used_name_what_can() {
        let system = Arc::new(MemorySystem::new());
        system.set_env("HOME", "/h");
        for line in ["role_arn = arn:x\nsource_profile = y", "sso_session = s"] {
            system.write("/h/.aws/config", format!("[default]\n{line}\n"));
            let failure = chain(&system).get(&Http::direct(), &limits()).unwrap_err();
            assert!(
                failure
                    .hint
                    .unwrap()
                    .contains("export-credentials --profile default")
            );
        }
    }

    #[test]
    fn a_web_identity_is_exchanged_for_credentials() {
        let sts = serve(|request, head| {
            assert_eq!(request, "POST /");
            assert!(
                head.contains("rolearn=arn%3aaws") || head.contains("RoleArn=arn%3Aaws"),
                "{head}"
            );
            assert!(head.contains("WebIdentityToken=ey.J%2B"), "{head}");
            (
                200,
                "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>W</AccessKeyId><SecretAccessKey>a&amp;b</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>".to_owned(),
            )
        });
        let system = Arc::new(MemorySystem::new());
        system.write("/token", "ey.J+\n");
        system.set_env("AWS_WEB_IDENTITY_TOKEN_FILE", "/token");
        system.set_env("AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
        system.set_env("AWS_ENDPOINT_URL_STS", sts);
        assert_eq!(got(&chain(&system)), triple("W", "a&b", Some("T")));
    }

    #[test]
    fn an_instance_is_asked_again_before_its_credentials_expire() {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let imds = serve(move |request, head| match request {
            "PUT /latest/api/token" => {
                assert!(head.contains("x-aws-ec2-metadata-token-ttl-seconds: 21600"));
                (200, "tok".to_owned())
            }
            _ => {
                assert!(head.contains("x-aws-ec2-metadata-token: tok"));
                if request.ends_with("/security-credentials/") {
                    return (200, "my-role".to_owned());
                }
                assert!(request.ends_with("/security-credentials/my-role"));
                let n = count.fetch_add(1, Ordering::SeqCst);
                let at = Timestamp::from_second(3600 * (n as i64 + 1)).unwrap();
                (
                    200,
                    format!(
                        r#"{{"Code":"Success","AccessKeyId":"I{n}","SecretAccessKey":"s","Token":"t","Expiration":"{at}"}}"#
                    ),
                )
            }
        });
        let system = Arc::new(MemorySystem::new());
        system.set_env("AWS_EC2_METADATA_SERVICE_ENDPOINT", imds);
        system.set_now(Duration::from_secs(0));
        let chain = chain(&system);
        assert_eq!(got(&chain).unwrap().0, "I0");
        system.set_now(Duration::from_secs(3200));
        assert_eq!(got(&chain).unwrap().0, "I0");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
        system.set_now(Duration::from_secs(3301));
        assert_eq!(got(&chain).unwrap().0, "I1");
        chain.forget();
        assert_eq!(got(&chain).unwrap().0, "I2");
    }

    #[test]
    fn a_container_is_asked_only_at_a_safe_address() {
        let ecs = serve(|request, head| {
            assert_eq!(request, "GET /creds");
            assert!(head.contains("authorization: secret-token"));
            (
                200,
                r#"{"AccessKeyId":"C","SecretAccessKey":"s","Token":"t"}"#.to_owned(),
            )
        });
        let system = Arc::new(MemorySystem::new());
        system.write("/auth", "Secret-Token\n");
        system.set_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/auth");
        system.set_env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{ecs}/creds"));
        assert_eq!(got(&chain(&system)), triple("C", "s", Some("t")));
        for bad in [
            "http://example.com/x",
            "http://127.0.0.1@example.com/",
            "ftp://localhost/",
            "http://localhost.evil.com/",
        ] {
            assert!(!safe_container_address(bad), "{bad}");
        }
        for good in [
            "https://example.com/x",
            "http://169.254.170.23/v1",
            "http://localhost:51679/x",
            "http://[::1]/x",
        ] {
            assert!(safe_container_address(good), "{good}");
        }
    }

    #[test]
    fn nothing_found_says_what_to_set() {
        let system = Arc::new(MemorySystem::new());
        system.set_env("AWS_EC2_METADATA_DISABLED", "true");
        assert_eq!(
            got(&chain(&system)),
            Err("no AWS credentials were found".to_owned())
        );
    }
}
