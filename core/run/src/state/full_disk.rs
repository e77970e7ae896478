//! For tests: a state store on a disk that gets full.

use super::{StateStore, open};
use redb::backends::InMemoryBackend;
use redb::{Builder, StorageBackend};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Debug)]
struct FillingDisk {
    memory: InMemoryBackend,
    full: Arc<AtomicUsize>,
}

impl StorageBackend for FillingDisk {
    fn len(&self) -> Result<u64, io::Error> {
        self.memory.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        self.memory.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.memory.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        match self.full.load(Ordering::SeqCst) {
            0 => self.memory.write(offset, data),
            _ => Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "no space left on device",
            )),
        }
    }
}

impl StateStore {
    /// A store whose every write fails once `full` is not 0.
    pub(crate) fn on_a_disk_that_fills(path: &Path, full: Arc<AtomicUsize>) -> StateStore {
        let disk = FillingDisk {
            memory: InMemoryBackend::new(),
            full,
        };
        let database = Builder::new().create_with_backend(disk).unwrap();
        open::create_tables(path, &database).unwrap();
        StateStore::over(path, database)
    }
}
