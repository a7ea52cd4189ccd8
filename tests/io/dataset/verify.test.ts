import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { verifyDataset } from "../../../src/io/dataset/verify.ts";
import { createDatabase } from "../../../src/io/db/open.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import { imageBytes } from "../../support/opencv.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

// A thread cannot load TypeScript on every Node, so the threads that are tested are the built ones.
const built = new URL("../../../dist/io/dataset/verify.js", import.meta.url);

test.skipIf(!existsSync(built))(
  "threads find the same damage in the same order, however many there are",
  async () => {
    // JPEGs are decoded at once, and PNGs later.
    const kinds = [imageBytes("420.jpg"), imageBytes("rgb.png")] as const;
    const path = join(folder, "db");
    const writer = await createDatabase(path, "leveldb");
    for (let i = 0; i < 90; i++) {
      const image = kinds[i % 2] ?? kinds[0];
      const data = i % 7 === 3 ? image.subarray(0, 300 + i) : image;
      await writer.put(
        String(i).padStart(8, "0"),
        encodeDatum({ data, label: i % 11 === 5 ? -1 : 1, encoded: true }),
      );
    }
    await writer.finish();
    const run = async (verify: typeof verifyDataset, threads: number): Promise<unknown> => {
      const problems: string[] = [];
      const seen: number[] = [];
      const result = await verify(
        path,
        threads,
        (key, problem) => problems.push(`${key}: ${problem}`),
        (done) => seen.push(done),
      );
      return { result, problems, seen };
    };
    const here = await run(verifyDataset, 0);
    expect(here).toMatchObject({ result: { count: 90, damaged: 20 } });
    const { verifyDataset: threaded } = await import(built.href);
    for (const threads of [1, 2, 3]) expect(await run(threaded, threads)).toEqual(here);
  },
);
