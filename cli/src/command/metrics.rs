//! `rocky metrics`.

use super::Context;
use crate::output;
use crate::render::{table, time};
use rocky_core::Result;
use rocky_core::verbs::metrics::{MetricsRequest, MetricsResponse};

pub fn run(context: &Context<'_>, request: &MetricsRequest) -> Result<u8> {
    let project = context.open(&Default::default())?;
    let response = project.metrics(request)?;
    context.out.document(&response, || text(&response));
    Ok(output::OK)
}

fn text(response: &MetricsResponse) -> String {
    if let Some(message) = &response.message {
        return format!("{message}\n");
    }
    let percent = |rate: f64| format!("{:.1} %", rate * 100.0);
    let mut text = match &response.column {
        Some(column) => table(
            &["RUN", "MEASURED", "ROWS", &format!("NULL IN {column}")],
            response.column_trend.iter().map(|t| {
                vec![
                    t.run_id.clone(),
                    time(&t.timestamp),
                    t.row_count.to_string(),
                    t.null_rate.map(percent).unwrap_or_default(),
                ]
            }),
        ),
        None => table(
            &["RUN", "MEASURED", "ROWS", "NEWEST ROW", "NULLS"],
            response.snapshots.iter().map(|s| {
                let lag = s.metrics.freshness_lag_seconds;
                let nulls = s.metrics.null_rates.iter().filter(|(_, rate)| **rate > 0.0);
                let nulls: Vec<String> = nulls.map(|(c, rate)| format!("{c} {}", percent(*rate))).collect();
                vec![
                    s.run_id.clone(),
                    time(&s.timestamp),
                    s.metrics.row_count.to_string(),
                    lag.map(|l| format!("{l} s ago")).unwrap_or_default(),
                    nulls.join(", "),
                ]
            }),
        ),
    };
    for alert in &response.alerts {
        text.push_str(&format!(
            "{}: {} ({})\n",
            alert.severity, alert.message, alert.run_id
        ));
    }
    text
}
