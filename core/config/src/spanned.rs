//! Values that remember where they were written, and values that must not be shown.
//!
//! Invariant: [`Secret`] has one way out, [`Secret::expose`]; neither `Debug` nor `Serialize` prints what it holds.

use rocky_base::{Loc, SmolStr};
use serde::{Deserialize, Serialize, Serializer};

/// A value and the place of its text. Equality and hashing look at both.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Spanned<T> {
    /// The value, after substitution of `${NAME}`.
    pub value: T,
    /// Where it is written (the value, with its quotes).
    pub loc: Loc,
    /// True when part of the value came from the environment; messages then show the place, not the value.
    pub from_env: bool,
}

impl<T> Spanned<T> {
    /// A value as written at `loc`.
    pub fn new(value: T, loc: Loc) -> Spanned<T> {
        Spanned {
            value,
            loc,
            from_env: false,
        }
    }
}

impl Spanned<SmolStr> {
    /// The text.
    pub fn as_str(&self) -> &str {
        self.value.as_str()
    }

    /// The text as a message may show it: `${…}` when it came from the environment.
    pub fn shown(&self) -> &str {
        if self.from_env {
            "${…}"
        } else {
            self.value.as_str()
        }
    }
}

/// A text that never reaches a log, a message or a document.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(SmolStr);

impl Secret {
    /// Wrap a text.
    pub fn new(value: impl Into<SmolStr>) -> Secret {
        Secret(value.into())
    }

    /// The text itself, for the one call that must send it.
    pub fn expose(&self) -> &str {
        self.0.as_str()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("***")
    }
}
