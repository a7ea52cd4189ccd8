import { describe, expect, test } from "vitest";
import { ReLULayer } from "../../../src/layers/activation/relu.ts";
import { TanHLayer } from "../../../src/layers/activation/tanh.ts";
import type { One } from "../../../src/layers/base/layer.ts";
import { LayerRegistry } from "../../../src/layers/registry.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import {
  checkLayerGradient,
  checkLayerGradients,
  checkNetGradient,
} from "../../../src/net/tools/gradient-check.ts";
import { layerNet, netOf, noise, write } from "../../support/nets.ts";

/** A TanH whose gradient forgets one element. */
class ForgetfulLayer extends TanHLayer {
  static override readonly type: string = "Forgetful";

  override backward(top: One, propagateDown: readonly boolean[], bottom: One): void {
    super.backward(top, propagateDown, bottom);
    bottom[0].diffMem.mutableCpu()[4] = 0;
  }
}

/** A ReLU whose gradient is that of another slope. */
class SlopedLayer extends ReLULayer {
  static override readonly type: string = "Sloped";

  override backward(top: One, propagateDown: readonly boolean[], bottom: One): void {
    super.backward(top, propagateDown, bottom);
    const dx = bottom[0].diffMem.mutableCpu();
    for (let i = 0; i < dx.length; i++) dx[i] = 1.0001 * (dx[i] ?? 0);
  }
}

const registry = new LayerRegistry().with(ForgetfulLayer, SlopedLayer);
const doubles = (options: Partial<NetOptions> = {}): Partial<NetOptions> => ({
  dtype: "f64",
  registry,
  ...options,
});

function layerOf(text: string, shape: readonly number[], values: readonly number[]): Net {
  const net = layerNet(text, [shape], doubles());
  write(net.blob("a"), values);
  return net;
}

describe("checkLayerGradient", () => {
  test("finds nothing wrong with a right gradient", async () => {
    const net = layerOf('type: "TanH" bottom: "a" top: "y"', [2, 3], noise(6));
    const report = await checkLayerGradient(net, 1);
    expect(report).toMatchObject({ checked: 6, kinks: 0, failures: [] });
    expect(report.worst?.error).toBeLessThan(1e-8);
  });

  test("names the worst element of a wrong one", async () => {
    const net = layerOf('type: "Forgetful" bottom: "a" top: "y"', [2, 3], noise(6));
    const { worst, failures } = await checkLayerGradient(net, 1);
    expect(failures).toEqual([worst]);
    expect(worst).toMatchObject({ layer: "t", blob: "bottom 0 'a'", index: [1, 1], computed: 0 });
    expect(worst?.error).toBeGreaterThan(0.1);
  });

  test("a small mistake is no kink, and passes only under a threshold that allows it", async () => {
    const net = layerOf('type: "Sloped" bottom: "a" top: "y"', [4], [1, 2, -3, 0.5]);
    expect((await checkLayerGradient(net, 1)).failures).toHaveLength(3);
    expect((await checkLayerGradient(net, 1, { threshold: 1e-3 })).failures).toEqual([]);
  });

  test("looks around a kink, and takes a gradient between those of both sides on one", async () => {
    const net = layerOf('type: "ReLU" bottom: "a" top: "y"', [4], [3e-6, -2, 0, 1]);
    expect(await checkLayerGradient(net, 1)).toMatchObject({ checked: 4, kinks: 1, failures: [] });
  });

  test("draws the same dropout mask for every element, and varies a layer in place", async () => {
    const net = layerOf('type: "Dropout" bottom: "a" top: "a"', [20], noise(20));
    expect(await checkLayerGradient(net, 1)).toMatchObject({ checked: 20, failures: [] });
  });

  test("varies each bottom by itself, also where the net gives both the same memory", async () => {
    const net = layerNet(
      'type: "Eltwise" bottom: "a" bottom: "a" top: "y" eltwise_param { operation: PROD }',
      [[3]],
      doubles(),
    );
    write(net.blob("a"), [1, 2, 3]);
    const index = net.layerNames.indexOf("t");
    await net.forward(0, index - 1);
    expect(await checkLayerGradient(net, index)).toMatchObject({ checked: 6, failures: [] });
    expect([...net.blob("y").values()]).toEqual([1, 4, 9]);
  });

  test("takes that many elements of each blob, the same for the same seed", async () => {
    const net = layerNet(
      'type: "InnerProduct" bottom: "a" top: "y" inner_product_param { num_output: 5 }',
      [[4, 30]],
      doubles(),
    );
    write(net.blob("a"), noise(120));
    expect((await checkLayerGradient(net, 1, { samples: 7 })).checked).toBe(7 + 7 + 5);
  });

  test("leaves the net as a forward pass does", async () => {
    const text =
      'layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } } layer { name: "l" type: "Input" top: "l" input_param { shape { dim: 2 } } } layer { name: "t" type: "TanH" bottom: "a" top: "a" } layer { name: "loss" type: "SoftmaxWithLoss" bottom: "a" bottom: "l" loss_weight: 2 } force_backward: true';
    const [net, other] = [netOf(text, doubles()), netOf(text, doubles())];
    for (const one of [net, other]) write(one.blob("a"), noise(6));
    for await (const { report } of checkLayerGradients(net, () => true)) {
      expect(report.failures).toEqual([]);
    }
    await net.backward();
    await other.forwardBackward();
    expect([...net.blob("a").values()]).toEqual([...other.blob("a").values()]);
    expect([...net.blob("a").diffValues()]).toEqual([...other.blob("a").diffValues()]);
  });

  test("has nothing to say of layers without a gradient", async () => {
    const net = layerOf('type: "ArgMax" bottom: "a" top: "y"', [2, 3], noise(6));
    expect((await checkLayerGradient(net, 0)).checked).toBe(0);
    expect((await checkLayerGradient(net, 1)).checked).toBe(0);
  });

  test("wants float64, and a layer that is there", async () => {
    const single = layerNet('type: "TanH" bottom: "a" top: "y"', [[2]]);
    await expect(checkLayerGradient(single, 1)).rejects.toThrow("Expected dtype f64");
    await expect(
      checkLayerGradient(layerOf('type: "TanH" bottom: "a" top: "y"', [2], [1, 2]), 7),
    ).rejects.toThrow("has no layer 7");
  });
});

describe("checkNetGradient", () => {
  const text = (activation: string): string => `force_backward: true
    layer { name: "a" type: "DummyData" top: "a" top: "l" dummy_data_param { shape { dim: 4 dim: 3 } shape { dim: 4 } data_filler { type: "gaussian" } data_filler { value: 1 } } }
    layer { name: "ip1" type: "InnerProduct" bottom: "a" top: "h" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } param { name: "w" lr_mult: 0 } }
    layer { name: "bn" type: "BatchNorm" bottom: "h" top: "h" }
    layer { name: "act" type: "${activation}" bottom: "h" top: "h" }
    layer { name: "drop" type: "Dropout" bottom: "h" top: "d" }
    layer { name: "ip2" type: "InnerProduct" bottom: "d" top: "s" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "s" bottom: "l" top: "loss" loss_weight: 2 }
    layer { name: "extra" type: "Reduction" bottom: "s" top: "extra" loss_weight: 0.1 reduction_param { operation: SUMSQ } }`;

  test("compares every parameter with the loss, frozen ones too, over one batch of random data", async () => {
    const net = netOf(text("TanH"), doubles());
    await net.forward();
    const report = await checkNetGradient(net);
    expect(report).toMatchObject({ checked: 15 + 5 + 15 + 3, failures: [] });
  });

  test("names the parameter that a mistake behind it spoils", async () => {
    const net = netOf(text("Forgetful"), { ...doubles(), seed: 1 });
    await net.forward();
    const { failures, worst } = await checkNetGradient(net);
    expect(failures.length).toBeGreaterThan(0);
    expect(new Set(failures.map(({ layer }) => layer))).toEqual(new Set(["ip1"]));
    expect(worst?.layer).toBe("ip1");
  });

  test("the check of a net wants a loss", async () => {
    const net = layerOf('type: "TanH" bottom: "a" top: "y"', [2], [1, 2]);
    await expect(checkNetGradient(net)).rejects.toThrow("has no loss");
  });
});
