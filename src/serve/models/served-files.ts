import { checkOptions, finite, type OptionNames, text, whole } from "../../util/options.ts";
import type { ModelPlan } from "./model-plan.ts";
import type { ModelSource } from "./served-model.ts";

/** A model by its files, and how it looks at pictures. */
export interface ServedFiles extends Omit<ModelPlan, "weights" | "maxBatch"> {
  /** What clients call it; its net's name by default. */
  readonly name?: string | undefined;
  /** The .caffemodel file, or several, later ones win; without one what fillers drew answers, and `log` is warned. */
  readonly weights?: string | readonly string[] | undefined;
  /** How many rows run at once at most; 16 by default. */
  readonly maxBatch?: number | undefined;
}

/** How many rows run at once at most where nothing is said. */
export const MAX_BATCH = 16;

const servedFiles: OptionNames<ServedFiles> = {
  ...{ model: text, name: text, weights: true, maxBatch: whole, task: true, labels: text },
  ...{ classifier: true, pictures: true, threshold: finite, engine: text },
  ...{ threads: whole, gpu: whole, palette: true },
};

/**
 * Where a model comes from that is given by its files, or said otherwise.
 * @throws CaffeError for options that there are not
 */
export function sourceOf(given: ServedFiles | ModelSource): ModelSource {
  if ("plan" in given) return given;
  checkOptions("a model of serve", given, servedFiles);
  const { name, weights = [], maxBatch = MAX_BATCH, ...files } = given;
  const plan = { ...files, maxBatch, weights: typeof weights === "string" ? [weights] : weights };
  return { name, plan: () => plan };
}
