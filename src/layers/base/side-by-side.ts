import type { Shard } from "../../io/loaders/loader.ts";

/** Where a net stands among those that several solvers train side by side. */
export interface SideBySide extends Pick<Shard, "rank" | "count"> {
  /** What is dealt out: records by default. */
  readonly of?: Shard["of"];
  /** Adds numbers up over all of them, which have to call it at the same moment, and waits for that. */
  readonly sum?: (numbers: Float64Array) => void;
}
