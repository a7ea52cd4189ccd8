import { expect } from "vitest";
import type { Net } from "../../src/net/net.ts";
import { forward, write } from "./nets.ts";

/** How far an element is moved to both sides. */
const STEP = 1e-5;

/**
 * Compares the gradient of a net of one loss in float64 with differences of the first number of its top, for losses whose
 * further numbers have no gradient of their own.
 *
 * @param inputs the values of a, b, …; nothing may be drawn by chance
 * @param blobs the inputs whose gradients are compared
 */
export async function expectFirstGradient(
  net: Net,
  inputs: readonly (readonly number[])[],
  blobs: readonly string[],
): Promise<void> {
  const lossAt = async (): Promise<number> => {
    await net.forward();
    await net.toHost();
    return (await net.outputValues())[0]!.values[0]!;
  };
  await forward(net, ...inputs);
  await net.backward();
  await net.toHost();
  const gradients = blobs.map((name) => Array.from(net.blob(name).diff));
  expect(gradients.flat().some((slope) => slope !== 0)).toBe(true);
  for (const [b, name] of blobs.entries()) {
    const own = inputs[name.charCodeAt(0) - 97] ?? [];
    for (const [i, value] of own.entries()) {
      const moved = async (by: number): Promise<number> => {
        write(net.blob(name), own.with(i, value + by));
        return lossAt();
      };
      const slope = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
      expect(gradients[b]![i], `${name}[${i}]`).toBeCloseTo(slope, 7);
    }
    write(net.blob(name), own);
  }
}
