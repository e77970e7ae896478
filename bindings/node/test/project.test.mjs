// Opening, the verbs, errors, closing.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Engine, Project, RockyError, init, open, playground as makePlayground, version } from "../dist/index.js";
import { child, inMemory, packageRoot, playground, temporary, write } from "./support.mjs";
import { readFileSync } from "node:fs";

test("the engine has the version of the package", () => {
  assert.equal(version, JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")).version);
});

test("opening a folder without a project rejects with a code and a hint", async () => {
  const folder = temporary();
  await assert.rejects(open(folder), (error) => {
    assert.ok(error instanceof RockyError && error instanceof Error);
    assert.equal(error.name, "RockyError");
    assert.equal(error.code, "not_found");
    assert.equal(error.command, "open");
    assert.match(error.message, /rocky\.toml: no such file/);
    assert.match(error.hint, /rocky init/);
    return true;
  });
});

test("a project is opened by its folder, its configuration, or options", async () => {
  const folder = inMemory();
  for (const how of [folder, join(folder, "rocky.toml"), { config: folder }, { config: folder, engine: new Engine({ threads: 1 }) }]) {
    const project = await open(how);
    assert.ok(project instanceof Project);
    assert.equal(project.root, folder);
    assert.equal((await project.compile()).models, 1);
    await project.close();
  }
});

test("options that do not exist are refused", async () => {
  const folder = inMemory();
  await assert.rejects(open({ config: folder, confg: "x" }), { code: "usage", message: /unknown field `confg`/ });
  await assert.rejects(open({ config: folder, threads: 2 }), { code: "usage", hint: /new Engine/ });
  await assert.rejects(open({ config: folder, engine: new Engine({ threads: 0 }) }), { code: "usage", message: /not 0/ });
  await assert.rejects(open({ config: 5 }), { code: "usage" });
});

test("the verbs of a playground", async () => {
  const project = await open(await playground());

  const compiled = await project.compile();
  assert.equal(compiled.has_errors, false, JSON.stringify(compiled.diagnostics));
  const orders = compiled.models_detail.find((m) => m.name === "fct_orders");
  assert.ok(orders.columns.length > 0 && orders.columns.every((c) => c.type !== "UNKNOWN"));

  const plan = await project.plan();
  const stored = compiled.models_detail.filter((m) => m.strategy.type !== "ephemeral");
  assert.equal(plan.models.length, stored.length);
  assert.ok(plan.statements.some((s) => s.model === "fct_orders" && /create/i.test(s.sql)));

  const run = await project.run();
  assert.equal(run.status, "Success", JSON.stringify(run.errors));
  assert.equal(run.plan_id, plan.plan_id);
  assert.equal(run.tables_copied, stored.length);

  const column = await project.lineage({ target: "customer_value", column: "lifetime_value" });
  assert.ok(column.trace.length > 0);
  assert.deepEqual(await project.lineage("customer_value.lifetime_value"), column);
  const model = await project.lineage("customer_value");
  assert.ok(model.upstream.length > 0 && model.columns.some((c) => c.name === "lifetime_value"));
  const dot = await project.lineage({ target: "customer_value", format: "dot" });
  assert.equal(dot.media_type, "text/vnd.graphviz");
  assert.match(dot.rendered, /^digraph "customer_value" \{/);
  const events = await project.lineage({ all: true, format: "openlineage" });
  const outputs = events.rendered.trimEnd().split("\n").map((line) => JSON.parse(line).outputs[0]);
  assert.equal(outputs.length, compiled.models);
  assert.ok(outputs.some((o) => o.facets.columnLineage.fields.lifetime_value?.inputFields.length > 0));

  assert.equal((await project.validate()).valid, true);
  assert.ok((await project.discover()).sources.some((s) => s.id === "raw"));
  assert.ok((await project.state()).schema_version_supported >= 100);
  assert.equal((await project.history({ limit: 1 })).runs[0].run_id, run.run_id);
  assert.equal((await project.history({ model: "fct_orders" })).executions[0].run_id, run.run_id);
  const tested = await project.test({ model: "stg_orders" });
  assert.equal(tested.failed, 0, JSON.stringify(tested.failures));

  const edits = [{ path: "models/staging/stg_orders.sql", text: "SELECT id AS order_id FROM raw.orders" }];
  const [whatIf, again] = await Promise.all([project.whatIf({ edits }), project.whatIf({ edits })]);
  assert.ok(whatIf.breaking.some((b) => b.model === "stg_orders" && b.column === "status"));
  assert.ok(whatIf.diagnostics_new.some((d) => d.model === "fct_orders"));
  assert.ok(whatIf.plan.some((p) => p.model === "stg_orders" && p.change === "changed"));
  assert.deepEqual(again.models, whatIf.models);
  await assert.rejects(project.whatIf({ edits: [{ path: "../x.sql", text: "" }] }), { code: "usage" });
  assert.deepEqual((await project.diff(".")).models, []);
  await assert.rejects(project.diff("--output=x"), { code: "usage" });
  await project.close();
});

test("seeds, files and snapshots have verbs of their own", async () => {
  const config =
    '[adapter]\ntype = "duckdb"\n\n[pipeline.main]\ntype = "snapshot"\nunique_key = ["code"]\n\n' +
    '[pipeline.main.source]\ncatalog = ""\nschema = "seeds"\ntable = "countries"\n\n' +
    '[pipeline.main.target]\ncatalog = ""\nschema = "history"\ntable = "countries"\n';
  const folder = inMemory({
    "rocky.toml": config,
    "seeds/countries.csv": "code,name\nDE,Germany\nFR,France\n",
    "inbox/visits.csv": "day,n\n2026-01-31,7\n",
  });
  const project = await open(folder);
  const seeded = await project.seed({ filter: "countries" });
  assert.equal(seeded.tables_loaded, 1, JSON.stringify(seeded.tables));
  assert.deepEqual([seeded.tables[0].rows, seeded.tables[0].columns], [2, 2]);
  const shown = await project.snapshot({ dry_run: true });
  assert.ok(shown.dry_run && shown.steps.every((s) => s.status === "dry_run"));
  const events = [];
  const taken = await project.snapshot({}, { onEvent: (e) => events.push(e) });
  assert.deepEqual([taken.rows_inserted, taken.steps_ok], [2, taken.steps_total], JSON.stringify(taken.errors));
  assert.ok(events.length > 0);
  const loaded = await project.load({ source_dir: "inbox", target: "raw.visits" });
  assert.deepEqual([loaded.files_loaded, loaded.total_rows], [1, 1], JSON.stringify(loaded.files));
  await assert.rejects(project.load({ source_dir: "nowhere" }), { code: "not_found" });
  await assert.rejects(project.seed({ filter: "countrys" }), { code: "usage", hint: /did you mean `countries`/ });
  await project.close();
});

test("init writes a project that runs, and overwrites nothing", async () => {
  const folder = join(temporary(), "new");
  const made = await init(folder);
  assert.ok(made.files.every((f) => existsSync(join(folder, f))));
  const project = await open(folder);
  assert.equal((await project.run()).status, "Success");
  await project.close();
  await assert.rejects(init(folder), { code: "io", message: /exists already/ });
  await assert.rejects(makePlayground(folder), { code: "io", message: /not empty/ });
  await assert.rejects(init(join(folder, "x"), { template: "duckbd" }), { code: "usage", hint: /did you mean `duckdb`/ });
});

test("a mistake in a model is part of the response", async () => {
  const project = await open(inMemory({ "models/broken.sql": "SELECT nme FROM quick\n" }));
  const compiled = await project.compile();
  assert.equal(compiled.has_errors, true);
  const [found] = compiled.diagnostics.filter((d) => d.severity === "Error");
  assert.equal(found.model, "broken");
  assert.equal(found.span.line, 1);
  const run = await project.run();
  assert.equal(run.status, "Failure");
  assert.equal(run.has_errors, true);
  await project.close();
});

test("an error has the code, the hint, the verb, and the caller's place", async () => {
  const project = await open(await playground());
  async function caller() {
    return await project.compile({ model: "fct_order" });
  }
  await assert.rejects(caller(), (error) => {
    assert.equal(error.code, "usage");
    assert.equal(error.command, "compile");
    assert.match(error.message, /unknown model `fct_order`/);
    assert.equal(error.hint, "did you mean `fct_orders`?");
    assert.match(error.stack, /^RockyError: unknown model/);
    assert.match(error.stack, /at caller .*project\.test\.mjs/);
    return true;
  });
  await assert.rejects(project.plan({ pipelin: "x" }), { code: "usage", message: /unknown field `pipelin`/ });
  await assert.rejects(project.lineage(""), { code: "usage", message: "lineage needs a target" });
  await project.close();
});

test("many compiles at once give one answer", async () => {
  const folder = await playground();
  const projects = await Promise.all([open(folder), open(folder)]);
  const all = await Promise.all(Array.from({ length: 16 }, (_, i) => projects[i % 2].compile()));
  for (const compiled of all) {
    assert.equal(compiled.has_errors, false);
    assert.deepEqual(compiled.models_detail, all[0].models_detail);
  }
  await Promise.all(projects.map((p) => p.close()));
});

test("projects with the same state file may run at once", async () => {
  const folder = inMemory();
  const projects = await Promise.all([open(folder), open(folder)]);
  const runs = await Promise.all(projects.map((p) => p.run()));
  assert.deepEqual(runs.map((r) => [r.status, r.state_error ?? null]), [["Success", null], ["Success", null]]);
  await Promise.all(projects.map((p) => p.close()));
});

test("close is idempotent, lets running calls end, and refuses later ones", async () => {
  const project = await open(await playground());
  let ended = false;
  const run = project.run().finally(() => (ended = true));
  const closing = project.close();
  assert.equal(project.close(), closing);
  for (const call of [() => project.compile(), () => project.run(), () => project.state()]) {
    await assert.rejects(call(), { name: "RockyError", code: "usage", message: "the project is closed" });
  }
  await closing;
  assert.ok(ended);
  assert.equal((await run).status, "Success");
  await project.close();
});

test("after close another process may write to the database", async () => {
  const folder = await playground();
  const project = await open(folder);
  await project.run({ models: ["stg_orders"] });
  await project.close();
  const text = `const p = await rocky.open(${JSON.stringify(folder)}); console.log((await p.run()).status);`;
  const { stdout, stderr } = await child(text);
  assert.equal(stdout, "Success\n", stderr);
});

test("Symbol.dispose and Symbol.asyncDispose close", async () => {
  const folder = inMemory();
  const first = await open(folder);
  first[Symbol.dispose]();
  await assert.rejects(first.compile(), { message: "the project is closed" });
  const second = await open(folder);
  await second[Symbol.asyncDispose]();
  await assert.rejects(second.compile(), { message: "the project is closed" });
});

test("names that are not ASCII survive both ways", async () => {
  const folder = write(join(temporary(), "größe 日本"), {
    "rocky.toml": '[adapter]\ntype = "duckdb"\n\n[pipeline.main]\ntype = "transformation"\n\n[pipeline.main.target]\nadapter = "default"\n',
    "models/_defaults.toml": '[target]\nschema = "main"\n',
    "models/quick.sql": 'SELECT 1 AS "größe 🦆"\n',
  });
  const project = await open(folder);
  assert.equal(project.root, folder);
  const compiled = await project.compile();
  assert.equal(compiled.models_detail[0].columns[0].name, "größe 🦆");
  await project.close();
});
