import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
// Whatever lies in the folders above does not count.
writeFileSync(join(folder, "package.json"), "{}");

const input = (name: string, dims: string): string =>
  `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims} } } }`;

beforeAll(() => {
  writeFileSync(
    join(folder, "net.prototxt"),
    `${input("data", "dim: 4 dim: 6")} ${input("label", "dim: 4")}
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" inner_product_param { num_output: 3 } }
    layer { name: "relu" type: "ReLU" bottom: "ip" top: "ip" }
    layer { name: "mine" type: "Python" bottom: "ip" top: "mine" python_param { module: "mine" layer: "Good" } }
    layer { name: "acc" type: "Accuracy" bottom: "mine" bottom: "label" top: "acc" }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "mine" bottom: "label" top: "loss" }`,
  );
  writeFileSync(
    join(folder, "wrong.prototxt"),
    `${input("data", "dim: 4 dim: 6")}
    layer { name: "mine" type: "Python" bottom: "data" top: "y" python_param { module: "mine" layer: "Wrong" } }`,
  );
  writeFileSync(
    join(folder, "mine.js"),
    `class Good {
      setup() {}
      reshape([x], [y]) { y.reshape(x.shape); }
      forward([x], [y]) { const [a, b] = [x.values(), y.data]; for (let i = 0; i < x.count(); i++) b[i] = a[i] ** 3; }
      slope(a) { return 3 * a * a; }
      backward([y], [propagate], [x]) {
        const [a, dy, dx] = [x.values(), y.diffValues(), x.diff];
        if (propagate) for (let i = 0; i < x.count(); i++) dx[i] = dy[i] * this.slope(a[i]);
      }
    }
    exports.Good = Good;
    exports.Wrong = class extends Good { slope(a) { return 2 * a; } };`,
  );
});

describe("caffe gradient_check", () => {
  test("checks every layer, then the whole net", async () => {
    const { status, stderr } = await caffeHere(["gradient_check", "--model=net.prototxt"], folder);
    expect(status).toBe(0);
    for (const what of [
      "ip \\(InnerProduct\\)",
      "relu \\(ReLU\\)",
      "mine \\(Python\\)",
      "loss \\(SoftmaxWithLoss\\)",
      "whole net",
    ]) {
      expect(stderr).toMatch(new RegExp(`] ${what}: \\d+ elements, largest error [\\d.e-]+\n`));
    }
    expect(stderr).not.toContain("acc (Accuracy):");
    expect(stderr).toMatch(/Gradient check passed: \d+ elements/);
  });

  test("checks the layers that are named, every element of them", async () => {
    const args = ["--model=net.prototxt", "--layer=ip", "--samples=0", "--phase=TEST"];
    const { status, stderr } = await caffeHere(["gradient_check", ...args], folder);
    expect(stderr).toContain("ip (InnerProduct): 45 elements");
    expect(stderr).not.toContain("whole net");
    expect(stderr).toContain("Gradient check passed: 45 elements, 0 of them on a kink.");
    expect(status).toBe(0);
  });

  test("names the worst element of a wrong gradient, and ends with 1", async () => {
    const { status, stderr } = await caffeHere(
      ["gradient_check", "--model=wrong.prototxt"],
      folder,
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /\] mine \(Python\): 20 elements, \d+ WRONG, the worst bottom 0 'data' \[\d,\d\]: backward gives/,
    );
    expect(stderr).toMatch(
      /^caffe: \d+ of 20 gradients are wrong. The worst is in layer "mine": bottom 0 'data' \[\d,\d\]: backward gives \S+, differences \S+, relative error \S+. Look at that layer's backward.$/m,
    );
  });

  test.each([
    [[], "Need a model definition"],
    [
      ["--model=net.prototxt", "--layer=io"],
      '--layer names "io", which is no layer of the net. Did you mean "ip"?',
    ],
    [["--model=net.prototxt", "--layer=acc"], "there is no gradient to check"],
    [["--model=wrong.prototxt", "--scope=net"], "has no loss"],
    [["--model=net.prototxt", "--step=0"], "--step is 0. Expected more than 0"],
    [["--model=net.prototxt", "--samples=-1"], "--samples is -1. Expected a whole number"],
    [["--model=net.prototxt", "--engine=native"], "expected reference"],
  ])("%j: says what is wrong", async (args, message) => {
    const { status, stderr } = await caffeHere(["gradient_check", ...args], folder);
    expect(stderr).toContain(message);
    expect(status).toBe(1);
  });

  test("its help teaches", async () => {
    const { stdout } = await caffeHere(["gradient_check", "--help"]);
    expect(stdout).toContain("caffe gradient_check --model=net.prototxt");
    expect(stdout.replace(/\s+/g, " ")).toContain("Exit code 1 says that a gradient is wrong");
  });
});
