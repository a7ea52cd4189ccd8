import type { LayerState } from "./layer.ts";

/**
 * `Layer.refuses` for a layer whose states all have the form of the present one: as many values, of the same lengths. Says
 * what is otherwise, in words; undefined where nothing is, or there is no present one.
 */
export function refusesOtherForms(
  present: LayerState | undefined,
  state: LayerState,
): string | undefined {
  if (!present) return undefined;
  const [given, wanted] = [formOf(state), formOf(present)];
  return given === wanted ? undefined : `it holds ${given || "nothing"}. Expected ${wanted}.`;
}

function formOf(state: LayerState): string {
  return Object.values(state)
    .map((value) => (typeof value === "object" ? `${value.length} numbers` : typeof value))
    .join(", ");
}
