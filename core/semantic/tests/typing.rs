//! The calculus of types against DuckDB's own answers (`data/*.tsv`, written by `tools/duckdb_oracle.py`).
//!
//! `!` is an error of the engine's binder. A result that is not known here (`Type::Unknown`) never fails a row, but each
//! test limits how many there are.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "helpers of tests; clippy.toml only frees the tests themselves"
)]

use rocky_base::Dialect::DuckDb;
use rocky_semantic::typing::{self, *};
use rocky_syntax::ast::{BinaryOp, Literal, UnaryOp};
use rocky_warehouse::Type;
use rocky_warehouse::types::Field;

const FUNCTIONS: &str = include_str!("data/functions.tsv");
const OPERATORS: &str = include_str!("data/operators.tsv");
const UNARY: &str = include_str!("data/unary.tsv");
const COMPARE: &str = include_str!("data/compare.tsv");
const UNIFY: &str = include_str!("data/unify.tsv");
const CAST: &str = include_str!("data/cast.tsv");
const TYPES: &str = include_str!("data/types.tsv");
const LITERALS: &str = include_str!("data/literals.tsv");

fn ty(text: &str) -> Type {
    Type::parse(DuckDb, text).unwrap_or_else(|| panic!("{text}"))
}

/// A literal as the resolver would type it.
fn literal(text: &str) -> Operand {
    if let Some(digits) = text.strip_prefix('-') {
        return typing::unary(DuckDb, UnaryOp::Minus, &literal(digits)).unwrap();
    }
    match text {
        "NULL" => typing::literal(DuckDb, &Literal::Null),
        "true" | "false" => typing::literal(DuckDb, &Literal::Bool(true)),
        _ if text.starts_with('\'') => {
            let inner = text.trim_matches('\'').replace("''", "'");
            typing::literal(DuckDb, &Literal::String(inner.into()))
        }
        _ if text.starts_with('[') => {
            let items: Vec<Argument> = text[1..text.len() - 1]
                .split(',')
                .map(|t| Argument {
                    name: None,
                    value: ArgumentValue::Value(literal(t.trim())),
                })
                .collect();
            let list = call("list_value", items).unwrap();
            Operand::of(list.ty, false)
        }
        _ => typing::literal(DuckDb, &Literal::Number(text.into())),
    }
}

/// A cell of the tables: a type, or `=` and a literal.
fn operand(text: &str) -> Operand {
    match text.strip_prefix('=') {
        Some(text) => literal(text),
        None => Operand::of(ty(text), true),
    }
}

/// A NULL that nothing gave a type is an INTEGER column.
fn final_type(ty: &Type) -> Type {
    match ty {
        Type::Null => Type::Int32,
        Type::List(t) => Type::list(final_type(t)),
        Type::Array(t, n) => Type::Array(final_type(t).into(), *n),
        Type::Map(kv) => Type::map(final_type(&kv.0), final_type(&kv.1)),
        Type::Struct(fields) => Type::Struct(
            fields
                .iter()
                .map(|f| Field {
                    name: f.name.clone(),
                    ty: final_type(&f.ty),
                })
                .collect::<Vec<_>>()
                .into(),
        ),
        ty => ty.clone(),
    }
}

fn call(name: &str, args: Vec<Argument>) -> Result<Typed, TypeError> {
    call_columns(name, args, 0)
}

fn call_columns(name: &str, args: Vec<Argument>, columns: u64) -> Result<Typed, TypeError> {
    let windowed = function_kind(DuckDb, name) == Some(FunctionKind::Window);
    let site = CallSite {
        name,
        args: &args,
        windowed,
        empty_group_possible: true,
        filtered: false,
        columns,
    };
    typing::call(DuckDb, &site, &mut |_, _| Operand::unknown())
}

/// What a comparison of many rows found.
#[derive(Default)]
struct Tally {
    rows: usize,
    wrong: Vec<String>,
    false_errors: Vec<String>,
    missed_errors: Vec<String>,
    unknown: Vec<String>,
}

impl Tally {
    fn check(&mut self, what: &str, expected: &str, found: Option<&Type>) {
        self.rows += 1;
        match (expected, found) {
            ("!", None) => {}
            ("!", Some(found)) => self
                .missed_errors
                .push(format!("{what}: error, found {}", found.print(DuckDb))),
            (_, None) => self
                .false_errors
                .push(format!("{what}: {expected}, found an error")),
            (_, Some(found)) if found.has_unknown() => self.unknown.push(format!("{what}: {expected}")),
            (_, Some(found)) => {
                let found = final_type(found).print(DuckDb);
                if found != expected {
                    self.wrong.push(format!("{what}: {expected}, found {found}"));
                }
            }
        }
    }

    /// Nothing wrong, no false error, and no more of the rest than these.
    fn finish(self, name: &str, max_missed: usize, max_unknown: usize) {
        let show = |label: &str, list: &[String]| {
            let shown = std::env::var("ROCKY_SHOW")
                .ok()
                .and_then(|n| n.parse().ok())
                .unwrap_or(12);
            if !list.is_empty() {
                println!("{name}: {} {label} of {}", list.len(), self.rows);
                list.iter().take(shown).for_each(|l| println!("  {l}"));
            }
        };
        show("wrong", &self.wrong);
        show("false errors", &self.false_errors);
        show("missed errors", &self.missed_errors);
        show("unknown", &self.unknown);
        assert!(self.rows > 0);
        assert!(self.wrong.is_empty() && self.false_errors.is_empty(), "{name}");
        assert!(
            self.missed_errors.len() <= max_missed,
            "{name}: {} missed errors",
            self.missed_errors.len()
        );
        assert!(
            self.unknown.len() <= max_unknown,
            "{name}: {} unknown",
            self.unknown.len()
        );
    }
}

/// Rows of a matrix file: operation, left, right, result.
fn matrix(
    text: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').skip(2).collect();
    lines.flat_map(move |line| {
        let mut cells = line.split('\t');
        let (op, left) = (cells.next().unwrap(), cells.next().unwrap());
        header
            .clone()
            .into_iter()
            .zip(cells)
            .map(move |(right, result)| (op, left, right, result))
    })
}

#[test]
fn every_type_name_means_what_the_engine_says() {
    for line in TYPES.lines() {
        let (text, described) = line.split_once('\t').unwrap();
        let parsed = Type::parse(DuckDb, text);
        match described {
            "!" => assert!(parsed.is_none(), "{text}: {parsed:?}"),
            _ => {
                let printed = parsed.unwrap_or_else(|| panic!("{text}")).print(DuckDb);
                assert_eq!(printed, described, "{text}");
                assert_eq!(ty(described).print(DuckDb), described);
            }
        }
    }
    let deep = format!("INTEGER{}", "[]".repeat(100_000));
    assert_eq!(Type::parse(DuckDb, &deep), None);
    let deep = format!("{}INT{}", "STRUCT(a ".repeat(100_000), ")".repeat(100_000));
    assert_eq!(Type::parse(DuckDb, &deep), None);
}

#[test]
fn literals_have_the_types_the_engine_gives_them() {
    let mut tally = Tally::default();
    for line in LITERALS.lines() {
        let (text, described) = line.split_once('\t').unwrap();
        tally.check(text, described, Some(&literal(text).ty));
    }
    tally.finish("literals", 0, 0);
}

#[test]
fn operators_give_what_the_engine_gives() {
    let mut tally = Tally::default();
    for (op, left, right, expected) in matrix(OPERATORS) {
        let operator = match op {
            "+" => BinaryOp::Add,
            "-" => BinaryOp::Sub,
            "*" => BinaryOp::Mul,
            "/" => BinaryOp::Div,
            "//" => BinaryOp::IntDiv,
            "%" => BinaryOp::Mod,
            "||" => BinaryOp::Concat,
            "&" => BinaryOp::BitAnd,
            "<<" => BinaryOp::ShiftLeft,
            "**" => BinaryOp::Pow,
            "->" => BinaryOp::Arrow,
            "->>" => BinaryOp::LongArrow,
            op => panic!("{op}"),
        };
        let found = typing::binary(DuckDb, &operator, &operand(left), &operand(right)).ok();
        tally.check(
            &format!("{left} {op} {right}"),
            expected,
            found.as_ref().map(|t| &t.ty),
        );
    }
    for line in UNARY.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let operator = match cells[0] {
            "-" => UnaryOp::Minus,
            "+" => UnaryOp::Plus,
            "~" => UnaryOp::BitNot,
            "not" => UnaryOp::Not,
            "@" => UnaryOp::Abs,
            op => panic!("{op}"),
        };
        let found = typing::unary(DuckDb, operator, &operand(cells[1])).ok();
        tally.check(
            &format!("{} {}", cells[0], cells[1]),
            cells[2],
            found.as_ref().map(|t| &t.ty),
        );
    }
    tally.finish("operators", 278, 0);
}

#[test]
fn comparisons_are_refused_as_the_engine_refuses_them() {
    let mut tally = Tally::default();
    for (op, left, right, expected) in matrix(COMPARE) {
        let (a, b) = (operand(left), operand(right));
        let found = match op {
            "=" => typing::binary(DuckDb, &BinaryOp::Eq, &a, &b).ok().map(|t| t.ty),
            "<" => typing::binary(DuckDb, &BinaryOp::Lt, &a, &b).ok().map(|t| t.ty),
            "in" => typing::unify(DuckDb, Meeting::Comparison, &[a, b]).map(|_| Type::Boolean),
            // Low and high meet the operand in turn.
            "between" => typing::binary(DuckDb, &BinaryOp::Lt, &a, &b).ok().map(|t| t.ty),
            op => panic!("{op}"),
        };
        tally.check(&format!("{left} {op} {right}"), expected, found.as_ref());
    }
    tally.finish("compare", 12, 0);
}

#[test]
fn types_meet_where_the_engine_lets_them_meet() {
    let mut tally = Tally::default();
    for (op, left, right, expected) in matrix(UNIFY) {
        let (a, b) = (operand(left), operand(right));
        let found = match op {
            // CASE begins with its ELSE.
            "case" => typing::unify(DuckDb, Meeting::Branches, &[b, a]),
            "coalesce" => typing::unify(DuckDb, Meeting::Branches, &[a, b]),
            "union" => typing::unify(DuckDb, Meeting::SetOperation, &[a, b]),
            "values" => typing::unify(DuckDb, Meeting::Values, &[a, b]),
            "list" | "greatest" => {
                let name = if op == "list" { "list_value" } else { "greatest" };
                let args = [a, b]
                    .map(|o| Argument {
                        name: None,
                        value: ArgumentValue::Value(o),
                    })
                    .to_vec();
                call(name, args).ok().map(|t| t.ty)
            }
            op => panic!("{op}"),
        };
        tally.check(&format!("{op} {left}, {right}"), expected, found.as_ref());
    }
    tally.finish("unify", 8, 0);
}

#[test]
fn casts_that_the_binder_refuses_cannot_exist() {
    let mut lines = CAST.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').skip(1).collect();
    let mut tally = Tally::default();
    for line in lines {
        let mut cells = line.split('\t');
        let from = cells.next().unwrap();
        for (to, cell) in header.iter().zip(cells).filter(|(_, c)| *c != "?") {
            let expected = if cell == "!" { "!" } else { "BOOLEAN" };
            let found = typing::castable(DuckDb, &ty(from), &ty(to)).then_some(Type::Boolean);
            tally.check(&format!("{from} as {to}"), expected, found.as_ref());
        }
    }
    tally.finish("cast", 3, 0);
}

#[test]
fn functions_give_what_the_engine_gives() {
    let mut tally = Tally::default();
    for line in FUNCTIONS.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        // Their fields are named after columns, which only the resolver knows: core/tests/functions.rs.
        if matches!(
            cells[0],
            "struct_pack" | "struct_insert" | "struct_update" | "union_value"
        ) {
            continue;
        }
        let args: Vec<Argument> = cells[1]
            .split(';')
            .filter(|a| !a.is_empty())
            .map(|a| Argument {
                name: None,
                value: ArgumentValue::Value(operand(a)),
            })
            .collect();
        // What is not a literal is a column.
        let places = cells[1].split(';').enumerate().take(64);
        let columns = places
            .filter(|(_, a)| !a.starts_with('='))
            .fold(0, |bits, (i, _)| bits | 1 << i);
        let found = call_columns(cells[0], args, columns).ok();
        tally.check(
            &format!("{}({})", cells[0], cells[1]),
            cells[2],
            found.as_ref().map(|t| &t.ty),
        );
    }
    tally.finish("functions", 380, 7);
}

/// A call over columns that are never NULL, in a grouped query.
fn nullable(name: &str, args: &[Operand]) -> bool {
    let args: Vec<Argument> = args
        .iter()
        .map(|o| Argument {
            name: None,
            value: ArgumentValue::Value(o.clone()),
        })
        .collect();
    let site = CallSite {
        name,
        args: &args,
        windowed: false,
        empty_group_possible: false,
        filtered: false,
        columns: 0,
    };
    typing::call(DuckDb, &site, &mut |_, _| Operand::unknown())
        .unwrap()
        .nullable
}

#[test]
fn not_null_is_only_said_when_it_is_proved() {
    let int = Operand::of(Type::Int32, false);
    let text = Operand::of(Type::STRING, false);
    let maybe = Operand::of(Type::Int32, true);
    let date = Operand::of(Type::Date, false);
    assert!(!nullable("count", std::slice::from_ref(&maybe)));
    assert!(!nullable("sum", std::slice::from_ref(&int)));
    assert!(nullable("sum", std::slice::from_ref(&maybe)));
    assert!(nullable("stddev", std::slice::from_ref(&int)));
    assert!(!nullable("upper", std::slice::from_ref(&text)));
    assert!(!nullable("coalesce", &[maybe.clone(), int.clone()]));
    assert!(nullable("nullif", &[int.clone(), int.clone()]));
    // The year of infinity is NULL.
    assert!(nullable("year", std::slice::from_ref(&date)));
    assert!(nullable(
        "list_extract",
        &[Operand::of(Type::list(Type::Int32), false), int.clone()]
    ));
    let args = [Argument {
        name: None,
        value: ArgumentValue::Value(int.clone()),
    }];
    let over_all = CallSite {
        name: "sum",
        args: &args,
        windowed: false,
        empty_group_possible: true,
        filtered: false,
        columns: 0,
    };
    assert!(
        typing::call(DuckDb, &over_all, &mut |_, _| Operand::unknown())
            .unwrap()
            .nullable
    );
    let op = |op: BinaryOp, right: &Operand| typing::binary(DuckDb, &op, &int, right).unwrap().nullable;
    assert!(!op(BinaryOp::Add, &int));
    assert!(op(BinaryOp::Div, &int));
    assert!(!op(BinaryOp::Mod, &literal("2")));
    assert!(op(BinaryOp::Mod, &literal("0")));
    assert!(!op(BinaryOp::Eq, &int));
    assert!(op(BinaryOp::Eq, &maybe));
    assert!(!op(BinaryOp::IsDistinct, &maybe));
}

/// A call whose second argument is a lambda with a body of the given type.
fn with_lambda(
    name: &str,
    list: &str,
    params: usize,
    start: Option<&str>,
    body: impl Fn(&[Type]) -> Type,
) -> String {
    let mut args = vec![
        Argument {
            name: None,
            value: ArgumentValue::Value(operand(list)),
        },
        Argument {
            name: None,
            value: ArgumentValue::Lambda(params),
        },
    ];
    args.extend(start.map(|s| Argument {
        name: None,
        value: ArgumentValue::Value(operand(s)),
    }));
    let site = CallSite {
        name,
        args: &args,
        windowed: false,
        empty_group_possible: false,
        filtered: false,
        columns: 0,
    };
    let result = typing::call(DuckDb, &site, &mut |index, types| {
        assert_eq!(index, 1);
        Operand::of(body(types), true)
    });
    result.map_or_else(|e| format!("{e:?}"), |t| t.ty.print(DuckDb))
}

#[test]
fn lambdas_are_typed_through_their_bodies() {
    let first = |types: &[Type]| types[0].clone();
    assert_eq!(
        with_lambda("list_transform", "INTEGER[]", 1, None, first),
        "INTEGER[]"
    );
    assert_eq!(
        with_lambda("apply", "INTEGER[]", 2, None, |t| t[1].clone()),
        "BIGINT[]"
    );
    assert_eq!(
        with_lambda("list_filter", "INTEGER[3]", 1, None, |_| Type::Boolean),
        "INTEGER[]"
    );
    assert_eq!(with_lambda("list_reduce", "INTEGER[]", 2, None, first), "INTEGER");
    assert_eq!(
        with_lambda("list_reduce", "INTEGER[]", 2, Some("=1.5"), first),
        "DECIMAL(11,1)"
    );
    assert!(with_lambda("list_reduce", "INTEGER[]", 2, Some("='a'"), first).starts_with("ArgumentTypes"));
    assert!(with_lambda("list_transform", "INTEGER[]", 3, None, first).starts_with("Arity"));
}

#[test]
fn names_become_fields() {
    let args = [
        Argument {
            name: Some("a".into()),
            value: ArgumentValue::Value(literal("1")),
        },
        Argument {
            name: Some("b".into()),
            value: ArgumentValue::Value(operand("VARCHAR[]")),
        },
    ];
    let packed = call("struct_pack", args.to_vec()).unwrap();
    assert_eq!(packed.ty.print(DuckDb), "STRUCT(a INTEGER, b VARCHAR[])");
    assert_eq!(
        call("union_value", args[..1].to_vec()).unwrap().ty.print(DuckDb),
        "UNION(a INTEGER)"
    );
    let base = Operand::of(packed.ty, false);
    assert_eq!(typing::field(DuckDb, &base, "B").unwrap().ty, ty("VARCHAR[]"));
    assert_eq!(typing::field(DuckDb, &base, "c"), None);
    assert_eq!(
        typing::index(DuckDb, &operand("MAP(VARCHAR, DATE)"), &literal("'a'"))
            .unwrap()
            .ty,
        Type::Date
    );
    assert_eq!(
        typing::index(DuckDb, &operand("INTEGER[]"), &literal("1.5")),
        Err(TypeError::Operator)
    );
    assert_eq!(
        typing::slice(DuckDb, &operand("INTEGER[3]")).unwrap().ty,
        ty("INTEGER[]")
    );
}

#[test]
fn a_type_without_end_is_unknown_and_no_explosion() {
    let mut value = literal("1");
    for _ in 0..200 {
        let field = |name: &str| Argument {
            name: Some(name.into()),
            value: ArgumentValue::Value(value.clone()),
        };
        value = Operand::of(
            call("struct_pack", vec![field("a"), field("b")]).unwrap().ty,
            false,
        );
    }
    assert!(value.ty.print(DuckDb).len() < 10_000_000);
    let mut list = literal("1");
    for _ in 0..100_000 {
        list = Operand::of(
            call(
                "list_value",
                vec![Argument {
                    name: None,
                    value: ArgumentValue::Value(list),
                }],
            )
            .unwrap()
            .ty,
            false,
        );
    }
}

#[test]
fn errors_say_what_is_wrong() {
    let value = |text: &str| Argument {
        name: None,
        value: ArgumentValue::Value(operand(text)),
    };
    assert_eq!(
        call("uper", vec![value("VARCHAR")]),
        Err(TypeError::UnknownFunction(Some("upper".into())))
    );
    assert!(matches!(call("upper", vec![]), Err(TypeError::Arity(_))));
    assert_eq!(
        call("upper", vec![value("INTEGER")]),
        Err(TypeError::ArgumentTypes("(VARCHAR)".into()))
    );
    assert_eq!(
        call("st_area", vec![value("GEOMETRY")]).unwrap().ty,
        Type::Unknown
    );
    assert_eq!(function_kind(DuckDb, "ST_Area"), Some(FunctionKind::Scalar));
    assert_eq!(function_kind(DuckDb, "Sum"), Some(FunctionKind::Aggregate));
    assert_eq!(function_kind(DuckDb, "row_number"), Some(FunctionKind::Window));
    assert_eq!(function_kind(DuckDb, "read_csv"), Some(FunctionKind::Table));
    assert_eq!(
        function_kind(DuckDb, "geometric_mean"),
        Some(FunctionKind::Aggregate)
    );
    assert_eq!(function_kind(DuckDb, "fdiv"), Some(FunctionKind::Scalar));
    assert_eq!(function_kind(DuckDb, "uper"), None);
}

#[test]
fn unknown_arguments_leave_what_is_certain() {
    let unknown = || Argument {
        name: None,
        value: ArgumentValue::Value(Operand::unknown()),
    };
    let of = |name: &str, n: usize| call(name, (0..n).map(|_| unknown()).collect()).map(|t| t.ty);
    assert_eq!(of("count", 1), Ok(Type::Int64));
    assert_eq!(of("upper", 1), Ok(Type::STRING));
    assert_eq!(of("length", 1), Ok(Type::Int64));
    assert_eq!(of("sum", 1), Ok(Type::Unknown));
    assert_eq!(of("round", 2), Ok(Type::Unknown));
    assert!(matches!(of("upper", 2), Err(TypeError::Arity(_))));
    let plus = typing::binary(DuckDb, &BinaryOp::Add, &Operand::unknown(), &operand("INTEGER"));
    assert_eq!(plus.unwrap().ty, Type::Unknown);
}

#[test]
fn table_functions_have_columns() {
    let value = |text: &str| Argument {
        name: None,
        value: ArgumentValue::Value(operand(text)),
    };
    let columns = |name: &str, args: &[Argument]| {
        let columns = table_function(DuckDb, name, args).ok()??;
        Some(
            columns
                .iter()
                .map(|c| format!("{} {}", c.name, c.ty.print(DuckDb)))
                .collect::<Vec<_>>()
                .join(", "),
        )
    };
    assert_eq!(columns("range", &[value("=3")]).unwrap(), "range BIGINT");
    assert_eq!(
        columns(
            "generate_series",
            &[value("DATE"), value("DATE"), value("INTERVAL")]
        )
        .unwrap(),
        "generate_series TIMESTAMP"
    );
    assert_eq!(
        columns("unnest", &[value("VARCHAR[]")]).unwrap(),
        "unnest VARCHAR"
    );
    assert_eq!(columns("glob", &[value("='*.csv'")]).unwrap(), "file VARCHAR");
    assert_eq!(
        columns("pragma_version", &[]).unwrap(),
        "library_version VARCHAR, source_id VARCHAR, codename VARCHAR"
    );
    assert_eq!(columns("read_csv", &[value("='x.csv'")]), None);
}

#[test]
fn the_other_dialects_know_their_common_rules() {
    use rocky_base::Dialect::{BigQuery, Databricks, Snowflake};
    let column = |dialect, text: &str| Operand::of(Type::parse(dialect, text).unwrap(), false);
    let sum = |dialect, text: &str| {
        let args = [Argument {
            name: None,
            value: ArgumentValue::Value(column(dialect, text)),
        }];
        let site = CallSite {
            name: "SUM",
            args: &args,
            windowed: false,
            empty_group_possible: false,
            filtered: false,
            columns: 0,
        };
        typing::call(dialect, &site, &mut |_, _| Operand::unknown())
            .unwrap()
            .ty
            .print(dialect)
    };
    assert_eq!(sum(Databricks, "INT"), "BIGINT");
    assert_eq!(sum(Databricks, "DECIMAL(10,2)"), "DECIMAL(20,2)");
    assert_eq!(sum(Snowflake, "NUMBER(10,2)"), "NUMBER(38,2)");
    assert_eq!(sum(BigQuery, "NUMERIC"), "NUMERIC");
    let op = |dialect, op: BinaryOp, a: &str, b: &str| {
        typing::binary(dialect, &op, &column(dialect, a), &column(dialect, b))
            .unwrap()
            .ty
            .print(dialect)
    };
    assert_eq!(
        op(Databricks, BinaryOp::Mul, "DECIMAL(10,2)", "DECIMAL(10,2)"),
        "DECIMAL(21,4)"
    );
    assert_eq!(op(Databricks, BinaryOp::Div, "INT", "INT"), "DOUBLE");
    assert_eq!(
        op(Databricks, BinaryOp::Div, "DECIMAL(10,2)", "DECIMAL(10,2)"),
        "DECIMAL(23,13)"
    );
    assert_eq!(
        op(Snowflake, BinaryOp::Add, "NUMBER(10,2)", "NUMBER(5,0)"),
        "NUMBER(11,2)"
    );
    assert_eq!(op(BigQuery, BinaryOp::Div, "INT64", "INT64"), "FLOAT64");
    assert_eq!(op(BigQuery, BinaryOp::Add, "INT64", "NUMERIC"), "NUMERIC");
    let unknown = CallSite {
        name: "no_such_function",
        args: &[],
        windowed: false,
        empty_group_possible: false,
        filtered: false,
        columns: 0,
    };
    assert_eq!(
        typing::call(Snowflake, &unknown, &mut |_, _| Operand::unknown())
            .unwrap()
            .ty,
        Type::Unknown
    );
    for (dialect, types) in [
        (
            Databricks,
            "INT|BIGINT|STRING|DECIMAL(10,2)|TIMESTAMP|TIMESTAMP_NTZ|ARRAY<INT>|MAP<STRING, INT>|STRUCT<a: INT, b: ARRAY<STRING>>|VARIANT|DATE|BINARY",
        ),
        (
            Snowflake,
            "NUMBER(38,0)|VARCHAR|VARCHAR(10)|FLOAT|BOOLEAN|TIMESTAMP_NTZ(9)|TIMESTAMP_LTZ|TIMESTAMP_TZ|VARIANT|OBJECT|ARRAY|DATE|TIME|BINARY",
        ),
        (
            BigQuery,
            "INT64|FLOAT64|NUMERIC|BIGNUMERIC|NUMERIC(10, 2)|STRING|BYTES|BOOL|DATE|DATETIME|TIMESTAMP|TIME|JSON|ARRAY<INT64>|STRUCT<a INT64, b STRING>|GEOGRAPHY",
        ),
    ] {
        for text in types.split('|') {
            assert_eq!(
                Type::parse(dialect, text).map(|t| t.print(dialect)).as_deref(),
                Some(text)
            );
        }
    }
}
