import { CaffeError } from "../../util/errors.ts";
import { recordOf } from "../../util/records.ts";
import { countOf, type Shape } from "../../util/shape.ts";

/** Floats with their shape, which may be handed from thread to thread. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array<ArrayBuffer>;
}

/** Arrays by the name of an input or output. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Tensors of the same names, each made of one. */
export function mapped(tensors: Tensors, make: (tensor: Tensor, name: string) => Tensor): Tensors {
  return recordOf(Object.entries(tensors).map(([name, one]) => [name, make(one, name)] as const));
}

/** Rows [from, from + rows) of each. */
export function cutRows(tensors: Tensors, from: number, rows: number): Tensors {
  return mapped(tensors, (tensor) => rowsOf(tensor, from, rows));
}

/** The tensor with zeros behind its rows. */
export function withRows({ shape, data }: Tensor, rows: number): Tensor {
  const [had = 0, ...rest] = shape;
  if (had === rows) return { shape, data };
  const all = new Float32Array(rows * countOf(rest));
  all.set(data);
  return { shape: [rows, ...rest], data: all };
}

/** Rows [from, from + rows) of a tensor, in memory of their own where they are not all. */
export function rowsOf({ shape, data }: Tensor, from: number, rows: number): Tensor {
  const [had = 0, ...rest] = shape;
  if (from === 0 && had === rows) return { shape, data };
  const length = countOf(rest);
  return { shape: [rows, ...rest], data: data.slice(from * length, (from + rows) * length) };
}

/** Tensors by the names of the first, each with the rows of all behind one another. */
export function joinedByName(all: readonly Tensors[]): Tensors {
  return mapped(all[0] ?? {}, (_, name) => joined(all.map((one) => one[name] as Tensor)));
}

/** Rows of several tensors behind one another. */
export function joined(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (!first) throw new CaffeError("no tensors are joined. Expected one or more.");
  if (tensors.length === 1) return first;
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let [at, rows] = [0, 0];
  for (const tensor of tensors) {
    data.set(tensor.data, at);
    at += tensor.data.length;
    rows += tensor.shape[0] ?? 0;
  }
  return { shape: [rows, ...first.shape.slice(1)], data };
}

/** The memory that tensors lie in, each once: what is handed over, not copied. */
export function memoryOf(tensors: Tensors): ArrayBuffer[] {
  const isWhole = ({ data }: Tensor): boolean => data.byteLength === data.buffer.byteLength;
  return [
    ...new Set(
      Object.values(tensors)
        .filter(isWhole)
        .map(({ data }) => data.buffer),
    ),
  ];
}
