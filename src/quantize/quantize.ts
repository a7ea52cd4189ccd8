import type { Engines } from "../engines/choose.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { isProduct } from "../net/build/byte-chains.ts";
import { whyFloats } from "../net/build/plan-bytes.ts";
import { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import { type Batches, calibrate } from "./calibration.ts";
import { type Comparison, compareNets } from "./compare-nets.ts";
import { partsOf, roledLayers } from "./parts.ts";
import { type KeptFloat, quantizedNet, type ScaleOptions } from "./quantized-net.ts";
import { weightScales } from "./weight-scales.ts";

/** How a net is quantized. */
interface QuantizeOptions extends ScaleOptions {
  readonly param: NetParameter;
  /** Of both nets: weights, engines, stages… */
  readonly net: NetOptions & { readonly engines: Engines };
  /** Makes the batches, the same each time: whoever reads data on its own begins anew. */
  readonly batches: Batches;
  /** Layers that are to stay as they are. */
  readonly keepFloat: readonly string[];
  /** The share of equal choices below which more layers stay as they are. */
  readonly leastAgreement: number;
  /** How many layers may stay for that at most. */
  readonly mostKept: number;
  /** Told of each try. */
  readonly tell: (message: string) => void;
}

/** A quantized net, and how it compares with that of floats. */
export interface Quantized {
  readonly param: NetParameter;
  readonly kept: KeptFloat;
  readonly comparison: Comparison;
  /** Writes the weights, which are those of floats. */
  save(path: string): void;
}

/**
 * Quantizes a net: finds scales from batches, compares, and lets layers that lose most stay floats until the nets agree.
 * @throws CaffeError where nothing can be quantized, engines multiply floats alone, values are not finite, and what nets throw
 */
export async function quantize(options: QuantizeOptions): Promise<Quantized> {
  const { batches, leastAgreement, mostKept, tell } = options;
  const reason = whyFloats(options.net.engines);
  if (reason !== undefined) {
    throw new CaffeError(
      `what a net of bytes loses cannot be found out: ${reason} The reference engine (--engine reference) multiplies bytes anywhere, slowly.`,
    );
  }
  const param = ofFloats(options.param);
  const open = (of: NetParameter): Net =>
    new Net(of, { ...options.net, phase: "TEST", forwardOnly: true });
  using float = open(param);
  const kept = new Map(options.keepFloat.map((name) => [name, "as asked for"]));
  checkKept(float, options.keepFloat);
  tell(`Finding scales from ${batches.count} batches.`);
  const spreads = await calibrate(float, batches);
  const layers = roledLayers(float);
  const save = (path: string): void => {
    using net = open(param);
    net.save(path);
  };
  for (const product of partsOf(layers, ({ name = "" }) => kept.has(name)).products) {
    if (!weightScales(float, product))
      kept.set(product.name, "a layer behind it has no line per channel");
  }
  const products = layers.filter(isProduct).map(({ param: { name = "" } }) => name);
  if (products.every((name) => kept.has(name))) {
    throw new CaffeError(
      "no layer of the net can be quantized. Expected Convolution or InnerProduct layers of one bottom that are not all kept as floats.",
    );
  }
  let best: Quantized | undefined;
  for (let tries = 0; ; tries++) {
    const of = quantizedNet(param, float, spreads, options, kept);
    const comparison = await compareOpened(open(param), open(of), batches);
    const tried: Quantized = { param: of, kept: new Map(kept), comparison, save };
    if (!best || shareOf(tried) > shareOf(best)) best = tried;
    const isEnough = shareOf(tried) >= leastAgreement;
    if (comparison.agreement)
      tell(`${(100 * shareOf(tried)).toFixed(2)} % of the choices are equal.`);
    const isLast = products.filter((name) => !kept.has(name)).length === 1;
    const worst = isLast ? undefined : worstOf(float, comparison, kept);
    if (isEnough || tries === mostKept || worst === undefined) return isEnough ? tried : best;
    kept.set(worst.name, `it lost most, ${worst.lost.toFixed(1)} dB`);
    tell(`"${worst.name}" loses most, ${worst.lost.toFixed(1)} dB, and stays a layer of floats.`);
  }
}

/** The net without what an earlier time has made of it. */
function ofFloats(param: NetParameter): NetParameter {
  const layer = param.layer?.map(({ quantization_param: _before, ...rest }) => rest);
  return keepSource(param, { ...param, ...(layer && { layer }) });
}

/** The share of equal choices; 1 where there is nothing to choose. */
function shareOf({ comparison }: Quantized): number {
  return comparison.agreement?.share ?? 1;
}

/** Compares nets that are closed afterwards. */
async function compareOpened(first: Net, second: Net, batches: Batches): Promise<Comparison> {
  using float = first;
  using int8 = second;
  return await compareNets(float, int8, batches);
}

function checkKept(net: Net, names: readonly string[]): void {
  const known = roledLayers(net)
    .filter(isProduct)
    .map(({ param }) => param.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new CaffeError(
    `no layer "${unknown}" could be quantized. Expected one of ${known.join(", ")}.`,
  );
}

/** Decibels of a bottom that is exact. */
const EXACT = 60;

/** The layer behind which most is lost of what its bottom still had. */
function worstOf(
  net: Net,
  { layers }: Comparison,
  kept: KeptFloat,
): { readonly name: string; readonly lost: number } | undefined {
  let worst: { name: string; lost: number } | undefined;
  const left = new Map<string, number>();
  for (const { param } of net.layers) {
    const { name = "", bottom = [], top = [] } = param;
    const below = Math.min(EXACT, ...bottom.map((blob) => left.get(blob) ?? EXACT));
    const found = layers.get(name);
    for (const blob of top) left.set(blob, Math.min(EXACT, found?.decibels ?? below));
    const lost = below - (found?.decibels ?? below);
    if (found && !kept.has(name) && (!worst || lost > worst.lost)) worst = { name, lost };
  }
  return worst;
}
