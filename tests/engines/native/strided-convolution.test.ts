// Strided windows over images as windows that move by one over squares of them: src/engines/native/strided-convolution.ts.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { ConvolutionDescriptor, Engine } from "../../../src/engines/engine.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { countOf } from "../../../src/util/shape.ts";
import { check, describeNative, filled, nativeWith, reference, relu, same } from "./support.ts";

/** The engine that takes squares, and convolves them by that algorithm. */
function ofSquares(algorithm: string): Engine {
  const get = (_: unknown, key: string): string =>
    key.startsWith("strided") ? "squares" : algorithm;
  const read = (): Choices => new Proxy({}, { get }) as Choices;
  return nativeWith(new Tuner({ read, write: () => undefined }));
}

const descriptors = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    inputChannels: fc.integer({ min: 1, max: 4 }),
    outputChannels: fc.constantFrom(5, 16, 40),
    output: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    kernel: fc.oneof(
      fc.constant([11, 11] as [number, number]),
      fc.tuple(fc.integer({ min: 5, max: 12 }), fc.integer({ min: 5, max: 12 })),
    ),
    pad: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    rest: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    hasBias: fc.boolean(),
  })
  .map(({ rest, ...d }): ConvolutionDescriptor => {
    const input = d.output.map(
      (length, i) => 4 * (length - 1) + (d.kernel[i] ?? 0) + (rest[i] ?? 0) - 2 * (d.pad[i] ?? 0),
    );
    return { ...d, input, groups: 1, stride: [4, 4], dilation: [1, 1] };
  })
  .filter(({ input }) => input.every((length) => length > 0));

/** Forward with a rectifier, and gradients added to what is there. */
function run(engine: Engine, d: ConvolutionDescriptor): readonly SyncedMem[] {
  const window = d.inputChannels * countOf(d.kernel);
  const x = filled(d.batch * d.inputChannels * countOf(d.input), 1);
  const w = filled(d.outputChannels * window, 2);
  const b = d.hasBias ? filled(d.outputChannels, 3) : undefined;
  const y = new SyncedMem(d.batch * d.outputChannels * countOf(d.output));
  const dy = filled(y.count, 4);
  const dw = filled(w.count, 5);
  const db = d.hasBias ? filled(d.outputChannels, 6) : undefined;
  const op = engine.convolution(d);
  const posts = [{ kind: "unary", kernel: relu, params: { slope: 0.2 } } as const];
  const fuses = op.accepts(posts);
  // Weights that have changed are transformed again.
  for (const change of [0, 0.5]) {
    w.mutableCpu()[0]! += change;
    op.forward(x, w, b, y, fuses ? posts : []);
  }
  if (!fuses) engine.unary(relu, { slope: 0.2 }, [y.count]).forward(y, y);
  op.backwardWeights(x, dy, dw, db);
  op.backwardWeights(x, dy, dw, db);
  return db ? [y, dw, db] : [y, dw];
}

/** CaffeNet's first layer. */
const caffenet: ConvolutionDescriptor = {
  ...{ batch: 1, groups: 1, inputChannels: 3, outputChannels: 96, hasBias: true },
  ...{ input: [227, 227], output: [55, 55], kernel: [11, 11] },
  ...{ stride: [4, 4], pad: [0, 0], dilation: [1, 1] },
};

describeNative("strided windows over images", () => {
  test.each(["direct", "F(2x2)", "F(4x4)"])("are those over squares, by %s", (algorithm) => {
    const engine = ofSquares(algorithm);
    check(descriptors, (d) => same(engine, (one) => run(one, d)));
  });

  test.skipIf(!loadAddon().multipliesBf16)("are those over squares of bfloat16", () => {
    const small = { ...caffenet, input: [63, 59], output: [14, 13] };
    const own = run(ofSquares("direct").bf16?.() as Engine, small);
    const wanted = run(reference.bf16?.() as Engine, small);
    own.forEach((mem, i) => {
      const values = [...mem.cpu()];
      const size = Math.max(...values.map(Math.abs));
      // A sum that lies between two numbers of bfloat16 may be rounded to either.
      expect(values).toBeAllClose([...wanted[i]!.cpu()], { rtol: 2 ** -7, atol: 1e-4 * size });
    });
  });

  test("are so for CaffeNet's first layer alone of these", () => {
    const asked: string[] = [];
    const get = (_: unknown, key: string): string => {
      asked.push(key);
      return "direct";
    };
    const read = (): Choices => new Proxy({}, { get }) as Choices;
    const engine = nativeWith(new Tuner({ read, write: () => undefined }));
    const trials = (d: ConvolutionDescriptor): number => {
      asked.length = 0;
      run(engine, d);
      return asked.filter((key) => key.startsWith("strided")).length;
    };
    expect(trials(caffenet)).toBeGreaterThan(0);
    const { lanes } = loadAddon();
    const inputChannels = lanes;
    expect(trials({ ...caffenet, inputChannels })).toBe(0);
    expect(trials({ ...caffenet, stride: [2, 2], output: [109, 109] })).toBe(0);
    expect(trials({ ...caffenet, kernel: [3, 3], output: [57, 57] })).toBe(0);
  });
});
