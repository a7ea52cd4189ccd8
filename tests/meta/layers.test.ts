import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LayerRegistry } from "../../src/layers/registry.ts";

const files = readdirSync("src/layers").filter(
  (file) => file.endsWith(".ts") && !["index.ts", "registry.ts"].includes(file),
);

test.each(files)("%s has an index line, a test, and a source", (file) => {
  const source = readFileSync(`src/layers/${file}`, "utf8");
  const type = /static override readonly type: string = "(\w+)"/.exec(source)?.[1] ?? "";
  expect(new LayerRegistry().types).toContain(type);
  expect(readFileSync("src/layers/index.ts", "utf8")).toContain(`./${file}`);
  expect(existsSync(`tests/layers/${file.replace(".ts", ".test.ts")}`)).toBe(true);
  expect(source).toMatch(/@see/);
});

test("the generated files are as new as the schema", async () => {
  const { spawnSync } = await import("node:child_process");
  const { status, stderr } = spawnSync(process.execPath, ["scripts/generate-proto.mjs", "--check"]);
  expect(stderr.toString()).toBe("");
  expect(status).toBe(0);
});
