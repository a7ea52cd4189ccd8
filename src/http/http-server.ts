import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CaffeError, systemErrorText } from "../util/errors.ts";
import { within } from "../util/promises.ts";
import { Exchange, jsonReply, KEPT_FOR } from "./exchange.ts";
import { HttpError } from "./http-error.ts";
import type { Answer, Answerer } from "./router.ts";

/** Where a server listens, and what its clients may do. */
interface HttpOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** What gives the port, for messages; `--port` by default. */
  readonly flag?: string;
  /** Connections at a time; more are closed. */
  readonly maxConnections: number;
  /** Milliseconds within which a request has to be there whole. */
  readonly receiveTimeout: number;
  /** Milliseconds that answering takes at most. */
  readonly answerTimeout: number;
}

/** A request that has been answered, or whose client has left (status 499). */
export interface Answered {
  readonly exchange: Exchange;
  readonly status: number;
  readonly milliseconds: number;
  /** What went wrong though the client asked rightly. */
  readonly problem: Error | undefined;
}

/** How often connections are looked at for requests that take too long. */
const LOOK_EVERY = 500;
/** Milliseconds for a request's first lines. */
const HEADERS_TIMEOUT = 10_000;
/**
 * Milliseconds for which a connection may be idle: longer than clients are told. Where machines are busy, who keeps to what it was told
 * may be late, and a request that is under way when a connection ends is lost.
 */
const KEEP_ALIVE_TIMEOUT = 1000 * KEPT_FOR + 15_000;

/** Answers HTTP requests until it is closed. */
export class HttpServer {
  readonly #server: Server;
  readonly #answerer: Answerer;
  readonly #onAnswer: (answered: Answered) => void;
  /** Requests that are being answered. */
  #active = 0;
  #isDraining = false;
  #whenIdle: (() => void) | undefined;

  private constructor(
    answerer: Answerer,
    options: HttpOptions,
    onAnswer: (answered: Answered) => void,
  ) {
    this.#answerer = answerer;
    this.#onAnswer = onAnswer;
    const { receiveTimeout, answerTimeout, maxConnections } = options;
    this.#server = createServer({
      headersTimeout: Math.min(HEADERS_TIMEOUT, receiveTimeout),
      requestTimeout: receiveTimeout,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: LOOK_EVERY,
    });
    this.#server.maxConnections = maxConnections;
    // Who is idle makes room where there is none.
    this.#server.on("drop", () => this.#server.closeIdleConnections());
    // Who reads nothing of its answer is not waited for longer.
    this.#server.timeout = receiveTimeout + answerTimeout;
    const answer = (...[request, response]: ConstructorParameters<typeof Exchange>): void => {
      void this.#answer(new Exchange(request, response));
    };
    this.#server.on("request", answer);
    this.#server.on("checkContinue", answer);
  }

  /**
   * Listens.
   * @throws CaffeError where it cannot
   */
  static async listen(
    answerer: Answerer,
    options: HttpOptions,
    onAnswer: (answered: Answered) => void,
  ): Promise<HttpServer> {
    const server = new HttpServer(answerer, options, onAnswer);
    const { host, port, flag = "--port" } = options;
    await new Promise<void>((resolve, reject) => {
      server.#server.once("error", (error: NodeJS.ErrnoException) => {
        const taken = `another program listens there. Expected another ${flag}, or 0 for any free one`;
        const why = error.code === "EADDRINUSE" ? taken : (systemErrorText(error) ?? error.message);
        reject(new CaffeError(`cannot listen on ${host}:${port}: ${why}.`, { cause: error }));
      });
      server.#server.listen(port, host, resolve);
    });
    return server;
  }

  /** `http://127.0.0.1:8000`. */
  get url(): string {
    const { address, port, family } = this.#server.address() as AddressInfo;
    return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
  }

  /** Whether it takes no more requests. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  async #answer(exchange: Exchange): Promise<void> {
    const from = performance.now();
    this.#active++;
    let problem: Error | undefined;
    let reply: Answer;
    try {
      if (this.#isDraining) throw new HttpError(503, "the server is being stopped.");
      reply = await this.#answerer.answer(exchange);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.status >= 500) problem = (refusal.cause ?? refusal) as Error;
      reply = jsonReply({ error: refusal.message }, refusal.status, refusal.headers);
    }
    const { isGone } = exchange;
    if (!isGone && "live" in reply) exchange.goLive(reply);
    else if (!isGone && "body" in reply)
      exchange.send(reply, this.#isDraining || !exchange.request.complete);
    const status = isGone ? 499 : (("body" in reply ? reply.status : undefined) ?? 200);
    this.#active--;
    this.#onAnswer({ exchange, status, milliseconds: performance.now() - from, problem });
    if (this.#active === 0) this.#whenIdle?.();
  }

  /**
   * Listens no longer, answers what has been asked, and closes all connections.
   * @param limit milliseconds after which they are closed all the same
   */
  async close(limit: number): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    if (this.#active > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
      await within(limit, idle);
    }
    // What was answered just now is still on its way.
    await new Promise((resolve) => setTimeout(resolve, 50));
    this.#server.closeAllConnections();
    await closed;
  }
}

/** What a client is told of an error. Of a bug it learns nothing but that there is one; the log has the rest. */
function refusalOf(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof CaffeError) return new HttpError(400, error.message, {}, { cause: error });
  return new HttpError(500, "the server failed; its log says more.", {}, { cause: error });
}
