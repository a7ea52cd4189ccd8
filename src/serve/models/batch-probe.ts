import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import { recordOf } from "../../util/records.ts";
import { countOf, shapeText } from "../../util/shape.ts";
import type { BatchNets } from "./batch-nets.ts";
import { joinedByName, rowsOf, type Tensor, type Tensors } from "./tensors.ts";

/** By how much rows that run together may differ from those that run alone: another order of sums. */
const TOLERANCE = 1e-3;

/** How often it is looked whether the same rows give the same bits. */
const SETTLING = 4;

/**
 * Finds out by three passes whether rows can run together: two rows alone, and both at once, have to give the same.
 * A Reshape with a fixed first axis, boxes of a whole batch, statistics over a batch, and steps of time do not. Where a net makes
 * much of how sums are rounded (scores of thousands before a Softmax), more passes tell: what a row gives has to stay, to the bit, when
 * the one beside it is another.
 *
 * @returns why rows cannot be joined; undefined where they can
 */
export async function whyAlone(
  net: Net,
  nets: Pick<BatchNets, "run">,
): Promise<string | undefined> {
  const shapes = net.inputs.map((name) => net.blob(name).shape);
  if (shapes.length === 0) return "the net has no inputs";
  if (shapes.some((shape) => shape.length === 0)) return "an input has no axes";
  const counts = new Set(shapes.map(([count]) => count));
  if (counts.size > 1) return `inputs have ${[...counts].join(" and ")} rows`;
  try {
    const rows = [1, 2, 3].map((seed) => drawnRow(net, seed));
    const [first, second, other] = rows as [Tensors, Tensors, Tensors];
    const both = (a: Tensors, b: Tensors): Promise<Tensors> => nets.run(joinedByName([a, b]), 2);
    const apart = [await nets.run(first, 1), await nets.run(second, 1)];
    const together = await both(first, second);
    const unlike: string[] = [];
    for (const [name, tensor] of Object.entries(together)) {
      const alone = apart.map((outputs) => outputs[name] as Tensor);
      if (tensor.shape[0] !== 2 || alone.some(({ shape }) => shape[0] !== 1)) {
        return `output "${name}" of two rows has shape ${shapeText(tensor.shape)}`;
      }
      const isLike = alone.every(({ data }, row) => areEqual(rowOf(together, name, row), data));
      if (!isLike) unlike.push(name);
    }
    if (unlike.length === 0) return undefined;
    for (let time = 0; time < SETTLING; time++) {
      const before = await both(first, second);
      const beside = [await both(first, other), await both(other, second)];
      const after = await both(first, second);
      const differs = (others: readonly Tensors[]): string | undefined =>
        unlike.find((name) =>
          others.some(
            (outputs, row) => !areSame(rowOf(before, name, row), rowOf(outputs, name, row)),
          ),
        );
      // An engine that still tries one algorithm after another rounds otherwise each time.
      if (differs([after, after]) !== undefined) continue;
      const name = differs(beside);
      return name === undefined ? undefined : `output "${name}" of a row depends on the other rows`;
    }
    return `output "${unlike[0]}" of the same rows is another each time`;
  } catch (error) {
    if (error instanceof CaffeError) return error.message;
    throw error;
  }
}

/** Numbers from 0 to 1 for each input, the same each time. */
function drawnRow(net: Net, seed: number): Tensors {
  return recordOf(
    net.inputs.map((name) => {
      const [, ...rest] = net.blob(name).shape;
      const data = Float32Array.from({ length: countOf(rest) }, (_, i) => {
        return (Math.imul(i + seed * 7919, 0x9e3779b1) >>> 8) / 2 ** 24;
      });
      return [name, { shape: [1, ...rest], data }];
    }),
  );
}

function rowOf(outputs: Tensors, name: string, row: number): Float32Array {
  return rowsOf(outputs[name] as Tensor, row, 1).data;
}

/** To the bit. */
function areSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/** Up to another order of sums. */
function areEqual(a: Float32Array, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  const size = a.reduce((max, value) => Math.max(max, Math.abs(value) || 0), 0);
  const most = Math.min(TOLERANCE * Math.max(size, Number.MIN_VALUE), Number.MAX_VALUE);
  return a.every((value, i) => {
    const other = b[i] ?? 0;
    return Object.is(value, other) || Math.abs(value - other) <= most;
  });
}
