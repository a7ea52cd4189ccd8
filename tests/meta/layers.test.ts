import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LayerRegistry } from "../../src/layers/registry.ts";

const files = readdirSync("src/layers", { recursive: true, encoding: "utf8" }).filter((file) =>
  /^(?!base)\w+\/.*\.ts$/.test(file),
);

test.each(files)("%s has an index line, a test, and a source", (file) => {
  const source = readFileSync(`src/layers/${file}`, "utf8");
  const type = /static override readonly type: string = "(\w+)"/.exec(source)?.[1] ?? "";
  expect(new LayerRegistry().types).toContain(type);
  expect(readFileSync("src/layers/index.ts", "utf8")).toContain(`./${file}`);
  expect(existsSync(`tests/layers/${file.replace(".ts", ".test.ts")}`)).toBe(true);
  expect(source).toMatch(/@see/);
});

test("every layer's page tells its bottoms or tops, and where it comes from", () => {
  const [, ...sections] = readFileSync("docs/layers.md", "utf8").split(/^## /m);
  expect(sections.map((section) => section.split("\n")[0])).toEqual(new LayerRegistry().types);
  for (const section of sections) {
    expect(section).toMatch(/^- .*(bottom|top|any)/m);
    expect(section).toMatch(/^See .*\.$/m);
    expect(section).toMatch(/Engines: reference/);
  }
});
