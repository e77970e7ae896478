//! Files as sources: `FROM 'x.csv'`, `FROM read_csv('x.csv', header := true)`. Such an item is a relation whose name is its own
//! text; its columns depend on the files and come from whoever can look into them. Only calls whose arguments are all
//! written out are sources: what a column or a variable decides cannot be described on its own.

use crate::catalogue;
use crate::typing;
use rocky_base::{Dialect, SmolStr};
use rocky_syntax::ast::{Ast, BinaryOp, Body, Call, ExprId, ExprKind, FromKind, Literal};
use rocky_syntax::parser;
use rocky_warehouse::Column;
use smol_str::StrExt;

/// A file item, taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileCall {
    /// The function in lower case; empty for a path alone.
    pub function: SmolStr,
    /// The paths and patterns that it reads, as written.
    pub paths: Vec<SmolStr>,
    /// Its columns, where they do not depend on the files.
    pub columns: Option<Vec<Column>>,
}

/// Whether an expression in FROM is a call that is a source by itself.
pub(crate) fn is_source(ast: &Ast, call: ExprId, dialect: Dialect) -> bool {
    source_call(ast, call, dialect).is_some()
}

fn source_call(ast: &Ast, call: ExprId, dialect: Dialect) -> Option<&Call> {
    if dialect != Dialect::DuckDb {
        return None;
    }
    let ExprKind::Function(call) = &ast.expr(call).kind else {
        return None;
    };
    let [name] = call.name.as_slice() else {
        return None;
    };
    let known = catalogue::reads_files(&name.ident.text.to_lowercase_smolstr());
    let written = known
        && !call.args.is_empty()
        && call
            .args
            .iter()
            .all(|a| written_out(ast, argument(ast, a.value).1));
    written.then_some(call)
}

/// `header = true`, the older spelling of a named argument: its name and value.
fn argument(ast: &Ast, value: ExprId) -> (bool, ExprId) {
    match &ast.expr(value).kind {
        ExprKind::Binary {
            left,
            op: BinaryOp::Eq,
            right,
            ..
        } if matches!(&ast.expr(*left).kind, ExprKind::Column(path) if path.len() == 1) => (true, *right),
        _ => (false, value),
    }
}

/// Made of literals alone.
fn written_out(ast: &Ast, value: ExprId) -> bool {
    let mut work = vec![value];
    while let Some(next) = work.pop() {
        match &ast.expr(next).kind {
            ExprKind::Literal(_) => {}
            ExprKind::Unary { operand, .. } => work.push(*operand),
            ExprKind::Array(list) | ExprKind::Tuple(list) => work.extend(list),
            ExprKind::Struct(fields) => work.extend(fields.iter().map(|(_, e)| *e)),
            ExprKind::Map(pairs) => work.extend(pairs.iter().flat_map(|(k, v)| [*k, *v])),
            ExprKind::Cast { expr, .. } => work.push(*expr),
            ExprKind::Paren(inner) => work.push(*inner),
            _ => return false,
        }
    }
    true
}

/// Take the text of a file item apart; `None` for anything else.
pub fn file_call(text: &str) -> Option<FileCall> {
    let parsed = parser::parse(&format!("SELECT * FROM {text}"), Dialect::DuckDb);
    let ast = &parsed.ast;
    let Body::Select(select) = &ast.query(ast.root?).body else {
        return None;
    };
    let [from] = select.from.as_slice() else {
        return None;
    };
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    match &ast.from(*from).kind {
        FromKind::File {
            path, alias: None, ..
        } => Some(FileCall {
            function: SmolStr::default(),
            paths: vec![path.clone()],
            columns: None,
        }),
        FromKind::Function {
            call, alias: None, ..
        } => {
            let call = source_call(ast, *call, Dialect::DuckDb)?;
            let function = call.name.last()?.ident.text.to_lowercase_smolstr();
            let mut paths = Vec::new();
            if let Some(first) = call.args.first().filter(|a| a.name.is_none()) {
                let mut work = vec![first.value];
                while let Some(next) = work.pop() {
                    match &ast.expr(next).kind {
                        ExprKind::Literal(Literal::String(path)) => paths.push(path.clone()),
                        ExprKind::Array(list) => work.extend(list.iter().rev()),
                        ExprKind::Paren(inner) => work.push(*inner),
                        _ => {}
                    }
                }
            }
            let plain = |a: &rocky_syntax::ast::Arg| a.name.is_none() && !argument(ast, a.value).0;
            let columns = match call.args.iter().all(plain) {
                true => typing::file_columns(&function),
                false => None,
            };
            Some(FileCall {
                function,
                paths,
                columns,
            })
        }
        _ => None,
    }
}

/// Endings of names that DuckDB takes for files when there is no such table.
static ENDINGS: &[&str] = &[
    "csv", "tsv", "parquet", "json", "jsonl", "ndjson", "gz", "zst", "arrow", "xlsx",
];

/// Whether the last part of a name may be that of a file: DuckDB takes `"data/x.csv"` and `x.csv` for one when there is no
/// such table.
pub fn looks_like_file(last: &str) -> bool {
    let ending = last.rsplit('.').next().unwrap_or(last);
    ENDINGS.iter().any(|e| e.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_apart() {
        let call =
            |text: &str| file_call(text).map(|c| (c.function.to_string(), c.paths, c.columns.is_some()));
        assert_eq!(
            call("'a.csv'"),
            Some((String::new(), vec!["a.csv".into()], false))
        );
        assert_eq!(
            call("READ_csv(['a', 'b'], header = true)"),
            Some(("read_csv".into(), vec!["a".into(), "b".into()], false))
        );
        assert_eq!(
            call("read_text('x')"),
            Some(("read_text".into(), vec!["x".into()], true))
        );
        assert_eq!(call("glob('x', filename := true)").map(|c| c.2), Some(false));
        for none in [
            "orders",
            "range(3)",
            "read_csv(x)",
            "read_csv(getvariable('x'))",
            "read_csv()",
            "'a' b",
            "(",
            "'a', 'b'",
        ] {
            assert_eq!(call(none), None, "{none}");
        }
    }
}
