import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { caffeEach, caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const binary = new URL("../../bin/caffe", import.meta.url).pathname;
beforeAll(() => {
  writeFileSync(
    join(folder, "net.prototxt"),
    `layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 2 } } }
     layer { name: "\\033]0;title\\007ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
     layer { name: "a\\nI0101 00:00:00.000000 1 solver.ts:1] Iteration 99, loss = 0.25" type: "EuclideanLoss" bottom: "y" bottom: "y" top: "=1,a\\"b" }`,
  );
  const solver = (name: string, rest: string): void =>
    writeFileSync(
      join(folder, `${name}.prototxt`),
      `net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" display: 1 snapshot_prefix: "${name}" solver_mode: CPU ${rest}`,
    );
  solver("short", "max_iter: 3");
  solver("endless", "max_iter: 1000000000");
});

const shell = (command: string): { status: number | null; stdout: string; stderr: string } =>
  spawnSync("bash", ["-c", command.replaceAll("caffe", `${process.execPath} ${binary}`)], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
  });

describe("what cannot be written", () => {
  test.skipIf(!existsSync("/dev/full"))("a full disk loses the log, not the run", () => {
    const { status } = shell("caffe train --solver=short.prototxt --engine=reference 2> /dev/full");
    expect(status).toBe(0);
    expect(existsSync(join(folder, "short_iter_3.caffemodel"))).toBe(true);
  });

  test.skipIf(!existsSync("/dev/full"))("a full standard output ends a command in one line", () => {
    const { status, stderr } = shell("caffe models list > /dev/full");
    expect(status).toBe(1);
    expect(stderr).toBe(
      "caffe: standard output cannot be written: no space is left on the device.\n",
    );
  });

  test("a reader that has gone ends a command in one line", () => {
    const { stdout, stderr } = shell("caffe models list | true; echo $PIPESTATUS");
    expect(stdout).toBe("1\n");
    expect(stderr).toBe("caffe: standard output cannot be written: whoever read it has gone.\n");
  });

  test("a log whose reader has gone ends no run, and a signal still leaves a snapshot", async () => {
    const child = spawn(
      process.execPath,
      [binary, "train", "--solver=endless.prototxt", "--engine=reference"],
      { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
    );
    await new Promise<void>((resolve) => {
      let log = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (/Iteration 2 /.test(log)) resolve();
      });
    });
    child.stderr.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(child.exitCode).toBeNull();
    child.kill("SIGINT");
    const status = await new Promise((resolve) => child.on("exit", resolve));
    expect(status).toBe(0);
    expect(shell("ls endless_iter_*.caffemodel").stdout.trim().split("\n")).toHaveLength(1);
  });
});

describe("names that others gave", () => {
  test("no character that a terminal obeys reaches it", async () => {
    const table = await caffeHere(["summarize", "net.prototxt"], folder);
    expect(table.status).toBe(0);
    expect(table.stdout).toContain("\\x1b]0;title\\x07ip");
    const log = await caffeHere(
      ["time", "--model=net.prototxt", "--iterations=1", "--engine=reference"],
      folder,
    );
    expect(log.status, log.stderr).toBe(0);
    expect(log.stderr).toContain("Creating Layer \\x1b]0;title\\x07ip");
    for (const text of [table.stdout, log.stderr]) {
      expect(text).not.toContain("\x1b");
      expect(text).not.toContain("\x07");
    }
    const error = await caffeHere(["summarize", "no\x1b[31m\nsuch"], folder);
    expect(error.status).toBe(1);
    expect(error.stderr).toMatch(/^caffe: net file "no\\x1b\[31m\\x0asuch" cannot be read: .*\n$/);
  });

  test("a line break in a name forges no line of a log, and tables are CSV", async () => {
    const train = ["train", "--solver=short.prototxt", "--engine=reference"];
    writeFileSync(join(folder, "forged.log"), (await caffeHere(train, folder)).stderr);
    const { status, stderr } = await caffeHere(["parse_log", "forged.log"], folder);
    expect(status, stderr).toBe(0);
    const [head = "", ...rows] = readFileSync(join(folder, "forged.log.train"), "utf8")
      .trim()
      .split("\n");
    expect(head).toBe(`NumIters,Seconds,LearningRate,"'=1,a""b"`);
    expect(rows.map((row) => row.split(",")[0])).toEqual(["0", "1", "2"]);
  });

  test("pictures are well-formed", async () => {
    for (const name of ["net.svg", "net.png"]) {
      const { status, stderr } = await caffeHere(["draw_net", "net.prototxt", name], folder);
      expect(status, stderr).toBe(0);
    }
    const svg = readFileSync(join(folder, "net.svg"), "utf8");
    expect(svg).toContain("]0;titleip");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(svg).not.toMatch(/[\0-\x08\x0b\x0c\x0e-\x1f]/);
  });
});

test("a FIFO or a device is no file to wait for", () => {
  shell("mkfifo pipe");
  const commands = ["pipe", "/dev/zero"].flatMap((file) => [
    ["summarize", file],
    ["train", `--solver=${file}`],
    ["time", "--model=net.prototxt", `--weights=${file}`],
    ["train", "--solver=short.prototxt", `--snapshot=${file}`],
    ["parse_log", file],
  ]);
  for (const [i, { status, stderr }] of caffeEach(commands, folder).entries()) {
    expect(status, commands[i]?.join(" ")).toBe(1);
    expect(stderr).toMatch(/it is a (?:pipe \(FIFO\)|device)\. Expected a file/);
  }
  expect(shell("caffe summarize <(cat net.prototxt)").stdout).toContain("3 layers");
  expect(shell("cat net.prototxt | caffe summarize /dev/stdin").stdout).toContain("3 layers");
});
