//! Partitions as lines for people: a few of a model are shown, of many it is said how many they are.

use crate::render::{count, duration};
use rocky_core::verbs::plan::PlannedModel;
use rocky_core::verbs::run::Materialization;
use rocky_core::windows::{PartitionInfo, PartitionSummary};
use std::fmt::Write;

/// Lines of one model.
const SHOWN: usize = 12;

/// `2026-04-07`, or `2026-04-07..2026-04-09` for a batch.
pub fn name(partition: &PartitionInfo) -> String {
    match partition.batched_with.last() {
        Some(last) => format!("{}..{last}", partition.key),
        None => partition.key.clone(),
    }
}

/// What was written of models with partitions.
pub fn written(text: &mut String, all: &[Materialization], ok: &str, width: usize) {
    let of_partitions: Vec<(&Materialization, &PartitionInfo)> = all
        .iter()
        .filter_map(|m| Some((m, m.partition.as_ref()?)))
        .collect();
    for model in of_partitions.chunk_by(|(a, _), (b, _)| a.model == b.model) {
        let (shown, rest) = model.split_at(model.len().min(SHOWN));
        for (m, partition) in shown {
            let rows = m.rows_copied.map_or_else(String::new, |r| count(r, "row"));
            let _ = writeln!(
                text,
                "{ok} {:width$}  {rows:>14}  {:>8}  {} {}",
                m.model,
                duration(m.duration_ms),
                m.metadata.target_table_full_name,
                name(partition)
            );
        }
        if let (Some((m, _)), Some((_, last))) = (rest.first(), rest.last()) {
            let rows: u64 = rest.iter().filter_map(|(m, _)| m.rows_copied).sum();
            let _ = writeln!(
                text,
                "{ok} {:width$}  {:>14}  {:>8}  and {} more, to {}",
                m.model,
                count(rows, "row"),
                duration(rest.iter().map(|(m, _)| m.duration_ms).sum()),
                rest.len(),
                name(last)
            );
        }
    }
}

/// What came of the partitions of each model, where that is not all said by the lines above.
pub fn summaries(text: &mut String, all: &[PartitionSummary], width: usize) {
    for s in all {
        if s.partitions_planned == 0 {
            let _ = writeln!(text, "= {:width$}  no partition to compute", s.model);
        } else if s.partitions_succeeded < s.partitions_planned {
            let _ = writeln!(
                text,
                "= {:width$}  {} of {} computed, {} failed, {} not tried",
                s.model,
                s.partitions_succeeded,
                count(s.partitions_planned, "partition"),
                s.partitions_failed,
                s.partitions_skipped
            );
        }
    }
}

/// The partitions of a planned model.
pub fn planned(text: &mut String, model: &PlannedModel) {
    let Some(all) = &model.partitions else { return };
    let (shown, rest) = all.split_at(all.len().min(SHOWN));
    for partition in shown {
        let _ = writeln!(
            text,
            "--   {}: {} to {}",
            name(partition),
            partition.start,
            partition.end
        );
    }
    if let Some(last) = rest.last() {
        let _ = writeln!(text, "--   and {} more, to {}", rest.len(), name(last));
    }
}
