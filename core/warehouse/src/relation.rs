//! Names of relations in a warehouse.

use rocky_base::ident::IdentKind;
use rocky_base::{Dialect, Ident, SmolStr};
use serde::{Deserialize, Serialize};

/// `catalog.schema.table`; catalog and schema may be absent.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RelationName {
    /// Catalog, database or project.
    pub catalog: Option<Ident>,
    /// Schema or dataset.
    pub schema: Option<Ident>,
    /// Table or view.
    pub table: Ident,
}

impl RelationName {
    /// A name without catalog and schema.
    pub fn table(table: Ident) -> RelationName {
        RelationName {
            catalog: None,
            schema: None,
            table,
        }
    }

    /// The parts that are there, outermost first.
    pub fn parts(&self) -> impl Iterator<Item = &Ident> {
        self.catalog
            .iter()
            .chain(self.schema.iter())
            .chain(std::iter::once(&self.table))
    }

    /// As SQL, each part quoted where needed.
    pub fn print(&self, dialect: Dialect) -> String {
        let mut out = String::with_capacity(self.len() + 6);
        for (index, part) in self.parts().enumerate() {
            if index > 0 {
                out.push('.');
            }
            dialect.write_ident(part, &mut out);
        }
        out
    }

    /// Bytes of its parts with dots between them.
    fn len(&self) -> usize {
        self.parts().map(|part| part.text.len() + 1).sum()
    }

    /// The key under which two spellings of one name are equal; absent parts are empty.
    pub fn key(&self, dialect: Dialect) -> RelationKey {
        let part = |i: &Option<Ident>| {
            i.as_ref()
                .map_or_else(SmolStr::default, |i| i.key(dialect, IdentKind::Relation))
        };
        RelationKey {
            catalog: part(&self.catalog),
            schema: part(&self.schema),
            table: self.table.key(dialect, IdentKind::Relation),
        }
    }

    /// `catalog.schema.table` as text for people and documents: unquoted, absent parts left out.
    pub fn display(&self) -> String {
        let mut out = String::with_capacity(self.len());
        for (index, part) in self.parts().enumerate() {
            if index > 0 {
                out.push('.');
            }
            out.push_str(&part.text);
        }
        out
    }
}

/// A folded relation name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct RelationKey {
    /// Folded catalog or empty.
    pub catalog: SmolStr,
    /// Folded schema or empty.
    pub schema: SmolStr,
    /// Folded table.
    pub table: SmolStr,
}
