//! Functions of the engines as data (being written).
