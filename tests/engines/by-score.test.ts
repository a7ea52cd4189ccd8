import { describe, expect, test } from "vitest";
import { byScore } from "../../src/engines/by-score.ts";
import { noise } from "../support/noise.ts";

describe("byScore", () => {
  test("equal scores keep their order, and what is no number comes last", () => {
    const scores = [1, Number.NaN, 3, 1, 3];
    expect(byScore([0, 1, 2, 3, 4], scores)).toEqual([2, 4, 0, 3, 1]);
    expect(byScore([0, 1, 2, 3, 4], Float32Array.from(scores))).toEqual([2, 4, 0, 3, 1]);
    expect(byScore([4, 3, 2, 1, 0], Float32Array.from(scores))).toEqual([4, 2, 3, 0, 1]);
  });

  test("signs, zeros and infinities stand where their values do", () => {
    const scores = Float32Array.of(-1, 0, -0, -Infinity, Infinity, -2, 1e-40);
    expect(byScore([0, 1, 2, 3, 4, 5, 6], scores)).toEqual([4, 6, 1, 2, 0, 5, 3]);
  });

  test.each([0, 1, 2, 7, 255, 256, 257, 400])("the %d best of 256 are the first of all", (most) => {
    // Every score three times and more, so that order decides.
    const scores = Float32Array.from(noise(256, 3), (value) => Math.round(20 * value));
    const indices = [...scores.keys()].reverse();
    expect(byScore(indices, scores, most)).toEqual(byScore(indices, scores).slice(0, most));
    expect(byScore(indices, scores, most)).toEqual(byScore(indices, [...scores], most));
  });
});
