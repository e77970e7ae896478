//! Columns that `derive` makes and that a later `select` or `group` leaves out before anything read them.
//!
//! One pass over the steps with the names that were not read yet. Everything that might read a name counts as a reader.

use super::ast::{ExprId, ExprKind, Path, SelectItem, Step, StepKind};
use super::level::for_each_child;
use super::plan::Lowering;
use rocky_base::code::W107;
use rocky_base::{Diagnostic, Loc, SmolStr, Span};
use rustc_hash::FxHashMap;

impl Lowering {
    /// W107 for the steps of one pipeline.
    pub(super) fn unused(&mut self, steps: &[Step]) {
        let derives = |s: &Step| matches!(s.kind, StepKind::Derive(_));
        let leaves_out = |s: &Step| matches!(s.kind, StepKind::Select(_) | StepKind::Group { .. });
        let Some(first) = steps.iter().position(derives) else {
            return;
        };
        if !steps.iter().skip(first).any(leaves_out) {
            return;
        }
        let mut unread: FxHashMap<SmolStr, Span> = FxHashMap::default();
        for step in steps.iter().skip(first) {
            match &step.kind {
                StepKind::Derive(items) => {
                    for item in items {
                        self.read(item.expr, &mut unread);
                        // A name that is defined again says nothing of the first definition here.
                        unread.insert(self.key(&item.name.text), item.name.span);
                    }
                }
                StepKind::Select(items) => {
                    let mut all = false;
                    for item in items {
                        match item {
                            SelectItem::All(_) | SelectItem::AllOf { .. } => all = true,
                            SelectItem::Column(path) => self.read_path(path, &mut unread),
                            SelectItem::Named(named) => self.read(named.expr, &mut unread),
                        }
                    }
                    if !all {
                        self.report_unused(&mut unread);
                    }
                }
                StepKind::Group { keys, items } => {
                    keys.iter().for_each(|key| self.read_path(key, &mut unread));
                    items.iter().for_each(|item| self.read(item.expr, &mut unread));
                    self.report_unused(&mut unread);
                }
                StepKind::Where(condition) => self.read(*condition, &mut unread),
                StepKind::Sort(keys) => keys.iter().for_each(|key| self.read(key.expr, &mut unread)),
                StepKind::Join(join) => {
                    join.on.iter().for_each(|on| self.read(*on, &mut unread));
                    let kept = join.keep.iter().flat_map(|k| &k.columns);
                    kept.for_each(|path| self.read_path(path, &mut unread));
                }
                // All columns decide which rows are the same.
                StepKind::Distinct | StepKind::Replicate => unread.clear(),
                StepKind::From { .. } | StepKind::Take(_) => {}
            }
        }
    }

    fn report_unused(&mut self, unread: &mut FxHashMap<SmolStr, Span>) {
        for (name, span) in unread.drain() {
            let message = format!("`{name}` is derived, but nothing uses it");
            self.diagnostics.push(
                Diagnostic::new(W107, Loc::new(self.file, span), message).help("keep it, or take it out"),
            );
        }
    }

    fn read(&self, expr: ExprId, unread: &mut FxHashMap<SmolStr, Span>) {
        if unread.is_empty() {
            return;
        }
        let mut work = vec![expr];
        while let Some(id) = work.pop() {
            match &self.tree.expr(id).kind {
                ExprKind::Column(path) => self.read_path(path, unread),
                // What could not be parsed may be any name.
                ExprKind::Error => unread.clear(),
                // A macro's body is not known here.
                ExprKind::Macro { .. } => unread.clear(),
                other => for_each_child(&mut other.clone(), |child| work.push(*child)),
            }
        }
    }

    fn read_path(&self, path: &Path, unread: &mut FxHashMap<SmolStr, Span>) {
        for part in &path.parts {
            unread.remove(&self.key(&part.text));
        }
    }
}
