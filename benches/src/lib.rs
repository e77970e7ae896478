//! How fast rocky is, against the least that any compiler must do and against dbt on the same graph.
//!
//! [`generate`] makes a synthetic project as values, [`write`] writes them as a rocky or a dbt project, [`floor`] reads and
//! parses one with no engine at all, [`measure`] runs a child process and tells its wall time and peak memory, [`look`] says
//! whether it did its work, and [`run`] does all of it in one go. [`count`] holds the instructions of the main paths against a
//! record, and [`shapes`] and [`executions`] at n and 2n. Invariant: whatever is compared runs as a process of its own on the same CPUs over the same
//! files. Start reading at [`run::run`]; `README.md` tells how to reproduce each figure.

pub mod count;
pub mod executions;
pub mod floor;
pub mod generate;
pub mod look;
pub mod measure;
pub mod report;
pub mod run;
pub mod shapes;
pub mod write;
