//! One HTTP exchange. Says what became of it and nothing of what was sent: addresses are signed and tokens are headers.

use super::attempt::{Failure, Limits};
use rocky_base::{Error, ErrorKind, Result, System};
use std::path::Path;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Timeout};

/// A state file larger than this is not one.
const MAX_BODY: u64 = 16 << 30;
const CONNECT: Duration = Duration::from_secs(10);

/// A client. Connections are kept between requests.
pub(super) struct Http {
    agent: Agent,
}

/// What came back.
pub(super) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// `Retry-After` in seconds.
    pub fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(
            self.header("retry-after")?.trim().parse().ok()?,
        ))
    }
}

impl Http {
    /// For the internet: the system's certificates, or those of `AWS_CA_BUNDLE`; proxies as the environment says.
    pub fn new(system: &dyn System) -> Result<Http> {
        let roots = match system.env("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
            Some(path) => bundle(system, Path::new(&path))?,
            None => RootCerts::PlatformVerifier,
        };
        let tls = TlsConfig::builder().root_certs(roots).build();
        let config = Agent::config_builder().tls_config(tls);
        Ok(Http::with(config))
    }

    /// For addresses of the machine itself: through no proxy.
    pub fn direct() -> Http {
        Http::with(Agent::config_builder().proxy(None))
    }

    fn with(config: ureq::config::ConfigBuilder<ureq::typestate::AgentScope>) -> Http {
        let config = config
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT))
            .user_agent(concat!("rocky/", env!("CARGO_PKG_VERSION")))
            .build();
        Http {
            agent: config.new_agent(),
        }
    }

    pub fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
        limits: &Limits,
    ) -> Result<Answer, Failure> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // The error would print what could not be a header or an address.
        let unsendable = |_| {
            Failure::fatal(
                "the request cannot be sent: a setting or credential has characters that HTTP does not allow",
            )
        };
        let response = match body {
            Some(body) => self.run(request.body(body).map_err(unsendable)?, limits),
            None => self.run(request.body(()).map_err(unsendable)?, limits),
        };
        let (parts, mut body) = response.map_err(failure)?.into_parts();
        let body = body
            .with_config()
            .limit(MAX_BODY)
            .read_to_vec()
            .map_err(failure)?;
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        })
    }

    fn run(
        &self,
        request: Request<impl ureq::AsSendBody>,
        limits: &Limits,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_global(Some(limits.left()))
            .timeout_connect(Some(CONNECT.min(limits.answer())))
            .timeout_recv_response(Some(limits.answer()))
            .build();
        self.agent.run(request)
    }
}

fn bundle(system: &dyn System, path: &Path) -> Result<RootCerts> {
    let shown = format!("AWS_CA_BUNDLE {}", path.display());
    let pem = system.read(path).map_err(|error| Error::io(&shown, error))?;
    let certificates: Vec<Certificate<'static>> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Error::new(
            ErrorKind::Config,
            format!("{shown}: it holds no certificate"),
        ));
    }
    Ok(RootCerts::new_with_certs(&certificates))
}

/// What of an error may be told. An address may be in the text of some, so only known ones are printed.
fn failure(error: ureq::Error) -> Failure {
    match error {
        ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
            Failure::transient("no connection in time")
        }
        ureq::Error::Timeout(Timeout::RecvResponse) => Failure::transient("no answer in time"),
        ureq::Error::Timeout(_) => Failure::transient("no complete answer in time"),
        ureq::Error::Io(error) => io(&error),
        ureq::Error::HostNotFound => Failure::transient("the name of the host cannot be resolved"),
        ureq::Error::ConnectionFailed => Failure::transient("no connection"),
        ureq::Error::Protocol(_) => Failure::transient("the answer is not HTTP"),
        ureq::Error::Rustls(error) => Failure::fatal(format!("TLS: {error}"))
            .hint("set AWS_CA_BUNDLE to the certificate of the endpoint's authority"),
        ureq::Error::Tls(error) => Failure::fatal(format!("TLS: {error}")),
        ureq::Error::Pem(_) => Failure::fatal("TLS: a certificate cannot be read"),
        ureq::Error::InvalidProxyUrl => Failure::fatal("the proxy in the environment is not an address"),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => Failure::fatal("the endpoint is not an address"),
        _ => Failure::fatal("the request failed"),
    }
}

/// A socket's error: always another attempt, but for a certificate, which will not change.
fn io(error: &std::io::Error) -> Failure {
    let text = error.to_string();
    match error.kind() {
        std::io::ErrorKind::InvalidData if text.contains("certificate") => {
            Failure::fatal(format!("TLS: {text}"))
                .hint("set AWS_CA_BUNDLE to the certificate of the endpoint's authority")
        }
        std::io::ErrorKind::UnexpectedEof => Failure::transient("the connection was cut"),
        _ => Failure::transient(text),
    }
}
