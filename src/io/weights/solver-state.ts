import { FormatError } from "../../util/errors.ts";
import type { BlobValue } from "../../util/nd-array.ts";
import { checkKind } from "../files/file-kind.ts";
import { readBytes } from "../files/read-file.ts";
import { isHdf5At, readHdf5At } from "../hdf5/hdf5.ts";
import { arrayIn, groupIn, type Hdf5Tree } from "../hdf5/tree.ts";
import { blobChunks, readBlob } from "../proto/blob-proto.ts";
import { decodeAt, endOf, type WireReader } from "../proto/decode-at.ts";
import { delimited, varint } from "../proto/wire.ts";
import { decodeFile, plainRoom } from "./wire-file.ts";

/** What a .solverstate holds. */
interface SolverStateFile {
  /** Updates done. */
  readonly iter: number;
  /** Path of the .caffemodel of the same moment. */
  readonly learned_net: string;
  readonly current_step: number;
  readonly history: readonly BlobValue[];
  /** What a plateau is found by; undefined where the file is of another policy, or of BVLC Caffe. */
  readonly plateau?: PlateauState;
}

/** What SSD's Caffe keeps of a plateau. */
export interface PlateauState {
  /** The least smoothed loss so far. */
  readonly minimum_loss: number;
  /** The iteration of the last step of the rate, or of that loss, whichever came later. */
  readonly iter_last_event: number;
}

/** Losses from here on are none: SSD's Caffe writes the greatest float where there has been no loss. */
const NO_LOSS = 1e38;

/** @param loss undefined, or none, in files that know of no plateau */
function plateauOf(loss: number | undefined, event = 0): Pick<SolverStateFile, "plateau"> {
  if (loss === undefined || !(loss < NO_LOSS)) return {};
  return { plateau: { minimum_loss: loss, iter_last_event: event } };
}

/**
 * Reads a .solverstate in either form; its first bytes tell which.
 * @throws FileError, FormatError where it cannot be read, is cut short, or is another kind of file
 */
export function readSolverState(path: string): SolverStateFile {
  if (isHdf5At(path)) return checked(fromHdf5(readHdf5At(path, "solver state"), path), path);
  const check = (bytes: Uint8Array): void => checkKind(bytes, path, "a .solverstate");
  return checked(decodeFile(path, check, fromProtobuf, plainRoom) ?? fromWhole(path, check), path);
}

function fromWhole(path: string, check: (bytes: Uint8Array) => void): SolverStateFile {
  const bytes = readBytes(path, "solver state");
  check(bytes);
  return decodeAt(bytes, path, "a .solverstate", fromProtobuf);
}

function checked(state: SolverStateFile, source: string): SolverStateFile {
  const { iter, current_step, plateau } = state;
  const counters = { iter, current_step, iter_last_event: plateau?.iter_last_event ?? 0 };
  for (const [field, value] of Object.entries(counters)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new FormatError(
      `${source}: ${field} is ${value}. Expected a whole number, 0 or more; the file is damaged.`,
    );
  }
  return state;
}

function fromProtobuf(reader: WireReader): SolverStateFile {
  let iter: number | undefined;
  let learned_net = "";
  let current_step = 0;
  const history: BlobValue[] = [];
  let minimumLoss: number | undefined;
  let lastEvent = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x08) iter = reader.int32();
    else if (tag === 0x12) learned_net = reader.string();
    else if (tag === 0x1a) history.push(readBlob(reader, endOf(reader)));
    else if (tag === 0x20) current_step = reader.int32();
    else if (tag === 0x2d) minimumLoss = reader.float();
    else if (tag === 0x30) lastEvent = reader.int32();
    else reader.skipType(tag & 7);
  }
  if (iter === undefined) throw new FormatError("it holds no iteration; is it a .caffemodel?");
  return { iter, learned_net, current_step, history, ...plateauOf(minimumLoss, lastEvent) };
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
    ...plateauOf(number("minimum_loss"), number("iter_last_event")),
  };
}

/** The state as BVLC Caffe lays it out in HDF5. */
export function hdf5SolverState({
  iter,
  learned_net,
  current_step,
  history,
  plateau,
}: SolverStateFile): Hdf5Tree {
  return {
    iter,
    learned_net,
    current_step,
    ...(plateau && {
      iter_last_event: plateau.iter_last_event,
      minimum_loss: { shape: [1], data: Float32Array.of(plateau.minimum_loss) },
    }),
    history: Object.fromEntries(history.map(({ shape, data }, i) => [String(i), { shape, data }])),
  };
}

/** The bytes of a .solverstate, in pieces, as BVLC Caffe writes and reads it; with a plateau as SSD's does. */
export function encodeSolverState(state: SolverStateFile): Uint8Array[] {
  const { plateau } = state;
  return [
    Uint8Array.from([0x08, ...varint(state.iter)]),
    ...delimited(2, [new TextEncoder().encode(state.learned_net)]),
    ...state.history.flatMap((blob) => delimited(3, blobChunks(blob))),
    Uint8Array.from([0x20, ...varint(state.current_step)]),
    ...(plateau
      ? [
          Uint8Array.of(0x2d),
          littleEndian(plateau.minimum_loss),
          Uint8Array.from([0x30, ...varint(plateau.iter_last_event)]),
        ]
      : []),
  ];
}

function littleEndian(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}
