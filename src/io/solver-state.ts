import { FormatError } from "../util/errors.ts";
import { blobChunks, delimited, type FileBlob, readBlob, varint } from "./blob-wire.ts";
import { decodeAt } from "./decode-at.ts";
import { readBytes } from "./files.ts";

/** What a .solverstate holds. */
export interface SolverStateFile {
  /** Updates done. */
  readonly iter: number;
  /** Path of the .caffemodel of the same moment. */
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly FileBlob[];
}

/**
 * Reads a .solverstate.
 * @throws FileError, FormatError where it cannot be read, is cut short, or is another kind of file
 */
export function readSolverState(path: string): SolverStateFile {
  const bytes = readBytes(path, "solver state");
  return decodeAt(bytes, path, "a .solverstate", (reader) => {
    let iter: number | undefined;
    let learned_net = "";
    let current_step = 0;
    const history: FileBlob[] = [];
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x08) iter = reader.int32();
      else if (tag === 0x12) learned_net = reader.string();
      else if (tag === 0x1a) {
        const length = reader.uint32();
        history.push(readBlob(reader, Math.min(reader.pos + length, reader.len)));
      } else if (tag === 0x20) current_step = reader.int32();
      else reader.skipType(tag & 7);
    }
    if (iter === undefined) throw new FormatError("it holds no iteration; is it a .caffemodel?");
    return { iter, learned_net, current_step, history };
  });
}

/** The bytes of a .solverstate, in pieces, as BVLC Caffe writes and reads it. */
export function encodeSolverState(state: {
  readonly iter: number;
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly Pick<FileBlob, "shape" | "data">[];
}): Uint8Array[] {
  return [
    Uint8Array.from([0x08, ...varint(state.iter)]),
    ...delimited(2, [new TextEncoder().encode(state.learned_net)]),
    ...state.history.flatMap((blob) => delimited(3, blobChunks(blob))),
    Uint8Array.from([0x20, ...varint(state.current_step)]),
  ];
}
