/**
 * The native half, `rocky.node`, which lies beside the package's `package.json`. Its types are written by hand here; the tests
 * run every function of it.
 */
import { createRequire } from "node:module";

/** Receives what a call has to say: events, then one outcome. */
export type Report = (kind: number, json: string) => void;

/** Kinds of reports. */
export const EVENT = 0;
export const DONE = 1;
export const FAILED = 2;

export interface NativeCall {
  cancel(): void;
}

/** An opaque class of the native half. */
export interface NativeEngine {
  readonly nativeEngine?: never;
}

export interface NativeProject {
  readonly root: string;
  open(engine: NativeEngine | undefined, request: string, report: Report): NativeCall;
  call(verb: string, request: string, wantsEvents: boolean, report: Report): NativeCall;
  close(report: Report): NativeCall;
}

interface Native {
  version(): string;
  verbs(): string[];
  init(path: string, template: string, report: Report): NativeCall;
  playground(path: string, template: string, report: Report): NativeCall;
  NativeEngine: new (threads?: number) => NativeEngine;
  NativeProject: new () => NativeProject;
}

function load(): Native {
  const path = "../rocky.node";
  try {
    return createRequire(import.meta.url)(path) as Native;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const what =
      code === "MODULE_NOT_FOUND"
        ? "rocky.node is missing from the package; in a checkout, build it with `npm run build:native`"
        : `rocky.node cannot be loaded on ${process.platform}-${process.arch} with Node ${process.version}`;
    throw new Error(`@rocky/node: ${what}`, { cause: error });
  }
}

export const native: Native = load();
