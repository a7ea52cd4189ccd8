// The simulation of bench/distributed: what an iteration of many ranks comes to.
import { describe, expect, test } from "vitest";
import {
  allReduces,
  type NetTimes,
  type Network,
  predict,
  withLargerBatch,
} from "../../bench/distributed/scale-model.ts";

const MILLION = 1 << 20;
/** Two layers of which each fills a bucket: forward 2, backward 20, updates 2. */
const times: NetTimes = {
  net: "two",
  batch: 8,
  layers: ["low", "high"].map((name) => ({
    name,
    forward: 1,
    backward: 10,
    update: 1,
    gradients: [{ elements: MILLION }],
  })),
};
const network = (given: Partial<Network> = {}): Network => ({
  latency: 0,
  bandwidth: MILLION,
  allReduce: "ring",
  ...given,
});

describe("one iteration of ranks", () => {
  test("alone takes what its layers take", () => {
    const alone = predict(times, 1, network({ latency: Infinity }));
    expect(alone).toEqual({
      step: 24,
      imagesPerSecond: 8000 / 24,
      hidden: 1,
      bound: "compute",
    });
  });

  test.each(allReduces)("over a network without time by %s is linear", (allReduce) => {
    const free = network({ bandwidth: Infinity, allReduce });
    for (const ranks of [2, 3, 1024]) {
      expect(predict(times, ranks, free).imagesPerSecond).toBeCloseTo((ranks * 8000) / 24);
      expect(predict(times, ranks, free, false).step).toBeCloseTo(24);
    }
  });

  test("with infinite latency never ends", () => {
    const { step, imagesPerSecond, bound } = predict(times, 2, network({ latency: Infinity }));
    expect([step, imagesPerSecond, bound]).toEqual([Infinity, 0, "latency"]);
  });

  test("hides a sum behind the backward pass of lower layers", () => {
    // 4 MiB in a ring of two: 4 ms. The upper sum leaves at 12 and is back at 16, seen at 22; its update ends at 23, when the
    // lower one is on its way, which left at 22.
    const { step, hidden } = predict(times, 2, network());
    expect(step).toBe(27);
    expect(hidden).toBeCloseTo(5 / 8);
    // Both leave at 22, and are back at 30.
    const apart = predict(times, 2, network(), false);
    expect([apart.step, apart.hidden]).toEqual([32, 0]);
  });

  test("takes as long as formulas say, by every way of adding up", () => {
    const of = (allReduce: Network["allReduce"]): number =>
      predict(times, 8, network({ allReduce, latency: 0.5 }), false).step;
    // One job's latency passes while the other has the link; telling the losses takes 3 latencies.
    expect(of("ring")).toBeCloseTo(22 + 2 * 7 + 14 * 0.5 + 2 + 1.5);
    expect(of("halving")).toBeCloseTo(22 + 2 * 7 + 6 * 0.5 + 2 + 1.5);
    // One array goes down while the other goes up.
    expect(of("tree")).toBeCloseTo(22 + 3 * 12 + 6 * 0.5 + 2 + 1.5);
  });

  test("sends factors where those of all ranks are a quarter of the gradient or less", () => {
    const factored = {
      ...times,
      layers: times.layers.map((layer) => ({
        ...layer,
        gradients: [{ elements: MILLION, factors: MILLION / 8 - 1 }],
      })),
    };
    // Each gets half a MiB from the other.
    expect(predict(factored, 2, network(), false).step).toBe(22 + 2 * 0.5 + 2);
    expect(predict(factored, 16, network(), false)).toEqual(predict(times, 16, network(), false));
  });

  test("takes the core for what it sends, while it computes, and not while it waits", () => {
    // Work for a sum takes as long as its way: 4 ms.
    const dear = { hostCost: 1 / MILLION };
    expect(predict(times, 2, network(dear), false).step).toBe(22 + 2 * 4 + 2);
    // All is computing then: the core is never idle.
    expect(predict(times, 2, network(dear)).step).toBe(22 + 2 * 4 + 2);
    // The link waits for a core that is slower than it.
    const slow = network({ hostCost: 2 / MILLION });
    expect(predict(times, 2, slow, false).step).toBe(22 + 2 * 8 + 2);
    // By a tree one array goes down while the other goes up, if the core comes to it.
    const tree = network({ ...dear, allReduce: "tree" });
    expect(predict(times, 2, tree, false).step).toBe(22 + 3 * 4 + 2);
  });

  test("takes the core for copying", () => {
    const copied = network({ bandwidth: Infinity, copyCost: 1 / MILLION });
    expect(predict(times, 2, copied).step).toBe(24 + 2 * 4);
  });

  test("of a larger batch scales further", () => {
    const slow = network({ bandwidth: MILLION / 16 });
    const share = (given: NetTimes): number =>
      predict(given, 16, slow).imagesPerSecond / predict(given, 1, slow).imagesPerSecond / 16;
    expect(predict(times, 16, slow).bound).toBe("bandwidth");
    expect(share(withLargerBatch(times, 16))).toBeGreaterThan(2 * share(times));
    expect(predict(withLargerBatch(times, 16), 16, slow).bound).toBe("compute");
  });
});
