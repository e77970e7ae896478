//! What a handle and a folder remember between compiles, seen from the façade: where the compile cache lies, that it is used,
//! and that `from_last` looks at nothing but the last compile.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::System;
use rocky_base::system::{DirEntry, FileStamp, MemorySystem};
use rocky_core::verbs::compile::{CompileRequest, CompileResponse};
use rocky_core::verbs::what_if::{WhatIfEdit, WhatIfRequest};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Barrier, Mutex};
use std::time::{Duration, SystemTime};

const CONFIG: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";

fn system() -> Arc<MemorySystem> {
    let system = MemorySystem::new();
    system.set_now(Duration::from_secs(1 << 30));
    system.write("/p/rocky.toml", CONFIG);
    system.write("/p/models/a.sql", "SELECT 1 AS x");
    system.write("/p/models/b.sql", "SELECT x FROM a");
    Arc::new(system)
}

fn open(system: &Arc<MemorySystem>, cache_dir: Option<&str>) -> Project {
    open_on(system.clone(), cache_dir)
}

fn open_on(system: Arc<dyn System>, cache_dir: Option<&str>) -> Project {
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let request = OpenRequest {
        config: Some("/p/rocky.toml".to_owned()),
        cache_dir: cache_dir.map(str::to_owned),
        ..OpenRequest::default()
    };
    let host = Host { system };
    Project::open(&engine, &request, host).unwrap()
}

fn compile(project: &Project) -> CompileResponse {
    let request = CompileRequest::default();
    let response = project
        .compile(&request, &mut NoObserver, &CancelToken::new())
        .unwrap();
    project.finish();
    response
}

fn files(system: &MemorySystem, dir: &str) -> usize {
    system.list(Path::new(dir)).map_or(0, |list| list.len())
}

#[test]
fn the_cache_lies_where_it_is_said_and_the_next_handle_uses_it() {
    for (given, there) in [
        (None, Some("/p/.rocky/cache")),
        (Some("/elsewhere"), Some("/elsewhere")),
        (Some(""), None),
    ] {
        let system = system();
        let first = compile(&open(&system, given));
        assert_eq!(first.compile_timings.models_parsed, 2, "{given:?}");
        for dir in ["/p/.rocky/cache", "/elsewhere"] {
            let expected = usize::from(there == Some(dir));
            assert_eq!(files(&system, dir), expected, "{given:?}, {dir}");
        }
        let second = compile(&open(&system, given));
        let parsed = if there.is_some() { 0 } else { 2 };
        assert_eq!(second.compile_timings.models_parsed, parsed, "{given:?}");
        assert_eq!(first.models_detail, second.models_detail);
    }
}

#[test]
fn from_last_compares_with_the_last_compile_and_not_with_the_files() {
    let system = system();
    let project = open(&system, Some(""));
    compile(&project);
    // Not compiled yet: the column is called otherwise on the disk.
    system.write("/p/models/a.sql", "SELECT 1 AS renamed");
    let errors = |from_last: bool| {
        let request = WhatIfRequest {
            edits: vec![WhatIfEdit {
                path: "models/b.sql".to_owned(),
                text: Some("SELECT x + 1 AS y FROM a".to_owned()),
                remove: false,
            }],
            from_last,
            ..WhatIfRequest::default()
        };
        let response = project
            .what_if(&request, &mut NoObserver, &CancelToken::new())
            .unwrap();
        response.has_errors
    };
    assert!(!errors(true));
    assert!(errors(false));
}

/// A system whose cache is written only when it is let, and that counts what is read and written.
struct Watched {
    inner: Arc<MemorySystem>,
    gate: Mutex<Option<Receiver<()>>>,
    caches: AtomicUsize,
    texts: AtomicUsize,
}

impl Watched {
    fn over(inner: Arc<MemorySystem>, gate: Option<Receiver<()>>) -> Arc<Watched> {
        Arc::new(Watched {
            inner,
            gate: Mutex::new(gate),
            caches: AtomicUsize::new(0),
            texts: AtomicUsize::new(0),
        })
    }
}

impl System for Watched {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let is_text = path.extension().is_some_and(|e| e == "sql");
        self.texts.fetch_add(usize::from(is_text), Ordering::SeqCst);
        self.inner.read(path)
    }
    fn stamp(&self, path: &Path) -> io::Result<FileStamp> {
        self.inner.stamp(path)
    }
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        self.inner.list(dir)
    }
    fn exists(&self, path: &Path) -> bool {
        self.inner.exists(path)
    }
    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.inner.canonical(path)
    }
    fn write_atomic(&self, path: &Path, contents: &[u8]) -> io::Result<()> {
        if path.starts_with("/p/.rocky/cache") {
            self.caches.fetch_add(1, Ordering::SeqCst);
            if let Some(gate) = self.gate.lock().unwrap().take() {
                gate.recv().unwrap();
            }
        }
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

#[test]
fn the_cache_is_written_behind_the_verb_and_finish_waits_for_it() {
    let memory = system();
    let (open_gate, gate) = std::sync::mpsc::channel();
    let project = open_on(Watched::over(memory.clone(), Some(gate)), None);
    // Returns while the cache cannot be written.
    project
        .compile(&CompileRequest::default(), &mut NoObserver, &CancelToken::new())
        .unwrap();
    assert_eq!(files(&memory, "/p/.rocky/cache"), 0);
    let barrier = Barrier::new(2);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            open_gate.send(()).unwrap();
        });
        barrier.wait();
        project.finish();
        assert_eq!(files(&memory, "/p/.rocky/cache"), 1);
    });
    // There is nothing to wait for.
    project.finish();
}

#[test]
fn a_compile_inside_a_compile_leaves_the_cache_file_alone() {
    let watched = Watched::over(system(), None);
    let project = open_on(watched.clone(), None);
    let mut inner = None;
    let mut observer = |_: &rocky_core::Event| {
        if inner.is_none() {
            let compiled = project.compile(&CompileRequest::default(), &mut NoObserver, &CancelToken::new());
            inner = Some(compiled.unwrap().models);
            let response = project.what_if(&new_model(), &mut NoObserver, &CancelToken::new());
            assert_eq!(response.unwrap().summary.models_added, 1);
        }
    };
    let outer = project
        .compile(&CompileRequest::default(), &mut observer, &CancelToken::new())
        .unwrap();
    project.finish();
    assert_eq!((inner, outer.models), (Some(2), 2));
    assert_eq!(watched.caches.load(Ordering::SeqCst), 1);
}

fn new_model() -> WhatIfRequest {
    WhatIfRequest {
        edits: vec![WhatIfEdit {
            path: "models/c.sql".to_owned(),
            text: Some("SELECT x FROM b".to_owned()),
            remove: false,
        }],
        ..WhatIfRequest::default()
    }
}

#[test]
fn a_whole_compile_of_edits_starts_with_what_the_handle_remembers() {
    let watched = Watched::over(system(), None);
    let project = open_on(watched.clone(), None);
    compile(&project);
    let before = watched.texts.load(Ordering::SeqCst);
    assert_eq!(before, 2);
    for _ in 0..2 {
        let response = project
            .what_if(&new_model(), &mut NoObserver, &CancelToken::new())
            .unwrap();
        assert_eq!(response.summary.models_added, 1);
    }
    project.finish();
    assert_eq!(watched.texts.load(Ordering::SeqCst), before);
    assert_eq!(watched.caches.load(Ordering::SeqCst), 1);
}
