//! Names, types, nullability, lineage: what a query means. Knows nothing of how it is executed, of files or projects.
//!
//! Two questions are answered, both as pure functions of their arguments. [`references::references`]: which relations does a
//! tree read (CTEs taken out)? [`analyse::analyse`]: given the schemas of these relations, what are the output columns, where do they
//! come from, and what is wrong? The caller resolves the references between the two, so that a memo key can list
//! exactly what an analysis read. Below them, [`typing`] is the calculus of types (operators, functions, coercions) on
//! values alone, and [`catalogue`] the engines' functions as data. A third question is asked of two versions of a query: do they
//! compute the same? [`normal`] answers it with hashes, outside of any compile.

pub mod analyse;
pub mod catalogue;
pub mod faithful;
pub mod files;
mod lint;
pub mod model;
pub mod normal;
pub mod portability;
pub mod references;
pub mod typing;
mod walk;

pub use analyse::analyse;
pub use files::{FileCall, file_call, looks_like_file};
pub use model::{
    Analysis, Conditional, Influence, InfluenceKind, Input, OutputColumn, RelationInput, RelationSchema,
    Roles, SourceColumn, Status, Transform, UNRESOLVED, When,
};
pub use references::{RelationRef, references};
