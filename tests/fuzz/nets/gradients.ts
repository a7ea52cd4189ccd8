import { createEngines } from "../../../src/engines/create.ts";
import type { LayerParameter } from "../../../src/io/proto/caffe.ts";
import { Net } from "../../../src/net/net.ts";
import { checkNetGradient } from "../../../src/net/tools/gradient-check.ts";
import { shapeText } from "../../../src/util/shape.ts";
import type { Difference } from "./compare.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { recipes } from "./recipes.ts";
import { writeParameters } from "./run-case.ts";
import { inputLayer } from "./sketch.ts";

const reference = createEngines({ prefer: "reference" });
/** Elements compared of each blob. */
const SAMPLES = 3;
/** What a difference may be off by, relative to the gradient. */
const THRESHOLD = 1e-4;
/** Inputs whose numbers are all smaller are moved beyond what they are. */
const SMALLEST = 0.01;
/** Where a net computes larger numbers, differences of its loss drown in rounding. */
const LARGEST = 1e4;

/**
 * Holds the gradients of parameters and inputs, as the reference computes them in float64, against central differences of
 * the loss. Undefined where they agree, and where a net has no loss, a layer without a true gradient, or numbers
 * too large for differences.
 *
 * Inputs become parameters for this, so that one pass gives the gradients of all.
 */
export async function findWrongGradient({
  param,
  passes,
  phase,
  seed,
}: FuzzCase): Promise<Difference | undefined> {
  const inputs = passes[0]?.inputs ?? {};
  // Equal numbers lie on kinks of what looks for the greatest.
  const isDistinct = Object.values(inputs).every(
    ({ values }) => new Set(values).size === values.length,
  );
  if (!isDistinct && (param.layer ?? []).some(({ type }) => recipes[type ?? ""]?.selects))
    return undefined;
  const sizes = Object.values(inputs).map(({ values }) => Math.max(...values.map(Math.abs)));
  if (sizes.some((size) => size > 0 && size < SMALLEST)) return undefined;
  const all = param.layer ?? [];
  const layers = all.flatMap((layer): LayerParameter[] => {
    const name = layer.name ?? "";
    const given = inputs[name];
    if (layer.type !== "Input" || !given) return [layer];
    const top = `${name}_given`;
    // Whole numbers may be labels, which have no gradient, and lie on kinks.
    const source: LayerParameter = given.values.every(Number.isInteger)
      ? { ...inputLayer({ name, shape: given.shape }), top: [top] }
      : {
          name,
          type: "Parameter",
          top: [top],
          parameter_param: { shape: { dim: [...given.shape] } },
        };
    // A copy, for layers that work in place: each evaluation begins with what was given.
    return [source, { name: `${name}_copy`, type: "Power", bottom: [top], top: [name] }];
  });
  if (layers.some(hasNoTrueGradient) || rereadsWhatIsOverwritten(layers)) return undefined;
  const net = new Net(
    { ...param, force_backward: true, layer: layers },
    { engines: reference, phase, seed, dtype: "f64", fuse: false },
  );
  try {
    if (net.lossWeights.flat().every((weight) => weight === 0)) return undefined;
    if (countsWhatIsRead(net)) return undefined;
    writeParameters(net, seed);
    for (const [name, { values }] of Object.entries(inputs)) {
      const blob = net.layer(name).blobs[0] ?? net.blob(`${name}_given`);
      blob.dataMem.overwriteCpu().set(values);
    }
    const magnitudes: number[] = [];
    net.afterForward.push((i) => {
      for (const top of net.topBlobs[i] ?? []) magnitudes.push(...top.values().map(Math.abs));
    });
    await net.forward();
    net.afterForward.length = 0;
    if (magnitudes.some((size) => !(size < LARGEST))) return undefined;
    const { failures } = await checkNetGradient(net, { samples: SAMPLES, threshold: THRESHOLD });
    const [failure] = failures;
    if (!failure) return undefined;
    const { layer, blob, index, computed, numeric } = failure;
    // A slope without end has no differences.
    if (!Number.isFinite(computed) || !Number.isFinite(numeric)) return undefined;
    return {
      what: `gradient of ${layer}, ${blob}`,
      text: `element ${shapeText(index)}: backward has ${computed}, differences ${numeric}`,
    };
  } finally {
    net.close();
  }
}

/** Whether a loss without a weight of its own is read by a layer: that one's gradient is all it gets, as in Caffe. */
function countsWhatIsRead({ topBlobs, bottomBlobs, lossWeights }: Net): boolean {
  const read = new Set(bottomBlobs.flat());
  return topBlobs.some((tops, i) => tops.some((top, t) => lossWeights[i]?.[t] && read.has(top)));
}

/**
 * Whether a layer in place overwrites what the backward of the layer before it reads: as in Caffe, that reads what is
 * there by then, and so does what shares memory with it.
 */
function rereadsWhatIsOverwritten(layers: readonly LayerParameter[]): boolean {
  const writers = new Map<string, string>();
  return layers.some(({ type = "", bottom = [], top = [] }) => {
    const before = bottom[0] === top[0] ? writers.get(top[0] ?? "") : undefined;
    for (const name of top) writers.set(name, type);
    return before !== undefined && recipes[before]?.rereadsTop === true;
  });
}

function hasNoTrueGradient(layer: LayerParameter): boolean {
  if (layer.propagate_down) return true;
  const rule = recipes[layer.type ?? ""]?.hasNoTrueGradient ?? false;
  return typeof rule === "function" ? rule(layer) : rule;
}
