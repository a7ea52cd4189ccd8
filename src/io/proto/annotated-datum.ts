import protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { type Datum, decodeDatum, encodeDatum } from "./datum.ts";
import { bytesOf, decodeAt } from "./decode-at.ts";
import { delimited, signedVarint } from "./wire.ts";

/** One object of an image: its box in shares of the image's sides, and which one of its label it is. */
export interface Annotation {
  readonly instance: number;
  /** xmin, ymin, xmax, ymax. */
  readonly box: readonly [number, number, number, number];
  readonly isDifficult: boolean;
}

/** All objects of one label, as records hold them; a label may come more than once. */
export interface AnnotationGroup {
  readonly label: number;
  readonly annotations: readonly Annotation[];
}

/** One record of SSD's databases: an image, and what is to be seen in it. */
export interface AnnotatedDatum {
  readonly datum: Datum;
  /** 0 where the groups are boxes, 1 where there is a mask too; undefined where the image has a label alone. */
  readonly type: number | undefined;
  readonly groups: readonly AnnotationGroup[];
}

/** AnnotatedDatum.AnnotationType of boxes. */
export const BBOX = 0;
/** The same of boxes and a mask. */
export const BBOX_AND_MASK = 1;

/** The tag of a Datum's first field, a number; an AnnotatedDatum's first field is a message. */
const DATUM = 0x08;

/**
 * Reads a serialised AnnotatedDatum.
 * @param source names the database, for messages
 * @throws FormatError where it is damaged, or a Datum
 */
export function decodeAnnotatedDatum(bytes: Uint8Array, source: string): AnnotatedDatum {
  if (bytes[0] === DATUM) {
    throw new FormatError(
      `${source} is a Datum, which holds no boxes. Expected an AnnotatedDatum, as caffe create_annoset writes it; a Data layer reads Datums.`,
    );
  }
  return decodeAt(bytes, source, "an AnnotatedDatum", (reader) =>
    readAnnotatedDatum(reader, source),
  );
}

function readAnnotatedDatum(reader: protobuf.Reader, source: string): AnnotatedDatum {
  const groups: AnnotationGroup[] = [];
  let datum: Uint8Array | undefined;
  let type: number | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x0a) datum = bytesOf(reader);
    else if (tag === 0x10) type = reader.int32();
    else if (tag === 0x1a) groups.push(readGroup(protobuf.Reader.create(bytesOf(reader))));
    else reader.skipType(tag & 7);
  }
  if (!datum) throw new FormatError("there is no image in it");
  return { datum: decodeDatum(datum, source), type, groups };
}

function readGroup(reader: protobuf.Reader): AnnotationGroup {
  const annotations: Annotation[] = [];
  let label = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x08) label = reader.int32();
    else if (tag === 0x12) {
      annotations.push(readAnnotation(protobuf.Reader.create(bytesOf(reader))));
    } else reader.skipType(tag & 7);
  }
  return { label, annotations };
}

function readAnnotation(reader: protobuf.Reader): Annotation {
  const box: [number, number, number, number] = [0, 0, 0, 0];
  let instance = 0;
  let isDifficult = false;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x08) instance = reader.int32();
    else if (tag === 0x12) {
      const inner = protobuf.Reader.create(bytesOf(reader));
      while (inner.pos < inner.len) {
        const field = inner.uint32();
        const isEdge = (field & 7) === 5 && field >>> 3 <= 4;
        if (isEdge) box[(field >>> 3) - 1] = inner.float();
        else if (field === 0x30) isDifficult = inner.bool();
        else inner.skipType(field & 7);
      }
    } else reader.skipType(tag & 7);
  }
  return { instance, box, isDifficult };
}

/** The bytes of an AnnotatedDatum, as SSD's convert_annoset writes it. */
export function encodeAnnotatedDatum({
  datum,
  type,
  groups,
}: {
  readonly datum: Partial<Datum>;
  readonly type?: number | undefined;
  readonly groups: readonly AnnotationGroup[];
}): Uint8Array {
  const chunks: Uint8Array[] = delimited(1, [encodeDatum(datum)]);
  if (type !== undefined) chunks.push(Uint8Array.from([0x10, ...signedVarint(type)]));
  for (const { label, annotations } of groups) {
    const inner: Uint8Array[] = [Uint8Array.from([0x08, ...signedVarint(label)])];
    for (const { instance, box, isDifficult } of annotations) {
      const edges = new DataView(new ArrayBuffer(5 * box.length));
      box.forEach((edge, i) => {
        edges.setUint8(5 * i, ((i + 1) << 3) | 5);
        edges.setFloat32(5 * i + 1, edge, true);
      });
      const difficult = Uint8Array.from([0x30, isDifficult ? 1 : 0]);
      const bbox = delimited(2, [new Uint8Array(edges.buffer), difficult]);
      inner.push(...delimited(2, [Uint8Array.from([0x08, ...signedVarint(instance)]), ...bbox]));
    }
    chunks.push(...delimited(3, inner));
  }
  return Buffer.concat(chunks);
}
