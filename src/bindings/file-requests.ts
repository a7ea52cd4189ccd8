import { floatsOf } from "../bridge/args.ts";
import { Bytes, type Request } from "../bridge/session.ts";
import { readMean, writeMean } from "../float-images/mean.ts";
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
};
