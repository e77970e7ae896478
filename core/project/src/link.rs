//! From loaded models to a graph: targets, name table, references to models and sources, dependencies, cycles.

use crate::analyse::Table;
use crate::files;
use crate::given::GivenSource;
use crate::hash::Hasher128;
use crate::load::LoadedModel;
use crate::lock;
use crate::names::{Defaults, Meaning, NameTable};
use crate::snapshot::{InputRelation, Source, SourceSchema};
use crate::unit::Unit;
use rayon::prelude::*;
use rocky_base::ident::IdentKind;
use rocky_base::{Diagnostic, Dialect, Ident, Loc, SmolStr, Span, code, suggest};
use rocky_config::{LockedRelation, ProjectConfig, SourceDecl, StrategyConfig, StrategyKind};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, Column, OwnTypes, RelationName, Type};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A model's place in the warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Physical target; parts that mean the default are absent.
    pub name: RelationName,
    /// Catalog, schema, table for documents.
    pub parts: [SmolStr; 3],
    /// Strategy.
    pub strategy: StrategyConfig,
    /// Where it is given.
    pub strategy_loc: Loc,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// A relation that a model reads.
#[derive(Clone, Debug)]
pub enum Input {
    /// Another model.
    Model(u32),
    /// The model's own existing target.
    Own,
    /// A relation of the warehouse.
    Source(Arc<SourceFacts>),
}

/// What the references of a model mean.
#[derive(Clone, Debug, Default)]
pub struct Resolved {
    /// Distinct relations it reads, with the place of the first reference.
    pub inputs: Vec<(Input, Loc)>,
    /// For each reference: index in `inputs`.
    pub ref_inputs: Vec<u32>,
    /// Catalogs that mean the default database.
    pub unattached: Vec<(SmolStr, Loc)>,
}

impl Resolved {
    /// Models it reads, in order of first reference.
    pub fn models(&self) -> impl Iterator<Item = (u32, Loc)> {
        self.inputs.iter().filter_map(|(input, loc)| match input {
            Input::Model(m) => Some((*m, *loc)),
            _ => None,
        })
    }
}

/// A relation of the warehouse and what is known of it.
#[derive(Debug)]
pub struct SourceFacts {
    /// Its full name.
    pub name: RelationName,
    /// Its name, folded.
    pub key: RelationKey,
    /// Its columns.
    pub schema: SourceSchema,
    /// A relation of its name in another schema, when it is absent.
    pub elsewhere: Option<SmolStr>,
    /// Why the warehouse refuses to read it: files only.
    pub problem: Option<SmolStr>,
    /// Its name as people write it: without the parts that are the default.
    pub display: SmolStr,
    /// Parts of its name that may stand before a column.
    pub qualifiers: Vec<SmolStr>,
    /// Hash of everything above but the time of reading.
    pub hash: u128,
}

/// What is known of the warehouse.
#[derive(Copy, Clone)]
pub struct Known<'a> {
    /// A catalogue snapshot.
    pub catalog: Option<&'a CatalogSnapshot>,
    /// It was read now: what it proves absent is absent.
    pub fresh: bool,
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
        if let Some(settings @ rocky_config::AdapterSettings::DuckDb { .. }) = adapter.map(|a| &a.settings) {
            // DuckDB names a database after its file; `:memory:` is `memory`.
            let stem = duckdb_file(settings).map(Ident::quoted);
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

/// The names of a project, before any query was looked at.
pub struct Targets {
    /// In order of models.
    pub models: Vec<Target>,
    /// The name table.
    pub names: NameTable,
    /// Findings that belong to no model.
    pub diagnostics: Vec<Diagnostic>,
    /// Catalogs that mean the default database, with their first place.
    pub unattached: BTreeMap<SmolStr, Loc>,
}

/// Name the models. They must be sorted by name, then by path.
pub fn targets(
    models: &[Arc<LoadedModel>],
    dialect: Dialect,
    defaults: &Defaults,
    known: &Known<'_>,
) -> Targets {
    let mut names = NameTable::new(
        dialect,
        defaults.clone(),
        attached(dialect, defaults, known.catalog),
    );
    let mut unattached = BTreeMap::new();
    // Everything but putting the names into the table is done for many models at once.
    let (mut linked, mut keys): (Vec<Target>, Vec<_>) = (Vec::new(), Vec::new());
    models
        .par_iter()
        .with_min_len(64)
        .map(|m| {
            let mut dropped = BTreeMap::new();
            let target = target(m, dialect, defaults, &names, &mut dropped);
            let keys = (names.name_key(&m.name), names.target_key(&target.name), dropped);
            (target, keys)
        })
        .unzip_into_vecs(&mut linked, &mut keys);
    names.reserve(models.len());
    let mut target_keys: Vec<RelationKey> = Vec::with_capacity(models.len());
    for ((id, model), (key, target_key, dropped)) in models.iter().enumerate().zip(keys) {
        target_keys.push(target_key);
        for (catalog, loc) in dropped {
            unattached.entry(catalog).or_insert(loc);
        }
        if let Err(first) = names.add_name(key, id as u32) {
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
    for (id, key) in target_keys.into_iter().enumerate() {
        if matches!(linked[id].strategy.kind, StrategyKind::Ephemeral) {
            continue;
        }
        if let Err(first) = names.add_target(key, id as u32) {
            // Two models of one name have one target for that reason; it is said once.
            if names.same_name(&models[first as usize].name, &models[id].name) {
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
                names.full(&linked[id].name).display()
            );
            let finding = Diagnostic::new(code::E036, loc, message)
                .note(models[first as usize].name_loc, "the other model")
                .help("Give one of them another `target.table` or `target.schema`.");
            linked[id].diagnostics.push(finding);
        }
    }
    Targets {
        models: linked,
        names,
        diagnostics: Vec::new(),
        unattached,
    }
}

/// One message per catalog that is not attached.
pub fn unattached(
    list: BTreeMap<SmolStr, Loc>,
    defaults: &Defaults,
    config: &ProjectConfig,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (catalog, loc) in list {
        let default = defaults.catalog.as_ref().map_or("", |c| c.text.as_str());
        let message =
            format!("catalog `{catalog}` is not attached; the default database `{default}` is used");
        let finding = Diagnostic::new(code::W102, loc, message);
        let other = config.adapters.iter().find(|(_, adapter)| {
            let database = duckdb_file(&adapter.settings);
            database.is_some_and(|d| d.eq_ignore_ascii_case(&catalog))
        });
        diagnostics.push(match other {
            // Its file is attached to no run of models.
            Some((adapter, _)) => finding
                .label(format!("this is the database of adapter `{adapter}`"))
                .help(
                    "A model reads the database of its pipeline's adapter. Copy the table there with a pipeline of type `replication`.",
                ),
            None => finding.help("Leave `catalog` empty, or name the database of the adapter."),
        });
    }
}

/// The name that DuckDB gives the database of an adapter: its file's.
fn duckdb_file(settings: &rocky_config::AdapterSettings) -> Option<&str> {
    let rocky_config::AdapterSettings::DuckDb { path: Some(path) } = settings else {
        return None;
    };
    let file = path.value.rsplit(['/', '\\']).next().unwrap_or("");
    let stem = file.split('.').next().unwrap_or(file);
    (path.value != ":memory:" && !stem.is_empty()).then_some(stem)
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

/// A model's target.
pub fn target(
    model: &LoadedModel,
    dialect: Dialect,
    defaults: &Defaults,
    names: &NameTable,
    unattached: &mut BTreeMap<SmolStr, Loc>,
) -> Target {
    let target = &model.config.target;
    let text = |part: &Option<rocky_config::Spanned<SmolStr>>| {
        part.as_ref().map(|p| p.value.clone()).filter(|t| !t.is_empty())
    };
    let ident = |t: &SmolStr| Ident::from_config(dialect, t);
    let declared_catalog = text(&target.catalog);
    let schema = text(&target.schema);
    let table = text(&target.table).unwrap_or_else(|| model.name.clone());
    let mut catalog = declared_catalog.as_ref().map(ident);
    if let (Some(name), Some(spanned)) = (&catalog, &target.catalog) {
        let is_default = defaults
            .catalog
            .as_ref()
            .is_some_and(|d| d.key(dialect, IdentKind::Relation) == name.key(dialect, IdentKind::Relation));
        if !names.is_attached(name) {
            unattached.entry(name.text.clone()).or_insert(spanned.loc);
            catalog = None;
        } else if is_default && dialect == Dialect::DuckDb {
            // Written without its catalog, so that the file may be renamed.
            catalog = None;
        }
    }
    let mut physical = RelationName {
        catalog,
        schema: schema.as_ref().map(ident),
        table: ident(&table),
    };
    let full = names.full(&physical);
    // DuckDB: `shop.orders` is ambiguous when the database is `shop.duckdb`; the whole name is not.
    let key = |i: &Option<Ident>| i.as_ref().map(|i| i.key(dialect, IdentKind::Relation));
    if dialect == Dialect::DuckDb && full.schema.is_some() && key(&full.schema) == key(&full.catalog) {
        physical.catalog.clone_from(&full.catalog);
    }
    let shown = |part: &Option<Ident>| part.as_ref().map_or_else(SmolStr::default, |i| i.text.clone());
    let strategy = model.config.strategy.clone();
    let strategy_loc = strategy.as_ref().map_or(model.name_loc, |s| s.loc);
    Target {
        parts: [
            declared_catalog.unwrap_or_else(|| shown(&full.catalog)),
            schema.unwrap_or_else(|| shown(&full.schema)),
            table,
        ],
        name: RelationName {
            schema: full.schema,
            ..physical
        },
        strategy: strategy.unwrap_or(StrategyConfig {
            kind: StrategyKind::FullRefresh,
            loc: model.name_loc,
        }),
        strategy_loc,
        diagnostics: Vec::new(),
    }
}

/// What the references of one model mean. Reads only what [`targets`] and [`SourceBook`] made, so that models are
/// resolved in any order and on any thread.
pub fn resolve(id: u32, unit: &Unit, names: &NameTable, book: &SourceBook<'_>) -> Resolved {
    let mut resolved = Resolved::default();
    let mut number: FxHashMap<(u32, Option<RelationKey>), u32> = FxHashMap::default();
    for (reference, loc) in unit.refs().iter().zip(unit.ref_locs()) {
        let meaning = match reference.path.as_slice() {
            // A file: its text is its name.
            [] => Meaning::Source(RelationName::table(Ident::quoted(crate::lineage::file_literal(
                reference.span.slice(unit.text()),
            )))),
            path => {
                let (meaning, dropped) = names.resolve(path);
                if let Some(catalog) = dropped {
                    resolved.unattached.push((catalog, *loc));
                }
                meaning
            }
        };
        let key = match &meaning {
            Meaning::Model(m) => (*m, None),
            Meaning::Source(name) if reference.path.is_empty() => {
                (u32::MAX, Some(files::key(&name.table.text)))
            }
            Meaning::Source(name) => (u32::MAX, Some(name.key(book.dialect))),
        };
        let next = number.len() as u32;
        let index = match number.entry(key) {
            std::collections::hash_map::Entry::Occupied(old) => *old.get(),
            std::collections::hash_map::Entry::Vacant(slot) => {
                let input = match meaning {
                    Meaning::Model(m) if m == id => Input::Own,
                    Meaning::Model(m) => Input::Model(m),
                    Meaning::Source(name) => {
                        let key = slot.key().1.clone().unwrap_or_else(|| name.key(book.dialect));
                        Input::Source(book.facts(name, key, names))
                    }
                };
                resolved.inputs.push((input, *loc));
                slot.insert(next);
                next
            }
        };
        resolved.ref_inputs.push(index);
    }
    resolved
}

/// The finding of a model that reads its own target without an incremental strategy.
pub fn reads_itself(model: &LoadedModel, target: &Target, resolved: &Resolved) -> Option<Diagnostic> {
    let own = |(input, loc): &(Input, Loc)| matches!(input, Input::Own).then_some(*loc);
    let loc = resolved.inputs.iter().find_map(own)?;
    if reads_own_target(&target.strategy.kind) {
        return None;
    }
    let strategy = target.strategy.kind.as_str();
    let message = format!("model `{}` reads itself", model.name);
    Some(
        Diagnostic::new(code::E108, loc, message)
            .label(format!("a {strategy} model has no earlier rows to read"))
            .help("Name the source with its schema, or choose an incremental strategy."),
    )
}

/// The sources that are read, sorted by name, with the numbers of each model's inputs.
pub fn number<'a>(
    resolved: impl Iterator<Item = &'a Resolved> + Clone,
) -> (Vec<Source>, FxHashMap<RelationKey, u32>) {
    let mut first: BTreeMap<&RelationKey, (&Arc<SourceFacts>, Loc)> = BTreeMap::new();
    for model in resolved.clone() {
        for (input, loc) in &model.inputs {
            if let Input::Source(facts) = input {
                first.entry(&facts.key).or_insert((facts, *loc));
            }
        }
    }
    let mut by_key = FxHashMap::default();
    let mut sources = Vec::with_capacity(first.len());
    for (index, (key, (facts, first_ref))) in first.into_iter().enumerate() {
        by_key.insert(key.clone(), index as u32);
        sources.push(Source {
            name: facts.name.clone(),
            file: files::is_file(key),
            schema: facts.schema.clone(),
            problem: facts.problem.clone(),
            first_ref,
            readers: Vec::new(),
        });
    }
    for (id, model) in resolved.enumerate() {
        for (input, _) in &model.inputs {
            if let Input::Source(facts) = input
                && let Some(source) = by_key.get(&facts.key).and_then(|i| sources.get_mut(*i as usize))
            {
                source.readers.push(id as u32);
            }
        }
    }
    (sources, by_key)
}

/// A model's inputs with the numbers of sources.
pub fn inputs(resolved: &Resolved, by_key: &FxHashMap<RelationKey, u32>) -> Vec<InputRelation> {
    let numbered = |(input, _): &(Input, Loc)| match input {
        Input::Model(m) => InputRelation::Model(*m),
        Input::Own => InputRelation::Own,
        Input::Source(facts) => InputRelation::Source(by_key.get(&facts.key).copied().unwrap_or(u32::MAX)),
    };
    resolved.inputs.iter().map(numbered).collect()
}

/// What is known of sources, by name: given, declared or locked, else seen in the warehouse.
pub struct SourceBook<'a> {
    dialect: Dialect,
    declared: Arc<Declared>,
    // Columns that go before the declared ones.
    given: FxHashMap<RelationKey, Arc<[Column]>>,
    known: Known<'a>,
    facts: Mutex<FxHashMap<RelationKey, Arc<SourceFacts>>>,
}

impl<'a> SourceBook<'a> {
    /// A book of what was declared and of what is known of the warehouse.
    pub fn new(dialect: Dialect, declared: Arc<Declared>, known: Known<'a>) -> SourceBook<'a> {
        SourceBook {
            dialect,
            declared,
            given: FxHashMap::default(),
            known,
            facts: Mutex::default(),
        }
    }

    /// A book with other columns for some sources.
    pub fn with(mut self, columns: impl IntoIterator<Item = (RelationKey, Arc<[Column]>)>) -> SourceBook<'a> {
        self.given.extend(columns);
        self
    }

    /// What is wrong with the lock of the sources that are read.
    pub fn lock_findings(
        &self,
        lock: &lock::Loaded,
        sources: &[Source],
        names: &NameTable,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let by_key: FxHashMap<RelationKey, &Source> =
            sources.iter().map(|s| (s.name.key(self.dialect), s)).collect();
        let mut seen: FxHashMap<RelationKey, Loc> = FxHashMap::default();
        for (relation, columns) in lock.relations() {
            let key = names.full(&lock::name(relation)).key(self.dialect);
            let here = relation.table.loc;
            if let Some(first) = seen.insert(key.clone(), here) {
                let message = format!(
                    "`{}` is locked twice",
                    names.full(&lock::name(relation)).display()
                );
                diagnostics.push(
                    Diagnostic::new(code::E424, here, message)
                        .note(first, "locked here first")
                        .help("Remove one, then run `rocky discover --write-lock`."),
                );
                continue;
            }
            let Some(source) = by_key.get(&key) else { continue };
            self.lock_finding(relation, columns, source, self.declared.get(&key), diagnostics);
        }
    }

    fn lock_finding(
        &self,
        relation: &LockedRelation,
        columns: &[Column],
        source: &Source,
        declared: Option<&(Loc, SourceSchema)>,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name = source.name.display();
        let here = relation.table.loc;
        for ty in lock::columns(self.dialect, relation).1 {
            let message = format!("unknown type `{}`", ty.value);
            diagnostics.push(
                Diagnostic::new(code::E206, ty.loc, message)
                    .help("Run `rocky discover --write-lock` to write what the warehouse says."),
            );
        }
        if let Some(written) = &relation.hash
            && written.value != lock::hash(relation)
        {
            let message = format!("the columns of `{name}` were changed by hand");
            diagnostics.push(
                Diagnostic::new(code::W421, written.loc, message)
                    .label("this is the hash of other columns")
                    .help("Run `rocky discover --write-lock` to write what the warehouse says."),
            );
        }
        // What is known better, and where from: a declaration, or the warehouse as it is now.
        let live = self.known.catalog.filter(|_| self.known.fresh);
        let live = live.map(|c| c.lookup(&source.name));
        let (what, newer) = match (&source.schema, live) {
            (SourceSchema::Declared(columns, _), _) => ("its declaration", columns.to_vec()),
            (SourceSchema::Locked(..), Some(Lookup::Found(now))) => ("the warehouse", now.columns.clone()),
            (SourceSchema::Locked(..), Some(Lookup::Absent)) => {
                let message = format!("`{name}` is locked and not in the warehouse any more");
                diagnostics.push(
                    Diagnostic::new(code::W420, here, message)
                        .help("Run `rocky discover --check` to see what reads it."),
                );
                return;
            }
            _ => return,
        };
        let mut changes = lock::changes(self.dialect, columns, &newer);
        let is_declared = matches!(source.schema, SourceSchema::Declared(..));
        if is_declared {
            // A declaration that says nothing of NULL allows it.
            changes.retain(|c| c.change != lock::Change::Nullability { nullable: true });
        }
        if changes.is_empty() {
            return;
        }
        let message = format!(
            "schema.lock is behind {what} for `{name}`: {}",
            lock::summary(self.dialect, &changes)
        );
        let mut finding = Diagnostic::new(code::W420, here, message)
            .help("Run `rocky discover --write-lock`, and look at what changes.");
        if let (true, Some((loc, _))) = (is_declared, declared) {
            finding = finding.note(*loc, "declared here, which is what counts");
        }
        diagnostics.push(finding);
    }

    /// What is known of a source.
    pub fn facts(&self, name: RelationName, key: RelationKey, names: &NameTable) -> Arc<SourceFacts> {
        if let Some(facts) = self
            .facts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return facts.clone();
        }
        let (schema, problem) = match (self.given.get(&key), self.declared.get(&key)) {
            (Some(columns), _) => (SourceSchema::Given(columns.clone()), None),
            (None, Some((_, schema))) => (schema.clone(), None),
            (None, None) if files::is_file(&key) => files::seen(&name.table.text, self.known.catalog),
            (None, None) => (self.seen(&name), None),
        };
        let display = self.display(&name, &key, names);
        let text = |i: &Option<Ident>| i.as_ref().map(|i| i.text.clone()).unwrap_or_default();
        let parts = [text(&name.catalog), text(&name.schema), name.table.text.clone()];
        let qualifiers: Vec<SmolStr> = parts.into_iter().filter(|p| !p.is_empty()).collect();
        let elsewhere = match schema {
            SourceSchema::Absent => self.elsewhere(&key),
            _ => None,
        };
        let mut hasher = Hasher128::new();
        hasher.str(&display).value(&qualifiers);
        if let Some(elsewhere) = &elsewhere {
            hasher.u32(4).str(elsewhere);
        }
        match (&schema, schema.columns()) {
            (_, Some(columns)) => hasher.u32(0).value(&&**columns),
            (SourceSchema::Absent, None) => hasher.u32(3),
            (_, None) => hasher.u32(2),
        };
        let facts = Arc::new(SourceFacts {
            name,
            key: key.clone(),
            schema,
            elsewhere,
            problem,
            display,
            qualifiers,
            hash: hasher.finish(),
        });
        let mut known = self.facts.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert(facts).clone()
    }

    /// `schema.table` of a relation that has the table's name: the first by name.
    fn elsewhere(&self, key: &RelationKey) -> Option<SmolStr> {
        let stated = self.declared.keys().chain(self.given.keys()).cloned();
        let seen = self.known.catalog.into_iter().flat_map(|c| c.relations.values());
        let seen = seen.map(|r| r.name.key(self.dialect));
        let same = stated.chain(seen).filter(|k| k.table == key.table && k != key);
        let found = same
            .filter(|k| k.catalog == key.catalog && !k.schema.is_empty())
            .min_by(|a, b| a.schema.cmp(&b.schema))?;
        Some(SmolStr::from(format!("{}.{}", found.schema, found.table)))
    }

    fn seen(&self, name: &RelationName) -> SourceSchema {
        let Some(catalog) = self.known.catalog else {
            return SourceSchema::Unknown;
        };
        match catalog.lookup(name) {
            Lookup::Found(relation) => {
                let columns = relation.columns.as_slice().into();
                match self.known.fresh {
                    true => SourceSchema::Live(columns, catalog.taken_at),
                    false => SourceSchema::Seen(columns, catalog.taken_at),
                }
            }
            Lookup::Absent if self.known.fresh && !rocky_semantic::looks_like_file(&name.table.text) => {
                SourceSchema::Absent
            }
            Lookup::Absent | Lookup::Unknown => SourceSchema::Unknown,
        }
    }

    fn display(&self, full: &RelationName, key: &RelationKey, names: &NameTable) -> SmolStr {
        for short in [
            RelationName {
                catalog: None,
                schema: None,
                table: full.table.clone(),
            },
            RelationName {
                catalog: None,
                ..full.clone()
            },
        ] {
            if names.full(&short).key(self.dialect) == *key {
                return SmolStr::new(short.display());
            }
        }
        SmolStr::new(full.display())
    }
}

/// What is stated of sources: given with the request, declared, locked; with the place.
pub type Declared = FxHashMap<RelationKey, (Loc, SourceSchema)>;

/// The declarations of the configuration and of sidecars.
pub fn declared(
    models: &[Arc<LoadedModel>],
    config: &ProjectConfig,
    dialect: Dialect,
    own: &OwnTypes,
    names: &NameTable,
    diagnostics: &mut Vec<Diagnostic>,
) -> Declared {
    let sidecars = models.iter().flat_map(|m| m.config.sources.iter());
    let declarations: Vec<&SourceDecl> = config.sources.iter().chain(sidecars).collect();
    let read = |declaration: &&SourceDecl| declared_columns(declaration, dialect, own);
    let read: Vec<_> = declarations.par_iter().with_min_len(16).map(read).collect();
    let mut declared = Declared::default();
    for (declaration, read) in declarations.into_iter().zip(read) {
        let Some(DeclaredColumns {
            columns,
            made,
            diagnostics: of_types,
        }) = read
        else {
            continue;
        };
        diagnostics.extend(of_types);
        // A file is declared by the text that stands in FROM.
        let file = files::declared(&declaration.table.value, dialect);
        let name = match &file {
            Some(_) => RelationName::table(Ident::quoted(declaration.table.value.clone())),
            None => names.full(&declared_name(declaration, dialect)),
        };
        let key = file.unwrap_or_else(|| name.key(dialect));
        if let Some(model) = names.model_of_target(&name) {
            let message = format!(
                "declared source `{}` is the target of model `{}`",
                name.display(),
                models[model as usize].name
            );
            diagnostics.push(
                Diagnostic::new(code::E417, declaration.table.loc, message)
                    .note(models[model as usize].name_loc, "the model")
                    .help("Remove the declaration: a model's columns follow from its query."),
            );
            continue;
        }
        if let Some((first, before)) = declared.get(&key) {
            if before.columns() != Some(&columns) {
                let message = format!(
                    "source `{}` is declared with other columns elsewhere",
                    name.display()
                );
                diagnostics.push(
                    Diagnostic::new(code::E417, declaration.table.loc, message)
                        .note(*first, "the declaration that is used")
                        .help("Declare its columns once, in `rocky.toml`."),
                );
            }
            continue;
        }
        let schema = SourceSchema::Declared(columns, made.into());
        declared.insert(key, (declaration.table.loc, schema));
    }
    declared
}

/// The columns of a declaration.
struct DeclaredColumns {
    columns: Arc<[Column]>,
    /// Columns whose types the project makes.
    made: Vec<SmolStr>,
    diagnostics: Vec<Diagnostic>,
}

/// `None`: it lists none.
fn declared_columns(declaration: &SourceDecl, dialect: Dialect, own: &OwnTypes) -> Option<DeclaredColumns> {
    let mut made: Vec<SmolStr> = Vec::new();
    let mut diagnostics = Vec::new();
    let column = |c: &rocky_config::SourceColumn| {
        let ty = Type::parse_with(dialect, &c.r#type.value, own);
        if ty.is_none()
            && !c.r#type.from_env
            && !rocky_semantic::typing::may_be_own_type(dialect, &c.r#type.value)
        {
            let message = format!("unknown type `{}`", c.r#type.value);
            diagnostics.push(
                Diagnostic::new(code::E206, c.r#type.loc, message)
                    .help(format!("Write the type as {dialect} spells it.")),
            );
        }
        // A name from TOML counts as unquoted: Snowflake stores it in upper case.
        let name = Ident::from_config(dialect, &c.name.value).stored(dialect);
        if !own.is_empty() && ty.is_some() && Type::parse(dialect, &c.r#type.value).is_none() {
            made.push(name.clone());
        }
        Column {
            name,
            ty: ty.unwrap_or_default(),
            nullable: c.nullable,
        }
    };
    let columns = declaration.columns.as_ref()?.iter().map(column).collect();
    Some(DeclaredColumns {
        columns,
        made,
        diagnostics,
    })
}

/// Put what the request gives before the declarations, and what is locked behind them.
pub fn stated(
    declared: &mut Declared,
    given: &[GivenSource],
    lock: Option<&lock::Loaded>,
    dialect: Dialect,
    own: &OwnTypes,
    names: &NameTable,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for given in given {
        if let Some((name, columns)) = given.read(dialect, own, diagnostics) {
            let nowhere = Loc::text(Span::at(0));
            declared.insert(
                names.full(&name).key(dialect),
                (nowhere, SourceSchema::Given(columns)),
            );
        }
    }
    for (relation, columns) in lock.into_iter().flat_map(lock::Loaded::relations) {
        declared
            .entry(names.full(&lock::name(relation)).key(dialect))
            .or_insert_with(|| {
                let schema = SourceSchema::Locked(columns.clone(), relation.fetched_at);
                (relation.table.loc, schema)
            });
    }
}

fn declared_name(declaration: &SourceDecl, dialect: Dialect) -> RelationName {
    let part = |p: &Option<rocky_config::Spanned<SmolStr>>| {
        p.as_ref()
            .filter(|p| !p.value.is_empty())
            .map(|p| Ident::from_config(dialect, &p.value))
    };
    RelationName {
        catalog: part(&declaration.catalog),
        schema: part(&declaration.schema),
        table: Ident::from_config(dialect, &declaration.table.value),
    }
}

/// The models that a model depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depends {
    /// Declared or read; sorted.
    pub on: Vec<u32>,
    /// Where each is named first: (model, place).
    pub edges: Vec<(u32, Loc)>,
    /// Findings.
    pub diagnostics: Vec<Diagnostic>,
}

/// What a model reads and what it declares under `depends_on`.
pub fn depends(id: u32, resolved: &Resolved, table: &dyn Table, names: &NameTable) -> Depends {
    let model = table.loaded(id);
    let mut edges: Vec<(u32, Loc)> = resolved.models().collect();
    let mut depends_on: Vec<u32> = edges.iter().map(|(m, _)| *m).collect();
    let mut diagnostics = Vec::new();
    if let Some(declared) = &model.config.depends_on {
        let mut named: Vec<u32> = Vec::new();
        for name in declared {
            match names.model(&name.value) {
                Some(m) if m == id => {
                    let message = format!("model `{}` depends on itself", model.name);
                    diagnostics.push(Diagnostic::new(code::E107, name.loc, message).help("Remove it."));
                }
                Some(m) => {
                    named.push(m);
                    if !edges.iter().any(|(other, _)| *other == m) {
                        edges.push((m, name.loc));
                    }
                }
                None => {
                    let mut message = format!("`depends_on` names unknown model `{}`", name.shown());
                    let all = (0..table.count() as u32).map(|id| table.loaded(id).name.as_str());
                    if let Some(near) = suggest::nearest(&name.value, all) {
                        message.push_str(&format!("; did you mean `{near}`?"));
                    }
                    diagnostics.push(Diagnostic::new(code::E107, name.loc, message));
                }
            }
        }
        let missing: Vec<&str> = depends_on
            .iter()
            .filter(|m| !named.contains(m))
            .map(|m| table.loaded(*m).name.as_str())
            .collect();
        if let (false, Some(first)) = (missing.is_empty() || declared.is_empty(), declared.first()) {
            let message = format!(
                "`depends_on` leaves out {}, which the query reads",
                list(&missing)
            );
            diagnostics.push(
                Diagnostic::new(code::D011, first.loc, message)
                    .help("Add it, or remove `depends_on`: what a query reads is found without it."),
            );
        }
        depends_on.extend(named);
    }
    depends_on.sort_unstable();
    depends_on.dedup();
    Depends {
        on: depends_on,
        edges,
        diagnostics,
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
pub fn cycle(path: &[u32], models: &[Arc<LoadedModel>], depends: &[Depends]) -> Diagnostic {
    let name = |id: u32| models[id as usize].name.as_str();
    let mut names: Vec<&str> = path.iter().map(|id| name(*id)).collect();
    names.extend(path.first().map(|id| name(*id)));
    let edge = |from: u32, to: u32| {
        let edges = &depends[from as usize].edges;
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
