import { describe, expect, test } from "vitest";
import { lineSearch, type Trial } from "../../../src/solvers/lbfgs/line-search.ts";

/** A function of the length with its derivative. */
type Curve = readonly [f: (t: number) => number, df: (t: number) => number];

async function search([f, df]: Curve, first: number, noise = 0) {
  const lengths: number[] = [];
  const at = (length: number): Trial => ({
    length,
    objective: f(length),
    slope: df(length),
    loss: f(length),
    gradient: new Float64Array(0),
  });
  const found = await lineSearch(at(0), first, noise, async (length) => {
    lengths.push(length);
    return at(length);
  });
  return { found, lengths };
}

const parabola: Curve = [(t) => (t - 3) ** 2, (t) => 2 * (t - 3)];

describe("a line search", () => {
  test.each([1e-3, 0.1, 1, 10, 1e4])(
    "from a first length of %d meets both conditions",
    async (first) => {
      const { found } = await search(parabola, first);
      const length = found?.length ?? Number.NaN;
      expect(parabola[0](length)).toBeLessThanOrEqual(9 - 1e-4 * length * 6);
      expect(Math.abs(parabola[1](length))).toBeLessThanOrEqual(0.9 * 6);
    },
  );

  test("takes a first length that is good at one measurement", async () => {
    expect((await search(parabola, 1)).lengths).toEqual([1]);
  });

  test("comes back from where the objective is no number", async () => {
    const barrier: Curve = [(t) => -Math.log(1 - t) - 2 * t, (t) => 1 / (1 - t) - 2];
    const { found } = await search(barrier, 8);
    expect(found?.length).toBeGreaterThan(0);
    expect(found?.length).toBeLessThan(1);
  });

  test("finds its way among hills", async () => {
    const hills: Curve = [(t) => Math.cos(3 * t) - 0.5 * t, (t) => -3 * Math.sin(3 * t) - 0.5];
    const { found } = await search(hills, 2);
    expect(hills[0](found?.length ?? 0)).toBeLessThan(1);
    expect(Math.abs(found?.slope ?? 9)).toBeLessThanOrEqual(0.45);
  });

  test("gives up where every step climbs", async () => {
    const uphill: Curve = [(t) => t, (t) => (t === 0 ? -1 : 1)];
    const { found, lengths } = await search(uphill, 1);
    expect(found).toBeUndefined();
    expect(lengths.length).toBeLessThanOrEqual(25);
  });

  test("below the noise slopes alone decide", async () => {
    const flat: Curve = [() => 1, (t) => 1e-6 * (t - 1)];
    expect((await search(flat, 1, 1e-5)).found?.length).toBe(1);
  });
});
