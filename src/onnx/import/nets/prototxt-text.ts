import type { LayerParameter, NetParameter } from "../../../io/proto/caffe.ts";
import { compactNet } from "../../../io/text/compact-prototxt.ts";
import { plainName } from "../names.ts";
import type { ImportedLayer } from "../translate/translator.ts";

/** A net as text; before the layers of each node stands which one it was. */
export function commentedNet(
  title: readonly string[],
  net: NetParameter,
  layers: readonly ImportedLayer[],
): string {
  const nodes = new Map(layers.map(({ param, node }) => [param.name, node]));
  const { layer = [], ...rest } = net;
  const parts = layer.map((one: LayerParameter, i) => {
    const node = nodes.get(one.name);
    const before = nodes.get(layer[i - 1]?.name);
    const comment =
      node && node !== before ? `# ${plainName(node.type)} ${plainName(node.name)}\n` : "";
    return comment + compactNet({ layer: [one] });
  });
  return [...title.map((line) => `# ${line}\n`), compactNet(rest), ...parts].join("");
}
