import { Blob } from "../blob/blob.ts";
import { CaffeError } from "../util/errors.ts";
import { type Args, floatsOf } from "./args.ts";
import { Bytes, type Request, type Session } from "./session.ts";
import { memOf, type Side } from "./shared-arrays.ts";

/** What can be asked of blobs; each is named by its number. */
export const blobRequests: Readonly<Record<string, Request>> = {
  "blob.shape": (session, args) => blobOf(session, args).shape,

  "blob.reshape": (session, args) => {
    blobOf(session, args).reshape(args.numbers("shape"));
  },

  /** Lets the other side see the elements of `side` in its own memory. */
  "blob.array": (session, args) => {
    const [blob, side] = [blobOf(session, args), sideOf(args)];
    if (side === "diff") session.beforeDiff(blob);
    const mem = memOf(blob, side);
    const open = (): unknown => session.arrays.open(args.number("blob"), blob, side);
    return mem.isOnHost ? open() : mem.toHost().then(open);
  },

  /** The elements of `side`, as bytes of 32-bit floats. */
  "blob.read": (session, args) => {
    const [blob, side] = [blobOf(session, args), sideOf(args)];
    if (side === "diff") session.beforeDiff(blob);
    const read = (): Bytes => {
      const values = Float32Array.from(side === "data" ? blob.values() : blob.diffValues());
      return new Bytes({ shape: blob.shape }, new Uint8Array(values.buffer));
    };
    const mem = memOf(blob, side);
    return mem.isOnHost ? read() : mem.toHost().then(read);
  },

  /** Sets the elements of `side` from as many 32-bit floats. */
  "blob.write": (session, args, bytes) => {
    const [blob, side] = [blobOf(session, args), sideOf(args)];
    if (bytes.byteLength !== 4 * blob.count()) {
      throw new CaffeError(
        `${bytes.byteLength / 4} values are given for a blob of ${blob.count()}. Expected as many.`,
      );
    }
    memOf(blob, side).overwriteCpu().set(floatsOf(bytes));
  },
};

function blobOf(session: Session, args: Args): Blob {
  return session.references.get(args.number("blob"), Blob);
}

function sideOf(args: Args): Side {
  const side = args.text("side");
  if (side === "data" || side === "diff") return side;
  throw new CaffeError(`side is "${side}". Expected data or diff.`);
}
