import { describe, expect, test } from "vitest";
import { LayerRegistry } from "../../src/layers/registry.ts";
import { bottomsOf, configurations } from "../support/configurations.ts";
import { checkGradient } from "../support/nets.ts";

/** They compute no gradient: they bring or take data, count, choose, or say yes or no. */
const WITHOUT_GRADIENT = [
  ..."Accuracy ArgMax Data DetectionOutput DummyData HDF5Data HDF5Output ImageData Input MemoryData PriorBox PriorBoxClustered Silence Threshold WindowData".split(
    " ",
  ),
];

/** Its gradient is its author's; tests/layers/utility/python.test.ts checks one. */
const OF_THE_USER = ["Python"];

test("every layer type is here", () => {
  expect([...Object.keys(configurations), ...WITHOUT_GRADIENT, ...OF_THE_USER].sort()).toEqual(
    new LayerRegistry().types,
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
