import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { PrefetchOptions } from "../../../src/io/prefetch/batch-source.ts";
import { ThreadedSource } from "../../../src/io/prefetch/threaded-source.ts";
import { CaffeError } from "../../../src/util/errors.ts";
import { planOf, square, writeRecords } from "../../support/record-plans.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

const options = (more: Partial<PrefetchOptions> = {}): PrefetchOptions => ({
  ...{ depth: 1, workers: 1, isDecoded: false, dtype: "f32", name: "train_lmdb", log: () => {} },
  shapes: [[1, 1, 2, 2], [1]],
  ...more,
});

/** A thread that runs this, in place of the compiled one. */
function thread(name: string, program: string): URL {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, program);
  return pathToFileURL(file);
}

describe("a thread that ends", () => {
  test.each([
    ["without a word", "process.exit(0);", "exit code 0"],
    ["late", "setTimeout(() => process.exit(5), 50);", "exit code 5"],
    ["by what it throws", 'throw new Error("out of luck");', "out of luck"],
  ])("%s is heard by whoever waits for it, now and later", async (name, program, message) => {
    const file = thread(name.replace(/ /g, "-"), program);
    const source = new ThreadedSource(planOf(folder, "none", 1), options(), file);
    for (let i = 0; i < 2; i++) {
      const next = Promise.resolve(source.next());
      await expect(next).rejects.toBeInstanceOf(CaffeError);
      await expect(next).rejects.toThrow(`the thread that reads train_lmdb ended: ${message}`);
    }
    source.close();
  });

  test("because its source is closed ends the wait for it", async () => {
    const file = thread("idle", "setInterval(() => {}, 1000);");
    const source = new ThreadedSource(planOf(folder, "none", 1), options(), file);
    const next = Promise.resolve(source.next());
    source.close();
    await expect(next).rejects.toThrow("the thread that reads train_lmdb ended");
  });
});

// A thread cannot load TypeScript on every Node, so the thread that is waited for is the built one.
const built = new URL("../../../dist/io/prefetch/worker.js", import.meta.url);

test.skipIf(!existsSync(built))(
  "a wait leaves nothing behind",
  async () => {
    const records = Array.from({ length: 7 }, (_, i) => square(2, i));
    await writeRecords(join(folder, "seven"), records);
    const source = new ThreadedSource(planOf(folder, "seven", 1), options(), built);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    let waits = 0;
    const take = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const next = source.next();
        if (next instanceof Promise) {
          waits++;
          await next;
        }
      }
    };
    const heap = async (): Promise<number> => {
      await new Promise(setImmediate);
      collect();
      return process.memoryUsage().heapUsed;
    };
    await take(500);
    const before = await heap();
    waits = 0;
    await take(6000);
    const grown = (await heap()) - before;
    source.close();
    // With room for one batch, nearly each is waited for.
    expect(waits).toBeGreaterThan(2000);
    expect(grown / waits).toBeLessThan(60);
  },
  60_000,
);
