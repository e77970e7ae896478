//! Quality pipelines: read which tables there are, and plan their checks.

use super::{Prepared, Wanted};
use crate::adapters::Access;
use crate::document::diagnostics;
use crate::project::{Project, target};
use crate::reduce::{LeftOut, Reduced};
use rocky_base::ident::IdentKind;
use rocky_base::{
    CancelToken, Dialect, Error, ErrorKind, FileId, Files, Ident, Observer, Result, SmolStr, SourceFile,
};
use rocky_config::{ChecksConfig, Concurrency, PipelineKind, ProjectConfig};
use rocky_plan::checks::quality::Quality;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, RelationName};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::sync::Arc;

/// Tables at a time where the configuration does not say.
const CONCURRENCY: usize = 4;

pub(super) fn prepare(
    project: &Project,
    wanted: &Wanted<'_>,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<Prepared> {
    let (config, name) = (wanted.config, &wanted.pipeline);
    let Some(pipeline) = config.pipelines.get(name) else {
        return Err(Error::bug("a quality pipeline is not in its configuration"));
    };
    let PipelineKind::Quality(quality) = &pipeline.kind else {
        return Err(Error::bug("a quality pipeline is of another type"));
    };
    let target = target(config, Some(name))?;
    // Nothing is written: the database is opened like for a look.
    let warehouse = project.open_warehouse(&target, Access::Read, cancel)?;
    if warehouse.is_none() {
        return Err(Error::new(
            ErrorKind::NotFound,
            format!("the database of adapter `{}` does not exist", target.name),
        )
        .hint("run the pipelines that write the tables first"));
    }
    let catalog = project.read_catalog(&target, warehouse.as_deref(), cancel)?;
    let none = ChecksConfig::none();
    let shadows = &wanted.request.shadow_inputs;
    let catalog = crate::shadow::staged(&catalog, shadows);
    let key = |name: &RelationName| catalog.full_name(name).key(catalog.dialect);
    let by_key: FxHashMap<RelationKey, &RelationName> =
        shadows.iter().map(|(of, shadow)| (key(of), shadow)).collect();
    let left_out = RefCell::new(Vec::new());
    let place = |table: &RelationName| {
        let found = by_key.get(&key(table)).map(|shadow| (*shadow).clone());
        if found.is_none() {
            left_out.borrow_mut().push(without_shadow(table));
        }
        found
    };
    let checks = pipeline.checks.as_ref().unwrap_or(&none);
    let declared = match checks.column_match.enabled {
        true => declared(project, wanted, &catalog, observer, cancel)?,
        false => FxHashMap::default(),
    };
    let expected = |name: &RelationName| declared.get(&name.key(catalog.dialect)).cloned();
    let concurrency = match (wanted.request.concurrency, pipeline.execution.concurrency) {
        (Some(n), _) => n as usize,
        (None, Some(Concurrency::Fixed(n))) => n.get() as usize,
        (None, Some(Concurrency::Adaptive) | None) => CONCURRENCY,
    };
    let planned = Quality {
        pipeline: name.clone(),
        config: quality,
        checks,
        catalog: &catalog,
        expected: &expected,
        place: wanted.request.shadow.then_some(&place),
        concurrency,
        fail_fast: pipeline.execution.fail_fast,
    }
    .plan();
    let (plan, found) = match planned {
        Ok(plan) => (Some(plan), Vec::new()),
        Err(problems) => {
            let mut files = Files::default();
            let text = project
                .host
                .system
                .read(project.config_path())
                .unwrap_or_default();
            let shown = rocky_project::discover::shown(project.root(), project.config_path());
            let text = String::from_utf8_lossy(&text).into_owned();
            files.add(Arc::new(SourceFile::new(shown, text)));
            (None, diagnostics(&problems, &files))
        }
    };
    Ok(Prepared {
        excluded: Vec::new(),
        pipeline: name.clone(),
        pipeline_type: "quality",
        warehouse,
        has_errors: plan.is_none(),
        diagnostics: found,
        plan,
        again: Box::new(|_| Err(Vec::new())),
        snapshot: None,
        skip_unchanged: false,
        reduced: Reduced {
            left_out: left_out.take(),
            ..Reduced::default()
        },
        look: None,
    })
}

/// A table that a shadow run does not check.
fn without_shadow(table: &RelationName) -> LeftOut {
    let parts: Vec<SmolStr> = table.parts().map(|p| p.text.clone()).collect();
    LeftOut {
        name: SmolStr::new(parts.join(".")),
        asset_key: parts,
        reason: "it has no shadow in this run".to_owned(),
    }
}

type Names = Vec<SmolStr>;

/// The columns of all tables that something says the columns of: models, then declarations, then `schema.lock`.
fn declared(
    project: &Project,
    wanted: &Wanted<'_>,
    catalog: &CatalogSnapshot,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<FxHashMap<RelationKey, Names>> {
    let dialect = catalog.dialect;
    let mut found = FxHashMap::default();
    let full = |parts: [Option<&str>; 3]| {
        let ident = |p: Option<&str>| p.map(|p| Ident::from_config(dialect, p));
        let [catalog_part, schema, table] = parts;
        let name = RelationName {
            catalog: ident(catalog_part).filter(|c| known(catalog, dialect, c)),
            schema: ident(schema),
            table: Ident::from_config(dialect, table.unwrap_or_default()),
        };
        catalog.full_name(&name).key(dialect)
    };
    let path = project.root().join("schema.lock");
    if let Ok(bytes) = project.host.system.read(&path)
        && let Ok(text) = String::from_utf8(bytes)
    {
        for relation in rocky_config::parse_lock(FileId(0), &text).value.relations {
            let key = full([
                relation.catalog.as_deref(),
                relation.schema.as_deref(),
                Some(&relation.table.value),
            ]);
            found.insert(key, relation.columns.into_iter().map(|c| c.name.value).collect());
        }
    }
    for source in &wanted.config.sources {
        let part = |p: &Option<rocky_config::Spanned<SmolStr>>| p.as_ref().map(|p| p.value.clone());
        if let Some(columns) = &source.columns {
            let (c, s) = (part(&source.catalog), part(&source.schema));
            let key = full([c.as_deref(), s.as_deref(), Some(&source.table.value)]);
            found.insert(key, columns.iter().map(|c| c.name.value.clone()).collect());
        }
    }
    if has_models(wanted.config) {
        let input = rocky_project::CatalogInput {
            snapshot: Arc::new(catalog.clone()),
            fresh: true,
        };
        let snapshot = project.snapshot(&wanted.request.vars, Some(input), observer, cancel)?;
        for model in snapshot.models.iter().filter(|m| m.complete()) {
            let key = catalog.full_name(&model.target).key(dialect);
            let names = model.schema().columns.iter().map(|c| c.name.clone()).collect();
            found.insert(key, names);
        }
    }
    Ok(found)
}

fn has_models(config: &ProjectConfig) -> bool {
    let mut pipelines = config.pipelines.values();
    pipelines.any(|p| matches!(p.kind, PipelineKind::Transformation(_)))
}

/// On DuckDB a catalog that is not attached means the default one.
fn known(snapshot: &CatalogSnapshot, dialect: Dialect, catalog: &Ident) -> bool {
    let key = catalog.key(dialect, IdentKind::Relation);
    !catalog.text.is_empty()
        && (dialect != Dialect::DuckDb || snapshot.schemas.iter().any(|(c, _)| *c == key))
}
