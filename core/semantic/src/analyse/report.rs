//! The words of the findings about names and types.

use super::scope::ColRef;
use super::{Analyser, Clause};
use crate::typing::{Comparable, Operand, TypeError};
use rocky_base::suggest::nearest;
use rocky_base::{Code, Diagnostic, Edit, Loc, SmolStr, Span, code};
use rocky_syntax::ast::{ExprId, Name, path_span};
use rocky_warehouse::Type;
use std::fmt::Write;

/// `1 column`, `2 columns`.
pub(super) fn plural(n: usize, word: &str) -> String {
    if n == 1 {
        word.to_owned()
    } else {
        format!("{word}s")
    }
}

/// A relation's name in backticks; what has no name is described.
pub(super) fn quoted(display: &str) -> String {
    if display.starts_with("the ") {
        display.to_owned()
    } else {
        format!("`{display}`")
    }
}

impl<'a> Analyser<'a> {
    /// The nearest of some names, while suggestions last.
    fn suggest(&mut self, wanted: &str, candidates: &[SmolStr]) -> Option<SmolStr> {
        if self.suggestions == 0 {
            return None;
        }
        self.suggestions -= 1;
        nearest(wanted, candidates.iter().map(SmolStr::as_str)).map(SmolStr::new)
    }

    /// "did you mean", and the edit.
    fn with_suggestion(&self, finding: Diagnostic, span: Span, found: Option<&SmolStr>) -> Diagnostic {
        match found {
            None => finding,
            Some(found) => {
                let ident = rocky_base::Ident::from_config(self.dialect, found);
                let text = self.dialect.print_ident(&ident);
                finding.fix(
                    format!("replace by `{found}`"),
                    vec![Edit {
                        loc: Loc::text(span),
                        text,
                    }],
                )
            }
        }
    }

    pub(super) fn report_no_column(&mut self, path: &[Name], part: usize, rel: Option<(u32, u32)>) {
        let Some(name) = path.get(part) else { return };
        let span = Self::part_span(path, part);
        let (place, candidates) = match rel.and_then(|(s, r)| self.rel(s, r)) {
            Some(rel) => {
                let names: Vec<SmolStr> = rel.columns.list.iter().map(|c| c.name.clone()).collect();
                (Some(quoted(&rel.display)), names)
            }
            None => self.everything_in_sight(),
        };
        let found = self.suggest(&name.ident.text, &candidates);
        let mut message = match place {
            Some(place) => format!("column `{}` not found in {place}", name.ident.text),
            None => format!("column `{}` not found: there is no FROM clause", name.ident.text),
        };
        if let Some(found) = &found {
            // Writing to a String cannot fail.
            let _ = write!(message, "; did you mean `{found}`?");
        }
        let finding = Diagnostic::new(code::E100, Loc::text(span), message);
        let mut finding = self.with_suggestion(finding, span, found.as_ref());
        let text = &name.ident.text;
        if found.is_none() && text.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
            finding = finding.help("these are typographic quotes: write ' around text, \" around names");
        } else if found.is_none() && name.ident.quoted && path.len() == 1 && !text.contains('\'') {
            finding = finding.help(format!("text stands in single quotes: '{text}'"));
        }
        self.report(finding);
    }

    /// All relations in sight as words, and all column names and aliases, innermost first.
    fn everything_in_sight(&self) -> (Option<String>, Vec<SmolStr>) {
        let mut relations: Vec<String> = Vec::new();
        let mut names: Vec<SmolStr> = Vec::new();
        let mut next = self.scopes.len().checked_sub(1);
        while let Some(scope) = next.and_then(|i| self.scopes.get(i)) {
            for rel in &scope.rels {
                relations.push(quoted(&rel.display));
                if self.suggestions > 0 {
                    names.extend(rel.columns.list.iter().map(|c| c.name.clone()));
                }
            }
            next = scope.parent.map(|p| p as usize);
        }
        let place = match relations.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            [a, b] => Some(format!("{a} or {b}")),
            [a, b, c] => Some(format!("{a}, {b} or {c}")),
            many => Some(format!("any of the {} relations in scope", many.len())),
        };
        (place, names)
    }

    pub(super) fn report_ambiguous(&mut self, path: &[Name], part: usize, found: &[ColRef]) {
        let Some(name) = path.get(part) else { return };
        let span = Self::part_span(path, part);
        let mut places = Vec::new();
        for one in found {
            let rel = if one.rel == ColRef::MERGED {
                let scope = self.scopes.get(one.scope as usize);
                let member = scope
                    .and_then(|s| s.merged.get(one.col as usize))
                    .and_then(|m| m.members.first());
                member.and_then(|(rel, _)| self.rel(one.scope, *rel))
            } else {
                self.rel(one.scope, one.rel)
            };
            if let Some(rel) = rel {
                places.push((rel.display.clone(), rel.span));
            }
        }
        // Two relations under one alias: that is the mistake, not each column that is read through it.
        if let [(first, at), (second, again)] = places.as_slice()
            && part > 0
            && first.eq_ignore_ascii_case(second)
        {
            let (at, again, display) = (*at, *again, second.clone());
            return self.report_clash(again, at, &display);
        }
        let list: Vec<String> = places
            .iter()
            .map(|(d, _)| format!("`{d}.{}`", name.ident.text))
            .collect();
        let message = format!("column `{}` is ambiguous: {}", name.ident.text, list.join(" or "));
        let mut finding = Diagnostic::new(code::E102, Loc::text(span), message);
        for (display, span) in places {
            finding = finding.note(Loc::text(span), format!("`{display}` has it"));
        }
        self.report(finding.help("put the table's alias before it"));
    }

    pub(super) fn report_no_qualifier(&mut self, path: &[Name]) {
        let Some((_, qualifier)) = path.split_last() else {
            return;
        };
        let span = path_span(qualifier);
        let text = crate::model::path_text(qualifier);
        let mut candidates: Vec<SmolStr> = Vec::new();
        let mut next = self.scopes.len().checked_sub(1);
        while let Some(scope) = next.and_then(|i| self.scopes.get(i)) {
            candidates.extend(
                scope
                    .rels
                    .iter()
                    .filter(|r| !r.alias.is_empty())
                    .map(|r| r.display.clone()),
            );
            next = scope.parent.map(|p| p as usize);
        }
        let found = self.suggest(&text, &candidates);
        let message = match &found {
            Some(found) => format!("`{text}` is not a table or alias in scope; did you mean `{found}`?"),
            None => format!("`{text}` is not a table or alias in scope"),
        };
        let finding = Diagnostic::new(code::E112, Loc::text(span), message);
        let finding = self.with_suggestion(finding, span, found.as_ref());
        self.report(finding);
    }

    pub(super) fn report_no_field(&mut self, ty: &Type, name: &Name) {
        let candidates: Vec<SmolStr> = match ty {
            Type::Struct(fields) | Type::Union(fields) => fields.iter().map(|f| f.name.clone()).collect(),
            _ => Vec::new(),
        };
        let found = self.suggest(&name.ident.text, &candidates);
        let mut message = format!(
            "field `{}` not found in {}",
            name.ident.text,
            ty.print(self.dialect)
        );
        if let Some(found) = &found {
            let _ = write!(message, "; did you mean `{found}`?");
        }
        let finding = Diagnostic::new(code::E100, Loc::text(name.span), message);
        let finding = self.with_suggestion(finding, name.span, found.as_ref());
        self.report(finding);
    }

    /// A column list entry (USING, EXCLUDE, REPLACE) that names nothing.
    pub(super) fn report_missing(&mut self, name: &Name, place: &str, candidates: &[SmolStr]) {
        let found = self.suggest(&name.ident.text, candidates);
        let mut message = format!("column `{}` not found in {place}", name.ident.text);
        if let Some(found) = &found {
            let _ = write!(message, "; did you mean `{found}`?");
        }
        let finding = Diagnostic::new(code::E100, Loc::text(name.span), message);
        let finding = self.with_suggestion(finding, name.span, found.as_ref());
        self.report(finding);
    }

    /// Check that two values may be compared; says so when not. `join` asks for the warning about coerced keys.
    pub(super) fn compare(
        &mut self,
        span: Span,
        left: (Span, &Operand),
        right: (Span, &Operand),
        join: bool,
    ) -> bool {
        if left.1.ty.is_unknown() || right.1.ty.is_unknown() {
            return true;
        }
        let verdict = crate::typing::comparable(self.dialect, left.1, right.1);
        let code = match verdict {
            Comparable::Yes | Comparable::Coerced if verdict == Comparable::Yes || !join => {
                self.check_equality(span, left.1, right.1);
                return true;
            }
            Comparable::Yes | Comparable::Coerced => code::W001,
            Comparable::No => code::E001,
        };
        self.report_comparison(code, span, left, right);
        verdict != Comparable::No
    }

    /// E001 or W001 with both sides labelled.
    pub(super) fn report_comparison(
        &mut self,
        code: Code,
        span: Span,
        left: (Span, &Operand),
        right: (Span, &Operand),
    ) {
        let (l, r) = (left.1.ty.print(self.dialect), right.1.ty.print(self.dialect));
        let message = if code == code::E001 {
            format!("cannot compare {l} with {r}")
        } else {
            format!("joining {l} with {r} casts one side implicitly")
        };
        let finding = Diagnostic::new(code, Loc::text(span), message)
            .note(Loc::text(left.0), l)
            .note(Loc::text(right.0), r)
            .help("cast one side to the type of the other");
        self.report(finding);
    }

    /// An operator's types do not fit.
    pub(super) fn report_operator(&mut self, span: Span, message: String) {
        self.report(Diagnostic::new(code::E203, Loc::text(span), message));
    }

    /// Types that do not meet. Labels the first value that does not fit those before it.
    pub(super) fn report_no_common_type(
        &mut self,
        what: &str,
        parts: &[(ExprId, Operand)],
        meeting: crate::typing::Meeting,
    ) {
        let mut before: Vec<Operand> = Vec::new();
        let mut odd: Option<(&ExprId, &Operand)> = None;
        for (id, operand) in parts {
            before.push(operand.clone());
            if before.len() > 1 && crate::typing::unify(self.dialect, meeting, &before).is_none() {
                odd = Some((id, operand));
                break;
            }
        }
        let (Some((first_id, first)), Some((id, operand))) = (parts.first(), odd) else {
            return;
        };
        let (a, b) = (first.ty.print(self.dialect), operand.ty.print(self.dialect));
        let finding = Diagnostic::new(
            code::E202,
            Loc::text(self.ast.expr(*id).span),
            format!("{what} has no common type: {a} and {b}"),
        );
        let finding = finding
            .note(Loc::text(self.ast.expr(*first_id).span), a)
            .help("cast one of them");
        self.report(finding);
    }

    pub(super) fn report_call(
        &mut self,
        name: &str,
        name_span: Span,
        whole: Span,
        error: &TypeError,
        types: &[String],
    ) {
        let finding = match error {
            TypeError::UnknownFunction(found) => {
                let message = match found {
                    Some(found) => format!("function `{name}` does not exist; did you mean `{found}`?"),
                    None => format!("function `{name}` does not exist"),
                };
                let finding = Diagnostic::new(code::E104, Loc::text(name_span), message);
                let here = crate::portability::equivalent(name, self.dialect);
                let engine = self.dialect.title();
                match found {
                    _ if let Some(here) = here => {
                        let finding = Diagnostic {
                            message: format!("function `{name}` does not exist"),
                            ..finding
                        };
                        finding.help(format!("in {} it is written `{here}`", engine))
                    }
                    Some(found) => finding.fix(
                        format!("replace by `{found}`"),
                        vec![Edit {
                            loc: Loc::text(name_span),
                            text: found.to_string(),
                        }],
                    ),
                    None => finding,
                }
            }
            TypeError::Arity(forms) => {
                let n = types.len();
                let message = format!("`{name}` does not take {n} {}", plural(n, "argument"));
                Diagnostic::new(code::E200, Loc::text(whole), message).help(format!("use one of: {forms}"))
            }
            TypeError::ArgumentTypes(forms) => {
                let message = format!("`{name}` does not take ({})", types.join(", "));
                Diagnostic::new(code::E200, Loc::text(whole), message).help(format!("use one of: {forms}"))
            }
            TypeError::Ambiguous(forms) => {
                let message = format!("`{name}` is ambiguous for ({})", types.join(", "));
                Diagnostic::new(code::E200, Loc::text(whole), message)
                    .help(format!("cast an argument; forms: {forms}"))
            }
            TypeError::Refused(message) => Diagnostic::new(code::E230, Loc::text(whole), message.clone()),
            TypeError::Operator => {
                let message = format!("`{name}` does not take ({})", types.join(", "));
                Diagnostic::new(code::E203, Loc::text(whole), message)
            }
        };
        self.report(finding);
    }

    fn clause_name(&self) -> Option<&'static str> {
        match self.ctx.clause {
            Clause::Where => Some("WHERE"),
            Clause::On => Some("a join condition"),
            Clause::Group => Some("GROUP BY"),
            _ => None,
        }
    }

    /// E208 unless an aggregate may stand here; notes that the SELECT aggregates.
    pub(super) fn check_aggregate_place(&mut self, span: Span, what: &str) {
        let message = if let Some(clause) = self.clause_name() {
            format!("{what} may not stand in {clause}")
        } else if self.ctx.in_aggregate {
            format!("{what} may not stand inside another aggregate")
        } else {
            if let Some(scope) = self.scopes.last_mut() {
                scope.aggregate.get_or_insert(span);
            }
            return;
        };
        let mut finding = Diagnostic::new(code::E208, Loc::text(span), message);
        if self.ctx.clause == Clause::Where {
            finding = finding.help("move the condition to HAVING");
        }
        self.report(finding);
    }

    /// E208 unless a window function may stand here.
    pub(super) fn check_window_place(&mut self, span: Span) {
        let clause = match self.ctx.clause {
            Clause::Having => Some("HAVING"),
            _ => self.clause_name(),
        };
        let message = if let Some(clause) = clause {
            format!("a window function may not stand in {clause}")
        } else if self.ctx.in_aggregate {
            "a window function may not stand inside an aggregate".to_owned()
        } else if self.ctx.in_window {
            "a window function may not stand inside another".to_owned()
        } else {
            if let Some(scope) = self.scopes.last_mut() {
                scope.window = true;
            }
            return;
        };
        let mut finding = Diagnostic::new(code::E208, Loc::text(span), message);
        if matches!(self.ctx.clause, Clause::Where | Clause::Having) {
            finding = finding.help("move the condition to QUALIFY or filter outside a subquery");
        }
        self.report(finding);
    }

    /// E207.
    pub(super) fn report_ungrouped(&mut self, span: Span, name: &str) {
        let message = format!("column `{name}` is neither in GROUP BY nor inside an aggregate");
        let finding = Diagnostic::new(code::E207, Loc::text(span), message);
        self.report(finding.help(format!("add `{name}` to GROUP BY or aggregate it")));
    }
}
