//! Steps to SELECT levels. A step is merged into the current level when one SELECT evaluates it at its place in the
//! pipeline; otherwise the level becomes the FROM of a new one.
//!
//! SQL evaluates FROM and JOIN, WHERE, GROUP BY, HAVING, window functions and projection, DISTINCT, ORDER BY, LIMIT, in
//! that order; a step can join a level only as long as nothing that SQL evaluates later is there already and the step
//! could tell the difference. Names that `derive` and `select` define are replaced by their expressions where the
//! clause does not see them ([`Lowering::resolve`]); an expression that must not be repeated (large, volatile, a window
//! function outside the projection) and a defined name used as a key open a new level instead. Start at
//! [`Lowering::pipeline`].
//!
//! Invariant: names that were visible before a level was wrapped stay addressable: a qualified name `d.x` of a wrapped
//! join is exported under a hidden name, which every star leaves out.

use super::ast::{
    Expr, ExprId, ExprKind, File, Join, JoinKind, Name, Named, Op, Operator, Path, SelectItem, SortKey, Step,
    StepKind,
};
use super::level::{
    Aggregates, Condition, Contents, Derived, Group, Item, Key, Level, LevelJoin, Place, Source, is_constant,
};
use super::parser::MAX_NESTING;
use rocky_base::code::{E401, E412};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, FileId, Loc, SmolStr, Span};
use rustc_hash::{FxHashMap, FxHashSet};

/// Expressions up to this many nodes are repeated where a clause cannot see the derived name.
const MAX_REPEATED: usize = 32;

pub(super) struct Lowering {
    pub(super) file: FileId,
    pub(super) dialect: Dialect,
    pub(super) tree: File,
    pub(super) diagnostics: Vec<Diagnostic>,
    /// Steps are missing because they could not be parsed.
    broken: bool,
    taken: FxHashSet<SmolStr>,
    next_level: usize,
    pub(super) next_hidden: usize,
}

/// The levels of a file.
pub(super) struct Plan {
    pub(super) ctes: Vec<(Name, Span, Level)>,
    pub(super) main: Option<Level>,
}

impl Lowering {
    pub(super) fn new(file: FileId, dialect: Dialect, tree: File, broken: bool) -> Lowering {
        let taken = taken_names(&tree);
        Lowering {
            file,
            dialect,
            tree,
            diagnostics: Vec::new(),
            broken,
            taken,
            next_level: 0,
            next_hidden: 0,
        }
    }

    pub(super) fn plan(&mut self) -> Plan {
        let lets = std::mem::take(&mut self.tree.lets);
        let main = std::mem::take(&mut self.tree.main);
        let mut names: FxHashMap<SmolStr, Span> = FxHashMap::default();
        let mut ctes = Vec::new();
        for binding in lets {
            let key = self.dialect.fold(&binding.name.text, false, IdentKind::Relation);
            if let Some(first) = names.get(&key) {
                let diagnostic = self
                    .error(
                        binding.name.span,
                        format!("`let {}` is defined twice", binding.name.text),
                    )
                    .note(Loc::new(self.file, *first), "first defined here")
                    .help("give one of them another name");
                self.diagnostics.push(diagnostic);
                continue;
            }
            names.insert(key, binding.name.span);
            self.check_unused(&binding.steps);
            if let Some(level) = self.pipeline(&binding.steps) {
                ctes.push((binding.name, binding.keyword, level));
            }
        }
        self.check_unused(&main);
        Plan {
            ctes,
            main: self.pipeline(&main),
        }
    }

    fn check_unused(&mut self, steps: &[Step]) {
        if !self.broken {
            self.unused(steps);
        }
    }

    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(E401, Loc::new(self.file, span), message)
    }

    pub(super) fn key(&self, name: &str) -> SmolStr {
        self.dialect.fold(name, false, IdentKind::Column)
    }

    pub(super) fn fresh(&mut self, prefix: &str, count: fn(&mut Lowering) -> &mut usize) -> SmolStr {
        loop {
            *count(self) += 1;
            let name = SmolStr::from(format!("{prefix}{}", count(self)));
            if self.taken.insert(name.clone()) {
                return name;
            }
        }
    }

    // ---- pipelines ----

    fn pipeline(&mut self, steps: &[Step]) -> Option<Level> {
        let first = steps.first()?;
        if !self.broken && !matches!(first.kind, StepKind::From { .. }) {
            let message = format!("expected `from`, found `{}`", first.kind.word());
            let diagnostic = self
                .error(first.keyword, message)
                .help("begin the pipeline with `from`");
            self.diagnostics.push(diagnostic);
        }
        let start = steps
            .iter()
            .position(|s| matches!(s.kind, StepKind::From { .. }))?;
        let StepKind::From { relation, alias } = &steps.get(start)?.kind else {
            return None;
        };
        let source = Source::Table {
            relation: relation.clone(),
            alias: alias.clone(),
        };
        let mut level = self.level(source, steps.get(start)?.span);
        if let Some(replicate) = steps.iter().find(|s| matches!(s.kind, StepKind::Replicate)) {
            level.replicate = true;
            level.shape = replicate.span;
            let other = steps
                .iter()
                .enumerate()
                .find(|(i, s)| *i != start && s.keyword != replicate.keyword);
            if let Some((_, other)) = other {
                let diagnostic = self
                    .error(
                        other.keyword,
                        format!("`{}` cannot be combined with `replicate`", other.kind.word()),
                    )
                    .note(
                        Loc::new(self.file, replicate.keyword),
                        "copies the relation as it is",
                    )
                    .help("remove one of them");
                self.diagnostics.push(diagnostic);
            }
            return Some(level);
        }
        for (index, step) in steps.iter().enumerate() {
            if index == start {
                continue;
            }
            level = match self.step(level, step) {
                Ok(level) => level,
                Err(level) => return Some(*level),
            };
        }
        Some(level)
    }

    /// `Err` when the pipeline is not followed any further.
    fn step(&mut self, mut level: Level, step: &Step) -> Result<Level, Box<Level>> {
        match &step.kind {
            StepKind::From { .. } => {
                let diagnostic = self
                    .error(step.keyword, "second `from` in one pipeline")
                    .help("combine relations with `join`, or name a pipeline with `let`");
                self.diagnostics.push(diagnostic);
            }
            StepKind::Where(expr) => {
                let contents = self.contents(*expr);
                let in_the_way = level.limit.is_some()
                    || level.window
                    || (level.distinct.is_some() && contents.volatile)
                    || self.blocked(&level, &contents, Place::Filter);
                level = self.wrap_if(in_the_way, level, step)?;
                // HAVING sees an aggregate under its name, unless an input column has it too.
                let written = level.group.as_ref().and_then(|group| {
                    let mut names = contents
                        .columns
                        .iter()
                        .filter_map(|(p, _)| Some(self.key(&p.bare()?.text)));
                    let is_aggregate = |k: &SmolStr| level.derived.get(k).is_some_and(|d| d.aggregate);
                    names
                        .all(|k| !(is_aggregate(&k) && group.reads.contains(&k)))
                        .then_some(*expr)
                });
                let aggregates = if written.is_some() {
                    Aggregates::ByName
                } else {
                    Aggregates::Expanded
                };
                let condition = Condition {
                    expr: self.resolve(&mut level, *expr, aggregates),
                    written,
                    step: step.span,
                };
                if level.group.is_some() {
                    level.having.push(condition);
                } else {
                    level.filters.push(condition);
                }
            }
            StepKind::Group { keys, items } => level = self.group(level, step, keys, items)?,
            StepKind::Derive(items) => {
                for item in items {
                    level = self.derive(level, step, item)?;
                }
            }
            StepKind::Select(items) => level = self.select(level, step, items)?,
            StepKind::Join(join) => level = self.join(level, step, join)?,
            StepKind::Sort(keys) => level = self.sort(level, step, keys)?,
            StepKind::Take(count) => {
                level = self.wrap_if(level.limit.is_some(), level, step)?;
                if level.order.is_empty() {
                    level.order = self.inherited_order(&mut level);
                }
                level.limit = Some((*count, step.span));
            }
            StepKind::Distinct => {
                // ORDER BY of a SELECT DISTINCT sees the output only.
                let in_the_way =
                    level.limit.is_some() || level.order.iter().any(|k| !self.is_output(&level, k.expr));
                level = self.wrap_if(in_the_way, level, step)?;
                level.distinct = Some(step.span);
            }
            StepKind::Replicate => {}
        }
        Ok(level)
    }

    fn group(
        &mut self,
        mut level: Level,
        step: &Step,
        keys: &[Path],
        items: &[Named],
    ) -> Result<Level, Box<Level>> {
        if keys.is_empty() && items.is_empty() {
            // In a broken text the items may be what could not be parsed.
            if !self.broken {
                let diagnostic = self
                    .error(step.keyword, "`group` without keys and aggregates")
                    .help("add `name: count()`");
                self.diagnostics.push(diagnostic);
            }
            return Ok(level);
        }
        let contents: Vec<Contents> = items.iter().map(|i| self.contents(i.expr)).collect();
        let in_the_way = level.limit.is_some()
            || level.distinct.is_some()
            || level.explicit
            || !level.order.is_empty()
            || level.window
            || keys.iter().any(|k| self.is_derived(&level, k))
            || contents.iter().any(|c| self.blocked(&level, c, Place::Filter));
        level = self.wrap_if(in_the_way, level, step)?;

        let mut reads: FxHashSet<SmolStr> = FxHashSet::default();
        let mut names: FxHashMap<SmolStr, Derived> = FxHashMap::default();
        let mut output = Vec::new();
        let mut key_exprs = Vec::new();
        for key in keys {
            let written = self.tree.push(key.span(), ExprKind::Column(key.clone()));
            let expr = self.resolve(&mut level, written, Aggregates::ByName);
            key_exprs.push(expr);
            let item = self.column_item(key, expr);
            if let Item::Named { name, .. } = &item {
                names.insert(
                    self.key(&name.text),
                    Derived {
                        expr,
                        window: false,
                        repeatable: true,
                        aggregate: false,
                    },
                );
            }
            output.push(item);
        }
        for item in items {
            let expr = self.resolve(&mut level, item.expr, Aggregates::ByName);
            for (path, _) in self.contents(expr).columns {
                reads.extend(path.last().map(|n| self.key(&n.text)));
            }
            let derived = Derived {
                expr,
                window: false,
                repeatable: true,
                aggregate: true,
            };
            names.insert(self.key(&item.name.text), derived);
            output.push(Item::Named {
                name: item.name.clone(),
                expr,
            });
        }
        let mut key_paths = FxHashSet::default();
        for expr in &key_exprs {
            if let ExprKind::Column(path) = &self.tree.expr(*expr).kind {
                key_paths.insert(self.path_key(path));
                key_paths.extend(path.last().map(|n| self.key(&n.text)));
            }
        }
        level.keeps.clear();
        level.keep_index.clear();
        level.replaced.clear();
        level.replaced_index.clear();
        self.set_items(&mut level, output);
        level.derived = names;
        reads.extend(key_paths.iter().cloned());
        level.group = Some(Group {
            keys: key_exprs,
            step: step.span,
            reads,
            key_paths,
        });
        level.explicit = true;
        level.shape = step.span;
        Ok(level)
    }

    fn derive(&mut self, mut level: Level, step: &Step, item: &Named) -> Result<Level, Box<Level>> {
        let contents = self.contents(item.expr);
        let key = self.key(&item.name.text);
        let in_the_way = level.distinct.is_some()
            || (level.limit.is_some() && contents.window)
            || (level.group.is_some() && !self.reads_keys_only(&level, &contents))
            || (level.group.is_some() && level.names_output(&key))
            || self.blocked(&level, &contents, Place::Projection);
        level = self.wrap_if(in_the_way, level, step)?;
        if !self.detach_order(&mut level, &key) {
            level = self.wrap(level, step)?;
        }

        let expr = self.resolve(&mut level, item.expr, Aggregates::ByName);
        let named = Item::Named {
            name: item.name.clone(),
            expr,
        };
        let refers_to_itself = contents
            .columns
            .iter()
            .any(|(path, _)| match path.parts.as_slice() {
                [name] => self.key(&name.text) == key,
                [qualifier, name] => {
                    level.joins.is_empty()
                        && self.has_relation(&level, qualifier)
                        && self.key(&name.text) == key
                }
                _ => false,
            });
        if let Some(slot) = level.index.get(&key).and_then(|i| level.items.get_mut(*i)) {
            *slot = named;
        } else if let Some(slot) = level.keep_index.get(&key).and_then(|i| level.keeps.get_mut(*i)) {
            *slot = named;
        } else if let Some(slot) = level
            .replaced_index
            .get(&key)
            .and_then(|i| level.replaced.get_mut(*i))
        {
            *slot = (item.name.clone(), expr);
        } else if level.star && (refers_to_itself || level.star_names.contains(&key)) {
            level.replaced_index.insert(key.clone(), level.replaced.len());
            level.replaced.push((item.name.clone(), expr));
        } else {
            level.index.insert(key.clone(), level.items.len());
            level.items.push(named);
        }
        level.computed |= !matches!(self.tree.expr(expr).kind, ExprKind::Column(_));
        let window = self.define(&mut level, key, expr);
        level.window |= window;
        level.shape = step.span;
        Ok(level)
    }

    /// True when the expression contains a window function.
    fn define(&self, level: &mut Level, key: SmolStr, expr: ExprId) -> bool {
        let contents = self.contents(expr);
        let repeatable = !contents.volatile && !contents.has_macro && contents.size <= MAX_REPEATED;
        level.derived.insert(
            key,
            Derived {
                expr,
                window: contents.window,
                repeatable,
                aggregate: false,
            },
        );
        contents.window
    }

    fn set_items(&self, level: &mut Level, items: Vec<Item>) {
        level.index = items
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(i, item)| Some((self.output_name(item)?, i)))
            .collect();
        level.star = items.iter().any(|i| matches!(i, Item::Star(_)));
        level.window = false;
        level.computed = level.star && !level.replaced.is_empty();
        let replaced = level.replaced.iter().filter(|_| level.star).map(|(_, e)| *e);
        let named = items.iter().chain(&level.keeps).filter_map(|i| match i {
            Item::Named { expr, .. } => Some(*expr),
            _ => None,
        });
        for expr in replaced.chain(named).collect::<Vec<_>>() {
            level.window |= self.contents(expr).window;
            level.computed |= !matches!(self.tree.expr(expr).kind, ExprKind::Column(_));
        }
        level.items = items;
    }

    fn select(&mut self, mut level: Level, step: &Step, items: &[SelectItem]) -> Result<Level, Box<Level>> {
        if items.is_empty() {
            // In a broken text the items may be what could not be parsed.
            if !self.broken {
                let diagnostic = self
                    .error(step.keyword, "`select` without columns")
                    .help("name at least one column");
                self.diagnostics.push(diagnostic);
            }
            return Ok(level);
        }
        let mut in_the_way = level.distinct.is_some();
        let mut redefined = Vec::new();
        for item in items {
            match item {
                SelectItem::All(_) => {}
                SelectItem::AllOf { .. } => in_the_way |= level.group.is_some(),
                SelectItem::Column(path) => {
                    let derived = path.bare().and_then(|n| level.derived.get(&self.key(&n.text)));
                    // The name stands for its whole expression, once: that repeats nothing unless it is used elsewhere.
                    in_the_way |=
                        level.group.is_some() && derived.is_none() && !self.is_group_key(&level, path);
                    in_the_way |= derived.is_some_and(|d| d.window && level.limit.is_some() && !level.window);
                }
                SelectItem::Named(named) => {
                    let contents = self.contents(named.expr);
                    let plain = matches!(self.tree.expr(named.expr).kind, ExprKind::Column(_));
                    in_the_way |= level.limit.is_some() && contents.window;
                    in_the_way |= self.blocked(&level, &contents, Place::Projection);
                    in_the_way |= level.group.is_some()
                        && (!plain
                            || !contents.columns.iter().all(|(path, _)| {
                                self.is_group_key(&level, path) || self.is_derived(&level, path)
                            }));
                    redefined.push(self.key(&named.name.text));
                }
            }
        }
        level = self.wrap_if(in_the_way, level, step)?;
        if redefined.iter().any(|key| !self.can_detach_order(&level, key)) {
            level = self.wrap(level, step)?;
        }

        let mut output = Vec::new();
        let mut defined = Vec::new();
        let mut star = false;
        for item in items {
            match item {
                SelectItem::All(span) => {
                    star = true;
                    let old = level.items.iter().cloned().map(|i| match i {
                        Item::Star(_) => Item::Star(*span),
                        other => other,
                    });
                    output.extend(old);
                }
                SelectItem::AllOf { relation, star } => {
                    output.extend(self.star_of(&mut level, relation, *star))
                }
                SelectItem::Column(path) => {
                    let written = self.tree.push(path.span(), ExprKind::Column(path.clone()));
                    let expr = self.resolve(&mut level, written, Aggregates::Expanded);
                    if let (None, Some(last)) = (path.bare(), path.last()) {
                        let key = self.key(&last.text);
                        if level.derived.contains_key(&key) {
                            defined.push((key, expr));
                        }
                    }
                    output.push(self.column_item(path, expr));
                }
                SelectItem::Named(named) => {
                    let expr = self.resolve(&mut level, named.expr, Aggregates::Expanded);
                    defined.push((self.key(&named.name.text), expr));
                    output.push(Item::Named {
                        name: named.name.clone(),
                        expr,
                    });
                }
            }
        }
        self.keep_order_and_having(&mut level, &output);
        if !star {
            level.keeps.clear();
            level.keep_index.clear();
        }
        self.set_items(&mut level, output);
        if !level.star {
            level.replaced.clear();
            level.replaced_index.clear();
        }
        let grouped = level.group.is_some();
        for (key, expr) in defined {
            self.define(&mut level, key.clone(), expr);
            if let (true, Some(derived)) = (grouped, level.derived.get_mut(&key)) {
                derived.aggregate = true;
            }
        }
        level.explicit = true;
        level.shape = step.span;
        Ok(level)
    }

    /// `t.*`; of a wrapped relation only when it is all there is.
    fn star_of(&mut self, level: &mut Level, relation: &Path, star: Span) -> Option<Item> {
        let (Some(name), Source::Level { level: inner, alias }) = (relation.bare(), &level.source) else {
            return Some(Item::StarOf {
                relation: relation.clone(),
                star,
            });
        };
        if self.has_relation(level, name) || !self.knows(inner, name) {
            return Some(Item::StarOf {
                relation: relation.clone(),
                star,
            });
        }
        if inner.joins.is_empty() && !inner.explicit {
            let relation = Path {
                parts: vec![Name {
                    text: alias.clone(),
                    span: name.span,
                }],
            };
            return Some(Item::StarOf { relation, star });
        }
        let message = format!("`{}.*` cannot be told apart after the steps before", name.text);
        let diagnostic = self
            .error(relation.span().to(star), message)
            .help("select its columns by name");
        self.diagnostics.push(diagnostic);
        None
    }

    fn join(&mut self, mut level: Level, step: &Step, join: &Join) -> Result<Level, Box<Level>> {
        let contents: Vec<Contents> = join.on.iter().map(|e| self.contents(*e)).collect();
        // Rows that an outer join adds must not meet what was computed or filtered before.
        let outer = matches!(join.kind, JoinKind::Right | JoinKind::Full);
        let in_the_way = level.limit.is_some()
            || level.distinct.is_some()
            || level.group.is_some()
            || level.window
            || (outer && (!level.filters.is_empty() || level.computed))
            || contents.iter().any(|c| {
                c.columns.iter().any(|(p, _)| self.is_derived(&level, p))
                    || self.blocked(&level, c, Place::Filter)
            });
        level = self.wrap_if(in_the_way, level, step)?;

        let Some(alias) = join.alias.clone().or_else(|| join.relation.last().cloned()) else {
            return Ok(level);
        };
        // A bare key belongs to what stands on the left; everything else may name the joined relation.
        let mut on = Vec::new();
        for written in &join.on {
            let Expr { span, kind } = self.tree.expr(*written).clone();
            let key = match kind {
                ExprKind::Column(path) => self.join_key(&mut level, &path, span, &alias),
                _ => Some(*written),
            };
            on.extend(key);
        }
        level
            .relations
            .insert(self.dialect.fold(&alias.text, false, IdentKind::Relation));
        for expr in &mut on {
            *expr = self.resolve(&mut level, *expr, Aggregates::ByName);
        }
        let kept = join.keep.is_some();
        for path in join.keep.iter().flat_map(|k| &k.columns) {
            let path = match path.bare() {
                Some(name) => Path {
                    parts: vec![
                        Name {
                            text: alias.text.clone(),
                            span: name.span,
                        },
                        name.clone(),
                    ],
                },
                None => path.clone(),
            };
            let own = path
                .parts
                .first()
                .is_some_and(|q| self.same(&q.text, &alias.text));
            let mut expr = self.tree.push(path.span(), ExprKind::Column(path.clone()));
            if !own {
                expr = self.resolve(&mut level, expr, Aggregates::ByName);
            }
            let item = self.column_item(&path, expr);
            if let Some(name) = self.output_name(&item) {
                level.keep_index.entry(name).or_insert(level.keeps.len());
            }
            level.keeps.push(item);
        }
        let relation = join.relation.clone();
        level.joins.push(LevelJoin {
            kind: join.kind,
            relation,
            alias,
            on,
            kept,
            step: step.span,
        });
        Ok(level)
    }

    /// `left.k = alias.k`.
    fn join_key(&mut self, level: &mut Level, path: &Path, span: Span, alias: &Name) -> Option<ExprId> {
        let last = path.last()?.clone();
        let left = match path.parts.as_slice() {
            [_] => {
                let qualifier = level.first_relation();
                let parts = vec![
                    Name {
                        text: qualifier,
                        span: last.span,
                    },
                    last.clone(),
                ];
                self.tree.push(last.span, ExprKind::Column(Path { parts }))
            }
            [first, ..] if self.same(&first.text, &alias.text) => {
                let message = format!(
                    "key `{}.{}` belongs to the relation that is being joined",
                    first.text, last.text
                );
                let help = format!(
                    "write the key of the other relation, or a condition: `… == {}.{}`",
                    first.text, last.text
                );
                let diagnostic = self.error(span, message).help(help);
                self.diagnostics.push(diagnostic);
                return None;
            }
            _ => self.tree.push(span, ExprKind::Column(path.clone())),
        };
        let left = self.resolve(level, left, Aggregates::ByName);
        let parts = vec![
            Name {
                text: alias.text.clone(),
                span: last.span,
            },
            last.clone(),
        ];
        let right = self.tree.push(last.span, ExprKind::Column(Path { parts }));
        let operator = Operator { op: Op::Eq, span };
        Some(self.tree.push(
            span,
            ExprKind::Compare {
                left,
                operator,
                right,
            },
        ))
    }

    fn sort(&mut self, mut level: Level, step: &Step, keys: &[SortKey]) -> Result<Level, Box<Level>> {
        if keys.is_empty() {
            return Ok(level);
        }
        let in_the_way = level.limit.is_some()
            || keys.iter().any(|k| match &self.tree.expr(k.expr).kind {
                // A name of the output is sorted by as it is.
                ExprKind::Column(path) if path.bare().is_some() => false,
                _ => self.blocked(&level, &self.contents(k.expr), Place::Projection),
            });
        level = self.wrap_if(in_the_way, level, step)?;
        for key in keys {
            if is_constant(self.tree.expr(key.expr)) {
                let span = self.tree.expr(key.expr).span;
                let diagnostic = self.error(
                    span,
                    "expected a column or an expression to sort by, found a constant",
                );
                self.diagnostics.push(diagnostic);
                continue;
            }
            let expr = match self.is_output(&level, key.expr) {
                true => key.expr,
                false => self.resolve(&mut level, key.expr, Aggregates::Expanded),
            };
            if let ExprKind::Column(path) = &self.tree.expr(expr).kind {
                level.order_names.extend(path.bare().map(|n| self.key(&n.text)));
            }
            level.order.push(Key {
                expr,
                desc: key.desc,
                step: step.span,
            });
        }
        Ok(level)
    }

    // ---- levels ----

    fn level(&self, source: Source, step: Span) -> Level {
        let mut level = Level::new(source, step);
        level
            .relations
            .insert(self.dialect.fold(&level.qualifier(), false, IdentKind::Relation));
        level
    }

    fn wrap_if(&mut self, needed: bool, level: Level, step: &Step) -> Result<Level, Box<Level>> {
        if needed { self.wrap(level, step) } else { Ok(level) }
    }

    /// Make the level the FROM of a new one.
    fn wrap(&mut self, level: Level, step: &Step) -> Result<Level, Box<Level>> {
        if level.depth >= MAX_NESTING {
            let message = format!("pipeline needs more than {MAX_NESTING} nested queries");
            let diagnostic = Diagnostic::new(E412, Loc::new(self.file, step.keyword), message)
                .help("split the pipeline with `let`");
            self.diagnostics.push(diagnostic);
            return Err(Box::new(level));
        }
        let alias = self.fresh("_q", |l| &mut l.next_level);
        let mut names = FxHashSet::default();
        for item in level.items.iter().chain(&level.keeps) {
            names.extend(self.output_name(item));
        }
        names.extend(level.replaced.iter().map(|(n, _)| self.key(&n.text)));
        if level.star {
            names.extend(level.star_names.iter().cloned());
        }
        let depth = level.depth + 1;
        let mut outer = self.level(
            Source::Level {
                level: Box::new(level),
                alias,
            },
            step.span,
        );
        outer.star_names = names;
        outer.depth = depth;
        Ok(outer)
    }

    fn output_name(&self, item: &Item) -> Option<SmolStr> {
        match item {
            Item::Star(_) | Item::StarOf { .. } => None,
            Item::Column(expr) => match &self.tree.expr(*expr).kind {
                ExprKind::Column(path) => path.last().map(|n| self.key(&n.text)),
                _ => None,
            },
            Item::Named { name, .. } => Some(self.key(&name.text)),
        }
    }

    /// A selected column: under its own name, even when it now stands for something else.
    fn column_item(&self, written: &Path, expr: ExprId) -> Item {
        let same = match (&self.tree.expr(expr).kind, written.last()) {
            (ExprKind::Column(path), Some(last)) => path.last().is_some_and(|n| n.text == last.text),
            _ => false,
        };
        match written.last() {
            Some(name) if !same => Item::Named {
                name: name.clone(),
                expr,
            },
            _ => Item::Column(expr),
        }
    }

    pub(super) fn same(&self, a: &str, b: &str) -> bool {
        self.dialect.fold(a, false, IdentKind::Relation) == self.dialect.fold(b, false, IdentKind::Relation)
    }

    fn is_derived(&self, level: &Level, path: &Path) -> bool {
        path.bare()
            .is_some_and(|n| level.derived.contains_key(&self.key(&n.text)))
    }

    fn is_group_key(&self, level: &Level, path: &Path) -> bool {
        level
            .group
            .as_ref()
            .is_some_and(|g| g.key_paths.contains(&self.path_key(path)))
    }

    pub(super) fn path_key(&self, path: &Path) -> SmolStr {
        match path.bare() {
            Some(name) => self.key(&name.text),
            None => SmolStr::from(
                path.parts
                    .iter()
                    .map(|n| self.key(&n.text))
                    .collect::<Vec<_>>()
                    .join("."),
            ),
        }
    }

    fn reads_keys_only(&self, level: &Level, contents: &Contents) -> bool {
        let scalar = |path: &Path| {
            let derived = path.bare().and_then(|n| level.derived.get(&self.key(&n.text)));
            derived.is_some_and(|d| !d.aggregate)
        };
        !contents.window
            && !contents.has_macro
            && contents
                .columns
                .iter()
                .all(|(p, _)| scalar(p) || (self.is_group_key(level, p) && !self.is_derived(level, p)))
    }

    /// True when a derived name in the expression can be neither replaced nor named at this place.
    fn blocked(&self, level: &Level, contents: &Contents, place: Place) -> bool {
        contents.columns.iter().any(|(path, window_key)| {
            let Some(derived) = path.bare().and_then(|n| level.derived.get(&self.key(&n.text))) else {
                return false;
            };
            let window = derived.window && (place == Place::Filter || contents.window);
            *window_key || !derived.repeatable || window
        })
    }

    /// True for a bare name that ORDER BY finds in the output, or in FROM when nothing shadows it.
    fn is_output(&self, level: &Level, expr: ExprId) -> bool {
        let ExprKind::Column(path) = &self.tree.expr(expr).kind else {
            return false;
        };
        let Some(name) = path.bare() else { return false };
        let key = self.key(&name.text);
        let in_output = || level.names_output(&key);
        if level.derived.contains_key(&key) || level.distinct.is_some() {
            in_output() || (level.star && !level.derived.contains_key(&key))
        } else {
            !level.explicit || level.star || in_output()
        }
    }

    // ---- what ORDER BY and HAVING mean after the output changes ----

    fn can_detach_order(&self, level: &Level, key: &SmolStr) -> bool {
        let free = level.joins.is_empty() && level.group.is_none();
        free || level.derived.contains_key(key) || !level.order_names.contains(key)
    }

    /// `sort x` before `x` gets a new meaning: keep the old one. False when that needs a new level.
    fn detach_order(&mut self, level: &mut Level, key: &SmolStr) -> bool {
        if !self.can_detach_order(level, key) {
            return false;
        }
        if !level.order_names.remove(key) {
            return true;
        }
        let qualifier = level.qualifier();
        let old = level.derived.get(key).map(|d| d.expr);
        for order in &mut level.order {
            let Expr {
                span,
                kind: ExprKind::Column(path),
            } = self.tree.expr(order.expr).clone()
            else {
                continue;
            };
            let Some(name) = path.bare().cloned() else {
                continue;
            };
            if self.key(&name.text) != *key {
                continue;
            }
            order.expr = match old {
                Some(expr) => expr,
                None => {
                    let parts = vec![
                        Name {
                            text: qualifier.clone(),
                            span: name.span,
                        },
                        name,
                    ];
                    self.tree.push(span, ExprKind::Column(Path { parts }))
                }
            };
        }
        level.order.retain(|k| !is_constant(self.tree.expr(k.expr)));
        true
    }

    /// Before the output becomes `output`: sort keys and group conditions that named an old item keep their meaning.
    fn keep_order_and_having(&mut self, level: &mut Level, output: &[Item]) {
        let mut means: FxHashMap<SmolStr, Option<ExprId>> = FxHashMap::default();
        for item in output {
            match item {
                Item::Named { name, expr } => {
                    means.insert(self.key(&name.text), Some(*expr));
                }
                other => {
                    means.extend(self.output_name(other).map(|n| (n, None)));
                }
            }
        }
        let star = output.iter().any(|i| matches!(i, Item::Star(_)));
        let mut lost = Vec::new();
        let mut named: FxHashSet<SmolStr> = FxHashSet::default();
        let roots = level
            .order
            .iter()
            .map(|k| k.expr)
            .chain(level.having.iter().filter_map(|c| c.written));
        for (path, _) in roots
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|e| self.contents(e).columns)
        {
            named.extend(path.bare().map(|n| self.key(&n.text)));
        }
        for name in named {
            let old = level.derived.get(&name).map(|d| d.expr);
            let replaced = star && level.replaced_index.contains_key(&name);
            let kept = match (old, means.get(&name)) {
                _ if replaced => true,
                (Some(old), Some(Some(new))) => old == *new,
                (Some(_), _) => false,
                (None, Some(Some(_))) => false,
                (None, _) => true,
            };
            if !kept {
                lost.push(name);
            }
        }
        if lost.is_empty() {
            return;
        }
        for key in &lost {
            self.detach_order(level, key);
        }
        let mut having = std::mem::take(&mut level.having);
        for condition in &mut having {
            if let Some(written) = condition.written.take() {
                condition.expr = self.resolve(level, written, Aggregates::Expanded);
            }
        }
        level.having = having;
    }

    /// The order that the rows have from the level below: `LIMIT` takes the first rows of the pipeline's order, and SQL
    /// promises none of a subquery's.
    fn inherited_order(&mut self, level: &mut Level) -> Vec<Key> {
        if level.group.is_some() || level.distinct.is_some() {
            return Vec::new();
        }
        let Source::Level { level: inner, alias } = &mut level.source else {
            return Vec::new();
        };
        if inner.order.is_empty() {
            inner.order = stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.inherited_order(inner));
        }
        let mut keys = Vec::new();
        for key in inner
            .order
            .iter()
            .map(|k| (k.expr, k.desc, k.step))
            .collect::<Vec<_>>()
        {
            let (expr, desc, step) = key;
            let span = self.tree.expr(expr).span;
            let name = match &self.tree.expr(expr).kind {
                ExprKind::Column(path) => path.bare().filter(|_| self.is_output(inner, expr)).cloned(),
                _ => None,
            };
            let all = inner.distinct.is_some() || !inner.joins.iter().any(|j| j.kept);
            let kept = name.filter(|n| all || inner.names_output(&self.key(&n.text)));
            let text = match kept {
                Some(name) => name.text,
                // One more column would make other rows distinct.
                None if inner.distinct.is_some() => continue,
                None => {
                    let name = self.fresh("_h", |l| &mut l.next_hidden);
                    inner.hidden.push((expr, name.clone()));
                    name
                }
            };
            let parts = vec![
                Name {
                    text: alias.clone(),
                    span,
                },
                Name { text, span },
            ];
            keys.push(Key {
                expr: self.tree.push(span, ExprKind::Column(Path { parts })),
                desc,
                step,
            });
        }
        keys
    }
}

/// Every name of the file that a generated one must not meet.
fn taken_names(tree: &File) -> FxHashSet<SmolStr> {
    let mut taken = FxHashSet::default();
    let mut add = |name: &Name| {
        if name.text.starts_with('_') {
            taken.insert(SmolStr::from(name.text.to_lowercase()));
        }
    };
    for expr in &tree.exprs {
        if let ExprKind::Column(path) = &expr.kind {
            path.parts.iter().for_each(&mut add);
        }
    }
    for step in tree.lets.iter().flat_map(|l| &l.steps).chain(&tree.main) {
        match &step.kind {
            StepKind::From { relation, alias } => {
                relation.parts.iter().chain(alias).for_each(&mut add);
            }
            StepKind::Group { keys, items } => {
                keys.iter().flat_map(|k| &k.parts).for_each(&mut add);
                items.iter().for_each(|i| add(&i.name));
            }
            StepKind::Derive(items) => items.iter().for_each(|i| add(&i.name)),
            StepKind::Select(items) => items.iter().for_each(|i| match i {
                SelectItem::Named(named) => add(&named.name),
                SelectItem::Column(path) => path.parts.iter().for_each(&mut add),
                SelectItem::AllOf { relation, .. } => relation.parts.iter().for_each(&mut add),
                SelectItem::All(_) => {}
            }),
            StepKind::Join(join) => {
                join.relation.parts.iter().chain(&join.alias).for_each(&mut add);
                join.keep
                    .iter()
                    .flat_map(|k| &k.columns)
                    .flat_map(|p| &p.parts)
                    .for_each(&mut add);
            }
            _ => {}
        }
    }
    tree.lets.iter().for_each(|l| add(&l.name));
    taken
}
