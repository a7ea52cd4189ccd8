import { createEngines } from "../../../src/engines/create.ts";
import type { Finding } from "./check-case.ts";
import type { Checker } from "./checker.ts";
import { drawCase } from "./draw-case.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { minimise } from "./minimise.ts";
import { runCase } from "./run-case.ts";

/** A net of a seed that goes wrong. */
export interface FoundNet extends Finding {
  readonly seed: number;
  readonly number: number;
  /** As small as it became. */
  readonly smallest: FuzzCase;
  /** Whether it goes wrong alone, in a fresh process. */
  readonly isAlone: boolean;
}

const reference = createEngines({ prefer: "reference" });

/** Draws net `number` of a seed, checks it, and makes what goes wrong small. */
export async function fuzzNet(
  checker: Checker,
  seed: number,
  number: number,
): Promise<FoundNet | undefined> {
  const drawn = drawCase(seed, number);
  const found = await checker.check(drawn);
  if (!found) return undefined;
  // A process that others have run in may be damaged.
  await checker.close();
  const again = await checker.check(drawn);
  if (!again) return { ...found, seed, number, smallest: drawn, isAlone: false };
  return { ...(await shrink(checker, drawn, again)), seed, number, isAlone: true };
}

/** The smallest case that goes wrong in the same way, and how. */
async function shrink(
  checker: Checker,
  drawn: FuzzCase,
  finding: Finding,
): Promise<Finding & { readonly smallest: FuzzCase }> {
  let last = finding;
  const smallest = await minimise(
    drawn,
    async (simpler) => {
      const found = await checker.check(simpler, finding.way);
      const isSame = found?.way === finding.way && sortOf(found) === sortOf(finding);
      if (isSame) last = found;
      return isSame;
    },
    (fuzzCase) => runCase(fuzzCase, { engines: reference, options: { fuse: false } }),
  );
  return { ...last, smallest };
}

/** Numbers may be wrong in another place; a crash stays one, and an error the same error. */
function sortOf({ what }: Finding): string {
  return /^(crash|hang|error.*)$/.exec(what)?.[0] ?? "numbers";
}
