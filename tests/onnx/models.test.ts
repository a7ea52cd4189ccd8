// Models of this package in ONNX Runtime; npm run onnx:models runs all of them.
import { expect, test } from "vitest";
import { Net } from "../../src/net/net.ts";
import { noise } from "../support/noise.ts";
import { bothAnswers, fillParams } from "../support/onnx-runtime.ts";

test.each(["siamese", "autoencoder", "shufflenet"])("%s", async (name) => {
  using net = new Net(`models/${name}/deploy.prototxt`, { phase: "TEST", silent: true });
  fillParams(net);
  const [data] = net.inputBlobs;
  data?.reshape([1, ...data.shape.slice(1)]);
  net.reshape();
  data?.assign(noise(data.count()));
  for (const { got, shape, want } of await bothAnswers(net)) {
    expect(got.dims).toEqual(shape);
    const size = Math.max(...want.map(Math.abs));
    expect(got.data as Float32Array).toBeAllClose(want, { rtol: 1e-4, atol: 1e-4 * size });
  }
});
