import type { LayerParameter, NetParameter } from "../../../src/io/proto/caffe.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import { Random } from "../../../src/util/random.ts";
import { countOf, type Shape } from "../../../src/util/shape.ts";
import type { FuzzCase, Given, Pass } from "./fuzz-case.ts";
import { phrases, recipes } from "./recipes.ts";
import { Sketch, type SketchedInput } from "./sketch.ts";
import { drawValues } from "./values.ts";

const types = Object.keys(recipes).sort();
const registry = new LayerRegistry();

/** The `number`-th net of a seed: the same on every machine, whichever others are drawn. */
export function drawCase(seed: number, number: number): FuzzCase {
  const random = new Random(seed, "net", number);
  const phase = random.bernoulli(0.75) ? "TRAIN" : "TEST";
  const sketch = new Sketch(random, phase);
  for (let left = sketch.int(1, 8); left > 0; left--) {
    if (sketch.chance(0.2)) drawPhrase(sketch);
    else if (sketch.chance(0.1)) sketch.repeat();
    else sketch.draw(sketch.pick(...types));
  }
  finish(sketch);
  const param: NetParameter = {
    name: `fuzz_${seed}_${number}`,
    ...(sketch.chance(0.7) && { force_backward: true }),
    layer: sketch.layers,
  };
  return { seed, phase, param, passes: drawPasses(sketch) };
}

function drawPhrase(sketch: Sketch): void {
  const [first = "", ...others] = sketch.pick(...phrases);
  let tops = sketch.draw(first);
  for (const type of others) {
    const [top] = tops ?? [];
    if (!top) return;
    tops = sketch.draw(type, top, sketch.chance(0.9));
  }
}

/** What any layer may have: weights in the objective, gradients that are not wanted. */
function finish(sketch: Sketch): void {
  const { layers } = sketch;
  const read = new Set(layers.flatMap(({ bottom = [] }) => bottom));
  const overwritten = new Set(
    layers.flatMap(({ bottom, top }) => (bottom?.[0] === top?.[0] ? (top ?? []) : [])),
  );
  layers.forEach((layer, i) => {
    if (layer.type === "Input") return;
    const { top = [], bottom = [], type = "" } = layer;
    const { isLoss } = registry.classOf(layer);
    const weights = top.map((name) => {
      const isOutput = !read.has(name);
      const probability = isOutput ? 0.6 : overwritten.has(name) ? 0 : 0.05;
      return sketch.chance(isLoss ? 0.5 : probability)
        ? sketch.pick(1, 1, 0.5, 2, -1, 3)
        : undefined;
    });
    const more: { -readonly [K in keyof LayerParameter]: LayerParameter[K] } = {};
    if (weights.some((weight) => weight !== undefined)) {
      more.loss_weight = weights.map((weight) => weight ?? 0);
    }
    if (bottom.length > 0 && sketch.chance(0.08)) {
      more.propagate_down = bottom.map(() => sketch.chance(0.5));
    }
    if (recipes[type]?.hasParameters && bottom.length < 2 && !layer.param && sketch.chance(0.15)) {
      more.param = [{ lr_mult: sketch.pick(0, 1, 2) }];
    }
    layers[i] = { ...layer, ...more };
  });
}

/** One to three passes; later ones may have another batch, other images, and add to the gradients there are. */
function drawPasses(sketch: Sketch): Pass[] {
  const passes: Pass[] = [];
  for (let left = sketch.pick(1, 2, 2, 3), n = 0; n < left; n++) {
    const reshape = n > 0 && sketch.chance(0.3) ? drawReshape(sketch) : same;
    const inputs = sketch.inputs.map((input) => [input.name, given(input, reshape, sketch.random)]);
    passes.push({
      inputs: Object.fromEntries(inputs) as Record<string, Given>,
      accumulates: n > 0 && sketch.chance(0.5),
    });
  }
  return passes;
}

const same = (shape: Shape): Shape => shape;

function drawReshape(sketch: Sketch): (shape: Shape) => Shape {
  if (sketch.chance(0.6)) {
    const batch = sketch.pick(0, 1, 2, 3, 5);
    return (shape) => (shape[0] === sketch.batch ? shape.with(0, batch) : shape);
  }
  const by = sketch.pick(-1, 1, 2);
  return (shape) =>
    shape.map((length, axis) => (axis >= 2 ? Math.max(length === 0 ? 0 : 1, length + by) : length));
}

function given(input: SketchedInput, reshape: (shape: Shape) => Shape, random: Random): Given {
  const shape = reshape(input.shape);
  return { shape, values: drawValues(input.kind, countOf(shape), random) };
}
