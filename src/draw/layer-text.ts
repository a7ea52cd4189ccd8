import type { LayerParameter } from "../io/proto/caffe.ts";
import {
  type SpatialField,
  type SpatialParameter,
  writtenLengths,
} from "../io/proto/spatial-fields.ts";

/** What a person wants to know of a layer besides name and type: its windows, its outputs, and what it learns with if that is asked for; a few lines. */
export function layerDetails(layer: LayerParameter, displayLrMult = false): string[] {
  const mults = (layer.param ?? []).map(({ lr_mult = 1 }) => lr_mult);
  const learns = displayLrMult && mults.length > 0 ? [`lr_mult ${mults.join(", ")}`] : [];
  return [...ownDetails(layer), ...learns].filter((line) => line !== "");
}

function ownDetails(layer: LayerParameter): string[] {
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
    ];
  }
  if (pool) {
    const window = pool.global_pooling ? "global" : square(lengthsText("kernel", pool));
    return [
      `${pool.pool ?? "MAX"} ${window}`,
      extras([
        ["stride", lengthsText("stride", pool), "1"],
        ["pad", lengthsText("pad", pool), "0"],
      ]),
    ];
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
