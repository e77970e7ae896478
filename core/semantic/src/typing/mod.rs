//! The calculus of types: what an operator, a function, a cast or a unification gives, from types alone. No names of
//! columns, no scopes, no text. Everything takes the dialect first.

use rocky_base::{Dialect, SmolStr};
use rocky_syntax::ast::{BinaryOp, LikeKind, Literal, UnaryOp};
use rocky_warehouse::{Column, Type};

/// What a bare literal keeps besides its type: engines let literals adapt to the other operand.
#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    /// NULL.
    Null,
    /// An integer literal (with its sign), when it fits.
    Integer(i128),
    /// A string literal.
    String(SmolStr),
    /// Another constant whose value is of no use.
    Other,
}

/// An operand or argument.
#[derive(Clone, PartialEq, Debug)]
pub struct Operand {
    /// Its type.
    pub ty: Type,
    /// May be NULL.
    pub nullable: bool,
    /// Set for bare literals (parentheses and unary minus allowed), `None` for everything else.
    pub constant: Option<Constant>,
}

impl Operand {
    /// A value that is not a literal.
    pub fn of(ty: Type, nullable: bool) -> Operand {
        Operand { ty, nullable, constant: None }
    }
    /// Something nothing is known of.
    pub fn unknown() -> Operand {
        Operand::of(Type::Unknown, true)
    }
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
    /// UNION, INTERSECT, EXCEPT, VALUES rows.
    SetOperation,
    /// CASE, COALESCE, IF, list elements.
    Branches,
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
pub fn literal(_dialect: Dialect, _literal: &Literal) -> Operand {
    Operand::unknown()
}

/// A unary operator.
pub fn unary(_dialect: Dialect, _op: UnaryOp, _operand: &Operand) -> Result<Operand, TypeError> {
    Ok(Operand::unknown())
}

/// A binary operator (AND, OR, comparisons, arithmetic, `||`, JSON arrows, bit operators …).
pub fn binary(_dialect: Dialect, _op: &BinaryOp, _left: &Operand, _right: &Operand) -> Result<Typed, TypeError> {
    Ok(Typed { ty: Type::Unknown, nullable: true })
}

/// LIKE and its kin.
pub fn like(_dialect: Dialect, _kind: LikeKind, _value: &Operand, _pattern: &Operand) -> Result<Typed, TypeError> {
    Ok(Typed { ty: Type::Boolean, nullable: true })
}

/// The type all operands are cast to where they meet; `None` when the engine refuses.
pub fn unify(_dialect: Dialect, _meeting: Meeting, _operands: &[Operand]) -> Option<Type> {
    Some(Type::Unknown)
}

/// Whether two values may be compared.
pub fn comparable(_dialect: Dialect, _left: &Operand, _right: &Operand) -> Comparable {
    Comparable::Yes
}

/// Whether a cast can exist at all (not whether it succeeds for every value).
pub fn castable(_dialect: Dialect, _from: &Type, _to: &Type) -> bool {
    true
}

/// EXTRACT(field FROM x); `Err` when the field does not exist for the type.
pub fn extract(_dialect: Dialect, _field: &str, _operand: &Operand) -> Result<Typed, TypeError> {
    Ok(Typed { ty: Type::Unknown, nullable: true })
}

/// `x[i]`.
pub fn index(_dialect: Dialect, _base: &Operand, _index: &Operand) -> Result<Typed, TypeError> {
    Ok(Typed { ty: Type::Unknown, nullable: true })
}

/// `x.field`; `None` when the type is known and has no such field.
pub fn field(_dialect: Dialect, _base: &Operand, _name: &str) -> Option<Typed> {
    Some(Typed { ty: Type::Unknown, nullable: true })
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
}

/// The result of a call. `lambda(argument index, parameter types) -> type of the body` types lambda bodies on demand.
pub fn call(
    _dialect: Dialect,
    _site: &CallSite<'_>,
    _lambda: &mut dyn FnMut(usize, &[Type]) -> Operand,
) -> Result<Typed, TypeError> {
    Ok(Typed { ty: Type::Unknown, nullable: true })
}

/// The kind of a function, by name; `None` when the catalogue does not have it. A name that is both scalar and aggregate
/// is reported as aggregate.
pub fn function_kind(_dialect: Dialect, _name: &str) -> Option<FunctionKind> {
    None
}

/// The columns of a table function (`range`, `generate_series`, `unnest` of a list …); `None` when they depend on data or
/// the function is not known.
pub fn table_function(_dialect: Dialect, _name: &str, _args: &[Argument]) -> Option<Vec<Column>> {
    None
}

/// The type written in a cast or column definition; `None` for an unknown name.
pub fn type_name(_dialect: Dialect, _text: &str) -> Option<Type> {
    None
}
