import { delimited, varint } from "../../io/proto/wire.ts";
import { version } from "../../util/version.ts";
import { elementType, encodeOnnx, type OnnxMessage } from "../format/message.ts";
import { attributeProtos } from "./attributes.ts";
import type { Axis } from "./axes.ts";
import type { GraphNode } from "./graph-builder.ts";
import { irVersion } from "./operators.ts";
import { bytesIn, rawData, type Tensor } from "./tensor.ts";

/** An input or output: floats with these axes. */
export interface GraphValue {
  readonly name: string;
  readonly axes: readonly Axis[];
  /** The layer whose loss it is made for, of an output that is no blob of the net: probabilities. */
  readonly loss?: string;
}

/** All that a file of ONNX holds. */
interface ModelContent {
  readonly name: string;
  readonly opset: number;
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  readonly nodes: readonly GraphNode[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Whatever else is known, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A file to be written: its path, and its bytes in pieces. */
interface FileOfModel {
  readonly path: string;
  readonly chunks: Iterable<Uint8Array>;
}

/** Protobuf has no longer messages. */
const LARGEST = 2 ** 31 - 2 ** 20;
/** Smaller tensors stay in the file itself: readers want to know them before they open another. */
const SMALL = 1024;

/** Numbers of the fields that are written piece by piece. */
const GRAPH = 7;
const INITIALIZER = 5;
const RAW_DATA = 9;

/** A net in ONNX's form. Its weights are read when it is written, one after the other: close no net before. */
export class OnnxModel {
  readonly #content: ModelContent;

  constructor(content: ModelContent) {
    this.#content = content;
  }

  get opset(): number {
    return this.#content.opset;
  }

  get inputs(): readonly GraphValue[] {
    return this.#content.inputs;
  }

  get outputs(): readonly GraphValue[] {
    return this.#content.outputs;
  }

  /** The types of its operators, each once, in alphabetical order. */
  get operators(): readonly string[] {
    return [...new Set(this.#content.nodes.map(({ type }) => type))].sort();
  }

  /** How many bytes its constants take. */
  get weightBytes(): number {
    return [...this.#content.tensors.values()].reduce((sum, tensor) => sum + bytesIn(tensor), 0);
  }

  /** The bytes of one file, in pieces. */
  *bytes(): Generator<Uint8Array> {
    yield* this.#write(undefined);
  }

  /** The bytes of one file in one piece. */
  toBuffer(): Uint8Array {
    return new Uint8Array(Buffer.concat([...this.bytes()]));
  }

  /**
   * The files that hold it: one, or, where that would be larger than a message may be, one for the weights too, beside it. The
   * model itself comes last.
   *
   * @param largest bytes of weights that one file may hold
   */
  files(path: string, largest: number = LARGEST): FileOfModel[] {
    if (this.weightBytes <= largest) return [{ path, chunks: this.bytes() }];
    const data = `${path}.data`;
    const location = data.replace(/^.*[/\\]/s, "");
    return [
      { path: data, chunks: this.#externalData() },
      { path, chunks: this.#write(location) },
    ];
  }

  *#externalData(): Generator<Uint8Array> {
    for (const tensor of this.#content.tensors.values()) {
      if (bytesIn(tensor) > SMALL) yield rawData(tensor);
    }
  }

  *#write(location: string | undefined): Generator<Uint8Array> {
    const { name, nodes, tensors, inputs, outputs } = this.#content;
    yield encodeOnnx("ModelProto", this.#head());
    const graph = encodeOnnx("GraphProto", {
      name: name === "" ? "caffe" : name,
      node: nodes.map(nodeProto),
      input: inputs.map(valueProto),
      output: outputs.map(valueProto),
    });
    const headers: Uint8Array[] = [];
    let offset = 0;
    let total = graph.length;
    for (const [tensorName, tensor] of tensors) {
      const size = bytesIn(tensor);
      const isOutside = location !== undefined && size > SMALL;
      const header = initializerHead(
        tensorName,
        tensor,
        isOutside ? { location, offset } : undefined,
      );
      headers.push(header);
      if (isOutside) offset += size;
      total += header.length + (isOutside ? 0 : size);
    }
    yield Uint8Array.from([...varint((GRAPH << 3) | 2), ...varint(total)]);
    yield graph;
    let index = 0;
    for (const tensor of tensors.values()) {
      yield headers[index++] as Uint8Array;
      if (location === undefined || bytesIn(tensor) <= SMALL) yield rawData(tensor);
    }
  }

  #head(): OnnxMessage<"ModelProto"> {
    const { opset, metadata } = this.#content;
    return {
      ir_version: irVersion(opset),
      producer_name: "caffe-ts",
      producer_version: version,
      opset_import: [{ domain: "", version: opset }],
      metadata_props: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    };
  }
}

/** An initializer up to the elements, which follow it where they lie in the file. */
function initializerHead(
  name: string,
  tensor: Tensor,
  outside: { readonly location: string; readonly offset: number } | undefined,
): Uint8Array {
  const size = bytesIn(tensor);
  const head = encodeOnnx("TensorProto", {
    name,
    dims: tensor.dims,
    data_type: elementType(tensor.type),
    ...(outside && {
      data_location: "EXTERNAL",
      external_data: [
        { key: "location", value: outside.location },
        { key: "offset", value: String(outside.offset) },
        { key: "length", value: String(size) },
      ],
    }),
  });
  if (outside) return joined(delimited(INITIALIZER, [head]));
  const raw = [...varint((RAW_DATA << 3) | 2), ...varint(size)];
  const length = head.length + raw.length + size;
  const tag = [...varint((INITIALIZER << 3) | 2), ...varint(length)];
  return joined([Uint8Array.from(tag), head, Uint8Array.from(raw)]);
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

function nodeProto({
  name,
  type,
  inputs,
  outputs,
  attributes,
}: GraphNode): OnnxMessage<"NodeProto"> {
  return {
    name,
    op_type: type,
    input: inputs,
    output: outputs,
    attribute: attributeProtos(attributes),
  };
}

function valueProto({ name, axes }: GraphValue): OnnxMessage<"ValueInfoProto"> {
  const dim = axes.map((axis) =>
    typeof axis === "number" ? { dim_value: axis } : { dim_param: axis.symbol },
  );
  return { name, type: { tensor_type: { elem_type: elementType("FLOAT"), shape: { dim } } } };
}
