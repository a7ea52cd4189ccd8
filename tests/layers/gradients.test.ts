// Every gradient of every layer beside differences in float64.
import { describe, expect, test } from "vitest";
import * as layers from "../../src/layers/index.ts";
import { bottomsOf, configurations, withoutGradient } from "../support/configurations.ts";
import { checkGradient } from "../support/nets.ts";

test("every layer type is here, but for those that read data, write files or run a user's module", () => {
  const own = Object.values(layers).filter(({ role, inBrowser }) => role !== "source" && inBrowser);
  expect(Object.keys({ ...configurations, ...withoutGradient }).sort()).toEqual(
    own.map(({ type }) => type).sort(),
  );
});

describe.each(Object.entries(configurations))("gradient of %s", (type, rows) => {
  test.each(rows.map((row) => ({ row, title: row.slice(0, 2).join("; ") })))(
    "$title",
    async ({ row }) => {
      const { shapes, inputs } = bottomsOf(row);
      await checkGradient(`type: "${type}" ${row[0]}`, shapes, { inputs });
    },
  );
});
