// caffe summarize, caffe draw_net and caffe plot_log.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

describe("caffe summarize", () => {
  test("prints a table of layers, shapes, parameters, multiplications and memory", async () => {
    const { status, stdout } = await caffeHere(["summarize", "models/lenet/lenet.prototxt"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/conv2 +Convolution +64×50×8×8 +25\.1 k +102 M +800\.0 KiB/);
    expect(stdout).toMatch(/9 layers +431,080 +147 M +4\.8 MiB/);
  });

  test("prints JSON, of a net whose database is not there", async () => {
    const { stdout } = await caffeHere([
      "summarize",
      "models/lenet/lenet_train_test.prototxt",
      "--phase=TRAIN",
      "--shape",
      "data=2,1,28,28",
      "--json",
    ]);
    const { name, layers } = JSON.parse(stdout) as { name: string; layers: { name: string }[] };
    expect(name).toBe("LeNet");
    expect(layers.find((layer) => layer.name === "conv1")).toEqual({
      name: "conv1",
      type: "Convolution",
      bottoms: ["data"],
      tops: ["conv1"],
      topShapes: [[2, 20, 24, 24]],
      engine: expect.any(String),
      parameters: 520,
      macs: 2 * 24 * 24 * 500,
      bytes: 2 * 20 * 24 * 24 * 4,
      lrMults: [1, 2],
    });
  });

  test("says which shape it needs, and how one is written", async () => {
    const net = "models/lenet/lenet_train_test.prototxt";
    expect((await caffeHere(["summarize", net])).stderr).toContain(
      'layer "data" (Data): the shape of its top "data" depends on data. Give it, e.g. data=64,3,224,224.',
    );
    const wrong = await caffeHere(["summarize", net, "--shape", "data=1,x"]);
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain("--shape is data=1,x. Expected name=lengths");
  });
});

describe("caffe draw_net", () => {
  const net = "models/lenet/lenet_train_test.prototxt";

  test("draws SVG, PNG, PDF and DOT, with shapes and learning rates", async () => {
    const flags = ["--shape", "data=64,1,28,28", "--display_lrm", "--phase=TRAIN", "--rankdir=TB"];
    for (const ending of ["svg", "png", "pdf", "dot"]) {
      const { status, stderr } = await caffeHere([
        "draw_net",
        net,
        at(`lenet.${ending}`),
        ...flags,
      ]);
      expect(stderr).toContain("Drawing net to");
      expect(status).toBe(0);
    }
    const svg = readFileSync(at("lenet.svg"), "utf8");
    expect(svg).toContain("64×20×24×24");
    expect(svg).toContain("lr_mult 1, 2");
    expect(svg).not.toContain("Accuracy");
    const { width = 0, height = 0 } = await sharp(at("lenet.png")).metadata();
    expect(height).toBeGreaterThan(width);
    expect(readFileSync(at("lenet.pdf"), "latin1")).toMatch(/^%PDF-/);
    expect(readFileSync(at("lenet.dot"), "utf8")).toContain("rankdir=TB");
  });

  test("refuses other endings, and leaves nothing", async () => {
    const { status, stderr } = await caffeHere(["draw_net", net, at("lenet.gif")]);
    expect(status).toBe(1);
    expect(stderr).toContain(
      'lenet.gif" cannot be drawn. Expected it to end in .svg, .png, .pdf or .dot.',
    );
  });
});

describe("caffe plot_log", () => {
  const log = at("train.log");
  writeFileSync(
    log,
    `I1231 23:59:59.000000 1 solver.ts:1] Solving net
I1231 23:59:59.500000 1 solver.ts:1] Iteration 0, Testing net (#0)
I1231 23:59:59.500000 1 solver.ts:1]     Test net output #0: accuracy = 0.1
I1231 23:59:59.500000 1 solver.ts:1]     Test net output #1: loss = 2.3 (* 1 = 2.3 loss)
I1231 23:59:59.900000 1 solver.ts:1] Iteration 0 (0 iter/s, 0s/10 iters), loss = 2.3
I1231 23:59:59.900000 1 sgd_solver.ts:1] Iteration 0, lr = 0.01
I0101 00:00:09.900000 1 solver.ts:1] Iteration 10 (1 iter/s, 10s/10 iters), loss = 1.5
I0101 00:00:09.900000 1 sgd_solver.ts:1] Iteration 10, lr = 0.001
`,
  );

  test("draws one chart as SVG or PNG, and all on a page", async () => {
    expect((await caffeHere(["plot_log", at("loss.svg"), log])).status).toBe(0);
    const svg = readFileSync(at("loss.svg"), "utf8");
    expect(svg).toContain("Train loss vs. Iters");
    expect((await caffeHere(["plot_log", at("lr.png"), log, log, "--chart=5"])).status).toBe(0);
    expect((await sharp(at("lr.png")).metadata()).width).toBe(1520);
    expect((await caffeHere(["plot_log", at("run.html"), log])).status).toBe(0);
    expect(readFileSync(at("run.html"), "utf8").match(/<svg/g)).toHaveLength(10);
  });

  test("says what is wrong", async () => {
    const none = at("empty.log");
    writeFileSync(none, "nothing\n");
    expect((await caffeHere(["plot_log", at("x.svg"), none])).stderr).toContain(
      "no line tells of Train loss vs. Iters",
    );
    expect((await caffeHere(["plot_log", at("x.svg"), log, "--chart=10"])).stderr).toContain(
      "--chart is 10. Expected a whole number, 9 or less",
    );
    expect((await caffeHere(["plot_log", at("x.pdf"), log])).stderr).toContain("cannot be plotted");
    expect((await caffeHere(["plot_log", at("x.svg"), at("none.log")])).stderr).toContain(
      "no such file",
    );
  });
});
