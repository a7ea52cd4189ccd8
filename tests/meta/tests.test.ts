import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Folders with tests of the whole, or of what lies outside src. */
const OF_THE_WHOLE = [
  "docs",
  "examples",
  "fuzz",
  "golden",
  "matlab",
  "meta",
  "package",
  "python",
  "zoo",
];

const files = readdirSync("tests", { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".test.ts"),
);
const mirrored = files.filter((file) => !OF_THE_WHOLE.includes(file.split("/")[0] ?? ""));

test.each(mirrored)(
  "%s is named after its source, or says at its head what it is about",
  (file) => {
    expect(existsSync(`src/${file.slice(0, file.lastIndexOf("/"))}`)).toBe(true);
    if (existsSync(`src/${file.replace(".test.ts", ".ts")}`)) return;
    expect(readFileSync(`tests/${file}`, "utf8")).toMatch(/^\/\/ \S.*\S/);
  },
);
