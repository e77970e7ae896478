//! The command line.

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, ValueHint};

/// How results are printed.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum Format {
    /// One JSON document on stdout.
    Json,
    /// Text for people.
    Table,
}

/// rocky compiles a folder of SQL models like a program and runs it on a warehouse.
#[derive(Parser, Debug)]
#[command(
    name = "rocky",
    version,
    about,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Examples:\n  rocky playground            a sample project with data, to try everything on\n  \
                  rocky compile               types, names, dependencies, contracts\n  \
                  rocky plan                  the exact SQL that `run` would execute\n  \
                  rocky run                   run it\n  \
                  rocky lineage orders.total  where a column comes from\n  \
                  rocky diff --against main   what became of every column\n  \
                  rocky explain E100          what a diagnostic means\n\n\
                  Exit codes: 0 done, 1 failed, 2 partly done or wrong usage, 4 `ci` with warnings alone, 130 interrupted."
)]
pub struct Args {
    /// Configuration file, or the folder that holds rocky.toml
    #[arg(short, long, global = true, default_value = "rocky.toml", value_hint = ValueHint::FilePath)]
    pub config: String,
    /// Output format [default: table on a terminal, json otherwise]
    #[arg(short, long, global = true, value_enum)]
    pub output: Option<Format>,
    /// State file [default: .rocky-state.redb beside rocky.toml]
    #[arg(long, global = true, value_hint = ValueHint::FilePath)]
    pub state_path: Option<String>,
    /// Folder of the compile cache [default: .rocky/cache beside rocky.toml]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub cache_dir: Option<String>,
    /// Keep nothing between compiles
    #[arg(long, global = true, conflicts_with = "cache_dir")]
    pub no_cache: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub color: Colour,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// When to use colour.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Where the models are, and the values they are compiled with.
#[derive(ClapArgs, Debug, Default, Clone)]
pub struct Sources {
    /// Models folder instead of the one the pipelines name
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub models: Option<String>,
    /// Folder of contracts (those beside models are found without it)
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub contracts: Option<String>,
    /// Value for `@var(KEY)`; may be repeated
    #[arg(long = "var", value_name = "KEY=VALUE")]
    pub vars: Vec<String>,
}

/// When to ask the warehouse for source schemas.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum Refresh {
    /// Use what is declared and remembered.
    Never,
    /// Ask when something that is read is not known.
    Missing,
    /// Always ask.
    Always,
}

/// A warehouse's dialect.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum TargetDialect {
    /// Databricks SQL.
    Databricks,
    /// Snowflake.
    Snowflake,
    /// GoogleSQL of BigQuery.
    #[value(name = "bigquery")]
    BigQuery,
    /// DuckDB.
    #[value(name = "duckdb")]
    DuckDb,
}

/// What to run.
#[derive(ClapArgs, Debug, Default, Clone)]
pub struct RunArgs {
    /// Pipeline; needed when there are several
    #[arg(long)]
    pub pipeline: Option<String>,
    /// All pipelines, each after those it depends on
    #[arg(long, conflicts_with_all = ["pipeline", "only", "exclude"])]
    pub dag: bool,
    /// Only these models: a name, `stg_*`, `+fct_orders` (and what it reads), `stg_orders+` (and its readers), `tag:nightly`,
    /// `path:models/marts`, `changed:main`; `a,b` is an intersection; may be repeated
    #[arg(long = "model", visible_alias = "select", value_name = "SELECTION")]
    pub only: Vec<String>,
    /// Not these models, written likewise; may be repeated
    #[arg(long, value_name = "SELECTION")]
    pub exclude: Vec<String>,
    /// After a replication, the project's models too (as `--models DIR` says)
    #[arg(long, conflicts_with = "only")]
    pub all: bool,
    /// Only these sources of a replication: `id`, `table` or a component of the schema pattern; may be repeated, e.g.
    /// `--filter tenant=acme --filter table=orders`
    #[arg(long, value_name = "KEY=VALUE")]
    pub filter: Vec<String>,
    /// Rebuild incremental models from scratch
    #[arg(long)]
    pub full_refresh: bool,
    /// Go on with a run that did not do everything: what succeeded in it is not done again. With --dag or --all, with the run of all pipelines
    /// that this one was part of
    #[arg(long, value_name = "RUN_ID")]
    pub resume: Option<String>,
    /// Go on with the last run of this pipeline (with --dag or --all: of these) and filter, if it did not do everything
    #[arg(long, conflicts_with = "resume")]
    pub resume_latest: bool,
    /// Leave models alone that are unchanged, and read nothing that changed since they were built
    #[arg(long)]
    pub skip_unchanged: bool,
    /// Build everything, even when rocky.toml sets `[run] skip_unchanged`
    #[arg(long, conflicts_with = "skip_unchanged")]
    pub force_rebuild: bool,
    /// Write shadows beside the tables and nothing else, to `rocky compare` them
    #[arg(long, conflicts_with_all = ["resume", "resume_latest", "skip_unchanged", "idempotency_key"])]
    pub shadow: bool,
    /// What is appended to the names of shadows [default: _rocky_shadow, nothing with --shadow-schema]
    #[arg(long, value_name = "SUFFIX", requires = "shadow")]
    pub shadow_suffix: Option<String>,
    /// Schema of shadows; made when it is not there
    #[arg(long, value_name = "SCHEMA", requires = "shadow")]
    pub shadow_schema: Option<String>,
    /// Do nothing when a run with this key was done or is under way [env: ROCKY_IDEMPOTENCY_KEY]
    #[arg(long, value_name = "KEY")]
    pub idempotency_key: Option<String>,
    /// Models at a time [default: the pipeline's `execution.concurrency`]
    #[arg(long, value_name = "N")]
    pub concurrency: Option<u32>,
    /// Windows of time_interval and microbatch models
    #[command(flatten)]
    pub windows: WindowArgs,
    /// Models folder, contracts, variables
    #[command(flatten)]
    pub sources: Sources,
}

/// What to compare.
#[derive(ClapArgs, Debug, Default, Clone)]
pub struct CompareArgs {
    /// Pipeline; needed when there are several
    #[arg(long)]
    pub pipeline: Option<String>,
    /// All pipelines
    #[arg(long, conflicts_with_all = ["pipeline", "only", "exclude"])]
    pub dag: bool,
    /// Only these models, as for `run`; may be repeated
    #[arg(long = "model", visible_alias = "select", value_name = "SELECTION")]
    pub only: Vec<String>,
    /// Not these models; may be repeated
    #[arg(long, value_name = "SELECTION")]
    pub exclude: Vec<String>,
    /// After a replication, the project's models too
    #[arg(long, conflicts_with = "only")]
    pub all: bool,
    /// Only these sources of a replication; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub filter: Vec<String>,
    /// As the shadow run had it [default: _rocky_shadow, nothing with --shadow-schema]
    #[arg(long, value_name = "SUFFIX")]
    pub shadow_suffix: Option<String>,
    /// As the shadow run had it
    #[arg(long, value_name = "SCHEMA")]
    pub shadow_schema: Option<String>,
    /// From where on a difference counts, e.g. '{"row_count_diff_pct_fail": 0.1}'
    #[arg(long, value_name = "JSON")]
    pub thresholds: Option<String>,
    /// Column that identifies a row, with others that are given; instead of those that the strategy or a test names
    #[arg(long, value_name = "COLUMN")]
    pub key: Vec<String>,
    /// Column that is not compared; may be repeated
    #[arg(long, value_name = "COLUMN")]
    pub ignore: Vec<String>,
    /// Compare columns and counts alone
    #[arg(long, conflicts_with_all = ["key", "ignore", "sample"])]
    pub counts_only: bool,
    /// So many differences of each table are shown [default: 10]
    #[arg(long, value_name = "N")]
    pub sample: Option<u32>,
    /// Compare nothing: drop the pipeline's shadows
    #[arg(long, conflicts_with_all = ["only", "exclude", "filter", "thresholds", "key", "ignore", "counts_only", "sample"])]
    pub cleanup: bool,
    /// Models folder, contracts, variables
    #[command(flatten)]
    pub sources: Sources,
}

/// Which partitions of time_interval and microbatch models. All times are UTC.
#[derive(ClapArgs, Debug, Default, Clone)]
#[command(next_help_heading = "Partitions of time_interval and microbatch models, in UTC")]
pub struct WindowArgs {
    /// Compute this partition: 2026-04-07T13, 2026-04-07, 2026-04 or 2026, by the model's granularity
    #[arg(long, value_name = "KEY", conflicts_with_all = ["from", "to", "latest", "missing", "full_refresh"])]
    pub partition: Option<String>,
    /// Compute the partitions from this one …
    #[arg(long, value_name = "KEY", requires = "to", conflicts_with_all = ["latest", "missing", "full_refresh"])]
    pub from: Option<String>,
    /// … to this one, both included
    #[arg(long, value_name = "KEY", requires = "from", conflicts_with_all = ["latest", "missing", "full_refresh"])]
    pub to: Option<String>,
    /// Compute the partition that contains now (the default)
    #[arg(long, conflicts_with_all = ["missing", "full_refresh"])]
    pub latest: bool,
    /// Compute what is not computed from the model's first_partition to now
    #[arg(long, conflicts_with = "full_refresh")]
    pub missing: bool,
    /// And so many partitions before the earliest [default: the model's lookback]
    #[arg(
        long,
        value_name = "N",
        allow_negative_numbers = true,
        conflicts_with = "full_refresh"
    )]
    pub lookback: Option<u32>,
    /// Partitions of a model at a time [default: 1]; without --concurrency also models at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub parallel: Option<u32>,
}

/// What to trace, and how to show it.
#[derive(ClapArgs, Debug, Clone)]
pub struct LineageArgs {
    /// `model`, `model.column`, a source or its column; the whole project when left out
    pub target: Option<String>,
    /// The column, instead of writing it into TARGET
    #[arg(long, requires = "target")]
    pub column: Option<String>,
    /// Follow a column to what it is computed from (the default); with --downstream, both ways
    #[arg(long)]
    pub upstream: bool,
    /// Follow a column to its consumers
    #[arg(long)]
    pub downstream: bool,
    /// At most so many steps [default: a column to the end, a model with its neighbours]
    #[arg(long, value_name = "N")]
    pub depth: Option<u32>,
    /// Also show what decides about the rows of all models on the way: filters, joins, groups, orders
    #[arg(long)]
    pub influences: bool,
    /// Print the answer in this format
    #[arg(long, value_enum)]
    pub format: Option<GraphFormat>,
    /// Write a self-contained page to FILE, or to stdout
    #[arg(long, value_name = "FILE", num_args = 0..=1, value_hint = ValueHint::FilePath)]
    pub html: Option<Option<String>>,
    /// Replace FILE also when it is no page that rocky wrote
    #[arg(long, requires = "html")]
    pub force: bool,
    /// Namespace of the jobs in OpenLineage events [default: rocky]
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
    /// When to ask the warehouse for the schemas of sources
    #[arg(long, value_enum, default_value_t = Refresh::Missing, value_name = "WHEN")]
    pub refresh_sources: Refresh,
    /// Models folder, contracts, variables
    #[command(flatten)]
    pub sources: Sources,
}

/// What to compare with.
#[derive(ClapArgs, Debug, Clone)]
pub struct DiffArgs {
    /// Git revision, or the folder of another state of the project
    #[arg(long, value_name = "REF|FOLDER", default_value = "HEAD")]
    pub against: String,
    /// Markdown for a comment on a pull request
    #[arg(long, value_enum)]
    pub format: Option<DiffFormat>,
    /// Exit with 1 when there is such a change
    #[arg(long, value_enum, value_name = "WHAT")]
    pub fail_on: Option<FailOn>,
    /// When to ask the warehouse for the schemas of sources
    #[arg(long, value_enum, default_value_t = Refresh::Missing, value_name = "WHEN")]
    pub refresh_sources: Refresh,
    /// Models folder, contracts, variables
    #[command(flatten)]
    pub sources: Sources,
}

/// Formats of a difference beside those of `--output`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum DiffFormat {
    /// Text for people.
    Text,
    /// For a comment on a pull request.
    Markdown,
}

/// Which changes fail.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum FailOn {
    /// Columns removed, narrowed or retyped, promises broken, new errors.
    Breaking,
    /// Everything that is not proved identical.
    Any,
}

/// What would be different.
#[derive(ClapArgs, Debug, Clone)]
pub struct WhatIfArgs {
    /// A file of the project with the text of another file (`-`: stdin); may be repeated
    #[arg(long, value_name = "PATH=FILE")]
    pub edit: Vec<String>,
    /// A file of the project that would be gone; may be repeated
    #[arg(long, value_name = "PATH")]
    pub remove: Vec<String>,
    /// A source with the columns of a JSON file; may be repeated
    #[arg(long, value_name = "NAME=FILE")]
    pub source: Vec<String>,
    /// Print the statements that would run
    #[arg(long)]
    pub show_plan: bool,
    /// Do not plan
    #[arg(long, conflicts_with = "show_plan")]
    pub without_plan: bool,
    /// Models folder, contracts, variables
    #[command(flatten)]
    pub sources: Sources,
}

impl Command {
    /// True when models, tests or sample data are executed by the warehouse in this process.
    pub fn executes(&self) -> bool {
        matches!(
            self,
            Command::Run(_)
                | Command::Apply { .. }
                | Command::Load { .. }
                | Command::Snapshot { .. }
                | Command::Seed { .. }
                | Command::Test { .. }
                | Command::Ci { .. }
                | Command::Compare(_)
                | Command::Playground { .. }
        )
    }
}

/// The subcommands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Write a new project: rocky.toml and a first model
    #[command(after_help = "Examples:\n  rocky init\n  rocky init analytics --template snowflake")]
    Init {
        /// Folder
        #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
        path: String,
        /// duckdb, databricks or snowflake
        #[arg(long, default_value = "duckdb")]
        template: String,
    },
    /// Write a sample project with data
    #[command(after_help = "Examples:\n  rocky playground\n  rocky playground demo --template showcase")]
    Playground {
        /// Folder; must be empty or not exist
        #[arg(default_value = "rocky-playground", value_hint = ValueHint::DirPath)]
        path: String,
        /// quickstart, ecommerce or showcase
        #[arg(long, default_value = "quickstart")]
        template: String,
    },
    /// Check types, names, dependencies and contracts
    #[command(
        after_help = "Examples:\n  rocky compile\n  rocky compile --model fct_orders --output json\n  \
                            rocky compile --var day=2026-01-31 --expand-macros\n  \
                            rocky compile --refresh-sources never --min-coverage 95"
    )]
    Compile {
        /// Report this model alone
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
        /// Show the SQL after macros and variables
        #[arg(long)]
        expand_macros: bool,
        /// When to ask the warehouse for the schemas of sources
        #[arg(long, value_enum, default_value_t = Refresh::Missing, value_name = "WHEN")]
        refresh_sources: Refresh,
        /// List what this dialect does not have
        #[arg(long, value_enum, value_name = "DIALECT")]
        target_dialect: Option<TargetDialect>,
        /// Report warnings as errors
        #[arg(long)]
        deny_warnings: bool,
        /// Fail when fewer per cent of the columns are proven
        #[arg(long, value_name = "PERCENT")]
        min_coverage: Option<f64>,
        /// Use declared sources and schema.lock only; what else is read is an error
        #[arg(long)]
        locked: bool,
        /// Models folder, contracts, variables
        #[command(flatten)]
        sources: Sources,
    },
    /// Show the exact SQL that `run` would execute, and why
    #[command(
        after_help = "Examples:\n  rocky plan\n  rocky plan --model fct_orders --full-refresh\n  \
                            rocky plan --filter tenant=acme         a replication: copies and drift of these sources\n  \
                            rocky plan --dag                        what can be planned of all pipelines"
    )]
    Plan(RunArgs),
    /// Execute a plan that was looked at, if it is still what would be done
    #[command(
        after_help = "Examples:\n  rocky plan                       its last line has the plan's id\n  rocky apply 3f1c09d2ab45e677\n\n\
                            When anything the plan depends on has changed since, nothing is executed and the differences are listed."
    )]
    Apply {
        /// What `rocky plan` printed as the plan's id
        plan_id: String,
    },
    /// Execute a pipeline: copy the tables, run the models
    #[command(
        after_help = "Examples:\n  rocky run\n  rocky run --model fct_orders --model dim_customers\n  \
                            rocky run --model +fct_orders           with everything it reads\n  \
                            rocky run --model changed:main+         what was edited since main, and all readers\n  \
                            rocky run --model tag:nightly --exclude path:models/marts\n  \
                            rocky run --full-refresh --concurrency 2\n  \
                            rocky run --model events_daily --partition 2026-04-07\n  \
                            rocky run --model events_daily --from 2026-04-01 --to 2026-04-30 --parallel 4\n  \
                            rocky run --model events_daily --missing   what no run has computed yet\n  \
                            rocky run --pipeline raw --filter source=shop --all   copy these tables, then run the models\n  \
                            rocky run --dag                                       all pipelines in order\n  \
                            rocky run --shadow                                    beside the tables, for `rocky compare`"
    )]
    Run(RunArgs),
    /// Add files to tables: CSV, Parquet, JSON lines; each file once
    #[command(
        after_help = "Examples:\n  rocky load                                        the files of the project's load pipeline\n  \
                            rocky load --source-dir inbox                     each file into the table of its name\n  \
                            rocky load --source-dir 'inbox/*.csv' --target raw.orders --truncate\n\n\
                            Exit codes: 0 done (also when every file was loaded before), 1 something was not loaded."
    )]
    Load {
        /// Folder, or a pattern for names in one [default: the pipeline's source_dir]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        source_dir: Option<String>,
        /// Only files of this format [default: by extension]
        #[arg(long, value_enum)]
        format: Option<LoadFormat>,
        /// Table for all files: `orders`, `raw.orders` [default: each file has the table of its name]
        #[arg(long, value_name = "TABLE")]
        target: Option<String>,
        /// Empty the tables first, in the same transaction
        #[arg(long)]
        truncate: bool,
        /// Load files again that are loaded already
        #[arg(long)]
        force: bool,
        /// Load pipeline, or another one whose warehouse is meant; needed when there are several
        #[arg(long)]
        pipeline: Option<String>,
    },
    /// Bring the history of a table up to now (pipelines of type snapshot)
    #[command(
        after_help = "Examples:\n  rocky snapshot\n  rocky snapshot --pipeline customers --dry-run   the statements"
    )]
    Snapshot {
        /// Pipeline; needed when there are several of type snapshot
        #[arg(long)]
        pipeline: Option<String>,
        /// Show the statements and execute none
        #[arg(long)]
        dry_run: bool,
    },
    /// Make tables of the CSV files in the folder `seeds`
    #[command(after_help = "Examples:\n  rocky seed\n  rocky seed --filter countries\n\n\
                            A file `seeds/countries.csv` becomes the table `seeds.countries`; `seeds/countries.toml` may say otherwise.")]
    Seed {
        /// Folder [default: seeds, beside rocky.toml]
        #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
        seeds: Option<String>,
        /// Only the seed of this name
        #[arg(long, value_name = "NAME")]
        filter: Option<String>,
        /// Pipeline whose warehouse is meant; needed when they write to several
        #[arg(long)]
        pipeline: Option<String>,
    },
    /// Compare tables with the shadows that `run --shadow` made: columns, counts, contents
    #[command(after_help = "Examples:\n  rocky run --shadow && rocky compare\n  \
                            rocky compare --model fct_orders --key order_id --sample 50\n  \
                            rocky compare --thresholds '{\"row_diff_pct_fail\": 0}'    any row that differs fails\n  \
                            rocky compare --cleanup                              drop the shadows\n\n\
                            Exit codes: 0 every table passes or warns, 1 one fails.")]
    Compare(CompareArgs),
    /// Trace where columns come from and where they go
    #[command(
        after_help = "Examples:\n  rocky lineage fct_orders                          a model and its neighbours\n  \
                            rocky lineage fct_orders.amount                   where a column comes from, to the leaves\n  \
                            rocky lineage stg_orders.status --downstream      what is computed from it\n  \
                            rocky lineage raw.orders.id --downstream          the same of a source's column\n  \
                            rocky lineage fct_orders --depth 3 --influences\n  \
                            rocky lineage fct_orders --format dot | dot -Tsvg\n  \
                            rocky lineage --format openlineage                events of all models, one per line\n  \
                            rocky lineage --html lineage.html                 the whole project as a page to explore\n  \
                            rocky lineage fct_orders.amount --html            a page around a column, on stdout"
    )]
    Lineage(LineageArgs),
    /// Compare with another state of the project: every column, and everyone affected
    #[command(
        after_help = "Examples:\n  rocky diff\n  rocky diff --against main --fail-on breaking\n  \
                            rocky diff --against ../other-checkout/project\n  rocky diff --against origin/main --format markdown > comment.md\n\n\
                            Identical means proved: the same computation over the same columns and rows, however it is written."
    )]
    Diff(DiffArgs),
    /// See what edits or other source columns would change, without touching disk or warehouse
    #[command(
        after_help = "Examples:\n  rocky what-if --edit models/stg_orders.sql=new.sql\n  \
                            rocky what-if --remove models/old.sql --show-plan\n  \
                            rocky what-if --source raw.orders=columns.json"
    )]
    WhatIf(WhatIfArgs),
    /// Check the configuration and the project's files
    #[command(
        after_help = "Examples:\n  rocky validate\n  rocky validate --config analytics/rocky.toml --output json"
    )]
    Validate,
    /// List sources and tables, and remember their columns for compiling
    #[command(
        after_help = "Examples:\n  rocky discover\n  rocky discover --write-lock    pin the sources' columns in schema.lock\n  \
                            rocky discover --check         exit 1 when the warehouse differs from schema.lock"
    )]
    Discover {
        /// Pipeline; needed when there are several
        #[arg(long)]
        pipeline: Option<String>,
        /// Only these sources of a replication: `id`, `table` or a component of the schema pattern; may be repeated
        #[arg(long, value_name = "KEY=VALUE")]
        filter: Vec<String>,
        /// Write schema.lock: the columns of the sources that the models read
        #[arg(long)]
        write_lock: bool,
        /// Compare schema.lock with the warehouse; exit 1 when they differ
        #[arg(long, conflicts_with = "write_lock")]
        check: bool,
    },
    /// Show what runs left: watermarks and partitions; look after the state store
    #[command(
        after_help = "Examples:\n  rocky state\n  rocky state --model fct_daily\n  rocky state check\n  rocky state delete --partition fct_daily 2026-01-31"
    )]
    State(StateArgs),
    /// Show past runs
    #[command(
        after_help = "Examples:\n  rocky history\n  rocky history --model fct_orders --since 2026-01-01\n  rocky history --html runs.html     a timeline of each run, to open in a browser"
    )]
    History {
        /// Executions of one model
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
        /// Only those that began then or later
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        limit: Option<u32>,
        /// How the graph of models changed instead of runs
        #[arg(long, conflicts_with = "model")]
        graph: bool,
        /// Write the runs as a self-contained page with a timeline of each to FILE, or to stdout
        #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["model", "graph"], value_hint = ValueHint::FilePath)]
        html: Option<Option<String>>,
        /// Replace FILE also when it is no page that rocky wrote
        #[arg(long, requires = "html")]
        force: bool,
    },
    /// Show what checks measured of a model
    #[command(after_help = "Example:\n  rocky metrics fct_orders --trend --column customer_id --alerts")]
    Metrics {
        /// Model
        model: String,
        /// The last 20 snapshots instead of the last one
        #[arg(long)]
        trend: bool,
        /// The share of NULLs of this column over time
        #[arg(long, value_name = "NAME")]
        column: Option<String>,
        /// Say what is alarming
        #[arg(long)]
        alerts: bool,
    },
    /// List the hooks of the project, or try those of an event
    #[command(
        subcommand_required = true,
        arg_required_else_help = true,
        after_help = "Examples:\n  rocky hooks list\n  rocky hooks test on_pipeline_error   runs its hooks with an example of what they are told"
    )]
    Hooks {
        /// What to do
        #[command(subcommand)]
        action: HooksAction,
    },
    /// Run the models on an in-memory DuckDB, and their unit tests; or the tests of their tables in the warehouse
    #[command(
        after_help = "Examples:\n  rocky test                            models over data/seed.sql, then unit tests ([[test]])\n  \
                            rocky test --test refunds_are_negative\n  \
                            rocky test --declarative              [[tests]] of all models, in the warehouse\n  \
                            rocky test --declarative --model orders"
    )]
    Test {
        /// Only this model; when models are executed, with what it reads
        #[arg(long, value_name = "NAME")]
        model: Option<String>,
        /// Evaluate the tests of sidecars ([[tests]]) in the warehouse
        #[arg(long)]
        declarative: bool,
        /// Pipeline whose models and warehouse are tested
        #[arg(long, requires = "declarative")]
        pipeline: Option<String>,
        /// Only tests of this name; may be repeated
        #[arg(long = "test", value_name = "NAME")]
        tests: Vec<String>,
        /// Models folder, contracts, variables
        #[command(flatten)]
        sources: Sources,
    },
    /// Compile and test with one verdict, without a warehouse
    #[command(after_help = "Examples:\n  rocky ci\n  rocky ci --output json\n\n\
                            Exit codes: 0 all is well, 1 something failed, 4 there are warnings.")]
    Ci {
        /// Models folder, contracts, variables
        #[command(flatten)]
        sources: Sources,
    },
    /// Explain a diagnostic code
    #[command(after_help = "Example:\n  rocky explain E100")]
    Explain {
        /// Codes, such as E100
        #[arg(required = true)]
        codes: Vec<String>,
    },
    /// Print a shell completion script
    #[command(
        after_help = "Example:\n  rocky completions bash > ~/.local/share/bash-completion/completions/rocky"
    )]
    Completions {
        /// Shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Formats of files.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum LoadFormat {
    /// .csv, .tsv
    Csv,
    /// .parquet, .pq
    Parquet,
    /// .jsonl, .ndjson
    #[value(aliases = ["json_lines", "jsonlines", "ndjson"])]
    Jsonl,
}

/// What to do with hooks.
#[derive(Subcommand, Debug)]
pub enum HooksAction {
    /// Show what is configured under `[hook]`
    List,
    /// Run the hooks of an event, for real, with an example of what they are told
    #[command(after_help = "Example:\n  rocky hooks test on_model_error")]
    Test {
        /// `on_pipeline_start` …
        event: String,
    },
}

/// Formats of lineage.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub enum GraphFormat {
    /// One JSON document, on a terminal too.
    Json,
    /// A tree for people, in a pipe too.
    Text,
    /// Graphviz.
    Dot,
    /// OpenLineage job events, one per line.
    Openlineage,
    /// One self-contained page.
    Html,
}

/// `rocky state`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StateArgs {
    /// List the partitions of this model
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// What to do
    #[command(subcommand)]
    pub action: Option<StateCommand>,
}

/// What to do with the state store.
#[derive(Debug, clap::Subcommand)]
pub enum StateCommand {
    /// Say what is wrong in it; exit 1 when something is
    Check,
    /// Put right what `check` finds; without --yes only say what would be done
    Repair {
        /// Do it
        #[arg(long)]
        yes: bool,
    },
    /// Forget one watermark or partition
    #[command(
        group = clap::ArgGroup::new("what").args(["watermark", "partition"]).required(true),
        after_help = "Examples:\n  rocky state delete --watermark poc.marts.fct_orders\n  rocky state delete --partition fct_daily 2026-01-31"
    )]
    Delete {
        /// The watermark of this table
        #[arg(long, value_name = "TABLE")]
        watermark: Option<String>,
        /// This partition of a model
        #[arg(long, num_args = 2, value_names = ["MODEL", "KEY"])]
        partition: Option<Vec<String>>,
    },
    /// Set one watermark or partition
    #[command(
        group = clap::ArgGroup::new("what").args(["watermark", "partition"]).required(true),
        after_help = "Examples:\n  rocky state set --watermark poc.marts.fct_orders '2026-01-31 00:00:00'\n  rocky state set --partition fct_daily 2026-01-31 Computed"
    )]
    Set {
        /// The watermark of this table
        #[arg(long, num_args = 2, value_names = ["TABLE", "VALUE"])]
        watermark: Option<Vec<String>>,
        /// This partition of a model: Computed or Failed
        #[arg(long, num_args = 3, value_names = ["MODEL", "KEY", "STATUS"])]
        partition: Option<Vec<String>>,
    },
    /// Write everything as one JSON document
    #[command(
        after_help = "Examples:\n  rocky state export state.json\n  rocky state export | gzip > state.json.gz"
    )]
    Export {
        /// The file; stdout when absent
        file: Option<String>,
    },
    /// Take in what was exported
    #[command(after_help = "Example:\n  rocky state import state.json --merge")]
    Import {
        /// The file
        file: String,
        /// Forget what is there
        #[arg(long, conflicts_with = "merge")]
        replace: bool,
        /// Of two, the later one stays
        #[arg(long)]
        merge: bool,
    },
    /// Forget what `[state.retention]` says, without waiting for the next run
    Sweep,
}
