// What the page and its worker say to each other.

/** What computes in a page. */
export type EngineName = "webgpu" | "wasm";

/** What computes, and why. */
export interface EngineFacts {
  readonly name: EngineName;
  readonly why: string;
}

/** Pictures that a net learns from, and others that it is tested with. */
export interface PictureFacts {
  readonly train: number;
  readonly test: number;
  /** Names of the classes, by label. */
  readonly classes: readonly string[];
  /** Some pictures of the test part, 28×28 bytes each, and their labels. */
  readonly samples: Uint8Array;
  readonly labels: Uint8Array;
}

/** The texts that say what is trained, and how. */
export interface Texts {
  readonly net: string;
  readonly solver: string;
}

/** A training that is ready to begin. */
export interface Built {
  readonly maxIter: number;
  readonly batch: number;
  readonly parameters: number;
  /** What stands in the place of what the texts ask for, a line each. */
  readonly replaced: readonly string[];
}

/** What a net says of pictures. */
export interface Guesses {
  /** Values of each picture, one behind the other. */
  readonly values: Float32Array;
  /** Values of one picture. */
  readonly count: number;
  /** Whether they are probabilities: not below 0, and their sum 1. */
  readonly areProbabilities: boolean;
}

/** A net that was brought along. */
export interface OpenedNet {
  readonly name: string;
  readonly parameters: number;
  /** Warnings, a line each. */
  readonly notes: readonly string[];
}

/** What is asked of the worker. A question that fails gives an error whose message is one line. */
export interface Asked {
  /** Opens an engine: the one that is wanted, or the best. */
  openEngine(wanted: EngineName | undefined): Promise<EngineFacts>;
  /** Reads the pictures that lie beside the page. */
  fetchPictures(folder: string): Promise<PictureFacts>;
  /** Reads IDX files, packed by gzip or not; what they lack stays as it is. */
  readPictures(files: readonly File[]): Promise<PictureFacts>;
  /** Makes the nets and the solver of texts; what was trained before is gone. */
  build(texts: Texts): Promise<Built>;
  /** Trains until it is paused, or over. */
  train(): Promise<"paused" | "done">;
  pause(): Promise<void>;
  /** Asks the net, or the one that was brought along, about pictures of 28×28 bytes. */
  guess(pictures: Uint8Array): Promise<Guesses>;
  /** The weights as they are now, as a .caffemodel. */
  save(): Promise<Uint8Array>;
  /** Lets a net that was brought along guess: weights, and the net's prototxt where it is not the one that trains. */
  openNet(weights: File, net: File | undefined): Promise<OpenedNet>;
  /** Lets the net that trains guess again. */
  closeNet(): Promise<void>;
}

/** A question on its way. */
export type Question = {
  [Name in keyof Asked]: {
    readonly id: number;
    readonly name: Name;
    readonly args: Parameters<Asked[Name]>;
  };
}[keyof Asked];

/** Weights of a first layer. */
export interface Filters {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What a training tells of itself. */
export type News =
  | {
      readonly kind: "progress";
      readonly iter: number;
      /** Iterations and their losses since the last news. */
      readonly iters: readonly number[];
      readonly losses: readonly number[];
      readonly rate: number;
      readonly perSecond: number;
      /** Undefined where it has no layer whose weights are pictures. */
      readonly filters: Filters | undefined;
    }
  | {
      /** A batch of a test is next. */
      readonly kind: "testing";
      readonly batch: number;
      readonly of: number;
    }
  | {
      readonly kind: "test";
      readonly iter: number;
      readonly scores: Readonly<Record<string, number>>;
    };

/** What the worker sends: answers, and news that nobody asked for. */
export type Said =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly news: News };
