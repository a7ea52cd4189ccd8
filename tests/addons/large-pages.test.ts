import { describe, expect, test } from "vitest";
import { largeRoom } from "../../src/addons/large-pages.ts";

describe("room for arrays that stay", () => {
  test("is zeros, exactly as many as were asked for, each of a buffer of its own", () => {
    const rooms = [0, 1, 4, 2 ** 17 - 1, 2 ** 17, 2 ** 21 + 4, 5_000_001].map(largeRoom);
    for (const [i, room] of rooms.entries()) {
      expect(room.buffer.byteLength).toBe(room.length);
      expect(room.every((byte) => byte === 0)).toBe(true);
      room.fill(i + 1);
    }
    for (const [i, room] of rooms.entries())
      expect(room.every((byte) => byte === i + 1)).toBe(true);
    expect(rooms.map(({ length }) => length)).toEqual([
      ...[0, 1, 4, 131_071, 131_072, 2_097_156, 5_000_001],
    ]);
  });

  test("stays here: what keeps it would be left with nothing", () => {
    const { buffer } = largeRoom(2 ** 21);
    try {
      structuredClone(buffer, { transfer: [buffer] });
    } catch {
      // Newer versions of Node refuse it, older ones copy.
    }
    expect(buffer.byteLength).toBe(2 ** 21);
  });

  test("that nobody has can be more than the machine holds", () => {
    expect(() => largeRoom(2 ** 60)).toThrow(RangeError);
  });
});
