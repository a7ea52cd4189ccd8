import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { Net } from "../../src/net/net.ts";
import { caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const readme = readFileSync("README.md", "utf8");
const block = (language: string, holding: string): string =>
  [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].find(
    ([, name, text]) => name === language && text?.includes(holding),
  )?.[2] ?? "";

test("the library's example runs", () => {
  const weights = join(folder, "lenet.caffemodel");
  const lenet = new Net("models/lenet/lenet.prototxt");
  lenet.save(weights);
  lenet.close();
  const program = block("ts", "caffe-ts")
    .replace('"caffe-ts"', JSON.stringify(resolve("dist/index.js")))
    .replace(/"[^"]*\.caffemodel"/, JSON.stringify(weights));
  expect(program).toContain(weights);
  writeFileSync(join(folder, "example.mjs"), program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "example.mjs")], {
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^Float32Array\(10\) \[/);
});

test("the commands' examples name files and flags that are there", async () => {
  const lines = block("sh", "./bin/caffe train").trim().split("\n");
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const [program, command = "", ...args] = line.split(" ");
    expect(program).toBe("./bin/caffe");
    const { stdout: help } = await caffeHere([command, "--help"]);
    for (const arg of args) {
      const [, flag, value = ""] = /^--(\w+)(?:=(.*))?$/.exec(arg) ?? [];
      if (flag) expect(help).toContain(`--${flag}`);
      if (value.endsWith(".prototxt")) expect(existsSync(value), value).toBe(true);
    }
  }
});

test("what README says of npm is in package.json", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const [, name = ""] of `${readme}${readFileSync("CONTRIBUTING.md", "utf8")}`.matchAll(
    /npm run (?:--silent )?([\w:]+)/g,
  )) {
    expect(Object.keys(scripts)).toContain(name);
  }
});
