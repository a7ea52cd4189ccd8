import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import {
  type SpatialField,
  type SpatialParameter,
  writtenLengths,
} from "../io/proto/spatial-fields.ts";
import { netParameterOf } from "../io/text/read-net.ts";
import type { LayerRole } from "../layers/base/layer.ts";
import { LayerRegistry } from "../layers/registry.ts";
import { checkOptions, type OptionNames, oneOf, yesOrNo } from "../util/options.ts";
import { withoutControls } from "../util/printable.ts";
import type { Shape } from "../util/shape.ts";

/** How a net is drawn. */
export interface DrawOptions {
  /** Which way data flows: left to right (LR, the default), top to bottom (TB), or the reverse of these. */
  readonly rankdir?: "LR" | "TB" | "RL" | "BT";
  /** Show what each layer's weights learn with (lr_mult). */
  readonly displayLrMult?: boolean;
  /** Shapes of blobs by their names, to be written on the arrows. */
  readonly shapes?: ReadonlyMap<string, Shape>;
}

const drawOptions: OptionNames<DrawOptions> = {
  rankdir: oneOf("LR", "TB", "RL", "BT"),
  displayLrMult: yesOrNo,
  shapes: true,
};

const COLOURS: Readonly<Record<LayerRole, string>> = {
  source: "#d5e8d4",
  input: "#d5e8d4",
  constant: "#d5e8d4",
  result: "#f8cecc",
  learned: "#dae8fc",
  window: "#ffe6cc",
  normalization: "#e1d5e7",
  activation: "#fff2cc",
  other: "#eeeeee",
};

/**
 * A net as a graph in DOT: layers are boxes, coloured by kind; the blobs that pass between them are arrows.
 *
 * @param net a net that is filtered already, or its file: a name must stand for one layer
 * @see pycaffe's draw.get_pydot_graph
 */
export function dotOf(net: string | NetParameter, options: DrawOptions = {}): string {
  const param = netParameterOf(net);
  checkOptions("dotOf, drawNet and drawNetToFile", options, drawOptions);
  const registry = new LayerRegistry();
  const lines = [
    `digraph ${quoted(param.name || "net")} {`,
    `  rankdir=${options.rankdir ?? "LR"};`,
    '  node [shape=box, style="filled,rounded", fontname="Helvetica", fontsize=11, color="#666666"];',
    '  edge [fontname="Helvetica", fontsize=9, color="#666666"];',
  ];
  /** Which layer made each blob last: one that works in place takes over from the one before it. */
  const makers = new Map<string, number>();
  const read = new Set<string>();
  (param.layer ?? []).forEach((layer, i) => {
    lines.push(
      `  l${i} [label=${quoted(labelOf(layer, options))}, fillcolor="${COLOURS[registry.roleOf(layer.type ?? "")]}"];`,
    );
    for (const bottom of layer.bottom ?? []) {
      const maker = makers.get(bottom);
      const label = arrowLabel(bottom, options);
      if (maker !== undefined) lines.push(`  l${maker} -> l${i} [label=${quoted(label)}];`);
      read.add(`${maker} ${bottom}`);
    }
    for (const top of layer.top ?? []) makers.set(top, i);
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
  return shape ? `${blob}\n${shape.join("×") || "scalar"}` : blob;
}

function labelOf(layer: LayerParameter, { displayLrMult }: DrawOptions): string {
  const mults = (layer.param ?? []).map(({ lr_mult = 1 }) => lr_mult);
  return [
    layer.name ?? "",
    layer.type ?? "",
    ...detailsOf(layer),
    ...(displayLrMult && mults.length > 0 ? [`lr_mult ${mults.join(", ")}`] : []),
  ].join("\n");
}

/** What a person wants to know of a layer, in a line or two. */
function detailsOf(layer: LayerParameter): string[] {
  const {
    convolution_param: conv,
    pooling_param: pool,
    dropout_param,
    inner_product_param,
  } = layer;
  if (conv && layer.type !== "Im2col") {
    const window = lengthsText("kernel", conv);
    return [
      `${square(window)}, ${conv.num_output ?? 0} outputs`,
      extras([
        ["stride", lengthsText("stride", conv), "1"],
        ["pad", lengthsText("pad", conv), "0"],
        ["dilation", lengthsText("dilation", conv), "1"],
        ["group", String(conv.group ?? 1), "1"],
      ]),
    ].filter((line) => line !== "");
  }
  if (pool) {
    const window = pool.global_pooling ? "global" : square(lengthsText("kernel", pool));
    return [
      `${pool.pool ?? "MAX"} ${window}`,
      extras([
        ["stride", lengthsText("stride", pool), "1"],
        ["pad", lengthsText("pad", pool), "0"],
      ]),
    ].filter((line) => line !== "");
  }
  const outputs = inner_product_param ?? layer.embed_param ?? layer.recurrent_param;
  if (outputs) return [`${outputs.num_output ?? 0} outputs`];
  if (layer.type === "Dropout") return [`ratio ${dropout_param?.dropout_ratio ?? 0.5}`];
  if (layer.type === "Eltwise") return [layer.eltwise_param?.operation ?? "SUM"];
  return [];
}

/** The lengths of a field as they are written. */
function lengthsText(field: SpatialField, param: SpatialParameter): string {
  const usual = field === "pad" ? 0 : 1;
  const written = writtenLengths(field, param);
  return written.length > 0 ? written.map((length) => length ?? usual).join("×") : String(usual);
}

/** A kernel of one length is square, as far as a person need know. */
function square(window: string): string {
  return window.includes("×") ? window : `${window}×${window}`;
}

function extras(
  values: readonly (readonly [name: string, value: string, usual: string])[],
): string {
  return values
    .filter(([, value, usual]) => value !== usual)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}

/** A string as DOT writes it; lines end with `\n`. */
function quoted(text: string): string {
  const shown = withoutControls(text);
  return `"${shown.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
