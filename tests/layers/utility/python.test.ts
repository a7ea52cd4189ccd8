import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { Net } from "../../../src/net/net.ts";
import { referenceEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet, netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
// Whatever lies in the folders above does not count.
writeFileSync(join(root, "package.json"), "{}");

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

test.each(["/tmp/scaling.js", "../scaling", "rpn/../../scaling", "..", "a/.."])(
  "a module %s, outside of the net's folder, is refused",
  (module) => {
    expect(() => layerNet(layer(module, "Times"), [[2]], { root })).toThrow(
      `(Python): module "${module}" leads out of the net's folder`,
    );
  },
);

test("modules are found in the folders of CAFFE_LAYER_PATH, after others", async () => {
  vi.stubEnv("CAFFE_LAYER_PATH", ["", join(root, "none"), root].join(":"));
  const net = layerNet(layer("scaling", "Times"), [[2]]);
  expect(await forward(net, [1, 2])).toEqual([[3, 6]]);
  vi.unstubAllEnvs();
  expect(() => layerNet(layer("scaling", "Times"), [[2]])).toThrow('module "scaling" is not found');
});

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
  vi.stubEnv("CAFFE_LAYER_PATH", root);
  await checkGradient(layer(join(root, "scaling"), "Times"), [[2, 3]]);
  vi.unstubAllEnvs();
});

test.each([
  ["old", "Layer", 'module "old" has no class Layer that derives from caffe.Layer'],
  ["none", "Layer", 'module "none" is not found'],
  ["rpn.proposal", "Layer", 'module "rpn.proposal" has no class Layer'],
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

/** A class with the methods of a layer, one of them replaced. */
const classWith = (name: string, replaced: string): string =>
  `exports.${name} = class { setup() {} reshape([x], [y]) { y.reshape(x.shape); } forward() {} backward() {} ${replaced} };`;

test("what does not wait is refused: a promise or a generator in place of work that is done", async () => {
  const later = "{ await null; throw new Error('too late'); }";
  writeFileSync(
    join(root, "later.js"),
    [
      classWith("Setup", `async setup() ${later}`),
      classWith("Reshape", `async reshape() ${later}`),
      classWith("Forward", `async forward() ${later}`),
      classWith("Backward", `backward() { return new Promise((_, no) => setTimeout(no, 1)); }`),
      classWith("Generator", "*forward() {}"),
      classWith("AsyncGenerator", "async *forward() {}"),
      classWith("Harmless", "forward() { return [1]; } backward() { return 'done'; }"),
    ].join("\n"),
  );
  const net = (name: string): Net => layerNet(layer("later", name), [[2]], { root });
  for (const name of ["Setup", "Reshape"]) {
    expect(() => net(name)).toThrow(
      `(Python): ${name.toLowerCase()} of class ${name} returned a promise; it must be done when it returns`,
    );
  }
  await expect(net("Forward").forward()).rejects.toThrow(
    "forward of class Forward returned a promise",
  );
  await expect(net("Backward").backward()).rejects.toThrow(
    "backward of class Backward returned a promise",
  );
  await expect(net("Generator").forward()).rejects.toThrow("returned a generator");
  await expect(net("AsyncGenerator").forward()).rejects.toThrow("returned a generator");
  await net("Harmless").forwardBackward();
  // Those that are broken later end nothing: a rejection that nobody handles would fail this run.
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("whatever fails in a user's class names the layer", async () => {
  writeFileSync(
    join(root, "failing.js"),
    [
      classWith("Constructor", "constructor() { throw new Error('no luck'); }"),
      classWith("Getter", "get forward() { throw new Error('no luck'); }"),
      classWith("Setter", "set param_str(_) { throw new Error('no luck'); }"),
      classWith("ReadOnly", "get phase() { return 'TEST'; }"),
      classWith("Text", "setup() { throw 'no luck'; }"),
      classWith("Empty", "setup() { throw new TypeError(); }"),
      "exports.Factory = () => ({ setup() {}, reshape() {}, forward() {}, backward() {} });",
      "Object.defineProperty(exports, 'Export', { get() { throw new Error('no luck'); } });",
    ].join("\n"),
  );
  const built = (name: string) => (): Net => layerNet(layer("failing", name), [[2]], { root });
  for (const name of ["Constructor", "Getter", "Setter", "Text", "Export"]) {
    expect(built(name), name).toThrow(/^prototxt:1: layer "t" \(Python\): no luck$/);
  }
  expect(built("ReadOnly")).toThrow(/^prototxt:1: layer "t" \(Python\): .*phase/);
  expect(built("Empty")).toThrow(/^prototxt:1: layer "t" \(Python\): TypeError$/);
  expect(built("Factory")).toThrow(
    'Factory of module "failing" is a function that `new` cannot call. Expected `export class Factory`',
  );
});
