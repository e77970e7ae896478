//! `freshness`: how old the newest row of a model may be. In a sidecar, for the models of a folder (`_defaults.toml`), for all (`rocky.toml`).

use crate::pipeline::{CheckSeverity, severity};
use crate::read::Reader;
use crate::schema::Checker;
use crate::spanned::Spanned;
use rocky_base::{Loc, SmolStr, code};
use serde::{Deserialize, Serialize};

/// How old the newest row may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FreshnessConfig {
    /// In seconds.
    pub max_lag_seconds: u64,
    /// The column that tells the age of a row; that of the model's strategy when absent.
    pub time_column: Option<Spanned<SmolStr>>,
    /// What it is when it is older.
    pub severity: CheckSeverity,
    /// It is said of several models: where one has no such column, it is not meant.
    pub inherited: bool,
    /// The place of the table.
    pub loc: Loc,
}

/// The table `freshness` under `reader`.
pub(crate) fn read(reader: Reader<'_>, checker: &mut Checker<'_>) -> Option<FreshnessConfig> {
    let freshness = reader.table("freshness")?;
    let entry = |key: &str| freshness.node.entry(key);
    let seconds = match (entry("max_lag_seconds"), entry("expected_lag_seconds")) {
        (Some(_), Some(other)) => {
            let message =
                "`expected_lag_seconds` is another spelling of `max_lag_seconds`, which stands here too";
            checker.report(code::E404, other.key_span, message);
            return None;
        }
        (None, None) => {
            let key = match reader.node.entry("freshness") {
                Some(entry) => entry.key_span,
                None => freshness.node.span,
            };
            checker.report(
                code::E405,
                key,
                "`freshness` does not say how old rows may be: `max_lag_seconds` is missing",
            );
            return None;
        }
        (Some(_), None) => freshness.uint("max_lag_seconds"),
        (None, Some(_)) => freshness.uint("expected_lag_seconds"),
    };
    Some(FreshnessConfig {
        max_lag_seconds: seconds?,
        time_column: freshness.text("time_column"),
        severity: severity(freshness),
        inherited: false,
        loc: checker.loc(freshness.node.span),
    })
}

/// The same for several models.
pub(crate) fn read_default(reader: Reader<'_>, checker: &mut Checker<'_>) -> Option<FreshnessConfig> {
    read(reader, checker).map(|freshness| FreshnessConfig {
        inherited: true,
        ..freshness
    })
}
