import { readFileSync } from "node:fs";
import { decodeOnnx, encodeOnnx, type OnnxMessage } from "../../src/onnx/format/message.ts";
import { noise } from "./noise.ts";

type Tensor = OnnxMessage<"TensorProto">;

/** The bytes of a file of ONNX whose weights are left out, filled in: as large as rectifiers like them, variances above 0. */
export function filledFile(path: string): Uint8Array {
  const model = decodeOnnx("ModelProto", readFileSync(path));
  const initializer = (model.graph?.initializer ?? []).map(filled);
  return encodeOnnx("ModelProto", { ...model, graph: { ...model.graph, initializer } });
}

function filled(tensor: Tensor, index: number): Tensor {
  const { dims = [], name = "", data_type, raw_data, float_data } = tensor;
  const count = dims.reduce((product, n) => product * n, 1);
  const isThere = (raw_data?.length ?? 0) > 0 || (float_data?.length ?? 0) > 0;
  if (data_type !== 1 || isThere || count === 0) return tensor;
  const values = Float32Array.from(noise(count, index + 1));
  const fanIn = Math.max(1, count / Math.max(1, dims[0] ?? 1));
  const size = dims.length > 1 ? Math.sqrt(6 / fanIn) : 0.1;
  values.forEach((value, i) => {
    values[i] = /var$/.test(name) ? 1 + value / 2 : value * size + (isScale(tensor) ? 1 : 0);
  });
  return { ...tensor, raw_data: new Uint8Array(values.buffer) };
}

/** Whether it multiplies normalised values: as PyTorch names such. */
function isScale({ dims = [], name = "" }: Tensor): boolean {
  return dims.length === 1 && name.endsWith("weight");
}
