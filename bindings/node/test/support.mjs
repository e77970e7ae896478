// Folders, projects and children for the tests.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import * as rocky from "../dist/index.js";

export const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

const made = [];
after(() => made.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** A folder that is gone after the tests. */
export function temporary() {
  const folder = mkdtempSync(join(tmpdir(), "rocky-node-"));
  made.push(folder);
  return folder;
}

/** Write files, given by relative path. */
export function write(folder, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** A playground with data. */
export async function playground() {
  const folder = join(temporary(), "playground");
  await rocky.playground(folder);
  return folder;
}

/** The model `slow`, whose query takes hours. */
export const SLOW = {
  "models/slow.sql": "SELECT count(*) AS n FROM range(100000000000000) AS r(i) WHERE hash(r.i) % 7 = 3\n",
  "models/slow.toml": '[strategy]\ntype = "full_refresh"\n',
};

/** A project on a database in memory: a model `quick`, and what is given. */
export function inMemory(files = {}) {
  return write(temporary(), {
    "rocky.toml": '[adapter]\ntype = "duckdb"\n\n[pipeline.main]\ntype = "transformation"\n\n[pipeline.main.target]\nadapter = "default"\n',
    "models/_defaults.toml": '[target]\nschema = "main"\n',
    "models/quick.sql": "SELECT 1 AS a\n",
    ...files,
  });
}

/** Run a module's text in another Node; it may import `rocky` from the package. Gives `{ code, signal, stdout, stderr }`. */
export function child(text, { args = [], cwd = packageRoot, timeout = 600_000, env = {} } = {}) {
  const index = new URL("../dist/index.js", import.meta.url).href;
  const source = `import * as rocky from ${JSON.stringify(index)};\n${text}`;
  return new Promise((resolve) => {
    const options = { cwd, timeout, killSignal: "SIGKILL", env: { ...process.env, ...env } };
    execFile(process.execPath, [...args, "--input-type=module", "-e", source], options, (error, stdout, stderr) => {
      resolve({ code: error ? error.code : 0, signal: error?.signal ?? null, stdout, stderr });
    });
  });
}
