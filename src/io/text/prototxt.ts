import { PrototxtError } from "../../util/errors.ts";
import { entryOf } from "../../util/records.ts";
import type { Messages, NetParameter, PoolingParameter } from "../proto/caffe.ts";
import { paramFields } from "../proto/layer-types.ts";
import { type MessageName, messageType } from "../proto/messages.ts";
import { noteSource } from "../proto/source.ts";
import { isUsersType } from "../proto/users-type.ts";
import { judgeForeignFields } from "./dialects.ts";
import { unknownTypeText } from "./fork-layers.ts";
import { readText } from "./text-reader.ts";
import { writeText } from "./text-writer.ts";

/**
 * Reads a message in protobuf text format.
 *
 * Accepts what Google's TextFormat does. Fields that forks of Caffe add are taken by name: see dialects.ts. What a
 * message of a fork's layer type holds is kept as it is: numbers, Booleans and strings by their names, `{ order: [0, 2,
 * 1] }`, a list where there are several. So is a field of any name in a layer of a type that is not known here, and in its
 * messages: a layer of that type, which is registered, finds it in its parameter.
 *
 * @param file its name, for messages
 * @param warn takes one line for each foreign field that is ignored
 * @throws PrototxtError that begins with file:line:column
 */
export function parsePrototxt<K extends MessageName>(
  name: K,
  text: string,
  file = "prototxt",
  warn: (message: string) => void = () => {},
): Messages[K] {
  const type = messageType(name);
  const read = orUnknownType(text, file, () => {
    const result = readText(type, text.replace(/^\uFEFF/, ""), file);
    const slip = result.unknown.find(({ layer }) => !isUsersType(layer?.type));
    if (slip) throw new PrototxtError(slip.message);
    judgeForeignFields(result.foreign, warn);
    return result;
  });
  const parsed = read.message as Messages[K];
  honourForeignFields(parsed as NetParameter);
  noteSource(parsed as object, { file, layerLines: read.layerLines });
  return parsed;
}

/**
 * Runs `check`; where it fails in a file that uses layer types of another Caffe, that is what the error says: their
 * fields cannot be known either.
 */
function orUnknownType<T>(text: string, file: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof PrototxtError)) throw error;
    for (const match of text.matchAll(LAYER_TYPE)) {
      const type = match[1] ?? "";
      if (entryOf(paramFields, type) || solverTypes.has(type)) continue;
      const line = text.slice(0, match.index).split("\n").length;
      throw new PrototxtError(
        `${file}:${line}: ${unknownTypeText(type, Object.keys(paramFields))} Nor can the file be read as it is: ${error.message}`,
        { cause: error },
      );
    }
    throw error;
  }
}

/** A layer's type is quoted and begins with a capital; a filler's does not. */
const LAYER_TYPE = /^[^#\n]*\btype\s*:\s*["']([A-Z]\w*)["']/gm;
const solverTypes = new Set(["SGD", "Nesterov", "AdaGrad", "RMSProp", "AdaDelta", "Adam"]);

/**
 * A message as protobuf text format: two spaces a level, enums by name; messages of forks' layer types as they were read.
 * @throws FormatError where a field that is a message holds something else
 */
export function printPrototxt<K extends MessageName>(name: K, message: Messages[K]): string {
  return writeText(messageType(name), message);
}

/** Carries foreign fields over to ours: pooling's ceil_mode is round_mode by another name. */
function honourForeignFields(net: NetParameter): void {
  const known = (net.layer ?? []).filter(({ type }) => !isUsersType(type));
  for (const layer of [...known, ...(net.layers ?? [])]) {
    const pooling: { -readonly [K in keyof PoolingParameter]: PoolingParameter[K] } | undefined =
      layer.pooling_param;
    if (pooling?.ceil_mode === undefined) continue;
    pooling.round_mode ??= pooling.ceil_mode ? "CEIL" : "FLOOR";
    delete pooling.ceil_mode;
  }
}
