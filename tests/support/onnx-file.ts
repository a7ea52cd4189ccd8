import { encodeOnnx, type OnnxMessage } from "../../src/onnx/format/message.ts";
import { noise } from "./noise.ts";

/** A number that stands as a float, though it is whole. */
export class AsFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

type Attribute = number | string | AsFloat | readonly number[];

/** A node: operator, inputs, outputs, parameters. */
export type NodeText = readonly [
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes?: Readonly<Record<string, Attribute>>,
];

/** An array of floats, or of whole numbers. */
interface ArrayOf {
  readonly dims: readonly number[];
  readonly floats?: ArrayLike<number>;
  readonly ints?: readonly number[];
}

/** What a file of ONNX holds. */
export interface FileContent {
  /** Lengths by name; "?" where the file says nothing of them. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[] | "?">>;
  readonly outputs: readonly string[];
  readonly nodes: readonly NodeText[];
  readonly constants?: Readonly<Record<string, ArrayOf>>;
  readonly opset?: number;
}

/** Floats of noise in that shape. */
export function noisy(dims: readonly number[], seed = 1): ArrayOf {
  const count = dims.reduce((product, n) => product * n, 1);
  return { dims, floats: noise(count, seed) };
}

/** Positive floats. */
export function positive(dims: readonly number[], seed = 2): ArrayOf {
  const { floats = [] } = noisy(dims, seed);
  return { dims, floats: Array.from(floats, (value) => 0.75 + value / 4) };
}

/** A list of whole numbers. */
export function ints(...values: readonly number[]): ArrayOf {
  return { dims: [values.length], ints: values };
}

/** A single float. */
export function scalar(value: number): ArrayOf {
  return { dims: [], floats: [value] };
}

/** The bytes of a file. */
export function onnxFile(content: FileContent): Uint8Array {
  return encodeOnnx("ModelProto", modelOf(content));
}

/** The message of a file. */
export function modelOf({
  inputs,
  outputs,
  nodes,
  constants = {},
  opset = 17,
}: FileContent): OnnxMessage<"ModelProto"> {
  return {
    ir_version: 8,
    opset_import: [{ domain: "", version: opset }],
    graph: {
      name: "test",
      node: nodes.map(([op_type, input, output, attributes = {}]) => ({
        op_type,
        input,
        output,
        attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)),
      })),
      initializer: Object.entries(constants).map(([name, { dims, floats, ints: whole }]) =>
        whole
          ? { name, dims, data_type: 7, int64_data: whole }
          : { name, dims, data_type: 1, float_data: Array.from(floats ?? []) },
      ),
      input: Object.entries(inputs).map(([name, dims]) => ({
        name,
        type: {
          tensor_type: {
            elem_type: 1,
            ...(dims !== "?" && {
              shape: {
                dim: dims.map((n) => (typeof n === "number" ? { dim_value: n } : { dim_param: n })),
              },
            }),
          },
        },
      })),
      output: outputs.map((name) => ({ name, type: { tensor_type: { elem_type: 1 } } })),
    },
  };
}

function attributeOf(name: string, value: Attribute): OnnxMessage<"AttributeProto"> {
  if (value instanceof AsFloat) return { name, f: value.value, type: "FLOAT" };
  if (typeof value === "string")
    return { name, s: new TextEncoder().encode(value), type: "STRING" };
  if (typeof value !== "number") return { name, ints: value, type: "INTS" };
  return Number.isInteger(value)
    ? { name, i: value, type: "INT" }
    : { name, f: value, type: "FLOAT" };
}
