//! A project of which the cache says that it is as it was: no folder, no file and nothing else that a compile of it would look
//! at has changed. What was found then holds now, so that whoever needs a part of it looks at that part alone.
//!
//! Invariant: "unchanged" means here what it means to a compile ([`crate::load::Reader`]): the stamps of all files. A compile lists the
//! folders; here their stamps stand for that. Whatever a stamp cannot tell (links whose ends may change, values of the environment in
//! models, seeds, files as sources, remembered columns in doubt) makes that nothing is written down, and the next verb compiles the
//! whole. Start at [`Intact::open`]; what is written down is put together in [`Seen::whole`].

use crate::cache::{self, Opened, PathRow, Row};
use crate::compile::Inputs;
use crate::configuration::Configuration;
use crate::discover::{FilePath, Folder, Layout, ModelFiles};
use crate::hash::Hasher128;
use crate::memo::{CachedFile, Memo, Paths};
use crate::snapshot::{Snapshot, SourceSchema};
use rayon::prelude::*;
use rocky_base::system::FileStamp;
use rocky_base::{FileId, SmolStr, SourceFile, System};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What was found of a project beside its files, when all of it can be recognised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Whole {
    /// Hash of what a compile takes beside the files.
    key: u128,
    /// Folders with their stamps, below the folder of `rocky.toml`; without one: what must not be there.
    places: Vec<(SmolStr, Option<FileStamp>)>,
}

/// Who depends on whom, by number in order of name.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Graph {
    names: Vec<SmolStr>,
    /// The number of the file with the query.
    files: Vec<u32>,
    /// Where the inputs of each model begin in `on`.
    starts: Vec<u32>,
    on: Vec<u32>,
    /// Models that declare sources, which others may read.
    declaring: Vec<u32>,
    /// Full names of the relations that are no models.
    sources: Vec<SmolStr>,
}

/// A folder or file that was looked for.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Its path.
    pub path: PathBuf,
    /// It was there.
    pub there: bool,
    /// Its stamp, when that proves anything.
    pub stamp: Option<FileStamp>,
}

impl Looked {
    /// Look at a folder, before it is listed.
    pub fn at(system: &dyn System, path: &Path) -> Looked {
        let stamp = system.folder_stamp(path);
        Looked {
            there: stamp.is_some() || system.exists(path),
            stamp: stamp.filter(|stamp| crate::load::proves(system, stamp)),
            path: path.to_path_buf(),
        }
    }
}

/// The hash of what a compile takes beside the files; `None` when it takes what is for this one request.
pub(crate) fn key(inputs: &Inputs, config: Option<&Configuration>) -> Option<u128> {
    let Inputs {
        vars,
        catalog,
        target_dialect,
        given,
        locked,
        ignore_lock,
    } = inputs;
    let plain = vars.is_empty() && target_dialect.is_none() && given.is_empty() && !locked && !ignore_lock;
    let config = config.filter(|config| plain && !config.broken)?;
    let mut hasher = Hasher128::new();
    config.hash_into(&mut hasher);
    if let Some(catalog) = catalog {
        hasher.u32(1 + u32::from(catalog.fresh));
        hasher.bytes(&postcard::to_stdvec(&*catalog.snapshot).ok()?);
    }
    Some(hasher.finish())
}

/// A finished compile and what it looked at.
pub(crate) struct Seen<'a> {
    pub system: &'a dyn System,
    pub root: &'a Path,
    pub snapshot: &'a Snapshot,
    pub layout: &'a Layout,
    pub files: &'a [Option<CachedFile>],
    /// [`key`].
    pub key: Option<u128>,
}

impl Seen<'_> {
    /// What to write down; `None` when a later change might not be seen.
    pub fn whole(&self) -> Option<Whole> {
        let Seen {
            system,
            root,
            snapshot,
            layout,
            ..
        } = *self;
        let key = self.key?;
        let stamped = |file: &CachedFile| file.stamp.is_some() && file.problem.is_none();
        if !snapshot.ground.quiet
            || layout.links
            || !layout.contracts.is_empty()
            || !layout.diagnostics.is_empty()
            || snapshot.ground.defaults.iter().any(|d| d.reads_env)
            || snapshot.softened() > 0
            || !self.files.iter().flatten().all(stamped)
        {
            return None;
        }
        let known = |s: &crate::Source| !s.file && s.schema != SourceSchema::Unknown;
        let plain = |m: &Arc<crate::Model>| {
            m.loaded.reads.env.is_empty() && !m.loaded.no_query && !m.unit.holds_values()
        };
        if !snapshot.sources.iter().all(known) || !snapshot.models.iter().all(plain) {
            return None;
        }
        let mut looked = layout.looked.clone();
        let lock = root.join(crate::lock::LOCK_FILE);
        for (path, used) in [
            (root.join(crate::seed::FOLDER), false),
            (lock, snapshot.ground.lock.is_some()),
        ] {
            // What is used has a stamp among the files. Of seeds nothing is written down.
            if !used {
                looked.push(Looked {
                    there: system.exists(&path),
                    stamp: None,
                    path,
                });
            }
        }
        let place = |looked: &Looked| {
            let relative = looked.path.strip_prefix(root).unwrap_or(&looked.path).to_str()?;
            (looked.there == looked.stamp.is_some()).then(|| (SmolStr::new(relative), looked.stamp))
        };
        let places: Option<Vec<_>> = looked.iter().map(place).collect();
        Some(Whole { key, places: places? })
    }
}

impl Graph {
    /// That of a compiled project.
    pub fn of(snapshot: &Snapshot) -> Graph {
        let mut graph = Graph::default();
        for (id, model) in (0..).zip(&snapshot.models) {
            graph.names.push(model.name.clone());
            graph.files.push(model.file.0);
            graph.starts.push(graph.on.len() as u32);
            graph.on.extend_from_slice(&model.depends_on);
            if !model.config.sources.is_empty() {
                graph.declaring.push(id);
            }
        }
        graph.starts.push(graph.on.len() as u32);
        let sources = snapshot.sources.iter();
        graph.sources = sources.map(|s| SmolStr::new(s.name.display())).collect();
        graph
    }
}

/// Which models an answer looks at.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A model, all that it is made from, and what reads it.
    Near,
    /// The same, and all that is made from it.
    Far,
}

impl Graph {
    fn inputs(&self, model: u32) -> &[u32] {
        let at = |i: usize| self.starts.get(i).map(|s| *s as usize);
        let range = at(model as usize).zip(at(model as usize + 1));
        range.and_then(|(from, to)| self.on.get(from..to)).unwrap_or(&[])
    }

    /// The numbers fit each other.
    fn holds(&self) -> bool {
        let n = self.names.len();
        let model = |m: &u32| (*m as usize) < n;
        self.files.len() == n
            && self.starts.len() == n + 1
            && self.on.iter().all(model)
            && self.declaring.iter().all(model)
    }

    /// The model of this very name; an error when another relation might be meant.
    fn find(&self, name: &str) -> Result<Option<u32>, ()> {
        if !name.is_ascii() {
            return Err(());
        }
        if let Some(found) = self.names.iter().position(|n| n == name) {
            return Ok(Some(found as u32));
        }
        let ends = |full: &str| {
            let at = full.len().checked_sub(name.len());
            let tail = at.and_then(|at| Some((at, full.get(at..)?)));
            tail.is_some_and(|(at, tail)| {
                tail.eq_ignore_ascii_case(name) && (at == 0 || full.as_bytes().get(at - 1) == Some(&b'.'))
            })
        };
        let model = self.names.iter().any(|n| n.eq_ignore_ascii_case(name));
        match model || self.sources.iter().any(|s| ends(s)) {
            true => Err(()),
            false => Ok(None),
        }
    }

    /// Every model in reach of one, with all that they are made from; sorted.
    fn around(&self, model: u32, reach: Reach) -> Vec<u32> {
        let n = self.names.len();
        let mut readers: Vec<Vec<u32>> = Vec::new();
        readers.resize_with(n, Vec::new);
        for id in 0..n as u32 {
            for input in self.inputs(id) {
                if let Some(list) = readers.get_mut(*input as usize) {
                    list.push(id);
                }
            }
        }
        let mut held = vec![false; n];
        let mut take = |id: u32| {
            held.get_mut(id as usize)
                .is_some_and(|h| !std::mem::replace(h, true))
        };
        let mut all = Vec::new();
        let mut add = |id: u32, all: &mut Vec<u32>| {
            if take(id) {
                all.push(id);
            }
        };
        add(model, &mut all);
        let mut next = 0;
        while let Some(id) = all.get(next).copied() {
            for reader in readers.get(id as usize).into_iter().flatten() {
                add(*reader, &mut all);
            }
            next += 1;
            if reach == Reach::Near {
                break;
            }
        }
        self.declaring.iter().for_each(|id| add(*id, &mut all));
        let mut next = 0;
        while let Some(id) = all.get(next).copied() {
            self.inputs(id).iter().for_each(|input| add(*input, &mut all));
            next += 1;
        }
        all.sort_unstable();
        all
    }
}

/// A cache file that fits what is there now.
pub(crate) struct Intact {
    file: Opened,
    tables: Vec<u8>,
    whole: Whole,
    graph: Graph,
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Intact {
    /// Read the tables of the cache file and hold them against folders and files, on the threads of the pool that this is called
    /// in. `None`: something has changed, or nothing was written down.
    pub fn open(system: &dyn System, root: &Path, place: &cache::Place) -> Option<Intact> {
        let file = Opened::open(system, place)?;
        let tables = file.tables()?;
        let parts = file.foot.tables(&tables)?;
        let (whole, rest) = postcard::take_from_bytes::<Option<Whole>>(parts.whole).ok()?;
        let whole = whole?;
        let rows: Vec<PathRow<'_>> = postcard::from_bytes(parts.paths).ok()?;
        let as_it_was = |(path, stamp): &(SmolStr, Option<FileStamp>)| {
            let path = root.join(path);
            match stamp {
                Some(_) => system.folder_stamp(&path) == *stamp,
                None => !system.exists(&path),
            }
        };
        let of_folder = |rows: &[PathRow<'_>]| {
            let folder = rows.first().map_or("", |row| folder_of(row.path));
            let live = || rows.iter().filter(|row| row.stamp.is_some());
            let names: Vec<&str> = live()
                .map(|row| row.path.rsplit('/').next().unwrap_or(row.path))
                .collect();
            names.is_empty()
                || system
                    .stamps(&root.join(folder), &names)
                    .into_iter()
                    .eq(live().map(|row| row.stamp))
        };
        let unchanged = |rows: &[PathRow<'_>]| {
            rows.chunk_by(|a, b| folder_of(a.path) == folder_of(b.path))
                .all(of_folder)
        };
        if !whole.places.iter().all(as_it_was) || !rows.par_chunks(512).all(unchanged) {
            return None;
        }
        let graph: Graph = postcard::from_bytes(rest).ok()?;
        drop(rows);
        graph.holds().then_some(Intact {
            file,
            tables,
            whole,
            graph,
        })
    }

    /// Whether what a compile takes beside the files is as it was.
    pub fn is_for(&self, inputs: &Inputs, config: &Configuration) -> bool {
        key(inputs, Some(config)) == Some(self.whole.key)
    }

    /// What the cache file is recognised by.
    pub fn fingerprint(&self) -> u128 {
        self.file.foot.fingerprint
    }

    /// The models around the first of `names` that is one; `None` when that cannot be said, or would be most of the project.
    pub fn around(&self, names: &[&str], reach: Reach) -> Option<Vec<u32>> {
        let found = names.iter().find_map(|name| self.graph.find(name).transpose());
        let around = self.graph.around(found?.ok()?, reach);
        (2 * around.len() <= self.graph.names.len().max(32)).then_some(around)
    }

    /// What is remembered of some models, and where they lie.
    pub fn part(&self, system: &Arc<dyn System>, root: &Path, models: &[u32]) -> Option<(Memo, Layout)> {
        let parts = self.file.foot.tables(&self.tables)?;
        let rows: Vec<PathRow<'_>> = postcard::from_bytes(parts.paths).ok()?;
        let wanted: FxHashMap<u32, ()> = models
            .iter()
            .filter_map(|m| Some((*self.graph.files.get(*m as usize)?, ())))
            .collect();
        let mut entries = FxHashMap::default();
        let mut of_models = vec![false; rows.len()];
        for row in parts.entries() {
            let head = cache::RowHead::read(row)?;
            for file in head.files {
                if let Some(of_model) = of_models.get_mut(file as usize) {
                    *of_model = true;
                }
            }
            if !wanted.contains_key(&head.files[0]) {
                continue;
            }
            if head.end()? > self.file.size() {
                return None;
            }
            let mut bytes = vec![0; head.len];
            self.file.read_at(head.start, &mut bytes).ok()?;
            let (id, entry) = cache::entry(&Arc::new(bytes), head.start, Row { bytes: row, at: None })?;
            entries.insert(id, entry);
        }
        if entries.len() != wanted.len() {
            return None;
        }
        let mut used = vec![false; rows.len()];
        for entry in entries.values() {
            let reads = &entry.loaded.reads;
            let beside = reads.sidecar.iter().chain(&reads.contract).map(|(file, _)| *file);
            for file in std::iter::once(entry.loaded.file).chain(beside) {
                *used.get_mut(file.0 as usize)? = true;
            }
        }
        // Configuration, defaults, macros and the lock are files of no model, and every compile looks at them.
        let mut paths = Paths::default();
        let mut defaults: FxHashMap<&str, FilePath> = FxHashMap::default();
        let file_path = |shown: &str| FilePath::new(root.join(shown), SmolStr::new(shown));
        for (number, (row, (used, of_model))) in (0..).zip(rows.iter().zip(used.iter().zip(&of_models))) {
            if row.stamp.is_none() || (*of_model && !*used) {
                continue;
            }
            paths.put(SmolStr::new(row.path), FileId(number));
            if row.path.rsplit('/').next() == Some("_defaults.toml") {
                defaults.insert(folder_of(row.path), file_path(row.path));
            }
        }
        paths.end_at(rows.len() as u32);
        let paths = Arc::new(paths);
        let loader = cache::loader(system, root, &paths, parts.lines, &rows);
        let mut files: Vec<Option<CachedFile>> = vec![None; rows.len()];
        for (path, id) in paths.iter() {
            let row = rows.get(id.0 as usize)?;
            *files.get_mut(id.0 as usize)? = Some(CachedFile {
                stamp: row.stamp,
                hash: row.hash,
                source: Arc::new(SourceFile::lazy(path.clone(), loader.clone())),
                problem: None,
            });
        }
        let mut layout = Layout::default();
        let mut folders: FxHashMap<&str, usize> = FxHashMap::default();
        for entry in entries.values() {
            let loaded = &entry.loaded;
            let shown = |file: FileId| rows.get(file.0 as usize).map(|row| row.path);
            let body = shown(loaded.file)?;
            let folder = folder_of(body);
            let folder = *folders.entry(folder).or_insert_with(|| {
                layout.folders.push(Folder {
                    path: root.join(folder),
                    defaults: defaults.get(folder).cloned(),
                });
                layout.folders.len() - 1
            });
            let beside = |file: &Option<(FileId, u128)>| match file {
                Some((file, _)) => Some(Some(file_path(shown(*file)?))),
                None => Some(None),
            };
            let name = body.rsplit('/').next().unwrap_or(body);
            layout.models.push(ModelFiles {
                body: file_path(body),
                language: loaded.language,
                stem: SmolStr::new(name.rsplit_once('.').map_or(name, |(stem, _)| stem)),
                sidecar: beside(&loaded.reads.sidecar)?,
                contract: beside(&loaded.reads.contract)?,
                folder,
            });
        }
        // Stamps are taken folder by folder.
        layout
            .models
            .sort_by(|a, b| (a.folder, &a.body.shown).cmp(&(b.folder, &b.body.shown)));
        let memo = Memo {
            paths,
            files,
            entries: Arc::new(entries),
            ..Memo::default()
        };
        Some((memo, layout))
    }
}
