//! Notes: what other parts of the engine remember under a kind and a key, without a table of their own. Idempotency keys, the plan
//! and sources that a model was built from, loaded files.

use super::records::Note;
use super::tables::{NOTES, open_existing};
use super::{StateReader, StateStore, failed, from_json, to_json};
use jiff::Timestamp;
use redb::{ReadableTable, WriteTransaction};
use rocky_base::Result;
use serde_json::Value;
use std::path::Path;

impl StateStore {
    /// Remember something, in place of what was there.
    pub fn put_note(&self, kind: &str, key: &str, value: Value, at: Timestamp) -> Result<()> {
        let note = Note {
            kind: kind.to_owned(),
            key: key.to_owned(),
            at,
            value,
        };
        self.write(|transaction| put(self.path(), transaction, &note))
    }

    /// Change a note by what it is, in one commit: `decide` gets what is there and gives what shall be there, none for nothing.
    /// Returns what was there. Two threads that do this see each other's result; two processes cannot do it at once.
    pub fn update_note(
        &self,
        kind: &str,
        key: &str,
        decide: impl FnOnce(Option<&Note>) -> Result<Option<(Value, Timestamp)>>,
    ) -> Result<Option<Note>> {
        let path = self.path();
        self.write(|transaction| {
            let was = {
                let table = transaction.open_table(NOTES).map_err(failed(path))?;
                let value = table.get((kind, key)).map_err(failed(path))?;
                value.map(|v| note(path, kind, key, v.value())).transpose()?
            };
            match decide(was.as_ref())? {
                Some((value, at)) => {
                    let (kind, key) = (kind.to_owned(), key.to_owned());
                    put(path, transaction, &Note { kind, key, at, value })?;
                }
                None => remove(path, transaction, kind, key)?,
            }
            Ok(was)
        })
    }

    /// Forget notes of a kind that `keep` does not want. Returns how many.
    pub fn retain_notes(&self, kind: &str, mut keep: impl FnMut(&Note) -> bool) -> Result<u64> {
        let path = self.path();
        self.write(|transaction| {
            let mut table = transaction.open_table(NOTES).map_err(failed(path))?;
            let mut dropped = 0;
            let after = format!("{kind}\0");
            table
                .retain_in((kind, "")..(after.as_str(), ""), |(kind, key), value| {
                    let kept = note(path, kind, key, value).is_ok_and(|note| keep(&note));
                    dropped += u64::from(!kept);
                    kept
                })
                .map_err(failed(path))?;
            Ok(dropped)
        })
    }
}

pub(super) fn put(path: &Path, transaction: &WriteTransaction, note: &Note) -> Result<()> {
    let mut table = transaction.open_table(NOTES).map_err(failed(path))?;
    table
        .insert((note.kind.as_str(), note.key.as_str()), to_json(note)?.as_str())
        .map_err(failed(path))?;
    Ok(())
}

/// Only in place of what this run noted.
pub(super) fn put_own(path: &Path, transaction: &WriteTransaction, new: &Note, run_id: &str) -> Result<()> {
    let mut table = transaction.open_table(NOTES).map_err(failed(path))?;
    let key = (new.kind.as_str(), new.key.as_str());
    let was = {
        let value = table.get(key).map_err(failed(path))?;
        value
            .map(|v| note(path, &new.kind, &new.key, v.value()))
            .transpose()?
    };
    let own = |note: &Note| note.value.get("run_id").and_then(Value::as_str) == Some(run_id);
    if was.as_ref().is_some_and(own) {
        table.insert(key, to_json(new)?.as_str()).map_err(failed(path))?;
    }
    Ok(())
}

pub(super) fn remove(path: &Path, transaction: &WriteTransaction, kind: &str, key: &str) -> Result<()> {
    let mut table = transaction.open_table(NOTES).map_err(failed(path))?;
    table.remove((kind, key)).map_err(failed(path))?;
    Ok(())
}

/// Those whose key begins with `prefix`.
pub(super) fn remove_all(
    path: &Path,
    transaction: &WriteTransaction,
    kind: &str,
    prefix: &str,
) -> Result<()> {
    let mut table = transaction.open_table(NOTES).map_err(failed(path))?;
    let after = format!("{kind}\0");
    table
        .retain_in((kind, prefix)..(after.as_str(), ""), |(_, key), _| {
            !key.starts_with(prefix)
        })
        .map_err(failed(path))
}

pub(super) fn note(path: &Path, kind: &str, key: &str, json: &str) -> Result<Note> {
    let mut note: Note = from_json(path, "notes", json)?;
    note.kind = kind.to_owned();
    note.key = key.to_owned();
    Ok(note)
}

impl StateReader {
    /// A note.
    pub fn note(&self, kind: &str, key: &str) -> Result<Option<Note>> {
        let path = self.path();
        self.read(|transaction| {
            let Some(table) = open_existing(path, transaction, NOTES)? else {
                return Ok(None);
            };
            let value = table.get((kind, key)).map_err(failed(path))?;
            value.map(|v| note(path, kind, key, v.value())).transpose()
        })
    }

    /// All notes of a kind, by key.
    pub fn notes(&self, kind: &str) -> Result<Vec<Note>> {
        let path = self.path();
        self.read(|transaction| {
            let Some(table) = open_existing(path, transaction, NOTES)? else {
                return Ok(Vec::new());
            };
            let mut found = Vec::new();
            let after = format!("{kind}\0");
            for entry in table
                .range((kind, "")..(after.as_str(), ""))
                .map_err(failed(path))?
            {
                let (key, value) = entry.map_err(failed(path))?;
                let (kind, key) = key.value();
                found.push(note(path, kind, key, value.value())?);
            }
            Ok(found)
        })
    }
}
