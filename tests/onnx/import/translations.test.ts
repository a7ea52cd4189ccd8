// Operators, one by one, as layers: what they compute is what ONNX Runtime computes.
import { describe, expect, test } from "vitest";
import { importModel } from "../../../src/onnx/import/from-onnx.ts";
import { importTranslations } from "../../../src/onnx/import/translate/translations.ts";
import { distancesOf } from "../../support/imported-onnx.ts";
import { noisy, onnxFile, scalar } from "../../support/onnx-file.ts";
import { fileOfUse, operatorUses } from "../../support/onnx-uses.ts";

/** What several nodes become: passes.test.ts; and Log, below. */
const OTHERS = new Set(["Log", "ShuffleChannel", "Swish"]);

test("every operator that has a layer has a use", () => {
  const missing = [...importTranslations.keys()].filter(
    (type) => !operatorUses[type] && !OTHERS.has(type),
  );
  expect(missing).toEqual([]);
});

describe.each(Object.keys(operatorUses))("%s", (type) => {
  test.each((operatorUses[type] ?? []).map((use, i) => ({ use, i })))("use $i", async ({ use }) => {
    await expectEqual(fileOfUse(type, use));
  });
});

test("Log, of what is above 0", async () => {
  await expectEqual(
    onnxFile({
      inputs: { x: [2, 3] },
      outputs: ["y"],
      nodes: [
        ["Exp", ["x"], ["e"]],
        ["Log", ["e"], ["y"]],
      ],
    }),
  );
});

test("Gather of a constant's rows is an Embed", async () => {
  const bytes = onnxFile({
    inputs: { x: [2, 3] },
    outputs: ["y"],
    nodes: [
      ["Abs", ["x"], ["a"]],
      ["Mul", ["a", "three"], ["m"]],
      ["Cast", ["m"], ["i"], { to: 7 }],
      ["Gather", ["rows", "i"], ["y"]],
    ],
    constants: { rows: noisy([40, 5]), three: scalar(3) },
  });
  await expectEqual(bytes);
  const { deploy } = importModel(bytes, "test.onnx");
  expect(deploy.layer?.map(({ type }) => type)).toContain("Embed");
});

async function expectEqual(bytes: Uint8Array): Promise<void> {
  const imported = importModel(bytes, "test.onnx");
  for (const { output, relative } of await distancesOf(bytes, imported)) {
    expect(relative, output).toBeLessThan(1e-4);
  }
}
