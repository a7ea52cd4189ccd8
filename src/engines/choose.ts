import type { OptionKind } from "../util/options.ts";
import type { Engine, PartialEngine, Primitive } from "./engine.ts";

/** The engines of a run, best first; the last one is the reference, which has every primitive. */
export type Engines = readonly [...PartialEngine[], Engine];

/** Engines as an option of nets, solvers and the like. */
export const someEngines: OptionKind = {
  accepts: (value) => Array.isArray(value) && value.length > 0,
  expected: "what createEngines() gives, or await openEngines()",
};

/** The first engine that has every primitive in `needs`: here alone is decided what computes a layer. */
export function chooseEngine(engines: Engines, needs: readonly Primitive[]): Engine {
  for (const engine of engines) if (hasAll(engine, needs)) return engine;
  return referenceOf(engines);
}

/** The engine that has every primitive, in every element type. */
export function referenceOf(engines: Engines): Engine {
  return engines[engines.length - 1] as Engine;
}

function hasAll(engine: PartialEngine, needs: readonly Primitive[]): engine is Engine {
  return needs.every((primitive) => engine[primitive] !== undefined);
}
