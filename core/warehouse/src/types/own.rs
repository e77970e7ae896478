//! Types that users made with `CREATE TYPE`, by every name under which a text may reach them; and the names of functions that they
//! made with `CREATE MACRO`, of which no more is known.
//!
//! DuckDB keeps no name on a value: a column of such a type has the type that the name stands for, and `DESCRIBE` says so. So a
//! name is replaced where it is read, and nothing behind it knows of own types.

use super::Type;
use rocky_base::Dialect;
use smol_str::{SmolStr, StrExt};
use std::collections::{BTreeMap, BTreeSet};

/// Own types by name: `name`, `schema.name`, `catalog.schema.name`, folded.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct OwnTypes {
    types: BTreeMap<SmolStr, Type>,
    functions: BTreeSet<SmolStr>,
}

impl OwnTypes {
    /// No types.
    pub const NONE: OwnTypes = OwnTypes {
        types: BTreeMap::new(),
        functions: BTreeSet::new(),
    };

    /// Add a type under a dotted name.
    pub fn insert(&mut self, name: &str, ty: Type) {
        self.types.insert(name.to_lowercase_smolstr(), ty);
    }

    /// Add a function, without its schema.
    pub fn insert_function(&mut self, name: &str) {
        self.functions.insert(name.to_lowercase_smolstr());
    }

    /// Whether users made a function of this name, in whatever schema.
    pub fn has_function(&self, name: &str) -> bool {
        !self.functions.is_empty() && self.functions.contains(&name.to_lowercase_smolstr())
    }

    /// True when there are neither.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty() && self.functions.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<Type> {
        // Most texts are read where there are none.
        (!self.types.is_empty())
            .then(|| self.types.get(&name.to_lowercase_smolstr()))
            .flatten()
            .cloned()
    }
}

impl Type {
    /// As [`Type::parse`], where the warehouse has these types of its users, too. A name that is built in means the built-in type.
    pub fn parse_with(dialect: Dialect, text: &str, own: &OwnTypes) -> Option<Type> {
        super::parse::with(dialect, text, own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_types_stand_for_what_they_were_made_of() {
        let mut own = OwnTypes::default();
        let mood = Type::parse(Dialect::DuckDb, "ENUM('sad', 'ok')");
        own.insert("mood", mood.clone().unwrap_or_default());
        own.insert("s.Money", Type::decimal(18, 2));
        let parse = |text: &str| Type::parse_with(Dialect::DuckDb, text, &own);
        assert_eq!(parse("MOOD"), mood);
        assert_eq!(parse("\"mood\""), mood);
        assert_eq!(
            parse("mood[]").map(|t| t.print(Dialect::DuckDb)).as_deref(),
            Some("ENUM('sad', 'ok')[]")
        );
        assert_eq!(parse("s . money"), Some(Type::decimal(18, 2)));
        assert_eq!(
            parse("STRUCT(a mood, b s.money[2])")
                .map(|t| t.print(Dialect::DuckDb))
                .as_deref(),
            Some("STRUCT(a ENUM('sad', 'ok'), b DECIMAL(18,2)[2])")
        );
        for wrong in ["money", "mood(3)", "x.mood", "mood.", "s.money.x"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
        assert_eq!(Type::parse(Dialect::DuckDb, "mood"), None);
    }
}
