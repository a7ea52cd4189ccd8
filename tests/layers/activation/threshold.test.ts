import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet, netOf } from "../../support/nets.ts";

describeEngines("Threshold", (engines) => {
  test.each([
    ["", [-1, 0, 2], [0, 0, 1]],
    ["threshold_param { threshold: -0.5 }", [-1, -0.5, 0], [0, 0, 1]],
  ])("tells what is above: %s", async (param, input, output) => {
    const net = layerNet(`type: "Threshold" bottom: "a" top: "y" ${param}`, [[3]], { engines });
    expect(await forward(net, input)).toEqual([output]);
  });

  test("in place, force_backward gets no gradient through it", async () => {
    const net = netOf(
      `force_backward: true
      layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 3 } } }
      layer { name: "e" type: "Eltwise" bottom: "a" bottom: "a" top: "y" }
      layer { name: "t" type: "Threshold" bottom: "y" top: "y" }
      layer { name: "r" type: "Reduction" bottom: "y" top: "loss" loss_weight: 2 }`,
      { engines },
    );
    expect((await forward(net, [-1, 2, 3]))[0]).toEqual([2]);
    net.blob("a").diffMem.overwriteCpu().fill(7);
    await net.backward();
    await net.toHost();
    expect([...net.blob("a").diffValues()]).toEqual([0, 0, 0]);
  });
});

test("Threshold has no gradient", async () => {
  const net = netOf(`
    layer { name: "w" type: "Parameter" top: "w" parameter_param { shape { dim: 2 } } }
    layer { name: "t" type: "Threshold" bottom: "w" top: "t" }
    layer { name: "loss" type: "Reduction" bottom: "t" top: "loss" loss_weight: 1 }`);
  await net.forward();
  await expect(net.backward()).rejects.toThrow("Threshold has no gradient");
});
