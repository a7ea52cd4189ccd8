import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { noteBare } from "../io/proto/foreign-message.ts";
import { keepSource } from "../io/proto/source.ts";
import { formsBefore } from "../net/build/plan-bytes.ts";
import type { Net } from "../net/net.ts";
import type { Spreads } from "./calibration.ts";
import { type Parts, partsOf, roledLayers } from "./parts.ts";
import type { Spread } from "./spread.ts";
import { type Method, thresholdOf } from "./threshold.ts";
import { weightScales } from "./weight-scales.ts";

/** How scales are chosen. */
export interface ScaleOptions {
  readonly method: Method;
  /** Of the method of that name. */
  readonly percentile: number;
}

/** Bytes from 0 to the last of each type. */
const LAST = { u8: 255, s8: 127 } as const;
/** The greatest scale: it is a float times those of weights and their biases. */
const LARGEST = 2 ** 64;

/** The fields of `quantization_param` that are written. */
interface Fields {
  readonly [field: string]: string | number | boolean | readonly number[];
}

/** Why layers that multiply stay as they are, by their names. */
export type KeptFloat = ReadonlyMap<string, string>;

/**
 * The net with `quantization_param` in layers that multiply, add and join.
 *
 * @param param as the file says it, with layers of all phases
 * @param net the same of floats, with its weights
 * @param kept layers that are to stay as they are
 */
export function quantizedNet(
  param: NetParameter,
  net: Net,
  spreads: Spreads,
  options: ScaleOptions,
  kept: KeptFloat,
): NetParameter {
  const layers = roledLayers(net);
  const parts = partsOf(layers, ({ name = "" }) => kept.has(name));
  const outputs = outputScales(parts, spreads, options);
  const fields = new Map<string, Fields>();
  for (const { name, chain } of parts.sums) {
    fields.set(name, { bw_layer_in: 8, bw_layer_out: 8, scale_out: outputs.get(chain.top) ?? 1 });
  }
  for (const { name, top } of parts.joints) {
    fields.set(name, { bw_layer_in: 8, bw_layer_out: 8, scale_out: outputs.get(top) ?? 1 });
  }
  for (const product of parts.products) {
    const { name, chain, givesBytes } = product;
    const scale = outputs.get(chain.top);
    const isOut = givesBytes && scale !== undefined;
    const weights = weightScales(net, product) ?? [];
    fields.set(name, {
      bw_layer_in: 8,
      bw_layer_out: isOut ? 8 : 32,
      bw_params: 8,
      scale_in: 1,
      scale_out: isOut ? scale : 1,
      scale_params: weights,
    });
    const sum = layers[chain.sum?.layer ?? -1]?.param.name;
    if (sum !== undefined && isOut) {
      fields.set(sum, { bw_layer_in: 8, bw_layer_out: 8, scale_out: scale });
    }
  }
  // What a product reads follows from what those before it give.
  const forms = formsBefore(
    layers.map(({ param: one, role }) => ({ param: withFields(one, fields), role })),
  );
  for (const { layer, name } of parts.products) {
    const written = fields.get(name) as Fields;
    const form = forms.get(layer) ?? floatForm(spreads.read.get(layer), options);
    fields.set(name, {
      ...written,
      scale_in: form.scale,
      ...(form.type === "s8" && { is_negative_input: true }),
    });
  }
  return keepSource(param, {
    ...param,
    layer: (param.layer ?? []).map((layer) => withFields(layer, fields)),
  });
}

function withFields(layer: LayerParameter, fields: ReadonlyMap<string, Fields>): LayerParameter {
  const { quantization_param: _before, ...rest } = layer;
  const own = fields.get(layer.name ?? "");
  if (!own) return rest;
  const quantization_param = { ...own, precision: "DYNAMIC_FIXED_POINT" };
  noteBare(quantization_param, "precision");
  return { ...rest, quantization_param };
}

/** By blob: what it is multiplied by; the same for blobs whose bytes mean the same. */
function outputScales(
  { products, sums, groups, joints }: Parts,
  spreads: Spreads,
  options: ScaleOptions,
): ReadonlyMap<string, number> {
  const nameOf = (blob: string): string => groups.get(blob) ?? blob;
  const chains = [...products.filter((one) => one.givesBytes), ...sums].map(({ chain }) => chain);
  const most = new Map<string, number>();
  const thresholds = new Map<string, number>();
  const unsigned = new Map<string, boolean>();
  for (const { top, isRectified, layers } of chains) {
    const spread = spreads.made.get(layers[0] ?? -1);
    if (!spread) continue;
    const levels = (isRectified ? LAST.u8 : LAST.s8) + 1;
    const threshold = thresholdOf(spread, options.method, options.percentile, levels);
    const name = nameOf(top);
    thresholds.set(name, Math.max(thresholds.get(name) ?? 0, threshold));
    most.set(name, Math.max(most.get(name) ?? 0, spread.greatest));
    unsigned.set(name, (unsigned.get(name) ?? true) && isRectified);
  }
  const scaleOf = (name: string, isUnsigned: boolean): number =>
    scaleFor(thresholds.get(name) || most.get(name) || 1, isUnsigned ? "u8" : "s8");
  return new Map([
    ...chains.map(({ top, isRectified }) => [top, scaleOf(nameOf(top), isRectified)] as const),
    ...joints.map(({ top }) => {
      const name = nameOf(top);
      return [top, scaleOf(name, unsigned.get(name) ?? false)] as const;
    }),
  ]);
}

/** How a blob of floats is read as bytes. */
function floatForm(
  spread: Spread | undefined,
  { method, percentile }: ScaleOptions,
): { readonly type: "u8" | "s8"; readonly scale: number } {
  const type = (spread?.min ?? 0) < 0 ? "s8" : "u8";
  const threshold = spread ? thresholdOf(spread, method, percentile, LAST[type] + 1) : 0;
  return { type, scale: scaleFor(threshold || 1, type) };
}

function scaleFor(threshold: number, type: "u8" | "s8"): number {
  return Math.fround(Math.min(LAST[type] / threshold, LARGEST));
}
