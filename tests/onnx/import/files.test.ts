// Small nets of each kind, as PyTorch writes them (tests/support/onnx_files.py): what ONNX Runtime computes, and training.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importModel } from "../../../src/onnx/import/from-onnx.ts";
import { distancesOf, lossesOf } from "../../support/imported-onnx.ts";
import { filledFile } from "../../support/onnx-weights.ts";

const FOLDER = "tests/onnx/import/files";

test.each(readdirSync(FOLDER).sort())("%s", async (file) => {
  const path = join(FOLDER, file);
  const bytes = filledFile(path);
  const imported = importModel(bytes, path);
  const [distance, ...others] = await distancesOf(bytes, imported);
  expect(others).toEqual([]);
  expect(distance?.relative).toBeLessThan(1e-4);
  const losses = await lossesOf(imported, { iterations: 10, batch: 4, rate: 0.002 });
  expect(losses).toHaveLength(10);
  expect(losses.at(-1)).toBeLessThan(losses[0] as number);
});
