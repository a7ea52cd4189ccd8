import { expect, test } from "vitest";
import { dotOf } from "../../src/draw/dot.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import type { CoordMap } from "../../src/layers/base/coord-map.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type None,
  type One,
  type OneOrMore,
  type TopShapeOf,
} from "../../src/layers/base/layer.ts";
import { LayerRegistry, layerTypes, registerLayer } from "../../src/layers/registry.ts";
import { Net } from "../../src/net/net.ts";
import { withPlaceholders } from "../../src/net/tools/placeholders.ts";
import { summarize } from "../../src/net/tools/summary.ts";
import { coordMap, crop } from "../../src/net-spec/coord-map.ts";
import { L, layerOf } from "../../src/net-spec/layers.ts";

/** y = factor · x; the factor is its param_str. */
class Times extends Layer<One, One> {
  static override readonly type: string = "Times";

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

test("what a class of the user's own says of its type is heard wherever types are told apart", () => {
  /** Its top begins two places before its bottom. */
  class Wider extends Times {
    static override readonly type: string = "Wider";
    static override readonly role: LayerRole = "window";
    static override readonly coordMap = (): CoordMap => ({ axis: 1, scale: [1], shift: [2] });
    override macs([x]: One): number {
      return 7 * x.count();
    }
  }
  class Camera extends Layer<None, OneOrMore> {
    static override readonly type: string = "Camera";
    static override readonly role: LayerRole = "source";
    static override readonly bottoms = arity.none;
    static override readonly tops = arity.oneOrTwo;
    static override readonly topShape: TopShapeOf = ({ python_param }, topIndex) =>
      topIndex === 0 ? [4, 1, Number(python_param?.param_str), 6] : undefined;
    override setUp(): void {
      this.fail("there is none.");
    }
    override reshape(): void {}
    override forward(): void {}
    override backward(): void {}
  }
  class Port extends Camera {
    static override readonly type: string = "Port";
    static override readonly role: LayerRole = "input";
    override setUp(): void {}
  }
  registerLayer(Wider, Camera, Port);

  const data = L.Input({ shape: { dim: [1, 1, 9, 9] } });
  const wider = layerOf("Wider", [data]);
  expect(coordMap(wider.layer)).toEqual({ axis: 1, scale: [1], shift: [2] });
  expect(crop(wider, data).layer.param.crop_param).toEqual({ axis: 2, offset: [2] });

  const text = `layer { name: "c" type: "Camera" top: "c" python_param { param_str: "5" } }
    layer { name: "h" type: "Wider" bottom: "c" top: "h" }`;
  const net = parsePrototxt("NetParameter", text);
  expect(() => new Net(net)).toThrow("there is none");
  const [input] = withPlaceholders(net).layer ?? [];
  expect(input).toMatchObject({ type: "Input", input_param: { shape: [{ dim: [4, 1, 5, 6] }] } });
  expect(summarize(withPlaceholders(net, { c: [2, 3] })).map(({ macs }) => macs)).toEqual([0, 42]);
  expect(Net.parse('layer { name: "p" type: "Port" top: "p" }').inputs).toEqual(["p"]);

  const colour = (type: string): string | undefined =>
    /fillcolor="(#\w+)"/.exec(dotOf({ layer: [{ name: "a", type }] }))?.[1];
  expect(colour("Wider")).toBe(colour("Pooling"));
  expect(colour("Camera")).toBe(colour("ImageData"));
  expect(colour("Times")).toBe(colour("Silence"));
  // Of types that nobody registered the name tells it.
  expect(colour("AnnotatedData")).toBe(colour("Data"));
  expect(colour("FocalLoss")).toBe(colour("SoftmaxWithLoss"));
});

test("whatever fails in a class of the user's own names the layer; what does not wait is refused", async () => {
  const broken = (): never => {
    throw new Error("no luck");
  };
  class Base extends Layer<One, One> {
    static override readonly type: string = "Own";
    override reshape([x]: One, [y]: One): void {
      y.reshapeLike(x);
    }
    override forward(_bottom: One, _top: One): void {}
    override backward(_top: One, _down: readonly boolean[], _bottom: One): void {}
  }
  const netOf = (Class: typeof Base): Net =>
    Net.parse(
      `force_backward: true
       layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 } } }
       layer { name: "mine" type: "Own" bottom: "x" top: "y" }`,
      { registry: new LayerRegistry().with(Class) },
    );
  const noLuck = 'layer "mine" (Own): no luck';
  const failing = [
    class extends Base {
      readonly none: never = broken();
    },
    class extends Base {
      override setUp = broken;
    },
    class extends Base {
      override reshape = broken;
    },
    class extends Base {
      override allowForceBackward = broken;
    },
    Object.defineProperty(class extends Base {}.prototype, "forward", { get: broken })
      .constructor as typeof Base,
  ];
  for (const Class of failing) expect(() => netOf(Class)).toThrow(noLuck);
  const net = netOf(Base);
  const layer = net.layer("mine");
  expect(layer).toBeInstanceOf(Base);
  await net.forwardBackward();
  const runs: [typeof Base, (net: Net) => unknown][] = [
    [
      class extends Base {
        override forward = broken;
      },
      (one) => one.forward(),
    ],
    [
      class extends Base {
        override backward = broken;
      },
      (one) => one.backward(),
    ],
    [
      class extends Base {
        override ready = broken;
      },
      (one) => one.forward(),
    ],
    [
      class extends Base {
        override async ready(): Promise<void> {
          broken();
        }
      },
      (one) => one.forward(),
    ],
    [
      class extends Base {
        override readonly fusion = { isCheapToRepeat: broken };
      },
      (one) => one.layer("mine").fusion?.isCheapToRepeat?.(),
    ],
    [
      class extends Base {
        override state = broken;
      },
      (one) => one.layer("mine").state(),
    ],
    [
      class extends Base {
        override restore = broken;
      },
      (one) => one.layer("mine").restore({}),
    ],
    [
      class extends Base {
        override close = broken;
      },
      (one) => one.close(),
    ],
  ];
  for (const [Class, run] of runs) {
    await expect((async () => run(netOf(Class)))()).rejects.toThrow(noLuck);
  }
  class Later extends Base {
    override async forward(): Promise<void> {
      await null;
      broken();
    }
  }
  await expect(netOf(Later).forward()).rejects.toThrow(
    'layer "mine" (Own): forward of class Later returned a promise; it must be done when it returns',
  );
});
