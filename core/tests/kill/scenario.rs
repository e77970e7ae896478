//! What is run and killed: a project for each strategy, in the middle of its life. Adding one is adding one entry to [`all`].

use rocky_core::verbs::run::RunRequest;

/// A project, what happened before, and the run that is killed.
pub struct Scenario {
    pub name: &'static str,
    pub files: Vec<(&'static str, String)>,
    /// Statements before the first run.
    pub before: Vec<&'static str>,
    /// What runs before that; none means that the killed run is the first.
    pub first: Option<RunRequest>,
    /// What changes then: statements, and files.
    pub change: Vec<&'static str>,
    pub new_files: Vec<(&'static str, String)>,
    /// The run that is killed, and repeated.
    pub request: RunRequest,
    /// A line that the result must have, so that not nothing is compared with nothing.
    pub expect: &'static [&'static str],
}

/// What fails for good is tried as often as elsewhere, and not waited for.
const ADAPTER: &str = "[adapter]\ntype = \"duckdb\"\npath = \"w.duckdb\"\nretry = { initial_backoff_ms = 1, max_backoff_ms = 2 }\n";
const MODELS: &str = "[pipeline.p]\ntype = \"transformation\"\n[pipeline.p.target]\nadapter = \"default\"\n";
const CHECKED: &str = "[pipeline.p.checks]\nrow_count = true\nnull_rate = { columns = [\"amount\"], threshold = 0.9, sample_percent = 100 }\n";

const SOURCE: &[&str] = &[
    "CREATE SCHEMA raw",
    "CREATE TABLE raw.t AS SELECT i AS id, 'n' || i AS name, i * 10 AS amount, DATE '2024-01-01' + (i % 3)::INT AS day, \
     TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS ts FROM range(1, 8) r(i)",
    "ALTER TABLE raw.t ALTER COLUMN ts SET NOT NULL",
];
const CHANGE: &[&str] = &[
    "UPDATE raw.t SET amount = amount + 1, ts = TIMESTAMP '2024-01-02' + INTERVAL (id) HOUR WHERE id < 3",
    "INSERT INTO raw.t SELECT i, 'n' || i, i * 10, DATE '2024-01-02' + (i % 3)::INT, TIMESTAMP '2024-01-03' + INTERVAL (i) HOUR FROM range(8, 12) r(i)",
    "DELETE FROM raw.t WHERE id = 4",
];

fn days(from: &str, to: &str) -> RunRequest {
    RunRequest {
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        ..RunRequest::default()
    }
}

/// One model `m` over `raw.t`, and a table that reads it.
fn model(name: &'static str, sql: &str, strategy: &str) -> Scenario {
    Scenario {
        name,
        files: vec![
            ("rocky.toml", format!("{ADAPTER}{MODELS}")),
            ("models/m.sql", sql.to_owned()),
            ("models/m.toml", strategy.to_owned()),
            ("models/reader.sql", "SELECT COUNT(*) AS n FROM m".to_owned()),
        ],
        before: SOURCE.to_vec(),
        first: Some(RunRequest::default()),
        change: CHANGE.to_vec(),
        new_files: Vec::new(),
        request: RunRequest::default(),
        expect: &[
            "\"main\".\"m\"",
            "\"main\".\"reader\"",
            "done \"m\"",
            "last run \"Success\"",
        ],
    }
}

fn replication(name: &'static str, head: &str, change: Vec<&'static str>) -> Scenario {
    let config = format!(
        "{ADAPTER}[pipeline.raw]\n{head}\n[pipeline.raw.source.schema_pattern]\nprefix = \"raw__\"\nseparator = \"__\"\n\
         components = [\"source\"]\n[pipeline.raw.target]\ncatalog_template = \"\"\nschema_template = \"staging__{{source}}\"\n"
    );
    Scenario {
        name,
        files: vec![("rocky.toml", config)],
        before: vec![
            "CREATE SCHEMA raw__shop",
            "CREATE TABLE raw__shop.orders AS SELECT i AS id, i * 10 AS amount, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS ts \
             FROM range(1, 6) r(i)",
            "CREATE TABLE raw__shop.people AS SELECT i AS id, 'p' || i AS name, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS ts \
             FROM range(1, 4) r(i)",
        ],
        first: Some(RunRequest::default()),
        change,
        new_files: Vec::new(),
        request: RunRequest::default(),
        expect: &["\"staging__shop\".\"orders\"", "  7|", "last run \"Success\""],
    }
}

/// The sources in a database file of their own.
fn beside(name: &'static str, head: &str) -> Scenario {
    let of_source = replication(name, head, Vec::new());
    let config = ADAPTER.replace("[adapter]", "[adapter.wh]")
        + &format!(
            "[adapter.loader]\ntype = \"duckdb\"\npath = \"raw.duckdb\"\n[pipeline.raw]\n{head}\n[pipeline.raw.source]\nadapter = \"loader\"\n\
             schema_pattern = {{ prefix = \"raw__\", separator = \"__\", components = [\"source\"] }}\n\
             [pipeline.raw.target]\nadapter = \"wh\"\ncatalog_template = \"\"\nschema_template = \"staging__{{source}}\"\n"
        );
    Scenario {
        files: vec![("rocky.toml", config)],
        before: vec![
            "ATTACH 'raw.duckdb' AS raw",
            "CREATE SCHEMA raw.raw__shop",
            "CREATE TABLE raw.raw__shop.orders AS SELECT i AS id, i * 10 AS amount, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS ts \
             FROM range(1, 6) r(i)",
            "CREATE TABLE raw.raw__shop.people AS SELECT i AS id, 'p' || i AS name, TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS ts \
             FROM range(1, 4) r(i)",
            "DETACH raw",
        ],
        change: vec![
            "ATTACH 'raw.duckdb' AS raw",
            "ALTER TABLE raw.raw__shop.orders ADD COLUMN note VARCHAR",
            "INSERT INTO raw.raw__shop.orders VALUES (7, 1, TIMESTAMP '2024-02-01', 'new')",
            "INSERT INTO raw.raw__shop.people VALUES (7, 'x', TIMESTAMP '2024-02-01')",
            "DETACH raw",
        ],
        ..of_source
    }
}

fn snapshot(name: &'static str, strategy: &str) -> Scenario {
    let config = format!(
        "{ADAPTER}[pipeline.s]\ntype = \"snapshot\"\nunique_key = [\"id\"]\ninvalidate_hard_deletes = true\n{strategy}\n\
         [pipeline.s.source]\ncatalog = \"w\"\nschema = \"raw\"\ntable = \"t\"\n\
         [pipeline.s.target]\ncatalog = \"w\"\nschema = \"history\"\ntable = \"t\"\n"
    );
    Scenario {
        name,
        files: vec![("rocky.toml", config)],
        expect: &["\"history\".\"t\"", "DAY 00:00:00", "last run \"Success\""],
        ..model("", "", "")
    }
}

fn load(name: &'static str, options: &str) -> Scenario {
    Scenario {
        name,
        files: vec![
            (
                "rocky.toml",
                format!(
                    "{ADAPTER}[pipeline.l]\ntype = \"load\"\nsource_dir = \"in\"\n[pipeline.l.target]\ncatalog = \"\"\nschema = \"raw\"\n\
                     table = \"t\"\n{options}"
                ),
            ),
            ("in/0.csv", "a,b\n1,x\n2,y\n".to_owned()),
        ],
        before: vec!["SELECT 1"],
        first: Some(RunRequest::default()),
        change: Vec::new(),
        new_files: vec![
            ("in/1.csv", "a,b\n3,x\n4,z\n".to_owned()),
            ("in/2.jsonl", "{\"a\": 5, \"b\": \"q\"}\n".to_owned()),
        ],
        request: RunRequest::default(),
        expect: &["\"raw\".\"t\"", "  1|x", "  5|q", "last run \"Success\""],
    }
}

/// All of them.
pub fn all() -> Vec<Scenario> {
    let everything = "SELECT id, name, amount, day, ts FROM raw.t";
    let daily = "SELECT day, SUM(amount) AS amount, COUNT(*) AS n FROM raw.t WHERE day >= @start_date AND day < @end_date GROUP BY day";
    let mut all = vec![
        model("full_refresh", everything, "strategy = \"full_refresh\""),
        model("view", everything, "strategy = \"view\""),
        model(
            "incremental",
            everything,
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"",
        ),
        model(
            "incremental_lookback",
            everything,
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\nlookback = \"1 day\"",
        ),
        model(
            "merge",
            everything,
            "[strategy]\ntype = \"merge\"\nunique_key = [\"id\"]",
        ),
        model(
            "delete_insert",
            "SELECT day, SUM(amount) AS total FROM raw.t GROUP BY day",
            "[strategy]\ntype = \"delete_insert\"\npartition_by = [\"day\"]",
        ),
        Scenario {
            first: Some(days("2024-01-01", "2024-01-02")),
            request: days("2024-01-01", "2024-01-04"),
            ..model(
                "time_interval",
                daily,
                "[strategy]\ntype = \"time_interval\"\ntime_column = \"day\"\ngranularity = \"day\"\nbatch_size = 2",
            )
        },
        Scenario {
            first: None,
            request: RunRequest {
                parallel: Some(2),
                ..days("2024-01-01", "2024-01-03")
            },
            ..model(
                "time_interval, first run",
                daily,
                "[strategy]\ntype = \"time_interval\"\ntime_column = \"day\"\ngranularity = \"day\"\nlookback = 1",
            )
        },
        Scenario {
            first: Some(days("2024-01-01T00", "2024-01-01T05")),
            request: days("2024-01-01T03", "2024-01-01T07"),
            ..model(
                "microbatch",
                everything,
                "strategy = \"microbatch\"\ntimestamp_column = \"ts\"",
            )
        },
        snapshot("snapshot by updated_at", "updated_at = \"ts\""),
        snapshot(
            "snapshot by check",
            "strategy = \"check\"\ncheck_cols = [\"amount\", \"name\"]",
        ),
        replication(
            "replication, full",
            "strategy = \"full_refresh\"",
            vec![
                "INSERT INTO raw__shop.orders VALUES (7, 1, TIMESTAMP '2024-02-01')",
                "DELETE FROM raw__shop.orders WHERE id = 1",
                "ALTER TABLE raw__shop.people DROP COLUMN name",
            ],
        ),
        replication(
            "replication, incremental with drift",
            "strategy = \"incremental\"\ntimestamp_column = \"ts\"",
            vec![
                "ALTER TABLE raw__shop.orders ADD COLUMN note VARCHAR",
                "INSERT INTO raw__shop.orders VALUES (7, 1, TIMESTAMP '2024-02-01', 'new')",
                // Cannot grow in place: the copy is made anew.
                "ALTER TABLE raw__shop.people ALTER COLUMN name TYPE BLOB",
                "INSERT INTO raw__shop.people VALUES (7, 'x', TIMESTAMP '2024-02-01')",
                "CREATE TABLE raw__shop.late AS SELECT 1 AS id, TIMESTAMP '2024-01-01' AS ts",
            ],
        ),
        replication(
            "replication, merge",
            "strategy = \"merge\"\nmerge_keys = [\"id\"]",
            vec![
                "INSERT INTO raw__shop.orders VALUES (7, 1, TIMESTAMP '2024-02-01')",
                "UPDATE raw__shop.orders SET amount = 5 WHERE id = 2",
            ],
        ),
        beside(
            "replication from another file",
            "strategy = \"incremental\"\ntimestamp_column = \"ts\"",
        ),
        load("load", ""),
        load(
            "load, emptied first",
            "[pipeline.l.options]\ntruncate_first = true\n",
        ),
    ];
    all.push(Scenario {
        first: None,
        ..load("load, first run", "")
    });
    let quarantine = |name, mode: &str| Scenario {
        files: vec![
            (
                "rocky.toml",
                format!(
                    "{ADAPTER}{MODELS}[pipeline.p.checks.quarantine]\nenabled = true\nmode = \"{mode}\"\n"
                ),
            ),
            ("models/m.sql", everything.to_owned()),
            (
                "models/m.toml",
                "[[tests]]\ntype = \"in_range\"\ncolumn = \"amount\"\nmax = 90".to_owned(),
            ),
        ],
        expect: &["\"main\".\"m\"", "last run \"Success\""],
        ..model(name, "", "")
    };
    all.push(quarantine("quarantine, split", "split"));
    all.push(quarantine("quarantine, tag", "tag"));
    all.push(Scenario {
        files: vec![
            ("rocky.toml", format!("{ADAPTER}{MODELS}{CHECKED}")),
            ("models/m.sql", everything.to_owned()),
            (
                "models/m.toml",
                "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"\n[[tests]]\ntype = \"not_null\"\ncolumn = \"id\"".to_owned(),
            ),
            ("models/reader.sql", "SELECT id, amount FROM m".to_owned()),
        ],
        expect: &["\"main\".\"m\"", "count \"w.main.m\"", "quality \"m\""],
        ..model("checks", "", "")
    });
    all.push(Scenario {
        files: vec![
            (
                "rocky.toml",
                format!(
                    "{ADAPTER}[pipeline.raw]\nstrategy = \"incremental\"\ntimestamp_column = \"ts\"\n[pipeline.raw.source.schema_pattern]\n\
                     prefix = \"raw__\"\nseparator = \"__\"\ncomponents = [\"source\"]\n[pipeline.raw.target]\ncatalog_template = \"\"\n\
                     schema_template = \"staging__{{source}}\"\n{MODELS}"
                )
                .replace("[pipeline.p]\n", "[pipeline.p]\ndepends_on = [\"raw\"]\n"),
            ),
            (
                "models/m.sql",
                "SELECT id, amount FROM staging__shop.orders".to_owned(),
            ),
        ],
        first: Some(RunRequest {
            dag: true,
            ..RunRequest::default()
        }),
        request: RunRequest {
            dag: true,
            ..RunRequest::default()
        },
        expect: &["\"staging__shop\".\"orders\"", "\"main\".\"m\"", "  7|"],
        ..replication(
            "several pipelines",
            "",
            vec!["INSERT INTO raw__shop.orders VALUES (7, 1, TIMESTAMP '2024-02-01')"],
        )
    });
    // The runs of a point are a month apart each: a key is to last longer.
    let keyed = format!("{ADAPTER}{MODELS}\n[state.idempotency]\nretention_days = 1000\n");
    all.push(Scenario {
        new_files: vec![("rocky.toml", keyed)],
        request: RunRequest {
            idempotency_key: Some("k".to_owned()),
            ..RunRequest::default()
        },
        expect: &["\"main\".\"m\"", "last run \"Success\"", "2 runs succeeded"],
        ..model(
            "idempotency key",
            everything,
            "[strategy]\ntype = \"incremental\"\ntimestamp_column = \"ts\"",
        )
    });
    all.push(Scenario {
        request: RunRequest {
            skip_unchanged: true,
            ..RunRequest::default()
        },
        first: Some(RunRequest {
            skip_unchanged: true,
            ..RunRequest::default()
        }),
        ..model("skip_unchanged", everything, "strategy = \"full_refresh\"")
    });
    all
}
