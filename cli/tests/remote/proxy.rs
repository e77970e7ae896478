//! A proxy between rocky and a server, that fails as networks and servers do. One connection carries one request.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What is done to a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answer this status and body; the server never hears of it.
    Answer(u16, &'static str),
    /// Close the connection; the server never hears of it.
    Drop,
    /// Let the server do it, and close without the answer.
    CutAfter,
    /// Neither forward nor answer while the proxy lives.
    Stall,
    /// Let the server do it, then do not answer.
    StallAfter,
    /// Answer with half of the body.
    Half,
    /// Forward without the headers that make a write conditional.
    Unconditional,
    /// Let the server do it and answer, then call this.
    Then(Arc<dyn Hook>),
}

pub trait Hook: Send + Sync + std::fmt::Debug {
    fn call(&self);
}

#[derive(Clone, Debug)]
struct Rule {
    /// Occurs in the request: `PUT`, a path, a piece of a script.
    needles: Vec<String>,
    fault: Fault,
    times: u32,
}

#[derive(Default)]
struct State {
    rules: Mutex<Vec<Rule>>,
    log: Mutex<Vec<String>>,
    held: AtomicBool,
}

pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// In front of an HTTP server.
    pub fn http(server: u16) -> Proxy {
        Proxy::start(server, http)
    }

    /// In front of a Redis server.
    pub fn redis(server: u16) -> Proxy {
        Proxy::start(server, redis)
    }

    fn start(server: u16, serve: fn(TcpStream, u16, &State) -> std::io::Result<()>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let shared = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                std::thread::spawn(move || {
                    let _ = serve(stream, server, &shared);
                });
            }
        });
        Proxy { port, state }
    }

    /// Do this to the next `times` requests in which all of `needles` occur.
    pub fn fail(&self, needles: &[&str], fault: Fault, times: u32) {
        let needles = needles.iter().map(|n| (*n).to_owned()).collect();
        self.state.rules.lock().unwrap().push(Rule {
            needles,
            fault,
            times,
        });
    }

    /// From here on everything is forwarded.
    pub fn heal(&self) {
        self.state.rules.lock().unwrap().clear();
    }

    /// The requests so far, without their queries.
    pub fn log(&self) -> Vec<String> {
        self.state.log.lock().unwrap().clone()
    }

    /// How many requests hold all of these.
    pub fn count(&self, needles: &[&str]) -> usize {
        self.log()
            .iter()
            .filter(|line| needles.iter().all(|n| line.contains(n)))
            .count()
    }

    /// Wait until a request is held by [`Fault::Stall`] or [`Fault::StallAfter`].
    pub fn wait_until_stalled(&self) {
        let begin = std::time::Instant::now();
        while !self.state.held.swap(false, Ordering::SeqCst) {
            assert!(
                begin.elapsed() < Duration::from_secs(240),
                "nothing stalls: {:#?}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl State {
    fn fault(&self, request: &str) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let rule = rules
            .iter_mut()
            .find(|r| r.times > 0 && r.needles.iter().all(|n| request.contains(n.as_str())))?;
        rule.times -= 1;
        Some(rule.fault.clone())
    }

    fn hold(&self, stream: &mut TcpStream) {
        self.held.store(true, Ordering::SeqCst);
        // Until the client goes away.
        let _ = stream.read(&mut [0; 1]);
    }
}

fn http(mut client: TcpStream, server: u16, state: &State) -> std::io::Result<()> {
    let (head, body) = message(&mut client)?;
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = target.split('?').next().unwrap_or_default();
    let mut seen = format!("{method} {path} ");
    seen.extend(
        head.to_ascii_lowercase()
            .lines()
            .filter(|l| l.starts_with("if-"))
            .map(|l| format!("{l} ")),
    );
    state.log.lock().unwrap().push(seen.clone());
    let fault = state.fault(&seen);
    match &fault {
        Some(Fault::Answer(status, body)) => {
            let length = body.len();
            return write!(
                client,
                "HTTP/1.1 {status} X\r\nETag: \"lie\"\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
        }
        Some(Fault::Drop) => return Ok(()),
        Some(Fault::Stall) => {
            state.hold(&mut client);
            return Ok(());
        }
        _ => {}
    }
    let mut upstream = TcpStream::connect(("127.0.0.1", server))?;
    let unconditional = matches!(fault, Some(Fault::Unconditional));
    let kept = head.split("\r\n").filter(|line| {
        let line = line.to_ascii_lowercase();
        let condition = line.starts_with("if-match") || line.starts_with("if-none-match");
        let dropped = line.is_empty() || line.starts_with("connection:") || (unconditional && condition);
        !dropped
    });
    let mut request = kept.collect::<Vec<_>>().join("\r\n");
    request.push_str("\r\nConnection: close\r\n\r\n");
    upstream.write_all(request.as_bytes())?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    match &fault {
        Some(Fault::CutAfter) => Ok(()),
        Some(Fault::StallAfter) => {
            state.hold(&mut client);
            Ok(())
        }
        Some(Fault::Half) => {
            let begin = answer.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
            client.write_all(&answer[..begin + (answer.len() - begin) / 2])
        }
        Some(Fault::Then(hook)) => {
            hook.call();
            client.write_all(&answer)
        }
        _ => client.write_all(&answer),
    }
}

fn message(stream: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    let begin = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        match stream.read(&mut buffer)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let head = String::from_utf8_lossy(&bytes[..begin]).into_owned();
    let length = head
        .to_ascii_lowercase()
        .lines()
        .find_map(|l| {
            l.strip_prefix("content-length:")
                .map(|v| v.trim().parse::<usize>().unwrap())
        })
        .unwrap_or(0);
    let mut body = bytes.split_off(begin);
    while body.len() < length {
        match stream.read(&mut buffer)? {
            0 => break,
            n => body.extend_from_slice(&buffer[..n]),
        }
    }
    Ok((head, body))
}

/// Bytes are forwarded as they come; a fault begins with the bytes in which its needles occur.
fn redis(mut client: TcpStream, server: u16, state: &State) -> std::io::Result<()> {
    let upstream = TcpStream::connect(("127.0.0.1", server))?;
    let mut to_server = upstream.try_clone()?;
    let mut from_server = upstream;
    let mut to_client = client.try_clone()?;
    let silent = Arc::new(AtomicBool::new(false));
    let quiet = silent.clone();
    let back = std::thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = [0; 65536];
        loop {
            match from_server.read(&mut buffer)? {
                0 => break,
                _ if quiet.load(Ordering::SeqCst) => break,
                n => to_client.write_all(&buffer[..n])?,
            }
        }
        Ok(())
    });
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = client.read(&mut buffer)?;
        if n == 0 {
            let _ = to_server.shutdown(Shutdown::Both);
            break;
        }
        let text = String::from_utf8_lossy(&buffer[..n]).into_owned();
        if let Some(fault) = state.fault(&text) {
            match fault {
                Fault::Drop => break,
                Fault::Answer(_, answer) => {
                    drain(&client, &mut buffer);
                    client.write_all(answer.as_bytes())?;
                    continue;
                }
                Fault::Stall => {
                    drain(&client, &mut buffer);
                    state.hold(&mut client);
                    break;
                }
                Fault::CutAfter | Fault::StallAfter => {
                    silent.store(true, Ordering::SeqCst);
                    to_server.write_all(&buffer[..n])?;
                    let _ = client.set_read_timeout(Some(Duration::from_millis(300)));
                    while let Ok(n) = client.read(&mut buffer) {
                        if n == 0 {
                            break;
                        }
                        to_server.write_all(&buffer[..n])?;
                    }
                    let _ = back.join();
                    if matches!(fault, Fault::StallAfter) {
                        client.set_read_timeout(None)?;
                        state.hold(&mut client);
                    }
                    let _ = client.shutdown(Shutdown::Both);
                    return Ok(());
                }
                Fault::Then(hook) => hook.call(),
                Fault::Half | Fault::Unconditional => {}
            }
        }
        to_server.write_all(&buffer[..n])?;
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = back.join();
    Ok(())
}

/// The rest of a request that came in pieces.
fn drain(client: &TcpStream, buffer: &mut [u8]) {
    let mut client = client;
    let _ = client.set_read_timeout(Some(Duration::from_millis(200)));
    while matches!(client.read(buffer), Ok(n) if n > 0) {}
    let _ = client.set_read_timeout(None);
}
