//! From loaded models to a graph: targets, name table, references to models and sources, dependencies, cycles.

use crate::load::LoadedModel;
use crate::names::{Defaults, Meaning, NameTable};
use crate::snapshot::{InputRelation, Source, SourceSchema};
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, code, suggest};
use rocky_config::{ProjectConfig, SourceDecl, StrategyConfig, StrategyKind};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, Column, RelationName, Type};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A model's place in the graph.
#[derive(Debug)]
pub struct Linked {
    /// Physical target; parts that mean the default are absent.
    pub target: RelationName,
    /// Catalog, schema, table for documents.
    pub target_parts: [SmolStr; 3],
    /// Strategy.
    pub strategy: StrategyConfig,
    /// Where it is given.
    pub strategy_loc: Loc,
    /// Distinct relations it reads.
    pub inputs: Vec<InputRelation>,
    /// For each reference: index in `inputs`.
    pub ref_inputs: Vec<u32>,
    /// Models it depends on, sorted.
    pub depends_on: Vec<u32>,
    /// The references behind the edges, for cycles: (model, place).
    pub edges: Vec<(u32, Loc)>,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// The result.
pub struct Links {
    /// In order of models.
    pub models: Vec<Linked>,
    /// The name table.
    pub names: NameTable,
    /// Sources, sorted.
    pub sources: Vec<Source>,
    /// Findings that belong to no model.
    pub diagnostics: Vec<Diagnostic>,
}

/// What is known of the warehouse.
pub struct Known<'a> {
    /// A catalogue snapshot.
    pub catalog: Option<&'a CatalogSnapshot>,
    /// It was read now: what it proves absent is absent.
    pub fresh: bool,
    /// Columns that the caller gives, before everything else that is known.
    pub given: &'a [GivenSource],
}

/// Columns of a source as the caller gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenSource {
    /// Its name, catalog and schema perhaps left out.
    pub name: RelationName,
    /// Its columns.
    pub columns: Arc<[Column]>,
}

/// Whether a strategy reads its own existing target.
pub fn reads_own_target(kind: &StrategyKind) -> bool {
    matches!(
        kind,
        StrategyKind::Incremental { .. }
            | StrategyKind::Merge { .. }
            | StrategyKind::DeleteInsert { .. }
            | StrategyKind::TimeInterval { .. }
            | StrategyKind::Microbatch { .. }
    )
}

/// The defaults for names.
pub fn defaults(
    dialect: Dialect,
    config: &ProjectConfig,
    adapter: Option<&str>,
    catalog: Option<&CatalogSnapshot>,
) -> Defaults {
    let adapter = adapter.and_then(|name| config.adapters.get(name));
    let ident = |text: &SmolStr| Ident::from_config(dialect, text);
    let mut defaults = Defaults {
        catalog: adapter.and_then(|a| a.default_catalog()).map(|c| ident(&c.value)),
        schema: adapter.and_then(|a| a.default_schema()).map(|s| ident(&s.value)),
    };
    if dialect == Dialect::DuckDb {
        if let Some(rocky_config::AdapterSettings::DuckDb { path }) = adapter.map(|a| &a.settings) {
            // DuckDB names a database after its file; `:memory:` is `memory`.
            let stem = path.as_ref().filter(|p| p.value != ":memory:").and_then(|p| {
                let file = p.value.rsplit(['/', '\\']).next().unwrap_or("");
                let stem = file.split('.').next().unwrap_or(file);
                (!stem.is_empty()).then(|| Ident::quoted(stem))
            });
            defaults.catalog = Some(stem.unwrap_or_else(|| Ident::bare("memory")));
        }
        defaults.schema = Some(Ident::bare("main"));
    }
    if let Some(snapshot) = catalog {
        defaults.catalog = snapshot.default_catalog.clone().or(defaults.catalog);
        defaults.schema = snapshot.default_schema.clone().or(defaults.schema);
    }
    defaults
}

/// Link the models. They must be sorted by name, then by path.
pub fn link(
    models: &[LoadedModel],
    config: &ProjectConfig,
    dialect: Dialect,
    defaults: Defaults,
    known: &Known<'_>,
) -> Links {
    let mut linker = Linker {
        dialect,
        names: NameTable::new(
            dialect,
            defaults.clone(),
            attached(dialect, &defaults, known.catalog),
        ),
        defaults,
        diagnostics: Vec::new(),
        unattached: BTreeMap::new(),
    };
    let mut linked: Vec<Linked> = models.iter().map(|m| linker.target(m)).collect();
    for (id, model) in models.iter().enumerate() {
        if let Err(first) = linker.names.add_name(&model.name, id as u32) {
            let first = &models[first as usize];
            let finding = Diagnostic::new(
                code::E105,
                model.name_loc,
                format!("model `{}` is defined twice", model.name),
            )
            .note(first.name_loc, "first defined here")
            .help("Rename one: set `name` in its sidecar.");
            linked[id].diagnostics.push(finding);
        }
    }
    for id in 0..models.len() {
        if matches!(linked[id].strategy.kind, StrategyKind::Ephemeral) {
            continue;
        }
        let target = linked[id].target.clone();
        if let Err(first) = linker.names.add_target(&target, id as u32) {
            // Two models of one name have one target for that reason; it is said once.
            if linker
                .names
                .same_name(&models[first as usize].name, &models[id].name)
            {
                continue;
            }
            let loc = models[id]
                .config
                .target
                .table
                .as_ref()
                .map_or(models[id].name_loc, |t| t.loc);
            let message = format!(
                "models `{}` and `{}` have one target `{}`",
                models[first as usize].name,
                models[id].name,
                linker.names.full(&target).display()
            );
            let finding = Diagnostic::new(code::E036, loc, message)
                .note(models[first as usize].name_loc, "the other model")
                .help("Give one of them another `target.table` or `target.schema`.");
            linked[id].diagnostics.push(finding);
        }
    }
    let (mut sources, by_key) = linker.sources(models, &mut linked);
    linker.declared(models, config, &by_key, &mut sources);
    linker.seen(known, &mut sources);
    linker.given(known, &by_key, &mut sources);
    linker.explicit(models, &mut linked);
    for (catalog, loc) in std::mem::take(&mut linker.unattached) {
        let default = linker
            .defaults
            .catalog
            .as_ref()
            .map_or("", |c| c.text.as_str())
            .to_owned();
        let message =
            format!("catalog `{catalog}` is not attached; the default database `{default}` is used");
        linker.diagnostics.push(
            Diagnostic::new(code::W102, loc, message)
                .help("Leave `catalog` empty, or name the database of the adapter."),
        );
    }
    Links {
        models: linked,
        names: linker.names,
        sources,
        diagnostics: linker.diagnostics,
    }
}

fn attached(
    dialect: Dialect,
    defaults: &Defaults,
    catalog: Option<&CatalogSnapshot>,
) -> Option<Vec<SmolStr>> {
    if dialect != Dialect::DuckDb {
        return None;
    }
    let mut attached: Vec<SmolStr> = defaults
        .catalog
        .iter()
        .map(|c| c.key(dialect, IdentKind::Relation))
        .collect();
    attached.extend(catalog.iter().flat_map(|c| c.complete_catalogs.iter().cloned()));
    Some(attached)
}

struct Linker {
    dialect: Dialect,
    names: NameTable,
    defaults: Defaults,
    diagnostics: Vec<Diagnostic>,
    /// Catalogs that mean the default database, with their first place.
    unattached: BTreeMap<SmolStr, Loc>,
}

impl Linker {
    fn target(&mut self, model: &LoadedModel) -> Linked {
        let target = &model.config.target;
        let text = |part: &Option<rocky_config::Spanned<SmolStr>>| {
            part.as_ref().map(|p| p.value.clone()).filter(|t| !t.is_empty())
        };
        let ident = |t: &SmolStr| Ident::from_config(self.dialect, t);
        let declared_catalog = text(&target.catalog);
        let schema = text(&target.schema);
        let table = text(&target.table).unwrap_or_else(|| model.name.clone());
        let mut catalog = declared_catalog.as_ref().map(ident);
        if let (Some(name), Some(spanned)) = (&catalog, &target.catalog) {
            let is_default = self.defaults.catalog.as_ref().is_some_and(|d| {
                d.key(self.dialect, IdentKind::Relation) == name.key(self.dialect, IdentKind::Relation)
            });
            if !self.names.is_attached(name) {
                self.unattached.entry(name.text.clone()).or_insert(spanned.loc);
                catalog = None;
            } else if is_default && self.dialect == Dialect::DuckDb {
                // Written without its catalog, so that the file may be renamed.
                catalog = None;
            }
        }
        let physical = RelationName {
            catalog,
            schema: schema.as_ref().map(ident),
            table: ident(&table),
        };
        let mut physical = physical;
        let full = self.names.full(&physical);
        // DuckDB: `shop.orders` is ambiguous when the database is `shop.duckdb`; the whole name is not.
        let key = |i: &Option<Ident>| i.as_ref().map(|i| i.key(self.dialect, IdentKind::Relation));
        if self.dialect == Dialect::DuckDb && full.schema.is_some() && key(&full.schema) == key(&full.catalog)
        {
            physical.catalog.clone_from(&full.catalog);
        }
        let shown = |part: &Option<Ident>| part.as_ref().map_or_else(SmolStr::default, |i| i.text.clone());
        let strategy = model.config.strategy.clone();
        let strategy_loc = strategy.as_ref().map_or(model.name_loc, |s| s.loc);
        Linked {
            target_parts: [
                declared_catalog.unwrap_or_else(|| shown(&full.catalog)),
                schema.unwrap_or_else(|| shown(&full.schema)),
                table,
            ],
            target: RelationName {
                schema: full.schema,
                ..physical
            },
            strategy: strategy.unwrap_or(StrategyConfig {
                kind: StrategyKind::FullRefresh,
                loc: model.name_loc,
            }),
            strategy_loc,
            inputs: Vec::new(),
            ref_inputs: Vec::new(),
            depends_on: Vec::new(),
            edges: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    fn sources(
        &mut self,
        models: &[LoadedModel],
        linked: &mut [Linked],
    ) -> (Vec<Source>, FxHashMap<RelationKey, u32>) {
        // First all keys, so that sources are numbered in order of name whatever the order of models.
        let mut meanings: Vec<Vec<Meaning>> = Vec::with_capacity(models.len());
        let mut first: BTreeMap<RelationKey, (RelationName, Loc)> = BTreeMap::new();
        for model in models {
            let mut list = Vec::with_capacity(model.unit.refs.len());
            for reference in &model.unit.refs {
                let meaning = match reference.path.as_slice() {
                    // A file: its text is its name.
                    [] => Meaning::Source(RelationName::table(Ident::quoted(
                        reference.span.slice(&model.unit.text),
                    ))),
                    path => {
                        let (meaning, dropped) = self.names.resolve(path);
                        if let Some(catalog) = dropped {
                            let loc = model.unit.origin.locate(reference.span);
                            self.unattached.entry(catalog).or_insert(loc);
                        }
                        meaning
                    }
                };
                if let Meaning::Source(name) = &meaning {
                    let loc = || model.unit.origin.locate(reference.span);
                    first
                        .entry(name.key(self.dialect))
                        .or_insert_with(|| (name.clone(), loc()));
                }
                list.push(meaning);
            }
            meanings.push(list);
        }
        let mut by_key = FxHashMap::default();
        let mut sources = Vec::with_capacity(first.len());
        for (index, (key, (name, first_ref))) in first.into_iter().enumerate() {
            by_key.insert(key, index as u32);
            sources.push(Source {
                name,
                schema: SourceSchema::Unknown,
                first_ref,
                readers: Vec::new(),
            });
        }
        for (id, list) in meanings.into_iter().enumerate() {
            let model = &models[id];
            let mut number: FxHashMap<InputRelation, u32> = FxHashMap::default();
            let mut own_reported = false;
            for (reference, meaning) in model.unit.refs.iter().zip(list) {
                let relation = match meaning {
                    Meaning::Model(m) if m == id as u32 => InputRelation::Own,
                    Meaning::Model(m) => InputRelation::Model(m),
                    Meaning::Source(name) => match by_key.get(&name.key(self.dialect)) {
                        Some(source) => InputRelation::Source(*source),
                        None => continue,
                    },
                };
                let next = number.len() as u32;
                let index = *number.entry(relation).or_insert(next);
                if index == next {
                    linked[id].inputs.push(relation);
                }
                linked[id].ref_inputs.push(index);
                let loc = model.unit.origin.locate(reference.span);
                match relation {
                    InputRelation::Model(m) => {
                        if !linked[id].edges.iter().any(|(other, _)| *other == m) {
                            linked[id].edges.push((m, loc));
                        }
                    }
                    InputRelation::Source(s) => {
                        let readers = &mut sources[s as usize].readers;
                        if readers.last() != Some(&(id as u32)) {
                            readers.push(id as u32);
                        }
                    }
                    InputRelation::Own => {
                        if !own_reported && !reads_own_target(&linked[id].strategy.kind) {
                            own_reported = true;
                            let strategy = linked[id].strategy.kind.as_str();
                            let message = format!("model `{}` reads itself", model.name);
                            let finding = Diagnostic::new(code::E108, loc, message)
                                .label(format!("a {strategy} model has no earlier rows to read"))
                                .help("Name the source with its schema, or choose an incremental strategy.");
                            linked[id].diagnostics.push(finding);
                        }
                    }
                }
            }
        }
        (sources, by_key)
    }

    fn declared(
        &mut self,
        models: &[LoadedModel],
        config: &ProjectConfig,
        by_key: &FxHashMap<RelationKey, u32>,
        sources: &mut [Source],
    ) {
        let sidecars = models.iter().flat_map(|m| m.config.sources.iter());
        let mut declared: FxHashMap<RelationKey, Loc> = FxHashMap::default();
        for declaration in config.sources.iter().chain(sidecars) {
            let Some(columns) = &declaration.columns else {
                continue;
            };
            let name = self.names.full(&self.declared_name(declaration));
            let key = name.key(self.dialect);
            let columns: Arc<[Column]> = columns
                .iter()
                .map(|c| {
                    let ty = Type::parse(self.dialect, &c.r#type.value);
                    if ty.is_none() && !c.r#type.from_env {
                        let message = format!("unknown type `{}`", c.r#type.value);
                        self.diagnostics.push(
                            Diagnostic::new(code::E206, c.r#type.loc, message)
                                .help(format!("Write the type as {} spells it.", self.dialect)),
                        );
                    }
                    // A name from TOML counts as unquoted: Snowflake stores it in upper case.
                    let name = Ident::from_config(self.dialect, &c.name.value).stored(self.dialect);
                    Column {
                        name,
                        ty: ty.unwrap_or_default(),
                        nullable: c.nullable,
                    }
                })
                .collect();
            if let Some(model) = self.names.model_of_target(&name) {
                let message = format!(
                    "declared source `{}` is the target of model `{}`",
                    name.display(),
                    models[model as usize].name
                );
                self.diagnostics.push(
                    Diagnostic::new(code::E417, declaration.table.loc, message)
                        .note(models[model as usize].name_loc, "the model")
                        .help("Remove the declaration: a model's columns follow from its query."),
                );
                continue;
            }
            if let Some(first) = declared.get(&key) {
                let same = by_key
                    .get(&key)
                    .and_then(|i| sources[*i as usize].columns())
                    .is_none_or(|c| **c == *columns);
                if !same {
                    let message = format!(
                        "source `{}` is declared with other columns elsewhere",
                        name.display()
                    );
                    self.diagnostics.push(
                        Diagnostic::new(code::E417, declaration.table.loc, message)
                            .note(*first, "the declaration that is used")
                            .help("Declare its columns once, in `rocky.toml`."),
                    );
                }
                continue;
            }
            declared.insert(key.clone(), declaration.table.loc);
            if let Some(index) = by_key.get(&key) {
                sources[*index as usize].schema = SourceSchema::Declared(columns);
            }
        }
    }

    fn declared_name(&self, declaration: &SourceDecl) -> RelationName {
        let part = |p: &Option<rocky_config::Spanned<SmolStr>>| {
            p.as_ref()
                .filter(|p| !p.value.is_empty())
                .map(|p| Ident::from_config(self.dialect, &p.value))
        };
        RelationName {
            catalog: part(&declaration.catalog),
            schema: part(&declaration.schema),
            table: Ident::from_config(self.dialect, &declaration.table.value),
        }
    }

    fn given(&self, known: &Known<'_>, by_key: &FxHashMap<RelationKey, u32>, sources: &mut [Source]) {
        for given in known.given {
            let key = self.names.full(&given.name).key(self.dialect);
            if let Some(source) = by_key.get(&key).and_then(|i| sources.get_mut(*i as usize)) {
                source.schema = SourceSchema::Declared(given.columns.clone());
            }
        }
    }

    fn seen(&self, known: &Known<'_>, sources: &mut [Source]) {
        let Some(catalog) = known.catalog else { return };
        for source in sources.iter_mut().filter(|s| s.schema == SourceSchema::Unknown) {
            source.schema = match catalog.lookup(&source.name) {
                Lookup::Found(relation) => {
                    SourceSchema::Seen(relation.columns.as_slice().into(), catalog.taken_at)
                }
                Lookup::Absent if known.fresh => SourceSchema::Absent,
                Lookup::Absent | Lookup::Unknown => SourceSchema::Unknown,
            };
        }
    }

    fn explicit(&mut self, models: &[LoadedModel], linked: &mut [Linked]) {
        for (id, model) in models.iter().enumerate() {
            let mut depends_on: Vec<u32> = linked[id].edges.iter().map(|(m, _)| *m).collect();
            if let Some(declared) = &model.config.depends_on {
                let mut named: Vec<u32> = Vec::new();
                for name in declared {
                    match self.names.model(&name.value) {
                        Some(m) if m == id as u32 => {
                            let message = format!("model `{}` depends on itself", model.name);
                            linked[id]
                                .diagnostics
                                .push(Diagnostic::new(code::E107, name.loc, message).help("Remove it."));
                        }
                        Some(m) => {
                            named.push(m);
                            if !linked[id].edges.iter().any(|(other, _)| *other == m) {
                                linked[id].edges.push((m, name.loc));
                            }
                        }
                        None => {
                            let mut message = format!("`depends_on` names unknown model `{}`", name.shown());
                            if let Some(near) =
                                suggest::nearest(&name.value, models.iter().map(|m| m.name.as_str()))
                            {
                                message.push_str(&format!("; did you mean `{near}`?"));
                            }
                            linked[id]
                                .diagnostics
                                .push(Diagnostic::new(code::E107, name.loc, message));
                        }
                    }
                }
                let missing: Vec<&str> = depends_on
                    .iter()
                    .filter(|m| !named.contains(m))
                    .map(|m| models[*m as usize].name.as_str())
                    .collect();
                if let (false, Some(first)) = (missing.is_empty() || declared.is_empty(), declared.first()) {
                    let message = format!(
                        "`depends_on` leaves out {}, which the query reads",
                        list(&missing)
                    );
                    linked[id].diagnostics.push(
                        Diagnostic::new(code::D011, first.loc, message)
                            .help("Add it, or remove `depends_on`: what a query reads is found without it."),
                    );
                }
                depends_on.extend(named);
            }
            depends_on.sort_unstable();
            depends_on.dedup();
            linked[id].depends_on = depends_on;
        }
    }
}

/// `a`, `b` and `c` in backticks.
pub fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

/// The diagnostic of one cycle: the path, each reference with its place.
pub fn cycle(path: &[u32], models: &[LoadedModel], linked: &[Linked]) -> Diagnostic {
    let name = |id: u32| models[id as usize].name.as_str();
    let mut names: Vec<&str> = path.iter().map(|id| name(*id)).collect();
    names.extend(path.first().map(|id| name(*id)));
    let edge = |from: u32, to: u32| {
        let edges = &linked[from as usize].edges;
        edges
            .iter()
            .find(|(m, _)| *m == to)
            .map_or(models[from as usize].name_loc, |(_, loc)| *loc)
    };
    let next = |i: usize| path[(i + 1) % path.len()];
    let first = path.first().copied().unwrap_or(0);
    let mut finding = Diagnostic::new(
        code::E106,
        edge(first, next(0)),
        format!("dependency cycle: {}", names.join(" → ")),
    )
    .label(format!("`{}` reads `{}` here", name(first), name(next(0))))
    .help("Break the cycle: one of these models must not read the next.")
    .in_model(name(first));
    for (i, id) in path.iter().enumerate().skip(1) {
        finding = finding.note(
            edge(*id, next(i)),
            format!("`{}` reads `{}`", name(*id), name(next(i))),
        );
    }
    finding
}
