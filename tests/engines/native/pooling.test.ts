import fc from "fast-check";
import { test } from "vitest";
import type { Engine, PoolingDescriptor } from "../../../src/engines/engine.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { check, describeNative, filled, same } from "./support.ts";

type Pair = readonly [number, number];

/** Caffe's output size: rounded up, and no window that starts beyond image and left padding. */
function outputOf(input: Pair, kernel: Pair, stride: Pair, pad: Pair): Pair {
  const along = (i: 0 | 1): number => {
    const size = Math.ceil((input[i] + 2 * pad[i] - kernel[i]) / stride[i]) + 1;
    const startsOutside = pad[i] > 0 && (size - 1) * stride[i] >= input[i] + pad[i];
    return startsOutside ? size - 1 : size;
  };
  return [along(0), along(1)];
}

const pair = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const poolings = fc
  .record({
    method: fc.constantFrom<"MAX" | "AVE">("MAX", "AVE"),
    batch: fc.integer({ min: 1, max: 3 }),
    channels: fc.constantFrom(1, 3, 16, 20),
    input: pair(3, 9),
    kernel: pair(1, 4),
    stride: pair(1, 4),
    pad: pair(0, 2),
  })
  .filter(({ input, kernel, pad }) =>
    [0, 1].every((i) => pad[i]! < kernel[i]! && kernel[i]! <= input[i]! + 2 * pad[i]!),
  )
  .map((d): PoolingDescriptor => ({ ...d, output: outputOf(d.input, d.kernel, d.stride, d.pad) }));

/** Noise in few steps, so that windows hold equal values. */
function stepped(count: number, seed: number): SyncedMem {
  const mem = filled(count, seed);
  const values = mem.mutableCpu();
  for (let i = 0; i < count; i++) values[i] = Math.round(values[i]! * 2);
  return mem;
}

function run(engine: Engine, d: PoolingDescriptor, withMask: boolean): SyncedMem[] {
  const planes = d.batch * d.channels;
  const x = stepped(planes * d.input[0] * d.input[1], 1);
  const outCount = planes * d.output[0] * d.output[1];
  const [y, mask, dx] = [new SyncedMem(outCount), new SyncedMem(outCount), new SyncedMem(x.count)];
  const op = engine.pooling(d);
  op.forward(x, y, withMask ? { mask } : undefined);
  op.backward(x, filled(outCount, 2), dx);
  return [y, mask, dx];
}

describeNative("pooling", (native) => {
  test("agrees with the reference on any shape, equal values included", () => {
    check(poolings, (d) => same(native, (engine) => run(engine, d, false)));
  });

  test("of a window of more than 255 places agrees with the reference", () => {
    const large: PoolingDescriptor = {
      ...{ method: "MAX", batch: 2, channels: 3, input: [18, 17], kernel: [16, 17] },
      ...{ stride: [1, 1], pad: [0, 0], output: [3, 1] },
    };
    for (const withMask of [false, true]) same(native, (engine) => run(engine, large, withMask));
  });

  test("tells where maxima came from as the reference does", () => {
    const maxima = poolings.filter(({ method }) => method === "MAX");
    check(maxima, (d) => same(native, (engine) => run(engine, d, true)));
  });

  test.each([
    ["drawn", { key: [12345, 3] as const }],
    ["expected", {}],
  ])("by chance, %s, as the reference does", (_name, extra) => {
    const chances = poolings
      .filter(({ kernel, input }) => [0, 1].every((i) => kernel[i]! <= input[i]!))
      .map((d): PoolingDescriptor => {
        const open = { ...d, method: "STOCHASTIC", pad: [0, 0] } as const;
        return { ...open, output: outputOf(d.input, d.kernel, d.stride, open.pad) };
      })
      // A last window that would begin beyond the image sees nothing.
      .filter((d) => [0, 1].every((i) => (d.output[i]! - 1) * d.stride[i]! < d.input[i]!));
    check(chances, (d) =>
      same(native, (engine) => {
        const x = filled(d.batch * d.channels * d.input[0] * d.input[1], 1);
        x.mutableCpu().forEach((value, i, all) => {
          all[i] = i % 5 === 0 ? 0 : Math.abs(value);
        });
        const outCount = d.batch * d.channels * d.output[0] * d.output[1];
        const [y, dx] = [new SyncedMem(outCount), new SyncedMem(x.count)];
        const op = engine.pooling(d);
        op.forward(x, y, extra);
        op.backward(x, filled(outCount, 2), dx);
        return [y, dx];
      }),
    );
  });
});
