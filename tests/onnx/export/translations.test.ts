// Every layer of the configurations, in ONNX Runtime beside our own.
import { describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import type { OnnxOptions } from "../../../src/onnx/export/options.ts";
import { toOnnx } from "../../../src/onnx/export/to-onnx.ts";
import { translations } from "../../../src/onnx/export/translations.ts";
import { LayerError } from "../../../src/util/errors.ts";
import { bottomsOf, type Row } from "../../support/configurations.ts";
import { layerNet, noise, write } from "../../support/nets.ts";
import { onnxConfigurations as all } from "../../support/onnx-configurations.ts";
import {
  type Answers,
  answersOf,
  bothAnswers,
  fillParams,
  openSession,
} from "../../support/onnx-runtime.ts";

/** Uses that have no form. */
const REFUSED = /sample_weights_test|type: "gaussian" } }/;

/** A decoder that reads labels or indicators too. */
const isRefused = (type: string, [fields]: Row): boolean =>
  REFUSED.test(fields) || (type === "CTCGreedyDecoder" && fields.includes('bottom: "b"'));

/** Silence gives nothing, and a margin is tested below. */
const compared = Object.keys(all).filter(
  (type) => translations.has(type) && !["MarginInnerProduct", "Silence"].includes(type),
);

describe.each(compared)("%s", (type) => {
  test.each((all[type] ?? []).map((row) => ({ row, title: row.slice(0, 2).join("; ") })))(
    "$title",
    async ({ row }) => {
      const { net, run } = await prepared(type, row);
      if (isRefused(type, row)) await expect(run()).rejects.toThrow(LayerError);
      else await run();
      net.close();
    },
  );
});

/** A net of that one layer, and what compares it with its form in ONNX. */
async function prepared(
  type: string,
  row: Row,
): Promise<{ readonly net: Net; readonly run: (options?: OnnxOptions) => Promise<void> }> {
  const { shapes, inputs } = bottomsOf(row);
  const net = layerNet(`type: "${type}" ${row[0].replace("phase: TRAIN", "")}`, shapes, {
    phase: "TEST",
  });
  fillParams(net);
  shapes.forEach((_, i) => {
    const blob = net.blob(String.fromCharCode(97 + i));
    write(blob, inputs[i] ?? noise(blob.count(), 7 + i));
  });
  return { net, run: async (options) => expectEqual(await bothAnswers(net, options)) };
}

function expectEqual(answers: readonly Answers[]): void {
  expect(answers.length).toBeGreaterThan(0);
  for (const { name, got, shape, want } of answers) {
    expect(got.dims, name).toEqual(shape);
    const size = Math.max(...want.map(Math.abs));
    expect(got.data as Float32Array, name).toBeAllClose(want, { rtol: 1e-4, atol: 1e-4 * size });
  }
}

describe.each([11, 21])("version %i of the operators", (opset) => {
  test.each(compared)("%s", async (type) => {
    const row = (all[type] ?? []).find((one) => !isRefused(type, one));
    if (!row) return;
    const { net, run } = await prepared(type, row);
    await run({ opset });
    net.close();
  });
});

test.each(["SINGLE", "DOUBLE", "TRIPLE", "QUADRUPLE"])(
  "MarginInnerProduct gives the products that its margin of %s is taken from",
  async (type) => {
    const open = (margin: string): Net =>
      layerNet(
        `type: "MarginInnerProduct" bottom: "a" bottom: "b" top: "y" margin_inner_product_param { num_output: 3 type: ${margin} }`,
        [[4, 2, 3], [4]],
        { phase: "TEST" },
      );
    const [net, plain] = [open(type), open("SINGLE")];
    fillParams(net);
    plain.shareWith(net);
    const session = await openSession((await toOnnx(net)).toBuffer());
    expect(session.inputNames).toEqual(["a"]);
    write(plain.blob("a"), noise(24));
    expectEqual(await answersOf(plain, session));
    net.close();
    plain.close();
  },
);
