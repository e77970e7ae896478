//! `metrics`: what checks measured of a model, run by run, and what is alarming in it.

use crate::document::envelope;
use crate::project::Project;
use rocky_base::{Error, Result};
use rocky_run::state::QualitySnapshot;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Snapshots with `trend`.
const TREND: usize = 20;
/// Seconds since the newest row, beyond which a table is late.
const LATE_SECONDS: u64 = 86_400;
/// Share of NULLs beyond which a column is suspicious, and beyond which it is broken.
const MANY_NULLS: f64 = 0.2;
const MOSTLY_NULLS: f64 = 0.5;

/// Of which model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsRequest {
    /// The model, or `catalog.schema.table` of a table that is none.
    pub model: String,
    /// The last 20 snapshots instead of the last one.
    pub trend: bool,
    /// The share of NULLs of this column over time.
    pub column: Option<String>,
    /// Say what is alarming.
    pub alerts: bool,
}

/// Measurements.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WireQuality {
    /// Rows.
    pub row_count: u64,
    /// Seconds since the newest row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub freshness_lag_seconds: Option<u64>,
    /// By column, the share of NULLs from 0 to 1.
    pub null_rates: BTreeMap<String, f64>,
}

/// What was measured in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricsSnapshot {
    /// The run.
    pub run_id: String,
    /// When (RFC 3339).
    pub timestamp: String,
    /// The model.
    pub model_name: String,
    /// Rows, freshness, NULLs.
    #[serde(flatten)]
    pub flat: WireQuality,
    /// The same once more, for clients that look for it here.
    pub metrics: WireQuality,
}

/// Something alarming.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MetricsAlert {
    /// `freshness`, `null_rate`.
    pub r#type: String,
    /// `warning`, `critical`.
    pub severity: String,
    /// One sentence.
    pub message: String,
    /// The run.
    pub run_id: String,
    /// The column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
}

/// A column in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnTrend {
    /// The run.
    pub run_id: String,
    /// When (RFC 3339).
    pub timestamp: String,
    /// Share of NULLs; none when it was not measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_rate: Option<f64>,
    /// Rows of the table.
    pub row_count: u64,
}

/// What was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricsResponse {
    /// Engine version.
    pub version: String,
    /// `metrics`.
    pub command: String,
    /// Version of the documents' shapes.
    pub schema_version: u32,
    /// The model.
    pub model: String,
    /// Newest first.
    pub snapshots: Vec<MetricsSnapshot>,
    /// How many are listed.
    pub count: u64,
    /// What is alarming in them.
    #[serde(default)]
    pub alerts: Vec<MetricsAlert>,
    /// The column that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// It over time, newest first.
    #[serde(default)]
    pub column_trend: Vec<ColumnTrend>,
    /// Why there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Project {
    /// Read what checks measured. Makes no file, waits for nobody.
    pub fn metrics(&self, request: &MetricsRequest) -> Result<MetricsResponse> {
        if request.model.is_empty() {
            return Err(Error::usage("name a model"));
        }
        let limit = if request.trend { TREND } else { 1 };
        let found = match self.engine.inner.states.reader(self.state_path())? {
            Some(reader) => reader.quality(&request.model, limit)?,
            None => Vec::new(),
        };
        let (version, command, schema_version) = envelope!("metrics");
        let column_trend = match &request.column {
            Some(column) => trend(&found, column)?,
            None => Vec::new(),
        };
        Ok(MetricsResponse {
            version,
            command,
            schema_version,
            model: request.model.clone(),
            count: found.len() as u64,
            alerts: match request.alerts {
                true => found.iter().flat_map(alerts).collect(),
                false => Vec::new(),
            },
            column: request.column.clone(),
            column_trend,
            message: found
                .is_empty()
                .then(|| format!(
                        "no quality metrics available for `{}`: no run has measured a model of this name with `row_count`, `null_rate` or `freshness`",
                        request.model
                    )),
            snapshots: found.into_iter().map(snapshot).collect(),
        })
    }
}

fn trend(found: &[QualitySnapshot], column: &str) -> Result<Vec<ColumnTrend>> {
    let columns = || found.iter().flat_map(|s| s.metrics.null_rates.keys());
    // As the warehouse writes it, which need not be as the user does.
    let name = columns()
        .find(|c| *c == column)
        .or_else(|| columns().find(|c| c.eq_ignore_ascii_case(column)));
    if name.is_none()
        && let Some(near) = rocky_base::suggest::nearest(column, columns().map(String::as_str))
    {
        return Err(Error::usage(format!("nothing was measured of column `{column}`"))
            .hint(format!("did you mean `{near}`?")));
    }
    Ok(found
        .iter()
        .map(|s| ColumnTrend {
            run_id: s.run_id.clone(),
            timestamp: s.timestamp.to_string(),
            null_rate: name.and_then(|name| s.metrics.null_rates.get(name).copied()),
            row_count: s.metrics.row_count,
        })
        .collect())
}

fn alerts(snapshot: &QualitySnapshot) -> Vec<MetricsAlert> {
    let mut alerts = Vec::new();
    if let Some(lag) = snapshot
        .metrics
        .freshness_lag_seconds
        .filter(|l| *l > LATE_SECONDS)
    {
        alerts.push(MetricsAlert {
            r#type: "freshness".to_owned(),
            severity: "warning".to_owned(),
            message: format!("the newest row is {lag} s old, more than {LATE_SECONDS} s"),
            run_id: snapshot.run_id.clone(),
            column: None,
        });
    }
    for (column, rate) in &snapshot.metrics.null_rates {
        let (severity, limit) = match *rate {
            rate if rate > MOSTLY_NULLS => ("critical", MOSTLY_NULLS),
            rate if rate > MANY_NULLS => ("warning", MANY_NULLS),
            _ => continue,
        };
        alerts.push(MetricsAlert {
            r#type: "null_rate".to_owned(),
            severity: severity.to_owned(),
            message: format!(
                "{:.1} % of `{column}` are NULL, more than {:.0} %",
                rate * 100.0,
                limit * 100.0
            ),
            run_id: snapshot.run_id.clone(),
            column: Some(column.clone()),
        });
    }
    alerts
}

fn snapshot(snapshot: QualitySnapshot) -> MetricsSnapshot {
    let quality = WireQuality {
        row_count: snapshot.metrics.row_count,
        freshness_lag_seconds: snapshot.metrics.freshness_lag_seconds,
        null_rates: snapshot.metrics.null_rates,
    };
    MetricsSnapshot {
        run_id: snapshot.run_id,
        timestamp: snapshot.timestamp.to_string(),
        model_name: snapshot.model_name.to_string(),
        flat: quality.clone(),
        metrics: quality,
    }
}
