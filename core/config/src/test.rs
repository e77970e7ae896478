//! Declarative tests (`[[tests]]`, `[[checks.assertions]]`) and unit tests (`[[test]]`) as typed values.
//!
//! Silent like every reader: what does not fit its shape was reported. What shapes cannot say (a range without bounds, two ways
//! of giving rows) is reported here.

use crate::node::{Kind, Node};
use crate::pipeline::{CheckSeverity, severity};
use crate::read::Reader;
use crate::schema::Checker;
use crate::spanned::Spanned;
use rocky_base::{Diagnostic, Loc, SmolStr, code};
use serde::{Deserialize, Serialize};

/// A test of a relation's rows.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TestConfig {
    /// Its own name.
    pub name: Option<Spanned<SmolStr>>,
    /// What is tested.
    pub kind: TestKind,
    /// The column it is about.
    pub column: Option<Spanned<SmolStr>>,
    /// What a finding is.
    pub severity: CheckSeverity,
    /// Only rows for which this is true.
    pub filter: Option<Spanned<SmolStr>>,
    /// The place of the test.
    pub loc: Loc,
}

impl TestConfig {
    /// A quarantine sets rows aside that fail it: it is about single rows, and nothing in it but the rows decides. What is in the
    /// future is told by the moment of the check alone.
    pub fn sets_aside(&self) -> bool {
        self.severity == CheckSeverity::Error
            && match self.kind {
                TestKind::NotNull
                | TestKind::AcceptedValues(_)
                | TestKind::Relationships { .. }
                | TestKind::Expression(_)
                | TestKind::InRange { .. }
                | TestKind::RegexMatch(_)
                | TestKind::OlderThan(_) => true,
                TestKind::Unique
                | TestKind::CompositeUnique(_)
                | TestKind::UniqueExpr(_)
                | TestKind::RowCountRange { .. }
                | TestKind::Aggregate { .. }
                | TestKind::NotInFuture => false,
            }
    }
}

/// `type = …`, with the keys of the type but `column`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum TestKind {
    /// The column has no NULL.
    NotNull,
    /// No value stands twice; several NULLs are one value.
    Unique,
    /// Only these values, or NULL.
    AcceptedValues(Vec<Spanned<SmolStr>>),
    /// Every value but NULL is one of another relation's column.
    Relationships {
        /// `catalog.schema.table`, or fewer parts.
        to_table: Spanned<SmolStr>,
        /// Its column.
        to_column: Spanned<SmolStr>,
    },
    /// True or NULL for every row.
    Expression(Spanned<SmolStr>),
    /// So many rows.
    RowCountRange {
        /// At least.
        min: Option<u64>,
        /// At most.
        max: Option<u64>,
    },
    /// Between two numbers, both included; NULL passes.
    InRange {
        /// At least: the text of a number.
        min: Option<Spanned<SmolStr>>,
        /// At most.
        max: Option<Spanned<SmolStr>>,
    },
    /// Matched by a regular expression; NULL passes.
    RegexMatch(Spanned<SmolStr>),
    /// An aggregate compared with a number.
    Aggregate {
        /// Which.
        op: AggregateOp,
        /// How.
        cmp: Comparison,
        /// The text of a number.
        value: Spanned<SmolStr>,
    },
    /// No combination of values stands twice.
    CompositeUnique(Vec<Spanned<SmolStr>>),
    /// No value of an expression stands twice.
    UniqueExpr(Spanned<SmolStr>),
    /// No moment after now; NULL passes.
    NotInFuture,
    /// Every moment is at least so many days ago; NULL passes.
    OlderThan(u32),
}

/// An aggregate.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AggregateOp {
    /// `sum`
    Sum,
    /// `count`
    Count,
    /// `avg`
    Avg,
    /// `min`
    Min,
    /// `max`
    Max,
}

impl AggregateOp {
    /// As in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            AggregateOp::Sum => "SUM",
            AggregateOp::Count => "COUNT",
            AggregateOp::Avg => "AVG",
            AggregateOp::Min => "MIN",
            AggregateOp::Max => "MAX",
        }
    }
}

/// How two numbers are compared.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `<`
    Lt,
    /// `<=`
    Lte,
    /// `>`
    Gt,
    /// `>=`
    Gte,
    /// `=`
    Eq,
    /// `<>`
    Ne,
}

impl Comparison {
    /// As in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Comparison::Lt => "<",
            Comparison::Lte => "<=",
            Comparison::Gt => ">",
            Comparison::Gte => ">=",
            Comparison::Eq => "=",
            Comparison::Ne => "<>",
        }
    }
}

impl TestKind {
    /// The configuration's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            TestKind::NotNull => "not_null",
            TestKind::Unique => "unique",
            TestKind::AcceptedValues(_) => "accepted_values",
            TestKind::Relationships { .. } => "relationships",
            TestKind::Expression(_) => "expression",
            TestKind::RowCountRange { .. } => "row_count_range",
            TestKind::InRange { .. } => "in_range",
            TestKind::RegexMatch(_) => "regex_match",
            TestKind::Aggregate { .. } => "aggregate",
            TestKind::CompositeUnique(_) => "composite",
            TestKind::UniqueExpr(_) => "unique_expr",
            TestKind::NotInFuture => "not_in_future",
            TestKind::OlderThan(_) => "older_than_n_days",
        }
    }
}

/// `[[checks.assertions]]`: a test and the table that it is about.
#[derive(Clone, Debug, Serialize)]
pub struct AssertionConfig {
    /// The table's name, alone or with schema and catalog.
    pub table: Spanned<SmolStr>,
    /// The test.
    pub test: TestConfig,
}

/// `[[test]]`: a unit test of a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UnitTest {
    /// Its name, unique in the model.
    pub name: Spanned<SmolStr>,
    /// What it is about, in words.
    pub description: Option<SmolStr>,
    /// The window of a time_interval or microbatch model that is computed; all of time when absent.
    pub partition: Option<Spanned<SmolStr>>,
    /// The rows of the relations that the model reads; those that are not given are empty.
    pub given: Vec<Given>,
    /// What the model must give.
    pub expect: Fixture,
    /// In this order.
    pub ordered: bool,
    /// Only these columns are compared; those of the rows when absent.
    pub columns: Vec<Spanned<SmolStr>>,
    /// The place of the test.
    pub loc: Loc,
}

/// The rows of one relation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Given {
    /// A model or source, as the query may write it.
    pub relation: Spanned<SmolStr>,
    /// Its rows.
    pub rows: Fixture,
}

/// Rows, written in one of three ways.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Fixture {
    /// `rows = [{…}]`: names and cells of each row.
    Rows(Vec<Vec<(SmolStr, Cell)>>),
    /// `csv = "…"`.
    Csv(Spanned<SmolStr>),
    /// `file = "…"`: a CSV file, relative to the folder of `rocky.toml`.
    File(Spanned<SmolStr>),
}

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    /// NULL: the key is absent, or the field of a CSV empty and without quotes.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text, a date or a time.
    Text(SmolStr),
    /// An array.
    List(Vec<Cell>),
    /// A struct.
    Struct(Vec<(SmolStr, Cell)>),
}

/// `[[tests]]` of a sidecar.
pub(crate) fn tests(root: Reader<'_>, checker: &mut Checker<'_>) -> Vec<TestConfig> {
    let tables = root.tables("tests");
    let mut tests = Vec::with_capacity(tables.len());
    for reader in tables {
        let Some(test) = test(reader) else { continue };
        complain(&test, &mut |loc, text, help| {
            checker
                .out
                .push(Diagnostic::new(code::E417, loc, text).help(help));
        });
        tests.push(test);
    }
    tests
}

/// `[[checks.assertions]]`. What is wrong with one is said when it is planned.
pub(crate) fn assertions(checks: Reader<'_>) -> Vec<AssertionConfig> {
    let one = |reader: Reader<'_>| {
        Some(AssertionConfig {
            table: reader.text("table")?,
            test: test(reader)?,
        })
    };
    checks.tables("assertions").into_iter().filter_map(one).collect()
}

impl TestConfig {
    /// What shapes cannot say is wrong with it: a place, what, and what to do.
    pub fn complaint(&self) -> Option<(Loc, String, &'static str)> {
        let mut found = None;
        complain(self, &mut |loc, text, help| found = Some((loc, text, help)));
        found
    }
}

fn complain(test: &TestConfig, say: &mut dyn FnMut(Loc, String, &'static str)) {
    let number = |bound: &Spanned<SmolStr>| is_number(&bound.value);
    match &test.kind {
        TestKind::RowCountRange { min: None, max: None } | TestKind::InRange { min: None, max: None } => say(
            test.loc,
            format!("{} without bounds", test.kind.as_str()),
            "Give `min`, `max` or both.",
        ),
        TestKind::RowCountRange {
            min: Some(min),
            max: Some(max),
        } if min > max => say(
            test.loc,
            format!("row_count_range from {min} to {max} holds nothing"),
            "Swap the bounds.",
        ),
        TestKind::InRange { min, max } => {
            for bound in [min, max].into_iter().flatten().filter(|b| !number(b)) {
                let text = format!("bound `{}` is not a number", bound.shown());
                say(
                    bound.loc,
                    text,
                    "Write a number, or its digits in quotes where precision matters.",
                );
            }
        }
        TestKind::Aggregate { op, value, .. } => {
            if !number(value) {
                let text = format!("`{}` is not a number", value.shown());
                say(
                    value.loc,
                    text,
                    "Write a number, or its digits in quotes where precision matters.",
                );
            } else if test.column.is_none() && *op != AggregateOp::Count {
                let text = format!("aggregate `{}` needs a column", op.as_str().to_lowercase());
                say(test.loc, text, "Add `column`.");
            }
        }
        TestKind::CompositeUnique(columns) if columns.len() < 2 => say(
            test.loc,
            "composite names one column".to_owned(),
            "Name two or more columns, or use `type = \"unique\"`.",
        ),
        _ => {}
    }
}

/// An SQL number: digits, perhaps a sign, a point, an exponent.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'))
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn test(reader: Reader<'_>) -> Option<TestConfig> {
    let kind = match reader.get("type")?.as_str()? {
        "not_null" => TestKind::NotNull,
        "unique" => TestKind::Unique,
        "accepted_values" => TestKind::AcceptedValues(reader.texts("values")),
        "relationships" => TestKind::Relationships {
            to_table: reader.text("to_table")?,
            to_column: reader.text("to_column")?,
        },
        "expression" => TestKind::Expression(reader.text("expression")?),
        "row_count_range" => TestKind::RowCountRange {
            min: reader.uint("min"),
            max: reader.uint("max"),
        },
        "in_range" => TestKind::InRange {
            min: number(reader, "min"),
            max: number(reader, "max"),
        },
        "regex_match" => TestKind::RegexMatch(reader.text("pattern")?),
        "aggregate" => TestKind::Aggregate {
            op: reader.choice(
                "op",
                &[
                    ("sum", AggregateOp::Sum),
                    ("count", AggregateOp::Count),
                    ("avg", AggregateOp::Avg),
                    ("min", AggregateOp::Min),
                    ("max", AggregateOp::Max),
                ],
            )?,
            cmp: comparison(reader.get("cmp")?.as_str()?)?,
            value: number(reader, "value")?,
        },
        "composite" => TestKind::CompositeUnique(reader.texts("columns")),
        "unique_expr" => TestKind::UniqueExpr(reader.text("key_expr")?),
        "not_in_future" => TestKind::NotInFuture,
        "older_than_n_days" => TestKind::OlderThan(reader.u32("days")?),
        _ => return None,
    };
    let needs_column = matches!(
        kind,
        TestKind::NotNull
            | TestKind::Unique
            | TestKind::AcceptedValues(_)
            | TestKind::Relationships { .. }
            | TestKind::InRange { .. }
            | TestKind::RegexMatch(_)
            | TestKind::NotInFuture
            | TestKind::OlderThan(_)
    );
    let column = reader.text("column");
    if needs_column && column.is_none() {
        return None;
    }
    Some(TestConfig {
        name: reader.text("name"),
        kind,
        column,
        severity: severity(reader),
        filter: reader.text("filter"),
        loc: Loc::new(reader.file, reader.node.span),
    })
}

fn comparison(word: &str) -> Option<Comparison> {
    Some(match word {
        "lt" | "<" => Comparison::Lt,
        "lte" | "<=" => Comparison::Lte,
        "gt" | ">" => Comparison::Gt,
        "gte" | ">=" => Comparison::Gte,
        "eq" | "=" | "==" => Comparison::Eq,
        "ne" | "!=" | "<>" => Comparison::Ne,
        _ => return None,
    })
}

/// A number, or its text.
fn number(reader: Reader<'_>, key: &str) -> Option<Spanned<SmolStr>> {
    let node = reader.get(key)?;
    let text = match &node.kind {
        Kind::Int(i) => SmolStr::new(i.to_string()),
        Kind::Float(f) => SmolStr::new(f.to_string()),
        _ => return reader.text(key),
    };
    Some(Spanned::new(text, Loc::new(reader.file, node.span)))
}

/// `[[test]]` of a sidecar.
pub(crate) fn unit_tests(root: Reader<'_>, checker: &mut Checker<'_>) -> Vec<UnitTest> {
    let tables = root.tables("test");
    let mut tests: Vec<UnitTest> = Vec::with_capacity(tables.len());
    for reader in tables {
        let Some(name) = reader.text("name") else { continue };
        if let Some(first) = tests.iter().find(|t| t.name.value == name.value) {
            let message = format!("two tests of this model are called `{}`", name.shown());
            checker.out.push(
                Diagnostic::new(code::E417, name.loc, message)
                    .note(first.name.loc, "the first one")
                    .help("Give each test a name of its own."),
            );
            continue;
        }
        let mut given = Vec::new();
        for table in reader.tables("given") {
            let Some(relation) = table.text("ref") else {
                continue;
            };
            if let Some(rows) = fixture(table, checker) {
                given.push(Given { relation, rows });
            }
        }
        let Some(expected) = reader.table("expect") else {
            continue;
        };
        let Some(expect) = fixture(expected, checker) else {
            continue;
        };
        tests.push(UnitTest {
            name,
            description: reader.plain("description"),
            partition: reader.text("partition"),
            given,
            expect,
            ordered: expected.flag("ordered").unwrap_or(false),
            columns: expected.texts("columns"),
            loc: Loc::new(reader.file, reader.node.span),
        });
    }
    tests
}

/// The rows of a table: one of `rows`, `csv`, `file`.
fn fixture(reader: Reader<'_>, checker: &mut Checker<'_>) -> Option<Fixture> {
    let written: Vec<&str> = ["rows", "csv", "file"]
        .into_iter()
        .filter(|key| reader.get(key).is_some())
        .collect();
    if written.len() != 1 {
        let message = match written.as_slice() {
            [] => "no rows".to_owned(),
            several => format!("rows are given {} times", several.len()),
        };
        let loc = Loc::new(reader.file, reader.node.span);
        checker
            .out
            .push(Diagnostic::new(code::E417, loc, message).help("Give one of `rows`, `csv` and `file`."));
        return None;
    }
    if let Some(csv) = reader.text("csv") {
        return Some(Fixture::Csv(csv));
    }
    if let Some(file) = reader.text("file") {
        return Some(Fixture::File(file));
    }
    let Kind::Array(rows) = &reader.get("rows")?.kind else {
        return None;
    };
    let row = |node: &Node| {
        node.entries()
            .iter()
            .map(|e| (e.key.clone(), cell(&e.node)))
            .collect()
    };
    Some(Fixture::Rows(rows.iter().map(row).collect()))
}

fn cell(node: &Node) -> Cell {
    match &node.kind {
        Kind::Str { value, .. } => Cell::Text(value.clone()),
        Kind::Int(i) => Cell::Int(*i),
        Kind::Float(f) => Cell::Float(*f),
        Kind::Bool(b) => Cell::Bool(*b),
        Kind::Datetime(text) => Cell::Text(text.clone()),
        // TOML is not nested deeper than its parser's limit.
        Kind::Array(items) => Cell::List(items.iter().map(cell).collect()),
        Kind::Table(entries) => {
            Cell::Struct(entries.iter().map(|e| (e.key.clone(), cell(&e.node))).collect())
        }
        Kind::Invalid => Cell::Null,
    }
}
