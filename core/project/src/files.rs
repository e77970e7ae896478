//! Files as sources: where their columns come from, and what is said when there are none.

use crate::snapshot::{Source, SourceSchema};
use rocky_base::{Diagnostic, Dialect, SmolStr, code};
use rocky_semantic::Analysis;
use rocky_warehouse::CatalogSnapshot;
use rocky_warehouse::catalog::FileFound;
use rocky_warehouse::relation::RelationKey;

/// The key of a file: its text, with its letter case, and no schema.
pub(crate) fn key(text: &str) -> RelationKey {
    RelationKey {
        catalog: SmolStr::default(),
        schema: SmolStr::default(),
        table: SmolStr::new(text),
    }
}

/// Whether a key is that of a file: a string, or a call.
pub(crate) fn is_file(key: &RelationKey) -> bool {
    let text = &key.table;
    key.schema.is_empty() && key.catalog.is_empty() && (text.contains('\'') || text.ends_with(')'))
}

/// The key of a declared source whose name is the text of a file item.
pub(crate) fn declared(text: &str, dialect: Dialect) -> Option<RelationKey> {
    let file =
        dialect == Dialect::DuckDb && text.contains(['\'', '(']) && rocky_semantic::file_call(text).is_some();
    file.then(|| key(text))
}

/// What was described, else what the function gives for every file; and why the file cannot be read. A description of files of this
/// machine is a fact: it is dropped as soon as they are others. That of a file elsewhere may be old.
pub(crate) fn seen(text: &str, catalog: Option<&CatalogSnapshot>) -> (SourceSchema, Option<SmolStr>) {
    let found = catalog.and_then(|c| Some((c.taken_at, &c.files.get(text)?.found)));
    let problem = match found {
        Some((at, FileFound::Columns(columns))) => {
            let columns = columns.as_slice().into();
            return match text.contains("://") {
                true => (SourceSchema::Seen(columns, at), None),
                false => (SourceSchema::Live(columns, at), None),
            };
        }
        Some((_, FileFound::Refused(why))) => Some(why.clone()),
        None => None,
    };
    match rocky_semantic::file_call(text).and_then(|call| call.columns) {
        Some(columns) => (
            SourceSchema::Declared(columns.into(), std::sync::Arc::default()),
            problem,
        ),
        None => (SourceSchema::Unknown, problem),
    }
}

/// A call that is wrong by itself was reported; that the engine refuses it is no news.
pub(crate) fn misused(analysis: &Analysis) -> bool {
    let of_calls = [code::E104, code::E200, code::E230];
    analysis.diagnostics.iter().any(|d| of_calls.contains(&d.code))
}

/// E231 for files that cannot be read, W104 for those of which nothing is known.
pub(crate) fn report(
    sources: &[Source],
    misused: &dyn Fn(u32) -> bool,
    name: &dyn Fn(u32) -> Option<SmolStr>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for source in sources.iter().filter(|s| s.file) {
        let text = &source.name.table.text;
        if let Some(why) = &source.problem {
            if !source.readers.iter().any(|r| misused(*r)) {
                let message = format!("{text} cannot be read: {why}");
                let finding = Diagnostic::new(code::E231, source.first_ref, message)
                    .help("Relative paths are relative to the folder of `rocky.toml`.");
                // With several readers it concerns every selection.
                diagnostics.push(match source.readers.as_slice() {
                    [one] => match name(*one) {
                        Some(model) => finding.in_model(model),
                        None => finding,
                    },
                    _ => finding,
                });
            }
        } else if source.schema == SourceSchema::Unknown {
            let message = format!("nothing is known of the columns of {text}");
            diagnostics.push(
                Diagnostic::new(code::W104, source.first_ref, message)
                    .label("this file was not described yet")
                    .help("Compile with `--refresh-sources missing`, or run `rocky discover`."),
            );
        }
    }
}
