//! Which columns a statement names. Inserts are by name: the query's columns where they are all known, else the target's.
//!
//! A column of the query that an existing target lacks is an error of the plan; a column of the target that the query no
//! longer gives is left out and stays NULL in new rows. Differences of type are the engine's to accept or refuse.

use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code};
use rocky_config::Spanned;
use rocky_project::Model;
use rocky_warehouse::Column;
use rustc_hash::FxHashSet;

/// What a relation is called in a statement with subqueries: `short`, or `long` where a column is called so, which would be nearer in a
/// subquery than the alias outside of it.
pub(crate) fn alias<'n>(
    short: &'static str,
    long: &'static str,
    mut columns: impl Iterator<Item = &'n SmolStr>,
) -> &'static str {
    match columns.any(|name| name.eq_ignore_ascii_case(short)) {
        true => long,
        false => short,
    }
}

/// The columns that the query and the target share.
#[derive(Debug)]
pub(crate) struct Columns {
    dialect: Dialect,
    /// Spellings, in order of the query (of the target where the query's are not known).
    names: Vec<SmolStr>,
    /// The target's columns that the query does not give.
    pub(crate) left_out: Vec<SmolStr>,
}

impl Columns {
    /// [`alias`] where the columns can be seen in a subquery.
    pub(crate) fn alias(&self, short: &'static str, long: &'static str) -> &'static str {
        alias(short, long, self.names.iter())
    }

    /// The columns of the query alone; `None` when they are not all known.
    pub(crate) fn of_query(model: &Model, dialect: Dialect) -> Option<Columns> {
        let names = || model.own_columns().iter().map(|c| c.name.clone()).collect();
        model.complete().then(|| Columns {
            dialect,
            names: names(),
            left_out: Vec::new(),
        })
    }

    /// The columns to write into an existing target.
    pub(crate) fn into_target(
        model: &Model,
        target: &[Column],
        dialect: Dialect,
    ) -> Result<Columns, Box<Diagnostic>> {
        let query = Columns::of_query(model, dialect);
        let existing = || target.iter().map(|c| c.name.clone()).collect();
        let Some(mut columns) = query else {
            if target.is_empty() {
                let message = format!(
                    "columns of `{}` are not known, neither from its query nor from its target",
                    model.name
                );
                return Err(Box::new(
                    Diagnostic::new(code::E303, model.name_loc, message)
                        .help("Declare the sources of the query under `[[sources]]` with their columns."),
                ));
            }
            return Ok(Columns {
                dialect,
                names: existing(),
                left_out: Vec::new(),
            });
        };
        if target.is_empty() {
            return Ok(columns);
        }
        let key = |name: &SmolStr| dialect.fold(name, true, IdentKind::Column);
        let in_target: FxHashSet<SmolStr> = target.iter().map(|c| key(&c.name)).collect();
        let missing: Vec<&SmolStr> = columns
            .names
            .iter()
            .filter(|c| !in_target.contains(&key(c)))
            .collect();
        if !missing.is_empty() {
            let what = if missing.len() == 1 { "column" } else { "columns" };
            let target = model.target.display();
            let message = format!(
                "target `{target}` has no {what} {}, which `{}` gives",
                list(&missing),
                model.name
            );
            return Err(Box::new(
                Diagnostic::new(code::E303, model.strategy_loc, message)
                    .label(format!(
                        "{} keeps the columns of its table",
                        model.strategy.kind.as_str()
                    ))
                    .help("Run with `--full-refresh` to rebuild the table, or add the column to it."),
            ));
        }
        let in_query: FxHashSet<SmolStr> = columns.names.iter().map(key).collect();
        columns.left_out = target
            .iter()
            .map(|c| c.name.clone())
            .filter(|c| !in_query.contains(&key(c)))
            .collect();
        Ok(columns)
    }

    /// The column that a name from the configuration means.
    pub(crate) fn find(&self, name: &str) -> Option<&SmolStr> {
        let key = |n: &str| self.dialect.fold(n, true, IdentKind::Column);
        // A name from TOML counts as unquoted: on Snowflake it is folded to upper case.
        let wanted = [key(name), self.dialect.fold(name, false, IdentKind::Column)];
        wanted
            .iter()
            .find_map(|w| self.names.iter().find(|c| key(c) == *w))
    }

    /// Printed names, in order.
    pub(crate) fn printed(&self) -> Vec<String> {
        self.names.iter().map(|n| print(self.dialect, n)).collect()
    }

    /// `a, b, c`.
    pub(crate) fn list(&self) -> String {
        self.printed().join(", ")
    }

    /// `; columns … are left out`, or nothing.
    pub(crate) fn remark(&self) -> String {
        let names: Vec<&SmolStr> = self.left_out.iter().collect();
        match names.as_slice() {
            [] => String::new(),
            [_] => format!(
                "; its column {} is not in the query and stays NULL in new rows",
                list(&names)
            ),
            _ => format!(
                "; its columns {} are not in the query and stay NULL in new rows",
                list(&names)
            ),
        }
    }
}

/// A column name as the warehouse or the analysis spells it, as SQL.
pub(crate) fn print(dialect: Dialect, name: &str) -> String {
    Ident::quoted(name).print(dialect)
}

/// Columns of the strategy as SQL, without repetitions; an error for one that is not among `columns`.
pub(crate) fn strategy_columns(
    model: &Model,
    what: &str,
    wanted: &[Spanned<SmolStr>],
    columns: Option<&Columns>,
    dialect: Dialect,
) -> Result<Vec<String>, Box<Diagnostic>> {
    let mut printed = Vec::with_capacity(wanted.len());
    for name in wanted {
        let text = strategy_column(model, what, name, columns, dialect)?;
        if !printed.contains(&text) {
            printed.push(text);
        }
    }
    Ok(printed)
}

/// One column of the strategy as SQL.
pub(crate) fn strategy_column(
    model: &Model,
    what: &str,
    wanted: &Spanned<SmolStr>,
    columns: Option<&Columns>,
    dialect: Dialect,
) -> Result<String, Box<Diagnostic>> {
    let Some(columns) = columns else {
        return Ok(Ident::from_config(dialect, &wanted.value).print(dialect));
    };
    match columns.find(&wanted.value) {
        Some(name) => Ok(print(dialect, name)),
        None => Err(Box::new(not_in_output(model, what, wanted.loc, wanted.shown()))),
    }
}

fn not_in_output(model: &Model, what: &str, loc: Loc, shown: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(
        code::E301,
        loc,
        format!("{what} `{shown}` is not in the output of `{}`", model.name),
    )
    .help("Add the column to the query, or name one of its columns.")
}

fn list(names: &[&SmolStr]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
