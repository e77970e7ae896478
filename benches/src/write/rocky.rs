//! `rocky.toml` with the declared sources, `models/<layer>/*.{sql,rocky}`, a sidecar for every SQL model and for every other DSL
//! model, `_defaults.toml` in every folder.
//!
//! All names are plain identifiers and all sentences plain words, so nothing needs escaping.

use super::{Facts, Writer, bare, rocky_text, strategy_name};
use crate::generate::{Layer, Model, Project, Strategy};
use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// Write the project into `root`, which must be empty or absent.
pub fn write(project: &Project, root: &Path) -> io::Result<Facts> {
    let mut writer = Writer::new(root)?;
    writer.file("rocky.toml", &config(project))?;
    for layer in Layer::ALL {
        let folder = format!("models/{}", layer.folder());
        writer.folder(&folder)?;
        writer.file(&format!("{folder}/_defaults.toml"), &defaults(layer))?;
    }
    let mut n_dsl = 0;
    for model in &project.models {
        writer.file(&path(model), &rocky_text(project, model))?;
        n_dsl += usize::from(model.dsl.is_some());
        if model.dsl.is_none() || n_dsl % 2 == 0 {
            writer.file(
                &format!("models/{}/{}.toml", model.layer.folder(), model.name),
                &sidecar(model),
            )?;
        }
    }
    writer.facts(project, path, |_| String::new(), &bare)
}

fn path(model: &Model) -> String {
    let extension = if model.dsl.is_some() { "rocky" } else { "sql" };
    format!("models/{}/{}.{extension}", model.layer.folder(), model.name)
}

fn config(project: &Project) -> String {
    let mut text = String::from(
        r#"[adapter]
type = "duckdb"
path = "bench.duckdb"

[pipeline.bench]
type = "transformation"
models = "models/**"

[pipeline.bench.target]
adapter = "default"
"#,
    );
    for table in &project.tables {
        let _ = write!(
            text,
            "\n[[sources]]\ncatalog = \"bench\"\nschema = \"raw\"\ntable = \"{}\"\ncolumns = [\n",
            table.name
        );
        for column in &table.columns {
            let nullable = if column.nullable { "" } else { ", nullable = false" };
            let _ = writeln!(
                text,
                "    {{ name = \"{}\", type = \"{}\"{nullable} }},",
                column.name, column.raw_type
            );
        }
        text.push_str("]\n");
    }
    text
}

fn defaults(layer: Layer) -> String {
    let strategy = match layer {
        Layer::Sources | Layer::Staging => "view",
        Layer::Intermediate | Layer::Marts => "full_refresh",
    };
    format!(
        "[target]\ncatalog = \"bench\"\nschema = \"{}\"\n\n[strategy]\ntype = \"{strategy}\"\n",
        layer.folder()
    )
}

fn sidecar(model: &Model) -> String {
    let mut text = format!("name = \"{}\"\nintent = \"{}\"\n", model.name, model.intent);
    let _ = write!(
        text,
        "\n[strategy]\ntype = \"{}\"\n",
        strategy_name(model.strategy)
    );
    match model.strategy {
        Strategy::View | Strategy::FullRefresh => {}
        Strategy::Incremental => text.push_str("timestamp_column = \"updated_at\"\n"),
        Strategy::Merge(key) => {
            let _ = writeln!(text, "unique_key = [\"{}\"]", model.columns[key].name);
        }
    }
    text
}
