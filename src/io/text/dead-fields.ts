import { entryOf } from "../../util/records.ts";
import type { LayerParameter, NetParameter } from "../proto/caffe.ts";
import { paramFields } from "../proto/layer-types.ts";
import { linesOf } from "../proto/source.ts";

/** What the first layers' messages held, and transform_param holds now. In `layers { }` the upgrade moves it. */
const moved = ["scale", "mean_file", "crop_size", "mirror"] as const;
const sources = {
  data_param: moved,
  image_data_param: moved,
  // A window's own scale counts.
  window_data_param: ["mean_file", "crop_size", "mirror"],
  dense_image_data_param: ["mean_file"],
  image_gt_data_param: ["mean_file", "mirror"],
  detection_data_param: ["scale"],
  eval_data_param: ["scale"],
} as const;

/** A field without effect. */
interface DeadField {
  /** The layer's message that it stands in, or that is it. */
  readonly message: keyof LayerParameter;
  readonly field?: string;
  readonly problem: string;
}

/**
 * Warns of fields that stand in a net and have no effect, here as in BVLC Caffe: once for each layer, with the line where
 * the net was read from a text.
 * @param net in the present form
 */
export function warnOfDeadFields(
  { layer: layers = [] }: NetParameter,
  source: string,
  warn: (message: string) => void,
): void {
  for (const layer of layers) {
    for (const dead of deadFields(layer)) {
      const { problem } = dead;
      warn(
        `${source}${lineText(layer, dead)}: layer "${layer.name ?? ""}" (${layer.type ?? ""}): ${problem}`,
      );
    }
  }
}

/** `:12`, where the line is known. */
function lineText(layer: LayerParameter, { message, field = "" }: DeadField): string {
  const inside = layer[message];
  const own = typeof inside === "object" ? linesOf(inside) : undefined;
  const line = own?.fields.get(field) ?? own?.line ?? linesOf(layer)?.fields.get(message);
  return line === undefined ? "" : `:${line}`;
}

function deadFields(layer: LayerParameter): DeadField[] {
  const { type = "", transform_param } = layer;
  const found: DeadField[] = [];
  for (const [message, old] of Object.entries(sources) as [
    keyof typeof sources,
    readonly string[],
  ][]) {
    const given = { ...layer[message] } as Record<string, unknown>;
    const fields = old.filter((field) => given[field] !== undefined);
    if (fields.length === 0) continue;
    const names = fields.map((field) => `${message}.${field}`).join(", ");
    const problem = `${names} ${has(fields)} no effect in a layer { }. Write transform_param { ${fields.join(" … ")} … }.`;
    found.push({ message, field: fields[0] ?? "", problem });
  }
  if (type === "WindowData" && transform_param?.scale !== undefined) {
    const problem =
      "transform_param.scale has no effect here. Write window_data_param { scale … }.";
    found.push({ message: "transform_param", field: "scale", problem });
  }
  const read: readonly string[] | undefined = entryOf(paramFields, type);
  const asked = askedFor(type);
  const fields = Object.keys(transform_param ?? {}).filter((field) => !asked.includes(field));
  const isAsked = asked.length > 0 && fields.length === 0;
  if (transform_param && read && !isAsked && !read.includes("transform_param")) {
    const names = fields.length > 0 ? ` (${fields.join(", ")})` : "";
    const problem = `transform_param${names} has no effect here: this layer does not prepare images. What fills its top has to, or a layer of ${readersOf("transform_param").join(", ")}.`;
    found.push({ message: "transform_param", field: fields[0] ?? "", problem });
  }
  for (const message of Object.keys(layer) as (keyof LayerParameter)[]) {
    if (!read || read.includes(message) || message === "transform_param") continue;
    const readers = readersOf(message);
    if (readers.length === 0) continue;
    const problem = `${message} has no effect here: it is for layers of type ${readers.join(", ")}.`;
    found.push({ message, problem });
  }
  return found;
}

/**
 * The fields of transform_param by which a net for use tells how pictures are prepared: SSD's deploy files have them in their
 * DetectionOutput. caffe detect and its kin ask for them.
 */
function askedFor(type: string): readonly string[] {
  return ["Input", "DetectionOutput"].includes(type) ? PREPARATION : [];
}

const PREPARATION = ["mean_file", "mean_value", "scale", "resize_param"];

/** The layer types that read a message. */
function readersOf(message: string): readonly string[] {
  readers ??= readersByMessage();
  return readers.get(message) ?? [];
}

/** Made when the first net is looked at. */
let readers: ReadonlyMap<string, readonly string[]> | undefined;

function readersByMessage(): ReadonlyMap<string, readonly string[]> {
  const byMessage = new Map<string, string[]>();
  for (const [type, fields] of Object.entries(paramFields)) {
    for (const message of fields) {
      const types = byMessage.get(message) ?? [];
      types.push(type);
      byMessage.set(message, types);
    }
  }
  return byMessage;
}

function has(fields: readonly string[]): string {
  return fields.length === 1 ? "has" : "have";
}
