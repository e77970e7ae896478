//! What is not known, and where that begins: columns behind a star, types of expressions.

use super::{Found, Query};
use crate::model::{Conditional, OutputColumn, RelationInput, RelationSchema, Status, When};
use rocky_base::{Diagnostic, Loc, code};
use rocky_syntax::ast::{Body, FromId, FromKind, SelectItem, Star};

/// W002: a star of the outermost SELECT over a relation whose columns are not all known.
pub(super) fn stars(query: &Query<'_>, found: &mut Found<'_>) {
    let open = |r: &RelationInput| matches!(r.schema, RelationSchema::Unknown | RelationSchema::Partial(_));
    if !query.relations.iter().any(open) {
        return;
    }
    let Some(root) = query.ast.root else { return };
    let Body::Select(select) = &query.ast.query(root).body else {
        return;
    };
    for item in &select.items {
        let SelectItem::Star(star) = item else { continue };
        let mut work: Vec<FromId> = select.from.iter().rev().copied().collect();
        while let Some(id) = work.pop() {
            match &query.ast.from(id).kind {
                FromKind::Join { left, right, .. } => work.extend([*right, *left]),
                FromKind::Paren { inner, .. } => work.push(*inner),
                FromKind::Table { name, alias, .. } => {
                    let shown = alias.as_ref().map(|a| &a.name).or(name.last());
                    if !shown.is_some_and(|shown| covers(star, &shown.ident.text)) {
                        continue;
                    }
                    let relation = query.relations.iter().find(|r| r.from == id && open(r));
                    if let Some(relation) = relation {
                        let span = if star.span.is_empty() {
                            select.span
                        } else {
                            star.span
                        };
                        let message =
                            format!("`*` over `{}`, whose columns are not all known", relation.display);
                        found.conditional.push(Conditional {
                            when: When::ReadsModel(relation.relation),
                            diagnostic: Diagnostic::new(code::W002, Loc::text(span), message)
                                .help("list the columns"),
                        });
                    }
                }
                _ => {}
            }
        }
    }
}

fn covers(star: &Star, name: &str) -> bool {
    star.qualifier
        .last()
        .is_none_or(|q| q.ident.text.eq_ignore_ascii_case(name))
}

/// I002: some columns have no known type, and it is this text's doing.
pub(super) fn types(query: &Query<'_>, found: &mut Found<'_>) {
    let is_unknown = |c: &&OutputColumn| c.ty.is_unknown();
    let unknown = query.columns.iter().filter(is_unknown).count();
    if unknown == 0 || unknown == query.columns.len() || found.out.iter().any(Diagnostic::is_error) {
        return;
    }
    // A column of which the outside says nothing is the outside's matter.
    let is_known = |relation: u32, column: &str| {
        let relation = query.relations.iter().find(|r| r.relation == relation);
        match relation.map(|r| &r.schema) {
            Some(RelationSchema::Known(columns) | RelationSchema::Partial(columns)) => columns
                .iter()
                .any(|c| c.name.eq_ignore_ascii_case(column) && !c.ty.is_unknown()),
            _ => false,
        }
    };
    let own = query
        .columns
        .iter()
        .filter(is_unknown)
        .find(|c| c.sources.iter().all(|s| is_known(s.relation, &s.column)));
    let Some(first) = own else { return };
    let Status::Unknown { span, reason } = &first.status else {
        return;
    };
    let message = format!(
        "the type of `{}` is not known{}",
        first.name,
        match unknown {
            1 => String::new(),
            n => format!(", nor are those of {} other columns", n - 1),
        }
    );
    found.out.push(
        Diagnostic::new(code::I002, Loc::text(*span), message)
            .label(reason.as_str())
            .help("cast the value to give it a type"),
    );
}
