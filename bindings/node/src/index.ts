/**
 * rocky in Node: compile, plan and run SQL projects in this process.
 *
 * @packageDocumentation
 */
export { Engine, Project, init, open, playground, version, type OpenOptions } from "./project.js";
export { AbortError, RockyError } from "./errors.js";
export { RunEvents } from "./run-events.js";
export type { CallOptions } from "./call.js";
export type * from "./types.js";
