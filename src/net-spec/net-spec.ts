import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { printPrototxt } from "../io/text/prototxt.ts";
import { CaffeError } from "../util/errors.ts";
import { LayerCall, type Top } from "./layer-call.ts";

/** Tops by the names their blobs get; a layer without tops gets the name itself. */
export type NamedTops = Readonly<Record<string, Top | LayerCall>>;

/**
 * A net that is written in code, with the functions of `L`:
 *
 *     const data = L.Input({ shape: { dim: [1, 1, 28, 28] } });
 *     const ip = L.InnerProduct(data, { num_output: 10 });
 *     const spec = new NetSpec({ data, ip, prob: L.Softmax(ip) }, { name: "tiny" });
 *     const net = new Net(spec.toProto());
 *
 * A top's name is that of its blob, and of its layer unless that has a `name` of its own. Tops that are only passed
 * on get their layer's `name`, or one by type and number: `ReLU1`. Layers come in the order in which tops are given,
 * each behind those it needs.
 *
 * @see pycaffe's NetSpec
 */
export class NetSpec {
  readonly #names: Map<string, Top | LayerCall> = new Map();
  readonly #order: (Top | LayerCall)[] = [];
  readonly #net: Omit<NetParameter, "layer">;

  /** @param net the other fields of the net: its name, force_backward, … */
  constructor(tops: NamedTops = {}, net: Omit<NetParameter, "layer"> = {}) {
    this.#net = net;
    for (const [name, top] of Object.entries(tops)) this.set(name, top);
  }

  /** Names a top, and gives it back. */
  set<T extends Top | LayerCall>(name: string, top: T): T {
    this.#names.set(name, top);
    this.#order.push(top);
    return top;
  }

  /**
   * The top of that name.
   * @throws CaffeError where there is none
   */
  get(name: string): Top {
    const top = this.#names.get(name);
    if (!top || top instanceof LayerCall) {
      throw new CaffeError(`the net spec has no top "${name}". Expected one that was set.`);
    }
    return top;
  }

  /** Adds layers that need no name here: they have a `name` and a `top` of their own, or get one by type and number. */
  add(...layers: readonly (Top | LayerCall)[]): this {
    this.#order.push(...layers);
    return this;
  }

  /** The net's parameter: what `Net` takes. */
  toProto(): NetParameter {
    const writer = new Writer(this.#names);
    for (const top of this.#order) writer.add(callOf(top));
    return { ...this.#net, layer: writer.layers };
  }

  /** The net as a prototxt. */
  toString(): string {
    return printPrototxt("NetParameter", this.toProto());
  }
}

/**
 * The parameter of the net that makes these tops, every name given by type and number.
 * @see pycaffe's to_proto
 */
export function toProto(...tops: readonly (Top | LayerCall)[]): NetParameter {
  return new NetSpec().add(...tops).toProto();
}

function callOf(top: Top | LayerCall): LayerCall {
  return top instanceof LayerCall ? top : top.layer;
}

/** Writes layers, each once and behind the layers of its bottoms, and finds names. */
class Writer {
  readonly layers: LayerParameter[] = [];
  readonly #names: Map<Top | LayerCall, string>;
  readonly #blobs: Map<LayerCall, readonly string[]> = new Map();
  readonly #counts: Map<string, number> = new Map();

  constructor(tops: ReadonlyMap<string, Top | LayerCall>) {
    this.#names = new Map([...tops].map(([name, top]) => [top, name]));
  }

  /** Returns the names of the layer's tops. */
  add(call: LayerCall): readonly string[] {
    const done = this.#blobs.get(call);
    if (done) return done;
    const bottom = call.bottoms.map(({ layer, index }) => this.add(layer)[index] ?? "");
    const tops = call.isInPlace
      ? bottom
      : call.tops.map((top, i) => call.param.top?.[i] ?? this.#nameOf(top, call));
    this.#blobs.set(call, tops);
    const { name = this.#layerName(call), type, ...rest } = call.param;
    this.layers.push({
      name,
      ...(type !== undefined && { type }),
      ...(bottom.length > 0 && { bottom }),
      ...rest,
      ...(tops.length > 0 && { top: tops }),
    });
    return tops;
  }

  /** A layer is named after its first top, unless tops are named by hand. */
  #layerName(call: LayerCall): string {
    const [first] = call.tops;
    const byHand = call.param.top?.[0];
    if (byHand !== undefined) return this.#names.get(call) ?? byHand;
    return this.#nameOf(first ?? call, call);
  }

  #nameOf(key: Top | LayerCall, { type, param, tops }: LayerCall): string {
    const known = this.#names.get(key) ?? (tops.length === 1 ? param.name : undefined);
    if (known !== undefined) return known;
    const count = (this.#counts.get(type) ?? 0) + 1;
    this.#counts.set(type, count);
    const name = `${type}${count}`;
    this.#names.set(key, name);
    return name;
  }
}
