//! A model's output against its contract. Findings point at the contract's line, with a note at the model's column.
//!
//! Only what is proved is held against a model: of an output that is not known whole nothing is missing, an unknown type
//! breaks nothing. A column has one finding for each thing that is wrong with it, whatever number of rules name it.

use crate::check::with_suggestion;
use crate::load::LoadedModel;
use crate::snapshot::Contract;
use crate::unit::Unit;
use rocky_base::ident::IdentKind;
use rocky_base::{Code, Diagnostic, Dialect, Ident, Loc, SmolStr, code, suggest};
use rocky_config::{AllowedTypeChanges, ContractColumn, Spanned};
use rocky_semantic::{Analysis, OutputColumn};
use rocky_warehouse::types::{TypePattern, Widening, widening};
use rustc_hash::FxHashMap;

/// Columns that one finding names.
const NAMED: usize = 5;

/// A contract whose name is no model's.
pub(crate) fn of_no_model<'a>(name: &str, loc: Loc, models: impl Iterator<Item = &'a str>) -> Diagnostic {
    let mut message = format!("contract for unknown model `{name}`");
    if let Some(near) = suggest::nearest(name, models) {
        message.push_str(&format!("; did you mean `{near}`?"));
    }
    Diagnostic::new(code::W011, loc, message).help("Rename the contract after a model, or remove it.")
}

/// Compare a model's output with its contract.
pub(crate) fn check(
    model: &LoadedModel,
    unit: &Unit,
    contract: &Contract,
    analysis: &Analysis,
    dialect: Dialect,
    out: &mut Vec<Diagnostic>,
) {
    let exact = |name: &str| dialect.fold(name, true, IdentKind::Column);
    let columns = analysis.columns.iter().map(|c| (exact(&c.name), c));
    let mut check = Check {
        model,
        unit,
        contract,
        analysis,
        dialect,
        // The first of two columns of one name; the clash is a finding of the query.
        columns: columns.rev().collect(),
        changes: Vec::new(),
        out,
    };
    check.allowed_changes();
    check.missing();
    check.columns();
    check.new_nullable();
}

struct Check<'a> {
    model: &'a LoadedModel,
    unit: &'a Unit,
    contract: &'a Contract,
    analysis: &'a Analysis,
    dialect: Dialect,
    columns: FxHashMap<SmolStr, &'a OutputColumn>,
    /// Allowed changes that could be read.
    changes: Vec<(TypePattern, TypePattern)>,
    out: &'a mut Vec<Diagnostic>,
}

impl<'a> Check<'a> {
    /// A name of the contract as the output may spell it: as it is, else as the warehouse stores a bare name.
    fn find(&self, name: &str) -> Option<&'a OutputColumn> {
        let as_is = self.dialect.fold(name, true, IdentKind::Column);
        let bare = || self.dialect.fold(name, false, IdentKind::Column);
        let found = self.columns.get(&as_is).or_else(|| self.columns.get(&bare()));
        found.copied()
    }

    /// Under which two names of the contract are one column.
    fn key(&self, name: &str) -> SmolStr {
        match self.find(name) {
            Some(column) => self.dialect.fold(&column.name, true, IdentKind::Column),
            None => Ident::from_config(self.dialect, name).key(self.dialect, IdentKind::Column),
        }
    }

    fn place(&self, column: &OutputColumn) -> Loc {
        self.unit.origin().locate(column.span)
    }

    fn pattern(&mut self, written: &Spanned<SmolStr>) -> Option<TypePattern> {
        let pattern = TypePattern::parse(self.dialect, &written.value);
        if pattern.is_none() {
            let mut message = format!("unknown type `{}`", written.shown());
            if let Some(near) = TypePattern::suggest(self.dialect, &written.value)
                && !written.from_env
            {
                message.push_str(&format!("; did you mean `{near}`?"));
            }
            let help = format!(
                "Write the type as {} spells it, or a neutral name such as Int64.",
                self.dialect
            );
            self.out
                .push(Diagnostic::new(code::E206, written.loc, message).help(help));
        }
        pattern
    }

    fn allowed_changes(&mut self) {
        let AllowedTypeChanges::Pairs(pairs) = &self.contract.config.rules.allowed_type_changes else {
            return;
        };
        for pair in pairs {
            let (from, to) = (self.pattern(&pair.from), self.pattern(&pair.to));
            let (Some(from), Some(to)) = (from, to) else {
                continue;
            };
            if let (TypePattern::Exact(a), TypePattern::Exact(b)) = (&from, &to)
                && widening(self.dialect, a, b) == Widening::Narrowing
            {
                let message = format!(
                    "{} does not hold every value of {}",
                    pair.to.shown(),
                    pair.from.shown()
                );
                self.out.push(
                    Diagnostic::new(code::W313, pair.to.loc, message)
                        .label("a column of this type may have lost values")
                        .help("Allow changes to wider types only."),
                );
            }
            self.changes.push((from, to));
        }
    }

    /// Rules that name columns: E010 before E013, and one finding for a column that both name.
    fn missing(&mut self) {
        let rules = &self.contract.config.rules;
        // Without a whole picture of the output nothing can be said to be missing.
        let whole = self.analysis.complete && !self.unit.broken();
        let mut named: FxHashMap<SmolStr, ()> = FxHashMap::default();
        for (list, rule, code, help) in [
            (
                &rules.required,
                "required",
                code::E010,
                "Add it to the query, or take it off `required`.",
            ),
            (
                &rules.protected,
                "protected",
                code::E013,
                "Restore it, or take it off `protected`.",
            ),
        ] {
            let mut first: FxHashMap<SmolStr, Loc> = FxHashMap::default();
            for column in list {
                let key = self.key(&column.value);
                if let Some(before) = first.insert(key.clone(), column.loc) {
                    let message = format!("column `{}` is in `{rule}` twice", column.shown());
                    self.out.push(
                        Diagnostic::new(code::W311, column.loc, message)
                            .note(before, "here first")
                            .help("Remove one."),
                    );
                    continue;
                }
                if whole && self.find(&column.value).is_none() && named.insert(key, ()).is_none() {
                    self.absent(column, rule, code, help);
                }
            }
        }
        let mut first: FxHashMap<SmolStr, &Spanned<SmolStr>> = FxHashMap::default();
        for column in &self.contract.config.columns {
            let key = self.key(&column.name.value);
            match first.get(&key) {
                // The same text twice was found when the file was read.
                Some(before) if before.value == column.name.value => {}
                Some(before) => {
                    let message = format!(
                        "column `{}` is declared twice: {} reads it as `{}`",
                        column.name.shown(),
                        self.dialect,
                        before.shown()
                    );
                    self.out.push(
                        Diagnostic::new(code::E417, column.name.loc, message)
                            .note(before.loc, "declared here first")
                            .help("Remove one."),
                    );
                }
                None => {
                    if whole && self.find(&column.name.value).is_none() && !named.contains_key(&key) {
                        let help = "Add it to the query, or take it out of the contract.";
                        self.absent(&column.name, "contract", code::W010, help);
                    }
                    first.insert(key, &column.name);
                }
            }
        }
    }

    fn absent(&mut self, column: &Spanned<SmolStr>, what: &str, code: Code, help: &str) {
        let message = format!(
            "{what} column `{}` is not in the output of `{}`",
            column.shown(),
            self.model.name
        );
        let message = with_suggestion(message, &column.value, self.analysis);
        self.out
            .push(Diagnostic::new(code, column.loc, message).help(help));
    }

    /// Types and nullability of the listed columns.
    fn columns(&mut self) {
        let mut seen: FxHashMap<SmolStr, ()> = FxHashMap::default();
        for column in &self.contract.config.columns {
            if seen.insert(self.key(&column.name.value), ()).is_some() {
                continue;
            }
            let pattern = column.r#type.as_ref().and_then(|t| Some((t, self.pattern(t)?)));
            let Some(actual) = self.find(&column.name.value) else {
                continue;
            };
            if let Some((written, pattern)) = pattern
                && !actual.ty.has_unknown()
            {
                self.type_of(actual, written, &pattern);
            }
            self.nullability(column, actual);
        }
    }

    fn type_of(&mut self, actual: &OutputColumn, written: &Spanned<SmolStr>, pattern: &TypePattern) {
        let fits = pattern.matches(&actual.ty);
        if (fits && !pattern.is_exceeded(&actual.ty)) || self.may_become(pattern, actual) {
            return;
        }
        let found = actual.ty.print(self.dialect);
        let shown = written.shown();
        let here = self.place(actual);
        if fits {
            let message = format!(
                "contract of `{}`: column `{}` is {found}, wider than {shown}",
                self.model.name, actual.name
            );
            self.out.push(
                Diagnostic::new(code::W310, written.loc, message)
                    .note(here, format!("{found} here"))
                    .help("Cast the column, or name the wider type in the contract."),
            );
            return;
        }
        let message = format!(
            "contract of `{}`: column `{}` is {found}, expected {shown}",
            self.model.name, actual.name
        );
        let mut finding =
            Diagnostic::new(code::E011, written.loc, message).note(here, format!("{found} here"));
        let change = match pattern {
            TypePattern::Exact(wanted) => widening(self.dialect, wanted, &actual.ty),
            _ => Widening::Unknown,
        };
        finding = match change {
            Widening::Safe => finding.label(format!("{found} holds every {shown}")).help(format!(
                "Cast the column, change the contract, or allow it: `allowed_type_changes = [{{ from = \"{shown}\", to = \
                 \"{found}\" }}]`."
            )),
            Widening::Narrowing => finding
                .label(format!("{found} does not hold every {shown}"))
                .help("Cast the column, or change the contract."),
            _ => finding.help("Cast the column, or change the contract."),
        };
        self.out.push(finding);
    }

    /// Do the rules allow the column's type in place of the contract's?
    fn may_become(&self, pattern: &TypePattern, actual: &OutputColumn) -> bool {
        match &self.contract.config.rules.allowed_type_changes {
            AllowedTypeChanges::Nothing => false,
            AllowedTypeChanges::Widening => match pattern {
                TypePattern::Exact(wanted) => widening(self.dialect, wanted, &actual.ty) == Widening::Safe,
                _ => pattern.is_exceeded(&actual.ty),
            },
            AllowedTypeChanges::Pairs(_) => self
                .changes
                .iter()
                .any(|(from, to)| from == pattern && to.matches(&actual.ty) && !to.is_exceeded(&actual.ty)),
        }
    }

    fn nullability(&mut self, column: &ContractColumn, actual: &OutputColumn) {
        let Some(denied) = column.nullable.as_ref().filter(|n| !n.value) else {
            return;
        };
        if actual.nullable && !actual.ty.is_unknown() {
            let message = format!(
                "contract of `{}`: column `{}` may be NULL",
                self.model.name, actual.name
            );
            let here = self.place(actual);
            self.out.push(
                Diagnostic::new(code::E012, denied.loc, message)
                    .note(here, "may be NULL here")
                    .help("Filter NULLs out, use COALESCE, or allow NULL in the contract."),
            );
        }
    }

    /// `no_new_nullable`: the contract lists the columns that there were; every other one must not be NULL.
    fn new_nullable(&mut self) {
        let Some(rule) = self.contract.config.rules.no_new_nullable else {
            return;
        };
        if self.contract.config.columns.is_empty() {
            let message = "`no_new_nullable` has no columns to compare with";
            self.out.push(
                Diagnostic::new(code::W312, rule, message)
                    .label("the contract lists none, so every column would be new")
                    .help("List the columns there are under `[[columns]]`, or remove the rule."),
            );
            return;
        }
        let listed: FxHashMap<SmolStr, ()> = self
            .contract
            .config
            .columns
            .iter()
            .map(|c| (self.key(&c.name.value), ()))
            .collect();
        let new: Vec<&OutputColumn> = self
            .analysis
            .columns
            .iter()
            .filter(|c| c.nullable && !c.ty.is_unknown())
            .filter(|c| !listed.contains_key(&self.dialect.fold(&c.name, true, IdentKind::Column)))
            .collect();
        let Some((first, rest)) = new.split_first() else {
            return;
        };
        let message = match rest.len() {
            0 => format!(
                "contract of `{}`: new column `{}` may be NULL",
                self.model.name, first.name
            ),
            more => format!(
                "contract of `{}`: new column `{}` and {more} more may be NULL",
                self.model.name, first.name
            ),
        };
        let mut finding = Diagnostic::new(code::E310, rule, message)
            .help("Filter NULLs out, use COALESCE, or list the column in the contract.");
        for column in new.iter().take(NAMED) {
            finding = finding.note(self.place(column), format!("`{}` may be NULL", column.name));
        }
        self.out.push(finding);
    }
}
