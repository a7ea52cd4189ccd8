import type { Blob } from "../../blob/blob.ts";
import type { Box } from "../../util/box.ts";
import { type BoxCode, boxAt } from "./boxes.ts";

/** Boxes that predictions start from, and what each of their numbers is multiplied by. */
export interface Priors {
  readonly boxes: readonly Box[];
  readonly variances: readonly Box[];
}

/**
 * Reads what PriorBox wrote, 1×2×(P·4).
 * @param fail called where a prior has no area although sizes are divided by its own
 */
export function priorsOf(blob: Blob, code: BoxCode, fail: (message: string) => never): Priors {
  const values = blob.dataMem.cpu();
  const count = Math.floor(blob.count() / 8);
  const [boxes, variances]: [Box[], Box[]] = [[], []];
  for (let p = 0; p < count; p++) {
    const box = boxAt(values, 4 * p);
    if (code !== "CORNER" && !(box[2] > box[0] && box[3] > box[1])) {
      fail(
        `prior ${p} is (${box.join(", ")}). Expected xmax above xmin and ymax above ymin: code_type ${code} divides by its size.`,
      );
    }
    boxes.push(box);
    variances.push(boxAt(values, 4 * (count + p)));
  }
  return { boxes, variances };
}
