import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Blob } from "../../src/blob/blob.ts";
import type { Net } from "../../src/net/net.ts";
import type { OnnxOptions } from "../../src/onnx/export/options.ts";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { noise } from "./noise.ts";

/** What ONNX Runtime makes of a net's inputs, and what the net itself does: by the outputs' names. */
export interface Answers {
  readonly name: string;
  readonly got: Tensor;
  readonly shape: readonly number[];
  readonly want: Float32Array;
}

/** Opens a model's bytes without a word of warning. */
export function openSession(bytes: Uint8Array): Promise<InferenceSession> {
  return InferenceSession.create(bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 });
}

/** Runs a net, whose inputs are written, and its form in ONNX. */
export async function bothAnswers(net: Net, options: OnnxOptions = {}): Promise<Answers[]> {
  const session = await openSession((await toOnnx(net, options)).toBuffer());
  return answersOf(net, session);
}

/** Runs a net, whose inputs are written, and a model that was made of it before. */
export async function answersOf(net: Net, session: InferenceSession): Promise<Answers[]> {
  try {
    const inputs = Object.fromEntries(
      session.inputNames.map((name) => {
        const { shape, values } = inputOf(net, name);
        return [name, new Tensor("float32", values, [...shape])];
      }),
    );
    const results = await session.run(inputs);
    await net.forward();
    return session.outputNames.map((name) => {
      const blob = blobOf(net, name);
      const want = Float32Array.from(blob.values());
      return { name, got: results[name] as Tensor, shape: blob.shape, want };
    });
  } finally {
    await session.release();
  }
}

/** The blob of an output; where a layer in place ends what is an input too, its name stands before the layer's. */
function blobOf(net: Net, output: string): Blob {
  return net.blob(net.blobs.has(output) ? output : output.replace(/\/[^/]*$/, ""));
}

function inputOf(net: Net, name: string): { shape: readonly number[]; values: Float32Array } {
  const blob = blobOf(net, name);
  return { shape: blob.shape, values: Float32Array.from(blob.values()) };
}

/** Gives every parameter that no file has filled values as after training: noise, and statistics that are some. */
export function fillParams(net: Net): void {
  net.layers.forEach((layer, i) => {
    layer.blobs.forEach((blob, k) => {
      const values = noise(blob.count(), 1000 + 10 * i + k);
      const size = Math.sqrt(Math.max(1, blob.count(1)));
      if (!layer.isStatistic(k))
        blob.assign({ shape: blob.shape, data: values.map((v) => (2 * v) / size) });
      else if (blob.values().every((v) => v === 0)) {
        blob.assign({ shape: blob.shape, data: values.map((v) => 1 + Math.abs(v)) });
      }
    });
  });
}
