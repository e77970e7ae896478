/** A run as a stream of events. */
import type { CallOptions } from "./call.js";
import type { Event, RunResponse } from "./types.js";

/**
 * The events of a run, for `for await`. The run has begun; leaving the loop early stops it. When the run fails as a call, the
 * loop throws what {@link RunEvents.response} rejects with.
 */
export class RunEvents implements AsyncIterable<Event> {
  /** The response of the run. A run that was stopped by leaving the loop rejects with an `AbortError`. */
  readonly response: Promise<RunResponse>;
  readonly #events: AsyncGenerator<Event, void, void>;

  /** @internal */
  constructor(start: (options: CallOptions) => Promise<RunResponse>, signal: AbortSignal | undefined) {
    const own = new AbortController();
    const forward = () => own.abort(signal?.reason);
    if (signal?.aborted) forward();
    else signal?.addEventListener("abort", forward, { once: true });

    let waiting: Event[] = [];
    let ended = false;
    let wake = () => {};
    const onEvent = (event: Event) => {
      waiting.push(event);
      wake();
    };
    this.response = start({ signal: own.signal, onEvent }).finally(() => {
      signal?.removeEventListener("abort", forward);
      ended = true;
      wake();
    });
    // Whoever only reads the events sees the failure there.
    this.response.catch(() => {});

    const response = this.response;
    this.#events = (async function* () {
      try {
        while (!ended || waiting.length > 0) {
          if (waiting.length === 0) {
            await new Promise<void>((resolve) => (wake = resolve));
          }
          const batch = waiting;
          waiting = [];
          yield* batch;
        }
        await response;
      } finally {
        own.abort();
        await response.catch(() => {});
      }
    })();
  }

  /** The events, once: a second loop goes on where the first one ended. */
  [Symbol.asyncIterator](): AsyncGenerator<Event, void, void> {
    return this.#events;
  }
}
