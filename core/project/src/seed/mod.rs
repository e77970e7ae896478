//! Seeds: CSV files in the folder `seeds` that `rocky seed` makes tables of. To a compile they are sources whose columns are known.
//!
//! A file's columns are what its header and all its rows say; nothing is known of a file that is broken, and `rocky seed` says why.
//! A project without the folder pays for one look that finds nothing.

pub mod cell;
pub mod csv;

use crate::link::Declared;
use crate::names::NameTable;
use crate::snapshot::SourceSchema;
use cell::Inference;
use csv::Record;
use rocky_base::ident::IdentKind;
use rocky_base::system::FileStamp;
use rocky_base::{Dialect, FileId, Ident, Loc, SmolStr, Span, System, suggest};
use rocky_config::{PipelineKind, ProjectConfig, SeedConfig};
use rocky_warehouse::{Column, RelationName, Type};
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

/// The folder of seeds.
pub const FOLDER: &str = "seeds";
/// The schema of their tables.
pub const SCHEMA: &str = "seeds";
/// What is larger is no seed: `rocky load` reads it.
pub const MAX_BYTES: u64 = 100 << 20;
/// Larger files are not read for a compile.
const COMPILED_BYTES: u64 = 16 << 20;
/// A file that was written a moment ago may be written once more under the same time.
const SETTLED_NS: i128 = 100_000_000;

/// A seed as it stands in the folder.
#[derive(Clone, Debug)]
pub struct SeedFile {
    /// Its name: the sidecar's, else that of the file.
    pub name: SmolStr,
    /// The file.
    pub path: PathBuf,
    /// The file's name.
    pub file: SmolStr,
    /// Between two fields.
    pub delimiter: u8,
    /// What its sidecar says.
    pub config: SeedConfig,
    /// Why the sidecar cannot be used.
    pub problem: Option<String>,
}

impl SeedFile {
    /// Its table, by the parts that are said; `catalog`: where the sidecar names none.
    pub fn target(&self, catalog: Option<&str>, dialect: Dialect) -> RelationName {
        let part = |p: &Option<rocky_config::Spanned<SmolStr>>| p.as_ref().map(|p| p.value.clone());
        let ident = |name: &str| (!name.is_empty()).then(|| Ident::from_config(dialect, name));
        RelationName {
            catalog: ident(
                part(&self.config.catalog)
                    .as_deref()
                    .or(catalog)
                    .unwrap_or_default(),
            ),
            schema: ident(part(&self.config.schema).as_deref().unwrap_or(SCHEMA)),
            table: Ident::from_config(
                dialect,
                &part(&self.config.table).unwrap_or_else(|| self.name.clone()),
            ),
        }
    }

    /// The types that the sidecar gives.
    pub fn types(&self) -> Vec<(SmolStr, SmolStr)> {
        let types = self.config.column_types.iter();
        types
            .map(|(column, ty)| (column.clone(), ty.value.clone()))
            .collect()
    }
}

/// The catalogue of seeds: that of the replications, where they have one and the same without a placeholder in it.
pub fn default_catalog<'a>(
    pipelines: impl Iterator<Item = &'a rocky_config::PipelineConfig>,
) -> Option<String> {
    let literal = |p: &rocky_config::PipelineConfig| match &p.kind {
        PipelineKind::Replication(r) => r.target.catalog_template.as_ref().map(|t| t.literal()),
        _ => None,
    };
    let mut all = pipelines.filter_map(literal);
    let first = all.next()??;
    all.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// The seeds of a folder, by the names of their files.
pub fn list(system: &dyn System, dir: &Path, config: &ProjectConfig) -> std::io::Result<Vec<SeedFile>> {
    let mut found = Vec::new();
    for entry in system.list(dir)? {
        let Some(file) = entry.name.filter(|_| !entry.is_dir) else {
            continue;
        };
        let Some((stem, extension)) = file.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else {
            continue;
        };
        let delimiter = match extension.to_ascii_lowercase().as_str() {
            "csv" => b',',
            "tsv" => b'\t',
            _ => continue,
        };
        let sidecar = dir.join(format!("{stem}.toml"));
        let (said, problem) = match system.read(&sidecar) {
            Ok(bytes) => read_sidecar(system, stem, bytes, config),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (SeedConfig::default(), None),
            Err(error) => (SeedConfig::default(), Some(format!("{stem}.toml: {error}"))),
        };
        found.push(SeedFile {
            name: said
                .name
                .as_ref()
                .map_or_else(|| stem.into(), |n| n.value.clone()),
            path: entry.path,
            file,
            delimiter,
            config: said,
            problem,
        });
    }
    Ok(found)
}

fn read_sidecar(
    system: &dyn System,
    stem: &str,
    bytes: Vec<u8>,
    config: &ProjectConfig,
) -> (SeedConfig, Option<String>) {
    let Ok(text) = String::from_utf8(bytes) else {
        return (SeedConfig::default(), Some(format!("{stem}.toml is not UTF-8")));
    };
    let env = |name: &str| system.env(name);
    let parsed = rocky_config::parse_seed(FileId(0), &text, &env, config.options());
    let first = parsed.diagnostics.iter().find(|d| d.is_error());
    let problem = first.map(|d| {
        let at = d.primary.as_ref().map_or(0, |l| l.loc.span.start as usize);
        let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
        format!("{stem}.toml, line {line}: {} {}", d.code, d.message)
    });
    (parsed.value, problem)
}

/// What a file holds.
#[derive(Clone, PartialEq, Debug)]
pub struct Table<'a> {
    /// Its columns, with the names of the header.
    pub columns: Vec<Column>,
    /// Its rows, each with as many fields.
    pub rows: Vec<Record<'a>>,
}

/// Read a file's text. An error is one line, with the place in it.
pub fn read<'a>(text: &'a str, seed: &SeedFile, dialect: Dialect) -> Result<Table<'a>, String> {
    if let Some(problem) = &seed.problem {
        return Err(problem.clone());
    }
    table(text, seed.delimiter, &seed.types(), dialect)
}

/// Read a text. `types`: those that the user gives, by column.
pub fn table<'a>(
    text: &'a str,
    delimiter: u8,
    types: &[(SmolStr, SmolStr)],
    dialect: Dialect,
) -> Result<Table<'a>, String> {
    if text.contains('\0') {
        return Err("it has a byte 0 in it, so it is no text".to_owned());
    }
    let mut records = csv::records(text, delimiter)?;
    if records.is_empty() {
        return Err("it is empty: its first line must name the columns".to_owned());
    }
    let header = records.remove(0);
    let names = header_names(&header, dialect)?;
    let given = given_types(types, &names, dialect)?;
    let mut inferred = vec![Inference::default(); names.len()];
    for record in &records {
        if record.fields.len() != names.len() {
            return Err(format!(
                "line {} has {} fields, the header {}",
                record.line,
                record.fields.len(),
                names.len()
            ));
        }
        for (inference, field) in inferred.iter_mut().zip(&record.fields) {
            if let Some(cell) = field {
                inference.see(cell);
            }
        }
    }
    let columns = names
        .iter()
        .zip(&inferred)
        .zip(given)
        .map(|((name, inference), given)| Column {
            name: name.clone(),
            ty: given.unwrap_or_else(|| inference.ty()),
            nullable: true,
        });
    Ok(Table {
        columns: columns.collect(),
        rows: records,
    })
}

fn header_names(header: &Record<'_>, dialect: Dialect) -> Result<Vec<SmolStr>, String> {
    let mut seen: FxHashMap<SmolStr, SmolStr> = FxHashMap::default();
    let mut names = Vec::with_capacity(header.fields.len());
    for (place, field) in header.fields.iter().enumerate() {
        let name = field.as_deref().unwrap_or_default().trim();
        if name.is_empty() {
            return Err(format!("column {} has no name in the header", place + 1));
        }
        let name = SmolStr::new(name);
        // Names that differ in case only are one column on most warehouses.
        let folded = SmolStr::new(key(&name, dialect).to_lowercase());
        if let Some(other) = seen.insert(folded, name.clone()) {
            return Err(format!("the header has two columns `{other}`"));
        }
        names.push(name);
    }
    Ok(names)
}

fn key(name: &str, dialect: Dialect) -> SmolStr {
    Ident::from_config(dialect, name).key(dialect, IdentKind::Column)
}

fn given_types(
    types: &[(SmolStr, SmolStr)],
    names: &[SmolStr],
    dialect: Dialect,
) -> Result<Vec<Option<Type>>, String> {
    let mut given: Vec<Option<Type>> = vec![None; names.len()];
    for (column, text) in types {
        let wanted = key(column, dialect);
        let Some(place) = names.iter().position(|n| key(n, dialect) == wanted) else {
            let near = suggest::nearest(column, names.iter().map(SmolStr::as_str));
            let near = near.map_or_else(String::new, |n| format!("; did you mean `{n}`?"));
            return Err(format!(
                "`column_types` names `{column}`, which is not in the header{near}"
            ));
        };
        let ty = Type::parse(dialect, text).filter(|ty| cell::can_hold(ty, dialect));
        let Some(ty) = ty else {
            return Err(format!(
                "`column_types`: a seed on {dialect} can have no column `{column}` of type `{text}`"
            ));
        };
        if let Some(slot) = given.get_mut(place) {
            *slot = Some(ty);
        }
    }
    Ok(given)
}

/// The columns of files, while they do not change.
#[derive(Debug, Default)]
pub struct Memory(Mutex<FxHashMap<PathBuf, Remembered>>);

#[derive(Debug)]
struct Remembered {
    stamp: FileStamp,
    dialect: Dialect,
    types: Vec<(SmolStr, SmolStr)>,
    columns: Known,
}

/// The columns as the table has them; `None` of a file that is broken.
type Known = Option<Arc<[Column]>>;

impl Memory {
    /// Put the seeds of a project behind what it declares itself.
    pub(crate) fn declare(
        &self,
        system: &dyn System,
        root: &Path,
        config: &ProjectConfig,
        (dialect, names): (Dialect, &NameTable),
        declared: &mut Declared,
    ) {
        let Ok(files) = list(system, &root.join(FOLDER), config) else {
            return;
        };
        let catalog = default_catalog(config.pipelines.values());
        for file in files {
            let target = file.target(catalog.as_deref(), dialect);
            let full = names.full(&target);
            // On DuckDB a catalogue that is not attached means the default one.
            let here = RelationName {
                catalog: None,
                ..target
            };
            let here = (dialect == Dialect::DuckDb).then(|| names.full(&here));
            if names.model_of_target(&full).is_some() {
                continue;
            }
            let Some(columns) = self.columns(system, &file, dialect) else {
                continue;
            };
            for name in std::iter::once(full).chain(here) {
                declared
                    .entry(name.key(dialect))
                    .or_insert_with(|| (Loc::text(Span::at(0)), SourceSchema::Given(columns.clone())));
            }
        }
    }

    fn columns(&self, system: &dyn System, file: &SeedFile, dialect: Dialect) -> Known {
        let stamp = system.stamp(&file.path).ok()?;
        if stamp.size > COMPILED_BYTES {
            return None;
        }
        let types = file.types();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = known.get(&file.path)
            && (before.stamp, before.dialect) == (stamp, dialect)
            && before.types == types
        {
            return before.columns.clone();
        }
        let text = String::from_utf8(system.read(&file.path).ok()?).ok()?;
        let stored = |c: Column| Column {
            name: Ident::from_config(dialect, &c.name).stored(dialect),
            ..c
        };
        let columns: Known = read(&text, file, dialect)
            .ok()
            .map(|table| table.columns.into_iter().map(stored).collect());
        let now = system
            .now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |d| d.as_nanos() as i128);
        if stamp.modified_ns > 0 && now - stamp.modified_ns > SETTLED_NS {
            let remembered = Remembered {
                stamp,
                dialect,
                types,
                columns: columns.clone(),
            };
            known.insert(file.path.clone(), remembered);
        }
        columns
    }
}
