import type { Engines } from "../../engines/choose.ts";
import type { Engine } from "../../engines/engine.ts";
import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { LayerClass } from "../../layers/registry.ts";
import { EngineError, NetError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { NetOptions } from "../options.ts";

/** Which engines a layer may run on: those of floats, or the same for arrays of bfloat16 or products of halves. Asked of each in their order. */
export type EnginesOf = (param: LayerParameter, Class: LayerClass) => Engines;

/**
 * What each layer's arrays are kept as, by the option `precision`, or by what NVIDIA's Caffe writes: `default_forward_type` of
 * the net and `forward_type` of the layer, where FLOAT16 means bfloat16. A layer that may not be kept so is one of floats; so is
 * one that says FLOAT, whatever the option is.
 *
 * @throws EngineError, NetError where the option asks for what cannot be; where a file alone asks for it, a warning says why
 * all is kept as floats
 */
export function planPrecision(
  net: NetParameter,
  engines: Engines,
  { precision, dtype }: Pick<NetOptions, "precision" | "dtype">,
  log: Log,
): EnginesOf {
  if (precision === "f16") return planHalves(engines, dtype);
  const isDefault =
    precision === undefined ? net.default_forward_type === "FLOAT16" : precision === "bf16";
  const isAskedByLayers = (net.layer ?? []).some(({ forward_type: type }) => type === "FLOAT16");
  if (precision === "f32" || !(isDefault || isAskedByLayers)) return () => engines;
  let rounded: Engines;
  try {
    if (dtype === "f64") {
      throw new NetError('precision bf16 with dtype "f64". Expected one of the two.');
    }
    rounded = engines.map(roundedEngine) as unknown as Engines;
  } catch (error) {
    if (precision === "bf16") throw error;
    const reason = (error as Error).message;
    log("warning", "net", `FLOAT16 is asked for, and all is kept as 32-bit floats: ${reason}`);
    return () => engines;
  }
  const kept = new Set<string>();
  return ({ forward_type: type, bottom = [], top = [] }, { mayBeBf16 }) => {
    const isWanted = type === undefined ? isDefault : type === "FLOAT16";
    // A second top holds places, not what is passed on.
    const isFit =
      mayBeBf16 === "as its bottom"
        ? bottom.every((blob) => kept.has(blob))
        : mayBeBf16 && isWanted && top.length === 1;
    if (!isFit) return engines;
    for (const blob of top) kept.add(blob);
    return rounded;
  };
}

/** Layers multiply halves, but for those that say FLOAT. */
function planHalves(engines: Engines, dtype: NetOptions["dtype"]): EnginesOf {
  const [first] = engines;
  if (dtype === "f64") {
    throw new NetError('precision f16 with dtype "f64". Expected one of the two.');
  }
  if (!first.f16) {
    throw new EngineError(
      `precision f16: the ${first.name} engine multiplies 32-bit floats. Expected a GPU (--gpu), or --engine reference, which rounds the same way; or precision bf16.`,
    );
  }
  // Behind a GPU are engines of the host, for what it cannot do: it can multiply.
  const halves = engines.map((engine) => engine.f16?.() ?? engine) as unknown as Engines;
  return ({ forward_type: type }) => (type === "FLOAT" ? engines : halves);
}

function roundedEngine(engine: Engines[number]): Engines[number] {
  if (engine.bf16) return engine.bf16() as Engine;
  throw new EngineError(
    `precision bf16: the ${engine.name} engine computes with 32-bit floats alone. Expected --engine native, or --engine reference, which rounds the same way; or on a GPU precision f16.`,
  );
}
