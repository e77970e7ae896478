//! How long an edit takes in process: `cargo run --release -p rocky-core --example edit_latency -- FOLDER`.
//!
//! Compiles the folder once, then tries edits of its models against that compile: another condition in a model that nothing
//! reads, another condition in the model with the most descendants (its columns stay), and a column more in that model (all
//! descendants see other columns). Shown is the best of the runs: of the edited snapshot alone, and of the `what_if` verb with its
//! document, without the plan. `benches/README.md` has the figures.

use rocky_base::event::NoObserver;
use rocky_base::system::OsSystem;
use rocky_base::{CancelToken, Error, Result};
use rocky_core::verbs::compile::CompileRequest;
use rocky_core::verbs::what_if::{WhatIfEdit, WhatIfRequest};
use rocky_core::{Engine, EngineOptions, Host, OpenRequest, Project};
use rocky_project::{Compiler, Edits, Inputs, Options, Snapshot};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const RUNS: usize = 21;

fn main() -> Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err(Error::usage("name the folder of a project"));
    };
    let folder = PathBuf::from(folder);
    let snapshot = compiled(&folder)?;
    let engine = Engine::new(&EngineOptions::default())?;
    let request = OpenRequest {
        config: Some(folder.join("rocky.toml").display().to_string()),
        cache_dir: Some(String::new()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &request, Host::default())?;
    let cancel = CancelToken::new();
    let begin = Instant::now();
    project.compile(&CompileRequest::default(), &mut NoObserver, &cancel)?;
    let mut out = std::io::stdout();
    let n = snapshot.models.len();
    let _ = writeln!(out, "{n} models compiled in {:.0?}", begin.elapsed());

    // A model with neither WITH nor set operation at its end takes a condition as its last words.
    let plain = |id: u32| {
        let text = snapshot.models[id as usize].unit.text().to_ascii_lowercase();
        snapshot.models[id as usize].language == rocky_project::Language::Sql
            && !text.contains(" limit ")
            && !text.contains("union")
            && !text.contains("order by")
            && !text.contains("group by")
    };
    let ids = (0..n as u32).filter(|id| plain(*id));
    let leaf = ids.clone().find(|id| snapshot.consumers[*id as usize].is_empty());
    let hub = ids.max_by_key(|id| descendants(&snapshot, *id));
    let (Some(leaf), Some(hub)) = (leaf, hub) else {
        return Err(Error::usage(
            "the project has no plain SQL model without and with readers",
        ));
    };
    for (what, id, column) in [
        ("a leaf, another condition", leaf, false),
        ("the largest hub, another condition", hub, false),
        ("the largest hub, a column more", hub, true),
    ] {
        let model = &snapshot.models[id as usize];
        let text = model.unit.text();
        let (mut best, mut edited) = (f64::MAX, f64::MAX);
        let mut changed = 0;
        for run in 0..RUNS {
            let new = match column {
                // Around the whole query: its columns and one more.
                true => format!("SELECT q.*, {run} AS added_{run} FROM ({text}) AS q"),
                false => format!("SELECT * FROM ({text}) AS q WHERE {run} = {run}"),
            };
            let path = snapshot.files.get(model.file).map(|f| f.path.clone());
            let path = path.unwrap_or_default();
            let edits = Edits {
                files: vec![(path.clone(), Some(Arc::from(new.as_str())))],
                sources: Vec::new(),
            };
            let begin = Instant::now();
            let alone = snapshot.edited(&OsSystem, &edits, &cancel)?;
            edited = edited.min(begin.elapsed().as_secs_f64() * 1e3);
            if alone.is_none() {
                return Err(Error::usage("the edit needs a whole compile"));
            }
            drop(alone);
            let request = WhatIfRequest {
                edits: vec![WhatIfEdit {
                    path: path.to_string(),
                    text: Some(new),
                    remove: false,
                }],
                without_plan: true,
                from_last: true,
                ..WhatIfRequest::default()
            };
            let begin = Instant::now();
            let response = project.what_if(&request, &mut NoObserver, &cancel)?;
            best = best.min(begin.elapsed().as_secs_f64() * 1e3);
            changed = response.models.len();
        }
        let _ = writeln!(
            out,
            "{what}: edited {edited:.2} ms, answered {best:.2} ms, {} descendants, {changed} models in the answer",
            descendants(&snapshot, id)
        );
    }
    Ok(())
}

fn compiled(folder: &Path) -> Result<Arc<Snapshot>> {
    let options = Options {
        config: folder.join("rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: None,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(16 << 20)
        .build()
        .map_err(|e| Error::usage(e.to_string()))?;
    Compiler::new(Arc::new(OsSystem), options).compile(
        &Inputs::default(),
        &pool,
        &mut NoObserver,
        &CancelToken::new(),
    )
}

/// How many models depend on a model, directly or not.
fn descendants(snapshot: &Snapshot, id: u32) -> usize {
    let mut seen = vec![false; snapshot.models.len()];
    let mut queue = vec![id];
    let mut found = 0;
    while let Some(id) = queue.pop() {
        for reader in &snapshot.consumers[id as usize] {
            if !std::mem::replace(&mut seen[*reader as usize], true) {
                found += 1;
                queue.push(*reader);
            }
        }
    }
    found
}
