import type { LayerParameter } from "../../../src/io/proto/caffe.ts";
import { countOf, type Shape } from "../../../src/util/shape.ts";
import type { FuzzCase, Given, Pass } from "./fuzz-case.ts";
import type { Outcome } from "./run-case.ts";
import { inputLayer } from "./sketch.ts";

/** Whether a simpler case goes wrong in the same way. */
export type StillFails = (simpler: FuzzCase) => Promise<boolean>;

/** How many simpler cases are tried. */
const MOST_TRIES = 600;

/**
 * Makes a case smaller while it goes wrong in the same way: fewer passes and layers, smaller shapes, fewer fields,
 * plainer numbers.
 *
 * @param outcomeOf what a case computes: what a layer made becomes an input when the layer goes
 */
export async function minimise(
  fuzzCase: FuzzCase,
  stillFails: StillFails,
  outcomeOf: (fuzzCase: FuzzCase) => Promise<Outcome>,
): Promise<FuzzCase> {
  let best = fuzzCase;
  let tries = 0;
  for (let hasChanged = true; hasChanged; ) {
    hasChanged = false;
    for (const way of [withoutPasses, withoutLayers, withoutFields, smaller, plainer]) {
      // A list goes on behind what was taken: what stood before it has been tried.
      for (let at = 0; ; ) {
        const simpler = await nextOf(way, best, at, outcomeOf);
        if (!simpler || tries++ > MOST_TRIES) break;
        if (await stillFails(simpler)) {
          best = simpler;
          hasChanged = true;
        } else at++;
      }
    }
  }
  return best;
}

type Candidates = (fuzzCase: FuzzCase, outcome: () => Promise<Outcome>) => AsyncIterable<FuzzCase>;

async function nextOf(
  candidates: Candidates,
  fuzzCase: FuzzCase,
  at: number,
  outcomeOf: (fuzzCase: FuzzCase) => Promise<Outcome>,
): Promise<FuzzCase | undefined> {
  let i = 0;
  for await (const one of candidates(fuzzCase, () => outcomeOf(fuzzCase))) {
    if (i++ === at) return one;
  }
  return undefined;
}

async function* withoutPasses(fuzzCase: FuzzCase): AsyncIterable<FuzzCase> {
  const passes = [...fuzzCase.passes];
  for (const i of passes.keys()) {
    if (passes.length > 1) yield { ...fuzzCase, passes: passes.toSpliced(i, 1) };
    const pass = passes[i];
    if (!pass?.accumulates) continue;
    yield { ...fuzzCase, passes: passes.with(i, { ...pass, accumulates: false }) };
  }
}

async function* withoutLayers(
  fuzzCase: FuzzCase,
  outcome: () => Promise<Outcome>,
): AsyncIterable<FuzzCase> {
  const layers = fuzzCase.param.layer ?? [];
  for (const [i, { type, top = [], bottom = [] }] of [...layers.entries()].reverse()) {
    const isRead = layers
      .slice(i + 1)
      .some((later) => later.bottom?.some((name) => top.includes(name)));
    if (!isRead) yield withLayers(fuzzCase, layers.toSpliced(i, 1));
    if (type === "Input" || !isRead) continue;
    // What read its top reads its bottom.
    const [from = "", to] = [top[0], bottom[0]];
    if (to === from) yield withLayers(fuzzCase, layers.toSpliced(i, 1));
    else if (to !== undefined) {
      const later = layers.slice(i + 1).map((layer) => renamed(layer, from, to));
      yield withLayers(fuzzCase, [...layers.slice(0, i), ...later]);
    }
    // Its top becomes an input of the same values.
    const { passes } = await outcome();
    const known = top.map((name) => ({
      name,
      values: passes.map((pass) => pass.get(`data ${name}`)),
    }));
    if (top.includes(to ?? "") || known.some(({ values }) => values.some((one) => !one))) continue;
    const inputs = known.map(({ name, values }) => ({
      name,
      given: values.map(
        (one): Given => ({
          shape: one?.shape ?? [],
          values: Array.from(one?.values ?? [], Math.fround),
        }),
      ),
    }));
    const sources = inputs.map(({ name, given }) =>
      inputLayer({ name, shape: given[0]?.shape ?? [] }),
    );
    const fed = fuzzCase.passes.map(
      (pass, n): Pass => ({
        ...pass,
        inputs: {
          ...pass.inputs,
          ...Object.fromEntries(
            inputs.flatMap(({ name, given }) => (given[n] ? [[name, given[n]]] : [])),
          ),
        },
      }),
    );
    yield withLayers({ ...fuzzCase, passes: fed }, layers.toSpliced(i, 1, ...sources));
  }
}

/** The net of those layers, and inputs for no others. */
function withLayers(fuzzCase: FuzzCase, layer: readonly LayerParameter[]): FuzzCase {
  const inputs = new Set(layer.filter(({ type }) => type === "Input").map(({ name }) => name));
  const passes = fuzzCase.passes.map((pass) => ({
    ...pass,
    inputs: Object.fromEntries(Object.entries(pass.inputs).filter(([name]) => inputs.has(name))),
  }));
  return { ...fuzzCase, param: { ...fuzzCase.param, layer }, passes };
}

function renamed(layer: LayerParameter, from: string, to: string): LayerParameter {
  const rename = (names: readonly string[] = []): string[] =>
    names.map((name) => (name === from ? to : name));
  return { ...layer, bottom: rename(layer.bottom), top: rename(layer.top) };
}

/** Of a layer these say what it is. */
const KEPT = new Set(["name", "type", "bottom", "top", "input_param"]);

async function* withoutFields(fuzzCase: FuzzCase): AsyncIterable<FuzzCase> {
  const { param } = fuzzCase;
  if (param.force_backward) {
    const { force_backward: _, ...rest } = param;
    yield { ...fuzzCase, param: rest };
  }
  const layers = param.layer ?? [];
  for (const [i, layer] of layers.entries()) {
    const replaced = (one: object): FuzzCase => ({
      ...fuzzCase,
      param: { ...param, layer: layers.with(i, one as LayerParameter) },
    });
    for (const [key, value] of Object.entries(layer)) {
      if (KEPT.has(key)) continue;
      yield replaced(without(layer, key));
      if (Array.isArray(value) || typeof value !== "object") continue;
      for (const inner of Object.keys(value as object)) {
        yield replaced({ ...layer, [key]: without(value as object, inner) });
      }
    }
  }
}

function without(message: object, key: string): object {
  return Object.fromEntries(Object.entries(message).filter(([one]) => one !== key));
}

/** Shorter axes: one axis of one input, or that axis of all inputs that have the same length there. */
async function* smaller(fuzzCase: FuzzCase): AsyncIterable<FuzzCase> {
  const inputs = Object.entries(fuzzCase.passes[0]?.inputs ?? {});
  for (const [name, { shape }] of inputs) {
    for (const [axis, length] of shape.entries()) {
      for (const shorter of [1, length >> 1, length - 1]) {
        if (shorter < 1 || shorter >= length) continue;
        yield cut(fuzzCase, (one) => one === name, axis, length, shorter);
        yield cut(fuzzCase, () => true, axis, length, shorter);
      }
    }
  }
}

function cut(
  fuzzCase: FuzzCase,
  isMeant: (name: string) => boolean,
  axis: number,
  length: number,
  shorter: number,
): FuzzCase {
  const passes = fuzzCase.passes.map((pass) => ({
    ...pass,
    inputs: Object.fromEntries(
      Object.entries(pass.inputs).map(([name, given]) => [
        name,
        isMeant(name) && given.shape[axis] === length ? cutGiven(given, axis, shorter) : given,
      ]),
    ),
  }));
  const layer = (fuzzCase.param.layer ?? []).map((one) => {
    const given = passes[0]?.inputs[one.name ?? ""];
    return one.type === "Input" && given
      ? inputLayer({ name: one.name ?? "", shape: given.shape })
      : one;
  });
  return { ...fuzzCase, param: { ...fuzzCase.param, layer }, passes };
}

function cutGiven({ shape, values }: Given, axis: number, shorter: number): Given {
  const [before, length, after] = [
    countOf(shape, 0, axis),
    shape[axis] ?? 1,
    countOf(shape, axis + 1),
  ];
  const kept: number[] = [];
  for (let i = 0; i < before; i++) {
    const start = i * length * after;
    kept.push(...values.slice(start, start + shorter * after));
  }
  return { shape: (shape as number[]).with(axis, shorter) as Shape, values: kept };
}

const plain: readonly ((x: number) => number)[] = [
  () => 0,
  () => 1,
  Math.round,
  (x) => Math.fround(Number(x.toPrecision(1))),
];

async function* plainer(fuzzCase: FuzzCase): AsyncIterable<FuzzCase> {
  for (const name of Object.keys(fuzzCase.passes[0]?.inputs ?? {})) {
    for (const [i, change] of plain.entries()) {
      const given = fuzzCase.passes.map((pass) => pass.inputs[name]?.values ?? []);
      // What is as plain as that already stays.
      if (plain.slice(0, i + 1).some((one) => given.flat().every((x) => Object.is(one(x), x))))
        break;
      const passes = fuzzCase.passes.map((pass) => {
        const { shape = [], values = [] } = pass.inputs[name] ?? {};
        return {
          ...pass,
          inputs: { ...pass.inputs, [name]: { shape, values: values.map(change) } },
        };
      });
      yield { ...fuzzCase, passes };
    }
  }
}
