import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { availableEngines } from "../support/engines.ts";

test.each([...availableEngines.keys()])("BVLC Caffe's recorded results on %s", (engine) => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ["scripts/golden/main.mjs", "tests/golden/cases", "--engine", engine],
    { encoding: "utf8" },
  );
  expect(stdout).toMatch(/^\d+ passed, 0 failed$/m);
  expect(Number(/^(\d+) passed, 0 failed$/m.exec(stdout.split("\n").at(-2) ?? "")?.[1])).toBeGreaterThan(60);
  expect(status).toBe(0);
});

test("a folder that is not there is said to be so", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/golden/main.mjs", "none"], { encoding: "utf8" });
  expect(status).toBe(2);
  expect(stderr).toContain("usage: npm run golden");
});
