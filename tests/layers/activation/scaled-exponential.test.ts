import { expect, test } from "vitest";
import { forward, layerNet, noise } from "../../support/nets.ts";

test("SeLu is SeLU", async () => {
  const of = (type: string) => layerNet(`type: "${type}" bottom: "a" top: "y"`, [[6]]);
  expect(await forward(of("SeLu"), noise(6))).toEqual(await forward(of("SeLU"), noise(6)));
});
