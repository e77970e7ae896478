//! Typed access to a checked tree. Silent: what does not fit was reported by [`crate::schema::Checker`] and reads as
//! absent.

use crate::node::{Kind, Node};
use crate::spanned::{Secret, Spanned};
use indexmap::IndexMap;
use rocky_base::{FileId, Loc, SmolStr};

/// A table of a file.
#[derive(Copy, Clone)]
pub(crate) struct Reader<'a> {
    pub file: FileId,
    pub node: &'a Node,
}

impl<'a> Reader<'a> {
    pub fn new(file: FileId, node: &'a Node) -> Reader<'a> {
        Reader { file, node }
    }

    fn loc(&self, node: &Node) -> Loc {
        Loc::new(self.file, node.span)
    }

    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    fn spanned(&self, node: &Node) -> Option<Spanned<SmolStr>> {
        match &node.kind {
            Kind::Str { value, from_env } => Some(Spanned {
                value: value.clone(),
                loc: self.loc(node),
                from_env: *from_env,
            }),
            _ => None,
        }
    }

    pub fn text(&self, key: &str) -> Option<Spanned<SmolStr>> {
        self.spanned(self.get(key)?)
    }

    /// A text nobody points at.
    pub fn plain(&self, key: &str) -> Option<SmolStr> {
        self.get(key)?.as_str().map(SmolStr::new)
    }

    pub fn secret(&self, key: &str) -> Option<Secret> {
        self.get(key)?.as_str().map(Secret::new)
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.as_bool()
    }

    pub fn uint(&self, key: &str) -> Option<u64> {
        self.get(key)?.as_int().and_then(|i| u64::try_from(i).ok())
    }

    pub fn u32(&self, key: &str) -> Option<u32> {
        self.uint(key).and_then(|i| u32::try_from(i).ok())
    }

    pub fn float(&self, key: &str) -> Option<f64> {
        self.get(key)?.as_float()
    }

    pub fn texts(&self, key: &str) -> Vec<Spanned<SmolStr>> {
        self.maybe_texts(key).unwrap_or_default()
    }

    pub fn maybe_texts(&self, key: &str) -> Option<Vec<Spanned<SmolStr>>> {
        match &self.get(key)?.kind {
            Kind::Array(items) => Some(items.iter().filter_map(|i| self.spanned(i)).collect()),
            _ => None,
        }
    }

    pub fn table(&self, key: &str) -> Option<Reader<'a>> {
        self.get(key)
            .filter(|n| n.is_table())
            .map(|node| Reader::new(self.file, node))
    }

    pub fn tables(&self, key: &str) -> Vec<Reader<'a>> {
        match self.get(key).map(|n| &n.kind) {
            Some(Kind::Array(items)) => items
                .iter()
                .filter(|n| n.is_table())
                .map(|node| Reader::new(self.file, node))
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A table of texts with free keys.
    pub fn map(&self, key: &str) -> IndexMap<SmolStr, Spanned<SmolStr>> {
        let entries = self.get(key).map(Node::entries).unwrap_or_default();
        entries
            .iter()
            .filter_map(|e| Some((e.key.clone(), self.spanned(&e.node)?)))
            .collect()
    }

    /// One of the names of `values`.
    pub fn choice<T: Copy>(&self, key: &str, values: &[(&str, T)]) -> Option<T> {
        let text = self.get(key)?.as_str()?;
        values
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| *value)
    }
}
