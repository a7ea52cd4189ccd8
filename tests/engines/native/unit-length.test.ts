// Channels brought to length 1: arrays shorter than their lengths, and blocks that channels do not fill.
import { expect, test } from "vitest";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";
import { describeNative, filled, same } from "./support.ts";

describeNative("unitLength", (native) => {
  test.each([
    [2, 3, 1, 1],
    [1, 1, 7, 9],
    [3, 20, 9, 11],
    [0, 3, 2, 2],
    [2, 0, 2, 2],
  ])("as the reference: %i×%i×%i×%i", (...shape) => {
    const count = shape.reduce((a, b) => a * b);
    same(native, (engine) => {
      const op = engine.unitLength({ shape, eps: 1e-3 });
      const x = filled(count, 3);
      const [y, again, dx] = [new SyncedMem(count), new SyncedMem(count), new SyncedMem(count)];
      op.forward(x, y);
      op.again(x, again);
      op.backward(x, filled(count, 4), dx);
      return [y, again, dx];
    });
  });

  test("a block that channels do not fill stays zeros behind them, where 0 / 0 is", async () => {
    const text = `
      layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 4 dim: 5 dim: 5 } } }
      layer { name: "c" type: "Convolution" bottom: "a" top: "x" convolution_param { num_output: 5 kernel_size: 3 weight_filler { type: "xavier" } } }
      layer { name: "n" type: "GRN" bottom: "x" top: "n" grn_param { bias: 0 } }
      layer { name: "d" type: "Convolution" bottom: "n" top: "y" convolution_param { num_output: 3 kernel_size: 1 weight_filler { type: "xavier" } } }`;
    const results: number[][] = [];
    for (const engines of [referenceEngines, availableEngines.get("native")!]) {
      const net = netOf(text, { engines });
      net.learnableParams.forEach(({ blob }, i) => {
        write(blob, noise(blob.count(), i + 1));
      });
      write(net.blob("a"), noise(100, 9));
      await net.forward();
      results.push([...net.blob("y").values()]);
    }
    expect(results[1]).toBeAllClose(results[0]!);
  });

  test("arrays shorter than what is read or written are refused", () => {
    const addon = loadAddon();
    const [whole, positions] = [new Float32Array(24), new Float32Array(8)];
    const short = { x: whole.subarray(1), norms: positions.subarray(1) };
    const forward =
      (x = whole, norms = positions, y = whole) =>
      () =>
        addon.unitLengthForward(2, 3, 4, 1, 1, false, x, norms, y);
    const backward =
      (x = whole, norms = positions, dy = whole, dx = whole) =>
      () =>
        addon.unitLengthBackward(2, 3, 4, 1, x, norms, dy, dx);
    for (const call of [
      forward(short.x),
      forward(whole, short.norms),
      forward(whole, positions, short.x),
      backward(short.x),
      backward(whole, short.norms),
      backward(whole, positions, short.x),
      backward(whole, positions, whole, short.x),
    ]) {
      expect(call).toThrow(/an array of (23 floats where 24|7 floats where 8) are needed/);
    }
    // Three channels in a block of eight lie in 64 numbers.
    expect(() => addon.unitLengthForward(2, 3, 4, 8, 1, false, whole, positions, whole)).toThrow(
      "an array of 24 floats where 64 are needed",
    );
  });
});
