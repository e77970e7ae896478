//! A project that is as it was: what lineage and validate say without compiling is what they say of a project that was never seen,
//! after any change, whatever has become of the cache.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::System;
use rocky_base::system::{DirEntry, FileStamp, MemorySystem, Name};
use rocky_core::verbs::compile::CompileRequest;
use rocky_core::verbs::lineage::{LineageFormat, LineageRequest};
use rocky_core::verbs::validate::ValidateRequest;
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n\
[[sources]]\nschema = \"raw\"\ntable = \"t\"\ncolumns = [{name = \"a\", type = \"INTEGER\"}, {name = \"b\", type = \"VARCHAR\"}]\n";

struct Random(u64);

impl Random {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % below.max(1)
    }
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.next(from.len())]
    }
}

/// Counts how often a folder of models is listed: that is what a compile does and nothing else.
struct Watched {
    inner: Arc<MemorySystem>,
    listed: AtomicUsize,
}

impl System for Watched {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.inner.read(path)
    }
    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        self.inner.stamp(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.list(dir)
    }
    fn names(&self, dir: &Path) -> io::Result<Vec<Name>> {
        self.listed.fetch_add(1, Ordering::SeqCst);
        self.inner.names(dir)
    }
    fn folder_stamp(&self, dir: &Path) -> Option<FileStamp> {
        self.inner.folder_stamp(dir)
    }
    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonical(path)
    }
    fn write_atomic(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        self.inner.write_atomic(path, contents)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        System::remove(&*self.inner, path)
    }
    fn env(&self, name: &str) -> Option<String> {
        self.inner.env(name)
    }
    fn now(&self) -> SystemTime {
        self.inner.now()
    }
}

fn system(models: usize) -> Arc<Watched> {
    let inner = MemorySystem::new();
    inner.set_now(Duration::from_secs(1 << 30));
    inner.write("/p/rocky.toml", CONFIG);
    for n in 0..models {
        inner.write(path(n), text(n, 0));
    }
    Arc::new(Watched {
        inner: Arc::new(inner),
        listed: AtomicUsize::new(0),
    })
}

fn path(n: usize) -> String {
    format!("/p/models/{}m{n}.sql", ["", "deep/", "deep/er/"][n % 3])
}

/// The first ones read a source, the others two of those before them.
fn text(n: usize, seed: usize) -> String {
    if n < 6 {
        return format!("SELECT a, b, a + {seed} AS c FROM raw.t");
    }
    let (one, two) = ((n * 7 + seed) % (n / 2), (n * 3) % (n / 2));
    match (n + seed) % 4 {
        0 => format!("SELECT x.a, y.b, x.c FROM m{one} AS x JOIN m{two} AS y ON x.a = y.a"),
        1 => format!("SELECT a, max(b) AS b, sum(c) AS c FROM m{one} GROUP BY a"),
        2 => format!("SELECT * FROM main.m{one} WHERE c > {seed}"),
        _ => format!("SELECT a, upper(b) AS b, a * 2 AS c FROM m{one} UNION ALL SELECT a, b, c FROM m{two}"),
    }
}

fn open(system: &Arc<Watched>, cache: bool) -> Project {
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let request = OpenRequest {
        config: Some("/p/rocky.toml".to_owned()),
        cache_dir: (!cache).then(String::new),
        ..OpenRequest::default()
    };
    let host = Host {
        system: system.clone(),
    };
    Project::open(&engine, &request, host).unwrap()
}

fn compile(system: &Arc<Watched>) {
    let project = open(system, true);
    let request = CompileRequest::default();
    project
        .compile(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    project.finish();
}

fn lineage(project: &Project, request: &LineageRequest) -> String {
    let answer = project.lineage(request, &mut NoObserver, &CancelToken::new());
    let text = match answer {
        Ok(answer) => serde_json::to_string(&answer).unwrap(),
        Err(error) => Project::error_document("lineage", &error),
    };
    project.finish();
    text
}

fn validate(project: &Project) -> String {
    let answer = project.validate(&ValidateRequest {}, &mut NoObserver, &CancelToken::new());
    project.finish();
    serde_json::to_string(&answer.unwrap()).unwrap()
}

/// What an answer is, and whether a folder was listed for it.
fn watched(system: &Arc<Watched>, answer: impl FnOnce(&Project) -> String) -> (String, bool) {
    let before = system.listed.load(Ordering::SeqCst);
    let answer = answer(&open(system, true));
    (answer, system.listed.load(Ordering::SeqCst) > before)
}

fn question(random: &mut Random, models: usize) -> LineageRequest {
    let n = random.next(models + 1);
    let target = match random.next(8) {
        0 => format!("m{n}"),
        1 => format!("M{n}.A"),
        2 => "raw.t.a".to_owned(),
        3 => format!("main.m{n}"),
        4 => format!("m{n}.nope"),
        _ => format!("m{n}.{}", random.pick(&["a", "b", "c"])),
    };
    LineageRequest {
        target,
        downstream: random.next(3) == 0,
        upstream: random.next(3) == 0,
        influences: random.next(2) == 0,
        depth: [None, None, Some(1), Some(3)][random.next(4)],
        format: [LineageFormat::Json, LineageFormat::Text, LineageFormat::Dot][random.next(3)],
        ..LineageRequest::default()
    }
}

/// One change of the project; some of them make it one that is not recognised as a whole.
fn edit(random: &mut Random, system: &MemorySystem, models: usize) {
    let n = random.next(models);
    match random.next(16) {
        0..=3 => system.write(path(n), text(n, random.next(40))),
        4 => {
            system.remove(Path::new(&path(n)));
        }
        5 => {
            let text = random.pick(&[
                "[target]\nschema = \"s\"\n",
                "intent = \"i\"\n",
                "not toml",
                "[[sources]]\nschema = \"raw\"\ntable = \"t\"\ncolumns = [{name = \"a\", type = \"VARCHAR\"}]\n",
                "intent = \"${HOME}\"\n",
                "depends_on = [\"m1\"]\n",
            ]);
            system.write(path(n).replace(".sql", ".toml"), text);
        }
        6..=7 => {
            system.remove(Path::new(&path(n).replace(".sql", ".toml")));
        }
        8 => system.write(
            "/p/macros/m.sql",
            random.pick(&["-- @macro one()\n1\n", "-- @macro two()\n2\n"]),
        ),
        9 => {
            let text = random.pick(&["name = \"m2\"\n", "[strategy]\ntype = \"view\"\n", "nope = 1\n"]);
            system.write("/p/models/deep/_defaults.toml", text);
        }
        10 => {
            system.remove(Path::new("/p/models/deep/_defaults.toml"));
        }
        11 => {
            let more = random.pick(&["", "[lints]\nW110 = \"error\"\n", "[hook]\n"]);
            system.write("/p/rocky.toml", format!("{CONFIG}{more}"));
        }
        12 => system.write("/p/models/deep/alone.toml", "intent = \"nobody's\"\n"),
        13 => {
            system.remove(Path::new("/p/models/deep/alone.toml"));
        }
        14 => system.write("/p/seeds/t.csv", "a,b\n1,2\n"),
        _ => {
            system.remove(Path::new("/p/seeds/t.csv"));
        }
    }
}

/// Change, cut or remove a file of the cache.
fn damage(random: &mut Random, system: &MemorySystem) {
    for file in system.list(Path::new("/p/.rocky/cache")).unwrap_or_default() {
        let mut bytes = system.read(&file.path).unwrap();
        match random.next(4) {
            0 => bytes.truncate(random.next(bytes.len())),
            1 => {
                for _ in 0..=random.next(20) {
                    let at = random.next(bytes.len());
                    bytes[at] ^= 1 << random.next(8);
                }
            }
            2 => {
                system.remove(&file.path);
                continue;
            }
            _ => continue,
        }
        system.write(&file.path, bytes);
    }
}

#[test]
fn what_is_said_without_compiling_is_what_a_new_process_says() {
    let models = 40;
    let (mut quick, mut kept) = (0, 0);
    for seed in 1..=6u64 {
        let mut random = Random(seed);
        let system = system(models);
        for step in 0..40 {
            for _ in 0..random.next(3) {
                edit(&mut random, &system.inner, models);
            }
            match random.next(3) {
                0 => {}
                1 => compile(&system),
                _ => drop(validate(&open(&system, true))),
            }
            if random.next(6) == 0 {
                damage(&mut random, &system.inner);
            }
            let request = question(&mut random, models);
            let fresh = lineage(&open(&system, false), &request);
            let (answer, listed) = watched(&system, |project| lineage(project, &request));
            assert_eq!(answer, fresh, "seed {seed}, step {step}, {request:?}");
            quick += usize::from(!listed);
            let fresh = validate(&open(&system, false));
            let (answer, listed) = watched(&system, validate);
            assert_eq!(answer, fresh, "seed {seed}, step {step}");
            kept += usize::from(!listed);
        }
    }
    assert!(quick > 10, "{quick}");
    assert!(kept > 10, "{kept}");
}

#[test]
fn a_change_of_anything_is_seen() {
    let request = LineageRequest {
        target: "m20.a".to_owned(),
        ..LineageRequest::default()
    };
    type Change = fn(&MemorySystem);
    let changes: &[(&str, Change)] = &[
        ("a text", |s| s.write(path(3), "SELECT 1 AS a, 'x' AS b, 2 AS c")),
        ("a new model", |s| s.write("/p/models/new.sql", "SELECT 1 AS a")),
        ("a new sidecar", |s| {
            s.write("/p/models/m3.toml", "intent = \"i\"\n")
        }),
        ("new defaults", |s| {
            s.write("/p/models/_defaults.toml", "[strategy]\ntype = \"view\"\n")
        }),
        ("a model less", |s| assert!(s.remove(Path::new(&path(39))))),
        ("a macro", |s| s.write("/p/macros/m.sql", "-- @macro one()\n1\n")),
        ("the configuration", |s| {
            s.write("/p/rocky.toml", format!("{CONFIG}\n[lints]\nW110 = \"error\"\n"))
        }),
        ("a seed", |s| s.write("/p/seeds/t.csv", "a,b\n1,2\n")),
        ("a lock", |s| s.write("/p/schema.lock", "version = 1\n")),
    ];
    for (what, change) in changes {
        let system = system(40);
        compile(&system);
        assert!(!watched(&system, |project| lineage(project, &request)).1);
        validate(&open(&system, true));
        assert!(!watched(&system, validate).1);
        change(&system.inner);
        let fresh = lineage(&open(&system, false), &request);
        let (answer, listed) = watched(&system, |project| lineage(project, &request));
        assert_eq!(answer, fresh, "{what}");
        assert!(listed, "{what}");
        let fresh = validate(&open(&system, false));
        assert_eq!(validate(&open(&system, true)), fresh, "{what}");
    }
}

#[test]
fn one_handle_sees_its_own_edits() {
    let system = system(40);
    compile(&system);
    let project = open(&system, true);
    let request = LineageRequest {
        target: "m20.a".to_owned(),
        ..LineageRequest::default()
    };
    for n in [0, 6, 20] {
        let before = system.listed.load(Ordering::SeqCst);
        assert_eq!(
            lineage(&project, &request),
            lineage(&open(&system, false), &request)
        );
        system.inner.write(path(n), text(n, 17));
        assert_eq!(
            lineage(&project, &request),
            lineage(&open(&system, false), &request)
        );
        assert!(system.listed.load(Ordering::SeqCst) > before);
    }
}
