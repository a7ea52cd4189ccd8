import { activations } from "./activations.ts";
import { affine } from "./affine.ts";
import { combinations } from "./combinations.ts";
import { constants } from "./constants.ts";
import { normalizations } from "./normalizations.ts";
import { poolings } from "./pooling.ts";
import { products } from "./products.ts";
import { recurrences } from "./recurrences.ts";
import { resizing } from "./resizing.ts";
import { shapes } from "./shapes.ts";
import type { Translation } from "./site.ts";
import { windows } from "./windows.ts";

/** Layers of which only forward tells how long their tops are, and along which axis. */
export const countedAxes: ReadonlyMap<string, number> = new Map([["Filter", 0]]);

/** What each layer type becomes. */
export const translations: ReadonlyMap<string, Translation> = new Map(
  [
    activations,
    affine,
    combinations,
    constants,
    normalizations,
    poolings,
    products,
    recurrences,
    resizing,
    shapes,
    windows,
  ].flatMap((family) => Object.entries(family)),
);
