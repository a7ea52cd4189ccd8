import type { ShapesByName } from "../net/tools/placeholders.ts";
import { CaffeError } from "../util/errors.ts";

/** `--shape`: what the data of a net look like where they are not there. */
export const shapeFlag = [
  "shape",
  {
    type: "string",
    array: true,
    default: [],
    describe: "shape of an input, as data=64,3,224,224; data need not be there",
  },
] as const;

/**
 * Shapes from `name=1,3,224,224`.
 * @throws CaffeError where one is written otherwise
 */
export function shapesOf(given: readonly string[]): ShapesByName {
  return Object.fromEntries(
    given.map((text) => {
      const [, name = "", list = ""] = /^(.*)=([^=]*)$/s.exec(text) ?? [];
      const shape = list.split(",").map(Number);
      if (name !== "" && shape.every((length) => Number.isInteger(length) && length > 0)) {
        return [name, shape];
      }
      throw new CaffeError(`--shape is ${text}. Expected name=lengths, as data=64,3,224,224.`);
    }),
  );
}
