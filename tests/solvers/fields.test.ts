// Every field of the solver's message: read, and documented.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { messageType } from "../../src/io/proto/messages.ts";

const fields = messageType("SolverParameter").fieldsArray;
const source = readdirSync("src", { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.includes("io/proto/"))
  .map((file) => readFileSync(join("src", file), "utf8"))
  .join("\n");
const page = readFileSync("docs/solvers.md", "utf8");

/** Means something only where several solvers train together. */
const WITHOUT_EFFECT = ["layer_wise_reduce"];

test("every field of BVLC Caffe's solver is there, and is read", () => {
  const bvlc = fields.filter(({ id }) => id < 10_000).map(({ name }) => name);
  expect(bvlc).toHaveLength(42);
  const unread = bvlc.filter((name) => !new RegExp(`\\b${name}\\b`).test(source));
  expect(unread).toEqual(WITHOUT_EFFECT);
  for (const name of bvlc) expect(page).toContain(`| \`${name}\``);
});

test("every field of our own is read, and documented", () => {
  const ours = fields.filter(({ id }) => id >= 11_000).map(({ name }) => name);
  expect(ours.length).toBeGreaterThan(5);
  for (const name of ours) {
    expect(source).toMatch(new RegExp(`\\b${name}\\b`));
    expect(page).toMatch(new RegExp(`\\| \`${name}\` +\\|[^|]*\\|[^|]*\\| [A-Z]`));
  }
});
