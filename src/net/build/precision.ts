import type { Engines } from "../../engines/choose.ts";
import type { Engine } from "../../engines/engine.ts";
import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { LayerClass } from "../../layers/registry.ts";
import { EngineError, NetError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { NetOptions } from "../options.ts";

/** Which engines a layer may run on: those of floats, or the same for arrays of bfloat16 or of halves. Asked of each in their order. */
export type EnginesOf = (param: LayerParameter, Class: LayerClass) => Engines;

/** The forms that engines have for layers of 16 bits. */
interface Forms {
  /** What the layer passes on is kept as 16 bits. */
  readonly keeping: Engines;
  /** It is not, as of a layer that counts, picks or is a loss. */
  readonly others: Engines;
}

/**
 * What each layer's arrays are kept as, by the option `precision`, or by what NVIDIA's Caffe writes: `default_forward_type` of
 * the net and `forward_type` of the layer, where FLOAT16 means halves on a GPU and bfloat16 elsewhere. A layer that may not be kept so is
 * one of floats; so is one that says FLOAT, whatever the option is.
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
  const isDefault =
    precision === undefined ? net.default_forward_type === "FLOAT16" : precision !== "f32";
  const isAskedByLayers = (net.layer ?? []).some(({ forward_type: type }) => type === "FLOAT16");
  if (precision === "f32" || !(isDefault || isAskedByLayers)) return () => engines;
  const kind = precision ?? (engines[0].device ? "f16" : "bf16");
  let forms: Forms;
  try {
    if (dtype === "f64") {
      throw new NetError(`precision ${kind} with dtype "f64". Expected one of the two.`);
    }
    forms = kind === "f16" ? ofHalves(engines) : ofBf16(engines);
  } catch (error) {
    if (precision !== undefined) throw error;
    const reason = (error as Error).message;
    log("warning", "net", `FLOAT16 is asked for, and all is kept as 32-bit floats: ${reason}`);
    return () => engines;
  }
  const kept = new Set<string>();
  return ({ forward_type: type, bottom = [], top = [] }, { mayBe16Bits }) => {
    const isWanted = type === undefined ? isDefault : type === "FLOAT16";
    // A second top holds places, not what is passed on.
    const isFit =
      mayBe16Bits === "as its bottom"
        ? bottom.every((blob) => kept.has(blob))
        : mayBe16Bits && isWanted && top.length === 1;
    if (!isFit) return isWanted ? forms.others : engines;
    for (const blob of top) kept.add(blob);
    return forms.keeping;
  };
}

function ofHalves(engines: Engines): Forms {
  const [first] = engines;
  if (!first.f16) {
    throw new EngineError(
      `precision f16: the ${first.name} engine multiplies 32-bit floats. Expected a GPU (--gpu), or --engine reference, which rounds the same way; or precision bf16.`,
    );
  }
  // Behind a GPU are engines of the host, for what it cannot do: it can multiply.
  const form = (keepsHalves: boolean): Engines =>
    engines.map((engine) => engine.f16?.(keepsHalves) ?? engine) as unknown as Engines;
  return { keeping: form(true), others: form(false) };
}

function ofBf16(engines: Engines): Forms {
  return { keeping: engines.map(roundedEngine) as unknown as Engines, others: engines };
}

function roundedEngine(engine: Engines[number]): Engines[number] {
  if (engine.bf16) return engine.bf16() as Engine;
  throw new EngineError(
    `precision bf16: the ${engine.name} engine computes with 32-bit floats alone. Expected --engine native, or --engine reference, which rounds the same way; or on a GPU precision f16.`,
  );
}
