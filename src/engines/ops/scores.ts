import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { ChannelDescriptor } from "./channels.ts";

/** How often the label is among the `topK` highest scores along `axis`. */
export interface AccuracyDescriptor extends ChannelDescriptor {
  readonly topK: number;
  readonly ignoreLabel: number | undefined;
}

/** x: scores of the descriptor's shape; label: (outer·inner) class numbers, in range: the layer has looked. */
export interface AccuracyOp {
  /**
   * accuracy: the share of labels that count whose score fewer than topK others reach; 0 where none counts.
   * perClass: (channels), the same for the labels of each class.
   */
  forward(
    x: SyncedMem,
    label: SyncedMem,
    accuracy: SyncedMem,
    perClass: SyncedMem | undefined,
  ): void;
}

/** The topK greatest of `length` values, for each of outer·inner rows. */
export interface ArgMaxDescriptor {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
  readonly topK: number;
  /** "both": per row first topK indices, then topK values; inner is 1. */
  readonly wants: "indices" | "values" | "both";
}

/** x: (outer, length, inner)  y: (outer, topK, inner), or (outer, 2, topK). Of equal values the later index is first. */
export interface ArgMaxOp {
  forward(x: SyncedMem, y: SyncedMem): void;
}
