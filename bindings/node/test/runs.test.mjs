// What a run does beside writing: checks, drift, plans that are applied, going on after a failure, windows of time, keys, hooks, state.
// On a DuckDB file, with the project of the repository's README.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AbortError, RockyError, open } from "../dist/index.js";
import { SLOW, temporary, write } from "./support.mjs";

const HEAD = "id,customer,amount,ordered_at";
const ROWS = ["1,1,20.00,2026-01-05 10:00:00", "2,2,35.50,2026-02-06 11:30:00", "3,1,7.25,2026-02-20 12:00:00"];
const orders = (rows, head = HEAD) => [head, ...rows].join("\n") + "\n";
const CUSTOMERS = "SELECT customer, count(*) AS orders, sum(amount) AS total FROM orders GROUP BY ALL\n";

/** The project of the README. */
function shop(config = "", files = {}) {
  return write(temporary(), {
    "rocky.toml": `[adapter]
type = "duckdb"
path = "shop.duckdb"

[pipeline.shop]
type = "transformation"
on_added_columns = "add"
on_widened_columns = "alter"

[pipeline.shop.target]
adapter = "default"
${config}`,
    "orders.csv": orders(ROWS),
    "models/orders.sql": "SELECT * FROM 'orders.csv'\n",
    "models/orders.toml": `[strategy]
type = "merge"
unique_key = ["id"]

[[tests]]
type = "in_range"
column = "amount"
min = 0
`,
    "models/customers.sql": CUSTOMERS,
    "models/revenue.sql": `SELECT date_trunc('month', ordered_at) AS month, sum(amount) AS revenue
FROM orders
WHERE ordered_at >= @start_date AND ordered_at < @end_date
GROUP BY month
`,
    "models/revenue.toml": `[strategy]
type = "time_interval"
time_column = "month"
granularity = "month"
first_partition = "2026-01"
`,
    ...files,
  });
}

const written = (run) => run.materializations.map((m) => [m.model, m.rows_copied]);

test("a failing check is in the document with the rows, and nothing is built on them", async () => {
  const folder = shop();
  write(folder, { "orders.csv": orders([...ROWS, "4,2,-1.00,2026-02-21 12:00:00"]) });
  const project = await open(folder);
  const seen = [];
  const run = await project.run({}, { onEvent: (e) => e.type === "check_finished" && seen.push([e.check, e.passed, e.severity]) });
  assert.deepEqual([run.status, run.checks_failed, run.interrupted], ["Failure", 1, false]);
  const [check] = run.check_results[0].checks;
  assert.deepEqual([check.name, check.status, check.failing_rows, check.gates], ["in_range_amount", "fail", 1, true]);
  assert.deepEqual(check.sample, [{ id: 4, customer: 2, amount: -1, ordered_at: "2026-02-21 12:00:00" }]);
  assert.deepEqual(Object.keys(check.sample[0]), ["id", "customer", "amount", "ordered_at"]);
  assert.deepEqual(run.skipped.map((s) => s.model).sort(), ["customers", "revenue"]);
  assert.deepEqual(seen, [["in_range_amount", false, "error"]]);

  write(folder, { "orders.csv": orders([...ROWS, "4,2,1.00,2026-02-21 12:00:00"]) });
  const mended = await project.run({ resume_latest: true });
  assert.deepEqual([mended.status, mended.resumed_from, mended.checks_failed], ["Success", run.run_id, 0]);
  await project.close();
  assert.ok(existsSync(join(folder, "shop.duckdb")));
});

test("drift is in the plan, and a plan is applied as it was looked at or not at all", async () => {
  const folder = shop();
  const project = await open(folder);
  assert.equal((await project.run()).status, "Success");
  write(folder, { "orders.csv": orders([...ROWS.map((r) => `${r},`), "4,eu-3,12.00,2026-03-01 09:00:00,SPRING"], `${HEAD},coupon`) });
  const plan = await project.plan({ models: ["orders"] });
  const drift = plan.models_detail[0].drift.map((d) => [d.action, d.columns]);
  assert.deepEqual(drift, [["add_columns", ["coupon"]], ["alter_column_types", ["customer"]]]);
  const seen = [];
  const applied = await project.apply(plan.plan_id, { onEvent: (e) => e.type === "drift_detected" && seen.push(e.action) });
  assert.deepEqual([applied.status, applied.plan_id, written(applied)], ["Success", plan.plan_id, [["orders", 4]]]);
  assert.deepEqual(applied.drift.actions_taken.map((a) => a.action), seen);
  assert.deepEqual(seen.toSorted(), ["add_columns", "alter_column_types"]);

  const next = await project.plan({ models: ["customers"] });
  write(folder, { "models/customers.sql": "SELECT customer, count(*) AS orders FROM orders GROUP BY ALL\n" });
  await assert.rejects(project.apply({ plan_id: next.plan_id }), (error) => {
    assert.ok(error instanceof RockyError);
    assert.deepEqual([error.code, error.command], ["stale", "apply"]);
    assert.match(error.message, /`customers`.*Nothing was changed/);
    return true;
  });
  write(folder, { "models/customers.sql": CUSTOMERS });
  const stream = project.applyEvents(next.plan_id);
  const types = new Set();
  for await (const event of stream) types.add(event.type);
  assert.ok(types.has("model_finished") && types.has("run_finished"), [...types].join());
  assert.deepEqual(written(await stream.response), [["customers", 3]]);
  await assert.rejects(project.apply("0123456789abcdef"), { code: "not_found" });
  await project.close();
});

test("a run goes on where an earlier one failed", async () => {
  const folder = shop("", { "models/customers.sql": "SELECT cast('x' AS INTEGER) AS n FROM orders\n" });
  const project = await open(folder);
  const failed = await project.run();
  assert.deepEqual([failed.status, failed.errors.map((e) => [e.model, e.step])], ["PartialFailure", [["customers", "create_table"]]]);
  write(folder, { "models/customers.sql": CUSTOMERS });
  const rest = await project.run({ resume: failed.run_id });
  assert.deepEqual([rest.status, rest.resumed_from, written(rest)], ["Success", failed.run_id, [["customers", 2]]]);
  assert.deepEqual(rest.skipped.map((s) => s.reason), Array(2).fill(`done by ${failed.run_id}`));
  await assert.rejects(project.run({ resume_latest: true }), { code: "not_found" });
  await assert.rejects(project.run({ resume: "run-20000101-000000-000" }), { code: "not_found" });
  await project.close();
});

test("windows of time: a range, what is missing, the state of each", async () => {
  const project = await open(shop());
  await project.run({ models: ["orders"] });
  const seen = [];
  const onEvent = (e) => e.type === "partition_finished" && seen.push([e.partition, e.rows, e.done, e.total, e.error]);
  const run = await project.run({ models: ["revenue"], from: "2026-01", to: "2026-03" }, { onEvent });
  assert.deepEqual(seen, [["2026-01", 1, 1, 3, null], ["2026-02", 1, 2, 3, null], ["2026-03", 0, 3, 3, null]]);
  assert.deepEqual(run.materializations.map((m) => [m.partition.key, m.partition.start, m.rows_copied]), [
    ["2026-01", "2026-01-01T00:00:00Z", 1],
    ["2026-02", "2026-02-01T00:00:00Z", 1],
    ["2026-03", "2026-03-01T00:00:00Z", 0],
  ]);
  assert.deepEqual(run.partition_summaries.map((s) => [s.model, s.partitions_planned, s.partitions_succeeded]), [["revenue", 3, 3]]);

  const deleted = await project.state({ action: "delete", model: "revenue", partition: "2026-02" });
  assert.deepEqual([deleted.command, deleted.partition.before.partition_key, deleted.partition.after], ["state_delete", "2026-02", null]);
  const plan = await project.plan({ models: ["revenue"], missing: true });
  const keys = plan.models_detail[0].partitions.map((p) => p.key);
  assert.ok(keys[0] === "2026-02" && keys[1] === "2026-04", keys.join());
  const lookback = await project.plan({ models: ["revenue"], partition: "2026-03", lookback: 2 });
  assert.deepEqual(lookback.models_detail[0].partitions.map((p) => p.key), ["2026-01", "2026-02", "2026-03"]);
  await project.run({ models: ["revenue"], missing: true, parallel: 2 });
  const none = await project.run({ models: ["revenue"], missing: true });
  assert.deepEqual([none.status, none.tables_copied, none.materializations], ["Success", 0, []]);

  const state = await project.state({ model: "revenue" });
  assert.ok(state.model_partitions.length >= 11 && state.model_partitions.every((p) => p.status === "Computed"));
  assert.equal((await project.state({ action: "check" })).findings.length, 0);
  await assert.rejects(project.run({ partition: "2026-13" }), { code: "usage" });
  await assert.rejects(project.run({ partition: "2026-01", missing: true }), { code: "usage", message: /exclude each other/ });
  await assert.rejects(project.state({ action: "set", model: "revenue", partition: "2026-02" }), { code: "usage" });
  await project.close();
});

test("a key is used once, hooks are told, and what was measured is remembered", async () => {
  const hook = '[hook.after_model_run]\ncommand = "(tr -d \'\\\\n\'; echo) >> told"\n[hook.before_model_run]\ncommand = "test ! -e frozen"\non_failure = "abort"\n';
  const folder = shop(`[pipeline.shop.checks]\nrow_count = { severity = "warning" }\n${hook}`);
  const project = await open(folder);
  const first = await project.run({ idempotency_key: "nightly-1" });
  assert.deepEqual([first.status, first.idempotency_key, first.hooks.failed], ["Success", "nightly-1", 0]);
  const told = readFileSync(join(folder, "told"), "utf8").trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(told.map((t) => [t.event, t.run_id]), Array(3).fill(["after_model_run", first.run_id]));
  const second = await project.run({ idempotency_key: "nightly-1" });
  assert.deepEqual([second.status, second.skipped_by_run_id, second.materializations], ["SkippedIdempotent", first.run_id, []]);

  const metrics = await project.metrics("orders");
  assert.equal(metrics.snapshots[0].metrics.row_count, 3);
  const listed = await project.hooks();
  assert.deepEqual(listed.hooks.map((h) => h.event).toSorted(), ["on_after_model_run", "on_before_model_run"]);
  write(folder, { frozen: "" });
  const refused = await project.run({ models: ["orders"] });
  assert.deepEqual([refused.status, refused.errors[0].failure_kind], ["Failure", "hook"]);
  const runs = await project.history();
  assert.deepEqual(runs.runs.map((r) => r.status), ["Failure", "Success"]);
  await project.close();
});

test("a run that is cancelled says what it did, and the next one goes on", async () => {
  const folder = shop("[pipeline.shop.execution]\nconcurrency = 1\n", { "models/slow.sql": SLOW["models/slow.sql"].replace("FROM", "FROM orders,") });
  const project = await open(folder);
  const controller = new AbortController();
  const onEvent = (e) => e.type === "model_started" && e.model === "slow" && controller.abort("enough");
  const stopped = await project.run({ models: ["orders", "slow"] }, { signal: controller.signal, onEvent }).then(assert.fail, (e) => e);
  assert.ok(stopped instanceof AbortError, stopped);
  assert.equal(stopped.cause, "enough");
  assert.deepEqual([stopped.document.interrupted, written(stopped.document)], [true, [["orders", 3]]]);
  write(folder, { "models/slow.sql": "SELECT count(*) AS n FROM orders\n" });
  const rest = await project.run({ resume_latest: true, models: ["orders", "slow"] });
  assert.deepEqual([rest.status, written(rest)], ["Success", [["slow", 1]]]);
  assert.equal((await project.history({ limit: 2 })).runs[1].interrupted, true);
  await project.close();
});
