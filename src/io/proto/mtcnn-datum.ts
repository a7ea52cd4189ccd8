import protobuf from "protobufjs/light.js";
import { FormatError } from "../../util/errors.ts";
import { type Datum, decodeDatum } from "./datum.ts";
import { bytesOf, decodeAt } from "./decode-at.ts";

/** One record of MTCNN's databases: an image, a box of four numbers, and points. */
interface MtcnnDatum {
  readonly datum: Datum;
  readonly box: readonly [number, number, number, number];
  readonly points: readonly number[];
}

/** The tag of a Datum's first field, a number; an MTCNNDatum's first field is a message. */
const DATUM = 0x08;

/**
 * Reads a serialised MTCNNDatum: datum 1, roi 2 (xmin 1, ymin 2, xmax 3, ymax 4), pts 3.
 * @param source names the database, for messages
 * @throws FormatError where it is damaged, or a Datum
 */
export function decodeMtcnnDatum(bytes: Uint8Array, source: string): MtcnnDatum {
  if (bytes[0] === DATUM) {
    throw new FormatError(
      `${source} is a Datum, which holds no box. Expected an MTCNNDatum; a Data layer reads Datums.`,
    );
  }
  return decodeAt(bytes, source, "an MTCNNDatum", (reader) => {
    const box: [number, number, number, number] = [0, 0, 0, 0];
    const points: number[] = [];
    let datum: Uint8Array | undefined;
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x0a) datum = bytesOf(reader);
      else if (tag === 0x12) {
        const inner = protobuf.Reader.create(bytesOf(reader));
        while (inner.pos < inner.len) {
          const field = inner.uint32();
          const isEdge = (field & 7) === 5 && field >>> 3 >= 1 && field >>> 3 <= 4;
          if (isEdge) box[(field >>> 3) - 1] = inner.float();
          else inner.skipType(field & 7);
        }
      } else if (tag === 0x1d) points.push(reader.float());
      else if (tag === 0x1a) {
        const packed = protobuf.Reader.create(bytesOf(reader));
        while (packed.pos < packed.len) points.push(packed.float());
      } else reader.skipType(tag & 7);
    }
    if (!datum) throw new FormatError("there is no image in it");
    return { datum: decodeDatum(datum, source), box, points };
  });
}
