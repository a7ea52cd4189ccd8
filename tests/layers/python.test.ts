import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkGradient, forward, layerNet } from "../support/nets.ts";

const root = mkdtempSync(join(tmpdir(), "user-layers-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  writeFileSync(
    join(root, "scaling.js"),
    `exports.Times = class {
      setup(bottom, top) { this.factor = Number(JSON.parse(this.param_str).factor); }
      reshape([x], [y]) { y.reshape(x.shape); }
      forward([x], [y]) {
        const [from, to] = [x.data.cpu(), y.data.overwriteCpu()];
        for (let i = 0; i < x.count(); i++) to[i] = this.factor * from[i];
      }
      backward([y], [propagate], [x]) {
        const [from, to] = [y.diff.cpu(), x.diff.overwriteCpu()];
        for (let i = 0; i < x.count(); i++) to[i] = this.factor * from[i];
      }
    };
    exports.Broken = class { setup() { throw new Error("out of luck"); } reshape() {} forward() {} backward() {} };
    exports.Half = class { setup() {} };`,
  );
  writeFileSync(join(root, "old.py"), "class Layer: pass\n");
  writeFileSync(join(root, "wrong.js"), "export default class {");
});

const layer = (module: string, name: string): string =>
  `type: "Python" bottom: "a" top: "y" python_param { module: "${module}" layer: "${name}" param_str: '{"factor": 3}' }`;

test("a layer of the user's own runs", async () => {
  const net = layerNet(layer("scaling", "Times"), [[2]], { root });
  expect(await forward(net, [1, 2])).toEqual([[3, 6]]);
  net.blob("y").diff.overwriteCpu().set([1, 2]);
  net.backward();
  expect(Array.from(net.blob("a").diffValues())).toEqual([3, 6]);
});

test("its gradient can be checked", async () => {
  await checkGradient(layer(join(root, "scaling"), "Times"), [[2, 3]]);
});

test.each([
  ["old", "Layer", "is written in Python, which is not run here. Write its class in JavaScript"],
  ["none", "Layer", 'module "none" is not found'],
  ["wrong", "Layer", "cannot be loaded"],
  ["scaling", "Missing", "has no class Missing"],
  ["scaling", "Half", "has no method reshape"],
  ["scaling", "Broken", 'layer "t" (Python): out of luck'],
  ["", "X", "needs module and layer"],
])("module %s, class %s: says what is wrong", (module, name, message) => {
  expect(() => layerNet(layer(module, name), [[2]], { root })).toThrow(message);
});
