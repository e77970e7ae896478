//! Load pipelines: which files there are, which of them are loaded already, and what the engine says of the others.
//!
//! Invariant: a file is loaded once, whenever the process ends. What is about to be loaded is noted with the number of rows
//! that the table has; when a run did not come back from it, the number of rows now says whether it was committed. Where it cannot
//! say, the run is refused.

use super::{Prepared, Wanted, relation};
use crate::adapters::Access;
use crate::project::{Project, target};
use crate::reduce::LeftOut;
use jiff::Timestamp;
use rocky_base::ident::IdentKind;
use rocky_base::system::DirEntry;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Event, Observer, Result, SmolStr};
use rocky_config::{Concurrency, LoadConfig, LoadFormat};
use rocky_plan::load::{LoadFile, LoadSpec, LoadTable, count_table, read_file, whole_numbers};
use rocky_project::hash::Hasher128;
use rocky_project::seed::csv;
use rocky_run::report::{RunReport, TaskStatus};
use rocky_run::state::StateBatch;
use rocky_run::{StateReader, StateStore};
use rocky_warehouse::catalog::Lookup;
use rocky_warehouse::relation::RelationKey;
use rocky_warehouse::{CatalogSnapshot, Connection, RelationName, Type, Value};
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Notes of files that are loaded; the key is table and path.
const LOADED: &str = "loaded_files";
/// Notes of tables that are being loaded.
const LOADING: &str = "loading_files";
/// A larger file is known by path, size and time alone.
const HASHED: u64 = 256 << 20;
/// No header is larger.
const HEADER: usize = 1 << 20;
/// So much of a line is shown.
const SHOWN: usize = 100;
/// So many files are named that are not loaded.
const NAMED: usize = 5;

/// A file as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    table: String,
    path: String,
    size: u64,
    modified_ns: String,
    hash: Option<String>,
    #[serde(default)]
    run_id: String,
}

impl Entry {
    fn key(&self) -> String {
        format!("{}\n{}", self.table, self.path)
    }

    /// The same contents under the same name.
    fn is(&self, other: &Entry) -> bool {
        let same_time = self.modified_ns == other.modified_ns && self.modified_ns != "0";
        self.size == other.size && (same_time || (self.hash.is_some() && self.hash == other.hash))
    }
}

/// A table that is about to be loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Intent {
    run_id: String,
    /// Rows that the table had; none when there was no table.
    rows_before: Option<u64>,
    files: Vec<Entry>,
}

/// What this run has to remember.
#[derive(Default)]
pub(crate) struct Ledger {
    /// By table: rows before, and the files.
    tables: Vec<(String, Option<u64>, Vec<Entry>)>,
    /// Tables that an earlier run was loading without coming to say what became of it, and the files that it did load.
    settled: Vec<(String, Vec<Entry>)>,
    /// The tables are emptied first: what was loaded before is no longer there.
    truncate: bool,
    /// Files that are loaded already.
    already: Vec<Entry>,
}

/// What a document says of a file before it is known what became of it.
pub(crate) struct FileFacts {
    pub path: String,
    pub table: String,
    pub size: u64,
    /// Which of its table's files it is; `None`: it is loaded already.
    pub place: Option<usize>,
}

impl Ledger {
    /// All files that were found.
    pub(crate) fn files(&self) -> Vec<FileFacts> {
        let of = |entry: &Entry, place| FileFacts {
            path: entry.path.clone(),
            table: entry.table.clone(),
            size: entry.size,
            place,
        };
        let wanted = |(_, _, files): &(String, Option<u64>, Vec<Entry>)| -> Vec<FileFacts> {
            files.iter().enumerate().map(|(n, e)| of(e, Some(n))).collect()
        };
        let already = self.already.iter().map(|e| of(e, None));
        self.tables.iter().flat_map(wanted).chain(already).collect()
    }

    /// Before anything is changed.
    pub(crate) fn begin(&self, state: &StateStore, run_id: &str, at: Timestamp) -> Result<()> {
        let mut batch = StateBatch::new();
        for (table, files) in &self.settled {
            batch.forget_note(LOADING, table);
            for entry in files {
                batch.note(LOADED, &entry.key(), json(entry)?, at);
            }
        }
        for (table, rows_before, files) in &self.tables {
            let intent = Intent {
                run_id: run_id.to_owned(),
                rows_before: *rows_before,
                files: files.clone(),
            };
            batch.note(LOADING, table, json(&intent)?, at);
        }
        state.commit(&batch)
    }

    /// After the run: what it loaded. Where a table failed, its note stays until the next run has looked.
    pub(crate) fn finish(&self, state: &StateStore, report: &RunReport, at: Timestamp) -> Result<()> {
        let succeeded = report.tasks.iter().filter(|t| t.status == TaskStatus::Success);
        let done: FxHashSet<&str> = succeeded.map(|t| t.name.as_str()).collect();
        let mut batch = StateBatch::new();
        for (table, _, files) in &self.tables {
            if !done.contains(table.as_str()) {
                continue;
            }
            if self.truncate {
                batch.forget_notes(LOADED, &format!("{table}\n"));
            }
            for entry in files {
                let entry = Entry {
                    run_id: report.run_id.clone(),
                    ..entry.clone()
                };
                batch.note(LOADED, &entry.key(), json(&entry)?, at);
            }
            batch.forget_note(LOADING, table);
        }
        state.commit(&batch)
    }
}

fn json(value: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|e| Error::bug(format!("a note cannot be written: {e}")))
}

/// `recorded`: what the run is called in history and for hooks.
pub(crate) fn prepare(
    project: &Project,
    wanted: &Wanted<'_>,
    config: &LoadConfig,
    recorded: &SmolStr,
    observer: &mut dyn Observer,
    cancel: &CancelToken,
) -> Result<Prepared> {
    let request = wanted.request;
    let pipeline = &wanted.pipeline;
    if request.full_refresh && !config.options.truncate_first {
        let message = "a load pipeline has no full refresh: its tables may have rows of other origin";
        return Err(Error::new(ErrorKind::Unsupported, message)
            .hint("set `truncate_first = true`, or load all files again with `--force-rebuild`"));
    }
    let target = target(wanted.config, Some(pipeline))?;
    if target.adapter.r#type != Some(rocky_config::AdapterType::DuckDb) {
        let message = format!("pipeline `{pipeline}` loads files, which only adapters of type duckdb can");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let source = config
        .source_dir
        .as_ref()
        .map(|s| s.value.as_str())
        .unwrap_or_default();
    let (found, others) = files(project, source, config)?;
    if let Some(message) = passed_over(source, &others) {
        observer.event(&Event::Log {
            level: SmolStr::new_static("warning"),
            message,
        });
    }
    let exists =
        crate::adapters::duckdb_path(&project.root, &target.adapter.settings).is_none_or(|p| p.exists());
    let first = if exists { wanted.access } else { Access::Read };
    let mut warehouse = project.open_warehouse(&target, first, cancel)?;
    let catalog = project.read_catalog(&target, warehouse.as_deref(), cancel)?;
    if warehouse.is_none() && wanted.access == Access::Write {
        warehouse = project.open_warehouse(&target, wanted.access, cancel)?;
    }
    // Without a database the files can still be looked at.
    let looking = match &warehouse {
        Some(warehouse) => warehouse.clone(),
        None => crate::adapters::scratch(&project.root, cancel)?,
    };
    let mut connection = looking.connect()?;
    let mut look = Look {
        project,
        config,
        catalog: &catalog,
        connection: connection.as_mut(),
        cancel,
        reader: project.engine.inner.states.reader(project.state_path())?,
        force: request.force_rebuild || config.options.truncate_first,
        ledger: Ledger {
            truncate: config.options.truncate_first,
            ..Ledger::default()
        },
        left_out: Vec::new(),
    };
    let mut tables: Vec<(RelationName, Vec<LoadFile>)> = Vec::new();
    let mut places: FxHashMap<RelationKey, usize> = FxHashMap::default();
    for file in found {
        let name = match &config.target.table {
            Some(table) => table.value.clone(),
            None => SmolStr::new(file.stem()),
        };
        let text = |part: &Option<rocky_config::Spanned<SmolStr>>| part.as_ref().map(|p| p.value.clone());
        let (schema, parent) = (text(&config.target.schema), text(&config.target.catalog));
        let name = relation::named(parent.as_deref(), schema.as_deref(), &name, &catalog);
        let place = *places.entry(name.key(catalog.dialect)).or_insert(tables.len());
        match tables.get_mut(place) {
            Some((_, files)) => files.push(file),
            None => tables.push((name, vec![file])),
        }
    }
    let mut wanted_tables = Vec::with_capacity(tables.len());
    for (name, files) in tables {
        wanted_tables.extend(look.table(name, files)?);
    }
    let (ledger, left_out) = (look.ledger, look.left_out);
    drop(connection);
    let execution = wanted.config.pipelines.get(pipeline).map(|p| &p.execution);
    let fixed = match execution.and_then(|e| e.concurrency) {
        Some(Concurrency::Fixed(n)) => n.get() as usize,
        _ => 2,
    };
    let own = |p: &&rocky_config::PipelineConfig| matches!(p.kind, rocky_config::PipelineKind::Load(_));
    let declared = wanted.config.pipelines.get(pipeline).filter(own);
    let spec = LoadSpec {
        aliases: Vec::new(),
        pipeline: recorded.clone(),
        place: relation::place(&config.target),
        tables: wanted_tables,
        create_table: config.options.create_table,
        truncate: config.options.truncate_first,
        header: config.options.csv_has_header,
        contract: config.contract.clone(),
        create_schema: config.governance.auto_create_schemas,
        concurrency: request.concurrency.map_or(fixed, |n| n as usize),
        fail_fast: execution.is_some_and(|e| e.fail_fast),
        checks: declared.and_then(|p| p.checks.clone()),
        named: config.target.table.is_some(),
        partial: !left_out.is_empty(),
    };
    let shadow = crate::shadow::of_request(request, pipeline)?;
    let pairs = shadow.as_ref().map_or_else(Vec::new, |shadow| {
        rocky_plan::shadow::load_pairs(shadow, &spec, &catalog)
    });
    let plan = move |catalog: &_| match &shadow {
        Some(shadow) => rocky_plan::shadow::of_load(shadow, &spec, catalog),
        None => rocky_plan::load::load(&spec, catalog),
    };
    let planned = plan(&catalog);
    let mut prepared = project.prepared_of_config(recorded, "load", warehouse, planned, Box::new(plan))?;
    prepared.reduced.ledger = Some(ledger);
    prepared.reduced.pairs = pairs;
    prepared.reduced.left_out = left_out;
    Ok(prepared)
}

trait Stem {
    fn stem(&self) -> &str;
}

impl Stem for LoadFile {
    /// The file's name without its extension.
    fn stem(&self) -> &str {
        let name = Path::new(&self.shown).file_stem().and_then(|s| s.to_str());
        name.unwrap_or(&self.shown)
    }
}

/// What is said of files that might be meant. Nobody finds out otherwise that they are in no table.
fn passed_over(source: &str, names: &[String]) -> Option<String> {
    let shown: Vec<String> = names.iter().take(NAMED).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(NAMED);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let are = match names.len() {
        0 => return None,
        1 => "is",
        _ => "are",
    };
    let json = match names.iter().any(|n| n.to_ascii_lowercase().ends_with(".json")) {
        true => "; JSON is loaded with one object on each line: name such a file .jsonl",
        false => "",
    };
    Some(format!(
        "`{source}`: {}{more} {are} not loaded: names of files that can be end with .csv, .tsv, .parquet, .pq, .jsonl or .ndjson{json}",
        shown.join(", ")
    ))
}

/// The files of a folder or a pattern, by name; and the names of those that nothing says how to read.
fn files(project: &Project, source: &str, config: &LoadConfig) -> Result<(Vec<LoadFile>, Vec<String>)> {
    let path = project.root.join(source);
    let system = &*project.host.system;
    let last = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let pattern = last.contains(['*', '?']).then(|| last.to_owned());
    let dir: PathBuf = match (&pattern, path.parent()) {
        (Some(_), Some(parent)) => parent.to_path_buf(),
        _ => path.clone(),
    };
    let dir = std::path::absolute(&dir).map_err(|e| Error::io(dir.display(), e))?;
    let entries = system.list(&dir).map_err(|e| Error::io(dir.display(), e))?;
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for DirEntry { path, name, is_dir } in entries {
        if is_dir {
            continue;
        }
        let Some(name) = name else {
            let message = format!("{}: the name of the file is not UTF-8", path.display());
            return Err(Error::usage(message).hint("rename the file"));
        };
        let fits = pattern.as_deref().is_none_or(|p| fits(p, &name)) && !name.starts_with('.');
        let extension = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
        let by_extension = match extension.as_deref() {
            Some("csv" | "tsv") => Some(LoadFormat::Csv),
            Some("parquet" | "pq") => Some(LoadFormat::Parquet),
            Some("jsonl" | "ndjson") => Some(LoadFormat::JsonLines),
            _ => None,
        };
        let format = match (config.format, by_extension) {
            // A pattern names its files itself.
            (Some(wanted), None) if pattern.is_some() => wanted,
            (Some(wanted), Some(is)) if wanted == is => wanted,
            (None, Some(is)) => is,
            (wanted, is) => {
                // Another format than the one that is asked for is passed over on purpose.
                let json = wanted == Some(LoadFormat::JsonLines) && extension.as_deref() == Some("json");
                if fits && is.is_none() && (wanted.is_none() || json) {
                    others.push(name.to_string());
                }
                continue;
            }
        };
        if !fits {
            continue;
        }
        let delimiter = match (extension.as_deref(), config.options.csv_delimiter.as_str()) {
            (Some("tsv"), ",") => "\t",
            (_, delimiter) => delimiter,
        };
        let text = path.to_str().map(str::to_owned).ok_or_else(|| {
            Error::usage(format!("{}: the name of the folder is not UTF-8", path.display()))
        })?;
        found.push(LoadFile {
            path: text,
            shown: name.to_string(),
            format,
            delimiter: delimiter.into(),
            columns: None,
            texts: Vec::new(),
            identity: String::new(),
            problem: None,
        });
    }
    Ok((found, others))
}

/// `*` and `?` in a file's name.
fn fits(pattern: &str, name: &str) -> bool {
    let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut i, mut j, mut star) = (0, 0, None);
    while let Some(c) = n.get(j) {
        match p.get(i) {
            Some('*') => {
                star = Some((i, j));
                i += 1;
            }
            Some(x) if *x == '?' || x == c => {
                i += 1;
                j += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    i = at + 1;
                    j = from + 1;
                    star = Some((at, from + 1));
                }
                None => return false,
            },
        }
    }
    p.iter().skip(i).all(|c| *c == '*')
}

struct Look<'a> {
    project: &'a Project,
    config: &'a LoadConfig,
    catalog: &'a CatalogSnapshot,
    connection: &'a mut dyn Connection,
    cancel: &'a CancelToken,
    reader: Option<StateReader>,
    /// Load what is loaded already.
    force: bool,
    ledger: Ledger,
    left_out: Vec<LeftOut>,
}

impl Look<'_> {
    /// What of a table is to be loaded; `None` when nothing is.
    fn table(&mut self, target: RelationName, files: Vec<LoadFile>) -> Result<Option<LoadTable>> {
        let table = target.display();
        let exists = matches!(self.catalog.lookup(&target), Lookup::Found(_));
        let rows = match exists {
            true => Some(self.count(&count_table(&target))?),
            false => None,
        };
        let settled = match self.force {
            true => None,
            false => self.settle(&table, rows)?,
        };
        let by_key: FxHashMap<String, &Entry> = settled.iter().flatten().map(|e| (e.key(), e)).collect();
        let (mut wanted, mut entries, mut already) = (Vec::new(), Vec::new(), 0);
        for mut file in files {
            self.cancel.check()?;
            let entry = self.entry(&table, &file);
            let known = match &self.reader {
                // Of a table that is gone nothing is loaded.
                Some(reader) if exists && !self.force => reader.note(LOADED, &entry.key())?,
                _ => None,
            };
            let known = known.and_then(|note| serde_json::from_value::<Entry>(note.value).ok());
            let settled = by_key.get(&entry.key()).copied();
            if known.iter().chain(settled).any(|k| k.is(&entry)) {
                already += 1;
                self.ledger.already.push(entry);
                continue;
            }
            let query = read_file(&file, self.config.options.csv_has_header);
            // What the engine says against a file is said when it is loaded, so that other tables are.
            file.columns = match self.connection.describe(&query, self.cancel) {
                Ok(columns) => Some(columns),
                Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
                Err(_) => None,
            };
            file.problem = self.problem(&file);
            if !exists && file.format == LoadFormat::Csv {
                file.texts = self.too_large(&file)?;
                for column in file.columns.iter_mut().flatten() {
                    if file.texts.contains(&column.name) {
                        column.ty = Type::String { length: None };
                    }
                }
            }
            file.identity = format!("{}:{}:{:?}", entry.path, entry.size, entry.hash);
            entries.push(entry);
            wanted.push(file);
        }
        self.ledger
            .settled
            .extend(settled.map(|files| (table.clone(), files)));
        if wanted.is_empty() {
            let n = if already == 1 {
                "its file is".to_owned()
            } else {
                format!("its {already} files are")
            };
            self.left_out.push(LeftOut {
                name: SmolStr::new(&table),
                asset_key: target.parts().map(|p| p.text.clone()).collect(),
                reason: format!("{n} loaded already"),
            });
            return Ok(None);
        }
        self.ledger.tables.push((table, rows, entries));
        Ok(Some(LoadTable {
            target,
            files: wanted,
            already,
        }))
    }

    /// What is wrong with a CSV that the engine would not say: it gives the second of two equal columns another name without a
    /// word, and of rows that do not fit together it tells neither line nor number of fields.
    fn problem(&self, file: &LoadFile) -> Option<(String, String)> {
        let &[delimiter] = file.delimiter.as_bytes() else {
            return None;
        };
        if file.format != LoadFormat::Csv {
            return None;
        }
        let header = self.config.options.csv_has_header;
        let system = &*self.project.host.system;
        let path = Path::new(&file.path);
        if file.columns.is_none() {
            let size = system.stamp(path).ok()?.size;
            let bytes = (size <= HASHED).then(|| system.read(path).ok()).flatten()?;
            return misfit(&bytes, delimiter, header);
        }
        if !header {
            return None;
        }
        let pieces = system.pieces(path).ok()?;
        let mut start = vec![0; usize::try_from(pieces.size()).map_or(HEADER, |size| size.min(HEADER))];
        pieces.read_at(0, &mut start).ok()?;
        let text = match std::str::from_utf8(&start) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?,
        };
        let records = csv::first_records(text, delimiter, 1).ok()?;
        twice(records.first()?)
    }

    /// Columns of a CSV whose whole numbers are too large for an integer.
    fn too_large(&mut self, file: &LoadFile) -> Result<Vec<SmolStr>> {
        let columns = file.columns.iter().flatten();
        let floats: Vec<SmolStr> = columns
            .filter(|c| c.ty == Type::Float64)
            .map(|c| c.name.clone())
            .collect();
        if floats.is_empty() {
            return Ok(floats);
        }
        let query = whole_numbers(file, self.config.options.csv_has_header, &floats);
        let rows = match self.connection.query(&query, 1, self.cancel) {
            Ok(rows) => rows,
            Err(error) if error.kind == ErrorKind::Cancelled => return Err(error),
            // It is said when the file is loaded.
            Err(_) => return Ok(Vec::new()),
        };
        let whole = rows.rows.into_iter().next().unwrap_or_default();
        let whole = whole.into_iter().map(|v| matches!(v, Value::Bool(true)));
        let large = floats.into_iter().zip(whole).filter(|(_, whole)| *whole);
        Ok(large.map(|(name, _)| name).collect())
    }

    /// The files that a run loaded which did not come to say so; none when there is no such run.
    fn settle(&mut self, table: &str, rows: Option<u64>) -> Result<Option<Vec<Entry>>> {
        let Some(note) = self
            .reader
            .as_ref()
            .map(|r| r.note(LOADING, table))
            .transpose()?
            .flatten()
        else {
            return Ok(None);
        };
        let Ok(intent) = serde_json::from_value::<Intent>(note.value) else {
            return Ok(None);
        };
        if rows == intent.rows_before {
            return Ok(Some(Vec::new()));
        }
        let mut expected = intent.rows_before.unwrap_or(0);
        for entry in &intent.files {
            let path = self.project.root.join(&entry.path);
            let path = std::path::absolute(&path).unwrap_or(path);
            let format = match path
                .extension()
                .and_then(|e| e.to_str())
                .map(str::to_ascii_lowercase)
                .as_deref()
            {
                Some("parquet" | "pq") => LoadFormat::Parquet,
                Some("jsonl" | "ndjson") => LoadFormat::JsonLines,
                Some("csv" | "tsv") => LoadFormat::Csv,
                _ => self.config.format.unwrap_or(LoadFormat::Csv),
            };
            let tab =
                entry.path.to_ascii_lowercase().ends_with(".tsv") && self.config.options.csv_delimiter == ",";
            let file = LoadFile {
                path: path.to_string_lossy().into_owned(),
                shown: entry.path.clone(),
                format,
                delimiter: if tab {
                    "\t".into()
                } else {
                    self.config.options.csv_delimiter.clone()
                },
                columns: None,
                texts: Vec::new(),
                identity: String::new(),
                problem: None,
            };
            let same = self.entry(table, &file).is(entry);
            let query = read_file(&file, self.config.options.csv_has_header);
            let n = self.count(&format!("SELECT COUNT(*) FROM ({query})"));
            match n {
                Ok(n) if same => expected = expected.saturating_add(n),
                _ => return Err(unsettled(table, &intent)),
            }
        }
        match rows == Some(expected) {
            true => Ok(Some(intent.files)),
            false => Err(unsettled(table, &intent)),
        }
    }

    fn count(&mut self, sql: &str) -> Result<u64> {
        let rows = self.connection.query(sql, 1, self.cancel)?;
        let cell = rows
            .rows
            .first()
            .and_then(|r| r.first())
            .and_then(rocky_warehouse::Value::to_i64);
        cell.and_then(|n| u64::try_from(n).ok())
            .ok_or_else(|| Error::bug("a count is no number"))
    }

    /// A path as the ledger has it: relative to the project, which may be elsewhere tomorrow.
    fn known_as(&self, path: &Path) -> String {
        path.strip_prefix(self.project.folder())
            .unwrap_or(path)
            .to_string_lossy()
            .into_owned()
    }

    /// What the ledger would say of a file. One that cannot be read has no hash, and fails when it is loaded.
    fn entry(&self, table: &str, file: &LoadFile) -> Entry {
        let system = &*self.project.host.system;
        let path = Path::new(&file.path);
        let stamp = system.stamp(path).ok();
        let size = stamp.map_or(0, |s| s.size);
        let contents = (size <= HASHED).then(|| system.read(path).ok()).flatten();
        Entry {
            table: table.to_owned(),
            path: self.known_as(path),
            size,
            modified_ns: stamp.map_or_else(|| "0".to_owned(), |s| s.modified_ns.to_string()),
            hash: contents.map(|bytes| format!("{:032x}", Hasher128::new().bytes(&bytes).finish())),
            run_id: String::new(),
        }
    }
}

/// Two columns of a header that the warehouse does not tell apart.
fn twice(header: &csv::Record<'_>) -> Option<(String, String)> {
    let mut seen: FxHashMap<SmolStr, usize> = FxHashMap::default();
    for (place, name) in header.fields.iter().enumerate() {
        let Some(name) = name.as_deref() else { continue };
        let key = Dialect::DuckDb.fold(name, true, IdentKind::Column);
        let Some(first) = seen.insert(key, place) else {
            continue;
        };
        let other = header
            .fields
            .get(first)
            .and_then(|f| f.as_deref())
            .unwrap_or(name);
        let also = if other == name {
            String::new()
        } else {
            format!(" and `{name}`")
        };
        return Some((
            format!(
                "line {}: columns {} and {} of the header have the same name, `{other}`{also}",
                header.line,
                first + 1,
                place + 1
            ),
            "give each column of the file a name of its own, or set `csv_has_header = false` where the first line is a row".to_owned(),
        ));
    }
    None
}

/// The first line of a CSV that does not fit the others.
fn misfit(bytes: &[u8], delimiter: u8, header: bool) -> Option<(String, String)> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = before.iter().filter(|b| **b == b'\n').count() + 1;
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            return Some((
                format!("line {line}: byte 0x{byte:02X} is not UTF-8"),
                "save the file as UTF-8".to_owned(),
            ));
        }
    };
    let records = match csv::records(text, delimiter) {
        Ok(records) => records,
        Err(why) => {
            let hint = "a field that has a quote in it is put into quotes, and the quote doubled: `\"a \"\"b\"\" c\"`";
            return Some((why, hint.to_owned()));
        }
    };
    let (first, rest) = records.split_first()?;
    let n = first.fields.len();
    if header && let Some(problem) = twice(first) {
        return Some(problem);
    }
    let odd = rest.iter().find(|r| r.fields.len() != n)?;
    let fields = |n: usize| {
        if n == 1 {
            "1 field".to_owned()
        } else {
            format!("{n} fields")
        }
    };
    let text: Vec<&str> = odd
        .fields
        .iter()
        .map(|f| f.as_deref().unwrap_or_default())
        .collect();
    let delimiter = char::from(delimiter);
    let shown: String = text.join(&delimiter.to_string()).chars().take(SHOWN).collect();
    Some((
        format!(
            "line {} has {}, the {} has {n}: {shown}",
            odd.line,
            fields(odd.fields.len()),
            if header { "header" } else { "first line" }
        ),
        format!(
            "mend the line (a field with `{delimiter}` in it is put into quotes), or set `csv_delimiter`"
        ),
    ))
}

fn unsettled(table: &str, intent: &Intent) -> Error {
    let files: Vec<&str> = intent
        .files
        .iter()
        .filter_map(|f| Path::new(&f.path).file_name()?.to_str())
        .collect();
    Error::new(
        ErrorKind::Stale,
        format!(
            "run {} ended while it loaded {} into `{table}`, and since then the table was changed otherwise: it is not known whether \
             their rows are in it",
            intent.run_id,
            files.join(", ")
        ),
    )
    .hint("look into the table; then load the files again with `--force-rebuild`, or move them away and load the others")
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_pattern_means_names() {
        for (pattern, name, expected) in [
            ("*.csv", "a.csv", true),
            ("*.csv", "a.csv.gz", false),
            ("o?d*s.csv", "orders.csv", true),
            ("o?d*s.csv", "ord-2026-s.csv", true),
            ("*", "", true),
            ("a*b*c", "a1b2b3c", true),
            ("a*b*c", "a1b2b3", false),
            ("[x]*.csv", "[x]1.csv", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
