// What docs/matlab.md shows runs in Octave, one block after the other.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { Net } from "../../src/index.ts";
import { caffe } from "../support/cli.ts";
import { errorsOf, octave, octaveNeeds, runOctave } from "../support/octave.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test.skipIf(!octave)(`the blocks of matlab.md run (${octaveNeeds})`, async () => {
  const folder = temporaryFolder();
  cpSync("models/lenet", join(folder, "models/lenet"), { recursive: true });
  using net = new Net("models/lenet/lenet.prototxt");
  net.save(join(folder, "models/lenet/lenet.caffemodel"));
  const grey = { width: 28, height: 28, channels: 3, background: "#777" } as const;
  await sharp({ create: grey }).png().toFile(join(folder, "boot.png"));
  const solver = join(folder, "models/lenet/lenet_fashion_solver.prototxt");
  writeFileSync(solver, readFileSync(solver, "utf8").replace(/test_iter: \d+/, "test_iter: 1"));
  mkdirSync(join(folder, "data/fashion-mnist"), { recursive: true });
  writeFileSync(join(folder, "list"), "boot.png 1\n".repeat(100));
  for (const part of ["train", "test"]) {
    const made = join(folder, `data/fashion-mnist/${part}_lmdb`);
    expect(caffe(["convert_imageset", "--gray", "./", "list", made], folder).status).toBe(0);
  }
  const page = readFileSync("docs/matlab.md", "utf8");
  const blocks = [...page.matchAll(/^```matlab\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
  expect(blocks.length).toBeGreaterThan(3);
  const script = join(folder, "blocks.m");
  writeFileSync(script, blocks.join("\n"));
  const { status, stderr } = await runOctave(script, folder);
  expect(errorsOf(stderr)).toEqual([]);
  expect(status).toBe(0);
});
