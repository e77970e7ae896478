//! Projects that are large in one dimension only: columns, CTEs, joins, depth, elements of an IN list. Each is made at any
//! size; at twice the size a compiler without a super-linear step does twice the work.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

/// What there is much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One model of n computed columns, all on one line, and one that reads them all with a star.
    Columns,
    /// One model of n CTEs, each reading the one before.
    Ctes,
    /// One model that joins n tables to the first.
    Joins,
    /// n models, each reading the one before.
    Chain,
    /// One model with an IN list of n elements.
    InList,
}

impl Shape {
    /// All of them.
    pub const ALL: [Shape; 5] = [
        Shape::Columns,
        Shape::Ctes,
        Shape::Joins,
        Shape::Chain,
        Shape::InList,
    ];

    /// As shown and recorded.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Columns => "columns",
            Shape::Ctes => "CTEs",
            Shape::Joins => "joins",
            Shape::Chain => "chain of models",
            Shape::InList => "elements of IN",
        }
    }

    /// The larger of the two sizes that are compared.
    pub fn size(self) -> usize {
        match self {
            Shape::Columns => 3_000,
            Shape::Ctes => 500,
            Shape::Joins => 200,
            Shape::Chain => 5_000,
            Shape::InList => 20_000,
        }
    }

    /// How many models a project of this size has.
    pub fn n_models(self, n: usize) -> usize {
        match self {
            Shape::Chain => n,
            _ => 2,
        }
    }

    /// A column at the far end, `model.column`.
    pub fn lineage_target(self, n: usize) -> String {
        match self {
            Shape::Columns => format!("last.c{}", n - 1),
            Shape::Chain => format!("m{:05}.amount", n - 1),
            _ => "last.amount".to_owned(),
        }
    }

    /// Write the project into `root`, which is made.
    pub fn write(self, n: usize, root: &Path) -> io::Result<()> {
        let models = root.join("models");
        std::fs::create_dir_all(&models)?;
        let n_columns = if self == Shape::Columns { n } else { 0 };
        std::fs::write(root.join("rocky.toml"), config(n_columns))?;
        let write = |name: &str, text: &str| std::fs::write(models.join(format!("{name}.sql")), text);
        match self {
            Shape::Columns => write("large", &columns(n))?,
            Shape::Ctes => write("large", &ctes(n))?,
            Shape::Joins => write("large", &joins(n))?,
            Shape::InList => write("large", &in_list(n))?,
            Shape::Chain => {
                write("m00000", "SELECT id, amount, name FROM raw.orders\n")?;
                for i in 1..n {
                    let before = i - 1;
                    let text = format!("SELECT id, amount + {i} AS amount, name FROM m{before:05}\n");
                    write(&format!("m{i:05}"), &text)?;
                }
                return Ok(());
            }
        }
        write("last", "SELECT * FROM large\n")
    }
}

fn config(n_columns: usize) -> String {
    let mut text = String::from(
        r#"[adapter]
type = "duckdb"
path = "bench.duckdb"

[pipeline.bench]
type = "transformation"
models = "models/**"

[pipeline.bench.target]
adapter = "default"

[[sources]]
schema = "raw"
table = "orders"
columns = [
    { name = "id", type = "BIGINT", nullable = false },
    { name = "amount", type = "DECIMAL(18,2)" },
    { name = "name", type = "VARCHAR" },
"#,
    );
    for i in 0..n_columns {
        let _ = writeln!(text, "    {{ name = \"c{i}\", type = \"INTEGER\" }},");
    }
    text.push_str("]\n");
    text
}

fn columns(n: usize) -> String {
    // Not all of it ASCII: places are counted in characters.
    let mut text = String::from("SELECT 'é' AS label, id");
    for i in 0..n {
        let _ = write!(text, ", coalesce(o.c{i}, 0) + {i} AS c{i}");
    }
    text.push_str("\nFROM raw.orders AS o\nWHERE o.id > 0\n");
    text
}

fn ctes(n: usize) -> String {
    let mut text = String::from("WITH step0 AS (SELECT id, amount, name FROM raw.orders)");
    for i in 1..n {
        let before = i - 1;
        let _ = write!(
            text,
            ", step{i} AS (SELECT id, amount + {i} AS amount, name FROM step{before} WHERE amount > {i})"
        );
    }
    let _ = write!(text, "\nSELECT id, amount, name FROM step{}\n", n - 1);
    text
}

fn joins(n: usize) -> String {
    let mut text = String::from("SELECT t0.id, t0.amount");
    for i in 1..=n {
        let _ = write!(text, ", t{i}.name AS name{i}");
    }
    text.push_str("\nFROM raw.orders AS t0");
    for i in 1..=n {
        let before = i - 1;
        let _ = write!(text, "\nLEFT JOIN raw.orders AS t{i} ON t{i}.id = t{before}.id");
    }
    text.push('\n');
    text
}

fn in_list(n: usize) -> String {
    let mut text = String::from("SELECT id, amount, name\nFROM raw.orders\nWHERE id IN (");
    for i in 0..n {
        let separator = if i == 0 { "" } else { ", " };
        let _ = write!(text, "{separator}{}", i * 7 + 3);
    }
    text.push_str(")\n");
    text
}
