//! Inputs and results of the analysis, as plain values. Spans lie in the text of the tree.

use rocky_base::{CancelToken, Diagnostic, Dialect, SmolStr, Span};
use rocky_syntax::ast::{Ast, FromId, Name};
use rocky_warehouse::{Column, OwnTypes, Type};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is known of the columns of a relation that a query reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RelationSchema {
    /// All columns, in order. A column's type may still be unknown.
    Known(Arc<[Column]>),
    /// Some columns are known, there may be others (a model with a star over something unknown).
    Partial(Arc<[Column]>),
    /// Nothing: a source without declared schema, a model that did not parse. Already reported; nothing may cascade.
    Unknown,
    /// Proved not to exist; the names that could have been meant.
    Absent(Arc<[SmolStr]>),
}

/// A relation a query reads, resolved by the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelationInput {
    /// The FROM item (of kind `Table`, `File`, or `Function` over files) that names it.
    pub from: FromId,
    /// Which relation it is: equal numbers are the same relation. Indexes the caller's own list.
    pub relation: u32,
    /// Its columns.
    pub schema: RelationSchema,
    /// For messages.
    pub display: SmolStr,
    /// Its catalog, schema and table as the qualifiers that may stand before a column (`schema.table.column`).
    pub qualifiers: Vec<SmolStr>,
}

/// Everything an analysis reads.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The tree.
    pub ast: &'a Ast,
    /// The text it was parsed from.
    pub text: &'a str,
    /// The dialect.
    pub dialect: Dialect,
    /// One for each element of `references(ast, dialect)`, in that order.
    pub relations: &'a [RelationInput],
    /// Types that users made in the warehouse.
    pub types: &'a OwnTypes,
    /// When it is tripped the analysis ends soon, and what comes out is for nobody.
    pub cancel: Option<&'a CancelToken>,
}

/// How sure a type is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// Follows from the text and from proven columns.
    Known,
    /// Not known: which expression, why (one line).
    Unknown {
        /// The expression that could not be typed.
        span: Span,
        /// Why.
        reason: SmolStr,
    },
}

/// How a value travels along an edge.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub enum Transform {
    /// The column itself, perhaps renamed, through stars, subqueries, set operations.
    Direct,
    /// CAST and its kin over a Direct.
    Cast,
    /// TRY_CAST over a Direct.
    TryCast,
    /// Inside an aggregate or window aggregate: its lower-case name.
    Aggregation(SmolStr),
    /// Anything else that computes a value from it.
    Expression,
}

/// In which ways a column takes part in a value: one or several.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Roles(u8);

impl Roles {
    /// The value is made of it.
    pub const VALUE: Roles = Roles(1);
    /// A condition of CASE, IF or FILTER decides by it which value it is.
    pub const CONDITION: Roles = Roles(2);
    /// The window of a ranking function is made by it.
    pub const WINDOW: Roles = Roles(4);

    /// True when all of `other` are among these.
    pub fn contains(self, other: Roles) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Roles) -> Roles {
        Roles(self.0 | other.0)
    }

    /// Of a path whose outer step is `self`: what only decides inside decides outside.
    #[must_use]
    pub(crate) fn over(self, inner: Roles) -> Roles {
        if self == Roles::VALUE { inner } else { self }
    }
}

/// [`SourceColumn::relation`] of a name that could not be resolved to one relation: the value depends on something, and it is
/// not known on what. Such sources keep a column from being called proved.
pub const UNRESOLVED: u32 = 0x7fff_ffff;

/// [`SourceColumn::relation`] of a type that users made, while an analysis is under way: what it says comes from the warehouse.
/// No result has one: see [`OutputColumn::own_type`].
pub(crate) const OWN_TYPE: u32 = 0x7fff_fffe;

/// One column of a relation that an output column is computed from.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct SourceColumn {
    /// `RelationInput::relation`, or [`UNRESOLVED`].
    pub relation: u32,
    /// Column name as the relation spells it.
    pub column: SmolStr,
    /// How.
    pub transform: Transform,
    /// As what.
    pub roles: Roles,
    /// The reference in the text (the star for star-expanded columns).
    pub span: Span,
}

/// A column of the query's result.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OutputColumn {
    /// The name, as the engine would give it.
    pub name: SmolStr,
    /// Where it is named or computed: the alias, else the expression, else the star.
    pub span: Span,
    /// Its type.
    pub ty: Type,
    /// May hold NULL. `false` is only said when proved.
    pub nullable: bool,
    /// How sure.
    pub status: Status,
    /// All its source columns, sorted and without duplicates (one entry per relation, column and transform).
    pub sources: Vec<SourceColumn>,
    /// A cast to a type that users made in the warehouse is behind it.
    #[serde(default)]
    pub own_type: bool,
}

/// Why a column influences rows without being part of a value.
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InfluenceKind {
    /// WHERE, HAVING, QUALIFY, FILTER, conditions of CASE are values and not here.
    Filter,
    /// ON, USING, NATURAL.
    Join,
    /// GROUP BY, DISTINCT [ON], set operations without ALL.
    Group,
    /// ORDER BY with LIMIT, ordered aggregates.
    Order,
    /// PARTITION BY and ORDER BY of a window.
    Window,
}

/// A column that decides about rows or their order.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Influence {
    /// `RelationInput::relation`.
    pub relation: u32,
    /// Column name as the relation spells it.
    pub column: SmolStr,
    /// How.
    pub kind: InfluenceKind,
    /// The reference in the text.
    pub span: Span,
}

/// The result of an analysis.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Analysis {
    /// Output columns in order.
    pub columns: Vec<OutputColumn>,
    /// False when there may be columns that are not listed (a star over something unknown, an error in the text).
    pub complete: bool,
    /// Why there may be, where that is of this text's doing (one line).
    #[serde(default)]
    pub open: Option<SmolStr>,
    /// Columns that decide about rows; sorted, without duplicates.
    pub influences: Vec<Influence>,
    /// Findings, in order of place, with `Loc::text` spans.
    pub diagnostics: Vec<Diagnostic>,
    /// True when the query, at its outermost level, uses an aggregate, DISTINCT, window or LIMIT: its rows are not a plain
    /// filter of its input.
    pub reduces_rows: bool,
    /// Findings that count only for some models, in order of place.
    #[serde(default)]
    pub conditional: Vec<Conditional>,
}

/// A finding that is one only under a condition which the query does not tell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Conditional {
    /// When it counts.
    pub when: When,
    /// The finding, with `Loc::text` spans.
    pub diagnostic: Diagnostic,
}

/// When a [`Conditional`] finding counts.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum When {
    /// The result is added to a table that exists.
    Adds,
    /// The result is added to a table that exists, and the output column with this index decides which rows.
    AddsBy(u32),
    /// `RelationInput::relation` is a model.
    ReadsModel(u32),
}

/// A dotted name as texts, for messages.
pub fn path_text(path: &[Name]) -> String {
    let parts: Vec<&str> = path.iter().map(|n| n.ident.text.as_str()).collect();
    parts.join(".")
}
