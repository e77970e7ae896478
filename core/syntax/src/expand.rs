//! expand (being written).
