import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where an array of float32 numbers stands in data.bin. */
export interface ArrayPlace {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly count: number;
}

export interface BlobArray extends ArrayPlace {
  readonly blob: string;
}

/** Parameter blob `index` of a layer. */
export interface ParamArray extends ArrayPlace {
  readonly layer: string;
  readonly index: number;
}

/** One forward and backward pass of a net. */
export interface Pass {
  readonly inputs?: readonly BlobArray[];
  readonly reshape: boolean;
  readonly loss: number;
  readonly outputs?: readonly BlobArray[];
  readonly blobs?: readonly BlobArray[];
  readonly params_after?: readonly ParamArray[];
  readonly backward: boolean;
  /** Gradients of parameters are added to those of the pass before. */
  readonly accumulate: boolean;
  readonly top_diffs?: readonly BlobArray[];
  readonly input_diffs?: readonly BlobArray[];
  readonly param_diffs?: readonly ParamArray[];
}

interface CaseInfo {
  readonly rtol?: number;
  readonly atol?: number;
}

/** What is needed to build a net as it was when the case was recorded. */
export interface NetSetting {
  readonly net: string;
  readonly phase: "TRAIN" | "TEST";
  readonly level?: number;
  readonly stages?: readonly string[];
  /** Whose layers are meant, where forks gave one type to several. */
  readonly fork?: string;
}

export interface NetInfo extends CaseInfo, NetSetting {
  readonly kind: "layer" | "net";
  readonly layer_names: readonly string[];
  readonly net_outputs: readonly string[];
  readonly params: readonly ParamArray[];
  readonly passes: readonly Pass[];
}

export interface SolverInfo extends CaseInfo {
  readonly kind: "solver";
  /** Whose layers are meant, where forks gave one type to several. */
  readonly fork?: string;
  readonly solver: string;
  readonly solver_hdf5: string;
  readonly init: readonly ParamArray[];
  readonly batches?: readonly (readonly BlobArray[])[];
  /** Learning rate and loss of each iteration. */
  readonly lr: readonly number[];
  readonly loss: readonly number[];
  /** Parameters after some of the iterations, by their numbers. */
  readonly iters: Readonly<Record<string, readonly ParamArray[]>>;
  readonly snapshot: {
    readonly caffemodel: string;
    readonly caffemodel_h5: string;
    readonly solverstate: string;
    readonly solverstate_h5: string;
    readonly current_step: number;
    /** Of a plateau. */
    readonly minimum_loss?: number;
    readonly iter_last_event?: number;
  };
  readonly resume_iter10: readonly ParamArray[];
}

/** A test net's mean average precision, by `caffe train` of a solver that does no iteration. */
export interface EvalInfo extends CaseInfo {
  readonly kind: "eval";
  readonly solver: string;
  readonly mAP: number;
  /** The lines that it logs, each behind the place in the source that logs it. */
  readonly log: readonly string[];
}

export interface RecordedDatabase {
  readonly path: string;
  readonly entries: readonly {
    readonly key: string;
    readonly label: number;
    readonly encoded: boolean;
    readonly value_sha1: string;
    readonly pixels?: ArrayPlace;
    readonly float_data?: ArrayPlace;
  }[];
}

/** A database of images with boxes. */
export interface RecordedAnnotatedDatabase {
  readonly path: string;
  readonly entries: readonly {
    readonly key: string;
    readonly channels: number;
    readonly height: number;
    readonly width: number;
    readonly label: number;
    readonly encoded: boolean;
    readonly value_sha1: string;
    readonly data_sha1: string;
    readonly annotation_type: number;
    readonly groups: readonly {
      readonly group_label: number;
      readonly annotations: readonly {
        readonly instance_id: number;
        readonly difficult: boolean;
        readonly bbox: readonly number[];
      }[];
    }[];
  }[];
}

export interface DataInfo extends CaseInfo, Partial<NetSetting> {
  readonly kind: "data";
  readonly databases?: readonly RecordedDatabase[];
  readonly annotated_databases?: readonly RecordedAnnotatedDatabase[];
  readonly blobprotos?: readonly (ArrayPlace & { readonly path: string })[];
  readonly weights?: string | null;
  readonly params?: readonly ParamArray[];
  readonly inputs?: readonly BlobArray[];
  /** What a MemoryData layer is given. */
  readonly memory?: { readonly data: ArrayPlace; readonly label: ArrayPlace };
  readonly batches?: readonly (readonly BlobArray[])[];
  /** What layers write during the first pass, by path. */
  readonly files_written?: Readonly<Record<string, string>>;
  /** What HDF5Output layers write. */
  readonly hdf5?: readonly (ArrayPlace & { readonly path: string; readonly dataset: string })[];
}

/** An upgrade tool: prototxt in, prototxt out. */
export interface ToolInfo extends CaseInfo {
  readonly kind: "tool";
  readonly input: string;
  readonly output: string;
  readonly commands?: unknown;
}

/** One case: its folder, its case.json, and the arrays of data.bin. */
export interface GoldenCase<Info = NetInfo | SolverInfo | DataInfo | EvalInfo | ToolInfo> {
  readonly folder: string;
  readonly info: Info;
  readonly arrayOf: (place: ArrayPlace) => Float32Array;
}

export function openCase(folder: string): GoldenCase {
  const info = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  let bytes: Buffer | undefined;
  const arrayOf = ({ offset, count }: ArrayPlace): Float32Array => {
    bytes ??= readFileSync(join(folder, "data.bin"));
    const begin = bytes.byteOffset + offset;
    return new Float32Array(bytes.buffer.slice(begin, begin + 4 * count));
  };
  return { folder, info, arrayOf };
}
