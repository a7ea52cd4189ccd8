import type { LayerParameter, NetParameter } from "../../src/io/proto/caffe.ts";
import { LayerRegistry } from "../../src/layers/registry.ts";

/** Channels and sides to try where a file does not say them, besides what its names suggest. */
const CHANNELS = [1, 3, 2, 6];
const SIDES = [224, 256, 28, 32, 64, 128];

/** A shape to try: channels and side of images, each where a file does not say it. */
export interface Guess {
  readonly channels?: number;
  readonly side?: number;
}

const registry = new LayerRegistry();

/** Whether the net waits for data that is not there. */
export function hasSource(param: NetParameter): boolean {
  return (param.layer ?? []).some(isSource);
}

/** A layer whose data is elsewhere: one that reads it, or a user's that has tops alone. */
function isSource({ type = "", bottom = [], top = [] }: LayerParameter): boolean {
  const isAway = registry.get(type)?.role === "source" || type === "Python";
  return isAway && bottom.length === 0 && top.length > 0;
}

/** The blobs that a source makes, by name. */
export function sourceTops(param: NetParameter): ReadonlySet<string> {
  return new Set((param.layer ?? []).filter(isSource).flatMap(({ top = [] }) => top));
}

/** Shapes to try, most likely first. */
export function* guesses(param: NetParameter): Generator<Guess> {
  yield {};
  if (!hasSource(param)) return;
  for (const size of [{}, ...SIDES.map((side) => ({ side }))]) {
    for (const channels of CHANNELS) yield { channels, ...size };
  }
}

/**
 * The net with an Input in the place of every layer that reads data, small batches, and weights that are not
 * filled at random: what is needed to see whether it can be built.
 *
 * @param known dims of blobs whose shape has been learnt
 */
export function standIn(
  param: NetParameter,
  guess: Guess,
  known: ReadonlyMap<string, readonly number[]>,
): NetParameter {
  return {
    ...param,
    layer: (param.layer ?? []).map((layer) =>
      withoutFillers(isSource(layer) ? input(layer, guess, known) : layer),
    ),
  };
}

function input(
  layer: LayerParameter,
  guess: Guess,
  known: ReadonlyMap<string, readonly number[]>,
): LayerParameter {
  checkTops(layer);
  const { top = [], name = "", include, exclude, phase } = layer;
  const shape = top.map((blob, i) => ({ dim: known.get(blob) ?? shapeOf(layer, blob, i, guess) }));
  return {
    name,
    type: "Input",
    top,
    ...(include && { include }),
    ...(exclude && { exclude }),
    ...(phase && { phase }),
    input_param: { shape },
  };
}

/** What the Net would say of a layer that is not there to be asked. */
function checkTops(layer: LayerParameter): void {
  const { min, max } = registry.classOf(layer).tops;
  const count = layer.top?.length ?? 0;
  if (count >= min && count <= max) return;
  throw new Error(
    `layer "${layer.name}" (${layer.type}): ${layer.type} Layer produces ${min === max ? min : `${min} to ${max}`} top blob(s) as output, not ${count}.`,
  );
}

function shapeOf(layer: LayerParameter, blob: string, i: number, guess: Guess): readonly number[] {
  const told = registry.classOf(layer).topShape(layer, i);
  if (told && i > 0) return [Math.min(told[0] ?? 1, 2), ...told.slice(1)];
  if (told) return [Math.min(told[0] ?? 1, 2), guess.channels ?? told[1] ?? 1, ...told.slice(2)];
  const batch = batchOf(layer);
  const isLabel = /label/i.test(blob) || (i > 0 && layer.type !== "Python");
  if (isLabel) return [batch];
  const { memory_data_param: memory, transform_param: transform } = layer;
  if (memory) return [batch, memory.channels ?? 1, memory.height ?? 1, memory.width ?? 1];
  const image = layer.image_data_param ?? {};
  const given = transform?.crop_size || layer.data_param?.crop_size || image.new_height;
  const side = given || guess.side || sideOf(layer);
  const isGrey =
    image.is_color === false || side === 28 || (transform?.mean_value ?? []).length === 1;
  return [
    batch,
    guess.channels ?? (isGrey ? 1 : 3),
    side,
    image.new_width && !transform?.crop_size ? image.new_width : side,
  ];
}

/** The side of the images, from the name of the database. */
function sideOf(layer: LayerParameter): number {
  const source = layer.data_param?.source ?? layer.hdf5_data_param?.source ?? "";
  if (/mnist/i.test(source)) return 28;
  if (/cifar/i.test(source)) return 32;
  return 224;
}

function batchOf(layer: LayerParameter): number {
  const given =
    layer.data_param?.batch_size ??
    layer.image_data_param?.batch_size ??
    layer.memory_data_param?.batch_size ??
    layer.window_data_param?.batch_size ??
    layer.hdf5_data_param?.batch_size;
  return Math.min(given ?? 1, 2);
}

/** Random weights take the time, and their values do not matter here. */
function withoutFillers(layer: LayerParameter): LayerParameter {
  const plain: Record<string, unknown> = { ...layer };
  for (const [key, value] of Object.entries(layer)) {
    if (!key.endsWith("_param") || typeof value !== "object") continue;
    plain[key] = Object.fromEntries(
      Object.entries(value).filter(([field]) => !/^(weight_|bias_|data_)?filler$/.test(field)),
    );
  }
  return plain;
}
