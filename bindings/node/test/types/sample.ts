// Compiled, not run: what a user's TypeScript may and may not say.
import {
  AbortError,
  Engine,
  RockyError,
  open,
  version,
  type CallOptions,
  type ColumnLineage,
  type Event,
  type LineageResponse,
  type ModelHistory,
  type ProjectLineage,
  type RenderedLineage,
  type RunHistory,
  type RunResponse,
} from "@rocky/node";

export async function main(): Promise<void> {
  const engine = new Engine({ threads: 2 });
  await using project = await open({ config: "analytics", state_path: "state.redb", engine });
  const text: string = version + project.root;

  const compiled = await project.compile({ model: "orders", vars: { day: "2026-01-31" }, refresh_sources: "missing" });
  for (const model of compiled.models_detail) {
    if (model.strategy.type === "merge") model.strategy.unique_key.join(text);
    // @ts-expect-error: a view has no key
    if (model.strategy.type === "view") model.strategy.unique_key;
  }

  const options: CallOptions = {
    signal: AbortSignal.timeout(1000),
    onEvent(event: Event) {
      if (event.type === "model_finished") console.log(event.model, event.rows ?? 0, event.duration_ms);
      // @ts-expect-error: it has no rows
      if (event.type === "model_failed") console.log(event.rows);
    },
  };
  try {
    const run: RunResponse = await project.run({ models: ["orders"], full_refresh: true }, options);
    console.log(run.status);
  } catch (error) {
    if (error instanceof AbortError) console.log(error.document, error.cause);
    if (error instanceof RockyError && error.code === "locked") console.log(error.hint?.length, error.detail);
    // @ts-expect-error: no such code
    if (error instanceof RockyError && error.code === "lock") console.log(error);
  }

  const stream = project.runEvents({ pipeline: "main" });
  for await (const event of stream) console.log(event.type);
  const response: RunResponse = await stream.response;

  const column: ColumnLineage = await project.lineage({ target: "orders", column: "amount", downstream: true });
  const either: LineageResponse = await project.lineage("orders");
  if ("trace" in either) console.log(either.trace.length, column.trace.length);
  else console.log(either.upstream);
  const graph: RenderedLineage = await project.lineage({ target: "orders", format: "dot" });
  const whole: ProjectLineage = await project.lineage({ all: true });
  console.log(graph.rendered, whole.models.length);

  const runs: RunHistory = await project.history({ limit: 5 });
  const executions: ModelHistory = await project.history({ model: "orders" });
  console.log(response.run_id, runs.runs.length, executions.executions.length);

  const whatIf = await project.whatIf({ edits: [{ path: "models/a.sql", text: null }] });
  const diff = await project.diff("main");
  console.log(whatIf.plan.length, diff.models.map((m) => m.columns.map((c) => c.class)));

  const plan = await project.plan({ models: ["+revenue"], exclude: ["tag:slow"], filter: "tenant=acme", skip_unchanged: true });
  const applied: RunResponse = await project.apply(plan.plan_id);
  for await (const event of project.applyEvents({ plan_id: applied.plan_id })) {
    if (event.type === "partition_finished") console.log(event.partition, event.batched_with.length, event.error?.length);
  }
  const backfill = await project.run({ from: "2026-01", to: "2026-03", lookback: 1, parallel: 2, idempotency_key: "k", resume_latest: true });
  console.log(backfill.check_results.flatMap((r) => r.checks.map((c) => c.sample?.length)), backfill.drift.actions_taken.length);
  console.log((await project.state({ model: "revenue" })).model_partitions?.length, (await project.state({ action: "check" })).findings.length);

  // @ts-expect-error: a partition is a text
  await project.run({ partition: 2026 });
  // @ts-expect-error: no such action
  await project.state({ action: "forget" });
  // @ts-expect-error: a misspelt field
  await project.plan({ pipelin: "main" });
  // @ts-expect-error: threads belong to an engine
  await open({ threads: 2 });
  // @ts-expect-error: projects are opened
  new (await import("@rocky/node")).Project();
}
