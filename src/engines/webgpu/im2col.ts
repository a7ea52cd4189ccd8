import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor, CopyOp } from "../engine.ts";
import { groupsFor, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { im2col as code } from "./shaders.ts";
import { tableOf } from "./table.ts";
import { windowGeometry } from "./window-geometry.ts";

/** Windows as columns, and the columns' gradients back to where they came from. */
export function webgpuIm2col(scope: Scope, d: ConvolutionDescriptor): CopyOp {
  const { input, output, kernel, stride, pad, isListed, ...tables } = windowGeometry(scope, d);
  const [inSize, outSize, kernelSize] = [countOf(input), countOf(output), countOf(kernel)];
  const planes = d.batch * d.inputChannels;
  const [inCount, outCount] = [planes * inSize, planes * kernelSize * outSize];
  const geometry = [inSize, outSize, kernelSize, ...input, ...output, ...stride, ...pad];
  const taps = tableOf(scope, () => tables.taps);
  const corners = tableOf(scope, () => tables.corners);
  const constants = { IS_LISTED: Number(isListed) };
  return {
    forward(x, y) {
      const buffers = [scope.read(x), scope.write(y), taps(), corners(), tables.inputOffsets()];
      scope
        .kernel({ name: "im2col", code, entry: "forward", arrays: "rwrrr", constants })
        .run(buffers, uniforms([], [outCount, ...geometry]), groupsFor(outCount));
    },
    backward(dy, dx) {
      const buffers = [scope.read(dy), scope.write(dx), taps(), tables.outputOffsets()];
      scope
        .kernel({ name: "im2col, gradient", code, entry: "backward", arrays: "rwr.r", constants })
        .run(buffers, uniforms([], [inCount, ...geometry]), groupsFor(inCount));
    },
  };
}
