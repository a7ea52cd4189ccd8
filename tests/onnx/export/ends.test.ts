// What losses and scores leave behind at a net's end, in ONNX Runtime beside a net of ours that ends there.
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import { isEnd } from "../../../src/onnx/export/ends.ts";
import { toOnnx } from "../../../src/onnx/export/to-onnx.ts";
import { bottomsOf, type Row } from "../../support/configurations.ts";
import { netOf, noise, write } from "../../support/nets.ts";
import { onnxConfigurations } from "../../support/onnx-configurations.ts";
import { openSession } from "../../support/onnx-runtime.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** What stands in the place of layers whose first bottom is scores. */
const PROBABILITIES: Readonly<Record<string, string>> = {
  FocalLoss: "Softmax",
  InfogainLoss: "Softmax",
  SigmoidCrossEntropyLoss: "Sigmoid",
  SoftmaxWithLoss: "Softmax",
  SoftmaxWithLossOHEM: "Softmax",
};

const rows: Readonly<Record<string, readonly Row[]>> = {
  ...onnxConfigurations,
  HDF5Output: [
    [
      `bottom: "a" bottom: "b" hdf5_output_param { file_name: "${join(temporaryFolder(), "out.h5")}" }`,
      "2x3 2",
    ],
  ],
};

describe.each(new LayerRegistry().types.filter((type) => isEnd({ type })))("%s", (type) => {
  test.each((rows[type] ?? []).map((row) => ({ row, title: row.slice(0, 2).join("; ") })))(
    "$title",
    async ({ row }) => {
      const { shapes, inputs } = bottomsOf(row);
      const head = `${shapes
        .map((shape, i) => {
          const name = String.fromCharCode(97 + i);
          return `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shape.map((dim) => `dim: ${dim}`).join(" ")} } } }`;
        })
        .join("\n")}
        layer { name: "half" type: "Power" bottom: "a" top: "half" power_param { scale: 0.5 } }`;
      const fields = row[0].replace("phase: TRAIN", "").replace('bottom: "a"', 'bottom: "half"');
      using net = netOf(`${head} layer { name: "end" type: "${type}" ${fields} }`, {
        phase: "TEST",
      });
      const session = await openSession((await toOnnx(net)).toBuffer());
      const stands = PROBABILITIES[type];
      const [axis = "axis: 1"] = /axis: -?\d+/.exec(row[0]) ?? [];
      using own = netOf(
        `${head} ${stands ? `layer { name: "p" type: "${stands}" bottom: "half" top: "p" ${stands === "Softmax" ? `softmax_param { ${axis} }` : ""} }` : ""}`,
        { phase: "TEST" },
      );
      write(own.blob("a"), inputs[0] ?? noise(own.blob("a").count(), 7));
      await own.forward();
      const want = own.blob(stands ? "p" : "half");
      expect(session.inputNames).toEqual(["a"]);
      const a = new Tensor("float32", Float32Array.from(own.blob("a").values()), shapes[0]);
      const results = Object.values(await session.run({ a }));
      await session.release();
      expect(results).toHaveLength(1);
      expect(results[0]?.dims).toEqual(want.shape);
      expect(results[0]?.data).toBeAllClose(want.values(), { rtol: 1e-4, atol: 1e-6 });
    },
  );
});
