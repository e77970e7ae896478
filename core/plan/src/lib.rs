//! rocky-plan.
