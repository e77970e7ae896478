//! JSON Schema of every request and response, generated from the wire structs. Committed under `core/schemas`; a test
//! fails when they drift.

use crate::document::ErrorDocument;
use crate::project::OpenRequest;
use crate::verbs::{
    apply, ci, compare, compile, diff, discover, history, hooks, lineage, load, metrics, plan, run, seed,
    snapshot, state, test, validate, what_if,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

fn schema<T: JsonSchema>() -> Schema {
    SchemaGenerator::new(SchemaSettings::draft07()).into_root_schema_for::<T>()
}

/// File stem and schema of each document.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("open.request", schema::<OpenRequest>()),
        ("compile.request", schema::<compile::CompileRequest>()),
        ("compile.response", schema::<compile::CompileResponse>()),
        ("plan.request", schema::<run::RunRequest>()),
        ("plan.response", schema::<plan::PlanResponse>()),
        ("run.request", schema::<run::RunRequest>()),
        ("run.response", schema::<run::RunResponse>()),
        ("apply.request", schema::<apply::ApplyRequest>()),
        ("apply.response", schema::<run::RunResponse>()),
        ("lineage.request", schema::<lineage::LineageRequest>()),
        ("lineage.response", schema::<lineage::LineageResponse>()),
        ("validate.request", schema::<validate::ValidateRequest>()),
        ("validate.response", schema::<validate::ValidateResponse>()),
        ("discover.request", schema::<discover::DiscoverRequest>()),
        ("discover.response", schema::<discover::DiscoverResponse>()),
        ("state.request", schema::<state::StateRequest>()),
        ("state.response", schema::<state::StateAnswer>()),
        ("history.request", schema::<history::HistoryRequest>()),
        ("history.response", schema::<history::HistoryResponse>()),
        ("compare.request", schema::<compare::CompareRequest>()),
        ("compare.response", schema::<compare::CompareResponse>()),
        ("ci.request", schema::<ci::CiRequest>()),
        ("ci.response", schema::<ci::CiResponse>()),
        ("metrics.request", schema::<metrics::MetricsRequest>()),
        ("metrics.response", schema::<metrics::MetricsResponse>()),
        ("test.request", schema::<test::TestRequest>()),
        ("test.response", schema::<test::TestResponse>()),
        ("what_if.request", schema::<what_if::WhatIfRequest>()),
        ("what_if.response", schema::<what_if::WhatIfResponse>()),
        ("diff.request", schema::<diff::DiffRequest>()),
        ("diff.response", schema::<diff::DiffResponse>()),
        ("load.request", schema::<load::LoadRequest>()),
        ("load.response", schema::<load::LoadResponse>()),
        ("snapshot.request", schema::<snapshot::SnapshotRequest>()),
        ("snapshot.response", schema::<snapshot::SnapshotResponse>()),
        ("seed.request", schema::<seed::SeedRequest>()),
        ("seed.response", schema::<seed::SeedResponse>()),
        ("hooks.request", schema::<hooks::HooksRequest>()),
        ("hooks.response", schema::<hooks::HooksResponse>()),
        ("error", schema::<ErrorDocument>()),
    ]
}
