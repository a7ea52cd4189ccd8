// Others' programs that read Caffe's log, on ours: parse_log.py, parse_log.sh, NVIDIA DIGITS.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { parseLog } from "../../src/monitor/parse-log.ts";
import { caffe } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/*
 * Programs read the log of `caffe train` by its bytes. Here a real log goes through their own rules: the regular
 * expressions of Caffe's parse_log.py and extract_seconds.py, the sed and awk of parse_log.sh, and those of NVIDIA DIGITS.
 */
const folder = temporaryFolder();

let log = "";
let lines: string[] = [];
beforeAll(() => {
  writeFileSync(
    join(folder, "net.prototxt"),
    `name: "Logged"
    layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 4 dim: 6 } shape { dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
    layer { name: "ip" type: "InnerProduct" bottom: "x" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
    layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "t" top: "accuracy" include { phase: TEST } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`,
  );
  writeFileSync(
    join(folder, "solver.prototxt"),
    'net: "net.prototxt" base_lr: 0.00001 lr_policy: "inv" gamma: 0.001 power: 0.75 max_iter: 40 display: 10 snapshot: 20 test_iter: 2 test_interval: 20 snapshot_prefix: "s" solver_mode: CPU random_seed: 1',
  );
  const { status, stderr } = caffe(
    ["train", "--solver=solver.prototxt", "--engine=reference"],
    folder,
  );
  expect(status, stderr).toBe(0);
  log = stderr;
  lines = stderr.split("\n");
  writeFileSync(join(folder, "run.log"), log);
});

/** What a pattern takes out of each line it finds. */
const found = (pattern: RegExp): string[][] =>
  lines.flatMap((line) => {
    const match = pattern.exec(line);
    return match ? [match.slice(1)] : [];
  });

describe("parse_log.py", () => {
  const iteration = /Iteration (\d+)/;
  const trainOutput = /Train net output #(\d+): (\S+) = ([.\deE+-]+)/;
  const testOutput = /Test net output #(\d+): (\S+) = ([.\deE+-]+)/;
  const learningRate = /lr = ([-+]?[0-9]*\.?[0-9]+([eE]?[-+]?[0-9]+)?)/;

  test("finds iterations, outputs and learning rates", () => {
    expect(new Set(found(iteration).map(([n]) => n))).toEqual(new Set("0 10 20 30 40".split(" ")));
    expect(found(trainOutput).map(([k, name]) => [k, name])).toEqual(Array(4).fill(["0", "loss"]));
    expect(found(testOutput).map(([k, name]) => `${k}:${name}`)).toEqual(
      Array(3).fill(["0:accuracy", "1:loss"]).flat(),
    );
    // Small numbers keep their exponent: 1e-05.
    expect(found(learningRate).map(([rate]) => Number(rate))).toBeAllClose(
      [0, 10, 20, 30].map((i) => 1e-5 * (1 + 0.001 * i) ** -0.75),
      { rtol: 1e-5, atol: 0 },
    );
    for (const [, , value] of [...found(trainOutput), ...found(testOutput)]) {
      expect(Number(value)).not.toBeNaN();
    }
  });

  test("dates every line of interest by its first two words, from Solving on", () => {
    const solving = lines.findIndex((line) => line.includes("Solving"));
    expect(solving).toBeGreaterThan(0);
    for (const line of lines.slice(solving)) {
      if (!/Iteration|net output|lr =/.test(line)) continue;
      const [date = "", time = ""] = line.trim().split(/\s+/);
      expect(date).toMatch(/^[IWEF](0[1-9]|1[0-2])([0-2]\d|3[01])$/);
      expect(time).toMatch(/^([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}$/);
    }
  });

  test("and caffe parse_log tells the same", () => {
    const { train, test: tested } = parseLog(log);
    expect(train.map((row) => row.get("NumIters"))).toEqual([0, 10, 20, 30]);
    expect(train.map((row) => row.get("loss"))).toEqual(
      found(trainOutput).map(([, , value]) => Number(value)),
    );
    expect(tested.map((row) => row.get("accuracy"))).toEqual(
      found(testOutput).flatMap(([, name, value]) => (name === "accuracy" ? [Number(value)] : [])),
    );
    expect([...(train[0]?.keys() ?? [])]).toEqual(["NumIters", "Seconds", "LearningRate", "loss"]);
  });
});

describe("parse_log.sh", () => {
  const shell = (script: string): string[] => {
    const { stdout, stderr, status } = spawnSync("sh", ["-c", script], {
      cwd: folder,
      encoding: "utf8",
    });
    expect(status, stderr).toBe(0);
    return stdout.trim().split("\n");
  };

  test("cuts the same columns out of the same lines", () => {
    const range =
      "sed -n '/Iteration .* Testing net/,/Iteration *. loss/p' run.log | sed 's/=/ = /g; s/  */ /g'";
    const accuracy = shell(`${range} | grep 'Test net output #0' | awk '{print $11}'`).map(Number);
    const loss = shell(`${range} | grep 'Test net output #1' | awk '{print $11}'`).map(Number);
    expect([accuracy.length, loss.length]).toEqual([3, 3]);
    for (const value of [...accuracy, ...loss]) expect(value).not.toBeNaN();
    const trainLoss = shell("grep ', loss = ' run.log | awk -F= '{print $2}'").map(Number);
    expect(trainLoss).toHaveLength(5);
    const rates = shell("grep ', lr = ' run.log | awk '{print $9}'").map(Number);
    expect(rates[0]).toBe(1e-5);
    expect(shell("grep '] Solving ' run.log")).toHaveLength(1);
    expect(shell("grep ']  *Iteration .*, lr' run.log | awk '{print $6}' | sed 's/,//'")).toEqual(
      "0 10 20 30".split(" "),
    );
  });
});

describe("NVIDIA DIGITS", () => {
  const prefix = /^(\w)(\d{4} \S{8}).*]\s+(\S.*)$/;
  const messages = (): string[] => found(prefix).map(([, , message]) => message ?? "");

  test("sees every message, with severity and time", () => {
    expect(found(prefix).length).toBeGreaterThan(40);
    expect(found(prefix)[0]?.[0]).toBe("I");
  });

  test("follows progress, outputs and rates", () => {
    const all = messages();
    const number = "([+-]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|[Nn]a[Nn])";
    const count = (pattern: RegExp): number => all.filter((line) => pattern.test(line)).length;
    expect(count(/Iteration (\d+)/)).toBeGreaterThan(8);
    expect(count(new RegExp(`(Train|Test) net output #(\\d+): (\\S*) = ${number}`))).toBe(10);
    expect(count(new RegExp(`Iteration (\\d+).*lr = ${number}`))).toBe(4);
  });

  test("believes in snapshots: the state's message is the very next one", () => {
    const all = messages();
    const at = all.flatMap((message, i) => (/Snapshotting to (.*)\s*$/.test(message) ? [i] : []));
    expect(at).toHaveLength(2);
    for (const i of at) {
      expect(all[i + 1]).toMatch(/^Snapshotting solver state/);
      expect(all[i]).toMatch(/s_iter_(\d+)\.caffemodel$/);
      expect(all[i + 1]).toMatch(/s_iter_(\d+)\.solverstate$/);
    }
  });
});
