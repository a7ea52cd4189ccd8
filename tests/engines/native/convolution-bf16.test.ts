// A gradient of weights of bfloat16 by the library's loops for floats, where it has none for bfloat16.
import { expect, test } from "vitest";
import type { Choices } from "../../../src/engines/choices.ts";
import type { ConvolutionDescriptor, LinearOp } from "../../../src/engines/engine.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { availableEngines } from "../../support/engines.ts";
import { filled, nativeWith, reference } from "./support.ts";

const isThere = availableEngines.has("native") && loadAddon().multipliesBf16;

/** LeNet's first layer, of two images: of one channel, which the library has nothing of bfloat16 for. */
const image: ConvolutionDescriptor = {
  ...{ batch: 2, groups: 1, inputChannels: 1, outputChannels: 20, hasBias: true },
  ...{ input: [28, 28], output: [24, 24], kernel: [5, 5] },
  ...{ stride: [1, 1], pad: [0, 0], dilation: [1, 1] },
};
/** One that it has. */
const blocks = { ...image, inputChannels: 32, outputChannels: 32 };

/** The op with that choice wherever there is one, and what there was to choose from. */
function choosing(choice: string, d: ConvolutionDescriptor): { op: LinearOp; keys: string[] } {
  const keys: string[] = [];
  const get = (_: object, key: string | symbol): string => {
    keys.push(String(key));
    return choice;
  };
  const read = (): Choices => new Proxy({}, { get });
  const engine = nativeWith(new Tuner({ read, write: () => expect.fail("a trial") }));
  const op = engine.bf16?.().convolution?.(d);
  return { op: op as LinearOp, keys };
}

/** Gradients of weights and bias, of two passes: the second is added to the first. */
function gradients(op: LinearOp, d: ConvolutionDescriptor): number[][] {
  const dw = new SyncedMem(d.outputChannels * d.inputChannels * 25);
  const db = new SyncedMem(d.outputChannels);
  for (const seed of [1, 2]) {
    const x = filled(d.batch * d.inputChannels * 28 * 28, seed);
    const dy = filled(d.batch * d.outputChannels * 24 * 24, seed + 2);
    op.backwardWeights(x, dy, dw, db);
  }
  return [[...dw.cpu()], [...db.cpu()]];
}

test.skipIf(!isThere)("is the reference's, of numbers that are rounded first", () => {
  const { op, keys } = choosing("floats", image);
  const got = gradients(op, image);
  expect(keys.some((key) => key.startsWith("backward weights by direct floats"))).toBe(true);
  const wanted = gradients(reference.bf16?.().convolution?.(image) as LinearOp, image);
  got.forEach((values, i) => {
    const size = Math.max(...values.map(Math.abs));
    expect(values).toBeAllClose(wanted[i] as number[], { rtol: 2e-5, atol: 1e-5 * size });
  });
  // Without the rounding there would be a difference that these bounds see.
  const exact = gradients(reference.convolution(image), image);
  const [size] = got.map((values) => Math.max(...values.map(Math.abs)));
  const apart = Math.max(...got[0]!.map((value, i) => Math.abs(value - exact[0]![i]!)));
  expect(apart).toBeGreaterThan(1e-4 * size!);
});

test.skipIf(!isThere)("is not tried where the library has one of bfloat16", () => {
  const { op, keys } = choosing("direct", blocks);
  gradients(op, blocks);
  expect(keys.some((key) => key.startsWith("backward weights"))).toBe(true);
  expect(keys.some((key) => key.includes("floats"))).toBe(false);
});
