/**
 * @file What the dashboard's page asks its server for: the types of every answer, which are JSON.
 *
 * | request                               | answer                                                             |
 * | ------------------------------------- | ------------------------------------------------------------------ |
 * | `GET /api/runs`                       | `RunList`                                                          |
 * | `GET /api/runs/:id`                   | `RunFacts`                                                         |
 * | `GET /api/runs/:id/events?since=N`    | `RunEvents`: those behind the first N                              |
 * | `GET /api/runs/:id/stream?since=N`    | server-sent events: `event: events`, each `data` a `RunEvents`     |
 * | `GET /api/runs/:id/log?since=BYTE`    | `LogPart`; without `since`, the end of it                          |
 * | `GET /api/runs/:id/files`             | `RunFiles`                                                         |
 * | `GET /api/runs/:id/schedule`          | `Schedule`                                                         |
 * | `GET /api/runs/:id/graph`             | `View<Graph>`                                                      |
 * | `GET /api/runs/:id/weights`           | `View<Weights>`                                                    |
 * | `GET /api/runs/:id/histograms?since=I` | `View<Histograms>`: samples behind iteration I, all without; each request of a live run samples once more |
 * | `GET /api/runs/:id/batch`             | `View<Batch>`                                                      |
 * | `GET /api/runs/:id/test`              | `View<TestView>`; the next test is looked at while this is asked   |
 * | `GET …/graph`, `weights`, `batch`, `test` with `?known=STAMP` | `Same` where the view is still the one with that `stamp` |
 * | `POST /api/runs/:id/snapshot`         | `Done`; the body is `{}`                                           |
 * | `POST /api/runs/:id/stop`             | `Done`; the body is `{}`                                           |
 * | `POST /api/runs/:id/rate`             | `Done`; the body is `RateChange`                                   |
 *
 * A request is let in by the token: `?token=…` in the page's address, for which the server sets a cookie and leads to the address
 * without it, or `Authorization: Bearer …`. A POST is JSON by its Content-Type. What cannot be had is a status of 400 or more
 * and `Problem`; without the token it is 401 and nothing. Names of layers, files and classes are whatever their files say: text,
 * never HTML. Numbers that JSON has not (a loss that is NaN) are strings: `Num`.
 */
import type { EventNumber, RunEvent } from "../run-record/events.ts";

/** A number, also one that JSON cannot say. */
export type Num = EventNumber;

/** Why there is no answer. */
export interface Problem {
  readonly error: string;
}

/** The runs that are shown, newest first. */
export interface RunList {
  readonly runs: readonly RunEntry[];
  /** The run that the page opens with: the one that is live, or the newest. */
  readonly first: string | undefined;
}

/** What a list says of a run. */
export interface RunEntry {
  /** What it is asked for by, in paths: to be encoded. */
  readonly id: string;
  /** What a person calls it: its folder's name. */
  readonly name: string;
  /**
   * - live: trained by this process; it can be asked for views and steered
   * - running: trained by another process; shown as far as its folder tells
   * - ended: stopped or done
   * - lost: neither ended nor written to any more: killed, or its machine went down
   */
  readonly state: "live" | "running" | "ended" | "lost";
  /** Milliseconds since 1970. */
  readonly startedAt: number | undefined;
  readonly net: string;
  readonly iter: number;
  readonly maxIter: number | undefined;
  readonly smoothedLoss: Num | undefined;
  /** Test scores of the last test, `accuracy` or `#1 accuracy` of a second test net. */
  readonly scores: Readonly<Record<string, Num>>;
}

/** All that is known of a run without its events. */
export interface RunFacts extends RunEntry {
  readonly folder: string;
  /** The words of its command. */
  readonly command: readonly string[];
  /** By name: versions, processor, threads, engine, commit …. */
  readonly environment: Readonly<Record<string, string>>;
  /** Why it ended; undefined while it runs. */
  readonly stop: string | undefined;
  /** What this run's learning rates are multiplied by, as set by hand; 1 at first. */
  readonly rateFactor: number;
  /** Whether the buttons do anything: it is live. */
  readonly canSteer: boolean;
  /** Which views there are to ask for. */
  readonly views: readonly ViewName[];
}

/** A page of the run that is not made of events. */
export type ViewName = "graph" | "weights" | "histograms" | "batch" | "test";

/** Events by their place in the run's file. */
export interface RunEvents {
  readonly events: readonly RunEvent[];
  /** How many there are up to here: the next request's `since`. */
  readonly next: number;
  /** Whether there were so many that further ones are to be asked for at once. */
  readonly isMore: boolean;
}

/** A part of the log. */
export interface LogPart {
  readonly text: string;
  /** The byte that the part begins with, and that the next one begins with. */
  readonly from: number;
  readonly next: number;
}

/** Text files of a run. */
export interface RunFiles {
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/** The learning rate as its policy has it. */
export interface Schedule {
  readonly policy: string;
  /** By iteration, from 0 to `max_iter`, the rate as the policy and `rateFactor` of now have it; lines between them. */
  readonly points: readonly { readonly iter: number; readonly rate: number }[];
  /** The iteration from which it depends on what is not known yet (a plateau), and is drawn as if nothing happened. */
  readonly unknownFrom: number | undefined;
  /** Why, in a sentence. */
  readonly note: string | undefined;
}

/** What a run shows of its net, or why it does not (yet). */
export type View<T> =
  /** From the live run, at iteration `iter`; or kept when it ended (`isKept`). */
  | {
      readonly state: "there";
      readonly iter: number;
      /** Another whenever the view is. */
      readonly stamp: number;
      readonly isKept: boolean;
      readonly view: T;
    }
  /** Comes by itself, for example with the next test: to be asked for again. `why` is a sentence. */
  | { readonly state: "waiting"; readonly why: string }
  /** Never comes. `why` is a sentence. */
  | { readonly state: "none"; readonly why: string };

/** The view is the one that is known. */
export interface Same {
  readonly state: "same";
}

/** The train net, layer by layer as it runs, splits included. */
export interface Graph {
  readonly net: string;
  readonly engine: string;
  readonly layers: readonly GraphLayer[];
  /** Milliseconds of one iteration's passes, all layers; undefined where they were not measured. */
  readonly totalMs: { readonly forward: number; readonly backward: number } | undefined;
  /** Bytes of all parameters, of all tops, and of the process. */
  readonly parameterBytes: number;
  readonly topBytes: number;
  readonly processBytes: number;
  /** What shortens the way: sentences on memory that is shared, gradients that are not kept …. */
  readonly notes: readonly string[];
}

export interface GraphLayer {
  /** Unique: the name, and `name#2` for a second layer of that name. */
  readonly key: string;
  readonly name: string;
  readonly type: string;
  /** What it does, for its colour: source, input, constant, result, learned, window, normalization, activation, other. */
  readonly role: string;
  /** A few lines: kernel, stride, outputs. */
  readonly details: readonly string[];
  readonly engine: string;
  /** Names of blobs. A layer works in place where a top is a bottom. */
  readonly bottoms: readonly string[];
  readonly tops: readonly string[];
  readonly topShapes: readonly (readonly number[])[];
  readonly parameters: number;
  readonly parameterShapes: readonly (readonly number[])[];
  /** Multiplications of one forward pass. */
  readonly macs: number;
  readonly topBytes: number;
  readonly hasBackward: boolean;
  /** Of one iteration; undefined where it was not measured. What is fused into another takes no time of its own. */
  readonly forwardMs: number | undefined;
  readonly backwardMs: number | undefined;
  /** The key of the layer that does this one's work: forward, or both ways. */
  readonly fusedInto: { readonly key: string; readonly backward: boolean } | undefined;
  /** Learning-rate multipliers of its blobs. */
  readonly lrMults: readonly number[];
}

/** A picture, as an address of its bytes: `data:image/png;base64,…`. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly url: string;
}

/** The parameters of every layer. */
export interface Weights {
  readonly parameters: readonly WeightView[];
}

export interface WeightView {
  /** The layer's key, and which of its blobs this is. */
  readonly layer: string;
  readonly index: number;
  readonly shape: readonly number[];
  readonly spread: Spread;
  /**
   * Each filter a tile from its least value, black, to its greatest, white; of a first layer with three channels in colour;
   * a matrix is one picture. Undefined for vectors.
   */
  readonly picture: Picture | undefined;
  /** What the picture shows, in words: "all 20 filters", "64 of 4096 rows". */
  readonly about: string | undefined;
}

/** Of the elements that were looked at: at most some thousands, evenly spread over the array. */
export interface Spread {
  readonly count: number;
  readonly looked: number;
  readonly min: Num;
  readonly max: Num;
  readonly mean: Num;
  readonly std: Num;
  /** Elements that are no finite number. */
  readonly bad: number;
  readonly zeros: number;
  /** Bins of equal width from `min` to `max`, of the finite elements. */
  readonly bins: readonly number[];
}

/** How arrays are spread, over time. */
export interface Histograms {
  readonly arrays: readonly HistogramSeries[];
  /** Seconds that a page should wait before it asks again: what keeps the price below the limit. */
  readonly every: number;
}

export interface HistogramSeries {
  readonly kind: "weights" | "gradients" | "activations";
  /** The layer's key, and which of its blobs or tops. */
  readonly layer: string;
  readonly index: number;
  /** `conv1[0]`, or a top's name. */
  readonly name: string;
  /** Oldest first; when there are too many, every second one of the older is left out. */
  readonly samples: readonly { readonly iter: number; readonly spread: Spread }[];
}

/** The last batch as the train net sees it. */
export interface Batch {
  /** The data layer's key. */
  readonly layer: string;
  readonly shape: readonly number[];
  readonly records: readonly BatchRecord[];
  /** How pixels were brought back: "mean added, divided by scale 0.00390625". */
  readonly about: string;
}

export interface BatchRecord {
  /** Undefined where the data is no picture (neither one channel nor three, or no rows). */
  readonly picture: Picture | undefined;
  /** Values of the labels, at most a few. */
  readonly labels: readonly Num[];
  /** What the first label is called, where names are known. */
  readonly name: string | undefined;
  /** Objects in the picture, in pixels of it; for detectors. */
  readonly boxes: readonly LabelledBox[];
}

export interface LabelledBox {
  readonly label: number;
  readonly name: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What the last test that was looked at has told. */
export interface TestView {
  readonly nets: readonly TestedNet[];
}

export interface TestedNet {
  readonly index: number;
  readonly scores: Readonly<Record<string, Num>>;
  /** Of classifiers, of segmenters, of detectors; where there is none of them `why` has the reason. */
  readonly classes: TestedClasses | undefined;
  readonly pixels: TestedPixels | undefined;
  readonly objects: TestedObjects | undefined;
  readonly why: string | undefined;
}

/** How often classes are taken for each other. */
export interface ConfusedClasses {
  /** By class, what it is called. */
  readonly names: readonly string[];
  /** Row by true class, column by guess; classes that were mistaken most, where there are very many (`shown`). */
  readonly confusion: readonly (readonly number[])[];
  /** The classes of rows and columns. */
  readonly shown: readonly number[];
}

export interface TestedClasses extends ConfusedClasses {
  /** Records that were judged, and those of them that were right. */
  readonly records: number;
  readonly right: number;
  readonly worst: readonly Mistake[];
}

/** What a segmenter said; `confusion` counts pixels. */
export interface TestedPixels extends ConfusedClasses {
  readonly records: number;
  readonly accuracy: Num;
  readonly meanIou: Num;
  /** By class: intersection over union; not of a class that is neither there nor guessed. */
  readonly ious: readonly Num[];
  /** By class: its colour in maps, as CSS has it. */
  readonly colours: readonly string[];
  readonly worst: readonly MistakenPicture[];
}

/** A picture whose pixels are told badly. */
export interface MistakenPicture {
  /** Its number in the test. */
  readonly record: number;
  readonly picture: Picture | undefined;
  readonly accuracy: Num;
  readonly meanIou: Num;
  /** Addresses of its labels, and of what the net says. */
  readonly maps: { readonly truth: string; readonly guess: string } | undefined;
}

/** What a detector found. */
export interface TestedObjects {
  readonly records: number;
  readonly meanAveragePrecision: Num;
  readonly classes: readonly {
    readonly name: string;
    readonly objects: number;
    readonly detections: number;
    /** Detections that are right. */
    readonly right: number;
    readonly averagePrecision: Num;
  }[];
  readonly worst: readonly MistakenObjects[];
}

/** A record in which something is found that is not there, or is not found. */
export interface MistakenObjects {
  /** Its number in the test. */
  readonly record: number;
  readonly picture: Picture | undefined;
  readonly boxes: readonly JudgedBox[];
}

/** A box in pixels of the net's input: what is there, found or missed, and what was found, rightly or wrongly. */
export interface JudgedBox extends LabelledBox {
  readonly kind: "there" | "missed" | "right" | "wrong";
  /** Of what was found. */
  readonly score: number | undefined;
}

/** A record of which the net was most sure and wrong. */
export interface Mistake {
  /** Its number in the test. */
  readonly record: number;
  readonly picture: Picture | undefined;
  readonly label: number;
  readonly guess: number;
  /** Probability of the guess, and of the label. */
  readonly confidence: number;
  readonly ofLabel: number;
}

/** Multiplies what the policy says, from the next iteration on: 1 is as the solver has it. Recorded as an event, and kept in snapshots. */
export interface RateChange {
  /** Above 0. */
  readonly factor: number;
}

/** What was asked for is under way. */
export interface Done {
  /** In a sentence. */
  readonly message: string;
}
