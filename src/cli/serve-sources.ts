import type { ModelSource } from "../serve/models/served-model.ts";
import { CaffeError } from "../util/errors.ts";
import { listOf } from "./flags.ts";
import { type CommonFlags, checkCommonFlags, gpuNumber } from "./session.ts";

/** Flags that say which models are served. */
export interface SourceFlags extends CommonFlags {
  readonly model: readonly string[] | undefined;
  readonly weights: readonly string[] | undefined;
  readonly name: readonly string[] | undefined;
  readonly max_batch: number;
}

/**
 * The models that flags name.
 * @throws CaffeError where none is named, or there are not as many weights or names as models
 */
export function sourcesOf(flags: SourceFlags): ModelSource[] {
  checkCommonFlags(flags);
  const { model: models = [], weights = [], name: names = [] } = flags;
  if (models.length === 0) throw new CaffeError("Need a model definition. Give --model=FILE.");
  checkCount("weights", weights, models);
  checkCount("name", names, models);
  const { engine, threads, max_batch: maxBatch } = flags;
  const gpu = gpuNumber(flags);
  return models.map((model, i) => ({
    name: names[i],
    plan: () => ({ model, weights: listOf("weights", weights[i]), engine, threads, gpu, maxBatch }),
  }));
}

function checkCount(flag: string, given: readonly string[], models: readonly string[]): void {
  if (given.length === 0 || given.length === models.length) return;
  throw new CaffeError(
    `--${flag} is given ${given.length} times for ${models.length} models. Expected it once for each, in their order; files of one model are separated by commas.`,
  );
}
