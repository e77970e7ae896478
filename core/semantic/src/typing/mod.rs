//! The calculus of types: what an operator, a function, a cast or a unification gives, from types alone. No names of
//! columns, no scopes, no text. Everything takes the dialect first.

mod duckdb;
mod nullable;
mod other;

use crate::catalogue;
use rocky_base::suggest::nearest;
use rocky_base::{Dialect, SmolStr};
use rocky_syntax::ast::{BinaryOp, LikeKind, Literal, UnaryOp};
use rocky_warehouse::{Column, OwnTypes, Type};
use smol_str::StrExt;
use std::sync::Arc;

/// What a bare literal keeps besides its type: engines let literals adapt to the other operand.
#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    /// NULL.
    Null,
    /// An integer literal (with its sign), when it fits.
    Integer(i128),
    /// A string literal.
    String(SmolStr),
    /// A list of string literals.
    Strings(Arc<[SmolStr]>),
    /// Another constant whose value is of no use.
    Other,
    /// What a call that is NULL gives as text: it adapts like a literal.
    NullText,
    /// Computed from constants, and perhaps NULL: then its type need not be the operand's, and nothing is proved by it.
    Perhaps,
}

/// An operand or argument.
#[derive(Clone, PartialEq, Debug)]
pub struct Operand {
    /// Its type.
    pub ty: Type,
    /// May be NULL.
    pub nullable: bool,
    /// Set for bare literals (parentheses and unary minus allowed), `None` for everything else. As the operand of a function
    /// or operator, what is computed from constants has [`Constant::Null`] where that is NULL.
    pub constant: Option<Constant>,
}

impl Operand {
    /// A value that is not a literal.
    pub fn of(ty: Type, nullable: bool) -> Operand {
        Operand {
            ty,
            nullable,
            constant: None,
        }
    }
    /// Something nothing is known of.
    pub fn unknown() -> Operand {
        Operand::of(Type::Unknown, true)
    }
    /// A NULL that the engine sees before it looks at the operator or function around it.
    pub fn is_null(&self) -> bool {
        self.ty == Type::Null || matches!(self.constant, Some(Constant::Null | Constant::NullText))
    }
    /// Nothing is proved by its type.
    pub fn is_doubtful(&self) -> bool {
        self.ty.has_unknown() || self.constant == Some(Constant::Perhaps)
    }
}

/// The constant of a list of string literals.
pub(crate) fn strings<'a>(elements: impl Iterator<Item = &'a Operand>) -> Option<Constant> {
    let text = |operand: &Operand| match &operand.constant {
        Some(Constant::String(text)) => Some(text.clone()),
        _ => None,
    };
    let list: Option<Arc<[SmolStr]>> = elements.map(text).collect();
    list.filter(|l| !l.is_empty()).map(Constant::Strings)
}

/// Why a type could not be given.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeError {
    /// The function does not exist; the nearest name.
    UnknownFunction(Option<SmolStr>),
    /// No overload takes this number of arguments: the accepted forms, for people.
    Arity(String),
    /// No overload takes these types: the accepted forms, for people.
    ArgumentTypes(String),
    /// The operator does not take these types.
    Operator,
    /// Several overloads fit equally.
    Ambiguous(String),
    /// The types fit, but an argument is not what the function needs (a constant, a named value): a whole message.
    Refused(String),
}

/// What kind of function it is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FunctionKind {
    /// One row, one value.
    Scalar,
    /// Many rows, one value (may take OVER).
    Aggregate,
    /// Only with OVER.
    Window,
    /// Returns rows.
    Table,
}

/// The type and nullability of a result.
#[derive(Clone, PartialEq, Debug)]
pub struct Typed {
    /// Type; unknown when it cannot be told (which is no error).
    pub ty: Type,
    /// May be NULL; `false` only when proved.
    pub nullable: bool,
}

/// Where types meet.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Meeting {
    /// UNION, INTERSECT, EXCEPT.
    SetOperation,
    /// Rows of VALUES: unlike set operations, strangers are refused.
    Values,
    /// CASE, COALESCE, IF.
    Branches,
    /// Elements of a list, keys and values of a map.
    Elements,
    /// `=`, `<`, IN, BETWEEN, USING.
    Comparison,
}

/// How well two types compare.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Comparable {
    /// Same type or harmless (integer widths, literals that adapt).
    Yes,
    /// The engine casts one side implicitly across type families.
    Coerced,
    /// The engine refuses.
    No,
}

// The functions below are the interface to `analyse`; their bodies live in the files of this module.

/// The type of a literal.
pub fn literal(dialect: Dialect, literal: &Literal) -> Operand {
    match dialect {
        Dialect::DuckDb => duckdb::literal(literal),
        _ => other::literal(dialect, literal),
    }
}

/// A unary operator.
pub fn unary(dialect: Dialect, op: UnaryOp, operand: &Operand) -> Result<Operand, TypeError> {
    match dialect {
        Dialect::DuckDb => duckdb::operators::unary(op, operand),
        _ => other::unary(dialect, op, operand),
    }
}

/// A binary operator (AND, OR, comparisons, arithmetic, `||`, JSON arrows, bit operators …).
pub fn binary(dialect: Dialect, op: &BinaryOp, left: &Operand, right: &Operand) -> Result<Typed, TypeError> {
    match dialect {
        Dialect::DuckDb => duckdb::operators::binary(op, left, right),
        _ => other::binary(dialect, op, left, right),
    }
}

/// LIKE and its kin.
pub fn like(
    dialect: Dialect,
    kind: LikeKind,
    value: &Operand,
    pattern: &Operand,
) -> Result<Typed, TypeError> {
    match dialect {
        Dialect::DuckDb => duckdb::operators::like(kind, value, pattern),
        _ => other::like(value, pattern),
    }
}

/// The type all operands are cast to where they meet; `None` when the engine refuses.
pub fn unify(dialect: Dialect, meeting: Meeting, operands: &[Operand]) -> Option<Type> {
    match dialect {
        Dialect::DuckDb => duckdb::operators::unify(meeting, operands),
        _ => other::unify(dialect, operands),
    }
}

/// Whether two values may be compared.
pub fn comparable(dialect: Dialect, left: &Operand, right: &Operand) -> Comparable {
    match dialect {
        Dialect::DuckDb => duckdb::operators::comparable(left, right),
        _ => other::comparable(dialect, left, right),
    }
}

/// Whether a cast can exist at all (not whether it succeeds for every value).
pub fn castable(dialect: Dialect, from: &Type, to: &Type) -> bool {
    match dialect {
        Dialect::DuckDb => duckdb::casts::castable(from, to),
        _ => other::castable(from, to),
    }
}

/// Whether no value but NULL survives a cast that binds.
pub fn never_casts(dialect: Dialect, from: &Type, to: &Type) -> bool {
    dialect == Dialect::DuckDb && duckdb::casts::never(from, to)
}

/// EXTRACT(field FROM x); `Err` when the field does not exist for the type.
pub fn extract(dialect: Dialect, field: &str, operand: &Operand) -> Result<Typed, TypeError> {
    match dialect {
        Dialect::DuckDb => duckdb::operators::extract(field, operand),
        _ => other::extract(dialect, field, operand),
    }
}

/// `x[i]`.
pub fn index(dialect: Dialect, base: &Operand, index: &Operand) -> Result<Typed, TypeError> {
    match dialect {
        Dialect::DuckDb => duckdb::scalar::index(base, index),
        _ => other::index(base),
    }
}

/// `x[a:b:c]`.
pub fn slice(dialect: Dialect, base: &Operand) -> Result<Typed, TypeError> {
    let ty = match dialect {
        Dialect::DuckDb => duckdb::scalar::slice(&base.ty)?,
        _ => base.ty.clone(),
    };
    Ok(Typed { ty, nullable: true })
}

/// `x.field`; `None` when the type is known and has no such field.
pub fn field(_dialect: Dialect, base: &Operand, name: &str) -> Option<Typed> {
    let ty = match &base.ty {
        Type::Struct(_) | Type::Union(_) if base.constant == Some(Constant::Null) => Type::Null,
        Type::Struct(fields) => {
            let found = fields.iter().find(|f| f.name.eq_ignore_ascii_case(name))?;
            return Some(Typed {
                ty: found.ty.clone(),
                nullable: true,
            });
        }
        Type::Union(members) => members
            .iter()
            .find(|f| f.name.eq_ignore_ascii_case(name))?
            .ty
            .clone(),
        Type::Map(kv) => kv.1.clone(),
        Type::Json => Type::Json,
        Type::Variant => Type::Variant,
        Type::Unknown | Type::Other(_) | Type::Geometry | Type::Geography => Type::Unknown,
        Type::Null => Type::Null,
        _ => return None,
    };
    Some(Typed { ty, nullable: true })
}

/// An argument of a function call.
#[derive(Clone, PartialEq, Debug)]
pub struct Argument {
    /// `name := …`.
    pub name: Option<SmolStr>,
    /// What is passed.
    pub value: ArgumentValue,
}

/// What is passed to a function.
#[derive(Clone, PartialEq, Debug)]
pub enum ArgumentValue {
    /// A value.
    Value(Operand),
    /// `*` of COUNT(*).
    Star,
    /// A lambda with so many parameters. Its body's type is asked for by [`call`] through the callback.
    Lambda(usize),
}

/// How a function is called.
#[derive(Clone, PartialEq, Debug)]
pub struct CallSite<'a> {
    /// The name (last part), as written.
    pub name: &'a str,
    /// Arguments.
    pub args: &'a [Argument],
    /// Has OVER.
    pub windowed: bool,
    /// Inside an aggregation without GROUP BY keys (an aggregate over no rows then yields a row: SUM is NULL).
    pub empty_group_possible: bool,
    /// Has a FILTER clause.
    pub filtered: bool,
    /// Bit `i`: argument `i` is a bare column, so that it is proved to be no constant.
    pub columns: u64,
}

/// The result of a call. `lambda(argument index, parameter types) -> type of the body` types lambda bodies on demand.
pub fn call(
    dialect: Dialect,
    site: &CallSite<'_>,
    lambda: &mut dyn FnMut(usize, &[Type]) -> Operand,
) -> Result<Typed, TypeError> {
    let typed = match dialect {
        Dialect::DuckDb => duckdb::functions::call(site, lambda)?,
        _ => other::call(dialect, site, lambda)?,
    };
    Ok(Typed {
        ty: bounded(typed.ty),
        nullable: typed.nullable,
    })
}

/// The kind of a function, by name; `None` when the catalogue does not have it. A name that is both scalar and aggregate
/// is reported as aggregate.
pub fn function_kind(dialect: Dialect, name: &str) -> Option<FunctionKind> {
    let lower = name.to_lowercase_smolstr();
    match lower.as_str() {
        "percentile_cont" | "percentile_disc" => return Some(FunctionKind::Aggregate),
        "coalesce" | "ifnull" | "if" | "iff" | "try" | "row" | "date" | "grouping" | "grouping_id" => {
            return Some(FunctionKind::Scalar);
        }
        _ => {}
    }
    let Some(entry) = catalogue::lookup(dialect, &lower) else {
        return if dialect == Dialect::DuckDb {
            catalogue::extension(&lower)
        } else {
            None
        };
    };
    if !entry.aggregate.is_empty() {
        Some(FunctionKind::Aggregate)
    } else if !entry.window.is_empty() {
        Some(FunctionKind::Window)
    } else if !entry.scalar.is_empty() {
        Some(FunctionKind::Scalar)
    } else if !entry.macros.is_empty() {
        // A macro around an aggregate is one.
        let aggregates = entry.macros.iter().any(duckdb::macros::aggregates);
        Some(if aggregates {
            FunctionKind::Aggregate
        } else {
            FunctionKind::Scalar
        })
    } else {
        Some(FunctionKind::Table)
    }
}

/// What a function over constants comes to.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Folding {
    /// NULL as soon as an argument is; with `total` only then.
    Strict {
        /// Every other value gives a value or an error.
        total: bool,
    },
    /// Never NULL.
    Always,
    /// It handles NULLs by itself.
    Own,
    /// It is no constant: an aggregate, a window, a function that is not the same each time, or one that is not known.
    Never,
}

/// What a function over constants comes to, by its lower-case name.
pub(crate) fn folding(dialect: Dialect, name: &str) -> Folding {
    match dialect {
        Dialect::DuckDb => duckdb::functions::folding(name),
        _ => Folding::Never,
    }
}

/// The columns of a table function (`range`, `generate_series`, `unnest` of a list …); `None` when they depend on data or
/// the function is not known. An error when the engine does not take the call.
pub fn table_function(
    dialect: Dialect,
    name: &str,
    args: &[Argument],
) -> Result<Option<Vec<Column>>, TypeError> {
    match dialect {
        Dialect::DuckDb => duckdb::tables::columns(name, args),
        _ => Ok(other::table_function(dialect, name, args)),
    }
}

/// Whether an argument `x -> …` of the function may be a lambda.
pub fn takes_lambda(dialect: Dialect, name: &str) -> bool {
    dialect != Dialect::DuckDb || duckdb::functions::takes_lambda(&name.to_lowercase_smolstr())
}

/// The columns of a table function over files that are the same for every file.
pub(crate) fn file_columns(name: &str) -> Option<Vec<Column>> {
    duckdb::tables::always(name)
}

/// The type written in a cast or column definition; `None` for an unknown name.
pub fn type_name(dialect: Dialect, text: &str, own: &OwnTypes) -> Option<Type> {
    Type::parse_with(dialect, text, own)
}

/// A written type without what stands in brackets.
pub(crate) fn base_name(text: &str) -> &str {
    text.split(['(', '<', '[']).next().unwrap_or(text).trim()
}

/// False for a function that DuckDB's catalogue has and that is no aggregate; a macro around one is none.
pub(crate) fn may_aggregate(dialect: Dialect, name: &str) -> bool {
    dialect != Dialect::DuckDb
        || catalogue::lookup(dialect, name).is_none_or(|e| !e.aggregate.is_empty() || !e.window.is_empty())
}

/// The part of a date that a misspelt one was meant to be.
pub(crate) fn near_date_part(word: &str) -> Option<&'static str> {
    duckdb::operators::near_date_part(word)
}

/// A part of a date, as DuckDB spells them.
pub(crate) fn is_date_part(word: &str) -> bool {
    duckdb::operators::is_date_part(word)
}

/// The built-in type that a name was probably meant to be.
pub(crate) fn near_type(dialect: Dialect, base: &str) -> Option<&'static str> {
    let here = |name: &&str| Type::parse(dialect, name).is_some();
    nearest(base, COMMON_TYPES.iter().copied().filter(here))
}

/// Whether the warehouse may have a type of the user's own by this name (CREATE TYPE) that is not known here: it looks like
/// none that is built in, and is none of other warehouses.
pub fn may_be_own_type(dialect: Dialect, text: &str) -> bool {
    let base = base_name(text);
    dialect == Dialect::DuckDb
        && !base.is_empty()
        && base
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | ' '))
        && !FOREIGN_TYPES.iter().any(|t| t.eq_ignore_ascii_case(base))
        && near_type(dialect, base).is_none()
}

static FOREIGN_TYPES: &[&str] = &[
    "BIGNUMERIC",
    "BIGDECIMAL",
    "BYTEINT",
    "CLOB",
    "DATETIME2",
    "DATETIMEOFFSET",
    "FLOAT64",
    "GEOGRAPHY",
    "JSONB",
    "MEDIUMINT",
    "MONEY",
    "NUMBER",
    "OBJECT",
    "SERIAL",
    "SMALLDATETIME",
    "TIMESTAMP_LTZ",
    "TIMESTAMP_NTZ",
    "TIMESTAMP_TZ",
    "UNSIGNED",
    "VARCHAR2",
];

static COMMON_TYPES: &[&str] = &[
    "BIGINT",
    "INTEGER",
    "INT",
    "SMALLINT",
    "TINYINT",
    "HUGEINT",
    "VARCHAR",
    "STRING",
    "TEXT",
    "BOOLEAN",
    "DOUBLE",
    "FLOAT",
    "REAL",
    "DECIMAL",
    "NUMERIC",
    "NUMBER",
    "DATE",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "DATETIME",
    "INTERVAL",
    "BLOB",
    "BINARY",
    "BYTES",
    "UUID",
    "JSON",
    "VARIANT",
    "INT64",
    "FLOAT64",
    "STRUCT",
    "MAP",
    "ARRAY",
    "LIST",
];

/// The type, or unknown when it is beyond all measure: types share their parts, so that a chain of structs of structs is
/// small in memory and without end on paper.
pub(crate) fn bounded(ty: Type) -> Type {
    const MAX_PARTS: usize = 10_000;
    const MAX_DEPTH: usize = 100;
    fn fits(ty: &Type, depth: usize, parts: &mut usize) -> bool {
        *parts += 1;
        if *parts > MAX_PARTS || depth > MAX_DEPTH {
            return false;
        }
        match ty {
            Type::List(t) | Type::Array(t, _) => fits(t, depth + 1, parts),
            Type::Struct(fields) | Type::Union(fields) => {
                fields.iter().all(|f| fits(&f.ty, depth + 1, parts))
            }
            Type::Map(kv) => fits(&kv.0, depth + 1, parts) && fits(&kv.1, depth + 1, parts),
            _ => true,
        }
    }
    match &ty {
        Type::List(_) | Type::Array(..) | Type::Struct(_) | Type::Union(_) | Type::Map(_) => {
            if fits(&ty, 0, &mut 0) { ty } else { Type::Unknown }
        }
        _ => ty,
    }
}
