/** A native call as a promise. */
import { AsyncResource } from "node:async_hooks";
import { AbortError, RockyError } from "./errors.js";
import { DONE, EVENT, type NativeCall, type Report } from "./native.js";
import type { Event } from "./types.js";

/** What every call takes beside its request. */
export interface CallOptions {
  /** Stops the call when it is aborted: the promise rejects with an {@link AbortError}. */
  signal?: AbortSignal | undefined;
  /**
   * Receives the events of the call, in order, the last one before the promise settles. When it throws, the call is stopped
   * and the promise rejects with what was thrown.
   */
  onEvent?: ((event: Event) => void) | undefined;
}

/** Start a native call; its outcome settles the promise. */
export function call<T>(
  command: string,
  start: (report: Report, wantsEvents: boolean) => NativeCall,
  { signal, onEvent }: CallOptions = {},
): Promise<T> {
  // An error is made when the outcome arrives, where no frame of the caller is left; these are the caller's.
  const caller: { stack?: string } = {};
  Error.captureStackTrace(caller, call);
  return new Promise<T>((resolve, fail) => {
    const reject = (error: unknown) => {
      if (error instanceof RockyError) {
        error.stack = `${error.name}: ${error.message}\n${caller.stack?.replace(/^.*\n/, "") ?? ""}`;
      }
      fail(error);
    };
    if (signal?.aborted) {
      reject(new AbortError(command, signal.reason));
      return;
    }
    // Events arrive outside of the caller's asynchronous context.
    const listener = onEvent && AsyncResource.bind(onEvent);
    let thrown: { error: unknown } | undefined;
    const stop = () => running.cancel();
    const report: Report = (kind, json) => {
      if (kind === EVENT) {
        if (thrown) return;
        try {
          listener?.(JSON.parse(json) as Event);
        } catch (error) {
          thrown = { error };
          stop();
        }
        return;
      }
      signal?.removeEventListener("abort", stop);
      try {
        if (thrown) throw thrown.error;
        if (kind === DONE) {
          const document = JSON.parse(json) as T;
          if (signal?.aborted && interrupted(document)) throw new AbortError(command, signal.reason, document);
          resolve(document);
          return;
        }
        const error = RockyError.of(json);
        throw signal?.aborted && error.code === "cancelled" ? new AbortError(command, signal.reason) : error;
      } catch (error) {
        reject(error);
      }
    };
    let running: NativeCall;
    try {
      running = start(report, listener !== undefined);
    } catch (error) {
      reject(refusal(error));
      return;
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}

function interrupted(document: unknown): boolean {
  return (document as { interrupted?: unknown } | null)?.interrupted === true;
}

/** A native function that throws at once puts an error document into the message. */
function refusal(error: unknown): unknown {
  if (error instanceof Error && error.message.startsWith('{"version"')) return RockyError.of(error.message);
  return error;
}
