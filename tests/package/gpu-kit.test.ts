// The kit that measures a GPU, made and run as on a machine where nothing is installed: here on the software adapter.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { script } from "../support/cli.ts";
import { gpu } from "../support/engines.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test.skipIf(!gpu || !isLong || process.platform !== "linux")(
  "npm run gpu:kit makes a folder of at most 60 MiB that measures without this machine's Node or modules",
  () => {
    const folder = temporaryFolder();
    const kit = join(folder, "kit");
    const made = script("gpu-kit.ts", kit);
    expect(made.status, made.stderr).toBe(0);
    expect(Number(/: ([\d.]+) MiB/.exec(made.stdout)?.[1])).toBeLessThan(60);

    const out = join(folder, "out.json");
    const { VK_DRIVER_FILES = "", TMPDIR = folder } = process.env;
    const { status, stdout, stderr } = spawnSync(
      join(kit, "run.sh"),
      ["--quick", "--batch", "2", "--alone", "--out", out],
      { encoding: "utf8", cwd: "/", env: { PATH: "/usr/bin:/bin", VK_DRIVER_FILES, TMPDIR } },
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/nets: \d+ passed, 0 failed/);
    const { device, peaks, golden, nets, torch } = JSON.parse(readFileSync(out, "utf8"));
    expect(device).toMatchObject({ isSoftware: true });
    expect(peaks.f32).toBeGreaterThan(0);
    expect(golden).toMatchObject({ failed: 0, failures: [] });
    expect(torch).toBe("not asked for");
    expect(nets).toMatchObject([{ net: "lenet", batch: 2, precision: "f32", torch: [] }]);
    expect(nets[0].step.min).toBeGreaterThan(nets[0].forward.min);
    const product = nets[0].kernels.find(({ name }: { name: string }) => name.includes("conv2"));
    expect(product.share).toBeGreaterThan(0);
    expect(spawnSync(join(kit, "run.sh"), ["--help"], { encoding: "utf8" }).stdout).toContain(
      "./run.sh [options]",
    );
  },
  600_000,
);
