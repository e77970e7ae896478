//! `init` and `playground`: new projects. Nothing that exists is overwritten.

use crate::engine::{Engine, EngineOptions};
use crate::project::{Host, OpenRequest, Project};
use crate::verbs::discover::DiscoverRequest;
use rocky_base::event::NoObserver;
use rocky_base::{CancelToken, Error, ErrorKind, Result, System};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The files of a playground and the smallest template that has them: 0 quickstart, 1 ecommerce, 2 showcase.
macro_rules! files {
    ($($level:literal $path:literal $(from $from:literal)?;)*) => {
        &[$(($level, $path, files!(@text $path $($from)?)),)*]
    };
    (@text $path:literal) => { include_str!(concat!("../templates/playground/", $path)) };
    (@text $path:literal $from:literal) => { include_str!(concat!("../templates/playground/", $from)) };
}

const PLAYGROUND: &[(u8, &str, &str)] = files! {
    0 "rocky.toml";
    0 ".gitignore" from "gitignore";
    0 "data/seed.sql";
    0 "macros/net_price.sql";
    0 "models/staging/_defaults.toml";
    0 "models/staging/stg_customers.sql";
    0 "models/staging/stg_orders.sql";
    0 "models/staging/stg_events.sql";
    0 "models/intermediate/_defaults.toml";
    0 "models/intermediate/int_order_lines.sql";
    0 "models/intermediate/int_order_lines.toml";
    0 "models/intermediate/int_active_customers.rocky";
    0 "models/intermediate/int_active_customers.toml";
    0 "models/marts/_defaults.toml";
    0 "models/marts/fct_orders.sql";
    0 "models/marts/fct_orders.toml";
    0 "models/marts/fct_orders.contract.toml";
    0 "models/marts/dim_customers.sql";
    0 "models/marts/dim_customers.toml";
    0 "models/marts/daily_revenue.sql";
    0 "models/marts/daily_revenue.toml";
    0 "models/marts/customer_value.sql";
    0 "models/marts/customer_value.toml";
    0 "models/marts/city_summary.rocky";
    1 "models/marts/category_mix.sql";
    1 "models/marts/returns.sql";
    1 "models/marts/referrals.sql";
    2 "models/marts/big_baskets.rocky";
};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScaffoldResponse {
    /// Engine version.
    pub version: String,
    /// `init` or `playground`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The folder.
    pub path: String,
    /// The template.
    pub template: String,
    /// Files, relative to the folder.
    pub files: Vec<String>,
    /// Tables with data, and their rows.
    pub tables: Vec<(String, u64)>,
    /// What to do next.
    pub next_steps: Vec<String>,
}

/// Templates of `init`.
pub const INIT_TEMPLATES: &[&str] = &["duckdb", "databricks", "snowflake"];

/// Templates of `playground`.
pub const PLAYGROUND_TEMPLATES: &[&str] = &["quickstart", "ecommerce", "showcase"];

fn unknown_template(name: &str, known: &[&str]) -> Error {
    let mut error = Error::usage(format!("unknown template `{name}`"));
    error.hint = Some(match rocky_base::suggest::nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("use one of {}", known.join(", ")),
    });
    error
}

fn write(system: &dyn System, root: &Path, files: &[(&str, &str)]) -> Result<Vec<String>> {
    // All or nothing as far as can be seen beforehand.
    for (path, _) in files {
        let full = root.join(path);
        if system.exists(&full) {
            return Err(
                Error::new(ErrorKind::Io, format!("{} exists already", full.display()))
                    .hint("choose another folder; nothing was written"),
            );
        }
    }
    for (path, text) in files {
        let full = root.join(path);
        system
            .write_atomic(&full, text.as_bytes())
            .map_err(|e| Error::io(full.display(), e))?;
    }
    Ok(files.iter().map(|(path, _)| (*path).to_owned()).collect())
}

/// Write a new project: configuration and one model.
pub fn init(system: &dyn System, path: &str, template: &str) -> Result<ScaffoldResponse> {
    let config = match template {
        "duckdb" => include_str!("../templates/init/duckdb.toml"),
        // The 1.x name.
        "databricks" | "databricks-fivetran" => include_str!("../templates/init/databricks.toml"),
        "snowflake" => include_str!("../templates/init/snowflake.toml"),
        _ => return Err(unknown_template(template, INIT_TEMPLATES)),
    };
    let files = [
        ("rocky.toml", config),
        (".gitignore", include_str!("../templates/playground/gitignore")),
        (
            "models/_defaults.toml",
            include_str!("../templates/init/defaults.toml"),
        ),
        (
            "models/example.sql",
            include_str!("../templates/init/example.sql"),
        ),
    ];
    let root = PathBuf::from(path);
    // An existing ignore file is the user's; it is no obstacle.
    let files: Vec<(&str, &str)> = files
        .into_iter()
        .filter(|(p, _)| *p != ".gitignore" || !system.exists(&root.join(p)))
        .collect();
    let written = write(system, &root, &files)?;
    let enter = if path == "." {
        String::new()
    } else {
        format!("cd {path} && ")
    };
    let mut next_steps = vec![format!("{enter}rocky compile")];
    if template == "duckdb" {
        next_steps.push("rocky run".to_owned());
    }
    Ok(ScaffoldResponse {
        version: crate::VERSION.to_owned(),
        command: "init".to_owned(),
        schema_version: crate::SCHEMA_VERSION,
        path: path.to_owned(),
        template: template.to_owned(),
        files: written,
        tables: Vec::new(),
        next_steps,
    })
}

/// Write a sample project with a DuckDB file full of data.
pub fn playground(host: &Host, path: &str, template: &str, cancel: &CancelToken) -> Result<ScaffoldResponse> {
    let (level, template) = match template {
        "quickstart" | "quick" | "qs" => (0, "quickstart"),
        "ecommerce" | "ecom" | "shop" => (1, "ecommerce"),
        "showcase" | "all" | "full" => (2, "showcase"),
        _ => return Err(unknown_template(template, PLAYGROUND_TEMPLATES)),
    };
    let root = PathBuf::from(path);
    if host.system.list(&root).is_ok_and(|entries| !entries.is_empty()) {
        return Err(
            Error::new(ErrorKind::Io, format!("folder {path} exists and is not empty"))
                .hint("choose another folder, e.g. `rocky playground my-playground`; nothing was written"),
        );
    }
    let files: Vec<(&str, &str)> = PLAYGROUND
        .iter()
        .filter(|(l, _, _)| *l <= level)
        .map(|(_, path, text)| (*path, *text))
        .collect();
    let written = write(&*host.system, &root, &files)?;
    let tables = fill(host, &root, cancel)?;
    Ok(ScaffoldResponse {
        version: crate::VERSION.to_owned(),
        command: "playground".to_owned(),
        schema_version: crate::SCHEMA_VERSION,
        path: path.to_owned(),
        template: template.to_owned(),
        files: written,
        tables,
        next_steps: vec![
            format!("cd {path}"),
            "rocky compile".to_owned(),
            "rocky plan".to_owned(),
            "rocky run".to_owned(),
            "rocky lineage customer_value.lifetime_value".to_owned(),
        ],
    })
}

/// Execute the seed in the playground's database and remember its catalogue.
fn fill(host: &Host, root: &Path, cancel: &CancelToken) -> Result<Vec<(String, u64)>> {
    let engine = Engine::new(&EngineOptions { threads: Some(1) })?;
    let request = OpenRequest {
        config: Some(root.join("rocky.toml").display().to_string()),
        ..OpenRequest::default()
    };
    let project = Project::open(&engine, &request, host.clone())?;
    let config = project.config_checked()?;
    let target = crate::project::target(&config, None)?;
    let Some(warehouse) = project.open_warehouse(&target, crate::adapters::Access::Write, cancel)? else {
        return Err(Error::bug("a database opened for writing is not there"));
    };
    let mut connection = warehouse.connect()?;
    connection.execute(include_str!("../templates/playground/data/seed.sql"), cancel)?;
    let mut tables = Vec::new();
    for table in warehouse.discover(None, "raw", cancel)? {
        let name = format!("{}.{}", table.schema, table.name);
        tables.push((name, table.row_count.unwrap_or(0)));
    }
    drop(connection);
    drop(warehouse);
    project.discover(&DiscoverRequest::default(), &mut NoObserver, cancel)?;
    Ok(tables)
}
