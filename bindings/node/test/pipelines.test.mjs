// Loading, seeds, histories, shadows and tests, on a DuckDB file of a project with several pipelines; and what every verb refuses.
import assert from "node:assert/strict";
import { test } from "node:test";
import { AbortError, RockyError, open } from "../dist/index.js";
import { temporary, write } from "./support.mjs";

/** Files are loaded, their table has a history and a model that reads it; and there is a seed. */
function store() {
  return write(temporary(), {
    "rocky.toml": `[adapter]
type = "duckdb"
path = "store.duckdb"

[pipeline.files]
type = "load"
source_dir = "in"
[pipeline.files.target]
catalog = ""
schema = "main"
table = "orders"

[pipeline.history]
type = "snapshot"
unique_key = ["id"]
strategy = "check"
check_cols = ["amount"]
[pipeline.history.source]
catalog = ""
schema = "main"
table = "orders"
[pipeline.history.target]
catalog = ""
schema = "main"
table = "order_history"

[pipeline.models]
type = "transformation"
depends_on = ["files"]
[pipeline.models.target]
adapter = "default"
`,
    "in/1.csv": "id,amount\n1,20\n2,5\n",
    "seeds/regions.csv": "code,name\nde,Germany\nfr,France\n",
    "models/doubles.sql": "SELECT id, amount * 2 AS double FROM main.orders\n",
    "models/doubles.toml": "[[tests]]\ntype = \"unique\"\ncolumn = \"id\"\n",
  });
}

/** The call must reject with this code and a message that holds the part; the error names the verb. */
async function refused(call, command, code, part) {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof RockyError, String(error));
    assert.deepEqual([error.code, error.command], [code, command]);
    assert.ok(error.message.includes(part), error.message);
    return true;
  });
}

test("files are loaded, seeded, and have a history", async () => {
  const folder = store();
  const project = await open(folder);
  const loaded = await project.load();
  assert.deepEqual([loaded.files_loaded, loaded.total_rows, loaded.files[0].status], [1, 2, "loaded"]);
  write(folder, { "in/2.csv": "id,amount\n3,7\n", "in/3.parquet": "nonsense" });
  const failed = await project.load({ pipeline: "files", format: "parquet" });
  assert.deepEqual([failed.files_failed, failed.files[0].status, failed.status], [1, "failed", "Failure"]);
  assert.match(failed.files[0].error, /too small to be a Parquet file/);
  const more = await project.load({ format: "csv" });
  assert.deepEqual([more.files_loaded, more.files_skipped, more.total_rows], [1, 1, 1]);
  await refused(project.load({ pipeline: "history" }), "load", "usage", "has no `source_dir`");

  const seeded = await project.seed({ filter: "regions" });
  assert.deepEqual(seeded.tables.map((t) => [t.target, t.rows, t.columns]), [["store.seeds.regions", 2, 2]]);
  await refused(project.seed({ filter: "nosuch" }), "seed", "usage", "no seed `nosuch`");

  const dry = await project.snapshot({ dry_run: true });
  assert.ok(dry.dry_run && dry.steps.every((s) => s.status === "dry_run"));
  const first = await project.snapshot();
  assert.deepEqual([first.steps_ok, first.rows_inserted], [first.steps_total, 3]);
  write(folder, { "in/4.csv": "id,amount\n4,9\n" });
  await project.load({ format: "csv" });
  assert.equal((await project.snapshot({ pipeline: "history" })).rows_inserted, 1);
  await refused(project.snapshot({ pipeline: "models" }), "snapshot", "usage", "not snapshot");
  await project.close();
});

test("shadows are compared and tests are run", async () => {
  const folder = store();
  const project = await open(folder);
  await project.load();
  await project.run({ pipeline: "models" });
  assert.equal((await project.compare({ pipeline: "models" })).results[0].status, "missing_shadow");
  await project.run({ pipeline: "models", shadow: true });
  const equal = await project.compare({ pipeline: "models" });
  const [table] = equal.results;
  assert.deepEqual([equal.overall_verdict, table.production_count, table.shadow_count, table.contents.key], ["pass", 2, 2, ["id"]]);
  write(folder, { "models/doubles.sql": "SELECT id, CASE id WHEN 2 THEN 0 ELSE amount * 2 END AS double FROM main.orders\n" });
  await project.run({ pipeline: "models", shadow: true });
  const other = await project.compare({ pipeline: "models" });
  assert.deepEqual([other.overall_verdict, other.results[0].contents.rows_changed], ["fail", 1]);
  const cleaned = await project.compare({ pipeline: "models", cleanup: true });
  assert.deepEqual(cleaned.dropped, ["store.main.doubles_rocky_shadow"]);
  await refused(project.compare({ pipeline: "nosuch" }), "compare", "usage", "unknown pipeline `nosuch`");

  const tested = await project.test();
  assert.deepEqual([tested.total, tested.passed, tested.failed], [1, 1, 0]);
  const declared = await project.test({ declarative: true, pipeline: "models" });
  assert.deepEqual(declared.declarative.results.map((r) => [r.name, r.status]), [["unique_id", "pass"]]);
  await refused(project.test({ model: "nosuch" }), "test", "usage", "unknown model `nosuch`");
  await refused(project.apply("0123456789abcdef"), "apply", "not_found", "not known here");
  await refused(project.apply({}), "apply", "usage", "plan_id");
  await project.close();
});

test("bad input is refused by every verb", async () => {
  const project = await open(store());
  await project.load();
  const { plan_id } = await project.plan({ pipeline: "models" });
  const wrong = { run: { models: 7 }, load: { pipeline: 7 }, seed: { seeds: [] }, snapshot: { dry_run: 1 }, compare: { key: "id" }, test: { vars: [] }, apply: { plan_id: 7 } };
  for (const [verb, request] of Object.entries(wrong)) {
    await refused(project[verb]({ nosuch: 1 }), verb, "usage", "unknown field `nosuch`");
    await refused(project[verb](request), verb, "usage", "invalid type");
    const fine = { apply: { plan_id }, run: { pipeline: "models" }, compare: { pipeline: "models" } }[verb] ?? {};
    await assert.rejects(project[verb](fine, { signal: AbortSignal.abort("why") }), (error) => {
      assert.ok(error instanceof AbortError, `${verb}: ${error}`);
      assert.deepEqual([error.code, error.command, error.cause], ["cancelled", verb, "why"]);
      return true;
    });
  }
  await project.close();
  await refused(open("/nowhere/at/all"), "open", "not_found", "/nowhere/at/all");
});
