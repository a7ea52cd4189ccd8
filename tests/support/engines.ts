import { describe } from "vitest";
import type { Engines } from "../../src/engines/choose.ts";
import { createEngines } from "../../src/engines/create.ts";
import { silent } from "../../src/util/log.ts";

/** The engine of plain loops alone. */
export const referenceEngines: Engines = createEngines({ prefer: "reference", log: silent });

/** Every engine that this machine has, by name. */
export const availableEngines: ReadonlyMap<string, Engines> = new Map(
  (["reference", "native"] as const).flatMap((name): [string, Engines][] => {
    try {
      return [[name, createEngines({ prefer: name, threads: 2, log: silent })]];
    } catch (error) {
      if (process.env["CI"]) throw error;
      return [];
    }
  }),
);

/** Runs the same tests on every engine. */
export function describeEngines(
  title: string,
  body: (engines: Engines, name: string) => void,
): void {
  describe.each([...availableEngines])(`${title} on %s`, (name, engines) => body(engines, name));
}
