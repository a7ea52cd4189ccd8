import { FormatError } from "../../util/errors.ts";
import type { BlobValue } from "../../util/nd-array.ts";
import { checkKind } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";
import { isHdf5At, readHdf5At } from "../hdf5/hdf5.ts";
import { arrayIn, groupIn, type Hdf5Tree } from "../hdf5/tree.ts";
import { blobChunks, readBlob } from "../proto/blob-proto.ts";
import { decodeAt, endOf } from "../proto/decode-at.ts";
import { delimited, varint } from "../proto/wire.ts";

/** What a .solverstate holds. */
interface SolverStateFile {
  /** Updates done. */
  readonly iter: number;
  /** Path of the .caffemodel of the same moment. */
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly BlobValue[];
}

/**
 * Reads a .solverstate in either form; its first bytes tell which.
 * @throws FileError, FormatError where it cannot be read, is cut short, or is another kind of file
 */
export function readSolverState(path: string): SolverStateFile {
  if (isHdf5At(path)) return checked(fromHdf5(readHdf5At(path, "solver state"), path), path);
  const bytes = readBytes(path, "solver state");
  checkKind(bytes, path, "a .solverstate");
  return checked(fromProtobuf(bytes, path), path);
}

function checked(state: SolverStateFile, source: string): SolverStateFile {
  for (const field of ["iter", "current_step"] as const) {
    if (Number.isSafeInteger(state[field]) && state[field] >= 0) continue;
    throw new FormatError(
      `${source}: ${field} is ${state[field]}. Expected a whole number, 0 or more; the file is damaged.`,
    );
  }
  return state;
}

function fromProtobuf(bytes: Uint8Array, source: string): SolverStateFile {
  return decodeAt(bytes, source, "a .solverstate", (reader) => {
    let iter: number | undefined;
    let learned_net = "";
    let current_step = 0;
    const history: BlobValue[] = [];
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag === 0x08) iter = reader.int32();
      else if (tag === 0x12) learned_net = reader.string();
      else if (tag === 0x1a) {
        history.push(readBlob(reader, endOf(reader)));
      } else if (tag === 0x20) current_step = reader.int32();
      else reader.skipType(tag & 7);
    }
    if (iter === undefined) throw new FormatError("it holds no iteration; is it a .caffemodel?");
    return { iter, learned_net, current_step, history };
  });
}

/** The state in HDF5: iter, learned_net, current_step, history/0, history/1, …. */
function fromHdf5(root: Hdf5Tree, source: string): SolverStateFile {
  const number = (name: string): number | undefined => arrayIn(root[name])?.data[0];
  const [iter, learned_net] = [number("iter"), root["learned_net"]];
  const group = groupIn(root["history"]);
  if (iter === undefined || !group) {
    throw new FormatError(
      `${source}: it has no iter, or no history. Expected a .solverstate.h5; is it a .caffemodel.h5?`,
    );
  }
  const history = Object.keys(group).map((_, i): BlobValue => {
    const array = arrayIn(group[String(i)]);
    if (array) return { ...array, legacyShape: false };
    throw new FormatError(
      `${source}: history/${i} is not there. Expected ${Object.keys(group).length} arrays, counted from 0.`,
    );
  });
  return {
    iter,
    learned_net: typeof learned_net === "string" ? learned_net : "",
    current_step: number("current_step") ?? 0,
    history,
  };
}

/** The state as BVLC Caffe lays it out in HDF5. */
export function hdf5SolverState({
  iter,
  learned_net,
  current_step,
  history,
}: SolverStateFile): Hdf5Tree {
  return {
    iter,
    learned_net,
    current_step,
    history: Object.fromEntries(history.map(({ shape, data }, i) => [String(i), { shape, data }])),
  };
}

/** The bytes of a .solverstate, in pieces, as BVLC Caffe writes and reads it. */
export function encodeSolverState(state: SolverStateFile): Uint8Array[] {
  return [
    Uint8Array.from([0x08, ...varint(state.iter)]),
    ...delimited(2, [new TextEncoder().encode(state.learned_net)]),
    ...state.history.flatMap((blob) => delimited(3, blobChunks(blob))),
    Uint8Array.from([0x20, ...varint(state.current_step)]),
  ];
}
