//! `validate` keeps the numbers of the 1.x releases.

#![allow(missing_docs, clippy::unwrap_used)]

use rocky_base::system::MemorySystem;
use rocky_core::verbs::validate::{ValidateRequest, ValidateResponse};
use rocky_core::{CancelToken, Engine, EngineOptions, Host, NoObserver, OpenRequest, Project};
use std::sync::Arc;

fn validate(files: &[(&str, &str)]) -> ValidateResponse {
    let system = MemorySystem::new();
    for (path, text) in files {
        system.write(format!("/p/{path}"), text.as_bytes());
    }
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    let request = OpenRequest {
        config: Some("/p/rocky.toml".to_owned()),
        ..OpenRequest::default()
    };
    let host = Host {
        system: Arc::new(system),
    };
    let project = Project::open(&engine, &request, host).unwrap();
    project
        .validate(&ValidateRequest {}, &mut NoObserver, &CancelToken::new())
        .unwrap()
}

fn found(response: &ValidateResponse) -> Vec<(&str, &str)> {
    let said = response.messages.iter().filter(|m| m.severity != "ok");
    said.map(|m| (m.severity.as_str(), m.code.as_str())).collect()
}

#[test]
fn references_to_what_is_not_declared_have_their_own_numbers() {
    let config = r#"
[adapter.main]
type = "duckdb"

[pipeline.raw]
type = "replication"
depends_on = ["nope"]

[pipeline.raw.source]
adapter = "sorce"
schema_pattern = { prefix = "src", separator = "__", components = ["name"] }

[pipeline.raw.source.discovery]
adapter = "disco"

[pipeline.raw.target]
adapter = "mian"
catalog_template = "c"
schema_template = "{name}"
"#;
    let response = validate(&[("rocky.toml", config)]);
    let found = found(&response);
    for code in ["V022", "V023", "V024", "V029"] {
        assert_eq!(
            found.iter().filter(|(s, c)| (*s, *c) == ("error", code)).count(),
            1,
            "{code}: {found:?}"
        );
    }
    let target = response.messages.iter().find(|m| m.code == "V023").unwrap();
    assert!(target.message.contains("`mian`"), "{}", target.message);
    assert_eq!(target.span.as_ref().map(|s| s.line), Some(17));
    assert!(!found.iter().any(|(_, code)| *code == "E416"), "{found:?}");
    assert!(!response.valid);
}

#[test]
fn what_says_the_default_is_a_lint_only_where_it_is_written() {
    let plain = "[adapter]\ntype = \"duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
    let model = ("models/a.sql", "select 1 as x");
    let silent = validate(&[("rocky.toml", plain), model]);
    assert_eq!(found(&silent), []);
    let config = format!("{plain}[state]\nbackend = \"local\"\n");
    let loud = validate(&[("rocky.toml", &config), model]);
    assert_eq!(found(&loud), [("lint", "L004")]);
    assert!(loud.valid);
}

#[test]
fn a_schema_that_three_models_name_belongs_into_the_defaults() {
    let config = "[adapter]\ntype = \"duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
    let sidecar = "[target]\nschema = \"marts\"\n";
    let mut files = vec![("rocky.toml", config)];
    for path in ["models/a.toml", "models/b.toml"] {
        files.push((path, sidecar));
    }
    for path in ["models/a.sql", "models/b.sql", "models/c.sql"] {
        files.push((path, "select 1 as x"));
    }
    assert_eq!(found(&validate(&files)), []);
    files.push(("models/c.toml", sidecar));
    let response = validate(&files);
    assert_eq!(found(&response), [("lint", "L003")]);
    let lint = response.messages.iter().find(|m| m.code == "L003").unwrap();
    assert_eq!(lint.message, "3 models of `models` each name the schema `marts`");
}
