//! What a warehouse is, as values and traits: types, relation names, the catalogue snapshot, capabilities per dialect
//! as data, and the traits that adapters implement.
//!
//! Invariant: nothing here connects to anything or holds SQL text of a model. Adapters (`core/adapters/*`) depend on this
//! crate and `core/base` alone.

pub mod capabilities;
pub mod catalog;
pub mod relation;
pub mod traits;
pub mod types;

pub use capabilities::{Capabilities, Strategy};
pub use catalog::{CatalogSnapshot, Column, Comments, Relation, RelationKind};
pub use relation::RelationName;
pub use traits::{Connection, Described, Executed, FailureClass, Rows, SourceTable, Value, Warehouse};
pub use types::{Field, OwnTypes, TimeUnit, Type, Widening, may_lose, widening};
