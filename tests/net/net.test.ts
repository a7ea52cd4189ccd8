import { describe, expect, test } from "vitest";
import { describeEngines } from "../support/engines.ts";
import { keptLog, netOf, noise, write } from "../support/nets.ts";

const chain = `force_backward: true
  layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }
  layer { name: "double" type: "Power" bottom: "x" top: "y" power_param { scale: 2 } }
  layer { name: "square" type: "Power" bottom: "y" top: "z" power_param { power: 2 } }
  layer { name: "sum" type: "Reduction" bottom: "z" top: "sum" loss_weight: 1 }`;

describeEngines("a net", (engines) => {
  test("runs from one layer to another, by index", async () => {
    const net = netOf(chain, { engines });
    write(net.blob("x"), [1, 2, 3, 4, 5, 6]);
    expect(await net.forward(0, 1)).toBe(0);
    await net.toHost();
    expect([...net.blob("y").values()]).toEqual([2, 4, 6, 8, 10, 12]);
    write(net.blob("y"), [1, 1, 1, 1, 1, 2]);
    expect(await net.forward(2)).toBe(9);
    expect([...net.blob("x").values()]).toEqual([1, 2, 3, 4, 5, 6]);
    await net.backward(3, 2);
    await net.toHost();
    expect([...net.blob("y").diffValues()]).toEqual([2, 2, 2, 2, 2, 4]);
    expect(
      net
        .blob("x")
        .diffValues()
        .every((dx) => dx === 0),
    ).toBe(true);
    await net.backward(1);
    await net.toHost();
    expect([...net.blob("x").diffValues()]).toEqual([4, 4, 4, 4, 4, 8]);
  });

  test("does not run once it is closed, not even the rest of a pass", async () => {
    const net = netOf(chain, { engines });
    net.afterForward.push((i) => {
      if (i === 1) net.close();
    });
    await expect(net.forward()).rejects.toThrow("the net is closed");
    await expect(net.forward()).rejects.toThrow("is closed");
  });

  test("refuses layers that are not there", async () => {
    const net = netOf(chain, { engines });
    await expect(net.forward(0, 4)).rejects.toThrow("layers 0 to 4 of a net of 4. Expected 0 to 3");
    await expect(net.forward(-1)).rejects.toThrow("layers -1 to 3");
    expect(() => net.forwardNow(0, 9)).toThrow("layers 0 to 9");
    await expect(net.backward(4)).rejects.toThrow("layers 0 to 4");
  });

  test("follows new input shapes: with reshape at once, without at the next pass", async () => {
    const net = netOf(chain, { engines });
    net.blob("x").reshape([4, 3]);
    net.reshape();
    expect(net.blob("z").shape).toEqual([4, 3]);
    write(net.blob("x"), new Array(12).fill(1));
    expect(await net.forward()).toBe(48);
    net.blob("x").reshape([1, 3]);
    expect(net.blob("z").shape).toEqual([4, 3]);
    write(net.blob("x"), [1, 1, 1]);
    expect(await net.forward()).toBe(12);
    expect(net.blob("z").shape).toEqual([1, 3]);
    await net.backward();
    await net.toHost();
    expect([...net.blob("x").diffValues()]).toEqual([8, 8, 8]);
  });

  test("memory only grows: a smaller batch and back keeps it", async () => {
    const net = netOf(chain, { engines });
    const before = net.blob("z").dataMem;
    for (const rows of [1, 2]) {
      net.blob("x").reshape([rows, 3]);
      await net.forward();
      expect(net.blob("z").dataMem).toBe(before);
    }
    net.blob("x").reshape([3, 3]);
    await net.forward();
    expect(net.blob("z").dataMem).not.toBe(before);
  });

  test("a loss for each sample keeps its weight when the batch grows", async () => {
    const net = netOf(
      `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 2 } } }
       layer { name: "sum" type: "Reduction" bottom: "x" top: "sum" reduction_param { axis: 1 } loss_weight: 3 }`,
      { engines },
    );
    await net.forward();
    net.blob("x").reshape([2, 2]);
    write(net.blob("x"), [1, 2, 3, 4]);
    expect(await net.forward()).toBe(30);
    expect([...net.blob("sum").diffValues()]).toEqual([3, 3]);
    net.blob("sum").diffMem.overwriteCpu().set([1, 2]);
    await net.forward();
    expect([...net.blob("sum").diffValues()]).toEqual([1, 2]);
  });

  test("adds up the weighted losses of all layers", async () => {
    const net = netOf(
      `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 1 } } }
       layer { name: "a" type: "Reduction" bottom: "x" top: "a" loss_weight: 2 }
       layer { name: "b" type: "Reduction" bottom: "x" top: "b" loss_weight: -0.5 reduction_param { operation: SUMSQ } }
       layer { name: "c" type: "Reduction" bottom: "x" top: "c" }`,
      { engines },
    );
    write(net.blob("x"), [3, 4]);
    expect(await net.forward()).toBe(2 * 7 - 0.5 * 25);
    expect(
      (await net.outputValues()).map(({ name, lossWeight, values }) => [
        name,
        lossWeight,
        values[0],
      ]),
    ).toEqual([
      ["a", 2, 7],
      ["b", -0.5, 25],
      ["c", 0, 7],
    ]);
  });
});

describe("a net", () => {
  test("calls before and after each layer, forward and backward, also where nothing runs backward", async () => {
    const net = netOf(chain);
    const calls: string[] = [];
    net.beforeForward.push(
      (i) => calls.push(`f${i}`),
      (i) => calls.push(`F${i}`),
    );
    net.afterForward.push((i) => calls.push(`f${i}.`));
    net.beforeBackward.push((i) => calls.push(`b${i}`));
    net.afterBackward.push((i) => calls.push(`b${i}.`));
    await net.forward(0, 1);
    expect(calls.splice(0)).toEqual(["f0", "F0", "f0.", "f1", "F1", "f1."]);
    await net.backward();
    expect(calls).toEqual(["b3", "b3.", "b2", "b2.", "b1", "b1.", "b0", "b0."]);
  });

  test("is in float32 or in float64", async () => {
    const [single, double] = (["f32", "f64"] as const).map((dtype) => netOf(chain, { dtype }));
    for (const net of [single, double]) {
      if (!net) continue;
      write(net.blob("x"), noise(6));
      await net.forward();
    }
    expect(single?.blob("z").values()).toBeInstanceOf(Float32Array);
    expect(double?.blob("z").values()).toBeInstanceOf(Float64Array);
    expect(double?.memoryBytes).toBe(2 * (single?.memoryBytes ?? 0));
    expect([...(double?.blob("z").values() ?? [])]).toEqual(noise(6).map((x) => (2 * x) ** 2));
  });

  test("takes phase, level and stages from its options over those of its prototxt", () => {
    const ruled = (rule: string): string =>
      `${chain} layer { name: "extra" type: "Silence" bottom: "x" include { ${rule} } }`;
    const has = (net: ReturnType<typeof netOf>): boolean => net.layerNames.includes("extra");
    expect(has(netOf(ruled("phase: TEST"), { phase: "TEST" }))).toBe(true);
    expect(has(netOf(ruled("phase: TEST"), { phase: "TRAIN" }))).toBe(false);
    expect(has(netOf(`state { level: 2 } ${ruled("min_level: 2")}`))).toBe(true);
    expect(has(netOf(`state { level: 2 } ${ruled("min_level: 2")}`, { level: 1 }))).toBe(false);
    expect(
      has(netOf(`state { stage: "a" } ${ruled('stage: "a" stage: "b"')}`, { stages: ["b"] })),
    ).toBe(true);
  });

  test("logs its whole state", () => {
    const { log, lines } = keptLog();
    netOf(`state { stage: "a" } ${chain}`, { log, level: 3, phase: "TEST" });
    expect(lines[0]).toContain('state {\n  phase: TEST\n  level: 3\n  stage: "a"\n}');
  });

  test("names a blob that it has not", () => {
    expect(() => netOf(`name: "n" ${chain}`).blob("w")).toThrow('net "n" has no blob "w"');
  });

  test("an Input without a shape is shaped by its user", async () => {
    const net = netOf(
      'layer { name: "in" type: "Input" top: "x" } layer { name: "sum" type: "Reduction" bottom: "x" top: "sum" }',
    );
    net.blob("x").reshape([2, 2]);
    write(net.blob("x"), [1, 2, 3, 4]);
    await net.forward();
    expect([...net.blob("sum").values()]).toEqual([10]);
  });

  test("layers on empty batches pass nothing on, and do not fail", async () => {
    const net = netOf(
      `force_backward: true
       layer { name: "in" type: "Input" top: "x" top: "keep" input_param { shape { dim: 2 dim: 1 dim: 4 dim: 4 } shape { dim: 2 } } }
       layer { name: "f" type: "Filter" bottom: "x" bottom: "keep" top: "f" }
       layer { name: "c" type: "Convolution" bottom: "f" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
       layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
       layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 } }
       layer { name: "ip" type: "InnerProduct" bottom: "p" top: "ip" inner_product_param { num_output: 3 } }
       layer { name: "s" type: "Softmax" bottom: "ip" top: "s" }`,
    );
    write(net.blob("keep"), [0, 0]);
    await net.forward();
    expect(net.blob("s").shape).toEqual([0, 3]);
    await net.backward();
    write(net.blob("keep"), [0, 1]);
    await net.forward();
    expect([...net.blob("s").values()]).toBeAllClose([1 / 3, 1 / 3, 1 / 3]);
  });
});
