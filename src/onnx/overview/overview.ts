import { readBytes } from "../../io/files/read-file.ts";
import { CaffeError, FormatError } from "../../util/errors.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import { decodeOnnx, elementTypeName, type OnnxMessage } from "../format/message.ts";
import { infer } from "../import/fold/infer.ts";
import { setInputShapes } from "../import/input-shapes.ts";
import { readModel } from "../import/read/read-model.ts";
import { detailsOf } from "./node-details.ts";

/** A value of a graph: its name, its element type, and its axes, each a length or a name. */
export interface OverviewValue {
  readonly name: string;
  readonly type: string;
  /** Undefined where nothing tells how many there are. */
  readonly axes: readonly (number | string)[] | undefined;
}

/** One application of an operator. */
interface OverviewNode {
  readonly name: string;
  readonly type: string;
  /** Values that it reads and other nodes make, or the graph is given. */
  readonly inputs: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly shape: Shape | undefined }[];
  /** Elements of the weights that it is the first to read. */
  readonly parameters: number;
  /** Multiplications, each with an addition, where its shapes are known and it weighs sums. */
  readonly macs: number;
  /** What a person wants to know of its parameters: `3×3, 64 outputs`, `stride 2`. */
  readonly details: readonly string[];
}

/** What a file of ONNX holds, to look at. */
export interface Overview {
  readonly name: string;
  readonly irVersion: number;
  readonly producer: string;
  /** Versions of sets of operators; the name of ONNX's own is empty. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputs: readonly OverviewValue[];
  readonly outputs: readonly OverviewValue[];
  readonly nodes: readonly OverviewNode[];
  /** Shapes of the inputs that the nodes' shapes follow from. */
  readonly assumed: Readonly<Record<string, Shape>>;
}

/** What stands for an open length in images, so that shapes can be shown. */
const SIDE = 224;

/**
 * Looks into a file of ONNX, of whatever program; nothing runs.
 *
 * @param shapes of inputs, where the file leaves lengths open: a batch is 1 by default, and height and width 224
 * @throws FileError where the file cannot be read; FormatError where it is damaged, or no such file; CaffeError where `shapes` do
 *   not fit it
 */
export function readOverview(path: string, shapes: Readonly<Record<string, Shape>> = {}): Overview {
  const bytes = readBytes(path, "ONNX file");
  const known = shapesIn(bytes, path, shapes);
  const model = decodeOnnx("ModelProto", bytes);
  const { graph = {} } = model;
  const constants = new Map<string, number>();
  for (const tensor of graph.initializer ?? []) {
    constants.set(tensor.name ?? "", weightsIn(tensor));
  }
  /** Constants under other names: PyTorch gives weights that are there twice one more. */
  const aliases = new Map<string, string>();
  for (const { op_type, output: [name = ""] = [], input = [], attribute = [] } of graph.node ??
    []) {
    if (op_type === "Constant") constants.set(name, weightsIn(attribute[0]?.t ?? {}));
    const [only = ""] = input;
    if (op_type === "Identity" && constants.has(aliases.get(only) ?? only)) {
      aliases.set(name, aliases.get(only) ?? only);
    }
  }
  const told = new Map<string, Shape>(known?.shapes);
  for (const { name = "", type } of graph.value_info ?? []) {
    const axes = axesOf(type);
    if (!told.has(name) && axes?.every((axis) => typeof axis === "number")) {
      told.set(name, axes as Shape);
    }
  }
  const counted = new Set<string>();
  const nodes = (graph.node ?? [])
    .filter(({ op_type, output = [] }) => op_type !== "Constant" && !aliases.has(output[0] ?? ""))
    .map((node, i) => {
      const input = (node.input ?? []).map((name) => aliases.get(name) ?? name);
      return nodeOf({ ...node, input }, i, { constants, shapes: told, counted });
    });
  return {
    name: graph.name ?? "",
    irVersion: model.ir_version ?? 0,
    producer: [model.producer_name, model.producer_version].filter(Boolean).join(" "),
    opsets: Object.fromEntries(
      (model.opset_import ?? []).map(({ domain = "", version = 0 }) => [domain, version]),
    ),
    metadata: Object.fromEntries(
      (model.metadata_props ?? []).map(({ key = "", value = "" }) => [key, value]),
    ),
    inputs: (graph.input ?? []).filter(({ name = "" }) => !constants.has(name)).map(toldOf),
    outputs: (graph.output ?? []).map(toldOf),
    nodes,
    assumed: known?.assumed ?? {},
  };
}

/** The shapes of values that follow from those of inputs; undefined where the file has what only its program understands. */
function shapesIn(
  bytes: Uint8Array,
  path: string,
  wanted: Readonly<Record<string, Shape>>,
):
  | { readonly shapes: ReadonlyMap<string, Shape>; readonly assumed: Record<string, Shape> }
  | undefined {
  try {
    const graph = readModel(bytes, path);
    const assumed = Object.fromEntries(
      graph.inputs.flatMap(({ name, dims }) => {
        const shape = wanted[name] ?? dims?.map((length, axis) => length ?? (axis > 1 ? SIDE : 1));
        return shape ? [[name, shape] as const] : [];
      }),
    );
    setInputShapes(graph, { ...assumed, ...wanted }, undefined);
    infer(graph);
    return { shapes: graph.shapes, assumed };
  } catch (error) {
    if (error instanceof FormatError || !(error instanceof CaffeError)) throw error;
    if (Object.keys(wanted).length > 0) throw error;
    return undefined;
  }
}

interface Surroundings {
  /** Weights in constants by name. */
  readonly constants: ReadonlyMap<string, number>;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Constants that a node has been told to have. */
  readonly counted: Set<string>;
}

/** Types of what is no weight: lengths, axes, truths, and texts. */
const NO_WEIGHTS: readonly string[] = ["INT64", "INT32", "BOOL", "STRING"];

function weightsIn({ dims = [], data_type = 0 }: OnnxMessage<"TensorProto">): number {
  return NO_WEIGHTS.includes(elementTypeName(data_type)) ? 0 : countOf(dims);
}

function nodeOf(
  node: OnnxMessage<"NodeProto">,
  index: number,
  { constants, shapes, counted }: Surroundings,
): OverviewNode {
  const { name = "", op_type = "", domain = "", input = [], output = [] } = node;
  const type = ["", "ai.onnx"].includes(domain) ? op_type : `${domain}.${op_type}`;
  let parameters = 0;
  for (const one of input) {
    if (counted.has(one)) continue;
    counted.add(one);
    parameters += constants.get(one) ?? 0;
  }
  const made = output.filter((one) => one !== "");
  return {
    name: name || made[0] || `node ${index}`,
    type,
    inputs: input.filter((one) => one !== "" && !constants.has(one)),
    outputs: made.map((one) => ({ name: one, shape: shapes.get(one) })),
    parameters,
    macs: macsOf(
      type,
      input.map((one) => shapes.get(one)),
      shapes.get(made[0] ?? ""),
    ),
    details: detailsOf(node, shapes.get(input[1] ?? "")),
  };
}

function macsOf(
  type: string,
  [x, w]: readonly (Shape | undefined)[],
  y: Shape | undefined,
): number {
  if (!x || !w || !y) return 0;
  if (type === "Conv") return countOf(y) * countOf(w, 1);
  if (type === "ConvTranspose") return countOf(x) * countOf(w, 1);
  const inner = countOf(x) === 0 ? 0 : countOf(x) / Math.max(1, countOf(y, 0, y.length - 1));
  return type === "Gemm" || type === "MatMul" ? countOf(y) * inner : 0;
}

function toldOf({ name = "", type }: OnnxMessage<"ValueInfoProto">): OverviewValue {
  const tensor = type?.tensor_type;
  return {
    name,
    type: tensor ? elementTypeName(tensor.elem_type ?? 0).toLowerCase() : "no array",
    axes: axesOf(type),
  };
}

function axesOf(type: OnnxMessage<"TypeProto"> | undefined): (number | string)[] | undefined {
  const { shape } = type?.tensor_type ?? {};
  return (
    shape && (shape.dim ?? []).map(({ dim_value, dim_param }) => dim_param || (dim_value ?? "?"))
  );
}
