//! The error channel: misuse, the outside world, cancellation, our own bugs. A user's mistake in a project is a
//! [`crate::Diagnostic`], not an error.

/// What class of trouble it is. The numbers are the C ABI's status codes: append only.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
#[repr(i32)]
pub enum ErrorKind {
    /// A request that makes no sense: unknown model, malformed JSON, contradicting options.
    Usage = 1,
    /// A file or folder that should exist does not.
    NotFound = 2,
    /// The file system said no.
    Io = 3,
    /// The project's configuration cannot be used (its diagnostics say why).
    Config = 4,
    /// Something else holds a lock.
    Locked = 5,
    /// The warehouse refused or failed.
    Warehouse = 6,
    /// The state store refused or is damaged.
    State = 7,
    /// A plan's facts no longer hold.
    Stale = 8,
    /// The cancel token was tripped.
    Cancelled = 9,
    /// Known, but not possible with this adapter or build.
    Unsupported = 10,
    /// Our mistake.
    Bug = 11,
    /// A hook of the project refused.
    Hook = 12,
}

impl ErrorKind {
    /// The wire spelling, e.g. `not_found`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Usage => "usage",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Io => "io",
            ErrorKind::Config => "config",
            ErrorKind::Locked => "locked",
            ErrorKind::Warehouse => "warehouse",
            ErrorKind::State => "state",
            ErrorKind::Stale => "stale",
            ErrorKind::Cancelled => "cancelled",
            ErrorKind::Unsupported => "unsupported",
            ErrorKind::Bug => "bug",
            ErrorKind::Hook => "hook",
        }
    }
}

/// An error with its class, a message for people, and what to do about it.
#[derive(Debug)]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// One sentence naming the thing and the value.
    pub message: String,
    /// One imperative sentence.
    pub hint: Option<String>,
    /// What caused it.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// `Result` with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of a class.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error {
            kind,
            message: message.into(),
            hint: None,
            source: None,
        }
    }

    /// Misuse.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message)
    }

    /// Our own mistake; asks for a report.
    pub fn bug(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Bug, message).hint("please report this with the project that shows it")
    }

    /// The token was tripped.
    pub fn cancelled() -> Error {
        Error::new(ErrorKind::Cancelled, "cancelled")
    }

    /// A file-system error with its path; a missing file becomes [`ErrorKind::NotFound`].
    pub fn io(path: impl std::fmt::Display, source: std::io::Error) -> Error {
        let kind = match source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            _ => ErrorKind::Io,
        };
        Error {
            kind,
            message: format!("{path}: {source}"),
            hint: None,
            source: Some(Box::new(source)),
        }
    }

    /// Add what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.hint = Some(hint.into());
        self
    }

    /// Add the cause.
    pub fn because(mut self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.source = Some(Box::new(source));
        self
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|e| e as _)
    }
}
