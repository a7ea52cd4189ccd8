import { describe, expect, test } from "vitest";
import { batchLength, cutApart, joinedQuestion } from "../../../src/serve/queue/batch.ts";

describe("batchLength", () => {
  test.each([
    [[], 8, 0],
    [[1], 8, 1],
    [[1, 1, 1], 8, 2],
    [[1, 1, 1, 1, 1], 8, 4],
    [[1, 1, 1, 1, 1], 4, 4],
    [[3], 8, 1],
    [[3, 3], 8, 2],
    [[3, 1, 3], 8, 2],
    [[5, 6], 8, 1],
    [[0, 0, 1], 8, 1],
    [[1, 0, 1], 8, 1],
    [[8, 1], 8, 1],
  ])("of rows %j with at most %i: %i", (rows, most, length) => {
    expect(batchLength(rows, most)).toBe(length);
  });
});

test("joined questions have all rows behind one another, and each gets its own back", () => {
  const question = (...values: number[]) => ({
    inputs: { data: { shape: [values.length / 2, 2], data: Float32Array.from(values) } },
    rows: values.length / 2,
  });
  const questions = [question(1, 2), question(3, 4, 5, 6), question(7, 8)];
  const { inputs, rows } = joinedQuestion(questions);
  expect(rows).toBe(4);
  expect(inputs).toEqual({
    data: { shape: [4, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) },
  });
  expect(cutApart(questions, { outputs: inputs })).toEqual(
    questions.map((one) => ({ outputs: one.inputs })),
  );
});
