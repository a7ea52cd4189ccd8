import type { ClassifierOptions } from "../../inference/classifier.ts";
import type { PictureOptions } from "../../inference/picture-input.ts";
import type { Shape } from "../../util/shape.ts";

/** What a served net says of pictures. */
export type PictureTask = "classification" | "detection" | "segmentation";

/** All that a thread has to know to open a model: plain data. */
export interface ModelPlan {
  /** The deploy prototxt. */
  readonly model: string;
  /** The .caffemodel files, later ones win; none for a net whose prototxt holds its weights. */
  readonly weights: readonly string[];
  /** What it says of pictures; found out by its layers where nothing is said. */
  readonly task?: PictureTask | undefined;
  /** The names of its classes: a file, or a word that `readClassNames` knows. */
  readonly labels?: string | undefined;
  /** How pictures are prepared for a classifier. */
  readonly classifier?: Pick<
    ClassifierOptions,
    "imageDims" | "mean" | "rawScale" | "inputScale" | "channelSwap"
  >;
  /** How they are prepared for a detector or segmenter, where the net's file says nothing. */
  readonly pictures?: PictureOptions;
  /** The colours of a segmenter's classes by their numbers, red, green and blue; PASCAL VOC's by default. */
  readonly palette?: readonly (readonly [number, number, number])[] | undefined;
  /** The least score of what a detector tells of; 0.5 by default. */
  readonly threshold?: number | undefined;
  readonly engine?: string | undefined;
  /** Threads of the native engine; by default one for each core, or a single one where the net is faster so. */
  readonly threads?: number | undefined;
  /** The number of the GPU to compute on. */
  readonly gpu?: number | undefined;
  /** How many rows run at once at most. */
  readonly maxBatch: number;
}

/** A blob that a client gives or gets. */
export interface NamedShape {
  readonly name: string;
  readonly shape: Shape;
}

/** What an opened model says of itself: plain data. */
export interface ModelFacts {
  /** The net's name in its prototxt. */
  readonly netName: string;
  /** Shapes as the deploy file has them. */
  readonly inputs: readonly NamedShape[];
  readonly outputs: readonly NamedShape[];
  /** How many rows may run at once: 0 where rows cannot be joined, and inputs have to have the shapes above. */
  readonly maxBatch: number;
  /** Why rows cannot be joined. */
  readonly runsAloneSince?: string | undefined;
  readonly task?: PictureTask | undefined;
  /** Whether several pictures can share a pass. */
  readonly joinsPictures: boolean;
  /** The names of classes in their order; empty where they are not known. */
  readonly labels: readonly string[];
  /** How many threads its engine uses. */
  readonly threads: number;
  /** Milliseconds that a pass of one row takes at least; infinite until it has been timed. */
  readonly passTime: number;
}
