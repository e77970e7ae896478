// The documents: what goes into a verb and what comes out, the same as `rocky … --output json` prints.
// Generated from the JSON Schemas of the engine; do not edit. To update: ROCKY_UPDATE=1 cargo test -p rocky-node types

/** An adapter. */
export interface AdapterStatus {
  /** Its name. */
  name: string;
  /** Its type. */
  adapter_type: string;
  /** Nothing is missing. */
  ok: boolean;
}

/** A model that a changed column reaches. */
export interface AffectedModel {
  /** The model. */
  model: string;
  /** Its columns that are computed from it. */
  columns: string[];
  /** It decides about the model's rows: a filter, a join, a grouping. */
  rows: boolean;
}

/** A count that is far from what it used to be. */
export interface AnomalyEntry {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** `catalog.schema.table`. */
  table: string;
  /** Rows now. */
  current_count: number;
  /** Average of earlier runs, this one not counted. */
  baseline_avg: number;
  /** How far from it, in per cent. */
  deviation_pct: number;
  /** One line. */
  reason: string;
}

/** What to execute. */
export interface ApplyRequest {
  /** The `plan_id` of a plan document of this project. */
  plan_id?: string;
}

/** A value of a column on both sides. */
export interface CellDifference {
  /** The column. */
  column: string;
  /** In production. */
  production: unknown;
  /** In the shadow. */
  shadow: unknown;
}

/** A check. */
export interface CheckResult {
  /** Its name: `row_count`, `freshness`, that of a custom check or of a test. */
  name: string;
  /** Did it hold? */
  passed: boolean;
  /** `error`, `warning`. */
  severity: string;
  /** `pass`, `fail`; `error` when it could not be evaluated. */
  status: string;
  /** It fails the run: its severity is `error`, and `fail_on_error` is not turned off. */
  gates: boolean;
  /** Why it does not hold. */
  detail?: string | null;
  /** `row_count`: rows of the source. */
  source_count?: number | null;
  /** `row_count`, `row_count_range`: rows of the table. */
  target_count?: number | null;
  /** `column_match`: columns that the table lacks. */
  missing?: string[] | null;
  /** `column_match`: columns that it has beside. */
  extra?: string[] | null;
  /** `freshness`: seconds since the newest row; negative when it is in the future. */
  lag_seconds?: number | null;
  /** `freshness`: how many are allowed. */
  threshold_seconds?: number | null;
  /** `null_rate`, `freshness`, tests: the column. */
  column?: string | null;
  /** `null_rate`: the share of NULLs, 0 to 1. */
  null_rate?: number | null;
  /** `null_rate`: of so many rows. */
  sampled_rows?: number | null;
  /** `null_rate`, custom checks: what is allowed. */
  threshold?: number | null;
  /** Custom checks: the query. */
  query?: string | null;
  /** Custom checks, `aggregate`: what the query gave. */
  result_value?: number | null;
  /** Tests: `not_null`, `unique` … */
  test_type?: string | null;
  /** Tests: how many rows, or repeated values, fail. */
  failing_rows?: number | null;
  /** Tests: some of them, at most five. */
  sample?: Record<string, unknown>[];
  /** Milliseconds. */
  duration_ms: number;
}

/** Checks of an asset. */
export interface CheckResults {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** Its checks. */
  checks: CheckResult[];
}

/** What to look at: everything. */
export interface CiRequest {
  /** Values for `@var`. */
  vars?: Record<string, string>;
}

/** The verdict. */
export interface CiResponse {
  /** Engine version. */
  version: string;
  /** `ci`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** No finding of the compile is an error. */
  compile_ok: boolean;
  /** No test failed. */
  tests_ok: boolean;
  /** Models. */
  models_compiled: number;
  /** Models executed and unit tests that gave what was expected. */
  tests_passed: number;
  /** The others. */
  tests_failed: number;
  /** Findings of the compile that are warnings, and unit tests that DuckDB cannot stand in for. */
  warnings: number;
  /** 0: all is well; 1: something failed; 4: there are warnings. */
  exit_code: number;
  /** Findings of the compile. */
  diagnostics: WireDiagnostic[];
  /** One for each test that failed. */
  failures: TestFailure[];
  /** The models were not executed: they are written for another warehouse, and only unit tests of them are. */
  models_not_executed?: boolean;
  /** Unit tests of models. */
  unit_tests?: UnitTests | null;
}

/** What happened to a column. */
export type ColumnChangeKind =
  /** It is new. */
  | "added"
  /** It is gone. */
  | "removed"
  /** It has another type. */
  | "retyped"
  /** It may be NULL now, or no longer. */
  | "nullability"
  /** It has another comment. */
  | "comment"
  /** It has another place among the others. */
  | "moved";

/** How a column differs from the file. */
export interface ColumnDrift {
  /** Its name. */
  column: string;
  /** How. */
  change: ColumnChangeKind;
  /** Type, `not null` or `null`, or comment, in the file. */
  from?: string | null;
  /** The same, in the warehouse. */
  to?: string | null;
  /** Of a new type: `safe`, `narrowing`, `incompatible` or `unknown`. */
  widening?: string | null;
  /** What it reaches, in order of execution. */
  affected: AffectedModel[];
}

/** The trace of a column. */
export interface ColumnLineage {
  /** Engine version. */
  version: string;
  /** `lineage`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The model, or the full name of a source. */
  model: string;
  /** The column. */
  column: string;
  /** `upstream`, `downstream` or `both`. */
  direction: string;
  /** Edges, nearest first; with `both`, first all those upstream. */
  trace: LineageEdge[];
  /** Columns of models computed directly from it. */
  downstream_consumers: ColumnRef[];
  /**
   * Upstream: columns that decide about the rows of the model. Downstream: where the column decides about rows. When asked for
   * influences, those of all models and columns on the way.
   */
  influences: LineageInfluence[];
  /** All columns it is computed from, at every step, are known. Of what is computed from it: every edge is proved. */
  proved: boolean;
  /** Why not, each reason once. */
  unproved_because?: string[];
  /** There is more beyond the depth that was asked for. */
  truncated?: boolean;
  /** The relations that `trace` names, and the model. */
  nodes: LineageNode[];
}

/** A column of a model or source. */
export interface ColumnRef {
  /** Model name, or a source's full name. */
  model: string;
  /** Column. */
  column: string;
}

/** How sure a column is. */
export type ColumnState =
  /** It follows from the text and from facts that hold now. */
  | "proven"
  /** It follows from a remembered catalogue, which may have changed. */
  | "assumed"
  /** It cannot be told. */
  | "unknown";

/** A column in a run. */
export interface ColumnTrend {
  /** The run. */
  run_id: string;
  /** When (RFC 3339). */
  timestamp: string;
  /** Share of NULLs; none when it was not measured. */
  null_rate?: number | null;
  /** Rows of the table. */
  row_count: number;
}

/** Which tables to compare with their shadows, and how. */
export interface CompareRequest {
  /** The pipeline; needed when there are several. */
  pipeline?: string | null;
  /** Only these models, as for `run`. */
  models?: string[];
  /** Not these. */
  exclude?: string[];
  /** Only these sources of a replication, as for `run`. */
  filter?: Filters | null;
  /** All pipelines. */
  dag?: boolean;
  /** With a replication pipeline, the project's models too. */
  all?: boolean;
  /** Values for `@var`. */
  vars?: Record<string, string>;
  /** As the shadow run had it. */
  shadow_suffix?: string | null;
  /** As the shadow run had it. */
  shadow_schema?: string | null;
  /** From where on a difference counts. */
  thresholds?: Thresholds;
  /** Columns that identify a row, instead of those that the strategy or a test names. */
  key?: string[];
  /** Columns that are not compared. */
  ignore?: string[];
  /** Compare columns and counts alone. */
  counts_only?: boolean;
  /** How many differences are shown of each table; 10 when not said. */
  sample?: number | null;
  /** Compare nothing: drop the pipeline's shadows. */
  cleanup?: boolean;
}

/** The result of a comparison. */
export interface CompareResponse {
  /** Engine version. */
  version: string;
  /** `compare`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** As given. */
  filter: string;
  /** The pipeline. */
  pipeline: string;
  /** Tables. */
  tables_compared: number;
  /** Those that pass … */
  tables_passed: number;
  /** … warn … */
  tables_warned: number;
  /** … and fail. */
  tables_failed: number;
  /** The worst verdict: `pass`, `warn`, `fail`. */
  overall_verdict: string;
  /** Table by table. */
  results: ComparedTable[];
  /** What was held against them. */
  thresholds: Thresholds;
  /** Shadows that `cleanup` dropped. */
  dropped?: string[];
  /** Findings that keep the tables from being known. */
  diagnostics: WireDiagnostic[];
  /** True when one of them is an error: the tables of that pipeline were not compared, which fails. */
  has_errors: boolean;
}

/** A table and its shadow. */
export interface ComparedTable {
  /** The model, or the table's name. */
  model: string;
  /** What orchestrators call it. */
  asset_key: string[];
  /** Whole name. */
  production_table: string;
  /** Whole name. */
  shadow_table: string;
  /** `compared`, `new` (production does not exist yet), `missing_shadow`, `error`. */
  status: string;
  /** Both have as many rows. */
  row_count_match: boolean;
  /** Rows. */
  production_count: number;
  /** Rows. */
  shadow_count: number;
  /** The difference as a fraction of production's rows. */
  row_count_diff_pct: number;
  /** Both have the same columns, of the same types, in the same order. */
  schema_match: boolean;
  /** How not: `ColumnAdded name TYPE`, `ColumnRemoved …`, `TypeDiff name TYPE -> TYPE`, `OrderDiff a, b -> b, a`. */
  schema_diffs: string[];
  /** How the rows differ; none when they were not compared. */
  contents?: Contents | null;
  /** `pass`, `warn`, `fail`. */
  verdict: string;
  /** Why it is no `pass`. */
  reasons: string[];
}

/** What to compile. */
export interface CompileRequest {
  /** Report this model alone. */
  model?: string | null;
  /** Also give the SQL after expansion of macros and variables. */
  expand_macros?: boolean;
  /** Values for `@var`. */
  vars?: Record<string, string>;
  /** When to ask the warehouse. */
  refresh_sources?: RefreshSources;
  /** Report constructs that this dialect does not have (P001), instead of that of `[portability]`. */
  target_dialect?: TargetDialect | null;
  /** Report warnings as errors. */
  deny_warnings?: boolean;
  /** Fail when fewer per cent of the columns (of `model`, when given) are proven. */
  min_coverage?: number | null;
  /**
   * Schemas of sources by name (`schema.table`, `catalog.schema.table`): asked before declarations, `schema.lock` and the
   * warehouse.
   */
  source_schemas?: Record<string, RequestColumn[]>;
  /**
   * Every source that is read must be given, declared or in `schema.lock`; the warehouse and what is remembered of it
   * are not asked.
   */
  locked?: boolean;
}

/** The result of a compile. */
export interface CompileResponse {
  /** Engine version. */
  version: string;
  /** `compile`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** Number of models. */
  models: number;
  /** Number of layers. */
  execution_layers: number;
  /** Findings, by file and place. */
  diagnostics: WireDiagnostic[];
  /** True when one of them is an error. */
  has_errors: boolean;
  /** How sure the columns of the models of this document are. */
  coverage: WireCoverage;
  /** How long it took. */
  compile_timings: CompileTimings;
  /** The models by name. */
  models_detail: ModelDetail[];
  /** SQL after expansion, by model. */
  expanded_sql?: Record<string, string> | null;
}

/** How long it took, in milliseconds. */
export interface CompileTimings {
  /** Listing, reading, parsing. */
  project_load_ms: number;
  /** Names and order. */
  semantic_graph_ms: number;
  /** Resolution, types, lineage. */
  typecheck_ms: number;
  /** Join predicates are checked with everything else: always 0. */
  typecheck_join_keys_ms: number;
  /** Contracts and strategy checks. */
  contracts_ms: number;
  /** All of it. */
  total_ms: number;
  /** Models whose text was parsed (the others were remembered). */
  models_parsed: number;
  /** Models that were analysed (the others were remembered). */
  models_analysed: number;
}

/** One segment, or several of a variable-length component. */
export type ComponentValue =
  /** One. */
  | string
  /** Several. */
  | string[];

/** How contents differ. */
export interface Contents {
  /** Every row has its equal, and no column was left out but those that were to be ignored. */
  equal: boolean;
  /** The columns that identify a row; none: rows are compared whole. */
  key: string[];
  /** How many columns beside the key were compared. */
  columns_compared: number;
  /** Columns that were not compared, because one side has none of that name or one of another type: of them nothing is known. */
  columns_not_compared?: string[];
  /** Rows whose key only production has; without a key rows that only production has. */
  rows_only_in_production: number;
  /** Likewise of the shadow. */
  rows_only_in_shadow: number;
  /** Keys that both have, with other rows. */
  rows_changed: number;
  /** All of them as a share of production's rows. */
  row_diff_pct: number;
  /** Steps of the bisection. */
  bisection_steps: number;
  /** Rows of both sides that were looked at one by one. */
  rows_examined: number;
  /** Some of the differences, by key. */
  sample?: RowDifference[];
}

/** All declarative tests. */
export interface Declarative {
  /** How many. */
  total: number;
  /** Those that hold. */
  passed: number;
  /** Those of severity `error` that do not. */
  failed: number;
  /** Those of severity `warning` that do not. */
  warned: number;
  /** Those that could not be evaluated. */
  errored: number;
  /** Each of them. */
  results: DeclarativeResult[];
}

/** A declarative test. */
export interface DeclarativeResult {
  /** Model name. */
  model: string;
  /** `catalog.schema.table`. */
  table: string;
  /** Its name. */
  name: string;
  /** `not_null`, `unique` … */
  test_type: string;
  /** The column. */
  column?: string | null;
  /** `pass`, `fail`, `error`. */
  status: string;
  /** `error`, `warning`. */
  severity: string;
  /** Why it does not hold. */
  detail?: string | null;
  /** The query that decides. */
  sql: string;
  /** How many rows, or repeated values, fail. */
  failing_rows?: number | null;
  /** Some of them. */
  sample?: Record<string, unknown>[];
}

/** A change that somebody who relies on the project may not survive. */
export interface DiffBreaking {
  /** `model_removed`, `removed`, `narrowed`, `retyped`, `became_nullable`, `error`. */
  kind: string;
  /** The model; empty for an error that belongs to none. */
  model: string;
  /** The column. */
  column?: string | null;
  /** In words. */
  text: string;
  /** Models that read it on the old side, directly. */
  readers?: string[];
}

/** A column compared. */
export interface DiffColumn {
  /** Its name. */
  name: string;
  /**
   * `identical`, `added`, `removed`, `widened`, `narrowed`, `retyped`, `nullability`, `values_may_differ`: the first that holds
   * of added, removed, the three of types, nullability, values.
   */
  class: string;
  /** Type before. */
  old_type?: string | null;
  /** Type now. */
  new_type?: string | null;
  /** Could hold NULL. */
  old_nullable?: boolean | null;
  /** May hold NULL. */
  new_nullable?: boolean | null;
  /** Its values are not proved to be the same. */
  values_may_differ: boolean;
  /** Why. */
  because?: DiffReason[];
  /** From here to where the difference begins, nearest first; a column is empty where the rows of a relation are the reason. */
  path?: ColumnRef[];
  /** The same program, but two executions of it differ: by this. */
  volatile?: string | null;
}

/** The contract of a model that differs. */
export interface DiffContract {
  /** The model. */
  model: string;
  /** The contract's file. */
  file: string;
  /** It is broken now, and was not before. */
  breaks: boolean;
  /** What it finds now and did not find before. */
  findings?: string[];
}

/** An edge of column lineage that one side has. */
export interface DiffEdge {
  /** Where the value comes from. */
  source: ColumnRef;
  /** What is computed from it. */
  target: ColumnRef;
  /** `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`. */
  transform: string;
}

/** A model compared. */
export interface DiffModel {
  /** Its name. */
  name: string;
  /** `added`, `removed`, `changed` (its own text or settings), `affected` (by what it reads). */
  change: string;
  /** Its file, relative to the folder of `rocky.toml`. */
  file: string;
  /** What changed of its definition: `query`, `strategy`, `target`, `references`, `contract`. */
  definition: string[];
  /** Nothing that its readers could see differs: proved. */
  identical: boolean;
  /** The set of rows is not proved to be the same. */
  rows_may_differ: boolean;
  /** Why. */
  rows_because?: DiffReason[];
  /** The order of the rows may differ. */
  order_may_differ: boolean;
  /** Not all of its columns are known, and those that are not may differ. */
  unlisted_columns_may_differ: boolean;
  /** All its columns. */
  columns: DiffColumn[];
}

/** Why something is not proved to be the same. */
export interface DiffReason {
  /**
   * `expression`, `clauses`, `strategy`, `column`, `influence`, `rows` (of a relation that is read), `model_rows` (of its own
   * model, which says why), `unproved`.
   */
  kind: string;
  /** In words. */
  text: string;
  /** The model or source behind it. */
  relation?: string | null;
  /** The column behind it. */
  column?: string | null;
}

/** What to compare with. */
export interface DiffRequest {
  /** The state before: a folder with another state of the project (relative to the folder of `rocky.toml`), else a git revision. */
  against?: string;
  /** Values for `@var`, on both sides. */
  vars?: Record<string, string>;
  /** When to ask the warehouse for source schemas; both sides see the same answer. */
  refresh_sources?: RefreshSources;
  /** Also give the difference as Markdown, for a comment on a pull request. */
  markdown?: boolean;
}

/** Two states of a project compared. */
export interface DiffResponse {
  /** Engine version. */
  version: string;
  /** `diff`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** As given. */
  against: string;
  /** The commit that a revision was resolved to; absent for a folder. */
  commit?: string | null;
  /** How many of each. */
  summary: DiffSummary;
  /** What others may not survive, worst first. */
  breaking: DiffBreaking[];
  /** Models that differ, in order of execution; those that are gone come last. */
  models: DiffModel[];
  /** Sources whose declared columns differ. */
  sources: DiffSource[];
  /** Contracts of the models that differ. */
  contracts: DiffContract[];
  /** Column lineage that is new. */
  edges_added: DiffEdge[];
  /** Column lineage that is gone. */
  edges_removed: DiffEdge[];
  /** Findings that the old state did not have. */
  diagnostics_new: WireDiagnostic[];
  /** Findings that are gone. */
  diagnostics_fixed: WireDiagnostic[];
  /** True when a finding of this state, new or old, is an error. */
  has_errors: boolean;
  /** The difference as Markdown, when it was asked for. */
  markdown?: string | null;
}

/** A source whose known columns differ. */
export interface DiffSource {
  /** Its full name. */
  name: string;
  /** The columns that differ. */
  columns: DiffColumn[];
}

/** How many of each. */
export interface DiffSummary {
  /** New models. */
  models_added: number;
  /** Models that are gone. */
  models_removed: number;
  /** Models whose own text or settings changed. */
  models_changed: number;
  /** Models that differ through what they read. */
  models_affected: number;
  /** Models that do not differ, those with edits of no effect included. */
  models_identical: number;
  /** Columns of models that are on both sides and were compared, by class, and the columns of new models and of those that are gone. */
  columns: Record<string, number>;
  /** Breaking changes. */
  breaking: number;
  /** New errors. */
  new_errors: number;
  /** Errors that are gone. */
  fixed_errors: number;
}

/** What to discover. */
export interface DiscoverRequest {
  /** The pipeline; needed when there are several. */
  pipeline?: string | null;
  /** Only the sources of a replication that are meant, as for `plan`. */
  filter?: Filters | null;
  /** Write `schema.lock`: the columns of the sources that the models read. */
  write_lock?: boolean;
  /** Compare `schema.lock` with the warehouse. */
  check_lock?: boolean;
}

/** The result. */
export interface DiscoverResponse {
  /** Engine version. */
  version: string;
  /** `discover`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The pipeline. */
  pipeline: string;
  /** Sources by name, with the tables that are copied. */
  sources: SourceEntry[];
  /** Tables of the sources that are not copied, as in the documents of `plan` and `run`. */
  excluded_tables?: ExcludedTable[];
  /** Schemas with the prefix that do not fit the pattern. */
  skipped: SkippedSchema[];
  /** Relations whose columns are now remembered for compiling. */
  relations_remembered: number;
  /** What became of `schema.lock`, when it was asked for. */
  lock?: LockReport | null;
}

/** What was done about a drifted table. */
export interface DriftAction {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** The table. */
  table: string;
  /** `add_columns`, `alter_column_types`, `drop_and_recreate`, `drop_columns`, `keep_columns`, `keep_column_types` … */
  action: string;
  /** Why. */
  reason: string;
  /** The columns. */
  columns: string[];
}

/** Drift of replicated tables. */
export interface DriftSummary {
  /** Tables whose columns were compared. */
  tables_checked: number;
  /** Tables that differ. */
  tables_drifted: number;
  /** What was done. */
  actions_taken: DriftAction[];
}

/** The body of an error document. */
export interface ErrorBody {
  /** `usage`, `not_found`, `io`, `config`, `locked`, `warehouse`, `state`, `stale`, `cancelled`, `unsupported`, `bug`, `hook`. */
  code: string;
  /** What is wrong, naming the thing and the value. */
  message: string;
  /** What to do. */
  remediation_hint?: string | null;
  /** The causes, outermost first. */
  detail?: string | null;
}

/** An error as a document: what the CLI prints in JSON mode, and what the C and Node error objects hold. */
export interface ErrorDocument {
  /** Engine version. */
  version: string;
  /** The verb. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The error. */
  error: ErrorBody;
}

/** Something that happened during a call, told apart by `type`. */
export type Event =
  /** A phase of a long call began or moved on. */
  | {
    type: "progress";
    /** `load`, `parse`, `analyse`, `plan`, `discover` … */
    phase: string;
    /** Units done. */
    done: number;
    /** Units in all; 0 when not known. */
    total: number;
  }
  /** Sources were listed. */
  | {
    type: "discover_finished";
    /** How many connectors (source schemas) were found. */
    connectors: number;
  }
  /** The models were compiled without errors. */
  | {
    type: "compile_finished";
    /** How many. */
    models: number;
  }
  /** A run began. */
  | {
    type: "run_started";
    /** `run-YYYYMMDD-HHMMSS-mmm`. */
    run_id: string;
    /** Pipeline name. */
    pipeline: string;
    /** Models to execute. */
    models: number;
  }
  /** A model's, or a table's, first statement is about to be sent. */
  | {
    type: "model_started";
    /** Model name, or the table's whole name. */
    model: string;
    /** What is made: `model`, `table`, `snapshot`, `load`, `quality`. */
    kind: string;
    /** The whole name of the relation. */
    target: string;
  }
  /** A statement was executed. */
  | {
    type: "step_finished";
    /** Model name; empty for steps of the run itself. */
    model: string;
    /** What the statement is for. */
    purpose: string;
    /** Rows it changed, where the engine says. */
    rows?: number | null;
    /** Milliseconds. */
    duration_ms: number;
  }
  /** A window of a time_interval or microbatch model was computed, or failed. The model's own event follows after its last one. */
  | {
    type: "partition_finished";
    /** Model name. */
    model: string;
    /** The whole name of the relation. */
    target: string;
    /** The partition, the first one of a batch: `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026`. */
    partition: string;
    /** The other partitions of the batch. */
    batched_with: string[];
    /** Rows written, where the engine says. */
    rows?: number | null;
    /** Why it failed; it is then as it was before. */
    error?: string | null;
    /** Milliseconds. */
    duration_ms: number;
    /** Windows of the model that are done, this one included. */
    done: number;
    /** Windows of the model in this run. */
    total: number;
  }
  /** A model, or a table, succeeded. */
  | {
    type: "model_finished";
    /** Model name, or the table's whole name. */
    model: string;
    /** What was made: `model`, `table`, `snapshot`, `load`, `quality`. */
    kind: string;
    /** The whole name of the relation. */
    target: string;
    /** The parts of the asset's key. */
    asset_key: string[];
    /** How it was made. */
    strategy: string;
    /** Hash of the statements. */
    sql_hash: string;
    /** The watermark after it, as the engine writes it. */
    watermark?: string | null;
    /** Rows written; none for a view. */
    rows?: number | null;
    /** Milliseconds. */
    duration_ms: number;
  }
  /** A model, or a table, failed. */
  | {
    type: "model_failed";
    /** Model name, or the table's whole name. */
    model: string;
    /** What was to be made: `model`, `table`, `snapshot`, `load`, `quality`. */
    kind: string;
    /** The whole name of the relation. */
    target: string;
    /** The parts of the asset's key. */
    asset_key: string[];
    /** What the engine said. */
    error: string;
    /** Milliseconds. */
    duration_ms: number;
  }
  /** An attempt at a model, or a table, did not succeed, and it is tried again. */
  | {
    type: "model_retried";
    /** Model name, or the table's whole name. */
    model: string;
    /** What is to be made: `model`, `table`, `snapshot`, `load`, `quality`. */
    kind: string;
    /** The whole name of the relation. */
    target: string;
    /** The attempt that did not succeed, from 1. */
    attempt: number;
    /** Why there is another: `transient`, `rate_limited`, `conflict`, `table_retry`. */
    reason: string;
    /** The engine's message. */
    error: string;
    /** Milliseconds until then. */
    wait_ms: number;
  }
  /** A model was not executed. */
  | {
    type: "model_skipped";
    /** Model name. */
    model: string;
    /** Why: the failed ancestor, or cancellation. */
    reason: string;
  }
  /** The checks of a run begin. */
  | {
    type: "checks_started";
    /** How many tables are checked. */
    tables: number;
  }
  /** A check was evaluated. */
  | {
    type: "check_finished";
    /** The table's whole name. */
    table: string;
    /** The parts of the asset's key. */
    asset_key: string[];
    /** The check's name. */
    check: string;
    /** Did it hold? */
    passed: boolean;
    /** `error`, `warning`: what it counts for when it does not hold. */
    severity: string;
    /** What was found, as in the run document: `source_count`, `threshold` … */
    details: Record<string, unknown>;
  }
  /** All checks were evaluated. */
  | {
    type: "checks_finished";
    /** How many. */
    total: number;
    /** Those that held. */
    passed: number;
    /** The others. */
    failed: number;
  }
  /** A table's columns are no longer those of its source. */
  | {
    type: "drift_detected";
    /** The table's whole name. */
    table: string;
    /** The columns that differ. */
    columns: string[];
    /** What is done about it, as in the run document. */
    action: string;
    /** Why. */
    reason: string;
  }
  /** A count is far from what it used to be. */
  | {
    type: "anomaly_detected";
    /** The table's whole name. */
    table: string;
    /** One line. */
    description: string;
  }
  /** The state was uploaded. */
  | {
    type: "state_synced";
    /** `s3`, `valkey`, `tiered` … */
    backend: string;
    /** Milliseconds. */
    duration_ms: number;
  }
  /** The run took more than `[budget]` allows. */
  | {
    type: "budget_breached";
    /** The key of `[budget]`. */
    budget: string;
    /** What it allows. */
    limit: number;
    /** What the run took. */
    actual: number;
  }
  /** The run ended. */
  | {
    type: "run_finished";
    /** The run. */
    run_id: string;
    /** `Success`, `PartialFailure`, `Failure`. */
    status: string;
    /** Milliseconds. */
    duration_ms: number;
  }
  /** Something worth a line in a log. */
  | {
    type: "log";
    /** `info`, `warning`. */
    level: string;
    /** One line. */
    message: string;
  };

/** A table of a source that is not copied. */
export interface ExcludedTable {
  /** Source type, components, table. */
  asset_key: string[];
  /** Its schema. */
  source_schema: string;
  /** Its name. */
  table_name: string;
  /** `missing_from_source`, `disabled`, `is_a_target`, `unchanged`. */
  reason: string;
}

/** A statement that was executed. */
export interface ExecutedStatement {
  /** What for. */
  purpose: string;
  /** Its text. */
  sql: string;
  /** Milliseconds. */
  duration_ms: number;
  /** Rows it changed, where the engine says. */
  rows?: number | null;
}

/** How it was executed. */
export interface ExecutionSummary {
  /** Models at a time. */
  concurrency: number;
  /** Models tried. */
  tables_processed: number;
  /** Models failed. */
  tables_failed: number;
  /** True when fewer are executed at a time on rate limits. */
  adaptive_concurrency?: boolean;
  /** Models at a time in the end, with `adaptive_concurrency`. */
  final_concurrency?: number | null;
  /** How often the warehouse asked for less. */
  rate_limits_detected?: number | null;
  /** How often nothing more was sent because the warehouse did not answer. */
  circuit_openings?: number | null;
}

/** One filter, or several. */
export type Filters =
  /** `key=value`. */
  | string
  /** Several: those with one key are alternatives, those with different keys must all hold. */
  | string[];

/** A change of the graph. */
export interface GraphChange {
  /** `ModelAdded`, `ModelRemoved`, `ColumnAdded`, `ColumnRemoved`, `ColumnTypeChanged`, `DependencyAdded`, `DependencyRemoved`. */
  kind: string;
  /** The model; of a dependency the one that reads. */
  model: string;
  /** The column. */
  column?: string | null;
  /** The type that was; of a dependency the model that is read. */
  from?: string | null;
  /** The type that is. */
  to?: string | null;
}

/** How the project's graph changed. */
export interface GraphHistory {
  /** Engine version. */
  version: string;
  /** `history`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** Newest first: one for every run that found the graph changed. */
  snapshots: GraphSnapshot[];
  /** How many are listed. */
  count: number;
}

/** The graph when it had changed. */
export interface GraphSnapshot {
  /** When it was seen first (RFC 3339). */
  timestamp: string;
  /** By which run. */
  run_id: string;
  /** Hash of models, columns and dependencies. */
  graph_hash: string;
  /** Models. */
  model_count: number;
  /** Dependencies between them. */
  edge_count: number;
  /** What differs from the one before. */
  changes: GraphChange[];
  /** How many more changes there were than are kept. */
  changes_omitted: number;
}

/** Which runs. */
export interface HistoryRequest {
  /** Executions of this model instead of runs. */
  model?: string | null;
  /** Only those that began then or later: RFC 3339, or a date (UTC). */
  since?: string | null;
  /** At most so many, newest first; 50 when absent. */
  limit?: number | null;
  /** How the project's graph changed instead of runs. */
  graph?: boolean;
}

/** One of the documents. */
export type HistoryResponse =
  /** Of one model. */
  | ModelHistory
  /** Of the graph. */
  | GraphHistory
  /** Of the project. */
  | RunHistory;

/** What is configured. */
export interface HooksList {
  /** Engine version. */
  version: string;
  /** `hooks_list`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** Commands, in the order in which they run. */
  hooks: ListedHook[];
  /** Web requests; those of an event come after its commands. */
  webhooks: ListedWebhook[];
  /** All of them. */
  total: number;
}

/** What to do with the hooks: list them, or try some. */
export interface HooksRequest {
  /** Run the hooks of this event, with an example of what they are told: `on_pipeline_start`, or `pipeline_start`. */
  test?: string | null;
}

/** Either of the two documents. */
export type HooksResponse =
  /** With `test`. */
  | HooksTest
  /** Without. */
  | HooksList;

/** What came of trying the hooks of an event. */
export interface HooksTest {
  /** Engine version. */
  version: string;
  /** `hooks_test`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** `on_…`. */
  event: string;
  /** `no_hooks`, `continue`, `abort`. */
  status: string;
  /** Why it would be aborted, or that there is nothing to run. */
  message?: string | null;
  /** In a line, what became of them. */
  result?: string | null;
  /** Those that were run. */
  hooks: TriedHook[];
}

/** What an import does to what is there. */
export type ImportOver =
  /** There must be nothing. */
  | "nothing"
  /** It is forgotten. */
  | "replace"
  /** The later of two stays. */
  | "merge";

/** A column in a list. */
export interface LineageColumn {
  /** Name. */
  name: string;
  /** Type in the warehouse's spelling, when known. */
  data_type?: string | null;
  /** All columns it is computed from are known. */
  proved: boolean;
  /** Why not. */
  unproved_because?: string | null;
}

/** An edge. */
export interface LineageEdge {
  /** Where the value comes from. */
  source: ColumnRef;
  /** What is computed from it. */
  target: ColumnRef;
  /** `direct`, `cast`, `try_cast`, `aggregation: sum`, `expression`. */
  transform: string;
  /** As what, where it is not as the value alone: `value`, `condition` (of CASE, IF, FILTER), `window` (of a ranking function). */
  roles?: string[];
  /** The reference in the target's file. */
  span?: SourceSpan | null;
  /** That the source has this column is proved. */
  proved: boolean;
  /** Why not. */
  unproved_because?: string | null;
}

/** How an answer is given. */
export type LineageFormat =
  /** The document itself. */
  | "json"
  /** A Graphviz graph. */
  | "dot"
  /** A tree for people. */
  | "text"
  /** OpenLineage job events, one per line, with schema and column lineage facets. */
  | "openlineage"
  /** One self-contained page with an interactive graph. */
  | "html";

/** A column that decides about rows without being part of a value. */
export interface LineageInfluence {
  /** The column. */
  source: ColumnRef;
  /** The model. */
  model: string;
  /** `filter`, `join`, `group`, `order`. */
  kind: string;
  /** True for a key of a window, whose kind is `order` too. */
  window?: boolean;
  /** The reference. */
  span?: SourceSpan | null;
}

/** A relation that an answer names. */
export interface LineageNode {
  /** Name, as in edges. */
  model: string;
  /** `model`, `ephemeral`, `source`, `file`. */
  kind: string;
  /** The schema that a model is built in. */
  target_schema?: string | null;
  /** The name of what is no model. */
  source_id?: string | null;
  /** A model's file, relative to the folder of `rocky.toml`. */
  file?: string | null;
  /** The model reads its own existing target. */
  reads_itself?: boolean;
  /** What is known of a source's columns: `declared`, `seen` in the warehouse, `absent` there, `unknown`. */
  schema?: string | null;
}

/** What to trace. */
export interface LineageRequest {
  /** `model`, `model.column`, or the full name of a source, alone or with a column. */
  target?: string;
  /** The column, instead of writing it into `target`. */
  column?: string | null;
  /** The whole project instead of a target. */
  all?: boolean;
  /** To what is computed from it. With `upstream`, both ways. */
  downstream?: boolean;
  /** To what it is computed from: the way of a column when no other is given. */
  upstream?: boolean;
  /** At most so many steps. Without it a column is traced to the end and a model is shown with its neighbours. */
  depth?: number | null;
  /** Also the columns that decide about the rows of all models on the way, not only of the target. */
  influences?: boolean;
  /** The document, or text made from it. */
  format?: LineageFormat;
  /** Namespace of the jobs in OpenLineage events; `rocky` when absent. */
  namespace?: string | null;
  /** Values for `@var`. */
  vars?: Record<string, string>;
  /** When to ask the warehouse for source schemas. */
  refresh_sources?: RefreshSources;
}

/** One of the documents. */
export type LineageResponse =
  /** Of one column. */
  | ColumnLineage
  /** Of a model. */
  | ModelLineage
  /** Of the project. */
  | ProjectLineage
  /** As text. */
  | RenderedLineage;

/** A command. */
export interface ListedHook {
  /** `on_…`. */
  event: string;
  /** What the shell gets; `…` where it is long. */
  command: string;
  /** Milliseconds until it is killed. */
  timeout_ms: number;
  /** `Abort`, `Warn`, `Ignore`. */
  on_failure: string;
  /** Names of the variables that it gets. */
  env_keys: string[];
}

/** A web request. */
export interface ListedWebhook {
  /** `on_…`. */
  event: string;
  /** Scheme and host; the rest of an address is as good as a password. */
  url: string;
  /** `POST` … */
  method: string;
  /** `slack`, `pagerduty`, `datadog`, `teams`, `generic`. */
  preset?: string | null;
  /** Milliseconds for each attempt. */
  timeout_ms: number;
  /** `Abort`, `Warn`, `Ignore`. */
  on_failure: string;
  /** The run does not wait for it before its end. */
  async: boolean;
  /** How often it is tried again. */
  retry_count: number;
  /** It has a `secret`. */
  signed: boolean;
  /** Names of the headers. */
  header_keys: string[];
}

/** What to load. */
export interface LoadRequest {
  /** The folder, or a pattern for names in one (`inbox/*.csv`); that of the load pipeline when it is not said. */
  source_dir?: string | null;
  /** Only files of this format: `csv`, `parquet`, `jsonl` (also `json_lines`, `jsonlines`, `ndjson`). By extension when it is not said. */
  format?: string | null;
  /** The table for all files: `table`, `schema.table` or `catalog.schema.table`. Each file has its own when it is not said. */
  target?: string | null;
  /** Empty the tables first, in the same transaction. */
  truncate?: boolean;
  /** Load files again that are loaded already. */
  force?: boolean;
  /** The load pipeline, or another one whose warehouse is meant; needed when there are several. */
  pipeline?: string | null;
}

/** What was loaded. */
export interface LoadResponse {
  /** Engine version. */
  version: string;
  /** `load`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The pipeline. */
  pipeline: string;
  /** The folder or pattern. */
  source_dir: string;
  /** As asked for, else `auto`. */
  format: string;
  /** Files loaded. */
  files_loaded: number;
  /** Files that were not, because they or others of their table cannot be. */
  files_failed: number;
  /** Files that were loaded before. */
  files_skipped: number;
  /** Rows added. */
  total_rows: number;
  /** Bytes of the files loaded. */
  total_bytes: number;
  /** The files. */
  files: LoadedFile[];
  /** The run; empty when nothing was started. */
  run_id: string;
  /** `Success`, `PartialFailure`, `Failure`. */
  status: string;
  /** It was cancelled before everything was done. */
  interrupted: boolean;
  /** When it began (RFC 3339). */
  started_at?: string | null;
  /** Milliseconds. */
  duration_ms: number;
  /** Checks of what was written. */
  check_results: CheckResults[];
  /** Checks that did not hold and fail the run. */
  checks_failed: number;
  /** Other checks that did not hold. */
  checks_warned: number;
  /** Tables whose number of rows is far from that of earlier runs. */
  anomalies?: AnomalyEntry[];
  /** Rows that were set aside. */
  quarantine?: QuarantineEntry[];
  /** Failures. */
  errors: RunErrorEntry[];
  /** Findings in the configuration. */
  diagnostics: WireDiagnostic[];
  /** True when errors in the configuration kept the run from starting. */
  has_errors: boolean;
  /** Why the state store lacks something of this run, if it does. */
  state_error?: string | null;
  /** What became of the remote state, where the project has one. */
  remote_state?: RemoteStateSummary | null;
  /** Numbers of this run; null when nothing was started. */
  metrics?: WireMetrics | null;
  /** What hooks did, when there are some. */
  hooks?: WireHooks | null;
  /** Limits of `[budget]` that it went over. */
  budget_breaches?: WireBudgetBreach[];
}

/** A file. */
export interface LoadedFile {
  /** Its path, relative to the project where it is inside. */
  file: string;
  /** `catalog.schema.table`. */
  target: string;
  /** `loaded`; `skipped`: it was loaded before; `failed`. */
  status: string;
  /** Rows that it added. */
  rows_loaded: number;
  /** Its size. */
  bytes_read: number;
  /** Milliseconds. */
  duration_ms: number;
  /** Why it was not loaded. */
  error?: string | null;
}

/** `schema.lock` and the warehouse. */
export interface LockReport {
  /** The file, relative to the folder of `rocky.toml`. */
  path: string;
  /** It was written: it was asked for, and something differs. */
  written: boolean;
  /** Relations that are locked now. */
  relations: number;
  /** The file was not, before it was written, what the warehouse says of the sources that are read. */
  drifted: boolean;
  /** What differs, by relation. */
  drift: RelationDrift[];
  /** Sources that are read and were not found in the warehouse; declared ones are not listed. */
  missing: string[];
  /** Errors that models get from what differs, and do not have without it. */
  breaks: WireDiagnostic[];
}

/** What was written. */
export interface Materialization {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** The model. */
  model: string;
  /** Rows written; none for a view. */
  rows_copied?: number | null;
  /** When its first statement was sent (RFC 3339). */
  started_at?: string | null;
  /** Milliseconds. */
  duration_ms: number;
  /** How often it was begun. Its name is not `attempts`, which clients of the 1.x releases read as a list. */
  attempt_count?: number;
  /** The attempts before the last, when there were some. */
  retries?: WireRetry[];
  /** The window of a time_interval model; there is a materialization for each. */
  partition?: PartitionInfo | null;
  /** More about it. */
  metadata: MaterializationMetadata;
  /** The statements that were executed. */
  statements: ExecutedStatement[];
}

/** More about a materialization. */
export interface MaterializationMetadata {
  /** How. */
  strategy: string;
  /** The watermark after it, when it is a date or a time (RFC 3339). */
  watermark?: string | null;
  /** The watermark after it, as the engine writes it. */
  watermark_value?: string | null;
  /**
   * Rows of the target whose value of the watermark column is infinite or NaN. No watermark is; such rows came in when the table was
   * made, and later ones do not come in. Absent without any.
   */
  rows_beyond_watermark?: number | null;
  /** `catalog.schema.table`. */
  target_table_full_name: string;
  /** Hash of the statements. */
  sql_hash: string;
  /** Columns. */
  column_count?: number | null;
}

/** Something alarming. */
export interface MetricsAlert {
  /** `freshness`, `null_rate`. */
  type: string;
  /** `warning`, `critical`. */
  severity: string;
  /** One sentence. */
  message: string;
  /** The run. */
  run_id: string;
  /** The column. */
  column?: string | null;
}

/** Of which model. */
export interface MetricsRequest {
  /** The model, or `catalog.schema.table` of a table that is none. */
  model?: string;
  /** The last 20 snapshots instead of the last one. */
  trend?: boolean;
  /** The share of NULLs of this column over time. */
  column?: string | null;
  /** Say what is alarming. */
  alerts?: boolean;
}

/** What was measured. */
export interface MetricsResponse {
  /** Engine version. */
  version: string;
  /** `metrics`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The model. */
  model: string;
  /** Newest first. */
  snapshots: MetricsSnapshot[];
  /** How many are listed. */
  count: number;
  /** What is alarming in them. */
  alerts?: MetricsAlert[];
  /** The column that was asked for. */
  column?: string | null;
  /** It over time, newest first. */
  column_trend?: ColumnTrend[];
  /** Why there is nothing. */
  message?: string | null;
}

/** What was measured in a run. */
export interface MetricsSnapshot {
  /** The run. */
  run_id: string;
  /** When (RFC 3339). */
  timestamp: string;
  /** The model. */
  model_name: string;
  /** Rows. */
  row_count: number;
  /** Seconds since the newest row. */
  freshness_lag_seconds?: number | null;
  /** By column, the share of NULLs from 0 to 1. */
  null_rates: Record<string, number>;
  /** The same once more, for clients that look for it here. */
  metrics: WireQuality;
}

/** Whether a model is built, and why. */
export interface ModelDecision {
  /** The model or table. */
  model: string;
  /** `build`, `skip`. */
  decision: string;
  /** Why. */
  reason: string;
}

/** A compiled model. */
export interface ModelDetail {
  /** Name. */
  name: string;
  /** How it is materialised. */
  strategy: WireStrategy;
  /** Where it goes. */
  target: WireTarget;
  /** Where its contract was found: `auto` (beside it) or `explicit`. */
  contract_source?: string | null;
  /** Models it depends on. */
  depends_on: string[];
  /** Relations it reads that are no models. */
  sources: string[];
  /** Output columns. */
  columns: WireColumn[];
  /** There are no other columns. */
  columns_complete: boolean;
  /** How sure they are. */
  coverage: WireCoverage;
  /** Its file, relative to the folder of `rocky.toml`. */
  file: string;
  /** `sql` or `rocky`. */
  language: string;
  /** The pipeline that runs it. */
  pipeline?: string | null;
  /** Layer of execution, from 0. */
  layer: number;
  /** Labels. */
  tags?: Record<string, string>;
  /** What it is for. */
  intent?: string | null;
  /** How old its newest row may be, where it or its folder says so. */
  freshness?: WireFreshness | null;
}

/** Executions of one model. */
export interface ModelHistory {
  /** Engine version. */
  version: string;
  /** `history`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The model. */
  model: string;
  /** Newest first; those that were tried. */
  executions: ModelRun[];
  /** How many are listed. */
  count: number;
}

/** The lineage of a model. */
export interface ModelLineage {
  /** Engine version. */
  version: string;
  /** `lineage`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The model, or the full name of a source. */
  model: string;
  /** Its columns. */
  columns: LineageColumn[];
  /** Relations it reads; with `depth`, all that many steps away. */
  upstream: string[];
  /** Models that read it; with `depth`, all that many steps away. */
  downstream: string[];
  /** Edges into its columns, then edges out of them; with `depth`, those between all relations above. */
  edges: LineageEdge[];
  /** Columns that decide about its rows. */
  influences: LineageInfluence[];
  /** False when there may be columns that are not listed. */
  columns_complete: boolean;
  /** Why there may be columns that are not listed. */
  incomplete_because?: string | null;
  /** Why there may be more columns that decide about its rows. */
  rows_unproved_because?: string | null;
  /** The relations that `edges` names, and the model. */
  nodes: LineageNode[];
}

/** One execution of a model. */
export interface ModelRun {
  /** The run. */
  run_id: string;
  /** The model. */
  model_name: string;
  /** When its first statement was sent. */
  started_at: string;
  /** When it ended. */
  finished_at: string;
  /** Milliseconds. */
  duration_ms: number;
  /** Rows written, where known. */
  rows_affected?: number | null;
  /** `Success`, `Failed`. */
  status: string;
  /** Hash of its statements. */
  sql_hash: string;
  /** Why it failed. */
  reason?: string | null;
}

/** The models. */
export interface ModelsStatus {
  /** There is a folder of models. */
  found: boolean;
  /** How many. */
  count: number;
  /** They have an order: no cycles, duplicates or unknown dependencies. */
  dag_valid: boolean;
}

/** How to open a project. */
export interface OpenRequest {
  /** `rocky.toml`, or the folder that holds it; `rocky.toml` of the current folder when absent. */
  config?: string | null;
  /** State file; `.rocky-state.redb` beside `rocky.toml` when absent. */
  state_path?: string | null;
  /** Models folder instead of the one the pipelines name; relative to the folder of `rocky.toml`. */
  models?: string | null;
  /** Folder of contracts; those beside models are found without it. */
  contracts?: string | null;
  /**
   * Folder of the compile cache; `.rocky/cache` beside `rocky.toml` when absent, none when empty. A folder that cannot be
   * written means that nothing is kept.
   */
  cache_dir?: string | null;
  /** Threads of the engine that is made when none is passed. */
  threads?: number | null;
}

/** A partition before and after. */
export interface PartitionChange {
  /** As it was; none when nothing was known of it. */
  before?: WirePartition | null;
  /** As it is; none when it was deleted. */
  after?: WirePartition | null;
}

/** The partitions of a model, counted. */
export interface PartitionCounts {
  /** The model. */
  model: string;
  /** In the target. */
  computed: number;
  /** Tried in vain. */
  failed: number;
  /** A run is at them, or was when it died. */
  in_progress: number;
  /** The first one. */
  first: string;
  /** The last one. */
  last: string;
}

/** A window of a time_interval model: a partition, or several that were computed as one. */
export interface PartitionInfo {
  /** The partition, the first one of a batch: `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026`. */
  key: string;
  /** Its first moment (RFC 3339, UTC). */
  start: string;
  /** The first moment after it. */
  end: string;
  /** The other partitions of the batch. */
  batched_with?: string[];
}

/** What became of the partitions of a model. */
export interface PartitionSummary {
  /** The model. */
  model: string;
  /** Partitions that were to be computed. */
  partitions_planned: number;
  /** Those that were. */
  partitions_succeeded: number;
  /** Those that failed; they are as they were before. */
  partitions_failed: number;
  /** Those that were not tried, or were interrupted. */
  partitions_skipped: number;
}

/** Grants and objects made. */
export interface PermissionSummary {
  /** Grants added. */
  grants_added: number;
  /** Grants revoked. */
  grants_revoked: number;
  /** Catalogs created. */
  catalogs_created: number;
  /** Schemas created. */
  schemas_created: number;
}

/** A pipeline. */
export interface PipelineStatus {
  /** Its name. */
  name: string;
  /** Its type. */
  pipeline_type: string;
  /** Of a replication pipeline. */
  strategy: string;
  /** Of a replication pipeline. */
  catalog_template: string;
  /** Of a replication pipeline. */
  schema_template: string;
  /** Nothing is wrong with it. */
  ok: boolean;
}

/** A plan. */
export interface PlanResponse {
  /** Engine version. */
  version: string;
  /** `plan`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** As given. */
  filter: string;
  /** The pipeline. */
  pipeline: string;
  /** Hash of everything planned; empty when there are errors. */
  plan_id: string;
  /** `run`. */
  plan_kind: string;
  /** When (RFC 3339). */
  created_at: string;
  /** The statements in the order of execution (models of one layer may run at once). */
  statements: PlannedStatement[];
  /** Names of the planned models, in the order of execution. */
  models: string[];
  /** Names of the planned models by layer; those of one layer may run at once. */
  execution_layers: string[][];
  /** More about each of them. */
  models_detail: PlannedModel[];
  /** Models that are left out, and why. */
  skipped?: SkippedModel[];
  /** Whether each model would be built, and why, when `skip_unchanged` is set. */
  model_decisions?: ModelDecision[];
  /** The run that would be gone on with. */
  resumed_from?: string | null;
  /** Tables of the sources that are not copied. */
  excluded_tables?: ExcludedTable[];
  /** Of several pipelines: the plan of each, in the order of execution. What stands above is all of them together. */
  pipelines?: PlanResponse[];
  /** Why nothing is planned now: it waits for another pipeline. */
  waits?: string | null;
  /** Findings. */
  diagnostics: WireDiagnostic[];
  /** True when one of them is an error: nothing is planned then. */
  has_errors: boolean;
}

/** A planned check. */
export interface PlannedCheck {
  /** Its name. */
  name: string;
  /** `row_count`, `column_match`, `freshness`, `null_rate`, `custom`, `anomaly`, `test`. */
  kind: string;
  /** `error`, `warning`. */
  severity: string;
  /** When it does not hold, the run fails and what reads the table is not run. */
  gates: boolean;
  /** It is evaluated when all tables are written. */
  deferred?: boolean;
  /** Its queries. */
  queries: string[];
}

/** What is done about columns that changed. */
export interface PlannedDrift {
  /** `add_columns`, `alter_column_types`, `drop_and_recreate`, `drop_columns`, `keep_columns`, `keep_column_types` … */
  action: string;
  /** The columns. */
  columns: string[];
  /** Why, in one line. */
  reason: string;
}

/** A planned model. */
export interface PlannedModel {
  /** Model name. */
  model: string;
  /** The relation it writes. */
  target: string;
  /** How. */
  strategy: string;
  /** Models of this plan that must succeed before. */
  depends_on: string[];
  /** Layer, from 0. */
  layer: number;
  /** Why these statements. */
  reason: string;
  /** All its statements are one transaction. */
  transaction: boolean;
  /** Hash of the statements. */
  sql_hash: string;
  /** How many statements. */
  statements: number;
  /** What is checked after them. */
  checks: PlannedCheck[];
  /**
   * time_interval and microbatch models: the partitions to be computed, batches as one. The statements that have `$start_date` and
   * `$end_date` are executed once for each of them, in a transaction of its own.
   */
  partitions?: PartitionInfo[] | null;
  /** So many of them at once. */
  parallel?: number | null;
  /** What it is: `model`, `table` … */
  kind: string;
  /** What orchestrators call it. */
  asset_key: string[];
  /** What is done about columns that changed. */
  drift?: PlannedDrift[];
  /** Why it will not be written, when that is known already. */
  error?: string | null;
}

/** A statement in short. */
export interface PlannedStatement {
  /** `create_schema`, `create_table`, `insert`, `merge` … */
  purpose: string;
  /** What it writes or reads. */
  target: string;
  /** The statement; values that are known when it runs stand as `$start_date`, `$end_date`, `$now`, `$run_id`. */
  sql: string;
  /** The model; none for set-up. */
  model?: string | null;
  /** `statement`, `guard`, `observe`, `check`. */
  kind: string;
}

/** The lineage of the whole project. */
export interface ProjectLineage {
  /** Engine version. */
  version: string;
  /** `lineage`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** Models by name, then sources by name. */
  models: ProjectLineageModel[];
  /** Their kinds and files, in the same order. */
  nodes: LineageNode[];
  /** All edges, by target. */
  edges: LineageEdge[];
  /** All columns that decide about rows, by model. */
  influences: LineageInfluence[];
}

/** A relation of a whole project. */
export interface ProjectLineageModel {
  /** Model name, or a source's full name. */
  model: string;
  /** Its columns. */
  columns: LineageColumn[];
  /** Relations it reads. */
  upstream: string[];
  /** False when there may be columns that are not listed. */
  columns_complete: boolean;
}

/** Rows that were set aside because they fail tests. */
export interface QuarantineEntry {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** `catalog.schema.table`. */
  table: string;
  /** `split`, `tag`, `drop`. */
  mode: string;
  /** Where they are (`split`). */
  quarantine_table?: string | null;
  /** Where the others are (`split`). */
  valid_table?: string | null;
  /** How many, where the engine says. */
  quarantined_rows?: number | null;
  /** The tests that decided. */
  tests: string[];
}

/** When to ask the warehouse for the schemas of sources. */
export type RefreshSources =
  /** Use what is declared and remembered. */
  | "never"
  /** Ask when something that is read is not known. */
  | "missing"
  /** Always ask. */
  | "always";

/** What happened to a relation. */
export type RelationChange =
  /** It is read and not in the file. */
  | "not_locked"
  /** It is in the file and not in the warehouse. */
  | "missing"
  /** Its columns, or comments, differ. */
  | "changed";

/** How a relation differs from the file. */
export interface RelationDrift {
  /** Its full name. */
  relation: string;
  /** How. */
  change: RelationChange;
  /** Models that read it. */
  readers: string[];
  /** Its columns that differ. */
  columns: ColumnDrift[];
}

/** Where the state is shared, and how this machine's file stands to it. */
export interface RemoteStateInfo {
  /** `s3`, `valkey`, `tiered`. */
  backend: string;
  /** Where it is, without secrets. */
  location: string;
  /** Number of the upload that the local file began with or put there last. */
  generation?: number | null;
  /** The run that made this upload. */
  run_id?: string | null;
  /** When the local file and the remote state were the same (RFC 3339); none when they never were. */
  synced_at?: string | null;
  /** The local file may hold something that is not there. */
  unsynced: boolean;
  /** Why the last upload failed, if it did. */
  last_error?: string | null;
}

/** What a run did with the remote state. */
export interface RemoteStateSummary {
  /** `s3`, `valkey`, `tiered`. */
  backend: string;
  /** Where it is, without secrets. */
  location: string;
  /** Number of the upload that is there. */
  generation?: number | null;
  /** Everything of this run is there. */
  uploaded: boolean;
  /** Why not. */
  error?: string | null;
  /** What to do about it. */
  remediation_hint?: string | null;
  /** The file that has this run's state, when it is not there. */
  kept_at?: string | null;
  /** What was odd, without consequence for this run. */
  warnings?: string[];
}

/** An answer as text. */
export interface RenderedLineage {
  /** Engine version. */
  version: string;
  /** `lineage`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The format that was asked for. */
  format: LineageFormat;
  /** What the text is: `text/vnd.graphviz`, `text/html` and so on. */
  media_type: string;
  /** The text. */
  rendered: string;
}

/** A column of a source, as a request states it. */
export interface RequestColumn {
  /** Its name. */
  name: string;
  /** Its type in the warehouse's spelling. */
  type: string;
  /** May hold NULL; true when absent. */
  nullable: boolean;
}

/** Rows of one key, or without a key one row, that differ. */
export interface RowDifference {
  /** `changed`, `only_in_production`, `only_in_shadow`. */
  kind: string;
  /** The key; empty without one. */
  key: Record<string, unknown>;
  /** So many rows in production. */
  production_rows: number;
  /** So many in the shadow. */
  shadow_rows: number;
  /** What differs of a changed row, when each side has one. */
  changes?: CellDifference[];
  /** The other columns of a row that only one side has. */
  row?: Record<string, unknown>;
}

/** A run. */
export interface RunEntry {
  /** Its name. */
  run_id: string;
  /** The pipeline. */
  pipeline: string;
  /** When it began. */
  started_at: string;
  /** When it ended; for one that has not, when it began. */
  finished_at: string;
  /** `Success`, `PartialFailure`, `Failure`. */
  status: string;
  /** It was cancelled or killed, or is still running. */
  interrupted: boolean;
  /** `Manual`, `Sensor`, `Schedule`, `Ci`. */
  trigger: string;
  /** Models that were executed. */
  models_executed: number;
  /** Milliseconds. */
  duration_ms: number;
  /** Hash of the configuration. */
  config_hash: string;
  /** The plan. */
  plan_id: string;
  /** The filter it was given. */
  filter?: string;
  /** The run it goes on with. */
  resumed_from?: string | null;
  /** Of a run over several pipelines: the run of the first of them, which is its name. `run --dag --resume` takes it. */
  joint_run_id?: string | null;
  /** Hash of the project's graph. */
  graph_hash?: string | null;
  /** Why no model ran. */
  error?: string | null;
  /** Its models. */
  models: RunModel[];
}

/** A failed model. */
export interface RunErrorEntry {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** The model. */
  model: string;
  /** What the engine said. */
  error: string;
  /** `timeout`, `circuit_open`, `transient`, `rate_limited`, `conflict`; otherwise `warehouse`, `locked`, `cancelled` … or `compile`. */
  failure_kind: string;
  /** How often it was begun; 0 when it was not. */
  attempt_count?: number;
  /** The attempts before the last, when there were some. */
  retries?: WireRetry[];
  /** The partition that failed, the first one of a batch. */
  partition?: string | null;
  /** The statement's purpose. */
  step?: string | null;
  /** What to do. */
  remediation_hint?: string | null;
}

/** Past runs. */
export interface RunHistory {
  /** Engine version. */
  version: string;
  /** `history`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** Newest first. */
  runs: RunEntry[];
  /** How many are listed. */
  count: number;
}

/** A model in a run. */
export interface RunModel {
  /** Model name. */
  model_name: string;
  /** When its first statement was sent; none when it was not tried. */
  started_at?: string | null;
  /** When it ended. */
  finished_at?: string | null;
  /** Milliseconds. */
  duration_ms: number;
  /** Rows written, where known. */
  rows_affected?: number | null;
  /** `Success`, `Failed`, `Skipped`. */
  status: string;
  /** Hash of its statements. */
  sql_hash: string;
  /** Why it failed or was skipped. */
  reason?: string | null;
}

/** What to run, or to plan: `plan` shows what `run` would do with the same request. */
export interface RunRequest {
  /** The pipeline; needed when there are several. */
  pipeline?: string | null;
  /**
   * Only these models: names, patterns (`stg_*`), `tag:KEY`, `tag:KEY=VALUE`, `path:GLOB`, `changed:REVISION` (edited since that git
   * revision, or different from that folder), with `+` before for everything they read and `+` after for everything that reads
   * them (`2+fct_orders`: two steps). `,` within one is an intersection.
   */
  models?: string[];
  /** Not these, written likewise. */
  exclude?: string[];
  /**
   * Which sources of a replication are meant: `key=value` with `id` (the source's schema), `table`, or a component of the
   * pattern as key. Several with one key are alternatives. Other pipelines have no sources; there it is only echoed.
   */
  filter?: Filters | null;
  /** All pipelines, each after those it depends on. */
  dag?: boolean;
  /** With a replication pipeline, the project's models too. */
  all?: boolean;
  /** Rebuild incremental models from scratch. */
  full_refresh?: boolean;
  /** Models at a time. */
  concurrency?: number | null;
  /**
   * time_interval and microbatch models: compute this partition, `2026-04-07T13`, `2026-04-07`, `2026-04` or `2026` by the model's
   * granularity, in UTC. Dagster's keys (`2026-04-07-13:00`, `2026-04-01` for a month) are taken too; in a step that Dagster started for
   * a partition it is that one when nothing is said of partitions.
   */
  partition?: string | null;
  /** Compute the partitions from this one … */
  from?: string | null;
  /** … to this one, both included. */
  to?: string | null;
  /** Compute the partition that contains now; so it is when nothing is said. */
  latest?: boolean;
  /** Compute the partitions from the model's `first_partition` to now that are not computed. */
  missing?: boolean;
  /** So many more partitions before the earliest, instead of the model's `lookback`. */
  lookback?: number | null;
  /** Partitions of a model at a time, 1 when not said; without `concurrency` also models at a time. */
  parallel?: number | null;
  /** Values for `@var`. */
  vars?: Record<string, string>;
  /**
   * Go on with this run: what succeeded in it, or in those that it went on with, is not done again. With `dag` or `all` the run of any of
   * the pipelines names the run of all.
   */
  resume?: string | null;
  /** Go on with the last run of this pipeline and filter, or with `dag` or `all` of these pipelines, that did not do everything. */
  resume_latest?: boolean;
  /**
   * Leave models alone whose query means what it meant and whose inputs did not change since they were built. The rows of sources are
   * hashed for that where the warehouse keeps no versions.
   */
  skip_unchanged?: boolean;
  /** Build everything, even when `[run] skip_unchanged` is set. */
  force_rebuild?: boolean;
  /** Write shadows beside the tables, and nothing else: no table of production, no state. `compare` says how they differ. */
  shadow?: boolean;
  /** What is appended to the names of shadows; `_rocky_shadow` when neither this nor a schema is given. */
  shadow_suffix?: string | null;
  /** The schema of shadows; made when it is not there. */
  shadow_schema?: string | null;
  /** Run once for each key: a second run with it is refused while the first is under way, and does nothing after it succeeded. */
  idempotency_key?: string | null;
}

/** The result of a run. */
export interface RunResponse {
  /** Engine version. */
  version: string;
  /** `run`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The run; empty when nothing was started. */
  run_id: string;
  /** `Success`, `PartialFailure`, `Failure`; of one of several pipelines also `Skipped`. */
  status: string;
  /** It was cancelled before everything was done. */
  interrupted: boolean;
  /** `transformation`. */
  pipeline_type: string;
  /** The pipeline. */
  pipeline: string;
  /** The plan that was executed. */
  plan_id: string;
  /** As given. */
  filter: string;
  /** It wrote shadows, and nothing else. */
  shadow?: boolean;
  /** When it began (RFC 3339). */
  started_at?: string | null;
  /** Milliseconds. */
  duration_ms: number;
  /** Models written. */
  tables_copied: number;
  /** Models failed. */
  tables_failed: number;
  /** Models not executed. */
  tables_skipped: number;
  /** What was written. */
  materializations: Materialization[];
  /** Partitions of the time_interval models. */
  partition_summaries?: PartitionSummary[];
  /** Checks of what was written, or of the tables of a quality pipeline. */
  check_results: CheckResults[];
  /** Checks that did not hold and fail the run. */
  checks_failed: number;
  /** Other checks that did not hold. */
  checks_warned: number;
  /** Tables whose number of rows is far from that of earlier runs. */
  anomalies?: AnomalyEntry[];
  /** Rows that were set aside. */
  quarantine?: QuarantineEntry[];
  /** Failures. */
  errors: RunErrorEntry[];
  /** Models that were not executed, and why. */
  skipped: SkippedModel[];
  /** How it was executed. */
  execution: ExecutionSummary;
  /** Objects made. */
  permissions: PermissionSummary;
  /** Drift. */
  drift: DriftSummary;
  /** Tables of the sources that are not copied. */
  excluded_tables?: ExcludedTable[];
  /**
   * Of several pipelines: the result of each, in the order of execution. What stands beside is all of them together,
   * and `run_id` is that of the first.
   */
  pipelines?: RunResponse[];
  /** Why this pipeline was not tried (`status` is `Skipped` then). */
  skipped_reason?: string | null;
  /** Findings of the compile. */
  diagnostics: WireDiagnostic[];
  /** True when errors in the models kept the run from starting. */
  has_errors: boolean;
  /** Why the state store lacks something of this run, if it does. */
  state_error?: string | null;
  /** What became of the remote state, where the project has one. */
  remote_state?: RemoteStateSummary | null;
  /** The run that it went on with; of a pipeline that was done before, the run that had done it. */
  resumed_from?: string | null;
  /** Whether each model was built, and why, when `skip_unchanged` is set. */
  model_decisions?: ModelDecision[];
  /** As given. */
  idempotency_key?: string | null;
  /** The run that had the same key, when this one did nothing for it. */
  skipped_by_run_id?: string | null;
  /** Numbers of this run; null when nothing was started. */
  metrics?: WireMetrics | null;
  /** What hooks did, when there are some. */
  hooks?: WireHooks | null;
  /** Limits of `[budget]` that it went over. */
  budget_breaches?: WireBudgetBreach[];
}

/** What was written. */
export interface ScaffoldResponse {
  /** Engine version. */
  version: string;
  /** `init` or `playground`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The folder. */
  path: string;
  /** The template. */
  template: string;
  /** Files, relative to the folder. */
  files: string[];
  /** Tables with data, and their rows. */
  tables: [string, number][];
  /** What to do next. */
  next_steps: string[];
}

/** Which seeds. */
export interface SeedRequest {
  /** The folder, `seeds` when it is not said. */
  seeds?: string | null;
  /** Only the seed of this name. */
  filter?: string | null;
  /** The pipeline whose warehouse is meant; needed when they write to several. */
  pipeline?: string | null;
}

/** What was made. */
export interface SeedResponse {
  /** Engine version. */
  version: string;
  /** `seed`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The folder. */
  seeds_dir: string;
  /** Tables made. */
  tables_loaded: number;
  /** Seeds of which none was made. */
  tables_failed: number;
  /** The seeds. */
  tables: SeededTable[];
  /** The run; empty when nothing was started. */
  run_id: string;
  /** `Success`, `PartialFailure`, `Failure`. */
  status: string;
  /** It was cancelled before everything was done. */
  interrupted: boolean;
  /** When it began (RFC 3339). */
  started_at?: string | null;
  /** Milliseconds. */
  duration_ms: number;
  /** Checks of what was written. */
  check_results: CheckResults[];
  /** Checks that did not hold and fail the run. */
  checks_failed: number;
  /** Other checks that did not hold. */
  checks_warned: number;
  /** Tables whose number of rows is far from that of earlier runs. */
  anomalies?: AnomalyEntry[];
  /** Rows that were set aside. */
  quarantine?: QuarantineEntry[];
  /** Failures. */
  errors: RunErrorEntry[];
  /** Findings in the configuration. */
  diagnostics: WireDiagnostic[];
  /** True when errors in the configuration kept the run from starting. */
  has_errors: boolean;
  /** Why the state store lacks something of this run, if it does. */
  state_error?: string | null;
  /** What became of the remote state, where the project has one. */
  remote_state?: RemoteStateSummary | null;
  /** Numbers of this run; null when nothing was started. */
  metrics?: WireMetrics | null;
  /** What hooks did, when there are some. */
  hooks?: WireHooks | null;
  /** Limits of `[budget]` that it went over. */
  budget_breaches?: WireBudgetBreach[];
}

/** A table. */
export interface SeededTable {
  /** The seed's name. */
  name: string;
  /** `catalog.schema.table`. */
  target: string;
  /** Its file. */
  file: string;
  /** Rows written. */
  rows: number;
  /** Its columns. */
  columns: number;
  /** Milliseconds. */
  duration_ms: number;
  /** Why it was not written. */
  error?: string | null;
}

/** A model that was not executed. */
export interface SkippedModel {
  /** Catalog, schema, table. */
  asset_key: string[];
  /** The model. */
  model: string;
  /** Why. */
  reason: string;
}

/** A schema that looks like a source but does not fit the pattern. */
export interface SkippedSchema {
  /** The schema. */
  schema: string;
  /** Why. */
  reason: string;
}

/** Which snapshot. */
export interface SnapshotRequest {
  /** The pipeline, of type snapshot; needed when there are several of them. */
  pipeline?: string | null;
  /** Show the steps and execute none. */
  dry_run?: boolean;
}

/** What was done. */
export interface SnapshotResponse {
  /** Engine version. */
  version: string;
  /** `snapshot`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The pipeline. */
  pipeline: string;
  /** The table whose history is kept, as configured. */
  source: string;
  /** Where it is kept. */
  target: string;
  /** Nothing was executed. */
  dry_run: boolean;
  /** Steps. */
  steps_total: number;
  /** Steps that took effect. */
  steps_ok: number;
  /** Versions that were added. */
  rows_inserted: number;
  /** The steps, in order, up to one that failed. */
  steps: SnapshotStep[];
  /** The run; empty when nothing was started. */
  run_id: string;
  /** `Success`, `PartialFailure`, `Failure`. */
  status: string;
  /** It was cancelled before everything was done. */
  interrupted: boolean;
  /** When it began (RFC 3339). */
  started_at?: string | null;
  /** Milliseconds. */
  duration_ms: number;
  /** Checks of what was written. */
  check_results: CheckResults[];
  /** Checks that did not hold and fail the run. */
  checks_failed: number;
  /** Other checks that did not hold. */
  checks_warned: number;
  /** Tables whose number of rows is far from that of earlier runs. */
  anomalies?: AnomalyEntry[];
  /** Rows that were set aside. */
  quarantine?: QuarantineEntry[];
  /** Failures. */
  errors: RunErrorEntry[];
  /** Findings in the configuration. */
  diagnostics: WireDiagnostic[];
  /** True when errors in the configuration kept the run from starting. */
  has_errors: boolean;
  /** Why the state store lacks something of this run, if it does. */
  state_error?: string | null;
  /** What became of the remote state, where the project has one. */
  remote_state?: RemoteStateSummary | null;
  /** Numbers of this run; null when nothing was started. */
  metrics?: WireMetrics | null;
  /** What hooks did, when there are some. */
  hooks?: WireHooks | null;
  /** Limits of `[budget]` that it went over. */
  budget_breaches?: WireBudgetBreach[];
}

/** A statement. */
export interface SnapshotStep {
  /** `initial_load`; `merge_1`, `merge_2` … for the statements that bring an existing history up to date; else as `purpose`. */
  step: string;
  /** `create_schema`, `check_keys`, `initial_load`, `add_column`, `close_changed`, `close_deleted`, `insert` … */
  purpose: string;
  /** Its text. */
  sql: string;
  /** `ok`; `error`; `rolled_back`: undone because a later one failed; `dry_run`. */
  status: string;
  /** Rows it changed, where the engine says. */
  rows?: number | null;
  /** Milliseconds. */
  duration_ms: number;
  /** What the engine said. */
  error?: string | null;
}

/** A source. */
export interface SourceEntry {
  /** The schema it was found as. */
  id: string;
  /** Components parsed from its name; of a transformation pipeline, `schema`. */
  components: Record<string, ComponentValue>;
  /** The adapter's type. */
  source_type: string;
  /** When it was last synchronised, where the source knows. */
  last_sync_at?: string | null;
  /** Its tables. */
  tables: TableEntry[];
}

/** Where something is said. */
export interface SourceSpan {
  /** Path relative to the folder of `rocky.toml`. */
  file: string;
  /** Line, from 1. */
  line: number;
  /** Column in characters, from 1. */
  col: number;
  /** Line of the end. */
  end_line: number;
  /** Column after the last character. */
  end_col: number;
  /** First byte. */
  start: number;
  /** One past the last byte. */
  end: number;
}

/** What to do with the state store. */
export type StateAction =
  /** Show watermarks and partitions. */
  | "show"
  /** Say what is wrong. */
  | "check"
  /** Put it right. */
  | "repair"
  /** Forget one watermark or partition. */
  | "delete"
  /** Set one watermark or partition. */
  | "set"
  /** Write everything as JSON. */
  | "export"
  /** Take in what was exported. */
  | "import"
  /** Forget what `[state.retention]` says, without waiting for the next run. */
  | "sweep";

/** One of the documents, by action. */
export type StateAnswer =
  /** `show`. */
  | StateResponse
  /** `check`, `repair`. */
  | StateAudit
  /** `sweep`. */
  | StateSweep
  /** `export`, `import`. */
  | StateTransfer
  /** `delete`, `set`. The last one: what must be in it is in all the others too. */
  | StateChange;

/** What is wrong in the state store. */
export interface StateAudit {
  /** Engine version. */
  version: string;
  /** `state_check`, `state_repair`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The state file. */
  state_path: string;
  /** Nothing is wrong, or nothing is left that is wrong. */
  ok: boolean;
  /** It was put right. */
  applied: boolean;
  /** What is wrong, or was. */
  findings: WireFinding[];
  /** Rows by table of the store. */
  tables: Record<string, number>;
  /** Models and targets of the project were compared with the store. */
  compared_with_project: boolean;
  /** Why not, or why only in part. */
  not_compared?: string | null;
}

/** What was changed. */
export interface StateChange {
  /** Engine version. */
  version: string;
  /** `state_delete`, `state_set`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The state file. */
  state_path: string;
  /** The watermark. */
  watermark?: WatermarkChange | null;
  /** The partition. */
  partition?: PartitionChange | null;
}

/** What to do. Fields that the action does not use are refused. */
export interface StateRequest {
  /** `show` when absent. */
  action?: StateAction;
  /** `show`: list the partitions of this model. `delete`, `set`: the model of the partition. */
  model?: string | null;
  /** `repair`: do it; without it, only say what would be done. */
  apply?: boolean;
  /** `delete`, `set`: the watermark of this table, `catalog.schema.table`. */
  watermark?: string | null;
  /** `delete`, `set`: this partition of the model: `2026-01-31T23`, `2026-01-31`, `2026-01`, `2026`. */
  partition?: string | null;
  /** `set`: the watermark's value as the engine writes it, or `Computed` or `Failed` for a partition. */
  value?: string | null;
  /** `export`, `import`: the file, from the working directory. */
  path?: string | null;
  /** `import`: what happens to what is there. */
  over?: ImportOver;
}

/** What the state store holds. */
export interface StateResponse {
  /** Engine version. */
  version: string;
  /** `state`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The state file. */
  state_path: string;
  /** Version of the store that this engine writes. */
  schema_version_supported: number;
  /** Version of the store on disk; none when there is no file. */
  schema_version_on_disk?: number | null;
  /** Watermarks by table. */
  watermarks: Watermark[];
  /** By model, how many partitions are how far. */
  partitions?: PartitionCounts[];
  /** The partitions of the model that was asked for. */
  model_partitions?: WirePartition[] | null;
  /** Rows by table of the store. */
  tables?: Record<string, number>;
  /** Where it is shared, where it is. */
  remote?: RemoteStateInfo | null;
}

/** What was forgotten. */
export interface StateSweep {
  /** Engine version. */
  version: string;
  /** `state_sweep`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The state file. */
  state_path: string;
  /** Runs. */
  runs: number;
  /** Models in them. */
  models: number;
  /** Measurements of them. */
  measurements: number;
  /** Snapshots of the graph. */
  graphs: number;
}

/** What was written or taken in. */
export interface StateTransfer {
  /** Engine version. */
  version: string;
  /** `state_export`, `state_import`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** The state file. */
  state_path: string;
  /** The file. */
  path: string;
  /** Rows written. */
  rows: number;
  /** `import`: by table of the store. */
  tables?: Record<string, number>;
  /** `import` with `merge`: rows that were left out because what is there is newer or the same. */
  kept?: number;
}

/** A table of a source. */
export interface TableEntry {
  /** Its name. */
  name: string;
  /** Rows, where the source knows. */
  row_count?: number | null;
}

/** A warehouse's dialect. */
export type TargetDialect =
  /** Databricks SQL. */
  | "databricks"
  /** Snowflake. */
  | "snowflake"
  /** GoogleSQL of BigQuery. */
  | "bigquery"
  /** DuckDB. */
  | "duckdb";

/** A failure. */
export interface TestFailure {
  /** The model, or `seed`. */
  name: string;
  /** What went wrong. */
  error: string;
}

/** What to test. */
export interface TestRequest {
  /** Only this model; when models are executed, with what it reads. */
  model?: string | null;
  /** Instead of executing models locally: evaluate the tests of their sidecars (`[[tests]]`) in the warehouse. */
  declarative?: boolean;
  /** The pipeline whose warehouse and models are meant (`declarative`). */
  pipeline?: string | null;
  /** Only tests of these names; models are not executed for themselves then. */
  tests?: string[];
  /** Values for `@var`. */
  vars?: Record<string, string>;
}

/** The result. */
export interface TestResponse {
  /** Engine version. */
  version: string;
  /** `test`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** Models and unit tests, or declarative tests. */
  total: number;
  /** Models whose statements succeeded, tests that hold. */
  passed: number;
  /** Models that failed, could not be reached, or do not compile; tests that fail. */
  failed: number;
  /** One for each of them. */
  failures: TestFailure[];
  /** Findings of the compile. */
  diagnostics: WireDiagnostic[];
  /** Tables that were made empty because a source's columns are known and the seed did not make it. */
  empty_sources: string[];
  /** The models were not executed: they are written for another warehouse, and only unit tests of them are. */
  models_not_executed?: boolean;
  /** Unit tests of models (`[[test]]`). */
  unit_tests?: UnitTests | null;
  /** Declarative tests of tables (`[[tests]]`). */
  declarative?: Declarative | null;
}

/** From where on a difference counts. Shares are fractions of production's rows: 0.01 is one per cent. */
export interface Thresholds {
  /** A larger difference of the numbers of rows warns … */
  row_count_diff_pct_warn?: number;
  /** … and fails. */
  row_count_diff_pct_fail?: number;
  /** A larger share of rows that differ warns … */
  row_diff_pct_warn?: number;
  /** … and fails. */
  row_diff_pct_fail?: number;
  /** Columns in another order only warn. */
  allow_column_order_diff?: boolean;
}

/** A hook that was tried. */
export interface TriedHook {
  /** `shell`, `webhook`. */
  kind: string;
  /** The command's first line, or method and host of the request. */
  hook: string;
  /** `Abort`, `Warn`, `Ignore`. */
  on_failure: string;
  /** Did it succeed? */
  ok: boolean;
  /** Why it failed. */
  message?: string | null;
  /** The end of what it printed. */
  output?: string | null;
  /** Milliseconds. */
  duration_ms: number;
}

/** A row that is not as expected. */
export interface UnitDifference {
  /** `changed`, `missing`, `unexpected`. */
  kind: string;
  /** Number of the expected row, from 1; none for an unexpected one. */
  row?: number | null;
  /** Columns whose values differ (`changed`). */
  columns?: string[];
  /** The expected row, as text; null is NULL. */
  expected?: Record<string, string | null> | null;
  /** The row that the model gave. */
  actual?: Record<string, string | null> | null;
}

/** A unit test. */
export interface UnitTestResult {
  /** Model name. */
  model: string;
  /** The test's name. */
  name: string;
  /** What it is about. */
  description?: string | null;
  /**
   * `pass`, `fail`; `error` when it could not be executed; `refused` when DuckDB does it differently than the model's
   * warehouse.
   */
  status: string;
  /** Why. */
  detail?: string | null;
  /** How many rows differ. */
  differing_rows: number;
  /** The first of them. */
  differences?: UnitDifference[];
  /** Milliseconds. */
  duration_ms: number;
}

/** All unit tests. */
export interface UnitTests {
  /** How many. */
  total: number;
  /** Those that gave what was expected. */
  passed: number;
  /** Those that gave something else, or could not be executed. */
  failed: number;
  /** Those that DuckDB cannot stand in for. */
  refused: number;
  /** Each of them. */
  results: UnitTestResult[];
}

/** A finding. */
export interface ValidateMessage {
  /** `ok`, `warn`, `error`, `lint`. */
  severity: string;
  /** `V001` …, `L001` …, or the code of a diagnostic. */
  code: string;
  /** One line. */
  message: string;
  /** The file. */
  file?: string | null;
  /** The key. */
  field?: string | null;
  /** The place. */
  span?: SourceSpan | null;
  /** What to do. */
  suggestion?: string | null;
}

/** Nothing to say. */
export type ValidateRequest = Record<string, never>;

/** The result. */
export interface ValidateResponse {
  /** Engine version. */
  version: string;
  /** `validate`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** No message is an error. */
  valid: boolean;
  /** Adapters. */
  adapters: AdapterStatus[];
  /** Pipelines. */
  pipelines: PipelineStatus[];
  /** Models. */
  models: ModelsStatus;
  /** Findings. */
  messages: ValidateMessage[];
}

/** The progress of one table. */
export interface Watermark {
  /** `catalog.schema.table`. */
  table: string;
  /**
   * The greatest value of the watermark column after the last run: RFC 3339 for dates and times, else as the engine
   * writes it.
   */
  last_value: string;
  /** The same as the engine writes it. */
  raw_value: string;
  /** When it was read (RFC 3339). */
  updated_at: string;
}

/** A watermark before and after. */
export interface WatermarkChange {
  /** `catalog.schema.table`. */
  table: string;
  /** As it was; none when there was none. */
  before?: Watermark | null;
  /** As it is; none when it was deleted. */
  after?: Watermark | null;
}

/** A file as it would be. */
export interface WhatIfEdit {
  /** Path relative to the folder of `rocky.toml`. */
  path: string;
  /** The whole new text; `null` when the file would be gone. */
  text: string | null;
  /** The file would be gone: the same as a `text` of `null`, for languages that cannot write one. */
  remove?: boolean;
}

/** How the plan of a model would change. */
export interface WhatIfPlan {
  /** The model; absent for the set-up that comes before all models. */
  model?: string | null;
  /** `added`, `removed`, `changed`. */
  change: string;
  /** Its statements now. */
  old: PlannedStatement[];
  /** Its statements then. */
  new: PlannedStatement[];
}

/** What would be different. */
export interface WhatIfRequest {
  /** Files. */
  edits?: WhatIfEdit[];
  /** All columns of sources, by their names (`schema.table`, or with the catalog before). */
  source_schemas?: Record<string, RequestColumn[]>;
  /** Values for `@var`, on both sides. */
  vars?: Record<string, string>;
  /** Leave out the difference of the plans. */
  without_plan?: boolean;
  /**
   * Compare with what this handle compiled last with these variables, without looking whether files changed since: what
   * an editor wants at each key. Without such a compile, as if it were false.
   */
  from_last?: boolean;
}

/** What would follow. */
export interface WhatIfResponse {
  /** Engine version. */
  version: string;
  /** `what_if`. */
  command: string;
  /** Version of the documents' shapes. */
  schema_version: number;
  /** How many of each. */
  summary: DiffSummary;
  /** Findings that would be new. */
  diagnostics_new: WireDiagnostic[];
  /** Findings that would be gone. */
  diagnostics_fixed: WireDiagnostic[];
  /** True when the edited project has an error, new or old. */
  has_errors: boolean;
  /** What others might not survive. */
  breaking: DiffBreaking[];
  /** Models that would differ, in order of execution. */
  models: DiffModel[];
  /** Sources whose columns would differ. */
  sources: DiffSource[];
  /** Contracts of the models that would differ. */
  contracts: DiffContract[];
  /** Column lineage that would be new. */
  edges_added: DiffEdge[];
  /** Column lineage that would be gone. */
  edges_removed: DiffEdge[];
  /** Models whose statements would change. */
  plan: WhatIfPlan[];
  /** Models that would differ and of which no plan can be made. */
  unplanned: WhatIfUnplanned[];
  /** Edited files that the project does not read. */
  edits_without_effect: string[];
  /** How long it took. */
  timings: WhatIfTimings;
}

/** How long it took, in milliseconds. */
export interface WhatIfTimings {
  /** Compiling the project as it is. */
  base_ms: number;
  /** Compiling it with the edits. */
  edited_ms: number;
  /** Comparing the two. */
  compare_ms: number;
  /** Planning both. */
  plan_ms: number;
}

/** A model of which the plan cannot be told. */
export interface WhatIfUnplanned {
  /** The model. */
  model: string;
  /** Why. */
  reason: string;
}

/** A limit of `[budget]` that a run went over. */
export interface WireBudgetBreach {
  /** The key of `[budget]`. */
  budget: string;
  /** What it allows. */
  limit: number;
  /** What the run took. */
  actual: number;
}

/** A typed column. */
export interface WireColumn {
  /** Name as the warehouse would give it. */
  name: string;
  /** Type in the warehouse's spelling; `UNKNOWN` when it cannot be told. */
  type: string;
  /** May hold NULL. */
  nullable: boolean;
  /** How sure type and nullability are. */
  status: ColumnState;
  /** `assumed`: the relation whose remembered columns it rests on, the oldest when there are several. */
  assumed_from?: string | null;
  /** `assumed`: seconds since that relation was read; absent when not known. */
  age_seconds?: number | null;
  /** `unknown`: why the type, or a part of it, is not known. */
  reason?: string | null;
  /** `unknown`: the expression that could not be typed. */
  span?: SourceSpan | null;
}

/** How many columns are how sure. */
export interface WireCoverage {
  /** All columns; a model whose columns could not all be listed counts one unknown column more. */
  columns: number;
  /** Proven ones. */
  proven: number;
  /** Assumed ones. */
  assumed: number;
  /** Unknown ones. */
  unknown: number;
  /** The share of proven ones, from 0 to 1; 1 when there are no columns. */
  ratio: number;
}

/** Something a user should change. */
export interface WireDiagnostic {
  /** `Error`, `Warning`, `Info`. */
  severity: string;
  /** `E100`; `rocky explain E100` tells more. */
  code: string;
  /** One line. */
  message: string;
  /** The model, or empty for what belongs to none. */
  model: string;
  /** The offending characters. */
  span?: SourceSpan | null;
  /** What to do. */
  suggestion?: string | null;
  /** Why this place is wrong. */
  label?: string | null;
  /** Other places. */
  notes?: WireNote[];
  /** A safe edit. */
  fix?: WireFix | null;
}

/** One replacement. */
export interface WireEdit {
  /** What to replace; an empty span inserts. */
  span?: SourceSpan | null;
  /** The new text. */
  text: string;
}

/** Something wrong. */
export interface WireFinding {
  /** `unreadable_value`, `lost_run`, `unlisted_run`, `orphan_progress`, `stale_partitions`, `gone_model`, `orphan_watermark`. */
  kind: string;
  /** The table of the store. */
  table: string;
  /** The key, or its beginning. */
  key: string[];
  /** Rows concerned. */
  rows: number;
  /** One sentence. */
  message: string;
  /** What repairing does, or did. */
  repair: string;
}

/** A replacement that makes the diagnostic go away. */
export interface WireFix {
  /** What it does. */
  title: string;
  /** The edits; they do not overlap. */
  edits: WireEdit[];
}

/** How old the newest row of a model may be. */
export interface WireFreshness {
  /** In seconds. */
  max_lag_seconds: number;
  /** The column that tells the age of a row; that of the model's strategy when absent. */
  time_column?: string | null;
  /** `error` or `warning`: what it is when it is older. */
  severity: string;
}

/** A hook that failed. */
export interface WireHookFailure {
  /** `on_…`. */
  event: string;
  /** `shell`, `webhook`. */
  kind: string;
  /** The command's first line, or method and host of the request. */
  hook: string;
  /** The model or table that it was told of. */
  subject?: string | null;
  /** `abort`, `warn`. */
  on_failure: string;
  /** Why it failed. */
  message: string;
  /** Milliseconds. */
  duration_ms: number;
}

/** What hooks did in a run. */
export interface WireHooks {
  /** How many were run. */
  fired: number;
  /** How many failed. */
  failed: number;
  /** The first hundred of those that failed, without those that are to be ignored. */
  failures: WireHookFailure[];
}

/** Numbers of one run. Percentiles are values that occurred. */
export interface WireMetrics {
  /** Tables and models that were tried. */
  tables_processed: number;
  /** Those that failed. */
  tables_failed: number;
  /** Their share, in whole per cents. */
  error_rate_pct: number;
  /** Statements sent: those of the set-up and of each table's last attempt. */
  statements_executed: number;
  /** Attempts after the first of a table. */
  retries_attempted: number;
  /** Tables that succeeded in such an attempt. */
  retries_succeeded: number;
  /** Counts far from what they used to be. */
  anomalies_detected: number;
  /** Half of the tables took no longer, in milliseconds. */
  table_duration_p50_ms: number;
  /** Nineteen of twenty tables took no longer. */
  table_duration_p95_ms: number;
  /** The longest table. */
  table_duration_max_ms: number;
  /** Half of the statements took no longer, in milliseconds. */
  query_duration_p50_ms: number;
  /** Nineteen of twenty statements took no longer. */
  query_duration_p95_ms: number;
  /** The longest statement. */
  query_duration_max_ms: number;
}

/** Another place a diagnostic speaks of. */
export interface WireNote {
  /** Where. */
  span?: SourceSpan | null;
  /** What about it. */
  text: string;
}

/** A partition of a model. */
export interface WirePartition {
  /** The model. */
  model_name: string;
  /** Its key. */
  partition_key: string;
  /** `Computed`, `Failed`, `InProgress`. */
  status: string;
  /** When it got this status (RFC 3339). */
  computed_at: string;
  /** Rows in it, where known. */
  row_count?: number | null;
  /** Milliseconds; of the whole batch when it was computed in one. */
  duration_ms: number;
  /** The run that was at it last. */
  run_id: string;
  /** Hash of its contents, where one is taken. */
  checksum?: string | null;
  /** First and last key of the batch that it was computed in. */
  batch?: string | null;
  /** Why it failed. */
  error?: string | null;
}

/** Measurements. */
export interface WireQuality {
  /** Rows. */
  row_count: number;
  /** Seconds since the newest row. */
  freshness_lag_seconds?: number | null;
  /** By column, the share of NULLs from 0 to 1. */
  null_rates: Record<string, number>;
}

/** An attempt that was followed by another. */
export interface WireRetry {
  /** Which one, from 1. */
  attempt: number;
  /** Why there was another: `transient`, `rate_limited`, `conflict`, `table_retry`, `replanned`. */
  reason: string;
  /** What went wrong. */
  error: string;
  /** Milliseconds waited before the next. */
  wait_ms: number;
}

/** A strategy with its settings. */
export type WireStrategy =
  /** Replace the table. */
  | {
    type: "full_refresh";
  }
  /** Append past the watermark. */
  | {
    type: "incremental";
    /** Watermark column. */
    timestamp_column: string;
    /** How far before the watermark rows are taken again: `3 days`. */
    lookback_span?: string | null;
  }
  /** Upsert. */
  | {
    type: "merge";
    /** Key columns. */
    unique_key: string[];
    /** Columns to update; all others than the key when absent. */
    update_columns?: string[] | null;
  }
  /** Replace windows of time. */
  | {
    type: "time_interval";
    /** The column that the windows cut. */
    time_column: string;
    /** hour, day, month, year. */
    granularity: string;
    /** Windows computed again. */
    lookback: number;
    /** Windows per statement. */
    batch_size: number;
    /** The first window. */
    first_partition?: string | null;
  }
  /** Inlined. */
  | {
    type: "ephemeral";
  }
  /** Replace partitions. */
  | {
    type: "delete_insert";
    /** Partition columns. */
    partition_by: string[];
  }
  /** Replace windows of time, cut out of the query. */
  | {
    type: "microbatch";
    /** The column that the windows cut. */
    timestamp_column: string;
    /** hour, day, month, year. */
    granularity: string;
    /** Windows computed again. */
    lookback?: number;
    /** Windows per statement. */
    batch_size?: number;
    /** The first window. */
    first_partition?: string | null;
  }
  /** A view. */
  | {
    type: "view";
  }
  /** A view the warehouse keeps. */
  | {
    type: "materialized_view";
  }
  /** A table the warehouse keeps fresh. */
  | {
    type: "dynamic_table";
    /** How late it may be. */
    target_lag: string;
    /** The warehouse that computes it; the adapter's when absent. */
    warehouse?: string | null;
  }
  /** Files named by content. */
  | {
    type: "content_addressed";
    /** Where. */
    storage_prefix: string;
    /** Partition columns. */
    partition_columns: string[];
  };

/** Where a model goes. */
export interface WireTarget {
  /** Catalog, database or project. */
  catalog: string;
  /** Schema or dataset. */
  schema: string;
  /** Table. */
  table: string;
}

/** What class of trouble an error is. */
export type ErrorCode = "usage" | "not_found" | "io" | "config" | "locked" | "warehouse" | "state" | "stale" | "cancelled" | "unsupported" | "bug" | "hook";

/** Templates of `init`. */
export type InitTemplate = "duckdb" | "databricks" | "snowflake";

/** Templates of `playground`. */
export type PlaygroundTemplate = "quickstart" | "ecommerce" | "showcase";

/** Request and response of each verb. */
export interface Verbs {
  compile: { request: CompileRequest; response: CompileResponse };
  plan: { request: RunRequest; response: PlanResponse };
  run: { request: RunRequest; response: RunResponse };
  lineage: { request: LineageRequest; response: LineageResponse };
  validate: { request: ValidateRequest; response: ValidateResponse };
  discover: { request: DiscoverRequest; response: DiscoverResponse };
  state: { request: StateRequest; response: StateAnswer };
  history: { request: HistoryRequest; response: HistoryResponse };
  metrics: { request: MetricsRequest; response: MetricsResponse };
  test: { request: TestRequest; response: TestResponse };
  what_if: { request: WhatIfRequest; response: WhatIfResponse };
  diff: { request: DiffRequest; response: DiffResponse };
  apply: { request: ApplyRequest; response: RunResponse };
  ci: { request: CiRequest; response: CiResponse };
  hooks: { request: HooksRequest; response: HooksResponse };
  load: { request: LoadRequest; response: LoadResponse };
  snapshot: { request: SnapshotRequest; response: SnapshotResponse };
  seed: { request: SeedRequest; response: SeedResponse };
  compare: { request: CompareRequest; response: CompareResponse };
}
