//! The statements of replications, per dialect, strategy and state of the target, against golden files; and what is refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

mod common;

use common::{assert_parses, golden, show, spelled};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, FileId, Ident};
use rocky_config::{PipelineKind, ProjectConfig};
use rocky_plan::replication::{
    FoundBy, Origin, ReplicationOptions, Resolved, Source, SourceFile, metadata_templates, plan, resolve,
    source_of,
};
use rocky_plan::{DriftPolicy, Plan, StepKind, TaskKind};
use rocky_warehouse::{CatalogSnapshot, Column, Relation, RelationKind, RelationName, SourceTable, Type};

fn config(dialect: Dialect, more: &str) -> ProjectConfig {
    parsed(dialect, more, "")
}

/// With tables of their own behind everything else.
fn config_behind(dialect: Dialect, behind: &str) -> ProjectConfig {
    parsed(dialect, "", behind)
}

fn parsed(dialect: Dialect, more: &str, behind: &str) -> ProjectConfig {
    let adapter = match dialect {
        Dialect::DuckDb => "type = \"duckdb\"\npath = \"poc.duckdb\"",
        Dialect::Databricks => "type = \"databricks\"\nhost = \"h\"\nhttp_path = \"p\"\ntoken = \"t\"",
        Dialect::Snowflake => "type = \"snowflake\"\naccount = \"a\"\nwarehouse = \"w\"",
        Dialect::BigQuery => "type = \"bigquery\"\nproject_id = \"poc\"",
    };
    let target = match dialect {
        Dialect::Snowflake => "POC",
        _ => "poc",
    };
    let (source, ty) = match dialect {
        Dialect::Databricks => ("\ncatalog = \"landing\"", "STRING"),
        Dialect::BigQuery => ("", "STRING"),
        _ => ("", "VARCHAR"),
    };
    let text = format!(
        "[adapter]\n{adapter}\n[pipeline.raw]\ntimestamp_column = \"_updated_at\"\n{more}\n\
         [[pipeline.raw.metadata_columns]]\nname = \"_source\"\ntype = \"{ty}\"\nvalue = \"'{{source}}'\"\n\
         [pipeline.raw.source]{source}\n[pipeline.raw.source.schema_pattern]\nprefix = \"raw__\"\nseparator = \"__\"\ncomponents = [\"source\"]\n\
         [pipeline.raw.target]\ncatalog_template = \"{target}\"\nschema_template = \"staging__{{source}}\"\n\
         [pipeline.raw.target.governance]\nauto_create_schemas = true\nauto_create_catalogs = true\n{behind}"
    );
    let parsed = rocky_config::parse_project(FileId(0), &text, &|_| None);
    let errors: Vec<_> = parsed.diagnostics.iter().filter(|d| d.is_error()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    parsed.value
}

/// A warehouse of which everything is known.
struct World {
    dialect: Dialect,
    catalog: CatalogSnapshot,
}

impl World {
    fn new(dialect: Dialect) -> World {
        let default = match dialect {
            Dialect::Snowflake => "POC",
            _ => "poc",
        };
        let mut catalog = CatalogSnapshot {
            dialect,
            default_catalog: Some(Ident::quoted(default)),
            default_schema: Some(Ident::quoted("main")),
            ..CatalogSnapshot::default()
        };
        for name in [default, "landing"] {
            let key = Ident::quoted(name).key(dialect, IdentKind::Relation);
            catalog.complete_catalogs.insert(key);
        }
        World { dialect, catalog }
    }

    fn with(
        mut self,
        (catalog, schema, table): (Option<&str>, &str, &str),
        kind: RelationKind,
        columns: &[(&str, &str)],
    ) -> World {
        let dialect = self.dialect;
        let name = RelationName {
            catalog: Some(
                catalog.map_or_else(|| self.catalog.default_catalog.clone().unwrap(), Ident::quoted),
            ),
            schema: Some(Ident::quoted(schema)),
            table: Ident::quoted(table),
        };
        let columns = columns
            .iter()
            .map(|(n, t)| Column {
                name: spelled(dialect, n),
                ty: Type::parse(dialect, t).unwrap_or(Type::Unknown),
                nullable: true,
            })
            .collect();
        let key = name.key(dialect);
        self.catalog.insert(Relation { name, kind, columns });
        self.catalog.complete.insert((key.catalog, key.schema));
        self
    }

    fn source(self, columns: &[(&str, &str)]) -> World {
        let catalog = (self.dialect == Dialect::Databricks).then_some("landing");
        let at = match self.dialect {
            Dialect::Snowflake => "raw__shop",
            _ => "raw__shop",
        };
        self.with((catalog, at, "orders"), RelationKind::Table, columns)
    }

    fn target(self, kind: RelationKind, columns: &[(&str, &str)]) -> World {
        let schema = match self.dialect {
            Dialect::Snowflake => "STAGING__SHOP",
            _ => "staging__shop",
        };
        self.with((None, schema, "orders"), kind, columns)
    }

    fn resolved(&self, config: &ProjectConfig, tables: &[(&str, &str)]) -> Resolved {
        let PipelineKind::Replication(replication) = &config.pipelines["raw"].kind else {
            panic!("a replication");
        };
        let pattern = replication.source.schema_pattern.as_ref().unwrap();
        let metadata = metadata_templates(&replication.metadata_columns, pattern, self.dialect).unwrap();
        let mut sources: Vec<Source> = Vec::new();
        for (schema, table) in tables {
            let found = SourceTable {
                schema: (*schema).into(),
                name: (*table).into(),
                row_count: None,
            };
            match sources.iter_mut().find(|s| s.id == *schema) {
                Some(source) => source.tables.push(found),
                None => sources.extend(source_of(
                    pattern,
                    &(*schema).into(),
                    &"duckdb".into(),
                    vec![found],
                )),
            }
        }
        resolve(
            &sources,
            replication,
            &metadata,
            &self.catalog,
            FoundBy::Warehouse,
            config.pipelines["raw"].loc,
        )
    }

    fn options(&self, config: &ProjectConfig) -> ReplicationOptions {
        let pipeline = &config.pipelines["raw"];
        ReplicationOptions {
            source: None,
            aliases: Vec::new(),
            pipeline: "raw".into(),
            dialect: self.dialect,
            full_refresh: false,
            concurrency: 4,
            fail_fast: false,
            create_schemas: Some(true),
            create_catalogs: true,
            drift: DriftPolicy::of_replication(&pipeline.drift),
            checks: pipeline.checks.clone(),
            partial: false,
            loc: pipeline.loc,
        }
    }

    fn planned(&self, more: &str) -> Plan {
        self.planned_of(&config(self.dialect, more))
    }

    fn planned_behind(&self, behind: &str) -> Plan {
        self.planned_of(&config_behind(self.dialect, behind))
    }

    fn planned_of(&self, config: &ProjectConfig) -> Plan {
        let resolved = self.resolved(config, &[("raw__shop", "orders")]);
        assert!(resolved.diagnostics.is_empty(), "{:#?}", resolved.diagnostics);
        plan(&resolved.copies, &self.catalog, &self.options(config)).unwrap()
    }
}

type Columns = Vec<(&'static str, &'static str)>;

/// Source and target of the golden cases: the types that each dialect can widen.
fn types(dialect: Dialect) -> (Columns, Columns, Columns) {
    let (small, large, text, time) = match dialect {
        Dialect::BigQuery => ("INT64", "NUMERIC", "STRING", "TIMESTAMP"),
        Dialect::Snowflake => ("NUMBER(10,0)", "NUMBER(20,0)", "VARCHAR", "TIMESTAMP_NTZ"),
        Dialect::Databricks => ("INT", "BIGINT", "STRING", "TIMESTAMP"),
        Dialect::DuckDb => ("INTEGER", "BIGINT", "VARCHAR", "TIMESTAMP"),
    };
    let source = vec![
        ("id", large),
        ("order", text),
        ("note", text),
        ("_updated_at", time),
    ];
    let drifted = vec![
        ("id", small),
        ("order", text),
        ("gone", text),
        ("_updated_at", time),
        ("_source", text),
    ];
    let same = vec![
        ("_updated_at", time),
        ("id", large),
        ("order", text),
        ("note", text),
        ("_source", text),
    ];
    (source, same, drifted)
}

fn check_queries(plan: &Plan) {
    for step in plan.tasks.iter().flat_map(|t| &t.steps) {
        let query = match (&step.kind, step.purpose.as_str()) {
            (StepKind::Guard { .. } | StepKind::Observe { .. }, _) => Some(step.sql.as_str()),
            (_, "full_refresh_copy" | "incremental_copy" | "create_view") => {
                step.sql.split_once('\n').map(|(_, q)| q)
            }
            _ => None,
        };
        if let Some(query) = query {
            assert_parses(query, plan.dialect);
        }
    }
}

#[test]
fn every_strategy_and_state_has_its_statements() {
    for dialect in Dialect::ALL {
        let (source, same, drifted) = types(dialect);
        let text_first: Columns = drifted
            .iter()
            .map(|(n, t)| match *n {
                "id" => (*n, drifted[1].1),
                _ => (*n, *t),
            })
            .collect();
        for (name, more) in [
            ("incremental", "strategy = \"incremental\""),
            ("full_refresh", "strategy = \"full_refresh\""),
            ("merge", "strategy = \"merge\"\nmerge_keys = [\"id\", \"order\"]"),
            ("view", "strategy = \"view\""),
        ] {
            let mut text = String::new();
            let world = || World::new(dialect).source(&source);
            let dropping = format!("{more}\non_removed_columns = \"drop\"");
            let failing = format!(
                "{more}\non_unsafe_drift = \"fail\"\non_added_columns = \"ignore\"\non_widened_columns = \"fail\""
            );
            for (case, world, more) in [
                ("target is absent", world(), more),
                (
                    "target is there",
                    world().target(RelationKind::Table, &same),
                    more,
                ),
                (
                    "target is a view",
                    world().target(RelationKind::View, &same),
                    more,
                ),
                (
                    "columns are new, wider, gone",
                    world().target(RelationKind::Table, &drifted),
                    more,
                ),
                (
                    "the same, and the gone one is dropped",
                    world().target(RelationKind::Table, &drifted),
                    dropping.as_str(),
                ),
                (
                    "a column has another type",
                    world().target(RelationKind::Table, &text_first),
                    more,
                ),
                (
                    "a column has another type, which fails",
                    world().target(RelationKind::Table, &text_first),
                    failing.as_str(),
                ),
            ] {
                let plan = world.planned(more);
                check_queries(&plan);
                assert_eq!(plan.tasks.len(), 1);
                assert_eq!(plan.tasks[0].kind, TaskKind::Table);
                assert_eq!(plan.tasks[0].asset_key, ["duckdb", "shop", "orders"]);
                text.push_str(&format!("-- ==== {case} ====\n{}", show(&plan)));
                for action in plan.tasks[0].drift.iter().flat_map(|d| &d.actions) {
                    text.push_str(&format!(
                        "-- drift: {} ({})\n",
                        action.action.as_str(),
                        action.reason
                    ));
                }
            }
            golden(&format!("{dialect}/replication_{name}.sql"), &text);
        }
    }
}

/// The sources of the golden case in a database file of their own.
fn beside(world: &World, config: &ProjectConfig) -> (Resolved, ReplicationOptions) {
    let PipelineKind::Replication(replication) = &config.pipelines["raw"].kind else {
        panic!("a replication");
    };
    let pattern = replication.source.schema_pattern.as_ref().unwrap();
    let table = SourceTable {
        schema: "raw__shop".into(),
        name: "orders".into(),
        row_count: None,
    };
    let source = source_of(pattern, &"raw__shop".into(), &"duckdb".into(), vec![table]).unwrap();
    let name = Ident::quoted("the \"raw\" one");
    let origin = Origin {
        found_by: FoundBy::Warehouse,
        database: Some(name.clone()),
    };
    let loc = config.pipelines["raw"].loc;
    let metadata = metadata_templates(&replication.metadata_columns, pattern, Dialect::DuckDb).unwrap();
    let resolved = resolve(&[source], replication, &metadata, &world.catalog, origin, loc);
    let options = ReplicationOptions {
        source: Some(SourceFile {
            name,
            path: "/data/it's/the \"raw\" one.duckdb".to_owned(),
        }),
        ..world.options(config)
    };
    (resolved, options)
}

#[test]
fn another_database_file_is_attached_and_named() {
    let (source, same, _) = types(Dialect::DuckDb);
    let world = || {
        let mut world = World::new(Dialect::DuckDb).with(
            (Some("the \"raw\" one"), "raw__shop", "orders"),
            RelationKind::Table,
            &source,
        );
        world.catalog.complete_catalogs.insert("the \"raw\" one".into());
        world
    };
    let mut text = String::new();
    for (case, world, more, behind) in [
        ("target is absent", world(), "", CHECKS),
        (
            "incremental",
            world().target(RelationKind::Table, &same),
            "strategy = \"incremental\"",
            "",
        ),
        (
            "merge",
            world().target(RelationKind::Table, &same),
            "strategy = \"merge\"\nmerge_keys = [\"id\"]",
            "",
        ),
    ] {
        let config = parsed(Dialect::DuckDb, more, behind);
        let (resolved, options) = beside(&world, &config);
        assert!(resolved.diagnostics.is_empty(), "{:#?}", resolved.diagnostics);
        let plan = plan(&resolved.copies, &world.catalog, &options).unwrap();
        check_queries(&plan);
        assert_eq!(plan.setup[0].purpose, "attach");
        text.push_str(&format!("-- ==== {case} ====\n{}", show(&plan)));
    }
    golden("duckdb/replication_attached.sql", &text);
}

#[test]
fn what_another_database_file_cannot_be_used_for_is_refused() {
    let said = |more: &str, change: &dyn Fn(&mut ProjectConfig)| -> Vec<String> {
        let mut config = parsed(Dialect::DuckDb, more, "");
        change(&mut config);
        let (resolved, _) = beside(&World::new(Dialect::DuckDb), &config);
        let all = resolved.diagnostics.iter();
        all.map(|d| format!("{}: {}", d.code, d.message)).collect()
    };
    let of =
        |config: &mut ProjectConfig, change: &dyn Fn(&mut rocky_config::ReplicationConfig)| match &mut config
            .pipelines["raw"]
            .kind
        {
            PipelineKind::Replication(replication) => change(replication),
            _ => panic!("a replication"),
        };
    assert_eq!(
        said("strategy = \"view\"", &|_| ()),
        ["E300: a view cannot read a table of another database file"]
    );
    let catalog = |text: &str| {
        rocky_config::Spanned::new(
            rocky_base::SmolStr::new(text),
            rocky_base::Loc::text(rocky_base::Span::at(0)),
        )
    };
    assert_eq!(
        said("", &|c| of(c, &|r| r.source.catalog = Some(catalog("nowhere")))),
        ["W102: catalog `nowhere` is not the database of the source's adapter; `the \"raw\" one` is used"]
    );
    assert!(
        said("", &|c| of(c, &|r| r.source.catalog =
            Some(catalog("The \"raw\" one"))))
        .is_empty()
    );
}

const CHECKS: &str = r#"
[pipeline.raw.checks]
row_count = true
column_match = true
anomaly_threshold_pct = 20
fail_on_error = false
freshness = { threshold_seconds = 3600, overrides = { staging__shop = 60 } }
null_rate = { columns = ["note", "nowhere"], threshold = 0.05, sample_percent = 20, severity = "warning" }
[[pipeline.raw.checks.custom]]
name = "negative"
sql = "SELECT COUNT(*) FROM {target} WHERE id < 0"
[[pipeline.raw.checks.assertions]]
table = "orders"
type = "not_null"
column = "id"
[[pipeline.raw.checks.assertions]]
table = "staging__shop.orders"
type = "relationships"
column = "id"
to_table = "orders"
to_column = "id"
[pipeline.raw.checks.quarantine]
enabled = true
"#;

#[test]
fn a_copy_is_checked_against_its_source() {
    for dialect in Dialect::ALL {
        let (source, same, _) = types(dialect);
        let tagged = [same.as_slice(), &[("_rocky_failed_tests", source[1].1)]].concat();
        let tag = CHECKS.replace("enabled = true", "enabled = true\nmode = \"tag\"");
        let mut text = String::new();
        for (case, world, more) in [
            ("absent, split", World::new(dialect).source(&source), CHECKS),
            (
                "there and tagged before, incremental",
                World::new(dialect)
                    .source(&source)
                    .target(RelationKind::Table, &tagged),
                tag.as_str(),
            ),
        ] {
            let plan = world.planned_behind(more);
            check_queries(&plan);
            for check in &plan.tasks[0].checks {
                check.queries.iter().for_each(|q| assert_parses(&q.sql, dialect));
                let counts = check.name == "row_count";
                assert_eq!(
                    check.within,
                    counts && dialect == Dialect::DuckDb,
                    "{}",
                    check.name
                );
                assert!(!check.gates, "fail_on_error = false");
            }
            assert!(plan.tasks[0].drift.as_ref().is_none_or(|d| d.actions.is_empty()));
            text.push_str(&format!("-- ==== {case} ====\n{}", show(&plan)));
        }
        golden(&format!("{dialect}/replication_checks.sql"), &text);
    }
}

#[test]
fn mistakes_in_the_checks_of_copies_are_said_once() {
    let world = || World::new(Dialect::DuckDb).source(&[("id", "INTEGER"), ("_updated_at", "TIMESTAMP")]);
    let refused = |more: &str, partial: bool| {
        let world = world();
        let config = config_behind(Dialect::DuckDb, more);
        let resolved = world.resolved(&config, &[("raw__shop", "orders")]);
        let mut options = world.options(&config);
        options.partial = partial;
        match plan(&resolved.copies, &world.catalog, &options) {
            Ok(_) => Vec::new(),
            Err(found) => found
                .iter()
                .map(|d| format!("{}: {}", d.code, d.message))
                .collect::<Vec<_>>(),
        }
    };
    let about = |table: &str, column: &str| {
        format!(
            "[[pipeline.raw.checks.assertions]]\ntable = \"{table}\"\ntype = \"not_null\"\ncolumn = \"{column}\"\n"
        )
    };
    let elsewhere = about("customers", "id");
    assert_eq!(
        refused(&elsewhere, false),
        ["E416: assertion about `customers`, which is not a table of this pipeline"]
    );
    assert!(
        refused(&elsewhere, true).is_empty(),
        "with --filter it may be one of the others"
    );
    assert_eq!(
        refused(&about("orders", "idd"), false),
        ["E301: test column `idd` is not a column of `poc.staging__shop.orders`; did you mean `id`?"]
    );
    let drop = "[pipeline.raw.checks]\nrow_count = true\nquarantine = { enabled = true, mode = \"drop\" }\n";
    assert_eq!(
        refused(&format!("{drop}{}", about("orders", "id")), false),
        ["E417: `mode = \"drop\"` takes rows away that row_count misses against the source"]
    );
    assert!(
        refused(drop, false).is_empty(),
        "without a test nothing is dropped"
    );
}

fn refusal(plan: &Plan) -> &str {
    match &plan.tasks[0].steps[..] {
        [step] => match &step.kind {
            StepKind::Refuse { error, .. } => error,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:#?}"),
    }
}

#[test]
fn what_is_not_known_is_refused_and_never_replaced() {
    let (source, same, _) = types(Dialect::DuckDb);
    let world = || World::new(Dialect::DuckDb).source(&source);
    for more in [
        "strategy = \"incremental\"",
        "strategy = \"full_refresh\"",
        "strategy = \"merge\"\nmerge_keys = [\"id\"]",
    ] {
        // The target's schema was not listed.
        let mut unknown = world();
        unknown.catalog.complete_catalogs.clear();
        assert!(
            refusal(&unknown.planned(more)).contains("not known whether target"),
            "{more}"
        );
        // The source has gone.
        let gone = World::new(Dialect::DuckDb).target(RelationKind::Table, &same);
        assert!(
            refusal(&gone.planned(more)).contains("does not exist any more"),
            "{more}"
        );
        // The source was not listed.
        let mut unlisted = World::new(Dialect::DuckDb).target(RelationKind::Table, &same);
        unlisted.catalog.complete_catalogs.clear();
        assert!(
            refusal(&unlisted.planned(more)).contains("not known whether source"),
            "{more}"
        );
        // It has no columns.
        let broken = World::new(Dialect::DuckDb).source(&[]);
        assert!(
            refusal(&broken.planned(more)).contains("columns of source"),
            "{more}"
        );
        // Something else is in the target's place.
        let other = world().target(RelationKind::Materialized, &same);
        assert!(
            refusal(&other.planned(more)).contains("neither a table nor a view"),
            "{more}"
        );
    }
    let no_ts = World::new(Dialect::DuckDb).source(&[("id", "INTEGER")]);
    assert!(
        refusal(&no_ts.planned("")).contains("has no column `_updated_at`"),
        "{}",
        refusal(&no_ts.planned(""))
    );
    let no_key = world().planned("strategy = \"merge\"\nmerge_keys = [\"a\"]\nmerge_keys_fallback = [\"b\"]");
    assert!(refusal(&no_key).contains("lacks the merge keys (a, b)"));
    let taken = World::new(Dialect::DuckDb).source(&[("_SOURCE", "VARCHAR"), ("_updated_at", "TIMESTAMP")]);
    assert!(refusal(&taken.planned("")).contains("metadata column `_source`"));
}

#[test]
fn the_fallback_keys_are_for_tables_without_the_others() {
    let (source, same, _) = types(Dialect::DuckDb);
    let plan = World::new(Dialect::DuckDb)
        .source(&source)
        .target(RelationKind::Table, &same)
        .planned("strategy = \"merge\"\nmerge_keys = [\"uuid\"]\nmerge_keys_fallback = [\"ID\"]");
    assert_eq!(plan.tasks[0].reason, "target exists: rows are merged by id");
}

#[test]
fn overrides_hold_field_by_field_by_how_specific_they_are() {
    let more = r#"
strategy = "incremental"
[[pipeline.raw.table_overrides]]
match = { table = "o*" }
strategy = "full_refresh"
timestamp_column = "never"
[[pipeline.raw.table_overrides]]
match = { connector = "raw__shop" }
timestamp_column = "changed"
[[pipeline.raw.table_overrides]]
match = { connector = "raw__shop", table = "orders" }
strategy = "incremental"
[[pipeline.raw.table_overrides]]
match = { connector = "raw__shop", table = "secret*" }
enabled = false
"#;
    let world = World::new(Dialect::DuckDb);
    let config = config(Dialect::DuckDb, more);
    let resolved = world.resolved(
        &config,
        &[
            ("raw__shop", "items"),
            ("raw__shop", "orders"),
            ("raw__shop", "other"),
            ("raw__shop", "secrets"),
            ("raw__crm", "orders"),
        ],
    );
    let found: Vec<String> = resolved
        .copies
        .iter()
        .map(|c| format!("{}: {:?}", c.source.display(), c.strategy))
        .collect();
    assert_eq!(
        found,
        [
            "raw__shop.items: Incremental { timestamp_column: \"changed\" }",
            "raw__shop.orders: Incremental { timestamp_column: \"changed\" }",
            "raw__shop.other: FullRefresh",
            "raw__crm.orders: FullRefresh",
        ]
    );
    let left: Vec<_> = resolved
        .excluded
        .iter()
        .map(|e| (e.table.as_str(), e.reason))
        .collect();
    assert_eq!(left, [("secrets", "disabled")]);
}

#[test]
fn two_sources_of_one_target_are_an_error_unless_that_is_said() {
    let world = World::new(Dialect::DuckDb);
    let with = |more: &str| {
        let text = format!(
            "[adapter]\ntype = \"duckdb\"\n[pipeline.raw]\n[pipeline.raw.source]\n{more}\n[pipeline.raw.source.schema_pattern]\nprefix = \"raw__\"\nseparator = \"__\"\ncomponents = [\"source\"]\n[pipeline.raw.target]\ncatalog_template = \"poc\"\nschema_template = \"all\"\n"
        );
        let config = rocky_config::parse_project(FileId(0), &text, &|_| None).value;
        world.resolved(&config, &[("raw__a", "t"), ("raw__b", "T"), ("raw__b", "u")])
    };
    let refused = with("");
    assert_eq!(refused.diagnostics.len(), 1);
    assert_eq!(
        refused.diagnostics[0].message,
        "`raw__a.t` and `raw__b.T` would be copied into one table, `poc.all.t`"
    );
    let warned = with("discovery = { on_collision = \"warn\" }");
    assert!(warned.diagnostics.is_empty());
    assert_eq!(warned.collisions.len(), 1);
    assert!(
        with("discovery = { on_collision = \"off\" }")
            .collisions
            .is_empty()
    );
}

#[test]
fn what_a_pipeline_writes_is_no_source_of_it() {
    let world = World::new(Dialect::DuckDb);
    let text = "[adapter]\ntype = \"duckdb\"\n[pipeline.raw]\n[pipeline.raw.source.schema_pattern]\nprefix = \"\"\nseparator = \"__\"\ncomponents = [\"parts...\"]\n[pipeline.raw.target]\ncatalog_template = \"\"\nschema_template = \"copy__{parts}\"\n";
    let config = rocky_config::parse_project(FileId(0), text, &|_| None).value;
    let resolved = world.resolved(&config, &[("shop", "t"), ("copy__shop", "t")]);
    let copied: Vec<_> = resolved.copies.iter().map(|c| c.source.display()).collect();
    assert_eq!(copied, ["shop.t"]);
    assert_eq!(resolved.excluded[0].reason, "is_a_target");
}
