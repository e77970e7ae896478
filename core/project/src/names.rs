//! The name table: from a dotted name in a query to a model or a source, by the dialect's folding.

use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr};
use rocky_syntax::ast::Name;
use rocky_warehouse::RelationName;
use rocky_warehouse::relation::RelationKey;
use rustc_hash::FxHashMap;

/// Names for parts that a reference or a target leaves out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Defaults {
    /// Catalog (DuckDB: the file's stem or `memory`).
    pub catalog: Option<Ident>,
    /// Schema (DuckDB: `main`).
    pub schema: Option<Ident>,
}

/// What a name means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// A model, by its number.
    Model(u32),
    /// Anything else: a relation of the warehouse under its full name.
    Source(RelationName),
}

/// Models by name and by target.
#[derive(Debug)]
pub struct NameTable {
    dialect: Dialect,
    defaults: Defaults,
    // Folded names of attached catalogs; `None` where every catalog may exist.
    attached: Option<Vec<SmolStr>>,
    by_name: FxHashMap<SmolStr, u32>,
    by_target: FxHashMap<RelationKey, u32>,
}

impl NameTable {
    /// An empty table. `attached`: folded names of the catalogs that exist, where that is known (DuckDB).
    pub fn new(dialect: Dialect, defaults: Defaults, attached: Option<Vec<SmolStr>>) -> NameTable {
        NameTable {
            dialect,
            defaults,
            attached,
            by_name: FxHashMap::default(),
            by_target: FxHashMap::default(),
        }
    }

    /// Make room for so many models.
    pub fn reserve(&mut self, models: usize) {
        self.by_name.reserve(models);
        self.by_target.reserve(models);
    }

    /// The key of a model's name.
    pub fn name_key(&self, name: &str) -> SmolStr {
        Ident::from_config(self.dialect, name).key(self.dialect, IdentKind::Relation)
    }

    /// The key of a target.
    pub fn target_key(&self, target: &RelationName) -> RelationKey {
        self.full(target).key(self.dialect)
    }

    /// Add a model's name by its key; the model that has it already, if any, stays.
    pub fn add_name(&mut self, key: SmolStr, model: u32) -> Result<(), u32> {
        match self.by_name.entry(key) {
            std::collections::hash_map::Entry::Occupied(old) => Err(*old.get()),
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(model);
                Ok(())
            }
        }
    }

    /// Add a model's target by its key; the model that has it already, if any, stays.
    pub fn add_target(&mut self, key: RelationKey, model: u32) -> Result<(), u32> {
        match self.by_target.entry(key) {
            std::collections::hash_map::Entry::Occupied(old) => Err(*old.get()),
            std::collections::hash_map::Entry::Vacant(slot) => {
                slot.insert(model);
                Ok(())
            }
        }
    }

    /// A model by a name from the command line or configuration.
    pub fn model(&self, name: &str) -> Option<u32> {
        let key = Ident::from_config(self.dialect, name).key(self.dialect, IdentKind::Relation);
        self.by_name.get(&key).copied()
    }

    /// True when two model names are one under the dialect's folding.
    pub fn same_name(&self, a: &str, b: &str) -> bool {
        let key = |name: &str| Ident::from_config(self.dialect, name).key(self.dialect, IdentKind::Relation);
        key(a) == key(b)
    }

    /// A model by its physical name.
    pub fn model_of_target(&self, name: &RelationName) -> Option<u32> {
        self.by_target.get(&self.full(name).key(self.dialect)).copied()
    }

    /// True when a catalog of this name may exist.
    pub fn is_attached(&self, catalog: &Ident) -> bool {
        let key = catalog.key(self.dialect, IdentKind::Relation);
        self.attached.as_ref().is_none_or(|list| list.contains(&key))
    }

    /// The name with the defaults filled in; a catalog that is not attached means the default one.
    pub fn full(&self, name: &RelationName) -> RelationName {
        let mut full = name.clone();
        full.catalog = full.catalog.filter(|c| self.is_attached(c));
        if full.schema.is_none() {
            full.schema.clone_from(&self.defaults.schema);
        }
        if full.catalog.is_none() {
            full.catalog.clone_from(&self.defaults.catalog);
        }
        full
    }

    /// What a dotted name in a query means: model by name, model by target, else a relation of the warehouse. With it, a
    /// catalog that was written but is not attached.
    pub fn resolve(&self, path: &[Name]) -> (Meaning, Option<SmolStr>) {
        let idents: Vec<&Ident> = path.iter().map(|n| &n.ident).collect();
        let mut dropped = None;
        let name = match idents.as_slice() {
            [] => RelationName::table(Ident::bare("")),
            [table] => {
                if let Some(model) = self.by_name.get(&table.key(self.dialect, IdentKind::Relation)) {
                    return (Meaning::Model(*model), None);
                }
                RelationName::table((*table).clone())
            }
            [schema, table] => RelationName {
                catalog: None,
                schema: Some((*schema).clone()),
                table: (*table).clone(),
            },
            [.., catalog, schema, table] => {
                dropped = (!self.is_attached(catalog)).then(|| catalog.text.clone());
                RelationName {
                    catalog: Some((*catalog).clone()),
                    schema: Some((*schema).clone()),
                    table: (*table).clone(),
                }
            }
        };
        let full = self.full(&name);
        if let Some(model) = self.by_target.get(&full.key(self.dialect)) {
            return (Meaning::Model(*model), dropped);
        }
        if let ([catalog, table], Some(attached)) = (idents.as_slice(), &self.attached) {
            // DuckDB: `a.b` may be catalog and table of the default schema.
            if attached.contains(&catalog.key(self.dialect, IdentKind::Relation)) {
                let name = RelationName {
                    catalog: Some((*catalog).clone()),
                    schema: self.defaults.schema.clone(),
                    table: (*table).clone(),
                };
                return match self.by_target.get(&name.key(self.dialect)) {
                    Some(model) => (Meaning::Model(*model), None),
                    None => (Meaning::Source(name), None),
                };
            }
        }
        (Meaning::Source(full), dropped)
    }
}
