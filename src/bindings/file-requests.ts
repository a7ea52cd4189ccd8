import { floatsOf } from "../bridge/args.ts";
import { Bytes, type Request } from "../bridge/session.ts";
import { readMean, writeMean } from "../float-images/mean.ts";
import { storeRows } from "../io/hdf5/store-rows.ts";
import { CaffeError } from "../util/errors.ts";
import { countOf } from "../util/shape.ts";

/** What can be asked of files that are no nets. */
export const fileRequests: Readonly<Record<string, Request>> = {
  /** The mean image of a file, K×H×W, as bytes of 32-bit floats. */
  "io.readMean": (_, args) => {
    const { shape, data } = readMean(args.text("file"));
    return new Bytes({ shape }, new Uint8Array(Float32Array.from(data).buffer));
  },

  /** Writes a mean image K×H×W from as many 32-bit floats. */
  "io.writeMean": (_, args, bytes) => {
    const [shape, data] = [args.numbers("shape"), floatsOf(bytes)];
    if (data.length !== countOf(shape)) {
      throw new CaffeError(
        `${data.length} values are given for an image of ${countOf(shape)}. Expected as many.`,
      );
    }
    writeMean(args.text("file"), { shape, data });
  },

  /**
   * Writes rows to the datasets `data` and `label` of an HDF5 file, a new one or one that is there; the shapes that
   * they have then. `rows` of each, from the numbers `from` on where these are given; the bytes are those of the
   * data, then those of the labels.
   */
  "hdf5.store": (_, args, bytes) => {
    const [rows, chunk] = [args.number("rows"), args.number("chunk")];
    const from = args.has("from") ? args.numbers("from") : [];
    const values = floatsOf(bytes);
    let at = 0;
    const arrays = ["data", "label"].map((name, i) => {
      const shape = args.numbers(`${name}Shape`);
      const part = values.subarray(at, at + rows * countOf(shape));
      at += rows * countOf(shape);
      const first = from[i];
      return {
        name,
        shape,
        perChunk: chunk,
        values: part,
        ...(first !== undefined && { from: first }),
      };
    });
    if (at !== values.length) {
      throw new CaffeError(`${values.length} values are given for ${at}. Expected as many.`);
    }
    const mode = args.boolean("create") ? "new" : "add";
    const [data, label] = storeRows(args.text("file"), mode, arrays);
    return { data, label };
  },
};
