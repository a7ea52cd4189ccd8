import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const param = "convolution_param { num_output: 4 group: 2 kernel_size: 3 pad: 1 stride: 2 }";

describeEngines("DepthwiseConvolution", (engines) => {
  test("is a Convolution", async () => {
    const fields = `bottom: "a" top: "y" ${param} blobs { shape { dim: 4 dim: 1 dim: 3 dim: 3 } ${"data: 1 ".repeat(36)} } blobs { shape { dim: 4 } data: [0, 1, 2, 3] }`;
    const input = Array.from({ length: 18 }, (_, i) => i);
    const values = await Promise.all(
      ["Convolution", "DepthwiseConvolution"].map((type) =>
        forward(layerNet(`type: "${type}" ${fields}`, [[1, 2, 3, 3]], { engines }), input),
      ),
    );
    expect(values[1]?.[0]?.slice(0, 8)).toEqual([8, 12, 20, 24, 9, 13, 21, 25]);
    expect(values[1]).toEqual(values[0]);
  });

  test("agrees with the reference", async () => {
    const layer = `type: "DepthwiseConvolution" bottom: "a" top: "y" ${param}`;
    await checkParity(engines, layer, [[2, 2, 5, 4]]);
  });
});
