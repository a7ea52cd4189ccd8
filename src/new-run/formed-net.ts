import type { NetParameter } from "../io/proto/caffe.ts";

/** What a net is to be made for. */
export interface NetForm {
  readonly classes: number;
  /** Height and width of its images. */
  readonly size: number;
  /** How much of their outputs layers have, of a segmenter: 1 for all. */
  readonly width?: number | undefined;
  /** Whether it learns from nothing, so that layers may be others than the model has. */
  readonly isAnew?: boolean;
}

/** A net for other classes and another size. */
export interface FormedNet {
  readonly net: NetParameter;
  /** Names of the layers that give scores of classes. */
  readonly scores: ReadonlySet<string>;
  /** Names of all layers that give what the net tells: no BatchNorm belongs behind these. */
  readonly heads: ReadonlySet<string>;
}
