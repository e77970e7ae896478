//! The same project for dbt-core with dbt-duckdb: `ref()` and `source()`, materialisations per folder, DSL models in SQL.
//!
//! Intents are left out: as `schema.yml` they would cost dbt more than they cost a sidecar's reader.

use super::{Facts, Writer, render};
use crate::generate::{Layer, Model, Project, Strategy, Upstream};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Write the project into `root`, which must be empty or absent.
pub fn write(project: &Project, root: &Path) -> io::Result<Facts> {
    let mut writer = Writer::new(root)?;
    writer.file("dbt_project.yml", &project_file())?;
    writer.file("profiles.yml", PROFILES)?;
    for layer in Layer::ALL {
        writer.folder(&format!("models/{}", layer.folder()))?;
    }
    writer.file("models/sources.yml", &sources(project))?;
    for model in &project.models {
        let text = format!("{}{}", head(model), render(&model.sql, project, &reference));
        writer.file(&path(model), &text)?;
    }
    writer.facts(project, path, head, &reference)
}

const PROFILES: &str = "bench:
  target: dev
  outputs:
    dev:
      type: duckdb
      path: bench.duckdb
";

fn project_file() -> String {
    let mut text = String::from(
        "name: bench
version: '1.0'
profile: bench
model-paths: [models]
models:
  bench:
",
    );
    for layer in Layer::ALL {
        let kind = match layer {
            Layer::Sources | Layer::Staging => "view",
            Layer::Intermediate | Layer::Marts => "table",
        };
        let _ = write!(
            text,
            "    {0}:\n      +materialized: {kind}\n      +schema: {0}\n",
            layer.folder()
        );
    }
    text
}

fn sources(project: &Project) -> String {
    let mut text = String::from("version: 2\nsources:\n  - name: raw\n    schema: raw\n    tables:\n");
    for table in &project.tables {
        let _ = write!(text, "      - name: {}\n        columns:\n", table.name);
        for column in &table.columns {
            let _ = write!(
                text,
                "          - name: {}\n            data_type: {}\n",
                column.name, column.raw_type
            );
        }
    }
    text
}

fn path(model: &Model) -> String {
    format!("models/{}/{}.sql", model.layer.folder(), model.name)
}

fn head(model: &Model) -> String {
    match (model.layer, model.strategy) {
        (Layer::Intermediate, Strategy::View) => "{{ config(materialized='view') }}\n".to_owned(),
        (_, Strategy::View | Strategy::FullRefresh) => String::new(),
        (_, Strategy::Incremental) => "{{ config(materialized='incremental') }}\n".to_owned(),
        (_, Strategy::Merge(key)) => {
            let key = &model.columns[key].name;
            format!("{{{{ config(materialized='incremental', unique_key='{key}') }}}}\n")
        }
    }
}

fn reference(project: &Project, upstream: Upstream) -> String {
    match upstream {
        Upstream::Raw(table) => format!("{{{{ source('raw', '{}') }}}}", project.tables[table].name),
        Upstream::Model(model) => format!("{{{{ ref('{}') }}}}", project.models[model].name),
    }
}
