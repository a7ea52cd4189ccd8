import type { Net } from "../net/net.ts";
import { type Log, numberText, outputText } from "../util/log.ts";

/**
 * Runs a test net for `iterations` batches and logs the mean of every element of every output.
 *
 * @param isStopped asked before each batch
 * @returns the means by output name (`name[k]` for the k-th of several elements), or undefined where it was stopped
 * @see Caffe's Solver::Test
 */
export async function testNet(
  net: Net,
  iterations: number,
  withLoss: boolean,
  log: Log,
  isStopped: () => Promise<boolean>,
): Promise<ReadonlyMap<string, number> | undefined> {
  const sums: number[] = [];
  let loss = 0;
  for (let i = 0; i < iterations; i++) {
    if (await isStopped()) {
      log("info", "solver", "Test interrupted.");
      return undefined;
    }
    loss += await net.forward();
    let k = 0;
    for (const { values } of await net.outputValues()) {
      for (let j = 0; j < values.length; j++, k++) sums[k] = (sums[k] ?? 0) + (values[j] ?? 0);
    }
  }
  if (withLoss) log("info", "solver", `Test loss: ${numberText(loss / iterations)}`);
  const scores = new Map<string, number>();
  let k = 0;
  for (const { name, lossWeight, values } of await net.outputValues()) {
    for (let j = 0; j < values.length; j++, k++) {
      const mean = (sums[k] ?? 0) / iterations;
      const text = outputText(name, mean, lossWeight);
      log("info", "solver", `    Test net output #${k}: ${text}`);
      scores.set(values.length === 1 ? name : `${name}[${j}]`, mean);
    }
  }
  return scores;
}
