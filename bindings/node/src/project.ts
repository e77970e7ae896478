/** Projects and the engine they share. */
import { call, type CallOptions } from "./call.js";
import { native, type NativeEngine, type NativeProject } from "./native.js";
import { RunEvents } from "./run-events.js";
import type {
  ApplyRequest,
  CiRequest,
  CiResponse,
  CompareRequest,
  CompareResponse,
  ColumnLineage,
  CompileRequest,
  CompileResponse,
  DiffRequest,
  DiffResponse,
  DiscoverRequest,
  DiscoverResponse,
  GraphHistory,
  HistoryRequest,
  HistoryResponse,
  InitTemplate,
  LineageFormat,
  LineageRequest,
  LineageResponse,
  MetricsRequest,
  MetricsResponse,
  LoadRequest,
  LoadResponse,
  ModelHistory,
  HooksList,
  HooksRequest,
  HooksResponse,
  HooksTest,
  ModelLineage,
  OpenRequest,
  PlanResponse,
  PlaygroundTemplate,
  ProjectLineage,
  RenderedLineage,
  RunHistory,
  RunRequest,
  RunResponse,
  ScaffoldResponse,
  SeedRequest,
  SeedResponse,
  SnapshotRequest,
  SnapshotResponse,
  StateAnswer,
  StateAudit,
  StateChange,
  StateRequest,
  StateResponse,
  StateSweep,
  StateTransfer,
  TestRequest,
  TestResponse,
  ValidateResponse,
  Verbs,
  WhatIfRequest,
  WhatIfResponse,
} from "./types.js";

/** Version of the engine. */
export const version: string = native.version();

/**
 * Threads for compiling. Projects that name no engine share one with as many threads as there are cores; make another to use
 * more or fewer. The threads start with the first project and end with the last.
 */
export class Engine {
  /** @internal */
  readonly native: NativeEngine;

  constructor(options: { threads?: number | undefined } = {}) {
    this.native = new native.NativeEngine(options.threads);
  }
}

/** How to open a project. */
export interface OpenOptions extends Omit<OpenRequest, "threads"> {
  /** The engine to use instead of the shared one. */
  engine?: Engine | undefined;
}

/** Open a project: the folder that holds `rocky.toml`, its path, or options. The same as {@link Project.open}. */
export function open(options: string | OpenOptions = {}): Promise<Project> {
  return Project.open(options);
}

/**
 * An opened project. Its methods are the verbs of the command line; each takes the request and gives the response that
 * `--output json` prints. They run on threads of their own, so that neither the event loop nor the file system of Node waits,
 * and any number of them may run at the same time.
 *
 * A mistake in the project's files is part of the response (`diagnostics`, `errors`); a call rejects with a `RockyError` for
 * everything else.
 */
export class Project implements Disposable, AsyncDisposable {
  readonly #native: NativeProject;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  private constructor(opened: NativeProject) {
    this.#native = opened;
  }

  /** Open a project: the folder that holds `rocky.toml`, its path, or options. */
  static async open(options: string | OpenOptions = {}): Promise<Project> {
    const { engine, ...request } = typeof options === "string" ? { config: options } : (options as OpenOptions);
    const project = new native.NativeProject();
    await call("open", (report) => project.open(engine?.native, JSON.stringify(request), report));
    return new Project(project);
  }

  /** The folder of `rocky.toml`. */
  get root(): string {
    return this.#native.root;
  }

  /** Types, names, dependencies, contracts. */
  compile(request: CompileRequest = {}, options?: CallOptions): Promise<CompileResponse> {
    return this.#call("compile", request, options);
  }

  /** The statements that {@link run} would execute, and why. */
  plan(request: RunRequest = {}, options?: CallOptions): Promise<PlanResponse> {
    return this.#call("plan", request, options);
  }

  /** Execute a plan of {@link plan} by its `plan_id`, if planning now gives the same; rejects with code `stale` otherwise. */
  apply(request: string | ApplyRequest, options?: CallOptions): Promise<RunResponse> {
    return this.#call("apply", typeof request === "string" ? { plan_id: request } : request, options);
  }

  /** Compile and test without a warehouse; `exit_code` of the document is the verdict. */
  ci(request: CiRequest = {}, options?: CallOptions): Promise<CiResponse> {
    return this.#call("ci", request, options);
  }

  /** Add files to tables, as a load pipeline does. Files that cannot be loaded are part of the response. */
  load(request: LoadRequest = {}, options?: CallOptions): Promise<LoadResponse> {
    return this.#call("load", request, options);
  }

  /** Bring the history of a snapshot pipeline up to now; with `dry_run`, only show the steps. */
  snapshot(request: SnapshotRequest = {}, options?: CallOptions): Promise<SnapshotResponse> {
    return this.#call("snapshot", request, options);
  }

  /** Make tables of the CSV files in the project's folder of seeds. */
  seed(request: SeedRequest = {}, options?: CallOptions): Promise<SeedResponse> {
    return this.#call("seed", request, options);
  }

  /** Compare tables with the shadows that {@link run} with `shadow: true` made; `overall_verdict` is pass, warn or fail. */
  compare(request: CompareRequest = {}, options?: CallOptions): Promise<CompareResponse> {
    return this.#call("compare", request, options);
  }

  /** Plan and execute. Models that fail are part of the response; see its `status`. */
  run(request: RunRequest = {}, options?: CallOptions): Promise<RunResponse> {
    return this.#call("run", request, options);
  }

  /** Plan and execute, with the events as a stream: `for await (const event of project.runEvents()) …`. */
  runEvents(request: RunRequest = {}, options: { signal?: AbortSignal | undefined } = {}): RunEvents {
    return new RunEvents((all) => this.#call("run", request, all), options.signal);
  }

  /** {@link apply} with the events as a stream. */
  applyEvents(request: string | ApplyRequest, options: { signal?: AbortSignal | undefined } = {}): RunEvents {
    return new RunEvents((all) => this.apply(request, all), options.signal);
  }

  /** The answer as text: a Graphviz graph, a tree, OpenLineage events, a page. */
  lineage(
    request: LineageRequest & { format: Exclude<LineageFormat, "json"> },
    options?: CallOptions,
  ): Promise<RenderedLineage>;
  /** Of the whole project. */
  lineage(request: LineageRequest & { all: true }, options?: CallOptions): Promise<ProjectLineage>;
  /** Where a column comes from, or with `downstream` where it goes to. */
  lineage(request: LineageRequest & { column: string }, options?: CallOptions): Promise<ColumnLineage>;
  /** As `target` says: `model`, its columns and what it reads and feeds; `model.column`, the trace of a column. */
  lineage(request: string, options?: CallOptions): Promise<ColumnLineage | ModelLineage>;
  lineage(request: LineageRequest, options?: CallOptions): Promise<LineageResponse>;
  lineage(request: string | LineageRequest, options?: CallOptions): Promise<LineageResponse> {
    return this.#call("lineage", typeof request === "string" ? { target: request } : request, options);
  }

  /** Check the configuration, the sidecars and the contracts. */
  validate(options?: CallOptions): Promise<ValidateResponse> {
    return this.#call("validate", {}, options);
  }

  /** What a pipeline finds at its source; what it reads is remembered for compiling. */
  discover(request: DiscoverRequest = {}, options?: CallOptions): Promise<DiscoverResponse> {
    return this.#call("discover", request, options);
  }

  /** What the state store holds. */
  state(request?: StateRequest & { action?: "show" }, options?: CallOptions): Promise<StateResponse>;
  /** What is wrong in the state store, and with `repair` and `apply` putting it right. */
  state(request: StateRequest & { action: "check" | "repair" }, options?: CallOptions): Promise<StateAudit>;
  /** Forget or set a watermark or a partition. */
  state(request: StateRequest & { action: "delete" | "set" }, options?: CallOptions): Promise<StateChange>;
  /** The whole state as a JSON file, and back. */
  state(request: StateRequest & { action: "export" | "import" }, options?: CallOptions): Promise<StateTransfer>;
  /** Forget what the configured retention says. */
  state(request: StateRequest & { action: "sweep" }, options?: CallOptions): Promise<StateSweep>;
  state(request?: StateRequest, options?: CallOptions): Promise<StateAnswer>;
  state(request: StateRequest = {}, options?: CallOptions): Promise<StateAnswer> {
    return this.#call("state", request, options);
  }

  /** What checks measured of a model. */
  metrics(request: string | MetricsRequest, options?: CallOptions): Promise<MetricsResponse> {
    return this.#call("metrics", typeof request === "string" ? { model: request } : request, options);
  }

  /** Executions of one model. */
  history(request: HistoryRequest & { model: string }, options?: CallOptions): Promise<ModelHistory>;
  /** How the graph of models changed. */
  history(request: HistoryRequest & { graph: true }, options?: CallOptions): Promise<GraphHistory>;
  /** Past runs, newest first. */
  history(request?: HistoryRequest & { model?: null; graph?: false }, options?: CallOptions): Promise<RunHistory>;
  history(request?: HistoryRequest, options?: CallOptions): Promise<HistoryResponse>;
  history(request: HistoryRequest = {}, options?: CallOptions): Promise<HistoryResponse> {
    return this.#call("history", request, options);
  }

  /** Run the models on empty or seeded tables in memory. */
  test(request: TestRequest = {}, options?: CallOptions): Promise<TestResponse> {
    return this.#call("test", request, options);
  }

  /**
   * What would follow from edits that are not saved, or from a source with other columns: findings, classes of columns
   * downstream, lineage and statements that would change. Touches neither the disk nor the warehouse; calls may run at once.
   */
  whatIf(request: WhatIfRequest, options?: CallOptions): Promise<WhatIfResponse> {
    return this.#call("what_if", request, options);
  }

  /** Compare with another state of the project: a git revision such as `main`, or a folder. */
  diff(request: string | DiffRequest, options?: CallOptions): Promise<DiffResponse> {
    return this.#call("diff", typeof request === "string" ? { against: request } : request, options);
  }

  /** The hooks of the project; with `test`, those of that event are run for real, with an example of what they are told. */
  hooks(request: HooksRequest & { test: string }, options?: CallOptions): Promise<HooksTest>;
  hooks(request?: HooksRequest & { test?: null }, options?: CallOptions): Promise<HooksList>;
  hooks(request?: HooksRequest, options?: CallOptions): Promise<HooksResponse>;
  hooks(request: HooksRequest = {}, options?: CallOptions): Promise<HooksResponse> {
    return this.#call("hooks", request, options);
  }

  /**
   * Close the project. Later calls are refused; running ones go on, and the promise resolves when they have ended and the
   * project's files are closed. Closing again changes nothing.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await call("close", (report) => this.#native.close(report));
    await Promise.allSettled(this.#running);
  }

  /** Closes without waiting. */
  [Symbol.dispose](): void {
    void this.close();
  }

  /** Closes. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call<V extends keyof Verbs, R extends Verbs[V]["response"]>(
    verb: V,
    request: Verbs[V]["request"],
    options: CallOptions | undefined,
  ): Promise<R> {
    const promise = call<R>(
      verb,
      (report, wantsEvents) => this.#native.call(verb, JSON.stringify(request), wantsEvents, report),
      options,
    );
    this.#running.add(promise);
    const ended = () => this.#running.delete(promise);
    promise.then(ended, ended);
    return promise;
  }
}

/** Write a new project: its configuration and one model. Nothing that exists is overwritten. */
export function init(path: string, options: { template?: InitTemplate | undefined } = {}): Promise<ScaffoldResponse> {
  const template = options.template ?? "duckdb";
  return call("init", (report) => native.init(path, template, report));
}

/** Write a sample project with a DuckDB file full of data, into a folder that is empty or does not exist. */
export function playground(
  path: string,
  options: { template?: PlaygroundTemplate | undefined; signal?: AbortSignal | undefined } = {},
): Promise<ScaffoldResponse> {
  const { template = "quickstart", signal } = options;
  return call("playground", (report) => native.playground(path, template, report), { signal });
}
