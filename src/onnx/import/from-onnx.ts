import { basename } from "node:path";
import { readBytes } from "../../io/files/read-file.ts";
import type { BlobProto, LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import { encodeCaffemodel } from "../../io/weights/caffemodel.ts";
import type { TrainedWeights } from "../../net/weights/trained-weights.ts";
import { checkOptions, type OptionNames } from "../../util/options.ts";
import type { Shape } from "../../util/shape.ts";
import { infer } from "./fold/infer.ts";
import type { ImportGraph } from "./graph.ts";
import { setInputShapes } from "./input-shapes.ts";
import { plainName } from "./names.ts";
import { inPlace, renameBlobs } from "./nets/blob-names.ts";
import { checkNet, deployNet, type NetEnd } from "./nets/deploy.ts";
import { commentedNet } from "./nets/prototxt-text.ts";
import { trainValNet } from "./nets/train-val.ts";
import { sinkTransposes } from "./passes/layout.ts";
import { simplify } from "./passes/passes.ts";
import { readModel } from "./read/read-model.ts";
import { type ImportedLayer, translate } from "./translate/translator.ts";

/** How a file of ONNX is read. */
export interface ImportOptions {
  /** Samples of a batch; as the file says by default, and 1 where it leaves that open. */
  readonly batch?: number;
  /** Shapes of inputs by their names, in place of the file's. */
  readonly shapes?: Readonly<Record<string, Shape>>;
}

const importOptions: OptionNames<ImportOptions> = { batch: true, shapes: true };

/**
 * A net from a file of ONNX.
 *
 *     const imported = fromOnnx("net.onnx");
 *     const net = new Net(imported.deploy, { phase: "TEST", weights: imported.weights });
 *
 * @throws FileError, FormatError where the file cannot be read or contradicts itself; CaffeError that names every node which no
 *   layer does the work of, with its neighbours
 */
export function fromOnnx(path: string, options: ImportOptions = {}): ImportedNet {
  checkOptions("fromOnnx", options, importOptions);
  return importModel(readBytes(path, "ONNX file"), path, options);
}

/** As `fromOnnx`, of the file's bytes; `path` is for messages, and data outside are sought beside it. */
export function importModel(
  bytes: Uint8Array,
  path: string,
  { batch, shapes = {} }: ImportOptions = {},
): ImportedNet {
  const graph = readModel(bytes, path);
  setInputShapes(graph, shapes, batch);
  infer(graph);
  sinkTransposes(graph);
  const unknown = infer(graph);
  simplify(graph);
  const { layers, outputs } = translate(graph, unknown);
  return new ImportedNet(path, graph, layers, outputs);
}

function endOf(graph: ImportGraph, name: string, blob: string): NetEnd {
  const order = graph.orders.get(name);
  return { name, blob, shape: graph.shapes.get(name) ?? [], ...(order && { order }) };
}

/** A net that a file of ONNX has become. */
export class ImportedNet {
  /** The net for use. */
  readonly deploy: NetParameter;
  /** The net for training, with a loss; undefined where no output is one of scores of classes. */
  readonly trainVal: NetParameter | undefined;
  readonly inputs: readonly NetEnd[];
  readonly outputs: readonly NetEnd[];
  readonly #path: string;
  readonly #opset: number;
  readonly #layers: readonly ImportedLayer[];

  constructor(
    path: string,
    graph: ImportGraph,
    layers: readonly ImportedLayer[],
    outputs: readonly string[],
  ) {
    this.#path = path;
    this.#opset = graph.opset;
    const read = new Set(layers.flatMap(({ param }) => param.bottom ?? []));
    this.inputs = graph.inputs
      .map(({ name }) => endOf(graph, name, plainName(name)))
      .filter(({ blob }) => read.has(blob) || outputs.includes(blob));
    const inputs = new Set(this.inputs.map(({ blob }) => blob));
    const names = new Map(
      graph.outputs.map((name, i) => [outputs[i] as string, plainName(name)] as const),
    );
    for (const name of inputs) names.delete(name);
    this.outputs = graph.outputs.map((name, i) => {
      const blob = outputs[i] as string;
      return endOf(graph, name, names.get(blob) ?? blob);
    });
    const kept = new Set([...inputs, ...this.outputs.map(({ blob }) => blob)]);
    this.#layers = inPlace(renameBlobs(layers, names), kept);
    const name = plainName(graph.name) || "net";
    this.deploy = deployNet(name, this.inputs, this.#layers);
    checkNet(this.deploy, this.outputs);
    this.trainVal = trainValNet(name, this.inputs, this.outputs, this.#layers);
  }

  /** How many numbers the layers have learned. */
  get parameters(): number {
    const count = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);
    return this.#layers
      .flatMap(({ learned }) => learned)
      .reduce((sum, { shape }) => sum + count(shape), 0);
  }

  /** What its layers have learned, for a net's option `weights`. */
  get weights(): TrainedWeights {
    const layers = this.#layers
      .filter(({ learned }) => learned.length > 0)
      .map(({ param, learned }) => ({
        name: param.name ?? "",
        blobs: learned.map(({ shape, values }) => ({ shape, data: values() })),
      }));
    return { source: this.#path, layers };
  }

  /** The bytes of a .caffemodel with the weights, in pieces. */
  caffemodel(): Uint8Array[] {
    return encodeCaffemodel({
      ...this.deploy,
      layer: (this.deploy.layer ?? []).map((param) => this.#withBlobs(param)),
    });
  }

  #withBlobs(param: LayerParameter): LayerParameter {
    const { learned = [] } = this.#layers.find((one) => one.param === param) ?? {};
    if (learned.length === 0) return param;
    const blobs = learned.map(
      ({ shape, values }): BlobProto => ({
        shape: { dim: shape },
        data: Float32Array.from(values()),
      }),
    );
    return { ...param, blobs };
  }

  /** deploy.prototxt, with comments that say which node each layer was. */
  deployText(): string {
    return commentedNet([this.#origin, "For use."], this.deploy, this.#layers);
  }

  /** train_val.prototxt; undefined where there is no loss. */
  trainValText(): string | undefined {
    if (!this.trainVal) return undefined;
    return commentedNet(
      [
        this.#origin,
        "For training: say where the data are, and prepare them as those were that the net was trained with.",
      ],
      this.trainVal,
      this.#layers,
    );
  }

  get #origin(): string {
    return `${plainName(basename(this.#path))}, version ${this.#opset} of ONNX's operators, as layers (caffe import_onnx).`;
  }
}
