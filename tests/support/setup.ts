import { afterEach, expect, vi } from "vitest";

interface Closeness {
  readonly rtol?: number;
  readonly atol?: number;
}

expect.extend({
  /** Equal lengths, and |got − want| ≤ atol + rtol · |want| everywhere. */
  toBeAllClose(
    received: ArrayLike<number>,
    expected: ArrayLike<number>,
    { rtol = 1e-5, atol = 1e-6 }: Closeness = {},
  ) {
    const [got, want] = [Array.from(received), Array.from(expected)];
    const wrong = want.findIndex(
      (value, i) => !(Math.abs((got[i] ?? Number.NaN) - value) <= atol + rtol * Math.abs(value)),
    );
    return {
      pass: got.length === want.length && wrong < 0,
      message: () =>
        got.length === want.length
          ? `element ${wrong}: got ${got[wrong]}, want ${want[wrong]}`
          : `got ${got.length} values, want ${want.length}`,
    };
  },
});

declare module "vitest" {
  interface Assertion<T> {
    toBeAllClose(expected: ArrayLike<number>, closeness?: Closeness): T;
  }
}

const spies = (["log", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
afterEach(() => {
  for (const spy of spies) expect(spy, "nothing may write to the console").not.toHaveBeenCalled();
});
