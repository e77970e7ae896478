//! Projects in memory, catalogue snapshots and golden files for the tests of the plan.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may panic")]

use rocky_base::event::Observer;
use rocky_base::ident::IdentKind;
use rocky_base::system::MemorySystem;
use rocky_base::{CancelToken, Dialect, Event, Ident, SmolStr};
use rocky_plan::{Bindings, Fact, Plan, PlanOptions, StepKind};
use rocky_project::compile::CatalogInput;
use rocky_project::{Compiler, Inputs, Options, Snapshot};
use rocky_warehouse::{CatalogSnapshot, Column, Relation, RelationKind, RelationName, Type};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

struct Quiet;

impl Observer for Quiet {
    fn event(&mut self, _: &Event) {}
}

/// A project under construction.
pub struct Project {
    pub dialect: Dialect,
    system: MemorySystem,
    toml: String,
    catalog: CatalogSnapshot,
}

/// Default catalog and schema of the tests.
fn defaults(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::DuckDb => ("shop", "main"),
        Dialect::Databricks => ("main", "default"),
        Dialect::Snowflake => ("SHOP", "PUBLIC"),
        Dialect::BigQuery => ("my-project", "shop"),
    }
}

/// A name as the warehouse spells it that folds bare ones.
pub fn spelled(dialect: Dialect, name: &str) -> SmolStr {
    match dialect {
        Dialect::Snowflake if dialect.is_regular(name) && !dialect.is_reserved(name) => {
            name.to_uppercase().into()
        }
        _ => name.into(),
    }
}

impl Project {
    /// An empty project with sources `raw.orders(id, customer, amount, day, updated_at)` and `raw.customers(id, name)`.
    pub fn new(dialect: Dialect) -> Project {
        let adapter = match dialect {
            Dialect::DuckDb => "type = \"duckdb\"\npath = \"shop.duckdb\"",
            Dialect::Databricks => {
                "type = \"databricks\"\nhost = \"h\"\nhttp_path = \"p\"\ntoken = \"t\"\ncatalog = \"main\"\nschema = \"default\""
            }
            Dialect::Snowflake => {
                "type = \"snowflake\"\naccount = \"a\"\nusername = \"u\"\npassword = \"p\"\nwarehouse = \"w\"\ndatabase = \"SHOP\"\nschema = \"PUBLIC\""
            }
            Dialect::BigQuery => "type = \"bigquery\"\nproject_id = \"my-project\"\ndataset = \"shop\"",
        };
        let (int, text, date, time) = match dialect {
            Dialect::BigQuery => ("INT64", "STRING", "DATE", "TIMESTAMP"),
            Dialect::Databricks => ("BIGINT", "STRING", "DATE", "TIMESTAMP"),
            _ => ("BIGINT", "VARCHAR", "DATE", "TIMESTAMP"),
        };
        let up = |n: &str| spelled(dialect, n);
        let columns = |list: &[(&str, &str)]| {
            let all: Vec<String> = list
                .iter()
                .map(|(n, t)| format!("{{name = \"{}\", type = \"{t}\"}}", up(n)))
                .collect();
            all.join(", ")
        };
        let orders = [
            ("id", int),
            ("customer", int),
            ("amount", int),
            ("day", date),
            ("updated_at", time),
        ];
        let toml = format!(
            "[adapter.default]\n{adapter}\n\n[pipeline.shop]\ntype = \"transformation\"\n\n[pipeline.shop.target]\nadapter = \"default\"\n\n\
             [[sources]]\nschema = \"raw\"\ntable = \"orders\"\ncolumns = [{}]\n\n\
             [[sources]]\nschema = \"raw\"\ntable = \"customers\"\ncolumns = [{}]\n",
            columns(&orders),
            columns(&[("id", int), ("name", text)]),
        );
        let (catalog, schema) = defaults(dialect);
        let mut catalog = CatalogSnapshot {
            dialect,
            default_catalog: Some(Ident::quoted(catalog)),
            default_schema: Some(Ident::quoted(schema)),
            ..CatalogSnapshot::default()
        };
        let key = catalog
            .default_catalog
            .as_ref()
            .unwrap()
            .key(dialect, IdentKind::Relation);
        let schema_key = catalog
            .default_schema
            .as_ref()
            .unwrap()
            .key(dialect, IdentKind::Relation);
        catalog.complete_catalogs.insert(key.clone());
        catalog.schemas.insert((key.clone(), schema_key.clone()));
        catalog.complete.insert((key, schema_key));
        Project {
            dialect,
            system: MemorySystem::new(),
            toml,
            catalog,
        }
    }

    /// More of `rocky.toml`.
    pub fn toml(mut self, more: &str) -> Project {
        self.toml.push_str(more);
        self
    }

    /// Replace text of `rocky.toml`.
    pub fn toml_replace(mut self, old: &str, new: &str) -> Project {
        assert!(self.toml.contains(old));
        self.toml = self.toml.replace(old, new);
        self
    }

    /// A model with a sidecar.
    pub fn model(self, name: &str, sidecar: &str, sql: &str) -> Project {
        self.system.write(format!("/p/models/{name}.sql"), sql);
        self.system.write(format!("/p/models/{name}.toml"), sidecar);
        self
    }

    /// Any file.
    pub fn file(self, path: &str, text: &str) -> Project {
        self.system.write(format!("/p/{path}"), text);
        self
    }

    /// A relation of the warehouse; columns by name.
    pub fn exists(mut self, schema: &str, table: &str, kind: RelationKind, columns: &[&str]) -> Project {
        let ident = |t: &str| Ident::quoted(spelled(self.dialect, t));
        let columns = columns
            .iter()
            .map(|c| Column {
                name: spelled(self.dialect, c),
                // What TIMESTAMP means there; of columns that are texts in the queries nothing is known.
                ty: match self.dialect {
                    _ if matches!(*c, "note" | "a" | "customer") => Type::Unknown,
                    Dialect::DuckDb | Dialect::Snowflake => Type::TIMESTAMP,
                    Dialect::Databricks | Dialect::BigQuery => Type::TimestampTz,
                },
                nullable: true,
            })
            .collect();
        let name = RelationName {
            catalog: self.catalog.default_catalog.clone(),
            schema: Some(ident(schema)),
            table: ident(table),
        };
        self.catalog.insert(Relation { name, kind, columns });
        self
    }

    /// Nothing is known of the warehouse but its defaults.
    pub fn unknown_warehouse(mut self) -> Project {
        self.catalog.complete.clear();
        self.catalog.complete_catalogs.clear();
        self.catalog.schemas.clear();
        self
    }

    pub fn catalog(&self) -> &CatalogSnapshot {
        &self.catalog
    }

    /// Compile. The catalogue goes in as an old one, so that what is not in it is not an error.
    pub fn compile(&self) -> Arc<Snapshot> {
        let system = MemorySystem::new();
        for path in files(&self.system) {
            use rocky_base::System;
            system.write(path.clone(), self.system.read(&path).unwrap());
        }
        system.write("/p/rocky.toml", self.toml.clone());
        let options = Options {
            config: PathBuf::from("/p/rocky.toml"),
            models: None,
            contracts: None,
            config_optional: false,
            cache: None,
        };
        let mut compiler = Compiler::new(Arc::new(system), options);
        let inputs = Inputs {
            catalog: Some(CatalogInput {
                snapshot: Arc::new(self.catalog.clone()),
                fresh: false,
            }),
            ..Inputs::default()
        };
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .stack_size(8 << 20)
            .build()
            .unwrap();
        compiler
            .compile(&inputs, &pool, &mut Quiet, &CancelToken::new())
            .unwrap()
    }

    /// Compile without errors and plan.
    pub fn plan(&self, options: &PlanOptions) -> Plan {
        let snapshot = self.compile();
        let errors: Vec<_> = snapshot
            .diagnostics()
            .iter()
            .filter(|d| d.is_error())
            .map(|d| &d.message)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        match rocky_plan::plan(&snapshot, &self.catalog, options) {
            Ok(plan) => plan,
            Err(diagnostics) => panic!("{diagnostics:#?}"),
        }
    }

    /// Plan; the messages of what is wrong.
    pub fn refused(&self, options: &PlanOptions) -> Vec<String> {
        let snapshot = self.compile();
        let diagnostics = rocky_plan::plan(&snapshot, &self.catalog, options).unwrap_err();
        diagnostics
            .iter()
            .map(|d| format!("{}: {}", d.code, d.message))
            .collect()
    }

    /// The assembled query of a model, even of one that the analysis refuses.
    pub fn sql_of_any(&self, model: &str) -> String {
        let snapshot = self.compile();
        let (id, _) = snapshot.model(model).unwrap();
        let sql = rocky_plan::model_sql(&snapshot, id).text;
        assert_parses(&sql, self.dialect);
        sql
    }

    /// The assembled query of a model.
    pub fn sql(&self, model: &str) -> String {
        let snapshot = self.compile();
        let errors: Vec<_> = snapshot
            .diagnostics()
            .iter()
            .filter(|d| d.is_error())
            .map(|d| &d.message)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let (id, _) = snapshot.model(model).unwrap();
        let sql = rocky_plan::model_sql(&snapshot, id).text;
        assert_parses(&sql, self.dialect);
        sql
    }
}

fn files(system: &MemorySystem) -> Vec<PathBuf> {
    use rocky_base::System;
    let mut found = Vec::new();
    let mut work = vec![PathBuf::from("/p")];
    while let Some(dir) = work.pop() {
        for entry in system.list(&dir).unwrap_or_default() {
            if entry.is_dir {
                work.push(entry.path)
            } else {
                found.push(entry.path)
            }
        }
    }
    found
}

/// The query parses without an error.
pub fn assert_parses(sql: &str, dialect: Dialect) {
    let parsed = rocky_syntax::parser::parse(sql, dialect);
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .filter(|d| d.is_error())
        .map(|d| &d.message)
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{sql}");
    assert!(parsed.ast.root.is_some(), "no query: {sql}");
}

/// The statement with something in its holes.
fn without_holes(step: &rocky_plan::Step) -> String {
    let values = rocky_plan::Bindings {
        now: "2026-01-02 03:04:05".to_owned(),
        run_id: "run".to_owned(),
        window: None,
    };
    step.bind(Dialect::DuckDb, &values).unwrap().into_owned()
}

/// Every query in the plan parses: guards, observations, and what follows the first line of a statement that ends with a query.
pub fn assert_queries_parse(plan: &Plan) {
    for check in plan.tasks.iter().flat_map(|m| &m.checks) {
        check
            .steps()
            .for_each(|s| assert_parses(&without_holes(s), plan.dialect));
    }
    let values = Bindings {
        window: Some(("2026-04-07 00:00:00".into(), "2026-04-08 00:00:00".into())),
        ..Bindings::default()
    };
    let before = plan.tasks.iter().flat_map(|m| &m.windows).flat_map(|w| &w.before);
    for step in plan.tasks.iter().flat_map(|m| &m.steps).chain(before) {
        let sql = step.bind(plan.dialect, &values).unwrap();
        let query = match (&step.kind, step.purpose.as_str()) {
            (StepKind::Guard { .. } | StepKind::Observe { .. } | StepKind::CountPartitions, _) => Some(&*sql),
            (_, "create_table" | "create_view" | "stage" | "insert") => match sql.split_once('\n') {
                // A head with lines of its layout.
                Some((head, rest)) if head.starts_with("CREATE") && !head.ends_with(" AS") => rest
                    .split_once("\nAS\n")
                    .or(rest.split_once("AS\n"))
                    .map(|(_, q)| q),
                split => split.map(|(_, q)| q),
            },
            (_, "replace_window") if plan.dialect == Dialect::Databricks => sql.splitn(3, '\n').nth(2),
            _ => None,
        };
        if let Some(query) = query {
            assert_parses(query, plan.dialect);
        }
    }
}

/// The plan as text for a golden file.
pub fn show(plan: &Plan) -> String {
    let mut out = String::new();
    for step in &plan.setup {
        writeln!(out, "-- setup: {} {}\n{};", step.purpose, step.target, step.sql).unwrap();
    }
    for model in &plan.tasks {
        let fact = match &model.fact {
            Fact::Table(columns) => format!("table({})", columns.join(", ")),
            other => format!("{other:?}").to_lowercase(),
        };
        writeln!(
            out,
            "-- {}: {} into {} ({fact})",
            model.name,
            model.strategy.as_str(),
            model.target.display()
        )
        .unwrap();
        writeln!(out, "-- because: {}", model.reason).unwrap();
        let windows = model.windows.as_ref();
        if let Some(windows) = windows {
            writeln!(out, "-- windows, {} at once:", windows.parallel).unwrap();
            for w in &windows.list {
                writeln!(out, "--   {} [{}, {})", w.keys.join(" "), w.start, w.end).unwrap();
            }
        }
        let before = windows.map_or(&[][..], |w| &w.before);
        for step in before.iter().chain(&model.steps) {
            for hole in &step.holes {
                assert_eq!(hole.span.slice(&step.sql), hole.parameter.marker());
            }
            let kind = match &step.kind {
                StepKind::Statement { counts_rows: true } => " [rows]".to_owned(),
                StepKind::Statement { counts_rows: false } => String::new(),
                StepKind::Guard { error } => format!(" [guard: {error}]"),
                StepKind::Observe { name } => format!(" [observe: {name}]"),
                StepKind::Removal => " [removes rows]".to_owned(),
                StepKind::CountPartitions => " [partitions]".to_owned(),
                StepKind::Refuse { error, .. } => format!(" [refuse: {error}]"),
                StepKind::Check => panic!("a check among the steps"),
            };
            writeln!(out, "-- {} {}{kind}\n{};", step.purpose, step.target, step.sql).unwrap();
        }
        for check in &model.checks {
            let gates = if check.gates { ", fails the run" } else { "" };
            let deferred = if check.deferred { ", at the end" } else { "" };
            writeln!(
                out,
                "-- check {} ({}{gates}{deferred}): {:?}",
                check.name,
                check.kind.as_str(),
                check.judge
            )
            .unwrap();
            for step in check.steps() {
                writeln!(out, "{};", step.sql).unwrap();
            }
        }
    }
    out
}

/// Compare with `tests/golden/<name>`; `ROCKY_UPDATE=1` writes it instead.
pub fn golden(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("ROCKY_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        expected,
        actual,
        "{} differs; ROCKY_UPDATE=1 rewrites it",
        path.display()
    );
}
