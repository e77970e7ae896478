/** The errors that calls reject with. */
import type { ErrorCode, ErrorDocument } from "./types.js";

/**
 * A call that failed: misuse, the outside world, cancellation, or a bug of rocky. A mistake in a project's files is not an
 * error: it is listed in the response's `diagnostics`.
 */
export class RockyError extends Error {
  static {
    this.prototype.name = "RockyError";
  }

  /** What class of trouble it is. */
  readonly code: ErrorCode;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** The causes, outermost first. */
  readonly detail: string | undefined;
  /** The verb that failed. */
  readonly command: string | undefined;

  constructor(
    message: string,
    about: {
      code: ErrorCode;
      hint?: string | null | undefined;
      detail?: string | null | undefined;
      command?: string | undefined;
      cause?: unknown;
    },
  ) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = about.code;
    this.hint = about.hint ?? undefined;
    this.detail = about.detail ?? undefined;
    this.command = about.command;
  }

  /** @internal */
  static of(json: string): RockyError {
    const { command, error } = JSON.parse(json) as ErrorDocument;
    const { message, code, remediation_hint: hint, detail } = error;
    return new RockyError(message, { code: code as ErrorCode, hint, detail, command });
  }
}

/**
 * A call that its `AbortSignal` stopped. As with Node's own functions its `name` is `AbortError` and its `cause` is the
 * signal's reason. `code` is `cancelled`.
 */
export class AbortError<Document = unknown> extends RockyError {
  static {
    this.prototype.name = "AbortError";
  }

  // Private, so that a log of the error stays readable.
  readonly #document: Document | undefined;

  constructor(command: string, reason: unknown, document?: Document) {
    super(`${command} was aborted`, { code: "cancelled", command, cause: reason });
    this.#document = document;
  }

  /** What was done until then: the response of an interrupted run. Nothing when the call stopped before it began. */
  get document(): Document | undefined {
    return this.#document;
  }
}
