// Layers in Python in nets that commands run: a Python of its own, which comes and goes with the command.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { isLong } from "../support/long.ts";
import { python, pythonNeeds } from "../support/python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const elsewhere = temporaryFolder();

const data = `layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
  shape { dim: 4 dim: 1 } data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 3 } } }`;
const layer = (module: string, name: string, more = ""): string =>
  `layer { name: "own" type: "Python" bottom: "data" top: "out" python_param { module: "${module}" layer: "${name}" ${more} } }`;
const loss =
  'layer { name: "loss" type: "EuclideanLoss" bottom: "out" bottom: "label" top: "loss" }';

beforeAll(() => {
  mkdirSync(join(folder, "nets"));
  const file = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  file(
    "weighted.py",
    `import os, time
import caffe

class Weighted(caffe.Layer):
    def setup(self, bottom, top):
        print("setup", self.param_str, self.phase, flush=True)
        self.blobs.add_blob(1)
        self.blobs[0].data[...] = 1

    def reshape(self, bottom, top):
        top[0].reshape(*bottom[0].data.shape)

    def forward(self, bottom, top):
        top[0].data[...] = self.blobs[0].data[0] * bottom[0].data

    def backward(self, top, propagate_down, bottom):
        self.blobs[0].diff[0] += (top[0].diff * bottom[0].data).sum()
        if propagate_down[0]:
            bottom[0].diff[...] = self.blobs[0].data[0] * top[0].diff

class Wrong(Weighted):
    def forward(self, bottom, top):
        self.deeper()

    def deeper(self):
        raise ValueError("no luck")

class WrongGradient(Weighted):
    def backward(self, top, propagate_down, bottom):
        bottom[0].diff[...] = 1

class Pid(Weighted):
    def setup(self, bottom, top):
        super().setup(bottom, top)
        with open("pid", "w") as file:
            file.write("%d" % os.getpid())

class Slow(Pid):
    def forward(self, bottom, top):
        with open("within", "w"):
            pass
        for _ in range(3000):
            time.sleep(0.01)

class Exits(Pid):
    def forward(self, bottom, top):
        os._exit(9)
`,
  );
  file("nets/beside.py", "from weighted import Weighted as Beside\n");
  writeFileSync(join(elsewhere, "on_path.py"), "from weighted import Weighted as OnPath\n");
  for (const [name, own] of Object.entries({
    weighted: layer("weighted", "Weighted", 'param_str: "some text"'),
    wrong: layer("weighted", "Wrong"),
    gradient: layer("weighted", "WrongGradient"),
    pid: layer("weighted", "Pid"),
    slow: layer("weighted", "Slow"),
    exits: layer("weighted", "Exits"),
    beside: layer("beside", "Beside"),
    path: layer("on_path", "OnPath"),
    absent: layer("absent", "Absent"),
  })) {
    file(`nets/${name}.prototxt`, `force_backward: true ${data} ${own} ${loss}`);
    file(
      `${name}_solver.prototxt`,
      `net: "nets/${name}.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 40 display: 40 snapshot_prefix: "${name}"`,
    );
    file(
      `${name}_long_solver.prototxt`,
      `net: "nets/${name}.prototxt" base_lr: 1e-6 lr_policy: "fixed" max_iter: 1000000000 display: 1000 snapshot_prefix: "${name}_long"`,
    );
  }
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): [ChildProcess, Promise<Ended>] {
  const child = spawn(process.execPath, [resolve("bin/caffe"), ...args], {
    cwd: folder,
    env: {
      ...process.env,
      GLOG_minloglevel: "1",
      PYTHONDONTWRITEBYTECODE: "1",
      CAFFE_PYTHON: python,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((done) => {
    child.on("close", (status) => done({ status, stdout, stderr }));
  });
  return [child, ended];
}

const run = (args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ended> =>
  start(args, env)[1];

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 20));
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

const pidOfPython = (): number => Number(readFileSync(join(folder, "pid"), "utf8"));
const canSeeProcesses = existsSync("/proc/self/stat");

describe.skipIf(!python)(`layers in Python (${pythonNeeds})`, { timeout: 120_000 }, () => {
  test("train and test run them; what they print goes to standard output, what they learn into the file", async () => {
    const trained = await run(["train", "--solver=weighted_solver.prototxt"]);
    expect(trained.stderr).toBe("");
    expect(trained.status).toBe(0);
    expect(trained.stdout).toBe("setup some text 0\n");
    const weights = "--weights=weighted_iter_40.caffemodel";
    const tested = await run(
      ["test", "--model=nets/weighted.prototxt", weights, "--iterations=1"],
      {
        GLOG_minloglevel: "0",
      },
    );
    expect(tested.status, tested.stderr).toBe(0);
    expect(tested.stdout).toBe("setup some text 1\n");
    const value = Number(/\] loss = (\S+)/.exec(tested.stderr)?.[1]);
    expect(value).toBeLessThan(1e-3);
  });

  test.skipIf(!isLong)("time and gradient_check run them", async () => {
    const timed = await run(["time", "--model=nets/weighted.prototxt", "--iterations=2"]);
    expect(timed.status, timed.stderr).toBe(0);
    const right = await run(["gradient_check", "--model=nets/weighted.prototxt", "--phase=TEST"]);
    expect(right.status, right.stdout + right.stderr).toBe(0);
    const wrong = await run(["gradient_check", "--model=nets/gradient.prototxt", "--phase=TEST"]);
    expect(wrong.status).not.toBe(0);
  });

  test.each([
    ["beside the net", "beside"],
    ["on PYTHONPATH", "path"],
    ["in the current folder", "weighted"],
  ])("a module may lie %s", async (_, name) => {
    const { status, stderr, stdout } = await run(
      ["time", `--model=nets/${name}.prototxt`, "--iterations=1"],
      {
        PYTHONPATH: elsewhere,
      },
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain("setup");
  });

  test("a package of this name in the current folder is not taken for ours", async () => {
    writeFileSync(join(folder, "caffe.py"), "raise OSError('not this one')\n");
    const { status, stderr } = await run([
      "time",
      "--model=nets/weighted.prototxt",
      "--iterations=1",
    ]);
    expect(status, stderr).toBe(0);
    writeFileSync(join(folder, "caffe.py"), "");
  });

  test("an exception is shown with the layer's name and the lines that led there", async () => {
    const { status, stderr } = await run(["train", "--solver=wrong_solver.prototxt"]);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(
      /^caffe: layer "own" \(Python\): Traceback \(most recent call last\):\n {2}File ".*weighted\.py", line \d+, in forward\n {4}self\.deeper\(\)\n {2}File ".*weighted\.py", line \d+, in deeper\n {4}raise ValueError\("no luck"\)\nValueError: no luck\n$/,
    );
  });

  test.skipIf(!isLong)(
    "--python names an environment, whose packages its layers use and may be",
    async () => {
      const environment = join(elsewhere, "environment");
      const made = spawnSync(python ?? "", [
        ...["-m", "venv", "--system-site-packages", "--without-pip", environment],
      ]);
      expect(made.status).toBe(0);
      const lib = join(environment, "lib");
      const packages = join(lib, readdirSync(lib)[0] ?? "", "site-packages");
      writeFileSync(join(packages, "installed_only.py"), "FACTOR = 5\n");
      mkdirSync(join(packages, "installed_layers"));
      writeFileSync(
        join(packages, "installed_layers", "__init__.py"),
        `import caffe, installed_only

class Installed(caffe.Layer):
    def setup(self, bottom, top): print("factor", installed_only.FACTOR, flush=True)
    def reshape(self, bottom, top): top[0].reshape(*bottom[0].data.shape)
    def forward(self, bottom, top): top[0].data[...] = installed_only.FACTOR * bottom[0].data
    def backward(self, top, propagate_down, bottom): bottom[0].diff[...] = installed_only.FACTOR * top[0].diff
`,
      );
      writeFileSync(
        join(folder, "nets", "imports.py"),
        "from installed_layers import Installed as Imports\n",
      );
      for (const [name, own] of [
        ["imports", layer("imports", "Imports")],
        ["installed", layer("installed_layers", "Installed")],
      ] as const) {
        const model = `nets/${name}.prototxt`;
        writeFileSync(join(folder, model), `force_backward: true ${data} ${own} ${loss}`);
        const args = ["time", `--model=${model}`, "--iterations=1"];
        const { status, stdout } = await run([...args, `--python=${environment}/bin/python`]);
        expect([status, stdout]).toEqual([0, expect.stringContaining("factor 5")]);
      }
      const without = await run(["time", "--model=nets/imports.prototxt"]);
      expect(without.status).toBe(1);
      expect(without.stderr).toMatch(/No module named 'installed_layers'/);
    },
  );

  test("a module that is nowhere is one error", async () => {
    const { status, stderr } = await run(["time", "--model=nets/absent.prototxt"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^caffe: \S+: layer "own" \(Python\): module "absent" is not found\. .*PYTHONPATH, or installed for Python\.\n$/,
    );
  });

  test("a Python that is not there, or has no numpy, is told of", async () => {
    const absent = await run(["time", "--model=nets/weighted.prototxt", "--python=/none/python"]);
    expect(absent.status).toBe(1);
    expect(absent.stderr).toMatch(
      /^caffe: \S+: layer "own" \(Python\): "\/none\/python" cannot be started.*numpy.*\n$/,
    );
    const poor = join(elsewhere, "poor");
    writeFileSync(poor, `#!/bin/sh\nexec ${python} -S "$@"\n`, { mode: 0o755 });
    const without = await run(["time", "--model=nets/weighted.prototxt"], { CAFFE_PYTHON: poor });
    expect(without.status).toBe(1);
    expect(without.stderr).toMatch(
      /numpy cannot be imported: .*\ncaffe: .*layer "own" .*has ended.*numpy.*\n$/,
    );
  });

  test("a Python that ends in between is told of", async () => {
    const { status, stderr } = await run(["time", "--model=nets/exits.prototxt"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^caffe: layer "own" \(Python\): ".*python.*", in which layers in Python run, has ended/,
    );
  });

  test.runIf(canSeeProcesses)(
    "Ctrl-C ends training with a snapshot, and Python with it",
    async () => {
      const [child, ended] = start(["train", "--solver=pid_long_solver.prototxt"], {
        GLOG_minloglevel: "0",
      });
      const python = await new Promise<number>((done) => {
        child.stderr?.on("data", (text: string) => {
          if (/Iteration 0/.test(text)) done(pidOfPython());
        });
      });
      expect(isAlive(python)).toBe(true);
      // A terminal gives it to all of its processes.
      child.kill("SIGINT");
      const { stderr } = await ended;
      expect(stderr).not.toMatch(/KeyboardInterrupt|Traceback/);
      expect(
        readdirSync(folder).some((name) => /^pid_long_iter_\d+\.solverstate$/.test(name)),
      ).toBe(true);
      await until(() => !isAlive(python));
    },
  );

  test.runIf(canSeeProcesses)(
    "Python ends with a command that is killed, at rest and within a layer",
    async () => {
      for (const name of ["pid_long", "slow"]) {
        writeFileSync(join(folder, "pid"), "0");
        const [child, ended] = start(["train", `--solver=${name}_solver.prototxt`]);
        await until(
          () => pidOfPython() > 0 && (name !== "slow" || existsSync(join(folder, "within"))),
        );
        const python = pidOfPython();
        child.kill("SIGKILL");
        const began = performance.now();
        await until(() => !isAlive(python));
        expect(performance.now() - began).toBeLessThan(2000);
        await ended;
      }
    },
  );
});
