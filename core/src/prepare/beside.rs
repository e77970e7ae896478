//! Replications whose sources are in another DuckDB file than their targets: the file is attached, for reading, to the target's
//! database while the pipeline is planned and executed.
//!
//! Its catalogue gets the name that DuckDB gives the file, so that views in it that name their own database can be read, unless the
//! target has a catalogue or a schema of that name: then one that is free. A target that does not exist yet is made when there is
//! something to write; until then a database in memory stands for it.

use super::sources;
use crate::adapters::{self, Access, duckdb_path};
use crate::project::{Project, Target};
use rocky_base::ident::IdentKind;
use rocky_base::{CancelToken, Dialect, Error, ErrorKind, Ident, Result, SmolStr};
use rocky_config::{AdapterKind, AdapterSettings, ProjectConfig, ReplicationConfig};
use rocky_plan::replication::{Source, SourceFile, TableCopy};
use rocky_warehouse::{CatalogSnapshot, RelationName, Warehouse};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const D: Dialect = Dialect::DuckDb;

/// Another database file that a pipeline reads.
pub(crate) struct Beside<'a> {
    /// The adapter whose file it is.
    pub adapter: Target<'a>,
    file: PathBuf,
}

/// The target's database with the other one beside it.
pub(crate) struct Attached {
    pub warehouse: Arc<dyn Warehouse>,
    /// The name of the other one.
    pub name: Ident,
    /// The target's own catalogue.
    pub own: Arc<CatalogSnapshot>,
    /// The target's database does not exist yet: something else stands for it.
    pub stands_in: bool,
    file: String,
}

impl Attached {
    /// How the plan has it.
    pub(crate) fn source_file(&self) -> SourceFile {
        SourceFile {
            name: self.name.clone(),
            path: self.file.clone(),
        }
    }

    /// The file of the other one.
    pub(crate) fn file(&self) -> &Path {
        Path::new(&self.file)
    }

    /// Its name, folded.
    pub(crate) fn key(&self) -> SmolStr {
        key(&self.name)
    }

    /// The target's catalogue, and what the other one has of these sources.
    pub(crate) fn catalog(&self, sources: &[Source], cancel: &CancelToken) -> Result<Arc<CatalogSnapshot>> {
        let table = |source: &Source, name: &str| RelationName {
            catalog: Some(self.name.clone()),
            schema: Some(Ident::quoted(source.id.clone())),
            table: Ident::quoted(name),
        };
        let mut wanted: Vec<RelationName> = sources
            .iter()
            .flat_map(|s| s.tables.iter().map(move |t| table(s, &t.name)))
            .collect();
        if wanted.is_empty() {
            // Nothing wanted would be everything.
            wanted.push(RelationName::table(Ident::quoted("")));
        }
        let seen = self.warehouse.snapshot(&wanted, cancel)?;
        let mut catalog = CatalogSnapshot::clone(&self.own);
        catalog.adopt(&seen, &self.key());
        Ok(Arc::new(catalog))
    }

    /// True when a table is to be written to a schema of the other database's name: `name.table` would mean both.
    pub(crate) fn is_ambiguous(&self, copies: &[TableCopy]) -> bool {
        let key = self.key();
        copies
            .iter()
            .filter_map(|c| c.target.schema.as_ref())
            .any(|schema| self::key(schema) == key)
    }
}

impl Project {
    /// The other database file that a pipeline reads; `None` when sources and targets are in one database.
    pub(crate) fn beside<'a>(
        &self,
        (config, pipeline): (&'a ProjectConfig, &str),
        replication: &ReplicationConfig,
        target: &Target<'_>,
    ) -> Result<Option<Beside<'a>>> {
        let Some((name, source)) = config.adapter(replication.source.adapter.as_ref()) else {
            return Ok(None);
        };
        let holds_data =
            source.r#type.is_some_and(|t| t.holds_data()) && source.kind != Some(AdapterKind::Discovery);
        if !holds_data || self.same_database((name, source), (&target.name, target.adapter)) {
            return Ok(None);
        }
        let duckdb = |settings: &AdapterSettings| matches!(settings, AdapterSettings::DuckDb { .. });
        if !duckdb(&source.settings) || !duckdb(&target.adapter.settings) {
            let message = format!(
                "pipeline `{pipeline}` reads from adapter `{name}` and writes to `{}`, which are different databases",
                target.name
            );
            return Err(Error::new(ErrorKind::Unsupported, message).hint(
                "tables are copied inside of one database, or from one DuckDB file to another: give `source.adapter` and \
                 `target.adapter` the same adapter",
            ));
        }
        let Some(file) = duckdb_path(&self.root, &source.settings) else {
            let message = format!(
                "pipeline `{pipeline}` reads from adapter `{name}`, a database in memory: nothing is in it"
            );
            return Err(Error::new(ErrorKind::Config, message).hint(
                "give the adapter the `path` of a database file, or name another one in `source.adapter`",
            ));
        };
        Ok(Some(Beside {
            adapter: Target {
                name: name.clone(),
                adapter: source,
            },
            file,
        }))
    }

    /// Open the target, and the other file beside it under a name that is none of `taken`.
    pub(crate) fn open_beside(
        &self,
        target: &Target<'_>,
        beside: &Beside<'_>,
        access: Access,
        taken: &[SmolStr],
        cancel: &CancelToken,
    ) -> Result<Attached> {
        if !self.host.system.exists(&beside.file) {
            return Err(sources::no_database(&beside.adapter.name));
        }
        let path = duckdb_path(&self.root, &target.adapter.settings);
        let access = match path.is_none_or(|p| p.exists()) {
            true => access,
            false => Access::Read,
        };
        let opened = self.open_warehouse(target, access, cancel)?;
        let own = self.read_catalog(target, opened.as_deref(), cancel)?;
        let stands_in = opened.is_none();
        let opened = match opened {
            Some(opened) => opened,
            None => adapters::scratch(&self.root, cancel)?,
        };
        let name = free_name(&beside.file, &own, taken);
        let warehouse = opened.attached(&name.text, &beside.file, cancel)?;
        let file = std::path::absolute(&beside.file).map_err(|e| Error::io(beside.file.display(), e))?;
        Ok(Attached {
            warehouse,
            name,
            own,
            stands_in,
            // Attached, so it is UTF-8.
            file: file.to_string_lossy().into_owned(),
        })
    }

    /// Open the target that something else stood for.
    pub(crate) fn make_target(
        &self,
        target: &Target<'_>,
        beside: &Beside<'_>,
        attached: Attached,
        cancel: &CancelToken,
    ) -> Result<Arc<dyn Warehouse>> {
        let name = attached.name.clone();
        // One place at a time has the file.
        drop(attached);
        let opened = self.open_warehouse(target, Access::Write, cancel)?;
        let opened = opened.ok_or_else(|| Error::bug("a database to be written was not opened"))?;
        opened.attached(&name.text, &beside.file, cancel)
    }
}

fn key(ident: &Ident) -> SmolStr {
    ident.key(D, IdentKind::Relation)
}

/// The name that DuckDB gives the file, or one like it that nothing else has.
fn free_name(file: &Path, own: &CatalogSnapshot, taken: &[SmolStr]) -> Ident {
    let stem = adapters::duckdb_name(file);
    // What stands for a target that does not exist yet is called `memory`.
    let reserved = [
        "main",
        "memory",
        "system",
        "temp",
        "information_schema",
        "pg_catalog",
    ];
    let is_free = |ident: &Ident| {
        let key = key(ident);
        !reserved.contains(&key.as_str())
            && !taken.contains(&key)
            && !own.complete_catalogs.contains(&key)
            && own.default_catalog.as_ref().is_none_or(|c| self::key(c) != key)
            && !own.schemas.iter().any(|(_, schema)| *schema == key)
    };
    let mut name = Ident::quoted(stem.as_str());
    let mut n = 1u64;
    while !is_free(&name) {
        name = match n {
            1 => Ident::quoted(format!("{stem}_source")),
            n => Ident::quoted(format!("{stem}_source{n}")),
        };
        n += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_that_of_the_file_unless_something_else_has_it() {
        let own = adapters::empty_duckdb_catalog(Some(Path::new("shop.duckdb")), 0);
        let name = |file: &str, taken: &[SmolStr]| free_name(Path::new(file), &own, taken).text;
        assert_eq!(name("in/raw.duckdb", &[]), "raw");
        assert_eq!(name("raw.v2.db", &[]), "raw");
        assert_eq!(name(".duckdb", &[]), "duckdb");
        assert_eq!(name("temp.duckdb", &[]), "temp_db");
        assert_eq!(name("other/SHOP.duckdb", &[]), "SHOP_source");
        assert_eq!(name("memory.duckdb", &[]), "memory_source");
        assert_eq!(
            name("raw.duckdb", &["raw".into(), "raw_source".into()]),
            "raw_source2"
        );
        assert_eq!(name("a\"b; DROP.duckdb", &[]), "a\"b; DROP");
    }
}
