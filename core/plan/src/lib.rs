//! What to do, in what order, with which SQL, and why. Pure: takes the compiled project, a catalogue snapshot and options,
//! and returns steps as values; opens nothing, reads no clock.
//!
//! Invariant: a plan is what runs. `core/run` binds the named parameters and executes the statements as they stand; it
//! generates no SQL of its own.

pub mod model;

pub use model::{ModelPlan, Parameter, Plan, Step, StepKind};
