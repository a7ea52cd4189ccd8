import type { DataPass } from "./collect/data-pass.ts";

/** What a report says of its net and its data. */
export interface ReportFacts {
  /** What stands above the report: the net's name. */
  readonly title: string;
  /** The net's file, and its weights'. */
  readonly model: string;
  readonly weights: string;
  readonly pass: Pick<DataPass, "records" | "ofSource" | "batch">;
  /** The mean of each number that the net gives over its batches, as `caffe test` tells it. */
  readonly outputs: Readonly<Record<string, number>>;
}

/** A report that is ready to be written. */
export interface Report {
  /** What it comes to, in a few numbers. */
  readonly summary: readonly (readonly [name: string, value: number])[];
  /** Its files by their names, index.html last. */
  readonly files: readonly ReportFile[];
}

export type ReportFile = readonly [name: string, chunks: Iterable<Uint8Array>];

/** Takes in what a net says, batch by batch. */
export interface Collector {
  /** Takes in the first `count` samples of the batch that was just run, of which the first is record `first`. */
  add(first: number, count: number): Promise<void>;
  /** Measures all that was taken in. */
  report(facts: ReportFacts): Promise<Report>;
}
