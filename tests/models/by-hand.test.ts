// Nets that are written by hand in models/ and examples/: their parameters, and their solvers.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNetParameter, readSolverParameter } from "../../src/io/text/read-net.ts";
import { Net } from "../../src/net/net.ts";
import { silent } from "../../src/util/log.ts";
import { referenceEngines } from "../support/engines.ts";

/** Parameters of each model, from its layer sizes. */
const PARAMETERS: Readonly<Record<string, number>> = {
  lenet: 20 * 25 + 20 + 50 * 20 * 25 + 50 + 500 * 800 + 500 + 10 * 500 + 10,
  cifar10_quick: 32 * 75 + 32 + 32 * 800 + 32 + 64 * 800 + 64 + 64 * 1024 + 64 + 640 + 10,
  cifar10_full: 32 * 75 + 32 + 32 * 800 + 32 + 64 * 800 + 64 + 10 * 1024 + 10,
};

test.each(Object.entries(PARAMETERS))(
  "%s has %i parameters, and its solvers parse",
  async (name, count) => {
    const folder = join("models", name);
    const net = new Net(readNetParameter(join(folder, `${name}.prototxt`), silent), {
      engines: referenceEngines,
      phase: "TEST",
    });
    net.blob("data").reshape([1, ...net.blob("data").shape.slice(1)]);
    net.reshape();
    await net.forward();
    const probabilities = Array.from(net.blob("prob").values());
    expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    expect(net.learnableParams.reduce((sum, { blob }) => sum + blob.count(), 0)).toBe(count);
    for (const file of readdirSync(folder)) {
      if (!/solver.*\.prototxt$/.test(file)) continue;
      const { net: netFile = "" } = readSolverParameter(join(folder, file), silent);
      expect(readNetParameter(netFile, silent).layer?.length).toBeGreaterThan(8);
    }
  },
);
