import fc from "fast-check";
import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { ConvolutionDescriptor, Engine } from "../../../src/engines/engine.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { check, describeNative, filled, nativeWith, reference, relu, same } from "./support.ts";

/** A convolution whose output size follows from the rest. */
function descriptor(
  d: Omit<ConvolutionDescriptor, "output" | "inputChannels" | "outputChannels"> & {
    readonly ic: number;
    readonly oc: number;
  },
): ConvolutionDescriptor {
  const { ic, oc, ...rest } = d;
  const output = d.input.map((length, i) => {
    const extent = d.dilation[i]! * (d.kernel[i]! - 1) + 1;
    return Math.floor((length + 2 * d.pad[i]! - extent) / d.stride[i]!) + 1;
  });
  return { ...rest, output, inputChannels: ic * d.groups, outputChannels: oc * d.groups };
}

const pair = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const convolutions = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    groups: fc.constantFrom(1, 1, 2, 3),
    ic: fc.constantFrom(1, 2, 3, 8, 16, 17),
    oc: fc.constantFrom(1, 2, 5, 16, 20, 33),
    input: pair(3, 10),
    kernel: pair(1, 5),
    stride: pair(1, 3),
    pad: pair(0, 2),
    dilation: pair(1, 2),
    hasBias: fc.boolean(),
  })
  .map(descriptor)
  .filter(({ output }) => output.every((length) => length > 0));

const product = (list: readonly number[]) => list.reduce((a, b) => a * b, 1);

function run(engine: Engine, d: ConvolutionDescriptor, fused: boolean): SyncedMem[] {
  const op = engine.convolution(d);
  const inCount = d.batch * d.inputChannels * product(d.input);
  const outCount = d.batch * d.outputChannels * product(d.output);
  const weightCount = ((d.outputChannels * d.inputChannels) / d.groups) * product(d.kernel);
  const [x, w, dy] = [filled(inCount, 1), filled(weightCount, 2), filled(outCount, 3)];
  const b = d.hasBias ? filled(d.outputChannels, 4) : undefined;
  const [y, dx] = [new SyncedMem(outCount), new SyncedMem(inCount)];
  const posts = [{ kind: "unary", kernel: relu, params: { slope: 0.1 } }] as const;
  const fuses = fused && op.accepts(posts);
  op.forward(x, w, b, y, fuses ? posts : undefined);
  if (fused && !fuses) engine.unary(relu, { slope: 0.1 }, [outCount]).forward(y, y);
  op.backwardData(dy, w, dx);
  // One gradient that is still zero, and one that already holds something.
  const [dw, sum] = [new SyncedMem(weightCount), filled(weightCount, 5)];
  const db = d.hasBias ? new SyncedMem(d.outputChannels) : undefined;
  op.backwardWeights(x, dy, dw, db);
  op.backwardWeights(x, dy, sum, db);
  return [y, dx, dw, sum, ...(db ? [db] : [])];
}

describeNative("convolution", (native) => {
  test("agrees with the reference on any shape", () => {
    check(convolutions, (d) => same(native, (engine) => run(engine, d, false)));
  });

  test("agrees with the reference with a rectifier on the way out", () => {
    check(convolutions, (d) => same(native, (engine) => run(engine, d, true)));
  });

  test.each([1, 3])("agrees with the reference over %i spatial axes", (rank) => {
    const all = (value: number) => Array.from({ length: rank }, () => value);
    const d = descriptor({
      batch: 2,
      groups: 1,
      ic: 3,
      oc: 4,
      input: all(5),
      kernel: all(3),
      stride: all(2),
      pad: all(1),
      dilation: all(1),
      hasBias: true,
    });
    same(native, (engine) => run(engine, d, false));
  });

  test("leaves gradients alone that nobody asked for", () => {
    const d = descriptor({
      batch: 1,
      groups: 1,
      ic: 2,
      oc: 3,
      input: [4, 4],
      kernel: [3, 3],
      stride: [1, 1],
      pad: [0, 0],
      dilation: [1, 1],
      hasBias: true,
    });
    const op = native.convolution(d);
    const [x, dy, dw, db] = [filled(32, 1), filled(12, 2), new SyncedMem(54), new SyncedMem(3)];
    op.backwardWeights(x, dy, undefined, db);
    expect(db.isZero).toBe(false);
    op.backwardWeights(x, dy, dw, undefined);
    expect(dw.isZero).toBe(false);
  });

  test("the gradient of data has the layouts of forward: nothing is laid out anew between them", () => {
    const shapes = {
      src: [2, 64, 14, 14],
      weights: [128, 64, 1, 1],
      dst: [2, 128, 7, 7],
      stride: [2, 2],
      padLeft: [0, 0],
      padRight: [-1, -1],
      dilation: [1, 1],
      hasBias: false,
      algorithm: "direct",
      isSmall: false,
    } as const;
    const addon = loadAddon();
    const { src, dst } = addon.convolutionForward(shapes, Number.NaN, Number.NaN, false).layouts;
    const { diffSrc, diffDst } = addon.convolutionBackwardData(shapes).layouts;
    expect([diffSrc.key, diffDst.key]).toEqual([src.key, dst.key]);
  });

  // oneDNN 3 has it no more.
  test.skipIf(!loadAddon().version.startsWith("2"))(
    "agrees with the reference by Winograd's algorithm",
    () => {
      const always = (algorithm: string) => {
        const read = (): Choices => new Proxy({}, { get: () => algorithm });
        return nativeWith(new Tuner({ read, write: () => expect.fail("a trial") }));
      };
      const [winograd, direct] = [always("winograd"), always("direct")];
      for (const [ic, oc, size, pad] of [
        [16, 16, 8, 1],
        [32, 48, 13, 0],
        [64, 64, 7, 1],
      ] as const) {
        const d = descriptor({
          batch: 2,
          groups: 1,
          ic,
          oc,
          input: [size, size],
          kernel: [3, 3],
          stride: [1, 1],
          pad: [pad, pad],
          dilation: [1, 1],
          hasBias: true,
        });
        same(winograd, (engine) => run(engine, d, false));
        const bits = (engine: Engine) => run(engine, d, false).map((mem) => mem.cpu());
        expect(bits(winograd)).toEqual(bits(winograd));
        expect(bits(winograd)).not.toEqual(bits(direct));
      }
    },
  );

  test.each([1, 2])(
    "multiplies a line into the weights of %i groups, anew when either has changed",
    (groups) => {
      const d = descriptor({
        batch: 2,
        groups,
        ic: 16,
        oc: 24,
        input: [7, 7],
        kernel: [3, 3],
        stride: [1, 1],
        pad: [1, 1],
        dilation: [1, 1],
        hasBias: groups === 1,
      });
      const channels = d.outputChannels;
      const b = d.hasBias ? filled(channels, 1) : undefined;
      const x = filled(2 * d.inputChannels * 49, 2);
      let w = filled(channels * 16 * 9, 3);
      const [scale, bias] = [filled(channels, 4), filled(channels, 5)];
      const [fused, op] = [native.convolution(d), reference.convolution(d)];
      const agrees = (): void => {
        const [y, wanted] = [new SyncedMem(2 * channels * 49), new SyncedMem(2 * channels * 49)];
        fused.forward(x, w, b, y, [
          { kind: "scale", scale, bias, dScale: undefined, dBias: undefined },
        ]);
        op.forward(x, w, b, wanted);
        const line = [...wanted.cpu()].map((value, at) => {
          const o = Math.floor(at / 49) % channels;
          return value * scale.cpu()[o]! + bias.cpu()[o]!;
        });
        const size = Math.max(...line.map(Math.abs));
        expect(y.cpu()).toBeAllClose(line, { rtol: 1e-5, atol: 1e-6 * size });
      };
      agrees();
      agrees();
      w.overwriteCpu().set(filled(w.count, 6).cpu());
      agrees();
      scale.overwriteCpu().set(filled(channels, 7).cpu());
      agrees();
      // Weights that lie in blocks alone, as an update leaves them.
      w = new SyncedMem(w.count);
      fused.backwardWeights(x, filled(2 * channels * 49, 8), w, undefined);
      agrees();
    },
  );

  test("gives the same bits every time", () => {
    const d = descriptor({
      batch: 4,
      groups: 1,
      ic: 20,
      oc: 50,
      input: [12, 12],
      kernel: [5, 5],
      stride: [1, 1],
      pad: [0, 0],
      dilation: [1, 1],
      hasBias: true,
    });
    const [once, again] = [run(native, d, false), run(native, d, false)];
    once.forEach((mem, k) => {
      expect(again[k]!.cpu()).toEqual(mem.cpu());
    });
  });
});
