import { expect, test } from "vitest";
import type { BuiltLayer } from "../../../src/net/build/build.ts";
import { closeLayers } from "../../../src/net/run/close-layers.ts";

test("closes the layers behind one that fails, and tells of the first", () => {
  const closed: string[] = [];
  const layer = (name: string, fails: boolean): BuiltLayer => {
    const close = (): void => {
      closed.push(name);
      if (fails) throw new Error(name);
    };
    return { name, layer: { close } } as unknown as BuiltLayer;
  };
  const layers = [layer("a", false), layer("b", true), layer("c", true), layer("d", false)];
  expect(() => closeLayers(layers)).toThrow("b");
  expect(closed).toEqual(["a", "b", "c", "d"]);
});
