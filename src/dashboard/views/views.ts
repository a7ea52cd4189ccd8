import type { ClassNames } from "../../inference/class-names.ts";
import type { Batch, Graph, Histograms, TestView, View, ViewName, Weights } from "../api.ts";

/** What is shown of a run besides its events. */
export interface RunViews {
  /** Which there are, or may come. */
  readonly names: readonly ViewName[];
  graph(): Promise<View<Graph>>;
  weights(): Promise<View<Weights>>;
  /** @param since of samples of later iterations alone */
  histograms(since: number): Promise<View<Histograms>>;
  batch(): Promise<View<Batch>>;
  test(): Promise<View<TestView>>;
}

/** Names of classes by their numbers, as far as there are any. */
export function labelNames(given: ClassNames | undefined): ReadonlyMap<number, string> {
  if (given === undefined) return new Map();
  return Array.isArray(given)
    ? new Map(given.map((name, label) => [label, name] as const))
    : (given as ReadonlyMap<number, string>);
}
