import type { Readable } from "node:stream";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import type { Exchange } from "./exchange.ts";
import { HttpError } from "./http-error.ts";

/** How much of bodies is held. */
interface BodyLimits {
  /** Bytes of one body, unpacked. */
  readonly maxBody: number;
  /** Bytes of all bodies that are held at a time. */
  readonly maxBodies: number;
}

/** A body, and what gives its place in memory back. */
interface Body {
  readonly bytes: Uint8Array;
  readonly release: () => void;
}

/** Reads requests' bodies, as much of them as may be held. */
export class BodyReader {
  readonly #limits: BodyLimits;
  #held = 0;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  /**
   * The whole body, unpacked where it is packed (`Content-Encoding`).
   * @throws HttpError 413 where it is too large, 415 where it is packed otherwise, 400 where it is damaged, 503 where too much is held
   */
  async read(exchange: Exchange): Promise<Body> {
    const { request } = exchange;
    const { maxBody } = this.#limits;
    if (Number(request.headers["content-length"] ?? 0) > maxBody) throw tooLarge(maxBody);
    const source = unpacked(request, request.headers["content-encoding"]);
    exchange.continue();
    const chunks: Buffer[] = [];
    let length = 0;
    const release = (): void => {
      this.#held -= length;
      length = 0;
    };
    try {
      await eachChunk(source, (chunk) => {
        this.#take(chunk.byteLength);
        length += chunk.byteLength;
        if (length > maxBody) throw tooLarge(maxBody);
        chunks.push(chunk);
      });
      return {
        bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
        release,
      };
    } catch (error) {
      release();
      if (error instanceof HttpError) throw error;
      throw new HttpError(
        400,
        "the body ends before it is complete, or is damaged.",
        {},
        { cause: error },
      );
    }
  }

  #take(bytes: number): void {
    if (this.#held + bytes > this.#limits.maxBodies) {
      throw new HttpError(503, "too much is being sent at once. Ask again later.", {
        "retry-after": "1",
      });
    }
    this.#held += bytes;
  }
}

/**
 * Hands on what comes until it ends. Where `take` throws no more is read; the source stays, for a client that is refused still gets its
 * answer. Iterating over it would do the same with dozens of promises a request.
 */
function eachChunk(source: Readable, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const torn = (): void => reject(new Error("the client has left"));
    if (source.destroyed) return torn();
    source.once("end", resolve).once("error", reject);
    // It closes behind its end, too, and to make an error takes as long as to read a small body.
    source.once("close", () => {
      if (!source.readableEnded) torn();
    });
    source.on("data", (chunk: Buffer) => {
      try {
        take(chunk);
      } catch (error) {
        source.removeAllListeners("data").pause();
        reject(error);
      }
    });
  });
}

function tooLarge(most: number): HttpError {
  return new HttpError(413, `the body is larger than ${most} bytes. Expected at most that.`);
}

const DECODERS: Readonly<Record<string, (() => NodeJS.ReadWriteStream) | undefined>> = {
  gzip: createGunzip,
  "x-gzip": createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

function unpacked(request: Readable, encoding = "identity"): Readable {
  const name = encoding.trim().toLowerCase();
  if (name === "identity" || name === "") return request;
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (!decoder) {
    throw new HttpError(
      415,
      `Content-Encoding is not known. Expected gzip, deflate, br, or none.`,
      {
        "accept-encoding": "gzip, deflate, br",
      },
    );
  }
  const stream = decoder() as unknown as Readable & NodeJS.WritableStream;
  request.once("error", (error) => stream.destroy(error));
  request.once("close", () => {
    if (!(request as Readable).readableEnded) stream.destroy(new Error("the client has left"));
  });
  request.pipe(stream);
  return stream;
}
