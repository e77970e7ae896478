//! The document of a compile as JSON text, for whoever only wants to write it: the details of ten thousand models are made from the
//! snapshot as text, some hundred at a time and on all threads, and are never values.
//!
//! Invariant: the bytes are those that `serde_json` makes of the whole document ([`CompileResponse::whole`]).

use super::{CompileResponse, CompileTimings, Details, WireFreshness, type_text};
use crate::wire::{WireCoverage, WireDiagnostic, WireStrategy};
use rocky_project::{InputRelation, Model};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Models whose text one thread makes at once.
const PART: usize = 32;
/// Parts that are made while those before them are written.
const AHEAD: usize = 12;

/// What stands before the models.
#[derive(Serialize)]
struct Head<'a> {
    version: &'a str,
    command: &'a str,
    schema_version: u32,
    models: u64,
    execution_layers: u64,
    diagnostics: &'a [WireDiagnostic],
    has_errors: bool,
    coverage: &'a WireCoverage,
    compile_timings: &'a CompileTimings,
}

/// What stands behind them.
#[derive(Serialize)]
struct Tail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expanded_sql: &'a Option<BTreeMap<String, String>>,
}

impl CompileResponse<Details> {
    /// Write it as JSON without spaces.
    pub fn write_json(&self, out: &mut (dyn Write + Send)) -> io::Result<()> {
        let head = serde_json::to_vec(&Head {
            version: &self.version,
            command: &self.command,
            schema_version: self.schema_version,
            models: self.models,
            execution_layers: self.execution_layers,
            diagnostics: &self.diagnostics,
            has_errors: self.has_errors,
            coverage: &self.coverage,
            compile_timings: &self.compile_timings,
        })?;
        out.write_all(head.strip_suffix(b"}").unwrap_or(&head))?;
        out.write_all(b",\"models_detail\":[")?;
        self.models_detail.write(out)?;
        out.write_all(b"]")?;
        let tail = serde_json::to_vec(&Tail {
            expanded_sql: &self.expanded_sql,
        })?;
        if tail != b"{}" {
            out.write_all(b",")?;
        }
        out.write_all(tail.strip_prefix(b"{").unwrap_or(&tail))
    }

    /// The same as text.
    pub fn to_json(&self) -> io::Result<String> {
        let mut text = Vec::with_capacity(self.models_detail.models.len() * 1300 + 4096);
        self.write_json(&mut text)?;
        String::from_utf8(text).map_err(io::Error::other)
    }
}

impl Details {
    /// All models, separated by commas.
    fn write(&self, out: &mut (dyn Write + Send)) -> io::Result<()> {
        let pool = &self.engine.inner.pool;
        let mut windows = self.models.chunks(PART * AHEAD);
        let make = |window: &[u32]| -> io::Result<Vec<Vec<u8>>> {
            let parts: Vec<&[u32]> = window.chunks(PART).collect();
            let mut texts: Vec<Option<io::Result<Vec<u8>>>> = parts.iter().map(|_| None).collect();
            pool.in_place_scope(|scope| {
                for (text, part) in texts.iter_mut().zip(parts) {
                    scope.spawn(move |_| *text = Some(self.text(part)));
                }
            });
            texts.into_iter().flatten().collect()
        };
        let Some(first) = windows.next() else {
            return Ok(());
        };
        let mut ready = make(first)?;
        let mut comma = false;
        loop {
            let next = windows.next();
            let mut coming = Ok(Vec::new());
            let mut written = Ok(());
            // What comes is made while this is written.
            pool.in_place_scope(|scope| {
                if let Some(next) = next {
                    let coming = &mut coming;
                    scope.spawn(move |_| *coming = make(next));
                }
                written = ready.iter().try_for_each(|text| {
                    if std::mem::replace(&mut comma, true) {
                        out.write_all(b",")?;
                    }
                    out.write_all(text)
                });
            });
            written?;
            ready = coming?;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    /// Some models, separated by commas.
    fn text(&self, part: &[u32]) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(part.len() * 1400);
        for id in part {
            let Some(model) = self.sureness.snapshot.models.get(*id as usize) else {
                continue;
            };
            if !out.is_empty() {
                out.push(b',');
            }
            self.model(&mut out, *id, model)?;
        }
        Ok(out)
    }

    fn model(&self, out: &mut Vec<u8>, id: u32, model: &Model) -> io::Result<()> {
        let snapshot = &*self.sureness.snapshot;
        let [catalog, schema, table] = &model.target_parts;
        key(out, "{\"name\":", &model.name);
        out.extend_from_slice(b",\"strategy\":");
        serde_json::to_writer(&mut *out, &WireStrategy::of(&model.strategy.kind))?;
        key(out, ",\"target\":{\"catalog\":", catalog);
        key(out, ",\"schema\":", schema);
        key(out, ",\"table\":", table);
        out.push(b'}');
        if let Some(contract) = &model.contract {
            key(out, ",\"contract_source\":", super::contract_source(contract));
        }
        let mut first = true;
        out.extend_from_slice(b",\"depends_on\":[");
        for on in &model.depends_on {
            if let Some(on) = snapshot.models.get(*on as usize) {
                key(out, if first { "" } else { "," }, &on.name);
                first = false;
            }
        }
        first = true;
        out.extend_from_slice(b"],\"sources\":[");
        for input in &model.inputs {
            if let InputRelation::Source(s) = input
                && let Some(source) = snapshot.sources.get(*s as usize)
            {
                key(out, if first { "" } else { "," }, &source.name.display());
                first = false;
            }
        }
        out.extend_from_slice(b"],\"columns\":");
        if self.sureness.all_proven(id, model) {
            first = true;
            out.push(b'[');
            model.look_at_columns(|columns| {
                for column in columns {
                    key(
                        out,
                        if first { "{\"name\":" } else { ",{\"name\":" },
                        &column.name,
                    );
                    key(out, ",\"type\":", &type_text(&column.ty, snapshot.dialect));
                    out.extend_from_slice(b",\"nullable\":");
                    flag(out, column.nullable);
                    out.extend_from_slice(b",\"status\":\"proven\"}");
                    first = false;
                }
            });
            out.push(b']');
        } else {
            serde_json::to_writer(&mut *out, &self.sureness.columns(id, model))?;
        }
        out.extend_from_slice(b",\"columns_complete\":");
        flag(out, model.complete());
        out.extend_from_slice(b",\"coverage\":");
        serde_json::to_writer(&mut *out, &WireCoverage::from(self.sureness.coverage(id)))?;
        let file = snapshot.files.get(model.file).map_or("", |f| f.path.as_str());
        key(out, ",\"file\":", file);
        key(out, ",\"language\":", super::language(model));
        if let Some(pipeline) = &model.pipeline {
            key(out, ",\"pipeline\":", pipeline);
        }
        let layer = snapshot.order.layer.get(id as usize).copied().unwrap_or(0);
        write!(out, ",\"layer\":{layer}")?;
        if !model.config.tags.is_empty() {
            let tags: BTreeMap<&str, &str> = model
                .config
                .tags
                .iter()
                .map(|(k, v)| (k.as_str(), v.as_str()))
                .collect();
            out.extend_from_slice(b",\"tags\":");
            serde_json::to_writer(&mut *out, &tags)?;
        }
        if let Some(intent) = &model.config.intent {
            key(out, ",\"intent\":", &intent.value);
        }
        if let Some(freshness) = &model.config.freshness {
            out.extend_from_slice(b",\"freshness\":");
            serde_json::to_writer(&mut *out, &WireFreshness::of(freshness))?;
        }
        out.push(b'}');
        Ok(())
    }
}

fn flag(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// What stands before a text, and the text in quotes.
fn key(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    let special = |b: u8| b < 0x20 || b == b'"' || b == b'\\';
    // Without a branch for each byte.
    if text.bytes().fold(false, |any, b| any | special(b)) {
        // A vector takes all that is written.
        let _ = serde_json::to_writer(out, text);
        return;
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use crate::verbs::compile::{CompileRequest, ModelDetail};
    use crate::{Engine, Host, OpenRequest, Project};
    use rocky_base::CancelToken;
    use rocky_base::event::NoObserver;
    use rocky_base::system::MemorySystem;
    use std::sync::Arc;

    fn project(models: usize) -> Project {
        let system = MemorySystem::new();
        system.write(
            "p/rocky.toml",
            "[adapter]\ntype = \"duckdb\"\n[pipeline.\"a \\\"b\\\"\"]\ntype = \"transformation\"\nmodels = \"models/**\"\n\
             [pipeline.\"a \\\"b\\\"\".target]\nadapter = \"default\"\n",
        );
        system.write(
            "p/models/known.sql",
            "SELECT 1 AS \"q\"\"\\\té\", [1] AS list, 2.5 AS \"\u{1}\"",
        );
        system.write(
            "p/models/known.toml",
            "intent = \"says \\\"what\\\"\\n\"\n[tags]\nzone = \"b\\\\c\"\narea = \"\"\n",
        );
        system.write(
            "p/models/known.contract.toml",
            "[[columns]]\nname = \"list\"\ntype = \"INTEGER[]\"\n",
        );
        system.write(
            "p/models/unknown.sql",
            "SELECT x, x + 1 AS y, * FROM crm.accounts, known",
        );
        system.write(
            "p/models/added.sql",
            "SELECT 1 AS id, DATE '2026-01-01' AS day FROM unknown",
        );
        system.write(
            "p/models/added.toml",
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"day\"\n[freshness]\nmax_lag_seconds = 60\n",
        );
        for i in 0..models {
            system.write(
                format!("p/models/m{i:04}.sql"),
                format!("SELECT {i} AS id FROM known"),
            );
        }
        let request = OpenRequest {
            config: Some("p/rocky.toml".to_owned()),
            cache_dir: Some(String::new()),
            ..OpenRequest::default()
        };
        let engine = Engine::new(&Default::default()).unwrap();
        let host = Host {
            system: Arc::new(system),
        };
        Project::open(&engine, &request, host).unwrap()
    }

    /// Does not compile when there is a field that nobody has thought of: it must be written, and stand in the project of the test.
    fn every_field(detail: &ModelDetail) -> bool {
        let ModelDetail {
            name: _,
            strategy: _,
            target: _,
            contract_source,
            depends_on: _,
            sources: _,
            columns: _,
            columns_complete: _,
            coverage: _,
            file: _,
            language: _,
            pipeline,
            layer: _,
            tags,
            intent,
            freshness,
        } = detail;
        contract_source.is_some()
            || pipeline.is_some()
            || !tags.is_empty()
            || intent.is_some()
            || freshness.is_some()
    }

    #[test]
    fn the_text_is_that_of_the_whole_document() {
        for (models, model) in [(0, None), (0, Some("known")), (900, None)] {
            let project = project(models);
            let request = CompileRequest {
                model: model.map(str::to_owned),
                expand_macros: models == 0,
                ..CompileRequest::default()
            };
            let document = project
                .compile_document(&request, &mut NoObserver, &CancelToken::new())
                .unwrap();
            let text = document.to_json().unwrap();
            let whole = document.whole();
            assert_eq!(
                whole.models_detail.len(),
                model.map_or(models + 3, |_| 1),
                "{:?}",
                whole.diagnostics
            );
            assert!(whole.models_detail.iter().any(every_field));
            assert_eq!(text, serde_json::to_string(&whole).unwrap());
        }
    }
}
