import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor, LinearOp } from "../engine.ts";
import { ChannelSums } from "./channel-sums.ts";
import { products } from "./convolution-products.ts";
import { depthwise } from "./depthwise.ts";
import { ChannelFinish, type Posts, postsOf } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { windowGeometry } from "./window-geometry.ts";
import { withWinograd } from "./winograd-trial.ts";

/** Convolution over any number of axes, as products or, with a channel to each group, element by element. */
export function webgpuConvolution(scope: Scope, d: ConvolutionDescriptor): LinearOp {
  const geometry = windowGeometry(scope, d);
  const isDepthwise = d.groups > 1 && d.groups === d.inputChannels && !geometry.isListed;
  const kernels = isDepthwise
    ? depthwise(scope, geometry, d)
    : withWinograd(scope, geometry, d, products(scope, geometry, d));
  const { batch, outputChannels } = d;
  const bias = new ChannelSums(scope, {
    outer: batch,
    length: outputChannels,
    inner: countOf(d.output),
  });
  const finish = new ChannelFinish(scope, outputChannels);
  return {
    accepts: (posts) => postsOf(posts) !== undefined,
    forward(x, w, b, y, posts = []) {
      const { lines, post } = postsOf(posts) as Posts;
      kernels.forward(x, w, y, { finish: finish.of(b, lines), post });
    },
    backwardData: (dy, w, dx) => kernels.backwardData(dy, w, dx),
    backwardWeights(x, dy, dw, db) {
      if (dw) kernels.backwardWeights(x, dy, dw);
      if (db) bias.add(dy, db);
    },
  };
}
