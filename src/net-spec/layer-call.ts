import protobuf from "protobufjs/light.js";
import type { LayerParameter } from "../io/proto/caffe.ts";
import { messageType } from "../io/proto/messages.ts";
import { CaffeError } from "../util/errors.ts";
import { nearestText } from "../util/nearest.ts";
import { entryOf } from "../util/records.ts";
import { directMessages } from "./layer-fields.ts";

/** A blob that a layer will make: what the next layers are called with. */
export class Top {
  readonly layer: LayerCall;
  /** Which of the layer's tops it is. */
  readonly index: number;

  constructor(layer: LayerCall, index: number) {
    this.layer = layer;
    this.index = index;
  }
}

/** One layer of a net that is being written: its type, its bottoms, and its fields as a prototxt has them. */
export class LayerCall {
  readonly type: string;
  readonly bottoms: readonly Top[];
  readonly isInPlace: boolean;
  readonly param: LayerParameter;
  readonly tops: readonly Top[];

  /** @throws CaffeError where a field is not known, or an in-place layer has not one bottom and one top */
  constructor(type: string, bottoms: readonly Top[], given: Readonly<Record<string, unknown>>) {
    const { in_place = false, ntop, ...fields } = given;
    this.type = type;
    this.bottoms = bottoms;
    this.isInPlace = in_place === true;
    this.param = layerParameter(type, fields);
    const named = this.param.top?.length ?? 1;
    const count = typeof ntop === "number" ? ntop : named;
    if (this.isInPlace && (bottoms.length !== 1 || count !== 1)) {
      throw new CaffeError(
        `L.${type}: in_place with ${bottoms.length} bottoms and ${count} tops. Expected one of each.`,
      );
    }
    this.tops = Array.from({ length: count }, (_, i) => new Top(this, i));
  }
}

/** The prototxt's fields from those written directly. */
function layerParameter(type: string, given: Readonly<Record<string, unknown>>): LayerParameter {
  const layer = messageType("LayerParameter");
  const direct = directMessages(type);
  const param: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    const own = entryOf(layer.fields, name);
    if (own) {
      param[name] = strict(own, value, `L.${type}: ${name}`);
      continue;
    }
    const owner = direct.find((message) => entryOf(messageOf(layer, message).fields, name));
    if (owner === undefined) {
      const known = [...direct.flatMap((message) => Object.keys(messageOf(layer, message).fields))];
      throw new CaffeError(
        `L.${type} has no field "${name}".${nearestText(name, [...known, ...Object.keys(layer.fields)])} Expected one of ${direct.join(" or ") || "LayerParameter"}, or of every layer.`,
      );
    }
    const field = messageOf(layer, owner).fields[name] as protobuf.Field;
    const before = (param[owner] ?? {}) as object;
    param[owner] = { ...before, [name]: strict(field, value, `L.${type}: ${name}`) };
  }
  return { ...param, type } as LayerParameter;
}

function messageOf(type: protobuf.Type, field: string): protobuf.Type {
  return type.fields[field]?.resolvedType as protobuf.Type;
}

/** A value as the message holds it: lists where the field is repeated, known names only. */
function strict(field: protobuf.Field, value: unknown, where: string): unknown {
  if (field.repeated) {
    const list = Array.isArray(value) || ArrayBuffer.isView(value) ? value : [value];
    return Array.from(list as ArrayLike<unknown>, (entry) => single(field, entry, where));
  }
  return single(field, value, where);
}

function single(field: protobuf.Field, value: unknown, where: string): unknown {
  const type = field.resolvedType;
  if (type instanceof protobuf.Type) {
    if (typeof value !== "object" || value === null) {
      throw new CaffeError(`${where} is ${String(value)}. Expected an object with its fields.`);
    }
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => {
        const known = entryOf(type.fields, name);
        if (known) return [name, strict(known, inner, `${where}.${name}`)];
        throw new CaffeError(
          `${where} has no field "${name}".${nearestText(name, Object.keys(type.fields))}`,
        );
      }),
    );
  }
  if (type instanceof protobuf.Enum && !Object.hasOwn(type.values, String(value))) {
    throw new CaffeError(
      `${where} is ${String(value)}.${nearestText(String(value), Object.keys(type.values))} Expected one of ${Object.keys(type.values).join(", ")}.`,
    );
  }
  const wanted =
    type || field.type === "string" ? "string" : field.type === "bool" ? "boolean" : "number";
  if (field.type !== "bytes" && typeof value !== wanted) {
    throw new CaffeError(`${where} is ${JSON.stringify(value)}. Expected a ${wanted}.`);
  }
  return value;
}
