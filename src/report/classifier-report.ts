import type { Thumbnail } from "./collect/thumbnail.ts";
import type { Classification } from "./measures/classification.ts";
import type { JudgedRecords } from "./measures/judged.ts";
import type { ReportFacts } from "./report.ts";

/** A record that was taken for another class. */
export interface Mistake {
  /** Which it is of those that were judged. */
  readonly at: number;
  readonly picture: Thumbnail | undefined;
}

/** All that a report of a classifier says. */
export interface ClassifierReport {
  readonly facts: ReportFacts;
  /** The layer or the blob whose scores these are. */
  readonly source: string;
  /** Of the classes, by rising label. */
  readonly names: readonly string[];
  readonly judged: JudgedRecords;
  readonly measures: Classification;
  /** Of each record that was judged: its number in the source, and what it is called there, or "". */
  readonly numbers: readonly number[];
  readonly records: readonly string[];
  /** What was wrong, the most confident first. */
  readonly mistakes: readonly Mistake[];
}
