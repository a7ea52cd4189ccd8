import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parsePrototxt } from "../../src/io/prototxt.ts";
import { Net } from "../../src/net/net.ts";
import { referenceEngines } from "../support/engines.ts";
import { checkGradient, forward, layerNet, netOf } from "../support/nets.ts";

const root = mkdtempSync(join(tmpdir(), "user-layers-"));
// Whatever lies in the folders above does not count.
writeFileSync(join(root, "package.json"), "{}");
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  writeFileSync(
    join(root, "scaling.js"),
    `exports.Times = class {
      setup(bottom, top) { this.factor = Number(JSON.parse(this.param_str).factor); }
      reshape([x], [y]) { y.reshape(x.shape); }
      forward([x], [y]) {
        const [from, to] = [x.values(), y.data];
        for (let i = 0; i < x.count(); i++) to[i] = this.factor * from[i];
      }
      backward([y], [propagate], [x]) {
        const [from, to] = [y.diffValues(), x.diff];
        for (let i = 0; i < x.count(); i++) to[i] = this.factor * from[i];
      }
    };
    exports.Counting = class {
      setup() { this.passes = 0; }
      reshape(bottom, [y]) { y.reshape([1]); }
      forward(bottom, [y]) { y.data[0] = this.passes++; }
      backward() {}
    };
    exports.Broken = class { setup() { throw new Error("out of luck"); } reshape() {} forward() {} backward() {} };
    exports.Half = class { setup() {} };`,
  );
  writeFileSync(
    join(root, "modern.mjs"),
    "export class Same { setup() {} reshape([x], [y]) { y.reshape(x.shape); } forward([x], [y]) { y.data.set(x.values()); } backward() {} }",
  );
  writeFileSync(join(root, "typed.ts"), "export const broken: number = ;");
  mkdirSync(join(root, "rpn"));
  writeFileSync(join(root, "rpn", "proposal.py"), "class Layer: pass\n");
  writeFileSync(join(root, "old.py"), "class Layer: pass\n");
  writeFileSync(join(root, "wrong.js"), "export default class {");
});

const layer = (module: string, name: string): string =>
  `type: "Python" bottom: "a" top: "y" python_param { module: "${module}" layer: "${name}" param_str: '{"factor": 3}' }`;

test("a layer of the user's own runs", async () => {
  const net = layerNet(layer("scaling", "Times"), [[2]], { root });
  expect(await forward(net, [1, 2])).toEqual([[3, 6]]);
  net.blob("y").diffMem.overwriteCpu().set([1, 2]);
  await net.backward();
  expect(Array.from(net.blob("a").diffValues())).toEqual([3, 6]);
});

test("it may be a module of any kind", async () => {
  expect(await forward(layerNet(layer("modern", "Same"), [[2]], { root }), [1, 2])).toEqual([
    [1, 2],
  ]);
});

test("it is found beside the net's prototxt", async () => {
  const text = `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 } } } layer { name: "t" ${layer("scaling", "Times")} }`;
  const file = join(root, "net.prototxt");
  const net = new Net(parsePrototxt("NetParameter", text, file), {
    engines: referenceEngines,
    phase: "TEST",
  });
  expect(await forward(net, [1, 2])).toEqual([[3, 6]]);
});

test("its gradient can be checked", async () => {
  await checkGradient(layer(join(root, "scaling"), "Times"), [[2, 3]]);
});

test.each([
  ["old", "Layer", "is written in Python, which is not run here. Write its class in JavaScript"],
  ["none", "Layer", 'module "none" is not found'],
  ["rpn.proposal", "Layer", "rpn/proposal.py is written in Python"],
  ["wrong", "Layer", "cannot be loaded"],
  ["typed", "Layer", "typed.ts cannot be loaded"],
  ["scaling", "Missing", "has no class Missing"],
  ["scaling", "Half", "has no method reshape"],
  ["scaling", "Broken", 'layer "t" (Python): out of luck'],
  ["", "X", "needs module and layer"],
])("module %s, class %s: says what is wrong", (module, name, message) => {
  expect(() => layerNet(layer(module, name), [[2]], { root })).toThrow(message);
});

test.each([
  [true, [0, 2, 4], [1, 3, 5]],
  [false, [0, 1, 2], [0, 1, 2]],
])("share_in_parallel %s: two solvers see passes %o and %o", async (shared, first, second) => {
  for (const [rank, want] of [first, second].entries()) {
    const net = netOf(
      `layer { name: "t" type: "Python" top: "y" python_param { module: "scaling" layer: "Counting" share_in_parallel: ${shared} } }`,
      { root, shard: { rank, count: 2 } },
    );
    const seen: number[] = [];
    for (let i = 0; i < 3; i++) seen.push(...(await forward(net)).flat());
    expect(seen).toEqual(want);
  }
});
