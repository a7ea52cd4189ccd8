import type { BlobValue } from "../../util/nd-array.ts";

/** What of a weights file is trusted: each layer's name and its blobs. */
export interface TrainedWeights {
  /** The file, for messages. */
  readonly source?: string;
  readonly layers: readonly {
    readonly name: string;
    /** Undefined where another layer of the file holds it: it is shared. */
    readonly blobs: readonly (BlobValue | undefined)[];
  }[];
}
