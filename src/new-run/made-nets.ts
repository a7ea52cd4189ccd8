import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { Net } from "../net/net.ts";
import { withPlaceholders } from "../net/tools/placeholders.ts";
import { summarize } from "../net/tools/summary.ts";
import type { TrainedWeights } from "../net/weights/trained-weights.ts";
import { readWeights } from "../net/weights/weights.ts";
import { CaffeError, FormatError, NetError } from "../util/errors.ts";
import type { Shape } from "../util/shape.ts";
import { type AdaptedNets, adaptModel } from "./adapt-net.ts";
import type { BaseModel } from "./base-model.ts";
import { SCALE_SUFFIX } from "./batch-norm.ts";
import { hasBatchNorm, isAnnotatedData, isData, learns } from "./layer-kinds.ts";

/** What nets are made of a model. */
interface NetWishes {
  readonly classes: number;
  readonly size: number;
  /** How much of their outputs layers have, of a segmenter; 1 by default. */
  readonly width?: number | undefined;
  /** A weights file that they are to go on from. */
  readonly weights?: string;
  /** What stands behind the names of layers that begin anew beside weights. */
  readonly suffix: string;
}

/** A model's nets for a set of pictures. */
export interface MadeNets extends AdaptedNets {
  /** Bytes that training takes for each picture of a batch, about. */
  readonly bytesPerPicture: number;
  /** Bytes that it takes for weights, about. */
  readonly bytesOfWeights: number;
  /** Whether they normalize batches. */
  readonly normalized: boolean;
  /** Layers that begin anew beside weights. */
  readonly anew: readonly string[];
}

/** A float, with its gradient. */
const BYTES_BOTH_WAYS = 2;
/** Weights, their gradients, and the solver's history. */
const COPIES_OF_WEIGHTS = 3;

/**
 * A model's nets for other classes and another size. From nothing they normalize batches; beside weights they are as the
 * weights have them, and layers that give scores, or whose weights have another shape, get new names and begin anew.
 *
 * @throws CaffeError where the size does not suit the model; FileError, FormatError where the weights cannot be read or are
 *   of another model
 */
export function makeNets(model: BaseModel, wishes: NetWishes): MadeNets {
  const { classes, size, width, suffix } = wishes;
  const weights = wishes.weights === undefined ? undefined : readWeights(wishes.weights)[0];
  const normalized =
    weights === undefined || weights.layers.some(({ name }) => name.endsWith(SCALE_SUFFIX));
  const pools = globalPools(model.deploy);
  const adaptation = { classes, size, width, normalized, pools };
  const nets = adaptModel(model, adaptation);
  using net = built(nets.trainVal, model, size);
  const anew = weights === undefined ? [] : layersAnew(net, nets.scores, weights, model);
  const summary = summarize(net);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const renamed = newNames(anew, suffix, weights);
  const made = anew.length === 0 ? nets : adaptModel(model, { ...adaptation, renamed });
  return {
    ...made,
    normalized: hasBatchNorm(made.trainVal),
    bytesPerPicture: BYTES_BOTH_WAYS * sum(summary.map(({ bytes }) => bytes)),
    bytesOfWeights: 4 * COPIES_OF_WEIGHTS * sum(summary.map(({ parameters }) => parameters)),
    anew: [...renamed.values()],
  };
}

/** The train net of one picture, unfilled. */
function built(trainVal: NetParameter, { id, input }: BaseModel, size: number): Net {
  const layer = (trainVal.layer ?? []).map(
    (one): LayerParameter =>
      isData(one) || isAnnotatedData(one)
        ? { ...one, data_param: { ...one.data_param, batch_size: 1 } }
        : one,
  );
  try {
    return new Net(withPlaceholders({ ...trainVal, layer }, {}), { phase: "TRAIN", silent: true });
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
    const why = error.message.replace(/ Expected .*/s, "");
    throw new NetError(
      `model "${id}" does not work on ${size}×${size} pixels: ${why} Expected a larger size; its own is ${input[1]}.`,
      { cause: error },
    );
  }
}

/** Names of average poolings that give one place in the model as it is: they are of all places, whatever the size. */
function globalPools(deploy: NetParameter): ReadonlySet<string> {
  const fixed = (deploy.layer ?? []).filter(
    ({ pooling_param }) => pooling_param?.pool === "AVE" && !pooling_param.global_pooling,
  );
  if (fixed.length === 0) return new Set();
  using net = new Net(withPlaceholders(deploy), { silent: true });
  const places = (name = ""): number => net.blobs.get(name)?.count(2) ?? 0;
  return new Set(
    fixed
      .filter(({ top, bottom }) => places(top?.[0]) === 1 && places(bottom?.[0]) > 1)
      .map(({ name = "" }) => name),
  );
}

/** Layers that cannot take weights over: those that give scores, and those whose weights have another shape. */
function layersAnew(
  net: Net,
  scores: ReadonlySet<string>,
  weights: TrainedWeights,
  { id }: BaseModel,
): string[] {
  const shapes = new Map(
    weights.layers.map(({ name, blobs }) => [name, blobs.map((blob) => blob?.shape ?? [])]),
  );
  const anew: string[] = [];
  let taken = 0;
  net.layers.forEach((layer, i) => {
    const name = net.layerNames[i] ?? "";
    if (layer.blobs.length === 0) return;
    const given = shapes.get(name);
    const fits =
      given?.length === layer.blobs.length &&
      layer.blobs.every(({ shape }, k) => isSameShape(shape, given[k] ?? []));
    if (scores.has(name) || (given && !fits && learns(layer.param))) anew.push(name);
    else if (fits) taken++;
    else if (given) throw otherModel(weights.source, id, `layer "${name}" has another shape there`);
  });
  if (taken > 0) return anew;
  throw otherModel(weights.source, id, "no layer takes weights from it");
}

function otherModel(source = "weights", id: string, why: string): FormatError {
  return new FormatError(
    `${source}: it is of another model than ${id}: ${why}. Expected weights of ${id}; --model names another.`,
  );
}

/** Whether shapes are the same, but for axes of 1 that old files put in front. */
function isSameShape(a: Shape, b: Shape): boolean {
  const text = (shape: Shape): string => shape.join().replace(/^(?:1,)+/, "");
  return text(a) === text(b);
}

/** New names, which the weights do not have. */
function newNames(
  anew: readonly string[],
  suffix: string,
  weights: TrainedWeights | undefined,
): Map<string, string> {
  const taken = new Set(weights?.layers.map(({ name }) => name));
  const names = new Map<string, string>();
  for (const name of anew) {
    let fresh = `${name}_${suffix}`;
    for (let i = 2; taken.has(fresh); i++) fresh = `${name}_${suffix}_${i}`;
    names.set(name, fresh);
  }
  return names;
}
