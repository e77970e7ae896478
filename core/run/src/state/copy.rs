//! Copies of a state store: taken while it is in use, and taken in.
//!
//! Invariant: a copy is one committed moment, in a file that has its name only when it is whole; taking one in is one
//! commit, so a killed process leaves what was or what is to be.

use super::tables::{self, METADATA, NOTES, SCHEMA_VERSION_KEY, each_table};
use super::{StateReader, StateStore, failed, guarded, open};
use redb::{ReadTransaction, ReadableTable, WriteTransaction};
use rocky_base::Result;
use std::path::Path;

/// Notes whose kind begins so say something of this file or machine: they are in no copy and survive a restore.
pub const LOCAL_KIND: &str = "local:";

impl StateReader {
    /// Write a copy of the state as it is now to `target`, which is replaced. A writer is not disturbed, whatever its
    /// process. Returns the size in bytes.
    ///
    /// The copy is written aside, synced, and renamed: `target` is the old file or the whole copy.
    pub fn snapshot_to(&self, target: &Path) -> Result<u64> {
        self.read(|from| {
            open::replace(target, |database| {
                guarded(target, || {
                    let to = database.begin_write().map_err(failed(target))?;
                    copy_all(self.path(), from, target, &to)?;
                    to.commit().map_err(failed(target))
                })
            })
        })
    }
}

impl StateStore {
    /// Write a consistent copy, as [`StateReader::snapshot_to`]. Other threads may write meanwhile.
    pub fn snapshot_to(&self, target: &Path) -> Result<u64> {
        self.reader().snapshot_to(target)
    }

    /// Let this store hold what the file `source` holds, in one commit. The file is of this or an older schema version and is not
    /// changed; one of a newer version, of a 1.x release or of something else is refused and this store stays as it was.
    ///
    /// Readers in other processes see all of it or nothing. Notes of [`LOCAL_KIND`] stay. No run of this process may be under way.
    pub fn restore_from(&self, source: &Path) -> Result<()> {
        let reader = StateReader::open_existing(source)?;
        reader.read(|from| self.write(|to| restore(source, from, self.path(), to)))
    }
}

fn copy_all(source: &Path, from: &ReadTransaction, target: &Path, to: &WriteTransaction) -> Result<()> {
    use tables::copy;
    tables::create_all(target, to)?;
    let both = format!("{} → {}", source.display(), target.display());
    let both = Path::new(&both);
    each_table!(copy(both, from, to));
    drop_local(target, to)
}

fn drop_local(path: &Path, transaction: &WriteTransaction) -> Result<()> {
    let mut notes = transaction.open_table(NOTES).map_err(failed(path))?;
    notes
        .retain_in((LOCAL_KIND, "")..(AFTER_LOCAL, ""), |_, _| false)
        .map_err(failed(path))
}

/// The first kind behind all that begin with [`LOCAL_KIND`]: `;` follows `:`.
const AFTER_LOCAL: &str = "local;";

fn restore(source: &Path, from: &ReadTransaction, target: &Path, to: &WriteTransaction) -> Result<()> {
    use tables::clear;
    let local = local_notes(target, to)?;
    each_table!(clear(target, to));
    copy_all(source, from, target, to)?;
    put_local_notes(target, to, &local)
}

/// Kind, key and value of what is of this machine.
pub(super) type LocalNotes = Vec<(String, String, String)>;

pub(super) fn local_notes(path: &Path, transaction: &WriteTransaction) -> Result<LocalNotes> {
    let notes = transaction.open_table(NOTES).map_err(failed(path))?;
    let local = notes
        .range((LOCAL_KIND, "")..(AFTER_LOCAL, ""))
        .map_err(failed(path))?;
    local
        .map(|entry| {
            let (key, value) = entry.map_err(failed(path))?;
            let (kind, name) = key.value();
            Ok((kind.to_owned(), name.to_owned(), value.value().to_owned()))
        })
        .collect()
}

pub(super) fn put_local_notes(path: &Path, transaction: &WriteTransaction, local: &LocalNotes) -> Result<()> {
    let mut notes = transaction.open_table(NOTES).map_err(failed(path))?;
    for (kind, name, value) in local {
        notes
            .insert((kind.as_str(), name.as_str()), value.as_str())
            .map_err(failed(path))?;
    }
    Ok(())
}

/// The schema version of an open database of ours.
pub(super) fn version_of(path: &Path, transaction: &ReadTransaction) -> Result<u32> {
    let metadata = transaction.open_table(METADATA).map_err(failed(path))?;
    let stored = metadata.get(SCHEMA_VERSION_KEY).map_err(failed(path))?;
    Ok(stored.and_then(|v| v.value().parse().ok()).unwrap_or_default())
}
