import type * as Runtime from "onnxruntime-node";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";
import { type Shape, shapeText } from "../../util/shape.ts";
import { probabilitiesOf } from "../export/ends.ts";
import { countedAxisOf } from "../export/translations.ts";
import type { GraphValue } from "../graph/model.ts";
import { DETECTION, type Difference, differenceOf, differenceOfDetections } from "./difference.ts";
import type { Trial } from "./trials.ts";

/** How far apart an output lies in ONNX Runtime and here. */
interface OutputDifference extends Difference {
  readonly output: string;
  readonly shape: Shape;
}

/** A file of ONNX, open in ONNX Runtime beside the net that it was made of. */
export class RuntimeCheck {
  readonly #path: string;
  readonly #net: Net;
  readonly #outputs: readonly GraphValue[];
  readonly #runtime: typeof Runtime;
  readonly #session: Runtime.InferenceSession;

  private constructor(
    path: string,
    net: Net,
    outputs: readonly GraphValue[],
    runtime: typeof Runtime,
    session: Runtime.InferenceSession,
  ) {
    this.#path = path;
    this.#net = net;
    this.#outputs = outputs;
    this.#runtime = runtime;
    this.#session = session;
  }

  /**
   * @param file its path, or its bytes
   * @param outputs those of the model that was written
   * @throws CaffeError where the package onnxruntime-node is not installed, or does not take the file
   */
  static async open(
    file: string | Uint8Array,
    net: Net,
    outputs: readonly GraphValue[],
  ): Promise<RuntimeCheck> {
    const runtime = await loadRuntime();
    const path = typeof file === "string" ? file : net.name;
    // Its types have an overload for each.
    const session = await runtime.InferenceSession.create(file as string, {
      logSeverityLevel: 3,
    }).catch((error) => refused(path, error));
    return new RuntimeCheck(path, net, outputs, runtime, session);
  }

  /**
   * Runs both on the same inputs.
   * @throws CaffeError where an output has another shape there, or ONNX Runtime does not take the inputs
   */
  async run({ ofFile, ofNet }: Trial): Promise<OutputDifference[]> {
    const { Tensor } = this.#runtime;
    const session = this.#session;
    const feeds = Object.fromEntries(
      session.inputNames.map((name) => {
        const { data, shape } = ofFile[name]!;
        return [name, new Tensor("float32", data, shape)];
      }),
    );
    const results = await session.run(feeds).catch((error) => refused(this.#path, error));
    for (const [name, array] of Object.entries(ofNet)) {
      const blob = this.#net.blob(name);
      blob.reshape(array.shape);
      blob.assign(array);
    }
    await this.#net.forward();
    await this.#net.toHost();
    return this.#outputs.map((output) => this.#differenceOf(output, results[output.name]!));
  }

  close(): Promise<void> {
    return this.#session.release();
  }

  #differenceOf({ name, loss }: GraphValue, { dims, data }: Runtime.Tensor): OutputDifference {
    const net = this.#net;
    // What a layer in place has made of an input has a name of its own.
    const blobName = net.blobs.has(name) ? name : name.replace(/\/[^/]*$/, "");
    const { shape, values } =
      loss === undefined
        ? { shape: net.blob(blobName).shape, values: net.blob(blobName).values() }
        : probabilitiesOf(net, loss);
    if (data.length !== values.length) {
      throw new CaffeError(
        `output "${name}" has shape ${shapeText(dims)} in ONNX Runtime and ${shapeText(shape)} here.`,
      );
    }
    const isRows = loss === undefined && shape.at(-1) === DETECTION && isCounted(net, blobName);
    const compare = isRows ? differenceOfDetections : differenceOf;
    return { output: name, shape, ...compare(values, data as Float32Array) };
  }
}

/** Whether a layer makes the blob that finds things. */
function isCounted(net: Net, blob: string): boolean {
  return net.layers.some(
    (layer, i) =>
      countedAxisOf(layer) !== undefined && net.topNames(net.layerKeys[i] ?? "").includes(blob),
  );
}

function refused(path: string, error: unknown): never {
  throw new CaffeError(
    `ONNX Runtime does not take "${path}": ${(error as Error).message.trim().replace(/\s+/g, " ")}`,
    { cause: error },
  );
}

/** The package, which a program that writes files of ONNX does not need. */
async function loadRuntime(): Promise<typeof Runtime> {
  try {
    return await import("onnxruntime-node");
  } catch (error) {
    throw new CaffeError(
      "the package onnxruntime-node is not installed. Get it with: npm install --ignore-scripts onnxruntime-node.",
      { cause: error },
    );
  }
}
