//! For tests: a state store on a disk that gets full, or that counts.

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
    counts: Arc<DiskCounts>,
}

/// What was asked of a disk.
#[derive(Debug, Default)]
pub(super) struct DiskCounts {
    pub bytes: AtomicUsize,
    pub syncs: AtomicUsize,
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
        self.counts.syncs.fetch_add(1, Ordering::SeqCst);
        self.memory.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.counts.bytes.fetch_add(data.len(), Ordering::SeqCst);
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
        StateStore::on_a_disk(path, full, Arc::default())
    }

    fn on_a_disk(path: &Path, full: Arc<AtomicUsize>, counts: Arc<DiskCounts>) -> StateStore {
        let disk = FillingDisk {
            memory: InMemoryBackend::new(),
            full,
            counts,
        };
        let database = Builder::new().create_with_backend(disk).unwrap();
        open::create_tables(path, &database).unwrap();
        StateStore::over(path, database)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ModelExecution, Partition, PartitionStatus, RunEnd, RunRecord, StateBatch};
    use super::*;
    use crate::report::{RunStatus, TaskStatus};
    use jiff::Timestamp;
    use rocky_base::SmolStr;

    fn execution(index: usize) -> ModelExecution {
        ModelExecution {
            run_id: String::new(),
            model_name: format!("model_{index:05}").into(),
            index: index as u32,
            target: format!("warehouse.marts.model_{index:05}"),
            strategy: rocky_warehouse::Strategy::Incremental,
            started_at: Some(Timestamp::UNIX_EPOCH),
            finished_at: Some(Timestamp::UNIX_EPOCH),
            duration_ms: 12,
            rows_affected: Some(1000),
            status: TaskStatus::Success,
            sql_hash: "0123456789abcdef".to_owned(),
            error: None,
            skipped_reason: None,
            watermark: Some("2026-01-01 00:00:00".to_owned()),
            kind: rocky_plan::TaskKind::Model,
            asset_key: Vec::new(),
            basis: String::new(),
        }
    }

    fn end() -> RunEnd {
        RunEnd {
            finished_at: Timestamp::UNIX_EPOCH,
            duration_ms: 1,
            status: RunStatus::Success,
            interrupted: false,
            error: None,
        }
    }

    /// Bytes and syncs of remembering `n` models, 100 to a commit, in a store that has seen `before` of them in other runs.
    fn cost(n: usize, before: usize) -> (usize, usize) {
        let counts = Arc::new(DiskCounts::default());
        let store = StateStore::on_a_disk(Path::new("state"), Arc::default(), counts.clone());
        let run = |n: usize| {
            let run_id = store
                .record_run_start(&RunRecord::begin("run", "main", Timestamp::UNIX_EPOCH))
                .unwrap();
            for first in (0..n).step_by(100) {
                let models: Vec<_> = (first..n.min(first + 100)).map(execution).collect();
                store.record_models(&run_id, &models).unwrap();
            }
            store.record_run_end(&run_id, &end(), &[]).unwrap();
        };
        for _ in 0..before / 1000 {
            run(1000);
        }
        let seen = || {
            (
                counts.bytes.load(Ordering::SeqCst),
                counts.syncs.load(Ordering::SeqCst),
            )
        };
        let begin = seen();
        run(n);
        (seen().0 - begin.0, seen().1 - begin.1)
    }

    #[test]
    fn the_cost_of_a_model_does_not_depend_on_how_many_there_are() {
        let (few_bytes, few_syncs) = cost(1_000, 0);
        let (many_bytes, many_syncs) = cost(10_000, 0);
        let (old_bytes, old_syncs) = cost(1_000, 20_000);
        let each = |bytes: usize, n: usize| bytes / n;
        println!(
            "bytes a model: {} of 1,000, {} of 10,000, {} after 20,000; syncs: {few_syncs}, {many_syncs}, {old_syncs}",
            each(few_bytes, 1_000),
            each(many_bytes, 10_000),
            each(old_bytes, 1_000)
        );
        // A commit writes the path to each changed page: the tree is one level deeper, no more.
        assert!(each(many_bytes, 10_000) < each(few_bytes, 1_000) * 2);
        assert!(each(old_bytes, 1_000) < each(few_bytes, 1_000) * 3);
        // One sync for each batch, for the beginning and for the end; and a few while the file grows.
        assert!((12..=20).contains(&few_syncs) && (12..=20).contains(&old_syncs));
        assert!((102..=120).contains(&many_syncs));
    }

    #[test]
    fn a_full_disk_is_an_error_and_loses_nothing_that_was_committed() {
        let full = Arc::new(AtomicUsize::new(0));
        let store = StateStore::on_a_disk_that_fills(Path::new("state"), full.clone());
        let run_id = store
            .record_run_start(&RunRecord::begin("run", "main", Timestamp::UNIX_EPOCH))
            .unwrap();
        let days: Vec<SmolStr> = vec!["2026-01-01".into(), "2026-01-02".into()];
        store
            .claim_partitions(&run_id, "m", &days, Timestamp::UNIX_EPOCH)
            .unwrap();
        full.store(1, Ordering::SeqCst);
        let mut batch = StateBatch::new();
        batch
            .models(&run_id, vec![execution(0)])
            .partition(Partition::new(
                "m",
                "2026-01-01",
                PartitionStatus::Computed,
                run_id.clone(),
                Timestamp::UNIX_EPOCH,
            ));
        let error = store.commit(&batch).unwrap_err();
        assert_eq!(error.kind, rocky_base::ErrorKind::State);
        assert!(error.message.contains("no space left on device"), "{error}");
        // The run ends all the same, for this process.
        store.record_run_end(&run_id, &end(), &[]).unwrap_err();
        assert!(!store.is_active(&run_id));
    }
}
