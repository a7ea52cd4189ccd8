import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const ran = join(folder, "ran");
beforeAll(() => {
  mkdirSync(join(folder, "net"));
  writeFileSync(
    join(folder, "net", "mine.cjs"),
    `require("node:fs").writeFileSync(${JSON.stringify(ran)}, "");
     exports.Mine = class { setup() {} reshape([x], [y]) { y.reshape([7, 3]); } forward() {} backward() {} };`,
  );
  writeFileSync(
    join(folder, "net", "net.prototxt"),
    `layer { name: "d" type: "Input" top: "d" input_param { shape { dim: 2 } } }
     layer { name: "m" type: "Python" bottom: "d" top: "m" python_param { module: "mine" layer: "Mine" } include { phase: TEST } }`,
  );
});

test.each([
  ["summarize", []],
  ["draw_net", ["net.dot", "--shapes"]],
])(
  "%s runs no module unless it is asked to, and then that beside the net",
  async (command, rest) => {
    const args = [command, "net/net.prototxt", ...rest];
    rmSync(ran, { force: true });
    const refused = await caffeHere(args, folder);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toBe(
      'caffe: layer "m" (Python) is class Mine of module "mine", a program that is not run to look at a net. Give --run-layers if you trust it.\n',
    );
    expect(existsSync(ran)).toBe(false);
    const without = await caffeHere([...args, "--phase=TRAIN"], folder);
    expect(without.status, without.stderr).toBe(0);
    const asked = await caffeHere([...args, "--run-layers"], folder);
    expect(asked.status, asked.stderr).toBe(0);
    if (command === "summarize") {
      expect(existsSync(ran)).toBe(true);
      expect(asked.stdout).toContain("7×3");
    }
  },
);

test("a picture without shapes needs no module", async () => {
  const { status, stderr } = await caffeHere(["draw_net", "net/net.prototxt", "plain.dot"], folder);
  expect(status, stderr).toBe(0);
});
