//! Windows of time: which of them a run of a time_interval or microbatch model computes.
//!
//! [`Key`] is one window, [`WindowOptions`] what is asked for; `select` counts them out for a model. All times are UTC.

mod key;
mod select;

pub use key::{Key, KeyProblem};
pub(crate) use select::{Before, Interval, Literals, Problem, select};
pub use select::{Selection, WindowOptions, partition_key};
