//! What a run does about failures, from the configuration: `[adapter.X]`, `[retry]`, `[resilience]`, `[pipeline.X.execution]` and the models' sidecars.

use crate::prepare::Prepared;
use crate::project::target;
use rocky_base::{Result, SmolStr};
use rocky_config::{ExecutionConfig, PipelineKind, ProjectConfig, RetryConfig};
use rocky_project::Snapshot;
use rocky_run::execute::{Backoff, BreakerPolicy, Policy};
use std::collections::HashMap;
use std::time::Duration;

/// The policy of a run that was prepared.
pub(crate) fn of_run(config: &ProjectConfig, prepared: &Prepared) -> Result<Policy> {
    let pipeline = config.pipelines.get(&prepared.pipeline);
    let own = pipeline.is_some_and(|p| p.type_name() == prepared.pipeline_type);
    let transforms = || {
        let mut all = config.pipelines.values();
        all.any(|p| matches!(p.kind, PipelineKind::Transformation(_)))
    };
    // As the models beside a replication are planned.
    let named = (own || (pipeline.is_some() && !transforms())).then_some(prepared.pipeline.as_str());
    let adapter = target(config, named)?.adapter;
    let none = ExecutionConfig::default();
    let execution = pipeline.map_or(&none, |p| &p.execution);
    let limits = prepared.snapshot.as_deref().map(timeouts).unwrap_or_default();
    let general = config.resilience.as_deref();
    let policy = of(
        adapter.retry.as_ref(),
        general,
        execution,
        config.max_retries_per_run,
    );
    Ok(Policy {
        statement_timeout: adapter.timeout_secs.filter(|s| *s > 0).map(Duration::from_secs),
        timeouts: limits,
        // What is no pipeline's (seeds, files) tries each table.
        error_rate_abort_pct: match pipeline {
            Some(_) => policy.error_rate_abort_pct,
            None => 0,
        },
        ..policy
    })
}

/// The adapter's own word counts first, then that for all of them.
fn of(
    own: Option<&RetryConfig>,
    general: Option<&RetryConfig>,
    execution: &ExecutionConfig,
    per_run: Option<u32>,
) -> Policy {
    let usual = Policy::default();
    let (own, general) = (
        own.cloned().unwrap_or_default(),
        general.cloned().unwrap_or_default(),
    );
    let retry = RetryConfig {
        max_retries: own.max_retries.or(general.max_retries),
        initial_backoff_ms: own.initial_backoff_ms.or(general.initial_backoff_ms),
        max_backoff_ms: own.max_backoff_ms.or(general.max_backoff_ms),
        backoff_multiplier: own.backoff_multiplier.or(general.backoff_multiplier),
        jitter: own.jitter.or(general.jitter),
        circuit_breaker_threshold: own
            .circuit_breaker_threshold
            .or(general.circuit_breaker_threshold),
        circuit_breaker_recovery_timeout_secs: own.circuit_breaker_recovery_timeout_secs,
        max_retries_per_run: own.max_retries_per_run,
    };
    let millis = |value: Option<u64>, usual| value.map_or(usual, Duration::from_millis);
    let threshold = usual.breaker.map_or(0, |b| b.threshold);
    let recovery = retry.circuit_breaker_recovery_timeout_secs;
    // All limits hold.
    let limits = [retry.max_retries_per_run, general.max_retries_per_run, per_run];
    Policy {
        max_retries: retry.max_retries.unwrap_or(usual.max_retries),
        backoff: Backoff {
            initial: millis(retry.initial_backoff_ms, usual.backoff.initial),
            longest: millis(retry.max_backoff_ms, usual.backoff.longest),
            factor: retry.backoff_multiplier.unwrap_or(usual.backoff.factor),
            jitter: retry.jitter.unwrap_or(usual.backoff.jitter),
        },
        max_retries_per_run: limits.into_iter().flatten().min(),
        table_retries: execution.table_retries,
        breaker: Some(BreakerPolicy {
            threshold: retry.circuit_breaker_threshold.unwrap_or(threshold),
            recovery: recovery.map(Duration::from_secs),
        }),
        adaptive: execution.adaptive,
        error_rate_abort_pct: execution
            .error_rate_abort_pct
            .unwrap_or(usual.error_rate_abort_pct),
        timeout: execution.timeout_seconds.map(|s| Duration::from_secs(s.into())),
        ..usual
    }
}

/// What models say themselves.
fn timeouts(snapshot: &Snapshot) -> HashMap<SmolStr, Duration> {
    let of_model = |model: &rocky_project::Model| {
        let seconds = model.config.timeout_seconds?;
        Some((model.name.clone(), Duration::from_secs(seconds.into())))
    };
    snapshot.models.iter().filter_map(|m| of_model(m)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_the_default_and_the_smaller_limit_holds() {
        let execution = ExecutionConfig::default();
        assert_eq!(of(None, None, &execution, None), Policy::default());
        let general = RetryConfig {
            max_retries: Some(1),
            max_backoff_ms: Some(6),
            max_retries_per_run: Some(2),
            ..RetryConfig::default()
        };
        let policy = of(None, Some(&general), &execution, Some(3));
        assert_eq!((policy.max_retries, policy.max_retries_per_run), (1, Some(2)));
        let retry = RetryConfig {
            max_retries: Some(7),
            initial_backoff_ms: Some(5),
            circuit_breaker_threshold: Some(0),
            circuit_breaker_recovery_timeout_secs: Some(9),
            max_retries_per_run: Some(4),
            ..RetryConfig::default()
        };
        let policy = of(Some(&retry), Some(&general), &execution, Some(3));
        assert_eq!((policy.max_retries, policy.max_retries_per_run), (7, Some(2)));
        assert_eq!(policy.backoff.initial, Duration::from_millis(5));
        assert_eq!(policy.backoff.longest, Duration::from_millis(6));
        let breaker = policy.breaker.unwrap();
        assert_eq!(
            (breaker.threshold, breaker.recovery),
            (0, Some(Duration::from_secs(9)))
        );
    }
}
