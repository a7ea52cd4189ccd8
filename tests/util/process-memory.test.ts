import { afterEach, expect, test, vi } from "vitest";
import { residentBytes } from "../../src/util/process-memory.ts";

afterEach(() => vi.restoreAllMocks());

test("memory is told in bytes, of the order that a process of Node has", () => {
  expect(residentBytes()).toBeGreaterThan(2 ** 23);
  expect(residentBytes()).toBeLessThan(2 ** 40);
});

test("where the system does not tell, it is the most that there was", () => {
  const now = residentBytes();
  vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, uv_resident_set_memory");
  });
  expect(residentBytes()).toBeGreaterThanOrEqual(now / 2);
  expect(residentBytes()).toBeLessThan(2 ** 40);
});
