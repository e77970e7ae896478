//! What a name in an expression stands for at its place in the pipeline: a column, an expression that `derive` or
//! `select` named, or a column of a relation that was wrapped into an inner level.
//!
//! Invariant: [`Lowering::resolve`] is applied once to what was written, never to its own result.

use super::ast::{Expr, ExprId, ExprKind, Name, Path, Pattern, Window};
use super::level::{Aggregates, Contents, Item, Level, Source, for_each_child};
use super::plan::Lowering;
use rocky_base::SmolStr;
use rocky_base::ident::IdentKind;
use rustc_hash::FxHashMap;

/// Functions whose two calls differ.
const VOLATILE: &[&str] = &[
    "gen_random_uuid",
    "generate_uuid",
    "monotonically_increasing_id",
    "nextval",
    "normal",
    "rand",
    "randn",
    "random",
    "randstr",
    "seq1",
    "seq2",
    "seq4",
    "seq8",
    "setseed",
    "shuffle",
    "uniform",
    "uuid",
    "uuid_string",
    "uuidv4",
    "uuidv7",
    "zipf",
];

impl Lowering {
    /// The expression with derived names replaced and wrapped relations readdressed. [`Lowering::blocked`] was asked
    /// before.
    pub(super) fn resolve(&mut self, level: &mut Level, id: ExprId, aggregates: Aggregates) -> ExprId {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            self.resolve_inner(level, id, aggregates)
        })
    }

    fn resolve_inner(&mut self, level: &mut Level, id: ExprId, aggregates: Aggregates) -> ExprId {
        let Expr { span, kind } = self.tree.expr(id).clone();
        let mut kind = kind;
        let mut changed = false;
        let mut visit = |this: &mut Self, child: &mut ExprId| {
            let new = this.resolve(level, *child, aggregates);
            changed |= new != *child;
            *child = new;
        };
        match &mut kind {
            ExprKind::Column(path) => return self.resolve_column(level, id, path, aggregates),
            // The name of a variable is no column.
            ExprKind::Macro { name, args } => {
                let skip = usize::from(name.text == "var");
                args.iter_mut().flatten().skip(skip).for_each(|a| visit(self, a));
            }
            other => for_each_child(other, |child| visit(self, child)),
        }
        if changed { self.tree.push(span, kind) } else { id }
    }

    fn resolve_column(
        &mut self,
        level: &mut Level,
        id: ExprId,
        path: &Path,
        aggregates: Aggregates,
    ) -> ExprId {
        let Some(name) = path.bare() else {
            let resolved = self.resolve_path(level, path);
            return match resolved {
                Some(new) => self.tree.push(path.span(), ExprKind::Column(new)),
                None => id,
            };
        };
        let key = self.key(&name.text);
        match level.derived.get(&key) {
            Some(d) if d.aggregate && aggregates == Aggregates::ByName => id,
            Some(d) => d.expr,
            None => id,
        }
    }

    /// `d.x` when `d` was wrapped into an inner level; `None` when the path stays as it is.
    pub(super) fn resolve_path(&mut self, level: &mut Level, path: &Path) -> Option<Path> {
        let [qualifier, column, fields @ ..] = path.parts.as_slice() else {
            return None;
        };
        if self.has_relation(level, qualifier) {
            return None;
        }
        let Source::Level { level: inner, alias } = &mut level.source else {
            return None;
        };
        if !self.knows(inner, qualifier) {
            return None;
        }
        let text = match self.export(inner, qualifier, column) {
            Some(text) => text,
            None => {
                let message = format!(
                    "`{}.{}` is not among the columns left by the steps before",
                    qualifier.text, column.text
                );
                let diagnostic = self
                    .error(qualifier.span.to(column.span), message)
                    .help("keep it in the step before under a name of its own");
                self.diagnostics.push(diagnostic);
                column.text.clone()
            }
        };
        let mut parts = vec![
            Name {
                text: alias.clone(),
                span: qualifier.span,
            },
            Name {
                text,
                span: column.span,
            },
        ];
        parts.extend_from_slice(fields);
        Some(Path { parts })
    }

    /// The output name under which the level above finds `qualifier.column`.
    fn export(&mut self, level: &mut Level, qualifier: &Name, column: &Name) -> Option<SmolStr> {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            self.export_inner(level, qualifier, column)
        })
    }

    fn export_inner(&mut self, level: &mut Level, qualifier: &Name, column: &Name) -> Option<SmolStr> {
        let written = Path {
            parts: vec![qualifier.clone(), column.clone()],
        };
        let key = self.key(&column.text);
        let inner = self
            .resolve_path(level, &written)
            .unwrap_or_else(|| written.clone());
        let exports = match level.exports.take() {
            Some(exports) => exports,
            None => self.index_exports(level),
        };
        let found = exports.get(&self.path_key(&inner)).cloned();
        level.exports = Some(exports);
        if found.is_some() {
            return found;
        }
        let star_of = level.items.iter().any(|i| match i {
            Item::StarOf { relation, .. } => relation
                .bare()
                .is_some_and(|n| self.same(&n.text, &qualifier.text)),
            _ => false,
        });
        if star_of {
            return Some(column.text.clone());
        }
        if !level.star {
            // A bare item of this name is the best reading.
            return level.names_output(&key).then(|| column.text.clone());
        }
        let moved = inner.last().is_none_or(|n| self.key(&n.text) != key);
        // `*` of one relation, or the first relation's star beside columns that joins keep.
        let first = || {
            inner
                .parts
                .first()
                .is_some_and(|q| self.same(&q.text, &level.qualifier()))
        };
        let alone = level.joins.is_empty() || (level.joins.iter().all(|j| j.kept) && first());
        if alone && !moved && !level.derived.contains_key(&key) && !level.keep_index.contains_key(&key) {
            return Some(column.text.clone());
        }
        if level.distinct.is_some() {
            // One more column would make other rows distinct.
            return None;
        }
        let name = self.fresh("_h", |l| &mut l.next_hidden);
        if let Some(exports) = &mut level.exports {
            exports.insert(self.path_key(&inner), name.clone());
        }
        let expr = self.tree.push(written.span(), ExprKind::Column(inner));
        level.hidden.push((expr, name.clone()));
        Some(name)
    }

    /// The columns that the level puts out, by what they are inside.
    fn index_exports(&self, level: &Level) -> FxHashMap<SmolStr, SmolStr> {
        let mut exports = FxHashMap::default();
        for item in level.items.iter().chain(&level.keeps) {
            let (expr, name) = match item {
                Item::Column(expr) => (*expr, None),
                Item::Named { name, expr } => (*expr, Some(name)),
                Item::Star(_) | Item::StarOf { .. } => continue,
            };
            if let ExprKind::Column(path) = &self.tree.expr(expr).kind
                && let Some(name) = name.or(path.last())
            {
                exports
                    .entry(self.path_key(path))
                    .or_insert_with(|| name.text.clone());
            }
        }
        exports
    }

    pub(super) fn has_relation(&self, level: &Level, name: &Name) -> bool {
        level
            .relations
            .contains(&self.dialect.fold(&name.text, false, IdentKind::Relation))
    }

    /// The same, or of a level below.
    pub(super) fn knows(&self, level: &Level, name: &Name) -> bool {
        let mut level = level;
        loop {
            if self.has_relation(level, name) {
                return true;
            }
            match &level.source {
                Source::Level { level: inner, .. } => level = inner,
                Source::Table { .. } => return false,
            }
        }
    }

    pub(super) fn contents(&self, id: ExprId) -> Contents {
        let mut contents = Contents::default();
        self.collect(id, false, &mut contents);
        contents
    }

    fn collect(&self, id: ExprId, window_key: bool, into: &mut Contents) {
        stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
            into.size = into.size.saturating_add(1);
            let kind = &self.tree.expr(id).kind;
            match kind {
                ExprKind::Column(path) => into.columns.push((path.clone(), window_key)),
                ExprKind::Call { name, args, over } => {
                    args.iter().for_each(|a| self.collect(*a, window_key, into));
                    let function = name
                        .last()
                        .map(|n| n.text.to_ascii_lowercase())
                        .unwrap_or_default();
                    into.volatile |= VOLATILE.contains(&function.as_str());
                    if let Some(Window { partition, sort, .. }) = over {
                        into.window = true;
                        partition.iter().for_each(|e| self.collect(*e, true, into));
                        sort.iter().for_each(|k| self.collect(k.expr, true, into));
                    }
                }
                ExprKind::Macro { name, args } => {
                    into.has_macro = true;
                    let skip = usize::from(name.text == "var");
                    args.iter()
                        .flatten()
                        .skip(skip)
                        .for_each(|a| self.collect(*a, window_key, into));
                }
                ExprKind::Match { scrutinee, arms, .. } => {
                    let before = into.size;
                    self.collect(*scrutinee, window_key, into);
                    // It is printed once for each arm.
                    let again = (into.size - before).saturating_mul(arms.len().saturating_sub(1));
                    into.size = into.size.saturating_add(again);
                    for arm in arms {
                        if let Pattern::Test { value, .. } = &arm.pattern {
                            self.collect(*value, window_key, into);
                        }
                        self.collect(arm.value, window_key, into);
                    }
                }
                other => {
                    let mut children = other.clone();
                    for_each_child(&mut children, |c| self.collect(*c, window_key, into));
                }
            }
        });
    }
}
