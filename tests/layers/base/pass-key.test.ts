import { expect, test } from "vitest";
import { PassKey } from "../../../src/layers/base/pass-key.ts";
import { Random } from "../../../src/util/random.ts";

test("a key counts passes within its stream, and goes on from a state as if never stopped", () => {
  const key = new PassKey(new Random(1, "mask"));
  const [stream] = key.current;
  expect(key.current).toEqual([stream, 0]);
  expect(key.next).toEqual([stream, 1]);
  expect(key.advance()).toEqual([stream, 1]);
  expect(key.current).toEqual([stream, 1]);
  const resumed = new PassKey(new Random(2, "mask"));
  resumed.restore(key.state());
  expect(resumed.advance()).toEqual(key.advance());
});

test("behind the last pass of a stream comes its first", () => {
  const key = new PassKey(new Random(1));
  key.restore({ random: [7, 2 ** 32 - 1] });
  expect(key.advance()).toEqual([7, 0]);
});
