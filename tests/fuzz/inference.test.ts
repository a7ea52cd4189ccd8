// Nets as they are used, drawn at random: beside themselves run layer by layer, and as bytes beside the reference. `npm run fuzz:nets -- --as used`
// and `--as quantized` do more.
import { expect, test } from "vitest";
import { whyFloats } from "../../src/net/build/plan-bytes.ts";
import { availableEngines } from "../support/engines.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { distance, firstWrong } from "./inference/closeness.ts";
import { tryInference } from "./inference/inference-trial.ts";
import { tryQuantized } from "./inference/quantized-trial.ts";

const folder = temporaryFolder();
const engines = [...availableEngines].filter(([name]) => name === "native" || name === "wasm");

test.each(engines)(
  "%s runs nets for inference as it runs them layer by layer",
  async (_, engine) => {
    const count = isLong ? 200 : 6;
    let drawn = 0;
    for (let n = 0; n < count; n++) if (await tryInference(engine, 1702, n)) drawn++;
    expect(drawn).toBeGreaterThan(count / 2);
  },
  600_000,
);

test.each(engines.filter(([, engine]) => whyFloats(engine) === undefined))(
  "%s runs nets of bytes as the reference does",
  async (_, engine) => {
    const count = isLong ? 60 : 4;
    let drawn = 0;
    for (let n = 0; n < count; n++) if (await tryQuantized(engine, folder, 1702, n)) drawn++;
    expect(drawn).toBeGreaterThan(count / 4);
  },
  600_000,
);

test("numbers are wrong from where rounding ends, and NaN and infinities only where there are none", () => {
  const { NaN: none, POSITIVE_INFINITY: all } = Number;
  const wrong = (got: number[], wanted: number[]): number =>
    firstWrong(Float32Array.from(got), Float32Array.from(wanted), 1);
  expect(wrong([1, 2e-5], [1, 0])).toBe(-1);
  expect(wrong([1, 1e-3], [1, 0])).toBe(1);
  expect(wrong([none, all], [all, none])).toBe(-1);
  expect(wrong([none], [1])).toBe(0);
  expect(firstWrong(Float32Array.of(none), Float32Array.of(1), 1, true)).toBe(-1);
  expect(wrong([1], [none])).toBe(0);
  expect(wrong([2e38], [all])).toBe(-1);
  expect(distance(Float32Array.of(3, 4.5), Float32Array.of(3, 4))).toBeCloseTo(0.1);
});
