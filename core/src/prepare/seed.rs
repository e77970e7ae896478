//! Seeds: read the folder, and plan a table for each file.

use super::{Prepared, relation};
use crate::adapters::Access;
use crate::project::{Project, Target, pipeline, target};
use crate::verbs::seed::SeedRequest;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Result, SmolStr, suggest};
use rocky_config::ProjectConfig;
use rocky_plan::seed::{Content, Seed, SeedSpec, content, plan};
use rocky_project::seed::{FOLDER, MAX_BYTES, SeedFile, default_catalog, list, read};
use rustc_hash::FxHashSet;

/// What runs of seeds are recorded as.
pub(crate) const RECORDED: &str = "seeds";
/// Tables at a time.
const CONCURRENCY: usize = 2;

/// What the document says of a seed.
pub(crate) struct SeedFacts {
    pub name: SmolStr,
    pub file: String,
    pub target: String,
    pub rows: u64,
    pub columns: u64,
}

pub(crate) fn prepare(
    project: &Project,
    config: &ProjectConfig,
    request: &SeedRequest,
    cancel: &CancelToken,
) -> Result<(Prepared, Vec<SeedFacts>)> {
    let target = warehouse(config, request.pipeline.as_deref())?;
    let Some(dialect) = target.adapter.dialect() else {
        return Err(Error::new(
            ErrorKind::Config,
            format!("adapter `{}` cannot hold tables", target.name),
        ));
    };
    let dir = request.seeds.as_deref().unwrap_or(FOLDER);
    let files = files(project, config, dir, request.filter.as_deref())?;
    let warehouse = project.open_warehouse(&target, Access::Write, cancel)?;
    let catalog = project.read_catalog(&target, warehouse.as_deref(), cancel)?;
    let parent = match request.pipeline.as_deref() {
        Some(name) => default_catalog(std::iter::once(pipeline(config, Some(name))?.1)),
        None => default_catalog(config.pipelines.values()),
    };
    let mut names: FxHashSet<SmolStr> = FxHashSet::default();
    let mut seeds = Vec::with_capacity(files.len());
    let mut facts = Vec::with_capacity(files.len());
    for file in files {
        cancel.check()?;
        let found = rows(project, &file, dialect);
        let wanted = file.target(parent.as_deref(), dialect);
        let text = |part: &Option<rocky_base::Ident>| part.as_ref().map(|i| i.text.clone());
        let target = relation::named(
            text(&wanted.catalog).as_deref(),
            text(&wanted.schema).as_deref(),
            &wanted.table.text,
            &catalog,
        );
        // `x.csv` beside `x.tsv`: the second goes by its whole name, and finds its table taken.
        let name = match names.insert(file.name.clone()) {
            true => file.name.clone(),
            false => file.file.clone(),
        };
        facts.push(SeedFacts {
            name: name.clone(),
            file: rocky_project::discover::shown(project.root(), &file.path).to_string(),
            target: target.display(),
            rows: found.as_ref().map_or(0, |c| c.rows),
            columns: found.as_ref().map_or(0, |c| c.columns.len() as u64),
        });
        seeds.push(Seed {
            name,
            target,
            content: found,
        });
    }
    let spec = SeedSpec {
        pipeline: RECORDED.into(),
        seeds,
        concurrency: CONCURRENCY,
    };
    let planned = plan(&spec, &catalog);
    let again = Box::new(move |catalog: &_| Ok(plan(&spec, catalog)));
    let prepared = project.prepared_of_config(&RECORDED.into(), "seed", warehouse, Ok(planned), again)?;
    Ok((prepared, facts))
}

/// The adapter that a pipeline writes to; without one, that of all of them.
fn warehouse<'c>(config: &'c ProjectConfig, named: Option<&str>) -> Result<Target<'c>> {
    if named.is_some() {
        return target(config, named);
    }
    let mut names: Vec<&SmolStr> = config
        .pipelines
        .values()
        .filter_map(|p| config.adapter(p.target_adapter()))
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => target(config, None),
        [only] => match config.adapters.get_key_value(*only) {
            Some((name, adapter)) => Ok(Target {
                name: name.clone(),
                adapter,
            }),
            None => target(config, None),
        },
        _ => {
            let all: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
            Err(Error::usage(format!(
                "the pipelines write to several adapters: {}",
                all.join(", ")
            ))
            .hint("name a pipeline of the one that is meant with `--pipeline`"))
        }
    }
}

fn files(
    project: &Project,
    config: &ProjectConfig,
    dir: &str,
    filter: Option<&str>,
) -> Result<Vec<SeedFile>> {
    let full = project.root().join(dir);
    let mut found = list(&*project.host.system, &full, config).map_err(|e| {
        let missing = e.kind() == std::io::ErrorKind::NotFound;
        let error = Error::io(full.display(), e);
        match missing {
            true => {
                error.hint("seeds are CSV files in the folder `seeds`; name another one with `--seeds DIR`")
            }
            false => error,
        }
    })?;
    if let Some(name) = filter {
        let near = suggest::nearest(name, found.iter().map(|f| f.name.as_str())).map(str::to_owned);
        found.retain(|f| f.name == name);
        if found.is_empty() {
            let error = Error::usage(format!("no seed `{name}` in `{dir}`"));
            return Err(match near {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        }
    }
    if found.is_empty() {
        return Err(Error::new(ErrorKind::NotFound, format!("no seeds in `{dir}`"))
            .hint("seeds are files that end with .csv or .tsv"));
    }
    Ok(found)
}

fn rows(project: &Project, file: &SeedFile, dialect: Dialect) -> Result<Content, String> {
    let system = &*project.host.system;
    let size = system.stamp(&file.path).map_or(0, |s| s.size);
    if size > MAX_BYTES {
        return Err(format!(
            "`{}` has more than {} MB, which is too large for a seed: load it with `rocky load`",
            file.file,
            MAX_BYTES >> 20
        ));
    }
    let bytes = system
        .read(&file.path)
        .map_err(|e| format!("`{}`: {e}", file.file))?;
    let text = String::from_utf8(bytes).map_err(|_| format!("`{}` is not UTF-8", file.file))?;
    read(&text, file, dialect)
        .and_then(|table| content(&table, dialect))
        .map_err(|why| format!("`{}`: {why}", file.file))
}
