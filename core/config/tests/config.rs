//! What each file may say, and what is said about a mistake: code, line and column, the text under the place, headline.

#![expect(clippy::expect_used, reason = "a helper of tests is not recognised as a test")]

use rocky_base::{FileId, LineIndex};
use rocky_config::*;

fn no_env(_: &str) -> Option<String> {
    None
}

/// `E403 2:1 `text` headline`, one line for each diagnostic.
fn render<T>(text: &str, parsed: &Parsed<T>) -> Vec<String> {
    let lines = LineIndex::new(text);
    let one = |d: &rocky_base::Diagnostic| {
        let label = d.primary.as_ref().expect("every problem has a place");
        let (line, column) = lines.line_col(text, label.loc.span.start);
        assert_eq!(label.loc.file, FileId(7));
        format!(
            "{} {line}:{column} `{}` {}",
            d.code,
            label.loc.span.slice(text),
            d.message
        )
    };
    parsed.diagnostics.iter().map(one).collect()
}

fn project(text: &str) -> (ProjectConfig, Vec<String>) {
    project_env(text, &no_env)
}

fn project_env(text: &str, env: Env<'_>) -> (ProjectConfig, Vec<String>) {
    let parsed = parse_project(FileId(7), text, env);
    let rendered = render(text, &parsed);
    (parsed.value, rendered)
}

fn sidecar(text: &str) -> (ModelConfig, Vec<String>) {
    let parsed = parse_sidecar(FileId(7), text, &no_env, Options::default());
    let rendered = render(text, &parsed);
    (parsed.value, rendered)
}

const WAREHOUSE: &str = "[adapter]\ntype = \"duckdb\"\n";

// --- rocky.toml -----------------------------------------------------------------------------------------------------

#[test]
fn a_small_project_has_no_problems() {
    let (config, problems) = project(
        r#"
[adapter.local]
type = "duckdb"
path = "db/dev.duckdb"

[pipeline.silver]
type = "transformation"
models = "models/silver/**"
target = { adapter = "local", governance = { auto_create_schemas = true } }
execution = { concurrency = 4, fail_fast = true }

[pipeline.gold]
type = "transformation"
depends_on = ["silver"]
[pipeline.gold.target]

[[sources]]
schema = "raw"
table = "orders"
columns = [{ name = "id", type = "BIGINT", nullable = false }, { name = "note", type = "VARCHAR" }]
[state]
backend = "local"
"#,
    );
    assert_eq!(problems, [""; 0]);
    let (name, adapter) = config.adapter(None).unwrap();
    assert_eq!(
        (name.as_str(), adapter.dialect()),
        ("local", Some(rocky_base::Dialect::DuckDb))
    );
    let silver = &config.pipelines["silver"];
    assert_eq!(
        silver.execution.concurrency,
        Some(Concurrency::Fixed(4.try_into().unwrap()))
    );
    assert!(silver.execution.fail_fast);
    let PipelineKind::Transformation(transformation) = &silver.kind else {
        panic!()
    };
    assert_eq!(transformation.governance.auto_create_schemas, Some(true));
    assert_eq!(transformation.models_glob(), "models/silver/**");
    let PipelineKind::Transformation(gold) = &config.pipelines["gold"].kind else {
        panic!()
    };
    assert_eq!(gold.models_glob(), "models/**");
    let columns = config.sources[0].columns.as_ref().unwrap();
    let facts: Vec<_> = columns
        .iter()
        .map(|c| (c.name.as_str(), c.r#type.as_str(), c.nullable))
        .collect();
    assert_eq!(facts, [("id", "BIGINT", false), ("note", "VARCHAR", true)]);
}

#[test]
fn every_problem_is_reported_in_one_pass_at_its_place() {
    let (_, problems) = project(
        r#"[adapter.a]
tpye = "duckdb"
path = 3
[adapter.b]
type = "duckbd"
[pipeline.p]
type = "transformation"
modles = "models/**"
depends_on = "q"
[pipeline.p.target]
adapter = "c"
[pipeline.p.execution]
concurrency = 0
fail_fast = "yes"
[pipeline.q]
type = "transfromation"
[wharehouse]
x = 1
"#,
    );
    assert_eq!(
        problems,
        [
            "E403 2:1 `tpye` unknown key `tpye` in `adapter.a`; did you mean `type`?",
            "E404 5:8 `\"duckbd\"` unknown adapter type `duckbd`; did you mean `duckdb`?",
            "E403 8:1 `modles` unknown key `modles` in `pipeline.p`; did you mean `models`?",
            "E404 9:14 `\"q\"` `pipeline.p.depends_on`: expected an array of strings, found a string",
            "E416 11:11 `\"c\"` adapter `c` is not declared",
            "E417 13:15 `0` `pipeline.p.execution.concurrency` is 0, expected from 1 to 4294967295",
            "E404 14:13 `\"yes\"` `pipeline.p.execution.fail_fast`: expected `true` or `false`, found a string",
            "E404 16:8 `\"transfromation\"` unknown pipeline type `transfromation`; did you mean `transformation`?",
            "E403 17:2 `wharehouse` unknown key `wharehouse`"
        ]
    );
}

#[test]
fn shorthand_is_the_entry_called_default() {
    let (config, problems) = project(
        "[adapter]\ntype = \"duckdb\"\npath = \"a.duckdb\"\n[adapter.other]\ntype = \"duckdb\"\n\
         [pipeline]\ntype = \"transformation\"\n[pipeline.target]\nadapter = \"other\"\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.adapters.keys().collect::<Vec<_>>(), ["default", "other"]);
    assert_eq!(config.pipelines.keys().collect::<Vec<_>>(), ["default"]);
    assert_eq!(
        config.pipelines["default"].target_adapter().unwrap().as_str(),
        "other"
    );
}

#[test]
fn a_pipeline_may_be_called_like_a_key_of_pipelines() {
    let text = format!(
        "{WAREHOUSE}[pipeline.source]\ntype = \"transformation\"\ntarget = {{}}\n\
         [pipeline.models]\ntype = \"transformation\"\ntarget = {{}}\ndepends_on = [\"source\"]\n"
    );
    let (config, problems) = project(&text);
    assert_eq!(problems, [""; 0]);
    assert_eq!(config.pipelines.keys().collect::<Vec<_>>(), ["source", "models"]);
}

#[test]
fn aliases_of_sections_are_merged() {
    let (config, problems) = project(
        "[adapter.a]\ntype = \"duckdb\"\n[adapters.b]\ntype = \"duckdb\"\n[adapters.a]\ntype = \"duckdb\"\n\
         [pipelines.p]\ntype = \"transformation\"\ntarget = { adapter = \"b\" }\n",
    );
    assert_eq!(problems, ["E417 5:11 `a` `adapter.a` is declared twice"]);
    assert_eq!(config.adapters.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(config.pipelines.len(), 1);
}

#[test]
fn sections_without_effect_are_named_once_and_still_checked() {
    let text = r#"
[[hook.on_pipeline_start]]
command = "x"
[[hook.on_pipeline_start]]
comand = "y"
[hook.pipeline_error]
command = "z"
[budget]
max_usd = "much"
[state]
backend = "gcs"
gcs_bucket = "b"
[policy]
version = 2
[cache]
valkey_url = "redis://h"
[mask]
pii = "hash"
[mask.prod]
pii = "shred"
"#;
    let (_, problems) = project(text);
    assert_eq!(
        problems,
        [
            "E403 5:1 `comand` unknown key `comand` in `hook.on_pipeline_start`; did you mean `command`?",
            "E406 9:1 `max_usd` key `budget.max_usd` is known but has no effect in rocky 2.0.0",
            "E404 9:11 `\"much\"` `budget.max_usd`: expected a number, found a string",
            "E406 11:11 `\"gcs\"` `state.backend = \"gcs\"` is known but has no effect in rocky 2.0.0",
            "E406 12:1 `gcs_bucket` key `state.gcs_bucket` is known but has no effect in rocky 2.0.0",
            "E406 13:2 `policy` key `policy` is known but has no effect in rocky 2.0.0",
            "E417 14:11 `2` `policy.version` is 2, expected 1",
            "W407 16:1 `valkey_url` key `cache.valkey_url`: no release ever read it",
            "E406 17:2 `mask` key `mask` is known but has no effect in rocky 2.0.0",
            "E404 20:7 `\"shred\"` `mask.prod.pii` is `shred`, expected `hash`, `redact`, `partial` or `none`"
        ]
    );
    let (_, softened) = project(&format!("{text}[compat]\nunknown_keys = \"warn\"\n"));
    assert_eq!(
        softened,
        [
            "W403 5:1 `comand` unknown key `comand` in `hook.on_pipeline_start`; did you mean `command`?",
            "W406 9:1 `max_usd` key `budget.max_usd` is known but has no effect in rocky 2.0.0",
            "E404 9:11 `\"much\"` `budget.max_usd`: expected a number, found a string",
            "W406 11:11 `\"gcs\"` `state.backend = \"gcs\"` is known but has no effect in rocky 2.0.0",
            "W406 12:1 `gcs_bucket` key `state.gcs_bucket` is known but has no effect in rocky 2.0.0",
            "W406 13:2 `policy` key `policy` is known but has no effect in rocky 2.0.0",
            "E417 14:11 `2` `policy.version` is 2, expected 1",
            "W407 16:1 `valkey_url` key `cache.valkey_url`: no release ever read it",
            "W406 17:2 `mask` key `mask` is known but has no effect in rocky 2.0.0",
            "E404 20:7 `\"shred\"` `mask.prod.pii` is `shred`, expected `hash`, `redact`, `partial` or `none`"
        ]
    );
}

#[test]
fn in_a_transformation_pipeline_each_idle_key_is_named() {
    let text = format!(
        "{WAREHOUSE}[pipeline.p]\ntype = \"transformation\"\nstrategy = \"merge\"\n\
         [pipeline.p.target.governance]\nauto_create_catalogs = true\nauto_create_schemas = true\n\
         [pipeline.p.execution]\ntable_retries = 2\nerror_rate_abort_pct = 101\nadaptive_concurrency = true\n\
         [pipeline.p.checks]\nenabled = true\nrow_cuont = true\n[pipeline.p.schedule]\ncron = \"* * * * *\"\n"
    );
    let (config, problems) = project(&text);
    assert_eq!(
        problems,
        [
            "E403 5:1 `strategy` unknown key `strategy` in `pipeline.p`; it belongs to pipelines of type `replication` or `snapshot`",
            "E406 7:1 `auto_create_catalogs` key `pipeline.p.target.governance.auto_create_catalogs` is known but has no effect in rocky 2.0.0",
            "E417 11:24 `101` `pipeline.p.execution.error_rate_abort_pct` is 101, expected from 0 to 100",
            "E403 15:1 `row_cuont` unknown key `row_cuont` in `pipeline.p.checks`; did you mean `row_count`?",
            "E406 16:13 `schedule` key `pipeline.p.schedule` is known but has no effect in rocky 2.0.0"
        ]
    );
    assert_eq!(
        config.pipelines["p"].execution.concurrency,
        Some(Concurrency::Adaptive)
    );
}

#[test]
fn keys_of_another_adapter_type_are_unknown_here() {
    let (_, problems) = project("[adapter]\ntype = \"duckdb\"\nhttp_path = \"x\"\npth = \"y\"\n");
    assert_eq!(
        problems,
        [
            "E403 3:1 `http_path` unknown key `http_path` in `adapter.default`; it belongs to adapters of type `databricks`",
            "E403 4:1 `pth` unknown key `pth` in `adapter.default`; did you mean `path`?"
        ]
    );
}

#[test]
fn a_kind_must_be_one_that_the_type_can_be() {
    let (config, problems) = project(
        "[adapter.a]\ntype = \"fivetran\"\nkind = \"data\"\n[adapter.b]\ntype = \"snowflake\"\nkind = \"discovery\"\n\
         [adapter.c]\ntype = \"airbyte\"\n[adapter.d]\ntype = \"bigquery\"\nkind = \"discovery\"\n[adapter.e]\ntype = \"duckdb\"\n",
    );
    assert_eq!(
        problems,
        [
            "E417 3:8 `\"data\"` an adapter of type `fivetran` can only be of kind `discovery`",
            "E417 6:8 `\"discovery\"` an adapter of type `snowflake` can only be of kind `data`"
        ]
    );
    assert_eq!(config.adapters["c"].kind, Some(AdapterKind::Discovery));
    assert_eq!(config.adapters["e"].kind, None);
}

#[test]
fn default_names_come_from_the_warehouse_keys() {
    let (config, problems) = project(
        "[adapter.d]\ntype = \"databricks\"\nhost = \"h\"\nhttp_path = \"/p\"\ncatalog = \"c\"\nschema = \"s\"\n\
         [adapter.s]\ntype = \"snowflake\"\naccount = \"a\"\ndatabase = \"DB\"\nschema = \"PUBLIC\"\n\
         [adapter.b]\ntype = \"bigquery\"\nproject_id = \"p\"\ndataset = \"ds\"\n",
    );
    assert!(problems.is_empty(), "{problems:?}");
    let names = |a: &str| {
        let adapter = &config.adapters[a];
        (
            adapter.default_catalog().unwrap().as_str(),
            adapter.default_schema().unwrap().as_str(),
        )
    };
    assert_eq!(
        [names("d"), names("s"), names("b")],
        [("c", "s"), ("DB", "PUBLIC"), ("p", "ds")]
    );
}

#[test]
fn references_must_be_declared() {
    let (_, problems) = project(
        "[adapter.main]\ntype = \"duckdb\"\n[adapter.other]\ntype = \"duckdb\"\n\
         [pipeline.one]\ntype = \"transformation\"\ndepends_on = [\"tow\", \"one\"]\ntarget = { adapter = \"mian\" }\n\
         [pipeline.two]\ntype = \"transformation\"\ndepends_on = [\"three\"]\n[pipeline.two.target]\n\
         [pipeline.three]\ntype = \"transformation\"\ndepends_on = [\"two\"]\ntarget = { adapter = \"main\" }\n",
    );
    assert_eq!(
        problems,
        [
            "E416 7:15 `\"tow\"` pipeline `tow` is not declared; did you mean `two`?",
            "E106 7:22 `\"one\"` pipelines depend on each other: one → one",
            "E416 8:22 `\"mian\"` adapter `mian` is not declared; did you mean `main`?",
            "E405 12:1 `[pipeline.two.target]` missing key `adapter` in `pipeline.two.target`: none of the adapters is called `default`",
            "E106 15:15 `\"two\"` pipelines depend on each other: two → three → two"
        ]
    );
}

#[test]
fn a_replication_pipeline_is_read_whole() {
    let (config, problems) = project(
        r#"
[adapter.db]
type = "duckdb"
path = "x.duckdb"
[pipeline.raw]
strategy = "incremental"
timestamp_column = "_synced"
metadata_columns = [{ name = "_tenant", type = "VARCHAR", value = "'{tenant}'" }]
[pipeline.raw.source]
adapter = "db"
catalog = "x"
schema_pattern = { prefix = "src__", separator = "__", components = ["tenant", "regions...", "source"] }
discovery = { adapter = "db" }
[pipeline.raw.target]
adapter = "db"
catalog_template = "x"
schema_template = "staging__{regions:_}__{source}"
[pipeline.raw.checks]
enabled = true
row_count = { enabled = true, severity = "warning" }
column_match = true
freshness = { threshold_seconds = 60, overrides = { raw = 5 } }
null_rate = { columns = ["id"], threshold = 0.5 }
custom = [{ name = "c", sql = "select count(*) from {table}" }]
assertions = [{ type = "not_null", table = "t", column = "id" }]
[pipeline.raw.execution]
concurrency = 12
adaptive_concurrency = true
timeout_seconds = 60
"#,
    );
    assert!(problems.is_empty(), "{problems:#?}");
    let PipelineKind::Replication(raw) = &config.pipelines["raw"].kind else {
        panic!()
    };
    let pattern = raw.source.schema_pattern.as_ref().unwrap();
    let execution = &config.pipelines["raw"].execution;
    let most = std::num::NonZeroU32::new(12).map(Concurrency::Fixed);
    assert_eq!((execution.concurrency, execution.adaptive), (most, true));
    assert_eq!(execution.timeout_seconds, Some(60));
    let components = pattern.matches("src__acme__eu__west__shop").unwrap();
    assert_eq!(
        raw.target
            .schema_template
            .as_ref()
            .unwrap()
            .render(&components, "__"),
        "staging__eu_west__shop"
    );
    assert_eq!(config.discovery_adapter(raw).unwrap().0, "db");
    let checks = config.pipelines["raw"].checks.as_ref().unwrap();
    assert_eq!(
        checks.row_count,
        Switch {
            enabled: true,
            severity: CheckSeverity::Warning
        }
    );
    assert!(checks.column_match.enabled);
    assert_eq!(checks.freshness.as_ref().unwrap().overrides["raw"], 5);
}

#[test]
fn patterns_and_templates_are_checked() {
    let (_, problems) = project(
        "[adapter]\ntype = \"duckdb\"\n[pipeline.raw.source]\n\
         schema_pattern = { prefix = \"\", separator = \"_\", components = [\"a...\", \"b...\", \"id\"] }\n\
         [pipeline.raw.target]\ncatalog_template = \"c\"\nschema_template = \"s\"\n\
         [pipeline.ok.source]\nschema_pattern = { prefix = \"\", separator = \"_\", components = [\"source\"] }\n\
         [pipeline.ok.target]\ncatalog_template = \"c\"\nschema_template = \"s_{sorce}\"\n",
    );
    assert_eq!(
        problems,
        [
            "E417 4:72 `\"b...\"` `b...` is a second component of variable length; one is allowed",
            "E417 4:80 `\"id\"` component name `id` is reserved",
            "E416 12:19 `\"s_{sorce}\"` unknown component `sorce` in the template; did you mean `source`?"
        ]
    );
}

#[test]
fn the_other_pipeline_types_are_read() {
    let (config, problems) = project(
        r#"
[adapter]
type = "duckdb"
[pipeline.q]
type = "quality"
target = { adapter = "default" }
tables = [{ catalog = "c", schema = "s" }]
checks = { enabled = true }
[pipeline.s]
type = "snapshot"
unique_key = ["id"]
updated_at = "ts"
source = { catalog = "c", schema = "s", table = "t" }
target = { catalog = "c", schema = "h", table = "t" }
[pipeline.l]
type = "load"
source_dir = "data"
format = "json_lines"
target = { catalog = "c", schema = "s" }
options = { truncate_first = true }
[pipeline.bad]
type = "load"
format = "jsonl"
[pipeline.bad.target]
adapter = "default"
"#,
    );
    assert_eq!(
        problems,
        [
            "E405 21:11 `bad` missing key `source_dir` in `pipeline.bad`",
            "E404 23:10 `\"jsonl\"` `pipeline.bad.format` is `jsonl`, expected `csv`, `parquet` or `json_lines`",
            "E405 24:15 `target` missing key `catalog` in `pipeline.bad.target`",
            "E405 24:15 `target` missing key `schema` in `pipeline.bad.target`"
        ]
    );
    let types: Vec<_> = config.pipelines.values().map(PipelineConfig::type_name).collect();
    assert_eq!(types, ["quality", "snapshot", "load", "load"]);
    let PipelineKind::Load(load) = &config.pipelines["l"].kind else {
        panic!()
    };
    assert_eq!(
        (load.format, load.options.batch_size),
        (Some(LoadFormat::JsonLines), 10_000)
    );
}

// --- environment ----------------------------------------------------------------------------------------------------

#[test]
fn variables_stand_only_in_values_and_numbers_may_come_from_them() {
    let env = |name: &str| match name {
        "N" => Some("4".to_owned()),
        "DB" => Some("a\"\n[x]\ny = \"${N}".to_owned()),
        "BAD" => Some("many".to_owned()),
        "FLAG" => Some("true".to_owned()),
        _ => None,
    };
    let text = "# ${IN_A_COMMENT}\n[adapter]\ntype = \"${T:-duckdb}\"\npath = \"${DB}\"  # ${X}\n\
                [pipeline.p]\ntype = \"transformation\"\ntarget = { adapter = \"${A:-default}\" }\n\
                execution = { concurrency = \"${N:-8}\", fail_fast = \"${FLAG}\" }\n\
                [pipeline.q]\ntype = \"transformation\"\ntarget = { adapter = \"${N}\" }\n\
                execution = { concurrency = \"${BAD}\", fail_fast = \"${N}\" }\nmodels = \"${P}/${Q:-q}/${R}\"\n";
    let parsed = parse_project(FileId(7), text, &env);
    assert_eq!(
        render(text, &parsed),
        [
            "E416 11:22 `\"${N}\"` adapter `${…}` is not declared",
            "E404 12:29 `\"${BAD}\"` `pipeline.q.execution.concurrency`: expected an integer, or `adaptive`, found a string from the environment",
            "E404 12:51 `\"${N}\"` `pipeline.q.execution.fail_fast`: expected `true` or `false`, found a string from the environment",
            "E407 13:10 `\"${P}/${Q:-q}/${R}\"` environment variable `P` is not set",
            "E407 13:10 `\"${P}/${Q:-q}/${R}\"` environment variable `R` is not set"
        ]
    );
    let config = &parsed.value;
    let AdapterSettings::DuckDb { path: Some(path) } = &config.adapters["default"].settings else {
        panic!()
    };
    assert_eq!((path.as_str(), path.shown()), ("a\"\n[x]\ny = \"${N}", "${…}"));
    let execution = &config.pipelines["p"].execution;
    assert_eq!(
        execution.concurrency,
        Some(Concurrency::Fixed(4.try_into().unwrap()))
    );
    assert!(execution.fail_fast);
    let vars: Vec<_> = parsed.vars.iter().map(|v| v.as_str()).collect();
    assert_eq!(vars, ["A", "BAD", "DB", "FLAG", "N", "P", "Q", "R", "T"]);
}

#[test]
fn secrets_are_never_shown() {
    let env = |name: &str| (name == "TOKEN").then(|| "hunter2".to_owned());
    let text = "[adapter.d]\ntype = \"databricks\"\ntoken = \"${TOKEN}\"\nclient_secret = \"hunter2\"\nhost = [\"${TOKEN}\"]\n\
                kind = \"${TOKEN}\"\ntimeout_secs = \"${TOKEN}\"\n\
                [adapter.s]\ntype = \"snowflake\"\npassword = \"hunter2\"\npat = \"hunter2\"\noauth_token = \"hunter2\"\n\
                [adapter.f]\ntype = \"fivetran\"\napi_key = \"hunter2\"\napi_secret = \"hunter2\"\n\
                [adapter.t]\ntype = \"${TOKEN}\"\n\
                [pipeline.p]\ntype = \"transformation\"\ndepends_on = [\"${TOKEN}\"]\ntarget = { adapter = \"${TOKEN}\" }\n";
    let parsed = parse_project(FileId(7), text, &env);
    let AdapterSettings::Databricks {
        token: Some(token), ..
    } = &parsed.value.adapters["d"].settings
    else {
        panic!()
    };
    assert_eq!(token.expose(), "hunter2");
    let mut value = parsed.value.clone();
    // References must be readable; the values of secret keys must not.
    value.pipelines.clear();
    assert!(!format!("{value:?}").contains("hunter2"));
    assert_eq!(parsed.diagnostics.len(), 6);
    assert!(
        !format!("{:?}", parsed.diagnostics).contains("hunter2"),
        "{:?}",
        render(text, &parsed)
    );
}

// --- text that is not what it should be -----------------------------------------------------------------------------

#[test]
fn a_syntax_error_is_the_only_thing_said_about_a_file() {
    let (config, problems) = project("[adapter]\ntype = \n[pipeline.x]\n");
    assert_eq!(
        problems,
        ["E402 2:8 `` syntax error in TOML: string values must be quoted, expected literal string"]
    );
    assert!(config.adapters.is_empty());
}

#[test]
fn weird_values_are_type_errors() {
    let text = "[adapter]\ntype = \"databricks\"\ntimeout_secs = -1\nhost = 1979-05-27\n[adapter.retry]\n\
                backoff_multiplier = inf\nmax_retries = 4294967296\ninitial_backoff_ms = 1.5\njitter = nan\nmax_backoff_ms = 9223372036854775807\n";
    let (config, problems) = project(text);
    assert_eq!(
        problems,
        [
            "E417 3:16 `-1` `adapter.default.timeout_secs` is -1, expected at least 0",
            "E404 4:8 `1979-05-27` `adapter.default.host`: expected a string, found a date-time",
            "E404 6:22 `inf` `adapter.default.retry.backoff_multiplier`: expected a number, found `inf`",
            "E417 7:15 `4294967296` `adapter.default.retry.max_retries` is 4294967296, expected from 0 to 4294967295",
            "E404 8:22 `1.5` `adapter.default.retry.initial_backoff_ms`: expected an integer, found a float",
            "E404 9:10 `nan` `adapter.default.retry.jitter`: expected `true` or `false`, found `nan`"
        ]
    );
    let retry = config.adapters["default"].retry.as_ref().unwrap();
    assert_eq!(
        (retry.max_retries, retry.max_backoff_ms),
        (None, Some(i64::MAX as u64))
    );
    let (_, problems) = project("x = 99999999999999999999\n");
    assert_eq!(
        problems,
        [
            "E403 1:1 `x` unknown key `x`",
            "E404 1:5 `99999999999999999999` integer does not fit 64 bits"
        ]
    );
}

#[test]
fn deep_nesting_is_an_error_and_not_a_crash() {
    let n = 10_000;
    let texts = [
        format!("x = {}{}", "[".repeat(n), "]".repeat(n)),
        format!("x = {}1{}", "{a=".repeat(n), "}".repeat(n)),
        format!("{}z = 1", "a.".repeat(n)),
        format!("[[{}z]]", "a.".repeat(n)),
        format!("x = {}", "[".repeat(n)),
    ];
    for text in &texts {
        let parsed = parse_project(FileId(7), text, &no_env);
        let codes: Vec<_> = parsed.diagnostics.iter().map(|d| d.code.id()).collect();
        assert_eq!(codes, ["E412"], "{:.40}", text);
    }
}

#[test]
fn five_megabytes_are_read_in_linear_time() {
    let mut text = String::from(WAREHOUSE);
    let mut n = 0;
    while text.len() < 5 << 20 {
        n += 1;
        text.push_str(&format!(
            "[pipeline.p{n}]\ntype = \"transformation\"\ndepends_on = [\"p1\"]\nunknown_{n} = 1\ntarget = {{}}\n"
        ));
    }
    let started = std::time::Instant::now();
    let parsed = parse_project(FileId(7), &text, &no_env);
    assert_eq!(parsed.value.pipelines.len(), n);
    // One unknown key in each, and the cycle of the first with itself.
    assert_eq!(parsed.diagnostics.len(), n + 1);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

// --- models ---------------------------------------------------------------------------------------------------------

#[test]
fn a_sidecar_is_read() {
    let (model, problems) = sidecar(
        r#"
name = "orders"
depends_on = ["raw_orders"]
intent = "one row per order"
tags = { layer = "silver", pii = false, tier = 1 }
adapter = "local"
[strategy]
type = "merge"
unique_key = ["id"]
[target]
catalog = "dev"
schema = "silver"
table = "fct_orders"
[[sources]]
catalog = "dev"
schema = "raw"
table = "orders"
columns = [{ name = "id", type = "INTEGER" }]
"#,
    );
    assert_eq!(
        problems,
        ["E406 6:1 `adapter` key `adapter` is known but has no effect in rocky 2.0.0"]
    );
    assert_eq!(model.name.as_ref().unwrap().as_str(), "orders");
    let StrategyKind::Merge {
        unique_key,
        update_columns,
    } = &model.strategy.as_ref().unwrap().kind
    else {
        panic!()
    };
    assert_eq!((unique_key[0].as_str(), update_columns), ("id", &None));
    assert_eq!(
        model
            .tags
            .iter()
            .map(|(k, v)| format!("{k}={v}"))
            .collect::<Vec<_>>(),
        ["layer=silver", "pii=false", "tier=1"]
    );
    assert_eq!(model.sources[0].table.as_str(), "orders");
}

#[test]
fn a_format_that_is_a_view_is_the_strategy_of_that_name() {
    for (text, expected) in [
        ("format = \"view\"", "view"),
        (
            "format = \"materialized_view\"\nstrategy = \"full_refresh\"",
            "materialized_view",
        ),
        (
            "format = \"materialized_view\"\nstrategy = \"materialized_view\"",
            "materialized_view",
        ),
        (
            "format = \"delta_table\"\nstrategy = \"full_refresh\"",
            "full_refresh",
        ),
    ] {
        let (mut model, problems) = sidecar(text);
        assert_eq!(problems, [""; 0], "{text}");
        let mut out = Vec::new();
        model.settle(&mut out);
        assert!(out.is_empty(), "{text}: {out:?}");
        assert_eq!(model.strategy.unwrap().kind.as_str(), expected);
    }
    for (text, message) in [
        (
            "format = \"view\"\n[strategy]\ntype = \"incremental\"\ntimestamp_column = \"t\"",
            "strategy `incremental` makes no view",
        ),
        (
            "format = \"delta_table\"\nstrategy = \"ephemeral\"",
            "strategy `ephemeral` makes no delta_table",
        ),
        (
            "format = \"streaming_table\"\n[strategy]\ntype = \"delete_insert\"\npartition_by = [\"d\"]",
            "strategy `delete_insert` makes no streaming_table",
        ),
    ] {
        let (mut model, _) = sidecar(text);
        let mut out = Vec::new();
        model.settle(&mut out);
        let messages: Vec<_> = out.iter().map(|d| format!("{} {}", d.code, d.message)).collect();
        assert_eq!(messages, [format!("E035 {message}")], "{text}");
    }
}

#[test]
fn spans_of_time_are_read() {
    let incremental = |lookback: &str| {
        let (model, problems) = sidecar(&format!(
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"t\"\nlookback = \"{lookback}\"\n"
        ));
        match model.strategy.map(|s| s.kind) {
            Some(StrategyKind::Incremental {
                lookback: Some(found),
                ..
            }) => found.to_string(),
            _ => problems.join("; "),
        }
    };
    for (text, expected) in [
        ("3 days", "3 days"),
        ("1 day", "1 day"),
        ("90 minutes", "90 minutes"),
        ("1 seconds", "1 second"),
    ] {
        assert_eq!(incremental(text), expected);
    }
    for text in [
        "3",
        "days",
        "0 days",
        "-1 days",
        "1.5 hours",
        "3 weeks",
        "40000 days",
        "1 days ago",
        "",
    ] {
        let problem = incremental(text);
        assert!(problem.starts_with("E417 4:12 "), "{text}: {problem}");
    }
    for (lag, fine) in [
        ("1 hour", true),
        ("DOWNSTREAM", true),
        ("soon", false),
        ("1'; drop", false),
    ] {
        let (model, problems) = sidecar(&format!("strategy = \"dynamic_table\"\ntarget_lag = \"{lag}\"\n"));
        assert_eq!(
            (model.strategy.is_some(), problems.is_empty()),
            (fine, fine),
            "{lag}"
        );
    }
}

#[test]
fn a_strategy_may_be_flat() {
    let (model, problems) = sidecar("strategy = \"incremental\"\ntimestamp_column = \"ts\"\n");
    assert_eq!(problems, [""; 0]);
    assert_eq!(model.strategy.unwrap().kind.as_str(), "incremental");
    for (text, expected) in [
        ("strategy = \"full_refresh\"", "full_refresh"),
        ("strategy = \"ephemeral\"", "ephemeral"),
        ("strategy = \"view\"", "view"),
        ("strategy = \"materialized_view\"", "materialized_view"),
        (
            "strategy = \"delete_insert\"\npartition_by = [\"d\"]",
            "delete_insert",
        ),
        (
            "strategy = \"microbatch\"\ntimestamp_column = \"t\"",
            "microbatch",
        ),
        (
            "strategy = \"dynamic_table\"\ntarget_lag = \"1 hour\"",
            "dynamic_table",
        ),
        (
            "strategy = \"content_addressed\"\nstorage_prefix = \"s3://x\"\npartition_columns = []",
            "content_addressed",
        ),
        (
            "strategy = \"time_interval\"\ntime_column = \"t\"\ngranularity = \"day\"\nlookback = 2\nbatch_size = 3\nfirst_partition = \"2024-01-01\"",
            "time_interval",
        ),
    ] {
        let (model, problems) = sidecar(text);
        assert_eq!(problems, [""; 0], "{text}");
        assert_eq!(model.strategy.unwrap().kind.as_str(), expected);
        let table = text.replacen("strategy =", "type =", 1);
        let (model, problems) = sidecar(&format!("[strategy]\n{table}"));
        assert_eq!(problems, [""; 0], "{table}");
        assert_eq!(model.strategy.unwrap().kind.as_str(), expected);
    }
}

#[test]
fn mistakes_in_strategies_are_named() {
    let one = |text: &str| sidecar(text).1;
    assert_eq!(
        one("[strategy]\ntype = \"full-refresh\"\n"),
        ["E404 2:8 `\"full-refresh\"` unknown strategy `full-refresh`; did you mean `full_refresh`?"]
    );
    assert_eq!(
        one("strategy = \"table\"\n"),
        ["E404 1:12 `\"table\"` unknown strategy `table`; did you mean `full_refresh`?"]
    );
    assert_eq!(
        one("strategy = \"merge\"\n"),
        ["E405 1:12 `\"merge\"` missing key `unique_key`"]
    );
    assert_eq!(
        one("strategy = \"merge\"\nunique_kye = [\"id\"]\n"),
        ["E403 2:1 `unique_kye` unknown key `unique_kye`; did you mean `unique_key`?"]
    );
    assert_eq!(
        one("[strategy]\ntype = \"merge\"\nunique_key = []\n"),
        ["E417 3:14 `[]` `strategy.unique_key` is empty; expected at least one"]
    );
    assert_eq!(
        one("strategy = \"merge\"\nunique_key = \"id\"\n"),
        ["E404 2:14 `\"id\"` `unique_key`: expected an array of strings, found a string"]
    );
    assert_eq!(
        one("[strategy]\ntype = \"incremental\"\nunique_key = [\"id\"]\n"),
        [
            "E405 1:2 `strategy` missing key `timestamp_column` in `strategy`",
            "E403 3:1 `unique_key` unknown key `unique_key` in `strategy`; it belongs to `merge`"
        ]
    );
    assert_eq!(
        one("[strategy]\nunique_key = [\"id\"]\n"),
        ["E405 1:2 `strategy` missing key `type` in `strategy`"]
    );
    assert_eq!(
        one("strategy = 3\n"),
        ["E404 1:12 `3` `strategy`: expected a string, or a table, found an integer"]
    );
    assert_eq!(
        one("unique_key = [\"id\"]\n[strategy]\ntype = \"view\"\n"),
        ["E417 1:1 `unique_key` key `unique_key` belongs to a strategy: move it into `[strategy]`"]
    );
    assert_eq!(
        one("time_column = \"t\"\n"),
        [
            "E417 1:1 `time_column` key `time_column` belongs to a strategy: write it in `[strategy]`, which is missing"
        ]
    );
    assert_eq!(
        one("strategy = \"time_interval\"\ntime_column = \"t\"\ngranularity = \"week\"\nbatch_size = 0\n"),
        [
            "E404 3:15 `\"week\"` `granularity` is `week`, expected `hour`, `day`, `month` or `year`",
            "E417 4:14 `0` `batch_size` is 0, expected from 1 to 4294967295"
        ]
    );
}

#[test]
fn idle_keys_of_models_are_named() {
    let (_, problems) = sidecar(
        r#"
format = "delta_tabel"
retention = "30d"
frehsness = 1
[freshness]
max_lag_seconds = "soon"
[[tests]]
type = "not_null"
[[tests]]
type = "uniqe"
column = "id"
[columns.id]
description = "key"
"#,
    );
    assert_eq!(
        problems,
        [
            "E404 2:10 `\"delta_tabel\"` `format` is `delta_tabel`, expected `delta_table`, `iceberg_table`, `materialized_view`, `streaming_table`, `table` or `view`; did you mean `delta_table`?",
            "E406 3:1 `retention` key `retention` is known but has no effect in rocky 2.0.0",
            "E403 4:1 `frehsness` unknown key `frehsness`; did you mean `freshness`?",
            "E404 6:19 `\"soon\"` `freshness.max_lag_seconds`: expected an integer, found a string",
            "E405 7:1 `[[tests]]` missing key `column` in `tests`",
            "E404 10:8 `\"uniqe\"` unknown test type `uniqe`; did you mean `unique`?",
            "E406 12:2 `columns` key `columns` is known but has no effect in rocky 2.0.0"
        ]
    );
}

#[test]
fn unknown_keys_are_warnings_when_the_project_says_so() {
    let options = Options {
        unknown_keys: UnknownKeys::Warn,
    };
    let text = "nmae = \"x\"\nretention = \"30d\"\ntarget = 1\n";
    let parsed = parse_sidecar(FileId(7), text, &no_env, options);
    assert_eq!(
        render(text, &parsed),
        [
            "W403 1:1 `nmae` unknown key `nmae`; did you mean `name`?",
            "W406 2:1 `retention` key `retention` is known but has no effect in rocky 2.0.0",
            "E404 3:10 `1` `target`: expected a table, found an integer"
        ]
    );
}

#[test]
fn a_misspelt_key_has_an_edit_that_repairs_it() {
    let text = "nmae = \"x\"\n";
    let parsed = parse_sidecar(FileId(7), text, &no_env, Options::default());
    let edit = &parsed.diagnostics[0].fix.as_ref().unwrap().edits[0];
    let mut repaired = text.to_owned();
    repaired.replace_range(edit.loc.span.range(), &edit.text);
    assert_eq!(repaired, "name = \"x\"\n");
}

#[test]
fn defaults_are_inherited_and_hold_nothing_else() {
    let text = "name = \"x\"\nintent = \"i\"\nadaptr = 1\n[target]\ncatalog = \"c\"\nschema = \"s\"\ntable = \"t\"\n[strategy]\ntype = \"view\"\n";
    let parsed = parse_defaults(FileId(7), text, &no_env, Options::default());
    assert_eq!(
        render(text, &parsed),
        [
            "E417 1:1 `name` key `name` is not allowed here: it belongs in a model's sidecar",
            "E403 3:1 `adaptr` unknown key `adaptr`",
            "E417 7:1 `table` key `target.table` is not allowed here: it belongs in a model's sidecar"
        ]
    );
    let defaults = parsed.value;
    let (mut model, _) = sidecar("[target]\nschema = \"own\"\n");
    model.inherit(&defaults);
    let text = |v: &Option<Spanned<rocky_base::SmolStr>>| v.as_ref().unwrap().as_str().to_owned();
    assert_eq!(
        (
            text(&model.target.catalog),
            text(&model.target.schema),
            text(&model.intent)
        ),
        ("c".into(), "own".into(), "i".into())
    );
    assert_eq!(model.strategy.unwrap().kind, StrategyKind::View);
    let (mut broken, _) = sidecar("strategy = \"merge\"\n");
    broken.inherit(&defaults);
    assert_eq!(
        broken.strategy, None,
        "a strategy that cannot be read is not replaced in silence"
    );
}

#[test]
fn front_matter_has_the_places_of_its_file() {
    let sql =
        "\n---toml\nname = \"é\"\nintnet = \"x\"\nfoo = 1\ntarget = { schema = \"${NOPE}\" }\n---\nselect 1";
    let front_matter = split_front_matter(sql).unwrap();
    let parsed = parse_front_matter(FileId(7), sql, &front_matter, &no_env, Options::default());
    assert_eq!(
        render(sql, &parsed),
        [
            "E403 4:1 `intnet` unknown key `intnet`; did you mean `intent`?",
            "E403 5:1 `foo` unknown key `foo`",
            "E407 6:21 `\"${NOPE}\"` environment variable `NOPE` is not set"
        ]
    );
    let name = parsed.value.name.unwrap();
    assert_eq!(name.loc.span.slice(sql), "\"é\"");

    let broken = "---toml\nname = \n---\nselect 1";
    let front_matter = split_front_matter(broken).unwrap();
    let parsed = parse_front_matter(FileId(7), broken, &front_matter, &no_env, Options::default());
    assert_eq!(
        render(broken, &parsed),
        ["E402 2:8 `` syntax error in TOML: string values must be quoted, expected literal string"]
    );

    let open = "---toml\nname = 1\nselect 1";
    let front_matter = split_front_matter(open).unwrap();
    let parsed = parse_front_matter(FileId(7), open, &front_matter, &no_env, Options::default());
    assert_eq!(
        render(open, &parsed),
        ["E402 1:1 `---toml` front matter is not closed: no line begins with `---` after `---toml`"]
    );
}

#[test]
fn declared_columns_are_unique_and_complete() {
    let (model, problems) = sidecar(
        "[[sources]]\nschema = \"raw\"\ncolumns = []\n[[sources]]\ntable = \"t\"\n\
         columns = [{ name = \"a\", type = \"INT\" }, { name = \"a\", type = \"INT\" }, { name = \"b\" }]\n",
    );
    assert_eq!(
        problems,
        [
            "E405 1:1 `[[sources]]` missing key `table` in `sources`",
            "E417 6:51 `\"a\"` column `a` is declared twice",
            "E405 6:72 `{ name = \"b\" }` missing key `type` in `sources.columns`"
        ]
    );
    assert_eq!(model.sources.len(), 1);
}

// --- contracts ------------------------------------------------------------------------------------------------------

#[test]
fn a_contract_is_read_with_places() {
    let text = "[[columns]]\nname = \"id\"\ntype = \"Int64\"\nnullable = false\ndescription = \"key\"\n\
                [[columns]]\ntype = \"String\"\n[[columns]]\nname = \"id\"\nnulable = true\n\
                [rules]\nrequired = [\"id\"]\nprotected = [\"id\", 3]\n";
    let parsed = parse_contract(FileId(7), text, &no_env, Options::default());
    assert_eq!(
        render(text, &parsed),
        [
            "E405 6:1 `[[columns]]` missing key `name` in `columns`",
            "E417 9:8 `\"id\"` column `id` is declared twice",
            "E403 10:1 `nulable` unknown key `nulable` in `columns`; did you mean `nullable`?",
            "E404 13:20 `3` `rules.protected`: expected a string, found an integer"
        ]
    );
    let contract = parsed.value;
    assert_eq!(
        contract.columns[0].r#type.as_ref().unwrap().loc.span.slice(text),
        "\"Int64\""
    );
    let nullable = contract.columns[0].nullable.as_ref().unwrap();
    assert_eq!((nullable.value, nullable.loc.span.slice(text)), (false, "false"));
    assert_eq!(contract.rules.required[0].as_str(), "id");
    assert_eq!(contract.rules.protected.len(), 1);
}

// --- whatever the text ----------------------------------------------------------------------------------------------

/// Every cut of a text, and the text with each byte in turn replaced, is read without a panic and with places in it.
#[test]
fn no_text_can_break_the_reader() {
    let text = "---toml\nname = \"a${X:-é}$${\"\n[adapter]\ntype = \"duckdb\"\n[pipeline.p]\ntype = \"transformation\"\n\
                execution = { concurrency = \"${N:-4}\" }\ntarget = {}\n[[sources]]\ntable = 't'\ncolumns = [{ name = 'a' }]\n\
                [strategy]\ntype = \"merge\"\nunique_key = [\"id\"]\n[rules]\nrequired = [1]\n---\nselect 1";
    let mut texts: Vec<String> = Vec::new();
    for (at, c) in text.char_indices() {
        texts.push(text[..at].to_owned());
        for with in ["\"", "[", "}", "${", "\n", "é", "="] {
            texts.push(format!("{}{with}{}", &text[..at], &text[at + c.len_utf8()..]));
        }
    }
    let inside = |text: &str, diagnostics: &[rocky_base::Diagnostic]| {
        for diagnostic in diagnostics {
            let span = diagnostic.primary.as_ref().unwrap().loc.span;
            assert!(text.get(span.range()).is_some(), "{diagnostic:?} in {text:?}");
        }
    };
    for text in &texts {
        let toml = text.strip_prefix("---toml").unwrap_or(text);
        inside(toml, &parse_project(FileId(7), toml, &no_env).diagnostics);
        inside(
            toml,
            &parse_contract(FileId(7), toml, &no_env, Options::default()).diagnostics,
        );
        inside(
            toml,
            &parse_defaults(FileId(7), toml, &no_env, Options::default()).diagnostics,
        );
        if let Some(front_matter) = split_front_matter(text) {
            let parsed = parse_front_matter(FileId(7), text, &front_matter, &no_env, Options::default());
            inside(text, &parsed.diagnostics);
        }
    }
}

#[test]
fn what_is_forgotten_is_configured_beside_the_state() {
    let text = format!(
        "{WAREHOUSE}[state.retention]\nmax_age_days = 90\nmin_runs_kept = 5\napplies_to = [\"history\"]\nsweep_interval_seconds = 60\n"
    );
    let (config, problems) = project(&text);
    assert_eq!(problems, [""; 0]);
    let retention = config.state.retention;
    assert_eq!(
        (
            retention.max_age_days,
            retention.min_runs_kept,
            retention.sweep_interval_seconds
        ),
        (Some(90), Some(5), Some(60))
    );
    let applies_to = retention.applies_to.unwrap_or_default();
    assert_eq!(
        applies_to.iter().map(|t| t.value.as_str()).collect::<Vec<_>>(),
        ["history"]
    );
    let (_, problems) =
        project("[state.retention]\nmax_age_days = -1\napplies_to = [\"audit\", \"lineages\"]\n");
    assert_eq!(problems.len(), 3, "{problems:?}");
    assert!(
        problems
            .iter()
            .any(|p| p.starts_with("E406") && p.contains("audit")),
        "{problems:?}"
    );
}

#[test]
fn a_remote_state_says_where_it_is() {
    let read = |state: &str| {
        let (config, problems) = project(&format!("{WAREHOUSE}[state]\n{state}"));
        (config.state, problems)
    };
    let (state, problems) = read(
        "backend = \"tiered\"\ns3_bucket = \"b\"\nvalkey_url = \"redis://:hidden@h\"\nlease_seconds = 30\n\
         on_upload_failure = \"skip\"\nconcurrency_control = \"off\"\nretry = { max_retries = 1 }\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(state.backend, rocky_config::StateBackend::Tiered);
    assert_eq!(state.on_upload_failure, rocky_config::UploadFailure::Skip);
    assert_eq!((state.lease_seconds, state.uncontrolled), (Some(30), true));
    assert_eq!(state.retry.as_ref().unwrap().max_retries, Some(1));
    assert!(!format!("{state:?}").contains("hidden"));
    let (state, problems) = read(
        "backend = \"tiered\"\ns3_bucket = \" \"\nlease_seconds = 1\nretry = { max_retries_per_run = 1 }\n",
    );
    assert_eq!(
        problems,
        [
            "E405 4:11 `\"tiered\"` missing key `valkey_url` in `state`: backend `tiered` needs it",
            "E417 5:13 `\" \"` `state.s3_bucket` is empty",
            "E417 6:17 `1` `state.lease_seconds` is 1, expected from 6 to 86400",
            "E406 7:11 `max_retries_per_run` key `state.retry.max_retries_per_run` is known but has no effect in rocky 2.0.0",
        ]
    );
    assert_eq!(state.valkey_url, None);
}
