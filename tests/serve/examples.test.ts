// The commands of docs/serving.md, as a shell runs them.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { modelFiles, served } from "./served.ts";

const FLOWERS = `
  name: "flowers"
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
  layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 6 weight_filler { type: "xavier" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

test("every command of docs/serving.md is answered", async () => {
  const flowers = modelFiles(FLOWERS);
  const small = modelFiles();
  const plans = [flowers, small].map(({ model, weights }) => () => {
    return { model, weights: [weights], maxBatch: 8 };
  });
  await using serving = await served(small, { models: plans.map((plan) => ({ plan })) });
  const page = readFileSync("docs/serving.md", "utf8");
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, text = ""]) => text);
  expect(blocks.length).toBeGreaterThan(2);
  const cwd = temporaryFolder();
  const grey = { width: 30, height: 20, channels: 3, background: "#777" } as const;
  await sharp({ create: grey }).png().toFile(join(cwd, "picture.png"));
  for (const block of blocks) {
    const there = block.replaceAll("localhost:8000", serving.url.replace("http://", ""));
    const script = there.replaceAll("curl ", "curl --silent --show-error --fail-with-body ");
    const { stdout } = await promisify(execFile)("bash", ["-ec", script], { cwd });
    expect(stdout, block).toMatch(/"(ready|outputs|predictions)":/);
  }
});
