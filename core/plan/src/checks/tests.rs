//! Declarative tests: each is a query that counts what fails, and one that shows some of it.
//!
//! A test of rows is a condition that is true for failing rows, so that the same condition counts them, shows them and puts them
//! into quarantine. NULL is never a failure but for `not_null`: the condition is NULL then, and the row passes.

use super::table::Subject;
use super::{CheckKind, CheckPlan, Judge, SAMPLE_ROWS, query, sql};
use crate::bind::Sql;
use rocky_base::{Diagnostic, Dialect, Ident, SmolStr, code};
use rocky_config::{CheckSeverity, Spanned, TestConfig, TestKind};
use rocky_syntax::parser::parse_expression;
use rocky_warehouse::Type;

/// What a relation of a test is: how it is written in SQL, and whether this run may write it after the test's own.
#[derive(Clone, Debug)]
pub struct Related {
    /// As SQL.
    pub printed: String,
    /// See [`CheckPlan::deferred`].
    pub deferred: bool,
}

/// Finds the relation that `relationships.to_table` names.
pub type Resolve<'a> = dyn Fn(&str) -> Related + 'a;

/// A dotted name of the configuration as SQL.
pub fn dotted(dialect: Dialect, name: &str) -> String {
    let parts: Vec<String> = name
        .split('.')
        .map(|p| Ident::from_config(dialect, p.trim()).print(dialect))
        .collect();
    parts.join(".")
}

/// What a test looks at.
enum Of {
    /// Rows for which this is true.
    Rows(Sql),
    /// Values of these expressions that stand several times.
    Groups(String),
}

/// Plan a test.
pub fn plan(
    test: &TestConfig,
    subject: &Subject<'_>,
    fail_on_error: bool,
    resolve: &Resolve<'_>,
) -> Result<CheckPlan, Box<Diagnostic>> {
    if let Some((loc, text, help)) = test.complaint() {
        return Err(Box::new(Diagnostic::new(code::E417, loc, text).help(help)));
    }
    let dialect = subject.dialect;
    let table = subject.printed();
    let shown = subject.shown();
    let filter = match &test.filter {
        Some(filter) => Some(expression(filter, "filter", dialect)?),
        None => None,
    };
    let scope = |condition: Option<&Sql>| -> Sql {
        let mut sql = Sql::from(format!("FROM {table}"));
        let mut word = "\nWHERE ";
        if let Some(filter) = filter {
            // The filter may end with a line comment.
            sql.push(&format!("{word}({filter}\n)"));
            word = " AND ";
        }
        if let Some(condition) = condition {
            sql.push(word);
            sql.append(condition);
        }
        sql
    };
    let name = name_of(test);
    let select = |head: &str, condition: Option<&Sql>, tail: &str| {
        let mut sql = Sql::from(format!("{head}\n"));
        sql.append(&scope(condition));
        sql.push(tail);
        query(&name, &shown, sql)
    };
    let mut sample = None;
    let (queries, judge) = match &test.kind {
        TestKind::RowCountRange { min, max } => (
            vec![select("SELECT COUNT(*) AS n", None, "")],
            Judge::Within { min: *min, max: *max },
        ),
        TestKind::Aggregate { op, cmp, value } => {
            let of = match &test.column {
                Some(column) => self::column(subject, column)?.0,
                None => "*".to_owned(),
            };
            let call = format!("{}({of})", op.as_str());
            let (cmp, value) = (cmp.as_str(), value.as_str());
            let head =
                format!("SELECT {call} AS found, CASE WHEN {call} {cmp} {value} THEN 1 ELSE 0 END AS holds");
            let what = match &test.column {
                Some(column) => format!("{}({}) {cmp} {value}", op.as_str(), column.shown()),
                None => format!("{call} {cmp} {value}"),
            };
            (vec![select(&head, None, "")], Judge::Holds { what })
        }
        _ => match of(test, subject, resolve)? {
            Of::Rows(fails) => {
                sample = Some(select(
                    "SELECT *",
                    Some(&fails),
                    &format!("\nLIMIT {SAMPLE_ROWS}"),
                ));
                (
                    vec![select("SELECT COUNT(*) AS n", Some(&fails), "")],
                    Judge::Zero,
                )
            }
            Of::Groups(keys) => {
                let mut groups = Sql::from(format!("SELECT {keys}, COUNT(*) AS occurrences\n"));
                groups.append(&scope(None));
                groups.push(&format!("\nGROUP BY {keys}\nHAVING COUNT(*) > 1"));
                let mut counted = Sql::from("SELECT COUNT(*) AS n FROM (\n".to_owned());
                counted.append(&groups);
                counted.push("\n) AS repeated");
                groups.push(&format!("\nLIMIT {SAMPLE_ROWS}"));
                sample = Some(query(&name, &shown, groups));
                (vec![query(&name, &shown, counted)], Judge::Zero)
            }
        },
    };
    let deferred = match &test.kind {
        TestKind::Relationships { to_table, .. } => resolve(&to_table.value).deferred,
        _ => false,
    };
    Ok(CheckPlan {
        name,
        kind: CheckKind::Test,
        test_type: Some(SmolStr::new_static(test.kind.as_str())),
        column: test.column.as_ref().map(|c| c.value.clone()),
        severity: test.severity,
        gates: test.severity == CheckSeverity::Error && fail_on_error,
        deferred,
        within: false,
        queries,
        judge,
        sample,
    })
}

/// The condition under which a row fails the test, its filter included; `None` for tests that are not about single rows.
pub(super) fn failing_rows(
    test: &TestConfig,
    subject: &Subject<'_>,
    resolve: &Resolve<'_>,
) -> Result<Option<Sql>, Box<Diagnostic>> {
    if matches!(
        test.kind,
        TestKind::RowCountRange { .. } | TestKind::Aggregate { .. }
    ) {
        return Ok(None);
    }
    let Of::Rows(fails) = of(test, subject, resolve)? else {
        return Ok(None);
    };
    let Some(filter) = &test.filter else {
        return Ok(Some(fails));
    };
    let filter = expression(filter, "filter", subject.dialect)?;
    let mut both = Sql::from(format!("({filter}\n) AND "));
    both.append(&fails);
    Ok(Some(both))
}

fn of(test: &TestConfig, subject: &Subject<'_>, resolve: &Resolve<'_>) -> Result<Of, Box<Diagnostic>> {
    let dialect = subject.dialect;
    let own = || match &test.column {
        Some(name) => column(subject, name),
        None => Err(Box::new(
            Diagnostic::new(
                code::E405,
                test.loc,
                format!("{} needs a column", test.kind.as_str()),
            )
            .help("Add `column`."),
        )),
    };
    let rows = |text: String| Ok(Of::Rows(Sql::from(text)));
    match &test.kind {
        TestKind::NotNull => rows(format!("{} IS NULL", own()?.0)),
        TestKind::AcceptedValues(values) => {
            let (column, ty) = own()?;
            rows(format!("{column} NOT IN ({})", literals(dialect, values, ty)))
        }
        TestKind::Relationships { to_table, to_column } => {
            let related = resolve(&to_table.value).printed;
            let parent = Ident::from_config(dialect, &to_column.value).print(dialect);
            let column = own()?.0;
            rows(format!(
                "{column} IS NOT NULL AND {column} NOT IN (SELECT parent.{parent} FROM {related} AS parent WHERE parent.{parent} IS NOT NULL)"
            ))
        }
        TestKind::Expression(condition) => {
            let text = expression(condition, "expression", dialect)?;
            rows(format!("NOT ({text}\n)"))
        }
        TestKind::InRange { min, max } => {
            let column = own()?.0;
            let low = min
                .as_ref()
                .map(|m| format!("{column} < {}", sql::number(dialect, &m.value)));
            let high = max
                .as_ref()
                .map(|m| format!("{column} > {}", sql::number(dialect, &m.value)));
            let bounds: Vec<String> = low.into_iter().chain(high).collect();
            rows(format!("({})", bounds.join(" OR ")))
        }
        TestKind::RegexMatch(pattern) => rows(format!(
            "NOT ({})",
            sql::matches(dialect, &own()?.0, &pattern.value)
        )),
        TestKind::NotInFuture => Ok(Of::Rows(sql::later_than(dialect, &own()?.0, 0))),
        TestKind::OlderThan(days) => Ok(Of::Rows(sql::later_than(dialect, &own()?.0, *days))),
        TestKind::Unique => Ok(Of::Groups(own()?.0)),
        TestKind::CompositeUnique(columns) => {
            let mut keys = Vec::with_capacity(columns.len());
            for name in columns {
                keys.push(column(subject, name)?.0);
            }
            Ok(Of::Groups(keys.join(", ")))
        }
        TestKind::UniqueExpr(key) => {
            let text = expression(key, "key_expr", dialect)?;
            Ok(Of::Groups(format!("({text}\n)")))
        }
        // Planned by the caller.
        TestKind::RowCountRange { .. } | TestKind::Aggregate { .. } => rows("FALSE".to_owned()),
    }
}

fn column<'a>(
    subject: &'a Subject<'_>,
    name: &Spanned<SmolStr>,
) -> Result<(String, Option<&'a Type>), Box<Diagnostic>> {
    subject
        .column(&name.value)
        .ok_or_else(|| Box::new(subject.missing("test column", name)))
}

/// Values as SQL. They are texts; for a column of numbers, those that are numbers are written as such.
fn literals(dialect: Dialect, values: &[Spanned<SmolStr>], ty: Option<&Type>) -> String {
    let number = |text: &str| {
        text.parse::<f64>().is_ok_and(f64::is_finite)
            && text
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E'))
    };
    let bare = ty.is_some_and(Type::is_numeric) && values.iter().all(|v| number(&v.value));
    let printed: Vec<String> = values
        .iter()
        .map(|v| match (bare, ty) {
            (true, _) => sql::number(dialect, &v.value),
            (false, Some(Type::Boolean)) if matches!(v.value.as_str(), "true" | "false") => {
                v.value.to_string()
            }
            _ => dialect.string_literal(&v.value),
        })
        .collect();
    printed.join(", ")
}

/// An expression of the configuration, when it is one and nothing else.
fn expression<'a>(
    text: &'a Spanned<SmolStr>,
    what: &str,
    dialect: Dialect,
) -> Result<&'a str, Box<Diagnostic>> {
    let (parsed, id) = parse_expression(&text.value, dialect);
    let problem = match (parsed.diagnostics.into_iter().next(), id) {
        (None, Some(_)) => return Ok(text.as_str()),
        (Some(found), _) => found.message,
        (None, None) => "empty".to_owned(),
    };
    let message = format!("`{what}` is not an expression: {problem}");
    Err(Box::new(
        Diagnostic::new(code::E400, text.loc, message).help("Write one condition as in WHERE."),
    ))
}

/// `not_null_email`. Orchestrators take letters, digits and underscores.
fn name_of(test: &TestConfig) -> SmolStr {
    if let Some(name) = &test.name {
        return name.value.clone();
    }
    let mut name = test.kind.as_str().to_owned();
    let columns: Vec<&Spanned<SmolStr>> = match &test.kind {
        TestKind::CompositeUnique(columns) => columns.iter().collect(),
        _ => test.column.iter().collect(),
    };
    for column in columns {
        name.push('_');
        name.extend(
            column
                .value
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }),
        );
    }
    SmolStr::new(name)
}
