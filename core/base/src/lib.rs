//! Ground floor of rocky: what every other crate speaks.
//!
//! Byte spans and files, diagnostics and their code registry, identifiers per dialect, the error value, the
//! cancellation token, run events, and the [`System`] trait behind which files, clock and environment stand.
//! Invariant: nothing here knows the words of any diagnostic, and `std::fs` is used in `system::os` alone.

pub mod cancel;
pub mod code;
pub mod diagnostic;
pub mod dialect;
pub mod error;
pub mod event;
pub mod ident;
pub mod shared;
pub mod source;
pub mod span;
pub mod suggest;
pub mod system;
pub mod time;

pub use cancel::CancelToken;
pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, Edit, Fix, Label};
pub use dialect::Dialect;
pub use error::{Error, ErrorKind, Result};
pub use event::{Event, Observer};
pub use ident::Ident;
pub use shared::SharedList;
pub use smol_str::SmolStr;
pub use source::{Files, LineIndex, SourceFile};
pub use span::{FileId, Loc, Span};
pub use system::System;
