/**
 * What events.jsonl holds: one object of JSON a line, in the order in which things happened. The first is a `start`, the last a
 * `stop`, unless the process was killed or still runs.
 */

/** A number as JSON can hold it: `Number(value)` gives it back. */
export type EventNumber = number | "NaN" | "Infinity" | "-Infinity";

/** A number, or one for each element where an output has several. */
export type EventValue = EventNumber | readonly EventNumber[];

/** How JSON holds a number, which may be none. */
export function eventNumber(value: number): EventNumber {
  return Number.isFinite(value) ? value : (String(value) as EventNumber);
}

interface Event<Type extends string> {
  readonly type: Type;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Updates done so far; of an iteration those before it, as in Caffe's log. */
  readonly iter: number;
}

/** Training begins, or goes on from a snapshot: `iter` is where. */
export interface StartEvent extends Event<"start"> {
  /** Of this format: 1. */
  readonly version: number;
  /** The train net's name. */
  readonly net: string;
  /** The solver's file, as the command line names it. */
  readonly solver: string;
  /** Undefined where the solver names no end. */
  readonly maxIter?: number;
  /** Iterations between two displays; 0 for none. */
  readonly display: number;
  /** Names of the train net's outputs, and of those of each test net. */
  readonly outputs: readonly string[];
  readonly testOutputs: readonly (readonly string[])[];
  /** The number by which the best is told: an output of a test net, or `train_loss` (`testNet` is -1 then). */
  readonly score: ScoreName;
  /** Images, or other records, of one update, of all ranks together; 0 where the net has no data layer. */
  readonly imagesPerIteration: number;
  readonly parameters: number;
  readonly process: number;
  /** The snapshot that it goes on from, and the folder of the record whose training wrote it, where that is known. */
  readonly continues?: { readonly snapshot: string; readonly run?: string };
  /** What learning rates are multiplied by, where that was set by hand before the snapshot. */
  readonly rateFactor?: number;
  readonly command: readonly string[];
  /** The folder that it was started in. */
  readonly folder: string;
  readonly environment: Environment;
}

interface ScoreName {
  readonly name: string;
  readonly testNet: number;
  readonly mode: "max" | "min";
}

/** What computes. */
export interface Environment {
  /** Of this package. */
  readonly caffe: string;
  readonly node: string;
  readonly system: string;
  readonly host: string;
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** Those that compute the layers, with the versions of what they compute with. */
  readonly engines: readonly string[];
  /** Threads of the native engine; undefined where it does not compute. */
  readonly threads?: number;
  readonly gpu?: string;
  readonly ranks: number;
  /** Those whose names begin with CAFFE_, GLOG_, OMP_, OPENBLAS_, MKL_ or DNNL_, and NODE_OPTIONS. */
  readonly variables: Readonly<Record<string, string>>;
}

/** An iteration: of those that are displayed, and of others as often as a curve needs them. */
export interface TrainEvent extends Event<"train"> {
  readonly loss: EventNumber;
  readonly smoothedLoss: EventNumber;
  /** The learning rate. */
  readonly rate: EventNumber;
  /** Since the train event before; tests and snapshots do not count. */
  readonly iterationsPerSecond: EventNumber;
  /** Undefined where the net has no data layer. */
  readonly imagesPerSecond?: EventNumber;
  /** The share of that time in which training waited for its data, 0 to 1. */
  readonly dataWait: EventNumber;
  /** Bytes of memory that the process has (its resident set). */
  readonly memory: number;
  /** The train net's outputs of up to 100 elements, by name; of iterations that are displayed. */
  readonly outputs?: Readonly<Record<string, EventValue>>;
}

/** A test of one net: mean values of its outputs. */
interface TestEvent extends Event<"test"> {
  readonly net: number;
  /** By name; the second element of an output is called `name[1]`. */
  readonly scores: Readonly<Record<string, EventNumber>>;
}

/** A snapshot is on the disk. */
interface SnapshotEvent extends Event<"snapshot"> {
  /** Its .solverstate, from the folder of the start; .caffemodel and .runstate (with HDF5 .caffemodel.h5) lie beside it. */
  readonly state: string;
}

/** Something was changed by hand: `rate` is the learning rate from the next iteration on. */
interface RateEvent extends Event<"rate"> {
  readonly rate: EventNumber;
  /** What all of the policy's rates are multiplied by from then on. */
  readonly factor: number;
}

/** Training has ended. */
export interface StopEvent extends Event<"stop"> {
  /** It came to its end, somebody asked it to stop, its score did not improve any more, or an error ended it. */
  readonly reason: "done" | "asked" | "stalled" | "error";
  /** Of an error. */
  readonly message?: string;
}

export type RunEvent = StartEvent | TrainEvent | TestEvent | SnapshotEvent | RateEvent | StopEvent;
