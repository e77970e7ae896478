//! The syntax tree of a `.rocky` file: what was written, in the order it was written, with a byte span on every node.
//!
//! Expressions live in one arena ([`File::exprs`]) and refer to each other by [`ExprId`], so that dropping a tree never
//! recurses. Operators of one precedence level form a flat [`ExprKind::Chain`], so that the depth of a tree is bounded
//! by the nesting of the text. Parentheses are not kept: the printer puts them where SQL needs them.

use rocky_base::{SmolStr, Span};

/// An expression of the arena.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct ExprId(pub(crate) u32);

/// A whole file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// `let` bindings in order.
    pub lets: Vec<Let>,
    /// The steps of the main pipeline; empty when it is missing.
    pub main: Vec<Step>,
    /// Every expression of the file.
    pub exprs: Vec<Expr>,
    /// The comments, `--` included, in order.
    pub comments: Vec<Span>,
}

static NOTHING: Expr = Expr {
    span: Span { start: 0, end: 0 },
    kind: ExprKind::Error,
};

impl File {
    /// The expression behind a number; an error node for a number of another file.
    pub fn expr(&self, id: ExprId) -> &Expr {
        self.exprs.get(id.0 as usize).unwrap_or(&NOTHING)
    }

    pub(crate) fn push(&mut self, span: Span, kind: ExprKind) -> ExprId {
        self.exprs.push(Expr { span, kind });
        ExprId(self.exprs.len() as u32 - 1)
    }
}

/// `let name = …`.
#[derive(Clone, Debug)]
pub struct Let {
    /// The word `let`.
    pub keyword: Span,
    /// The bound name.
    pub name: Name,
    /// The pipeline.
    pub steps: Vec<Step>,
}

/// One word that names something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// The name.
    pub text: SmolStr,
    /// Where it stands.
    pub span: Span,
}

/// A dotted name of one or more parts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The parts, at least one.
    pub parts: Vec<Name>,
}

impl Path {
    /// From the first to the last part.
    pub fn span(&self) -> Span {
        match (self.parts.first(), self.parts.last()) {
            (Some(first), Some(last)) => first.span.to(last.span),
            _ => Span::default(),
        }
    }

    /// The last part.
    pub fn last(&self) -> Option<&Name> {
        self.parts.last()
    }

    /// The only part of a bare name.
    pub fn bare(&self) -> Option<&Name> {
        match self.parts.as_slice() {
            [name] => Some(name),
            _ => None,
        }
    }
}

/// One step of a pipeline.
#[derive(Clone, Debug)]
pub struct Step {
    /// The whole step.
    pub span: Span,
    /// Its keyword (for `left join` both words).
    pub keyword: Span,
    /// What it does.
    pub kind: StepKind,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// `from a.b as c`.
    From {
        /// The relation.
        relation: Path,
        /// Its alias.
        alias: Option<Name>,
    },
    /// `where expr`.
    Where(ExprId),
    /// `group k1, k2 { name: expr }`.
    Group {
        /// The keys.
        keys: Vec<Path>,
        /// The aggregates.
        items: Vec<Named>,
    },
    /// `derive { name: expr }`.
    Derive(Vec<Named>),
    /// `select { … }`.
    Select(Vec<SelectItem>),
    /// `left join t as a on … { keep … }`.
    Join(Join),
    /// `sort a desc, b`.
    Sort(Vec<SortKey>),
    /// `take 10`.
    Take(Count),
    /// `distinct`.
    Distinct,
    /// `replicate`.
    Replicate,
}

impl StepKind {
    /// The step's keyword.
    pub fn word(&self) -> &'static str {
        match self {
            StepKind::From { .. } => "from",
            StepKind::Where(_) => "where",
            StepKind::Group { .. } => "group",
            StepKind::Derive(_) => "derive",
            StepKind::Select(_) => "select",
            StepKind::Join(_) => "join",
            StepKind::Sort(_) => "sort",
            StepKind::Take(_) => "take",
            StepKind::Distinct => "distinct",
            StepKind::Replicate => "replicate",
        }
    }
}

/// `name: expr`.
#[derive(Clone, Debug)]
pub struct Named {
    /// The name.
    pub name: Name,
    /// The value.
    pub expr: ExprId,
}

/// An item of `select`.
#[derive(Clone, Debug)]
pub enum SelectItem {
    /// `*`.
    All(Span),
    /// `t.*`.
    AllOf {
        /// The relation.
        relation: Path,
        /// The star.
        star: Span,
    },
    /// `a` or `t.a`.
    Column(Path),
    /// `name: expr`.
    Named(Named),
}

/// A join.
#[derive(Clone, Debug)]
pub struct Join {
    /// Which.
    pub kind: JoinKind,
    /// The joined relation.
    pub relation: Path,
    /// Its alias.
    pub alias: Option<Name>,
    /// What stands after `on`: plain names are keys, anything else is a condition.
    pub on: Vec<ExprId>,
    /// `{ keep … }`.
    pub keep: Option<Keep>,
}

/// The kind of a join.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum JoinKind {
    /// `join`.
    Inner,
    /// `left join`.
    Left,
    /// `right join`.
    Right,
    /// `full join`.
    Full,
    /// `cross join`.
    Cross,
}

/// `{ keep a, t.b }`.
#[derive(Clone, Debug)]
pub struct Keep {
    /// Braces included.
    pub span: Span,
    /// The columns.
    pub columns: Vec<Path>,
}

/// A key of `sort`.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// The value.
    pub expr: ExprId,
    /// Where `desc` (or the minus) stands, when descending.
    pub desc: Option<Span>,
}

/// A whole number.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Count {
    /// The value.
    pub value: u64,
    /// Where it stands.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// The whole expression, without parentheses around it.
    pub span: Span,
    /// What it is.
    pub kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A string, quotes taken off.
    String(SmolStr),
    /// A number, underscores taken out.
    Number(SmolStr),
    /// `@2024-03-01`, `@2024-03-01T10:00:00Z`.
    Date {
        /// The text after `@`.
        text: SmolStr,
        /// With a time of day.
        timed: bool,
    },
    /// `true`, `false`, `null`.
    Word(Word),
    /// A column.
    Column(Path),
    /// `a + b - c`: operators of one precedence level, applied from the left.
    Chain {
        /// The first operand.
        first: ExprId,
        /// Operators with their right operands; not empty.
        rest: Vec<(Operator, ExprId)>,
    },
    /// `a == b`.
    Compare {
        /// Left side.
        left: ExprId,
        /// The operator.
        operator: Operator,
        /// Right side.
        right: ExprId,
    },
    /// `a is null`, `a is not null`.
    IsNull {
        /// The operand.
        operand: ExprId,
        /// With `not`.
        negated: bool,
        /// `is … null`.
        words: Span,
    },
    /// `a in [b, c]`, `a not in [b, c]`.
    In {
        /// The operand.
        operand: ExprId,
        /// With `not`.
        negated: bool,
        /// `in` or `not in`.
        words: Span,
        /// The list.
        list: Vec<ExprId>,
    },
    /// `not a`, `-a`.
    Unary {
        /// [`Op::Not`] or [`Op::Sub`].
        operator: Operator,
        /// The operand.
        operand: ExprId,
    },
    /// `f(a, b) over (…)`.
    Call {
        /// The function.
        name: Path,
        /// The arguments.
        args: Vec<ExprId>,
        /// The window.
        over: Option<Window>,
    },
    /// `@name` or `@name(a, b)`: expanded later, on the generated SQL.
    Macro {
        /// The name after `@`; its span includes the `@`.
        name: Name,
        /// The arguments.
        args: Option<Vec<ExprId>>,
    },
    /// `match a { 1 => b, _ => c }`.
    Match {
        /// The word `match`.
        keyword: Span,
        /// What is matched.
        scrutinee: ExprId,
        /// The arms.
        arms: Vec<Arm>,
    },
    /// What could not be parsed.
    Error,
}

/// A constant word.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// `true`.
    True,
    /// `false`.
    False,
    /// `null`.
    Null,
}

/// An operator where it stands.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Operator {
    /// Which.
    pub op: Op,
    /// Where.
    pub span: Span,
}

/// Operators.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Op {
    Or,
    And,
    Not,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

/// An arm of `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// The whole arm.
    pub span: Span,
    /// The pattern.
    pub pattern: Pattern,
    /// The value.
    pub value: ExprId,
}

/// The pattern of an arm.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `_`.
    Any(Span),
    /// `value` or `< value`.
    Test {
        /// The comparison; `==` when none is written.
        operator: Option<Operator>,
        /// What is compared with.
        value: ExprId,
    },
}

/// What stands after `over`.
#[derive(Clone, Debug)]
pub struct Window {
    /// From `over` to the closing parenthesis.
    pub span: Span,
    /// `partition` keys; columns.
    pub partition: Vec<ExprId>,
    /// `sort` keys; columns.
    pub sort: Vec<SortKey>,
    /// `rows a..b`, `range a..b`.
    pub frame: Option<Frame>,
}

/// A window frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// From `rows` to the last bound.
    pub span: Span,
    /// `range` instead of `rows`.
    pub range: bool,
    /// The first row.
    pub start: Bound,
    /// The last row.
    pub end: Bound,
}

/// A bound of a frame.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Bound {
    /// `unbounded`.
    Unbounded(Span),
    /// `current`.
    Current(Span),
    /// A number of rows.
    Rows(Count),
}
