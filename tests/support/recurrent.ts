import { expect, test } from "vitest";
import type { Net } from "../../src/net/net.ts";
import { describeEngines } from "./engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "./nets.ts";

const param =
  'recurrent_param { num_output: 2 weight_filler { type: "uniform" min: -0.5 max: 0.5 } bias_filler { type: "uniform" min: -0.1 max: 0.1 }';
const x = Array.from({ length: 18 }, (_, i) => Math.sin(i));

/**
 * What is asked of every recurrent layer.
 * @param states how many arrays carry on from step to step
 */
export function describeRecurrent(type: "LSTM" | "RNN", states: number): void {
  const layer = `type: "${type}" bottom: "a" bottom: "b" top: "y" ${param} }`;
  const still = `type: "${type}" bottom: "a" bottom: "b" bottom: "c" top: "y" ${param} }`;

  describeEngines(type, (engines) => {
    /** A net over so many steps of one stream. */
    const sequence = (steps: number, options: { readonly seed?: number } = {}): Net =>
      layerNet(
        layer,
        [
          [steps, 1, 3],
          [steps, 1],
        ],
        { engines, ...options },
      );

    test.each([false, true])(
      "one step at a time, in a net that shares memory, forward only %s",
      async (forwardOnly) => {
        const run = async (sharesMemory: boolean): Promise<number[][]> => {
          const net = layerNet(
            `${layer} } layer { name: "behind" type: "InnerProduct" bottom: "y" top: "z" inner_product_param { num_output: 2 axis: 2 weight_filler { type: "xavier" } }`,
            [
              [1, 1, 3],
              [1, 1],
            ],
            { engines, sharesMemory, forwardOnly, seed: 4 },
          );
          const found: number[][] = [];
          for (let t = 0; t < 3; t++) {
            found.push(...(await forward(net, x.slice(3 * t, 3 * t + 3), [t === 0 ? 0 : 1])));
            if (!forwardOnly) await net.backward();
          }
          return found;
        };
        expect(await run(true)).toEqual(await run(false));
      },
    );

    test("a sequence in two batches is the sequence in one; 0 in cont begins anew", async () => {
      const whole = sequence(4);
      const half = sequence(2);
      const [y = []] = await forward(whole, x.slice(0, 12), [0, 1, 1, 1]);
      await forward(half, x.slice(0, 6), [0, 1]);
      expect((await forward(half, x.slice(6, 12), [1, 1]))[0]).toBeAllClose(y.slice(4));
      const [again = []] = await forward(half, x.slice(0, 6), [0, 1]);
      expect(again).toBeAllClose(y.slice(0, 4));
    });

    test("goes on after a restored state", async () => {
      const net = sequence(2);
      await forward(net, x.slice(0, 6), [0, 1]);
      const at = net.layerNames.indexOf("t");
      const state = net.layers[at]?.state();
      const [want] = await forward(net, x.slice(6, 12), [1, 1]);
      const other = sequence(2);
      await other.layers[at]?.restore(state ?? {});
      expect(await forward(other, x.slice(6, 12), [1, 1])).toEqual([want]);
    });

    test("the number of streams may change, that of steps may not", async () => {
      const net = sequence(2);
      net.blob("a").reshape([2, 3, 3]);
      net.blob("b").reshape([2, 3]);
      net.reshape();
      expect(net.blob("y").shape).toEqual([2, 3, 2]);
      await net.forward();
      net.blob("a").reshape([3, 3, 3]);
      net.blob("b").reshape([3, 3]);
      expect(() => net.reshape()).toThrow("input number of timesteps changed");
    });

    test("with expose_hidden takes and gives the hidden state", async () => {
      const hidden = Array.from({ length: states }, () => [1, 1, 2]);
      const bottoms = ["c", "d"]
        .slice(0, states)
        .map((name) => `bottom: "${name}"`)
        .join(" ");
      const tops = ["p", "q"]
        .slice(0, states)
        .map((name) => `top: "${name}"`)
        .join(" ");
      const text = `type: "${type}" bottom: "a" bottom: "b" ${bottoms} top: "y" ${tops} ${param} expose_hidden: true }`;
      const net = layerNet(text, [[2, 1, 3], [2, 1], ...hidden], { engines });
      const plain = sequence(4);
      const [y = []] = await forward(plain, x.slice(0, 12), [1, 1, 1, 1]);
      const nothing = hidden.map(() => [0, 0]);
      await forward(net, x.slice(0, 6), [1, 1], ...nothing);
      const after = ["p", "q"].slice(0, states).map((name) => Array.from(net.blob(name).values()));
      await forward(net, x.slice(6, 12), [1, 1], ...after);
      expect(net.blob("y").values()).toBeAllClose(y.slice(4));
    });

    test("weights taken over from another net reach every step", async () => {
      const net = sequence(3, { seed: 5 });
      const other = sequence(3, { seed: 6 });
      const input = [x.slice(0, 9), [0, 1, 1]] as const;
      const want = await forward(net, ...input);
      other.shareWith(net);
      expect(await forward(other, ...input)).toEqual(want);
    });

    test("agrees with the reference", async () => {
      await checkParity(
        engines,
        still,
        [
          [3, 2, 4],
          [3, 2],
          [2, 3],
        ],
        [x.concat(x).slice(0, 24), [0, 0, 1, 1, 1, 0]],
      );
    });
  });

  test.each([
    [
      "x",
      layer,
      [
        [3, 2, 3],
        [3, 2],
      ],
    ],
    [
      "x and a static input",
      still,
      [
        [3, 2, 3],
        [3, 2],
        [2, 2],
      ],
    ],
  ])(`${type} gradient: %s`, async (_name, text, shapes) => {
    await checkGradient(text, shapes, { inputs: [x, [0, 0, 1, 0, 1, 1]] });
  });

  test.each([
    [
      layer,
      [
        [3, 2, 3],
        [2, 2],
      ],
      "Expected (3,2): (#timesteps, #streams)",
    ],
    [layer, [[3], [3, 1]], "at least 2 axes"],
    [
      still,
      [
        [3, 2, 3],
        [3, 2],
        [3, 2],
      ],
      "Expected 2 rows",
    ],
    [
      layer.replace("num_output: 2", ""),
      [
        [3, 2, 3],
        [3, 2],
      ],
      "num_output must be positive",
    ],
    [
      `${layer} top: "z"`,
      [
        [3, 2, 3],
        [3, 2],
      ],
      "Expected 2 or 3 bottoms and 1 tops",
    ],
  ])(`${type} refuses %s`, (text, shapes, message) => {
    expect(() => layerNet(text, shapes)).toThrow(message);
  });
}
