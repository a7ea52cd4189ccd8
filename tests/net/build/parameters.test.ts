import { describe, expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import { keptLog, netOf } from "../../support/nets.ts";

const input = 'layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 2 dim: 3 } } }';
const ip = (name: string, bottom: string, top: string, more = ""): string =>
  `layer { name: "${name}" type: "InnerProduct" bottom: "${bottom}" top: "${top}" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } ${more} }`;
const net = (a: string, b: string, more = ""): Net =>
  netOf(`${input} ${ip("a", "x", "y", a)} ${ip("b", "y", "z", b)} ${more}`);
const summary = ({ learnableParams }: Net): unknown[] =>
  learnableParams.map(({ layer, index, name, lrMult, decayMult }) => [
    layer,
    index,
    name,
    lrMult,
    decayMult,
  ]);

describe("parameters", () => {
  test("learn at the full rate and decay unless told otherwise; missing entries are defaults", () => {
    expect(summary(net("param { lr_mult: 2 decay_mult: 0 }", 'param { name: "w" }'))).toEqual([
      ["a", 0, "0", 2, 0],
      ["a", 1, "1", 1, 1],
      ["b", 0, "w", 1, 1],
      ["b", 1, "1", 1, 1],
    ]);
  });

  test("of one name are one: data, gradient, and place among the learnable", async () => {
    const shared = net('param { name: "w" }', 'param { name: "w" }');
    const [a, b] = [1, 2].map((i) => shared.layers[i]?.blobs[0]);
    expect(summary(shared)).toEqual([
      ["a", 0, "w", 1, 1],
      ["a", 1, "1", 1, 1],
      ["b", 1, "1", 1, 1],
    ]);
    expect(b?.dataMem).toBe(a?.dataMem);
    expect(b?.diffMem).toBe(a?.diffMem);
    expect(shared.parameterCount).toBe(9 + 3 + 3);
    expect(net("", "").parameterCount).toBe(2 * (9 + 3));
  });

  test("gradients of sharers add up", async () => {
    const text = (name: string): string =>
      `force_backward: true ${input} ${ip("a", "x", "y", `param { name: "w" }`)} ${ip("b", "y", "z", `param { name: "${name}" }`)}`;
    const gradients = async (name: string): Promise<number[][]> => {
      const one = netOf(text(name), { seed: 3 });
      for (const i of [1, 2])
        one.layers[i]?.blobs[0]?.dataMem.overwriteCpu().set([1, 2, 3, 4, 5, 6, 7, 8, 9]);
      one.blob("x").dataMem.overwriteCpu().set([1, -2, 3, 4, 5, -6]);
      await one.forward();
      one.blob("z").diffMem.overwriteCpu().fill(1);
      one.clearParamDiffs();
      await one.backward();
      return [1, 2].map((i) => [...(one.layers[i]?.blobs[0]?.diffValues() ?? [])]);
    };
    const [ofA = [], ofB = []] = await gradients("v");
    const [together = []] = await gradients("w");
    expect(together).toBeAllClose(ofA.map((x, i) => x + (ofB[i] ?? 0)));
  });

  test("sharing is logged, in Caffe's words", () => {
    const { log, lines } = keptLog();
    const shares = 'param { name: "w" }';
    netOf(`${input} ${ip("a", "x", "y", shares)} ${ip("b", "y", "z", shares)}`, { log });
    expect(lines).toContain("net] Sharing parameters 'w' owned by layer 'a', param index 0");
  });

  test("a multiplier that one sharer writes holds for all; two must agree", () => {
    const one = net('param { name: "w" }', 'param { name: "w" lr_mult: 3 decay_mult: 2 }');
    expect(summary(one)[0]).toEqual(["a", 0, "w", 3, 2]);
    const same = net('param { name: "w" lr_mult: 3 }', 'param { name: "w" lr_mult: 3 }');
    expect(summary(same)[0]).toEqual(["a", 0, "w", 3, 1]);
    expect(() => net('param { name: "w" lr_mult: 3 }', 'param { name: "w" lr_mult: 1 }')).toThrow(
      "Shared param 'w' of layers 'a' and 'b' has mismatched lr_mult: 3 and 1",
    );
    expect(() =>
      net('param { name: "w" decay_mult: 0 }', 'param { name: "w" decay_mult: 1 }'),
    ).toThrow("has mismatched decay_mult");
  });

  test("STRICT sharing wants equal shapes, PERMISSIVE equal counts", () => {
    const other = (mode: string, outputs = 9): Net =>
      net(
        'param { name: "w" }',
        "",
        `layer { name: "c" type: "Parameter" top: "p" parameter_param { shape { dim: ${outputs} } } param { name: "w" ${mode} } }`,
      );
    expect(() => other("")).toThrow(
      "Cannot share param 'w' owned by layer 'a' with layer 'c'; shape mismatch.  Owner layer param shape is 3 3 (9); sharing layer expects shape 9 (9)",
    );
    const permissive = other("share_mode: PERMISSIVE");
    expect(permissive.blob("p").shape).toEqual([9]);
    expect(permissive.layers[3]?.blobs[0]?.dataMem).toBe(permissive.layers[1]?.blobs[0]?.dataMem);
    expect(() => other("share_mode: PERMISSIVE", 8)).toThrow("count mismatch");
  });

  test("more param entries than blobs are refused", () => {
    expect(() => net("param {} param {} param {}", "")).toThrow(
      "Too many params specified for layer a: 3 param entries for 2 blobs",
    );
  });

  test("clearParamDiffs makes every gradient zero, shared ones once", () => {
    const one = net('param { name: "w" }', 'param { name: "w" }');
    for (const { blob } of one.learnableParams) blob.diffMem.overwriteCpu().fill(3);
    one.clearParamDiffs();
    for (const { blob } of one.learnableParams) {
      expect(blob.diffValues().every((x) => x === 0)).toBe(true);
    }
  });

  test("statistics are not learned, whatever the prototxt leaves out", () => {
    const one = netOf(`${input} layer { name: "bn" type: "BatchNorm" bottom: "x" top: "y" }`);
    expect(summary(one)).toEqual([
      ["bn", 0, "0", 0, 1],
      ["bn", 1, "1", 0, 1],
      ["bn", 2, "2", 0, 1],
    ]);
  });
});
