import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test, vi } from "vitest";
import { userName } from "../../src/cli/log-files.ts";
import { caffe, caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
beforeAll(() => {
  writeFileSync(
    join(folder, "net.prototxt"),
    'layer { name: "d" type: "DummyData" top: "x" dummy_data_param { shape { dim: 2 dim: 2 } } } layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } } layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "y" top: "l" }',
  );
  writeFileSync(
    join(folder, "s.prototxt"),
    'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 2 display: 1 snapshot_prefix: "s"',
  );
});

const train = (...flags: string[]) =>
  caffeHere(["train", "--solver=s.prototxt", "--engine=reference", ...flags], folder);

test("--log_dir writes glog's files: one for each level, a head, a link to the newest", async () => {
  const { status, stderr } = await train("--log_dir=logs", "--stderrthreshold=1");
  expect(status, stderr).toBe(0);
  expect(stderr).not.toMatch(/^I/m);
  const names = readdirSync(join(folder, "logs"));
  const info = names.find((name) => /^caffe\..*\.log\.INFO\.\d{8}-\d{6}\.\d+$/.test(name));
  expect(info).toBeDefined();
  expect(readlinkSync(join(folder, "logs", "caffe.INFO"))).toBe(info);
  const text = readFileSync(join(folder, "logs", "caffe.INFO"), "utf8");
  expect(text).toMatch(
    /^Log file created at: \d{4}\/\d{2}\/\d{2} \d{2}:\d{2}:\d{2}\nRunning on machine: .+\nLog line format: \[IWEF\]mmdd hh:mm:ss\.uuuuuu threadid file:line\] msg\n/,
  );
  expect(text).toContain("] Optimization Done.");
  expect((await caffeHere(["parse_log", join("logs", "caffe.INFO")], folder)).status).toBe(0);
});

test("the log file says why a command ended", async () => {
  const { status } = await train("--log_dir=failed", "--snapshot=none.solverstate");
  expect(status).toBe(1);
  const text = readFileSync(join(folder, "failed", "caffe.FATAL"), "utf8");
  expect(text).toMatch(/^F.*\] solver state "none\.solverstate" cannot be read/m);
});

test("--minloglevel drops what is below it, and so does GLOG_minloglevel", async () => {
  expect((await train("--minloglevel=2")).stderr).toBe("");
  process.env["GLOG_minloglevel"] = "2";
  try {
    expect((await train()).stderr).toBe("");
  } finally {
    delete process.env["GLOG_minloglevel"];
  }
  expect((await train("--v=1.5")).stderr).toContain("--v is 1.5. Expected a whole number");
  const { status, stderr } = await train("--minloglevel=7");
  expect(status).toBe(1);
  expect(stderr).toContain("minloglevel is 7. Expected 0 info, 1 warning, 2 error or 3 fatal.");
});

test("the user in a log's name is the system's, else USER's, with nothing that a name cannot hold", () => {
  const none = (): string => {
    throw new Error("no such user");
  };
  vi.stubEnv("USER", "../a b/c");
  expect(userName(() => "me")).toBe("me");
  expect(userName(none)).toBe(".._a_b_c");
  vi.stubEnv("USER", "");
  expect(userName(none)).toBe("invalid-user");
  vi.unstubAllEnvs();
});

test("a log_dir that cannot be made is said to be so", async () => {
  writeFileSync(join(folder, "a-file"), "");
  const { status, stderr } = await train("--log_dir=a-file/logs");
  expect(status).toBe(1);
  expect(stderr).toContain('log_dir "a-file/logs" cannot be made');
});

test("a flag file stands for its flags on a command line", async () => {
  writeFileSync(join(folder, "train.flags"), "--engine=reference\n-solver=s.prototxt\n");
  const { status, stderr } = await caffeHere(["train", "--flagfile=train.flags"], folder);
  expect(status, stderr).toBe(0);
  expect((await caffeHere(["train", "--flagfile=none"], folder)).stderr).toContain(
    'flag file "none" cannot be read: no such file or directory.',
  );
});

test("completion knows commands and their flags", async () => {
  expect((await caffeHere(["completion"])).stdout).toContain("caffe completion");
  const words = (...args: string[]): string[] =>
    caffe(["--get-yargs-completions", "caffe", ...args]).stdout.split("\n");
  expect(words("")).toEqual(expect.arrayContaining(["train", "test", "parse_log"]));
  expect(words("train", "--")).toEqual(expect.arrayContaining(["--solver", "--snapshot", "--nan"]));
});

test("--help names every exit code and teaches with examples", async () => {
  const { stdout } = await caffeHere(["--help"]);
  for (const text of ["Exit codes:", "3  training diverged", "--snapshot=auto", "--flagfile"]) {
    expect(stdout).toContain(text);
  }
});
