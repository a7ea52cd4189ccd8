import type { Engines } from "../../engines/choose.ts";
import type { PartialEngine } from "../../engines/engine.ts";
import type { ByteForm, BytesPlan } from "../../engines/ops/bytes.ts";
import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { LayerRegistry } from "../../layers/registry.ts";
import { EngineError, NetError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import type { NetOptions } from "../options.ts";
import { chainFrom, isCombination, isProduct, type RoledLayer, roledLayer } from "./byte-chains.ts";
import { type Quantization, quantizationOf } from "./quantization.ts";

/**
 * Which layers multiply bytes or keep their result as bytes, by `quantization_param`, and the engines that do so. What goes from layer
 * to layer is bytes where the one before says so, of 0 to 255 behind a rectifier, else of −128 to 127; pooling, joining and rectifying
 * keep them. Empty where no layer says so, or an engine cannot: then a warning tells why all is computed with floats.
 *
 * @param net with splits
 * @throws NetError where the net is to be trained, or a scale is missing
 */
export function planBytes(
  net: NetParameter,
  engines: Engines,
  registry: LayerRegistry,
  { phase, dtype }: Required<Pick<NetOptions, "phase" | "dtype">>,
  log: Log,
): ReadonlyMap<LayerParameter, Engines> {
  const layers = net.layer ?? [];
  if (!layers.some((layer) => layer.quantization_param)) return new Map();
  const quantized = quantizedLayers(layers, log);
  if (quantized.size === 0) return new Map();
  if (phase === "TRAIN") {
    throw new NetError(
      `layers ${namesOf(layers, quantized)} have a quantization_param: their net is for inference, since rounding has no gradient. Expected the net of floats to be trained, and caffe quantize afterwards; or phase TEST.`,
    );
  }
  const asFloats = (reason: string): ReadonlyMap<LayerParameter, Engines> => {
    log(
      "warning",
      "net",
      `quantization_param is not followed, and all is computed with floats: ${reason}`,
    );
    return new Map();
  };
  if (dtype === "f64") return asFloats('dtype is "f64"');
  const reason = whyFloats(engines);
  if (reason !== undefined) return asFloats(reason);
  const roled = layers.map((layer) => roledLayer(layer, registry.classOf(layer)));
  const plans = new Planner(roled, quantized).plans();
  return new Map(
    [...plans].map(([i, plan]) => [
      layers[i] as LayerParameter,
      engines.map((engine: PartialEngine) => engine.bytes?.(plan)) as unknown as Engines,
    ]),
  );
}

/** Why these engines cannot multiply bytes, as a sentence; undefined where they can. */
export function whyFloats(engines: Engines): string | undefined {
  const without = engines.find((engine) => !engine.bytes);
  if (without)
    return `the ${without.name} engine multiplies floats alone. Expected --engine native.`;
  try {
    for (const engine of engines) engine.bytes?.({ layer: "", followers: 0, lines: 0 });
    return undefined;
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

/**
 * What the bottoms of layers that multiply are kept as, by the index of the layer; those of floats are not there.
 */
export function formsBefore(layers: readonly RoledLayer[]): ReadonlyMap<number, ByteForm> {
  const params = layers.map(({ param }) => param);
  const planner = new Planner(layers, quantizedLayers(params, silent));
  planner.plans();
  return planner.before;
}

/** What layers say, by their index; others' ways to say it are warned of. */
function quantizedLayers(layers: readonly LayerParameter[], log: Log): Map<number, Quantization> {
  const quantized = new Map<number, Quantization>();
  const odd = new Map<string, string[]>();
  layers.forEach((layer, i) => {
    const found = quantizationOf(layer);
    if (found === undefined) return;
    if ("reason" in found)
      odd.set(found.reason, [...(odd.get(found.reason) ?? []), layer.name ?? ""]);
    else if (found.input !== undefined || found.output !== undefined) quantized.set(i, found);
  });
  for (const [reason, names] of odd) {
    log("warning", "net", `quantization_param of ${names.join(", ")} has no effect: ${reason}.`);
  }
  return quantized;
}

function namesOf(layers: readonly LayerParameter[], some: ReadonlyMap<number, unknown>): string {
  const names = [...some.keys()].map((i) => `"${layers[i]?.name}"`);
  return names.length > 3
    ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`
    : names.join(", ");
}

class Planner {
  readonly #layers: readonly RoledLayer[];
  readonly #quantized: ReadonlyMap<number, Quantization>;
  readonly #plans: Map<number, BytesPlan> = new Map();
  /** What blobs are kept as, by their names, at this point of the net. */
  readonly #forms: Map<string, ByteForm> = new Map();

  /** What bottoms of products are kept as where they are reached, by layer. */
  readonly before: Map<number, ByteForm> = new Map();

  constructor(layers: readonly RoledLayer[], quantized: ReadonlyMap<number, Quantization>) {
    this.#layers = layers;
    this.#quantized = quantized;
  }

  /** By layer; those of floats have none. */
  plans(): ReadonlyMap<number, BytesPlan> {
    this.#layers.forEach((layer, i) => {
      if (this.#plans.has(i)) return;
      const { top = [] } = layer.param;
      if (isProduct(layer)) this.#planProduct(layer, i);
      else if (isCombination(layer)) this.#planChain(i, this.#quantized.get(i)?.output);
      else if (layer.role === "passed") this.#passOn(layer);
      else this.#set(i, top, this.#formBehind(layer, i));
    });
    return this.#plans;
  }

  #passOn({ param: { bottom = [], top = [] } }: RoledLayer): void {
    const form = this.#forms.get(bottom[0] ?? "");
    for (const blob of top) this.#put(blob, form);
  }

  #planProduct({ param }: RoledLayer, i: number): void {
    const below = this.#forms.get(param.bottom?.[0] ?? "");
    if (below) this.before.set(i, below);
    const said = this.#quantized.get(i);
    if (!said) {
      for (const blob of param.top ?? []) this.#forms.delete(blob);
      return;
    }
    const { sum } = chainFrom(this.#layers, i);
    const behind = sum && this.#quantized.get(sum.layer)?.output;
    // Of a convolution that is added to another blob Intel's files tell the scale of the sum.
    this.#planChain(i, behind ?? said.output, said);
  }

  /** A chain with the scale of its result, which is floats without one. */
  #planChain(first: number, scale: number | undefined, said?: Quantization): void {
    const { layers, lines, sum, top, isRectified } = chainFrom(this.#layers, first);
    const output: ByteForm | undefined =
      scale === undefined ? undefined : { type: isRectified ? "u8" : "s8", scale };
    const product = said?.input !== undefined && {
      input: { type: said.isNegativeInput ? ("s8" as const) : ("u8" as const), scale: said.input },
      weights: said.weights,
    };
    layers.forEach((i, k) => {
      const followers = layers.length - 1 - k;
      this.#plan(i, {
        followers,
        lines: k === 0 ? lines : 0,
        output,
        ...(k === 0 && product),
        ...(k === 0 && sum && { other: this.#forms.get(sum.other) }),
      });
      for (const blob of this.#layers[i]?.param.top ?? []) this.#forms.delete(blob);
    });
    this.#put(top, output);
  }

  /** What a layer keeps its result as that takes its bottoms' form. */
  #formBehind({ param, role }: RoledLayer, i: number): ByteForm | undefined {
    const forms = (param.bottom ?? []).map((blob) => this.#forms.get(blob));
    const [first] = forms;
    const areAll = first !== undefined && forms.every((form) => form !== undefined);
    if (!areAll) return undefined;
    if (role === "kept") return first;
    if (role === "rectifier") return { ...first, type: "u8" };
    if (role !== "joined" || forms.length === 1) return undefined;
    const said = this.#quantized.get(i)?.output;
    const isUnsigned = forms.every((form) => form?.type === "u8");
    if (said !== undefined) return { type: isUnsigned ? "u8" : "s8", scale: said };
    const areSame = forms.every((form) => form?.type === first.type && form.scale === first.scale);
    return areSame ? first : undefined;
  }

  #set(i: number, tops: readonly string[], form: ByteForm | undefined): void {
    for (const blob of tops) this.#put(blob, form);
    this.#plan(i, { followers: 0, lines: 0, output: form });
  }

  #plan(i: number, plan: Omit<BytesPlan, "layer">): void {
    if (!plan.input && !plan.output) return;
    this.#plans.set(i, { ...plan, layer: this.#layers[i]?.param.name ?? "" });
  }

  #put(blob: string, form: ByteForm | undefined): void {
    if (form) this.#forms.set(blob, form);
    else this.#forms.delete(blob);
  }
}
