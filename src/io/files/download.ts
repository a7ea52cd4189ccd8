import { createHash, type Hash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { FileError } from "../../util/errors.ts";
import { PartialFile } from "./atomic-file.ts";

/** A file to be fetched: where from, and its checksum. */
interface Download {
  /** Addresses, tried in this order. */
  readonly urls: readonly string[];
  /** SHA-1 of the whole file, as Caffe's model READMEs give it. */
  readonly sha1: string;
}

/** Told as bytes come in; `total` is undefined where the server does not say it. */
export type DownloadProgress = (done: number, total: number | undefined) => void;

/**
 * Fetches a file. It is under its name only when it is whole and its checksum is right; a file that is there already
 * and right is left alone.
 *
 * @returns whether anything was fetched
 * @throws FileError that tells what each address answered, and what to do by hand
 */
export async function download(
  { urls, sha1 }: Download,
  path: string,
  progress: DownloadProgress = () => {},
): Promise<boolean> {
  if ((await sha1Of(path)) === sha1) return false;
  const failures: string[] = [];
  for (const url of urls) {
    const failure = await attempt(url, sha1, path, progress);
    if (failure === undefined) return true;
    failures.push(`${url}: ${failure}`);
  }
  throw new FileError(
    `"${path}" cannot be fetched: ${failures.join("; ")}. Fetch it by other means; its SHA-1 is ${sha1}.`,
  );
}

/** Fetches from one address; says why where that fails. */
async function attempt(
  url: string,
  sha1: string,
  path: string,
  progress: DownloadProgress,
): Promise<string | undefined> {
  let partial: PartialFile | undefined;
  try {
    partial = new PartialFile(path);
    const response = await fetch(url);
    if (!response.ok || !response.body) return `status ${response.status} ${response.statusText}`;
    const length = response.headers.get("content-length");
    const total = length === null ? undefined : Number(length);
    const hash = createHash("sha1");
    await pipeline(
      Readable.fromWeb(response.body as ReadableStream),
      counting(hash, (done) => progress(done, total)),
      createWriteStream(partial.temporary, { flags: "r+" }),
    );
    const got = hash.digest("hex");
    if (got !== sha1) return `its SHA-1 is ${got}, expected ${sha1}`;
    partial.publish();
    return undefined;
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? `${message} (${cause.message})` : message;
  } finally {
    partial?.discard();
  }
}

/** Lets bytes through, and adds them to the hash. */
function counting(hash: Hash, told: (done: number) => void): Transform {
  let done = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      done += chunk.length;
      told(done);
      next(undefined, chunk);
    },
  });
}

/** The checksum of a file; undefined where there is none. */
async function sha1Of(path: string): Promise<string | undefined> {
  const hash = createHash("sha1");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return undefined;
  }
  return hash.digest("hex");
}
