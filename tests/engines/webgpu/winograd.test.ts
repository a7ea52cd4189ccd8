import { expect, test } from "vitest";
import type { ConvolutionDescriptor, Engine, UnaryKernel } from "../../../src/engines/engine.ts";
import { ReferenceEngine } from "../../../src/engines/reference/index.ts";
import { webgpuEngine } from "../../../src/engines/webgpu/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { countOf } from "../../../src/util/shape.ts";
import { noise } from "../../support/nets.ts";
import { describeGpu, withGpu } from "./support.ts";

/** A function on the way out. */
const half: UnaryKernel<Readonly<Record<string, number>>> = {
  name: "half",
  reference: {
    forward(n, x, y) {
      for (let i = 0; i < n; i++) y[i] = (x[i] ?? 0) / 2;
    },
    backward() {},
  },
  wgsl: { forward: "x / 2.0", backward: "dy / 2.0" },
};

/** Planes that are no whole number of tiles. */
const D: ConvolutionDescriptor = {
  batch: 2,
  groups: 1,
  inputChannels: 9,
  outputChannels: 11,
  input: [7, 10],
  output: [7, 8],
  kernel: [3, 3],
  stride: [1, 1],
  pad: [1, 0],
  dilation: [1, 1],
  hasBias: true,
};

/** y, halved, dx, and dw that is added to what is there. */
async function run(engine: Engine, d: ConvolutionDescriptor): Promise<number[][]> {
  const [inCount, outCount] = [
    d.batch * d.inputChannels * countOf(d.input),
    d.batch * d.outputChannels * countOf(d.output),
  ];
  const filled = (count: number): SyncedMem => {
    const mem = new SyncedMem(count);
    mem.overwriteCpu().set(noise(count, count));
    return mem;
  };
  const [x, dy, b] = [filled(inCount), filled(outCount), filled(d.outputChannels)];
  const w = filled(d.outputChannels * d.inputChannels * 9);
  const [y, dx, dw] = [new SyncedMem(outCount), new SyncedMem(inCount), filled(w.count)];
  const op = engine.convolution(d);
  op.forward(
    x,
    w,
    b,
    y,
    engine.name === "webgpu" ? [{ kind: "unary", kernel: half, params: {} }] : [],
  );
  if (engine.name !== "webgpu") engine.unary(half, {}, [outCount]).forward(y, y);
  op.backwardData(dy, w, dx);
  op.backwardWeights(x, dy, dw, undefined);
  const results = [y, dx, dw];
  for (const mem of results) await mem.toHost();
  return results.map((mem) => [...mem.cpu()]);
}

describeGpu("Winograd's algorithm on the GPU", () => {
  test.each(["F(2x2)", "F(4x4)"])("%s agrees with the direct sum", async (name) => {
    await withGpu({}, async (gpu) => {
      const chosen = new Proxy({}, { get: () => name });
      gpu.tune({ read: () => chosen, write: () => {} });
      const engine = webgpuEngine(gpu) as Engine;
      for (const d of [D, { ...D, pad: [3, 2], output: [11, 12] }]) {
        const wanted = await run(new ReferenceEngine(), d);
        const before = gpu.kernels.size;
        const got = await run(engine, d);
        for (const [i, values] of got.entries()) {
          expect(values).toBeAllClose(wanted[i] ?? [], { rtol: 1e-4, atol: 1e-4 });
          expect(values).not.toEqual(wanted[i]);
        }
        expect(gpu.kernels.size).toBeGreaterThanOrEqual(before);
      }
    });
  });

  test("the direct sum stands until a trial has ended, and what it found is kept", async () => {
    await withGpu({}, async (gpu) => {
      const direct = await run(webgpuEngine(gpu) as Engine, D);
      const kept: Record<string, string> = {};
      gpu.tune({ read: () => ({}), write: (choices) => void Object.assign(kept, choices) });
      const engine = webgpuEngine(gpu) as Engine;
      for (let i = 0; i < 20 && Object.keys(kept).length < 3; i++) {
        const isTried = Object.keys(kept).length === 0;
        const got = await run(engine, D);
        if (isTried) expect(got).toEqual(direct);
      }
      expect(Object.keys(kept)).toHaveLength(3);
      for (const name of Object.values(kept)) expect(name).toMatch(/^direct$|^F\(\dx\d\)$/);
    });
  });
});
