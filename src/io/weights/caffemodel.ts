import protobuf from "protobufjs/light.js";
import { largeRoom } from "../../addons/large-pages.ts";
import type { BlobValue } from "../../util/nd-array.ts";
import { checkKind } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";
import { isHdf5, isHdf5At, readHdf5, readHdf5At } from "../hdf5/hdf5.ts";
import type { Hdf5Tree } from "../hdf5/tree.ts";
import { blobChunks, blobValueOf, readBlob } from "../proto/blob-proto.ts";
import type { LayerParameter, NetParameter } from "../proto/caffe.ts";
import { decodeAt, endOf, type WireReader } from "../proto/decode-at.ts";
import { FOREIGN } from "../proto/foreign-message.ts";
import { type MessageName, messageType } from "../proto/messages.ts";
import { isUsersType } from "../proto/users-type.ts";
import { delimited } from "../proto/wire.ts";
import { v1Types } from "../upgrade/v1.ts";
import { encodeWithForeign } from "./foreign-binary.ts";
import { weightsInHdf5 } from "./hdf5-model.ts";
import { sharedNumbers } from "./shared-numbers.ts";
import { decodeFile, plainRoom, type RoomFor } from "./wire-file.ts";

/** A layer as a weights file tells it. */
interface ModelLayer {
  readonly name: string;
  readonly type: string;
  readonly bottom: readonly string[];
  readonly top: readonly string[];
  /** Undefined where a file in HDF5 keeps it under another layer that shares it. */
  readonly blobs: readonly (BlobValue | undefined)[];
}

/** What is trusted of a weights file: on the rest the dialects of Caffe do not agree. */
export interface Caffemodel {
  readonly source: string;
  readonly name: string;
  readonly layers: readonly ModelLayer[];
}

/**
 * Reads the weights of a .caffemodel of any age and dialect, or of an HDF5 file.
 * @throws FileError where it cannot be read, FormatError where it is cut short or no caffemodel
 */
export function readCaffemodel(path: string): Caffemodel {
  return modelAt(path, plainRoom);
}

/** As readCaffemodel, for nets that keep the arrays: they lie in large pages, and are not transferred to other threads. */
export function readCaffemodelToKeep(path: string): Caffemodel {
  return modelAt(path, largeRoom);
}

function modelAt(path: string, roomFor: RoomFor): Caffemodel {
  if (isHdf5At(path)) return modelInHdf5(readHdf5At(path, "weights file"), path);
  const check = (head: Uint8Array): void => checkKind(head, path, "a .caffemodel");
  const decode = (reader: WireReader): Caffemodel => readModel(reader, path);
  const model = decodeFile(path, check, decode, roomFor);
  return model ?? decodeCaffemodel(readBytes(path, "weights file"), path);
}

/** As readCaffemodel, from bytes; `source` is for messages. */
export function decodeCaffemodel(bytes: Uint8Array, source: string): Caffemodel {
  if (isHdf5(bytes)) return modelInHdf5(readHdf5(bytes, source), source);
  checkKind(bytes, source, "a .caffemodel");
  return decodeAt(bytes, source, "a .caffemodel", (reader) => readModel(reader, source));
}

function readModel(reader: WireReader, source: string): Caffemodel {
  let name = "";
  const layers: ModelLayer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) name = reader.string();
    else if (tag === ((100 << 3) | 2)) layers.push(readLayer(reader, endOf(reader), false));
    else if (tag === ((2 << 3) | 2)) layers.push(readLayer(reader, endOf(reader), true));
    else reader.skipType(tag & 7);
  }
  return { source, name, layers };
}

function modelInHdf5(root: Hdf5Tree, source: string): Caffemodel {
  const layers = weightsInHdf5(root, source);
  return {
    source,
    name: "",
    layers: layers.map((layer) => ({ ...layer, type: "", bottom: [], top: [] })),
  };
}

/** Numbers of the fields of LayerParameter, and of its V1 and V0 forms. */
const v2Fields = { name: 1, type: 2, bottom: 3, top: 4, blobs: 7 };
const v1Fields = { layer: 1, bottom: 2, top: 3, name: 4, type: 5, blobs: 6 };
const v0Fields = { name: 1, type: 2, blobs: 50 };

function readLayer(reader: WireReader, end: number, isV1: boolean): ModelLayer {
  const layer = { name: "", type: "", bottom: [] as string[], top: [] as string[] };
  const blobs: BlobValue[] = [];
  const fields: Partial<typeof v1Fields> = isV1 ? v1Fields : v2Fields;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = tag >>> 3;
    if (field === fields.name) layer.name = reader.string();
    else if (field === fields.type) {
      layer.type = isV1 ? v1TypeOf(reader.int32()) : reader.string();
    } else if (field === fields.bottom) layer.bottom.push(reader.string());
    else if (field === fields.top) layer.top.push(reader.string());
    else if (field === fields.blobs) blobs.push(readBlob(reader, endOf(reader)));
    else if (field === fields.layer) {
      const stop = endOf(reader);
      while (reader.pos < stop) {
        const inner = reader.uint32();
        if (inner >>> 3 === v0Fields.name) layer.name = reader.string();
        else if (inner >>> 3 === v0Fields.type) layer.type = reader.string();
        else if (inner >>> 3 === v0Fields.blobs) blobs.push(readBlob(reader, endOf(reader)));
        else reader.skipType(inner & 7);
      }
    } else reader.skipType(tag & 7);
  }
  return { ...layer, blobs };
}

function v1TypeOf(id: number): string {
  const name = messageType("V1LayerParameter").lookupEnum("LayerType").valuesById[id];
  return v1Types[name as keyof typeof v1Types] ?? "";
}

/**
 * The bytes of a NetParameter with its blobs, in pieces, as BVLC Caffe writes a .caffemodel. Fields of other
 * dialects (10000 and up) are left out, but for the parameters of SSD's layer types, and of layer types of which no
 * message is known: these are written as text.
 */
export function encodeCaffemodel(net: NetParameter): Uint8Array[] {
  const { layer = [], ...rest } = net;
  return [
    encodeMessage("NetParameter", rest),
    ...layer.flatMap((one) => delimited(100, encodeLayer(one))),
  ];
}

/** In the order of the fields' numbers, as Caffe writes them: blobs stand in the middle. */
function encodeLayer(layer: LayerParameter): Uint8Array[] {
  const { blobs = [], ...rest } = layer;
  const { fields } = messageType("LayerParameter");
  const isUsers = isUsersType(layer.type);
  // What is written as text of a user's own type, the type tells.
  const isBefore = ([name]: [string, unknown]): boolean => isUsers || (fields[name]?.id ?? 0) < 7;
  const entries = Object.entries(rest);
  const part = (own: [string, unknown][]): Uint8Array =>
    encodeMessage("LayerParameter", Object.fromEntries(own));
  return [
    part(entries.filter(isBefore)),
    ...blobs.flatMap((blob) => delimited(7, blobChunks(blobValueOf(blob)))),
    part(entries.filter((entry) => !isBefore(entry))),
    ...Object.entries(isUsers ? {} : sharedNumbers).flatMap(([name, number]) => {
      const [value, type] = [rest[name as keyof typeof rest], fields[name]?.type];
      if (!value || !type || type === "AnyParameter") return [];
      return delimited(number, [encodeMessage(type as MessageName, value as object)]);
    }),
  ];
}

function encodeMessage(name: MessageName, message: object): Uint8Array {
  return encodeWithForeign(name, message, isWritten);
}

/** Fields and values that only other dialects have are left out, but for the parameters of their layer types. */
function isWritten({ id, resolvedType }: protobuf.Field, value: unknown): boolean {
  if (resolvedType instanceof protobuf.Enum)
    return (resolvedType.values[value as string] ?? 0) < FOREIGN;
  return (
    id < FOREIGN || (resolvedType instanceof protobuf.Type && resolvedType.name === "AnyParameter")
  );
}
