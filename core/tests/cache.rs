//! What a handle and a folder remember between compiles, seen from the façade: where the compile cache lies, that it is used,
//! and that `from_last` looks at nothing but the last compile.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rocky_base::System;
use rocky_base::system::MemorySystem;
use rocky_core::verbs::compile::{CompileRequest, CompileResponse};
use rocky_core::verbs::what_if::{WhatIfEdit, WhatIfRequest};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

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
    let engine = Engine::new(&EngineOptions { threads: Some(2) }).unwrap();
    let request = OpenRequest {
        config: Some("/p/rocky.toml".to_owned()),
        cache_dir: cache_dir.map(str::to_owned),
        ..OpenRequest::default()
    };
    let host = Host {
        system: system.clone(),
    };
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
