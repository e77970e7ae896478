//! DuckDB's error texts as errors of ours. The C API gives no usable code for most failures, so the class is read from the
//! text's prefix (`Catalog Error: …`); the whole text stays reachable as the error's source.

use rocky_base::{Error, ErrorKind};
use rocky_warehouse::FailureClass;

/// What DuckDB said, unabridged; the source of every error that comes from DuckDB.
#[derive(Debug)]
pub struct DuckDbFailure {
    /// Its class, from the prefix.
    pub class: FailureClass,
    /// The whole text: headline, candidates, the quoted line.
    pub text: String,
}

impl std::fmt::Display for DuckDbFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for DuckDbFailure {}

/// The class of an error that this crate returned; `Other` for foreign ones.
pub fn failure_class(error: &Error) -> FailureClass {
    let failure = error
        .source
        .as_ref()
        .and_then(|s| s.downcast_ref::<DuckDbFailure>());
    failure.map_or(FailureClass::Other, |f| f.class)
}

/// What DuckDB said about a statement, as an error.
pub(crate) fn statement_error(text: String) -> Error {
    let class = class_of(&text);
    let error = Error::new(ErrorKind::Warehouse, headline(&text));
    let hint = match prefix(&text) {
        "FATAL" | "INTERNAL" => Some("close every connection to the database and open it again".to_owned()),
        "Out of Memory" => Some("raise DuckDB's `memory_limit`, or run fewer models in parallel".to_owned()),
        _ if is_conflict(&text) => {
            Some("repeat the run; another connection changed the same rows or objects".to_owned())
        }
        _ => suggestion(&text),
    };
    let error = error.because(DuckDbFailure { class, text });
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// True when the statement was stopped by an interrupt.
pub(crate) fn is_interrupt(text: &str) -> bool {
    prefix(text) == "INTERRUPT"
}

/// True when ROLLBACK found no transaction.
pub(crate) fn is_no_transaction(text: &str) -> bool {
    prefix(text) == "TransactionContext" && text.contains("no transaction is active")
}

/// `Catalog` of `Catalog Error: Table with …`; empty without such a prefix.
fn prefix(text: &str) -> &str {
    match text.split_once(" Error: ") {
        Some((prefix, _)) if !prefix.contains(['\n', ':']) => prefix,
        _ => "",
    }
}

fn class_of(text: &str) -> FailureClass {
    match prefix(text) {
        "Catalog" | "Dependency" => FailureClass::Catalog,
        // A missing catalogue is found while binding a name.
        "Binder" if text.starts_with("Binder Error: Catalog \"") => FailureClass::Catalog,
        "Constraint" => FailureClass::Constraint,
        // Unique keys of concurrent transactions are compared at commit.
        "TransactionContext" if text.contains("Failed to commit") && text.contains("constraint") => {
            FailureClass::Constraint
        }
        "TransactionContext" => FailureClass::Transaction,
        "HTTP" => of_http(text),
        "Connection" => FailureClass::Transient,
        // The text of the statement, or a value that it cannot deal with.
        "Parser"
        | "Syntax"
        | "Binder"
        | "Expression"
        | "Conversion"
        | "Invalid Input"
        | "Out of Range"
        | "Mismatch Type"
        | "Invalid type"
        | "Not implemented"
        | "Decimal"
        | "Divide by Zero"
        | "Parameter Not Resolved" => FailureClass::Rejected,
        _ => FailureClass::Other,
    }
}

/// A file that is read over HTTP: by the answer's status, which stands in the text as `(HTTP 503 …)`.
fn of_http(text: &str) -> FailureClass {
    let after = text.split_once("(HTTP ").map(|(_, rest)| rest);
    let status = after.and_then(|rest| rest.get(..3)?.parse::<u16>().ok());
    match status {
        Some(429) => FailureClass::RateLimited,
        Some(408) | None => FailureClass::Transient,
        Some(400..=499) => FailureClass::Rejected,
        Some(_) => FailureClass::Transient,
    }
}

fn is_conflict(text: &str) -> bool {
    prefix(text) == "TransactionContext" && (text.contains("onflict") || text.contains("altered"))
}

/// The first line, without trailing blanks; of a mistake in a CSV file also what stands in the line and what is wrong with it.
fn headline(text: &str) -> String {
    let mut lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or("DuckDB failed without a message");
    if !first.contains("CSV Error on Line: ") {
        return first.to_owned();
    }
    let more = lines.take_while(|l| l.starts_with("Original Line: ") || l.starts_with("Error when "));
    std::iter::once(first).chain(more).collect::<Vec<_>>().join("; ")
}

/// DuckDB's own proposal (`Did you mean …`, `Candidate bindings: …`), in one line.
fn suggestion(text: &str) -> Option<String> {
    let wanted = |l: &&str| {
        l.starts_with("Did you mean")
            || l.starts_with("Candidate bindings")
            || l.starts_with("Candidate tables")
    };
    let line = text.lines().skip(1).map(str::trim).find(wanted)?;
    Some(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headline_is_one_line_and_the_proposal_is_the_hint() {
        let text = "Catalog Error: Table with name x does not exist!\nDid you mean \"y\"?\n\nLINE 1: select * from x\n    ^";
        let error = statement_error(text.to_owned());
        assert_eq!(error.message, "Catalog Error: Table with name x does not exist!");
        assert_eq!(error.hint.as_deref(), Some("Did you mean \"y\"?"));
        assert_eq!(failure_class(&error), FailureClass::Catalog);
        assert_eq!(error.source.unwrap().to_string(), text);
    }

    #[test]
    fn a_mistake_in_a_csv_file_shows_its_line() {
        let text = "Conversion Error: CSV Error on Line: 2\nOriginal Line: 8|x\nError when converting column \"n\".\n\nColumn n is";
        assert_eq!(
            statement_error(text.to_owned()).message,
            "Conversion Error: CSV Error on Line: 2; Original Line: 8|x; Error when converting column \"n\"."
        );
    }

    #[test]
    fn the_class_comes_from_the_prefix_alone() {
        let class = |t: &str| failure_class(&statement_error(t.to_owned()));
        assert_eq!(
            class("Constraint Error: NOT NULL constraint failed: e.m"),
            FailureClass::Constraint
        );
        assert_eq!(
            class("TransactionContext Error: Conflict on update!"),
            FailureClass::Transaction
        );
        assert_eq!(
            class("Binder Error: Catalog \"zz\" does not exist!"),
            FailureClass::Catalog
        );
        assert_eq!(
            class("Binder Error: column \"Catalog Error: x\" not found"),
            FailureClass::Rejected
        );
        assert_eq!(
            class("Conversion Error: Could not convert string 'Catalog Error: ' to INT32"),
            FailureClass::Rejected
        );
        assert_eq!(class("IO Error: disk full"), FailureClass::Other);
        for (status, expected) in [
            ("(HTTP 429 Too Many Requests)", FailureClass::RateLimited),
            ("(HTTP 503 Service Unavailable)", FailureClass::Transient),
            ("(HTTP 404 Not Found)", FailureClass::Rejected),
            ("without a status", FailureClass::Transient),
            ("(HTTP €", FailureClass::Transient),
        ] {
            let text = format!("HTTP Error: HTTP GET error on 'https://x/y.csv' {status}");
            assert_eq!(class(&text), expected, "{status}");
        }
        assert_eq!(class(""), FailureClass::Other);
    }
}
