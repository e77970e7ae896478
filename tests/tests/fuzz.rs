//! The fuzz targets without a fuzzer: over their committed corpus and over mutations of it, the same ones every time.
//!
//! `make fuzz` looks for new inputs; this holds what it found. An input that broke something is added to
//! `fuzz/corpus/<target>` with the fix.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use rocky_tests::workspace;
use std::time::{Duration, Instant};

/// Mutations of each target, unless time runs out before.
const MUTATIONS: usize = 3_000;
const TIME: Duration = Duration::from_secs(6);

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = workspace().join("fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{}", folder.display());
    files.iter().map(|f| std::fs::read(f).unwrap()).collect()
}

fn dictionary() -> Vec<Vec<u8>> {
    let text = std::fs::read_to_string(workspace().join("fuzz/rocky.dict")).unwrap();
    let word = |line: &str| {
        let quoted = line.strip_prefix('"')?.strip_suffix('"')?;
        let mut word = Vec::new();
        let mut bytes = quoted.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                word.push(byte);
                continue;
            }
            match bytes.next()? {
                b'x' => {
                    let digits = [bytes.next()?, bytes.next()?];
                    word.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
                }
                other => word.push(other),
            }
        }
        Some(word)
    };
    let words: Vec<_> = text.lines().filter_map(word).collect();
    assert!(words.len() > 300, "{}", words.len());
    words
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }

    /// One to four changes of an input: bytes, words, and pieces of other inputs.
    fn mutate(&mut self, corpus: &[Vec<u8>], words: &[Vec<u8>]) -> Vec<u8> {
        let mut input = corpus[self.below(corpus.len())].clone();
        for _ in 0..1 + self.below(4) {
            let at = self.below(input.len() + 1);
            let end = (at + self.below(12)).min(input.len());
            match self.below(7) {
                0 => drop(input.drain(at..end)),
                1 => input.truncate(at),
                2 => input.insert(at, b" \n'\"()[]{},.;$@-/*\\0\r\0"[self.below(22)]),
                3 => {
                    let piece = input[at..end].to_vec();
                    let to = self.below(input.len() + 1);
                    input.splice(to..to, piece);
                }
                4 => {
                    let other = &corpus[self.below(corpus.len())];
                    let from = self.below(other.len() + 1);
                    let to = (from + self.below(60)).min(other.len());
                    input.splice(at..end, other[from..to].iter().copied());
                }
                5 => {
                    let piece = words[self.below(words.len())].repeat(1 + self.below(40));
                    input.splice(at..at, piece);
                }
                _ => {
                    let word = &words[self.below(words.len())];
                    input.splice(at..end, word.iter().copied());
                }
            }
        }
        input
    }
}

fn run(name: &str) {
    let (_, target) = targets::TARGETS.iter().find(|(n, _)| *n == name).unwrap();
    let corpus = corpus(name);
    for input in &corpus {
        target(input);
    }
    let words = dictionary();
    let mut random = Random(0x5DEE_CE66_D1CE_4E5B);
    let started = Instant::now();
    for round in 0..MUTATIONS {
        let input = random.mutate(&corpus, &words);
        let shown = String::from_utf8_lossy(&input).into_owned();
        if std::panic::catch_unwind(|| target(&input)).is_err() {
            panic!("{name}, mutation {round}: {shown:?}");
        }
        if started.elapsed() > TIME {
            break;
        }
    }
}

#[test]
fn sql() {
    run("sql");
}

#[test]
fn dsl() {
    run("dsl");
}

#[test]
fn toml() {
    run("toml");
}

#[test]
fn contract() {
    run("contract");
}

#[test]
fn analyse() {
    run("analyse");
}

#[test]
fn every_target_has_a_binary() {
    let manifest = std::fs::read_to_string(workspace().join("fuzz/Cargo.toml")).unwrap();
    let script = std::fs::read_to_string(workspace().join("fuzz/run.sh")).unwrap();
    for (name, _) in targets::TARGETS {
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
        assert!(script.contains(name), "{name}");
    }
}
