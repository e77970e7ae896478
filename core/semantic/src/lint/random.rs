//! What gives another value at another time: clocks, random numbers, new identifiers, LIMIT without an order. In a
//! model that adds to its target a second run then does not repeat the first. Whether the model does is not known here, so these
//! findings are conditional.

use super::{Fact, Found, Query};
use crate::analyse::Resolved;
use crate::model::{Conditional, When};
use rocky_base::{Diagnostic, Loc, Span, code};
use rocky_syntax::ast::{Body, Call, ExprId, ExprKind, Path, SelectItem};

/// Another value for each row.
const RANDOM: [&str; 14] = [
    "random",
    "rand",
    "randn",
    "rand_bool",
    "uuid",
    "uuidv4",
    "uuidv7",
    "gen_random_uuid",
    "generate_uuid",
    "uuid_string",
    "randstr",
    "uniform",
    "normal",
    "zipf",
];

/// Another value for each run.
const CLOCK: [&str; 19] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "today",
    "getdate",
    "sysdate",
    "systimestamp",
    "sysdatetime",
    "localtimestamp",
    "localtime",
    "current_localtimestamp",
    "current_localtime",
    "get_current_timestamp",
    "get_current_time",
    "transaction_timestamp",
    "current_datetime",
    "unix_timestamp",
    "curdate",
];

#[derive(Copy, Clone, PartialEq, Eq)]
enum Kind {
    Random,
    Clock,
}

fn kind(name: &str, args: usize) -> Option<Kind> {
    let is = |list: &[&str]| list.iter().any(|w| name.eq_ignore_ascii_case(w));
    if is(&RANDOM) {
        Some(Kind::Random)
    } else if args <= 1 && is(&CLOCK) {
        // `unix_timestamp(x)` reads x.
        (args == 0 || !name.eq_ignore_ascii_case("unix_timestamp")).then_some(Kind::Clock)
    } else {
        None
    }
}

/// True when two evaluations of the same text may differ: it calls something random, or asks for a parameter by `?`.
pub(super) fn varies(query: &Query<'_>, root: ExprId) -> bool {
    query.subtree(root).any(|id| match &query.ast.expr(id).kind {
        ExprKind::Function(call) => {
            matches!(call.name.as_slice(), [name] if kind(&name.ident.text, call.args.len()) == Some(Kind::Random))
        }
        ExprKind::Parameter(_) => true,
        _ => false,
    })
}

/// `random()`, `now()`.
pub(super) fn call(query: &Query<'_>, id: ExprId, call: &Call, found: &mut Found<'_>) {
    if let [name] = call.name.as_slice()
        && let Some(kind) = kind(&name.ident.text, call.args.len())
    {
        note(query, id, &name.ident.text, kind, found);
    }
}

/// `current_date` without brackets.
pub(super) fn column(query: &Query<'_>, id: ExprId, path: &Path, found: &mut Found<'_>) {
    if let [name] = path.as_slice()
        && !name.ident.quoted
        && query.resolved(id) == Resolved::Nothing
        && query.fact(id).has(Fact::KNOWN)
        && let Some(kind) = kind(&name.ident.text, 0)
    {
        note(query, id, &name.ident.text, kind, found);
    }
}

fn note(query: &Query<'_>, id: ExprId, name: &str, kind: Kind, found: &mut Found<'_>) {
    let span = query.span(id);
    let finding = |message: String| {
        Diagnostic::new(code::W208, Loc::text(span), message)
            .help("take the value from the rows, or pass it with `@var(name)`")
    };
    if query.fact(id).has(Fact::IN_FILTER) {
        let message = format!("which rows are added depends on when the model runs: `{name}`");
        found.conditional.push(Conditional {
            when: When::Adds,
            diagnostic: finding(message),
        });
        return;
    }
    if kind == Kind::Random {
        let message = format!("`{name}` gives other values on each run: a run cannot be repeated");
        found.conditional.push(Conditional {
            when: When::Adds,
            diagnostic: finding(message),
        });
    } else if let Some((index, name_of)) = output(query, span) {
        let message = format!("`{name_of}` depends on when the model runs: `{name}`");
        found.conditional.push(Conditional {
            when: When::AddsBy(index),
            diagnostic: finding(message),
        });
    }
}

/// The output column whose expression has the span inside.
fn output<'q>(query: &'q Query<'_>, span: Span) -> Option<(u32, &'q str)> {
    let root = query.ast.query(query.ast.root?);
    let Body::Select(select) = &root.body else {
        return None;
    };
    let item = select.items.iter().find_map(|item| match item {
        SelectItem::Expr { expr, alias } if query.span(*expr).contains(span) => {
            Some(alias.as_ref().map_or(query.span(*expr), |a| a.span))
        }
        _ => None,
    })?;
    let index = query.columns.iter().position(|c| c.span == item)?;
    Some((index as u32, query.columns.get(index)?.name.as_str()))
}
