//! `[lints]`: how loud a finding is; `[portability]`: which other warehouse the models should run on.
//!
//! Invariant: only what may be chosen has a level. An error says that the warehouse would refuse or that the project
//! contradicts itself, whatever one thinks of it.

use crate::node::Node;
use crate::read::Reader;
use crate::schema::{Checker, did_you_mean};
use crate::spanned::Spanned;
use rocky_base::{Code, Diagnostic, Dialect, Loc, Severity, SmolStr, code, suggest};
use serde::Serialize;

/// How a finding is reported.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Not at all.
    Allow,
    /// As worth knowing.
    Info,
    /// As a warning.
    Warn,
    /// As an error: the project cannot run.
    Error,
}

pub(crate) const LEVELS: &[&str] = &["allow", "info", "warn", "error"];

impl Level {
    fn parse(text: &str) -> Option<Level> {
        match text {
            "allow" => Some(Level::Allow),
            "info" => Some(Level::Info),
            "warn" => Some(Level::Warn),
            "error" => Some(Level::Error),
            _ => None,
        }
    }

    /// The severity; `None` when it is not reported.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Allow => None,
            Level::Info => Some(Severity::Info),
            Level::Warn => Some(Severity::Warning),
            Level::Error => Some(Severity::Error),
        }
    }
}

/// A row of `[lints]`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LintLevel {
    /// The code.
    pub code: Code,
    /// Its level.
    pub level: Level,
    /// The code in the file.
    pub loc: Loc,
}

/// `[portability]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PortabilityConfig {
    /// The dialect that the models should also run on.
    #[serde(skip)]
    pub target_dialect: Option<Dialect>,
    /// Constructs that are used on purpose.
    pub allow: Vec<Spanned<SmolStr>>,
}

/// True when a code's level may be chosen and a finding of it suppressed.
pub fn is_adjustable(code: Code) -> bool {
    code.severity() != Severity::Error || code == code::P001
}

pub(crate) fn levels(root: Reader<'_>, checker: &mut Checker<'_>) -> Vec<LintLevel> {
    let entries = root.get("lints").map(Node::entries).unwrap_or_default();
    let mut levels = Vec::with_capacity(entries.len());
    for entry in entries {
        let loc = checker.loc(entry.key_span);
        let Some(found) = Code::parse(&entry.key) else {
            let upper = entry.key.to_uppercase();
            let near = suggest::nearest(&upper, Code::all().filter(|c| is_adjustable(*c)).map(Code::id));
            let message = format!("unknown diagnostic code `{}`{}", entry.key, did_you_mean(near));
            checker.out.push(
                Diagnostic::new(code::E403, loc, message).help("`rocky explain` has a page for each code."),
            );
            continue;
        };
        let Some(level) = entry.node.as_str().and_then(Level::parse) else {
            continue;
        };
        if !is_adjustable(found) {
            if level != Level::Error {
                let message = format!("{found} is an error: its level cannot be changed");
                checker
                    .out
                    .push(Diagnostic::new(code::E417, loc, message).help("Take the line out."));
            }
            continue;
        }
        levels.push(LintLevel {
            code: found,
            level,
            loc,
        });
    }
    levels
}

pub(crate) fn portability(root: Reader<'_>) -> PortabilityConfig {
    let Some(table) = root.table("portability") else {
        return PortabilityConfig::default();
    };
    PortabilityConfig {
        target_dialect: table.plain("target_dialect").and_then(|d| Dialect::parse(&d)),
        allow: table.texts("allow"),
    }
}

/// Keys that are written and say the default: `state.backend = "local"`, `auto_create_catalogs = false`.
pub(crate) fn redundant(root: Reader<'_>) -> Vec<Spanned<SmolStr>> {
    let mut found = Vec::new();
    let mut add = |path: SmolStr, node: &Node| {
        found.push(Spanned::new(path, Loc::new(root.file, node.span)));
    };
    if let Some(state) = root.table("state")
        && let Some(backend) = state.get("backend").filter(|b| b.as_str() == Some("local"))
    {
        add("state.backend".into(), backend);
    }
    for entry in root.get("pipeline").map(Node::entries).unwrap_or_default() {
        let Some(governance) = entry.node.get("target").and_then(|t| t.get("governance")) else {
            continue;
        };
        // `auto_create_schemas` has another default on each warehouse.
        if let Some(value) = governance
            .get("auto_create_catalogs")
            .filter(|v| v.as_bool() == Some(false))
        {
            let path = format!("pipeline.{}.target.governance.auto_create_catalogs", entry.key);
            add(path.into(), value);
        }
    }
    found
}
