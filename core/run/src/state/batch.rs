//! Several things to remember in one commit: what becomes of a model costs one sync of the disk, whatever there is to say of it.

use super::records::{ModelExecution, Note, Partition, QualitySnapshot, RowCount, Watermark};
use super::{StateStore, notes, partitions, quality, store};
use jiff::Timestamp;
use redb::WriteTransaction;
use rocky_base::Result;
use std::path::Path;

/// Changes that belong together. Applied in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct StateBatch {
    changes: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Executions(String, Vec<ModelExecution>),
    Watermark(Watermark),
    Partitions(Vec<Partition>),
    RowCount(String, RowCount),
    Quality(QualitySnapshot),
    Note(Note),
    OwnNote { note: Note, run_id: String },
    NoNotes { kind: String, prefix: String },
    NoNote { kind: String, key: String },
}

impl StateBatch {
    /// Nothing yet.
    pub fn new() -> StateBatch {
        StateBatch::default()
    }

    /// Nothing to remember?
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// And what another one has.
    pub fn append(&mut self, other: StateBatch) -> &mut StateBatch {
        self.changes.extend(other.changes);
        self
    }

    /// What became of models or tables in a run ([`StateStore::record_models`]).
    pub fn models(&mut self, run_id: &str, executions: Vec<ModelExecution>) -> &mut StateBatch {
        self.changes
            .push(Change::Executions(run_id.to_owned(), executions));
        self
    }

    /// The watermark of a target ([`StateStore::put_watermark`]).
    pub fn watermark(&mut self, target: &str, value: &str, at: Timestamp) -> &mut StateBatch {
        self.changes.push(Change::Watermark(Watermark {
            target: target.to_owned(),
            last_value: value.to_owned(),
            updated_at: at,
        }));
        self
    }

    /// What became of a partition ([`StateStore::put_partitions`]).
    pub fn partition(&mut self, partition: Partition) -> &mut StateBatch {
        match self.changes.last_mut() {
            Some(Change::Partitions(partitions)) => partitions.push(partition),
            _ => self.changes.push(Change::Partitions(vec![partition])),
        }
        self
    }

    /// The rows of a table ([`StateStore::put_row_count`]).
    pub fn row_count(&mut self, table: &str, count: RowCount) -> &mut StateBatch {
        self.changes.push(Change::RowCount(table.to_owned(), count));
        self
    }

    /// What was measured of a table ([`StateStore::put_quality`]).
    pub fn quality(&mut self, snapshot: QualitySnapshot) -> &mut StateBatch {
        self.changes.push(Change::Quality(snapshot));
        self
    }

    /// A note, in place of what was there ([`StateStore::put_note`]).
    pub fn note(
        &mut self,
        kind: &str,
        key: &str,
        value: serde_json::Value,
        at: Timestamp,
    ) -> &mut StateBatch {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        self.changes.push(Change::Note(Note { kind, key, at, value }));
        self
    }

    /// A note, in place of one whose value has this `run_id`; what another run noted meanwhile stays.
    pub fn own_note(
        &mut self,
        kind: &str,
        key: &str,
        run_id: &str,
        value: serde_json::Value,
        at: Timestamp,
    ) -> &mut StateBatch {
        let (kind, key, run_id) = (kind.to_owned(), key.to_owned(), run_id.to_owned());
        let note = Note { kind, key, at, value };
        self.changes.push(Change::OwnNote { note, run_id });
        self
    }

    /// Forget a note.
    pub fn forget_note(&mut self, kind: &str, key: &str) -> &mut StateBatch {
        let (kind, key) = (kind.to_owned(), key.to_owned());
        self.changes.push(Change::NoNote { kind, key });
        self
    }

    /// Forget the notes of a kind whose key begins so.
    pub fn forget_notes(&mut self, kind: &str, prefix: &str) -> &mut StateBatch {
        let (kind, prefix) = (kind.to_owned(), prefix.to_owned());
        self.changes.push(Change::NoNotes { kind, prefix });
        self
    }

    pub(super) fn apply(&self, path: &Path, transaction: &WriteTransaction) -> Result<()> {
        let mut changes = self.changes.iter();
        changes.try_for_each(|change| apply(path, transaction, change))
    }
}

impl StateStore {
    /// Remember all of it in one commit.
    pub fn commit(&self, batch: &StateBatch) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.write(|transaction| batch.apply(self.path(), transaction))
    }
}

fn apply(path: &Path, transaction: &WriteTransaction, change: &Change) -> Result<()> {
    match change {
        Change::Executions(run_id, executions) => {
            store::put_executions(path, transaction, run_id, executions)
        }
        Change::Watermark(w) => {
            store::put_watermark(path, transaction, &w.target, &w.last_value, w.updated_at)
        }
        Change::Partitions(partitions) => partitions::put(path, transaction, partitions),
        Change::RowCount(table, count) => quality::put_row_count(path, transaction, table, count),
        Change::Quality(snapshot) => quality::put_quality(path, transaction, snapshot),
        Change::Note(note) => notes::put(path, transaction, note),
        Change::OwnNote { note, run_id } => notes::put_own(path, transaction, note, run_id),
        Change::NoNote { kind, key } => notes::remove(path, transaction, kind, key),
        Change::NoNotes { kind, prefix } => notes::remove_all(path, transaction, kind, prefix),
    }
}
