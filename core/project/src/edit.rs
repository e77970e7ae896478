//! An edit of a compiled project, compiled in time proportional to what it changes: the edited models are read again, and
//! from there the change runs along the graph until a model's columns come out as they were. Nothing is written, no folder
//! is listed, and the snapshot that was edited stays as it is, so that many edits of one snapshot can be tried at once.

use crate::analyse::{Analysed, Prepared, Shared, Table, Types};
use crate::compile::{Builder, Job};
use crate::link::{self, Input, Known, SourceBook, Target};
use crate::load::{Contents, Defaults, LoadedModel, Reader, content_hash};
use crate::memo::{CachedFile, Memo};
use crate::snapshot::{Model, Snapshot, SourceSchema, Timings};
use crate::status::Doubtful;
use crate::tagged::Tags;
use crate::unit::UnitEnv;
use rocky_base::{CancelToken, FileId, Result, SharedList, SmolStr, SourceFile, System, code};
use rocky_config::StrategyKind;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{Column, RelationName};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

/// What is changed.
#[derive(Clone, Debug, Default)]
pub struct Edits {
    /// Files by path relative to the folder of `rocky.toml`: the new text, or `None` for a removed file.
    pub files: Vec<(SmolStr, Option<Arc<str>>)>,
    /// Sources that have these columns.
    pub sources: Vec<(RelationName, Arc<[Column]>)>,
}

/// The models of an edited project.
struct Edited<'a> {
    base: &'a Snapshot,
    loaded: FxHashMap<u32, (Arc<LoadedModel>, Target)>,
}

impl Table for Edited<'_> {
    fn count(&self) -> usize {
        self.base.models.len()
    }

    fn loaded(&self, id: u32) -> &LoadedModel {
        match self.loaded.get(&id) {
            Some((loaded, _)) => loaded,
            None => &self.base.models[id as usize].loaded,
        }
    }

    fn target(&self, id: u32) -> &Target {
        match self.loaded.get(&id) {
            Some((_, target)) => target,
            None => &self.base.models[id as usize].parts.target,
        }
    }
}

impl Snapshot {
    /// The snapshot with `edits`. `None`: the edit changes names, dependencies or what a project consists of, and needs a
    /// whole compile. Environment variables are asked of `system`.
    pub fn edited(
        &self,
        system: &dyn System,
        edits: &Edits,
        cancel: &CancelToken,
    ) -> Result<Option<Arc<Snapshot>>> {
        let started = Instant::now();
        let ground = &self.ground;
        if !ground.quiet {
            return Ok(None);
        }
        let reader = Reader {
            system,
            options: ground.options,
        };
        let Some(new_texts) = self.texts(edits) else {
            return Ok(None);
        };
        let touched: FxHashSet<FileId> = new_texts.keys().copied().collect();
        // What belongs to no model is not looked at again, so it must not point into an edited file.
        let points_there = |d: &rocky_base::Diagnostic| {
            let places = d.primary.iter().chain(&d.notes);
            places.into_iter().any(|l| touched.contains(&l.loc.file))
        };
        if self.general.iter().any(points_there) {
            return Ok(None);
        }

        let mut table = Edited {
            base: self,
            loaded: FxHashMap::default(),
        };
        let mut files = self.files.clone();
        let mut ids: Vec<u32> = Vec::new();
        for file in new_texts.keys() {
            match ground.roles.get(file) {
                Some(id) if !ids.contains(id) => ids.push(*id),
                Some(_) => {}
                None => return Ok(None),
            }
        }
        ids.sort_unstable();
        for id in &ids {
            let Some((loaded, target)) = self.reload(*id, &new_texts, &reader) else {
                return Ok(None);
            };
            table.loaded.insert(*id, (loaded, target));
        }
        for (id, file) in &new_texts {
            files.set(*id, file.source.clone());
        }

        let mut given: FxHashMap<RelationKey, Arc<[Column]>> = FxHashMap::default();
        for (name, columns) in &edits.sources {
            given.insert(self.names.full(name).key(self.dialect), columns.clone());
        }
        let catalog = ground.catalog.as_ref();
        let known = Known {
            catalog: catalog.map(|c| &*c.snapshot),
            fresh: catalog.is_some_and(|c| c.fresh),
        };
        let book = SourceBook::new(self.dialect, ground.declared.clone(), known)
            .with(given.iter().map(|(k, c)| (k.clone(), c.clone())));
        let types = Types::of(known.catalog);
        let tags = Tags::of(&self.config, || {
            self.models.iter().map(|m| (m.file, m.pipeline.clone()))
        });
        let shared = Shared {
            tags: &tags,
            env: UnitEnv {
                dialect: self.dialect,
                macros: &ground.macros,
                vars: &ground.vars,
            },
            table: &table,
            names: &self.names,
            book: &book,
            catalog: known.catalog,
            types: &types,
            cancel,
            proven_only: false,
        };

        // Texts first: whether the graph stays as it is decides everything else.
        let mut prepared: FxHashMap<u32, (Prepared, Option<rocky_syntax::ast::Ast>)> = FxHashMap::default();
        let (mut parsed, mut analysed) = (0, 0);
        let mut readers: Vec<u32> = ids.clone();
        for key in given.keys() {
            let Some(source) = ground.by_key.get(key).and_then(|i| self.sources.get(*i as usize)) else {
                // Nobody reads it.
                continue;
            };
            readers.extend(&source.readers);
        }
        readers.sort_unstable();
        readers.dedup();
        for id in &readers {
            let old = &self.models[*id as usize];
            let loaded = table.loaded(*id);
            let text = || {
                let file = new_texts.get(&loaded.file);
                file.map_or_else(|| self.text(loaded.file), |f| f.source.text().clone())
            };
            let (unit, ast) = shared.unit(loaded, text, Some(&old.unit));
            parsed += u64::from(ast.is_some());
            let resolved = link::resolve(*id, &unit, &self.names, &book);
            let depends = link::depends(*id, &resolved, &table, &self.names);
            let sources = |r: &link::Resolved| {
                let mut keys: Vec<RelationKey> = r
                    .inputs
                    .iter()
                    .filter_map(|(input, _)| match input {
                        Input::Source(facts) => Some(facts.key.clone()),
                        _ => None,
                    })
                    .collect();
                keys.sort();
                keys
            };
            let same_graph = depends.on == old.depends_on
                && sources(&resolved) == sources(&old.parts.resolved)
                && resolved.unattached.is_empty();
            if !same_graph {
                return Ok(None);
            }
            prepared.insert(*id, (Prepared { unit, resolved }, ast));
        }

        // Along the graph, in order of layers, until columns come out as they were.
        let mut results: FxHashMap<u32, (Arc<Analysed>, Prepared)> = FxHashMap::default();
        let layer = |id: u32| self.order.layer.get(id as usize).copied().unwrap_or(0);
        let mut work: BinaryHeap<Reverse<(u32, u32)>> =
            readers.iter().map(|id| Reverse((layer(*id), *id))).collect();
        let mut queued: FxHashSet<u32> = readers.iter().copied().collect();
        while let Some(Reverse((_, id))) = work.pop() {
            cancel.check()?;
            let old = &self.models[id as usize];
            let (own, ast) = prepared.remove(&id).unwrap_or_else(|| {
                let same = Prepared {
                    unit: old.unit.clone(),
                    resolved: old.parts.resolved.clone(),
                };
                (same, None)
            });
            let result = |m: u32| -> Option<(&Analysed, bool)> {
                Some(match results.get(&m) {
                    Some((analysed, prepared)) => (&**analysed, prepared.unit.broken()),
                    None => {
                        let model = self.models.get(m as usize)?;
                        (&*model.analysed, model.unit.broken())
                    }
                })
            };
            let (new, fresh) = shared.analyse(id, &own, ast, Some(&old.analysed), &result);
            analysed += u64::from(fresh);
            let unchanged =
                new.schema_hash() == old.analysed.schema_hash() && own.unit.broken() == old.unit.broken();
            results.insert(id, (new, own));
            if !unchanged {
                for reader in &self.consumers[id as usize] {
                    if queued.insert(*reader) {
                        work.push(Reverse((layer(*reader), *reader)));
                    }
                }
            }
        }

        let memo = Memo {
            entries: Arc::new(
                results
                    .keys()
                    .map(|id| {
                        let model = &self.models[*id as usize];
                        (model.file, Arc::new(model.entry()))
                    })
                    .collect(),
            ),
            ..Memo::default()
        };
        let now: FxHashMap<u32, bool> = results
            .iter()
            .map(|(id, (_, prepared))| (*id, prepared.unit.broken() || table.loaded(*id).unreadable))
            .collect();
        let broken = |m: u32| match (now.get(&m), self.models.get(m as usize)) {
            (Some(broken), _) => *broken,
            (None, Some(model)) => model.unit.broken() || model.loaded.unreadable,
            (None, None) => false,
        };
        let builder = Builder {
            dialect: self.dialect,
            memo: &memo,
            contracts: &ground.contracts,
            levels: &ground.levels,
            broken: &broken,
        };
        let mut models: SharedList<Arc<Model>> = self.models.clone();
        let changed: Vec<u32> = results.keys().copied().collect();
        for (id, (analysed, prepared)) in results {
            let old = &self.models[id as usize];
            let depends = link::depends(id, &prepared.resolved, &table, &self.names);
            let job = Job {
                id,
                pipeline: old.pipeline.clone(),
                inputs: link::inputs(&prepared.resolved, &ground.by_key),
                cyclic: false,
                constructs: ground
                    .wanted
                    .as_ref()
                    .map(|w| w.of(&prepared.unit))
                    .unwrap_or_default(),
                loaded: table
                    .loaded
                    .get(&id)
                    .map_or_else(|| old.loaded.clone(), |(loaded, _)| loaded.clone()),
                folder: old.parts.folder,
                prepared,
                analysed: Some(analysed),
                checked: None,
                target: table.target(id).clone(),
                depends,
            };
            if let (Some(slot), Some(model)) = (models.get_mut(id as usize), builder.model(job)) {
                *slot = model;
            }
        }
        let mut sources = self.sources.clone();
        let mut general = self.general.clone();
        for (key, columns) in given {
            let Some(index) = ground.by_key.get(&key) else {
                continue;
            };
            if let Some(source) = Arc::make_mut(&mut sources).get_mut(*index as usize) {
                source.schema = SourceSchema::Given(columns);
                let first = source.first_ref;
                let about_it = |d: &rocky_base::Diagnostic| {
                    [code::W101, code::W104, code::E231].contains(&d.code)
                        && d.primary.as_ref().is_some_and(|l| l.loc == first)
                };
                if general.iter().any(about_it) {
                    Arc::make_mut(&mut general).retain(|d| !about_it(d));
                }
            }
        }
        let doubtful = Doubtful {
            tags: &tags,
            env: shared.env,
            names: &self.names,
            book: &book,
            order: &self.order,
            sources: &sources,
            remembered_at: self.remembered_at,
            types: &types,
            cancel,
            levels: &ground.levels,
            now: system.now(),
        };
        doubtful.soften(&mut models, Some(&changed));
        cancel.check()?;
        let count = |models: &SharedList<Arc<Model>>| {
            let those = changed.iter().filter_map(|id| models.get(*id as usize));
            those.filter(|m| m.is_wrong()).count()
        };
        let wrong = self.wrong() - count(&self.models) + count(&models);
        Ok(Some(Arc::new(Snapshot {
            root: self.root.clone(),
            config: self.config.clone(),
            dialect: self.dialect,
            files,
            models,
            names: self.names.clone(),
            order: self.order.clone(),
            consumers: self.consumers.clone(),
            sources,
            remembered_at: self.remembered_at,
            general,
            timings: Timings {
                analyse_ms: started.elapsed().as_secs_f64() * 1e3,
                parsed,
                analysed,
                ..Timings::default()
            },
            lineage: Default::default(),
            diagnostics: OnceLock::new(),
            wrong: OnceLock::from(wrong),
            ground: ground.clone(),
        })))
    }

    /// The edited files by number. `None` when one of them is new, removed, or holds no model.
    fn texts(&self, edits: &Edits) -> Option<BTreeMap<FileId, CachedFile>> {
        let mut texts = BTreeMap::new();
        for (path, text) in &edits.files {
            let id = self.ground.paths.get(path)?;
            let text = text.as_ref()?;
            let text: Arc<str> = match text.strip_prefix('\u{feff}') {
                Some(rest) => Arc::from(rest),
                None => text.clone(),
            };
            let file = CachedFile {
                stamp: None,
                hash: content_hash(&text),
                source: Arc::new(SourceFile::new(path.clone(), text)),
                problem: None,
            };
            texts.insert(id, file);
        }
        Some(texts)
    }

    fn text(&self, file: FileId) -> Arc<str> {
        self.files
            .get(file)
            .map_or_else(|| Arc::from(""), |f| f.text().clone())
    }

    /// The model with its edited files. `None` when its name, its target or its declarations are not what they were.
    fn reload(
        &self,
        id: u32,
        new: &BTreeMap<FileId, CachedFile>,
        reader: &Reader<'_>,
    ) -> Option<(Arc<LoadedModel>, Target)> {
        let old = self.models.get(id as usize)?;
        let before = &old.loaded;
        if before.no_query {
            return None;
        }
        let file = |id: FileId, hash: u128| match new.get(&id) {
            Some(file) => Some(file.clone()),
            None => Some(CachedFile {
                stamp: None,
                hash,
                source: self.files.get(id)?.clone(),
                problem: None,
            }),
        };
        let body = file(old.file, before.reads.body)?;
        let beside = |part: Option<(FileId, u128)>| match part {
            Some((id, hash)) => Some(Some((id, file(id, hash)?))),
            None => Some(None),
        };
        let sidecar = beside(before.reads.sidecar)?;
        let contract = beside(before.reads.contract)?;
        let name = body.source.path.rsplit('/').next().unwrap_or(&body.source.path);
        let contents = Contents {
            id: old.file,
            language: old.language,
            stem: SmolStr::new(name.rsplit_once('.').map_or(name, |(stem, _)| stem)),
            body: &body,
            sidecar: sidecar.as_ref(),
            contract: contract.as_ref(),
        };
        let none = Defaults::default();
        let defaults = self
            .ground
            .defaults
            .get(old.parts.folder as usize)
            .unwrap_or(&none);
        let loaded = contents.model(reader, defaults);
        let ephemeral = |t: &Target| matches!(t.strategy.kind, StrategyKind::Ephemeral);
        let mut unattached = BTreeMap::new();
        let target = link::target(
            &loaded,
            self.dialect,
            &self.ground.name_defaults,
            &self.names,
            &mut unattached,
        );
        let same = loaded.name == before.name
            && !loaded.no_query
            && target.name == old.target
            && target.parts == old.target_parts
            && ephemeral(&target) == ephemeral(&old.parts.target)
            && loaded.config.sources == before.config.sources
            && unattached.is_empty();
        same.then(|| (Arc::new(loaded), target))
    }
}
