import type { LayerParameter } from "../../io/proto/caffe.ts";
import { LayerError } from "../../util/errors.ts";
import { doneAtOnce } from "../../util/promises.ts";
import type { Layer } from "./layer.ts";
import type { LayerFusion } from "./layer-fusion.ts";

/**
 * Runs code of a user's own for a layer.
 * @param what its name, for the message: "forward of class X"
 * @throws LayerError where it throws, or returns a promise (or a generator), for whose end nothing would wait
 */
export function runUsersCode<T>(param: LayerParameter, what: string, work: () => T): T {
  const returned = naming(param, work);
  doneAtOnce(returned, (kind) => {
    throw new LayerError(
      param,
      `${what} returned a ${kind}; it must be done when it returns. Write it without async, await and yield; what takes time, as loading a model, belongs before the net is made.`,
    );
  });
  return returned;
}

/** Runs `work`; what it throws names the layer. */
function naming<T>(param: LayerParameter, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw named(param, error);
  }
}

function named(param: LayerParameter, error: unknown): LayerError {
  if (error instanceof LayerError && error.layerName === param.name) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  return new LayerError(param, message, { cause: error });
}

/** What a Layer does that waits for nothing, and what may be awaited. */
const AT_ONCE = [
  "setUp",
  "macs",
  "reshape",
  "forward",
  "backward",
  "allowForceBackward",
  "readsTopDiff",
  "backwardReadsBottom",
  "backwardReadsTop",
  "state",
  "recordName",
  "recordsInPass",
  "openRecords",
  "close",
] as const satisfies readonly (keyof Layer)[];
const AWAITED = ["ready", "stateToHost", "restore"] as const satisfies readonly (keyof Layer)[];
const FUSION = [
  "accepts",
  "forward",
  "backward",
  "again",
  "postOp",
  "forwardWasTaken",
  "addsBottoms",
  "absorbRectifier",
  "isCheapToRepeat",
] as const satisfies readonly (keyof LayerFusion)[];
const READ = ["keepsSigns", "carriesTops"] as const satisfies readonly (keyof Layer)[];

/** Makes a layer of a class of the user's own whose errors, in all that a net calls, name the layer. */
export function makeUsersLayer(
  param: LayerParameter,
  Class: { readonly name: string },
  make: () => Layer,
): Layer {
  const layer = runUsersCode(param, `the constructor of class ${Class.name}`, make);
  type Method = (this: Layer, ...args: unknown[]) => unknown;
  const replace = (name: string, value: Method): void => {
    Object.defineProperty(layer, name, { value, configurable: true, writable: true });
  };
  for (const name of AT_ONCE) {
    const own = naming(param, () => layer[name] as Method);
    const what = `${name} of class ${Class.name}`;
    replace(name, (...args) => runUsersCode(param, what, () => own.apply(layer, args)));
  }
  for (const name of AWAITED) {
    const own = naming(param, () => layer[name] as Method);
    replace(name, (...args) => {
      const waits = naming(param, () => own.apply(layer, args) as Promise<unknown> | undefined);
      return waits?.then(undefined, (error: unknown) => {
        throw named(param, error);
      });
    });
  }
  const fusion = naming(param, () => layer.fusion);
  if (fusion) {
    const safe = FUSION.flatMap((name) => {
      const own = fusion[name] as ((...args: unknown[]) => unknown) | undefined;
      const what = `fusion.${name} of class ${Class.name}`;
      const run: Method = (...args) => runUsersCode(param, what, () => own?.apply(fusion, args));
      return own ? [[name, run] as const] : [];
    });
    Object.defineProperty(layer, "fusion", { value: Object.fromEntries(safe) });
  }
  for (const name of READ) {
    if (Object.hasOwn(layer, name)) continue;
    const read = (): unknown => Reflect.get(Object.getPrototypeOf(layer), name, layer);
    Object.defineProperty(layer, name, { get: () => naming(param, read), configurable: true });
  }
  return layer;
}
