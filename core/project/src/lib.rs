//! The project as a value: a folder is loaded through `System`, its models are parsed, named, ordered and analysed, and the
//! result is an immutable [`Snapshot`].
//!
//! Invariant: nothing here generates SQL, opens a connection or knows JSON. What was computed once is found again by the
//! hash of everything it read ([`memo`]); a memoised compile equals a fresh one. Start reading at [`compile::Compiler`].

pub mod advice;
pub mod allow;
pub mod analyse;
pub mod cache;
pub mod check;
pub mod compile;
pub mod configuration;
pub mod contract;
pub mod diff;
pub mod discover;
pub mod edit;
mod files;
pub mod findings;
pub mod format;
pub mod given;
pub mod graph;
pub mod hash;
pub mod intact;
pub mod interval;
pub mod later;
pub mod levels;
pub mod lineage;
pub mod link;
pub mod load;
pub mod lock;
pub mod memo;
pub mod names;
pub mod overlay;
mod packed;
pub mod portability;
mod retarget;
pub mod seed;
pub mod select;
pub mod snapshot;
pub mod status;
pub mod tagged;
pub mod unit;

pub use compile::{CatalogInput, Compiler, Inputs, Options};
pub use edit::Edits;
pub use given::{GivenColumn, GivenSource};
pub use lineage::{ColumnKey, Direction, Doubt, Edge, Node, RowInfluence, Trace};
pub use snapshot::{Contract, InputRelation, Model, ModelSchema, Snapshot, Source, SourceSchema, Timings};
pub use status::{Basis, ColumnStatus, Coverage, Statuses};
pub use unit::{Language, Unit, WithPlace};

/// Hash of the sources that decide what a compile finds: what one build remembers, another does not believe.
pub const BUILD: &str = env!("ROCKY_BUILD");
