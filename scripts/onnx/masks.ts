import type { LayerParameter, NetParameter } from "../../src/io/proto/caffe.ts";
import { Net } from "../../src/net/net.ts";
import type { Answers } from "../../tests/support/onnx-runtime.ts";
import { withProbes } from "./probes.ts";

/** Values that are nearer than this part of the greatest are equal but for rounding. */
const EQUAL = 1e-5;

/** A MAX pooling that gives the places of its maxima too. */
interface Masked {
  readonly pooled: string;
  readonly mask: string;
}

function maskedOf({ layer = [] }: NetParameter): Masked[] {
  return layer.flatMap(({ type, bottom = [], top = [] }) =>
    type === "Pooling" && top.length > 1 ? [{ pooled: bottom[0]!, mask: top[1]! }] : [],
  );
}

/** A net that gives its masks, and what they were made of; undefined where it has none. */
export function withMaskProbes(param: NetParameter): NetParameter | undefined {
  const blobs = maskedOf(param).flatMap(({ pooled, mask }) => [pooled, mask]);
  return blobs.length === 0 ? undefined : withProbes(param, blobs);
}

/**
 * Places in masks that are others in ONNX Runtime. Where two values of a window are equal but for rounding, which is the greatest is
 * chance; what is no such place is counted as wrong.
 */
export function comparedMasks(
  param: NetParameter,
  answers: readonly Answers[],
): { readonly places: number; readonly others: number; readonly wrong: number } {
  const named = (blob: string): Answers => answers.find(({ name }) => name === `probe/${blob}`)!;
  let [places, others, wrong] = [0, 0, 0];
  for (const { pooled, mask } of maskedOf(param)) {
    const { want: values, shape } = named(pooled);
    const { want, got } = named(mask);
    const plane = shape[2]! * shape[3]!;
    const each = want.length / (shape[0]! * shape[1]!);
    const most = values.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
    want.forEach((place, i) => {
      const other = (got.data as Float32Array)[i]!;
      places++;
      if (place === other) return;
      others++;
      const start = Math.floor(i / each) * plane;
      if (!(Math.abs(values[start + place]! - values[start + other]!) <= EQUAL * most)) wrong++;
    });
  }
  return { places, others, wrong };
}

/** The net with its masks as inputs, which hold what they hold in `net`: what follows from them is no chance any more. */
export function withMasksGiven(param: NetParameter, net: Net): Net {
  const masks = maskedOf(param).map(({ mask }) => mask);
  const inputs = masks.map(
    (mask): LayerParameter => ({
      name: `given/${mask}`,
      type: "Input",
      top: [mask],
      input_param: { shape: [{ dim: net.blob(mask).shape }] },
    }),
  );
  const layers = (param.layer ?? []).map((layer) =>
    layer.type === "Pooling" ? { ...layer, top: layer.top?.slice(0, 1) ?? [] } : layer,
  );
  const given = new Net(
    { ...param, layer: [...inputs, ...layers] },
    { phase: "TEST", silent: true },
  );
  given.shareWith(net);
  for (const input of given.inputs) {
    const { shape } = net.blob(input);
    given.blob(input).reshape(shape);
    given.blob(input).assign({ shape, data: net.blob(input).values() });
  }
  return given;
}
