// Code generated from the JSON Schemas of rocky-core by a test of rocky-ffi. DO NOT EDIT.

package rocky

import (
	"encoding/json"
	"errors"
)

// OpenRequest: How to open a project.
type OpenRequest struct {
	// `rocky.toml`, or the folder that holds it; `rocky.toml` of the current folder when absent.
	Config string `json:"config,omitempty"`
	// State file; `.rocky-state.redb` beside `rocky.toml` when absent.
	StatePath string `json:"state_path,omitempty"`
	// Models folder instead of the one the pipelines name; relative to the folder of `rocky.toml`.
	Models string `json:"models,omitempty"`
	// Folder of contracts; those beside models are found without it.
	Contracts string `json:"contracts,omitempty"`
	// Folder of the compile cache; `.rocky/cache` beside `rocky.toml` when absent, none when empty. A folder that cannot be
	// written means that nothing is kept.
	CacheDir string `json:"cache_dir,omitempty"`
}

// CompileRequest: What to compile.
type CompileRequest struct {
	// Report this model alone.
	Model string `json:"model,omitempty"`
	// Also give the SQL after expansion of macros and variables.
	ExpandMacros bool `json:"expand_macros,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
	// When to ask the warehouse.
	RefreshSources RefreshSources `json:"refresh_sources,omitempty"`
	// Report constructs that this dialect does not have (P001), instead of that of `[portability]`.
	TargetDialect TargetDialect `json:"target_dialect,omitempty"`
	// Report warnings as errors.
	DenyWarnings bool `json:"deny_warnings,omitempty"`
	// Fail when fewer per cent of the columns (of `model`, when given) are proven.
	MinCoverage float64 `json:"min_coverage,omitempty"`
	// Schemas of sources by name (`schema.table`, `catalog.schema.table`): asked before declarations, `schema.lock` and the
	// warehouse.
	SourceSchemas map[string][]RequestColumn `json:"source_schemas,omitempty"`
	// Every source that is read must be given, declared or in `schema.lock`; the warehouse and what is remembered of it
	// are not asked.
	Locked bool `json:"locked,omitempty"`
}

// RefreshSources: When to ask the warehouse for the schemas of sources.
type RefreshSources string

// Values of RefreshSources.
const (
	// Use what is declared and remembered.
	RefreshSourcesNever RefreshSources = "never"
	// Ask when something that is read is not known.
	RefreshSourcesMissing RefreshSources = "missing"
	// Always ask.
	RefreshSourcesAlways RefreshSources = "always"
)

// TargetDialect: A warehouse's dialect.
type TargetDialect string

// Values of TargetDialect.
const (
	// Databricks SQL.
	TargetDialectDatabricks TargetDialect = "databricks"
	// Snowflake.
	TargetDialectSnowflake TargetDialect = "snowflake"
	// GoogleSQL of BigQuery.
	TargetDialectBigquery TargetDialect = "bigquery"
	// DuckDB.
	TargetDialectDuckdb TargetDialect = "duckdb"
)

// RequestColumn: A column of a source, as a request states it.
type RequestColumn struct {
	// Its name.
	Name string `json:"name"`
	// Its type in the warehouse's spelling.
	Type string `json:"type"`
	// May hold NULL; true when absent.
	Nullable bool `json:"nullable"`
}

// CompileResponse: The result of a compile.
type CompileResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `compile`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// Number of models.
	Models uint64 `json:"models"`
	// Number of layers.
	ExecutionLayers uint64 `json:"execution_layers"`
	// Findings, by file and place.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when one of them is an error.
	HasErrors bool `json:"has_errors"`
	// How sure the columns of the models of this document are.
	Coverage Coverage `json:"coverage"`
	// How long it took.
	CompileTimings CompileTimings `json:"compile_timings"`
	// The models by name.
	ModelsDetail []ModelDetail `json:"models_detail"`
	// SQL after expansion, by model.
	ExpandedSQL map[string]string `json:"expanded_sql,omitempty"`
}

// Diagnostic: Something a user should change.
type Diagnostic struct {
	// `Error`, `Warning`, `Info`.
	Severity string `json:"severity"`
	// `E100`; `rocky explain E100` tells more.
	Code string `json:"code"`
	// One line.
	Message string `json:"message"`
	// The model, or empty for what belongs to none.
	Model string `json:"model"`
	// The offending characters.
	Span *SourceSpan `json:"span,omitempty"`
	// What to do.
	Suggestion *string `json:"suggestion,omitempty"`
	// Why this place is wrong.
	Label *string `json:"label,omitempty"`
	// Other places.
	Notes []Note `json:"notes,omitempty"`
	// A safe edit.
	Fix *Fix `json:"fix,omitempty"`
}

// SourceSpan: Where something is said.
type SourceSpan struct {
	// Path relative to the folder of `rocky.toml`.
	File string `json:"file"`
	// Line, from 1.
	Line uint32 `json:"line"`
	// Column in characters, from 1.
	Col uint32 `json:"col"`
	// Line of the end.
	EndLine uint32 `json:"end_line"`
	// Column after the last character.
	EndCol uint32 `json:"end_col"`
	// First byte.
	Start uint32 `json:"start"`
	// One past the last byte.
	End uint32 `json:"end"`
}

// Note: Another place a diagnostic speaks of.
type Note struct {
	// Where.
	Span *SourceSpan `json:"span,omitempty"`
	// What about it.
	Text string `json:"text"`
}

// Fix: A replacement that makes the diagnostic go away.
type Fix struct {
	// What it does.
	Title string `json:"title"`
	// The edits; they do not overlap.
	Edits []Edit `json:"edits"`
}

// Edit: One replacement.
type Edit struct {
	// What to replace; an empty span inserts.
	Span *SourceSpan `json:"span,omitempty"`
	// The new text.
	Text string `json:"text"`
}

// Coverage: How many columns are how sure.
type Coverage struct {
	// All columns; a model whose columns could not all be listed counts one unknown column more.
	Columns uint64 `json:"columns"`
	// Proven ones.
	Proven uint64 `json:"proven"`
	// Assumed ones.
	Assumed uint64 `json:"assumed"`
	// Unknown ones.
	Unknown uint64 `json:"unknown"`
	// The share of proven ones, from 0 to 1; 1 when there are no columns.
	Ratio float64 `json:"ratio"`
}

// CompileTimings: How long it took, in milliseconds.
type CompileTimings struct {
	// Listing, reading, parsing.
	ProjectLoadMs uint64 `json:"project_load_ms"`
	// Names and order.
	SemanticGraphMs uint64 `json:"semantic_graph_ms"`
	// Resolution, types, lineage.
	TypecheckMs uint64 `json:"typecheck_ms"`
	// Join predicates are checked with everything else: always 0.
	TypecheckJoinKeysMs uint64 `json:"typecheck_join_keys_ms"`
	// Contracts and strategy checks.
	ContractsMs uint64 `json:"contracts_ms"`
	// All of it.
	TotalMs uint64 `json:"total_ms"`
	// Models whose text was parsed (the others were remembered).
	ModelsParsed uint64 `json:"models_parsed"`
	// Models that were analysed (the others were remembered).
	ModelsAnalysed uint64 `json:"models_analysed"`
}

// ModelDetail: A compiled model.
type ModelDetail struct {
	// Name.
	Name string `json:"name"`
	// How it is materialised.
	Strategy Strategy `json:"strategy"`
	// Where it goes.
	Target Target `json:"target"`
	// Where its contract was found: `auto` (beside it) or `explicit`.
	ContractSource *string `json:"contract_source,omitempty"`
	// Models it depends on.
	DependsOn []string `json:"depends_on"`
	// Relations it reads that are no models.
	Sources []string `json:"sources"`
	// Output columns.
	Columns []Column `json:"columns"`
	// There are no other columns.
	ColumnsComplete bool `json:"columns_complete"`
	// How sure they are.
	Coverage Coverage `json:"coverage"`
	// Its file, relative to the folder of `rocky.toml`.
	File string `json:"file"`
	// `sql` or `rocky`.
	Language string `json:"language"`
	// The pipeline that runs it.
	Pipeline *string `json:"pipeline,omitempty"`
	// Layer of execution, from 0.
	Layer uint32 `json:"layer"`
	// Labels.
	Tags map[string]string `json:"tags,omitempty"`
	// What it is for.
	Intent *string `json:"intent,omitempty"`
	// How old its newest row may be, where it or its folder says so.
	Freshness *Freshness `json:"freshness,omitempty"`
}

// Strategy: A strategy with its settings.
type Strategy struct {
	// One of `full_refresh`, `incremental`, `merge`, `time_interval`, `ephemeral`, `delete_insert`, `microbatch`, `view`, `materialized_view`, `dynamic_table`, `content_addressed`; the other fields are set as it asks.
	Type string `json:"type"`
	// Watermark column.
	TimestampColumn string `json:"timestamp_column,omitempty"`
	// How far before the watermark rows are taken again: `3 days`.
	LookbackSpan *string `json:"lookback_span,omitempty"`
	// Key columns.
	UniqueKey []string `json:"unique_key,omitempty"`
	// Columns to update; all others than the key when absent.
	UpdateColumns []string `json:"update_columns,omitempty"`
	// The column that the windows cut.
	TimeColumn string `json:"time_column,omitempty"`
	// hour, day, month, year.
	Granularity string `json:"granularity,omitempty"`
	// Windows computed again.
	Lookback uint32 `json:"lookback,omitempty"`
	// Windows per statement.
	BatchSize uint32 `json:"batch_size,omitempty"`
	// The first window.
	FirstPartition *string `json:"first_partition,omitempty"`
	// Partition columns.
	PartitionBy []string `json:"partition_by,omitempty"`
	// How late it may be.
	TargetLag string `json:"target_lag,omitempty"`
	// The warehouse that computes it; the adapter's when absent.
	Warehouse *string `json:"warehouse,omitempty"`
	// Where.
	StoragePrefix string `json:"storage_prefix,omitempty"`
	// Partition columns.
	PartitionColumns []string `json:"partition_columns,omitempty"`
}

// Target: Where a model goes.
type Target struct {
	// Catalog, database or project.
	Catalog string `json:"catalog"`
	// Schema or dataset.
	Schema string `json:"schema"`
	// Table.
	Table string `json:"table"`
}

// Column: A typed column.
type Column struct {
	// Name as the warehouse would give it.
	Name string `json:"name"`
	// Type in the warehouse's spelling; `UNKNOWN` when it cannot be told.
	Type string `json:"type"`
	// May hold NULL.
	Nullable bool `json:"nullable"`
	// How sure type and nullability are.
	Status ColumnState `json:"status"`
	// `assumed`: the relation whose remembered columns it rests on, the oldest when there are several.
	AssumedFrom *string `json:"assumed_from,omitempty"`
	// `assumed`: seconds since that relation was read; absent when not known.
	AgeSeconds *uint64 `json:"age_seconds,omitempty"`
	// `unknown`: why the type, or a part of it, is not known.
	Reason *string `json:"reason,omitempty"`
	// `unknown`: the expression that could not be typed.
	Span *SourceSpan `json:"span,omitempty"`
}

// ColumnState: How sure a column is.
type ColumnState string

// Values of ColumnState.
const (
	// It follows from the text and from facts that hold now.
	ColumnStateProven ColumnState = "proven"
	// It follows from a remembered catalogue, which may have changed.
	ColumnStateAssumed ColumnState = "assumed"
	// It cannot be told.
	ColumnStateUnknown ColumnState = "unknown"
)

// Freshness: How old the newest row of a model may be.
type Freshness struct {
	// In seconds.
	MaxLagSeconds uint64 `json:"max_lag_seconds"`
	// The column that tells the age of a row; that of the model's strategy when absent.
	TimeColumn *string `json:"time_column,omitempty"`
	// `error` or `warning`: what it is when it is older.
	Severity string `json:"severity"`
}

// RunRequest: What to run, or to plan: `plan` shows what `run` would do with the same request.
type RunRequest struct {
	// The pipeline; needed when there are several.
	Pipeline string `json:"pipeline,omitempty"`
	// Only these models: names, patterns (`stg_*`), `tag:KEY`, `tag:KEY=VALUE`, `path:GLOB`, `changed:REVISION` (edited since that git
	// revision, or different from that folder), with `+` before for everything they read and `+` after for everything that reads
	// them (`2+fct_orders`: two steps). `,` within one is an intersection.
	Models []string `json:"models,omitempty"`
	// Not these, written likewise.
	Exclude []string `json:"exclude,omitempty"`
	// Which sources of a replication are meant: `key=value` with `id` (the source's schema), `table`, or a component of the
	// pattern as key. Several with one key are alternatives. Other pipelines have no sources; there it is only echoed.
	Filter Filters `json:"filter,omitempty"`
	// All pipelines, each after those it depends on.
	DAG bool `json:"dag,omitempty"`
	// With a replication pipeline, the project's models too.
	All bool `json:"all,omitempty"`
	// Rebuild incremental models from scratch.
	FullRefresh bool `json:"full_refresh,omitempty"`
	// Models at a time.
	Concurrency uint32 `json:"concurrency,omitempty"`
	// time_interval and microbatch models: compute this partition, `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026` by the model's
	// granularity, in UTC. Dagster's keys (`2026-04-07-13:00`, `2026-04-01` for a month) are taken too; in a step that Dagster started for
	// a partition it is that one when nothing is said of partitions.
	Partition string `json:"partition,omitempty"`
	// Compute the partitions from this one …
	From string `json:"from,omitempty"`
	// … to this one, both included.
	To string `json:"to,omitempty"`
	// Compute the partition that contains now; so it is when nothing is said.
	Latest bool `json:"latest,omitempty"`
	// Compute the partitions from the model's `first_partition` to now that are not computed.
	Missing bool `json:"missing,omitempty"`
	// So many more partitions before the earliest, instead of the model's `lookback`.
	Lookback *uint32 `json:"lookback,omitempty"`
	// Partitions of a model at a time, 1 when not said; without `concurrency` also models at a time.
	Parallel uint32 `json:"parallel,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
	// Go on with this run: what succeeded in it, or in those that it went on with, is not done again. With `dag` or `all` the run of any of
	// the pipelines names the run of all.
	Resume string `json:"resume,omitempty"`
	// Go on with the last run of this pipeline and filter, or with `dag` or `all` of these pipelines, that did not do everything.
	ResumeLatest bool `json:"resume_latest,omitempty"`
	// Leave models alone whose query means what it meant and whose inputs did not change since they were built. The rows of sources are
	// hashed for that where the warehouse keeps no versions.
	SkipUnchanged bool `json:"skip_unchanged,omitempty"`
	// Build everything, even when `[run] skip_unchanged` is set.
	ForceRebuild bool `json:"force_rebuild,omitempty"`
	// Write shadows beside the tables, and nothing else: no table of production, no state. `compare` says how they differ.
	Shadow bool `json:"shadow,omitempty"`
	// What is appended to the names of shadows; `_rocky_shadow` when neither this nor a schema is given.
	ShadowSuffix string `json:"shadow_suffix,omitempty"`
	// The schema of shadows; made when it is not there.
	ShadowSchema string `json:"shadow_schema,omitempty"`
	// Run once for each key: a second run with it is refused while the first is under way, and does nothing after it succeeded.
	IdempotencyKey string `json:"idempotency_key,omitempty"`
}

// Filters: One filter, or several.
type Filters []string

// UnmarshalJSON accepts a string or a list.
func (v *Filters) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*v = Filters{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(v))
}

// PlanResponse: A plan.
type PlanResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `plan`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// As given.
	Filter string `json:"filter"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// Hash of everything planned; empty when there are errors.
	PlanID string `json:"plan_id"`
	// `run`.
	PlanKind string `json:"plan_kind"`
	// When (RFC 3339).
	CreatedAt string `json:"created_at"`
	// The statements in the order of execution (models of one layer may run at once).
	Statements []PlannedStatement `json:"statements"`
	// Names of the planned models, in the order of execution.
	Models []string `json:"models"`
	// Names of the planned models by layer; those of one layer may run at once.
	ExecutionLayers [][]string `json:"execution_layers"`
	// More about each of them.
	ModelsDetail []PlannedModel `json:"models_detail"`
	// Models that are left out, and why.
	Skipped []SkippedModel `json:"skipped,omitempty"`
	// Whether each model would be built, and why, when `skip_unchanged` is set.
	ModelDecisions []ModelDecision `json:"model_decisions,omitempty"`
	// The run that would be gone on with.
	ResumedFrom *string `json:"resumed_from,omitempty"`
	// Tables of the sources that are not copied.
	ExcludedTables []ExcludedTable `json:"excluded_tables,omitempty"`
	// Of several pipelines: the plan of each, in the order of execution. What stands above is all of them together.
	Pipelines []PlanResponse `json:"pipelines,omitempty"`
	// Why nothing is planned now: it waits for another pipeline.
	Waits *string `json:"waits,omitempty"`
	// Findings.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when one of them is an error: nothing is planned then.
	HasErrors bool `json:"has_errors"`
}

// PlannedStatement: A statement in short.
type PlannedStatement struct {
	// `create_schema`, `create_table`, `insert`, `merge` …
	Purpose string `json:"purpose"`
	// What it writes or reads.
	Target string `json:"target"`
	// The statement; values that are known when it runs stand as `$start_date`, `$end_date`, `$now`, `$run_id`.
	SQL string `json:"sql"`
	// The model; none for set-up.
	Model *string `json:"model,omitempty"`
	// `statement`, `guard`, `observe`, `check`.
	Kind string `json:"kind"`
}

// PlannedModel: A planned model.
type PlannedModel struct {
	// Model name.
	Model string `json:"model"`
	// The relation it writes.
	Target string `json:"target"`
	// How.
	Strategy string `json:"strategy"`
	// Models of this plan that must succeed before.
	DependsOn []string `json:"depends_on"`
	// Layer, from 0.
	Layer uint64 `json:"layer"`
	// Why these statements.
	Reason string `json:"reason"`
	// All its statements are one transaction.
	Transaction bool `json:"transaction"`
	// Hash of the statements.
	SQLHash string `json:"sql_hash"`
	// How many statements.
	Statements uint64 `json:"statements"`
	// What is checked after them.
	Checks []PlannedCheck `json:"checks"`
	// time_interval and microbatch models: the partitions to be computed, batches as one. The statements that have `$start_date` and
	// `$end_date` are executed once for each of them, in a transaction of its own.
	Partitions []PartitionInfo `json:"partitions,omitempty"`
	// So many of them at once.
	Parallel *uint64 `json:"parallel,omitempty"`
	// What it is: `model`, `table` …
	Kind string `json:"kind"`
	// What orchestrators call it.
	AssetKey []string `json:"asset_key"`
	// What is done about columns that changed.
	Drift []PlannedDrift `json:"drift,omitempty"`
	// Why it will not be written, when that is known already.
	Error *string `json:"error,omitempty"`
}

// PlannedCheck: A planned check.
type PlannedCheck struct {
	// Its name.
	Name string `json:"name"`
	// `row_count`, `column_match`, `freshness`, `null_rate`, `custom`, `anomaly`, `test`.
	Kind string `json:"kind"`
	// `error`, `warning`.
	Severity string `json:"severity"`
	// When it does not hold, the run fails and what reads the table is not run.
	Gates bool `json:"gates"`
	// It is evaluated when all tables are written.
	Deferred bool `json:"deferred,omitempty"`
	// Its queries.
	Queries []string `json:"queries"`
}

// PartitionInfo: A window of a time_interval model: a partition, or several that were computed as one.
type PartitionInfo struct {
	// The partition, the first one of a batch: `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026`.
	Key string `json:"key"`
	// Its first moment (RFC 3339, UTC).
	Start string `json:"start"`
	// The first moment after it.
	End string `json:"end"`
	// The other partitions of the batch.
	BatchedWith []string `json:"batched_with,omitempty"`
}

// PlannedDrift: What is done about columns that changed.
type PlannedDrift struct {
	// `add_columns`, `alter_column_types`, `drop_and_recreate`, `drop_columns`, `keep_columns`, `keep_column_types` …
	Action string `json:"action"`
	// The columns.
	Columns []string `json:"columns"`
	// Why, in one line.
	Reason string `json:"reason"`
}

// SkippedModel: A model that was not executed.
type SkippedModel struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// The model.
	Model string `json:"model"`
	// Why.
	Reason string `json:"reason"`
}

// ModelDecision: Whether a model is built, and why.
type ModelDecision struct {
	// The model or table.
	Model string `json:"model"`
	// `build`, `skip`.
	Decision string `json:"decision"`
	// Why.
	Reason string `json:"reason"`
}

// ExcludedTable: A table of a source that is not copied.
type ExcludedTable struct {
	// Source type, components, table.
	AssetKey []string `json:"asset_key"`
	// Its schema.
	SourceSchema string `json:"source_schema"`
	// Its name.
	TableName string `json:"table_name"`
	// `missing_from_source`, `disabled`, `is_a_target`, `unchanged`.
	Reason string `json:"reason"`
}

// RunResponse: The result of a run.
type RunResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `run`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The run; empty when nothing was started.
	RunID string `json:"run_id"`
	// `Success`, `PartialFailure`, `Failure`; of one of several pipelines also `Skipped`.
	Status string `json:"status"`
	// It was cancelled before everything was done.
	Interrupted bool `json:"interrupted"`
	// `transformation`.
	PipelineType string `json:"pipeline_type"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// The plan that was executed.
	PlanID string `json:"plan_id"`
	// As given.
	Filter string `json:"filter"`
	// It wrote shadows, and nothing else.
	Shadow bool `json:"shadow,omitempty"`
	// When it began (RFC 3339).
	StartedAt *string `json:"started_at,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Models written.
	TablesCopied uint64 `json:"tables_copied"`
	// Models failed.
	TablesFailed uint64 `json:"tables_failed"`
	// Models not executed.
	TablesSkipped uint64 `json:"tables_skipped"`
	// What was written.
	Materializations []Materialization `json:"materializations"`
	// Partitions of the time_interval models.
	PartitionSummaries []PartitionSummary `json:"partition_summaries,omitempty"`
	// Checks of what was written, or of the tables of a quality pipeline.
	CheckResults []CheckResults `json:"check_results"`
	// Checks that did not hold and fail the run.
	ChecksFailed uint64 `json:"checks_failed"`
	// Other checks that did not hold.
	ChecksWarned uint64 `json:"checks_warned"`
	// Tables whose number of rows is far from that of earlier runs.
	Anomalies []AnomalyEntry `json:"anomalies,omitempty"`
	// Rows that were set aside.
	Quarantine []QuarantineEntry `json:"quarantine,omitempty"`
	// Failures.
	Errors []RunErrorEntry `json:"errors"`
	// Models that were not executed, and why.
	Skipped []SkippedModel `json:"skipped"`
	// How it was executed.
	Execution ExecutionSummary `json:"execution"`
	// Objects made.
	Permissions PermissionSummary `json:"permissions"`
	// Drift.
	Drift DriftSummary `json:"drift"`
	// Tables of the sources that are not copied.
	ExcludedTables []ExcludedTable `json:"excluded_tables,omitempty"`
	// Of several pipelines: the result of each, in the order of execution. What stands beside is all of them together,
	// and `run_id` is that of the first.
	Pipelines []RunResponse `json:"pipelines,omitempty"`
	// Why this pipeline was not tried (`status` is `Skipped` then).
	SkippedReason *string `json:"skipped_reason,omitempty"`
	// Findings of the compile.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when errors in the models kept the run from starting.
	HasErrors bool `json:"has_errors"`
	// Why the state store lacks something of this run, if it does.
	StateError *string `json:"state_error,omitempty"`
	// What became of the remote state, where the project has one.
	RemoteState *RemoteStateSummary `json:"remote_state,omitempty"`
	// The run that it went on with; of a pipeline that was done before, the run that had done it.
	ResumedFrom *string `json:"resumed_from,omitempty"`
	// Whether each model was built, and why, when `skip_unchanged` is set.
	ModelDecisions []ModelDecision `json:"model_decisions,omitempty"`
	// As given.
	IdempotencyKey *string `json:"idempotency_key,omitempty"`
	// The run that had the same key, when this one did nothing for it.
	SkippedByRunID *string `json:"skipped_by_run_id,omitempty"`
	// Numbers of this run; null when nothing was started.
	Metrics *Metrics `json:"metrics,omitempty"`
	// What hooks did, when there are some.
	Hooks *Hooks `json:"hooks,omitempty"`
	// Limits of `[budget]` that it went over.
	BudgetBreaches []BudgetBreach `json:"budget_breaches,omitempty"`
}

// Materialization: What was written.
type Materialization struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// The model.
	Model string `json:"model"`
	// Rows written; none for a view.
	RowsCopied *uint64 `json:"rows_copied,omitempty"`
	// When its first statement was sent (RFC 3339).
	StartedAt *string `json:"started_at,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// How often it was begun. Its name is not `attempts`, which clients of the 1.x releases read as a list.
	AttemptCount uint32 `json:"attempt_count,omitempty"`
	// The attempts before the last, when there were some.
	Retries []Retry `json:"retries,omitempty"`
	// The window of a time_interval model; there is a materialization for each.
	Partition *PartitionInfo `json:"partition,omitempty"`
	// More about it.
	Metadata MaterializationMetadata `json:"metadata"`
	// The statements that were executed.
	Statements []ExecutedStatement `json:"statements"`
}

// Retry: An attempt that was followed by another.
type Retry struct {
	// Which one, from 1.
	Attempt uint32 `json:"attempt"`
	// Why there was another: `transient`, `rate_limited`, `conflict`, `table_retry`, `replanned`.
	Reason string `json:"reason"`
	// What went wrong.
	Error string `json:"error"`
	// Milliseconds waited before the next.
	WaitMs uint64 `json:"wait_ms"`
}

// MaterializationMetadata: More about a materialization.
type MaterializationMetadata struct {
	// How.
	Strategy string `json:"strategy"`
	// The watermark after it, when it is a date or a time (RFC 3339).
	Watermark *string `json:"watermark,omitempty"`
	// The watermark after it, as the engine writes it.
	WatermarkValue *string `json:"watermark_value,omitempty"`
	// Rows of the target whose value of the watermark column is infinite or NaN. No watermark is; such rows came in when the table was
	// made, and later ones do not come in. Absent without any.
	RowsBeyondWatermark *uint64 `json:"rows_beyond_watermark,omitempty"`
	// `catalog.schema.table`.
	TargetTableFullName string `json:"target_table_full_name"`
	// Hash of the statements.
	SQLHash string `json:"sql_hash"`
	// Columns.
	ColumnCount *uint64 `json:"column_count,omitempty"`
}

// ExecutedStatement: A statement that was executed.
type ExecutedStatement struct {
	// What for.
	Purpose string `json:"purpose"`
	// Its text.
	SQL string `json:"sql"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Rows it changed, where the engine says.
	Rows *uint64 `json:"rows,omitempty"`
}

// PartitionSummary: What became of the partitions of a model.
type PartitionSummary struct {
	// The model.
	Model string `json:"model"`
	// Partitions that were to be computed.
	PartitionsPlanned uint64 `json:"partitions_planned"`
	// Those that were.
	PartitionsSucceeded uint64 `json:"partitions_succeeded"`
	// Those that failed; they are as they were before.
	PartitionsFailed uint64 `json:"partitions_failed"`
	// Those that were not tried, or were interrupted.
	PartitionsSkipped uint64 `json:"partitions_skipped"`
}

// CheckResults: Checks of an asset.
type CheckResults struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// Its checks.
	Checks []CheckResult `json:"checks"`
}

// CheckResult: A check.
type CheckResult struct {
	// Its name: `row_count`, `freshness`, that of a custom check or of a test.
	Name string `json:"name"`
	// Did it hold?
	Passed bool `json:"passed"`
	// `error`, `warning`.
	Severity string `json:"severity"`
	// `pass`, `fail`; `error` when it could not be evaluated.
	Status string `json:"status"`
	// It fails the run: its severity is `error`, and `fail_on_error` is not turned off.
	Gates bool `json:"gates"`
	// Why it does not hold.
	Detail *string `json:"detail,omitempty"`
	// `row_count`: rows of the source.
	SourceCount *uint64 `json:"source_count,omitempty"`
	// `row_count`, `row_count_range`: rows of the table.
	TargetCount *uint64 `json:"target_count,omitempty"`
	// `column_match`: columns that the table lacks.
	Missing []string `json:"missing,omitempty"`
	// `column_match`: columns that it has beside.
	Extra []string `json:"extra,omitempty"`
	// `freshness`: seconds since the newest row; negative when it is in the future.
	LagSeconds *int64 `json:"lag_seconds,omitempty"`
	// `freshness`: how many are allowed.
	ThresholdSeconds *uint64 `json:"threshold_seconds,omitempty"`
	// `null_rate`, `freshness`, tests: the column.
	Column *string `json:"column,omitempty"`
	// `null_rate`: the share of NULLs, 0 to 1.
	NullRate *float64 `json:"null_rate,omitempty"`
	// `null_rate`: of so many rows.
	SampledRows *uint64 `json:"sampled_rows,omitempty"`
	// `null_rate`, custom checks: what is allowed.
	Threshold *float64 `json:"threshold,omitempty"`
	// Custom checks: the query.
	Query *string `json:"query,omitempty"`
	// Custom checks, `aggregate`: what the query gave.
	ResultValue *float64 `json:"result_value,omitempty"`
	// Tests: `not_null`, `unique` …
	TestType *string `json:"test_type,omitempty"`
	// Tests: how many rows, or repeated values, fail.
	FailingRows *uint64 `json:"failing_rows,omitempty"`
	// Tests: some of them, at most five.
	Sample []map[string]any `json:"sample,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
}

// AnomalyEntry: A count that is far from what it used to be.
type AnomalyEntry struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// `catalog.schema.table`.
	Table string `json:"table"`
	// Rows now.
	CurrentCount uint64 `json:"current_count"`
	// Average of earlier runs, this one not counted.
	BaselineAvg float64 `json:"baseline_avg"`
	// How far from it, in per cent.
	DeviationPct float64 `json:"deviation_pct"`
	// One line.
	Reason string `json:"reason"`
}

// QuarantineEntry: Rows that were set aside because they fail tests.
type QuarantineEntry struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// `catalog.schema.table`.
	Table string `json:"table"`
	// `split`, `tag`, `drop`.
	Mode string `json:"mode"`
	// Where they are (`split`).
	QuarantineTable *string `json:"quarantine_table,omitempty"`
	// Where the others are (`split`).
	ValidTable *string `json:"valid_table,omitempty"`
	// How many, where the engine says.
	QuarantinedRows *uint64 `json:"quarantined_rows,omitempty"`
	// The tests that decided.
	Tests []string `json:"tests"`
}

// RunErrorEntry: A failed model.
type RunErrorEntry struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// The model.
	Model string `json:"model"`
	// What the engine said.
	Error string `json:"error"`
	// `timeout`, `circuit_open`, `transient`, `rate_limited`, `conflict`; otherwise `warehouse`, `locked`, `cancelled` … or `compile`.
	FailureKind string `json:"failure_kind"`
	// How often it was begun; 0 when it was not.
	AttemptCount uint32 `json:"attempt_count,omitempty"`
	// The attempts before the last, when there were some.
	Retries []Retry `json:"retries,omitempty"`
	// The partition that failed, the first one of a batch.
	Partition *string `json:"partition,omitempty"`
	// The statement's purpose.
	Step *string `json:"step,omitempty"`
	// What to do.
	RemediationHint *string `json:"remediation_hint,omitempty"`
}

// ExecutionSummary: How it was executed.
type ExecutionSummary struct {
	// Models at a time.
	Concurrency uint64 `json:"concurrency"`
	// Models tried.
	TablesProcessed uint64 `json:"tables_processed"`
	// Models failed.
	TablesFailed uint64 `json:"tables_failed"`
	// True when fewer are executed at a time on rate limits.
	AdaptiveConcurrency bool `json:"adaptive_concurrency,omitempty"`
	// Models at a time in the end, with `adaptive_concurrency`.
	FinalConcurrency *uint64 `json:"final_concurrency,omitempty"`
	// How often the warehouse asked for less.
	RateLimitsDetected *uint64 `json:"rate_limits_detected,omitempty"`
	// How often nothing more was sent because the warehouse did not answer.
	CircuitOpenings *uint64 `json:"circuit_openings,omitempty"`
}

// PermissionSummary: Grants and objects made.
type PermissionSummary struct {
	// Grants added.
	GrantsAdded uint64 `json:"grants_added"`
	// Grants revoked.
	GrantsRevoked uint64 `json:"grants_revoked"`
	// Catalogs created.
	CatalogsCreated uint64 `json:"catalogs_created"`
	// Schemas created.
	SchemasCreated uint64 `json:"schemas_created"`
}

// DriftSummary: Drift of replicated tables.
type DriftSummary struct {
	// Tables whose columns were compared.
	TablesChecked uint64 `json:"tables_checked"`
	// Tables that differ.
	TablesDrifted uint64 `json:"tables_drifted"`
	// What was done.
	ActionsTaken []DriftAction `json:"actions_taken"`
}

// DriftAction: What was done about a drifted table.
type DriftAction struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// The table.
	Table string `json:"table"`
	// `add_columns`, `alter_column_types`, `drop_and_recreate`, `drop_columns`, `keep_columns`, `keep_column_types` …
	Action string `json:"action"`
	// Why.
	Reason string `json:"reason"`
	// The columns.
	Columns []string `json:"columns"`
}

// RemoteStateSummary: What a run did with the remote state.
type RemoteStateSummary struct {
	// `s3`, `valkey`, `tiered`.
	Backend string `json:"backend"`
	// Where it is, without secrets.
	Location string `json:"location"`
	// Number of the upload that is there.
	Generation *uint64 `json:"generation,omitempty"`
	// Everything of this run is there.
	Uploaded bool `json:"uploaded"`
	// Why not.
	Error *string `json:"error,omitempty"`
	// What to do about it.
	RemediationHint *string `json:"remediation_hint,omitempty"`
	// The file that has this run's state, when it is not there.
	KeptAt *string `json:"kept_at,omitempty"`
	// What was odd, without consequence for this run.
	Warnings []string `json:"warnings,omitempty"`
}

// Metrics: Numbers of one run. Percentiles are values that occurred.
type Metrics struct {
	// Tables and models that were tried.
	TablesProcessed uint64 `json:"tables_processed"`
	// Those that failed.
	TablesFailed uint64 `json:"tables_failed"`
	// Their share, in whole per cents.
	ErrorRatePct float64 `json:"error_rate_pct"`
	// Statements sent: those of the set-up and of each table's last attempt.
	StatementsExecuted uint64 `json:"statements_executed"`
	// Attempts after the first of a table.
	RetriesAttempted uint64 `json:"retries_attempted"`
	// Tables that succeeded in such an attempt.
	RetriesSucceeded uint64 `json:"retries_succeeded"`
	// Counts far from what they used to be.
	AnomaliesDetected uint64 `json:"anomalies_detected"`
	// Half of the tables took no longer, in milliseconds.
	TableDurationP50Ms uint64 `json:"table_duration_p50_ms"`
	// Nineteen of twenty tables took no longer.
	TableDurationP95Ms uint64 `json:"table_duration_p95_ms"`
	// The longest table.
	TableDurationMaxMs uint64 `json:"table_duration_max_ms"`
	// Half of the statements took no longer, in milliseconds.
	QueryDurationP50Ms uint64 `json:"query_duration_p50_ms"`
	// Nineteen of twenty statements took no longer.
	QueryDurationP95Ms uint64 `json:"query_duration_p95_ms"`
	// The longest statement.
	QueryDurationMaxMs uint64 `json:"query_duration_max_ms"`
}

// Hooks: What hooks did in a run.
type Hooks struct {
	// How many were run.
	Fired uint64 `json:"fired"`
	// How many failed.
	Failed uint64 `json:"failed"`
	// The first hundred of those that failed, without those that are to be ignored.
	Failures []HookFailure `json:"failures"`
}

// HookFailure: A hook that failed.
type HookFailure struct {
	// `on_…`.
	Event string `json:"event"`
	// `shell`, `webhook`.
	Kind string `json:"kind"`
	// The command's first line, or method and host of the request.
	Hook string `json:"hook"`
	// The model or table that it was told of.
	Subject *string `json:"subject,omitempty"`
	// `abort`, `warn`.
	OnFailure string `json:"on_failure"`
	// Why it failed.
	Message string `json:"message"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
}

// BudgetBreach: A limit of `[budget]` that a run went over.
type BudgetBreach struct {
	// The key of `[budget]`.
	Budget string `json:"budget"`
	// What it allows.
	Limit uint64 `json:"limit"`
	// What the run took.
	Actual uint64 `json:"actual"`
}

// ApplyRequest: What to execute.
type ApplyRequest struct {
	// The `plan_id` of a plan document of this project.
	PlanID string `json:"plan_id,omitempty"`
}

// LineageRequest: What to trace.
type LineageRequest struct {
	// `model`, `model.column`, or the full name of a source, alone or with a column.
	Target string `json:"target,omitempty"`
	// The column, instead of writing it into `target`.
	Column string `json:"column,omitempty"`
	// The whole project instead of a target.
	All bool `json:"all,omitempty"`
	// To what is computed from it. With `upstream`, both ways.
	Downstream bool `json:"downstream,omitempty"`
	// To what it is computed from: the way of a column when no other is given.
	Upstream bool `json:"upstream,omitempty"`
	// At most so many steps. Without it a column is traced to the end and a model is shown with its neighbours.
	Depth uint32 `json:"depth,omitempty"`
	// Also the columns that decide about the rows of all models on the way, not only of the target.
	Influences bool `json:"influences,omitempty"`
	// The document, or text made from it.
	Format LineageFormat `json:"format,omitempty"`
	// Namespace of the jobs in OpenLineage events; `rocky` when absent.
	Namespace string `json:"namespace,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
	// When to ask the warehouse for source schemas.
	RefreshSources RefreshSources `json:"refresh_sources,omitempty"`
}

// LineageFormat: How an answer is given.
type LineageFormat string

// Values of LineageFormat.
const (
	// The document itself.
	LineageFormatJson LineageFormat = "json"
	// A Graphviz graph.
	LineageFormatDot LineageFormat = "dot"
	// A tree for people.
	LineageFormatText LineageFormat = "text"
	// OpenLineage job events, one per line, with schema and column lineage facets.
	LineageFormatOpenlineage LineageFormat = "openlineage"
	// One self-contained page with an interactive graph.
	LineageFormatHtml LineageFormat = "html"
)

// LineageResponse: One of the documents.
// One of the fields is set.
type LineageResponse struct {
	ColumnLineage   *ColumnLineage
	ModelLineage    *ModelLineage
	ProjectLineage  *ProjectLineage
	RenderedLineage *RenderedLineage
}

// UnmarshalJSON sets the field whose members are all there.
func (v *LineageResponse) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if hasAll(members, "version", "command", "schema_version", "model", "column", "direction", "trace", "downstream_consumers", "influences", "proved", "nodes") {
		v.ColumnLineage = new(ColumnLineage)
		return json.Unmarshal(text, v.ColumnLineage)
	}
	if hasAll(members, "version", "command", "schema_version", "model", "columns", "upstream", "downstream", "edges", "influences", "columns_complete", "nodes") {
		v.ModelLineage = new(ModelLineage)
		return json.Unmarshal(text, v.ModelLineage)
	}
	if hasAll(members, "version", "command", "schema_version", "models", "nodes", "edges", "influences") {
		v.ProjectLineage = new(ProjectLineage)
		return json.Unmarshal(text, v.ProjectLineage)
	}
	if hasAll(members, "version", "command", "schema_version", "format", "media_type", "rendered") {
		v.RenderedLineage = new(RenderedLineage)
		return json.Unmarshal(text, v.RenderedLineage)
	}
	return errors.New("a LineageResponse of an unknown shape")
}

// ColumnLineage: The trace of a column.
type ColumnLineage struct {
	// Engine version.
	Version string `json:"version"`
	// `lineage`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The model, or the full name of a source.
	Model string `json:"model"`
	// The column.
	Column string `json:"column"`
	// `upstream`, `downstream` or `both`.
	Direction string `json:"direction"`
	// Edges, nearest first; with `both`, first all those upstream.
	Trace []LineageEdge `json:"trace"`
	// Columns of models computed directly from it.
	DownstreamConsumers []ColumnRef `json:"downstream_consumers"`
	// Upstream: columns that decide about the rows of the model. Downstream: where the column decides about rows. When asked for
	// influences, those of all models and columns on the way.
	Influences []LineageInfluence `json:"influences"`
	// All columns it is computed from, at every step, are known. Of what is computed from it: every edge is proved.
	Proved bool `json:"proved"`
	// Why not, each reason once.
	UnprovedBecause []string `json:"unproved_because,omitempty"`
	// There is more beyond the depth that was asked for.
	Truncated bool `json:"truncated,omitempty"`
	// The relations that `trace` names, and the model.
	Nodes []LineageNode `json:"nodes"`
}

// LineageEdge: An edge.
type LineageEdge struct {
	// Where the value comes from.
	Source ColumnRef `json:"source"`
	// What is computed from it.
	Target ColumnRef `json:"target"`
	// `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`.
	Transform string `json:"transform"`
	// As what, where it is not as the value alone: `value`, `condition` (of CASE, IF, FILTER), `window` (of a ranking function).
	Roles []string `json:"roles,omitempty"`
	// The reference in the target's file.
	Span *SourceSpan `json:"span,omitempty"`
	// That the source has this column is proved.
	Proved bool `json:"proved"`
	// Why not.
	UnprovedBecause *string `json:"unproved_because,omitempty"`
}

// ColumnRef: A column of a model or source.
type ColumnRef struct {
	// Model name, or a source's full name.
	Model string `json:"model"`
	// Column.
	Column string `json:"column"`
}

// LineageInfluence: A column that decides about rows without being part of a value.
type LineageInfluence struct {
	// The column.
	Source ColumnRef `json:"source"`
	// The model.
	Model string `json:"model"`
	// `filter`, `join`, `group`, `order`.
	Kind string `json:"kind"`
	// True for a key of a window, whose kind is `order` too.
	Window bool `json:"window,omitempty"`
	// The reference.
	Span *SourceSpan `json:"span,omitempty"`
}

// LineageNode: A relation that an answer names.
type LineageNode struct {
	// Name, as in edges.
	Model string `json:"model"`
	// `model`, `ephemeral`, `source`, `file`.
	Kind string `json:"kind"`
	// The schema that a model is built in.
	TargetSchema *string `json:"target_schema,omitempty"`
	// The name of what is no model.
	SourceID *string `json:"source_id,omitempty"`
	// A model's file, relative to the folder of `rocky.toml`.
	File *string `json:"file,omitempty"`
	// The model reads its own existing target.
	ReadsItself bool `json:"reads_itself,omitempty"`
	// What is known of a source's columns: `declared`, `seen` in the warehouse, `absent` there, `unknown`.
	Schema *string `json:"schema,omitempty"`
}

// ModelLineage: The lineage of a model.
type ModelLineage struct {
	// Engine version.
	Version string `json:"version"`
	// `lineage`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The model, or the full name of a source.
	Model string `json:"model"`
	// Its columns.
	Columns []LineageColumn `json:"columns"`
	// Relations it reads; with `depth`, all that many steps away.
	Upstream []string `json:"upstream"`
	// Models that read it; with `depth`, all that many steps away.
	Downstream []string `json:"downstream"`
	// Edges into its columns, then edges out of them; with `depth`, those between all relations above.
	Edges []LineageEdge `json:"edges"`
	// Columns that decide about its rows.
	Influences []LineageInfluence `json:"influences"`
	// False when there may be columns that are not listed.
	ColumnsComplete bool `json:"columns_complete"`
	// Why there may be columns that are not listed.
	IncompleteBecause *string `json:"incomplete_because,omitempty"`
	// Why there may be more columns that decide about its rows.
	RowsUnprovedBecause *string `json:"rows_unproved_because,omitempty"`
	// The relations that `edges` names, and the model.
	Nodes []LineageNode `json:"nodes"`
}

// LineageColumn: A column in a list.
type LineageColumn struct {
	// Name.
	Name string `json:"name"`
	// Type in the warehouse's spelling, when known.
	DataType *string `json:"data_type,omitempty"`
	// All columns it is computed from are known.
	Proved bool `json:"proved"`
	// Why not.
	UnprovedBecause *string `json:"unproved_because,omitempty"`
}

// ProjectLineage: The lineage of the whole project.
type ProjectLineage struct {
	// Engine version.
	Version string `json:"version"`
	// `lineage`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// Models by name, then sources by name.
	Models []ProjectLineageModel `json:"models"`
	// Their kinds and files, in the same order.
	Nodes []LineageNode `json:"nodes"`
	// All edges, by target.
	Edges []LineageEdge `json:"edges"`
	// All columns that decide about rows, by model.
	Influences []LineageInfluence `json:"influences"`
}

// ProjectLineageModel: A relation of a whole project.
type ProjectLineageModel struct {
	// Model name, or a source's full name.
	Model string `json:"model"`
	// Its columns.
	Columns []LineageColumn `json:"columns"`
	// Relations it reads.
	Upstream []string `json:"upstream"`
	// False when there may be columns that are not listed.
	ColumnsComplete bool `json:"columns_complete"`
}

// RenderedLineage: An answer as text.
type RenderedLineage struct {
	// Engine version.
	Version string `json:"version"`
	// `lineage`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The format that was asked for.
	Format LineageFormat `json:"format"`
	// What the text is: `text/vnd.graphviz`, `text/html` and so on.
	MediaType string `json:"media_type"`
	// The text.
	Rendered string `json:"rendered"`
}

// ValidateRequest: Nothing to say.
type ValidateRequest struct {
}

// ValidateResponse: The result.
type ValidateResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `validate`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// No message is an error.
	Valid bool `json:"valid"`
	// Adapters.
	Adapters []AdapterStatus `json:"adapters"`
	// Pipelines.
	Pipelines []PipelineStatus `json:"pipelines"`
	// Models.
	Models ModelsStatus `json:"models"`
	// Findings.
	Messages []ValidateMessage `json:"messages"`
}

// AdapterStatus: An adapter.
type AdapterStatus struct {
	// Its name.
	Name string `json:"name"`
	// Its type.
	AdapterType string `json:"adapter_type"`
	// Nothing is missing.
	Ok bool `json:"ok"`
}

// PipelineStatus: A pipeline.
type PipelineStatus struct {
	// Its name.
	Name string `json:"name"`
	// Its type.
	PipelineType string `json:"pipeline_type"`
	// Of a replication pipeline.
	Strategy string `json:"strategy"`
	// Of a replication pipeline.
	CatalogTemplate string `json:"catalog_template"`
	// Of a replication pipeline.
	SchemaTemplate string `json:"schema_template"`
	// Nothing is wrong with it.
	Ok bool `json:"ok"`
}

// ModelsStatus: The models.
type ModelsStatus struct {
	// There is a folder of models.
	Found bool `json:"found"`
	// How many.
	Count uint64 `json:"count"`
	// They have an order: no cycles, duplicates or unknown dependencies.
	DAGValid bool `json:"dag_valid"`
}

// ValidateMessage: A finding.
type ValidateMessage struct {
	// `ok`, `warn`, `error`, `lint`.
	Severity string `json:"severity"`
	// `V001` …, `L001` …, or the code of a diagnostic.
	Code string `json:"code"`
	// One line.
	Message string `json:"message"`
	// The file.
	File *string `json:"file,omitempty"`
	// The key.
	Field *string `json:"field,omitempty"`
	// The place.
	Span *SourceSpan `json:"span,omitempty"`
	// What to do.
	Suggestion *string `json:"suggestion,omitempty"`
}

// DiscoverRequest: What to discover.
type DiscoverRequest struct {
	// The pipeline; needed when there are several.
	Pipeline string `json:"pipeline,omitempty"`
	// Only the sources of a replication that are meant, as for `plan`.
	Filter Filters `json:"filter,omitempty"`
	// Write `schema.lock`: the columns of the sources that the models read.
	WriteLock bool `json:"write_lock,omitempty"`
	// Compare `schema.lock` with the warehouse.
	CheckLock bool `json:"check_lock,omitempty"`
}

// DiscoverResponse: The result.
type DiscoverResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `discover`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// Sources by name, with the tables that are copied.
	Sources []SourceEntry `json:"sources"`
	// Tables of the sources that are not copied, as in the documents of `plan` and `run`.
	ExcludedTables []ExcludedTable `json:"excluded_tables,omitempty"`
	// Schemas with the prefix that do not fit the pattern.
	Skipped []SkippedSchema `json:"skipped"`
	// Relations whose columns are now remembered for compiling.
	RelationsRemembered uint64 `json:"relations_remembered"`
	// What became of `schema.lock`, when it was asked for.
	Lock *LockReport `json:"lock,omitempty"`
}

// SourceEntry: A source.
type SourceEntry struct {
	// The schema it was found as.
	ID string `json:"id"`
	// Components parsed from its name; of a transformation pipeline, `schema`.
	Components map[string]ComponentValue `json:"components"`
	// The adapter's type.
	SourceType string `json:"source_type"`
	// When it was last synchronised, where the source knows.
	LastSyncAt *string `json:"last_sync_at,omitempty"`
	// Its tables.
	Tables []TableEntry `json:"tables"`
}

// ComponentValue: One segment, or several of a variable-length component.
type ComponentValue []string

// UnmarshalJSON accepts a string or a list.
func (v *ComponentValue) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*v = ComponentValue{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(v))
}

// TableEntry: A table of a source.
type TableEntry struct {
	// Its name.
	Name string `json:"name"`
	// Rows, where the source knows.
	RowCount *uint64 `json:"row_count,omitempty"`
}

// SkippedSchema: A schema that looks like a source but does not fit the pattern.
type SkippedSchema struct {
	// The schema.
	Schema string `json:"schema"`
	// Why.
	Reason string `json:"reason"`
}

// LockReport: `schema.lock` and the warehouse.
type LockReport struct {
	// The file, relative to the folder of `rocky.toml`.
	Path string `json:"path"`
	// It was written: it was asked for, and something differs.
	Written bool `json:"written"`
	// Relations that are locked now.
	Relations uint64 `json:"relations"`
	// The file was not, before it was written, what the warehouse says of the sources that are read.
	Drifted bool `json:"drifted"`
	// What differs, by relation.
	Drift []RelationDrift `json:"drift"`
	// Sources that are read and were not found in the warehouse; declared ones are not listed.
	Missing []string `json:"missing"`
	// Errors that models get from what differs, and do not have without it.
	Breaks []Diagnostic `json:"breaks"`
}

// RelationDrift: How a relation differs from the file.
type RelationDrift struct {
	// Its full name.
	Relation string `json:"relation"`
	// How.
	Change RelationChange `json:"change"`
	// Models that read it.
	Readers []string `json:"readers"`
	// Its columns that differ.
	Columns []ColumnDrift `json:"columns"`
}

// RelationChange: What happened to a relation.
type RelationChange string

// Values of RelationChange.
const (
	// It is read and not in the file.
	RelationChangeNotLocked RelationChange = "not_locked"
	// It is in the file and not in the warehouse.
	RelationChangeMissing RelationChange = "missing"
	// Its columns, or comments, differ.
	RelationChangeChanged RelationChange = "changed"
)

// ColumnDrift: How a column differs from the file.
type ColumnDrift struct {
	// Its name.
	Column string `json:"column"`
	// How.
	Change ColumnChangeKind `json:"change"`
	// Type, `not null` or `null`, or comment, in the file.
	From *string `json:"from,omitempty"`
	// The same, in the warehouse.
	To *string `json:"to,omitempty"`
	// Of a new type: `safe`, `narrowing`, `incompatible` or `unknown`.
	Widening *string `json:"widening,omitempty"`
	// What it reaches, in order of execution.
	Affected []AffectedModel `json:"affected"`
}

// ColumnChangeKind: What happened to a column.
type ColumnChangeKind string

// Values of ColumnChangeKind.
const (
	// It is new.
	ColumnChangeKindAdded ColumnChangeKind = "added"
	// It is gone.
	ColumnChangeKindRemoved ColumnChangeKind = "removed"
	// It has another type.
	ColumnChangeKindRetyped ColumnChangeKind = "retyped"
	// It may be NULL now, or no longer.
	ColumnChangeKindNullability ColumnChangeKind = "nullability"
	// It has another comment.
	ColumnChangeKindComment ColumnChangeKind = "comment"
	// It has another place among the others.
	ColumnChangeKindMoved ColumnChangeKind = "moved"
)

// AffectedModel: A model that a changed column reaches.
type AffectedModel struct {
	// The model.
	Model string `json:"model"`
	// Its columns that are computed from it.
	Columns []string `json:"columns"`
	// It decides about the model's rows: a filter, a join, a grouping.
	Rows bool `json:"rows"`
}

// StateRequest: What to do. Fields that the action does not use are refused.
type StateRequest struct {
	// `show` when absent.
	Action StateAction `json:"action,omitempty"`
	// `show`: list the partitions of this model. `delete`, `set`: the model of the partition.
	Model string `json:"model,omitempty"`
	// `repair`: do it; without it, only say what would be done.
	Apply bool `json:"apply,omitempty"`
	// `delete`, `set`: the watermark of this table, `catalog.schema.table`.
	Watermark string `json:"watermark,omitempty"`
	// `delete`, `set`: this partition of the model: `2026-01-31T23`, `2026-01-31`, `2026-01`, `2026`.
	Partition string `json:"partition,omitempty"`
	// `set`: the watermark's value as the engine writes it, or `Computed` or `Failed` for a partition.
	Value string `json:"value,omitempty"`
	// `export`, `import`: the file, from the working directory.
	Path string `json:"path,omitempty"`
	// `import`: what happens to what is there.
	Over ImportOver `json:"over,omitempty"`
}

// StateAction: What to do with the state store.
type StateAction string

// Values of StateAction.
const (
	// Show watermarks and partitions.
	StateActionShow StateAction = "show"
	// Say what is wrong.
	StateActionCheck StateAction = "check"
	// Put it right.
	StateActionRepair StateAction = "repair"
	// Forget one watermark or partition.
	StateActionDelete StateAction = "delete"
	// Set one watermark or partition.
	StateActionSet StateAction = "set"
	// Write everything as JSON.
	StateActionExport StateAction = "export"
	// Take in what was exported.
	StateActionImport StateAction = "import"
	// Forget what `[state.retention]` says, without waiting for the next run.
	StateActionSweep StateAction = "sweep"
)

// ImportOver: What an import does to what is there.
type ImportOver string

// Values of ImportOver.
const (
	// There must be nothing.
	ImportOverNothing ImportOver = "nothing"
	// It is forgotten.
	ImportOverReplace ImportOver = "replace"
	// The later of two stays.
	ImportOverMerge ImportOver = "merge"
)

// StateAnswer: One of the documents, by action.
// One of the fields is set.
type StateAnswer struct {
	StateResponse *StateResponse
	StateAudit    *StateAudit
	StateSweep    *StateSweep
	StateTransfer *StateTransfer
	StateChange   *StateChange
}

// UnmarshalJSON sets the field whose members are all there.
func (v *StateAnswer) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if hasAll(members, "version", "command", "schema_version", "state_path", "schema_version_supported", "watermarks") {
		v.StateResponse = new(StateResponse)
		return json.Unmarshal(text, v.StateResponse)
	}
	if hasAll(members, "version", "command", "schema_version", "state_path", "ok", "applied", "findings", "tables", "compared_with_project") {
		v.StateAudit = new(StateAudit)
		return json.Unmarshal(text, v.StateAudit)
	}
	if hasAll(members, "version", "command", "schema_version", "state_path", "runs", "models", "measurements", "graphs") {
		v.StateSweep = new(StateSweep)
		return json.Unmarshal(text, v.StateSweep)
	}
	if hasAll(members, "version", "command", "schema_version", "state_path", "path", "rows") {
		v.StateTransfer = new(StateTransfer)
		return json.Unmarshal(text, v.StateTransfer)
	}
	if hasAll(members, "version", "command", "schema_version", "state_path") {
		v.StateChange = new(StateChange)
		return json.Unmarshal(text, v.StateChange)
	}
	return errors.New("a StateAnswer of an unknown shape")
}

// StateResponse: What the state store holds.
type StateResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `state`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The state file.
	StatePath string `json:"state_path"`
	// Version of the store that this engine writes.
	SchemaVersionSupported uint32 `json:"schema_version_supported"`
	// Version of the store on disk; none when there is no file.
	SchemaVersionOnDisk *uint32 `json:"schema_version_on_disk,omitempty"`
	// Watermarks by table.
	Watermarks []Watermark `json:"watermarks"`
	// By model, how many partitions are how far.
	Partitions []PartitionCounts `json:"partitions,omitempty"`
	// The partitions of the model that was asked for.
	ModelPartitions []Partition `json:"model_partitions,omitempty"`
	// Rows by table of the store.
	Tables map[string]uint64 `json:"tables,omitempty"`
	// Where it is shared, where it is.
	Remote *RemoteStateInfo `json:"remote,omitempty"`
}

// Watermark: The progress of one table.
type Watermark struct {
	// `catalog.schema.table`.
	Table string `json:"table"`
	// The greatest value of the watermark column after the last run: RFC 3339 for dates and times, else as the engine
	// writes it.
	LastValue string `json:"last_value"`
	// The same as the engine writes it.
	RawValue string `json:"raw_value"`
	// When it was read (RFC 3339).
	UpdatedAt string `json:"updated_at"`
}

// PartitionCounts: The partitions of a model, counted.
type PartitionCounts struct {
	// The model.
	Model string `json:"model"`
	// In the target.
	Computed uint64 `json:"computed"`
	// Tried in vain.
	Failed uint64 `json:"failed"`
	// A run is at them, or was when it died.
	InProgress uint64 `json:"in_progress"`
	// The first one.
	First string `json:"first"`
	// The last one.
	Last string `json:"last"`
}

// Partition: A partition of a model.
type Partition struct {
	// The model.
	ModelName string `json:"model_name"`
	// Its key.
	PartitionKey string `json:"partition_key"`
	// `Computed`, `Failed`, `InProgress`.
	Status string `json:"status"`
	// When it got this status (RFC 3339).
	ComputedAt string `json:"computed_at"`
	// Rows in it, where known.
	RowCount *uint64 `json:"row_count,omitempty"`
	// Milliseconds; of the whole batch when it was computed in one.
	DurationMs uint64 `json:"duration_ms"`
	// The run that was at it last.
	RunID string `json:"run_id"`
	// Hash of its contents, where one is taken.
	Checksum *string `json:"checksum,omitempty"`
	// First and last key of the batch that it was computed in.
	Batch *string `json:"batch,omitempty"`
	// Why it failed.
	Error *string `json:"error,omitempty"`
}

// RemoteStateInfo: Where the state is shared, and how this machine's file stands to it.
type RemoteStateInfo struct {
	// `s3`, `valkey`, `tiered`.
	Backend string `json:"backend"`
	// Where it is, without secrets.
	Location string `json:"location"`
	// Number of the upload that the local file began with or put there last.
	Generation *uint64 `json:"generation,omitempty"`
	// The run that made this upload.
	RunID *string `json:"run_id,omitempty"`
	// When the local file and the remote state were the same (RFC 3339); none when they never were.
	SyncedAt *string `json:"synced_at,omitempty"`
	// The local file may hold something that is not there.
	Unsynced bool `json:"unsynced"`
	// Why the last upload failed, if it did.
	LastError *string `json:"last_error,omitempty"`
}

// StateAudit: What is wrong in the state store.
type StateAudit struct {
	// Engine version.
	Version string `json:"version"`
	// `state_check`, `state_repair`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The state file.
	StatePath string `json:"state_path"`
	// Nothing is wrong, or nothing is left that is wrong.
	Ok bool `json:"ok"`
	// It was put right.
	Applied bool `json:"applied"`
	// What is wrong, or was.
	Findings []Finding `json:"findings"`
	// Rows by table of the store.
	Tables map[string]uint64 `json:"tables"`
	// Models and targets of the project were compared with the store.
	ComparedWithProject bool `json:"compared_with_project"`
	// Why not, or why only in part.
	NotCompared *string `json:"not_compared,omitempty"`
}

// Finding: Something wrong.
type Finding struct {
	// `unreadable_value`, `lost_run`, `unlisted_run`, `orphan_progress`, `stale_partitions`, `gone_model`, `orphan_watermark`.
	Kind string `json:"kind"`
	// The table of the store.
	Table string `json:"table"`
	// The key, or its beginning.
	Key []string `json:"key"`
	// Rows concerned.
	Rows uint64 `json:"rows"`
	// One sentence.
	Message string `json:"message"`
	// What repairing does, or did.
	Repair string `json:"repair"`
}

// StateSweep: What was forgotten.
type StateSweep struct {
	// Engine version.
	Version string `json:"version"`
	// `state_sweep`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The state file.
	StatePath string `json:"state_path"`
	// Runs.
	Runs uint64 `json:"runs"`
	// Models in them.
	Models uint64 `json:"models"`
	// Measurements of them.
	Measurements uint64 `json:"measurements"`
	// Snapshots of the graph.
	Graphs uint64 `json:"graphs"`
}

// StateTransfer: What was written or taken in.
type StateTransfer struct {
	// Engine version.
	Version string `json:"version"`
	// `state_export`, `state_import`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The state file.
	StatePath string `json:"state_path"`
	// The file.
	Path string `json:"path"`
	// Rows written.
	Rows uint64 `json:"rows"`
	// `import`: by table of the store.
	Tables map[string]uint64 `json:"tables,omitempty"`
	// `import` with `merge`: rows that were left out because what is there is newer or the same.
	Kept uint64 `json:"kept,omitempty"`
}

// StateChange: What was changed.
type StateChange struct {
	// Engine version.
	Version string `json:"version"`
	// `state_delete`, `state_set`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The state file.
	StatePath string `json:"state_path"`
	// The watermark.
	Watermark *WatermarkChange `json:"watermark,omitempty"`
	// The partition.
	Partition *PartitionChange `json:"partition,omitempty"`
}

// WatermarkChange: A watermark before and after.
type WatermarkChange struct {
	// `catalog.schema.table`.
	Table string `json:"table"`
	// As it was; none when there was none.
	Before *Watermark `json:"before,omitempty"`
	// As it is; none when it was deleted.
	After *Watermark `json:"after,omitempty"`
}

// PartitionChange: A partition before and after.
type PartitionChange struct {
	// As it was; none when nothing was known of it.
	Before *Partition `json:"before,omitempty"`
	// As it is; none when it was deleted.
	After *Partition `json:"after,omitempty"`
}

// HistoryRequest: Which runs.
type HistoryRequest struct {
	// Executions of this model instead of runs.
	Model string `json:"model,omitempty"`
	// Only those that began then or later: RFC 3339, or a date (UTC).
	Since string `json:"since,omitempty"`
	// At most so many, newest first; 50 when absent.
	Limit uint32 `json:"limit,omitempty"`
	// How the project's graph changed instead of runs.
	Graph bool `json:"graph,omitempty"`
}

// HistoryResponse: One of the documents.
// One of the fields is set.
type HistoryResponse struct {
	ModelHistory *ModelHistory
	GraphHistory *GraphHistory
	RunHistory   *RunHistory
}

// UnmarshalJSON sets the field whose members are all there.
func (v *HistoryResponse) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if hasAll(members, "version", "command", "schema_version", "model", "executions", "count") {
		v.ModelHistory = new(ModelHistory)
		return json.Unmarshal(text, v.ModelHistory)
	}
	if hasAll(members, "version", "command", "schema_version", "snapshots", "count") {
		v.GraphHistory = new(GraphHistory)
		return json.Unmarshal(text, v.GraphHistory)
	}
	if hasAll(members, "version", "command", "schema_version", "runs", "count") {
		v.RunHistory = new(RunHistory)
		return json.Unmarshal(text, v.RunHistory)
	}
	return errors.New("a HistoryResponse of an unknown shape")
}

// ModelHistory: Executions of one model.
type ModelHistory struct {
	// Engine version.
	Version string `json:"version"`
	// `history`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The model.
	Model string `json:"model"`
	// Newest first; those that were tried.
	Executions []ModelRun `json:"executions"`
	// How many are listed.
	Count uint64 `json:"count"`
}

// ModelRun: One execution of a model.
type ModelRun struct {
	// The run.
	RunID string `json:"run_id"`
	// The model.
	ModelName string `json:"model_name"`
	// When its first statement was sent.
	StartedAt string `json:"started_at"`
	// When it ended.
	FinishedAt string `json:"finished_at"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Rows written, where known.
	RowsAffected *uint64 `json:"rows_affected,omitempty"`
	// `Success`, `Failed`.
	Status string `json:"status"`
	// Hash of its statements.
	SQLHash string `json:"sql_hash"`
	// Why it failed.
	Reason *string `json:"reason,omitempty"`
}

// GraphHistory: How the project's graph changed.
type GraphHistory struct {
	// Engine version.
	Version string `json:"version"`
	// `history`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// Newest first: one for every run that found the graph changed.
	Snapshots []GraphSnapshot `json:"snapshots"`
	// How many are listed.
	Count uint64 `json:"count"`
}

// GraphSnapshot: The graph when it had changed.
type GraphSnapshot struct {
	// When it was seen first (RFC 3339).
	Timestamp string `json:"timestamp"`
	// By which run.
	RunID string `json:"run_id"`
	// Hash of models, columns and dependencies.
	GraphHash string `json:"graph_hash"`
	// Models.
	ModelCount uint64 `json:"model_count"`
	// Dependencies between them.
	EdgeCount uint64 `json:"edge_count"`
	// What differs from the one before.
	Changes []GraphChange `json:"changes"`
	// How many more changes there were than are kept.
	ChangesOmitted uint64 `json:"changes_omitted"`
}

// GraphChange: A change of the graph.
type GraphChange struct {
	// `ModelAdded`, `ModelRemoved`, `ColumnAdded`, `ColumnRemoved`, `ColumnTypeChanged`, `DependencyAdded`, `DependencyRemoved`.
	Kind string `json:"kind"`
	// The model; of a dependency the one that reads.
	Model string `json:"model"`
	// The column.
	Column *string `json:"column,omitempty"`
	// The type that was; of a dependency the model that is read.
	From *string `json:"from,omitempty"`
	// The type that is.
	To *string `json:"to,omitempty"`
}

// RunHistory: Past runs.
type RunHistory struct {
	// Engine version.
	Version string `json:"version"`
	// `history`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// Newest first.
	Runs []RunEntry `json:"runs"`
	// How many are listed.
	Count uint64 `json:"count"`
}

// RunEntry: A run.
type RunEntry struct {
	// Its name.
	RunID string `json:"run_id"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// When it began.
	StartedAt string `json:"started_at"`
	// When it ended; for one that has not, when it began.
	FinishedAt string `json:"finished_at"`
	// `Success`, `PartialFailure`, `Failure`.
	Status string `json:"status"`
	// It was cancelled or killed, or is still running.
	Interrupted bool `json:"interrupted"`
	// `Manual`, `Sensor`, `Schedule`, `Ci`.
	Trigger string `json:"trigger"`
	// Models that were executed.
	ModelsExecuted uint64 `json:"models_executed"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Hash of the configuration.
	ConfigHash string `json:"config_hash"`
	// The plan.
	PlanID string `json:"plan_id"`
	// The filter it was given.
	Filter string `json:"filter,omitempty"`
	// The run it goes on with.
	ResumedFrom *string `json:"resumed_from,omitempty"`
	// Of a run over several pipelines: the run of the first of them, which is its name. `run --dag --resume` takes it.
	JointRunID *string `json:"joint_run_id,omitempty"`
	// Hash of the project's graph.
	GraphHash *string `json:"graph_hash,omitempty"`
	// Why no model ran.
	Error *string `json:"error,omitempty"`
	// Its models.
	Models []RunModel `json:"models"`
}

// RunModel: A model in a run.
type RunModel struct {
	// Model name.
	ModelName string `json:"model_name"`
	// When its first statement was sent; none when it was not tried.
	StartedAt *string `json:"started_at,omitempty"`
	// When it ended.
	FinishedAt *string `json:"finished_at,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Rows written, where known.
	RowsAffected *uint64 `json:"rows_affected,omitempty"`
	// `Success`, `Failed`, `Skipped`.
	Status string `json:"status"`
	// Hash of its statements.
	SQLHash string `json:"sql_hash"`
	// Why it failed or was skipped.
	Reason *string `json:"reason,omitempty"`
}

// CompareRequest: Which tables to compare with their shadows, and how.
type CompareRequest struct {
	// The pipeline; needed when there are several.
	Pipeline string `json:"pipeline,omitempty"`
	// Only these models, as for `run`.
	Models []string `json:"models,omitempty"`
	// Not these.
	Exclude []string `json:"exclude,omitempty"`
	// Only these sources of a replication, as for `run`.
	Filter Filters `json:"filter,omitempty"`
	// All pipelines.
	DAG bool `json:"dag,omitempty"`
	// With a replication pipeline, the project's models too.
	All bool `json:"all,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
	// As the shadow run had it.
	ShadowSuffix string `json:"shadow_suffix,omitempty"`
	// As the shadow run had it.
	ShadowSchema string `json:"shadow_schema,omitempty"`
	// From where on a difference counts.
	Thresholds Thresholds `json:"thresholds,omitempty"`
	// Columns that identify a row, instead of those that the strategy or a test names.
	Key []string `json:"key,omitempty"`
	// Columns that are not compared.
	Ignore []string `json:"ignore,omitempty"`
	// Compare columns and counts alone.
	CountsOnly bool `json:"counts_only,omitempty"`
	// How many differences are shown of each table; 10 when not said.
	Sample uint32 `json:"sample,omitempty"`
	// Compare nothing: drop the pipeline's shadows.
	Cleanup bool `json:"cleanup,omitempty"`
}

// Thresholds: From where on a difference counts. Shares are fractions of production's rows: 0.01 is one per cent.
type Thresholds struct {
	// A larger difference of the numbers of rows warns …
	RowCountDiffPctWarn float64 `json:"row_count_diff_pct_warn,omitempty"`
	// … and fails.
	RowCountDiffPctFail float64 `json:"row_count_diff_pct_fail,omitempty"`
	// A larger share of rows that differ warns …
	RowDiffPctWarn float64 `json:"row_diff_pct_warn,omitempty"`
	// … and fails.
	RowDiffPctFail float64 `json:"row_diff_pct_fail,omitempty"`
	// Columns in another order only warn.
	AllowColumnOrderDiff bool `json:"allow_column_order_diff,omitempty"`
}

// CompareResponse: The result of a comparison.
type CompareResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `compare`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// As given.
	Filter string `json:"filter"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// Tables.
	TablesCompared uint64 `json:"tables_compared"`
	// Those that pass …
	TablesPassed uint64 `json:"tables_passed"`
	// … warn …
	TablesWarned uint64 `json:"tables_warned"`
	// … and fail.
	TablesFailed uint64 `json:"tables_failed"`
	// The worst verdict: `pass`, `warn`, `fail`.
	OverallVerdict string `json:"overall_verdict"`
	// Table by table.
	Results []ComparedTable `json:"results"`
	// What was held against them.
	Thresholds Thresholds `json:"thresholds"`
	// Shadows that `cleanup` dropped.
	Dropped []string `json:"dropped,omitempty"`
	// Findings that keep the tables from being known.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when one of them is an error: the tables of that pipeline were not compared, which fails.
	HasErrors bool `json:"has_errors"`
}

// ComparedTable: A table and its shadow.
type ComparedTable struct {
	// The model, or the table's name.
	Model string `json:"model"`
	// What orchestrators call it.
	AssetKey []string `json:"asset_key"`
	// Whole name.
	ProductionTable string `json:"production_table"`
	// Whole name.
	ShadowTable string `json:"shadow_table"`
	// `compared`, `new` (production does not exist yet), `missing_shadow`, `error`.
	Status string `json:"status"`
	// Both have as many rows.
	RowCountMatch bool `json:"row_count_match"`
	// Rows.
	ProductionCount uint64 `json:"production_count"`
	// Rows.
	ShadowCount uint64 `json:"shadow_count"`
	// The difference as a fraction of production's rows.
	RowCountDiffPct float64 `json:"row_count_diff_pct"`
	// Both have the same columns, of the same types, in the same order.
	SchemaMatch bool `json:"schema_match"`
	// How not: `ColumnAdded name TYPE`, `ColumnRemoved …`, `TypeDiff name TYPE -> TYPE`, `OrderDiff a, b -> b, a`.
	SchemaDiffs []string `json:"schema_diffs"`
	// How the rows differ; none when they were not compared.
	Contents *Contents `json:"contents,omitempty"`
	// `pass`, `warn`, `fail`.
	Verdict string `json:"verdict"`
	// Why it is no `pass`.
	Reasons []string `json:"reasons"`
}

// Contents: How contents differ.
type Contents struct {
	// Every row has its equal, and no column was left out but those that were to be ignored.
	Equal bool `json:"equal"`
	// The columns that identify a row; none: rows are compared whole.
	Key []string `json:"key"`
	// How many columns beside the key were compared.
	ColumnsCompared uint64 `json:"columns_compared"`
	// Columns that were not compared, because one side has none of that name or one of another type: of them nothing is known.
	ColumnsNotCompared []string `json:"columns_not_compared,omitempty"`
	// Rows whose key only production has; without a key rows that only production has.
	RowsOnlyInProduction uint64 `json:"rows_only_in_production"`
	// Likewise of the shadow.
	RowsOnlyInShadow uint64 `json:"rows_only_in_shadow"`
	// Keys that both have, with other rows.
	RowsChanged uint64 `json:"rows_changed"`
	// All of them as a share of production's rows.
	RowDiffPct float64 `json:"row_diff_pct"`
	// Steps of the bisection.
	BisectionSteps uint64 `json:"bisection_steps"`
	// Rows of both sides that were looked at one by one.
	RowsExamined uint64 `json:"rows_examined"`
	// Some of the differences, by key.
	Sample []RowDifference `json:"sample,omitempty"`
}

// RowDifference: Rows of one key, or without a key one row, that differ.
type RowDifference struct {
	// `changed`, `only_in_production`, `only_in_shadow`.
	Kind string `json:"kind"`
	// The key; empty without one.
	Key map[string]any `json:"key"`
	// So many rows in production.
	ProductionRows uint64 `json:"production_rows"`
	// So many in the shadow.
	ShadowRows uint64 `json:"shadow_rows"`
	// What differs of a changed row, when each side has one.
	Changes []CellDifference `json:"changes,omitempty"`
	// The other columns of a row that only one side has.
	Row map[string]any `json:"row,omitempty"`
}

// CellDifference: A value of a column on both sides.
type CellDifference struct {
	// The column.
	Column string `json:"column"`
	// In production.
	Production any `json:"production"`
	// In the shadow.
	Shadow any `json:"shadow"`
}

// CiRequest: What to look at: everything.
type CiRequest struct {
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
}

// CiResponse: The verdict.
type CiResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `ci`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// No finding of the compile is an error.
	CompileOk bool `json:"compile_ok"`
	// No test failed.
	TestsOk bool `json:"tests_ok"`
	// Models.
	ModelsCompiled uint64 `json:"models_compiled"`
	// Models executed and unit tests that gave what was expected.
	TestsPassed uint64 `json:"tests_passed"`
	// The others.
	TestsFailed uint64 `json:"tests_failed"`
	// Findings of the compile that are warnings, and unit tests that DuckDB cannot stand in for.
	Warnings uint64 `json:"warnings"`
	// 0: all is well; 1: something failed; 4: there are warnings.
	ExitCode int32 `json:"exit_code"`
	// Findings of the compile.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// One for each test that failed.
	Failures []TestFailure `json:"failures"`
	// The models were not executed: they are written for another warehouse, and only unit tests of them are.
	ModelsNotExecuted bool `json:"models_not_executed,omitempty"`
	// Unit tests of models.
	UnitTests *UnitTests `json:"unit_tests,omitempty"`
}

// TestFailure: A failure.
type TestFailure struct {
	// The model, or `seed`.
	Name string `json:"name"`
	// What went wrong.
	Error string `json:"error"`
}

// UnitTests: All unit tests.
type UnitTests struct {
	// How many.
	Total uint64 `json:"total"`
	// Those that gave what was expected.
	Passed uint64 `json:"passed"`
	// Those that gave something else, or could not be executed.
	Failed uint64 `json:"failed"`
	// Those that DuckDB cannot stand in for.
	Refused uint64 `json:"refused"`
	// Each of them.
	Results []UnitTestResult `json:"results"`
}

// UnitTestResult: A unit test.
type UnitTestResult struct {
	// Model name.
	Model string `json:"model"`
	// The test's name.
	Name string `json:"name"`
	// What it is about.
	Description *string `json:"description,omitempty"`
	// `pass`, `fail`; `error` when it could not be executed; `refused` when DuckDB does it differently than the model's
	// warehouse.
	Status string `json:"status"`
	// Why.
	Detail *string `json:"detail,omitempty"`
	// How many rows differ.
	DifferingRows uint64 `json:"differing_rows"`
	// The first of them.
	Differences []UnitDifference `json:"differences,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
}

// UnitDifference: A row that is not as expected.
type UnitDifference struct {
	// `changed`, `missing`, `unexpected`.
	Kind string `json:"kind"`
	// Number of the expected row, from 1; none for an unexpected one.
	Row *uint64 `json:"row,omitempty"`
	// Columns whose values differ (`changed`).
	Columns []string `json:"columns,omitempty"`
	// The expected row, as text; null is NULL.
	Expected map[string]*string `json:"expected,omitempty"`
	// The row that the model gave.
	Actual map[string]*string `json:"actual,omitempty"`
}

// MetricsRequest: Of which model.
type MetricsRequest struct {
	// The model, or `catalog.schema.table` of a table that is none.
	Model string `json:"model,omitempty"`
	// The last 20 snapshots instead of the last one.
	Trend bool `json:"trend,omitempty"`
	// The share of NULLs of this column over time.
	Column string `json:"column,omitempty"`
	// Say what is alarming.
	Alerts bool `json:"alerts,omitempty"`
}

// MetricsResponse: What was measured.
type MetricsResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `metrics`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The model.
	Model string `json:"model"`
	// Newest first.
	Snapshots []MetricsSnapshot `json:"snapshots"`
	// How many are listed.
	Count uint64 `json:"count"`
	// What is alarming in them.
	Alerts []MetricsAlert `json:"alerts,omitempty"`
	// The column that was asked for.
	Column *string `json:"column,omitempty"`
	// It over time, newest first.
	ColumnTrend []ColumnTrend `json:"column_trend,omitempty"`
	// Why there is nothing.
	Message *string `json:"message,omitempty"`
}

// MetricsSnapshot: What was measured in a run.
type MetricsSnapshot struct {
	// The run.
	RunID string `json:"run_id"`
	// When (RFC 3339).
	Timestamp string `json:"timestamp"`
	// The model.
	ModelName string `json:"model_name"`
	// Rows.
	RowCount uint64 `json:"row_count"`
	// Seconds since the newest row.
	FreshnessLagSeconds *uint64 `json:"freshness_lag_seconds,omitempty"`
	// By column, the share of NULLs from 0 to 1.
	NullRates map[string]float64 `json:"null_rates"`
	// The same once more, for clients that look for it here.
	Metrics Quality `json:"metrics"`
}

// Quality: Measurements.
type Quality struct {
	// Rows.
	RowCount uint64 `json:"row_count"`
	// Seconds since the newest row.
	FreshnessLagSeconds *uint64 `json:"freshness_lag_seconds,omitempty"`
	// By column, the share of NULLs from 0 to 1.
	NullRates map[string]float64 `json:"null_rates"`
}

// MetricsAlert: Something alarming.
type MetricsAlert struct {
	// `freshness`, `null_rate`.
	Type string `json:"type"`
	// `warning`, `critical`.
	Severity string `json:"severity"`
	// One sentence.
	Message string `json:"message"`
	// The run.
	RunID string `json:"run_id"`
	// The column.
	Column *string `json:"column,omitempty"`
}

// ColumnTrend: A column in a run.
type ColumnTrend struct {
	// The run.
	RunID string `json:"run_id"`
	// When (RFC 3339).
	Timestamp string `json:"timestamp"`
	// Share of NULLs; none when it was not measured.
	NullRate *float64 `json:"null_rate,omitempty"`
	// Rows of the table.
	RowCount uint64 `json:"row_count"`
}

// TestRequest: What to test.
type TestRequest struct {
	// Only this model; when models are executed, with what it reads.
	Model string `json:"model,omitempty"`
	// Instead of executing models locally: evaluate the tests of their sidecars (`[[tests]]`) in the warehouse.
	Declarative bool `json:"declarative,omitempty"`
	// The pipeline whose warehouse and models are meant (`declarative`).
	Pipeline string `json:"pipeline,omitempty"`
	// Only tests of these names; models are not executed for themselves then.
	Tests []string `json:"tests,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
}

// TestResponse: The result.
type TestResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `test`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// Models and unit tests, or declarative tests.
	Total uint64 `json:"total"`
	// Models whose statements succeeded, tests that hold.
	Passed uint64 `json:"passed"`
	// Models that failed, could not be reached, or do not compile; tests that fail.
	Failed uint64 `json:"failed"`
	// One for each of them.
	Failures []TestFailure `json:"failures"`
	// Findings of the compile.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// Tables that were made empty because a source's columns are known and the seed did not make it.
	EmptySources []string `json:"empty_sources"`
	// The models were not executed: they are written for another warehouse, and only unit tests of them are.
	ModelsNotExecuted bool `json:"models_not_executed,omitempty"`
	// Unit tests of models (`[[test]]`).
	UnitTests *UnitTests `json:"unit_tests,omitempty"`
	// Declarative tests of tables (`[[tests]]`).
	Declarative *Declarative `json:"declarative,omitempty"`
}

// Declarative: All declarative tests.
type Declarative struct {
	// How many.
	Total uint64 `json:"total"`
	// Those that hold.
	Passed uint64 `json:"passed"`
	// Those of severity `error` that do not.
	Failed uint64 `json:"failed"`
	// Those of severity `warning` that do not.
	Warned uint64 `json:"warned"`
	// Those that could not be evaluated.
	Errored uint64 `json:"errored"`
	// Each of them.
	Results []DeclarativeResult `json:"results"`
}

// DeclarativeResult: A declarative test.
type DeclarativeResult struct {
	// Model name.
	Model string `json:"model"`
	// `catalog.schema.table`.
	Table string `json:"table"`
	// Its name.
	Name string `json:"name"`
	// `not_null`, `unique` …
	TestType string `json:"test_type"`
	// The column.
	Column *string `json:"column,omitempty"`
	// `pass`, `fail`, `error`.
	Status string `json:"status"`
	// `error`, `warning`.
	Severity string `json:"severity"`
	// Why it does not hold.
	Detail *string `json:"detail,omitempty"`
	// The query that decides.
	SQL string `json:"sql"`
	// How many rows, or repeated values, fail.
	FailingRows *uint64 `json:"failing_rows,omitempty"`
	// Some of them.
	Sample []map[string]any `json:"sample,omitempty"`
}

// WhatIfRequest: What would be different.
type WhatIfRequest struct {
	// Files.
	Edits []WhatIfEdit `json:"edits,omitempty"`
	// All columns of sources, by their names (`schema.table`, or with the catalog before).
	SourceSchemas map[string][]RequestColumn `json:"source_schemas,omitempty"`
	// Values for `@var`, on both sides.
	Vars map[string]string `json:"vars,omitempty"`
	// Leave out the difference of the plans.
	WithoutPlan bool `json:"without_plan,omitempty"`
	// Compare with what this handle compiled last with these variables, without looking whether files changed since: what
	// an editor wants at each key. Without such a compile, as if it were false.
	FromLast bool `json:"from_last,omitempty"`
}

// WhatIfEdit: A file as it would be.
type WhatIfEdit struct {
	// Path relative to the folder of `rocky.toml`.
	Path string `json:"path"`
	// The whole new text; `null` when the file would be gone.
	Text string `json:"text"`
	// The file would be gone: the same as a `text` of `null`, for languages that cannot write one.
	Remove bool `json:"remove,omitempty"`
}

// WhatIfResponse: What would follow.
type WhatIfResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `what_if`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// How many of each.
	Summary DiffSummary `json:"summary"`
	// Findings that would be new.
	DiagnosticsNew []Diagnostic `json:"diagnostics_new"`
	// Findings that would be gone.
	DiagnosticsFixed []Diagnostic `json:"diagnostics_fixed"`
	// True when the edited project has an error, new or old.
	HasErrors bool `json:"has_errors"`
	// What others might not survive.
	Breaking []DiffBreaking `json:"breaking"`
	// Models that would differ, in order of execution.
	Models []DiffModel `json:"models"`
	// Sources whose columns would differ.
	Sources []DiffSource `json:"sources"`
	// Contracts of the models that would differ.
	Contracts []DiffContract `json:"contracts"`
	// Column lineage that would be new.
	EdgesAdded []DiffEdge `json:"edges_added"`
	// Column lineage that would be gone.
	EdgesRemoved []DiffEdge `json:"edges_removed"`
	// Models whose statements would change.
	Plan []WhatIfPlan `json:"plan"`
	// Models that would differ and of which no plan can be made.
	Unplanned []WhatIfUnplanned `json:"unplanned"`
	// Edited files that the project does not read.
	EditsWithoutEffect []string `json:"edits_without_effect"`
	// How long it took.
	Timings WhatIfTimings `json:"timings"`
}

// DiffSummary: How many of each.
type DiffSummary struct {
	// New models.
	ModelsAdded uint64 `json:"models_added"`
	// Models that are gone.
	ModelsRemoved uint64 `json:"models_removed"`
	// Models whose own text or settings changed.
	ModelsChanged uint64 `json:"models_changed"`
	// Models that differ through what they read.
	ModelsAffected uint64 `json:"models_affected"`
	// Models that do not differ, those with edits of no effect included.
	ModelsIdentical uint64 `json:"models_identical"`
	// Columns of models that are on both sides and were compared, by class, and the columns of new models and of those that are gone.
	Columns map[string]uint64 `json:"columns"`
	// Breaking changes.
	Breaking uint64 `json:"breaking"`
	// New errors.
	NewErrors uint64 `json:"new_errors"`
	// Errors that are gone.
	FixedErrors uint64 `json:"fixed_errors"`
}

// DiffBreaking: A change that somebody who relies on the project may not survive.
type DiffBreaking struct {
	// `model_removed`, `removed`, `narrowed`, `retyped`, `became_nullable`, `error`.
	Kind string `json:"kind"`
	// The model; empty for an error that belongs to none.
	Model string `json:"model"`
	// The column.
	Column *string `json:"column,omitempty"`
	// In words.
	Text string `json:"text"`
	// Models that read it on the old side, directly.
	Readers []string `json:"readers,omitempty"`
}

// DiffModel: A model compared.
type DiffModel struct {
	// Its name.
	Name string `json:"name"`
	// `added`, `removed`, `changed` (its own text or settings), `affected` (by what it reads).
	Change string `json:"change"`
	// Its file, relative to the folder of `rocky.toml`.
	File string `json:"file"`
	// What changed of its definition: `query`, `strategy`, `target`, `references`, `contract`.
	Definition []string `json:"definition"`
	// Nothing that its readers could see differs: proved.
	Identical bool `json:"identical"`
	// The set of rows is not proved to be the same.
	RowsMayDiffer bool `json:"rows_may_differ"`
	// Why.
	RowsBecause []DiffReason `json:"rows_because,omitempty"`
	// The order of the rows may differ.
	OrderMayDiffer bool `json:"order_may_differ"`
	// Not all of its columns are known, and those that are not may differ.
	UnlistedColumnsMayDiffer bool `json:"unlisted_columns_may_differ"`
	// All its columns.
	Columns []DiffColumn `json:"columns"`
}

// DiffReason: Why something is not proved to be the same.
type DiffReason struct {
	// `expression`, `clauses`, `strategy`, `column`, `influence`, `rows` (of a relation that is read), `model_rows` (of its own
	// model, which says why), `unproved`.
	Kind string `json:"kind"`
	// In words.
	Text string `json:"text"`
	// The model or source behind it.
	Relation *string `json:"relation,omitempty"`
	// The column behind it.
	Column *string `json:"column,omitempty"`
}

// DiffColumn: A column compared.
type DiffColumn struct {
	// Its name.
	Name string `json:"name"`
	// `identical`, `added`, `removed`, `widened`, `narrowed`, `retyped`, `nullability`, `values_may_differ`: the first that holds
	// of added, removed, the three of types, nullability, values.
	Class string `json:"class"`
	// Type before.
	OldType *string `json:"old_type,omitempty"`
	// Type now.
	NewType *string `json:"new_type,omitempty"`
	// Could hold NULL.
	OldNullable *bool `json:"old_nullable,omitempty"`
	// May hold NULL.
	NewNullable *bool `json:"new_nullable,omitempty"`
	// Its values are not proved to be the same.
	ValuesMayDiffer bool `json:"values_may_differ"`
	// Why.
	Because []DiffReason `json:"because,omitempty"`
	// From here to where the difference begins, nearest first; a column is empty where the rows of a relation are the reason.
	Path []ColumnRef `json:"path,omitempty"`
	// The same program, but two executions of it differ: by this.
	Volatile *string `json:"volatile,omitempty"`
}

// DiffSource: A source whose known columns differ.
type DiffSource struct {
	// Its full name.
	Name string `json:"name"`
	// The columns that differ.
	Columns []DiffColumn `json:"columns"`
}

// DiffContract: The contract of a model that differs.
type DiffContract struct {
	// The model.
	Model string `json:"model"`
	// The contract's file.
	File string `json:"file"`
	// It is broken now, and was not before.
	Breaks bool `json:"breaks"`
	// What it finds now and did not find before.
	Findings []string `json:"findings,omitempty"`
}

// DiffEdge: An edge of column lineage that one side has.
type DiffEdge struct {
	// Where the value comes from.
	Source ColumnRef `json:"source"`
	// What is computed from it.
	Target ColumnRef `json:"target"`
	// `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`.
	Transform string `json:"transform"`
}

// WhatIfPlan: How the plan of a model would change.
type WhatIfPlan struct {
	// The model; absent for the set-up that comes before all models.
	Model *string `json:"model,omitempty"`
	// `added`, `removed`, `changed`.
	Change string `json:"change"`
	// Its statements now.
	Old []PlannedStatement `json:"old"`
	// Its statements then.
	New []PlannedStatement `json:"new"`
}

// WhatIfUnplanned: A model of which the plan cannot be told.
type WhatIfUnplanned struct {
	// The model.
	Model string `json:"model"`
	// Why.
	Reason string `json:"reason"`
}

// WhatIfTimings: How long it took, in milliseconds.
type WhatIfTimings struct {
	// Compiling the project as it is.
	BaseMs float64 `json:"base_ms"`
	// Compiling it with the edits.
	EditedMs float64 `json:"edited_ms"`
	// Comparing the two.
	CompareMs float64 `json:"compare_ms"`
	// Planning both.
	PlanMs float64 `json:"plan_ms"`
}

// DiffRequest: What to compare with.
type DiffRequest struct {
	// The state before: a folder with another state of the project (relative to the folder of `rocky.toml`), else a git revision.
	Against string `json:"against,omitempty"`
	// Values for `@var`, on both sides.
	Vars map[string]string `json:"vars,omitempty"`
	// When to ask the warehouse for source schemas; both sides see the same answer.
	RefreshSources RefreshSources `json:"refresh_sources,omitempty"`
	// Also give the difference as Markdown, for a comment on a pull request.
	Markdown bool `json:"markdown,omitempty"`
}

// DiffResponse: Two states of a project compared.
type DiffResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `diff`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// As given.
	Against string `json:"against"`
	// The commit that a revision was resolved to; absent for a folder.
	Commit *string `json:"commit,omitempty"`
	// How many of each.
	Summary DiffSummary `json:"summary"`
	// What others may not survive, worst first.
	Breaking []DiffBreaking `json:"breaking"`
	// Models that differ, in order of execution; those that are gone come last.
	Models []DiffModel `json:"models"`
	// Sources whose declared columns differ.
	Sources []DiffSource `json:"sources"`
	// Contracts of the models that differ.
	Contracts []DiffContract `json:"contracts"`
	// Column lineage that is new.
	EdgesAdded []DiffEdge `json:"edges_added"`
	// Column lineage that is gone.
	EdgesRemoved []DiffEdge `json:"edges_removed"`
	// Findings that the old state did not have.
	DiagnosticsNew []Diagnostic `json:"diagnostics_new"`
	// Findings that are gone.
	DiagnosticsFixed []Diagnostic `json:"diagnostics_fixed"`
	// True when a finding of this state, new or old, is an error.
	HasErrors bool `json:"has_errors"`
	// The difference as Markdown, when it was asked for.
	Markdown *string `json:"markdown,omitempty"`
}

// LoadRequest: What to load.
type LoadRequest struct {
	// The folder, or a pattern for names in one (`inbox/*.csv`); that of the load pipeline when it is not said.
	SourceDir string `json:"source_dir,omitempty"`
	// Only files of this format: `csv`, `parquet`, `jsonl` (also `json_lines`, `jsonlines`, `ndjson`). By extension when it is not said.
	Format string `json:"format,omitempty"`
	// The table for all files: `table`, `schema.table` or `catalog.schema.table`. Each file has its own when it is not said.
	Target string `json:"target,omitempty"`
	// Empty the tables first, in the same transaction.
	Truncate bool `json:"truncate,omitempty"`
	// Load files again that are loaded already.
	Force bool `json:"force,omitempty"`
	// The load pipeline, or another one whose warehouse is meant; needed when there are several.
	Pipeline string `json:"pipeline,omitempty"`
}

// LoadResponse: What was loaded.
type LoadResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `load`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// The folder or pattern.
	SourceDir string `json:"source_dir"`
	// As asked for, else `auto`.
	Format string `json:"format"`
	// Files loaded.
	FilesLoaded uint64 `json:"files_loaded"`
	// Files that were not, because they or others of their table cannot be.
	FilesFailed uint64 `json:"files_failed"`
	// Files that were loaded before.
	FilesSkipped uint64 `json:"files_skipped"`
	// Rows added.
	TotalRows uint64 `json:"total_rows"`
	// Bytes of the files loaded.
	TotalBytes uint64 `json:"total_bytes"`
	// The files.
	Files []LoadedFile `json:"files"`
	// The run; empty when nothing was started.
	RunID string `json:"run_id"`
	// `Success`, `PartialFailure`, `Failure`.
	Status string `json:"status"`
	// It was cancelled before everything was done.
	Interrupted bool `json:"interrupted"`
	// When it began (RFC 3339).
	StartedAt *string `json:"started_at,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Checks of what was written.
	CheckResults []CheckResults `json:"check_results"`
	// Checks that did not hold and fail the run.
	ChecksFailed uint64 `json:"checks_failed"`
	// Other checks that did not hold.
	ChecksWarned uint64 `json:"checks_warned"`
	// Tables whose number of rows is far from that of earlier runs.
	Anomalies []AnomalyEntry `json:"anomalies,omitempty"`
	// Rows that were set aside.
	Quarantine []QuarantineEntry `json:"quarantine,omitempty"`
	// Failures.
	Errors []RunErrorEntry `json:"errors"`
	// Findings in the configuration.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when errors in the configuration kept the run from starting.
	HasErrors bool `json:"has_errors"`
	// Why the state store lacks something of this run, if it does.
	StateError *string `json:"state_error,omitempty"`
	// What became of the remote state, where the project has one.
	RemoteState *RemoteStateSummary `json:"remote_state,omitempty"`
	// Numbers of this run; null when nothing was started.
	Metrics *Metrics `json:"metrics,omitempty"`
	// What hooks did, when there are some.
	Hooks *Hooks `json:"hooks,omitempty"`
	// Limits of `[budget]` that it went over.
	BudgetBreaches []BudgetBreach `json:"budget_breaches,omitempty"`
}

// LoadedFile: A file.
type LoadedFile struct {
	// Its path, relative to the project where it is inside.
	File string `json:"file"`
	// `catalog.schema.table`.
	Target string `json:"target"`
	// `loaded`; `skipped`: it was loaded before; `failed`.
	Status string `json:"status"`
	// Rows that it added.
	RowsLoaded uint64 `json:"rows_loaded"`
	// Its size.
	BytesRead uint64 `json:"bytes_read"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Why it was not loaded.
	Error *string `json:"error,omitempty"`
}

// SnapshotRequest: Which snapshot.
type SnapshotRequest struct {
	// The pipeline, of type snapshot; needed when there are several of them.
	Pipeline string `json:"pipeline,omitempty"`
	// Show the steps and execute none.
	DryRun bool `json:"dry_run,omitempty"`
}

// SnapshotResponse: What was done.
type SnapshotResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `snapshot`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The pipeline.
	Pipeline string `json:"pipeline"`
	// The table whose history is kept, as configured.
	Source string `json:"source"`
	// Where it is kept.
	Target string `json:"target"`
	// Nothing was executed.
	DryRun bool `json:"dry_run"`
	// Steps.
	StepsTotal uint64 `json:"steps_total"`
	// Steps that took effect.
	StepsOk uint64 `json:"steps_ok"`
	// Versions that were added.
	RowsInserted uint64 `json:"rows_inserted"`
	// The steps, in order, up to one that failed.
	Steps []SnapshotStep `json:"steps"`
	// The run; empty when nothing was started.
	RunID string `json:"run_id"`
	// `Success`, `PartialFailure`, `Failure`.
	Status string `json:"status"`
	// It was cancelled before everything was done.
	Interrupted bool `json:"interrupted"`
	// When it began (RFC 3339).
	StartedAt *string `json:"started_at,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Checks of what was written.
	CheckResults []CheckResults `json:"check_results"`
	// Checks that did not hold and fail the run.
	ChecksFailed uint64 `json:"checks_failed"`
	// Other checks that did not hold.
	ChecksWarned uint64 `json:"checks_warned"`
	// Tables whose number of rows is far from that of earlier runs.
	Anomalies []AnomalyEntry `json:"anomalies,omitempty"`
	// Rows that were set aside.
	Quarantine []QuarantineEntry `json:"quarantine,omitempty"`
	// Failures.
	Errors []RunErrorEntry `json:"errors"`
	// Findings in the configuration.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when errors in the configuration kept the run from starting.
	HasErrors bool `json:"has_errors"`
	// Why the state store lacks something of this run, if it does.
	StateError *string `json:"state_error,omitempty"`
	// What became of the remote state, where the project has one.
	RemoteState *RemoteStateSummary `json:"remote_state,omitempty"`
	// Numbers of this run; null when nothing was started.
	Metrics *Metrics `json:"metrics,omitempty"`
	// What hooks did, when there are some.
	Hooks *Hooks `json:"hooks,omitempty"`
	// Limits of `[budget]` that it went over.
	BudgetBreaches []BudgetBreach `json:"budget_breaches,omitempty"`
}

// SnapshotStep: A statement.
type SnapshotStep struct {
	// `initial_load`; `merge_1`, `merge_2` … for the statements that bring an existing history up to date; else as `purpose`.
	Step string `json:"step"`
	// `create_schema`, `check_keys`, `initial_load`, `add_column`, `close_changed`, `close_deleted`, `insert` …
	Purpose string `json:"purpose"`
	// Its text.
	SQL string `json:"sql"`
	// `ok`; `error`; `rolled_back`: undone because a later one failed; `dry_run`.
	Status string `json:"status"`
	// Rows it changed, where the engine says.
	Rows *uint64 `json:"rows,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// What the engine said.
	Error *string `json:"error,omitempty"`
}

// SeedRequest: Which seeds.
type SeedRequest struct {
	// The folder, `seeds` when it is not said.
	Seeds string `json:"seeds,omitempty"`
	// Only the seed of this name.
	Filter string `json:"filter,omitempty"`
	// The pipeline whose warehouse is meant; needed when they write to several.
	Pipeline string `json:"pipeline,omitempty"`
}

// SeedResponse: What was made.
type SeedResponse struct {
	// Engine version.
	Version string `json:"version"`
	// `seed`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The folder.
	SeedsDir string `json:"seeds_dir"`
	// Tables made.
	TablesLoaded uint64 `json:"tables_loaded"`
	// Seeds of which none was made.
	TablesFailed uint64 `json:"tables_failed"`
	// The seeds.
	Tables []SeededTable `json:"tables"`
	// The run; empty when nothing was started.
	RunID string `json:"run_id"`
	// `Success`, `PartialFailure`, `Failure`.
	Status string `json:"status"`
	// It was cancelled before everything was done.
	Interrupted bool `json:"interrupted"`
	// When it began (RFC 3339).
	StartedAt *string `json:"started_at,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Checks of what was written.
	CheckResults []CheckResults `json:"check_results"`
	// Checks that did not hold and fail the run.
	ChecksFailed uint64 `json:"checks_failed"`
	// Other checks that did not hold.
	ChecksWarned uint64 `json:"checks_warned"`
	// Tables whose number of rows is far from that of earlier runs.
	Anomalies []AnomalyEntry `json:"anomalies,omitempty"`
	// Rows that were set aside.
	Quarantine []QuarantineEntry `json:"quarantine,omitempty"`
	// Failures.
	Errors []RunErrorEntry `json:"errors"`
	// Findings in the configuration.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when errors in the configuration kept the run from starting.
	HasErrors bool `json:"has_errors"`
	// Why the state store lacks something of this run, if it does.
	StateError *string `json:"state_error,omitempty"`
	// What became of the remote state, where the project has one.
	RemoteState *RemoteStateSummary `json:"remote_state,omitempty"`
	// Numbers of this run; null when nothing was started.
	Metrics *Metrics `json:"metrics,omitempty"`
	// What hooks did, when there are some.
	Hooks *Hooks `json:"hooks,omitempty"`
	// Limits of `[budget]` that it went over.
	BudgetBreaches []BudgetBreach `json:"budget_breaches,omitempty"`
}

// SeededTable: A table.
type SeededTable struct {
	// The seed's name.
	Name string `json:"name"`
	// `catalog.schema.table`.
	Target string `json:"target"`
	// Its file.
	File string `json:"file"`
	// Rows written.
	Rows uint64 `json:"rows"`
	// Its columns.
	Columns uint64 `json:"columns"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
	// Why it was not written.
	Error *string `json:"error,omitempty"`
}

// HooksRequest: What to do with the hooks: list them, or try some.
type HooksRequest struct {
	// Run the hooks of this event, with an example of what they are told: `on_pipeline_start`, or `pipeline_start`.
	Test string `json:"test,omitempty"`
}

// HooksResponse: Either of the two documents.
// One of the fields is set.
type HooksResponse struct {
	HooksTest *HooksTest
	HooksList *HooksList
}

// UnmarshalJSON sets the field whose members are all there.
func (v *HooksResponse) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if hasAll(members, "version", "command", "schema_version", "event", "status", "hooks") {
		v.HooksTest = new(HooksTest)
		return json.Unmarshal(text, v.HooksTest)
	}
	if hasAll(members, "version", "command", "schema_version", "hooks", "webhooks", "total") {
		v.HooksList = new(HooksList)
		return json.Unmarshal(text, v.HooksList)
	}
	return errors.New("a HooksResponse of an unknown shape")
}

// HooksTest: What came of trying the hooks of an event.
type HooksTest struct {
	// Engine version.
	Version string `json:"version"`
	// `hooks_test`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// `on_…`.
	Event string `json:"event"`
	// `no_hooks`, `continue`, `abort`.
	Status string `json:"status"`
	// Why it would be aborted, or that there is nothing to run.
	Message *string `json:"message,omitempty"`
	// In a line, what became of them.
	Result *string `json:"result,omitempty"`
	// Those that were run.
	Hooks []TriedHook `json:"hooks"`
}

// TriedHook: A hook that was tried.
type TriedHook struct {
	// `shell`, `webhook`.
	Kind string `json:"kind"`
	// The command's first line, or method and host of the request.
	Hook string `json:"hook"`
	// `Abort`, `Warn`, `Ignore`.
	OnFailure string `json:"on_failure"`
	// Did it succeed?
	Ok bool `json:"ok"`
	// Why it failed.
	Message *string `json:"message,omitempty"`
	// The end of what it printed.
	Output *string `json:"output,omitempty"`
	// Milliseconds.
	DurationMs uint64 `json:"duration_ms"`
}

// HooksList: What is configured.
type HooksList struct {
	// Engine version.
	Version string `json:"version"`
	// `hooks_list`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// Commands, in the order in which they run.
	Hooks []ListedHook `json:"hooks"`
	// Web requests; those of an event come after its commands.
	Webhooks []ListedWebhook `json:"webhooks"`
	// All of them.
	Total uint64 `json:"total"`
}

// ListedHook: A command.
type ListedHook struct {
	// `on_…`.
	Event string `json:"event"`
	// What the shell gets; `…` where it is long.
	Command string `json:"command"`
	// Milliseconds until it is killed.
	TimeoutMs uint64 `json:"timeout_ms"`
	// `Abort`, `Warn`, `Ignore`.
	OnFailure string `json:"on_failure"`
	// Names of the variables that it gets.
	EnvKeys []string `json:"env_keys"`
}

// ListedWebhook: A web request.
type ListedWebhook struct {
	// `on_…`.
	Event string `json:"event"`
	// Scheme and host; the rest of an address is as good as a password.
	Url string `json:"url"`
	// `POST` …
	Method string `json:"method"`
	// `slack`, `pagerduty`, `datadog`, `teams`, `generic`.
	Preset *string `json:"preset,omitempty"`
	// Milliseconds for each attempt.
	TimeoutMs uint64 `json:"timeout_ms"`
	// `Abort`, `Warn`, `Ignore`.
	OnFailure string `json:"on_failure"`
	// The run does not wait for it before its end.
	Async bool `json:"async"`
	// How often it is tried again.
	RetryCount uint32 `json:"retry_count"`
	// It has a `secret`.
	Signed bool `json:"signed"`
	// Names of the headers.
	HeaderKeys []string `json:"header_keys"`
}

func hasAll(members map[string]json.RawMessage, names ...string) bool {
	for _, name := range names {
		if _, ok := members[name]; !ok {
			return false
		}
	}
	return true
}
