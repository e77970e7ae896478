// Events, in order; as a stream; and a free event loop meanwhile.
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { AbortError, open } from "../dist/index.js";
import { SLOW, inMemory, playground, write } from "./support.mjs";

const MODELS = { "models/a.sql": "SELECT a FROM quick\n", "models/b.sql": "SELECT a FROM a\n", "models/bad.sql": "SELECT error('no') AS x FROM a\n" };

function checkOrder(events, response) {
  const at = (type, model) => events.findIndex((e) => e.type === type && (model === undefined || e.model === model));
  assert.equal(events.at(-1).type, "run_finished");
  assert.equal(events.at(-1).run_id, response.run_id);
  assert.ok(at("run_started") >= 0);
  for (const { model } of response.materializations) {
    assert.ok(at("run_started") < at("model_started", model));
    assert.ok(at("model_started", model) < at("model_finished", model));
  }
  for (const [before, after] of [["quick", "a"], ["a", "b"]]) {
    assert.ok(at("model_finished", before) < at("model_started", after), `${before} before ${after}`);
  }
}

test("events come in order, the last one before the promise settles", async () => {
  const project = await open(inMemory(MODELS));
  const events = [];
  let settled = false;
  const run = project.run({}, {
    onEvent(event) {
      assert.equal(settled, false);
      events.push(event);
    },
  });
  const response = await run.finally(() => (settled = true));
  checkOrder(events, response);
  assert.equal(response.status, "PartialFailure");
  assert.deepEqual(events.filter((e) => e.type === "model_failed").map((e) => e.model), ["bad"]);
  await project.close();
  assert.equal(events.at(-1).type, "run_finished");
});

test("a compile reports its progress", async () => {
  const project = await open(inMemory());
  const phases = new Set();
  await project.compile({}, { onEvent: (e) => e.type === "progress" && phases.add(e.phase) });
  assert.ok(phases.size > 1, [...phases].join());
  await project.close();
});

test("the events of a run are a stream", async () => {
  const project = await open(inMemory(MODELS));
  const run = project.runEvents();
  const events = [];
  for await (const event of run) events.push(event);
  checkOrder(events, await run.response);
  for await (const event of run) assert.fail(`${event.type} after the end`);
  await project.close();
});

test("a slow reader of the stream gets every event", async () => {
  const project = await open(inMemory(MODELS));
  const run = project.runEvents();
  const events = [];
  for await (const event of run) {
    await sleep(5);
    events.push(event);
  }
  checkOrder(events, await run.response);
  const ended = events.filter((e) => ["model_finished", "model_failed"].includes(e.type)).map((e) => e.model);
  assert.deepEqual(ended.toSorted(), ["a", "b", "bad", "quick"]);
  await project.close();
});

test("leaving the stream stops the run", async () => {
  const project = await open(inMemory(SLOW));
  const run = project.runEvents();
  for await (const event of run) {
    if (event.type === "model_started" && event.model === "slow") break;
  }
  // The loop has waited for the run to stop.
  assert.equal((await project.history({ limit: 1 })).runs[0].interrupted, true);
  await assert.rejects(run.response, (e) => e instanceof AbortError && e.document.interrupted === true);
  await project.close();
});

test("a run that cannot begin fails in the loop", async () => {
  const project = await open(inMemory());
  await assert.rejects(async () => {
    for await (const event of project.runEvents({ pipeline: "mian" })) assert.equal(event.type, "progress");
  }, { code: "usage", hint: "did you mean `main`?" });
  const aborted = project.runEvents({}, { signal: AbortSignal.abort("why") });
  await assert.rejects(async () => {
    for await (const event of aborted) assert.fail(event.type);
  }, { name: "AbortError", cause: "why" });
  await project.close();
});

test("a listener that throws stops the call", async () => {
  const project = await open(inMemory(SLOW));
  const mine = new Error("mine");
  const onEvent = (event) => {
    if (event.type === "model_started" && event.model === "slow") throw mine;
  };
  await assert.rejects(project.run({}, { onEvent }), (error) => error === mine);
  assert.equal((await project.history({ limit: 1 })).runs[0].interrupted, true);
  await project.close();
});

test("a listener runs in the asynchronous context of its call", async () => {
  const storage = new AsyncLocalStorage();
  const project = await open(inMemory());
  const seen = new Set();
  await storage.run("mine", () => project.compile({}, { onEvent: () => seen.add(storage.getStore()) }));
  assert.deepEqual([...seen], ["mine"]);
  await project.close();
});

test("the event loop and the file system go on during long runs", async () => {
  // More than libuv has threads.
  const projects = await Promise.all(Array.from({ length: 5 }, () => open(inMemory(SLOW))));
  const controller = new AbortController();
  const begun = [];
  const runs = projects.map((project) => {
    const run = Promise.withResolvers?.() ?? withResolvers();
    begun.push(run.promise);
    return project.run({}, {
      signal: controller.signal,
      onEvent: (e) => e.type === "model_started" && e.model === "slow" && run.resolve(),
    });
  });
  await Promise.all(begun);
  // Timers fire and files are read while all of them run. (Were the loop blocked, it would be for hours.)
  const ended = Promise.race(runs).then(() => assert.fail("a run has ended"), () => assert.fail("a run has ended"));
  const going = async () => {
    for (let i = 0; i < 20; i++) await sleep(10);
    return Promise.all(Array.from({ length: 20 }, () => readFile(new URL(import.meta.url))));
  };
  assert.equal((await Promise.race([going(), ended])).length, 20);
  ended.catch(() => {});
  controller.abort();
  const outcomes = await Promise.allSettled(runs);
  assert.ok(outcomes.every((o) => o.reason instanceof AbortError && o.reason.document.interrupted));
  await Promise.all(projects.map((p) => p.close()));
});

function withResolvers() {
  let resolve;
  const promise = new Promise((r) => (resolve = r));
  return { promise, resolve };
}

test("what a run reads and writes is seen by the next one", async () => {
  const folder = await playground();
  const project = await open(folder);
  await project.run();
  write(folder, { "models/marts/added.sql": "SELECT count(*) AS n FROM fct_orders\n" });
  const compiled = await project.compile();
  assert.ok(compiled.models_detail.some((m) => m.name === "added"));
  const run = await project.run({ models: ["added"] });
  assert.deepEqual(run.materializations.map((m) => [m.model, m.rows_copied]), [["added", 1]]);
  await project.close();
});
