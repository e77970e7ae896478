//! One module per verb: its request, its response, and the method of [`crate::Project`] between them.

pub mod apply;
pub mod ci;
pub mod command;
pub mod compare;
pub mod compile;
pub mod diff;
pub mod diff_markdown;
pub mod discover;
pub mod history;
pub mod hooks;
pub mod lineage;
pub mod load;
pub mod lock;
pub mod metrics;
pub mod plan;
pub mod run;
pub mod seed;
pub mod snapshot;
pub(crate) mod stages;
pub mod state;
pub(crate) mod status;
pub mod test;
pub mod timeline;
pub mod validate;
pub mod what_if;
