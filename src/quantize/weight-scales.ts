import { joinedLines } from "../engines/ops/byte-products.ts";
import type { Net } from "../net/net.ts";
import { CaffeError } from "../util/errors.ts";
import type { Product } from "./parts.ts";

/** The greatest byte of weights. */
const MOST = 127;
/**
 * The greatest scale: what is beside a bias is multiplied by it too, and stays a float. Weights of an output that has died are as
 * small as floats can be.
 */
const LARGEST = 2 ** 48;

/**
 * What the weights of each output are multiplied by, with the lines per channel that follow: the greatest becomes 127; 0 where all are
 * 0. Undefined where a layer behind is no line per channel in this net.
 * @see Intel's Caffe, whose files say 0 too
 */
export function weightScales(
  net: Net,
  { layer, chain, name }: Product,
): readonly number[] | undefined {
  const followers = chain.layers.slice(1, 1 + chain.lines);
  const posts = followers.map((i) => net.layers[i]?.fusion?.postOp?.());
  const lines = posts.filter((post) => post?.kind === "scale");
  if (lines.length < posts.length) return undefined;
  const [w] = net.layers[layer]?.blobs ?? [];
  if (!w) return undefined;
  const isTransposed = net.layers[layer]?.param.inner_product_param?.transpose === true;
  const outputs = w.shape[isTransposed ? 1 : 0] ?? 1;
  const inner = w.count() / outputs;
  const [stepO, stepK] = isTransposed ? [1, outputs] : [inner, 1];
  const { scale } = joinedLines(outputs, undefined, lines);
  const weights = w.dataMem.cpu();
  return Array.from({ length: outputs }, (_, o) => {
    let greatest = 0;
    for (let k = 0; k < inner; k++) {
      const magnitude = Math.abs(weights[o * stepO + k * stepK] as number);
      if (!(magnitude <= greatest)) greatest = magnitude;
    }
    const most = greatest * Math.abs(scale[o] as number);
    if (!Number.isFinite(most))
      throw new CaffeError(
        `layer "${name}": a weight of output ${o} is not finite. Expected weights that were trained to an end.`,
      );
    return most > 0 ? Math.fround(Math.min(MOST / most, LARGEST)) : 0;
  });
}
