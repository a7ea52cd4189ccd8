import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { BiasOp, BroadcastDescriptor, PReLUOp, ScaleOp } from "../engine.ts";
import { ChannelSums } from "./channel-sums.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { broadcast as code } from "./shaders.ts";

type Entry = "scale" | "scaleAndShift" | "shift" | "slope" | "slopeBackward";

/** Runs entries of broadcast.wgsl: output from input, a vector, and for some one array more. */
function runner(
  scope: Scope,
  { shape, length, inner }: BroadcastDescriptor,
): (entry: Entry, x: SyncedMem, y: SyncedMem, vector: SyncedMem, other?: SyncedMem) => void {
  const count = countOf(shape);
  const params = uniforms([], [count, length, inner]);
  return (entry, x, y, vector, other) => {
    // Where the vector shares the memory that is written, it is read from a copy.
    const more = [vector, ...(other ? [other] : [])].map((mem) =>
      mem === y ? scope.copyOf(mem) : scope.read(mem),
    );
    const [input, output, inPlace] = scope.through(x, y);
    const kernel = scope.kernel({
      name: `broadcast, ${entry}`,
      code,
      entry,
      arrays: other ? "rwrr" : "rwr",
      constants: { IN_PLACE: inPlace },
    });
    kernel.run([input, output, ...more], params, groupsFor(count));
  };
}

/** y = x · scale (+ bias). */
export function webgpuScale(scope: Scope, d: BroadcastDescriptor): ScaleOp {
  const run = runner(scope, d);
  const sums = new ChannelSums(scope, d);
  return {
    forward(x, scale, bias, y) {
      if (bias) run("scaleAndShift", x, y, scale, bias);
      else run("scale", x, y, scale);
    },
    backwardData(dy, scale, dx) {
      run("scale", dy, dx, scale);
    },
    backwardParams(x, dy, dScale, dBias) {
      if (dScale) sums.addDot(dy, x, dBias, dScale);
      else if (dBias) sums.add(dy, dBias);
    },
  };
}

/** y = x + bias. */
export function webgpuBias(scope: Scope, d: BroadcastDescriptor): BiasOp {
  const run = runner(scope, d);
  const sums = new ChannelSums(scope, d);
  return {
    forward(x, bias, y) {
      run("shift", x, y, bias);
    },
    backwardBias(dy, dBias) {
      sums.add(dy, dBias);
    },
  };
}

/** y = max(x, 0) + slope · min(x, 0). */
export function webgpuPReLU(scope: Scope, d: BroadcastDescriptor): PReLUOp {
  const run = runner(scope, d);
  const sums = new ChannelSums(scope, d);
  return {
    forward(x, slope, y) {
      run("slope", x, y, slope);
    },
    backwardData(x, slope, dy, dx) {
      run("slopeBackward", dy, dx, slope, x);
    },
    backwardSlope(x, dy, dSlope) {
      sums.addWhereNegative(dy, x, dSlope);
    },
  };
}
