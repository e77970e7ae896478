//! The calculus of types against DuckDB's own answers (`data/*.tsv`, written by `tools/duckdb_oracle.py`).
//!
//! `!` is an error of the engine's binder. A result that is not known here (`Type::Unknown`) never fails a row, but each
//! test limits how many there are.

use rocky_base::Dialect::DuckDb;
use rocky_semantic::typing::{self, *};
use rocky_syntax::ast::{BinaryOp, Literal, UnaryOp};
use rocky_warehouse::types::Field;
use rocky_warehouse::Type;

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
                .map(|t| Argument { name: None, value: ArgumentValue::Value(literal(t.trim())) })
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
            fields.iter().map(|f| Field { name: f.name.clone(), ty: final_type(&f.ty) }).collect::<Vec<_>>().into(),
        ),
        ty => ty.clone(),
    }
}

fn call(name: &str, args: Vec<Argument>) -> Result<Typed, TypeError> {
    let windowed = function_kind(DuckDb, name) == Some(FunctionKind::Window);
    let site = CallSite { name, args: &args, windowed, empty_group_possible: true, filtered: false };
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
            ("!", Some(found)) => self.missed_errors.push(format!("{what}: error, found {}", found.print(DuckDb))),
            (_, None) => self.false_errors.push(format!("{what}: {expected}, found an error")),
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
            let shown = std::env::var("ROCKY_SHOW").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
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
        assert!(self.missed_errors.len() <= max_missed, "{name}: {} missed errors", self.missed_errors.len());
        assert!(self.unknown.len() <= max_unknown, "{name}: {} unknown", self.unknown.len());
    }
}

/// Rows of a matrix file: operation, left, right, result.
fn matrix(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split('\t').skip(2).collect();
    lines.flat_map(move |line| {
        let mut cells = line.split('\t');
        let (op, left) = (cells.next().unwrap(), cells.next().unwrap());
        header.clone().into_iter().zip(cells).map(move |(right, result)| (op, left, right, result))
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
        tally.check(&format!("{left} {op} {right}"), expected, found.as_ref().map(|t| &t.ty));
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
        tally.check(&format!("{} {}", cells[0], cells[1]), cells[2], found.as_ref().map(|t| &t.ty));
    }
    tally.finish("operators", 0, 0);
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
    tally.finish("compare", 0, 0);
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
            "union" | "values" => typing::unify(DuckDb, Meeting::SetOperation, &[a, b]),
            "list" | "greatest" => {
                let name = if op == "list" { "list_value" } else { "greatest" };
                let args = [a, b].map(|o| Argument { name: None, value: ArgumentValue::Value(o) }).to_vec();
                call(name, args).ok().map(|t| t.ty)
            }
            op => panic!("{op}"),
        };
        tally.check(&format!("{op} {left}, {right}"), expected, found.as_ref());
    }
    tally.finish("unify", 0, 0);
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
    tally.finish("cast", 0, 0);
}

#[test]
fn functions_give_what_the_engine_gives() {
    let mut tally = Tally::default();
    for line in FUNCTIONS.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let args: Vec<Argument> = cells[1]
            .split(';')
            .filter(|a| !a.is_empty())
            .map(|a| Argument { name: None, value: ArgumentValue::Value(operand(a)) })
            .collect();
        let found = call(cells[0], args).ok();
        tally.check(&format!("{}({})", cells[0], cells[1]), cells[2], found.as_ref().map(|t| &t.ty));
    }
    tally.finish("functions", 400, 400);
}
