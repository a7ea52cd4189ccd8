import { printPrototxt } from "../io/text/prototxt.ts";
import type { Net } from "../net/net.ts";
import type { TensorBoardMessage } from "./message.ts";

/** The version of graphs that TensorFlow 2 writes. */
const PRODUCER = 22;

/**
 * A net as TensorBoard's graph: a node for each layer, of its type, with the shapes of what it makes and its parameters. A
 * layer in place stands between what makes its blob and what reads it; splits are left out.
 */
export function graphDefOf(net: Net): TensorBoardMessage<"GraphDef"> {
  const node: TensorBoardMessage<"NodeDef">[] = [];
  /** By blob: the node, and its output, that made it last. */
  const makers = new Map<string, string>();
  const names = new Set<string>();
  for (const [i, layer] of net.layers.entries()) {
    const key = net.layerKeys[i] ?? "";
    const inputs = net.bottomNames(key).map((blob) => makers.get(blob) ?? "");
    const tops = net.topNames(key);
    if (layer.param.type === "Split") {
      for (const top of tops) makers.set(top, inputs[0] ?? "");
      continue;
    }
    const name = nodeName(key, names);
    for (const [k, top] of tops.entries()) makers.set(top, k === 0 ? name : `${name}:${k}`);
    const shapes = (net.topBlobs[i] ?? []).map(({ shape }) => ({
      dim: shape.map((size) => ({ size })),
    }));
    const { blobs: _blobs, ...param } = layer.param;
    node.push({
      name,
      op: layer.param.type ?? "",
      input: inputs.filter((input) => input !== ""),
      device: layer.engineName,
      attr: [
        { key: "_output_shapes", value: { list: { shape: shapes } } },
        { key: "layer", value: { s: Buffer.from(printPrototxt("LayerParameter", param)) } },
      ],
    });
  }
  return { node, versions: { producer: PRODUCER } };
}

/** A layer's name as that of a node, which has letters, digits and a few signs, and is no other's. */
function nodeName(layer: string, taken: Set<string>): string {
  const text = layer.replace(/[^A-Za-z0-9_.\\/-]/g, "_").replace(/^[^A-Za-z0-9.]/, ".$&");
  let name = text || "layer";
  for (let i = 2; taken.has(name); i++) name = `${text}_${i}`;
  taken.add(name);
  return name;
}
