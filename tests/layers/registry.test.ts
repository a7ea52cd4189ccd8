import { expect, test } from "vitest";
import { Layer, type One } from "../../src/layers/base/layer.ts";
import { layerTypes, registerLayer } from "../../src/layers/registry.ts";
import { Net } from "../../src/net/net.ts";

/** y = factor · x; the factor is its param_str. */
class Times extends Layer<One, One> {
  static override readonly type = "Times";

  get #factor(): number {
    return Number(this.param.python_param?.param_str ?? 1);
  }

  override reshape([x]: One, [y]: One): void {
    y.reshapeLike(x);
  }

  override forward([x]: One, [y]: One): void {
    const [from, to] = [x.values(), y.data];
    for (let i = 0; i < from.length; i++) to[i] = this.#factor * (from[i] ?? 0);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const [from, to] = [y.diffValues(), x.diff];
    for (let i = 0; i < from.length; i++) to[i] = this.#factor * (from[i] ?? 0);
  }
}

const TEXT = `force_backward: true
  layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 2 } } }
  layer { name: "y" type: "Times" bottom: "x" top: "y" python_param { param_str: "3" } }`;

test("a layer of the user's own runs in a net once it is registered", async () => {
  expect(() => Net.parse(TEXT)).toThrow("Unknown layer type: Times");
  expect(layerTypes()).not.toContain("Times");
  registerLayer(Times);
  expect(layerTypes()).toContain("Times");
  expect(layerTypes()).toContain("Convolution");
  const net = Net.parse(TEXT);
  const { y } = await net.forward<"y">({ x: [1, 2] });
  expect(y.toArray()).toEqual([3, 6]);
  expect((await net.backward<"x">({ y: [1, 1] })).x.toArray("diff")).toEqual([3, 3]);
});
