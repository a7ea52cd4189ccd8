import { describe, expect, test } from "vitest";
import { batchLength, cutApart, joinedQuestion, sameKind } from "../../../src/serve/queue/batch.ts";

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

  test("takes all that fit where rows of nothing may fill the pass", () => {
    expect(batchLength([1, 1, 1], 8, true)).toBe(3);
    expect(batchLength([3, 2, 4], 8, true)).toBe(2);
    expect(batchLength([1, 0, 1], 8, true)).toBe(1);
    expect(batchLength([0, 1], 8, true)).toBe(1);
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

test("pictures join pictures alone, and each gets what is said of it", () => {
  const picture = (byte: number, rows: number) => ({
    ...{ inputs: {}, rows },
    pictures: [{ bytes: Uint8Array.of(byte), top: 1, oversample: rows > 1, mask: false }],
  });
  const [a, b] = [picture(1, 1), picture(2, 10)];
  const tensor = { inputs: { data: { shape: [1], data: new Float32Array(1) } }, rows: 1 };
  expect([sameKind([]), sameKind([a, b, tensor]), sameKind([tensor, a])]).toEqual([0, 2, 1]);
  const both = joinedQuestion([a, b]);
  expect(both).toEqual({ inputs: {}, rows: 11, pictures: [...a.pictures, ...b.pictures] });
  const shown = [
    { said: { width: 1 } },
    { failure: { message: "no", isCaffeError: true, fields: {} } },
  ];
  expect(cutApart([a, b], { outputs: {}, shown })).toEqual(
    shown.map((one) => ({ outputs: {}, shown: [one] })),
  );
});
