import protobuf from "protobufjs/light.js";
import type { LayerParameter } from "../io/proto/caffe.ts";
import { isOfForks } from "../io/proto/foreign-message.ts";
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

/** A field, and the message of LayerParameter that has it where it is not LayerParameter itself. */
interface Place {
  readonly field: protobuf.Field;
  readonly owner?: string;
}

/** The prototxt's fields from those written directly. */
function layerParameter(type: string, given: Readonly<Record<string, unknown>>): LayerParameter {
  const layer = messageType("LayerParameter");
  const direct = directMessages(type);
  const param: Record<string, unknown> = {};
  for (const { name, value, isForks } of written(given, `L.${type}`)) {
    const place = placeOf(layer, direct, name, isForks);
    if (place === undefined) {
      const known = [...direct.map((message) => messageOf(layer, message)), layer].flatMap(
        ({ fieldsArray }) => fieldsArray.filter((field) => !isForks || isOfForks(field)),
      );
      throw new CaffeError(
        `L.${type} has no field "${name}"${isForks ? " of forks" : ""}.${nearestText(
          name,
          known.map((field) => field.name),
        )} Expected one of ${direct.join(" or ") || "LayerParameter"}, or of every layer.`,
      );
    }
    const { field, owner } = place;
    const checked = strict(field, value, `L.${type}: ${name}`);
    if (owner === undefined) param[name] = checked;
    else param[owner] = { ...(param[owner] as object | undefined), [name]: checked };
  }
  return { ...param, type } as LayerParameter;
}

/** One field as it is written, among Caffe's or among those of forks. */
interface Written {
  readonly name: string;
  readonly value: unknown;
  readonly isForks: boolean;
}

/** What is written of a message: its fields, then those in `forks`. */
function written(given: object, where: string): readonly Written[] {
  const { forks = {}, ...fields } = objectOf(given, where);
  const list = (of: object, isForks: boolean): Written[] =>
    Object.entries(of).map(([name, value]) => ({ name, value, isForks }));
  return [...list(fields, false), ...list(objectOf(forks, `${where}: forks`), true)].filter(
    ({ value }) => value !== undefined,
  );
}

function objectOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw new CaffeError(`${where} is ${String(value)}. Expected an object with its fields.`);
}

/** Where a name belongs: Caffe's fields of every layer, then those of the type's own messages, then forks' of every layer. */
function placeOf(
  layer: protobuf.Type,
  direct: readonly string[],
  name: string,
  isForks: boolean,
): Place | undefined {
  const ofLayer = entryOf(layer.fields, name);
  const places: Place[] = direct.flatMap((owner) => {
    const field = entryOf(messageOf(layer, owner).fields, name);
    return field ? [{ field, owner }] : [];
  });
  if (ofLayer) places.splice(isOfForks(ofLayer) ? places.length : 0, 0, { field: ofLayer });
  return places.find(({ field }) => !isForks || isOfForks(field));
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
    return Object.fromEntries(
      written(objectOf(value, where), where).map(({ name, value: inner, isForks }) => {
        const known = entryOf(type.fields, name);
        if (known && (!isForks || isOfForks(known)))
          return [name, strict(known, inner, `${where}.${name}`)];
        throw new CaffeError(
          `${where} has no field "${name}"${isForks ? " of forks" : ""}.${nearestText(name, Object.keys(type.fields))}`,
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
