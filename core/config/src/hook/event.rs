//! The moments of a run that hooks are told of: 17 of the 1.0 release, `budget_breach` of 1.71.

use serde::Serialize;

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident $name:literal $key:literal;)*) => {
        /// A moment of a run. Serialised as its bare name.
        #[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum HookEvent {
            $($(#[$doc])* $variant,)*
        }

        impl HookEvent {
            /// All, in the order of a run.
            pub const ALL: [HookEvent; 18] = [$(HookEvent::$variant,)*];

            /// `pipeline_start`: in the payload.
            pub fn name(self) -> &'static str {
                match self { $(HookEvent::$variant => $name,)* }
            }

            /// `on_pipeline_start`: in the configuration and in templates.
            pub fn key(self) -> &'static str {
                match self { $(HookEvent::$variant => $key,)* }
            }
        }
    };
}

events! {
    /// The configuration is loaded; nothing was done yet.
    PipelineStart "pipeline_start" "on_pipeline_start";
    /// Sources were listed.
    DiscoverComplete "discover_complete" "on_discover_complete";
    /// The models were compiled.
    CompileComplete "compile_complete" "on_compile_complete";
    /// Everything succeeded.
    PipelineComplete "pipeline_complete" "on_pipeline_complete";
    /// Something failed, or the run was interrupted.
    PipelineError "pipeline_error" "on_pipeline_error";
    /// A table is about to be written.
    BeforeMaterialize "before_materialize" "on_before_materialize";
    /// A table was written.
    AfterMaterialize "after_materialize" "on_after_materialize";
    /// A table failed.
    MaterializeError "materialize_error" "on_materialize_error";
    /// A model is about to be executed.
    BeforeModelRun "before_model_run" "on_before_model_run";
    /// A model was executed.
    AfterModelRun "after_model_run" "on_after_model_run";
    /// A model failed.
    ModelError "model_error" "on_model_error";
    /// Checks are about to be evaluated.
    BeforeChecks "before_checks" "on_before_checks";
    /// A check was evaluated.
    CheckResult "check_result" "on_check_result";
    /// All checks were evaluated.
    AfterChecks "after_checks" "on_after_checks";
    /// A table's columns are no longer those of its source.
    DriftDetected "drift_detected" "on_drift_detected";
    /// A count is far from what it used to be.
    AnomalyDetected "anomaly_detected" "on_anomaly_detected";
    /// The state was uploaded.
    StateSynced "state_synced" "on_state_synced";
    /// The run took more than its budget.
    BudgetBreach "budget_breach" "on_budget_breach";
}

impl HookEvent {
    /// The event of a name, with or without `on_`.
    pub fn parse(text: &str) -> Option<HookEvent> {
        HookEvent::ALL
            .into_iter()
            .find(|e| e.key() == text || e.name() == text)
    }
}
