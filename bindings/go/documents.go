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
}

// Strategy: A strategy with its settings.
type Strategy struct {
	// One of `full_refresh`, `incremental`, `merge`, `time_interval`, `ephemeral`, `delete_insert`, `microbatch`, `view`, `materialized_view`, `dynamic_table`, `content_addressed`; the other fields are set as it asks.
	Type string `json:"type"`
	// Watermark column.
	TimestampColumn string `json:"timestamp_column,omitempty"`
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
	// Why the type is not known.
	UnknownBecause *string `json:"unknown_because,omitempty"`
}

// PlanRequest: What to plan.
type PlanRequest struct {
	// The pipeline; needed when there are several.
	Pipeline string `json:"pipeline,omitempty"`
	// Only these models.
	Models []string `json:"models,omitempty"`
	// `key=value`; transformation pipelines have no components to filter by, so it is only echoed.
	Filter string `json:"filter,omitempty"`
	// Rebuild incremental models from scratch.
	FullRefresh bool `json:"full_refresh,omitempty"`
	// Models at a time, instead of the configuration's.
	Concurrency uint32 `json:"concurrency,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
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
	// The statement.
	SQL string `json:"sql"`
	// The model; none for set-up.
	Model *string `json:"model,omitempty"`
	// `statement`, `guard`, `observe`.
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
}

// RunRequest: What to run.
type RunRequest struct {
	// The pipeline; needed when there are several.
	Pipeline string `json:"pipeline,omitempty"`
	// Only these models.
	Models []string `json:"models,omitempty"`
	// `key=value`; echoed, see `plan`.
	Filter string `json:"filter,omitempty"`
	// Rebuild incremental models from scratch.
	FullRefresh bool `json:"full_refresh,omitempty"`
	// Models at a time.
	Concurrency uint32 `json:"concurrency,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
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
	// `Success`, `PartialFailure`, `Failure`.
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
	// Checks.
	CheckResults []CheckResults `json:"check_results"`
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
	// Findings of the compile.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// True when errors in the models kept the run from starting.
	HasErrors bool `json:"has_errors"`
	// Why the state store lacks something of this run, if it does.
	StateError *string `json:"state_error,omitempty"`
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
	// More about it.
	Metadata MaterializationMetadata `json:"metadata"`
	// The statements that were executed.
	Statements []ExecutedStatement `json:"statements"`
}

// MaterializationMetadata: More about a materialization.
type MaterializationMetadata struct {
	// How.
	Strategy string `json:"strategy"`
	// The watermark after it, when it is a date or a time (RFC 3339).
	Watermark *string `json:"watermark,omitempty"`
	// The watermark after it, as the engine writes it.
	WatermarkValue *string `json:"watermark_value,omitempty"`
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

// CheckResults: Checks of an asset. Transformation runs have none in this release; the list is there for the clients.
type CheckResults struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// Its checks.
	Checks []CheckResult `json:"checks"`
}

// CheckResult: A check.
type CheckResult struct {
	// Its name.
	Name string `json:"name"`
	// Did it hold?
	Passed bool `json:"passed"`
}

// RunErrorEntry: A failed model.
type RunErrorEntry struct {
	// Catalog, schema, table.
	AssetKey []string `json:"asset_key"`
	// The model.
	Model string `json:"model"`
	// What the engine said.
	Error string `json:"error"`
	// `warehouse`, `locked`, `cancelled` … or `compile`.
	FailureKind string `json:"failure_kind"`
	// The statement's purpose.
	Step *string `json:"step,omitempty"`
	// What to do.
	RemediationHint *string `json:"remediation_hint,omitempty"`
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

// ExecutionSummary: How it was executed.
type ExecutionSummary struct {
	// Models at a time.
	Concurrency uint64 `json:"concurrency"`
	// Models tried.
	TablesProcessed uint64 `json:"tables_processed"`
	// Models failed.
	TablesFailed uint64 `json:"tables_failed"`
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
	// Tables compared.
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
	// What.
	Action string `json:"action"`
	// Why.
	Reason string `json:"reason"`
}

// LineageRequest: What to trace.
type LineageRequest struct {
	// `model` or `model.column`.
	Target string `json:"target,omitempty"`
	// The column, instead of writing it into `target`.
	Column string `json:"column,omitempty"`
	// Trace to consumers instead of to sources.
	Downstream bool `json:"downstream,omitempty"`
	// Values for `@var`.
	Vars map[string]string `json:"vars,omitempty"`
	// When to ask the warehouse for source schemas.
	RefreshSources RefreshSources `json:"refresh_sources,omitempty"`
}

// LineageResponse: Either of the two documents.
// One of the fields is set.
type LineageResponse struct {
	ColumnLineage *ColumnLineage
	ModelLineage  *ModelLineage
}

// UnmarshalJSON sets the field whose members are all there.
func (v *LineageResponse) UnmarshalJSON(text []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return err
	}
	if hasAll(members, "version", "command", "schema_version", "model", "column", "direction", "trace", "downstream_consumers", "influences") {
		v.ColumnLineage = new(ColumnLineage)
		return json.Unmarshal(text, v.ColumnLineage)
	}
	if hasAll(members, "version", "command", "schema_version", "model", "columns", "upstream", "downstream", "edges", "influences", "columns_complete") {
		v.ModelLineage = new(ModelLineage)
		return json.Unmarshal(text, v.ModelLineage)
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
	// The model.
	Model string `json:"model"`
	// The column.
	Column string `json:"column"`
	// `upstream` or `downstream`.
	Direction string `json:"direction"`
	// Edges, nearest first.
	Trace []LineageEdge `json:"trace"`
	// Columns of models computed directly from it.
	DownstreamConsumers []ColumnRef `json:"downstream_consumers"`
	// Columns that decide about the rows of the model.
	Influences []LineageInfluence `json:"influences"`
}

// LineageEdge: An edge.
type LineageEdge struct {
	// Where the value comes from.
	Source ColumnRef `json:"source"`
	// What is computed from it.
	Target ColumnRef `json:"target"`
	// `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`.
	Transform string `json:"transform"`
	// The reference in the target's file.
	Span *SourceSpan `json:"span,omitempty"`
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
	// The reference.
	Span *SourceSpan `json:"span,omitempty"`
}

// ModelLineage: The lineage of a model.
type ModelLineage struct {
	// Engine version.
	Version string `json:"version"`
	// `lineage`.
	Command string `json:"command"`
	// Version of the documents' shapes.
	SchemaVersion uint32 `json:"schema_version"`
	// The model.
	Model string `json:"model"`
	// Its columns.
	Columns []LineageColumn `json:"columns"`
	// Relations it reads.
	Upstream []string `json:"upstream"`
	// Models that read it.
	Downstream []string `json:"downstream"`
	// Edges into its columns, then edges out of them.
	Edges []LineageEdge `json:"edges"`
	// Columns that decide about its rows.
	Influences []LineageInfluence `json:"influences"`
	// False when there may be columns that are not listed.
	ColumnsComplete bool `json:"columns_complete"`
}

// LineageColumn: A column in a list.
type LineageColumn struct {
	// Name.
	Name string `json:"name"`
	// Type in the warehouse's spelling, when known.
	DataType *string `json:"data_type,omitempty"`
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
	// Sources by name.
	Sources []SourceEntry `json:"sources"`
	// Schemas with the prefix that do not fit the pattern.
	Skipped []SkippedSchema `json:"skipped"`
	// Relations whose columns are now remembered for compiling.
	RelationsRemembered uint64 `json:"relations_remembered"`
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

// StateRequest: Nothing to say.
type StateRequest struct {
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

// HistoryRequest: Which runs.
type HistoryRequest struct {
	// Executions of this model instead of runs.
	Model string `json:"model,omitempty"`
	// Only those that began then or later: RFC 3339, or a date (UTC).
	Since string `json:"since,omitempty"`
	// At most so many, newest first; 50 when absent.
	Limit uint32 `json:"limit,omitempty"`
}

// HistoryResponse: Either of the two documents.
// One of the fields is set.
type HistoryResponse struct {
	ModelHistory *ModelHistory
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

// TestRequest: What to test.
type TestRequest struct {
	// Only this model and what it reads.
	Model string `json:"model,omitempty"`
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
	// Models tested.
	Total uint64 `json:"total"`
	// Models whose statements succeeded.
	Passed uint64 `json:"passed"`
	// Models that failed, could not be reached, or do not compile.
	Failed uint64 `json:"failed"`
	// One for each model that failed.
	Failures []TestFailure `json:"failures"`
	// Findings of the compile.
	Diagnostics []Diagnostic `json:"diagnostics"`
	// Tables that were made empty because a source's columns are known and the seed did not make it.
	EmptySources []string `json:"empty_sources"`
}

// TestFailure: A failure.
type TestFailure struct {
	// The model, or `seed`.
	Name string `json:"name"`
	// What went wrong.
	Error string `json:"error"`
}

func hasAll(members map[string]json.RawMessage, names ...string) bool {
	for _, name := range names {
		if _, ok := members[name]; !ok {
			return false
		}
	}
	return true
}
