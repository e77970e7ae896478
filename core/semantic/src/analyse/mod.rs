//! What a query means: resolution of names, types, nullability, lineage and everything that is wrong with it.
//!
//! One pass over the tree (`Analyser`), which holds the stack of scopes and the CTEs in sight. Every expression is
//! evaluated where it stands to an operand (type, nullability, literal) while its source columns are collected on the
//! side. Invariants: one mistake gives one message, after it a type is unknown and nothing cascades; nothing is an error that is
//! not proved by known schemas; user-controlled depth grows the stack on the heap and long chains are loops; equal input gives
//! equal output. Start at [`analyse`], then `query.rs`, `select.rs` and `expr.rs`.

mod calls;
mod chosen;
mod columns;
mod expr;
mod fold;
mod from;
mod group;
mod lineage;
mod lookup;
mod name;
mod narrow;
mod parts;
mod pattern;
mod pivot;
mod proofs;
mod query;
mod report;
mod scope;
mod select;

use crate::lint::{self, Bound, Fact};
use crate::model::{Analysis, Influence, InfluenceKind, Input, OWN_TYPE, OutputColumn, SourceColumn, Status};
use columns::StarCol;
use lineage::{Cause, Set};
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Code, Diagnostic, Dialect, Ident, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{Ast, ExprId, ExprKind, FromId, ValueTable, WindowSpec};
use rocky_warehouse::{Field, OwnTypes, Type};
use rustc_hash::{FxHashMap, FxHashSet};
use scope::{Col, Columns, Scope, Src};
use std::rc::Rc;
use std::sync::Arc;

/// Analyse a query.
pub fn analyse(input: &Input<'_>) -> Analysis {
    let mut analyser = Analyser::new(input);
    let out = match input.ast.root {
        Some(root) => analyser.query(root),
        None => Out::incomplete(),
    };
    analyser.finish(out)
}

/// Stack left below which a recursion takes a new segment, and the size of the segment.
const RED_ZONE: usize = 192 * 1024;
const SEGMENT: usize = 4 * 1024 * 1024;

/// Runs `f` with enough stack for one more level.
fn deeper<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE, SEGMENT, f)
}

/// A column of a query's result.
#[derive(Clone, Debug)]
struct OutCol {
    col: Col,
    span: Span,
    /// Written in the select list rather than expanded from a star.
    explicit: bool,
}

impl OutCol {
    fn sources(&self) -> &Set {
        self.col.src.set().unwrap_or(&None)
    }
}

/// The result of a query.
#[derive(Clone, Debug)]
struct Out {
    cols: Vec<OutCol>,
    /// No columns but these.
    complete: bool,
    /// The outside relation that an unlisted column must come from.
    unlisted: Option<u32>,
    /// Not a plain filter of its input.
    reduces: bool,
    /// Always exactly one row.
    single: bool,
    /// BigQuery's value tables.
    value: Option<ValueTable>,
}

impl Out {
    fn incomplete() -> Out {
        Out {
            cols: Vec::new(),
            complete: false,
            unlisted: None,
            reduces: false,
            single: false,
            value: None,
        }
    }
}

/// A CTE in sight.
#[derive(Clone, Debug)]
struct Cte {
    columns: Rc<Columns>,
    complete: bool,
    unlisted: Option<u32>,
    /// Its influences.
    node: usize,
    used: bool,
}

/// Influences of the outermost query or of one CTE; those of CTEs count only when something reads them.
#[derive(Default, Debug)]
struct Node {
    own: Vec<(Rc<[SourceColumn]>, InfluenceKind)>,
    reads: FxHashSet<usize>,
}

/// The clause an expression stands in.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Clause {
    /// Select list, and every other place without special rules.
    Item,
    Where,
    On,
    Group,
    Having,
    Qualify,
    Order,
}

/// Whether aliases of the select list may be meant.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum AliasMode {
    Never,
    /// When no column has the name.
    After,
    /// Before columns.
    Before,
}

/// Where the expression under evaluation stands.
#[derive(Copy, Clone, Debug)]
struct Ctx {
    clause: Clause,
    aliases: AliasMode,
    in_aggregate: bool,
    in_window: bool,
}

impl Ctx {
    const PLAIN: Ctx = Ctx {
        clause: Clause::Item,
        aliases: AliasMode::Never,
        in_aggregate: false,
        in_window: false,
    };
}

/// What a column expression resolved to, for the grouping check.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Resolved {
    /// Not a column of a SELECT's own FROM: unknown, a lambda's parameter, an error.
    Nothing,
    /// A column (with so many struct fields after it) of the scope with that number.
    Column {
        uid: u32,
        rel: u32,
        col: u32,
        fields: u32,
    },
    /// The alias of an item.
    Alias { uid: u32, item: u32 },
}

/// A lambda's parameter in sight.
#[derive(Clone, Debug)]
struct LambdaVar {
    key: SmolStr,
    ty: Type,
}

/// Relation numbers from here on stand for the columns of a recursive CTE while its own body is analysed.
const SELF_REFERENCE: u32 = 0x8000_0000;

struct Analyser<'a> {
    input: &'a Input<'a>,
    ast: &'a Ast,
    dialect: Dialect,
    types: &'a OwnTypes,
    /// Expressions until the token is looked at again.
    until_look: u32,
    /// The token was tripped: nothing is looked at any more.
    cancelled: bool,
    /// Index into `input.relations`.
    relations: FxHashMap<FromId, usize>,
    base_columns: FxHashMap<u32, Rc<Columns>>,
    scopes: Vec<Scope>,
    n_scopes: u32,
    ctes: Vec<Cte>,
    cte_names: FxHashMap<SmolStr, Vec<usize>>,
    nodes: Vec<Node>,
    /// Node that influences go to.
    node: usize,
    /// Solved sources of recursive CTEs' columns.
    recursive: Vec<Vec<Set>>,
    lambdas: Vec<LambdaVar>,
    /// WINDOW definitions by scope and name.
    windows: FxHashMap<(u32, SmolStr), &'a WindowSpec>,
    resolved: Vec<Resolved>,
    /// What was found of each expression, for the lints.
    facts: Vec<Fact>,
    /// Which relations of its scope each FROM item bound.
    bound: Vec<Bound>,
    /// What a COLUMNS(…) stands for while its item is evaluated for one column.
    columns_at: FxHashMap<ExprId, StarCol>,
    /// Struct literals, with the sources of their fields.
    struct_parts: FxHashMap<ExprId, scope::Fields>,
    /// Calls of GROUPING by the scope they stand in; its SELECT knows the keys when it is done.
    groupings: Vec<(u32, ExprId)>,
    /// Columns of which E207 was said, by scope.
    ungrouped_names: Vec<(u32, &'a str)>,
    /// The text has COLUMNS(…) somewhere.
    has_columns: bool,
    ctx: Ctx,
    /// Each with the query or CTE it stands in.
    diagnostics: Vec<(Diagnostic, usize)>,
    seen: FxHashSet<(Code, Span)>,
    /// Suggestions still to be searched: they cost, and nobody reads a hundred.
    suggestions: u32,
    /// Why the columns of something in FROM are not all known, by this text alone.
    open: Option<SmolStr>,
}

impl<'a> Analyser<'a> {
    fn new(input: &'a Input<'a>) -> Analyser<'a> {
        Analyser {
            input,
            ast: input.ast,
            dialect: input.dialect,
            types: input.types,
            until_look: 0,
            cancelled: false,
            relations: input
                .relations
                .iter()
                .enumerate()
                .map(|(i, r)| (r.from, i))
                .collect(),
            base_columns: FxHashMap::default(),
            scopes: Vec::new(),
            n_scopes: 0,
            ctes: Vec::new(),
            cte_names: FxHashMap::default(),
            nodes: vec![Node::default()],
            node: 0,
            recursive: Vec::new(),
            lambdas: Vec::new(),
            windows: FxHashMap::default(),
            resolved: vec![Resolved::Nothing; input.ast.exprs.len()],
            facts: vec![Fact::default(); input.ast.exprs.len()],
            bound: vec![Bound::default(); input.ast.froms.len()],
            columns_at: FxHashMap::default(),
            struct_parts: FxHashMap::default(),
            groupings: Vec::new(),
            ungrouped_names: Vec::new(),
            has_columns: (input.ast.exprs.iter()).any(|e| matches!(e.kind, ExprKind::Columns { .. })),
            ctx: Ctx::PLAIN,
            diagnostics: Vec::new(),
            seen: FxHashSet::default(),
            suggestions: 100,
            open: None,
        }
    }

    fn column_key(&self, ident: &Ident) -> SmolStr {
        ident.key(self.dialect, IdentKind::Column)
    }

    fn relation_key(&self, ident: &Ident) -> SmolStr {
        ident.key(self.dialect, IdentKind::Relation)
    }

    /// The folded form of a column name that the warehouse or we spelled.
    fn spelled_key(&self, name: &str) -> SmolStr {
        self.dialect.fold(name, true, IdentKind::Column)
    }

    fn text(&self, span: Span) -> &'a str {
        span.slice(self.input.text)
    }

    /// Note an influence.
    fn influence(&mut self, set: &Set, kind: InfluenceKind) {
        if let (Some(set), Some(node)) = (set, self.nodes.get_mut(self.node)) {
            // Conditions of one clause often share their sets; the last one is the likely duplicate.
            if !node
                .own
                .last()
                .is_some_and(|(last, k)| *k == kind && Rc::ptr_eq(last, set))
            {
                node.own.push((Rc::clone(set), kind));
            }
        }
    }

    /// Add a finding unless the same was said of the same place.
    fn report(&mut self, diagnostic: Diagnostic) {
        let span = diagnostic.primary.as_ref().map_or(Span::at(0), |l| l.loc.span);
        if self.seen.insert((diagnostic.code, span)) {
            self.diagnostics.push((diagnostic, self.node));
        }
    }

    fn scope(&self) -> Option<&Scope> {
        self.scopes.last()
    }

    fn push_scope(&mut self) -> u32 {
        self.n_scopes += 1;
        let parent = self.scopes.len().checked_sub(1).map(|i| i as u32);
        let merged_wins = self.dialect == Dialect::DuckDb;
        self.scopes.push(Scope::new(self.n_scopes, parent, merged_wins));
        self.n_scopes
    }

    /// Replace references to recursive CTEs by what these were solved to.
    fn solved(&self, set: &Set) -> Set {
        let Some(sources) = set else { return None };
        if sources.iter().all(|s| s.relation < SELF_REFERENCE) {
            return set.clone();
        }
        let mut out = Vec::with_capacity(sources.len());
        for source in sources.iter() {
            if source.relation < SELF_REFERENCE {
                out.push(source.clone());
                continue;
            }
            let columns = self.recursive.get((source.relation - SELF_REFERENCE) as usize);
            let column = source.column.parse().ok().and_then(|i: usize| columns?.get(i));
            for inner in column.into_iter().flatten().flat_map(|s| s.iter()) {
                let transform = lineage::compose(&source.transform, &inner.transform);
                out.push(SourceColumn {
                    transform,
                    roles: source.roles.over(inner.roles),
                    ..inner.clone()
                });
            }
        }
        lineage::set_of(out)
    }

    /// Looked at for each expression. Each costs a microsecond or so.
    fn is_cancelled(&mut self) -> bool {
        match self.until_look.checked_sub(1) {
            Some(left) => self.until_look = left,
            None => {
                self.until_look = 256;
                self.cancelled = self.cancelled || self.input.cancel.is_some_and(CancelToken::is_tripped);
            }
        }
        self.cancelled
    }

    fn finish(mut self, mut out: Out) -> Analysis {
        self.until_look = 0;
        if self.is_cancelled() {
            out = Out::incomplete();
            self.diagnostics.clear();
        }
        let names = self.root_names(&out);
        let mut columns = Vec::with_capacity(out.cols.len());
        for (out_col, name) in out.cols.iter().zip(names) {
            let ty = self.final_type(&out_col.col.ty);
            let sources = self.solved(out_col.sources());
            let mut sources = sources.as_deref().map_or_else(Vec::new, <[SourceColumn]>::to_vec);
            let before = sources.len();
            if !self.types.is_empty() {
                sources.retain(|s| s.relation != OWN_TYPE);
            }
            columns.push(OutputColumn {
                name,
                span: out_col.span,
                status: status(&ty, &out_col.col.cause, out_col.span),
                ty,
                nullable: out_col.col.nullable,
                own_type: sources.len() < before,
                sources,
            });
        }
        let reached = self.reached(0);
        let influences = self.influences(&reached);
        // DuckDB does not look into a CTE that nothing reads: what is wrong there is no error of the query.
        let lazy = self.dialect == Dialect::DuckDb;
        let said = |(finding, node): (Diagnostic, usize)| {
            let dead = lazy && finding.is_error() && !reached.get(node).is_none_or(|r| *r);
            (!dead).then_some(finding)
        };
        let found = std::mem::take(&mut self.diagnostics);
        let mut diagnostics: Vec<Diagnostic> = found.into_iter().filter_map(said).collect();
        let mut conditional = Vec::new();
        let mut with = self.input.ast.queries.iter().filter_map(|q| q.with.as_ref());
        let recursive = with.any(|w| w.recursive);
        let lints = lint::Query {
            recursive,
            ast: self.ast,
            text: self.input.text,
            dialect: self.dialect,
            facts: &mut self.facts,
            resolved: &self.resolved,
            bound: &self.bound,
            columns: &columns,
            relations: self.input.relations,
        };
        lints.run(&mut diagnostics, &mut conditional);
        diagnostics.sort_by_key(|d| (d.primary.as_ref().map(|l| l.loc.span), d.code));
        Analysis {
            columns,
            complete: out.complete,
            open: self.open.filter(|_| !out.complete),
            influences,
            reduces_rows: out.reduces,
            diagnostics,
            conditional,
        }
    }

    /// The names the engine's CREATE TABLE AS gives, and E103 where it would refuse or where the text names two columns alike.
    fn root_names(&mut self, out: &Out) -> Vec<SmolStr> {
        let mut first: FxHashMap<SmolStr, usize> = FxHashMap::default();
        let mut clashes = Vec::new();
        for (i, out_col) in out.cols.iter().enumerate() {
            match first.get(&out_col.col.key) {
                None => {
                    first.insert(out_col.col.key.clone(), i);
                }
                Some(&earlier) => clashes.push((earlier, i)),
            }
        }
        for (earlier, later) in clashes {
            let (Some(a), Some(b)) = (out.cols.get(earlier), out.cols.get(later)) else {
                continue;
            };
            if self.dialect == Dialect::DuckDb && !a.explicit && !b.explicit {
                continue;
            }
            let mut finding = Diagnostic::new(
                code::E103,
                Loc::text(b.span),
                format!("output column `{}` is defined twice", b.col.name),
            );
            if a.span != b.span {
                finding = finding.note(Loc::text(a.span), "first defined here");
            }
            // DuckDB makes the table all the same, and renames the second.
            if self.dialect == Dialect::DuckDb {
                finding.severity = rocky_base::Severity::Warning;
            }
            self.report(finding.help("give one of them another alias"));
        }
        let spelled = out
            .cols
            .iter()
            .map(|c| (c.col.name.clone(), c.col.key.clone()))
            .collect();
        self.distinct_names(spelled)
    }

    /// Names made distinct the way DuckDB does it (`a`, `a_1`, …) in subqueries and created tables.
    fn distinct_names(&self, names: Vec<(SmolStr, SmolStr)>) -> Vec<SmolStr> {
        let mut count: FxHashMap<SmolStr, u32> = FxHashMap::default();
        let mut out = Vec::with_capacity(names.len());
        for (name, key) in names {
            if self.dialect != Dialect::DuckDb {
                out.push(name);
                continue;
            }
            let Some(seen) = count.get(&key).copied() else {
                count.insert(key, 1);
                out.push(name);
                continue;
            };
            let mut n = seen;
            let (new, new_key) = loop {
                let new = SmolStr::from(format!("{name}_{n}"));
                let new_key = self.spelled_key(&new);
                n += 1;
                if !count.contains_key(&new_key) {
                    break (new, new_key);
                }
            };
            count.insert(key, n);
            count.insert(new_key, 1);
            out.push(new);
        }
        out
    }

    /// A result column's type: the engine has no columns of type NULL.
    pub(super) fn final_type(&self, ty: &Type) -> Type {
        if self.dialect != Dialect::DuckDb {
            return ty.clone();
        }
        match ty {
            Type::Null => Type::Int32,
            Type::List(t) => Type::list(self.final_type(t)),
            Type::Array(t, n) => Type::Array(self.final_type(t).into(), *n),
            Type::Map(kv) => Type::map(self.final_type(&kv.0), self.final_type(&kv.1)),
            Type::Struct(fields) => Type::Struct(self.final_fields(fields)),
            Type::Union(members) => Type::Union(self.final_fields(members)),
            other => other.clone(),
        }
    }

    fn final_fields(&self, fields: &[Field]) -> Arc<[Field]> {
        let field = |f: &Field| Field {
            name: f.name.clone(),
            ty: self.final_type(&f.ty),
        };
        fields.iter().map(field).collect()
    }

    /// A query and every CTE that it reads, directly or through others.
    fn reached(&self, node: usize) -> Vec<bool> {
        let mut reached = vec![false; self.nodes.len()];
        let mut work = vec![node];
        while let Some(n) = work.pop() {
            match reached.get_mut(n) {
                Some(done) if !*done => *done = true,
                _ => continue,
            }
            work.extend(self.nodes.get(n).into_iter().flat_map(|node| &node.reads));
        }
        reached
    }

    /// The influences of the query and of every CTE that is read.
    fn influences(&self, reached: &[bool]) -> Vec<Influence> {
        let read = self.nodes.iter().zip(reached).filter(|(_, reached)| **reached);
        let sets = read.flat_map(|(node, _)| node.own.iter().cloned());
        let mut seen_sets = FxHashSet::default();
        let mut best: FxHashMap<(u32, SmolStr, InfluenceKind), Span> = FxHashMap::default();
        for (set, kind) in sets {
            if !seen_sets.insert((Rc::as_ptr(&set).cast::<SourceColumn>() as usize, kind)) {
                continue;
            }
            for source in self.solved(&Some(Rc::clone(&set))).iter().flat_map(|s| s.iter()) {
                if source.relation == OWN_TYPE {
                    continue;
                }
                let at = best
                    .entry((source.relation, source.column.clone(), kind))
                    .or_insert(source.span);
                *at = (*at).min(source.span);
            }
        }
        let influence = |((relation, column, kind), span)| Influence {
            relation,
            column,
            kind,
            span,
        };
        let mut all: Vec<Influence> = best.into_iter().map(influence).collect();
        all.sort_unstable();
        all
    }
}

fn status(ty: &Type, cause: &Cause, span: Span) -> Status {
    if !ty.has_unknown() {
        return Status::Known;
    }
    match cause {
        Some((span, reason)) => Status::Unknown {
            span: *span,
            reason: reason.clone(),
        },
        None => Status::Unknown {
            span,
            reason: "the type of this expression is not known".into(),
        },
    }
}
