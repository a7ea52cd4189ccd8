import type { LayerParameter, NetParameter } from "../../src/io/proto/caffe.ts";

/** A net that gives what these blobs hold too, each under the name `probe/BLOB`. */
export function withProbes(param: NetParameter, blobs: readonly string[]): NetParameter {
  const probes = blobs.map(
    (blob): LayerParameter => ({
      name: `probe/${blob}`,
      type: "Power",
      bottom: [blob],
      top: [`probe/${blob}`],
    }),
  );
  return { ...param, layer: [...(param.layer ?? []), ...probes] };
}

/**
 * What the last layers of a net read: a softmax of scores far apart is 0 and 1 whatever they are, and labels say little of what
 * they were chosen by. Inputs of the net are none of them.
 */
export function readLast({ layer: layers = [] }: NetParameter): string[] {
  const read = new Set(layers.flatMap(({ bottom = [] }) => bottom));
  const made = new Set(layers.flatMap(({ type, top = [] }) => (type === "Input" ? [] : top)));
  const last = layers.filter(({ top = [] }) => top.some((name) => !read.has(name)));
  const bottoms = last.flatMap(({ bottom = [] }) => bottom);
  return [...new Set(bottoms)].filter((name) => made.has(name));
}
