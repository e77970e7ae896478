//! rocky-node.
