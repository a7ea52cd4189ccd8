import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { EventStream } from "./event-stream.ts";

/** Seconds for which clients are told that an idle connection stays. */
export const KEPT_FOR = 60;

/**
 * Bytes of a body up to which it is written in one piece with the head, which Node does with a text. Behind a head of its own it would take
 * two pieces, which costs more than to copy it.
 */
const ONE_PIECE = 8192;

/** What is sent to a client. */
export interface Reply {
  readonly status?: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that goes on until the client leaves or the server ends: server-sent events. */
export interface LiveReply {
  /** Is given where to send them. */
  readonly live: (stream: EventStream) => void;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A reply of JSON. */
export function jsonReply(
  value: object,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { status, type: "application/json", body: JSON.stringify(value), headers };
}

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly path: string;
  /** What was asked, for who counts requests: a model's name; "" where it was none. */
  subject = "";
  readonly #query: string;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  /** What is done when the client leaves; most requests are over before anything allocates a list of it. */
  #whenGone: Set<() => void> | undefined;
  #isGone = false;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.#socket = request.socket;
    this.#response = response;
    const url = request.url ?? "";
    const at = url.indexOf("?");
    this.path = at < 0 ? url : url.slice(0, at);
    this.#query = at < 0 ? "" : url.slice(at + 1);
    response.once("close", () => {
      if (response.writableFinished) return;
      this.#isGone = true;
      for (const act of this.#whenGone ?? []) act();
    });
  }

  get query(): URLSearchParams {
    return new URLSearchParams(this.#query);
  }

  /** Whether the client has left before it had its answer. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /**
   * Calls `act` when the client leaves before it has its answer; at once where it has left.
   * @returns what takes that back
   */
  whenGone(act: () => void): () => void {
    if (this.#isGone) act();
    this.#whenGone ??= new Set();
    this.#whenGone.add(act);
    return () => void this.#whenGone?.delete(act);
  }

  get method(): string {
    return this.request.method ?? "";
  }

  /** Lets a client that asked first (`Expect: 100-continue`) send its body. */
  continue(): void {
    if (this.request.headers.expect?.toLowerCase() === "100-continue")
      this.#response.writeContinue();
  }

  /** Begins an answer that goes on. */
  goLive({ live, headers = {} }: LiveReply): void {
    this.#response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    });
    this.#response.flushHeaders();
    if (this.method === "HEAD") this.#response.end();
    else live(new EventStream(this.#response));
  }

  /** Sends the answer. @param isLast the connection ends with it */
  send({ status = 200, type, body, headers = {} }: Reply, isLast: boolean): void {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    this.#response.writeHead(status, {
      "content-type": type,
      "content-length": bytes.byteLength,
      "x-content-type-options": "nosniff",
      ...headers,
      ...(isLast ? { connection: "close" } : { "keep-alive": `timeout=${KEPT_FOR}` }),
    });
    if (this.method === "HEAD") this.#response.end();
    else if (bytes.byteLength > ONE_PIECE) this.#response.end(bytes);
    else this.#response.end(latin1Of(bytes), "latin1");
    // What the client still sends is not read: it would keep the connection for as long as it likes.
    if (isLast && !this.request.complete) {
      this.#response.once("finish", () => this.#socket.destroySoon());
    }
  }
}

/** The text whose characters are those bytes. */
function latin1Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
