import type * as Runtime from "onnxruntime-node";
import type { Net } from "../net/net.ts";
import { CaffeError } from "../util/errors.ts";
import { Random } from "../util/random.ts";
import { type Preparation, prepareValues } from "./export/preparation.ts";

/** How far apart an output lies in ONNX Runtime and here. */
interface Difference {
  readonly output: string;
  readonly shape: readonly number[];
  /** The greatest difference of two elements. */
  readonly greatest: number;
  /** The greatest element. */
  readonly size: number;
}

/**
 * Runs a file of ONNX in ONNX Runtime, and the net that it was made of, on the same random inputs, uniform within −1 and 1; pixels
 * of 0 to 255 where the file prepares them itself.
 * An output for which the net has no blob (the probabilities of a loss) is left out.
 *
 * @throws CaffeError where the package onnxruntime-node is not installed, or does not take the file
 */
export async function compareWithOnnxRuntime(
  path: string,
  net: Net,
  preparation?: Preparation,
): Promise<Difference[]> {
  const { InferenceSession, Tensor } = await loadRuntime();
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 }).catch((error) => {
    throw new CaffeError(
      `ONNX Runtime does not take "${path}": ${(error as Error).message.split("\n")[0]}`,
      { cause: error },
    );
  });
  try {
    const random = new Random(1);
    const image = preparation && net.inputs.find((name) => net.blob(name).shape.length === 4);
    const inputs = net.inputs.map((name) => {
      const blob = net.blob(name);
      const { shape } = blob;
      const isPixels = name === image;
      const [least, most] = isPixels ? [0, 255] : [-1, 1];
      const data = Float32Array.from({ length: blob.count() }, () => random.uniform(least, most));
      blob.assign({ shape, data: isPixels ? prepareValues(data, shape, preparation ?? {}) : data });
      return [name, new Tensor("float32", data, shape)] as const;
    });
    const asked = inputs.filter(([name]) => session.inputNames.includes(name));
    const results = await session.run(Object.fromEntries(asked));
    await net.forward();
    await net.toHost();
    return session.outputNames
      .filter((output) => net.blobs.has(output))
      .map((output) => differenceOf(output, results[output] as Runtime.Tensor, net));
  } finally {
    await session.release();
  }
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

function differenceOf(output: string, { dims, data }: Runtime.Tensor, net: Net): Difference {
  const blob = net.blob(output);
  const values = data as Float32Array;
  if (values.length !== blob.count()) {
    throw new CaffeError(
      `output "${output}" has shape ${dims.join("×")} in ONNX Runtime and ${blob.shape.join("×")} here.`,
    );
  }
  let [greatest, size] = [0, 0];
  blob.values().forEach((want, i) => {
    const got = values[i] as number;
    size = Math.max(size, Math.abs(want));
    // NaN beside NaN, and an infinity beside itself, are no difference.
    if (Object.is(want, got)) return;
    const gap = Math.abs(want - got);
    greatest = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : Math.max(greatest, gap);
  });
  return { output, shape: blob.shape, greatest, size };
}
