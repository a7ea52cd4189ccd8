// What goes wrong around a training: a full disk, a folder that cannot be written to, divergence,
// signals.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { caffeHere, startCaffe } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

/** A folder on a file system of its own; undefined where this user may not mount one. */
function mounted(name: string, options: string): string | undefined {
  const at = path(name);
  mkdirSync(at);
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", at]);
  return status === 0 ? at : undefined;
}

const small = mounted("small", "size=256k");
const readOnly = mounted("read-only", "size=64k,ro");
const why = "skipped: mount -t tmpfs is not permitted here (root can)";

afterAll(() => {
  for (const at of [small, readOnly]) if (at) spawnSync("umount", [at]);
});

/** 20,000 weights: about 80 kB of model and 80 kB of history. */
const NET = `name: "N"
layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 100 } shape { dim: 2 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
layer { name: "wide" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 200 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "h" top: "h" }
layer { name: "ip" type: "InnerProduct" bottom: "h" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "t" top: "loss" }`;

const solver = (name: string, text: string): string => {
  writeFileSync(
    path(name),
    `net: "net.prototxt" base_lr: 0.001 random_seed: 1 solver_mode: CPU ${/lr_policy/.test(text) ? "" : 'lr_policy: "fixed"'} ${text}`,
  );
  return `--solver=${name}`;
};

beforeAll(() => writeFileSync(path("net.prototxt"), NET));

describe("a disk that is full", () => {
  test.skipIf(!small)(
    `keeps the snapshot before, says so aloud, and the run goes on${small ? "" : ` (${why})`}`,
    async () => {
      const flag = solver(
        "full.prototxt",
        'max_iter: 1000000 snapshot: 40 display: 20 snapshot_after_train: false snapshot_prefix: "small/s"',
      );
      const { child, said, ended } = startCaffe(["train", flag, "--engine=reference"], folder);
      const failure = await said(/^E.*SNAPSHOT FAILED at iteration 80: .*$/m);
      expect(failure).toContain("no space is left on the device. Training goes on.");
      expect(failure).toContain("The newest snapshot is small/s_iter_40.solverstate.");
      await said(/Iteration 100 .*loss = /);
      // Nothing half written takes the room.
      expect(readdirSync(path("small")).sort()).toEqual([
        "s_iter_40.caffemodel",
        "s_iter_40.runstate",
        "s_iter_40.solverstate",
      ]);
      for (const name of readdirSync(path("small"))) rmSync(join(path("small"), name));
      spawnSync("mount", ["-o", "remount,size=16m", path("small")]);
      // With room again a snapshot succeeds.
      child.kill("SIGHUP");
      await said(/Snapshotting solver state to binary proto file small\/s_iter_(?!40|80)\d+/);
      child.kill("SIGTERM");
      expect((await ended).status).toBe(0);
      expect(readdirSync(path("small")).length).toBeGreaterThanOrEqual(3);
      for (const name of readdirSync(path("small"))) rmSync(join(path("small"), name));
      spawnSync("mount", ["-o", "remount,size=256k", path("small")]);
    },
  );

  test.skipIf(!small).each([
    ["", ""],
    [", of a snapshot that was due then", "snapshot: 1"],
    [
      ", of one that was due, where none is wanted besides",
      "snapshot: 2 snapshot_after_train: false",
    ],
    [", of the last where some are to go", "snapshot: 1 keep_last: 1"],
  ])(
    `at the end of training is an error: the result is lost%s${small ? "" : ` (${why})`}`,
    async (_, fields) => {
      for (const name of readdirSync(path("small"))) rmSync(join(path("small"), name));
      writeFileSync(join(path("small"), "filler"), new Uint8Array(200_000));
      const flag = solver("end.prototxt", `max_iter: 2 snapshot_prefix: "small/s" ${fields}`);
      const { status, stderr } = await caffeHere(["train", flag, "--engine=reference"], folder);
      expect(status).toBe(1);
      expect(stderr.trimEnd().split("\n").at(-1)).toBe(
        'caffe: "small/s_iter_2.caffemodel" cannot be written: no space is left on the device.',
      );
      expect(readdirSync(path("small"))).toEqual(["filler"]);
    },
  );
});

describe("a directory that cannot be written to", () => {
  test.skipIf(!readOnly)(
    `is seen before training begins${readOnly ? "" : ` (${why})`}`,
    async () => {
      const flag = solver("ro.prototxt", 'max_iter: 2 snapshot: 1 snapshot_prefix: "read-only/s"');
      const { status, stderr } = await caffeHere(["train", flag, "--engine=reference"], folder);
      expect(status).toBe(1);
      expect(stderr).toContain(
        "Cannot write to snapshot prefix 'read-only/s'.  Make sure that the directory exists and is writable (the file system is read-only).",
      );
      expect(stderr).not.toContain("Iteration 0");
    },
  );

  test("one that the last snapshot alone goes to is seen then, too", async () => {
    const flag = solver("last.prototxt", 'max_iter: 2 snapshot_prefix: "no/such/s"');
    const { status, stderr } = await caffeHere(["train", flag, "--engine=reference"], folder);
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot write to snapshot prefix 'no/such/s'.");
    expect(stderr).not.toContain("Iteration 0");
  });

  test("a missing one too", async () => {
    const flag = solver("none.prototxt", 'max_iter: 2 snapshot: 1 snapshot_prefix: "no/such/s"');
    const { status, stderr } = await caffeHere(["train", flag, "--engine=reference"], folder);
    expect(status).toBe(1);
    expect(stderr).toContain("Cannot write to snapshot prefix 'no/such/s'.");
  });
});

describe("training that diverges", () => {
  /** From the sixth update on the rate is absurd. */
  const diverging = (name: string, text = ""): string =>
    solver(
      name,
      `lr_policy: "multistep" gamma: 1e30 stepvalue: 5 snapshot: 1 keep_last: 1 max_iter: 30 snapshot_prefix: "${name.split(".")[0]}" ${text}`,
    );

  test("stops with the layer's name and exit code 3, and the last good snapshot stays", async () => {
    const flag = diverging("nan.prototxt");
    const { status, stderr } = await caffeHere(["train", flag, "--engine=reference"], folder);
    expect(status).toBe(3);
    const last = stderr.trimEnd().split("\n").at(-1) ?? "";
    expect(last).toMatch(
      /^caffe: Iteration 6: the loss is (nan|inf)\. Layer "(wide|ip)" \(InnerProduct\) is the first/,
    );
    expect(last).toContain("snapshots are kept");
    // Iteration 5 is kept though keep_last is 1: what came after it has not given a finite loss.
    expect(readdirSync(folder).filter((name) => /^nan_iter_\d+\.solverstate$/.test(name))).toEqual([
      "nan_iter_5.solverstate",
      "nan_iter_6.solverstate",
    ]);
    const calm = solver("calm.prototxt", 'max_iter: 8 snapshot_prefix: "calm"');
    const resumed = await caffeHere(
      ["train", calm, "--snapshot=nan_iter_5.solverstate", "--engine=reference"],
      folder,
    );
    expect(resumed.status, resumed.stderr.slice(-500)).toBe(0);
  });

  test("--nan=ignore goes on, as Caffe does", async () => {
    const flag = diverging("ignored.prototxt", "display: 1");
    const { status, stderr } = await caffeHere(
      ["train", flag, "--nan=ignore", "--engine=reference"],
      folder,
    );
    expect(status, stderr.slice(-500)).toBe(0);
    expect(stderr).toMatch(/loss = -?nan/);
    expect(existsSync(path("ignored_iter_30.solverstate"))).toBe(true);
  });

  test("a loss that explodes without being infinite stops too", async () => {
    writeFileSync(
      path("explode.net"),
      `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 2 dim: 3 } shape { dim: 2 dim: 1 } data_filler { value: 1 } data_filler { value: 1 } } }
       layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 1 } }
       layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" top: "loss" }`,
    );
    writeFileSync(
      path("explode.prototxt"),
      'net: "explode.net" base_lr: 0.55 lr_policy: "fixed" max_iter: 1000 snapshot_prefix: "explode" solver_mode: CPU',
    );
    const { status, stderr } = await caffeHere(["train", "--solver=explode.prototxt"], folder);
    expect(status).toBe(3);
    expect(stderr).toMatch(/it has been above 20 for 20 iterations, and began at 0\.5/);
    expect(stderr).toContain('Layer "loss" (EuclideanLoss) has the largest output (blob "loss"');
    expect(existsSync(path("explode_iter_1000.solverstate"))).toBe(false);
  });
});

describe("signals", () => {
  const endless = (name: string): string =>
    solver(name, `max_iter: 100000000 display: 50 snapshot_prefix: "${name.split(".")[0]}"`);

  test.each([
    ["SIGTERM stops after a snapshot", "SIGTERM", [], 1],
    ["SIGINT stops after a snapshot", "SIGINT", [], 1],
    ["SIGHUP stops where it is told to", "SIGHUP", ["--sighup_effect=stop"], 1],
  ] as const)("%s", async (_name, signal, flags, snapshots) => {
    const flag = endless(`${signal}.prototxt`);
    const { child, said, ended } = startCaffe(
      ["train", flag, "--engine=reference", ...flags],
      folder,
    );
    await said(/Iteration 50 /);
    child.kill(signal);
    const { status, stderr } = await ended;
    expect(status, stderr.slice(-500)).toBe(0);
    expect(stderr).toContain("Optimization stopped early.");
    expect(stderr).toContain(`${signal}: training stops after a snapshot.`);
    expect(stderr.match(/Snapshotting solver state/g)?.length).toBe(snapshots);
  });

  test("a second one ends a run at once, in the middle of an iteration", async () => {
    const flag = solver(
      "long.prototxt",
      'max_iter: 2 iter_size: 2147483647 snapshot_prefix: "long"',
    );
    const { child, said, ended } = startCaffe(["train", flag, "--engine=reference"], folder);
    await said(/Learning Rate Policy/);
    child.kill("SIGINT");
    await said(/SIGINT: training stops after a snapshot. A second one ends it at once\./);
    child.kill("SIGTERM");
    expect((await ended).status).toBeNull();
    expect(child.signalCode).toBe("SIGTERM");
  });

  test("none lets signals pass; snapshot makes SIGTERM a request for one", async () => {
    const flag = endless("effects.prototxt");
    const { child, said, ended } = startCaffe(
      ["train", flag, "--engine=reference", "--sigint_effect=none", "--sigterm_effect=snapshot"],
      folder,
    );
    await said(/Iteration 50 /);
    child.kill("SIGINT");
    await said(/SIGINT: it is ignored\./);
    child.kill("SIGTERM");
    await said(/Snapshotting solver state/);
    child.kill("SIGHUP");
    await said(/Snapshotting solver state[\s\S]*Snapshotting solver state/);
    child.kill("SIGKILL");
    await ended;
  });
});
