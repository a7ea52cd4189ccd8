import { expect } from "vitest";
import type { Net } from "../../src/net/net.ts";
import type { OnnxOptions } from "../../src/onnx/export/options.ts";
import { layerNet, write } from "./nets.ts";
import { bothAnswers } from "./onnx-runtime.ts";

/** Opens a net of one layer, writes its inputs, and expects ONNX Runtime's rows to be its own; gives those of the first output. */
export async function expectSameRows(
  layer: string,
  bottoms: readonly (readonly [shape: readonly number[], values: readonly number[]])[],
  options: OnnxOptions = {},
): Promise<readonly number[][]> {
  using net: Net = layerNet(
    layer,
    bottoms.map(([shape]) => shape),
    { phase: "TEST" },
  );
  bottoms.forEach(([, values], i) => {
    write(net.blob(String.fromCharCode(97 + i)), values);
  });
  const answers = await bothAnswers(net, options);
  for (const { got, shape, want } of answers) {
    expect(got.dims).toEqual(shape);
    expect(got.data as Float32Array).toBeAllClose(want, { rtol: 1e-4, atol: 1e-5 });
  }
  const [{ want, shape }] = answers as [(typeof answers)[0]];
  // R×5×1×1, or 1×1×K×7.
  const width = (shape.at(-1) === 1 ? shape[1] : shape.at(-1)) ?? 1;
  return Array.from({ length: want.length / width }, (_, i) =>
    Array.from(want.subarray(i * width, (i + 1) * width)),
  );
}
