import { expect, test } from "vitest";
import { countText } from "../../src/cli/count-bar.ts";

test("a tool's bar tells how far it is, how fast, and how long it will take", () => {
  expect(countText(250, 1000, 50, "images", 80)).toBe(
    "[████████······················]  250/1000 images  50 images/s  ETA 0:15",
  );
  expect(countText(250, undefined, 50, "records", 80)).toBe("250 records  50 records/s");
  for (const columns of [20, 40, 60, 200]) {
    expect(countText(123_456, 1_281_167, 2000, "images", columns).length).toBeLessThan(columns);
  }
});
