//! What pipelines share that name their relations in `rocky.toml`.

use super::Prepared;
use crate::document::diagnostics;
use crate::project::Project;
use crate::reduce::Reduced;
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Files, Ident, Loc, Result, SmolStr, SourceFile, Span};
use rocky_config::TableRef;
use rocky_plan::Plan;
use rocky_project::configuration::CONFIG_FILE;
use rocky_warehouse::{CatalogSnapshot, RelationName, Warehouse};
use std::sync::Arc;

/// A relation by its whole name. An empty catalog or schema means the default one, and on DuckDB so does a catalog that is not attached.
pub(super) fn named(
    catalog: Option<&str>,
    schema: Option<&str>,
    table: &str,
    known: &CatalogSnapshot,
) -> RelationName {
    let dialect = known.dialect;
    let ident = |name: &str| (!name.is_empty()).then(|| Ident::from_config(dialect, name));
    let attached = |i: &Ident| {
        dialect != Dialect::DuckDb
            || known
                .complete_catalogs
                .contains(&i.key(dialect, IdentKind::Relation))
    };
    known.full_name(&RelationName {
        catalog: catalog.and_then(ident).filter(attached),
        schema: schema.and_then(ident),
        table: Ident::from_config(dialect, table),
    })
}

/// The relation of a table in `rocky.toml`.
pub(super) fn of_ref(table: &TableRef, known: &CatalogSnapshot) -> RelationName {
    let text = |part: &Option<rocky_config::Spanned<SmolStr>>| part.as_ref().map(|p| p.value.clone());
    named(
        text(&table.catalog).as_deref(),
        text(&table.schema).as_deref(),
        &text(&table.table).unwrap_or_default(),
        known,
    )
}

/// Where a table is named.
pub(super) fn place(table: &TableRef) -> Loc {
    let named = table.table.as_ref().or(table.schema.as_ref());
    named.map_or_else(|| Loc::new(CONFIG_FILE, Span::new(0, 0)), |t| t.loc)
}

impl Project {
    /// What was planned from `rocky.toml` and a catalogue alone.
    pub(super) fn prepared_of_config(
        &self,
        pipeline: &SmolStr,
        pipeline_type: &'static str,
        warehouse: Option<Arc<dyn Warehouse>>,
        planned: Result<Plan, Vec<Diagnostic>>,
        again: super::Again,
    ) -> Result<Prepared> {
        let (plan, found) = match planned {
            Ok(plan) => (Some(plan), Vec::new()),
            Err(found) => (None, found),
        };
        let mut files = Files::default();
        if !found.is_empty() {
            let text = self.configuration()?.file.source.text().to_string();
            let name = self.config_path().file_name().map(|n| n.to_string_lossy());
            let name = name.unwrap_or("rocky.toml".into()).into_owned();
            files.add(Arc::new(SourceFile::new(name, text)));
        }
        Ok(Prepared {
            pipeline: pipeline.clone(),
            pipeline_type,
            warehouse,
            has_errors: plan.is_none(),
            diagnostics: diagnostics(&found, &files),
            plan,
            again,
            snapshot: None,
            skip_unchanged: false,
            reduced: Reduced::default(),
            look: None,
            excluded: Vec::new(),
        })
    }
}
