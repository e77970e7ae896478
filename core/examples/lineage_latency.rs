//! How long lineage answers take on a compiled project: `cargo run --release -p rocky-core --example lineage_latency -- FOLDER`.
//!
//! Compiles the folder once, then asks for every column up and down and for every model, each as the document that a client gets
//! (without its JSON text): the first time makes the index of what is asked about, then the best of three times finds it there. `benches/README.md`
//! has the figures.

use rocky_base::event::NoObserver;
use rocky_base::system::OsSystem;
use rocky_base::{CancelToken, Error, Result};
use rocky_core::verbs::lineage::{LineageRequest, LineageResponse, of_snapshot};
use rocky_project::{Compiler, Inputs, Options, Snapshot};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn main() -> Result<()> {
    let Some(folder) = std::env::args().nth(1) else {
        return Err(Error::usage("name the folder of a project"));
    };
    let options = Options {
        config: PathBuf::from(folder).join("rocky.toml"),
        models: None,
        contracts: None,
        config_optional: false,
        cache: None,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .stack_size(16 << 20)
        .build()
        .map_err(|e| Error::usage(e.to_string()))?;
    let cancel = CancelToken::new();
    let begin = Instant::now();
    let snapshot = Compiler::new(Arc::new(OsSystem), options).compile(
        &Inputs::default(),
        &pool,
        &mut NoObserver,
        &cancel,
    )?;
    let _ = writeln!(
        std::io::stdout(),
        "{} models compiled in {:.0?}",
        snapshot.models.len(),
        begin.elapsed()
    );
    let mut requests: [(&str, Vec<LineageRequest>); 3] = [
        ("column, up", Vec::new()),
        ("column, down", Vec::new()),
        ("model", Vec::new()),
    ];
    for (id, model) in snapshot.models.iter().enumerate() {
        let columns = snapshot.analysis_of(id as u32).map_or(&[][..], |a| &a.columns);
        let base = LineageRequest {
            target: model.name.to_string(),
            ..LineageRequest::default()
        };
        for column in columns {
            let up = LineageRequest {
                column: Some(column.name.to_string()),
                ..base.clone()
            };
            let down = LineageRequest {
                downstream: true,
                ..up.clone()
            };
            requests[0].1.push(up);
            requests[1].1.push(down);
        }
        requests[2].1.push(base);
    }
    for (what, requests) in &requests {
        measure(&snapshot, &format!("{what}, first"), requests, 1, &cancel)?;
        measure(&snapshot, &format!("{what}, again"), requests, 3, &cancel)?;
    }
    Ok(())
}

/// The times of all requests: median, 99 of 100, 999 of 1000, the longest and what it was.
fn measure(
    snapshot: &Snapshot,
    what: &str,
    requests: &[LineageRequest],
    times_each: u32,
    cancel: &CancelToken,
) -> Result<()> {
    let mut times: Vec<(Duration, usize, &LineageRequest)> = Vec::with_capacity(requests.len());
    for request in requests {
        let begin = Instant::now();
        let answer = of_snapshot(snapshot, request, cancel)?;
        let mut time = begin.elapsed();
        for _ in 1..times_each {
            let begin = Instant::now();
            of_snapshot(snapshot, request, cancel)?;
            time = time.min(begin.elapsed());
        }
        let edges = match &answer {
            LineageResponse::Column(column) => column.trace.len(),
            LineageResponse::Model(model) => model.edges.len(),
            LineageResponse::Project(_) | LineageResponse::Rendered(_) => 0,
        };
        times.push((time, edges, request));
    }
    times.sort_by_key(|(time, ..)| *time);
    let at = |share: f64| times.get(((times.len() - 1) as f64 * share) as usize);
    let micros = |share: f64| at(share).map_or(0.0, |(t, ..)| t.as_secs_f64() * 1e6);
    let over = times
        .iter()
        .filter(|(t, ..)| *t > Duration::from_millis(1))
        .count();
    let longest = at(1.0).map_or(String::new(), |(_, edges, request)| {
        let column = request.column.as_deref().unwrap_or("");
        format!("{} {column}, {edges} edges", request.target)
    });
    let _ = writeln!(
        std::io::stdout(),
        "{what:22} {:7} answers: median {:6.0} µs, 99 % {:6.0} µs, 99.9 % {:6.0} µs, longest {:7.0} µs ({longest}); {over} over 1 ms",
        times.len(),
        micros(0.5),
        micros(0.99),
        micros(0.999),
        micros(1.0)
    );
    Ok(())
}
