//! The SQL tree: an arena with byte spans on every node.
//!
//! Nodes refer to each other by index ([`ExprId`], [`QueryId`], [`FromId`]), so that dropping and cloning a tree never
//! recurses, side tables (types, resolutions) are plain vectors, and a node is cheap to name. Invariants: a child has a
//! smaller index than its parent of the same kind; every span lies in the text the tree was parsed from; chains of set
//! operations are flat lists, chains of binary operators and joins lean left and must be walked with a loop.
//! What could not be parsed is an `Error` node under a diagnostic that was already given.

use rocky_base::{Ident, SmolStr, Span};
use serde::{Deserialize, Serialize};

/// Index of an [`Expr`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExprId(pub u32);
/// Index of a [`Query`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct QueryId(pub u32);
/// Index of a [`From`].
#[derive(Copy, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct FromId(pub u32);

/// An identifier in the text.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Name {
    /// Text and quoting.
    pub ident: Ident,
    /// The bytes, quotes included.
    pub span: Span,
}

/// A dotted name: `a`, `a.b`, `a.b.c`; never empty.
pub type Path = Vec<Name>;

/// The span of a dotted name.
pub fn path_span(path: &[Name]) -> Span {
    match (path.first(), path.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => Span::at(0),
    }
}

/// The tree of one text.
#[derive(Clone, Debug, Default)]
pub struct Ast {
    /// All expressions.
    pub exprs: Vec<Expr>,
    /// All queries (the root, subqueries, CTE bodies, operands in parentheses).
    pub queries: Vec<Query>,
    /// All FROM items.
    pub froms: Vec<From>,
    /// The statement's query; `None` when there is none or it is not a query.
    pub root: Option<QueryId>,
}

impl Ast {
    /// The expression behind an index.
    pub fn expr(&self, id: ExprId) -> &Expr {
        &self.exprs[id.0 as usize]
    }
    /// The query behind an index.
    pub fn query(&self, id: QueryId) -> &Query {
        &self.queries[id.0 as usize]
    }
    /// The FROM item behind an index.
    pub fn from(&self, id: FromId) -> &From {
        &self.froms[id.0 as usize]
    }
    /// Add an expression.
    pub fn add_expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        self.exprs.push(Expr { kind, span });
        ExprId(self.exprs.len() as u32 - 1)
    }
    /// Add a query.
    pub fn add_query(&mut self, query: Query) -> QueryId {
        self.queries.push(query);
        QueryId(self.queries.len() as u32 - 1)
    }
    /// Add a FROM item.
    pub fn add_from(&mut self, kind: FromKind, span: Span) -> FromId {
        self.froms.push(From { kind, span });
        FromId(self.froms.len() as u32 - 1)
    }
    /// The expression without its parentheses.
    pub fn unparen(&self, mut id: ExprId) -> ExprId {
        while let ExprKind::Paren(inner) = &self.expr(id).kind {
            id = *inner;
        }
        id
    }
}

/// A query expression: WITH, a body, ORDER BY and LIMIT.
#[derive(Clone, Debug)]
pub struct Query {
    /// From WITH or the body's first token to the last token, without enclosing parentheses or semicolon.
    pub span: Span,
    /// The WITH clause.
    pub with: Option<With>,
    /// SELECT, VALUES, set operations …
    pub body: Body,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// `ORDER BY ALL`, in whose place DuckDB also takes a star.
    pub order_by_all: Option<OrderByAll>,
    /// LIMIT (or FETCH FIRST n).
    pub limit: Option<ExprId>,
    /// `LIMIT 10%`, `LIMIT 10 PERCENT`: the limit is a share of the rows.
    pub limit_percent: bool,
    /// OFFSET.
    pub offset: Option<ExprId>,
}

/// A WITH clause.
#[derive(Clone, Debug)]
pub struct With {
    /// The clause.
    pub span: Span,
    /// `WITH RECURSIVE`.
    pub recursive: bool,
    /// In order of text; a later one sees the earlier ones (all, itself included, when recursive).
    pub ctes: Vec<Cte>,
}

/// One common table expression.
#[derive(Clone, Debug)]
pub struct Cte {
    /// Its name.
    pub name: Name,
    /// Column names, when listed.
    pub columns: Vec<Name>,
    /// The body.
    pub query: QueryId,
    /// `USING KEY (…)` of a recursive CTE (DuckDB).
    pub using_key: Vec<Name>,
    /// MATERIALIZED (true), NOT MATERIALIZED (false).
    pub materialized: Option<bool>,
    /// The whole definition.
    pub span: Span,
}

/// The body of a query.
#[derive(Clone, Debug)]
pub enum Body {
    /// SELECT, also written FROM-first.
    Select(Box<Select>),
    /// A chain of set operations of one precedence, left to right: `first op operand op operand …`.
    SetOp {
        /// The leftmost operand.
        first: QueryId,
        /// The others.
        rest: Vec<SetOperand>,
    },
    /// `VALUES (…), (…)`.
    Values(Vec<Vec<ExprId>>),
    /// `(query)`.
    Paren(QueryId),
    /// `TABLE name`.
    Table(FromId),
    /// `PIVOT …` as a statement or CTE body (DuckDB): a FROM item of kind `Pivot`.
    Pivot(FromId),
    /// `DESCRIBE`, `SUMMARIZE`, `SHOW` as a relation (DuckDB), without columns known to syntax.
    Describe {
        /// The whole statement.
        span: Span,
        /// What it tells.
        tells: Tells,
        /// What is described: a query, a relation as `TABLE name`; none where a catalogue is listed.
        of: Option<QueryId>,
    },
    /// Could not be parsed.
    Error,
}

/// What DESCRIBE, SHOW and SUMMARIZE tell. DuckDB takes each keyword for each listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// A relation's columns.
    Columns,
    /// Figures of a relation's columns.
    Summary,
    /// All tables with their columns: `SHOW ALL TABLES`, `SHOW ALL`.
    Everything,
    /// The names of the tables in sight: `SHOW TABLES`.
    Tables,
    /// The names of the tables of a schema: `SHOW TABLES FROM s`.
    TablesOf,
    /// `SHOW DATABASES`.
    Databases,
    /// `SHOW SCHEMAS`.
    Schemas,
    /// `SHOW VARIABLES`.
    Variables,
}

/// A set operator and its right operand.
#[derive(Clone, Debug)]
pub struct SetOperand {
    /// Which.
    pub op: SetOp,
    /// ALL.
    pub all: bool,
    /// BY NAME (DuckDB).
    pub by_name: bool,
    /// The operator's words.
    pub op_span: Span,
    /// The operand.
    pub query: QueryId,
}

/// Set operators.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SetOp {
    /// UNION.
    Union,
    /// INTERSECT.
    Intersect,
    /// EXCEPT, MINUS.
    Except,
}

/// One SELECT.
#[derive(Clone, Debug)]
pub struct Select {
    /// From SELECT (or FROM) to the end of its last clause.
    pub span: Span,
    /// ALL, DISTINCT, DISTINCT ON.
    pub distinct: Distinct,
    /// The projection; for a bare `FROM t` one star with an empty span.
    pub items: Vec<SelectItem>,
    /// Comma-separated FROM items, left to right.
    pub from: Vec<FromId>,
    /// WHERE.
    pub filter: Option<ExprId>,
    /// GROUP BY.
    pub group_by: GroupBy,
    /// HAVING.
    pub having: Option<ExprId>,
    /// WINDOW definitions.
    pub windows: Vec<(Name, WindowSpec)>,
    /// QUALIFY.
    pub qualify: Option<ExprId>,
    /// `USING SAMPLE …` was given.
    pub sample: Option<Span>,
    /// BigQuery `SELECT AS STRUCT` / `AS VALUE`.
    pub value_table: Option<ValueTable>,
}

/// BigQuery's value tables.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ValueTable {
    /// SELECT AS STRUCT.
    Struct,
    /// SELECT AS VALUE.
    Value,
}

/// Duplicate handling.
#[derive(Clone, Debug)]
pub enum Distinct {
    /// Keep all rows.
    All,
    /// DISTINCT.
    Distinct,
    /// DISTINCT ON (…).
    On(Vec<ExprId>),
}

/// An element of the projection.
#[derive(Clone, Debug)]
pub enum SelectItem {
    /// An expression.
    Expr {
        /// The value.
        expr: ExprId,
        /// Its alias (also DuckDB's `alias: expr`).
        alias: Option<Name>,
    },
    /// `*` or `t.*` with modifiers.
    Star(Box<Star>),
}

/// A star with its modifiers; also stands as an expression (`COUNT(*)`, `COLUMNS(* EXCLUDE x)`).
#[derive(Clone, Debug)]
pub struct Star {
    /// The whole, modifiers included.
    pub span: Span,
    /// `t`, `s.t` before the dot; empty for a bare star.
    pub qualifier: Path,
    /// EXCLUDE / EXCEPT.
    pub exclude: Vec<Path>,
    /// REPLACE (expr AS name).
    pub replace: Vec<(ExprId, Name)>,
    /// RENAME old AS new.
    pub rename: Vec<(Path, Name)>,
    /// `* LIKE 'x'` and its kin (DuckDB): the pattern.
    pub like: Option<(LikeKind, bool, ExprId)>,
    /// The pattern's ESCAPE.
    pub escape: Option<ExprId>,
}

/// GROUP BY.
#[derive(Clone, Debug)]
pub enum GroupBy {
    /// No clause.
    None,
    /// GROUP BY ALL.
    All(Span),
    /// A list.
    Items(Vec<GroupItem>),
}

/// An element of GROUP BY.
#[derive(Clone, Debug)]
pub enum GroupItem {
    /// A plain key (name, alias, ordinal or expression).
    Expr(ExprId),
    /// `()`.
    Empty(Span),
    /// ROLLUP (…): each element a list.
    Rollup(Vec<Vec<ExprId>>),
    /// CUBE (…).
    Cube(Vec<Vec<ExprId>>),
    /// GROUPING SETS (…).
    Sets(Vec<GroupItem>),
    /// A parenthesised list inside GROUPING SETS.
    Tuple(Vec<ExprId>),
}

/// An element of ORDER BY.
#[derive(Clone, Debug)]
pub struct OrderItem {
    /// What to order by (name, alias, ordinal or expression).
    pub expr: ExprId,
    /// Which way.
    pub sort: Sort,
}

/// `ORDER BY ALL`, `ORDER BY *`.
#[derive(Clone, Copy, Debug)]
pub struct OrderByAll {
    /// The clause.
    pub span: Span,
    /// A star stands in the place of ALL.
    pub star: bool,
    /// Which way.
    pub sort: Sort,
}

/// Which way rows are put in order, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    /// ASC or DESC.
    pub direction: Option<Direction>,
    /// NULLS FIRST (true) or LAST (false).
    pub nulls_first: Option<bool>,
}

/// ASC or DESC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// ASC.
    Ascending,
    /// DESC.
    Descending,
}

impl Sort {
    /// DESC.
    pub fn descending(self) -> bool {
        self.direction == Some(Direction::Descending)
    }
}

/// An item of FROM.
#[derive(Clone, Debug)]
pub struct From {
    /// What it is.
    pub kind: FromKind,
    /// The whole item, alias included.
    pub span: Span,
}

/// An alias with optional column names: `AS t(a, b)`.
#[derive(Clone, Debug)]
pub struct TableAlias {
    /// The alias.
    pub name: Name,
    /// Column names.
    pub columns: Vec<Name>,
}

/// Kinds of FROM items.
#[derive(Clone, Debug)]
pub enum FromKind {
    /// A relation by name. Strings naming files (`FROM 'x.parquet'`) are `File`.
    Table {
        /// The name.
        name: Path,
        /// Alias.
        alias: Option<TableAlias>,
        /// A time-travel clause (`AT (VERSION => 1)`, `FOR SYSTEM_TIME AS OF …`), if any.
        at: Option<Span>,
        /// A TABLESAMPLE clause, if any.
        sample: Option<Span>,
    },
    /// `FROM 'file.csv'`.
    File {
        /// The string's value.
        path: SmolStr,
        /// The string with its quotes.
        text: Span,
        /// Alias.
        alias: Option<TableAlias>,
    },
    /// `(query) AS x`.
    Derived {
        /// The subquery.
        query: QueryId,
        /// LATERAL was written.
        lateral: bool,
        /// Alias.
        alias: Option<TableAlias>,
        /// A TABLESAMPLE clause, if any.
        sample: Option<Span>,
    },
    /// A table function, UNNEST and FLATTEN included. May refer to earlier items.
    Function {
        /// An expression of kind `Function`.
        call: ExprId,
        /// LATERAL was written.
        lateral: bool,
        /// WITH ORDINALITY / WITH OFFSET [AS x]: the ordinality column's name if given.
        ordinality: Option<Option<Name>>,
        /// Alias.
        alias: Option<TableAlias>,
    },
    /// A join. Chains lean left.
    Join {
        /// Left side.
        left: FromId,
        /// Right side.
        right: FromId,
        /// Kind.
        kind: JoinKind,
        /// ON, USING, NATURAL, none.
        constraint: JoinConstraint,
        /// From the first join keyword to JOIN.
        op_span: Span,
    },
    /// `(a JOIN b …) [AS x]`.
    Paren {
        /// The inside.
        inner: FromId,
        /// Alias.
        alias: Option<TableAlias>,
    },
    /// PIVOT over a source, as table suffix or statement.
    Pivot {
        /// What is pivoted.
        source: FromId,
        /// The description.
        pivot: Box<Pivot>,
        /// Alias.
        alias: Option<TableAlias>,
    },
    /// UNPIVOT over a source, as table suffix or statement.
    Unpivot {
        /// What is unpivoted.
        source: FromId,
        /// The description.
        unpivot: Box<Unpivot>,
        /// Alias.
        alias: Option<TableAlias>,
    },
    /// Could not be parsed.
    Error,
}

/// Join kinds.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum JoinKind {
    /// INNER.
    Inner,
    /// LEFT [OUTER].
    Left,
    /// RIGHT [OUTER].
    Right,
    /// FULL [OUTER].
    Full,
    /// CROSS.
    Cross,
    /// [LEFT] SEMI.
    Semi,
    /// [LEFT] ANTI.
    Anti,
    /// ASOF (inner).
    AsOf,
    /// ASOF LEFT.
    AsOfLeft,
    /// ASOF RIGHT.
    AsOfRight,
    /// ASOF FULL.
    AsOfFull,
    /// ASOF SEMI.
    AsOfSemi,
    /// ASOF ANTI.
    AsOfAnti,
    /// POSITIONAL.
    Positional,
}

impl JoinKind {
    /// The join of the same columns and the same rows without a partner: ASOF LEFT is LEFT.
    #[must_use]
    pub const fn without_asof(self) -> Self {
        match self {
            Self::AsOf => Self::Inner,
            Self::AsOfLeft => Self::Left,
            Self::AsOfRight => Self::Right,
            Self::AsOfFull => Self::Full,
            Self::AsOfSemi => Self::Semi,
            Self::AsOfAnti => Self::Anti,
            other => other,
        }
    }
}

/// Join constraints.
#[derive(Clone, Debug)]
pub enum JoinConstraint {
    /// None given.
    None,
    /// ON.
    On(ExprId),
    /// USING.
    Using(Vec<Name>),
    /// NATURAL.
    Natural,
}

/// PIVOT.
#[derive(Clone, Debug)]
pub struct Pivot {
    /// Aggregates with aliases.
    pub aggregates: Vec<(ExprId, Option<Name>)>,
    /// `ON`/`FOR` columns with their IN lists.
    pub on: Vec<PivotOn>,
    /// GROUP BY of the simplified form.
    pub group_by: Vec<ExprId>,
    /// The keyword to the closing bracket or last clause.
    pub span: Span,
    /// Simplified (DuckDB statement form) rather than the standard one.
    pub simplified: bool,
}

/// One pivoted column.
#[derive(Clone, Debug)]
pub struct PivotOn {
    /// The expression whose values become columns.
    pub expr: ExprId,
    /// Listed values with aliases; empty when they come from the data.
    pub values: Vec<(ExprId, Option<Name>)>,
    /// Values come from an enum, ANY or a subquery.
    pub dynamic: bool,
}

/// UNPIVOT.
#[derive(Clone, Debug)]
pub struct Unpivot {
    /// INCLUDE NULLS.
    pub include_nulls: bool,
    /// Names of the value columns.
    pub values: Vec<Name>,
    /// Name of the column that holds the names.
    pub name: Option<Name>,
    /// The columns turned into rows, in groups (one column each unless several value columns), with an alias value.
    pub on: Vec<(Vec<ExprId>, Option<Name>)>,
    /// The keyword to the closing bracket or last clause.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All its bytes, brackets included.
    pub span: Span,
}

/// Literals. Texts are as written; values are decoded.
#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    /// NULL.
    Null,
    /// TRUE, FALSE.
    Bool(bool),
    /// A number as written, underscores included.
    Number(SmolStr),
    /// A string's value, whatever its quoting.
    String(SmolStr),
    /// `X'…'`, `b'…'`: bytes.
    Bytes(SmolStr),
}

/// A type name in the text; `core/warehouse` reads it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct TypeName {
    /// The whole type, parameters and array suffixes included.
    pub span: Span,
}

/// Kinds of casts.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum CastKind {
    /// `CAST(x AS t)`.
    Cast,
    /// `TRY_CAST(x AS t)`, `SAFE_CAST`.
    Try,
    /// `x::t`.
    Colon,
    /// `DATE '…'`, `TIMESTAMP '…'`: a typed literal.
    Literal,
}

/// Unary operators.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum UnaryOp {
    /// NOT.
    Not,
    /// `-`.
    Minus,
    /// `+`.
    Plus,
    /// `~`.
    BitNot,
    /// Postfix `!` (factorial, DuckDB).
    Factorial,
    /// `@` absolute value (DuckDB).
    Abs,
}

/// Binary operators.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BinaryOp {
    /// AND.
    And,
    /// OR.
    Or,
    /// `=`, `==`.
    Eq,
    /// `<>`, `!=`.
    NotEq,
    /// `<`.
    Lt,
    /// `<=`.
    LtEq,
    /// `>`.
    Gt,
    /// `>=`.
    GtEq,
    /// IS DISTINCT FROM.
    IsDistinct,
    /// IS NOT DISTINCT FROM, `<=>`.
    IsNotDistinct,
    /// `+`.
    Add,
    /// `-`.
    Sub,
    /// `*`.
    Mul,
    /// `/`.
    Div,
    /// `//`, DIV.
    IntDiv,
    /// `%`.
    Mod,
    /// `**`, `^` (DuckDB).
    Pow,
    /// `||`.
    Concat,
    /// `&`.
    BitAnd,
    /// `|`.
    BitOr,
    /// `^` where it is xor.
    BitXor,
    /// `<<`.
    ShiftLeft,
    /// `>>`.
    ShiftRight,
    /// `->` on JSON.
    Arrow,
    /// `->>`.
    LongArrow,
    /// Any other operator, as written (`~`, `!~`, `@>`, `<@`, `&&`, `^@`, `<->` …).
    Other(SmolStr),
}

/// LIKE and its kin.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum LikeKind {
    /// LIKE.
    Like,
    /// ILIKE.
    ILike,
    /// SIMILAR TO.
    Similar,
    /// GLOB.
    Glob,
    /// RLIKE, REGEXP.
    Regexp,
}

/// What IS tests beside NULL.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum IsWhat {
    /// IS NULL.
    Null,
    /// IS TRUE.
    True,
    /// IS FALSE.
    False,
    /// IS UNKNOWN.
    Unknown,
}

/// Date placeholders of time_interval models.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum DatePlaceholder {
    /// `@start_date`.
    Start,
    /// `@end_date`.
    End,
}

/// Kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// Could not be parsed.
    Error,
    /// A literal.
    Literal(Literal),
    /// A column or a chain of names: `a`, `t.a`, `s.t.a`, also `t.a.field` of a struct; the resolver decides.
    Column(Path),
    /// `*` as an argument, or DuckDB's `COLUMNS(*)` inside.
    Star(Box<Star>),
    /// `$1`, `?`, `:name`.
    Parameter(SmolStr),
    /// `#1` (DuckDB positional reference).
    Positional(u32),
    /// `@start_date`, `@end_date`.
    Date(DatePlaceholder),
    /// A unary operator.
    Unary {
        /// Which.
        op: UnaryOp,
        /// On what.
        operand: ExprId,
    },
    /// A binary operator. Chains lean left.
    Binary {
        /// Left operand.
        left: ExprId,
        /// Which.
        op: BinaryOp,
        /// The operator's characters.
        op_span: Span,
        /// Right operand.
        right: ExprId,
    },
    /// `x IS [NOT] NULL / TRUE / FALSE / UNKNOWN` (also ISNULL, NOTNULL).
    Is {
        /// Operand.
        expr: ExprId,
        /// What.
        what: IsWhat,
        /// NOT.
        negated: bool,
    },
    /// BETWEEN.
    Between {
        /// Operand.
        expr: ExprId,
        /// NOT.
        negated: bool,
        /// SYMMETRIC.
        symmetric: bool,
        /// Lower bound.
        low: ExprId,
        /// Upper bound.
        high: ExprId,
    },
    /// `x IN (a, b)`.
    InList {
        /// Operand.
        expr: ExprId,
        /// NOT.
        negated: bool,
        /// Elements.
        list: Vec<ExprId>,
    },
    /// `x IN (SELECT …)`.
    InQuery {
        /// Operand.
        expr: ExprId,
        /// NOT.
        negated: bool,
        /// The subquery.
        query: QueryId,
    },
    /// `x IN list_value` (DuckDB), `x IN UNNEST(…)` (BigQuery).
    InExpr {
        /// Operand.
        expr: ExprId,
        /// NOT.
        negated: bool,
        /// The list.
        list: ExprId,
    },
    /// LIKE and its kin.
    Like {
        /// Operand.
        expr: ExprId,
        /// NOT.
        negated: bool,
        /// Which.
        kind: LikeKind,
        /// Pattern.
        pattern: ExprId,
        /// ESCAPE.
        escape: Option<ExprId>,
    },
    /// `x op ANY/ALL (…)`.
    Quantified {
        /// Left operand.
        left: ExprId,
        /// Operator.
        op: BinaryOp,
        /// ALL rather than ANY/SOME.
        all: bool,
        /// The right side: a `Subquery` or a list.
        right: ExprId,
    },
    /// CASE.
    Case {
        /// Operand of the simple form.
        operand: Option<ExprId>,
        /// WHEN, THEN.
        whens: Vec<(ExprId, ExprId)>,
        /// ELSE.
        otherwise: Option<ExprId>,
    },
    /// Casts and typed literals.
    Cast {
        /// Operand.
        expr: ExprId,
        /// The type.
        ty: TypeName,
        /// How it was written.
        kind: CastKind,
    },
    /// `INTERVAL '1' DAY`, `INTERVAL 1 DAY`, `INTERVAL '1 day'`.
    Interval {
        /// The amount (a string literal in the last form).
        value: ExprId,
        /// The unit as written, upper case (`DAY`, `YEAR TO MONTH`).
        unit: Option<SmolStr>,
    },
    /// `EXTRACT(field FROM x)`.
    Extract {
        /// The field, upper case.
        field: SmolStr,
        /// The field's bytes.
        field_span: Span,
        /// Operand.
        expr: ExprId,
    },
    /// A function call, window and aggregate calls included. SUBSTRING/TRIM/POSITION/OVERLAY special forms come as plain
    /// calls with positional arguments in the order of their function form.
    Function(Box<Call>),
    /// EXISTS (…).
    Exists {
        /// NOT directly before it is a `Unary`; this is for `NOT EXISTS` parsed as one.
        negated: bool,
        /// The subquery.
        query: QueryId,
    },
    /// `(SELECT …)` as a value.
    Subquery(QueryId),
    /// `ARRAY(SELECT …)`.
    ArrayQuery(QueryId),
    /// `(a, b)`, `ROW(a, b)`.
    Tuple(Vec<ExprId>),
    /// `[a, b]`, `ARRAY[a, b]`.
    Array(Vec<ExprId>),
    /// `{'a': 1}`, `STRUCT(1 AS a)`: names may be missing.
    Struct(Vec<(Option<Name>, ExprId)>),
    /// `MAP {k: v}`.
    Map(Vec<(ExprId, ExprId)>),
    /// `x -> …`, `lambda x: …`, `(x, y) -> …`.
    Lambda {
        /// Parameters.
        params: Vec<Name>,
        /// Body.
        body: ExprId,
    },
    /// `[e FOR x IN list IF cond]`.
    Comprehension {
        /// Element.
        element: ExprId,
        /// Variables (element, and index when two).
        vars: Vec<Name>,
        /// The list.
        list: ExprId,
        /// IF.
        filter: Option<ExprId>,
    },
    /// `x[i]`.
    Index {
        /// Base.
        base: ExprId,
        /// Index.
        index: ExprId,
    },
    /// `x[a:b:c]`.
    Slice {
        /// Base.
        base: ExprId,
        /// Bounds and step; absent ones are `None`.
        bounds: [Option<ExprId>; 3],
    },
    /// `(x).name`, `f(x).name`, `x[1].name`.
    Field {
        /// Base.
        base: ExprId,
        /// Field.
        name: Name,
    },
    /// Snowflake/Databricks `x:a.b[0]`: base and the path's bytes.
    JsonPath {
        /// Base.
        base: ExprId,
        /// The path after the colon.
        path: Span,
    },
    /// AT TIME ZONE.
    AtTimeZone {
        /// Operand.
        expr: ExprId,
        /// Zone.
        zone: ExprId,
    },
    /// COLLATE.
    Collate {
        /// Operand.
        expr: ExprId,
        /// Collation name.
        collation: Span,
    },
    /// `(x)`.
    Paren(ExprId),
    /// DuckDB `COLUMNS(…)`: a star, a pattern, a list or a lambda. `*COLUMNS(…)` is unpacked.
    Columns {
        /// The selector.
        selector: ExprId,
        /// Written `*COLUMNS(…)`.
        unpack: bool,
    },
    /// DEFAULT.
    Default,
}

/// A function call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name, qualified perhaps.
    pub name: Path,
    /// Written with brackets; `CURRENT_DATE` and its kin are not.
    pub brackets: bool,
    /// Arguments. `COUNT(*)` has one `Star` argument.
    pub args: Vec<Arg>,
    /// DISTINCT inside the brackets.
    pub distinct: bool,
    /// ORDER BY inside the brackets, or WITHIN GROUP.
    pub order_by: Vec<OrderItem>,
    /// The ordering came as WITHIN GROUP.
    pub within_group: bool,
    /// FILTER (WHERE …).
    pub filter: Option<ExprId>,
    /// IGNORE NULLS (true), RESPECT NULLS (false).
    pub ignore_nulls: Option<bool>,
    /// OVER.
    pub over: Option<Over>,
}

/// A function argument.
#[derive(Clone, Debug)]
pub struct Arg {
    /// `name := v`, `name => v`.
    pub name: Option<Name>,
    /// The value.
    pub value: ExprId,
}

/// OVER.
#[derive(Clone, Debug)]
pub enum Over {
    /// OVER w.
    Named(Name),
    /// OVER (…).
    Spec(Box<WindowSpec>),
}

/// A window.
#[derive(Clone, Debug, Default)]
pub struct WindowSpec {
    /// The window it extends.
    pub base: Option<Name>,
    /// PARTITION BY.
    pub partition_by: Vec<ExprId>,
    /// ORDER BY.
    pub order_by: Vec<OrderItem>,
    /// The frame clause.
    pub frame: Option<Frame>,
    /// All between the brackets, them included.
    pub span: Span,
}

/// A window's frame: `ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES`.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// What its bounds count.
    pub unit: FrameUnit,
    /// Where it begins.
    pub start: FrameBound,
    /// Where it ends; `None` without BETWEEN, which means the current row.
    pub end: Option<FrameBound>,
    /// EXCLUDE.
    pub exclude: Option<FrameExclude>,
    /// The clause, EXCLUDE included.
    pub span: Span,
}

/// What the bounds of a frame count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameUnit {
    /// Rows.
    Rows,
    /// Distances between values of the key.
    Range,
    /// Groups of rows with the same key.
    Groups,
}

/// A bound of a frame. What could not be parsed stands under its diagnostic as if it were PRECEDING.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameBound {
    /// UNBOUNDED PRECEDING.
    First,
    /// `n PRECEDING`.
    Preceding(ExprId),
    /// CURRENT ROW.
    Current,
    /// `n FOLLOWING`.
    Following(ExprId),
    /// UNBOUNDED FOLLOWING.
    Last,
}

/// The rows that a frame leaves out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrameExclude {
    /// NO OTHERS: none.
    NoOthers,
    /// CURRENT ROW.
    CurrentRow,
    /// GROUP.
    Group,
    /// TIES.
    Ties,
}

impl FrameBound {
    /// How far the bound is, when it says so.
    pub fn distance(self) -> Option<ExprId> {
        match self {
            FrameBound::Preceding(id) | FrameBound::Following(id) => Some(id),
            FrameBound::First | FrameBound::Current | FrameBound::Last => None,
        }
    }
}

impl Frame {
    /// The bounds' expressions, in order of text.
    pub fn distances(&self) -> impl Iterator<Item = ExprId> {
        let end = self.end.and_then(FrameBound::distance);
        self.start.distance().into_iter().chain(end)
    }
}

impl ExprKind {
    /// Call `f` with each direct child expression, in order of text (window clauses, FILTER and star modifiers
    /// included; the insides of subqueries are not children).
    pub fn for_each_child(&self, mut f: impl FnMut(ExprId)) {
        match self {
            ExprKind::Error
            | ExprKind::Literal(_)
            | ExprKind::Column(_)
            | ExprKind::Parameter(_)
            | ExprKind::Positional(_)
            | ExprKind::Date(_)
            | ExprKind::Exists { .. }
            | ExprKind::Subquery(_)
            | ExprKind::ArrayQuery(_)
            | ExprKind::Default => {}
            ExprKind::Star(star) => {
                star.replace.iter().for_each(|(e, _)| f(*e));
                if let Some((_, _, pattern)) = &star.like {
                    f(*pattern);
                }
                star.escape.iter().for_each(|e| f(*e));
            }
            ExprKind::Unary { operand: e, .. }
            | ExprKind::Is { expr: e, .. }
            | ExprKind::InQuery { expr: e, .. }
            | ExprKind::Cast { expr: e, .. }
            | ExprKind::Interval { value: e, .. }
            | ExprKind::Extract { expr: e, .. }
            | ExprKind::Lambda { body: e, .. }
            | ExprKind::Field { base: e, .. }
            | ExprKind::JsonPath { base: e, .. }
            | ExprKind::Collate { expr: e, .. }
            | ExprKind::Paren(e)
            | ExprKind::Columns { selector: e, .. } => f(*e),
            ExprKind::Binary { left, right, .. } | ExprKind::Quantified { left, right, .. } => {
                f(*left);
                f(*right);
            }
            ExprKind::Between { expr, low, high, .. } => {
                f(*expr);
                f(*low);
                f(*high);
            }
            ExprKind::InList { expr, list, .. } => {
                f(*expr);
                list.iter().for_each(|e| f(*e));
            }
            ExprKind::InExpr { expr, list, .. } => {
                f(*expr);
                f(*list);
            }
            ExprKind::Like {
                expr,
                pattern,
                escape,
                ..
            } => {
                f(*expr);
                f(*pattern);
                escape.iter().for_each(|e| f(*e));
            }
            ExprKind::Case {
                operand,
                whens,
                otherwise,
            } => {
                operand.iter().for_each(|e| f(*e));
                for (when, then) in whens {
                    f(*when);
                    f(*then);
                }
                otherwise.iter().for_each(|e| f(*e));
            }
            ExprKind::Function(call) => call.for_each_child(f),
            ExprKind::Tuple(list) | ExprKind::Array(list) => list.iter().for_each(|e| f(*e)),
            ExprKind::Struct(fields) => fields.iter().for_each(|(_, e)| f(*e)),
            ExprKind::Map(entries) => {
                for (key, value) in entries {
                    f(*key);
                    f(*value);
                }
            }
            ExprKind::Comprehension {
                element,
                list,
                filter,
                ..
            } => {
                f(*element);
                f(*list);
                filter.iter().for_each(|e| f(*e));
            }
            ExprKind::Index { base, index } => {
                f(*base);
                f(*index);
            }
            ExprKind::Slice { base, bounds } => {
                f(*base);
                bounds.iter().flatten().for_each(|e| f(*e));
            }
            ExprKind::AtTimeZone { expr, zone } => {
                f(*expr);
                f(*zone);
            }
        }
    }

    /// Call `f` with each query directly inside the expression.
    pub fn for_each_query(&self, mut f: impl FnMut(QueryId)) {
        match self {
            ExprKind::InQuery { query, .. }
            | ExprKind::Exists { query, .. }
            | ExprKind::Subquery(query)
            | ExprKind::ArrayQuery(query) => f(*query),
            _ => {}
        }
    }
}

impl Call {
    /// Call `f` with each direct child expression.
    pub fn for_each_child(&self, mut f: impl FnMut(ExprId)) {
        self.args.iter().for_each(|a| f(a.value));
        self.order_by.iter().for_each(|o| f(o.expr));
        self.filter.iter().for_each(|e| f(*e));
        if let Some(Over::Spec(spec)) = &self.over {
            spec.for_each_child(f);
        }
    }
}

impl WindowSpec {
    /// Call `f` with each direct child expression.
    pub fn for_each_child(&self, mut f: impl FnMut(ExprId)) {
        self.partition_by.iter().for_each(|e| f(*e));
        self.order_by.iter().for_each(|o| f(o.expr));
        self.frame.iter().flat_map(Frame::distances).for_each(f);
    }
}
