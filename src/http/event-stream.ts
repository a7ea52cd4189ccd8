import type { ServerResponse } from "node:http";

/** A word that says nothing, so often: who is between does not take the connection for dead, and a client that has left is noticed. */
const HEARTBEAT = 15_000;
/** Bytes that wait for a client at most. */
const MOST_WAITING = 2 ** 20;

/** Sends server-sent events to one client until it leaves. Who reads too slowly is let go: its browser comes again by itself. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #heartbeat: NodeJS.Timeout;
  #whenGone: (() => void) | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#heartbeat = setInterval(() => this.#write(":\n\n"), HEARTBEAT).unref();
    response.once("close", () => {
      clearInterval(this.#heartbeat);
      this.#whenGone?.();
    });
  }

  /** Whether the client has left. */
  get isGone(): boolean {
    return this.#response.closed || this.#response.destroyed;
  }

  /** Calls `act` once the client has left. */
  whenGone(act: () => void): void {
    if (this.isGone) act();
    else this.#whenGone = act;
  }

  /** Sends an event whose data is JSON. @param id what a client that comes again says it had last (`Last-Event-ID`) */
  send(event: string, data: object, id?: number): void {
    const number = id === undefined ? "" : `id: ${id}\n`;
    this.#write(`${number}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** There is nothing more to tell. */
  end(): void {
    this.#response.end();
  }

  #write(text: string): void {
    if (this.isGone || this.#response.writableEnded) return;
    if (this.#response.writableLength > MOST_WAITING) this.#response.destroy();
    else this.#response.write(text);
  }
}
