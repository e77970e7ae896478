// AbortSignal, and environments that end under a running call.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { AbortError, RockyError, open, playground as makePlayground } from "../dist/index.js";
import { SLOW, child, inMemory, playground, temporary, write } from "./support.mjs";

/** Start the run of `slow`; resolves when it has begun and `quick` is done. */
async function slowRun(project, signal) {
  let run;
  const left = new Set(["model_started slow", "model_finished quick"]);
  await new Promise((resolve) => {
    run = project.run({}, {
      signal,
      onEvent: (e) => left.delete(`${e.type} ${e.model}`) && left.size === 0 && resolve(),
    });
  });
  return { run };
}

test("aborting stops a slow query and keeps what was done before", async () => {
  const project = await open(inMemory(SLOW));
  const controller = new AbortController();
  const { run } = await slowRun(project, controller.signal);
  const reason = new Error("enough");
  controller.abort(reason);
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof AbortError && error instanceof RockyError);
    assert.equal(error.name, "AbortError");
    assert.equal(error.code, "cancelled");
    assert.equal(error.cause, reason);
    assert.equal(error.document.interrupted, true);
    assert.deepEqual(error.document.materializations.map((m) => m.model), ["quick"]);
    assert.match(error.stack, /at slowRun|abort\.test\.mjs/);
    return true;
  });
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  // The project is as good as before.
  assert.equal((await project.run({ models: ["quick"] })).status, "Success");
  await project.close();
});

test("a signal that is aborted already starts nothing", async () => {
  const project = await open(inMemory());
  for (const verb of ["compile", "plan", "run", "test"]) {
    await assert.rejects(project[verb]({}, { signal: AbortSignal.abort() }), (error) => {
      assert.equal(error.name, "AbortError");
      assert.equal(error.cause.name, "AbortError");
      assert.equal(error.document, undefined);
      return true;
    });
  }
  assert.equal((await project.history()).runs.length, 0);
  const folder = temporary();
  await assert.rejects(makePlayground(folder, { signal: AbortSignal.abort() }), { name: "AbortError" });
  await project.close();
});

test("a timeout is the cause of its abort", async () => {
  const project = await open(inMemory(SLOW));
  await assert.rejects(project.run({}, { signal: AbortSignal.timeout(300) }), (error) => {
    assert.equal(error.name, "AbortError");
    assert.equal(error.cause.name, "TimeoutError");
    return true;
  });
  await project.close();
});

test("one signal stops many calls, and aborting after the end changes nothing", async () => {
  const project = await open(inMemory());
  const controller = new AbortController();
  const all = await Promise.all([1, 2, 3].map(() => project.compile({}, { signal: controller.signal })));
  assert.equal(getEventListeners(controller.signal, "abort").length, 0);
  controller.abort();
  assert.ok(all.every((c) => c.models === 1));
  assert.equal((await project.compile()).models, 1);
  await project.close();
});

test("a worker that is terminated during a run lets go of the database", async () => {
  const folder = write(await playground(), SLOW);
  const text = `
    import { parentPort } from "node:worker_threads";
    import { open } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
    const project = await open(${JSON.stringify(folder)});
    await project.run({}, { onEvent: (e) => e.model === "slow" && parentPort.postMessage("slow") });`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(text)}`));
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await worker.terminate();
  const project = await open(folder);
  const run = await project.run({ models: ["stg_orders"] });
  assert.equal(run.status, "Success", JSON.stringify(run.errors));
  await project.close();
});

test("a process may exit during a run", async () => {
  const folder = inMemory(SLOW);
  const text = `
    const project = await rocky.open(${JSON.stringify(folder)});
    await project.run({}, { onEvent: (e) => e.model === "slow" && setTimeout(() => process.exit(7), 100) });`;
  const { code, signal, stderr } = await child(text);
  assert.deepEqual([code, signal, stderr], [7, null, ""]);
});

test("a running call keeps the process alive, an open project does not", async () => {
  const text = `
    const project = await rocky.open(${JSON.stringify(inMemory())});
    project.compile().then((c) => console.log(c.models));`;
  const { code, signal, stdout, stderr } = await child(text);
  assert.deepEqual([code, signal, stdout, stderr], [0, null, "1\n", ""]);
});

test("a project may be garbage while its calls run", async () => {
  const text = `
    const calls = await (async () => {
      const project = await rocky.open(${JSON.stringify(inMemory())});
      return [1, 2, 3, 4].map(() => project.compile());
    })();
    for (let i = 0; i < 50; i++) { gc(); await new Promise(setImmediate); }
    console.log((await Promise.all(calls)).map((c) => c.models).join());
    for (let i = 0; i < 50; i++) { gc(); await new Promise(setImmediate); }`;
  const { code, signal, stdout, stderr } = await child(text, { args: ["--expose-gc"] });
  assert.deepEqual([code, signal, stdout, stderr], [0, null, "1,1,1,1\n", ""]);
});
