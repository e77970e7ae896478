//! What was seen in a warehouse at one moment, as a value. Absence is only claimed for schemas that were listed whole:
//! unknown is not absent.

use crate::relation::{RelationKey, RelationName};
use crate::types::{OwnTypes, Type};
use indexmap::{IndexMap, IndexSet};
use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A column of a relation.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Column {
    /// Name as the warehouse spells it.
    pub name: SmolStr,
    /// Type.
    pub ty: Type,
    /// May hold NULL.
    pub nullable: bool,
}

/// What kind of relation it is.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// A table.
    Table,
    /// A view.
    View,
    /// A materialized view, dynamic table or the like.
    Materialized,
    /// Something else that can be read.
    Other,
}

/// A relation seen in the warehouse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Relation {
    /// Full name.
    pub name: RelationName,
    /// Kind.
    pub kind: RelationKind,
    /// Columns in order.
    pub columns: Vec<Column>,
}

/// The comments of a relation.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Comments {
    /// Its own.
    pub relation: Option<SmolStr>,
    /// Those of columns, by place from 0.
    pub columns: BTreeMap<usize, SmolStr>,
}

/// Relations and schemas seen at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct CatalogSnapshot {
    /// The dialect of the names.
    pub dialect: Dialect,
    /// Catalog and schema used for names that lack them.
    pub default_catalog: Option<Ident>,
    /// See `default_catalog`.
    pub default_schema: Option<Ident>,
    /// Seconds since 1970 when it was read; 0 when unknown.
    pub taken_at: i64,
    /// Relations by folded full name.
    #[serde(with = "indexmap::map::serde_seq")]
    pub relations: IndexMap<RelationKey, Relation>,
    /// Comments of relations that have some, by the same key.
    #[serde(default, with = "indexmap::map::serde_seq")]
    pub comments: IndexMap<RelationKey, Comments>,
    /// Types that users made, by folded full name: what the name stands for.
    #[serde(default, with = "indexmap::map::serde_seq")]
    pub types: IndexMap<RelationKey, Type>,
    /// Schemas that exist, as folded (catalog, schema).
    pub schemas: IndexSet<(SmolStr, SmolStr)>,
    /// Schemas (folded) whose relations were all listed, so that what is not in `relations` does not exist.
    pub complete: IndexSet<(SmolStr, SmolStr)>,
    /// All schemas of these catalogs (folded) were listed.
    pub complete_catalogs: IndexSet<SmolStr>,
    /// Files read as sources, by the text of the item in FROM.
    #[serde(default)]
    pub files: IndexMap<SmolStr, FileSource>,
}

/// A file (or several) that is read as a source, as the warehouse described it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FileSource {
    /// What identifies the contents of all its files without reading them; when it differs, this is not true any more.
    pub stamp: SmolStr,
    /// What was found.
    pub found: FileFound,
}

/// What a warehouse said of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileFound {
    /// Its columns.
    Columns(Vec<Column>),
    /// It cannot be read so: why.
    Refused(SmolStr),
}

/// What a snapshot says about a name.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Lookup<'a> {
    /// It exists.
    Found(&'a Relation),
    /// It is proved not to exist.
    Absent,
    /// Nothing is known.
    Unknown,
}

impl CatalogSnapshot {
    /// The name with defaults filled in.
    pub fn full_name(&self, name: &RelationName) -> RelationName {
        let mut full = name.clone();
        if full.schema.is_none() {
            full.schema.clone_from(&self.default_schema);
        }
        if full.catalog.is_none() {
            full.catalog.clone_from(&self.default_catalog);
        }
        full
    }

    /// Look a relation up; missing parts are filled with the defaults.
    pub fn lookup(&self, name: &RelationName) -> Lookup<'_> {
        let key = self.full_name(name).key(self.dialect);
        if let Some(relation) = self.relations.get(&key) {
            return Lookup::Found(relation);
        }
        if self.is_systems(name) {
            return Lookup::Unknown;
        }
        let schema = (key.catalog.clone(), key.schema.clone());
        let schema_absent = self.complete_catalogs.contains(&key.catalog) && !self.schemas.contains(&schema);
        if self.complete.contains(&schema) || schema_absent {
            Lookup::Absent
        } else {
            Lookup::Unknown
        }
    }

    /// One of the engine's own relations, which are listed nowhere: `information_schema`, and what DuckDB finds when the schema that it
    /// looks into first has no relation of that name.
    fn is_systems(&self, name: &RelationName) -> bool {
        let is = |ident: &Option<Ident>, word: &str| {
            ident.as_ref().is_some_and(|i| i.text.eq_ignore_ascii_case(word))
        };
        if is(&name.schema, "information_schema") {
            return true;
        }
        if self.dialect != Dialect::DuckDb {
            return false;
        }
        let default = self.default_schema.as_ref().map_or("main", |s| s.text.as_str());
        let first = name.schema.is_none() || is(&name.schema, default);
        let table = name.table.text.as_str();
        is(&name.schema, "pg_catalog")
            || is(&name.catalog, "system")
            || (first && DUCKDB_VIEWS.iter().any(|n| n.eq_ignore_ascii_case(table)))
    }

    /// `Some(true)` when the schema exists, `Some(false)` when it is proved not to, `None` when unknown.
    pub fn schema_exists(&self, catalog: &str, schema: &str) -> Option<bool> {
        if self
            .schemas
            .contains(&(SmolStr::new(catalog), SmolStr::new(schema)))
        {
            Some(true)
        } else if self.complete_catalogs.contains(catalog) {
            Some(false)
        } else {
            None
        }
    }

    /// The types that users made, by all names that reach them. Between two schemas the default one has the short name.
    pub fn own_types(&self) -> OwnTypes {
        let mut own = OwnTypes::default();
        let fold = |ident: &Option<Ident>| {
            let fold = |i: &Ident| self.dialect.fold(&i.text, i.quoted, IdentKind::Relation);
            ident.as_ref().map(fold)
        };
        let (catalog, schema) = (fold(&self.default_catalog), fold(&self.default_schema));
        for (key, ty) in &self.types {
            let (c, s, name) = (&key.catalog, &key.schema, &key.table);
            own.insert(&format!("{c}.{s}.{name}"), ty.clone());
            if Some(c) == catalog.as_ref() {
                own.insert(&format!("{s}.{name}"), ty.clone());
                if Some(s) == schema.as_ref() {
                    own.insert(name, ty.clone());
                }
            }
        }
        own
    }

    /// Add what another snapshot says of one catalogue (folded name).
    pub fn adopt(&mut self, other: &CatalogSnapshot, catalog: &str) {
        let of = |key: &RelationKey| key.catalog == catalog;
        let relations = other.relations.iter().filter(|(key, _)| of(key));
        self.relations
            .extend(relations.map(|(key, relation)| (key.clone(), relation.clone())));
        let comments = other.comments.iter().filter(|(key, _)| of(key));
        self.comments
            .extend(comments.map(|(key, comments)| (key.clone(), comments.clone())));
        let types = other.types.iter().filter(|(key, _)| of(key));
        self.types
            .extend(types.map(|(key, ty)| (key.clone(), ty.clone())));
        let of = |pair: &&(SmolStr, SmolStr)| pair.0 == catalog;
        self.schemas.extend(other.schemas.iter().filter(of).cloned());
        self.complete.extend(other.complete.iter().filter(of).cloned());
        let whole = other.complete_catalogs.get(catalog);
        self.complete_catalogs.extend(whole.cloned());
    }

    /// Put a relation in (its name must be full).
    pub fn insert(&mut self, relation: Relation) {
        let key = relation.name.key(self.dialect);
        self.schemas.insert((key.catalog.clone(), key.schema.clone()));
        self.relations.insert(key, relation);
    }
}
/// Views of `system.main` and `system.pg_catalog` in DuckDB 1.5; the test of the adapter asks the engine for them.
pub const DUCKDB_VIEWS: &[&str] = &[
    "duckdb_columns",
    "duckdb_constraints",
    "duckdb_databases",
    "duckdb_indexes",
    "duckdb_logs",
    "duckdb_schemas",
    "duckdb_tables",
    "duckdb_types",
    "duckdb_views",
    "pg_am",
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_database",
    "pg_depend",
    "pg_description",
    "pg_enum",
    "pg_index",
    "pg_indexes",
    "pg_namespace",
    "pg_prepared_statements",
    "pg_proc",
    "pg_sequence",
    "pg_sequences",
    "pg_settings",
    "pg_tables",
    "pg_tablespace",
    "pg_type",
    "pg_views",
    "pragma_database_list",
    "sqlite_master",
    "sqlite_schema",
    "sqlite_temp_master",
    "sqlite_temp_schema",
];
