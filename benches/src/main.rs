//! `rocky-bench`: see `README.md`.

use clap::{Parser, Subcommand};
use rocky_benches::count;
use rocky_benches::executions;
use rocky_benches::floor::{self, Trees};
use rocky_benches::generate;
use rocky_benches::look;
use rocky_benches::run::{self, Options};
use rocky_benches::write::{self, dbt, rocky};
use serde_json::json;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    name = "rocky-bench",
    about = "Synthetic projects, and rocky's speed over them against a floor and dbt"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write a rocky project into an empty folder and print its facts.
    Generate(Make),
    /// Write the same project for dbt.
    DbtGenerate(Make),
    /// Print raw tables and models of a project, with plain SQL for all, as JSON (for `validate.py`).
    Manifest {
        #[command(flatten)]
        size: Size,
    },
    /// Read all files of a project, parse SQL with sqlparser and TOML with toml.
    Floor {
        /// The folder of `rocky.toml`.
        dir: PathBuf,
        /// Threads.
        #[arg(long, default_value_t = 2)]
        threads: usize,
        /// Keep texts and trees in memory until all are there.
        #[arg(long)]
        keep: bool,
    },
    /// Measure everything in one go.
    Run(Options),
    /// Count the instructions of the main paths against the record, and see that twice the size costs twice as much.
    Count(count::Options),
    /// Measure runs of many small tables, a run with nothing to do, and the plan of many partitions.
    Execute(executions::Options),
    /// What the output of a run shows: a question from standard input, for the harness itself.
    #[command(hide = true)]
    Look,
}

#[derive(clap::Args)]
struct Size {
    /// How many models, at least 10.
    #[arg(long, default_value_t = 1000)]
    models: usize,
    /// The same seed gives the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(clap::Args)]
struct Make {
    /// An empty or absent folder.
    dir: PathBuf,
    #[command(flatten)]
    size: Size,
}

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Generate(make) => generate_with(&make, rocky::write),
        Command::DbtGenerate(make) => generate_with(&make, dbt::write),
        Command::Manifest { size } => manifest(&size),
        Command::Floor { dir, threads, keep } => {
            let trees = if keep { Trees::Kept } else { Trees::Dropped };
            floor::floor(&dir, threads.max(1), trees).and_then(|f| {
                print(&serde_json::to_value(&f)?)?;
                Ok(if f.failed.is_empty() {
                    ExitCode::SUCCESS
                } else {
                    ExitCode::FAILURE
                })
            })
        }
        Command::Run(options) => run::run(&options),
        Command::Count(options) => count::run(&options),
        Command::Execute(options) => executions::run(&options),
        Command::Look => look::answer().map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        let _ = writeln!(io::stderr(), "rocky-bench: {error}");
        ExitCode::from(2)
    })
}

type WriteFn = fn(&generate::Project, &std::path::Path) -> io::Result<write::Facts>;

fn generate_with(make: &Make, write: WriteFn) -> io::Result<ExitCode> {
    let facts = write(&generate::generate(make.size.models, make.size.seed), &make.dir)?;
    print(&serde_json::to_value(&facts)?)?;
    Ok(ExitCode::SUCCESS)
}

fn manifest(size: &Size) -> io::Result<ExitCode> {
    let project = generate::generate(size.models, size.seed);
    let tables: Vec<_> = project
        .tables
        .iter()
        .map(|t| {
            let columns: Vec<_> = t
                .columns
                .iter()
                .map(|c| json!({"name": c.name, "type": c.raw_type, "nullable": c.nullable}))
                .collect();
            json!({"schema": "raw", "name": t.name, "columns": columns})
        })
        .collect();
    let models: Vec<_> = project
        .models
        .iter()
        .map(|m| {
            let columns: Vec<_> = m.columns.iter().map(|c| &c.name).collect();
            json!({
                "name": m.name,
                "layer": m.layer.folder(),
                "language": if m.dsl.is_some() { "rocky" } else { "sql" },
                "columns": columns,
                "sql": write::plain_sql(&project, m),
            })
        })
        .collect();
    print(&json!({"tables": tables, "models": models}))?;
    Ok(ExitCode::SUCCESS)
}

fn print(value: &serde_json::Value) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{value:#}")
}
