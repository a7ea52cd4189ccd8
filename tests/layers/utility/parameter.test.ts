import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

describeEngines("Parameter", (engines) => {
  test("is a blob that learns", async () => {
    const net = layerNet(
      'type: "Parameter" top: "y" parameter_param { shape { dim: 2 dim: 2 } }',
      [],
      { engines },
    );
    const [param] = net.learnableParams;
    param?.blob.dataMem.overwriteCpu().set([1, 2, 3, 4]);
    expect(await forward(net)).toEqual([[1, 2, 3, 4]]);
    net.blob("y").diffMem.overwriteCpu().set([1, 0, 2, 0]);
    await net.backward();
    await net.backward();
    await net.toHost();
    expect(Array.from(param?.blob.diffValues() ?? [])).toEqual([2, 0, 4, 0]);
  });
});

test("the gradient of Parameter agrees with differences", async () => {
  await checkGradient('type: "Parameter" top: "y" parameter_param { shape { dim: 3 } }', []);
});

test("Parameter is filled at first where it has a filler", async () => {
  const layer =
    'type: "Parameter" top: "y" parameter_param { shape { dim: 3 } blob_filler { value: 2 } }';
  expect(await forward(layerNet(layer, []))).toEqual([[2, 2, 2]]);
});
