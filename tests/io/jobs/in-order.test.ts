import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { ImagesetOptions } from "../../../src/io/convert/imageset.ts";
import { decodeImage } from "../../../src/io/images/decode.ts";
import { encodeImage } from "../../../src/io/images/encode.ts";
import { inOrder, type Work } from "../../../src/io/jobs/in-order.ts";
import { decodeDatum } from "../../../src/io/proto/datum.ts";
import { CaffeError } from "../../../src/util/errors.ts";
import { readAll } from "../../support/databases.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

let made = 0;
type Imageset = typeof import("../../../src/io/convert/imageset.ts");
type CropImage = typeof import("../../../src/io/convert/crop-image.ts");
type InOrder = typeof import("../../../src/io/jobs/in-order.ts");

/** Work that is never done: the threads below answer with the job itself. */
const never: Work<string, undefined> = {
  run: () => Promise.reject(new Error("it is done here")),
  module: "nowhere",
  name: "never",
};

/** A thread that runs this, in place of the compiled one. */
function thread(name: string, program: string): URL {
  const file = at(`${name}.mjs`);
  writeFileSync(file, `import { parentPort } from "node:worker_threads";\n${program}`);
  return pathToFileURL(file);
}

async function answersOf(file: URL, count: number, threads: number): Promise<string[]> {
  const answers: string[] = [];
  const jobs = Array.from({ length: count }, (_, i) => String(i));
  for await (const outcome of inOrder(never, jobs, threads, 2, file)) {
    answers.push("error" in outcome ? outcome.error : "a result");
  }
  return answers;
}

describe("answers of threads", () => {
  test.each([1, 2, 3])("that come late and backwards are those of their jobs, of %i", async (n) => {
    // Keeps the first of every two parcels until it has answered the second.
    const file = thread(
      "backwards",
      `let kept;
       const answer = ({ number, jobs }) =>
         parentPort.postMessage({ number, outcomes: jobs.map((error) => ({ error })) });
       const flush = () => { if (kept) answer(kept); kept = undefined; };
       parentPort.on("message", (parcel) => {
         if (kept) { answer(parcel); flush(); } else { kept = parcel; setTimeout(flush, 50); }
       });`,
    );
    expect(await answersOf(file, 21, n)).toEqual(Array.from({ length: 21 }, (_, i) => String(i)));
  });

  test.each([
    ["ends without a word", `parentPort.on("message", () => process.exit(0));`, "exit code 0"],
    ["ends before it is asked", "process.exit(3);", "exit code 3"],
    ["throws", `parentPort.on("message", () => { throw new Error("out of luck"); });`, "of luck"],
    [
      "rejects",
      `parentPort.on("message", async () => { throw new Error("out of luck"); });`,
      "of luck",
    ],
    ["is no program", "}{", "Unexpected token"],
  ])("where one %s it is an error, and nobody waits for it", async (name, program, message) => {
    const answers = answersOf(thread(name.replace(/ /g, "-"), program), 40, 2);
    await expect(answers).rejects.toBeInstanceOf(CaffeError);
    await expect(answers).rejects.toThrow(/^a thread ended at work: /);
    await expect(answers).rejects.toThrow(message);
  });
});

// A thread cannot load TypeScript on every Node, so the threads that are tested are the built ones.
const built = (name: string): URL => new URL(`../../../dist/io/${name}.js`, import.meta.url);

describe("images of many kinds and sizes", () => {
  const COUNT = 60;
  const DAMAGED = 37;
  const kinds = ["png", "jpg", "webp", "tiff", "png"];
  const kindOf = (i: number): string => kinds[i % kinds.length] ?? "";
  const names = Array.from({ length: COUNT }, (_, i) => `${i}.${kindOf(i)}`);
  const whole = names.flatMap((_, i) => (i === DAMAGED ? [] : [i]));

  beforeAll(async () => {
    mkdirSync(at("images"));
    for (const [i, name] of names.entries()) {
      // Some are two hundred times as large as their neighbours, so that they take longer.
      const side = i % 16 === 0 ? 300 : 20 + (i % 7);
      const data = new Uint8Array(3 * side * side).fill(4 * i);
      const bytes = await encodeImage({ channels: 3, height: side, width: side, data }, kindOf(i));
      const length = i === DAMAGED ? bytes.length >> 1 : bytes.length;
      writeFileSync(at(`images/${name}`), bytes.subarray(0, length));
    }
    writeFileSync(at("list.txt"), names.map((name, i) => `${name} ${i}\n`).join(""));
  });

  /** Converts them and gives what the log says. */
  async function convert(
    more: Partial<ImagesetOptions>,
    onProgress?: (done: number) => void,
    signal?: AbortSignal,
  ): Promise<string[]> {
    const { convertImageset } = (await import(built("convert/imageset").href)) as Imageset;
    const log: string[] = [];
    await convertImageset(
      {
        ...{
          root: at("images/"),
          list: at("list.txt"),
          lenient: false,
          database: "",
          backend: "lmdb",
          threads: 2,
        },
        ...{ gray: false, shuffle: false, seed: 1, height: 8, width: 8, checkSize: false },
        ...{ encoded: false, encodeType: "", resume: false, ...more },
      },
      (_severity, _source, message) => log.push(message),
      onProgress,
      signal,
    );
    return log;
  }

  test.each([
    [1, {}],
    [2, {}],
    [5, { backend: "leveldb" }],
    [2, { encoded: true, encodeType: "png" }],
  ] as const)(
    "%i threads, %j: record k is line k, the damaged one alone is missing",
    async (threads, more) => {
      const database = at(`db-${made++}`);
      const log = await convert({ database, threads, ...more });
      expect(log.filter((line) => line.includes("skipped"))).toEqual([
        expect.stringContaining(`list.txt:${DAMAGED + 1}: `),
      ]);
      const records = readAll(database);
      expect(records.map(([key]) => key)).toEqual(
        whole.map((i) => `${String(i).padStart(8, "0")}_${names[i]}`),
      );
      for (const [key, value] of records) {
        const { label, data, encoded } = decodeDatum(value, key);
        expect(label).toBe(Number.parseInt(key, 10));
        const pixels = encoded ? (await decodeImage(data, true, key)).data : data;
        // JPEG and WebP come near the grey that was written.
        expect(Math.abs((pixels[0] ?? 0) - 4 * label)).toBeLessThanOrEqual(2);
      }
    },
  );

  test.each(["lmdb", "leveldb"] as const)(
    "a stopped run goes on to the same %s",
    async (backend) => {
      const [all, database] = [at(`all-${backend}`), at(`stopped-${backend}`)];
      await convert({ backend, database: all });
      const stop = new AbortController();
      await convert({ backend, database }, (done) => done === 17 && stop.abort(), stop.signal);
      await convert({ backend, database, resume: true });
      expect(readAll(database)).toEqual(readAll(all));
    },
  );

  test("are cropped, and the damaged one is named", async () => {
    const threaded = (await import(built("jobs/in-order").href)) as InOrder;
    const { cropImage } = (await import(built("convert/crop-image").href)) as CropImage;
    const paths = { input: at("images"), output: at("squares") };
    const crops = names.map((path) => ({ path, side: 8, ...paths }));
    const failed: number[] = [];
    let index = 0;
    for await (const outcome of threaded.inOrder(cropImage, crops, 3)) {
      if ("error" in outcome) failed.push(index);
      index++;
    }
    expect(failed).toEqual([DAMAGED]);
  });
});
