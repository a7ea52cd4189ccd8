import { expect, test } from "vitest";
import type { ConvolutionDescriptor, Engine } from "../../../src/engines/engine.ts";
import { sgd } from "../../../src/solvers/rules/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { describeNative, filled, relu, same } from "./support.ts";

const batch = 4;

function convolution(inputChannels: number, outputChannels: number, side: number) {
  const d: ConvolutionDescriptor = {
    batch,
    groups: 1,
    inputChannels,
    outputChannels,
    input: [side, side],
    output: [side, side],
    kernel: [3, 3],
    stride: [1, 1],
    pad: [1, 1],
    dilation: [1, 1],
    hasBias: true,
  };
  return d;
}

/** Two steps of convolution → ReLU in place → max pooling → convolution → inner product, all ways. */
function train(engine: Engine): Readonly<Record<string, SyncedMem>> {
  const conv1 = engine.convolution(convolution(3, 20, 12));
  const conv2 = engine.convolution(convolution(20, 17, 6));
  const pool = engine.pooling({
    method: "MAX",
    batch,
    channels: 20,
    input: [12, 12],
    output: [6, 6],
    kernel: [2, 2],
    stride: [2, 2],
    pad: [0, 0],
  });
  const rectify = engine.unary(relu, { slope: 0 }, [batch, 20, 12, 12]);
  const product = engine.innerProduct({
    input: [batch, 17, 6, 6],
    outputs: 5,
    hasBias: true,
    transpose: false,
  });
  const sizes = { w1: 20 * 27, b1: 20, w2: 17 * 180, b2: 17, w3: 5 * 612, b3: 5 };
  const names = Object.keys(sizes) as (keyof typeof sizes)[];
  const make = (fill: (count: number, i: number) => SyncedMem) =>
    Object.fromEntries(names.map((name, i) => [name, fill(sizes[name], i)])) as Record<
      keyof typeof sizes,
      SyncedMem
    >;
  const p = make((count, i) => filled(count, 10 + i));
  const g = make((count) => new SyncedMem(count));
  const v = make((count) => new SyncedMem(count));
  const x = filled(batch * 3 * 144, 1);
  const [y1, y2] = [new SyncedMem(batch * 20 * 144), new SyncedMem(batch * 20 * 36)];
  const [y3, y4] = [new SyncedMem(batch * 17 * 36), new SyncedMem(batch * 5)];
  const [d1, d2, d3] = [y1, y2, y3].map(({ count }) => new SyncedMem(count)) as [
    SyncedMem,
    SyncedMem,
    SyncedMem,
  ];
  const dy = filled(batch * 5, 2);
  for (let step = 0; step < 2; step++) {
    conv1.forward(x, p.w1, p.b1, y1);
    rectify.forward(y1, y1);
    pool.forward(y1, y2);
    conv2.forward(y2, p.w2, p.b2, y3);
    product.forward(y3, p.w3, p.b3, y4);
    product.backwardWeights(y3, dy, g.w3, g.b3);
    product.backwardData(dy, p.w3, d3);
    conv2.backwardWeights(y2, d3, g.w2, g.b2);
    conv2.backwardData(d3, p.w2, d2);
    pool.backward(y1, d2, d1);
    rectify.backward(y1, y1, d1, d1);
    conv1.backwardWeights(x, d1, g.w1, g.b1);
    const rule = { rate: 1e-3, gradientScale: 1, decay: 0.01, regularization: "L2" } as const;
    for (const name of names) {
      const [w, dw, history] = [p[name], g[name], [v[name]]];
      engine.update(sgd.kernel, sizes[name], rule, { momentum: 0.9 }, w, dw, history);
      if (step === 0) g[name].zero();
    }
  }
  return { y1, y2, y3, y4, d1, d2, d3, ...p, g2: g.w2, v2: v.w2 };
}

describeNative("layouts", (native) => {
  test("change no result along a chain of layers and two steps of descent", () => {
    same(native, (engine) => Object.values(train(engine)));
  });

  test("are oneDNN's own from layer to layer", () => {
    const { y1, y2, d2, w2, v2 } = train(native);
    for (const mem of [y1, y2, d2, w2, v2]) {
      expect(mem?.head).toBe("HEAD_AT_PRIVATE");
    }
  });

  test("hold padding that norms do not count and steps do not disturb", () => {
    const { w2 } = train(native);
    const mem = w2 as SyncedMem;
    const norms = [native.asum(mem.count, mem), native.sumOfSquares(mem.count, mem)];
    const values = Array.from(mem.cpu());
    expect(norms[0]).toBeCloseTo(
      values.reduce((sum, value) => sum + Math.abs(value), 0),
      2,
    );
    expect(norms[1]).toBeCloseTo(
      values.reduce((sum, value) => sum + value * value, 0),
      2,
    );
  });

  test("see what was written to the plain place in between", () => {
    const op = native.convolution(convolution(3, 20, 12));
    const [x, w] = [filled(batch * 3 * 144, 1), filled(20 * 27, 2)];
    const [b, y] = [filled(20, 3), new SyncedMem(batch * 20 * 144)];
    op.forward(x, w, b, y);
    w.mutableCpu().fill(0);
    b.mutableCpu().fill(2);
    op.forward(x, w, b, y);
    expect(new Set(y.cpu())).toEqual(new Set([2]));
  });
});
