// Every layer type is compared in ONNX Runtime, or stands among those that ONNX has no form for.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { LayerRegistry } from "../../src/layers/registry.ts";
import { isEnd } from "../../src/onnx/export/ends.ts";
import { translations } from "../../src/onnx/export/translations.ts";
import { withoutForm } from "../../src/onnx/export/without-form.ts";
import { onnxConfigurations } from "../support/onnx-configurations.ts";

const registry = new LayerRegistry();
const FOLDER = "tests/onnx/export";
/** What stands there in quotes, or is the name of a value: types whose tests are their own. */
const words = readdirSync(FOLDER).flatMap((file) =>
  [...readFileSync(`${FOLDER}/${file}`, "utf8").matchAll(/(\w+)(?=["':])/g)].map(
    ([, word]) => word,
  ),
);

/** Tests of a type: its configurations, and those that name it. */
function casesOf(type: string): number {
  const named = words.filter((word) => word === type).length;
  return (onnxConfigurations[type]?.length ?? 0) + named;
}

describe.each(registry.types)("%s", (type) => {
  test("has a form that is tested with several parameters, or a reason for having none", () => {
    const isGiven = ["input", "source"].includes(registry.roleOf(type));
    const kinds = [translations.has(type), isEnd({ type }), isGiven, type in withoutForm];
    expect(kinds.filter(Boolean)).toHaveLength(1);
    if (translations.has(type)) {
      const hasParameters = (registry.get(type)?.paramFields.length ?? 0) > 0;
      expect(casesOf(type)).toBeGreaterThanOrEqual(hasParameters ? 2 : 1);
    }
    if (isEnd({ type })) expect(casesOf(type)).toBeGreaterThanOrEqual(1);
  });
});

test("reasons are those of layers that are there", () => {
  expect(Object.keys(withoutForm).filter((type) => !registry.types.includes(type))).toEqual([]);
});
