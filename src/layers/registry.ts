import type { Engines } from "../engines/choose.ts";
import { chooseEngine } from "../engines/choose.ts";
import type { Primitive } from "../engines/engine.ts";
import type { LayerParameter } from "../io/proto/caffe.ts";
import { unknownTypeText } from "../io/text/fork-layers.ts";
import { LayerError } from "../util/errors.ts";
import type { ByteRoleOf } from "./base/byte-role.ts";
import type { CoordMapOf } from "./base/coord-map.ts";
import type {
  Arity,
  Layer,
  LayerContext,
  LayerRole,
  ParamField,
  TopShapeOf,
} from "./base/layer.ts";
import { makeUsersLayer } from "./base/users-code.ts";
import * as layers from "./index.ts";

/** A layer type as the Net sees it before there is a layer. */
export interface LayerClass {
  readonly type: string;
  readonly role: LayerRole;
  readonly paramFields: readonly ParamField[];
  readonly inBrowser: boolean;
  readonly coordMap: CoordMapOf;
  readonly topShape: TopShapeOf;
  readonly needs: readonly Primitive[];
  readonly hostBottoms: readonly number[];
  readonly hostTopDiffs: readonly number[];
  readonly bottoms: Arity;
  readonly tops: Arity;
  readonly equalBottomsAndTops: boolean;
  readonly allowsInPlace: boolean;
  readonly makesTops: boolean;
  readonly isLoss: boolean;
  readonly keepsStatistics: boolean;
  readonly mayBe16Bits: boolean | "as its bottom";
  readonly byteRole: ByteRoleOf;
  new (param: LayerParameter, context: LayerContext): Layer<never, never>;
}

/** The classes of this package. */
const own: ReadonlySet<unknown> = new Set(Object.values(layers));
const registered = new Map<string, LayerClass>();

/**
 * Lets every net that is made from now on know a layer type of the user's own; one of the same name is replaced.
 *
 *     class Double extends Layer<One, One> {
 *       static override readonly type = "Double";
 *       …
 *     }
 *     registerLayer(Double);
 */
export function registerLayer(...classes: readonly LayerClass[]): void {
  for (const Class of classes) registered.set(Class.type, Class);
}

/** The names of all layer types, in alphabetical order. */
export function layerTypes(): readonly string[] {
  return new LayerRegistry().types;
}

/**
 * The layer types by the name a prototxt uses: all of this package and those registered. A user's own types for
 * some nets only are added with `with`.
 */
export class LayerRegistry {
  readonly #classes: ReadonlyMap<string, LayerClass>;

  constructor(classes: Iterable<LayerClass> = [...Object.values(layers), ...registered.values()]) {
    this.#classes = new Map([...classes].map((Class) => [Class.type, Class]));
  }

  /** A registry that knows these types too; a type of the same name is replaced. */
  with(...classes: readonly LayerClass[]): LayerRegistry {
    return new LayerRegistry([...this.#classes.values(), ...classes]);
  }

  /** Every type's name, in alphabetical order. */
  get types(): readonly string[] {
    return [...this.#classes.keys()].sort();
  }

  /** The class of a type; undefined where it is not known. */
  get(type: string): LayerClass | undefined {
    return this.#classes.get(type);
  }

  /**
   * What a layer type is to a net. Of one that is not known, or that does not say, a name tells it that ends as a source's
   * or a loss's.
   */
  roleOf(type: string): LayerRole {
    const { role = "other" } = this.get(type) ?? {};
    if (role !== "other") return role;
    if (type.endsWith("Data")) return "source";
    return type.endsWith("Loss") ? "result" : "other";
  }

  /**
   * The class that `param.type` names.
   * @throws LayerError that lists the known types, and says the nearest, or whose it is
   */
  classOf(param: LayerParameter, where = ""): LayerClass {
    const Class = this.get(param.type ?? "");
    if (Class) return Class;
    throw new LayerError(param, unknownTypeText(param.type ?? "", this.types, where));
  }

  /** The layer that `param` describes, on the first engine that has all it needs. */
  create(
    param: LayerParameter,
    engines: Engines,
    context: Omit<LayerContext, "engine" | "noise">,
    where = "",
  ): Layer {
    const Class = this.classOf(param, where);
    const engine = chooseEngine(engines, Class.needs);
    // Arity is checked by the Net before it calls a layer, so its narrower lists are safe here.
    const make = (): Layer =>
      new Class(param, {
        ...context,
        engine: engine.forLayer?.(param.name ?? "") ?? engine,
        noise: chooseEngine(engines, ["noise"]).noise,
      }) as unknown as Layer;
    return own.has(Class) ? make() : makeUsersLayer(param, Class, make);
  }
}
