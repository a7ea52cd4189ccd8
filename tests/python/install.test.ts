import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { python, pythonFolder, pythonNeeds, runPython } from "../support/python.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const canInstall =
  python !== undefined &&
  spawnSync(python, ["-c", "import setuptools.config.pyprojecttoml, pip, wheel"]).status === 0;

test("the Python package is of this package's version", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(readFileSync(join(pythonFolder, "pyproject.toml"), "utf8")).toContain(
    `\nversion = "${version}"\n`,
  );
});

// The folder is copied: setuptools writes beside what it installs.
test.skipIf(!canInstall)(
  `pip installs the module caffe, whole (${pythonNeeds}, python3-pip, python3-wheel)`,
  async () => {
    const from = join(temporaryFolder(), "python");
    await cp(pythonFolder, from, {
      recursive: true,
      filter: (path) => !/__pycache__|egg-info|python.(build|tests)/.test(path.slice(from.length)),
    });
    const into = temporaryFolder();
    const flags = ["--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--target", into];
    const installed = await runPython(["-m", "pip", "install", ...flags, from]);
    expect(installed.stderr).not.toMatch(/error/i);
    const isCode = (name: string): boolean => name.endsWith(".py");
    const listed = (folder: string): string[] =>
      readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(isCode).sort();
    expect(listed(join(into, "caffe"))).toEqual(listed(join(pythonFolder, "caffe")));
    const { stdout } = await runPython(
      ["-c", "import caffe.io, caffe; print(caffe.io.__file__, caffe.TEST)"],
      {
        cwd: into,
        env: { PYTHONPATH: into },
      },
    );
    expect(stdout).toBe(`${join(into, "caffe", "io.py")} 1\n`);
  },
  120_000,
);
