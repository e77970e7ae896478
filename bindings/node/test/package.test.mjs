// The package as its users see it: its types, and the examples of its README.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { child, inMemory, packageRoot, temporary, write } from "./support.mjs";

test("the types accept what works and refuse what does not", () => {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  const run = spawnSync(process.execPath, [tsc, "-p", join(packageRoot, "test/types")], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});

test("every example of the README runs", () => {
  const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
  const examples = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map((m) => m[1]);
  assert.ok(examples.length >= 2);
  // Inside the package, so that its own name resolves; in another folder, as the examples write files.
  const folder = mkdtempSync(join(packageRoot, "readme-"));
  const cwd = temporary();
  try {
    examples.forEach((text, i) => {
      const file = join(folder, `example-${i}.mjs`);
      writeFileSync(file, text);
      const run = spawnSync(process.execPath, [file], { cwd, encoding: "utf8", timeout: 60_000 });
      assert.deepEqual([run.status, run.stderr], [0, ""], `example ${i + 1}:\n${text}`);
      const wanted = [...text.matchAll(/^\s*console\.log\(.*\); *\/\/ (.*)$/gm)].map((m) => m[1]);
      for (const line of wanted) assert.ok(run.stdout.split("\n").includes(line), `\`${line}\` in\n${run.stdout}`);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("DuckDB's library is loaded when a database is opened, and a broken one is named", { skip: process.platform !== "linux" }, async () => {
  const broken = write(temporary(), { "libduckdb.so": "no library\n" });
  const text = `
    const project = await rocky.open(${JSON.stringify(inMemory())});
    console.log((await project.compile()).models);
    await project.run().catch((error) => console.log(error.code, error.message, "|", error.hint));
    await project.close();`;
  const { code, stdout, stderr } = await child(text, { env: { LD_LIBRARY_PATH: broken } });
  assert.equal(code, 0, stderr);
  const [models, refused] = stdout.split("\n");
  assert.equal(models, "1");
  assert.ok(refused.startsWith(`io DuckDB's library libduckdb.so cannot be loaded: ${join(broken, "libduckdb.so")}: `), refused);
  assert.match(refused, /\| put the libduckdb\.so of DuckDB 1\.5\.5 into/);
});
