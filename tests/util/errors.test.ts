import { expect, test } from "vitest";
import { CaffeError, LayerError } from "../../src/util/errors.ts";

test("of a message that is too long to be read beginning and end are kept", () => {
  const text = `begin ${"x".repeat(1_000_000)} end`;
  for (const { message } of [
    new CaffeError(text),
    new LayerError({ name: "a", type: "B" }, text),
  ]) {
    expect(message.length).toBeLessThan(5000);
    expect(message).toMatch(/begin x+… \(10000\d+ characters\) …x+ end$/);
  }
  expect(new CaffeError("x".repeat(4000)).message).toBe("x".repeat(4000));
});
