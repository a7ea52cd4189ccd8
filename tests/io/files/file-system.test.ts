import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { isDirectory, makeFolder, makeFolders } from "../../../src/io/files/file-system.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

test("folders are made with those above them, and may be there", () => {
  const folder = temporaryFolder();
  const path = join(folder, "a", "b", "c");
  makeFolders(path);
  makeFolders(path);
  expect(isDirectory(path)).toBe(true);
});

test("a file in the way is an error, and is left", () => {
  const folder = temporaryFolder();
  const file = join(folder, "file");
  writeFileSync(file, "x");
  for (const path of [file, join(file, "under"), join(file, "a", "b")]) {
    expect(() => makeFolder(path)).toThrow(`"${path}" cannot be made: `);
  }
  expect(isDirectory(file)).toBe(false);
});

test.skipIf(!existsSync("/proc/self"))(
  "where the system makes none, that is an error at once",
  () => {
    // Node's recursive mkdir would not come back, so that the test would not either.
    const module = pathToFileURL(join(process.cwd(), "src/io/files/file-system.ts")).href;
    const program = `const { makeFolder } = await import(${JSON.stringify(module)}); makeFolder("/proc/self/none/deeper");`;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", program],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('"/proc/self/none/deeper" cannot be made: no such file or directory.');
  },
);
