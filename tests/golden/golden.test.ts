import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

test.each([
  ["golden/main.mjs", "no case in"],
  ["zoo/main.mjs", 'no .prototxt with "" in its name below'],
  ["zoo/models.mjs", "no model in"],
])("%s does not pass where there is nothing to run", (script, told) => {
  const empty = mkdtempSync(join(tmpdir(), "nothing-"));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join("scripts", script), empty], { encoding: "utf8" });
  rmdirSync(empty);
  expect(stdout).toContain("0 passed, 0 failed");
  expect(stderr).toContain(`${told} ${empty}`);
  expect(status).toBe(1);
});
