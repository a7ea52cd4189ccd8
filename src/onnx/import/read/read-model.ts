import { checkKind } from "../../../io/files/file-kind.ts";
import { CaffeError, FormatError } from "../../../util/errors.ts";
import { decodeOnnx, elementTypeName, type OnnxMessage } from "../../format/message.ts";
import type { Constant } from "../constant.ts";
import type { AttributeValue, GraphInput, ImportGraph, ImportNode } from "../graph.ts";
import { readExternal } from "./external-data.ts";
import { type ReadOutside, readTensor } from "./read-tensor.ts";
import { sortNodes } from "./sort-nodes.ts";

/** Versions of ONNX's operators that are understood. */
const OPSETS = { least: 7, most: 21 } as const;

/** Names of ONNX's own set of operators. */
const OWN_DOMAINS = new Set(["", "ai.onnx"]);

/**
 * A file of ONNX as a graph: initialisers and inputs by name, nodes each behind those that they read.
 *
 * @param path for messages; data outside the file are sought in its folder and nowhere else
 * @throws FormatError where the bytes are no ONNX file or contradict themselves: a value that two nodes make, or none; nodes that
 *   read each other in a circle; lengths that do not fit; CaffeError where its operators are of a version that is not understood
 */
export function readModel(bytes: Uint8Array, path: string): ImportGraph {
  checkKind(bytes, path, "an ONNX file");
  return located(path, () => graphOf(decoded(bytes), readExternal(path)));
}

function decoded(bytes: Uint8Array): OnnxMessage<"ModelProto"> {
  try {
    return decodeOnnx("ModelProto", bytes);
  } catch (error) {
    throw new FormatError(
      `it is cut short, damaged, or no ONNX file (${(error as Error).message}).`,
      { cause: error },
    );
  }
}

/** Every error says which file it is about. */
function located<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
    const Class = error.constructor as new (message: string, options: ErrorOptions) => CaffeError;
    throw new Class(`"${path}": ${error.message}`, { cause: error });
  }
}

function graphOf(model: OnnxMessage<"ModelProto">, outside: ReadOutside): ImportGraph {
  const { graph } = model;
  if (!graph) throw new FormatError("it has no graph: it is cut short, or no ONNX file.");
  const opset = opsetOf(model);
  if ((model.functions ?? []).length > 0) {
    throw new CaffeError(
      "it has functions of its own. Expected plain operators: have the program that writes it inline them.",
    );
  }
  if ((graph.sparse_initializer ?? []).length > 0) {
    throw new CaffeError("it has sparse initializers. Expected dense ones.");
  }
  const constants = new Map<string, Constant>();
  for (const tensor of graph.initializer ?? []) {
    const { name = "" } = tensor;
    if (constants.has(name)) throw new FormatError(`two initializers are called "${name}".`);
    constants.set(name, readTensor(tensor, `initializer "${name}"`, outside));
  }
  // Before version 4 of the format every initializer was an input too.
  const inputs = (graph.input ?? []).filter(({ name = "" }) => !constants.has(name)).map(inputOf);
  const outputs = (graph.output ?? []).map(({ name = "" }) => name);
  if (outputs.length === 0) {
    throw new CaffeError(
      "its graph has no outputs. Expected one or more: there is nothing to compute.",
    );
  }
  const nodes = (graph.node ?? []).map((node, i) => nodeOf(node, i, outside));
  const given = [...inputs.map(({ name }) => name), ...constants.keys()];
  return {
    name: graph.name ?? "",
    opset,
    inputs,
    outputs,
    nodes: sortNodes(nodes, given, outputs),
    constants,
    shapes: new Map(),
    orders: new Map(),
  };
}

function opsetOf({ opset_import: sets = [] }: OnnxMessage<"ModelProto">): number {
  const version = sets.find(({ domain = "" }) => OWN_DOMAINS.has(domain))?.version;
  if (version === undefined) {
    throw new FormatError("it does not say which version of ONNX's operators it is of.");
  }
  if (!(version >= OPSETS.least && version <= OPSETS.most)) {
    throw new CaffeError(
      `it is of version ${version} of ONNX's operators. Expected ${OPSETS.least} to ${OPSETS.most}: export it with one of those, as opset_version=17.`,
    );
  }
  return version;
}

function inputOf({ name = "", type }: OnnxMessage<"ValueInfoProto">): GraphInput {
  const tensor = type?.tensor_type;
  if (!tensor) throw new FormatError(`input "${name}" is no array. Expected one of floats.`);
  if (!tensor.shape) return { name, dims: undefined };
  const dims = (tensor.shape.dim ?? []).map(({ dim_value: length, dim_param: symbol }) => {
    if (length === undefined || symbol) return undefined;
    if (!Number.isSafeInteger(length) || length < -1) {
      throw new FormatError(`input "${name}" has a length of ${length}. Expected 0 or more.`);
    }
    return length > 0 ? length : undefined;
  });
  return { name, dims };
}

function nodeOf(
  {
    name = "",
    op_type: type = "",
    input = [],
    output = [],
    attribute = [],
    domain = "",
  }: OnnxMessage<"NodeProto">,
  index: number,
  outside: ReadOutside,
): ImportNode {
  const own = name || output.find((one) => one !== "") || `node ${index}`;
  const attributes = new Map<string, AttributeValue>();
  for (const one of attribute) {
    const value = attributeOf(one, `node "${own}" (${type})`, outside);
    if (value !== undefined) attributes.set(one.name ?? "", value);
  }
  const isOwn = OWN_DOMAINS.has(domain);
  return {
    name: own,
    type: isOwn ? type : `${domain}.${type}`,
    inputs: input,
    outputs: output,
    attributes,
  };
}

/** The value of a parameter; undefined of a kind that no operator that has a layer takes. */
function attributeOf(
  attribute: OnnxMessage<"AttributeProto">,
  owner: string,
  outside: ReadOutside,
): AttributeValue | undefined {
  const { name = "", type } = attribute;
  const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
  if (type === "FLOAT") return attribute.f ?? 0;
  if (type === "INT") return attribute.i ?? 0;
  if (type === "STRING") return text(attribute.s);
  if (type === "FLOATS") return Array.from(attribute.floats ?? []);
  if (type === "INTS") return attribute.ints ?? [];
  if (type === "STRINGS") return (attribute.strings ?? []).map(text);
  if (type !== "TENSOR") return undefined;
  if (!attribute.t) throw new FormatError(`${owner}: ${name} has no array.`);
  if (elementTypeName(attribute.t.data_type ?? 0) === "STRING") return undefined;
  return readTensor(attribute.t, `${owner}: ${name}`, outside);
}
