//! The numbers that functions return. They are those of [`ErrorKind`] and, from 100, those of this ABI alone; a number keeps
//! its meaning for ever.

use rocky_base::ErrorKind;
use std::ffi::{CStr, c_char};

/// How a call ended. A later library may return numbers that are not listed here: treat them as failures.
#[repr(C)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum rocky_status {
    /// The call did what it says; the document may still report mistakes in the project.
    Ok = 0,
    /// The request makes no sense: unknown model, malformed JSON, unknown field, contradicting options.
    Usage = 1,
    /// A file or folder that should exist does not.
    NotFound = 2,
    /// The file system said no.
    Io = 3,
    /// The project's configuration cannot be used.
    Config = 4,
    /// Something else holds a lock, e.g. another process the database.
    Locked = 5,
    /// The warehouse refused or failed.
    Warehouse = 6,
    /// The state store refused or is damaged.
    State = 7,
    /// A plan's facts no longer hold.
    Stale = 8,
    /// The cancel token was tripped before there was a result.
    Cancelled = 9,
    /// Known, but not possible with this adapter or build.
    Unsupported = 10,
    /// A mistake of ours; please report it.
    Bug = 11,
    /// A hook of the project refused.
    Hook = 12,
    /// A pointer is NULL that must not be, a text is not UTF-8, or a length is impossible.
    InvalidArgument = 100,
}

impl rocky_status {
    /// Every status.
    pub const ALL: &[rocky_status] = &[
        rocky_status::Ok,
        rocky_status::Usage,
        rocky_status::NotFound,
        rocky_status::Io,
        rocky_status::Config,
        rocky_status::Locked,
        rocky_status::Warehouse,
        rocky_status::State,
        rocky_status::Stale,
        rocky_status::Cancelled,
        rocky_status::Unsupported,
        rocky_status::Bug,
        rocky_status::Hook,
        rocky_status::InvalidArgument,
    ];

    /// The status of an error of the core.
    pub(crate) fn of(kind: ErrorKind) -> rocky_status {
        match kind {
            ErrorKind::Usage => rocky_status::Usage,
            ErrorKind::NotFound => rocky_status::NotFound,
            ErrorKind::Io => rocky_status::Io,
            ErrorKind::Config => rocky_status::Config,
            ErrorKind::Locked => rocky_status::Locked,
            ErrorKind::Warehouse => rocky_status::Warehouse,
            ErrorKind::State => rocky_status::State,
            ErrorKind::Stale => rocky_status::Stale,
            ErrorKind::Cancelled => rocky_status::Cancelled,
            ErrorKind::Unsupported => rocky_status::Unsupported,
            ErrorKind::Bug => rocky_status::Bug,
            ErrorKind::Hook => rocky_status::Hook,
        }
    }

    /// The word for it: that of `error.code` in documents.
    pub(crate) fn name(self) -> &'static CStr {
        match self {
            rocky_status::Ok => c"ok",
            rocky_status::Usage => c"usage",
            rocky_status::NotFound => c"not_found",
            rocky_status::Io => c"io",
            rocky_status::Config => c"config",
            rocky_status::Locked => c"locked",
            rocky_status::Warehouse => c"warehouse",
            rocky_status::State => c"state",
            rocky_status::Stale => c"stale",
            rocky_status::Cancelled => c"cancelled",
            rocky_status::Unsupported => c"unsupported",
            rocky_status::Bug => c"bug",
            rocky_status::Hook => c"hook",
            rocky_status::InvalidArgument => c"invalid_argument",
        }
    }
}

/// The word for a status, e.g. `not_found` for 2, as in `error.code` of documents.
///
/// - `status`: any number.
///
/// Returns: NUL-terminated text, valid as long as the library is loaded, not to be freed; `unknown` for a number that this
/// library does not know. Never fails. Any thread. Since 1.
#[unsafe(no_mangle)]
pub extern "C" fn rocky_status_name(status: i32) -> *const c_char {
    let known = rocky_status::ALL.iter().find(|s| **s as i32 == status);
    known.map_or(c"unknown", |s| s.name()).as_ptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words_are_those_of_the_core() {
        let kinds = [
            ErrorKind::Usage,
            ErrorKind::NotFound,
            ErrorKind::Io,
            ErrorKind::Config,
            ErrorKind::Locked,
            ErrorKind::Warehouse,
            ErrorKind::State,
            ErrorKind::Stale,
            ErrorKind::Cancelled,
            ErrorKind::Unsupported,
            ErrorKind::Bug,
            ErrorKind::Hook,
        ];
        for kind in kinds {
            let status = rocky_status::of(kind);
            assert_eq!(status as i32, kind as i32);
            assert_eq!(status.name().to_str().unwrap(), kind.as_str());
        }
        // All but `Ok` and the ABI's own.
        assert_eq!(kinds.len(), rocky_status::ALL.len() - 2);
    }
}
