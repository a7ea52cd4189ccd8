import { CaffeError } from "../util/errors.ts";

/** An answer to a client that asked for what it cannot have: the status, and what is said under `error`. */
export class HttpError extends CaffeError {
  override readonly name = "HttpError";
  readonly status: number;
  /** What the client's program is told besides: `allow`, `retry-after`. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = status;
    this.headers = headers;
  }
}
