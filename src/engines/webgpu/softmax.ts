import { aroundAxis, countOf } from "../../util/shape.ts";
import type {
  ChannelDescriptor,
  SoftmaxLossDescriptor,
  SoftmaxLossOp,
  SoftmaxOp,
} from "../engine.ts";
import { groupsFor, MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Scope } from "./scope.ts";
import { softmax as code } from "./shaders.ts";
import { addShares } from "./slices.ts";

/** Channels from which on a workgroup works on one position together. */
const MANY_CHANNELS = 64;

/** y = e^(x − max) / Σ e^(x − max). */
export function webgpuSoftmax(scope: Scope, d: ChannelDescriptor): SoftmaxOp {
  const [outer, channels, inner] = aroundAxis(d.shape, d.axis);
  const params = uniforms([0], [outer, channels, inner, 0, 0]);
  const kernel = (entry: string, arrays: string, inPlace: 0 | 1) =>
    scope.summingKernel({
      name: `softmax ${entry}`,
      code,
      entry,
      arrays,
      constants: { IN_PLACE: inPlace },
    });
  const together = Math.min(outer * inner, MOST_GROUPS);
  return {
    forward(x, y) {
      const [input, output, inPlace] = scope.through(x, y);
      const [entry, groups] =
        channels < MANY_CHANNELS
          ? (["forwardEach", groupsFor(outer * inner)] as const)
          : (["forwardTogether", together] as const);
      kernel(entry, "rw", inPlace).run([input, output], params, groups);
    },
    backward(y, dy, dx) {
      const result = scope.read(y);
      const [input, output, inPlace] = scope.through(dy, dx);
      kernel("backward", "rwr", inPlace).run([input, output, result], params, together);
    },
  };
}

/** Softmax, and −log of the label's probability summed over all positions. */
export function webgpuSoftmaxLoss(scope: Scope, d: SoftmaxLossDescriptor): SoftmaxLossOp {
  const count = countOf(d.shape);
  const [outer, , inner] = aroundAxis(d.shape, d.axis);
  const softmax = webgpuSoftmax(scope, d);
  const params = uniforms(
    [1],
    [...aroundAxis(d.shape, d.axis), d.ignoreLabel ?? 0, d.ignoreLabel === undefined ? 0 : 1],
  );
  const scales = new Float32Array(params.buffer, 0, 1);
  const kernel = (entry: string) =>
    scope.summingKernel({ name: `softmax ${entry}`, code, entry, arrays: "rwr" });
  return {
    forward(x, label, prob, scale, loss) {
      softmax.forward(x, prob);
      scales[0] = scale;
      const [p, l] = [scope.read(prob), scope.read(label)];
      addShares(scope, outer * inner, scope.write(loss), (shares, groups) => {
        kernel("loss").run([p, shares, l], params, groups);
      });
    },
    backward(prob, label, scale, dx) {
      scales[0] = scale;
      const [p, l] = [scope.read(prob), scope.read(label)];
      kernel("lossBackward").run([p, scope.write(dx), l], params, groupsFor(count));
    },
  };
}
