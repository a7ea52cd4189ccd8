import { activations } from "./activations.ts";
import { arithmetic } from "./arithmetic.ts";
import { arrangements } from "./arrangements.ts";
import { convolutions } from "./convolutions.ts";
import { normalizations } from "./normalizations.ts";
import { picks } from "./picks.ts";
import { poolings } from "./poolings.ts";
import { products } from "./products.ts";
import { recurrences } from "./recurrences.ts";
import { reductions } from "./reductions.ts";
import { resizings } from "./resizing.ts";
import type { Translation } from "./spot.ts";

/** What operators become, by their types. */
export const importTranslations: ReadonlyMap<string, Translation> = new Map(
  Object.entries({
    ...activations,
    ...arithmetic,
    ...arrangements,
    ...convolutions,
    ...normalizations,
    ...picks,
    ...poolings,
    ...products,
    ...recurrences,
    ...reductions,
    ...resizings,
  }),
);
