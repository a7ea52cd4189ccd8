import type { DataPass } from "./collect/data-pass.ts";

/** What a report says of its net and its data. */
export interface ReportFacts {
  /** What stands above the report: the net's name. */
  readonly title: string;
  /** The net's file, and its weights'. */
  readonly model: string;
  readonly weights: string;
  readonly pass: Pick<DataPass, "records" | "ofSource" | "batch">;
  /** Records that count: all but those whose label is to be ignored. */
  readonly judged: number;
  /** The mean of each number that the net gives over its batches, as `caffe test` tells it. */
  readonly outputs: Readonly<Record<string, number>>;
}
