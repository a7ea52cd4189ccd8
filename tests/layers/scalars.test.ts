// Blobs without axes in every layer that takes one.
import { expect, test } from "vitest";
import { describeEngines } from "../support/engines.ts";
import { netOf } from "../support/nets.ts";

/** A blob without axes, s = 1 + 2 + 3 + 4, and what stands behind it. */
const behind = (layers: string): string => `force_backward: true
  layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 4 } } }
  layer { name: "s" type: "Reduction" bottom: "a" top: "s" reduction_param { axis: 0 } } ${layers}`;

const e = Math.exp(-10);
/** A layer that reads the scalar s = 10: its text, y, and dy/ds. */
const rows: readonly (readonly [layer: string, y: number, slope: number])[] = [
  ['type: "AbsVal"', 10, 1],
  ['type: "BNLL"', 10 + Math.log1p(e), 1 / (1 + e)],
  ['type: "Bias" bias_param { num_axes: 0 filler { value: 3 } }', 13, 1],
  ['type: "Clip" clip_param { min: 0 max: 5 }', 5, 0],
  ['type: "Dropout" phase: TEST', 10, 1],
  ['type: "ELU"', 10, 1],
  ['type: "Eltwise" bottom: "s"', 20, 2],
  ['type: "Eltwise" bottom: "s" eltwise_param { coeff: 2 coeff: 3 }', 50, 5],
  ['type: "Eltwise" bottom: "s" eltwise_param { operation: PROD }', 100, 20],
  [
    'type: "Eltwise" bottom: "s" eltwise_param { operation: PROD stable_prod_grad: false }',
    100,
    20,
  ],
  ['type: "Eltwise" bottom: "s" eltwise_param { operation: MAX }', 10, 1],
  ['type: "Exp" exp_param { base: 2 }', 1024, 1024 * Math.LN2],
  ['type: "Log"', Math.log(10), 0.1],
  ['type: "Power" power_param { power: 3 scale: 2 shift: 1 }', 9261, 2646],
  ['type: "ReLU"', 10, 1],
  ['type: "ReLU" relu_param { negative_slope: 0.5 }', 10, 1],
  ['type: "Reshape" reshape_param { shape { dim: 1 dim: 1 } }', 10, 1],
  ['type: "Scale" scale_param { num_axes: 0 filler { value: 3 } }', 30, 3],
  ['type: "Scale" bottom: "s" scale_param { axis: 0 }', 100, 20],
  ['type: "Sigmoid"', 1 / (1 + e), e / (1 + e) ** 2],
  ['type: "Split"', 10, 1],
  ['type: "Swish"', 10 / (1 + e), 1 / (1 + e) + (10 * e) / (1 + e) ** 2],
  ['type: "TanH"', Math.tanh(10), 1 - Math.tanh(10) ** 2],
];

describeEngines("a blob without axes", (engines) => {
  test.each(rows)("%s", async (layer, y, slope) => {
    const text = behind(`layer { name: "y" bottom: "s" top: "y" ${layer} }`);
    const net = netOf(text, { engines });
    net.blob("a").dataMem.overwriteCpu().set([1, 2, 3, 4]);
    await net.forward();
    await net.toHost();
    expect(net.blob("y").values()).toBeAllClose([y], { rtol: 1e-5, atol: 1e-7 });
    net.blob("y").diffMem.overwriteCpu()[0] = 2;
    await net.backward();
    await net.toHost();
    const dx = 2 * slope;
    expect(net.blob("a").diffValues()).toBeAllClose([dx, dx, dx, dx], { rtol: 1e-4, atol: 1e-5 });
    net.close();
  });

  test.each(rows)("%s, whose input another layer reads too", async (layer, y, slope) => {
    const text = behind(`layer { name: "y" bottom: "s" top: "y" ${layer} }
        layer { name: "z" type: "Power" bottom: "s" top: "z" power_param { scale: 2 } }`);
    const net = netOf(text, { engines });
    net.blob("a").dataMem.overwriteCpu().set([1, 2, 3, 4]);
    await net.forward();
    net.blob("y").diffMem.overwriteCpu()[0] = 2;
    net.blob("z").diffMem.overwriteCpu()[0] = 5;
    await net.backward();
    await net.toHost();
    expect(net.blob("y").values()).toBeAllClose([y], { rtol: 1e-5, atol: 1e-7 });
    expect(net.blob("z").values()).toBeAllClose([20]);
    const dx = 2 * slope + 10;
    expect(net.blob("a").diffValues()).toBeAllClose([dx, dx, dx, dx], { rtol: 1e-4 });
    net.close();
  });

  test("layers work in place on scalars", async () => {
    const net = netOf(
      behind(`layer { name: "p" type: "Power" bottom: "s" top: "s" power_param { power: 2 } }
        layer { name: "t" type: "TanH" bottom: "s" top: "s" }`),
      { engines },
    );
    net.blob("a").dataMem.overwriteCpu().set([0.1, 0.1, 0.2, 0.1]);
    await net.forward();
    net.blob("s").diffMem.overwriteCpu()[0] = 1;
    await net.backward();
    await net.toHost();
    expect(net.blob("s").values()).toBeAllClose([Math.tanh(0.25)]);
    expect(net.blob("a").diffValues()).toBeAllClose(new Array(4).fill(1 - Math.tanh(0.25) ** 2), {
      rtol: 1e-4,
    });
    net.close();
  });

  test("two losses that Eltwise adds are the loss, and both teach", async () => {
    const net = netOf(
      `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 2 } } }
       layer { name: "b" type: "Input" top: "b" input_param { shape { dim: 1 dim: 2 } } }
       layer { name: "p" type: "Scale" bottom: "a" top: "p" }
       layer { name: "l" type: "EuclideanLoss" bottom: "p" bottom: "b" top: "l" loss_weight: 0 propagate_down: true propagate_down: false }
       layer { name: "m" type: "Reduction" bottom: "p" top: "m" reduction_param { operation: SUMSQ } }
       layer { name: "sum" type: "Eltwise" bottom: "l" bottom: "m" top: "sum" loss_weight: 1 eltwise_param { coeff: 1 coeff: 0.5 } }`,
      { engines },
    );
    net.blob("a").dataMem.overwriteCpu().set([1, 2]);
    net.blob("b").dataMem.overwriteCpu().set([3, 0]);
    const loss = await net.forwardBackward();
    await net.toHost();
    // ((1 − 3)² + 2²) / 2 + (1² + 2²) / 2
    expect(loss).toBeCloseTo(6.5, 5);
    // x · ((x − b) + x)
    expect(net.learnableParams[0]?.blob.diffValues()).toBeAllClose([-1, 8]);
    net.close();
  });
});
