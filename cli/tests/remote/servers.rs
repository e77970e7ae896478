//! The real servers that the tests run against: `s3s-fs` (checks signatures), moto (a second S3), `redis-server`. What is missing
//! fails the test with the command that installs it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub const ACCESS: &str = "AKIDFORTESTS";
pub const SECRET: &str = "s3cr3t/of+the/tests0000000000000000000";
pub const BUCKET: &str = "team";

/// A server of this test; ends with it.
pub struct Server {
    pub port: u16,
    child: Child,
    /// s3s-fs keeps its buckets here.
    pub dir: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.cache")
}

/// The process itself has the port: what answers there could be another server, that took it in between.
fn listens(pid: u32, port: u16) -> bool {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    // Elsewhere than on Linux nothing tells.
    let Ok(files) = std::fs::read_dir(proc.join("fd")) else {
        return !Path::new("/proc/self/fd").exists();
    };
    let open: Vec<String> = files
        .filter_map(|f| {
            std::fs::read_link(f.ok()?.path())
                .ok()?
                .to_str()
                .map(str::to_owned)
        })
        .collect();
    let sockets =
        ["net/tcp", "net/tcp6"].map(|file| std::fs::read_to_string(proc.join(file)).unwrap_or_default());
    // Columns: number, local address and port in hexadecimal, remote one, state (0A: listening) …, the tenth the inode.
    let place = format!(":{port:04X}");
    sockets.iter().flat_map(|s| s.lines()).any(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        matches!(columns.as_slice(), [_, local, _, "0A", _, _, _, _, _, inode, ..]
            if local.ends_with(&place) && open.contains(&format!("socket:[{inode}]")))
    })
}

fn start(program: &Path, args: &dyn Fn(u16) -> Vec<String>, install: &str) -> Server {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join(BUCKET)).unwrap();
    // Another process may take the port before the server does.
    for _ in 0..5 {
        let port = free_port();
        let mut child = Command::new(program)
            .args(args(port))
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}; install it with `{install}`", program.display()));
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none() {
            if listens(child.id(), port) && TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Server { port, child, dir };
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    panic!("{} does not start", program.display());
}

/// An S3 server that checks signatures, with an empty bucket.
pub fn s3s() -> Server {
    let args = |port: u16| {
        [
            "--host",
            "127.0.0.1",
            "--port",
            &port.to_string(),
            "--access-key",
            ACCESS,
            "--secret-key",
            SECRET,
            ".",
        ]
        .map(str::to_owned)
        .to_vec()
    };
    start(&cache().join("tools/bin/s3s-fs"), &args, "make setup-state")
}

/// Another S3 server, with an empty bucket.
pub fn moto() -> Server {
    let args = |port: u16| {
        ["-H", "127.0.0.1", "-p", &port.to_string()]
            .map(str::to_owned)
            .to_vec()
    };
    let server = start(
        &cache().join("venv-moto/bin/moto_server"),
        &args,
        "make setup-state",
    );
    let answer = http(
        server.port,
        &format!("PUT /{BUCKET} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    server
}

pub fn http(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub const PASSWORD: &str = "hunter2-of-valkey";

/// A Redis server with a password, that writes nothing to disk.
pub fn redis() -> Server {
    let args = |port: u16| {
        let port = port.to_string();
        [
            "--port",
            &port,
            "--save",
            "",
            "--appendonly",
            "no",
            "--bind",
            "127.0.0.1",
            "--requirepass",
            PASSWORD,
        ]
        .map(str::to_owned)
        .to_vec()
    };
    start(Path::new("redis-server"), &args, "make setup-state")
}

/// A certificate for 127.0.0.1 and the authority that made it, in a folder: `ca.pem`, `server.pem`, `server.key`.
pub fn certificate() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("ext"),
        "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n",
    )
    .unwrap();
    let openssl = |args: &str| {
        let done = Command::new("openssl")
            .args(args.split(' '))
            .current_dir(dir.path())
            .output()
            .unwrap_or_else(|e| panic!("openssl: {e}; install it with `make setup-state`"));
        assert!(done.status.success(), "{done:?}");
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!(
        "req -x509 {key} -days 30 -keyout ca.key -out ca.pem -subj /CN=authority -addext basicConstraints=critical,CA:TRUE"
    ));
    openssl(&format!(
        "req {key} -keyout server.key -out server.csr -subj /CN=localhost"
    ));
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile ext -out server.pem",
    );
    dir
}

/// Redis with TLS only.
pub fn redis_tls(certificate: &Path) -> Server {
    let args = |port: u16| {
        let path = |name: &str| certificate.join(name).display().to_string();
        let words = [
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--tls-auth-clients",
            "no",
            "--save",
            "",
            "--requirepass",
            PASSWORD,
        ];
        let mut args: Vec<String> = words.map(str::to_owned).to_vec();
        for (option, file) in [
            ("--tls-cert-file", "server.pem"),
            ("--tls-key-file", "server.key"),
            ("--tls-ca-cert-file", "ca.pem"),
        ] {
            args.extend([option.to_owned(), path(file)]);
        }
        args
    };
    start(Path::new("redis-server"), &args, "make setup-state")
}

/// moto with TLS. Its bucket is made by the caller's machine having none: see [`moto`].
pub fn moto_tls(certificate: &Path) -> Server {
    let args = |port: u16| {
        let path = |name: &str| certificate.join(name).display().to_string();
        let port = port.to_string();
        let words = [
            "-H",
            "127.0.0.1",
            "-p",
            &port,
            "-c",
            &path("server.pem"),
            "-k",
            &path("server.key"),
        ];
        words.map(str::to_owned).to_vec()
    };
    start(
        &cache().join("venv-moto/bin/moto_server"),
        &args,
        "make setup-state",
    )
}

impl Server {
    /// A command to Redis; the raw answer.
    pub fn redis(&self, parts: &[&str]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut send = |parts: &[&str]| {
            let mut text = format!("*{}\r\n", parts.len());
            for part in parts {
                text.push_str(&format!("${}\r\n{part}\r\n", part.len()));
            }
            stream.write_all(text.as_bytes()).unwrap();
        };
        send(&["AUTH", PASSWORD]);
        send(parts);
        send(&["QUIT"]);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let text = String::from_utf8_lossy(&answer).into_owned();
        let text = text.strip_prefix("+OK\r\n").unwrap_or(&text);
        text.strip_suffix("+OK\r\n").unwrap_or(text).to_owned()
    }
}
