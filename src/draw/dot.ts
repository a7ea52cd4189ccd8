import type { NetParameter } from "../io/proto/caffe.ts";
import { anyNetOf } from "../io/weights/net-of-weights.ts";
import { silent } from "../util/log.ts";
import { checkOptions } from "../util/options.ts";
import { withoutControls } from "../util/printable.ts";
import { type DrawOptions, drawnShape, drawOptions, ROLE_COLOURS } from "./draw-options.ts";
import { type DrawnLayer, type DrawnNet, drawnNetOf } from "./drawn-net.ts";

/**
 * A net as a graph in DOT, for Graphviz: layers are boxes, coloured by kind; the blobs that pass between them are arrows.
 *
 * @param net a net that is filtered already, or its file (prototxt or .caffemodel): a name must stand for one layer
 * @see pycaffe's draw.get_pydot_graph
 */
export function dotOf(net: string | NetParameter, options: DrawOptions = {}): string {
  const param = anyNetOf(net, silent);
  checkOptions("dotOf, drawNet and drawNetToFile", options, drawOptions);
  return dotOfDrawn(drawnNetOf(param, options.displayLrMult), options);
}

/** The same of what is drawn. */
export function dotOfDrawn(net: DrawnNet, options: DrawOptions): string {
  const lines = [
    `digraph ${quoted(net.name || "net")} {`,
    `  rankdir=${options.rankdir ?? "LR"};`,
    '  node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=11, color="#666666"];',
    '  edge [fontname="Helvetica", fontsize=9, color="#666666"];',
  ];
  /** Which layer made each blob last: one that works in place takes over from the one before it. */
  const makers = new Map<string, number>();
  const read = new Set<string>();
  net.layers.forEach((layer, i) => {
    lines.push(
      `  l${i} [label=${quoted(labelOf(layer))}, fillcolor="${ROLE_COLOURS[layer.role]}"];`,
    );
    for (const bottom of layer.bottoms) {
      const maker = makers.get(bottom);
      const label = arrowLabel(bottom, options);
      if (maker !== undefined) lines.push(`  l${maker} -> l${i} [label=${quoted(label)}];`);
      read.add(`${maker} ${bottom}`);
    }
    for (const top of layer.tops) makers.set(top, i);
  });
  for (const [blob, maker] of makers) {
    if (read.has(`${maker} ${blob}`)) continue;
    const id = quoted(`out ${blob}`);
    lines.push(`  ${id} [label=${quoted(arrowLabel(blob, options))}, shape=plaintext, style=""];`);
    lines.push(`  l${maker} -> ${id};`);
  }
  return [...lines, "}", ""].join("\n");
}

function arrowLabel(blob: string, { shapes }: DrawOptions): string {
  const shape = shapes?.get(blob);
  return shape ? `${blob}\n${drawnShape(shape)}` : blob;
}

function labelOf({ name, type, details }: DrawnLayer): string {
  return [name, type, ...details].join("\n");
}

/** A string as DOT writes it; lines end with `\n`. */
function quoted(text: string): string {
  const shown = withoutControls(text);
  return `"${shown.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
