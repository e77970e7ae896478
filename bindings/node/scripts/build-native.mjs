// Builds the native half from the checkout and puts it, with the DuckDB it needs, beside package.json.
// `node scripts/build-native.mjs [--release]`
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const root = resolve(here, "../..");
const release = process.argv.includes("--release");
execFileSync("cargo", ["build", "-p", "rocky-node", ...(release ? ["--release"] : [])], { cwd: root, stdio: "inherit" });

const built = join(root, ".cache/target", release ? "release" : "debug", "librocky_node.so");
const duckdb = join(root, ".cache/duckdb-1.5.5/libduckdb.so");
for (const [from, to, place] of [
  [built, join(here, "rocky.node"), copyFileSync],
  [duckdb, join(here, "libduckdb.so"), release ? copyFileSync : symlinkSync],
]) {
  // A file that a running process has loaded must be replaced, not overwritten.
  rmSync(to, { force: true });
  place(from, to);
}
